/* SPDX-License-Identifier: MIT */
/*
 * Patterns of times: a Java pattern is compiled into steps, each a letter
 * with the number of times it was repeated, or some text as it stands.
 */
#include "expr/stamp.h"

/* Letters known, and the most repetitions that mean something. */
static const char letters[] = "yuMLdDQEaHhKkmsSXxZzV";

struct step {
	char letter; /* 0: text */
	unsigned n;
	struct str text;
};

struct stamp {
	bool percent;
	struct when_layout layout; /* percent */
	const char *pattern;
	struct step *steps;
	unsigned n;
};

/* ---- compiling ---- */

static const struct stamp *
fail(struct err *err, struct where where, char letter)
{
	err_set(err, ERR_SPEC, where,
	    "the time pattern has an unknown letter \"%c\"", letter);
	err_hint(err,
	    "letters are Java's, \"yyyy-MM-dd HH:mm:ss.SSS\", or strftime's, "
	    "\"%%Y-%%m-%%d %%H:%%M:%%S\"; other text in single quotes");
	return NULL;
}

static const struct stamp *
compile_percent(struct stamp *s, struct str pattern, bool to_read,
    struct arena *a, struct where where, struct err *err)
{
	int bad = to_read ? when_layout_parse(pattern, a, &s->layout, err)
			  : when_format_check(pattern, err);

	if (bad) {
		err->where = where;
		return NULL;
	}
	return s;
}

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Text in quotes at *p, behind the first one; '' is a quote, in and out. */
static struct str
quoted(const char **p, const char *end, struct arena *a)
{
	char *text = arena_alloc(a, (size_t)(end - *p) + 1), *to = text;

	for (; *p < end; (*p)++) {
		if (**p != '\'') {
			*to++ = **p;
		} else if (*p + 1 < end && (*p)[1] == '\'') {
			*to++ = *++*p;
		} else {
			++*p;
			break;
		}
	}
	if (to == text)
		*to++ = '\'';
	return (struct str){text, (size_t)(to - text)};
}

static struct step
read_step(const char **p, const char *end, struct arena *a)
{
	struct step step = {.text = {*p, 1}};
	char c = *(*p)++;

	if (c == '\'') {
		step.text = quoted(p, end, a);
	} else if (is_letter(c)) {
		step.letter = c;
		for (step.n = 1; *p < end && **p == c; step.n++)
			++*p;
	}
	return step;
}

const struct stamp *
stamp_compile(struct str pattern, bool to_read, struct arena *a,
    struct where where, struct err *err)
{
	struct stamp *s = arena_zalloc(a, sizeof *s);
	const char *p = pattern.p, *end = p + pattern.n;

	pattern = arena_str(a, pattern);
	s->pattern = pattern.p;
	s->percent = str_find(pattern, STR("%"), 0) >= 0;
	if (s->percent)
		return compile_percent(s, pattern, to_read, a, where, err);
	s->steps = arena_array(a, pattern.n + 1, sizeof *s->steps);
	for (p = pattern.p, end = p + pattern.n; p < end;) {
		struct step step = read_step(&p, end, a);

		if (step.letter && (!strchr(letters, step.letter) ||
				       (to_read && step.letter == 'Q')))
			return fail(err, where, step.letter);
		s->steps[s->n++] = step;
	}
	return s;
}

/* ---- printing ---- */

/* v is not negative; a width of 0 means as many digits as it takes. */
static void
print_number(struct buf *out, int64_t v, unsigned width)
{
	char digits[24], *p = digits + sizeof digits;

	width = width > 19 ? 19 : width;
	for (; v > 0 || width; v /= 10, width -= width > 0)
		*--p = (char)('0' + v % 10);
	buf_add(out, p, (size_t)(digits + sizeof digits - p));
}

/* Short forms have three letters. */
static void
print_name(struct buf *out, const char *name, bool full)
{
	buf_add(out, name, full ? strlen(name) : 3);
}

/* Offset as one to three letters X or x, or Z, write it. */
static void
print_offset(struct buf *out, char letter, unsigned n, int32_t offset)
{
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset) / 60;
	bool colon = n == 3 || n == 5;

	if (letter == 'X' && !offset) {
		buf_addc(out, 'Z');
		return;
	}
	if (letter == 'Z')
		n = n == 5 ? 3 : 2;
	buf_printf(out, "%c%02u", offset < 0 ? '-' : '+', minutes / 60);
	if (n == 1 && minutes % 60 == 0)
		return;
	buf_printf(out, "%s%02u", colon ? ":" : "", minutes % 60);
}

static void
print_year(struct buf *out, unsigned n, int year)
{
	print_number(out, n == 2 ? year % 100 : year, n);
}

