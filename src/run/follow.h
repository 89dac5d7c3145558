/* SPDX-License-Identifier: MIT */
/*
 * A file that is followed: its port stays open at its end and goes on as the
 * file grows, and when another file takes its name (or its contents are
 * replaced), it goes on with that one.
 *
 * What is read under one name is a sequence of files, its generations. When
 * one is over the port ends (port_read gives 0), so that a last line without
 * a line feed counts and a header is read again; follow_next goes on with the
 * next one. No line is lost and none comes twice:
 *
 * - Renamed, and a new file made: the old one is read to its end through its
 *   descriptor, whatever happens to its name; the new one begins when there
 *   is something in it.
 * - Copied, and cut (logrotate's copytruncate): noticed by its length, or by
 *   the bytes before the place where reading stopped, so that a file that has
 *   grown to the same length again is noticed, too. What had not been read is
 *   found in the copy, which is known by its first bytes, even if it has been
 *   compressed.
 * - Several rotations between two looks: rotated siblings that were not there
 *   before are read in their order.
 *
 * Lines that are written to the old file after there are others in the new
 * one are not seen.
 */
#ifndef WEIR_RUN_FOLLOW_H
#define WEIR_RUN_FOLLOW_H

#include <sys/stat.h>

#include "run/identity.h"
#include "run/port.h"
#include "run/watch.h"

struct follow;

/*
 * The file need not exist yet. backlog: rotated siblings to be read before
 * it, oldest first. path and backlog must outlive the port. That rotated files
 * cannot be looked at is said once on standard error, unless quiet.
 */
struct follow *follow_new(const char *path, const struct str *backlog,
    size_t n_backlog, struct watch *watch, uint64_t inflate_max, bool quiet);

struct port *follow_port(struct follow *f);

/* After the port has ended: reading it goes on with the next generation. */
void follow_next(struct follow *f);

/* Is it the file that is being read? */
bool follow_reads(const struct follow *f, const struct stat *st);

/* Which file it is, and what it is by now (false: that cannot be told). */
struct identity follow_identity(const struct follow *f);
bool follow_stat(const struct follow *f, struct stat *st);

/* The next byte read is this one of the file at hand. False: it cannot be
 * reached but by reading. */
bool follow_seek(struct follow *f, uint64_t offset);

/* What is being read now (or next), for messages. */
struct str follow_name(const struct follow *f);

#endif
