/* SPDX-License-Identifier: MIT */
/*
 * Units of time. Units of fixed length are plain arithmetic on microseconds;
 * months and what is made of them go through the civil calendar (proleptic
 * Gregorian, UTC).
 */
#include "expr/unit.h"

#include "base/when.h"

struct row {
	const char *name;
	int64_t us; /* of fixed units */
	int months; /* of calendar units */
};

static const struct row units[] = {
    [UNIT_MICROSECOND] = {"microsecond", 1, 0},
    [UNIT_MILLISECOND] = {"millisecond", WHEN_MS, 0},
    [UNIT_SECOND] = {"second", WHEN_SECOND, 0},
    [UNIT_MINUTE] = {"minute", WHEN_MINUTE, 0},
    [UNIT_HOUR] = {"hour", WHEN_HOUR, 0},
    [UNIT_DAY] = {"day", WHEN_DAY, 0},
    [UNIT_WEEK] = {"week", 7 * WHEN_DAY, 0},
    [UNIT_MONTH] = {"month", 0, 1},
    [UNIT_QUARTER] = {"quarter", 0, 3},
    [UNIT_YEAR] = {"year", 0, 12},
    [UNIT_DECADE] = {"decade", 0, 120},
    [UNIT_CENTURY] = {"century", 0, 1200},
    [UNIT_MILLENNIUM] = {"millennium", 0, 12000},
    [UNIT_DOW] = {"dow", 0, 0},
    [UNIT_ISODOW] = {"isodow", 0, 0},
    [UNIT_DOY] = {"doy", 0, 0},
    [UNIT_ISOYEAR] = {"isoyear", 0, 0},
    [UNIT_EPOCH] = {"epoch", 0, 0},
};

_Static_assert(sizeof(units) / sizeof(units[0]) == UNIT_NONE, "a row each");

enum unit
unit_find(struct str name)
{
	static const char *const plurals[][2] = {
	    {"centuries", "century"}, {"millennia", "millennium"}};
	struct str one = name;

	if (name.n > 8 &&
	    str_eq_nocase((struct str){name.p, 8}, STR("sql_tsi_")))
		one = name = (struct str){name.p + 8, name.n - 8};
	for (size_t i = 0; i < 2; i++)
		if (str_eq_nocase(name, str_of(plurals[i][0])))
			one = str_of(plurals[i][1]);
	for (unsigned u = 0; u < UNIT_NONE; u++) {
		struct str s = str_of(units[u].name);

		if (str_eq_nocase(one, s))
			return u;
		if (u < UNIT_CENTURY && one.n == s.n + 1 &&
		    (one.p[s.n] | 32) == 's' &&
		    str_eq_nocase((struct str){one.p, s.n}, s))
			return u;
	}
	return UNIT_NONE;
}

const char *
unit_name(enum unit u)
{
	return units[u].name;
}

const struct str *
unit_names(unsigned *n)
{
	static const struct str names[] = {STR("microsecond"),
	    STR("millisecond"), STR("second"), STR("minute"), STR("hour"),
	    STR("day"), STR("week"), STR("month"), STR("quarter"), STR("year"),
	    STR("decade"), STR("century"), STR("millennium"), STR("dow"),
	    STR("isodow"), STR("doy"), STR("isoyear"), STR("epoch")};

	*n = sizeof(names) / sizeof(names[0]);
	return names;
}

int64_t
unit_us(enum unit u)
{
	return units[u].us;
}

