# SPDX-License-Identifier: MIT
# Runs over a few new lines while much is held, as cron starts them: what is
# read of the state goes by the new lines, not by what there is. Counted by
# strace, so it does not depend on how fast the machine is.

load lib

KEYS=40000
NEW=100

setup_file() {
	# 40000 keys in an order of no kind, eight minutes from first to last.
	awk -v n=$KEYS 'BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"t\":%d,\"k\":\"u%05d\",\"v\":%d}\n",
			    1772323200 + i / 80, i * 7919 % n, i % 1000
	}' >"$BATS_FILE_TMPDIR/old.json"
	# 100 of them come again within a minute, and then time goes on.
	awk -v n=$KEYS -v new=$NEW 'BEGIN {
		for (i = 0; i < new; i++)
			printf "{\"t\":%d,\"k\":\"u%05d\",\"v\":%d}\n",
			    1772323750 + i / 2, i * 191 * 7919 % n, i
	}' >"$BATS_FILE_TMPDIR/new.json"
}

# few QUERY...: a run over the new lines reads no more than about a block for
# each of them and what it takes to find it, with up to 4 KiB between two that
# are read together, and syncs a handful of times.
# The state is on a disk: elsewhere blocks are not asked for ahead of time.
few() {
	local status=0 st

	needs_strace
	st=$(mktemp -d /var/tmp/weir-cron.XXXXXX)
	few_in "$st/st" "$@" || status=$?
	rm -rf "$st"
	return $status
}

few_in() {
	local st=$1

	shift
	cp "$BATS_FILE_TMPDIR/old.json" in.json
	case $* in
	*=in.json) ;;
	*) set -- "$@" in.json ;;
	esac
	weir -q -s "$st" -l 1s -T t "$@" >out || return
	cat "$BATS_FILE_TMPDIR/new.json" >>in.json
	strace -f -qq -o calls \
	    -e trace=pread64,preadv,preadv2,fsync,fdatasync \
	    "$WEIR" -q -s "$st" -l 1s -T t "$@" >out || return
	awk -v new=$NEW '
	/ pread/ && $NF > 0 { n++; bytes += $NF }
	/ f(data)?sync\(/ { syncs++ }
	END {
		printf "%d reads, %d bytes, %d syncs\n", n, bytes, syncs
		exit n > 4 * new || bytes > 12288 * new || syncs > 6
	}' calls
}

spec() {
	printf 'weir: 1\nsteps:\n%s\n' "$1" >spec.yaml
}

@test "cron: groups" {
	few 'SELECT k, count(*) n, sum(v) s GROUP BY k' -m upsert
	few 'SELECT k, count(*) n, sum(v) s GROUP BY k' -m changelog
	few 'SELECT k, count(*) n GROUP BY k' -m upsert --ttl 1h
}

@test "cron: windows" {
	few 'SELECT k, count(*) n GROUP BY tumble(1d), k'
	few 'SELECT k, count(*) n GROUP BY hop(2d, 1d), k'
	few 'SELECT k, sum(v) s GROUP BY rows(10), k'
}

@test "cron: one row of each key" {
	spec '  - dedup: [k]'
	few -f spec.yaml
	spec '  - {dedup: [k], keep: last}'
	few -f spec.yaml
	few -f spec.yaml -m upsert
	spec '  - {dedup: [k], order: [t]}'
	few -f spec.yaml
	spec '  - upsert: [k]'
	few -f spec.yaml -m changelog
}

@test "cron: the first and the best rows of each key" {
	spec '  - {limit: 3, by: [k]}'
	few -f spec.yaml
	spec '  - {top: 3, by: [k], order: [v desc], rank: r}'
	few -f spec.yaml
	few -f spec.yaml -m upsert
}

@test "cron: rows that look at others" {
	spec '  - running: {n: row_number(), s: sum(v)}
    by: [k]
    frame: rows unbounded preceding'
	few -f spec.yaml
	spec '  - {running: {n: row_number(), s: sum(v)}, by: [k], order: [t]}'
	few -f spec.yaml
	spec '  - running: {s: avg(v), b: lag(v)}
    by: [k]
    order: [t]
    frame: rows 9 preceding'
	few -f spec.yaml
	spec '  - {running: {b: lead(v)}, by: [k], order: [t]}'
	few -f spec.yaml
}

@test "cron: rows that another input has" {
	cp "$BATS_FILE_TMPDIR/old.json" other.json
	few 'SELECT t, k, v FROM i WHERE k IN (SELECT k FROM o)' \
	    o=other.json i=in.json
	few 'SELECT k FROM i UNION SELECT k FROM o' o=other.json i=in.json
}

