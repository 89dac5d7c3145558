#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# State that is kept between runs: runs that follow each other, runs that are
# killed, runs that get in each other's way, and directories that are not what
# they should be.

load lib.bash

setup() {
	unset NO_COLOR CLICOLOR_FORCE WEIR_CONFIG XDG_CONFIG_HOME TERM COLUMNS
	unset STATE_DIRECTORY XDG_STATE_HOME
	export LC_ALL=C HOME=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return 1
	[ -x "$WEIR" ]
}

sql='SELECT k, sum(v) s GROUP BY k, tumble(1m)'

# log FROM TO: a record every 20 seconds, of two keys in turn.
log() {
	seq "$1" "$2" | awk '{
		s = $1 * 20
		printf "{\"ts\":\"2026-03-%02dT%02d:%02d:%02dZ\"," \
		    "\"k\":\"%s\",\"v\":%d}\n", s / 86400 + 1,
		    s / 3600 % 24, s / 60 % 60, s % 60,
		    $1 % 2 ? "odd" : "even", $1
	}'
}

# A run of the query, with the state in ./st.
run_sql() {
	weir -s ./st -l 10s "$@" "$sql" in.jsonl
}

@test "a check beside a run that goes on finds nothing" {
	seq 1 400000 | sed 's/.*/{"k":"key-&-and-some-more-bytes","v":&}/' |
		weir -q -s ./st --checkpoint 20ms -m upsert -o out.jsonl \
		    'SELECT k, count(*) n GROUP BY k' &
	waits test -e st/HEAD
	while kill -0 $! 2>/dev/null; do
		gives 0 weir state check ./st
		is "$out" ''
	done
	wait $!
}

@test "state: runs that follow each other give what one run gives" {
	log 1 2000 >all.jsonl
	weir -l 10s "$sql" all.jsonl >want
	: >in.jsonl
	for n in 1 7 300 301 1500 2000; do
		head -n "$n" all.jsonl >in.jsonl.new
		cat in.jsonl.new >in.jsonl # the same file, longer
		gives 0 run_sql
		is "$errors" ''
		cat stdout >>got
	done
	gives 0 run_sql
	is "$out" ''
	gives 0 run_sql --final
	cat stdout >>got
	cmp want got
}

@test "state: after --final the state is final" {
	log 1 9 >in.jsonl
	gives 0 run_sql --final
	gives 5 run_sql
	has "$errors" 'this state is final'
	has "$errors" 'weir state rm ./st'
	gives 0 weir state rm ./st
	gives 0 run_sql
}

@test "state: windows stay open for the next run, so a lateness is needed" {
	log 1 9 >in.jsonl
	gives 2 weir -s ./st "$sql" in.jsonl
	has "$errors" 'close by --lateness, and none is stated'
	has "$errors" 'hint: -l 10s'
	gives 0 weir -s ./st --final "$sql" in.jsonl
}

@test "state: what comes at the end only is said to be kept" {
	log 1 9 >in.jsonl
	gives 0 weir -s ./st 'SELECT k, sum(v) s GROUP BY k' in.jsonl
	is "$out" ''
	has "$errors" 'the step "group" are kept for a run with --final'
	has "$errors" '-m upsert'
	gives 0 weir -s ./st --final 'SELECT k, sum(v) s GROUP BY k' in.jsonl
	is "$out" $'{"k":"even","s":20}\n{"k":"odd","s":25}'
}

@test "state: a name is a folder of the state home" {
	log 1 9 >in.jsonl
	gives 0 weir -s one -l 10s "$sql" in.jsonl
	[ -d .local/state/weir/one ]
	is "$(stat -c %a .local/state/weir/one)" 700
	XDG_STATE_HOME=$PWD/xdg gives 0 weir -s one -l 10s "$sql" in.jsonl
	[ -d xdg/weir/one ]
	STATE_DIRECTORY=$PWD/unit gives 0 weir -s one -l 10s "$sql" in.jsonl
	[ -d unit/one ]
	gives 0 weir state ls
	has "$out" one
	for name in '' . ..; do
		gives 2 weir -s "$name" -l 10s "$sql" in.jsonl
		has "$errors" 'is no name'
	done
}

