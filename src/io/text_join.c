/* SPDX-License-Identifier: MIT */
/*
 * Records of several lines: where a line goes on with the record before, by
 * its indentation or because a pattern says that it begins none.
 */
#include "io/text_join.h"

#include "io/option.h"
#include "io/pattern.h"

enum goes_on {
	GOES_ON,
	BEGINS,
	NOT_KNOWN
};

/* Does the line at q go on with the record before? */
static enum goes_on
goes_on(const struct text_join *j, const char *q, const char *end, bool eof)
{
	const char *nl;
	struct str line;

	if (q == end)
		return eof ? BEGINS : NOT_KNOWN;
	if (!j->goes_on && (*q == '\n' || *q == '\r'))
		return GOES_ON;
	if (j->indent)
		return *q == ' ' || *q == '\t' ? GOES_ON : BEGINS;
	nl = memchr(q, '\n', (size_t)(end - q));
	if (!nl && !eof)
		return NOT_KNOWN;
	line = (struct str){q, (size_t)((nl ? nl : end) - q)};
	if (j->goes_on)
		return j->goes_on(line) ? GOES_ON : BEGINS;
	return pattern_test(j->begins, line) ? BEGINS : GOES_ON;
}

const char *
text_join_end(const struct text_join *j, const char *at, const char *end,
    const char *nl, bool eof)
{
	(void)at;
	while (nl) {
		switch (goes_on(j, nl + 1, end, eof)) {
		case BEGINS:
			return nl;
		case NOT_KNOWN:
			return NULL;
		case GOES_ON:
			break;
		}
		nl = memchr(nl + 1, '\n', (size_t)(end - nl - 1));
	}
	return NULL;
}

size_t
text_join_frame(
    const struct text_join *j, const char *p, size_t n, const char *nl)
{
	while (nl && goes_on(j, nl + 1, p + n, false) != BEGINS)
		nl = nl > p ? memrchr(p, '\n', (size_t)(nl - p)) : NULL;
	return nl ? (size_t)(nl - p) + 1 : 0;
}

struct text_lines
text_join_cut(const struct layout *l, struct str record)
{
	struct text_lines out = {.first = record};
	const char *nl;

	if (!l->join || !record.n || !(nl = memchr(record.p, '\n', record.n)))
		return out;
	out.first.n = (size_t)(nl - record.p);
	out.rest = (struct str){nl + 1, record.n - out.first.n - 1};
	if (out.first.n && nl[-1] == '\r')
		out.first.n--;
	return out;
}

/* ---- settings ---- */

int
text_set_join(void *to, const struct setting *s, struct err *err)
{
	struct text_join_options *o = to;

	o->indent = str_is(s->value, "indent");
	if (!o->indent && !str_is(s->value, "no"))
		return option_must_be(s, "indent or no", err);
	return 0;
}

int
text_set_multiline(void *to, const struct setting *s, struct err *err)
{
	struct text_join_options *o = to;

	if (!s->value.n)
		return option_must_be(s,
		    "a pattern that the first line of a record matches", err);
	o->begins = s->value;
	o->where = s->where;
	return 0;
}

int
text_join_make(const struct text_join_options *o, struct arena *a,
    struct layout *l, struct err *err)
{
	struct text_join *j;

	if (!o->indent && !o->begins.p)
		return 0;
	j = arena_zalloc(a, sizeof *j);
	j->indent = o->indent;
	if (!o->indent) {
		j->begins = pattern_plain(o->begins, o->where, a, err);
		if (!j->begins)
			return -1;
	}
	l->join = j;
	l->looks_on = true;
	return 0;
}

static const struct option list[] = {TEXT_JOIN_OPTIONS};
static const struct options options = {list, 2, NULL};

int
text_join_read(const struct format *format, const struct settings *settings,
    struct arena *a, struct layout *l, struct err *err)
{
	struct text_join_options o = {0};

	if (options_read(format, &options, settings, &o, err))
		return -1;
	return text_join_make(&o, a, l, err);
}

int
text_join_before(const struct format *format, struct str *arg,
    struct where where, struct text_join_options *o, struct err *err)
{
	const struct str key = STR(",pattern=");
	struct settings before = {.where = where};
	long at;

	if (!str_starts(*arg, STR("join=")) &&
	    !str_starts(*arg, STR("multiline=")))
		return 0;
	at = str_find(*arg, key, 0);
	if (at < 0)
		return 0; /* it is what the pattern begins with */
	before.arg = (struct str){arg->p, (size_t)at};
	*arg = (struct str){arg->p + at + key.n, arg->n - (size_t)at - key.n};
	return options_read(format, &options, &before, o, err);
}
