/* SPDX-License-Identifier: MIT */
/* The error logs of Apache (2.2 and 2.4) and nginx. */
#include "io/cursor.h"
#include "io/fixed.h"
#include "io/stamp.h"

/* ---- Apache ---- */

enum {
	A_TIME,
	A_LEVEL,
	A_MODULE,
	A_PID,
	A_TID,
	A_CLIENT,
	A_PORT,
	A_ERROR,
	A_CODE,
	A_MESSAGE,
	A_REFERER,
	A_FIELDS
};

static const struct fixed_field apache_fields[A_FIELDS] = {
    [A_TIME] = {{"time", 4}, FIXED_OWN, FIXED_ALWAYS},
    [A_LEVEL] = {{"level", 5}, FIXED_TEXT, FIXED_ALWAYS},
    [A_MODULE] = {{"module", 6}, FIXED_TEXT, FIXED_IF_THERE},
    [A_PID] = {{"pid", 3}, FIXED_INT, FIXED_IF_THERE},
    [A_TID] = {{"tid", 3}, FIXED_INT, FIXED_IF_THERE},
    [A_CLIENT] = {{"client", 6}, FIXED_TEXT, FIXED_IF_THERE},
    [A_PORT] = {{"client_port", 11}, FIXED_INT, FIXED_IF_THERE},
    [A_ERROR] = {{"error", 5}, FIXED_TEXT, FIXED_IF_THERE},
    [A_CODE] = {{"code", 4}, FIXED_TEXT, FIXED_IF_THERE},
    [A_MESSAGE] = {{"message", 7}, FIXED_TEXT, FIXED_ALWAYS},
    [A_REFERER] = {{"referer", 7}, FIXED_TEXT, FIXED_IF_THERE},
};

/* "Fri Sep 09 10:42:29.902022 2011" */
static bool
apache_stamp(struct str s, struct civil *c)
{
	const char *p = s.p, *end = s.p + s.n;

	if (s.n < 24 || p[3] != ' ')
		return false;
	p += 4;
	return stamp_bsd(&p, end, c) && p < end && *p++ == ' ' &&
	       stamp_digits(&p, end, 4, 4, &c->year) && p == end &&
	       stamp_is_day(c);
}

static bool
scan_apache_time(struct cursor *c, struct fixed_line *l)
{
	struct civil civil;

	if (!cursor_lit(c, STR("["), "no [time] at its start") ||
	    !cursor_until(c, ']', &l->f[A_TIME], "the [time] does not end"))
		return false;
	if (apache_stamp(l->f[A_TIME], &civil))
		return true;
	c->p = l->f[A_TIME].p;
	return cursor_fail(c, "the time is not readable");
}

/* "core:error", ":error", or "error" alone. */
static void
set_level(struct fixed_line *l, struct str s)
{
	const char *colon = memchr(s.p, ':', s.n);

	l->f[A_LEVEL] = s;
	if (!colon)
		return;
	if (colon > s.p)
		l->f[A_MODULE] = (struct str){s.p, (size_t)(colon - s.p)};
	l->f[A_LEVEL] =
	    (struct str){colon + 1, (size_t)(s.p + s.n - colon - 1)};
}

/* "pid 35708:tid 4328636416" */
static void
set_pid(struct fixed_line *l, struct str s)
{
	const char *colon = memchr(s.p, ':', s.n);
	const char *end = s.p + s.n;

	l->f[A_PID] =
	    (struct str){s.p + 4, (size_t)((colon ? colon : end) - s.p - 4)};
	if (colon && end - colon > 5 && !memcmp(colon, ":tid ", 5))
		l->f[A_TID] =
		    (struct str){colon + 5, (size_t)(end - colon - 5)};
}

/* 2.4 writes the port behind the address, 2.2 does not. */
static void
set_client(struct fixed_line *l, struct str s, bool port)
{
	const char *blank = memchr(s.p, ' ', s.n), *colon;
	size_t word = (size_t)(blank - s.p) + 1;

	s = (struct str){s.p + word, s.n - word};
	colon = port && s.n ? memrchr(s.p, ':', s.n) : NULL;
	l->f[A_CLIENT] = s;
	if (!colon)
		return;
	l->f[A_CLIENT].n = (size_t)(colon - s.p);
	l->f[A_PORT] = (struct str){colon + 1, (size_t)(s.p + s.n - colon - 1)};
}

