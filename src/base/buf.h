/* SPDX-License-Identifier: MIT */
/* Growable bytes that own their memory. Not NUL-terminated unless asked. */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include <stddef.h>
#include <string.h>

#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap;
};

void buf_release(struct buf *b); /* frees; the buf is empty and usable */
void buf_reserve_slow(struct buf *b, size_t more);

/* Makes room for more bytes after b->n and returns the place to write. */
static inline char *
buf_reserve(struct buf *b, size_t more)
{
	if (__builtin_expect(b->cap - b->n < more, 0))
		buf_reserve_slow(b, more);
	return b->p + b->n;
}

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n) {
		memcpy(buf_reserve(b, n), p, n);
		b->n += n;
	}
}

static inline void
buf_addc(struct buf *b, char c)
{
	*buf_reserve(b, 1) = c;
	b->n++;
}

static inline void
buf_adds(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

#define buf_lit(b, lit) buf_add(b, "" lit, sizeof(lit) - 1)

static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

void buf_addz(struct buf *b, const char *z);

/* Between two quotes, which are doubled within: 'it''s', `a``b`. */
void buf_quoted(struct buf *b, struct str s, char quote);

__attribute__((format(printf, 2, 3))) void buf_printf(
    struct buf *b, const char *fmt, ...);

/* The bytes as a C string (a NUL is kept behind them). */
const char *buf_z(struct buf *b);

#endif
