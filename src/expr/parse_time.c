/* SPDX-License-Identifier: MIT */
/*
 * Literals of time and duration: DATE '…', TIME '…', TIMESTAMP '…', INTERVAL
 * '…' unit [TO unit], INTERVAL '5m', INTERVAL '5 minutes'. A time without an
 * offset is UTC. Intervals of months and years have no fixed length: they are
 * calls of "interval months", which a sum with a time makes TIMESTAMPADD of,
 * and which stand nowhere else.
 */
#include "base/num.h"
#include "base/when.h"
#include "expr/daytime.h"
#include "expr/parse.h"

/* ---- units ---- */

enum unit
parse_unit(struct lexer *lx)
{
	bool word = lx->tok.kind == TOK_NAME || lx->tok.kind == TOK_TEXT;
	enum unit u = word ? unit_find(lx->tok.string) : UNIT_NONE;
	const struct str *names;
	unsigned n;
	char got[180];

	if (u != UNIT_NONE) {
		lex_next(lx);
		return u;
	}
	lex_fail(lx, "expected a unit of time, got %s",
	    lex_describe(lx, got, sizeof(got)));
	names = unit_names(&n);
	if (word)
		err_suggest(lx->err, lx->tok.string, names, n);
	return UNIT_NONE;
}

/* SECOND(3): precisions are read and mean nothing. */
static int
skip_precision(struct lexer *lx)
{
	if (!lex_accept(lx, "("))
		return 0;
	while (lx->tok.kind == TOK_INT || lex_is(lx, ","))
		lex_next(lx);
	return lex_expect(lx, ")");
}

/* ---- amounts ---- */

/* s, a plain number, times `us`; false if malformed or out of range. */
static bool
amount(struct str s, int64_t us, int64_t *out)
{
	struct dec d;

	if (!dec_parse(s, &d) || !dec_mul(d, dec_of_int(us), &d))
		return false;
	return dec_trunc_int(d, out);
}

/* The next run of digits (and '.' where `fraction`) at *i. */
static bool
take_digits(struct str s, size_t *i, bool fraction, struct str *out)
{
	size_t from = *i;

	while (*i < s.n && ((s.p[*i] >= '0' && s.p[*i] <= '9') ||
			       (fraction && s.p[*i] == '.')))
		(*i)++;
	*out = (struct str){s.p + from, *i - from};
	return out->n > 0;
}

/* "1 02:03:04.5" for DAY TO SECOND, "1:30" for HOUR TO MINUTE … */
static bool
amount_range(struct str s, enum unit from, enum unit until, int64_t *out)
{
	static const enum unit order[] = {
	    UNIT_DAY, UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND};
	size_t i = 0;
	bool negative, first = true;
	struct str digits;
	int64_t part;

	s = str_trim(s);
	negative = s.n && *s.p == '-';
	if (s.n && (*s.p == '-' || *s.p == '+'))
		i++;
	*out = 0;
	for (unsigned k = 0; k < 4; k++) {
		if (order[k] > from || order[k] < until)
			continue;
		if (!first &&
		    (i >= s.n ||
			s.p[i++] != (order[k] == UNIT_HOUR ? ' ' : ':')))
			return false;
		first = false;
		if (!take_digits(s, &i, order[k] == UNIT_SECOND, &digits) ||
		    !amount(digits, unit_us(order[k]), &part) ||
		    __builtin_add_overflow(*out, part, out))
			return false;
	}
	*out = negative ? -*out : *out;
	return i == s.n;
}

/* ---- INTERVAL ---- */

static int
interval_unit(struct lexer *lx, enum unit *out)
{
	char got[180];

	*out = parse_unit(lx);
	if (*out == UNIT_NONE || skip_precision(lx))
		return -1;
	if (unit_us(*out))
		return 0;
	return lex_fail(lx, "an interval has no such unit, got %s",
	    lex_describe(lx, got, sizeof(got)));
}

/* ---- intervals of months ---- */

