/* SPDX-License-Identifier: MIT */
/*
 * Merges into pieces: together they are what one run would have been, each
 * follows the one before; stopped or failed, nothing stays; paused, what there
 * is stays, and another merge goes on behind it.
 */
#include "state/merge.h"

#include <dirent.h>
#include <limits.h>

#include "run_gen.h"

#define N_INPUTS 4

struct world {
	struct entries inputs[N_INPUTS];
	struct run_file *in[N_INPUTS];
	char names[N_INPUTS][16];
	uint64_t next;
	unsigned asked, stop_after; /* 0: never */
	enum merge_order then;
	/* What was ready when it paused. */
	struct merge_output out[100];
	size_t n_out, n_before;
	struct run_mark mark;
	uint64_t at[N_INPUTS];
};

static uint64_t
next_name(void *arg, char *name)
{
	struct world *w = arg;

	snprintf(name, NAME_MAX + 1, "run%u", (unsigned)w->next);
	return w->next++;
}

static enum merge_order
order(void *arg, uint64_t written)
{
	struct world *w = arg;

	(void)written;
	return ++w->asked == w->stop_after ? w->then : MERGE_GO_ON;
}

static int
ready(void *arg, const struct merge_output *out, size_t n,
    const struct merge_reach *reach, struct err *err)
{
	struct world *w = arg;

	(void)err;
	w->n_out = w->n_before + n;
	must(w->n_out <= 100);
	memcpy(w->out + w->n_before, out, n * sizeof *out);
	run_mark_copy(&w->mark, &reach->mark);
	memcpy(w->at, reach->at, sizeof w->at);
	return 0;
}

static void
make_inputs(struct world *w, size_t n)
{
	*w = (struct world){.next = 100, .then = MERGE_STOP};
	for (unsigned i = 0; i < N_INPUTS; i++) {
		entries_random(&w->inputs[i], n, 3, 40);
		snprintf(w->names[i], sizeof w->names[i], "in%u", i);
		w->in[i] = run_open(w->names[i], i,
		    run_write(&w->inputs[i], w->names[i], i), NULL);
		must(w->in[i]);
	}
}

static void
drop_inputs(struct world *w)
{
	for (unsigned i = 0; i < N_INPUTS; i++) {
		unlinkat(run_dir_fd, w->names[i], 0);
		entries_release(&w->inputs[i]);
		run_file_close(w->in[i]);
	}
}

/* Files whose names begin like this. */
static unsigned
count_files(const char *begin)
{
	DIR *d = opendir(run_dir);
	struct dirent *e;
	unsigned n = 0;

	must(d);
	while ((e = readdir(d)))
		n += !strncmp(e->d_name, begin, strlen(begin));
	closedir(d);
	return n;
}

static bool
in_newer(const struct world *w, unsigned i, const struct run_entry *x)
{
	for (unsigned k = 0; k < i; k++)
		if (bsearch(x, w->inputs[k].at, w->inputs[k].n, sizeof *x,
			entry_cmp))
			return true;
	return false;
}

static void
expect(const struct world *w, struct entries *want)
{
	for (unsigned i = 0; i < N_INPUTS; i++)
		for (size_t k = 0; k < w->inputs[i].n; k++) {
			const struct run_entry *x = &w->inputs[i].at[k];

			if (!x->deleted && !in_newer(w, i, x))
				entries_add(want, x->map, x->bucket, x->key,
				    x->value, false);
		}
	entries_sort(want);
}

/* Compares the pieces with what they should be; removes them. */
static size_t
compare(const struct merge_output *out, size_t n, const struct entries *want)
{
	struct run_file *before = NULL;
	size_t wrong = 0, at = 0;
	struct err err = {0};
	struct run_entry e;

	for (size_t i = 0; i < n; i++) {
		struct written w = {out[i].bytes, out[i].footer_crc};
		struct run_cursor *c;
		struct run_file *r;
		size_t from = at;
		char name[32];

		snprintf(name, sizeof name, "run%u", (unsigned)out[i].number);
		r = run_open(name, out[i].number, w, NULL);
		must(r);
		wrong += run_file_check(r, print_line, NULL);
		c = run_cursor_new(r);
		while (run_cursor_next(c, &e, &err) > 0) {
			wrong +=
			    at == want->n || !entry_same(&e, &want->at[at]);
			at += at < want->n;
		}
		run_cursor_free(c);
		wrong += out[i].n_entries != at - from;
		wrong += before && (!run_file_follows(before, r) ||
				       run_file_follows(r, before));
		run_file_close(before);
		before = r;
		unlinkat(run_dir_fd, name, 0);
	}
	run_file_close(before);
	return wrong + (at != want->n);
}

