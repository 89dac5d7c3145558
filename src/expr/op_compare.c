/* SPDX-License-Identifier: MIT */
/*
 * Comparisons: = <> < <= > >=, IS DISTINCT FROM, BETWEEN.
 *
 * Ints, floats and decimals are compared by value, exactly, but for a decimal
 * beside a float, which is taken as a float (so that a field holding 0.1 equals
 * the literal 0.1). NaN equals itself and is greater than every other number.
 * A date is compared with a time as its midnight. A text against a number,
 * time, date, duration or boolean is read as one (as a time for a date); if it
 * cannot be read, or the types have no order between them, the result is
 * UNKNOWN.
 *
 * Columns of one type are compared by loops made for the type and the
 * operator, once into bytes (a column) and once into a selection (a
 * condition). A constant side is element 0 for every row, by way of a mask on
 * the index, so that a column and a constant share one loop.
 */
#include "data/cast.h"
#include "expr/code.h"

/* ---- single values ---- */

bool
values_compare(struct arena *arena, struct value a, struct value b, int *order)
{
	struct value v;

	if (a.type == T_NULL || b.type == T_NULL)
		return false;
	if (a.type != b.type &&
	    !(type_is_number(a.type) && type_is_number(b.type))) {
		if (b.type == T_TEXT) {
			if (!values_compare(arena, b, a, order))
				return false;
			*order = -*order;
			return true;
		}
		if (type_is_instant(a.type) && type_is_instant(b.type)) {
			*order = (a.i > b.i) - (a.i < b.i);
			return true;
		}
		if (a.type != T_TEXT)
			return false;
		if (type_is_number(b.type)) {
			if (!text_number(arena, value_str(a), &v))
				return false;
		} else if (b.type == T_DATE) {
			b.type = T_TIME; /* the text may be any time */
			if (!value_cast(arena, a, T_TIME, NULL, &v))
				return false;
		} else if (b.type != T_TIME && b.type != T_DURATION &&
			   b.type != T_BOOL) {
			return false;
		} else if (!value_cast(arena, a, b.type, NULL, &v)) {
			return false;
		}
		a = v;
	}
	/* As in arithmetic, a decimal beside a float is a float: 0.1 = 0.1e0.
	 */
	if (a.type == T_FLOAT && b.type == T_DECIMAL)
		b = value_float(dec_to_float(*b.d));
	else if (a.type == T_DECIMAL && b.type == T_FLOAT)
		a = value_float(dec_to_float(*a.d));
	*order = value_cmp(a, b);
	return true;
}

/* The operator with its sides exchanged. */
static enum cmp
mirrored(enum cmp op)
{
	static const enum cmp to[] = {
	    CMP_EQ, CMP_NE, CMP_GT, CMP_GE, CMP_LT, CMP_LE};

	return to[op];
}

/* ---- elements ---- */

static INLINE bool
test_i64(enum cmp op, int64_t x, int64_t y)
{
	switch (op) {
	case CMP_EQ:
		return x == y;
	case CMP_NE:
		return x != y;
	case CMP_LT:
		return x < y;
	case CMP_LE:
		return x <= y;
	case CMP_GT:
		return x > y;
	case CMP_GE:
		return x >= y;
	}
	return false;
}

/* NaN equals NaN and is greatest. */
static INLINE bool
test_f64(enum cmp op, double x, double y)
{
	bool x_nan = x != x, y_nan = y != y;

	switch (op) {
	case CMP_EQ:
		return (x == y) | (x_nan & y_nan);
	case CMP_NE:
		return !((x == y) | (x_nan & y_nan));
	case CMP_LT:
		return (x < y) | (y_nan & !x_nan);
	case CMP_LE:
		return (x <= y) | y_nan;
	case CMP_GT:
		return (x > y) | (x_nan & !y_nan);
	case CMP_GE:
		return (x >= y) | x_nan;
	}
	return false;
}

/*
 * Converting x to double is monotone, so only equality needs a second look:
 * there the double is integral, and its own value decides.
 */
static INLINE int
order_int_float(int64_t x, double y)
{
	double d = (double)x;

	if (d < y)
		return -1;
	if (d > y)
		return 1;
	if (y != y)
		return -1;
	if (y >= 0x1p63)
		return -1;
	return x < (int64_t)y ? -1 : x > (int64_t)y;
}

