/* SPDX-License-Identifier: MIT */
/*
 * Merging runs, in a thread of its own. The owner picks runs that follow one
 * another (merge_plan.h), the thread writes one in their place, maybe in
 * pieces, and the owner installs it by an edit of its next commit. Sections
 * that die meanwhile are dead in the new run, too.
 *
 * While a merge goes on a second one may begin among the runs that are newer
 * than its: a large merge takes long, and small runs would pile up.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "state/merge.h"
#include "state/merge_plan.h"
#include "state/store_in.h"

/* Commits without a merge after one could not be written. */
#define MERGE_PAUSE 32

struct store_merge {
	struct store *store;
	struct version inputs; /* copies; the oldest first */
	struct merge_output *made;
	size_t n_made;
	uint64_t next, end; /* numbers of runs that it may take */
	bool last;	    /* nothing is older than the inputs */
	pthread_t thread;
	atomic_bool stop, finished;
	int rc; /* of merge_do */
	struct err err;
};

/* ---- which runs ---- */

static bool
follows(const struct version *v, size_t i)
{
	return i && run_file_follows(
			v->runs[i - 1].handle->file, v->runs[i].handle->file);
}

/* What is not known of a run's covers counts as all of it. */
static struct merge_run *
describe(const struct version *v)
{
	struct merge_run *runs = mem_array(v->n + 1, sizeof *runs);

	for (size_t i = 0; i < v->n; i++) {
		const struct version_run *r = &v->runs[i];
		unsigned n;
		const struct run_section *s =
		    run_file_sections(r->handle->file, &n);

		runs[i] = (struct merge_run){.bytes = r->bytes,
		    .dead = version_dead_bytes(r),
		    .covers = r->asked ? r->covers : r->bytes,
		    .n_entries = r->n_entries,
		    .follows = follows(v, i)};
		for (unsigned k = 0; k < n; k++)
			runs[i].n_deleted += s[k].n_deleted;
	}
	return runs;
}

/* False: all was known. */
static bool
ask_covers(struct version *v)
{
	struct run_file **older = mem_array(v->n + 1, sizeof *older);
	bool asked = false;

	for (size_t i = 0; i < v->n; i++) {
		struct version_run *r = &v->runs[i];

		older[i] = r->handle->file;
		if (r->asked)
			continue;
		r->covers = run_file_covers(r->handle->file, older, i);
		r->asked = asked = true;
	}
	mem_free(older);
	return asked;
}

/* Runs are asked only when the answer could matter: it takes reading. */
static bool
pick_all(struct version *v, size_t *first, size_t *n)
{
	struct merge_run *runs = describe(v);
	bool found = merge_plan(runs, v->n, first, n);

	if (found && !*first && *n > 1 && ask_covers(v)) {
		mem_free(runs);
		runs = describe(v);
		found = merge_plan(runs, v->n, first, n);
	}
	mem_free(runs);
	return found;
}

/* Of the runs from `base` on. */
static bool
pick(struct version *v, size_t base, size_t *first, size_t *n)
{
	struct merge_run *runs;
	bool found;

	if (!base)
		return pick_all(v, first, n);
	runs = describe(v);
	found = merge_plan_top(runs + base, v->n - base, first, n);
	*first += base;
	mem_free(runs);
	return found;
}

static size_t
depth(const struct version *v)
{
	struct merge_run *runs = describe(v);
	size_t n = merge_depth(runs, v->n);

	mem_free(runs);
	return n;
}

/* ---- the thread ---- */

static bool
is_dropped(void *arg, unsigned cursor, unsigned map, int64_t bucket)
{
	const struct store_merge *m = arg;
	const struct version_run *r = &m->inputs.runs[m->inputs.n - 1 - cursor];

	return section_set_has(&r->dead, map, bucket);
}

static uint64_t
next_name(void *arg, char *name)
{
	struct store_merge *m = arg;

	must(m->next < m->end);
	store_name(name, STORE_RUN, m->next);
	return m->next++;
}

static bool
is_stopped(void *arg)
{
	struct store_merge *m = arg;

	return atomic_load_explicit(&m->stop, memory_order_relaxed);
}

