/* SPDX-License-Identifier: MIT */
/*
 * Forms with words inside their parentheses: CASE, CAST, EXTRACT, TRIM,
 * SUBSTRING … Each becomes an ordinary call, so that nothing behind the
 * grammar knows about its spelling. Most of the words are also ordinary
 * function names, and all of them may be column names: a form begins only
 * where its opening bracket follows.
 */
#include "expr/parse.h"

typedef struct node *form_fn(struct lexer *lx, unsigned from, struct where at);

/* ---- CASE ---- */

/* WHEN a, b THEN: x = a, or x IN (a, b). */
static struct node *
case_match(struct lexer *lx, struct node *x)
{
	unsigned from = lx->tok.where.at;
	struct where at = lx->tok.where;
	struct nodes args = {0};

	nodes_add(lx, &args, x);
	if (parse_list(lx, &args))
		return NULL;
	return parse_call_of(
	    lx, from, args.n == 2 ? STR("=") : STR("in"), at, args);
}

static struct node *
form_case(struct lexer *lx, unsigned from, struct where at)
{
	struct nodes args = {0};
	struct node *x = NULL, *n;

	if (!lex_is(lx, "WHEN")) {
		x = parse_expr(lx);
		if (!x)
			return NULL;
	}
	if (!lex_is(lx, "WHEN")) {
		lex_expect(lx, "WHEN");
		return NULL;
	}
	while (lex_accept(lx, "WHEN")) {
		n = x ? case_match(lx, x) : parse_expr(lx);
		if (!n || lex_expect(lx, "THEN"))
			return NULL;
		nodes_add(lx, &args, n);
		n = parse_expr(lx);
		if (!n)
			return NULL;
		nodes_add(lx, &args, n);
	}
	if (lex_accept(lx, "ELSE"))
		n = parse_expr(lx);
	else
		n = parse_literal(lx, lx->done, VALUE_NULL);
	if (!n || lex_expect(lx, "END"))
		return NULL;
	nodes_add(lx, &args, n);
	return parse_call_of(lx, from, STR("case"), at, args);
}

/* ---- CAST, EXTRACT, rounding ---- */

static struct node *
cast_form(struct lexer *lx, unsigned from, struct where at, const char *name)
{
	struct node *x = parse_expr(lx);
	struct cast_type type;
	struct node *n;

	if (!x || lex_expect(lx, "AS") || cast_type_parse(lx, &type) ||
	    lex_expect(lx, ")"))
		return NULL;
	n = parse_call1(lx, from, name, at, x);
	if (n)
		n->cast = type;
	return n;
}

static struct node *
form_cast(struct lexer *lx, unsigned from, struct where at)
{
	return cast_form(lx, from, at, "cast");
}

static struct node *
form_try_cast(struct lexer *lx, unsigned from, struct where at)
{
	return cast_form(lx, from, at, "try_cast");
}

static struct node *
form_extract(struct lexer *lx, unsigned from, struct where at)
{
	enum unit u = parse_unit(lx);
	struct node *n, *x;

	if (u == UNIT_NONE || lex_expect(lx, "FROM"))
		return NULL;
	x = parse_expr(lx);
	if (!x || lex_expect(lx, ")"))
		return NULL;
	n = parse_call1(lx, from, "extract", at, x);
	if (n)
		n->unit = str_of(unit_name(u));
	return n;
}

/* Further arguments behind a first one, and the ')'. */
static struct node *
plain_call(struct lexer *lx, unsigned from, struct where at, const char *name,
    struct node *first)
{
	struct nodes args = {0};

	if (!first)
		return NULL;
	nodes_add(lx, &args, first);
	if (lex_accept(lx, ",") && parse_list(lx, &args))
		return NULL;
	if (lex_expect(lx, ")"))
		return NULL;
	return parse_call_of(lx, from, str_of(name), at, args);
}

/* FLOOR(x), FLOOR(t TO unit) */
static struct node *
round_form(struct lexer *lx, unsigned from, struct where at, const char *name)
{
	struct node *x = parse_expr(lx), *n;
	enum unit u;

	if (!x || !lex_accept(lx, "TO"))
		return plain_call(lx, from, at, name, x);
	u = parse_unit(lx);
	if (u == UNIT_NONE || lex_expect(lx, ")"))
		return NULL;
	n = parse_call1(lx, from, name, at, x);
	if (n)
		n->unit = str_of(unit_name(u));
	return n;
}

static struct node *
form_floor(struct lexer *lx, unsigned from, struct where at)
{
	return round_form(lx, from, at, "floor");
}

static struct node *
form_ceil(struct lexer *lx, unsigned from, struct where at)
{
	return round_form(lx, from, at, "ceil");
}

