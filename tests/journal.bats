#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --journal: standard input that is a pipe is kept in the state directory
# until it is committed, so that a run that is killed takes nothing with it
# that it had read.

load lib.bash

setup() {
	unset NO_COLOR CLICOLOR_FORCE WEIR_CONFIG XDG_CONFIG_HOME TERM COLUMNS
	unset STATE_DIRECTORY XDG_STATE_HOME
	export LC_ALL=C HOME=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return 1
	[ -x "$WEIR" ]
	shell=$BASHPID
}

sql='SELECT k, count(*) n, sum(v) s GROUP BY k, tumble(1m)'

# log FROM TO: a record every second, of two keys in turn.
log() {
	seq "$1" "$2" | awk '{
		printf "{\"ts\":\"2026-03-%02dT%02d:%02d:%02dZ\"," \
		    "\"k\":\"%s\",\"v\":%d}\n", $1 / 86400 + 1,
		    $1 / 3600 % 24, $1 / 60 % 60, $1 % 60,
		    $1 % 2 ? "odd" : "even", $1
	}'
}

# runs OPTION...: the query over standard input; the state is in ./st.
runs() {
	# In the background it is the process itself that is to be killed.
	[ "$BASHPID" = "$shell" ] || exec "$WEIR" -s ./st --journal -l 10s \
	    -o out.jsonl "$@" "$sql"
	"$WEIR" -s ./st --journal -l 10s -o out.jsonl "$@" "$sql"
}

# kept BYTES: so many bytes have come into the journal.
kept() {
	[ "$(python3 "$WEIR_SRC/tests/spool.py" --count st/spool.*)" -eq "$1" ]
}

# killed FILE OPTION...: a run that has read this file from a pipe, whose
# writer is still there, is killed. $before: bytes kept before.
killed() {
	local file=$1
	shift
	rm -f fifo
	mkfifo fifo
	(runs "$@" <fifo) &
	pid=$!
	exec 9>fifo
	cat "$file" >&9
	waits kept $((before + $(wc -c <"$file")))
	kill -KILL "$pid"
	wait "$pid" || true
	exec 9>&-
	pid=
}

@test "journal: what a killed run has read is counted once, and not lost" {
	local options
	log 1 3000 >all
	weir -l 10s "$sql" all >want
	for options in '' -j3 '--checkpoint 0s' '--commit-output -j3'; do
		rm -rf st out.jsonl
		before=0
		head -c 100000 all >part # within a line
		killed part $options
		before=100000
		tail -c +100001 all | head -c 31 >part
		killed part $options
		before=100031
		tail -c +100032 all | head -n 400 >part
		killed part $options
		tail -c "+$((100032 + $(wc -c <part)))" all |
			runs --final $options
		cmp want out.jsonl
	done
}

@test "journal: many commits, and deaths between them" {
	local torture
	log 1 2000 >all
	weir -l 10s "$sql" all >want
	for torture in rows=7,commit=1 rows=3,commit=5,reads=100; do
		export WEIR_TORTURE=$torture
		rm -rf st out.jsonl
		before=0
		head -c 50001 all >part
		killed part
		before=50001
		tail -c +50002 all | head -c 20000 >part
		killed part -j3
		tail -c +70002 all | runs --final
		cmp want out.jsonl
	done
}

@test "journal: killed at any call, with a pipe that stays" {
	local call n deaths=0 status
	needs_strace
	log 1 400 >all
	weir -l 10s "$sql" all >want
	for call in fdatasync fallocate unlinkat write openat ftruncate splice \
	    pwrite64 pread64; do
		for n in 1 2 3 5 9 14 20; do
			rm -rf st out.jsonl fifo
			mkfifo fifo
			exec 9<>fifo
			cat all >&9
			status=0
			# An end of input comes only when nobody holds the pipe.
			WEIR_TORTURE=rows=20,commit=2,reads=3000 timeout 60 \
				strace -f -qq -o /dev/null -e "trace=$call" \
				-e "inject=$call:signal=SIGKILL:when=$n" \
				"$WEIR" -s ./st --journal -l 10s \
				-o out.jsonl 'SELECT k, v LIMIT 395' \
				<fifo 9<&- >/dev/null 2>&1 || status=$?
			[ "$status" != 137 ] || deaths=$((deaths + 1))
			exec 8<fifo 9<&-
			weir -s ./st --journal -l 10s -o out.jsonl --final \
				'SELECT k, v LIMIT 395' <&8
			exec 8<&-
			head -n 395 all | weir 'SELECT k, v' >want
			cmp want out.jsonl
		done
	done
	[ "$deaths" -gt 10 ]
}

