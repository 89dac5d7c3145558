/* SPDX-License-Identifier: MIT */
/*
 * A plan as a spec: what yaml_parse reads back to the same plan.
 */
#include "base/zone.h"
#include "front/front.h"
#include "front/yaml_out.h"
#include "front/yaml_tree.h"

struct printer {
	const struct plan *plan;
	struct arena arena;
	struct buf text; /* of one value */
};

/* The text written since the last call. */
static struct str
taken(struct printer *p)
{
	struct str s = arena_str(&p->arena, buf_str(&p->text));

	p->text.n = 0;
	return s;
}

static struct str
tree_text(struct printer *p, const struct node *n)
{
	node_print(&p->text, n);
	return taken(p);
}

static struct str
duration_text(struct printer *p, int64_t us)
{
	char *end, *at = buf_reserve(&p->text, 64);

	end = when_put_duration(at, us);
	p->text.n += (size_t)(end - at);
	return taken(p);
}

/* ---- input, time, output ---- */

static void
put_format(struct printer *p, struct onode *to, const struct format *format,
    const struct settings *settings)
{
	if (format) {
		buf_addz(&p->text, format->name);
		if (settings->arg.p)
			buf_printf(&p->text, ":%.*s", STR_ARG(settings->arg));
		onode_text(&p->arena, to, "format", taken(p));
	}
	for (unsigned i = 0; i < settings->n; i++)
		onode_keyed(&p->arena, to, settings->list[i].name,
		    settings->list[i].value);
}

static void
put_input(struct printer *p, struct onode *root)
{
	const struct plan_input *in = p->plan->inputs;
	struct arena *a = &p->arena;
	struct onode *n = onode_new(a, O_MAP), *list;

	put_format(p, n, in->format, &in->settings);
	if (in->n_files == 1)
		onode_text(a, n, "file", in->files[0]);
	else if (in->n_files > 1) {
		list = onode_add(a, n, "files", O_SEQ);
		for (unsigned i = 0; i < in->n_files; i++)
			onode_text(a, list, NULL, in->files[i]);
	}
	if (in->n_types) {
		list = onode_add(a, n, "types", O_MAP);
		for (unsigned i = 0; i < in->n_types; i++)
			onode_keyed(a, list, in->types[i].name,
			    str_of(type_name(in->types[i].type)));
	}
	if (!n->first && !in->name.n)
		return;
	if (in->name.n) {
		onode_put(onode_add(a, root, "inputs", O_MAP), in->name, n);
		return;
	}
	onode_put(root, STR("input"), n);
}

static struct str
layout_text(const struct when_layout *l)
{
	switch (l->kind) {
	case WHEN_AUTO:
		return STR("auto");
	case WHEN_ISO:
		return STR("rfc3339");
	case WHEN_EPOCH:
		return STR("epoch");
	case WHEN_EPOCH_S:
		return STR("s");
	case WHEN_EPOCH_MS:
		return STR("ms");
	case WHEN_EPOCH_US:
		return STR("us");
	case WHEN_EPOCH_NS:
		return STR("ns");
	case WHEN_CLF:
		return STR("clf");
	case WHEN_MAIL:
		return STR("mail");
	case WHEN_CTIME:
		return STR("ctime");
	case WHEN_PATTERN:
		break;
	}
	return str_of(l->pattern);
}

static void
put_time(struct printer *p, struct onode *root)
{
	const struct plan_time time =
	    plan_time_of(p->plan, &p->plan->inputs[0]);
	const struct plan_time *t = &time;
	struct arena *a = &p->arena;
	struct onode *n = onode_new(a, O_MAP);

	if (t->field.n) {
		path_print(&p->text, t->field);
		onode_text(a, n, "field", taken(p));
	}
	if (t->layout_given)
		onode_text(a, n, "format", layout_text(&t->layout));
	if (t->zone)
		onode_text(a, n, "zone", str_of(zone_name(t->zone)));
	if (t->lateness != WHEN_MAX)
		onode_text(a, n, "lateness", duration_text(p, t->lateness));
	if (t->allowed)
		onode_text(a, n, "allowed", duration_text(p, t->allowed));
	if (t->late != LATE_DROP)
		onode_text(a, n, "late",
		    t->late == LATE_UPDATE ? STR("update") : t->late_file);
	if (n->first)
		onode_put(root, STR("time"), n);
}

