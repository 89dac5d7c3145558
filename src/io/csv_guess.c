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
	if ((c >= '0' && c <= '9') || strchr("-+.{[<:=", c))
		return false;
	return !memchr(s.p, ':', s.n) && !memchr(s.p, '=', s.n);
}

/* A header that is longer than what there is has at least so many names. */
#define PART_NAMES 8

/*
 * Fields of the record at *p, 0 if it is not whole (unless it is the first
 * and many); names: all of them could be; open: it goes on behind the text.
 */
static unsigned
look_record(const struct csv_layout *l, const char **p, const char *end,
    bool whole, bool first, bool *names, bool *open)
{
	enum csv_end how = CSV_END_FIELD;
	struct csv_field f;
	unsigned n = 0;

	*names = true;
	while (how == CSV_END_FIELD) {
		how = csv_field(l, p, end, &f);
		if (f.odd)
			return 0;
		if (how == CSV_END_TEXT && first && !whole)
			return n >= PART_NAMES ? n : 0;
		*names &= like_name(f.text);
		*open = first && !whole && how == CSV_END_OPEN && *names;
		n++;
	}
	return how == CSV_END_RECORD || (whole && how == CSV_END_TEXT) ? n : 0;
}

/* Records that agree in number of fields, 0 if it is no table. */
static unsigned
look(const struct csv_layout *l, struct str head, bool whole, bool *open)
{
	const char *p = head.p + text_bom(head), *end = head.p + head.n;
	unsigned fields = 0, records = 0, n;
	bool names;

	*open = false;
	while (p < end && records < LOOK_RECORDS) {
		if (*p == '\n') {
			p++;
			continue;
		}
		n = look_record(l, &p, end, whole, !records, &names, open);
		if (!n)
			break;
		if (!records && (n < 2 || !names))
			return 0;
		if (!records)
			fields = n;
		if (n != fields)
			return 0;
		records++;
	}
	return p == end || records >= LOOK_RECORDS || !whole ? records : 0;
}

static int
score(unsigned records, bool open, int best)
{
	if (!records)
		return open ? GUESS_UNSURE : 0;
	return records == 1 ? best / 2 | GUESS_UNSURE : best;
}

int
csv_guess(struct str head, bool whole)
{
	struct csv_layout l = {.quote = '"', .quotes = true};
	const char *lf = head.n ? memchr(head.p, '\n', head.n) : NULL;
	struct str first = {head.p, lf ? (size_t)(lf - head.p) : head.n};
	unsigned records;
	char delim;
	bool open;

	if (csv_sep_line(
		(struct str){head.p + text_bom(head), head.n - text_bom(head)},
		&delim))
		return 90;
	l.delim = csv_pick_delimiter(first, '"');
	if (l.delim == '\t')
		return 0;
	records = look(&l, head, whole, &open);
	return score(records, open, l.delim == ',' ? 70 : 60);
}

int
tsv_guess(struct str head, bool whole)
{
	struct csv_layout l = {.delim = '\t', .escapes = true};
	bool open;

	return score(look(&l, head, whole, &open), false, 75);
}