/* TIMESTAMPADD(unit, n, t), TIMESTAMPDIFF(unit, a, b) */
static struct node *
unit_form(struct lexer *lx, unsigned from, struct where at, const char *name)
{
	enum unit u = parse_unit(lx);
	struct nodes args = {0};
	struct node *n;

	if (u == UNIT_NONE || lex_expect(lx, ",") || parse_list(lx, &args) ||
	    lex_expect(lx, ")"))
		return NULL;
	n = parse_call_of(lx, from, str_of(name), at, args);
	if (n)
		n->unit = str_of(unit_name(u));
	return n;
}

static struct node *
form_add(struct lexer *lx, unsigned from, struct where at)
{
	return unit_form(lx, from, at, "timestampadd");
}

static struct node *
form_diff(struct lexer *lx, unsigned from, struct where at)
{
	return unit_form(lx, from, at, "timestampdiff");
}

/* UNIX_TIMESTAMP() is that of now(). */
static struct node *
form_unix_timestamp(struct lexer *lx, unsigned from, struct where at)
{
	struct nodes none = {0};
	struct node *x;

	x = lex_is(lx, ")") ? parse_call_of(lx, from, STR("now"), at, none)
			    : parse_expr(lx);
	return plain_call(lx, from, at, "unix_timestamp", x);
}

/* ---- random numbers ---- */

/* Where the record begins: what random numbers with a seed go by. */
static struct node *
offset_name(struct lexer *lx, struct where at)
{
	struct node *n = parse_literal(lx, at.at, VALUE_NULL);
	struct path_step *step = arena_zalloc(lx->arena, sizeof *step);

	step->name = STR("_offset");
	n->kind = NODE_NAME;
	n->path = (struct path){step, 1};
	n->where = at;
	return n;
}

/* With a seed before the other arguments it is rand_by(seed, _offset, …). */
static struct node *
rand_form(struct lexer *lx, unsigned from, struct where at, const char *name,
    const char *by, unsigned n_others)
{
	struct nodes args = {0}, all = {0};

	if (!lex_is(lx, ")") && parse_list(lx, &args))
		return NULL;
	if (lex_expect(lx, ")"))
		return NULL;
	if (args.n != n_others + 1)
		return parse_call_of(lx, from, str_of(name), at, args);
	nodes_add(lx, &all, args.p[0]);
	nodes_add(lx, &all, offset_name(lx, at));
	if (n_others)
		nodes_add(lx, &all, args.p[1]);
	return parse_call_of(lx, from, str_of(by), at, all);
}

static struct node *
form_rand(struct lexer *lx, unsigned from, struct where at)
{
	return rand_form(lx, from, at, "rand", "rand_by", 0);
}

static struct node *
form_rand_integer(struct lexer *lx, unsigned from, struct where at)
{
	return rand_form(lx, from, at, "rand_integer", "rand_integer_by", 1);
}

/* ---- text ---- */

/* POSITION(a IN b); a is no IN itself. */
static struct node *
form_position(struct lexer *lx, unsigned from, struct where at)
{
	struct node *a = parse_sum(lx), *b;

	if (!a || !lex_accept(lx, "IN"))
		return plain_call(lx, from, at, "position", a);
	b = parse_expr(lx);
	if (!b || lex_expect(lx, ")"))
		return NULL;
	return parse_call2(lx, from, "position", at, a, b);
}

/* TRIM([BOTH | LEADING | TRAILING] [a] FROM b), TRIM(b [, a]) */
static struct node *
form_trim(struct lexer *lx, unsigned from, struct where at)
{
	static const char *const sides[][2] = {
	    {"BOTH", "trim"}, {"LEADING", "ltrim"}, {"TRAILING", "rtrim"}};
	const char *name = NULL;
	struct node *a = NULL, *b;

	for (unsigned i = 0; i < 3 && !name; i++) {
		if (!lex_is(lx, sides[i][0]) || lex_next_is(lx, ")") ||
		    lex_next_is(lx, ","))
			continue;
		lex_next(lx);
		name = sides[i][1];
	}
	if (!name || !lex_is(lx, "FROM")) {
		a = parse_expr(lx);
		if (!a)
			return NULL;
	}
	if (!name && !lex_is(lx, "FROM"))
		return plain_call(lx, from, at, "trim", a);
	if (lex_expect(lx, "FROM"))
		return NULL;
	b = parse_expr(lx);
	if (!b || lex_expect(lx, ")"))
		return NULL;
	name = name ? name : "trim";
	return a ? parse_call2(lx, from, name, at, b, a)
		 : parse_call1(lx, from, name, at, b);
}

/* … FROM i [FOR n] ) behind the arguments read so far. */
static struct node *
from_for(struct lexer *lx, unsigned from, struct where at, const char *name,
    struct nodes args)
{
	static const char *const words[] = {"FROM", "FOR"};
	struct node *n;

