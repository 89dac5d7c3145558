/* SPDX-License-Identifier: MIT */
/*
 * The topics of the help. Each shows rows of one table of the program; there
 * is no text here that a row could carry.
 */
#include "cli/help.h"
#include "expr/agg.h"
#include "expr/fn.h"
#include "expr/over.h"
#include "front/front.h"
#include "io/io.h"
#include "op/op.h"
#include "plan/check.h"

#define ROW_INDENT 6
#define NAME_INDENT 14

/* ---- pieces ---- */

static unsigned
count_none(void)
{
	return 0;
}

/* name(arguments) -> result, of a signature "arguments -> result". */
static void
put_call(struct buf *out, const char *name, const char *signature)
{
	const char *arrow = strstr(signature, "->");
	size_t n = arrow ? (size_t)(arrow - signature) : strlen(signature);

	while (n && signature[n - 1] == ' ')
		n--;
	buf_printf(out, "`%s`(\1%.*s\1)", name, (int)n, signature);
	if (arrow)
		buf_printf(out, " %s", arrow);
}

/* "Also called a, b." of "a b". */
static void
put_aliases(struct page *page, const char *aliases)
{
	struct buf text = {0};

	if (!*aliases)
		return;
	buf_lit(&text, "Also called `");
	for (const char *p = aliases; *p; p++) {
		if (*p == ' ')
			buf_lit(&text, "`, `");
		else
			buf_addc(&text, *p);
	}
	buf_lit(&text, "`.");
	page_para(page, buf_z(&text));
	buf_release(&text);
}

/* A line of the form "what: which" if there is such. */
static void
put_fact(struct page *page, const char *what, const char *which)
{
	struct buf text = {0};

	if (!which || !*which)
		return;
	buf_printf(&text, "%s: %s", what, which);
	page_para(page, buf_z(&text));
	buf_release(&text);
}

static void
put_example(struct page *page, const char *example, const char *result)
{
	struct buf text = {0};

	if (!example || !*example)
		return;
	buf_printf(&text, "%s\n", example);
	if (result)
		buf_printf(&text, "= %s\n", *result ? result : "NULL");
	page_gap(page);
	page_code(page, buf_z(&text));
	buf_release(&text);
}

static void
put_flink(struct page *page, const char *name, const char *flink)
{
	if (!flink)
		put_fact(page, "In Flink SQL", "there is none.");
	else if (!str_eq_nocase(str_of(name), str_of(flink)))
		put_fact(page, "In Flink SQL", flink);
}

/* ---- functions ---- */

static unsigned
count_functions(void)
{
	unsigned n;

	fn_all(&n);
	return n;
}

static const struct fn *
function_at(unsigned i)
{
	unsigned n;

	return fn_all(&n)[i];
}

static const char *
function_name(unsigned i)
{
	return function_at(i)->name;
}

static const char *
function_family(unsigned i)
{
	return function_at(i)->family;
}

static const char *
function_aliases(unsigned i)
{
	return function_at(i)->aliases;
}

static void
list_function(struct page *page, unsigned i)
{
	const struct fn *f = function_at(i);
	struct buf term = {0};

	put_call(&term, f->name, f->signature);
	page_item(page, buf_z(&term), f->doc, ROW_INDENT);
	buf_release(&term);
}

static void
show_function(struct page *page, unsigned i)
{
	const struct fn *f = function_at(i);

	list_function(page, i);
	page->indent = ROW_INDENT;
	put_aliases(page, f->aliases);
	put_flink(page, f->name, f->flink);
	put_example(page, f->example, f->result);
	page->indent = 0;
}

/* ---- aggregates ---- */

static unsigned
count_aggregates(void)
{
	return n_aggs;
}

static const char *
aggregate_name(unsigned i)
{
	return aggs[i]->name;
}

static const char *
aggregate_aliases(unsigned i)
{
	return aggs[i]->aliases;
}

static void
list_aggregate(struct page *page, unsigned i)
{
	struct buf term = {0};

	put_call(&term, aggs[i]->name, aggs[i]->signature);
	page_item(page, buf_z(&term), aggs[i]->doc, ROW_INDENT);
	buf_release(&term);
}

static void
show_aggregate(struct page *page, unsigned i)
{
	const struct agg *a = aggs[i];

	list_aggregate(page, i);
	page->indent = ROW_INDENT;
	put_aliases(page, a->aliases);
	put_flink(page, a->name, a->flink);
	put_example(page, a->example, a->result);
	page->indent = 0;
}

