/* SPDX-License-Identifier: MIT */
/*
 * Makes the records: see record.h for what holds of them.
 *
 * Every record draws its values in one fixed order from one generator.
 * Anything that a single format needs to draw for itself (the order of keys,
 * say) must come from another generator, or the formats would no longer carry
 * the same log.
 */
#include "record.h"

#include <string.h>

// clang-format off
static const char *const levels[8] = {
	"INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"
};
static const char *const methods[8] = {
	"GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD"
};
static const uint16_t statuses[24] = {
	200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200,
	200, 200, 201, 201, 304, 304, 304, 404, 404, 403, 500, 503
};
static const char *const words[20] = {
	"request", "completed", "cache", "miss", "upstream", "retry",
	"session", "token", "refresh", "queue", "drained", "shard",
	"rebalanced", "timeout", "handler", "payload", "accepted", "index",
	"lookup", "fallback"
};
static const char *const names[16] = {
	"ada", "grace", "Zo\xc3\xab", "linus", "Bj\xc3\xb6rk", "ken", "dmr",
	"\xe6\x9d\x8e\xe9\x9b\xb7", "barbara", "edsger",
	"\xd0\x9e\xd0\xbb\xd1\x8f", "margaret", "tony", "don", "leslie",
	"frances"
};
// clang-format on

static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

static uint64_t
rotate_left(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

void
rng_init(struct rng *rng, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		rng->s[i] = splitmix64(&seed);
}

uint64_t
rng_next(struct rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t r = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return r;
}

uint32_t
rng_below(struct rng *rng, uint32_t n)
{
	return (uint32_t)((rng_next(rng) >> 32) * n >> 32);
}

void
record_source_init(
    struct record_source *src, uint64_t seed, uint32_t per_minute)
{
	uint64_t sum = 0;

	rng_init(&src->rng, seed);
	src->n = 0;
	src->per_minute = per_minute;
	for (uint32_t rank = 0; rank < RECORD_KEYS; rank++) {
		sum += 1000000000 / (rank + 10);
		src->weight_sum[rank] = sum;
	}
}

/* The first rank whose running sum of weights exceeds a random point. */
static uint32_t
pick_key(struct record_source *src)
{
	uint64_t all = src->weight_sum[RECORD_KEYS - 1];
	uint64_t point = rng_next(&src->rng) % all;
	uint32_t lo = 0, hi = RECORD_KEYS - 1;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (src->weight_sum[mid] > point)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static uint32_t
pick_time(struct record_source *src)
{
	uint64_t due = src->n * 60000 / src->per_minute;
	uint64_t behind = rng_below(&src->rng, 5000);

	if (rng_below(&src->rng, 2000) == 0)
		behind += 30000 + rng_below(&src->rng, 60000);
	return (uint32_t)(due > behind ? due - behind : 0);
}

/* A product of two uniforms, scaled by key, with a rare heavy tail. */
static uint32_t
pick_latency(struct rng *rng, uint32_t key)
{
	uint32_t product = rng_below(rng, 6000) * rng_below(rng, 6000);
	uint32_t us = 200 + product / 400 * (1 + key % 7);

	return rng_below(rng, 100) ? us : us * 8;
}

static void
msg_add(struct record *rec, const char *text)
{
	size_t len = strlen(text);

	memcpy(rec->msg + rec->msg_len, text, len);
	rec->msg_len += len;
}

/* What stands between two words; one in 44 is not a blank. */
static const char *
pick_gap(struct rng *rng)
{
	uint32_t r = rng_below(rng, 400);

	if (r >= 9)
		return " ";
	if (r < 2)
		return "\n";
	if (r < 7)
		return ",";
	return r == 7 ? "\\" : "\xc3\xa9";
}

/* Four to ten words, one in 60 of them in quotes. */
static void
make_msg(struct rng *rng, struct record *rec)
{
	uint32_t n = 4 + rng_below(rng, 7);

	rec->msg_len = 0;
	for (uint32_t i = 0; i < n; i++) {
		const char *word = words[rng_below(rng, 20)];
		const char *quote = rng_below(rng, 60) ? "" : "\"";

		if (i > 0)
			msg_add(rec, pick_gap(rng));
		msg_add(rec, quote);
		msg_add(rec, word);
		msg_add(rec, quote);
	}
}

void
record_next(struct record_source *src, struct record *rec)
{
	struct rng *rng = &src->rng;

	rec->time_ms = pick_time(src);
	rec->key = pick_key(src);
	rec->latency_us = pick_latency(rng, rec->key);
	rec->status = statuses[rng_below(rng, 24)];
	rec->bytes = rng_below(rng, 1U << (4 + rng_below(rng, 16)));
	rec->user_id = rng_below(rng, 200000);
	rec->user_name = names[rng_below(rng, 16)];
	rec->level = levels[rng_below(rng, 8)];
	rec->method = methods[rng_below(rng, 8)];
	rec->host = rng_below(rng, 40);
	rec->host_zone = rng_below(rng, 4);
	rec->path_version = 1 + rng_below(rng, 2);
	rec->path_word = words[rng_below(rng, 20)];
	rec->path_id = rng_below(rng, 100000);
	make_msg(rng, rec);
	src->n++;
}
