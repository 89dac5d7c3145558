/* SPDX-License-Identifier: MIT */
/*
 * every: the rows that have changed each time the watermark passes a multiple
 * of some duration of event time.
 *
 * Only what has changed since the last time is held. Whether a row was given
 * out before says its first change since: what inserts it finds nothing, what
 * replaces it or takes it back finds what came out then. That holds for changes
 * that weir's own steps make. Of changes that are told by somebody else
 * (from_changelog, with a key stated here) it is remembered which keys have
 * come out, for as long as --ttl says.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "data/key.h"
#include "op/standing.h"
#include "op/written.h"

struct every_config {
	int64_t period; /* µs */
	int64_t ttl;	/* of rows, if `told`; 0 = for ever */
	unsigned gone;	/* column that marks deleted rows, if `marks` */
	bool marks;
	bool told;    /* changes are somebody else's: all rows are held */
	bool through; /* rows only come: nothing to wait for */
};

struct every_run {
	struct op_run run; /* first */
	const struct every_config *c;
	struct standing since; /* rows that have changed; `shown`: came out */
	struct standing all;   /* c->told: the rows; the others are bare keys */
	int64_t ticked;	       /* the multiple that was passed last */
};

/* ---- binding ---- */

static int
bind_period(const struct op *op, const struct bind *b, int64_t *out)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	const struct arg_item *item = &op_arg(op, "period")->items[0];
	struct value v;

	if (expr_eval_constant(item->node, &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_DURATION || v.i <= 0)
		return err_set(b->err, ERR_SPEC, item->where,
		    "a duration is expected here, as in 10s");
	*out = v.i;
	return 0;
}

/* A column that marks rows that are gone. */
static int
bind_marks(struct op *op, const struct bind *b, struct every_config *c)
{
	static const struct str mark = {"op", 2};
	struct flow *out = &op->out;

	if (flow_find(out, mark) && !flow_find(out, mark)->dropped)
		return err_set(b->err, ERR_SPEC, op->where,
		    "there is a column \"op\" already, which would mark rows "
		    "that are gone");
	c->gone = flow_compute(out);
	flow_remove(out, flow_find(out, mark));
	flow_add(out, mark, c->gone, T_TEXT)->omit_null = true;
	return 0;
}

static int
every_bind(struct op *op, const struct bind *b)
{
	struct every_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg *key = op_arg(op, "key");

	op->config = c;
	if (standing_key(op, b) || bind_period(op, b, &c->period))
		return -1;
	if (op->in.scan)
		op->in.scan->needs_time = true;
	op->out = flow_copy(&op->in, 1, b->arena);
	op->out.changes = op->out.steady = op->out.keyed = false;
	c->through = !flow_keyed(&op->in);
	if (c->through && op->in.changes)
		return flow_no_key(op, b);
	c->marks = op->in.changes && !op->in.steady;
	c->told = c->marks && key && key->n_items;
	c->ttl = b->ttl;
	if (!c->told)
		op->grows = NULL;
	else if (op_forgets(op, b))
		return -1;
	return c->marks ? bind_marks(op, b, c) : 0;
}

/* ---- running ---- */

static struct op_run *
every_open(const struct op *op)
{
	struct every_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->ticked = WHEN_MIN;
	standing_init(&r->since, op);
	standing_init(&r->all, op);
	standing_forgets(&r->all, r->c->told ? r->c->ttl : 0);
	return &r->run;
}

static void
every_close(struct op_run *run)
{
	struct every_run *r = (struct every_run *)run;

	standing_release(&r->since);
	standing_release(&r->all);
	mem_free(r);
}

/* Selected row k of a batch. */
static void
take(struct every_run *r, const struct batch *b, const struct standing_prep *p,
    unsigned k)
{
	uint64_t before = r->since.arrivals;
	struct standing_row *row;

	if (r->c->told) {
		standing_find(&r->since, b, p, k);
		standing_take(&r->all, b, p, k);
		return;
	}
	row = standing_take(&r->since, b, p, k);
	if (r->since.arrivals != before)
		row->shown = batch_change(b, batch_row(b, k)) != CHANGE_INSERT;
}