static int
write_merged(struct store_merge *m)
{
	size_t n = m->inputs.n;
	struct run_file **files = mem_array(n, sizeof *files);
	struct merge_job job = {.dir_fd = m->store->dir.fd,
	    .inputs = files,
	    .n = (unsigned)n,
	    .no_sync = m->store->temporary,
	    .last = m->last,
	    .piece = m->store->o.run_bytes,
	    .dropped = is_dropped,
	    .stop = is_stopped,
	    .name = next_name,
	    .arg = m};
	int rc;

	for (size_t i = 0; i < n; i++)
		files[i] = m->inputs.runs[n - 1 - i].handle->file;
	rc = merge_do(&job, &m->made, &m->n_made, &m->err);
	mem_free(files);
	if (!rc && !m->store->temporary)
		rc = store_dir_sync(&m->store->dir, &m->err);
	return rc ? -1 : 0;
}

static void *
merge_main(void *arg)
{
	struct store_merge *m = arg;

	m->rc = write_merged(m);
	pthread_mutex_lock(&m->store->lock);
	atomic_store(&m->finished, true);
	pthread_cond_broadcast(&m->store->changed);
	pthread_mutex_unlock(&m->store->lock);
	return NULL;
}

/* ---- the owner ---- */

static void
merge_free(struct store_merge **slot)
{
	version_release(&(*slot)->inputs);
	mem_free((*slot)->made);
	err_release(&(*slot)->err);
	mem_free(*slot);
	*slot = NULL;
}

static void
begin(struct store *s, struct store_merge **slot, size_t first, size_t n)
{
	struct store_merge *m = mem_zalloc(sizeof *m);
	struct version part = {.runs = s->version.runs + first, .n = n};
	sigset_t all, was;
	uint64_t bytes = 0;
	bool begun;

	m->store = s;
	m->last = !first;
	for (size_t i = 0; i < n; i++)
		bytes += part.runs[i].bytes;
	m->next = s->next_run;
	m->end = s->next_run += 2 + 2 * (bytes / s->o.run_bytes);
	version_copy(&m->inputs, &part);
	*slot = m;
	sigfillset(&all);
	must(!pthread_sigmask(SIG_SETMASK, &all, &was));
	begun = !pthread_create(&m->thread, NULL, merge_main, m);
	must(!pthread_sigmask(SIG_SETMASK, &was, NULL));
	if (begun)
		return;
	s->merge_pause = MERGE_PAUSE;
	merge_free(slot);
}

/* What has died in a run since it was read is dead in the new ones. */
static void
note_dead(struct section_set *dead, const struct version_run *was,
    const struct version_run *now)
{
	for (size_t i = 0; i < now->dead.n; i++) {
		const struct section_name *p = &now->dead.p[i];

		if (!section_set_has(&was->dead, p->map, p->bucket))
			section_set_add(dead, p->map, p->bucket);
	}
}

static void
install(struct store *s, const struct store_merge *m, struct err *err)
{
	size_t n = m->inputs.n, first;
	uint64_t *gone = mem_array(n, sizeof *gone);
	struct version_run *come = mem_zalloc((m->n_made + 1) * sizeof *come);
	struct section_set dead = {0};

	first = version_find(&s->version, m->inputs.runs[0].number);
	must(first + n <= s->version.n && s->job.applied == s->job.edits.n);
	for (size_t i = 0; i < n; i++) {
		const struct version_run *now = &s->version.runs[first + i];

		must(now->number == m->inputs.runs[i].number);
		note_dead(&dead, &m->inputs.runs[i], now);
		gone[i] = now->number;
	}
	for (size_t i = 0; i < m->n_made; i++)
		come[i] = (struct version_run){.number = m->made[i].number,
		    .bytes = m->made[i].bytes,
		    .n_entries = m->made[i].n_entries,
		    .footer_crc = m->made[i].footer_crc,
		    .dead = dead};
	edit_put_merge(&s->job.edits, gone, n, come, m->n_made);
	mem_free(gone);
	mem_free(come);
	mem_free(dead.p);
	if (store_apply(s, err))
		store_fail(s, err);
}

