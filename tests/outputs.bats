# SPDX-License-Identifier: MIT
# Files that a run writes: several by the rows' values, parts by size and time,
# what is left of them when something goes wrong.

load lib

# Three thousand keys, ten rows of each.
keys() {
	seq 0 29999 | awk '{ printf "{\"k\":%d,\"n\":%d}\n", $1 % 3000, $1 }'
}

# Files of a folder whose names are not those of finished ones.
unfinished() {
	find "$1" -type f ! -name '*.csv' ! -name '*.jsonl'
}

@test "thousands of files with few that may be open" {
	keys >in.jsonl
	(ulimit -n 64 && weir -o 'out/{k}.csv' 'SELECT n, k' in.jsonl)
	[ "$(ls out | wc -l)" -eq 3000 ]
	[ "$(cut -d, -f1 out/17.csv | tr '\n' ' ')" = \
	    "n 17 3017 6017 9017 12017 15017 18017 21017 24017 27017 " ]
	[ "$(cat out/*.csv | wc -l)" -eq 33000 ]
}

@test "the files are the same however they are read, with parts as well" {
	seq 7000 | awk '{ print $1 % 50 "," $1 }' | sed '1i m,x' >in.csv
	for mode in "" "-j3" "tortured"; do
		export WEIR_TORTURE=
		[ "$mode" != tortured ] || {
			WEIR_TORTURE=rows=3,reads=11
			mode=
		}
		weir $mode -i csv -o "o${mode}$WEIR_TORTURE/{m}.csv" \
		    --roll 200 'SELECT *' in.csv
	done
	diff -r o o-j3
	diff -r o o*=11
	[ "$(ls o | wc -l)" -gt 100 ]
	[ -z "$(find o -type f -size +200c)" ]
}

@test "no file gets its name if one cannot be written" {
	mkdir -p out/1.jsonl
	gives 1 weir -o 'out/{n}.jsonl' 'SELECT n' <<<'{"n":0}
{"n":1}
{"n":2}'
	[[ $errors == *"cannot create out/1.jsonl: Is a directory"* ]]
	[ ! -e out/0.jsonl ]
	[ -z "$(unfinished out)" ]
}

@test "a full disk is an error that names the file" {
	gives 1 bash -c 'ulimit -f 8; trap "" XFSZ; seq 100000 |
	    '"$WEIR"' -o "out/{line}.jsonl" "SELECT *, 1 AS line"'
	[[ $errors == *"cannot write to out/1.jsonl"* ]]
	[ -z "$(find out -type f)" ]
}

@test "a part that is whole has its name before the end" {
	mkfifo in
	"$WEIR" -i json -o out.jsonl --roll 1h 'SELECT *' <in &
	pid=$!
	exec 9>in
	echo '{"ts":"2026-03-28T10:00:00Z"}' >&9
	echo '{"ts":"2026-03-28T11:00:00Z"}' >&9
	waits test -e out-1.jsonl
	[ "$(cat out-1.jsonl)" = '{"ts":"2026-03-28T10:00:00Z"}' ]
	[ ! -e out-2.jsonl ]
	exec 9>&-
	wait "$pid"
	[ "$(cat out-2.jsonl)" = '{"ts":"2026-03-28T11:00:00Z"}' ]
}

@test "what stood under the name is replaced, its rights are kept" {
	mkdir out
	echo old >out/1.jsonl
	chmod 600 out/1.jsonl
	weir -o 'out/{n}.jsonl' 'SELECT n' <<<'{"n":1}'
	[ "$(cat out/1.jsonl)" = '{"n":1}' ]
	[ "$(stat -c %a out/1.jsonl)" = 600 ]
}

@test "a device is none of several files" {
	ln -s /dev/null 1.jsonl
	gives 1 weir -o '{n}.jsonl' 'SELECT n' <<<'{"n":1}'
	[[ $errors == *"1.jsonl is no regular file"* ]]
}

@test "-v says which format it is and where event time is" {
	echo '{"ts":"2026-03-28T10:00:00Z"}' >in.log
	gives 0 weir -v 'SELECT count(*) n GROUP BY tumble(1h)' in.log
	[[ $errors == *"weir: in.log: format json, event time in ts"* ]]
	gives 0 weir -v 'SELECT a' <<<'a=1 b=2'
	[[ $errors == *"weir: -: format logfmt"* ]]
}

@test "outputs that are each other, or an input, are refused in time" {
	local a b
	printf '{"t":1,"a":1}\n' >in.jsonl
	ln in.jsonl hard
	ln -s in.jsonl soft
	for a in --late --reject --stats; do
		for b in in.jsonl ./in.jsonl hard soft; do
			gives 2 weir $a $b 'SELECT a' in.jsonl
			has "$errors" "in.jsonl is both an input and $a"
			gives 2 weir -s st -l 1s $a $b 'SELECT a' in.jsonl
		done
		for b in -o --late --reject --stats; do
			[ $a != $b ] || continue
			rm -f new
			gives 2 weir $a new $b "$PWD/new" 'SELECT a' in.jsonl
			has "$errors" 'are the same file'
			gives 2 weir -s st $a ./new $b new 'SELECT a' in.jsonl
			[ ! -e new ]
			echo kept >new
			gives 2 weir $a new $b ./new 'SELECT a' in.jsonl
			has "$errors" 'are the same file'
			gives 2 weir -s st $a new $b ./new 'SELECT a' in.jsonl
			is "$(<new)" kept
		done
	done
	is "$(<in.jsonl)" '{"t":1,"a":1}'
	# Names that are alike in different folders are not the same.
	mkdir d
	rm new
	gives 0 weir --late d/new --reject new 'SELECT a' in.jsonl
}