@test "state: options that need -s say so, and values are checked" {
	log 1 9 >in.jsonl
	for option in --final --reset=x --drop-state --if-locked=skip \
	    --standby --checkpoint=1s; do
		gives 2 weir "$option" "$sql" in.jsonl
		has "$errors" "${option%%=*} is about kept state"
	done
	gives 2 run_sql --if-locked=skp
	has "$errors" 'did you mean "skip"?'
	gives 2 run_sql --reset=windw
	has "$errors" 'did you mean "window"?'
	gives 2 run_sql --checkpoint=often
	has "$errors" 'is not a duration'
	gives 2 run_sql --standby --if-locked=wait
}

# ---- what does not fit ----

@test "state: another query is refused, unless it is said what to forget" {
	log 1 9 >in.jsonl
	gives 0 run_sql
	gives 5 weir -s ./st -l 10s "${sql/1m/2m}" in.jsonl
	has "$errors" 'tumble(1m)'
	has "$errors" 'tumble(2m)'
	has "$errors" '--reset window'
	log 10 20 >>in.jsonl
	gives 0 weir -s ./st --reset window -l 10s "${sql/1m/2m}" in.jsonl
	gives 5 weir -s ./st 'SELECT k' in.jsonl
	has "$errors" window
	has "$errors" --drop-state
	gives 0 weir -s ./st --drop-state 'SELECT k' in.jsonl
}

@test "state: another event time is refused, the same one may be stated" {
	log 1 9 | sed 's/}$/,"at":"2026-04-01T00:00:00"}/' >in.jsonl
	gives 0 run_sql
	log 10 12 | sed 's/}$/,"at":"2026-04-01T00:00:00"}/' >>in.jsonl
	for other in '-T at' '-T at --tz Europe/Berlin' '--tz Europe/Berlin'; do
		gives 5 run_sql $other
		has "$errors" '  - time: ts'
		has "$errors" 'weir state rm ./st'
		is "$out" ''
	done
	gives 0 run_sql -T ts
	log 13 15 | sed 's/}$/,"at":"2026-04-01T00:00:00"}/' >>in.jsonl
	gives 0 run_sql
	weir --print-spec -T at -l 10s "$sql" >spec.yaml
	gives 5 weir check spec.yaml --against ./st
	has "$out" 'input: refused time: was ts, is at'
	has "$errors" 'weir state rm ./st'
	weir --print-spec -T ts -l 10s "$sql" >spec.yaml
	gives 0 weir check spec.yaml --against ./st
	gives 5 weir check spec.yaml --against ./none
	is "$errors" 'weir: ./none: there is no such state directory'
	# A log that has nothing in it yet has no time, either.
	: >in.jsonl
	gives 0 weir -s ./new --tz Europe/Berlin -l 10s "$sql" in.jsonl
	log 1 9 >>in.jsonl
	gives 0 weir -s ./new --tz Europe/Berlin -l 10s "$sql" in.jsonl
	[ "$(wc -l <stdout)" -gt 1 ]
}

@test "state: an aggregate may come and go" {
	log 1 6 >in.jsonl
	gives 0 run_sql
	log 7 12 >>in.jsonl
	gives 0 weir check -q --against ./st \
	    'SELECT k, sum(v) s, max(v) m GROUP BY k, tumble(1m)'
	gives 0 weir check --against ./st \
	    'SELECT k, sum(v) s, max(v) m GROUP BY k, tumble(1m)'
	has "$out" 'window: kept'
	has "$out" 'added aggregate: max(v)'
	gives 0 weir -s ./st -l 10s \
	    'SELECT k, sum(v) s, max(v) m GROUP BY k, tumble(1m)' in.jsonl
	has "$errors" 'max(v) is new'
	has "$out" '"k":"even","s":14,"m":8}'
	gives 5 weir check --against ./st "${sql/1m/2m}"
	has "$out" 'refused window: was tumble(1m), is tumble(2m)'
	gives 5 weir check -q --against ./none "$sql"
	has "$errors" 'there is no such state directory'
}

