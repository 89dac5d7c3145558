/* SPDX-License-Identifier: MIT */
/*
 * Steps of a spec.
 *
 * A step is a map with one action word, the name of an operator, whose value
 * is the operator's main parameter; its other parameters stand beside it:
 *
 *   - window: tumble(5m)
 *     by: [path]
 *     select: {hits: count(*), p95: percentile(request_time, 0.95)}
 *
 * Some words are both an operator and a parameter of another (select, limit):
 * the action word is the one whose parameters the other keys are.
 */
#include "front/tree.h"
#include "front/yaml.h"
#include "front/yaml_expr.h"

struct step {
	struct spec *s;
	struct op *op;
	const struct param *param;
	struct where at; /* of the parameter */
	struct arg_item *items;
	unsigned n;
};

/* The parameter that a key of a step is; NULL: none. */
static const struct param *
param_of(const struct op_kind *kind, struct str name)
{
	if (kind->also.key && str_is(name, kind->also.key))
		name = str_of(kind->also.param);
	for (unsigned i = 0; i < kind->n_params; i++) {
		const struct param *p = &kind->params[i];
		bool primary = !strcmp(p->name, kind->primary);

		if (p->kind != PARAM_SETTINGS &&
		    str_is(name, primary ? kind->name : p->name))
			return p;
	}
	return NULL;
}

/* The operator's main parameter by its own name. */
static bool
is_primary(const struct op_kind *kind, struct str name)
{
	return kind->primary && str_is(name, kind->primary);
}

/* ---- items ---- */

static struct arg_item *
add_item(struct step *t)
{
	return plan_more(t->s->plan, &t->items, &t->n, sizeof *t->items);
}

/* [asc|desc] [nulls first|last] */
static int
parse_direction(struct yexpr *y, struct arg_item *item)
{
	struct lexer *lx = &y->lx;
	char got[180];

	item->descending = lex_accept(lx, "DESC");
	if (!item->descending)
		lex_accept(lx, "ASC");
	item->nulls_first = !item->descending;
	if (!lex_accept(lx, "NULLS"))
		return 0;
	item->nulls_first = lex_accept(lx, "FIRST");
	if (item->nulls_first || lex_accept(lx, "LAST"))
		return 0;
	return lex_fail(lx, "expected FIRST or LAST, got %s",
	    lex_describe(lx, got, sizeof got));
}

/* One name of PARAM_NAMES. */
static int
parse_column(struct yexpr *y, struct arg_item *item)
{
	struct node *n = item->node;

	if (n->kind != NODE_NAME || n->path.n != 1)
		return err_set(y->lx.err, ERR_SPEC, n->where,
		    "the name of a column is expected here");
	item->name = n->path.steps[0].name;
	item->node = NULL;
	return 0;
}

static int
parse_one(struct step *t, struct yexpr *y, struct str name)
{
	struct arg_item item = {.name = name, .alias = name.p != NULL};
	int bad = 0;

	item.node = t->param->kind == PARAM_FRAME ? frame_parse(&y->lx)
						  : expr_parse(&y->lx);
	if (!item.node)
		return -1;
	item.where = yexpr_place(y, item.node->where);
	if (t->param->kind == PARAM_ORDER)
		bad = parse_direction(y, &item);
	else if (t->param->kind == PARAM_NAMES)
		bad = parse_column(y, &item);
	else if (t->param->kind == PARAM_NAMED && !item.alias &&
		 item.node->kind != NODE_STAR)
		item.name = node_alias(item.node, t->s->arena);
	if (bad)
		return -1;
	if (item.node)
		yexpr_settle(y, item.node);
	*add_item(t) = item;
	return 0;
}

