/* SPDX-License-Identifier: MIT */
/*
 * The made-up application log that every benchmark reads.
 *
 * A record is content only; how it is spelled is each format's business, so
 * that all formats carry the same records. Equal seeds give equal records,
 * and a shorter log is the beginning of a longer one: no clock, no libm, no
 * locale, and event time moves at a stated rate, whatever the length.
 *
 * Event time starts at 2026-03-01T00:00:00Z. Records are up to 5 s out of
 * order and one in 2000 is 30 to 95 s late, so a lateness of two minutes
 * loses none. There are 1000 keys; the key of rank r has weight 1/(r + 10).
 */
#ifndef WEIR_BENCH_RECORD_H
#define WEIR_BENCH_RECORD_H

#include <stddef.h>
#include <stdint.h>

enum {
	RECORD_KEYS = 1000,
	RECORD_MSG_MAX = 256,  /* bytes of a message */
	RECORD_JSON_MEAN = 290 /* bytes of a record as NDJSON, on average */
};

/* xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64. */
struct rng {
	uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* A number from 0 to n - 1; n is not 0. */
uint32_t rng_below(struct rng *rng, uint32_t n);

struct record {
	uint32_t time_ms; /* since the log's start */
	uint32_t key;	  /* rank, below RECORD_KEYS */
	uint32_t status;
	uint32_t latency_us;
	uint32_t bytes;
	uint32_t user_id;
	uint32_t path_version;
	uint32_t path_id;
	uint32_t host;
	uint32_t host_zone;
	const char *level;
	const char *method;
	const char *path_word;
	const char *user_name; /* UTF-8 */
	size_t msg_len;
	char msg[RECORD_MSG_MAX]; /* UTF-8; may hold quotes, commas, LF */
};

/* What the next record depends on. */
struct record_source {
	struct rng rng;
	uint64_t n; /* records so far */
	uint32_t per_minute;
	uint64_t weight_sum[RECORD_KEYS];
};

/* A log of `per_minute` records a minute of event time. */
void record_source_init(
    struct record_source *src, uint64_t seed, uint32_t per_minute);

/* Makes the next record. The caller keeps the log below 49 days. */
void record_next(struct record_source *src, struct record *rec);

#endif
