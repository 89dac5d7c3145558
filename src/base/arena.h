/* SPDX-License-Identifier: MIT */
/*
 * Bump allocation by lifetime: what is allocated together dies together.
 *
 * Three lifetimes use arenas: the plan (never freed piecemeal), a batch
 * (reset for each batch), a slice of window state (dropped whole). Memory is
 * 16-byte aligned; there is no free of a single object. Under AddressSanitizer
 * each object is followed by a poisoned gap, so an overrun is seen at once.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* newest first */
	char *next, *end;	   /* free part of the newest chunk */
	size_t chunk_size;	   /* of the next ordinary chunk; doubles
				      up to ARENA_CHUNK_MAX */
	size_t total;		   /* bytes held from malloc */
};

#define ARENA_CHUNK_MAX ((size_t)256 << 10)

/*
 * No allocation happens before the first arena_alloc. chunk_size is that of
 * the first chunk; later ones double.
 */
void arena_init(struct arena *a, size_t chunk_size);

/* Frees everything; the arena is as after arena_init. */
void arena_release(struct arena *a);

/* Forgets all objects but keeps the largest chunk for reuse. */
void arena_reset(struct arena *a);

void *arena_slow(struct arena *a, size_t size);

#if defined(__SANITIZE_ADDRESS__)
#define arena_alloc(a, size) arena_slow(a, size)
#else
/* Never NULL; not initialised. */
static inline void *
arena_alloc(struct arena *a, size_t size)
{
	size_t n = (size + 15) & ~(size_t)15;
	char *p = a->next;

	if (__builtin_expect((size_t)(a->end - p) < n || n < size, 0))
		return arena_slow(a, size);
	a->next = p + n;
	return p;
}
#endif

void *arena_zalloc(struct arena *a, size_t size);

/* n elements of size bytes; the product is checked. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Copies of bytes; the copy is followed by a NUL that is not counted. */
struct str arena_str(struct arena *a, struct str s);
char *arena_strdup(struct arena *a, const char *z);

__attribute__((format(printf, 2, 3))) struct str arena_printf(
    struct arena *a, const char *fmt, ...);

#endif
