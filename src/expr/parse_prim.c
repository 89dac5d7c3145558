/* SPDX-License-Identifier: MIT */
/*
 * Operands: literals, names with their paths, calls, lists, parentheses, and
 * what may follow any of them: [index], .field and ::type.
 *
 * A path with constant steps (a.b[1]['c']) stays one name, since the decoder
 * can look for it as a whole; other indexes are calls of "subscript".
 */
#include "base/num.h"
#include "expr/agg.h"
#include "expr/over.h"
#include "expr/parse.h"

#define PATH_STEPS_MAX 200

/* Sorted; words that begin or go on a clause, and constants. */
static const char *const reserved[] = {"and", "as", "between", "by", "case",
    "current_date", "current_time", "current_timestamp", "distinct", "else",
    "except", "from", "false", "group", "having", "in", "intersect", "is",
    "join", "like", "limit", "localtime", "localtimestamp", "not", "null", "on",
    "or", "order", "select", "then", "true", "union", "using", "when", "where"};

bool
parse_reserved(struct str name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eq_nocase(name, str_of(reserved[i])))
			return true;
	return false;
}

/* ---- literals ---- */

static struct node *
parse_number(struct lexer *lx)
{
	struct str s = lx->tok.text;
	unsigned from = lx->tok.where.at;
	struct value v = VALUE_NULL;
	struct dec d;

	if (memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n)) {
		v.type = T_FLOAT;
		if (!num_parse_float(s, &v.f) || v.f > 1.7976931348623157e308) {
			lex_fail(lx, "this number is out of range");
			return NULL;
		}
	} else {
		if (s.p[s.n - 1] == '.')
			s.n--;
		if (*s.p == '.')
			s = arena_printf(lx->arena, "0%.*s", STR_ARG(s));
		if (!dec_parse(s, &d)) {
			lex_fail(lx, "this number has more than %d digits",
			    DEC_DIGITS_MAX);
			return NULL;
		}
		v = value_decimal(lx->arena, d);
	}
	lex_next(lx);
	return parse_literal(lx, from, v);
}

static struct node *
literal_token(struct lexer *lx, struct value v)
{
	unsigned from = lx->tok.where.at;

	lex_next(lx);
	return parse_literal(lx, from, v);
}

static struct node *
parse_duration(struct lexer *lx)
{
	struct node *n;

	n = literal_token(lx, value_duration(lx->tok.integer));
	n->duration_text = true;
	return n;
}

static struct node *
parse_param(struct lexer *lx)
{
	struct str name = lx->tok.string;
	struct node *n = literal_token(lx, VALUE_NULL);

	n->kind = NODE_PARAM;
	n->name = name;
	return n;
}

/* X'0aff' */
static struct node *
parse_bytes(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct str s = lx->next.string;
	char *bytes = arena_alloc(lx->arena, s.n / 2 + 1);

	lex_next(lx);
	for (size_t i = 0; i < s.n; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *at = strchr(digits, s.p[i] | 32);
		unsigned nibble;

		if (!at || !*at || s.n % 2) {
			lex_fail(lx, "bytes are pairs of hexadecimal digits");
			return NULL;
		}
		nibble = (unsigned)(at - digits);
		bytes[i / 2] =
		    (char)(i % 2 ? (bytes[i / 2] & 0xf0) | (int)nibble
				 : (int)(nibble << 4));
	}
	lex_next(lx);
	return parse_literal(
	    lx, from, value_of_str(T_BYTES, (struct str){bytes, s.n / 2}));
}

/* NULL TRUE FALSE; NULL node if the word is none of them. */
static struct node *
parse_constant(struct lexer *lx)
{
	if (lex_is(lx, "NULL"))
		return literal_token(lx, VALUE_NULL);
	if (lex_is(lx, "TRUE"))
		return literal_token(lx, value_bool(true));
	if (lex_is(lx, "FALSE"))
		return literal_token(lx, value_bool(false));
	return NULL;
}

