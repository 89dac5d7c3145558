/* SPDX-License-Identifier: MIT */
/*
 * Further functions of times: made of parts, buckets of any width, names of
 * days and months, seconds since 1970. Days are those of a zone, the last
 * argument, UTC unless stated.
 */
#include <math.h>

#include "base/when.h"
#include "base/zone.h"
#include "expr/daytime.h"
#include "expr/fn_part.h"
#include "expr/unit.h"

/* The zone that is argument number `i`. */
static int
zone_of(const struct value *args, const struct where *at, unsigned n,
    unsigned i, const void **prepared, struct err *err)
{
	struct where where = at && i < n ? at[i] : (struct where){0};

	*prepared = zone_utc();
	if (i >= n)
		return 0;
	if (fn_constant(args, at, i, "time zone", err))
		return -1;
	if (args[i].type != T_TEXT)
		return err_set(
		    err, ERR_SPEC, where, "the time zone must be a text");
	*prepared = zone_load(value_str(args[i]), where, err);
	return *prepared ? 0 : -1;
}

FN_PREPARE(zone1_prepare)
{
	(void)arena;
	return zone_of(args, at, n, 1, prepared, err);
}

FN_PREPARE(zone2_prepare)
{
	(void)arena;
	return zone_of(args, at, n, 2, prepared, err);
}

FN_PREPARE(zone3_prepare)
{
	(void)arena;
	return zone_of(args, at, n, 3, prepared, err);
}

FN_PREPARE(zone6_prepare)
{
	(void)arena;
	return zone_of(args, at, n, 6, prepared, err);
}

static bool
in_range(int64_t t)
{
	return t >= WHEN_FIRST && t <= WHEN_LAST;
}

static void
give(struct fn_frame *f, bool good, int64_t civil, struct value *out)
{
	if (good && in_range(civil)) {
		*out = value_time(zone_instant(f->prepared, civil, 0));
		if (in_range(out->i))
			return;
	}
	fn_fail(f, "time out of range");
	*out = VALUE_NULL;
}

/* The civil time as if it were UTC; false and a bad row if out of range. */
static bool
civil_of(struct fn_frame *f, int64_t t, int64_t *out)
{
	if (!in_range(t)) {
		fn_fail(f, "time out of range");
		return false;
	}
	*out = t + zone_offset(f->prepared, t, NULL, NULL) * WHEN_SECOND;
	return true;
}

/* ---- parts ---- */

static bool
valid_date(int64_t year, int64_t month, int64_t day)
{
	return year >= 0 && year <= 9999 && month >= 1 && month <= 12 &&
	       day >= 1 && day <= when_days_in_month((int)year, (int)month);
}

FN_ROW(make_date_row)
{
	int64_t y = args[0].i, m = args[1].i, d = args[2].i;

	*out = VALUE_NULL;
	(void)f;
	if (valid_date(y, m, d))
		*out = value_date(when_days((int)y, (int)m, (int)d) * WHEN_DAY);
}

FN_ROW(make_timestamp_row)
{
	int64_t y = args[0].i, m = args[1].i, d = args[2].i;
	int64_t h = args[3].i, minute = args[4].i;
	double s = args[5].f;

	*out = VALUE_NULL;
	if (valid_date(y, m, d) && h >= 0 && h < 24 && minute >= 0 &&
	    minute < 60 && s >= 0 && s < 60)
		give(f, true,
		    when_days((int)y, (int)m, (int)d) * WHEN_DAY +
			h * WHEN_HOUR + minute * WHEN_MINUTE + llround(s * 1e6),
		    out);
}

FN_ROW(last_day_row)
{
	int64_t t = 0;
	int year, month, day;

	*out = VALUE_NULL;
	if (!civil_of(f, args[0].i, &t) || !unit_round(UNIT_DAY, t, false, &t))
		return;
	when_civil_of_days(t / WHEN_DAY, &year, &month, &day);
	*out = value_date(
	    when_days(year, month, when_days_in_month(year, month)) * WHEN_DAY);
}

FN_ROW(date_row)
{
	int64_t t = 0;

	*out = VALUE_NULL;
	if (civil_of(f, args[0].i, &t) && unit_round(UNIT_DAY, t, false, &t))
		*out = value_date(t);
}

FN_ROW(dayname_row)
{
	int64_t t;

	*out = VALUE_NULL;
	if (civil_of(f, args[0].i, &t))
		*out = value_text(
		    str_of(when_weekdays[unit_of_time(UNIT_DOW, t) - 1]));
}

