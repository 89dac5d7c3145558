/* SPDX-License-Identifier: MIT */
/*
 * A blocked bloom filter (Putze, Sanders and Singler, "Cache-, Hash- and
 * Space-Efficient Bloom Filters", 2007), all bits of a key in one line of 64
 * bytes. Ten bits a key: about one key in eighty that is not there passes. A
 * key of the oldest runs, which are large, has to pass by all the small ones
 * above them, and each that lets it in costs a read: they have sixteen bits,
 * and one key in some five hundred passes (as more bits for smaller levels in
 * Dayan, Athanassoulis and Idreos, "Monkey", 2017). The hash is the same on
 * every machine. Inside state/run_* only.
 */
#ifndef WEIR_STATE_RUN_FILTER_H
#define WEIR_STATE_RUN_FILTER_H

#include "state/run_form.h"

#define FILTER_LINE 64	       /* bytes */
#define FILTER_PAGE_LINES 128u /* lines of a piece, but the last */
#define FILTER_PAGE (PIECE_HEAD + FILTER_LINE * FILTER_PAGE_LINES)

uint32_t filter_hash(unsigned map, int64_t bucket, struct str key);

/* Lines for n keys. */
uint64_t filter_lines(uint64_t n);

/* May a run of n keys have so many? All had ten bits a key at first. */
bool filter_lines_ok(uint64_t lines, uint64_t n);

/* In which line of so many a key is. */
static inline uint64_t
filter_line(uint32_t hash, uint64_t lines)
{
	return (uint64_t)hash * lines >> 32;
}

void filter_add(char *line, uint32_t hash);
bool filter_test(const char *line, uint32_t hash);

/* The page of a line, of a filter that begins at `at`. */
struct place filter_page(uint64_t at, uint64_t lines, uint64_t line);

/* Bytes of all pages. */
uint64_t filter_bytes(uint64_t lines);

#endif
