/* SPDX-License-Identifier: MIT */
/*
 * Kinds of windows, and how event time is cut into slices.
 *
 * All windows over time but sessions are unions of slices: spans of time that
 * no window's edge cuts (Krishnamurthy et al., SIGMOD 2006; Traub et al.,
 * "Scotty", EDBT 2019). A record updates one slice; a window is the merge of
 * its slices when it closes. For tumbling and calendar windows a slice is the
 * window. Ends are exclusive. A start is t - floormod(t - offset, size), for
 * negative times and offsets, too.
 */
#ifndef WEIR_OP_WINDOW_KIND_H
#define WEIR_OP_WINDOW_KIND_H

#include "base/zone.h"
#include "expr/expr.h"
#include "op/op.h"

enum window_type {
	WINDOW_ALL, /* one window over everything: GROUP BY without a window */
	WINDOW_TUMBLE,
	WINDOW_HOP,
	WINDOW_CUMULATE,
	WINDOW_SESSION,
	WINDOW_ROWS, /* every so many rows of a key, whatever their times */
	WINDOW_CALENDAR
};

enum calendar_unit {
	CALENDAR_DAY,
	CALENDAR_WEEK,
	CALENDAR_MONTH,
	CALENDAR_YEAR
};

struct window_spec {
	enum window_type type;
	int64_t size;  /* µs; SESSION: the gap; ROWS: rows; CALENDAR: unused */
	int64_t slide; /* HOP, ROWS: slide; CUMULATE: step; else = size */
	int64_t offset; /* normalised to [0, slide or size) */
	int64_t slice;	/* width of a slice; gcd of size and slide, ROWS, too */
	int64_t max;	/* SESSION: longest, or WHEN_MAX */
	enum calendar_unit unit;
	const struct zone *zone; /* CALENDAR */
};

/* Slices of rows that a window of rows may have. */
#define WINDOW_PANES_MAX 4096

/* Does event time decide what is in the window? */
static inline bool
window_is_timed(const struct window_spec *w)
{
	return w->type != WINDOW_ALL && w->type != WINDOW_ROWS;
}

struct span {
	int64_t start, end; /* [start, end) */
};

/* Reads a window call: tumble(5m), hop(1h, 5m), day("Europe/Berlin") … */
int window_parse(
    const struct node *call, const struct bind *b, struct window_spec *out);

/*
 * The slice a time falls into; false if it falls between windows (a hop whose
 * slide is longer than its size). Not for sessions.
 */
bool window_slice(const struct window_spec *w, int64_t t, struct span *out);

/*
 * The first window, by end, that contains the slice and ends after `after`;
 * false if there is none.
 */
bool window_next(const struct window_spec *w, struct span slice, int64_t after,
    struct span *out);

/* End of the last window that contains the slice. */
int64_t window_last_end(const struct window_spec *w, struct span slice);

/* The session of records from the first to the last. */
struct span window_session(
    const struct window_spec *w, int64_t first, int64_t last);

/* "tumble(5m)", as it can be written again. */
void window_print(const struct window_spec *w, struct buf *out);

/* t + d, held at the ends of the range. */
static inline int64_t
time_add(int64_t t, int64_t d)
{
	int64_t r;

	if (__builtin_add_overflow(t, d, &r))
		return d < 0 ? WHEN_MIN : WHEN_MAX;
	return r;
}

#endif
