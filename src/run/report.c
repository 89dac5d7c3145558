/* SPDX-License-Identifier: MIT */
/* What a run says about itself; see report.h. */
#include "run/report.h"

#include <unistd.h>

#include "base/num.h"
#include "run/checkpoint.h"
#include "run/feed.h"
#include "run/output.h"
#include "run/reject.h"

#define N(x) ((unsigned long long)(x))

static void
accounting(const struct run_counts *c)
{
	fprintf(stderr,
	    "weir: in %llu = used %llu + filtered %llu + late %llu + bad "
	    "%llu\n",
	    N(c->in), N(c->used), N(c->filtered), N(c->late), N(c->bad));
	if (c->ahead)
		fprintf(stderr,
		    "weir: %llu of those used %s too far ahead to move the "
		    "watermark\n",
		    N(c->ahead), c->ahead == 1 ? "was" : "were");
	if (c->late_some)
		fprintf(stderr,
		    "weir: %llu of those used came too late for some of their "
		    "windows\n",
		    N(c->late_some));
	if (c->late_behind)
		fprintf(stderr,
		    "weir: %llu rows came too late for a later step\n",
		    N(c->late_behind));
	if (c->astray)
		fprintf(stderr,
		    "weir: %llu change%s took back what was not there\n",
		    N(c->astray), c->astray == 1 ? "" : "s");
}

/* "3 years", "40 seconds": whole units, the largest that fits. */
static void
put_span(FILE *to, int64_t us)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{31556952, "year"}, {86400, "day"}, {3600, "hour"},
	    {60, "minute"}, {1, "second"}};
	int64_t seconds = us / 1000000, n = seconds;
	unsigned i = 0;

	while (i < 4 && seconds < units[i].seconds)
		i++;
	n /= units[i].seconds;
	fprintf(
	    to, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
}

void
report_ahead(struct str file, uint64_t line, const struct watermark *w)
{
	char name[512];

	err_quote(name, file, 120);
	fprintf(stderr, "weir: %s:%llu: this record is ", name, N(line));
	put_span(stderr, w->far_time - w->far_from);
	fputs(w->ahead ? " ahead of those before it; such records do not move "
			 "the watermark\n"
		       : " ahead of those before it; --max-ahead 1d keeps "
			 "such from closing windows\n",
	    stderr);
}

static bool
has_forks(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_ops; i++)
		if (plan->step_readers[i].n > 1)
			return true;
	for (unsigned i = 0; i < plan->n_inputs; i++)
		if (plan->input_readers[i].n > 1)
			return true;
	return false;
}

/* Of a plan with forks: what went in and out of steps. */
static void
put_steps(struct buf *out, const struct plan *plan, const struct step_count *s)
{
	bool first = true;

	if (!has_forks(plan))
		return;
	buf_lit(out, ",\"steps\":[");
	for (unsigned i = 0; i < plan->n_ops; i++) {
		if (!s[i].in && !s[i].out)
			continue;
		buf_printf(out,
		    "%s{\"step\":%u,\"name\":\"%s\",\"in\":%llu,"
		    "\"out\":%llu}",
		    first ? "" : ",", i + 1, plan->ops[i].kind->name,
		    N(s[i].in), N(s[i].out));
		first = false;
	}
	buf_addc(out, ']');
}

static int
write_stats(const struct run_counts *c, struct rejects *rejects,
    const struct plan *plan, const struct step_count *steps, const char *path,
    struct err *err)
{
	struct output o;

	if (output_open(&o, path, true, err))
		return -1;
	buf_printf(&o.buf,
	    "{\"in\":%llu,\"used\":%llu,\"filtered\":%llu,\"late\":%llu,"
	    "\"bad\":%llu,\"out\":%llu,\"late_for_some\":%llu,"
	    "\"corrections\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu",
	    N(c->in), N(c->used), N(c->filtered), N(c->late), N(c->bad),
	    N(c->out), N(c->late_some), N(c->updates), N(c->bytes_in),
	    N(c->bytes_out));
	reasons_json(&rejects->reasons, &o.buf);
	put_steps(&o.buf, plan, steps);
	buf_lit(&o.buf, "}\n");
	return output_close(&o, true, err);
}

