#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Runs that go on where the last one stopped (-s), whatever has become of the
# files meanwhile: every line comes once, in order, and what is lost is said.

load lib.bash

load rotate.bash

# ---- a log ----

grown() {
	write 1 3 a.json
	quietly a.json
	all 3
	quietly a.json
	all 3
	write 4 4 a.json
	quietly a.json
	all 4
	write 5 3000 a.json
	quietly a.json
	all 3000
}

@test "rotate: a file grows" {
	ways grown
}

unterminated() {
	printf '{"i":1}\n{"i":' >a.json
	quietly a.json
	all 1
	quietly a.json
	all 1
	printf '2' >>a.json
	quietly a.json
	printf '}\n{"i":3}' >>a.json
	quietly a.json
	all 2
	opts=(--final)
	quietly a.json
	all 3
}

@test "rotate: a last line without its end is left to the next run" {
	ways unterminated
}

first_line() {
	: >a.json
	quietly a.json
	printf '{"i"' >>a.json
	quietly a.json
	printf ':1}\n' >>a.json
	quietly a.json
	all 1
}

@test "rotate: a first line that comes in pieces" {
	ways first_line
}

rotated_line() {
	printf '{"i":1}\n{"i":2}' >a.json
	quietly a.json
	all 1
	mv a.json a.json.1
	# Nobody writes to the new one yet: the old one may go on.
	: >a.json
	quietly a.json
	all 1
	printf '{"i":3}\n' >>a.json
	quietly a.json
	all 3
}

@test "rotate: a last line without its end is over when the file is" {
	ways rotated_line
}

crlf() {
	printf '{"i":1}\r\n{"i":2}\r\n{"i":3' >a.json
	quietly a.json
	all 2
	printf '}\r' >>a.json
	quietly a.json
	printf '\n{"i":4}\r\n' >>a.json
	quietly a.json
	all 4
}

@test "rotate: lines that end in CR LF" {
	ways crlf
}

header() {
	query='SELECT i'
	printf 'i,"x\ny"\n1,a\n' >a.csv
	quietly a.csv
	printf '2,b\n"3","\n' >>a.csv
	quietly a.csv
	all 2
	printf '4,x\n"\n4,d\n' >>a.csv
	quietly a.csv
	all 4
	mv a.csv a.csv.1
	printf 'y,i' >a.csv
	quietly a.csv
	printf '\nb,5\n' >>a.csv
	quietly a.csv
	all 5
}

@test "rotate: a header is read again where it is needed" {
	ways header
}

array() {
	printf '[{"i":1},\n{"i":2},' >a.json
	quietly a.json
	printf '{"i":3},\n  {"i":4}' >>a.json
	quietly a.json
	printf ',{"i":5}]\n' >>a.json
	quietly a.json
	all 5
}

@test "rotate: a list that goes on" {
	ways array
}

renamed() {
	write 1 3 a.json
	quietly a.json
	mv a.json a.json.1
	write 4 5 a.json.1
	quietly a.json # not even the new one is there
	all 5
	write 6 6 a.json.1
	write 7 9 a.json
	quietly a.json
	all 9
	mv a.json.1 a.json.2
	mv a.json a.json.1
	: >a.json
	quietly a.json
	all 9
	write 10 11 a.json
	quietly a.json
	all 11
}

@test "rotate: renamed, and made anew" {
	ways renamed
}

delayed() {
	local n=0
	for _ in 1 2 3 4 5; do
		write $((n + 1)) $((n + 7)) a.json
		quietly a.json
		all $((n + 7))
		write $((n + 8)) $((n + 9)) a.json
		n=$((n + 9))
		[ ! -e a.json.3.$pack ] || rm a.json.3.$pack
		[ ! -e a.json.2.$pack ] || mv a.json.2.$pack a.json.3.$pack
		[ ! -e a.json.1 ] || {
			mv a.json.1 a.json.2
			compress a.json.2
		}
		mv a.json a.json.1
	done
	write $((n + 1)) $((n + 1)) a.json
	quietly a.json
	all $((n + 1))
}

@test "rotate: compressed when it is rotated again" {
	ways delayed compress
}

compressed() {
	write 1 300 a.json
	quietly a.json
	write 301 500 a.json
	mv a.json a.json.1
	compress a.json.1
	quietly a.json
	all 500
	write 501 502 a.json
	quietly a.json
	all 502
	mv a.json.1.$pack a.json.2.$pack
	mv a.json a.json.1
	write 503 503 a.json
	compress a.json.1
	quietly a.json
	all 503
}

@test "rotate: compressed at once" {
	ways compressed compress
}

