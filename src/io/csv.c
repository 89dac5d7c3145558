/* SPDX-License-Identifier: MIT */
/*
 * The formats csv and tsv: their rows in the table, and the start of an
 * input, where the header gives the fields their names.
 */
#include "io/csv.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "io/names.h"

/* ---- names ---- */

/* A name like `name` that is not taken: name_2, name_3 … */
static struct str
free_name(
    struct arena *a, const struct names *taken, struct str name, uint32_t *next)
{
	struct str s;

	do
		s = arena_printf(
		    a, "%.*s_%lu", STR_ARG(name), (unsigned long)++*next);
	while (names_find(taken, s) != NAMES_NONE);
	return s;
}

/* Makes the names differ from one another, and none of them empty. */
static void
make_unique(struct arena *a, struct str *list, unsigned n)
{
	struct names taken = {0};
	uint32_t *last = mem_array(n, sizeof *last); /* suffix given, by name */

	for (unsigned i = 0; i < n; i++) {
		uint32_t same;

		if (!list[i].n)
			list[i] = arena_printf(a, "column_%u", i + 1);
		same = names_find(&taken, list[i]);
		if (same != NAMES_NONE)
			list[i] = free_name(a, &taken, list[i], &last[same]);
		last[names_add(&taken, list[i])] = 1;
	}
	mem_free(last);
	names_release(&taken);
}

/* Names given as a setting: a,b,c. */
static void
given_names(struct csv_layout *l, const struct csv_options *o, struct arena *a)
{
	struct str rest = arena_str(a, o->names), *list;
	unsigned n = 1;

	for (size_t i = 0; i < rest.n; i++)
		n += rest.p[i] == ',';
	list = arena_array(a, n, sizeof *list);
	for (unsigned i = 0; i < n; i++) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t len = comma ? (size_t)(comma - rest.p) : rest.n;

		list[i] = str_trim((struct str){rest.p, len});
		len += comma != NULL;
		rest.p += len;
		rest.n -= len;
	}
	make_unique(a, list, n);
	l->base.fields = list;
	l->base.n_fields = n;
	l->named = true;
}

/* The names from the fields of a record (names false: column_1 …). */
static int
record_names(struct csv_layout *l, struct str rec, unsigned n, bool names,
    struct arena *a, struct err *err)
{
	struct str *list = arena_array(a, n, sizeof *list);
	const char *p = rec.p, *end = rec.p + rec.n;
	struct csv_field f;

	for (unsigned i = 0; i < n; i++) {
		csv_field(l, &p, end, &f);
		list[i] = (struct str){"", 0};
		if (!names)
			continue;
		if (f.odd)
			return err_set(err, ERR_INPUT, (struct where){0},
			    "the header has text after a closing quote "
			    "(byte %lu)",
			    (unsigned long)(f.odd - rec.p + 1));
		if (f.quoted)
			list[i] = csv_unquote(l, a, f.text);
		else if (l->escapes)
			list[i] = csv_unescape(a, f.text);
		else
			list[i] = f.text;
		list[i] = arena_str(a, list[i]);
	}
	make_unique(a, list, n);
	l->base.fields = list;
	l->base.n_fields = n;
	l->named = names;
	return 0;
}

/* ---- the start of an input ---- */

/* Skips blank lines and comments; false if the next line is not whole. */
static bool
skip_to_record(const struct csv_layout *l, const char **p, const char *end)
{
	while (*p < end) {
		const char *lf = memchr(*p, '\n', (size_t)(end - *p));
		size_t n = (size_t)((lf ? lf : end) - *p);

		if (n && !(n == 1 && **p == '\r') && !csv_comment(l, *p, end))
			return true;
		if (!lf)
			return false;
		*p = lf + 1;
	}
	return false;
}

/* Bytes that may stand before a quote that opens, whatever the delimiter. */
static bool
may_open(const struct csv_options *o, const char *from, const char *p)
{
	return p == from || p[-1] == o->delim ||
	       (!o->delim_given && memchr(",;|\t", p[-1], 4));
}

/* The end of the first record, its line feed; NULL if it is not there. */
static const char *
first_end(const struct csv_options *o, const char *p, const char *end)
{
	const char *from = p;
	bool inside = false;

	for (; p < end; p++) {
		if (o->quotes && *p == o->quote)
			inside = !inside && may_open(o, from, p);
		else if (*p == '\n' && !inside)
			return p;
	}
	return NULL;
}

char
csv_pick_delimiter(struct str record, char quote)
{
	static const char may[] = ",;|\t";
	unsigned n[4] = {0}, best = 0;
	bool inside = false;

	for (size_t i = 0; i < record.n; i++) {
		char c = record.p[i];
		const char *which = c ? strchr(may, c) : NULL;

		if (c == quote)
			inside = !inside;
		else if (which && !inside)
			n[which - may]++;
	}
	if (n[0])
		return may[0];
	for (unsigned i = 1; i < 4; i++)
		if (n[i] > n[best])
			best = i;
	return may[best];
}

