#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs weir ($WEIR_REAL) as it stands, but with a state directory, in as many
# processes as it takes: each commits every few rows, goes on for a bit and
# ends without a word, and the next one goes on from the commit. For tests that
# call a program by its name: what comes out must be the same.
case $1 in
check|completion|explain|fmt|help|schema|state|test) exec "$WEIR_REAL" "$@" ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-resumed.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# What cannot be read again, or cut back, is put into files.
: >"$work/out"
if [ -f /dev/stdin ] || [ -c /dev/stdin ]; then
	in=/dev/stdin
else
	in=$work/in
	cat >"$in"
fi
k=2 n=0
while :; do
	WEIR_TORTURE=rows=2,commit=$k,restart=$((k + 1)) \
	    "$WEIR_REAL" -s "$work/state" --final "$@" <"$in" \
	    >>"$work/out" 2>>"$work/err"
	status=$?
	n=$((n + 1))
	[ $status = 75 ] || break
	[ $((n % 8)) != 0 ] || k=$((k * 2))
done
cat "$work/out"
awk '!said[$0]++' "$work/err" >&2
exit $status
