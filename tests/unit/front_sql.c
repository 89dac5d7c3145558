/* SPDX-License-Identifier: MIT */
/*
 * Queries as the steps they stand for, and mistakes at their places. Steps are
 * compared as YAML, which also must read back as itself.
 */
#include "front_plan.h"

// clang-format off
static const struct front_case good[] = {
	{"SELECT *",
		"steps: []\n"},
	{"SELECT * FROM logs;",
		"inputs:\n"
		"  logs: {}\n"
		"steps: []\n"},
	{"SELECT * FROM \"a b.jsonl\" LIMIT 5",
		"input: {file: a b.jsonl}\n"
		"steps:\n"
		"  - limit: 5\n"},
	{"select a, b.c, d.e[2] AS f from 'x.csv' where a > 1",
		"input: {file: x.csv}\n"
		"steps:\n"
		"  - where: a > 1\n"
		"  - select:\n"
		"      - a\n"
		"      - b.c\n"
		"      - f: d.e[2]\n"},
	{"SELECT t.a, t.*, u.b FROM t",
		"inputs:\n"
		"  t: {}\n"
		"steps:\n"
		"  - select: [a, '*', u.b]\n"},
	{"SELECT x.a, x.b.c AS d FROM t AS x WHERE x.a = 1 ORDER"
	    " BY x.b",
		"inputs:\n"
		"  t: {}\n"
		"steps:\n"
		"  - where: a = 1\n"
		"  - sort: b\n"
		"  - select: {a: a, d: b.c}\n"},
	{"SELECT a AS b WHERE b > 1",
		"steps:\n"
		"  - where: a > 1\n"
		"  - select: {b: a}\n"},
	{"SELECT lower(path) AS path WHERE path LIKE '/A%'",
		"steps:\n"
		"  - where: path LIKE '/A%'\n"
		"  - select: {path: lower(path)}\n"},
	{"SELECT a + 1 AS b, b * 2 AS c WHERE b > 1 AND c < 9",
		"steps:\n"
		"  - where: a + 1 > 1 AND b * 2 < 9\n"
		"  - select: {b: a + 1, c: b * 2}\n"},
	{"SELECT path, count(*) hits WHERE status >= 500 GROUP BY"
	    " path, tumble(5m)",
		"steps:\n"
		"  - where: status >= 500\n"
		"  - window: tumble(5m)\n"
		"    by: [path]\n"
		"    select: {hits: count(*)}\n"},
	{"SELECT count(*) GROUP BY tumble(5m), path",
		"steps:\n"
		"  - window: tumble(5m)\n"
		"    by: [path]\n"
		"    select: [count(*)]\n"
		"  - select: [window_start, window_end, count]\n"},
	{"SELECT path, count(*) GROUP BY ALL, hop(1h, 5m)",
		"steps:\n"
		"  - window: hop(1h, 5m)\n"
		"    by: [path]\n"
		"    select: [count(*)]\n"},
	{"SELECT path, count(*) AS n, max(x) GROUP BY 1",
		"steps:\n"
		"  - group: [path]\n"
		"    select: {n: count(*), max(x): max(x)}\n"},
	{"SELECT window_end AS t, count(*) n GROUP BY tumble(5m)",
		"steps:\n"
		"  - window: tumble(5m)\n"
		"    select: {n: count(*)}\n"
		"  - select: {t: window_end, n: n}\n"},
	{"SELECT date_format(window_start, '%H') AS h, count(*)"
	    " GROUP BY tumble(1h)",
		"steps:\n"
		"  - window: tumble(1h)\n"
		"    select:\n"
		"      - h: date_format(window_start, '%H')\n"
		"      - count(*)\n"
		"  - select: [h, count]\n"},
	{"SELECT count(*) AS n",
		"steps:\n"
		"  - group: []\n"
		"    select: {n: count(*)}\n"},
	{"SELECT count(*) HAVING count(*) > 3",
		"steps:\n"
		"  - group: []\n"
		"    select: [count(*)]\n"
		"    having: count(*) > 3\n"},
	{"SELECT max(x) AS x HAVING x > 5",
		"steps:\n"
		"  - group: []\n"
		"    select: {x: max(x)}\n"
		"    having: max(x) > 5\n"},
	{"SELECT lower(p) AS q, count(*) n GROUP BY q HAVING n > 5"
	    " ORDER BY n DESC, 1 LIMIT 3",
		"steps:\n"
		"  - group: {q: lower(p)}\n"
		"    select: {n: count(*)}\n"
		"    having: count(*) > 5\n"
		"  - sort: [n desc, q]\n"
		"    limit: 3\n"},
	{"SELECT path p, path q, count(*) GROUP BY path",
		"steps:\n"
		"  - group: {p: path}\n"
		"    select: [count(*)]\n"
		"  - select: {p: p, q: p, count: count}\n"},
	{"SELECT count(*) AS path, sum(x) GROUP BY path",
		"steps:\n"
		"  - group: {path_2: path}\n"
		"    select: {path: count(*), sum(x): sum(x)}\n"
		"  - select: [path, '`sum(x)`']\n"},
	{"SELECT a ORDER BY b DESC NULLS FIRST, a LIMIT 3 OFFSET 2",
		"steps:\n"
		"  - sort: [b desc nulls first, a]\n"
		"    limit: 5\n"
		"  - limit: 3\n"
		"    offset: 2\n"
		"  - select: [a]\n"},
	{"SELECT a AS x ORDER BY x NULLS LAST",
		"steps:\n"
		"  - select: {x: a}\n"
		"  - sort: x nulls last\n"},
	{"SELECT a AS x ORDER BY 1, lower(x)",
		"steps:\n"
		"  - sort: [a, lower(a)]\n"
		"  - select: {x: a}\n"},
	{"SELECT *, a + 1 AS b ORDER BY b, c",
		"steps:\n"
		"  - select:\n"
		"      - '*'\n"
		"      - b: a + 1\n"
		"  - sort: [b, c]\n"},
	{"SELECT a LIMIT $n OFFSET 10 ROWS",
		"steps:\n"
		"  - select: [a]\n"
		"  - limit: $n\n"
		"    offset: 10\n"},
	{"SELECT a OFFSET 3",
		"steps:\n"
		"  - select: [a]\n"
		"  - limit: 9223372036854775807\n"
		"    offset: 3\n"},
	{"SELECT a FETCH FIRST 3 ROWS ONLY",
		"steps:\n"
		"  - select: [a]\n"
		"  - limit: 3\n"},
	{"SELECT a LIMIT ALL",
		"steps:\n"
		"  - select: [a]\n"},
	{"SELECT DISTINCT a, lower(b) AS b",
		"steps:\n"
		"  - group: {a: a, b: lower(b)}\n"},
	{"SELECT DISTINCT a ORDER BY a DESC LIMIT 2",
		"steps:\n"
		"  - group: [a]\n"
		"  - sort: a desc\n"
		"    limit: 2\n"},
	{"SELECT user, count(*) GROUP BY user, session(30m, 12h)"
	    " ORDER BY count(*) DESC",
		"steps:\n"
		"  - window: session(30m, 12h)\n"
		"    by: [user]\n"
		"    select: [count(*)]\n"
		"  - sort: count desc\n"},
	{"SELECT sensor, avg(temp) mean GROUP BY sensor,"
	    " day(\"Europe/Berlin\")",
		"steps:\n"
		"  - window: day('Europe/Berlin')\n"
		"    by: [sensor]\n"
		"    select: {mean: avg(temp)}\n"},
	{"SELECT day(ts) AS d, count(*) GROUP BY d",
		"steps:\n"
		"  - group: {d: day(ts)}\n"
		"    select: [count(*)]\n"},
	{"SELECT a, count(*) GROUP BY a, all()",
		"steps:\n"
		"  - group: [a]\n"
		"    select: [count(*)]\n"},
	{"SELECT k, TUMBLE_START(ts, INTERVAL '5' MINUTE) AS s,"
	    " sum(x) FROM t GROUP BY TUMBLE(ts, INTERVAL '5' MINUTE),"
	    " k",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: tumble(5m)\n"
		"    by: [k]\n"
		"    select: [sum(x)]\n"
		"  - select:\n"
		"      - k\n"
		"      - s: window_start\n"
		"      - '`sum(x)`'\n"},
	{"SELECT HOP_END(ts, INTERVAL '1' MINUTE, INTERVAL '1'"
	    " HOUR), count(*) FROM t GROUP BY HOP(ts, INTERVAL '1'"
	    " MINUTE, INTERVAL '1' HOUR)",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: hop(1m, 1h)\n"
		"    select: [count(*)]\n"
		"  - select: [window_end, count]\n"},
	{"SELECT SESSION_ROWTIME(ts, INTERVAL '1' HOUR) AS r, k"
	    " FROM t GROUP BY SESSION(ts, INTERVAL '1' HOUR), k",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: session(1h)\n"
		"    by: [k]\n"
		"    select: {r: window_end - 1ms}\n"
		"  - select: [r, k]\n"},
	{"SELECT window_start, window_end, k, sum(x) AS s FROM"
	    " TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10'"
	    " MINUTES)) GROUP BY window_start, window_end, k",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: tumble(10m)\n"
		"    by: [k]\n"
		"    select: {s: sum(x)}\n"},
	{"SELECT window_time, count(*) AS n FROM TABLE(HOP(DATA =>"
	    " TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL"
	    " '10' MINUTES, SLIDE => INTERVAL '5' MINUTES)) GROUP BY"
	    " window_start, window_end",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: hop(5m, 10m)\n"
		"    select: {window_time: window_end - 1ms, n: count(*)}\n"
		"  - select: [window_time, n]\n"},
	{"SELECT count(*) AS n FROM CUMULATE(TABLE t,"
	    " DESCRIPTOR(a.ts), 10m, 1d, 1h) GROUP BY window_start,"
	    " window_end",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: a.ts}\n"
		"steps:\n"
		"  - window: cumulate(10m, 1d, 1h)\n"
		"    select: {n: count(*)}\n"
		"  - select: [n]\n"},
	{"SELECT k, count(*) AS n FROM TABLE(SESSION(TABLE t"
	    " PARTITION BY (k), DESCRIPTOR(ts), 5m)) GROUP BY"
	    " window_start, window_end, k",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: session(5m)\n"
		"    by: [k]\n"
		"    select: {n: count(*)}\n"
		"  - select: [k, n]\n"},
	{"SELECT window_start, count(*) GROUP BY window_start",
		"steps:\n"
		"  - group: [window_start]\n"
		"    select: [count(*)]\n"},
	{"SELECT a, b, FROM t",
		"inputs:\n"
		"  t: {}\n"
		"steps:\n"
		"  - select: [a, b]\n"},
	{"SELECT `group`, `a b`.`c d` AS `x y` WHERE `group` = 'x'",
		"steps:\n"
		"  - where: '`group` = ''x'''\n"
		"  - select:\n"
		"      - '`group`'\n"
		"      - x y: '`a b`.`c d`'\n"},
	{"SELECT count(*) FILTER (WHERE a > 1) AS n,"
	    " count(DISTINCT b) AS d GROUP BY c",
		"steps:\n"
		"  - group: [c]\n"
		"    select: {n: count(*) FILTER (WHERE a > 1), d:"
		" count(DISTINCT b)}\n"
		"  - select: [n, d]\n"},
	{"SELECT sum(count) AS count GROUP BY a HAVING sum(count)"
	    " > 1 AND count < 9",
		"steps:\n"
		"  - group: [a]\n"
		"    select: {count: sum(count)}\n"
		"    having: sum(count) > 1 AND sum(count) < 9\n"
		"  - select: [count]\n"},
	{"SELECT a \"first name\", b 'x'",
		"steps:\n"
		"  - select: {first name: a, x: b}\n"},
	{"SELECT 'it''s' AS t, 5m AS d, 1.50 AS e WHERE x ~ 'a|b'"
	    " OR y = \"it's\"",
		"steps:\n"
		"  - where: x ~ 'a|b' OR y = 'it''s'\n"
		"  - select: {t: '''it''''s''', d: 5m, e: 1.50}\n"},
	{"SELECT a /* x */ , b -- the end",
		"steps:\n"
		"  - select: [a, b]\n"},
	{"SELECT t.a, t.*, u.b FROM t",
		"inputs:\n"
		"  t: {}\n"
		"steps:\n"
		"  - select: [a, '*', u.b]\n"},
	{"SELECT count(*) AS path, sum(x) GROUP BY path",
		"steps:\n"
		"  - group: {path_2: path}\n"
		"    select: {path: count(*), sum(x): sum(x)}\n"
		"  - select: [path, '`sum(x)`']\n"},
	{"SELECT HOP_END(ts, INTERVAL '1' MINUTE, INTERVAL '1'"
	    " HOUR), count(*) FROM t GROUP BY HOP(ts, INTERVAL '1'"
	    " MINUTE, INTERVAL '1' HOUR)",
		"inputs:\n"
		"  t: {}\n"
		"time: {field: ts}\n"
		"steps:\n"
		"  - window: hop(1m, 1h)\n"
		"    select: [count(*)]\n"
		"  - select: [window_end, count]\n"},
	{"SELECT max(n) AS hits FROM t WHERE t.hits > 1",
		"inputs:\n"
		"  t: {}\n"
		"steps:\n"
		"  - where: hits > 1\n"
		"  - group: []\n"
		"    select: {hits: max(n)}\n"},
	{"SELECT lower(t.a) AS a FROM t WHERE a = 'x' AND t.a ="
	    " 'y'",
		"inputs:\n"
		"  t: {}\n"
		"steps:\n"
		"  - where: a = 'x' AND a = 'y'\n"
		"  - select: {a: lower(a)}\n"},
	{"SELECT count(*) AS n GROUP BY n",
		"steps:\n"
		"  - group: {n_2: n}\n"
		"    select: {n: count(*)}\n"
		"  - select: [n]\n"},
};

