/* SPDX-License-Identifier: MIT */
/*
 * malloc that does not return NULL (out of memory ends the program with
 * status 71; the checkpoint is the recovery). The only door to malloc.
 */
#ifndef WEIR_BASE_MEM_H
#define WEIR_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);		/* zeroed */
void *mem_resize(void *p, size_t size); /* realloc */
char *mem_strdup(const char *s);
void mem_free(void *p);

/* Room for n elements of size bytes each; the product is checked. */
void *mem_array(size_t n, size_t size);

/*
 * Grows *pp (element size bytes, capacity *cap elements) to hold at least
 * want elements, by doubling. New elements are not initialised.
 */
void mem_grow(void *pp, size_t *cap, size_t want, size_t size);

#endif