	for (unsigned i = 0; i < 2; i++) {
		if (i && !lex_is(lx, words[i]))
			break;
		if (lex_expect(lx, words[i]))
			return NULL;
		n = parse_expr(lx);
		if (!n)
			return NULL;
		nodes_add(lx, &args, n);
	}
	if (lex_expect(lx, ")"))
		return NULL;
	return parse_call_of(lx, from, str_of(name), at, args);
}

static struct node *
form_substring(struct lexer *lx, unsigned from, struct where at)
{
	struct node *x = parse_expr(lx);
	struct nodes args = {0};

	if (!x || !lex_is(lx, "FROM"))
		return plain_call(lx, from, at, "substring", x);
	nodes_add(lx, &args, x);
	return from_for(lx, from, at, "substring", args);
}

static struct node *
form_overlay(struct lexer *lx, unsigned from, struct where at)
{
	struct node *x = parse_expr(lx);
	struct nodes args = {0};

	if (!x || !lex_accept(lx, "PLACING"))
		return plain_call(lx, from, at, "overlay", x);
	nodes_add(lx, &args, x);
	x = parse_expr(lx);
	if (!x)
		return NULL;
	nodes_add(lx, &args, x);
	return from_for(lx, from, at, "overlay", args);
}

/* ---- lists, maps, queries ---- */

static struct node *
bracketed(struct lexer *lx, unsigned from, struct where at, const char *name)
{
	struct nodes args = {0};
	unsigned stop;

	if (!lex_is(lx, "]") && parse_list(lx, &args))
		return NULL;
	stop = lx->tok.where.at;
	if (lex_expect(lx, "]"))
		return NULL;
	if (*name == 'm' && args.n % 2) {
		err_set(lx->err, ERR_SPEC,
		    (struct where){lx->src, from, stop + 1 - from},
		    "MAP takes pairs: MAP[key, value, …]");
		return NULL;
	}
	return parse_call_of(lx, from, str_of(name), at, args);
}

static struct node *
form_array(struct lexer *lx, unsigned from, struct where at)
{
	return bracketed(lx, from, at, "list");
}

static struct node *
form_map(struct lexer *lx, unsigned from, struct where at)
{
	return bracketed(lx, from, at, "map");
}

static struct node *
form_exists(struct lexer *lx, unsigned from, struct where at)
{
	if (!parse_at_query(lx)) {
		lex_fail(lx, "expected a query: EXISTS (SELECT …)");
		return NULL;
	}
	return parse_call1(
	    lx, from, "exists", at, parse_query(lx, lx->tok.where.at));
}

static struct node *
form_row(struct lexer *lx, unsigned from, struct where at)
{
	struct nodes args = {0};

	if (parse_list(lx, &args) || lex_expect(lx, ")"))
		return NULL;
	return parse_call_of(lx, from, STR("row"), at, args);
}

/* Sorted by word; `open` must follow for the form to begin, but for CASE. */
static const struct form {
	const char *word, *open;
	form_fn *parse;
} forms[] = {
    {"ARRAY", "[", form_array},
    {"CASE", NULL, form_case},
    {"CAST", "(", form_cast},
    {"CEIL", "(", form_ceil},
    {"CEILING", "(", form_ceil},
    {"EXISTS", "(", form_exists},
    {"EXTRACT", "(", form_extract},
    {"FLOOR", "(", form_floor},
    {"JSON_ARRAY", "(", form_json_array},
    {"JSON_ARRAYAGG", "(", form_json_arrayagg},
    {"JSON_EXISTS", "(", form_json_exists},
    {"JSON_OBJECT", "(", form_json_object},
    {"JSON_OBJECTAGG", "(", form_json_objectagg},
    {"JSON_QUERY", "(", form_json_query},
    {"JSON_VALUE", "(", form_json_value},
    {"MAP", "[", form_map},
    {"OVERLAY", "(", form_overlay},
    {"POSITION", "(", form_position},
    {"RAND", "(", form_rand},
    {"RAND_INTEGER", "(", form_rand_integer},
    {"ROW", "(", form_row},
    {"SUBSTR", "(", form_substring},
    {"SUBSTRING", "(", form_substring},
    {"TIMESTAMPADD", "(", form_add},
    {"TIMESTAMPDIFF", "(", form_diff},
    {"TRIM", "(", form_trim},
    {"TRY_CAST", "(", form_try_cast},
    {"UNIX_TIMESTAMP", "(", form_unix_timestamp},
};

struct node *
parse_form(struct lexer *lx, bool *found)
{
	struct where at = lx->tok.where;

	*found = false;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *f = &forms[i];

		if (!lex_is(lx, f->word) ||
		    (f->open && !lex_next_is(lx, f->open)))
			continue;
		*found = true;
		lex_next(lx);
		if (f->open)
			lex_next(lx);
		return f->parse(lx, at.at, at);
	}
	return NULL;
}