@test "state: a directory that is damaged, or none, is said to be" {
	log 1 9 >in.jsonl
	gives 0 run_sql
	printf 'weir-state 9\n' >st/FORMAT
	gives 5 run_sql
	has "$errors" st/FORMAT
	gives 5 weir -s ./in.jsonl -l 10s "$sql" in.jsonl
	has "$errors" 'is not a directory'
	mkdir other && ln -s other link
	gives 5 weir -s ./link -l 10s "$sql" in.jsonl
	has "$errors" 'symbolic link'
	mkdir photos && touch photos/a.jpg
	gives 5 weir -s ./photos -l 10s "$sql" in.jsonl
	gives 5 weir state rm ./photos
	has "$errors" 'not a state directory'
	[ -e photos/a.jpg ]
}

@test "state: what is no state directory is left alone by every verb" {
	log 1 9 >in.jsonl
	gives 0 run_sql
	mkdir photos empty begun && touch photos/a.jpg photos/FORMAT begun/LOCK
	ln -s st link
	for verb in show dump check repair rm; do
		for dir in ./photos ./empty ./none ./link ./in.jsonl; do
			gives 5 weir state "$verb" "$dir"
			has "$errors" "weir: $dir"
			[[ $errors != *hint* ]]
		done
	done
	gives 5 weir state savepoint ./photos ./copy
	gives 5 weir state restore ./copy ./photos
	gives 5 weir state ls ./link
	[ ! -e copy ]
	is "$(ls photos empty)" $'empty:\n\nphotos:\nFORMAT\na.jpg'
	# A run was killed before it had written anything.
	gives 0 weir state check ./begun
	gives 0 weir state repair ./begun
	gives 0 weir state rm ./begun
}

@test "state: a list is for programs, too" {
	log 1 9 >in.jsonl
	gives 0 run_sql
	cp -r st other && echo x >other/FORMAT
	gives 0 weir state ls -t json .
	cp stdout list.jsonl
	gives 0 weir -t csv 'SELECT name, last_run, commits, damage' list.jsonl
	is "$out" 'name,last_run,commits,damage
other,damaged,,./other/FORMAT: is damaged
st,ended,2,'
	gives 2 weir state ls -t csv
	has "$errors" '-t json'
	gives 2 weir state check -t json ./st
}

@test "state: a dump that is cut off is not loaded, and leaves nothing" {
	log 1 9 >in.jsonl
	gives 0 run_sql
	weir state dump ./st >dump
	sed '$d' dump >cut
	gives 1 weir state load ./copy cut
	has "$errors" 'is cut off'
	[ ! -e copy ]
	gives 1 weir state load ./copy /dev/null
	has "$errors" 'nothing in it'
	[ ! -e copy ]
	(cat dump && tail -1 cut) >more
	gives 1 weir state load ./copy more
	has "$errors" 'complete before'
	# Dumps of before have no last line.
	sed '1s/"weir_state":2/"weir_state":1/' cut >old
	gives 0 weir state load ./copy old
	weir state dump ./copy | cmp - dump
}

# ---- several runs ----

# hold: a run that waits for more of a pipe, with the state in ./st.
hold() {
	mkfifo "$1"
	"$WEIR" -s ./st -l 10s "${@:2}" "$sql" - <"$1" >out 2>err &
	pid=$!
	exec 7>"$1"
	waits grep -qw "$pid" st/LOCK
	rests "$pid"
}

@test "state: one run at a time has it" {
	log 1 9 >in.jsonl
	hold pipe
	gives 4 run_sql
	has "$errors" "in use by process $pid"
	gives 0 run_sql --if-locked=skip
	is "$out$errors" ''
	gives 4 weir state rm ./st
	gives 0 weir state ls ./st
	has "$out" './st'
	gives 0 weir state ls .
	has "$out" "running, pid $pid"
	run_sql --if-locked=wait --final >waited 7>&- &
	waiting=$!
	log 1 9 >&7
	exec 7>&-
	wait "$pid"
	wait "$waiting"
	pid=
	[ -s waited ]
}

