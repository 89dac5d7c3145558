/* SPDX-License-Identifier: MIT */
/*
 * Records that are lines: finding them, checking their UTF-8, and the start
 * of an input.
 */
#include "base/utf8.h"
#include "io/text.h"

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

static const char *
take_line(struct text_decoder *d, struct batch *b, unsigned row,
    struct str line, const char *end, text_line_fn *fn, const char **at)
{
	if (!text_valid(d, line, end, at))
		return "not valid UTF-8";
	return fn(d, b, row, line, at);
}

size_t
text_decode_lines(struct text_decoder *d, const char *p, const char *end,
    bool eof, struct batch *b, text_line_fn *fn)
{
	uint32_t max = d->base.spec->limits.record_max;
	const char *at = p;
	unsigned row = 0;

	d->valid = p;
	text_begin(d, b);
	while (at < end && !text_full(b, row)) {
		const char *nl = d->base.spec->single
				     ? NULL
				     : memchr(at, '\n', (size_t)(end - at));
		const char *bad = NULL, *why;
		struct str line;

		if (!nl && !eof)
			break;
		line = (struct str){at, (size_t)((nl ? nl : end) - at)};
		at = nl ? nl + 1 : end;
		if (line.n > max) {
			text_bad(
			    b, row, line, record_too_long(b->arena, max), NULL);
			continue;
		}
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n)
			continue;
		why = take_line(d, b, row, line, end, fn, &bad);
		if (why)
			text_bad(b, row, line, why, bad);
		else
			row++;
	}
	text_end(b, row);
	return (size_t)(at - p);
}

size_t
text_frame_lines(const struct layout *layout, const char *p, size_t n)
{
	const char *nl = n ? memrchr(p, '\n', n) : NULL;

	(void)layout;
	return nl ? (size_t)(nl - p) + 1 : 0;
}

enum start_status
text_start(const struct format *format, const struct str *fields,
    unsigned n_fields, struct str head, bool eof,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct layout *l;

	if (text_no_settings(format, settings, err))
		return START_ERR;
	if (head.n < 3 && !eof && str_starts(STR("\xef\xbb\xbf"), head))
		return START_MORE;
	l = arena_zalloc(arena, sizeof *l);
	l->format = format;
	l->fields = fields;
	l->n_fields = n_fields;
	*out = l;
	*used = text_bom(head);
	return START_OK;
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
