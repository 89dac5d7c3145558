/* SPDX-License-Identifier: MIT */
/*
 * Layouts of times: their names, and the check of a pattern before the first
 * record is read. A pattern must say which day it is: a year with a month and
 * a day, a year with the day of the year, or seconds since the epoch. What it
 * leaves out of the clock is zero.
 */
#include <string.h>

#include "base/when.h"

static const struct name {
	struct str name;
	enum when_kind kind;
} kinds[] = {
    {STR("auto"), WHEN_AUTO},
    {STR("clf"), WHEN_CLF},
    {STR("ctime"), WHEN_CTIME},
    {STR("epoch"), WHEN_EPOCH},
    {STR("http"), WHEN_MAIL},
    {STR("iso8601"), WHEN_ISO},
    {STR("mail"), WHEN_MAIL},
    {STR("ms"), WHEN_EPOCH_MS},
    {STR("ns"), WHEN_EPOCH_NS},
    {STR("rfc1123"), WHEN_MAIL},
    {STR("rfc2822"), WHEN_MAIL},
    {STR("rfc3339"), WHEN_ISO},
    {STR("rfc5322"), WHEN_MAIL},
    {STR("s"), WHEN_EPOCH_S},
    {STR("us"), WHEN_EPOCH_US},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char letters[] = "YmdHMSyjbBhaAeIklpPfNLzZsGVUWuwTFDRrcxXnt.%";

/* Says what is wrong with a name that is none of ours. */
static int
unknown_layout(struct str text, struct err *err)
{
	struct str names[N_KINDS];
	char quoted[4 * 40 + 8];

	for (size_t i = 0; i < N_KINDS; i++)
		names[i] = kinds[i].name;
	err_quote(quoted, text, 40);
	err_set(err, ERR_SPEC, (struct where){0}, "unknown time layout \"%s\"",
	    quoted);
	if (str_find(text, STR("yy"), 0) >= 0 ||
	    str_find(text, STR("YY"), 0) >= 0)
		return err_hint(err, "a pattern is written with %% letters: "
				     "%%Y-%%m-%%d %%H:%%M:%%S");
	return err_suggest(err, text, names, N_KINDS);
}

/* Refuses a pattern with an unknown letter; marks the letters seen. */
static int
check_letters(struct str pattern, bool seen[128], struct err *err)
{
	char quoted[4 * 60 + 8], letter[4 + 8];

	err_quote(quoted, pattern, 60);
	if (memchr(pattern.p, 0, pattern.n))
		return err_set(err, ERR_SPEC, (struct where){0},
		    "time pattern \"%s\" contains a NUL", quoted);
	for (size_t i = 0; i < pattern.n; i++) {
		char c;

		if (pattern.p[i] != '%')
			continue;
		if (++i == pattern.n)
			return err_set(err, ERR_SPEC, (struct where){0},
			    "time pattern \"%s\" ends in a lone %%", quoted);
		c = pattern.p[i];
		if (c == ':' && i + 1 < pattern.n && pattern.p[i + 1] == 'z')
			c = pattern.p[++i];
		if (!memchr(letters, c, sizeof(letters) - 1)) {
			err_quote(letter, (struct str){&c, 1}, 1);
			err_set(err, ERR_SPEC, (struct where){0},
			    "unknown letter %%%s in time pattern \"%s\"",
			    letter, quoted);
			return err_hint(err, "known are %s", letters);
		}
		seen[(unsigned char)c] = true;
	}
	return 0;
}

int
when_format_check(struct str pattern, struct err *err)
{
	bool seen[128] = {false};

	return check_letters(pattern, seen, err);
}

/* What the letters seen do not say, or NULL if they say a day. */
static const char *
missing(const bool seen[128], bool yearless)
{
	bool year = seen['Y'] || seen['y'];
	bool month = seen['m'] || seen['b'] || seen['B'] || seen['h'];
	bool day = seen['d'] || seen['e'];
	bool half = seen['p'] || seen['P'];

	if ((seen['I'] || seen['l']) && !half)
		return seen['I'] ? "%I without %p" : "%l without %p";
	if (seen['s'] || seen['F'] || seen['D'] || seen['c'] || seen['x'])
		return NULL;
	if (seen['G'] || seen['V'])
		return !seen['G']  ? "no year of the week (%G)"
		       : seen['V'] ? NULL
				   : "no week (%V)";
	if (!year && (!yearless || !month || !day))
		return "no year (%Y or %y)";
	if (seen['j'] || seen['U'] || seen['W'])
		return year ? NULL : "no year (%Y or %y)";
	if (!month)
		return "no month (%m or %b)";
	return day ? NULL : "no day (%d or %e)";
}

static int
parse_pattern(struct str text, bool yearless, struct arena *a,
    struct when_layout *out, struct err *err)
{
	bool seen[128] = {false};
	char quoted[4 * 60 + 8];
	const char *what;

	if (check_letters(text, seen, err) < 0)
		return -1;
	what = missing(seen, yearless);
	if (what) {
		err_quote(quoted, text, 60);
		return err_set(err, ERR_SPEC, (struct where){0},
		    "time pattern \"%s\" has %s", quoted, what);
	}
	out->kind = WHEN_PATTERN;
	out->pattern = arena_str(a, text).p;
	return 0;
}

int
when_layout_parse(
    struct str text, struct arena *a, struct when_layout *out, struct err *err)
{
	*out = (struct when_layout){.kind = WHEN_AUTO};
	if (text.n && memchr(text.p, '%', text.n))
		return parse_pattern(text, false, a, out, err);
	for (size_t i = 0; i < N_KINDS; i++)
		if (str_eq_nocase(text, kinds[i].name)) {
			out->kind = kinds[i].kind;
			return 0;
		}
	return unknown_layout(text, err);
}

int
when_layout_parse_records(
    struct str text, struct arena *a, struct when_layout *out, struct err *err)
{
	*out = (struct when_layout){.kind = WHEN_AUTO};
	if (str_eq_nocase(text, STR("syslog")))
		text = STR("%b %e %H:%M:%S%.");
	if (text.n && memchr(text.p, '%', text.n))
		return parse_pattern(text, true, a, out, err);
	return when_layout_parse(text, a, out, err);
}
