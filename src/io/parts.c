/* SPDX-License-Identifier: MIT */
/* Texts in parts, put together; see parts.h. */
#include "io/parts.h"

enum start_status
parts_start(const struct format *format, const struct fixed_kind *kind,
    struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct parts_layout *l = arena_zalloc(arena, sizeof *l);

	if (text_no_settings(format, settings, err))
		return START_ERR;
	l->record_max = limits->record_max;
	return fixed_start_as(
	    &l->f, format, kind, head, eof, settings, arena, out, used);
}

/* Lines of the other stream that may stand between two parts. */
#define OTHERS_MAX 64
/* Rows of a group: fewer than a batch has. */
#define ROWS_MAX 512

/* The streams are stdout and stderr. */
static unsigned
number_of(const struct part *part)
{
	return str_is(part->stream, "stderr");
}

static struct str
line_at(const char *at, const char *nl)
{
	struct str line = {at, (size_t)(nl - at)};

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* What is open while the lines of a group go by. */
struct watch {
	bool open[2];
	unsigned others[2]; /* lines of the other stream since its last part */
	unsigned rows;
};

/* False: the group ends with this line. */
static bool
watch(struct watch *w, const struct part *part)
{
	unsigned s = number_of(part), other = !s;

	w->open[s] = part->open;
	w->others[s] = 0;
	w->rows += !part->open;
	if (w->open[other] && ++w->others[other] >= OTHERS_MAX)
		return false;
	return (w->open[0] || w->open[1]) && w->rows < ROWS_MAX;
}

/*
 * The end of the group at `at`; NULL: it is not all there. max: of a record; a
 * group has not many more than half as many bytes, and a line that is longer
 * than that begins one, so that no group is taken for a record too long.
 */
static const char *
group_end(part_fn *fn, const char *at, const char *end, bool eof, uint32_t max)
{
	const char *from = at, *nl, *bad;
	struct watch w = {{0}, {0}, 0};
	struct part part;

	for (; at < end; at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		if (at > from && (size_t)((nl ? nl : end) - at) > max / 2)
			return at;
		if (!nl)
			return eof ? end : NULL;
		if (fn(line_at(at, nl), &part, &bad)) {
			if (!w.open[0] && !w.open[1])
				return nl + 1;
			if (++w.rows >= ROWS_MAX)
				return nl + 1;
		} else if (!watch(&w, &part)) {
			return nl + 1;
		}
		if ((size_t)(nl - from) > max / 2)
			return nl + 1;
	}
	return eof ? end : NULL;
}

size_t
parts_frame(const struct layout *layout, part_fn *fn, const char *p, size_t n)
{
	uint32_t max = ((const struct parts_layout *)layout)->record_max;
	const char *at = p, *next;

	while ((next = group_end(fn, at, p + n, false, max)))
		at = next;
	return (size_t)(at - p);
}

/* ---- decoding ---- */

/* A text whose parts are being put together. */
struct joined {
	struct part first;
	const char *from;	   /* where it begins */
	const char *raw, *raw_end; /* the lines, while they stand together */
	struct buf text, lines;
	bool open;
};

struct group {
	struct fixed_decoder *d;
	struct batch *b;
	unsigned row;
	struct joined joined[2];
};

static void
put_row(
    struct group *g, const struct part *part, struct str raw, const char *place)
{
	struct fixed_line l;
	const char *why;

	memset(l.f, 0, g->d->kind->n * sizeof *l.f);
	l.f[PART_TIME] = part->time;
	l.f[PART_STREAM] = part->stream;
	l.f[PART_TEXT] = l.f[PART_ALIAS] = part->text;
	l.f[PART_ATTRS] = part->attrs;
	if (part->open)
		l.f[PART_PARTIAL] = part->stream;
	why = fixed_row(g->d, g->b, g->row, raw, &l);
	if (!why) {
		if (place || g->b->place)
			batch_set_place(g->b, g->row, place);
		g->row++;
		return;
	}
	batch_bad(g->b,
	    (struct bad_row){
		.raw = raw, .place = place, .reason = why, .row = g->row});
}

/* A copy with room behind it for those who read by words. */
static struct str
copied(struct group *g, const struct buf *text)
{
	char *to = arena_alloc(g->b->arena, text->n + 8);

	if (text->n)
		memcpy(to, text->p, text->n);
	return (struct str){to, text->n};
}

/* Ends what is open of a stream. */
static void
flush(struct group *g, struct joined *j, bool partial)
{
	struct part part = j->first;
	struct str raw = {j->raw, (size_t)(j->raw_end - j->raw)};

	part.text = copied(g, &j->text);
	part.open = partial;
	if (!j->raw)
		raw = copied(g, &j->lines);
	put_row(g, &part, raw, j->raw ? NULL : j->from);
	j->open = false;
}

static void
add(struct joined *j, const struct part *part, struct str line, bool apart)
{
	if (!j->open) {
		j->first = *part;
		j->raw = j->from = line.p;
		j->text.n = j->lines.n = 0;
		j->open = true;
	} else {
		buf_addc(&j->lines, '\n');
		if (apart)
			j->raw = NULL;
	}
	if (!j->first.attrs.p)
		j->first.attrs = part->attrs;
	j->raw_end = line.p + line.n;
	buf_adds(&j->lines, line);
	buf_adds(&j->text, part->text);
}

/* One line of a group; last: the number of the stream of the line before. */
static void
take(struct group *g, part_fn *fn, struct str line, const char *end,
    unsigned *last)
{
	const char *at = NULL, *why = "not valid UTF-8";
	struct part part;
	struct joined *j;
	unsigned s;

	if (line.n > g->d->t.base.spec->limits.record_max)
		why = record_too_long(
		    g->b->arena, g->d->t.base.spec->limits.record_max);
	else if (text_valid(&g->d->t, line, end, &at))
		why = fn(line, &part, &at);
	if (why) {
		text_bad(g->b, g->row, line, why, at);
		*last = 2;
		return;
	}
	s = number_of(&part);
	j = &g->joined[s];
	if (!j->open && !part.open) {
		put_row(g, &part, line, NULL);
	} else {
		add(j, &part, line, *last != s);
		if (!part.open)
			flush(g, j, false);
	}
	*last = s;
}

static void
take_group(struct group *g, part_fn *fn, const char *p, const char *end)
{
	unsigned last = 2;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct str line = line_at(p, nl ? nl : end);

		if (line.n)
			take(g, fn, line, end, &last);
		p = nl ? nl + 1 : end;
	}
	for (unsigned i = 0; i < 2; i++)
		if (g->joined[i].open)
			flush(g, &g->joined[i], true);
}

size_t
parts_decode(struct fixed_decoder *d, part_fn *fn, const char *p,
    const char *end, bool eof, struct batch *b)
{
	struct group g = {.d = d, .b = b};
	const char *at = p, *next;

	d->t.valid = p;
	text_begin(&d->t, b);
	while (at < end && !text_full(b, g.row)) {
		/* Lines that are whole by themselves are most. */
		next = group_end(
		    fn, at, end, eof, d->t.base.spec->limits.record_max);
		if (!next || (g.row && g.row + ROWS_MAX + 2 > BATCH_ROWS &&
				 memchr(at, '\n', (size_t)(next - 1 - at))))
			break;
		take_group(&g, fn, at, next);
		at = next;
	}
	for (unsigned i = 0; i < 2; i++) {
		buf_release(&g.joined[i].text);
		buf_release(&g.joined[i].lines);
	}
	text_end(b, g.row);
	return (size_t)(at - p);
}
