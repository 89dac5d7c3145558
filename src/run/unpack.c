/* SPDX-License-Identifier: MIT */
/* Inflating what is read; see unpack.h. */
#include "run/unpack.h"

#include "base/mem.h"
#include "base/must.h"

#define IN_BYTES ((size_t)64 << 10)

struct unpack {
	struct port port;
	struct port *from;
	struct str name;
	uint64_t inflate_max;
	const struct codec *codec; /* of the member at hand; NULL: between */
	const struct codec *opened;
	void *run; /* of `opened` */
	char *in;  /* bytes [at, n) have not been inflated */
	size_t at, n;
	bool read_all;	 /* nothing follows in[n) */
	bool held;	 /* the codec may hold more, without input */
	bool unsure;	 /* in[at, n) are too few to tell what they begin */
	bool begun;	 /* there was a member */
	const char *why; /* the member is damaged here */
	bool spoilt; /* that, or it ends too early, or is followed by junk */
	uint64_t n_in, n_out;
	void (*member)(void *arg, uint64_t in, uint64_t out);
	void *arg;
};

static void
close_codec(struct unpack *u)
{
	if (u->run)
		u->opened->close(u->run);
	u->run = NULL;
}

static const char *
shown_name(const struct unpack *u, char *room)
{
	if (str_is(u->name, "-"))
		return "standard input";
	err_quote(room, u->name, 120);
	return room;
}

static int
damaged(const struct unpack *u, const char *why, struct err *err)
{
	char room[512];

	return err_set(err, ERR_INPUT, (struct where){0}, "%s: %s",
	    shown_name(u, room), why);
}

/* It will be so however often it is read. */
static int
spoilt(struct unpack *u, const char *why, struct err *err)
{
	u->spoilt = true;
	return damaged(u, why, err);
}

static int
no_library(const struct unpack *u, const struct codec *c, struct err *err)
{
	char room[512];

	err_set(err, ERR_INPUT, (struct where){0},
	    "%s is compressed by %s, and this weir was built without %s",
	    shown_name(u, room), c->name, c->library);
	return err_hint(err, "%s -dc FILE | weir ...", c->name);
}

static int
begin_member(struct unpack *u, const struct codec *c, struct err *err)
{
	if (!c->open)
		return no_library(u, c, err);
	if (!u->run || u->opened != c || !c->reset(u->run)) {
		close_codec(u);
		u->opened = c;
		u->run = c->open();
		if (!u->run)
			return damaged(u, "too little memory to inflate", err);
	}
	u->codec = c;
	u->begun = true;
	if (u->member)
		u->member(u->arg, u->n_in - (u->n - u->at), u->n_out);
	return 0;
}

/* Moves what is left to the front and reads more behind it. */
static int
read_more(struct unpack *u, struct err *err)
{
	ssize_t got;

	if (u->at) {
		memmove(u->in, u->in + u->at, u->n - u->at);
		u->n -= u->at;
		u->at = 0;
	}
	got = port_read(u->from, u->in + u->n, IN_BYTES - u->n, err);
	if (got == -1)
		return -1;
	if (got == 0) {
		u->read_all = true;
		u->unsure = false;
	}
	if (got > 0) {
		u->unsure = false;
		u->n += (size_t)got;
		u->n_in += (size_t)got;
	}
	return 0;
}

/*
 * Between members: looks for the next one. 1: there is one, 0: more bytes are
 * needed or it is the end (read_all, and nothing is left), -1: *err.
 */
static int
next_member(struct unpack *u, struct err *err)
{
	const struct codec *c;

	while (u->at < u->n && u->begun && !u->in[u->at])
		u->at++;
	if (u->at == u->n)
		return 0;
	switch (codec_of(
	    (struct str){u->in + u->at, u->n - u->at}, u->read_all, &c)) {
	case CODEC_YES:
		return begin_member(u, c, err) ? -1 : 1;
	case CODEC_MAYBE:
		u->unsure = true;
		return 0;
	case CODEC_NO:
		break;
	}
	return spoilt(u, "something else follows the compressed data", err);
}

