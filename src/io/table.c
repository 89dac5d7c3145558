/* SPDX-License-Identifier: MIT */
/*
 * Tables for people: aligned columns, numbers to the right, a header with a
 * rule under it; with bars, one column is drawn behind the others.
 *
 * The first rows are held back until there are enough of them to know how
 * wide the columns are, or the end has come, or the next would have to be
 * waited for; later rows are printed with the
 * same widths, a cell that is wider shifts its row. When the terminal is too
 * narrow, cells of the widest columns are cut with an ellipsis (numbers last).
 * A row with a member the header lacks begins a new table.
 *
 * Control characters are always escaped: a line feed in a cell would break
 * the table.
 */
#include <math.h>

#include "base/dec.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/sheet.h"
#include "io/text.h"

#define HOLD_ROWS 1000
#define HOLD_BYTES ((size_t)8 << 20)
#define GAP 2	     /* blanks between columns */
#define CUT_MIN 3    /* columns are not cut below this width */
#define BAR_LEAST 10 /* columns of the terminal that are kept for bars */
#define BAR_WIDTH 40 /* of the longest bar where there is no terminal */

struct cell {
	struct str text;
	unsigned width; /* columns on a terminal */
};

struct held {
	struct cell *cells; /* by slot */
	uint32_t n;
	double bar; /* what its bar shows */
};

struct table {
	struct encoder base;
	struct sheet sheet;
	struct arena arena; /* of the rows held back */
	struct held *rows;
	size_t n_rows, cap_rows;
	bool *text; /* by slot: a cell was no number */
	size_t n_text, cap_text;
	bool sized;	  /* the header was printed */
	uint32_t *order;  /* slots as they stand in the table */
	unsigned *widths; /* as they stand */
	uint32_t n;	  /* of them */
	bool again;	  /* some table was printed before */
	bool bars;
	struct str bar_name; /* of the column drawn; empty: the last number */
	uint32_t bar_slot;
	double bar_most; /* the size of the longest bar */
	unsigned bar_width;
	struct cell *line; /* a row in hand */
	size_t cap_line, cap_order, cap_widths;
	struct buf buf;
};

/* ---- cells ---- */

static struct cell
make_cell(struct table *t, struct arena *a, struct value v)
{
	struct cell c = {0};

	if (v.type == T_NULL)
		return c;
	t->buf.n = 0;
	text_value(&t->buf, v, "");
	c.text = arena_str(a, buf_str(&t->buf));
	c.width = (unsigned)utf8_str_width(c.text);
	return c;
}

/* The row in hand of the sheet as cells, by slot. */
static void
make_cells(struct table *t, struct arena *a, struct cell *cells)
{
	for (uint32_t i = 0; i < sheet_slots(&t->sheet); i++)
		cells[i] = make_cell(t, a, t->sheet.cells[i]);
}

/* The cell's text, cut to a width; returns the width it has. */
static unsigned
put_cut(struct buf *out, struct cell c, unsigned width)
{
	const char *p = c.text.p, *end = c.text.p + c.text.n, *last = p;
	unsigned w = 0;

	if (c.width <= width) {
		buf_adds(out, c.text);
		return c.width;
	}
	while (p < end) {
		unsigned more = utf8_width(utf8_next(&p, end));

		if (w + more + 1 > width)
			break;
		w += more;
		last = p;
	}
	buf_add(out, c.text.p, (size_t)(last - c.text.p));
	buf_lit(out, "…");
	return w + 1;
}

static void
pad(struct buf *out, unsigned n)
{
	memset(buf_reserve(out, n), ' ', n);
	out->n += n;
}

/* ---- lines ---- */

/* Columns of the terminal there are for the table. */
static unsigned
table_width(const struct table *t)
{
	unsigned width = t->base.spec->width;

	if (!width || !t->bars)
		return width;
	return width > 2 * BAR_LEAST ? width - BAR_LEAST - GAP : BAR_LEAST;
}

/* True if the line fits the terminal without cutting its cells. */
static bool
fits(const struct table *t, const struct cell *cells)
{
	unsigned width = table_width(t);
	uint64_t sum = 0;

	if (!width)
		return true;
	for (uint32_t i = 0; i < t->n; i++) {
		unsigned w = cells[t->order[i]].width;

		sum += w > t->widths[i] ? w : t->widths[i];
	}
	return sum + (uint64_t)GAP * (t->n - 1) <= width;
}

