/* SPDX-License-Identifier: MIT */
/*
 * A line for each key with its values over time as small bars: "a ▁▃█▂ 2 14".
 *
 * Rows that agree in all columns but the value and the times of their window
 * are one line; along it go the starts of the windows that any of them had, so
 * that lines can be compared, and a window without a value is a gap. Without
 * window_start values stand one after another. All is written at the end.
 */
#include <math.h>
#include <stdlib.h>

#include "base/dec.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/sheet.h"
#include "io/text.h"

#define POINTS_LEAST 8 /* of a line, however narrow the terminal */
#define POINTS_MOST 60 /* where there is no terminal */
#define GAP 2

struct point {
	int64_t at; /* the window's start, or the number of the value */
	double value;
};

struct series {
	struct str *labels; /* by label column */
	struct point *points;
	size_t n, cap;
	double least, most, last;
};

struct spark {
	struct encoder base;
	struct sheet sheet;
	struct arena arena;
	bool settled;	    /* the columns below are known */
	uint32_t value, at; /* slots; at: NAMES_NONE = none */
	uint32_t *labels;   /* slots */
	uint32_t n_labels;
	struct names keys;
	struct buf key;
	struct series *list;
	size_t n, cap;
	int64_t *times; /* of all points, in order, each once */
	size_t n_times;
};

/* ---- columns ---- */

static bool
is_time_of_window(struct str name)
{
	return str_is(name, "window_start") || str_is(name, "window_end") ||
	       str_is(name, "window_time");
}

static void
settle(struct spark *k)
{
	uint32_t n = sheet_slots(&k->sheet);
	struct str arg = k->base.spec->settings.arg;

	k->settled = true;
	k->value = k->at = NAMES_NONE;
	for (uint32_t i = 0; i < n; i++) {
		struct str name = sheet_name(&k->sheet, i);
		enum type type = k->sheet.cells[i].type;

		if (str_is(name, "window_start") && type == T_TIME)
			k->at = i;
		else if (arg.n ? str_eq(name, arg) : type_is_number(type))
			k->value = i;
	}
	k->labels = arena_array(&k->arena, n + 1, sizeof *k->labels);
	for (uint32_t i = 0; i < n; i++)
		if (i != k->value && i != k->at &&
		    !is_time_of_window(sheet_name(&k->sheet, i)) &&
		    !type_is_number(k->sheet.cells[i].type))
			k->labels[k->n_labels++] = i;
}

static bool
to_double(struct value v, double *out)
{
	switch (v.type) {
	case T_INT:
	case T_DURATION:
		*out = (double)v.i;
		return true;
	case T_FLOAT:
		*out = v.f;
		return isfinite(v.f);
	case T_DECIMAL:
		*out = dec_to_float(*v.d);
		return true;
	default:
		return false;
	}
}

/* ---- rows ---- */

static struct series *
series_of_row(struct spark *k)
{
	struct series *s;
	uint32_t number;

	k->key.n = 0;
	for (uint32_t i = 0; i < k->n_labels; i++) {
		value_json(&k->key, k->sheet.cells[k->labels[i]]);
		buf_addc(&k->key, '\n');
	}
	number = names_find(&k->keys, buf_str(&k->key));
	if (number != NAMES_NONE)
		return &k->list[number];
	names_add(&k->keys, arena_str(&k->arena, buf_str(&k->key)));
	mem_grow(&k->list, &k->cap, k->n + 1, sizeof *k->list);
	s = &k->list[k->n++];
	*s = (struct series){
	    .labels = arena_array(&k->arena, k->n_labels, sizeof *s->labels),
	    .least = INFINITY,
	    .most = -INFINITY};
	for (uint32_t i = 0; i < k->n_labels; i++) {
		k->key.n = 0;
		text_value(&k->key, k->sheet.cells[k->labels[i]], "");
		s->labels[i] = arena_str(&k->arena, buf_str(&k->key));
	}
	return s;
}

