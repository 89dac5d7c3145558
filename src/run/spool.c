/* SPDX-License-Identifier: MIT */
/*
 * Standard input that can be read again; see spool.h. Here its parts are told
 * apart and inflated, and it is known where each begins.
 */
#include "run/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "io/codec.h"
#include "run/ahead.h"
#include "run/spool_raw.h"
#include "run/unpack.h"

/* The part of the stream at hand: one standard input. */
enum part {
	PART_NONE,   /* another one may follow */
	PART_LOOK,   /* its first bytes do not tell yet */
	PART_PLAIN,  /* handed out as it is */
	PART_PACKED, /* by `inner` */
	PART_OVER    /* there are no more */
};

struct spool {
	struct spool_raw raw;
	uint64_t inflate_max;
	/* The reader's. */
	enum part part;
	uint64_t part_raw, part_offset; /* where it begins */
	char head[CODEC_HEAD];		/* its first bytes, [at, n) to come */
	size_t head_at, head_n;
	struct port *inner, *unpack; /* unpack: beneath inner */
	uint64_t offset;	     /* of the next byte to be handed out */
	uint64_t skip;		     /* as many come before it */
	bool beginning;		     /* it is read once more, to its end */
	/* Shared: the beginnings from the noted one on, the last one's damage
	 */
	struct buf marks; /* struct spool_mark */
	bool spoilt;
	uint64_t given; /* as in a mark; the reader's until it has failed */
	/* The owner's. */
	struct spool_mark noted;
	uint64_t first; /* pieces but 0 before it are gone */
};

struct spool_port {
	struct port port;
	struct spool *spool;
};

/* A port of the part as it is kept. */
struct raw_port {
	struct port port;
	struct spool_raw *raw;
};

/* ---- beginnings ---- */

static struct spool_mark *
marks(const struct spool *s, size_t *n)
{
	*n = s->marks.n / sizeof(struct spool_mark);
	return (struct spool_mark *)(void *)s->marks.p;
}

static void
add_mark(struct spool *s, uint64_t raw, uint64_t offset)
{
	struct spool_mark m = {.raw = raw, .offset = offset}, *all;
	size_t n;

	if (s->beginning)
		return;
	pthread_mutex_lock(&s->raw.lock);
	all = marks(s, &n);
	if (n && all[n - 1].raw == raw && all[n - 1].offset == offset)
		all[n - 1].plain = false;
	else
		buf_add(&s->marks, &m, sizeof m);
	pthread_mutex_unlock(&s->raw.lock);
}

static struct spool_mark
last_mark(struct spool *s)
{
	struct spool_mark m = {0}, *all;
	size_t n;

	pthread_mutex_lock(&s->raw.lock);
	all = marks(s, &n);
	if (n)
		m = all[n - 1];
	pthread_mutex_unlock(&s->raw.lock);
	return m;
}

static void
is_plain(struct spool *s)
{
	struct spool_mark *all;
	size_t n;

	s->part = PART_PLAIN;
	if (s->beginning)
		return;
	pthread_mutex_lock(&s->raw.lock);
	all = marks(s, &n);
	if (n)
		all[n - 1].plain = true;
	pthread_mutex_unlock(&s->raw.lock);
}

static void
at_member(void *arg, uint64_t in, uint64_t out)
{
	struct spool *s = arg;

	add_mark(s, s->part_raw + in, s->part_offset + out);
}

/* ---- a part as it is kept ---- */

static ssize_t
raw_read(struct port *p, char *to, size_t n, struct err *err)
{
	return spool_raw_read(((struct raw_port *)p)->raw, to, n, err);
}

static bool
raw_ready(struct port *p, int ms)
{
	return spool_raw_ready(((struct raw_port *)p)->raw, ms);
}

static void
raw_free(struct port *p)
{
	mem_free(p);
}

static struct port *
raw_port(struct spool *s)
{
	static const struct port_kind kind = {raw_read, raw_ready, raw_free};
	struct raw_port *p = mem_alloc(sizeof *p);

	*p = (struct raw_port){{&kind}, &s->raw};
	return &p->port;
}

/* Does a new standard input go on with what is at hand? */
static bool
goes_on(void *arg)
{
	const struct spool *s = arg;

	if (s->part == PART_PACKED)
		return unpack_within(s->unpack);
	return s->part == PART_LOOK && s->head_n;
}

/* ---- parts ---- */

static void
leave_part(struct spool *s)
{
	port_free(s->inner);
	s->inner = s->unpack = NULL;
	s->head_at = s->head_n = 0;
	s->part = PART_NONE;
}

