/* SPDX-License-Identifier: MIT */
/*
 * A compressed port inflated as it is read: member after member, each checked
 * to its end. Zeros between and behind members are skipped, as gzip and xz
 * pad with them; anything else behind the last member is an error, and so is
 * a member that ends too early. What came before has been handed out by then.
 *
 * A few bytes can stand for terabytes: more than inflate_max bytes for each
 * byte read is taken for an attack, once it is more than UNPACK_FREE in all.
 * (What deflate can reach is 1032; logs stay below 100.)
 */
#ifndef WEIR_RUN_UNPACK_H
#define WEIR_RUN_UNPACK_H

#include "io/codec.h"
#include "run/port.h"
#include "run/run.h"

/*
 * from: behind the bytes of `head`, by which it was told that it is
 * compressed; it is taken over. name: for messages, must outlive the port.
 */
struct port *unpack_new(
    struct port *from, struct str head, struct str name, uint64_t inflate_max);

/*
 * `member` is called as one begins: behind so many bytes of what is read, and
 * of what was made of them. By the thread that reads the port.
 */
void unpack_watch(struct port *port,
    void (*member)(void *arg, uint64_t in, uint64_t out), void *arg);

/* What was read ends within a member, or within what may begin one. */
bool unpack_within(const struct port *port);

/* It failed, and for what the bytes are: they can never be read. */
bool unpack_spoilt(const struct port *port);

#endif
