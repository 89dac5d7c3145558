/* SPDX-License-Identifier: MIT */
/* Times in another layout; see times.h. */
#include "data/times.h"

#include "data/pack_item.h"

struct maker {
	const struct when_layout *layout;
	struct arena *arena;
	struct buf text; /* of one time, or of one list or map */
	struct buf word; /* of a time inside of it */
};

/* A time as a number; d is the place of one that is no INT. */
static bool
number_of(struct maker *m, int64_t t, struct value *out)
{
	struct dec d;
	int64_t i;

	if (!when_out_number(m->layout, t, &d))
		return false;
	*out = dec_to_int(d, &i) ? value_int(i) : value_decimal(m->arena, d);
	return true;
}

static struct value
time_of(struct maker *m, int64_t t)
{
	struct value v;

	if (number_of(m, t, &v))
		return v;
	m->text.n = 0;
	when_out(&m->text, m->layout, t);
	return value_text(arena_str(m->arena, buf_str(&m->text)));
}

/* The same as packed bytes. */
static void
pack_time(struct maker *m, int64_t t)
{
	struct value v;

	if (number_of(m, t, &v)) {
		pack_put(&m->text, v);
		return;
	}
	m->word.n = 0;
	when_out(&m->word, m->layout, t);
	pack_put_text(&m->text, buf_str(&m->word));
}

/*
 * A list or map with its times replaced. How many elements follow a header
 * does not change, so items are copied one after another, however deep. False
 * if there is no time in it.
 */
static bool
repack(struct maker *m, struct value *v)
{
	const char *p = v->p, *end = p + v->len, *done = p;

	m->text.n = 0;
	while (p < end) {
		const char *from = p;
		struct pack_item it;

		if (pack_item_get(&p, end, &it) != PACK_OK)
			break;
		if (it.kind != PACK_SCALAR || it.v.type != T_TIME)
			continue;
		buf_add(&m->text, done, (size_t)(from - done));
		pack_time(m, it.v.i);
		done = p;
	}
	if (done == v->p)
		return false;
	buf_add(&m->text, done, (size_t)(end - done));
	*v = value_of_str(
	    (enum type)v->type, arena_str(m->arena, buf_str(&m->text)));
	return true;
}

/* True if the value has changed. */
static bool
change(struct maker *m, struct value *v)
{
	switch ((enum type)v->type) {
	case T_TIME:
		*v = time_of(m, v->i);
		return true;
	case T_LIST:
	case T_MAP:
		return repack(m, v);
	case T_NULL:
	case T_BOOL:
	case T_INT:
	case T_FLOAT:
	case T_DECIMAL:
	case T_TEXT:
	case T_BYTES:
	case T_DATE:
	case T_DURATION:
	case T_JSON:
	case T_ANY:
		break;
	}
	return false;
}

/* ---- dates ---- */

static void
pack_date(struct buf *out, struct value v)
{
	char text[WHEN_TEXT_MAX];

	pack_put_text(
	    out, (struct str){text, (size_t)(when_put_date(text, v.i) - text)});
}

/* False if no two bytes in it begin a packed date. */
static bool
may_have_dates(struct value v)
{
	const char *p = v.p, *end = p + v.len;

	while ((p = memchr(p, 0xd6, (size_t)(end - p)))) {
		if (++p == end)
			break;
		if (*p == PACK_EXT_DATE)
			return true;
	}
	return false;
}

void
dates_pack(struct buf *out, struct value v)
{
	const char *p = v.p, *end = p + v.len, *done = p;

	if (v.type == T_DATE) {
		pack_date(out, v);
		return;
	}
	if ((v.type != T_LIST && v.type != T_MAP) || !may_have_dates(v)) {
		pack_put(out, v);
		return;
	}
	while (p < end) {
		const char *from = p;
		struct pack_item it;

		if (pack_item_get(&p, end, &it) != PACK_OK)
			break;
		if (it.kind != PACK_SCALAR || it.v.type != T_DATE)
			continue;
		buf_add(out, done, (size_t)(from - done));
		pack_date(out, it.v);
		done = p;
	}
	buf_add(out, done, (size_t)(end - done));
}

/* ---- columns ---- */

/* The column's selected rows; the others become NULL. */
static void
change_rows(struct maker *m, const struct batch *b, struct column *c)
{
	struct column fresh = {.type = T_NULL};
	bool changed = false;
	unsigned row = 0;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned to = batch_row(b, k);
		struct value v = column_get(c, to);

		for (; row < to; row++)
			column_put_null(&fresh, m->arena, row);
		changed |= change(m, &v);
		column_put(&fresh, m->arena, row++, v);
	}
	if (changed)
		*c = fresh;
}

static void
change_column(struct maker *m, const struct batch *b, struct column *c)
{
	struct value v;

	if (c->type != T_TIME && type_store(c->type) != STORE_VALUE)
		return;
	if (c->type == T_DECIMAL)
		return;
	if (!c->constant) {
		change_rows(m, b, c);
		return;
	}
	v = column_get(c, 0);
	if (change(m, &v))
		*c = column_const(m->arena, v);
}

void
times_columns(struct batch *b, const struct when_layout *layout)
{
	struct maker m = {.layout = layout, .arena = b->arena};

	for (unsigned i = 0; i < b->n_cols; i++)
		change_column(&m, b, &b->cols[i]);
	buf_release(&m.text);
	buf_release(&m.word);
}