static const struct front_case bad[] = {
	{"SELCT a",
	    "1:1: a query begins with SELECT, not with \"SELCT\" | did"
	    " you mean SELECT?"},
	{"path = '/a'",
	    "1:1: a query begins with SELECT, not with \"path\" |"
	    " SELECT path, count(*) WHERE status >= 500 GROUP BY path"},
	{"INSERT INTO t SELECT a",
	    "1:13: there is no table named \"t\" | CREATE TABLE t (…)"
	    " WITH (…)"},
	{"SELECT",
	    "1:7: expected an expression, got the end"},
	{"SELECT FROM t",
	    "1:8: expected an expression before \"FROM\""},
	{"SELECT a b c",
	    "1:12: expected an operator, a clause or the end, got"
	    " \"c\" | is a comma missing?"},
	{"SELECT a FORM x",
	    "1:10: \"FORM\" has no place here | did you mean FROM?"},
	{"SELECT a FROM x WHER a = 1",
	    "1:17: \"WHER\" has no place here | did you mean WHERE?"},
	{"SELECT a FROM x JOIN y ON x.a = y.a",
	    "1:17: joins are not supported yet | rows of one side can be"
	    " chosen by the other with WHERE x IN (SELECT …)"},
	{"SELECT a FROM x, y",
	    "1:16: joins are not supported yet | rows of one side can be"
	    " chosen by the other with WHERE x IN (SELECT …)"},
	{"SELECT a FROM x LEFT JOIN y",
	    "1:17: joins are not supported yet | rows of one side can be"
	    " chosen by the other with WHERE x IN (SELECT …)"},
	{"SELECT row_number() FROM t WHERE lag(a) OVER () > 1",
	    "1:34: WHERE is asked before OVER is computed"
	    " | conditions on OVER belong in QUALIFY"},
	{"SELECT sum(a) OVER v FROM t WINDOW w AS (ORDER BY b)",
	    "1:20: there is no window \"v\" | there is only: w"},
	{"SELECT sum(a) OVER (w ORDER BY c) FROM t WINDOW w AS (ORDER BY b)",
	    "1:20: the window \"w\" says ORDER BY already"},
	{"SELECT sum(lag(a) OVER ()) OVER () FROM t",
	    "1:12: OVER within OVER is not possible"},
	{"SELECT rnak() OVER () FROM t",
	    "1:8: rnak is no function over other rows"
	    " | did you mean \"rank\"?"},
	{"SELECT sum(a) OVER (ROWS 2 FOLLOWING)",
	    "1:21: this frame ends before it begins"
	    " | rows between 3 preceding and 2 following"},
	{"SELECT a, count(*) GRUOP BY a",
	    "1:20: \"GRUOP\" has no place here | did you mean GROUP BY?"},
	{"SELECT a GROUP a",
	    "1:16: expected BY, got \"a\""},
	{"SELECT a GROUP BY",
	    "1:18: expected an expression, got the end"},
	{"SELECT a ORDER a",
	    "1:16: expected BY, got \"a\""},
	{"SELECT a ORDER BY a NULLS",
	    "1:26: expected FIRST or LAST, got the end"},
	{"SELECT a LIMIT x",
	    "1:16: expected a number of rows, got \"x\""},
	{"SELECT a LIMIT -1",
	    "1:16: expected a number of rows, got \"-\""},
	{"SELECT a LIMIT 1.5",
	    "1:16: expected a number of rows, got \"1.5\""},
	{"SELECT a WHERE b = 1 WHERE c = 2",
	    "1:22: a second WHERE"},
	{"SELECT a GROUP BY a WHERE b",
	    "1:21: WHERE comes too late | the order is SELECT, FROM,"
	    " WHERE, GROUP BY, HAVING, WINDOW, QUALIFY, ORDER BY,"
	    " LIMIT, OFFSET"},
	{"SELECT a HAVING b FROM t",
	    "1:19: FROM comes too late | the order is SELECT, FROM,"
	    " WHERE, GROUP BY, HAVING, WINDOW, QUALIFY, ORDER BY,"
	    " LIMIT, OFFSET"},
	{"SELECT a FROM t)",
	    "1:16: there is no ( for this )"},
	{"SELECT (a + 1",
	    "1:14: expected ), got the end"},
	{"SELECT 'a",
	    "1:8: the quote that opens here is not closed"},
	{"SELECT a FROM access.log",
	    "1:15: the name of a file is written in quotes | FROM"
	    " \"access.log\""},
	{"SELECT a FROM logs/access.log",
	    "1:15: the name of a file is written in quotes | FROM"
	    " \"logs/access.log\""},
	{"SELECT a FROM",
	    "1:14: expected the name of an input or a file in quotes,"
	    " got the end"},
	{"SELECT a AS",
	    "1:12: expected a name behind AS, got the end"},
	{"SELECT * AS x",
	    "1:8: * stands for many columns and takes no name"},
	{"SELECT a, b AS a, c AS a",
	    "1:11: there are two columns named \"a\" | give one of"
	    " them another name"},
	{"SELECT a WHERE *",
	    "1:16: * is no condition"},
	{"SELECT a ORDER BY *",
	    "1:19: rows are ordered by columns, not by *"},
	{"SELECT a GROUP BY *",
	    "1:19: * is no key"},
	{"SELECT *, count(*)",
	    "1:8: * has no place beside groups | name the keys and"
	    " aggregates"},
	{"SELECT * GROUP BY a",
	    "1:8: * has no place beside groups | name the keys and"
	    " aggregates"},
	{"SELECT count(*) n WHERE n > 3",
	    "1:25: \"n\" is known only after rows are grouped |"
	    " conditions on groups belong in HAVING"},
	{"SELECT a WHERE count(*) > 3",
	    "1:16: WHERE is asked before rows are grouped and knows"
	    " no aggregates | conditions on groups belong in HAVING"},
	{"SELECT count(*) GROUP BY count(*)",
	    "1:26: an aggregate cannot be a key"},
	{"SELECT a GROUP BY 2",
	    "1:19: there is no column number 2 in the select list"},
	{"SELECT a ORDER BY 0",
	    "1:19: there is no column number 0 in the select list"},
	{"SELECT *, a ORDER BY 1",
	    "1:22: there is no column number 1 in the select list"},
	{"SELECT count(*) GROUP BY tumble(5m), hop(1h, 5m)",
	    "1:38: a query has one window, and there is one already"},
	{"SELECT tumble(5m), count(*)",
	    "1:8: a window belongs in GROUP BY | SELECT count(*)"
	    " GROUP BY tumble(5m); its edges are window_start and"
	    " window_end"},
	{"SELECT DISTINCT *",
	    "1:17: the columns of * are not known here, and DISTINCT"
	    " compares them | name the columns"},
	{"SELECT count(*) FROM TABLE(TUMBLE(TABLE t, 5m)) GROUP BY"
	    " window_start, window_end",
	    "1:44: expected DESCRIPTOR, got \"5m\""},
	{"SELECT count(*) FROM TABLE(TUMBLE(TABLE t,"
	    " DESCRIPTOR(ts))) GROUP BY window_start, window_end",
	    "1:28: TUMBLE needs SIZE"},
	{"SELECT count(*) FROM TABLE(TUMBLE(TABLE t,"
	    " DESCRIPTOR(ts), 5m, 1m, 1m)) GROUP BY window_start,"
	    " window_end",
	    "1:68: TUMBLE takes no more arguments"},
	{"SELECT count(*) FROM TABLE(TUMBLE(TABLE t,"
	    " DESCRIPTOR(ts), SIZ => 5m)) GROUP BY window_start,"
	    " window_end",
	    "1:60: TUMBLE has no argument \"SIZ\" | did you mean"
	    " \"SIZE\"?"},
	{"SELECT k, count(*) FROM SESSION(TABLE t, DESCRIPTOR(ts),"
	    " 5m) GROUP BY window_start, window_end, k",
	    "1:25: the sessions' PARTITION BY differs from the keys"
	    " of GROUP BY | sessions are per key: name the same keys"
	    " in both"},
	{"SELECT count(*) FROM TABLE(FOO(TABLE t)) GROUP BY a",
	    "1:28: expected a window function, got \"FOO\" | one of:"
	    " TUMBLE, HOP, CUMULATE, SESSION"},
	{"SELECT count(*) FROM t GROUP BY TUMBLE(ts, 5m),"
	    " TUMBLE(tz, 5m)",
	    "1:49: a query has one window, and there is one already"},
	{"SELECT a ~ FROM t",
	    "1:12: expected an expression, got \"FROM\" | a field of"
	    " that name is written `FROM`"},
	{"SELECT a WHERE",
	    "1:15: expected an expression, got the end"},
	{"SELECT a 5",
	    "1:10: expected an operator, a clause or the end, got"
	    " \"5\""},
	{"SELECT a FROM t TABLESAMPLE 5",
	    "1:29: expected an operator, a clause or the end, got"
	    " \"5\""},
	{"SELECT a FROM logs/x-y.log;",
	    "1:15: the name of a file is written in quotes | FROM"
	    " \"logs/x-y.log\""},
	{"SELECT a FROM logs.x LIMIT 4",
	    "1:15: the name of a file is written in quotes | FROM"
	    " \"logs.x\""},
};
// clang-format on

