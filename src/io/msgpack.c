/* SPDX-License-Identifier: MIT */
/* The format msgpack: how it is told, and cut between threads. */
#include "io/msgpack.h"

#include "base/utf8.h"

/* ---- layout ---- */

/* True if the map at p begins as maps of records do: with a key of text. */
static bool
begins_as_record(const char *p, const char *end)
{
	struct str key;

	if (!msgpack_is_map(p) || !msgpack_open(&p))
		return false;
	if (p >= end || !msgpack_is_text(p))
		return false;
	key = msgpack_text(p);
	if (key.p > end)
		return false;
	if (key.n > (size_t)(end - key.p))
		key.n = (size_t)(end - key.p);
	return key.n && utf8_check(key) + 3 >= key.n;
}

/* How well a head fits that ends within its first record. */
static int
guess_part(const char *p, const char *end)
{
	if (msgpack_is_array(p)) {
		uint32_t n = msgpack_open(&p);

		if (n < 2 || n > 4 || p >= end)
			return 0;
		if (msgpack_is_array(p)) /* [[time, metadata], map] */
			msgpack_open(&p);
		if (p + 2 >= end)
			return 0;
		return msgpack_is_time(p) || msgpack_is_mark(p) ||
			       msgpack_is_text(p)
			   ? 60
			   : 0;
	}
	return begins_as_record(p, end) ? 80 : 0;
}

static int
guess_record(const char *p, const char *end, const char *whole)
{
	struct msgpack_parts parts;

	switch (msgpack_shape_of(p, whole, &parts)) {
	case MSGPACK_BARE:
		return begins_as_record(p, end) ? 95 : 0;
	case MSGPACK_EVENT:
	case MSGPACK_MESSAGE:
	case MSGPACK_FRAME:
	case MSGPACK_MARK:
		return 95;
	case MSGPACK_OTHER:
		return 0;
	}
	return 0;
}

#define LOOK_BYTES 4096
#define GUESS_RECORD_MAX ((size_t)16 << 20) /* no record claims more */

static int
guess(struct str head, bool whole)
{
	char room[LOOK_BYTES + SIMD_PAD] = {0};
	const char *q = room, *end = room;
	enum msgpack_status status;
	bool deep = false;
	size_t text = utf8_check(head);

	(void)whole;
	/* Text may begin with 0xdc … 0xdf, but is text further on, too. */
	if (!head.n || (text && text + 3 >= head.n))
		return 0;
	end += head.n < LOOK_BYTES ? head.n : LOOK_BYTES;
	memcpy(room, head.p, (size_t)(end - room));
	if (!msgpack_is_map(room) && !msgpack_is_array(room))
		return 0;
	status = msgpack_skip(&q, end, GUESS_RECORD_MAX, PACK_DEPTH_MAX, &deep);
	if (status == MSGPACK_OK && !deep)
		return guess_record(room, end, q);
	/* It may be cut anywhere: what is looked at may end before the input
	 * does, and an input within a record. */
	return status == MSGPACK_SHORT ? guess_part(room, end) : 0;
}

bool
msgpack_settings_ok(
    const struct settings *settings, bool *framed, struct err *err)
{
	const struct setting *s = settings->list;
	struct str framing = settings->arg;
	struct where where = settings->where;
	unsigned i;

	for (i = 0; i < settings->n; i++, s++) {
		if (!str_is(s->name, "framing")) {
			err_set(err, ERR_SPEC, s->where,
			    "format \"msgpack\" has no setting \"%.*s\"",
			    STR_ARG(s->name));
			err_hint(err, "there is framing: length or none");
			return false;
		}
		framing = s->value;
		where = s->where;
	}
	*framed = str_is(framing, "length");
	if (*framed || !framing.n || str_is(framing, "none"))
		return true;
	err_set(err, where.src ? ERR_SPEC : ERR_USAGE, where,
	    "records of msgpack are framed by \"length\" or \"none\", not "
	    "\"%.*s\"",
	    STR_ARG(framing));
	return false;
}

static enum start_status
start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct msgpack_layout *l;

	static const struct settings none;
	bool framed;

	(void)head;
	(void)eof;
	*used = 0;
	if (!msgpack_settings_ok(settings ? settings : &none, &framed, err))
		return START_ERR;
	l = arena_zalloc(arena, sizeof *l);
	l->base.format = &format_msgpack;
	l->limits = *limits;
	l->framed = framed;
	*out = &l->base;
	return START_OK;
}

