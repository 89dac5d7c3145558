/* SPDX-License-Identifier: MIT */
/*
 * Functions of times: fields, rounding, arithmetic by units. A time is an
 * instant; where days matter, they are those of a zone (the last argument,
 * UTC unless stated).
 */
#include "base/when.h"
#include "base/zone.h"
#include "expr/fn_part.h"
#include "expr/unit.h"

/* What constant arguments mean. */
struct use {
	enum unit unit;
	const struct zone *zone;
};

static int
use_unit(struct use *u, const struct value *args, const struct where *at,
    struct err *err)
{
	const struct str *names;
	unsigned n;

	if (fn_constant(args, at, 0, "unit", err))
		return -1;
	u->unit =
	    args[0].type == T_TEXT ? unit_find(value_str(args[0])) : UNIT_NONE;
	if (u->unit != UNIT_NONE)
		return 0;
	err_set(err, ERR_SPEC, at ? at[0] : (struct where){0},
	    "there is no such unit of time");
	names = unit_names(&n);
	return err_suggest(err,
	    args[0].type == T_TEXT ? value_str(args[0]) : STR(""), names, n);
}

static int
use_zone(struct use *u, const struct value *args, const struct where *at,
    unsigned i, unsigned n, struct err *err)
{
	struct where where = at && i < n ? at[i] : (struct where){0};

	u->zone = zone_utc();
	if (i >= n)
		return 0;
	if (fn_constant(args, at, i, "time zone", err))
		return -1;
	if (args[i].type != T_TEXT)
		return err_set(
		    err, ERR_SPEC, where, "the time zone must be a text");
	u->zone = zone_load(value_str(args[i]), where, err);
	return u->zone ? 0 : -1;
}

/* (time, zone) */
FN_PREPARE(zone_prepare)
{
	struct use *u = arena_zalloc(arena, sizeof *u);

	*prepared = u;
	return use_zone(u, args, at, 1, n, err);
}

static int
wrong_unit(const struct use *u, const char *what, const struct where *at,
    struct err *err)
{
	return err_set(err, ERR_SPEC, at ? at[0] : (struct where){0}, "%s %s",
	    what, unit_name(u->unit));
}

/* (unit, time, zone) */
FN_PREPARE(round_prepare)
{
	struct use *u = arena_zalloc(arena, sizeof *u);
	int64_t unused;

	*prepared = u;
	if (use_unit(u, args, at, err))
		return -1;
	if (!unit_round(u->unit, 0, false, &unused))
		return wrong_unit(u, "a time has no start of its", at, err);
	return use_zone(u, args, at, 2, n, err);
}

/* (unit, n, time, zone) */
FN_PREPARE(add_prepare)
{
	struct use *u = arena_zalloc(arena, sizeof *u);
	int64_t unused;

	*prepared = u;
	if (use_unit(u, args, at, err))
		return -1;
	if (!unit_add(u->unit, 1, 0, &unused))
		return wrong_unit(u, "one cannot add a", at, err);
	return use_zone(u, args, at, 3, n, err);
}

/* (unit, time, time, zone) */
FN_PREPARE(diff_prepare)
{
	struct use *u = arena_zalloc(arena, sizeof *u);
	int64_t unused;

	*prepared = u;
	if (use_unit(u, args, at, err))
		return -1;
	if (!unit_diff(u->unit, 0, 0, &unused))
		return wrong_unit(
		    u, "a difference cannot be counted in", at, err);
	return use_zone(u, args, at, 3, n, err);
}

/* The civil time of an instant as if it were UTC. */
static int64_t
civil(const struct use *u, int64_t t)
{
	return t + zone_offset(u->zone, t, NULL, NULL) * WHEN_SECOND;
}

static bool
in_range(int64_t t)
{
	return t >= WHEN_FIRST && t <= WHEN_LAST;
}

static void
out_of_range(struct fn_frame *f, struct value *out)
{
	fn_fail(f, "time out of range");
	*out = VALUE_NULL;
}

/* ---- fields ---- */

static void
field(struct fn_frame *f, struct value v, enum unit unit, struct value *out)
{
	if (!in_range(v.i))
		out_of_range(f, out);
	else
		*out = value_int(unit_of_time(unit, civil(f->prepared, v.i)));
}

#define FIELD_ROW(name, unit)                                                  \
	FN_ROW(name)                                                           \
	{                                                                      \
		field(f, args[0], unit, out);                                  \
	}

FIELD_ROW(year_row, UNIT_YEAR)
FIELD_ROW(quarter_row, UNIT_QUARTER)
FIELD_ROW(month_row, UNIT_MONTH)
FIELD_ROW(week_row, UNIT_WEEK)
FIELD_ROW(day_row, UNIT_DAY)
FIELD_ROW(dayofweek_row, UNIT_DOW)
FIELD_ROW(dayofyear_row, UNIT_DOY)
FIELD_ROW(hour_row, UNIT_HOUR)
FIELD_ROW(minute_row, UNIT_MINUTE)
FIELD_ROW(second_row, UNIT_SECOND)
FIELD_ROW(millisecond_row, UNIT_MILLISECOND)
FIELD_ROW(microsecond_row, UNIT_MICROSECOND)

