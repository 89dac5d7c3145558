/* SPDX-License-Identifier: MIT */
/* What steps write down, and how they read it back; see written.h. */
#include "op/written.h"

#include <stdlib.h>

#include "data/key.h"
#include "data/pack.h"
#include "expr/fn.h"
#include "op/parsed.h"

/* ---- values ---- */

/* A byte msgpack never begins with: JSON text as it stands follows. */
#define WRITTEN_JSON ((char)0xc1)

void
written_put(struct buf *out, struct value v)
{
	if (v.type == T_JSON) {
		buf_addc(out, WRITTEN_JSON);
		pack_put_text(out, value_str(v));
	} else {
		pack_put(out, v);
	}
}

void
written_put_int(struct buf *out, int64_t i)
{
	pack_put(out, value_int(i));
}

void
written_put_bytes(struct buf *out, struct str s)
{
	pack_put(out, value_of_str(T_BYTES, s));
}

bool
written_get(const char **p, const char *end, struct arena *a, struct value *out)
{
	bool json = *p < end && **p == WRITTEN_JSON;

	*p += json;
	if (pack_get(p, end, a, out) != PACK_OK ||
	    (json && out->type != T_TEXT && out->type != T_BYTES))
		return false;
	if (json)
		out->type = T_JSON;
	return true;
}

/* A scalar that has no need of an arena. */
static bool
get_scalar(const char **p, const char *end, enum type type, struct value *out)
{
	struct arena none;
	bool found;

	arena_init(&none, 64);
	found = pack_get(p, end, &none, out) == PACK_OK && out->type == type;
	arena_release(&none);
	return found;
}

bool
written_get_null(const char **p, const char *end)
{
	if (*p == end || **p != (char)0xc0)
		return false;
	++*p;
	return true;
}

bool
written_get_int(const char **p, const char *end, int64_t *out)
{
	struct value v;

	if (!get_scalar(p, end, T_INT, &v))
		return false;
	*out = v.i;
	return true;
}

bool
written_get_bytes(const char **p, const char *end, struct str *out)
{
	struct value v;

	if (!get_scalar(p, end, T_BYTES, &v))
		return false;
	*out = value_str(v);
	return true;
}

bool
written_get_key(const char **p, const char *end, struct str *out)
{
	return written_get_bytes(p, end, out) && key_check(*out);
}

bool
written_number(struct str key, uint64_t *n)
{
	struct buf again = {0};
	const char *p = key.p;
	struct arena a;
	struct value v;
	bool same = false;

	if (!key.n || !key_check(key))
		return false;
	arena_init(&a, 64);
	v = key_get(&p, key.p + key.n, &a);
	arena_release(&a);
	if (v.type == T_INT) {
		*n = (uint64_t)v.i;
		same = str_eq(state_key_number(&again, *n), key);
	}
	buf_release(&again);
	return same;
}

bool
written_is(const char *p, const char *end, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (p < end && *p == WRITTEN_JSON) {
			const char *text = ++p;
			unsigned char c = p < end ? (unsigned char)*p : 0;

			/* A text: fixstr, str 8, 16 or 32. */
			if ((c & 0xe0) != 0xa0 && (c < 0xd9 || c > 0xdb))
				return false;
			p = text;
		}
		if (pack_skip(&p, end) != PACK_OK)
			return false;
	}
	return p == end;
}

/* ---- numbers of a step ---- */

void
written_save(
    struct state_step *s, const char *name, const int64_t *list, unsigned n)
{
	struct buf key = {0}, out = {0};

	pack_put_array(&out, n);
	for (unsigned i = 0; i < n; i++)
		written_put_int(&out, list[i]);
	state_put(
	    state_map(s, "step"), 0, state_key_text(&key, name), buf_str(&out));
	buf_release(&key);
	buf_release(&out);
}

static bool
read_numbers(struct str bytes, int64_t *list, unsigned n)
{
	const char *p = bytes.p, *end = p + bytes.n;
	uint32_t count;

	if (!pack_get_array(&p, end, &count) || count != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!written_get_int(&p, end, &list[i]))
			return false;
	return p == end;
}

