/* SPDX-License-Identifier: MIT */
/* Kinds of windows: reading them, and cutting time; see window_kind.h. */
#include "op/window_kind.h"

#include "base/must.h"
#include "base/when.h"

/* ---- arithmetic ---- */

static int64_t
floor_to(int64_t t, int64_t size, int64_t offset)
{
	int64_t r = (t - offset) % size;

	return t - (r < 0 ? r + size : r);
}

static int64_t
gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* Civil days of the calendar window around a civil day. */
static void
calendar_days(
    enum calendar_unit unit, int64_t day, int64_t *from, int64_t *until)
{
	int y, m, d;

	when_civil_of_days(day, &y, &m, &d);
	switch (unit) {
	case CALENDAR_DAY:
		*from = day;
		*until = day + 1;
		return;
	case CALENDAR_WEEK: /* ISO 8601: begins on Monday */
		*from = day - (when_weekday(day) + 6) % 7;
		*until = *from + 7;
		return;
	case CALENDAR_MONTH:
		*from = when_days(y, m, 1);
		*until = *from + when_days_in_month(y, m);
		return;
	case CALENDAR_YEAR:
		*from = when_days(y, 1, 1);
		*until = when_days(y + 1, 1, 1);
		return;
	}
}

static int64_t
civil_day(const struct zone *z, int64_t t)
{
	int64_t local = t + zone_offset(z, t, NULL, NULL) * WHEN_SECOND;

	return floor_to(local, WHEN_DAY, 0) / WHEN_DAY;
}

/*
 * The instants at which a calendar window begins and ends. Midnight may be
 * skipped (the day then begins at the first instant after the gap) or come
 * twice (the day begins at the first one).
 */
static struct span
calendar_span(const struct window_spec *w, int64_t t)
{
	int64_t from = 0, until = 0;

	calendar_days(w->unit, civil_day(w->zone, t), &from, &until);
	return (struct span){zone_instant(w->zone, from * WHEN_DAY, 0),
	    zone_instant(w->zone, until * WHEN_DAY, 0)};
}

bool
window_slice(const struct window_spec *w, int64_t t, struct span *out)
{
	struct span ignored;

	switch (w->type) {
	case WINDOW_ALL:
	case WINDOW_ROWS:
		*out = (struct span){WHEN_MIN, WHEN_MAX};
		return true;
	case WINDOW_CALENDAR:
		*out = calendar_span(w, t);
		return true;
	case WINDOW_TUMBLE:
	case WINDOW_CUMULATE:
	case WINDOW_HOP:
	case WINDOW_SESSION:
		break;
	}
	out->start = floor_to(t, w->slice, w->offset % w->slice);
	out->end = out->start + w->slice;
	return w->type != WINDOW_HOP || w->slide <= w->size ||
	       window_next(w, *out, WHEN_MIN, &ignored);
}

bool
window_next(const struct window_spec *w, struct span slice, int64_t after,
    struct span *out)
{
	int64_t start, n;

	switch (w->type) {
	case WINDOW_ALL:
	case WINDOW_TUMBLE:
	case WINDOW_CALENDAR:
	case WINDOW_SESSION:
	case WINDOW_ROWS:
		*out = slice;
		return slice.end > after;
	case WINDOW_CUMULATE:
		start = floor_to(slice.start, w->size, w->offset);
		out->start = start;
		out->end = slice.end;
		if (out->end <= after)
			out->end =
			    start + ((after - start) / w->slide + 1) * w->slide;
		return out->end <= start + w->size;
	case WINDOW_HOP:
		/* The last window begins at or before the slice; earlier ones
		 * reach it as long as they end behind its start. */
		start = floor_to(slice.start, w->slide, w->offset);
		if (start + w->size < slice.end)
			return false;
		n = (start + w->size - slice.end) / w->slide;
		if (after != WHEN_MIN &&
		    start - n * w->slide + w->size <= after)
			n = start + w->size <= after
				? -1
				: (start + w->size - after - 1) / w->slide;
		if (n < 0)
			return false;
		out->start = start - n * w->slide;
		out->end = out->start + w->size;
		return true;
	}
	return false;
}

