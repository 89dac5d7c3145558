/* SPDX-License-Identifier: MIT */
/* Writing times: RFC 3339, and by pattern. Digits come two at a time. */
#include <string.h>

#include "base/buf.h"
#include "base/when_read.h"
#include "base/zone.h"

static char *
put_two(char *out, unsigned v)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
	return out + 2;
}

static char *
put_three(char *out, unsigned v)
{
	*out = (char)('0' + v / 100);
	return put_two(out + 1, v % 100);
}

static char *
put_four(char *out, unsigned v)
{
	return put_two(put_two(out, v / 100), v % 100);
}

static int64_t
clamp(int64_t t)
{
	if (t < WHEN_FIRST)
		return WHEN_FIRST;
	return t > WHEN_LAST ? WHEN_LAST : t;
}

/* 2026-03-28 */
static char *
put_day(char *out, const struct civil *c)
{
	out = put_four(out, (unsigned)c->year);
	*out++ = '-';
	out = put_two(out, (unsigned)c->month);
	*out++ = '-';
	return put_two(out, (unsigned)c->day);
}

/* 2026-03-28T22:00:00.123456 of a time as if it were UTC. */
static char *
put_civil(char *out, int64_t civil)
{
	struct civil c;

	when_to_civil(civil, &c);
	out = put_day(out, &c);
	*out++ = 'T';
	out = put_two(out, (unsigned)c.hour);
	*out++ = ':';
	out = put_two(out, (unsigned)c.minute);
	*out++ = ':';
	out = put_two(out, (unsigned)c.second);
	if (!c.us)
		return out;
	*out++ = '.';
	out = put_three(out, (unsigned)c.us / 1000);
	return c.us % 1000 ? put_three(out, (unsigned)c.us % 1000) : out;
}

char *
when_put(char *out, int64_t t)
{
	out = put_civil(out, clamp(t));
	*out++ = 'Z';
	return out;
}

char *
when_put_date(char *out, int64_t t)
{
	struct civil c;

	when_to_civil(clamp(t), &c);
	return put_day(out, &c);
}

/* +01:00 or, without colon, +0100. */
static char *
put_offset(char *out, int32_t offset_s, bool colon)
{
	unsigned m = (unsigned)(offset_s < 0 ? -offset_s : offset_s) / 60;

	*out++ = offset_s < 0 && m ? '-' : '+';
	out = put_two(out, m / 60);
	if (colon)
		*out++ = ':';
	return put_two(out, m % 60);
}

char *
when_put_zone(char *out, int64_t t, const struct zone *z)
{
	int32_t offset;
	int64_t civil;

	t = clamp(t);
	if (!z || z == zone_utc())
		return when_put(out, t);
	offset = zone_offset(z, t, NULL, NULL) / 60 * 60;
	civil = t + offset * WHEN_SECOND;
	if (civil != clamp(civil))
		return when_put(out, t);
	return put_offset(put_civil(out, civil), offset, true);
}

/* --- by pattern --------------------------------------------------------- */

/* One time, taken apart, for the letters. */
struct parts {
	struct civil c;
	int64_t t, days;
	const struct zone *zone;
	int32_t offset_s;
};

static void
take_apart(struct parts *w, int64_t t, const struct zone *z)
{
	int64_t civil;

	w->t = t = clamp(t);
	w->zone = z ? z : zone_utc();
	w->offset_s = zone_offset(w->zone, t, NULL, NULL);
	civil = clamp(t + w->offset_s * WHEN_SECOND);
	when_to_civil(civil, &w->c);
	w->days = when_days(w->c.year, w->c.month, w->c.day);
}

/* The letters of weeks; NULL for the others. */
static char *
put_week(char *out, char letter, const struct parts *w)
{
	int weekday = when_weekday(w->days), back = (weekday + 6) % 7;
	int of_year = (int)(w->days - when_days(w->c.year, 1, 1));
	int64_t thursday = w->days - back + 3;
	int year, month, day;

	switch (letter) {
	case 'u':
		*out = (char)('1' + back);
		return out + 1;
	case 'w':
		*out = (char)('0' + weekday);
		return out + 1;
	case 'U':
		return put_two(out, (unsigned)(of_year + 7 - weekday) / 7);
	case 'W':
		return put_two(out, (unsigned)(of_year + 7 - back) / 7);
	case 'G':
	case 'V':
		/* A week is of the year that its Thursday is in. */
		when_civil_of_days(thursday, &year, &month, &day);
		if (letter == 'G')
			return put_four(out, (unsigned)year);
		return put_two(
		    out, (unsigned)(thursday - when_days(year, 1, 1)) / 7 + 1);
	default:
		return NULL;
	}
}