FN_ROW(monthname_row)
{
	int64_t t;

	*out = VALUE_NULL;
	if (civil_of(f, args[0].i, &t))
		*out = value_text(
		    str_of(when_months[unit_of_time(UNIT_MONTH, t) - 1]));
}

#define FIELD_ROW(name, unit)                                                  \
	FN_ROW(name)                                                           \
	{                                                                      \
		int64_t t;                                                     \
                                                                               \
		*out = VALUE_NULL;                                             \
		if (civil_of(f, args[0].i, &t))                                \
			*out = value_int(unit_of_time(unit, t));               \
	}

FIELD_ROW(isoyear_row, UNIT_ISOYEAR)
FIELD_ROW(isodow_row, UNIT_ISODOW)

/* 202601: the ISO year and week. */
FN_ROW(yearweek_row)
{
	int64_t t;

	*out = VALUE_NULL;
	if (civil_of(f, args[0].i, &t))
		*out = value_int(unit_of_time(UNIT_ISOYEAR, t) * 100 +
				 unit_of_time(UNIT_WEEK, t));
}

/* ---- months ---- */

FN_ROW(add_months_row)
{
	int64_t t, later = 0;
	bool good;

	*out = VALUE_NULL;
	if (!civil_of(f, args[0].i, &t))
		return;
	good = unit_add(UNIT_MONTH, args[1].i, t, &later);
	give(f, good, later, out);
}

/* ---- buckets ---- */

/* The bucket of a width, counted from an origin, that a time is in. */
FN_ROW(time_bucket_row)
{
	int64_t width = args[0].i, t, rest;

	*out = VALUE_NULL;
	if (width <= 0) {
		fn_fail(f, "a bucket's width is more than 0");
		return;
	}
	if (!civil_of(f, args[1].i, &t))
		return;
	rest = (int64_t)(((__int128)t - args[2].i) % width);
	rest += rest < 0 ? width : 0;
	give(f, true, t - rest, out);
}

/* The bound of a span: a time, or a text that is a time or a time of day. */
static bool
span_bound(struct value v, int64_t *t)
{
	static const struct when_layout iso = {.kind = WHEN_ISO};

	if (type_is_instant(v.type)) {
		*t = v.i;
		return true;
	}
	return v.type == T_TEXT && (daytime_read(value_str(v), t) ||
				       when_parse(&iso, NULL, value_str(v), t));
}

/* (a, b) OVERLAPS (c, d): the ends are not part of the spans. */
FN_ROW(overlaps_row)
{
	int64_t a[2], c[2];
	bool point;

	*out = VALUE_NULL;
	for (unsigned i = 0; i < 2; i++)
		if (!span_bound(args[i], &a[i]) ||
		    !span_bound(args[2 + i], &c[i])) {
			fn_fail(f, "not a time");
			return;
		}
	if (a[0] > a[1]) {
		int64_t x = a[0];

		a[0] = a[1];
		a[1] = x;
	}
	if (c[0] > c[1]) {
		int64_t x = c[0];

		c[0] = c[1];
		c[1] = x;
	}
	/* A span of no length is its one instant. */
	point = a[0] == c[0];
	*out = value_bool(point || (a[0] < c[0] ? c[0] < a[1] : a[0] < c[1]));
}

/* ---- since 1970 ---- */

FN_ROW(epoch_row)
{
	*out = value_float((double)args[0].i / 1e6);
}

FN_ROW(epoch_ms_row)
{
	int64_t t = args[0].i;

	*out = value_int(t / 1000 - (t % 1000 < 0));
}

FN_ROW(epoch_us_row)
{
	*out = value_int(args[0].i);
}

/* clang-format off */
#define TIME .family = "time", .aliases = "", .flink = NULL
#define FIELD TIME, .signature = "time, text = 'UTC' -> bigint", \
	.prepare = zone1_prepare
#define NAME TIME, .signature = "time, text = 'UTC' -> text", \
	.prepare = zone1_prepare

