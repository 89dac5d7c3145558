/* SPDX-License-Identifier: MIT */
/*
 * Flows of a spec: what has a name, and who reads what.
 *
 * Names are collected first: inputs, flows, and the points within flows that
 * tee and split name. The steps of a flow are read when it is asked for, so a
 * flow may stand before those it reads; one that is asked for while it is being
 * read would read its own rows.
 */
#include "front/tree.h"
#include "front/yaml.h"
#include "front/yaml_expr.h"

#define FLOWS_MAX 256

/* ---- names ---- */

static struct spec_name *
find_name(struct spec *s, struct str name)
{
	for (unsigned i = 0; i < s->n_names; i++)
		if (name.n && str_eq(s->names[i].name, name))
			return &s->names[i];
	return NULL;
}

static struct spec_name *
add_name(struct spec *s, struct spec_name name)
{
	struct spec_name *new;

	if (find_name(s, name.name)) {
		err_set(s->err, ERR_SPEC, name.where,
		    "there are two flows or inputs named \"%.*s\"",
		    STR_ARG(name.name));
		return NULL;
	}
	if (s->n_names == FLOWS_MAX) {
		err_set(s->err, ERR_SPEC, name.where, "more than %d flows",
		    FLOWS_MAX);
		return NULL;
	}
	new = plan_more(s->plan, &s->names, &s->n_names, sizeof *new);
	*new = name;
	return new;
}

/* The name a tee gives, or an entry of a split; NULL if it is none. */
static const struct ynode *
split_name(const struct ynode *split, unsigned i)
{
	return str_is(split->keys[i]->text, "else") ? split->items[i]
						    : split->keys[i];
}

static int
add_point(struct spec *s, unsigned flow, const struct ynode *name)
{
	struct str text;

	if (spec_text(s, name, &text))
		return -1;
	return add_name(s, (struct spec_name){.kind = SPEC_POINT,
			       .name = text,
			       .where = name->where,
			       .flow = flow})
		   ? 0
		   : -1;
}

/* Points of a flow's steps; what is no list of maps is refused later. */
static int
add_points(struct spec *s, unsigned flow)
{
	const struct ynode *steps = s->names[flow].steps;

	for (unsigned i = 0; steps && steps->kind == Y_SEQ && i < steps->n;
	     i++) {
		const struct ynode *step = steps->items[i], *value;

		if (step->kind != Y_MAP || step->n != 1)
			continue;
		value = step->items[0];
		if (str_is(step->keys[0]->text, "tee") &&
		    add_point(s, flow, value))
			return -1;
		if (!str_is(step->keys[0]->text, "split"))
			continue;
		for (unsigned k = 0; value->kind == Y_MAP && k < value->n; k++)
			if (add_point(s, flow, split_name(value, k)))
				return -1;
	}
	return 0;
}

static int
add_flow(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct spec_name *name = add_name(
	    s, (struct spec_name){
		   .kind = SPEC_FLOW, .name = key->text, .where = key->where});

	if (!name)
		return -1;
	return spec_flow(s, value, name);
}

static int
collect_names(struct spec *s)
{
	unsigned n;

	if (!add_name(
		s, (struct spec_name){
		       .kind = SPEC_FLOW, .from = s->from, .steps = s->steps}))
		return -1;
	for (unsigned i = 0; i < s->plan->n_inputs; i++) {
		const struct plan_input *in = &s->plan->inputs[i];

		if (in->name.n &&
		    !add_name(s, (struct spec_name){.kind = SPEC_INPUT,
				     .name = in->name,
				     .where = in->where,
				     .state = SPEC_READ,
				     .edge = {.number = i}}))
			return -1;
	}
	for (unsigned i = 0; s->flows && i < s->flows->n; i++)
		if (add_flow(s, s->flows->keys[i], s->flows->items[i]))
			return -1;
	n = s->n_names;
	for (unsigned i = 0; i < n; i++)
		if (add_points(s, i))
			return -1;
	return 0;
}

/* ---- reading a flow ---- */

