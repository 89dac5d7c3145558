/* SPDX-License-Identifier: MIT */
/*
 * The journal's export format (systemd, "Journal Export Formats"): an entry is
 * lines NAME=value and ends with an empty line. A value that is no plain text
 * has its name alone on a line, then its length (64 bits, little-endian), its
 * bytes and a line feed.
 */
#include "base/utf8.h"
#include "io/pairs.h"

static uint64_t
length_at(const char *p)
{
	uint64_t n;

	memcpy(&n, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	n = __builtin_bswap64(n);
#endif
	return n;
}

struct journal_layout {
	struct layout base;
	uint32_t record_max;
};

enum lexed {
	LEXED_FIELD,
	LEXED_SHORT, /* it is not all there */
	LEXED_BAD    /* *why; it ends with its line */
};

/* The field at p; *next behind it. */
static enum lexed
lex_field(const char *p, const char *end, bool eof, uint32_t max,
    struct pair *out, const char **next, const char **why)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p)), *eq;
	uint64_t n;

	if (!nl)
		return LEXED_SHORT;
	*next = nl + 1;
	eq = memchr(p, '=', (size_t)(nl - p));
	if (eq) {
		out->name = (struct str){p, (size_t)(eq - p)};
		out->value = (struct str){eq + 1, (size_t)(nl - eq - 1)};
		out->form = PAIR_PLAIN;
		*why = "a value without a name";
		return eq > p ? LEXED_FIELD : LEXED_BAD;
	}
	if (end - nl - 1 < 8 && !eof)
		return LEXED_SHORT;
	n = end - nl - 1 < 8 ? UINT64_MAX : length_at(nl + 1);
	*why = "neither = nor a length behind a name";
	if (n > max)
		return LEXED_BAD;
	if ((uint64_t)(end - nl - 1) < 8 + n + 1)
		return LEXED_SHORT;
	out->name = (struct str){p, (size_t)(nl - p)};
	out->value = (struct str){nl + 9, n};
	out->form = PAIR_BYTES;
	*next = nl + 9 + n;
	if (**next != '\n') {
		*next = nl + 1;
		return LEXED_BAD;
	}
	++*next;
	return LEXED_FIELD;
}

/*
 * The end of the entry at p, which may be an empty line; NULL: it is not
 * there.
 */
static const char *
entry_end(const char *p, const char *end, bool eof, uint32_t max)
{
	struct pair pair;
	const char *why;

	while (p < end && *p != '\n')
		if (lex_field(p, end, eof, max, &pair, &p, &why) == LEXED_SHORT)
			return eof ? end : NULL;
	return p < end || eof ? p : NULL;
}

/* ---- decoding ---- */

static bool
is_message(struct str name)
{
	return str_is(name, "MESSAGE");
}

/*
 * Bytes that are text are text: values with line feeds come this way, too.
 * What was written as text must be.
 */
static const char *
settle(struct pair *pair)
{
	bool valid = utf8_valid(pair->value);

	if (pair->form == PAIR_BYTES && valid)
		pair->form = PAIR_TEXT;
	else if (pair->form == PAIR_PLAIN && is_message(pair->name))
		pair->form = PAIR_TEXT;
	if (!utf8_valid(pair->name) || (!valid && pair->form != PAIR_BYTES))
		return "not valid UTF-8";
	return NULL;
}

/* A field whose line does not end. */
static void
lex_last(const char *p, const char *end, struct pair *out)
{
	const char *eq = memchr(p + 1, '=', (size_t)(end - p - 1));

	out->name = (struct str){p, (size_t)(eq - p)};
	out->value = (struct str){eq + 1, (size_t)(end - eq - 1)};
	out->form = PAIR_PLAIN;
}

static const char *
take_entry(struct pairs_decoder *d, struct batch *b, unsigned row,
    struct str raw, bool eof, const char **at)
{
	uint32_t max = d->t.base.spec->limits.record_max;
	const char *p = raw.p, *end = raw.p + raw.n, *why = NULL, *next;
	struct pair pair;