/* Months of a unit of the calendar; 0 for others. */
static int64_t
months_of(enum unit u)
{
	switch (u) {
	case UNIT_MONTH:
		return 1;
	case UNIT_QUARTER:
		return 3;
	case UNIT_YEAR:
		return 12;
	case UNIT_DECADE:
		return 120;
	case UNIT_CENTURY:
		return 1200;
	case UNIT_MILLENNIUM:
		return 12000;
	default:
		return 0;
	}
}

/* "1-2": years and months. */
static bool
years_months(struct str s, int64_t *out)
{
	bool negative = s.n && *s.p == '-';
	int64_t years, months;
	long dash;

	if (s.n && (negative || *s.p == '+'))
		s = (struct str){s.p + 1, s.n - 1};
	dash = str_find(s, STR("-"), 0);
	if (dash <= 0 ||
	    !num_parse_int((struct str){s.p, (size_t)dash}, &years) ||
	    !num_parse_int((struct str){s.p + dash + 1, s.n - (size_t)dash - 1},
		&months) ||
	    years < 0 || years > 9999 || months < 0 || months > 11)
		return false;
	*out = negative ? -years * 12 - months : years * 12 + months;
	return true;
}

/* At the unit. The call, or NULL and the error. */
static struct node *
parse_months(struct lexer *lx, unsigned from, struct token amount_tok)
{
	struct str s = amount_tok.kind == TOK_TEXT ? str_trim(amount_tok.string)
						   : amount_tok.text;
	struct where at = lx->tok.where;
	enum unit u = parse_unit(lx), until = u;
	int64_t n;
	bool good;

	if (skip_precision(lx))
		return NULL;
	if (lex_accept(lx, "TO")) {
		until = parse_unit(lx);
		if (until == UNIT_NONE || skip_precision(lx))
			return NULL;
	}
	good = u == until ? num_parse_int(s, &n) && n > -120000 && n < 120000
			  : u == UNIT_YEAR && until == UNIT_MONTH &&
				years_months(s, &n);
	if (good)
		return parse_call1(lx, from, "interval months", at,
		    parse_literal(lx, from,
			value_int(u == until ? n * months_of(u) : n)));
	err_set(lx->err, ERR_SPEC, amount_tok.where,
	    "this is not an interval of %s%s%s", unit_name(u),
	    u == until ? "" : " to ", u == until ? "" : unit_name(until));
	return NULL;
}

/* The next run of bytes of s that are blanks, or that are not. */
static struct str
take_word(struct str *s, bool blanks)
{
	size_t n = 0;

	while (n < s->n && (s->p[n] == ' ') == blanks)
		n++;
	*s = (struct str){s->p + n, s->n - n};
	return (struct str){s->p - n, n};
}

/*
 * "1 day 2 hours" or "3 months", as PostgreSQL writes intervals: the
 * microseconds, or else the months; false if s is no such text, or has both.
 */
static bool
interval_words(struct str s, int64_t *us, int64_t *months)
{
	*us = *months = 0;
	if (!s.n)
		return false;
	while (s.n) {
		struct str number = take_word(&s, false), word;
		int64_t part, n;
		enum unit u;

		take_word(&s, true);
		word = take_word(&s, false);
		take_word(&s, true);
		u = unit_find(word);
		if (u == UNIT_NONE)
			return false;
		if (unit_us(u)) {
			if (!amount(number, unit_us(u), &part) ||
			    __builtin_add_overflow(*us, part, us))
				return false;
			continue;
		}
		if (!months_of(u) || !num_parse_int(number, &n) ||
		    n < -120000 || n > 120000)
			return false;
		*months += n * months_of(u);
		if (*months < -1440000 || *months > 1440000)
			return false;
	}
	return !*us || !*months;
}

