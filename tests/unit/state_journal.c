/* SPDX-License-Identifier: MIT */
/*
 * Journals: what a scan makes of the frames of attempts that were torn. The
 * frames are all whole; what does not fit is which of them stand together.
 */
#include "base/mem.h"
#include "state/store_journal.h"
#include "tap.h"

#define NONCE 77

/* A journal with one commit, of epoch 1; where the next one's frames belong. */
static size_t
begin(struct buf *file)
{
	struct journal_hello hello = {1, 2, NONCE, 3};
	struct journal_commit commit = {0, 1, STR("first"), {"", 0}};
	struct frame_sink s = {.epoch = 1};

	s.nonce = NONCE;
	frame_begin(&s);
	hello_put(&s.bytes, &hello);
	frame_end(&s, FRAME_HELLO);
	frame_begin(&s);
	commit_put(&s.bytes, &commit);
	frame_end(&s, FRAME_COMMIT);
	buf_adds(file, buf_str(&s.bytes));
	buf_release(&s.bytes);
	return file->n;
}

/* Epoch 2: a frame of entries with this value, and the commit. */
static void
attempt(struct buf *out, size_t at, const char *value, size_t *delta)
{
	struct journal_commit commit = {0, 1, STR("second"), {"", 0}};
	struct frame_sink s = {.at = at, .nonce = NONCE, .epoch = 2};

	frame_begin(&s);
	buf_addc(&s.bytes, 'S');
	put_varint(&s.bytes, 1);
	put_signed(&s.bytes, 0);
	buf_addc(&s.bytes, 'P');
	put_bytes(&s.bytes, STR("key"));
	put_bytes(&s.bytes, str_of(value));
	frame_end(&s, FRAME_DELTA);
	*delta = s.bytes.n;
	frame_begin(&s);
	commit_put(&s.bytes, &commit);
	frame_end(&s, FRAME_COMMIT);
	out->n = 0;
	buf_adds(out, buf_str(&s.bytes));
	buf_release(&s.bytes);
}

static void
scan(struct buf *file, size_t n, const struct buf *more,
    struct journal_scan *out)
{
	file->n = n;
	buf_adds(file, buf_str(more));
	journal_scan(buf_str(file), out);
}

int
main(void)
{
	struct buf file = {0}, old = {0}, new = {0};
	struct journal_scan found;
	size_t delta, end = begin(&file);

	attempt(&old, end, "old", &delta);
	attempt(&new, end, "new", &delta);
	scan(&file, end, &old, &found);
	ok(found.hello && found.last == 2 && !found.damaged,
	    "an epoch that is whole");
	/* The second attempt got as far as its first frame. */
	memcpy(old.p, new.p, delta);
	scan(&file, end, &old, &found);
	ok(found.last == 1 && found.end == end,
	    "a commit does not adopt frames of another attempt");
	ok(!found.damaged, "and what is left of one is no damage");
	memcpy(old.p + delta, new.p + delta, old.n - delta);
	scan(&file, end, &old, &found);
	ok(found.last == 2, "which is whole with its own commit");
	memmove(old.p, old.p + delta, old.n -= delta);
	scan(&file, end, &old, &found);
	ok(found.last == 1, "a frame at another place is none");
	buf_release(&file);
	buf_release(&old);
	buf_release(&new);
	return tap_done();
}
