/* SPDX-License-Identifier: MIT */
/* Everything a run writes; see outputs.h. */
#include "run/outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/lasting.h"

/* ---- what must not be written ---- */

/* No file may be read and written, unless it is replaced at the end. */
static int
refuse_input(const struct outputs *o, struct file_id id, const char *what,
    struct err *err)
{
	char name[512];

	for (unsigned i = 0; i < o->n_inputs; i++) {
		if (!file_id_same(id, o->inputs[i].id))
			continue;
		err_quote(name, o->inputs[i].file, 120);
		return err_set(err, ERR_USAGE, (struct where){0},
		    "%s is both an input and %s", name, what);
	}
	return 0;
}

static bool
writes_stdout(const struct outputs *o)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		if (sink_is_stdout(&o->plan->outputs[i]))
			return true;
	return false;
}

static int
refuse_clashes(const struct outputs *o, const char *late, struct err *err)
{
	const char *reject = o->options->reject, *stats = o->options->stats;

	/* Files that are continued are not replaced at the end. */
	for (unsigned i = 0; o->keep.store && i < o->plan->n_outputs; i++) {
		const struct plan_output *out = &o->plan->outputs[i];
		struct buf path = {0};
		int refused;

		if (sink_is_stdout(out) || out->divided)
			continue;
		buf_adds(&path, out->target[0].text);
		refused =
		    refuse_input(o, file_id_of(buf_z(&path)), "an output", err);
		buf_release(&path);
		if (refused)
			return -1;
	}
	return (writes_stdout(o) &&
		   refuse_input(o, file_id_of_fd(STDOUT_FILENO),
		       "standard output", err)) ||
	       (late && refuse_input(o, file_id_of(late), "--late", err)) ||
	       (reject &&
		   refuse_input(o, file_id_of(reject), "--reject", err)) ||
	       (stats && refuse_input(o, file_id_of(stats), "--stats", err));
}

/* The same name twice: neither file is there yet. */
static int
refuse_same_names(const struct plan *p, struct err *err)
{
	for (unsigned i = 0; i < p->n_outputs; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct plan_output *a = &p->outputs[k];
			const struct plan_output *b = &p->outputs[i];

			if (sink_is_stdout(a) && sink_is_stdout(b)) {
				err_set(err, ERR_SPEC, b->where,
				    "two outputs go to standard output");
				return err_hint(err, "give one of them a file");
			}
			if (str_eq(a->file, b->file))
				return err_set(err, ERR_SPEC, b->where,
				    "two outputs go to the file %.*s",
				    STR_ARG(b->file));
		}
	return 0;
}

/* Where something is written: a file that is there, or a name in a folder. */
struct place {
	const char *what;
	struct file_id id;
	dev_t device; /* of the folder */
	ino_t folder; /* 0: none */
	struct str name;
};

static struct place
place_of(const char *what, struct arena *a, struct str path)
{
	struct str full = arena_printf(a, "%.*s", STR_ARG(path)), folder;
	struct place p = {.what = what, .id = file_id_of(full.p)};
	const char *slash = strrchr(full.p, '/');
	struct stat st;

	if (p.id.known || !lstat(full.p, &st))
		return p;
	folder = slash
		     ? arena_printf(a, "%.*s/.", (int)(slash - full.p), full.p)
		     : STR(".");
	if (stat(folder.p, &st))
		return p;
	p.device = st.st_dev;
	p.folder = st.st_ino;
	p.name = slash ? str_of(slash + 1) : full;
	return p;
}

static bool
same_place(const struct place *a, const struct place *b)
{
	return file_id_same(a->id, b->id) ||
	       (a->folder && a->folder == b->folder && a->device == b->device &&
		   str_eq(a->name, b->name));
}

/* Where all goes but what is divided; the number of places. */
static unsigned
list_places(const struct outputs *o, const char *late, struct arena *a,
    struct place *to)
{
	const char *reject = o->options->reject, *stats = o->options->stats;
	const struct plan *p = o->plan;
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_outputs; i++) {
		const struct plan_output *out = &p->outputs[i];

		if (sink_is_stdout(out))
			to[n++] = (struct place){.what = "standard output",
			    .id = file_id_of_fd(STDOUT_FILENO)};
		else if (!out->divided)
			to[n++] = place_of(p->n_outputs == 1
					       ? "--output"
					       : arena_str(a, out->file).p,
			    a, out->target[0].text);
	}
	if (late)
		to[n++] = place_of("--late", a, str_of(late));
	if (reject)
		to[n++] = place_of("--reject", a, str_of(reject));
	if (stats)
		to[n++] = place_of("--stats", a, str_of(stats));
	return n;
}

/* Two outputs that are one file, under several names or before it is there. */
static int
refuse_twice(const struct outputs *o, const char *late, struct err *err)
{
	struct place to[OUTPUTS_MAX + 3];
	struct arena a;
	unsigned n;
	int rc = 0;

	arena_init(&a, 1024);
	n = list_places(o, late, &a, to);
	for (unsigned i = 0; i < n && !rc; i++)
		for (unsigned k = 0; k < i && !rc; k++)
			if (same_place(&to[i], &to[k]))
				rc = err_set(err, ERR_USAGE, (struct where){0},
				    "%s and %s are the same file", to[k].what,
				    to[i].what);
	arena_release(&a);
	return rc;
}