int64_t
window_last_end(const struct window_spec *w, struct span slice)
{
	switch (w->type) {
	case WINDOW_ALL:
	case WINDOW_TUMBLE:
	case WINDOW_CALENDAR:
	case WINDOW_SESSION:
	case WINDOW_ROWS:
		break;
	case WINDOW_CUMULATE:
		return floor_to(slice.start, w->size, w->offset) + w->size;
	case WINDOW_HOP:
		return floor_to(slice.start, w->slide, w->offset) + w->size;
	}
	return slice.end;
}

/* ---- reading ---- */

static const char *const unit_names[] = {"day", "week", "month", "year"};

static int
duration_arg(const struct node *call, unsigned i, const struct bind *b,
    bool positive, int64_t *out)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	struct value v;

	if (expr_eval_constant(call->args[i], &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_DURATION) {
		err_set(b->err, ERR_SPEC, call->args[i]->where,
		    "a duration is expected here, as in 5m or 1h30m");
		if (v.type == T_INT)
			err_hint(b->err, "%lldms, %llds, %lldm, %lldh",
			    (long long)v.i, (long long)v.i, (long long)v.i,
			    (long long)v.i);
		return -1;
	}
	if (positive && v.i <= 0)
		return err_set(b->err, ERR_SPEC, call->args[i]->where,
		    "the duration must be longer than zero");
	*out = v.i;
	return 0;
}

static int
arity(const struct node *call, unsigned min, unsigned max, const struct bind *b)
{
	const char *signature = "";

	if (call->n_args >= min && call->n_args <= max)
		return 0;
	for (unsigned i = 0; i < n_window_kinds; i++)
		if (str_is(call->name, window_kinds[i].name))
			signature = window_kinds[i].signature;
	err_set(b->err, ERR_SPEC, call->where,
	    "wrong number of arguments for a window");
	return err_hint(b->err, "%s", signature);
}

static void
set_offset(struct window_spec *w, int64_t period)
{
	w->offset %= period;
	if (w->offset < 0)
		w->offset += period;
}

static int
parse_tumble(
    const struct node *call, const struct bind *b, struct window_spec *w)
{
	w->type = WINDOW_TUMBLE;
	if (arity(call, 1, 2, b) || duration_arg(call, 0, b, true, &w->size) ||
	    (call->n_args > 1 && duration_arg(call, 1, b, false, &w->offset)))
		return -1;
	w->slide = w->slice = w->size;
	set_offset(w, w->size);
	return 0;
}

static int
parse_hop(const struct node *call, const struct bind *b, struct window_spec *w)
{
	int64_t a, c;

	w->type = WINDOW_HOP;
	if (arity(call, 2, 3, b) || duration_arg(call, 0, b, true, &a) ||
	    duration_arg(call, 1, b, true, &c) ||
	    (call->n_args > 2 && duration_arg(call, 2, b, false, &w->offset)))
		return -1;
	/* Flink writes the slide first, people the size: both are meant. */
	w->size = a > c ? a : c;
	w->slide = a > c ? c : a;
	w->slice = gcd(w->size, w->slide);
	set_offset(w, w->slide);
	return 0;
}

static int
parse_cumulate(
    const struct node *call, const struct bind *b, struct window_spec *w)
{
	w->type = WINDOW_CUMULATE;
	if (arity(call, 2, 3, b) || duration_arg(call, 0, b, true, &w->slide) ||
	    duration_arg(call, 1, b, true, &w->size) ||
	    (call->n_args > 2 && duration_arg(call, 2, b, false, &w->offset)))
		return -1;
	if (w->size % w->slide)
		return err_set(b->err, ERR_SPEC, call->where,
		    "the size must be a multiple of the step");
	w->slice = w->slide;
	set_offset(w, w->size);
	return 0;
}

static int
parse_session(
    const struct node *call, const struct bind *b, struct window_spec *w)
{
	w->type = WINDOW_SESSION;
	w->max = WHEN_MAX;
	if (arity(call, 1, 2, b) || duration_arg(call, 0, b, true, &w->size) ||
	    (call->n_args > 1 && duration_arg(call, 1, b, true, &w->max)))
		return -1;
	if (w->max < w->size)
		return err_set(b->err, ERR_SPEC, call->args[1]->where,
		    "the longest session is shorter than the gap");
	w->slide = w->slice = w->size;
	return 0;
}