int
written_load(struct state_step *s, const char *name, int64_t *list, unsigned n,
    struct err *err)
{
	struct state_map *m = state_map(s, "step");
	struct buf scratch = {0}, out = {0};
	struct str key = state_key_text(&scratch, name);
	int rc = 0;

	switch (state_get(m, 0, key, &out)) {
	case STORE_ABSENT:
		break;
	case STORE_FOUND:
		rc = read_numbers(buf_str(&out), list, n)
			 ? 1
			 : written_damaged(m, 0, key, err);
		break;
	case STORE_DAMAGED:
		rc = written_ended(m, err);
		break;
	}
	buf_release(&scratch);
	buf_release(&out);
	return rc;
}

int
written_damaged(
    struct state_map *m, int64_t bucket, struct str key, struct err *err)
{
	state_damaged(m, bucket, key);
	return written_ended(m, err);
}

int
written_ended(struct state_map *m, struct err *err)
{
	return store_failed(state_store(m), err) ? -1 : 0;
}

/* ---- schemas: dates ---- */

#define OF_DATES " (dates)"

static bool
cast_has_dates(const struct cast_type *t)
{
	if (t->type == T_DATE)
		return true;
	for (unsigned i = 0; t->nested && i < t->of->n; i++)
		if (cast_has_dates(&t->of->types[i]))
			return true;
	return false;
}

/* The result of a function by its signature: 1 dates, 0 none, -1 perhaps those
 * of its arguments. */
static int
fn_has_dates(const struct fn *fn)
{
	static const char *const more[] = {
	    "any", "list", "map", "same", "time"};
	const char *result = strstr(fn->signature, "-> ") + 3;

	if (!strcmp(result, "date"))
		return 1;
	for (unsigned i = 0; i < sizeof more / sizeof *more; i++)
		if (!strcmp(result, more[i]))
			return -1;
	return 0;
}

static bool
name_has_dates(const struct flow *f, struct str name)
{
	const struct flow_column *c = flow_find(f, name);

	return c && !c->spread && c->type == T_DATE;
}

/* As deep as the grammar lets an expression be. */
static bool
has_dates(const struct flow *f, const struct node *n)
{
	const struct fn *fn;
	int known = -1;

	if (n->kind == NODE_NAME && n->path.n && n->path.steps[0].name.p)
		return name_has_dates(f, n->path.steps[0].name);
	if (n->kind != NODE_CALL)
		return false;
	if (str_is(n->name, "cast") || str_is(n->name, "try_cast"))
		return cast_has_dates(&n->cast);
	if (str_is(n->name, "extract"))
		return false;
	fn = fn_find(n->name);
	if (fn)
		known = fn_has_dates(fn);
	for (unsigned i = 0; known < 0 && i < n->n_args; i++)
		if (has_dates(f, n->args[i]))
			return true;
	return known > 0;
}

void
written_node(struct buf *out, const struct flow *f, const struct node *n)
{
	node_print(out, n);
	if (has_dates(f, n))
		buf_lit(out, OF_DATES);
}

/* ---- schemas: arguments ---- */

static void
put_order(struct buf *out, const struct flow *f, const struct arg_item *item)
{
	written_node(out, f, item->node);
	if (item->descending)
		buf_lit(out, " desc");
	if (item->nulls_first == item->descending)
		buf_addz(
		    out, item->nulls_first ? " nulls first" : " nulls last");
}

static void
put_item(struct buf *out, const struct flow *f, enum param_kind kind,
    const struct arg_item *item)
{
	switch (kind) {
	case PARAM_FRAME:
		frame_print(out, item->node);
		return;
	case PARAM_ORDER:
		put_order(out, f, item);
		return;
	case PARAM_EXPR:
	case PARAM_EXPRS:
	case PARAM_NAMED:
	case PARAM_COUNT:
	case PARAM_SETS:
	case PARAM_WINDOW:
		written_node(out, f, item->node);
		return;
	case PARAM_NAMES:
	case PARAM_NAME:
		name_print(out, item->name);
		if (name_has_dates(f, item->name))
			buf_lit(out, OF_DATES);
		return;
	case PARAM_RENAME:
	case PARAM_FLAG:
	case PARAM_WORD:
	case PARAM_SETTINGS:
		buf_adds(out, item->name);
		return;
	case PARAM_FLOWS:
		return;
	}
}

