/* SPDX-License-Identifier: MIT */
/* Which file it is; see identity.h. */
#include "run/identity.h"

#include <string.h>

/*
 * FNV-1a with 64 bits (Fowler, Noll, Vo): slow, but the same for ever, and
 * only ever of a few KiB.
 */
uint64_t
identity_hash(const char *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	return h;
}

void
identity_grow(struct identity *id, const char *head, size_t n)
{
	if (n > IDENTITY_BYTES)
		n = IDENTITY_BYTES;
	if (n <= id->n)
		return;
	id->n = (uint32_t)n;
	id->hash = identity_hash(head, n);
}

struct identity
identity_of(const struct stat *st, const char *head, size_t n)
{
	struct identity id = {
	    .device = (uint64_t)st->st_dev, .inode = (uint64_t)st->st_ino};

	identity_grow(&id, head, n);
	return id;
}

bool
identity_begins(const struct identity *id, const char *head, size_t n)
{
	return n >= id->n && (!id->n || identity_hash(head, id->n) == id->hash);
}

bool
identity_same(const struct identity *id, const struct stat *st,
    const char *head, size_t n)
{
	return id->device == (uint64_t)st->st_dev &&
	       id->inode == (uint64_t)st->st_ino &&
	       identity_begins(id, head, n);
}

bool
identity_copied(
    const struct identity *id, bool whole, const char *head, size_t n)
{
	if (whole && id->n < IDENTITY_BYTES && id->n != n)
		return false;
	return id->n && identity_begins(id, head, n);
}

void
tail_add(struct tail *t, const char *p, size_t n)
{
	size_t keep;

	if (n >= TAIL_BYTES) {
		memcpy(t->bytes, p + n - TAIL_BYTES, TAIL_BYTES);
		t->n = TAIL_BYTES;
		return;
	}
	keep = t->n + n > TAIL_BYTES ? TAIL_BYTES - n : t->n;
	memmove(t->bytes, t->bytes + t->n - keep, keep);
	memcpy(t->bytes + keep, p, n);
	t->n = keep + n;
}
