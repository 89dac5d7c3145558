# SPDX-License-Identifier: MIT
# Bad input and rough conditions: what a run is asked to bear, and what it
# must answer. Never a crash or a hang, never status 0 with lost output, and
# in = used + filtered + late + bad, whatever happens.

load lib

# A file of n JSON records.
records() {
	seq "$1" | sed 's/.*/{"i":&,"ts":&}/'
}

# adds_up [IN]: the counts in the file `stats` do, and IN records were read.
adds_up() {
	local n='([0-9]+)'
	local want="\"in\":$n,\"used\":$n,\"filtered\":$n"
	want+=",\"late\":$n,\"bad\":$n"
	[[ $(<stats) =~ $want ]]
	local n=("${BASH_REMATCH[@]:1}")
	[ "${n[0]}" -eq $((n[1] + n[2] + n[3] + n[4])) ] &&
	    [ "${n[0]}" -eq "${1:-${n[0]}}" ] || {
		echo "does not add up to ${1:-the records read}: $(<stats)"
		return 1
	}
}

# within KIB COMMAND...: runs it in so much address space.
within() {
	local size=$1
	shift
	(ulimit -v "$size" && "$@")
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# ends PID: it ends; its status is in $status.
ends() {
	waits is_gone "$1" || {
		kill -KILL "$1"
		return 1
	}
	status=0
	wait "$1" || status=$?
}

# on_pipe ARGS...: starts weir with a pipe that stays open; its writing end is
# descriptor 4, its number is in $pid, its output in the file `out`.
on_pipe() {
	rm -f in
	mkfifo in
	"$WEIR" "$@" <in >"${OUT:-out}" 2>errors 3>&- 4>&- &
	pid=$!
	exec 4>in
}

@test "hostile: a row that corrects windows costs what it corrects" {
	# Neither all windows corrected so far nor all slices of each window
	# are walked again.
	local query='SELECT count(*) n GROUP BY'

	seq 1701000000 -10 1700000010 | sed 's/.*/{"ts":&}/' >back
	timeout 30 "$WEIR" -l 1s --allow 3650d --late update -T ts:s \
	    "$query tumble(10s)" back back >out
	[ "$(grep -c '"rev":2' out)" -gt 99000 ]
	timeout 30 "$WEIR" -l 1s --allow 3650d --late update -T ts:s \
	    "$query hop(1h, 10s)" <(head -n 5000 back) >out
	grep -q '"n":360,' out
}

@test "hostile: odd records are counted, each of them once" {
	{
		records 1000
		printf '{"ts":1001\n[1]\n\0\n\377\n"x"\n{"ts":9e99}\n'
		head -c 100000 /dev/zero | tr '\0' '['
		printf '\n{"i":1,"ts":1002}'
	} >in
	status=0
	"$WEIR" -T ts:s -q --stats stats 'SELECT count(*) n' in >out ||
	    status=$?
	[ "$status" -eq 3 ]
	[ "$(<out)" = '{"n":1004}' ]
	adds_up 1008
}

@test "hostile: sliding over years of single records takes little memory" {
	# The address sanitizer takes all of the address space for itself.
	(ulimit -v 200000 && "$WEIR" --version >/dev/null 2>&1) ||
	    skip "this build needs more than that to start"
	seq 1 200 | sed 's/.*/{"ts":&00000000}/' >in
	run within 200000 "$WEIR" -T ts:ms --stats stats \
	    'SELECT count(*) n GROUP BY tumble(1s)' in
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 200 ]
	adds_up 200
}

@test "hostile: a signal ends a run that waits for input" {
	on_pipe -T ts:s --stats stats 'SELECT count(*) n'
	records 10 >&4
	rests "$pid"
	kill -TERM "$pid"
	ends "$pid"
	exec 4>&-
	[ "$status" -eq 143 ]
	[ "$(<out)" = '{"n":10}' ]
	adds_up 10
}
