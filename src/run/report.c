/* SPDX-License-Identifier: MIT */
/* What a run says about itself; see report.h. */
#include "run/report.h"

#include <unistd.h>

#include "base/num.h"
#include "run/feed.h"
#include "run/output.h"

#define N(x) ((unsigned long long)(x))

static void
accounting(const struct run_counts *c)
{
	fprintf(stderr,
	    "weir: in %llu = used %llu + filtered %llu + late %llu + bad "
	    "%llu\n",
	    N(c->in), N(c->used), N(c->filtered), N(c->late), N(c->bad));
	if (c->late_some)
		fprintf(stderr,
		    "weir: %llu of those used came too late for some of their "
		    "windows\n",
		    N(c->late_some));
}

static int
write_stats(const struct run_counts *c, const char *path, struct err *err)
{
	struct output o;

	if (output_open(&o, path, true, err))
		return -1;
	buf_printf(&o.buf,
	    "{\"in\":%llu,\"used\":%llu,\"filtered\":%llu,\"late\":%llu,"
	    "\"bad\":%llu,\"out\":%llu,\"late_for_some\":%llu,"
	    "\"corrections\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu}\n",
	    N(c->in), N(c->used), N(c->filtered), N(c->late), N(c->bad),
	    N(c->out), N(c->late_some), N(c->updates), N(c->bytes_in),
	    N(c->bytes_out));
	return output_close(&o, true, err);
}

int
report_end(
    const struct run_counts *c, const struct run_options *o, struct err *err)
{
	int status = o->stats ? write_stats(c, o->stats, err) : 0;

	if (o->verbose || (!o->quiet && (c->late || c->bad || c->late_some)))
		accounting(c);
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
#define UNSEEN_SHOWN 5

void
report_unseen(
    const struct plan *plan, const struct run_options *o, const bool *seen)
{
	const struct scan *s = plan->inputs[0].scan;
	struct buf name = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_wants && !o->quiet; i++) {
		if (seen[i] || !s->wants[i].path.n || ++n > UNSEEN_SHOWN)
			continue;
		name.n = 0;
		path_print(&name, s->wants[i].path);
		fprintf(stderr, "weir: no record had a value for %s\n",
		    buf_z(&name));
	}
	if (n > UNSEEN_SHOWN)
		fprintf(stderr, "weir: nor for %u others\n", n - UNSEEN_SHOWN);
	buf_release(&name);
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

bool
report_waiting(const struct plan *plan, const struct run_options *o)
{
	if (o->quiet || !isatty(STDERR_FILENO) ||
	    plan->inputs[0].time.lateness != WHEN_MAX || !has_window(plan))
		return false;
	fprintf(stderr,
	    "weir: results come at the end of input, as no lateness is "
	    "stated\n"
	    "hint: -l 10s closes a window when the times read are 10 seconds "
	    "past its end\n");
	return true;
}

void
torture_read(const char *text)
{
	struct str rest = text ? str_of(text) : (struct str){"", 0};
	int64_t rows = 0, reads = 0;

	while (rest.n) {
		long comma = str_find(rest, STR(","), 0);
		struct str word = rest;

		if (comma >= 0)
			word.n = (size_t)comma;
		rest.p += word.n + (comma >= 0);
		rest.n -= word.n + (comma >= 0);
		if (str_starts(word, STR("rows=")))
			num_parse_int(
			    (struct str){word.p + 5, word.n - 5}, &rows);
		else if (str_starts(word, STR("reads=")))
			num_parse_int(
			    (struct str){word.p + 6, word.n - 6}, &reads);
	}
	if (rows > 0 || reads > 0)
		feed_torture((unsigned)rows, (size_t)reads);
}