static void
enter_part(struct spool *s)
{
	s->raw.edge = false;
	s->raw.fresh = true;
	s->part = PART_LOOK;
	s->part_raw = s->raw.at;
	s->part_offset = s->offset;
	add_mark(s, s->part_raw, s->part_offset);
}

/* It came to a good end; maybe that of all. */
static void
end_part(struct spool *s)
{
	bool more = s->raw.edge;

	leave_part(s);
	if (more)
		return;
	s->part = PART_OVER;
	add_mark(s, s->raw.at, s->offset);
}

static void
inflate(struct spool *s)
{
	s->unpack = unpack_new(raw_port(s), (struct str){s->head, s->head_n},
	    STR("-"), s->inflate_max);
	unpack_watch(s->unpack, at_member, s);
	s->part = PART_PACKED;
	s->head_at = s->head_n;
	s->inner = ahead_new(s->unpack);
}

/* Some of its first bytes, until they tell: 0, PORT_NONE, or -1. */
static ssize_t
look(struct spool *s, struct err *err)
{
	const struct codec *codec;
	ssize_t got;

	if (s->head_n && !spool_raw_ready(&s->raw, 0))
		return PORT_NONE;
	got = spool_raw_read(
	    &s->raw, s->head + s->head_n, sizeof s->head - s->head_n, err);
	if (got < 0)
		return got;
	s->head_n += (size_t)got;
	if (!s->head_n) {
		end_part(s);
		return 0;
	}
	switch (codec_of((struct str){s->head, s->head_n}, !got, &codec)) {
	case CODEC_MAYBE:
		break;
	case CODEC_YES:
		inflate(s);
		break;
	case CODEC_NO:
		is_plain(s);
		break;
	}
	return 0;
}

static ssize_t
read_plain(struct spool *s, char *to, size_t n, struct err *err)
{
	size_t left = s->head_n - s->head_at;

	if (!left)
		return spool_raw_read(&s->raw, to, n, err);
	if (n > left)
		n = left;
	memcpy(to, s->head + s->head_at, n);
	s->head_at += n;
	return (ssize_t)n;
}

/* The rest of the part at hand, as far as it is kept, is of no use. */
static int
pass_over(struct spool *s, struct err *err)
{
	char some[4096];
	ssize_t got;

	leave_part(s);
	s->raw.kept_only = true;
	s->raw.fresh = false;
	do
		got = spool_raw_read(&s->raw, some, sizeof some, err);
	while (got > 0);
	s->raw.kept_only = false;
	return got < 0 ? -1 : 0;
}

/*
 * The part is damaged. If an earlier run has said so it is passed over; what
 * was made of it ends with a line, that of a record that was cut off, too.
 */
static ssize_t
fail_part(struct spool *s, char *to, struct err *err)
{
	bool spoilt = unpack_spoilt(s->unpack);

	if (s->beginning) {
		err_release(err);
		leave_part(s);
		s->part = PART_OVER;
		return 0;
	}
	if (!spoilt)
		return -1;
	if (s->given == last_mark(s).raw + 1) {
		err_release(err);
		*err = (struct err){0};
		if (pass_over(s, err))
			return -1;
		*to = '\n';
		return 1;
	}
	pthread_mutex_lock(&s->raw.lock);
	s->spoilt = true;
	pthread_mutex_unlock(&s->raw.lock);
	return -1;
}

static ssize_t
read_part(struct spool *s, char *to, size_t n, struct err *err)
{
	ssize_t got;

	for (;;)
		switch (s->part) {
		case PART_NONE:
			enter_part(s);
			break;
		case PART_LOOK:
			got = look(s, err);
			if (got < 0)
				return got;
			break;
		case PART_PLAIN:
			got = read_plain(s, to, n, err);
			if (got)
				return got;
			end_part(s);
			break;
		case PART_PACKED:
			got = port_read(s->inner, to, n, err);
			if (got == -1)
				return fail_part(s, to, err);
			if (got)
				return got;
			end_part(s);
			break;
		case PART_OVER:
			return 0;
		}
}

/* ---- the port ---- */

static ssize_t
spool_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct spool *s = ((struct spool_port *)p)->spool;
	ssize_t got;

	for (;;) {
		got = read_part(s, to, n, err);
		if (got <= 0)
			return got;
		s->offset += (uint64_t)got;
		if ((uint64_t)got > s->skip)
			break;
		s->skip -= (uint64_t)got;
	}
	if (s->skip)
		memmove(to, to + s->skip, (size_t)got - s->skip);
	got -= (ssize_t)s->skip;
	s->skip = 0;
	return got;
}

