/* SPDX-License-Identifier: MIT */
/*
 * The grammar: each text is parsed and printed (the print shows the tree's
 * shape), and the print is parsed again and must give the same tree and the
 * same print. Then what is refused, with its place, and limits.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "expr/expr.h"
#include "tap.h"

static struct arena arena;

static struct node *
parse(const char *text, size_t len, struct err *err)
{
	struct source *src = arena_alloc(&arena, sizeof(*src));
	char *copy = arena_alloc(&arena, len + 1);

	memcpy(copy, text, len);
	*src = (struct source){"query", {copy, len}};
	return expr_parse_text(src, 0, (unsigned)len, &arena, err);
}

static const struct {
	const char *text, *print;
} good[] = {
    /* clang-format off */
    {"1", "1"}, {"-1", "-1"}, {"- 1", "-1"}, {"+1", "1"},
    {"-(1)", "-1"}, {"- -1", "1"}, {"-9223372036854775808",
    "-9223372036854775808"}, {"- -9223372036854775808",
    "- -9223372036854775808"},
    {"9223372036854775808", "9223372036854775808"},
    {"1.50", "1.50"}, {".5", "0.5"}, {"1.", "1."}, {"-0.5", "-0.5"},
    {"1e3", "1000.0e0"}, {"1.5e-7", "1.5e-7"}, {"1e21", "1e+21"},
    {"12345678901234567890123456789012345678",
    "12345678901234567890123456789012345678"},
    {"'it''s'", "'it''s'"}, {"\"x\"", "'x'"}, {"e'a\\nb'", "'a\nb'"},
    {"X'0AfF'", "X'0aff'"}, {"x''", "X''"},
    {"null", "NULL"}, {"True", "TRUE"}, {"FALSE", "FALSE"},
    {"5m", "5m"}, {"-5m", "-5m"}, {"90s", "1m30s"}, {"1.5h", "1h30m"},
    {"INTERVAL '5' MINUTE", "INTERVAL '300' SECOND"},
    {"interval '5' minutes", "INTERVAL '300' SECOND"},
    {"INTERVAL '-5' MINUTE", "INTERVAL '-300' SECOND"},
    {"-INTERVAL '5' SECOND", "INTERVAL '-5' SECOND"},
    {"INTERVAL '0.001' SECOND", "INTERVAL '0.001' SECOND"},
    {"INTERVAL 5 MINUTE", "INTERVAL '300' SECOND"},
    {"INTERVAL '5m'", "INTERVAL '300' SECOND"},
    {"INTERVAL '1:30' HOUR TO MINUTE", "INTERVAL '5400' SECOND"},
    {"INTERVAL '1 02:03:04.5' DAY TO SECOND(3)",
    "INTERVAL '93784.5' SECOND"},
    {"INTERVAL '-1 02' DAY(2) TO HOUR", "INTERVAL '-93600' SECOND"},
    {"INTERVAL '2' WEEK", "INTERVAL '1209600' SECOND"},
    {"DATE '2026-03-28'", "DATE '2026-03-28'"},
    {"TIMESTAMP '2026-03-28 22:00:00.123'",
    "TIMESTAMP '2026-03-28T22:00:00.123Z'"},
    {"TIMESTAMP '2026-03-28T22:00:00+01:00'",
    "TIMESTAMP '2026-03-28T21:00:00Z'"},
    {"a", "a"}, {"`a`", "a"}, {"`odd name`", "`odd name`"},
    {"`a``b`", "`a``b`"}, {"`from`", "`from`"}, {"@timestamp", "`@timestamp`"},
    {"a.b.c", "a.b.c"}, {"a[1]", "a[1]"}, {"a.b[2].c", "a.b[2].c"},
    {"a['k']", "a.k"}, {"a['odd k']", "a.`odd k`"}, {"a.from", "a.`from`"},
    {"a['']", "a['']"}, {"a[i]", "a[i]"}, {"a[i].b", "a[i]['b']"},
    {"a[i + 1][2]", "a[i + 1][2]"}, {"a[-1]", "a[-1]"},
    {"(a)[1]", "a[1]"}, {"(a + b)[1]", "(a + b)[1]"},
    {"f(x)['k']", "f(x)['k']"}, {"f(x).k", "f(x)['k']"},
    {"[1, 2][1]", "ARRAY[1, 2][1]"}, {"(-1)[1]", "(-1)[1]"},
    {"`array`[1]", "`array`[1]"}, {"`map`.x", "`map`.x"},
    {"$p", "$p"}, {"*", "*"}, {"a.*", "a.*"}, {"a.b.*", "a.b.*"},
    /* words that are no keywords here */
    {"key", "key"}, {"value", "value"}, {"time", "time"}, {"day", "day"},
    {"count", "count"}, {"path", "path"}, {"method", "method"},
    {"status", "status"}, {"level", "level"}, {"date", "date"},
    {"timestamp", "timestamp"}, {"interval", "interval"}, {"array", "`array`"},
    {"map", "`map`"}, {"left", "left"}, {"end", "end"}, {"row", "row"},
    {"values", "values"}, {"trim", "trim"}, {"cast", "cast"},
    {"filter", "filter"}, {"over", "over"}, {"escape", "escape"},
    {"exists", "exists"}, {"if", "if"}, {"x", "x"}, {"e", "e"},
    {"case when end then end end", "CASE WHEN end THEN end END"},
    {"date > timestamp", "date > timestamp"},
    /* levels */
    {"a OR b AND c", "a OR b AND c"}, {"(a OR b) AND c", "(a OR b) AND c"},
    {"a OR (b AND c)", "a OR b AND c"}, {"a and b and c", "a AND b AND c"},
    {"(a AND b) AND c", "(a AND b) AND c"},
    {"a AND (b AND c)", "a AND (b AND c)"},
    {"NOT a AND b", "NOT a AND b"}, {"NOT (a AND b)", "NOT (a AND b)"},
    {"NOT NOT a", "NOT NOT a"}, {"NOT a = b", "NOT a = b"},
    {"(NOT a) = b", "(NOT a) = b"}, {"a = b = c", "a = b = c"},
    {"a = (b = c)", "a = (b = c)"}, {"a = b IS NULL", "a = b IS NULL"},
    {"a = (b IS NULL)", "a = (b IS NULL)"},
    {"a + b - c", "a + b - c"}, {"a - (b - c)", "a - (b - c)"},
    {"(a - b) - c", "a - b - c"}, {"a + b * c", "a + b * c"},
    {"(a + b) * c", "(a + b) * c"}, {"a * b / c % d", "a * b / c % d"},
    {"a / (b * c)", "a / (b * c)"}, {"-a * b", "- a * b"},
    {"-(a * b)", "- (a * b)"}, {"- - a", "- - a"}, {"a - -1", "a - -1"},
    {"a--1", "a"}, {"+a", "a"}, {"-a[1]", "- a[1]"},
    {"a || b || c", "a || b || c"}, {"(a || b) || c", "(a || b) || c"},
    {"a || (b || c)", "a || (b || c)"}, {"a + b || c", "a + b || c"},
    {"a || b + c || d", "a || b + c || d"}, {"a < b + 1", "a < b + 1"},
    {"(a < b) + 1", "(a < b) + 1"}, {"a == 1", "a = 1"},
    {"a != 1", "a <> 1"}, {"a <> 1", "a <> 1"}, {"a >= 1", "a >= 1"},
    {"-1 * 2", "-1 * 2"}, {"2 * -1", "2 * -1"},
    /* tests */
    {"a IS NULL", "a IS NULL"}, {"a IS NOT NULL", "NOT a IS NULL"},
    {"a IS TRUE", "a IS TRUE"}, {"a IS NOT FALSE", "NOT a IS FALSE"},
    {"a IS UNKNOWN", "a IS UNKNOWN"},
    {"a IS DISTINCT FROM b", "a IS DISTINCT FROM b"},
    {"a IS NOT DISTINCT FROM b + 1", "NOT a IS DISTINCT FROM b + 1"},
    {"a IS JSON", "is_json(a) IS TRUE"},
    {"a BETWEEN 1 AND 2", "a BETWEEN 1 AND 2"},
    {"a NOT BETWEEN 1 AND 2 AND b", "NOT a BETWEEN 1 AND 2 AND b"},
    {"a BETWEEN b + 1 AND c * 2 OR d", "a BETWEEN b + 1 AND c * 2 OR d"},
    {"(a, b) = (1, 2)", "a = 1 AND b = 2"},
    {"(a, b) <> ROW(1, 2)", "NOT (a = 1 AND b = 2)"},
    {"(a, b) < (1, 2)", "a < 1 OR a = 1 AND b < 2"},
    {"(a, b) IN ((1, 2), (3, 4))",
    "a = 1 AND b = 2 OR a = 3 AND b = 4"},
    {"(a, b) NOT IN ((1, 2))", "NOT (a = 1 AND b = 2)"},
    {"(a, b)", "row(a, b)"}, {"ROW(1, 'x')", "row(1, 'x')"},
    {"(a, INTERVAL '1' HOUR) OVERLAPS (c, d)",
    "overlaps(a, a + INTERVAL '3600' SECOND, c, d)"},
    {"a + INTERVAL '2' YEAR", "timestampadd(month, 24, a)"},
    {"INTERVAL '1' MONTH + a", "timestampadd(month, 1, a)"},
    {"a - INTERVAL '-1-2' YEAR TO MONTH", "timestampadd(month, 14, a)"},
    {"INTERVAL '1' QUARTER", "INTERVAL '3' MONTH"},
    {"array_agg(DISTINCT a ORDER BY b DESC, c ASC NULLS LAST)",
    "array_agg(DISTINCT a ORDER BY b DESC, c NULLS LAST)"},
    {"listagg(a, '+') WITHIN GROUP (ORDER BY b) FILTER (WHERE c)",
    "listagg(a, '+' ORDER BY b) FILTER (WHERE c)"},
    {"percentile_cont(0.9) WITHIN GROUP (ORDER BY a)",
    "percentile_cont(a, 0.9)"},
    {"percentile_disc(0.9) WITHIN GROUP (ORDER BY a DESC)",
    "percentile_disc(a, 1 - 0.9)"},
    {"mode() WITHIN GROUP (ORDER BY a)", "mode(a)"},
    {"JSON_VALUE(a, '$.b')", "json_value(a, '$.b')"},
    {"JSON_VALUE(a, '$.b' RETURNING INTEGER)",
    "TRY_CAST(json_value(a, '$.b') AS bigint)"},
    {"JSON_EXISTS(a, '$' UNKNOWN ON ERROR)",
    "CASE WHEN a IS NULL THEN NULL WHEN NOT json_type(a) IS NULL THEN "
    "json_exists(a, '$') END"},
    {"JSON_QUERY(a, '$' WITH ARRAY WRAPPER)",
    "'[' || json_extract(a, '$') || ']'"},
    {"JSON_OBJECT(KEY 'k' VALUE a, 'l' VALUE JSON_ARRAY(1) ABSENT ON NULL)",
    "json_object_absent('k', a, 'l', try_parse_json(json_array(1)))"},
    {"JSON_ARRAY(1, NULL NULL ON NULL)", "json_array_null(1, NULL)"},
    {"a IS JSON ARRAY", "json_type(a) = 'array' IS TRUE"},
    {"a BETWEEN SYMMETRIC 2 AND 1",
    "a BETWEEN 2 AND 1 OR a BETWEEN 1 AND 2"},
    {"a IN (1, 2)", "a IN (1, 2)"}, {"a NOT IN ('x')", "NOT a IN ('x')"},
    {"a + 1 IN (1)", "a + 1 IN (1)"}, {"a IN ((1), b OR c)",
    "a IN (1, b OR c)"},
    {"a LIKE 'x%'", "a LIKE 'x%'"}, {"a NOT LIKE b || '%'",
    "NOT a LIKE b || '%'"},
    {"a LIKE 'x!%' ESCAPE '!'", "a LIKE 'x!%' ESCAPE '!'"},
    {"a ILIKE 'X%'", "lower(a) LIKE lower('X%')"},
    {"a SIMILAR TO '(a|b)+'", "a SIMILAR TO '(a|b)+'"},
    {"a ~ 'x'", "a ~ 'x'"}, {"a !~ 'x'", "NOT a ~ 'x'"},
    {"a ~* 'x'", "a ~ '(?i)' || 'x'"}, {"a REGEXP 'x'", "a ~ 'x'"},
    {"a RLIKE 'x'", "a ~ 'x'"}, {"a NOT REGEXP 'x'", "NOT a ~ 'x'"},
    {"a = 1 AND b LIKE 'x' OR NOT c IS NULL",
    "a = 1 AND b LIKE 'x' OR NOT c IS NULL"},
    /* calls and forms */
    {"f()", "f()"}, {"F(a, B)", "f(a, B)"}, {"count(*)", "count(*)"},
    {"count(DISTINCT a, b)", "count(DISTINCT a, b)"},
    {"sum(a) FILTER (WHERE b > 1)", "sum(a) FILTER (WHERE b > 1)"},
    {"left(a, 2)", "left(a, 2)"}, {"if(a, b, c)", "if(a, b, c)"},
    {"try(a / b)", "try(a / b)"}, {"replace(a, 'x', 'y')",
    "replace(a, 'x', 'y')"},
    {"CASE WHEN a THEN 1 ELSE 2 END", "CASE WHEN a THEN 1 ELSE 2 END"},
    {"CASE WHEN a THEN 1 WHEN b THEN 2 END",
    "CASE WHEN a THEN 1 WHEN b THEN 2 END"},
    {"CASE WHEN a THEN 1 ELSE NULL END", "CASE WHEN a THEN 1 END"},
    {"CASE x WHEN 1 THEN 'a' WHEN 2, 3 THEN 'b' END",
    "CASE WHEN x = 1 THEN 'a' WHEN x IN (2, 3) THEN 'b' END"},
    {"CASE x OR y WHEN 1 THEN 2 END",
    "CASE WHEN (x OR y) = 1 THEN 2 END"},
    {"CAST(a AS INT)", "CAST(a AS bigint)"},
    {"CAST(a + 1 AS DECIMAL(10, 2))", "CAST(a + 1 AS decimal(10, 2))"},
    {"CAST(a AS DECIMAL(10))", "CAST(a AS decimal(10, 0))"},
    {"CAST(a AS NUMERIC)", "CAST(a AS decimal)"},
    {"CAST(a AS VARCHAR(5))", "CAST(a AS varchar(5))"},
    {"CAST(a AS CHAR(5))", "CAST(a AS char(5))"},
    {"CAST(a AS STRING)", "CAST(a AS text)"},
    {"CAST(a AS DOUBLE PRECISION)", "CAST(a AS double)"},
    {"CAST(a AS TIMESTAMP(3) WITH LOCAL TIME ZONE)",
    "CAST(a AS timestamp(3))"},
    {"CAST(a AS TIMESTAMP_LTZ(3))", "CAST(a AS timestamp(3))"},
    {"CAST(a AS DATE)", "CAST(a AS date)"},
    {"CAST(a AS INTERVAL DAY TO SECOND)", "CAST(a AS interval)"},
    {"TRY_CAST(a AS BOOLEAN)", "TRY_CAST(a AS boolean)"},
    {"a::int + 1", "CAST(a AS bigint) + 1"},
    {"-a::double", "- CAST(a AS double)"},
    {"EXTRACT(DAY FROM t)", "extract(day FROM t)"},
    {"EXTRACT(minutes FROM t - u)", "extract(minute FROM t - u)"},
    {"FLOOR(t TO DAY)", "floor(t TO day)"}, {"floor(1.5)", "floor(1.5)"},
    {"CEILING(t TO MONTH)", "ceil(t TO month)"},
    {"TIMESTAMPADD(MONTH, 1, t)", "timestampadd(month, 1, t)"},
    {"TIMESTAMPDIFF(HOURS, a, b)", "timestampdiff(hour, a, b)"},
    {"POSITION('a' IN b)", "position('a', b)"},
    {"POSITION(a, b)", "position(a, b)"},
    {"TRIM(a)", "trim(a)"}, {"TRIM(BOTH 'x' FROM a)", "trim(a, 'x')"},
    {"TRIM(LEADING FROM a)", "ltrim(a)"},
    {"TRIM(TRAILING 'x' FROM a)", "rtrim(a, 'x')"},
    {"TRIM('x' FROM a)", "trim(a, 'x')"}, {"TRIM(both)", "trim(both)"},
    {"SUBSTRING(a FROM 2)", "substring(a, 2)"},
    {"SUBSTRING(a FROM 2 FOR 3)", "substring(a, 2, 3)"},
    {"SUBSTR(a, 2, 3)", "substring(a, 2, 3)"},
    {"OVERLAY(a PLACING 'x' FROM 2 FOR 1)", "overlay(a, 'x', 2, 1)"},
    {"ARRAY[1, 'a', NULL]", "ARRAY[1, 'a', NULL]"}, {"ARRAY[]", "ARRAY[]"},
    {"[]", "ARRAY[]"}, {"[a, [b]]", "ARRAY[a, ARRAY[b]]"},
    {"MAP['a', 1, 'b', 2]", "MAP['a', 1, 'b', 2]"},
    {"MAP[]['a']", "MAP[]['a']"}, {"CURRENT_TIMESTAMP",
    "current_timestamp()"}, {"current_date()", "current_date()"},
    {"coalesce(a, b)", "coalesce(a, b)"}, {"nullif(a, 0)", "nullif(a, 0)"},
    {"t - INTERVAL '4' SECOND", "t - INTERVAL '4' SECOND"},
    {"a /* c */ + -- d\n b", "a + b"},
    /* clang-format on */
};

