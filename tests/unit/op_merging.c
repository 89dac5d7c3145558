/* SPDX-License-Identifier: MIT */
/*
 * Runs that are merged: what comes out is what was put, in order, however many
 * runs there are and however long things are; nothing is left in the state,
 * and bytes that are no things end the run.
 */
#include "op/merging.h"

#include "base/mem.h"
#include "state/code.h"
#include "step_state.h"

/* A number, and bytes that follow from it. */
struct thing {
	uint64_t n;
};

static unsigned n_there; /* things that were read and not dropped */

static void *
read_thing(void *arg, struct str bytes)
{
	struct thing *t;
	uint64_t n;

	(void)arg;
	if (!code_get_uint(&bytes, &n) || bytes.n != n % 3000)
		return NULL;
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] != (char)('a' + n % 26))
			return NULL;
	t = mem_alloc(sizeof *t);
	t->n = n;
	n_there++;
	return t;
}

static void
drop_thing(void *arg, void *thing)
{
	(void)arg;
	mem_free(thing);
	n_there--;
}

static int
thing_order(void *arg, const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	(void)arg;
	return x->n < y->n ? -1 : x->n > y->n;
}

static const struct merging_kind things = {
    .read = read_thing, .drop = drop_thing, .order = thing_order};

static void
put_thing(struct merging *m, uint64_t n)
{
	struct buf bytes = {0};

	code_put_uint(&bytes, n);
	for (uint64_t i = 0; i < n % 3000; i++)
		buf_addc(&bytes, (char)('a' + n % 26));
	merging_put(m, buf_str(&bytes));
	buf_release(&bytes);
}

/* Numbers below n in runs: every one once, those of a run far apart. */
static void
check_runs(unsigned n, unsigned n_runs)
{
	const char *dir = test_dir("runs");
	struct test_state state;
	struct merging m;
	struct state_map *map;
	const struct thing *t;
	uint64_t next = 0;
	unsigned wrong = 0;
	int64_t *buckets;

	if (!test_state_open(&state, dir, 1 << 20))
		return;
	map = state_map(state.step, "runs");
	merging_init(&m, &things, NULL, map);
	for (unsigned run = 0; run < n_runs; run++) {
		for (uint64_t i = run; i < n; i += n_runs)
			put_thing(&m, i);
		merging_end(&m);
	}
	while ((t = merging_next(&m)))
		wrong += t->n != next++;
	ok(next == n && !wrong, "%u things in %u runs: %u wrong", n, n_runs,
	    wrong);
	ok(!merging_next(&m), "the end stays the end");
	merging_release(&m);
	ok(!n_there, "nothing is left in memory");
	ok(!state_buckets(map, &buckets), "nor in the state");
	mem_free(buckets);
	ok(!state_failed(state.state, NULL), "nothing has failed");
	test_state_close(&state);
	test_remove(dir);
}

static void
check_left(void)
{
	const char *dir = test_dir("left");
	struct test_state state;
	struct merging m;
	int64_t *buckets;

	if (!test_state_open(&state, dir, 1 << 20))
		return;
	merging_init(&m, &things, NULL, state_map(state.step, "runs"));
	for (unsigned i = 0; i < 500; i++) {
		put_thing(&m, i);
		if (i % 50 == 49)
			merging_end(&m);
	}
	for (unsigned i = 0; i < 123; i++)
		merging_next(&m);
	merging_release(&m);
	ok(!n_there, "who stops in the midst has nothing in memory");
	ok(!state_buckets(state_map(state.step, "runs"), &buckets),
	    "nor in the state");
	mem_free(buckets);
	test_state_close(&state);
	test_remove(dir);
}

static void
check_damage(void)
{
	const char *dir = test_dir("damage");
	struct test_state state;
	struct merging m;
	unsigned n = 0;

	if (!test_state_open(&state, dir, 1 << 20))
		return;
	merging_init(&m, &things, NULL, state_map(state.step, "runs"));
	for (unsigned i = 0; i < 10; i++)
		put_thing(&m, i);
	merging_put(&m, STR("\x0bno thing"));
	merging_end(&m);
	while (merging_next(&m))
		n++;
	ok(n == 10, "what comes before the damage is there");
	ok(state_failed(state.state, NULL), "and the run ends with it");
	merging_release(&m);
	ok(!n_there, "nothing is left in memory");
	test_state_close(&state);
	test_remove(dir);
}

int
main(void)
{
	check_runs(0, 0);
	check_runs(1, 1);
	check_runs(2000, 1);
	check_runs(3000, 17);
	/* More than are merged at one go. */
	check_runs(2500, 400);
	/* Some have nothing at all. */
	check_runs(40, 60);
	check_left();
	check_damage();
	test_remove(test_dir(""));
	return tap_done();
}