/* Expressions of a text, with commas between if `many`. */
static int
parse_text(struct step *t, struct yexpr *y, struct str name, bool many)
{
	struct lexer *lx = &y->lx;
	char got[180];

	do {
		if (parse_one(t, y, name))
			return yexpr_fail(y);
	} while (many && lex_accept(lx, ","));
	if (lx->tok.kind == TOK_END)
		return 0;
	lex_fail(lx, "expected an operator or the end, got %s",
	    lex_describe(lx, got, sizeof got));
	if (t->param->kind == PARAM_NAMED && lex_is(lx, "AS"))
		err_hint(lx->err, "a name stands before: name: expression");
	if (t->param->kind == PARAM_ORDER && lx->tok.kind == TOK_NAME) {
		static const struct str words[] = {
		    STR("desc"), STR("asc"), STR("nulls first")};
		struct str near = str_nearest(lx->tok.string, words, 3);

		if (near.p)
			err_hint(lx->err, "did you mean %.*s?", STR_ARG(near));
	}
	return yexpr_fail(y);
}

static bool
takes_many(const struct param *p)
{
	switch (p->kind) {
	case PARAM_EXPRS:
	case PARAM_NAMED:
	case PARAM_NAMES:
	case PARAM_ORDER:
		return true;
	case PARAM_EXPR:
	case PARAM_COUNT:
	case PARAM_FLAG:
	case PARAM_NAME:
	case PARAM_WORD:
	case PARAM_SETTINGS:
	case PARAM_WINDOW:
	case PARAM_FRAME:
	case PARAM_RENAME:
	case PARAM_SETS:
	case PARAM_FLOWS:
		break;
	}
	return false;
}

/* Entries [at, at + n) of a flow, that YAML cut apart, as one text. */
static int
parse_pieces(struct step *t, const struct ynode *first,
    const struct ynode *last, struct str name)
{
	struct yexpr y;

	yexpr_init_span(&y, t->s->src, first->where.at,
	    last->where.at + last->where.len, t->s->arena, t->s->err);
	return parse_text(t, &y, name, false);
}

static int
parse_scalar(struct step *t, const struct ynode *n, struct str name)
{
	struct yexpr y;

	if (n->kind != Y_SCALAR)
		return spec_expected(t->s, n,
		    t->param->kind == PARAM_WINDOW  ? "a window"
		    : t->param->kind == PARAM_FRAME ? "a frame"
						    : "an expression");
	if (ynode_empty(n))
		return err_set(t->s->err, ERR_SPEC, t->at,
		    "an expression is missing here");
	yexpr_init(&y, n, t->s->arena, t->s->err);
	return parse_text(t, &y, name, !name.p && takes_many(t->param));
}

/* ---- lists and maps ---- */

static int
check_double(struct step *t, struct str name, struct where where)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->items[i].alias && str_eq(t->items[i].name, name))
			return err_set(t->s->err, ERR_SPEC, where,
			    "\"%.*s\" is there twice", STR_ARG(name));
	return 0;
}

/* group: {by: [a]}: a parameter within the value of the action word. */
static int
err_aside(struct step *t, const struct ynode *key)
{
	const struct op_kind *kind = t->op->kind;

	err_set(t->s->err, ERR_SPEC, key->where,
	    "what is in \"%s\" are names and what they stand for", kind->name);
	if (kind->primary && str_is(key->text, kind->primary))
		return err_hint(t->s->err,
		    "without \"%.*s\": %s: [a, b]; the rest stands beside it",
		    STR_ARG(key->text), kind->name);
	return err_hint(t->s->err, "\"%.*s\" stands beside \"%s\", not in it",
	    STR_ARG(key->text), kind->name);
}

static int
parse_map(struct step *t, const struct ynode *n)
{
	unsigned pieces;

	if (t->param->kind != PARAM_NAMED)
		return spec_expected(t->s, n, "an expression");
	for (unsigned i = 0; i < n->n; i += pieces) {
		const struct ynode *key = n->keys[i], *value = n->items[i];
		const struct ynode *last;
		bool bare = ynode_empty(value);
		struct str name = bare ? (struct str){NULL, 0} : key->text;
		unsigned before = t->n;

		t->at = key->where;
		if (value->kind != Y_SCALAR &&
		    (param_of(t->op->kind, name) ||
			is_primary(t->op->kind, name)))
			return err_aside(t, key);
		pieces = yexpr_pieces(n, i);
		last = pieces > 1 ? n->keys[i + pieces - 1] : value;
		if (!bare && check_double(t, name, key->where))
			return -1;
		if (pieces > 1 ? parse_pieces(t, bare ? key : value, last, name)
			       : parse_scalar(t, bare ? key : value, name))
			return -1;
		if (!bare && t->n == before + 1)
			t->items[before].where = key->where;
	}
	return 0;
}

