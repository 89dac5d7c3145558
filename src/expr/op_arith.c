/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic: + - * / % and unary minus, on numbers, times and durations.
 *
 * Integers stay integers and never wrap: overflow and division by zero make
 * the row bad. An int and a float make a float, an int and a decimal a
 * decimal, a decimal and a float a float; float arithmetic is IEEE 754's.
 * time - time is a duration, time ± duration a time, a duration times or
 * divided by a number a duration, a duration by a duration a float. date - date
 * is a number of days, date ± whole number a date, and so is date ± an interval
 * of whole days; else a date counts as its midnight.
 *
 * Columns of int64 and double have loops of their own. Those of + and - on
 * int64 only gather whether anything overflowed (Hacker's Delight, 2-13), so
 * that they have no branch; if so, the rows are gone through once more.
 * Everything else goes value by value.
 */
#include <math.h>

#include "base/when.h"
#include "expr/arith.h"
#include "expr/code.h"
#include "expr/daytime.h"

static const char REASON_OVERFLOW[] = "integer overflow";
static const char REASON_ZERO[] = "division by zero";
static const char REASON_DECIMAL[] = "decimal overflow";
static const char REASON_TIME[] = "time out of range";
static const char REASON_DURATION[] = "duration out of range";

/* ---- types ---- */

static enum type
type_number(enum type a, enum type b)
{
	if (a == T_FLOAT || b == T_FLOAT)
		return T_FLOAT;
	return a == T_DECIMAL || b == T_DECIMAL ? T_DECIMAL : T_INT;
}

static enum type
type_duration(enum arith op, enum type a, enum type b)
{
	if (a == T_DURATION && b == T_DURATION)
		return op == ARITH_DIV	 ? T_FLOAT
		       : op == ARITH_MUL ? T_NULL
					 : T_DURATION;
	if (type_is_number(b))
		return op == ARITH_MUL || op == ARITH_DIV ? T_DURATION : T_NULL;
	return type_is_number(a) && op == ARITH_MUL ? T_DURATION : T_NULL;
}

/*
 * Two dates differ by days, as in PostgreSQL and DuckDB, and a whole number
 * beside a date is one of days. Beside all else it is a time.
 */
static enum type
type_date(enum arith op, enum type a, enum type b)
{
	if (a == T_DATE && b == T_DATE)
		return op == ARITH_SUB ? T_INT : T_NULL;
	if (a == T_DATE && b == T_INT)
		return op == ARITH_ADD || op == ARITH_SUB ? T_DATE : T_NULL;
	if (a == T_INT && b == T_DATE)
		return op == ARITH_ADD ? T_DATE : T_NULL;
	return T_ANY;
}

/* The type of a op b; T_NULL if there is none. */
static enum type
type_of(enum arith op, enum type a, enum type b)
{
	enum type date;

	if (type_is_number(a) && type_is_number(b))
		return type_number(a, b);
	if (a == T_DATE || b == T_DATE) {
		date = type_date(op, a, b);
		if (date != T_ANY)
			return date;
		a = a == T_DATE ? T_TIME : a;
		b = b == T_DATE ? T_TIME : b;
	}
	if (a == T_TIME && b == T_TIME)
		return op == ARITH_SUB ? T_DURATION : T_NULL;
	if (a == T_TIME && b == T_DURATION)
		return op == ARITH_ADD || op == ARITH_SUB ? T_TIME : T_NULL;
	if (a == T_DURATION && b == T_TIME)
		return op == ARITH_ADD ? T_TIME : T_NULL;
	if (a == T_DURATION || b == T_DURATION)
		return type_duration(op, a, b);
	return T_NULL;
}

static const char *
mismatch(struct arena *a, enum arith op, enum type x, enum type y)
{
	const char *p = type_name(x), *q = type_name(y);

	switch (op) {
	case ARITH_ADD:
		return arena_printf(a, "cannot add %s and %s", p, q).p;
	case ARITH_SUB:
		return arena_printf(a, "cannot subtract %s from %s", q, p).p;
	case ARITH_MUL:
		return arena_printf(a, "cannot multiply %s by %s", p, q).p;
	case ARITH_DIV:
		return arena_printf(a, "cannot divide %s by %s", p, q).p;
	case ARITH_MOD:
		break;
	}
	return arena_printf(a, "cannot take %s modulo %s", p, q).p;
}

/* ---- single values ---- */

static const char *
reason_of(enum type t)
{
	return type_is_instant(t) ? REASON_TIME
	       : t == T_DURATION  ? REASON_DURATION
				  : REASON_OVERFLOW;
}

/* NULL, or the reason why it is impossible. */
static INLINE const char *
int_op(enum arith op, enum type type, int64_t x, int64_t y, int64_t *out)
{
	bool over = false;

	switch (op) {
	case ARITH_ADD:
		over = __builtin_add_overflow(x, y, out);
		break;
	case ARITH_SUB:
		over = __builtin_sub_overflow(x, y, out);
		break;
	case ARITH_MUL:
		over = __builtin_mul_overflow(x, y, out);
		break;
	case ARITH_DIV:
		if (!y)
			return REASON_ZERO;
		over = y == -1 && x == INT64_MIN;
		*out = over ? 0 : x / y;
		break;
	case ARITH_MOD:
		if (!y)
			return REASON_ZERO;
		*out = y == -1 ? 0 : x % y;
		break;
	}
	/* Years beyond 9999 can be neither read nor written. */
	if (type_is_instant(type) && (*out < WHEN_FIRST || *out > WHEN_LAST))
		over = true;
	return over ? reason_of(type) : NULL;
}

static INLINE double
float_op(enum arith op, double x, double y)
{
	switch (op) {
	case ARITH_ADD:
		return x + y;
	case ARITH_SUB:
		return x - y;
	case ARITH_MUL:
		return x * y;
	case ARITH_DIV:
		return x / y;
	case ARITH_MOD:
		return fmod(x, y);
	}
	return 0;
}

static const char *
dec_op(enum arith op, struct dec x, struct dec y, struct dec *out)
{
	bool fits = false;

	if ((op == ARITH_DIV || op == ARITH_MOD) && !y.v)
		return REASON_ZERO;
	switch (op) {
	case ARITH_ADD:
		fits = dec_add(x, y, out);
		break;
	case ARITH_SUB:
		fits = dec_sub(x, y, out);
		break;
	case ARITH_MUL:
		fits = dec_mul(x, y, out);
		break;
	case ARITH_DIV:
		fits = dec_div(x, y, out);
		break;
	case ARITH_MOD:
		fits = dec_mod(x, y, out);
		break;
	}
	return fits ? NULL : REASON_DECIMAL;
}

static double
as_float(struct value v)
{
	return v.type == T_FLOAT     ? v.f
	       : v.type == T_DECIMAL ? dec_to_float(*v.d)
				     : (double)v.i;
}

static struct dec
as_dec(struct value v)
{
	return v.type == T_DECIMAL ? *v.d : dec_of_int(v.i);
}

/* A duration by a number that is no int: exact for decimals, else rounded to
 * the nearest microsecond. */
static const char *
scale_duration(enum arith op, struct value x, struct value y, int64_t *out)
{
	struct dec d;
	double f;

	if (x.type == T_DECIMAL || y.type == T_DECIMAL) {
		const char *reason = dec_op(op, as_dec(x), as_dec(y), &d);

		if (reason)
			return reason;
		return dec_round(d, 0, &d) && dec_to_int(d, out)
			   ? NULL
			   : REASON_DURATION;
	}
	f = nearbyint(float_op(op, as_float(x), as_float(y)));
	if (!(f >= -0x1p63 && f < 0x1p63))
		return REASON_DURATION;
	*out = (int64_t)f;
	return NULL;
}

static bool
is_int64(struct value v)
{
	return type_store(v.type) == STORE_I64;
}

/* Dates as days, for what is counted in days. */
static const char *
date_op(
    enum arith op, enum type type, struct value x, struct value y, int64_t *out)
{
	const char *reason;

	x.i /= x.type == T_DATE ? WHEN_DAY : 1;
	y.i /= y.type == T_DATE ? WHEN_DAY : 1;
	reason = int_op(op, T_INT, x.i, y.i, out);
	if (reason || type == T_INT)
		return reason ? REASON_TIME : NULL;
	return int_op(ARITH_MUL, T_DATE, *out, WHEN_DAY, out);
}

/* a op b for operands of types that fit. */
static const char *
value_op(enum arith op, enum type type, struct arena *arena, struct value x,
    struct value y, struct value *out)
{
	const char *reason = NULL;
	struct dec d;

	out->type = (uint8_t)type;
	out->len = 0;
	if (type == T_FLOAT) {
		out->f = float_op(op, as_float(x), as_float(y));
	} else if (type == T_DECIMAL) {
		reason = dec_op(op, as_dec(x), as_dec(y), &d);
		if (!reason)
			*out = value_decimal(arena, d);
	} else if (type == T_DATE || (type == T_INT && x.type == T_DATE)) {
		reason = date_op(op, type, x, y, &out->i);
	} else if (is_int64(x) && is_int64(y)) {
		reason = int_op(op, type, x.i, y.i, &out->i);
	} else {
		reason = scale_duration(op, x, y, &out->i);
	}
	return reason;
}

static const char *
values_op(enum arith op, bool days, struct arena *arena, struct value x,
    struct value y, struct value *out)
{
	const char *reason;
	enum type type;

	*out = VALUE_NULL;
	if (x.type == T_NULL || y.type == T_NULL)
		return NULL;
	if (arith_on_daytime(op, arena, x, y, out))
		return NULL;
	if (op == ARITH_SUB)
		arith_read_times(arena, &x, &y);
	reason = arith_read(arena, op, &x, y, true);
	if (!reason)
		reason = arith_read(arena, op, &y, x, false);
	if (reason)
		return reason;
	type = type_of(op, x.type, y.type);
	if (type == T_NULL)
		return mismatch(arena, op, x.type, y.type);
	reason = value_op(op, type, arena, x, y, out);
	if (days && type == T_TIME && (x.type == T_DATE || y.type == T_DATE))
		out->type = T_DATE;
	return reason;
}

/* ---- columns ---- */

/* Row by row, with the reason for each that fails; NULLs are left out. */
static void
ints_slow(enum arith op, struct eval *ev, const int64_t *x, const int64_t *y,
    struct rows rows, struct column *out)
{
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		const char *reason;

		if (out->nulls && bit_get(out->nulls, row)) {
			out->i[row] = 0;
			continue;
		}
		reason = int_op(op, out->type, x[row], y[row], &out->i[row]);
		if (reason)
			col_fail(ev, out, row, reason);
	}
}

