/* SPDX-License-Identifier: MIT */
/* Bad records; see reject.h. */
#include "run/reject.h"

#include "base/utf8.h"
#include "data/value.h"

/* ---- line numbers ---- */

/*
 * The line feeds between two offsets are counted, whichever comes first: a
 * record that was put together of several lines begins before some that have
 * been told already.
 */
uint64_t
reject_line(struct input *in, uint64_t offset)
{
	char part[16384];
	uint64_t at = in->line_at, lines = 0;
	bool back = offset < at;
	uint64_t to = back ? at : offset;

	if (back)
		at = offset;
	while (at < to) {
		uint64_t left = to - at;
		size_t want = left < sizeof part ? (size_t)left : sizeof part;
		ssize_t n = file_read_at(in->plain, part, want, at);

		if (n <= 0)
			break;
		lines += lines_in(part, (size_t)n);
		at += (uint64_t)n;
	}
	in->line = back ? in->line - lines : in->line + lines;
	in->line_at = back ? offset : at;
	return in->line + 1;
}

uint64_t
reject_line_at(struct input *in, const struct batch *b, const char *p)
{
	uint64_t within = (uint64_t)(p - b->block);

	return in->plain && (in->by_number || !in->counts)
		   ? reject_line(in, b->block_offset + within)
		   : b->block_line + lines_in(b->block, within) + 1;
}

/* ---- showing ---- */

/* Of a record that is too long, only so much is shown and kept. */
#define LONG_SHOWN 256

static struct str
shown_part(const struct input *in, struct str raw)
{
	uint32_t most = in->spec.limits.record_max;

	if (raw.n <= most)
		return raw;
	raw.n = most < LONG_SHOWN ? most : LONG_SHOWN;
	/* Not in the middle of a character. */
	for (int i = 0; i < 3 && raw.n && (raw.p[raw.n] & 0xc0) == 0x80; i++)
		raw.n--;
	return raw;
}

static void
put_record(struct buf *out, struct str raw)
{
	struct str s = raw;

	if (utf8_valid(s)) {
		buf_lit(out, ",\"record\":");
		json_put_text(out, s);
		return;
	}
	buf_lit(out, ",\"record_base64\":");
	value_json(out, value_of_str(T_BYTES, s));
}

static void
write_reject(struct rejects *r, const struct input *in, uint64_t offset,
    uint64_t line, const struct bad_row *bad)
{
	struct buf *out = &r->file->buf;

	buf_lit(out, "{\"file\":");
	if (utf8_valid(in->file))
		json_put_text(out, in->file);
	else
		value_json(out, value_of_str(T_BYTES, in->file));
	buf_printf(out, ",\"line\":%llu,\"offset\":%llu",
	    (unsigned long long)line, (unsigned long long)offset);
	if (bad->column)
		buf_printf(out, ",\"column\":%u", bad->column);
	buf_lit(out, ",\"reason\":");
	json_put_text(out, str_of(bad->reason));
	put_record(out, bad->raw);
	buf_lit(out, "}\n");
	output_settle(r->file);
}

#define SHOWN_BYTES 72

/* A caret under the byte where the record failed, if it is shown. */
static void
show_caret(struct str raw, unsigned column)
{
	char before[4 * SHOWN_BYTES + 8];
	size_t n;

	if (!column || column > SHOWN_BYTES || column > raw.n + 1)
		return;
	n = err_quote(before, (struct str){raw.p, column - 1}, SHOWN_BYTES);
	fprintf(stderr, "    %*s^\n",
	    (int)utf8_str_width((struct str){before, n}), "");
}

static void
show(struct rejects *r, const struct input *in, uint64_t line,
    const struct bad_row *bad)
{
	char name[512], raw[4 * SHOWN_BYTES + 8];

	if (r->quiet || r->shown >= REJECTS_SHOWN)
		return;
	r->shown++;
	err_quote(name, in->file, 120);
	err_quote(raw, bad->raw, SHOWN_BYTES);
	fprintf(stderr, "weir: %s:%llu:", name, (unsigned long long)line);
	if (bad->column)
		fprintf(stderr, "%u:", bad->column);
	fprintf(stderr, " bad record: %s\n    %s\n", bad->reason, raw);
	show_caret(bad->raw, bad->column);
}

void
rejects_records(struct rejects *r, struct input *in, const struct batch *b)
{
	for (size_t i = 0; i < b->n_bad; i++) {
		struct bad_row bad = b->bad[i];
		const char *place = bad.place ? bad.place : bad.raw.p;
		uint64_t within = (uint64_t)(place - b->block);
		uint64_t offset = b->block_offset + within, line;

		r->n++;
		if (!bad.branch)
			reasons_add(&r->reasons, bad.reason, 1);
		if (!r->file && (r->quiet || r->shown >= REJECTS_SHOWN))
			continue;
		line = reject_line_at(in, b, place);
		bad.raw = shown_part(in, bad.raw);
		show(r, in, line, &bad);
		if (r->file)
			write_reject(r, in, offset, line, &bad);
	}
}

void
rejects_result(struct rejects *r, const struct batch *b)
{
	for (size_t i = 0; i < b->n_bad; i++) {
		r->n_results++;
		if (r->quiet || r->shown >= REJECTS_SHOWN)
			continue;
		r->shown++;
		fprintf(stderr,
		    "weir: a result row could not be computed: %s\n",
		    b->bad[i].reason);
	}
}