static int
interval_value(struct lexer *lx, struct token amount_tok, int64_t *out)
{
	struct str s = amount_tok.kind == TOK_TEXT ? str_trim(amount_tok.string)
						   : amount_tok.text;
	enum unit from, until;
	bool fits;

	if (interval_unit(lx, &from))
		return -1;
	until = from;
	if (lex_accept(lx, "TO")) {
		if (interval_unit(lx, &until))
			return -1;
		if (until >= from || from > UNIT_DAY || until < UNIT_SECOND)
			return err_set(lx->err, ERR_SPEC, amount_tok.where,
			    "an interval of %s to %s is not possible",
			    unit_name(from), unit_name(until));
	}
	fits = from == until ? amount(s, unit_us(from), out)
			     : amount_range(s, from, until, out);
	if (!fits)
		return err_set(lx->err, ERR_SPEC, amount_tok.where,
		    "this is not an interval of %s%s%s", unit_name(from),
		    from == until ? "" : " to ",
		    from == until ? "" : unit_name(until));
	return 0;
}

/* A text that is none, or a number and what follows is no unit. */
static struct node *
no_interval(struct lexer *lx, struct token t)
{
	struct str s = t.string;

	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') {
			err_set(
			    lx->err, ERR_SPEC, t.where, "this is no interval");
			err_hint(lx->err, "INTERVAL '5' MINUTE, INTERVAL "
					  "'1 day 2 hours', INTERVAL '3 "
					  "months'");
			return NULL;
		}
	parse_unit(lx);
	return NULL;
}

static struct node *
parse_interval(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct token amount_tok = lx->next;
	struct where at = amount_tok.where;
	enum unit u = UNIT_NONE;
	int64_t us, months = 0;

	lex_next(lx);
	lex_next(lx);
	if (lx->tok.kind == TOK_NAME)
		u = unit_find(lx->tok.string);
	if (u == UNIT_NONE && amount_tok.kind == TOK_TEXT) {
		struct str s = str_trim(amount_tok.string);

		if (!when_parse_duration(s, &us) &&
		    !interval_words(s, &us, &months))
			return no_interval(lx, amount_tok);
		if (!months)
			return parse_literal(lx, from, value_duration(us));
		return parse_call1(lx, from, "interval months", at,
		    parse_literal(lx, from, value_int(months)));
	}
	if (months_of(u))
		return parse_months(lx, from, amount_tok);
	if (interval_value(lx, amount_tok, &us))
		return NULL;
	return parse_literal(lx, from, value_duration(us));
}

/* ---- DATE, TIMESTAMP ---- */

static struct node *
parse_instant(struct lexer *lx, bool date)
{
	static const struct when_layout iso = {.kind = WHEN_ISO};
	unsigned from = lx->tok.where.at;
	struct when_cache cache = {0};
	int64_t t;

	lex_next(lx);
	if (!when_parse(&iso, &cache, str_trim(lx->tok.string), &t) ||
	    (date && t % WHEN_DAY)) {
		lex_fail(
		    lx, date ? "this is not a date" : "this is not a time");
		err_hint(lx->err, "write it %s",
		    date ? "2026-03-28" : "2026-03-28 22:00:00.123");
		return NULL;
	}
	lex_next(lx);
	return parse_literal(lx, from, date ? value_date(t) : value_time(t));
}

/* TIME '22:05': the text '22:05:00'. */
static struct node *
parse_daytime(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	int64_t us;

	lex_next(lx);
	if (!daytime_read(str_trim(lx->tok.string), &us)) {
		lex_fail(lx, "this is not a time of day");
		err_hint(lx->err, "write it 22:05:00.123");
		return NULL;
	}
	lex_next(lx);
	return parse_literal(lx, from, value_text(daytime_text(lx->arena, us)));
}

struct node *
parse_time_literal(struct lexer *lx, bool *found)
{
	enum token_kind next = lx->next.kind;

	*found = true;
	if (lex_is(lx, "INTERVAL") &&
	    (next == TOK_TEXT || next == TOK_INT || next == TOK_NUMBER))
		return parse_interval(lx);
	if (next == TOK_TEXT && lex_is(lx, "DATE"))
		return parse_instant(lx, true);
	if (next == TOK_TEXT &&
	    (lex_is(lx, "TIMESTAMP") || lex_is(lx, "TIMESTAMP_LTZ")))
		return parse_instant(lx, false);
	if (next == TOK_TEXT && lex_is(lx, "TIME"))
		return parse_daytime(lx);
	*found = false;
	return NULL;
}
