# SPDX-License-Identifier: MIT
# weir test: the tests that a spec brings along.

load lib

# spec: a pipeline without its tests.
spec() {
	cat <<'EOF'
weir: 1
input: {format: json}
time: {field: ts, lateness: 1m}
params: {least: 500}
steps:
  - where: status >= $least
  - window: tumble(5m)
    by: [path]
    select: {hits: count(*), mean: avg(rt)}
output: {format: csv, file: never-written.csv}
tests:
EOF
}

# with TEST: s.yaml, with one test.
with() {
	{ spec && echo "$1"; } >s.yaml
}

@test "test: rows are compared by value" {
	{ spec && cat <<'EOF'; } >s.yaml
  - name: numbers, times
    input: |
      {"ts":"2026-03-28T22:00:01Z","path":"/a","status":500,"rt":0.5}
      {"ts":"2026-03-28T22:00:02Z","path":"/a","status":502,"rt":1.5}
      {"ts":"2026-03-28T22:00:02Z","path":"/a","status":200,"rt":9}
    expect:
      - {path: /a, hits: 2.0, mean: 1,
         window_start: 2026-03-28T22:00:00Z,
         window_end: 2026-03-28T23:05:00.000+01:00}
EOF
	gives 0 weir test s.yaml
	is "$out" '1..1
ok 1 - numbers, times'
	is "$errors" ''
	[ ! -e never-written.csv ]
}

@test "test: what differs is shown field by field, at its place" {
	cat >s.yaml <<'EOF'
weir: 1
input: {format: json}
steps:
  - select: [a, b]
tests:
  - name: wrong
    input: |
      {"a":1,"b":"1"}
      {"a":2,"b":null}
      {"a":3,"b":true}
      {"a":4,"b":[1,{"c":2}]}
    expect:
      - {a: 1, b: 1}
      - {a: 3, b: true}
      - {a: 4, b: [1, {c: 3}], c: 5}
      - {a: 5}
EOF
	gives 1 weir test s.yaml
	is "$out" '1..1
not ok 1 - wrong
# s.yaml:6:11: the test
# s.yaml:13:9: row 1 differs
#   b: expected 1, got "1"
# row 2 was not expected
#   {"a":2,"b":null}
# s.yaml:15:9: row 3 differs
#   b: expected [1,{"c":3}], got [1,{"c":2}]
#   c: expected 5, got no such field
# s.yaml:16:9: row 4 is missing
#   {"a":5}'
	is "$errors" 'weir: 1 of 1 test failed'
}

@test "test: order counts, unless it is said not to" {
	cat >s.yaml <<'EOF'
weir: 1
input: {format: json}
steps: [{select: [a]}]
tests:
  - name: in order
    input: [{a: 1}, {a: 2}, {a: 2}]
    expect: [{a: 2}, {a: 1}, {a: 2}]
  - name: in any
    unordered: true
    input: [{a: 1}, {a: 2}, {a: 2}]
    expect: [{a: 2}, {a: 1}, {a: 2}]
  - name: as many
    unordered: true
    input: [{a: 1}, {a: 2}, {a: 1}]
    expect: [{a: 2}, {a: 1}, {a: 2}]
EOF
	gives 1 weir test s.yaml
	has "$out" 'not ok 1 - in order'
	has "$out" $'\nok 2 - in any'
	has "$out" 'not ok 3 - as many'
	has "$out" '#   a: expected 2, got 1'
	is "$errors" 'weir: 2 of 3 tests failed'
}