/* ---- calls ---- */

static struct str
lower_ascii(struct lexer *lx, struct str s)
{
	char *p = arena_alloc(lx->arena, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 32
							     : s.p[i]);
	return (struct str){p, s.n};
}

/* ---- ORDER BY inside a call, or behind it in WITHIN GROUP ---- */

#define ORDER_MAX 8 /* enough: an aggregate has AGG_ARGS_MAX arguments */

struct ordering {
	struct nodes by;
	uint8_t how[ORDER_MAX];
};

/* x [ASC | DESC] [NULLS FIRST | NULLS LAST] */
static int
order_item(struct lexer *lx, struct ordering *o)
{
	unsigned how = 0;
	struct node *n;

	if (o->by.n == ORDER_MAX)
		return lex_fail(lx, "more than %d orders", ORDER_MAX);
	n = parse_expr(lx);
	if (!n)
		return -1;
	if (lex_accept(lx, "DESC"))
		how = AGG_DESC;
	else
		lex_accept(lx, "ASC");
	if (lex_accept(lx, "NULLS")) {
		how |= lex_is(lx, "FIRST") ? AGG_NULLS_FIRST : AGG_NULLS_LAST;
		if (!lex_accept(lx, "FIRST") && lex_expect(lx, "LAST"))
			return -1;
	}
	o->how[o->by.n] = (uint8_t)how;
	nodes_add(lx, &o->by, n);
	return 0;
}

/* ORDER BY item {, item} */
static int
parse_order(struct lexer *lx, struct ordering *o)
{
	lex_next(lx);
	if (lex_expect(lx, "BY"))
		return -1;
	do {
		if (order_item(lx, o))
			return -1;
	} while (lex_accept(lx, ","));
	return 0;
}

/* The call with its ordering, as further arguments. */
static struct node *
ordered(struct lexer *lx, struct node *n, const struct ordering *o)
{
	struct nodes args = {0};
	struct node *call;
	uint8_t *how;

	for (unsigned i = 0; i < n->n_args; i++)
		nodes_add(lx, &args, n->args[i]);
	for (unsigned i = 0; i < o->by.n; i++)
		nodes_add(lx, &args, o->by.p[i]);
	how = memcpy(arena_alloc(lx->arena, ORDER_MAX), o->how, ORDER_MAX);
	call = parse_call_of(lx, n->where.at, n->name, n->name_at, args);
	if (!call)
		return NULL;
	call->n_order = o->by.n;
	call->order = how;
	call->star = n->star;
	call->distinct = n->distinct;
	return call;
}

/* Those whose ORDER BY in WITHIN GROUP is what they are of. */
static bool
is_of_order(const struct node *n)
{
	static const char *const names[] = {"approx_percentile", "mode",
	    "percentile", "percentile_cont", "percentile_disc", "quantile"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(n->name, names[i]))
			return true;
	return false;
}

/* percentile_cont(0.9) WITHIN GROUP (ORDER BY x) is percentile_cont(x, 0.9);
 * with DESC it is percentile_cont(x, 1 - 0.9). */
static struct node *
of_order(struct lexer *lx, struct node *n, const struct ordering *o)
{
	struct nodes args = {0};
	struct node *share = n->n_args ? n->args[0] : NULL, *call;

	if (o->by.n != 1 || n->n_args > 1) {
		err_set(lx->err, ERR_SPEC, n->where,
		    "%.*s WITHIN GROUP takes one expression to order by",
		    STR_ARG(n->name));
		return NULL;
	}
	if (share && o->how[0] & AGG_DESC)
		share = parse_call2(lx, share->where.at, "-", share->where,
		    parse_literal(lx, share->where.at, value_int(1)), share);
	nodes_add(lx, &args, o->by.p[0]);
	if (share)
		nodes_add(lx, &args, share);
	call = parse_call_of(lx, n->where.at, n->name, n->name_at, args);
	if (call)
		call->distinct = n->distinct;
	return call;
}

