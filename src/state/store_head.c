/* SPDX-License-Identifier: MIT */
/* FORMAT and HEAD; see store_head.h. */
#include "state/store_head.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/crc.h"
#include "base/num.h"
#include "state/store_frame.h"

#define FORMAT_NEWEST FORMAT_PARTS
#define SLOT 512
#define SLOT_USED 32 /* magic, epoch, journal, end, sum */
#define SLOT_MAGIC 0x64614877u

/* ---- FORMAT ---- */

static void
format_text(struct buf *out, const struct format *f)
{
	buf_printf(
	    out, "weir-state %d\nid %016" PRIx64 "\n", (int)f->version, f->id);
	buf_printf(out, "crc %08" PRIx32 "\n", crc32c(0, out->p, out->n));
}

int
format_write(const struct store_dir *d, const struct format *f, struct err *err)
{
	struct buf text = {0};
	int rc;

	format_text(&text, f);
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

/* Of our version: is it whole? */
static bool
format_take(struct str text, int64_t version, struct format *f)
{
	struct buf again = {0};
	bool whole;

	f->version = version < 1 ? FORMAT_FIRST : (enum format_version)version;
	if (text.n <= 32 || !take_hex((struct str){text.p + 16, 16}, &f->id))
		f->id = 0;
	format_text(&again, f);
	whole = str_eq(text, buf_str(&again));
	buf_release(&again);
	return whole;
}

/*
 * Has the text all that one of our versions has but for the number itself?
 * Then that is damaged, and no newer program wrote it.
 */
static bool
is_ours(struct str text)
{
	struct format f;
	struct buf again = {0};
	long line = str_find(text, STR("\n"), 0);
	size_t from = line < 0 ? text.n : (size_t)line;
	bool ours = false;

	for (int64_t v = FORMAT_FIRST; !ours && v <= FORMAT_NEWEST; v++) {
		format_take(text, v, &f);
		again.n = 0;
		format_text(&again, &f);
		ours = text.n == again.n &&
		       !memcmp(text.p + from, again.p + from, text.n - from);
	}
	buf_release(&again);
	return ours;
}

int
format_read(const struct store_dir *d, struct format *f, struct err *err)
{
	struct buf text = {0};
	bool found;
	int rc = store_dir_read(d, "FORMAT", &text, &found, err);
	int64_t version = version_of(buf_str(&text));

	*f = (struct format){0};
	if (!rc && found && version > FORMAT_NEWEST && !is_ours(buf_str(&text)))
		rc = store_damaged(d, "FORMAT", err,
		    "the state is of a newer weir (format %" PRId64
		    ", this one has %d)",
		    version, FORMAT_NEWEST);
	else if (!rc && found &&
		 (version > FORMAT_NEWEST ||
		     !format_take(buf_str(&text), version, f)))
		rc = store_damaged(d, "FORMAT", err, "is damaged");
	buf_release(&text);
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
