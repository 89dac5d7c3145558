#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What aggregations keep: from run to run, when a query changes, and when there
# is more of it than memory.
load lib

plain='SELECT k, count(*) AS n GROUP BY k, tumble(5m)'

# Two pieces of one input, in which a window goes on.
pieces() {
	printf '%s\n' '{"t":"2026-03-01T10:00:00Z","k":"a","v":1}' \
	    '{"t":"2026-03-01T10:01:00Z","k":"b","v":2}' \
	    '{"t":"2026-03-01T10:02:00Z","k":"a","v":4}' >one.jsonl
	printf '%s\n' '{"t":"2026-03-01T10:03:00Z","k":"a","v":8}' \
	    '{"t":"2026-03-01T10:12:00Z","k":"a","v":16}' >two.jsonl
}

# run_on QUERY FILE: with the state that is kept in ./st.
run_on() {
	weir -s ./st -l 1m "$@"
}

@test "windows: an added aggregate begins empty and that is said" {
	pieces
	gives 0 run_on "$plain" one.jsonl
	[ -z "$out" ]
	gives 0 run_on 'SELECT k, count(*) AS n, sum(v) AS s, max(v) AS m
	    GROUP BY k, tumble(5m)' two.jsonl
	has "$errors" 'weir: step "window": aggregate sum(v) is new and begins'
	has "$errors" 'aggregate max(v) is new'
	has "$out" '"k":"a","n":3,"s":8,"m":8}'
	has "$out" '"k":"b","n":1,"s":null,"m":null}'
}

@test "windows: a dropped aggregate is dropped and that is said" {
	pieces
	gives 0 run_on 'SELECT k, min(v) AS l, count(*) AS n, sum(v) AS s
	    GROUP BY k, tumble(5m)' one.jsonl
	gives 0 run_on 'SELECT k, sum(v) AS s GROUP BY k, tumble(5m)' two.jsonl
	has "$errors" 'aggregate min(v) is gone and was dropped'
	has "$errors" 'aggregate count(*) is gone and was dropped'
	has "$out" '"k":"a","s":13}'
	has "$out" '"k":"b","s":2}'
}

@test "windows: what was dropped and comes again begins empty" {
	pieces
	gives 0 run_on 'SELECT k, count(*) AS n, sum(v) AS s
	    GROUP BY k, tumble(5m)' one.jsonl
	gives 0 run_on "$plain" /dev/null
	gives 0 run_on 'SELECT k, count(*) AS n, sum(v) AS s
	    GROUP BY k, tumble(5m)' two.jsonl
	has "$out" '"k":"a","n":3,"s":8}'
}

@test "windows: columns may change their order and names" {
	pieces
	gives 0 run_on 'SELECT k, count(*) AS n, sum(v) AS s
	    GROUP BY k, tumble(5m)' one.jsonl
	gives 0 run_on 'SELECT sum(v) AS total, count(*) + 1 AS more, k AS key
	    GROUP BY k, tumble(5m)' two.jsonl
	[ -z "$errors" ]
	has "$out" '"total":13,"more":4,"key":"a"}'
}

@test "windows: a changed aggregate is refused, with the difference" {
	pieces
	gives 0 run_on 'SELECT k, count(*) AS n, sum(v) AS s
	    GROUP BY k, tumble(5m)' one.jsonl
	gives 5 run_on 'SELECT k, count(*) AS n, sum(v + 1) AS s
	    GROUP BY k, tumble(5m)' two.jsonl
	has "$errors" '- aggregate: sum(v)'
	has "$errors" '+ aggregate: sum(v + 1)'
	has "$errors" 'hint: --reset window'
	[[ $errors != *count* ]]
	gives 0 run_on --reset window 'SELECT k, count(*) AS n, sum(v + 1) AS s
	    GROUP BY k, tumble(5m)' two.jsonl
	has "$out" '"k":"a","n":1,"s":9}'
}

@test "windows: another window, or other keys, are refused" {
	pieces
	gives 0 run_on "$plain" one.jsonl
	gives 5 run_on 'SELECT k, count(*) AS n GROUP BY k, tumble(6m)' \
	    two.jsonl
	has "$errors" '- window: tumble(5m)'
	has "$errors" '+ window: tumble(6m)'
	gives 5 run_on 'SELECT v, count(*) AS n GROUP BY v, tumble(5m)' \
	    two.jsonl
	has "$errors" '- keys: k'
	has "$errors" '+ keys: v'
	gives 5 run_on 'SELECT k' two.jsonl
	has "$errors" '"window" (window)'
	gives 0 run_on "$plain" two.jsonl
	has "$out" '"k":"a","n":3}'
}

