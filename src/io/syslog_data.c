/* SPDX-License-Identifier: MIT */
/*
 * The structured data of RFC 5424 as values: [id name="value" ...] becomes
 * {id: {name: value}}. A name that comes several times has a list.
 */
#include "data/pack.h"
#include "io/scan.h"
#include "io/syslog.h"

/* Beyond that many in one element repeated names are not looked for. */
#define PARAMS_LOOKED_AT 256

struct param {
	struct str name, value;
};

/* The next name="value" of an element; false at its end. */
static bool
next_param(const char **p, const char *end, struct param *out)
{
	const char *from = *p, *q;
	bool escaped;

	while (from < end && *from == ' ')
		from++;
	q = scan_either(from, end, '=', ']');
	if (q == end || *q == ']' || end - q < 2 || q[1] != '"')
		return false;
	out->name = (struct str){from, (size_t)(q - from)};
	from = q + 2;
	q = scan_quote(from, end, '"', &escaped);
	if (!q)
		return false;
	out->value = (struct str){from, (size_t)(q - from)};
	*p = q + 1;
	return true;
}

/* Only \" \\ and \] are escapes (section 6.3.3). */
static void
put_value(struct buf *out, struct arena *a, struct str s)
{
	char *to, *copy;

	if (!s.n || !memchr(s.p, '\\', s.n)) {
		pack_put_text(out, s);
		return;
	}
	to = copy = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n &&
		    (s.p[i + 1] == '"' || s.p[i + 1] == '\\' ||
			s.p[i + 1] == ']'))
			i++;
		*to++ = s.p[i];
	}
	pack_put_text(out, (struct str){copy, (size_t)(to - copy)});
}

/* How many of list[from, n) have the name of list[from]. */
static uint32_t
count_same(const struct param *list, unsigned from, unsigned n)
{
	uint32_t same = 0;

	for (unsigned i = from; i < n; i++)
		same += str_eq(list[i].name, list[from].name);
	return same;
}

static bool
came_before(const struct param *list, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (str_eq(list[k].name, list[i].name))
			return true;
	return false;
}

static void
put_params(
    struct buf *out, struct arena *a, const struct param *list, unsigned n)
{
	uint32_t names = 0;

	for (unsigned i = 0; i < n; i++)
		names += !came_before(list, i);
	pack_put_map(out, names);
	for (unsigned i = 0; i < n; i++) {
		uint32_t same;

		if (came_before(list, i))
			continue;
		same = count_same(list, i, n);
		pack_put_text(out, list[i].name);
		if (same > 1)
			pack_put_array(out, same);
		for (unsigned k = i; k < n; k++)
			if (str_eq(list[k].name, list[i].name))
				put_value(out, a, list[k].value);
	}
}

/* One element, p behind its bracket; the place behind its end. */
static const char *
put_element(struct buf *out, struct arena *a, const char *p, const char *end)
{
	struct param list[PARAMS_LOOKED_AT], param;
	const char *id = p, *at;
	unsigned n = 0;
	uint32_t all = 0;

	p = scan_either(p, end, ' ', ']');
	pack_put_text(out, (struct str){id, (size_t)(p - id)});
	for (at = p; next_param(&at, end, &param); all++)
		if (n < PARAMS_LOOKED_AT)
			list[n++] = param;
	if (all == n) {
		put_params(out, a, list, n);
	} else {
		pack_put_map(out, all);
		for (at = p; next_param(&at, end, &param);) {
			pack_put_text(out, param.name);
			put_value(out, a, param.value);
		}
	}
	while (at < end && *at != ']')
		at++;
	return at < end ? at + 1 : end;
}

struct value
syslog_data(struct str s, struct arena *a, struct buf *scratch)
{
	const char *p = s.p, *end = s.p + s.n;
	struct buf elements = {0};
	uint32_t n = 0;
	struct value v;

	scratch->n = 0;
	while (p < end && *p == '[') {
		p = put_element(scratch, a, p + 1, end);
		n++;
	}
	pack_put_map(&elements, n);
	buf_adds(&elements, buf_str(scratch));
	v = value_of_str(T_MAP, arena_str(a, buf_str(&elements)));
	buf_release(&elements);
	return v;
}
