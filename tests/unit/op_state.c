/* SPDX-License-Identifier: MIT */
/*
 * Steps that are stopped and go on: after every few batches a step is saved,
 * closed, and restored from a store that was opened again. What it gives must
 * be what one gives that never stopped. Then stored values are changed at
 * random: a step may fail to restore, and its run to go on, but never crash.
 */
#include "front_plan.h"
#include "state/state.h"
#include "store_dir.h"

#define ROWS 96
#define BATCHES 24
#define LITTLE 6000 /* bytes */

struct bench {
	struct plan plan;
	struct op *op;
	unsigned before; /* steps without state in front of it */
	struct eval *eval;
	struct batch *batch;

	size_t memory;	     /* of kept tables */
	struct store *store; /* NULL: nothing is kept */
	struct state *state;
	struct op_run *run;
	struct watermark w;
	struct buf out;
};

static uint64_t seed = 88172645463325252u;

static uint64_t
draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 3;
}

/* ---- rows ---- */

static uint64_t
mixed(unsigned row, unsigned salt)
{
	uint64_t x =
	    (row + 1) * 0x9e3779b97f4a7c15u + salt * 0x85ebca77c2b2ae63u;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

static int64_t
time_of(unsigned row)
{
	return (int64_t)1700000000 * 1000000 +
	       ((int64_t)row * 1000 + (int64_t)(mixed(row, 1) % 4000)) * 1000;
}

static struct value
value_of(unsigned row, struct str name, struct arena *a)
{
	static const char *const keys[] = {"a", "b", "c", "a long key, it is"};
	uint64_t x = mixed(row, (unsigned char)*name.p);

	if (str_is(name, "ts"))
		return value_time(time_of(row));
	if (str_is(name, "k"))
		return value_text(str_of(keys[x % 4]));
	if (str_is(name, "t"))
		return x % 5 ? value_text(arena_printf(
				   a, "text %llu", (unsigned long long)x % 9))
			     : VALUE_NULL;
	if (str_is(name, "f"))
		return value_float((double)(x % 1000) / 7);
	if (str_is(name, "op"))
		return value_text(str_of(x % 4 ? "+U" : "-D"));
	return x % 6 ? value_int((int64_t)(x % 40)) : VALUE_NULL;
}

static struct value
record_of(unsigned row, struct arena *a)
{
	return value_of_str(T_JSON,
	    arena_printf(a, "{\"k\": \"%u\",  \"row\": %u}", row % 4, row));
}

/* ---- a step ---- */

static void
emit(struct op_run *from, struct batch *b)
{
	struct bench *bench = from->owner;
	const struct flow *f = &bench->op->out;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		buf_addz(&bench->out, change_names[batch_change(b, row)]);
		for (unsigned i = 0; i < f->n_cols; i++) {
			buf_addc(&bench->out, ' ');
			if (f->cols[i].col < b->n_cols)
				value_json(&bench->out,
				    column_get(&b->cols[f->cols[i].col], row));
		}
		if (b->time)
			buf_printf(
			    &bench->out, " @%lld", (long long)b->time[row]);
		buf_addc(&bench->out, '\n');
	}
}

static void
forward(struct op_run *from, int64_t w)
{
	struct bench *bench = from->owner;

	buf_printf(&bench->out, "W %lld\n", (long long)w);
}

static void
late(struct op_run *from, const struct batch *b, unsigned row)
{
	struct bench *bench = from->owner;

	buf_printf(&bench->out, "late @%lld\n", (long long)b->time[row]);
}

static void
fail(struct op_run *from, const char *message)
{
	struct bench *bench = from->owner;

	buf_addz(&bench->out, message);
}

static void
fill_batch(struct bench *bench, unsigned from, unsigned n)
{
	const struct scan *s = bench->plan.inputs[0].scan;
	struct batch *b = bench->batch;

	batch_reset(b);
	batch_columns(b, bench->op->in.segment->n_cols);
	if (s->needs_time)
		b->time = arena_array(b->arena, n, sizeof *b->time);
	for (unsigned row = 0; row < n; row++) {
		for (unsigned i = 0; i < s->n_wants; i++) {
			struct path p = s->wants[i].path;

			column_put(&b->cols[i], b->arena, row,
			    p.n ? value_of(
				      from + row, p.steps[0].name, b->arena)
				: record_of(from + row, b->arena));
		}
		if (b->time)
			b->time[row] = time_of(from + row);
	}
	b->n_rows = b->n_sel = n;
	for (unsigned i = 0; i < bench->before; i++)
		bench->plan.ops[i].kind->batch(
		    &bench->plan.ops[i], bench->eval, b);
}

