/* SPDX-License-Identifier: MIT */
/*
 * The format syslog. RFC 3164's times have no year: it is chosen for each
 * record by itself, within one year of a fixed moment, so that it does not
 * depend on which records were read before (see `about`).
 */
#include "io/syslog.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/option.h"
#include "io/stamp.h"

static const struct fixed_field fields[SYSLOG_FIELDS] = {
    [SYSLOG_TS] = {{"ts", 2}, FIXED_OWN, FIXED_ALWAYS},
    [SYSLOG_HOST] = {{"host", 4}, FIXED_TEXT, FIXED_ALWAYS},
    [SYSLOG_APP] = {{"app", 3}, FIXED_TEXT, FIXED_ALWAYS},
    [SYSLOG_PID] = {{"pid", 3}, FIXED_GUESS, FIXED_ALWAYS},
    [SYSLOG_FACILITY] = {{"facility", 8}, FIXED_OWN, FIXED_IF_THERE},
    [SYSLOG_SEVERITY] = {{"severity", 8}, FIXED_OWN, FIXED_IF_THERE},
    [SYSLOG_MSGID] = {{"msgid", 5}, FIXED_TEXT, FIXED_IF_THERE},
    [SYSLOG_DATA] = {{"data", 4}, FIXED_OWN, FIXED_IF_THERE},
    [SYSLOG_MESSAGE] = {{"message", 7}, FIXED_TEXT, FIXED_ALWAYS},
    [SYSLOG_FACILITY_CODE] = {{"facility_code", 13}, FIXED_OWN, FIXED_APART},
    [SYSLOG_SEVERITY_CODE] = {{"severity_code", 13}, FIXED_OWN, FIXED_APART},
    [SYSLOG_PRI] = {{"pri", 3}, FIXED_INT, FIXED_APART},
    [SYSLOG_TAG] = {{"tag", 3}, FIXED_TEXT, FIXED_APART},
    [SYSLOG_VERSION] = {{"version", 7}, FIXED_INT, FIXED_APART},
};

/* RFC 5424, section 6.2.1; the names of facilities as in <syslog.h>. */
static const char *const facilities[24] = {"kern", "user", "mail", "daemon",
    "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7"};

static const char *const severities[8] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

enum repeated {
	REPEATED_EXPAND,
	REPEATED_ALL,
	REPEATED_KEEP
};

struct syslog_options {
	struct text_join_options join; /* first */
	bool octets;
	enum repeated repeated;
	int year; /* of the first record, 0: not stated */
};

struct syslog_layout {
	struct fixed_layout f;
	struct syslog_options o;
	/* Civil times without a year are in [from, from + a year). */
	int64_t from;
};

/* ---- settings ---- */

static int
set_framing(void *to, const struct setting *s, struct err *err)
{
	struct syslog_options *o = to;

	o->octets = str_is(s->value, "octets");
	if (!o->octets && !str_is(s->value, "lines"))
		return option_must_be(s, "lines or octets", err);
	return 0;
}

static int
set_repeated(void *to, const struct setting *s, struct err *err)
{
	struct syslog_options *o = to;

	if (str_is(s->value, "expand"))
		o->repeated = REPEATED_EXPAND;
	else if (str_is(s->value, "all"))
		o->repeated = REPEATED_ALL;
	else if (str_is(s->value, "keep"))
		o->repeated = REPEATED_KEEP;
	else
		return option_must_be(s, "expand, all or keep", err);
	return 0;
}

static int
set_year(void *to, const struct setting *s, struct err *err)
{
	struct syslog_options *o = to;
	int64_t year;

	if (!num_parse_int(s->value, &year) || year < 1 || year > 9998)
		return option_must_be(s, "a year, such as 2026", err);
	o->year = (int)year;
	return 0;
}

static const struct option list[] = {
    {{"framing", 7}, set_framing},
    {{"repeated", 8}, set_repeated},
    {{"year", 4}, set_year},
    TEXT_JOIN_OPTIONS,
};
static const struct options options = {list, sizeof list / sizeof *list, NULL};

