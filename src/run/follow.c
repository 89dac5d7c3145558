/* SPDX-License-Identifier: MIT */
/* Followed files; see follow.h. */
#include "run/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "run/file.h"
#include "run/identity.h"
#include "run/siblings.h"
#include "run/unpack.h"

/* A file that is read once, to its end: a rotated one. */
struct part {
	struct str path;
	struct identity id; /* it may be called otherwise by now */
	uint64_t skip;	    /* bytes that have been read elsewhere */
};

enum where_at {
	AT_NOTHING, /* nothing is open */
	AT_PART,    /* in a file that is read once */
	AT_LIVE,    /* in the file that is followed */
	AT_END	    /* a generation is over; follow_next was not called yet */
};

struct follow {
	struct port port;
	const char *path;
	struct watch *watch;
	uint64_t inflate_max;
	enum where_at where;
	struct arena arena; /* of the parts' paths */
	struct part *parts; /* to be read next: [next_part, n_parts) */
	size_t next_part, n_parts, cap_parts;
	struct siblings known; /* rotated files that are not to be read */
	bool told;	       /* that some cannot be looked at */

	struct port *part; /* AT_PART */
	uint64_t skip;	   /* of its bytes */

	int fd; /* of the live file; it is held while parts are read */
	struct identity once; /* a live file that was read once, compressed */
	struct identity id;
	struct timespec seen; /* its change when its contents were compared */
	uint64_t at;
	struct tail tail;
	char head[IDENTITY_BYTES];
	size_t n_head;
};

/* ---- what comes before the live file ---- */

/* A look that has failed is said once: what is unread there is missed. */
static void
look(struct follow *f, struct siblings *now)
{
	char name[512];

	siblings_look(now, f->path);
	if (!now->failure || f->told)
		return;
	f->told = true;
	err_quote(name, str_of(f->path), 120);
	fprintf(stderr, "weir: cannot look at all rotated files of %s: %s\n",
	    name, strerror(now->failure));
}

static void
add_part(struct follow *f, const struct sibling *s, uint64_t skip)
{
	mem_grow(&f->parts, &f->cap_parts, f->n_parts + 1, sizeof *f->parts);
	f->parts[f->n_parts++] =
	    (struct part){arena_str(&f->arena, s->path), s->id, skip};
}

/* Is what the sibling has the beginning of these bytes? */
static bool
begins_like(const struct sibling *s, const char *head, size_t n)
{
	return s->n_head <= n && !memcmp(s->head, head, s->n_head);
}

/*
 * What is there now is known from here on, but for files without a byte, of
 * which nothing can be known, and the copy that is being made of the live
 * file: both may be the only place of what is truncated next.
 */
static void
know(struct follow *f, struct siblings *now)
{
	char head[IDENTITY_BYTES];
	struct stat st;
	bool packed;
	int failure;
	size_t n = 0, n_live;

	/* Read behind the look: what was copied by then is still in it. */
	n_live = siblings_head(f->path, &st, head, &packed, &failure);
	for (size_t i = 0; i < now->n; i++)
		if (now->list[i].n_head &&
		    !begins_like(&now->list[i], head, n_live))
			now->list[n++] = now->list[i];
	now->n = n;
	f->known = *now;
}

/*
 * Siblings that nobody knew are to be read, but for the generation that was:
 * the one of inode `own`, and what is no more than its beginning. before: only
 * those that are older than it.
 */
static void
add_new(struct follow *f, const struct siblings *old, uint64_t own, bool before)
{
	for (size_t i = 0; i < f->known.n; i++) {
		const struct sibling *s = &f->known.list[i];

		if (s->id.inode == own && before)
			break;
		if (s->id.inode != own && !siblings_know(old, s) &&
		    !begins_like(s, f->head, f->n_head))
			add_part(f, s, 0);
	}
}

/*
 * A generation is over: its rest, if it was copied away before all of it was
 * read, and siblings nobody knew, which came and went unseen. True if there
 * is a rest.
 */
static bool
plan_parts(struct follow *f, bool replaced)
{
	struct siblings old = f->known, now = {0};
	const struct sibling *own;
	uint64_t inode;
	bool rest;

	look(f, &now);
	own = siblings_find(&now, &f->id);
	inode = own ? own->id.inode : 0;
	rest = replaced && own && !siblings_know(&old, own);
	if (rest)
		add_part(f, own, f->at);
	know(f, &now);
	add_new(f, &old, inode, false);
	siblings_release(&old);
	return rest;
}

/*
 * The first bytes of the live file have just been read. What was truncated or
 * moved away before that is copied somewhere by now: what nobody knew comes
 * first, and then the live file again from its beginning.
 */
static void
plan_missed(struct follow *f)
{
	struct siblings old = f->known, now = {0};

	look(f, &now);
	know(f, &now);
	add_new(f, &old, f->id.inode, true);
	siblings_release(&old);
}

