/* SPDX-License-Identifier: MIT */
/* Constant rows; see values.h. */
#include "run/values.h"

#include "base/mem.h"
#include "run/block.h"

struct values {
	const struct plan_input *plan;
	const struct lane_path *path;
	struct lane lane;
	struct prepared batch;
	unsigned number;
	unsigned next; /* row */
	int time;      /* column that is event time; -1 = none is wanted */
};

/* The column that was named, or the first of times. */
static int
time_column(const struct plan_input *in)
{
	const struct path *field = &in->time.field;

	for (unsigned i = 0; i < in->n_columns; i++)
		if (type_is_instant(in->columns[i].type) &&
		    (!field->n ||
			str_eq(field->steps[0].name, in->columns[i].name)))
			return (int)i;
	return -1;
}

static int
check_time(const struct plan_input *in, int column, struct err *err)
{
	for (unsigned row = 0; column >= 0 && row < in->n_rows; row++)
		if (in->constants[row * in->n_columns + (unsigned)column]
			.type == T_NULL)
			column = -1;
	if (column >= 0)
		return 0;
	err_set(err, ERR_SPEC, in->where,
	    "the windows need a time in every one of these rows");
	return err_hint(err, "TIMESTAMP '2026-03-01 10:00:00' is one");
}

struct values *
values_new(const struct plan_input *plan, unsigned number,
    const struct lane_path *path, struct err *err)
{
	int time = plan->scan->needs_time ? time_column(plan) : -1;
	struct values *v;

	if (plan->scan->needs_time && check_time(plan, time, err))
		return NULL;
	v = mem_zalloc(sizeof *v);
	v->plan = plan;
	v->path = path;
	v->number = number;
	v->time = time;
	lane_init(&v->lane, NULL, 0);
	prepared_init(&v->batch);
	return v;
}

void
values_free(struct values *v)
{
	if (!v)
		return;
	lane_release(&v->lane);
	prepared_release(&v->batch);
	mem_free(v);
}

static unsigned
column_named(const struct plan_input *in, struct str name)
{
	unsigned i = 0;

	while (i < in->n_columns && !str_eq(in->columns[i].name, name))
		i++;
	return i;
}

static void
fill(struct values *v, struct batch *b, unsigned want)
{
	const struct plan_input *in = v->plan;
	struct path path = in->scan->wants[want].path;
	unsigned column = column_named(in, path.steps[0].name);

	for (unsigned row = 0; row < b->n_rows; row++) {
		unsigned at = (v->next + row) * in->n_columns + column;
		struct value x =
		    column < in->n_columns ? in->constants[at] : VALUE_NULL;

		if (path.n > 1)
			x = path_get(x, path, 1, b->arena);
		column_put(&b->cols[want], b->arena, row, x);
	}
}

static void
fill_time(struct values *v, struct batch *b)
{
	const struct plan_input *in = v->plan;

	b->time = arena_array(b->arena, b->n_rows, sizeof *b->time);
	for (unsigned row = 0; row < b->n_rows; row++)
		b->time[row] = in->constants[(v->next + row) * in->n_columns +
					     (unsigned)v->time]
				   .i;
}

int
values_next(struct values *v, struct prepared **out)
{
	struct batch *b = v->batch.batch;
	unsigned most = block_rows_max ? block_rows_max : BATCH_ROWS;
	unsigned n = v->plan->n_rows - v->next;

	if (!n)
		return 0;
	prepared_reset(&v->batch);
	batch_columns(b, v->path->n_cols);
	b->input = v->number;
	b->n_rows = b->n_sel = n < most ? n : most;
	for (unsigned i = 0; i < v->plan->scan->n_wants; i++)
		fill(v, b, i);
	if (v->time >= 0)
		fill_time(v, b);
	v->next += b->n_rows;
	lane_steps(&v->lane, v->path, &v->batch);
	*out = &v->batch;
	return 1;
}
