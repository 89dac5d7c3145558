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

static struct store *
new_store(const struct store_options *o)
{
	struct store *s = mem_zalloc(sizeof *s);

	s->o = *o;
	if (!s->o.journal_max)
		s->o.journal_max = STORE_JOURNAL_MAX;
	if (!s->o.inline_max)
		s->o.inline_max = STORE_INLINE_MAX;
	if (!s->o.spill_bytes)
		s->o.spill_bytes = STORE_SPILL_BYTES;
	if (!s->o.cache_bytes)
		s->o.cache_bytes = STORE_CACHE_BYTES;
	s->dir = (struct store_dir){.fd = -1, .lock = -1};
	s->log.fd = s->head = -1;
	s->next_run = 1;
	s->pending = memtable_new();
	must(!pthread_mutex_init(&s->lock, NULL));
	must(!pthread_cond_init(&s->changed, NULL));
	return s;
}

static void
free_store(struct store *s)
{
	memtable_free(s->pending);
	memtable_free(s->held);
	memtable_free(s->job.changes);
	buf_release(&s->job.note);
	buf_release(&s->job.edits);
	buf_release(&s->note);
	buf_release(&s->schema);
	buf_release(&s->many);
	mem_free(s->garbage);
	if (s->log.fd >= 0)
		close(s->log.fd);
	if (s->head >= 0)
		close(s->head);
	store_dir_close(&s->dir);
	err_release(&s->err);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	mem_free(s);
}

int
store_open(struct store **out, const char *dir,
    const struct store_options *options, struct err *err)
{
	struct store *s = new_store(options);

	*out = NULL;
	if (store_dir_open(&s->dir, dir, options, err) ||
	    store_recover(s, err)) {
		free_store(s);
		return -1;
	}
	*out = s;
	return 0;
}

int
store_open_temporary(
    struct store **out, const struct store_options *options, struct err *err)
{
	struct store *s = new_store(options);

	(void)err;
	s->temporary = true;
	s->held = memtable_new();
	s->term = 1;
	*out = s;
	return 0;
}

/* ---- the writer ---- */

/* Signals are the owner's. */
static void
start_writer(struct store *s)
{
	sigset_t all, was;

	sigfillset(&all);
	must(!pthread_sigmask(SIG_SETMASK, &all, &was));
	must(!pthread_create(&s->thread, NULL, writer_main, s));
	must(!pthread_sigmask(SIG_SETMASK, &was, NULL));
	s->threaded = true;
}

static void
hand_over(struct store *s)
{
	if (!s->threaded)
		start_writer(s);
	s->busy = true;
	atomic_store(&s->finished, false);
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

/* Takes over what the writer has done. */
static void
land(struct store *s)
{
	struct store_job *job = &s->job;
	struct buf note = s->note;

	if (!s->busy || !atomic_load(&s->finished))
		return;
	s->busy = false;
	if (atomic_load(&s->failed))
		return;
	memtable_absorb(s->held, job->changes);
	memtable_free(job->changes);
	job->changes = NULL;
	job->edits.n = 0;
	s->note = job->note;
	job->note = note;
	s->new_schema = false;
	s->epoch = job->epoch;
	s->written = job->written;
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
	job->changes = s->pending;
	s->pending = memtable_new();
	if (s->temporary) {
		job_close(job);
		s->busy = true;
		atomic_store(&s->finished, true);
		land(s);
		return 0;
	}
	hand_over(s);
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

int
store_close(struct store *s, struct err *err)
{
	int rc = store_wait(s, err);

	if (s->threaded) {
		pthread_mutex_lock(&s->lock);
		s->quit = true;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	if (!rc)
		log_close(s);
	free_store(s);
	return rc;
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
}

void
store_delete(struct store *s, unsigned map, int64_t bucket, struct str key)
{
	struct memtable *m = s->pending;

	memtable_delete(m, memtable_section(m, map, bucket), key);
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

size_t
store_pending(const struct store *s)
{
	return s->pending->bytes;
}

void
store_info(struct store *s, struct store_info *out)
{
	store_wait(s, NULL);
	*out = (struct store_info){
	    .epoch = s->epoch,
	    .term = s->term,
	    .id = s->id,
	    .written = s->written,
	    .journal_bytes = s->log.size,
	    .n_journals = s->log.number != 0,
	    .n_entries = s->held->n_entries,
	    .closed = s->was_closed,
	};
}

void
store_map_size(
    struct store *s, unsigned map, uint64_t *entries, uint64_t *bytes)
{
	store_wait(s, NULL);
	*entries = *bytes = 0;
	for (size_t i = 0; i < s->held->n; i++) {
		const struct mem_section *section = s->held->sections[i];

		if (section->map == map) {
			*entries += section->index.n;
			*bytes += section->bytes;
		}
	}
}
