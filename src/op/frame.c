/* SPDX-License-Identifier: MIT */
/* Frames: their grammar, their meaning; see frame.h. */
#include "op/frame.h"

/* ---- text ---- */

static struct node *
call(struct lexer *lx, const char *name, unsigned n_args, unsigned from)
{
	struct node *n = arena_zalloc(lx->arena, sizeof *n);

	n->kind = NODE_CALL;
	n->name = str_of(name);
	n->where = (struct where){lx->src, from, lx->done - from};
	n->name_at = n->where;
	n->args = arena_zalloc(lx->arena, 2 * sizeof *n->args);
	n->n_args = n_args;
	n->depth = n->size = 1;
	return n;
}

static void
adopt(struct node *n, unsigned i, struct node *arg)
{
	n->args[i] = arg;
	n->size += arg->size;
	if (arg->depth >= n->depth)
		n->depth = arg->depth + 1;
}

/* PRECEDING or FOLLOWING behind what n rows it is, or behind UNBOUNDED. */
static struct node *
parse_side(struct lexer *lx, struct node *offset, unsigned from)
{
	bool before = lex_accept(lx, "PRECEDING");
	struct node *n;
	char got[180];

	if (!before && !lex_accept(lx, "FOLLOWING")) {
		lex_fail(lx, "expected PRECEDING or FOLLOWING, got %s",
		    lex_describe(lx, got, sizeof got));
		return NULL;
	}
	n = call(lx, before ? "preceding" : "following", offset != NULL, from);
	if (offset)
		adopt(n, 0, offset);
	return n;
}

static struct node *
parse_bound(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct node *offset;

	if (lex_is(lx, "CURRENT") && lex_next_is(lx, "ROW")) {
		lex_next(lx);
		lex_next(lx);
		return call(lx, "current row", 0, from);
	}
	if (lex_accept(lx, "UNBOUNDED"))
		return parse_side(lx, NULL, from);
	offset = expr_parse(lx);
	if (offset && offset->kind == NODE_LITERAL)
		offset->duration_text = offset->value.type == T_DURATION;
	return offset ? parse_side(lx, offset, from) : NULL;
}

static const char *
parse_unit(struct lexer *lx)
{
	char got[180];

	if (lex_accept(lx, "ROWS"))
		return "rows";
	if (lex_accept(lx, "RANGE"))
		return "range";
	if (lex_accept(lx, "GROUPS"))
		return "groups";
	lex_fail(lx, "a frame begins with ROWS, RANGE or GROUPS, not with %s",
	    lex_describe(lx, got, sizeof got));
	err_hint(lx->err, "rows between 9 preceding and current row");
	return NULL;
}

static int
parse_exclude(struct lexer *lx)
{
	if (!lex_is(lx, "EXCLUDE"))
		return 0;
	if (!lex_next_is(lx, "NO"))
		return lex_fail(lx, "EXCLUDE is not supported");
	lex_next(lx);
	lex_next(lx);
	return lex_expect(lx, "OTHERS");
}

struct node *
frame_parse(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	const char *unit = parse_unit(lx);
	struct node *n, *lo, *hi;
	bool between;

	if (!unit)
		return NULL;
	between = lex_accept(lx, "BETWEEN");
	lo = parse_bound(lx);
	if (!lo || (between && lex_expect(lx, "AND")))
		return NULL;
	hi = between ? parse_bound(lx) : call(lx, "current row", 0, from);
	if (!hi || parse_exclude(lx))
		return NULL;
	n = call(lx, unit, 2, from);
	adopt(n, 0, lo);
	adopt(n, 1, hi);
	return n;
}

static void
print_bound(struct buf *out, const struct node *n)
{
	if (!str_is(n->name, "current row")) {
		if (n->n_args)
			node_print(out, n->args[0]);
		else
			buf_lit(out, "unbounded");
		buf_addc(out, ' ');
	}
	buf_adds(out, n->name);
}

void
frame_print(struct buf *out, const struct node *n)
{
	buf_adds(out, n->name);
	buf_lit(out, " between ");
	print_bound(out, n->args[0]);
	buf_lit(out, " and ");
	print_bound(out, n->args[1]);
}

/* ---- meaning ---- */

static int
bind_offset(const struct node *n, enum frame_unit unit, const struct bind *b,
    struct frame_bound *out)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	struct value v;
	bool range = unit == FRAME_RANGE;

	if (expr_eval_constant(n, &scope, b->arena, &v, b->err))
		return -1;
	if (!range && v.type != T_INT)
		return err_set(b->err, ERR_SPEC, n->where,
		    "a frame of %s has a whole number here",
		    unit == FRAME_ROWS ? "rows" : "groups");
	if (range && v.type != T_DURATION && !type_is_number(v.type))
		return err_set(b->err, ERR_SPEC, n->where,
		    "a range has a number or a duration here");
	if (value_cmp(
		v, v.type == T_DURATION ? value_duration(0) : value_int(0)) < 0)
		return err_set(
		    b->err, ERR_SPEC, n->where, "this cannot be negative");
	out->offset = value_copy(b->arena, v);
	out->n = v.type == T_INT ? (uint64_t)v.i : 0;
	return 0;
}

