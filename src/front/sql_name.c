/* SPDX-License-Identifier: MIT */
/*
 * What names in a SELECT mean.
 *
 * Aliases of the select list can be used everywhere. In WHERE and GROUP BY,
 * where SQL knows only fields, an alias stands for its expression, unless that
 * expression itself names a field of this name: in
 *
 *   SELECT lower(path) AS path WHERE path LIKE '/API/%'
 *
 * path is the field, as in any other SQL. Where the columns are known, a
 * column always comes before an alias.
 */
#include "front/sql_lower.h"
#include "front/tree.h"

/* ---- qualifiers ---- */

static bool
is_part(const struct sql_rel *r, struct str name)
{
	for (unsigned i = 0; i < r->n_parts; i++)
		if (str_eq(r->parts[i], name))
			return true;
	return false;
}

static int
unknown_part(
    struct sql *s, const struct sql_rel *r, struct str name, struct where where)
{
	err_set(
	    s->err, ERR_SPEC, where, "FROM names no \"%.*s\"", STR_ARG(name));
	return r->n_parts ? err_suggest(s->err, name, r->parts, r->n_parts)
			  : -1;
}

struct rel_edit {
	struct sql *s;
	const struct sql_rel *rel;
};

/* The column of that name in that source. */
static const struct sql_column *
column_of(const struct sql_rel *r, struct str part, struct str name)
{
	for (unsigned i = 0; i < r->n_cols; i++)
		if (str_eq(r->cols[i].name, name) &&
		    str_eq(r->cols[i].part, part))
			return &r->cols[i];
	return NULL;
}

/* t.a must be there, if the columns of t are known. */
static bool
check_column(struct tree_edit *edit, const struct node *n)
{
	const struct rel_edit *r = edit->owner;
	struct str part = n->path.steps[0].name, name = n->path.steps[1].name;
	struct str names[64];
	unsigned k = 0;

	if ((r->rel->open && str_eq(r->rel->open_part, part)) || !name.p ||
	    column_of(r->rel, part, name))
		return true;
	for (unsigned i = 0; i < r->rel->n_cols && k < 64; i++)
		if (str_eq(r->rel->cols[i].part, part))
			names[k++] = r->rel->cols[i].name;
	err_set(edit->err, ERR_SPEC, n->where, "%.*s has no column \"%.*s\"",
	    STR_ARG(part), STR_ARG(name));
	err_suggest(edit->err, name, names, k);
	edit->failed = true;
	return false;
}

/* A name that two sources have. */
static bool
check_ambiguous(struct tree_edit *edit, const struct node *n)
{
	const struct rel_edit *r = edit->owner;
	const struct sql_column *first = NULL;
	struct str name = n->path.steps[0].name;

	for (unsigned i = 0; i < r->rel->n_cols; i++) {
		const struct sql_column *c = &r->rel->cols[i];

		if (!str_eq(c->name, name))
			continue;
		if (!first) {
			first = c;
			continue;
		}
		if (str_eq(first->part, c->part))
			continue;
		err_set(edit->err, ERR_SPEC, n->where, "\"%.*s\" is ambiguous",
		    STR_ARG(name));
		err_hint(edit->err, "write %.*s.%.*s or %.*s.%.*s",
		    STR_ARG(first->part), STR_ARG(name), STR_ARG(c->part),
		    STR_ARG(name));
		edit->failed = true;
		return false;
	}
	return true;
}

/* a.b, where all columns are known and none is called a: a misspelt table. */
static void
check_part(struct tree_edit *edit, const struct node *n)
{
	const struct rel_edit *r = edit->owner;
	struct str name = n->path.steps[0].name;

	if (r->rel->open || !r->rel->n_parts || sql_rel_find(r->rel, name))
		return;
	unknown_part(r->s, r->rel, name, n->where);
	edit->failed = true;
}

static struct node *
unqualify(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct rel_edit *r = edit->owner;
	struct node *new;

	(void)in_aggregate;
	if (n->kind != NODE_NAME || !n->path.steps[0].name.p)
		return NULL;
	if (n->path.n < 2 || !is_part(r->rel, n->path.steps[0].name)) {
		if (check_ambiguous(edit, n) && n->path.n > 1)
			check_part(edit, n);
		return NULL;
	}
	if (!check_column(edit, n))
		return NULL;
	new = arena_alloc(edit->arena, sizeof *new);
	*new = *n;
	new->path.steps++;
	new->path.n--;
	return new;
}

