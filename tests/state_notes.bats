#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a commit notes besides state, seen by what the next run does with it:
# counts, ranks, ends, outputs that somebody else has touched.

load lib.bash

setup() {
	unset NO_COLOR CLICOLOR_FORCE WEIR_CONFIG XDG_CONFIG_HOME TERM COLUMNS
	unset STATE_DIRECTORY XDG_STATE_HOME
	export LC_ALL=C HOME=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return 1
	[ -x "$WEIR" ]
}

# log FROM TO STEP: records a second apart, every STEP-th.
log() {
	seq "$1" "${3:-1}" "$2" | awk '{
		printf "{\"ts\":\"2026-03-01T%02d:%02d:%02dZ\"," \
		    "\"k\":\"k%d\",\"v\":%d}\n", $1 / 3600,
		    $1 / 60 % 60, $1 % 60, $1 % 3, $1
	}'
}

# dies TORTURE OPTION...: a run that ends without a word, as if killed.
dies() {
	local status=0
	WEIR_TORTURE=$1 "$WEIR" "${@:2}" >>died 2>&1 || status=$?
	[ "$status" = 75 ] || {
		echo "status $status instead of 75: ${*:2}"
		return 1
	}
}

@test "notes: rows that a filter drops are counted once" {
	local status torture
	log 1 900 2 >a.jsonl
	log 2 900 2 >b.jsonl
	local run=("$WEIR" -l 5s -T ts --final
	    'SELECT count(*) n WHERE v % 3 = 0 GROUP BY tumble(1m)'
	    a.jsonl b.jsonl)
	weir -s ./plain --stats want "${run[@]:1}" >out.want
	has "$(<want)" '"filtered":600'
	for torture in rows=20,commit=1,restart=7 \
	    rows=64,commit=3,restart=10; do
		rm -rf st
		for _ in {1..400}; do
			status=0
			WEIR_TORTURE=$torture "${run[@]}" -s ./st --stats got \
				>>died || status=$?
			[ "$status" = 75 ] || break
		done
		is "$status" 0
		is "$(grep -o '"in":[0-9]*' got)" '"in":900'
		is "$(grep -o '"filtered":[0-9]*' got)" '"filtered":600'
	done
}

@test "notes: a run that died goes on behind what is read first" {
	printf '{"k":"k1"}\n' >first.jsonl
	log 1 300 >log.jsonl
	local q='SELECT v FROM l WHERE k IN (SELECT k FROM f)'
	weir "$q" l=log.jsonl f=first.jsonl >want
	: >died
	dies rows=10,commit=1,restart=15 -s ./st "$q" l=log.jsonl f=first.jsonl
	[ -s died ]
	cp died out
	# Whoever had read all of it by then has not read this.
	printf '{"k":"k2"}\n' >>first.jsonl
	weir -s ./st "$q" l=log.jsonl f=first.jsonl >>out
	sort -u out >got
	sort want | diff - got
	# The run after that has.
	log 301 306 >>log.jsonl
	gives 0 weir -s ./st "$q" l=log.jsonl f=first.jsonl
	is "$(wc -l <stdout)" 4
}

@test "notes: a query that may give one row is asked in every run" {
	local q='SELECT v FROM i WHERE v > (SELECT x FROM o)'
	printf '{"v":1}\n{"v":5}\n' >i.jsonl
	printf '{"x":3}\n' >o.jsonl
	gives 0 weir -s ./st "$q" i=i.jsonl o=o.jsonl
	is "$out" '{"v":5}'
	printf '{"v":2}\n{"v":7}\n' >>i.jsonl
	gives 0 weir -s ./st "$q" i=i.jsonl o=o.jsonl
	is "$out" '{"v":7}'
	printf '{"x":4}\n' >>o.jsonl
	gives 3 weir -s ./st "$q" i=i.jsonl o=o.jsonl
	has "$errors" 'gives more than one row'
	is "$out" ''
}