/* A line of cells (by slot; those from n_cells on are NULL). */
static void
put_line(struct table *t, struct buf *out, const struct cell *cells)
{
	bool whole = fits(t, cells);

	for (uint32_t i = 0; i < t->n; i++) {
		struct cell c = cells[t->order[i]];
		unsigned width = t->widths[i];
		unsigned w = whole || c.width < width ? c.width : width;

		if (i)
			pad(out, GAP);
		if (!t->text[t->order[i]] && w < width)
			pad(out, width - w);
		w = put_cut(out, c, whole ? c.width : width);
		if (t->text[t->order[i]] && w < width && i + 1 < t->n)
			pad(out, width - w);
	}
	buf_addc(out, '\n');
}

/*
 * The bar of a value in eighths of a column; that of a negative one is light.
 * One that is longer than the longest so far ends in an arrow.
 */
static void
put_bar(const struct table *t, struct buf *out, double v)
{
	static const char *const parts[] = {
	    "", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double size = t->bar_most > 0 ? fabs(v) / t->bar_most : 0;
	bool over = size > 1;
	unsigned eighths;

	if (!(size > 0))
		return;
	eighths = (unsigned)lrint((over ? 1 : size) * t->bar_width * 8);
	out->n--; /* the line feed */
	pad(out, GAP);
	for (unsigned i = 0; i < eighths / 8; i++)
		buf_addz(out, v < 0 ? "░" : "█");
	if (over)
		buf_lit(out, "▶");
	else if (v < 0 && eighths % 8 >= 4)
		buf_lit(out, "░");
	else if (v > 0)
		buf_addz(out, parts[eighths % 8]);
	buf_addc(out, '\n');
}

static void
put_rule(const struct table *t, struct buf *out)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (i)
			pad(out, GAP);
		for (unsigned w = 0; w < t->widths[i]; w++)
			buf_lit(out, "─");
	}
	buf_addc(out, '\n');
}

static void
put_header(struct table *t, struct buf *out)
{
	bool colour = t->base.spec->colour;
	struct cell *names;

	names = arena_zalloc(&t->arena, sheet_slots(&t->sheet) * sizeof *names);
	for (uint32_t i = 0; i < sheet_slots(&t->sheet); i++)
		names[i] = make_cell(
		    t, &t->arena, value_text(sheet_name(&t->sheet, i)));
	if (t->again)
		buf_addc(out, '\n');
	t->again = true;
	if (colour)
		buf_lit(out, "\033[1m");
	put_line(t, out, names);
	if (colour) {
		out->n--; /* the line feed stays outside of the bold */
		buf_lit(out, "\033[0m\n");
	}
	put_rule(t, out);
}

/* ---- widths ---- */

/* Width of all columns if those of a kind are cut at most. */
static uint64_t
width_cut(const struct table *t, unsigned most, bool numbers)
{
	uint64_t sum = (uint64_t)GAP * (t->n - 1);

	for (uint32_t i = 0; i < t->n; i++) {
		unsigned w = t->widths[i];
		bool cut = numbers || t->text[t->order[i]];

		sum += cut && w > most ? most : w;
	}
	return sum;
}

/* Cuts the widest columns until the table fits; false if it cannot. */
static bool
cut_columns(struct table *t, bool numbers)
{
	unsigned width = table_width(t), lo = CUT_MIN, hi = width;

	if (width_cut(t, lo, numbers) > width)
		return false;
	while (lo < hi) {
		unsigned mid = lo + (hi - lo + 1) / 2;

		if (width_cut(t, mid, numbers) <= width)
			lo = mid;
		else
			hi = mid - 1;
	}
	for (uint32_t i = 0; i < t->n; i++)
		if (t->widths[i] > lo && (numbers || t->text[t->order[i]]))
			t->widths[i] = lo;
	return true;
}

/* The longest bar is that of the greatest value among the rows held back. */
static void
size_bars(struct table *t)
{
	unsigned width = t->base.spec->width;
	uint64_t used = width_cut(t, ~0u, true) + GAP;

	t->bar_most = 0;
	for (size_t k = 0; k < t->n_rows; k++)
		if (fabs(t->rows[k].bar) > t->bar_most)
			t->bar_most = fabs(t->rows[k].bar);
	t->bar_width = BAR_WIDTH;
	if (width)
		t->bar_width = used + BAR_LEAST < width
				   ? (unsigned)(width - used)
				   : BAR_LEAST;
}