missed() {
	write 1 3 a.json
	quietly a.json
	write 4 6 a.json
	mv a.json a.json.1
	write 7 8 a.json
	mv a.json.1 a.json.2
	compress a.json.2
	mv a.json a.json.1
	write 9 9 a.json
	mv a.json.2.$pack a.json.3.$pack
	mv a.json.1 a.json.2
	mv a.json a.json.1
	write 10 12 a.json
	compress a.json.2
	quietly a.json
	all 12
	# Four more.
	mv a.json a.json.12
	mv a.json.3.$pack a.json.15.$pack
	mv a.json.2.$pack a.json.14.$pack
	mv a.json.1 a.json.13
	write 13 13 a.json.11
	write 14 15 a.json.10
	write 16 16 a.json.9
	compress a.json.10
	write 17 17 a.json
	quietly a.json
	all 17
}

@test "rotate: rotations that were missed" {
	ways missed compress
}

copied() {
	write 11 18 a.json
	query='SELECT i - 10 AS i'
	quietly a.json
	cp a.json a.json.1
	: >a.json
	write 19 20 a.json # shorter
	quietly a.json
	all 10
	mv a.json.1 a.json.2
	cp a.json a.json.1
	: >a.json
	write 21 22 a.json # as long as before
	quietly a.json
	all 12
	write 23 24 a.json
	mv a.json.2 a.json.3
	mv a.json.1 a.json.2
	cp a.json a.json.1
	compress a.json.1
	: >a.json
	write 25 99 a.json # longer
	quietly a.json
	all 89
	mv a.json.3 a.json.4
	mv a.json.2 a.json.3
	mv a.json.1.$pack a.json.2.$pack
	cp a.json a.json.1
	: >a.json # and nothing has come
	quietly a.json
	all 89
}

@test "rotate: copied and cut" {
	ways copied compress
}

spare() {
	write 1 4 a.json
	quietly a.json
	cp a.json a.json.1
	write 5 6 a.json
	quietly a.json
	all 6
	cp a.json a.json.2
	compress a.json.2
	quietly a.json
	all 6
	write 7 8 a.json
	quietly a.json
	all 8
}

@test "rotate: copied and not cut" {
	ways spare compress
}

banner() {
	local start='{"start":"of the log"}'
	query='SELECT i WHERE i IS NOT NULL'
	{ echo "$start"; write 1 2 /dev/stdout; } >a.json
	quietly a.json
	mv a.json a.json.1
	{ echo "$start"; write 3 4 /dev/stdout; } >a.json
	mv a.json.1 a.json.2
	mv a.json a.json.1
	{ echo "$start"; } >a.json
	quietly a.json
	all 4
	write 5 6 a.json
	cp a.json a.json.0
	compress a.json.0
	{ echo "$start"; write 7 9 /dev/stdout; } >a.json
	quietly a.json
	all 9
	rm a.json.?*
	cp a.json a.json.1
	{ echo "$start"; } >a.json
	quietly a.json
	cp a.json a.json.0
	write 10 10 a.json.0
	{ echo "$start"; write 11 12 /dev/stdout; } >a.json
	quietly a.json
	all 12
}

@test "rotate: logs that begin alike" {
	ways banner compress
}

reused() {
	local i
	write 1 3 a.json
	quietly a.json
	for i in 4 5 6 7; do
		# The copy has all; the new file often gets the old inode.
		cp a.json a.json.1
		rm a.json
		write $i $i a.json
		quietly a.json
		all $i
	done
}

@test "rotate: inodes that are used again" {
	local there
	# A file system in memory has numbers enough.
	there=$(mktemp -d /var/tmp/weir-rotate.XXXXXX)
	cd "$there"
	ways reused
	cd "$BATS_TEST_TMPDIR"
	rm -rf "$there"
}

pattern() {
	write 1 3 a.json.2
	compress a.json.2
	write 4 6 a.json.1
	write 7 8 a.json
	quietly 'a.json*'
	all 8
	mv a.json.2.$pack a.json.3.$pack
	mv a.json.1 a.json.2
	write 9 9 a.json
	mv a.json a.json.1
	write 10 10 a.json
	quietly 'a.json*'
	all 10
	compress a.json.2
	quietly 'a.json*'
	all 10
	mv a.json a.json.0
	write 11 11 a.json
	quietly 'a.json' # the rotated ones belong to it
	all 11
	quietly 'a.json*'
	all 11
}

@test "rotate: rotated files that a pattern means" {
	ways pattern compress
}

