/* SPDX-License-Identifier: MIT */
/*
 * The grammar of operators, by recursive descent, one function a level:
 *
 *	OR < AND < NOT < comparisons, IS, BETWEEN, LIKE, IN … < + - || < * / %
 *	< unary - < x[i] x.f x::type
 *
 * What begins an operand is in parse_prim.c. An expression ends where no
 * operator follows, so the grammar of queries needs no list of its own words
 * here. Nesting is counted, and the depth and size of trees are limited, since
 * everything that walks a tree does so recursively.
 */
#include "expr/parse.h"

typedef struct node *level(struct lexer *lx);

void
nodes_add(struct lexer *lx, struct nodes *list, struct node *n)
{
	if (list->n == list->cap) {
		unsigned cap = list->cap ? 2 * list->cap : 4;
		struct node **p;

		p = arena_array(lx->arena, cap, sizeof(struct node *));
		if (list->n)
			memcpy(p, list->p, list->n * sizeof(struct node *));
		list->p = p;
		list->cap = cap;
	}
	list->p[list->n++] = n;
}

int
parse_enter(struct lexer *lx)
{
	if (lx->depth >= PARSE_DEPTH_MAX)
		return lex_fail(lx, "nested too deep (more than %d levels)",
		    PARSE_DEPTH_MAX);
	lx->depth++;
	return 0;
}

void
parse_leave(struct lexer *lx)
{
	lx->depth--;
}

static struct where
since(const struct lexer *lx, unsigned from)
{
	return (struct where){lx->src, from, lx->done - from};
}

/* Adds a child's depth and size to its parent's. */
static void
measure(struct node *n, const struct node *child)
{
	if (child->depth >= n->depth)
		n->depth = child->depth + 1;
	n->size += child->size;
	if (n->size > NODE_SIZE_MAX)
		n->size = NODE_SIZE_MAX + 1;
}

static struct node *
limited(struct lexer *lx, struct node *n)
{
	if (n->depth > NODE_DEPTH_MAX) {
		err_set(lx->err, ERR_SPEC, n->where,
		    "more than %d operations nested", NODE_DEPTH_MAX);
		return NULL;
	}
	if (n->size > NODE_SIZE_MAX) {
		err_set(lx->err, ERR_SPEC, n->where,
		    "more than %d operations in one expression", NODE_SIZE_MAX);
		return NULL;
	}
	return n;
}

struct node *
parse_call_of(struct lexer *lx, unsigned from, struct str name,
    struct where name_at, struct nodes args)
{
	struct node *n = arena_zalloc(lx->arena, sizeof(*n));

	n->kind = NODE_CALL;
	n->where = since(lx, from);
	n->name = name;
	n->name_at = name_at;
	n->args = args.p;
	n->n_args = args.n;
	n->cast = (struct cast_type){.precision = -1, .scale = -1};
	n->depth = n->size = 1;
	for (unsigned i = 0; i < args.n; i++)
		measure(n, args.p[i]);
	return limited(lx, n);
}

struct node *
parse_call1(struct lexer *lx, unsigned from, const char *name, struct where at,
    struct node *a)
{
	struct nodes args = {0};

	if (!a)
		return NULL;
	nodes_add(lx, &args, a);
	return parse_call_of(lx, from, str_of(name), at, args);
}

struct node *
parse_call2(struct lexer *lx, unsigned from, const char *name, struct where at,
    struct node *a, struct node *b)
{
	struct nodes args = {0};

	if (!a || !b)
		return NULL;
	nodes_add(lx, &args, a);
	nodes_add(lx, &args, b);
	return parse_call_of(lx, from, str_of(name), at, args);
}

struct node *
parse_literal(struct lexer *lx, unsigned from, struct value v)
{
	struct node *n = arena_zalloc(lx->arena, sizeof(*n));

	n->kind = NODE_LITERAL;
	n->where = since(lx, from);
	n->value = v;
	n->depth = n->size = 1;
	return n;
}

struct node *
parse_missing(struct lexer *lx)
{
	char got[180];

	lex_fail(lx, "expected an expression, got %s",
	    lex_describe(lx, got, sizeof(got)));
	if (lx->tok.kind == TOK_NAME && !lx->tok.quoted)
		err_hint(lx->err, "a field of that name is written `%.*s`",
		    STR_ARG(lx->tok.text));
	return NULL;
}

