/* SPDX-License-Identifier: MIT */
/*
 * Types as SQL writes them, in CAST and in the columns of CREATE TABLE. The
 * names are those of type_of_name, but for TIME, which is a time of day; here
 * are their parameters, the names of several words, and types of elements.
 */
#include "data/cast.h"
#include "expr/parse.h"

static int
number(struct lexer *lx, int least, int most, int *out)
{
	char got[180];

	if (lx->tok.kind != TOK_INT || lx->tok.integer < least ||
	    lx->tok.integer > most)
		return lex_fail(lx, "expected a number from %d to %d, got %s",
		    least, most, lex_describe(lx, got, sizeof(got)));
	*out = (int)lx->tok.integer;
	lex_next(lx);
	return 0;
}

/* (p[, s]) */
static int
decimal_type(struct lexer *lx, struct cast_type *t)
{
	if (!lex_accept(lx, "("))
		return 0;
	if (number(lx, 1, DEC_DIGITS_MAX, &t->precision))
		return -1;
	t->scale = 0;
	if (lex_accept(lx, ",") && number(lx, 0, t->precision, &t->scale))
		return -1;
	return lex_expect(lx, ")");
}

/* (n); a fixed length is also the least one. */
static int
text_type(struct lexer *lx, struct cast_type *t, bool fixed)
{
	if (lex_accept(lx, "VARYING"))
		fixed = false;
	if (lex_accept(lx, "(")) {
		if (number(lx, 1, INT32_MAX, &t->precision) ||
		    lex_expect(lx, ")"))
			return -1;
	}
	t->scale = fixed ? t->precision : -1;
	return 0;
}

/* (p) [WITH | WITHOUT [LOCAL] TIME ZONE] */
static int
time_type(struct lexer *lx, struct cast_type *t)
{
	if (lex_accept(lx, "(")) {
		if (number(lx, 0, 9, &t->precision) || lex_expect(lx, ")"))
			return -1;
	}
	if ((lex_is(lx, "WITH") || lex_is(lx, "WITHOUT")) &&
	    (lex_next_is(lx, "LOCAL") || lex_next_is(lx, "TIME"))) {
		lex_next(lx);
		lex_accept(lx, "LOCAL");
		return lex_expect(lx, "TIME") ? -1 : lex_expect(lx, "ZONE");
	}
	return 0;
}

/* DAY TO SECOND(3) and the like behind INTERVAL. */
static int
interval_type(struct lexer *lx)
{
	enum unit u = lx->tok.kind == TOK_NAME && !lx->tok.quoted
			  ? unit_find(lx->tok.string)
			  : UNIT_NONE;

	if (u == UNIT_NONE)
		return 0;
	for (int i = 0; i < 2; i++) {
		u = parse_unit(lx);
		if (u == UNIT_NONE)
			return -1;
		if (!unit_us(u))
			return lex_fail(lx,
			    "intervals of a %s are not "
			    "supported: it has no fixed length",
			    unit_name(u));
		if (lex_accept(lx, "(")) {
			int digits;

			if (number(lx, 0, 9, &digits) || lex_expect(lx, ")"))
				return -1;
		}
		if (i || !lex_accept(lx, "TO"))
			break;
	}
	return 0;
}

/* A list of types that grows. */
struct types {
	struct cast_type *types;
	struct str *names;
	unsigned n, cap;
};

static void
types_add(
    struct lexer *lx, struct types *t, struct cast_type type, struct str name)
{
	if (t->n == t->cap) {
		unsigned cap = t->cap ? 2 * t->cap : 2;
		struct cast_type *types =
		    arena_array(lx->arena, cap, sizeof *types);
		struct str *names = arena_array(lx->arena, cap, sizeof *names);

		if (t->n) {
			memcpy(types, t->types, t->n * sizeof *types);
			memcpy(names, t->names, t->n * sizeof *names);
		}
		*t = (struct types){types, names, t->n, cap};
	}
	t->types[t->n] = type;
	t->names[t->n++] = name;
}

/* [name] type [NOT NULL] [COMMENT '…'] */
static int
element_type(struct lexer *lx, bool named, struct types *all)
{
	struct cast_type type;
	struct str name = {0};

	if (named) {
		if (lx->tok.kind != TOK_NAME)
			return lex_fail(lx, "expected a field name");
		name = lx->tok.string;
		lex_next(lx);
	}
	if (cast_type_parse(lx, &type))
		return -1;
	if (lex_accept(lx, "NOT") && lex_expect(lx, "NULL"))
		return -1;
	if (named && lx->tok.kind == TOK_TEXT)
		lex_next(lx); /* a description */
	types_add(lx, all, type, name);
	return 0;
}

/* The types as those of t's elements. */
static void
nest(struct lexer *lx, struct cast_type *t, const struct types *all, bool named)
{
	struct cast_elements *of = arena_alloc(lx->arena, sizeof *of);

	*of = (struct cast_elements){
	    all->n, all->types, named ? all->names : NULL};
	t->nested = true;
	t->of = of;
}

/* <type, …> of ARRAY and MAP, <name type, …> of ROW. A MULTISET<type> is a map
 * of values to how often they are in it. */
