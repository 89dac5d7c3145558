/* SPDX-License-Identifier: MIT */
/*
 * The steps `group` (aggregates per key over everything) and `window`
 * (aggregates per key and window): their arguments, binding, and the part of
 * the work that any thread can do. The rest is in slices.c and sessions.c.
 *
 * Result columns are window_start and window_end (for `window`), the keys,
 * and what `select` says; `having` keeps the groups whose condition is true.
 */
#include "op/group.h"

#include "base/must.h"
#include "data/key.h"

/* ---- binding ---- */

struct group_bind {
	struct op *op;
	const struct bind *b;
	struct group_config *c;
	struct scope input;  /* names of the rows that come in */
	struct scope result; /* names of the rows that go out */
	const struct node **key_nodes;
	enum type *key_types;
	struct scope_alias *aliases;
};

static int
bind_keys(struct group_bind *g)
{
	const struct arg *by = op_arg(g->op, "by");
	const struct arg *select = op_arg(g->op, "select");
	unsigned n = by ? by->n_items : 0;
	unsigned n_select = select ? select->n_items : 0;
	struct arena *a = g->b->arena;

	g->c->n_keys = n;
	g->c->keys = arena_array(a, n, sizeof *g->c->keys);
	g->key_nodes = arena_array(a, n, sizeof *g->key_nodes);
	g->key_types = arena_array(a, n, sizeof *g->key_types);
	g->aliases = arena_array(a, n + n_select, sizeof *g->aliases);
	for (unsigned i = 0; i < n; i++) {
		struct arg_item *item = &by->items[i];

		g->c->keys[i] = expr_bind(item->node, &g->input, a, g->b->err);
		if (!g->c->keys[i])
			return -1;
		g->key_nodes[i] = item->node;
		g->key_types[i] = expr_type(g->c->keys[i]);
		g->aliases[i] = (struct scope_alias){item->name, item->node};
	}
	return 0;
}

/* Names over result rows: window_start, window_end, keys by their alias. */
static void
result_scope(struct group_bind *g)
{
	static const struct scope_column windowed[GROUP_KEYS] = {
	    {{"window_start", 12}, T_TIME}, {{"window_end", 10}, T_TIME},
	    {{NULL, 0}, T_INT}};
	static const struct scope_column whole[GROUP_KEYS] = {
	    {{NULL, 0}, T_NULL}, {{NULL, 0}, T_NULL}, {{NULL, 0}, T_INT}};

	g->c->grouping = (struct grouping){.input = &g->input,
	    .keys = g->key_nodes,
	    .key_types = g->key_types,
	    .n_keys = g->c->n_keys};
	g->result = (struct scope){
	    .cols = g->c->window.type == WINDOW_ALL ? whole : windowed,
	    .n_cols = GROUP_KEYS,
	    .aliases = g->aliases,
	    .n_aliases = g->c->n_keys,
	    .params = g->b->params,
	    .n_params = g->b->n_params,
	    .grouping = &g->c->grouping};
}

static void
flow_begin(struct group_bind *g, unsigned n_items)
{
	struct flow *out = &g->op->out;
	struct arena *a = g->b->arena;
	const struct arg *by = op_arg(g->op, "by");

	*out = (struct flow){.segment = arena_zalloc(a, sizeof *out->segment),
	    .cols = arena_array(
		a, GROUP_KEYS + g->c->n_keys + n_items, sizeof *out->cols)};
	if (g->c->window.type != WINDOW_ALL) {
		flow_add(out, STR("window_start"), GROUP_START, T_TIME);
		flow_add(out, STR("window_end"), GROUP_END, T_TIME);
	}
	for (unsigned i = 0; i < g->c->n_keys; i++)
		flow_add(
		    out, by->items[i].name, GROUP_KEYS + i, g->key_types[i]);
}

