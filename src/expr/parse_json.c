/* SPDX-License-Identifier: MIT */
/*
 * The forms of SQL/JSON: JSON_VALUE(j, path RETURNING t … ON EMPTY … ON
 * ERROR), JSON_QUERY, JSON_EXISTS, JSON_OBJECT, JSON_ARRAY, IS JSON OBJECT.
 * Without their words they are ordinary calls; with them they become CASEs of
 * ordinary calls, so that nothing behind the grammar knows of them.
 *
 * Nothing at the path (or null there, or for JSON_VALUE a list or map) is
 * EMPTY; text that is not JSON, and a value that RETURNING cannot take, is an
 * ERROR. With 'strict' before the path only null there is EMPTY, all else an
 * ERROR. A NULL argument gives NULL.
 */
#include "expr/parse.h"

/* What to do ON EMPTY or ON ERROR. */
struct behaviour {
	bool given;
	struct node *value; /* or NULL: the row is bad */
};

/* What each function can do, besides NULL and ERROR. */
enum {
	CAN_DEFAULT = 1,
	CAN_EMPTY = 2, /* EMPTY ARRAY, EMPTY OBJECT */
	CAN_TRUTH = 4  /* TRUE, FALSE, UNKNOWN */
};

static struct node *
text_literal(struct lexer *lx, struct str s)
{
	return parse_literal(lx, lx->done, value_text(s));
}

static struct node *
null_literal(struct lexer *lx)
{
	return parse_literal(lx, lx->done, VALUE_NULL);
}

/* The value of "NULL", "DEFAULT e" … at the token; false if none begins. */
static bool
behaviour_value(
    struct lexer *lx, unsigned can, struct node **value, bool *failed)
{
	*failed = false;
	*value = NULL;
	if (lex_accept(lx, "ERROR"))
		return true;
	if (lex_accept(lx, "NULL") ||
	    ((can & CAN_TRUTH) && lex_accept(lx, "UNKNOWN"))) {
		*value = null_literal(lx);
	} else if ((can & CAN_DEFAULT) && lex_accept(lx, "DEFAULT")) {
		*value = parse_sum(lx);
		*failed = !*value;
	} else if ((can & CAN_TRUTH) &&
		   (lex_is(lx, "TRUE") || lex_is(lx, "FALSE"))) {
		*value =
		    parse_literal(lx, lx->done, value_bool(lex_is(lx, "TRUE")));
		lex_next(lx);
	} else if ((can & CAN_EMPTY) && lex_accept(lx, "EMPTY")) {
		bool object = lex_accept(lx, "OBJECT");

		*failed = !object && lex_expect(lx, "ARRAY");
		*value = text_literal(lx, object ? STR("{}") : STR("[]"));
	} else {
		return false;
	}
	return true;
}

/* {behaviour ON (EMPTY | ERROR)} ')' */
static int
parse_behaviours(struct lexer *lx, unsigned can, struct behaviour *empty,
    struct behaviour *error)
{
	struct node *value;
	bool failed;

	while (behaviour_value(lx, can, &value, &failed)) {
		struct behaviour *b = empty;

		if (failed || lex_expect(lx, "ON"))
			return -1;
		if (lex_accept(lx, "ERROR"))
			b = error;
		else if (lex_expect(lx, "EMPTY"))
			return -1;
		*b = (struct behaviour){true, value};
	}
	return lex_expect(lx, ")");
}

static struct node *
behave(struct lexer *lx, unsigned from, struct where at,
    const struct behaviour *b, const char *reason)
{
	if (!b->given)
		return null_literal(lx);
	if (b->value)
		return b->value;
	return parse_call1(
	    lx, from, "error", at, text_literal(lx, str_of(reason)));
}

/* CASE WHEN test THEN value … ELSE last END, of pairs. */
static struct node *
case_of(struct lexer *lx, unsigned from, struct where at,
    struct node *const *parts, unsigned n)
{
	struct nodes args = {0};

	for (unsigned i = 0; i < n; i++) {
		if (!parts[i])
			return NULL;
		nodes_add(lx, &args, parts[i]);
	}
	return parse_call_of(lx, from, STR("case"), at, args);
}

static struct node *
is_null(
    struct lexer *lx, unsigned from, struct where at, struct node *x, bool not )
{
	struct node *n = parse_call1(lx, from, "is null", at, x);