int
parse_list(struct lexer *lx, struct nodes *list)
{
	do {
		struct node *n = parse_expr(lx);

		if (!n)
			return -1;
		nodes_add(lx, list, n);
	} while (lex_accept(lx, ","));
	return 0;
}

bool
parse_at_query(const struct lexer *lx)
{
	return lex_is(lx, "SELECT") ||
	       (lex_is(lx, "WITH") && lx->next.kind == TOK_NAME) ||
	       (lex_is(lx, "VALUES") &&
		   (lex_next_is(lx, "(") || lx->next.kind == TOK_INT ||
		       lx->next.kind == TOK_TEXT));
}

struct node *
parse_query(struct lexer *lx, unsigned from)
{
	struct node *n;

	if (!lx->hooks || !lx->hooks->query) {
		lex_fail(lx, "subqueries are not supported here");
		return NULL;
	}
	if (parse_enter(lx))
		return NULL;
	n = lx->hooks->query(lx, lx->hooks->owner);
	parse_leave(lx);
	if (!n || lex_expect(lx, ")"))
		return NULL;
	n->where = since(lx, from);
	n->depth = n->size = 1;
	return n;
}

/* Takes the current token and gives its place. */
static struct where
take(struct lexer *lx)
{
	struct where at = lx->tok.where;

	lex_next(lx);
	return at;
}

/* Makes n, the last call made, a longer one: a AND b AND c is one call. */
static struct node *
lengthen(
    struct lexer *lx, struct node *n, struct nodes *args, struct node *more)
{
	nodes_add(lx, args, more);
	n->args = args->p;
	n->n_args = args->n;
	n->where = since(lx, n->where.at);
	measure(n, more);
	return limited(lx, n);
}

/* operand {word operand}, as one call. */
static struct node *
chain(struct lexer *lx, const char *word, const char *name, level *operand)
{
	unsigned from = lx->tok.where.at;
	struct node *n = operand(lx), *more;
	struct nodes args = {0};
	struct where at;

	if (!n || !lex_is(lx, word))
		return n;
	at = take(lx);
	more = operand(lx);
	if (!more)
		return NULL;
	nodes_add(lx, &args, n);
	nodes_add(lx, &args, more);
	n = parse_call_of(lx, from, str_of(name), at, args);
	while (n && lex_accept(lx, word)) {
		more = operand(lx);
		n = more ? lengthen(lx, n, &args, more) : NULL;
	}
	return n;
}

/* ---- * / % and + - || ---- */

/* -5 is a literal, not a call, so that -9223372036854775808 is an int. */
static struct node *
negate(struct lexer *lx, unsigned from, struct where at, struct node *n)
{
	struct value v;

	if (!n)
		return NULL;
	v = n->value;
	if (n->kind != NODE_LITERAL || (v.type == T_INT && v.i == INT64_MIN) ||
	    !(type_is_number(v.type) || v.type == T_DURATION))
		return parse_call1(lx, from, "neg", at, n);
	if (v.type == T_FLOAT) {
		v.f = -v.f;
	} else if (v.type == T_DECIMAL) {
		struct dec d = {.v = -v.d->v, .scale = v.d->scale};
		int64_t i;

		v = value_decimal(lx->arena, d);
		if (!d.scale && dec_to_int(d, &i))
			v = value_int(i);
	} else {
		v.i = -v.i;
	}
	n->value = v;
	n->where = since(lx, from);
	return n;
}

static struct node *
parse_unary(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	bool minus = lex_is(lx, "-");
	struct where at;
	struct node *n;

	if (!minus && !lex_is(lx, "+"))
		return parse_postfix(lx);
	at = take(lx);
	if (parse_enter(lx))
		return NULL;
	n = parse_unary(lx);
	parse_leave(lx);
	return minus ? negate(lx, from, at, n) : n;
}

static struct node *
parse_product(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct node *n = parse_unary(lx);

	while (n) {
		const char *name = lex_is(lx, "*")   ? "*"
				   : lex_is(lx, "/") ? "/"
				   : lex_is(lx, "%") ? "%"
						     : NULL;
		struct where at;

		if (!name)
			break;
		at = take(lx);
		n = parse_call2(lx, from, name, at, n, parse_unary(lx));
	}
	return n;
}