/* Sum or difference with wrapping, and bit 63 set if any overflowed. */
static INLINE uint64_t
wrap(bool sub, int64_t x, int64_t y, int64_t *out)
{
	uint64_t a = (uint64_t)x, b = (uint64_t)y;
	uint64_t r = sub ? a - b : a + b;

	*out = (int64_t)r;
	return sub ? (a ^ b) & (a ^ r) : (a ^ r) & (b ^ r);
}

static INLINE bool
ints_fast(bool sub, const int64_t *x, const int64_t *y, struct rows rows,
    int64_t *restrict out)
{
	uint64_t over = 0;

	if (rows.dense) {
		for (unsigned i = 0; i < rows.n; i++)
			over |= wrap(sub, x[i], y[i], &out[i]);
	} else {
		for (unsigned k = 0; k < rows.n; k++) {
			unsigned i = rows.sel[k];

			over |= wrap(sub, x[i], y[i], &out[i]);
		}
	}
	return over >> 63;
}

static void
ints_op(enum arith op, struct eval *ev, const struct column *a,
    const struct column *b, struct rows rows, struct column *out)
{
	bool slow = true;

	/* Times have bounds of their own. */
	if (type_is_instant(out->type))
		slow = true;
	else if (op == ARITH_ADD)
		slow = ints_fast(false, a->i, b->i, rows, out->i);
	else if (op == ARITH_SUB)
		slow = ints_fast(true, a->i, b->i, rows, out->i);
	if (slow)
		ints_slow(op, ev, a->i, b->i, rows, out);
}

