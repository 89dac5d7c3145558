#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is written in a format reads back as it was: texts that break naive
# writers, and values of every type where the format has types.

load lib.bash

texts() {
	cat <<'END'
{"n":1,"t":"plain"}
{"n":2,"t":" blanks around "}
{"n":3,"t":"comma, \"quotes\" and 'single'"}
{"n":4,"t":"line\nfeed, carriage\r\nreturn, tab\tand \\backslash\\n"}
{"n":5,"t":"nul \u0000 inside, escape \u001b[2J, bell \u0007, del \u007f"}
{"n":6,"t":"ümläut, 日本語, 👩‍👩‍👧‍👦, Ω, عربى, \u202etfel"}
{"n":7,"t":"=cmd|' /C calc'!A0"}
{"n":8,"t":"key=value other=\"x\" a:b"}
{"n":9,"t":"#not a comment"}
{"n":10,"t":"{\"json\":[1,2]}"}
{"n":11,"t":"\ufeffbom first"}
{"n":12,"t":"ends with backslash\\"}
{"n":13,"t":"\""}
{"n":14,"t":"\\N"}
{"n":15,"t":"a;b|c~d%20"}
END
}

# Types with every edge that JSON can say.
values() {
	cat <<'END'
{"n":1,"v":null}
{"n":2,"v":true}
{"n":3,"v":-9223372036854775808}
{"n":4,"v":9223372036854775807}
{"n":5,"v":12345678901234567890123456789012345678}
{"n":6,"v":0.1}
{"n":7,"v":1e+300}
{"n":8,"v":"007"}
{"n":9,"v":""}
{"n":10,"v":[1,"two",null,[3.5]]}
{"n":11,"v":{"a":{"b":[true]},"c":""}}
{"n":12,"v":"null"}
END
}

# twice FORMAT QUERY: to the format, back to JSON, to the format again.
twice() {
	weir -t "$1" "$2" <in.jsonl >first
	weir -i "$1" -t json "$2" <first >back.jsonl
	weir -i json -t "$1" "$2" <back.jsonl >second
	cmp first second
}

@test "roundtrip: texts come back from every format that is written" {
	local f
	texts >in.jsonl
	weir "SELECT n, concat(t, '') t" <in.jsonl >want
	for f in json msgpack csv tsv logfmt ltsv; do
		twice "$f" "SELECT n, concat(t, '') t"
		diff want back.jsonl || { echo "in $f"; return 1; }
	done
}

@test "roundtrip: values keep their types where the format has them" {
	local f
	values >in.jsonl
	for f in json msgpack; do
		twice "$f" 'SELECT n, v'
		diff in.jsonl back.jsonl || { echo "in $f"; return 1; }
	done
}

@test "roundtrip: a cell that is empty text is not one that is NULL (csv)" {
	printf '%s\n' '{"a":"","b":null,"c":1}' >in.jsonl
	twice csv 'SELECT a, b, c'
	diff in.jsonl back.jsonl
}