/* (unit, time, zone) */
FN_PREPARE(part_prepare)
{
	struct use *u = arena_zalloc(arena, sizeof *u);

	*prepared = u;
	return use_unit(u, args, at, err) ? -1
					  : use_zone(u, args, at, 2, n, err);
}

FN_ROW(date_part_row)
{
	const struct use *u = f->prepared;

	field(f, args[1], u->unit, out);
}

/* ---- rounding ---- */

static void
give_civil(struct fn_frame *f, bool good, int64_t t, struct value *out)
{
	const struct use *u = f->prepared;

	if (good && in_range(t)) {
		*out = value_time(zone_instant(u->zone, t, 0));
		if (in_range(out->i))
			return;
	}
	out_of_range(f, out);
}

static void
round_time(struct fn_frame *f, int64_t t, bool up, struct value *out)
{
	const struct use *u = f->prepared;
	int64_t start = 0;
	bool good = in_range(t) && unit_round(u->unit, civil(u, t), up, &start);

	give_civil(f, good, start, out);
}

FN_ROW(time_floor_row)
{
	round_time(f, args[1].i, false, out);
}

FN_ROW(time_ceil_row)
{
	round_time(f, args[1].i, true, out);
}

/* As time_floor, but weeks begin on Monday (ISO 8601). */
FN_ROW(date_trunc_row)
{
	const struct use *u = f->prepared;
	int64_t t = args[1].i, day = 0;
	bool good;

	if (u->unit != UNIT_WEEK || !in_range(t)) {
		round_time(f, t, false, out);
		return;
	}
	t = civil(u, t);
	good = unit_round(UNIT_DAY, t, false, &day);
	give_civil(
	    f, good, day - (unit_of_time(UNIT_ISODOW, t) - 1) * WHEN_DAY, out);
}

/* ---- arithmetic ---- */

/* True if the unit is counted on the clock, not in the calendar. */
static bool
by_clock(enum unit u)
{
	return u <= UNIT_HOUR;
}

FN_ROW(date_add_row)
{
	const struct use *u = f->prepared;
	int64_t t = args[2].i;
	bool good;

	if (!in_range(t)) {
		out_of_range(f, out);
		return;
	}
	if (!by_clock(u->unit)) {
		good = unit_add(u->unit, args[1].i, civil(u, t), &t);
		give_civil(f, good, t, out);
	} else if (unit_add(u->unit, args[1].i, t, &t) && in_range(t)) {
		*out = value_time(t);
	} else {
		out_of_range(f, out);
	}
}

FN_ROW(date_diff_row)
{
	const struct use *u = f->prepared;
	int64_t a = args[1].i, b = args[2].i, units;

	if (!in_range(a) || !in_range(b)) {
		out_of_range(f, out);
		return;
	}
	if (!by_clock(u->unit)) {
		a = civil(u, a);
		b = civil(u, b);
	}
	if (unit_diff(u->unit, a, b, &units))
		*out = value_int(units);
	else
		out_of_range(f, out);
}

/* ---- the rows ---- */

/* clang-format off */
#define TIME .family = "time"
#define FIELD TIME, .signature = "time, text = 'UTC' -> bigint", \
	.prepare = zone_prepare
#define ROUND TIME, .signature = "text, time, text = 'UTC' -> time", \
	.prepare = round_prepare