@test "state: a standby takes over when the run is killed" {
	log 1 9 >in.jsonl
	hold pipe
	"$WEIR" -s ./st --standby -l 10s "$sql" in.jsonl \
	    >standby 2>&1 7>&- &
	standby=$!
	rests "$standby"
	[ ! -s standby ]
	kill -KILL "$pid"
	wait "$pid" || true
	exec 7>&-
	wait "$standby"
	weir -l 10s "$sql" in.jsonl | head -n 4 | cmp - <(head -n 4 standby)
	hold pipe2
	"$WEIR" -s ./st --standby -l 10s "$sql" in.jsonl \
	    >standby 2>&1 7>&- &
	standby=$!
	rests "$standby"
	kill -TERM "$standby"
	local status=0
	wait "$standby" || status=$?
	is "$status" 143
	is "$(<standby)" ''
	exec 7>&-
}

# waits until the state in ./st has had more commits than $1.
commits_beyond() {
	[ "$(weir state show ./st | sed -n 's/^commits: //p')" -gt "$1" ]
}

@test "state: who has lost the state to another run commits no more" {
	log 1 9 >in.jsonl
	"$WEIR" -s ./st -F --checkpoint 20ms 'SELECT k' in.jsonl >out 2>err &
	pid=$!
	waits grep -q k out
	waits commits_beyond 1
	kill -STOP "$pid"
	rm st/LOCK
	log 10 12 >>in.jsonl
	gives 0 weir -s ./st 'SELECT k' in.jsonl
	[ "$(wc -l <stdout)" -eq 3 ]
	kill -CONT "$pid"
	log 13 14 >>in.jsonl
	fate=0
	wait "$pid" || fate=$?
	[ "$fate" -eq 4 ]
	has "$(<err)" 'another run has taken over'
	gives 0 weir state check ./st
	gives 0 weir -s ./st 'SELECT k' in.jsonl
	[ "$(wc -l <stdout)" -eq 2 ]
}

@test "state: a directory that is removed ends the run that has it" {
	log 1 9 >in.jsonl
	"$WEIR" -s ./st -F --checkpoint 20ms 'SELECT k' in.jsonl >out 2>err &
	pid=$!
	waits grep -q k out
	waits commits_beyond 1
	rm -r st
	log 10 12 >>in.jsonl
	fate=0
	wait "$pid" || fate=$?
	[ "$fate" -eq 5 ]
	has "$(<err)" 'LOCK: was removed while a run had the state'
}

# ends_by SIGNAL STATUS: a run that is asked to end does so with a commit.
ends_by() {
	mkfifo pipe
	"$WEIR" -s ./st -l 10s "$sql" - <pipe >got 2>err &
	pid=$!
	exec 7>pipe
	head -n 1000 in.jsonl >&7
	waits grep -q '"even","s":1994' got
	kill "-$1" "$pid"
	local status=0
	wait "$pid" || status=$?
	exec 7>&-
	pid=
	is "$status" "$2"
	tail -n +1001 in.jsonl | weir -s ./st --final -l 10s "$sql" >>got
	cmp want got
	rm -r st pipe
}

@test "state: SIGTERM, SIGHUP commit and end, and the next run goes on" {
	log 1 2000 >in.jsonl
	weir -l 10s "$sql" in.jsonl >want
	ends_by TERM 143
	ends_by HUP 129
}

@test "state: killed again and again, each result comes once" {
	log 1 4000 | sed p >in.jsonl
	weir -l 10s "$sql" in.jsonl >want
	for threads in 1 3; do
		rm -rf st out
		local status=137 n=0
		# timeout gives 124 where what it kills has just ended.
		while [ "$status" -eq 137 ] || [ "$status" -eq 124 ]; do
			n=$((n + 1))
			status=0
			# However slow the machine is, it ends.
			WEIR_TORTURE=rows=5 timeout --foreground -s KILL \
			    $((n / 50)).0$((n % 10))$n \
			    "$WEIR" -j $threads -s ./st --checkpoint 1ms \
			    --final -l 10s -o out "$sql" in.jsonl 2>err ||
			    status=$?
			[ $n -lt 2000 ]
		done
		cat err
		# It may have been killed when all was done but its exit.
		[ "$status" -eq 0 ] || grep -q "state is final" err
		cmp <(sed 's/}$//' want) <(sed 's/}$//' out)
	done
}

