/* SPDX-License-Identifier: MIT */
/*
 * LTSV, labelled tab-separated values (ltsv.org): label:value with tabs
 * between. The format has no escapes; weir writes \t \n \r \\ and \0, and
 * reads these, as Apache does and nginx never needs to.
 */
#include "base/mem.h"
#include "io/option.h"
#include "io/pairs.h"
#include "io/pairs_enc.h"
#include "io/scan.h"

struct ltsv_options {
	struct text_join_options join; /* first */
	bool escapes;
};

struct ltsv_layout {
	struct layout base;
	bool escapes;
};

static int
set_escapes(void *to, const struct setting *s, struct err *err)
{
	return option_bool(s, &((struct ltsv_options *)to)->escapes, err);
}

static const struct option list[] = {
    {{"escapes", 7}, set_escapes}, TEXT_JOIN_OPTIONS};
static const struct options options = {list, sizeof list / sizeof *list, NULL};

static enum start_status
ltsv_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct ltsv_options o = {.escapes = true};
	struct ltsv_layout *l = arena_zalloc(arena, sizeof *l);

	(void)limits;
	if (options_read(&format_ltsv, &options, settings, &o, err) ||
	    text_join_make(&o.join, arena, &l->base, err))
		return START_ERR;
	l->escapes = o.escapes;
	return text_start_as(
	    &l->base, &format_ltsv, head, eof, settings, out, used);
}

/* ---- the guess ---- */

static bool
like_label(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (((c | 0x20) < 'a' || (c | 0x20) > 'z') &&
		    (c < '0' || c > '9') && c != '_' && c != '.' && c != '-')
			return false;
	}
	return s.n > 0;
}

/* At least two fields, each with a good label. */
static int
ltsv_guess(struct str head, bool whole)
{
	struct str line;
	unsigned n = 0;

	if (!text_first_line(head, whole, &line))
		return 0;
	for (const char *p = line.p, *end = line.p + line.n; p <= end; n++) {
		const char *tab = memchr(p, '\t', (size_t)(end - p)), *colon;

		tab = tab ? tab : end;
		colon = memchr(p, ':', (size_t)(tab - p));
		if (!colon || !like_label((struct str){p, (size_t)(colon - p)}))
			return 0;
		p = tab + 1;
	}
	return n >= 2 ? 85 : 0;
}

/* ---- decoding ---- */

static char
resolved(char c)
{
	switch (c) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case '0':
		return '\0';
	case '\\':
		return c;
	}
	return 1;
}

/* Others than those that are written stay as they are. */
static struct str
unescape(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n + 8), *to = out;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 1 < s.n && resolved(s.p[i + 1]) != 1)
			c = resolved(s.p[++i]);
		*to++ = c;
	}
	return (struct str){out, (size_t)(to - out)};
}

static const char *
ltsv_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct pairs_decoder *d = (struct pairs_decoder *)t;
	bool escapes = ((const struct ltsv_layout *)t->base.layout)->escapes;
	struct text_lines lines = text_join_cut(t->base.layout, line);
	const char *p = lines.first.p, *end = p + lines.first.n;

	pairs_begin(d);
	while (p < end) {
		const char *colon = scan_either(p, end, ':', '\t'), *tab;
		struct str value;
		bool escaped;

		if (*p == '\t') { /* an empty field */
			p++;
			continue;
		}
		if (colon == end || *colon != ':' || colon == p) {
			*at = p;
			return "a field without a label";
		}
		tab = scan_either(colon + 1, end, '\t', '\\');
		escaped = tab < end && *tab == '\\';
		if (escaped)
			tab = scan_byte(tab, end, '\t');
		value = (struct str){colon + 1, (size_t)(tab - colon - 1)};
		if (!pairs_take(d, (struct str){p, (size_t)(colon - p)}, value,
			escaped && escapes ? PAIR_ESCAPED : PAIR_PLAIN)) {
			*at = p;
			return PAIRS_TOO_MANY;
		}
		p = tab < end ? tab + 1 : end;
	}
	pairs_take_rest(d, lines.rest);
	return pairs_row(d, b, row, line);
}

static struct decoder *
ltsv_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct decoder *base = pairs_decoder_new(layout, spec);

	((struct pairs_decoder *)base)->unescape = unescape;
	return base;
}

const struct format format_ltsv = {
    .name = "ltsv",
    .look = "name:value with tabs between",
    .doc = "labelled tab-separated values: label:value",
    .about =
	"Each label is a field; of those with the same label the last one "
	"counts. A value is a number, a boolean or text by what it looks "
	"like, empty is NULL. The format itself has no escapes: \\t \\n \\r "
	"\\0 and \\\\ are written for what may not stand in a value, and "
	"resolved when read (a value with one of them is text); other "
	"backslashes stay, and escapes=no leaves them all. A time may stand "
	"in brackets, as in common logs. Characters that a label cannot "
	"have are written as _." PAIRS_JOIN_ABOUT,
    .extensions = "ltsv",
    .arg = "SETTINGS",
    .example = "time:2026-03-28T22:00:01Z\thost:10.0.0.7\tstatus:200",
    .guess = ltsv_guess,
    .start = ltsv_start,
    .decoder_new = ltsv_decoder_new,
    .decoder_free = pairs_decoder_free,
    .decode = text_decode_lines,
    .line = ltsv_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
    .encoder_new = ltsv_encoder_new,
    .encoder_free = pairs_encoder_free,
    .begin = text_nothing,
    .encode = pairs_encode,
    .ordered = true, /* cells and names are kept in the encoder */
    .finish = text_nothing,
};
