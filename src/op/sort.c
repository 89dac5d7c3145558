/* SPDX-License-Identifier: MIT */
/*
 * Order all rows, or keep the first N in that order.
 *
 * Rows are kept until the end of input and come out ordered; rows that compare
 * equal keep their order of arrival. With a limit only the N best rows so far
 * are kept, in a heap whose top is the worst of them: a new row either is no
 * better than the top and is forgotten at once, or takes its place.
 *
 * A row is kept as values: those it is ordered by, then those of the columns
 * that later steps (or the output) need. Bytes live in one arena; what rows
 * that were pushed out leave behind is cleared by copying when it outweighs
 * what is kept.
 *
 * Where state is kept, rows are entries by their arrival. Without a limit they
 * are read back when the input has ended and not before: a run over what is
 * new does not look at what is old, and when memory is short what is in the
 * state is let go of. If all is too much at the end, it is sorted piece by
 * piece and merged. So it is with a limit, too, if that many rows are too much.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "op/merging.h"
#include "op/show.h"
#include "op/written.h"

#define KEYS_MAX 64

/* So many new rows are put without waiting for the next cut. */
#define STORE_MOST 32768

struct sort_key {
	struct expr *expr;
	bool descending, nulls_first;
};

struct sort_config {
	struct sort_key *keys;
	unsigned n_keys;
	uint64_t limit; /* UINT64_MAX = all */
};

struct sort_row {
	uint64_t arrival;
	int64_t time;
	size_t bytes;	       /* of the arena that belong to it */
	bool stored;	       /* it has an entry */
	struct value values[]; /* keys, then columns */
};

struct sort_run {
	struct op_run run; /* first */
	const struct sort_config *c;
	unsigned *cols; /* columns that are kept */
	unsigned n_cols;
	struct sort_row **rows; /* with a limit: a heap, the worst on top */
	size_t n_rows, cap_rows;
	uint64_t arrivals;
	size_t held; /* bytes of the rows that are kept */
	struct arena arena;
	struct batch *out;
	bool timed;

	struct state_step *state; /* NULL: no state is kept */
	struct state_map *map;	  /* rows by arrival */
	size_t n_stored;	  /* no limit: the first ones are stored */
	uint64_t before;	  /* rows in the state that are not here */
	uint64_t last_before;	  /* arrival of the last of them */
	bool all;		  /* every row is kept, not the best only */
	struct merging merging;
	struct buf scratch;
};

/* ---- binding ---- */

static int
sort_bind(struct op *op, const struct bind *b)
{
	const struct arg *by = op_arg(op, "by");
	struct sort_config *c = arena_zalloc(b->arena, sizeof *c);
	struct scope scope;

	op->config = c;
	op->out = op->in;
	if (by->n_items > KEYS_MAX)
		return err_set(b->err, ERR_SPEC, by->where,
		    "more than %d expressions to order by", KEYS_MAX);
	c->n_keys = by->n_items;
	c->keys = arena_array(b->arena, by->n_items, sizeof *c->keys);
	flow_scope(&op->in, b, &scope);
	for (unsigned i = 0; i < by->n_items; i++) {
		const struct arg_item *item = &by->items[i];
		struct expr *e =
		    expr_bind(item->node, &scope, b->arena, b->err);

		if (!e)
			return -1;
		c->keys[i] =
		    (struct sort_key){e, item->descending, item->nulls_first};
	}
	return op_count(op, "limit", b, UINT64_MAX, &c->limit);
}

/* ---- the order ---- */

static int
key_order(const struct sort_key *key, struct value a, struct value b)
{
	int d;

	if (a.type == T_NULL || b.type == T_NULL) {
		d = (a.type != T_NULL) - (b.type != T_NULL);
		return key->nulls_first ? d : -d;
	}
	d = value_cmp(a, b);
	return key->descending ? -d : d;
}

/* The keys of two rows, and which of them came first. */
static int
row_order(const struct sort_config *c, const struct value *a,
    uint64_t a_arrival, const struct value *b, uint64_t b_arrival)
{
	for (unsigned i = 0; i < c->n_keys; i++) {
		int d = key_order(&c->keys[i], a[i], b[i]);

		if (d)
			return d;
	}
	return a_arrival < b_arrival ? -1 : a_arrival > b_arrival;
}

static int
rows_in_order(const void *a, const void *b, void *config)
{
	const struct sort_row *x = *(struct sort_row *const *)a;
	const struct sort_row *y = *(struct sort_row *const *)b;

	return row_order(config, x->values, x->arrival, y->values, y->arrival);
}

/* ---- the heap of the N best ---- */