/* WITHIN GROUP (ORDER BY …) */
static struct node *
parse_within(struct lexer *lx, struct node *n)
{
	struct ordering o = {0};

	lex_next(lx);
	if (lex_expect(lx, "GROUP") || lex_expect(lx, "("))
		return NULL;
	if (!lex_is(lx, "ORDER")) {
		lex_expect(lx, "ORDER");
		return NULL;
	}
	if (parse_order(lx, &o) || lex_expect(lx, ")"))
		return NULL;
	if (n->n_order) {
		err_set(lx->err, ERR_SPEC, n->where,
		    "a call is ordered once, inside or WITHIN GROUP");
		return NULL;
	}
	return is_of_order(n) ? of_order(lx, n, &o) : ordered(lx, n, &o);
}

/* Adds a condition to those of FILTER. */
static struct node *
filtered(struct lexer *lx, struct node *n, struct node *filter)
{
	if (n->filter)
		filter = parse_call2(lx, filter->where.at, "and", filter->where,
		    n->filter, filter);
	if (!filter)
		return NULL;
	n->filter = filter;
	n->where.len = lx->done - n->where.at;
	n->size += filter->size;
	if (filter->depth >= n->depth)
		n->depth = filter->depth + 1;
	return n;
}

static struct node *
not_null(struct lexer *lx, struct node *x)
{
	struct where at = x->where;

	return parse_call1(
	    lx, at.at, "not", at, parse_call1(lx, at.at, "is null", at, x));
}

enum nulls {
	NULLS_UNSAID,
	NULLS_IGNORE,
	NULLS_RESPECT
};

/* IGNORE NULLS or RESPECT NULLS at the current token. -1: twice. */
static int
accept_nulls(struct lexer *lx, enum nulls *nulls)
{
	if (!lex_next_is(lx, "NULLS") ||
	    !(lex_is(lx, "IGNORE") || lex_is(lx, "RESPECT")))
		return 0;
	if (*nulls != NULLS_UNSAID)
		return lex_fail(lx, "what is done with NULLs is said twice");
	*nulls = lex_is(lx, "IGNORE") ? NULLS_IGNORE : NULLS_RESPECT;
	lex_next(lx);
	lex_next(lx);
	return 0;
}

static bool
is_pick(const struct node *n)
{
	return str_is(n->name, "first") || str_is(n->name, "first_value") ||
	       str_is(n->name, "last") || str_is(n->name, "last_value") ||
	       str_is(n->name, "any_value");
}

/* first(x) RESPECT NULLS is first(ARRAY[x])[1]: a list is no NULL. */
static struct node *
respect_nulls(struct lexer *lx, struct node *n)
{
	struct where at = n->args[0]->where;
	unsigned from = n->where.at;

	n->args[0] = parse_call1(lx, at.at, "list", at, n->args[0]);
	if (!n->args[0])
		return NULL;
	n->size++;
	n->depth++;
	return parse_call2(lx, from, "subscript", n->name_at, n,
	    parse_literal(lx, from, value_int(1)));
}

/*
 * What is said of NULLs in a call of an aggregate: array_agg(x) IGNORE NULLS
 * is array_agg(x) FILTER (WHERE x IS NOT NULL); most others ignore NULLs
 * anyhow.
 */
static struct node *
apply_nulls(struct lexer *lx, struct node *n, enum nulls nulls)
{
	const struct agg *agg = agg_find(n->name);
	bool ignore = nulls == NULLS_IGNORE;

	if (nulls == NULLS_UNSAID)
		return n;
	if (over_fn_find(n->name) && (ignore || !agg)) {
		n->ignore_nulls = ignore;
		n->where.len = lx->done - n->where.at;
		return n;
	}
	if (!agg || n->n_args == n->n_order) {
		err_set(lx->err, ERR_SPEC, n->where,
		    "%s NULLS belongs to aggregates and window functions",
		    ignore ? "IGNORE" : "RESPECT");
		return NULL;
	}
	if (ignore)
		return agg->nulls == AGG_NULLS_SKIP
			   ? n
			   : filtered(lx, n, not_null(lx, n->args[0]));
	if (is_pick(n))
		return respect_nulls(lx, n);
	if (agg->nulls != AGG_NULLS_SKIP)
		return n;
	err_set(lx->err, ERR_SPEC, n->where, "%s() has no RESPECT NULLS",
	    agg->name);
	return NULL;
}