const struct fn fn_date_rows[] = {
	{.name = "add_months", TIME,
	 .signature = "time, bigint, text = 'UTC' -> time",
	 .flags = FN_DATES,
	 .doc = "A time n months later; a day beyond the month's end becomes "
		"its last. Of a date, and without a zone, a date.",
	 .example = "add_months(TIMESTAMP '2026-01-31 10:00:00', 1)",
	 .result = "2026-02-28T10:00:00Z",
	 .prepare = zone2_prepare, .row = add_months_row},
	{.name = "date", TIME, .signature = "time, text = 'UTC' -> date",
	 .doc = "The day of a time, by the days of a zone. In UTC also CAST(t "
		"AS DATE).",
	 .example = "date(TIMESTAMP '2026-03-28 23:15:00', 'Europe/Berlin')",
	 .result = "2026-03-29",
	 .prepare = zone1_prepare, .row = date_row},
	{.name = "dayname", NAME,
	 .doc = "Name of the day of the week, in English.",
	 .example = "dayname(TIMESTAMP '2026-03-28 22:15:00')",
	 .result = "Saturday", .row = dayname_row},
	{.name = "epoch", TIME, .signature = "time -> float",
	 .doc = "Seconds since 1970, with their fraction.",
	 .example = "epoch(TIMESTAMP '1970-01-01 00:01:00.5')",
	 .result = "60.5", .row = epoch_row},
	{.name = "epoch_ms", TIME, .signature = "time -> bigint",
	 .doc = "Milliseconds since 1970.",
	 .example = "epoch_ms(TIMESTAMP '1970-01-01 00:01:00.5')",
	 .result = "60500", .row = epoch_ms_row},
	{.name = "epoch_us", TIME, .signature = "time -> bigint",
	 .doc = "Microseconds since 1970.",
	 .example = "epoch_us(TIMESTAMP '1970-01-01 00:00:01')",
	 .result = "1000000", .row = epoch_us_row},
	{.name = "isodow", FIELD,
	 .doc = "Day of the week, 1 for Monday (ISO 8601).",
	 .example = "isodow(TIMESTAMP '2026-03-28 22:15:00')", .result = "6",
	 .row = isodow_row},
	{.name = "isoyear", FIELD,
	 .doc = "Year of the ISO 8601 week.",
	 .example = "isoyear(TIMESTAMP '2027-01-01 00:00:00')",
	 .result = "2026", .row = isoyear_row},
	{.name = "last_day", TIME, .signature = "time, text = 'UTC' -> date",
	 .doc = "The last day of the month.",
	 .example = "last_day(TIMESTAMP '2028-02-10 12:00:00')",
	 .result = "2028-02-29",
	 .prepare = zone1_prepare, .row = last_day_row},
	{.name = "make_date", TIME,
	 .signature = "bigint, bigint, bigint -> date",
	 .doc = "The date of year, month and day; NULL if there is no such "
		"day.",
	 .example = "make_date(2026, 3, 28)", .result = "2026-03-28",
	 .row = make_date_row},
	{.name = "make_timestamp", TIME,
	 .signature = "bigint, bigint, bigint, bigint, bigint, float, text = "
		      "'UTC' -> time",
	 .doc = "A time of year, month, day, hour, minute and second; NULL if "
		"there is no such time.",
	 .example = "make_timestamp(2026, 3, 28, 22, 15, 0.5)",
	 .result = "2026-03-28T22:15:00.500Z",
	 .prepare = zone6_prepare, .row = make_timestamp_row},
	{.name = "monthname", NAME,
	 .doc = "Name of the month, in English.",
	 .example = "monthname(TIMESTAMP '2026-03-28 22:15:00')",
	 .result = "March", .row = monthname_row},
	{.name = "overlaps", TIME,
	 .signature = "any, any, any, any -> bool",
	 .doc = "True if the span from the first time to the second meets that "
		"from the third to the fourth; ends are not part of a span. "
		"All may be times of day, too. Also written (a, b) OVERLAPS "
		"(c, d).",
	 .example = "overlaps(TIMESTAMP '2026-03-01 10:00:00', TIMESTAMP "
		    "'2026-03-01 12:00:00', TIMESTAMP '2026-03-01 11:00:00', "
		    "TIMESTAMP '2026-03-01 13:00:00')",
	 .result = "true", .row = overlaps_row},
	{.name = "time_bucket", TIME,
	 .signature = "duration, time, time = TIMESTAMP '1970-01-01', "
		      "text = 'UTC' -> time",
	 .doc = "The start of the bucket of a width that a time is in; buckets "
		"are counted from an origin, 1970 unless stated.",
	 .example = "time_bucket(INTERVAL '15' MINUTE, TIMESTAMP "
		    "'2026-03-28 22:44:00')",
	 .result = "2026-03-28T22:30:00Z",
	 .prepare = zone3_prepare, .row = time_bucket_row},
	{.name = "yearweek", FIELD,
	 .doc = "ISO year and week as one number, 202653.",
	 .example = "yearweek(TIMESTAMP '2026-03-28 22:15:00')",
	 .result = "202613", .row = yearweek_row},
};
/* clang-format on */
const unsigned fn_date_n = sizeof fn_date_rows / sizeof *fn_date_rows;
