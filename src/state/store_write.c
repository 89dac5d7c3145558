/* SPDX-License-Identifier: MIT */
/*
 * What the writer does: one commit after another, each by one write and one
 * sync of the journal behind everything it relies on.
 *
 *   1  what the caller wants synced is
 *   2  the epoch's entries, if they are many, become a run together with what
 *      the journal holds; it is synced, and the directory
 *   3  the epoch's entries, if they are few, and its COMMIT go to the end of
 *      the journal; or, if that is full, everything goes to a new one
 *   4  the journal is synced (a new one's directory, too): the commit point
 *   5  HEAD says so
 *   6  files that neither this commit nor the one before needs are removed
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "state/store_head.h"
#include "state/store_in.h"
#include "state/store_journal.h"
#include "state/version.h"

/* Lengths of a journal: beside runs, without, and at any rate. */
#define JOURNAL_PART 4
#define JOURNAL_TIMES 2
#define JOURNAL_LEAST ((uint64_t)512 << 10)

/* ---- what the caller wants synced ---- */

static int
sync_failed(int fd, int e, struct err *err)
{
	char link[40], path[256];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return err_sys(
	    err, ERR_OUTPUT, e, "%s: cannot sync", *path ? path : "output");
}

static int
sync_outputs(struct store_job *job, struct err *err)
{
	for (unsigned i = 0; i < job->n_sync; i++) {
		int fd = job->sync[i];

		/* Pipes and terminals have nothing to be synced. */
		if (fdatasync(fd) && errno != EINVAL && errno != ENOTSUP &&
		    errno != EROFS)
			return sync_failed(fd, errno, err);
	}
	return 0;
}

void
job_close(struct store_job *job)
{
	for (unsigned i = 0; i < job->n_sync; i++)
		close(job->sync[i]);
	mem_free(job->sync);
	job->sync = NULL;
	job->n_sync = 0;
}

/* ---- frames ---- */

static void
put_commit(struct store *s, struct frame_sink *sink, struct str edits)
{
	struct journal_commit c = {
	    .written = s->job.written,
	    .next_run = s->next_run,
	    .note = buf_str(&s->job.note),
	    .edits = edits,
	};

	frame_begin(sink);
	commit_put(&sink->bytes, &c);
	frame_end(sink, FRAME_COMMIT);
}

static void
put_schema(struct store *s, struct frame_sink *sink)
{
	if (!s->schema.n)
		return;
	frame_begin(sink);
	buf_adds(&sink->bytes, buf_str(&s->schema));
	frame_end(sink, FRAME_SCHEMA);
}

static void
put_owner(struct store *s, struct frame_sink *sink)
{
	sink->epoch = s->job.epoch - 1;
	frame_begin(sink);
	put_u64(&sink->bytes, s->term);
	frame_end(sink, FRAME_OWNER);
	sink->epoch = s->job.epoch;
}

static void
put_hello(struct store *s, struct frame_sink *sink)
{
	struct journal_hello h = {.store = s->id,
	    .number = s->log.number,
	    .nonce = s->log.nonce,
	    .term = s->term};

	frame_begin(sink);
	hello_put(&sink->bytes, &h);
	frame_end(sink, FRAME_HELLO);
}

/* ---- the journal ---- */

static int
write_log(struct store *s, const struct frame_sink *sink, struct err *err)
{
	char name[STORE_NAME_MAX];

	store_name(name, STORE_JOURNAL, s->log.number);
	if (store_dir_write(&s->dir, name, s->log.fd, buf_str(&sink->bytes),
		s->log.size, err) ||
	    store_dir_sync_file(&s->dir, name, s->log.fd, err))
		return -1;
	s->log.size += sink->bytes.n;
	s->log.ours = true;
	s->log.renew = false;
	return 0;
}

static int
append(struct store *s, struct err *err)
{
	struct frame_sink sink = {
	    .at = s->log.size, .nonce = s->log.nonce, .epoch = s->job.epoch};
	int rc;

	if (!s->log.ours)
		put_owner(s, &sink);
	if (s->new_schema)
		put_schema(s, &sink);
	if (!s->job.flushed)
		delta_put(&sink, s->job.changes, NULL);
	put_commit(s, &sink, buf_str(&s->job.edits));
	rc = write_log(s, &sink, err);
	buf_release(&sink.bytes);
	return rc;
}