static bool
worse(const struct sort_run *r, size_t i, size_t k)
{
	const struct sort_row *a = r->rows[i], *b = r->rows[k];

	return row_order(r->c, a->values, a->arrival, b->values, b->arrival) >
	       0;
}

static void
swap(struct sort_run *r, size_t i, size_t k)
{
	struct sort_row *row = r->rows[i];

	r->rows[i] = r->rows[k];
	r->rows[k] = row;
}

static void
sift_up(struct sort_run *r, size_t i)
{
	for (; i && worse(r, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(r, i, (i - 1) / 2);
}

static void
sift_down(struct sort_run *r)
{
	for (size_t i = 0, k; (k = 2 * i + 1) < r->n_rows; i = k) {
		if (k + 1 < r->n_rows && worse(r, k + 1, k))
			k++;
		if (!worse(r, k, i))
			return;
		swap(r, i, k);
	}
}

/* ---- keeping rows ---- */

static struct sort_row *
row_new(const struct sort_run *r, struct arena *a)
{
	unsigned n = r->c->n_keys + r->n_cols;

	return arena_alloc(
	    a, sizeof(struct sort_row) + n * sizeof(struct value));
}

static size_t
row_bytes(const struct sort_run *r, const struct sort_row *row)
{
	unsigned n = r->c->n_keys + r->n_cols;
	size_t bytes = sizeof *row + n * sizeof *row->values;

	for (unsigned i = 0; i < n; i++)
		if (type_store((enum type)row->values[i].type) == STORE_STR ||
		    row->values[i].type >= T_LIST)
			bytes += row->values[i].len;
	return bytes;
}

/* Copies what is kept into a fresh arena. */
static void
compact(struct sort_run *r)
{
	unsigned n = r->c->n_keys + r->n_cols;
	struct arena old = r->arena;

	arena_init(&r->arena, ARENA_CHUNK_MAX);
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct sort_row *from = r->rows[i];
		struct sort_row *row = row_new(r, &r->arena);

		*row = *from;
		for (unsigned k = 0; k < n; k++)
			row->values[k] = value_copy(&r->arena, from->values[k]);
		r->rows[i] = row;
	}
	arena_release(&old);
}

/* ---- rows as bytes ---- */

static void
pack_row(const struct sort_run *r, const struct sort_row *row, struct buf *out)
{
	out->n = 0;
	written_put_int(out, row->time);
	for (unsigned i = 0; i < r->c->n_keys + r->n_cols; i++)
		written_put(out, row->values[i]);
}

/* The row of such bytes; NULL: they are none. */
static struct sort_row *
unpack_row(const struct sort_run *r, struct str value, struct arena *a)
{
	const char *p = value.p, *end = p + value.n;
	unsigned n = r->c->n_keys + r->n_cols;
	struct sort_row *row = row_new(r, a);

	*row = (struct sort_row){.stored = true};
	if (!written_get_int(&p, end, &row->time))
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		if (!written_get(&p, end, a, &row->values[i]))
			return NULL;
		row->values[i] = value_copy(a, row->values[i]);
	}
	row->bytes = row_bytes(r, row);
	return p == end ? row : NULL;
}

static void
add_row(struct sort_run *r, struct sort_row *row)
{
	r->held += row->bytes;
	mem_grow(&r->rows, &r->cap_rows, r->n_rows + 1, sizeof(void *));
	r->rows[r->n_rows++] = row;
}

/* All rows leave memory. */
static void
let_go(struct sort_run *r)
{
	r->n_rows = r->n_stored = r->held = 0;
	arena_release(&r->arena);
	arena_init(&r->arena, 4096);
}

static bool
is_too_much(const struct sort_run *r)
{
	return r->map && r->arena.total + r->cap_rows * sizeof(void *) >
			     state_room(r->state);
}

/* ---- rows in runs ---- */

/* A row that a run gives. */
struct sort_thing {
	struct arena arena;
	struct sort_row *row;
};

static void
drop_thing(void *arg, void *thing)
{
	struct sort_thing *t = thing;

	(void)arg;
	arena_release(&t->arena);
	mem_free(t);
}

static void *
read_thing(void *arg, struct str bytes)
{
	struct sort_thing *t = mem_zalloc(sizeof *t);
	const char *p = bytes.p, *end = p + bytes.n;
	int64_t arrival;

	arena_init(&t->arena, 512);
	if (written_get_int(&p, end, &arrival))
		t->row = unpack_row(
		    arg, (struct str){p, (size_t)(end - p)}, &t->arena);
	if (!t->row) {
		drop_thing(arg, t);
		return NULL;
	}
	t->row->arrival = (uint64_t)arrival;
	return t;
}