static void
test_good(struct buf *out)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		parse_plan(sql_parse, good[i].text, false, out);
		same(buf_z(out), good[i].want, good[i].text);
		check_round_trip(good[i].want, good[i].text);
	}
}

static void
test_bad(struct buf *out)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		parse_plan(sql_parse, bad[i].text, true, out);
		same(buf_z(out), bad[i].want, bad[i].text);
	}
}

/* A text of n pieces between two ends. */
static const char *
repeated(struct buf *text, const char *front, const char *piece, unsigned n,
    const char *back)
{
	text->n = 0;
	buf_addz(text, front);
	for (unsigned i = 0; i < n; i++)
		buf_addz(text, piece);
	buf_addz(text, back);
	return buf_z(text);
}

/* Hostile texts get an answer, and soon. */
static void
test_limits(struct buf *out)
{
	struct buf text = {0};

	parse_plan(
	    sql_parse, repeated(&text, "SELECT ", "(", 500000, ""), false, out);
	same(buf_z(out), "1:208: nested too deep (more than 200 levels)",
	    "half a million parentheses");
	parse_plan(sql_parse, repeated(&text, "SELECT a", ", a", 2000, ""),
	    false, out);
	same(buf_z(out), "1:3080: more than 1024 entries in a list",
	    "two thousand columns");
	parse_plan(sql_parse,
	    repeated(&text, "SELECT a+a+a+a+a+a+a+a+a+a+a+a+a+a AS x WHERE x",
		" OR x", 200000, ""),
	    false, out);
	ok(!strncmp(buf_z(out), "1:47: this expression is too large", 34),
	    "an alias written out too often");
	parse_plan(sql_parse, repeated(&text, "SELECT '", "x", 2 << 20, "'"),
	    false, out);
	same(buf_z(out), "0:0: the query is longer than 1 MiB", "too long");
	parse_plan(sql_parse, repeated(&text, "SELECT a", ";", 900000, ""),
	    false, out);
	same(buf_z(out), "steps:\n  - select: [a]\n", "many semicolons");
	parse_plan(sql_parse, "SELECT \xff", false, out);
	ok(!strncmp(buf_z(out), "1:8: ", 5), "a byte that is not UTF-8");
	buf_release(&text);
}

int
main(void)
{
	struct buf out = {0};

	hash_init();
	test_good(&out);
	test_bad(&out);
	test_limits(&out);
	buf_release(&out);
	return tap_done();
}
