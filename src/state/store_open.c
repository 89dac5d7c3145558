/* SPDX-License-Identifier: MIT */
/*
 * Opening: the newest journal that has a whole commit says what there is.
 *
 * A journal without one was begun and not finished; then the one before it
 * holds. Commits that HEAD says were synced must be there. What is behind the
 * last one is cut off. If it is not sure that the last commit was synced (the
 * run ended between the two, or its sync failed), everything is written to a
 * new journal before anybody relies on it: a second sync of the same bytes
 * would prove nothing. Likewise where LOCK was removed: whoever had it before
 * may be stopped in the midst of a commit, and ends at the next (fencing).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "state/store_head.h"
#include "state/store_in.h"
#include "state/store_recover.h"

/* ---- FORMAT ---- */

/* A directory with files in it, none of which is FORMAT, is not ours. */
static int
check_empty(struct store *s, struct err *err)
{
	struct buf names = {0};
	int rc = store_dir_list(&s->dir, &names, err);

	STORE_EACH_NAME(name, &names)
	{
		uint64_t number;

		if (rc || store_name_early(name))
			continue;
		if (store_name_kind(name, &number) != STORE_OTHER ||
		    !strcmp(name, "HEAD"))
			rc = store_damaged(&s->dir, "FORMAT", err,
			    "is missing beside %s", name);
		else
			rc = store_foreign(&s->dir, name, err);
	}
	buf_release(&names);
	return rc;
}

/*
 * FORMAT, made if this is to become a store. Before there is a lock another
 * process may just be making it: who finds something finds FORMAT then, too.
 */
static int
read_format(struct store *s, bool make, struct err *err)
{
	struct err other = {0};
	struct format f;
	int strange;

	if (format_read(&s->dir, &f, err))
		return -1;
	strange = f.version ? 0 : check_empty(s, &other);
	if (strange && format_read(&s->dir, &f, err)) {
		err_release(&other);
		return -1;
	}
	s->id = f.id;
	s->format = f.version;
	if (strange && !f.version) {
		*err = other;
		return -1;
	}
	err_release(&other);
	if (f.version)
		return 0;
	if (s->o.read_only || !s->o.create)
		return store_damaged(
		    &s->dir, NULL, err, "there is no state in the directory");
	if (!make)
		return 0;
	s->id = f.id = hash_draw();
	s->format = f.version = FORMAT_FIRST;
	return format_write(&s->dir, &f, err);
}

/* ---- taking it over ---- */

int
store_open_runs(struct store *s, struct err *err)
{
	for (size_t i = 0; i < s->version.n; i++) {
		struct version_run *r = &s->version.runs[i];
		char name[STORE_NAME_MAX];
		struct run_file *file;

		if (r->handle)
			continue;
		store_name(name, STORE_RUN, r->number);
		file = run_file_open(s->dir.fd, name, r->number, r->bytes,
		    r->footer_crc, s->cache, err);
		if (!file)
			return store_dir_note(&s->dir, err);
		version_opened(r, run_handle_new(file));
	}
	return 0;
}

int
store_load(struct store *s, const struct recovery *r, uint64_t number,
    uint64_t upto, struct err *err)
{
	struct replayed said;
	size_t at;

	if (!number)
		return 0;
	if (!journal_replay(&r->scan, upto, &said, &at)) {
		char name[STORE_NAME_MAX];

		store_name(name, STORE_JOURNAL, number);
		replayed_release(&said);
		return store_damaged(&s->dir, name, err,
		    "what is at byte %zu is not understood", at);
	}
	memtable_free(s->held);
	s->held = said.held;
	s->version = said.version;
	s->epoch = said.epoch;
	s->term = said.term;
	s->next_run = said.next_run;
	s->written = said.written;
	buf_release(&s->note);
	buf_release(&s->schema);
	s->note = said.note;
	s->schema = said.schema;
	s->was_closed = r->scan.closed;
	return store_open_runs(s, err);
}