/* The brackets behind the level; those that are not known are message. */
static void
scan_brackets(struct cursor *c, struct fixed_line *l)
{
	bool new = l->f[A_MODULE].p || l->f[A_TIME].n > 24;

	while (c->end - c->p > 2 && c->p[0] == ' ' && c->p[1] == '[') {
		struct cursor at = {c->p + 2, c->end, NULL};
		struct str s;

		if (!cursor_until(&at, ']', &s, ""))
			return;
		if (str_starts(s, STR("pid ")))
			set_pid(l, s);
		else if (str_starts(s, STR("client ")) ||
			 str_starts(s, STR("remote ")))
			set_client(l, s, new || l->f[A_PID].p);
		else
			return;
		c->p = at.p;
	}
}

/*
 * 2.4 writes the place in the source and the error of the system before the
 * client: "core.c(17): (13)Permission denied: [client 10.0.0.1:99] …"
 */
static void
scan_error(struct cursor *c, struct fixed_line *l)
{
	struct str rest = cursor_rest(c);
	const char *open = memchr(rest.p, '[', rest.n);
	struct cursor at = {open, c->end, NULL};
	struct str s;

	if (!open || open - rest.p < 4 || memcmp(open - 2, ": ", 2) ||
	    !memchr(rest.p, '(', (size_t)(open - rest.p)))
		return;
	at.p++;
	if (!cursor_until(&at, ']', &s, "") ||
	    (!str_starts(s, STR("client ")) && !str_starts(s, STR("remote "))))
		return;
	rest = str_trim((struct str){rest.p, (size_t)(open - 2 - rest.p)});
	l->f[A_ERROR] = rest;
	set_client(l, s, true);
	c->p = at.p;
}

/* "AH00128: …", and ", referer: …" at the end. */
static void
scan_message(struct cursor *c, struct fixed_line *l)
{
	const struct str mark = STR(", referer: ");
	struct str m;
	long at, next;

	c->p += c->p < c->end && *c->p == ' ';
	m = cursor_rest(c);
	if (m.n > 8 && m.p[0] == 'A' && m.p[1] == 'H' && m.p[7] == ':' &&
	    m.p[8] == ' ') {
		l->f[A_CODE] = (struct str){m.p, 7};
		m = (struct str){m.p + 9, m.n - 9};
	}
	at = str_find(m, mark, 0);
	while (at >= 0 && (next = str_find(m, mark, (size_t)at + 1)) >= 0)
		at = next;
	if (at >= 0) {
		size_t from = (size_t)at + mark.n;

		l->f[A_REFERER] = (struct str){m.p + from, m.n - from};
		m.n = (size_t)at;
	}
	l->f[A_MESSAGE] = m;
}

static const char *
apache_scan(const struct fixed_decoder *d, struct fixed_line *l,
    struct str line, const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};
	struct str level = {NULL, 0};

	if (!scan_apache_time(&c, l) ||
	    !cursor_lit(&c, STR(" ["), "no [level] behind the time") ||
	    !cursor_until(&c, ']', &level, "the [level] does not end")) {
		*at = c.p;
		return c.why;
	}
	set_level(l, level);
	scan_brackets(&c, l);
	if (!l->f[A_CLIENT].p && c.p < c.end && l->f[A_PID].p)
		scan_error(&c, l);
	if (fixed_needs(d, A_CODE, A_REFERER))
		scan_message(&c, l);
	return NULL;
}

static const char *
apache_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	struct civil c;

	(void)d;
	(void)a;
	apache_stamp(l->f[field], &c);
	*out = value_time(stamp_instant(&c, zone));
	return NULL;
}

static const struct fixed_kind apache_kind = {
    .fields = apache_fields,
    .n = A_FIELDS,
    .scan = apache_scan,
    .own = apache_own,
};

static enum start_status
apache_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return fixed_start(&format_apache_error, &apache_kind, head, eof,
	    settings, arena, out, used, err);
}

static int
apache_guess(struct str head, bool whole)
{
	return fixed_fits(&apache_kind, head, whole) ? 90 : 0;
}

/* ---- nginx ---- */

