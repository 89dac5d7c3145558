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

/* Parts of the oldest input that may be there twice, as old and as new. */
#define SHARES 8
/* The part of it that may come on top while all is merged. */
#define BEHIND 4
/* Parts that a merge is cut into, and the least of them. */
#define PIECES 16
#define PIECE_LEAST ((uint64_t)4 << 20)

struct store_merge {
	struct store *store;
	struct version inputs; /* copies; the oldest first */
	size_t n_low;	       /* of them, pieces of one run */
	struct merge_output *made;
	size_t n_made;
	uint64_t low;	/* bytes of those */
	uint64_t piece; /* of an output */
	/* What is ready, with the store's lock; and what of it is installed. */
	struct merge_output *ready;
	size_t n_ready, cap_ready, n_low_ready;
	size_t installed, low_installed;
	uint64_t waiting,
	    most; /* bytes that are not installed; before it waits */
	bool hurry;
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
fold(void *arg, unsigned map, struct str key, struct str pieces, bool whole,
    struct buf *out)
{
	const struct store_merge *m = arg;

	return store_fold_any(m->store, map, key, pieces, whole, out);
}

static bool
is_stopped(void *arg)
{
	struct store_merge *m = arg;

	return atomic_load_explicit(&m->stop, memory_order_relaxed);
}

/*
 * Outputs are given out as they come. When much is there twice it is waited
 * until a commit has taken it over.
 */
static int
take_ready(void *arg, const struct merge_output *out, size_t n, unsigned low,
    struct err *err)
{
	struct store_merge *m = arg;
	struct store *s = m->store;