static INLINE void
floats_loop(enum arith op, const double *x, const double *y, struct rows rows,
    double *restrict out)
{
	if (rows.dense) {
		for (unsigned i = 0; i < rows.n; i++)
			out[i] = float_op(op, x[i], y[i]);
	} else {
		for (unsigned k = 0; k < rows.n; k++) {
			unsigned i = rows.sel[k];

			out[i] = float_op(op, x[i], y[i]);
		}
	}
}

static void
floats_op(enum arith op, const double *x, const double *y, struct rows rows,
    double *out)
{
	switch (op) {
	case ARITH_ADD:
		floats_loop(ARITH_ADD, x, y, rows, out);
		break;
	case ARITH_SUB:
		floats_loop(ARITH_SUB, x, y, rows, out);
		break;
	case ARITH_MUL:
		floats_loop(ARITH_MUL, x, y, rows, out);
		break;
	case ARITH_DIV:
		floats_loop(ARITH_DIV, x, y, rows, out);
		break;
	case ARITH_MOD:
		floats_loop(ARITH_MOD, x, y, rows, out);
		break;
	}
}

/*
 * Decimals and ints: the results stand in one array. Factors of 64 bits need
 * no check but that of the scale: their product has fewer than 38 digits.
 */
static INLINE struct dec
dec_at(const struct column *c, unsigned row)
{
	if (c->constant)
		row = 0;
	if (c->type == T_INT)
		return (struct dec){.v = c->i[row]};
	return *c->v[row].d;
}

