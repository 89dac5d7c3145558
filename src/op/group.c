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
		const struct arg_item *item = &by->items[i];

		g->c->keys[i] = expr_bind(item->node, &g->input, a, g->b->err);
		if (!g->c->keys[i])
			return -1;
		g->key_nodes[i] = item->node;
		g->key_types[i] = expr_type(g->c->keys[i]);
		g->aliases[i] = (struct scope_alias){item->name, item->node};
	}
	return group_sets(g->op, g->b, g->c, g->key_nodes);
}

/* Names over result rows: window_start, window_end, keys by their alias. */
static void
result_scope(struct group_bind *g)
{
	static const struct scope_column windowed[GROUP_KEYS] = {
	    {{"window_start", 12}, T_TIME}, {{"window_end", 10}, T_TIME},
	    {{NULL, 0}, T_INT}, {{GROUP_SET_NAME, 13}, T_INT}};
	static const struct scope_column counted[GROUP_KEYS] = {
	    {{"window_start", 12}, T_INT}, {{"window_end", 10}, T_INT},
	    {{NULL, 0}, T_BOOL}, {{GROUP_SET_NAME, 13}, T_INT}};
	static const struct scope_column whole[GROUP_KEYS] = {
	    {{NULL, 0}, T_NULL}, {{NULL, 0}, T_NULL}, {{NULL, 0}, T_INT},
	    {{GROUP_SET_NAME, 13}, T_INT}};

	g->c->grouping = (struct grouping){.input = &g->input,
	    .keys = g->key_nodes,
	    .key_types = g->key_types,
	    .n_keys = g->c->n_keys};
	g->result = (struct scope){
	    .cols = g->c->window.type == WINDOW_ALL    ? whole
		    : g->c->window.type == WINDOW_ROWS ? counted
						       : windowed,
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
		enum type edge =
		    window_is_timed(&g->c->window) ? T_TIME : T_INT;

		flow_add(out, STR("window_start"), GROUP_START, edge);
		flow_add(out, STR("window_end"), GROUP_END, edge);
	}
	for (unsigned i = 0; i < g->c->n_keys; i++)
		flow_add(
		    out, by->items[i].name, GROUP_KEYS + i, g->key_types[i]);
}

static struct expr *
bind_result(struct group_bind *g, struct node *n)
{
	n = group_write_out(g->op, g->c, g->key_nodes, n, g->b);
	return n ? expr_bind(n, &g->result, g->b->arena, g->b->err) : NULL;
}

/* SELECT: a plain reference names a column, anything else is computed. */
static int
bind_items(struct group_bind *g, const struct arg *select)
{
	unsigned n = select ? select->n_items : 0;
	struct expr **exprs = arena_array(g->b->arena, n, sizeof *exprs);
	struct group_config *c = g->c;
	const struct arg *having = op_arg(g->op, "having");

	for (unsigned i = 0; i < n; i++)
		if (!(exprs[i] = bind_result(g, select->items[i].node)))
			return -1;
	/* HAVING knows what SELECT has named, too. */
	for (unsigned i = 0; i < n; i++)
		g->aliases[g->result.n_aliases++] = (struct scope_alias){
		    select->items[i].name, select->items[i].node};
	if (having && !(c->having = bind_result(g, having->items[0].node)))
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

/* May there be pieces of cells, and how do they have their rows? */
static void
bind_pieces(struct group_config *c)
{
	c->pieces = !c->counts;
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		enum agg_parts parts = agg_parts(&c->grouping.aggs[i]);

		c->pieces = c->pieces && parts != AGG_PARTS_NEVER;
		c->logs = c->logs || parts == AGG_PARTS_ROWS;
	}
}

/*
 * What it has of a key may be far more than what a run adds to it. Where that
 * is completed now and then all the same, because of a log, it stays whole.
 */