struct node *
sql_unqualified(struct sql *s, const struct sql_rel *r, struct node *n)
{
	struct rel_edit owner = {s, r};
	struct tree_edit edit = {.replace = unqualify,
	    .arena = s->arena,
	    .err = s->err,
	    .owner = &owner};

	return tree_change(&edit, n);
}

/* ---- Flink's spellings ---- */

static const struct sql_spelling {
	const char *name;
	const char *column;
	int64_t minus; /* µs */
} spellings[] = {
    {"cumulate_end", "window_end", 0},
    {"cumulate_rowtime", "window_end", WHEN_MS},
    {"cumulate_start", "window_start", 0},
    {"hop_end", "window_end", 0},
    {"hop_rowtime", "window_end", WHEN_MS},
    {"hop_start", "window_start", 0},
    {"session_end", "window_end", 0},
    {"session_rowtime", "window_end", WHEN_MS},
    {"session_start", "window_start", 0},
    {"tumble_end", "window_end", 0},
    {"tumble_rowtime", "window_end", WHEN_MS},
    {"tumble_start", "window_start", 0},
    {"window_time", "window_end", WHEN_MS},
};

static const struct sql_spelling *
spelling_named(struct str name)
{
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (str_is(name, spellings[i].name))
			return &spellings[i];
	return NULL;
}

static bool
has_window(const struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_groups; i++)
		if (b->sel.groups[i].node && window_is(b->sel.groups[i].node))
			return true;
	return b->rel.window != NULL;
}

/* What a name of the window's edges is written as, or NULL. */
static const struct sql_spelling *
spelling_of(const struct sql_block *b, const struct node *n)
{
	const struct sql_column *c;

	if (n->kind == NODE_CALL)
		return str_is(n->name, "window_time") ? NULL
						      : spelling_named(n->name);
	if (n->kind != NODE_NAME || n->path.n != 1 || !n->path.steps[0].name.p)
		return NULL;
	c = sql_rel_find(&b->rel, n->path.steps[0].name);
	if (c)
		return c->role == SQL_START
			   ? spelling_named(STR("tumble_start"))
		       : c->role == SQL_END ? spelling_named(STR("tumble_end"))
		       : c->role == SQL_WINDOW_TIME
			   ? spelling_named(STR("window_time"))
			   : NULL;
	return str_is(n->path.steps[0].name, "window_time") && has_window(b)
		   ? spelling_named(STR("window_time"))
		   : NULL;
}

/* TUMBLE_START(ts, …) is window_start, window_time is window_end - 1ms. */
static struct node *
spell(
    struct tree_edit *edit, const struct node *n, const struct sql_spelling *s)
{
	struct node *column =
	    node_name(edit->arena, str_of(s->column), n->where);
	struct node **args;

	if (!s->minus)
		return column;
	args = arena_array(edit->arena, 2, sizeof *args);
	args[0] = column;
	args[1] = node_literal(edit->arena, value_duration(s->minus), n->where);
	return node_call(edit->arena, "-", args, 2, n->where);
}

static bool
is_proctime(const struct node *n, const void *arg)
{
	(void)arg;
	return n->kind == NODE_CALL && (str_is(n->name, "tumble_proctime") ||
					   str_is(n->name, "hop_proctime") ||
					   str_is(n->name, "session_proctime"));
}

/* The arguments of TUMBLE_START and the like are those of the window. */
static bool
same_window(const struct sql_block *b, const struct node *call)
{
	bool other = false;

	if (call->kind != NODE_CALL || !call->n_args)
		return true;
	for (unsigned i = 0; i < b->sel.n_groups; i++) {
		const struct node *w = b->sel.groups[i].node;
		bool same;

		if (!w || !window_is(w))
			continue;
		same = str_starts(call->name, w->name) &&
		       call->name.p[w->name.n] == '_' &&
		       w->n_args == call->n_args;
		for (unsigned k = 1; same && k < w->n_args; k++)
			same = node_eq(w->args[k], call->args[k]);
		if (same)
			return true;
		other = true;
	}
	return !other;
}