struct node *
parse_sum(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct node *n = parse_product(lx), *more;
	struct nodes texts = {0}; /* of n, if n is a || made here */

	while (n) {
		const char *name = lex_is(lx, "+")    ? "+"
				   : lex_is(lx, "-")  ? "-"
				   : lex_is(lx, "||") ? "||"
						      : NULL;
		struct where at;

		if (!name)
			break;
		at = take(lx);
		more = parse_product(lx);
		if (!more)
			return NULL;
		if (*name == '|' && texts.n) {
			n = lengthen(lx, n, &texts, more);
			continue;
		}
		texts = (struct nodes){0};
		if (*name == '|') {
			nodes_add(lx, &texts, n);
			nodes_add(lx, &texts, more);
			n = parse_call_of(lx, from, STR("||"), at, texts);
		} else if (parse_is_months(n) || parse_is_months(more)) {
			n = parse_sum_months(lx, from, name, at, n, more);
		} else {
			n = parse_call2(lx, from, name, at, n, more);
		}
	}
	return n;
}

/* ---- comparisons and tests ---- */

static struct node *
negated(struct lexer *lx, unsigned from, struct where at, bool negative,
    struct node *n)
{
	return negative ? parse_call1(lx, from, "not", at, n) : n;
}

static struct node *
parse_between(struct lexer *lx, unsigned from, struct where at, struct node *x)
{
	bool symmetric = lex_accept(lx, "SYMMETRIC");
	struct node *lo, *hi, *a, *b;
	struct nodes args = {0}, swapped = {0};

	if (!symmetric)
		lex_accept(lx, "ASYMMETRIC");
	lo = parse_sum(lx);
	if (!lo || lex_expect(lx, "AND"))
		return NULL;
	hi = parse_sum(lx);
	if (!hi)
		return NULL;
	nodes_add(lx, &args, x);
	nodes_add(lx, &args, lo);
	nodes_add(lx, &args, hi);
	a = parse_call_of(lx, from, STR("between"), at, args);
	if (!symmetric || !a)
		return a;
	nodes_add(lx, &swapped, x);
	nodes_add(lx, &swapped, hi);
	nodes_add(lx, &swapped, lo);
	b = parse_call_of(lx, from, STR("between"), at, swapped);
	return parse_call2(lx, from, "or", at, a, b);
}

static struct node *
parse_in(struct lexer *lx, unsigned from, struct where at, struct node *x)
{
	struct nodes args = {0};
	unsigned open = lx->tok.where.at;

	if (lex_expect(lx, "("))
		return NULL;
	if (parse_at_query(lx))
		return parse_call2(
		    lx, from, "in query", at, x, parse_query(lx, open));
	if (!parse_is_row(x))
		nodes_add(lx, &args, x);
	if (parse_list(lx, &args) || lex_expect(lx, ")"))
		return NULL;
	if (parse_is_row(x))
		return parse_row_in(lx, from, at, x, &args);
	return parse_call_of(lx, from, STR("in"), at, args);
}

/* LIKE, ILIKE, SIMILAR TO: pattern [ESCAPE e]. */
static struct node *
parse_like(struct lexer *lx, unsigned from, const char *name, bool lower,
    struct where at, struct node *x)
{
	struct nodes args = {0};
	struct node *pattern = parse_sum(lx), *escape;

	if (pattern && lower) {
		x = parse_call1(lx, from, "lower", at, x);
		pattern =
		    parse_call1(lx, pattern->where.at, "lower", at, pattern);
	}
	if (!x || !pattern)
		return NULL;
	nodes_add(lx, &args, x);
	nodes_add(lx, &args, pattern);
	if (lex_accept(lx, "ESCAPE")) {
		escape = parse_sum(lx);
		if (!escape)
			return NULL;
		nodes_add(lx, &args, escape);
	}
	return parse_call_of(lx, from, str_of(name), at, args);
}

/* x ~* 'y' is x ~ '(?i)' || 'y'. */
static struct node *
parse_regex(struct lexer *lx, unsigned from, bool nocase, struct where at,
    struct node *x)
{
	unsigned start = lx->tok.where.at;
	struct node *pattern = parse_sum(lx);