static int64_t
div_floor(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

static int64_t
mod_floor(int64_t a, int64_t b)
{
	int64_t r = a % b;

	return r < 0 ? r + b : r;
}

/* ---- fields ---- */

/* ISO 8601: a week belongs to the year its Thursday is in. */
static void
iso_week(int64_t days, int *year, int64_t *week)
{
	int64_t thursday = days - mod_floor(days + 3, 7) + 3;
	int month, day;

	when_civil_of_days(thursday, year, &month, &day);
	*week = (thursday - when_days(*year, 1, 1)) / 7 + 1;
}

static int64_t
day_field(enum unit u, int64_t days)
{
	int year, month, day;
	int64_t week;

	when_civil_of_days(days, &year, &month, &day);
	switch ((int)u) {
	case UNIT_DAY:
		return day;
	case UNIT_WEEK:
		iso_week(days, &year, &week);
		return week;
	case UNIT_MONTH:
		return month;
	case UNIT_QUARTER:
		return (month + 2) / 3;
	case UNIT_YEAR:
		return year;
	case UNIT_DECADE:
		return div_floor(year, 10);
	case UNIT_CENTURY:
		return div_floor(year - 1, 100) + 1;
	case UNIT_MILLENNIUM:
		return div_floor(year - 1, 1000) + 1;
	case UNIT_DOW:
		return when_weekday(days) + 1;
	case UNIT_ISODOW:
		return mod_floor(days + 3, 7) + 1;
	case UNIT_DOY:
		return days - when_days(year, 1, 1) + 1;
	default: /* ISOYEAR */
		iso_week(days, &year, &week);
		return year;
	}
}

int64_t
unit_of_time(enum unit u, int64_t t)
{
	switch ((int)u) {
	case UNIT_MICROSECOND:
		return mod_floor(t, WHEN_MINUTE);
	case UNIT_MILLISECOND:
		return mod_floor(t, WHEN_MINUTE) / WHEN_MS;
	case UNIT_SECOND:
		return mod_floor(t, WHEN_MINUTE) / WHEN_SECOND;
	case UNIT_MINUTE:
		return mod_floor(t, WHEN_HOUR) / WHEN_MINUTE;
	case UNIT_HOUR:
		return mod_floor(t, WHEN_DAY) / WHEN_HOUR;
	case UNIT_EPOCH:
		return div_floor(t, WHEN_SECOND);
	default:
		return day_field(u, div_floor(t, WHEN_DAY));
	}
}

bool
unit_of_duration(enum unit u, int64_t us, int64_t *out)
{
	switch ((int)u) {
	case UNIT_MICROSECOND:
		*out = us % WHEN_MINUTE;
		return true;
	case UNIT_MILLISECOND:
		*out = us % WHEN_MINUTE / WHEN_MS;
		return true;
	case UNIT_SECOND:
		*out = us % WHEN_MINUTE / WHEN_SECOND;
		return true;
	case UNIT_MINUTE:
		*out = us % WHEN_HOUR / WHEN_MINUTE;
		return true;
	case UNIT_HOUR:
		*out = us % WHEN_DAY / WHEN_HOUR;
		return true;
	case UNIT_DAY:
		*out = us / WHEN_DAY;
		return true;
	case UNIT_EPOCH:
		*out = us / WHEN_SECOND;
		return true;
	default:
		return false;
	}
}

/* ---- calendar arithmetic ---- */

static bool
in_range(int64_t t)
{
	return t >= WHEN_FIRST && t <= WHEN_LAST;
}

/* Months since year 0, and the days left over. */
static int64_t
month_number(int64_t t, int *day)
{
	int year, month;

	when_civil_of_days(div_floor(t, WHEN_DAY), &year, &month, day);
	return (int64_t)year * 12 + month - 1;
}

static int64_t
month_start(int64_t number)
{
	return when_days((int)div_floor(number, 12),
		   (int)mod_floor(number, 12) + 1, 1) *
	       WHEN_DAY;
}

static bool
round_months(int n, int64_t t, bool up, int64_t *out)
{
	int day;
	int64_t number = month_number(t, &day), first = 0;

	/* Centuries start with year 1, decades with year 0. */
	if (n > 120)
		first = 12;
	number = div_floor(number - first, n) * n + first;
	if (up && month_start(number) != t)
		number += n;
	*out = month_start(number);
	return in_range(*out);
}

bool
unit_round(enum unit u, int64_t t, bool up, int64_t *out)
{
	/* 1970-01-01 was a Thursday, so weeks start four days before. */
	int64_t us = units[u].us, shift = u == UNIT_WEEK ? 4 * WHEN_DAY : 0;
	int64_t left;

	if (!in_range(t))
		return false;
	if (units[u].months)
		return round_months(units[u].months, t, up, out);
	if (!us)
		return false;
	left = mod_floor(t + shift, us);
	*out = t - left + (up && left ? us : 0);
	return in_range(*out);
}

static bool
add_months(int64_t n, int64_t t, int64_t *out)
{
	int64_t number;
	int day, last, year;

	if (n > 120000 || n < -120000)
		return false;
	number = month_number(t, &day) + n;
	year = (int)div_floor(number, 12);
	if (year < 0 || year > 9999)
		return false;
	last = when_days_in_month(year, (int)mod_floor(number, 12) + 1);
	*out = month_start(number) +
	       ((day < last ? day : last) - 1) * WHEN_DAY +
	       mod_floor(t, WHEN_DAY);
	return true;
}

bool
unit_add(enum unit u, int64_t n, int64_t t, int64_t *out)
{
	int64_t by;

	if (!in_range(t))
		return false;
	if (units[u].months)
		return !__builtin_mul_overflow(n, units[u].months, &by) &&
		       add_months(by, t, out);
	return units[u].us && !__builtin_mul_overflow(n, units[u].us, &by) &&
	       !__builtin_add_overflow(t, by, out) && in_range(*out);
}

/* Whole months from a to b >= a: counted, then one less if the day (or time
 * of day) of the month has not been reached. */
static int64_t
diff_months(int64_t a, int64_t b)
{
	int day_a, day_b;
	int64_t n = month_number(b, &day_b) - month_number(a, &day_a);
	int64_t time_a = mod_floor(a, WHEN_DAY),
		time_b = mod_floor(b, WHEN_DAY);

	if (day_b < day_a || (day_b == day_a && time_b < time_a))
		n--;
	return n;
}

bool
unit_diff(enum unit u, int64_t a, int64_t b, int64_t *out)
{
	int64_t us;

	if (units[u].months) {
		*out = a <= b ? diff_months(a, b) : -diff_months(b, a);
		*out /= units[u].months;
		return true;
	}
	if (!units[u].us || __builtin_sub_overflow(b, a, &us))
		return false;
	*out = us / units[u].us;
	return true;
}