/* The file of a part, under whatever name it has now; -1: it is gone. */
static int
find_part(struct follow *f, struct part *p)
{
	struct siblings now = {0};
	const struct sibling *s;
	int fd = -1;

	look(f, &now);
	s = siblings_find(&now, &p->id);
	if (s) {
		p->path = arena_str(&f->arena, s->path);
		fd = file_open(p->path.p);
	}
	siblings_release(&now);
	return fd;
}

static bool
is_compressed(int fd)
{
	const struct codec *codec;
	char head[CODEC_HEAD];
	ssize_t n = pread(fd, head, sizeof head, 0);

	return n > 0 && codec_of((struct str){head, (size_t)n}, true, &codec) ==
			    CODEC_YES;
}

static struct port *
open_once(struct follow *f, int fd, struct str path)
{
	bool compressed = is_compressed(fd);
	struct port *port = file_port(file_new(fd, path.p));

	return compressed ? unpack_new(port, (struct str){NULL, 0}, path,
				f->inflate_max)
			  : port;
}

static void
open_part(struct follow *f)
{
	struct part *p = &f->parts[f->next_part++];
	int fd = find_part(f, p);

	if (fd < 0)
		return;
	f->part = open_once(f, fd, p->path);
	f->skip = p->skip;
	f->where = AT_PART;
}

/* ---- the live file ---- */

/* Opens the file of the name, if there is something in it. */
static void
open_live(struct follow *f)
{
	struct stat st;
	int fd = file_open(f->path);

	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size ||
	    ((uint64_t)st.st_dev == f->once.device &&
		(uint64_t)st.st_ino == f->once.inode)) {
		close(fd);
		return;
	}
	watch_file(f->watch, f->path);
	f->id = identity_of(&st, NULL, 0);
	f->seen = (struct timespec){0};
	f->at = 0;
	f->tail.n = f->n_head = 0;
	f->fd = fd;
}

/* Compressed files do not grow: read once, then the next is waited for. */
static void
begin_live(struct follow *f)
{
	f->where = AT_LIVE;
	f->once = (struct identity){0};
	if (!is_compressed(f->fd))
		return;
	f->once = f->id;
	f->skip = 0;
	f->part = open_once(f, f->fd, str_of(f->path));
	f->fd = -1;
	f->where = AT_PART;
}

static void
open_next(struct follow *f)
{
	if (f->fd < 0)
		open_live(f);
	while (f->where == AT_NOTHING && f->next_part < f->n_parts)
		open_part(f);
	if (f->where == AT_NOTHING && f->fd >= 0)
		begin_live(f);
}

/*
 * The live file's generation is over; a rest that was copied away goes on
 * where it was left, perhaps within a line.
 */
static ssize_t
end_live(struct follow *f, bool replaced)
{
	bool rest = plan_parts(f, replaced);

	close(f->fd);
	f->fd = -1;
	open_live(f);
	f->where = AT_END;
	if (rest)
		open_part(f);
	return f->where == AT_PART ? PORT_NONE : 0;
}

/* ---- reading ---- */

static ssize_t
read_part(struct follow *f, char *to, size_t n, struct err *err)
{
	ssize_t got;

	if (f->skip && n > f->skip)
		n = (size_t)f->skip;
	got = port_read(f->part, to, n, err);
	if (got > 0 && f->skip) {
		f->skip -= (uint64_t)got;
		return PORT_NONE;
	}
	if (got == 0 || got == -1) {
		port_free(f->part);
		f->part = NULL;
		f->where = AT_END;
	}
	return got;
}

/* Has another file taken the name, and is there something in it? */
static bool
is_renamed(const struct follow *f)
{
	struct stat st;

	return !stat(f->path, &st) && S_ISREG(st.st_mode) && st.st_size &&
	       ((uint64_t)st.st_dev != f->id.device ||
		   (uint64_t)st.st_ino != f->id.inode);
}

static void
remember(struct follow *f, const char *p, size_t n)
{
	size_t more = sizeof f->head - f->n_head;

	if (more > n)
		more = n;
	if (more) {
		memcpy(f->head + f->n_head, p, more);
		f->n_head += more;
		identity_grow(&f->id, f->head, f->n_head);
	}
	tail_add(&f->tail, p, n);
	f->at += n;
}

/*
 * Reads on, together with the bytes before: if those are others now, the
 * contents have been replaced. -2: they have.
 */
static ssize_t
read_on(struct follow *f, char *to, size_t n)
{
	char before[TAIL_BYTES];
	struct iovec v[2] = {{before, f->tail.n}, {to, n}};
	ssize_t got;

	do
		got = preadv(f->fd, v, 2, (off_t)(f->at - f->tail.n));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	if ((size_t)got < f->tail.n ||
	    memcmp(before, f->tail.bytes, f->tail.n) != 0)
		return -2;
	return got - (ssize_t)f->tail.n;
}

