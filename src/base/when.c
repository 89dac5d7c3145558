/* SPDX-License-Identifier: MIT */
/*
 * The civil calendar and durations.
 *
 * Dates are counted in eras of 400 years that begin on March 1, so that the
 * leap day is the last of its year (Hinnant, "chrono-compatible low-level
 * date algorithms", days_from_civil and civil_from_days).
 */
#include "base/when.h"

#include "base/when_read.h"

#define ERA_DAYS 146097	  /* in 400 years */
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

const char *const when_months[12] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};

const char *const when_weekdays[7] = {"Sunday", "Monday", "Tuesday",
    "Wednesday", "Thursday", "Friday", "Saturday"};

int64_t
when_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t shifted = month > 2 ? month - 3 : month + 9;
	int64_t of_year = (153 * shifted + 2) / 5 + day - 1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - EPOCH_DAYS;
}

void
when_civil_of_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + EPOCH_DAYS;
	int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
	unsigned d = (unsigned)(z - era * ERA_DAYS);
	unsigned y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	unsigned of_year = d - (365 * y + y / 4 - y / 100);
	unsigned m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(era * 400 + y) + (*month <= 2);
}

int64_t
when_year_before(int64_t t)
{
	struct civil c;

	when_to_civil(t, &c);
	c.year--;
	if (c.month == 2 && c.day == 29)
		c.day = 28;
	return when_of_civil(&c);
}

int64_t
when_of_civil(const struct civil *c)
{
	__int128 t = (__int128)when_days(c->year, c->month, c->day) * WHEN_DAY +
		     c->hour * WHEN_HOUR + c->minute * WHEN_MINUTE +
		     c->second * WHEN_SECOND + c->us;

	if (t < WHEN_MIN)
		return WHEN_MIN;
	return t > WHEN_MAX ? WHEN_MAX : (int64_t)t;
}

void
when_to_civil(int64_t t, struct civil *c)
{
	int64_t days = t / WHEN_DAY, rest = t % WHEN_DAY;
	unsigned second;

	if (rest < 0) {
		rest += WHEN_DAY;
		days--;
	}
	when_civil_of_days(days, &c->year, &c->month, &c->day);
	second = (unsigned)(rest / WHEN_SECOND);
	c->us = (int)(rest % WHEN_SECOND);
	c->hour = (int)(second / 3600);
	c->minute = (int)(second / 60 % 60);
	c->second = (int)(second % 60);
}

int
when_weekday(int64_t days)
{
	int w = (int)((days + 4) % 7); /* 1970-01-01 was a Thursday */

	return w < 0 ? w + 7 : w;
}

int
when_days_in_month(int year, int month)
{
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* --- offsets ------------------------------------------------------------ */

bool
when_parse_offset(struct str s, int32_t *out)
{
	unsigned h, m = 0;

	if (s.n == 1 || (s.n == 3 && (s.p[0] | 0x20) >= 'a')) {
		*out = 0;
		return str_eq_nocase(s, STR("Z")) ||
		       str_eq_nocase(s, STR("UTC")) ||
		       str_eq_nocase(s, STR("GMT"));
	}
	if (s.n < 3 || s.n > 6 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	h = when_two(s.p + 1);
	if (s.n == 5)
		m = when_two(s.p + 3);
	else if (s.n == 6)
		m = s.p[3] == ':' ? when_two(s.p + 4) : 100;
	else if (s.n != 3)
		return false;
	if (h > 23 || m > 59)
		return false;
	*out = (int32_t)(h * 3600 + m * 60);
	if (s.p[0] == '-')
		*out = -*out;
	return true;
}

/* --- durations ---------------------------------------------------------- */

#define NS_PER_US 1000u
#define NS(us) ((uint64_t)(us)*NS_PER_US)

/* Units of durations, longest first; w and ns are read but not written. */
static const struct unit {
	char name[3];
	bool written;
	uint64_t ns;
} units[] = {
    {"w", false, NS(7 * WHEN_DAY)},
    {"d", true, NS(WHEN_DAY)},
    {"h", true, NS(WHEN_HOUR)},
    {"m", true, NS(WHEN_MINUTE)},
    {"s", true, NS(WHEN_SECOND)},
    {"ms", true, NS(WHEN_MS)},
    {"us", true, NS(1)},
    {"ns", false, 1},
};

#define N_UNITS (sizeof(units) / sizeof(units[0]))

static const struct unit *
unit_named(struct str name)
{
	for (size_t i = 0; i < N_UNITS; i++)
		if (str_is(name, units[i].name))
			return &units[i];
	return NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads one number and unit at *p; false if malformed or too long. */
static bool
read_span(const char **p, const char *end, unsigned __int128 *ns)
{
	uint64_t whole = 0, part = 0, scale = 1;
	const char *q = *p, *first = q;
	const struct unit *u;

	for (; q < end && is_digit(*q); q++)
		if (__builtin_mul_overflow(whole, 10u, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*q - '0'), &whole))
			return false;
	if (q == first)
		return false;
	if (q < end && *q == '.') {
		first = ++q;
		for (; q < end && is_digit(*q); q++)
			if (scale < 1000000000000000000u) {
				part = part * 10 + (uint64_t)(*q - '0');
				scale *= 10;
			}
		if (q == first)
			return false;
	}
	for (first = q; q < end && *q >= 'a' && *q <= 'z';)
		q++;
	u = unit_named((struct str){first, (size_t)(q - first)});
	if (!u)
		return false;
	*ns = (unsigned __int128)whole * u->ns +
	      (unsigned __int128)part * u->ns / scale;
	*p = q;
	return true;
}

bool
when_parse_duration(struct str s, int64_t *out)
{
	const unsigned __int128 limit =
	    (unsigned __int128)INT64_MAX * NS_PER_US + (NS_PER_US - 1);
	const char *p = s.p, *end = s.p + s.n;
	unsigned __int128 sum = 0, ns;

	if (!s.n)
		return false;
	while (p < end) {
		if (!read_span(&p, end, &ns))
			return false;
		sum += ns;
		if (sum > limit)
			return false;
	}
	*out = (int64_t)(sum / NS_PER_US);
	return true;
}

static char *
put_number(char *out, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	memcpy(out, p, (size_t)(digits + sizeof(digits) - p));
	return out + (digits + sizeof(digits) - p);
}

char *
when_put_duration(char *out, int64_t us)
{
	uint64_t left = us < 0 ? -(uint64_t)us : (uint64_t)us;

	if (us < 0)
		*out++ = '-';
	if (!us) {
		memcpy(out, "0s", 2);
		return out + 2;
	}
	for (size_t i = 0; i < N_UNITS; i++) {
		uint64_t unit = units[i].ns / NS_PER_US;
		size_t n = strlen(units[i].name);

		if (!units[i].written || left < unit)
			continue;
		out = put_number(out, left / unit);
		memcpy(out, units[i].name, n);
		out += n;
		left %= unit;
	}
	return out;
}
