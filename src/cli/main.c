/* SPDX-License-Identifier: MIT */
/* The program's entry. */
#include <stdio.h>

int
main(void)
{
	puts("weir");
	return 0;
}
