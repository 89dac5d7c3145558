/* SPDX-License-Identifier: MIT */
/*
 * The columns of several flows as those of one; see unite.h.
 *
 * The results are a segment of their own, whose columns are wants of a scan of
 * the step's own: each says from which column of which port its values come,
 * and nothing is copied. So only what is read behind the step is read before
 * it. There are two shapes:
 *
 * - open: some flow has whole records whose fields are not known. What comes
 *   out is whole records, too, and a field that is asked for is asked of every
 *   port. Where a flow has more than the record (columns set, dropped or
 *   renamed), its records are made anew (record.c).
 * - closed: all columns are known, and are matched by name or by position.
 */
#include "op/unite.h"

#include "data/cast.h"

/* ---- open ---- */

/* A flow that is records and nothing else. */
static bool
is_pure(const struct flow *f)
{
	return f->n_cols == 1 && f->cols[0].spread && !f->cols[0].parsed;
}

static bool
is_open(const struct flow *f)
{
	for (unsigned i = 0; i < f->n_cols; i++)
		if (f->cols[i].spread)
			return true;
	return false;
}

/* Where a field of the results comes from. */
static int
unite_more(struct scan *s, unsigned want, struct where where, struct err *err)
{
	struct op *op = s->op;
	struct unite *c = op->config;
	struct path path = s->wants[want].path;

	for (unsigned port = 0; port < op->n_from; port++) {
		struct scan_via *via = &s->via[want * s->n_ports + port];
		const struct flow *f = &op->ins[port];
		enum type type;
		int col;

		*via = (struct scan_via){NULL, COL_RECORD};
		if (!path.n && !is_pure(f)) {
			if (c->built[port])
				continue;
			c->built[port] = record_bind(f, s->arena, where, err);
			if (!c->built[port])
				return -1;
			continue;
		}
		col = flow_want(f, path, s->arena, &type, where, err);
		if (col == -1)
			return -1;
		if (col == -2)
			continue;
		via->col = (unsigned)col;
		if (f->scan && via->col < f->scan->n_wants)
			via->scan = f->scan;
	}
	return 0;
}

static int
bind_open(struct op *op, const struct bind *b)
{
	struct scan *own = b->own;
	struct flow_column *c = arena_zalloc(b->arena, sizeof *c);

	*c = (struct flow_column){
	    .col = COL_RECORD, .type = T_MAP, .spread = true};
	op->out.cols = c;
	op->out.n_cols = 1;
	op->out.open = own;
	own->more = unite_more;
	for (unsigned i = 0; i < own->n_wants; i++)
		if (own->more(own, i, op->where, b->err))
			return -1;
	return 0;
}

/* ---- closed ---- */

static unsigned
visible(const struct flow *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n_cols; i++)
		n += !f->cols[i].dropped;
	return n;
}

/* Column k of those that are there. */
static const struct flow_column *
nth(const struct flow *f, unsigned k)
{
	for (unsigned i = 0; i < f->n_cols; i++)
		if (!f->cols[i].dropped && !k--)
			return &f->cols[i];
	return NULL;
}

/* What a port has for a column of the results. */
static const struct flow_column *
counterpart(const struct op *op, unsigned port, const struct flow_column *of,
    unsigned k, bool by_name)
{
	const struct flow *f = &op->ins[port];

	return by_name ? flow_find(f, of->name) : nth(f, k);
}

static int
bind_column(struct op *op, const struct bind *b, unsigned k, bool by_name)
{
	struct unite *config = op->config;
	struct flow_column *out = &op->out.cols[k];
	struct scan *own = b->own;

	if (scan_column(own, out->name, &out->col, op->where, b->err))
		return -1;
	for (unsigned port = 0; port < op->n_from; port++) {
		const struct flow *f = &op->ins[port];
		const struct flow_column *c =
		    counterpart(op, port, out, k, by_name);
		enum type old = out->type;

		if (out->col != COL_RECORD)
			own->via[out->col * own->n_ports + port] =
			    flow_via(f, c);
		if (!c || c->dropped)
			continue;
		out->omit_null |= c->omit_null;
		if (type_unite(old, c->type, &out->type))
			continue;
		err_set(b->err, ERR_SPEC, op->where,
		    "the column \"%.*s\" is %s in one of the flows and %s in "
		    "another",
		    STR_ARG(out->name), type_name(old), type_name(c->type));
		return err_hint(b->err, "CAST(%.*s AS %s) makes them alike",
		    STR_ARG(c->name),
		    type_name(type_is_instant(old) && type_is_instant(c->type)
				  ? T_TIME
				  : old));
	}
	if (out->col != COL_RECORD)
		config->types[out->col] = out->type;
	return 0;
}

