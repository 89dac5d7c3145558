/* SPDX-License-Identifier: MIT */
/*
 * Functions of times that read and write text and numbers, and the clock.
 * Text that does not fit its pattern gives NULL, as in Flink. Patterns and
 * zones that are constant are checked when the query is bound; zones must be.
 */
#include "base/clock.h"
#include "base/num.h"
#include "base/when.h"
#include "base/zone.h"
#include "expr/daytime.h"
#include "expr/fn_part.h"
#include "expr/stamp.h"
#include "expr/unit.h"

struct use {
	const struct stamp *stamp; /* NULL: known at run time, or auto */
	const struct zone *zone, *to;
};

static const struct zone *
zone_arg(const struct value *args, const struct where *at, unsigned i,
    unsigned n, struct err *err)
{
	struct where where = at && i < n ? at[i] : (struct where){0};

	if (i >= n)
		return zone_utc();
	if (fn_constant(args, at, i, "time zone", err))
		return NULL;
	if (args[i].type == T_TEXT)
		return zone_load(value_str(args[i]), where, err);
	err_set(err, ERR_SPEC, where, "the time zone must be a text");
	return NULL;
}

/* (x, pattern, zone) */
static int
prepare(const struct value *args, const struct where *at, unsigned n,
    bool to_read, struct arena *arena, const void **prepared, struct err *err)
{
	struct use *u = arena_zalloc(arena, sizeof *u);

	*prepared = u;
	u->zone = zone_arg(args, at, 2, n, err);
	if (!u->zone)
		return -1;
	if (n < 2 || args[1].type != T_TEXT || !args[1].len)
		return 0;
	u->stamp = stamp_compile(value_str(args[1]), to_read, arena,
	    at ? at[1] : (struct where){0}, err);
	return u->stamp ? 0 : -1;
}

FN_PREPARE(read_prepare)
{
	return prepare(args, at, n, true, arena, prepared, err);
}

FN_PREPARE(print_prepare)
{
	return prepare(args, at, n, false, arena, prepared, err);
}

/* The pattern of a row; NULL and a bad row if it is malformed. */
static const struct stamp *
stamp_of(struct fn_frame *f, struct value pattern, bool to_read)
{
	const struct use *u = f->prepared;
	const struct stamp *s = u->stamp;
	struct err err = {0};

	if (s)
		return s;
	s = stamp_compile(value_str(pattern), to_read, f->eval->arena,
	    (struct where){0}, &err);
	if (!s)
		fn_fail(f, "malformed time pattern");
	err_release(&err);
	return s;
}

/* ---- text to time ---- */

/* args: text, pattern ('': any), zone. False if the text is no time. */
static bool
read_time(struct fn_frame *f, const struct value *args, unsigned n, int64_t *t)
{
	const struct use *u = f->prepared;
	struct when_layout any = {.zone = u->zone};
	const struct stamp *s;

	if (n < 2 || !args[1].len)
		return when_parse(&any, NULL, value_str(args[0]), t);
	s = stamp_of(f, args[1], true);
	return s && stamp_read(s, value_str(args[0]), u->zone, t);
}

FN_ROW(to_timestamp_row)
{
	int64_t t;

	*out = read_time(f, args, n, &t) ? value_time(t) : VALUE_NULL;
}

FN_ROW(to_date_row)
{
	const struct use *u = f->prepared;
	int64_t t, day;

	*out = VALUE_NULL;
	if (!read_time(f, args, n, &t))
		return;
	t += zone_offset(u->zone, t, NULL, NULL) * WHEN_SECOND;
	if (unit_round(UNIT_DAY, t, false, &day))
		*out = value_date(day);
}

FN_ROW(unix_timestamp_row)
{
	int64_t t = 0;
	bool good = true;

	if (type_is_instant(args[0].type))
		t = args[0].i;
	else if (args[0].type == T_TEXT)
		good = read_time(f, args, n, &t);
	else
		good = false;
	/* What Flink gives for text that is no time. */
	*out = value_int(
	    good ? (t - (t % WHEN_SECOND + WHEN_SECOND) % WHEN_SECOND) /
		       WHEN_SECOND
		 : INT64_MIN);
}

/* ---- numbers to time ---- */

/* (number, precision) or (text, pattern, zone) */
struct ltz {
	struct use text; /* first: read_time() takes it for its own */
	struct when_layout number;
};

/* The layout of a number of a precision; -1: there is none such. */
static int
ltz_layout(int64_t precision, struct when_layout *l)
{
	l->kind = WHEN_EPOCH_MS;
	if (precision == 0)
		l->kind = WHEN_EPOCH_S;
	else if (precision == 6)
		l->kind = WHEN_EPOCH_US;
	else if (precision == 9)
		l->kind = WHEN_EPOCH_NS;
	return l->kind == WHEN_EPOCH_MS && precision != 3 ? -1 : 0;
}