static void
apply(struct bench *bench, unsigned nth)
{
	unsigned n = ROWS / BATCHES;
	struct batch *b = bench->batch;
	const struct op *op = bench->op;
	void *prepared;

	fill_batch(bench, nth * n, n);
	prepared =
	    op->kind->prepare ? op->kind->prepare(op, bench->eval, b) : NULL;
	op->kind->apply(
	    bench->run, b, prepared, 0, n, b->time ? &bench->w : NULL);
	if (bench->state)
		state_settle(bench->state);
}

static void
open_run(struct bench *bench)
{
	bench->run = bench->op->kind->open(bench->op);
	bench->run->emit = emit;
	bench->run->forward = forward;
	bench->run->late = late;
	bench->run->fail = fail;
	bench->run->eval = bench->eval;
	bench->run->owner = bench;
}

static void
close_run(struct bench *bench)
{
	bench->op->kind->close(bench->run);
	bench->run = NULL;
	if (bench->state)
		state_free(bench->state);
	bench->state = NULL;
	if (bench->store)
		store_close(bench->store, NULL);
	bench->store = NULL;
}

static bool
begin_bench(struct bench *bench, const char *spec, struct source *src)
{
	struct err err = {0};

	*bench = (struct bench){.eval = eval_new(), .batch = batch_new()};
	bench->memory = SIZE_MAX;
	bench->w = (struct watermark){.greatest = WHEN_MIN,
	    .lateness = 2000000,
	    .ceiling = WHEN_MAX,
	    .now = WHEN_MIN};
	plan_init(&bench->plan);
	if (yaml_parse(&bench->plan, src, &err) ||
	    plan_bind(&bench->plan, &err)) {
		printf("# %s: %s\n", spec, err.message);
		err_release(&err);
		return false;
	}
	while (!bench->plan.ops[bench->before].kind->open)
		bench->before++;
	bench->op = &bench->plan.ops[bench->before];
	return true;
}

static void
end_bench(struct bench *bench)
{
	plan_release(&bench->plan);
	batch_free(bench->batch);
	eval_free(bench->eval);
	buf_release(&bench->out);
}

/* ---- stopping ---- */

/* Opens the store and the step's share; restore is up to the caller. */
static struct state_step *
open_state(struct bench *bench, const char *dir)
{
	static const struct store_options create = {.create = true};
	struct state_options options = {.memory = bench->memory};
	struct arena a;
	struct schema schema = {.arena = &a};
	struct state_step *step = NULL;
	struct buf changes = {0};
	struct err err = {0};

	arena_init(&a, 1024);
	bench->store = test_open(dir, &create);
	bench->state = state_new(bench->store, &options, &err);
	bench->op->kind->schema(bench->op, &schema);
	if (bench->state)
		step = state_step(bench->state, bench->op->name,
		    bench->op->kind->name, &schema, false, &err);
	if (!step || state_ready(bench->state, false, &changes, &err)) {
		printf("# %s\n", err.message);
		err_release(&err);
		step = NULL;
	}
	buf_release(&changes);
	arena_release(&a);
	return step;
}

static bool
go_on(struct bench *bench, const char *dir)
{
	struct state_step *step;
	struct err err = {0};

	open_run(bench);
	step = open_state(bench, dir);
	if (!step)
		return false;
	if (!bench->op->kind->restore(bench->run, step, &err))
		return true;
	printf("# %s\n", err.message);
	err_release(&err);
	return false;
}

static int
cut(struct bench *bench)
{
	bench->op->kind->save(bench->run);
	state_cut(bench->state);
	return test_commit(bench->store, "x");
}

/*
 * The step over all rows, stopped after every so many batches (0: never).
 * *lacks, if there is so little memory, says that it was too little.
 */
static bool
run_all(const char *spec, unsigned every, size_t memory, bool *lacks,
    struct buf *out)
{
	const char *dir = test_dir("stops");
	struct source src = {"test", str_of(spec)};
	struct bench bench;
	bool good = begin_bench(&bench, spec, &src);

