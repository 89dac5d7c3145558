#!/bin/sh
# SPDX-License-Identifier: MIT
# One input, many views: runs the folders of tests/cases and prints TAP.
#
#	tests/cases.sh [--bless] [--variants LIST] [NAME...]
#
# A folder holds what goes in and what must come out; HACKING.md says how to
# read a failure, tests/cases/README which files there are. Each case is run
#	plain	as it stands, and for a query also by way of --print-spec
#	torture	with batches of one row and reads of one byte
#	jobs	with three threads
#	simd	without vector instructions
#	restart	with a state directory, killed every few rows and run again
# and must give the same bytes every time. More variants are named like
# settings: "rows=2,reads=3", "rows=5,jobs=2" or "restart,rows=1,jobs=3".
#
# $WEIR is the program; by default ./weir, or build/weir of the tree.
# A case that needs more than TIME_LIMIT seconds is stopped and fails.

top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cases=$top/tests/cases
variants='plain torture jobs simd restart'
bless=
names=
TIME_LIMIT=${TIME_LIMIT:-60}

while [ $# -gt 0 ]; do
	case $1 in
	--bless) bless=1; variants=plain ;;
	--variants) variants=$2; shift ;;
	-*) echo "usage: $0 [--bless] [--variants LIST] [NAME...]" >&2
		exit 2 ;;
	*) names="$names $1" ;;
	esac
	shift
done

if [ -z "$WEIR" ]; then
	WEIR=./weir
	[ -x "$WEIR" ] || WEIR=$top/build/weir