/* FILTER (WHERE e) */
static struct node *
parse_filter(struct lexer *lx, struct node *n)
{
	struct node *filter;

	lex_next(lx);
	lex_next(lx);
	if (lex_expect(lx, "WHERE"))
		return NULL;
	filter = parse_expr(lx);
	if (!filter || lex_expect(lx, ")"))
		return NULL;
	return filtered(lx, n, filter);
}

/* WITHIN GROUP, FILTER (WHERE e), IGNORE NULLS and OVER behind a call. */
static struct node *
parse_behind(struct lexer *lx, struct node *n, enum nulls nulls)
{
	bool over;

	if (lex_is(lx, "WITHIN") && lex_next_is(lx, "GROUP") &&
	    !(n = parse_within(lx, n)))
		return NULL;
	if (accept_nulls(lx, &nulls))
		return NULL;
	if (lex_is(lx, "FILTER") && lex_next_is(lx, "(") &&
	    !(n = parse_filter(lx, n)))
		return NULL;
	if (accept_nulls(lx, &nulls))
		return NULL;
	over = lex_is(lx, "OVER") && lx->hooks && lx->hooks->over;
	/* It is what window functions do unless told otherwise. */
	if (over && nulls == NULLS_RESPECT && over_fn_find(n->name))
		nulls = NULLS_UNSAID;
	n = apply_nulls(lx, n, nulls);
	return n && over ? lx->hooks->over(lx, n, lx->hooks->owner) : n;
}

/* Names that calls have inside a tree but that are written otherwise. */
static bool
is_inner(struct lexer *lx)
{
	static const char *const inner[][2] = {{"list", "[a, b]"},
	    {"map", "MAP[key, value]"}, {"neg", "-x"}, {"regex", "x ~ pattern"},
	    {"similar", "x SIMILAR TO pattern"}, {"subscript", "x[i]"}};

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++) {
		if (!lex_is(lx, inner[i][0]))
			continue;
		lex_fail(lx, "there is no function \"%s\"", inner[i][0]);
		err_hint(lx->err, "write %s", inner[i][1]);
		return true;
	}
	return false;
}

struct node *
parse_filtered(struct lexer *lx, struct node *call, struct node *x)
{
	return filtered(lx, call, not_null(lx, x));
}

struct node *
parse_call_rest(struct lexer *lx, struct where at, struct str name,
    struct nodes args, bool distinct)
{
	enum nulls nulls = NULLS_UNSAID;
	struct ordering order = {0};
	struct node *n;

	if (args.n && lex_is(lx, "ORDER") && parse_order(lx, &order))
		return NULL;
	if (accept_nulls(lx, &nulls))
		return NULL;
	if (args.n && lex_is(lx, "ORDER") && !order.by.n &&
	    parse_order(lx, &order))
		return NULL;
	if (lex_expect(lx, ")"))
		return NULL;
	n = parse_call_of(lx, at.at, name, at, args);
	if (!n)
		return NULL;
	n->distinct = distinct;
	if (order.by.n && !(n = ordered(lx, n, &order)))
		return NULL;
	return parse_behind(lx, n, nulls);
}