static INLINE bool
bytes_eq(const char *p, const char *q, size_t n)
{
	uint64_t a, b;

	for (; n > 8; p += 8, q += 8, n -= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, q, 8);
		if (a != b)
			return false;
	}
	if (n == 8) {
		memcpy(&a, p, 8);
		memcpy(&b, q, 8);
		return a == b;
	}
	for (; n; n--)
		if (*p++ != *q++)
			return false;
	return true;
}

static INLINE bool
test_str(enum cmp op, struct str x, struct str y)
{
	if (op == CMP_EQ)
		return x.n == y.n && bytes_eq(x.p, y.p, x.n);
	if (op == CMP_NE)
		return !(x.n == y.n && bytes_eq(x.p, y.p, x.n));
	return order_is(op, str_cmp(x, y));
}

/* ---- loops ---- */

/* What kind of elements two columns have in common. */
enum pair {
	PAIR_I64,
	PAIR_F64,
	PAIR_INT_FLOAT, /* the float on the right */
	PAIR_STR,
	PAIR_BOOL,
	PAIR_VALUES
};

struct sides {
	const struct column *a, *b;
	unsigned mask_a, mask_b; /* 0 for a constant */
	struct arena *arena;
};

static INLINE bool
test_pair(enum pair pair, enum cmp op, const struct sides *s, unsigned row)
{
	unsigned i = row & s->mask_a, j = row & s->mask_b;

	switch (pair) {
	case PAIR_I64:
		return test_i64(op, s->a->i[i], s->b->i[j]);
	case PAIR_F64:
		return test_f64(op, s->a->f[i], s->b->f[j]);
	case PAIR_INT_FLOAT:
		return order_is(op, order_int_float(s->a->i[i], s->b->f[j]));
	case PAIR_STR:
		return test_str(op, s->a->s[i], s->b->s[j]);
	case PAIR_BOOL:
		return test_i64(op, s->a->b[i] != 0, s->b->b[j] != 0);
	case PAIR_VALUES:
		break;
	}
	return false;
}

static INLINE void
loop_bytes(enum pair pair, enum cmp op, const struct sides *s, struct rows rows,
    uint8_t *out)
{
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out[row] = test_pair(pair, op, s, row);
	}
}

static INLINE unsigned
loop_select(enum pair pair, enum cmp op, const struct sides *s,
    struct rows rows, uint16_t *out)
{
	const struct sides own = *s; /* out cannot alias it */
	unsigned n = 0;

	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out[n] = (uint16_t)row;
		n += test_pair(pair, op, &own, row);
	}
	return n;
}

/* One loop per operator. */
#define EACH_OP(op, LOOP, pair, ...)                                           \
	switch (op) {                                                          \
	case CMP_EQ:                                                           \
		LOOP(pair, CMP_EQ, __VA_ARGS__);                               \
		break;                                                         \
	case CMP_NE:                                                           \
		LOOP(pair, CMP_NE, __VA_ARGS__);                               \
		break;                                                         \
	case CMP_LT:                                                           \
		LOOP(pair, CMP_LT, __VA_ARGS__);                               \
		break;                                                         \
	case CMP_LE:                                                           \
		LOOP(pair, CMP_LE, __VA_ARGS__);                               \
		break;                                                         \
	case CMP_GT:                                                           \
		LOOP(pair, CMP_GT, __VA_ARGS__);                               \
		break;                                                         \
	case CMP_GE:                                                           \
		LOOP(pair, CMP_GE, __VA_ARGS__);                               \
		break;                                                         \
	}

#define BYTES(pair, op, ...) loop_bytes(pair, op, __VA_ARGS__)
#define SELECT(pair, op, ...) n = loop_select(pair, op, __VA_ARGS__)

static void
bytes_of(enum pair pair, enum cmp op, const struct sides *s, struct rows rows,
    uint8_t *out)
{
	switch (pair) {
	case PAIR_I64:
		EACH_OP(op, BYTES, PAIR_I64, s, rows, out)
		break;
	case PAIR_F64:
		EACH_OP(op, BYTES, PAIR_F64, s, rows, out)
		break;
	case PAIR_INT_FLOAT:
		EACH_OP(op, BYTES, PAIR_INT_FLOAT, s, rows, out)
		break;
	case PAIR_STR:
		EACH_OP(op, BYTES, PAIR_STR, s, rows, out)
		break;
	case PAIR_BOOL:
		EACH_OP(op, BYTES, PAIR_BOOL, s, rows, out)
		break;
	case PAIR_VALUES:
		break;
	}
}

