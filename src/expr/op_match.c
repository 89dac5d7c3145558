/* SPDX-License-Identifier: MIT */
/*
 * Patterns: LIKE, SIMILAR TO, x ~ 'regex', and text joined by ||.
 *
 * A constant pattern is compiled when the expression is bound. A pattern from
 * the rows is compiled when it differs from that of the row before. Values
 * that are no text are matched as their text.
 */
#include "expr/code.h"
#include "expr/like.h"
#include "expr/regex.h"

enum match_kind {
	MATCH_LIKE,
	MATCH_SIMILAR,
	MATCH_REGEX
};

/* A compiled pattern: a LIKE or a regular expression. */
struct matcher {
	struct like like;
	const struct regex *regex; /* else like */
};

/* The pattern of e's kind in row; NULL and *reason if it is malformed. */
static const struct matcher *
compile_row(const struct expr *e, struct eval *ev, struct str pattern,
    char escape, const char **reason)
{
	struct matcher *m = arena_zalloc(ev->arena, sizeof(*m));
	unsigned flags = 0;

	if (e->op == MATCH_LIKE)
		return like_compile(
			   pattern, escape, ev->arena, &m->like, reason)
			   ? m
			   : NULL;
	if (e->op == MATCH_SIMILAR) {
		if (!regex_of_similar(
			pattern, escape, ev->arena, &pattern, reason))
			return NULL;
		flags = REGEX_WHOLE | REGEX_DOTALL;
	}
	m->regex = regex_pooled(ev, pattern, flags, reason);
	return m->regex ? m : NULL;
}

static const char LIMIT[] = REGEX_LIMIT_REASON;

static INLINE bool
match_one(
    const struct matcher *m, struct eval *ev, struct str s, const char **reason)
{
	enum regex_status status;

	*reason = NULL;
	if (!m->regex)
		return like_match(&m->like, s);
	status = regex_match(m->regex, ev, s, 0, NULL, 0);
	if (status == REGEX_LIMIT)
		*reason = LIMIT;
	return status == REGEX_YES;
}

/* ---- constant patterns ---- */

/* The text column to match, as text; rows without NULLs. */
static struct rows
subject(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *x)
{
	expr_run(e->args[0], ev, b, rows, x);
	col_text(ev, x, rows);
	return col_present(ev, x, rows);
}

static INLINE bool
starts(struct str s, struct str with)
{
	uint64_t a, b;

	if (s.n < with.n)
		return false;
	if (with.n < 8)
		return !memcmp(s.p, with.p, with.n);
	memcpy(&a, s.p, 8);
	memcpy(&b, with.p, 8);
	return a == b && !memcmp(s.p + 8, with.p + 8, with.n - 8);
}

static unsigned
select_prefix(
    const struct column *x, struct str prefix, struct rows rows, uint16_t *out)
{
	unsigned mask = x->constant ? 0 : ~0u, n = 0;

	for (unsigned k = 0; k < rows.n; k++) {
		out[n] = rows.sel[k];
		n += starts(x->s[rows.sel[k] & mask], prefix);
	}
	return n;
}

static unsigned
select_match(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, uint16_t *out)
{
	const struct matcher *m = e->more;
	struct column x;
	const char *reason;
	unsigned mask, n = 0;

	rows = subject(e, ev, b, rows, &x);
	if (!m->regex && m->like.kind == LIKE_PREFIX)
		return select_prefix(&x, m->like.text, rows, out);
	mask = x.constant ? 0 : ~0u;
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out[n] = (uint16_t)row;
		n += match_one(m, ev, x.s[row & mask], &reason);
		if (reason)
			eval_fail(ev, row, reason);
	}
	return n;
}

static void
eval_match(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x;
	const char *reason;
	unsigned mask;

	*out = col_null();
	rows = subject(e, ev, b, rows, &x);
	if (x.type == T_NULL)
		return;
	*out = column_new(ev->arena, T_BOOL);
	out->nulls = col_nulls(ev, &x, NULL);
	mask = x.constant ? 0 : ~0u;
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out->b[row] = match_one(e->more, ev, x.s[row & mask], &reason);
		if (reason)
			col_fail(ev, out, row, reason);
	}
}

/* ---- patterns from the rows ---- */

static void
eval_match_row(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	char escape = e->more ? *(const char *)e->more : 0;
	const struct matcher *m = NULL;
	struct str last = {0};
	struct column x, p;
	const char *reason;

	*out = column_new(ev->arena, T_BOOL);
	expr_run(e->args[1], ev, b, rows, &p);
	col_text(ev, &p, rows);
	expr_run(e->args[0], ev, b, rows, &x);
	col_text(ev, &x, rows);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value v = column_get(&p, row);

		if (v.type == T_NULL || column_is_null(&x, row)) {
			column_set_null(out, ev->arena, row);
			continue;
		}
		if (!m || !str_eq(last, value_str(v)))
			m = compile_row(e, ev, value_str(v), escape, &reason);
		last = value_str(v);
		if (m)
			out->b[row] = match_one(
			    m, ev, value_str(column_get(&x, row)), &reason);
		if (reason)
			col_fail(ev, out, row, reason);
	}
}