	return not ? parse_call1(lx, from, "not", at, n) : n;
}

static bool
is_strict(const struct node *path)
{
	return path->kind == NODE_LITERAL && path->value.type == T_TEXT &&
	       str_starts(str_trim(value_str(path->value)), STR("strict "));
}

/* The condition that the path leads to nothing, and that is no error. */
static struct node *
when_empty(struct lexer *lx, unsigned from, struct where at, struct node *json,
    struct node *path)
{
	if (is_strict(path))
		return parse_call2(lx, from, "=", at,
		    parse_call2(lx, from, "json_extract", at, json, path),
		    text_literal(lx, STR("null")));
	return is_null(
	    lx, from, at, parse_call1(lx, from, "json_type", at, json), true);
}

/* found if it is not NULL; else by what the text is. */
static struct node *
with_behaviours(struct lexer *lx, unsigned from, struct where at,
    struct node *json, struct node *path, struct node *found,
    const struct behaviour *empty, const struct behaviour *error)
{
	struct node *parts[7];

	if (!empty->given && !error->given)
		return found;
	parts[0] = is_null(lx, from, at, json, false);
	parts[1] = null_literal(lx);
	parts[2] = is_null(lx, from, at, found, true);
	parts[3] = found;
	parts[4] = when_empty(lx, from, at, json, path);
	parts[5] = behave(lx, from, at, empty, "nothing at the JSON path");
	parts[6] = behave(lx, from, at, error,
	    is_strict(path) ? "not JSON, or nothing at the strict JSON path"
			    : "not JSON");
	return case_of(lx, from, at, parts, 7);
}

/* json, path: the first two arguments. */
static int
json_and_path(struct lexer *lx, struct node **json, struct node **path)
{
	*json = parse_expr(lx);
	if (!*json || lex_expect(lx, ","))
		return -1;
	*path = parse_expr(lx);
	return *path ? 0 : -1;
}

/* ---- JSON_VALUE ---- */

struct node *
form_json_value(struct lexer *lx, unsigned from, struct where at)
{
	struct behaviour empty = {0}, error = {0};
	struct node *json, *path, *found, *cast;
	struct cast_type type = {.type = T_NULL};
	struct node *parts[5];

	if (json_and_path(lx, &json, &path) ||
	    (lex_accept(lx, "RETURNING") && cast_type_parse(lx, &type)) ||
	    parse_behaviours(lx, CAN_DEFAULT, &empty, &error))
		return NULL;
	found = parse_call2(lx, from, "json_value", at, json, path);
	if (type.type == T_NULL || !found)
		return found ? with_behaviours(lx, from, at, json, path, found,
				   &empty, &error)
			     : NULL;
	cast = parse_call1(lx, from, "try_cast", at, found);
	if (!cast)
		return NULL;
	cast->cast = type;
	if (!empty.given && !error.given)
		return cast;
	parts[0] = is_null(lx, from, at, found, false);
	parts[1] =
	    with_behaviours(lx, from, at, json, path, cast, &empty, &error);
	parts[2] = is_null(lx, from, at, cast, true);
	parts[3] = cast;
	parts[4] = behave(
	    lx, from, at, &error, "the value at the JSON path does not fit");
	return case_of(lx, from, at, parts, 5);
}

/* ---- JSON_QUERY ---- */

enum wrapper {
	WRAP_NOT,
	WRAP_LISTS_NOT, /* CONDITIONAL */
	WRAP_ALL
};

/* [WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL]] [ARRAY] WRAPPER */
static int
parse_wrapper(struct lexer *lx, enum wrapper *out)
{
	*out = WRAP_NOT;
	if (lex_accept(lx, "WITH")) {
		*out =
		    lex_accept(lx, "CONDITIONAL") ? WRAP_LISTS_NOT : WRAP_ALL;
		lex_accept(lx, "UNCONDITIONAL");
	} else if (!lex_accept(lx, "WITHOUT")) {
		return 0;
	}
	lex_accept(lx, "ARRAY");
	return lex_expect(lx, "WRAPPER");
}

/* '[' || the value as JSON || ']' */
static struct node *
wrapped(struct lexer *lx, unsigned from, struct where at, struct node *json,
    struct node *path)
{
	struct nodes args = {0};
	struct node *n = parse_call2(lx, from, "json_extract", at, json, path);

