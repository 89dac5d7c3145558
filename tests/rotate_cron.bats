#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A log that is read by many short runs (-s), as cron starts them, gives what
# one run over all of it gives. WEIR_CRON_RUNS=N makes more of them.

load lib.bash
load rotate.bash

# cron RUNS SEED: a log that grows, is rotated in every way, and read by runs
# that are killed at any moment, gives what one run over all of it gives.
cron() {
	local n=0 k m i
	query='SELECT window_start w, count(*) n, sum(i) s GROUP BY tumble(7s)'
	local seed=$2 to
	RANDOM=$2
	pack=gz
	opts=(-l 3s)
	: >a.json
	run a.json # from now on it is known what was there
	for ((i = 0; i < $1; i++)); do
		m=$((n + RANDOM % 400))
		for (( ; n < m; n++)); do
			echo "{\"ts\":$((1760000000 + n / 9 +
			    (n * 7) % 5)),\"i\":$n}"
		done >more
		cat more >>whole.json
		k=$((RANDOM % 100))
		# The last line is still being written now and then.
		head -c $(($(wc -c <more) * k / 100)) more >>a.json
		kill_run
		tail -c +$(($(wc -c <more) * k / 100 + 1)) more >>a.json
		[ $((RANDOM % 2)) = 0 ] || kill_run
		case $((RANDOM % 6))$((i % 2)) in
		0?) rotate; mv a.json "$to" ;;
		1?) rotate; mv a.json "$to"; compress "$to" ;;
		2?) rotate; cp a.json "$to"; : >a.json ;;
		30) rotate; cp a.json "$to"; compress "$to"; : >a.json ;;
		31) rotate; mv a.json "$to"; : >a.json ;;
		esac
		[ -e a.json ] || : >a.json
	done
	opts=(-l 3s --final)
	run a.json
	"$WEIR" -l 3s -o want "$query" whole.json
	cmp out want
}

# Makes room: by number, or by date where the seed is odd.
rotate() {
	local i f
	to=a.json-$((20260101 + n))
	[ $((seed % 2)) = 0 ] || return 0
	to=a.json.1
	for i in $(seq 99 -1 1); do
		for f in a.json.$i a.json.$i.gz; do
			[ ! -e $f ] || mv $f ${f/.$i/.$((i + 1))}
		done
	done
}

# One that is killed within its first milliseconds, or not at all.
kill_run() {
	local pid
	"$WEIR" -s ./state -l 3s -o out --checkpoint 1ms "$query" a.json \
	    2>>said &
	pid=$!
	[ $((RANDOM % 3)) = 0 ] ||
		sleep "0.00$((RANDOM % 10))$((RANDOM % 10))"
	[ $((RANDOM % 4)) = 0 ] || kill -KILL $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
}

@test "rotate: many runs, killed at any moment" {
	way=plain
	cron "${WEIR_CRON_RUNS:-25}" "$((2 * ${WEIR_CRON_SEED:-1} + 1))"
	[ -z "$(grep -v '^weir: in ' said)" ]
}

@test "rotate: many runs, killed at any moment, rotated by date" {
	way=plain
	cron "${WEIR_CRON_RUNS:-25}" "$((2 * ${WEIR_CRON_SEED:-1}))"
	[ -z "$(grep -v '^weir: in ' said)" ]
}

# conf HOW FILE: a configuration for logrotate.
conf() {
	printf '%s {\n rotate 9\n size 1\n %s\n missingok\n}\n' "$2" \
	    "${1//, /$'\n'}" >conf
	chmod 600 conf
}

is_over() {
	[ "$EPOCHSECONDS" != "$1" ]
}

# rotated HOW: a log that grows and is rotated, in a folder of its own.
rotated() {
	local i n=5 way=plain query='SELECT i' opts=()
	echo "how: $1"
	rm -rf "${1//[^a-z]/}" && mkdir "${1//[^a-z]/}" && cd "${1//[^a-z]/}"
	conf "$1" "$PWD/a.json"
	write 1 5 a.json
	quietly a.json
	for i in 1 2 3 4 5 6; do
		write $((n + 1)) $((n + 4)) a.json
		[ $((i % 3)) = 0 ] || quietly a.json
		write $((n + 5)) $((n + 6)) a.json
		logrotate -f -s lstate conf
		write $((n + 7)) $((n + 8)) a.json
		n=$((n + 8))
		[[ "$1" != *%s* ]] || waits is_over "$EPOCHSECONDS"
	done
	quietly a.json
	all $n
	quietly a.json
	all $n
	cd ..
}

@test "rotate: logrotate, every five minutes" {
	command -v logrotate >/dev/null || skip "there is no logrotate"
	local how pids=()
	# Those that have names by the second wait for it, beside the others.
	for how in 'create, dateext, dateformat -%Y%m%d-%s' \
	    'copytruncate, dateext, dateformat .%s, compress'; do
		(rotated "$how") &
		pids+=($!)
	done
	for how in create copytruncate 'create, compress' \
	    'copytruncate, compress' 'create, compress, delaycompress' \
	    'nocreate, compress' copy; do
		rotated "$how"
	done
	for how in "${pids[@]}"; do
		wait "$how"
	done
}
