/* SPDX-License-Identifier: MIT */
/* Civil times of logs; see stamp.h. */
#include "io/stamp.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
stamp_month(const char **p, const char *end, int *month)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	const char *s = *p;
	char a[3];

	if (end - s < 3)
		return false;
	for (int i = 0; i < 3; i++)
		a[i] = (char)(s[i] | 0x20);
	for (int i = 0; i < 12; i++)
		if (!memcmp(names + 3 * i, a, 3)) {
			*month = i + 1;
			*p += 3;
			return true;
		}
	return false;
}

bool
stamp_digits(const char **p, const char *end, int least, int most, int *out)
{
	const char *s = *p;
	int v = 0, n = 0;

	while (n < most && s + n < end && is_digit(s[n])) {
		v = v * 10 + (s[n] - '0');
		n++;
	}
	if (n < least)
		return false;
	*out = v;
	*p += n;
	return true;
}

static bool
byte(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

/* Digits behind the point, to microseconds; further ones are passed. */
static bool
fraction(const char **p, const char *end, int *us)
{
	static const int scale[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	const char *s = *p;
	int n = 0;

	*us = 0;
	if (s == end || (*s != '.' && *s != ','))
		return true;
	for (s++; s < end && is_digit(*s); s++)
		if (n < 6) {
			*us = *us * 10 + (*s - '0');
			n++;
		}
	if (!n)
		return true; /* the point is not a part of it */
	*us *= scale[n];
	*p = s;
	return true;
}

bool
stamp_clock(const char **p, const char *end, struct civil *c)
{
	const char *s = *p;

	if (!stamp_digits(&s, end, 2, 2, &c->hour) || !byte(&s, end, ':') ||
	    !stamp_digits(&s, end, 2, 2, &c->minute) || !byte(&s, end, ':') ||
	    !stamp_digits(&s, end, 2, 2, &c->second) || c->hour > 23 ||
	    c->minute > 59 || c->second > 60 || !fraction(&s, end, &c->us))
		return false;
	*p = s;
	return true;
}

bool
stamp_bsd(const char **p, const char *end, struct civil *c)
{
	const char *s = *p, *year;

	if (!stamp_month(&s, end, &c->month) || !byte(&s, end, ' '))
		return false;
	if (s < end && *s == ' ')
		s++;
	if (!stamp_digits(&s, end, 1, 2, &c->day) || !byte(&s, end, ' '))
		return false;
	c->year = 0;
	year = s;
	if (stamp_digits(&year, end, 4, 4, &c->year)) {
		s = year;
		if (!byte(&s, end, ' '))
			return false;
	}
	if (!stamp_clock(&s, end, c))
		return false;
	if (c->day < 1 || c->day > 31)
		return false;
	*p = s;
	return true;
}

bool
stamp_is_day(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= when_days_in_month(c->year, c->month);
}

int64_t
stamp_instant(const struct civil *c, const struct zone *zone)
{
	int64_t t = when_of_civil(c);

	return zone ? zone_instant(zone, t, 0) : t;
}
