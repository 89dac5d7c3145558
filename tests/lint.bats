# SPDX-License-Identifier: MIT
# Style as a test. Each check is an awk script in tests/lint; each script is
# also run on a planted mistake, for a check that finds nothing is worse than
# none.

setup() {
	export LC_ALL=C
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	lint=$top/tests/lint
	plant=$BATS_TEST_TMPDIR
	cd "$top" || return 1
}

sources() {
	find src -name '*.[ch]' | sort
}

test_sources() {
	find tests -name '*.[ch]' | sort
}

# All text that is ours to style.
texts() {
	sources
	test_sources
	find tests -name '*.awk' -o -name '*.sh' -o -name '*.bats' \
	    -o -name '*.bash' | sort
	echo bootstrap
	echo .ci/run
	echo Makefile.am
	echo configure.ac
}

tables() {
	# The spec's keys stand in the order of a spec.
	find src -name '*_list.h' ! -name spec_list.h | sort
}

run_awk() {
	run awk -f "$lint/$1" "${@:2}"
	echo "$output"
}

# caught WORDS: the last run_awk failed and said so.
caught() {
	[ "$status" -ne 0 ] && [[ "$output" == *"$1"* ]]
}

# planted FILE: its text is standard input.
planted() {
	mkdir -p "$(dirname "$plant/$1")"
	cat >"$plant/$1"
}

@test "lint: a file includes only what is on its floor and below" {
	run_awk floors.awk src/FLOORS src/DOORS $(sources)
	[ "$status" -eq 0 ]
}

@test "lint: an upward include is caught, and a private one" {
	planted src/base/low.c <<-'END'
		#include "base/str.h"
		#include "op/op.h"
	END
	planted src/op/high.c <<-'END'
		#include "base/zone_names.h"
	END
	planted src/op/odd.c <<-'END'
		#include "op.h"
	END
	planted src/attic/odd.c <<-'END'
		#include "base/str.h"
	END
	cd "$plant"
	run_awk floors.awk "$top/src/FLOORS" "$top/src/DOORS" src/base/low.c
	caught 'src/base/low.c:2: "op/op.h" is above base'
	run_awk floors.awk "$top/src/FLOORS" "$top/src/DOORS" src/op/high.c
	caught '"base/zone_names.h" is private to base'
	run_awk floors.awk "$top/src/FLOORS" "$top/src/DOORS" src/op/odd.c
	caught 'the path begins at src/'
	run_awk floors.awk "$top/src/FLOORS" "$top/src/DOORS" src/attic/odd.c
	caught 'is not in FLOORS'
}

@test "lint: every door exists, and every folder is a floor" {
	for folder in src/*/; do
		[[ " $(cat src/FLOORS) " == *" $(basename "$folder") "* ]]
	done
	sed 's/#.*//' src/DOORS | while read -r folder doors; do
		for door in $doors; do
			echo "${folder%:}/$door"
			[ -f "src/${folder%:}/$door" ]
		done
	done
}

@test "lint: functions are short" {
	run_awk functions.awk tests/lint/budget.txt $(sources)
	[ "$status" -eq 0 ]
}

@test "lint: a long function is caught, and a needless exception" {
	{
		printf 'int\nlong_one(void)\n{\n'
		seq 67 | sed 's/.*/\t;/'
		printf '}\n'
	} | planted src/a.c
	{
		printf 'int\nlong_one(int a,\n    int b)\n{\n'
		seq 67 | sed 's/.*/\t;/'
		printf '}\n'
	} | planted src/b.c
	echo 'src/b.c long_one a table cannot say it' | planted src/allow.txt
	cd "$plant"
	run_awk functions.awk /dev/null src/a.c
	[ "$status" -eq 0 ]
	run_awk functions.awk /dev/null src/b.c
	caught 'src/b.c:2: long_one has 71 lines'
	run_awk functions.awk src/allow.txt src/b.c
	[ "$status" -eq 0 ]
	run_awk functions.awk src/allow.txt src/a.c
	caught 'needs no exception'
}

@test "lint: files look alike" {
	run_awk text.awk tests/lint/budget.txt $(texts)
	[ "$status" -eq 0 ]
}

