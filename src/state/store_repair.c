/* SPDX-License-Identifier: MIT */
/*
 * Repairing a directory: the newest commit of which everything is whole is
 * looked for, in the newest journal first, and written to a new journal.
 * Files that are damaged, or that only later commits name, move to lost/.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "state/store_head.h"
#include "state/store_in.h"

/* What is known of a run's file. */
struct known_run {
	uint64_t number, bytes;
	uint32_t footer_crc;
	bool whole;
};

struct repair {
	struct store *store;
	struct recovery r;
	void (*say)(void *arg, const char *line);
	void *arg;
	struct known_run *runs;
	size_t n_runs, cap_runs;
	/* What was chosen. */
	uint64_t number, epoch;
	uint64_t newest; /* epoch that any journal or HEAD speaks of */
	bool damaged;	 /* something has to be done */
	bool bad_head;	 /* HEAD is damaged, or leads */
};

__attribute__((format(printf, 2, 3))) static void
say(struct repair *p, const char *fmt, ...)
{
	char words[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	p->say(p->arg, words);
}

/* ---- moving aside ---- */

static int
make_lost(struct repair *p, struct err *err)
{
	const struct store_dir *d = &p->store->dir;

	if (!mkdirat(d->fd, "lost", 0700) || errno == EEXIST)
		return 0;
	return err_sys(err, ERR_IO, errno, "%s/lost: cannot make it", d->path);
}

/* To lost/NAME, or NAME.1 … if that is there already. */
static int
move_lost(struct repair *p, const char *name, struct err *err)
{
	const struct store_dir *d = &p->store->dir;
	struct buf to = {0};
	struct stat st;
	int rc = make_lost(p, err);

	buf_printf(&to, "lost/%s", name);
	for (int i = 1;
	     !fstatat(d->fd, buf_z(&to), &st, AT_SYMLINK_NOFOLLOW) && i < 1000;
	     i++) {
		to.n = 0;
		buf_printf(&to, "lost/%s.%d", name, i);
	}
	if (rc) {
		/* It cannot be moved. */
	} else if (!renameat(d->fd, name, d->fd, buf_z(&to))) {
		say(p, "%s/%s: moved to %s", d->path, name, buf_z(&to));
	} else if (errno != ENOENT) {
		rc = err_sys(err, ERR_IO, errno, "%s/%s: cannot move it to %s",
		    d->path, name, buf_z(&to));
	}
	buf_release(&to);
	return rc;
}

/* ---- looking for what is whole ---- */

static bool
run_is_whole(struct repair *p, const struct version_run *r)
{
	struct known_run *k;

	for (size_t i = 0; i < p->n_runs; i++) {
		k = &p->runs[i];
		if (k->number == r->number && k->bytes == r->bytes &&
		    k->footer_crc == r->footer_crc)
			return k->whole;
	}
	mem_grow(&p->runs, &p->cap_runs, p->n_runs + 1, sizeof *p->runs);
	k = &p->runs[p->n_runs++];
	*k = (struct known_run){.number = r->number,
	    .bytes = r->bytes,
	    .footer_crc = r->footer_crc,
	    .whole = check_run(&p->store->dir, r, p->say, p->arg)};
	return k->whole;
}

/* Is all there that a commit of the journal at hand needs? */
static bool
commit_is_whole(struct repair *p, uint64_t epoch)
{
	struct replayed said;
	size_t at;
	bool whole = journal_replay(&p->r.scan, epoch, &said, &at);

	for (size_t i = 0; i < said.version.n; i++)
		whole &= run_is_whole(p, &said.version.runs[i]);
	replayed_release(&said);
	return whole;
}

static bool
look_in(struct repair *p, uint64_t number)
{
	const struct journal_scan *scan = &p->r.scan;
	const char *dir = p->store->dir.path;

	if (scan->hello &&
	    (scan->said.store != p->r.id || scan->said.number != number)) {
		p->damaged = true;
		say(p,
		    "%s/journal.%06" PRIu64 ": belongs to another state "
		    "directory",
		    dir, number);
		return false;
	}
	if (scan->damaged) {
		p->damaged = true;
		say(p,
		    "%s/journal.%06" PRIu64 ": damaged at byte %zu, behind "
		    "commit %" PRIu64,
		    dir, number, scan->bad_at, scan->last);
	}
	for (uint64_t epoch = scan->last; epoch && epoch >= scan->first;
	     epoch--) {
		if (commit_is_whole(p, epoch)) {
			p->number = number;
			p->epoch = epoch;
			return true;
		}
		p->damaged = true;
	}
	return false;
}

static int
look(struct repair *p, struct err *err)
{
	bool found = false;

	p->newest = p->r.head;
	for (size_t i = 0; !found && i < p->r.n; i++) {
		if (recovery_read(&p->r, p->r.journals[i], err))
			return -1;
		if (p->r.scan.last > p->newest)
			p->newest = p->r.scan.last;
		found = look_in(p, p->r.journals[i]);
	}
	/* If it leads, what it speaks of is lost. */
	p->bad_head |= p->r.head > p->epoch;
	p->damaged |= p->newest > p->epoch || p->bad_head;
	return 0;
}

/* What cannot even be read goes at once. */
static int
look_at_head(struct repair *p, struct err *err)
{
	struct buf file = {0};
	struct err why = {0};
	bool found;
	int rc = 0;

	if (store_dir_read(&p->store->dir, "HEAD", &file, &found, &why))
		rc = move_lost(p, "HEAD", err);
	p->bad_head = why.message || head_damages(buf_str(&file));
	err_release(&why);
	buf_release(&file);
	return rc;
}

/* ---- FORMAT ---- */

/* The number of the store, as any journal has it. */
static uint64_t
id_by_journals(struct repair *p)
{
	struct err err = {0};

	for (size_t i = 0; i < p->r.n; i++) {
		if (recovery_read(&p->r, p->r.journals[i], &err))
			err_release(&err);
		else if (p->r.scan.hello)
			return p->r.scan.said.store;
	}
	return hash_draw();
}

static int
mend_format(struct repair *p, struct err *err)
{
	struct store *s = p->store;
	struct err why = {0};
	struct format f;
	bool newer;

	if (!format_read(&s->dir, &f, &why) && f.version) {
		p->r.id = f.id;
		return 0;
	}
	newer = why.message && strstr(why.message, "newer weir");
	if (newer) {
		*err = why;
		return -1;
	}
	err_release(&why);
	p->r.id = id_by_journals(p);
	p->damaged = true;
	say(p, "%s/FORMAT: is written anew", s->dir.path);
	if (move_lost(p, "FORMAT", err))
		return -1;
	/* Nobody knows which it was: the newest is always right. */
	f = (struct format){p->r.id, FORMAT_PIECES};
	return format_write(&s->dir, &f, err);
}

/* ---- making it so ---- */

static bool
is_kept(const struct repair *p, enum store_kind kind, uint64_t number)
{
	const struct version *v = &p->store->version;

	if (kind == STORE_RUN)
		return version_find(v, number) < v->n;
	/* Older ones are whole, or say nothing that would be believed. */
	return kind >= STORE_SPOOL || number > p->r.journals[0];
}

/* Everything but what the chosen commit names. */
static int
move_rest(struct repair *p, struct err *err)
{
	STORE_EACH_NAME(name, &p->r.names)
	{
		uint64_t number = 0;
		enum store_kind kind = store_name_kind(name, &number);

		if (!is_kept(p, kind, number) && move_lost(p, name, err))
			return -1;
	}
	return store_dir_sync(&p->store->dir, err);
}

/* No number of a run is used again. */
static void
pass_numbers(struct repair *p)
{
	struct store *s = p->store;

	STORE_EACH_NAME(name, &p->r.names)
	{
		uint64_t number = 0;

		if (store_name_kind(name, &number) == STORE_RUN &&
		    number >= s->next_run)
			s->next_run = number + 1;
	}
}

static int
write_chosen(struct repair *p, struct err *err)
{
	struct store *s = p->store;
	int rc;

	if (recovery_read(&p->r, p->number, err) ||
	    store_load(s, &p->r, p->number, p->epoch, err))
		return -1;
	pass_numbers(p);
	s->term++;
	s->last_journal = p->r.journals[0];
	s->job.changes = memtable_new();
	s->job.epoch = s->epoch;
	s->job.written = s->written;
	buf_adds(&s->job.note, buf_str(&s->note));
	rc = p->bad_head ? move_lost(p, "HEAD", err) : 0;
	return rc ? rc : job_do(s, err);
}

static int
mend(struct repair *p, struct err *err)
{
	const char *dir = p->store->dir.path;

	p->store->id = p->r.id;
	if (p->epoch) {
		if (p->newest > p->epoch)
			say(p,
			    "%s: goes back to commit %" PRIu64 "; %" PRIu64
			    " after it are lost",
			    dir, p->epoch, p->newest - p->epoch);
		if (write_chosen(p, err))
			return -1;
	} else if (p->newest || p->r.n) {
		say(p, "%s: no commit is whole: the state begins anew", dir);
		if (move_lost(p, "HEAD", err))
			return -1;
	}
	return move_rest(p, err);
}

/* Damaged ones that nothing needs: a repair that was stopped has left them. */
static int
move_old(struct repair *p, struct err *err)
{
	bool moved = false;
	int rc = 0;

	for (size_t i = 0; !rc && i < p->r.n; i++) {
		char name[STORE_NAME_MAX];

		if (p->r.journals[i] >= p->number)
			continue;
		rc = recovery_read(&p->r, p->r.journals[i], err);
		if (rc || !p->r.scan.damaged)
			continue;
		store_name(name, STORE_JOURNAL, p->r.journals[i]);
		rc = move_lost(p, name, err);
		moved = true;
	}
	return rc || !moved ? rc : store_dir_sync(&p->store->dir, err);
}

static int
repair(struct repair *p, struct err *err)
{
	struct store *s = p->store;

	p->r.dir = &s->dir;
	if (look_at_head(p, err) || recovery_list(&p->r, err) ||
	    mend_format(p, err) || look(p, err))
		return -1;
	return p->damaged ? mend(p, err) : move_old(p, err);
}

int
store_repair(const char *dir, void (*tell)(void *arg, const char *line),
    void *arg, struct err *err)
{
	struct store_options o = {0};
	struct repair p = {.store = store_new(&o), .say = tell, .arg = arg};
	int rc = store_dir_open(&p.store->dir, dir, &o, err);
	bool begun = false;

	if (!rc)
		rc = store_dir_known(&p.store->dir, &begun, err);
	if (!rc)
		rc = store_dir_lock(&p.store->dir, &o, err);
	if (!rc && !begun)
		rc = repair(&p, err);
	recovery_release(&p.r);
	mem_free(p.runs);
	store_free(p.store);
	return rc;
}