@test "notes: a run that died behind its last commit has ended" {
	local call n status deaths=0
	needs_strace
	log 1 60 >in.jsonl
	local run=("$WEIR" -l 5s -T ts -s ./st --final -o 'out/{k}.jsonl'
	    'SELECT k, count(*) n GROUP BY k, tumble(1m)' in.jsonl)
	"${run[@]}"
	mv out want
	for call in rename,renameat,renameat2 fdatasync,fsync \
	    unlink,unlinkat; do
		for n in 1 2 3 4 5 6 8 10; do
			rm -rf st out
			status=0
			strace -f -qq -o /dev/null -e trace="$call" \
				-e inject="$call:signal=SIGKILL:when=$n" \
				"${run[@]}" 2>/dev/null || status=$?
			[ "$status" = 137 ] || continue
			deaths=$((deaths + 1))
			gives 0 "${run[@]}"
			diff -r want out
			# Now it is final, and was closed.
			gives 5 "${run[@]}"
			has "$errors" 'this state is final'
		done
	done
	[ "$deaths" -gt 5 ]
}

@test "notes: what a run that died wrote elsewhere is cut, if untouched" {
	local q='SELECT v'
	log 1 300 >in.jsonl
	weir "$q" in.jsonl >want
	dies rows=10,commit=4,restart=14 -s ./st -o one "$q" in.jsonl
	cp -R st copy
	cp one one.died
	gives 0 weir -s ./st -o two "$q" in.jsonl
	# What no commit knows of comes again, in the other file.
	[ "$(wc -c <one)" -lt "$(wc -c <one.died)" ]
	cat one two | diff want -
	# The same file with other bytes is not this run's any more.
	rm -rf st two
	mv copy st
	tr 0-9 x <one.died >other
	cat other >one
	gives 0 weir -s ./st -o two "$q" in.jsonl
	diff other one
	is "$(tail -n 1 two)" '{"v":300}'
}

@test "notes: what a run that died wrote is cut where it was rotated to" {
	local q='SELECT v'
	log 1 300 >in.jsonl
	weir "$q" in.jsonl >want
	dies rows=10,commit=4,restart=14 -s ./st -o out.jsonl "$q" in.jsonl
	cp out.jsonl died
	mv out.jsonl out.jsonl.1
	gives 0 weir -s ./st -o out.jsonl "$q" in.jsonl
	[ "$(wc -c <out.jsonl.1)" -lt "$(wc -c <died)" ]
	cat out.jsonl.1 out.jsonl | diff want -
}

@test "notes: a file that a run which died had begun is known of" {
	local q='SELECT v'
	log 1 300 >in.jsonl
	weir "$q" in.jsonl >want
	dies rows=10,commit=4,restart=14 -s ./st -o out.jsonl "$q" in.jsonl
	mv out.jsonl out.jsonl.1
	# It dies before it commits anything but that.
	dies rows=10,commit=99,restart=3 -s ./st -o out.jsonl "$q" in.jsonl
	[ -s out.jsonl ]
	gives 0 weir -s ./st -o out.jsonl "$q" in.jsonl
	cat out.jsonl.1 out.jsonl | diff want -
	# So it is if that one is rotated, too.
	rm -r st out.jsonl*
	dies rows=10,commit=4,restart=14 -s ./st -o out.jsonl "$q" in.jsonl
	mv out.jsonl out.jsonl.2
	dies rows=10,commit=99,restart=3 -s ./st -o out.jsonl "$q" in.jsonl
	mv out.jsonl out.jsonl.1
	gives 0 weir -s ./st -o out.jsonl "$q" in.jsonl
	cat out.jsonl.2 out.jsonl.1 out.jsonl | diff want -
}

@test "notes: a field that no record had is told by all runs, or by none" {
	printf '{"a":1}\n{"a":2}\n' >in.jsonl
	gives 0 weir -s ./st 'SELECT a, zz' in.jsonl
	has "$errors" 'no record had a value for zz'
	gives 0 weir -s ./st 'SELECT a, zz' in.jsonl
	has "$errors" 'no record had a value for zz'
	printf '{"a":3,"zz":4}\n' >>in.jsonl
	gives 0 weir -s ./st 'SELECT a, zz' in.jsonl
	is "$errors" ''
	printf '{"a":5}\n' >>in.jsonl
	gives 0 weir -s ./st 'SELECT a, zz' in.jsonl
	is "$errors" ''
}

