/* SPDX-License-Identifier: MIT */
/*
 * What names in a query mean.
 *
 * Aliases of the select list can be used everywhere. In WHERE and GROUP BY,
 * where SQL knows only fields, an alias stands for its expression, unless that
 * expression itself names a field of this name: in
 *
 *   SELECT lower(path) AS path WHERE path LIKE '/API/%'
 *
 * path is the field, as in any other SQL.
 */
#include "front/sql.h"
#include "front/tree.h"

/* ---- qualifiers and Flink's spellings ---- */

static const struct sql_spelling {
	const char *name;
	const char *column;
	int64_t minus; /* µs */
} spellings[] = {
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
spelling_of(const struct node *n)
{
	struct str name = n->name;

	if (n->kind == NODE_NAME && n->path.n == 1)
		name = STR("window_time");
	else if (n->kind != NODE_CALL)
		return NULL;
	if (n->kind == NODE_NAME &&
	    !str_is(n->path.steps[0].name, "window_time"))
		return NULL;
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (str_is(name, spellings[i].name))
			return &spellings[i];
	return NULL;
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

/* t.a is a, if t is what FROM reads. */
static struct node *
unqualified(struct tree_edit *edit, const struct node *n)
{
	const struct sql_query *q = edit->owner;
	struct str name = q->alias.n ? q->alias : q->from;
	struct node *new;

	if (!name.n || (q->from_file && !q->alias.n) ||
	    n->path.n < (n->kind == NODE_STAR ? 1 : 2) ||
	    !n->path.steps[0].name.p || !str_eq(n->path.steps[0].name, name))
		return NULL;
	new = arena_alloc(edit->arena, sizeof *new);
	*new = *n;
	new->path.steps++;
	new->path.n--;
	return new;
}

static struct node *
settle(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct sql_query *q = edit->owner;
	const struct sql_spelling *s = spelling_of(n);

	(void)in_aggregate;
	if (s && (q->n_groups || q->tvf.window))
		return spell(edit, n, s);
	if (n->kind == NODE_NAME || n->kind == NODE_STAR)
		return unqualified(edit, n);
	return NULL;
}

static int
settle_one(struct sql_query *q, struct node **n)
{
	struct tree_edit edit = {.replace = settle,
	    .arena = &q->plan->arena,
	    .err = q->err,
	    .owner = q};

	if (!*n)
		return 0;
	*n = tree_change(&edit, *n);
	return *n ? 0 : -1;
}

/* The select list; a column of Flink's spelling is called as ours. */
static int
settle_items(struct sql_query *q)
{
	for (unsigned i = 0; i < q->n_items; i++) {
		struct sql_item *item = &q->items[i];
		const struct sql_spelling *s = spelling_of(item->node);

		if (settle_one(q, &item->node))
			return -1;
		if (s && !item->alias && (q->n_groups || q->tvf.window))
			item->name =
			    s->minus ? STR("window_time") : str_of(s->column);
		item->self = item->alias && tree_names(item->node, item->name);
		item->aggregate = node_has_aggregate(item->node);
	}
	return 0;
}

/* ---- aliases ---- */

const struct sql_item *
sql_item_named(const struct sql_query *q, struct str name)
{
	for (unsigned i = 0; i < q->n_items; i++)
		if (str_eq(q->items[i].name, name) &&
		    q->items[i].node->kind != NODE_STAR)
			return &q->items[i];
	return NULL;
}

struct alias_edit {
	const struct sql_query *q;
	bool keys; /* of GROUP BY */
};

/* In WHERE and GROUP BY. */
static struct node *
replace_alias(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct alias_edit *a = edit->owner;
	const struct sql_item *item;

	(void)in_aggregate;
	if (n->kind != NODE_NAME || n->path.n != 1)
		return NULL;
	item = sql_item_named(a->q, n->path.steps[0].name);
	if (!item || !item->alias || item->self)
		return NULL;
	if (sql_has_over(item->node)) {
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
	if (a->keys)
		return NULL;
	err_set(edit->err, ERR_SPEC, n->where,
	    "\"%.*s\" is known only after rows are grouped",
	    STR_ARG(item->name));
	err_hint(edit->err, "conditions on groups belong in HAVING");
	edit->failed = true;
	return NULL;
}

struct write_out {
	const struct sql_query *q;
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
	    w->keep(w->arg, n))
		return NULL;
	item = sql_item_named(w->q, n->path.steps[0].name);
	return item ? item->node : NULL;
}

struct node *
sql_write_out(struct sql_query *q, struct node *n,
    bool (*keep)(const void *arg, const struct node *n), const void *arg)
{
	struct write_out w = {q, keep, arg};
	struct tree_edit edit = {.replace = replace_item,
	    .arena = &q->plan->arena,
	    .err = q->err,
	    .owner = &w};

	return tree_change(&edit, n);
}

/* ---- the rest ---- */

const struct sql_item *
sql_ordinal(struct sql_query *q, const struct node *n, bool *bad)
{
	*bad = false;
	if (n->kind != NODE_LITERAL || n->value.type != T_INT)
		return NULL;
	if (n->value.i >= 1 && n->value.i <= q->n_items &&
	    q->items[n->value.i - 1].node->kind != NODE_STAR)
		return &q->items[n->value.i - 1];
	*bad = true;
	err_set(q->err, ERR_SPEC, n->where,
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

int
sql_set_time(struct sql_query *q, const struct node *name)
{
	struct plan_time *t = &q->plan->time;
	struct buf text = {0};

	if (!t->field.n || path_eq(t->field, name->path)) {
		t->field = name->path;
		t->where = name->where;
		return 0;
	}
	path_print(&text, t->field);
	err_set(q->err, ERR_SPEC, name->where,
	    "event time is in \"%s\" already", buf_z(&text));
	buf_release(&text);
	return -1;
}

static int
write_out_aliases(struct sql_query *q, struct node **n, bool keys)
{
	struct alias_edit a = {.q = q, .keys = keys};
	struct tree_edit edit = {.replace = replace_alias,
	    .arena = &q->plan->arena,
	    .err = q->err,
	    .owner = &a};

	if (!*n)
		return 0;
	*n = tree_change(&edit, *n);
	return *n ? 0 : -1;
}

int
sql_key_name(struct sql_query *q, struct node **n)
{
	return write_out_aliases(q, n, true) || settle_one(q, n) ? -1 : 0;
}

/* t.a is always a field, so aliases go before qualifiers. */
int
sql_names(struct sql_query *q)
{
	if (settle_items(q) || write_out_aliases(q, &q->where, false) ||
	    settle_one(q, &q->where) || settle_one(q, &q->having))
		return -1;
	if (settle_one(q, &q->qualify))
		return -1;
	for (unsigned i = 0; i < q->limit_by.n; i++)
		if (settle_one(q, &q->limit_by.list[i]))
			return -1;
	for (unsigned i = 0; i < q->n_groups; i++)
		if (sql_key_name(q, &q->groups[i].node))
			return -1;
	for (unsigned i = 0; i < q->n_orders; i++)
		if (settle_one(q, &q->orders[i].node))
			return -1;
	return 0;
}
