/* SPDX-License-Identifier: MIT */
/* Descriptors as ports, and looking at what they begin with; see port.h. */
#include "run/port.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/ahead.h"
#include "run/unpack.h"

size_t port_read_max = SIZE_MAX;

int
port_fail(struct str name, const char *what, struct err *err)
{
	char shown[512];
	int errnum = errno;

	err_quote(shown, name, 120);
	return err_sys(err, ERR_INPUT, errnum, "cannot %s %s", what,
	    str_is(name, "-") ? "standard input"
	    : name.n	      ? shown
			      : "\"\"");
}

int
port_read_failed(struct str name, struct err *err)
{
	(void)port_fail(name, "read", err);
	err->code = ERR_IO;
	return -1;
}

/* ---- a descriptor ---- */

struct fd_port {
	struct port port;
	int fd;
	struct str name;
};

static ssize_t
fd_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct fd_port *f = (struct fd_port *)p;
	ssize_t got;

	if (n > port_read_max)
		n = port_read_max;
	do
		got = read(f->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return PORT_NONE;
	return got < 0 ? port_read_failed(f->name, err) : got;
}

static bool
fd_ready(struct port *p, int ms)
{
	struct pollfd wait = {
	    .fd = ((struct fd_port *)p)->fd, .events = POLLIN};

	return poll(&wait, 1, ms) > 0;
}

static void
fd_free(struct port *p)
{
	struct fd_port *f = (struct fd_port *)p;

	if (f->fd > STDIN_FILENO)
		close(f->fd);
	mem_free(f);
}

struct port *
port_of_fd(int fd, struct str name)
{
	static const struct port_kind kind = {fd_read, fd_ready, fd_free};
	struct fd_port *f = mem_alloc(sizeof *f);

	*f = (struct fd_port){{&kind}, fd, name};
	return &f->port;
}

/* ---- looking at the first bytes ---- */

/*
 * Until the first bytes tell, they are kept in `head`. Then either they are
 * handed out and reading goes through, or an inflating port takes over.
 */
struct sniffed {
	struct port port;
	struct port *from;
	struct str name;
	uint64_t inflate_max;
	bool known, ended; /* the end is told once only, by terminals */
	char head[CODEC_HEAD];
	size_t at, n;
};

static ssize_t
hand_out(struct sniffed *s, char *to, size_t n)
{
	if (n > s->n - s->at)
		n = s->n - s->at;
	memcpy(to, s->head + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static void
inflate(struct sniffed *s)
{
	struct port *unpack = unpack_new(
	    s->from, (struct str){s->head, s->n}, s->name, s->inflate_max);

	s->from = ahead_new(unpack);
	s->at = s->n;
	s->ended = false;
}

/* 1: it is known what it is; 0: not yet; -1: *err. */
static int
look(struct sniffed *s, struct err *err)
{
	const struct codec *codec;
	ssize_t got =
	    port_read(s->from, s->head + s->n, sizeof s->head - s->n, err);

	if (got == -1)
		return -1;
	if (got == PORT_NONE)
		return 0;
	s->n += (size_t)got;
	s->ended = got == 0;
	switch (codec_of((struct str){s->head, s->n}, got == 0, &codec)) {
	case CODEC_MAYBE:
		return 0;
	case CODEC_YES:
		inflate(s);
		break;
	case CODEC_NO:
		break;
	}
	s->known = true;
	return 1;
}

static ssize_t
sniffed_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct sniffed *s = (struct sniffed *)p;

	if (!s->known) {
		int known = look(s, err);

		if (known <= 0)
			return known ? -1 : PORT_NONE;
		if (s->at == s->n && !port_ready(p, 0))
			return PORT_NONE;
	}
	if (s->at < s->n)
		return hand_out(s, to, n);
	return s->ended ? 0 : port_read(s->from, to, n, err);
}

static bool
sniffed_ready(struct port *p, int ms)
{
	struct sniffed *s = (struct sniffed *)p;

	return (s->known && (s->at < s->n || s->ended)) ||
	       port_ready(s->from, ms);
}

static void
sniffed_free(struct port *p)
{
	port_free(((struct sniffed *)p)->from);
	mem_free(p);
}

struct port *
port_sniffed(struct port *from, struct str name, uint64_t inflate_max)
{
	static const struct port_kind kind = {
	    sniffed_read, sniffed_ready, sniffed_free};
	struct sniffed *s = mem_zalloc(sizeof *s);

	s->port.kind = &kind;
	s->from = from;
	s->name = name;
	s->inflate_max = inflate_max;
	return &s->port;
}
