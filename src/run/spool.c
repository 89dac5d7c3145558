/* SPDX-License-Identifier: MIT */
/* Standard input that can be read again; see spool.h. */
#include "run/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "run/codec.h"

#define NAME_MAX_BYTES 32
/* Room on the disk is taken beforehand, so much at a time … */
#define ROOM ((uint64_t)1 << 20)
/* … or so much, where that is not to be had. */
#define ROOM_LEAST ((size_t)4096)

struct spool {
	const char *dir;
	int folder;
	/* The reader's. */
	uint64_t place; /* where spool_open was told to go on */
	uint64_t at;	/* the next byte to be handed out */
	uint64_t end;	/* of what is kept */
	uint64_t stop;	/* the end of the beginning, while that is read */
	int in;		/* the piece that is read, or -1 */
	uint64_t in_number;
	uint64_t room; /* there is room on the disk for bytes before it */
	char start[CODEC_HEAD];
	size_t n_start;
	bool known;	 /* standard input is not compressed */
	struct err late; /* what was handed on could not be kept */
	/* Shared. */
	pthread_mutex_t lock;
	int out; /* the piece that is written to, or -1 */
	uint64_t out_number;
	bool grown;    /* a piece was begun since the last sync */
	uint64_t kept; /* written so far */
	/* The owner's. */
	int pinned; /* handed out to be synced, or -1 */
	uint64_t noted;
	uint64_t first; /* pieces but 0 before it are gone */
};

struct spool_port {
	struct port port;
	struct spool *spool;
};

/* ---- pieces ---- */

static uint64_t
piece_of(uint64_t place)
{
	return place < SPOOL_HEAD ? 0 : 1 + (place - SPOOL_HEAD) / SPOOL_PIECE;
}

static uint64_t
piece_begin(uint64_t number)
{
	return number ? SPOOL_HEAD + (number - 1) * SPOOL_PIECE : 0;
}

static void
piece_name(char name[static NAME_MAX_BYTES], uint64_t number)
{
	snprintf(
	    name, NAME_MAX_BYTES, "spool.%06llu", (unsigned long long)number);
}

static int
fail(const struct spool *s, uint64_t number, const char *what, struct err *err)
{
	int errnum = errno;

	return err_sys(err, ERR_IO, errnum, "%s/spool.%06llu: cannot %s",
	    s->dir, (unsigned long long)number, what);
}

static int
damaged(
    const struct spool *s, uint64_t number, const char *what, struct err *err)
{
	err_set(err, ERR_STATE, (struct where){0}, "%s/spool.%06llu: %s",
	    s->dir, (unsigned long long)number, what);
	return err_hint(err,
	    "weir state repair %s; or to begin anew: weir state rm %s", s->dir,
	    s->dir);
}

/* The descriptor; -1 and *err, or -2: there is none. */
static int
piece_open(const struct spool *s, uint64_t number, int flags, struct err *err)
{
	char name[NAME_MAX_BYTES];
	struct stat st;
	int fd;

	piece_name(name, number);
	do
		fd = openat(s->folder, name,
		    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		    0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 && errno == ENOENT && !(flags & O_CREAT))
		return -2;
	if (fd < 0)
		return fail(s, number, "open", err);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return damaged(s, number, "is not a regular file", err);
}

bool
spool_is(int folder)
{
	struct stat st;

	return folder >= 0 &&
	       !fstatat(folder, "spool.000000", &st, AT_SYMLINK_NOFOLLOW);
}

/* ---- opening ---- */

/* Is it the name of a piece? */
static bool
take_name(const char *name, uint64_t *number)
{
	char again[NAME_MAX_BYTES];
	int64_t n;

	if (strncmp(name, "spool.", 6) != 0 ||
	    !num_parse_int(str_of(name + 6), &n) || n < 0)
		return false;
	piece_name(again, (uint64_t)n);
	*number = (uint64_t)n;
	return !strcmp(name, again);
}

