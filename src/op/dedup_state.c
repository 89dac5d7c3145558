/* SPDX-License-Identifier: MIT */
/*
 * dedup: what is kept of it. A key is a cell, with its row if that waits. Where
 * rows come out by event time an agenda has the key at its row's time; an entry
 * whose row has gone, or given way to an earlier one, means nothing.
 */
#include "base/mem.h"
#include "op/dedup.h"
#include "op/show.h"
#include "op/written.h"
#include "state/code.h"

void
dedup_schema(const struct op *op, struct schema *out)
{
	static const char *const ways[] = {[DEDUP_AT_ONCE] = "at once",
	    [DEDUP_BY_TIME] = "by event time",
	    [DEDUP_AT_END] = "at the end"};
	const struct dedup_config *c = op->config;

	written_args(op, out, "by order");
	written_word(out, "keep", c->last ? "last" : "first");
	if (c->live) {
		top_live_schema(c->live, op, out);
		return;
	}
	written_word(out, "rows come out", ways[c->way]);
	if (c->way != DEDUP_AT_ONCE)
		kept_schema(op, out);
}

static void
save_cell(
    void *arg, const struct table *t, const struct cell *bytes, struct buf *out)
{
	const struct dedup_cell *cell = (const void *)bytes->bytes;
	const struct dedup_run *r = arg;

	(void)t;
	if (r->c->way == DEDUP_AT_ONCE)
		return;
	written_put_int(out, cell->out);
	written_put_int(out, cell->time);
	if (cell->row)
		kept_pack(&r->kept, cell->row, out);
}

static bool
load_row(struct dedup_run *r, struct dedup_cell *cell, struct str bytes)
{
	struct kept_row *row = kept_unpack(&r->kept, bytes);

	if (!row)
		return false;
	if (r->kept.n_cols && !row->carry) {
		kept_forget(&r->kept, row);
		return false;
	}
	cell->row = row;
	return true;
}

static bool
load_cell(void *arg, struct table *t, struct cell *bytes, struct str value)
{
	struct dedup_cell *cell = (void *)bytes->bytes;
	const char *p = value.p, *end = p + value.n;
	struct dedup_run *r = arg;
	int64_t out;

	(void)t;
	cell->come = true;
	if (r->c->way == DEDUP_AT_ONCE)
		return p == end;
	if (!written_get_int(&p, end, &out) ||
	    !written_get_int(&p, end, &cell->time))
		return false;
	cell->out = out != 0;
	if (p == end)
		return true;
	if (cell->out)
		return false;
	return load_row(r, cell, (struct str){p, (size_t)(end - p)});
}

static void
drop_cell(void *arg, struct table *t, struct cell *bytes)
{
	struct dedup_cell *cell = (void *)bytes->bytes;
	struct dedup_run *r = arg;

	(void)t;
	if (cell->row)
		kept_forget(&r->kept, cell->row);
	cell->row = NULL;
	kept_measure(&r->kept);
}

static const struct cell_codec movable_codec = {
    .save = save_cell, .load = load_cell, .drop = drop_cell, .movable = true};

/* A row that an older version has put apart. */
static bool
take_waiting(void *arg, struct kept_row *row, struct str key)
{
	struct dedup_run *r = arg;
	struct dedup_cell *cell;

	if (!key.p || (r->kept.n_cols && !row->carry))
		return false;
	row->cell = kept_cell(&r->keys, key);
	cell = (void *)row->cell->bytes;
	if (cell->row || cell->out)
		return false;
	kept_unplace(&r->kept, row);
	cell->row = row;
	cell->time = row->time;
	agenda_put(&r->agenda, row->time, key, (struct str){"", 0});
	return true;
}

/* A key: is it out, its time, and its row if that has to wait. */
bool
dedup_show(struct op_show *s, const struct op_entry *e)
{
	struct str bytes;
	const char *p, *end;
	int64_t stamp, out, time;

	if (dedup_live(s->op) ||
	    (!str_is(e->map, "keys") && !str_is(e->map, "ttl")))
		return show_kept(s, e);
	if (!table_saved(e->value, &bytes))
		return false;
	if (str_is(e->map, "ttl") && !code_get_int(&bytes, &stamp))
		return false;
	p = bytes.p;
	end = p + bytes.n;
	return p < end && written_get_int(&p, end, &out) &&
	       written_get_int(&p, end, &time) && p < end &&
	       show_kept_row(s, (struct str){p, (size_t)(end - p)});
}

int
dedup_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct dedup_run *r = (struct dedup_run *)run;
	int64_t n[3];
	int rc;

	if (dedup_live(run->op))
		return top_live_restore(run, s, err);
	r->state = s;
	table_keep(&r->keys, state_map(s, "keys"), 0, &movable_codec, r);
	ttl_keys_keep(&r->ttl, s);
	rc = written_load(s, "run", n, 3, err);
	if (rc == 1) {
		r->arrivals = (uint64_t)n[0];
		r->now = n[1];
		r->kept.timed = n[2] != 0;
	}
	if (rc < 0)
		return -1;
	r->kept.single = true;
	r->kept.state = s;
	if (r->c->way != DEDUP_BY_TIME)
		return 0;
	kept_keep(&r->kept, s, r->keys.cell_bytes);
	agenda_keep(&r->agenda, state_map(s, "due"), r->c->lateness);
	return kept_waiting(
	    &r->kept, &r->keys, UINT64_MAX, take_waiting, r, err);
}

void
dedup_save(struct op_run *run)
{
	struct dedup_run *r = (struct dedup_run *)run;

	if (dedup_live(run->op)) {
		top_live_save(run);
		return;
	}
	kept_store(&r->kept);
	written_save(r->state, "run",
	    (const int64_t[]){(int64_t)r->arrivals, r->now, r->kept.timed}, 3);
}