@test "lint: a careless file is caught" {
	{
		echo 'int x;'
		echo 'int y; '
		printf '\t\t\t\t\t\t\t\t\t// ten tabs\n'
		echo "// TO""DO: later"
		echo
	} | planted src/a.c
	{
		echo '/* SPDX-License-Identifier: MIT */'
		echo '/* Eighty characters, though more bytes: äöüß€ */'
		seq 78 | sed 's/.*/€/' | tr -d '\n' | sed 's/.*/\/\/&/'
		echo
	} | planted src/b.c
	seq 801 | sed '1s/.*/# SPDX-License-Identifier: MIT/' |
	    planted src/c.sh
	cd "$plant"
	run_awk text.awk /dev/null src/a.c
	caught 'src/a.c:1: the first line is not the SPDX line'
	caught 'src/a.c:2: no comment at the head'
	caught 'src/a.c:2: blanks at the end'
	caught 'src/a.c:3: more than 80 columns'
	caught 'src/a.c:4: a note to oneself'
	caught 'src/a.c:5: blank line at the end'
	run_awk text.awk /dev/null src/b.c
	[ "$status" -eq 0 ]
	run_awk text.awk /dev/null src/c.sh
	caught 'more than 800 lines'
}

@test "lint: no banned function is called" {
	run_awk banned.awk $(sources) $(test_sources)
	[ "$status" -eq 0 ]
}

@test "lint: a banned call is caught, a mention is not" {
	planted src/base/a.c <<-'END'
		/* strcpy(a, b) would be wrong,
		 * and so would malloc(1). */
		x = "printf(1)"; // system(1)
		r->free(x); agg_free(x); y.time(1);
		c = '"'; n = strtol(s, 0, 10);
	END
	planted src/io/b.c <<-'END'
		n = strtol(s, 0, 10);
		p = malloc (3);
		fputs("x", stdout);
		ok = isdigit(c) && '"' != c; strcpy(a, b);
	END
	planted tests/unit/c.c <<-'END'
		p = malloc(3);
		sprintf(p, "x");
	END
	cd "$plant"
	run_awk banned.awk src/base/a.c
	[ "$status" -eq 0 ]
	run_awk banned.awk src/io/b.c
	caught 'src/io/b.c:1: strtol() is banned'
	caught 'src/io/b.c:2: malloc() is banned'
	caught 'src/io/b.c:3: stdout is for src/cli alone'
	caught 'src/io/b.c:4: isdigit() is banned'
	caught 'src/io/b.c:4: strcpy() is banned'
	run_awk banned.awk tests/unit/c.c
	caught 'tests/unit/c.c:2: sprintf() is banned'
	[[ "$output" != *malloc* ]]
}

@test "lint: tables of rows are sorted" {
	run_awk sorted.awk $(tables)
	[ "$status" -eq 0 ]
}

@test "lint: a row in the wrong place is caught" {
	printf 'OP(a)\nOP(c)\nOP(b)\n' | planted op_list.h
	printf 'OP(a)\nOP(a)\n' | planted twice_list.h
	printf 'ERR(B, 1, "")\nERR(A, 2, "")\n' | planted ok_err_list.h
	printf 'ERR(B, 2, "")\nERR(A, 2, "")\n' | planted no_err_list.h
	printf '/* nothing */\n' | planted empty_list.h
	cd "$plant"
	run_awk sorted.awk op_list.h
	caught 'op_list.h:3: "b" does not belong behind "c"'
	run_awk sorted.awk twice_list.h
	caught 'does not belong'
	run_awk sorted.awk ok_err_list.h
	[ "$status" -eq 0 ]
	run_awk sorted.awk no_err_list.h
	caught 'does not belong'
	run_awk sorted.awk empty_list.h
	caught 'no rows'
	printf 'OP(a)\nOP(\n    c, 1)\nOP(b)\n' | planted long_list.h
	run_awk sorted.awk long_list.h
	caught 'long_list.h:4: "b" does not belong behind "c"'
	printf 'SPEC(b)\nSPEC(\n    "a", 1)\n' | planted spec_list.h
	run_awk sorted.awk spec_list.h
	[ "$status" -eq 0 ]
	printf 'SPEC(b)\nSPEC(a)\nSPEC(\n    "b")\n' | planted spec_list.h
	run_awk sorted.awk spec_list.h
	caught 'spec_list.h:4: "b" is there twice'
}

