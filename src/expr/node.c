/* SPDX-License-Identifier: MIT */
/*
 * Trees: printing them so that parsing gives the same tree, comparing them,
 * naming columns after them.
 *
 * Printing knows each operator's level and puts parentheses exactly where a
 * child binds less tightly than its place asks for. Trees are at most
 * NODE_DEPTH_MAX deep, so the recursion here is limited.
 */
#include "base/num.h"
#include "base/when.h"
#include "expr/agg.h"
#include "expr/parse.h"

/* How tightly a piece of text binds; a place asks for a least level. */
enum level {
	LEVEL_OR = 1,
	LEVEL_AND,
	LEVEL_NOT,
	LEVEL_TEST, /* comparisons, IS, LIKE … */
	LEVEL_SUM,
	LEVEL_PRODUCT,
	LEVEL_UNARY,
	LEVEL_POSTFIX
};

/* ---- names ---- */

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], low = (char)(c | 32);
		bool letter = (low >= 'a' && low <= 'z') || c == '_' ||
			      (unsigned char)c >= 0x80;

		if (!letter && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return s.n > 0;
}

void
name_print(struct buf *out, struct str name)
{
	/* "array" and "map" would begin a literal before a '['. */
	if (is_plain(name) && !parse_reserved(name) &&
	    !str_eq_nocase(name, STR("array")) &&
	    !str_eq_nocase(name, STR("map"))) {
		buf_adds(out, name);
		return;
	}
	buf_quoted(out, name, '`');
}

static void
print_path(struct buf *out, struct path p)
{
	for (unsigned i = 0; i < p.n; i++) {
		const struct path_step *s = &p.steps[i];

		if (!s->name.p) {
			buf_printf(
			    out, "[%llu]", (unsigned long long)s->index + 1);
		} else if (i && !s->name.n) {
			buf_lit(out, "['']");
		} else {
			if (i)
				buf_addc(out, '.');
			name_print(out, s->name);
		}
	}
}

/* ---- literals ---- */

static void
print_float(struct buf *out, double f)
{
	char text[NUM_FLOAT_MAX];
	size_t n = (size_t)(num_put_float(text, f) - text);

	buf_add(out, text, n);
	if (!memchr(text, 'e', n)) /* else it would be read as a decimal */
		buf_lit(out, "e0");
}

static void
print_decimal(struct buf *out, struct dec d)
{
	int64_t i;

	out->n += dec_print(buf_reserve(out, DEC_TEXT_MAX), d);
	if (!d.scale && dec_to_int(d, &i))
		buf_addc(out, '.'); /* else an integer */
}

static void
print_interval(struct buf *out, int64_t us)
{
	struct dec d = {.v = us, .scale = 6};
	struct dec seconds;

	buf_lit(out, "INTERVAL '");
	seconds = dec_normal(d);
	out->n += dec_print(buf_reserve(out, DEC_TEXT_MAX), seconds);
	buf_lit(out, "' SECOND");
}

static void
print_bytes(struct buf *out, struct value v)
{
	buf_lit(out, "X'");
	value_print(out, v);
	buf_addc(out, '\'');
}

static void
print_literal(struct buf *out, const struct node *n)
{
	struct value v = n->value;

	switch ((enum type)v.type) {
	case T_NULL:
		buf_lit(out, "NULL");
		break;
	case T_BOOL:
		buf_addz(out, v.b ? "TRUE" : "FALSE");
		break;
	case T_FLOAT:
		print_float(out, v.f);
		break;
	case T_DECIMAL:
		print_decimal(out, *v.d);
		break;
	case T_TEXT:
		buf_quoted(out, value_str(v), '\'');
		break;
	case T_BYTES:
		print_bytes(out, v);
		break;
	case T_TIME:
		buf_lit(out, "TIMESTAMP '");
		value_print(out, v);
		buf_addc(out, '\'');
		break;
	case T_DATE:
		buf_lit(out, "DATE '");
		value_print(out, v);
		buf_addc(out, '\'');
		break;
	case T_DURATION:
		if (n->duration_text)
			value_print(out, v);
		else
			print_interval(out, v.i);
		break;
	case T_INT:
	case T_LIST:
	case T_MAP:
	case T_JSON:
	case T_ANY:
		value_print(out, v);
		break;
	}
}

/* ---- calls ---- */

static void print(struct buf *out, const struct node *n, enum level least);