# many ROWS KEYS: rows in order of time, keys of all kinds of frequency.
many() {
	awk -v n="$1" -v keys="$2" 'BEGIN {
		x = 12345
		for (i = 0; i < n; i++) {
			x = (x * 16807) % 2147483647
			k = int(exp(x / 2147483647 * log(keys)))
			x = (x * 16807) % 2147483647
			printf "{\"t\":%d,\"k\":\"key-%d\",\"v\":%.3f}\n",
			    1700000000 + i / 50 - x % 7, k, x / 1000003
		}
	}'
}

# The same with little memory as with plenty.
same_with_little() {
	weir -l 10s "$@" >plenty
	weir -l 10s --mem 1M "$@" >little
	[ -s plenty ]
	cmp plenty little
}

@test "memory: groups and windows that do not fit give the same" {
	many 60000 40000 >many.jsonl
	same_with_little 'SELECT k, count(*) AS n, sum(v) AS s GROUP BY k' \
	    many.jsonl
	same_with_little 'SELECT k, count(*) AS n, sum(v) AS s, first(v) AS f,
	    array_agg(v) AS a GROUP BY k, tumble(20m)' many.jsonl
	same_with_little 'SELECT k, count(*) AS n, avg(v) AS s, max(v) AS m,
	    percentile(v, 0.5) AS p GROUP BY k, hop(10m, 2m)' many.jsonl
	same_with_little 'SELECT k, count(DISTINCT v) AS n, sum(v) AS s
	    GROUP BY k, cumulate(5m, 20m)' many.jsonl
	same_with_little 'SELECT k, sum(v) AS s, listagg(v) AS l
	    GROUP BY k, rows(3)' many.jsonl
	same_with_little --allow 2m 'SELECT k, count(*) AS n, sum(v) AS s
	    GROUP BY k, hop(10m, 5m)' many.jsonl
	same_with_little -m changelog 'SELECT k, sum(v) AS s GROUP BY k' \
	    many.jsonl
}

@test "memory: what cannot be let go ends the run and is named" {
	many 60000 60000 >many.jsonl
	gives 1 weir --mem 1M 'SELECT count(DISTINCT k) OVER (ORDER BY v) AS n
	    FROM "many.jsonl"'
	has "$errors" 'step "running" needs more memory than --mem allows'
}

@test "memory: the process stays near its limit" {
	local query='SELECT k, count(*) AS n, sum(v) AS s GROUP BY k'

	# A sanitizer takes more than that for itself.
	(ulimit -d 45056 && "$WEIR" --version >/dev/null 2>&1) ||
	    skip "a sanitizer is at work"
	seq 400000 | sed 's/.*/{"k":"key-&","v":&}/' >many.jsonl
	weir "$query" many.jsonl >plenty
	# shellcheck disable=SC2016
	bash -c 'ulimit -d 45056; exec "$@"' - "$WEIR" --mem 4M "$query" \
	    many.jsonl >little
	cmp plenty little
}

# In two runs, with little memory and many commits, as in one without state.
same_in_two() {
	rm -rf st
	weir -l 10s --allow 1m "$1" many.jsonl >whole
	weir -q -l 10s --allow 1m --mem 1M --checkpoint 20ms -s ./st "$1" \
	    first.jsonl >parts
	weir -q -l 10s --allow 1m --mem 1M -s ./st --final "$1" first.jsonl \
	    rest.jsonl >>parts
	[ -s whole ]
	cmp whole parts
}

@test "memory: what does not fit is kept from run to run" {
	many 40000 40000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same_in_two 'SELECT k, count(*) AS n, sum(v) AS s GROUP BY k'
	same_in_two 'SELECT k, sum(v) AS s, array_agg(v) AS a
	    GROUP BY k, tumble(5m)'
	same_in_two 'SELECT k, count(*) AS n, avg(v) AS s,
	    percentile(v, 0.5) AS p GROUP BY k, hop(10m, 2m)'
	same_in_two 'SELECT k, sum(v) AS s, listagg(v) AS l GROUP BY k, rows(3)'
}