@test "lint: Makefile.am names every file, sorted" {
	run_awk makefile.awk src/FLOORS Makefile.am $(sources) \
	    tests/unit/*.[ch] $(ls tests/*.bats tests/*.sh)
	[ "$status" -eq 0 ]
}

@test "lint: a file that is not in Makefile.am is caught" {
	planted Makefile.am <<-'END'
		libweir_a_SOURCES = \
			src/data/a.c \
			src/base/b.c src/base/b.h \
			src/data/gone.c
		UNIT_TESTS = tests/unit/base_b
		tests_unit_base_b_SOURCES = tests/unit/base_b.c
	END
	cd "$plant"
	run_awk makefile.awk "$top/src/FLOORS" Makefile.am src/data/a.c \
	    src/base/b.c src/base/b.h src/base/new.c tests/unit/base_b.c
	caught 'src/base/new.c is not listed'
	caught 'src/base/b.c does not belong behind src/data/a.c'
	caught 'src/data/gone.c does not exist'
	[[ "$output" != *tests/unit* ]]
	run_awk makefile.awk "$top/src/FLOORS" Makefile.am src/data/a.c \
	    src/base/b.c src/base/b.h tests/unit/base_b.c tests/unit/io_x.c
	caught 'tests/unit/io_x.c is not listed'
}

@test "lint: the tree speaks of nobody's machine" {
	run_awk words.awk tests/lint/words.txt $(texts) \
	    $(find . -maxdepth 1 -name '*.md') $(find man examples tests/cases \
	    completions -type f 2>/dev/null)
	[ "$status" -eq 0 ]
}

@test "lint: a path of somebody's machine is caught" {
	echo "see /ho""me/somebody/notes" | planted a.md
	run_awk words.awk tests/lint/words.txt "$plant/a.md"
	caught 'must not occur'
}

@test "lint: every case has something to expect" {
	shopt -s nullglob
	for dir in tests/cases/*/; do
		echo "$dir"
		[ -f "$dir/cmd" ] || [ -f "$dir/query.sql" ] ||
		    [ -f "$dir/spec.yaml" ]
		wanted=("$dir"{out.,side.,stderr,explain}*)
		[ ${#wanted[@]} -gt 0 ]
	done
}

@test "lint: shell scripts are well-formed" {
	for script in bootstrap $(find tests -name '*.sh'); do
		sh -n "$script"
	done
	bash -n .ci/run
}

@test "lint: the sources are formatted (make format)" {
	command -v clang-format-14 >/dev/null ||
	    skip "clang-format-14 is not installed"
	run sh tests/lint/format.sh --check
	echo "$output"
	[ "$status" -eq 0 ]
}

# For the eye, not for the verdict: sources of the lower floors without a unit
# test named after them.
@test "lint: units without a test of their own (a list)" {
	for file in src/base/*.c src/data/*.c src/state/*.c; do
		unit=${file#src/}
		unit=${unit%.c}
		folder=${unit%/*}
		name=${unit#*/}
		while [ ! -f "tests/unit/${folder}_$name.c" ]; do
			case $name in
			*_*) name=${name%_*} ;;
			*) echo "# no test: $file" >&3; break ;;
			esac
		done
	done
}

# strangers FILE...: those that are not in a room of the house.
strangers() {
	local files='\.clang-format|\.editorconfig|\.gitignore|COPYING'
	files+='|(ARCHITECTURE|HACKING|NEWS|README)\.md'
	files+='|bootstrap|configure\.ac|Makefile\.am'
	printf '%s\n' "$@" | grep -Ev "^($files|\
(\.ci|build-aux|completions|examples|man|src|tests)/.*)\$"
}

@test "lint: what is built is not checked in" {
	run strangers src/base/buf.c b/config.log
	[ "$output" = b/config.log ]
	git rev-parse --git-dir >/dev/null 2>&1 ||
	    skip "this is no checkout"
	run strangers $(git ls-files)
	echo "$output"
	[ -z "$output" ]
}