static bool
spool_ready(struct port *p, int ms)
{
	const struct spool *s = ((struct spool_port *)p)->spool;

	if (s->part == PART_PACKED)
		return port_ready(s->inner, ms);
	return s->part == PART_OVER || s->head_at < s->head_n ||
	       spool_raw_ready(&s->raw, ms);
}

static void
spool_port_free(struct port *p)
{
	leave_part(((struct spool_port *)p)->spool);
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
spool_seek(struct spool *s, uint64_t offset)
{
	struct spool_mark *all, m;
	size_t n, i = 0;

	leave_part(s);
	pthread_mutex_lock(&s->raw.lock);
	all = marks(s, &n);
	must(n && all[0].offset <= offset);
	while (i + 1 < n && all[i + 1].offset <= offset)
		i++;
	m = all[i];
	s->marks.n = (i + 1) * sizeof m;
	pthread_mutex_unlock(&s->raw.lock);
	s->beginning = false;
	s->raw.stop = UINT64_MAX;
	if (m.plain) {
		m.raw += offset - m.offset;
		m.offset = offset;
	}
	spool_raw_seek(&s->raw, m.raw);
	s->offset = m.offset;
	s->skip = offset - m.offset;
	if (!m.plain)
		return;
	s->part = PART_PLAIN;
	s->raw.fresh = false;
}

/* ---- opening ---- */

struct spool *
spool_open(int folder, const char *dir, uint64_t offset,
    const struct spool_mark *mark, uint64_t inflate_max, uint64_t *lost,
    struct err *err)
{
	struct spool *s = mem_zalloc(sizeof *s);

	s->raw.dir.name = dir;
	s->raw.dir.fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->raw.goes_on = goes_on;
	s->raw.arg = s;
	s->inflate_max = inflate_max;
	s->noted = *mark;
	s->given = mark->given;
	s->first = spool_piece_of(mark->raw);
	buf_add(&s->marks, mark, sizeof *mark);
	*lost = 0;
	if (s->raw.dir.fd < 0) {
		err_sys(err, ERR_IO, errno, "%s: cannot open", dir);
		mem_free(s);
		return NULL;
	}
	if (spool_raw_open(&s->raw, mark->raw, mark->kept, lost, err)) {
		spool_close(s);
		return NULL;
	}
	s->beginning = offset != 0;
	if (s->beginning)
		s->raw.stop = s->raw.end < SPOOL_HEAD ? s->raw.end : SPOOL_HEAD;
	return s;
}

void
spool_close(struct spool *s)
{
	if (!s)
		return;
	spool_raw_close(&s->raw);
	close(s->raw.dir.fd);
	buf_release(&s->marks);
	mem_free(s);
}

/* ---- commits ---- */

struct spool_mark
spool_note(struct spool *s, uint64_t offset)
{
	struct spool_mark *all, m;
	size_t n, i = 0;

	pthread_mutex_lock(&s->raw.lock);
	all = marks(s, &n);
	while (i + 1 < n && all[i + 1].offset <= offset)
		i++;
	m = all[i];
	memmove(all, all + i, (n - i) * sizeof *all);
	s->marks.n = (n - i) * sizeof *all;
	m.kept = s->raw.kept;
	pthread_mutex_unlock(&s->raw.lock);
	if (m.plain) {
		m.raw += offset - m.offset;
		m.offset = offset;
	}
	m.given = s->given;
	s->noted = m;
	return m;
}

void
spool_give_up(struct spool *s)
{
	uint64_t raw = last_mark(s).raw;
	bool spoilt;

	pthread_mutex_lock(&s->raw.lock);
	spoilt = s->spoilt;
	pthread_mutex_unlock(&s->raw.lock);
	if (spoilt)
		s->given = raw + 1;
}

void
spool_sync(struct spool *s, struct buf *fds)
{
	if (s)
		spool_raw_sync(&s->raw, fds);
}

void
spool_synced(struct spool *s)
{
	char name[SPOOL_NAME];

	if (!s)
		return;
	for (; s->first < spool_piece_of(s->noted.raw); s->first++) {
		if (!s->first)
			continue;
		spool_piece_name(name, s->first);
		/* What stays is removed by the next run. */
		(void)unlinkat(s->raw.dir.fd, name, 0);
	}
}