/* ---- opening and closing ---- */

static int
open_side(
    struct outputs *o, struct output *out, const char *path, struct err *err)
{
	return o->keep.store ? lasting_open(out, path, err)
			     : output_open(out, path, false, err);
}

/* Outputs by name in notes; those that have none by number. */
static void
make_labels(struct outputs *o)
{
	const struct plan *p = o->plan;
	size_t at = 0;

	for (unsigned i = 0; i < p->n_outputs; i++)
		if (p->outputs[i].name.n) {
			buf_adds(&o->labels, p->outputs[i].name);
			buf_addc(&o->labels, 0);
		} else {
			buf_printf(&o->labels, "%u", i + 1);
			buf_addc(&o->labels, 0);
		}
	for (unsigned i = 0; i < p->n_outputs; i++) {
		o->sinks[i].label = str_of(o->labels.p + at);
		o->sinks[i].alone = p->n_outputs == 1;
		at += o->sinks[i].label.n + 1;
	}
}

int
outputs_open(struct outputs *o, struct err *err)
{
	const struct plan *p = o->plan;
	const char *late =
	    p->time.late == LATE_FILE ? p->time.late_file.p : NULL;

	o->sinks = mem_zalloc(p->n_outputs * sizeof *o->sinks);
	make_labels(o);
	if (o->options->captured) {
		for (unsigned i = 0; i < p->n_outputs; i++)
			sink_capture(&o->sinks[i], &p->outputs[i]);
		output_memory(&o->reject);
		return 0;
	}
	/* Before anything is opened, and what was in it is gone. */
	if (refuse_clashes(o, late, err) || refuse_same_names(p, err) ||
	    refuse_twice(o, late, err))
		return -1;
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (sink_open(&o->sinks[i], &p->outputs[i],
			o->keep.store ? &o->keep : NULL, err))
			return -1;
	if (late && open_side(o, &o->late, late, err))
		return -1;
	return o->options->reject
		   ? open_side(o, &o->reject, o->options->reject, err)
		   : 0;
}

/* The first of the inputs whose rows may come out there. */
static const struct input *
input_of(const struct outputs *o, unsigned output)
{
	for (unsigned i = 0; i < o->n_inputs; i++)
		if (plan_feeds(o->plan,
			(unsigned)(o->inputs[i].plan - o->plan->inputs),
			output))
			return &o->inputs[i];
	return NULL;
}

int
outputs_encode(struct outputs *o, struct err *err)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		if (sink_encode(
			&o->sinks[i], o->plan, input_of(o, i), o->options, err))
			return -1;
	return 0;
}

/* Closes one of them; the first failure is the one that is told. */
static int
close_one(struct output *out, bool keep, int status, struct err *err)
{
	struct err other = {0};
	int failed = output_close(out, keep, status ? &other : err);

	err_release(&other);
	return failed ? -1 : status;
}

/* What was captured is the caller's. */
static void
hand_over(struct outputs *o)
{
	for (unsigned i = 0; o->sinks && i < o->plan->n_outputs; i++)
		o->options->captured[i] = output_take(&o->sinks[i].out);
	*o->options->rejected = output_take(&o->reject);
}

static int
close_sink(
    struct sink *s, bool keep, uint64_t *bytes, int status, struct err *err)
{
	struct err other = {0};
	int failed = sink_close(s, keep, bytes, status ? &other : err);

	err_release(&other);
	return failed ? -1 : status;
}

int
outputs_close(struct outputs *o, bool keep, uint64_t *bytes, struct err *err)
{
	int status = 0;

	if (o->options && o->options->captured)
		hand_over(o);
	for (unsigned i = 0; o->sinks && i < o->plan->n_outputs; i++)
		status = close_sink(
		    &o->sinks[i], keep && !status, bytes, status, err);
	status = close_one(&o->late, true, status, err);
	return close_one(&o->reject, true, status, err);
}

void
outputs_release(struct outputs *o)
{
	for (unsigned i = 0; o->sinks && i < o->plan->n_outputs; i++)
		sink_release(&o->sinks[i]);
	mem_free(o->sinks);
	buf_release(&o->labels);
}

void
outputs_flush(struct outputs *o)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		sink_flush(&o->sinks[i]);
	if (o->late.opened)
		output_flush(&o->late);
	if (o->reject.opened)
		output_flush(&o->reject);
}

bool
outputs_failed(const struct outputs *o)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		if (sink_failed(&o->sinks[i]))
			return true;
	return o->reject.failed || o->late.failed;
}

bool
outputs_broken(const struct outputs *o)
{
	bool broken = o->reject.broken || o->late.broken;

	for (unsigned i = 0; o->sinks && i < o->plan->n_outputs; i++)
		broken |= o->sinks[i].out.broken;
	return broken;
}

uint64_t
outputs_rows(const struct outputs *o)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		n += o->sinks[i].n_rows;
	return n;
}