@test "journal: files go when what is in them is committed" {
	log 1 500000 >all # 24 MB
	weir -l 10s "$sql" all >want
	cat all | WEIR_TORTURE=commit=20 runs
	[ -e st/spool.000000 ]
	[ ! -e st/spool.000001 ]
	[ ! -e st/spool.000002 ]
	is "$(stat -c %a st/spool.000000)" 600
	[ "$(du -sk st | cut -f1)" -lt 12000 ]
	gives 0 weir state show ./st
	has "$out" '"kind":"journal","path":"-"'
	has "$out" "\"offset\":$(wc -c <all)"
	has "$out" '"line":500000'
	gives 0 runs --final </dev/null
	cmp want out.jsonl
}

@test "journal: several files of it are read again after a kill" {
	log 1 400000 >all
	weir -l 10s "$sql" all >want
	head -n 300000 all >part
	before=0
	killed part --checkpoint 0s -j3
	[ -e st/spool.000002 ]
	tail -n +300001 all | runs
	[ ! -e st/spool.000001 ]
	gives 0 runs --final </dev/null
	cmp want out.jsonl
}

@test "journal: without the option what was kept is read first all the same" {
	local run=("$WEIR" -s ./st -l 10s -o out.jsonl "$sql")
	log 1 900 >all
	weir -l 10s "$sql" all >want
	before=0
	head -n 500 all >part
	killed part
	tail -n +501 all | head -n 200 | "${run[@]}"
	# A file is another input; the pipe goes on after it.
	tail -n +701 all | "${run[@]}"
	gives 0 "${run[@]}" --final </dev/null
	cmp want out.jsonl
}

@test "journal: killed before its first commit" {
	local run=("$WEIR" -s ./st 'SELECT a')
	rm -f fifo
	mkfifo fifo
	"$WEIR" -s ./st --journal 'SELECT a' <fifo >/dev/null &
	pid=$!
	exec 9>fifo
	printf '{"a":' >&9
	waits kept 5
	kill -KILL "$pid"
	wait "$pid" || true
	exec 9>&-
	pid=
	out=$(printf '1}\n{"a":2}\n' | "${run[@]}")
	is "$out" $'{"a":1}\n{"a":2}'
}

@test "journal: an unended last line is the next run's, a header the first's" {
	printf 'a,b\n1,2\n3,' | weir -s ./st --journal 'SELECT *' >got
	printf '4\n5,6\n7,8' | weir -s ./st --journal 'SELECT *' >>got
	printf '' | weir -s ./st --journal --final 'SELECT *' >>got
	printf 'a,b\n1,2\n3,4\n5,6\n7,8\n' | weir 'SELECT *' >want
	cmp want got
}

@test "journal: other inputs, and -F" {
	printf '{"k":1,"name":"one"}\n{"k":2,"name":"two"}\n' >names.jsonl
	rm -f fifo
	mkfifo fifo
	"$WEIR" -F -s ./st --journal 'SELECT k' - names.jsonl <fifo >got &
	pid=$!
	exec 9>fifo
	printf '{"k":3}\n{"k":4}\n' >&9
	waits grep -q 4 got
	waits grep -q 2 got
	kill -KILL "$pid"
	wait "$pid" || true
	exec 9>&-
	pid=
	printf '{"k":5}\n' | weir -s ./st 'SELECT k' - names.jsonl >>got
	is "$(sort -u got)" "$(seq 5 | sed 's/.*/{"k":&}/')"
}

@test "journal: a file that is standard input needs none" {
	log 1 100 >all
	gives 0 runs <all
	[ ! -e st/spool.000000 ]
	log 101 200 >>all
	gives 0 runs --final <all
	weir -l 10s "$sql" all >want
	cmp want out.jsonl
}

