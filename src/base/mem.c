/* SPDX-License-Identifier: MIT */
/* malloc that ends the program instead of returning NULL. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

void *
mem_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		must_memory(size);
	return p;
}

void *
mem_zalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		must_memory(size);
	return p;
}

void *
mem_resize(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		must_memory(size);
	return p;
}

char *
mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

void
mem_free(void *p)
{
	free(p);
}

void *
mem_array(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		must_memory(~0ul);
	return mem_alloc(bytes);
}

void
mem_grow(void *pp, size_t *cap, size_t want, size_t size)
{
	void *p;
	size_t n = *cap ? *cap : 8, bytes;

	if (want <= *cap)
		return;
	while (n < want)
		if (__builtin_mul_overflow(n, 2, &n))
			must_memory(~0ul);
	if (__builtin_mul_overflow(n, size, &bytes))
		must_memory(~0ul);
	memcpy(&p, pp, sizeof p);
	p = mem_resize(p, bytes);
	memcpy(pp, &p, sizeof p);
	*cap = n;
}