named_only() {
	write 100 200 a.json.1
	write 100 200 a.json.2
	write 1 2 a.json
	quietly a.json
	all 2
	mv a.json.2 a.json.3
	mv a.json.1 a.json.2
	compress a.json.2
	mv a.json a.json.1
	write 3 4 a.json
	quietly a.json
	all 4
}

@test "rotate: what was rotated before the first run is not read" {
	ways named_only compress
}

moved() {
	mkdir d
	write 1 2 d/a.json.1
	write 3 4 d/a.json
	quietly 'd/*'
	all 4
	cp -r d e
	rm -r d
	mv e/a.json.1 e/a.json.2
	cp e/a.json e/a.json.1
	write 5 5 e/a.json.1
	rm e/a.json
	write 6 6 e/a.json
	cp -r state state2
	rm -r state
	mv state2 state
	quietly 'e/*'
	all 6
	mv e d
	write 7 7 d/a.json
	quietly 'd/*'
	all 7
}

@test "rotate: directories that have moved" {
	ways moved
}

directory() {
	mkdir d
	write 1 2 d/a.json
	quietly d
	write 3 4 d/b.json
	quietly d
	mv d/b.json d/c.json # it is the same file
	write 5 5 d/c.json
	quietly d
	all 5
	rm d/a.json
	write 6 6 d/c.json
	quietly d
	all 6
	rm d/c.json
	quietly d
	write 7 7 d/d.json
	quietly d
	all 7
}

@test "rotate: a directory" {
	ways directory
}

same_file() {
	write 1 2 a.json
	ln a.json b.json
	ln -s a.json c.json
	run a.json ./a.json b.json c.json
	has "$errors" 'a.json and ./a.json are the same file'
	all 2
	write 3 3 a.json
	run c.json b.json a.json
	all 3
	run -- - <a.json
	write 4 4 a.json
	run /dev/stdin <a.json
	all 4
	quietly a.json
	all 4
}

@test "rotate: one file under several names" {
	ways same_file
}

missing() {
	write 1 2 a.json
	quietly a.json
	mv a.json away
	quietly a.json
	quietly a.json
	mv away a.json
	write 3 3 a.json
	quietly a.json
	all 3
	run b.json || [ $status = 1 ]
	has "$errors" 'cannot read b.json'
	all 3
}

@test "rotate: a file that is not there now" {
	ways missing
}

# ---- what is lost ----

run_kept() {
	gives 0 weir -s ./state 'SELECT i' "$@"
}

lost() {
	write 1 2 a.json
	printf '{"i":' >>a.json
	quietly a.json
	all 2
	rm a.json
	write 3 4 a.json
	cp -r state before
	opts=(--on-gap fail)
	run a.json || [ $status = 5 ]
	has "$errors" 'a.json'
	has "$errors" '5 bytes were not read'
	has "$errors" '--on-gap warn'
	opts=(--on-gap warn)
	[ $way = killed ] || {
		run a.json
		has "$errors" '5 bytes were not read'
	}
	opts=()
	run a.json
	all 4
	quietly a.json
	# Cut, with nothing left unread as far as is known.
	: >a.json
	write 5 5 a.json
	cp -r state before
	run a.json
	[ $way = killed ] || has "$errors" 'cut or changed before byte'
	all 5
	quietly a.json
	# Changed in the middle.
	write 6 9 a.json
	quietly a.json
	all 9
	rm out
	printf '{"i":1,"t":"some text to fill the line"}\n' >b.json
	write 2 5 b.json
	cp b.json c.json
	cat b.json >a.json
	run a.json
	[ $way = killed ] || has "$errors" 'is read from its beginning'
	all 5
	rm a.json
	quietly a.json
	mv c.json b.json
	printf '{' >>b.json
	rm -r state out
	quietly b.json
	rm b.json
	run b.json
	[ $way = killed ] || has "$errors" 'b.json is gone, and 1 bytes'
	all 5
}

@test "rotate: what is lost is said" {
	ways lost
}

@test "rotate: what was lost is kept in the state, over all runs" {
	local n
	write 1 2 a.json
	run_kept a.json
	gives 0 weir state show ./state
	[[ $out != *'"what"'* ]]
	for n in $(seq 1 20); do
		printf '{"i":%d}\n' "$((n + 100))" >a.new
		mv a.new a.json
		printf '{"i":7}\n' >>a.json
		rm -f kept.json
		run_kept a.json
		has "$errors" 'a.json has been replaced'
	done
	run_kept a.json
	is "$errors" ''
	gives 0 weir state show ./state
	has "$out" '{"number":20,"what":"a.json has been replaced, and'
	has "$out" '{"number":5,'
	[[ $out != *'{"number":4,'* ]]
	gives 0 weir state show -t json ./state
	has "$out" '"gaps":[{"number":5,'
}