enum {
	N_TIME,
	N_LEVEL,
	N_PID,
	N_TID,
	N_CONNECTION,
	N_MESSAGE,
	N_CLIENT,
	N_SERVER,
	N_REQUEST,
	N_SUBREQUEST,
	N_UPSTREAM,
	N_HOST,
	N_REFERRER,
	N_FIELDS
};

static const struct fixed_field nginx_fields[N_FIELDS] = {
    [N_TIME] = {{"time", 4}, FIXED_OWN, FIXED_ALWAYS},
    [N_LEVEL] = {{"level", 5}, FIXED_TEXT, FIXED_ALWAYS},
    [N_PID] = {{"pid", 3}, FIXED_INT, FIXED_ALWAYS},
    [N_TID] = {{"tid", 3}, FIXED_INT, FIXED_ALWAYS},
    [N_CONNECTION] = {{"connection", 10}, FIXED_INT, FIXED_IF_THERE},
    [N_MESSAGE] = {{"message", 7}, FIXED_TEXT, FIXED_ALWAYS},
    [N_CLIENT] = {{"client", 6}, FIXED_TEXT, FIXED_IF_THERE},
    [N_SERVER] = {{"server", 6}, FIXED_TEXT, FIXED_IF_THERE},
    [N_REQUEST] = {{"request", 7}, FIXED_TEXT, FIXED_IF_THERE},
    [N_SUBREQUEST] = {{"subrequest", 10}, FIXED_TEXT, FIXED_IF_THERE},
    [N_UPSTREAM] = {{"upstream", 8}, FIXED_TEXT, FIXED_IF_THERE},
    [N_HOST] = {{"host", 4}, FIXED_TEXT, FIXED_IF_THERE},
    [N_REFERRER] = {{"referrer", 8}, FIXED_TEXT, FIXED_IF_THERE},
};

/* "2026/03/28 22:00:01" */
static bool
nginx_stamp(const char **p, const char *end, struct civil *c)
{
	const char *s = *p;

	if (!stamp_digits(&s, end, 4, 4, &c->year) || s == end || *s++ != '/' ||
	    !stamp_digits(&s, end, 2, 2, &c->month) || s == end ||
	    *s++ != '/' || !stamp_digits(&s, end, 2, 2, &c->day) || s == end ||
	    *s++ != ' ' || !stamp_clock(&s, end, c) || !stamp_is_day(c))
		return false;
	*p = s;
	return true;
}

/* "1234#1234: *5678 " */
static bool
scan_process(struct cursor *c, struct fixed_line *l)
{
	const char *p = c->p, *end = c->end;
	int n;

	if (!cursor_until(c, '#', &l->f[N_PID], "no process behind the level"))
		return false;
	if (!cursor_until(c, ':', &l->f[N_TID], "no thread behind the process"))
		return false;
	p = c->p;
	if (end - p > 2 && p[0] == ' ' && p[1] == '*') {
		p += 2;
		while (p < end && stamp_digits(&p, end, 1, 9, &n))
			;
		l->f[N_CONNECTION] =
		    (struct str){c->p + 2, (size_t)(p - c->p - 2)};
		c->p = p;
	}
	c->p += c->p < end && *c->p == ' ';
	return true;
}

/* A value in quotes ends at one that ends the line or the next name follows. */
static bool
scan_note_value(struct cursor *c, struct str *out)
{
	const char *from = c->p, *q;

	if (!cursor_at(c, '"')) {
		q = scan_byte(from, c->end, ',');
		*out = (struct str){from, (size_t)(q - from)};
		c->p = q;
		return !memchr(from, ' ', out->n);
	}
	for (q = ++from; (q = scan_byte(q, c->end, '"')) < c->end; q++)
		if (q + 1 == c->end ||
		    (c->end - q > 2 && q[1] == ',' && q[2] == ' ')) {
			*out = (struct str){from, (size_t)(q - from)};
			c->p = q + 1;
			return true;
		}
	return false;
}

/* ", client: 10.0.0.7, server: …" to the end, or it is a part of the message.
 */
