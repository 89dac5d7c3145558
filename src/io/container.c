/* SPDX-License-Identifier: MIT */
/*
 * What containers wrote: docker's json-file driver and the lines of the
 * Kubernetes container runtime interface (CRI).
 */
#include "base/mem.h"
#include "data/pack.h"
#include "io/cursor.h"
#include "io/parts.h"

#define FIELD(name, as, in)                                                    \
	{                                                                      \
		{name, sizeof name - 1}, FIXED_##as, FIXED_##in                \
	}

static bool
is_stream(struct str s)
{
	return str_is(s, "stdout") || str_is(s, "stderr");
}

/* Both formats write RFC 3339. */
static const char *
time_of(struct fixed_decoder *d, struct str s, const struct zone *zone,
    struct value *out)
{
	const struct when_layout iso = {.kind = WHEN_ISO, .zone = zone};
	int64_t t;

	if (!when_parse(&iso, &d->cache, s, &t))
		return "the time is not readable";
	*out = value_time(t);
	return NULL;
}

/* ---- CRI ---- */

static const struct fixed_field cri_fields[PART_FIELDS] = {
    [PART_TIME] = FIELD("time", OWN, ALWAYS),
    [PART_STREAM] = FIELD("stream", TEXT, ALWAYS),
    [PART_TEXT] = FIELD("message", TEXT, ALWAYS),
    [PART_PARTIAL] = FIELD("partial", OWN, IF_THERE),
    [PART_ATTRS] = FIELD("attrs", OWN, APART),
    [PART_ALIAS] = FIELD("log", TEXT, APART),
};

/* "2016-10-06T00:17:09.669794202Z stdout F text"; tags have colons between */
static const char *
cri_part(struct str line, struct part *out, const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};
	struct str tags = {NULL, 0};
	const char *from;

	*out = (struct part){.attrs = {NULL, 0}};
	*at = c.p;
	if (line.n < 20 || *line.p < '0' || *line.p > '9' || line.p[4] != '-' ||
	    !cursor_until(&c, ' ', &out->time, ""))
		return "no time at its start";
	from = *at = c.p;
	if (!cursor_until(&c, ' ', &out->stream, "") ||
	    !is_stream(out->stream)) {
		*at = from;
		return "neither stdout nor stderr behind the time";
	}
	from = *at = c.p;
	if (!cursor_word(&c, &tags, "") || (*tags.p != 'P' && *tags.p != 'F') ||
	    (tags.n > 1 && tags.p[1] != ':'))
		return "neither P nor F behind the stream";
	out->open = *tags.p == 'P';
	out->text = cursor_rest(&c);
	return NULL;
}

static const char *
cri_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	(void)a;
	if (field == PART_TIME)
		return time_of(d, l->f[field], zone, out);
	*out = value_bool(true);
	return NULL;
}

/* For guesses: the line by itself. */
static const char *
cri_scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct part part;

	(void)d;
	(void)l;
	return cri_part(line, &part, at);
}

static const struct fixed_kind cri_kind = {
    .fields = cri_fields,
    .n = PART_FIELDS,
    .scan = cri_scan,
    .own = cri_own,
};

static enum start_status
cri_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	return parts_start(&format_cri, &cri_kind, head, eof, settings, limits,
	    arena, out, used, err);
}

static int
cri_guess(struct str head, bool whole)
{
	return fixed_fits(&cri_kind, head, whole) ? 95 : 0;
}

static size_t
cri_decode(struct decoder *d, const char *p, const char *end, bool eof,
    struct batch *b)
{
	return parts_decode(
	    (struct fixed_decoder *)d, cri_part, p, end, eof, b);
}

static size_t
cri_frame(const struct layout *layout, const char *p, size_t n)
{
	return parts_frame(layout, cri_part, p, n);
}

/* ---- docker ---- */

static const struct fixed_field docker_fields[PART_FIELDS] = {
    [PART_TIME] = FIELD("time", OWN, ALWAYS),
    [PART_STREAM] = FIELD("stream", TEXT, ALWAYS),
    [PART_TEXT] = FIELD("log", OWN, ALWAYS),
    [PART_PARTIAL] = FIELD("partial", OWN, IF_THERE),
    [PART_ATTRS] = FIELD("attrs", OWN, IF_THERE),
    [PART_ALIAS] = FIELD("message", OWN, APART),
};

static void
pass_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

/* An object, a list, a number or a word. */
static bool
pass_value(struct cursor *c, struct str *out)
{
	const char *from = c->p;
	unsigned depth = 0;
	struct str s;

	for (; c->p < c->end; c->p++) {
		char byte = *c->p;

		if (byte == '"') {
			if (!cursor_quoted(c, &s, ""))
				return false;
			c->p--;
		} else if (byte == '{' || byte == '[') {
			depth++;
		} else if (!depth && (byte == ',' || byte == '}')) {
			break;
		} else if (byte == '}' || byte == ']') {
			depth--;
		}
	}
	*out = (struct str){from, (size_t)(c->p - from)};
	return c->p > from && !depth;
}