/* The letters that write a number; NULL for the others. Room for 9 bytes. */
static char *
put_number(char *out, char letter, const struct parts *w)
{
	const struct civil *c = &w->c;
	unsigned hour = (unsigned)c->hour, us = (unsigned)c->us;

	switch (letter) {
	case 'Y':
		return put_four(out, (unsigned)c->year);
	case 'y':
		return put_two(out, (unsigned)c->year % 100);
	case 'm':
		return put_two(out, (unsigned)c->month);
	case 'd':
		return put_two(out, (unsigned)c->day);
	case 'e':
		out = put_two(out, (unsigned)c->day);
		if (c->day < 10)
			out[-2] = ' ';
		return out;
	case 'H':
		return put_two(out, hour);
	case 'k':
	case 'l':
		out = put_two(out, letter == 'k' ? hour : (hour + 11) % 12 + 1);
		if (out[-2] == '0')
			out[-2] = ' ';
		return out;
	case 'I':
		return put_two(out, (hour + 11) % 12 + 1);
	case 'M':
		return put_two(out, (unsigned)c->minute);
	case 'S':
		return put_two(out, (unsigned)c->second);
	case 'L':
		return put_three(out, us / 1000);
	case 'f':
		return put_three(put_three(out, us / 1000), us % 1000);
	case 'N':
		return put_three(
		    put_three(put_three(out, us / 1000), us % 1000), 0);
	case 'j':
		return put_three(
		    out, (unsigned)(w->days - when_days(c->year, 1, 1) + 1));
	case 'z':
		return put_offset(out, w->offset_s, false);
	default:
		return put_week(out, letter, w);
	}
}

/* Seconds since the epoch, towards the past. */
static void
add_epoch(struct buf *out, int64_t t)
{
	int64_t s = t / WHEN_SECOND - (t % WHEN_SECOND < 0);
	uint64_t n = s < 0 ? -(uint64_t)s : (uint64_t)s;
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	if (s < 0)
		*--p = '-';
	buf_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

static void
add_letter(struct buf *out, char letter, const struct parts *w)
{
	const char *month = when_months[w->c.month - 1];
	const char *weekday = when_weekdays[when_weekday(w->days)];
	char *end = put_number(buf_reserve(out, 16), letter, w);

	if (end) {
		out->n = (size_t)(end - out->p);
		return;
	}
	switch (letter) {
	case 'b':
	case 'h':
		buf_add(out, month, 3);
		break;
	case 'B':
		buf_addz(out, month);
		break;
	case 'a':
		buf_add(out, weekday, 3);
		break;
	case 'A':
		buf_addz(out, weekday);
		break;
	case '.':
		if (w->c.us)
			buf_printf(out, ".%06d", w->c.us);
		break;
	case 'p':
		buf_addz(out, w->c.hour < 12 ? "AM" : "PM");
		break;
	case 'P':
		buf_addz(out, w->c.hour < 12 ? "am" : "pm");
		break;
	case 'Z':
		buf_addz(out, zone_abbr(w->zone, w->t));
		break;
	case 's':
		add_epoch(out, w->t);
		break;
	case 'n':
		buf_addc(out, '\n');
		break;
	case 't':
		buf_addc(out, '\t');
		break;
	case '%':
		buf_addc(out, '%');
		break;
	default:
		buf_addc(out, '%');
		buf_addc(out, letter);
	}
}

void
when_format(
    struct buf *out, const char *pattern, int64_t t, const struct zone *z)
{
	const char *f = pattern, *resume = NULL, *within;
	struct parts w;

	take_apart(&w, t, z);
	while (*f || resume) {
		if (!*f) {
			f = resume;
			resume = NULL;
		} else if (*f != '%' || !f[1]) {
			buf_addc(out, *f++);
		} else if ((within = when_composite(*++f)) != NULL) {
			resume = f + 1;
			f = within;
		} else if (*f == ':' && f[1] == 'z') {
			char *at = buf_reserve(out, 8);

			out->n +=
			    (size_t)(put_offset(at, w.offset_s, true) - at);
			f += 2;
		} else {
			add_letter(out, *f++, &w);
		}
	}
}