	bench.memory = memory;
	if (every && good)
		good = go_on(&bench, dir);
	else if (good)
		open_run(&bench);
	for (unsigned i = 0; good && i < BATCHES; i++) {
		apply(&bench, i);
		if (lacks && state_failed(bench.state, NULL)) {
			*lacks = true;
			break;
		}
		if (!every || (i + 1) % every)
			continue;
		good = !cut(&bench);
		close_run(&bench);
		good = good && go_on(&bench, dir);
	}
	if (good)
		bench.op->kind->advance(bench.run, WHEN_MAX);
	if (bench.run)
		close_run(&bench);
	out->n = 0;
	buf_adds(out, buf_str(&bench.out));
	buf_z(out);
	end_bench(&bench);
	if (every)
		test_remove(dir);
	return good;
}

static void
test_stops(const char *spec)
{
	static const unsigned stops[] = {1, 2, 5, 12};
	struct buf want = {0}, got = {0};
	bool good = run_all(spec, 0, SIZE_MAX, NULL, &want), lacks = false;

	ok(good && want.n > 0, "runs: %s", spec + sizeof "weir: 1\n" - 1);
	for (unsigned i = 0; good && i < sizeof stops / sizeof *stops; i++) {
		good = run_all(spec, stops[i], SIZE_MAX, NULL, &got);
		good = ok(good && str_eq(buf_str(&got), buf_str(&want)),
		    "stopped after every %u", stops[i]);
		if (good)
			continue;
		printf("# got:\n%s# want:\n%s", buf_z(&got), buf_z(&want));
	}
	/* Little memory: either it cannot be, or it makes no difference. */
	good = run_all(spec, 7, LITTLE, &lacks, &got);
	ok(good && (lacks || str_eq(buf_str(&got), buf_str(&want))),
	    "with little memory: %s", lacks ? "refused" : "the same");
	buf_release(&want);
	buf_release(&got);
}

/* ---- damage ---- */

struct entry {
	unsigned map;
	int64_t bucket;
	struct str key, value;
};

#define MAPS 16

static size_t
all_entries(struct store *s, struct arena *a, struct entry *out, size_t most)
{
	size_t n = 0;

	for (unsigned map = 0; map < MAPS; map++) {
		int64_t *buckets;
		size_t n_buckets = store_buckets(s, map, &buckets);

		for (size_t i = 0; i < n_buckets; i++) {
			struct store_scan *scan =
			    store_scan_begin(s, map, buckets[i]);
			struct str key, value;

			while (store_scan_next(scan, &key, &value) && n < most)
				out[n++] = (struct entry){map, buckets[i],
				    arena_str(a, key), arena_str(a, value)};
			store_scan_end(scan);
		}
		mem_free(buckets);
	}
	return n;
}

/* Bytes changed, cut off, or added. */
static struct str
damaged(struct str value, struct arena *a)
{
	char *p = arena_alloc(a, value.n + 9);
	uint64_t how = draw() % 4;
	size_t n = value.n;

	if (n)
		memcpy(p, value.p, n);
	if (how == 0 && n)
		n = draw() % n;
	if (how == 1)
		for (uint64_t i = draw() % 8 + 1; i--;)
			p[n++] = (char)draw();
	for (uint64_t i = draw() % 3 + 1; how > 1 && n && i--;)
		p[draw() % n] = how == 2 ? (char)draw() : (char)0xff;
	return (struct str){p, n};
}

static void
test_damage(const char *spec, unsigned times)
{
	const char *dir = test_dir("damage");
	struct source src = {"test", str_of(spec)};
	struct entry entries[1024];
	struct bench bench;
	struct arena a;
	unsigned refused = 0;
	size_t n = 0;

	arena_init(&a, 4096);
	if (begin_bench(&bench, spec, &src) && go_on(&bench, dir)) {
		for (unsigned i = 0; i < BATCHES / 2; i++)
			apply(&bench, i);
		cut(&bench);
		n = all_entries(bench.store, &a, entries, 1024);
		close_run(&bench);
	}
	for (unsigned i = 0; n && i < times; i++) {
		const struct entry *e = &entries[draw() % n];
		struct state_step *step;
		struct err err = {0};

		open_run(&bench);
		step = open_state(&bench, dir);
		store_put(bench.store, e->map, e->bucket, e->key,
		    damaged(e->value, &a));
		if (bench.op->kind->restore(bench.run, step, &err))
			err_release(&err);
		else
			for (unsigned k = BATCHES / 2; k < BATCHES; k++)
				apply(&bench, k);
		bench.op->kind->advance(bench.run, WHEN_MAX);
		refused += state_failed(bench.state, NULL);
		close_run(&bench);
	}
	ok(n > 0 && refused > 0, "%u of %u damages are refused, of %zu entries",
	    refused, times, n);
	end_bench(&bench);
	arena_release(&a);
	test_remove(dir);
}

