/* SPDX-License-Identifier: MIT */
/*
 * Operands as inputs: [NAME=]FILE. Files without a name are one input; names
 * are those of the spec's inputs, or of the query's FROM.
 */
#include <unistd.h>

#include "cli/command.h"
#include "cli/pipeline.h"

#define NOWHERE ((struct where){0})

struct operand {
	struct str name; /* "" = none */
	struct str file;
};

/* ASCII letters, digits and _, not a digit first. */
static bool
is_identifier(struct str s)
{
	if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], lower = (char)(c | 0x20);

		if (!(lower >= 'a' && lower <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}

/* A file of that very name is the file, whatever signs are in it. */
static struct operand
read_operand(const char *text)
{
	struct str all = str_of(text);
	long equals = str_find(all, STR("="), 0);
	struct str name;

	if (equals < 0)
		return (struct operand){{0}, all};
	name = (struct str){text, (size_t)equals};
	if (!is_identifier(name) || access(text, F_OK) == 0)
		return (struct operand){{0}, all};
	return (struct operand){
	    name, {text + equals + 1, all.n - (size_t)equals - 1}};
}

static struct str *
names_of(struct plan *p, const struct operand *ops, unsigned n)
{
	struct str *names = arena_array(&p->arena, n, sizeof *names);

	for (unsigned i = 0; i < n; i++)
		names[i] = ops[i].name;
	return names;
}

/* The files of the operands with this name become the input's. */
static void
take_files(struct plan *p, struct plan_input *in, const struct operand *ops,
    unsigned n, struct str name)
{
	in->files = arena_array(&p->arena, n, sizeof *in->files);
	in->n_files = 0;
	for (unsigned i = 0; i < n; i++)
		if (str_eq(ops[i].name, name))
			in->files[in->n_files++] = ops[i].file;
}

static struct plan_input *
find_input(struct plan *p, struct str name)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (str_eq(p->inputs[i].name, name))
			return &p->inputs[i];
	return NULL;
}

/* A query without FROM reads the one name there is. */
static int
only_name(const struct operand *ops, unsigned n, struct err *err)
{
	for (unsigned i = 1; i < n; i++) {
		if (str_eq(ops[i].name, ops[0].name))
			continue;
		err_set(err, ERR_USAGE, NOWHERE,
		    "there are several inputs, and the query does not say "
		    "which one it reads");
		return err_hint(err, "add FROM %.*s or FROM %.*s",
		    STR_ARG(ops[0].name), STR_ARG(ops[i].name));
	}
	return 0;
}

/* The file a table of INSERT INTO is written to. */
static void
name_outputs(struct plan *p, const struct operand *ops, unsigned n)
{
	for (unsigned i = 0; i < p->n_outputs; i++)
		for (unsigned k = 0; k < n; k++)
			if (p->outputs[i].name.n &&
			    str_eq(p->outputs[i].name, ops[k].name))
				p->outputs[i].file = str_is(ops[k].file, "-")
							 ? (struct str){0}
							 : ops[k].file;
}

/* Files of other names are left alone: a query may read one of several. */
static int
named_for_query(
    struct plan *p, const struct operand *ops, unsigned n, struct err *err)
{
	name_outputs(p, ops, n);
	for (unsigned i = 0; i < p->n_inputs; i++) {
		struct plan_input *in = &p->inputs[i];
		struct plan_input old = *in;
		struct str name = in->name.n ? in->name : ops[0].name;

		if (in->values || (in->n_files && !in->name.n))
			continue;
		if (!in->name.n && only_name(ops, n, err))
			return -1;
		take_files(p, in, ops, n, name);
		if (in->n_files)
			continue;
		*in = old;
		if (in->n_files)
			continue;
		err_set(err, ERR_USAGE, in->where, "no input is called %.*s",
		    STR_ARG(name));
		return err_suggest(err, name, names_of(p, ops, n), n);
	}
	return 0;
}

static int
named_for_spec(
    struct plan *p, const struct operand *ops, unsigned n, struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		struct plan_input *in = find_input(p, ops[i].name);
		struct str *names;

		if (in) {
			take_files(p, in, ops, n, ops[i].name);
			continue;
		}
		names = arena_array(&p->arena, p->n_inputs, sizeof *names);
		for (unsigned k = 0; k < p->n_inputs; k++)
			names[k] = p->inputs[k].name;
		err_set(err, ERR_USAGE, NOWHERE,
		    "the spec has no input called %.*s", STR_ARG(ops[i].name));
		return names[0].n
			   ? err_suggest(err, ops[i].name, names, p->n_inputs)
			   : err_hint(err,
				 "its input has no name: leave out \"%.*s=\"",
				 STR_ARG(ops[i].name));
	}
	return 0;
}

/* Inputs that something reads and that have no files of their own. */
static unsigned
count_open(const struct plan *p, struct plan_input **first)
{
	unsigned n = 0;

	*first = NULL;
	for (unsigned i = p->n_inputs; i-- > 0;)
		if (plan_is_read(p, i) && !p->inputs[i].values &&
		    !p->inputs[i].n_files) {
			*first = &p->inputs[i];
			n++;
		}
	return n;
}

