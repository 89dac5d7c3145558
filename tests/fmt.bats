# SPDX-License-Identifier: MIT
# weir fmt: one form for a spec, in which it says the same and keeps every
# comment.

load lib

# mixed: a spec in anything but canonical form.
mixed() {
	cat <<'EOF'
#!/usr/bin/env -S weir -f
# yaml-language-server: $schema=x.json
# Copyright someone

# What is written.
output:   # trailing out
    # before format
    format: csv   # the format
    # end of output
input:
  # only
  files:
  - a.csv
  - "b c.csv"   # second
  types: {zip: text,
          age: bigint}   # types
time:
  lateness: 30s
  field: ts


params:
  x:
    default: 5
    type: bigint
weir: 1    # version
steps:
   # first
   - where: a > $x and
       b < 4 # cond

   # second, with a block
   - select:
       # inner
       a: a
       b: >
         a +
           b
     name: sel   # named
   -   # dash
     # own
     limit: 10
   # - where: commented out
# - another commented step
tests:
- expect:
   - a: 1
     b: "x"
   - {a: 2, b: 3}
  input: |2   # header comment
      indented
    a
  name: t
# the end
EOF
}

@test "fmt: keys in order, two blanks, comments with their entries" {
	mixed >s.yaml
	gives 0 weir fmt s.yaml
	is "$out" "$(cat <<'EOF'
#!/usr/bin/env -S weir -f
# yaml-language-server: $schema=x.json
# Copyright someone

weir: 1 # version
input:
  # only
  files:
    - a.csv
    - "b c.csv" # second
  types: {zip: text,
          age: bigint} # types
time: {field: ts, lateness: 30s}

params:
  x: {type: bigint, default: 5}
steps:
  # first
  - where: a > $x and
      b < 4 # cond

  # second, with a block
  - name: sel # named
    select:
      # inner
      a: a
      b: >
        a +
          b
  # dash
  # own
  - limit: 10
  # - where: commented out

# What is written.
output: # trailing out
  # before format
  format: csv # the format
  # end of output
# - another commented step
tests:
  - name: t
    input: |2   # header comment
        indented
      a
    expect:
      - {a: 1, b: "x"}
      - {a: 2, b: 3}
# the end
EOF
)"
	is "$errors" ''
	gives 0 weir fmt <s.yaml
	cp stdout once.yaml
	gives 0 weir fmt once.yaml
	cmp stdout once.yaml
}

@test "fmt: -w writes files, --check names them" {
	mixed >s.yaml
	cp s.yaml was.yaml
	chmod 640 s.yaml
	gives 0 weir fmt s.yaml
	cp stdout want.yaml
	gives 1 weir fmt --check s.yaml want.yaml
	is "$out" s.yaml
	is "$errors" 'weir: 1 of 2 specs are not in canonical form'
	cmp s.yaml was.yaml
	gives 0 weir fmt -w s.yaml want.yaml
	is "$out$errors" ''
	cmp s.yaml want.yaml
	is "$(stat -c %a s.yaml)" 640
	gives 0 weir fmt --check s.yaml want.yaml
	is "$out$errors" ''
	gives 2 weir fmt -w
	gives 2 weir fmt -w --check s.yaml
	gives 2 weir fmt s.yaml want.yaml
	has "$errors" '-w brings each file into form'
}

@test "fmt: a spec with a mistake stays as it is" {
	printf 'weir: 1\nstepz: []\n' >s.yaml
	gives 2 weir fmt -w s.yaml
	has "$errors" 'did you mean "steps"?'
	is "$(<s.yaml)" $'weir: 1\nstepz: []'
}

@test "fmt: anchors, folded texts, CRLF and names with odd letters" {
	sed 's/$/\r/' >s.yaml <<'EOF'
weir: 1
steps:
- where: "a > 1 and
   b > 2"  # é
- set: {ä: &x lower(c), b: *x}
EOF
	gives 0 weir fmt s.yaml
	is "$out" 'weir: 1
steps:
  - where: "a > 1 and
      b > 2" # é
  - set: {ä: &x lower(c), b: *x}'
}

@test "fmt: every spec keeps its plan and comments, and is left alone then" {
	n=0
	for f in "$WEIR_SRC"/tests/cases/*/spec.yaml "$WEIR_SRC"/examples/*.yaml
	do
		weir -f "$f" --print-spec >plan.was 2>/dev/null || continue
		n=$((n + 1))
		weir fmt "$f" >once.yaml || return 1
		weir fmt once.yaml | cmp - once.yaml || return 1
		weir -f once.yaml --print-spec | diff plan.was - || return 1
		diff <(grep -o '#.*' "$f" | sort) \
		    <(grep -o '#.*' once.yaml | sort) || return 1
	done
	[ $n -gt 20 ]
}

@test "fmt: the spec of a query is in canonical form" {
	n=0
	for f in "$WEIR_SRC"/tests/cases/*/query.sql; do
		weir --print-spec "$(<"$f")" >spec.yaml 2>/dev/null || continue
		n=$((n + 1))
		weir fmt --check spec.yaml || {
			weir fmt spec.yaml | diff spec.yaml -
			return 1
		}
	done
	[ $n -gt 50 ]
}

@test "fmt: lines of blocks stay, empty ones behind them do not pile up" {
	printf '%s\n' 'weir: 1' 'tests:' ' - input: |+  # kept' '    a' '' \
	    '    # no comment' '' '' '   expect: []' ' - input: |' '    b' '' \
	    '' '   expect: []' >s.yaml
	gives 0 weir fmt s.yaml
	is "$out" 'weir: 1
tests:
  - input: |+  # kept
      a

      # no comment


    expect: []
  - input: |
      b

    expect: []'
	weir fmt <stdout | cmp - stdout
	# Without a last line feed the text has none, either.
	printf 'weir: 1\nsteps:\n  - where: |\n      a > 1' >s.yaml
	gives 0 weir fmt s.yaml
	is "$out" 'weir: 1
steps:
  - where: |-
      a > 1'
}