static const struct {
	const char *text;
	int at;
	const char *message;
} wrong[] = {
    /* clang-format off */
    {"", 0, "expected an expression, got the end"},
    {"a +", 3, "expected an expression, got the end"},
    {"a b", 2, "expected an operator or the end, got \"b\""},
    {"(a", 2, "expected ), got the end"},
    {"a)", 1, "expected an operator or the end, got \")\""},
    {"FROM", 0, "expected an expression, got \"FROM\""},
    {"a AND OR b", 6, "expected an expression, got \"OR\""},
    {"1 + *", 4, "expected an expression, got \"*\""},
    {"a.", 2, "expected the name of a field, got the end"},
    {"a.1", 2, "expected the name of a field, got \"1\""},
    {"a[0]", 2, "elements are counted from 1"},
    {"a[1", 3, "expected ], got the end"},
    {"f(a", 3, "expected ), got the end"},
    {"f(a,)", 4, "expected an expression, got \")\""},
    {"CASE END", 8, "expected WHEN, got the end"},
    {"CASE WHEN a THEN b", 18, "expected END, got the end"},
    {"CASE WHEN a END", 12, "expected THEN, got \"END\""},
    {"CAST(a AS)", 9, "expected a type, got \")\""},
    {"CAST(a AS bigin)", 10, "expected a type, got \"bigin\""},
    {"CAST(a AS DECIMAL(40))", 18,
    "expected a number from 1 to 38, got \"40\""},
    {"CAST(a AS ARRAY<INT, INT>)", 21,
     "there is one type of elements"},
    {"CAST(a AS MAP<INT>)", 17,
     "a map has two types, of keys and of values"},
    {"CAST(a AS ROW<INT>)", 17, "expected a type, got \">\""},
    {"CAST(a, b)", 6, "expected AS, got \",\""},
    {"EXTRACT(dya FROM t)", 8, "expected a unit of time, got \"dya\""},
    {"INTERVAL '1:2' YEAR TO MONTH", 9,
    "this is not an interval of year to month"},
    {"INTERVAL '1.5' MONTH", 9, "this is not an interval of month"},
    {"INTERVAL '1' DAY TO MONTH", 25,
    "an interval has no such unit, got the end"},
    {"(a, b) = (1, 2, 3)", 0,
    "rows of values of different lengths cannot be compared"},
    {"(a, b) IN ((1, 2), 3)", 0,
    "rows of values of different lengths cannot be compared"},
    {"(a, b) OVERLAPS c", 0, "OVERLAPS takes two spans: (start, end) OVERLAPS "
    "(start, end)"},
    {"array_agg(a ORDER BY b ORDER BY c)", 23,
    "expected ), got \"ORDER\""},
    {"JSON_VALUE(a, '$' DEFAULT 1 ON NOTHING)", 31,
    "expected EMPTY, got \"NOTHING\""},
    {"INTERVAL 'x' DAY", 9, "this is not an interval of day"},
    {"INTERVAL '1' DAY TO DAY", 9,
    "an interval of day to day is not possible"},
    {"INTERVAL '1:2:3' HOUR TO MINUTE", 9,
    "this is not an interval of hour to minute"},
    {"INTERVAL '999999999999' DAY", 9, "this is not an interval of day"},
    {"DATE 'x'", 5, "this is not a date"},
    {"DATE '2026-01-01 10:00:00'", 5, "this is not a date"},
    {"TIMESTAMP '2026-13-01'", 10, "this is not a time"},
    {"TIME '24:00'", 5, "this is not a time of day"},
    {"MAP['a']", 0, "MAP takes pairs: MAP[key, value, …]"},
    {"X'0'", 1, "bytes are pairs of hexadecimal digits"},
    {"X'zz'", 1, "bytes are pairs of hexadecimal digits"},
    {"(SELECT 1)", 1, "subqueries are not supported here"},
    {"a IN (SELECT 1)", 6, "subqueries are not supported here"},
    {"EXISTS (SELECT 1)", 8, "subqueries are not supported here"},
    {"EXISTS (1)", 8, "expected a query: EXISTS (SELECT …)"},
    {"a < ANY (SELECT 1)", 9, "subqueries are not supported here"},
    {"a = ANY (SELECT 1)", 9, "subqueries are not supported here"},
    {"lower(a) IGNORE NULLS", 0,
     "IGNORE NULLS belongs to aggregates and window functions"},
    {"sum(a) RESPECT NULLS", 0, "sum() has no RESPECT NULLS"},
    {"first(a IGNORE NULLS) IGNORE NULLS", 22,
     "what is done with NULLs is said twice"},
    {"a IS b", 5,
    "expected NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM, got \"b\""},
    {"a BETWEEN 1", 11, "expected AND, got the end"},
    {"a IN 1", 5, "expected (, got \"1\""}, {"a IN ()", 6,
    "expected an expression, got \")\""},
    {"a SIMILAR 'x'", 10, "expected TO, got \"'x'\""},
    {"1e999", 0, "this number is out of range"},
    {"123456789012345678901234567890123456789", 0,
    "this number has more than 38 digits"},
    {"a + 'x", 4, "the quote that opens here is not closed"},
    {"list(1)", 0, "there is no function \"list\""},
    {"count(DISTINCT)", 14, "expected an expression, got \")\""},
    {"sum(a) FILTER (b)", 15, "expected WHERE, got \"b\""},
    /* clang-format on */
};

