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

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "state/merge_plan.h"
#include "state/store_merge.h"

/* Commits without a merge after one could not be written. */
#define REST_AFTER_FAILURE 32

/* Parts of the oldest input that may be there twice, as old and as new. */
#define SHARES 8
/* The part of it that may come on top while all is merged. */
#define BEHIND 4
/* Parts that a merge is cut into, and those that pauses cut it into at most. */
#define PIECES 16
#define PAUSES 64
/* ms that the end of a run is held up; what is left is the next one's. */
#define WAIT_MOST 5000
/* Commits up to which a run may be a short one. */
#define EARLY 2

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

static enum merge_order
order(void *arg, uint64_t written)
{
	struct store_merge *m = arg;

	atomic_store(&m->written, written);
	if (written >= atomic_load(&m->goal)) {
		pthread_mutex_lock(&m->store->lock);
		atomic_store(&m->goal, UINT64_MAX);
		pthread_cond_broadcast(&m->store->changed);
		pthread_mutex_unlock(&m->store->lock);
	}
	if (m->pausable && written >= atomic_load(&m->budget))
		return MERGE_PAUSE;
	return (enum merge_order)atomic_load(&m->order);
}

static void
keep_reach(struct store_merge *m, const struct merge_reach *reach)
{
	run_mark_copy(&m->reach.mark, &reach->mark);
	memcpy(m->reach.at, reach->at, m->inputs.n * sizeof *m->reach.at);
	m->reach.low = reach->low;
	m->fresh = true;
}

/*
 * Outputs are given out as they come. When much is there twice it is waited
 * until a commit has taken it over.
 */
static int
take_ready(void *arg, const struct merge_output *out, size_t n,
    const struct merge_reach *reach, struct err *err)
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
	keep_reach(m, reach);
	pthread_cond_broadcast(&s->changed);
	while (m->waiting > m->most && !m->hurry &&
	       atomic_load(&m->order) == MERGE_GO_ON)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int