static int
thing_order(void *arg, const void *a, const void *b)
{
	const struct sort_thing *x = a, *y = b;
	const struct sort_run *r = arg;

	return rows_in_order(&x->row, &y->row, (void *)(uintptr_t)r->c);
}

static const struct merging_kind sort_things = {
    .read = read_thing, .drop = drop_thing, .order = thing_order};

static void
sort_rows(struct sort_run *r)
{
	if (r->n_rows)
		qsort_r(r->rows, r->n_rows, sizeof *r->rows, rows_in_order,
		    (void *)(uintptr_t)r->c);
}

/* The rows at hand become a run. */
static void
put_run(struct sort_run *r)
{
	struct buf bytes = {0}, row = {0};

	sort_rows(r);
	for (size_t i = 0; i < r->n_rows; i++) {
		bytes.n = 0;
		written_put_int(&bytes, (int64_t)r->rows[i]->arrival);
		pack_row(r, r->rows[i], &row);
		buf_adds(&bytes, buf_str(&row));
		merging_put(&r->merging, buf_str(&bytes));
	}
	merging_end(&r->merging);
	let_go(r);
	buf_release(&bytes);
	buf_release(&row);
}

/*
 * All rows of the state up to the arrival `until`; in runs, where that is
 * possible and they are too much.
 */
static int
read_rows(struct sort_run *r, uint64_t until, struct err *err)
{
	struct store_scan *scan = state_scan(r->map, 0);
	struct str key, value;
	int rc = 0;

	while (!rc && store_scan_next(scan, &key, &value)) {
		struct sort_row *row = unpack_row(r, value, &r->arena);

		if (!row || !written_number(key, &row->arrival)) {
			rc = written_damaged(r->map, 0, key, err);
			continue;
		}
		if (row->arrival > until)
			break;
		add_row(r, row);
		if (r->all && is_too_much(r))
			put_run(r);
	}
	store_scan_end(scan);
	return rc ? rc : written_ended(r->map, err);
}

/* Puts rows into the state that are not in it. */
static void
store_rows(struct sort_run *r)
{
	struct buf value = {0};

	for (size_t i = r->n_stored; i < r->n_rows; i++) {
		if (r->rows[i]->stored)
			continue;
		pack_row(r, r->rows[i], &value);
		state_put(r->map, 0,
		    state_key_number(&r->scratch, r->rows[i]->arrival),
		    buf_str(&value));
		r->rows[i]->stored = true;
	}
	if (r->all)
		r->n_stored = r->n_rows;
	buf_release(&value);
}

/* The rows at hand are in the state alone, and so are those that come. */
static void
spill(struct sort_run *r)
{
	store_rows(r);
	r->before += r->n_rows;
	r->last_before = r->arrivals;
	r->all = true;
	let_go(r);
}

static void
unstore(struct sort_run *r, const struct sort_row *row)
{
	if (row->stored)
		state_delete(
		    r->map, 0, state_key_number(&r->scratch, row->arrival));
}

static void
keep(struct sort_run *r, const struct batch *b, unsigned row,
    const struct value *keys)
{
	struct sort_row *new = row_new(r, &r->arena);
	struct value *v = new->values;

	new->arrival = r->arrivals;
	new->stored = false;
	new->time = b->time ? b->time[row] : 0;
	for (unsigned i = 0; i < r->c->n_keys; i++)
		*v++ = value_copy(&r->arena, keys[i]);
	for (unsigned i = 0; i < r->n_cols; i++)
		*v++ = value_copy(
		    &r->arena, r->cols[i] < b->n_cols
				   ? column_get(&b->cols[r->cols[i]], row)
				   : VALUE_NULL);
	new->bytes = row_bytes(r, new);
	r->held += new->bytes;
	if (r->all || r->n_rows < r->c->limit) {
		mem_grow(&r->rows, &r->cap_rows, r->n_rows + 1, sizeof(void *));
		r->rows[r->n_rows++] = new;
		if (!r->all)
			sift_up(r, r->n_rows - 1);
		return;
	}
	r->held -= r->rows[0]->bytes;
	unstore(r, r->rows[0]);
	r->rows[0] = new;
	sift_down(r);
	if (r->arena.total > 4 * r->held + (1 << 20))
		compact(r);
}

static void
take(struct sort_run *r, const struct batch *b, const struct column *cols,
    unsigned row)
{
	struct value keys[KEYS_MAX];

	for (unsigned i = 0; i < r->c->n_keys; i++)
		keys[i] = column_get(&cols[i], row);
	r->arrivals++;
	if (!r->all && r->n_rows == r->c->limit &&
	    (!r->n_rows || row_order(r->c, keys, r->arrivals,
			       r->rows[0]->values, r->rows[0]->arrival) > 0))
		return;
	keep(r, b, row, keys);
}

