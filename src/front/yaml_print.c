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
	struct buf text;    /* of one value */
	struct str *inputs; /* names, by input */
	struct str *flows;  /* names, by step */
};

/* What an edge is called. */
static struct str
flow_name(const struct printer *p, struct edge e)
{
	return e.step ? p->flows[e.number] : p->inputs[e.number];
}

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
put_changelog(struct printer *p, struct onode *n, const struct plan_input *in)
{
	struct arena *a = &p->arena;
	struct onode *list;

	if (in->changelog.n)
		onode_text(a, n, "changelog", in->changelog);
	if (!in->n_key)
		return;
	list = onode_add(a, n, "key", O_SEQ);
	for (unsigned i = 0; i < in->n_key; i++)
		onode_text(a, list, NULL, in->key[i]);
}

static void
put_columns(struct printer *p, struct onode *to, const struct plan_input *in)
{
	struct onode *list = onode_add(&p->arena, to, "columns", O_MAP);

	for (unsigned i = 0; i < in->n_columns; i++) {
		enum type type = in->columns[i].type;
		struct onode *n = onode_keyed(&p->arena, list,
		    in->columns[i].name, str_of(type_name(type)));

		n->none = type == T_ANY || type == T_NULL;
	}
}

static void
put_values(struct printer *p, struct onode *to, const struct plan_input *in)
{
	struct onode *rows = onode_add(&p->arena, to, "values", O_SEQ);

	for (unsigned i = 0; i < in->n_rows; i++) {
		struct onode *row = onode_add(&p->arena, rows, NULL, O_SEQ);

		row->flow = true;
		for (unsigned k = 0; k < in->n_columns; k++)
			onode_text(&p->arena, row, NULL,
			    tree_text(p, in->cells[i * in->n_columns + k]));
	}
}

static struct onode *
input_map(struct printer *p, const struct plan_input *in)
{
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
	put_changelog(p, n, in);
	if (in->closed)
		put_columns(p, n, in);
	if (in->values)
		put_values(p, n, in);
	return n;
}

