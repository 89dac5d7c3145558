/* SPDX-License-Identifier: MIT */
/*
 * Where bytes come from: one interface, whatever is behind it.
 *
 * A port hands out bytes in order and knows whether it would have to wait.
 * Kinds: a descriptor (a pipe, a device), a regular file (file.h), either of
 * them inflated on the way (unpack.h), read ahead by a thread of its own
 * (ahead.h), or a file that is followed (follow.h). What the bytes mean is
 * nobody's business here; see input.h.
 */
#ifndef WEIR_RUN_PORT_H
#define WEIR_RUN_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct port;

/* There is nothing yet, and it is not the end: wait (port_ready), try again. */
#define PORT_NONE ((ssize_t)-2)

struct port_kind {
	/*
	 * Reads 1 to n bytes; 0 at the end, PORT_NONE, or -1 and *err. Only
	 * waits if it is called without having been ready.
	 */
	ssize_t (*read)(struct port *p, char *to, size_t n, struct err *err);
	/*
	 * Waits up to so many milliseconds, or until a signal comes; true if
	 * reading would not wait.
	 */
	bool (*ready)(struct port *p, int ms);
	void (*free)(struct port *p);
};

/* Each kind embeds it first. */
struct port {
	const struct port_kind *kind;
};

static inline ssize_t
port_read(struct port *p, char *to, size_t n, struct err *err)
{
	return p->kind->read(p, to, n, err);
}

static inline bool
port_ready(struct port *p, int ms)
{
	return p->kind->ready(p, ms);
}

static inline void
port_free(struct port *p)
{
	if (p)
		p->kind->free(p);
}

/*
 * A descriptor that is read as it stands, and closed in the end unless it is
 * standard input. name: for messages; it must outlive the port.
 */
struct port *port_of_fd(int fd, struct str name);

/*
 * The same bytes, but those at the beginning are looked at first: if they are
 * those of a compressed file, it is inflated. Takes the port over. inflate_max
 * as for unpack_new.
 */
struct port *port_sniffed(
    struct port *from, struct str name, uint64_t inflate_max);

/* Sets *err: "cannot WHAT NAME: " and errno. Returns -1. */
int port_fail(struct str name, const char *what, struct err *err);

/*
 * The same for reading, as ERR_IO: the next try may give more, where what is
 * damaged (ERR_INPUT) stays so.
 */
int port_read_failed(struct str name, struct err *err);

/* For tests: at most this many bytes a read. */
extern size_t port_read_max;

#endif
