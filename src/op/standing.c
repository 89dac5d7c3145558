/* SPDX-License-Identifier: MIT */
/* The rows that are there now; see standing.h. */
#include "op/standing.h"
#include "op/show.h"

#include <limits.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "data/pack.h"
#include "op/keys.h"
#include "op/written.h"
#include "state/code.h"

/* ---- which columns ---- */

unsigned
columns_read(const struct op *op, unsigned **out)
{
	const struct scan *s = op->in.scan;
	unsigned n_wants = s ? s->n_wants : 0, n = 0;
	unsigned *cols = mem_array(n_wants + op->in.n_cols, sizeof *cols);

	for (unsigned i = 0; i < n_wants; i++)
		if (s->last[i] > op->number)
			cols[n++] = i;
	for (unsigned i = 0; i < op->in.n_cols; i++)
		if (op->in.cols[i].col >= n_wants &&
		    op->in.cols[i].col != COL_RECORD)
			cols[n++] = op->in.cols[i].col;
	written_sort(&op->in, cols, n);
	*out = cols;
	return n;
}

bool
flow_keyed(const struct flow *f)
{
	for (unsigned i = 0; f->keyed && i < f->n_key; i++) {
		unsigned k = 0;

		if (f->open && f->key[i] < f->open->n_wants)
			continue;
		while (k < f->n_cols && f->cols[k].col != f->key[i])
			k++;
		if (k == f->n_cols)
			return false;
	}
	return f->keyed;
}

void
flow_hand_on(const struct flow *f, const unsigned *cols, unsigned n)
{
	for (unsigned i = 0; f->scan && i < n; i++)
		if (cols[i] < f->scan->n_wants)
			f->scan->last[cols[i]] = UINT_MAX;
}

int
flow_no_key(const struct op *op, const struct bind *b)
{
	err_set(b->err, ERR_SPEC, op->where,
	    "rows change here and no key tells them apart");
	return err_hint(b->err,
	    "select the keys of the group, or the number of the row, too, or "
	    "take the mode changelog");
}

int
standing_key(struct op *op, const struct bind *b)
{
	const struct arg *arg = op_arg(op, "key");
	unsigned *key;

	if (!arg || !arg->n_items)
		return 0;
	key = arena_array(b->arena, arg->n_items, sizeof *key);
	for (unsigned i = 0; i < arg->n_items; i++) {
		const struct arg_item *item = &arg->items[i];
		struct node *name = op_name_node(item, b->arena);
		enum type type;

		switch (flow_pass(&op->in, name, b, &key[i], &type)) {
		case -1:
			return -1;
		case 0:
			return flow_unknown(
			    &op->in, item->name, item->where, b->err);
		}
	}
	flow_hand_on(&op->in, key, arg->n_items);
	op->in.key = key;
	op->in.n_key = arg->n_items;
	op->in.keyed = true;
	return 0;
}

void
standing_init(struct standing *t, const struct op *op)
{
	*t = (struct standing){.op = op, .out = batch_new()};
	t->n_cols = columns_read(op, &t->cols);
	/* Columns of the key that nobody sees are there all the same. */
	t->keyed = op->in.keyed;
	t->key = t->keyed ? op->in.key : t->cols;
	t->n_key = t->keyed ? op->in.n_key : t->n_cols;
	table_init(&t->table, sizeof(struct standing_row));
}

void
standing_release(struct standing *t)
{
	batch_free(t->out);
	mem_free(t->cols);
	buf_release(&t->scratch);
	table_release(&t->table);
	ttl_release(&t->ttl);
}

/* ---- keys ---- */

static bool
is_hidden(const struct flow *f, struct str name)
{
	const struct flow_column *c = flow_find(f, name);

	return c && c->dropped;
}

static struct value
pack_map(struct arena *a, uint32_t n, struct str pairs)
{
	struct buf out = {0};
	struct str s;

	pack_put_map(&out, n);
	buf_adds(&out, pairs);
	s = arena_str(a, buf_str(&out));
	buf_release(&out);
	return value_of_str(T_MAP, s);
}