/* Counts the fields of the first record; -1 if it cannot be a header. */
static int
count_fields(const struct csv_layout *l, struct str rec,
    const struct limits *limits, unsigned *n, struct err *err)
{
	const char *p = rec.p, *end = rec.p + rec.n;
	enum csv_end how = CSV_END_FIELD;
	struct csv_field f;
	const struct where nowhere = {0};

	if (rec.n > l->record_max)
		return err_set(err, ERR_INPUT, nowhere,
		    "the first record is longer than %lu bytes",
		    (unsigned long)l->record_max);
	if (!utf8_valid(rec))
		return err_set(err, ERR_INPUT, nowhere,
		    "the first record is not valid UTF-8 (byte %lu)",
		    (unsigned long)utf8_check(rec) + 1);
	for (*n = 0; how == CSV_END_FIELD; ++*n) {
		if (*n == limits->fields_max)
			return err_set(err, ERR_INPUT, nowhere,
			    "the first record has more than %u fields",
			    limits->fields_max);
		how = csv_field(l, &p, end, &f);
	}
	if (how == CSV_END_OPEN)
		return err_set(err, ERR_INPUT, nowhere,
		    "the first record has a quote that is not closed "
		    "(byte %lu)",
		    (unsigned long)(f.open - rec.p + 1));
	return 0;
}

/* Lines that end in a carriage return alone would all be one header. */
static int
refuse_returns(const struct csv_layout *l, struct str header, struct err *err)
{
	if (!header.n || !memchr(header.p, '\r', header.n) ||
	    (l->quotes && memchr(header.p, l->quote, header.n)))
		return 0;
	err_set(err, ERR_INPUT, (struct where){0},
	    "the header has a carriage return without a line feed");
	return err_hint(
	    err, "if lines end like that: tr '\\r' '\\n' <FILE | weir ...");
}

/* Takes the first record at p, whose end is lf (or the end of the input). */
static int
take_first(struct csv_layout *l, const struct csv_options *o, struct str rec,
    const struct limits *limits, struct arena *a, struct err *err)
{
	bool names = o->header == CSV_HEADER_YES;
	unsigned n = 0;

	if (rec.n && rec.p[rec.n - 1] == '\r')
		rec.n--;
	if (!o->delim_given && !o->tsv) {
		struct str look = rec; /* however much of it is here */

		if (look.n > l->record_max)
			look.n = l->record_max;
		l->delim = csv_pick_delimiter(look, l->quotes ? l->quote : 0);
	}
	if (o->header == CSV_HEADER_NAMES) {
		given_names(l, o, a);
		return 0;
	}
	if ((names && refuse_returns(l, rec, err)) ||
	    count_fields(l, rec, limits, &n, err) ||
	    record_names(l, rec, n, names, a, err))
		return -1;
	if (names)
		l->base.header = arena_str(a, rec);
	return 0;
}

static struct csv_layout *
new_layout(const struct format *format, const struct csv_options *o,
    const struct limits *limits, struct arena *a)
{
	struct csv_layout *l = arena_zalloc(a, sizeof *l);

	l->base.format = format;
	l->delim = o->delim;
	l->quote = o->quote;
	l->quotes = o->quotes;
	l->escapes = o->tsv;
	l->comma = o->comma;
	l->fill = o->fill;
	l->comment = arena_str(a, o->comment);
	l->record_max = limits->record_max < 64 ? 64 : limits->record_max;
	return l;
}

size_t
csv_sep_line(struct str head, char *delim)
{
	size_t n = 5;

	if (head.n < n || !str_eq_nocase((struct str){head.p, 4}, STR("sep=")))
		return 0;
	*delim = head.p[4];
	n += n < head.n && head.p[n] == '\r';
	if (n < head.n && head.p[n] == '\n')
		return *delim > ' ' || *delim == '\t' ? n + 1 : 0;
	return 0;
}

/* A line "sep=;" behind the mark is no record. */
static void
take_sep(
    struct csv_layout *l, struct csv_options *o, struct str head, size_t *used)
{
	struct str text = {head.p + *used, head.n - *used};
	char delim = 0;
	size_t n = o->tsv ? 0 : csv_sep_line(text, &delim);

	if (!n || (o->quotes && delim == o->quote))
		return;
	*used += n;
	if (o->delim_given)
		return;
	o->delim = l->delim = delim;
	o->delim_given = true;
}

bool
csv_same(const struct layout *in, const struct settings *settings)
{
	const struct csv_layout *l = (const struct csv_layout *)in;
	bool header = l->base.header.n > 0;
	struct csv_options o;
	struct err err = {0};

	/* Nothing is stated: what passes keeps its bytes, whatever they are. */
	if (!settings->arg.n && !settings->n)
		return true;
	if (csv_options(in->format, settings, true, &o, &err)) {
		err_release(&err);
		return false;
	}
	return !o.safe && o.delim == l->delim && o.quotes == l->quotes &&
	       (!o.quotes || o.quote == l->quote) && o.comma == l->comma &&
	       header == (o.header == CSV_HEADER_YES);
}