static void
add_row(struct spark *k)
{
	struct series *s;
	struct point p;
	const struct value *cells = k->sheet.cells;

	if (!k->settled)
		settle(k);
	if (k->value == NAMES_NONE)
		return;
	s = series_of_row(k);
	if (!to_double(cells[k->value], &p.value))
		return;
	p.at = k->at != NAMES_NONE && cells[k->at].type == T_TIME
		   ? cells[k->at].i
		   : (int64_t)s->n;
	mem_grow(&s->points, &s->cap, s->n + 1, sizeof *s->points);
	s->points[s->n++] = p;
	s->least = p.value < s->least ? p.value : s->least;
	s->most = p.value > s->most ? p.value : s->most;
	s->last = p.value;
}

/* ---- drawing ---- */

static int
cmp_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
collect_times(struct spark *k)
{
	size_t n = 0, once = 0;

	for (size_t i = 0; i < k->n; i++)
		n += k->list[i].n;
	k->times = mem_array(n + 1, sizeof *k->times);
	n = 0;
	for (size_t i = 0; i < k->n; i++)
		for (size_t j = 0; j < k->list[i].n; j++)
			k->times[n++] = k->list[i].points[j].at;
	qsort(k->times, n, sizeof *k->times, cmp_time);
	for (size_t i = 0; i < n; i++)
		if (!once || k->times[once - 1] != k->times[i])
			k->times[once++] = k->times[i];
	k->n_times = once;
}

/* The place of a point among so many: several times may share one. */
static size_t
place_of(const struct spark *k, int64_t at, size_t places)
{
	const int64_t *found =
	    bsearch(&at, k->times, k->n_times, sizeof *k->times, cmp_time);
	size_t i = (size_t)(found - k->times);

	return places < k->n_times ? i * places / k->n_times : i;
}