/* Is the run one of those that are being merged? */
static bool
is_input(const struct store *s, uint64_t number)
{
	for (unsigned i = 0; i < STORE_MERGES; i++) {
		const struct store_merge *m = s->merges[i];

		if (m && version_find(&m->inputs, number) < m->inputs.n)
			return true;
	}
	return false;
}

/* Runs of which nothing is alive go without being read. */
static void
remove_dead(struct store *s)
{
	struct err err = {0};

	for (size_t i = s->version.n; i-- > 0;) {
		uint64_t number = s->version.runs[i].number;

		if (!version_run_is_dead(&s->version.runs[i]) ||
		    is_input(s, number))
			continue;
		edit_put_merge(&s->job.edits, &number, 1, NULL, 0);
		if (store_apply(s, &err))
			store_fail(s, &err);
	}
}

/* The merge that has ended, if any. */
static struct store_merge **
ended(struct store *s)
{
	for (unsigned i = 0; i < STORE_MERGES; i++)
		if (s->merges[i] && atomic_load(&s->merges[i]->finished))
			return &s->merges[i];
	return NULL;
}

static bool
is_merging(const struct store *s)
{
	return s->merges[0] || s->merges[1];
}

/* For one of those that go on. */
static void
wait_merge(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (!ended(s))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* Takes over what a merge that has ended has made. */
static void
take(struct store *s, struct store_merge **slot)
{
	struct store_merge *m = *slot;
	struct err err = {0};

	pthread_join(m->thread, NULL);
	if (!m->rc) {
		install(s, m, &err);
	} else if (m->err.code == ERR_IO) {
		/* A full disk, maybe: what there is does without it. */
		s->merge_pause = MERGE_PAUSE;
	} else {
		store_dir_note(&s->dir, &m->err);
		store_fail(s, &m->err);
	}
	merge_free(slot);
}

/* Begins a merge above those that go on. False: nothing is due. */
static bool
begin_next(struct store *s)
{
	struct store_merge **slot = NULL;
	size_t base = 0, first, n;

	for (unsigned i = 0; i < STORE_MERGES; i++) {
		const struct store_merge *m = s->merges[i];
		size_t end;

		if (!m) {
			slot = &s->merges[i];
			continue;
		}
		end = m->inputs.n +
		      version_find(&s->version, m->inputs.runs[0].number);
		base = end > base ? end : base;
	}
	if (!slot || !pick(&s->version, base, &first, &n))
		return false;
	begin(s, slot, first, n);
	return !s->merge_pause;
}

void
merge_turn(struct store *s)
{
	struct store_merge **slot;

	if (is_merging(s) && s->version.n >= MERGE_DEPTH_SLOW &&
	    depth(&s->version) >= MERGE_DEPTH_SLOW)
		wait_merge(s);
	while ((slot = ended(s)))
		take(s, slot);
	if (atomic_load(&s->failed) || !s->version.n)
		return;
	remove_dead(s);
	if (s->merge_pause) {
		s->merge_pause--;
		return;
	}
	while (begin_next(s))
		;
}

bool
merge_owed(struct store *s)
{
	struct store_merge **slot;

	if (!is_merging(s) || depth(&s->version) <= MERGE_DEPTH_END)
		return false;
	wait_merge(s);
	slot = ended(s);
	return slot && !(*slot)->rc;
}

static void
stop(struct store *s, struct store_merge **slot)
{
	struct store_merge *m = *slot;
	char name[STORE_NAME_MAX];

	atomic_store(&m->stop, true);
	pthread_join(m->thread, NULL);
	for (size_t i = 0; i < m->n_made; i++) {
		store_name(name, STORE_RUN, m->made[i].number);
		store_dir_unlink(&s->dir, name);
	}
	merge_free(slot);
}

void
merge_stop(struct store *s)
{
	for (unsigned i = 0; i < STORE_MERGES; i++)
		if (s->merges[i])
			stop(s, &s->merges[i]);
}