FN_PREPARE(ltz_prepare)
{
	struct ltz *l = arena_zalloc(arena, sizeof *l);

	*prepared = l;
	l->number.kind = WHEN_EPOCH_MS;
	if (n > 1 && fn_constant(args, at, 1, "precision or pattern", err))
		return -1;
	if (n > 1 && args[1].type == T_INT &&
	    !ltz_layout(args[1].i, &l->number))
		n = 1;
	if (n > 1 && args[1].type != T_TEXT)
		return err_set(err, ERR_SPEC, at ? at[1] : (struct where){0},
		    "the precision must be 0 (seconds), 3 (milliseconds), "
		    "6 or 9");
	l->text.zone = zone_arg(args, at, 2, n, err);
	if (!l->text.zone)
		return -1;
	if (n < 2)
		return 0;
	l->text.stamp = stamp_compile(value_str(args[1]), true, arena,
	    at ? at[1] : (struct where){0}, err);
	return l->text.stamp ? 0 : -1;
}

FN_ROW(to_timestamp_ltz_row)
{
	const struct ltz *l = f->prepared;
	struct value v = args[0];
	int64_t t;
	bool good, text = v.type == T_TEXT;

	if (text && !l->text.stamp && num_parse_int(value_str(v), &t))
		v = value_int(t);
	if (v.type == T_INT)
		good = when_of_int(&l->number, v.i, &t);
	else if (type_is_number((enum type)v.type))
		good = when_of_float(&l->number,
		    v.type == T_DECIMAL ? dec_to_float(*v.d) : v.f, &t);
	else
		good = text && read_time(f, args, l->text.stamp ? n : 1, &t);
	*out = good ? value_time(t) : VALUE_NULL;
	if (!good && !text)
		fn_fail(f, type_is_number((enum type)v.type)
			       ? "time out of range"
			       : "neither a number nor a text");
}

/* ---- time to text ---- */

static void
print_time(struct fn_frame *f, const struct stamp *s, int64_t t,
    const struct zone *z, struct value *out)
{
	struct buf b = {0};

	stamp_print(s, t, z, &b);
	*out = value_text(arena_str(f->eval->arena, buf_str(&b)));
	buf_release(&b);
}

FN_ROW(date_format_row)
{
	const struct use *u = f->prepared;
	const struct stamp *s = stamp_of(f, args[1], false);

	*out = VALUE_NULL;
	if (s)
		print_time(f, s, args[0].i, u->zone, out);
}

FN_ROW(from_unixtime_row)
{
	const struct use *u = f->prepared;
	const struct stamp *s = stamp_of(f, args[1], false);
	int64_t t = args[0].i;

	*out = VALUE_NULL;
	if (!s)
		return;
	if (t < WHEN_FIRST / WHEN_SECOND || t > WHEN_LAST / WHEN_SECOND)
		fn_fail(f, "time out of range");
	else
		print_time(f, s, t * WHEN_SECOND, u->zone, out);
}

/* (text, from, to) */
FN_PREPARE(convert_prepare)
{
	struct use *u = arena_zalloc(arena, sizeof *u);

	*prepared = u;
	u->zone = zone_arg(args, at, 1, n, err);
	u->to = u->zone ? zone_arg(args, at, 2, n, err) : NULL;
	if (!u->to)
		return -1;
	u->stamp = stamp_compile(
	    STR("yyyy-MM-dd HH:mm:ss"), false, arena, (struct where){0}, err);
	return u->stamp ? 0 : -1;
}

FN_ROW(convert_tz_row)
{
	const struct use *u = f->prepared;
	struct when_layout iso = {.kind = WHEN_ISO, .zone = u->zone};
	int64_t t;

	*out = VALUE_NULL;
	if (when_parse(&iso, NULL, value_str(args[0]), &t))
		print_time(f, u->stamp, t, u->to, out);
}

/* ---- the clock ---- */

FN_ROW(now_row)
{
	*out = value_time(clock_now());
}

FN_ROW(current_date_row)
{
	int64_t t = clock_now();

	*out = value_date(t - t % WHEN_DAY);
}

FN_ROW(localtime_row)
{
	int64_t t = clock_now() % WHEN_DAY;

	*out = value_text(daytime_text(f->eval->arena, t - t % WHEN_SECOND));
}

/* ---- the rows ---- */

/* clang-format off */
#define TIME .family = "time"