static INLINE bool
is_small(__int128 v)
{
	return v >= INT64_MIN && v <= INT64_MAX;
}

static const char *
dec_product(enum arith op, struct dec x, struct dec y, struct dec *out)
{
	unsigned scale = (unsigned)x.scale + y.scale;

	if (op != ARITH_MUL || scale > DEC_DIGITS_MAX || !is_small(x.v) ||
	    !is_small(y.v))
		return dec_op(op, x, y, out);
	*out = (struct dec){x.v * y.v, (uint8_t)scale};
	return NULL;
}

static void
decs_cols(enum arith op, struct eval *ev, const struct column *a,
    const struct column *b, struct rows rows, struct column *out)
{
	unsigned n = rows.n ? rows.sel[rows.n - 1] + 1u : 0;
	struct dec *decs = arena_array(ev->arena, n, sizeof(*decs));

	*out = column_new(ev->arena, T_DECIMAL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		const char *reason;

		if (column_is_null(a, row) || column_is_null(b, row)) {
			column_set_null(out, ev->arena, row);
			continue;
		}
		reason =
		    dec_product(op, dec_at(a, row), dec_at(b, row), &decs[row]);
		out->v[row] =
		    (struct value){.d = &decs[row], .type = T_DECIMAL};
		if (reason)
			col_fail(ev, out, row, reason);
	}
}

static void
values_cols(enum arith op, bool days, struct eval *ev, const struct column *a,
    const struct column *b, struct rows rows, struct column *out)
{
	*out = col_null();
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value v;
		const char *reason;

		reason = values_op(op, days, ev->arena, column_get(a, row),
		    column_get(b, row), &v);
		if (reason) {
			eval_fail(ev, row, reason);
			v = VALUE_NULL;
		}
		column_put(out, ev->arena, row, v);
	}
}

