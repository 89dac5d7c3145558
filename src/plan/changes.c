/* SPDX-License-Identifier: MIT */
/*
 * Rows that change: which steps are to give changes, and the steps that
 * nobody wrote because they follow from the mode of an output or from an
 * input that is a changelog.
 *
 * Whether results are wanted as they change is known from the end of the
 * plan, so it is found out before steps are bound: a step is live if what
 * comes behind it shows changes. A step that needs rows as they are at last
 * gets a `settle` before it if they may change.
 */
#include "base/must.h"
#include "expr/expr.h"
#include "plan/plan.h"

/* ---- modes ---- */

int
plan_mode(struct plan_output *out, struct str text, struct where where,
    struct err *err)
{
	static const struct str words[] = {
	    {"final", 5}, {"changelog", 9}, {"upsert", 6}, {"every 10s", 9}};

	out->mode_at = where;
	for (unsigned i = 0; i < MODE_EVERY; i++)
		if (str_eq(text, words[i])) {
			out->mode = (enum plan_mode)i;
			return 0;
		}
	if (str_starts(text, STR("every ")) &&
	    when_parse_duration(
		(struct str){text.p + 6, text.n - 6}, &out->period) &&
	    out->period > 0) {
		out->mode = MODE_EVERY;
		return 0;
	}
	err_set(err, ERR_SPEC, where,
	    "final, changelog, upsert or every DURATION is expected here");
	return err_suggest(err, text, words, 4);
}

/* ---- steps that follow ---- */

static bool
same_edge(struct edge a, struct edge b)
{
	return a.step == b.step && a.number == b.number;
}

static void
moved_up(struct edge *e, unsigned at)
{
	e->number += e->step && e->number >= at;
}

/*
 * Puts a step that reads `from` before step number `at`, and returns it. Edges
 * to the steps behind it follow them.
 */
static struct op *
insert(struct plan *p, unsigned at, const char *name, struct edge from,
    struct where where)
{
	const struct op_kind *kind = op_kind_find(str_of(name));
	struct op *op;

	must(kind);
	plan_more(p, &p->ops, &p->n_ops, sizeof *p->ops);
	for (unsigned i = p->n_ops - 1; i > at; i--)
		p->ops[i] = p->ops[i - 1];
	for (unsigned i = at + 1; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++)
			moved_up(&p->ops[i].from[k], at);
	for (unsigned i = 0; i < p->n_outputs; i++)
		moved_up(&p->outputs[i].from, at);
	moved_up(&p->tail, at);
	op = &p->ops[at];
	*op = (struct op){.kind = kind,
	    .where = where,
	    .implied = true,
	    .args = arena_array(&p->arena, kind->n_params, sizeof *op->args),
	    .from = arena_alloc(&p->arena, sizeof *op->from),
	    .n_from = 1};
	op->from[0] = from;
	return op;
}

static void
add_names(struct plan *p, struct op *op, const char *param,
    const struct str *names, unsigned n)
{
	struct arg *arg = plan_arg(p, op, param, n, op->where);

	for (unsigned i = 0; i < n; i++)
		arg->items[i] =
		    (struct arg_item){.name = names[i], .where = op->where};
}

/* Who has read `from` now reads step number `to`, but for that itself. */
static void
redirect(struct plan *p, struct edge from, unsigned to)
{
	struct edge e = {true, to};

	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; i != to && k < p->ops[i].n_from; k++)
			if (same_edge(p->ops[i].from[k], from))
				p->ops[i].from[k] = e;
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (same_edge(p->outputs[i].from, from))
			p->outputs[i].from = e;
}

static void
read_changes(struct plan *p, unsigned input)
{
	const struct plan_input *in = &p->inputs[input];
	struct edge from = {false, input};
	unsigned at = 0;

	if (in->changelog.n) {
		add_names(p, insert(p, at, "from_changelog", from, in->where),
		    "kind", &in->changelog, 1);
		redirect(p, from, at);
		from = (struct edge){true, at++};
	}
	if (in->n_key) {
		add_names(p, insert(p, at, "upsert", from, in->where), "key",
		    in->key, in->n_key);
		redirect(p, from, at);
	}
}

static struct node *
period_node(struct plan *p, const struct plan_output *out)
{
	struct node *n = arena_zalloc(&p->arena, sizeof *n);

	n->kind = NODE_LITERAL;
	n->value = (struct value){.type = T_DURATION, .i = out->period};
	n->where = out->mode_at;
	n->depth = n->size = 1;
	return n;
}