/* A journal that begins with everything; the one before becomes garbage. */
static int
begin_log(struct store *s, struct err *err)
{
	char name[STORE_NAME_MAX];

	if (s->log.fd >= 0)
		close(s->log.fd);
	if (s->log.number)
		garbage_add(s, STORE_JOURNAL, s->log.number, s->job.epoch);
	s->log = (struct store_log){.fd = -1, .number = ++s->last_journal};
	s->log.nonce = hash_draw();
	store_name(name, STORE_JOURNAL, s->log.number);
	s->log.fd =
	    store_dir_file(&s->dir, name, O_RDWR | O_CREAT | O_EXCL, err);
	return s->log.fd < 0 ? -1 : 0;
}

/* Edits that make everything there will be from nothing. */
static void
put_all(struct store *s, struct buf *edits)
{
	const struct store_job *job = &s->job;
	struct str more = {
	    job->edits.p + job->applied, job->edits.n - job->applied};
	struct version v;

	version_copy(&v, &s->version);
	must(edit_apply(more, &v, NULL, NULL));
	edit_put_all(edits, &v);
	version_release(&v);
}

static int
write_whole(struct store *s, struct err *err)
{
	struct buf edits = {0};
	struct frame_sink sink = {.epoch = s->job.epoch};
	char name[STORE_NAME_MAX];
	int rc;

	must(s->job.flushed || !s->aside);
	if (begin_log(s, err))
		return -1;
	sink.nonce = s->log.nonce;
	put_hello(s, &sink);
	put_schema(s, &sink);
	if (!s->job.flushed) {
		delta_put(&sink, s->held, s->job.changes);
		delta_put(&sink, s->job.changes, NULL);
	}
	put_all(s, &edits);
	put_commit(s, &sink, buf_str(&edits));
	buf_release(&edits);
	rc = write_log(s, &sink, err);
	buf_release(&sink.bytes);
	if (!rc)
		rc = store_dir_sync(&s->dir, err);
	if (rc) {
		store_name(name, STORE_JOURNAL, s->log.number);
		store_dir_unlink(&s->dir, name);
	}
	return rc;
}

void
log_close(struct store *s)
{
	struct frame_sink sink = {
	    .at = s->log.size, .nonce = s->log.nonce, .epoch = s->epoch};
	char name[STORE_NAME_MAX];
	struct err err = {0};

	if (s->log.fd < 0 || !s->log.ours || store_dir_fence(&s->dir, &err)) {
		err_release(&err);
		return;
	}
	frame_begin(&sink);
	frame_end(&sink, FRAME_CLOSE);
	store_name(name, STORE_JOURNAL, s->log.number);
	/* If it does not get there the run did not end in order, that is all.
	 */
	if (store_dir_write(&s->dir, name, s->log.fd, buf_str(&sink.bytes),
		s->log.size, &err))
		err_release(&err);
	buf_release(&sink.bytes);
}

/* ---- HEAD, garbage ---- */

/* HEAD may lag: that it could not be written is no failure. */
static void
write_head(struct store *s)
{
	struct buf slot = {0};
	struct err err = {0};
	uint64_t at;

	if (s->head < 0)
		s->head =
		    store_dir_file(&s->dir, "HEAD", O_RDWR | O_CREAT, &err);
	if (s->head >= 0) {
		head_put(&slot, s->job.epoch, s->log.number, s->log.size, &at);
		(void)store_dir_write(
		    &s->dir, "HEAD", s->head, buf_str(&slot), at, &err);
	}
	buf_release(&slot);
	err_release(&err);
}

void
garbage_add(
    struct store *s, enum store_kind kind, uint64_t number, uint64_t epoch)
{
	if (s->n_garbage == s->cap_garbage)
		mem_grow(&s->garbage, &s->cap_garbage, s->n_garbage + 1,
		    sizeof *s->garbage);
	s->garbage[s->n_garbage++] =
	    (struct store_garbage){kind, number, epoch};
}

static void
collect(struct store *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_garbage; i++) {
		struct store_garbage *g = &s->garbage[i];
		char name[STORE_NAME_MAX];

		if (g->epoch >= s->job.epoch) {
			s->garbage[kept++] = *g;
			continue;
		}
		store_name(name, g->kind, g->number);
		store_dir_unlink(&s->dir, name);
	}
	s->n_garbage = kept;
}