/* True of dates where days are counted. */
static bool
by_days(enum type a, enum type b)
{
	return (a == T_DATE && (b == T_DATE || b == T_INT)) ||
	       (a == T_INT && b == T_DATE);
}

static void
eval_arith(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	static const struct sig_type floats = {T_FLOAT, false};
	enum arith op = (enum arith)e->op;
	bool days = e->more != NULL;
	struct column x, y;
	enum type type;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &y);
	*out = col_null();
	if (x.type == T_NULL || y.type == T_NULL)
		return;
	type = type_of(op, x.type, y.type);
	if (days && type == T_TIME && (x.type == T_DATE || y.type == T_DATE))
		type = T_DATE;
	if (type_store(type) == STORE_I64 && !by_days(x.type, y.type) &&
	    type_store(x.type) == STORE_I64 &&
	    type_store(y.type) == STORE_I64) {
		col_spread(ev, &x, rows);
		col_spread(ev, &y, rows);
		*out = column_new(ev->arena, type);
		out->nulls = col_nulls(ev, &x, &y);
		ints_op(op, ev, &x, &y, rows, out);
	} else if (type == T_FLOAT && x.type != T_DECIMAL &&
		   y.type != T_DECIMAL && x.type != T_DURATION) {
		col_convert(ev, &x, rows, floats);
		col_convert(ev, &y, rows, floats);
		col_spread(ev, &x, rows);
		col_spread(ev, &y, rows);
		*out = column_new(ev->arena, type);
		out->nulls = col_nulls(ev, &x, &y);
		floats_op(op, x.f, y.f, rows, out->f);
	} else if (type == T_DECIMAL) {
		decs_cols(op, ev, &x, &y, rows, out);
	} else {
		values_cols(op, days, ev, &x, &y, rows, out);
	}
}

/* ---- unary minus ---- */

static const char *
negate(struct arena *arena, struct value *v)
{
	struct value text = *v;
	struct dec d;

	if (v->type == T_NULL)
		return NULL;
	if (v->type == T_TEXT && !text_number(arena, value_str(text), v))
		return reason_value(arena, "not a number", text);
	if (v->type == T_FLOAT) {
		v->f = -v->f;
	} else if (v->type == T_DECIMAL) {
		d = (struct dec){.v = -v->d->v, .scale = v->d->scale};
		*v = value_decimal(arena, d);
	} else if (v->type == T_INT || v->type == T_DURATION) {
		if (__builtin_sub_overflow(0, v->i, &v->i))
			return reason_of(v->type);
	} else {
		return arena_printf(
		    arena, "cannot negate %s", type_name(v->type))
		    .p;
	}
	return NULL;
}

static void
eval_negate(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	*out = col_null();
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value v = column_get(&x, row);
		const char *reason = negate(ev->arena, &v);

		if (reason) {
			eval_fail(ev, row, reason);
			v = VALUE_NULL;
		}
		column_put(out, ev->arena, row, v);
	}
}

/* ---- binding ---- */

/* A type known now that no arithmetic takes. */
static bool
never(enum type t)
{
	return t == T_BOOL || t == T_BYTES || t == T_LIST || t == T_MAP;
}

/*
 * A text that may be a time of day, as TIME '…' and CAST(x AS TIME) are, beside
 * a duration: a text again (true).
 */
static bool
bind_daytime(struct expr *e)
{
	const struct expr *a = e->args[0], *b = e->args[1];
	const struct expr *text = a->type == T_TEXT ? a : b;
	struct value v;
	int64_t us;

	if (e->op > ARITH_SUB || a->type == b->type || text->type != T_TEXT ||
	    (text == b && e->op == ARITH_SUB) ||
	    (text == a ? b : a)->type != T_DURATION)
		return false;
	e->type = T_ANY;
	if (!expr_constant(text, &v))
		return true;
	e->type = T_TEXT;
	return arith_daytime(v, &us);
}