static void
put_output(struct printer *p, struct onode *root)
{
	const struct plan_output *out = p->plan->outputs;
	struct onode *n;

	if (!p->plan->n_outputs)
		return;
	if (!out->format && !out->settings.n && !out->file.n)
		return;
	n = onode_add(&p->arena, root, "output", O_MAP);
	put_format(p, n, out->format, &out->settings);
	if (out->file.n)
		onode_text(&p->arena, n, "file", out->file);
}

/* ---- params ---- */

static void
put_default(struct printer *p, struct onode *to, struct str key, struct value v)
{
	struct onode *n;

	value_print(&p->text, v);
	n = onode_keyed(&p->arena, to, key, taken(p));
	n->quoted = v.type == T_TEXT;
	n->none = v.type == T_NULL;
}

static void
put_params(struct printer *p, struct onode *root)
{
	struct arena *a = &p->arena;
	struct onode *map, *n;

	if (!p->plan->n_params)
		return;
	map = onode_add(a, root, "params", O_MAP);
	for (unsigned i = 0; i < p->plan->n_params; i++) {
		const struct plan_param *param = &p->plan->params[i];

		if (param->type == T_ANY && param->has_default &&
		    param->value.type != T_NULL) {
			put_default(p, map, param->name, param->value);
			continue;
		}
		n = onode_new(a, O_MAP);
		onode_put(map, param->name, n);
		if (param->type != T_ANY)
			onode_text(
			    a, n, "type", str_of(type_name(param->type)));
		if (param->has_default)
			put_default(p, n, STR("default"), param->value);
	}
}

/* ---- steps ---- */

static struct str
order_text(struct printer *p, const struct arg_item *item)
{
	node_print(&p->text, item->node);
	if (item->descending)
		buf_lit(&p->text, " desc");
	if (item->nulls_first == item->descending)
		buf_addz(&p->text,
		    item->nulls_first ? " nulls first" : " nulls last");
	return taken(p);
}

static struct str
item_text(struct printer *p, const struct arg *arg, const struct arg_item *item)
{
	if (arg->param->kind == PARAM_ORDER)
		return order_text(p, item);
	if (arg->param->kind == PARAM_NAMES) {
		name_print(&p->text, item->name);
		return taken(p);
	}
	if (arg->param->kind == PARAM_FRAME) {
		frame_print(&p->text, item->node);
		return taken(p);
	}
	return tree_text(p, item->node);
}

/*
 * A map of name: expression pairs, if one has a name of its own and the others
 * are called as they are written; else a list, in which those with a name are
 * maps of one pair.
 */
static bool
is_map(const struct arg *arg, const struct str *texts)
{
	bool named = false;

	for (unsigned i = 0; i < arg->n_items; i++) {
		const struct arg_item *item = &arg->items[i];

		if (item->node->kind == NODE_STAR ||
		    (!item->alias && !str_eq(item->name, texts[i])))
			return false;
		named |= item->alias;
	}
	return named;
}

static void
put_named(
    struct printer *p, struct onode *to, const char *key, const struct arg *arg)
{
	struct arena *a = &p->arena;
	struct str *texts = arena_array(a, arg->n_items, sizeof *texts);
	struct onode *list;