enum start_status
csv_start_as(const struct format *format, struct str head, bool eof,
    const struct settings *settings, const struct limits *limits,
    struct arena *arena, struct layout **out, size_t *used, struct err *err)
{
	const char *p = head.p, *end = head.p + head.n, *lf;
	struct csv_options o;
	struct csv_layout *l;

	if (csv_options(format, settings, false, &o, err))
		return START_ERR;
	l = new_layout(format, &o, limits, arena);
	*out = &l->base;
	*used = text_bom(head);
	take_sep(l, &o, head, used);
	p += *used;
	if (!skip_to_record(l, &p, end)) {
		if (!eof)
			return START_MORE;
		if (o.header == CSV_HEADER_NAMES)
			given_names(l, &o, arena);
		return START_OK;
	}
	lf = first_end(&o, p, end);
	if (!lf && !eof && (size_t)(end - p) <= l->record_max)
		return START_MORE;
	if (take_first(l, &o, (struct str){p, (size_t)((lf ? lf : end) - p)},
		limits, arena, err))
		return START_ERR;
	if (o.header == CSV_HEADER_YES)
		*used = (size_t)((lf ? lf + 1 : end) - head.p);
	return START_OK;
}

static enum start_status
csv_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	return csv_start_as(
	    &format_csv, head, eof, settings, limits, arena, out, used, err);
}

static enum start_status
tsv_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	return csv_start_as(
	    &format_tsv, head, eof, settings, limits, arena, out, used, err);
}

/* ---- the rows ---- */

const struct format format_csv = {
    .name = "csv",
    .look = "names with commas (or ; or |) between, and rows like it",
    .doc = "comma-separated values with a header (RFC 4180)",
    .about =
	"The first record names the fields; a second field of the same name "
	"becomes name_2, one without a name column_N; where the same record "
	"comes again (files one behind another) it is passed over, unless it "
	"has one name alone. A value is a number, a "
	"boolean or text by what it looks like (007 is text); an empty one is "
	"NULL, a quoted one is always text. A quote opens only at the start "
	"of a field. Blank lines and a byte order mark are skipped. A record "
	"with too many or too few fields is bad; with ragged=fill missing "
	"fields are NULL and those too many are dropped. Settings: delimiter "
	"(one character, tab or space; when none is given, that of a first "
	"line sep=; or, if the header has no comma, whichever of ; | tab it "
	"has most), decimal (a comma: numbers are 1,5 and 1.5 is text; "
	"written with semicolons between), header (yes, no, or "
	"names with commas), quote (one character or none), comment (lines "
	"that begin so "
	"are skipped), ragged (error or fill), safe (yes: text that a "
	"spreadsheet would run, beginning with = + - @, is written with a \' "
	"in front; see --csv-safe). Written: a field is quoted if "
	"it holds the delimiter, a quote or a line end, or begins or ends "
	"with a blank, and text that looks like a number or boolean is, so "
	"that it is text when it is read again; NULL is empty and empty text "
	"is \"\" (in a single "
	"column NULL is \"\", too, for an empty line is no record). When rows "
	"come with members the header lacks, an empty line and a new header "
	"precede them.",
    .extensions = "csv",
    .arg = "DELIMITER | NAME=VALUE,...",
    .example = "2026-03-28T22:00:00Z,\"Kiel, Hafen\",8.25",
    .guess = csv_guess,
    .start = csv_start,
    .decoder_new = csv_decoder_new,
    .decoder_free = csv_decoder_free,
    .decode = csv_decode,
    .same = csv_same,
    .frame = csv_frame,
    .lines = true,
    .header = true,
    .encoder_new = csv_encoder_new,
    .encoder_free = csv_encoder_free,
    .begin = csv_begin,
    .encode = csv_encode,
    .finish = csv_finish,
    .save = csv_save,
    .restore = csv_restore,
    .ordered = true,
};

const struct format format_tsv = {
    .name = "tsv",
    .look = "names with tabs between, and rows like it",
    .doc = "tab-separated values with a header",
    .about =
	"As csv, but fields are separated by tabs and never quoted. A tab, "
	"line feed, carriage return or backslash within a field is written "
	"\\t \\n \\r \\\\; any other backslash stands for itself. An empty "
	"field and \\N are NULL. Settings: header (yes, no, or names with "
	"commas), decimal, comment, ragged.",
    .extensions = "tsv tab",
    .arg = "NAME=VALUE,...",
    .example = "2026-03-28T22:00:00Z\tKiel, Hafen\t8.25",
    .guess = tsv_guess,
    .start = tsv_start,
    .decoder_new = csv_decoder_new,
    .decoder_free = csv_decoder_free,
    .decode = csv_decode,
    .same = csv_same,
    .frame = csv_frame,
    .lines = true,
    .header = true,
    .encoder_new = tsv_encoder_new,
    .encoder_free = csv_encoder_free,
    .begin = csv_begin,
    .encode = csv_encode,
    .finish = csv_finish,
    .save = csv_save,
    .restore = csv_restore,
    .ordered = true,
};
