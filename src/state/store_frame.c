/* SPDX-License-Identifier: MIT */
/* Frames; see store_frame.h. */
#include "state/store_frame.h"

#include "base/crc.h"
#include "base/must.h"

static const char magic[4] = {'w', 'J', 'f', '1'};

/* ---- numbers ---- */

static void
set_u32(char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(n >> 8 * i);
}

static void
set_u64(char *p, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		p[i] = (char)(n >> 8 * i);
}

static uint64_t
get_number(const char *p, int bytes)
{
	uint64_t n = 0;

	for (int i = 0; i < bytes; i++)
		n |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return n;
}

void
put_u32(struct buf *b, uint32_t n)
{
	set_u32(buf_reserve(b, 4), n);
	b->n += 4;
}

void
put_u64(struct buf *b, uint64_t n)
{
	set_u64(buf_reserve(b, 8), n);
	b->n += 8;
}

void
put_varint(struct buf *b, uint64_t n)
{
	char *p = buf_reserve(b, 10);
	size_t i = 0;

	for (; n > 127; n >>= 7)
		p[i++] = (char)(n | 128);
	p[i++] = (char)n;
	b->n += i;
}

void
put_signed(struct buf *b, int64_t n)
{
	put_varint(b, (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0));
}

void
put_bytes(struct buf *b, struct str s)
{
	put_varint(b, s.n);
	buf_adds(b, s);
}

static bool
spoiled(struct str *s)
{
	s->p += s->n;
	s->n = 0;
	return false;
}

static bool
take_number(struct str *s, int bytes, uint64_t *n)
{
	*n = 0;
	if (s->n < (size_t)bytes)
		return spoiled(s);
	*n = get_number(s->p, bytes);
	s->p += bytes;
	s->n -= (size_t)bytes;
	return true;
}

bool
take_u32(struct str *s, uint32_t *n)
{
	uint64_t wide;
	bool there = take_number(s, 4, &wide);

	*n = (uint32_t)wide;
	return there;
}

bool
take_u64(struct str *s, uint64_t *n)
{
	return take_number(s, 8, n);
}

bool
take_varint(struct str *s, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; s->n && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*s->p;

		s->p++;
		s->n--;
		if (shift == 63 && c > 1)
			break;
		*n |= (uint64_t)(c & 127) << shift;
		if (c < 128)
			return true;
	}
	return spoiled(s);
}

bool
take_varint32(struct str *s, uint32_t *n)
{
	uint64_t wide;

	if (!take_varint(s, &wide) || wide > UINT32_MAX)
		return spoiled(s);
	*n = (uint32_t)wide;
	return true;
}

bool
take_signed(struct str *s, int64_t *n)
{
	uint64_t u;
	bool there = take_varint(s, &u);

	*n = (int64_t)(u >> 1 ^ (u & 1 ? UINT64_MAX : 0));
	return there;
}

bool
take_bytes(struct str *s, struct str *out)
{
	uint64_t n;

	*out = (struct str){0};
	if (!take_varint(s, &n))
		return false;
	if (n > s->n)
		return spoiled(s);
	*out = (struct str){s->p, (size_t)n};
	s->p += n;
	s->n -= (size_t)n;
	return true;
}

/* ---- frames ---- */

static uint32_t
head_sum(const char *head, uint64_t nonce, uint64_t at)
{
	char seed[16];

	set_u64(seed, nonce);
	set_u64(seed + 8, at);
	return crc32c(crc32c(0, seed, sizeof seed), head, FRAME_HEAD - 4);
}

static uint32_t
chain_on(uint32_t chain, uint32_t body_sum)
{
	char sum[4];

	set_u32(sum, body_sum);
	return crc32c(chain, sum, sizeof sum);
}

uint32_t
frame_chain(uint32_t chain, struct str body)
{
	return chain_on(chain, crc32c(0, body.p, body.n));
}

void
frame_begin(struct frame_sink *s)
{
	s->begun = s->bytes.n;
	memset(buf_reserve(&s->bytes, FRAME_HEAD), 0, FRAME_HEAD);
	s->bytes.n += FRAME_HEAD;
}

void
frame_end(struct frame_sink *s, enum frame_type type)
{
	char *head = s->bytes.p + s->begun;
	size_t len = s->bytes.n - s->begun - FRAME_HEAD;
	uint32_t sum = crc32c(0, head + FRAME_HEAD, len);

	must(len <= UINT32_MAX);
	s->chain = chain_on(s->chain, sum);
	memcpy(head, magic, sizeof magic);
	head[4] = (char)type;
	set_u32(head + 8, (uint32_t)len);
	set_u32(head + 12, s->chain);
	set_u64(head + 16, s->epoch);
	set_u32(head + 24, sum);
	set_u32(head + 28, head_sum(head, type == FRAME_HELLO ? 0 : s->nonce,
			       s->at + s->begun));
	if (type != FRAME_SCHEMA && type != FRAME_DELTA)
		s->chain = 0;
}

static bool
head_is_whole(const char *head, uint64_t nonce, size_t at)
{
	unsigned type = (unsigned char)head[4];

	return !memcmp(head, magic, sizeof magic) && type >= FRAME_HELLO &&
	       type <= FRAME_CLOSE &&
	       get_number(head + 28, 4) ==
		   head_sum(head, type == FRAME_HELLO ? 0 : nonce, at);
}

bool
frame_read(struct str file, size_t at, uint64_t nonce, struct frame *out)
{
	const char *head = file.p + at;
	size_t len;

	if (at > file.n || file.n - at < FRAME_HEAD ||
	    !head_is_whole(head, nonce, at))
		return false;
	len = (size_t)get_number(head + 8, 4);
	if (len > file.n - at - FRAME_HEAD)
		return false;
	*out = (struct frame){
	    .type = (enum frame_type)(unsigned char)head[4],
	    .chain = (uint32_t)get_number(head + 12, 4),
	    .epoch = get_number(head + 16, 8),
	    .body = {head + FRAME_HEAD, len},
	    .at = at,
	    .end = at + FRAME_HEAD + len,
	};
	return crc32c(0, out->body.p, len) == get_number(head + 24, 4);
}

uint64_t
frame_seek(struct str file, size_t *at, uint64_t nonce)
{
	while (*at < file.n && file.n - *at >= FRAME_HEAD) {
		const char *from = file.p + *at;
		const char *p = memmem(from, file.n - *at, magic, sizeof magic);

		if (!p)
			break;
		*at = (size_t)(p - file.p);
		if (file.n - *at < FRAME_HEAD)
			break;
		if (head_is_whole(p, nonce, *at))
			return get_number(p + 16, 8);
		++*at;
	}
	*at = file.n;
	return 0;
}
