/* SPDX-License-Identifier: MIT */
/* Standard input as it comes, kept; see spool_raw.h. */
#include "run/spool_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/port.h"
#include "run/spool.h"

/* Room on the disk is taken beforehand, so much at a time … */
#define ROOM ((uint64_t)1 << 20)
/* … or so much, where that is not to be had. */
#define ROOM_LEAST ((size_t)4096)
/* Marks that may stand beside the frame that is written. */
#define MARKS (3 * SPOOL_FRAME)

/* ---- writing ---- */

/* Writes the head of what stands behind it already, or of a mark. */
static int
put_head(struct spool_raw *s, enum spool_kind kind, const char *body, size_t n,
    struct err *err)
{
	struct spool_frame f = {.kind = kind,
	    .n = (uint32_t)n,
	    .boot = s->boot,
	    .place = kind == SPOOL_FIRST ? spool_piece_begin(s->out_number)
					 : s->end};
	char head[SPOOL_FRAME];

	spool_frame_put(head, &f, body);
	if (spool_write(s->out, head, sizeof head, s->out_at))
		return spool_fail(&s->dir, s->out_number, "write", err);
	s->out_at += sizeof head + n;
	s->end += n;
	if (kind != SPOOL_FIRST)
		s->ended = kind == SPOOL_END;
	return 0;
}

/* The piece that the end is in becomes the one that is written to. */
static int
turn_page(struct spool_raw *s, struct err *err)
{
	uint64_t number = spool_piece_of(s->end);
	int fd;

	if (s->out >= 0 && s->out_number == number)
		return s->out_at ? 0 : put_head(s, SPOOL_FIRST, NULL, 0, err);
	if (s->out >= 0 && fdatasync(s->out))
		return spool_fail(&s->dir, s->out_number, "sync", err);
	fd = spool_piece_open(&s->dir, number, O_RDWR | O_CREAT, err);
	if (fd < 0)
		return -1;
	pthread_mutex_lock(&s->lock);
	if (s->out >= 0 && s->out != s->pinned)
		close(s->out);
	s->out = fd;
	s->out_number = number;
	s->grown = true;
	pthread_mutex_unlock(&s->lock);
	s->out_at = s->room = 0;
	return put_head(s, SPOOL_FIRST, NULL, 0, err);
}

