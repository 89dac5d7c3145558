/* SPDX-License-Identifier: MIT */
/*
 * weir explain: a bound plan in words.
 *
 * A paragraph per input, step and output; labels on the left, what they say on
 * the right, broken at 80 columns. Nothing depends on the machine, so the text
 * can be compared in tests.
 */
#include "base/utf8.h"
#include "base/zone.h"
#include "plan/plan.h"

#define LABEL_WIDTH 12
#define LINE_WIDTH 80

struct explain {
	const struct plan *plan;
	struct buf *out;
	struct buf text; /* what goes to the right of a label */
	bool entries;	 /* it is a list */
};

/* ---- lines ---- */

static unsigned
put_indent(struct buf *out, unsigned from)
{
	for (; from < LABEL_WIDTH; from++)
		buf_addc(out, ' ');
	return LABEL_WIDTH;
}

/* Length of the text up to the next place where a line may end. */
static size_t
next_break(struct str s, bool entries)
{
	int depth = 0;
	char quote = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
			continue;
		}
		if (entries && (c == '\'' || c == '"' || c == '`'))
			quote = c;
		else if (c == '(' || c == '[')
			depth++;
		else if (c == ')' || c == ']')
			depth--;
		else if (c == ' ' &&
			 (!entries || (depth <= 0 && i && s.p[i - 1] == ',')))
			return i;
	}
	return s.n;
}

/*
 * Puts the text so far, which begins in column `at`. Lines end between entries
 * of a list; an entry longer than a line is broken between words.
 */
static unsigned
put_pieces(struct explain *x, struct str s, bool entries, unsigned at)
{
	while (s.n) {
		struct str piece = {s.p, next_break(s, entries)};
		unsigned width = (unsigned)utf8_str_width(piece);

		if (at > LABEL_WIDTH && at + 1 + width > LINE_WIDTH) {
			buf_addc(x->out, '\n');
			at = put_indent(x->out, 0);
		} else if (at > LABEL_WIDTH) {
			buf_addc(x->out, ' ');
			at++;
		}
		if (entries && at + width > LINE_WIDTH) {
			at = put_pieces(x, piece, false, at);
		} else {
			buf_adds(x->out, piece);
			at += width;
		}
		s.p += piece.n;
		s.n -= piece.n;
		if (s.n) {
			s.p++;
			s.n--;
		}
	}
	return at;
}

static void
put_words(struct explain *x, unsigned at)
{
	put_pieces(x, buf_str(&x->text), x->entries, at);
	buf_addc(x->out, '\n');
	x->text.n = 0;
	x->entries = false;
}

/* A line "  label   text"; an empty label goes on with the one before. */
static void
put_line(struct explain *x, const char *label)
{
	unsigned at = (unsigned)strlen(label);

	if (at) {
		buf_lit(x->out, "  ");
		at += 2;
		buf_addz(x->out, label);
	}
	put_words(x, put_indent(x->out, at));
}

static void
put_heading(struct explain *x, const char *heading)
{
	unsigned at = (unsigned)strlen(heading);

	if (x->out->n)
		buf_addc(x->out, '\n');
	buf_addz(x->out, heading);
	if (at >= LABEL_WIDTH) {
		buf_addc(x->out, ' ');
		at = LABEL_WIDTH;
	}
	put_words(x, put_indent(x->out, at));
}

static void
put_duration(struct buf *out, int64_t us)
{
	char *at = buf_reserve(out, 64);

	out->n += (size_t)(when_put_duration(at, us) - at);
}

/* ---- input ---- */

static void
put_files(struct explain *x, const struct plan_input *in)
{
	unsigned shown = in->n_files > 4 ? 3 : in->n_files;

	if (!in->n_files)
		buf_lit(&x->text, "standard input");
	for (unsigned i = 0; i < shown; i++) {
		bool is_stdin = str_is(in->files[i], "-");

		buf_addz(&x->text, i ? ", " : "");
		buf_adds(
		    &x->text, is_stdin ? STR("standard input") : in->files[i]);
	}
	if (shown < in->n_files)
		buf_printf(&x->text, " and %u more", in->n_files - shown);
}

