/* SPDX-License-Identifier: MIT */
/*
 * Lists and maps: ARRAY[…], MAP[…], x[i], and x IN (…).
 *
 * Elements are counted from 1, with a sign from the end. Maps are packed with
 * text keys where the key is a text; other keys keep their type and are found
 * by comparing.
 */
#include "data/pack.h"
#include "expr/code.h"
#include "expr/mapping.h"

/* ---- ARRAY, MAP ---- */

static void
run_args(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *cols)
{
	for (unsigned i = 0; i < e->n_args; i++)
		expr_run(e->args[i], ev, b, rows, &cols[i]);
}

static void
eval_list(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column *cols;
	struct buf bytes = {0};

	cols = arena_array(ev->arena, e->n_args, sizeof(*cols));
	run_args(e, ev, b, rows, cols);
	*out = column_new(ev->arena, T_LIST);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		bytes.n = 0;
		pack_put_array(&bytes, e->n_args);
		for (unsigned i = 0; i < e->n_args; i++)
			pack_put(&bytes, column_get(&cols[i], row));
		out->v[row] =
		    value_of_str(T_LIST, arena_str(ev->arena, buf_str(&bytes)));
	}
	buf_release(&bytes);
}

/* False if a key is NULL. */
static bool
make_map(const struct expr *e, struct arena *arena, const struct column *cols,
    unsigned row, struct value *out)
{
	struct mapping m = mapping_start(arena, e->n_args / 2);

	for (unsigned i = 0; i < e->n_args; i += 2) {
		if (column_is_null(&cols[i], row))
			return false;
		mapping_put(&m, column_get(&cols[i], row),
		    column_get(&cols[i + 1], row));
	}
	mapping_done(&m, out);
	return true;
}

static void
eval_map(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column *cols;

	cols = arena_array(ev->arena, e->n_args, sizeof(*cols));
	run_args(e, ev, b, rows, cols);
	*out = column_new(ev->arena, T_MAP);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		if (!make_map(e, ev->arena, cols, row, &out->v[row]))
			col_fail(ev, out, row, "a key of a map is NULL");
	}
}

/* ---- x[i] ---- */

static struct value
map_find(struct arena *a, struct value map, struct value key)
{
	const char *p = map.p, *end = map.p + map.len;
	struct value k, v, found = VALUE_NULL;
	uint32_t n;

	if (key.type == T_TEXT)
		return pack_map_find(map, value_str(key), a, &v) ? v : found;
	if (!pack_get_map(&p, end, &n))
		return found;
	for (uint32_t i = 0; i < n; i++) {
		if (pack_get(&p, end, a, &k) != PACK_OK ||
		    pack_get(&p, end, a, &v) != PACK_OK)
			break;
		if (value_eq(k, key))
			found = v; /* the last one wins */
	}
	return found;
}

static struct value
element_of(struct arena *a, struct value v, struct value index)
{
	struct value out;

	if (v.type == T_MAP && index.type != T_NULL)
		return map_find(a, v, index);
	if (v.type == T_LIST && index.type == T_INT && index.i < 0)
		index.i += (int64_t)pack_count(v) + 1;
	if (v.type == T_LIST && index.type == T_INT && index.i >= 1 &&
	    index.i <= UINT32_MAX &&
	    pack_list_at(v, (uint32_t)(index.i - 1), a, &out))
		return out;
	return VALUE_NULL;
}

static void
eval_subscript(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, i;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &i);
	*out = col_null();
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		column_put(out, ev->arena, row,
		    element_of(
			ev->arena, column_get(&x, row), column_get(&i, row)));
	}
}

/* ---- IN ---- */

/*
 * The constant items of an IN, sorted by value_cmp within three classes: what
 * a value of the same class is looked up among. Values of another class are
 * compared one by one.
 */
struct in_list {
	struct value *items;  /* sorted */
	struct value *floats; /* the same for a float, decimals as floats */
	unsigned n;
	bool has_float;
	bool has_null;
	enum type common; /* T_ANY if of several classes; all numbers: T_INT */
	struct expr **others; /* not constant */
	unsigned n_others;
};

enum truth {
	NO,
	YES,
	UNKNOWN
};

static enum type
class_of(struct value v)
{
	return type_is_number(v.type) ? T_INT : (enum type)v.type;
}

static bool
search(const struct value *items, unsigned n, struct value v)
{
	unsigned lo = 0, hi = n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		int order = value_cmp(items[mid], v);

		if (!order)
			return true;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static enum truth
in_constants(const struct in_list *in, struct arena *a, struct value v)
{
	enum truth t = in->has_null ? UNKNOWN : NO;
	int order;

	if (v.type == T_NULL)
		return UNKNOWN;
	if (class_of(v) == in->common &&
	    !(v.type == T_DECIMAL && in->has_float))
		return search(
			   v.type == T_FLOAT ? in->floats : in->items, in->n, v)
			   ? YES
			   : t;
	for (unsigned i = 0; i < in->n; i++) {
		if (!values_compare(a, v, in->items[i], &order))
			t = UNKNOWN;
		else if (!order)
			return YES;
	}
	return t;
}

static void
put_truth(struct eval *ev, struct column *out, unsigned row, enum truth t)
{
	out->b[row] = t == YES;
	if (t == UNKNOWN)
		column_set_null(out, ev->arena, row);
}

#define FEW 8 /* items that are compared one after another */

static void
ints_in(struct eval *ev, const struct in_list *in, const struct column *x,
    struct rows rows, struct column *out)
{
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		int64_t v = x->i[row];
		bool hit = false;

		for (unsigned i = 0; i < in->n; i++)
			hit |= in->items[i].i == v;
		out->b[row] = hit;
		if (!hit && in->has_null)
			column_set_null(out, ev->arena, row);
	}
}