static unsigned
select_of(enum pair pair, enum cmp op, const struct sides *s, struct rows rows,
    uint16_t *out)
{
	unsigned n = 0;

	switch (pair) {
	case PAIR_I64:
		EACH_OP(op, SELECT, PAIR_I64, s, rows, out)
		break;
	case PAIR_F64:
		EACH_OP(op, SELECT, PAIR_F64, s, rows, out)
		break;
	case PAIR_INT_FLOAT:
		EACH_OP(op, SELECT, PAIR_INT_FLOAT, s, rows, out)
		break;
	case PAIR_STR:
		EACH_OP(op, SELECT, PAIR_STR, s, rows, out)
		break;
	case PAIR_BOOL:
		EACH_OP(op, SELECT, PAIR_BOOL, s, rows, out)
		break;
	case PAIR_VALUES:
		break;
	}
	return n;
}

/* ---- columns ---- */

static enum pair
pair_of(enum type a, enum type b)
{
	if (a == T_INT && b == T_FLOAT)
		return PAIR_INT_FLOAT;
	if (a != b)
		return PAIR_VALUES;
	switch (type_store(a)) {
	case STORE_I64:
		return PAIR_I64;
	case STORE_F64:
		return PAIR_F64;
	case STORE_STR:
		return PAIR_STR;
	case STORE_BYTE:
		return PAIR_BOOL;
	case STORE_NONE:
	case STORE_VALUE:
		break;
	}
	return PAIR_VALUES;
}

/* A constant text against a column of another type: read once. False if it
 * cannot be read, so that every row is UNKNOWN. */
static bool
read_text(struct eval *ev, struct column *text, enum type want)
{
	struct value v = column_get(text, 0);
	bool read = type_is_number(want)
			? text_number(ev->arena, value_str(v), &v)
			: value_cast(ev->arena, v,
			      want == T_DATE ? T_TIME : want, NULL, &v);

	if (read)
		*text = column_const(ev->arena, v);
	return read;
}

static bool
is_readable(enum type t)
{
	return type_is_number(t) || type_is_instant(t) || t == T_DURATION ||
	       t == T_BOOL;
}

/*
 * An int against a constant decimal is an int against an int: x > 2.5 is
 * x > 2, x < 2.5 is x <= 2. Equality with a fraction is left as it is.
 */
static void
round_decimal(struct eval *ev, enum cmp *op, struct column *b)
{
	struct dec d = *column_get(b, 0).d;
	int64_t i;

	if (!dec_to_int(d, &i)) {
		if (*op == CMP_EQ || *op == CMP_NE || !dec_trunc_int(d, &i) ||
		    i == INT64_MIN)
			return;
		i -= d.v < 0;
		*op = *op == CMP_LT || *op == CMP_LE ? CMP_LE : CMP_GT;
	}
	*b = column_const(ev->arena, value_int(i));
}

/* Makes the sides alike where that is done once for all rows, and puts the
 * constant and the float on the right. False if every row is UNKNOWN. */
static bool
prepare(struct eval *ev, enum cmp *op, struct column *a, struct column *b)
{
	struct column t;

	if (a->type == T_NULL || b->type == T_NULL)
		return false;
	if ((a->constant && !b->constant) ||
	    (a->type == T_FLOAT && b->type == T_INT)) {
		t = *a;
		*a = *b;
		*b = t;
		*op = mirrored(*op);
	}
	if (b->constant && b->type == T_TEXT && is_readable(a->type) &&
	    !read_text(ev, b, a->type))
		return false;
	if (type_is_instant(a->type) && type_is_instant(b->type))
		a->type = b->type = T_TIME;
	if (b->constant && b->type == T_DECIMAL && a->type == T_INT)
		round_decimal(ev, op, b);
	if (b->constant && b->type == T_DECIMAL && a->type == T_FLOAT)
		*b = column_const(
		    ev->arena, value_float(dec_to_float(*column_get(b, 0).d)));
	/* The constant of an int column may have become a float, or the
	 * other way round. */
	if (a->type == T_FLOAT && b->type == T_INT) {
		t = *a;
		*a = *b;
		*b = t;
		*op = mirrored(*op);
	}
	return true;
}

