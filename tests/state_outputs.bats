# SPDX-License-Identifier: MIT
# What runs with a state directory write: once each, whatever happens. Runs are
# killed (by strace) at every call that changes a file, run again, and must
# have written the same bytes as a run that nothing happened to. Of the calls
# only some are tried, unless CRASH_EVERYWHERE is set.

load lib

# 600 records of three keys, some bad, some late.
records() {
	seq "${1:-1}" "${2:-600}" | awk '{
		s = $1 % 50 == 49 ? $1 - 40 : $1
		if ($1 % 100 == 0) { print "not JSON" $1; next }
		printf "{\"ts\":%d,\"a\":%d,\"k\":\"x%d\"}\n", s, $1, $1 % 3
	}'
}

# Of how many runs each is killed: those that change files, by each thread.
calls="write pwrite64 fsync fdatasync openat rename,renameat,renameat2
ftruncate,unlinkat,mkdir"

# killed_at CALLS N COMMAND...
killed_at() {
	local calls=$1 n=$2
	shift 2
	strace -f -qq -o /dev/null -e trace="$calls" \
	    -e inject="$calls":signal=SIGKILL:when="$n" "$@"
}

# step N: to the next call that a run is killed at.
step() {
	[ -n "$CRASH_EVERYWHERE" ] && echo 1 || echo "$1"
}

# everywhere STEP: the script job, which runs weir once, is run in one folder,
# and in others where it is killed at every STEP-th call first. What it leaves
# must be the same; what begins with a dot and the state do not count.
everywhere() {
	local call n status
	local by
	by=$(step "$1")
	needs_strace
	mkdir want
	(cd want && ../job)
	for call in $calls; do
		for ((n = 1; n < 200; n += by)); do
			rm -rf found
			mkdir found
			status=0
			(cd found && killed_at "$call" "$n" ../job) \
			    >/dev/null 2>&1 || status=$?
			(cd found && ../job) >log 2>&1 || {
				echo "not resumed after $call $n:"
				cat log
				return 1
			}
			diff -r -x state want found || {
				echo "killed at $call $n"
				return 1
			}
			[ "$status" -ne 0 ] || break
		done
	done
}

# job ARGUMENTS: makes the script.
job() {
	printf '#!/bin/sh\nexec "%s" -q -s ./state %s\n' "$WEIR" "$1" >job
	chmod +x job
	export WEIR_TORTURE=${2-rows=50,commit=2}
}

@test "killed anywhere, a file has each result once" {
	records | grep -v not >in.jsonl
	job "-o out.csv 'SELECT a, k' ../in.jsonl"
	everywhere 4
	[ "$(wc -l <want/out.csv)" -eq 595 ]
}

