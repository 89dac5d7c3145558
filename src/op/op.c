/* SPDX-License-Identifier: MIT */
/*
 * What all operators share: their table, the fields wanted of the input, and
 * flows, which say what the next step sees under which names.
 *
 * Names are resolved in two ways. Computed columns and those of results are
 * handed to expressions by number (struct scope.cols). A column that is a
 * field of the records read is resolved through scope.field, so that the scan
 * learns which fields expressions read, by which step they are last read, and
 * that a.b of a column a is the path a.b.
 */
#include "op/op.h"

#include "base/must.h"
#include "op/parsed.h"

/* ---- the table ---- */

#define OP(name) extern const struct op_kind op_##name;
#include "op/op_list.h"
#undef OP

const struct op_kind *const op_kinds[] = {
#define OP(name) &op_##name,
#include "op/op_list.h"
#undef OP
};
const unsigned n_op_kinds = sizeof op_kinds / sizeof *op_kinds;

const struct op_kind *
op_kind_find(struct str name)
{
	for (unsigned i = 0; i < n_op_kinds; i++)
		if (str_is(name, op_kinds[i]->name))
			return op_kinds[i];
	return NULL;
}

/* ---- arguments ---- */

const struct arg *
op_arg(const struct op *op, const char *name)
{
	for (unsigned i = 0; i < op->n_args; i++)
		if (!strcmp(op->args[i].param->name, name))
			return &op->args[i];
	return NULL;
}

struct node *
op_name_node(const struct arg_item *item, struct arena *a)
{
	struct node *n = arena_zalloc(a, sizeof *n);

	n->kind = NODE_NAME;
	n->path = path_of_name(a, item->name);
	n->where = item->where;
	n->depth = n->size = 1;
	return n;
}

const char *
op_words(const struct op_kind *kind, const char *param)
{
	for (unsigned i = 0; i < kind->n_words; i++)
		if (!strcmp(kind->words[i].param, param))
			return kind->words[i].words;
	return NULL;
}

bool
op_word_is(const struct op *op, const char *name, const char *word)
{
	const char *words = op_words(op->kind, name);
	const struct arg *arg = op_arg(op, name);

	must(words);
	if (arg)
		return str_is(arg->items[0].name, word);
	return str_is((struct str){words, strcspn(words, " ")}, word);
}

int
op_count(const struct op *op, const char *name, const struct bind *b,
    uint64_t absent, uint64_t *out)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	const struct arg *arg = op_arg(op, name);
	struct value v;

	*out = absent;
	if (!arg)
		return 0;
	if (arg->items[0].node->kind == NODE_NAME)
		v = VALUE_NULL;
	else if (expr_eval_constant(
		     arg->items[0].node, &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_INT || v.i < 0)
		return err_set(b->err, ERR_SPEC, arg->items[0].where,
		    "a whole number is expected here, 0 or greater");
	*out = (uint64_t)v.i;
	return 0;
}

struct str
op_word(const struct op *op, const char *name)
{
	const struct arg *arg = op_arg(op, name);

	return arg ? arg->items[0].name : (struct str){NULL, 0};
}

bool
op_flag(const struct op *op, const char *name)
{
	return str_is(op_word(op, name), "true");
}

