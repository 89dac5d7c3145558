/* SPDX-License-Identifier: MIT */
/*
 * Result rows of an aggregation: keys and aggregates become columns, HAVING
 * and SELECT run over them, the batch goes on to the next step.
 */
#include "base/must.h"
#include "data/key.h"
#include "expr/agg_log.h"
#include "op/group.h"

void
group_rows_init(
    struct group_rows *g, struct op_run *run, const struct group_config *c)
{
	*g = (struct group_rows){.run = run, .c = c, .batch = batch_new()};
}

void
group_rows_release(struct group_rows *g)
{
	batch_free(g->batch);
}

static void
begin(struct group_rows *g)
{
	bool rows = g->c->window.type == WINDOW_ROWS;
	enum type edge = rows ? T_INT : T_TIME;
	struct batch *b = g->batch;

	batch_reset(b);
	batch_columns(b, g->c->n_cols);
	b->cols[GROUP_START] = column_new(b->arena, edge);
	b->cols[GROUP_END] = column_new(b->arena, edge);
	if (!rows)
		b->cols[GROUP_REV] = column_new(b->arena, T_INT);
	b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	if (g->c->live)
		b->kind = arena_zalloc(b->arena, BATCH_ROWS);
}

static void
put_rev(struct batch *b, unsigned row, uint32_t rev)
{
	b->cols[GROUP_REV].i[row] = rev;
	if (!rev)
		column_set_null(&b->cols[GROUP_REV], b->arena, row);
}

/* Window, keys and number of a correction of the next row; its number. */
static unsigned
put_head(struct group_rows *g, struct span window, struct str key, uint32_t rev,
    unsigned room)
{
	const struct group_config *c = g->c;
	const char *p = key.p, *end = key.p + key.n;
	struct batch *b = g->batch;
	unsigned row;

	if (b->n_rows + room > BATCH_ROWS)
		group_rows_flush(g);
	row = b->n_rows;
	if (row == 0)
		begin(g);
	b->cols[GROUP_START].i[row] = window.start;
	b->cols[GROUP_END].i[row] = window.end;
	if (c->window.type == WINDOW_ROWS) {
		column_put(&b->cols[GROUP_REV], b->arena, row,
		    rev ? value_bool(true) : VALUE_NULL);
		b->time[row] = g->time;
	} else {
		put_rev(b, row, rev);
		b->time[row] =
		    window.end == WHEN_MAX ? WHEN_LAST : window.end - 1;
	}
	for (unsigned i = 0; i < c->n_keys; i++)
		column_put(&b->cols[GROUP_KEYS + i], b->arena, row,
		    key_get(&p, end, b->arena));
	if (c->sets)
		column_put(&b->cols[GROUP_SET], b->arena, row,
		    value_int(c->sets[key_get(&p, end, b->arena).i]));
	b->n_rows = b->n_sel = row + 1;
	return row;
}

void
group_rows_add(struct group_rows *g, struct span window, struct str key,
    const char *acc, uint32_t rev)
{
	const struct group_config *c = g->c;
	unsigned row = put_head(g, window, key, rev, 1);
	struct batch *b = g->batch;

	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		column_put(&b->cols[GROUP_KEYS + c->n_keys + i], b->arena, row,
		    agg_value(call, acc + call->offset, b->arena));
	}
}

void
group_rows_change(struct group_rows *g, struct span window, struct str key,
    const struct value *values, enum change kind)
{
	const struct group_config *c = g->c;
	unsigned row =
	    put_head(g, window, key, 0, kind == CHANGE_BEFORE ? 2 : 1);
	struct batch *b = g->batch;

	b->kind[row] = (uint8_t)kind;
	for (unsigned i = 0; i < c->grouping.n_aggs; i++)
		column_put(&b->cols[GROUP_KEYS + c->n_keys + i], b->arena, row,
		    value_copy(b->arena, values[i]));
}

void
group_values(const struct group_config *c, const char *acc, struct arena *a,
    struct value *out)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		/* What is in the cell may not outlive the next row. */
		out[i] = value_copy(a, agg_value(call, acc + call->offset, a));
	}
}

static bool
same_value(struct value a, struct value b)
{
	return a.type == b.type && (a.type == T_NULL || value_cmp(a, b) == 0);
}

bool
group_same(
    const struct group_config *c, const struct value *a, const struct value *b)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++)
		if (!same_value(a[i], b[i]))
			return false;
	return true;
}

/* ---- giving them on ---- */

/* Do two rows look the same from outside? */
static bool
looks_same(const struct flow *f, const struct batch *b, unsigned i, unsigned k)
{
	for (unsigned c = 0; c < f->n_cols; c++) {
		const struct column *col = &b->cols[f->cols[c].col];

		if (!same_value(column_get(col, i), column_get(col, k)))
			return false;
	}
	return true;
}

/* Leaves out updates that change nothing of what can be seen. */
static void
leave_out_same(const struct flow *f, struct batch *b)
{
	uint16_t *sel = arena_array(b->arena, b->n_sel, sizeof *sel);
	unsigned n = 0;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		if (batch_change(b, row) == CHANGE_BEFORE &&
		    looks_same(f, b, row, row + 1))
			k++;
		else
			sel[n++] = (uint16_t)row;
	}
	b->sel = sel;
	b->n_sel = n;
}