	if (pattern && nocase)
		pattern = parse_call2(lx, start, "||", at,
		    parse_literal(lx, start, value_text(STR("(?i)"))), pattern);
	return parse_call2(lx, from, "regex", at, x, pattern);
}

static struct node *
parse_is(struct lexer *lx, unsigned from, struct where at, struct node *x)
{
	static const char *const tests[][2] = {{"NULL", "is null"},
	    {"TRUE", "is true"}, {"FALSE", "is false"},
	    {"UNKNOWN", "is unknown"}};
	bool negative = lex_accept(lx, "NOT");
	struct node *n;
	char got[180];

	for (unsigned i = 0; i < 4; i++) {
		if (!lex_accept(lx, tests[i][0]))
			continue;
		n = parse_call1(lx, from, tests[i][1], at, x);
		return negated(lx, from, at, negative, n);
	}
	if (lex_accept(lx, "DISTINCT")) {
		if (lex_expect(lx, "FROM"))
			return NULL;
		n = parse_call2(
		    lx, from, "is distinct from", at, x, parse_sum(lx));
		return negated(lx, from, at, negative, n);
	}
	if (lex_accept(lx, "JSON")) {
		/* NULL is no JSON, and not UNKNOWN either. */
		n = parse_is_json(lx, from, at, x);
		n = parse_call1(lx, from, "is true", at, n);
		return negated(lx, from, at, negative, n);
	}
	lex_fail(lx,
	    "expected NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM, "
	    "got %s",
	    lex_describe(lx, got, sizeof(got)));
	return NULL;
}

/* A word operator at the current token (behind NOT, if negative). */
static struct node *
parse_word(struct lexer *lx, unsigned from, struct where not_at, bool negative,
    struct node *x)
{
	struct where at = lx->tok.where;

	if (lex_accept(lx, "BETWEEN"))
		x = parse_between(lx, from, at, x);
	else if (lex_accept(lx, "IN"))
		x = parse_in(lx, from, at, x);
	else if (lex_accept(lx, "LIKE"))
		x = parse_like(lx, from, "like", false, at, x);
	else if (lex_accept(lx, "ILIKE"))
		x = parse_like(lx, from, "like", true, at, x);
	else if (lex_accept(lx, "SIMILAR"))
		x = lex_expect(lx, "TO")
			? NULL
			: parse_like(lx, from, "similar", false, at, x);
	else if (lex_accept(lx, "OVERLAPS"))
		x = parse_overlaps(lx, from, at, x);
	else if (lex_accept(lx, "REGEXP") || lex_accept(lx, "RLIKE"))
		x = parse_regex(lx, from, false, at, x);
	return negated(lx, from, not_at, negative, x);
}

/* Words that begin parse_word's operators. */
static bool
is_word(bool (*is)(const struct lexer *, const char *), struct lexer *lx)
{
	return is(lx, "BETWEEN") || is(lx, "IN") || is(lx, "LIKE") ||
	       is(lx, "ILIKE") || is(lx, "SIMILAR") || is(lx, "REGEXP") ||
	       is(lx, "RLIKE") || is(lx, "OVERLAPS");
}

/* = ANY (query) is IN, <> ALL (query) NOT IN. */
static struct node *
compare_query(struct lexer *lx, unsigned from, const char *name, bool all,
    struct where at, struct node *x)
{
	unsigned open = lx->done;
	bool in = !strcmp(name, all ? "<>" : "=");
	struct node *n;

	if (!in && parse_is_row(x)) {
		err_set(lx->err, ERR_SPEC, x->where,
		    "rows are compared with a query by = ANY, <> ALL or IN");
		return NULL;
	}
	name = in ? "in query"
		  : arena_printf(
			lx->arena, "%s %s query", name, all ? "all" : "any")
			.p;
	n = parse_call2(lx, from, name, at, x, parse_query(lx, open - 1));
	return in ? negated(lx, from, at, all, n) : n;
}

/* x = ANY (list), x > ALL (list) */
static struct node *
compare_list(struct lexer *lx, unsigned from, const char *name, struct where at,
    struct node *x)
{
	bool all = lex_is(lx, "ALL");
	struct node *list;

