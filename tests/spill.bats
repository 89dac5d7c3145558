#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --mem with steps that wait: what does not fit goes to the state and comes
# back, the results are the same, and the process stays near its limit.
load lib

# many ROWS KEYS: rows in order of time, 50 a second, of keys in no order.
many() {
	awk -v n="$1" -v keys="$2" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"t\":%d,\"k\":\"key-%d\",\"v\":%d}\n",
			    1700000000 + i / 50 - i * 7 % 5,
			    i * 7919 % keys, i * 31 % 1000
	}'
}

# The same with little memory as with plenty.
same() {
	weir "$@" >plenty
	weir --mem 1M "$@" >little
	[ -s plenty ]
	cmp plenty little
}

# In two runs with little memory and many commits, as in one without state.
same_in_two() {
	rm -rf st
	weir "$@" first.jsonl rest.jsonl >whole
	weir -q --mem 1M --checkpoint 20ms -s ./st "$@" first.jsonl >parts
	weir -q --mem 1M --checkpoint 20ms -s ./st --final "$@" \
	    first.jsonl rest.jsonl >>parts
	[ -s whole ]
	cmp whole parts
}

# wide: the keys of those rows, made long.
wide() {
	sed "s/key-/$(printf %0200d 0)&/"
}

# within KIB ARGS: runs with so much memory, and no more.
within() {
	# shellcheck disable=SC2016
	bash -c 'ulimit -s 1024; ulimit -d "$1"; shift; exec "$@"' - "$1" \
	    "$WEIR" "${@:2}"
}

# near KIB ARGS: the same with 4M as with plenty, within so much memory
# altogether, which is too little for whoever does not mind it.
near() {
	local limit=$1

	shift
	# A sanitizer takes more than that for itself.
	(ulimit -d 45056 && "$WEIR" --version >/dev/null 2>&1) ||
	    skip "a sanitizer is at work"
	if within "$limit" "$@" >/dev/null 2>&1; then
		echo "$limit KiB are enough for anybody"
		return 1
	fi
	weir "$@" >plenty
	within "$limit" --mem 4M "$@" >little
	[ -s plenty ]
	cmp plenty little
}

@test "memory: sessions that do not fit give the same" {
	local q='SELECT k, count(*) AS n, sum(v) AS s, array_agg(v) AS a'

	many 30000 20000 >many.jsonl
	same -l 10s "$q GROUP BY k, session(5m)" many.jsonl
	same -l 10s "$q GROUP BY k, session(10h)" many.jsonl
	same "$q GROUP BY k, session(1m)" many.jsonl
	same -l 5s --allow 3m "$q GROUP BY k, session(1m)" many.jsonl
	same -l 10s -m changelog --allow 2m "$q GROUP BY k, session(5m)" \
	    many.jsonl
	same -l 10s "$q GROUP BY k, session(6m, 7m)" many.jsonl
}

@test "memory: sessions that do not fit are kept from run to run" {
	local q='SELECT k, count(*) AS n, sum(v) AS s, array_agg(v) AS a'

	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same_in_two -l 10s "$q GROUP BY k, session(5m)"
	same_in_two -l 10s --allow 1m "$q GROUP BY k, session(8m)"
}

@test "memory: rows that wait for their time give the same" {
	local over='OVER (PARTITION BY k ORDER BY t'

	many 30000 20000 >many.jsonl
	same -l 10s "SELECT k, t, sum(v) $over) AS s, row_number() $over) AS n
	    FROM 'many.jsonl'"
	same -l 1h "SELECT k, sum(v) $over) AS s, lag(v, 2) $over) AS l" \
	    many.jsonl
	same -l 2m "SELECT k, v, max(v) $over RANGE BETWEEN INTERVAL '5' MINUTE
	    PRECEDING AND CURRENT ROW) AS m" many.jsonl
	same -l 10s "SELECT k, v, array_agg(v) $over ROWS 3 PRECEDING) AS a" \
	    many.jsonl
	same -l 10s "SELECT k, v, lead(v) $over) AS n" many.jsonl
	same -l 1m 'SELECT t, avg(v) OVER (ORDER BY t ROWS 5 PRECEDING) AS a' \
	    many.jsonl
}

