/* SPDX-License-Identifier: MIT */
/*
 * Records that are lines: finding them, checking their UTF-8, and the start
 * of an input.
 */
#include "base/simd.h"
#include "base/utf8.h"
#include "io/text.h"
#include "io/text_join.h"

#define VALID_STEP ((size_t)64 << 10) /* bytes checked ahead at once */

size_t
text_bom(struct str head)
{
	return str_starts(head, STR("\xef\xbb\xbf")) ? 3 : 0;
}

bool
text_first_line(struct str head, bool whole, struct str *line)
{
	const char *nl;
	size_t bom = text_bom(head);

	head.p += bom;
	head.n -= bom;
	nl = head.n ? memchr(head.p, '\n', head.n) : NULL;
	if (!nl && !whole)
		return false;
	*line = head;
	if (nl)
		line->n = (size_t)(nl - head.p);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return line->n > 0;
}

bool
text_valid(
    struct text_decoder *d, struct str rec, const char *end, const char **at)
{
	const char *rec_end = rec.p + rec.n;
	const char *from = rec.p > d->valid ? rec.p : d->valid, *to = end;

	if (rec_end <= d->valid)
		return true;
	if ((size_t)(end - from) > VALID_STEP)
		to = from + VALID_STEP;
	if (to < rec_end)
		to = rec_end;
	d->valid = from + utf8_check((struct str){from, (size_t)(to - from)});
	if (d->valid >= rec_end)
		return true;
	*at = d->valid;
	d->valid = rec_end;
	return false;
}

const char text_no_record[] = "";

bool
text_take(struct text_decoder *d, struct batch *b, unsigned *row,
    struct str line, const char *end, text_line_fn *fn)
{
	const char *at = NULL, *why;
	uint64_t done = d->again_done, all;

	d->again = d->again_done = 0;
	why = text_valid(d, line, end, &at) ? fn(d, b, *row, line, &at)
					    : "not valid UTF-8";
	if (why == TEXT_NO_RECORD)
		return true;
	if (why) {
		text_bad(b, *row, line, why, at);
		return true;
	}
	++*row;
	if (__builtin_expect(!d->again, 1))
		return true;
	all = d->again + 1;
	for (done++; done < all; done++, ++*row) {
		if (text_full(b, *row)) {
			d->again_done = done;
			b->more = true;
			return false;
		}
		fn(d, b, *row, line, &at);
	}
	return true;
}

/* A record and what follows it. */
struct found {
	struct str text;
	const char *next; /* NULL: its end is not there yet */
};

static struct found
find_record(
    const struct text_decoder *d, const char *at, const char *end, bool eof)
{
	const struct layout *l = d->base.layout;
	char stop = l->nul ? '\0' : '\n';
	const char *nl;

	if (d->base.spec->single)
		return (struct found){{at, (size_t)(end - at)}, end};
	nl = memchr(at, stop, (size_t)(end - at));
	if (l->join)
		nl = text_join_end(l->join, at, end, nl, eof);
	if (!nl && !eof)
		return (struct found){.next = NULL};
	if (!nl)
		return (struct found){{at, (size_t)(end - at)}, end};
	return (struct found){{at, (size_t)(nl - at)}, nl + 1};
}

/* Without the line ends it may have at its end. */
static inline struct str
without_end(const struct layout *l, struct str s)
{
	if (l->nul)
		return s;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	if (l->join)
		while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
			s.n--;
	return s;
}

size_t
text_decode_lines(struct decoder *base, const char *p, const char *end,
    bool eof, struct batch *b)
{
	struct text_decoder *d = (struct text_decoder *)base;
	text_line_fn *fn = base->layout->format->line;
	uint32_t max = base->spec->limits.record_max;
	const char *at = p;
	unsigned row = 0;

	d->valid = p;
	text_begin(d, b);
	while (at < end && !text_full(b, row)) {
		struct found f = find_record(d, at, end, eof);
		struct str line = f.text;

		if (!f.next)
			break;
		if (line.n > max) {
			at = f.next;
			text_bad(
			    b, row, line, record_too_long(b->arena, max), NULL);
			continue;
		}
		line = without_end(d->base.layout, line);
		if (line.n && !text_take(d, b, &row, line, end, fn))
			break;
		at = f.next;
	}
	text_end(b, row);
	return (size_t)(at - p);
}

size_t
text_frame_lines(const struct layout *layout, const char *p, size_t n)
{
	bool nul = layout && layout->nul;
	const char *nl = n ? memrchr(p, nul ? '\0' : '\n', n) : NULL;

	if (nl && layout && layout->join)
		return text_join_frame(layout->join, p, n, nl);
	return nl ? (size_t)(nl - p) + 1 : 0;
}

bool
text_look(struct str head, bool whole, char room[TEXT_LOOK], struct str *line)
{
	if (!text_first_line(head, whole, line) ||
	    line->n > TEXT_LOOK - SIMD_PAD)
		return false;
	memcpy(room, line->p, line->n);
	memset(room + line->n, 0, SIMD_PAD);
	line->p = room;
	return true;
}

bool
text_start_line(struct str head, bool eof, uint32_t record_max,
    char room[TEXT_LOOK], struct str *line, bool *none)
{
	const char *nl = head.n ? memchr(head.p, '\n', head.n) : NULL;
	size_t n = nl ? (size_t)(nl - head.p) : head.n;

	*none = false;
	if (!nl && !eof && n <= record_max)
		return false;
	if (n <= record_max && text_look(head, true, room, line))
		return true;
	*none = true;
	return false;
}

enum start_status
text_start_as(struct layout *l, const struct format *format, struct str head,
    bool eof, const struct settings *settings, struct layout **out,
    size_t *used)
{
	if (head.n < 3 && !eof && str_starts(STR("\xef\xbb\xbf"), head))
		return START_MORE;
	l->format = format;
	l->nul = settings->nul && format->nul;
	/* Such records have line feeds in them as it is. */
	if (l->nul) {
		l->join = NULL;
		l->looks_on = false;
	}
	*out = l;
	*used = text_bom(head);
	return START_OK;
}

enum start_status
text_start(const struct format *format, const struct str *fields,
    unsigned n_fields, struct str head, bool eof,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct layout *l = arena_zalloc(arena, sizeof *l);

	if (text_join_read(format, settings, arena, l, err))
		return START_ERR;
	l->fields = fields;
	l->n_fields = n_fields;
	return text_start_as(l, format, head, eof, settings, out, used);
}

struct where
text_where(struct where where, struct str part)
{
	const struct source *src = where.src;

	if (!src || !part.p || part.p < src->text.p ||
	    part.p + part.n > src->text.p + src->text.n)
		return where;
	return (struct where){
	    src, (unsigned)(part.p - src->text.p), (unsigned)part.n};
}

int
text_no_settings(const struct format *format, const struct settings *settings,
    struct err *err)
{
	if (settings->arg.n)
		return err_set(err, ERR_SPEC,
		    text_where(settings->where, settings->arg),
		    "the format %s takes nothing after a colon", format->name);
	if (settings->n)
		return text_unknown_setting(
		    format, &settings->list[0], NULL, 0, err);
	return 0;
}

int
text_unknown_setting(const struct format *format, const struct setting *s,
    const struct str *known, size_t n_known, struct err *err)
{
	err_set(err, ERR_SPEC, s->where,
	    "the format %s has no setting \"%.*s\"", format->name,
	    STR_ARG(s->name));
	if (n_known)
		err_suggest(err, s->name, known, n_known);
	return -1;
}