/* Takes room behind what is written: 0, or -1 and errno. */
static int
take_room(struct spool_raw *s, uint64_t n)
{
#ifdef FALLOC_FL_KEEP_SIZE
	int failed;

	do
		failed = fallocate(
		    s->out, FALLOC_FL_KEEP_SIZE, (off_t)s->out_at, (off_t)n);
	while (failed && errno == EINTR);
	if (failed && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return -1;
#endif
	/* Some file systems have no such thing. */
	s->room = s->out_at + n;
	return 0;
}

/* Room that was taken and is not needed. */
static void
give_back(const struct spool_raw *s)
{
	struct stat st;

	/* What is not given back is used by the next run. */
	if (s->out >= 0 && s->room > s->out_at && !fstat(s->out, &st) &&
	    ftruncate(s->out, st.st_size))
		return;
}

/*
 * Before anything is taken from the pipe, which does not take it back, there
 * is room for it. Less than *n, if need be.
 */
static int
make_room(struct spool_raw *s, size_t *n, struct err *err)
{
	uint64_t left = spool_piece_begin(s->out_number + 1) - s->end;
	struct rlimit limit;

	if (*n > SPOOL_FRAME_MOST)
		*n = SPOOL_FRAME_MOST;
	if (*n > left)
		*n = (size_t)left;
	if (!getrlimit(RLIMIT_FSIZE, &limit) &&
	    limit.rlim_cur != RLIM_INFINITY &&
	    limit.rlim_cur < s->out_at + MARKS + *n) {
		errno = EFBIG;
		if (limit.rlim_cur <= s->out_at + MARKS)
			return spool_fail(&s->dir, s->out_number, "write", err);
		*n = (size_t)(limit.rlim_cur - s->out_at - MARKS);
	}
	if (s->out_at + MARKS + *n <= s->room ||
	    !take_room(s, (left < ROOM ? left : ROOM) + MARKS))
		return 0;
	if (*n > ROOM_LEAST)
		*n = ROOM_LEAST;
	if (take_room(s, *n + MARKS))
		return spool_fail(&s->dir, s->out_number, "write", err);
	return 0;
}

/* Frames of bytes that are at hand; they may go over the end of a piece. */
static int
keep(struct spool_raw *s, const char *p, size_t n, struct err *err)
{
	while (n) {
		uint64_t left;
		size_t some = n < SPOOL_FRAME_MOST ? n : SPOOL_FRAME_MOST;

		if (turn_page(s, err))
			return -1;
		left = spool_piece_begin(s->out_number + 1) - s->end;
		if (some > left)
			some = (size_t)left;
		if (spool_write(s->out, p, some, s->out_at + SPOOL_FRAME))
			return spool_fail(&s->dir, s->out_number, "write", err);
		if (put_head(s, SPOOL_DATA, p, some, err))
			return -1;
		p += some;
		n -= some;
	}
	return 0;
}

static void
has_kept(struct spool_raw *s)
{
	pthread_mutex_lock(&s->lock);
	s->kept = s->end;
	pthread_mutex_unlock(&s->lock);
}

static int
mark(struct spool_raw *s, enum spool_kind kind, struct err *err)
{
	return turn_page(s, err) ? -1 : put_head(s, kind, NULL, 0, err);
}

/* ---- opening ---- */

/* What was taken from the pipe by a process that died before its head. */
static int
adopt(struct spool_raw *s, struct spool_walk *w, struct err *err)
{
	uint64_t at = w->at + SPOOL_FRAME;
	struct stat st;
	char *bytes;
	uint64_t n;
	int rc = 0;

	if (fstat(w->fd, &st))
		return spool_fail(&s->dir, s->number, "look at it", err);
	n = (uint64_t)st.st_size - at;
	if (n > SPOOL_FRAME_MOST ||
	    n > spool_piece_begin(s->number + 1) - w->place)
		return spool_damaged(
		    &s->dir, s->number, w->at, "is damaged", err);
	bytes = mem_alloc((size_t)n);
	if (pread(w->fd, bytes, (size_t)n, (off_t)at) != (ssize_t)n)
		rc = spool_fail(&s->dir, s->number, "read", err);
	s->out_at = w->at;
	s->end = w->place;
	if (!rc)
		rc = put_head(s, SPOOL_DATA, bytes, (size_t)n, err);
	mem_free(bytes);
	return rc;
}

/* What did not reach the disk when the machine went down. */
static int
cut_off(struct spool_raw *s, const struct spool_walk *w, uint64_t *lost,
    struct err *err)
{
	struct stat st;

	if (fstat(w->fd, &st) || ftruncate(w->fd, (off_t)w->at))
		return spool_fail(&s->dir, s->number, "cut it", err);
	*lost = (uint64_t)st.st_size - w->at;
	return 0;
}

/* The last piece ends in something that is no frame. */
static int
mend_tail(struct spool_raw *s, struct spool_walk *w, enum spool_step step,
    uint32_t boot, uint64_t least, uint64_t *lost, struct err *err)
{
	/* A piece begins with a head, unless it never reached the disk. */
	bool lost_power = w->at ? boot != s->boot : step == SPOOL_STEP_TAIL;

	if (lost_power && w->place >= least)
		return cut_off(s, w, lost, err);
	if (step == SPOOL_STEP_TAIL && w->at && boot == s->boot &&
	    w->place >= least)
		return adopt(s, w, err);
	return spool_damaged(&s->dir, s->number, w->at,
	    step == SPOOL_STEP_TAIL ? "is damaged" : w->why, err);
}

/*
 * Walks through the piece s->number, the last one as s->out. *end: the place
 * where it ends.
 */
static int
look_through(struct spool_raw *s, int fd, bool last, uint64_t least,
    uint64_t *end, uint64_t *lost, struct err *err)
{
	struct spool_walk w = {.fd = fd, .place = spool_piece_begin(s->number)};
	enum spool_step step;
	uint32_t boot = s->boot;
	int rc = 0;

	s->ended = false;
	while ((step = spool_walk_next(&w)) == SPOOL_STEP_FRAME) {
		if ((w.at == SPOOL_FRAME) != (w.frame.kind == SPOOL_FIRST)) {
			w.at -= SPOOL_FRAME + w.frame.n;
			w.why = "is damaged";
			step = SPOOL_STEP_BAD;
			break;
		}
		boot = w.frame.boot;
		s->ended = w.frame.kind == SPOOL_END;
	}
	s->out_at = w.at;
	*end = w.place;
	if (step == SPOOL_STEP_FAIL)
		rc = spool_fail(&s->dir, s->number, "read", err);
	else if (!w.at && step == SPOOL_STEP_BAD)
		rc = spool_damaged(&s->dir, s->number, 0,
		    "is damaged, or of a weir of another version", err);
	else if (step != SPOOL_STEP_END && last)
		rc = mend_tail(s, &w, step, boot, least, lost, err);
	else if (step != SPOOL_STEP_END)
		rc = spool_damaged(&s->dir, s->number, w.at,
		    step == SPOOL_STEP_TAIL ? "is damaged" : w.why, err);
	if (!rc && s->end > *end)
		*end = s->end;
	spool_walk_release(&w);
	return rc;
}

static int
look_at(struct spool_raw *s, uint64_t number, bool last, uint64_t least,
    uint64_t *end, uint64_t *lost, struct err *err)
{
	int fd =
	    spool_piece_open(&s->dir, number, last ? O_RDWR : O_RDONLY, err);
	int rc;

	s->number = number;
	*end = spool_piece_begin(number);
	if (fd < 0)
		return fd == -2 ? 0 : -1;
	if (last) {
		s->out = fd;
		s->out_number = number;
	}
	rc = look_through(s, fd, last, least, end, lost, err);
	if (!last)
		close(fd);
	return rc;
}

/* How far the stream goes, and that all of it before that is whole. */
static int
find_end(struct spool_raw *s, uint64_t place, uint64_t least, uint64_t *lost,
    struct err *err)
{
	uint64_t number = spool_piece_of(place), last, end = 0;

	if (spool_last(&s->dir, place, true, &last, err))
		return -1;
	if (place && !spool_is(s->dir.fd))
		return spool_damaged(
		    &s->dir, 0, SPOOL_NOWHERE, "is missing", err);
	if (last < number)
		last = number;
	if (number && look_at(s, 0, false, least, &end, lost, err))
		return -1;
	if (number && end < SPOOL_HEAD)
		return spool_damaged(&s->dir, 0, SPOOL_NOWHERE, "is cut", err);
	for (;; number++) {
		if (look_at(s, number, number == last, least, &end, lost, err))
			return -1;
		if (number == last)
			break;
		if (end < spool_piece_begin(number + 1))
			return spool_damaged(&s->dir, number, SPOOL_NOWHERE,
			    "is missing or cut, and the ones behind it are "
			    "there",
			    err);
	}
	s->end = end;
	if (end < least)
		return spool_damaged(&s->dir, number, SPOOL_NOWHERE,
		    "is missing or cut: not all is there that the last commit "
		    "knows of",
		    err);
	return 0;
}

/*
 * What a failing disk did not keep, and what was applied all the same, becomes
 * blank lines, since the beginning is looked at again.
 */
static int
fill_up(struct spool_raw *s, uint64_t place, struct err *err)
{
	char blank[4096];

	memset(blank, '\n', sizeof blank);
	while (s->end < place) {
		size_t n = place - s->end < sizeof blank
			       ? (size_t)(place - s->end)
			       : sizeof blank;

		if (keep(s, blank, n, err))
			return -1;
	}
	return 0;
}

int
spool_raw_open(struct spool_raw *s, uint64_t place, uint64_t least,
    uint64_t *lost, struct err *err)
{
	struct stat st;

	s->boot = spool_boot();
	s->out = s->pinned = s->walk.fd = -1;
	s->stop = UINT64_MAX;
	s->piped = !fstat(STDIN_FILENO, &st) && S_ISFIFO(st.st_mode);
	pthread_mutex_init(&s->lock, NULL);
	if (find_end(s, place, least, lost, err) || fill_up(s, place, err))
		return -1;
	s->kept = s->end;
	s->room = s->out_at;
	spool_raw_seek(s, 0);
	return 0;
}

void
spool_raw_close(struct spool_raw *s)
{
	give_back(s);
	if (s->pinned >= 0 && s->pinned != s->out)
		close(s->pinned);
	if (s->out >= 0)
		close(s->out);
	if (s->walk.fd >= 0)
		close(s->walk.fd);
	spool_walk_release(&s->walk);
	err_release(&s->late);
	pthread_mutex_destroy(&s->lock);
}

/* ---- what is kept ---- */

static void
leave_piece(struct spool_raw *s)
{
	if (s->walk.fd >= 0)
		close(s->walk.fd);
	spool_walk_release(&s->walk);
	s->walk = (struct spool_walk){.fd = -1};
	s->given = 0;
}

void
spool_raw_seek(struct spool_raw *s, uint64_t place)
{
	leave_piece(s);
	s->at = place;
	s->number = spool_piece_of(place);
	s->behind = true;
	s->fresh = true;
	s->edge = s->over = false;
}

static int
enter_piece(struct spool_raw *s, struct err *err)
{
	int fd = spool_piece_open(&s->dir, s->number, O_RDONLY, err);

	if (fd == -2)
		return spool_damaged(
		    &s->dir, s->number, SPOOL_NOWHERE, "is missing", err);
	s->walk = (struct spool_walk){
	    .fd = fd, .place = spool_piece_begin(s->number)};
	return fd < 0 ? -1 : 0;
}

/* The next frame that is kept: 1; 0: there are no more; -1: *err. */
static int
next_kept(struct spool_raw *s, struct err *err)
{
	for (;;) {
		bool more = s->out >= 0 && s->number <= s->out_number;

		if (more && s->walk.fd < 0 && enter_piece(s, err))
			return -1;
		if (!more ||
		    (s->number == s->out_number && s->walk.at >= s->out_at)) {
			s->behind = false;
			return 0;
		}
		switch (spool_walk_next(&s->walk)) {
		case SPOOL_STEP_FRAME:
			return 1;
		case SPOOL_STEP_END:
			if (s->number >= s->out_number)
				return spool_damaged(&s->dir, s->number,
				    s->walk.at, "is shorter than it was", err);
			leave_piece(s);
			s->number++;
			break;
		case SPOOL_STEP_FAIL:
			return spool_fail(&s->dir, s->number, "read", err);
		case SPOOL_STEP_TAIL:
			s->walk.why = "is damaged";
			__attribute__((fallthrough));
		case SPOOL_STEP_BAD:
			return spool_damaged(
			    &s->dir, s->number, s->walk.at, s->walk.why, err);
		}
	}
}

/* Of the frame at hand, or 0: it has nothing (more) to be handed out. */
static size_t
from_frame(struct spool_raw *s, char *to, size_t n)
{
	const struct spool_frame *f = &s->walk.frame;
	uint64_t end = f->place + f->n;

	if (s->walk.fd < 0 || !s->walk.body || f->kind != SPOOL_DATA ||
	    end <= s->at || s->at < f->place)
		return 0;
	if (n > end - s->at)
		n = (size_t)(end - s->at);
	if (n > s->stop - s->at)
		n = (size_t)(s->stop - s->at);
	memcpy(to, s->walk.body + (s->at - f->place), n);
	s->at += n;
	s->fresh = false;
	return n;
}

/* A mark at the place; true: the standard input at hand ends here. */
static bool
at_mark(struct spool_raw *s)
{
	const struct spool_frame *f = &s->walk.frame;

	if (f->place != s->at || s->fresh ||
	    (f->kind != SPOOL_BEGIN && f->kind != SPOOL_END))
		return false;
	s->edge = true;
	return true;
}

/* ---- what comes ---- */

/* Is there something to be read? 1, 0 at the end, PORT_NONE. */
static ssize_t
look_for_bytes(void)
{
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};

	if (poll(&wait, 1, -1) < 0)
		return PORT_NONE;
	return wait.revents & POLLIN ? 1 : !(wait.revents & POLLHUP);
}