/* SELECT: a plain reference names a column, anything else is computed. */
static int
bind_items(struct group_bind *g, const struct arg *select)
{
	unsigned n = select ? select->n_items : 0;
	struct expr **exprs = arena_array(g->b->arena, n, sizeof *exprs);
	struct group_config *c = g->c;
	const struct arg *having = op_arg(g->op, "having");

	for (unsigned i = 0; i < n; i++) {
		exprs[i] = expr_bind(
		    select->items[i].node, &g->result, g->b->arena, g->b->err);
		if (!exprs[i])
			return -1;
	}
	/* HAVING knows what SELECT has named, too. */
	for (unsigned i = 0; i < n; i++)
		g->aliases[g->result.n_aliases++] = (struct scope_alias){
		    select->items[i].name, select->items[i].node};
	if (having && !(c->having = expr_bind(having->items[0].node, &g->result,
			    g->b->arena, g->b->err)))
		return -1;
	c->n_base = GROUP_KEYS + c->n_keys + c->grouping.n_aggs;
	c->n_cols = c->n_base;
	c->items = arena_array(g->b->arena, n, sizeof *c->items);
	for (unsigned i = 0; i < n; i++) {
		unsigned col;

		if (!expr_is_column(exprs[i], &col)) {
			col = c->n_cols++;
			c->items[c->n_items++] =
			    (struct group_item){exprs[i], col};
		}
		flow_add(&g->op->out, select->items[i].name, col,
		    expr_type(exprs[i]));
	}
	return 0;
}

/* Windows that overlap keep what can be taken back by sliding. */
static bool
slides(const struct group_config *c, const struct agg_call *call)
{
	return (c->window.type == WINDOW_HOP ||
		   c->window.type == WINDOW_CUMULATE) &&
	       agg_unmerges(call);
}

static void
lay_out_cell(struct group_config *c, struct arena *a)
{
	unsigned at = 0;

	c->slides = arena_array(a, c->grouping.n_aggs, sizeof *c->slides);
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		struct agg_call *call = &c->grouping.aggs[i];

		call->offset = at;
		c->slides[i] = slides(c, call);
		c->n_slides += c->slides[i];
		at += (agg_size(call) + 7) & ~7u;
	}
	c->cell_bytes = at;
}

static void
flow_end(struct group_bind *g)
{
	struct flow *out = &g->op->out;

	if (g->c->allowed > 0 && g->c->window.type != WINDOW_ALL) {
		flow_add(out, STR("rev"), GROUP_REV, T_INT)->omit_null = true;
		out->updates = true;
	}
	out->segment->n_base = g->c->n_base;
	out->segment->n_cols = g->c->n_cols;
	if (g->c->window.type != WINDOW_ALL)
		out->segment->times = 1 << GROUP_END;
	if (g->c->window.type == WINDOW_TUMBLE ||
	    g->c->window.type == WINDOW_HOP ||
	    g->c->window.type == WINDOW_CALENDAR)
		out->segment->times |= 1 << GROUP_START;
}

/* window_start and the like, keys, and what SELECT names: each once. */
static int
check_names(const struct group_bind *g)
{
	const struct flow *out = &g->op->out;
	const struct arg *by = op_arg(g->op, "by");
	const struct arg *select = op_arg(g->op, "select");
	unsigned n_keys = g->c->n_keys;
	unsigned n_select = select ? select->n_items : 0;
	unsigned first = out->n_cols - n_keys - n_select;

	for (unsigned i = 0; i < n_keys + n_select; i++)
		for (unsigned k = 0; k < first + i; k++)
			if (str_eq(
				out->cols[k].name, out->cols[first + i].name))
				return err_set(g->b->err, ERR_SPEC,
				    i < n_keys
					? by->items[i].where
					: select->items[i - n_keys].where,
				    "there are two columns named \"%.*s\"",
				    STR_ARG(out->cols[k].name));
	return 0;
}