/* ---- running ---- */

/* Columns that later steps or the output read. */
static void
choose_columns(struct sort_run *r)
{
	const struct op *op = r->run.op;
	struct arena a;
	unsigned *cols;

	arena_init(&a, 1024);
	cols = flow_kept(&op->out, op->number, &a, &r->n_cols);
	written_sort(&op->out, cols, r->n_cols);
	r->cols = mem_array(r->n_cols, sizeof *r->cols);
	for (unsigned i = 0; i < r->n_cols; i++)
		r->cols[i] = cols[i];
	arena_release(&a);
}

static struct op_run *
sort_open(const struct op *op)
{
	struct sort_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->all = r->c->limit == UINT64_MAX;
	r->out = batch_new();
	arena_init(&r->arena, 4096);
	choose_columns(r);
	return &r->run;
}

static void *
sort_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct sort_config *c = op->config;
	struct column *cols = arena_array(b->arena, c->n_keys, sizeof *cols);

	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_keys; i++)
		expr_eval(c->keys[i].expr, ev, b, NULL, 0, &cols[i]);
	eval_settle(ev, b);
	return cols;
}

static void
sort_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct sort_run *r = (struct sort_run *)run;

	r->timed |= b->time != NULL;
	for (unsigned k = op_selected_from(b, from);
	     k < b->n_sel && batch_row(b, k) < to; k++)
		take(r, b, prepared, batch_row(b, k));
	for (unsigned row = from; w && b->time && row < to; row++)
		watermark_see(w, b->time[row]);
	run->counts.keys = r->before + r->n_rows;
	if (is_too_much(r))
		spill(r);
	else if (r->map && r->all && r->n_rows - r->n_stored > STORE_MOST)
		store_rows(r);
	if (r->state)
		state_hold(
		    r->state, r->arena.total + r->cap_rows * sizeof *r->rows);
}

static void
begin_out(struct sort_run *r)
{
	struct batch *b = r->out;

	batch_reset(b);
	batch_columns(b, r->run.op->out.segment->n_cols);
	if (r->timed)
		b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	b->n_rows = 0;
}

static void
put_out(struct sort_run *r, const struct sort_row *s, unsigned row)
{
	struct batch *b = r->out;

	for (unsigned i = 0; i < r->n_cols; i++)
		column_put(&b->cols[r->cols[i]], b->arena, row,
		    s->values[r->c->n_keys + i]);
	if (r->timed)
		b->time[row] = s->time;
	b->n_rows = b->n_sel = row + 1;
}

static void
emit_rows(struct sort_run *r)
{
	for (size_t i = 0; i < r->n_rows && i < r->c->limit; i++) {
		unsigned row = (unsigned)(i % BATCH_ROWS);

		if (!row && i)
			r->run.emit(&r->run, r->out);
		if (!row)
			begin_out(r);
		put_out(r, r->rows[i], row);
	}
	if (r->n_rows && r->c->limit)
		r->run.emit(&r->run, r->out);
}

/* What is in the batch is the next one's in the runs no more. */
static void
put_copy(struct sort_run *r, struct sort_row *s, unsigned row)
{
	for (unsigned i = r->c->n_keys; i < r->c->n_keys + r->n_cols; i++)
		s->values[i] = value_copy(r->out->arena, s->values[i]);
	put_out(r, s, row);
}

static void
emit_merged(struct sort_run *r)
{
	struct sort_thing *t;
	unsigned row = 0;

	for (uint64_t i = 0; i < r->c->limit && (t = merging_next(&r->merging));
	     i++) {
		if (!row)
			begin_out(r);
		put_copy(r, t->row, row++);
		if (row < BATCH_ROWS)
			continue;
		r->run.emit(&r->run, r->out);
		row = 0;
	}
	if (row)
		r->run.emit(&r->run, r->out);
	merging_release(&r->merging);
}

/* What the state alone has comes to what is here. */
static void
load_before(struct sort_run *r)
{
	struct err err = {0};

	merging_init(&r->merging, &sort_things, r, state_map(r->state, "runs"));
	if (is_too_much(r))
		put_run(r);
	/* If it fails, so does the store, and with it the run. */
	if (read_rows(r, r->last_before, &err))
		err_release(&err);
	r->before = 0;
}

