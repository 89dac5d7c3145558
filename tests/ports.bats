#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Where bytes come from: compressed files, many files, patterns.

load lib.bash

# Lines enough for several blocks, and for members cut anywhere.
records() {
	seq "${1:-1}" "${2:-20000}" | sed 's/.*/{"i":&,"s":"line & of it"}/'
}

# compressed FILE: by what its extension says.
compressed() {
	case $1 in
	*.gz) gzip -c ;;
	*.zst) zstd -q -c ;;
	*.xz) xz -c ;;
	*.bz2) bzip2 -c ;;
	esac >"$1"
}

# sums FILE...: how many records, and their sum; also from standard input.
sums() {
	weir 'SELECT count(*) n, sum(i) s' "$@"
}

@test "ports: compressed files are known by their bytes" {
	local want ext
	records >plain.json
	want=$(sums plain.json)
	is "$want" '{"n":20000,"s":200010000}'
	for ext in gz zst xz bz2; do
		records | compressed a.$ext
		mv a.$ext odd-name
		is "$(sums odd-name)" "$want"
		is "$(sums <odd-name)" "$want"
		# Through a pipe, and with the format stated.
		is "$(cat odd-name | weir -i json \
		    'SELECT count(*) n, sum(i) s')" "$want"
	done
}

@test "ports: small reads and threads see the same in compressed files" {
	local want ext torture
	records 1 300 >plain.json
	want=$(sums plain.json)
	for ext in gz zst xz bz2; do
		{ records 1 100; } | compressed a.$ext
		{ records 101 300; } | compressed b.$ext
		cat a.$ext b.$ext >c.$ext
		for torture in reads=1 reads=7,rows=1 reads=61 reads=1000; do
			is "$(WEIR_TORTURE=$torture sums c.$ext)" "$want"
			is "$(cat c.$ext | WEIR_TORTURE=$torture sums)" \
			    "$want"
			is "$(WEIR_TORTURE=$torture weir -j3 \
			    'SELECT count(*) n, sum(i) s' c.$ext)" "$want"
		done
	done
}

@test "ports: members one after another, empty ones, zeros behind them" {
	local want
	want=$(records 1 300 | sums)
	: | compressed empty.gz
	records 1 100 | compressed a.gz
	records 101 200 | compressed b.gz
	records 201 300 | compressed c.gz
	head -c 1000 /dev/zero >zeros
	cat empty.gz a.gz empty.gz b.gz zeros c.gz empty.gz zeros >all.gz
	is "$(sums all.gz)" "$want"
	is "$(sums <all.gz)" "$want"
	# zstd's skippable frames: in front, between, behind.
	: | compressed empty.zst
	records 1 200 | compressed a.zst
	records 201 300 | compressed b.zst
	printf '\x5a\x2a\x4d\x18\x05\x00\x00\x00hello' >skip
	cat skip a.zst skip empty.zst b.zst skip >all.zst
	is "$(sums all.zst)" "$want"
	is "$(WEIR_TORTURE=reads=1 sums <all.zst)" "$want"
	# Members of several kinds, as cat of whole logs makes them.
	cat a.gz b.gz b.zst >mixed
	is "$(sums mixed)" "$want"
}

@test "ports: nothing in a compressed file is nothing" {
	local ext
	for ext in gz zst xz bz2; do
		: | compressed e.$ext
		is "$(sums e.$ext)" '{"n":0,"s":null}'
		is "$(weir 'SELECT *' e.$ext)" ''
	done
}

