/* SPDX-License-Identifier: MIT */
/*
 * Merging runs, in a thread of its own. The owner picks runs that follow one
 * another, the thread writes one of them, and the owner puts it into their
 * place by an edit of its next commit. Sections that die meanwhile are dead in
 * the new run, too.
 *
 * Which runs: size-tiered. Runs of about the same size are merged when there
 * are enough of them, so an entry is written once per tier; and runs most of
 * which is dead are written anew alone.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "state/store_in.h"

/* Runs of a tier that are merged; their sizes differ by less than FACTOR. */
#define TIER 6
#define FACTOR 4
/* A run is worth writing anew if so much of it, in percent, is dead. */
#define DEAD_PERCENT 50
/* With so many runs a commit waits for the merge that is going on. */
#define TOO_MANY 32

struct store_merge {
	struct store *store;
	struct version inputs; /* copies; the oldest first */
	struct version_run made;
	bool last; /* nothing is older than the inputs */
	pthread_t thread;
	atomic_bool stop, finished;
	bool failed;
	struct err err;
};

/* ---- which runs ---- */

static uint64_t
live_bytes(const struct version_run *r)
{
	uint64_t dead = version_dead_bytes(r);

	return dead < r->bytes ? r->bytes - dead : 0;
}

/* n runs from *first: the newest ones that are alike in size. */
static size_t
pick_tier(const struct version *v, size_t *first)
{
	uint64_t least = UINT64_MAX, most = 0;
	size_t i = v->n;

	while (i > 0) {
		uint64_t bytes = live_bytes(&v->runs[i - 1]) + 4096;

		if (bytes < least)
			least = bytes;
		if (bytes > most && v->n - i >= TIER && bytes / FACTOR > most)
			break;
		if (bytes > most)
			most = bytes;
		i--;
	}
	*first = i;
	return v->n - i >= TIER ? v->n - i : 0;
}

static size_t
pick_dead(const struct version *v, size_t *first)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct version_run *r = &v->runs[i];

		if (r->dead.n &&
		    version_dead_bytes(r) * 100 >= r->bytes * DEAD_PERCENT) {
			*first = i;
			return 1;
		}
	}
	return 0;
}

/* ---- the thread ---- */

static bool
is_dropped(void *arg, unsigned cursor, unsigned map, int64_t bucket)
{
	const struct store_merge *m = arg;
	const struct version_run *r = &m->inputs.runs[m->inputs.n - 1 - cursor];

	return section_set_has(&r->dead, map, bucket);
}

static bool
copy_entries(
    struct store_merge *m, struct run_merge *from, struct run_writer *to)
{
	struct run_entry e;
	int rc;

	while ((rc = run_merge_next(from, &e, &m->err)) > 0)
		if (atomic_load_explicit(&m->stop, memory_order_relaxed) ||
		    !run_writer_add(to, &e))
			return !atomic_load(&m->stop);
	return !rc;
}

static bool
write_merged(struct store_merge *m)
{
	size_t n = m->inputs.n;
	struct run_cursor **cursors = mem_array(n, sizeof *cursors);
	char name[STORE_NAME_MAX];
	struct run_merge *from;
	struct run_writer *to;
	uint64_t entries = 0;
	bool done = false;

	for (size_t i = 0; i < n; i++) {
		cursors[i] =
		    run_cursor_new(m->inputs.runs[n - 1 - i].handle->file);
		entries += m->inputs.runs[i].n_entries;
	}
	from = run_merge_new(cursors, (unsigned)n, m->last, is_dropped, m);
	mem_free(cursors);
	store_name(name, STORE_RUN, m->made.number);
	to = run_writer_new(
	    m->store->dir.fd, name, m->made.number, entries, &m->err);
	if (to && !copy_entries(m, from, to))
		run_writer_abandon(to);
	else if (to)
		done = !run_writer_finish(
		    to, &m->made.bytes, &m->made.footer_crc, &m->err);
	run_merge_free(from);
	return done && !store_dir_sync(&m->store->dir, &m->err);
}

static void *
merge_main(void *arg)
{
	struct store_merge *m = arg;

	m->failed = !write_merged(m);
	pthread_mutex_lock(&m->store->lock);
	atomic_store(&m->finished, true);
	pthread_cond_broadcast(&m->store->changed);
	pthread_mutex_unlock(&m->store->lock);
	return NULL;
}

