/* SPDX-License-Identifier: MIT */
/*
 * logfmt: key=value pairs with blanks between, as Heroku writes them, Go's
 * log/slog and logrus, Grafana, and firewalls. What counts is kept from Brandur
 * Leach's and Keith Rarick's rules: a value may be quoted, a key alone is true.
 */
#include "io/pairs.h"
#include "io/pairs_enc.h"
#include "io/scan.h"

/* The next pair of a line. */
enum lexed {
	LEXED_PAIR,
	LEXED_END,
	LEXED_BAD
};

struct lexer {
	const char *p, *end;
	const char *why;
};

static enum lexed
bad(struct lexer *lx, const char *why)
{
	lx->why = why;
	return LEXED_BAD;
}

/* Behind the opening quote. */
static enum lexed
lex_quoted(struct lexer *lx, struct pair *out)
{
	bool escaped;
	const char *from = lx->p, *q = scan_quote(from, lx->end, '"', &escaped);

	if (!q) {
		lx->p--;
		return bad(lx, "the quote is open");
	}
	out->value = (struct str){from, (size_t)(q - from)};
	out->form = escaped ? PAIR_ESCAPED : PAIR_TEXT;
	lx->p = q + 1;
	if (lx->p < lx->end && (unsigned char)*lx->p > ' ')
		return bad(lx, "no blank behind the quote");
	return LEXED_PAIR;
}

static inline enum lexed
lex_pair(struct lexer *lx, struct pair *out)
{
	const char *from = lx->p, *p, *end = lx->end;

	while (from < end && (unsigned char)*from <= ' ')
		from++;
	lx->p = from;
	if (from == end)
		return LEXED_END;
	p = scan_blank_or(from, end, '=');
	if (p == from)
		return bad(lx, "a value without a name");
	if (*from == '"')
		return bad(lx, "a name begins with a quote");
	out->name = (struct str){from, (size_t)(p - from)};
	if (p == end || *p != '=') {
		lx->p = p;
		out->value = (struct str){p, 0};
		out->form = PAIR_TRUE;
		return LEXED_PAIR;
	}
	from = ++p;
	if (from < end && *from == '"') {
		lx->p = from + 1;
		return lex_quoted(lx, out);
	}
	p = scan_blank(from, end);
	lx->p = p;
	out->value = (struct str){from, (size_t)(p - from)};
	out->form = PAIR_PLAIN;
	return LEXED_PAIR;
}

/* In a record of several lines: does the line end here? */
static bool
at_rest(struct lexer *lx)
{
	const char *p = lx->p;

	while (p < lx->end && (unsigned char)*p <= ' ' && *p != '\n')
		p++;
	if (p == lx->end || *p != '\n')
		return false;
	lx->p = p + 1;
	return true;
}

/* Takes all that is left. */
static struct str
rest_of(struct lexer *lx)
{
	struct str rest = {lx->p, (size_t)(lx->end - lx->p)};

	lx->p = lx->end;
	return rest;
}

/* ---- the guess ---- */

static bool
like_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c | 0x20) < 'a' || (c | 0x20) > 'z')
			if (!strchr("0123456789_.-/@", c) || !c)
				return false;
	}
	return s.n && s.n <= 64;
}

/* A line of pairs with good names, and not much besides. */
static int
logfmt_guess(struct str head, bool whole)
{
	char room[TEXT_LOOK];
	struct lexer lx;
	struct str line;
	struct pair pair = {0};
	unsigned pairs = 0, alone = 0;

	if (!text_look(head, whole, room, &line))
		return 0;
	lx = (struct lexer){line.p, line.p + line.n, NULL};
	for (;;) {
		enum lexed lexed = lex_pair(&lx, &pair);

		if (lexed == LEXED_END)
			break;
		if (lexed == LEXED_BAD || !like_name(pair.name))
			return 0;
		alone += pair.form == PAIR_TRUE;
		pairs += pair.form != PAIR_TRUE;
		if (!pairs)
			return 0; /* it begins with a word */
	}
	return pairs >= 2 && alone * 3 <= pairs ? 65 : 0;
}

/* ---- decoding ---- */

static enum start_status
logfmt_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return text_start(&format_logfmt, NULL, 0, head, eof, settings, arena,
	    out, used, err);
}

static const char *
logfmt_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct pairs_decoder *d = (struct pairs_decoder *)t;
	struct lexer lx = {line.p, line.p + line.n, NULL};
	struct pair pair;

	pairs_begin(d);
	for (;;) {
		if (t->base.layout->join && at_rest(&lx))
			pairs_take_rest(d, rest_of(&lx));
		switch (lex_pair(&lx, &pair)) {
		case LEXED_PAIR:
			if (pairs_take(d, pair.name, pair.value, pair.form))
				continue;
			*at = pair.name.p;
			return PAIRS_TOO_MANY;
		case LEXED_END:
			return pairs_row(d, b, row, line);
		case LEXED_BAD:
			*at = lx.p;
			return lx.why;
		}
	}
}

static struct decoder *
logfmt_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct decoder *base = pairs_decoder_new(layout, spec);

	((struct pairs_decoder *)base)->unescape = text_unescape;
	return base;
}

const struct format format_logfmt = {
    .name = "logfmt",
    .look = "name=value with blanks between, some values in quotes",
    .doc = "key=value pairs with blanks between, values quoted or not",
    .about =
	"Each pair is a field; of those with the same name the last one "
	"counts. A value in quotes is text (\\n \\t \\\" \\\\ \\xHH \\uHHHH "
	"and Go's other escapes are resolved), one without is a number, a "
	"boolean or text by what it looks like. A key without a value "
	"(key=) is NULL, a key alone (key) is true. A quote that does not "
	"end makes the record bad. Written, a text is quoted if it would "
	"read back as something else, NULL is key=, lists and maps are "
	"JSON in quotes, and characters that a key cannot have become "
	"_." PAIRS_JOIN_ABOUT,
    .extensions = "logfmt",
    .arg = "SETTINGS",
    .example = "ts=2026-03-28T22:00:01Z level=info msg=\"it is up\" port=80",
    .guess = logfmt_guess,
    .start = logfmt_start,
    .decoder_new = logfmt_decoder_new,
    .decoder_free = pairs_decoder_free,
    .decode = text_decode_lines,
    .line = logfmt_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
    .encoder_new = logfmt_encoder_new,
    .encoder_free = pairs_encoder_free,
    .begin = text_nothing,
    .encode = pairs_encode,
    .ordered = true, /* cells and names are kept in the encoder */
    .finish = text_nothing,
};