static bool
member(struct cursor *c, struct part *out)
{
	struct str name = {NULL, 0}, value = {NULL, 0};
	bool text;

	pass_blanks(c);
	if (!cursor_quoted(c, &name, "no name of a member"))
		return false;
	pass_blanks(c);
	if (!cursor_lit(c, STR(":"), "no colon behind the name"))
		return false;
	pass_blanks(c);
	text = cursor_at(c, '"');
	if (text ? !cursor_quoted(c, &value, "") : !pass_value(c, &value))
		return cursor_fail(c, "a member without a value");
	pass_blanks(c);
	if (text && str_is(name, "log"))
		out->text = value;
	else if (text && str_is(name, "stream"))
		out->stream = value;
	else if (text && str_is(name, "time"))
		out->time = value;
	else if (!text && str_is(name, "attrs"))
		out->attrs = value;
	return true;
}

/* The line feed a text ends with, as an escape. */
static bool
cut_feed(struct str *s)
{
	size_t n = s->n, slashes = 0;

	if (n < 2 || s->p[n - 1] != 'n' || s->p[n - 2] != '\\')
		return false;
	while (slashes < n - 1 && s->p[n - 2 - slashes] == '\\')
		slashes++;
	if (slashes % 2 == 0)
		return false;
	s->n -= 2;
	if (s->n >= 2 && !memcmp(s->p + s->n - 2, "\\r", 2) &&
	    (s->n == 2 || s->p[s->n - 3] != '\\'))
		s->n -= 2;
	return true;
}

static bool
members(struct cursor *c, struct part *out)
{
	if (!cursor_lit(c, STR("{"), "not a JSON object"))
		return false;
	do
		if (!member(c, out))
			return false;
	while (cursor_at(c, ',') && c->p++);
	if (!cursor_lit(c, STR("}"), "the object does not end"))
		return false;
	pass_blanks(c);
	return c->p == c->end || cursor_fail(c, "text behind the object");
}

static const char *
docker_part(struct str line, struct part *out, const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};

	*out = (struct part){.attrs = {NULL, 0}};
	if (!members(&c, out)) {
		*at = c.p;
		return c.why;
	}
	*at = NULL;
	if (!out->text.p)
		return "there is no log in it";
	if (!out->stream.p)
		out->stream = STR("stdout");
	out->open = !cut_feed(&out->text);
	return NULL;
}

static const char *
docker_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	struct str s = l->f[field];
	char *to;

	switch ((enum part_field)field) {
	case PART_TIME:
		return time_of(d, s, zone, out);
	case PART_PARTIAL:
		*out = value_bool(true);
		return NULL;
	case PART_ATTRS:
		*out = pack_of_json(s, a);
		return NULL;
	default:
		break;
	}
	if (s.n && memchr(s.p, '\\', s.n)) {
		to = arena_alloc(a, s.n);
		s = (struct str){to, json_unescape(to, s)};
	}
	*out = value_text(s);
	return NULL;
}

/* For guesses: only the members docker writes. */
static const char *
docker_scan(const struct fixed_decoder *d, struct fixed_line *l,
    struct str line, const char **at)
{
	struct part part;
	const char *why;

	(void)d;
	(void)l;
	if (!str_starts(line, STR("{\"log\":\"")))
		return "not docker's";
	why = docker_part(line, &part, at);
	return why ? why : part.time.p && part.stream.p ? NULL : "not docker's";
}

static const struct fixed_kind docker_kind = {
    .fields = docker_fields,
    .n = PART_FIELDS,
    .scan = docker_scan,
    .own = docker_own,
};

static enum start_status
docker_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	return parts_start(&format_docker, &docker_kind, head, eof, settings,
	    limits, arena, out, used, err);
}

static int
docker_guess(struct str head, bool whole)
{
	return fixed_fits(&docker_kind, head, whole) ? 95 : 0;
}

static size_t
docker_decode(struct decoder *d, const char *p, const char *end, bool eof,
    struct batch *b)
{
	return parts_decode(
	    (struct fixed_decoder *)d, docker_part, p, end, eof, b);
}

static size_t
docker_frame(const struct layout *layout, const char *p, size_t n)
{
	return parts_frame(layout, docker_part, p, n);
}

/* ---- the rows ---- */

const struct format format_cri = {
    .name = "cri",
    .doc = "container logs of Kubernetes: time, stream, P or F, text",
    .about =
	"Fields: time, stream (stdout or stderr), message (also called "
	"log). Lines with P are parts: they are put together with those of "
	"the same stream up to the next F, and the time is that of the "
	"first. Lines of the other stream may stand between; if 64 of them "
	"come, or the input ends, before the rest does, what there is "
	"becomes a record with partial = true.",
    .extensions = "",
    .example = "2016-10-06T00:17:09.669794202Z stdout F log content 1",
    .fields = "time stream message partial attrs log",
    .time_fields = "time",
    .guess = cri_guess,
    .start = cri_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = cri_decode,
    .frame = cri_frame,
    .lines = true,
};

const struct format format_docker = {
    .name = "docker",
    .doc = "container logs of docker's json-file driver",
    .about =
	"Fields: time, stream, log (also called message) without the line "
	"feed at its end, attrs if there are any. docker cuts long lines: a "
	"log without a line feed is put together with what follows on the "
	"same stream, as in the format cri. To read the lines as they are, "
	"use -i json.",
    .extensions = "",
    .example = "{\"log\":\"it is up\\n\",\"stream\":\"stdout\",\"time\":"
	       "\"2026-03-28T22:00:01.531004325Z\"}",
    .fields = "time stream log partial attrs message",
    .time_fields = "time",
    .guess = docker_guess,
    .start = docker_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = docker_decode,
    .frame = docker_frame,
    .lines = true,
};