@test "journal: a file that must not grow ends the run, and nothing is lost" {
	local status=0
	log 1 20000 >all
	weir -l 10s "$sql" all >want
	mkfifo fifo
	exec 9<>fifo
	cat all >&9 &
	writer=$!
	(
		ulimit -f 200 # KiB
		exec "$WEIR" -s ./st --journal -l 10s -o out.jsonl "$sql" <fifo
	) 2>errors 9<&- || status=$?
	is "$status" 1
	has "$(cat errors)" './st/spool.000000: cannot write: File too large'
	runs --final <fifo 9<&- &
	pid=$!
	wait "$writer"
	exec 9>&-
	wait "$pid"
	pid=
	cmp want out.jsonl
}

@test "journal: a full disk ends the run, and nothing is lost" {
	local n status
	needs_strace
	log 1 40000 >all # 2 MB
	weir -l 10s "$sql" all >want
	for n in 1 2; do
		rm -rf st out.jsonl fifo
		mkfifo fifo
		exec 9<>fifo
		cat all >&9 &
		writer=$!
		status=0
		timeout 60 strace -f -qq -o /dev/null -e trace=fallocate \
			-e "inject=fallocate:error=ENOSPC:when=$n+" \
			"$WEIR" -s ./st --journal -l 10s -o out.jsonl "$sql" \
			<fifo 2>errors 9<&- || status=$?
		is "$status" 1
		has "$(cat errors)" './st/spool.00000'
		has "$(cat errors)" 'cannot write: No space left on device'
		runs --final <fifo 9<&- &
		pid=$!
		wait "$writer"
		exec 9>&-
		wait "$pid"
		pid=
		cmp want out.jsonl
	done
}

@test "journal: what cannot be" {
	gives 2 weir --journal 'SELECT 1'
	has "$errors" '--journal is about kept state'
}

@test "journal: pieces that are missing are told, links are not followed" {
	log 1 300000 >part
	before=0
	killed part --checkpoint 0s
	cp -R st copy
	rm st/spool.000001
	gives 5 runs </dev/null
	has "$errors" './st/spool.000001: is missing or cut'
	rm -rf st
	cp -R copy st
	mv st/spool.000001 elsewhere
	ln -s ../elsewhere st/spool.000001
	gives 1 runs </dev/null
	has "$errors" './st/spool.000001: cannot open'
	rm -rf st
	mv copy st
	gives 0 runs </dev/null
	rm st/spool.000000
	gives 5 runs </dev/null
	has "$errors" './st/spool.000000: is missing'
	gives 0 weir state rm ./st
	[ ! -e st ]
}

@test "journal: what is missing of it is checked and repaired" {
	local n damage
	log 1 300000 >part # 14 MB
	before=0
	killed part --checkpoint 0s
	log 300001 301000 | WEIR_TORTURE=restart=3 runs || true
	gives 0 weir state check ./st
	cp -R st copy
	for damage in 'rm spool.000001' 'truncate -s 100000 spool.000001' \
	    'rm spool.000000' 'truncate -s 7 spool.000000' \
	    'ln -sf /etc/passwd spool.000001' 'rm spool.*'; do
		rm -rf st out.jsonl
		cp -R copy st
		(cd st && eval "$damage")
		gives 5 weir state check ./st
		has "$out" './st/spool.00000'
		gives 5 weir state check ./st
		gives 0 weir state repair ./st
		has "$out" './st/spool.00000'
		[[ $out != *nothing* ]]
		gives 0 weir state check ./st
		gives 0 weir state repair ./st
		is "$out" './st: nothing is damaged'
		# Records that were cut are bad ones; of the beginning the
		# format was known.
		gives 0 runs --final --max-bad any -i json -T ts </dev/null
	done
}

@test "journal: a savepoint has what was read and not applied" {
	local run=("$WEIR" -s ./copy -l 10s -o out.jsonl "$sql")
	log 1 3000 >all
	weir -l 10s "$sql" all >want
	head -n 2000 all >part
	before=0
	killed part --checkpoint 0s
	gives 0 weir state savepoint ./st ./copy
	cmp st/spool.000000 copy/spool.000000
	cmp part <(python3 "$WEIR_SRC/tests/spool.py" copy/spool.000000)
	rm -rf st
	gives 0 weir state check ./copy
	tail -n +2001 all | "${run[@]}"
	gives 0 "${run[@]}" --final </dev/null
	cmp want out.jsonl
}