static int
group_bind(struct op *op, const struct bind *b)
{
	struct group_config *c = arena_zalloc(b->arena, sizeof *c);
	struct group_bind g = {.op = op, .b = b, .c = c};
	const struct arg *window = op_arg(op, "window");
	const struct arg *select = op_arg(op, "select");

	op->config = c;
	c->allowed = b->late_update && !b->allowed ? WHEN_MAX : b->allowed;
	flow_scope(&op->in, b, &g.input);
	if (window && window_parse(window->items[0].node, b, &c->window))
		return -1;
	if (c->window.type != WINDOW_ALL && op->in.scan)
		op->in.scan->needs_time = true;
	if (bind_keys(&g))
		return -1;
	result_scope(&g);
	flow_begin(&g, select ? select->n_items : 0);
	if (bind_items(&g, select) || check_names(&g))
		return -1;
	lay_out_cell(c, b->arena);
	flow_end(&g);
	return 0;
}

/* ---- the part for any thread ---- */

/* Rows whose FILTER is TRUE, so that arguments are evaluated only there. */
static unsigned
passing(const struct column *filter, const struct batch *b, uint16_t *out)
{
	unsigned n = 0;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		if (!column_is_null(filter, row) && column_get(filter, row).b)
			out[n++] = (uint16_t)row;
	}
	return n;
}

static void
evaluate(const struct group_config *c, struct eval *ev, struct batch *b,
    struct group_prep *p)
{
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];
		uint16_t *sel = b->sel;
		unsigned n = b->n_sel;

		p->args[i] =
		    arena_array(b->arena, call->n_args, sizeof **p->args);
		if (call->filter) {
			expr_eval(call->filter, ev, b, NULL, 0, &p->filters[i]);
			sel = arena_array(b->arena, b->n_sel, sizeof *sel);
			n = passing(&p->filters[i], b, sel);
		}
		for (unsigned k = 0; k < call->n_args; k++)
			expr_eval(call->args[k], ev, b, sel, n, &p->args[i][k]);
	}
}

static void
make_keys(const struct group_config *c, struct eval *ev, struct batch *b,
    const struct column *cols, struct group_prep *p)
{
	bool bad = false;

	key_batch(b, cols, c->n_keys, b->arena, p->keys, p->hashes);
	for (unsigned k = 0; k < b->n_sel; k++)
		if (!p->keys[k].p) {
			eval_fail(ev, batch_row(b, k), "key too long");
			bad = true;
		}
	if (!bad)
		return;
	eval_settle(ev, b);
	key_batch(b, cols, c->n_keys, b->arena, p->keys, p->hashes);
}

static void *
group_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct group_config *c = op->config;
	struct arena *a = b->arena;
	struct group_prep *p = arena_alloc(a, sizeof *p);
	struct column *cols = arena_array(a, c->n_keys, sizeof *cols);

	p->args = arena_array(a, c->grouping.n_aggs, sizeof *p->args);
	p->filters = arena_array(a, c->grouping.n_aggs, sizeof *p->filters);
	p->keys = arena_array(a, b->n_sel, sizeof *p->keys);
	p->hashes = arena_array(a, b->n_sel, sizeof *p->hashes);
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_keys; i++)
		expr_eval(c->keys[i], ev, b, NULL, 0, &cols[i]);
	evaluate(c, ev, b, p);
	eval_settle(ev, b);
	make_keys(c, ev, b, cols, p);
	return p;
}

/* ---- running: by kind of window ---- */

static bool
is_session(const struct op *op)
{
	const struct group_config *c = op->config;

	return c->window.type == WINDOW_SESSION;
}

static struct op_run *
group_open(const struct op *op)
{
	return is_session(op) ? sessions_open(op) : slices_open(op);
}

static void
group_apply(struct op_run *r, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	if (is_session(r->op))
		sessions_apply(r, b, prepared, from, to, w);
	else
		slices_apply(r, b, prepared, from, to, w);
}

static void
group_advance(struct op_run *r, int64_t w)
{
	if (is_session(r->op))
		sessions_advance(r, w);
	else
		slices_advance(r, w);
}

