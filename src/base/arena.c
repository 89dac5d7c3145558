/* SPDX-License-Identifier: MIT */
/* Bump allocation by lifetime; see arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/must.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define GAP 16
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP 0
#endif

struct arena_chunk {
	struct arena_chunk *older;
	size_t size; /* of the bytes after this head */
	_Alignas(16) char bytes[];
};

void
arena_init(struct arena *a, size_t chunk_size)
{
	*a = (struct arena){.chunk_size = chunk_size < 256 ? 256 : chunk_size};
}

static void
chunk_free(struct arena_chunk *c)
{
	UNPOISON(c->bytes, c->size);
	mem_free(c);
}

void
arena_release(struct arena *a)
{
	struct arena_chunk *c = a->chunk, *older;

	for (; c; c = older) {
		older = c->older;
		chunk_free(c);
	}
	arena_init(a, a->chunk_size);
}

static void
use_chunk(struct arena *a, struct arena_chunk *c)
{
	a->next = c->bytes;
	a->end = c->bytes + c->size;
	POISON(c->bytes, c->size);
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->chunk, *c, *older;

	if (!keep)
		return;
	for (c = keep->older; c; c = c->older)
		if (c->size > keep->size)
			keep = c;
	for (c = a->chunk; c; c = older) {
		older = c->older;
		if (c != keep)
			chunk_free(c);
	}
	keep->older = NULL;
	a->chunk = keep;
	a->total = keep->size;
	use_chunk(a, keep);
}

void *
arena_slow(struct arena *a, size_t size)
{
	size_t n = ((size + 15) & ~(size_t)15) + GAP;
	char *p;

	if (n < size)
		must_memory(size);
	if ((size_t)(a->end - a->next) < n || !a->chunk) {
		size_t room = n > a->chunk_size ? n : a->chunk_size;
		struct arena_chunk *c = mem_alloc(sizeof *c + room);

		c->size = room;
		c->older = a->chunk;
		a->chunk = c;
		a->total += room;
		if (a->chunk_size < ARENA_CHUNK_MAX)
			a->chunk_size *= 2;
		use_chunk(a, c);
	}
	p = a->next;
	a->next += n;
	UNPOISON(p, size);
	return p;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		must_memory(SIZE_MAX);
	return arena_alloc(a, bytes);
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return (struct str){p, s.n};
}

char *
arena_strdup(struct arena *a, const char *z)
{
	size_t n = strlen(z) + 1;

	return memcpy(arena_alloc(a, n), z, n);
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){p, (size_t)n};
}