static int
element_types(struct lexer *lx, struct cast_type *t, bool named, bool multiset)
{
	const char *open = named && lex_is(lx, "(") ? "(" : "<";
	const char *close = *open == '(' ? ")" : ">";
	unsigned want = t->type == T_LIST || multiset ? 1 : 2;
	struct types all = {0};

	if (!lex_accept(lx, open))
		return 0;
	if (parse_enter(lx))
		return -1;
	do {
		if (!named && all.n == want)
			return lex_fail(lx,
			    want == 1
				? "there is one type of elements"
				: "a map has two types, of keys and of values");
		if (element_type(lx, named, &all))
			return -1;
	} while (lex_accept(lx, ","));
	parse_leave(lx);
	if (!named && all.n < want)
		return lex_fail(
		    lx, "a map has two types, of keys and of values");
	if (multiset)
		types_add(lx, &all,
		    (struct cast_type){
			.type = T_INT, .precision = -1, .scale = -1},
		    (struct str){0});
	nest(lx, t, &all, named);
	return lex_expect(lx, close);
}

static int
unknown_type(struct lexer *lx)
{
	static const struct str names[] = {STR("array"), STR("bigint"),
	    STR("boolean"), STR("bytes"), STR("date"), STR("decimal"),
	    STR("double"), STR("int"), STR("interval"), STR("map"), STR("text"),
	    STR("row"), STR("time"), STR("timestamp"), STR("varchar")};
	char got[180];

	lex_fail(
	    lx, "expected a type, got %s", lex_describe(lx, got, sizeof(got)));
	if (lx->tok.kind == TOK_NAME)
		err_suggest(lx->err, lx->tok.string, names,
		    sizeof(names) / sizeof(names[0]));
	return -1;
}

static bool
fixed_length(const struct lexer *lx)
{
	return lex_is(lx, "CHAR") || lex_is(lx, "CHARACTER");
}

/* The type without ARRAY or [] behind it. */
static int
plain_type(struct lexer *lx, struct cast_type *out)
{
	bool fixed = fixed_length(lx), row = lex_is(lx, "ROW");
	bool precise = lex_is(lx, "DOUBLE"), multiset = lex_is(lx, "MULTISET");

	*out = (struct cast_type){.precision = -1, .scale = -1};
	if (lx->tok.kind != TOK_NAME)
		return unknown_type(lx);
	out->daytime = lex_is(lx, "TIME");
	out->type = row || multiset	    ? T_MAP
		    : fixed || out->daytime ? T_TEXT
					    : type_of_name(lx->tok.string);
	if (out->type == T_ANY || out->type == T_JSON || out->type == T_NULL)
		return unknown_type(lx);
	lex_next(lx);
	switch (out->type) {
	case T_DECIMAL:
		return decimal_type(lx, out);
	case T_TEXT:
		return out->daytime ? time_type(lx, out)
				    : text_type(lx, out, fixed);
	case T_BYTES:
		return text_type(lx, out, false);
	case T_TIME:
		return time_type(lx, out);
	case T_DURATION:
		return interval_type(lx);
	case T_LIST:
	case T_MAP:
		return element_types(lx, out, row, multiset);
	case T_FLOAT:
		if (precise)
			lex_accept(lx, "PRECISION");
		return 0;
	case T_NULL:
	case T_BOOL:
	case T_INT:
	case T_DATE:
	case T_JSON:
	case T_ANY:
		break;
	}
	return 0;
}

int
cast_type_parse(struct lexer *lx, struct cast_type *out)
{
	if (plain_type(lx, out))
		return -1;
	while (
	    lex_is(lx, "ARRAY") || (lex_is(lx, "[") && lex_next_is(lx, "]"))) {
		struct types all = {0};

		types_add(lx, &all, *out, (struct str){0});
		*out = (struct cast_type){
		    .type = T_LIST, .precision = -1, .scale = -1};
		nest(lx, out, &all, false);
		if (lex_is(lx, "["))
			lex_next(lx);
		lex_next(lx);
	}
	return 0;
}

/* ARRAY<bigint>, MAP<varchar, bigint>, ROW<a bigint, b varchar> */
static void
print_nested(struct buf *out, struct cast_type t)
{
	const struct cast_elements *of = t.of;

	buf_addz(out, of->names		 ? "row<"
		      : t.type == T_LIST ? "array<"
					 : "map<");
	for (unsigned i = 0; i < of->n; i++) {
		if (i)
			buf_lit(out, ", ");
		if (of->names) {
			name_print(out, of->names[i]);
			buf_addc(out, ' ');
		}
		cast_type_print(out, of->types[i]);
	}
	buf_addc(out, '>');
}

void
cast_type_print(struct buf *out, struct cast_type t)
{
	if (t.nested) {
		print_nested(out, t);
		return;
	}
	if (t.daytime)
		buf_lit(out, "time");
	else if (t.type == T_TEXT && t.precision >= 0)
		buf_addz(out, t.scale >= 0 ? "char" : "varchar");
	else
		buf_addz(out, type_name(t.type));
	if (t.precision < 0)
		return;
	buf_printf(out, "(%d", t.precision);
	if (t.type == T_DECIMAL)
		buf_printf(out, ", %d", t.scale);
	buf_addc(out, ')');
}

bool
cast_type_eq(const struct cast_type *a, const struct cast_type *b)
{
	if (a->type != b->type || a->daytime != b->daytime ||
	    a->nested != b->nested || a->precision != b->precision ||
	    a->scale != b->scale)
		return false;
	if (!a->nested)
		return true;
	if (a->of->n != b->of->n || !a->of->names != !b->of->names)
		return false;
	for (unsigned i = 0; i < a->of->n; i++)
		if (!cast_type_eq(&a->of->types[i], &b->of->types[i]) ||
		    (a->of->names && !str_eq(a->of->names[i], b->of->names[i])))
			return false;
	return true;
}