static void
print_fraction(struct buf *out, unsigned n, int us)
{
	for (unsigned i = 0; i < n; i++, us = us % 100000 * 10)
		buf_addc(out, (char)('0' + us / 100000));
}

/* What the letters of a step show. */
struct shown {
	struct civil c;
	int64_t days, t;
	int32_t offset;
	const struct zone *zone;
};

static void
print_time_of_day(
    struct buf *out, const struct step *step, const struct civil *c)
{
	switch (step->letter) {
	case 'H':
		print_number(out, c->hour, step->n);
		break;
	case 'k':
		print_number(out, c->hour ? c->hour : 24, step->n);
		break;
	case 'K':
		print_number(out, c->hour % 12, step->n);
		break;
	case 'h':
		print_number(out, c->hour % 12 ? c->hour % 12 : 12, step->n);
		break;
	case 'm':
		print_number(out, c->minute, step->n);
		break;
	case 's':
		print_number(out, c->second, step->n);
		break;
	case 'S':
		print_fraction(out, step->n, c->us);
		break;
	default: /* a */
		buf_addz(out, c->hour < 12 ? "AM" : "PM");
	}
}

static void
print_date(struct buf *out, const struct step *step, const struct shown *s)
{
	const struct civil *c = &s->c;

	switch (step->letter) {
	case 'y':
	case 'u':
		print_year(out, step->n, c->year);
		break;
	case 'M':
	case 'L':
		if (step->n > 2)
			print_name(out, when_months[c->month - 1], step->n > 3);
		else
			print_number(out, c->month, step->n);
		break;
	case 'd':
		print_number(out, c->day, step->n);
		break;
	case 'D':
		print_number(
		    out, s->days - when_days(c->year, 1, 1) + 1, step->n);
		break;
	case 'Q':
		print_number(out, (c->month + 2) / 3, step->n);
		break;
	default: /* E */
		print_name(
		    out, when_weekdays[when_weekday(s->days)], step->n > 3);
	}
}

static void
print_zone(struct buf *out, const struct step *step, const struct shown *s)
{
	if (step->letter == 'V')
		buf_addz(out, zone_name(s->zone));
	else if (step->letter == 'z')
		buf_addz(out, zone_abbr(s->zone, s->t));
	else
		print_offset(out, step->letter, step->n, s->offset);
}

void
stamp_print(
    const struct stamp *s, int64_t t, const struct zone *z, struct buf *out)
{
	struct shown shown = {.t = t, .zone = z};

	if (t < WHEN_FIRST || t > WHEN_LAST)
		t = shown.t = t < WHEN_FIRST ? WHEN_FIRST : WHEN_LAST;
	if (s->percent) {
		when_format(out, s->pattern, t, z);
		return;
	}
	shown.offset = zone_offset(z, t, NULL, NULL);
	when_to_civil(t + shown.offset * WHEN_SECOND, &shown.c);
	shown.days = when_days(shown.c.year, shown.c.month, shown.c.day);
	for (unsigned i = 0; i < s->n; i++) {
		const struct step *step = &s->steps[i];

		if (!step->letter)
			buf_adds(out, step->text);
		else if (strchr("yuMLdDQE", step->letter))
			print_date(out, step, &shown);
		else if (strchr("XxZzV", step->letter))
			print_zone(out, step, &shown);
		else
			print_time_of_day(out, step, &shown.c);
	}
}

/* ---- reading ---- */

struct reading {
	const char *p, *end;
	struct civil c;
	int day_of_year;
	int half; /* 1 AM, 2 PM */
	bool has_offset;
	int32_t offset;
};

/* Exactly n digits if n > 1, else one to most. */
static bool
read_number(struct reading *r, unsigned n, unsigned most, int *out)
{
	unsigned least = n > 1 ? n : 1, k;
	int v = 0;

	if (n > 1)
		most = n;
	if (most > 9)
		return false;
	for (k = 0; k < most && r->p < r->end; k++, r->p++) {
		if (*r->p < '0' || *r->p > '9')
			break;
		v = v * 10 + (*r->p - '0');
	}
	*out = v;
	return k >= least;
}

/* One of names, whole or its first three letters; its number, or -1. */
static int
read_name(struct reading *r, const char *const *names, int n)
{
	for (int i = 0; i < n; i++) {
		size_t whole = strlen(names[i]);
		size_t left = (size_t)(r->end - r->p);
		size_t len =
		    left < whole || !str_eq_nocase((struct str){r->p, whole},
					str_of(names[i]))
			? 3
			: whole;

		if (left < len || !str_eq_nocase((struct str){r->p, len},
				      (struct str){names[i], len}))
			continue;
		r->p += len;
		return i;
	}
	return -1;
}