// clang-format off
#define SPEC "weir: 1\ntime: {field: ts, lateness: 2s}\nsteps:\n"

#define LIVE "- to_changelog: change\n"

static const char *const specs[] = {
	SPEC "- limit: 2\n  by: [k]\n  offset: 3\n",
	SPEC "- limit: 30\n  offset: 7\n",
	SPEC "- dedup: [k, v]\n",
	SPEC "- dedup: [k, v]\n  order: [ts]\n",
	SPEC "- dedup: [k]\n  keep: last\n  order: [f desc]\n",
	SPEC "- top: 3\n  by: [k]\n  order: [v desc]\n  rank: place\n",
	SPEC "- top: 2\n  by: [ts]\n  order: [f]\n",
	SPEC "- top: 4\n  by: [k]\n  order: [v]\n  ties: rank\n  rank: r\n",
	SPEC "- top: 3\n  by: [k]\n  order: [v desc]\n  rank: place\n" LIVE,
	SPEC "- top: 2\n  order: [v]\n  ties: dense_rank\n" LIVE,
	SPEC "- dedup: [k]\n  order: [ts]\n" LIVE,
	SPEC "- dedup: [v]\n  keep: last\n  order: [t]\n" LIVE,
	SPEC "- select: [k, v, op]\n- from_changelog: op\n- top: 3\n"
	     "  by: [k]\n  order: [v]\n" LIVE,
	SPEC "- select: [ts, k, v, t, op]\n- from_changelog: op\n"
	     "- dedup: [k]\n  keep: last\n  order: [ts]\n" LIVE,
	SPEC "- sort: [v desc, t]\n",
	SPEC "- sort: [t, f desc]\n  limit: 7\n",
	SPEC "- select: [ts, k, v, t]\n- fill: 1s\n  by: [k]\n  time: ts\n"
	     "  with: {v: linear, t: previous}\n",
	SPEC "- select: [ts, k, v, t]\n- fill: 1s\n  by: [k]\n  time: ts\n"
	     "  with: {v: 0}\n",
	SPEC "- upsert: [k]\n",
	SPEC "- from_changelog: op\n- upsert: [k, v]\n",
	SPEC "- from_changelog: op\n- settle: [k, v]\n",
	SPEC "- select: [k, op]\n- from_changelog: op\n- settle:\n",
	SPEC "- select: [ts, k, v, t, op]\n- from_changelog: op\n"
	     "- every: 3s\n  key: [k, v]\n",
	SPEC "- running: {n: row_number(), s: sum(f), c: count(distinct t), "
	     "l: lag(v), i: lag(t, 2) ignore nulls, m: max(v), "
	     "x: first_value(t)}\n  by: [k]\n",
	SPEC "- running: {s: sum(f), a: avg(v), m: min(t), x: last_value(v), "
	     "p: median(v), d: count(distinct v)}\n  by: [k]\n"
	     "  frame: rows 4 preceding\n",
	SPEC "- running: {s: sum(f), m: max(v), n: rank(), d: dense_rank(), "
	     "v: var_samp(f), q: sum(v)}\n  by: [k]\n  order: [ts]\n"
	     "  frame: range between 5s preceding and current row\n",
	SPEC "- running: {s: sum(f), y: nth_value(t, 2), l: lead(v, 2), "
	     "i: lead(t) ignore nulls}\n  by: [k]\n  order: [ts]\n"
	     "  frame: rows between 2 preceding and 2 following\n",
	SPEC "- running: {s: sum(f), m: max(f)}\n  by: [k]\n  order: [ts]\n"
	     "  frame: range between 3s preceding and 2s following\n",
	SPEC "- running: {l: lead(v, 2), s: sum(v)}\n  by: [k]\n"
	     "  frame: groups between 1 preceding and current row\n"
	     "  order: [ts]\n",
	SPEC "- running: {l: lead(v, 3)}\n  by: [k]\n",
	SPEC "- running: {p: percent_rank(), s: sum(f)}\n  by: [k]\n"
	     "  order: [ts]\n",
	SPEC "- running: {r: rank(), s: sum(f), n: ntile(3)}\n  by: [k]\n"
	     "  order: [v desc, f]\n",
};
// clang-format on

int
main(void)
{
	hash_init();
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		test_stops(specs[i]);
		test_damage(specs[i], 150);
	}
	test_remove(test_dir(""));
	return tap_done();
}
