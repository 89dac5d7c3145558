/* SPDX-License-Identifier: MIT */
/* Files that are used twice; see clash.h. */
#include "run/clash.h"

#include <unistd.h>

/* No file may be read and written, unless it is replaced at the end. */
static int
refuse_input(const struct clash *c, struct file_id id, const char *what)
{
	char name[512];

	for (unsigned i = 0; i < c->n_inputs; i++) {
		if (!file_id_same(id, c->inputs[i].id))
			continue;
		err_quote(name, c->inputs[i].file, 120);
		return err_set(c->err, ERR_USAGE, (struct where){0},
		    "%s is both an input and %s", name, what);
	}
	return 0;
}

/* Nor may two outputs go to one file. */
int
clash_of_outputs(const struct clash *c)
{
	const struct run_options *o = c->options;
	struct {
		const char *what;
		struct file_id id;
	} to[OUTPUTS_MAX + 3];
	unsigned n = 0;

	for (unsigned i = 0; i < c->plan->n_outputs; i++) {
		const struct output *out = &c->sinks[i].out;

		to[n].what = out->path ? out->path : "standard output";
		to[n++].id =
		    out->path ? file_id_of(out->path) : file_id_of_fd(out->fd);
	}
	to[n].what = "--late";
	to[n++].id =
	    c->late->opened ? file_id_of_fd(c->late->fd) : (struct file_id){0};
	to[n].what = "--reject";
	to[n++].id = c->reject->opened ? file_id_of_fd(c->reject->fd)
				       : (struct file_id){0};
	to[n].what = "--stats";
	to[n++].id = o->stats ? file_id_of(o->stats) : (struct file_id){0};
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			if (file_id_same(to[i].id, to[k].id))
				return err_set(c->err, ERR_USAGE,
				    (struct where){0},
				    "%s and %s are the same file", to[k].what,
				    to[i].what);
	return 0;
}

static bool
writes_stdout(const struct clash *c)
{
	for (unsigned i = 0; i < c->plan->n_outputs; i++)
		if (sink_is_stdout(&c->plan->outputs[i]))
			return true;
	return false;
}

int
clash_of_names(const struct clash *c)
{
	const struct run_options *o = c->options;
	const char *late = c->late_name;

	return (writes_stdout(c) &&
		   refuse_input(
		       c, file_id_of_fd(STDOUT_FILENO), "standard output")) ||
	       (late && refuse_input(c, file_id_of(late), "--late")) ||
	       (o->reject &&
		   refuse_input(c, file_id_of(o->reject), "--reject")) ||
	       (o->stats && refuse_input(c, file_id_of(o->stats), "--stats"));
}