# Rows of all kinds of values; integers alone are in i, the rest is mixed.
odd_rows() {
	awk -v n="$1" -v keys="$2" 'BEGIN {
		x = 4711
		for (i = 0; i < n; i++) {
			x = (x * 16807) % 2147483647
			k = x % keys
			x = (x * 16807) % 2147483647
			m = x % 9
			v = m == 0 ? "null" : m == 1 ? "\"t" x % 50 "\"" : \
			    m == 2 ? x / 1000 : m == 3 ? "true" : x % 100
			printf "{\"t\":%d,\"k\":\"key-%d\",\"i\":%d," \
			    "\"f\":%.4f,\"v\":%s,\"s\":\"w%d\",\"b\":%s}\n",
			    1700000000 + i / 10 - x % 20, k, x % 1000 - 500,
			    x / 77777, v, x % 30, x % 3 ? "true" : "false"
		}
	}'
}

# What can be added apart and merged, and of what pieces have the rows, which
# are added when those before them are known.
merged='any_value(v) a1, approx_distinct(v) a2, arg_max(v, i) a3,
    arg_min(v, i) a4, array_agg(v) a5, avg(i) a6, bit_and(i) a7, bit_or(i) a8,
    bit_xor(i) a9, bool_and(b) a10, bool_or(b) a11, count(*) a12,
    count(v) a13, count_if(i > 0) a14, first(v) a15, histogram(s) a16,
    json_arrayagg(v) a17, json_arrayagg_null(v) a18,
    json_objectagg(s, v) a19, last(v) a20, listagg(s, ";") a21,
    map_agg(s, v) a22, max(v) a23, median(f) a24, min(v) a25, mode(s) a26,
    percentile(i, 0.9) a27, percentile_cont(f, 0.25) a28, ratio(b) a29,
    sum(i) a30, topk(s, 3) a31, count(DISTINCT s) a32, sum(DISTINCT f) a33,
    array_agg(DISTINCT v) a34, array_agg(v ORDER BY i DESC, f) a35,
    listagg(s, "+" ORDER BY f) a36, sum(i) FILTER (WHERE b) a37,
    max(f) FILTER (WHERE i > 0) a38, first(f ORDER BY i) a39'
logged='corr(i, f) b1, covar_pop(i, f) b2, covar_samp(i, f) b3,
    rate(f, _time) b4, regr_count(i, f) b5, regr_intercept(i, f) b6,
    regr_r2(i, f) b7, regr_slope(i, f) b8, stddev_pop(f) b9,
    stddev_samp(i) b10, var_pop(i) b11, var_samp(f) b12, sum(f) b13,
    avg(f) b14, sum(v) b15, avg(v) FILTER (WHERE b) b16'

# Nothing stays in memory for longer than a few hundred rows.
same_evicted() {
	weir -l 10s "$@" odd.jsonl >plenty
	WEIR_TORTURE=evict,rows=300 weir -l 10s --mem 1M "$@" odd.jsonl >little
	[ -s plenty ]
	cmp plenty little
}

@test "memory: each aggregate is the same in pieces" {
	local name
	while read -r name; do
		has "$merged, $logged" "$name("
	done < <(weir help aggregates | sed -n 's/^  \([a-z_0-9]*\)(.*/\1/p')
	odd_rows 6000 900 >odd.jsonl
	same_evicted "SELECT k, $merged GROUP BY k"
	same_evicted "SELECT k, $merged GROUP BY k, tumble(2m)"
	same_evicted "SELECT k, $logged GROUP BY k"
	same_evicted "SELECT k, $logged, $merged GROUP BY k, tumble(2m)"
	same_evicted "SELECT k, b, $merged, $logged GROUP BY CUBE (k, b)"
	same_evicted --allow 30s \
	    "SELECT k, $merged, $logged GROUP BY k, hop(2m, 30s)"
	same_evicted "SELECT k, sum(v) s, avg(v) a, count(*) n GROUP BY k"
}

@test "memory: pieces are kept from run to run, and seen in a dump" {
	local query="SELECT k, $merged, $logged GROUP BY k"

	odd_rows 3000 300 >odd.jsonl
	head -2000 odd.jsonl >first.jsonl
	tail -n +2001 odd.jsonl >rest.jsonl
	weir "$query" odd.jsonl >whole
	WEIR_TORTURE=evict,rows=100,commit=3 weir -q -s ./st --mem 1M -m final \
	    "$query" first.jsonl
	weir state dump ./st >dump
	has "$(cat dump)" '"raw_pieces":["'
	weir state load ./loaded dump
	weir state dump ./loaded | cmp - dump
	weir state check ./st
	weir state savepoint ./st ./saved
	weir state dump ./saved | cmp - dump
	for st in ./st ./loaded ./saved; do
		weir -q -s $st --final "$query" first.jsonl rest.jsonl |
		    cmp - whole
	done
}