/* Inputs that something reads and that come from files. */
static unsigned
count_read(const struct plan *p, struct plan_input **first)
{
	unsigned n = 0;

	for (unsigned i = p->n_inputs; i-- > 0;)
		if (plan_is_read(p, i) && !p->inputs[i].values) {
			*first = &p->inputs[i];
			n++;
		}
	return n;
}

static int
unnamed(struct plan *p, const struct operand *ops, unsigned n, struct err *err)
{
	struct plan_input *in = p->inputs;
	unsigned inputs = count_read(p, &in);

	if (inputs > 1 && count_open(p, &in) == 1)
		inputs = 1;
	if (inputs == 1) {
		take_files(p, in, ops, n, (struct str){0});
		return 0;
	}
	if (!inputs)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "nothing is read, so \"%.*s\" has no use",
		    STR_ARG(ops[0].file));
	in = in ? in : p->inputs;
	err_set(err, ERR_USAGE, NOWHERE,
	    "there are %u inputs: \"%.*s\" needs a name", inputs,
	    STR_ARG(ops[0].file));
	return err_hint(
	    err, "%.*s=%.*s", STR_ARG(in->name), STR_ARG(ops[0].file));
}

static int
distribute(struct plan *p, const struct operand *ops, unsigned n,
    bool from_query, struct err *err)
{
	struct plan_input *open;

	for (unsigned i = 1; i < n; i++) {
		if (!ops[i].name.n == !ops[0].name.n)
			continue;
		err_set(err, ERR_USAGE, NOWHERE,
		    "either all files have a name or none: \"%.*s\" has none",
		    STR_ARG(ops[ops[i].name.n ? 0 : i].file));
		return err_hint(err, "write it as NAME=FILE");
	}
	if (from_query && !ops[0].name.n && !count_open(p, &open)) {
		err_set(err, ERR_USAGE, p->inputs[0].where,
		    "the query reads a file of its own, and others are given");
		return err_hint(
		    err, "leave out FROM, or \"%.*s\"", STR_ARG(ops[0].file));
	}
	if (!ops[0].name.n)
		return unnamed(p, ops, n, err);
	return from_query ? named_for_query(p, ops, n, err)
			  : named_for_spec(p, ops, n, err);
}

/* What has no file reads standard input. */
static int
default_file(struct plan *p, struct plan_input *in, struct err *err)
{
	struct plan_input *open;

	if (in->n_files || in->values)
		return 0;
	if (count_open(p, &open) > 1) {
		err_set(err, ERR_USAGE, NOWHERE, "the input %.*s has no file",
		    STR_ARG(in->name));
		return err_hint(err, "%.*s=FILE", STR_ARG(in->name));
	}
	in->files = arena_array(&p->arena, 1, sizeof *in->files);
	in->files[in->n_files++] = STR("-");
	return 0;
}

/* Standard input can be read once only, be it by a spec or an input. */
static int
check_stdin(const struct plan *p, const struct options *o, struct err *err)
{
	unsigned n = o->spec && !strcmp(o->spec, "-");

	for (unsigned i = 0; i < p->n_inputs; i++)
		for (unsigned k = 0;
		     plan_is_read(p, i) && k < p->inputs[i].n_files; k++)
			n += str_is(p->inputs[i].files[k], "-");
	if (n < 2)
		return 0;
	return err_set(
	    err, ERR_USAGE, NOWHERE, "standard input can be read only once");
}

/* Several inputs without files: each needs a name to be given one by. */
static int
check_names(struct plan *p, struct err *err)
{
	const struct plan_input *named = NULL, *nameless = NULL;
	struct plan_input *open;

	if (count_open(p, &open) < 2)
		return 0;
	for (unsigned i = 0; i < p->n_inputs; i++) {
		const struct plan_input *in = &p->inputs[i];

		if (!plan_is_read(p, i) || in->n_files || in->values)
			continue;
		if (in->name.n)
			named = in;
		else
			nameless = in;
	}
	if (!named || !nameless)
		return 0;
	err_set(err, ERR_USAGE, NOWHERE,
	    "one SELECT reads %.*s, and another one says no FROM",
	    STR_ARG(named->name));
	return err_hint(err,
	    "what else it is to read: FROM %.*s, FROM 'file', or FROM a name "
	    "and NAME=FILE",
	    STR_ARG(named->name));
}

int
pipeline_inputs(struct plan *p, const struct options *o, struct err *err)
{
	unsigned skip = o->spec ? 0 : 1, n = o->n_operands - skip;
	struct operand *ops = arena_array(&p->arena, n, sizeof *ops);

	if (!p->n_inputs) {
		p->inputs = arena_zalloc(&p->arena, sizeof *p->inputs);
		p->n_inputs = 1;
	}
	for (unsigned i = 0; i < n; i++)
		ops[i] = read_operand(o->operands[i + skip]);
	if (n && (check_names(p, err) || distribute(p, ops, n, p->query, err)))
		return -1;
	/* What is only checked or printed need not know its files yet. */
	if (o->command->use == USE_CHECK || o->print_spec || o->sql ||
	    p->explain)
		return 0;
	if (check_names(p, err))
		return -1;
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (plan_is_read(p, i) && default_file(p, &p->inputs[i], err))
			return -1;
	return check_stdin(p, o, err);
}
