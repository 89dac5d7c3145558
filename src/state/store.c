/* SPDX-License-Identifier: MIT */
/*
 * The owner's side of a store: changes, handing commits over, taking what is
 * durable back. What is handed over is a table of changes as it stands; a new
 * one takes its place, so a commit costs the owner the same however much has
 * changed.
 */
#include "state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "state/store_in.h"

/* ---- failure ---- */

void
store_fail(struct store *s, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	if (!atomic_load(&s->failed)) {
		s->err = *err;
		*err = (struct err){0};
		atomic_store(&s->failed, true);
	}
	pthread_mutex_unlock(&s->lock);
	err_release(err);
}

bool
store_failed(struct store *s, struct err *err)
{
	if (!atomic_load(&s->failed))
		return false;
	/* It does not change any more. */
	if (err) {
		err_set(err, s->err.code, (struct where){0}, "%s",
		    s->err.message ? s->err.message : "the state has failed");
		if (s->err.hint)
			err_hint(err, "%s", s->err.hint);
	}
	return true;
}

/* ---- opening ---- */

/* Runs that edits have removed, and that no commit has ever named. */
static void
remove_gone(struct store *s)
{
	struct buf *gone = &s->job.gone;
	char name[STORE_NAME_MAX];
	uint64_t number;

	for (size_t i = 0; i < gone->n; i += sizeof number) {
		memcpy(&number, gone->p + i, sizeof number);
		store_name(name, STORE_RUN, number);
		store_dir_unlink(&s->dir, name);
	}
	gone->n = 0;
}

static size_t torture_journal;

void
store_torture(size_t journal)
{
	torture_journal = journal;
}

struct store *
store_new(const struct store_options *o)
{
	struct store *s = mem_zalloc(sizeof *s);

	s->o = *o;
	if (torture_journal) {
		s->o.journal_max = s->o.inline_max = torture_journal;
		s->o.run_bytes = s->o.spill_bytes = 2 * torture_journal;
		s->o.part_bytes = torture_journal / 4;
	}
	if (!s->o.journal_max)
		s->o.journal_max = STORE_JOURNAL_MAX;
	if (!s->o.inline_max)
		s->o.inline_max = STORE_INLINE_MAX;
	if (!s->o.spill_bytes)
		s->o.spill_bytes = STORE_SPILL_BYTES;
	if (!s->o.cache_bytes)
		s->o.cache_bytes = STORE_CACHE_BYTES;
	if (!s->o.run_bytes)
		s->o.run_bytes = STORE_RUN_BYTES;
	if (!s->o.part_bytes)
		s->o.part_bytes = STORE_PART_BYTES;
	s->dir = (struct store_dir){.fd = -1, .lock = -1};
	s->log.fd = s->head = -1;
	s->next_run = 1;
	s->pending = memtable_new();
	s->held = memtable_new();
	s->cache = block_cache_new(s->o.cache_bytes);
	must(!pthread_mutex_init(&s->lock, NULL));
	must(!pthread_cond_init(&s->changed, NULL));
	must(!pthread_rwlock_init(&s->fold_lock, NULL));
	return s;
}

/* Of a temporary store nothing stays. */
static void
remove_runs(struct store *s)
{
	char name[STORE_NAME_MAX];

	for (size_t i = 0; i < s->version.n; i++) {
		store_name(name, STORE_RUN, s->version.runs[i].number);
		store_dir_unlink(&s->dir, name);
	}
	remove_gone(s);
	(void)rmdir(s->dir.path);
}

void
store_free(struct store *s)
{
	if (s->temporary && s->dir.path)
		remove_runs(s);
	memtable_free(s->pending);
	memtable_free(s->held);
	memtable_free(s->job.changes);
	memtable_free(s->trash);
	memtable_free(s->trash_aside);
	job_close(&s->job); /* of a commit that has failed early */
	buf_release(&s->job.note);
	buf_release(&s->job.edits);
	buf_release(&s->job.gone);
	version_release(&s->version);
	block_cache_free(s->cache);
	buf_release(&s->note);
	buf_release(&s->schema);
	buf_release(&s->many);
	buf_release(&s->piece);
	asks_free(s->asks);
	mem_free(s->folds);
	gather_release(&s->gather);
	mem_free(s->garbage);
	if (s->log.fd >= 0)
		close(s->log.fd);
	if (s->head >= 0)
		close(s->head);
	store_dir_close(&s->dir);
	err_release(&s->err);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	pthread_rwlock_destroy(&s->fold_lock);
	mem_free(s);
}