static bool
scan_notes(struct cursor c, struct fixed_line *l)
{
	while (c.p < c.end) {
		unsigned i;

		if (!cursor_lit(&c, STR(", "), ""))
			return false;
		for (i = N_CLIENT; i < N_FIELDS; i++) {
			struct str name = nginx_fields[i].name;

			if (str_starts(cursor_rest(&c), name) &&
			    c.end - c.p > (long)name.n + 2 &&
			    c.p[name.n] == ':')
				break;
		}
		if (i == N_FIELDS)
			return false;
		c.p += nginx_fields[i].name.n + 2;
		if (!scan_note_value(&c, &l->f[i]))
			return false;
	}
	return true;
}

static void
scan_nginx_message(struct cursor *c, struct fixed_line *l)
{
	struct str m = cursor_rest(c);

	l->f[N_MESSAGE] = m;
	for (long at = 0;
	     (at = str_find(m, STR(", client: "), (size_t)at)) >= 0; at++) {
		if (scan_notes((struct cursor){m.p + at, c->end, NULL}, l)) {
			l->f[N_MESSAGE].n = (size_t)at;
			return;
		}
		for (unsigned i = N_CLIENT; i < N_FIELDS; i++)
			l->f[i].p = NULL;
	}
}

static const char *
nginx_scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};
	struct civil civil;

	*at = c.p;
	if (!nginx_stamp(&c.p, c.end, &civil))
		return "no time at its start";
	l->f[N_TIME] = (struct str){line.p, (size_t)(c.p - line.p)};
	if (!cursor_lit(&c, STR(" ["), "no [level] behind the time") ||
	    !cursor_until(
		&c, ']', &l->f[N_LEVEL], "the [level] does not end") ||
	    !cursor_lit(&c, STR(" "), "no process behind the level") ||
	    !scan_process(&c, l)) {
		*at = c.p;
		return c.why;
	}
	if (fixed_needs(d, N_MESSAGE, N_REFERRER))
		scan_nginx_message(&c, l);
	return NULL;
}

static const char *
nginx_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	const char *p = l->f[field].p;
	struct civil c;

	(void)d;
	(void)a;
	nginx_stamp(&p, p + l->f[field].n, &c);
	*out = value_time(stamp_instant(&c, zone));
	return NULL;
}

static const struct fixed_kind nginx_kind = {
    .fields = nginx_fields,
    .n = N_FIELDS,
    .scan = nginx_scan,
    .own = nginx_own,
};

static enum start_status
nginx_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return fixed_start(&format_nginx_error, &nginx_kind, head, eof,
	    settings, arena, out, used, err);
}

static int
nginx_guess(struct str head, bool whole)
{
	return fixed_fits(&nginx_kind, head, whole) ? 90 : 0;
}

/* ---- the rows ---- */

const struct format format_apache_error = {
    .name = "apache-error",
    .look = "[Fri Sep 09 10:42:29.902022 2011] and a level in brackets",
    .doc = "Apache error log, of 2.2 and of 2.4",
    .about =
	"Fields: time, level, module, pid, tid, client, client_port (2.4), "
	"error (what 2.4 has before the client, as in (13)Permission "
	"denied), code (AH00128), message, referer. Times have no zone: --tz "
	"says which." TEXT_JOIN_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid "
	       "4328636416] [client 72.15.99.187] File does not exist: "
	       "/usr/local/apache2/htdocs/favicon.ico",
    .fields = "time level module pid tid client client_port error code message "
	      "referer",
    .time_fields = "time",
    .guess = apache_guess,
    .start = apache_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = text_decode_lines,
    .line = fixed_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};

const struct format format_nginx_error = {
    .name = "nginx-error",
    .look = "2026/03/28 22:00:01 [error] 31#31:",
    .doc = "nginx error log",
    .about = "Fields: time, level, pid, tid, connection, message; and what the "
	     "server adds behind it: client, server, request, subrequest, "
	     "upstream, host, referrer. Times have no zone: --tz says "
	     "which." TEXT_JOIN_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "2026/03/28 22:00:01 [error] 31#31: *5 open() "
	       "\"/srv/favicon.ico\" failed (2: No such file or directory), "
	       "client: 10.0.0.7, server: localhost, request: \"GET "
	       "/favicon.ico HTTP/1.1\", host: \"localhost\"",
    .fields = "time level pid tid connection message client server request "
	      "subrequest upstream host referrer",
    .time_fields = "time",
    .guess = nginx_guess,
    .start = nginx_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = text_decode_lines,
    .line = fixed_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};
