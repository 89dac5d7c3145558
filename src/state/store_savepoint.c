/* SPDX-License-Identifier: MIT */
/*
 * Savepoints: a directory of its own with the last durable commit. The files
 * are read as somebody reads them who only looks on, so what the store has
 * put since does not matter; runs never change and are linked.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "state/store_head.h"
#include "state/store_in.h"

/* Bytes copied at a time where links cannot be made. */
#define COPY_BYTES ((size_t)1 << 20)

static int
copy_bytes(const struct store_dir *to, const char *name, int in, int out,
    struct err *err)
{
	char *bytes = mem_alloc(COPY_BYTES);
	uint64_t at = 0;
	ssize_t n;
	int rc = 0;

	do {
		n = pread(in, bytes, COPY_BYTES, (off_t)at);
		if (n > 0)
			rc = store_dir_write(to, name, out,
			    (struct str){bytes, (size_t)n}, at, err);
		at += n > 0 ? (uint64_t)n : 0;
	} while (!rc && (n > 0 || (n < 0 && errno == EINTR)));
	if (n < 0 && !rc)
		rc = err_sys(err, ERR_IO, errno, "%s: cannot read", name);
	mem_free(bytes);
	return rc ? rc : store_dir_sync_file(to, name, out, err);
}

static int
copy_file(const struct store_dir *from, const struct store_dir *to,
    const char *name, struct err *err)
{
	int in = store_dir_file(from, name, O_RDONLY, err), out, rc = -1;

	if (in == STORE_MISSING)
		return store_damaged(from, name, err, "is missing");
	if (in < 0)
		return -1;
	out = store_dir_file(to, name, O_WRONLY | O_CREAT | O_EXCL, err);
	if (out >= 0) {
		rc = copy_bytes(to, name, in, out, err);
		close(out);
	}
	close(in);
	return rc;
}

static int
take_runs(const struct store *s, const struct store_dir *to, struct err *err)
{
	for (size_t i = 0; i < s->version.n; i++) {
		char name[STORE_NAME_MAX];

		store_name(name, STORE_RUN, s->version.runs[i].number);
		/* Another file system, or one without links: copies. */
		if (linkat(s->dir.fd, name, to->fd, name, 0) &&
		    copy_file(&s->dir, to, name, err))
			return -1;
	}
	return 0;
}

/* The caller's files grow, so they are always copied. */
static int
take_spools(const struct store *s, const struct store_dir *to, struct err *err)
{
	struct buf names = {0};
	int rc = store_dir_list(&s->dir, &names, err);
	uint64_t number;

	STORE_EACH_NAME(name, &names)
	if (!rc && store_name_kind(name, &number) == STORE_SPOOL)
		rc = copy_file(&s->dir, to, name, err);
	buf_release(&names);
	return rc;
}

static int
check_target(const struct store_dir *to, struct err *err)
{
	struct buf names = {0};
	int rc = store_dir_list(to, &names, err);

	if (!rc && names.n) {
		rc = store_damaged(to, NULL, err, "is not empty");
		err_hint(err,
		    "another directory; or weir state rm %s, if a copy was "
		    "not finished there",
		    to->path);
	}
	buf_release(&names);
	return rc;
}

/* A copy that was not finished: what is in it came from here. */
static void
take_back(const struct store_dir *to)
{
	struct buf names = {0};
	struct err err = {0};

	if (!store_dir_list(to, &names, &err))
		STORE_EACH_NAME(name, &names)
	store_dir_unlink(to, name);
	rmdir(to->path);
	buf_release(&names);
	err_release(&err);
}

/*
 * s, which only looks on, becomes the store of the new directory and writes
 * its first journal. FORMAT comes last: without it nobody takes it for one.
 */
static int
write_there(struct store *s, struct store_dir *to, struct err *err)
{
	struct format f = {s->id, s->format};
	struct store_dir from = s->dir;
	int rc = 0;

	if (take_runs(s, to, err) || take_spools(s, to, err))
		return -1;
	s->dir = *to;
	s->log = (struct store_log){.fd = -1};
	s->last_journal = 0;
	s->job.changes = memtable_new();
	s->job.epoch = s->epoch;
	s->job.written = s->written;
	buf_adds(&s->job.note, buf_str(&s->note));
	if (s->epoch)
		rc = job_do(s, err);
	if (!rc)
		rc = format_write(&s->dir, &f, err);
	s->dir = from;
	return rc;
}

int
store_savepoint(struct store *s, const char *to, struct err *err)
{
	struct store_options look = {.read_only = true},
			     make = {.create = true};
	struct store_dir d = {.fd = -1, .lock = -1};
	struct store *seen;
	int rc;

	if (store_wait(s, err) || store_open(&seen, s->dir.path, &look, err))
		return -1;
	rc = store_dir_open(&d, to, &make, err);
	if (!rc)
		rc = check_target(&d, err);
	if (!rc) {
		rc = write_there(seen, &d, err);
		if (rc)
			take_back(&d);
	}
	store_dir_close(&d);
	if (store_close(seen, rc ? NULL : err) && !rc)
		rc = -1;
	return rc;
}