static void
check_good(const char *text, const char *want)
{
	struct buf first = {0}, second = {0};
	struct err err = {0};
	struct node *a = parse(text, strlen(text), &err), *b;

	if (!a) {
		ok(0, "%s: %s", text, err.message);
		goto out;
	}
	node_print(&first, a);
	same(buf_z(&first), want, text);
	b = parse(first.p, first.n, &err);
	if (!b) {
		ok(0, "%s again: %s", buf_z(&first), err.message);
		goto out;
	}
	node_print(&second, b);
	ok(node_eq(a, b) && str_eq(buf_str(&first), buf_str(&second)),
	    "the same again: %s", text);
out:
	buf_release(&first);
	buf_release(&second);
	err_release(&err);
}

static void
check_wrong(const char *text, int at, const char *want)
{
	struct err err = {0};

	if (parse(text, strlen(text), &err)) {
		ok(0, "%s is refused", text);
		return;
	}
	same(err.message, want, text);
	ok((int)err.where.at == at, "place of: %s (%u)", text, err.where.at);
	err_release(&err);
}

/* n times `unit`, then `tail`. */
static const char *
repeated(const char *before, const char *unit, size_t n, const char *tail)
{
	static struct buf both[2];
	static unsigned turn;
	struct buf b = both[turn % 2];
	size_t k = strlen(unit);

	b.n = 0;
	buf_addz(&b, before);
	buf_reserve(&b, n * k);
	for (size_t i = 0; i < n; i++)
		buf_add(&b, unit, k);
	buf_addz(&b, tail);
	buf_z(&b);
	both[turn++ % 2] = b;
	return b.p;
}

