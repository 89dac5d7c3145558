/* SPDX-License-Identifier: MIT */
/*
 * Result rows of an aggregation: keys and aggregates become columns, HAVING
 * and SELECT run over them, the batch goes on to the next step.
 */
#include "base/must.h"
#include "data/key.h"
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
	struct batch *b = g->batch;

	batch_reset(b);
	batch_columns(b, g->c->n_cols);
	b->cols[GROUP_START] = column_new(b->arena, T_TIME);
	b->cols[GROUP_END] = column_new(b->arena, T_TIME);
	b->cols[GROUP_REV] = column_new(b->arena, T_INT);
	b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
}

void
group_rows_add(struct group_rows *g, struct span window, struct str key,
    const char *acc, uint32_t rev)
{
	const struct group_config *c = g->c;
	const char *p = key.p, *end = key.p + key.n;
	struct batch *b = g->batch;
	unsigned row = b->n_rows;

	if (row == BATCH_ROWS) {
		group_rows_flush(g);
		row = 0;
	}
	if (row == 0)
		begin(g);
	b->cols[GROUP_START].i[row] = window.start;
	b->cols[GROUP_END].i[row] = window.end;
	b->cols[GROUP_REV].i[row] = rev;
	if (!rev)
		column_set_null(&b->cols[GROUP_REV], b->arena, row);
	b->time[row] = window.end == WHEN_MAX ? WHEN_LAST : window.end - 1;
	for (unsigned i = 0; i < c->n_keys; i++)
		column_put(&b->cols[GROUP_KEYS + i], b->arena, row,
		    key_get(&p, end, b->arena));
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		column_put(&b->cols[GROUP_KEYS + c->n_keys + i], b->arena, row,
		    agg_value(call, acc + call->offset, b->arena));
	}
	b->n_rows = b->n_sel = row + 1;
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
	}
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_items; i++)
		expr_eval(c->items[i].expr, ev, b, NULL, 0,
		    &b->cols[c->items[i].col]);
	eval_settle(ev, b);
	g->run->emit(g->run, b);
	batch_reset(b);
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
}

void
group_add(const struct group_config *c, struct arena *heap,
    const struct group_prep *prep, struct agg_rows *rows)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		rows->args = prep->args[i];
		agg_add(
		    call, heap, rows, call->filter ? &prep->filters[i] : NULL);
	}
}