damaged() {
	write 1 300 a.json
	quietly a.json
	write 301 900 a.json
	mv a.json a.json.1
	gzip a.json.1
	cp a.json.1.gz whole
	head -c $(($(wc -c <whole) * 2 / 3)) whole >a.json.1.gz
	write 901 902 a.json
	run a.json || [ $status = 1 ]
	has "$errors" 'a.json.1.gz: the compressed data end too early'
	grep -q '"i":902' out
	cp whole a.json.1.gz
	quietly a.json
	is "$(sort -u out | wc -l) $(wc -l <out)" '902 902'
}

@test "rotate: a compressed file that is damaged" {
	ways damaged
}

# ---- several inputs ----

# The order and the lateness are those of one run over all.
timed() {
	local n f
	query='SELECT window_start w, f, count(*) n, sum(i) s
	    GROUP BY tumble(10s), f'
	opts=(-l 3s)
	for n in $(seq 0 400); do
		echo "{\"ts\":$((1760000000 + n / 3 + (n * 7) % 5)),\
\"i\":$n,\"f\":\"$((n * n % 3))\"}"
	done >whole.json
	"$WEIR" -l 3s -s ./other -o want "$query" whole.json
	for n in 1 50 51 140 230 231 300 401; do
		head -n $n whole.json | tail -n +$(($(cat done 2>/dev/null ||
		    echo 0) + 1)) >>a.json
		echo $n >done
		case $n in
		50 | 231) run a.json; mv a.json a.json.$((1000 - n)) ;;
		140) mv a.json a.json.$((1000 - n)) ;;
		esac
		run a.json
	done
	is "$(cat out)" "$(cat want)"
}

@test "rotate: event time goes on across generations" {
	ways timed
}

interleaved() {
	local f
	query='SELECT i FROM (SELECT i, count(*) GROUP BY tumble(1s), i)'
	opts=(-l 0s --final)
	for f in 0 1 2; do
		for n in $(seq 0 60); do
			echo "{\"ts\":$((1760000000 + n * 3 + f)),\
\"i\":$((n * 3 + f + 1))}"
		done >$f.json
	done
	run ?.json
	all "$(wc -l <out)"
	[ "$(wc -l <out)" -gt 150 ]
}

@test "rotate: several files in the order of event time, stopped and resumed" {
	ways interleaved
}

# ---- standard input ----

stdin_file() {
	write 1 3 a.json
	quietly <a.json
	write 4 5 a.json
	quietly <a.json
	all 5
	printf '{"i"' >>a.json
	quietly <a.json
	printf ':6}\n' >>a.json
	quietly - <a.json
	all 6
}

@test "rotate: a file on standard input" {
	ways stdin_file
}

@test "rotate: a pipe on standard input cannot be read again" {
	way=plain query='SELECT i' opts=()
	write 1 3 a.json
	run < <(cat a.json)
	has "$errors" 'cannot be read again'
	opts=(-q)
	write 4 5 b.json
	quietly < <(cat b.json)
	all 5
}

# ---- runs that go on ----

has_lines() {
	[ "$(wc -l <out)" -ge "$1" ]
}

# follows SIGNAL COMMANDS: a run with -F, during which they happen.
follows() {
	local pid n signal=$1
	shift
	"$WEIR" -F -s ./state -o out --checkpoint 1ms "$query" a.json \
	    2>>said &
	pid=$!
	rests $pid
	eval "$*"
	n=$(cat a.json* | wc -l)
	waits has_lines "$n"
	kill "-$signal" $pid
	wait $pid || true
}

@test "rotate: runs that go on, stopped and killed" {
	local signal
	query='SELECT i'
	for signal in TERM KILL; do
		rm -rf a.json* out state
		write 1 3 a.json
		follows $signal ''
		write 4 5 a.json
		follows $signal write 6 6 a.json
		write 7 7 a.json
		mv a.json a.json.1
		write 8 9 a.json
		follows $signal 'mv a.json.1 a.json.2; mv a.json a.json.1
		    write 10 11 a.json'
		write 12 12 a.json
		mv a.json.2 a.json.4
		mv a.json.1 a.json.3
		mv a.json a.json.2
		write 13 13 a.json.1
		write 14 15 a.json
		follows $signal ''
		cp a.json a.json.0 # it may be killed before it noted a.json
		: >a.json
		write 16 17 a.json
		follows $signal write 18 18 a.json
		write 19 19 a.json
		way=plain opts=()
		quietly a.json
		all 19
	done
	sed -i '/^.*Killed/d' said
	is "$(<said)" ''
}