static void
group_close(struct op_run *r)
{
	if (is_session(r->op))
		sessions_close(r);
	else
		slices_close(r);
}

/* ---- explain ---- */

static void
put_bound(const struct group_config *c, struct buf *out)
{
	switch (c->window.type) {
	case WINDOW_ALL:
		buf_addz(out,
		    c->n_keys ? "one cell per key, until the end" : "one cell");
		return;
	case WINDOW_SESSION:
		buf_lit(out, "one cell per key and open session");
		return;
	case WINDOW_TUMBLE:
	case WINDOW_CALENDAR:
		buf_lit(out, "one cell per key and open window");
		return;
	case WINDOW_HOP:
	case WINDOW_CUMULATE:
		buf_printf(out,
		    "one cell per key and open slice (%lld slices a window)",
		    (long long)(c->window.size / c->window.slice));
		return;
	}
}

static void
group_explain(const struct op *op, struct buf *out)
{
	const struct group_config *c = op->config;
	char text[64];

	put_bound(c, out);
	buf_printf(
	    out, ", %u bytes each and what grows with it", c->cell_bytes + 16);
	if (c->window.type == WINDOW_ALL)
		return;
	buf_lit(out, "; dropped when the watermark passes the window's end");
	if (c->allowed == WHEN_MAX) {
		buf_lit(out, " - never, as late rows update");
	} else if (c->allowed) {
		buf_lit(out, " + ");
		buf_add(out, text,
		    (size_t)(when_put_duration(text, c->allowed) - text));
	}
}

/* ---- rows ---- */

// clang-format off
static const struct param group_params[] = {
	{"by", PARAM_NAMED, false,
	    "The keys: expressions, or name: expression pairs."},
	{"having", PARAM_EXPR, false,
	    "Keep only groups for which this is true."},
	{"select", PARAM_NAMED, false,
	    "Aggregates and expressions over them, each with a name."},
};

static const struct param window_params[] = {
	{"by", PARAM_NAMED, false,
	    "The keys: expressions, or name: expression pairs."},
	{"having", PARAM_EXPR, false,
	    "Keep only groups for which this is true."},
	{"select", PARAM_NAMED, false,
	    "Aggregates and expressions over them, each with a name."},
	{"window", PARAM_WINDOW, true, "The kind of window."},
};

const struct op_kind op_group = {
	.name = "group",
	.doc = "Aggregate per key over the whole input.",
	.about =
	    "One result row per distinct key, written when the input ends. "
	    "Without keys there is exactly one row, even for empty input. NULL "
	    "is a key like any other. Rows come out ordered by key.",
	.example =
	    "- group: [status]\n"
	    "  select: {n: count(*), slowest: max(latency)}\n",
	.params = group_params,
	.n_params = sizeof group_params / sizeof *group_params,
	.primary = "by",
	.waits = WAITS_END,
	.bind = group_bind,
	.prepare = group_prepare,
	.open = group_open,
	.apply = group_apply,
	.advance = group_advance,
	.close = group_close,
	.explain = group_explain,
};

const struct op_kind op_window = {
	.name = "window",
	.doc = "Aggregate per key and window of event time.",
	.about =
	    "A window closes when the watermark reaches its end (which is "
	    "exclusive); its rows then come out ordered by window end, start "
	    "and key, with window_start, window_end, the keys and what select "
	    "says. Windows without rows are not written. A row is late when "
	    "every window it belongs to has closed, allowed lateness included.",
	.example =
	    "- window: tumble(5m)\n"
	    "  by: [path]\n"
	    "  select: {hits: count(*), p95: percentile(request_time, 0.95)}\n",
	.params = window_params,
	.n_params = sizeof window_params / sizeof *window_params,
	.primary = "window",
	.waits = WAITS_WATERMARK,
	.bind = group_bind,
	.prepare = group_prepare,
	.open = group_open,
	.apply = group_apply,
	.advance = group_advance,
	.close = group_close,
	.explain = group_explain,
};
// clang-format on