static void
put(struct every_run *r, struct standing *from, const struct standing_row *row)
{
	struct column *gone;
	unsigned at;

	if (!row->count && !row->shown)
		return;
	at = standing_put(from, &r->run, row, 1);
	if (!r->c->marks)
		return;
	gone = &from->out->cols[r->c->gone];
	column_put(gone, from->out->arena, at,
	    row->count ? VALUE_NULL
		       : value_text(str_of(change_names[CHANGE_DELETE])));
}

static struct standing_row *
row_in(struct cell *cell)
{
	return (struct standing_row *)(void *)cell->bytes;
}

/* Rows between which memory is looked after. */
#define EVERY_ROWS 1024

/* Of a key that has changed the row, unless it has been forgotten. */
static void
put_told(struct every_run *r, struct str key)
{
	struct standing_row *row = standing_row_of(&r->all, key);

	if (!row)
		return;
	put(r, &r->all, row);
	row->shown = row->count > 0;
}

static void
put_all(struct every_run *r)
{
	struct table *t = &r->since.table;
	struct table_walk *walk = table_walk_begin(t);
	struct cell *cell;

	for (unsigned n = 1; (cell = table_walk_next(walk)); n++) {
		if (!r->c->told) {
			put(r, &r->since, row_in(cell));
			continue;
		}
		put_told(r, cell_key(t, cell));
		if (n % EVERY_ROWS == 0)
			standing_settle(&r->all);
	}
	table_walk_end(walk);
	standing_flush(r->c->told ? &r->all : &r->since, &r->run);
}

/* The watermark is at w: what has changed since the last time comes out. */
static void
tick(struct every_run *r, int64_t w)
{
	int64_t period = r->c->period, at = w;

	if (w != WHEN_MAX && w != WHEN_MIN)
		at = w - ((w % period) + period) % period;
	if (at <= r->ticked)
		return;
	r->ticked = at;
	put_all(r);
	standing_anew(&r->since, at);
	/* No row is forgotten before it has come out. */
	standing_rise(&r->all, at);
}

static void
count_keys(struct every_run *r)
{
	r->run.counts.keys = standing_keys(r->c->told ? &r->all : &r->since);
}

static void
every_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct every_run *r = (struct every_run *)run;
	const struct standing_prep *p = prepared;
	unsigned k = op_selected_from(b, from);

	standing_fetch(&r->since, b, p, from, to);
	if (r->c->told)
		standing_fetch(&r->all, b, p, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, p, k++);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		tick(r, w->now);
		/* Rows that come at the end are of no time that has passed. */
		if (run->op->heeded)
			run->forward(run, w->now);
	}
	count_keys(r);
}

static void
every_advance(struct op_run *run, int64_t w)
{
	tick((struct every_run *)run, w);
	run->forward(run, w);
}

/* ---- rows that only come ---- */

static void
pass_on(struct op_run *run, struct batch *b, unsigned from, unsigned to)
{
	struct batch whole = *b;
	unsigned k = op_selected_from(b, from);

	b->sel = arena_array(b->arena, b->n_sel, sizeof *b->sel);
	for (b->n_sel = 0; k < whole.n_sel && batch_row(&whole, k) < to; k++)
		b->sel[b->n_sel++] = (uint16_t)batch_row(&whole, k);
	if (b->n_sel)
		run->emit(run, b);
	b->sel = whole.sel;
	b->n_sel = whole.n_sel;
}

static void
apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct every_run *r = (struct every_run *)run;

	if (!r->c->through) {
		every_apply(run, b, prepared, from, to, w);
		return;
	}
	pass_on(run, b, from, to);
	for (unsigned row = from; w && b->time && row < to; row++)
		if (watermark_see(w, b->time[row]) && run->op->heeded)
			run->forward(run, w->now);
}

/* ---- state of earlier versions ---- */

/*
 * They held all rows there were, in "rows", and the keys of those that had
 * changed, in "changed".
 */
static void
take_over(struct every_run *r, struct str key, const struct standing_row *old)
{
	struct table *t = &r->since.table;
	struct standing_row *row =
	    row_in(table_cell(t, key, hash_bytes(key.p, key.n)));

	if (r->c->told)
		return;
	*row = *old;
	if (!old->p)
		return;
	row->cap = row->n;
	row->p = arena_alloc(&t->heap, row->n);
	memcpy(row->p, old->p, row->n);
}