	if (!s->temporary && store_dir_sync(&s->dir, err))
		return -1;
	pthread_mutex_lock(&s->lock);
	mem_grow(&m->ready, &m->cap_ready, n, sizeof *m->ready);
	for (size_t i = m->n_ready; i < n; i++) {
		m->ready[i] = out[i];
		m->waiting += out[i].bytes;
	}
	m->n_ready = n;
	m->n_low_ready = low;
	pthread_cond_broadcast(&s->changed);
	while (m->waiting > m->most && !m->hurry && !is_stopped(m))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return 0;
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
	    .piece = m->piece,
	    .n_low = (unsigned)m->n_low,
	    .ready = take_ready,
	    .dropped = is_dropped,
	    .fold = fold,
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
	mem_free((*slot)->ready);
	err_release(&(*slot)->err);
	mem_free(*slot);
	*slot = NULL;
}

/* How large the outputs are, and how much of them may wait for a commit. */
static void
set_pieces(struct store_merge *m, const struct version *inputs, uint64_t bytes)
{
	uint64_t most = m->store->o.run_bytes;

	m->piece = bytes / PIECES > PIECE_LEAST ? bytes / PIECES : PIECE_LEAST;
	m->piece = m->piece < most ? m->piece : most;
	m->low = inputs->runs[0].bytes;
	for (m->n_low = 1; m->n_low < inputs->n && follows(inputs, m->n_low);)
		m->low += inputs->runs[m->n_low++].bytes;
	/* Where there is little that could go it is not worth it. */
	if (m->low < bytes / 3) {
		m->n_low = 0;
		m->piece = most;
	}
	m->most =
	    m->low / SHARES > 2 * m->piece ? m->low / SHARES : 2 * m->piece;
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
	set_pieces(m, &part, bytes);
	m->next = s->next_run;
	m->end = s->next_run += 4 + 8 * (bytes / m->piece);
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

/*
 * The inputs from m->low_installed up to `low` are replaced by outputs: when
 * some are ready, and at last all that is left.
 */
static void
install(struct store *s, struct store_merge *m, size_t low,
    const struct merge_output *made, size_t n_made)
{
	size_t rest = m->inputs.n - m->low_installed;
	size_t n = low - m->low_installed, n_come = n_made - m->installed, at;
	uint64_t *gone = mem_array(n + 1, sizeof *gone);
	struct version_run *come = mem_zalloc((n_come + 1) * sizeof *come);
	const struct version_run *was = &m->inputs.runs[m->low_installed];
	struct section_set dead = {0};
	struct err err = {0};

	at = version_find(&s->version, was->number);
	must(at + rest <= s->version.n && s->job.applied == s->job.edits.n);
	for (size_t i = 0; i < rest; i++) {
		const struct version_run *now = &s->version.runs[at + i];

		must(now->number == was[i].number);
		note_dead(&dead, &was[i], now);
		if (i < n)
			gone[i] = now->number;
	}
	for (size_t i = 0; i < n_come; i++)
		come[i] = (struct version_run){
		    .number = made[m->installed + i].number,
		    .bytes = made[m->installed + i].bytes,
		    .n_entries = made[m->installed + i].n_entries,
		    .footer_crc = made[m->installed + i].footer_crc,
		    .dead = dead};
	edit_put_merge(&s->job.edits, gone, n, come, n_come);
	mem_free(gone);
	mem_free(come);
	mem_free(dead.p);
	m->installed = n_made;
	m->low_installed = low;
	if (store_apply(s, &err))
		store_fail(s, &err);
}

/* Is there something ready that is not installed? With the lock. */
static bool
has_ready(const struct store_merge *m)
{
	return m && m->n_low_ready > m->low_installed;
}

/* Installs what merges that go on have ready. */
static void
take_parts(struct store *s)
{
	for (unsigned i = 0; i < STORE_MERGES; i++) {
		struct store_merge *m = s->merges[i];
		struct merge_output *ready = NULL;
		size_t n = 0, low = 0;

		pthread_mutex_lock(&s->lock);
		if (has_ready(m)) {
			n = m->n_ready;
			low = m->n_low_ready;
			ready = mem_array(n + 1, sizeof *ready);
			memcpy(ready, m->ready, n * sizeof *ready);
			m->waiting = 0;
			pthread_cond_broadcast(&s->changed);
		}
		pthread_mutex_unlock(&s->lock);
		if (ready)
			install(s, m, low, ready, n);
		mem_free(ready);
	}
}

/* Files of what was ready and that nobody has installed go. */
static void
forget_ready(struct store *s, const struct store_merge *m)
{
	char name[STORE_NAME_MAX];

	for (size_t i = m->installed; i < m->n_ready; i++) {
		store_name(name, STORE_RUN, m->ready[i].number);
		store_dir_unlink(&s->dir, name);
	}
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

/* Until one that goes on has ended. */
static void
wait_end(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = 0; i < STORE_MERGES; i++)
		if (s->merges[i])
			s->merges[i]->hurry = true;
	pthread_cond_broadcast(&s->changed);
	while (!ended(s))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* Takes over what a merge that has ended has made. */
static void
take(struct store *s, struct store_merge **slot)
{
	struct store_merge *m = *slot;

	pthread_join(m->thread, NULL);
	if (!m->rc) {
		install(s, m, m->inputs.n, m->made, m->n_made);
	} else if (m->err.code == ERR_IO) {
		/* A full disk, maybe: what there is does without it. */
		s->merge_pause = MERGE_PAUSE;
		forget_ready(s, m);
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
		end = 1 + version_find(&s->version,
			      m->inputs.runs[m->inputs.n - 1].number);
		base = end > base ? end : base;
	}
	if (!slot || !pick(&s->version, base, &first, &n))
		return false;
	begin(s, slot, first, n);
	return !s->merge_pause;
}

void
merge_wait(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (
	    !ended(s) && !has_ready(s->merges[0]) && !has_ready(s->merges[1]))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/*
 * Has much come on top of a merge of all there is? It is not wanted that the
 * disk fills while it goes on: then each commit waits for a part of it.
 */
static bool
is_behind(const struct store *s)
{
	for (unsigned i = 0; i < STORE_MERGES; i++) {
		const struct store_merge *m = s->merges[i];
		uint64_t above = 0;
		size_t at;

		if (!m || !m->last || !m->n_low || m->n_low == m->inputs.n)
			continue;
		at = 1 + version_find(&s->version,
			     m->inputs.runs[m->inputs.n - 1].number);
		for (; at < s->version.n; at++)
			above += s->version.runs[at].bytes;
		if (above > m->low / BEHIND)
			return true;
	}
	return false;
}

void
merge_turn(struct store *s)
{
	struct store_merge **slot;

	s->job.behind = false;
	if (is_merging(s) && s->version.n >= MERGE_DEPTH_SLOW &&
	    depth(&s->version) >= MERGE_DEPTH_SLOW)
		wait_end(s);
	while ((slot = ended(s)))
		take(s, slot);
	take_parts(s);
	if (atomic_load(&s->failed) || !s->version.n)
		return;
	remove_dead(s);
	if (s->merge_pause) {
		s->merge_pause--;
		return;
	}
	while (begin_next(s))
		;
	s->job.behind = is_behind(s);
}

bool
merge_owed(struct store *s)
{
	struct store_merge **slot;

	if (!is_merging(s) || depth(&s->version) <= MERGE_DEPTH_END)
		return false;
	wait_end(s);
	slot = ended(s);
	return slot && !(*slot)->rc;
}

static void
stop(struct store *s, struct store_merge **slot)
{
	struct store_merge *m = *slot;
	char name[STORE_NAME_MAX];

	pthread_mutex_lock(&s->lock);
	atomic_store(&m->stop, true);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(m->thread, NULL);
	forget_ready(s, m);
	for (size_t i = m->n_ready; i < m->n_made; i++) {
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