/* Takes the widths from the names and the rows held back. */
static void
size_columns(struct table *t)
{
	t->n = sheet_slots(&t->sheet);
	mem_grow(&t->order, &t->cap_order, t->n, sizeof *t->order);
	mem_grow(&t->widths, &t->cap_widths, t->n, sizeof *t->widths);
	sheet_order(&t->sheet, t->order);
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t slot = t->order[i];
		unsigned w = make_cell(
		    t, &t->arena, value_text(sheet_name(&t->sheet, slot)))
				 .width;

		for (size_t k = 0; k < t->n_rows; k++)
			if (slot < t->rows[k].n &&
			    t->rows[k].cells[slot].width > w)
				w = t->rows[k].cells[slot].width;
		t->widths[i] = w;
	}
	if (table_width(t) && width_cut(t, ~0u, true) > table_width(t) &&
	    !cut_columns(t, false))
		cut_columns(t, true);
	if (t->bars)
		size_bars(t);
}

/* ---- rows ---- */

static void
note_types(struct table *t)
{
	uint32_t n = sheet_slots(&t->sheet);

	mem_grow(&t->text, &t->cap_text, n, sizeof *t->text);
	for (; t->n_text < n; t->n_text++)
		t->text[t->n_text] = false;
	for (uint32_t i = 0; i < n; i++) {
		struct value v = t->sheet.cells[i];

		if (v.type != T_NULL && !type_is_number(v.type))
			t->text[i] = true;
	}
}

/* The slot that is drawn: by its name, or the last number of the first row. */
static uint32_t
find_bar(const struct table *t)
{
	uint32_t found = NAMES_NONE;

	for (uint32_t i = 0; i < sheet_slots(&t->sheet); i++)
		if (t->bar_name.n
			? str_eq(sheet_name(&t->sheet, i), t->bar_name)
			: type_is_number(t->sheet.cells[i].type))
			found = i;
	return found;
}

/* What the bar of the row in hand shows. */
static double
bar_value(struct table *t)
{
	struct value v;
	double size = 0;

	if (t->bar_slot >= sheet_slots(&t->sheet))
		t->bar_slot = find_bar(t);
	if (t->bar_slot == NAMES_NONE)
		return 0;
	v = t->sheet.cells[t->bar_slot];
	if (v.type == T_INT || v.type == T_DURATION)
		size = (double)v.i;
	else if (v.type == T_FLOAT)
		size = v.f;
	else if (v.type == T_DECIMAL)
		size = dec_to_float(*v.d);
	return isfinite(size) ? size : 0;
}

/* Prints the rows held back under their header. */
static void
release_rows(struct table *t, struct buf *out)
{
	uint32_t n = sheet_slots(&t->sheet);

	if (!n)
		return;
	mem_grow(&t->text, &t->cap_text, n, sizeof *t->text);
	for (; t->n_text < n; t->n_text++)
		t->text[t->n_text] = true; /* no row came */
	size_columns(t);
	put_header(t, out);
	mem_grow(&t->line, &t->cap_line, n, sizeof *t->line);
	for (size_t k = 0; k < t->n_rows; k++) {
		struct held row = t->rows[k];

		memset(t->line, 0, n * sizeof *t->line);
		memcpy(t->line, row.cells, row.n * sizeof *t->line);
		put_line(t, out, t->line);
		if (t->bars)
			put_bar(t, out, row.bar);
	}
	t->sized = true;
	t->n_rows = 0;
	arena_reset(&t->arena);
}

static void
hold_row(struct table *t, const struct batch *b, unsigned row, struct buf *out)
{
	struct held h;

	sheet_row(&t->sheet, b, row, true);
	note_types(t);
	h.n = sheet_slots(&t->sheet);
	h.cells = arena_array(&t->arena, h.n, sizeof *h.cells);
	make_cells(t, &t->arena, h.cells);
	h.bar = t->bars ? bar_value(t) : 0;
	mem_grow(&t->rows, &t->cap_rows, t->n_rows + 1, sizeof *t->rows);
	t->rows[t->n_rows++] = h;
	if (t->n_rows == HOLD_ROWS || t->arena.total > HOLD_BYTES)
		release_rows(t, out);
}

