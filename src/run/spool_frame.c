/* SPDX-License-Identifier: MIT */
/* Frames of the journal of standard input; see spool_frame.h. */
#include "run/spool_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/mem.h"

#define BUF_BYTES (2 * (SPOOL_FRAME_MOST + SPOOL_FRAME))

static const char magic[4] = "wSp2";

uint32_t
spool_boot(void)
{
	int fd = open(
	    "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char id[64];
	ssize_t n = fd < 0 ? 0 : read(fd, id, sizeof id);

	if (fd >= 0)
		close(fd);
	/* Where nothing tells, all is taken for one. */
	return n > 0 ? crc32c(0, id, (size_t)n) : 0;
}

/* ---- a head ---- */

static void
put_number(char *to, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = (char)(value >> 8 * i);
}

static uint64_t
take_number(const char *p, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++)
		value |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return value;
}

void
spool_frame_put(
    char to[static SPOOL_FRAME], const struct spool_frame *f, const char *body)
{
	memcpy(to, magic, sizeof magic);
	put_number(to + 4, (uint64_t)f->kind, 4);
	put_number(to + 8, f->n, 4);
	put_number(to + 12, f->boot, 4);
	put_number(to + 16, f->place, 8);
	put_number(to + 24, f->n ? crc32c(0, body, f->n) : 0, 4);
	put_number(to + 28, crc32c(0, to, 28), 4);
}

static bool
take_head(const char *p, struct spool_frame *f)
{
	uint64_t kind = take_number(p + 4, 4);

	if (memcmp(p, magic, sizeof magic) != 0 ||
	    take_number(p + 28, 4) != crc32c(0, p, 28) || !kind ||
	    kind > SPOOL_END)
		return false;
	*f = (struct spool_frame){.kind = (enum spool_kind)kind,
	    .n = (uint32_t)take_number(p + 8, 4),
	    .boot = (uint32_t)take_number(p + 12, 4),
	    .place = take_number(p + 16, 8)};
	return f->n <= SPOOL_FRAME_MOST && (f->kind == SPOOL_DATA || !f->n);
}

/* ---- walking ---- */

/* So many bytes behind w->at, or as many as there are; -1: errno. */
static ssize_t
need(struct spool_walk *w, size_t n)
{
	size_t passed, have;

	if (!w->buf)
		w->buf = mem_alloc(BUF_BYTES);
	if (w->at < w->from || w->at > w->from + w->n) {
		w->from = w->at;
		w->n = 0;
	}
	passed = (size_t)(w->at - w->from);
	have = w->n - passed;
	if (have >= n)
		return (ssize_t)have;
	memmove(w->buf, w->buf + passed, have);
	w->from = w->at;
	w->n = have;
	while (w->n < n) {
		ssize_t got = pread(w->fd, w->buf + w->n, BUF_BYTES - w->n,
		    (off_t)(w->from + w->n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		w->n += (size_t)got;
	}
	return (ssize_t)w->n;
}

static enum spool_step
bad(struct spool_walk *w, const char *why)
{
	w->why = why;
	return SPOOL_STEP_BAD;
}

static enum spool_step
bad_head(struct spool_walk *w, const char *head)
{
	static const char zeros[SPOOL_FRAME];

	if (memcmp(head, zeros, sizeof zeros) != 0)
		return bad(w, "is damaged");
	if (need(w, SPOOL_FRAME + 1) <= (ssize_t)SPOOL_FRAME)
		return bad(w, "is cut");
	return SPOOL_STEP_TAIL;
}

enum spool_step
spool_walk_next(struct spool_walk *w)
{
	ssize_t have = need(w, SPOOL_FRAME);
	const char *head = w->buf + (w->at - w->from);
	uint32_t sum;

	w->head_good = false;
	if (have < 0)
		return SPOOL_STEP_FAIL;
	if (!have)
		return SPOOL_STEP_END;
	if (have < (ssize_t)SPOOL_FRAME)
		return bad(w, "is cut");
	if (!take_head(head, &w->frame))
		return bad_head(w, head);
	if (w->frame.place != w->place)
		return bad(w, "is damaged: that belongs elsewhere");
	w->head_good = true;
	have = need(w, SPOOL_FRAME + w->frame.n);
	if (have < 0)
		return SPOOL_STEP_FAIL;
	if ((size_t)have < SPOOL_FRAME + w->frame.n)
		return bad(w, "is cut");
	head = w->buf + (w->at - w->from);
	w->body = head + SPOOL_FRAME;
	sum = w->frame.n ? crc32c(0, w->body, w->frame.n) : 0;
	if (sum != (uint32_t)take_number(head + 24, 4))
		return bad(w, "is damaged");
	w->at += SPOOL_FRAME + w->frame.n;
	w->place += w->frame.n;
	return SPOOL_STEP_FRAME;
}

bool
spool_walk_find(struct spool_walk *w, uint64_t most)
{
	struct spool_frame f;

	if (w->head_good) {
		/* What it says of itself may be cut off. */
		w->at += SPOOL_FRAME + w->frame.n;
		w->place += w->frame.n;
		return need(w, 1) > 0;
	}
	for (w->at++; need(w, SPOOL_FRAME) >= (ssize_t)SPOOL_FRAME; w->at++)
		if (take_head(w->buf + (w->at - w->from), &f) &&
		    f.place >= w->place && f.place + f.n <= most) {
			w->place = f.place;
			return true;
		}
	return false;
}

void
spool_walk_release(struct spool_walk *w)
{
	mem_free(w->buf);
	w->buf = NULL;
	w->n = 0;
}