fi
case $WEIR in
/*) ;;
*) WEIR=$(cd "$(dirname "$WEIR")" && pwd)/$(basename "$WEIR") ;;
esac
[ -x "$WEIR" ] || { echo "Bail out! no program at $WEIR"; exit 1; }
export WEIR TIME_LIMIT
export LC_ALL=C TZ=Pacific/Kiritimati # neither may matter
unset NO_COLOR CLICOLOR_FORCE WEIR_CONFIG

tmp=$(mktemp -d "${TMPDIR:-/tmp}/weir-cases.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
export XDG_CONFIG_HOME="$tmp/none" XDG_STATE_HOME="$tmp/none"

# What a case's command calls: the program, with the variant's options when
# it is a run.
cat >"$tmp/weir.sh" <<'END'
# In as many processes as it takes: each but the last commits, once or (every
# other) again and again, goes on for a bit and ends without a word. Standard
# input is opened anew each time.
restarted() {
	state=$(mktemp -d "$WEIR_RESTART/state.XXXXXX") || return 1
	k=2 n=0
	torture=${WEIR_TORTURE:-rows=2}
	while :; do
		ends=commit=$k,restart=$((k + 1))
		[ $((n % 2)) = 0 ] || ends=commit=1,restart=$((k + 3))
		# shellcheck disable=SC2086
		WEIR_TORTURE=$torture,$ends \
		    timeout "$TIME_LIMIT" "$WEIR" $WEIR_ARGS -s "$state/s" \
		    --final "$@" </dev/stdin
		status=$?
		n=$((n + 1))
		[ $status = 75 ] || break
		[ $((n % 16)) != 0 ] || k=$((k * 2))
	done
	rm -rf "$state"
	return $status
}

weir() {
	case $1 in
	check|completion|explain|export|fmt|help|state|test)
		timeout "$TIME_LIMIT" "$WEIR" "$@" ;;
	*)
		if [ -n "$WEIR_RESTART" ] && [ -f /dev/stdout ] &&
		    { [ -f /dev/stdin ] || [ -c /dev/stdin ]; }; then
			restarted "$@"
			return
		fi
		# shellcheck disable=SC2086
		timeout "$TIME_LIMIT" "$WEIR" $WEIR_ARGS "$@" ;;
	esac
}
END

# Sets the variant's environment.
set_variant() {
	unset WEIR_TORTURE WEIR_SIMD WEIR_RESTART
	WEIR_ARGS=
	case $1 in
	plain) ;;
	torture) WEIR_TORTURE=rows=1,reads=1 ;;
	jobs) WEIR_ARGS=-j3 ;;
	simd) WEIR_SIMD=off ;;
	restart) WEIR_TORTURE=rows=2 WEIR_RESTART=$tmp ;;
	*)
		for setting in $(echo "$1" | tr ',' ' '); do
			case $setting in
			jobs=*) WEIR_ARGS=-j${setting#*=} ;;
			simd=*) WEIR_SIMD=${setting#*=} ;;
			restart) WEIR_RESTART=$tmp ;;
			*) WEIR_TORTURE=${WEIR_TORTURE:+$WEIR_TORTURE,}$setting
			esac
		done ;;
	esac
	export WEIR_ARGS
	[ -z "$WEIR_TORTURE" ] || export WEIR_TORTURE
	[ -z "$WEIR_SIMD" ] || export WEIR_SIMD
	[ -z "$WEIR_RESTART" ] || export WEIR_RESTART
}

# The command line of a view (sql, spec, printed): the words after `weir`.
words() {
	[ -f args ] && tr '\n' ' ' <args
	case $1 in
	sql) printf ' "$(cat query.sql)"' ;;
	spec) printf ' -f spec.yaml' ;;
	printed) printf ' -f printed.yaml' ;;
	esac
	for file in in.*; do
		[ -f "$file" ] && printf ' %s' "$file"
	done
	for file in stdin.*; do
		[ -f "$file" ] && printf ' <%s' "$file"
	done
}

# Runs shell text; the results are out, err and status in $tmp.
shell() {
	printf '%s\n' "$1" >"$tmp/line"
	sh -c '. "$1"; . "$2"' sh "$tmp/weir.sh" "$tmp/line" \
	    >"$tmp/out" 2>"$tmp/err" </dev/null
	echo $? >"$tmp/status"
}

# Complains about a difference: wanted file, found file, what it is.
differ() {
	cmp -s "$1" "$2" && return
	{
		echo "$3 differs (- wanted, + found):"
		diff -u "$1" "$2" | sed 1,2d | head -n 40
	} >>"$tmp/why"
}

# What was said between a commit and the end of a process is said again.
once() {
	if [ -n "$WEIR_RESTART" ]; then
		awk '!said[$0]++' "$1"
	else
		cat "$1"
	fi
}

check_stderr() {
	once "$tmp/err" >"$tmp/once" && cp "$tmp/once" "$tmp/err"
	if [ -f "$dir/stderr.txt" ]; then
		once "$dir/stderr.txt" >"$tmp/once"
		differ "$tmp/once" "$tmp/err" "standard error"
	elif [ -f "$dir/stderr.has" ]; then
		while IFS= read -r line; do
			grep -qF -e "$line" "$tmp/err" && continue
			{
				echo "standard error lacks: $line"
				head -n 20 "$tmp/err"
			} >>"$tmp/why"
		done <"$dir/stderr.has"
	elif [ -s "$tmp/err" ]; then
		{
			echo "unexpected on standard error:"
			head -n 20 "$tmp/err"
		} >>"$tmp/why"
	fi
}

check_exit() {
	wanted=0
	[ -f "$dir/exit" ] && wanted=$(cat "$dir/exit")
	[ "$(cat "$tmp/status")" = "$wanted" ] ||
	    echo "exit status $(cat "$tmp/status") instead of $wanted" \
		>>"$tmp/why"
}

check_files() {
	for file in "$dir"/out.*; do
		[ -f "$file" ] && differ "$file" "$tmp/out" "the output"
	done
	for file in "$dir"/side.*; do
		[ -f "$file" ] || continue
		found=${file##*/side.}
		[ -f "$found" ] || : >"$found"
		differ "$file" "$found" "$found"
	done
}

# Writes what was found over what was wanted.
bless_case() {
	wrote=
	for file in "$dir"/out.*; do
		[ -f "$file" ] && cp "$tmp/out" "$file" && wrote=1
	done
	[ -n "$wrote" ] || [ ! -s "$tmp/out" ] || cp "$tmp/out" "$dir/out.txt"
	for file in "$dir"/side.*; do
		[ -f "$file" ] && cp "${file##*/side.}" "$file"
	done
	if [ ! -f "$dir/stderr.has" ]; then
		rm -f "$dir/stderr.txt"
		[ -s "$tmp/err" ] && cp "$tmp/err" "$dir/stderr.txt"
	fi
	rm -f "$dir/exit"
	[ "$(cat "$tmp/status")" = 0 ] || cp "$tmp/status" "$dir/exit"
}

