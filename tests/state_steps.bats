# SPDX-License-Identifier: MIT
# Steps that go on where an earlier run has left them: what is new is read, and
# what comes out is what one run over all of it would have given then.

load lib

keys() {
	for k in "$@"; do
		printf '{"k":%s}\n' "$k"
	done
}

# next WANT OPTIONS...: a run gives rows of whole numbers, here as words "1,2".
next() {
	local want=$1
	shift
	gives 0 weir -s ./st -t tsv "$@"
	out=$(printf '%s\n' "$out" | tail -n +2 | tr '\t\n' ', ')
	[ "${out% }" = "$want" ] || {
		echo "got '${out% }' instead of '$want'"
		return 1
	}
}

@test "state: dedup lets no key through twice" {
	printf 'weir: 1\nsteps:\n- select: [k]\n- dedup: [k]\n' >spec.yaml
	keys 1 2 1 >a.json
	next "1 2" -f spec.yaml a.json
	keys 2 3 1 >>a.json
	next 3 -f spec.yaml a.json
	next "" -f spec.yaml a.json
}

@test "state: a limit that has been reached stays reached" {
	keys 1 2 >a.json
	next "1 2" 'SELECT k LIMIT 3' a.json
	keys 3 4 5 >>a.json
	next 3 'SELECT k LIMIT 3' a.json
	next "" 'SELECT k LIMIT 3' a.json
}

@test "state: rows look back at those of earlier runs" {
	q='SELECT k, count(*) OVER (PARTITION BY k) AS n,
	    lag(v, 1, 0) OVER (PARTITION BY k) AS l'
	q=$(echo "$q" | sed 's/PARTITION BY k/PARTITION BY k ROWS 2 PRECEDING/')
	printf '{"k":1,"v":5}\n{"k":2,"v":6}\n' >a.json
	next "1,1,0 2,1,0" "$q" a.json
	printf '{"k":1,"v":7}\n{"k":1,"v":8}\n' >>a.json
	next "1,2,5 1,3,7" "$q" a.json
	printf '{"k":1,"v":9}\n{"k":2,"v":9}\n' >>a.json
	next "1,3,8 2,2,6" "$q" a.json
}

@test "state: a set of rows knows those of earlier runs" {
	keys 1 2 >a.json
	keys 2 3 >b.json
	q='SELECT k FROM a INTERSECT SELECT k FROM b'
	next 2 "$q" a=a.json b=b.json
	keys 3 4 >>a.json
	keys 1 >>b.json
	next "3 1" "$q" a=a.json b=b.json
}

@test "state: the input of a query inside has grown, and is read first" {
	keys 1 2 >a.json
	keys 2 >b.json
	q='SELECT k FROM a WHERE k IN (SELECT k FROM b)'
	next 2 "$q" a=a.json b=b.json
	keys 1 3 >>a.json
	keys 3 >>b.json
	next 3 "$q" a=a.json b=b.json
}

@test "state: rows that wait for the end wait for --final" {
	keys 3 1 >a.json
	next "" 'SELECT k ORDER BY k' a.json
	keys 2 >>a.json
	next "" 'SELECT k ORDER BY k' a.json
	next "1 2 3" --final 'SELECT k ORDER BY k' a.json
}

@test "state: a step that means something else is refused, and can be reset" {
	keys 1 1 >a.json
	q='SELECT k, lag(k) OVER (PARTITION BY k) AS l'
	gives 0 weir -s ./st "$q" a.json
	q='SELECT k, lag(k, 2) OVER (PARTITION BY k) AS l'
	gives 5 weir -s ./st "$q" a.json
	has "$errors" 'step "running" does not fit'
	has "$errors" 'functions: lag(k, 2)'
	gives 0 weir -s ./st --reset running "$q" a.json
}

@test "state: the best rows of each time come once" {
	printf 'weir: 1\nsteps:\n- top: 1\n  by: [t]\n  order: [v]\n' >spec.yaml
	for t in 10 20 30 40; do
		printf '{"t":%d,"v":2}\n{"t":%d,"v":1}\n' $t $t >>a.json
		weir -s ./st -T t -l 5s -t tsv -f spec.yaml a.json |
		    tail -n +2 >>all
	done
	is "$(cat all)" "$(printf '10\t1\n20\t1\n30\t1')"
}

@test "state: keys that have become dates are refused, and days go on" {
	day='{"ts":"2026-03-28T22:00:00Z"}'
	spec() {
		printf 'weir: 1\nsteps:\n- set: {d: CAST(ts AS %s)}\n' "$1"
		printf -- '- group: [d]\n'
		printf '  select: {n: count(*), last: max(d)}\n'
	}
	spec TIMESTAMP >time.yaml
	spec DATE >date.yaml
	echo "$day" >a.json
	gives 0 weir -s ./st -m upsert -f time.yaml a.json
	gives 5 weir -s ./st -m upsert -f date.yaml a.json
	has "$errors" '- keys: d'
	has "$errors" '+ keys: d (dates)'
	has "$errors" '- aggregate: max(d)'
	has "$errors" '+ aggregate: max(d) (dates)'
	gives 0 weir -s ./days -m upsert -f date.yaml a.json
	echo "$day" >>a.json
	gives 0 weir -s ./days -m upsert -f date.yaml a.json
	[ "$out" = '{"op":"+U","d":"2026-03-28","n":2,"last":"2026-03-28"}' ]
}