static void
take_over_changed(
    struct every_run *r, struct table *old, struct state_map *changed)
{
	struct store_scan *scan = state_scan(changed, 0);
	struct str key, value;

	while (store_scan_next(scan, &key, &value)) {
		struct cell *cell =
		    key_check(key)
			? table_find(old, key, hash_bytes(key.p, key.n))
			: NULL;

		if (cell)
			take_over(r, key, row_in(cell));
		else
			state_damaged(changed, 0, key);
	}
	store_scan_end(scan);
	state_drop(changed, 0);
}

static bool
has_any(struct state_map *map)
{
	return store_has_bucket(state_store(map), state_map_number(map), 0);
}

static void
take_over_all(struct every_run *r, struct state_step *s)
{
	struct state_map *rows = state_map(s, "rows");
	struct state_map *changed = state_map(s, "changed");
	struct table old;

	if (!has_any(rows) || (r->c->told && !has_any(changed)))
		return;
	table_init(&old, sizeof(struct standing_row));
	standing_keep_table(&r->since, &old, rows, 0);
	take_over_changed(r, &old, changed);
	if (r->c->told)
		table_release(&old);
	else
		table_drop(&old);
}

/* ---- state ---- */

static void
every_schema(const struct op *op, struct schema *out)
{
	const struct every_config *c = op->config;

	standing_schema(op, out);
	written_count(out, "period", (uint64_t)c->period);
}

static int
every_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct every_run *r = (struct every_run *)run;

	if (r->c->through)
		return 0;
	if (written_load(s, "ticked", &r->ticked, 1, err) < 0 ||
	    standing_keep_in(
		&r->since, s, state_map(s, "since"), r->ticked, err))
		return -1;
	take_over_all(r, s);
	if (r->c->told && standing_keep(&r->all, s, err))
		return -1;
	count_keys(r);
	return written_ended(state_map(s, "since"), err);
}

static void
every_save(struct op_run *run)
{
	struct every_run *r = (struct every_run *)run;

	if (r->c->through)
		return;
	standing_save(r->c->told ? &r->all : &r->since);
	written_save(r->since.state, "ticked", &r->ticked, 1);
}

static void
every_explain(const struct op *op, struct buf *out)
{
	const struct every_config *c = op->config;

	if (c->through)
		buf_lit(out, "nothing");
	else if (c->told)
		buf_lit(out, "one row per key");
	else
		buf_lit(out, "rows that have changed since the last time");
}

// clang-format off
static const struct param every_params[] = {
	{"key", PARAM_NAMES, false,
	    "Columns that tell rows apart, if the steps before do not say."},
	{"period", PARAM_EXPR, true, "How often, in event time."},
};

const struct op_kind op_every = {
	.name = "every",
	.doc = "Give rows that have changed, every so often.",
	.about =
	    "Each time the watermark passes a multiple of the duration, the "
	    "rows that have changed since the last time come out as they are "
	    "then, ordered by key; at the end of input once more. Where rows "
	    "can vanish, those that did are marked -D in a column op. Rows "
	    "without a key are passed on as they come. The output mode every "
	    "does the same. If nothing else waits for the watermark, no row "
	    "is late, and a lateness that is not stated is 0.",
	.example =
	    "- group: [status]\n"
	    "  select: {n: count(*)}\n"
	    "- every: 10s\n",
	.params = every_params,
	.n_params = sizeof every_params / sizeof *every_params,
	.grows = "every key is kept",
	.forgets =
	    "a row is forgotten so long after it came, once it has come out; "
	    "that it is deleted later is not said",
	.primary = "period",
	.waits = WAITS_WATERMARK,
	.changes = CHANGES_SHOW,
	.bind = every_bind,
	.prepare = standing_prepare,
	.open = every_open,
	.apply = apply,
	.advance = every_advance,
	.close = every_close,
	.schema = every_schema,
	.restore = every_restore,
	.save = every_save,
	.show = standing_show,
	.explain = every_explain,
};
// clang-format on
