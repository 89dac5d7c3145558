# SPDX-License-Identifier: MIT
# weir check: mistakes, and what is hardly meant.

load lib

# warns SPEC WANT...: a line "LINE:COLUMN KIND" for each warning, in order.
warns() {
	local spec=$1 status=0
	shift
	printf '%s\n' "$spec" >s.yaml
	weir check s.yaml >stdout 2>errors || status=$?
	[ $status -eq 0 ] && [ ! -s stdout ] || {
		cat errors
		return 1
	}
	sed -n 's/^s.yaml:\([0-9:]*\): warning: .* \[\(.*\)\]$/\1 \2/p' \
	    errors >found
	diff <([ $# -eq 0 ] || printf '%s\n' "$@") found
}

@test "check: nothing is said of a sound spec" {
	cat >s.yaml <<'EOF'
weir: 1
input: {format: nginx}
time: {lateness: 1m}
params: {least: 500}
steps:
  - where: status >= $least
  - set: {hour: floor(time to hour)}
  - window: tumble(5m)
    by: [path]
    select: {n: count(*), last: max(hour)}
EOF
	gives 0 weir check s.yaml
	is "$out" ''
	is "$errors" 'weir: 1 file checked'
}

@test "check: a warning is a compiler's message with line and caret" {
	printf 'weir: 1\nparams: {a: 1}\nsteps: []\n' >s.yaml
	gives 0 weir check s.yaml
	is "$errors" \
	    's.yaml:2:13: warning: nothing uses the parameter a [unused-param]
params: {a: 1}
            ^
weir: 1 file checked, 1 with a warning'
	gives 0 weir check -q s.yaml
	is "$errors" ''
	gives 1 weir check --strict s.yaml
	has "$errors" 's.yaml:2:13: error: nothing uses the parameter a'
	has "$errors" 'weir: 1 file checked, 1 with a warning'
	gives 1 weir check -q --strict s.yaml
}

@test "check: conditions that are always or never true" {
	warns 'weir: 1
steps:
  - where: 1 = 1
  - where: a > 3 and 2 > 3
  - where: a > 5 and b = 1 and a < 5
  - where: a >= 5 and 5 >= a and a = 5
  - where: a = NULL
  - where: a <> a
  - where: a = 1 and a = 2
  - where: n = '\''x'\'' and n = '\''y'\''
  - where: a = 1 or a = 2
  - where: a is not null and a > 1 and a < 2' \
	    '3:12 always-true' '4:22 always-false' '5:32 always-false' \
	    '7:12 always-false' '8:12 always-false' '9:22 always-false' \
	    '10:24 always-false'
	has "$(<errors)" 'hint: IS NULL'
}

@test "check: steps without effect" {
	warns 'weir: 1
input: {file: a.json}
steps:
  - set: {a: a, b: c}
  - select: "*"
  - sort: a
  - sort: b' '4:11 no-effect' '5:5 no-effect' '6:5 no-effect'
}

@test "check: columns that nobody reads" {
	warns 'weir: 1
input: {file: a.json}
steps:
  - set: {a: x + 1, b: a * 2, c: b * 2, d: 1}
  - where: c > 1
  - group: [k]
    select: {n: count(*), m: max(y), o: sum(y)}
    having: m > 3
  - rename: {o: p}
  - select: [n, p]' '4:41 unused-column'
	warns 'weir: 1
input: {file: a.json}
steps:
  - set: {a: x + 1, b: x + 2}
  - tee: all
  - select: [a]
flows:
  other: {from: all, steps: [{select: [b]}]}
outputs:
  one: {}
  two: {from: other, file: two.json}'
}

@test "check: inputs and parameters that nobody uses" {
	warns 'weir: 1
inputs:
  a: {file: a.json}
  b: {file: b.json}
from: a
params: {x: 1, y: 2}
steps:
  - where: v > $x' '4:3 unused-input' '6:19 unused-param'
}

@test "check: state without bound, of an input that may not end" {
	warns 'weir: 1
steps:
  - group: [k]
    select: {n: count(*)}
  - sort: n' '3:5 unbounded-state' '5:5 unbounded-state'
	has "$(<errors)" 'hint: window: tumble(5m)'
	warns 'weir: 1
input: {file: a.json}
steps:
  - group: [k]
    select: {n: count(*)}
  - sort: n'
}

@test "check: windows without a lateness, times that are guessed" {
	warns 'weir: 1
input: {format: json}
steps:
  - window: tumble(5m)
    select: {n: count(*)}' '2:1 guessed-time' '4:5 no-lateness'
	warns 'weir: 1
input: {format: json, file: a.json}
time: {field: t}
steps:
  - window: tumble(5m)
    select: {n: count(*)}'
}

@test "check: queries, too" {
	gives 0 weir check 'SELECT a FROM '\''x.json'\'' WHERE 1 = 2'
	has "$errors" 'query:1:30: warning: this is true of no row [always'
	gives 2 weir check 'SELECT a FORM x WHERE'
	has "$errors" 'query:1:'
	has "$errors" ': error: '
}

@test "check: tests are looked at, not run" {
	printf 'weir: 1\ntests: [{name: a, input: {b: x}, expect: []}]\n' \
	    >s.yaml
	gives 2 weir check s.yaml
	has "$errors" 's.yaml:2:27: error: the input has no name'
	printf 'weir: 1\ntests: [{name: a, expect: [{never: 1}]}]\n' >s.yaml
	gives 0 weir check s.yaml
}

@test "check: every kind of warning is in the manual" {
	for kind in $(sed -n 's/^ *\[CHECK_.*{"\([a-z-]*\)",$/\1/p' \
	    "$WEIR_SRC/src/plan/check.c"); do
		gives 0 weir help "$kind"
		has "$out" "$kind"
	done
	[ "$(weir help warnings | grep -c .)" -gt 9 ]
}

@test "check: explain shows the plan, or it as a spec or as SQL" {
	query='SELECT k, count(*) AS n GROUP BY k, tumble(1m)'
	gives 0 weir explain --yaml "$query" </dev/null
	weir --print-spec "$query" | cmp - stdout
	gives 0 weir explain --sql "$query" </dev/null
	has "$out" 'SELECT'
	[[ $out != *'weir: 1'* ]]
	gives 0 weir explain -v "$query" </dev/null
	has "$out" 'weir: 1'
	has "$out" 'rows out'
}

# mistake INPUT OUTPUT TEXT: of these formats this is said.
mistake() {
	local status=0
	{
		printf 'weir: 1\ninput: {format: "%s"}\n' "$1"
		printf 'steps: [{select: [a]}]\noutput: {format: "%s"}\n' "$2"
	} >s.yaml
	weir check s.yaml >stdout 2>errors || status=$?
	[ $status -eq 2 ] && grep -F "$3" errors
}

@test "check: settings of formats are read as a run reads them" {
	mistake 'regex:(?<a>[' json \
	    's.yaml:2:30: error: in the pattern: missing terminating ]'
	mistake 'grok:%{NOSUCH:a}' json \
	    's.yaml:2:25: error: there is no pattern "NOSUCH"'
	mistake csv:nope=1 json 'the format csv has no setting "nope"'
	mistake regex json 'the format regex needs a pattern'
	mistake json 'template:${a} {a' 's.yaml:4:18: error: in the template'
	for one in csv tsv json msgpack syslog nginx w3c zeek kv logfmt lines
	do
		printf 'weir: 1\ninput: {format: %s}\n' $one >s.yaml
		gives 0 weir check s.yaml
	done
}
