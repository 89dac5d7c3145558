/* SPDX-License-Identifier: MIT */
/*
 * Operators that name a unit of time: EXTRACT(u FROM t), FLOOR and CEIL(t TO
 * u), TIMESTAMPADD(u, n, t), TIMESTAMPDIFF(u, a, b). Texts are read as times.
 * A date stays one but where hours or less are added to it.
 */
#include "base/when.h"
#include "expr/code.h"
#include "expr/daytime.h"
#include "expr/unit.h"

static const char REASON_RANGE[] = "time out of range";

static void
times(const struct expr *e, struct eval *ev, const struct batch *b,
    unsigned arg, struct rows rows, struct column *out)
{
	expr_run(e->args[arg], ev, b, rows, out);
	col_convert(ev, out, rows, (struct sig_type){T_TIME, false});
}

static int64_t
element(const struct column *c, unsigned row)
{
	return c->i[c->constant ? 0 : row];
}

/* ---- EXTRACT ---- */

/* A value of a column that is not all times: times and durations. */
static const char *
extract_value(enum unit u, struct arena *a, struct value v, int64_t *out)
{
	const char *reason = NULL;

	if (v.type == T_DURATION)
		return unit_of_duration(u, v.i, out)
			   ? NULL
			   : "a duration has no such unit";
	if (v.type == T_TEXT && daytime_read(value_str(v), out)) {
		*out = unit_of_time(u, *out);
		return u <= UNIT_HOUR ? NULL : "a time of day has no such unit";
	}
	reason = value_convert(a, v, (struct sig_type){T_TIME, false}, &v);
	if (!reason)
		*out = unit_of_time(u, v.i);
	return reason;
}

static void
eval_extract(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	enum unit u = (enum unit)e->op;
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	*out = column_new(ev->arena, T_INT);
	if (type_is_instant(x.type)) {
		out->nulls = col_nulls(ev, &x, NULL);
		for (unsigned k = 0; k < rows.n; k++)
			out->i[rows.sel[k]] =
			    unit_of_time(u, element(&x, rows.sel[k]));
		return;
	}
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value v = column_get(&x, row);
		const char *reason = NULL;

		if (v.type == T_NULL)
			column_set_null(out, ev->arena, row);
		else
			reason = extract_value(u, ev->arena, v, &out->i[row]);
		if (reason)
			col_fail(ev, out, row, reason);
	}
}

/* ---- FLOOR, CEIL ---- */

struct rounding {
	enum unit unit;
	bool up;
};

/* Texts: times of day, or read as times. */
static const char *
round_value(const struct rounding *r, struct arena *a, struct value *v)
{
	bool date = v->type == T_DATE;
	const char *reason;
	int64_t us;

	if (v->type == T_TEXT && daytime_read(value_str(*v), &us)) {
		if (!unit_round(r->unit, us, r->up, &us))
			return REASON_RANGE;
		*v = value_text(daytime_text(a, us % WHEN_DAY));
		return r->unit <= UNIT_HOUR ? NULL
					    : "a time of day has no such unit";
	}
	reason = value_convert(a, *v, (struct sig_type){T_TIME, false}, v);
	if (!reason && !unit_round(r->unit, v->i, r->up, &v->i))
		reason = REASON_RANGE;
	if (date)
		v->type = T_DATE;
	return reason;
}

static void
round_texts(const struct rounding *r, struct eval *ev, const struct column *x,
    struct rows rows, struct column *out)
{
	*out = col_null();
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value v = column_get(x, row);
		const char *reason =
		    v.type == T_NULL ? NULL : round_value(r, ev->arena, &v);

		if (reason) {
			eval_fail(ev, row, reason);
			v = VALUE_NULL;
		}
		column_put(out, ev->arena, row, v);
	}
}

static void
eval_round(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	const struct rounding *r = e->more;
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	if (!type_is_instant(x.type)) {
		round_texts(r, ev, &x, rows, out);
		return;
	}
	*out = column_new(ev->arena, x.type);
	out->nulls = col_nulls(ev, &x, NULL);
	rows = col_present(ev, &x, rows);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		if (!unit_round(r->unit, element(&x, row), r->up, &out->i[row]))
			col_fail(ev, out, row, REASON_RANGE);
	}
}

/* ---- TIMESTAMPADD, TIMESTAMPDIFF ---- */

static void
eval_add(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column n, t;

	expr_run(e->args[0], ev, b, rows, &n);
	col_convert(ev, &n, rows, (struct sig_type){T_INT, false});
	times(e, ev, b, 1, rows, &t);
	*out = col_null();
	if (n.type == T_NULL || t.type == T_NULL)
		return;
	*out = column_new(ev->arena, e->type);
	out->nulls = col_nulls(ev, &n, &t);
	rows = col_present(ev, &n, rows);
	rows = col_present(ev, &t, rows);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		if (!unit_add((enum unit)e->op, element(&n, row),
			element(&t, row), &out->i[row]))
			col_fail(ev, out, row, REASON_RANGE);
	}
}

