/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a run file: integers, pieces, head and footer.
 */
#include "state/run_form.h"

#include "base/crc.h"
#include "base/must.h"

#define HEAD_MAGIC "weir-run"
#define FOOT_MAGIC "weir-end"

/* ---- integers ---- */

void
run_put_u32(struct buf *out, uint32_t u)
{
	char *p = buf_reserve(out, 4);

	for (unsigned i = 0; i < 4; i++)
		p[i] = (char)(u >> 8 * i);
	out->n += 4;
}

void
run_put_u64(struct buf *out, uint64_t u)
{
	run_put_u32(out, (uint32_t)u);
	run_put_u32(out, (uint32_t)(u >> 32));
}

void
run_put_varint(struct buf *out, uint64_t u)
{
	char *p = buf_reserve(out, VARINT_MAX);

	while (u >= 128) {
		*p++ = (char)(u | 128);
		u >>= 7;
	}
	*p++ = (char)u;
	out->n = (size_t)(p - out->p);
}

bool
run_get_varint(const char **p, const char *end, uint64_t *u)
{
	uint64_t sum = 0;

	for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
		uint64_t byte = (unsigned char)*(*p)++;

		if (shift == 63 && byte > 1)
			return false;
		sum |= (byte & 127) << shift;
		if (byte < 128) {
			*u = sum;
			return true;
		}
	}
	return false;
}

bool
run_get_varint32(const char **p, const char *end, uint32_t *u)
{
	uint64_t wide;

	if (!run_get_varint(p, end, &wide) || wide > UINT32_MAX)
		return false;
	*u = (uint32_t)wide;
	return true;
}

void
place_put(struct buf *out, struct place place)
{
	run_put_varint(out, place.at);
	run_put_varint(out, place.n);
}

bool
place_get(struct str s, struct place *out)
{
	const char *p = s.p, *end = s.p + s.n;

	return run_get_varint(&p, end, &out->at) &&
	       run_get_varint32(&p, end, &out->n) && p == end &&
	       out->n >= PIECE_HEAD && out->at + out->n >= out->at;
}

/* ---- pieces ---- */

/* The checksum of a size at a place. */
static uint32_t
size_crc(uint64_t number, enum piece_kind kind, uint64_t at, uint32_t size)
{
	unsigned char bytes[21];

	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (unsigned char)(number >> 8 * i);
		bytes[8 + i] = (unsigned char)(at >> 8 * i);
	}
	bytes[16] = (unsigned char)kind;
	for (unsigned i = 0; i < 4; i++)
		bytes[17 + i] = (unsigned char)(size >> 8 * i);
	return crc32c(0, bytes, sizeof bytes);
}

struct place
piece_put(struct buf *out, uint64_t number, enum piece_kind kind, uint64_t at,
    struct str contents)
{
	uint32_t n = (uint32_t)contents.n;
	uint32_t crc = size_crc(number, kind, at, n);

	must(contents.n <= PIECE_MAX);
	run_put_u32(out, n);
	run_put_u32(out, crc);
	run_put_u32(out, crc32c(crc, contents.p, n));
	buf_adds(out, contents);
	return (struct place){at, n + PIECE_HEAD};
}

uint32_t
piece_size(const char *head, uint64_t number, enum piece_kind kind, uint64_t at)
{
	uint32_t n = run_get_u32(head);

	if (n > PIECE_MAX ||
	    run_get_u32(head + 4) != size_crc(number, kind, at, n))
		return 0;
	return n + PIECE_HEAD;
}

bool
piece_check(
    const char *p, size_t n, uint64_t number, enum piece_kind kind, uint64_t at)
{
	return n >= PIECE_HEAD && piece_size(p, number, kind, at) == n &&
	       run_get_u32(p + 8) ==
		   crc32c(run_get_u32(p + 4), p + PIECE_HEAD, n - PIECE_HEAD);
}

/* ---- head and footer ---- */

void
run_head_put(struct buf *out, uint64_t number)
{
	buf_lit(out, HEAD_MAGIC);
	run_put_u64(out, number);
}

bool
run_head_check(const char *p, uint64_t number)
{
	return !memcmp(p, HEAD_MAGIC, 8) && run_get_u64(p + 8) == number;
}

void
run_footer_put(struct buf *out, struct run_footer *f)
{
	size_t from = out->n;

	buf_lit(out, FOOT_MAGIC);
	run_put_u32(out, f->version);
	run_put_u32(out, f->n_sections);
	run_put_u64(out, f->number);
	run_put_u64(out, f->n_entries);
	run_put_u64(out, f->n_deleted);
	run_put_u64(out, f->data_end);
	run_put_u64(out, f->index_end);
	run_put_u64(out, f->filter_lines);
	run_put_u64(out, f->sections_at);
	run_put_u32(out, f->sections_n);
	f->crc = crc32c(0, out->p + from, out->n - from);
	run_put_u32(out, f->crc);
	must(out->n - from == RUN_FOOTER);
}

bool
run_footer_get(const char *p, struct run_footer *f)
{
	if (memcmp(p, FOOT_MAGIC, 8) != 0 ||
	    crc32c(0, p, RUN_FOOTER - 4) != run_get_u32(p + RUN_FOOTER - 4))
		return false;
	f->version = run_get_u32(p + 8);
	f->n_sections = run_get_u32(p + 12);
	f->number = run_get_u64(p + 16);
	f->n_entries = run_get_u64(p + 24);
	f->n_deleted = run_get_u64(p + 32);
	f->data_end = run_get_u64(p + 40);
	f->index_end = run_get_u64(p + 48);
	f->filter_lines = run_get_u64(p + 56);
	f->sections_at = run_get_u64(p + 64);
	f->sections_n = run_get_u32(p + 72);
	f->crc = run_get_u32(p + 76);
	return true;
}