	if (!n)
		return NULL;
	nodes_add(lx, &args, text_literal(lx, STR("[")));
	nodes_add(lx, &args, n);
	nodes_add(lx, &args, text_literal(lx, STR("]")));
	return parse_call_of(lx, from, STR("||"), at, args);
}

static struct node *
query_of(struct lexer *lx, unsigned from, struct where at, struct node *json,
    struct node *path, enum wrapper wrapper)
{
	struct node *plain =
	    parse_call2(lx, from, "json_query", at, json, path);
	struct node *parts[3];

	if (wrapper == WRAP_NOT || !plain)
		return plain;
	if (wrapper == WRAP_ALL)
		return wrapped(lx, from, at, json, path);
	parts[0] = parse_call2(
	    lx, from, "starts_with", at, plain, text_literal(lx, STR("[")));
	parts[1] = plain;
	parts[2] = wrapped(lx, from, at, json, path);
	return case_of(lx, from, at, parts, 3);
}

struct node *
form_json_query(struct lexer *lx, unsigned from, struct where at)
{
	struct behaviour empty = {0}, error = {0};
	struct node *json, *path, *found;
	struct cast_type type = {.type = T_TEXT};
	struct where type_at;
	enum wrapper wrapper;

	if (json_and_path(lx, &json, &path))
		return NULL;
	if (lex_accept(lx, "RETURNING")) {
		type_at = lx->tok.where;
		if (cast_type_parse(lx, &type))
			return NULL;
		if (type.type != T_TEXT && type.type != T_LIST) {
			err_set(lx->err, ERR_SPEC, type_at,
			    "JSON_QUERY returns a text or an array");
			return NULL;
		}
	}
	if (parse_wrapper(lx, &wrapper) ||
	    parse_behaviours(lx, CAN_EMPTY, &empty, &error))
		return NULL;
	found = query_of(lx, from, at, json, path, wrapper);
	if (!found)
		return NULL;
	found =
	    with_behaviours(lx, from, at, json, path, found, &empty, &error);
	return found && type.type == T_LIST
		   ? parse_call1(lx, from, "try_parse_json", at, found)
		   : found;
}

/* ---- JSON_EXISTS ---- */

struct node *
form_json_exists(struct lexer *lx, unsigned from, struct where at)
{
	struct behaviour empty = {0}, error = {0};
	struct node *json, *path, *found, *parts[5];

	if (json_and_path(lx, &json, &path) ||
	    parse_behaviours(lx, CAN_TRUTH, &empty, &error))
		return NULL;
	found = parse_call2(lx, from, "json_exists", at, json, path);
	if (!error.given)
		return found;
	parts[0] = is_null(lx, from, at, json, false);
	parts[1] = null_literal(lx);
	parts[2] =
	    is_strict(path)
		? found
		: is_null(lx, from, at,
		      parse_call1(lx, from, "json_type", at, json), true);
	parts[3] = found;
	parts[4] = behave(lx, from, at, &error,
	    is_strict(path) ? "not JSON, or nothing at the strict JSON path"
			    : "not JSON");
	return case_of(lx, from, at, parts, 5);
}

/* ---- JSON_OBJECT, JSON_ARRAY ---- */

/* JSON made inside JSON stays JSON, and is no text in it. */
static struct node *
nested(struct lexer *lx, struct node *n)
{
	static const char *const makers[] = {"json_array", "json_array_null",
	    "json_object", "json_object_absent", "json_query"};

	for (size_t i = 0; n && i < sizeof makers / sizeof *makers; i++)
		if (n->kind == NODE_CALL && str_is(n->name, makers[i]))
			return parse_call1(
			    lx, n->where.at, "try_parse_json", n->name_at, n);
	return n;
}

/* [NULL | ABSENT] ON NULL; *absent as it was if nothing is said. */
static int
accept_on_null(struct lexer *lx, bool *absent)
{
	if (!lex_next_is(lx, "ON") ||
	    !(lex_is(lx, "NULL") || lex_is(lx, "ABSENT")))
		return 0;
	*absent = lex_is(lx, "ABSENT");
	lex_next(lx);
	lex_next(lx);
	return lex_expect(lx, "NULL");
}

