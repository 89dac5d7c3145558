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
		head -c 1500000 /dev/urandom | od -An -v -tx1 |
		    sed 's/.*/{"s":"&"}/' >a.json
		compressed a.json.$ext <a.json
		head -c 1200000 a.json.$ext >cut.json.$ext
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
	head -c 400M /dev/zero | tr '\0' '\n' | gzip -c >bomb.gz
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
	{
		records 1 3 | gzip -c
		sleep 5
		records 4 6 | gzip -c
	} >p &
	weir 'SELECT i' <p >out &
	pid=$!
	for _ in $(seq 40); do
		sleep 0.05
		[ "$(wc -l <out)" -lt 3 ] || break
	done
	is "$(wc -l <out)" 3
	wait $pid
	is "$(wc -l <out)" 6
}