@test "killed anywhere, so do files by value, which get their names" {
	records | grep -v not >in.jsonl
	job "-o 'p/{k}.csv' 'SELECT a, k' ../in.jsonl"
	everywhere 9
	[ "$(ls -A want/p)" = "x0.csv
x1.csv
x2.csv" ]
}

@test "killed anywhere, so do numbered parts" {
	records | grep -v not >in.jsonl
	job "-o 'p/{k}.csv' --roll 600 'SELECT a, k' ../in.jsonl"
	everywhere 9
	[ "$(ls -A want/p | wc -l)" -eq 9 ]
	unset WEIR_TORTURE
	weir -o 'plain/{k}.csv' --roll 600 'SELECT a, k' in.jsonl
	diff -r plain want/p
}

@test "killed anywhere, so do the files of late and of bad records" {
	records >in.jsonl
	job "-T ts:s -l 5s --late late --reject bad \
	    -o out 'SELECT k, count(*) n GROUP BY k, tumble(10s)' ../in.jsonl"
	everywhere 9
	[ "$(wc -l <want/late)" -gt 3 ]
	[ "$(wc -l <want/bad)" -eq 6 ]
}

@test "killed in the second run, what the first one wrote is gone on in" {
	needs_strace
	records 1 300 | grep -v not >one
	records 301 500 | grep -v not >two
	cat one two >both
	export WEIR_TORTURE=rows=50,commit=2
	weir -o 'want/{k}.csv' --roll 1K 'SELECT a, k' both
	weir -o want/out.csv 'SELECT a, k' both
	by=$(step 13)
	for call in $calls; do
		for ((n = 2; n < 100; n += by)); do
			rm -rf found state*
			killed=
			for file in one both; do
				cp $file in
				strange=
				[ $file = one ] ||
				    strange="killed_at $call $n"
				for _ in 1 2; do
					status=0
					$strange "$WEIR" -s ./state1 \
					    -o 'found/{k}.csv' --roll 1K \
					    'SELECT a, k' in || status=1
					$strange "$WEIR" -s ./state2 \
					    -o found/out.csv \
					    'SELECT a, k' in || status=1
					[ -z "$strange" ] || killed=$status
					strange=
				done
			done >log 2>&1
			[ "$status" -eq 0 ]
			diff -r want found || {
				echo "killed at $call $n"
				return 1
			}
			[ "$killed" -ne 0 ] || break
		done
	done
}

@test "runs one after another make the files of one run" {
	for i in 1 101 201 301 401; do
		records $i $((i + 99)) | grep -v not >>in.jsonl
		weir -s ./s1 -o 'p/{k}.csv' 'SELECT a, k' in.jsonl
		weir -s ./s2 -o 'r/{k}.csv' --roll 700 'SELECT a, k' in.jsonl
		weir -s ./s3 -o out.tsv 'SELECT *' in.jsonl
		weir -s ./s4 -t logfmt 'SELECT *' in.jsonl >>out.logfmt
	done
	weir -o 'want/{k}.csv' 'SELECT a, k' in.jsonl
	diff -r want p
	weir -o 'wantr/{k}.csv' --roll 700 'SELECT a, k' in.jsonl
	diff -r wantr r
	weir -t tsv 'SELECT *' in.jsonl | diff - out.tsv
	weir -t logfmt 'SELECT *' in.jsonl | diff - out.logfmt
}

# days FROM TO: a run for each day, over a line of it and one of the day before.
days() {
	local d
	for d in $(seq "$1" "$2"); do
		printf '{"d":"%03d","v":%d}\n' "$d" 1 $((d - 1)) 2 >>in.jsonl
		WEIR_TORTURE=parts=8,commit=1 weir -s ./st "${@:3}" \
		    'SELECT v, d' in.jsonl || return
	done
}

@test "files that were written to last are forgotten last" {
	local d
	for d in $(seq 30); do
		printf '{"d":"%d","v":%d}\n' $((90 - d)) 1 $((91 - d)) 2 \
		    >>in.jsonl
		WEIR_TORTURE=parts=8,commit=1 weir -s ./st -o '{d}.jsonl' \
		    'SELECT v, d' in.jsonl
	done
	gives 0 weir state dump ./st
	has "$out" '"name":"60.jsonl"'
	has "$out" '"name":"63.jsonl"'
	[[ "$out" != *'"name":"89.jsonl"'* ]]
}

@test "files that nobody writes to any more are forgotten" {
	local n way
	for way in '{d}.jsonl' '{d}/out.jsonl --roll 1M'; do
		rm -rf st work in.jsonl
		# shellcheck disable=SC2086 # words
		days 1 40 -o work/$way
		# A few of them, and those of the last run.
		n=$(weir state dump ./st | grep -c '"map":"parts"')
		[ "$n" -le 10 ]
		[ "$n" -ge 6 ]
		# Rows come for one that was forgotten after all.
		printf '{"d":"003","v":7}\n{"d":"004","v":8}\n' >>in.jsonl
		# shellcheck disable=SC2086 # words
		weir -s ./st -o work/$way 'SELECT v, d' in.jsonl
		# shellcheck disable=SC2086 # words
		weir -s ./st -o work/$way 'SELECT v, d' in.jsonl
		weir 'SELECT v, d' in.jsonl | sort >want
		find work -type f -name '[!.]*' -exec cat {} + | sort >found
		cmp want found
	done
}

@test "a part that is whole does not change, a part that was taken is next" {
	records 1 30 >in.jsonl
	weir -s ./s -o o.jsonl --roll 500 'SELECT a' in.jsonl
	is "$(echo o*)" "o-1.jsonl"
	mv o-1.jsonl taken
	records 31 60 >>in.jsonl
	weir -s ./s -o o.jsonl --roll 500 'SELECT a' in.jsonl
	is "$(echo o*)" "o-2.jsonl"
	is "$(cat taken o-2.jsonl | wc -l)" 60
}

@test "what stood there before is neither replaced nor lost" {
	mkdir p
	echo '{"mine":1}' >p/x1.jsonl
	echo '{"mine":2}' >p/r-1.jsonl
	records 1 9 >in.jsonl
	weir -s ./s -o 'p/{k}.jsonl' 'SELECT a, k' in.jsonl
	is "$(head -1 p/x1.jsonl)" '{"mine":1}'
	is "$(wc -l <p/x1.jsonl)" 4
	weir -s ./s2 -o p/r.jsonl --roll 1K 'SELECT a' in.jsonl
	is "$(cat p/r-1.jsonl)" '{"mine":2}'
	is "$(wc -l <p/r-2.jsonl)" 9
	echo '{"mine":3}' >out
	weir -s ./s3 -o out 'SELECT a' in.jsonl
	is "$(head -1 out)" '{"mine":3}'
	is "$(wc -l <out)" 10
}

@test "standard output to a file: >> goes on, > begins anew" {
	records 1 3 >in.jsonl
	weir -s ./s -t csv 'SELECT a' in.jsonl >>out
	records 4 5 >>in.jsonl
	weir -s ./s -t csv 'SELECT a' in.jsonl >>out
	is "$(tr '\n' ' ' <out)" "a 1 2 3 4 5 "
	records 6 7 >>in.jsonl
	weir -s ./s -t csv 'SELECT a' in.jsonl >out
	is "$(tr '\n' ' ' <out)" "a 6 7 "
	records 8 8 >>in.jsonl
	weir -s ./s -t csv 'SELECT a' in.jsonl >>out
	is "$(tr '\n' ' ' <out)" "a 6 7 8 "
	records 9 9 >>in.jsonl
	weir -s ./s -t csv 'SELECT a' in.jsonl >>other
	is "$(tr '\n' ' ' <other)" "a 9 "
}

@test "a standard output that others write to, too" {
	records 1 3 >in.jsonl
	{
		echo first
		weir -s ./s 'SELECT a' in.jsonl
		echo last
	} >>out
	records 4 4 >>in.jsonl
	weir -s ./s 'SELECT a' in.jsonl >>out
	is "$(tr '\n' ' ' <out)" 'first {"a":1} {"a":2} {"a":3} last {"a":4} '
}

@test "killed anywhere, a standard output that goes on" {
	needs_strace
	records | grep -v not >in.jsonl
	export WEIR_TORTURE=rows=50,commit=2
	weir -t csv 'SELECT a' in.jsonl >want
	by=$(step 7)
	for call in $calls; do
		for ((n = 1; n < 100; n += by)); do
			rm -rf state out
			echo before >out
			status=0
			killed_at "$call" $n "$WEIR" -s ./state -t csv \
			    'SELECT a' in.jsonl >>out 2>/dev/null || status=1
			weir -s ./state -t csv 'SELECT a' in.jsonl >>out
			sed 1d out | diff want - || {
				echo "killed at $call $n"
				return 1
			}
			[ $status -ne 0 ] || break
		done
	done
}

@test "a file that was removed or rotated is begun anew" {
	records 1 3 >in.jsonl
	weir -s ./s -o out.csv 'SELECT a' in.jsonl
	mv out.csv out.csv.1
	records 4 4 >>in.jsonl
	gives 0 weir -v -s ./s -o out.csv 'SELECT a' in.jsonl
	has "$errors" "out.csv: begun anew"
	is "$(tr '\n' ' ' <out.csv)" "a 4 "
	# As logrotate's "create" does.
	mv out.csv out.csv.1
	: >out.csv
	records 5 5 >>in.jsonl
	weir -s ./s -o out.csv 'SELECT a' in.jsonl
	is "$(tr '\n' ' ' <out.csv)" "a 5 "
}

@test "a file that is not what it was is refused, nothing is read" {
	records 1 30 >in.jsonl
	weir -s ./s -o out.jsonl 'SELECT a' in.jsonl
	weir -s ./p -o 'p/{k}.jsonl' 'SELECT a, k' in.jsonl
	cp out.jsonl kept
	records 31 31 >>in.jsonl
	truncate -s 100 out.jsonl p/x1.jsonl
	gives 5 weir -s ./s -o out.jsonl 'SELECT a' in.jsonl
	has "$errors" "out.jsonl is shorter than when the state was last saved"
	has "$errors" "hint: move the file away"
	is "$(stat -c %s out.jsonl)" 100
	gives 5 weir -s ./p -o 'p/{k}.jsonl' 'SELECT a, k' in.jsonl
	has "$errors" "p/x1.jsonl is shorter than"
	sed 's/"a":30/"a":31/' kept >out.jsonl
	gives 5 weir -s ./s -o out.jsonl 'SELECT a' in.jsonl
	has "$errors" "out.jsonl is not what it was when the state was"
	cp kept out.jsonl
	weir -s ./s -o out.jsonl 'SELECT a' in.jsonl
	is "$(wc -l <out.jsonl)" 31
}

@test "a CSV file of other columns is refused" {
	records 1 3 >in.jsonl
	weir -s ./s -o out.csv 'SELECT a' in.jsonl
	gives 5 weir -s ./s -o out.csv 'SELECT k' in.jsonl
	has "$errors" "the columns in out.csv are not those"
	printf 'a,b\n1,2\n' >mine.csv
	gives 5 weir -s ./new -o mine.csv 'SELECT a' in.jsonl
	has "$errors" "the columns in mine.csv are not those"
	printf 'a\n0\n' >mine.csv
	weir -s ./new -o mine.csv 'SELECT a' in.jsonl
	is "$(tr '\n' ' ' <mine.csv)" "a 0 1 2 3 "
}

@test "members that come later make a block of their own, in every run" {
	echo '{"a":1,"b":2}' >in.jsonl
	weir -s ./s -o out.csv 'SELECT *' in.jsonl
	echo '{"a":3,"b":4}' >>in.jsonl
	weir -s ./s -o out.csv 'SELECT *' in.jsonl
	echo '{"a":5,"c":6}' >>in.jsonl
	weir -s ./s -o out.csv 'SELECT *' in.jsonl
	weir -t csv 'SELECT *' in.jsonl | diff - out.csv
}

@test "two runs do not write to one file" {
	mkfifo in
	"$WEIR" -s ./a -i json -o out 'SELECT *' <in &
	pid=$!
	exec 9>in
	echo '{"a":1}' >&9
	waits test -s out
	gives 1 weir -s ./b -o out 'SELECT *' <<<'{"a":2}'
	has "$errors" "another run is writing to out"
	exec 9>&-
	wait "$pid"
	is "$(cat out)" '{"a":1}'
}

@test "a full disk is status 1, nothing is committed, the next run goes on" {
	records | grep -v not >in.jsonl
	gives 1 weir -s ./f -o /dev/full 'SELECT a' in.jsonl
	has "$errors" "cannot write to /dev/full: No space left on device"
	gives 1 bash -c 'ulimit -f 4; trap "" XFSZ
	    exec "$0" -s ./s -o out "SELECT a, a b, a c" in.jsonl' "$WEIR"
	has "$errors" "cannot write to out: File too large"
	weir -s ./s -o out 'SELECT a, a b, a c' in.jsonl
	weir 'SELECT a, a b, a c' in.jsonl | diff - out
	weir -s ./f 'SELECT a' in.jsonl >out2
	weir 'SELECT a' in.jsonl | diff - out2
}

@test "a file cannot be read and gone on in" {
	records 1 3 >in.jsonl
	gives 2 weir -s ./s -o in.jsonl 'SELECT a' in.jsonl
	has "$errors" "in.jsonl is both an input and an output"
}

@test "a reader who goes: SIGPIPE, nothing more is committed" {
	records 1 600 | grep -v not >in.jsonl
	export WEIR_TORTURE=rows=10
	(
		status=0
		"$WEIR" -s ./s 'SELECT a' in.jsonl 2>err || status=$?
		echo $status >status
	) | true
	is "$(<status)" 141
	is "$(<err)" ""
	weir -s ./s 'SELECT a' in.jsonl | wc -l >n
	is "$(<n)" 594
}

@test "--ids: the same row has the same id, no other has it" {
	needs_strace
	records | grep -v not >in.jsonl
	export WEIR_TORTURE=rows=50,commit=2
	for n in 1 5 9; do
		rm -rf state
		killed_at write $n "$WEIR" -s ./state --ids 'SELECT *' \
		    in.jsonl 2>/dev/null | cat >out || true
		weir -s ./state --ids 'SELECT *' in.jsonl | cat >>out
		is "$(sort -u out | wc -l)" 594
		is "$(sort -u out | sed 's/,.*//' | uniq | wc -l)" 594
	done
	records 601 610 | grep -v not >>in.jsonl
	weir -s ./state --ids -t csv 'SELECT a' in.jsonl >out
	is "$(head -2 out | sed 's/[0-9a-f]\{16\}/ID/')" "_id,a
ID:595,601"
	gives 2 weir --ids 'SELECT 1'
	gives 2 weir --commit-output 'SELECT 1'
}

@test "--commit-output: what a pipe got is not taken back" {
	needs_strace
	records | grep -v not >in.jsonl
	weir 'SELECT a' in.jsonl >want
	export WEIR_TORTURE=rows=50,commit=2
	by=$(step 7)
	for call in $calls; do
		for ((n = 1; n < 60; n += by)); do
			rm -rf state
			killed_at "$call" $n "$WEIR" -s ./state --ids \
			    --commit-output 'SELECT a' in.jsonl \
			    2>/dev/null | cat >first || true
			weir -s ./state --ids --commit-output 'SELECT a' \
			    in.jsonl | cat >second
			# At most the last 100 rows come again.
			[ "$(cat first second | wc -l)" -le 694 ]
			cat first second | awk '!n[$0]++' |
			    sed 's/"_id":"[^"]*",//' | diff want - || {
				echo "killed at $call $n"
				return 1
			}
			[ "$(wc -l <first)" -ne 594 ] || break
		done
	done
}

@test "--commit-output: once delivered, it does not come again" {
	records 1 3 >in.jsonl
	weir -s ./s --commit-output 'SELECT a' in.jsonl | wc -l >n
	is "$(<n)" 3
	is "$(weir -s ./s --commit-output 'SELECT a' in.jsonl)" ""
	records 4 4 >>in.jsonl
	is "$(weir -s ./s --commit-output 'SELECT a' in.jsonl)" '{"a":4}'
}

@test "a table belongs to its run" {
	records 1 2 >in.jsonl
	weir -s ./s -t table 'SELECT a' in.jsonl >>out
	records 3 3 >>in.jsonl
	weir -s ./s -t table 'SELECT a' in.jsonl >>out
	is "$(tr -d '\n ' <out)" "a─12a─3"
}

@test "what a run that crashed wrote elsewhere is taken back" {
	needs_strace
	records | grep -v not >in.jsonl
	export WEIR_TORTURE=rows=50,commit=2
	killed_at fdatasync 7 "$WEIR" -s ./s -o one 'SELECT a' in.jsonl || true
	weir -s ./s -o two 'SELECT a' in.jsonl
	weir 'SELECT a' in.jsonl | diff - <(cat one two)
}

@test "thousands of files, few that may be open" {
	seq 0 29999 | awk '{ printf "{\"k\":%d,\"n\":%d}\n", $1 % 3000, $1 }' \
	    >in.jsonl
	export WEIR_TORTURE=commit=9
	(ulimit -n 64 && weir -s ./s -o 'p/{k}.csv' 'SELECT n, k' in.jsonl)
	(ulimit -n 64 && weir -s ./t -o 'r/{k}.csv' --roll 40 'SELECT n, k' \
	    in.jsonl)
	weir -o 'want/{k}.csv' 'SELECT n, k' in.jsonl
	diff -rq want p >differ
	weir -o 'wantr/{k}.csv' --roll 40 'SELECT n, k' in.jsonl
	diff -rq wantr r >differ
}