/* Takes the text over. */
static void
add_part(struct schema *out, const char *what, struct buf *text)
{
	schema_add(out, what, arena_str(out->arena, buf_str(text)), true);
	buf_release(text);
}

static void
add_arg(const struct op *op, struct schema *out, const char *name)
{
	const struct arg *arg = op_arg(op, name);
	struct buf text = {0};

	for (unsigned i = 0; arg && i < arg->n_items; i++) {
		if (i)
			buf_lit(&text, ", ");
		put_item(&text, &op->in, arg->param->kind, &arg->items[i]);
	}
	add_part(out, name, &text);
}

void
written_args(const struct op *op, struct schema *out, const char *params)
{
	const char *p = params;
	size_t n;

	for (; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		add_arg(op, out, arena_str(out->arena, (struct str){p, n}).p);
	}
}

void
written_word(struct schema *out, const char *what, const char *word)
{
	schema_add(out, what, str_of(word), true);
}

void
written_count(struct schema *out, const char *what, uint64_t n)
{
	schema_add(out, what,
	    arena_printf(out->arena, "%llu", (unsigned long long)n), true);
}

/* ---- schemas: columns ---- */

static bool
put_origin(struct buf *out, const struct scan *s, unsigned col)
{
	for (unsigned i = 0; s && i < ORIGIN_N; i++)
		if (s->origin[i] == col + 1) {
			buf_addz(out, origin_rows[i].name);
			return true;
		}
	return false;
}

void
written_column(struct buf *out, const struct flow *f, unsigned col)
{
	const struct parsed_field *field;

	if (f->scan && col < f->scan->n_wants) {
		if (f->scan->wants[col].path.n)
			path_print(out, f->scan->wants[col].path);
		else
			buf_addc(out, '*');
		return;
	}
	if (put_origin(out, f->scan, col))
		return;
	for (unsigned i = 0; i < f->n_cols; i++)
		if (f->cols[i].col == col) {
			name_print(out, f->cols[i].name);
			return;
		}
	field = parsed_of(f, col);
	if (!field)
		return;
	buf_lit(out, "parsed ");
	path_print(out, field->path);
}

struct named {
	unsigned col;
	struct str name;
};

static int
by_name(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	int d = str_cmp(a->name, b->name);

	return d ? d : a->col < b->col ? -1 : a->col > b->col;
}

void
written_sort(const struct flow *f, unsigned *cols, unsigned n)
{
	struct named *list;
	struct buf text = {0};
	struct arena a;

	if (n < 2)
		return;
	arena_init(&a, 1024);
	list = arena_array(&a, n, sizeof *list);
	for (unsigned i = 0; i < n; i++) {
		text.n = 0;
		written_column(&text, f, cols[i]);
		list[i] =
		    (struct named){cols[i], arena_str(&a, buf_str(&text))};
	}
	qsort(list, n, sizeof *list, by_name);
	for (unsigned i = 0; i < n; i++)
		cols[i] = list[i].col;
	buf_release(&text);
	arena_release(&a);
}

static bool
column_has_dates(const struct flow *f, unsigned col)
{
	if (f->scan && col < f->scan->n_wants)
		return f->scan->wants[col].as == WANT_TYPE &&
		       f->scan->wants[col].type == T_DATE;
	for (unsigned i = 0; i < f->n_cols; i++)
		if (f->cols[i].col == col && f->cols[i].type == T_DATE)
			return true;
	return false;
}

void
written_columns(const struct flow *f, const unsigned *cols, unsigned n,
    const char *what, struct schema *out)
{
	struct buf text = {0};

	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_lit(&text, ", ");
		written_column(&text, f, cols[i]);
		if (column_has_dates(f, cols[i]))
			buf_lit(&text, OF_DATES);
	}
	add_part(out, what, &text);
}