static int
parse_list(struct step *t, const struct ynode *n)
{
	unsigned pieces;

	for (unsigned i = 0; i < n->n; i += pieces) {
		const struct ynode *entry = n->items[i];
		struct str none = {NULL, 0};

		pieces = 1;
		if (entry->kind == Y_MAP) {
			if (parse_map(t, entry))
				return -1;
			continue;
		}
		pieces = yexpr_pieces(n, i);
		if (pieces > 1
			? parse_pieces(t, entry, n->items[i + pieces - 1], none)
			: parse_scalar(t, entry, none))
			return -1;
	}
	return 0;
}

static int
parse_rename(struct step *t, const struct ynode *n)
{
	if (n->kind != Y_MAP)
		return spec_expected(t->s, n, "a map of old: new names");
	if (spec_no_doubles(t->s, n))
		return -1;
	for (unsigned i = 0; i < n->n; i++) {
		struct arg_item item = {
		    .name = n->keys[i]->text, .where = n->keys[i]->where};

		if (spec_text(t->s, n->items[i], &item.to))
			return -1;
		if (!item.name.n)
			return spec_expected(
			    t->s, n->keys[i], "the name of a column");
		*add_item(t) = item;
	}
	return 0;
}

/* rollup, cube, or a list of lists of expressions. */
static int
parse_sets(struct step *t, const struct ynode *n)
{
	if (n->kind == Y_SCALAR)
		return parse_scalar(t, n, (struct str){NULL, 0});
	if (n->kind != Y_SEQ)
		return spec_expected(
		    t->s, n, "rollup, cube or a list of lists");
	for (unsigned i = 0; i < n->n; i++) {
		struct step set = {.s = t->s, .op = t->op, .param = t->param};
		const struct ynode *entry = n->items[i];
		struct node **args;

		set.at = entry->where;
		if (entry->kind != Y_SEQ)
			return spec_expected(t->s, entry, "a list of keys");
		if (parse_list(&set, entry))
			return -1;
		args = arena_array(t->s->arena, set.n, sizeof *args);
		for (unsigned k = 0; k < set.n; k++)
			args[k] = set.items[k].node;
		*add_item(t) =
		    (struct arg_item){.node = node_call(t->s->arena, "set",
					  args, set.n, entry->where),
			.where = entry->where};
	}
	return 0;
}

/* One of the words given. */
static int
parse_choice(struct step *t, const struct ynode *n, const char *words)
{
	struct arg_item item = {.where = n->where};
	struct str list[16];
	unsigned n_list = 0;

	if (spec_text(t->s, n, &item.name))
		return -1;
	for (const char *p = words; *p; p += list[n_list++].n) {
		p += *p == ' ';
		list[n_list] = (struct str){p, strcspn(p, " ")};
		if (str_eq(list[n_list], item.name)) {
			*add_item(t) = item;
			return 0;
		}
	}
	err_set(t->s->err, ERR_SPEC, n->where, "\"%s\" cannot be \"%.*s\"",
	    t->param->name, STR_ARG(item.name));
	return err_suggest(t->s->err, item.name, list, n_list);
}

/* A text that stands for itself: a name, a word, true or false. */
static int
parse_word(struct step *t, const struct ynode *n)
{
	struct arg_item item = {.where = n->where};
	const char *words = op_words(t->op->kind, t->param->name);

	if (t->param->kind == PARAM_WORD && words)
		return parse_choice(t, n, words);
	if (t->param->kind == PARAM_FLAG && n->kind == Y_SCALAR &&
	    !str_is(n->text, "true") && !str_is(n->text, "false"))
		return err_set(t->s->err, ERR_SPEC, n->where,
		    "true or false is expected here");
	if (n->kind != Y_SCALAR || !n->text.n)
		return spec_expected(t->s, n,
		    t->param->kind == PARAM_NAME ? "a name" : "a text");
	item.name = spec_as_written(t->s, n);
	*add_item(t) = item;
	return 0;
}