static void
check_limit(const char *text, const char *want, const char *what)
{
	struct err err = {0};
	struct node *n = parse(text, strlen(text), &err);

	if (want)
		ok(!n && err.message && strstr(err.message, want), "%s: %s",
		    what, err.message ? err.message : "accepted");
	else
		ok(n, "%s: %s", what, err.message ? err.message : "accepted");
	err_release(&err);
	arena_reset(&arena);
}

static void
test_limits(void)
{
	static const char deep[] = "nested too deep";
	static const char many[] = "operations nested";

	check_limit(repeated("", "(", 10000000, "1"), deep, "10 MB of (");
	check_limit(repeated("", "[", 10000000, "1"), deep, "10 MB of [");
	check_limit(repeated("", "NOT ", 1000000, "1"), deep, "NOT NOT …");
	check_limit(repeated("", "- ", 1000000, "1"), deep, "- - …");
	check_limit(repeated("", "f(", 1000000, "1"), deep, "f(f(…");
	check_limit(repeated("", "CASE ", 1000000, "1"), deep, "CASE CASE …");
	check_limit(repeated("a", "[i]", 100000, ""), many, "a[i][i]…");
	check_limit(repeated("a", ".b", 100000, ""), "path", "a.b.b…");
	check_limit(repeated("1", " + 1", 100000, ""), many, "1 + 1 + …");
	check_limit(repeated("1", " + 1", 900, ""), NULL, "900 sums");
	check_limit(repeated("a", " AND a", 100000, ""), NULL, "long AND");
	check_limit(repeated("a", " || a", 100000, ""), NULL, "long ||");
	check_limit(repeated("a IN (1", ", 1", 100000, ")"), NULL, "long IN");
	check_limit(repeated("a IN (1", ", 1", 1100000, ")"),
	    "operations in one", "too long IN");
	check_limit(repeated("", "(", 150, "1"), "expected )", "not closed");
	/* A CASE's operand is shared by its branches: size is what counts. */
	check_limit(
	    repeated("", "CASE ", 60,
		repeated("x", " WHEN 1 THEN 1 WHEN 2 THEN 2 END", 60, "")),
	    "operations in one", "CASE within CASE");
}