/* *last: the greatest number. tidy: pieces that have been applied go. */
static int
last_piece(const struct spool *s, bool tidy, uint64_t *last, struct err *err)
{
	int fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	uint64_t number;

	*last = 0;
	if (!d) {
		err_sys(err, ERR_IO, errno, "%s: cannot list", s->dir);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((e = readdir(d))) {
		if (!take_name(e->d_name, &number))
			continue;
		if (number && number < piece_of(s->place)) {
			if (tidy)
				(void)unlinkat(s->folder, e->d_name, 0);
		} else if (number > *last)
			*last = number;
	}
	closedir(d);
	return 0;
}

/* Where a piece ends in the stream; where it begins, if there is none. */
static int
piece_end(const struct spool *s, uint64_t number, uint64_t *end, bool *found,
    struct err *err)
{
	int fd = piece_open(s, number, O_RDONLY, err);
	uint64_t most = piece_begin(number + 1);
	struct stat st;
	int status = 0;

	*end = piece_begin(number);
	*found = fd >= 0;
	if (fd < 0)
		return fd == -2 ? 0 : -1;
	if (fstat(fd, &st))
		status = fail(s, number, "look at it", err);
	else
		*end += (uint64_t)st.st_size;
	if (*end > most)
		*end = most;
	close(fd);
	return status;
}

/* How far the stream goes, and that nothing is missing before that. */
static int
find_end(struct spool *s, uint64_t least, struct err *err)
{
	uint64_t number = piece_of(s->place), last, end;
	bool found = true;

	if (last_piece(s, true, &last, err))
		return -1;
	if (s->place && !spool_is(s->folder))
		return damaged(s, 0, "is missing", err);
	s->end = s->place;
	do {
		if (piece_end(s, number, &end, &found, err))
			return -1;
		if (end > s->end)
			s->end = end;
	} while (found && s->end == piece_begin(++number));
	number = piece_of(s->end);
	if (last > number)
		return damaged(s, number,
		    "is missing or cut, and the ones behind it are there", err);
	if (s->end < least)
		return damaged(s, number,
		    "is missing or cut: not all is there that the last commit "
		    "knows of",
		    err);
	return 0;
}

static int
write_all(const struct spool *s, uint64_t place, const char *p, size_t n)
{
	off_t at = (off_t)(place - piece_begin(s->out_number));

	while (n) {
		ssize_t put = pwrite(s->out, p, n, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			if (!put)
				errno = EIO;
			return -1;
		}
		p += put;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

/*
 * Opens the last piece to go on in it. What a failing disk did not keep of
 * the beginning becomes blank lines, since it is looked at again.
 */
static int
go_on_in_last(struct spool *s, struct err *err)
{
	char blank[4096];
	struct stat st;
	uint64_t at;

	s->out_number = piece_of(s->end);
	s->out = piece_open(s, s->out_number, O_WRONLY, err);
	if (s->out == -1)
		return -1;
	if (s->out < 0 || s->out_number || fstat(s->out, &st))
		return 0;
	memset(blank, '\n', sizeof blank);
	for (at = (uint64_t)st.st_size; at < s->end;) {
		size_t n = s->end - at < sizeof blank ? (size_t)(s->end - at)
						      : sizeof blank;

		if (write_all(s, at, blank, n))
			return fail(s, 0, "write", err);
		at += n;
	}
	return 0;
}

struct spool *
spool_open(
    int folder, const char *dir, uint64_t place, uint64_t end, struct err *err)
{
	struct spool *s = mem_zalloc(sizeof *s);

	*s = (struct spool){.dir = dir,
	    .place = place,
	    .noted = place,
	    .first = piece_of(place),
	    .in = -1,
	    .out = -1,
	    .pinned = -1};
	pthread_mutex_init(&s->lock, NULL);
	s->folder = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder < 0)
		err_sys(err, ERR_IO, errno, "%s: cannot open", dir);
	if (s->folder < 0 || find_end(s, end, err) || go_on_in_last(s, err)) {
		spool_close(s);
		return NULL;
	}
	s->kept = s->end;
	s->room = s->end;
	s->stop = s->end < SPOOL_HEAD ? s->end : SPOOL_HEAD;
	if (!place)
		s->stop = UINT64_MAX;
	return s;
}

/* Room that was taken and is not needed. */
static void
give_back(const struct spool *s)
{
	struct stat st;

	/* What is not given back is used by the next run. */
	if (s->out >= 0 && s->room > s->end && !fstat(s->out, &st) &&
	    ftruncate(s->out, st.st_size))
		return;
}

void
spool_close(struct spool *s)
{
	if (!s)
		return;
	give_back(s);
	if (s->pinned >= 0 && s->pinned != s->out)
		close(s->pinned);
	if (s->out >= 0)
		close(s->out);
	if (s->in >= 0)
		close(s->in);
	if (s->folder >= 0)
		close(s->folder);
	err_release(&s->late);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* ---- what is kept ---- */

static ssize_t
read_kept(struct spool *s, char *to, size_t n, struct err *err)
{
	uint64_t number = piece_of(s->at), end = piece_begin(number + 1);
	ssize_t got;

	if (end > s->end)
		end = s->end;
	if (end > s->stop)
		end = s->stop;
	if (n > end - s->at)
		n = (size_t)(end - s->at);
	if (s->in >= 0 && s->in_number != number) {
		close(s->in);
		s->in = -1;
	}
	if (s->in < 0) {
		s->in_number = number;
		s->in = piece_open(s, number, O_RDONLY, err);
		if (s->in == -2)
			return damaged(s, number, "is missing", err);
		if (s->in < 0)
			return -1;
	}
	do
		got = pread(s->in, to, n, (off_t)(s->at - piece_begin(number)));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(s, number, "read", err);
	if (!got)
		return damaged(s, number, "is shorter than it was", err);
	s->at += (uint64_t)got;
	return got;
}

/* ---- what comes ---- */

/* The piece that the end is in becomes the one that is written to. */
static int
turn_page(struct spool *s, struct err *err)
{
	uint64_t number = piece_of(s->end);
	int fd;

	if (s->out >= 0 && s->out_number == number)
		return 0;
	if (s->out >= 0 && fdatasync(s->out))
		return fail(s, s->out_number, "sync", err);
	fd = piece_open(s, number, O_WRONLY | O_CREAT, err);
	if (fd < 0)
		return -1;
	pthread_mutex_lock(&s->lock);
	if (s->out >= 0 && s->out != s->pinned)
		close(s->out);
	s->out = fd;
	s->out_number = number;
	s->grown = true;
	pthread_mutex_unlock(&s->lock);
	s->room = s->end;
	return 0;
}

/* Takes room behind the end: 0, or -1 and errno. */
static int
take_room(struct spool *s, uint64_t n)
{
#ifdef FALLOC_FL_KEEP_SIZE
	uint64_t at = s->end - piece_begin(s->out_number);
	int failed;

	do
		failed =
		    fallocate(s->out, FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)n);
	while (failed && errno == EINTR);
	if (failed && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return -1;
#endif
	/* Some file systems have no such thing. */
	s->room = s->end + n;
	return 0;
}

/*
 * Before anything is taken from the pipe, which does not take it back, there
 * is room for it. Less than *n, if need be.
 */
static int
make_room(struct spool *s, size_t *n, struct err *err)
{
	uint64_t left = piece_begin(s->out_number + 1) - s->end;
	uint64_t at = s->end - piece_begin(s->out_number);
	struct rlimit limit;

	if (*n > left)
		*n = (size_t)left;
	if (!getrlimit(RLIMIT_FSIZE, &limit) &&
	    limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < at + *n) {
		errno = EFBIG;
		if (limit.rlim_cur <= at)
			return fail(s, s->out_number, "write", err);
		*n = (size_t)(limit.rlim_cur - at);
	}
	if (s->end + *n <= s->room || !take_room(s, left < ROOM ? left : ROOM))
		goto room;
	if (*n > ROOM_LEAST)
		*n = ROOM_LEAST;
	if (take_room(s, *n))
		return fail(s, s->out_number, "write", err);
room:
	if (*n > s->room - s->end)
		*n = (size_t)(s->room - s->end);
	return 0;
}

static ssize_t
read_stdin(char *to, size_t n, struct err *err)
{
	ssize_t got;

	do
		got = read(STDIN_FILENO, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return PORT_NONE;
	return got < 0 ? port_fail(STR("-"), "read", err) : got;
}

/*
 * The first bytes say whether they are compressed: a place in what they
 * inflate to would be none from which a later run can go on.
 */
static ssize_t
read_start(struct spool *s, char *to, size_t n, struct err *err)
{
	size_t want = sizeof s->start - s->n_start;
	const struct codec *codec;
	ssize_t got =
	    read_stdin(s->start + s->n_start, want < n ? want : n, err);

	if (got < 0)
		return got;
	s->n_start += (size_t)got;
	switch (codec_of((struct str){s->start, s->n_start}, !got, &codec)) {
	case CODEC_MAYBE:
		return PORT_NONE;
	case CODEC_YES:
		err_set(err, ERR_USAGE, (struct where){0},
		    "standard input is compressed (%s), and --journal keeps "
		    "only what is not",
		    codec->name);
		return err_hint(err, "inflate it first: zcat FILE | weir …");
	case CODEC_NO:
		break;
	}
	s->known = true;
	memcpy(to, s->start, s->n_start);
	return (ssize_t)s->n_start;
}

/* Writes what was read; it may go over the end of a piece. */
static void
keep(struct spool *s, const char *p, size_t n)
{
	while (n && !turn_page(s, &s->late)) {
		uint64_t left = piece_begin(s->out_number + 1) - s->end;
		size_t some = n < left ? n : (size_t)left;

		if (write_all(s, s->end, p, some)) {
			fail(s, s->out_number, "write", &s->late);
			return;
		}
		s->end += some;
		p += some;
		n -= some;
	}
	if (n)
		return;
	pthread_mutex_lock(&s->lock);
	s->kept = s->end;
	pthread_mutex_unlock(&s->lock);
}

static ssize_t
read_new(struct spool *s, char *to, size_t n, struct err *err)
{
	size_t room = n < sizeof s->start ? sizeof s->start : n;
	ssize_t got;

	if (s->late.message) {
		*err = s->late;
		s->late = (struct err){0};
		return -1;
	}
	if (turn_page(s, err) || make_room(s, &room, err))
		return -1;
	got = s->known ? read_stdin(to, room < n ? room : n, err)
		       : read_start(s, to, n, err);
	if (got <= 0)
		return got;
	/* What has been read is handed on, whatever becomes of it here. */
	s->at = s->end + (uint64_t)got;
	keep(s, to, (size_t)got);
	s->end = s->at;
	return got;
}

/* ---- the port ---- */

static ssize_t
spool_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct spool *s = ((struct spool_port *)p)->spool;

	if (n > port_read_max)
		n = port_read_max;
	if (s->at >= s->stop)
		return 0;
	return s->at < s->end ? read_kept(s, to, n, err)
			      : read_new(s, to, n, err);
}

static bool
spool_ready(struct port *p, int ms)
{
	const struct spool *s = ((struct spool_port *)p)->spool;
	struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};

	return s->at < s->end || s->at >= s->stop || s->late.message ||
	       poll(&wait, 1, ms) > 0;
}

static void
spool_port_free(struct port *p)
{
	mem_free(p);
}

struct port *
spool_port(struct spool *s)
{
	static const struct port_kind kind = {
	    spool_read, spool_ready, spool_port_free};
	struct spool_port *p = mem_alloc(sizeof *p);

	*p = (struct spool_port){{&kind}, s};
	return &p->port;
}

void
spool_seek(struct spool *s, uint64_t place)
{
	s->at = place;
	s->stop = UINT64_MAX;
}

/* ---- commits ---- */

uint64_t
spool_note(struct spool *s, uint64_t place)
{
	uint64_t kept;

	s->noted = place;
	pthread_mutex_lock(&s->lock);
	kept = s->kept;
	pthread_mutex_unlock(&s->lock);
	return kept;
}

void
spool_sync(struct spool *s, struct buf *fds)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->pinned >= 0 && s->pinned != s->out)
		close(s->pinned);
	s->pinned = s->out;
	if (s->out >= 0)
		buf_add(fds, &s->out, sizeof s->out);
	if (s->grown)
		buf_add(fds, &s->folder, sizeof s->folder);
	s->grown = false;
	pthread_mutex_unlock(&s->lock);
}