static int
read_flow(struct spec *s, unsigned number)
{
	struct spec_name *f = &s->names[number];
	struct edge tail = s->plan->tail;
	bool has_tail = s->has_tail;
	unsigned outer = s->flow;

	f->state = SPEC_READING;
	plan_read(s->plan, 0);
	s->has_tail = f->from != NULL;
	if (f->from && spec_edge(s, f->from, &s->plan->tail))
		return -1;
	s->flow = number;
	if (f->steps && spec_steps(s, f->steps))
		return -1;
	f->edge = s->plan->tail;
	f->state = SPEC_READ;
	if (!s->has_tail && !f->ended && s->plan->n_inputs > 1)
		return spec_no_rows(
		    s, f->name.n ? f->where : s->inputs_at->where);
	s->plan->tail = tail;
	s->has_tail = has_tail;
	s->flow = outer;
	return 0;
}

static int
unknown_flow(struct spec *s, const struct ynode *name)
{
	struct str *names = arena_array(s->arena, s->n_names, sizeof *names);
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_names; i++)
		if (s->names[i].name.n)
			names[n++] = s->names[i].name;
	err_set(s->err, ERR_SPEC, name->where,
	    s->flows ? "there is no input or flow \"%.*s\""
		     : "there is no input \"%.*s\"",
	    STR_ARG(name->text));
	return n ? err_suggest(s->err, name->text, names, n) : -1;
}

int
spec_no_rows(struct spec *s, struct where where)
{
	err_set(s->err, ERR_SPEC, where,
	    "there are several inputs, and nothing says which is read");
	return err_hint(s->err, "from: %.*s", STR_ARG(s->plan->inputs[0].name));
}

int
spec_edge(struct spec *s, const struct ynode *name, struct edge *out)
{
	struct spec_name *f;
	struct str text;
	unsigned owner;

	if (spec_text(s, name, &text))
		return -1;
	f = find_name(s, text);
	if (!f)
		return unknown_flow(s, name);
	owner = f->kind == SPEC_POINT ? f->flow : (unsigned)(f - s->names);
	f->used = true;
	if (s->names[owner].state == SPEC_NEW && read_flow(s, owner))
		return -1;
	if (f->state == SPEC_READ && !f->ended) {
		*out = f->edge;
		return 0;
	}
	if (f->ended)
		return err_set(s->err, ERR_SPEC, name->where,
		    "nothing comes out at the end of \"%.*s\": \"split\" "
		    "gives its rows to other flows",
		    STR_ARG(text));
	err_set(s->err, ERR_SPEC, name->where,
	    "the flow \"%.*s\" would read its own rows", STR_ARG(text));
	return err_hint(s->err, "flows must not go in a circle");
}

/* ---- tee and split ---- */

static struct node *
call(struct spec *s, const char *name, struct node *a, struct node *b)
{
	struct node **args = arena_array(s->arena, 2, sizeof *args);

	args[0] = a;
	args[1] = b;
	return node_call(s->arena, name, args, b ? 2 : 1, a->where);
}

/* Rows go on to a flow: those for which the condition is true. */
static int
add_where(struct spec *s, struct node *condition, const struct ynode *name)
{
	const struct op_kind *kind = op_kind_find(STR("where"));
	struct spec_name *point = find_name(s, name->text);
	struct edge tail = s->plan->tail;
	struct op *op = plan_add(s->plan, kind, name->where);
	struct arg *arg =
	    plan_arg(s->plan, op, "condition", 1, condition->where);

	arg->items[0] =
	    (struct arg_item){.node = condition, .where = condition->where};
	point->edge = s->plan->tail;
	point->state = SPEC_READ;
	s->plan->tail = tail;
	return 0;
}

static struct node *
read_condition(struct spec *s, const struct ynode *n)
{
	struct yexpr y;
	struct node *tree;

	if (n->kind != Y_SCALAR || ynode_empty(n)) {
		spec_expected(s, n, "a condition");
		return NULL;
	}
	yexpr_init(&y, n, s->arena, s->err);
	tree = expr_parse(&y.lx);
	if (tree && y.lx.tok.kind != TOK_END) {
		lex_fail(&y.lx, "expected an operator or the end");
		tree = NULL;
	}
	if (!tree)
		yexpr_fail(&y);
	else
		yexpr_settle(&y, tree);
	return tree;
}