static void
put_time_source(struct explain *x, const struct plan_input *in)
{
	const struct plan_time *t = &in->time;
	const struct format *f = in->format;

	if (t->field.n)
		path_print(&x->text, t->field);
	else if (f && f->time_fields)
		buf_printf(&x->text, "%s", f->time_fields);
	else
		buf_lit(&x->text, "told by the first records");
	if (t->layout_given && t->layout.kind == WHEN_PATTERN)
		buf_printf(&x->text, " (%s)", t->layout.pattern);
	if (t->zone)
		buf_printf(&x->text, ", in %s", zone_name(t->zone));
}

/* Results that are shown every so often change whenever a row comes. */
static bool
knows_late(const struct plan *p)
{
	for (unsigned i = 0; i < p->n_ops; i++)
		if (p->ops[i].acts && p->ops[i].kind->changes != CHANGES_SHOW)
			return true;
	return false;
}

static void
put_lateness(struct explain *x, const struct plan_input *in)
{
	const struct plan_time *t = &in->time;

	if (t->lateness == WHEN_MAX) {
		buf_lit(&x->text, "; no lateness stated, so nothing is late");
		return;
	}
	buf_lit(&x->text, "; lateness ");
	put_duration(&x->text, t->lateness);
	if (!knows_late(x->plan)) {
		buf_lit(&x->text, "; nothing is late");
		return;
	}
	if (t->allowed) {
		buf_lit(&x->text, ", then ");
		put_duration(&x->text, t->allowed);
		buf_lit(&x->text, " of corrections");
	}
	if (t->late == LATE_DROP)
		buf_lit(&x->text, "; later rows are dropped and counted");
	else if (t->late == LATE_UPDATE)
		buf_lit(&x->text, "; later rows correct results");
	else
		buf_printf(
		    &x->text, "; later rows go to %.*s", STR_ARG(t->late_file));
}

static void
put_fields(struct explain *x, const struct plan_input *in)
{
	const struct scan *s = in->scan;

	for (unsigned i = 0; i < s->n_wants; i++) {
		const struct want *w = &s->wants[i];

		buf_addz(&x->text, i ? ", " : "");
		if (w->path.n)
			path_print(&x->text, w->path);
		else
			buf_lit(&x->text, "the whole record");
	}
	for (unsigned i = 0; i < ORIGIN_N; i++)
		if (s->origin[i])
			buf_printf(&x->text, "%s%s", x->text.n ? ", " : "",
			    origin_rows[i].name);
	if (!x->text.n)
		buf_lit(&x->text, "none");
	put_line(x, "fields");
}

static void
put_types(struct explain *x, const struct plan_input *in)
{
	for (unsigned i = 0; i < in->n_types; i++) {
		buf_addz(&x->text, i ? ", " : "");
		buf_printf(&x->text, "%.*s %s", STR_ARG(in->types[i].name),
		    type_name(in->types[i].type));
	}
	if (in->n_types)
		put_line(x, "types");
}

static void
put_declared(struct explain *x, const struct plan_input *in)
{
	x->entries = true;
	for (unsigned i = 0; i < in->n_columns; i++) {
		buf_addz(&x->text, i ? ", " : "");
		name_print(&x->text, in->columns[i].name);
		if (in->columns[i].type != T_ANY)
			buf_printf(
			    &x->text, " %s", type_name(in->columns[i].type));
	}
	if (in->closed)
		put_line(x, "columns");
	x->entries = false;
}

static bool
is_read_first(const struct plan *p, const struct plan_input *in)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && p->inputs[i].rank > in->rank)
			return true;
	return false;
}

static void
put_input(struct explain *x, const struct plan_input *in)
{
	if (in->values)
		buf_printf(&x->text, "%u constant row%s", in->n_rows,
		    in->n_rows == 1 ? "" : "s");
	else
		put_files(x, in);
	if (in->format)
		buf_printf(&x->text, " (%s)", in->format->name);
	if (is_read_first(x->plan, in))
		buf_lit(&x->text, "; read to its end before the others");
	put_heading(x, "input");
	if (in->name.n) {
		buf_adds(&x->text, in->name);
		put_line(x, "name");
	}
	put_declared(x, in);
	put_types(x, in);
	if (in->scan->needs_time) {
		put_time_source(x, in);
		put_lateness(x, in);
		put_line(x, "time");
	}
	put_fields(x, in);
}