int
store_open(struct store **out, const char *dir,
    const struct store_options *options, struct err *err)
{
	struct store *s = store_new(options);

	*out = NULL;
	if (store_dir_open(&s->dir, dir, options, err) ||
	    store_recover(s, err)) {
		store_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

int
store_open_temporary(
    struct store **out, const struct store_options *options, struct err *err)
{
	struct store *s = store_new(options);

	(void)err;
	s->temporary = true;
	s->term = 1;
	*out = s;
	return 0;
}

/* ---- the writer ---- */

/* Signals are the owner's. False: there are no more threads to be had. */
static bool
start_writer(struct store *s)
{
	sigset_t all, was;

	sigfillset(&all);
	must(!pthread_sigmask(SIG_SETMASK, &all, &was));
	s->threaded = !pthread_create(&s->thread, NULL, writer_main, s);
	must(!pthread_sigmask(SIG_SETMASK, &was, NULL));
	return s->threaded;
}

static void
hand_over(struct store *s)
{
	struct err err = {0};

	s->busy = true;
	atomic_store(&s->finished, false);
	if (!s->threaded && !start_writer(s)) {
		if (job_do(s, &err))
			store_fail(s, &err);
		atomic_store(&s->finished, true);
		return;
	}
	pthread_mutex_lock(&s->lock);
	s->work = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void
wait_finished(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (!atomic_load(&s->finished))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

int
store_apply(struct store *s, struct err *err)
{
	struct store_job *job = &s->job;
	struct str more = {
	    job->edits.p + job->applied, job->edits.n - job->applied};

	must(edit_apply(more, &s->version, NULL, &job->gone));
	job->applied = job->edits.n;
	return store_open_runs(s, err);
}

/* The edits that the writer has made hold for the owner, too. */
static int
apply_edits(struct store *s, struct err *err)
{
	struct store_job *job = &s->job;
	struct str more = {
	    job->edits.p + job->applied, job->edits.n - job->applied};

	must(edit_apply(more, &s->version, &s->held, &job->gone));
	job->applied = job->edits.n;
	return store_open_runs(s, err);
}

static void
land_commit(struct store *s)
{
	struct store_job *job = &s->job;
	struct buf note = s->note;

	for (size_t i = 0; i < job->gone.n; i += sizeof(uint64_t)) {
		uint64_t number;

		memcpy(&number, job->gone.p + i, sizeof number);
		garbage_add(s, STORE_RUN, number, job->epoch);
	}
	job->gone.n = job->edits.n = job->applied = 0;
	s->note = job->note;
	job->note = note;
	s->new_schema = false;
	s->epoch = job->epoch;
	s->written = job->written;
}

/* Takes over what the writer has done. */
static void
land(struct store *s)
{
	struct store_job *job = &s->job;
	struct err err = {0};

	if (!s->busy || !atomic_load(&s->finished))
		return;
	s->busy = false;
	if (atomic_load(&s->failed))
		return;
	if (apply_edits(s, &err))
		store_fail(s, &err);
	if (job->flushed) {
		aside_end(s);
	} else {
		if (s->aside)
			aside_drop(s, job->changes);
		memtable_absorb(s->held, job->changes, s->aside != NULL);
	}
	/* Giving much memory back takes time. */
	s->trash = job->changes;
	job->changes = NULL;
	if (!job->spill)
		land_commit(s);
	else if (s->temporary)
		remove_gone(s);
	s->spilled = job->spill;
}

/* What was put so far becomes the job's; reads still see it. */
static void
hand_changes(struct store *s, bool spill)
{
	s->job.spill = spill;
	s->job.pieces = s->pieces;
	s->job.parts = s->parts;
	s->job.run = s->next_run;
	s->job.n_runs = s->version.n || s->aside ? 1 : FLUSH_PIECES;
	s->next_run += s->job.n_runs;
	memtable_settle(s->pending);
	s->job.changes = s->pending;
	s->pending = memtable_new();
	s->pending->hint = memtable_slots(s->job.changes);
	hand_over(s);
}

/* ---- spills ---- */

/* A directory for runs that nobody will open again. */
static int
make_temporary(struct store *s, struct err *err)
{
	const char *top = getenv("TMPDIR");
	struct buf path = {0};
	int rc;

	buf_printf(&path, "%s/weir-XXXXXX", top && *top ? top : "/tmp");
	if (!mkdtemp(path.p)) {
		rc = err_sys(err, ERR_IO, errno,
		    "%s: cannot make a directory for state", buf_z(&path));
	} else {
		rc = store_dir_open(&s->dir, buf_z(&path), &s->o, err);
	}
	buf_release(&path);
	return rc;
}

static void
spill(struct store *s)
{
	struct err err = {0};

	if (store_wait(s, NULL))
		return;
	if (s->temporary && !s->dir.path && make_temporary(s, &err)) {
		store_fail(s, &err);
		return;
	}
	aside_turn(s);
	merge_turn(s);
	if (atomic_load(&s->failed))
		return;
	hand_changes(s, true);
}

static inline void
see_to_size(struct store *s)
{
	size_t most = s->o.spill_bytes;

	if (s->pending->bytes <= most || s->o.read_only ||
	    atomic_load(&s->failed))
		return;
	/* A commit on its way is waited for when there is much more. */
	if (s->pending->bytes > most + most / 2 || !store_is_busy(s))
		spill(s);
}

/* ---- commits ---- */

static void
take_descriptors(struct store_job *job, const struct store_commit *c)
{
	job->sync = c->n_sync ? mem_array(c->n_sync, sizeof *job->sync) : NULL;
	job->n_sync = 0;
	for (unsigned i = 0; i < c->n_sync; i++)
		job->sync[job->n_sync++] = c->sync[i];
}

/* -1 and *err, with no descriptor left open, if there are too many. */
static int
copy_descriptors(struct store_job *job, struct err *err)
{
	for (unsigned i = 0; i < job->n_sync; i++) {
		int fd = fcntl(job->sync[i], F_DUPFD_CLOEXEC, 3), e = errno;

		if (fd >= 0) {
			job->sync[i] = fd;
			continue;
		}
		while (i--)
			close(job->sync[i]);
		job->n_sync = 0;
		return err_sys(err, ERR_OUTPUT, e,
		    "an output cannot be noted for the commit");
	}
	return 0;
}

int
store_commit(struct store *s, const struct store_commit *c, struct err *err)
{
	struct store_job *job = &s->job;

	must(!s->o.read_only);
	if (store_wait(s, err))
		return -1;
	if (!s->temporary) {
		aside_turn(s);
		merge_turn(s);
		if (store_failed(s, err))
			return -1;
	}
	take_descriptors(job, c);
	if (copy_descriptors(job, err)) {
		mem_free(job->sync);
		job->sync = NULL;
		return -1;
	}
	job->note.n = 0;
	buf_adds(&job->note, c->note);
	job->epoch = s->epoch + 1;
	job->written = clock_now();
	if (s->temporary) {
		/* There is nothing that could be lost. */
		job_close(job);
		land_commit(s);
		return 0;
	}
	aside_begin(s);
	hand_changes(s, false);
	return 0;
}

int
store_wait(struct store *s, struct err *err)
{
	if (s->busy) {
		wait_finished(s);
		land(s);
	}
	return store_failed(s, err) ? -1 : 0;
}

uint64_t
store_durable(struct store *s)
{
	land(s);
	return s->epoch;
}

bool
store_is_busy(struct store *s)
{
	land(s);
	return s->busy;
}

void
store_undone(struct store *s)
{
	s->undone = true;
}

/* ---- what the last commit says ---- */

uint64_t
store_epoch(const struct store *s)
{
	return s->epoch;
}

struct str
store_note(const struct store *s)
{
	return buf_str(&s->note);
}

struct str
store_schema(const struct store *s)
{
	return buf_str(&s->schema);
}

void
store_set_schema(struct store *s, struct str text)
{
	struct err err = {0};

	/* A commit that is on its way writes the one before. */
	if (store_wait(s, &err)) {
		err_release(&err);
		return;
	}
	s->schema.n = 0;
	buf_adds(&s->schema, text);
	s->new_schema = true;
}

uint64_t
store_id(const struct store *s)
{
	return s->id;
}

uint64_t
store_term(const struct store *s)
{
	return s->term;
}

/* ---- changes ---- */

void
store_put(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct str value)
{
	struct memtable *m = s->pending;

	memtable_put(m, memtable_section(m, map, bucket), key, value);
	see_to_size(s);
}

void
store_delete(struct store *s, unsigned map, int64_t bucket, struct str key)
{
	struct memtable *m = s->pending;

	memtable_delete(m, memtable_section(m, map, bucket), key);
	see_to_size(s);
}

void
store_append(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct str piece)
{
	struct memtable *m = s->pending;

	s->piece.n = 0;
	pieces_put(&s->piece, piece);
	memtable_put_pieces(m, memtable_section(m, map, bucket), key,
	    buf_str(&s->piece), PIECES_MORE);
	s->pieces = true;
	see_to_size(s);
}

void
store_drop(struct store *s, unsigned map, int64_t bucket)
{
	memtable_drop(s->pending, map, bucket);
}

void
store_drop_map(struct store *s, unsigned map)
{
	memtable_drop_map(s->pending, map);
}

/* ---- folds ---- */

void
store_set_fold(struct store *s, unsigned map, store_fold *fold, void *arg)
{
	size_t i = 0;

	pthread_rwlock_wrlock(&s->fold_lock);
	while (i < s->n_folds && s->folds[i].map != map)
		i++;
	if (i == s->n_folds)
		mem_grow(
		    &s->folds, &s->cap_folds, ++s->n_folds, sizeof *s->folds);
	s->folds[i] = (struct store_folds){map, fold, arg};
	pthread_rwlock_unlock(&s->fold_lock);
}

bool
store_fold_any(void *store, unsigned map, struct str key, struct str pieces,
    bool whole, struct buf *out)
{
	struct store *s = store;
	bool folded = false;

	pthread_rwlock_rdlock(&s->fold_lock);
	for (size_t i = 0; i < s->n_folds; i++)
		if (s->folds[i].map == map && s->folds[i].fold)
			folded = s->folds[i].fold(
			    s->folds[i].arg, key, pieces, whole, out);
	pthread_rwlock_unlock(&s->fold_lock);
	return folded;
}

size_t
store_pending(const struct store *s)
{
	return s->pending->bytes;
}
