/* SPDX-License-Identifier: MIT */
/*
 * top: the best rows of each key.
 *
 * Each key has a buffer of its best rows so far (ranked.h). Which they are is
 * known when the input has ended; or, if the keys say the rows' event time (as
 * window_end does), when the watermark has passed it: rows of one time are in
 * a table of their own, which is dropped when they have come out. Where every
 * change of the result is wanted, and it is not out by then, top_live.c does
 * all that.
 */
#include "base/mem.h"
#include "data/key.h"
#include "op/keys.h"
#include "op/show.h"
#include "op/top_live.h"
#include "op/written.h"

struct top_config {
	struct expr **keys;
	unsigned n_keys;
	struct expr **orders; /* NULL: event time */
	struct ranked_rule rule;
	uint64_t from;	   /* the first rank that comes out */
	unsigned rank_col; /* COL_RECORD: it is not asked for */
	bool timed;	   /* keys say the time */
	int64_t lateness;
	const struct top_live *live; /* NULL: rows come when they are final */
};

/* Rows of one event time. */
struct top_table {
	int64_t time;
	struct table keys; /* cell: struct ranked */
	struct top_run *run;
};

struct top_run {
	struct op_run run; /* first */
	const struct top_config *c;
	struct kept kept;
	uint64_t arrivals;
	int64_t now;
	struct top_table **tables; /* by time */
	size_t n_tables, cap_tables;
	struct state_step *state; /* NULL: no state is kept */
};

/* ---- binding ---- */

static int
bind_order(struct op *op, const struct bind *b, struct scope *scope,
    struct top_config *c)
{
	const struct arg *order = op_arg(op, "order");
	unsigned n = order->n_items;
	struct kept_order *orders = arena_array(b->arena, n, sizeof *orders);

	c->orders = arena_zalloc(b->arena, n * sizeof *c->orders);
	for (unsigned i = 0; i < n; i++) {
		const struct arg_item *item = &order->items[i];

		orders[i] =
		    (struct kept_order){item->descending, item->nulls_first};
		if (flow_is_time(&op->in, item->node, b)) {
			if (op->in.scan)
				op->in.scan->needs_time = true;
			continue;
		}
		c->orders[i] = expr_bind(item->node, scope, b->arena, b->err);
		if (!c->orders[i])
			return -1;
	}
	c->rule.orders = orders;
	c->rule.n_orders = n;
	return 0;
}

static int
bind_ties(const struct op *op, const struct bind *b, struct top_config *c)
{
	static const char *const names[] = {[RANKED_ROWS] = "row_number",
	    [RANKED_RANK] = "rank",
	    [RANKED_DENSE] = "dense_rank"};
	const struct arg *ties = op_arg(op, "ties");
	struct str known[3];

	for (unsigned i = 0; i < 3; i++) {
		known[i] = str_of(names[i]);
		if (!ties || str_eq(ties->items[0].name, known[i])) {
			c->rule.ties = (enum ranked_ties)i;
			return 0;
		}
	}
	err_set(b->err, ERR_SPEC, ties->items[0].where,
	    "there is no \"%.*s\" for ties", STR_ARG(ties->items[0].name));
	return err_suggest(b->err, ties->items[0].name, known, 3);
}

/*
 * The latest row by event time alone is Flink's deduplication that keeps the
 * last: of equal ones the last that came.
 */
static bool
is_latest(const struct top_config *c)
{
	const struct ranked_rule *rule = &c->rule;

	return rule->limit == 1 && rule->ties == RANKED_ROWS &&
	       rule->n_orders == 1 && !c->orders[0] &&
	       rule->orders[0].descending;
}

static int
bind_live(struct op *op, const struct bind *b, struct top_config *c)
{
	static const struct kept_order ascending = {false, true};
	struct top_live *live;

	if (!op->live || (c->timed && !op->in.changes))
		return 0;
	live = arena_zalloc(b->arena, sizeof *live);
	*live = (struct top_live){.rule = c->rule,
	    .keys = c->keys,
	    .n_keys = c->n_keys,
	    .exprs = c->orders,
	    .from = c->from,
	    .rank_col = c->rank_col};
	if (c->rule.later) {
		live->rule.orders = &ascending;
		live->last = true;
	}
	c->live = live;
	op->acts = false;
	return top_live_bind(op, b, op_arg(op, "by"), live);
}