static int
parse_value(struct step *t, const struct ynode *n)
{
	if (t->param->kind == PARAM_RENAME)
		return parse_rename(t, n);
	if (t->param->kind == PARAM_SETS)
		return parse_sets(t, n);
	if (t->param->kind == PARAM_WORD || t->param->kind == PARAM_NAME ||
	    t->param->kind == PARAM_FLAG)
		return parse_word(t, n);
	if (!takes_many(t->param))
		return parse_scalar(t, n, (struct str){NULL, 0});
	if (ynode_empty(n))
		return 0;
	switch (n->kind) {
	case Y_MAP:
		return parse_map(t, n);
	case Y_SEQ:
		return parse_list(t, n);
	case Y_SCALAR:
		break;
	}
	return parse_scalar(t, n, (struct str){NULL, 0});
}

/* ---- the step ---- */

/* What takes the keys that are no parameter; NULL if nothing does. */
static const struct param *
settings_of(const struct op_kind *kind, struct str name)
{
	for (unsigned i = 0; i < kind->n_params; i++)
		if (kind->params[i].kind == PARAM_SETTINGS &&
		    !op_kind_find(name))
			return &kind->params[i];
	return NULL;
}

/* True if all other keys are parameters of this operator. */
static bool
fits(const struct op_kind *kind, const struct ynode *step)
{
	for (unsigned i = 0; i < step->n; i++)
		if (!str_is(step->keys[i]->text, "name") &&
		    !param_of(kind, step->keys[i]->text) &&
		    !settings_of(kind, step->keys[i]->text))
			return false;
	return true;
}

#define CHOOSE "semi keeps the rows that another flow has, or has not"
#define LOOK_BACK "running looks at the rows before: {before: lag(x)}"

/* What steps are called elsewhere, and what comes later. */
static const struct other_name {
	const char *word;
	const char *step; /* or NULL: there is nothing like it yet … */
	const char *hint; /* … but this */
} other_names[] = {
    {"aggregate", "group", NULL},
    {"assign", "set", NULL},
    {"distinct", "dedup", NULL},
    {"enrich", NULL, CHOOSE},
    {"except", "setop", NULL},
    {"extend", "set", NULL},
    {"filter", "where", NULL},
    {"flatten", "explode", NULL},
    {"group_by", "group", NULL},
    {"having", "where", NULL},
    {"intersect", "setop", NULL},
    {"join", NULL, CHOOSE},
    {"lookup", NULL, CHOOSE},
    {"map", "select", NULL},
    {"match", NULL, LOOK_BACK},
    {"match_recognize", NULL, LOOK_BACK},
    {"order", "sort", NULL},
    {"order_by", "sort", NULL},
    {"over", "running", NULL},
    {"pattern", NULL, LOOK_BACK},
    {"process", NULL, NULL},
    {"project", "select", NULL},
    {"qualify", "where", NULL},
    {"remove", "drop", NULL},
    {"unnest", "explode", NULL},
};

/* Says what the word is called here; 1 if it is none of the above. */
static int
other_name(struct spec *s, const struct ynode *key)
{
	for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
		const struct other_name *o = &other_names[i];

		if (!str_is(key->text, o->word))
			continue;
		if (!o->step) {
			err_set(s->err, ERR_SPEC, key->where,
			    "the step \"%s\" is not supported yet", o->word);
			return o->hint ? err_hint(s->err, "%s", o->hint) : -1;
		}
		err_set(s->err, ERR_SPEC, key->where, "there is no step \"%s\"",
		    o->word);
		return err_hint(s->err, "it is called %s", o->step);
	}
	return 1;
}

static int
no_action(struct spec *s, const struct ynode *step)
{
	struct str names[64];
	unsigned n = 0;

	for (unsigned i = 0; i < n_op_kinds && i < 62; i++)
		names[n++] = str_of(op_kinds[i]->name);
	names[n++] = STR("split");
	names[n++] = STR("tee");
	for (unsigned i = 0; i < step->n; i++) {
		const struct ynode *key = step->keys[i];

		if (str_is(key->text, "name"))
			continue;
		if (other_name(s, key) < 0)
			return -1;
		err_set(s->err, ERR_SPEC, key->where,
		    "there is no step \"%.*s\"", STR_ARG(key->text));
		return err_suggest(s->err, key->text, names, n);
	}
	err_set(s->err, ERR_SPEC, step->where, "this step does nothing");
	return err_suggest(s->err, STR(""), names, n);
}

