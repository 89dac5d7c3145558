/* SPDX-License-Identifier: MIT */
/*
 * Where the separators of a CSV or TSV text are: bit masks over chunks of 64
 * bytes, in the manner of simdjson's first stage (Langdale and Lemire,
 * "Parsing gigabytes of JSON per second", 2019).
 *
 * The index is a window over the text that is extended on demand and slides
 * with the records; each byte is looked at once, however many fields are
 * wanted. Separators inside quotes are not in it: a quote opens only as the
 * first byte of a field (RFC 4180), elsewhere it is an ordinary byte, and a
 * doubled quote inside quotes stays inside. The window must begin where a
 * record begins.
 *
 * Invariant: chunk i covers base[64 i, 64 i + 64); bits at and behind `end`
 * are clear, but with eof a text that does not end in a line feed (outside
 * quotes) has one marked at end. There is always one chunk more than n, with
 * empty masks, to take a place at the end.
 */
#ifndef WEIR_IO_CSV_INDEX_H
#define WEIR_IO_CSV_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_chunk {
	uint64_t delim, lf; /* outside quotes */
	uint64_t high;	    /* bytes that are not ASCII */
	uint64_t quote;	    /* quotes (TSV: backslashes), wherever they are */
	uint32_t before;    /* delimiters before this chunk, modulo 2^32 */
	bool odd;	    /* some text follows a closing quote here */
};

/* What the bytes of a chunk depend on before it. */
struct csv_carry {
	uint64_t in;	 /* all ones inside quotes, else 0 */
	uint64_t start;	 /* 1 at the first byte of a field */
	uint64_t closed; /* 1 behind a quote that closes, or is half of two */
};

struct csv_index {
	const char *base, *end;
	struct csv_chunk *chunks;
	size_t n, cap;
	char delim, mark; /* mark: what the masks `quote` are about */
	bool quotes;	  /* the mark quotes; else it is only noted */
	bool eof;
	struct csv_carry carry; /* behind the last chunk */
};

void csv_index_release(struct csv_index *ix);

/* Begins anew at a record; SIMD_PAD bytes behind end must be readable. */
void csv_index_start(
    struct csv_index *ix, const char *p, const char *end, bool eof);

/*
 * Indexes more text, keeping what is known from `keep` on (which may move
 * base). False if there is no more.
 */
bool csv_index_more(struct csv_index *ix, const char *keep);

/* Forgets all chunks and indexes the next ones; false if there are none. */
bool csv_index_next(struct csv_index *ix);

#endif