/* A series in so many places; where several values meet, the greatest. */
static void
put_series(const struct spark *k, const struct series *s, size_t places,
    struct buf *out)
{
	static const char *const bars[] = {
	    "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double *tops = mem_array(places + 1, sizeof *tops);
	double range = s->most - s->least;

	for (size_t i = 0; i < places; i++)
		tops[i] = -INFINITY;
	for (size_t i = 0; i < s->n; i++) {
		size_t at = place_of(k, s->points[i].at, places);

		if (s->points[i].value > tops[at])
			tops[at] = s->points[i].value;
	}
	for (size_t i = 0; i < places; i++) {
		if (tops[i] < s->least)
			buf_addc(out, ' ');
		else
			buf_addz(out,
			    bars[range > 0
				     ? lrint((tops[i] - s->least) / range * 7)
				     : 3]);
	}
	mem_free(tops);
}

/* ---- lines ---- */

static void
put_padded(struct buf *out, struct str s, size_t width, bool right)
{
	size_t w = utf8_str_width(s), room = w < width ? width - w : 0;

	if (!right)
		buf_adds(out, s);
	if (room) {
		memset(buf_reserve(out, room), ' ', room);
		out->n += room;
	}
	if (right)
		buf_adds(out, s);
}

static struct str
number_text(struct arena *a, double v)
{
	struct buf text = {0};
	struct str s;

	text_value(&text,
	    v == rint(v) && fabs(v) < 1e15 ? value_int((int64_t)v)
					   : value_float(v),
	    NULL);
	s = arena_str(a, buf_str(&text));
	buf_release(&text);
	return s;
}

/* A line's cells: labels, then least, most and last; the plot is drawn. */
static struct str *
cells_of(struct spark *k, const struct series *s)
{
	uint32_t n = k->n_labels;
	struct str *cells = arena_array(&k->arena, n + 3, sizeof *cells);

	for (uint32_t i = 0; i < n; i++)
		cells[i] =
		    s ? s->labels[i] : sheet_name(&k->sheet, k->labels[i]);
	if (!s) {
		cells[n] = STR("min");
		cells[n + 1] = STR("max");
		cells[n + 2] = STR("last");
	} else if (s->n) {
		cells[n] = number_text(&k->arena, s->least);
		cells[n + 1] = number_text(&k->arena, s->most);
		cells[n + 2] = number_text(&k->arena, s->last);
	} else {
		cells[n] = cells[n + 1] = cells[n + 2] = STR("");
	}
	return cells;
}

static void
put_line(const struct spark *k, const struct str *cells, const size_t *widths,
    const struct series *s, size_t places, struct buf *out)
{
	uint32_t n = k->n_labels;
	struct str name = sheet_name(&k->sheet, k->value);

	for (uint32_t i = 0; i < n; i++)
		put_padded(out, cells[i], widths[i] + GAP, false);
	if (s)
		put_series(k, s, places, out);
	else
		put_padded(out, name, places, false);
	for (uint32_t i = n; i < n + 3; i++)
		put_padded(out, cells[i], widths[i] + GAP, true);
	buf_addc(out, '\n');
}

static size_t
places_for(const struct spark *k, const size_t *widths)
{
	size_t width = k->base.spec->width, used = 0, most = POINTS_MOST;
	size_t name = utf8_str_width(sheet_name(&k->sheet, k->value));

	for (uint32_t i = 0; i < k->n_labels + 3; i++)
		used += widths[i] + GAP;
	if (width)
		most =
		    used + POINTS_LEAST < width ? width - used : POINTS_LEAST;
	most = k->n_times < most ? k->n_times : most;
	return most > name ? most : name;
}

static void
put_all(struct spark *k, struct buf *out)
{
	uint32_t n = k->n_labels + 3;
	struct str **lines = mem_array(k->n + 1, sizeof *lines);
	size_t *widths = mem_zalloc(n * sizeof *widths), places;

	collect_times(k);
	for (size_t i = 0; i <= k->n; i++) {
		lines[i] = cells_of(k, i ? &k->list[i - 1] : NULL);
		for (uint32_t c = 0; c < n; c++) {
			size_t w = utf8_str_width(lines[i][c]);

			widths[c] = w > widths[c] ? w : widths[c];
		}
	}
	places = places_for(k, widths);
	for (size_t i = 0; i <= k->n; i++)
		put_line(k, lines[i], widths, i ? &k->list[i - 1] : NULL,
		    places, out);
	mem_free(lines);
	mem_free(widths);
	mem_free(k->times);
	k->times = NULL;
}

/* ---- the format ---- */

static struct encoder *
spark_new(const struct encode_spec *spec, struct err *err)
{
	struct spark *k;

	if (spec->settings.n) {
		text_no_settings(&format_spark, &spec->settings, err);
		return NULL;
	}
	if (spec->settings.arg.n && text_check_column(spec, err))
		return NULL;
	k = mem_zalloc(sizeof *k);
	k->base.spec = spec;
	arena_init(&k->arena, 4096);
	sheet_init(&k->sheet, spec);
	return &k->base;
}

static void
spark_free(struct encoder *base)
{
	struct spark *k = (struct spark *)base;

	if (!k)
		return;
	for (size_t i = 0; i < k->n; i++)
		mem_free(k->list[i].points);
	mem_free(k->list);
	names_release(&k->keys);
	buf_release(&k->key);
	sheet_release(&k->sheet);
	arena_release(&k->arena);
	mem_free(k);
}

static void
spark_begin(struct encoder *base, struct buf *out)
{
	(void)base;
	(void)out;
}

static void
spark_encode(struct encoder *base, const struct batch *b, struct buf *out)
{
	struct spark *k = (struct spark *)base;

	(void)out;
	for (unsigned i = 0; i < b->n_sel; i++) {
		sheet_row(&k->sheet, b, batch_row(b, i), !k->settled);
		add_row(k);
	}
}

static void
spark_finish(struct encoder *base, struct buf *out)
{
	struct spark *k = (struct spark *)base;

	if (k->n)
		put_all(k, out);
}

static bool
spark_holds(const struct encoder *base)
{
	return ((const struct spark *)base)->n > 0;
}

const struct format format_spark = {
    .name = "spark",
    .doc = "a line of small bars for each key (output only)",
    .about =
	"One line for all rows that agree in their texts: the values of the "
	"column named behind the colon (else of the last one that is a "
	"number) as small bars, from the least to the greatest of the line, "
	"then these and the last value. Along the line go the starts of the "
	"windows, the same in all lines; a window without a value is a gap. "
	"All is written when the input has ended.",
    .extensions = "",
    .arg = "COLUMN",
    .example = "path  hits  min  max  last\n/a    ▁█▃▃    2    9     4",
    .encoder_new = spark_new,
    .encoder_free = spark_free,
    .begin = spark_begin,
    .encode = spark_encode,
    .finish = spark_finish,
    .holds = spark_holds,
    .ordered = true,
};