static void
put_row(struct table *t, const struct batch *b, unsigned row, struct buf *out)
{
	if (t->sized && !sheet_row(&t->sheet, b, row, false)) {
		t->sized = false;
		t->n_text = 0;
		sheet_clear(&t->sheet);
	}
	if (!t->sized) {
		hold_row(t, b, row, out);
		return;
	}
	arena_reset(&t->arena);
	make_cells(t, &t->arena, t->line);
	put_line(t, out, t->line);
	if (t->bars)
		put_bar(t, out, bar_value(t));
}

/* ---- the format ---- */

static struct encoder *
make_table(const struct encode_spec *spec)
{
	struct table *t = mem_zalloc(sizeof *t);

	t->base.spec = spec;
	t->bar_slot = NAMES_NONE;
	arena_init(&t->arena, (size_t)64 << 10);
	sheet_init(&t->sheet, spec);
	return &t->base;
}

static struct encoder *
table_encoder_new(const struct encode_spec *spec, struct err *err)
{
	return text_no_settings(&format_table, &spec->settings, err)
		   ? NULL
		   : make_table(spec);
}

static struct encoder *
bars_encoder_new(const struct encode_spec *spec, struct err *err)
{
	struct encoder *base;
	struct table *t;

	if (spec->settings.n) {
		text_no_settings(&format_bars, &spec->settings, err);
		return NULL;
	}
	if (spec->settings.arg.n && text_check_column(spec, err))
		return NULL;
	base = make_table(spec);
	t = (struct table *)base;
	t->bars = true;
	t->bar_name = spec->settings.arg;
	return base;
}

static void
table_encoder_free(struct encoder *base)
{
	struct table *t = (struct table *)base;

	if (!t)
		return;
	sheet_release(&t->sheet);
	arena_release(&t->arena);
	buf_release(&t->buf);
	mem_free(t->rows);
	mem_free(t->text);
	mem_free(t->order);
	mem_free(t->widths);
	mem_free(t->line);
	mem_free(t);
}

static void
table_begin(struct encoder *base, struct buf *out)
{
	(void)base;
	(void)out;
}

static void
table_encode(struct encoder *base, const struct batch *b, struct buf *out)
{
	for (unsigned k = 0; k < b->n_sel; k++)
		put_row((struct table *)base, b, batch_row(b, k), out);
}

/* A reader who waits sees what there is; later rows have these widths. */
static void
table_flush(struct encoder *base, struct buf *out)
{
	struct table *t = (struct table *)base;

	if (!t->sized && t->n_rows)
		release_rows(t, out);
}

static bool
table_holds(const struct encoder *base)
{
	return ((const struct table *)base)->n_rows > 0;
}

static void
table_finish(struct encoder *base, struct buf *out)
{
	struct table *t = (struct table *)base;

	if (!t->sized)
		release_rows(t, out);
}

const struct format format_table = {
    .name = "table",
    .doc = "aligned columns for reading on a terminal (output only)",
    .about =
	"Columns stand under a header and a rule; numbers are aligned to the "
	"right, NULL is empty. The widths come from the first 1000 rows (or "
	"all, if there are fewer), which are printed when they are known. On "
	"a terminal too narrow for the table the widest columns are cut with "
	"an ellipsis. Control characters are escaped.",
    .extensions = "",
    .example = "path  hits\n────  ────\n/a       2",
    .encoder_new = table_encoder_new,
    .encoder_free = table_encoder_free,
    .begin = table_begin,
    .encode = table_encode,
    .flush = table_flush,
    .finish = table_finish,
    .holds = table_holds,
    .ordered = true,
};

const struct format format_bars = {
    .name = "bars",
    .doc = "a table with a bar for each row (output only)",
    .about =
	"A table whose rows end in a bar: that of the column named behind the "
	"colon, else of the last one that is a number. The longest bar is that "
	"of the greatest value in the first 1000 rows; a longer one ends in "
	"an arrow, one of a negative value is light.",
    .extensions = "",
    .arg = "COLUMN",
    .example = "path  hits\n────  ────\n"
	       "/a       2  ██████████\n/b       1  █████",
    .encoder_new = bars_encoder_new,
    .encoder_free = table_encoder_free,
    .begin = table_begin,
    .encode = table_encode,
    .flush = table_flush,
    .finish = table_finish,
    .holds = table_holds,
    .ordered = true,
};