# packed NAME FROM TO: as log, by this program.
packed() {
	log "$2" "$3" | "$1" -c
}


@test "journal: compressed input is kept as it came, and read on within" {
	local c at n
	for c in gzip zstd bzip2 xz; do
		command -v $c >/dev/null || continue
		rm -rf st out.jsonl
		{
			packed $c 1 900
			packed $c 901 2400
			packed $c 2401 2500
		} >all.z
		log 1 2500 | weir -l 10s "$sql" >want
		n=$(wc -c <all.z)
		before=0
		# Within the magic, within a member, and behind it.
		for at in 2 3 $((n / 5)) $((n / 2)) $((n / 2 + 1)); do
			tail -c "+$((before + 1))" all.z |
				head -c $((at - before)) >part
			killed part ${opts:-} --checkpoint 0s
			before=$at
		done
		gives 0 weir state check ./st
		tail -c "+$((before + 1))" all.z | runs -j3
		[ "$(weir state show ./st | grep -o '"line":2500')" ]
		gives 0 runs --final </dev/null
		cmp want out.jsonl
	done
}

@test "journal: compressed input, commits after every batch, killed often" {
	local at=0 next n
	log 1 3000 | weir -l 10s "$sql" >want
	packed gzip 1 3000 >all.z
	n=$(wc -c <all.z)
	export WEIR_TORTURE=rows=50,commit=1
	before=0
	for next in $((n / 7)) $((n / 3)) $((n / 2)) $((n - 3)); do
		tail -c "+$((at + 1))" all.z | head -c $((next - at)) >part
		before=$at
		killed part
		at=$next
	done
	WEIR_TORTURE=rows=50,commit=1,reads=7
	tail -c "+$((at + 1))" all.z | runs --final
	cmp want out.jsonl
}

@test "journal: runs of compressed and other inputs follow each other" {
	log 1 1000 | weir -l 10s "$sql" >want
	packed gzip 1 100 | runs
	log 101 200 | runs
	log 201 300 | bzip2 -c | runs
	printf '' | runs
	log 301 400 | head -c 1000 >part
	log 301 400 | runs -j3
	before=$(python3 "$WEIR_SRC/tests/spool.py" --count st/spool.*)
	packed gzip 401 700 >part
	cat part >more
	before=$((before)) kept_before=$before
	rm -f fifo && mkfifo fifo
	(runs --checkpoint 0s <fifo) &
	pid=$!
	exec 9>fifo
	cat part >&9
	waits kept $((kept_before + $(wc -c <part)))
	kill -KILL "$pid"
	wait "$pid" || true
	exec 9>&-
	pid=
	# It was whole: what comes now is another input, of another kind.
	log 701 1000 | runs --final
	cmp want out.jsonl
}

@test "journal: compressed input that is cut or damaged is told once" {
	log 1 2000 | weir -l 10s "$sql" >all
	packed gzip 1 2000 >all.z
	head -c 5000 all.z >part
	gives 1 runs < <(cat part)
	has "$errors" 'standard input: the compressed data end too early'
	# It was said; what follows is read, and the record that was cut is
	# a bad one.
	gives 3 runs < <(log 3001 3100)
	has "$errors" 'in 101 = used 100 + filtered 0 + late 0 + bad 1'
	gives 0 runs </dev/null
	printf '\x1f\x8b\x08\x00garbage of which nothing can be made' >part
	gives 1 runs < <(cat part)
	has "$errors" 'standard input: '
	log 3101 3200 | runs
	gives 0 runs --final </dev/null
	# Nothing of the other two inputs is missing.
	log 3001 3200 | weir -l 10s "$sql" >tail
	[ "$(tail -n 2 tail)" = "$(tail -n 2 out.jsonl)" ]
}

@test "journal: a cut member is an error for the run that reads it again, too" {
	packed gzip 1 2000 >all.z
	head -c 5000 all.z >part
	before=0
	killed part --checkpoint 0s
	gives 1 runs </dev/null
	has "$errors" 'standard input: the compressed data end too early'
	gives 3 runs </dev/null
	gives 0 runs </dev/null
	log 2001 2100 | runs --final
}