@test "ports: what is cut off counts up to there, and fails" {
	local ext n
	for ext in gz zst xz bz2; do
		# Stored rather than squeezed, so that the middle is there.
		head -c 500000 /dev/urandom | od -An -v -tx1 |
		    sed 's/.*/{"s":"&"}/' >a.json
		compressed a.json.$ext <a.json
		head -c 480000 a.json.$ext >cut.json.$ext
		gives 1 weir 'SELECT count(*) n' cut.json.$ext
		has "$errors" \
		    "weir: cut.json.$ext: the compressed data end too early"
		n=${out//[^0-9]/}
		[ "$n" -gt 1000 ]
		[ "$n" -lt "$(wc -l <a.json)" ]
		# Whole records only, each as it was.
		gives 1 weir 'SELECT *' cut.json.$ext
		is "$(wc -l <stdout)" "$n"
		cmp stdout <(head -n "$n" a.json)
		gives 1 weir -j3 'SELECT count(*) n' cut.json.$ext
		is "$out" "{\"n\":$n}"
		# The other files are read, too.
		gives 1 weir 'SELECT count(*) n' cut.json.$ext a.json.$ext
		is "$out" "{\"n\":$((n + $(wc -l <a.json)))}"
	done
}

@test "ports: a wrong checksum is an error that names the file" {
	records 1 2000 >a.json
	compressed a.json.gz <a.json
	n=$(stat -c %s a.json.gz)
	# The CRC is at 8 bytes before the end, the length at 4.
	for at in 8 4; do
		cp a.json.gz b.json.gz
		printf '\xff\xfe' |
		    dd of=b.json.gz bs=1 seek=$((n - at)) conv=notrunc \
			status=none
		gives 1 weir 'SELECT count(*) n' b.json.gz
		has "$errors" 'weir: b.json.gz: the checksum of the gzip data'
		is "$out" '{"n":2000}'
		gives 1 weir 'SELECT count(*) n' <b.json.gz
		has "$errors" 'weir: standard input: the checksum'
	done
	zstd -q --check a.json -o a.json.zst
	n=$(stat -c %s a.json.zst)
	printf '\xff\xfe' | dd of=a.json.zst bs=1 seek=$((n - 3)) \
	    conv=notrunc status=none
	gives 1 weir 'SELECT count(*) n' a.json.zst
	has "$errors" 'the checksum of the zstd data is wrong'
}

@test "ports: damage in the middle, and something else behind the end" {
	local ext n
	records >a.json
	for ext in gz zst xz bz2; do
		compressed a.$ext <a.json
		n=$(stat -c %s a.$ext)
		cp a.$ext b.$ext
		head -c 64 /dev/zero | dd of=b.$ext bs=1 seek=$((n / 2)) \
		    conv=notrunc status=none
		gives 1 weir 'SELECT count(*) n' b.$ext
		has "$errors" "weir: b.$ext: "
		cp a.$ext b.$ext
		echo tail >>b.$ext
		gives 1 weir 'SELECT count(*) n' b.$ext
		has "$errors" 'something else follows the compressed data'
		is "$out" '{"n":20000}'
	done
}

@test "ports: -o keeps the old file if an input is damaged" {
	records 1 100 | gzip -c | head -c 200 >a.json.gz
	echo old >out.json
	gives 1 weir -o out.json 'SELECT count(*) n' a.json.gz
	is "$(<out.json)" old
}

@test "ports: a bomb is stopped" {
	# Lines so long that few are counted, and members all alike.
	head -c 9M /dev/zero | tr '\0' ' ' | sed 's/$/\n/' | gzip -c >one.gz
	for _ in {1..30}; do cat one.gz; done >bomb.gz
	gives 1 weir 'SELECT count(*) n' bomb.gz
	has "$errors" 'weir: bomb.gz: inflates to far more than logs do'
	has "$errors" '--max-inflate'
	gives 0 weir --max-inflate any 'SELECT count(*) n' bomb.gz
	gives 0 weir --max-inflate 2000 'SELECT count(*) n' bomb.gz
	gives 2 weir --max-inflate much 'SELECT count(*) n' bomb.gz
}

@test "ports: text that begins like a compressed file is text" {
	local start
	for start in B BZ BZh BZh9 BZh91AY '(' P 'P*M' $'\x1f' \
	    $'\x1f\x8b' $'\x1f\x8b\x08' $'\xfd7zXZ'; do
		printf '%s' "$start" >a
		gives 0 weir --max-bad any -i lines 'SELECT count(*) n' a
		is "$(weir --max-bad any -i lines \
		    'SELECT count(*) n' <a)" "$out"
		printf '%s line\nother\n' "$start" >a
		gives 0 weir -i lines -q --max-bad any 'SELECT line' a
		has "$out" 'other'
		is "$(WEIR_TORTURE=reads=1 weir -i lines -q --max-bad any \
		    'SELECT line' <a)" "$out"
	done
}

@test "ports: the format of a rotated, compressed file is known" {
	printf 'a,b\n1,2\n' >x.csv
	gzip -c x.csv >x.csv.3.gz
	is "$(weir 'SELECT b' x.csv.3.gz)" '{"b":2}'
	cp x.csv x.csv.1
	is "$(weir 'SELECT b' x.csv.1)" '{"b":2}'
	# Without a name to go by: what is inside decides.
	gzip -c x.csv >x
	is "$(weir 'SELECT b' x)" '{"b":2}'
}

@test "ports: lines and offsets are those of what is inside" {
	{ records 1 10; echo oops; records 11 20; echo '{"i":'; } >a.json
	gzip -c a.json >a.json.gz
	gives 3 weir --reject r.json 'SELECT count(*) n' a.json --max-bad 0
	mv r.json plain.json
	gives 3 weir --reject r.json 'SELECT count(*) n' a.json.gz --max-bad 0
	has "$errors" 'weir: a.json.gz:11:'
	is "$(sed 's/\.gz//' r.json)" "$(<plain.json)"
}

@test "ports: a first line comes through a compressed pipe at once" {
	mkfifo p
	weir 'SELECT i' <p >out &
	pid=$!
	exec 4>p
	records 1 3 | gzip -c >&4
	waits grep -q 3 out
	is "$(wc -l <out)" 3
	records 4 6 | gzip -c >&4
	exec 4>&-
	wait $pid
	is "$(wc -l <out)" 6
}

@test "ports: who cannot write ends, whatever other threads read" {
	local i status
	[ -e /dev/full ] || skip "no /dev/full"
	records 1 20000 | gzip -c >a.json.gz
	for i in {1..60}; do
		status=0
		cat a.json.gz | WEIR_TORTURE=reads=$((i * 37 + 500)) \
			"$WEIR" -q -j3 'SELECT i' >/dev/full 2>said || status=$?
		is "$status" 1
	done
	has "$(<said)" 'No space left on device'
}

# ---- many files -----------------------------------------------------------

# host_logs N: N files of ten records each, their times interleaved.
host_logs() {
	mkdir -p logs
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < 10; i++)
			for (k = 0; k < n; k++) {
				s = i * n + k
				printf "{\"ts\":%d,\"host\":%d,\"i\":%d}\n",
				    1760000000 + s, k, s >("logs/h" k ".json")
				if (n > 600) close("logs/h" k ".json")
			}
	}'
}

