/* SPDX-License-Identifier: MIT */
/*
 * How windows cut time, against a plain reckoning: all windows of a kind that
 * contain an instant are listed by trying every start.
 */
#include "base/when.h"
#include "op/window_kind.h"
#include "tap.h"

static uint64_t seed = 88172645463325252u;

static uint64_t
random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int64_t
random_between(int64_t lo, int64_t hi)
{
	return lo + (int64_t)(random_bits() % (uint64_t)(hi - lo + 1));
}

static int64_t
gcd(int64_t a, int64_t b)
{
	return b ? gcd(b, a % b) : a;
}

static struct window_spec
random_hop(void)
{
	struct window_spec w = {.type = WINDOW_HOP};

	w.size = random_between(1, 40);
	w.slide = random_between(1, 40);
	w.slice = gcd(w.size, w.slide);
	w.offset = random_between(0, w.slide - 1);
	return w;
}

/* Is [start, start + size) a window of the hop? */
static int
is_start(const struct window_spec *w, int64_t start)
{
	return ((start - w->offset) % w->slide + w->slide) % w->slide == 0;
}

/* Walks the windows of t by window_next and compares with all there are. */
static int
hop_agrees(const struct window_spec *w, int64_t t)
{
	struct span slice, window;
	int64_t after = WHEN_MIN, last = WHEN_MIN;
	int any = 0, in_slice = window_slice(w, t, &slice);

	if (in_slice && (t < slice.start || t >= slice.end))
		return 0;
	for (int64_t s = t - w->size + 1; s <= t; s++) {
		if (!is_start(w, s))
			continue;
		any = 1;
		if (!in_slice || !window_next(w, slice, after, &window) ||
		    window.start != s || window.end != s + w->size)
			return 0;
		if (slice.start < s || slice.end > s + w->size)
			return 0;
		after = last = window.end;
	}
	if (!any)
		return !in_slice;
	return !window_next(w, slice, after, &window) &&
	       window_last_end(w, slice) == last;
}

static void
test_hop(void)
{
	int bad = 0;

	for (int i = 0; i < 20000; i++) {
		struct window_spec w = random_hop();

		bad += !hop_agrees(&w, random_between(-100, 100));
	}
	ok(bad == 0, "hop: windows of 20000 random instants, also negative");
}

static void
test_skip(void)
{
	/* From any point on, the next window is the first that ends later. */
	int bad = 0;

	for (int i = 0; i < 20000; i++) {
		struct window_spec w = random_hop();
		int64_t t = random_between(-100, 100);
		int64_t after = random_between(-150, 150);
		struct span slice, a, b;
		int64_t at = WHEN_MIN;
		int got, want = 0;

		if (!window_slice(&w, t, &slice))
			continue;
		while (window_next(&w, slice, at, &a)) {
			at = a.end;
			if (a.end > after) {
				want = 1;
				break;
			}
		}
		got = window_next(&w, slice, after, &b);
		bad += got != want ||
		       (got && (a.start != b.start || a.end != b.end));
	}
	ok(bad == 0, "hop: going on from any point");
}

static void
test_tumble(void)
{
	struct window_spec w = {.type = WINDOW_TUMBLE,
	    .size = 10,
	    .slide = 10,
	    .slice = 10,
	    .offset = 3};
	struct span s;

	ok(window_slice(&w, 3, &s) && s.start == 3 && s.end == 13,
	    "tumble: the start belongs to the window");
	ok(window_slice(&w, 12, &s) && s.start == 3,
	    "tumble: the last instant");
	ok(window_slice(&w, 13, &s) && s.start == 13,
	    "tumble: the end does not belong to it");
	ok(window_slice(&w, -8, &s) && s.start == -17 && s.end == -7,
	    "tumble: before the epoch");
}

static void
test_cumulate(void)
{
	struct window_spec w = {.type = WINDOW_CUMULATE,
	    .size = 30,
	    .slide = 10,
	    .slice = 10,
	    .offset = 0};
	struct span slice, a;

	ok(window_slice(&w, 14, &slice) && slice.start == 10,
	    "cumulate: slice");
	ok(window_next(&w, slice, WHEN_MIN, &a) && a.start == 0 && a.end == 20,
	    "cumulate: first window holds the step before");
	ok(window_next(&w, slice, 20, &a) && a.start == 0 && a.end == 30,
	    "cumulate: then the whole");
	ok(!window_next(&w, slice, 30, &a), "cumulate: no more");
	ok(window_last_end(&w, slice) == 30, "cumulate: last end");
}

static struct window_spec
calendar(enum calendar_unit unit, const char *zone)
{
	struct err err = {0};
	struct window_spec w = {.type = WINDOW_CALENDAR, .unit = unit};

	w.zone = zone_load(str_of(zone), (struct where){0}, &err);
	err_release(&err);
	return w;
}

static int64_t
instant(int y, int mo, int d, int h, int mi)
{
	struct civil c = {
	    .year = y, .month = mo, .day = d, .hour = h, .minute = mi};

	return when_of_civil(&c);
}

static void
test_calendar(void)
{
	struct window_spec w = calendar(CALENDAR_DAY, "Europe/Berlin");
	struct span s;

	if (!w.zone) {
		printf("ok %d # SKIP no tz database\n", ++tap_n);
		return;
	}
	window_slice(&w, instant(2026, 10, 25, 1, 30), &s);
	ok(s.end - s.start == 25 * WHEN_HOUR, "autumn: a day of 25 hours");
	ok(s.start == instant(2026, 10, 24, 22, 0), "it begins at midnight");
	window_slice(&w, instant(2026, 3, 29, 12, 0), &s);
	ok(s.end - s.start == 23 * WHEN_HOUR, "spring: a day of 23 hours");
	w.unit = CALENDAR_WEEK;
	window_slice(&w, instant(2026, 3, 29, 12, 0), &s);
	ok(s.start == instant(2026, 3, 22, 23, 0), "weeks begin on Monday");
	w.unit = CALENDAR_MONTH;
	window_slice(&w, instant(2026, 2, 28, 22, 59), &s);
	ok(s.end == instant(2026, 2, 28, 23, 0), "February ends in Berlin");
	w.unit = CALENDAR_YEAR;
	window_slice(&w, instant(2025, 12, 31, 23, 30), &s);
	ok(s.start == instant(2025, 12, 31, 23, 0), "the year begins there");
	w = calendar(CALENDAR_DAY, "America/Sao_Paulo");
	window_slice(&w, instant(2018, 11, 4, 12, 0), &s);
	ok(s.start == instant(2018, 11, 4, 3, 0) &&
		s.end - s.start == 23 * WHEN_HOUR,
	    "a day whose midnight was skipped");
}

int
main(void)
{
	test_hop();
	test_skip();
	test_tumble();
	test_cumulate();
	test_calendar();
	return tap_done();
}