/* ---- functions over other rows ---- */

static unsigned
count_over(void)
{
	return n_over_fns;
}

static const char *
over_name(unsigned i)
{
	return over_fns[i].name;
}

static void
list_over(struct page *page, unsigned i)
{
	struct buf term = {0};

	put_call(&term, over_fns[i].name, over_fns[i].signature);
	page_item(page, buf_z(&term), over_fns[i].doc, ROW_INDENT);
	buf_release(&term);
}

static void
show_over(struct page *page, unsigned i)
{
	const struct over_fn *f = &over_fns[i];
	struct buf text = {0};

	list_over(page, i);
	page->indent = ROW_INDENT;
	if (f->nulls)
		page_para(page, "IGNORE NULLS behind the call leaves out rows "
				"without a value.");
	buf_printf(&text, "%s OVER (PARTITION BY key ORDER BY ts)", f->example);
	put_example(page, buf_z(&text), NULL);
	page->indent = 0;
	buf_release(&text);
}

/* ---- formats ---- */

static unsigned
count_formats(void)
{
	return n_formats;
}

static const char *
format_name(unsigned i)
{
	return formats[i]->name;
}

static void
list_format(struct page *page, unsigned i)
{
	const struct format *f = formats[i];
	struct buf term = {0};

	buf_printf(&term, "`%s`", f->name);
	if (f->arg)
		buf_printf(&term, "[:\1%s\1]", f->arg);
	page_item(page, buf_z(&term), f->doc, ROW_INDENT);
	buf_release(&term);
}

static void
show_format(struct page *page, unsigned i)
{
	const struct format *f = formats[i];

	list_format(page, i);
	page->indent = ROW_INDENT;
	page_gap(page);
	page_para(page, f->about);
	page_gap(page);
	put_fact(page, "Files",
	    f->extensions && *f->extensions ? f->extensions : NULL);
	if (f->decode)
		put_fact(page, "Time",
		    f->time_fields ? f->time_fields
				   : "found in the first record");
	put_fact(page, "With -z", f->nul ? "records end in NUL" : NULL);
	put_fact(page, "Use",
	    !f->encoder_new ? "input"
	    : f->decode	    ? "input and output"
			    : "output");
	put_example(page, f->example, NULL);
	page->indent = 0;
}

/* What a first line looks like, and the format that reads it. */
static void
intro_which(struct page *page)
{
	for (unsigned i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];
		struct buf term = {0};

		if (!f->look)
			continue;
		buf_printf(&term, "`%s`", f->name);
		page_item(page, buf_z(&term), f->look, NAME_INDENT);
		page->indent = NAME_INDENT;
		put_example(page, f->example, NULL);
		page->indent = 0;
		buf_release(&term);
	}
}

/* ---- patterns of grok ---- */

static unsigned
count_patterns(void)
{
	return n_grok_rows;
}

static const char *
pattern_name(unsigned i)
{
	return grok_rows[i].name;
}

static void
list_pattern(struct page *page, unsigned i)
{
	struct buf term = {0};

	buf_printf(&term, "`%s`", grok_rows[i].name);
	page_item(page, buf_z(&term), grok_rows[i].doc, 24);
	buf_release(&term);
}

static void
show_pattern(struct page *page, unsigned i)
{
	list_pattern(page, i);
	page->indent = ROW_INDENT;
	put_example(page, grok_rows[i].text, NULL);
	put_example(page, grok_rows[i].example, NULL);
	page->indent = 0;
}

/* The format itself. */
static void
intro_patterns(struct page *page)
{
	for (unsigned i = 0; i < n_formats && !page->roff; i++)
		if (!strcmp(formats[i]->name, "grok")) {
			show_format(page, i);
			page_gap(page);
		}
}

/* ---- windows ---- */

static unsigned
count_windows(void)
{
	return n_window_kinds;
}

static const char *
window_name(unsigned i)
{
	return window_kinds[i].name;
}

static void
list_window(struct page *page, unsigned i)
{
	struct buf term = {0};

	buf_printf(&term, "`%s`", window_kinds[i].signature);
	page_item(page, buf_z(&term), window_kinds[i].doc, ROW_INDENT);
	buf_release(&term);
}

static void
show_window(struct page *page, unsigned i)
{
	list_window(page, i);
	page->indent = ROW_INDENT;
	page_gap(page);
	page_code(page, window_kinds[i].drawing);
	page->indent = 0;
}

/* ---- steps ---- */

static unsigned
count_steps(void)
{
	return n_op_kinds;
}