/* ---- cutting ---- */

/*
 * The end of the record at p, or NULL. Where a record has no end the decoder
 * must see it: nothing behind it may be taken for a record.
 */
static const char *
record_end(struct msgpack_scan *s, const char *p, const char *end)
{
	struct msgpack_parts parts;
	enum msgpack_shape shape;
	const char *q = msgpack_follow(s, p, end, &shape);
	bool deep = false;

	if (q)
		return q;
	q = p;
	if (msgpack_skip(&q, end, s->record_max, s->depth_max, &deep) !=
	    MSGPACK_OK)
		return NULL;
	if (!deep && !s->wait) {
		shape = msgpack_shape_of(p, q, &parts);
		if (shape < MSGPACK_FRAME)
			msgpack_scan(s, p, q, shape, &parts);
	} else if (s->wait) {
		s->wait--;
	}
	return q;
}

/* The same for records behind their lengths. */
static size_t
whole_lengths(const struct msgpack_layout *l, const char *p, size_t n)
{
	size_t at = 0, length;

	while (n - at >= MSGPACK_LENGTH) {
		length = msgpack_length(p + at);
		if (length > l->limits.record_max ||
		    length > n - at - MSGPACK_LENGTH)
			break;
		at += MSGPACK_LENGTH + length;
	}
	return at;
}

static size_t
frame(const struct layout *layout, const char *p, size_t n)
{
	const struct msgpack_layout *l = (const void *)layout;
	const char *end = p + n, *at = p, *q = p;
	struct msgpack_scan s;
	bool deep = false;

	if (l->framed)
		return whole_lengths(l, p, n);
	/* Often not even the first is all there: nothing is prepared then. */
	if (msgpack_skip(&q, end, l->limits.record_max, PACK_DEPTH_MAX,
		&deep) != MSGPACK_OK)
		return 0;
	msgpack_scan_init(&s, NULL, 0, &l->limits);
	while (at < end && (q = record_end(&s, at, end)))
		at = q;
	msgpack_scan_release(&s);
	return (size_t)(at - p);
}

static void
nothing(struct encoder *e, struct buf *out)
{
	(void)e;
	(void)out;
}

/* ---- the row ---- */

const struct format format_msgpack = {
    .name = "msgpack",
    .look = "bytes that are no text: Fluentd, Fluent Bit, msgpack streams",
    .doc = "MessagePack, one value after the other",
    .about =
	"Records are msgpack values without anything in between, maps as a "
	"rule. Events of fluentd and Fluent Bit, [time, map] and "
	"[[time, metadata], map], and messages of their forward protocol are "
	"read, too: members are the map's, _time is the time beside it (also "
	"time, if the map has no such member) and _tag the tag; a frame of "
	"many entries gives as many rows, also if they are compressed. Fluent "
	"Bit's marks that a group of events begins or ends (times of -1 and "
	"-2) are passed over. Any "
	"other value is a record with "
	"the one field value. Of members with the same name the last one "
	"counts. Text that is not valid UTF-8 and unknown extension types "
	"are bytes. msgpack has no mark between records: behind a record "
	"that is not msgpack, or longer than allowed, nothing more is read. "
	"With msgpack:length (framing: length) each record stands behind its "
	"length in 4 bytes, the highest first, and a broken one is skipped. "
	"Written, each row is a map, "
	"times are timestamps (extension -1) and dates texts.",
    .arg = "length",
    .extensions = "msgpack mpk mp chunk",
    .example = "82 a4 70 61 74 68 a2 2f 61 a6 73 74 61 74 75 73 cc c8\n"
	       "(hexadecimal; {\"path\": \"/a\", \"status\": 200})\n",
    .time_fields = "_time ts time timestamp @timestamp datetime date_time "
		   "dateTime eventTime event_time t date created_at",
    .guess = guess,
    .start = start,
    .decoder_new = msgpack_decoder_new,
    .decoder_free = msgpack_decoder_free,
    .decode = msgpack_decode,
    .frame = frame,
    .encoder_new = msgpack_encoder_new,
    .encoder_free = msgpack_encoder_free,
    .begin = nothing,
    .encode = msgpack_encode,
    .finish = nothing,
};