@test "state: a pipe whose reader goes away is not committed past" {
	log 1 20000 >in.jsonl
	weir -l 10s "$sql" in.jsonl >want
	run_sql | head -n 100 >first || true
	run_sql --final >rest
	# Nothing is lost; what was in the pipe may come again.
	cat first rest | sort -u | cmp - <(sort -u want)
}

# ---- weir state ----

@test "state: what is dumped can be loaded" {
	log 1 20 >in.jsonl
	gives 0 run_sql
	gives 0 weir state dump ./st
	cp stdout dump
	has "$out" '"step":"window","map":"cells"'
	has "$out" '"key":["even"]'
	gives 0 weir state load ./copy dump
	weir state dump ./copy | cmp - dump
	gives 0 weir state load ./copy2 <dump
	gives 5 weir state load ./copy dump
	has "$errors" 'there is a state in it already'
	mv copy2 st2
	log 21 30 >>in.jsonl
	gives 0 run_sql --final
	cp stdout want
	gives 0 weir -s ./st2 --final -l 10s "$sql" in.jsonl
	cmp want stdout
	head -c 300 dump >part
	gives 1 weir state load ./third part
	has "$errors" 'part:1: '
	[ ! -e third ]
	sed '2s/"raw_key":"/&!/' dump >bad
	gives 1 weir state load ./third bad
	has "$errors" 'bad:2: this is no entry of a state'
	[ ! -e third ]
}

