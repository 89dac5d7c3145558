#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Files that are followed: growing, rotated, copied and cut, late to appear.
# Every line must come once, in order, whatever happens to the file.

load lib.bash

# follow WORDS: weir in the background, its results in out.
follow() {
	"$WEIR" -F "$@" >out 2>err &
	pid=$!
}

# write FROM TO FILE: lines with these numbers.
write() {
	seq "$1" "$2" | sed 's/.*/{"i":&,"s":"some text to fill the line"}/' \
	    >>"$3"
}

has_lines() {
	[ "$(wc -l <out)" -ge "$1" ]
}

# comes N: waits until N lines have come, and weir for more.
comes() {
	waits has_lines "$1"
	rests "$pid"
	[ "$(wc -l <out)" -eq "$1" ] || {
		echo "$(wc -l <out) lines instead of $1"
		tail -n 3 out
		cat err
		return 1
	}
}

# all N: lines 1 to N have come, in order, and weir ends by the signal.
all() {
	comes "$1"
	is "$(sed 's/[^0-9]*//g' out | tr '\n' ' ')" \
	    "$(seq "$1" | tr '\n' ' ')"
	quits
}

quits() {
	local status=0
	kill -TERM "$pid"
	wait "$pid" || status=$?
	is "$status" 143
	pid=
}

# Everything with small reads, too, and without inotify.
ways() {
	local way
	for way in plain reads=1 reads=3,rows=1 blind; do
		rm -rf work && mkdir work && cd work
		unset WEIR_TORTURE WEIR_NO_INOTIFY
		case $way in
		plain) ;;
		blind) export WEIR_NO_INOTIFY=1 ;;
		*) export WEIR_TORTURE=$way ;;
		esac
		echo "way: $way"
		"$@" # not before ||, where a failure would not be seen
		cd ..
	done
}

growing() {
	write 1 3 a.json
	follow 'SELECT i' a.json
	comes 3
	write 4 4 a.json
	comes 4
	write 5 200 a.json
	all 200
}

@test "follow: a file grows" {
	ways growing
}

partial() {
	printf '{"i":' >a.json
	follow 'SELECT i' a.json
	comes 0
	printf '1}\n{"i":2' >>a.json
	comes 1
	printf '3' >>a.json
	comes 1
	printf '}\n' >>a.json
	comes 2
	is "$(tail -n 1 out)" '{"i":23}'
	quits
}

@test "follow: the last line waits for its line feed" {
	ways partial
}

absent() {
	follow 'SELECT i' a.json
	rests "$pid"
	write 1 2 a.json
	comes 2
	rm a.json
	rests "$pid"
	write 3 4 a.json
	all 4
}

@test "follow: a file that is not there yet, and one made again" {
	ways absent
}

renamed() {
	write 1 3 a.json
	follow 'SELECT i' a.json
	comes 3
	mv a.json a.json.1
	write 4 5 a.json.1 # who writes has not noticed yet
	: >a.json
	rests "$pid"
	write 6 6 a.json.1
	comes 6
	write 7 9 a.json
	comes 9
	mv a.json.1 a.json.2
	mv a.json a.json.1
	write 10 11 a.json
	all 11
}

@test "follow: renamed, and made anew" {
	ways renamed
}

@test "follow: renamed with a last line that has no end" {
	printf '{"i":1}\n{"i":2}' >a.json
	follow 'SELECT i' a.json
	comes 1
	mv a.json a.json.1
	write 3 3 a.json
	all 3
}

compressed_at_once() {
	write 1 3 a.json
	follow 'SELECT i' a.json
	comes 3
	kill -STOP $pid
	write 4 6 a.json
	mv a.json a.json.1
	write 7 8 a.json
	gzip a.json.1
	kill -CONT $pid
	all 8
}

@test "follow: rotated and compressed before it was read to its end" {
	ways compressed_at_once
}

missed() {
	write 1 3 a.json
	follow 'SELECT i' a.json
	comes 3
	kill -STOP $pid
	write 4 6 a.json
	mv a.json a.json.1
	write 7 8 a.json
	mv a.json.1 a.json.2
	gzip a.json.2
	mv a.json a.json.1
	write 9 9 a.json
	mv a.json.2.gz a.json.3.gz
	mv a.json.1 a.json.2
	mv a.json a.json.1
	write 10 12 a.json
	gzip a.json.2
	kill -CONT $pid
	all 12
}

@test "follow: rotations that were missed" {
	ways missed
}