@test "test: a watermark moves time on, between any two records" {
	cat >s.yaml <<'EOF'
weir: 1
input: {format: json}
time: {field: t, late: drop}
steps:
  - window: tumble(1m)
    select: {n: count(*)}
tests:
  - name: one closes a window and leaves the next open
    late: 1
    input:
      - {t: 2026-01-01T00:00:01Z}
      - {watermark: 2026-01-01T00:00:59.999999Z}
      - {t: 2026-01-01T00:00:02Z}
      - {t: 2026-01-01T00:01:02Z}
      - {watermark: 2026-01-01T00:01:00Z}
      - {t: 2026-01-01T00:00:03Z}
      - {t: 2026-01-01T00:01:03Z}
    expect:
      - {window_start: 2026-01-01T00:00:00Z,
         window_end: 2026-01-01T00:01:00Z, n: 2}
      - {window_start: 2026-01-01T00:01:00Z,
         window_end: 2026-01-01T00:02:00Z, n: 2}
  - name: without one nothing is late
    late: 0
    input:
      - {t: 2026-01-01T00:01:02Z}
      - {t: 2026-01-01T00:00:03Z}
    expect:
      - {window_start: 2026-01-01T00:00:00Z,
         window_end: 2026-01-01T00:01:00Z, n: 1}
      - {window_start: 2026-01-01T00:01:00Z,
         window_end: 2026-01-01T00:02:00Z, n: 1}
EOF
	gives 0 weir test s.yaml
	for torture in rows=1 reads=1 rows=2,reads=7; do
		WEIR_TORTURE=$torture gives 0 weir test s.yaml
	done
	sed -i 's/late: 1/late: 2/' s.yaml
	gives 1 weir test s.yaml
	has "$out" '# late: expected 2, got 1'
}

@test "test: the slowest of several inputs holds the watermark" {
	cat >s.yaml <<'EOF'
weir: 1
inputs:
  a: {format: json}
  b: {format: json}
time: {field: t}
flows:
  both: {steps: [{union: [a, b]}]}
from: both
steps:
  - window: tumble(1m)
    select: {n: count(*)}
tests:
  - name: b is behind
    late: 0
    input:
      a: [{t: 2026-01-01T00:00:01Z}, {watermark: 2026-01-01T00:05:00Z}]
      b: [{t: 2026-01-01T00:02:01Z}, {t: 2026-01-01T00:00:02Z}]
    expect:
      - {window_start: 2026-01-01T00:00:00Z,
         window_end: 2026-01-01T00:01:00Z, n: 2}
      - {window_start: 2026-01-01T00:02:00Z,
         window_end: 2026-01-01T00:03:00Z, n: 1}
  - name: both have moved on
    late: 1
    input:
      a: [{t: 2026-01-01T00:00:01Z}, {watermark: 2026-01-01T00:05:00Z}]
      b:
        - {t: 2026-01-01T00:02:01Z}
        - {watermark: 2026-01-01T00:01:00Z}
        - {t: 2026-01-01T00:00:02Z}
    expect:
      - {window_start: 2026-01-01T00:00:00Z,
         window_end: 2026-01-01T00:01:00Z, n: 1}
      - {window_start: 2026-01-01T00:02:00Z,
         window_end: 2026-01-01T00:03:00Z, n: 1}
EOF
	gives 0 weir test s.yaml
	sed -i 's/      a: \[/      aa: [/' s.yaml
	gives 2 weir test s.yaml
	has "$errors" 's.yaml:16:7: error: no input "aa" is read'
	has "$errors" 'one of: a, b'
}

@test "test: bad records fail a test that does not count them" {
	cat >s.yaml <<'EOF'
weir: 1
input: {format: json}
steps: [{select: {a: 10 / a}}]
tests:
  - name: bad
    input: ['{"a":2}', '{"a":', '{"a":0}', '{"a":5}']
    expect: [{a: 5}, {a: 2}]
EOF
	gives 1 weir test s.yaml
	has "$out" '# bad: expected 0, got 2'
	has "$out" '#   line 2 of the input: '
	sed -i 's/name: bad/bad: 2/' s.yaml
	gives 0 weir test s.yaml
	is "$out" $'1..1\nok 1 - test 1'
	is "$errors" ''
}

@test "test: parameters, the clock, several outputs" {
	cat >s.yaml <<'EOF'
weir: 1
input: {format: csv}
params: {least: {type: bigint}, who: anna}
steps:
  - split: {low: n < $least, else: high}
outputs:
  low: {from: low, format: csv, file: low.csv}
  high: {from: high2, file: high.json}
flows:
  high2: {from: high, steps: [{set: {at: now(), who: $who}}]}
tests:
  - name: both
    params: {least: 3}
    now: 2026-01-01T00:00:00Z
    input: "n\n1\n5\n"
    expect:
      high: [{n: 5, at: 2026-01-01T00:00:00Z, who: anna}]
      low: [{n: 1}]
  - name: the clock stands still
    params: {least: "1", who: "007"}
    input: "n\n1\n"
    expect:
      high: [{n: 1, at: 1970-01-01T00:00:00Z, who: "007"}]
EOF
	gives 0 weir test s.yaml
	[ ! -e low.csv ] && [ ! -e high.json ]
	sed -i 's/      low: \[/      lov: [/' s.yaml
	gives 2 weir test s.yaml
	has "$errors" 's.yaml:18:7: error: there is no output "lov"'
	has "$errors" 'did you mean "low"?'
}