/* -v: the same in words. */
static void
show_steps(const struct plan *plan, const struct step_count *s)
{
	for (unsigned i = 0; has_forks(plan) && i < plan->n_ops; i++)
		if (s[i].in || s[i].out)
			fprintf(stderr,
			    "weir: step %u %s: %llu rows in, %llu out\n", i + 1,
			    plan->ops[i].kind->name, N(s[i].in), N(s[i].out));
}

int
report_end(const struct run_counts *c, struct rejects *rejects,
    const struct plan *plan, const struct step_count *steps,
    const struct run_options *o, struct err *err)
{
	int status =
	    o->stats ? write_stats(c, rejects, plan, steps, o->stats, err) : 0;

	if (o->verbose)
		show_steps(plan, steps);
	if (o->verbose ||
	    (!o->quiet && (c->late || c->bad || c->late_some ||
			      c->late_behind || c->ahead || c->astray)))
		accounting(c);
	/* Those shown need no counts. */
	if (c->bad > REJECTS_SHOWN && !o->quiet)
		reasons_show(&rejects->reasons);
	if (o->verbose)
		fprintf(stderr,
		    "weir: %llu results, %llu corrections, %llu bytes in, "
		    "%llu bytes out\n",
		    N(c->out), N(c->updates), N(c->bytes_in), N(c->bytes_out));
	return status;
}

void
report_interrupted(const char *path)
{
	char name[512];

	err_quote(name, str_of(path), 120);
	fprintf(stderr, "weir: interrupted; %s stays as it was\n", name);
}

/* Names shown of fields without a value. */
void
report_opened(const struct input *in, const struct run_options *o)
{
	const struct decode_spec *spec = &in->spec;
	char name[4 * 120 + 8];
	struct buf time = {0};

	if (!o->verbose)
		return;
	err_quote(name, in->file, 120);
	if (spec->time >= 0) {
		buf_lit(&time, ", event time in ");
		path_print(&time, spec->wants[spec->time].path);
	}
	fprintf(stderr, "weir: %s: format %s%s\n", name, in->format->name,
	    buf_z(&time));
	buf_release(&time);
}

#define UNSEEN_SHOWN 5

static unsigned
used_inputs(const struct plan *plan)
{
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_inputs; i++)
		n += plan->inputs[i].used;
	return n;
}

/* The field that a name of one step may have been meant to be, quoted as far
 * as a terminal needs it; {NULL, 0} if none is near. */
static struct str
nearest_field(const struct seen *seen, struct path path)
{
	static char shown[4 * 64 + 8];
	struct str near;

	if (path.n != 1 || !path.steps[0].name.p)
		return (struct str){NULL, 0};
	near = str_nearest(path.steps[0].name, seen->names, seen->n_names);
	if (!near.p || str_eq(near, path.steps[0].name))
		return (struct str){NULL, 0};
	err_quote(shown, near, 64);
	return str_of(shown);
}

/* n: how many there have been; counted up. */
static void
unseen_of(const struct plan_input *in, const struct seen *seen, bool name_it,
    unsigned *n)
{
	struct buf name = {0};
	struct str near;

	for (unsigned i = 0; i < in->scan->n_wants; i++) {
		struct path path = in->scan->wants[i].path;

		if (seen->wants[i] || !path.n || in->scan->wants[i].optional ||
		    ++*n > UNSEEN_SHOWN)
			continue;
		name.n = 0;
		path_print(&name, path);
		if (name_it)
			buf_printf(&name, " of %.*s", STR_ARG(in->name));
		near = nearest_field(seen, path);
		if (near.p)
			buf_printf(
			    &name, "; did you mean %.*s?", STR_ARG(near));
		fprintf(stderr, "weir: no record had a value for %s\n",
		    buf_z(&name));
	}
	buf_release(&name);
}