static int
top_bind(struct op *op, const struct bind *b)
{
	struct top_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg *by = op_arg(op, "by"), *rank = op_arg(op, "rank");
	struct scope scope;

	op->config = c;
	c->lateness = b->lateness;
	c->rank_col = COL_RECORD;
	if (refuse_updates(op, b))
		return -1;
	op->out = flow_copy(&op->in, 1, b->arena);
	flow_scope(&op->in, b, &scope);
	c->keys = bind_list(by, &scope, b, &c->n_keys);
	if (!c->keys || bind_order(op, b, &scope, c) || bind_ties(op, b, c) ||
	    op_count(op, "rows", b, 0, &c->rule.limit) ||
	    op_count(op, "from", b, 1, &c->from))
		return -1;
	for (unsigned i = 0; i < c->n_keys; i++)
		c->timed |= flow_is_time(&op->in, by->items[i].node, b);
	c->rule.later = is_latest(c);
	op->acts = c->timed;
	if (c->timed)
		op->grows = NULL;
	if (c->timed && op->in.scan)
		op->in.scan->needs_time = true;
	if (rank) {
		c->rank_col = flow_compute(&op->out);
		flow_set(&op->out, rank->items[0].name, c->rank_col, T_INT);
	}
	return bind_live(op, b, c);
}

static const struct top_live *
live_of(const struct op *op)
{
	return ((const struct top_config *)op->config)->live;
}

static void *
top_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct top_config *c = op->config;
	struct row_values *p;

	if (c->live)
		return top_live_prepare(c->live, op, ev, b);
	p = arena_alloc(b->arena, sizeof *p);
	row_values_make(
	    p, c->keys, c->n_keys, c->orders, c->rule.n_orders, ev, b);
	return p;
}

/* ---- cells as bytes ---- */

static void
save_cell(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const struct top_table *table = arg;

	(void)t;
	ranked_save((const void *)cell->bytes, &table->run->kept, out);
}

static bool
load_cell(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	const struct top_table *table = arg;

	if (ranked_load((void *)cell->bytes, &table->run->kept, t, cell,
		table->time, bytes))
		return true;
	ranked_release((void *)cell->bytes, &table->run->kept);
	return false;
}

static void
drop_cell(void *arg, struct table *t, struct cell *cell)
{
	const struct top_table *table = arg;

	(void)t;
	ranked_release((void *)cell->bytes, &table->run->kept);
	kept_measure(&table->run->kept);
}

static const struct cell_codec top_codec = {
    .save = save_cell, .load = load_cell, .drop = drop_cell, .movable = true};

/* ---- tables by time ---- */

/* The first table whose time is not before this one. */
static size_t
table_place(const struct top_run *r, int64_t time)
{
	size_t lo = 0, hi = r->n_tables;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->tables[mid]->time < time)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct top_table *
table_of(struct top_run *r, int64_t time)
{
	size_t at = table_place(r, time);
	struct top_table *t;

	if (at < r->n_tables && r->tables[at]->time == time)
		return r->tables[at];
	t = mem_zalloc(sizeof *t);
	t->time = time;
	t->run = r;
	table_init(&t->keys, (sizeof(struct ranked) + 15) & ~15u);
	mem_grow(&r->tables, &r->cap_tables, r->n_tables + 1, sizeof(void *));
	memmove(r->tables + at + 1, r->tables + at,
	    (r->n_tables - at) * sizeof(void *));
	r->tables[at] = t;
	r->n_tables++;
	if (r->state)
		table_keep(
		    &t->keys, state_map(r->state, "keys"), time, &top_codec, t);
	return t;
}

/* done: all its rows are out. */
static void
top_table_free(struct top_run *r, struct top_table *t, bool done)
{
	for (size_t i = 0; i < t->keys.n; i++)
		ranked_release((void *)t->keys.cells[i]->bytes, &r->kept);
	r->run.counts.keys -= t->keys.n;
	if (done && r->state) {
		state_drop(state_map(r->state, "rows"), t->time);
		table_drop(&t->keys);
	}
	table_release(&t->keys);
	mem_free(t);
}

/* ---- rows in ---- */

