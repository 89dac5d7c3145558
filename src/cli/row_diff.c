/* SPDX-License-Identifier: MIT */
/*
 * Comparing rows; see row_diff.h. In order, as many rows as possible are
 * matched (the longest common subsequence, Wagner and Fischer 1974); between
 * them, what is left on both sides is paired in order.
 */
#include "cli/row_diff.h"

#include "base/mem.h"
#include "data/cast.h"
#include "data/pack.h"

#define DIFFERENCES_SHOWN 10
/* Beyond so many pairs of rows they are compared by their places. */
#define PAIRS_MAX ((size_t)4 << 20)
#define NO_ROW (~0u)

/* ---- are they the same? ---- */

static bool
same_as(const struct row_diff *d, struct value a, struct value b, enum type t)
{
	struct value x, y;

	return value_cast(d->arena, a, t, NULL, &x) &&
	       value_cast(d->arena, b, t, NULL, &y) && value_eq(x, y);
}

static bool
same_field(
    const struct row_diff *d, struct str name, struct value a, struct value b)
{
	const struct flow_column *c;

	if (value_eq(a, b))
		return true;
	if (a.type != T_TEXT || b.type != T_TEXT)
		return false;
	c = flow_find(d->flow, name);
	return c && !c->spread &&
	       (type_is_instant(c->type) || c->type == T_DURATION) &&
	       same_as(d, a, b, c->type);
}

/* The next field of a packed map; false behind the last. */
static bool
next_field(struct str *rest, struct arena *a, struct str *name, struct value *v)
{
	const char *p = rest->p, *end = rest->p + rest->n;
	struct value key;

	if (p == end || pack_get(&p, end, a, &key) || pack_get(&p, end, a, v))
		return false;
	*name = value_str(key);
	*rest = (struct str){p, (size_t)(end - p)};
	return true;
}

/* The fields of a map, behind its header. */
static struct str
fields_of(struct value map)
{
	const char *p = map.p, *end = map.p + map.len;
	uint32_t n;

	if (!pack_get_map(&p, end, &n))
		p = end;
	return (struct str){p, (size_t)(end - p)};
}

static bool
same_row(const struct row_diff *d, struct value want, struct value got)
{
	struct str rest = fields_of(want), name;
	struct value a, b;

	if (pack_count(want) != pack_count(got))
		return false;
	while (next_field(&rest, d->arena, &name, &a))
		if (!pack_map_find(got, name, d->arena, &b) ||
		    !same_field(d, name, a, b))
			return false;
	return true;
}

/* ---- which stand for which ---- */

/*
 * match[i]: the row that came for the expected row i, or NO_ROW. first: rows
 * at the beginning that are the same; so many at the end, too.
 */
static void
match_middle(
    const struct row_diff *d, unsigned first, unsigned last, unsigned *match)
{
	unsigned n = d->n_want - first - last, m = d->n_got - first - last;
	unsigned width = m + 1, i, k;
	unsigned *best = mem_zalloc(((size_t)n + 1) * width * sizeof *best);

	for (i = n; i-- > 0;)
		for (k = m; k-- > 0;) {
			unsigned down = best[(i + 1) * width + k];
			unsigned right = best[i * width + k + 1];

			best[i * width + k] =
			    same_row(d, d->want[first + i], d->got[first + k])
				? best[(i + 1) * width + k + 1] + 1
			    : down > right ? down
					   : right;
		}
	for (i = k = 0; i < n && k < m;) {
		if (same_row(d, d->want[first + i], d->got[first + k]))
			match[first + i++] = first + k++;
		else if (best[(i + 1) * width + k] >= best[i * width + k + 1])
			i++;
		else
			k++;
	}
	mem_free(best);
}

static void
match_in_order(const struct row_diff *d, unsigned *match)
{
	unsigned n = d->n_want < d->n_got ? d->n_want : d->n_got;
	unsigned first = 0, last = 0;

	while (first < n && same_row(d, d->want[first], d->got[first])) {
		match[first] = first;
		first++;
	}
	while (last < n - first && same_row(d, d->want[d->n_want - last - 1],
				       d->got[d->n_got - last - 1])) {
		last++;
		match[d->n_want - last] = d->n_got - last;
	}
	if ((size_t)(d->n_want - first - last) * (d->n_got - first - last) <=
	    PAIRS_MAX)
		match_middle(d, first, last, match);
}

static void
match_any(const struct row_diff *d, unsigned *match)
{
	bool *taken = mem_zalloc(d->n_got * sizeof *taken);

	for (unsigned i = 0; i < d->n_want; i++)
		for (unsigned k = 0; k < d->n_got; k++) {
			if (taken[k] || !same_row(d, d->want[i], d->got[k]))
				continue;
			taken[k] = true;
			match[i] = k;
			break;
		}
	mem_free(taken);
}