/* Operators between or before their arguments, by name. */
static const struct shape {
	const char *name;
	const char *text; /* between the arguments, or behind the first */
	enum level level;
	unsigned args_min, args_max;
} shapes[] = {
    {"or", " OR ", LEVEL_OR, 2, UINT32_MAX},
    {"and", " AND ", LEVEL_AND, 2, UINT32_MAX},
    {"=", " = ", LEVEL_TEST, 2, 2},
    {"<>", " <> ", LEVEL_TEST, 2, 2},
    {"<", " < ", LEVEL_TEST, 2, 2},
    {"<=", " <= ", LEVEL_TEST, 2, 2},
    {">", " > ", LEVEL_TEST, 2, 2},
    {">=", " >= ", LEVEL_TEST, 2, 2},
    {"= any", " = ANY (", LEVEL_TEST, 2, 2},
    {"= all", " = ALL (", LEVEL_TEST, 2, 2},
    {"<> any", " <> ANY (", LEVEL_TEST, 2, 2},
    {"<> all", " <> ALL (", LEVEL_TEST, 2, 2},
    {"< any", " < ANY (", LEVEL_TEST, 2, 2},
    {"< all", " < ALL (", LEVEL_TEST, 2, 2},
    {"<= any", " <= ANY (", LEVEL_TEST, 2, 2},
    {"<= all", " <= ALL (", LEVEL_TEST, 2, 2},
    {"> any", " > ANY (", LEVEL_TEST, 2, 2},
    {"> all", " > ALL (", LEVEL_TEST, 2, 2},
    {">= any", " >= ANY (", LEVEL_TEST, 2, 2},
    {">= all", " >= ALL (", LEVEL_TEST, 2, 2},
    {"<> any query", " <> ANY ", LEVEL_TEST, 2, 2},
    {"< any query", " < ANY ", LEVEL_TEST, 2, 2},
    {"< all query", " < ALL ", LEVEL_TEST, 2, 2},
    {"<= any query", " <= ANY ", LEVEL_TEST, 2, 2},
    {"<= all query", " <= ALL ", LEVEL_TEST, 2, 2},
    {"> any query", " > ANY ", LEVEL_TEST, 2, 2},
    {"> all query", " > ALL ", LEVEL_TEST, 2, 2},
    {">= any query", " >= ANY ", LEVEL_TEST, 2, 2},
    {">= all query", " >= ALL ", LEVEL_TEST, 2, 2},
    {"= all query", " = ALL ", LEVEL_TEST, 2, 2},
    {"is distinct from", " IS DISTINCT FROM ", LEVEL_TEST, 2, 2},
    {"regex", " ~ ", LEVEL_TEST, 2, 2},
    {"is null", " IS NULL", LEVEL_TEST, 1, 1},
    {"is true", " IS TRUE", LEVEL_TEST, 1, 1},
    {"is false", " IS FALSE", LEVEL_TEST, 1, 1},
    {"is unknown", " IS UNKNOWN", LEVEL_TEST, 1, 1},
    {"like", " LIKE ", LEVEL_TEST, 2, 3},
    {"similar", " SIMILAR TO ", LEVEL_TEST, 2, 3},
    {"between", " BETWEEN ", LEVEL_TEST, 3, 3},
    {"in", " IN (", LEVEL_TEST, 2, UINT32_MAX},
    {"in query", " IN ", LEVEL_TEST, 2, 2},
    {"+", " + ", LEVEL_SUM, 2, 2},
    {"-", " - ", LEVEL_SUM, 2, 2},
    {"||", " || ", LEVEL_SUM, 2, UINT32_MAX},
    {"*", " * ", LEVEL_PRODUCT, 2, 2},
    {"/", " / ", LEVEL_PRODUCT, 2, 2},
    {"%", " % ", LEVEL_PRODUCT, 2, 2},
};

static const struct shape *
shape_of(const struct node *n)
{
	if (n->kind != NODE_CALL || n->star || n->distinct || n->filter ||
	    n->n_order)
		return NULL;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (str_is(n->name, shapes[i].name) &&
		    n->n_args >= shapes[i].args_min &&
		    n->n_args <= shapes[i].args_max)
			return &shapes[i];
	return NULL;
}

static bool
is_call(const struct node *n, const char *name, unsigned n_args)
{
	return n->kind == NODE_CALL && str_is(n->name, name) &&
	       n->n_args == n_args;
}

/* A literal with a sign is a unary expression to those around it. */
static enum level
literal_level(const struct node *n)
{
	struct value v = n->value;

	if ((v.type == T_INT && v.i < 0) ||
	    (v.type == T_FLOAT && __builtin_signbit(v.f)) ||
	    (v.type == T_DECIMAL && v.d->v < 0) ||
	    (v.type == T_DURATION && v.i < 0 && n->duration_text))
		return LEVEL_UNARY;
	return LEVEL_POSTFIX;
}