static void
test_alias(void)
{
	static const char *const rows[][2] = {{"a", "a"}, {"a.b", "b"},
	    {"a[1].c", "c"}, {"count(*)", "count"}, {"sum(x)", "sum(x)"},
	    {"a + 1", "a + 1"}, {"a[1]", "a[1]"}};
	struct err err = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node *n = parse(rows[i][0], strlen(rows[i][0]), &err);

		ok(n && str_is(node_alias(n, &arena), rows[i][1]), "%s is %s",
		    rows[i][0], rows[i][1]);
	}
}

/* An expression ends where the words of a query go on. */
static void
test_ends(void)
{
	static const char *const rows[][2] = {{"a + b FROM t", "FROM"},
	    {"a WHERE b", "WHERE"}, {"a, b", ","}, {"a AS b", "AS"},
	    {"a b", "b"}, {"a)", ")"}, {"a ORDER BY b", "ORDER"},
	    {"count(*) OVER (x)", "OVER"}, {"a DESC", "DESC"},
	    {"a UNION b", "UNION"}, {"a NOT NULL", "NOT"}, {"a; b", ";"},
	    {"ts - INTERVAL '4' SECOND)", ")"}, {"a LIMIT 5", "LIMIT"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source src = {"query", str_of(rows[i][0])};
		struct err err = {0};
		struct lexer lx;
		struct node *n;

		lex_init(&lx, &src, 0, (unsigned)src.text.n, &arena, &err);
		n = expr_parse(&lx);
		ok(n && lex_is(&lx, rows[i][1]), "%s ends before %s",
		    rows[i][0], rows[i][1]);
		err_release(&err);
	}
}

static struct node *
hook_query(struct lexer *lx, void *owner)
{
	struct node *n = arena_zalloc(lx->arena, sizeof(*n));

	(void)owner;
	while (!lex_is(lx, ")") && lx->tok.kind != TOK_END)
		lex_next(lx);
	n->kind = NODE_QUERY;
	return n;
}

static void
test_hooks(void)
{
	struct source src = {
	    "query", STR("a IN (SELECT 1) AND b > (SELECT 2)")};
	struct lex_hooks hooks = {.query = hook_query};
	struct err err = {0};
	struct buf out = {0};
	struct lexer lx;
	struct node *n;

	lex_init(&lx, &src, 0, (unsigned)src.text.n, &arena, &err);
	lx.hooks = &hooks;
	n = expr_parse(&lx);
	ok(n != NULL, "queries by the hook");
	if (n)
		node_print(&out, n);
	same(buf_z(&out), "a IN (SELECT 1) AND b > (SELECT 2)",
	    "queries print as they were written");
	buf_release(&out);
	err_release(&err);
}

int
main(void)
{
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_good(good[i].text, good[i].print);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_wrong(wrong[i].text, wrong[i].at, wrong[i].message);
	test_alias();
	test_ends();
	test_hooks();
	test_limits();
	arena_release(&arena);
	return tap_done();
}