/* Nothing comes out before the end: any later row may be the first. */
static void
sort_advance(struct op_run *run, int64_t w)
{
	struct sort_run *r = (struct sort_run *)run;

	if (w != WHEN_MAX)
		return;
	if (r->before)
		load_before(r);
	if (r->merging.n) {
		put_run(r);
		emit_merged(r);
	} else {
		sort_rows(r);
		emit_rows(r);
	}
	r->n_rows = r->n_stored = 0;
	if (r->map)
		state_drop(r->map, 0);
	run->counts.keys = 0;
	run->forward(run, w);
}

static void
sort_close(struct op_run *run)
{
	struct sort_run *r = (struct sort_run *)run;

	batch_free(r->out);
	merging_release(&r->merging);
	arena_release(&r->arena);
	buf_release(&r->scratch);
	mem_free(r->cols);
	mem_free(r->rows);
	mem_free(r);
}

/* ---- state ---- */

static void
sort_schema(const struct op *op, struct schema *out)
{
	const struct sort_config *c = op->config;
	struct arena a;
	unsigned n, *cols;

	arena_init(&a, 1024);
	cols = flow_kept(&op->out, op->number, &a, &n);
	written_sort(&op->out, cols, n);
	written_args(op, out, "by");
	written_count(out, "limit", c->limit);
	written_columns(&op->out, cols, n, "columns", out);
	arena_release(&a);
}

static int
sort_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct sort_run *r = (struct sort_run *)run;
	int64_t n[3], all = 0;
	int rc;

	r->state = s;
	r->map = state_map(s, "rows");
	rc = written_load(s, "rows", n, 3, err);
	if (rc < 1)
		return rc;
	r->arrivals = r->last_before = (uint64_t)n[0];
	r->timed = n[2] != 0;
	if (written_load(s, "all", &all, 1, err) < 0)
		return -1;
	r->all |= all != 0;
	if (r->all) {
		r->before = (uint64_t)n[1];
		return 0;
	}
	if (read_rows(r, UINT64_MAX, err))
		return -1;
	for (size_t i = 0; i < r->n_rows; i++)
		sift_up(r, i);
	return 0;
}

static void
sort_save(struct op_run *run)
{
	struct sort_run *r = (struct sort_run *)run;
	const int64_t n[] = {
	    (int64_t)r->arrivals, (int64_t)(r->before + r->n_rows), r->timed};

	store_rows(r);
	written_save(r->state, "rows", n, 3);
	if (r->all && r->c->limit != UINT64_MAX)
		written_save(r->state, "all", (const int64_t[]){1}, 1);
}

/* A row: its time, what it is ordered by, and its columns. */
static bool
sort_show(struct op_show *s, const struct op_entry *e)
{
	const struct sort_config *c = s->op->config;
	const char *p = e->value.p, *end = p + e->value.n;
	struct value v;

	if (str_is(e->map, "step"))
		return show_written(s, e->value);
	if (!str_is(e->map, "rows"))
		return false;
	for (unsigned i = 0; i <= c->n_keys; i++)
		if (!written_get(&p, end, &s->entry, &v))
			return false;
	return show_row(s, &s->op->out, (struct str){p, (size_t)(end - p)});
}

static void
sort_explain(const struct op *op, struct buf *out)
{
	const struct sort_config *c = op->config;

	if (c->limit == UINT64_MAX)
		buf_lit(out, "all rows, until the input ends");
	else
		buf_printf(out, "the first %llu rows so far",
		    (unsigned long long)c->limit);
}

// clang-format off
static const struct param sort_params[] = {
	{"by", PARAM_ORDER, true,
	    "What to order by: expressions, each with asc or desc."},
	{"limit", PARAM_COUNT, false, "How many rows to keep."},
};

const struct op_kind op_sort = {
	.name = "sort",
	.doc = "Order all rows, or keep the first N in that order.",
	.about =
	    "The rows come out when the input ends. Rows that compare equal "
	    "keep their order. NULL counts as the smallest value; nulls first "
	    "or nulls last says otherwise. With a limit only that many rows "
	    "are held in memory.",
	.example = "- sort: [hits desc, path]\n  limit: 10\n",
	.params = sort_params,
	.n_params = sizeof sort_params / sizeof *sort_params,
	.grows = "every row is kept",
	.remedy = "a window first, or top: N, which keeps so many",
	.primary = "by",
	.waits = WAITS_END,
	.changes = CHANGES_REFUSE,
	.bind = sort_bind,
	.prepare = sort_prepare,
	.open = sort_open,
	.apply = sort_apply,
	.advance = sort_advance,
	.close = sort_close,
	.schema = sort_schema,
	.restore = sort_restore,
	.save = sort_save,
	.show = sort_show,
	.explain = sort_explain,
};
// clang-format on