@test "memory: rows that wait for their time are kept from run to run" {
	local over='OVER (PARTITION BY k ORDER BY t'

	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same_in_two -l 2m "SELECT k, t, sum(v) $over) AS s, lag(v) $over) AS l"
	same_in_two -l 10s "SELECT k, v, lead(v) $over) AS n"
}

@test "memory: running sums by time stay near the limit" {
	many 100000 75000 >many.jsonl
	near 36864 -l 5m 'SELECT k, t, sum(v) OVER (PARTITION BY k ORDER BY t)
	    AS s' many.jsonl
}

@test "memory: rows that look ahead give the same at the end" {
	local over='OVER (PARTITION BY k ORDER BY t'

	many 30000 20000 >many.jsonl
	same "SELECT k, t, lead(v) $over) AS n" many.jsonl
	same -T t -l 10s "SELECT t, v, lead(v, 2, -1) $over) AS n,
	    ntile(2) $over) AS h FROM 'many.jsonl'"
	same -l 1h "SELECT k, v, sum(v) $over ROWS BETWEEN 1 PRECEDING AND
	    1 FOLLOWING) AS s" many.jsonl
	same -l 10s "SELECT k, v, sum(v) $over RANGE BETWEEN CURRENT ROW AND
	    INTERVAL '5' MINUTE FOLLOWING) AS s" many.jsonl
	same "SELECT k, lead(v) OVER (PARTITION BY k) AS n" many.jsonl
}

@test "memory: rows of whole partitions give the same" {
	local by='OVER (PARTITION BY k'

	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same "SELECT *, sum(v) $by) AS s, count(*) $by) AS n" many.jsonl
	same "SELECT k, rank() $by ORDER BY v DESC) AS r, ntile(3)
	    $by ORDER BY v DESC) AS n" many.jsonl
	same "SELECT k, v, percent_rank() $by ORDER BY v) AS p, array_agg(t)
	    $by ORDER BY v) AS a" many.jsonl
	same -l 5s "SELECT k, t, max(t) $by ORDER BY t RANGE BETWEEN UNBOUNDED
	    PRECEDING AND UNBOUNDED FOLLOWING) AS m" many.jsonl
	same_in_two "SELECT k, v, sum(v) $by) AS s"
	same_in_two "SELECT k, rank() $by ORDER BY v) AS r, lag(v)
	    $by ORDER BY v) AS l"
	same_in_two -l 1m "SELECT t, cume_dist() $by ORDER BY t) AS c"
}

@test "memory: ranges of values give the same" {
	local by='OVER (PARTITION BY k ORDER BY v'

	many 20000 3 | sed '3~7s/"v":[0-9]*/"v":null/' >many.jsonl
	same "SELECT k, v, count(*) $by RANGE BETWEEN 3 PRECEDING AND
	    4 FOLLOWING) AS n, sum(t) $by RANGE BETWEEN UNBOUNDED PRECEDING AND
	    2 PRECEDING) AS s FROM 'many.jsonl'"
	same "SELECT k, v, max(t) $by DESC RANGE BETWEEN CURRENT ROW AND
	    9 FOLLOWING) AS m, count(*) $by GROUPS BETWEEN 2 PRECEDING AND
	    1 FOLLOWING) AS g FROM 'many.jsonl'"
}

@test "memory: rows of whole partitions stay near the limit" {
	local by='OVER (PARTITION BY k'

	many 100000 75000 >many.jsonl
	near 36864 "SELECT k, sum(v) $by) AS s" many.jsonl
	near 36864 "SELECT k, rank() $by ORDER BY v) AS r" many.jsonl
	near 36864 -l 10s "SELECT k, lead(v) $by ORDER BY t) AS n" many.jsonl
}