@test "notes: bad records are shown a few times, however often it dies" {
	local status
	for i in {1..60}; do
		printf '{"a":%d}\nthis is none\n' "$i"
	done >in.jsonl
	for _ in {1..60}; do
		status=0
		WEIR_TORTURE=rows=4,commit=1,restart=2 "$WEIR" -s ./st \
			--max-bad any 'SELECT a' in.jsonl >>out 2>>errors ||
			status=$?
		[ "$status" = 75 ] || break
	done
	is "$status" 0
	# What was shown behind the last commit is shown again.
	[ "$(grep -c 'bad record:' errors)" -lt 8 ]
	has "$(<errors)" 'bad 60'
}

@test "notes: what the shell has emptied begins anew, at its end as well" {
	printf '{"a":1}\n{"a":2}\n' >in.jsonl
	weir -s ./st 'SELECT a' in.jsonl >>out
	: >out
	printf '{"a":3}\n' >>in.jsonl
	weir -s ./st 'SELECT a' in.jsonl >>out
	is "$(<out)" '{"a":3}'
	printf '{"a":4}\n' >>in.jsonl
	weir -s ./st 'SELECT a' in.jsonl >>out
	is "$(<out)" $'{"a":3}\n{"a":4}'
}

@test "notes: bytes before the last line are looked at, too" {
	seq 1000 3000 | sed 's/.*/{"a":&}/' >in.jsonl
	weir -s ./st 'SELECT a' in.jsonl >out
	echo '{"a":1}' >>in.jsonl
	gives 0 weir -s ./st 'SELECT a' in.jsonl
	is "$out" '{"a":1}'
	# The last line is as it was, the one before it is not.
	sed 's/2999/7777/' in.jsonl >new
	cat new >in.jsonl
	echo '{"a":2}' >>in.jsonl
	gives 0 weir -s ./st 'SELECT a' in.jsonl
	has "$errors" 'in.jsonl was cut or changed before byte 22019'
	is "$(wc -l <stdout)" 2003
}

@test "notes: how much of a pipe has been read is the sum of all runs" {
	printf '{"a":1}\n{"a":2}\n' | weir -q -s ./st 'SELECT a'
	printf '{"a":3}\n' | weir -q -s ./st 'SELECT a'
	printf '{"a":44}\n{"a":5}\n' | weir -q -s ./st 'SELECT a'
	gives 0 weir state show ./st
	has "$out" '"kind":"stream"'
	has "$out" '"offset":41'
	has "$out" '"line":5'
	has "$out" '"records":5'
}

@test "notes: an input that is called otherwise goes on" {
	printf '{"i":%d}\n' 1 2 3 >a.jsonl
	cp a.jsonl b.jsonl
	gives 0 weir -s ./st 'SELECT i' a.jsonl
	printf '{"i":4}\n' >>a.jsonl
	gives 0 weir -s ./st 'SELECT i FROM log' log=./a.jsonl
	is "$out" '{"i":4}'
	mv a.jsonl a.jsonl.1
	printf '{"i":5}\n' >a.jsonl
	cat >spec.yaml <<-'END'
	weir: 1
	inputs:
	  x: {format: json, file: a.jsonl}
	  y: {format: json, file: b.jsonl}
	flows:
	  all:
	    from: x
	    steps:
	      - union: [y]
	output: {from: all}
	END
	gives 0 weir -s ./st -f spec.yaml
	is "$out" $'{"i":5}\n{"i":1}\n{"i":2}\n{"i":3}'
	# Two at once; what has a name of its own keeps it.
	sed 's/\<x\>/first/; s/\<y\>/second/' spec.yaml >renamed.yaml
	sed -i 's/from: x/from: first/; s/\[y\]/[second]/' renamed.yaml
	printf '{"i":6}\n' >>b.jsonl
	gives 0 weir -s ./st -f renamed.yaml
	is "$out" '{"i":6}'
	gives 0 weir -s ./st -f renamed.yaml
	is "$out" ''
}
