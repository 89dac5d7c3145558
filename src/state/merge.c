/* SPDX-License-Identifier: MIT */
/*
 * Doing a merge: cursors over the inputs go into one writer after another.
 */
#include "state/merge.h"

#include <limits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"

#define ASK_EVERY 1024 /* entries */

struct merge {
	const struct merge_job *job;
	struct run_merge *all;
	struct run_writer *writer; /* of the piece at hand, or NULL */
	uint64_t guess;		   /* entries that are still to come */
	struct merge_output *out;
	size_t n, cap;
	char (*names)[NAME_MAX + 1];
	size_t cap_names;
	uint64_t ended; /* bytes of outputs that are whole */
	struct merge_reach reach;
	bool cut;	/* a piece ends with a low input */
	size_t n_ready; /* outputs that somebody else knows of */
};

static void
open_inputs(struct merge *m)
{
	const struct merge_job *job = m->job;
	struct run_cursor **cursors = mem_array(job->n + 1u, sizeof *cursors);

	for (unsigned i = 0; i < job->n; i++) {
		unsigned n;
		const struct run_section *s =
		    run_file_sections(job->inputs[i], &n);

		cursors[i] = run_cursor_new(job->inputs[i]);
		run_cursor_chunk(cursors[i], run_cursor_share(job->n));
		if (job->from)
			run_cursor_from(
			    cursors[i], job->from[i], job->from_at[i]);
		for (unsigned k = 0; k < n; k++)
			m->guess += s[k].n_entries;
	}
	m->reach.at = mem_array(job->n + 1u, sizeof *m->reach.at);
	m->all =
	    run_merge_new(cursors, job->n, job->last, job->dropped, job->arg);
	run_merge_fold(m->all, job->fold, job->arg);
	mem_free(cursors);
}

static bool
end_piece(struct merge *m, struct err *err)
{
	struct run_writer *w = m->writer;
	struct merge_output *o;

	if (!w)
		return true;
	m->writer = NULL;
	o = &m->out[m->n - 1];
	m->guess -= o->n_entries < m->guess ? o->n_entries : m->guess;
	if (run_writer_finish(w, &o->bytes, &o->footer_crc, err))
		return false;
	m->ended += o->bytes;
	return true;
}

static bool
begin_piece(struct merge *m, struct err *err)
{
	struct merge_output *o;
	char *name;

	mem_grow(&m->out, &m->cap, m->n + 1, sizeof *m->out);
	mem_grow(&m->names, &m->cap_names, m->n + 1, sizeof *m->names);
	o = &m->out[m->n];
	name = m->names[m->n];
	*o = (struct merge_output){.number = m->job->name(m->job->arg, name)};
	m->writer =
	    run_writer_new(m->job->dir_fd, name, o->number, m->guess, err);
	if (m->writer && m->job->no_sync)
		run_writer_no_sync(m->writer);
	m->n += m->writer != NULL;
	return m->writer != NULL;
}

/* A piece that ends with a low input is at least a quarter as large. */
#define LEAST_PART 4

/* All that is before the place it has come to is ready. */
static bool
give_ready(struct merge *m, struct err *err)
{
	const struct merge_job *job = m->job;

	if (!end_piece(m, err))
		return false;
	run_merge_reach(m->all, &m->reach.mark, m->reach.at);
	if (job->ready(job->arg, m->out, m->n, &m->reach, err))
		return false;
	m->n_ready = m->n;
	return true;
}

/* Are low inputs behind the merge now? One is left to the end. */
static bool
pass(struct merge *m, const struct run_entry *e, struct err *err)
{
	const struct merge_job *job = m->job;

	while (m->reach.low < job->n_low && m->reach.low + 1 < job->n &&
	       run_file_passed(job->inputs[job->n - 1 - m->reach.low], e->map,
		   e->bucket, e->key)) {
		m->reach.low++;
		if (m->writer &&
		    run_writer_size(m->writer) >= job->piece / LEAST_PART)
			m->cut = true;
	}
	if (!m->cut)
		return true;
	m->cut = false;
	return give_ready(m, err);
}

static bool
is_enough(const struct merge *m)
{
	return m->writer && (run_writer_size(m->writer) >= m->job->piece ||
				run_writer_is_full(m->writer));
}

static bool
put(struct merge *m, const struct run_entry *e, struct err *err)
{
	if (is_enough(m) && !end_piece(m, err))
		return false;
	if (!m->writer && !begin_piece(m, err))
		return false;
	m->out[m->n - 1].n_entries++;
	if (run_writer_add(m->writer, e))
		return pass(m, e, err);
	/* Why is said at the end. */
	must(!end_piece(m, err));
	return false;
}

static enum merge_order
ask(const struct merge *m)
{
	uint64_t now = m->writer ? run_writer_size(m->writer) : 0;

	return m->job->order ? m->job->order(m->job->arg, m->ended + now)
			     : MERGE_GO_ON;
}

static int
go(struct merge *m, struct err *err)
{
	struct run_entry e;
	unsigned since = 0, every = m->job->every;
	int got;

	if (!every || every > ASK_EVERY)
		every = ASK_EVERY;
	open_inputs(m);
	while ((got = run_merge_next(m->all, &e, err)) > 0) {
		if (!put(m, &e, err))
			return -1;
		if (++since < every)
			continue;
		since = 0;
		switch (ask(m)) {
		case MERGE_GO_ON:
			break;
		case MERGE_PAUSE:
			return give_ready(m, err) ? 1 : -1;
		case MERGE_STOP:
			return 1;
		}
	}
	return got || !end_piece(m, err) ? -1 : 0;
}

/* Takes back what was written. */
static void
undo(struct merge *m)
{
	run_writer_abandon(m->writer);
	for (size_t i = m->n_ready; i < m->n; i++)
		unlinkat(m->job->dir_fd, m->names[i], 0);
	mem_free(m->out);
	m->out = NULL;
	m->n = 0;
}

int
merge_do(const struct merge_job *job, struct merge_output **out, size_t *n,
    struct err *err)
{
	struct merge m = {.job = job};
	int rc = go(&m, err);

	if (rc)
		undo(&m);
	run_merge_free(m.all);
	mem_free(m.names);
	buf_release(&m.reach.mark.key);
	mem_free(m.reach.at);
	*out = m.out;
	*n = m.n;
	return rc;
}