static struct node *
parse_call(struct lexer *lx)
{
	struct where at = lx->tok.where;
	struct str name = lower_ascii(lx, lx->tok.text);
	struct nodes args = {0};
	bool distinct = false;
	struct node *n;

	if (is_inner(lx))
		return NULL;
	lex_next(lx);
	lex_next(lx);
	if (lex_is(lx, "*") && lex_next_is(lx, ")")) {
		lex_next(lx);
		lex_next(lx);
		n = parse_call_of(lx, at.at, name, at, args);
		if (!n)
			return NULL;
		n->star = true;
		return parse_behind(lx, n, NULLS_UNSAID);
	}
	if (!lex_is(lx, ")")) {
		distinct = lex_accept(lx, "DISTINCT");
		/* count(ALL x) is count(x); a field may be called so, too. */
		if (!distinct && lex_is(lx, "ALL") && !lex_next_is(lx, ")") &&
		    !lex_next_is(lx, ",") && !lex_next_is(lx, "."))
			lex_next(lx);
		if (parse_list(lx, &args))
			return NULL;
	}
	return parse_call_rest(lx, at, name, args, distinct);
}

/* ---- names ---- */

static struct node *
name_node(struct lexer *lx, unsigned from, struct str name)
{
	struct node *n = parse_literal(lx, from, VALUE_NULL);
	struct path_step *step = arena_zalloc(lx->arena, sizeof(*step));

	step->name = name;
	n->kind = NODE_NAME;
	n->path = (struct path){step, 1};
	return n;
}

/* CURRENT_TIMESTAMP and kin are calls without parentheses. */
static bool
is_bare_call(struct str word)
{
	static const struct str words[] = {STR("CURRENT_DATE"),
	    STR("CURRENT_TIME"), STR("CURRENT_TIMESTAMP"), STR("LOCALTIME"),
	    STR("LOCALTIMESTAMP")};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq_nocase(word, words[i]))
			return true;
	return false;
}

static struct node *
parse_bare_call(struct lexer *lx)
{
	struct where at = lx->tok.where;
	struct str name = lower_ascii(lx, lx->tok.text);

	lex_next(lx);
	return parse_call_of(lx, at.at, name, at, (struct nodes){0});
}

static struct node *
parse_name(struct lexer *lx)
{
	struct str name = lx->tok.string;
	unsigned from = lx->tok.where.at;
	struct node *n;
	bool found;

	if (!lx->tok.quoted) {
		n = parse_constant(lx);
		if (n)
			return n;
		n = parse_form(lx, &found);
		if (found)
			return n;
		n = parse_time_literal(lx, &found);
		if (found)
			return n;
		if (lx->next.kind == TOK_TEXT && name.n == 1 &&
		    (*name.p | 32) == 'x' && *lx->next.text.p == '\'' &&
		    lx->next.where.at == from + 1)
			return parse_bytes(lx);
		if (is_bare_call(name) && !lex_next_is(lx, "("))
			return parse_bare_call(lx);
		if (!is_bare_call(name) && parse_reserved(name))
			return parse_missing(lx);
		if (lex_next_is(lx, "("))
			return parse_call(lx);
	}
	lex_next(lx);
	return name_node(lx, from, name);
}

/* ---- lists and parentheses ---- */

static struct node *
parse_brackets(struct lexer *lx)
{
	struct where at = lx->tok.where;
	struct nodes args = {0};

	lex_next(lx);
	if (!lex_is(lx, "]") && parse_list(lx, &args))
		return NULL;
	if (lex_expect(lx, "]"))
		return NULL;
	return parse_call_of(lx, at.at, STR("list"), at, args);
}

static struct node *
parse_parens(struct lexer *lx)
{
	unsigned from = lx->tok.where.at;
	struct nodes args = {0};
	struct node *n;

	lex_next(lx);
	if (parse_at_query(lx))
		return parse_query(lx, from);
	n = parse_expr(lx);
	if (n && lex_accept(lx, ",")) {
		nodes_add(lx, &args, n);
		if (parse_list(lx, &args) || lex_expect(lx, ")"))
			return NULL;
		return parse_call_of(lx, from, STR("row"),
		    (struct where){lx->src, from, 1}, args);
	}
	return n && !lex_expect(lx, ")") ? n : NULL;
}