@test "test: tests are chosen by a part of their names" {
	{ spec && cat <<'EOF'; } >s.yaml
  - {name: none come in, expect: []}
  - {name: none go out, input: '{"status":1,"ts":5}', expect: []}
  - {name: another, expect: [{a: 1}]}
EOF
	gives 0 weir test s.yaml none
	is "$out" $'1..2\nok 1 - none come in\nok 2 - none go out'
	gives 1 weir test s.yaml out other
	has "$out" 'not ok 2 - another'
	gives 2 weir test s.yaml nothing
	is "$errors" 'weir: no test has "nothing" in its name'
	gives 0 weir test -v s.yaml out
	has "$out" '# in 1 = used 0 + filtered 1 + late 0 + bad 0; out 0'
	gives 1 weir test -q s.yaml
	has "$out" 'not ok 3 - another'
	[[ $out != *$'\nok'* && $out != ok* ]]
}

@test "test: several specs are one report" {
	{ spec && echo '  - {name: one, expect: []}'; } >a.yaml
	{ spec && echo '  - {name: two, expect: []}'; } >b.yaml
	gives 0 weir test a.yaml b.yaml
	is "$out" $'1..2\nok 1 - a.yaml: one\nok 2 - b.yaml: two'
	spec | sed '$d' >c.yaml
	gives 0 weir test c.yaml
	is "$out" '1..0'
}

@test "test: mistakes are found before a test runs, status 2" {
	gives 2 weir test
	has "$errors" 'which spec'
	gives 2 weir test nosuch.yaml
	with '  - {name: a, input: [{watermark: x}], expect: []}'
	gives 2 weir test s.yaml
	has "$errors" 's.yaml:12:35: error: this is no time'
	is "$out" ''
	with '  - {name: one, params: {leest: 1}, expect: []}'
	gives 2 weir test s.yaml
	has "$errors" 'did you mean "least"?'
	with '  - {name: one}'
	gives 2 weir test s.yaml
	has "$errors" 'does not say what it expects'
	with '  - {name: one, expect: [], bad: many}'
	gives 2 weir test s.yaml
	has "$errors" 'a number of records is expected'
	with '  - {name: one, expect: [], unordered: no}'
	gives 2 weir test s.yaml
	has "$errors" 'true or false is expected'
	with '  - {name: one, expect: [], expects: []}'
	gives 2 weir test s.yaml
	has "$errors" 'did you mean "expect"?'
}

@test "test: crash: everywhere gives what a run without crashes gives" {
	cat >s.yaml <<'END'
weir: 1
input: {format: json}
time: {field: ts, lateness: 0s}
steps:
  - window: tumble(1m)
    by: [k]
    select: {s: sum(v)}
  - select: [k, s]
tests:
  - name: one
    input:
      - {ts: 2026-01-01T00:00:01Z, k: a, v: 1}
      - {ts: 2026-01-01T00:00:02Z, k: b, v: 2}
      - nonsense
      - {ts: 2026-01-01T00:01:02Z, k: b, v: 3}
      - {ts: 2026-01-01T00:00:59Z, k: b, v: 3}
      - {watermark: 2026-01-01T00:03:00Z}
      - {ts: 2026-01-01T00:03:02Z, k: b, v: 4}
    expect:
      - {k: a, s: 1}
      - {k: b, s: 2}
      - {k: b, s: 3}
      - {k: b, s: 4}
    late: 1
    bad: 1
    crash: everywhere
END
	mkdir tmp
	export TMPDIR=$PWD/tmp
	gives 0 weir test s.yaml
	is "$out" $'1..1\nok 1 - one'
	sed 's/s: 4}/s: 5}/' s.yaml >wrong.yaml
	gives 1 weir test wrong.yaml
	has "$out" 's: expected 5, got 4'
	is "$(ls tmp)" ''
}