static struct sides
sides_of(struct eval *ev, const struct column *a, const struct column *b)
{
	return (struct sides){
	    a, b, a->constant ? 0 : ~0u, b->constant ? 0 : ~0u, ev->arena};
}

static void
compare_values(enum cmp op, struct eval *ev, const struct column *a,
    const struct column *b, struct rows rows, struct column *out)
{
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		int order;

		if (values_compare(ev->arena, column_get(a, row),
			column_get(b, row), &order))
			out->b[row] = order_is(op, order);
		else
			column_set_null(out, ev->arena, row);
	}
}

void
cols_compare(enum cmp op, struct eval *ev, struct column *a, struct column *b,
    struct rows rows, struct column *out)
{
	enum pair pair;
	struct sides s;

	*out = col_null();
	if (!prepare(ev, &op, a, b))
		return;
	*out = column_new(ev->arena, T_BOOL);
	pair = pair_of(a->type, b->type);
	if (pair == PAIR_VALUES) {
		compare_values(op, ev, a, b, rows, out);
		return;
	}
	s = sides_of(ev, a, b);
	bytes_of(pair, op, &s, rows, out->b);
	out->nulls = col_nulls(ev, a, b);
}

static unsigned
select_values(enum cmp op, struct eval *ev, const struct column *a,
    const struct column *b, struct rows rows, uint16_t *out)
{
	unsigned n = 0;
	int order;

	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		if (values_compare(ev->arena, column_get(a, row),
			column_get(b, row), &order) &&
		    order_is(op, order))
			out[n++] = (uint16_t)row;
	}
	return n;
}

unsigned
cols_select(enum cmp op, struct eval *ev, struct column *a, struct column *b,
    struct rows rows, uint16_t *out)
{
	enum pair pair;
	struct sides s;

	if (!prepare(ev, &op, a, b))
		return 0;
	pair = pair_of(a->type, b->type);
	if (pair == PAIR_VALUES)
		return select_values(op, ev, a, b, rows, out);
	rows = col_present(ev, a, rows);
	rows = col_present(ev, b, rows);
	s = sides_of(ev, a, b);
	return select_of(pair, op, &s, rows, out);
}

/* ---- the operators ---- */

static void
eval_compare(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, y;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &y);
	cols_compare((enum cmp)e->op, ev, &x, &y, rows, out);
}

static unsigned
select_compare(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, uint16_t *out)
{
	struct column x, y;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &y);
	return cols_select((enum cmp)e->op, ev, &x, &y, rows, out);
}

/* NULLs are equal to one another and to nothing else. */
static void
eval_distinct(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, y, same;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &y);
	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out->b[row] =
		    column_is_null(&x, row) != column_is_null(&y, row);
	}
	rows = col_present(ev, &x, rows);
	rows = col_present(ev, &y, rows);
	if (!rows.n)
		return;
	cols_compare(CMP_NE, ev, &x, &y, rows, &same);
	/* Values that cannot be compared differ. */
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out->b[row] =
		    column_is_null(&same, row) || col_true(&same, row);
	}
}

/* low <= x AND x <= high, Kleene; x is evaluated once. */
static void
eval_between(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, x2, lo, hi, above, below;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &lo);
	expr_run(e->args[2], ev, b, rows, &hi);
	x2 = x;
	cols_compare(CMP_GE, ev, &x, &lo, rows, &above);
	cols_compare(CMP_LE, ev, &x2, &hi, rows, &below);
	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		bool null1 = column_is_null(&above, row);
		bool null2 = column_is_null(&below, row);
		bool false1 = !null1 && !col_true(&above, row);
		bool false2 = !null2 && !col_true(&below, row);

		out->b[row] = !false1 && !false2;
		if ((null1 || null2) && !false1 && !false2)
			column_set_null(out, ev->arena, row);
	}
}