unsigned
op_selected_from(const struct batch *b, unsigned row)
{
	unsigned lo = 0, hi = b->n_sel;

	if (!b->sel)
		return row < hi ? row : hi;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (b->sel[mid] < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
op_pass(struct op_run *run, struct batch *b, uint16_t *rows, unsigned n)
{
	uint16_t *sel = b->sel;
	unsigned n_sel = b->n_sel;

	if (!n)
		return;
	b->sel = rows;
	b->n_sel = n;
	run->emit(run, b);
	b->sel = sel;
	b->n_sel = n_sel;
}

/* ---- types ---- */

bool
type_unite(enum type a, enum type b, enum type *out)
{
	*out = a;
	if (a == b || b == T_NULL)
		return true;
	*out = b;
	if (a == T_NULL)
		return true;
	*out = T_ANY;
	if (a == T_ANY || b == T_ANY)
		return true;
	*out = a == T_FLOAT || b == T_FLOAT ? T_FLOAT : T_DECIMAL;
	if (type_is_number(a) && type_is_number(b))
		return true;
	*out = a;
	return false;
}

/* ---- fields wanted ---- */

enum type
scan_type(const struct scan *s, struct path path)
{
	if (path.n == 0)
		return T_MAP;
	if (path.n > 1)
		return T_ANY;
	for (unsigned i = 0; i < s->n_typed; i++)
		if (str_eq(s->typed[i].name, path.steps[0].name))
			return s->typed[i].type;
	return T_ANY;
}

static int
check_known(
    const struct scan *s, struct path path, struct where where, struct err *err)
{
	struct str *names;

	if (!s->known || path.n == 0)
		return 0;
	names = arena_array(s->arena, s->n_known, sizeof *names);
	for (unsigned i = 0; i < s->n_known; i++) {
		names[i] = s->known[i].name;
		if (str_eq(names[i], path.steps[0].name))
			return 0;
	}
	err_set(err, ERR_SPEC, where, "the input has no field \"%.*s\"",
	    STR_ARG(path.steps[0].name));
	return err_suggest(err, path.steps[0].name, names, s->n_known);
}

static void
scan_grow(struct scan *s)
{
	unsigned cap = s->cap_wants ? 2 * s->cap_wants : 16;
	struct want *wants = arena_array(s->arena, cap, sizeof *wants);
	bool *computed = arena_array(s->arena, cap, sizeof *computed);
	bool *read = arena_array(s->arena, cap, sizeof *read);
	struct scan_via *via =
	    arena_array(s->arena, (size_t)cap * s->n_ports, sizeof *via);
	unsigned *last = arena_array(s->arena, cap, sizeof *last);

	for (unsigned i = 0; i < s->n_wants; i++) {
		wants[i] = s->wants[i];
		computed[i] = s->computed[i];
		last[i] = s->last[i];
		read[i] = s->read[i];
	}
	if (s->n_wants && s->n_ports)
		memcpy(
		    via, s->via, (size_t)s->n_wants * s->n_ports * sizeof *via);
	s->via = via;
	s->read = read;
	s->wants = wants;
	s->computed = computed;
	s->last = last;
	s->cap_wants = cap;
}

static void
scan_read(struct scan *s, unsigned want, bool computed)
{
	s->read[want] = true;
	s->computed[want] |= computed;
	if (s->last[want] < s->step)
		s->last[want] = s->step;
}

static int
find_want(const struct scan *s, struct path path)
{
	for (unsigned i = 0; i < s->n_wants; i++)
		if (path_eq(s->wants[i].path, path))
			return (int)i;
	return -1;
}

int
scan_want(struct scan *s, struct path path, bool computed, struct where where,
    struct err *err)
{
	int known = find_want(s, path);
	unsigned i = known >= 0 ? (unsigned)known : s->n_wants;

	if (i == s->n_wants) {
		if (check_known(s, path, where, err))
			return -1;
		if (i == SCAN_WANTS_MAX)
			return err_set(err, ERR_SPEC, where,
			    "more than %d different fields are read",
			    SCAN_WANTS_MAX);
		if (i == s->cap_wants)
			scan_grow(s);
		s->wants[i] = (struct want){.path = path};
		s->computed[i] = s->read[i] = false;
		s->last[i] = 0;
		s->n_wants++;
		if (s->more && s->more(s, i, where, err))
			return -1;
	}
	scan_read(s, i, computed);
	s->wants[i].optional = false;
	return (int)i;
}

int
scan_column(struct scan *s, struct str name, unsigned *col, struct where where,
    struct err *err)
{
	struct path path = path_of_name(s->arena, name);
	int want = find_want(s, path);

	*col = want >= 0 ? (unsigned)want : COL_RECORD;
	if (want >= 0 || s->found)
		return 0;
	want = scan_want(s, path, false, where, err);
	if (want < 0)
		return -1;
	s->read[want] = false;
	*col = (unsigned)want;
	return 0;
}

/* ---- flows ---- */

struct flow_column *
flow_find(const struct flow *f, struct str name)
{
	for (unsigned i = 0; i < f->n_cols; i++)
		if (!f->cols[i].spread && str_eq(f->cols[i].name, name))
			return &f->cols[i];
	return NULL;
}

struct flow
flow_copy(const struct flow *f, unsigned more, struct arena *a)
{
	struct flow out = *f;

	out.cols = arena_array(a, f->n_cols + more, sizeof *out.cols);
	for (unsigned i = 0; i < f->n_cols; i++)
		out.cols[i] = f->cols[i];
	return out;
}

struct flow_column *
flow_add(struct flow *f, struct str name, unsigned col, enum type type)
{
	struct flow_column *c = &f->cols[f->n_cols++];

	*c = (struct flow_column){.name = name, .col = col, .type = type};
	return c;
}

void
flow_remove(struct flow *f, const struct flow_column *c)
{
	if (!c)
		return;
	f->n_cols--;
	for (size_t at = (size_t)(c - f->cols); at < f->n_cols; at++)
		f->cols[at] = f->cols[at + 1];
}

struct flow_column *
flow_set(struct flow *f, struct str name, unsigned col, enum type type)
{
	struct flow_column *c = flow_find(f, name);

	if (!c)
		return flow_add(f, name, col, type);
	*c = (struct flow_column){.name = name, .col = col, .type = type};
	return c;
}

unsigned
flow_compute(struct flow *f)
{
	return f->segment->n_cols++;
}

struct column *
flow_place(const struct flow *f, struct batch *b, unsigned col)
{
	unsigned n = f->segment->n_cols;

	must(col < n);
	if (b->n_cols < n) {
		const struct column *old = b->cols;
		unsigned n_old = b->n_cols;

		batch_columns(b, n);
		for (unsigned i = 0; i < n_old; i++)
			b->cols[i] = old[i];
	}
	return &b->cols[col];
}

int
flow_unknown(
    const struct flow *f, struct str name, struct where where, struct err *err)
{
	struct str names[64];
	unsigned n = 0;

	if (str_is(name, "_offset")) {
		err_set(err, ERR_SPEC, where,
		    "these rows are not records, and begin nowhere in an "
		    "input");
		return err_hint(err, "a random number with a seed can go by a "
				     "key as well: rand_by(seed, key)");
	}
	err_set(err, ERR_SPEC, where, "there is no column \"%.*s\" here",
	    STR_ARG(name));
	for (unsigned i = 0; i < f->n_cols && n < 64; i++) {
		const struct flow_column *c = &f->cols[i];

		if (c->spread || c->dropped)
			continue;
		if (str_eq_nocase(c->name, name))
			return err_hint(err,
			    "names are case-sensitive; did you mean "
			    "\"%.*s\"?",
			    STR_ARG(c->name));
		names[n++] = c->name;
	}
	return err_suggest(err, name, names, n);
}

/* ---- names ---- */

static bool
is_want(const struct flow *f, const struct flow_column *c)
{
	return f->scan && c->col < f->scan->n_wants;
}

unsigned
flow_value(const struct flow *f, const struct flow_column *c)
{
	if (is_want(f, c))
		scan_read(f->scan, c->col, true);
	else if (c->col != COL_RECORD)
		flow_read(f, c->col);
	return c->col;
}

struct scan_via
flow_via(const struct flow *f, const struct flow_column *c)
{
	if (!c || c->dropped)
		return (struct scan_via){NULL, COL_RECORD};
	return (struct scan_via){is_want(f, c) ? f->scan : NULL, c->col};
}

/* Steps [1, n) of a path behind those of another. */
struct path
path_behind(struct arena *a, struct path front, struct path path)
{
	unsigned n = front.n + path.n - 1;
	struct path_step *steps = arena_array(a, n, sizeof *steps);

	for (unsigned i = 0; i < front.n; i++)
		steps[i] = front.steps[i];
	for (unsigned i = 1; i < path.n; i++)
		steps[front.n + i - 1] = path.steps[i];
	return (struct path){steps, n};
}

static int
dropped(struct str name, struct where where, struct err *err)
{
	return err_set(err, ERR_SPEC, where,
	    "\"%.*s\" was dropped or renamed by an earlier step",
	    STR_ARG(name));
}

/*
 * A field by its path: the column of a want, or of whatever else has the name
 * if that is the whole path; -2: a member of a computed column.
 */
int
flow_field(const struct flow *f, struct path path, bool computed,
    struct arena *a, enum type *type, struct where where, struct err *err)
{
	struct str name = path.steps[0].name;
	const struct flow_column *c = flow_find(f, name);
	int col;

	if (c && c->dropped)
		return dropped(name, where, err);
	col = c ? -1 : origin_field(f, path, type);
	if (col < 0)
		col = parsed_field(f, c, path, type);
	if (col >= 0)
		return col;
	if (c && !is_want(f, c)) {
		*type = c->type;
		return path.n == 1 ? (int)c->col : -2;
	}
	if (!f->scan)
		return flow_unknown(f, name, where, err);
	if (c && path.n == 1) {
		scan_read(f->scan, c->col, computed);
		*type = c->type;
		return (int)c->col;
	}
	if (c) {
		/* A declared column stays one in the second pass, too, where
		 * its member must be found behind it. */
		if (!f->open)
			scan_read(f->scan, c->col, false);
		path = path_behind(a, f->scan->wants[c->col].path, path);
	} else if (!f->open) {
		return flow_unknown(f, name, where, err);
	}
	col = scan_want(f->scan, path, computed, where, err);
	*type = scan_type(f->scan, path);
	return col;
}

int
flow_want(const struct flow *f, struct path path, struct arena *a,
    enum type *type, struct where where, struct err *err)
{
	const struct flow_column *c;

	if (path.n) {
		c = flow_find(f, path.steps[0].name);
		if (c ? c->dropped : !flow_is_open(f))
			return -2;
		if (f->scan)
			return flow_field(f, path, false, a, type, where, err);
		*type = c ? c->type : T_NULL;
		return c && path.n == 1 ? (int)c->col : -2;
	}
	for (unsigned i = 0; i < f->n_cols; i++)
		if (f->cols[i].spread && f->scan) {
			*type = T_MAP;
			return scan_want(f->scan, path, false, where, err);
		}
	return -2;
}

struct flow_owner {
	const struct flow *flow;
	struct scope_column *cols;
	struct arena *arena;
};

static int
scope_field(struct scope *s, struct path path, enum type *type,
    struct where where, struct err *err)
{
	const struct flow_owner *o = s->owner;
	int col = flow_field(o->flow, path, true, o->arena, type, where, err);

	must(col != -2); /* those are among the scope's columns */
	return col;
}

/* Columns of the segment have one name in a scope; others are asked for. */
static bool
has_second_names(const struct flow *f, const struct scope_column *cols)
{
	for (unsigned i = 0; i < f->n_cols; i++) {
		const struct flow_column *c = &f->cols[i];

		if (!c->spread && !c->dropped && c->col != COL_RECORD &&
		    cols[c->col].name.p && !str_eq(cols[c->col].name, c->name))
			return true;
	}
	return false;
}

void
flow_scope_grow(const struct flow *f, unsigned more, const struct bind *b,
    struct scope *out)
{
	unsigned n = f->segment->n_cols + more;
	struct scope_column *cols = arena_zalloc(b->arena, n * sizeof *cols);
	struct flow_owner *owner = arena_alloc(b->arena, sizeof *owner);

	for (unsigned i = 0; i < f->n_cols; i++) {
		const struct flow_column *c = &f->cols[i];

		if (c->spread || c->dropped || is_want(f, c) ||
		    c->col == COL_RECORD || parsed_of(f, c->col))
			continue;
		cols[c->col] = (struct scope_column){c->name, c->type};
	}
	*owner = (struct flow_owner){f, cols, b->arena};
	*out = (struct scope){.cols = cols,
	    .n_cols = n,
	    .field = f->scan || f->parsed || has_second_names(f, cols)
			 ? scope_field
			 : NULL,
	    .params = b->params,
	    .n_params = b->n_params,
	    .owner = owner};
}

void
flow_scope_add(struct scope *s, struct str name, unsigned col, enum type type)
{
	struct flow_owner *o = s->owner;

	/* Fields asked for meanwhile may have columns of their own. */
	if (col >= s->n_cols) {
		struct scope_column *cols =
		    arena_zalloc(o->arena, (col + 16) * sizeof *cols);

		for (unsigned i = 0; i < s->n_cols; i++)
			cols[i] = o->cols[i];
		s->cols = o->cols = cols;
		s->n_cols = col + 16;
	}
	for (unsigned i = 0; i < s->n_cols; i++)
		if (o->cols[i].name.p && str_eq(o->cols[i].name, name))
			o->cols[i] = (struct scope_column){{NULL, 0}, T_NULL};
	o->cols[col] = (struct scope_column){name, type};
}

void
flow_scope(const struct flow *f, const struct bind *b, struct scope *out)
{
	flow_scope_grow(f, 0, b, out);
}

int
flow_pass(const struct flow *f, const struct node *n, const struct bind *b,
    unsigned *col, enum type *type)
{
	int i;

	if (n->kind != NODE_NAME)
		return 0;
	if (!f->scan && !f->parsed) {
		const struct flow_column *c =
		    flow_find(f, n->path.steps[0].name);

		if (!c || n->path.n != 1)
			return 0; /* a member, or the binder's to refuse */
		*col = c->col;
		*type = c->type;
		return 1;
	}
	i = flow_field(f, n->path, false, b->arena, type, n->where, b->err);
	if (i < 0)
		return i == -2 ? 0 : -1;
	*col = (unsigned)i;
	return 1;
}

/* ---- event time ---- */

/* The path that a name leads to in the records; n == 0: it is no field. */
static struct path
field_path(const struct flow *f, const struct node *n, struct arena *a)
{
	const struct flow_column *c = flow_find(f, n->path.steps[0].name);

	if (c && is_want(f, c))
		return path_behind(a, f->scan->wants[c->col].path, n->path);
	return c || !f->open ? (struct path){NULL, 0} : n->path;
}

static bool
is_word_of(const char *list, struct str word)
{
	const char *p = list;
	size_t n;

	for (; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (str_eq(word, (struct str){p, n}))
			return true;
	}
	return false;
}

bool
flow_is_time(const struct flow *f, const struct node *n, const struct bind *b)
{
	const struct flow_column *c;
	struct path path;

	if (n->kind != NODE_NAME)
		return false;
	if (f->moved) {
		c = flow_find(f, n->path.steps[0].name);
		return c && n->path.n == 1 && c->col == f->time_col;
	}
	if (!f->scan) {
		c = flow_find(f, n->path.steps[0].name);
		return c && n->path.n == 1 && c->col < 64 &&
		       (f->segment->times >> c->col & 1);
	}
	path = field_path(f, n, b->arena);
	if (!f->scan->time_field)
		return false;
	if (!path.n || f->scan->time_field->n)
		return path.n && path_eq(path, *f->scan->time_field);
	if (f->scan->lateness == WHEN_MAX || path.n != 1 ||
	    !is_word_of(f->scan->time_names, path.steps[0].name))
		return false;
	if (!f->scan->time_own)
		*f->scan->time_field = n->path;
	return true;
}

int
op_forgets(struct op *op, const struct bind *b)
{
	op->may_forget = true;
	if (!b->ttl)
		return 0;
	if (b->lateness == WHEN_MAX) {
		err_set(b->err, ERR_SPEC, op->where,
		    "keys are forgotten as event time goes on, and no lateness "
		    "says how far it has come");
		return err_hint(b->err, "-l 10s (or time: {lateness: 10s})");
	}
	if (op->in.scan)
		op->in.scan->needs_time = true;
	op->forgets = true;
	return 0;
}

/* ---- the watermark ---- */

/* Moves it takes to know what is usual. */
#define USUAL_MOVES 3
#define USUAL_TIMES 1000

static bool
is_unusual(const struct watermark *w, int64_t time)
{
	int64_t usual;

	if (w->lateness == WHEN_MAX || w->n_moves < USUAL_MOVES)
		return false;
	usual = (w->greatest - w->first) / (int64_t)(w->n_moves - 1);
	return (time - w->greatest) / USUAL_TIMES > usual;
}

bool
watermark_far(struct watermark *w, int64_t time)
{
	bool ignored = w->ahead && ++w->in_row < WATERMARK_BELIEVED;

	if (!w->noted && (ignored || (!w->ahead && is_unusual(w, time)))) {
		w->noted = ignored;
		w->n_far++;
		w->far_from = w->greatest;
		w->far_time = time;
	}
	w->n_ahead += ignored;
	return ignored;
}