/* TIME '…', CAST(x AS TIME), CURRENT_TIME */
static bool
is_time_of_day(const struct node *n, const struct expr *e)
{
	struct value v;
	int64_t us;

	if (n->kind == NODE_CALL && n->cast.daytime)
		return true;
	return (expr_constant(e, &v) && arith_daytime(v, &us)) ||
	       (n->kind == NODE_CALL && (str_is(n->name, "current_time") ||
					    str_is(n->name, "localtime")));
}

/* A constant text beside a time or duration is read now. */
static int
bind_reading(struct binder *bd, struct expr *e)
{
	for (unsigned i = 0; i < 2; i++) {
		enum type other = e->args[1 - i]->type;

		if (e->args[i]->type != T_TEXT || !e->args[i]->constant)
			continue;
		if (type_is_instant(other) && e->op == ARITH_SUB && i == 0) {
			if (bind_text_as(bd, &e->args[i], other))
				return -1;
		} else if (type_is_instant(other) || other == T_DURATION) {
			struct value v = column_get(&e->args[i]->value, 0);
			const char *reason =
			    arith_read(bd->arena, (enum arith)e->op, &v,
				(struct value){.type = (uint8_t)other}, i == 0);

			if (reason)
				return bind_fail(
				    bd, e->args[i]->where, "%s", reason);
			e->args[i] = bind_constant(bd, v, e->args[i]->where);
		}
	}
	return 0;
}

/*
 * A date and a constant interval of whole days is a date (as in Flink), beside
 * any other duration a time.
 */
static bool
is_days(const struct expr *e)
{
	struct value v;

	return expr_constant(e, &v) && v.type == T_DURATION &&
	       v.i % WHEN_DAY == 0;
}

static int
bind_arith(struct binder *bd, const struct node *n, struct expr *e)
{
	static const char names[] = "+-*/%";
	enum type a, b;

	e->op = (unsigned)(strchr(names, *n->name.p) - names);
	e->eval = eval_arith;
	if (bind_daytime(e))
		return 0;
	if (bind_reading(bd, e))
		return -1;
	if (is_days(e->args[0]) || is_days(e->args[1]))
		e->more = e;
	a = e->args[0]->type;
	b = e->args[1]->type;
	if (a == T_NULL || b == T_NULL) {
		e->type = T_NULL;
		return 0;
	}
	if (a == T_ANY || b == T_ANY) {
		if (never(a) || never(b))
			return bind_fail(bd, n->name_at,
			    "there is no arithmetic on %s",
			    type_name(never(a) ? a : b));
		e->type = T_ANY;
		return 0;
	}
	e->type = type_of((enum arith)e->op, a, b);
	if (a == T_TEXT && b == T_TEXT && e->op == ARITH_SUB &&
	    (is_time_of_day(n->args[0], e->args[0]) ||
		is_time_of_day(n->args[1], e->args[1])))
		e->type = T_DURATION;
	e->safe = e->type == T_FLOAT;
	if (e->type == T_TIME && e->more && (a == T_DATE || b == T_DATE))
		e->type = T_DATE;
	if (e->type == T_NULL) {
		bind_fail(bd, n->name_at, "%s",
		    mismatch(bd->arena, (enum arith)e->op, a, b));
		if (a == T_TEXT || b == T_TEXT)
			err_hint(bd->err, "CAST(… AS type) reads a text");
		return -1;
	}
	return 0;
}

static int
bind_negate(struct binder *bd, const struct node *n, struct expr *e)
{
	enum type t = e->args[0]->type;

	e->eval = eval_negate;
	e->type = t;
	if (never(t) || t == T_TEXT || type_is_instant(t))
		return bind_fail(
		    bd, n->name_at, "cannot negate %s", type_name(t));
	return 0;
}

const struct op ops_arith[] = {
    {"%", 2, 2, bind_arith},
    {"*", 2, 2, bind_arith},
    {"+", 2, 2, bind_arith},
    {"-", 2, 2, bind_arith},
    {"/", 2, 2, bind_arith},
    {"neg", 1, 1, bind_negate},
    {NULL, 0, 0, NULL},
};
