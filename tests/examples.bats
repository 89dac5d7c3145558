# SPDX-License-Identifier: MIT
# The examples of README.md and of the manual run as they stand, in a copy of
# examples/. In code, a line that begins with "$ " begins a command; what is
# below a command, if anything, is what it prints.

load lib

# commands FILE BEGIN END: the code between lines that match BEGIN and END.
code() {
	awk -v begin="$2" -v end="$3" '
	    $0 ~ end && on { on = 0; next }
	    on { print }
	    $0 ~ begin { on = 1 }' "$1"
}

# Each command as one file 1.sh, 2.sh ..., what it prints in 1.want ...
split_commands() {
	awk '
	    /^\$ / {
		text = substr($0, 3)
		print text > (++n ".sh")
		more = goes_on(text)
		next
	    }
	    more {
		text = text "\n" $0
		print > (n ".sh")
		more = goes_on(text)
		next
	    }
	    n { print > (n ".want") }
	    # Whether a command goes on: a quote is open, or a \ or | ends it.
	    function goes_on(text,    copy) {
		copy = text
		return gsub(/\047/, "", copy) % 2 || text ~ /[\\|]$/
	    }'
}

run_all() {
	cp "$WEIR_SRC"/examples/* .
	chmod u+w ./*
	mkdir bin
	ln -s "$WEIR" bin/weir
	export PATH=$PWD/bin:$PATH
	mkdir commands
	(cd commands && split_commands)
	n=0
	for sh in $(ls commands/*.sh | sort -V); do
		n=$((n + 1))
		bash -o pipefail "$sh" >out 2>err || {
			echo "status $?: $(<"$sh")"
			cat err
			return 1
		}
		want=${sh%.sh}.want
		if [ -e "$want" ]; then
			diff "$want" out || {
				echo "printed something else: $(<"$sh")"
				return 1
			}
		else
			[ -s out ] || [ -n "$(find . -newer "$sh" \
			    \( -name '*.yaml' -o -name '*.jsonl' \))" ] || {
				echo "printed nothing: $(<"$sh")"
				return 1
			}
		fi
	done
	[ "$n" -ge "$1" ]
}

@test "examples: README.md" {
	code "$WEIR_SRC/README.md" '^```sh' '^```' | grep -v '^\$ ./bootstrap' |
	    (run_all 5)
}

# As cron runs a line: in the home directory, by sh, with little around it.
cron() {
	env -i HOME="$PWD" LOGNAME=u SHELL=/bin/sh "$(sed -n 1p crontab)" \
	    /bin/sh -c "$(sed -n '2s/^[^a-z]*//p' crontab)"
}

@test "examples: the crontab of README.md" {
	cp "$WEIR_SRC/examples/errors-by-path.yaml" .
	head -n 1500 "$WEIR_SRC/examples/access.log" >access.log
	mkdir bin
	ln -s "$WEIR" bin/weir
	code "$WEIR_SRC/README.md" '^```crontab' '^```' |
	    sed "s,/usr/local/bin,$PWD/bin,; s,/var/log/nginx,$PWD," >crontab
	[ "$(wc -l <crontab)" = 2 ]
	cron
	[ "$(wc -l <errors.jsonl)" = 22 ]
	cron
	[ "$(wc -l <errors.jsonl)" = 22 ]
	tail -n +1501 "$WEIR_SRC/examples/access.log" >>access.log
	cron
	[ "$(wc -l <errors.jsonl)" = 28 ]
	[ -d .local/state/weir/errors ]
}

@test "examples: weir(1)" {
	code "$WEIR_SRC/man/weir.1.in" '^@CODE@' '^@END@' | (run_all 6)
}

@test "examples: weir-sql(7)" {
	code "$WEIR_SRC/man/weir-sql.7.in" '^@CODE@' '^@END@' | (run_all 6)
}

@test "examples: weir-spec(5)" {
	code "$WEIR_SRC/man/weir-spec.5.in" '^@CODE@' '^@END@' | (run_all 5)
}

@test "examples: weir-formats(7)" {
	code "$WEIR_SRC/man/weir-formats.7.in" '^@CODE@' '^@END@' | (run_all 3)
}

@test "examples: weir-functions(7)" {
	code "$WEIR_SRC/man/weir-functions.7.in" '^@CODE@' '^@END@' |
	    (run_all 1)
}

@test "examples: the specs pass their tests, are in form and sound" {
	cd "$WEIR_SRC/examples"
	[ "$(weir test *.yaml | tee /dev/stderr | grep -c '^ok')" -ge 8 ]
	weir fmt --check *.yaml
	weir check --strict *.yaml
}

@test "examples: specs in weir-spec(5) are specs" {
	n=0
	awk '/^@SPEC@/ { n++; on = 1; next }
	    /^@END@/ { on = 0 }
	    on { print >("part." n) }' "$WEIR_SRC/man/weir-spec.5.in"
	for part in part.*; do
		n=$((n + 1))
		weir check --strict "$part"
		weir fmt --check "$part"
		weir test "$part"
	done
	[ $n -ge 3 ]
}

@test "examples: a command that fails is noticed" {
	run run_all 1 <<-'END'
		$ weir 'SELECT nonsense +' access.log
	END
	[ "$status" -ne 0 ]
}

@test "examples: the sample data are what their script makes" {
	command -v python3 || skip "no python3"
	cp "$WEIR_SRC/examples/make.py" .
	python3 make.py
	for file in access.log app.jsonl sensors.csv plain.log chunk.msgpack; do
		cmp "$file" "$WEIR_SRC/examples/$file"
	done
}