/* An input of a plan that reads nothing else. */
static void
put_only_input(struct printer *p, struct onode *root, unsigned i)
{
	const struct plan_input *in = &p->plan->inputs[i];
	struct onode *n = input_map(p, in);

	if (in->name.n)
		onode_put(
		    onode_add(&p->arena, root, "inputs", O_MAP), in->name, n);
	else if (n->first)
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

/* What time says beyond `known` (NULL: nothing is known). */
static struct onode *
time_map(
    struct printer *p, const struct plan_time *t, const struct plan_time *known)
{
	struct arena *a = &p->arena;
	struct onode *n = onode_new(a, O_MAP);

	if (t->field.n && !(known && path_eq(t->field, known->field))) {
		path_print(&p->text, t->field);
		onode_text(a, n, "field", taken(p));
	}
	if (t->expr && !(known && known->expr == t->expr))
		onode_text(a, n, "expr", tree_text(p, t->expr));
	if (t->layout_given &&
	    !(known && known->layout_given &&
		str_eq(layout_text(&t->layout), layout_text(&known->layout))))
		onode_text(a, n, "format", layout_text(&t->layout));
	if (t->zone && !(known && known->zone == t->zone))
		onode_text(a, n, "zone", str_of(zone_name(t->zone)));
	if (t->lateness != WHEN_MAX &&
	    !(known && known->lateness == t->lateness))
		onode_text(a, n, "lateness", duration_text(p, t->lateness));
	if (known)
		return n;
	if (t->allowed)
		onode_text(a, n, "allowed", duration_text(p, t->allowed));
	if (t->ttl)
		onode_text(a, n, "ttl", duration_text(p, t->ttl));
	if (t->max_ahead)
		onode_text(a, n, "max_ahead", duration_text(p, t->max_ahead));
	if (t->idle)
		onode_text(a, n, "idle", duration_text(p, t->idle));
	if (t->late != LATE_DROP)
		onode_text(a, n, "late",
		    t->late == LATE_UPDATE ? STR("update") : t->late_file);
	return n;
}

static void
put_time(struct printer *p, struct onode *root, const struct plan_time *t)
{
	struct onode *n = time_map(p, t, NULL);

	if (n->first)
		onode_put(root, STR("time"), n);
}

static void
put_roll(struct printer *p, struct onode *n, const struct plan_output *out)
{
	struct str every = {NULL, 0};

	if (out->roll_every)
		every = duration_text(p, out->roll_every);
	if (out->roll_bytes)
		buf_printf(&p->text, "%llu%s",
		    (unsigned long long)out->roll_bytes, every.n ? "," : "");
	buf_adds(&p->text, every);
	if (p->text.n)
		onode_text(&p->arena, n, "roll", taken(p));
}

static void
put_mode(struct printer *p, struct onode *n, const struct plan_output *out)
{
	struct arena *a = &p->arena;
	struct str period;

	switch (out->mode) {
	case MODE_FINAL:
		return;
	case MODE_CHANGELOG:
		onode_text(a, n, "mode", STR("changelog"));
		break;
	case MODE_UPSERT:
		onode_text(a, n, "mode", STR("upsert"));
		break;
	case MODE_EVERY:
		period = duration_text(p, out->period);
		onode_text(a, n, "mode",
		    arena_printf(a, "every %.*s", STR_ARG(period)));
		break;
	}
	if (out->change.n)
		onode_text(a, n, "op", out->change);
}

static void
put_output_keys(
    struct printer *p, struct onode *n, const struct plan_output *out)
{
	put_format(p, n, out->format, &out->settings);
	if (out->file.n)
		onode_text(&p->arena, n, "file", out->file);
	put_mode(p, n, out);
	put_roll(p, n, out);
	if (!out->times_given)
		return;
	onode_text(&p->arena, n, "times", layout_text(&out->times));
	if (out->times.zone)
		onode_text(
		    &p->arena, n, "zone", str_of(zone_name(out->times.zone)));
}

static void
put_only_output(struct printer *p, struct onode *root)
{
	struct onode *n = onode_new(&p->arena, O_MAP);

	if (p->plan->n_outputs)
		put_output_keys(p, n, &p->plan->outputs[0]);
	if (n->first)
		onode_put(root, STR("output"), n);
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

/* rollup, cube, or a list of lists. */
static void
put_sets(
    struct printer *p, struct onode *to, const char *key, const struct arg *arg)
{
	struct arena *a = &p->arena;
	struct onode *list, *set;

	if (arg->n_items == 1 && arg->items[0].node->kind == NODE_NAME) {
		onode_text(a, to, key, tree_text(p, arg->items[0].node));
		return;
	}
	list = onode_add(a, to, key, O_SEQ);
	for (unsigned i = 0; i < arg->n_items; i++) {
		const struct node *n = arg->items[i].node;

		set = onode_add(a, list, NULL, O_SEQ);
		set->flow = true;
		for (unsigned k = 0; k < n->n_args; k++)
			onode_text(a, set, NULL, tree_text(p, n->args[k]));
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
	case PARAM_FLAG:
	case PARAM_NAME:
	case PARAM_WORD:
		onode_text(a, to, key, arg->items[0].name);
		return;
	case PARAM_SETTINGS:
		for (unsigned i = 0; i < arg->n_items; i++)
			onode_keyed(
			    a, to, arg->items[i].name, arg->items[i].to);
		return;
	case PARAM_FLOWS:
		return;
	case PARAM_NAMED:
		put_named(p, to, key, arg);
		return;
	case PARAM_SETS:
		put_sets(p, to, key, arg);
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

/* The flows a step reads besides the rows at hand. */
static void
put_flows(struct printer *p, struct onode *n, const char *key,
    const struct op *op, unsigned from)
{
	struct onode *list = onode_add(&p->arena, n, key, O_SEQ);

	for (unsigned i = from; i < op->n_from; i++)
		onode_text(&p->arena, list, NULL, flow_name(p, op->from[i]));
}

/* The parameter that names flows, or NULL. */
static const struct param *
flows_param(const struct op_kind *kind)
{
	for (unsigned i = 0; i < kind->n_params; i++)
		if (kind->params[i].kind == PARAM_FLOWS)
			return &kind->params[i];
	return NULL;
}

/* all: the step names all flows it reads; else the first is at hand. */
static void
put_step(struct printer *p, struct onode *list, const struct op *op, bool all)
{
	struct onode *n = onode_add(&p->arena, list, NULL, O_MAP);
	const char *action = op->kind->name, *primary = op->kind->primary;
	const struct param *flows = flows_param(op->kind);
	const struct arg *main = op_arg(op, primary);
	bool is_main = flows && !strcmp(flows->name, primary);

	if (op->named)
		onode_text(&p->arena, n, "name", op->name);
	if (main)
		put_arg(p, n, action, main);
	else if (is_main)
		put_flows(p, n, action, op, all ? 0 : 1);
	else
		onode_add(&p->arena, n, action, O_SEQ);
	if (flows && !is_main)
		put_flows(p, n, flows->name, op, all ? 0 : 1);
	for (unsigned i = 0; i < op->n_args; i++)
		if (&op->args[i] != main)
			put_arg(p, n, op->args[i].param->name, &op->args[i]);
}

/* ---- graphs ---- */

static bool
is_linear(const struct plan *p)
{
	unsigned inputs = 0;

	for (unsigned i = 0; i < p->n_inputs; i++)
		inputs += plan_is_read(p, i);
	for (unsigned i = 0; i < p->n_ops; i++)
		if (p->ops[i].n_from != 1 ||
		    p->ops[i].from[0].step != (i > 0) ||
		    (i && p->ops[i].from[0].number != i - 1))
			return false;
	if (p->n_outputs > 1 || inputs > 1)
		return false;
	return !p->n_outputs || !p->n_ops ||
	       (p->outputs[0].from.step &&
		   p->outputs[0].from.number == p->n_ops - 1);
}

static unsigned
count_readers(const struct plan *p, unsigned step)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++)
			n += p->ops[i].from[k].step &&
			     p->ops[i].from[k].number == step;
	for (unsigned i = 0; i < p->n_outputs; i++)
		n += p->outputs[i].from.step &&
		     p->outputs[i].from.number == step;
	return n;
}

/* True if the step goes on with the flow of the one before it. */
static bool
goes_on(const struct plan *p, unsigned step)
{
	const struct op *op = &p->ops[step];

	return op->n_from == 1 && op->from[0].step &&
	       op->from[0].number + 1 == step &&
	       count_readers(p, step - 1) == 1;
}

static bool
is_taken(const struct plan *p, struct str name)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (str_eq(p->inputs[i].name, name))
			return true;
	return false;
}

static struct str
fresh_name(struct printer *p, const char *kind, unsigned *n)
{
	struct str name;

	do
		name = arena_printf(&p->arena, "%s%u", kind, ++*n);
	while (is_taken(p->plan, name));
	return name;
}

/* Names of inputs that have none, and of flows by their steps. */
static void
make_names(struct printer *p)
{
	const struct plan *plan = p->plan;
	unsigned inputs = 0, flows = 0;

	p->inputs = arena_zalloc(&p->arena, plan->n_inputs * sizeof *p->inputs);
	p->flows = arena_zalloc(&p->arena, plan->n_ops * sizeof *p->flows);
	for (unsigned i = 0; i < plan->n_inputs; i++)
		p->inputs[i] = plan->inputs[i].name.n
				   ? plan->inputs[i].name
				   : fresh_name(p, "input", &inputs);
	for (unsigned i = 0; i < plan->n_ops; i++)
		p->flows[i] = goes_on(plan, i) ? p->flows[i - 1]
					       : fresh_name(p, "flow", &flows);
}

static void
put_inputs(struct printer *p, struct onode *root)
{
	struct onode *map = onode_add(&p->arena, root, "inputs", O_MAP);

	for (unsigned i = 0; i < p->plan->n_inputs; i++) {
		const struct plan_input *in = &p->plan->inputs[i];
		struct onode *n, *time;

		if (!plan_is_read(p->plan, i))
			continue;
		n = input_map(p, in);
		time = time_map(p, &in->time, &p->plan->time);
		if (time->first)
			onode_put(n, STR("time"), time);
		onode_put(map, p->inputs[i], n);
	}
}

static void
put_chains(struct printer *p, struct onode *root)
{
	const struct plan *plan = p->plan;
	struct onode *map, *flow, *steps = NULL;

	if (!plan->n_ops)
		return;
	map = onode_add(&p->arena, root, "flows", O_MAP);
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct op *op = &plan->ops[i];
		unsigned least = op->kind->ports_min ? op->kind->ports_min : 1;
		bool begins = !goes_on(plan, i);
		bool all = begins && op->kind->ports_max > 1 && least < 2;

		if (begins) {
			flow = onode_new(&p->arena, O_MAP);
			onode_put(map, p->flows[i], flow);
			if (!all)
				onode_text(&p->arena, flow, "from",
				    flow_name(p, op->from[0]));
			steps = onode_add(&p->arena, flow, "steps", O_SEQ);
		}
		if (!op->implied)
			put_step(p, steps, op, all);
	}
}