void
spool_synced(struct spool *s)
{
	char name[NAME_MAX_BYTES];

	if (!s)
		return;
	for (; s->first < piece_of(s->noted); s->first++) {
		if (!s->first)
			continue;
		piece_name(name, s->first);
		/* What stays is removed by the next run. */
		(void)unlinkat(s->folder, name, 0);
	}
}

/* ---- looking for damage ---- */

struct check {
	struct spool s; /* folder, dir and place alone */
	bool mend;
	void (*say)(void *arg, const char *line);
	void *arg;
	int n;
};

static void
tell(struct check *c, uint64_t number, const char *what)
{
	struct buf line = {0};

	buf_printf(&line, "%s/spool.%06llu: %s", c->s.dir,
	    (unsigned long long)number, what);
	c->say(c->arg, buf_z(&line));
	buf_release(&line);
	c->n++;
}

/* What is no file is in the way. */
static int
move_away(const struct check *c, uint64_t number, struct err *err)
{
	char name[NAME_MAX_BYTES];
	struct buf to = {0};
	struct stat st;
	int rc = 0;

	piece_name(name, number);
	if (fstatat(c->s.folder, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    S_ISREG(st.st_mode))
		return 0;
	buf_printf(&to, "lost/%s", name);
	if ((mkdirat(c->s.folder, "lost", 0700) && errno != EEXIST) ||
	    renameat(c->s.folder, name, c->s.folder, buf_z(&to)))
		rc = fail(&c->s, number, "move it to lost/", err);
	buf_release(&to);
	return rc;
}

/* Blank lines up to where a piece has to go: records are not made of them. */
static int
fill(struct check *c, uint64_t number, uint64_t from, uint64_t to,
    struct err *err)
{
	char blank[4096];
	int rc = 0;

	if (move_away(c, number, err))
		return -1;
	c->s.out_number = number;
	c->s.out = piece_open(&c->s, number, O_WRONLY | O_CREAT, err);
	if (c->s.out < 0)
		return -1;
	memset(blank, '\n', sizeof blank);
	while (from < to && !rc) {
		size_t n = to - from < sizeof blank ? (size_t)(to - from)
						    : sizeof blank;

		if (write_all(&c->s, from, blank, n))
			rc = fail(&c->s, number, "write", err);
		from += n;
	}
	if (!rc && fsync(c->s.out))
		rc = fail(&c->s, number, "sync", err);
	close(c->s.out);
	return rc;
}

/* Is a piece there up to a place of the stream? -1: it cannot be mended. */
static int
check_piece(struct check *c, uint64_t number, uint64_t to, struct err *err)
{
	struct err why = {0};
	uint64_t end;
	bool found;

	if (to == piece_begin(number))
		return 0;
	if (piece_end(&c->s, number, &end, &found, &why)) {
		end = piece_begin(number);
		tell(c, number, "is no file that can be read");
	} else if (!found) {
		tell(c, number, "is missing");
	} else if (end < to) {
		tell(c, number, "is cut");
	} else {
		return 0;
	}
	err_release(&why);
	return c->mend ? fill(c, number, end, to, err) : 0;
}

int
spool_check(int folder, const char *dir, uint64_t place, uint64_t end,
    bool mend, void (*say)(void *arg, const char *line), void *arg,
    struct err *err)
{
	struct check c = {.s = {.dir = dir, .folder = folder, .place = place},
	    .mend = mend,
	    .say = say,
	    .arg = arg};
	uint64_t last, number = piece_of(place);

	if (end < place)
		end = place;
	if (last_piece(&c.s, false, &last, err))
		return -1;
	/* All but the last are as long as they can be. */
	if (end < piece_begin(last))
		end = piece_begin(last);
	if (check_piece(&c, 0, end < SPOOL_HEAD ? end : SPOOL_HEAD, err))
		return -1;
	for (number += !number; piece_begin(number) < end; number++) {
		uint64_t to = piece_begin(number + 1);

		if (check_piece(&c, number, end < to ? end : to, err))
			return -1;
	}
	if (c.n && mend && fsync(folder))
		return fail(&c.s, last, "sync its directory", err);
	return c.n;
}