/* ---- jobs ---- */

/*
 * A journal may be as long as a part of what there is, so that a small state
 * stays small: of the runs, or if there are none, of what it holds itself.
 */
size_t
journal_most(const struct store *s, size_t bytes)
{
	uint64_t most = 0, held = s->held->bytes + bytes;

	if (s->aside)
		held += aside_table(s)->bytes;
	for (size_t i = 0; i < s->version.n; i++)
		most += s->version.runs[i].bytes;
	most = most ? most / JOURNAL_PART : JOURNAL_TIMES * held;
	if (most < JOURNAL_LEAST)
		most = JOURNAL_LEAST;
	return most < s->o.journal_max ? (size_t)most : s->o.journal_max;
}

size_t
journal_run(const struct store *s)
{
	return (s->version.n ? journal_most(s, 0) : s->o.journal_max) / 4;
}

/* Journals longer than they may be, while a run is made of what they hold. */
#define LONGER 4

/* Is there more in the journal than it may have? */
static bool
is_full(const struct store *s)
{
	size_t most = journal_most(s, s->job.changes->bytes);

	if (s->aside)
		most *= LONGER;
	return s->log.renew || s->log.size + s->job.changes->bytes > most;
}

/* Is it worth a run? What a new journal would have to repeat is, too. */
static bool
is_large(const struct store *s)
{
	size_t bytes = s->job.changes->bytes;

	if (s->job.spill || bytes > s->o.inline_max)
		return true;
	return is_full(s) && !s->log.renew &&
	       (s->aside || s->held->bytes + bytes > journal_run(s));
}

/* The run, and the edits that say so. */
static int
flush_job(struct store *s, struct err *err)
{
	struct flush_what what = {
	    s->job.changes, s->held, aside_table(s), &s->version};
	struct version_run out[FLUSH_PIECES] = {{.number = s->job.run}};
	unsigned n = s->job.n_runs;

	if (flush_run(s, &what, out, &n, err) ||
	    aside_settle(s, &s->job.edits, err))
		return -1;
	edit_put_drops(&s->job.edits, s->job.changes);
	buf_addc(&s->job.edits, EDIT_CLEAR);
	for (unsigned i = 0; i < n; i++)
		edit_put_add(&s->job.edits, &out[i]);
	s->job.flushed = true;
	return 0;
}

/* Before there are such things FORMAT says so: an older program stays away. */
static int
raise_format(struct store *s, struct err *err)
{
	struct format f = {s->id, FORMAT_FIRST};

	if (s->job.pieces)
		f.version = FORMAT_PIECES;
	if (s->job.parts)
		f.version = FORMAT_PARTS;
	if (s->format >= f.version)
		return 0;
	s->format = f.version;
	return format_write(&s->dir, &f, err);
}

static int
commit_job(struct store *s, struct err *err)
{
	int rc = sync_outputs(&s->job, err);

	job_close(&s->job);
	if (rc || raise_format(s, err))
		return -1;
	rc = s->log.fd < 0 || is_full(s) ? write_whole(s, err) : append(s, err);
	if (rc || store_dir_fence(&s->dir, err))
		return -1;
	write_head(s);
	collect(s);
	return 0;
}

int
job_do(struct store *s, struct err *err)
{
	memtable_free(s->trash);
	memtable_free(s->trash_aside);
	s->trash = s->trash_aside = NULL;
	if (store_dir_fence(&s->dir, err))
		return -1;
	if (s->job.behind)
		merge_wait(s);
	s->job.flushed = false;
	if (!is_large(s))
		edit_put_drops(&s->job.edits, s->job.changes);
	else if (flush_job(s, err))
		return -1;
	return s->job.spill ? 0 : commit_job(s, err);
}

void *
writer_main(void *store)
{
	struct store *s = store;
	struct err err = {0};

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->work && !s->quit)
			pthread_cond_wait(&s->changed, &s->lock);
		if (!s->work)
			break;
		pthread_mutex_unlock(&s->lock);
		if (job_do(s, &err))
			store_fail(s, &err);
		pthread_mutex_lock(&s->lock);
		s->work = false;
		atomic_store(&s->finished, true);
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}
