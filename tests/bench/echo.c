/* SPDX-License-Identifier: MIT */
/*
 * The least a filter can do: write what was read. The floor for the time that
 * one record takes through a pipe.
 */
#include <unistd.h>

int
main(void)
{
	static char block[65536];
	ssize_t n;

	while ((n = read(0, block, sizeof block)) > 0)
		if (write(1, block, (size_t)n) != n)
			return 1;
	return n < 0;
}