static struct node *
parse_primary(struct lexer *lx)
{
	switch (lx->tok.kind) {
	case TOK_INT:
		return literal_token(lx, value_int(lx->tok.integer));
	case TOK_NUMBER:
		return parse_number(lx);
	case TOK_DURATION:
		return parse_duration(lx);
	case TOK_TEXT:
		return literal_token(lx, value_text(lx->tok.string));
	case TOK_PARAM:
		return parse_param(lx);
	case TOK_NAME:
		return parse_name(lx);
	case TOK_OP:
		if (lex_is(lx, "("))
			return parse_parens(lx);
		if (lex_is(lx, "["))
			return parse_brackets(lx);
		break;
	case TOK_END:
	case TOK_BAD:
		break;
	}
	return parse_missing(lx);
}

/* ---- what follows an operand ---- */

static struct node *
longer_path(struct lexer *lx, struct node *n, struct path_step step)
{
	unsigned k = n->path.n;
	struct path_step *steps;

	if (k >= PATH_STEPS_MAX) {
		lex_fail(lx, "a path of more than %d steps", PATH_STEPS_MAX);
		return NULL;
	}
	steps = arena_array(lx->arena, k + 1, sizeof(*steps));
	memcpy(steps, n->path.steps, k * sizeof(*steps));
	steps[k] = step;
	n->path = (struct path){steps, k + 1};
	n->where.len = lx->done - n->where.at;
	return n;
}

static struct node *
subscript(struct lexer *lx, struct node *n, struct node *index, struct where at)
{
	const struct value *v = &index->value;
	bool literal = index->kind == NODE_LITERAL;

	if (literal && v->type == T_INT && v->i == 0) {
		err_set(lx->err, ERR_SPEC, index->where,
		    "elements are counted from 1");
		return NULL;
	}
	if (literal && n->kind == NODE_NAME) {
		if (v->type == T_INT && v->i > 0 && v->i <= UINT32_MAX)
			return longer_path(lx, n,
			    (struct path_step){.index = (uint32_t)(v->i - 1)});
		if (v->type == T_TEXT)
			return longer_path(
			    lx, n, (struct path_step){.name = value_str(*v)});
	}
	return parse_call2(lx, n->where.at, "subscript", at, n, index);
}

static struct node *
parse_field(struct lexer *lx, struct node *n)
{
	struct where at = lx->tok.where;
	struct node *name;
	char got[180];

	lex_next(lx);
	if (n->kind == NODE_NAME && lex_is(lx, "*")) {
		lex_next(lx);
		n->kind = NODE_STAR;
		n->where.len = lx->done - n->where.at;
		return n;
	}
	if (lx->tok.kind != TOK_NAME) {
		lex_fail(lx, "expected the name of a field, got %s",
		    lex_describe(lx, got, sizeof(got)));
		return NULL;
	}
	name = literal_token(lx, value_text(lx->tok.string));
	return subscript(lx, n, name, at);
}

static struct node *
parse_index(struct lexer *lx, struct node *n)
{
	struct where at = lx->tok.where;
	struct node *index;

	lex_next(lx);
	index = parse_expr(lx);
	if (!index || lex_expect(lx, "]"))
		return NULL;
	return subscript(lx, n, index, at);
}

static struct node *
parse_typed(struct lexer *lx, struct node *n)
{
	struct where at = lx->tok.where;
	struct cast_type type;

	lex_next(lx);
	if (cast_type_parse(lx, &type))
		return NULL;
	n = parse_call1(lx, n->where.at, "cast", at, n);
	if (n)
		n->cast = type;
	return n;
}

struct node *
parse_postfix(struct lexer *lx)
{
	struct node *n = parse_primary(lx);

	while (n && n->kind != NODE_STAR) {
		if (lex_is(lx, "["))
			n = parse_index(lx, n);
		else if (lex_is(lx, "."))
			n = parse_field(lx, n);
		else if (lex_is(lx, "::"))
			n = parse_typed(lx, n);
		else
			break;
	}
	return n;
}