/* ---- years ---- */

/*
 * A little disorder at the start is allowed for: a record may be this much
 * earlier than the first one.
 */
#define BEFORE_FIRST WHEN_HOUR

/* Clocks differ: a record may be this much later than the file's last write. */
#define AFTER_LAST WHEN_DAY

static int64_t
civil_of(const struct fixed_line *l, int year)
{
	int month = (int)(l->num[SYSLOG_DATE] >> 5 & 15);
	int day = (int)(l->num[SYSLOG_DATE] & 31);

	return when_days(year, month, day) * WHEN_DAY + l->num[SYSLOG_CLOCK];
}

/* The window that begins with the first record, in the year stated. */
static int64_t
from_first(int year, struct str line)
{
	struct fixed_line l;
	const char *at;

	memset(&l, 0, sizeof l);
	if (!line.n || syslog_scan(&l, line, false, &at) ||
	    l.num[SYSLOG_STAMP] != STAMP_BSD)
		return when_days(year, 1, 1) * WHEN_DAY;
	return civil_of(&l, year) - BEFORE_FIRST;
}

/* A civil time's year such that it lies in the window. */
static bool
find_year(
    const struct syslog_layout *s, const struct fixed_line *l, int64_t *civil)
{
	struct civil c = {.year = (int)(l->num[SYSLOG_DATE] >> 9),
	    .month = (int)(l->num[SYSLOG_DATE] >> 5 & 15),
	    .day = (int)(l->num[SYSLOG_DATE] & 31)};
	struct civil from;
	int64_t t;

	if (!c.year) {
		when_to_civil(s->from, &from);
		c.year = from.year;
		t = civil_of(l, c.year);
		c.year += t < s->from;
		/* A leap day in a year without one: the window cannot be
		 * meant; the nearest such day before it is. */
		for (int i = 0; i < 8 && !stamp_is_day(&c); i++)
			c.year--;
	}
	if (!stamp_is_day(&c))
		return false;
	*civil = civil_of(l, c.year);
	return true;
}

/* What journalctl puts between records: "-- Boot 5d0c... --" */
static bool
is_mark(struct str line)
{
	return line.n > 5 && str_starts(line, STR("-- ")) &&
	       !memcmp(line.p + line.n - 3, " --", 3);
}

/* ---- the start ---- */

static const struct fixed_kind syslog_kind;

/* "last message repeated 3 times": a part of the record before. */
static bool
is_last_repeated(struct str line)
{
	return str_find(line, STR("last message repeated "), 0) >= 0;
}

static enum start_status
syslog_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct syslog_layout *l = arena_zalloc(arena, sizeof *l);
	char room[TEXT_LOOK];
	struct str line;
	bool none;

	if (options_read(&format_syslog, &options, settings, &l->o, err) ||
	    text_join_make(&l->o.join, arena, &l->f.base, err))
		return START_ERR;
	if (l->o.repeated == REPEATED_ALL && !l->f.base.join) {
		struct text_join *j = arena_zalloc(arena, sizeof *j);

		j->goes_on = is_last_repeated;
		l->f.base.join = j;
		l->f.base.looks_on = true;
	}
	l->from = when_year_before(
	    (settings->written == WHEN_MIN ? clock_now() : settings->written) +
	    AFTER_LAST);
	if (l->o.year) {
		if (!text_start_line(
			head, eof, limits->record_max, room, &line, &none) &&
		    !none)
			return START_MORE;
		l->from =
		    from_first(l->o.year, none ? (struct str){NULL, 0} : line);
	}
	return fixed_start_as(&l->f, &format_syslog, &syslog_kind, head, eof,
	    settings, arena, out, used);
}

