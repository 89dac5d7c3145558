/* SPDX-License-Identifier: MIT */
/*
 * Evaluation: what expressions give over a small table. Each one runs over
 * the whole batch, row by row, with columns of type ANY, and as a condition;
 * all ways must agree with the expected results.
 */
#include "base/buf.h"
#include "expr/agg.h"
#include "expr_rows.h"
#include "tap.h"

static struct arena arena;
static struct eval *ev;
static struct batch *typed, *anys;

static struct node *
parse(const char *text, struct err *err)
{
	struct source *src = arena_alloc(&arena, sizeof(*src));

	*src = (struct source){"query", arena_str(&arena, str_of(text))};
	return expr_parse_text(src, 0, (unsigned)src->text.n, &arena, err);
}

static struct expr *
bind(const char *text, struct err *err)
{
	struct scope scope = {.cols = table_cols, .n_cols = N_COLS};
	struct node *n = parse(text, err);

	return n ? expr_bind(n, &scope, &arena, err) : NULL;
}

/* ---- results ---- */

/* One value: does not depend on the row. */
static const char *const scalars[][2] = {
    /* clang-format off */
    /* arithmetic */
    {"1 + 2", "3"}, {"7 / 2", "3"}, {"-7 / 2", "-3"}, {"7 % 3", "1"},
    {"-7 % 3", "-1"}, {"7 % -3", "1"}, {"1 + 2.5", "3.5"},
    {"1.5 + 1.5", "3.0"}, {"0.1 + 0.2", "0.3"}, {"0.1e0 + 0.2e0",
    "0.30000000000000004"}, {"1 + 1e0", "2.0"}, {"1.5 + 1e0", "2.5"},
    {"0.908 * 100", "90.800"}, {"1.0 / 3", "0.333333"},
    {"10 / 4.0", "2.500000"}, {"7 / 2e0", "3.5"}, {"1e0 / 0", "Infinity"},
    {"-1e0 / 0e0", "-Infinity"}, {"0e0 / 0", "NaN"}, {"5.5 % 2", "1.5"},
    {"5.5e0 % 2", "1.5"}, {"1 / 0", "!division by zero"},
    {"1 % 0", "!division by zero"}, {"1.0 / 0", "!division by zero"},
    {"1.0 % 0", "!division by zero"},
    {"9223372036854775807 + 1", "!integer overflow"},
    {"-9223372036854775808 - 1", "!integer overflow"},
    {"4611686018427387904 * 2", "!integer overflow"},
    {"-9223372036854775808 / -1", "!integer overflow"},
    {"-9223372036854775808 % -1", "0"},
    {"-(-9223372036854775808)", "!integer overflow"},
    {"99999999999999999999999999999999999999 + 1", "!decimal overflow"},
    {"9223372036854775808 + 1", "9223372036854775809"},
    {"1 + NULL", "NULL"}, {"NULL / 0", "NULL"}, {"-NULL", "NULL"},
    {"- (1 + 1)", "-2"}, {"2 + 3 * 4", "14"}, {"(2 + 3) * 4", "20"},
    {"10 - 4 - 3", "3"}, {"100 / 10 / 5", "2"}, {"-2 * -3", "6"},
    /* times and durations */
    {"5m + 30s", "5m30s"}, {"1h - 90m", "-30m"}, {"5m * 3", "15m"},
    {"3 * 5m", "15m"}, {"5m / 2", "2m30s"}, {"1m * 0.5", "30s"},
    {"1m * 1.5e0", "1m30s"}, {"5m / 2m", "2.5"}, {"5m % 2m", "1m"},
    {"1s / 3", "333ms333us"}, {"5m / 0", "!division by zero"},
    {"-5m", "-5m"}, {"- (5m)", "-5m"},
    {"TIMESTAMP '2026-01-01' + 1d", "2026-01-02T00:00:00Z"},
    {"1d + TIMESTAMP '2026-01-01'", "2026-01-02T00:00:00Z"},
    {"TIMESTAMP '2026-01-01' - 1s", "2025-12-31T23:59:59Z"},
    {"TIMESTAMP '2026-01-02' - TIMESTAMP '2026-01-01'", "1d"},
    {"TIMESTAMP '2026-01-02' - '2026-01-01'", "1d"},
    {"TIMESTAMP '2026-01-02' + '1h'", "2026-01-02T01:00:00Z"},
    {"TIMESTAMP '2026-01-01' - INTERVAL '4' SECOND",
    "2025-12-31T23:59:56Z"},
    /* text */
    {"'a' || 'b' || 'c'", "abc"}, {"'a' || NULL", "NULL"},
    {"'n=' || 5", "n=5"}, {"1 || 2", "12"}, {"'' || ''", ""},
    {"'t' || TRUE || 5m", "ttrue5m"},
    /* comparisons */
    {"1 = 1", "true"}, {"1 <> 1", "false"}, {"1 < 2", "true"},
    {"2 <= 2", "true"}, {"3 > 4", "false"}, {"3 >= 4", "false"},
    {"1 = 1.0", "true"}, {"1 = 1e0", "true"}, {"1.5 > 1", "true"},
    {"9007199254740993 = 9007199254740992e0", "false"},
    {"9007199254740993 > 9007199254740992e0", "true"},
    {"9223372036854775807 < 9223372036854775808e0", "true"},
    {"0.1 = 0.1e0", "true"}, {"0.1e0 < 0.2", "true"},
    {"0.1e0 IN (0.1, 5)", "true"}, {"0.1 IN (0.1e0, 5)", "true"},
    {"'abc' < 'abd'", "true"},
    {"'a' < 'ab'", "true"}, {"'Z' < 'a'", "true"}, {"'' = ''", "true"},
    {"TRUE > FALSE", "true"}, {"TRUE = 'true'", "true"},
    {"NULL = NULL", "NULL"}, {"1 = NULL", "NULL"}, {"NULL <> 1", "NULL"},
    {"1 = '1'", "true"}, {"'10' > 9", "true"}, {"'1.5' = 1.5", "true"},
    {"5m = '5m'", "true"}, {"5m < 6m", "true"},
    {"TIMESTAMP '2026-01-01' = '2026-01-01T00:00:00Z'", "true"},
    {"'2026-01-01' < TIMESTAMP '2026-01-02'", "true"},
    {"0e0 / 0 = 0e0 / 0", "true"}, {"0e0 / 0 > 1e300", "true"},
    {"[1, 2] = [1, 2]", "true"}, {"[1, 2] < [1, 3]", "true"},
    {"MAP['a', 1] = MAP['a', 1]", "true"},
    {"X'00' < X'01'", "true"},
    {"1 IS DISTINCT FROM NULL", "true"},
    {"NULL IS DISTINCT FROM NULL", "false"},
    {"1 IS DISTINCT FROM 1", "false"}, {"1 IS NOT DISTINCT FROM 1", "true"},
    {"1 IS DISTINCT FROM 2", "true"},
    /* three values */
    {"TRUE AND NULL", "NULL"}, {"FALSE AND NULL", "false"},
    {"NULL AND FALSE", "false"}, {"NULL AND TRUE", "NULL"},
    {"TRUE OR NULL", "true"}, {"FALSE OR NULL", "NULL"},
    {"NULL OR TRUE", "true"}, {"NULL OR NULL", "NULL"},
    {"NOT NULL", "NULL"}, {"NOT TRUE", "false"}, {"NOT FALSE", "true"},
    {"TRUE AND TRUE AND FALSE", "false"}, {"FALSE OR FALSE OR TRUE", "true"},
    {"NULL IS NULL", "true"}, {"1 IS NULL", "false"},
    {"1 IS NOT NULL", "true"}, {"TRUE IS TRUE", "true"},
    {"NULL IS TRUE", "false"}, {"NULL IS NOT TRUE", "true"},
    {"FALSE IS FALSE", "true"}, {"NULL IS FALSE", "false"},
    {"NULL IS UNKNOWN", "true"}, {"TRUE IS UNKNOWN", "false"},
    {"12 BETWEEN NULL AND 10", "false"}, {"12 NOT BETWEEN 15 AND NULL",
    "true"}, {"12 BETWEEN 10 AND NULL", "NULL"},
    {"5 BETWEEN 1 AND 10", "true"}, {"5 BETWEEN 10 AND 1", "false"},
    {"5 BETWEEN SYMMETRIC 10 AND 1", "true"}, {"5 NOT BETWEEN 1 AND 4",
    "true"}, {"'b' BETWEEN 'a' AND 'c'", "true"},
    {"1 IN (1, 2)", "true"}, {"3 IN (1, 2)", "false"},
    {"1 IN (1, NULL)", "true"}, {"3 IN (1, NULL)", "NULL"},
    {"3 NOT IN (1, 2)", "true"}, {"3 NOT IN (1, NULL)", "NULL"},
    {"1 NOT IN (1, NULL)", "false"}, {"NULL IN (1, 2)", "NULL"},
    {"NULL NOT IN (1)", "NULL"}, {"1 IN (1.0, 2)", "true"},
    {"'1' IN (1, 2)", "true"}, {"1 IN ('1', '2')", "true"},
    {"'b' IN ('a', 'b')", "true"}, {"5 IN (1, 2 + 3)", "true"},
    /* no division where nothing depends on it */
    {"FALSE AND 1 / 0 = 1", "false"}, {"TRUE OR 1 / 0 = 1", "true"},
    {"1 / 0 = 1 AND FALSE", "!division by zero"},
    {"CASE WHEN TRUE THEN 1 ELSE 1 / 0 END", "1"},
    {"CASE WHEN FALSE THEN 1 / 0 ELSE 2 END", "2"},
    {"COALESCE(1, 1 / 0)", "1"}, {"IF(TRUE, 1, 1 / 0)", "1"},
    {"1 IN (1, 1 / 0)", "true"},
    /* choices */
    {"CASE WHEN NULL THEN 1 END", "NULL"},
    {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"},
    {"CASE NULL WHEN NULL THEN 1 ELSE 2 END", "2"},
    {"CASE 3 WHEN 1, 3 THEN 'odd' END", "odd"},
    {"IF(1 > 2, 'a', 'b')", "b"}, {"IF(FALSE, 1)", "NULL"},
    {"IF(NULL, 1, 2)", "2"}, {"COALESCE(NULL, NULL, 3)", "3"},
    {"COALESCE(NULL, 'x')", "x"}, {"COALESCE(NULL)", "NULL"},
    {"IFNULL(NULL, 5)", "5"}, {"NULLIF(1, 1)", "NULL"},
    {"NULLIF(1, 2)", "1"}, {"NULLIF(NULL, 1)", "NULL"},
    {"NULLIF(1, NULL)", "1"}, 
    {"try(1 / 0)", "NULL"}, {"try(7)", "7"},
    {"COALESCE(try(1 / 0), -1)", "-1"}, {"try(CAST('x' AS INT))", "NULL"},
    /* casts */
    {"CAST('42' AS INT)", "42"}, {"CAST(' 42 ' AS INT)", "42"},
    {"CAST(1.9 AS INT)", "1"}, {"CAST(-1.9e0 AS INT)", "-1"},
    {"CAST('x' AS INT)", "!cannot cast to bigint: x"},
    {"TRY_CAST('x' AS INT)", "NULL"}, {"TRY_CAST('5' AS INT)", "5"},
    {"CAST(1e30 AS INT)", "!cannot cast to bigint: 1e+30"},
    {"CAST(5 AS DOUBLE) / 2", "2.5"}, {"CAST(5 AS TEXT) || 'x'", "5x"},
    {"CAST(TRUE AS INT)", "1"}, {"CAST(0 AS BOOLEAN)", "false"},
    {"CAST('yes' AS BOOLEAN)", "true"}, {"CAST(1.005 AS DECIMAL(5, 2))",
    "1.01"}, {"CAST(12345.6 AS DECIMAL(5, 2))",
    "!cannot cast to decimal(5, 2): 12345.6"},
    {"CAST(5 AS DECIMAL(5, 2))", "5.00"}, {"CAST('abcdef' AS VARCHAR(3))",
    "abc"}, {"CAST('ab' AS CHAR(4)) || '|'", "ab  |"},
    {"CAST('äöü' AS VARCHAR(2))", "äö"},
    {"CAST('2026-03-28 22:15:30.123456' AS TIMESTAMP(3))",
    "2026-03-28T22:15:30.123Z"},
    {"CAST(TIMESTAMP '2026-03-28 22:15:30' AS DATE)",
    "2026-03-28T00:00:00Z"}, {"CAST('5m' AS INTERVAL)", "5m"},
    {"CAST('[1, 2]' AS ARRAY)[2]", "2"}, {"'7'::int + 1", "8"},
    {"CAST(NULL AS INT)", "NULL"},
    /* patterns */
    {"'abc' LIKE 'a%'", "true"}, {"'abc' LIKE '%c'", "true"},
    {"'abc' LIKE '%b%'", "true"}, {"'abc' LIKE 'abc'", "true"},
    {"'abc' LIKE 'ab'", "false"}, {"'abc' LIKE 'a_c'", "true"},
    {"'aüc' LIKE 'a_c'", "true"}, {"'ac' LIKE 'a_c'", "false"},
    {"'abc' LIKE '%'", "true"}, {"'' LIKE '%'", "true"}, {"'' LIKE ''",
    "true"}, {"'a' LIKE ''", "false"}, {"'' LIKE '_'", "false"},
    {"'ABC' LIKE 'a%'", "false"}, {"'ABC' ILIKE 'a%'", "true"},
    {"'a%c' LIKE 'a!%c' ESCAPE '!'", "true"},
    {"'abc' LIKE 'a!%c' ESCAPE '!'", "false"},
    {"'a!c' LIKE 'a!!c' ESCAPE '!'", "true"},
    {"'abcabc' LIKE 'a%b%c'", "true"}, {"'abcab' LIKE 'a%b%c'", "false"},
    {"'aab' LIKE '%ab'", "true"}, {"'aXbXc' LIKE 'a_b_c'", "true"},
    {"'ab' LIKE '%ab%ab%'", "false"}, {"'xüy' LIKE '%_y'", "true"},
    {"'xüy' LIKE '__'", "false"}, {"'üüü' LIKE '___'", "true"},
    {"'a%b' LIKE 'a\\%b'", "false"}, {"'abc' NOT LIKE 'x%'", "true"},
    {"NULL LIKE 'a'", "NULL"}, {"'a' LIKE NULL", "NULL"},
    {"12 LIKE '1%'", "true"}, {"'aaa' LIKE 'a%a%a%a'", "false"},
    {"'abc' SIMILAR TO '(a|b)%'", "true"}, {"'abc' SIMILAR TO 'b'", "false"},
    {"'abc' SIMILAR TO '[a-c]+'", "true"}, {"'a.c' SIMILAR TO 'a.c'", "true"},
    {"'abc' SIMILAR TO 'a.c'", "false"}, {"'ab' SIMILAR TO 'a_'", "true"},
    {"'a_' SIMILAR TO 'a!_' ESCAPE '!'", "true"},
    {"'aab' SIMILAR TO 'a{2}b'", "true"}, {"'abc' ~ 'b'", "true"},
    {"'abc' ~ '^b'", "false"}, {"'abc' ~ '^a.c$'", "true"},
    {"'ABC' ~* 'b'", "true"}, {"'abc' !~ 'x'", "true"},
    {"'abc' REGEXP '[0-9]'", "false"}, {"'aü' ~ '^a.$'", "true"},
    {"NULL ~ 'a'", "NULL"}, {"repeat('a', 40) || 'b' ~ '^(a+)+$'",
    "!pattern needs too many steps"},
    /* lists and maps */
    {"[1, 2, 3][2]", "2"}, {"[1, 2, 3][4]", "NULL"},
    {"[1, 2][-1]", "NULL"}, {"[[1], [2, 3]][2][1]", "2"},
    {"MAP['a', 1]['a']", "1"}, {"MAP['a', 1].a", "1"},
    {"MAP['a', 1]['b']", "NULL"}, {"MAP[1, 'x', 2, 'y'][2]", "y"},
    {"[1, 'a', NULL]", "[1,\"a\",null]"}, {"[]", "[]"},
    {"MAP['a', [1]]", "{\"a\":[1]}"}, {"MAP[NULL, 1]",
    "!a key of a map is NULL"}, {"[1][NULL]", "NULL"},
    {"[1.5, 2m, X'00'][2]", "2m"},
    /* units */
    {"EXTRACT(YEAR FROM TIMESTAMP '2026-03-28 22:15:30.5')", "2026"},
    {"EXTRACT(QUARTER FROM TIMESTAMP '2026-03-28')", "1"},
    {"EXTRACT(MONTH FROM TIMESTAMP '2026-03-28')", "3"},
    {"EXTRACT(WEEK FROM TIMESTAMP '2027-01-01')", "53"},
    {"EXTRACT(ISOYEAR FROM TIMESTAMP '2027-01-01')", "2026"},
    {"EXTRACT(DAY FROM TIMESTAMP '2026-03-28')", "28"},
    {"EXTRACT(DOW FROM TIMESTAMP '1994-09-27')", "3"},
    {"EXTRACT(ISODOW FROM TIMESTAMP '1994-09-27')", "2"},
    {"EXTRACT(DOY FROM TIMESTAMP '2026-12-31')", "365"},
    {"EXTRACT(HOUR FROM TIMESTAMP '2026-03-28 22:15:30.5')", "22"},
    {"EXTRACT(SECOND FROM TIMESTAMP '2026-03-28 22:15:30.5')", "30"},
    {"EXTRACT(MILLISECOND FROM TIMESTAMP '2026-03-28 22:15:30.5')",
    "30500"}, {"EXTRACT(EPOCH FROM TIMESTAMP '1970-01-02')", "86400"},
    {"EXTRACT(EPOCH FROM TIMESTAMP '1969-12-31 23:59:59.5')", "-1"},
    {"EXTRACT(CENTURY FROM TIMESTAMP '2000-01-01')", "20"},
    {"EXTRACT(CENTURY FROM TIMESTAMP '2001-01-01')", "21"},
    {"EXTRACT(DECADE FROM TIMESTAMP '2026-01-01')", "202"},
    {"EXTRACT(HOUR FROM 25h)", "1"}, {"EXTRACT(DAY FROM 25h)", "1"},
    {"EXTRACT(MINUTE FROM '2026-03-28 22:15:30')", "15"},
    {"FLOOR(TIMESTAMP '2026-03-28 22:15:30' TO HOUR)",
    "2026-03-28T22:00:00Z"}, {"FLOOR(TIMESTAMP '2026-03-28' TO MONTH)",
    "2026-03-01T00:00:00Z"}, {"CEIL(TIMESTAMP '2026-03-28' TO MONTH)",
    "2026-04-01T00:00:00Z"}, {"CEIL(TIMESTAMP '2026-03-01' TO MONTH)",
    "2026-03-01T00:00:00Z"}, {"FLOOR(TIMESTAMP '2026-03-28' TO WEEK)",
    "2026-03-22T00:00:00Z"}, {"FLOOR(TIMESTAMP '1969-12-31 23:59' TO DAY)",
    "1969-12-31T00:00:00Z"}, {"CEIL(TIMESTAMP '2026-11-05' TO YEAR)",
    "2027-01-01T00:00:00Z"}, {"FLOOR(TIMESTAMP '2026-05-05' TO QUARTER)",
    "2026-04-01T00:00:00Z"}, {"FLOOR(TIMESTAMP '2026-05-05' TO CENTURY)",
    "2001-01-01T00:00:00Z"},
    {"TIMESTAMPADD(MONTH, 1, TIMESTAMP '2026-01-31')",
    "2026-02-28T00:00:00Z"}, {"TIMESTAMPADD(YEAR, -1, '2024-02-29')",
    "2023-02-28T00:00:00Z"}, {"TIMESTAMPADD(MINUTE, 90, '2026-01-01')",
    "2026-01-01T01:30:00Z"}, {"TIMESTAMPADD(YEAR, 9000, '2026-01-01')",
    "!time out of range"},
    {"TIMESTAMPDIFF(MONTH, '2026-01-31', '2026-02-28')", "0"},
    {"TIMESTAMPDIFF(MONTH, '2026-01-15', '2026-03-15')", "2"},
    {"TIMESTAMPDIFF(MONTH, '2026-03-15', '2026-01-16')", "-1"},
    {"TIMESTAMPDIFF(HOUR, '2026-01-01', '2026-01-02 01:59:59')", "25"},
    {"TIMESTAMPDIFF(YEAR, '2020-02-29', '2024-02-28')", "3"},
    /* the forms of functions */
    {"POSITION('b' IN 'abc')", "2"}, {"POSITION('x' IN 'abc')", "0"},
    {"TRIM('  a ')", "a"}, {"TRIM(BOTH 'x' FROM 'xxaxx')", "a"},
    {"TRIM(LEADING 'x' FROM 'xax')", "ax"},
    {"TRIM(TRAILING 'x' FROM 'xax')", "xa"},
    {"SUBSTRING('abcdef' FROM 2)", "bcdef"},
    {"SUBSTRING('abcdef' FROM 2 FOR 3)", "bcd"},
    {"OVERLAY('abcdef' PLACING 'X' FROM 2 FOR 3)", "aXef"},
    {"upper('abc')", "ABC"}, {"abs(-5)", "5"}, {"abs('-5')", "5"},
    {"round(2.5)", "3"}, {"FLOOR(-1.5)", "-2"}, {"CEIL(1.2e0)", "2.0"},
    {"greatest(1, 2.5e0)", "2.5"}, {"upper(5)", "5"}, {"upper(NULL)",
    "NULL"}, {"length('äb')", "2"}, {"'{}' IS JSON", "true"},
    {"NULL IS JSON", "false"},
    /* clang-format on */
};

/* One value for each of the four rows. */
static const char *const columns[][2] = {
    /* clang-format off */
    {"i", "7 | -3 | NULL | 9223372036854775807"},
    {"a", "5 | text | NULL | 2.5"},
    {"i + 1", "8 | -2 | NULL | !integer overflow"},
    {"i - j", "5 | -3 | NULL | !integer overflow"},
    {"i * 2", "14 | -6 | NULL | !integer overflow"},
    {"i / j", "3 | !division by zero | NULL | -9223372036854775807"},
    {"i % j", "1 | !division by zero | NULL | 0"},
    {"100 / j", "50 | !division by zero | 20 | -100"},
    {"-i", "-7 | 3 | NULL | -9223372036854775807"},
    {"i + f", "8.5 | -3.25 | NULL | 1e+300"}, {"f * f",
    "2.25 | 0.0625 | NULL | Infinity"}, {"f / 0", "Infinity | -Infinity | "
    "NULL | Infinity"}, {"j / 2e0", "1.0 | 0.0 | 2.5 | -0.5"},
    {"d + 1", "2.50 | -1 | NULL | !decimal overflow"},
    {"d * f", "2.25 | 0.5 | NULL | Infinity"},
    {"d * j", "3.00 | 0 | NULL | -99999999999999999999999999999999999999"},
    {"a + 1", "6 | !not a number: text | NULL | 3.5"},
    {"a * a", "25 | !not a number: text | NULL | 6.25"},
    {"-a", "-5 | !not a number: text | NULL | -2.5"},
    {"n + i", "NULL | NULL | NULL | NULL"},
    {"t + u", "2026-03-28T22:17:00.500Z | 1969-12-31T23:54:59Z | NULL | "
    "9999-12-31T23:59:59.999999Z"},
    {"t - u", "2026-03-28T22:14:00.500Z | 1970-01-01T00:04:59Z | NULL | "
    "9999-12-31T23:59:59.999999Z"}, {"t - t", "0s | 0s | NULL | 0s"},
    {"u * 2", "3m | -10m | NULL | 0s"}, {"u / 2e0",
    "45s | -2m30s | NULL | 0s"}, {"u / 1s", "90.0 | -300.0 | NULL | 0.0"},
    {"i = 7", "true | false | NULL | false"},
    {"i > 0", "true | false | NULL | true"},
    {"i > 2.5", "true | false | NULL | true"},
    {"i >= 6.5", "true | false | NULL | true"},
    {"i < -2.5", "false | true | NULL | false"},
    {"i <= -3.5", "false | false | NULL | false"},
    {"-3.5 < i", "true | true | NULL | true"},
    {"i >= 7.0", "true | false | NULL | true"},
    {"i = 7.0", "true | false | NULL | false"},
    {"i <> 7.5", "true | true | NULL | true"},
    {"j = 0.5", "false | false | false | false"},
    {"i < 9223372036854775807.5", "true | true | NULL | true"},
    {"i > -99999999999999999999", "true | true | NULL | true"},
    {"i < 9223372036854775808e0", "true | true | NULL | true"},
    {"f >= 1.5e0", "true | false | NULL | true"},
    {"f < i", "true | false | NULL | false"},
    {"d = 1.5", "true | false | NULL | false"},
    {"d > i", "false | true | NULL | true"},
    {"s = 'abc'", "true | false | NULL | false"},
    {"s < 'b'", "true | true | NULL | false"},
    {"s <> s", "false | false | NULL | false"},
    {"a = 5", "true | NULL | NULL | false"},
    {"a > '2'", "true | true | NULL | true"},
    {"a = 'text'", "NULL | true | NULL | NULL"},
    {"z > 7", "true | false | NULL | NULL"},
    {"7 < z", "true | false | NULL | NULL"},
    {"z = i", "false | false | NULL | NULL"},
    {"a < t", "NULL | NULL | NULL | NULL"},
    {"t > '2000-01-01'", "true | false | NULL | true"},
    {"t = z", "false | false | NULL | NULL"},
    {"u < 1m", "false | true | NULL | true"},
    {"b = TRUE", "true | false | NULL | true"},
    {"b = 'true'", "true | false | NULL | true"},
    {"l = [1, 2, 3]", "true | false | NULL | false"},
    {"l IS DISTINCT FROM NULL", "true | true | false | true"},
    {"i IS DISTINCT FROM j", "true | true | true | true"},
    {"a IS DISTINCT FROM 'text'", "true | false | true | true"},
    {"a IS DISTINCT FROM 5", "false | true | true | true"},
    {"i BETWEEN 0 AND 10", "true | false | NULL | false"},
    {"i BETWEEN j AND 10", "true | false | NULL | false"},
    {"i NOT BETWEEN n AND 10", "NULL | NULL | NULL | true"},
    {"t BETWEEN '2026-01-01' AND '2027-01-01'",
    "true | false | NULL | false"},
    {"i IN (7, 8)", "true | false | NULL | false"},
    {"i IN (7, NULL)", "true | NULL | NULL | NULL"},
    {"i IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)", "true | false | NULL | false"},
    {"s IN ('abc', '')", "true | true | NULL | false"},
    {"s IN ('1','2','3','4','5','6','7','8','9','abc')",
    "true | false | NULL | false"},
    {"a IN (5, 2.5)", "true | NULL | NULL | true"},
    {"a IN ('text', 'x')", "NULL | true | NULL | NULL"},
    {"i IN (j, 7)", "true | false | NULL | false"},
    {"i IN (n, 7)", "true | NULL | NULL | NULL"},
    {"j IN (i + 10, 0)", "false | true | NULL | !integer overflow"},
    {"NOT b", "false | true | NULL | false"},
    {"b AND i > 0", "true | false | NULL | true"},
    {"b OR i < 0", "true | true | NULL | true"},
    {"b AND n = 1", "NULL | false | NULL | NULL"},
    {"b OR n = 1", "true | NULL | NULL | true"},
    {"n = 1 AND b", "NULL | false | NULL | NULL"},
    {"n = 1 OR b", "true | NULL | NULL | true"},
    {"j <> 0 AND 10 / j > 2", "true | false | false | false"},
    {"10 / j > 2 AND j <> 0", "true | !division by zero | false | false"},
    {"j = 0 OR 10 / j > 2", "true | true | false | false"},
    {"a AND b", "!not a condition: 5 | !not a condition: text | NULL | "
    "!not a condition: 2.5"},
    {"i IS NULL", "false | false | true | false"},
    {"i IS NOT NULL", "true | true | false | true"},
    {"b IS TRUE", "true | false | false | true"},
    {"b IS NOT FALSE", "true | false | true | true"},
    {"b IS UNKNOWN", "false | false | true | false"},
    {"CASE WHEN i > 0 THEN 'pos' WHEN i < 0 THEN 'neg' ELSE 'none' END",
    "pos | neg | none | pos"},
    {"CASE WHEN j = 0 THEN NULL ELSE 10 / j END", "5 | NULL | 2 | -10"},
    {"CASE WHEN b THEN i ELSE f END",
    "7.0 | -0.25 | NULL | 9223372036854776000.0"},
    {"CASE WHEN b THEN i ELSE s END", "7 |  | NULL | 9223372036854775807"},
    {"CASE i WHEN 7 THEN 'a' WHEN -3 THEN 'b' END", "a | b | NULL | NULL"},
    {"CASE WHEN b THEN 1 ELSE 2.5e0 END / 2", "0.5 | 1.25 | 1.25 | 0.5"},
    {"CASE upper(s) WHEN 'ABC' THEN 1 WHEN '' THEN 2 WHEN 'X', 'Y' THEN 3 "
     "ELSE 4 END", "1 | 2 | 4 | 4"},
    {"CASE CASE i + 0 WHEN 7 THEN 'a' WHEN -3 THEN 'b' END || '' WHEN 'a' "
     "THEN CASE j * 2 WHEN 4 THEN 'x' WHEN 1 THEN 'y' END WHEN 'b' THEN 'z' "
     "END", "x | z | NULL | NULL"},
    {"CASE 10 / j WHEN 5 THEN 'five' WHEN 2 THEN 'two' END",
     "five | !division by zero | two | NULL"},
    {"IF(b, s, 'no')", "abc | no | no | Ünï%_"},
    {"COALESCE(i, j)", "7 | -3 | 5 | 9223372036854775807"},
    {"COALESCE(n, i, 0)", "7 | -3 | 0 | 9223372036854775807"},
    {"COALESCE(a, 'none')", "5 | text | none | 2.5"},
    {"COALESCE(j, 1 / 0)", "2 | 0 | 5 | -1"},
    {"NULLIF(j, 0)", "2 | NULL | 5 | -1"},
    {"10 / NULLIF(j, 0)", "5 | NULL | 2 | -10"},
    {"NULLIF(s, '')", "abc | NULL | NULL | Ünï%_"},
    {"try(10 / j)", "5 | NULL | 2 | -10"},
    {"try(a + 1)", "6 | NULL | NULL | 3.5"},
    {"COALESCE(try(10 / j), 0)", "5 | 0 | 2 | -10"},
    {"try(10 / j) + 10 / j", "10 | !division by zero | 4 | -20"},
    {"10 / j + COALESCE(try(1 / 0), 0)", "5 | !division by zero | 2 | -10"},
    {"CAST(i AS DOUBLE)", "7.0 | -3.0 | NULL | 9223372036854776000.0"},
    {"CAST(f AS INT)", "1 | 0 | NULL | !cannot cast to bigint: 1e+300"},
    {"CAST(z AS INT)", "12 | 7 | NULL | !cannot cast to bigint: x"},
    {"TRY_CAST(z AS INT)", "12 | 7 | NULL | NULL"},
    {"TRY_CAST(a AS DOUBLE)", "5.0 | NULL | NULL | 2.5"},
    {"CAST(s AS VARCHAR(2))", "ab |  | NULL | Ün"},
    {"CAST(t AS DATE)", "2026-03-28T00:00:00Z | 1969-12-31T00:00:00Z | NULL "
    "| 9999-12-31T00:00:00Z"}, {"CAST(i AS TEXT)",
    "7 | -3 | NULL | 9223372036854775807"},
    {"CAST(b AS INT)", "1 | 0 | NULL | 1"},
    {"s LIKE 'a%'", "true | false | NULL | false"},
    {"s LIKE '%c'", "true | false | NULL | false"},
    {"s LIKE '%n%'", "false | false | NULL | true"},
    {"s LIKE '_b_'", "true | false | NULL | false"},
    {"s LIKE '_____'", "false | false | NULL | true"},
    {"s LIKE '%!%!_' ESCAPE '!'", "false | false | NULL | true"},
    {"s LIKE s", "true | true | NULL | true"},
    {"a LIKE '2%'", "false | false | NULL | true"},
    {"s ~ '^[a-z]+$'", "true | false | NULL | false"},
    {"s ~ z", "false | false | NULL | false"},
    {"s ~ ('(' || s)", "!bad pattern: missing closing parenthesis at byte 5 "
    "| !bad pattern: missing closing parenthesis at byte 2 | NULL | "
    "!bad pattern: missing closing parenthesis at byte 9"},
    {"s || '-' || i", "abc-7 | --3 | NULL | Ünï%_-9223372036854775807"},
    {"l[1]", "1 | NULL | NULL | a"}, {"l[j]", "2 | NULL | NULL | NULL"},
    {"l[3][1]", "NULL | NULL | NULL | 1"},
    {"m.k", "1 | NULL | NULL | {\"z\":[10,20]}"},
    {"m.k.z[2]", "NULL | NULL | NULL | 20"},
    {"m['x y']", "z | NULL | NULL | NULL"}, {"a.b", "NULL | NULL | NULL | "
    "NULL"}, {"m['k' || '']", "1 | NULL | NULL | {\"z\":[10,20]}"},
    {"[i, j]", "[7,2] | [-3,0] | [null,5] | [9223372036854775807,-1]"},
    {"EXTRACT(HOUR FROM t)", "22 | 23 | NULL | 23"},
    {"EXTRACT(MINUTE FROM u)", "1 | -5 | NULL | 0"},
    {"EXTRACT(YEAR FROM z)", "1970 | 1970 | NULL | !not a time: x"},
    {"FLOOR(t TO HOUR)", "2026-03-28T22:00:00Z | 1969-12-31T23:00:00Z | "
    "NULL | 9999-12-31T23:00:00Z"},
    {"CEIL(t TO DAY)", "2026-03-29T00:00:00Z | 1970-01-01T00:00:00Z | NULL |"
    " !time out of range"},
    {"TIMESTAMPADD(DAY, j, t)", "2026-03-30T22:15:30.500Z | "
    "1969-12-31T23:59:59Z | NULL | 9999-12-30T23:59:59.999999Z"},
    {"TIMESTAMPDIFF(DAY, t, TIMESTAMP '2026-03-30')",
    "1 | 20542 | NULL | -2912354"},
    {"upper(s)", "ABC |  | NULL | ÜNÏ%_"}, {"abs(j)", "2 | 0 | 5 | 1"},
    {"abs(a)", "5 | !not a number: text | NULL | 2.5"},
    {"round(a)", "5 | !not a number: text | NULL | 3.0"},
    {"substring(s, 1, j)", "ab |  | NULL | "}, {"length(a)",
    "1 | 4 | NULL | 3"}, {"greatest(i, j)",
    "7 | 0 | NULL | 9223372036854775807"},
    /* clang-format on */
};

/* ---- running ---- */

static void
put_rows(struct buf *out, const struct expr *e, const struct batch *b,
    bool one_by_one)
{
	struct column c;

	eval_begin(ev, b);
	if (!one_by_one)
		expr_eval(e, ev, b, NULL, 0, &c);
	for (unsigned r = 0; r < N_ROWS; r++) {
		uint16_t sel = (uint16_t)r;

		if (one_by_one)
			expr_eval(e, ev, b, &sel, 1, &c);
		if (r)
			buf_lit(out, " | ");
		put_result(out, ev, &c, r);
	}
}

static void
check_way(const struct expr *e, const char *text, const struct batch *b,
    bool one_by_one, const char *want, const char *way)
{
	struct buf got = {0};

	put_rows(&got, e, b, one_by_one);
	if (strcmp(buf_z(&got), want)) {
		ok(0, "%s (%s)", text, way);
		printf("# got:  %s\n# want: %s\n", buf_z(&got), want);
	}
	buf_release(&got);
}

/* As a condition: exactly the rows that are true are selected, and the bad
 * ones are dropped. */
static void
check_filter(const struct expr *e, const char *text, const char *want)
{
	struct batch *b = table_batch(false);
	unsigned k = 0, row = 0, agree = 1;

	if (expr_type(e) != T_BOOL)
		goto out;
	eval_begin(ev, b);
	expr_filter(e, ev, b);
	for (const char *p = want; p; row++) {
		bool selected = k < b->n_sel && batch_row(b, k) == row;

		if (selected != !strncmp(p, "true", 4))
			agree = 0;
		k += selected;
		p = strstr(p, " | ");
		p = p ? p + 3 : NULL;
	}
	if (!agree || b->n_sel + b->n_bad + b->n_filtered != N_ROWS)
		ok(0, "as a condition: %s", text);
out:
	batch_free(b);
}

static void
check_columns(const char *text, const char *want)
{
	struct err err = {0};
	struct expr *e = bind(text, &err);
	int before = tap_failed;

	if (!e) {
		ok(0, "%s: %s", text, err.message);
		err_release(&err);
		return;
	}
	check_way(e, text, typed, false, want, "whole");
	check_way(e, text, typed, true, want, "row by row");
	check_way(e, text, anys, false, want, "as ANY");
	check_way(e, text, anys, true, want, "as ANY, row by row");
	check_filter(e, text, want);
	if (before == tap_failed)
		ok(1, "%s", text);
}

/* ---- literals as columns ---- */

#define LITERALS_MAX 16

struct taken {
	struct scope_column cols[LITERALS_MAX];
	struct value values[LITERALS_MAX];
	unsigned n;
};

/* Replaces the literals of a tree by names of columns. */
static void
take_literals(struct node *n, struct taken *t, bool any)
{
	struct path_step *step;

	if (n->kind == NODE_CALL)
		for (unsigned i = 0; i < n->n_args; i++)
			take_literals(n->args[i], t, any);
	if (n->kind != NODE_LITERAL || t->n == LITERALS_MAX)
		return;
	step = arena_zalloc(&arena, sizeof(*step));
	step->name = arena_printf(&arena, "lit%u", t->n);
	t->values[t->n] = n->value;
	t->cols[t->n++] = (struct scope_column){
	    step->name, any || n->value.type == T_NULL ? T_ANY : n->value.type};
	n->kind = NODE_NAME;
	n->path = (struct path){step, 1};
}

/* The same expression over columns instead of constants, 3 rows of them. */
static void
check_unfolded(const char *text, const char *want, bool any)
{
	struct err err = {0};
	struct taken t = {.n = 0};
	struct node *n = parse(text, &err);
	struct scope scope;
	struct batch *b;
	struct expr *e;
	struct column c;
	struct buf got = {0};

	if (!n)
		return;
	take_literals(n, &t, any);
	scope = (struct scope){.cols = t.cols, .n_cols = t.n};
	e = expr_bind(n, &scope, &arena, &err);
	if (!e) {
		/* Types that only constants may mix are refused otherwise. */
		if (any)
			ok(0, "%s unfolded: %s", text, err.message);
		err_release(&err);
		return;
	}
	b = batch_new();
	batch_columns(b, t.n);
	b->n_rows = b->n_sel = 3;
	for (unsigned i = 0; i < t.n; i++)
		for (unsigned r = 0; r < 3; r++)
			column_put(&b->cols[i], b->arena, r, t.values[i]);
	eval_begin(ev, b);
	expr_eval(e, ev, b, NULL, 0, &c);
	put_result(&got, ev, &c, 2);
	if (strcmp(buf_z(&got), want)) {
		ok(0, "%s (%s columns)", text, any ? "any" : "typed");
		printf("# got:  %s\n# want: %s\n", buf_z(&got), want);
	}
	buf_release(&got);
	batch_free(b);
}

static void
check_scalar(const char *text, const char *want)
{
	struct err err = {0};
	struct expr *e = bind(text, &err);
	struct buf got = {0};
	struct column c;
	int before = tap_failed;

	if (!e) {
		ok(0, "%s: %s", text, err.message);
		err_release(&err);
		return;
	}
	eval_begin(ev, typed);
	expr_eval(e, ev, typed, NULL, 0, &c);
	put_result(&got, ev, &c, 1);
	if (strcmp(buf_z(&got), want)) {
		ok(0, "%s", text);
		printf("# got:  %s\n# want: %s\n", buf_z(&got), want);
	}
	buf_release(&got);
	if (!strstr(text, "ESCAPE")) {
		check_unfolded(text, want, false);
		check_unfolded(text, want, true);
	}
	if (before == tap_failed)
		ok(1, "%s", text);
}

/* ---- mistakes ---- */

static const struct {
	const char *text;
	int at;
	const char *message, *hint;
} wrong[] = {
    /* clang-format off */
    {"x", 0, "there is no column \"x\"", NULL},
    {"I", 0, "there is no column \"I\"",
    "names are case-sensitive; did you mean \"i\"?"},
    {"i.x", 0, "i is bigint: it has no fields", NULL},
    {"s + 1", 2, "cannot add text and bigint",
    "CAST(… AS type) reads a text"},
    {"i - b", 2, "cannot subtract boolean from bigint", NULL},
    {"t + t", 2, "cannot add timestamp and timestamp", NULL},
    {"u * u", 2, "cannot multiply interval by interval", NULL},
    {"l * 2", 2, "cannot multiply array by bigint", NULL},
    {"a + b", 2, "there is no arithmetic on boolean", NULL},
    {"t + 'x'", 4, "neither a time nor a duration: x", NULL},
    {"-s", 0, "cannot negate text", NULL},
    {"i = b", 2, "cannot compare bigint and boolean", NULL},
    {"t > 5", 2, "cannot compare timestamp and bigint", NULL},
    {"t > 'yesterday'", 4, "not a time: yesterday", NULL},
    {"i = 'abc'", 4, "not a number: abc", NULL},
    {"u = 'abc'", 4, "not a duration: abc", NULL},
    {"i BETWEEN 1 AND b", 2, "cannot compare bigint and boolean", NULL},
    {"i IN (1, TRUE)", 9, "cannot compare bigint and boolean", NULL},
    {"i IN ('x')", 6, "not a number: x", NULL},
    {"i AND b", 0, "AND needs a condition, not bigint", NULL},
    {"b OR s", 5, "OR needs a condition, not text", NULL},
    {"NOT i", 4, "NOT needs a condition, not bigint", NULL},
    {"CASE WHEN i THEN 1 END", 10, "WHEN needs a condition, not bigint",
    NULL},
    {"l || 'x'", 2, "cannot join array to a text", NULL},
    {"s LIKE 5", 7, "LIKE needs a text, not bigint", NULL},
    {"s LIKE 'a!' ESCAPE '!'", 7,
    "the pattern ends in its escape character", NULL},
    {"s LIKE 'a' ESCAPE '!!'", 18, "the escape must be one ASCII character",
    NULL},
    {"s ~ '('", 4, "bad pattern: missing closing parenthesis at byte 2",
    NULL},
    {"s SIMILAR TO '['", 13, "[ without ] in pattern", NULL},
    {"i[1]", 0, "i is bigint: it has no fields", NULL},
    {"(i + 1)[1]", 1, "bigint has no elements: only arrays and maps have",
    NULL},
    {"l['a' || 'b']", 2,
    "an element of an array is told by its number, not text", NULL},
    {"CAST(l AS INT)", 0, "cannot cast array to bigint", NULL},
    {"CAST(u AS BIGINT)", 0, "cannot cast interval to bigint", NULL},
        {"EXTRACT(DAY FROM i)", 17, "EXTRACT needs a time, not bigint", NULL},
    {"EXTRACT(MONTH FROM u)", 0,
    "a duration has no month: it has days at most", NULL},
    {"FLOOR(t TO DOW)", 0, "a time cannot be rounded to dow", NULL},
    {"nosuch(i)", 0, "there is no function \"nosuch\"", NULL},
    {"uper(s)", 0, "there is no function \"uper\"",
    "did you mean \"upper\"?"},
    {"colaesce(s)", 0, "there is no function \"colaesce\"",
    "did you mean \"coalesce\"?"},
    {"upper()", 0, "upper cannot take 0 arguments",
    "its signature is: text -> text"},
    {"upper(s, s)", 0, "upper cannot take 2 arguments",
    "its signature is: text -> text"},
    {"upper(l)", 6, "upper takes text here, not array",
    "its signature is: text -> text"},
    {"abs('x')", 4, "not a number: x", NULL},
    {"nullif(i)", 0, "nullif needs 2 arguments, got 1", NULL},
    {"if(b)", 0, "if needs 2 to 3 arguments, got 1", NULL},
    {"upper(DISTINCT s)", 0,
    "DISTINCT, * and FILTER belong to aggregates; upper is none", NULL},
    {"sum(i)", 0, "the aggregate sum needs GROUP BY or a window", NULL},
    {"$p", 0, "there is no parameter \"p\"", "give it a value: -p p=…"},
    {"*", 0, "* stands for all columns and is no value", NULL},
    {"m.*", 0, "* stands for all columns and is no value", NULL},
    /* clang-format on */
};

static void
check_wrong(const char *text, int at, const char *message, const char *hint)
{
	struct err err = {0};

	if (bind(text, &err)) {
		ok(0, "%s is refused", text);
		return;
	}
	if (strcmp(err.message, message) || (int)err.where.at != at ||
	    (hint && (!err.hint || strcmp(err.hint, hint)))) {
		ok(0, "%s", text);
		printf("# got:  %u: %s (%s)\n# want: %d: %s (%s)\n",
		    err.where.at, err.message, err.hint ? err.hint : "", at,
		    message, hint ? hint : "");
	} else {
		ok(1, "%s", text);
	}
	err_release(&err);
}

/* ---- names ---- */

static int
open_field(struct scope *s, struct path path, enum type *type,
    struct where where, struct err *err)
{
	(void)where;
	(void)err;
	(void)path;
	*type = T_ANY;
	return *(int *)s->owner;
}

static void
test_names(void)
{
	struct err err = {0};
	struct node *lower = parse("upper(s)", &err);
	struct node *next = parse("s || twice", &err);
	struct scope_alias aliases[] = {
	    {STR("s"), lower}, {STR("twice"), next}, {STR("up"), lower}};
	struct scope_param params[] = {{STR("p"), value_int(5)}};
	int asked = 10;
	struct scope scope = {.cols = table_cols,
	    .n_cols = N_COLS,
	    .aliases = aliases,
	    .n_aliases = 3,
	    .params = params,
	    .n_params = 1};
	struct value v;
	unsigned col;
	struct expr *e;

	e = expr_bind(parse("s", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 4,
	    "a column before an alias");
	e = expr_bind(parse("up", &err), &scope, &arena, &err);
	ok(e && expr_type(e) == T_TEXT, "an alias");
	ok(!expr_bind(parse("twice", &err), &scope, &arena, &err) &&
		!strcmp(err.message, "there is no column \"twice\""),
	    "an alias is not visible to itself");
	ok(!expr_eval_constant(
	       parse("$p + 1", &err), &scope, &arena, &v, &err) &&
		v.i == 6,
	    "a parameter");
	ok(!expr_bind(parse("$q", &err), &scope, &arena, &err) &&
		!strcmp(err.hint, "there is only: p"),
	    "an unknown parameter");
	scope.field = open_field;
	scope.owner = &asked;
	e = expr_bind(parse("new.field[1]", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 10, "an open field");
	e = expr_bind(parse("twice", &err), &scope, &arena, &err);
	ok(e != NULL, "within its alias a name is a field");
	ok(expr_eval_constant(parse("i", &err), &scope, &arena, &v, &err) ==
		    -1 &&
		!strcmp(err.message, "this must be constant"),
	    "not constant");
	ok(expr_eval_constant(parse("1 / 0", &err), &scope, &arena, &v, &err) ==
		    -1 &&
		!strcmp(err.message, "division by zero"),
	    "a constant that fails");
	err_release(&err);
}

static bool
col_bit(const struct column *c, unsigned row)
{
	struct value v = column_get(c, row);

	return v.type == T_BOOL && v.b;
}

/* Aliases that double at each step must not take for ever. */
static void
test_alias_growth(void)
{
	struct scope_alias aliases[60];
	struct scope scope = {.aliases = aliases, .n_aliases = 60};
	struct err err = {0};
	struct expr *e;

	for (unsigned k = 0; k < 60; k++) {
		char text[40];

		snprintf(text, sizeof(text), "x%u + x%u", k + 1, k + 1);
		aliases[k].name = arena_printf(&arena, "x%u", k);
		aliases[k].node =
		    parse(k == 59 ? "1" : arena_strdup(&arena, text), &err);
	}
	e = expr_bind(parse("x0", &err), &scope, &arena, &err);
	ok(!e && strstr(err.message, "too large"), "doubling aliases: %s",
	    err.message);
	err_release(&err);
}

/* As deep and as long as expressions may be. */
static void
test_large(void)
{
	struct buf text = {0};
	struct err err = {0};
	struct column c;
	struct expr *e;

	buf_lit(&text, "j");
	for (unsigned k = 0; k < 990; k++)
		buf_lit(&text, " + j");
	e = bind(buf_z(&text), &err);
	eval_begin(ev, typed);
	if (e)
		expr_eval(e, ev, typed, NULL, 0, &c);
	ok(e && column_get(&c, 2).i == 991 * 5, "990 sums");
	text.n = 0;
	buf_lit(&text, "j = 3");
	for (unsigned k = 0; k < 20000; k++)
		buf_printf(&text, " OR j = %u", 100000 - k * 5 + 5);
	buf_lit(&text, " OR j = 5");
	e = bind(buf_z(&text), &err);
	eval_begin(ev, typed);
	if (e)
		expr_eval(e, ev, typed, NULL, 0, &c);
	ok(e && col_bit(&c, 2) && !col_bit(&c, 0), "20000 ORs");
	text.n = 0;
	buf_lit(&text, "j IN (-7");
	for (unsigned k = 0; k < 50000; k++)
		buf_printf(&text, ", %u", 50004 - k);
	buf_addc(&text, ')');
	e = bind(buf_z(&text), &err);
	eval_begin(ev, typed);
	if (e)
		expr_eval(e, ev, typed, NULL, 0, &c);
	ok(e && col_bit(&c, 2) && !col_bit(&c, 0), "50000 INs");
	buf_release(&text);
	err_release(&err);
}

/* ---- grouping ---- */

static void
test_grouping(void)
{
	static struct scope_column out_cols[] = {{STR("window_start"), T_TIME}};
	struct err err = {0};
	struct node *keys[] = {parse("s", &err), parse("i / 10", &err)};
	enum type types[] = {T_TEXT, T_INT};
	struct scope input = {.cols = table_cols, .n_cols = N_COLS};
	struct grouping g = {.input = &input,
	    .keys = (const struct node *const *)keys,
	    .key_types = types,
	    .n_keys = 2};
	struct scope scope = {.cols = out_cols, .n_cols = 1, .grouping = &g};
	struct expr *e;
	unsigned col;

	e = expr_bind(parse("s", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 1, "a key");
	e = expr_bind(parse("i/10", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 2, "a key's expression");
	e = expr_bind(parse("window_start", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 0, "a column of the window");
	e = expr_bind(parse("sum(j) + count(*)", &err), &scope, &arena, &err);
	ok(e && g.n_aggs == 2, "two aggregates");
	e = expr_bind(parse("count(*)", &err), &scope, &arena, &err);
	ok(e && g.n_aggs == 2 && expr_is_column(e, &col) && col == 4,
	    "an aggregate written twice is one");
	e = expr_bind(
	    parse("sum(j) FILTER (WHERE b)", &err), &scope, &arena, &err);
	ok(e && g.n_aggs == 3 && g.aggs[2].filter, "another with a filter");
	ok(!expr_bind(parse("j + 1", &err), &scope, &arena, &err) &&
		strstr(err.message, "neither a key of GROUP BY"),
	    "a field that is no key");
	e = expr_bind(parse("sum(sum(j))", &err), &scope, &arena, &err);
	same(err.message, "the aggregate sum cannot be inside another one",
	    "aggregates within one another");
	ok(node_has_aggregate(parse("1 + sum(j)", &err)) &&
		!node_has_aggregate(parse("upper(s)", &err)),
	    "has an aggregate");
	err_release(&err);
}

int
main(void)
{
	arena_init(&arena, 1 << 16);
	ev = eval_new();
	typed = table_batch(false);
	anys = table_batch(true);
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		check_scalar(scalars[i][0], scalars[i][1]);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		check_columns(columns[i][0], columns[i][1]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_wrong(wrong[i].text, wrong[i].at, wrong[i].message,
		    wrong[i].hint);
	test_names();
	test_alias_growth();
	test_large();
	test_grouping();
	batch_free(typed);
	batch_free(anys);
	eval_free(ev);
	arena_release(&arena);
	return tap_done();
}
