/* SPDX-License-Identifier: MIT */
/*
 * The journal of standard input, checked and mended; see spool.h. A piece that
 * is mended is written anew beside it: frames that are whole are taken over,
 * and what is not there becomes blank lines, since every byte has its place
 * and no record is made of a blank line.
 */
#include "run/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/spool_file.h"

struct check {
	struct spool_dir dir;
	bool mend;
	void (*say)(void *arg, const char *line);
	void *arg;
	int n;
};

static void
tell(struct check *c, uint64_t number, uint64_t at, const char *what)
{
	struct err err = {0};

	(void)spool_damaged(&c->dir, number, at, what, &err);
	c->say(c->arg, err.message);
	err_release(&err);
	c->n++;
}

/* ---- a piece written anew ---- */

struct copy {
	const struct spool_dir *dir;
	uint64_t number;
	int fd;
	uint64_t at, place;
};

static int
copy_frame(struct copy *o, enum spool_kind kind, uint32_t boot,
    const char *body, size_t n, struct err *err)
{
	struct spool_frame f = {kind, (uint32_t)n, boot, o->place};
	char head[SPOOL_FRAME];

	spool_frame_put(head, &f, body);
	if (spool_write(o->fd, head, sizeof head, o->at) ||
	    spool_write(o->fd, body, n, o->at + sizeof head))
		return spool_fail(o->dir, o->number, "mend", err);
	o->at += sizeof head + n;
	o->place += n;
	return 0;
}

static int
copy_blank(struct copy *o, uint64_t to, struct err *err)
{
	char blank[4096];

	memset(blank, '\n', sizeof blank);
	while (o->place < to) {
		size_t n = to - o->place < sizeof blank
			       ? (size_t)(to - o->place)
			       : sizeof blank;

		if (copy_frame(o, SPOOL_DATA, spool_boot(), blank, n, err))
			return -1;
	}
	return 0;
}

/* Bytes behind a head of zeros are those of the last read. */
static int
copy_tail(struct copy *o, struct spool_walk *w, uint64_t most, struct err *err)
{
	char *some = mem_alloc(SPOOL_FRAME_MOST);
	ssize_t got =
	    pread(w->fd, some, SPOOL_FRAME_MOST, (off_t)(w->at + SPOOL_FRAME));
	int rc = 0;

	if (got > 0 && (uint64_t)got <= most - o->place)
		rc = copy_frame(
		    o, SPOOL_DATA, spool_boot(), some, (size_t)got, err);
	mem_free(some);
	return rc;
}

/* What of the old piece (fd, or -1) is whole, and blank lines up to `to`. */
static int
copy_piece(struct copy *o, int fd, uint64_t to, struct err *err)
{
	uint64_t most = spool_piece_begin(o->number + 1);
	struct spool_walk w = {.fd = fd, .place = o->place};
	bool more = fd >= 0;
	int rc = copy_frame(o, SPOOL_FIRST, spool_boot(), NULL, 0, err);

	while (more && !rc) {
		enum spool_step step = spool_walk_next(&w);

		if (step == SPOOL_STEP_FRAME) {
			rc = copy_blank(o, w.frame.place, err);
			if (!rc && w.frame.kind != SPOOL_FIRST &&
			    w.place <= most)
				rc = copy_frame(o, w.frame.kind, w.frame.boot,
				    w.body, w.frame.n, err);
		} else if (step == SPOOL_STEP_TAIL) {
			rc = copy_tail(o, &w, most, err);
			more = false;
		} else {
			more =
			    step == SPOOL_STEP_BAD && spool_walk_find(&w, most);
		}
	}
	if (!rc)
		rc = copy_blank(o, to, err);
	spool_walk_release(&w);
	return rc;
}

/* The old one goes to lost/, the new one takes its place. */
static int
put_in_place(const struct check *c, const struct copy *o, const char *made,
    struct err *err)
{
	char name[SPOOL_NAME], lost[SPOOL_NAME + 8];

