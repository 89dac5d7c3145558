/* SPDX-License-Identifier: MIT */
/*
 * How small things are written into stored values: whole numbers in as few
 * bytes as they need (7 bits each, least first; signed ones by zigzag), and
 * pieces of bytes behind their length. Reading never trusts what it reads:
 * every call says if it found what it was asked for, and takes it off the
 * front.
 */
#ifndef WEIR_STATE_CODE_H
#define WEIR_STATE_CODE_H

#include <stdint.h>

#include "base/buf.h"

static inline void
code_put_uint(struct buf *out, uint64_t n)
{
	char *p = buf_reserve(out, 10);

	for (; n >= 0x80; n >>= 7)
		*p++ = (char)(n | 0x80);
	*p++ = (char)n;
	out->n = (size_t)(p - out->p);
}

static inline void
code_put_int(struct buf *out, int64_t n)
{
	code_put_uint(out, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static inline void
code_put_str(struct buf *out, struct str s)
{
	code_put_uint(out, s.n);
	buf_adds(out, s);
}

/*
 * For a piece that is written in place: what code_put_begin returns goes to
 * code_put_end, which puts the length before all that came since.
 */
static inline size_t
code_put_begin(struct buf *out)
{
	buf_addc(out, 0);
	return out->n;
}

static inline void
code_put_end(struct buf *out, size_t from)
{
	size_t n = out->n - from, more = 0;

	if (n < 0x80) {
		out->p[from - 1] = (char)n;
		return;
	}
	for (size_t rest = n >> 7; rest; rest >>= 7)
		more++;
	buf_reserve(out, more);
	memmove(out->p + from + more, out->p + from, n);
	out->n = from - 1;
	code_put_uint(out, n);
	out->n += n;
}

static inline bool
code_get_uint(struct str *in, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; in->n && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*in->p++;

		in->n--;
		if (shift == 63 && c > 1)
			return false;
		*n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return true;
	}
	return false;
}

static inline bool
code_get_int(struct str *in, int64_t *n)
{
	uint64_t u;

	if (!code_get_uint(in, &u))
		return false;
	*n = (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
	return true;
}

static inline bool
code_get_str(struct str *in, struct str *s)
{
	uint64_t n;

	if (!code_get_uint(in, &n) || n > in->n)
		return false;
	*s = (struct str){in->p, (size_t)n};
	in->p += n;
	in->n -= (size_t)n;
	return true;
}

#endif