static void
put_outputs(struct printer *p, struct onode *root)
{
	struct arena *a = &p->arena;
	unsigned n = 0;
	struct onode *map = root, *out;

	if (p->plan->n_outputs > 1)
		map = onode_add(a, root, "outputs", O_MAP);
	for (unsigned i = 0; i < p->plan->n_outputs; i++) {
		const struct plan_output *o = &p->plan->outputs[i];

		out = onode_new(a, O_MAP);
		onode_text(a, out, "from", flow_name(p, o->from));
		put_output_keys(p, out, o);
		onode_put(map,
		    map == root ? STR("output")
		    : o->name.n ? o->name
				: fresh_name(p, "output", &n),
		    out);
	}
}

static void
put_graph(struct printer *p, struct onode *root)
{
	make_names(p);
	put_inputs(p, root);
	put_time(p, root, &p->plan->time);
	put_params(p, root);
	put_chains(p, root);
	put_outputs(p, root);
}

static void
put_line(struct printer *p, struct onode *root)
{
	const struct plan *plan = p->plan;
	unsigned input = 0;
	struct plan_time time;
	struct onode *n;

	for (unsigned i = plan->n_inputs; i-- > 0;)
		if (plan_is_read(plan, i))
			input = i;
	time = plan_time_of(plan, &plan->inputs[input]);
	put_only_input(p, root, input);
	put_time(p, root, &time);
	put_params(p, root);
	n = onode_add(&p->arena, root, "steps", O_SEQ);
	for (unsigned i = 0; i < plan->n_ops; i++)
		if (!plan->ops[i].implied)
			put_step(p, n, &plan->ops[i], false);
	put_only_output(p, root);
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
	struct onode *root;

	arena_init(&p.arena, 4096);
	root = onode_new(&p.arena, O_MAP);
	onode_text(&p.arena, root, "weir", STR("1"));
	if (plan->name.n)
		onode_text(&p.arena, root, "name", plan->name);
	if (is_linear(plan))
		put_line(&p, root);
	else
		put_graph(&p, root);
	if (plan->tests)
		onode_put(root, STR("tests"), tree_of(&p, plan->tests));
	onode_print(out, root);
	buf_release(&p.text);
	arena_release(&p.arena);
}