static int
parse_on_null(struct lexer *lx, bool *absent)
{
	return accept_on_null(lx, absent) ? -1 : lex_expect(lx, ")");
}

/* [KEY] k (VALUE | ':' | ',') v */
static int
object_entry(struct lexer *lx, struct nodes *args)
{
	struct node *n;

	if (lex_is(lx, "KEY") && !lex_next_is(lx, ",") &&
	    !lex_next_is(lx, "VALUE"))
		lex_next(lx);
	n = parse_expr(lx);
	if (!n)
		return -1;
	nodes_add(lx, args, n);
	if (!lex_accept(lx, "VALUE") && lex_expect(lx, ","))
		return -1;
	n = nested(lx, parse_expr(lx));
	if (!n)
		return -1;
	nodes_add(lx, args, n);
	return 0;
}

struct node *
form_json_object(struct lexer *lx, unsigned from, struct where at)
{
	struct nodes args = {0};
	bool absent = false;

	if (!lex_is(lx, ")"))
		do {
			if (object_entry(lx, &args))
				return NULL;
		} while (lex_accept(lx, ","));
	if (parse_on_null(lx, &absent))
		return NULL;
	return parse_call_of(lx, from,
	    absent ? STR("json_object_absent") : STR("json_object"), at, args);
}

struct node *
form_json_array(struct lexer *lx, unsigned from, struct where at)
{
	struct nodes args = {0};
	bool absent = true;

	if (!lex_is(lx, ")") && !(lex_is(lx, "NULL") && lex_next_is(lx, "ON")))
		do {
			struct node *n = nested(lx, parse_expr(lx));

			if (!n)
				return NULL;
			nodes_add(lx, &args, n);
		} while (lex_accept(lx, ","));
	if (parse_on_null(lx, &absent))
		return NULL;
	return parse_call_of(lx, from,
	    absent ? STR("json_array") : STR("json_array_null"), at, args);
}

/* ---- JSON_ARRAYAGG, JSON_OBJECTAGG ---- */

struct node *
form_json_arrayagg(struct lexer *lx, unsigned from, struct where at)
{
	bool distinct = lex_accept(lx, "DISTINCT"), absent = true;
	struct node *x = nested(lx, parse_expr(lx));
	struct nodes args = {0};

	(void)from;
	if (!x || accept_on_null(lx, &absent))
		return NULL;
	nodes_add(lx, &args, x);
	return parse_call_rest(lx, at,
	    absent ? STR("json_arrayagg") : STR("json_arrayagg_null"), args,
	    distinct);
}

struct node *
form_json_objectagg(struct lexer *lx, unsigned from, struct where at)
{
	struct nodes args = {0};
	bool absent = false;
	struct node *n;

	(void)from;
	if (object_entry(lx, &args) || accept_on_null(lx, &absent))
		return NULL;
	n = parse_call_rest(lx, at, STR("json_objectagg"), args, false);
	return n && absent ? parse_filtered(lx, n, args.p[1]) : n;
}

/* ---- IS JSON ---- */

struct node *
parse_is_json(struct lexer *lx, unsigned from, struct where at, struct node *x)
{
	static const char *const kinds[][2] = {
	    {"ARRAY", "array"}, {"OBJECT", "object"}};
	struct nodes scalars = {0};
	struct node *type;

	if (lex_accept(lx, "VALUE"))
		return parse_call1(lx, from, "is_json", at, x);
	for (unsigned i = 0; i < 2; i++)
		if (lex_accept(lx, kinds[i][0]))
			return parse_call2(lx, from, "=", at,
			    parse_call1(lx, from, "json_type", at, x),
			    text_literal(lx, str_of(kinds[i][1])));
	if (!lex_accept(lx, "SCALAR"))
		return parse_call1(lx, from, "is_json", at, x);
	type = parse_call1(lx, from, "json_type", at, x);
	if (!type)
		return NULL;
	nodes_add(lx, &scalars, type);
	nodes_add(lx, &scalars, text_literal(lx, STR("string")));
	nodes_add(lx, &scalars, text_literal(lx, STR("number")));
	nodes_add(lx, &scalars, text_literal(lx, STR("boolean")));
	nodes_add(lx, &scalars, text_literal(lx, STR("null")));
	return parse_call_of(lx, from, STR("in"), at, scalars);
}