static void
take(struct top_run *r, const struct batch *b, const struct row_values *p,
    unsigned row, unsigned k)
{
	const struct top_config *c = r->c;
	struct value slots[16], *v = slots;
	struct top_table *t;
	struct ranked *ranked;
	struct kept_row *new;
	size_t before;

	if (c->rule.n_orders > 16)
		v = arena_array(b->arena, c->rule.n_orders, sizeof *v);
	for (unsigned i = 0; i < c->rule.n_orders; i++)
		v[i] = c->orders[i] ? column_get(&p->orders[i], row)
		       : b->time    ? value_time(b->time[row])
				    : VALUE_NULL;
	r->arrivals++;
	t = table_of(r, c->timed && b->time ? b->time[row] : WHEN_MAX);
	before = t->keys.n;
	ranked =
	    (void *)table_cell(&t->keys, p->keys.keys[k], p->keys.hashes[k])
		->bytes;
	r->run.counts.keys += t->keys.n - before;
	if (!ranked_wants(&c->rule, ranked, v))
		return;
	new = kept_take(&r->kept, b, row, v);
	new->arrival = r->arrivals;
	kept_place(&r->kept, new, cell_of_bytes((char *)ranked), t->time,
	    new->arrival);
	ranked_put(&c->rule, ranked, &r->kept, new);
}

/* ---- rows out ---- */

static void
flush(struct top_run *r)
{
	if (r->kept.out->n_rows)
		r->run.emit(&r->run, r->kept.out);
	r->kept.out->n_rows = 0;
}

static void
put_ranked(struct top_run *r, struct ranked *ranked)
{
	const struct top_config *c = r->c;
	struct batch *b = r->kept.out;
	uint64_t rank = 0;

	ranked_settle(&c->rule, ranked, &r->kept);
	for (size_t i = 0; i < ranked->n; i++) {
		unsigned row;

		rank = ranked_rank(&c->rule, ranked, i, rank);
		if (rank < c->from)
			continue;
		row = kept_put(&r->kept, ranked->rows[i]);
		if (c->rank_col != COL_RECORD)
			column_put(&b->cols[c->rank_col], b->arena, row,
			    value_int((int64_t)rank));
		if (b->n_rows == BATCH_ROWS)
			flush(r);
	}
}

/* Tables of times before w, in order; their keys in order. */
static void
fire(struct top_run *r, int64_t w)
{
	size_t n = 0;

	for (; n < r->n_tables && (r->tables[n]->time < w || w == WHEN_MAX);
	     n++) {
		struct top_table *t = r->tables[n];
		struct table_walk *walk = table_walk_begin(&t->keys);
		struct cell *cell;

		while ((cell = table_walk_next(walk)))
			put_ranked(r, (void *)cell->bytes);
		table_walk_end(walk);
		top_table_free(r, t, true);
	}
	if (!n)
		return;
	flush(r);
	memmove(r->tables, r->tables + n, (r->n_tables - n) * sizeof(void *));
	r->n_tables -= n;
}

/* ---- running ---- */

static struct op_run *
top_open(const struct op *op)
{
	const struct top_config *c = op->config;
	struct top_run *r;

	if (c->live)
		return top_live_open(c->live, op);
	r = mem_zalloc(sizeof *r);
	r->run.op = op;
	r->c = c;
	r->now = WHEN_MIN;
	kept_init(&r->kept, op, c->rule.n_orders, true);
	return &r->run;
}

static void
top_advance(struct op_run *run, int64_t w)
{
	struct top_run *r = (struct top_run *)run;

	if (live_of(run->op)) {
		top_live_advance(run, w);
		return;
	}
	r->now = w;
	if (!r->c->timed && w != WHEN_MAX)
		return;
	fire(r, w);
	run->forward(run, w);
}

static void
top_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct top_run *r = (struct top_run *)run;
	const struct row_values *p = prepared;
	unsigned k = op_selected_from(b, from);

	if (live_of(run->op)) {
		top_live_apply(run, b, prepared, from, to, w);
		return;
	}
	if (!r->c->timed)
		keys_fetch(&table_of(r, WHEN_MAX)->keys, b, p->keys.keys,
		    p->keys.hashes, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			if (r->c->timed && b->time && b->time[row] < r->now) {
				run->counts.late++;
				run->late(run, b, row);
			} else {
				take(r, b, p, row, k);
			}
			k++;
		}
		if (w && b->time && watermark_see(w, b->time[row]))
			top_advance(run, w->now);
	}
	kept_settle(&r->kept);
}

static void
top_close(struct op_run *run)
{
	struct top_run *r = (struct top_run *)run;

	if (live_of(run->op)) {
		top_live_close(run);
		return;
	}
	kept_leave(&r->kept);
	for (size_t i = 0; i < r->n_tables; i++)
		top_table_free(r, r->tables[i], false);
	mem_free(r->tables);
	kept_release(&r->kept);
	mem_free(r);
}

/* ---- state ---- */

