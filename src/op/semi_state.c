/* SPDX-License-Identifier: MIT */
/*
 * semi: what is kept of it. The keys of the other flow are cells that say
 * nothing but that they are there, those of its kin counters and a value; rows
 * that wait for its end are held (held.h).
 */
#include "op/semi.h"
#include "op/written.h"

void
semi_schema(const struct op *op, struct schema *out)
{
	const struct semi_config *c = op->config;
	unsigned n_cols = c->mode == SEMI_SCALAR ? 1 : c->n_keys, n, *cols;
	struct arena a;

	arena_init(&a, 1024);
	written_args(op, out, "keys within else mode");
	written_columns(
	    &op->ins[1], c->cols, n_cols + c->n_within, "compared with", out);
	cols = flow_kept(&op->in, op->number, &a, &n);
	written_sort(&op->in, cols, n);
	written_columns(&op->in, cols, n, "columns", out);
	arena_release(&a);
}

/* ---- keys ---- */

static const struct cell_codec found_codec = {
    .save = table_save_nothing, .load = table_load_nothing, .movable = true};
/* All are looked through, one by one. */
static const struct cell_codec listed_codec = {
    .save = table_save_nothing, .load = table_load_nothing};

/* ---- kin ---- */

static void
save_kin(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const struct semi_kin *kin = (const void *)cell->bytes;

	(void)arg;
	(void)t;
	written_put_int(out, (int64_t)kin->n);
	written_put_int(out, (int64_t)kin->nulls);
	written_put_bytes(out, kin->value);
}

static bool
load_kin(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	struct semi_kin *kin = (void *)cell->bytes;
	const char *p = bytes.p, *end = p + bytes.n;
	const struct semi_run *r = arg;
	bool scalar = r->c->mode == SEMI_SCALAR;
	struct str value;
	int64_t n, nulls;

	if (!written_get_int(&p, end, &n) ||
	    !written_get_int(&p, end, &nulls) ||
	    !written_get_bytes(&p, end, &value) || p != end ||
	    (scalar && !written_is(value.p, value.p + value.n, n > 0)))
		return false;
	*kin = (struct semi_kin){
	    (uint64_t)n, (uint64_t)nulls, arena_str(&t->heap, value)};
	return true;
}

static const struct cell_codec kin_codec = {
    .save = save_kin, .load = load_kin, .movable = true};

/* ---- the step ---- */

static int
restore_value(struct semi_run *r, struct err *err)
{
	struct state_map *m = state_map(r->state, "step");
	struct buf scratch = {0};
	struct str key = state_key_text(&scratch, "value");
	int rc = 0;

	if (state_get(m, 0, key, &r->value) != STORE_FOUND ||
	    !written_is(r->value.p, r->value.p + r->value.n, 1))
		rc = written_damaged(m, 0, key, err);
	buf_release(&scratch);
	return rc;
}

static void
save_value(struct semi_run *r)
{
	struct buf key = {0};

	state_put(state_map(r->state, "step"), 0, state_key_text(&key, "value"),
	    buf_str(&r->value));
	buf_release(&key);
}

static bool
has_value(const struct semi_run *r)
{
	return r->c->mode == SEMI_SCALAR && !r->c->n_within && r->n_rows;
}

static void
keep_tables(struct semi_run *r)
{
	const struct semi_config *c = r->c;
	unsigned n = c->n_keys + c->n_within;
	bool lists = n > 1 && (c->mode == SEMI_NOT_IN || c->adds);

	/* What is too much is walked over. */
	lists = lists && state_room(r->state) == SIZE_MAX;
	table_keep(&r->rows, state_map(r->state, "rows"), 0,
	    lists ? &listed_codec : &found_codec, r);
	/* Of one column there is but one such key. */
	table_keep(&r->odd, state_map(r->state, "odd"), 0,
	    lists || n == 1 ? &listed_codec : &found_codec, r);
	if (c->n_within)
		table_keep(
		    &r->kin, state_map(r->state, "kin"), 0, &kin_codec, r);
	if (lists || n == 1)
		table_load(&r->odd);
	if (lists)
		table_load(&r->rows);
}

int
semi_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct semi_run *r = (struct semi_run *)run;
	int64_t n[4];
	int rc;

	r->state = s;
	keep_tables(r);
	rc = written_load(s, "other", n, 4, err);
	if (rc < 0 || held_keep(&r->held, s, err))
		return -1;
	if (!rc)
		return 0;
	r->n_rows = (uint64_t)n[0];
	r->some = n[1] != 0;
	r->ended = n[2] != 0;
	r->mark = n[3];
	return has_value(r) ? restore_value(r, err) : 0;
}

void
semi_save(struct op_run *run)
{
	struct semi_run *r = (struct semi_run *)run;
	const int64_t n[] = {(int64_t)r->n_rows, r->some, r->ended, r->mark};

	if (has_value(r))
		save_value(r);
	held_save(&r->held);
	written_save(r->state, "other", n, 4);
}
