/* SPDX-License-Identifier: MIT */
/*
 * The two ways to give up at once: a broken invariant (ours) and no memory.
 * Neither allocates.
 */
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
must_fail(const char *file, int line, const char *what)
{
	fprintf(stderr,
	    "weir: bug: %s:%d: must(%s)\n"
	    "weir: please report this with the command that led to it\n",
	    file, line, what);
	abort();
}

void
must_memory(unsigned long size)
{
	fprintf(stderr, "weir: out of memory (asked for %lu bytes)\n", size);
	_exit(71);
}
