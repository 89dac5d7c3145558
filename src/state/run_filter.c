/* SPDX-License-Identifier: MIT */
/*
 * Bloom filters: six bits of a line for each key. The line is taken from the
 * high bits of the hash, the bits from a product of all of it.
 */
#include "state/run_filter.h"

#include "base/hash.h"
#include "base/must.h"

#define BITS_PER_KEY 10u
/* Of runs of up to so many keys. */
#define BITS_OF_SMALL 16u
#define SMALL (UINT64_C(1) << 20)
#define PROBES 6

static uint64_t
low_first(const char *p, size_t n)
{
	uint64_t u = 0;

	if (n >= 8)
		return run_get_u64(p);
	for (size_t i = 0; i < n; i++)
		u |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return u;
}

uint32_t
filter_hash(unsigned map, int64_t bucket, struct str key)
{
	uint64_t h = hash_mum(
	    map ^ 0x9e3779b97f4a7c15u, (uint64_t)bucket ^ 0xd6e8feb86659fd93u);

	h ^= key.n;
	for (size_t at = 0; at < key.n; at += 8)
		h = hash_mum(
		    h ^ low_first(key.p + at, key.n - at), 0xa0761d6478bd642fu);
	h = hash_mum(h, 0xe7037ed1a0b428dbu);
	return (uint32_t)(h ^ h >> 32);
}

static uint64_t
lines_of(uint64_t n, unsigned bits)
{
	return (n * bits + FILTER_LINE * 8 - 1) / (FILTER_LINE * 8);
}

uint64_t
filter_lines(uint64_t n)
{
	return lines_of(n, n <= SMALL ? BITS_OF_SMALL : BITS_PER_KEY);
}

bool
filter_lines_ok(uint64_t lines, uint64_t n)
{
	return lines == filter_lines(n) || lines == lines_of(n, BITS_PER_KEY);
}

static uint64_t
probes(uint32_t hash)
{
	return (uint64_t)hash * 0x9e3779b97f4a7c15u;
}

void
filter_add(char *line, uint32_t hash)
{
	uint64_t bits = probes(hash);

	for (unsigned i = 0; i < PROBES; i++, bits <<= 9)
		line[bits >> 58] |= (char)(1u << (bits >> 55 & 7));
}

bool
filter_test(const char *line, uint32_t hash)
{
	uint64_t bits = probes(hash);

	for (unsigned i = 0; i < PROBES; i++, bits <<= 9)
		if (!((unsigned char)line[bits >> 58] >> (bits >> 55 & 7) & 1))
			return false;
	return true;
}

struct place
filter_page(uint64_t at, uint64_t lines, uint64_t line)
{
	uint64_t page = line / FILTER_PAGE_LINES;
	uint64_t n = lines - page * FILTER_PAGE_LINES;

	must(line < lines);
	if (n > FILTER_PAGE_LINES)
		n = FILTER_PAGE_LINES;
	return (struct place){
	    at + page * FILTER_PAGE, (uint32_t)(PIECE_HEAD + n * FILTER_LINE)};
}

uint64_t
filter_bytes(uint64_t lines)
{
	uint64_t pages = (lines + FILTER_PAGE_LINES - 1) / FILTER_PAGE_LINES;

	return pages * PIECE_HEAD + lines * FILTER_LINE;
}