static void
texts_in(struct eval *ev, const struct in_list *in, const struct column *x,
    struct rows rows, struct column *out)
{
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct str s = x->s[row];
		bool hit = false;

		for (unsigned i = 0; i < in->n && !hit; i++)
			hit = in->items[i].len == s.n &&
			      !memcmp(in->items[i].p, s.p, s.n);
		out->b[row] = hit;
		if (!hit && in->has_null)
			column_set_null(out, ev->arena, row);
	}
}

static bool
all_of_type(const struct in_list *in, enum type t)
{
	for (unsigned i = 0; i < in->n; i++)
		if ((enum type)in->items[i].type != t)
			return false;
	return true;
}

static void
constants_column(struct eval *ev, const struct in_list *in,
    const struct column *x, struct rows rows, struct column *out)
{
	bool few = in->n <= FEW && !x->constant && all_of_type(in, x->type);

	if (x->type == T_NULL) {
		*out = col_null();
		return;
	}
	*out = column_new(ev->arena, T_BOOL);
	if (few && (x->type == T_INT || x->type == T_TEXT)) {
		out->nulls = col_nulls(ev, x, NULL);
		rows = col_present(ev, x, rows);
		(x->type == T_INT ? ints_in : texts_in)(ev, in, x, rows, out);
		return;
	}
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		put_truth(ev, out, row,
		    in_constants(in, ev->arena, column_get(x, row)));
	}
}

/*
 * The other items, for rows not found yet; `found` is edited. A row without a
 * value to look for needs no items.
 */
static void
others_column(const struct in_list *in, struct eval *ev, const struct batch *b,
    struct column *x, struct rows rows, struct column *found)
{
	uint16_t *sel = rows_new(ev, rows.n); /* shortened in place */

	rows = col_present(ev, x, rows);
	for (unsigned i = 0; i < in->n_others; i++) {
		struct column y, eq, again = *x;
		unsigned n = 0;

		for (unsigned k = 0; k < rows.n; k++) {
			unsigned row = rows.sel[k];

			sel[n] = (uint16_t)row;
			n +=
			    column_is_null(found, row) || !col_true(found, row);
		}
		rows = rows_of(sel, n);
		expr_run(in->others[i], ev, b, rows, &y);
		cols_compare(CMP_EQ, ev, &again, &y, rows, &eq);
		for (unsigned k = 0; k < n; k++) {
			unsigned row = sel[k];

			if (column_is_null(&eq, row)) {
				column_set_null(found, ev->arena, row);
			} else if (col_true(&eq, row)) {
				if (found->nulls)
					found->nulls[row >> 6] &=
					    ~((uint64_t)1 << (row & 63));
				found->b[row] = true;
			}
		}
	}
}

static void
eval_in(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	const struct in_list *in = e->more;
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	constants_column(ev, in, &x, rows, out);
	if (in->n_others && x.type != T_NULL)
		others_column(in, ev, b, &x, rows, out);
}

/* ---- x = ANY (list), x = ALL (list) ---- */

struct quantified {
	enum cmp cmp;
	bool all;
};

/* TRUE if one comparison is (all: unless one is not), UNKNOWN if it depends
 * on one that is UNKNOWN. */
static enum truth
compare_items(
    const struct quantified *q, struct arena *a, struct value x, struct value v)
{
	const char *p = v.p, *end = v.p + v.len;
	enum truth t = q->all ? YES : NO, stop = q->all ? NO : YES;
	struct value item;
	uint32_t n;
	int order;

	if (v.type != T_LIST || !pack_get_array(&p, end, &n))
		return UNKNOWN;
	for (uint32_t i = 0; i < n; i++) {
		if (pack_get(&p, end, a, &item) != PACK_OK)
			break;
		if (x.type == T_NULL || item.type == T_NULL ||
		    !values_compare(a, x, item, &order))
			t = UNKNOWN;
		else if (order_is(q->cmp, order) != q->all)
			return stop;
	}
	return t;
}

static void
eval_quantified(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, list;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &list);
	col_convert(ev, &list, rows, (struct sig_type){T_LIST, false});
	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		put_truth(ev, out, row,
		    compare_items(e->more, ev->arena, column_get(&x, row),
			column_get(&list, row)));
	}
}

/* ---- binding ---- */