# The rows of k that its pieces have, in the dump of ./st.
in_pieces() {
	weir state dump ./st | grep '"raw_pieces":' |
	    grep -c "\"key\":\[\"$1\"\]" || true
}

@test "memory: a piece with many rows is not kept, a small one is" {
	local query='SELECT k, sum(x) s, var_pop(x) v GROUP BY k'
	local rows='{"k":"%s","x":%d.1}\n'

	# Both are in the state when they come again.
	printf "$rows" a 1 b 2 >in.jsonl
	weir -q -s ./st --mem 1M -m final "$query" in.jsonl
	{
		printf "$rows" b 3 b 1234567
		for ((i = 0; i < 300; i++)); do
			printf "$rows" a $((i * i * 7919))
		done
	} >>in.jsonl
	WEIR_TORTURE=evict weir -q -s ./st --mem 1M -m final "$query" in.jsonl
	[ "$(in_pieces a)" = 0 ]
	[ "$(in_pieces b)" = 1 ]
	weir -q -s ./st --final "$query" in.jsonl >got
	weir "$query" in.jsonl | cmp - got
}

@test "memory: pieces are put together for another query and mode" {
	odd_rows 3000 300 >odd.jsonl
	head -2000 odd.jsonl >first.jsonl
	tail -n +2001 odd.jsonl >rest.jsonl
	for st in a b; do
		WEIR_TORTURE=evict,rows=100 weir -q -s ./$st --mem 1M -m final \
		    'SELECT k, count(*) n, sum(i) s GROUP BY k' first.jsonl
	done
	# What an aggregate has missed begins empty.
	weir -q -s ./a --final 'SELECT k, sum(i) s, count(*) n, var_pop(i) v
	    GROUP BY k' first.jsonl rest.jsonl | cut -d, -f1-3 >got
	weir 'SELECT k, sum(i) s, count(*) n, 1 AS v GROUP BY k' odd.jsonl |
	    cut -d, -f1-3 >want
	cmp got want
	# Changes: totals go on where they were.
	weir -q -s ./b -m upsert 'SELECT k, count(*) n, sum(i) s GROUP BY k' \
	    first.jsonl rest.jsonl | sed 's/"op":"[^"]*",//' |
	    awk -F, '{last[$1] = $0} END {for (k in last) print last[k]}' |
	    LC_ALL=C sort >got
	weir 'SELECT k, count(*) n, sum(i) s GROUP BY k' odd.jsonl |
	    LC_ALL=C sort >want
	[ "$(wc -l <got)" -gt 100 ]
	[ -z "$(LC_ALL=C comm -23 got want)" ]
}

# A key's hint in the agenda stays where it is while its session grows; what
# was read of the key later must not be taken for it.
@test "windows: a session that has grown over several runs still ends" {
	local q='SELECT k, count(*) n GROUP BY k, session(100s)'
	session_run() { # LINE...
		printf '%s\n' "$@" >>log.jsonl
		weir -s ./st -l 0s -T t:s "$q" log.jsonl
	}
	gives 0 session_run '{"t":40,"k":"b"}' '{"t":45,"k":"a"}'
	gives 0 session_run '{"t":135,"k":"b"}'
	gives 0 session_run '{"t":225,"k":"b"}' '{"t":230,"k":"a"}'
	gives 0 session_run '{"t":400,"k":"a"}'
	has "$out" '"window_end":"1970-01-01T00:05:25Z","k":"b","n":3}'
}

# A window that is walked over drops the pieces it has put together; the next
# one, which has its slices in memory, must not find them again.
@test "windows: what was in pieces counts once in every window" {
	add_and_run() { # V OPTION...
		echo "{\"t\":$1,\"v\":$1}" >>log.jsonl
		weir -q -s ./st -l 0s -T t:s --allow 50s --mem 1M "${@:2}" \
		    'SELECT count(*) n, array_agg(v) l
		        GROUP BY cumulate(20s, 40s)' log.jsonl
	}
	gives 0 add_and_run 5
	gives 0 add_and_run 19 --final
	has "$out" '"window_end":"1970-01-01T00:00:20Z","n":2,"l":[5,19]}'
	has "$out" '"window_end":"1970-01-01T00:00:40Z","n":2,"l":[5,19]}'
}
