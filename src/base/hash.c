/* SPDX-License-Identifier: MIT */
/* The seed of the hash. */
#include "base/hash.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/must.h"

/* A fixed value until hash_init: unit tests need no setup. */
uint64_t hash_seed = 0x2d358dccaa6c78a5u;

void
hash_init(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) ==
	    (ssize_t)sizeof seed)
		hash_seed = seed;
}

uint64_t
hash_draw(void)
{
	uint64_t n;

	must(getrandom(&n, sizeof n, 0) == (ssize_t)sizeof n);
	return n;
}