static int
rows_arg(
    const struct node *call, unsigned i, const struct bind *b, int64_t *out)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	struct value v;

	if (expr_eval_constant(call->args[i], &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_INT || v.i < 1)
		return err_set(b->err, ERR_SPEC, call->args[i]->where,
		    "a number of rows is expected here, 1 or greater");
	*out = v.i;
	return 0;
}

static int
parse_rows(const struct node *call, const struct bind *b, struct window_spec *w)
{
	w->type = WINDOW_ROWS;
	if (arity(call, 1, 2, b) || rows_arg(call, 0, b, &w->size))
		return -1;
	w->slide = w->size;
	if (call->n_args > 1 && rows_arg(call, 1, b, &w->slide))
		return -1;
	w->slice = gcd(w->size, w->slide);
	if (w->size / w->slice <= WINDOW_PANES_MAX)
		return 0;
	err_set(b->err, ERR_SPEC, call->where,
	    "the window has more than %d parts of %lld rows", WINDOW_PANES_MAX,
	    (long long)w->slice);
	return err_hint(b->err,
	    "parts are as long as the greatest common divisor of size and "
	    "slide");
}

static int
parse_calendar(const struct node *call, enum calendar_unit unit,
    const struct bind *b, struct window_spec *w)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	struct value v;

	w->type = WINDOW_CALENDAR;
	w->unit = unit;
	w->zone = zone_utc();
	if (arity(call, 0, 1, b))
		return -1;
	if (!call->n_args)
		return 0;
	/* Europe/Berlin without quotes is a division. */
	if (call->args[0]->kind == NODE_NAME ||
	    (call->args[0]->kind == NODE_CALL && call->args[0]->n_args &&
		call->args[0]->args[0]->kind == NODE_NAME)) {
		err_set(b->err, ERR_SPEC, call->args[0]->where,
		    "a time zone is a text here");
		return err_hint(
		    b->err, "%s(\"Europe/Berlin\")", unit_names[unit]);
	}
	if (expr_eval_constant(call->args[0], &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_TEXT)
		return err_set(b->err, ERR_SPEC, call->args[0]->where,
		    "a time zone is expected here, as in \"Europe/Berlin\"");
	w->zone = zone_load(value_str(v), call->args[0]->where, b->err);
	return w->zone ? 0 : -1;
}

struct str
window_near(struct str word)
{
	struct str names[16];

	must(n_window_kinds <= 16);
	for (unsigned i = 0; i < n_window_kinds; i++)
		names[i] = str_of(window_kinds[i].name);
	return str_nearest(word, names, n_window_kinds);
}

int
window_parse(
    const struct node *call, const struct bind *b, struct window_spec *out)
{
	struct str near;

	*out = (struct window_spec){.type = WINDOW_ALL};
	if (call->kind == NODE_CALL) {
		if (str_is(call->name, "all"))
			return arity(call, 0, 0, b);
		if (str_is(call->name, "tumble"))
			return parse_tumble(call, b, out);
		if (str_is(call->name, "hop"))
			return parse_hop(call, b, out);
		if (str_is(call->name, "cumulate"))
			return parse_cumulate(call, b, out);
		if (str_is(call->name, "session"))
			return parse_session(call, b, out);
		if (str_is(call->name, "rows"))
			return parse_rows(call, b, out);
		for (unsigned i = 0; i < 4; i++)
			if (str_is(call->name, unit_names[i]))
				return parse_calendar(
				    call, (enum calendar_unit)i, b, out);
	}
	err_set(b->err, ERR_SPEC, call->where, "not a window");
	near = call->kind == NODE_CALL ? window_near(call->name)
				       : (struct str){NULL, 0};
	if (near.p)
		return err_hint(b->err, "did you mean %.*s?", STR_ARG(near));
	return err_hint(b->err, "tumble(5m), hop(1h, 5m), session(30m), "
				"cumulate(10m, 1h), day(\"Europe/Berlin\")");
}

/* ---- writing ---- */

static void
put_duration(struct buf *out, int64_t us)
{
	char text[64];

	buf_add(out, text, (size_t)(when_put_duration(text, us) - text));
}

static void
put_durations(
    struct buf *out, const char *name, int64_t a, int64_t b, int64_t c)
{
	buf_printf(out, "%s(", name);
	put_duration(out, a);
	if (b) {
		buf_lit(out, ", ");
		put_duration(out, b);
	}
	if (c) {
		buf_lit(out, ", ");
		put_duration(out, c);
	}
	buf_addc(out, ')');
}