static int
check_ratio(struct unpack *u, struct err *err)
{
	if (u->n_out <= UNPACK_FREE || u->inflate_max == UNPACK_ANY ||
	    u->n_out / u->inflate_max <= u->n_in)
		return 0;
	damaged(u, "inflates to far more than logs do", err);
	return err_hint(err,
	    "--max-inflate N allows N times its size (%llu now), "
	    "--max-inflate any as much as it takes",
	    (unsigned long long)u->inflate_max);
}

/* Bytes made of the member at hand; 0: it needs more input. */
static ssize_t
inflate(struct unpack *u, char *to, size_t n, struct err *err)
{
	if (n > port_read_max)
		n = port_read_max;
	union {
		char *chars;
		unsigned char *bytes;
	} in = {.chars = u->in + u->at}, out = {.chars = to};
	struct codec_io io = {.in = in.bytes,
	    .in_end = in.bytes + (u->n - u->at),
	    .out = out.bytes,
	    .out_end = out.bytes + n};
	enum codec_status status = u->codec->step(u->run, &io);
	size_t made = (size_t)(io.out - out.bytes);

	u->at = u->n - (size_t)(io.in_end - io.in);
	u->held = made == n;
	u->n_out += made;
	if (status == CODEC_END) {
		u->codec = NULL;
		u->held = false;
	}
	if (status == CODEC_BAD)
		u->why = io.why;
	if (check_ratio(u, err))
		return -1;
	return (ssize_t)made;
}

/* Bytes at hand with which the next step can do something. */
static bool
has_work(const struct unpack *u)
{
	return u->held || u->why || (u->at < u->n && !u->unsure);
}

/* One step; bytes made, or PORT_NONE after a step that made none. */
static ssize_t
unpack_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct unpack *u = (struct unpack *)p;
	ssize_t made = PORT_NONE;

	if (!has_work(u)) {
		if (!u->read_all)
			return read_more(u, err) ? -1 : PORT_NONE;
		if (u->codec)
			return spoilt(
			    u, "the compressed data end too early", err);
		return 0;
	}
	/* What was made before the damage has been handed out. */
	if (u->why)
		return spoilt(u, u->why, err);
	if (!u->codec && next_member(u, err) < 0)
		return -1;
	if (u->codec)
		made = inflate(u, to, n, err);
	return made ? made : PORT_NONE;
}

static bool
unpack_ready(struct port *p, int ms)
{
	struct unpack *u = (struct unpack *)p;

	return has_work(u) || u->read_all || port_ready(u->from, ms);
}

static void
unpack_free(struct port *p)
{
	struct unpack *u = (struct unpack *)p;

	close_codec(u);
	port_free(u->from);
	mem_free(u->in);
	mem_free(u);
}

struct port *
unpack_new(
    struct port *from, struct str head, struct str name, uint64_t inflate_max)
{
	static const struct port_kind kind = {
	    unpack_read, unpack_ready, unpack_free};
	struct unpack *u = mem_zalloc(sizeof *u);

	must(head.n <= IN_BYTES);
	u->port.kind = &kind;
	u->from = from;
	u->name = name;
	u->inflate_max = inflate_max;
	u->in = mem_alloc(IN_BYTES);
	if (head.n)
		memcpy(u->in, head.p, head.n);
	u->n = u->n_in = head.n;
	return &u->port;
}

void
unpack_watch(struct port *port,
    void (*member)(void *arg, uint64_t in, uint64_t out), void *arg)
{
	struct unpack *u = (struct unpack *)port;

	u->member = member;
	u->arg = arg;
}

bool
unpack_within(const struct port *port)
{
	const struct unpack *u = (const struct unpack *)port;

	return u->codec || u->at < u->n;
}

bool
unpack_spoilt(const struct port *port)
{
	return ((const struct unpack *)port)->spoilt;
}