static struct merge_job
job_of(struct world *w, uint64_t piece)
{
	return (struct merge_job){.dir_fd = run_dir_fd,
	    .inputs = w->in,
	    .n = N_INPUTS,
	    .last = true,
	    .piece = piece,
	    .order = order,
	    .ready = ready,
	    .name = next_name,
	    .arg = w};
}

static void
test_pieces(uint64_t piece, bool many)
{
	struct merge_output *out;
	struct world w;
	struct merge_job job;
	struct entries want = {0};
	struct err err = {0};
	size_t n, wrong;
	int rc;

	make_inputs(&w, 5000);
	expect(&w, &want);
	job = job_of(&w, piece);
	rc = merge_do(&job, &out, &n, &err);
	wrong = rc ? 1 : compare(out, n, &want);
	ok(!rc && !wrong && (n > 1) == many,
	    "%zu pieces of %u bytes, %zu wrong", n, (unsigned)piece, wrong);
	mem_free(out);
	drop_inputs(&w);
	entries_release(&want);
}

/* Again and again it pauses, and another one goes on. */
static void
test_pauses(void)
{
	const struct run_mark *from[N_INPUTS];
	struct run_mark mark = {0};
	uint64_t at[N_INPUTS] = {0};
	struct entries want = {0};
	struct merge_output *out;
	struct merge_job job;
	struct err err = {0};
	unsigned pauses = 0;
	struct world w;
	size_t n;

	make_inputs(&w, 5000);
	expect(&w, &want);
	for (unsigned i = 0; i < N_INPUTS; i++)
		from[i] = &mark;
	job = job_of(&w, 60000);
	job.from = from;
	job.from_at = at;
	w.stop_after = 2;
	w.then = MERGE_PAUSE;
	while (merge_do(&job, &out, &n, &err) == 1) {
		must(!n && !out && w.mark.set);
		pauses++;
		w.asked = 0;
		w.n_before = w.n_out;
		run_mark_copy(&mark, &w.mark);
		memcpy(at, w.at, sizeof at);
	}
	ok(pauses > 5, "it pauses %u times", pauses);
	memcpy(w.out + w.n_before, out, n * sizeof *out);
	ok(!compare(w.out, w.n_before + n, &want),
	    "what comes of it in %zu pieces is the same", w.n_before + n);
	mem_free(out);
	buf_release(&mark.key);
	buf_release(&w.mark.key);
	drop_inputs(&w);
	entries_release(&want);
}

static void
test_ends(void)
{
	struct merge_output *out;
	struct err err = {0};
	struct merge_job job;
	struct world w;
	size_t n;
	int fd;

	make_inputs(&w, 5000);
	job = job_of(&w, 20000);
	w.stop_after = 5;
	ok(merge_do(&job, &out, &n, &err) == 1 && !n && !out,
	    "it can be stopped");
	ok(!count_files("run"), "then nothing stays");
	must(w.next > 101);
	fd = openat(run_dir_fd, "in2", O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && pwrite(fd, "ouch", 4, 60000) == 4);
	close(fd);
	ok(merge_do(&job, &out, &n, &err) == -1 && !n, "damage ends it");
	ok(err.code == ERR_STATE, "%s", err.message);
	ok(!count_files("run"), "then nothing stays either");
	err_release(&err);
	drop_inputs(&w);
}

/* All of it dead. */
static bool
always(void *arg, unsigned input, unsigned map, int64_t bucket)
{
	(void)arg;
	(void)input;
	(void)map;
	(void)bucket;
	return true;
}

static void
test_nothing(void)
{
	struct merge_output *out;
	struct err err = {0};
	struct merge_job job;
	struct world w;
	size_t n;

	make_inputs(&w, 100);
	job = job_of(&w, 20000);
	job.dropped = always;
	ok(!merge_do(&job, &out, &n, &err) && !n, "of the dead comes nothing");
	ok(!count_files("run"), "no file");
	mem_free(out);
	drop_inputs(&w);
}

int
main(void)
{
	run_dir_make();
	test_pieces(UINT64_MAX, false);
	test_pieces(100000, true);
	test_pieces(1, true);
	test_pauses();
	test_ends();
	test_nothing();
	run_dir_remove();
	return tap_done();
}
