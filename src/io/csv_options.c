/* SPDX-License-Identifier: MIT */
/*
 * Settings of CSV and TSV: from YAML as a list, on the command line behind the
 * colon, either a delimiter alone (csv:;) or NAME=VALUE,… (csv:header=no).
 */
#include "io/csv.h"

struct option {
	struct str name;
	bool tsv, write; /* also a setting of TSV; of writing */
	int (*set)(
	    struct csv_options *o, const struct setting *s, struct err *err);
};

static int
bad_value(const struct setting *s, const char *takes, struct err *err)
{
	return err_set(err, ERR_SPEC, s->where, "%.*s must be %s",
	    STR_ARG(s->name), takes);
}

/* One ASCII character that is no line end. */
static bool
one_char(struct str v, char *out)
{
	if (str_is(v, "tab") || str_is(v, "\\t"))
		v = STR("\t");
	if (str_is(v, "space"))
		v = STR(" ");
	if (v.n != 1 || v.p[0] <= 0 || v.p[0] == '\n' || v.p[0] == '\r')
		return false;
	*out = v.p[0];
	return true;
}

static int
set_comment(struct csv_options *o, const struct setting *s, struct err *err)
{
	if (!s->value.n || memchr(s->value.p, '\n', s->value.n))
		return bad_value(s, "what comment lines begin with", err);
	o->comment = s->value;
	return 0;
}

static int
set_delimiter(struct csv_options *o, const struct setting *s, struct err *err)
{
	o->delim_given = true;
	if (!one_char(s->value, &o->delim))
		return bad_value(s, "one ASCII character, tab or space", err);
	return 0;
}

static int
set_decimal(struct csv_options *o, const struct setting *s, struct err *err)
{
	o->comma = str_is(s->value, ",") || str_is(s->value, "comma");
	if (!o->comma && !str_is(s->value, ".") && !str_is(s->value, "point"))
		return bad_value(s, "a point or a comma", err);
	return 0;
}

static int
set_header(struct csv_options *o, const struct setting *s, struct err *err)
{
	if (!s->value.n)
		return bad_value(s, "yes, no, or names with commas", err);
	o->header = CSV_HEADER_NAMES;
	o->names = s->value;
	o->names_where = s->where;
	if (str_is(s->value, "yes") || str_is(s->value, "true"))
		o->header = CSV_HEADER_YES;
	if (str_is(s->value, "no") || str_is(s->value, "false"))
		o->header = CSV_HEADER_NO;
	return 0;
}

static int
set_quote(struct csv_options *o, const struct setting *s, struct err *err)
{
	o->quotes = !str_is(s->value, "none");
	if (o->quotes && !one_char(s->value, &o->quote))
		return bad_value(s, "one ASCII character, or none", err);
	return 0;
}

static int
set_ragged(struct csv_options *o, const struct setting *s, struct err *err)
{
	o->fill = str_is(s->value, "fill");
	if (!o->fill && !str_is(s->value, "error"))
		return bad_value(s, "error or fill", err);
	return 0;
}

static int
set_safe(struct csv_options *o, const struct setting *s, struct err *err)
{
	o->safe = str_is(s->value, "yes") || str_is(s->value, "true");
	if (!o->safe && !str_is(s->value, "no") && !str_is(s->value, "false"))
		return bad_value(s, "yes or no", err);
	return 0;
}

static const struct option options[] = {
    {{"comment", 7}, true, false, set_comment},
    {{"decimal", 7}, true, true, set_decimal},
    {{"delimiter", 9}, false, true, set_delimiter},
    {{"header", 6}, true, true, set_header},
    {{"quote", 5}, false, true, set_quote},
    {{"ragged", 6}, true, false, set_ragged},
    {{"safe", 4}, true, true, set_safe},
};

#define N_OPTIONS (sizeof options / sizeof options[0])

static bool
applies(const struct option *o, bool tsv, bool writing)
{
	return (o->tsv || !tsv) && (o->write || !writing);
}

static int
set_one(const struct format *format, struct csv_options *o,
    const struct setting *s, bool writing, struct err *err)
{
	struct str known[N_OPTIONS];
	size_t n = 0;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (!applies(&options[i], o->tsv, writing))
			continue;
		if (str_eq(s->name, options[i].name))
			return options[i].set(o, s, err);
		known[n++] = options[i].name;
	}
	return text_unknown_setting(format, s, known, n, err);
}

/* True at "NAME=" with some setting's name. */
static bool
at_option(struct str s)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (str_starts(s, options[i].name) && s.n > options[i].name.n &&
		    s.p[options[i].name.n] == '=')
			return true;
	return false;
}

/* Cuts "NAME=VALUE" off the front; a comma ends it only before a name. */
static struct setting
cut_option(struct str *rest, struct where where)
{
	const char *eq = rest->n ? memchr(rest->p, '=', rest->n) : NULL;
	size_t name = eq ? (size_t)(eq - rest->p) : rest->n;
	size_t from = eq ? name + 1 : rest->n, to = from + (from < rest->n);
	struct setting s = {.name = {rest->p, name}};

	while (to < rest->n &&
	       !(rest->p[to] == ',' &&
		   at_option((struct str){rest->p + to + 1, rest->n - to - 1})))
		to++;
	s.value = (struct str){rest->p + from, to - from};
	s.where = text_where(where, (struct str){rest->p, to});
	to += to < rest->n;
	rest->p += to;
	rest->n -= to;
	return s;
}

static int
set_arg(const struct format *format, struct csv_options *o, struct str arg,
    struct where where, bool writing, struct err *err)
{
	if (!o->tsv && !at_option(arg)) {
		struct setting s = {
		    STR("delimiter"), arg, text_where(where, arg)};

		if (arg.n == 1 || !memchr(arg.p, '=', arg.n))
			return set_delimiter(o, &s, err);
	}
	while (arg.n) {
		struct setting s = cut_option(&arg, where);

		if (set_one(format, o, &s, writing, err))
			return -1;
	}
	return 0;
}

int
csv_options(const struct format *format, const struct settings *settings,
    bool writing, struct csv_options *o, struct err *err)
{
	bool tsv = format == &format_tsv;

	*o = (struct csv_options){.tsv = tsv,
	    .delim = tsv ? '\t' : ',',
	    .quote = '"',
	    .quotes = !tsv};
	if (settings->arg.n &&
	    set_arg(format, o, settings->arg, settings->where, writing, err))
		return -1;
	for (unsigned i = 0; i < settings->n; i++)
		if (set_one(format, o, &settings->list[i], writing, err))
			return -1;
	if (writing && o->comma && !o->delim_given && !tsv)
		o->delim = ';';
	if (o->comma && o->delim == ',' && o->delim_given)
		return err_set(err, ERR_SPEC, settings->where,
		    "delimiter and decimal are the same character");
	if (writing && o->header == CSV_HEADER_NAMES)
		return err_set(err, ERR_SPEC, o->names_where,
		    "header must be yes or no for an output");
	if (writing && !tsv && !o->quotes)
		return err_set(err, ERR_SPEC, settings->where,
		    "quote cannot be none for an output");
	if (o->quotes && o->delim == o->quote)
		return err_set(err, ERR_SPEC, settings->where,
		    "delimiter and quote are the same character");
	return 0;
}
