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
	[[ $(<stats) =~ \"in\":([0-9]+),\"used\":([0-9]+),\"filtered\":([0-9]+),\"late\":([0-9]+),\"bad\":([0-9]+) ]]
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

# ends SECONDS PID: it has ended by then; its status is in $status.
ends() {
	local i
	for ((i = 0; i < $1 * 20; i++)); do
		kill -0 "$2" 2>/dev/null || break
		sleep 0.05
	done
	! kill -0 "$2" 2>/dev/null || {
		kill -KILL "$2"
		echo "still there after $1 seconds"
		return 1
	}
	status=0
	wait "$2" || status=$?
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