static int
check_counts(const struct op *op, const struct bind *b)
{
	unsigned n = visible(&op->ins[0]);

	for (unsigned port = 1; port < op->n_from; port++)
		if (visible(&op->ins[port]) != n)
			return err_set(b->err, ERR_SPEC, op->where,
			    "one of the flows has %u column%s and another %u",
			    n, n == 1 ? "" : "s", visible(&op->ins[port]));
	return 0;
}

static int
bind_closed(struct op *op, const struct bind *b, bool by_name)
{
	unsigned most = 0;

	if (!by_name && check_counts(op, b))
		return -1;
	for (unsigned port = 0; port < op->n_from; port++)
		most += op->ins[port].n_cols;
	op->out.cols = arena_array(b->arena, most, sizeof *op->out.cols);
	for (unsigned port = 0; port < (by_name ? op->n_from : 1); port++)
		for (unsigned i = 0; i < op->ins[port].n_cols; i++) {
			const struct flow_column *c = &op->ins[port].cols[i];

			if (!c->dropped && !flow_find(&op->out, c->name))
				flow_add(&op->out, c->name, 0, T_NULL);
		}
	for (unsigned k = 0; k < op->out.n_cols; k++)
		if (bind_column(op, b, k, by_name))
			return -1;
	return 0;
}

/* ---- both ---- */

int
unite_bind(struct op *op, const struct bind *b, struct unite *u, bool by_name)
{
	bool open = false, pure = true;

	op->config = u;
	u->built = arena_zalloc(b->arena, op->n_from * sizeof(void *));
	u->types = arena_array(b->arena, b->own_base, sizeof *u->types);
	for (unsigned i = 0; i < b->own_base; i++)
		u->types[i] = T_ANY;
	op->out = (struct flow){
	    .segment = arena_zalloc(b->arena, sizeof *op->out.segment),
	    .scan = b->own};
	*op->out.segment =
	    (struct segment){.n_base = b->own_base, .n_cols = b->own_base};
	for (unsigned i = 0; i < op->n_from; i++) {
		open |= is_open(&op->ins[i]);
		pure &= is_pure(&op->ins[i]);
		op->out.updates |= op->ins[i].updates;
		op->out.changes |= op->ins[i].changes;
	}
	if (!open)
		return bind_closed(op, b, by_name);
	if (by_name || pure)
		return bind_open(op, b);
	err_set(b->err, ERR_SPEC, op->where,
	    "which columns * stands for is not known here, so they cannot be "
	    "matched by position");
	return err_hint(b->err, "name the columns instead of *");
}

/* ---- running ---- */

static struct column
widened(const struct column *c, enum type to, struct batch *b)
{
	struct column out = column_new(b->arena, to);

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		struct value v = column_get(c, row);

		if (v.type == T_NULL || !value_cast(b->arena, v, to, NULL, &v))
			column_set_null(&out, b->arena, row);
		else if (to == T_INT)
			out.i[row] = v.i;
		else if (to == T_FLOAT)
			out.f[row] = v.f;
		else
			out.v[row] = v;
	}
	return out;
}

static struct column
fetch(const struct op *op, const struct unite *c, struct eval *ev,
    struct batch *b, unsigned want)
{
	const struct scan *own = op->out.scan;
	const struct scan_via *via = &own->via[want * own->n_ports + b->port];
	const struct column *from;

	if (!own->wants[want].path.n && c->built[b->port])
		return record_column(c->built[b->port], ev, b);
	if (via->col >= b->n_cols)
		return (struct column){.type = T_NULL};
	from = &b->cols[via->col];
	if (type_is_number(c->types[want]) && from->type != T_NULL &&
	    from->type != c->types[want])
		return widened(from, c->types[want], b);
	return *from;
}

struct column *
unite_columns(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct scan *own = op->out.scan;
	unsigned n = op->out.segment->n_cols;
	struct column *cols = arena_array(b->arena, n, sizeof *cols);

	eval_begin(ev, b);
	for (unsigned i = 0; i < n; i++)
		cols[i] = i < own->n_wants && own->read[i]
			      ? fetch(op, op->config, ev, b, i)
			      : (struct column){.type = T_NULL};
	eval_settle(ev, b);
	return cols;
}