/* The operator a step is; NULL and the error if that is not clear. */
static const struct op_kind *
action_of(struct spec *s, const struct ynode *step)
{
	const struct op_kind *first = NULL;
	const struct ynode *second = NULL;

	for (unsigned i = 0; i < step->n; i++) {
		const struct op_kind *kind = op_kind_find(step->keys[i]->text);

		if (!kind)
			continue;
		if (fits(kind, step))
			return kind;
		if (first && !second && !param_of(first, step->keys[i]->text))
			second = step->keys[i];
		if (!first)
			first = kind;
	}
	if (!first) {
		no_action(s, step);
		return NULL;
	}
	if (!second)
		return first;
	err_set(s->err, ERR_SPEC, second->where,
	    "a step has one action word, and this one has \"%s\" already",
	    first->name);
	err_hint(s->err, "begin a new step with - before \"%.*s\"",
	    STR_ARG(second->text));
	return NULL;
}

static int
unknown_param(
    struct spec *s, const struct op_kind *kind, const struct ynode *key)
{
	struct str names[32];
	unsigned n = 0;

	for (unsigned i = 0; i < kind->n_params && n < 31; i++)
		if (strcmp(kind->params[i].name, kind->primary) != 0 &&
		    kind->params[i].kind != PARAM_SETTINGS)
			names[n++] = str_of(kind->params[i].name);
	names[n++] = STR("name");
	err_set(s->err, ERR_SPEC, key->where, "the step \"%s\" has no \"%.*s\"",
	    kind->name, STR_ARG(key->text));
	return err_suggest(s->err, key->text, names, n);
}

/* A setting: its key and text go to the list of all. */
static int
read_setting(struct spec *s, struct op *op, const struct param *param,
    const struct ynode *key, const struct ynode *value)
{
	struct arg_item item = {.name = key->text, .where = key->where};
	struct arg *arg = NULL;

	if (value->kind != Y_SCALAR)
		return spec_expected(s, value, "a text");
	item.to = spec_as_written(s, value);
	for (unsigned i = 0; i < op->n_args; i++)
		if (op->args[i].param == param)
			arg = &op->args[i];
	if (!arg)
		arg = plan_arg(s->plan, op, param->name, 0, key->where);
	*(struct arg_item *)plan_more(
	    s->plan, &arg->items, &arg->n_items, sizeof item) = item;
	return 0;
}

static int
read_param(struct spec *s, struct op *op, const struct ynode *key,
    const struct ynode *value)
{
	struct step t = {.s = s, .op = op, .at = key->where};
	const struct param *settings;
	struct arg *arg;

	t.param = param_of(op->kind, key->text);
	settings = settings_of(op->kind, STR(""));
	if (!t.param && settings)
		return read_setting(s, op, settings, key, value);
	if (!t.param)
		return unknown_param(s, op->kind, key);
	if (op_arg(op, t.param->name))
		return err_set(s->err, ERR_SPEC, key->where,
		    "\"%s\" is there already, by another name", t.param->name);
	if (t.param->kind == PARAM_FLOWS) /* read by add_step */
		return 0;
	if (parse_value(&t, value))
		return -1;
	arg = plan_arg(s->plan, op, t.param->name, 0, key->where);
	arg->items = t.items;
	arg->n_items = t.n;
	return 0;
}

/* True if a map can be nothing but parameters by name. */
static bool
takes_map(const struct op_kind *kind)
{
	for (unsigned i = 0; i < kind->n_params; i++)
		if (!strcmp(kind->params[i].name, kind->primary))
			return kind->n_params > 1 &&
			       kind->params[i].kind != PARAM_NAMED &&
			       kind->params[i].kind != PARAM_RENAME &&
			       kind->params[i].kind != PARAM_EXPRS &&
			       kind->params[i].kind != PARAM_ORDER &&
			       kind->params[i].kind != PARAM_NAMES;
	return false;
}