static const char *
step_name(unsigned i)
{
	return op_kinds[i]->name;
}

static void
list_step(struct page *page, unsigned i)
{
	struct buf term = {0};

	buf_printf(&term, "`%s`", op_kinds[i]->name);
	page_item(page, buf_z(&term), op_kinds[i]->doc, NAME_INDENT);
	buf_release(&term);
}

static const char *
param_kind_name(enum param_kind kind)
{
	switch (kind) {
	case PARAM_EXPR:
		return "expression";
	case PARAM_EXPRS:
		return "list of expressions";
	case PARAM_NAMED:
		return "name: expression pairs";
	case PARAM_NAMES:
		return "list of names";
	case PARAM_RENAME:
		return "old: new pairs";
	case PARAM_ORDER:
		return "list of expressions, each with asc or desc";
	case PARAM_COUNT:
		return "number";
	case PARAM_FLAG:
		return "true or false";
	case PARAM_NAME:
		return "name";
	case PARAM_WORD:
		return "text";
	case PARAM_SETTINGS:
		return "name: text pairs";
	case PARAM_SETS:
		return "rollup, cube, or a list of lists of keys";
	case PARAM_WINDOW:
		return "window";
	case PARAM_FRAME:
		return "frame";
	case PARAM_FLOWS:
		return "list of flows";
	}
	return "";
}

static void
put_param(struct page *page, const struct param *param)
{
	struct buf term = {0};

	buf_printf(&term, "`%s:` \1%s\1%s", param->name,
	    param_kind_name(param->kind), param->required ? "" : " (optional)");
	page_item(page, buf_z(&term), param->doc, ROW_INDENT);
	buf_release(&term);
}

static void
put_forgets(struct page *page, const struct op_kind *k)
{
	struct buf text = {0};

	if (!k->forgets)
		return;
	buf_printf(&text, "With a time to live (`--ttl`) %s.", k->forgets);
	page_gap(page);
	page_para(page, buf_z(&text));
	buf_release(&text);
}

static void
show_step(struct page *page, unsigned i)
{
	const struct op_kind *k = op_kinds[i];

	list_step(page, i);
	page->indent = ROW_INDENT;
	page_gap(page);
	page_para(page, k->about);
	put_forgets(page, k);
	for (unsigned n = 0; n < k->n_params; n++)
		put_param(page, &k->params[n]);
	put_example(page, k->example, NULL);
	page->indent = 0;
}

/* ---- warnings ---- */

static unsigned
count_warnings(void)
{
	return n_check_kinds;
}

static const char *
warning_name(unsigned i)
{
	return check_kinds[i].name;
}

static void
list_warning(struct page *page, unsigned i)
{
	struct buf term = {0};

	buf_printf(&term, "`%s`", check_kinds[i].name);
	page_item(page, buf_z(&term), check_kinds[i].doc, ROW_INDENT);
	buf_release(&term);
}

/* ---- keys of a spec ---- */

static unsigned
count_spec_keys(void)
{
	return n_spec_keys;
}

static const char *
spec_key_name(unsigned i)
{
	return spec_keys[i].path;
}

static void
list_spec_key(struct page *page, unsigned i)
{
	struct buf term = {0};

	buf_printf(&term, "`%s:` \1%s\1", spec_keys[i].path, spec_keys[i].type);
	page_item(page, buf_z(&term), spec_keys[i].doc, ROW_INDENT);
	buf_release(&term);
}

/* ---- columns of every record ---- */

static unsigned
count_columns(void)
{
	return ORIGIN_N;
}

static const char *
column_name(unsigned i)
{
	return origin_rows[i].name;
}

static void
list_origin(struct page *page, unsigned i)
{
	struct buf term = {0};

	buf_printf(&term, "`%s` %s", origin_rows[i].name,
	    type_name(origin_rows[i].type));
	page_item(page, buf_z(&term), origin_rows[i].doc, ROW_INDENT);
	buf_release(&term);
}

/* ---- exit statuses ---- */

static const struct exit_row {
	const char *status;
	const char *doc;
} exits[] = {
    {"0", "all went well"},
#define ERR(code, status, doc) {#status, doc},
#include "base/err_list.h"
#undef ERR
    {"71", "out of memory"},
    {"128+n", "ended by signal n: 130 interrupted, 141 the reader of the "
	      "output went away, 143 terminated; 134 (aborted) is a bug in "
	      "weir"},
};

static unsigned
count_exits(void)
{
	return sizeof exits / sizeof *exits;
}

