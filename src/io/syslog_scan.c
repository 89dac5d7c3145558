/* SPDX-License-Identifier: MIT */
/*
 * One pass over a syslog line. RFC 3164 describes what was found in the wild
 * and lets nearly everything through; so a line needs a stamp or a priority,
 * and what is neither host nor tag is message.
 */
#include "io/scan.h"
#include "io/stamp.h"
#include "io/syslog.h"

struct scan {
	const char *p, *end;
	struct fixed_line *l;
	const char *why;
};

static bool
fail(struct scan *s, const char *why)
{
	s->why = why;
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
set(struct scan *s, enum syslog_field field, const char *from, const char *to)
{
	s->l->f[field] = (struct str){from, (size_t)(to - from)};
}

/* Goes behind one blank, if there is one. */
static void
blank(struct scan *s)
{
	s->p += s->p < s->end && *s->p == ' ';
}

/* "<34>", not more than 191. */
static bool
scan_pri(struct scan *s)
{
	const char *p = s->p + 1, *from = p;
	unsigned v = 0;

	while (p < s->end && is_digit(*p) && p - from < 4)
		v = v * 10 + (unsigned)(*p++ - '0');
	if (p == from || p - from > 3 || p == s->end || *p != '>' || v > 191)
		return fail(s, "the priority is not <0> to <191>");
	set(s, SYSLOG_PRI, from, p);
	s->l->f[SYSLOG_FACILITY] = s->l->f[SYSLOG_PRI];
	s->l->f[SYSLOG_SEVERITY] = s->l->f[SYSLOG_PRI];
	s->l->f[SYSLOG_FACILITY_CODE] = s->l->f[SYSLOG_PRI];
	s->l->f[SYSLOG_SEVERITY_CODE] = s->l->f[SYSLOG_PRI];
	s->p = p + 1;
	return true;
}

/* ---- RFC 5424 ---- */

/* "1 " and then a stamp or "-". */
static bool
at_version(const struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && is_digit(*p) && p - s->p < 3)
		p++;
	return p > s->p && *s->p != '0' && s->end - p > 1 && *p == ' ' &&
	       (p[1] == '-' || (s->end - p > 5 && is_digit(p[1]) &&
				   is_digit(p[4]) && p[5] == '-'));
}

/* A word and its blank; "-" is absent. */
static bool
header_word(struct scan *s, enum syslog_field field, const char *why)
{
	const char *from = s->p, *q = scan_byte(from, s->end, ' ');

	if (q == from)
		return fail(s, why);
	if (q == s->end)
		return fail(s, "the line ends within its head");
	if (q - from > 1 || *from != '-')
		set(s, field, from, q);
	s->p = q + 1;
	return true;
}

static const char *
data_element(const char *p, const char *end)
{
	bool escaped;

	while (p < end && *p != ']') {
		p = scan_either(p, end, '"', ']');
		if (p == end || *p == ']')
			break;
		p = scan_quote(p + 1, end, '"', &escaped);
		if (!p)
			return NULL;
		p++;
	}
	return p < end ? p + 1 : NULL;
}

const char *
syslog_data_end(const char *p, const char *end)
{
	while (p && p < end && *p == '[')
		p = data_element(p + 1, end);
	return p;
}

static bool
scan_data(struct scan *s)
{
	const char *from = s->p, *q;

	if (from == s->end)
		return fail(s, "no structured data");
	if (*from == '-') {
		s->p++;
	} else if (*from == '[') {
		q = syslog_data_end(from, s->end);
		if (!q)
			return fail(s, "the structured data does not end");
		set(s, SYSLOG_DATA, from, q);
		s->p = q;
	} else {
		return fail(s, "no structured data behind the message id");
	}
	if (s->p < s->end && *s->p != ' ')
		return fail(s, "no blank behind the structured data");
	return true;
}

static bool
scan_5424(struct scan *s)
{
	const char *q = scan_byte(s->p, s->end, ' ');
	struct str m;

	set(s, SYSLOG_VERSION, s->p, q);
	s->p = q + 1;
	if (!header_word(s, SYSLOG_TS, "no time behind the version") ||
	    !header_word(s, SYSLOG_HOST, "no host behind the time") ||
	    !header_word(s, SYSLOG_APP, "no app name behind the host") ||
	    !header_word(s, SYSLOG_PID, "no process id behind the app") ||
	    !header_word(s, SYSLOG_MSGID, "no message id behind the process") ||
	    !scan_data(s))
		return false;
	s->l->num[SYSLOG_STAMP] = s->l->f[SYSLOG_TS].p ? STAMP_ISO : STAMP_NONE;
	s->l->f[SYSLOG_TAG] = s->l->f[SYSLOG_APP];
	if (s->p == s->end)
		return true;
	m = (struct str){s->p + 1, (size_t)(s->end - s->p - 1)};
	if (str_starts(m, STR("\xef\xbb\xbf")))
		m = (struct str){m.p + 3, m.n - 3};
	s->l->f[SYSLOG_MESSAGE] = m;
	return true;
}

/* ---- RFC 3164 ---- */

/* "2026-03-01T" or "2026-03-01 1" */
static bool
at_iso(const struct scan *s)
{
	const char *p = s->p;

	return s->end - p > 18 && is_digit(p[0]) && is_digit(p[3]) &&
	       p[4] == '-' && p[7] == '-' && is_digit(p[11]) && p[13] == ':' &&
	       (p[10] == 'T' || p[10] == ' ');
}