@test "memory: long frames of one key give the same" {
	local by='OVER (ORDER BY t ROWS' f='ROWS BETWEEN 6000 PRECEDING AND'

	many 30000 20000 | sed 's/\(.*\)"v":\(.*\)}/\1"v":\2,"x":\2.25}/' \
	    >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same -l 10s "SELECT t, sum(v) $by 9000 PRECEDING) AS s, avg(x)
	    $by 9000 PRECEDING) AS a, min(v) $by 9000 PRECEDING) AS m,
	    max(k) $by 9000 PRECEDING) AS x, first_value(v)
	    $by 9000 PRECEDING) AS f FROM 'many.jsonl'"
	same -l 10s "SELECT lag(v, 12000) OVER (ORDER BY t) AS l,
	    lead(v, 12000) OVER (ORDER BY t) AS n, lead(v, 3000) IGNORE NULLS
	    OVER (ORDER BY t) AS i FROM 'many.jsonl'"
	same "SELECT sum(CAST(x AS DECIMAL(9, 2))) OVER ($f CURRENT ROW) AS s,
	    var_pop(v) OVER ($f CURRENT ROW) AS p FROM 'many.jsonl'"
	same "SELECT k, min(v) OVER (ORDER BY v, k $f 6000 FOLLOWING) AS m,
	    last_value(k) OVER (ORDER BY v, k $f 6000 FOLLOWING) AS l
	    FROM 'many.jsonl'"
	same -l 5s "SELECT t, count(*) OVER (ORDER BY t RANGE BETWEEN INTERVAL
	    '100' SECOND PRECEDING AND INTERVAL '90' SECOND FOLLOWING) AS n" \
	    many.jsonl
	same "SELECT k, sum(v) OVER () AS s, ntile(9) OVER () AS n" many.jsonl
	same "SELECT rank() OVER (ORDER BY v) AS r, cume_dist() OVER (ORDER BY
	    v) AS c, percent_rank() OVER (ORDER BY v) AS p FROM 'many.jsonl'"
	same_in_two -l 10s "SELECT t, sum(x) $by 9000 PRECEDING) AS s,
	    min(k) $by 9000 PRECEDING) AS m, var_pop(v)
	    $by 9000 PRECEDING) AS p"
	same_in_two -l 2s "SELECT t, sum(v) OVER (ORDER BY t RANGE BETWEEN
	    INTERVAL '60' SECOND PRECEDING AND INTERVAL '50' SECOND
	    FOLLOWING) AS s, lead(k, 5000) OVER (ORDER BY t) AS l"
	same_in_two "SELECT k, sum(v) OVER (ROWS 7000 PRECEDING) AS s,
	    lag(k, 9000) OVER () AS l, count(*) OVER () AS n"
}

@test "memory: long frames of one key stay near the limit" {
	local by='OVER (ORDER BY t ROWS 90000 PRECEDING)'

	many 120000 90000 | wide >many.jsonl
	near 32768 -l 10s "SELECT t, sum(v) $by AS s, max(k) $by AS m,
	    lag(k, 99999) OVER (ORDER BY t) AS l" many.jsonl
	near 20480 "SELECT v, sum(v) OVER () AS s" many.jsonl
	near 20480 "SELECT v, rank() OVER (ORDER BY v) AS r, ntile(5)
	    OVER (ORDER BY v) AS n" many.jsonl
}

@test "memory: what changes every so often gives the same" {
	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same -l 10s -m 'every 2m' 'SELECT k, count(*) AS n, sum(v) AS s
	    GROUP BY k' many.jsonl
	same -l 10s -m 'every 1h' 'SELECT k, max(v) AS m GROUP BY k
	    HAVING max(v) < 900' many.jsonl
	same_in_two -l 10s -m 'every 2m' 'SELECT k, count(*) AS n GROUP BY k'
	same_in_two -l 10s -m 'every 1h' 'SELECT k, count(*) AS n GROUP BY k'
}

@test "memory: what changes every so often stays near the limit" {
	many 200000 150000 >many.jsonl
	near 28672 -l 10s -m 'every 1h' 'SELECT k, count(*) AS n GROUP BY k' \
	    many.jsonl
}

@test "memory: rows in order give the same" {
	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same 'SELECT * ORDER BY v DESC, k' many.jsonl
	same 'SELECT k, v * 1.5 AS w ORDER BY k LIMIT 25000' many.jsonl
	same 'SELECT k ORDER BY v LIMIT 10' many.jsonl
	same_in_two 'SELECT * ORDER BY v DESC, k'
	same_in_two 'SELECT k, v ORDER BY k LIMIT 25000'
}