static int
bind_bound(const struct node *n, enum frame_unit unit, const struct bind *b,
    struct frame_bound *out)
{
	bool before = str_is(n->name, "preceding");

	*out = (struct frame_bound){.kind = BOUND_CURRENT};
	if (str_is(n->name, "current row"))
		return 0;
	out->kind = before ? BOUND_PRECEDING : BOUND_FOLLOWING;
	if (n->n_args)
		return bind_offset(n->args[0], unit, b, out);
	out->kind = before ? BOUND_FIRST : BOUND_LAST;
	return 0;
}

/* What the standard forbids, because such a frame is always empty. */
static int
check_bounds(const struct node *n, const struct frame *f, const struct bind *b)
{
	if (f->from.kind == BOUND_LAST)
		return err_set(b->err, ERR_SPEC, n->args[0]->where,
		    "a frame cannot begin with UNBOUNDED FOLLOWING");
	if (f->to.kind == BOUND_FIRST)
		return err_set(b->err, ERR_SPEC, n->args[1]->where,
		    "a frame cannot end with UNBOUNDED PRECEDING");
	if (f->from.kind <= f->to.kind)
		return 0;
	err_set(b->err, ERR_SPEC, n->where, "this frame ends before it begins");
	return err_hint(b->err, "rows between 3 preceding and 2 following");
}

static int
check_order(const struct node *n, const struct frame *f, unsigned n_order,
    const struct bind *b)
{
	bool offset = f->from.kind == BOUND_PRECEDING ||
		      f->from.kind == BOUND_FOLLOWING ||
		      f->to.kind == BOUND_PRECEDING ||
		      f->to.kind == BOUND_FOLLOWING;

	if (f->unit == FRAME_GROUPS && !n_order)
		return err_set(b->err, ERR_SPEC, n->where,
		    "groups of peers need an order");
	if (f->unit == FRAME_RANGE && offset && n_order != 1)
		return err_set(b->err, ERR_SPEC, n->where,
		    "a range needs rows ordered by exactly one expression");
	return 0;
}

int
frame_bind(const struct node *n, unsigned n_order, const struct bind *b,
    struct frame *out)
{
	*out = (struct frame){.unit = FRAME_RANGE,
	    .from = {.kind = BOUND_FIRST},
	    .to = {.kind = n_order ? BOUND_CURRENT : BOUND_LAST}};
	if (!n)
		return 0;
	out->unit = str_is(n->name, "rows")    ? FRAME_ROWS
		    : str_is(n->name, "range") ? FRAME_RANGE
					       : FRAME_GROUPS;
	if (bind_bound(n->args[0], out->unit, b, &out->from) ||
	    bind_bound(n->args[1], out->unit, b, &out->to) ||
	    check_bounds(n, out, b))
		return -1;
	return check_order(n, out, n_order, b);
}

/* ---- reaching out from a value ---- */

static struct value
reach_int(struct value v, int64_t by, bool up)
{
	int64_t to;

	if (up ? __builtin_add_overflow(v.i, by, &to)
	       : __builtin_sub_overflow(v.i, by, &to))
		to = up ? INT64_MAX : INT64_MIN;
	v.i = to;
	return v;
}

static bool
as_dec(struct value v, struct dec *out)
{
	if (v.type == T_INT)
		*out = dec_of_int(v.i);
	else if (v.type == T_DECIMAL)
		*out = *v.d;
	return v.type != T_FLOAT;
}

static double
as_float(struct value v)
{
	return v.type == T_INT	     ? (double)v.i
	       : v.type == T_DECIMAL ? dec_to_float(*v.d)
				     : v.f;
}

struct value
frame_reach(struct value v, const struct frame_bound *b, bool descending,
    struct dec *room)
{
	bool up = (b->kind == BOUND_FOLLOWING) != descending;
	struct value by = b->offset;
	struct dec x, y;

	if (v.type == T_TIME || v.type == T_DURATION)
		return by.type == T_DURATION ? reach_int(v, by.i, up)
					     : VALUE_NULL;
	if (!type_is_number(v.type) || by.type == T_DURATION)
		return VALUE_NULL;
	if (v.type == T_INT && by.type == T_INT)
		return reach_int(v, by.i, up);
	if (as_dec(v, &x) && as_dec(by, &y) &&
	    (up ? dec_add : dec_sub)(x, y, room))
		return (struct value){.d = room, .type = T_DECIMAL};
	return value_float(
	    up ? as_float(v) + as_float(by) : as_float(v) - as_float(by));
}
