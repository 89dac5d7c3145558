# SPDX-License-Identifier: MIT
# The help, the manual and the completions tell the same, of everything.

load lib

# Long names of the options, as --help lists them.
options() {
	weir --help | sed -n 's/^  \(-.,\|   \) --\([a-z-]*\).*/\2/p'
}

# Names of the rows of src/cli/option_list.h that are not hidden.
rows() {
	awk '/^OPTION\(/ { split($0, a, "\""); if (!/HIDDEN/) print a[2] }' \
	    "$WEIR_SRC/src/cli/option_list.h"
}

man_page() {
	local file=$WEIR_SRC/man/$1
	[ -e "$file" ] || file=${WEIR%/*}/man/$1
	echo "$file"
}

completion_file() {
	local file=$WEIR_SRC/completions/$1
	[ -e "$file" ] || file=${WEIR%/*}/completions/$1
	echo "$file"
}

@test "help: --help shows every option of the table" {
	[ "$(rows | wc -l)" -gt 20 ]
	is "$(options | sort)" "$(rows | sort)"
}

@test "help: options stand under the heading of what they are about" {
	under() { # OPTION
		weir --help | awk -v option="--$1 " '/^[A-Z]/ { head = $0 }
		    index($0 " ", option) && /^  / { print head; exit }'
	}
	is "$(under follow)" Input
	is "$(under lateness)" Time
	is "$(under roll)" Output
	is "$(under final)" State
	is "$(under reject)" "Bad records"
	is "$(under jobs)" Running
	is "$(under against)" "Commands on specs"
	is "$(under verbose)" "Talk and help"
}

@test "help: -h fits a screen of 24 lines and 80 columns" {
	gives 0 weir -h
	[ "$(wc -l <stdout)" -le 24 ]
	! grep -qE '.{81}' stdout
	[ "$(grep -c '^    .*weir .*SELECT' stdout)" -ge 3 ]
}

@test "help: --help keeps to 80 columns" {
	gives 0 weir --help
	! grep -E '.{81}' stdout
}

@test "help: every option is in weir(1)" {
	for name in $(rows); do
		grep -qF -- "\\-\\-${name//-/\\-}\\fR" "$(man_page weir.1)" || {
			echo "--$name is not in weir(1)"
			return 1
		}
	done
}

@test "help: every option is in each completion" {
	for name in $(rows); do
		for shell in bash zsh; do
			weir completion $shell | grep -qF -- "--$name" || {
				echo "the completion for $shell lacks --$name"
				return 1
			}
		done
		weir completion fish | grep -qE -- "-l $name( |$)" || {
			echo "--$name is not in the completion for fish"
			return 1
		}
	done
}

@test "help: the completions are scripts of their shells" {
	weir completion bash | bash -n
	if command -v zsh; then weir completion zsh >z && zsh -n z; fi
	if command -v fish; then weir completion fish >f && fish -n f; fi
}

@test "help: completions to be installed are those of this program" {
	is "$(weir completion bash)" "$(<"$(completion_file weir)")"
	is "$(weir completion zsh)" "$(<"$(completion_file _weir)")"
	is "$(weir completion fish)" "$(<"$(completion_file weir.fish)")"
}

# completed WORDS...: what bash offers for the last word.
completed() {
	(
		eval "$(weir completion bash)"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_weir
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

@test "help: bash completes options, formats, commands and topics" {
	has "$(completed weir --la)" --lateness
	is "$(completed weir --lateness)" --lateness
	is "$(completed weir -i js)" json
	is "$(completed weir -t tab)" table
	is "$(completed weir -i tab)" ""
	is "$(completed weir --color al)" always
	is "$(completed weir expl)" explain
	is "$(completed weir completion f)" fish
	is "$(completed weir help tumb)" tumble
	is "$(completed weir -f x)" ""
}

@test "help: fish completes options and commands" {
	command -v fish || skip "no fish"
	weir completion fish >weir.fish
	run fish -c 'source weir.fish; complete -C "weir --lat"'
	has "$output" --lateness
	run fish -c 'source weir.fish; complete -C "weir expl"'
	has "$output" explain
}

@test "help: every topic has a list, every name of it is shown" {
	for topic in aggregates columns formats functions over spec steps \
	    windows; do
		gives 0 weir help $topic
		names=$(sed -n 's/^  \([a-z_][^][ (:]*\).*/\1/p' stdout |
		    sort -u)
		[ "$(wc -l <<<"$names")" -ge 4 ]
		while read -r name; do
			gives 0 weir help "$name"
			# A spec has the key "steps", which is a topic, too.
			[ "$name" = steps ] || has "$out" "$name"
		done <<<"$names"
	done
}

