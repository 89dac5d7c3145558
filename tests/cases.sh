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
TIME_LIMIT=${TIME_LIMIT:-180}

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

# ---- what a case's command calls: the program, with the variant's options

# In as many processes as it takes: each but the last commits, once or (every
# other) again and again, goes on for a bit and ends without a word. Standard
# input is opened anew each time.
restarted() {
	state=$WEIR_RESTART/state
	k=2 n=0
	torture=${WEIR_TORTURE:-rows=2}
	while :; do
		ends=commit=$k,restart=$((k + 1))
		[ $((n % 2)) = 0 ] || ends=commit=1,restart=$((k + 3))
		# shellcheck disable=SC2086
		WEIR_TORTURE=$torture,$ends \
		    timeout -k 5 "$TIME_LIMIT" "$WEIR" $WEIR_ARGS -s "$state" \
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
		timeout -k 5 "$TIME_LIMIT" "$WEIR" "$@" ;;
	*)
		if [ -n "$WEIR_RESTART" ] && [ -f /dev/stdout ] &&
		    { [ -f /dev/stdin ] || [ -c /dev/stdin ]; }; then
			restarted "$@"
			return
		fi
		# shellcheck disable=SC2086
		timeout -k 5 "$TIME_LIMIT" "$WEIR" $WEIR_ARGS "$@" ;;
	esac
}

# ---- running it

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

# Runs shell text: $tmp/out, $tmp/err and $status. (No process is started here
# that is not needed: there are thousands of runs.)
shell() {
	(eval "$1") >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# ---- what is wrong

# Adds what is said on standard input to what is wrong.
complain() {
	cat >>"$tmp/why"
	wrong=1
}

# Complains about a difference: wanted file, found file, what it is.
differ() {
	cmp -s "$1" "$2" && return
	complain <<END
$3 differs (- wanted, + found):
$(diff -u "$1" "$2" | sed 1,2d | head -n 40)
END
}

# What was said between a commit and the end of a process is said again.
once() {
	awk '!said[$0]++' "$1" >"$2"
}

check_stderr() {
	if [ -n "$WEIR_RESTART" ] && [ -s "$tmp/err" ]; then
		once "$tmp/err" "$tmp/once" && mv "$tmp/once" "$tmp/err"
	fi
	if [ -f "$dir/stderr.txt" ] && [ -n "$WEIR_RESTART" ]; then
		once "$dir/stderr.txt" "$tmp/once"
		differ "$tmp/once" "$tmp/err" "standard error"
	elif [ -f "$dir/stderr.txt" ]; then
		differ "$dir/stderr.txt" "$tmp/err" "standard error"
	elif [ -f "$dir/stderr.has" ]; then
		while IFS= read -r line; do
			grep -qF -e "$line" "$tmp/err" || complain <<END
standard error lacks: $line
$(head -n 20 "$tmp/err")
END
		done <"$dir/stderr.has"
	elif [ -s "$tmp/err" ]; then
		complain <<END
unexpected on standard error:
$(head -n 20 "$tmp/err")
END
	fi
}

check_exit() {
	wanted=0
	[ ! -f "$dir/exit" ] || read -r wanted <"$dir/exit"
	[ "$status" = "$wanted" ] || complain <<END
exit status $status instead of $wanted
END
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
	[ "$status" = 0 ] || echo "$status" >"$dir/exit"
}

# May the case leave something behind in its folder?
leaves() {
	[ ! -f "$dir/cmd" ] && [ ! -f "$dir/args" ] || return 0
	for file in "$dir"/side.*; do
		[ -f "$file" ]
		return
	done
}

# Goes to a copy of the case's folder: a fresh one if it has to be.
enter() {
	if [ "$copied" != "$dir" ] || leaves; then
		rm -rf "$tmp/work" && cp -R "$dir" "$tmp/work" &&
		    chmod -R u+w "$tmp/work" || exit 1
		copied=$dir
	fi
	cd "$tmp/work" || exit 1
}

# Runs one view of the case.
view() {
	enter
	wrong=
	case $1 in
	cmd) line=$(cat cmd) ;;
	printed)
		shell "weir $(words sql | sed 's/ <[^ ]*$//') --print-spec"
		if [ "$status" != 0 ]; then
			complain <<END
--print-spec failed:
$(head -n 20 "$tmp/err")
END
			return
		fi
		cp "$tmp/out" printed.yaml
		line="weir $(words printed)" ;;
	*) line="weir $(words "$1")" ;;
	esac
	shell "$line"
	[ -n "$bless" ] && bless_case
	check_files
	check_stderr
	check_exit
	[ -z "$wrong" ] || complain <<END
view: $1; in the folder of the case:
$(printf '%s\n' "$line" | sed 's/^/  /')
END
}

explain() {
	shell "weir explain $(words "$1" | sed 's/ <[^ ]*$//')"
	[ -n "$bless" ] && cp "$tmp/out" "$dir/explain.txt"
	differ "$dir/explain.txt" "$tmp/out" "explain"
}

# A query that the parser refuses has no printed form.
has_printed_form() {
	[ -f "$dir/query.sql" ] && [ ! -f "$dir/skip-printed" ] || return
	wanted=3
	[ ! -f "$dir/exit" ] || read -r wanted <"$dir/exit"
	[ "$wanted" = 3 ]
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

# Is the variant left out? Then $reason says why.
left_out() {
	reason=
	case $1 in
	plain) files= ;;
	torture|jobs|simd) files="skip-$1 skip-torture" ;;
	*restart*) files='skip-restart skip-torture' ;;
	*) files=skip-torture ;;
	esac
	for file in $files; do
		[ ! -f "$dir/$file" ] || read -r reason <"$dir/$file"
		[ -z "$reason" ] || return 0
	done
	case $1 in
	*restart*) [ ! -f "$dir/cmd" ] || reason='it is a script' ;;
	esac
	[ -n "$reason" ]
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
		if left_out "$variant"; then
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
