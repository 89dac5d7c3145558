/* SPDX-License-Identifier: MIT */
/* Entries of a step's state for people; see show.h. */
#include "op/show.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "data/pack.h"
#include "op/kept.h"
#include "op/written.h"

/* ---- a step ---- */

void
op_show_init(struct op_show *s, const struct op *op, struct state_step *step)
{
	*s = (struct op_show){.op = op, .step = step};
	arena_init(&s->arena, 1024);
	arena_init(&s->entry, 4096);
}

void
op_show_release(struct op_show *s)
{
	if (s->release)
		s->release(s->own);
	buf_release(&s->when);
	buf_release(&s->value);
	arena_release(&s->arena);
	arena_release(&s->entry);
}

bool
op_show_entry(struct op_show *s, const struct op_entry *e)
{
	bool known;

	arena_reset(&s->entry);
	s->when.n = s->value.n = 0;
	if (s->op->kind->show)
		known = s->op->kind->show(s, e);
	else
		known = str_is(e->map, "step") && show_written(s, e->value);
	if (!known)
		s->when.n = s->value.n = 0;
	return known;
}

/* ---- values ---- */

void
show_comma(struct buf *out)
{
	if (out->n && out->p[out->n - 1] != '{' && out->p[out->n - 1] != '[')
		buf_addc(out, ',');
}

void
show_name(struct buf *out, const char *name)
{
	show_comma(out);
	json_put_text(out, str_of(name));
	buf_addc(out, ':');
}

void
show_span(struct op_show *s, const char *what, int64_t start, int64_t end)
{
	buf_printf(&s->when, ",\"%s_start\":", what);
	value_json(&s->when, value_time(start));
	buf_printf(&s->when, ",\"%s_end\":", what);
	value_json(&s->when, value_time(end));
}

/* JSON text has to be what it says, as it is written as it stands. */
static bool
get(struct op_show *s, const char **p, const char *end, struct value *out)
{
	struct value parsed;

	return written_get(p, end, &s->entry, out) &&
	       (out->type != T_JSON ||
		   (utf8_valid(value_str(*out)) &&
		       pack_parse_json(value_str(*out), &s->entry, &parsed)));
}

bool
show_written(struct op_show *s, struct str bytes)
{
	const char *p = bytes.p, *end = p + bytes.n;
	size_t at = s->value.n;
	unsigned n = 0;

	buf_addc(&s->value, '[');
	for (; p < end; n++) {
		struct value v;

		if (!get(s, &p, end, &v))
			return false;
		show_comma(&s->value);
		value_json(&s->value, v);
	}
	if (n == 1)
		memmove(
		    s->value.p + at, s->value.p + at + 1, --s->value.n - at);
	else
		buf_addc(&s->value, ']');
	return n > 0;
}

/* ---- rows ---- */

static void
put_column(struct buf *out, struct str name, struct value v)
{
	size_t at = out->n;

	if (name.n != 1 || *name.p != '*') {
		show_comma(out);
		json_put_text(out, name);
		buf_addc(out, ':');
		value_json(out, v);
		return;
	}
	/* A record that is no object is a member of that name. */
	value_json(out, v);
	if (out->p[at] == '{') {
		memmove(out->p + at, out->p + at + 1, out->n - at - 1);
		out->n -= 2;
		return;
	}
	out->n = at;
	show_name(out, "*");
	value_json(out, v);
}

bool
show_columns(struct op_show *s, const struct flow *f, const unsigned *cols,
    unsigned n, struct str bytes)
{
	const char *p = bytes.p, *end = p + bytes.n;
	struct buf name = {0};
	bool good = true;

	buf_addc(&s->value, '{');
	for (unsigned i = 0; i < n && good; i++) {
		struct value v;

		name.n = 0;
		good = get(s, &p, end, &v);
		if (!good)
			break;
		written_column(&name, f, cols[i]);
		put_column(&s->value, buf_str(&name), v);
	}
	buf_addc(&s->value, '}');
	buf_release(&name);
	return good && p == end;
}

/* Columns that the step has of its rows. */
struct carried {
	unsigned *cols, n;
};

static const struct carried *
carried_of(struct op_show *s, const struct flow *f)
{
	struct carried *c = s->own;

	if (c)
		return c;
	s->own = c = arena_zalloc(&s->arena, sizeof *c);
	c->cols = flow_kept(f, s->op->number, &s->arena, &c->n);
	written_sort(f, c->cols, c->n);
	return c;
}

bool
show_row(struct op_show *s, const struct flow *f, struct str bytes)
{
	const struct carried *c = carried_of(s, f);

	return show_columns(s, f, c->cols, c->n, bytes);
}

/* Numbers, slots, and last of all what the row carries. */
bool
show_kept_row(struct op_show *s, struct str bytes)
{
	const char *p = bytes.p, *end = p + bytes.n, *slots;
	struct value v = VALUE_NULL;
	int64_t number;

	for (unsigned i = 0; i < KEPT_NUMBERS; i++)
		if (!written_get_int(&p, end, &number))
			return false;
	for (slots = p; p < end;)
		if (!written_get(&p, end, &s->entry, &v))
			return false;
	if (v.type == T_BYTES)
		return show_row(s, &s->op->in, value_str(v));
	/* Only what is calculated with: the last one says that that is all. */
	return v.type == T_NULL && p > slots + 1 &&
	       show_written(s, (struct str){slots, (size_t)(p - slots) - 1});
}

/* The rows that a key's cell has in its value, behind numbers or first. */
static bool
show_inline(struct op_show *s, struct str entry)
{
	struct str saved, row;
	const char *p, *end;
	int64_t number, stored;

	if (!table_saved(entry, &saved))
		return false;
	p = saved.p;
	end = p + saved.n;
	for (unsigned i = 0; i < 2 && !kept_is_inline(p, end); i++)
		if (!written_get_int(&p, end, &number))
			return false;
	if (!kept_is_inline(p, end))
		return false;
	buf_addc(&s->value, '[');
	while (kept_is_inline(p, end)) {
		if (!written_get_bytes(&p, end, &row) ||
		    !kept_inline_row(&row, &number, &stored))
			return false;
		show_comma(&s->value);
		if (!show_kept_row(s, row))
			return false;
	}
	buf_addc(&s->value, ']');
	return true;
}

/* The rows of a block, behind the place of the first of them. */
static bool
show_block(struct op_show *s, struct str entry)
{
	const char *p = entry.p, *end = p + entry.n;
	struct str row;
	int64_t from;

	if (!written_get_int(&p, end, &from))
		return false;
	buf_addc(&s->value, '[');
	while (p < end) {
		if (!written_get_bytes(&p, end, &row))
			return false;
		show_comma(&s->value);
		if (!show_kept_row(s, row))
			return false;
	}
	buf_addc(&s->value, ']');
	return true;
}

bool
show_kept(struct op_show *s, const struct op_entry *e)
{
	const char *p = e->value.p, *end = p + e->value.n;
	struct str key;

	if (str_is(e->map, "keys"))
		return show_inline(s, e->value);

	if (str_is(e->map, "rows"))
		return show_kept_row(s, e->value);
	if (str_is(e->map, "blocks"))
		return show_block(s, e->value);
	if (str_is(e->map, "step"))
		return show_written(s, e->value);
	if (!str_is(e->map, "waiting") && !str_is(e->map, "later"))
		return false;
	if (!written_get_null(&p, end) && !written_get_key(&p, end, &key))
		return false;
	return show_kept_row(s, (struct str){p, (size_t)(end - p)});
}