@test "memory: rows in order stay near the limit" {
	many 100000 75000 | wide >many.jsonl
	near 36864 'SELECT k, v ORDER BY k' many.jsonl
	near 36864 'SELECT k, v ORDER BY v, k LIMIT 75000' many.jsonl
}

@test "memory: rows that stand at the end give the same" {
	printf '%s\n' 'weir: 1' 'input: {format: json}' 'steps:' \
	    '  - select: [op, k, v]' '  - from_changelog: op' \
	    '  - settle:' >settle.yaml
	many 30000 20000 | awk '{
		took = NR % 7 == 0
		$0 = took ? old : $0
		old = NR % 7 == 3 ? $0 : old
		sub(/"t":/, (took ? "\"op\":\"-D\"" : "\"op\":\"+I\"") ",&")
		print
	}' >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same -f settle.yaml many.jsonl
	same_in_two -f settle.yaml
	many 200000 150000 | wide | sed 's/{/{"op":"+I",/' >many.jsonl
	near 49152 -f settle.yaml many.jsonl
}

@test "memory: NOT IN of several columns gives the same" {
	local q='SELECT k, v WHERE (k, v) NOT IN (SELECT k, v FROM'

	many 30000 20000 | sed '5000~9000s/"key[^,]*"/null/' >many.jsonl
	many 1000 900 | sed '300~400s/"v":[0-9]*/"v":null/
		100~350s/"k":[^,]*/"k":null/' >few.jsonl
	head -400 few.jsonl >first.jsonl
	tail -n +401 few.jsonl >rest.jsonl
	same "$q 'many.jsonl')" few.jsonl
	same "SELECT k, (k, v) IN (SELECT k, v FROM 'many.jsonl') AS i" \
	    few.jsonl
	many 100000 100000 | wide | sed '7~9000s/"[0-9]*key[^,]*"/null/' \
	    >many.jsonl
	near 24576 "$q 'many.jsonl')" few.jsonl
}

@test "memory: rows for steps of time give the same" {
	local how ttl

	many 20000 10000 >many.jsonl
	head -13000 many.jsonl >first.jsonl
	tail -n +13001 many.jsonl >rest.jsonl
	for how in previous linear 0; do
		printf '%s\n' 'weir: 1' 'input: {format: json}' \
		    'time: {field: t}' 'steps:' \
		    '  - select: {at: to_timestamp(t), k: k, v: v}' \
		    '  - fill: 70s' '    by: [k]' '    time: at' \
		    "    with: {v: $how}" >fill.yaml
		same -f fill.yaml many.jsonl
		for ttl in '' '--ttl 90s'; do
			# shellcheck disable=SC2086
			same $ttl -l 10s -f fill.yaml many.jsonl
			# shellcheck disable=SC2086
			same_in_two $ttl -l 20s -f fill.yaml
		done
	done
	# With more memory again, and with less.
	rm -rf st
	weir -q --mem 1M -s ./st -l 20s -f fill.yaml first.jsonl >parts
	weir -q -s ./st -l 20s -f fill.yaml first.jsonl rest.jsonl >>parts
	weir -q --mem 1M -s ./st --final -l 20s -f fill.yaml \
	    first.jsonl rest.jsonl >>parts
	weir -l 20s -f fill.yaml many.jsonl >whole
	cmp whole parts
}

@test "memory: rows for steps of time stay near the limit" {
	printf '%s\n' 'weir: 1' 'input: {format: json}' \
	    'time: {field: t, lateness: 10s}' 'steps:' \
	    '  - select: {at: to_timestamp(t), k: k, v: v}' \
	    '  - fill: 20m' '    by: [k]' '    time: at' \
	    '    with: {v: previous}' >fill.yaml
	many 150000 110000 >many.jsonl
	near 34816 -f fill.yaml many.jsonl
}

@test "memory: the best rows of each key give the same" {
	local q='SELECT k, v, t FROM (SELECT *, ROW_NUMBER() OVER
	    (PARTITION BY k ORDER BY v DESC) AS r) WHERE r'

	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same "$q = 1" many.jsonl
	same "$q <= 2" many.jsonl
	same_in_two "$q = 1"
	same_in_two "$q <= 2"
}