void
report_unseen(const struct plan *plan, const struct run_options *o,
    const struct seen *seen)
{
	bool several = used_inputs(plan) > 1;
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_inputs && !o->quiet; i++) {
		const struct plan_input *in = &plan->inputs[i];

		if (in->used && !in->values && seen[i].records)
			unseen_of(in, &seen[i], several && in->name.n, &n);
	}
	if (n > UNSEEN_SHOWN)
		fprintf(stderr, "weir: nor for %u others\n", n - UNSEEN_SHOWN);
}

void
report_stats(const struct run_counts *c, const struct run_options *o)
{
	(void)o;
	fprintf(stderr,
	    "weir: so far in %llu, filtered %llu, bad %llu, results %llu\n",
	    N(c->in), N(c->filtered), N(c->bad), N(c->out));
}

static bool
has_window(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_ops; i++)
		if (!strcmp(plan->ops[i].kind->name, "window"))
			return true;
	return false;
}

static bool
states_lateness(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_inputs; i++)
		if (plan->inputs[i].used && plan->inputs[i].scan->needs_time &&
		    plan->inputs[i].time.lateness == WHEN_MAX)
			return false;
	return true;
}

bool
report_waiting(const struct plan *plan, const struct run_options *o)
{
	if (o->quiet || !isatty(STDERR_FILENO) || states_lateness(plan) ||
	    !has_window(plan))
		return false;
	fprintf(stderr,
	    "weir: results come at the end of input, as no lateness is "
	    "stated\n"
	    "hint: -l 10s closes a window when the times read are 10 seconds "
	    "past its end\n");
	return true;
}

/* Does it hold its results back until all has been read? */
static bool
waits_for_end(const struct op *op)
{
	return op->kind->waits == WAITS_END && !op->live && !op->implied;
}

void
report_unfinished(const struct plan *plan, const struct run_options *o)
{
	for (unsigned i = 0; i < plan->n_ops && !o->quiet; i++) {
		const struct op *op = &plan->ops[i];

		if (!waits_for_end(op))
			continue;
		fprintf(stderr,
		    "weir: results of the step \"%.*s\" are kept for a run "
		    "with --final\n",
		    STR_ARG(op->name));
		if (op->kind->changes == CHANGES_TAKE)
			fputs("hint: -m upsert writes what changes, --every "
			      "1h what has changed by then\n",
			    stderr);
		return;
	}
}

/* NAME=N of a word, or what it was. */
static void
take_number(struct str word, const char *name, int64_t *n)
{
	struct str head = str_of(name);

	if (str_starts(word, head))
		num_parse_int(
		    (struct str){word.p + head.n, word.n - head.n}, n);
}

void
torture_read(const char *text)
{
	struct str rest = text ? str_of(text) : (struct str){"", 0};
	int64_t rows = 0, reads = 0, commit = 0, restart = 0, parts = 0;
	int64_t journal = 0;

	while (rest.n) {
		long comma = str_find(rest, STR(","), 0);
		struct str word = rest;

		if (comma >= 0)
			word.n = (size_t)comma;
		rest.p += word.n + (comma >= 0);
		rest.n -= word.n + (comma >= 0);
		take_number(word, "rows=", &rows);
		take_number(word, "reads=", &reads);
		take_number(word, "commit=", &commit);
		take_number(word, "restart=", &restart);
		take_number(word, "parts=", &parts);
		take_number(word, "journal=", &journal);
		if (str_is(word, "evict"))
			state_torture(true);
	}
	checkpoint_torture((unsigned)commit, (unsigned)restart);
	if (journal > 0)
		store_torture((size_t)journal);
	if (parts > 0)
		partition_torture((size_t)parts);
	if (rows > 0 || reads > 0)
		feed_torture((unsigned)rows, (size_t)reads);
}