/* As read() does. */
static ssize_t
read_through(struct spool_raw *s, char *to, size_t n, struct err *err)
{
	ssize_t got;

	do
		got = read(STDIN_FILENO, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return PORT_NONE;
	if (got < 0)
		return port_read_failed(STR("-"), err);
	/* What has been read is handed on, whatever becomes of it here. */
	if (got && keep(s, to, (size_t)got, &s->late))
		s->end = s->at + (uint64_t)got;
	else
		has_kept(s);
	return got;
}

#ifdef SPLICE_F_MOVE
static int
read_back(struct spool_raw *s, char *to, size_t n, struct err *err)
{
	uint64_t at = s->out_at + SPOOL_FRAME;

	while (n) {
		ssize_t got = pread(s->out, to, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return spool_fail(&s->dir, s->out_number, "read", err);
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* Without a moment in which the bytes are in the process alone. */
static ssize_t
read_piped(struct spool_raw *s, char *to, size_t n, struct err *err)
{
	off_t at = (off_t)(s->out_at + SPOOL_FRAME);
	ssize_t got;

	do
		got = splice(STDIN_FILENO, NULL, s->out, &at, n, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return PORT_NONE;
	if (got < 0 && errno == EINVAL) {
		/* Not into files of this file system. */
		s->piped = false;
		return read_through(s, to, n, err);
	}
	if (got < 0)
		return spool_fail(&s->dir, s->out_number, "write", err);
	if (!got)
		return 0;
	/* From here on the next run takes it, if this one cannot. */
	if (read_back(s, to, (size_t)got, err) ||
	    put_head(s, SPOOL_DATA, to, (size_t)got, err))
		return -1;
	has_kept(s);
	return got;
}
#else
#define read_piped read_through
#endif

/* What comes is announced once, and told from what has come before. */
static int
announce(struct spool_raw *s, struct err *err)
{
	bool within = s->goes_on && s->goes_on(s->arg);

	s->marked = true;
	if (mark(s, within ? SPOOL_GO_ON : SPOOL_BEGIN, err))
		return -1;
	s->edge = !within && !s->fresh;
	return 0;
}

static ssize_t
ends(struct spool_raw *s, struct err *err)
{
	if (s->end && !s->ended && mark(s, SPOOL_END, err))
		return -1;
	s->over = true;
	return 0;
}

static ssize_t
read_new(struct spool_raw *s, char *to, size_t n, struct err *err)
{
	ssize_t got = 1;

	if (s->late.message) {
		*err = s->late;
		s->late = (struct err){0};
		return -1;
	}
	if (!s->marked && (got = look_for_bytes()) != 1)
		return got ? got : ends(s, err);
	if (turn_page(s, err) || make_room(s, &n, err) ||
	    (!s->marked && announce(s, err)))
		return -1;
	if (s->edge)
		return 0;
	got =
	    s->piped ? read_piped(s, to, n, err) : read_through(s, to, n, err);
	if (got > 0) {
		s->at += (uint64_t)got;
		s->fresh = false;
	}
	return got ? got : ends(s, err);
}

ssize_t
spool_raw_read(struct spool_raw *s, char *to, size_t n, struct err *err)
{
	size_t given;

	if (n > port_read_max)
		n = port_read_max;
	if (s->edge || s->over || s->at >= s->stop)
		return 0;
	while (s->behind) {
		int more;

		given = from_frame(s, to, n);
		if (given)
			return (ssize_t)given;
		more = next_kept(s, err);
		if (more < 0)
			return -1;
		if (more && at_mark(s))
			return 0;
	}
	if (!s->kept_only)
		return read_new(s, to, n, err);
	s->edge = true;
	return 0;
}

bool
spool_raw_ready(const struct spool_raw *s, int ms)
{
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};

	return s->behind || s->edge || s->over || s->at >= s->stop ||
	       s->kept_only || s->late.message || poll(&wait, 1, ms) > 0;
}

/* ---- commits ---- */

uint64_t
spool_raw_kept(struct spool_raw *s)
{
	uint64_t kept;

	pthread_mutex_lock(&s->lock);
	kept = s->kept;
	pthread_mutex_unlock(&s->lock);
	return kept;
}

void
spool_raw_sync(struct spool_raw *s, struct buf *fds)
{
	pthread_mutex_lock(&s->lock);
	if (s->pinned >= 0 && s->pinned != s->out)
		close(s->pinned);
	s->pinned = s->out;
	if (s->out >= 0)
		buf_add(fds, &s->out, sizeof s->out);
	if (s->grown)
		buf_add(fds, &s->dir.fd, sizeof s->dir.fd);
	s->grown = false;
	pthread_mutex_unlock(&s->lock);
}
