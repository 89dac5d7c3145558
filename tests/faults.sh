#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs with state, stopped and starved at their system calls, as TAP: see
# faults/faults.py. WEIR_FAULTS=full tries every call, thousands of kills and
# crash states; without it a few of each.
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
n=0

# faults WAY OPTION...: its lines of TAP, numbered anew.
faults() {
	python3 "$WEIR_SRC/tests/faults/faults.py" "$WEIR" "$dir/shim.so" "$@" \
	    >"$dir/out" 2>&1
	while IFS= read -r line; do
		case $line in
		1..*) ;;
		"ok "* | "not ok "*)
			n=$((n + 1))
			echo "${line%% [0-9]* - *} $n - ${line#* - }"
			;;
		*) echo "# $line" ;;
		esac
	done <"$dir/out"
}

if [ "${WEIR_FAULTS:-}" = full ]; then
	for jobs in 1 3; do
		faults kill --jobs "$jobs"
		faults errno --jobs "$jobs" --every 2
		faults random --jobs "$jobs" --count 100
	done
	faults states --most 2200
	faults states --most 300 --nosync
	faults damage --every 8
else
	faults kill --every 25
	faults kill --every 60 --jobs 3
	faults errno --every 150
	faults random --count 4
	faults states --most 24
	faults states --most 120 --nosync tumble
	faults damage --every 2000 tumble live
fi
echo "1..$n"
