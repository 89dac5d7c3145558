/* SPDX-License-Identifier: MIT */
/*
 * Does this look like CSV or TSV? Yes, if the first record could be a header
 * (names that are neither numbers nor sentences) and the records that follow
 * have as many fields.
 */
#include "io/csv.h"

#define LOOK_RECORDS 20 /* records looked at */
#define NAME_MAX_BYTES 64

/* A name a header may have. */
static bool
like_name(struct str s)
{
	char c;

	s = str_trim(s);
	if (!s.n || s.n > NAME_MAX_BYTES)
		return false;
	c = s.p[0];
	if ((c >= '0' && c <= '9') || (c >= 0 && c < ' ') ||
	    strchr("-+*.{[<:=", c))
		return false;
	return !memchr(s.p, ':', s.n) && !memchr(s.p, '=', s.n);
}

/* One that hardly is anything else: a word. */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == ' ' || c == '\t' || c == '!' || c == '?')
			return false;
	}
	return s.n;
}

/* What a first record says. */
struct header {
	bool names; /* all could be names … */
	bool words; /* … and are words */
	bool open;  /* it goes on behind the text */
};

/* A header that is longer than what there is has at least so many names. */
#define PART_NAMES 8

/*
 * Fields of the record at *p, 0 if it is not whole (unless it is the first
 * and many). h is NULL for others than the first.
 */
static unsigned
look_record(const struct csv_layout *l, const char **p, const char *end,
    bool whole, struct header *h)
{
	enum csv_end how = CSV_END_FIELD;
	struct csv_field f;
	unsigned n = 0;

	if (h)
		h->names = h->words = true;
	while (how == CSV_END_FIELD) {
		how = csv_field(l, p, end, &f);
		if (f.odd)
			return 0;
		if (how == CSV_END_TEXT && h && !whole)
			return n >= PART_NAMES ? n : 0;
		n++;
		if (!h)
			continue;
		h->names &= like_name(f.text);
		h->words &= f.quoted || is_word(f.text);
		h->open = !whole && how == CSV_END_OPEN && h->names;
	}
	return how == CSV_END_RECORD || (whole && how == CSV_END_TEXT) ? n : 0;
}

/* Records that agree in number of fields, 0 if it is no table. */
static unsigned
look(const struct csv_layout *l, struct str head, bool whole, struct header *h)
{
	const char *p = head.p + text_bom(head), *end = head.p + head.n;
	unsigned fields = 0, records = 0, n;

	*h = (struct header){0};
	while (p < end && records < LOOK_RECORDS) {
		if (*p == '\n') {
			p++;
			continue;
		}
		n = look_record(l, &p, end, whole, records ? NULL : h);
		if (!n)
			break;
		if (!records && (n < 2 || !h->names))
			return 0;
		if (!records)
			fields = n;
		if (n != fields)
			return 0;
		records++;
	}
	return p == end || records >= LOOK_RECORDS || !whole ? records : 0;
}

/* A header that is all there is must be nothing but words. */
static int
score(unsigned records, const struct header *h, bool whole, int best)
{
	if (!records)
		return h->open ? GUESS_UNSURE : 0;
	if (records == 1 && whole && !h->words)
		return 0;
	return records == 1 ? best / 2 | GUESS_UNSURE : best;
}

int
csv_guess(struct str head, bool whole)
{
	struct csv_layout l = {.quote = '"', .quotes = true};
	const char *lf = head.n ? memchr(head.p, '\n', head.n) : NULL;
	struct str first = {head.p, lf ? (size_t)(lf - head.p) : head.n};
	struct header h;
	unsigned records;
	char delim;

	if (csv_sep_line(
		(struct str){head.p + text_bom(head), head.n - text_bom(head)},
		&delim))
		return 90;
	l.delim = csv_pick_delimiter(first, '"');
	if (l.delim == '\t')
		return 0;
	records = look(&l, head, whole, &h);
	return score(records, &h, whole, l.delim == ',' ? 70 : 60);
}

int
tsv_guess(struct str head, bool whole)
{
	struct csv_layout l = {.delim = '\t', .escapes = true};
	struct header h;
	unsigned records = look(&l, head, whole, &h);

	h.open = false;
	return score(records, &h, whole, 75);
}