static struct node *
settle(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct sql_block *b = edit->owner;
	const struct sql_spelling *s = spelling_of(b, n);

	(void)in_aggregate;
	if (s && b->sel.n_groups && same_window(b, n))
		return spell(edit, n, s);
	if (s && b->sel.n_groups) {
		err_set(edit->err, ERR_SPEC, n->where,
		    "this is not the window of GROUP BY");
		err_hint(edit->err, "the arguments are the same in both");
		edit->failed = true;
		return NULL;
	}
	if (!is_proctime(n, NULL))
		return NULL;
	err_set(edit->err, ERR_SPEC, n->where,
	    "there is no processing time: results depend on the records "
	    "alone");
	err_hint(edit->err, "TUMBLE_ROWTIME, or window_time");
	edit->failed = true;
	return NULL;
}

static int
settle_one(struct sql_block *b, struct node **n)
{
	struct tree_edit edit = {.replace = settle,
	    .arena = b->s->arena,
	    .err = b->s->err,
	    .owner = b};

	if (!*n)
		return 0;
	*n = sql_unqualified(b->s, &b->rel, *n);
	if (!*n)
		return -1;
	*n = tree_change(&edit, *n);
	return *n ? 0 : -1;
}

/* ---- * ---- */

static struct sql_item *
more_items(struct sql_block *b, struct sql_item **list, unsigned *n)
{
	return plan_more(b->s->plan, list, n, sizeof **list);
}

static bool
is_excepted(const struct sql_item *star, struct str name)
{
	for (unsigned i = 0; i < star->except.n; i++)
		if (str_eq(star->except.list[i].name, name))
			return true;
	return false;
}

static const struct sql_item *
replacement(const struct sql_item *star, struct str name)
{
	for (unsigned i = 0; i < star->n_replace; i++)
		if (str_eq(star->replace[i].name, name))
			return &star->replace[i];
	return NULL;
}

/* A name behind EXCEPT or REPLACE that is no column. */
static int
check_star(struct sql_block *b, const struct sql_item *star)
{
	for (unsigned i = 0; i < star->except.n; i++)
		if (!sql_rel_find(&b->rel, star->except.list[i].name))
			return sql_rel_unknown(b->s, &b->rel,
			    star->except.list[i].name,
			    star->except.list[i].where);
	for (unsigned i = 0; i < star->n_replace; i++)
		if (!sql_rel_find(&b->rel, star->replace[i].name))
			return sql_rel_unknown(b->s, &b->rel,
			    star->replace[i].name, star->replace[i].where);
	return 0;
}

/* * of known columns is their list. */
static int
expand(struct sql_block *b, const struct sql_item *star, struct str part,
    struct sql_item **list, unsigned *n)
{
	if (check_star(b, star))
		return -1;
	for (unsigned i = 0; i < b->rel.n_cols; i++) {
		const struct sql_column *c = &b->rel.cols[i];
		const struct sql_item *with = replacement(star, c->name);

		if ((part.n && !str_eq(c->part, part)) ||
		    is_excepted(star, c->name))
			continue;
		*more_items(b, list, n) = (struct sql_item){
		    .node = with ? with->node
				 : node_name(b->s->arena, c->name, star->where),
		    .name = c->name,
		    .alias = with != NULL,
		    .where = star->where};
	}
	return 0;
}

/* t.* of records whose fields are not known, beside columns that are. */
static int
open_star(struct sql_block *b, const struct sql_item *star, struct str part,
    struct sql_item **list, unsigned *n)
{
	struct node *all = arena_zalloc(b->s->arena, sizeof *all);
	struct sql_item *item = more_items(b, list, n);

	*item = *star;
	all->kind = NODE_STAR;
	all->where = star->where;
	all->depth = all->size = 1;
	item->node = all;
	if (!part.n)
		return 0;
	for (unsigned i = 0; i < b->rel.n_cols; i++) {
		const struct sql_column *c = &b->rel.cols[i];
		struct sql_ident *id;

		if (str_eq(c->part, part) || c->role == SQL_START ||
		    c->role == SQL_END || c->role == SQL_WINDOW_TIME)
			continue;
		id = plan_more(b->s->plan, &item->except.list, &item->except.n,
		    sizeof *id);
		*id = (struct sql_ident){c->name, star->where};
	}
	return 0;
}