/* What an application's log has where syslog has the host. */
static bool
is_level(struct str s)
{
	static const char *const words[] = {"trace", "debug", "info", "notice",
	    "warn", "warning", "error", "err", "crit", "critical", "fatal",
	    "severe", "fine", "verbose"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(s, str_of(words[i])))
			return true;
	return *s.p == '[' || *s.p == '(';
}

static int
syslog_guess(struct str head, bool whole)
{
	char room[TEXT_LOOK];
	struct fixed_line l;
	const char *at;
	struct str line;

	if (!text_look(head, whole, room, &line))
		return 0;
	if (is_mark(line) && (str_starts(line, STR("-- Logs begin at ")) ||
				 str_starts(line, STR("-- Journal begins ")) ||
				 str_starts(line, STR("-- Boot "))))
		return 80;
	memset(&l, 0, sizeof l);
	if (syslog_scan(&l, line, true, &at))
		return 0;
	if (l.f[SYSLOG_PRI].p)
		return 80;
	return l.f[SYSLOG_HOST].p && !is_level(l.f[SYSLOG_HOST]) ? 80 : 0;
}

/* ---- values ---- */

static const char *
time_of(struct fixed_decoder *d, const struct fixed_line *l,
    const struct zone *zone, struct value *out)
{
	const struct when_layout iso = {.kind = WHEN_ISO, .zone = zone};
	const struct syslog_layout *s =
	    (const struct syslog_layout *)d->t.base.layout;
	int64_t t = 0;

	switch ((enum syslog_stamp)l->num[SYSLOG_STAMP]) {
	case STAMP_NONE:
		*out = VALUE_NULL;
		return NULL;
	case STAMP_ISO:
		if (!when_parse(&iso, &d->cache, l->f[SYSLOG_TS], &t))
			return "the time is not readable";
		break;
	case STAMP_BSD:
		if (!find_year(s, l, &t))
			return "there is no such day";
		t = zone ? zone_instant(zone, t, 0) : t;
		break;
	}
	*out = value_time(t);
	return NULL;
}

static const char *
syslog_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	unsigned pri = 0;

	switch ((enum syslog_field)field) {
	case SYSLOG_TS:
		return time_of(d, l, zone, out);
	case SYSLOG_DATA:
		*out = syslog_data(l->f[SYSLOG_DATA], a, &d->pack);
		return NULL;
	default:
		break;
	}
	for (size_t i = 0; i < l->f[field].n; i++)
		pri = pri * 10 + (unsigned)(l->f[field].p[i] - '0');
	if (field == SYSLOG_FACILITY)
		*out = value_text(str_of(facilities[pri / 8]));
	else if (field == SYSLOG_SEVERITY)
		*out = value_text(str_of(severities[pri % 8]));
	else
		*out = value_int(
		    field == SYSLOG_FACILITY_CODE ? pri / 8 : pri % 8);
	return NULL;
}

static const char *
scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	(void)d;
	return syslog_scan(l, line, false, at);
}

static const struct fixed_kind syslog_kind = {
    .fields = fields,
    .n = SYSLOG_FIELDS,
    .scan = scan,
    .own = syslog_own,
};

/* ---- repeated messages ---- */

/* More than that is nobody's count. */
#define REPEATED_MAX 1000000

/* The number between two texts at the start of s, which is cut to what is
 * behind; -1 if it is not there. */
static int64_t
cut_count(struct str *s, struct str before, struct str behind)
{
	const char *p, *end = s->p + s->n;
	int64_t n = 0;

	if (!str_starts(*s, before))
		return -1;
	for (p = s->p + before.n; p < end && *p >= '0' && *p <= '9'; p++)
		if (n <= REPEATED_MAX)
			n = n * 10 + (*p - '0');
	*s = (struct str){p, (size_t)(end - p)};
	if (!str_starts(*s, behind))
		return -1;
	*s = (struct str){s->p + behind.n, s->n - behind.n};
	return n;
}

/*
 * rsyslog's "message repeated 5 times: [ text]": the text and how often it
 * comes; else 1.
 */
