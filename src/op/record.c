/* SPDX-License-Identifier: MIT */
/*
 * Records made anew; see record.h. A record keeps the order of its members; a
 * column that has the name of a member stands in its place, others follow.
 */
#include "op/record.h"

#include "base/must.h"
#include "data/pack.h"

struct record_item {
	struct str name;
	unsigned col;
	bool spread, dropped, omit_null;
};

struct record_spec {
	struct record_item *items;
	unsigned n;
};

struct record_spec *
record_bind(
    const struct flow *f, struct arena *a, struct where where, struct err *err)
{
	struct record_spec *s = arena_alloc(a, sizeof *s);

	s->n = f->n_cols;
	s->items = arena_array(a, f->n_cols, sizeof *s->items);
	for (unsigned i = 0; i < f->n_cols; i++) {
		const struct flow_column *c = &f->cols[i];
		struct record_item *item = &s->items[i];
		int col = (int)c->col;
		enum type type;

		*item = (struct record_item){
		    c->name, c->col, c->spread, c->dropped, c->omit_null};
		if (c->dropped)
			continue;
		if (c->parsed)
			col = parsed_record(c->parsed, where, err);
		else if (c->spread)
			col = scan_want(
			    f->scan, (struct path){0}, true, where, err);
		else
			col = flow_want(
			    f, path_of_name(a, c->name), a, &type, where, err);
		if (col == -1)
			return NULL;
		must(col >= 0);
		item->col = (unsigned)col;
	}
	return s;
}

/* The column that has a member's name. */
static const struct record_item *
item_of(const struct record_spec *s, struct str name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!s->items[i].spread && str_eq(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}

struct maker {
	const struct record_spec *s;
	const struct batch *b;
	struct arena *arena;
	struct buf pairs;
	unsigned n;
	bool *written; /* by item */
};

static void
put_pair(struct maker *m, struct str name, struct value v)
{
	pack_put_text(&m->pairs, name);
	pack_put(&m->pairs, v);
	m->n++;
}

static void
put_item(struct maker *m, const struct record_item *item, unsigned row)
{
	bool *written = &m->written[item - m->s->items];
	struct value v = VALUE_NULL;

	if (*written || item->dropped)
		return;
	*written = true;
	if (item->col < m->b->n_cols)
		v = column_get(&m->b->cols[item->col], row);
	if (v.type != T_NULL || !item->omit_null)
		put_pair(m, item->name, v);
}

static void
put_members(struct maker *m, struct value record, unsigned row)
{
	const struct record_item *item;
	const char *p, *end;
	uint32_t n;

	if (record.type == T_JSON)
		record = pack_of_json(value_str(record), m->arena);
	if (record.type != T_MAP)
		return;
	p = record.p;
	end = p + record.len;
	if (!pack_get_map(&p, end, &n))
		return;
	while (n--) {
		struct value key, v;

		if (pack_get(&p, end, m->arena, &key) != PACK_OK ||
		    pack_get(&p, end, m->arena, &v) != PACK_OK)
			return;
		item = item_of(m->s, value_str(key));
		if (item)
			put_item(m, item, row);
		else
			put_pair(m, value_str(key), v);
	}
}

static struct value
make(struct maker *m, unsigned row)
{
	struct buf all = {0};
	struct str copy;

	m->pairs.n = 0;
	m->n = 0;
	memset(m->written, 0, m->s->n * sizeof *m->written);
	for (unsigned i = 0; i < m->s->n; i++) {
		const struct record_item *item = &m->s->items[i];

		if (!item->spread)
			put_item(m, item, row);
		else if (item->col < m->b->n_cols)
			put_members(
			    m, column_get(&m->b->cols[item->col], row), row);
	}
	pack_put_map(&all, m->n);
	buf_adds(&all, buf_str(&m->pairs));
	copy = arena_str(m->arena, buf_str(&all));
	buf_release(&all);
	return value_of_str(T_MAP, copy);
}

struct column
record_column(
    const struct record_spec *s, struct eval *ev, const struct batch *b)
{
	struct column out = column_new(b->arena, T_MAP);
	struct maker m = {.s = s,
	    .b = b,
	    .arena = b->arena,
	    .written = arena_array(b->arena, s->n, sizeof *m.written)};

	(void)ev;
	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		out.v[row] = make(&m, row);
	}
	buf_release(&m.pairs);
	return out;
}