	lex_next(lx);
	lex_next(lx);
	if (parse_at_query(lx))
		return compare_query(lx, from, name, all, at, x);
	list = parse_expr(lx);
	if (!list || lex_expect(lx, ")"))
		return NULL;
	name = arena_printf(lx->arena, "%s %s", name, all ? "all" : "any").p;
	return parse_call2(lx, from, name, at, x, list);
}

static struct node *
parse_compare(struct lexer *lx, unsigned from, const char *name, struct node *x)
{
	struct where at = take(lx);
	struct node *y;

	if ((lex_is(lx, "ANY") || lex_is(lx, "ALL") || lex_is(lx, "SOME")) &&
	    lex_next_is(lx, "("))
		return compare_list(lx, from, name, at, x);
	y = parse_sum(lx);
	if (y && parse_is_row(x) && parse_is_row(y))
		return parse_compare_rows(lx, from, name, at, x, y);
	return parse_call2(lx, from, name, at, x, y);
}

static const char *
compare_name(const struct lexer *lx)
{
	static const char *const names[][2] = {{"=", "="}, {"==", "="},
	    {"<>", "<>"}, {"!=", "<>"}, {"<", "<"}, {"<=", "<="}, {">", ">"},
	    {">=", ">="}};

	for (unsigned i = 0; i < 8; i++)
		if (lex_is(lx, names[i][0]))
			return names[i][1];
	return NULL;
}

static struct node *
no_at_time_zone(struct lexer *lx)
{
	lex_fail(lx, "AT TIME ZONE is not known: a time is an instant, and "
		     "functions of it take a zone");
	err_hint(lx->err, "hour(t, 'Europe/Berlin'), date_trunc('day', t, "
			  "zone), date_format(t, pattern, zone)");
	return NULL;
}

static struct node *
parse_test(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct node *n = parse_sum(lx);

	while (n) {
		const char *name = compare_name(lx);
		struct where at = lx->tok.where;

		if (name) {
			n = parse_compare(lx, from, name, n);
		} else if (lex_accept(lx, "IS")) {
			n = parse_is(lx, from, at, n);
		} else if (is_word(lex_is, lx)) {
			n = parse_word(lx, from, at, false, n);
		} else if (lex_is(lx, "NOT") && is_word(lex_next_is, lx)) {
			lex_next(lx);
			n = parse_word(lx, from, at, true, n);
		} else if (lex_is(lx, "~") || lex_is(lx, "~*")) {
			bool nocase = lex_is(lx, "~*");

			lex_next(lx);
			n = parse_regex(lx, from, nocase, at, n);
		} else if (lex_accept(lx, "!~")) {
			n = parse_regex(lx, from, false, at, n);
			n = negated(lx, from, at, true, n);
		} else if (lex_is(lx, "AT") && lex_next_is(lx, "TIME")) {
			return no_at_time_zone(lx);
		} else {
			break;
		}
	}
	return n;
}

/* ---- NOT, AND, OR ---- */

static struct node *
parse_not(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct where at;
	struct node *n;

	if (!lex_is(lx, "NOT"))
		return parse_test(lx);
	at = take(lx);
	if (parse_enter(lx))
		return NULL;
	n = parse_not(lx);
	parse_leave(lx);
	return parse_call1(lx, from, "not", at, n);
}

static struct node *
parse_and(struct lexer *lx)
{
	return chain(lx, "AND", "and", parse_not);
}

struct node *
parse_expr(struct lexer *lx)
{
	struct node *n;

	if (parse_enter(lx))
		return NULL;
	n = chain(lx, "OR", "or", parse_and);
	parse_leave(lx);
	return n;
}

struct node *
expr_parse(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct node *n;

	if (!lex_is(lx, "*"))
		return parse_expr(lx);
	lex_next(lx);
	n = parse_literal(lx, from, VALUE_NULL);
	n->kind = NODE_STAR;
	return n;
}

struct node *
expr_parse_text(const struct source *src, unsigned from, unsigned to,
    struct arena *arena, struct err *err)
{
	struct lexer lx;
	struct node *n;
	char got[180];

	lex_init(&lx, src, from, to, arena, err);
	n = expr_parse(&lx);
	if (n && lx.tok.kind != TOK_END) {
		lex_fail(&lx, "expected an operator or the end, got %s",
		    lex_describe(&lx, got, sizeof(got)));
		return NULL;
	}
	return n;
}