@test "ports: 500 files whose times overlap, with few descriptors" {
	local q='SELECT window_start, count(*) n, sum(i) s, first(i) f
	    GROUP BY tumble(10m)' want
	host_logs 500
	want=$(sort -t: -k2,2n -k4,4n logs/*.json |
	    sort -t, -k1,1 | weir -l 1s "$q")
	is "$(weir -l 1s "$q" logs/*.json)" "$want"
	is "$(ulimit -n 64; weir -l 1s "$q" logs/*.json)" "$want"
	is "$(ulimit -n 64; weir -l 1s -j3 "$q" logs)" "$want"
	is "$(ulimit -n 64; weir -l 1s "$q" 'logs/h*.json')" "$want"
	gives 0 bash -c "ulimit -n 64
	    '$WEIR' -v 'SELECT count(*) n' logs"
	is "$out" '{"n":5000}'
	gzip logs/*.json
	is "$(ulimit -n 64; weir -l 1s "$q" logs)" "$want"
	is "$(ulimit -n 64; weir -l 1s -j2 "$q" 'logs/*.gz')" "$want"
}

@test "ports: files one after another in time, given in any order" {
	local q='SELECT window_start, count(*) n GROUP BY tumble(1m)' want
	mkdir logs
	for k in $(seq 100); do
		for i in $(seq 9); do
			printf '{"ts":%d}\n' \
			    $((1760000000 + k * 37 % 101 * 10 + i))
		done >logs/$k.json
	done
	want=$(sort logs/*.json | weir -l 0s "$q")
	gives 0 weir -l 0s "$q" logs/*.json
	is "$out" "$want"
	is "$errors" ''
	# One without a record, one without a record to begin with.
	: >logs/empty.json
	{ echo oops; echo '{"ts":1760000001}'; } >logs/odd.json
	want=$({ sort logs/[0-9]*.json; echo '{"ts":1760000001}'; } |
	    weir -l 1d "$q")
	gives 0 weir -l 1d --max-bad 1 "$q" logs/*.json
	is "$out" "$want"
}

# in_order PATTERN: which files are read, in their order.
in_order() {
	weir -i lines 'SELECT line' "$@" | sed 's/.*:"\(.*\)"}/\1/' |
	    tr '\n' ' '
}

@test "ports: rotated files are read oldest first" {
	local name
	mkdir logs
	for name in a.log a.log.1 a.log.2 a.log.10 a.log.9 b.log b.log.1 \
	    c.log c.log-20260102 c.log-20251231 c10 c9; do
		echo "$name" >logs/$name
	done
	gzip logs/a.log.2 logs/a.log.10 logs/c.log-20251231
	is "$(in_order 'logs/a*')" \
	    'a.log.10 a.log.9 a.log.2 a.log.1 a.log '
	is "$(in_order logs)" "a.log.10 a.log.9 a.log.2 a.log.1 a.log \
b.log.1 b.log c.log-20251231 c.log-20260102 c.log c9 c10 "
	# As they are given, if they are.
	is "$(in_order logs/b.log logs/b.log.1)" 'b.log b.log.1 '
}

@test "ports: patterns" {
	mkdir -p d/x/y d/z
	for name in a.json .hidden.json x/b.json x/y/c.json z/d.json z/e.txt; do
		echo "{\"f\":\"$name\"}" >"d/$name"
	done
	files() {
		weir -i json 'SELECT f' "$@" | tr -d '\n'
	}
	is "$(files 'd/*.json')" '{"f":"a.json"}'
	is "$(files 'd/*/*.json')" '{"f":"x/b.json"}{"f":"z/d.json"}'
	is "$(files 'd/**/*.json')" "$(printf '{"f":"%s"}' a.json x/b.json \
	    x/y/c.json z/d.json)"
	is "$(files "$PWD/d/[xz]/?.json")" '{"f":"x/b.json"}{"f":"z/d.json"}'
	is "$(files d/z)" '{"f":"z/d.json"}{"f":"z/e.txt"}'
	is "$(files 'd/.*.json')" '{"f":".hidden.json"}'
	# A file of that name is that file.
	cp d/a.json 'd/*.json'
	is "$(files 'd/*.json')" '{"f":"a.json"}'
	rm 'd/*.json'
	gives 1 weir 'SELECT *' 'd/*.csv'
	has "$errors" 'weir: no file matches d/*.csv'
	mkdir none
	gives 1 weir 'SELECT *' none
	has "$errors" 'weir: there are no files in none'
	gives 1 weir 'SELECT *' 'nowhere/*.csv'
	# In a spec, and with a name.
	printf 'weir: 1\ninput: {files: ["d/*/*.json"]}\nsteps: []\n' >s.yaml
	is "$(weir -f s.yaml | tr -d "\n")" "$(files 'd/*/*.json')"
	is "$(weir 'SELECT f FROM q' 'q=d/*.json')" '{"f":"a.json"}'
}

@test "ports: gzip headers of all kinds, however they arrive" {
	local flags h way
	printf 'a\nb\n' | gzip -n >plain.gz
	for flags in 0 2 4 8 14 16 18 22 30; do
		h=$(printf '\\x1f\\x8b\\x08\\x%02x\\0\\0\\0\\0\\0\\x03' $flags)
		[ $((flags & 4)) = 0 ] || h+='\x03\x00abc'
		[ $((flags & 8)) = 0 ] || h+='name\x00'
		[ $((flags & 16)) = 0 ] || h+='a comment\x00'
		[ $((flags & 2)) = 0 ] || h+='\x01\x02'
		printf "$h"
		tail -c +11 plain.gz
	done >flags.gz
	for way in '' reads=1 reads=3; do
		WEIR_TORTURE=$way gives 0 weir -i lines 'SELECT count(*) n' \
		    flags.gz
		is "$out" '{"n":18}'
	done
}