copied_shorter() {
	write 1 8 a.json
	follow 'SELECT i' a.json
	comes 8
	cp a.json a.json.1
	: >a.json
	write 9 10 a.json
	comes 10
	cp a.json a.json.1
	: >a.json
	rests "$pid"
	write 11 12 a.json
	all 12
}

@test "follow: copied and cut, shorter than before" {
	ways copied_shorter
}

copied_equal() {
	write 11 14 a.json
	follow 'SELECT i - 10 AS i' a.json
	comes 4
	cp a.json a.json.1
	: >a.json
	write 15 18 a.json # as long as before
	comes 8
	cp a.json a.json.1
	kill -STOP $pid
	: >a.json
	write 19 39 a.json # longer
	kill -CONT $pid
	all 29
}

@test "follow: copied and cut, as long as before or longer" {
	ways copied_equal
}

copied_unread() {
	local part
	write 1 4 a.json
	printf '{"i":' >>a.json
	follow 'SELECT i' a.json
	comes 4
	kill -STOP $pid
	printf '5}\n' >>a.json
	write 6 9 a.json
	cp a.json a.json.1
	: >a.json
	write 10 11 a.json
	gzip a.json.1
	kill -CONT $pid
	all 11
}

@test "follow: copied and cut before it was read to its end" {
	ways copied_unread
}

banner() {
	{ echo '{"start":"of the log"}'; write 1 2 /dev/stdout; } >a.json
	follow 'SELECT i WHERE i IS NOT NULL' a.json
	comes 2
	kill -STOP $pid
	mv a.json a.json.1
	{ echo '{"start":"of the log"}'; write 3 4 /dev/stdout; } >a.json
	mv a.json.1 a.json.2
	mv a.json a.json.1
	{ echo '{"start":"of the log"}'; write 5 6 /dev/stdout; } >a.json
	kill -CONT $pid
	comes 6
	cp a.json a.json.1
	{ echo '{"start":"of the log"}'; write 7 9 /dev/stdout; } >a.json
	all 9
}

@test "follow: logs that begin alike" {
	ways banner
}

@test "follow: the rotated ones that a pattern means come first" {
	write 1 3 a.json.2
	gzip a.json.2
	write 4 6 a.json.1
	write 7 8 a.json
	follow 'SELECT i' 'a.json*'
	comes 8
	mv a.json.2.gz a.json.3.gz
	mv a.json.1 a.json.2
	mv a.json a.json.1
	write 9 9 a.json
	comes 9
	cp a.json a.json.0
	all 9
}

@test "follow: only what is asked for: older siblings are not read" {
	write 100 200 a.json.1
	write 100 200 a.json.2
	write 1 2 a.json
	follow 'SELECT i' a.json
	comes 2
	mv a.json.2 a.json.3
	mv a.json.1 a.json.2
	gzip a.json.2
	mv a.json a.json.1
	write 3 4 a.json
	all 4
}

more_files() {
	mkdir d
	write 1 2 d/a.json
	follow 'SELECT i' 'd/*.json'
	comes 2
	write 3 4 d/b.json
	comes 4
	write 5 5 d/a.json
	comes 5
	mv d/b.json d/c.json # it is the same file
	write 6 6 d/c.json
	all 6
}

@test "follow: files that a pattern means later" {
	ways more_files
}

@test "follow: nothing matches yet" {
	mkdir d
	follow 'SELECT i' 'd/*.json'
	rests "$pid"
	write 1 1 d/a.json
	all 1
}

@test "follow: a header is read again, with other columns" {
	printf 'i,x\n1,a\n' >a.csv
	follow 'SELECT i' a.csv
	comes 1
	mv a.csv a.csv.1
	printf 'y,i\n' >a.csv
	rests "$pid"
	printf 'b,2\nc,3\n' >>a.csv
	all 3
}

@test "follow: rotated files that cannot be looked at are told once" {
	write 1 2 a.json
	ln -s a.json.1 a.json.1
	follow 'SELECT i' a.json
	comes 2
	mv a.json a.json.2
	write 3 4 a.json
	comes 4
	mv a.json a.json.3
	write 5 6 a.json
	all 6
	is "$(<err)" "weir: cannot look at all rotated files of a.json: Too \
many levels of symbolic links"
	follow -q 'SELECT i' a.json
	comes 2
	quits
	is "$(<err)" ''
}