/* A record without the members that no later step sees. */
static struct value
without_hidden(const struct flow *f, struct value v, struct arena *a)
{
	struct value key, value;
	struct buf out = {0};
	const char *p, *end;
	uint32_t n, left = 0;

	if (v.type == T_JSON)
		v = pack_of_json(value_str(v), a);
	p = v.p;
	end = p + v.len;
	if (v.type != T_MAP || !pack_get_map(&p, end, &n))
		return v;
	for (uint32_t i = 0; i < n; i++) {
		const char *from = p;

		must(pack_get(&p, end, a, &key) == PACK_OK &&
		     pack_get(&p, end, a, &value) == PACK_OK);
		if (key.type == T_TEXT && is_hidden(f, value_str(key)))
			continue;
		buf_add(&out, from, (size_t)(p - from));
		left++;
	}
	v = pack_map(a, left, buf_str(&out));
	buf_release(&out);
	return v;
}

/* A column of the key; of a whole record only what can be seen counts. */
static struct column
key_column(const struct flow *f, const struct batch *b, unsigned col)
{
	struct column out = {.type = T_NULL};

	if (col >= b->n_cols)
		return out;
	if (!f->scan || col >= f->scan->n_wants || f->scan->wants[col].path.n)
		return b->cols[col];
	for (unsigned row = 0; row < b->n_rows; row++)
		column_put(&out, b->arena, row,
		    without_hidden(
			f, column_get(&b->cols[col], row), b->arena));
	return out;
}

static void
keys_of(const struct flow *f, struct batch *b, const unsigned *cols, unsigned n,
    struct standing_prep *p)
{
	struct column *key = arena_array(b->arena, n + 1, sizeof *key);

	for (unsigned i = 0; i < n; i++)
		key[i] = key_column(f, b, cols[i]);
	/* Rows of different times are not alike, whoever sees the time. */
	if (!f->keyed && b->time)
		key[n++] = (struct column){.type = T_TIME, .i = b->time};
	p->keys = arena_array(b->arena, b->n_sel, sizeof *p->keys);
	p->hashes = arena_array(b->arena, b->n_sel, sizeof *p->hashes);
	key_batch(b, key, n, b->arena, p->keys, p->hashes);
}

void *
standing_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	struct standing_prep *p = arena_alloc(b->arena, sizeof *p);
	bool keyed = op->in.keyed, bad = false;
	const unsigned *cols = op->in.key;
	unsigned n = op->in.n_key, *read = NULL;

	if (!keyed) {
		n = columns_read(op, &read);
		cols = read;
	}
	eval_begin(ev, b);
	keys_of(&op->in, b, cols, n, p);
	for (unsigned k = 0; k < b->n_sel; k++)
		if (!p->keys[k].p) {
			eval_fail(ev, batch_row(b, k), "key too long");
			bad = true;
		}
	if (bad) {
		eval_settle(ev, b);
		keys_of(&op->in, b, cols, n, p);
	}
	mem_free(read);
	return p;
}

/* ---- rows in ---- */

static void
pack_row(struct standing *t, const struct batch *b, unsigned at)
{
	struct buf *s = &t->scratch;

	s->n = 0;
	for (unsigned i = 0; i < t->n_cols; i++)
		written_put(s, t->cols[i] < b->n_cols
				   ? column_get(&b->cols[t->cols[i]], at)
				   : VALUE_NULL);
}

void
standing_fetch(struct standing *t, const struct batch *b,
    const struct standing_prep *p, unsigned from, unsigned to)
{
	if (t->ttl.ttl)
		ttl_fetch(&t->ttl, b, p->keys, p->hashes, from, to);
	else
		keys_fetch(&t->table, b, p->keys, p->hashes, from, to);
}

struct standing_row *
standing_find(struct standing *t, const struct batch *b,
    const struct standing_prep *p, unsigned k)
{
	int64_t time = b->time ? b->time[batch_row(b, k)] : WHEN_MIN;
	struct standing_row *row;

	t->heap = &t->table.heap;
	if (t->ttl.ttl)
		row = (void *)ttl_cell(
		    &t->ttl, p->keys[k], time, t->now, true, &t->heap);
	else
		row = (void *)table_cell(&t->table, p->keys[k], p->hashes[k])
			  ->bytes;
	if (!row->arrival)
		row->arrival = ++t->arrivals;
	return row;
}