/* ---- what is shown ---- */

static void
show_place(const struct row_diff *d, unsigned want, struct buf *out)
{
	struct where at = d->at[want];
	unsigned line, column;

	where_line(at, &line, &column);
	buf_printf(out, "# %s:%u:%u: ", at.src->name, line, column);
}

static void
show_row(struct value row, struct buf *out)
{
	buf_lit(out, "#   ");
	value_json(out, row);
	buf_addc(out, '\n');
}

static void
show_field(struct str name, const struct value *want, const struct value *got,
    struct buf *out)
{
	buf_lit(out, "#   ");
	buf_adds(out, name);
	buf_lit(out, ": expected ");
	if (want)
		value_json(out, *want);
	else
		buf_lit(out, "no such field");
	buf_lit(out, ", got ");
	if (got)
		value_json(out, *got);
	else
		buf_lit(out, "no such field");
	buf_addc(out, '\n');
}

static void
show_fields(const struct row_diff *d, struct value want, struct value got,
    struct buf *out)
{
	struct str rest = fields_of(want), name;
	struct value a, b;

	while (next_field(&rest, d->arena, &name, &a)) {
		bool there = pack_map_find(got, name, d->arena, &b);

		if (!there || !same_field(d, name, a, b))
			show_field(name, &a, there ? &b : NULL, out);
	}
	rest = fields_of(got);
	while (next_field(&rest, d->arena, &name, &b))
		if (!pack_map_find(want, name, d->arena, &a))
			show_field(name, NULL, &b, out);
}

struct show {
	const struct row_diff *d;
	struct buf *out;
	unsigned shown, left;
};

/* Rows [want, want_to) were expected, [got, got_to) came instead. */
static void
show_hunk(struct show *s, const unsigned *want, unsigned n_want,
    const unsigned *got, unsigned n_got)
{
	for (unsigned i = 0; i < n_want || i < n_got; i++) {
		if (s->shown == DIFFERENCES_SHOWN) {
			s->left++;
			continue;
		}
		s->shown++;
		if (i >= n_want) {
			buf_printf(
			    s->out, "# row %u was not expected\n", got[i] + 1);
			show_row(s->d->got[got[i]], s->out);
			continue;
		}
		show_place(s->d, want[i], s->out);
		if (i >= n_got) {
			buf_printf(s->out, "row %u is missing\n", want[i] + 1);
			show_row(s->d->want[want[i]], s->out);
			continue;
		}
		buf_printf(s->out, "row %u differs\n", want[i] + 1);
		show_fields(
		    s->d, s->d->want[want[i]], s->d->got[got[i]], s->out);
	}
}

/* Rows between two matches are a hunk; without order, all are one. */
static void
show_all(const struct row_diff *d, const unsigned *match, struct buf *out)
{
	struct show s = {.d = d, .out = out};
	unsigned *want = mem_array(d->n_want + 1, sizeof *want);
	unsigned *got = mem_array(d->n_got + 1, sizeof *got);
	bool *taken = mem_zalloc(d->n_got + 1);
	unsigned n_want = 0, n_got = 0, k = 0;

	for (unsigned i = 0; i < d->n_want; i++)
		if (match[i] != NO_ROW)
			taken[match[i]] = true;
	for (unsigned i = 0; i < d->n_want; i++) {
		if (match[i] == NO_ROW) {
			want[n_want++] = i;
			continue;
		}
		if (d->unordered)
			continue;
		for (; k < match[i]; k++)
			got[n_got++] = k;
		k = match[i] + 1;
		show_hunk(&s, want, n_want, got, n_got);
		n_want = n_got = 0;
	}
	for (; k < d->n_got; k++)
		if (!taken[k])
			got[n_got++] = k;
	show_hunk(&s, want, n_want, got, n_got);
	if (s.left)
		buf_printf(out, "# and %u more\n", s.left);
	mem_free(want);
	mem_free(got);
	mem_free(taken);
}

bool
row_diff_same(const struct row_diff *d, struct buf *out)
{
	unsigned *match = mem_array(d->n_want + 1, sizeof *match);
	unsigned n = 0;
	bool same;

	for (unsigned i = 0; i < d->n_want; i++)
		match[i] = NO_ROW;
	if (d->unordered)
		match_any(d, match);
	else
		match_in_order(d, match);
	for (unsigned i = 0; i < d->n_want; i++)
		n += match[i] != NO_ROW;
	same = n == d->n_want && n == d->n_got;
	if (!same)
		show_all(d, match, out);
	mem_free(match);
	return same;
}