static void
show_changes(struct plan *p, struct plan_output *out)
{
	static const struct str usual = {"op", 2}, upsert = {"upsert", 6};
	struct edge to = {true, p->n_ops};
	struct arg *arg;
	struct op *op;

	switch (out->mode) {
	case MODE_FINAL:
		return;
	case MODE_EVERY:
		op = insert(p, p->n_ops, "every", out->from, out->mode_at);
		arg = plan_arg(p, op, "period", 1, out->mode_at);
		arg->items[0] = (struct arg_item){
		    .node = period_node(p, out), .where = out->mode_at};
		break;
	case MODE_CHANGELOG:
	case MODE_UPSERT:
		op = insert(
		    p, p->n_ops, "to_changelog", out->from, out->mode_at);
		add_names(
		    p, op, "kind", out->change.n ? &out->change : &usual, 1);
		if (out->mode == MODE_UPSERT)
			add_names(p, op, "mode", &upsert, 1);
		break;
	}
	out->from = to;
}

/* ---- which steps are live ---- */

/* A step that remembers rows and says nothing of changes knows of none. */
static enum op_changes
changes_of(const struct op *op)
{
	if (op->kind->changes == CHANGES_PASS && op->kind->open)
		return CHANGES_REFUSE;
	if (op->kind->changes == CHANGES_LIVE)
		return op->live ? CHANGES_TAKE : CHANGES_REFUSE;
	return op->kind->changes;
}

/* Is what goes into the step wanted as it changes? */
static bool
wants_changes(const struct op *op)
{
	switch (changes_of(op)) {
	case CHANGES_SHOW:
		return true;
	case CHANGES_END:
	case CHANGES_REFUSE:
		return false;
	case CHANGES_PASS:
	case CHANGES_MAKE:
	case CHANGES_TAKE:
	case CHANGES_LIVE:
		break;
	}
	return op->live;
}

/* Does it, or what comes behind, go by a key that the rows must have? */
static bool
wants_key(const struct op *op)
{
	switch (op->kind->changes) {
	case CHANGES_SHOW:
		return op->kind->open || op_word_is(op, "mode", "upsert");
	case CHANGES_PASS:
	case CHANGES_LIVE:
		return op->wants_key;
	case CHANGES_MAKE:
	case CHANGES_TAKE:
	case CHANGES_END:
	case CHANGES_REFUSE:
		break;
	}
	return false;
}

static void
find_live(struct plan *p)
{
	for (unsigned i = 0; i < p->n_ops; i++)
		p->ops[i].live = p->ops[i].heeded = p->ops[i].wants_key = false;
	for (unsigned i = p->n_ops; i--;) {
		const struct op *op = &p->ops[i];
		bool heeds = op->heeded || op->kind->waits == WAITS_WATERMARK;

		for (unsigned k = 0; k < op->n_from; k++) {
			struct op *from = &p->ops[op->from[k].number];

			if (!op->from[k].step)
				continue;
			from->live |= wants_changes(op);
			from->heeded |= heeds;
			from->wants_key |= wants_key(op);
		}
	}
}

/* May rows that come by the edge take earlier ones back? */
static bool
changes(const struct plan *p, struct edge e)
{
	const struct op *op;

	for (;;) {
		if (!e.step)
			return false;
		op = &p->ops[e.number];
		switch (changes_of(op)) {
		case CHANGES_PASS:
			break;
		case CHANGES_MAKE:
			return true;
		case CHANGES_TAKE:
		case CHANGES_LIVE:
			return op->live;
		case CHANGES_END:
		case CHANGES_SHOW:
		case CHANGES_REFUSE:
			return false;
		}
		for (unsigned k = 1; k < op->n_from; k++)
			if (changes(p, op->from[k]))
				return true;
		e = op->from[0];
	}
}

/* Puts a settle where changes would come to what refuses them. */
static void
settle(struct plan *p)
{
	for (unsigned i = 0; i < p->n_ops; i++) {
		unsigned n = p->ops[i].n_from;

		if (changes_of(&p->ops[i]) != CHANGES_REFUSE)
			continue;
		for (unsigned k = 0; k < n; k++) {
			struct edge from = p->ops[i].from[k];

			if (!changes(p, from))
				continue;
			insert(p, i, "settle", from, p->ops[i].where);
			i++;
			p->ops[i].from[k] = (struct edge){true, i - 1};
		}
	}
	for (unsigned i = 0; i < p->n_outputs; i++) {
		struct edge from = p->outputs[i].from;

		if (!changes(p, from))
			continue;
		insert(p, p->n_ops, "settle", from, p->outputs[i].where);
		p->outputs[i].from = (struct edge){true, p->n_ops - 1};
	}
}

void
plan_changes(struct plan *p)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		read_changes(p, i);
	for (unsigned i = 0; i < p->n_outputs; i++)
		show_changes(p, &p->outputs[i]);
	find_live(p);
	settle(p);
	find_live(p);
}