const struct fn fn_time_rows[] = {
	{.name = "date_add", .aliases = "", TIME,
	 .signature = "text, bigint, time, text = 'UTC' -> time",
	 .doc = "A time n units later, by the days of a zone; a day beyond the "
		"month's end becomes its last. In UTC also TIMESTAMPADD(unit, "
		"n, t). Days and more of a date, and without a zone, give a "
		"date.",
	 .example = "date_add('day', 1, TIMESTAMP '2026-03-28 12:00:00', "
		    "'Europe/Berlin')",
	 .result = "2026-03-29T11:00:00Z",
	 .flink = NULL, .flags = FN_DATES, .prepare = add_prepare,
	 .row = date_add_row},
	{.name = "date_diff", .aliases = "", TIME,
	 .signature = "text, time, time, text = 'UTC' -> bigint",
	 .doc = "Whole units from the first time to the second, by the days of "
		"a zone. In UTC also TIMESTAMPDIFF(unit, a, b).",
	 .example = "date_diff('day', TIMESTAMP '2026-03-01 00:00:00', "
		    "TIMESTAMP '2026-03-28 22:00:00')",
	 .result = "27",
	 .flink = NULL, .prepare = diff_prepare, .row = date_diff_row},
	{.name = "date_part", .aliases = "", TIME,
	 .signature = "text, time, text = 'UTC' -> bigint",
	 .doc = "A field of a time by the name of its unit, as EXTRACT(unit "
		"FROM t) gives it, in a zone.",
	 .example = "date_part('hour', TIMESTAMP '2026-03-28 22:15:00', "
		    "'Asia/Tokyo')",
	 .result = "7",
	 .flink = NULL, .prepare = part_prepare, .row = date_part_row},
	{.name = "date_trunc", .aliases = "", ROUND,
	 .doc = "The start of the unit a time is in, by the days of a zone. "
		"Weeks begin on Monday.",
	 .example = "date_trunc('week', TIMESTAMP '2026-03-28 22:15:00')",
	 .result = "2026-03-23T00:00:00Z",
	 .flink = NULL, .row = date_trunc_row},
	{.name = "day", .aliases = "dayofmonth", FIELD,
	 .doc = "Day of the month.",
	 .example = "day(TIMESTAMP '2026-03-28 22:15:00')", .result = "28",
	 .flink = "DAYOFMONTH", .row = day_row},
	{.name = "dayofweek", .aliases = "", FIELD,
	 .doc = "Day of the week, 1 for Sunday.",
	 .example = "dayofweek(TIMESTAMP '1994-09-27 00:00:00')",
	 .result = "3",
	 .flink = "DAYOFWEEK", .row = dayofweek_row},
	{.name = "dayofyear", .aliases = "", FIELD,
	 .doc = "Day of the year, from 1.",
	 .example = "dayofyear(TIMESTAMP '2026-02-01 00:00:00')",
	 .result = "32",
	 .flink = "DAYOFYEAR", .row = dayofyear_row},
	{.name = "hour", .aliases = "", FIELD,
	 .doc = "Hour of the day.",
	 .example = "hour(TIMESTAMP '2026-03-28 22:15:00', 'Asia/Tokyo')",
	 .result = "7",
	 .flink = "HOUR", .row = hour_row},
	{.name = "microsecond", .aliases = "", FIELD,
	 .doc = "Microseconds of the minute.",
	 .example = "microsecond(TIMESTAMP '2026-03-28 22:15:01.5')",
	 .result = "1500000",
	 .flink = NULL, .row = microsecond_row},
	{.name = "millisecond", .aliases = "", FIELD,
	 .doc = "Milliseconds of the minute.",
	 .example = "millisecond(TIMESTAMP '2026-03-28 22:15:01.5')",
	 .result = "1500",
	 .flink = NULL, .row = millisecond_row},
	{.name = "minute", .aliases = "", FIELD,
	 .doc = "Minute of the hour.",
	 .example = "minute(TIMESTAMP '2026-03-28 22:15:00')", .result = "15",
	 .flink = "MINUTE", .row = minute_row},
	{.name = "month", .aliases = "", FIELD,
	 .doc = "Month of the year, from 1.",
	 .example = "month(TIMESTAMP '2026-03-28 22:15:00')", .result = "3",
	 .flink = "MONTH", .row = month_row},
	{.name = "quarter", .aliases = "", FIELD,
	 .doc = "Quarter of the year, from 1.",
	 .example = "quarter(TIMESTAMP '2026-05-28 22:15:00')", .result = "2",
	 .flink = "QUARTER", .row = quarter_row},
	{.name = "second", .aliases = "", FIELD,
	 .doc = "Second of the minute.",
	 .example = "second(TIMESTAMP '2026-03-28 22:15:07')", .result = "7",
	 .flink = "SECOND", .row = second_row},
	{.name = "time_ceil", .aliases = "", ROUND,
	 .doc = "The start of the next unit, or the time itself if it is a "
		"start, by the days of a zone. In UTC also CEIL(t TO unit). "
		"Weeks begin on Sunday.",
	 .example = "time_ceil('hour', TIMESTAMP '2026-03-28 22:15:00')",
	 .result = "2026-03-28T23:00:00Z",
	 .flink = NULL, .row = time_ceil_row},
	{.name = "time_floor", .aliases = "", ROUND,
	 .doc = "The start of the unit a time is in, by the days of a zone. In "
		"UTC also FLOOR(t TO unit). Weeks begin on Sunday.",
	 .example = "time_floor('day', TIMESTAMP '2026-03-28 23:15:00', "
		    "'Europe/Berlin')",
	 .result = "2026-03-28T23:00:00Z",
	 .flink = NULL, .row = time_floor_row},
	{.name = "week", .aliases = "weekofyear", FIELD,
	 .doc = "ISO 8601 week of the year.",
	 .example = "week(TIMESTAMP '2026-01-01 00:00:00')", .result = "1",
	 .flink = "WEEK", .row = week_row},
	{.name = "year", .aliases = "", FIELD,
	 .doc = "Year.",
	 .example = "year(TIMESTAMP '2026-03-28 22:15:00')", .result = "2026",
	 .flink = "YEAR", .row = year_row},
};
/* clang-format on */
const unsigned fn_time_n = sizeof fn_time_rows / sizeof *fn_time_rows;