struct span
window_session(const struct window_spec *w, int64_t first, int64_t last)
{
	int64_t end = time_add(last, w->size), max = time_add(first, w->max);

	return (struct span){first, end < max ? end : max};
}

void
window_print(const struct window_spec *w, struct buf *out)
{
	switch (w->type) {
	case WINDOW_ALL:
		buf_lit(out, "all()");
		return;
	case WINDOW_TUMBLE:
		put_durations(out, "tumble", w->size, w->offset, 0);
		return;
	case WINDOW_HOP:
		put_durations(out, "hop", w->size, w->slide, w->offset);
		return;
	case WINDOW_CUMULATE:
		put_durations(out, "cumulate", w->slide, w->size, w->offset);
		return;
	case WINDOW_SESSION:
		put_durations(out, "session", w->size,
		    w->max == WHEN_MAX ? 0 : w->max, 0);
		return;
	case WINDOW_ROWS:
		buf_printf(out, "rows(%lld", (long long)w->size);
		if (w->slide != w->size)
			buf_printf(out, ", %lld", (long long)w->slide);
		buf_addc(out, ')');
		return;
	case WINDOW_CALENDAR:
		buf_printf(
		    out, "%s(\"%s\")", unit_names[w->unit], zone_name(w->zone));
		return;
	}
}

/* ---- the table ---- */

// clang-format off
const struct window_kind window_kinds[] = {
	{"all", "all()",
	    "One window over everything; its result comes at the end of input.",
	    "|---------------------------|\n"},
	{"cumulate", "cumulate(step, size [, offset])",
	    "Windows that grow by a step until they reach the size, then begin "
	    "anew: the day so far, every ten minutes.",
	    "|--|\n|-----|\n|--------|  |--|\n            |-----|\n"},
	{"day", "day([zone])",
	    "Calendar days in a time zone (default UTC); 23 or 25 hours long "
	    "when the clocks change.",
	    "|- Mon -|- Tue -|- Wed -|\n"},
	{"hop", "hop(size, slide [, offset])",
	    "Windows of one size that begin at every slide and overlap. The "
	    "longer argument is the size, in either order.",
	    "|--------|\n   |--------|\n      |--------|\n"},
	{"month", "month([zone])", "Calendar months in a time zone.",
	    "|-- Jan --|-- Feb --|-- Mar --|\n"},
	{"rows", "rows(size [, slide])",
	    "Per key: so many rows in order of arrival, whatever their times; "
	    "with a slide, after every so many rows the last ones. "
	    "window_start and window_end count the rows of the key from 0. "
	    "What is left at the end of input is a shorter window, marked "
	    "`partial`.",
	    "|-xxx-|-xxx-|-xx\n"},
	{"session", "session(gap [, max])",
	    "Per key: a window lasts as long as no gap between records is "
	    "longer than `gap`; at most `max`.",
	    "|-x-xx--x---|      |-x--x---|\n"},
	{"tumble", "tumble(size [, offset])",
	    "Windows of one size, one after another.",
	    "|------|------|------|\n"},
	{"week", "week([zone])",
	    "Calendar weeks (Monday to Sunday) in a time zone.",
	    "|-- W12 --|-- W13 --|\n"},
	{"year", "year([zone])", "Calendar years in a time zone.",
	    "|-- 2025 --|-- 2026 --|\n"},
};
// clang-format on
const unsigned n_window_kinds = sizeof window_kinds / sizeof *window_kinds;

static bool
is_zone_argument(const struct node *n)
{
	return n->kind == NODE_PARAM ||
	       (n->kind == NODE_LITERAL && n->value.type == T_TEXT);
}

bool
window_is(const struct node *n)
{
	if (n->kind != NODE_CALL || n->star || n->distinct || n->filter)
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (str_is(n->name, unit_names[i]))
			return n->n_args == 0 ||
			       (n->n_args == 1 && is_zone_argument(n->args[0]));
	if (str_is(n->name, "all"))
		return n->n_args == 0;
	for (unsigned i = 0; i < n_window_kinds; i++)
		if (str_is(n->name, window_kinds[i].name))
			return true;
	return false;
}
