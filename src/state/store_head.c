/* SPDX-License-Identifier: MIT */
/* FORMAT and HEAD; see store_head.h. */
#include "state/store_head.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/crc.h"
#include "base/num.h"
#include "state/store_frame.h"

#define FORMAT_VERSION 1
#define SLOT 512
#define SLOT_USED 32 /* magic, epoch, journal, end, sum */
#define SLOT_MAGIC 0x64614877u

/* ---- FORMAT ---- */

static void
format_text(struct buf *out, uint64_t id)
{
	buf_printf(
	    out, "weir-state %d\nid %016" PRIx64 "\n", FORMAT_VERSION, id);
	buf_printf(out, "crc %08" PRIx32 "\n", crc32c(0, out->p, out->n));
}

int
format_write(const struct store_dir *d, uint64_t id, struct err *err)
{
	struct buf text = {0};
	int rc;

	format_text(&text, id);
	rc = store_dir_replace(d, "FORMAT", buf_str(&text), err);
	buf_release(&text);
	return rc;
}

static bool
take_hex(struct str s, uint64_t *n)
{
	static const char digits[] = "0123456789abcdef";

	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = memchr(digits, s.p[i], 16);

		if (!at)
			return false;
		*n = *n << 4 | (uint64_t)(at - digits);
	}
	return true;
}

/* What the first line says; 0 if it is none of ours. */
static int64_t
version_of(struct str text)
{
	long line = str_find(text, STR("\n"), 0);
	int64_t version = 0;

	if (line > 11 && str_starts(text, STR("weir-state ")))
		num_parse_int(
		    (struct str){text.p + 11, (size_t)line - 11}, &version);
	return version;
}

int
format_read(
    const struct store_dir *d, uint64_t *id, bool *found, struct err *err)
{
	struct buf text = {0}, again = {0};
	int rc = store_dir_read(d, "FORMAT", &text, found, err);
	int64_t version;

	*id = 0;
	if (rc || !*found) {
		buf_release(&text);
		return rc;
	}
	version = version_of(buf_str(&text));
	if (version > FORMAT_VERSION) {
		rc = store_damaged(d, "FORMAT", err,
		    "the state is of a newer weir (format %" PRId64
		    ", this one has %d)",
		    version, FORMAT_VERSION);
	} else {
		if (text.n > 32 && !take_hex((struct str){text.p + 16, 16}, id))
			*id = 0;
		format_text(&again, *id);
		if (!str_eq(buf_str(&text), buf_str(&again)))
			rc = store_damaged(d, "FORMAT", err, "is damaged");
	}
	buf_release(&text);
	buf_release(&again);
	return rc;
}

/* ---- HEAD ---- */

void
head_put(struct buf *out, uint64_t epoch, uint64_t journal, uint64_t end,
    uint64_t *at)
{
	size_t from = out->n;

	put_u32(out, SLOT_MAGIC);
	put_u64(out, epoch);
	put_u64(out, journal);
	put_u64(out, end);
	put_u32(out, crc32c(0, out->p + from, out->n - from));
	memset(buf_reserve(out, SLOT - SLOT_USED), 0, SLOT - SLOT_USED);
	out->n += SLOT - SLOT_USED;
	*at = (epoch & 1) * SLOT;
}

/* Of a slot that is whole, else 0. */
static uint64_t
slot_epoch(struct str s)
{
	struct str body = {s.p, SLOT_USED - 4}, end = {s.p + body.n, 4};
	uint32_t magic, sum;
	uint64_t epoch;

	take_u32(&end, &sum);
	if (sum != crc32c(0, body.p, body.n))
		return 0;
	take_u32(&body, &magic);
	take_u64(&body, &epoch);
	return magic == SLOT_MAGIC ? epoch : 0;
}

uint64_t
head_epoch(struct str file)
{
	uint64_t newest = 0;

	for (size_t at = 0; at + SLOT_USED <= file.n && at <= SLOT;
	     at += SLOT) {
		struct str slot = {file.p + at, SLOT_USED};
		uint64_t epoch = slot_epoch(slot);

		if (epoch > newest)
			newest = epoch;
	}
	return newest;
}

unsigned
head_damages(struct str file)
{
	static const char zeros[SLOT];
	unsigned n = 0;

	for (size_t at = 0; at < file.n; at += SLOT) {
		size_t left = file.n - at < SLOT ? file.n - at : SLOT;

		if (!memcmp(file.p + at, zeros, left))
			continue;
		n += at > SLOT || left < SLOT ||
		     !slot_epoch((struct str){file.p + at, SLOT_USED}) ||
		     memcmp(file.p + at + SLOT_USED, zeros, SLOT - SLOT_USED);
	}
	return n;
}