# values FROM TO: as many values of one key, no two alike; at = a time of all.
values() {
	seq "$1" "$2" | awk -v at="${at:-0}" '{
		printf "{\"t\":%d,\"k\":\"a\"," \
		    "\"v\":\"a value of some length: %d\"}\n",
		    1767225600 + (at ? at : $1 / 1000), $1 * 7919 % 1000003
	}'
}

@test "cron: a few more values of a large set cost as much as a few" {
	local q before
	for q in 'count(DISTINCT v) d' 'count(DISTINCT v) d, max(t) s' \
	    'array_agg(v) d' "listagg(DISTINCT v, ',') d" 'topk(v, 3) d'; do
		q="SELECT k, count(*) n, $q GROUP BY k, tumble(1d)"
		rm -rf st
		values 1 30000 >in.json
		gives 0 weir -q -s ./st -l 1m -T t "$q" in.json
		is "$out" ''
		before=$(cat st/* | wc -c)
		[ "$before" -gt 700000 ]
		at=1000 values 29991 30020 >>in.json
		gives 0 weir -q -s ./st -l 1m -T t "$q" in.json
		at=1001 values 30021 30040 >>in.json
		gives 0 weir -q -s ./st -l 1m -T t "$q" in.json
		[ "$(cat st/* | wc -c)" -lt $((before + 50000)) ]
		weir -q -s ./st -l 1m -T t --final "$q" in.json >got
		weir -q -T t "$q" in.json >want
		cmp want got
	done
}

@test "cron: a set that grows is not put whole by each commit" {
	local q='SELECT k, count(*) n, count(DISTINCT v) d
		GROUP BY k, tumble(1d)'
	values 1 400000 >in.json
	weir -q -T t "$q" in.json >want
	for torture in commit=40 commit=13,rows=1000; do
		rm -rf st
		wrote=$(WEIR_TORTURE=$torture weir -q -s ./st -l 1m -T t "$q" \
			in.json &&
			awk '/^wchar/ { print $2 }' "/proc/$BASHPID/io")
		# 14 MB of values, and what was put again before they were many:
		# all of them by each commit are 390 MB.
		[ "$wrote" -lt 100000000 ]
		WEIR_TORTURE=$torture weir -q -s ./st -l 1m -T t --final "$q" \
			in.json >got
		cmp want got
	done
}

@test "cron: of a set whose changes are shown what is new is put" {
	local q='SELECT k, count(*) n, count(DISTINCT v) d GROUP BY k'
	values 1 60000 >in.json
	weir -q -s ./st -m upsert "$q" in.json | tail -n 1 >got
	echo '{"op":"+U","k":"a","n":60000,"d":60000}' >want
	cmp want got
	values 59991 60020 >>in.json
	wrote=$(weir -q -s ./st -m upsert "$q" in.json | tail -n 1 >got &&
		awk '/^wchar/ { print $2 }' "/proc/$BASHPID/io")
	echo '{"op":"+U","k":"a","n":60030,"d":60020}' >want
	cmp want got
	[ "$wrote" -lt 100000 ]
}

@test "cron: a large set goes on however it is looked at" {
	local one='count(*) n, count(DISTINCT v) d' run=0
	local two="max(t) m, count(DISTINCT k) kk, $one"
	: >in.json
	for how in 'final' 'upsert' 'final --mem 1M' 'changelog --mem 1M' \
	    'upsert' 'final' 'upsert --mem 1M'; do
		values $((run * 4000)) $((run * 4000 + 5000)) >>in.json
		run=$((run + 1))
		q="SELECT k, $one GROUP BY k"
		[ "$run" -lt 4 ] || q="SELECT k, $two GROUP BY k"
		# shellcheck disable=SC2086
		gives 0 weir -q -s ./st -m $how "$q" in.json
	done
	weir -q -s ./st --final "SELECT k, $one GROUP BY k" in.json >got
	weir -q "SELECT k, $one GROUP BY k" in.json >want
	cmp want got
}

@test "cron: a set that was put by itself comes back for corrections" {
	local q='SELECT k, count(DISTINCT v) d GROUP BY k, tumble(1d)'
	values 1 30000 >in.json
	gives 0 weir -q -s ./st --mem 1M -l 1m -T t "$q" in.json
	at=1000 values 29001 31000 >>in.json
	gives 0 weir -q -s ./st -l 1m --allow 1h -T t "$q" in.json
	weir -q -s ./st -l 1m --allow 1h -T t --final "$q" in.json >got
	weir -q -l 1m --allow 1h -T t "$q" in.json >want
	cmp want got
}