	for (unsigned i = 0; i < arg->n_items; i++)
		texts[i] = tree_text(p, arg->items[i].node);
	list = onode_add(a, to, key, is_map(arg, texts) ? O_MAP : O_SEQ);
	for (unsigned i = 0; i < arg->n_items; i++) {
		const struct arg_item *item = &arg->items[i];

		if (list->kind == O_MAP)
			onode_keyed(a, list, item->name, texts[i]);
		else if (item->alias)
			onode_keyed(a, onode_add(a, list, NULL, O_MAP),
			    item->name, texts[i]);
		else
			onode_text(a, list, NULL, texts[i]);
	}
}

static void
put_arg(
    struct printer *p, struct onode *to, const char *key, const struct arg *arg)
{
	struct arena *a = &p->arena;
	struct onode *list;

	switch (arg->param->kind) {
	case PARAM_EXPR:
	case PARAM_COUNT:
	case PARAM_WINDOW:
	case PARAM_FRAME:
		onode_text(a, to, key, item_text(p, arg, &arg->items[0]));
		return;
	case PARAM_NAMED:
		put_named(p, to, key, arg);
		return;
	case PARAM_RENAME:
		list = onode_add(a, to, key, O_MAP);
		for (unsigned i = 0; i < arg->n_items; i++)
			onode_keyed(
			    a, list, arg->items[i].name, arg->items[i].to);
		return;
	case PARAM_EXPRS:
	case PARAM_NAMES:
	case PARAM_ORDER:
		break;
	}
	if (arg->n_items == 1) {
		onode_text(a, to, key, item_text(p, arg, &arg->items[0]));
		return;
	}
	list = onode_add(a, to, key, O_SEQ);
	for (unsigned i = 0; i < arg->n_items; i++)
		onode_text(a, list, NULL, item_text(p, arg, &arg->items[i]));
}

static void
put_step(struct printer *p, struct onode *list, const struct op *op)
{
	struct onode *n = onode_add(&p->arena, list, NULL, O_MAP);
	const char *action = op->kind->name, *primary = op->kind->primary;
	const struct arg *main = op_arg(op, primary);

	if (op->named)
		onode_text(&p->arena, n, "name", op->name);
	if (main)
		put_arg(p, n, action, main);
	else
		onode_add(&p->arena, n, action, O_SEQ);
	for (unsigned i = 0; i < op->n_args; i++)
		if (&op->args[i] != main)
			put_arg(p, n, op->args[i].param->name, &op->args[i]);
}

/* ---- tests, as they were ---- */

static struct onode *
tree_of(struct printer *p, const struct ynode *y)
{
	struct onode *n = onode_new(&p->arena, y->kind == Y_SCALAR ? O_TEXT
					       : y->kind == Y_SEQ  ? O_SEQ
								   : O_MAP);

	n->text = y->text;
	n->quoted = y->kind == Y_SCALAR && y->style != Y_PLAIN;
	n->flow = y->flow;
	n->none = ynode_empty(y);
	for (unsigned i = 0; i < y->n; i++) {
		struct str key = {NULL, 0};

		if (y->kind == Y_MAP)
			key = y->keys[i]->text;
		onode_put(n, key, tree_of(p, y->items[i]));
	}
	return n;
}

void
yaml_print(const struct plan *plan, struct buf *out)
{
	struct printer p = {.plan = plan};
	struct onode *root, *n;

	arena_init(&p.arena, 4096);
	root = onode_new(&p.arena, O_MAP);
	onode_text(&p.arena, root, "weir", STR("1"));
	if (plan->name.n)
		onode_text(&p.arena, root, "name", plan->name);
	put_input(&p, root);
	put_time(&p, root);
	put_params(&p, root);
	n = onode_add(&p.arena, root, "steps", O_SEQ);
	for (unsigned i = 0; i < plan->n_ops; i++)
		put_step(&p, n, &plan->ops[i]);
	put_output(&p, root);
	if (plan->tests)
		onode_put(root, STR("tests"), tree_of(&p, plan->tests));
	onode_print(out, root);
	buf_release(&p.text);
	arena_release(&p.arena);
}