# Text of one name below its head line, up to an example.
body() {
	weir help "$1" | sed 1d
}

@test "help: functions, aggregates, formats and steps have text and example" {
	for topic in aggregates formats functions over steps; do
		for name in $(weir help $topic |
		    sed -n 's/^  \([a-z_][a-z0-9_]*\).*/\1/p'); do
			weir help "$name" | grep -qE '^ {10}[^ ]' || {
				echo "no example: $name"
				return 1
			}
			weir help "$name" |
			    grep -qE '^ {6}[A-Za-z"]|^  [a-z]+ +[A-Z]' || {
				echo "no text: $name"
				return 1
			}
		done
	done
}

@test "help: patterns of grok are listed and shown" {
	gives 0 weir help grok
	has "$out" 'grok[:PATTERN]'
	has "$out" 'HTTPDATE '
	gives 0 weir help HTTPDATE
	has "$out" '%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}'
	has "$out" '28/Mar/2026:22:00:01 +0100'
}

@test "help: windows have a drawing" {
	for name in tumble hop cumulate session day week month year; do
		gives 0 weir help $name
		has "$out" '|-'
	done
}

@test "help: letters do not matter, aliases are found, options too" {
	gives 0 weir help COUNT
	has "$out" 'count('
	gives 0 weir help -- --lateness
	has "$out" '--lateness DURATION'
	gives 0 weir help l
	has "$out" '--lateness DURATION'
	gives 0 weir help explain
	has "$out" 'weir explain'
}

@test "help: no such name" {
	gives 2 weir help tumbel
	has "$errors" 'weir: no help on "tumbel"'
	has "$errors" 'did you mean "tumble"?'
	gives 2 weir help xyzzyxyzzy
	has "$errors" 'lists the topics'
	[ ! -s stdout ]
}

@test "help: exit statuses are those of the error codes" {
	gives 0 weir help exit
	for status in $(sed -n 's/^ERR([A-Z]*, \([0-9]*\),.*/\1/p' \
	    "$WEIR_SRC/src/base/err_list.h") 0; do
		grep -q "^  $status " stdout
	done
	[ "$(grep -c '^  2 ' stdout)" -eq 1 ]
}

@test "help: commands explain themselves" {
	for command in check completion explain fmt help; do
		gives 0 weir $command --help
		has "$out" "weir $command"
	done
}

@test "help: --roff is known to the build only" {
	! weir --help | grep -q roff
	! weir completion bash | grep -q roff
	gives 2 weir --roff formats
	gives 2 weir help --roff nothing
}

@test "manual: pages are clean" {
	command -v mandoc || skip "no mandoc"
	for page in weir.1 weir-spec.5 weir-sql.7 weir-functions.7 \
	    weir-formats.7 weir-state.5; do
		run mandoc -T lint -W warning "$(man_page $page)"
		is "$output" ""
	done
}

@test "manual: man has nothing to say about the pages" {
	man --version || skip "no man"
	for page in weir.1 weir-spec.5 weir-sql.7 weir-functions.7 \
	    weir-formats.7 weir-state.5; do
		LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 \
		    man --warnings -E UTF-8 -l -Tutf8 -Z \
		    "$(man_page $page)" 2>stderr >/dev/null
		is "$(<stderr)" ""
	done
}

@test "manual: the sections that a manual page has" {
	for section in NAME SYNOPSIS DESCRIPTION OPTIONS '"EXIT STATUS"' \
	    ENVIRONMENT FILES SIGNALS EXAMPLES '"REPORTING BUGS"' \
	    '"SEE ALSO"'; do
		grep -qxF ".SH $section" "$(man_page weir.1)" || {
			echo "no section $section"
			return 1
		}
	done
}

@test "manual: every part of the program's tables is in it" {
	for name in $(weir help functions |
	    sed -n 's/^  \([a-z_][a-z0-9_]*\).*/\1/p'); do
		grep -qF "\\fB$name\\fR(" "$(man_page weir-functions.7)" || {
			echo "$name is not in weir-functions(7)"
			return 1
		}
	done
	for name in $(weir help formats |
	    sed -n 's/^  \([a-z_][a-z0-9_]*\).*/\1/p'); do
		grep -qF "\\fB$name\\fR" "$(man_page weir-formats.7)"
	done
}
