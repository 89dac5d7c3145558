/* SPDX-License-Identifier: MIT */
/*
 * The choice of merges, by simulation: what a state of so many keys writes and
 * takes on the disk over hundreds of commits of random changes; and on small
 * examples that it does not merge what it need not.
 */
#include "state/merge_plan.h"

#include <math.h>

#include "base/mem.h"
#include "tap.h"

#define ENTRY 70.0 /* bytes */
#define RUNS 1000
#define PIECE (64 << 20)

struct sim {
	double keys; /* of the state */
	struct merge_run runs[RUNS];
	size_t n, deepest;
	double written, peak;
};

static double
total(const struct sim *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += (double)s->runs[i].bytes;
	return sum;
}

static struct merge_run
run_of(double keys)
{
	return (struct merge_run){
	    .bytes = (uint64_t)(keys * ENTRY), .n_entries = (uint64_t)keys};
}

/* Puts a run of so many keys at i, in pieces. They hide what is below. */
static void
put_run(struct sim *s, size_t i, double keys)
{
	double most = PIECE / ENTRY;
	double pieces = ceil(keys / most);
	size_t n = (size_t)pieces;

	memmove(&s->runs[i + n], &s->runs[i], (s->n - i) * sizeof *s->runs);
	s->n += n;
	for (size_t k = 0; k < n; k++) {
		s->runs[i + k] = run_of(keys < most ? keys : most);
		s->runs[i + k].follows = k > 0;
		if (i && s->keys < 1e17)
			s->runs[i + k].covers = s->runs[i + k].bytes;
		keys -= most;
	}
}

/* Keys of the merged runs, which are random ones of all. */
static double
merged_keys(const struct sim *s, size_t from, size_t n)
{
	double rest = 1, part = 0;

	for (size_t i = from; i < from + n; i++) {
		part += (double)s->runs[i].n_entries / s->keys;
		if (i + 1 == from + n || !s->runs[i + 1].follows) {
			rest *= 1 - fmin(part, 1);
			part = 0;
		}
	}
	return s->keys * (1 - rest);
}

/*
 * What a merge adds while it goes on: all that it writes, less the pieces of
 * the oldest run that go meanwhile, and a part of it that waits to go.
 */
static double
added(const struct sim *s, size_t from, double keys)
{
	double low = (double)s->runs[from].bytes, out = keys * ENTRY;

	for (size_t i = from + 1; i < s->n && s->runs[i].follows; i++)
		low += (double)s->runs[i].bytes;
	return fmin(out, fmax(0, out - low) + fmax(low / 4, 8 << 20));
}

static void
merge_all(struct sim *s)
{
	size_t from, n, depth;

	while (merge_plan(s->runs, s->n, &from, &n)) {
		double keys = merged_keys(s, from, n);

		s->written += keys * ENTRY;
		s->peak = fmax(s->peak, total(s) + added(s, from, keys));
		s->n -= n;
		memmove(&s->runs[from], &s->runs[from + n],
		    (s->n - from) * sizeof *s->runs);
		put_run(s, from, keys);
	}
	depth = merge_depth(s->runs, s->n);
	s->deepest = depth > s->deepest ? depth : s->deepest;
}

/* 300 commits of `part` of the keys each; most: bytes written for one. */
static void
uniform(double keys, double part, double most)
{
	struct sim *s = mem_zalloc(sizeof *s);
	double live = keys * ENTRY, ratio;

	s->keys = keys;
	put_run(s, 0, keys);
	for (unsigned i = 0; i < 300; i++) {
		s->written += keys * part * ENTRY;
		put_run(s, s->n, keys * part);
		merge_all(s);
	}
	ratio = s->written / (300 * keys * part * ENTRY);
	ok(ratio < most, "%.0f keys, %g: writes %.2f bytes for one", keys, part,
	    ratio);
	ok(s->peak < 2 * live, "takes %.2f of what is alive at most",
	    s->peak / live);
	ok(s->deepest < 20, "up to %zu runs over each other", s->deepest);
	mem_free(s);
}

/* Keys that are all new; `dying`: those of 20 commits before die. */
static void
growing(bool dying)
{
	struct sim *s = mem_zalloc(sizeof *s);
	double each = 100000, ratio, most = 0;

	s->keys = 1e18; /* so none comes twice */
	for (unsigned i = 0; i < 300; i++) {
		s->written += each * ENTRY;
		put_run(s, s->n, each);
		for (size_t k = 0; dying && k < s->n; k++) {
			struct merge_run *r = &s->runs[k];
			uint64_t dead = r->dead + r->bytes / 20 / s->n;

			r->dead = dead < r->bytes ? dead : r->bytes;
		}
		merge_all(s);
		most = fmax(most, total(s));
	}
	ratio = s->written / (300 * each * ENTRY);
	ok(ratio < 3.1, "%s: writes %.2f bytes for one",
	    dying ? "growing and dying" : "growing", ratio);
	ok(s->deepest < 24, "up to %zu runs over each other", s->deepest);
	mem_free(s);
}

static bool
plan(const char *sizes, size_t *from, size_t *n)
{
	struct merge_run runs[100] = {0};
	size_t n_runs = 0;

	/* A letter is a run: a = 16 KiB, and each twice the one before. */
	for (; *sizes; sizes++) {
		if (*sizes == '+') {
			runs[n_runs].follows = true;
			continue;
		}
		runs[n_runs].n_entries = 100;
		runs[n_runs++].bytes = (uint64_t)16384 << (*sizes - 'a');
	}
	return merge_plan(runs, n_runs, from, n);
}

static void
examples(void)
{
	struct merge_run one = {.bytes = 10 << 20, .n_entries = 100};
	struct merge_run two[2] = {one, one};
	size_t from, n;

	ok(!plan("", &from, &n), "no runs");
	ok(!plan("k", &from, &n), "one");
	ok(!plan("zkkkkkkk", &from, &n), "seven alike");
	ok(plan("zkkkkkkkk", &from, &n) && from == 1 && n == 8, "eight alike");
	ok(plan("zbbbbbbbb", &from, &n) && from == 1 && n == 8, "small ones");
	ok(plan("znnnnnnnkn", &from, &n) && from == 1 && n == 9,
	    "what lies between them comes along");
	ok(!plan("zk+k+k+k+k+k+k+kk", &from, &n), "pieces count as one");
	ok(plan("zkkkkkj+jkk", &from, &n) && from == 1 && n == 9,
	    "and are merged as one");
	one.n_deleted = 51;
	ok(merge_plan(&one, 1, &from, &n) && !from && n == 1,
	    "tombstones with nothing below");
	two[1] = one;
	ok(!merge_plan(two, 2, &from, &n), "they stay if there is something");
	two[0].dead = 6 << 20;
	ok(merge_plan(two, 2, &from, &n) && !from && n == 1, "half dead");
}

int
main(void)
{
	uniform(1e6, .01, 3.4);
	uniform(1e7, .01, 3.4);
	uniform(5e7, .01, 3.4);
	uniform(5e7, .002, 4.2);
	uniform(1e7, .05, 3.4);
	growing(false);
	growing(true);
	examples();
	return tap_done();
}