static bool
grows(const struct group_config *c)
{
	bool some = false;

	for (unsigned i = 0; i < c->grouping.n_aggs; i++)
		some |= agg_grows(&c->grouping.aggs[i]);
	return some && c->pieces && !c->logs;
}

static void
lay_out_cell(struct group_config *c, const struct op *op, struct arena *a)
{
	unsigned at = 0;

	c->slides = arena_array(a, c->grouping.n_aggs, sizeof *c->slides);
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		struct agg_call *call = &c->grouping.aggs[i];

		call->retract = op->in.changes;
		call->offset = at;
		c->slides[i] = slides(c, call);
		c->n_slides += c->slides[i];
		at += (agg_size(call) + 7) & ~7u;
	}
	c->live = op->live;
	c->counts = op->in.changes || op->live;
	bind_pieces(c);
	c->grows = grows(c);
	c->count_at = at;
	c->cell_bytes = at + (c->counts ? (unsigned)sizeof(int64_t) : 0);
}

static void
flow_end(struct group_bind *g)
{
	struct flow *out = &g->op->out;

	bool windowed = g->c->window.type != WINDOW_ALL;
	bool corrects = window_is_timed(&g->c->window) && g->c->allowed > 0;
	unsigned n = 0,
		 *key = arena_array(g->b->arena, g->c->n_keys + 3, sizeof *key);

	if (windowed) {
		key[n++] = GROUP_START;
		key[n++] = GROUP_END;
	}
	for (unsigned i = 0; i < g->c->n_keys; i++)
		key[n++] = GROUP_KEYS + i;
	if (g->c->sets)
		key[n++] = GROUP_SET;
	out->key = key;
	out->n_key = n;
	out->keyed = true;
	out->changes = g->c->live && (!windowed || corrects);
	out->steady = out->changes && !g->op->in.changes && !g->c->having;
	if (corrects && !g->c->live) {
		flow_add(out, STR("rev"), GROUP_REV, T_INT)->omit_null = true;
		out->updates = true;
	}
	if (g->c->window.type == WINDOW_ROWS) {
		flow_add(out, STR("partial"), GROUP_REV, T_BOOL)->omit_null =
		    true;
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

/* What is only shown at the end must be there at the end. */
static int
bind_ttl(struct op *op, const struct bind *b, struct group_config *c)
{
	bool all = c->window.type == WINDOW_ALL && c->live && !c->sets;

	if (!c->n_keys)
		op->grows = NULL;
	else if (c->window.type == WINDOW_ROWS)
		op->grows = "every key is kept";
	if (!c->n_keys || !(all || c->window.type == WINDOW_ROWS))
		return 0;
	c->ttl = b->ttl;
	return op_forgets(op, b);
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
	if (c->window.type == WINDOW_ROWS && op->in.changes)
		return err_set(b->err, ERR_SPEC, window->where,
		    "windows of rows count rows that come, and here rows are "
		    "taken back, too");
	if ((window_is_timed(&c->window) || op->heeded) && op->in.scan)
		op->in.scan->needs_time = true;
	if (bind_keys(&g))
		return -1;
	result_scope(&g);
	flow_begin(&g, select ? select->n_items : 0);
	if (bind_items(&g, select) || check_names(&g))
		return -1;
	lay_out_cell(c, op, b->arena);
	if (bind_ttl(op, b, c))
		return -1;
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

/* The keys of one set, and at the end its number. */
static void
keys_of_set(const struct group_config *c, struct batch *b,
    const struct column *cols, unsigned set, struct group_prep *p)
{
	struct str *keys = p->keys + (size_t)set * b->n_sel;
	uint64_t *hashes = p->hashes + (size_t)set * b->n_sel;
	struct column *own;

	if (!c->sets) {
		key_batch(b, cols, c->n_keys, b->arena, keys, hashes);
		return;
	}
	own = arena_array(b->arena, c->n_keys + 1, sizeof *own);
	for (unsigned i = 0; i < c->n_keys; i++)
		own[i] = group_left_out(c, set, i)
			     ? column_const(b->arena, VALUE_NULL)
			     : cols[i];
	own[c->n_keys] = column_const(b->arena, value_int(set));
	key_batch(b, own, c->n_keys + 1, b->arena, keys, hashes);
}

static void
keys_of_sets(const struct group_config *c, struct batch *b,
    const struct column *cols, struct group_prep *p)
{
	p->stride = b->n_sel;
	for (unsigned set = 0; set < c->n_sets; set++)
		keys_of_set(c, b, cols, set, p);
}

static void
make_keys(const struct group_config *c, struct eval *ev, struct batch *b,
    const struct column *cols, struct group_prep *p)
{
	size_t n = (size_t)c->n_sets * b->n_sel;
	bool bad = false;

	p->keys = arena_array(b->arena, n, sizeof *p->keys);
	p->hashes = arena_array(b->arena, n, sizeof *p->hashes);
	keys_of_sets(c, b, cols, p);
	for (size_t i = 0; i < n; i++)
		if (!p->keys[i].p) {
			eval_fail(ev, batch_row(b, (unsigned)(i % p->stride)),
			    "key too long");
			bad = true;
		}
	if (!bad)
		return;
	eval_settle(ev, b);
	b->keys = NULL; /* those of other sets lie elsewhere now */
	keys_of_sets(c, b, cols, p);
}

static int8_t *
signs(const struct batch *b)
{
	int8_t *sign = arena_array(b->arena, b->n_rows, 1);

	for (unsigned row = 0; row < b->n_rows; row++)
		sign[row] =
		    change_takes_back((enum change)b->kind[row]) ? -1 : 1;
	return sign;
}

static void *
group_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct group_config *c = op->config;
	struct arena *a = b->arena;
	struct group_prep *p = arena_alloc(a, sizeof *p);
	struct column *cols = arena_array(a, c->n_keys, sizeof *cols);

	p->sign = NULL;
	p->args = arena_array(a, c->grouping.n_aggs, sizeof *p->args);
	p->filters = arena_array(a, c->grouping.n_aggs, sizeof *p->filters);
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_keys; i++)
		expr_eval(c->keys[i], ev, b, NULL, 0, &cols[i]);
	evaluate(c, ev, b, p);
	eval_settle(ev, b);
	make_keys(c, ev, b, cols, p);
	if (b->kind)
		p->sign = signs(b);
	return p;
}

/* ---- running: by kind of window ---- */

struct runner {
	struct op_run *(*open)(const struct op *op);
	void (*apply)(struct op_run *r, struct batch *b, void *prepared,
	    unsigned from, unsigned to, struct watermark *w);
	void (*advance)(struct op_run *r, int64_t w);
	void (*close)(struct op_run *r);
	int (*restore)(struct op_run *r, struct state_step *s, struct err *err);
	void (*save)(struct op_run *r);
};

static const struct runner *
runner_of(const struct op *op)
{
	static const struct runner sessions = {sessions_open, sessions_apply,
	    sessions_advance, sessions_close, sessions_restore, sessions_save};
	static const struct runner live = {group_live_open, group_live_apply,
	    group_live_advance, group_live_close, group_live_restore,
	    group_live_save};
	static const struct runner rows = {count_windows_open,
	    count_windows_apply, count_windows_advance, count_windows_close,
	    count_windows_restore, count_windows_save};
	static const struct runner slices = {slices_open, slices_apply,
	    slices_advance, slices_close, slices_restore, slices_save};
	const struct group_config *c = op->config;

	switch (c->window.type) {
	case WINDOW_ALL:
		return c->counts ? &live : &slices;
	case WINDOW_SESSION:
		return &sessions;
	case WINDOW_ROWS:
		return &rows;
	case WINDOW_TUMBLE:
	case WINDOW_HOP:
	case WINDOW_CUMULATE:
	case WINDOW_CALENDAR:
		break;
	}
	return &slices;
}

static struct op_run *
group_open(const struct op *op)
{
	return runner_of(op)->open(op);
}

static void
group_apply(struct op_run *r, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	runner_of(r->op)->apply(r, b, prepared, from, to, w);
}

static void
group_advance(struct op_run *r, int64_t w)
{
	runner_of(r->op)->advance(r, w);
}

static void
group_close(struct op_run *r)
{
	runner_of(r->op)->close(r);
}

static int
group_restore(struct op_run *r, struct state_step *s, struct err *err)
{
	return runner_of(r->op)->restore(r, s, err);
}

static void
group_save(struct op_run *r)
{
	runner_of(r->op)->save(r);
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
	case WINDOW_ROWS:
		buf_printf(out, "%lld cell%s per key",
		    (long long)(c->window.size / c->window.slice),
		    c->window.size == c->window.slice ? "" : "s");
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
	if (!window_is_timed(&c->window))
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
	{"sets", PARAM_SETS, false,
	    "Grouping sets: rollup, cube, or lists of keys."},
};

static const struct param window_params[] = {
	{"by", PARAM_NAMED, false,
	    "The keys: expressions, or name: expression pairs."},
	{"having", PARAM_EXPR, false,
	    "Keep only groups for which this is true."},
	{"select", PARAM_NAMED, false,
	    "Aggregates and expressions over them, each with a name."},
	{"sets", PARAM_SETS, false,
	    "Grouping sets: rollup, cube, or lists of keys."},
	{"window", PARAM_WINDOW, true, "The kind of window."},
};

const struct op_kind op_group = {
	.name = "group",
	.doc = "Aggregate per key over the whole input.",
	.about =
	    "One result row per distinct key, written when the input ends. "
	    "Without keys there is exactly one row, even for empty input. NULL "
	    "is a key like any other. Rows come out ordered by key. With "
	    "grouping sets each row belongs to a group of every set, whose "
	    "other keys are NULL: sets: [[a, b], [a], []] is rollup of the "
	    "keys a and b, and cube has all sets there are. grouping(a) is 1 "
	    "where a was left out, grouping(a, b) is the two as bits.",
	.example =
	    "- group: [status]\n"
	    "  select: {n: count(*), slowest: max(latency)}\n",
	.params = group_params,
	.n_params = sizeof group_params / sizeof *group_params,
	.grows = "every key is kept",
	.remedy = "window: tumble(5m), which forgets what is closed",
	.forgets =
	    "keys are forgotten where changes are shown, so long after their "
	    "last row: their results stay as they were shown. Results that "
	    "come at the end, and those of sets, need all of it",
	.primary = "by",
	.waits = WAITS_END,
	.changes = CHANGES_TAKE,
	.bind = group_bind,
	.prepare = group_prepare,
	.open = group_open,
	.apply = group_apply,
	.advance = group_advance,
	.close = group_close,
	.schema = group_schema,
	.restore = group_restore,
	.save = group_save,
	.show = group_show,
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
	    "every window it belongs to has closed, allowed lateness included. "
	    "The keys may be called group instead of by.",
	.example =
	    "- window: tumble(5m)\n"
	    "  by: [path]\n"
	    "  select: {hits: count(*), p95: percentile(request_time, 0.95)}\n",
	.params = window_params,
	.n_params = sizeof window_params / sizeof *window_params,
	.forgets =
	    "a key of windows of rows is forgotten so long after its last "
	    "row: what no window has counted yet comes out, marked as partial, "
	    "and its next row begins a window",
	.primary = "window",
	.also = {"group", "by"},
	.waits = WAITS_WATERMARK,
	.changes = CHANGES_TAKE,
	.bind = group_bind,
	.prepare = group_prepare,
	.open = group_open,
	.apply = group_apply,
	.advance = group_advance,
	.close = group_close,
	.schema = group_schema,
	.restore = group_restore,
	.save = group_save,
	.show = group_show,
	.explain = group_explain,
};
// clang-format on
