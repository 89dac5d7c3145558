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
	gives 1 weir --mem 1M 'SELECT k, sum(v) OVER (PARTITION BY k ORDER BY v)
	    AS n' many.jsonl
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