/* ---- binding ---- */

/* One character, or none. */
static int
bind_escape(struct binder *bd, struct expr *e, char *out)
{
	struct value v;

	*out = 0;
	if (e->n_args < 3)
		return 0;
	if (!e->args[2]->constant)
		return bind_fail(bd, e->args[2]->where,
		    "the escape character must be constant");
	v = column_get(&e->args[2]->value, 0);
	if (v.type != T_TEXT || v.len != 1 || (unsigned char)*v.p >= 0x80)
		return bind_fail(bd, e->args[2]->where,
		    "the escape must be one ASCII character");
	*out = *v.p;
	return 0;
}

static int
compile_constant(
    struct binder *bd, struct expr *e, struct str pattern, char escape)
{
	struct matcher *m = arena_zalloc(bd->arena, sizeof(*m));
	struct where at = e->args[1]->where;
	unsigned flags = 0;
	const char *reason;

	e->more = m;
	if (e->op == MATCH_LIKE) {
		if (!like_compile(
			pattern, escape, bd->arena, &m->like, &reason))
			return bind_fail(bd, at, "%s", reason);
		return 0;
	}
	if (e->op == MATCH_SIMILAR) {
		if (!regex_of_similar(
			pattern, escape, bd->arena, &pattern, &reason))
			return bind_fail(bd, at, "%s", reason);
		flags = REGEX_WHOLE | REGEX_DOTALL;
	}
	m->regex = regex_compile(pattern, flags, bd->arena, at, bd->err);
	return m->regex ? 0 : -1;
}

static int
bind_match(struct binder *bd, const struct node *n, struct expr *e)
{
	struct value v = VALUE_NULL;
	char escape, *keep;

	e->op = *n->name.p == 'l'   ? MATCH_LIKE
		: *n->name.p == 's' ? MATCH_SIMILAR
				    : MATCH_REGEX;
	e->type = T_BOOL;
	e->eval = eval_match_row;
	for (unsigned i = 0; i < 2; i++) {
		enum type t = e->args[i]->type;

		if (t == T_LIST || t == T_MAP || t == T_BYTES ||
		    (i && t != T_TEXT && t != T_ANY && t != T_NULL))
			return bind_fail(bd, e->args[i]->where,
			    "%s needs a text, not %s",
			    e->op == MATCH_LIKE ? "LIKE" : "the pattern match",
			    type_name(t));
	}
	if (bind_escape(bd, e, &escape))
		return -1;
	keep = arena_alloc(bd->arena, 1);
	*keep = escape;
	e->more = keep;
	if (e->args[1]->constant)
		v = column_get(&e->args[1]->value, 0);
	if (v.type != T_TEXT)
		return 0;
	e->safe = e->op == MATCH_LIKE;
	e->eval = eval_match;
	e->select = select_match;
	return compile_constant(bd, e, value_str(v), escape);
}

/* ---- || ---- */

static void
join_row(struct eval *ev, const struct column *cols, unsigned n, unsigned row,
    struct column *out)
{
	size_t len = 0;
	char *p;

	for (unsigned i = 0; i < n; i++) {
		if (column_is_null(&cols[i], row)) {
			column_set_null(out, ev->arena, row);
			return;
		}
		len += cols[i].s[cols[i].constant ? 0 : row].n;
	}
	if (len > UINT32_MAX) {
		col_fail(ev, out, row, "the text is too long");
		return;
	}
	p = arena_alloc(ev->arena, len);
	out->s[row] = (struct str){p, len};
	for (unsigned i = 0; i < n; i++) {
		struct str s = cols[i].s[cols[i].constant ? 0 : row];

		if (s.n)
			memcpy(p, s.p, s.n);
		p += s.n;
	}
}

static void
eval_join(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column *cols;

	cols = arena_array(ev->arena, e->n_args, sizeof(*cols));
	*out = column_new(ev->arena, T_TEXT);
	for (unsigned i = 0; i < e->n_args; i++) {
		expr_run(e->args[i], ev, b, rows, &cols[i]);
		col_text(ev, &cols[i], rows);
	}
	for (unsigned k = 0; k < rows.n; k++)
		join_row(ev, cols, e->n_args, rows.sel[k], out);
}

static int
bind_join(struct binder *bd, const struct node *n, struct expr *e)
{
	for (unsigned i = 0; i < e->n_args; i++) {
		enum type t = e->args[i]->type;

		if (t == T_LIST || t == T_MAP || t == T_BYTES)
			return bind_fail(bd, n->name_at,
			    "cannot join %s to a text", type_name(t));
	}
	e->eval = eval_join;
	e->type = T_TEXT;
	return 0;
}

const struct op ops_match[] = {
    {"like", 2, 3, bind_match},
    {"regex", 2, 2, bind_match},
    {"similar", 2, 3, bind_match},
    {"||", 2, UINT32_MAX, bind_join},
    {NULL, 0, 0, NULL},
};
