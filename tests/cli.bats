# SPDX-License-Identifier: MIT
# The program among other programs: exit statuses, what goes where, signals,
# operands, colours. Each test is a line of the contract.

load lib

# A file of n JSON records.
records() {
	seq "$1" | sed 's/.*/{"i":&,"ts":&}/'
}

# ---- exit statuses ----

@test "cli: status 0 when all went well" {
	gives 0 weir 'SELECT i WHERE i > 1' <<<'{"i":1}
{"i":2}'
	is "$out" '{"i":2}'
	is "$errors" ''
}

@test "cli: empty input is no error" {
	gives 0 weir 'SELECT i' </dev/null
	is "$out$errors" ''
}

@test "cli: status 1 for an input that cannot be read" {
	gives 1 weir 'SELECT i' nosuch.jsonl
	has "$errors" 'weir: cannot read nosuch.jsonl: No such file'
	mkdir folder
	gives 1 weir 'SELECT i' folder
	has "$errors" 'there are no files in folder'
}

@test "cli: a missing file is found before anything is written" {
	records 5 >a.jsonl
	gives 1 weir 'SELECT i' a.jsonl nosuch.jsonl
	is "$out" ''
}

@test "cli: status 2 for a mistake in the query, shown at its place" {
	gives 2 weir 'SELECT i FORM x WHERE' a.jsonl
	has "$errors" 'weir: query:1:'
	has "$errors" 'SELECT i FORM x WHERE'
	has "$errors" '^'
	is "$out" ''
}

