/* SPDX-License-Identifier: MIT */
/* Settings of a format; see option.h. */
#include "io/option.h"

#include "io/text.h"

int
option_must_be(const struct setting *s, const char *what, struct err *err)
{
	return err_set(
	    err, ERR_SPEC, s->where, "%.*s must be %s", STR_ARG(s->name), what);
}

int
option_bool(const struct setting *s, bool *out, struct err *err)
{
	*out = str_is(s->value, "yes") || str_is(s->value, "true");
	if (!*out && !str_is(s->value, "no") && !str_is(s->value, "false"))
		return option_must_be(s, "yes or no", err);
	return 0;
}

int
option_char(const struct setting *s, char *out, struct err *err)
{
	struct str v = s->value;

	if (str_is(v, "tab") || str_is(v, "\\t"))
		v = STR("\t");
	else if (str_is(v, "space"))
		v = STR(" ");
	else if (str_is(v, "comma"))
		v = STR(",");
	if (v.n != 1 || v.p[0] <= 0 || v.p[0] == '\n' || v.p[0] == '\r')
		return option_must_be(
		    s, "one ASCII character, or tab or space", err);
	*out = v.p[0];
	return 0;
}

static int
set_one(const struct format *format, const struct options *o,
    const struct setting *s, void *to, struct err *err)
{
	struct str known[16];
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (str_eq(s->name, o->list[i].name))
			return o->list[i].set(to, s, err);
		if (n < sizeof known / sizeof *known)
			known[n++] = o->list[i].name;
	}
	return text_unknown_setting(format, s, known, n, err);
}

/* True at "NAME=" with some setting's name. */
static bool
at_name(const struct options *o, struct str s)
{
	for (size_t i = 0; i < o->n; i++) {
		struct str name = o->list[i].name;

		if (str_starts(s, name) && s.n > name.n && s.p[name.n] == '=')
			return true;
	}
	return false;
}

/* Cuts one setting off the front of what stands behind the colon. */
static struct setting
cut(const struct options *o, struct str *rest, struct where where)
{
	const char *eq = rest->n ? memchr(rest->p, '=', rest->n) : NULL;
	size_t name = eq ? (size_t)(eq - rest->p) : rest->n;
	size_t from = eq ? name + 1 : rest->n, to = from;
	struct setting s = {.name = {rest->p, name}};

	if (o->alone && !at_name(o, *rest)) {
		s.name = str_of(o->alone);
		from = 0;
		to = rest->n > 0; /* the value may be a comma */
	}
	while (to < rest->n &&
	       !(rest->p[to] == ',' && at_name(o, (struct str){rest->p + to + 1,
						      rest->n - to - 1})))
		to++;
	s.value = (struct str){rest->p + from, to - from};
	s.where = text_where(where, (struct str){rest->p, to});
	to += to < rest->n;
	rest->p += to;
	rest->n -= to;
	return s;
}

int
options_read(const struct format *format, const struct options *options,
    const struct settings *settings, void *to, struct err *err)
{
	struct str arg = settings->arg;

	while (arg.n) {
		struct setting s = cut(options, &arg, settings->where);

		if (set_one(format, options, &s, to, err))
			return -1;
	}
	for (unsigned i = 0; i < settings->n; i++)
		if (set_one(format, options, &settings->list[i], to, err))
			return -1;
	return 0;
}