@test "memory: the best rows of each key stay near the limit" {
	local q='SELECT k, v, t FROM (SELECT *, ROW_NUMBER() OVER
	    (PARTITION BY k ORDER BY v DESC) AS r) WHERE r'

	many 100000 75000 >many.jsonl
	near 24576 "$q = 1" many.jsonl
	near 24576 "$q <= 2" many.jsonl
}

@test "memory: the first row of each key by time gives the same" {
	printf '%s\n' 'weir: 1' 'input: {format: json}' 'steps:' \
	    '  - dedup: [k]' '    order: [t]' >dedup.yaml
	many 30000 20000 >many.jsonl
	head -20000 many.jsonl >first.jsonl
	tail -n +20001 many.jsonl >rest.jsonl
	same -T t -l 10s -f dedup.yaml many.jsonl
	same -T t -l 1h -f dedup.yaml many.jsonl
	same_in_two -T t -l 2m -f dedup.yaml
	many 200000 150000 >many.jsonl
	near 36864 -T t -l 1h -f dedup.yaml many.jsonl
}

@test "memory: values of one group that do not fit give the same" {
	local a="count(DISTINCT k) AS a, count(*) AS n"
	local b="count(DISTINCT k, v) FILTER (WHERE v < 500) AS b, sum(v) AS s"

	many 60000 40000 >many.jsonl
	split -l 30000 many.jsonl part
	mv partaa first.jsonl
	mv partab rest.jsonl
	for q in "SELECT $a" "SELECT $a, $b" \
	    "SELECT v % 3 AS g, $a, $b GROUP BY g" \
	    "SELECT v % 3 AS g, $a GROUP BY ROLLUP(g)" \
	    "SELECT $a, $b GROUP BY tumble(5m)" \
	    "SELECT v % 3 AS g, $a GROUP BY hop(10m, 5m), g"; do
		same -l 10s -T t "$q" first.jsonl rest.jsonl
		same_in_two -l 10s -T t "$q"
	done
	for how in changelog upsert; do
		same -m "$how" "SELECT v % 3 AS g, $a, $b GROUP BY g" many.jsonl
	done
}

@test "memory: values of one group stay near the limit" {
	many 700000 600011 >many.jsonl
	near 36864 'SELECT count(DISTINCT k) AS d' many.jsonl
	near 36864 -l 10s 'SELECT count(DISTINCT k) AS d, sum(v) AS s
		GROUP BY tumble(7d)' many.jsonl
	near 36864 -m upsert 'SELECT count(DISTINCT k) AS d' many.jsonl
}

@test "memory: sessions that end at one time need memory for all" {
	awk 'BEGIN {
		for (i = 0; i < 60000; i++)
			printf "{\"t\":1700000000,\"k\":\"key-%d\"}\n", i
	}' >many.jsonl
	gives 1 weir --mem 1M -T t -l 10s 'SELECT k GROUP BY k, session(10h)' \
	    many.jsonl >/dev/null
	has "$errors" 'step "window" needs more memory than --mem allows'
}

@test "memory: sessions stay near the limit" {
	many 100000 75000 | wide >many.jsonl
	near 36864 -l 10s 'SELECT k, count(*) AS n GROUP BY k, session(10h)' \
	    many.jsonl
}

@test "memory: what other threads prepare stays near the limit" {
	many 100000 75000 >many.jsonl
	near 36864 -j3 'SELECT k, sum(v / 2.0) s, avg(v * 1.5) a, count(*) n,
	    max(v) m GROUP BY k' many.jsonl
}

@test "state: a run does not read the sessions that nothing comes for" {
	local q='SELECT k, count(*) AS n GROUP BY k, session(10h)'

	(ulimit -d 45056 && "$WEIR" --version >/dev/null 2>&1) ||
	    skip "a sanitizer is at work"
	many 150000 150000 >many.jsonl
	weir -q -s ./st -l 10s "$q" many.jsonl
	# All of them would not go into that.
	many 150010 150000 | tail -10 >more.jsonl
	# shellcheck disable=SC2016
	bash -c 'ulimit -d 20480; exec "$@"' - "$WEIR" -q -s ./st -l 10s \
	    "$q" many.jsonl more.jsonl
	gives 0 weir -s ./st --final -l 10s "$q" many.jsonl more.jsonl
	[ "$(wc -l <<<"$out")" -eq 150000 ]
}