static void
put_params(struct explain *x)
{
	const struct plan *p = x->plan;

	for (unsigned i = 0; i < p->n_params; i++) {
		buf_addz(&x->text, i ? ", " : "");
		buf_printf(&x->text, "$%.*s = ", STR_ARG(p->params[i].name));
		value_print(&x->text, p->params[i].value);
	}
	if (p->n_params)
		put_heading(x, "parameters");
}

/* ---- columns ---- */

static void
put_column(struct explain *x, const struct flow_column *c)
{
	if (c->spread) {
		buf_lit(&x->text, "the whole record");
		return;
	}
	if (c->dropped)
		buf_lit(&x->text, "without ");
	name_print(&x->text, c->name);
	if (!c->dropped && c->type != T_ANY)
		buf_printf(&x->text, " %s", type_name(c->type));
	if (c->omit_null && !c->dropped)
		buf_addz(&x->text, str_is(c->name, "rev") ? " (of corrections)"
							  : " (of some)");
}

static void
put_columns(struct explain *x, const struct flow *f)
{
	x->entries = true;
	for (unsigned i = 0; i < f->n_cols; i++) {
		buf_addz(&x->text, i ? ", " : "");
		put_column(x, &f->cols[i]);
	}
	put_line(x, "columns");
}

/* ---- steps ---- */

static void
put_item(struct explain *x, const struct arg *arg, const struct arg_item *item)
{
	if (arg->param->kind == PARAM_RENAME) {
		name_print(&x->text, item->name);
		buf_lit(&x->text, " to ");
		name_print(&x->text, item->to);
		return;
	}
	if (arg->param->kind == PARAM_SETTINGS) {
		buf_printf(&x->text, "%.*s = %.*s", STR_ARG(item->name),
		    STR_ARG(item->to));
		return;
	}
	if (arg->param->kind == PARAM_WORD || arg->param->kind == PARAM_FLAG) {
		buf_adds(&x->text, item->name);
		return;
	}
	if (!item->node) {
		name_print(&x->text, item->name);
		return;
	}
	if (item->alias && arg->param->kind == PARAM_NAMED) {
		name_print(&x->text, item->name);
		buf_lit(&x->text, " = ");
	}
	if (arg->param->kind == PARAM_FRAME)
		frame_print(&x->text, item->node);
	else
		node_print(&x->text, item->node);
	if (item->descending)
		buf_lit(&x->text, " desc");
	if (arg->param->kind == PARAM_ORDER &&
	    item->nulls_first == item->descending)
		buf_addz(&x->text,
		    item->nulls_first ? " nulls first" : " nulls last");
}

static void
put_items(struct explain *x, const struct arg *arg)
{
	x->entries = true;
	for (unsigned i = 0; i < arg->n_items; i++) {
		buf_addz(&x->text, i ? ", " : "");
		put_item(x, arg, &arg->items[i]);
	}
}

/* A window of rows: rows(100). */
static bool
counts_rows(const struct op *op)
{
	const struct arg *window = op_arg(op, "window");

	return window && str_is(window->items[0].node->name, "rows");
}

/* Some input that feeds windows says no lateness. */
static bool
waits_for_end(const struct plan *p)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && p->inputs[i].scan->needs_time &&
		    p->inputs[i].time.lateness == WHEN_MAX)
			return true;
	return false;
}

static void
put_forgets(struct explain *x, const struct op *op)
{
	char text[64];

	if (!op->forgets)
		return;
	buf_lit(&x->text, "keys that have been quiet for ");
	buf_add(&x->text, text,
	    (size_t)(when_put_duration(text, x->plan->time.ttl) - text));
	put_line(x, "forgets");
}

static void
put_waiting(struct explain *x, const struct op *op)
{
	if (op->live && op->out.changes &&
	    (op->kind->changes == CHANGES_TAKE ||
		op->kind->changes == CHANGES_LIVE)) {
		buf_lit(&x->text, "each change at once");
		put_line(x, "rows out");
		return;
	}
	if (op->kind->when) {
		op->kind->when(op, &x->text);
		put_line(x, "rows out");
		return;
	}
	if (counts_rows(op)) {
		buf_lit(&x->text, "after so many rows of a key");
		put_line(x, "rows out");
		return;
	}
	switch (op->kind->waits) {
	case WAITS_NOT:
		buf_lit(&x->text, "each row at once");
		if (op->kind->done)
			buf_lit(&x->text, ", until there are enough");
		break;
	case WAITS_END:
		buf_lit(&x->text, "when the input ends");
		break;
	case WAITS_WATERMARK:
		if (waits_for_end(x->plan))
			buf_lit(&x->text, "when the input ends");
		else if (op->kind->changes == CHANGES_SHOW)
			buf_lit(&x->text,
			    "when the watermark passes a multiple of it");
		else
			buf_lit(&x->text,
			    "when the watermark reaches a window's end");
		break;
	}
	put_line(x, "rows out");
}