/*
 * parse: {field: text, format: json}: all parameters in a map, by their names.
 */
static int
read_map(struct spec *s, struct op *op, const struct ynode *map)
{
	if (spec_no_doubles(s, map))
		return -1;
	for (unsigned i = 0; i < map->n; i++) {
		struct ynode key = *map->keys[i];

		if (is_primary(op->kind, key.text))
			key.text = str_of(op->kind->name);
		else if (str_is(key.text, op->kind->name))
			return unknown_param(s, op->kind, map->keys[i]);
		if (read_param(s, op, &key, map->items[i]))
			return -1;
	}
	return 0;
}

/* The names of a PARAM_FLOWS as edges. */
static int
read_edges(struct spec *s, const struct ynode *n, struct edge *edges,
    unsigned *n_edges)
{
	if (n->kind == Y_SCALAR)
		return spec_edge(s, n, &edges[(*n_edges)++]);
	if (n->kind != Y_SEQ)
		return spec_expected(s, n, "a list of flows");
	for (unsigned i = 0; i < n->n; i++) {
		if (*n_edges == PORTS_MAX)
			return err_set(s->err, ERR_SPEC, n->items[i]->where,
			    "more than %d flows", PORTS_MAX);
		if (spec_edge(s, n->items[i], &edges[(*n_edges)++]))
			return -1;
	}
	return 0;
}

/*
 * Adds the step behind the rows at hand and the flows it names. The first one
 * of a flow that names enough of them reads no others.
 */
static struct op *
add_step(struct spec *s, const struct op_kind *kind, const struct ynode *step)
{
	struct edge edges[PORTS_MAX + 1], tail = s->plan->tail;
	unsigned n = 0, least = kind->ports_min ? kind->ports_min : 1;

	edges[0] = tail;
	for (unsigned i = 0; i < step->n; i++) {
		const struct param *p = param_of(kind, step->keys[i]->text);

		if (p && p->kind == PARAM_FLOWS &&
		    read_edges(s, step->items[i], edges + 1, &n))
			return NULL;
	}
	s->plan->tail = tail;
	if (!s->has_tail && n >= least)
		return plan_merge(s->plan, kind, edges + 1, n, step->where);
	if (!s->has_tail && s->plan->n_inputs > 1) {
		spec_no_rows(s, step->where);
		return NULL;
	}
	return plan_merge(s->plan, kind, edges, n + 1, step->where);
}

static int
read_step(struct spec *s, const struct ynode *step)
{
	const struct op_kind *kind;
	struct op *op;
	int point;

	if (step->kind != Y_MAP)
		return spec_expected(
		    s, step, "a step (an action word and its value)");
	if (spec_no_doubles(s, step))
		return -1;
	point = spec_point(s, step);
	if (point)
		return point < 0 ? -1 : 0;
	kind = action_of(s, step);
	if (!kind)
		return -1;
	op = add_step(s, kind, step);
	if (!op)
		return -1;
	s->has_tail = true;
	for (unsigned i = 0; i < step->n; i++) {
		const struct ynode *key = step->keys[i];

		if (str_is(key->text, kind->name))
			op->where = key->where;
		if (str_is(key->text, kind->name) &&
		    step->items[i]->kind == Y_MAP && takes_map(kind)) {
			if (read_map(s, op, step->items[i]))
				return -1;
			continue;
		}
		if (!str_is(key->text, "name")) {
			if (read_param(s, op, key, step->items[i]))
				return -1;
			continue;
		}
		op->named = true;
		if (spec_text(s, step->items[i], &op->name))
			return -1;
	}
	return 0;
}

int
spec_steps(struct spec *s, const struct ynode *list)
{
	if (ynode_empty(list))
		return 0;
	if (list->kind != Y_SEQ)
		return spec_expected(s, list, "a list of steps");
	for (unsigned i = 0; i < list->n; i++) {
		if (s->names[s->flow].ended)
			return err_set(s->err, ERR_SPEC, list->items[i]->where,
			    "no rows come here: \"split\" ends a flow");
		if (read_step(s, list->items[i]))
			return -1;
	}
	return 0;
}