static int64_t
unwrap(struct str *message)
{
	struct str s = *message;
	int64_t n = cut_count(&s, STR("message repeated "), STR(" times: ["));

	if (n < 1 || !s.n || s.p[s.n - 1] != ']')
		return 1;
	s.n--;
	if (s.n && *s.p == ' ')
		s = (struct str){s.p + 1, s.n - 1};
	*message = s;
	return n;
}

/* Cuts the lines "last message repeated N times" off; how many they stand
 * for. */
static int64_t
cut_last(struct str *record)
{
	struct str rest = *record, line;
	int64_t all = 0;
	long lf = str_find(rest, STR("\n"), 0);

	if (lf < 0)
		return 0;
	record->n = (size_t)lf;
	while (lf >= 0) {
		int64_t n = -1;
		long at;

		rest = (struct str){rest.p + lf + 1, rest.n - (size_t)lf - 1};
		lf = str_find(rest, STR("\n"), 0);
		line = (struct str){rest.p, lf < 0 ? rest.n : (size_t)lf};
		at = str_find(line, STR("last message repeated "), 0);
		if (at >= 0) {
			line = (struct str){line.p + at, line.n - (size_t)at};
			n = cut_count(
			    &line, STR("last message repeated "), STR(" time"));
		}
		all += n > 0 ? n : 0;
		if (all > REPEATED_MAX)
			return all;
	}
	if (record->n && record->p[record->n - 1] == '\r')
		record->n--;
	return all;
}

static const char *
syslog_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct fixed_decoder *d = (struct fixed_decoder *)t;
	const struct syslog_layout *s =
	    (const struct syslog_layout *)t->base.layout;
	struct str raw = line;
	struct fixed_line l;
	int64_t times = 1;
	const char *why;

	if (is_mark(line))
		return TEXT_NO_RECORD;
	memset(l.f, 0, SYSLOG_FIELDS * sizeof *l.f);
	if (s->o.repeated == REPEATED_ALL)
		times += cut_last(&line);
	why = syslog_scan(&l, line, false, at);
	if (why)
		return why;
	if (s->o.repeated != REPEATED_KEEP && l.f[SYSLOG_MESSAGE].n &&
	    *l.f[SYSLOG_MESSAGE].p == 'm')
		times += unwrap(&l.f[SYSLOG_MESSAGE]) - 1;
	if (times > REPEATED_MAX)
		return "repeated more than 1000000 times";
	why = fixed_row(d, b, row, raw, &l);
	if (!why && times > 1)
		text_again(t, (uint64_t)times - 1);
	return why;
}

/* ---- octets ---- */

/*
 * The message at p by RFC 6587's count. 1, 0: it is not all there, -1: there
 * is no count.
 */
static int
counted(const char *p, const char *end, uint32_t max, struct str *out)
{
	const char *q = p;
	uint64_t n = 0;

	while (q < end && *q >= '0' && *q <= '9' && q - p < 10)
		n = n * 10 + (uint64_t)(*q++ - '0');
	if (q == end && q - p < 10)
		return 0;
	if (q == p || *q != ' ' || n > max || !n)
		return -1;
	q++;
	*out = (struct str){q, n};
	return (uint64_t)(end - q) >= n;
}

/* What is no counted message ends with its line. */
static const char *
broken_end(const char *p, const char *end, bool eof)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl + 1 : eof ? end : NULL;
}

struct octets {
	struct str record;
	const char *next; /* NULL: it is not all there */
	bool broken;
};

static struct octets
next_octets(const char *p, const char *end, bool eof, uint32_t max)
{
	struct octets o = {{p, 0}, NULL, false};
	int status = counted(p, end, max, &o.record);

	if (status > 0) {
		o.next = o.record.p + o.record.n;
		return o;
	}
	if (!status && !eof)
		return o;
	o.broken = true;
	o.next = status ? broken_end(p, end, eof) : end;
	if (o.next)
		o.record = (struct str){p, (size_t)(o.next - p)};
	return o;
}