static int
bind_quantified(struct binder *bd, const struct node *n, struct expr *e)
{
	static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};
	struct quantified *q = arena_alloc(bd->arena, sizeof *q);
	enum type t = e->args[1]->type;
	struct str name = {n->name.p, n->name.n - 4};

	q->all = str_is((struct str){name.p + name.n + 1, 3}, "all");
	q->cmp = CMP_EQ;
	for (unsigned i = 0; i < 6; i++)
		if (str_is(name, names[i]))
			q->cmp = (enum cmp)i;
	e->more = q;
	e->eval = eval_quantified;
	e->type = T_BOOL;
	e->fails = true;
	if (!type_converts(t, (struct sig_type){T_LIST, false}))
		return bind_fail(bd, e->args[1]->where,
		    "%s takes an array, not %s", q->all ? "ALL" : "ANY",
		    type_name(t));
	return 0;
}

static int
bind_list(struct binder *bd, const struct node *n, struct expr *e)
{
	(void)bd;
	e->type = *n->name.p == 'm' ? T_MAP : T_LIST;
	e->eval = e->type == T_MAP ? eval_map : eval_list;
	return 0;
}

static int
bind_subscript(struct binder *bd, const struct node *n, struct expr *e)
{
	enum type t = e->args[0]->type, i = e->args[1]->type;

	e->safe = true;
	e->eval = eval_subscript;
	e->type = T_ANY;
	if (t != T_LIST && t != T_MAP && t != T_ANY && t != T_NULL)
		return bind_fail(bd, n->where,
		    "%s has no elements: only arrays and maps have",
		    type_name(t));
	if (t == T_LIST && i != T_INT && i != T_ANY && i != T_NULL)
		return bind_fail(bd, e->args[1]->where,
		    "an element of an array is told by its number, not %s",
		    type_name(i));
	return 0;
}

/* Heap sort: the items may be many and in any order. */
static void
sift(struct value *v, unsigned i, unsigned n)
{
	for (unsigned child; (child = 2 * i + 1) < n; i = child) {
		struct value swap = v[i];

		if (child + 1 < n && value_cmp(v[child], v[child + 1]) < 0)
			child++;
		if (value_cmp(v[i], v[child]) >= 0)
			return;
		v[i] = v[child];
		v[child] = swap;
	}
}

static void
sort(struct value *v, unsigned n)
{
	for (unsigned i = n / 2; i-- > 0;)
		sift(v, i, n);
	while (n > 1) {
		struct value top = v[0];

		v[0] = v[--n];
		v[n] = top;
		sift(v, 0, n);
	}
}

static void
add_constant(struct in_list *in, struct value v)
{
	if (v.type == T_NULL) {
		in->has_null = true;
		return;
	}
	if (!in->n)
		in->common = class_of(v);
	else if (in->common != class_of(v))
		in->common = T_ANY;
	in->has_float |= v.type == T_FLOAT;
	in->floats[in->n] =
	    v.type == T_DECIMAL ? value_float(dec_to_float(*v.d)) : v;
	in->items[in->n++] = v;
}

static int
bind_in(struct binder *bd, const struct node *n, struct expr *e)
{
	struct in_list *in = arena_zalloc(bd->arena, sizeof(*in));
	enum type t = e->args[0]->type;

	in->items = arena_array(bd->arena, e->n_args, sizeof(*in->items));
	in->floats = arena_array(bd->arena, e->n_args, sizeof(*in->items));
	in->others = arena_array(bd->arena, e->n_args, sizeof(*in->others));
	in->common = T_ANY;
	e->more = in;
	e->safe = true;
	e->eval = eval_in;
	e->type = T_BOOL;
	for (unsigned i = 1; i < e->n_args; i++) {
		enum type it = e->args[i]->type;

		if (!types_comparable(t, it))
			return bind_fail(bd, e->args[i]->where,
			    "cannot compare %s and %s", type_name(t),
			    type_name(it));
		if (bind_text_as(bd, &e->args[i], t))
			return -1;
		if (e->args[i]->constant)
			add_constant(in, column_get(&e->args[i]->value, 0));
		else
			in->others[in->n_others++] = e->args[i];
	}
	(void)n;
	sort(in->items, in->n);
	sort(in->floats, in->n);
	return 0;
}

const struct op ops_list[] = {
    {"< all", 2, 2, bind_quantified},
    {"< any", 2, 2, bind_quantified},
    {"<= all", 2, 2, bind_quantified},
    {"<= any", 2, 2, bind_quantified},
    {"<> all", 2, 2, bind_quantified},
    {"<> any", 2, 2, bind_quantified},
    {"= all", 2, 2, bind_quantified},
    {"= any", 2, 2, bind_quantified},
    {"> all", 2, 2, bind_quantified},
    {"> any", 2, 2, bind_quantified},
    {">= all", 2, 2, bind_quantified},
    {">= any", 2, 2, bind_quantified},
    {"in", 2, UINT32_MAX, bind_in},
    {"list", 0, UINT32_MAX, bind_list},
    {"map", 0, UINT32_MAX, bind_list},
    {"row", 0, UINT32_MAX, bind_list},
    {"subscript", 2, 2, bind_subscript},
    {NULL, 0, 0, NULL},
};