@test "follow: logrotate" {
	command -v logrotate >/dev/null || skip "there is no logrotate"
	local conf rotate n=0 how
	for how in create copytruncate 'create compress' 'create dateext' \
	    'copytruncate compress' 'create compress delaycompress'; do
		rm -rf r && mkdir r && cd r
		printf '%s/a.json {\n rotate 5\n size 1\n %s\n missingok\n}\n' \
		    "$PWD" "${how// /$'\n'}" >conf
		chmod 600 conf
		write 1 5 a.json
		follow 'SELECT i' a.json
		comes 5
		for n in 1 2 3; do
			logrotate -f -s state conf
			write $((n * 10 - 4)) $((n * 10 + 5)) a.json
			# dateext makes one file a day.
			[ "$how" = 'create dateext' ] && break
		done
		echo "how: $how"
		all $((n * 10 + 5))
		cd ..
	done
}

# copying BYTES: one generation ends while the next is being copied already,
# of which so many bytes are there, and is then cut.
copying() {
	write 1 5 a.json
	follow 'SELECT i' a.json
	comes 5
	kill -STOP "$pid"
	cp a.json a.json.2
	: >a.json
	write 6 15 a.json
	head -c "$1" a.json >a.json.1
	kill -CONT "$pid"
	comes 15
	kill -STOP "$pid"
	cp a.json a.json.1
	: >a.json
	write 16 25 a.json
	[ "$2" = keep ] || gzip a.json.1
	kill -CONT "$pid"
	all 25
}

@test "follow: a generation ends while the next is being copied" {
	local n how
	for n in 0 200 100000; do
		for how in keep gzip; do
			echo "bytes: $n, then $how"
			ways copying "$n" "$how"
		done
	done
}

@test "follow: windows close by the lateness, which must be stated" {
	gives 2 weir -F 'SELECT count(*) n GROUP BY tumble(1m)' a.json
	has "$errors" '--lateness'
	follow -l 5s 'SELECT window_start w, count(*) n GROUP BY tumble(1m)' \
	    a.json
	printf '{"ts":%d}\n' 1760000040 1760000050 >a.json
	comes 0
	printf '{"ts":%d}\n' 1760000105 >>a.json
	comes 1
	is "$(<out)" '{"w":"2025-10-09T08:54:00Z","n":2}'
	quits
	# Ended by a signal: results so far, as at the end of input.
	is "$(tail -n 1 out)" '{"w":"2025-10-09T08:55:00Z","n":1}'
}

@test "follow: inputs wait for each other, idle ones are left out" {
	local q='SELECT window_start w, count(*) n GROUP BY tumble(1m)'
	printf '{"ts":%d}\n' 1760000040 >a.json
	printf '{"ts":%d}\n' 1760000041 >b.json
	follow -l 0s "$q" a.json b.json
	printf '{"ts":%d}\n' 1760000101 >>a.json
	comes 0
	printf '{"ts":%d}\n' 1760000102 >>b.json
	comes 1
	is "$(<out)" '{"w":"2025-10-09T08:54:00Z","n":2}'
	quits
	printf '{"ts":%d}\n' 1760000040 >a.json
	printf '{"ts":%d}\n' 1760000041 >b.json
	follow -l 0s --idle 300ms "$q" a.json b.json
	printf '{"ts":%d}\n' 1760000101 >>a.json
	comes 1
	# It speaks again: too late for what has closed, and counted.
	printf '{"ts":%d}\n' 1760000042 >>b.json
	comes 1
	quits
	has "$(<err)" 'late 1'
}

@test "follow: LIMIT ends it" {
	write 1 3 a.json
	gives 0 timeout 60 "$WEIR" -F 'SELECT i LIMIT 2' a.json
	is "$out" '{"i":1}
{"i":2}'
}

@test "follow: a rotated file that is damaged is named, and it goes on" {
	write 1 300 a.json
	gzip -c a.json | head -c 300 >a.json.1.gz
	printf '{"i":1000}\n' >a.json
	follow 'SELECT i' 'a.json*'
	waits grep -q 1000 out
	has "$(<err)" 'a.json.1.gz: the compressed data end too early'
	is "$(tail -n 1 out)" '{"i":1000}'
	kill -TERM $pid
	wait $pid || true
	pid=
}

@test "follow: a line is seen soon after it was written" {
	: >a.json
	follow 'SELECT i' a.json
	rests "$pid"
	local i t0 soon=0
	# It looks every second, too: what is seen then is seen half a second
	# later in one of two times. (Once it may have other reasons.)
	for i in {1..9}; do
		comes $((i - 1))
		t0=${EPOCHREALTIME//[!0-9]/}
		write "$i" "$i" a.json
		until has_lines "$i"; do
			:
		done
		t0=$((${EPOCHREALTIME//[!0-9]/} - t0))
		[ "$t0" -ge 500000 ] || soon=$((soon + 1))
	done
	[ "$soon" -ge 8 ]
	quits
}
