# SPDX-License-Identifier: MIT
# What the tests of the program share: where it is, and a few questions.
# bats runs each test in a shell of its own, in an empty directory here.

WEIR_SRC=${WEIR_SRC:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)}
WEIR=${WEIR:-$WEIR_SRC/build/weir}
[ -x "$WEIR" ] || WEIR=$PWD/weir

setup() {
	unset NO_COLOR CLICOLOR_FORCE WEIR_CONFIG XDG_CONFIG_HOME TERM COLUMNS
	export LC_ALL=C HOME=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return 1
	[ -x "$WEIR" ] || {
		echo "there is no program at $WEIR"
		return 1
	}
}

# What a test that failed has left running would keep bats waiting for it.
teardown() {
	local left
	left=$(jobs -p)
	[ -z "$left" ] || kill -KILL $left 2>/dev/null || true
}

# The program, under the name that users type.
weir() {
	"$WEIR" "$@"
}

# gives STATUS COMMAND...: runs it, output in $out, messages in $errors.
gives() {
	local want=$1 status=0
	shift
	"$@" >stdout 2>stderr || status=$?
	out=$(<stdout)
	errors=$(<stderr)
	[ "$status" -eq "$want" ] || {
		echo "status $status instead of $want: $*"
		echo "stdout: $out"
		echo "stderr: $errors"
		return 1
	}
}

# needs_strace: skips the test where programs cannot be traced.
needs_strace() {
	strace -f -qq -o /dev/null true 2>/dev/null || skip "no strace"
	# Leaks are not looked for in a process that is traced.
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

# has TEXT PART: shows the text if the part is not in it.
has() {
	[[ "$1" == *"$2"* ]] || {
		echo "not found: $2"
		echo "in: $1"
		return 1
	}
}

# is TEXT WANT
is() {
	[ "$1" = "$2" ] || {
		echo "got:  $1"
		echo "want: $2"
		return 1
	}
}

# waits COMMAND...: until it is true. That it never is, is found out in the end;
# nothing is said of how long it may take.
waits() {
	local end=$((SECONDS + 60))
	until "$@"; do
		((SECONDS < end)) || {
			echo "it never came: $*"
			return 1
		}
		sleep 0.02
	done
}

# is_at_rest PID: weir has done what there is to do, and waits for input: each
# of its threads sleeps.
is_at_rest() {
	local task stat
	for task in "/proc/$1/task"/*/stat; do
		read -r stat 2>/dev/null <"$task" || return 1
		[[ $stat == *'(weir'*') S '* ]] || return 1
	done
}

# rests PID: waits until it is at rest; at once where that cannot be seen.
rests() {
	[ ! -e /proc/self/task ] || waits is_at_rest "$1"
}

# on_terminal COMMAND: runs a shell command on a terminal of its own (script,
# of util-linux); what the terminal shows is in $out.
on_terminal() {
	out=$(TERM=${TERM-xterm} script -qec "$1" /dev/null </dev/null |
	    tr -d '\r')
}

# Skips the test where there are no pseudo-terminals.
needs_terminal() {
	script -qec true /dev/null </dev/null >/dev/null 2>&1 ||
	    skip "no terminals here"
}

sample() {
	echo "$WEIR_SRC/examples/$1"
}