/* ---- the owner ---- */

static void
begin(struct store *s, size_t first, size_t n)
{
	struct store_merge *m = mem_zalloc(sizeof *m);
	struct version part = {.runs = s->version.runs + first, .n = n};
	sigset_t all, was;

	m->store = s;
	m->last = !first;
	m->made.number = s->next_run++;
	version_copy(&m->inputs, &part);
	s->merge = m;
	sigfillset(&all);
	must(!pthread_sigmask(SIG_SETMASK, &all, &was));
	must(!pthread_create(&m->thread, NULL, merge_main, m));
	must(!pthread_sigmask(SIG_SETMASK, &was, NULL));
}

static void
merge_free(struct store *s)
{
	version_release(&s->merge->inputs);
	mem_free(s->merge->made.dead.p);
	err_release(&s->merge->err);
	mem_free(s->merge);
	s->merge = NULL;
}

/* What has died in a run since it was read is dead in the new one. */
static void
note_dead(struct store_merge *m, const struct version_run *was,
    const struct version_run *now)
{
	for (size_t i = 0; i < now->dead.n; i++) {
		const struct section_name *p = &now->dead.p[i];

		if (!section_set_has(&was->dead, p->map, p->bucket))
			section_set_add(&m->made.dead, p->map, p->bucket);
	}
}

static void
install(struct store *s, struct err *err)
{
	struct store_merge *m = s->merge;
	struct store_job *job = &s->job;
	size_t n = m->inputs.n, first;
	uint64_t *gone = mem_array(n, sizeof *gone);

	first = version_find(&s->version, m->inputs.runs[0].number);
	must(first + n <= s->version.n && job->applied == job->edits.n);
	for (size_t i = 0; i < n; i++) {
		const struct version_run *now = &s->version.runs[first + i];

		must(now->number == m->inputs.runs[i].number);
		note_dead(m, &m->inputs.runs[i], now);
		gone[i] = now->number;
	}
	edit_put_merge(&job->edits, gone, n, &m->made, 1);
	mem_free(gone);
	must(edit_apply((struct str){job->edits.p + job->applied,
			    job->edits.n - job->applied},
	    &s->version, NULL, &job->gone));
	job->applied = job->edits.n;
	if (store_open_runs(s, err))
		store_fail(s, err);
}

/* Runs of which nothing is alive go without being read. */
static void
remove_dead(struct store *s)
{
	struct store_job *job = &s->job;

	for (size_t i = s->version.n; i-- > 0;) {
		uint64_t number = s->version.runs[i].number;

		if (!version_run_is_dead(&s->version.runs[i]))
			continue;
		edit_put_merge(&job->edits, &number, 1, NULL, 0);
		must(edit_apply((struct str){job->edits.p + job->applied,
				    job->edits.n - job->applied},
		    &s->version, NULL, &job->gone));
		job->applied = job->edits.n;
	}
}

static void
wait_merge(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (!atomic_load(&s->merge->finished))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void
merge_turn(struct store *s)
{
	struct err err = {0};
	size_t first, n;

	if (s->merge && s->version.n >= TOO_MANY)
		wait_merge(s);
	if (s->merge && atomic_load(&s->merge->finished)) {
		pthread_join(s->merge->thread, NULL);
		if (s->merge->failed)
			store_fail(s, &s->merge->err);
		else
			install(s, &err);
		merge_free(s);
	}
	if (s->merge || atomic_load(&s->failed) || !s->version.n)
		return;
	remove_dead(s);
	n = pick_tier(&s->version, &first);
	if (!n)
		n = pick_dead(&s->version, &first);
	if (n)
		begin(s, first, n);
}

void
merge_stop(struct store *s)
{
	char name[STORE_NAME_MAX];

	if (!s->merge)
		return;
	atomic_store(&s->merge->stop, true);
	pthread_join(s->merge->thread, NULL);
	if (!s->merge->failed) {
		store_name(name, STORE_RUN, s->merge->made.number);
		store_dir_unlink(&s->dir, name);
	}
	merge_free(s);
}