/* True if something is to be read before it. */
static bool
is_missed(struct follow *f)
{
	plan_missed(f);
	while (f->where == AT_LIVE && f->next_part < f->n_parts)
		open_part(f);
	return f->where == AT_PART;
}

static ssize_t
read_live(struct follow *f, char *to, size_t n, struct err *err)
{
	struct stat st;
	bool renamed;
	ssize_t got;

	if (n > port_read_max)
		n = port_read_max;
	/* Asked before it is read: what is written later is not overlooked. */
	renamed = is_renamed(f);
	if (fstat(f->fd, &st))
		return port_fail(str_of(f->path), "read", err);
	got = read_on(f, to, n);
	if (got == -1)
		return port_fail(str_of(f->path), "read", err);
	f->seen = st.st_mtim;
	if (got > 0 && !f->at && is_missed(f))
		return PORT_NONE;
	if (got > 0) {
		remember(f, to, (size_t)got);
		return got;
	}
	if (got == 0 && !renamed)
		return PORT_NONE;
	return end_live(f, got != 0);
}

static ssize_t
follow_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct follow *f = (struct follow *)p;

	if (f->where == AT_NOTHING)
		open_next(f);
	switch (f->where) {
	case AT_PART:
		return read_part(f, to, n, err);
	case AT_LIVE:
		return read_live(f, to, n, err);
	case AT_END:
		return 0;
	case AT_NOTHING:
		break;
	}
	return PORT_NONE;
}

/* ---- waiting ---- */

static bool
live_changed(const struct follow *f)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return true;
	return (uint64_t)st.st_size != f->at ||
	       st.st_mtim.tv_sec != f->seen.tv_sec ||
	       st.st_mtim.tv_nsec != f->seen.tv_nsec || is_renamed(f);
}

static bool
is_ready(struct follow *f)
{
	if (f->where == AT_NOTHING)
		open_next(f);
	switch (f->where) {
	case AT_LIVE:
		return live_changed(f);
	case AT_PART:
	case AT_END:
		return true;
	case AT_NOTHING:
		break;
	}
	return false;
}

static bool
follow_ready(struct port *p, int ms)
{
	struct follow *f = (struct follow *)p;

	if (is_ready(f))
		return true;
	if (ms <= 0)
		return false;
	watch_wait(f->watch, ms);
	return is_ready(f);
}

static void
follow_free(struct port *p)
{
	struct follow *f = (struct follow *)p;

	port_free(f->part);
	if (f->fd >= 0)
		close(f->fd);
	siblings_release(&f->known);
	arena_release(&f->arena);
	mem_free(f->parts);
	mem_free(f);
}

/* ---- the interface ---- */

struct follow *
follow_new(const char *path, const struct str *backlog, size_t n_backlog,
    struct watch *watch, uint64_t inflate_max, bool quiet)
{
	static const struct port_kind kind = {
	    follow_read, follow_ready, follow_free};
	struct follow *f = mem_zalloc(sizeof *f);
	struct siblings now = {0};

	f->port.kind = &kind;
	f->path = path;
	f->watch = watch;
	f->inflate_max = inflate_max;
	f->fd = -1;
	arena_init(&f->arena, 1024);
	watch_file(watch, path);
	f->told = quiet;
	look(f, &now);
	for (size_t i = 0; i < now.n; i++)
		for (size_t k = 0; k < n_backlog; k++)
			if (str_eq(now.list[i].path, backlog[k]))
				add_part(f, &now.list[i], 0);
	know(f, &now);
	open_live(f);
	return f;
}

struct port *
follow_port(struct follow *f)
{
	return &f->port;
}

void
follow_next(struct follow *f)
{
	if (f->where != AT_END)
		return;
	f->where = AT_NOTHING;
	open_next(f);
}

bool
follow_reads(const struct follow *f, const struct stat *st)
{
	return f->fd >= 0 && f->id.device == (uint64_t)st->st_dev &&
	       f->id.inode == (uint64_t)st->st_ino;
}

struct str
follow_name(const struct follow *f)
{
	if (f->where == AT_PART && f->next_part)
		return f->parts[f->next_part - 1].path;
	return str_of(f->path);
}

struct identity
follow_identity(const struct follow *f)
{
	if (f->where == AT_PART && f->next_part)
		return f->parts[f->next_part - 1].id;
	return f->fd < 0 && f->part ? f->once : f->id;
}

bool
follow_stat(const struct follow *f, struct stat *st)
{
	if (f->where == AT_LIVE)
		return !fstat(f->fd, st);
	return !stat(follow_name(f).p, st);
}

bool
follow_seek(struct follow *f, uint64_t offset)
{
	size_t n = offset < TAIL_BYTES ? (size_t)offset : TAIL_BYTES;
	ssize_t got;

	if (f->where != AT_LIVE)
		return false;
	got = pread(f->fd, f->tail.bytes, n, (off_t)(offset - n));
	if (got != (ssize_t)n)
		return false;
	f->tail.n = n;
	f->at = offset;
	return true;
}