struct standing_row *
standing_row_of(struct standing *t, struct str key)
{
	struct cell *cell;

	if (t->ttl.ttl)
		return (void *)ttl_find(&t->ttl, key, t->now);
	cell = table_find(&t->table, key, hash_bytes(key.p, key.n));
	if (!cell)
		return NULL;
	table_touch(&t->table, cell);
	return (void *)cell->bytes;
}

bool
standing_differs(struct standing *t, const struct batch *b,
    const struct standing_row *row, unsigned at)
{
	pack_row(t, b, at);
	return t->scratch.n != row->n ||
	       memcmp(t->scratch.p, row->p, row->n) != 0;
}

static void
store(struct standing *t, struct standing_row *row, const struct batch *b,
    unsigned at)
{
	struct buf *s = &t->scratch;

	pack_row(t, b, at);
	if (s->n > row->cap) {
		row->cap = (uint32_t)(s->n + 15) & ~15u;
		row->p = arena_alloc(t->heap, row->cap);
	}
	memcpy(row->p, s->p, s->n);
	row->n = (uint32_t)s->n;
	row->time = b->time ? b->time[at] : 0;
	t->timed |= b->time != NULL;
}

struct standing_row *
standing_take(struct standing *t, const struct batch *b,
    const struct standing_prep *p, unsigned k)
{
	unsigned at = batch_row(b, k);
	bool gone = change_takes_back(batch_change(b, at));
	struct standing_row *row = standing_find(t, b, p, k);

	if (!t->keyed && !gone && !row->count && row->p)
		row->arrival = ++t->arrivals;
	if (t->keyed)
		row->count = !gone;
	else
		row->count += gone ? -1 : 1;
	if ((t->keyed && !gone) || !row->p)
		store(t, row, b, at);
	return row;
}

/* ---- rows out ---- */

static struct value
get_value(const char **p, const char *end, struct arena *a)
{
	struct value v;

	must(written_get(p, end, a, &v));
	return v;
}

unsigned
standing_put(struct standing *t, struct op_run *run,
    const struct standing_row *row, unsigned room)
{
	const char *p = row->p, *end = p + row->n;
	struct batch *b = t->out;
	unsigned at = t->n_out;

	if (at + room > BATCH_ROWS) {
		standing_flush(t, run);
		at = 0;
	}
	if (!at) {
		batch_reset(b);
		batch_columns(b, t->op->out.segment->n_cols);
		b->kind = arena_zalloc(b->arena, BATCH_ROWS);
		if (t->timed)
			b->time =
			    arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	}
	for (unsigned i = 0; i < t->n_cols; i++)
		/* The row's bytes may be those of the next one soon. */
		column_put(&b->cols[t->cols[i]], b->arena, at,
		    value_copy(b->arena, get_value(&p, end, b->arena)));
	if (b->time)
		b->time[at] = row->time;
	t->n_out = at + 1;
	return at;
}

void
standing_flush(struct standing *t, struct op_run *run)
{
	if (!t->n_out)
		return;
	t->out->n_rows = t->out->n_sel = t->n_out;
	t->n_out = 0;
	run->emit(run, t->out);
}

/* ---- state ---- */

void
standing_schema(const struct op *op, struct schema *out)
{
	unsigned *cols, n = columns_read(op, &cols);

	if (op->in.keyed)
		written_columns(&op->in, op->in.key, op->in.n_key, "key", out);
	else
		written_word(out, "key", "all columns");
	written_columns(&op->in, cols, n, "columns", out);
	mem_free(cols);
}

static void
save_row(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const struct standing_row *row = (const void *)cell->bytes;

	(void)arg;
	(void)t;
	written_put_int(out, row->count);
	written_put_int(out, row->time);
	written_put_int(out, (int64_t)row->arrival);
	written_put_int(out, row->shown);
	if (row->p)
		written_put_bytes(out, (struct str){row->p, row->n});
	else
		written_put(out, VALUE_NULL);
}

