/* SPDX-License-Identifier: MIT */
/*
 * JSON documents: records that are no lines (json_cut.h). Each is copied
 * without the blanks and line feeds between its tokens, so that it is a line,
 * and read like one; a document's records are written as lines, too.
 *
 * A block may begin anywhere between two records: the batch carries the place.
 */
#include "io/json.h"
#include "io/json_cut.h"

/* ---- a record as a line ---- */

static bool
is_mark(char c)
{
	return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' ||
	       c == ':';
}

/* Behind the string at p, or end. */
static const char *
string_behind(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

/*
 * Writes the record to out (which may be as long) without what separates its
 * tokens, until `most` bytes are written; a blank stays between two that would
 * become one. Returns the bytes written; *used: those of the record.
 */
static size_t
squeeze(struct str record, char *out, size_t most, size_t *used)
{
	const char *p = record.p, *end = p + record.n, *q;
	size_t n = 0;

	while (p < end && n < most) {
		if (*p == '"') {
			q = string_behind(p, end);
			memcpy(out + n, p, (size_t)(q - p));
			n += (size_t)(q - p);
			p = q;
			continue;
		}
		q = json_spaces(p, end);
		if (q == p)
			out[n++] = *p++;
		else if (q < end && n && !is_mark(*q) && !is_mark(out[n - 1]))
			out[n++] = ' ';
		p = q > p ? q : p;
	}
	*used = (size_t)(p - record.p);
	return n;
}

/* The byte of the record (from 1) that became byte `column` of its line. */
static uint32_t
column_of(struct str record, uint32_t column, struct arena *a)
{
	char *out = arena_alloc(a, record.n);
	size_t used;

	if (!column)
		return 0;
	squeeze(record, out, column, &used);
	return (uint32_t)used;
}

/* ---- rows ---- */

static void
put_bad(struct batch *b, struct str record, const char *reason, const char *at)
{
	batch_bad(b,
	    (struct bad_row){.raw = record,
		.reason = reason,
		.row = b->n_rows,
		.column = at >= record.p ? (uint32_t)(at - record.p) + 1 : 0});
}

static void
put_record(struct json_decoder *d, struct batch *b, struct str record)
{
	uint32_t most = d->base.spec->limits.record_max;
	struct json_lane *l = &d->lanes[0];
	size_t n, used, n_bad = b->n_bad;
	char *line;

	if (record.n > most) {
		put_bad(b, record, record_too_long(b->arena, most), NULL);
		return;
	}
	line = arena_alloc(b->arena, record.n + 1 + SIMD_PAD);
	n = squeeze(record, line, record.n, &used);
	memset(line + n, '\n', 1 + SIMD_PAD);
	l->p = line;
	l->feed = line + n;
	json_decode_one(d, b, record.p);
	if (b->n_bad > n_bad) {
		struct bad_row *bad = &b->bad[n_bad];

		bad->raw = record;
		bad->column = column_of(record, bad->column, b->arena);
	} else {
		b->raw[b->n_rows - 1] = record;
	}
}

/* ---- a block ---- */

static struct json_cut
cut_at(const struct layout *layout, const char *p, const char *end, bool eof,
    uint64_t place)
{
	return (struct json_cut){
	    .frame = (const struct json_frame *)(const void *)layout,
	    .p = p,
	    .end = end,
	    .eof = eof,
	    .place = (enum json_place)place};
}

static size_t
decode(struct decoder *decoder, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct json_decoder *d = json_decoder_of(decoder);
	struct json_cut c = cut_at(d->base.layout, p, end, eof, b->context);
	enum json_found found = JSON_RECORD;

	json_batch_begin(d, b);
	while (found != JSON_NOTHING && !b->lost && b->n_rows < BATCH_ROWS) {
		struct str record;

		found = json_cut_next(&c, &record);
		if (found == JSON_RECORD)
			put_record(d, b, record);
		else if (found != JSON_NOTHING)
			put_bad(b, record, c.reason, c.at);
		b->lost = found == JSON_LOST;
	}
	b->context = b->lost ? JSON_TOP : c.place;
	b->n_sel = b->n_rows;
	return (size_t)(c.p - p);
}

static size_t
frame(const struct layout *layout, const char *p, size_t n, uint64_t *context)
{
	struct json_cut c = cut_at(layout, p, p + n, false, *context);
	struct str record;

	for (;;) {
		const char *from = c.p;
		enum json_found found = json_cut_next(&c, &record);

		/* What is lost is for the decoder to say. */
		if (found == JSON_LOST)
			return (size_t)(from - p);
		*context = c.place;
		if (found == JSON_NOTHING)
			return (size_t)(c.p - p);
	}
}

const struct format format_json_document = {
    .name = "json",
    .decoder_new = json_decoder_new,
    .decoder_free = json_decoder_free,
    .decode = decode,
    .frame_on = frame,
};

/* ---- documents known by name ---- */

static int
guess_cloudtrail(struct str head, bool whole)
{
	struct str s = str_trim(head);

	if (!json_guess(head, whole) ||
	    str_find(head, STR("\"Records\""), 0) < 0)
		return 0;
	if (str_find(head, STR("\"eventVersion\""), 0) > 0)
		return 95;
	/* Printed over several lines, it may still come. */
	return !whole && strchr("{[,", s.p[s.n - 1]) ? GUESS_UNSURE : 0;
}

static enum start_status
start_cloudtrail(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return json_start_wrapped(
	    head, eof, "Records", settings, arena, out, used, err);
}

const struct format format_cloudtrail = {
    .name = "cloudtrail",
    .look = "{\"Records\":[{",
    .doc = "AWS CloudTrail: the Records of JSON documents",
    .about = "Documents as AWS CloudTrail writes them: an object whose member "
	     "Records is the list of events. It is json:Records with the time "
	     "in eventTime.",
    .extensions = "",
    .kind_of = "json",
    .example = "{\"Records\":[{\"eventVersion\":\"1.08\",\"eventTime\":"
	       "\"2026-03-28T22:00:00Z\",\"eventName\":\"GetObject\","
	       "\"sourceIPAddress\":\"203.0.113.7\"}]}\n",
    .time_fields = "eventTime",
    .time_layout = "rfc3339",
    .guess = guess_cloudtrail,
    .start = start_cloudtrail,
    .decoder_new = json_decoder_new,
    .decoder_free = json_decoder_free,
    .decode = decode,
    .frame_on = frame,
};
