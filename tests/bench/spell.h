/* SPDX-License-Identifier: MIT */
/*
 * A record's values as text, and the one format that needs a file of its own.
 *
 * The values that several formats share are spelled once per record, so they
 * cannot differ between formats.
 */
#ifndef WEIR_BENCH_SPELL_H
#define WEIR_BENCH_SPELL_H

#include "record.h"

#include <stdio.h>

struct spelled {
	const struct record *rec;
	char ts[32]; /* 2026-03-01T00:00:00.000Z */
	char host[40];
	char key[24]; /* svc-000/a */
	char path[64];
	char latency[24]; /* milliseconds, always three decimals */
};

/* Keeps `rec`: it must live as long as `out` is used. */
void spell(struct spelled *out, const struct record *rec);

/*
 * Writes the record as one line of JSON that says the same as the regular
 * line in an unusual way: members in random order, some unrelated ones twice,
 * left out or added, blanks between tokens, escapes in keys and in values,
 * numbers with exponents. RFC 8259 allows all of it. Any reader that keeps
 * the last of two equal members, or the first, gets the same values.
 */
void odd_write(FILE *to, struct rng *rng, const struct spelled *sp);

#endif