static size_t
decode_octets(struct text_decoder *t, const char *p, const char *end, bool eof,
    struct batch *b)
{
	uint32_t max = t->base.spec->limits.record_max;
	const char *at = p;
	unsigned row = 0;

	t->valid = p;
	text_begin(t, b);
	while (at < end && !text_full(b, row)) {
		struct octets o;

		if (*at == '\n') { /* some put one between */
			at++;
			continue;
		}
		o = next_octets(at, end, eof, max);
		if (!o.next)
			break;
		if (o.broken)
			text_bad(b, row, o.record,
			    "no count of octets before the message", NULL);
		else if (!text_take(t, b, &row, o.record, end, syslog_line))
			break;
		at = o.next;
	}
	text_end(b, row);
	return (size_t)(at - p);
}

static size_t
syslog_decode(struct decoder *base, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct text_decoder *t = (struct text_decoder *)base;
	const struct syslog_layout *l =
	    (const struct syslog_layout *)base->layout;

	if (l->o.octets)
		return decode_octets(t, p, end, eof, b);
	return text_decode_lines(base, p, end, eof, b);
}

static size_t
syslog_frame(const struct layout *layout, const char *p, size_t n)
{
	const struct syslog_layout *l = (const struct syslog_layout *)layout;
	const char *at = p, *end = p + n;

	if (!l->o.octets)
		return text_frame_lines(layout, p, n);
	while (at < end) {
		struct octets o = {{at, 0}, at + 1, false};

		if (*at != '\n')
			o = next_octets(at, end, false, UINT32_MAX);
		if (!o.next)
			break;
		at = o.next;
	}
	return (size_t)(at - p);
}

const struct format format_syslog = {
    .name = "syslog",
    .look = "Mar 28 22:00:01 (or 2026-03-28T22:00:01...) HOST NAME[PID]: TEXT; "
	    "<34> may stand before it; or <34>1",
    .doc = "syslog: RFC 3164 and 5424, as in /var/log and on the wire",
    .about =
	"Each line may be of either RFC, with or without its priority. "
	"Fields: ts, host, app, pid, message; facility and severity (auth, "
	"err; also facility_code, severity_code and pri, the numbers) where "
	"there is a priority; msgid and data (structured data, a map of "
	"maps: data.origin.ip) of RFC 5424; tag (app[pid] as it is written), "
	"version. \"-\" is NULL. A line without a tag is all message behind "
	"the host. What begins with neither a time nor a priority is bad. "
	"Times without a zone are in that of --tz. Times without a year lie "
	"in the year that begins one hour before the first record, which is "
	"of the setting year=YYYY; without that setting, in the year that "
	"ends one day after the file was last written to (on a pipe: today). "
	"So December follows January without a gap, and no year is guessed "
	"from other records; a file of more than a year needs stamps that "
	"have one. repeated=expand (the default) makes N records of \"message "
	"repeated N times: [text]\"; repeated=all also counts \"last message "
	"repeated N times\" as the record before it, which then has to wait "
	"for the line behind it; repeated=keep does neither. Lines that "
	"journalctl(1) puts between "
	"records (-- Boot ID --) are passed over. framing=octets "
	"reads messages with their length before them (RFC 6587); such a "
	"count before a line is passed over." TEXT_JOIN_ABOUT,
    .extensions = "syslog",
    .arg = "SETTINGS",
    .example = "<38>Mar 28 22:00:01 web1 sshd[24200]: Failed password for "
	       "root from 10.0.0.7 port 42612 ssh2",
    .fields = "ts host app pid facility severity msgid data message "
	      "facility_code severity_code pri tag version",
    .time_fields = "ts",
    .guess = syslog_guess,
    .start = syslog_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = syslog_decode,
    .line = syslog_line,
    .frame = syslog_frame,
    .lines = true,
    .nul = true,
};