write_merged(struct store_merge *m)
{
	size_t n = m->inputs.n;
	struct run_file **files = mem_array(n, sizeof *files);
	const struct run_mark **from =
	    mem_array(n, sizeof(const struct run_mark *));
	uint64_t *from_at = mem_array(n, sizeof *from_at);
	struct merge_job job = {.dir_fd = m->store->dir.fd,
	    .inputs = files,
	    .from = from,
	    .from_at = from_at,
	    .n = (unsigned)n,
	    .no_sync = m->store->temporary,
	    .last = m->last,
	    .piece = m->piece,
	    .n_low = (unsigned)m->n_low,
	    .ready = take_ready,
	    .dropped = is_dropped,
	    .fold = fold,
	    .order = order,
	    .every = (unsigned)(m->store->o.part_bytes / 64),
	    .name = next_name,
	    .arg = m};
	int rc;

	for (size_t i = 0; i < n; i++) {
		const struct version_run *r = &m->inputs.runs[n - 1 - i];

		files[i] = r->handle->file;
		from[i] = &r->mark;
		from_at[i] = r->at;
	}
	rc = merge_do(&job, &m->made, &m->n_made, &m->err);
	mem_free(files);
	mem_free(from);
	mem_free(from_at);
	if (!rc && !m->store->temporary)
		rc = store_dir_sync(&m->store->dir, &m->err) ? -1 : 0;
	return rc;
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
	buf_release(&(*slot)->reach.mark.key);
	mem_free((*slot)->reach.at);
	err_release(&(*slot)->err);
	mem_free(*slot);
	*slot = NULL;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How large the outputs are, and how much of them may wait for a commit. */
static void
set_pieces(struct store_merge *m, uint64_t bytes)
{
	uint64_t most = m->store->o.run_bytes;
	const struct version *v = &m->inputs;

	m->piece = larger(bytes / PIECES, m->store->o.part_bytes);
	m->piece = m->piece < most ? m->piece : most;
	m->least = larger(bytes / PAUSES, m->store->o.part_bytes);
	m->low = v->runs[0].bytes;
	m->rest = m->low - v->runs[0].at;
	for (m->n_pile = 1;
	     m->n_pile < v->n && version_follows(v, m->n_pile);) {
		m->low += v->runs[m->n_pile].bytes;
		m->rest += v->runs[m->n_pile++].bytes;
	}
	m->n_low = m->n_pile;
	/* Where there is little that could go it is not worth it. */
	if (!m->pausable || m->low < bytes / 3) {
		m->n_low = 0;
		m->piece = most;
	}
	m->most = larger(m->low / SHARES, 2 * m->piece);
}

/* Were all of them merged up to the same place, or none of them at all? */
static bool
is_even(const struct version *v)
{
	for (size_t i = 1; i < v->n; i++)
		if ((v->runs[0].mark.set || v->runs[i].mark.set) &&
		    !version_same_part(&v->runs[0], &v->runs[i]))
			return false;
	return true;
}

/* Can none of the runs below have what the inputs have? */
static bool
is_last(const struct version *v, size_t first)
{
	const struct run_mark *mark = &v->runs[first].mark;

	for (size_t i = 0; i < first; i++)
		if (!mark->set ||
		    !run_file_passed(v->runs[i].handle->file, mark->map,
			mark->bucket, buf_str(&mark->key)))
			return false;
	return true;
}

static struct store_merge *
merge_new(struct store *s, size_t first, size_t n)
{
	struct store_merge *m = mem_zalloc(sizeof *m);
	struct version part = {.runs = s->version.runs + first, .n = n};
	uint64_t bytes = 0;

	m->store = s;
	atomic_init(&m->goal, UINT64_MAX);
	atomic_init(&m->budget, UINT64_MAX);
	for (size_t i = 0; i < n; i++)
		bytes += part.runs[i].bytes;
	version_copy(&m->inputs, &part);
	m->pausable = is_even(&part);
	m->last = m->pausable ? is_last(&s->version, first) : !first;
	for (size_t i = 0; m->last && i < first; i++)
		m->before += s->version.runs[i].bytes;
	m->all = bytes;
	set_pieces(m, bytes);
	m->reach.at = mem_zalloc((n + 1) * sizeof *m->reach.at);
	m->next = s->next_run;
	m->end = s->next_run +=
	    4 + 8 * (bytes / m->piece) + 2 * (bytes / RUN_INDEX_MOST);
	return m;
}

/*
 * Is the run so young that it may be a short one? Then its merges do what is
 * due and pause.
 */
static bool
is_early(const struct store *s)
{
	return s->turns <= EARLY && pick_depth(&s->version) <= MERGE_DEPTH_END;
}

static void
set_budget(struct store_merge *m)
{
	uint64_t due = pick_due(m, false);

	if (m->all >= 4 * m->least)
		atomic_store(&m->budget, larger(due, m->least));
}

static void
start(struct store *s, struct store_merge **slot, struct store_merge *m)
{
	sigset_t all, was;
	bool begun;

	*slot = m;
	sigfillset(&all);
	must(!pthread_sigmask(SIG_SETMASK, &all, &was));
	begun = !pthread_create(&m->thread, NULL, merge_main, m);
	must(!pthread_sigmask(SIG_SETMASK, &was, NULL));
	if (begun)
		return;
	s->merge_pause = REST_AFTER_FAILURE;
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

/* What it has made since it was installed last, with `dead` in it. */
static struct version_run *
new_runs(struct store_merge *m, const struct merge_output *made, size_t n,
    struct section_set dead)
{
	struct version_run *come =
	    mem_zalloc((n - m->installed + 1) * sizeof *come);

	for (size_t i = m->installed; i < n; i++)
		come[i - m->installed] =
		    (struct version_run){.number = made[i].number,
			.bytes = made[i].bytes,
			.n_entries = made[i].n_entries,
			.footer_crc = made[i].footer_crc,
			.dead = dead};
	return come;
}

/*
 * The edits: outputs stand for what the inputs had before the mark, and low
 * inputs go; without a mark all of them do.
 */
static void
put_edits(struct store *s, struct store_merge *m, const struct merge_reach *r,
    const struct version_run *come, size_t n_come)
{
	size_t rest = m->inputs.n - m->low_installed;
	const struct version_run *inputs = &m->inputs.runs[m->low_installed];
	uint64_t *numbers = mem_array(rest + 1, sizeof *numbers);
	uint64_t *at = mem_array(rest + 1, sizeof *at);

	for (size_t i = 0; i < rest; i++) {
		numbers[i] = inputs[i].number;
		at[i] = r ? r->at[rest - 1 - i] : 0;
	}
	if (!r) {
		edit_put_merge(&s->job.edits, numbers, rest, come, n_come);
	} else {
		edit_put_part(
		    &s->job.edits, &r->mark, numbers, at, rest, come, n_come);
		if (r->low > m->low_installed)
			edit_put_merge(&s->job.edits, numbers,
			    r->low - m->low_installed, NULL, 0);
	}
	mem_free(numbers);
	mem_free(at);
}

/*
 * The inputs that are left are replaced by outputs: up to a mark, or at last
 * (r is NULL) altogether.
 */
static void
install(struct store *s, struct store_merge *m, const struct merge_reach *r,
    const struct merge_output *made, size_t n_made)
{
	size_t rest = m->inputs.n - m->low_installed, at;
	const struct version_run *was = &m->inputs.runs[m->low_installed];
	struct section_set dead = {0};
	struct version_run *come;
	struct err err = {0};

	at = version_find(&s->version, was->number);
	must(at + rest <= s->version.n && s->job.applied == s->job.edits.n);
	for (size_t i = 0; i < rest; i++) {
		const struct version_run *now = &s->version.runs[at + i];

		must(now->number == was[i].number);
		note_dead(&dead, &was[i], now);
	}
	come = new_runs(m, made, n_made, dead);
	put_edits(s, m, r, come, n_made - m->installed);
	mem_free(come);
	mem_free(dead.p);
	m->installed = n_made;
	m->low_installed = r ? r->low : m->inputs.n;
	s->parts = s->parts || r;
	if (store_apply(s, &err))
		store_fail(s, &err);
}

/* Installs what a merge has ready, if it has. */
static void
take_part(struct store *s, struct store_merge *m)
{
	struct merge_output *ready = NULL;
	struct merge_reach reach = {0};
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	if (m->fresh) {
		n = m->n_ready;
		ready = mem_array(n + 1, sizeof *ready);
		if (n)
			memcpy(ready, m->ready, n * sizeof *ready);
		run_mark_copy(&reach.mark, &m->reach.mark);
		reach.low = m->reach.low;
		reach.at = mem_array(m->inputs.n + 1, sizeof *reach.at);
		memcpy(reach.at, m->reach.at, m->inputs.n * sizeof *reach.at);
		m->waiting = 0;
		m->fresh = false;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	if (ready)
		install(s, m, &reach, ready, n);
	mem_free(ready);
	mem_free(reach.at);
	buf_release(&reach.mark.key);
}

/* Installs what merges that go on have ready. */
static void
take_parts(struct store *s)
{
	for (unsigned i = 0; i < STORE_MERGES; i++)
		if (s->merges[i])
			take_part(s, s->merges[i]);
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
		install(s, m, NULL, m->made, m->n_made);
	} else if (m->rc > 0) {
		take_part(s, m);
	} else if (m->err.code == ERR_IO) {
		/* A full disk, maybe: what there is does without it. */
		s->merge_pause = REST_AFTER_FAILURE;
		forget_ready(s, m);
	} else {
		store_dir_note(&s->dir, &m->err);
		store_fail(s, &m->err);
	}
	merge_free(slot);
}

/* Runs that are merged in part, and nobody goes on with it. */
static bool
find_part(const struct store *s, size_t *first, size_t *n)
{
	const struct version *v = &s->version;

	for (*first = 0; *first < v->n; (*first)++)
		if (v->runs[*first].mark.set &&
		    !is_input(s, v->runs[*first].number))
			break;
	for (*n = 0; *first + *n < v->n; (*n)++)
		if (!version_same_part(&v->runs[*first], &v->runs[*first + *n]))
			break;
	return *n > 0;
}

/*
 * A merge that has paused, or one above those that go on; *slot is where it is
 * to be. NULL: there is nothing to be merged.
 */
static struct store_merge *
find_next(struct store *s, struct store_merge ***at)
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
	*at = slot;
	if (!slot ||
	    (!find_part(s, &first, &n) && !pick(&s->version, base, &first, &n)))
		return NULL;
	return merge_new(s, first, n);
}

/* False: there is none. */
static bool
begin_next(struct store *s)
{
	struct store_merge **slot, *m = find_next(s, &slot);

	if (!m)
		return false;
	if (is_early(s))
		set_budget(m);
	start(s, slot, m);
	return !s->merge_pause;
}

/* At the end of a run: only if it is behind. */
static void
begin_late(struct store *s)
{
	struct store_merge **slot, *m;

	while (!s->merge_pause && (m = find_next(s, &slot))) {
		if (pick_due(m, true) < m->least &&
		    pick_depth(&s->version) <= MERGE_DEPTH_END) {
			merge_free(&m);
			return;
		}
		start(s, slot, m);
	}
}

/* With the lock. */
static bool
is_fresh(const struct store_merge *m)
{
	return m && m->fresh;
}

void
merge_wait(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (!ended(s) && !is_fresh(s->merges[0]) && !is_fresh(s->merges[1]))
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

static void
lift_budgets(struct store *s)
{
	for (unsigned i = 0; i < STORE_MERGES; i++)
		if (s->merges[i])
			atomic_store(&s->merges[i]->budget, UINT64_MAX);
}

void
merge_turn(struct store *s)
{
	struct store_merge **slot;

	s->turns++;
	s->job.behind = false;
	if (!is_early(s))
		lift_budgets(s);
	if (is_merging(s) && s->version.n >= MERGE_DEPTH_SLOW &&
	    pick_depth(&s->version) >= MERGE_DEPTH_SLOW)
		wait_end(s);
	while ((slot = ended(s)))
		take(s, slot);
	take_parts(s);
	if (atomic_load(&s->failed) || !s->version.n)
		return;
	remove_dead(s);
	if (s->closing)
		return;
	if (s->merge_pause) {
		s->merge_pause--;
		return;
	}
	if (s->turns == 1 || !is_early(s))
		while (begin_next(s))
			;
	s->job.behind = is_behind(s);
}

/* Until it has written so much, or has ended; or for so long at most. */
static void
wait_written(struct store_merge *m, uint64_t bytes, int ms)
{
	struct store *s = m->store;
	const struct timespec until = clock_in_ms(ms);
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	m->hurry = true;
	atomic_store(&m->goal, bytes);
	pthread_cond_broadcast(&s->changed);
	while (!rc && !atomic_load(&m->finished) &&
	       atomic_load(&m->written) < bytes)
		rc = pthread_cond_clockwait(
		    &s->changed, &s->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&s->lock);
}

static void
wait_finished(struct store_merge *m)
{
	struct store *s = m->store;

	pthread_mutex_lock(&s->lock);
	m->hurry = true;
	pthread_cond_broadcast(&s->changed);
	while (!atomic_load(&m->finished))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* Is there anything to be installed now? */
static bool
settle(struct store_merge *m)
{
	uint64_t due = pick_depth(&m->store->version) > MERGE_DEPTH_END
			   ? UINT64_MAX
			   : pick_due(m, true);

	if (due >= m->least)
		wait_written(m, due, WAIT_MOST);
	if (m->pausable && !atomic_load(&m->finished) &&
	    atomic_load(&m->written) >= m->least) {
		atomic_store(&m->order, MERGE_PAUSE);
		wait_finished(m);
	}
	return atomic_load(&m->finished) && m->rc >= 0;
}

bool
merge_owed(struct store *s)
{
	bool owed = false;

	if (!atomic_load(&s->failed))
		begin_late(s);
	s->closing = true;
	for (unsigned i = 0; i < STORE_MERGES; i++)
		if (s->merges[i])
			owed |= settle(s->merges[i]);
	return owed;
}

static void
stop(struct store *s, struct store_merge **slot)
{
	struct store_merge *m = *slot;
	char name[STORE_NAME_MAX];

	pthread_mutex_lock(&s->lock);
	atomic_store(&m->order, MERGE_STOP);
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
