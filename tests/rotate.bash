# SPDX-License-Identifier: MIT
# What the tests of runs that go on (-s) share.

# write FROM TO FILE: lines with these numbers.
write() {
	seq "$1" "$2" | sed 's/.*/{"i":&,"s":"some text to fill the line"}/' \
	    >>"$3"
}

# run FILE...: a run that writes what is new behind what there is; $status of
# the run, messages in $errors.
run() {
	local k=1
	status=0
	if [ "$way" = killed ]; then
		# Every process but the last commits, goes on, and dies.
		for (( ; k < 60; k++)); do
			status=0
			WEIR_TORTURE=rows=2,commit=$k,restart=$((k + 1)) \
			    "$WEIR" -s ./state -o out "${opts[@]}" "$query" \
			    "$@" 2>stderr || status=$?
			[ $status = 75 ] || break
		done
	else
		"$WEIR" -s ./state -o out "${opts[@]}" "$query" "$@" \
		    2>stderr || status=$?
	fi
	errors=$(<stderr)
	[ $status = 0 ] || echo "status $status: $errors"
	return $status
}

# Nothing is said.
quietly() {
	run "$@" || {
		echo "status $status: $errors"
		return 1
	}
	is "$errors" ''
}

# all N: lines 1 to N have come, in order.
all() {
	is "$(sed 's/[^0-9]*//g' out | tr '\n' ' ')" \
	    "$(seq "$1" | tr '\n' ' ')"
}

# Each way of running, and each way of compressing.
ways() {
	local ext
	for way in plain killed; do
		for ext in gz zst xz bz2; do
			rm -rf work && mkdir work && cd work
			query='SELECT i' opts=()
			pack=$ext
			echo "way: $way $ext"
			"$@" # not before ||, where a failure would not be seen
			cd ..
			[[ $(declare -f "$1") == *compress* ]] || break
		done
	done
}

# compress FILE: as logrotate would.
compress() {
	case $pack in
	gz) gzip "$1" ;;
	zst) zstd -q --rm "$1" ;;
	xz) xz "$1" ;;
	bz2) bzip2 "$1" ;;
	esac
}