static bool
read_year(struct reading *r, unsigned n)
{
	if (!read_number(r, n, 4, &r->c.year))
		return false;
	if (n == 2)
		r->c.year += 2000;
	return true;
}

static bool
read_month(struct reading *r, unsigned n)
{
	if (n <= 2)
		return read_number(r, n, 2, &r->c.month);
	r->c.month = read_name(r, when_months, 12) + 1;
	return r->c.month > 0;
}

static bool
read_half(struct reading *r)
{
	static const char *const halves[] = {"AM.", "PM."};

	if (r->end - r->p < 2)
		return false;
	for (int i = 0; i < 2; i++)
		if (str_eq_nocase(
			(struct str){r->p, 2}, (struct str){halves[i], 2}))
			r->half = i + 1;
	r->p += 2;
	return r->half != 0;
}

static bool
read_fraction(struct reading *r, unsigned n)
{
	int us = 0;

	for (unsigned i = 0; i < n || i < 6; i++) {
		int digit = 0;

		if (i < n) {
			if (r->p == r->end || *r->p < '0' || *r->p > '9')
				return false;
			digit = *r->p++ - '0';
		}
		if (i < 6)
			us = us * 10 + digit;
	}
	r->c.us = us;
	return true;
}

/* The longest piece that is an offset: +01:00, +0100, +01, Z, UTC. */
static bool
read_offset(struct reading *r)
{
	size_t n = (size_t)(r->end - r->p);

	for (n = n < 6 ? n : 6; n; n--)
		if (when_parse_offset((struct str){r->p, n}, &r->offset)) {
			r->p += n;
			r->has_offset = true;
			return true;
		}
	return false;
}

static bool
read_letter(struct reading *r, char letter, unsigned n)
{
	switch (letter) {
	case 'y':
	case 'u':
		return read_year(r, n);
	case 'M':
	case 'L':
		return read_month(r, n);
	case 'd':
		return read_number(r, n, 2, &r->c.day);
	case 'D':
		return read_number(r, n, 3, &r->day_of_year) &&
		       r->day_of_year > 0;
	case 'E':
		return read_name(r, when_weekdays, 7) >= 0;
	case 'a':
		return read_half(r);
	case 'm':
		return read_number(r, n, 2, &r->c.minute);
	case 's':
		return read_number(r, n, 2, &r->c.second);
	case 'S':
		return read_fraction(r, n);
	case 'H':
	case 'h':
	case 'K':
	case 'k':
		return read_number(r, n, 2, &r->c.hour);
	default:
		return read_offset(r);
	}
}

static bool
read_text(struct reading *r, struct str text)
{
	if ((size_t)(r->end - r->p) < text.n || memcmp(r->p, text.p, text.n))
		return false;
	r->p += text.n;
	return true;
}

/* True if the fields are within their ranges; settles hour and day. */
static bool
settle(struct reading *r)
{
	struct civil *c = &r->c;

	if (r->half && c->hour > 12)
		return false;
	if (r->half)
		c->hour = c->hour % 12 + (r->half == 2 ? 12 : 0);
	if (c->hour == 24 && !c->minute && !c->second && !c->us)
		; /* the end of the day */
	else if (c->hour > 23 || c->minute > 59 || c->second > 59)
		return false;
	if (r->day_of_year) {
		int64_t jan1 = when_days(c->year, 1, 1);
		int64_t days = jan1 + r->day_of_year - 1;

		if (days >= when_days(c->year + 1, 1, 1))
			return false;
		when_civil_of_days(days, &c->year, &c->month, &c->day);
	}
	return c->year <= 9999 && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= when_days_in_month(c->year, c->month);
}

bool
stamp_read(
    const struct stamp *s, struct str text, const struct zone *z, int64_t *out)
{
	struct reading r = {.p = text.p,
	    .end = text.p + text.n,
	    .c = {.year = 1970, .month = 1, .day = 1}};
	struct when_layout layout = s->layout;

	if (s->percent) {
		layout.zone = z;
		return when_parse(&layout, NULL, text, out);
	}
	for (unsigned i = 0; i < s->n; i++) {
		const struct step *step = &s->steps[i];
		bool good = step->letter
				? read_letter(&r, step->letter, step->n)
				: read_text(&r, step->text);

		if (!good)
			return false;
	}
	if (r.p != r.end || !settle(&r))
		return false;
	*out = when_of_civil(&r.c);
	*out = r.has_offset ? *out - r.offset * WHEN_SECOND
			    : zone_instant(z, *out, 0);
	return *out >= WHEN_FIRST && *out <= WHEN_LAST;
}