static void
top_schema(const struct op *op, struct schema *out)
{
	static const char *const ties[] = {[RANKED_ROWS] = "row_number",
	    [RANKED_RANK] = "rank",
	    [RANKED_DENSE] = "dense_rank"};
	const struct top_config *c = op->config;

	written_args(op, out, "by order");
	written_count(out, "rows", c->rule.limit);
	written_word(out, "ties", ties[c->rule.ties]);
	if (c->live) {
		top_live_schema(c->live, op, out);
		return;
	}
	written_word(
	    out, "rows come out", c->timed ? "by event time" : "at the end");
	kept_schema(op, out);
}

static int
top_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct top_run *r = (struct top_run *)run;
	int64_t n[3], *times;
	size_t n_times;
	int rc;

	if (live_of(run->op))
		return top_live_restore(run, s, err);
	r->state = s;
	kept_keep(&r->kept, s, (sizeof(struct ranked) + 15) & ~15u);
	rc = written_load(s, "run", n, 3, err);
	if (rc < 1)
		return rc;
	r->arrivals = (uint64_t)n[0];
	r->now = n[1];
	r->kept.timed = n[2] != 0;
	n_times = state_buckets(state_map(s, "keys"), &times);
	for (size_t i = 0; i < n_times; i++)
		table_of(r, times[i]);
	mem_free(times);
	return 0;
}

static void
top_save(struct op_run *run)
{
	struct top_run *r = (struct top_run *)run;

	if (live_of(run->op)) {
		top_live_save(run);
		return;
	}
	kept_store(&r->kept);
	written_save(r->state, "run",
	    (const int64_t[]){(int64_t)r->arrivals, r->now, r->kept.timed}, 3);
}

static void
top_when(const struct op *op, struct buf *out)
{
	const struct top_config *c = op->config;

	buf_addz(out, c->timed && c->lateness != WHEN_MAX
			  ? "when the watermark passes the time in the keys"
			  : "when the input ends");
}

static void
top_explain(const struct op *op, struct buf *out)
{
	const struct top_config *c = op->config;

	if (c->live) {
		top_live_explain(c->live, out);
		return;
	}
	buf_printf(out, "per key the best %llu row%s so far",
	    (unsigned long long)c->rule.limit, c->rule.limit == 1 ? "" : "s");
	if (c->rule.ties != RANKED_ROWS)
		buf_lit(out, " and those equal to the last");
}

// clang-format off
static const struct param top_params[] = {
	{"by", PARAM_EXPRS, false, "The keys: each has best rows of its own."},
	{"from", PARAM_COUNT, false,
	    "The first rank that comes out; those before are left out."},
	{"order", PARAM_ORDER, true,
	    "What is best: expressions, each with asc or desc."},
	{"rank", PARAM_NAMES, false, "A column to add: the rank, from 1."},
	{"rows", PARAM_COUNT, true, "How many rows, or the last rank."},
	{"ties", PARAM_NAMES, false,
	    "How rows are ranked: row_number (each by itself, the earlier "
	    "first), rank or dense_rank (equal rows share one)."},
};

const struct op_kind op_top = {
	.name = "top",
	.doc = "Keep the best rows of each key.",
	.about =
	    "The rows come out when the input ends, ordered by key, then rank. "
	    "If a key is window_end, window_start or the event time itself, "
	    "they come out when the watermark has passed that time, ordered by "
	    "it first. Of equal rows the one that came first is the better "
	    "one, but the latest row by event time (top: 1, order: [ts desc]) "
	    "is the last that came. Only rows that may still be among the best "
	    "are held. In the output modes that show changes (-m changelog, "
	    "upsert, every) they come at once and are taken back when better "
	    "ones come; where rows before the step may be taken back, too, all "
	    "rows are held.",
	.example =
	    "- top: 3\n"
	    "  by: [window_end]\n"
	    "  order: [hits desc]\n"
	    "  rank: place\n",
	.params = top_params,
	.n_params = sizeof top_params / sizeof *top_params,
	.grows = "every key is kept",
	.remedy = "assign a window first, and rank by window_start",
	.forgets =
	    "where changes are shown, a key is forgotten so long after the "
	    "last of its rows that is held came or went. What is shown of it "
	    "stays, and its next row is the first again",
	.primary = "rows",
	.waits = WAITS_WATERMARK,
	.changes = CHANGES_LIVE,
	.bind = top_bind,
	.prepare = top_prepare,
	.open = top_open,
	.apply = top_apply,
	.advance = top_advance,
	.close = top_close,
	.schema = top_schema,
	.restore = top_restore,
	.save = top_save,
	.show = show_kept,
	.explain = top_explain,
	.when = top_when,
};
// clang-format on