static void
eval_diff(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, y;

	times(e, ev, b, 0, rows, &x);
	times(e, ev, b, 1, rows, &y);
	*out = col_null();
	if (x.type == T_NULL || y.type == T_NULL)
		return;
	*out = column_new(ev->arena, T_INT);
	out->nulls = col_nulls(ev, &x, &y);
	rows = col_present(ev, &x, rows);
	rows = col_present(ev, &y, rows);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		if (!unit_diff((enum unit)e->op, element(&x, row),
			element(&y, row), &out->i[row]))
			col_fail(ev, out, row, REASON_RANGE);
	}
}

/* ---- binding ---- */

/* A constant text must be a time; other types cannot be one. */
static int
need_time(struct binder *bd, struct expr *e, unsigned arg, const char *who)
{
	enum type t = e->args[arg]->type;

	if (!type_converts(t, (struct sig_type){T_TIME, false}))
		return bind_fail(bd, e->args[arg]->where,
		    "%s needs a time, not %s", who, type_name(t));
	return bind_text_as(bd, &e->args[arg], T_TIME);
}

/* True of a constant time of day. */
static bool
is_daytime(const struct expr *e)
{
	struct value v;
	int64_t us;

	return expr_constant(e, &v) && v.type == T_TEXT &&
	       daytime_read(value_str(v), &us);
}

static int
bind_extract(struct binder *bd, const struct node *n, struct expr *e)
{
	int64_t unused;

	e->op = unit_find(n->unit);
	e->eval = eval_extract;
	e->type = T_INT;
	if (is_daytime(e->args[0]) && e->op <= UNIT_HOUR)
		return 0;
	if (e->args[0]->type != T_DURATION)
		return need_time(bd, e, 0, "EXTRACT");
	if (!unit_of_duration((enum unit)e->op, 0, &unused))
		return bind_fail(bd, n->where,
		    "a duration has no %s: it has days at most",
		    unit_name((enum unit)e->op));
	return 0;
}

static int
bind_round(struct binder *bd, const struct node *n, struct expr *e)
{
	struct rounding *r = arena_alloc(bd->arena, sizeof(*r));
	int64_t unused;

	*r = (struct rounding){unit_find(n->unit), *n->name.p == 'c'};
	e->more = r;
	e->eval = eval_round;
	e->type = e->args[0]->type == T_DATE ? T_DATE : T_TIME;
	if (!unit_round(r->unit, 0, false, &unused))
		return bind_fail(bd, n->where, "a time cannot be rounded to %s",
		    unit_name(r->unit));
	if (e->args[0]->type == T_TEXT || e->args[0]->type == T_ANY)
		e->type = T_ANY;
	if (is_daytime(e->args[0])) {
		e->type = T_TEXT;
		return r->unit <= UNIT_HOUR
			   ? 0
			   : bind_fail(bd, n->where,
				 "a time of day cannot be rounded to %s",
				 unit_name(r->unit));
	}
	return need_time(bd, e, 0, r->up ? "CEIL" : "FLOOR");
}

static int
bind_add(struct binder *bd, const struct node *n, struct expr *e)
{
	enum unit u = unit_find(n->unit);
	enum type t = e->args[0]->type;
	int64_t unused;

	e->op = u;
	e->eval = eval_add;
	e->type = e->args[1]->type == T_DATE && u >= UNIT_DAY ? T_DATE : T_TIME;
	if (!unit_add(u, 1, 0, &unused))
		return bind_fail(
		    bd, n->where, "a %s cannot be added", unit_name(u));
	if (!type_converts(t, (struct sig_type){T_INT, false}))
		return bind_fail(bd, e->args[0]->where,
		    "TIMESTAMPADD needs a whole number, not %s", type_name(t));
	return need_time(bd, e, 1, "TIMESTAMPADD");
}

static int
bind_diff(struct binder *bd, const struct node *n, struct expr *e)
{
	enum unit u = unit_find(n->unit);
	int64_t unused;

	e->op = u;
	e->eval = eval_diff;
	e->type = T_INT;
	if (!unit_diff(u, 0, 0, &unused))
		return bind_fail(bd, n->where,
		    "a difference cannot be counted in %s", unit_name(u));
	return need_time(bd, e, 0, "TIMESTAMPDIFF") ||
		       need_time(bd, e, 1, "TIMESTAMPDIFF")
		   ? -1
		   : 0;
}

/* It stands only in a sum with a time, which the grammar has rewritten. */
static int
bind_months(struct binder *bd, const struct node *n, struct expr *e)
{
	(void)e;
	bind_fail(bd, n->where, "a month has no fixed length");
	return err_hint(bd->err,
	    "add it to a time (t + INTERVAL '1' MONTH), for windows use day, "
	    "week, month, year");
}

const struct op ops_time[] = {
    {"ceil to", 1, 1, bind_round},
    {"extract to", 1, 1, bind_extract},
    {"floor to", 1, 1, bind_round},
    {"interval months", 1, 1, bind_months},
    {"timestampadd to", 2, 2, bind_add},
    {"timestampdiff to", 2, 2, bind_diff},
    {NULL, 0, 0, NULL},
};
