/* SPDX-License-Identifier: MIT */
/*
 * Specs as plans and back, mistakes in specs at their places, and hostile
 * ones, which must be answered at once.
 */
#include "front_plan.h"

// clang-format off
static const struct front_case good[] = {
	{"#!/usr/bin/env -S weir -f\n"
	 "weir: 1\n"
	 "name: nginx-5xx\n"
	 "input: {format: nginx, files: [/var/log/nginx/access.log*]}"
	 "     # rotated\n"
	 "time:  {lateness: 2m, late: late.jsonl}\n"
	 "steps:\n"
	 "  - where: status >= 500\n"
	 "  - name: per-path          # names the state\n"
	 "    window: tumble(5m)\n"
	 "    by: [path]\n"
	 "    select: {hits: count(*), p95: percentile(request_time,"
	 " 0.95)}\n"
	 "output: {format: json}\n"
	 "tests:\n"
	 "  - name: a late line inside the allowance is counted\n"
	 "    input: |\n"
	 "      one\n"
	 "      two\n"
	 "    expect:\n"
	 "      - {window_start: 2026-03-28T22:00:00Z, path: /a,"
	 " hits: 2, p95: 0.6}\n"
	 "    crash: everywhere\n",
	    "name: nginx-5xx\n"
	    "input: {format: nginx, file: /var/log/nginx/access.log*}\n"
	    "time: {lateness: 2m, late: late.jsonl}\n"
	    "steps:\n"
	    "  - where: status >= 500\n"
	    "  - name: per-path\n"
	    "    window: tumble(5m)\n"
	    "    by: [path]\n"
	    "    select:\n"
	    "      hits: count(*)\n"
	    "      p95: percentile(request_time, 0.95)\n"
	    "output: {format: json}\n"
	    "tests:\n"
	    "  - name: a late line inside the allowance is counted\n"
	    "    input: |\n"
	    "      one\n"
	    "      two\n"
	    "    expect:\n"
	    "      - {window_start: 2026-03-28T22:00:00Z, path: /a,"
	    " hits: 2, p95: 0.6}\n"
	    "    crash: everywhere\n"},
	{"weir: 1\n"
	 "params:\n"
	 "  limit: {type: double, default: 30}\n"
	 "  gap: 5m\n"
	 "  name: \"007\"\n"
	 "  who: 'it''s'\n"
	 "  needed: {type: text}\n"
	 "  free:\n"
	 "input:\n"
	 "  format: csv\n"
	 "  files: [a.csv, \"b c.csv\", '- x']\n"
	 "  delimiter: \";\"\n"
	 "  types: {zip: text, price: decimal}\n"
	 "  time: {field: meta.at, format: \"%d.%m.%Y %H:%M\", zone:"
	 " Europe/Berlin, allowed: 1h30m, late: update}\n"
	 "output: {format: csv, file: out.csv, header: \"no\"}\n",
	    "input:\n"
	    "  format: csv\n"
	    "  delimiter: ;\n"
	    "  files: [a.csv, b c.csv, '- x']\n"
	    "  types: {zip: text, price: decimal}\n"
	    "time:\n"
	    "  field: meta.at\n"
	    "  format: '%d.%m.%Y %H:%M'\n"
	    "  zone: Europe/Berlin\n"
	    "  allowed: 1h30m\n"
	    "  late: update\n"
	    "params:\n"
	    "  limit: {type: double, default: 30.0}\n"
	    "  gap: 5m\n"
	    "  name: '007'\n"
	    "  who: 'it''s'\n"
	    "  needed: {type: text}\n"
	    "  free: {}\n"
	    "steps: []\n"
	    "output: {format: csv, header: 'no', file: out.csv}\n"},
	{"weir: 1\n"
	 "from: b\n"
	 "inputs:\n"
	 "  a: {file: x, time: {field: t1}}\n"
	 "  b: {file: y, time: {field: log-time}}\n"
	 "steps: []\n",
	    "inputs:\n"
	    "  b: {file: y}\n"
	    "time: {field: '`log-time`'}\n"
	    "steps: []\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [path, upper(host), 'coalesce(a, b)',"
	 " coalesce(c, d), {n: 1}]\n"
	 "  - select: ['*', {ms: t * 1000}]\n"
	 "  - set:\n"
	 "      a: if(x > 1, 'y, z', \"no\")\n"
	 "      b: \"x = \\\"a\\\" OR y = 'it''s'\"\n"
	 "      c: >\n"
	 "        a\n"
	 "        || b\n"
	 "  - drop: [a, '`b c`']\n"
	 "  - drop: b\n"
	 "  - rename: {c: d, \"e f\": g}\n"
	 "  - sort: a desc\n"
	 "  - sort: a desc nulls last, b asc nulls first, lower(c)\n"
	 "    limit: 10\n"
	 "  - sort: [a, b desc]\n"
	 "  - limit: $n + 1\n"
	 "    offset: 2\n"
	 "  - where: |\n"
	 "      a ~ '^x # y: z'\n"
	 "      AND b IS NOT NULL\n",
	    "steps:\n"
	    "  - select:\n"
	    "      path: path\n"
	    "      upper(host): upper(host)\n"
	    "      coalesce(a, b): coalesce(a, b)\n"
	    "      coalesce(c, d): coalesce(c, d)\n"
	    "      n: 1\n"
	    "  - select:\n"
	    "      - '*'\n"
	    "      - ms: t * 1000\n"
	    "  - set:\n"
	    "      a: if(x > 1, 'y, z', 'no')\n"
	    "      b: x = 'a' OR y = 'it''s'\n"
	    "      c: a || b\n"
	    "  - drop: [a, '`b c`']\n"
	    "  - drop: b\n"
	    "  - rename: {c: d, e f: g}\n"
	    "  - sort: a desc\n"
	    "  - sort: [a desc, b, lower(c)]\n"
	    "    limit: 10\n"
	    "  - sort: [a, b desc]\n"
	    "  - limit: $n + 1\n"
	    "    offset: 2\n"
	    "  - where: 'a ~ ''^x # y: z'' AND NOT b IS NULL'\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - group: status\n"
	 "    select: {n: count(*)}\n",
	    "steps:\n"
	    "  - group: [status]\n"
	    "    select: {n: count(*)}\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - group: [status, {p: lower(path)}]\n"
	 "    select:\n"
	 "      - count(*)\n"
	 "      - slowest: max(ms)\n"
	 "    having: count(*) > 1\n"
	 "  - group:\n"
	 "    select: [count(*), sum(n)]\n"
	 "  - window: day(\"Europe/Berlin\")\n",
	    "steps:\n"
	    "  - group: {status: status, p: lower(path)}\n"
	    "    select:\n"
	    "      - count(*)\n"
	    "      - slowest: max(ms)\n"
	    "    having: count(*) > 1\n"
	    "  - group: []\n"
	    "    select: [count(*), sum(n)]\n"
	    "  - window: day('Europe/Berlin')\n"},
	{"weir: 1\n"
	 "steps: [{where: a > 1}, {select: {a, b: c}}]\n",
	    "steps:\n"
	    "  - where: a > 1\n"
	    "  - select: {a: a, b: c}\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - drop: &x [a, b]\n"
	 "  - where: c = 1\n"
	 "  - select: [d, e]\n"
	 "  - set: {a: 1, b: 2}\n"
	 "  - drop: *x\n",
	    "steps:\n"
	    "  - drop: [a, b]\n"
	    "  - where: c = 1\n"
	    "  - select: [d, e]\n"
	    "  - set: {a: 1, b: 2}\n"
	    "  - drop: [a, b]\n"},
	{"{\"weir\": 1, \"steps\": [{\"where\": \"a = 'x'\"},"
	 " {\"select\": [\"a\", \"b\"]}]}\n",
	    "steps:\n"
	    "  - where: a = 'x'\n"
	    "  - select: [a, b]\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: name = '\303\266' AND x <> \"\\\\t\"\n",
	    "steps:\n"
	    "  - where: name = '\303\266' AND x <> '\\\\t'\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: 'a = ''b: c'' '\n"
	 "  - where: \"'x' = a\"\n"
	 "  - where: -a < 1\n"
	 "  - where: \"a = '# x'\"\n",
	    "steps:\n"
	    "  - where: 'a = ''b: c'''\n"
	    "  - where: '''x'' = a'\n"
	    "  - where: '- a < 1'\n"
	    "  - where: a = '# x'\n"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {who: coalesce(user, 'nobody'), first: list[1], z:"
	 " f(a[2], \"x, y\", 'it''s')}\n"
	 "  - set: {long: concat(k, '/', zip), b: x = 'p, q'}\n"
	 "  - drop: [a, `b c`]\n"
	 "  - select: [*, a]\n"
	 "  - select: *\n"
	 "  - where: `my field` > 1\n"
	 "  - set: {o: coalesce(k, '\303\266\303\244'), p: c}\n",
	    "steps:\n"
	    "  - set:\n"
	    "      who: coalesce(user, 'nobody')\n"
	    "      first: list[1]\n"
	    "      z: f(a[2], 'x, y', 'it''s')\n"
	    "  - set:\n"
	    "      long: concat(k, '/', zip)\n"
	    "      b: x = 'p, q'\n"
	    "  - drop: [a, '`b c`']\n"
	    "  - select: ['*', a]\n"
	    "  - select: ['*']\n"
	    "  - where: '`my field` > 1'\n"
	    "  - set:\n"
	    "      o: coalesce(k, '\303\266\303\244')\n"
	    "      p: c\n"},
};

static const struct front_case bad[] = {
	{"",
	    "1:1: the spec is empty"},
	{"# nothing\n",
	    "1:1: the spec is empty"},
	{"[1, 2]\n",
	    "1:1: a map (key: value) is expected here, not a list"},
	{"just text\n",
	    "1:1: a map (key: value) is expected here, not a text"},
	{"weir: 2\n"
	 "steps: []\n",
	    "1:7: this version of the form is not known | weir: 1"},
	{"steps: []\n",
	    "1:1: the spec does not say which version it is | begin"
	    " with: weir: 1"},
	{"weir: 1\n"
	 "step: []\n",
	    "2:1: there is no key \"step\" here | did you mean \"steps\"?"},
	{"weir: 1\n"
	 "steps: []\n"
	 "steps: []\n",
	    "3:1: \"steps\" is there twice"},
	{"weir: 1\n"
	 "tables: {}\n",
	    "2:1: \"tables\" is not supported yet"},
	{"weir: 1\n"
	 "name: [a]\n",
	    "2:7: a text is expected here, not a list"},
	{"weir: 1\n"
	 "name:\n",
	    "2:6: a text is expected here, not nothing"},
	{"weir: 1\n"
	 "steps: {where: a}\n",
	    "2:8: a list of steps is expected here, not a map"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where\n",
	    "3:5: a step (an action word and its value) is expected"
	    " here, not a text"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - {}\n",
	    "3:5: this step does nothing | one of: ..."},
	{"weir: 1\n"
	 "steps:\n"
	 "  - name: x\n",
	    "3:5: this step does nothing | one of: ..."},
	{"weir: 1\n"
	 "steps:\n"
	 "  - wher: a\n",
	    "3:5: there is no step \"wher\" | did you mean \"where\"?"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: a\n"
	 "    set: {b: 1}\n",
	    "4:5: a step has one action word, and this one has \"where\""
	    " already | begin a new step with - before \"set\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: a\n"
	 "    where: b\n",
	    "4:5: \"where\" is there twice"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - window: tumble(5m)\n"
	 "    bye: [path]\n",
	    "4:5: the step \"window\" has no \"bye\" | did you mean"
	    " \"by\"?"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - window: tumble(5m)\n"
	 "    by: [path]\n"
	 "    select: {n: cuont(*)}\n",
	    "5:17: there is no function \"cuont\" | did you mean"
	    " \"count\"?"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - window: tumbel(5m)\n",
	    "3:13: not a window | did you mean tumble?"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - window: tumble(5)\n",
	    "3:20: a duration is expected here, as in 5m or 1h30m | 5ms,"
	    " 5s, 5m, 5h"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - window: [tumble(5m)]\n",
	    "3:13: a window is expected here, not a list"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: statsu >\n",
	    "3:20: expected an expression, got the end"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: (a\n",
	    "3:14: expected ), got the end"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: a b\n",
	    "3:14: expected an operator or the end, got \"b\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where:\n",
	    "3:5: an expression is missing here"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: {a: b}\n",
	    "3:12: an expression is expected here, not a map"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: \"a = \\\"x\\\" b\"\n",
	    "3:23: expected an operator or the end, got \"b\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: 'a = ''x'' b'\n",
	    "3:23: expected an operator or the end, got \"b\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: \"\\u0061 = 1 b\"\n",
	    "3:24: expected an operator or the end, got \"b\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: |\n"
	 "      a = 1\n"
	 "      AND b c\n",
	    "5:13: expected an operator or the end, got \"c\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: >-\n"
	 "      a = 1\n"
	 "      AND nosuch(b)\n",
	    "5:11: there is no function \"nosuch\" | weir help"
	    " functions lists them"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: a = 1\n"
	 "      AND nosuch(b)\n",
	    "4:11: there is no function \"nosuch\" | weir help"
	    " functions lists them"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: a = \"x: y\"\n",
	    "3:18: mapping values are not allowed in this context | put"
	    " a text that contains \": \" in quotes, and check the"
	    " indentation"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - where: \303\244 = 1 AND \303\266 \303\274\n",
	    "3:24: expected an operator or the end, got \"\303\274\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: coalesce(b, c), d: nosuch(e, f)}\n",
	    "3:33: there is no function \"nosuch\" | weir help"
	    " functions lists them"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: coalesce(b, c), a: 1}\n",
	    "3:30: \"a\" is there twice"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: coalesce(b, c}\n",
	    "3:24: expected ), got the end"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: }\n",
	    "3:11: name: expression is expected here"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: [1]}\n",
	    "3:14: an expression is expected here, not a list"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [a, b, a]\n",
	    "3:20: there are two columns named \"a\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: f(b, 'x'y)}\n",
	    "3:22: expected ), got \"y\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - set: {a: 'x' b: 'y'}\n",
	    "3:18: did not find expected ',' or '}' | within [] and {},"
	    " put texts with quotes or brackets in quotes, or write one"
	    " entry a line"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - drop: [`a]\n",
	    "3:12: found character that cannot start any token | put the"
	    " text in quotes"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: []\n",
	    "3:5: \"select\" needs at least one entry | Columns:"
	    " expressions, or name: expression pairs; * for all."},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [a]\n"
	 "  - where: b = 1\n",
	    "4:12: there is no column \"b\" here | there is only: a"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [status]\n"
	 "  - where: statsu = 1\n",
	    "4:12: there is no column \"statsu\" here | did you mean"
	    " \"status\"?"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - drop: [a + 1]\n",
	    "3:12: the name of a column is expected here"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [a]\n"
	 "  - drop: a\n",
	    "4:5: no column is left"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - drop: a\n"
	 "  - where: a > 1\n",
	    "4:12: \"a\" was dropped or renamed by an earlier step"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - drop: [a, a]\n",
	    "3:15: \"a\" was dropped or renamed before"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - rename: [a]\n",
	    "3:13: a map of old: new names is expected here, not a list"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - rename: {a: b, c: b}\n",
	    "3:20: there are two columns named \"b\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [a, b]\n"
	 "  - rename: {a: b}\n",
	    "4:14: there is a column \"b\" already"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - select: [a, b]\n"
	 "  - rename: {c: d}\n",
	    "4:14: there is no column \"c\" here | one of: a, b"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - limit: many\n",
	    "3:12: a whole number is expected here, 0 or greater"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - limit: -5\n",
	    "3:12: a whole number is expected here, 0 or greater"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - limit: 5m\n",
	    "3:12: a whole number is expected here, 0 or greater"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - sort: a down\n",
	    "3:13: expected an operator or the end, got \"down\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - sort: [a, nosuch(b) desc]\n",
	    "3:15: there is no function \"nosuch\" | weir help"
	    " functions lists them"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - name: x\n"
	 "    limit: 1\n"
	 "  - name: x\n"
	 "    limit: 2\n",
	    "6:5: there are two steps named \"x\""},
	{"weir: 1\n"
	 "input: {format: jsn}\n",
	    "2:17: there is no format \"jsn\" | did you mean \"json\"?"},
	{"weir: 1\n"
	 "input: {format: table}\n",
	    "2:17: format \"table\" cannot be read | one of: ..."},
	{"weir: 1\n"
	 "input: {file: a, files: [b]}\n",
	    "2:18: either \"file\" or \"files\""},
	{"weir: 1\n"
	 "input: {files: [[a]]}\n",
	    "2:17: a text is expected here, not a list"},
	{"weir: 1\n"
	 "input: {types: {a: strng}}\n",
	    "2:20: there is no type \"strng\" | one of: bigint, bool, date,"
	    " decimal, double, text, timestamp, interval, bytes"},
	{"weir: 1\n"
	 "input: [a]\n",
	    "2:8: a map (key: value) is expected here, not a list"},
	{"weir: 1\n"
	 "inputs: {a: {file: x}, b: {file: y}}\n",
	    "2:1: there are several inputs, and nothing says which is"
	    " read | from: a"},
	{"weir: 1\n"
	 "from: c\n"
	 "inputs: {aa: {file: x}, cc: {file: y}}\n",
	    "2:7: there is no input \"c\" | did you mean \"cc\"?"},
	{"weir: 1\n"
	 "from: c\n"
	 "input: {file: x}\n",
	    "2:7: there is no input \"c\""},
	{"weir: 1\n"
	 "input: {}\n"
	 "inputs: {a: {}}\n",
	    "3:1: either \"input\" or \"inputs\""},
	{"weir: 1\n"
	 "time: {latness: 5m}\n",
	    "2:8: there is no key \"latness\" here | did you mean"
	    " \"lateness\"?"},
	{"weir: 1\n"
	 "time: {lateness: 5}\n",
	    "2:18: this is no duration | as in 250ms, 30s, 5m, 1h30m, 2d"},
	{"weir: 1\n"
	 "time: {field: a b.c}\n",
	    "2:15: the name of a field is expected here | an odd name"
	    " goes in backticks: \"`my time`\""},
	{"weir: 1\n"
	 "time: {format: \"%Q\"}\n",
	    "2:16: unknown letter %Q in time pattern \"%Q\" | known are"
	    " YmdHMSyjbBhaAeIklpPfNLzZsGVUWuwTFDRrcxXnt.%"},
	{"weir: 1\n"
	 "time: {zone: Europe/Berln}\n",
	    "2:14: unknown time zone \"Europe/Berln\" | did you mean"
	    " \"Europe/Berlin\"?"},
	{"weir: 1\n"
	 "time: {late: dorp}\n",
	    "2:14: drop, update or a file is expected here | did you"
	    " mean \"drop\"?"},
	{"weir: 1\n"
	 "input: {time: {field: a}}\n"
	 "time: {field: b}\n",
	    "3:1: \"time\" is there twice"},
	{"weir: 1\n"
	 "output: {format: nginx}\n",
	    "2:18: format \"nginx\" cannot be written | one of: ..."},
	{"weir: 1\n"
	 "output: json\n",
	    "2:9: a map (key: value) is expected here, not a text"},
	{"weir: 1\n"
	 "params: {a b: 1}\n",
	    "2:10: a parameter's name is made of letters, digits and _"},
	{"weir: 1\n"
	 "params: {a: {default: 1, typ: int}}\n",
	    "2:26: there is no key \"typ\" here | did you mean \"type\"?"},
	{"weir: 1\n"
	 "params: {a: {type: bigint, default: x}}\n",
	    "2:37: this is no bigint"},
	{"weir: 1\n"
	 "params: {a: }\n"
	 "steps:\n"
	 "  - where: x > $a\n",
	    "2:10: the parameter \"a\" has no value | -p a=VALUE"},
	{"weir: 1\n"
	 "params: {limit: 1}\n"
	 "steps:\n"
	 "  - where: x > $limt\n",
	    "4:16: there is no parameter \"limt\" | did you mean"
	    " \"limit\"?"},
	{"weir: 1\n"
	 "tests: {a: b}\n",
	    "2:8: a list of tests is expected here, not a map"},
	{"weir: 1\n"
	 "tests:\n"
	 "  - {name: x, expct: []}\n",
	    "3:15: there is no key \"expct\" here | did you mean"
	    " \"expect\"?"},
	{"weir: 1\n"
	 "tests:\n"
	 "  - {expect: [1]}\n",
	    "3:15: a row (a map of column: value) is expected here, not"
	    " a text"},
	{"weir: 1\n"
	 "tests:\n"
	 "  - {crash: never}\n",
	    "3:13: this is no place for a crash | crash: everywhere"},
	{"weir: 1\n"
	 "steps:\n"
	 "\t- where: a\n",
	    "3:1: found character that cannot start any token | YAML is"
	    " indented with spaces, not tabs"},
	{"weir: 1\n"
	 "  name: x\n",
	    "2:7: mapping values are not allowed in this context | put a"
	    " text that contains \": \" in quotes, and check the"
	    " indentation"},
	{"weir: 1\n"
	 "name: \"x\n",
	    "2:7: the quote that opens here is not closed"},
	{"weir: 1\n"
	 "name: x\377\n",
	    "2:8: this byte is not UTF-8"},
	{"weir: 1\n"
	 "name: x\001\n",
	    "2:8: control characters are not allowed"},
	{"weir: 1\n"
	 "name: !!str x\n",
	    "2:7: tags are not used here | a value is read as its field"
	    " needs it"},
	{"weir: 1\n"
	 "---\n"
	 "weir: 1\n",
	    "2:1: only one document is possible"},
	{"weir: 1\n"
	 "name: *x\n",
	    "2:7: there is no anchor \"x\" before this"},
	{"weir: 1\n"
	 "name: @x\n",
	    "2:7: found character that cannot start any token | put the"
	    " text in quotes"},
	{"weir: 1\n"
	 "? [a]\n"
	 ": b\n",
	    "2:3: a key must be a text, not a list"},
	{"a: &a [*a]\n",
	    "1:8: there is no anchor \"a\" before this"},
	{"\357\273\277weir: 1\n"
	 "nam: x\n",
	    "2:1: there is no key \"nam\" here | did you mean \"name\"?"},
};
// clang-format on

static void
test_good(struct buf *out)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		parse_plan(yaml_parse, good[i].text, false, out);
		same(buf_z(out), good[i].want, "spec");
		check_round_trip(good[i].want, "the same once more");
	}
}

/* TAP lines name a case by the line that matters: its last. */
static const char *
last_line(const char *text, struct buf *name)
{
	struct str s = str_trim(str_of(text));

	for (size_t i = s.n; i--;)
		if (s.p[i] == '\n') {
			s.p += i + 1;
			s.n -= i + 1;
			break;
		}
	name->n = 0;
	buf_adds(name, s);
	return buf_z(name);
}

/* Wanted is a list of whatever there is: "one of: ...". */
static void
cut_list(struct buf *out, const char *want)
{
	static const char head[] = "one of: ";
	const char *in_want = strstr(want, "one of: ...");
	const char *in_out = strstr(buf_z(out), head);

	if (!in_want || !in_out)
		return;
	out->n = (size_t)(in_out - out->p) + sizeof head - 1;
	buf_addz(out, "...");
}

static void
test_bad(struct buf *out)
{
	struct buf name = {0};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		parse_plan(yaml_parse, bad[i].text, true, out);
		cut_list(out, bad[i].want);
		same(buf_z(out), bad[i].want, last_line(bad[i].text, &name));
	}
	buf_release(&name);
}

/* front, n pieces, back; the answer must be as wanted. */
static void
check_many(const char *front, const char *piece, unsigned n, const char *back,
    const char *want)
{
	struct buf text = {0}, out = {0};

	buf_addz(&text, front);
	for (unsigned i = 0; i < n; i++)
		buf_addz(&text, piece);
	buf_addz(&text, back);
	parse_plan(yaml_parse, buf_z(&text), true, &out);
	same(buf_z(&out), want, want);
	buf_release(&text);
	buf_release(&out);
}

static void
test_limits(void)
{
	check_many("weir: 1\nsteps: ", "[", 1000000, "",
	    "2:71: nested deeper than 64");
	check_many("weir: 1\nsteps: ", "[\n", 500000, "",
	    "65:1: nested deeper than 64");
	check_many("weir: 1\nsteps: ", "{a: ", 250000, "",
	    "2:260: nested deeper than 64");
	check_many("", "- ", 500000, "", "1:129: nested deeper than 64");
	check_many("weir: 1\nsteps:\n", "  - where: a = 1\n", 3000, "",
	    "259:5: more than 256 steps");
	check_many("weir: 1\nsteps: [", "a, ", 20000, "]",
	    "2:29994: more than 10000 values, aliases written out");
	check_many("weir: 1\nsteps:\n  - where: ", "(", 100000, "",
	    "3:212: nested too deep (more than 200 levels)");
	check_many("weir: 1\nname: \"", "x", 1 << 20, "\"",
	    "1:1: the spec is longer than 1 MiB");
	check_many("a: &a [x, x, x, x, x, x, x, x, x, x]\n"
		   "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
		   "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
		   "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
		   "e: [*d",
	    ", *d", 9, "]\n",
	    "4:36: more than 10000 values, aliases written out");
	check_many("weir: 1\nsteps:\n  - select: {", "f(a, ", 2000, "}",
	    "3:17: expected ), got the end");
}

/* Every key of the table is known to the reader, and documented. */
static void
test_keys(void)
{
	for (unsigned i = 0; i < n_spec_keys; i++) {
		const struct spec_key *k = &spec_keys[i];
		bool fine =
		    *k->path && *k->type && k->doc[strlen(k->doc) - 1] == '.';

		for (unsigned j = 0; j < i; j++)
			fine &= strcmp(spec_keys[j].path, k->path) != 0;
		ok(fine, "%s is documented, and there once", k->path);
	}
}

int
main(void)
{
	struct buf out = {0};

	hash_init();
	test_good(&out);
	test_bad(&out);
	test_limits();
	test_keys();
	buf_release(&out);
	return tap_done();
}
