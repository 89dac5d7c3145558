#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs with state, stopped and starved at their system calls, as TAP: see
# faults/faults.py. Without WEIR_FAULTS a few of each, in seconds; with
# WEIR_FAULTS=full, more than 150,000, in an hour on two cores:
#	13,000 kills: instead of and behind every call, with -j1 and -j3
#	80,000 failing calls: every one, with six errnos, -j1 and -j3
#	3,700 kills at random times
#	1,500 kills of a run that others wait for, stopped and continued before
#	28,000 states that a power cut may leave; if nothing was synced, some
#	must be wrong, or the others say nothing
#	30,000 damaged files of state
#	3,000 faults of the commands of weir state
# shellcheck disable=SC2086 # $small is words
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
grep -qc -a -e __asan_init -e __tsan_init "$WEIR" && {
	echo "1..0 # SKIP a sanitizer will not have a library before it"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1
dir=$(mktemp -d "${TMPDIR:-/tmp}/weir-faults.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
${CC:-cc} -D_GNU_SOURCE -O1 -shared -fPIC -U_FORTIFY_SOURCE -o "$dir/shim.so" \
    "$WEIR_SRC/tests/faults/shim.c" -ldl 2>"$dir/errors" || {
	sed 's/^/# /' "$dir/errors"
	echo "1..0 # SKIP no shim"
	exit 0
}
n=0 tried=0 wrong=0
small='tumble sessions running live hop pieces appended top dedup meet every
    divided told held piped packed ahead fill'

# faults WAY OPTION...: its lines of TAP, numbered anew.
faults() {
	python3 "$WEIR_SRC/tests/faults/faults.py" "$WEIR" "$dir/shim.so" "$@" \
	    >"$dir/out" 2>&1
	while IFS= read -r line; do
		case $line in
		1..*) ;;
		"ok "* | "not ok "*)
			n=$((n + 1))
			t=${line##*: } t=${t%% tried*}
			tried=$((tried + t))
			case $line in
			"not ok "*) wrong=$((wrong + 1)) ;;
			esac
			echo "${line%% [0-9]* - *} $n - ${line#* - }"
			;;
		*) echo "# $line" ;;
		esac
	done <"$dir/out"
}

if [ "${WEIR_FAULTS:-}" = full ]; then
	for jobs in 1 3; do
		faults kill --jobs "$jobs"
		faults errno --jobs "$jobs" $small
		faults errno --jobs "$jobs" --every 4 runs
		faults errno --jobs "$jobs" --every 40 spilled
		faults random --jobs "$jobs" --count 100
		faults takeover --jobs "$jobs" --count 40
	done
	for some in $small runs; do
		faults states --most 2200 "$some"
	done
	faults states --most 600 spilled
	faults states --most 300 --nosync
	faults damage --every 64 $small
	faults damage --every 500 runs
	faults damage --every 200000 spilled
	faults commands tumble piped
	faults commands --every 10 runs
else
	faults kill --every 40 $small
	faults kill --every 150 runs
	faults kill --every 60 --jobs 3 tumble sessions piped packed
	faults errno --every 200 $small
	faults errno --every 1500 runs
	faults random --count 3 $small runs
	faults takeover --count 6 tumble divided piped held
	faults states --most 16 $small runs
	faults states --most 60 --nosync tumble
	faults damage --every 4000 tumble live piped
	faults commands --every 25 tumble
fi
echo "# $tried faults tried in $n ways, $wrong of them not ok"
echo "1..$n"