@test "cli: status 3 when records could not be read" {
	gives 3 weir 'SELECT i' <<<'{"i":1}
{"i":
{"i":3}'
	is "$out" '{"i":1}
{"i":3}'
	has "$errors" 'bad'
}

@test "cli: --max-bad says how many bad records are too many" {
	printf '{"i":1}\n{\n{\n' >bad.jsonl
	gives 0 weir --max-bad 2 'SELECT i' bad.jsonl
	gives 3 weir --max-bad 1 'SELECT i' bad.jsonl
	gives 0 weir --max-bad any 'SELECT i' bad.jsonl
	gives 2 weir --max-bad some 'SELECT i' bad.jsonl
	gives 2 weir --max-bad -1 'SELECT i' bad.jsonl
}

@test "cli: --reject keeps bad records and makes them no failure" {
	printf '{"i":1}\n{"oops\n' >bad.jsonl
	gives 0 weir --reject rejected 'SELECT i' bad.jsonl
	is "$out" '{"i":1}'
	has "$(<rejected)" 'oops'
	gives 3 weir --reject rejected --max-bad 0 'SELECT i' bad.jsonl
}

@test "cli: status 128+n by signal" {
	mkfifo in
	status=0
	"$WEIR" 'SELECT i' in >out 3>&- &
	exec 4>in
	echo '{"i":1}' >&4
	waits test -s out
	kill -TERM $!
	wait $! || status=$?
	exec 4>&-
	is "$status" 143
	is "$(<out)" '{"i":1}'
}

# ---- what goes where ----

@test "cli: results on standard output, all else on standard error" {
	printf '{"i":1}\n{\n' >bad.jsonl
	gives 3 weir -v 'SELECT i' bad.jsonl
	is "$out" '{"i":1}'
	! grep -v '^weir: \|^hint: \|^    ' stderr
}

@test "cli: the accounting adds up, and -q silences it" {
	printf '{"i":1}\n{"i":2}\n{\n' >bad.jsonl
	gives 0 weir --max-bad any 'SELECT i WHERE i > 1' bad.jsonl
	has "$errors" 'in 3 = used 1 + filtered 1 + late 0 + bad 1'
	gives 0 weir -q --max-bad any 'SELECT i WHERE i > 1' bad.jsonl
	is "$errors" ''
}

@test "cli: -q does not silence errors" {
	gives 2 weir -q 'SELECT'
	has "$errors" 'weir: '
}

@test "cli: --help and --version on standard output, status 0" {
	for option in -h --help -V --version; do
		gives 0 weir $option
		[ -n "$out" ]
		is "$errors" ''
	done
	gives 0 weir --version
	[[ "$out" =~ ^weir\ [0-9]+\.[0-9]+\.[0-9]+$'\n' ]]
	[[ "$out" =~ $'\n'libyaml\ [0-9.]+$'\n'PCRE2\ [0-9.]+ ]]
}

@test "cli: an error of a command line comes before help is asked for" {
	gives 2 weir --no-such-option --help
	is "$out" ''
}

# ---- writing ----

@test "cli: a full device is status 1, for results and for help" {
	[ -c /dev/full ] || skip "no /dev/full"
	echo '{"i":1}' >a.jsonl
	status=0
	weir 'SELECT i' a.jsonl >/dev/full 2>stderr || status=$?
	is "$status" 1
	has "$(<stderr)" 'No space left on device'
	for command in --help -h --version help 'help functions' \
	    'completion bash' 'explain SELECT`i`' '--print-spec SELECT`i`'; do
		status=0
		# shellcheck disable=SC2086 # the words are meant
		weir $command >/dev/full 2>stderr || status=$?
		is "$command $status" "$command 1"
	done
}

@test "cli: a reader that goes away ends weir without a word" {
	set +o pipefail
	records 200000 >many.jsonl
	weir 'SELECT i' many.jsonl 2>stderr | head -n 1 >one
	status=${PIPESTATUS[0]}
	is "$status" 141
	is "$(<one)" '{"i":1}'
	is "$(<stderr)" ''
}

@test "cli: with standard output closed nothing is lost in silence" {
	echo '{"i":1}' >a.jsonl
	status=0
	weir 'SELECT i' a.jsonl >&- 2>stderr || status=$?
	is "$status" 1
	status=0
	weir --version >&- 2>stderr || status=$?
	is "$status" 1
}

@test "cli: standard streams that are closed are not taken by files" {
	echo '{"i":1}' >a.jsonl
	gives 0 weir 'SELECT i' a.jsonl <&-
	is "$out" '{"i":1}'
	weir 'SELECT i' -o out.jsonl a.jsonl <&- 2>&-
	is "$(<out.jsonl)" '{"i":1}'
	status=0
	weir 'SELECT i' <&- 2>stderr || status=$?
	is "$status" 1
	printf '{"i":1}\n{\n' >bad.jsonl
	status=0
	weir 'SELECT i' bad.jsonl -o out.jsonl 2>&- || status=$?
	is "$status" 3
	is "$(<out.jsonl)" '{"i":1}'
}

@test "cli: -o writes a file that appears when it is whole" {
	records 3 >a.jsonl
	gives 0 weir -o out.csv 'SELECT i' a.jsonl
	is "$out" ''
	is "$(<out.csv)" 'i
1
2
3'
	cp out.csv before.csv
	gives 2 weir -o out.csv 'SELECT' a.jsonl
	gives 1 weir -o out.csv 'SELECT i' nosuch
	cmp out.csv before.csv
	is "$(ls out.csv*)" out.csv
}

@test "cli: -o - is standard output, -o into a missing folder fails" {
	echo '{"i":1}' >a.jsonl
	gives 0 weir -o - 'SELECT i' a.jsonl
	is "$out" '{"i":1}'
	gives 1 weir -o no/such/out 'SELECT i' a.jsonl
	has "$errors" 'no/such/out'
}

@test "cli: -o onto the input itself is safe" {
	records 3 >a.jsonl
	gives 0 weir -o a.jsonl 'SELECT i WHERE i > 1' a.jsonl
	is "$(<a.jsonl)" '{"i":2}
{"i":3}'
}

@test "cli: a line is written before the next one is waited for" {
	mkfifo in
	"$WEIR" 'SELECT i' <in >out 3>&- &
	exec 4>in
	echo '{"i":1}' >&4
	waits test -s out
	is "$(<out)" '{"i":1}'
	exec 4>&-
	wait $!
}

@test "cli: SIGUSR1 shows the counts and goes on" {
	mkfifo in
	"$WEIR" 'SELECT i' <in >out 2>err 3>&- &
	pid=$!
	exec 4>in
	echo '{"i":1}' >&4
	waits test -s out
	kill -USR1 $pid
	waits test -s err
	echo '{"i":2}' >&4
	exec 4>&-
	wait $pid
	has "$(<err)" 'weir: '
	is "$(<out)" '{"i":1}
{"i":2}'
}

# ---- options and operands ----

@test "cli: options may stand anywhere, -- ends them" {
	echo '{"i":1}' >a.jsonl
	echo '{"i":2}' >./-t
	gives 0 weir 'SELECT i' a.jsonl -t csv
	is "$out" 'i
1'
	gives 0 weir -t csv -- 'SELECT i' -t
	is "$out" 'i
2'
}

@test "cli: long options may be cut while they are unique" {
	gives 0 weir --vers
	gives 2 weir --la 3s 'SELECT 1'
	has "$errors" 'ambiguous option --la'
	has "$errors" '--late, --lateness'
}

@test "cli: an unknown option is status 2 and the nearest is named" {
	gives 2 weir --latness 3s 'SELECT i'
	has "$errors" 'weir: unknown option --latness'
	has "$errors" 'did you mean "--lateness"?'
	gives 2 weir -y 'SELECT i'
	has "$errors" 'unknown option -y'
	gives 2 weir -help
	has "$errors" 'did you mean "--help"?'
}

@test "cli: an argument that is missing, or too many" {
	gives 2 weir 'SELECT i' --lateness
	has "$errors" 'option --lateness needs an argument'
	gives 2 weir --quiet=yes 'SELECT i'
	has "$errors" 'option --quiet takes no argument'
}

@test "cli: values are checked before anything is read" {
	while read -r option value; do
		gives 2 weir "$option" "$value" 'SELECT i'
		has "$errors" "$value"
	done <<-'END'
		-l 5
		-l -5s
		--allow x
		-j 0
		-j 9999
		--max-record 0
		--max-record 12q
		--color blue
		-p novalue
		-p =x
		-i nosuchformat
		-t nosuchformat
		-t nginx
		-i table
		--tz Europe/Nowhere
		--tz ../../etc/passwd
		-T :%Q
		-T :ms
	END
}

@test "cli: control characters in arguments do not reach the terminal" {
	gives 2 weir "--$(printf 'x\033[2Jy')" 'SELECT i'
	! grep -q $'\033' stderr
	gives 2 weir "$(printf 'no\033query')"
	! grep -q $'\033' stderr
	gives 2 weir help "$(printf 'no\033topic')"
	! grep -q $'\033' stderr
}

@test "cli: without a query there is a hint" {
	gives 2 weir
	has "$errors" "weir 'SELECT *' FILE"
}

@test "cli: a file where the query belongs" {
	echo '{"i":1}' >a.jsonl
	gives 2 weir a.jsonl
	has "$errors" '"a.jsonl" is a file, not a query'
	has "$errors" "weir 'SELECT *' a.jsonl"
	echo 'weir: 1' >spec.yaml
	gives 2 weir spec.yaml
	has "$errors" "weir -f 'spec.yaml'"
	gives 2 weir 'with blank.jsonl' </dev/null
	gives 2 weir nosuch
	has "$errors" 'neither a query nor a command'
	gives 2 weir exlpain 'SELECT i'
	has "$errors" 'did you mean `weir explain`?'
}

@test "cli: commands of later versions say so" {
	for command in export; do
		gives 2 weir $command x
		has "$errors" 'not available in this version'
	done
}

@test "cli: - is standard input, among files too" {
	echo '{"i":1}' >a.jsonl
	gives 0 weir 'SELECT i' a.jsonl - <<<'{"i":2}'
	is "$(sort stdout)" '{"i":1}
{"i":2}'
	gives 2 weir 'SELECT i' - -
	has "$errors" 'standard input can be read only once'
}

@test "cli: several files are one input" {
	printf '{"i":1,"ts":"2026-01-01T00:00:01Z"}\n' >a.jsonl
	printf '{"i":2,"ts":"2026-01-01T00:00:02Z"}\n' >b.jsonl
	gives 0 weir 'SELECT count(*) n, sum(i) s' b.jsonl a.jsonl
	is "$out" '{"n":2,"s":3}'
}

@test "cli: NAME=FILE gives a file to a name of FROM" {
	echo '{"i":1}' >a.jsonl
	echo '{"i":2}' >b.jsonl
	gives 0 weir 'SELECT i FROM y' x=a.jsonl y=b.jsonl
	is "$out" '{"i":2}'
	gives 0 weir 'SELECT i' x=a.jsonl
	is "$out" '{"i":1}'
	gives 2 weir 'SELECT i' x=a.jsonl y=b.jsonl
	has "$errors" 'FROM x or FROM y'
	gives 2 weir 'SELECT i FROM z' x=a.jsonl y=b.jsonl
	has "$errors" 'no input is called z'
	gives 2 weir 'SELECT i FROM x' x=a.jsonl b.jsonl
	has "$errors" 'NAME=FILE'
}

@test "cli: a file with = in its name is that file" {
	echo '{"i":1}' >x=1.jsonl
	gives 0 weir 'SELECT i' x=1.jsonl
	is "$out" '{"i":1}'
	mkdir d
	echo '{"i":2}' >d/x=1.jsonl
	gives 0 weir 'SELECT i' d/x=1.jsonl
	is "$out" '{"i":2}'
}

@test "cli: FROM a file, and operands, are too much" {
	echo '{"i":1}' >a.jsonl
	gives 0 weir "SELECT i FROM 'a.jsonl'"
	is "$out" '{"i":1}'
	gives 2 weir "SELECT i FROM 'a.jsonl'" a.jsonl
	has "$errors" 'a file of its own'
}

@test "cli: parameters" {
	records 5 >a.jsonl
	gives 0 weir -p min=3 -p max=4 \
	    'SELECT i WHERE i BETWEEN $min AND $max' a.jsonl
	is "$out" '{"i":3}
{"i":4}'
	gives 0 weir -p 'w=a=b' "SELECT \$w w LIMIT 1" a.jsonl
	is "$out" '{"w":"a=b"}'
	gives 2 weir 'SELECT i WHERE i > $min' a.jsonl
	has "$errors" 'min'
}

# ---- time ----

@test "cli: -T names the field of time and how it is written" {
	cat >a.csv <<-'END'
		n,when,meta
		1,31.12.2025 23:59,x
		2,01.01.2026 00:00,y
	END
	gives 0 weir -T 'when:%d.%m.%Y %H:%M' -t csv \
	    'SELECT count(*) n GROUP BY day()' a.csv
	has "$out" '2025-12-31T00:00:00Z,2026-01-01T00:00:00Z,1'
	gives 0 weir -T 'when:%d.%m.%Y %H:%M' --tz Europe/Berlin -t csv \
	    'SELECT count(*) n GROUP BY day()' a.csv
	has "$out" '2025-12-31T00:00:00Z,2026-01-01T00:00:00Z,2'
}

@test "cli: -T with nested and odd names" {
	echo '{"a":{"b":[7,1767225600000]},"@t":1767225600}' >a.jsonl
	for field in 'a.b[2]:ms' '@t:s' '`@t`' ; do
		gives 0 weir -T "$field" -t csv \
		    'SELECT count(*) n GROUP BY day()' a.jsonl
		has "$out" '2026-01-01T00:00:00Z'
	done
}

@test "cli: neither TZ nor the locale change anything" {
	echo '{"ts":"2026-01-01 00:30:00","x":1.5}' >a.jsonl
	query='SELECT x * 1.5 y, count(*) n GROUP BY x, day()'
	want=$(weir "$query" a.jsonl)
	has "$want" '2026-01-01T00:00:00Z'
	for zone in America/New_York Asia/Tokyo nonsense; do
		for locale in C de_DE.UTF-8 tr_TR.UTF-8; do
			is "$(TZ=$zone LC_ALL=$locale LANG=$locale \
			    weir "$query" a.jsonl)" "$want"
		done
	done
}

# ---- late records ----

@test "cli: late records are counted, kept in a file, or correct" {
	cat >a.jsonl <<-'END'
		{"ts":"2026-01-01T00:00:01Z"}
		{"ts":"2026-01-01T00:02:00Z"}
		{"ts":"2026-01-01T00:00:02Z"}
	END
	query='SELECT count(*) n GROUP BY tumble(1m)'
	gives 0 weir "$query" a.jsonl
	is "$(head -n 1 stdout | grep -c '"n":2')" 1
	is "$errors" ''
	gives 0 weir -l 10s "$query" a.jsonl
	is "$(head -n 1 stdout | grep -c '"n":1')" 1
	has "$errors" 'in 3 = used 2 + filtered 0 + late 1 + bad 0'
	gives 0 weir -l 10s --late late.jsonl "$query" a.jsonl
	is "$(<late.jsonl)" '{"ts":"2026-01-01T00:00:02Z"}'
	gives 0 weir -l 10s --late update --allow 1h "$query" a.jsonl
	is "$(grep -c '"n":2' stdout)" 1
}

# ---- formats ----

@test "cli: output is JSON in a pipe and a table on a terminal" {
	needs_terminal
	echo '{"i":1}' >a.jsonl
	gives 0 weir 'SELECT i' a.jsonl
	is "$out" '{"i":1}'
	on_terminal "'$WEIR' 'SELECT i' a.jsonl"
	! has "$out" '{'
	has "$out" 'i'
	on_terminal "'$WEIR' -t json 'SELECT i' a.jsonl"
	has "$out" '{"i":1}'
	on_terminal "'$WEIR' 'SELECT i' a.jsonl | cat"
	has "$out" '{"i":1}'
}

@test "cli: the extension of -o chooses the format, -t goes before it" {
	echo '{"i":1}' >a.jsonl
	weir -o x.tsv 'SELECT i, i + 1 j' a.jsonl
	is "$(<x.tsv)" 'i	j
1	2'
	weir -o x.csv -t json 'SELECT i' a.jsonl
	is "$(<x.csv)" '{"i":1}'
	weir -o x.unknown 'SELECT i' a.jsonl
	is "$(<x.unknown)" '{"i":1}'
}

@test "cli: an access log is known by what is in it" {
	gives 0 weir 'SELECT count(*) n' "$(sample access.log)"
	is "$out" "{\"n\":$(wc -l <"$(sample access.log)")}"
}

@test "cli: --max-record makes longer records bad" {
	{ echo '{"i":1}'; printf '{"i":2,"x":"%0100d"}\n' 0; echo '{"i":3}'; } \
	    >a.jsonl
	gives 0 weir --max-bad 1 --max-record 64 'SELECT i' a.jsonl
	is "$out" '{"i":1}
{"i":3}'
}

# ---- terminals and colours ----

@test "cli: a terminal without a file gets a hint" {
	needs_terminal
	on_terminal "'$WEIR' -t json 'SELECT i'"
	has "$out" 'reading from the terminal'
	on_terminal "'$WEIR' -q -t json 'SELECT i'"
	! has "$out" 'reading from the terminal'
	on_terminal "echo '{\"i\":1}' | '$WEIR' -t json 'SELECT i'"
	! has "$out" 'reading from the terminal'
}

# colours COMMAND: whether its output on a terminal has some.
colours() {
	on_terminal "$1"
	[[ "$out" == *$'\033['* ]]
}

@test "cli: colours on a terminal, by the rules" {
	needs_terminal
	colours "'$WEIR' --help"
	! colours "'$WEIR' --color never --help"
	! colours "NO_COLOR=1 '$WEIR' --help"
	colours "NO_COLOR= '$WEIR' --help"
	! colours "TERM=dumb '$WEIR' --help"
	colours "NO_COLOR=1 '$WEIR' --color always --help"
	! colours "NO_COLOR=1 CLICOLOR_FORCE=1 '$WEIR' --help"
	colours "TERM=dumb CLICOLOR_FORCE=1 '$WEIR' --help"
	colours "'$WEIR' 'SELECT'"
	! colours "'$WEIR' --color never 'SELECT'"
}

@test "cli: colours never change bytes in a pipe unless asked for" {
	echo '{"i":1}' >a.jsonl
	for format in json csv table; do
		weir -t $format 'SELECT i' a.jsonl >plain
		! grep -q $'\033' plain
		TERM=xterm-256color COLORTERM=truecolor \
		    weir -t $format 'SELECT i' a.jsonl | cmp - plain
	done
	! weir --help | grep -q $'\033'
	CLICOLOR_FORCE=1 weir --help | grep -q $'\033'
	! CLICOLOR_FORCE=0 weir --help | grep -q $'\033'
	weir --color=always --help | grep -q $'\033'
}

@test "cli: the configuration says how weir looks, nothing else" {
	needs_terminal
	mkdir -p .config/weir xdg/weir
	echo 'color: never  # please' >.config/weir/config.yaml
	! colours "'$WEIR' --help"
	colours "'$WEIR' --no-config --help"
	colours "'$WEIR' --color always --help"
	echo 'color: auto' >xdg/weir/config.yaml
	colours "XDG_CONFIG_HOME=$PWD/xdg '$WEIR' --help"
	echo 'color: "never"' >other.yaml
	! colours "WEIR_CONFIG=other.yaml '$WEIR' --help"
	colours "WEIR_CONFIG= HOME=/nonexistent '$WEIR' --help"
	echo 'color: always' >.config/weir/config.yaml
	! weir --help | grep -q $'\033'
	printf 'output: x\ncolor: pink\nnonsense\n' >bad.yaml
	on_terminal "WEIR_CONFIG=bad.yaml '$WEIR' --version; echo status \$?"
	on_terminal "WEIR_CONFIG=bad.yaml '$WEIR' --help; echo status \$?"
	has "$out" 'bad.yaml:1: unknown key'
	has "$out" 'bad.yaml:2: color is auto, always or never'
	has "$out" 'bad.yaml:3: expected'
	has "$out" 'status 0'
}

# ---- specs ----

@test "cli: -f runs a spec, and options override it" {
	cat >spec.yaml <<-'END'
		weir: 1
		input: {format: json, files: [a.jsonl]}
		params:
		  min: {type: bigint, default: 2}
		steps:
		  - where: i >= $min
		output: {format: csv}
	END
	records 3 >a.jsonl
	echo '{"i":9,"ts":9}' >b.jsonl
	gives 0 weir -f spec.yaml
	is "$out" 'i,ts
2,2
3,3'
	gives 0 weir -f spec.yaml -t json -p min=3
	is "$out" '{"i":3,"ts":3}'
	gives 0 weir -f spec.yaml b.jsonl
	is "$out" 'i,ts
9,9'
	gives 0 weir -f - b.jsonl <spec.yaml
	is "$out" 'i,ts
9,9'
	gives 2 weir -f spec.yaml -p mni=3
	has "$errors" 'did you mean "min"?'
	gives 2 weir -f spec.yaml -p min=x
	has "$errors" 'min'
	gives 2 weir -f spec.yaml x=b.jsonl
	gives 2 weir -f nosuch.yaml
	has "$errors" 'nosuch.yaml: No such file'
	gives 2 weir -f - - <spec.yaml
}

@test "cli: check looks at all files and counts mistakes" {
	cat >good.yaml <<-'END'
		weir: 1
		steps:
		  - where: i > 1
	END
	sed 's/where/whree/' good.yaml >bad.yaml
	gives 0 weir check good.yaml
	has "$errors" '1 file checked'
	gives 2 weir check bad.yaml good.yaml nosuch.yaml
	has "$errors" 'bad.yaml:3:'
	has "$errors" 'nosuch.yaml'
	has "$errors" '3 files checked, 2 with a mistake'
	gives 0 weir -q check good.yaml
	is "$errors" ''
	gives 2 weir check
	is "$out" ''
}

@test "cli: a printed spec does what the query does" {
	query='SELECT service, count(*) n WHERE level <> "info"
		GROUP BY service, tumble(5m)'
	weir "$query" "$(sample app.jsonl)" >want
	[ -s want ]
	weir --print-spec "$query" >spec.yaml
	weir check spec.yaml
	weir -f spec.yaml "$(sample app.jsonl)" | cmp - want
	weir fmt spec.yaml | cmp - spec.yaml
	weir fmt <spec.yaml | cmp - spec.yaml
}

@test "cli: explain reads no input" {
	gives 0 weir explain 'SELECT i, count(*) n GROUP BY i, tumble(1m)' \
	    nosuch.jsonl
	has "$out" 'window'
	gives 2 weir explain 'SELECT i +' nosuch.jsonl
}

@test "cli: options that mean nothing to a command are refused" {
	gives 2 weir check --trust x.yaml
	has "$errors" '`weir check` takes no option --trust'
	gives 2 weir fmt -l 3s x.yaml
	gives 2 weir completion -j 3 bash
	gives 2 weir help -o x functions
}

@test "cli: with -f, operands are files even if named like commands" {
	cat >spec.yaml <<-'END'
		weir: 1
		steps:
		  - where: i > 0
	END
	echo '{"i":1}' >help
	gives 0 weir -f spec.yaml help
	is "$out" '{"i":1}'
}

# ---- the rest ----

@test "cli: jobs, batches and vector instructions do not change a byte" {
	query='SELECT path, count(*) n, sum(bytes) b GROUP BY path, tumble(5m)'
	weir -l 30s "$query" "$(sample access.log)" >want 2>/dev/null
	[ -s want ]
	for jobs in 2 3 8; do
		weir -q -l 30s -j $jobs "$query" "$(sample access.log)" |
		    cmp - want
	done
	WEIR_SIMD=off weir -q -l 30s "$query" "$(sample access.log)" |
	    cmp - want
}

@test "cli: --stats writes the counts as JSON" {
	records 5 >a.jsonl
	gives 0 weir --stats stats.json 'SELECT i WHERE i > 2' a.jsonl
	gives 0 weir 'SELECT `in` i, filtered f' stats.json
	is "$out" '{"i":5,"f":2}'
}

@test "cli: a file size limit is an error, not a death" {
	records 20000 >a.jsonl
	status=0
	(ulimit -f 8; weir -o out.jsonl 'SELECT i' a.jsonl 2>stderr) ||
	    status=$?
	is "$status" 1
	has "$(<stderr)" 'File too large'
	[ ! -e out.jsonl ]
}

@test "cli: a query may begin with a comment" {
	gives 0 weir -i json '-- what it is for
	    SELECT a' <<<'{"a":1}'
	is "$out" '{"a":1}'
}

@test "cli: explain takes a spec as the other commands do" {
	weir --print-spec 'SELECT i WHERE i > 1' >some.yaml
	gives 0 weir explain some.yaml
	has "$out" 'i > 1'
	is "$out" "$(weir explain -f some.yaml)"
}

@test "inputs: a SELECT without FROM beside one that names its input is told" {
	printf '{"a":1}\n{"a":2}\n' >t.jsonl
	gives 2 weir 'SELECT a, (SELECT max(a) FROM t) b' </dev/null
	has "$errors" 'weir: one SELECT reads t, and another one says no FROM'
	has "$errors" 'hint: what else it is to read: FROM t, '
	gives 2 weir 'SELECT a, (SELECT max(a) FROM t) b' t.jsonl
	has "$errors" 'one SELECT reads t'
	gives 0 weir "SELECT a, (SELECT max(a) FROM 't.jsonl') b" t.jsonl
	is "$out" '{"a":1,"b":2}
{"a":2,"b":2}'
	gives 0 weir 'SELECT a, (SELECT max(a) FROM t) b FROM t' t.jsonl
}