static int
expand_star(struct sql_block *b, const struct sql_item *star,
    struct sql_item **list, unsigned *n)
{
	const struct node *node = star->node;
	struct str part = {NULL, 0};

	if (node->path.n) {
		part = node->path.steps[0].name;
		if (node->path.n > 1 || !part.p)
			return err_set(b->s->err, ERR_SPEC, star->where,
			    "only a table's columns are listed by .*");
		if (!is_part(&b->rel, part))
			return unknown_part(b->s, &b->rel, part, star->where);
	}
	if (b->rel.open && (!part.n || str_eq(part, b->rel.open_part)))
		return open_star(b, star,
		    b->rel.n_parts > 1 ? part : (struct str){NULL, 0}, list, n);
	return expand(b, star, part, list, n);
}

static int
expand_stars(struct sql_block *b)
{
	struct sql_item *list = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct sql_item *item = &b->sel.items[i];

		if (item->node->kind != NODE_STAR)
			*more_items(b, &list, &n) = *item;
		else if (expand_star(b, item, &list, &n))
			return -1;
	}
	b->sel.items = list;
	b->sel.n_items = n;
	if (n)
		return 0;
	return err_set(
	    b->s->err, ERR_SPEC, b->sel.at, "no column is left to select");
}

/* ---- the select list ---- */

/* Two columns that were given no name may be called the same. */
static void
name_apart(struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		struct sql_item *item = &b->sel.items[i];
		struct str name = item->name;

		if (item->alias || item->node->kind == NODE_STAR)
			continue;
		for (unsigned k = 2; sql_item_named(b, name) != item; k++)
			name = item->name = arena_printf(b->s->arena, "%.*s_%u",
			    STR_ARG(node_alias(item->node, b->s->arena)), k);
	}
}

/* A column of Flink's spelling is called as ours. */
static int
settle_items(struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		struct sql_item *item = &b->sel.items[i];
		const struct sql_spelling *s;

		s = item->node->kind == NODE_CALL ? spelling_of(b, item->node)
						  : NULL;
		for (unsigned k = 0; k < item->n_replace; k++)
			if (settle_one(b, &item->replace[k].node))
				return -1;
		if (item->node->kind != NODE_STAR && settle_one(b, &item->node))
			return -1;
		if (s && !item->alias && b->sel.n_groups)
			item->name =
			    s->minus ? STR("window_time") : str_of(s->column);
		item->self = item->alias && tree_names(item->node, item->name);
		item->aggregate = node_has_aggregate(item->node);
	}
	name_apart(b);
	return 0;
}

/* ---- aliases ---- */

const struct sql_item *
sql_item_named(const struct sql_block *b, struct str name)
{
	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (str_eq(b->sel.items[i].name, name) &&
		    b->sel.items[i].node->kind != NODE_STAR)
			return &b->sel.items[i];
	return NULL;
}

int
sql_two_named(struct sql *s, const struct sql_item *item)
{
	err_set(s->err, ERR_SPEC, item->where,
	    "there are two columns named \"%.*s\"", STR_ARG(item->name));
	return err_hint(s->err, "give one of them another name");
}

struct alias_edit {
	const struct sql_block *b;
	bool keys; /* of GROUP BY */
};

static int
aggregate_in_where(struct tree_edit *edit, const struct node *n)
{
	err_set(edit->err, ERR_SPEC, n->where,
	    "\"%.*s\" is known only after rows are grouped",
	    STR_ARG(n->path.steps[0].name));
	err_hint(edit->err, "conditions on groups belong in HAVING");
	edit->failed = true;
	return -1;
}

static bool
has_over(const struct node *n, const void *arg)
{
	(void)arg;
	return n->over != NULL;
}