static bool
load_row(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	struct standing_row *row = (void *)cell->bytes;
	const struct standing *standing = arg;
	const char *p = bytes.p, *end = p + bytes.n;
	struct str columns;
	int64_t n[4];

	for (unsigned i = 0; i < 4; i++)
		if (!written_get_int(&p, end, &n[i]))
			return false;
	row->count = n[0];
	row->time = n[1];
	row->arrival = (uint64_t)n[2];
	row->shown = n[3] != 0;
	if (written_get_null(&p, end))
		return p == end && !row->count && !row->shown;
	if (!written_get_bytes(&p, end, &columns) || p != end ||
	    !written_is(columns.p, columns.p + columns.n, standing->n_cols))
		return false;
	row->n = row->cap = (uint32_t)columns.n;
	row->p = arena_alloc(&t->heap, columns.n);
	memcpy(row->p, columns.p, columns.n);
	return true;
}

static const struct cell_codec movable_codec = {
    .save = save_row, .load = load_row, .movable = true};

void
standing_forgets(struct standing *t, int64_t ttl)
{
	t->now = WHEN_MIN;
	if (ttl)
		ttl_init(&t->ttl, ttl, sizeof(struct standing_row),
		    &movable_codec, t);
}

void
standing_rise(struct standing *t, int64_t w)
{
	t->now = w;
	if (t->ttl.ttl)
		ttl_advance(&t->ttl, w);
}

uint64_t
standing_keys(const struct standing *t)
{
	return t->ttl.ttl ? ttl_count(&t->ttl) : t->table.n;
}

void
standing_settle(struct standing *t)
{
	if (t->ttl.ttl)
		ttl_settle(&t->ttl);
	else
		table_settle(&t->table);
}

/* What stands: four numbers, and the columns, if it stands. */
bool
standing_show(struct op_show *s, const struct op_entry *e)
{
	const char *p, *end;
	struct str saved, columns;
	unsigned n, *cols;
	int64_t number;
	bool good;

	if (str_is(e->map, "step"))
		return show_written(s, e->value);
	if ((!str_is(e->map, "rows") && !str_is(e->map, "since") &&
		!str_is(e->map, "ttl")) ||
	    !table_saved(e->value, &saved))
		return false;
	if (str_is(e->map, "ttl") && !code_get_int(&saved, &number))
		return false;
	p = saved.p;
	end = p + saved.n;
	for (unsigned i = 0; i < 4; i++)
		if (!written_get_int(&p, end, &number))
			return false;
	if (!written_get_bytes(&p, end, &columns) || p != end)
		return false;
	n = columns_read(s->op, &cols);
	good = show_columns(s, &s->op->in, cols, n, columns);
	mem_free(cols);
	return good;
}

void
standing_keep_table(struct standing *t, struct table *table,
    struct state_map *map, int64_t bucket)
{
	table_keep(table, map, bucket, &movable_codec, t);
}

int
standing_keep_in(struct standing *t, struct state_step *s,
    struct state_map *map, int64_t bucket, struct err *err)
{
	int64_t n[2];
	int rc;

	t->state = s;
	t->map = map;
	standing_keep_table(t, &t->table, map, bucket);
	if (t->ttl.ttl) {
		ttl_keep(&t->ttl, state_map(s, "ttl"));
		if (written_load(s, "now", &t->now, 1, err) < 0)
			return -1;
	}
	rc = written_load(s, "rows", n, 2, err);
	if (rc == 1) {
		t->arrivals = (uint64_t)n[0];
		t->timed = n[1] != 0;
	}
	return rc < 0 ? -1 : 0;
}

int
standing_keep(struct standing *t, struct state_step *s, struct err *err)
{
	return standing_keep_in(t, s, state_map(s, "rows"), 0, err);
}

void
standing_anew(struct standing *t, int64_t bucket)
{
	table_drop(&t->table);
	table_init(&t->table, sizeof(struct standing_row));
	if (t->state)
		standing_keep_table(t, &t->table, t->map, bucket);
}

void
standing_save(struct standing *t)
{
	const int64_t n[] = {(int64_t)t->arrivals, t->timed};

	written_save(t->state, "rows", n, 2);
	if (t->ttl.ttl)
		written_save(t->state, "now", &t->now, 1);
}