static enum level
level_of(const struct node *n)
{
	const struct shape *s = shape_of(n);

	if (n->kind == NODE_LITERAL)
		return literal_level(n);
	if (s)
		return s->level;
	if (is_call(n, "not", 1))
		return LEVEL_NOT;
	if (is_call(n, "neg", 1))
		return LEVEL_UNARY;
	return LEVEL_POSTFIX;
}

static void
print_list(struct buf *out, const struct node *n, unsigned from)
{
	for (unsigned i = from; i < n->n_args - n->n_order; i++) {
		if (i > from)
			buf_lit(out, ", ");
		print(out, n->args[i], LEVEL_OR);
	}
}

/* ORDER BY inside a call. */
static void
print_order(struct buf *out, const struct node *n)
{
	for (unsigned i = 0; i < n->n_order; i++) {
		unsigned how = n->order[i];

		buf_addz(out, i ? ", " : " ORDER BY ");
		print(out, n->args[n->n_args - n->n_order + i], LEVEL_OR);
		if (how & AGG_DESC)
			buf_lit(out, " DESC");
		if (how & (AGG_NULLS_FIRST | AGG_NULLS_LAST))
			buf_addz(out, how & AGG_NULLS_FIRST ? " NULLS FIRST"
							    : " NULLS LAST");
	}
}

/* The left operand may be of the same level, the others may not; of and, or
 * and || the left one must not be the same operator, or it would be joined. */
static void
print_operator(struct buf *out, const struct node *n, const struct shape *s)
{
	bool chain = s->level <= LEVEL_AND || str_is(n->name, "||");
	bool same =
	    str_eq(n->args[0]->name, n->name) && n->args[0]->kind == NODE_CALL;
	enum level tighter = (enum level)(s->level + 1);

	/* The loop of tests is left-associative but reads sums only. */
	print(out, n->args[0], chain && same ? tighter : s->level);
	buf_addz(out, s->text);
	if (s->text[strlen(s->text) - 1] == '(') {
		print_list(out, n, 1);
		buf_addc(out, ')');
		return;
	}
	for (unsigned i = 1; i < n->n_args; i++) {
		if (i > 1)
			buf_addz(out, !strcmp(s->name, "between") ? " AND "
				      : s->level == LEVEL_TEST	  ? " ESCAPE "
								  : s->text);
		print(out, n->args[i], tighter);
	}
}

static void
print_case(struct buf *out, const struct node *n)
{
	const struct node *other = n->args[n->n_args - 1];

	buf_lit(out, "CASE");
	for (unsigned i = 0; i + 1 < n->n_args; i += 2) {
		buf_lit(out, " WHEN ");
		print(out, n->args[i], LEVEL_OR);
		buf_lit(out, " THEN ");
		print(out, n->args[i + 1], LEVEL_OR);
	}
	if (other->kind != NODE_LITERAL || other->value.type != T_NULL) {
		buf_lit(out, " ELSE ");
		print(out, other, LEVEL_OR);
	}
	buf_lit(out, " END");
}

static void
print_cast(struct buf *out, const struct node *n)
{
	buf_addz(out, str_is(n->name, "cast") ? "CAST(" : "TRY_CAST(");
	print(out, n->args[0], LEVEL_OR);
	buf_lit(out, " AS ");
	cast_type_print(out, n->cast);
	buf_addc(out, ')');
}

/* extract(day FROM t), floor(t TO day), timestampadd(day, n, t) */
static void
print_unit(struct buf *out, const struct node *n)
{
	bool to = str_is(n->name, "floor") || str_is(n->name, "ceil");

	buf_adds(out, n->name);
	buf_addc(out, '(');
	if (!to) {
		buf_adds(out, n->unit);
		buf_addz(out, str_is(n->name, "extract") ? " FROM " : ", ");
	}
	print_list(out, n, 0);
	if (to) {
		buf_lit(out, " TO ");
		buf_adds(out, n->unit);
	}
	buf_addc(out, ')');
}

static void
print_plain(struct buf *out, const struct node *n)
{
	buf_adds(out, n->name);
	buf_addc(out, '(');
	if (n->star)
		buf_addc(out, '*');
	if (n->distinct)
		buf_lit(out, "DISTINCT ");
	print_list(out, n, 0);
	print_order(out, n);
	buf_addc(out, ')');
	if (n->filter) {
		buf_lit(out, " FILTER (WHERE ");
		print(out, n->filter, LEVEL_OR);
		buf_addc(out, ')');
	}
	if (n->ignore_nulls)
		buf_lit(out, " IGNORE NULLS");
}

static void
print_brackets(struct buf *out, const struct node *n, const char *open)
{
	buf_addz(out, open);
	print_list(out, n, 0);
	buf_addc(out, ']');
}