# Runs one view of the case in a fresh copy of its folder.
view() {
	rm -rf "$tmp/work" && cp -R "$dir" "$tmp/work" &&
	    chmod -R u+w "$tmp/work" && cd "$tmp/work" || exit 1
	case $1 in
	cmd) line=$(cat cmd) ;;
	printed)
		shell "weir $(words sql | sed 's/ <[^ ]*$//') --print-spec"
		if [ "$(cat "$tmp/status")" != 0 ]; then
			echo "--print-spec failed:" >>"$tmp/why"
			head -n 20 "$tmp/err" >>"$tmp/why"
			return
		fi
		cp "$tmp/out" printed.yaml
		line="weir $(words printed)" ;;
	*) line="weir $(words "$1")" ;;
	esac
	before=$(cat "$tmp/why")
	shell "$line"
	[ -n "$bless" ] && bless_case
	check_files
	check_stderr
	check_exit
	[ "$before" = "$(cat "$tmp/why")" ] || {
		echo "view: $1; in the folder of the case:"
		echo "$line" | sed 's/^/  /'
	} >>"$tmp/why"
}

explain() {
	shell "weir explain $(words "$1" | sed 's/ <[^ ]*$//')"
	[ -n "$bless" ] && cp "$tmp/out" "$dir/explain.txt"
	differ "$dir/explain.txt" "$tmp/out" "explain"
}

# A query that the parser refuses has no printed form.
has_printed_form() {
	[ -f "$dir/query.sql" ] && [ ! -f "$dir/skip-printed" ] &&
	    { [ ! -f "$dir/exit" ] || [ "$(cat "$dir/exit")" = 3 ]; }
}

run_case() {
	: >"$tmp/why"
	if [ -f "$dir/cmd" ]; then
		view cmd
	else
		for kind in sql spec; do
			case $kind in
			sql) [ -f "$dir/query.sql" ] || continue ;;
			spec) [ -f "$dir/spec.yaml" ] || continue ;;
			esac
			view $kind
			[ "$1" = plain ] && [ -f "$dir/explain.txt" ] &&
			    explain $kind
		done
		[ "$1" = plain ] && [ -z "$bless" ] && has_printed_form &&
		    view printed
	fi
	cd "$top" || exit 1
}

# The reason why a variant is left out, or nothing.
left_out() {
	case $1 in
	plain) ;;
	torture|jobs|simd)
		cat "$dir/skip-$1" "$dir/skip-torture" 2>/dev/null ;;
	restart*)
		cat "$dir/skip-restart" "$dir/skip-torture" 2>/dev/null
		[ ! -f "$dir/cmd" ] || echo 'it is a script' ;;
	*) cat "$dir/skip-torture" 2>/dev/null ;;
	esac | head -n 1
}

[ -n "$names" ] || names=$(cd "$cases" && ls -d */ | tr -d /)
n=0
failed=0
for name in $names; do
	name=${name%/}
	dir=$cases/${name##*/}
	for variant in $variants; do
		n=$((n + 1))
		title="${name##*/}"
		[ "$variant" = plain ] || title="$title [$variant]"
		if [ ! -d "$dir" ]; then
			echo "not ok $n - $title: there is no $dir"
			failed=$((failed + 1))
			continue
		fi
		reason=$(left_out "$variant")
		if [ -n "$reason" ]; then
			echo "ok $n - $title # SKIP $reason"
			continue
		fi
		set_variant "$variant"
		run_case "$variant"
		if [ -s "$tmp/why" ]; then
			failed=$((failed + 1))
			echo "not ok $n - $title"
			sed 's/^/# /' "$tmp/why"
			echo "# again: tests/cases.sh --variants '$variant'" \
			    "${name##*/}"
		else
			echo "ok $n - $title"
		fi
	done
done
echo "1..$n"
[ "$failed" -eq 0 ]