@test "journal: no bit of it turns unseen" {
	local at size n status
	log 1 300 >part
	before=0
	killed part --checkpoint 0s
	cp -R st copy
	size=$(wc -c <st/spool.000000)
	for at in 0 4 5 9 13 17 25 29 33 37 41 49 64 65 77 90 95 97 500 \
	    $((size / 2)) $((size - 1)); do
		rm -rf st out.jsonl
		cp -R copy st
		python3 - "$at" <<-'END'
		import sys
		with open("st/spool.000000", "r+b") as f:
		    f.seek(int(sys.argv[1]))
		    b = f.read(1)[0]
		    f.seek(int(sys.argv[1]))
		    f.write(bytes([b ^ 1 << int(sys.argv[1]) % 8]))
		END
		gives 5 weir state check ./st
		has "$out" './st/spool.000000, byte '
		gives 5 runs </dev/null
		has "$errors" './st/spool.000000, byte '
		gives 0 weir state repair ./st
		gives 0 weir state check ./st
		gives 0 runs --final --max-bad any -i json -T ts </dev/null
	done
}

@test "journal: what was taken by a run that died before its checksum" {
	local at
	log 1 300 >all
	weir -l 10s "$sql" all >want
	head -n 100 all | runs
	head -n 200 all | tail -n 100 >part
	before=$(python3 "$WEIR_SRC/tests/spool.py" --count st/spool.*)
	killed part --checkpoint 0s
	# The head of the last frame was not written yet.
	python3 - <<-'END'
	import struct
	with open("st/spool.000000", "r+b") as f:
	    data, at = f.read(), 0
	    while at < len(data):
	        last = at
	        at += 32 + struct.unpack_from("<I", data, at + 8)[0]
	    f.seek(last)
	    f.write(bytes(32))
	END
	gives 0 weir state check ./st
	tail -n +201 all | runs --final
	cmp want out.jsonl
}

@test "journal: what a power cut left of it is cut off, and said" {
	log 1 300 >all
	head -n 200 all | runs
	head -n 290 all | tail -n +201 >part
	before=$(python3 "$WEIR_SRC/tests/spool.py" --count st/spool.*)
	killed part --checkpoint 0s
	# Of another start of the machine, and the last frame is half there.
	python3 - <<-'END'
	import struct

	def crc(data):
	    c = 0xffffffff
	    for b in data:
	        c ^= b
	        for _ in range(8):
	            c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
	    return c ^ 0xffffffff
	with open("st/spool.000000", "r+b") as f:
	    data, at = f.read(), 0
	    while at < len(data):
	        head = bytearray(data[at:at + 32])
	        head[12] ^= 255
	        struct.pack_into("<I", head, 28, crc(head[:28]))
	        f.seek(at)
	        f.write(head)
	        last, at = at, at + 32 + struct.unpack_from("<I", head, 8)[0]
	    f.seek(last + 40)
	    f.write(bytes(len(data) - last - 40))
	END
	gives 0 runs </dev/null
	has "$errors" 'of the journal of standard input were lost'
	at=$(python3 "$WEIR_SRC/tests/spool.py" --count st/spool.*)
	[ "$at" -ge "$before" ]
	tail -c "+$((at + 1))" all | runs --final
	weir -l 10s "$sql" all >want
	cmp want out.jsonl
}

@test "journal: files of an older weir are refused" {
	log 1 10 | runs
	log 1 10 >st/spool.000000
	gives 5 runs </dev/null
	has "$errors" 'is damaged, or of a weir of another version'
}

@test "journal: a savepoint has it, a dump does not and says so" {
	lines() { seq "$1" "$2" | sed 's/.*/{"i":&}/'; }
	lines 1 5 | weir -s ./st --journal 'SELECT i' >/dev/null
	gives 0 weir state dump ./st
	has "$errors" 'not part of a dump'
	gives 0 weir state savepoint ./st ./saved
	is "$errors" ''
	lines 6 7 >more
	gives 0 weir -s ./saved 'SELECT i' < <(cat more)
	is "$out" $'{"i":6}\n{"i":7}'
}