static unsigned
select_between(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, uint16_t *out)
{
	struct column x, x2, lo, hi;
	uint16_t *sel = rows_new(ev, rows.n);
	unsigned n;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &lo);
	expr_run(e->args[2], ev, b, rows, &hi);
	x2 = x;
	n = cols_select(CMP_GE, ev, &x, &lo, rows, sel);
	return cols_select(CMP_LE, ev, &x2, &hi, rows_of(sel, n), out);
}

/* ---- keys that are compared ---- */

enum type
type_compared(enum type a, enum type b)
{
	if (type_is_instant(a) && type_is_instant(b))
		return a == b ? T_NULL : T_TIME;
	if (is_readable(b) && !is_readable(a)) {
		enum type swap = a;

		a = b;
		b = swap;
	}
	if (!is_readable(a) || (b != T_TEXT && b != T_ANY && b != T_JSON))
		return T_NULL;
	return a == T_DATE ? T_TIME : a;
}

static struct value
compared(struct arena *a, enum type as, struct value v)
{
	struct value out = v;

	if (as == T_TIME && v.type == T_DATE)
		out.type = T_TIME;
	else if (v.type == T_TEXT &&
		 !(type_is_number(as) ? text_number(a, value_str(v), &out)
				      : value_cast(a, v, as, NULL, &out)))
		return VALUE_NULL;
	return out;
}

void
column_compared(
    struct eval *ev, const struct batch *b, enum type as, struct column *c)
{
	struct column out = col_null();

	if (c->constant) {
		if (c->type != T_NULL)
			*c = column_const(ev->arena,
			    compared(ev->arena, as, column_get(c, 0)));
		return;
	}
	if (as == T_TIME && c->type == T_DATE)
		c->type = T_TIME;
	if (c->type != T_TEXT && c->type != T_ANY)
		return;
	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		column_put(&out, ev->arena, row,
		    compared(ev->arena, as, column_get(c, row)));
	}
	*c = out;
}

/* ---- binding ---- */

bool
types_comparable(enum type a, enum type b)
{
	if (a == T_ANY || b == T_ANY || a == T_NULL || b == T_NULL ||
	    a == T_JSON || b == T_JSON || a == b ||
	    (type_is_number(a) && type_is_number(b)) ||
	    (type_is_instant(a) && type_is_instant(b)))
		return true;
	return (a == T_TEXT && is_readable(b)) ||
	       (b == T_TEXT && is_readable(a));
}

/* Checks args[i] against args[j], reading constant texts. */
static int
bind_sides(struct binder *bd, const struct node *n, struct expr *e, unsigned i,
    unsigned j)
{
	enum type a = e->args[i]->type, b = e->args[j]->type;

	if (!types_comparable(a, b))
		return bind_fail(bd, n->name_at, "cannot compare %s and %s",
		    type_name(a), type_name(b));
	if (bind_text_as(bd, &e->args[i], b) ||
	    bind_text_as(bd, &e->args[j], a))
		return -1;
	return 0;
}

static int
bind_compare(struct binder *bd, const struct node *n, struct expr *e)
{
	static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};

	for (unsigned i = 0; i < 6; i++)
		if (str_is(n->name, names[i]))
			e->op = i;
	e->safe = true;
	e->eval = eval_compare;
	e->select = select_compare;
	e->type = T_BOOL;
	return bind_sides(bd, n, e, 0, 1);
}

static int
bind_distinct(struct binder *bd, const struct node *n, struct expr *e)
{
	e->safe = true;
	e->eval = eval_distinct;
	e->type = T_BOOL;
	return bind_sides(bd, n, e, 0, 1);
}

static int
bind_between(struct binder *bd, const struct node *n, struct expr *e)
{
	e->safe = true;
	e->eval = eval_between;
	e->select = select_between;
	e->type = T_BOOL;
	return bind_sides(bd, n, e, 0, 1) || bind_sides(bd, n, e, 0, 2) ? -1
									: 0;
}

const struct op ops_compare[] = {
    {"<", 2, 2, bind_compare},
    {"<=", 2, 2, bind_compare},
    {"<>", 2, 2, bind_compare},
    {"=", 2, 2, bind_compare},
    {">", 2, 2, bind_compare},
    {">=", 2, 2, bind_compare},
    {"between", 3, 3, bind_between},
    {"is distinct from", 2, 2, bind_distinct},
    {NULL, 0, 0, NULL},
};