	spool_piece_name(name, o->number);
	snprintf(lost, sizeof lost, "lost/%s", name);
	if (fsync(o->fd))
		return spool_fail(&c->dir, o->number, "sync", err);
	if ((renameat(c->dir.fd, name, c->dir.fd, lost) && errno != ENOENT) ||
	    renameat(c->dir.fd, made, c->dir.fd, name))
		return spool_fail(&c->dir, o->number, "move it to lost/", err);
	return 0;
}

static int
mend(struct check *c, uint64_t number, int old, uint64_t to, struct err *err)
{
	struct copy o = {.dir = &c->dir,
	    .number = number,
	    .place = spool_piece_begin(number)};
	char made[SPOOL_NAME + 16], name[SPOOL_NAME];
	int rc;

	spool_piece_name(name, number);
	snprintf(made, sizeof made, "lost/%s.new", name);
	if (mkdirat(c->dir.fd, "lost", 0700) && errno != EEXIST)
		return spool_fail(&c->dir, number, "make lost/", err);
	o.fd = openat(c->dir.fd, made,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o.fd < 0)
		return spool_fail(&c->dir, number, "mend", err);
	rc = copy_piece(&o, old, to, err);
	if (!rc)
		rc = put_in_place(c, &o, made, err);
	close(o.fd);
	return rc;
}

/* ---- looking ---- */

/* A head of zeros at the end of the last piece: somebody writes, or died. */
static bool
look_through(struct check *c, uint64_t number, int fd, bool last, uint64_t to)
{
	struct spool_walk w = {.fd = fd, .place = spool_piece_begin(number)};
	enum spool_step step;
	const char *what = NULL;
	uint64_t at;

	while ((step = spool_walk_next(&w)) == SPOOL_STEP_FRAME)
		continue;
	at = w.at;
	if (step == SPOOL_STEP_FAIL)
		what = "cannot be read";
	else if (step == SPOOL_STEP_BAD)
		what = w.why;
	else if (step == SPOOL_STEP_TAIL && (!last || !w.at))
		what = "is damaged";
	else if (w.place < to)
		what = "is cut";
	if (what)
		tell(c, number, at, what);
	spool_walk_release(&w);
	return !what;
}

/* Is a piece there up to a place of the stream? -1: it cannot be mended. */
static int
check_piece(
    struct check *c, uint64_t number, bool last, uint64_t to, struct err *err)
{
	struct err why = {0};
	int fd = spool_piece_open(&c->dir, number, O_RDONLY, &why), rc = 0;
	bool whole = false;

	if (fd >= 0)
		whole = look_through(c, number, fd, last, to);
	else if (fd == -1)
		tell(c, number, SPOOL_NOWHERE, "is no file that can be read");
	else if (to > spool_piece_begin(number))
		tell(c, number, SPOOL_NOWHERE, "is missing");
	else
		whole = true;
	err_release(&why);
	if (!whole && c->mend)
		rc = mend(c, number, fd, to, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

int
spool_check(int folder, const char *dir, uint64_t raw, uint64_t kept,
    bool mend_it, void (*say)(void *arg, const char *line), void *arg,
    struct err *err)
{
	struct check c = {
	    .dir = {dir, folder}, .mend = mend_it, .say = say, .arg = arg};
	uint64_t last, number = spool_piece_of(raw), end = kept;

	if (end < raw)
		end = raw;
	if (spool_last(&c.dir, raw, false, &last, err))
		return -1;
	/* All but the last are as long as they can be. */
	if (end < spool_piece_begin(last))
		end = spool_piece_begin(last);
	if (check_piece(&c, 0, !last, end < SPOOL_HEAD ? end : SPOOL_HEAD, err))
		return -1;
	for (number += !number;
	     number <= last || spool_piece_begin(number) < end; number++) {
		uint64_t to = spool_piece_begin(number + 1);

		if (check_piece(
			&c, number, number >= last, end < to ? end : to, err))
			return -1;
	}
	if (c.n && c.mend && fsync(folder))
		return spool_fail(&c.dir, last, "sync its directory", err);
	return c.n;
}