# dump MAP [QUERY...]: what is shown of a map after a run, line by line.
dump() {
	local map=$1
	shift
	rm -rf st
	weir -q -s ./st "$@" in.jsonl >results
	weir state dump ./st >dump
	grep "\"map\":\"$map\"" dump | sed 's/,"raw_key".*//
	    s/^{"step":"[^"]*","map":"[^"]*","number":[0-9]*,//'
}

@test "state: a dump shows aggregates by their text, and windows" {
	log 1 20 >in.jsonl
	is "$(dump cells -l 10s "SELECT k, sum(v), count(*) n
	    GROUP BY k, tumble(1m)")" "\
\"bucket\":1772323560000000,\"window_start\":\"2026-03-01T00:06:00Z\",\
\"window_end\":\"2026-03-01T00:07:00Z\",\"key\":[\"even\"],\
\"value\":{\"sum(v)\":38,\"count(*)\":2}
\"bucket\":1772323560000000,\"window_start\":\"2026-03-01T00:06:00Z\",\
\"window_end\":\"2026-03-01T00:07:00Z\",\"key\":[\"odd\"],\
\"value\":{\"sum(v)\":19,\"count(*)\":1}"
	has "$(dump step -l 10s "$sql")" '"value":"2026-03-01T00:06:30Z"'
	has "$(dump slices -l 10s "$sql")" '"value":{"keys":2}'
	# What overlaps is kept in slices.
	has "$(dump cells -l 10s "SELECT k, max(v) GROUP BY k, hop(2m, 1m)")" \
	    '"slice_start":"2026-03-01T00:05:00Z"'
	has "$(dump cells -l 10s "SELECT k, max(v) GROUP BY k, day()")" \
	    '_end":"2026-03-02T00:00:00Z","key":["odd"],"value":{"max(v)":19}'
	has "$(dump sessions -l 10s "SELECT k, first(v), count(DISTINCT v)
	    GROUP BY k, session(30s)")" \
	    '"key":["even"],"value":[{"window_start":"2026-03-01T00:06:40Z",'
	has "$(cat dump)" \
	    '_end":"2026-03-01T00:07:10Z","first(v)":20,"count(DISTINCT v)":1}]'
	has "$(dump cells "SELECT k, sum(v) GROUP BY k, rows(4, 2)")" \
	    '"value":{"rows":10,"panes":[{"sum(v)":38},{"sum(v)":30}]}'
	has "$(dump cells -m upsert "SELECT k, sum(v), avg(v) GROUP BY k")" \
	    '"key":["odd"],"value":{"sum(v)":100,"avg(v)":10}'
	has "$(dump ttl -m upsert --ttl 1h -l 10s \
	    'SELECT k, sum(v) GROUP BY k')" \
	    '"time":"2026-03-01T00:06:20Z","key":["odd"],"value":{"sum(v)":100}'
	log 2 2 >>in.jsonl
	has "$(dump revisions -l 10s --allow 1h "$sql")" \
	    '_end":"2026-03-01T00:01:00Z","key":["even"],"value":{"rev":1}'
}

@test "state: a dump shows rows by their columns" {
	log 1 6 >in.jsonl
	printf 'weir: 1\nsteps:\n  - dedup: [k]\n    keep: last\n' >dedup.yaml
	printf 'weir: 1\nsteps:\n  - upsert: [k]\n' >upsert.yaml
	has "$(dump keys "SELECT k, v, row_number() OVER (PARTITION BY k
	    ORDER BY v DESC) r QUALIFY r <= 4")" \
	    '"key":["even"],"value":[{"k":"even","v":2},{"k":"even","v":4},'
	has "$(dump rows 'SELECT * ORDER BY v')" \
	    '"value":{"ts":"2026-03-01T00:00:20Z","k":"odd","v":1}'
	has "$(dump keys -l 10s "SELECT *, sum(v) OVER (PARTITION BY k
	    ORDER BY ts ROWS 1 PRECEDING) s")" \
	    '["2026-03-01T00:01:40Z",5]]'
	has "$(cat dump)" '"map":"waiting"'
	has "$(cat dump)" '{"ts":"2026-03-01T00:02:00Z","k":"even","v":6}'
	has "$(dump keys -q -f dedup.yaml)" '"key":["even"],"value":{"ts":"2026'
	has "$(dump rows -f upsert.yaml)" \
	    '"value":{"ts":"2026-03-01T00:02:00Z","k":"even","v":6,"k":"even"}'
	# Rows that are long are not in their key's value.
	sed "s/}/,\"pad\":\"$(printf '%2000s' '' | tr ' ' x)\"}/" in.jsonl >long
	mv long in.jsonl
	has "$(dump rows "SELECT k, pad, v, row_number() OVER (PARTITION BY k
	    ORDER BY v DESC) r QUALIFY r <= 4" | sed 's/xx*/x/')" \
	    '"key":["even",4],"value":{"k":"even","pad":"x","v":4}'
}

@test "state: a dump shows what outputs keep" {
	log 1 6 >in.jsonl
	has "$(dump parts -o '{k}.jsonl' 'SELECT k, v')" \
	    '"value":{"name":"even.jsonl","number":1,'
	weir state load ./copy dump
	weir state dump ./copy | cmp - dump
}

@test "state: a dump without what it takes to read it has bytes alone" {
	log 1 20 >in.jsonl
	gives 0 run_sql
	weir state dump ./st >dump
	# Without a spec, as earlier versions kept it; with a wrong one.
	for edit in 's/,\\"spec\\":.*}"}$/}"}/' 's/\\"weir: 1/&1/'; do
		sed "1$edit" dump >other
		! cmp -s other dump
		rm -rf copy
		gives 0 weir state load ./copy other
		gives 0 weir state dump ./copy
		has "$errors" 'no values, only their bytes'
		sed 1d other | sed 's/"time":[^,]*,//; s/"window_[^,]*,//g
		    s/"value":.*,"raw_key/"raw_key/' >want
		sed 1d stdout | sed 's/"time":[^,]*,//' | cmp - want
		gives 0 weir -q state dump ./copy
		is "$errors" ''
	done
	# Values that no step has written are not shown.
	sed 's/"raw_value":"[^"]*/"raw_value":"AAAA/' dump >other
	rm -rf copy
	gives 0 weir state load ./copy other
	gives 0 weir state dump ./copy
	is "$(grep '"map":"cells"' stdout | grep -c '"value":')" 0
}

@test "state: another spec of the same steps goes on with what is kept" {
	log 1 9 >in.jsonl
	gives 0 run_sql
	gives 0 weir state show ./st
	has "$out" 'tumble(1m)\n    by: [k]'
	gives 0 weir -s ./st -l 20s "$sql" in.jsonl
	is "$errors" ''
	gives 0 weir state show ./st
	has "$out" 'lateness: 20s'
	gives 0 weir check --against ./st "$sql"
	is "$out" 'window: kept'
}

@test "state: what is known of it is shown to people and to programs" {
	log 1 20 >in.jsonl
	gives 0 run_sql -o out
	gives 0 weir state ls .
	has "$out" BEHIND
	is "$(awk '$1 == "st" { print $5 }' stdout)" 0
	log 21 22 >>in.jsonl
	gives 0 weir state ls .
	is "$(awk '$1 == "st" { print $5 }' stdout)" 95
	gives 0 weir state show ./st
	has "$out" 'behind: 95'
	cp stdout lines
	gives 0 weir state show -t json ./st
	has "$out" '{"directory":"./st","commits":2,"written":"'
	has "$out" '"watermark":"2026-03-01T00:06:30Z","behind":95,"inputs":[{'
	has "$out" '"maps":[{"step":"window","map":"cells","number":1,"entr'
	# The same members in the same order.
	sed -n 's/^\([a-z_]*\):.*/\1/p' lines >want
	if command -v jq >/dev/null; then
		jq -r 'keys_unsorted[]' stdout | cmp - want
	fi
	gives 2 weir state show -t csv ./st
	has "$errors" '-t json'
	gives 2 weir state dump -t json ./st
	has "$errors" 'weir state show'
	needs_terminal
	on_terminal "'$WEIR' state show ./st"
	has "$out" 'commits    2, the last '
	has "$out" 'last run   ended'
	has "$out" 'watermark  2026-03-01T00:06:30Z'
	has "$out" ' read, 20 lines, 95 to read'
	has "$out" '12 rows, 1.1K committed'
	has "$out" '  window                         4 entries, '
	on_terminal "'$WEIR' state show -t json ./st"
	has "$out" '{"directory":"./st",'
}

@test "state: that of a run that goes on can be looked at" {
	needs_terminal
	log 1 20 >in.jsonl
	gives 0 run_sql
	hold pipe
	gives 0 weir state show ./st
	has "$out" "running: $pid"
	gives 0 weir state dump ./st
	has "$errors" "./st: a run goes on (process $pid), this is its last"
	has "$out" '"value":{"sum(v)":38}'
	gives 0 weir -q state dump ./st
	is "$errors" ''
	on_terminal "'$WEIR' state show ./st"
	has "$out" "last run   goes on, process $pid"
	exec 7>&-
	wait "$pid"
	pid=
	gives 0 weir state dump ./st
	is "$errors" ''
}

@test "state: it can be looked at, copied, checked and removed" {
	log 1 20 >in.jsonl
	gives 0 run_sql
	gives 0 weir state show ./st
	has "$out" 'commits: 2'
	has "$out" 'watermark: "2026-03-01T00:06:30Z"'
	has "$out" '"in.jsonl"'
	gives 0 weir state check ./st
	has "$errors" 'is whole'
	gives 0 weir state savepoint ./st ./saved
	log 21 30 >>in.jsonl
	gives 0 run_sql
	cp stdout want
	gives 0 weir state rm ./st
	[ ! -e st ]
	gives 0 weir state restore ./st ./saved
	gives 0 run_sql
	cmp want stdout
}

@test "state: what weir state is asked is checked" {
	gives 2 weir state
	has "$errors" 'weir state ls'
	gives 2 weir state shw ./st
	has "$errors" 'did you mean "show"?'
	gives 2 weir state show
	has "$errors" 'weir state show DIR'
	gives 5 weir state show ./none
	has "$errors" 'there is no such state directory'
	gives 0 weir state ls
	is "$out" ''
	gives 1 weir state ls ./none
}

@test "state: --checkpoint 0 commits at the end alone" {
	printf '{"ts":"2026-01-01T00:00:0%dZ"}\n' 1 2 3 >in.jsonl
	gives 0 weir -s ./s --checkpoint 0 -l 0 \
	    'SELECT count(*) n GROUP BY tumble(1s)' in.jsonl
	[ "$(wc -l <stdout)" -eq 2 ]
	gives 0 weir -s ./s --checkpoint 0 -l 0 --final \
	    'SELECT count(*) n GROUP BY tumble(1s)' in.jsonl
	[ "$(wc -l <stdout)" -eq 1 ]
}
