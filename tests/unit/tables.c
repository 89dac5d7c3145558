/* SPDX-License-Identifier: MIT */
/*
 * Every row of every table says what it is: a name in order, a doc line that
 * is a sentence, an example, a result. Help, manual and completions are made
 * from the rows, so a gap here is a gap there.
 */
#include "expr/agg.h"
#include "expr/fn.h"
#include "io/io.h"
#include "op/op.h"
#include "tap.h"

/* ---- what is asked of a row ---- */

static const char *last; /* name of the row before */

static int
has(const char *text)
{
	return text && *text;
}

/* A sentence or two. */
static int
is_sentence(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	return n > 3 && n < 400 && text[n - 1] == '.';
}

static void
check_name(const char *table, const char *name)
{
	ok(has(name), "%s: a row has a name", table);
	ok(!last || strcmp(last, name) < 0, "%s: %s is in its place", table,
	    name);
	last = name;
}

static void
check_doc(const char *table, const char *name, const char *doc)
{
	ok(is_sentence(doc), "%s: %s says what it does", table, name);
}

static void
check_example(const char *table, const char *name, const char *example)
{
	ok(has(example), "%s: %s has an example", table, name);
}

/* ---- the tables ---- */

static void
check_ops(void)
{
	last = NULL;
	for (unsigned i = 0; i < n_op_kinds; i++) {
		const struct op_kind *k = op_kinds[i];

		check_name("steps", k->name);
		check_doc("steps", k->name, k->doc);
		check_example("steps", k->name, k->example);
		ok(has(k->about), "steps: %s has a paragraph", k->name);
		ok(!k->batch != !k->open,
		    "steps: %s is either stateless or stateful", k->name);
		for (unsigned p = 0; p < k->n_params; p++)
			ok(has(k->params[p].name) &&
				is_sentence(k->params[p].doc),
			    "steps: %s: its parameter %u is explained", k->name,
			    p);
	}
	ok(n_op_kinds > 5, "there are steps");
}

static void
check_formats(void)
{
	last = NULL;
	for (unsigned i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];

		check_name("formats", f->name);
		ok(has(f->doc), "formats: %s says what it is", f->name);
		ok(has(f->about), "formats: %s has a paragraph", f->name);
		check_example("formats", f->name, f->example);
		ok(f->extensions, "formats: %s names its extensions", f->name);
		ok(f->decode || f->encode, "formats: %s does something",
		    f->name);
		ok(!f->decode || f->frame || f->frame_on,
		    "formats: %s can be cut", f->name);
	}
	ok(n_formats > 5, "there are formats");
}

static void
check_fns(void)
{
	unsigned n;
	const struct fn *const *fns = fn_all(&n);

	last = NULL;
	for (unsigned i = 0; i < n; i++) {
		const struct fn *f = fns[i];

		check_name("functions", f->name);
		check_doc("functions", f->name, f->doc);
		check_example("functions", f->name, f->example);
		ok(has(f->family) && f->signature && f->aliases && f->result,
		    "functions: %s is complete", f->name);
		ok(!f->row != !f->columns, "functions: %s has one body",
		    f->name);
	}
	ok(n > 20, "there are functions");
}

static void
check_aggs(void)
{
	last = NULL;
	for (unsigned i = 0; i < n_aggs; i++) {
		const struct agg *a = aggs[i];

		check_name("aggregates", a->name);
		check_doc("aggregates", a->name, a->doc);
		check_example("aggregates", a->name, a->example);
		ok(has(a->signature) && a->aliases && has(a->result),
		    "aggregates: %s is complete", a->name);
		ok(a->size && a->add && a->merge && a->value && a->save &&
			a->load,
		    "aggregates: %s can do all", a->name);
	}
	ok(n_aggs > 10, "there are aggregates");
}

static void
check_windows(void)
{
	last = NULL;
	for (unsigned i = 0; i < n_window_kinds; i++) {
		const struct window_kind *w = &window_kinds[i];

		check_name("windows", w->name);
		check_doc("windows", w->name, w->doc);
		ok(has(w->signature) && has(w->drawing),
		    "windows: %s is complete", w->name);
	}
}

static void
check_options(void)
{
	static const char *const rows[][2] = {
#define OPTION(name, letter, arg, kind, member, group, use, doc) {name, doc},
#include "cli/option_list.h"
#undef OPTION
	};

	last = NULL;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		check_name("options", rows[i][0]);
		check_doc("options", rows[i][0], rows[i][1]);
	}
}

static void
check_errors(void)
{
	static const char *const docs[] = {
#define ERR(code, status, doc) doc,
#include "base/err_list.h"
#undef ERR
	};

	for (unsigned i = 0; i < ERR_COUNT; i++)
		ok(has(docs[i]), "errors: code %u is explained", i);
}

int
main(void)
{
	check_ops();
	check_formats();
	check_fns();
	check_aggs();
	check_windows();
	check_options();
	check_errors();
	return tap_done();
}