	pairs_begin(d);
	while (p < end && *p != '\n') {
		*at = p;
		next = end;
		switch (lex_field(p, end, true, max, &pair, &next, &why)) {
		case LEXED_BAD:
			return why;
		case LEXED_SHORT:
			/* Only at the end of input: a line without its end. */
			if (!eof || memchr(p, '\n', (size_t)(end - p)) ||
			    !memchr(p + 1, '=', (size_t)(end - p - 1)))
				return "the entry is cut off";
			lex_last(p, end, &pair);
			next = end;
			break;
		case LEXED_FIELD:
			break;
		}
		why = settle(&pair);
		if (why)
			return why;
		if (!pairs_take(d, pair.name, pair.value, pair.form))
			return PAIRS_TOO_MANY;
		p = next;
	}
	*at = NULL;
	return pairs_row(d, b, row, raw);
}

static size_t
journal_decode(struct decoder *base, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct pairs_decoder *d = (struct pairs_decoder *)base;
	uint32_t max = base->spec->limits.record_max;
	const char *at = p, *next, *bad, *why;
	unsigned row = 0;

	text_begin(&d->t, b);
	while (at < end && !text_full(b, row)) {
		struct str raw;

		if (*at == '\n') {
			at++;
			continue;
		}
		next = entry_end(at, end, eof, max);
		if (!next)
			break;
		raw = (struct str){at, (size_t)(next - at)};
		bad = NULL;
		why = raw.n > max ? record_too_long(b->arena, max)
				  : take_entry(d, b, row, raw, eof, &bad);
		if (why)
			text_bad(b, row, raw, why, bad);
		else
			row++;
		at = next + (next < end);
	}
	text_end(b, row);
	return (size_t)(at - p);
}

static size_t
journal_frame(const struct layout *layout, const char *p, size_t n)
{
	uint32_t max = ((const struct journal_layout *)layout)->record_max;
	const char *at = p, *end = p + n, *next = at;

	while (at < end && next) {
		next = *at == '\n' ? at + 1 : entry_end(at, end, false, max);
		at = next ? next : at;
	}
	return (size_t)(at - p);
}

static enum start_status
journal_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct journal_layout *l = arena_zalloc(arena, sizeof *l);

	l->record_max = limits->record_max;
	l->base.looks_on = true; /* a name alone, and then no length */
	if (text_no_settings(&format_journal, settings, err))
		return START_ERR;
	return text_start_as(
	    &l->base, &format_journal, head, eof, settings, out, used);
}

/* Each entry begins with the journal's own fields. */
static int
journal_guess(struct str head, bool whole)
{
	struct str line;

	if (!text_first_line(head, whole, &line))
		return 0;
	return str_starts(line, STR("__CURSOR=")) ||
		       str_starts(line, STR("__REALTIME_TIMESTAMP=")) ||
		       str_starts(line, STR("__SEQNUM="))
		   ? 95
		   : 0;
}

const struct format format_journal = {
    .name = "journal",
    .doc = "the systemd journal: journalctl -o export",
    .about =
	"Each entry is a record with the journal's own fields: MESSAGE, "
	"PRIORITY, _SYSTEMD_UNIT, _HOSTNAME and so on; the time is "
	"__REALTIME_TIMESTAMP. MESSAGE is always text, others are numbers if "
	"they look like some. A value written with its length is text if it "
	"is valid UTF-8, else bytes. Of fields that come several times the "
	"last one counts. journalctl -o json is the format json.",
    .extensions = "export journal",
    .example = "__REALTIME_TIMESTAMP=1423944916375353\n_HOSTNAME=bupkis\n"
	       "PRIORITY=6\nMESSAGE=it is up\n",
    .time_fields = "__REALTIME_TIMESTAMP",
    .time_layout = "us",
    .guess = journal_guess,
    .start = journal_start,
    .decoder_new = pairs_decoder_new,
    .decoder_free = pairs_decoder_free,
    .decode = journal_decode,
    .frame = journal_frame,
    .lines = true,
};