const struct fn fn_clock_rows[] = {
	{.name = "convert_tz", .aliases = "", TIME,
	 .signature = "text, text, text -> text",
	 .doc = "A civil time of the first zone as one of the second.",
	 .example = "convert_tz('1970-01-01 00:00:00', 'UTC', "
		    "'America/Los_Angeles')",
	 .result = "1969-12-31 16:00:00",
	 .flink = "CONVERT_TZ", .prepare = convert_prepare,
	 .row = convert_tz_row},
	{.name = "current_date", .aliases = "", TIME,
	 .signature = "-> date",
	 .doc = "The current day (UTC).",
	 .example = "current_date() <= now()", .result = "true",
	 .flink = "CURRENT_DATE", .flags = FN_VOLATILE,
	 .row = current_date_row},
	{.name = "date_format", .aliases = "strftime to_char", TIME,
	 .signature = "time, text, text = 'UTC' -> text",
	 .doc = "A time as text by a pattern of Java's letters (yyyy-MM-dd "
		"HH:mm:ss.SSS) or of strftime's (%Y-%m-%d), in a zone.",
	 .example = "date_format(TIMESTAMP '2026-03-28 22:05:00', "
		    "'dd.MM.yy HH:mm')",
	 .result = "28.03.26 22:05",
	 .flink = "DATE_FORMAT", .prepare = print_prepare,
	 .row = date_format_row},
	{.name = "from_unixtime", .aliases = "", TIME,
	 .signature = "bigint, text = 'yyyy-MM-dd HH:mm:ss', text = 'UTC' "
		      "-> text",
	 .doc = "Seconds since 1970 as text by a pattern.",
	 .example = "from_unixtime(44)", .result = "1970-01-01 00:00:44",
	 .flink = "FROM_UNIXTIME", .prepare = print_prepare,
	 .row = from_unixtime_row},
	{.name = "localtime", .aliases = "current_time", TIME,
	 .signature = "-> text",
	 .doc = "The current time of day (UTC), as CAST(now() AS TIME) gives "
		"it: 22:05:00.",
	 .example = "localtime() < '24'", .result = "true",
	 .flink = "LOCALTIME", .flags = FN_VOLATILE, .row = localtime_row},
	{.name = "now", .aliases = "current_timestamp localtimestamp "
				   "current_row_timestamp proctime", TIME,
	 .signature = "-> time",
	 .doc = "The current time. Results that depend on it differ from run "
		"to run.",
	 .example = "now() > TIMESTAMP '2020-01-01 00:00:00'",
	 .result = "true",
	 .flink = "NOW", .flags = FN_VOLATILE, .row = now_row},
	{.name = "to_date", .aliases = "", TIME,
	 .signature = "text, text = '', text = 'UTC' -> date",
	 .doc = "A text as a date, by a pattern or, without one, as times are "
		"usually written; NULL if it is none. What has an offset is "
		"the day in the zone.",
	 .example = "to_date('28.03.2026', 'dd.MM.yyyy')",
	 .result = "2026-03-28",
	 .flink = "TO_DATE", .prepare = read_prepare, .row = to_date_row},
	{.name = "to_timestamp", .aliases = "strptime", TIME,
	 .signature = "text, text = '', text = 'UTC' -> time",
	 .doc = "A text as a time, by a pattern or, without one, as times are "
		"usually written; NULL if it is none.",
	 .example = "to_timestamp('2026-03-28 22:05', 'yyyy-MM-dd HH:mm')",
	 .result = "2026-03-28T22:05:00Z",
	 .flink = "TO_TIMESTAMP", .prepare = read_prepare,
	 .row = to_timestamp_row},
	{.name = "to_timestamp_ltz", .aliases = "", TIME,
	 .signature = "any, any = 3, text = 'UTC' -> time",
	 .doc = "A number as a time: seconds (precision 0) or milliseconds (3) "
		"since 1970; also 6 and 9. Or a text, as TO_TIMESTAMP reads "
		"it: by a pattern, in a zone; NULL if it is none.",
	 .example = "to_timestamp_ltz(1000, 3)",
	 .result = "1970-01-01T00:00:01Z",
	 .flink = "TO_TIMESTAMP_LTZ", .prepare = ltz_prepare,
	 .row = to_timestamp_ltz_row},
	{.name = "unix_timestamp", .aliases = "", TIME,
	 .signature = "any, text = '', text = 'UTC' -> bigint",
	 .doc = "A time, or a text by a pattern, as seconds since 1970; "
		"-9223372036854775808 if the text is no time.",
	 .example = "unix_timestamp('1970-01-01 00:01:00')", .result = "60",
	 .flink = "UNIX_TIMESTAMP", .prepare = read_prepare,
	 .row = unix_timestamp_row},
};
/* clang-format on */
const unsigned fn_clock_n = sizeof fn_clock_rows / sizeof *fn_clock_rows;