/* In WHERE and GROUP BY. */
static struct node *
replace_alias(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct alias_edit *a = edit->owner;
	const struct sql_item *item;

	(void)in_aggregate;
	if (n->kind != NODE_NAME || n->path.n != 1 ||
	    !n->path.steps[0].name.p ||
	    sql_rel_find(&a->b->rel, n->path.steps[0].name))
		return NULL;
	item = sql_item_named(a->b, n->path.steps[0].name);
	if (!item || !item->alias || item->self)
		return NULL;
	if (tree_any(item->node, has_over, NULL)) {
		err_set(edit->err, ERR_SPEC, n->where,
		    "\"%.*s\" is known only after WHERE and GROUP BY",
		    STR_ARG(item->name));
		err_hint(edit->err, "conditions on OVER belong in QUALIFY");
		edit->failed = true;
		return NULL;
	}
	if (!item->aggregate)
		return item->node;
	/* No key is an aggregate; the field of that name is meant. */
	if (!a->keys)
		aggregate_in_where(edit, n);
	return NULL;
}

struct write_out {
	const struct sql_block *b;
	bool (*keep)(const void *arg, const struct node *n);
	const void *arg;
};

/* In HAVING and ORDER BY. */
static struct node *
replace_item(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct write_out *w = edit->owner;
	const struct sql_item *item;

	if (n->kind != NODE_NAME || n->path.n != 1 || in_aggregate ||
	    !n->path.steps[0].name.p || w->keep(w->arg, n))
		return NULL;
	item = sql_item_named(w->b, n->path.steps[0].name);
	return item ? item->node : NULL;
}

struct node *
sql_write_out(struct sql_block *b, struct node *n,
    bool (*keep)(const void *arg, const struct node *n), const void *arg)
{
	struct write_out w = {b, keep, arg};
	struct tree_edit edit = {.replace = replace_item,
	    .arena = b->s->arena,
	    .err = b->s->err,
	    .owner = &w};

	return tree_change(&edit, n);
}

/* ---- the rest ---- */

const struct sql_item *
sql_ordinal(struct sql_block *b, const struct node *n, bool *bad)
{
	*bad = false;
	if (n->kind != NODE_LITERAL || n->value.type != T_INT)
		return NULL;
	if (n->value.i >= 1 && n->value.i <= b->sel.n_items &&
	    b->sel.items[n->value.i - 1].node->kind != NODE_STAR)
		return &b->sel.items[n->value.i - 1];
	*bad = true;
	err_set(b->s->err, ERR_SPEC, n->where,
	    "there is no column number %lld in the select list",
	    (long long)n->value.i);
	return NULL;
}

static bool
is_edge(const struct node *n, const void *arg)
{
	(void)arg;
	return node_is_name(n, "window_start") || node_is_name(n, "window_end");
}

bool
sql_names_edge(const struct node *n)
{
	return tree_any(n, is_edge, NULL);
}

static int
write_out_aliases(struct sql_block *b, struct node **n, bool keys)
{
	struct alias_edit a = {.b = b, .keys = keys};
	struct tree_edit edit = {.replace = replace_alias,
	    .arena = b->s->arena,
	    .err = b->s->err,
	    .owner = &a};

	if (!*n)
		return 0;
	*n = tree_change(&edit, *n);
	return *n ? 0 : -1;
}

int
sql_key_name(struct sql_block *b, struct node **n)
{
	return write_out_aliases(b, n, true) || settle_one(b, n) ? -1 : 0;
}

static int
settle_groups(struct sql_block *b, struct sql_group *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (sql_key_name(b, &list[i].node) ||
		    settle_groups(b, list[i].list, list[i].n))
			return -1;
	return 0;
}

static int
settle_exprs(struct sql_block *b, struct sql_exprs *e)
{
	for (unsigned i = 0; i < e->n; i++)
		if (settle_one(b, &e->list[i]))
			return -1;
	return 0;
}

/* t.a is always a field, so aliases go before qualifiers. */
int
sql_names(struct sql_block *b)
{
	struct sql_select *sel = &b->sel;

	if (expand_stars(b) || settle_items(b) ||
	    write_out_aliases(b, &sel->where, false) ||
	    settle_one(b, &sel->where) || settle_one(b, &sel->having) ||
	    settle_one(b, &sel->qualify) ||
	    settle_groups(b, sel->groups, sel->n_groups) ||
	    settle_exprs(b, &sel->distinct_on) || settle_exprs(b, &b->limit_by))
		return -1;
	for (unsigned i = 0; i < b->orders.n; i++)
		if (settle_one(b, &b->orders.list[i].node))
			return -1;
	return 0;
}