static void
print_call(struct buf *out, const struct node *n)
{
	const struct shape *s = shape_of(n);

	if (s) {
		print_operator(out, n, s);
	} else if (is_call(n, "not", 1)) {
		buf_lit(out, "NOT ");
		print(out, n->args[0], LEVEL_NOT);
	} else if (is_call(n, "neg", 1)) {
		buf_lit(out, "- ");
		print(out, n->args[0], LEVEL_UNARY);
	} else if (is_call(n, "subscript", 2)) {
		print(out, n->args[0], LEVEL_POSTFIX);
		buf_addc(out, '[');
		print(out, n->args[1], LEVEL_OR);
		buf_addc(out, ']');
	} else if (str_is(n->name, "case") && n->n_args % 2) {
		print_case(out, n);
	} else if (str_is(n->name, "cast") || str_is(n->name, "try_cast")) {
		print_cast(out, n);
	} else if (str_is(n->name, "list")) {
		print_brackets(out, n, "ARRAY[");
	} else if (str_is(n->name, "map")) {
		print_brackets(out, n, "MAP[");
	} else if (is_call(n, "exists", 1)) {
		buf_lit(out, "EXISTS ");
		print(out, n->args[0], LEVEL_POSTFIX);
	} else if (str_is(n->name, "interval months")) {
		buf_printf(out, "INTERVAL '%lld' MONTH",
		    (long long)n->args[0]->value.i);
	} else if (n->unit.n) {
		print_unit(out, n);
	} else {
		print_plain(out, n);
	}
}

static void
print_source(struct buf *out, struct where w)
{
	if (w.src)
		buf_add(out, w.src->text.p + w.at, w.len);
}

static void
print(struct buf *out, const struct node *n, enum level least)
{
	bool parens = level_of(n) < least;

	if (parens)
		buf_addc(out, '(');
	switch (n->kind) {
	case NODE_LITERAL:
		print_literal(out, n);
		break;
	case NODE_NAME:
		print_path(out, n->path);
		break;
	case NODE_PARAM:
		buf_addc(out, '$');
		buf_adds(out, n->name);
		break;
	case NODE_STAR:
		print_path(out, n->path);
		buf_addz(out, n->path.n ? ".*" : "*");
		break;
	case NODE_QUERY:
		print_source(out, n->where);
		break;
	case NODE_CALL:
		if (n->over)
			print_source(out, n->where);
		else
			print_call(out, n);
		break;
	}
	if (parens)
		buf_addc(out, ')');
}

void
node_print(struct buf *out, const struct node *n)
{
	print(out, n, LEVEL_OR);
}

/* ---- comparing ---- */

static bool
call_eq(const struct node *a, const struct node *b)
{
	if (!str_eq(a->name, b->name) || a->n_args != b->n_args ||
	    a->distinct != b->distinct || a->star != b->star ||
	    a->n_order != b->n_order ||
	    (a->n_order && memcmp(a->order, b->order, a->n_order)) ||
	    !cast_type_eq(&a->cast, &b->cast) || !str_eq(a->unit, b->unit) ||
	    !a->filter != !b->filter || a->over != b->over ||
	    a->ignore_nulls != b->ignore_nulls)
		return false;
	for (unsigned i = 0; i < a->n_args; i++)
		if (!node_eq(a->args[i], b->args[i]))
			return false;
	return !a->filter || node_eq(a->filter, b->filter);
}

/* 1 and 1.0 are equal values but different literals. */
static bool
literal_eq(struct value a, struct value b)
{
	if (a.type == T_DECIMAL && b.type == T_DECIMAL &&
	    a.d->scale != b.d->scale)
		return false;
	return a.type == b.type && value_eq(a, b);
}

bool
node_eq(const struct node *a, const struct node *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->size != b->size)
		return false;
	switch (a->kind) {
	case NODE_LITERAL:
		return literal_eq(a->value, b->value);
	case NODE_NAME:
	case NODE_STAR:
		return path_eq(a->path, b->path);
	case NODE_PARAM:
		return str_eq(a->name, b->name);
	case NODE_QUERY:
		return a->query == b->query;
	case NODE_CALL:
		return call_eq(a, b);
	}
	return false;
}

/* ---- naming ---- */

struct str
node_alias(const struct node *n, struct arena *a)
{
	struct buf text = {0};
	struct node bare = *n;
	struct str s;

	bare.over = NULL;
	if (n->kind == NODE_NAME && n->path.steps[n->path.n - 1].name.p)
		return n->path.steps[n->path.n - 1].name;
	if (n->kind == NODE_CALL && n->star)
		return n->name;
	node_print(&text, &bare);
	s = arena_str(a, buf_str(&text));
	buf_release(&text);
	return s;
}
