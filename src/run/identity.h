/* SPDX-License-Identifier: MIT */
/*
 * Which file it is, whatever it is called by now: device and inode, and a
 * fingerprint of its first bytes, inflated if it is compressed. An inode alone
 * proves nothing, since the next file often gets the one that has become free;
 * first bytes alone prove little, since logs like to begin alike. The
 * fingerprint is the same in every run and on every machine, so that it can
 * be kept.
 *
 * What has been read of a file is told from what took its place by the bytes
 * just before the place where reading stopped (struct tail).
 */
#ifndef WEIR_RUN_IDENTITY_H
#define WEIR_RUN_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Most bytes of a fingerprint. */
#define IDENTITY_BYTES 4096

struct identity {
	uint64_t device, inode;
	uint32_t n;    /* bytes the fingerprint is of */
	uint64_t hash; /* of them */
};

/* Of a few bytes: the same in every run and on every machine. */
uint64_t identity_hash(const char *p, size_t n);

/* n bytes of head are known; at most IDENTITY_BYTES of them count. */
struct identity identity_of(const struct stat *st, const char *head, size_t n);

/* More of the file's first bytes have become known. */
void identity_grow(struct identity *id, const char *head, size_t n);

/* Do a file's first n bytes begin with those the identity knows, if any? */
bool identity_begins(const struct identity *id, const char *head, size_t n);

/* The same file, perhaps longer now. */
bool identity_same(const struct identity *id, const struct stat *st,
    const char *head, size_t n);

/*
 * The same contents in another file: a copy, or compressed. whole: the file
 * did not grow any more when it became known, so if it was shorter than a
 * fingerprint a copy is just as short.
 */
bool identity_copied(
    const struct identity *id, bool whole, const char *head, size_t n);

/* ---- the bytes before a place ---- */

#define TAIL_BYTES 256

struct tail {
	size_t n;
	char bytes[TAIL_BYTES];
};

/* n bytes more have been read. */
void tail_add(struct tail *t, const char *p, size_t n);

#endif