/* "Sat 2026-03-28 22:00:01 CET", as journalctl -o short-full has it. */
static bool
scan_full(struct scan *s)
{
	const char *p = s->p, *q;

	if (s->end - p < 26 || p[3] != ' ' || !is_digit(p[4]) || p[8] != '-' ||
	    p[11] != '-' || p[14] != ' ' || !is_digit(p[15]) || p[17] != ':')
		return false;
	q = scan_byte(p + 15, s->end, ' ');
	if (q < s->end)
		q = scan_byte(q + 1, s->end, ' ');
	set(s, SYSLOG_TS, p + 4, q);
	s->l->num[SYSLOG_STAMP] = STAMP_ISO;
	s->p = q;
	blank(s);
	return true;
}

/* The stamp, if there is one, and the blank behind it. */
static bool
scan_stamp(struct scan *s)
{
	const char *from = s->p, *q;
	struct civil c;

	if (at_iso(s)) {
		q = scan_byte(from + 11, s->end, ' ');
		if (memchr(from, '\t', (size_t)(q - from)))
			return false; /* another layout */
		set(s, SYSLOG_TS, from, q);
		s->l->num[SYSLOG_STAMP] = STAMP_ISO;
		s->p = q;
		blank(s);
		return true;
	}
	if (scan_full(s))
		return true;
	q = from;
	if (*q == '*' || *q == '.') /* Cisco: the clock is not set */
		q++;
	if (!stamp_bsd(&q, s->end, &c))
		return false;
	if (!c.year && s->end - q > 5 && *q == ' ' && q[5] == ' ') {
		const char *year = q + 1; /* some write it behind */

		if (stamp_digits(&year, s->end, 4, 4, &c.year))
			q = year;
	}
	set(s, SYSLOG_TS, from, q);
	s->l->num[SYSLOG_STAMP] = STAMP_BSD;
	s->l->num[SYSLOG_DATE] = c.year * 512 + c.month * 32 + c.day;
	s->l->num[SYSLOG_CLOCK] =
	    ((c.hour * 60 + c.minute) * 60 + c.second) * WHEN_SECOND + c.us;
	s->p = q;
	blank(s);
	return true;
}

/* app[pid]: or app: at p; the place of the message behind it, or NULL. */
static const char *
scan_tag(struct scan *s, const char *p)
{
	const char *q = p, *app, *pid, *close;

	while (q < s->end && *q != ' ' && *q != ':' && *q != '[')
		q++;
	/* "a::b" and "fe80::1" are no tags; a colon ends one with a blank. */
	while (q < s->end && *q == ':' && q + 1 < s->end && q[1] != ' ') {
		q++;
		while (q < s->end && *q != ' ' && *q != ':' && *q != '[')
			q++;
	}
	if (q == p || q == s->end || *q == ' ')
		return NULL;
	app = q;
	if (*q == '[') {
		pid = q + 1;
		close = scan_either(pid, s->end, ']', ' ');
		if (close == s->end || *close != ']' || close == pid)
			return NULL;
		set(s, SYSLOG_PID, pid, close);
		q = close + 1;
	}
	set(s, SYSLOG_APP, p, app);
	set(s, SYSLOG_TAG, p, q);
	if (q < s->end && *q == ':')
		q++;
	return q;
}

/* Cisco puts a colon behind the stamp or the host: ": %ASA-6-302013: ..." */
static bool
pass_colon(struct scan *s)
{
	if (s->end - s->p < 2 || s->p[0] != ':' || s->p[1] != ' ')
		return false;
	s->p += 2;
	return true;
}

/* Host, tag and message. */
static bool
scan_3164(struct scan *s, bool sure)
{
	bool colon = pass_colon(s);
	const char *from = s->p, *q = scan_tag(s, from), *host_end;

	if (!q && colon) {
		q = s->p;
	} else if (!q) {
		host_end = scan_byte(from, s->end, ' ');
		if (host_end > from)
			set(s, SYSLOG_HOST, from, host_end);
		s->p = host_end;
		blank(s);
		pass_colon(s);
		q = scan_tag(s, s->p);
		if (!q && sure)
			return fail(s, "no tag behind the host");
		q = q ? q : s->p;
	}
	s->p = q;
	blank(s);
	set(s, SYSLOG_MESSAGE, s->p, s->end);
	return true;
}

/* The count of RFC 6587 before a message: "83 <34>1 …" */
static void
pass_count(struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && is_digit(*p))
		p++;
	if (p > s->p && s->end - p > 2 && p[0] == ' ' && p[1] == '<')
		s->p = p + 1;
}

static bool
scan(struct scan *s, bool sure)
{
	bool pri;

	if (s->p < s->end && is_digit(*s->p))
		pass_count(s);
	pri = s->p < s->end && *s->p == '<';
	if (pri && !scan_pri(s))
		return false;
	if (pri && at_version(s))
		return scan_5424(s);
	if (s->p < s->end && scan_stamp(s))
		return scan_3164(s, sure && !pri);
	if (!pri || sure)
		return fail(s, "neither a priority nor a time at its start");
	set(s, SYSLOG_MESSAGE, s->p, s->end); /* RFC 3164, section 4.3.3 */
	return true;
}

const char *
syslog_scan(struct fixed_line *l, struct str line, bool sure, const char **at)
{
	struct scan s = {line.p, line.p + line.n, l, NULL};

	l->num[SYSLOG_STAMP] = STAMP_NONE;
	if (scan(&s, sure))
		return NULL;
	*at = s.p;
	return s.why;
}