void
group_rows_flush(struct group_rows *g)
{
	const struct group_config *c = g->c;
	struct batch *b = g->batch;
	struct eval *ev = g->run->eval;

	if (!b->n_rows)
		return;
	if (c->having) {
		eval_begin(ev, b);
		expr_filter(c->having, ev, b);
		batch_mend(b);
	}
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_items; i++)
		expr_eval(c->items[i].expr, ev, b, NULL, 0,
		    &b->cols[c->items[i].col]);
	eval_settle(ev, b);
	if (b->kind)
		leave_out_same(&g->run->op->out, b);
	g->run->emit(g->run, b);
	batch_reset(b);
}

/* What a walk has read is forgotten after so many cells, or bytes. */
#define WALK_CELLS 1024
#define WALK_BYTES ((size_t)1 << 20)

struct cell *
group_rows_walk(struct group_rows *g, struct table_walk *walk, unsigned *n)
{
	if (!*n)
		table_walk_keep(walk);
	if (++*n % WALK_CELLS == 0 || table_walk_held(walk) > WALK_BYTES) {
		group_rows_flush(g);
		table_walk_forget(walk);
	}
	return table_walk_next(walk);
}

static void
merge_counts(const struct group_config *c, char *into, const char *from)
{
	int64_t n = group_count(c, into) + group_count(c, from);

	memcpy(into + c->count_at, &n, sizeof n);
}

void
group_merge(const struct group_config *c, enum group_part part,
    struct arena *heap, char *into, const char *from)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		if (part == GROUP_EACH ||
		    c->slides[i] == (part == GROUP_SLIDING))
			agg_merge(call, heap, into + call->offset,
			    from + call->offset);
	}
	if (c->counts && part != GROUP_SLIDING)
		merge_counts(c, into, from);
}

void
group_count_rows(const struct group_config *c, const struct group_prep *prep,
    struct agg_rows *rows)
{
	rows->sign = prep->sign;
	if (!c->counts)
		return;
	for (unsigned k = 0; k < rows->n; k++) {
		char *acc = rows->cells[k];
		int64_t n = group_count(c, acc);

		n += rows->sign ? rows->sign[rows->rows[k]] : 1;
		memcpy(acc + c->count_at, &n, sizeof n);
	}
}

void
group_add(const struct group_config *c, struct arena *heap,
    const struct group_prep *prep, struct agg_rows *rows)
{
	group_count_rows(c, prep, rows);
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		rows->args = prep->args[i];
		agg_add(
		    call, heap, rows, call->filter ? &prep->filters[i] : NULL);
	}
}

/* ---- pieces ---- */

void
group_merge_piece(const struct group_config *c, struct arena *heap, char *into,
    bool into_piece, const char *piece)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];
		char *acc = into + call->offset;
		const char *from = piece + call->offset;

		if (!agg_logs(call))
			agg_merge(call, heap, acc, from);
		else if (into_piece)
			agg_log_join(call, heap, acc, from);
		else
			agg_log_replay(call, heap, acc, from);
	}
	if (c->counts)
		merge_counts(c, into, piece);
}

/* Rows of cells that are whole, and of pieces. */
struct sides {
	uint16_t rows[2][BATCH_ROWS];
	char *cells[2][BATCH_ROWS];
	struct agg_rows of[2];
};

static void
take_sides(struct sides *s, const struct agg_rows *rows)
{
	for (unsigned i = 0; i < 2; i++) {
		s->of[i] = *rows;
		s->of[i].n = 0;
		s->of[i].rows = s->rows[i];
		s->of[i].cells = s->cells[i];
	}
	for (unsigned k = 0; k < rows->n; k++) {
		unsigned side = cell_of_bytes(rows->cells[k])->piece;
		unsigned n = s->of[side].n++;

		s->rows[side][n] = rows->rows[k];
		s->cells[side][n] = rows->cells[k];
	}
}

static bool
is_large(const struct group_config *c, const char *piece)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		if (agg_logs(call) && agg_log_is_long(piece + call->offset))
			return true;
	}
	return false;
}

void
group_add_to_pieces(const struct group_config *c, struct table *t,
    const struct group_prep *prep, struct agg_rows *rows)
{
	struct sides s;
	unsigned n = 0;

	if (c->logs)
		take_sides(&s, rows);
	if (!c->logs || !s.of[1].n) {
		group_add(c, &t->heap, prep, rows);
		return;
	}
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];
		const struct column *filter =
		    call->filter ? &prep->filters[i] : NULL;

		rows->args = s.of[0].args = s.of[1].args = prep->args[i];
		if (!agg_logs(call)) {
			agg_add(call, &t->heap, rows, filter);
			continue;
		}
		agg_add(call, &t->heap, &s.of[0], filter);
		agg_log_add(call, &t->heap, &s.of[1], filter);
	}
	for (unsigned k = 0; k < s.of[1].n; k++)
		if (is_large(c, s.cells[1][k]))
			s.cells[1][n++] = s.cells[1][k];
	if (n)
		table_complete(t, s.cells[1], n);
}