/* Each row belongs to the first condition that is true. */
static int
read_split(struct spec *s, const struct ynode *split)
{
	struct node *none = NULL; /* no condition so far is true */

	if (split->kind != Y_MAP || !split->n)
		return spec_expected(s, split, "a map of name: condition");
	if (spec_no_doubles(s, split))
		return -1;
	for (unsigned i = 0; i < split->n; i++) {
		const struct ynode *name = split_name(split, i);
		bool rest = name == split->items[i];
		struct node *own, *not_own;

		if (rest && (i + 1 < split->n || !none))
			return err_set(s->err, ERR_SPEC, split->keys[i]->where,
			    "\"else\" comes behind all conditions");
		own = rest ? NULL : read_condition(s, split->items[i]);
		if (!rest && !own)
			return -1;
		if (add_where(s,
			!own	? none
			: !none ? own
				: call(s, "and", none, own),
			name))
			return -1;
		if (rest)
			break;
		not_own = call(s, "not", call(s, "is true", own, NULL), NULL);
		none = none ? call(s, "and", none, not_own) : not_own;
	}
	s->names[s->flow].ended = true;
	return 0;
}

int
spec_point(struct spec *s, const struct ynode *step)
{
	bool tee = step->n == 1 && str_is(step->keys[0]->text, "tee");
	struct spec_name *point;

	if (!tee && !(step->n == 1 && str_is(step->keys[0]->text, "split")))
		return 0;
	if (!s->has_tail && s->plan->n_inputs > 1)
		return spec_no_rows(s, step->where);
	if (!tee)
		return read_split(s, step->items[0]) ? -1 : 1;
	point = find_name(s, step->items[0]->text);
	point->edge = s->plan->tail;
	point->state = SPEC_READ;
	return 1;
}

/* ---- the whole ---- */

/* What an output writes: the flow it names, or the main one. */
static int
output_edge(struct spec *s, const struct ynode *at, struct edge *out)
{
	struct spec_name *f;

	if (s->output_from)
		return spec_edge(s, s->output_from, out);
	if (s->names[0].state == SPEC_NEW && read_flow(s, 0))
		return -1;
	f = &s->names[0];
	f->used = true;
	*out = f->edge;
	if (!f->ended)
		return 0;
	err_set(s->err, ERR_SPEC, at ? at->where : (struct where){s->src, 0, 0},
	    "nothing comes out at the end of the steps: \"split\" gives their "
	    "rows to flows");
	return err_hint(s->err, "output: {from: FLOW}");
}

static int
add_output(struct spec *s, const struct ynode *at, struct str name)
{
	struct plan_output *out;

	if (output_edge(s, at, &s->plan->tail))
		return -1;
	out = plan_emit(s->plan, s->output.where);
	s->output.from = out->from;
	*out = s->output;
	out->name = name;
	return 0;
}

static int
add_outputs(struct spec *s)
{
	if (!s->outputs)
		return add_output(s, s->output_at, (struct str){0});
	for (unsigned i = 0; i < s->outputs->n; i++) {
		const struct ynode *key = s->outputs->keys[i];

		if (spec_output(s, key, s->outputs->items[i]) ||
		    add_output(s, key, key->text))
			return -1;
	}
	return 0;
}

/* A flow that nobody reads is a mistake: most likely a name is misspelt. */
static int
check_used(struct spec *s)
{
	for (unsigned i = 0; i < s->n_names; i++) {
		const struct spec_name *f = &s->names[i];

		if (f->used || f->ended || f->kind == SPEC_INPUT ||
		    (!f->name.n && !f->steps && !f->from))
			continue;
		if (!f->name.n)
			return err_set(s->err, ERR_SPEC,
			    f->steps ? f->steps->where : f->from->where,
			    "no output and no flow reads what these steps "
			    "give");
		return err_set(s->err, ERR_SPEC, f->where,
		    "nothing reads the flow \"%.*s\"", STR_ARG(f->name));
	}
	return 0;
}

int
spec_flows(struct spec *s)
{
	if (collect_names(s))
		return -1;
	for (unsigned i = 1; i < s->n_names; i++)
		if (s->names[i].kind == SPEC_FLOW &&
		    s->names[i].state == SPEC_NEW && read_flow(s, i))
			return -1;
	if (s->names[0].steps && s->names[0].state == SPEC_NEW &&
	    read_flow(s, 0))
		return -1;
	return add_outputs(s) || check_used(s) ? -1 : 0;
}