static bool
same_columns(const struct flow *a, const struct flow *b)
{
	if (a->n_cols != b->n_cols)
		return false;
	for (unsigned i = 0; i < a->n_cols; i++)
		if (a->cols[i].col != b->cols[i].col ||
		    !str_eq(a->cols[i].name, b->cols[i].name))
			return false;
	return true;
}

/* ---- what is read ---- */

/* Inputs and steps one after another, as the page shows them anyway. */
static bool
is_line(const struct plan *p)
{
	unsigned inputs = 0;

	for (unsigned i = 0; i < p->n_inputs; i++)
		inputs += p->inputs[i].used;
	for (unsigned i = 0; i < p->n_ops; i++)
		if (p->ops[i].n_from > 1 || p->step_readers[i].n != 1)
			return false;
	return inputs == 1 && p->n_outputs == 1;
}

static void
put_edge(struct explain *x, struct edge e)
{
	const struct plan_input *in = &x->plan->inputs[e.number];

	if (e.step)
		buf_printf(&x->text, "step %u", e.number + 1);
	else if (in->name.n)
		buf_printf(&x->text, "input %.*s", STR_ARG(in->name));
	else if (in->n_files == 1)
		buf_printf(&x->text, "input %.*s", STR_ARG(in->files[0]));
	else
		buf_printf(&x->text, "input %u", e.number + 1);
}

static void
put_reads(struct explain *x, const struct edge *from, unsigned n)
{
	if (is_line(x->plan))
		return;
	for (unsigned i = 0; i < n; i++) {
		buf_addz(&x->text, i ? ", " : "");
		put_edge(x, from[i]);
	}
	put_line(x, "reads");
}

static void
put_step(struct explain *x, const struct op *op)
{
	const struct arg *main = op_arg(op, op->kind->primary);
	char heading[64];

	snprintf(
	    heading, sizeof heading, "%u %s", op->number + 1, op->kind->name);
	if (main)
		put_items(x, main);
	if (!x->text.n)
		buf_lit(&x->text, "all rows");
	put_heading(x, heading);
	put_reads(x, op->from, op->n_from);
	if (op->named) {
		buf_adds(&x->text, op->name);
		put_line(x, "name");
	}
	for (unsigned i = 0; i < op->kind->n_params; i++) {
		const struct arg *arg = op_arg(op, op->kind->params[i].name);

		if (!arg || arg == main)
			continue;
		put_items(x, arg);
		put_line(x, arg->param->name);
	}
	if (op->in.segment != op->out.segment ||
	    !same_columns(&op->in, &op->out))
		put_columns(x, &op->out);
	if (op->kind->explain) {
		op->kind->explain(op, &x->text);
		put_line(x, "state");
	}
	put_forgets(x, op);
	put_waiting(x, op);
}

/* ---- output ---- */

static void
put_output(struct explain *x, const struct plan_output *out)
{
	buf_adds(&x->text, out->file.n ? out->file : STR("standard output"));
	if (out->format)
		buf_printf(&x->text, " (%s)", out->format->name);
	put_heading(x, "output");
	if (out->name.n) {
		buf_adds(&x->text, out->name);
		put_line(x, "name");
	}
	put_reads(x, &out->from, 1);
	put_columns(x, &out->result);
}

void
plan_explain(const struct plan *p, struct buf *out)
{
	struct explain x = {.plan = p, .out = out};

	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used)
			put_input(&x, &p->inputs[i]);
	put_params(&x);
	for (unsigned i = 0; i < p->n_ops; i++)
		put_step(&x, &p->ops[i]);
	for (unsigned i = 0; i < p->n_outputs; i++)
		put_output(&x, &p->outputs[i]);
	buf_release(&x.text);
}
