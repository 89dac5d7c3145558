/* SPDX-License-Identifier: MIT */
/*
 * UNNEST as the step explode:
 *
 *   FROM t CROSS JOIN UNNEST(t.items) WITH ORDINALITY AS u (item, n)
 *   FROM t LEFT JOIN UNNEST(t.items) AS u (item) ON TRUE
 *   FROM UNNEST(ARRAY[1, 2, 3]) AS u (x)
 *
 * The names behind the alias are the element (or the key and value of a map's
 * entry, or the members of a row) and, with ORDINALITY, its number. Without
 * names the element is called as the alias.
 */
#include "front/sql_lower.h"
#include "front/tree.h"

static bool
is_true(const struct node *n)
{
	return n->kind == NODE_LITERAL && n->value.type == T_BOOL && n->value.b;
}

static int
check_join(struct sql *s, const struct sql_source *src)
{
	bool outer = src->join == SQL_JOIN_LEFT;

	if (src->join == SQL_JOIN_RIGHT || src->join == SQL_JOIN_FULL)
		return err_set(s->err, ERR_SPEC, src->join_at,
		    "UNNEST is joined by CROSS JOIN or LEFT JOIN");
	if (outer && (!src->on || !is_true(src->on))) {
		err_set(s->err, ERR_SPEC,
		    src->on ? src->on->where : src->join_at,
		    "LEFT JOIN UNNEST takes ON TRUE");
		return err_hint(s->err, "further conditions belong in WHERE");
	}
	return 0;
}

/* Names of the element's columns, and of its number. */
static int
read_names(struct sql *s, const struct sql_source *src, struct sql_idents *as,
    struct sql_ident *number)
{
	*as = src->columns;
	*number = (struct sql_ident){STR("ordinality"), src->where};
	if (src->ordinality && as->n) {
		if (as->n < 2)
			return err_set(s->err, ERR_SPEC, src->where,
			    "WITH ORDINALITY needs a name for the number, too");
		*number = as->list[--as->n];
	}
	if (as->n)
		return 0;
	as->list = arena_alloc(s->arena, sizeof *as->list);
	as->list[0] = (struct sql_ident){
	    src->alias.n ? src->alias : STR("unnest"), src->where};
	as->n = 1;
	return 0;
}

static void
named(struct sql *s, struct op *op, const char *param, struct str name,
    struct where where)
{
	struct arg *arg = plan_arg(s->plan, op, param, 1, where);

	arg->items[0] = (struct arg_item){.name = name, .where = where};
}

static int
add_column(struct sql *s, struct sql_rel *r, struct str part,
    const struct sql_ident *id)
{
	if (sql_rel_find(r, id->name)) {
		err_set(s->err, ERR_SPEC, id->where,
		    "there is a column \"%.*s\" already", STR_ARG(id->name));
		return err_hint(s->err, "give it another name: AS %.*s (…)",
		    part.n ? (int)part.n : 1, part.n ? part.p : "u");
	}
	sql_rel_add(s, r, id->name)->part = part;
	return 0;
}

static int
add_columns(struct sql *s, struct sql_rel *r, const struct sql_source *src,
    const struct sql_idents *as, const struct sql_ident *number)
{
	struct str *parts;

	for (unsigned i = 0; i < as->n; i++)
		if (add_column(s, r, src->alias, &as->list[i]))
			return -1;
	if (src->ordinality && add_column(s, r, src->alias, number))
		return -1;
	parts = arena_array(s->arena, r->n_parts + 1, sizeof *parts);
	for (unsigned i = 0; i < r->n_parts; i++)
		parts[i] = r->parts[i];
	r->parts = parts;
	if (src->alias.n)
		parts[r->n_parts++] = src->alias;
	return 0;
}

static void
explode_step(struct sql *s, const struct sql_source *src, struct node *list,
    const struct sql_idents *as, const struct sql_ident *number)
{
	struct op *op = sql_step(s, "explode", "field", list, src->where);
	struct arg *arg = plan_arg(s->plan, op, "as", as->n, src->where);

	for (unsigned i = 0; i < as->n; i++)
		arg->items[i] = (struct arg_item){
		    .name = as->list[i].name, .where = as->list[i].where};
	if (src->ordinality)
		named(s, op, "ordinality", number->name, number->where);
	if (src->join == SQL_JOIN_LEFT)
		named(s, op, "outer", STR("true"), src->join_at);
}

int
sql_unnest(struct sql *s, const struct sql_source *src,
    const struct sql_env *env, struct sql_rel *out)
{
	struct sql_ident number;
	struct sql_idents as;
	struct node *list, *on = src->on;

	if (!src->left)
		sql_one_row(s, src->where, out);
	else if (sql_read(s, src->left, env, out) || sql_settle(s, out))
		return -1;
	if (check_join(s, src) || read_names(s, src, &as, &number))
		return -1;
	list = sql_unqualified(s, out, src->node);
	if (!list)
		return -1;
	explode_step(s, src, list, &as, &number);
	if (add_columns(s, out, src, &as, &number))
		return -1;
	if (!on || is_true(on))
		return 0;
	on = sql_unqualified(s, out, on);
	if (on)
		sql_step(s, "where", "condition", on, on->where);
	return on ? 0 : -1;
}