/* Goes on in the journal: nothing may stand behind the last commit. */
static int
go_on(struct store *s, struct recovery *r, uint64_t number, struct err *err)
{
	char name[STORE_NAME_MAX];

	store_name(name, STORE_JOURNAL, number);
	s->log = (struct store_log){
	    .fd = store_dir_file(&s->dir, name, O_RDWR, err),
	    .number = number,
	    .nonce = r->scan.said.nonce,
	    .size = r->scan.end,
	};
	if (s->log.fd == STORE_MISSING)
		return store_damaged(&s->dir, name, err, "has gone away");
	if (s->log.fd < 0)
		return -1;
	if (r->scan.end == r->scan.file.n)
		return 0;
	if (ftruncate(s->log.fd, (off_t)r->scan.end))
		return err_sys(err, ERR_IO, errno, "%s/%s: cannot truncate",
		    s->dir.path, name);
	return store_dir_sync_file(&s->dir, name, s->log.fd, err);
}

/* The last commit once more, in a new journal. */
static int
write_again(struct store *s, uint64_t number, struct err *err)
{
	int rc;

	s->log = (struct store_log){.fd = -1, .number = number};
	s->job.changes = memtable_new();
	s->job.epoch = s->epoch;
	s->job.written = s->written;
	s->job.spill = false;
	buf_adds(&s->job.note, buf_str(&s->note));
	rc = job_do(s, err);
	s->job.edits.n = 0;
	memtable_free(s->job.changes);
	s->job.changes = NULL;
	return rc;
}

/* What no commit names goes; what the one before may need goes later. */
static void
clear_up(struct store *s, struct recovery *r, uint64_t number)
{
	store_dir_unlink(&s->dir, "FORMAT.tmp");
	STORE_EACH_NAME(name, &r->names)
	{
		uint64_t n;
		enum store_kind kind = store_name_kind(name, &n);

		switch (kind) {
		case STORE_JOURNAL:
			if (n < number)
				garbage_add(s, kind, n, s->epoch);
			else if (n > number)
				store_dir_unlink(&s->dir, name);
			break;
		case STORE_RUN:
			if (n >= s->next_run)
				store_dir_unlink(&s->dir, name);
			else if (version_find(&s->version, n) == s->version.n)
				garbage_add(s, kind, n, s->epoch);
			break;
		case STORE_SPOOL:
		case STORE_OTHER:
			break;
		}
	}
}

static int
recover(struct store *s, struct recovery *r, struct err *err)
{
	uint64_t number;

	if (recovery_list(r, err) || recovery_find(r, &number, err) ||
	    store_load(s, r, number, UINT64_MAX, err))
		return -1;
	if (s->o.read_only) {
		s->log.number = number;
		s->log.size = r->scan.end;
		return 0;
	}
	s->term++;
	s->last_journal = r->n ? r->journals[0] : 0;
	clear_up(s, r, number);
	if (!number)
		return 0;
	/* Without a LOCK somebody may still write to the journal there is. */
	return s->epoch > r->head || s->dir.anew ? write_again(s, number, err)
						 : go_on(s, r, number, err);
}

/*
 * Who only looks may find files gone that were there a moment ago: then he
 * looks again.
 */
#define LOOKS 20

static bool
has_changed(const struct recovery *r)
{
	struct recovery now = {.dir = r->dir};
	struct err err = {0};
	bool changed = recovery_list(&now, &err) ||
		       !str_eq(buf_str(&now.names), buf_str(&r->names)) ||
		       now.head != r->head;

	recovery_release(&now);
	err_release(&err);
	return changed;
}

int
store_recover(struct store *s, struct err *err)
{
	struct recovery r;
	int rc;

	if (read_format(s, false, err))
		return -1;
	if (!s->o.read_only &&
	    (store_dir_lock(&s->dir, &s->o, err) || read_format(s, true, err)))
		return -1;
	for (int looks = 0;; looks++) {
		bool again;

		r = (struct recovery){.dir = &s->dir, .id = s->id};
		rc = recover(s, &r, err);
		again =
		    rc && s->o.read_only && looks < LOOKS && has_changed(&r);
		recovery_release(&r);
		if (!again)
			break;
		version_release(&s->version);
		err_release(err);
	}
	if (rc && err->code == ERR_STATE && !err->hint)
		err_hint(err, "weir state repair %s", s->dir.path);
	return rc;
}
