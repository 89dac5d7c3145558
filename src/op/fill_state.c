/* SPDX-License-Identifier: MIT */
/*
 * fill: what is kept of it. A key is a cell with its last row, and how many
 * rows of it wait; those are entries of their own (kept.h), or, where memory is
 * limited, in the agenda (fill_spill.c).
 */
#include "base/hash.h"
#include "base/mem.h"
#include "op/fill.h"
#include "op/show.h"
#include "op/written.h"

void
fill_schema(const struct op *op, struct schema *out)
{
	const struct fill_config *c = op->config;
	unsigned *cols = mem_array(c->n_columns + 1, sizeof *cols);

	for (unsigned i = 0; i < c->n_columns; i++)
		cols[i] = c->columns[i].col;
	written_args(op, out, "by every time");
	written_columns(&op->in, cols, c->n_columns, "with", out);
	kept_schema(op, out);
	mem_free(cols);
}

static void
save_cell(
    void *arg, const struct table *t, const struct cell *bytes, struct buf *out)
{
	const struct fill_cell *cell = (const void *)bytes->bytes;
	const struct fill_run *r = arg;

	(void)t;
	written_put(out, VALUE_NULL);
	written_put_int(out, (int64_t)cell->pending);
	written_put_int(out, cell->time);
	if (cell->last)
		kept_pack(&r->kept, cell->last, out);
}

bool
fill_is_sound(const struct kept_row *row)
{
	const struct value *end = &row->slots[SLOT_END];

	return type_is_instant(row->slots[SLOT_TIME].type) &&
	       (end->type == T_NULL || type_is_instant(end->type));
}

/* The numbers of a cell; an older version has not counted rows. */
static bool
get_numbers(const char **p, const char *end, int64_t *pending, int64_t *time)
{
	if (written_get_null(p, end) && !written_get_int(p, end, pending))
		return false;
	return written_get_int(p, end, time);
}

static bool
load_cell(void *arg, struct table *t, struct cell *bytes, struct str value)
{
	struct fill_cell *cell = fill_cell_of(bytes);
	const char *p = value.p, *end = p + value.n;
	struct fill_run *r = arg;
	int64_t pending = 0;

	(void)t;
	if (!get_numbers(&p, end, &pending, &cell->time))
		return false;
	cell->pending = (uint64_t)pending;
	if (p == end)
		return true;
	cell->last = kept_unpack(&r->kept, (struct str){p, (size_t)(end - p)});
	if (cell->last && fill_is_sound(cell->last))
		return true;
	if (cell->last)
		kept_forget(&r->kept, cell->last);
	cell->last = NULL;
	return false;
}

static void
drop_cell(void *arg, struct table *t, struct cell *bytes)
{
	struct fill_cell *cell = fill_cell_of(bytes);
	struct fill_run *r = arg;

	(void)t;
	if (cell->last)
		kept_forget(&r->kept, cell->last);
	cell->last = NULL;
	kept_measure(&r->kept);
}

/* All keys are looked at whenever the watermark moves. */
static const struct cell_codec fixed_codec = {
    .save = save_cell, .load = load_cell};
/* Those are that are due. */
static const struct cell_codec movable_codec = {.save = save_cell,
    .load = load_cell,
    .drop = drop_cell,
    .movable = true,
    .let_go = fill_let_go};

static bool
take_waiting(void *arg, struct kept_row *row, struct str key)
{
	struct fill_run *r = arg;

	if (!key.p || !fill_is_sound(row) || (r->kept.n_cols && !row->carry))
		return false;
	row->cell = kept_cell(&r->keys, key);
	row->owner = row->cell;
	if (!r->counted) {
		table_touch(&r->keys, row->cell);
		fill_cell_of(row->cell)->pending++;
	}
	fill_pend(r, row);
	return true;
}

/* A key: its time, and its last row. */
bool
fill_show(struct op_show *s, const struct op_entry *e)
{
	const char *p, *end;
	struct str saved;
	int64_t pending, time;

	if (!str_is(e->map, "keys"))
		return show_kept(s, e);
	if (!table_saved(e->value, &saved))
		return false;
	p = saved.p;
	end = p + saved.n;
	return get_numbers(&p, end, &pending, &time) && p < end &&
	       show_kept_row(s, (struct str){p, (size_t)(end - p)});
}

/* What it is written down like. */
enum {
	FORM_COUNTED, /* cells say how many of their rows wait */
	FORM_HINTED,  /* keys and rows are in agendas */
	FORM_NOW,
	FORM_NUMBERS
};

int
fill_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	int64_t n[3], form[FORM_NUMBERS] = {0, 0, WHEN_MIN};
	struct fill_run *r = (struct fill_run *)run;
	int rc;

	r->state = s;
	r->spills = state_room(s) != SIZE_MAX;
	kept_keep(&r->kept, s, r->keys.cell_bytes);
	table_keep(&r->keys, state_map(s, "keys"), 0,
	    r->spills ? &movable_codec : &fixed_codec, r);
	rc = written_load(s, "run", n, 3, err);
	if (rc < 0 || written_load(s, "form", form, FORM_NUMBERS, err) < 0)
		return -1;
	if (rc) {
		r->arrivals = (uint64_t)n[0];
		r->most = n[1];
		r->kept.timed = n[2] != 0;
	}
	r->counted = form[FORM_COUNTED] != 0;
	r->now = form[FORM_NOW];
	if (!r->spills)
		table_load(&r->keys);
	fill_spill_keep(r, form[FORM_HINTED] != 0);
	run->counts.keys = r->keys.n;
	return rc ? kept_waiting(
			&r->kept, &r->keys, UINT64_MAX, take_waiting, r, err)
		  : 0;
}

void
fill_save(struct op_run *run)
{
	struct fill_run *r = (struct fill_run *)run;
	const int64_t n[] = {(int64_t)r->arrivals, r->most, r->kept.timed};
	const int64_t form[FORM_NUMBERS] = {1, r->spills, r->now};

	kept_store(&r->kept);
	written_save(r->state, "run", n, 3);
	written_save(r->state, "form", form, FORM_NUMBERS);
}