static const char *
exit_name(unsigned i)
{
	return exits[i].status;
}

/* Codes of one status share a line. */
static void
list_exit(struct page *page, unsigned i)
{
	struct buf term = {0}, text = {0};

	if (i && !strcmp(exits[i].status, exits[i - 1].status))
		return;
	buf_printf(&term, "`%s`", exits[i].status);
	buf_addz(&text, exits[i].doc);
	while (++i < count_exits() &&
	       !strcmp(exits[i].status, exits[i - 1].status))
		buf_printf(&text, "; %s", exits[i].doc);
	page_item(page, buf_z(&term), buf_z(&text), 10);
	buf_release(&term);
	buf_release(&text);
}

/* ---- options ---- */

static void
intro_options(struct page *page)
{
	help_options(page, ~0u);
}

/* ---- the table ---- */

const struct help_topic help_topics[] = {
    {.name = "aggregates",
	.doc = "functions over many rows: count, sum, percentile",
	.count = count_aggregates,
	.name_at = aggregate_name,
	.aliases_at = aggregate_aliases,
	.list = list_aggregate,
	.show = show_aggregate},
    {.name = "columns",
	.doc = "what every record has besides its fields",
	.count = count_columns,
	.name_at = column_name,
	.list = list_origin,
	.show = list_origin},
    {.name = "exit",
	.doc = "exit statuses",
	.count = count_exits,
	.name_at = exit_name,
	.list = list_exit,
	.show = list_exit},
    {.name = "formats",
	.doc = "what can be read and written",
	.count = count_formats,
	.name_at = format_name,
	.list = list_format,
	.show = show_format},
    {.name = "functions",
	.doc = "functions of one row",
	.count = count_functions,
	.name_at = function_name,
	.family_at = function_family,
	.aliases_at = function_aliases,
	.list = list_function,
	.show = show_function},
    {.name = "grok",
	.doc = "named patterns of the format grok",
	.intro = intro_patterns,
	.count = count_patterns,
	.name_at = pattern_name,
	.list = list_pattern,
	.show = show_pattern},
    {.name = "options",
	.doc = "options of the command line",
	.intro = intro_options,
	.count = count_none},
    {.name = "over",
	.doc = "functions over the rows around: rank, lag, first_value",
	.count = count_over,
	.name_at = over_name,
	.list = list_over,
	.show = show_over},
    {.name = "spec",
	.doc = "keys of a spec",
	.count = count_spec_keys,
	.name_at = spec_key_name,
	.list = list_spec_key,
	.show = list_spec_key},
    {.name = "steps",
	.doc = "steps of a spec",
	.count = count_steps,
	.name_at = step_name,
	.list = list_step,
	.show = show_step},
    {.name = "warnings",
	.doc = "what `weir check` warns of",
	.count = count_warnings,
	.name_at = warning_name,
	.list = list_warning,
	.show = list_warning},
    {.name = "which",
	.doc = "which format a file has, by the look of its first line",
	.intro = intro_which,
	.count = count_none},
    {.name = "windows",
	.doc = "how time is cut into windows",
	.count = count_windows,
	.name_at = window_name,
	.list = list_window,
	.show = show_window},
};

const unsigned n_help_topics = sizeof help_topics / sizeof *help_topics;

/* The family that comes after one (NULL: the first), by name; or NULL. */
static const char *
next_family(const struct help_topic *topic, const char *after)
{
	unsigned n = topic->count();
	const char *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		const char *family = topic->family_at(i);

		if ((!after || strcmp(family, after) > 0) &&
		    (!best || strcmp(family, best) < 0))
			best = family;
	}
	return best;
}

/* In capitals. */
static void
put_family(struct page *page, const char *family)
{
	struct buf text = {0};

	for (const char *p = family; *p; p++)
		buf_addc(&text, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
	page_heading(page, buf_z(&text));
	buf_release(&text);
}

static void
put_rows(struct page *page, const struct help_topic *topic, const char *family)
{
	unsigned n = topic->count();

	for (unsigned i = 0; i < n; i++)
		if (!family || !strcmp(topic->family_at(i), family))
			(page->roff ? topic->show : topic->list)(page, i);
}

void
help_topic_list(struct page *page, const struct help_topic *topic)
{
	const char *family = NULL;

	if (topic->intro)
		topic->intro(page);
	if (!topic->family_at)
		put_rows(page, topic, NULL);
	while (topic->family_at && (family = next_family(topic, family))) {
		put_family(page, family);
		put_rows(page, topic, family);
	}
}
