#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Names that rotation gives to logs: with dates and numbers, behind the name of
# the log and before its extension, and names that only look like them.

load lib.bash

load rotate.bash

dated() {
	write 1 3 a.json
	quietly a.json
	write 4 5 a.json
	mv a.json a.json-20260101
	write 6 7 a.json
	quietly a.json
	all 7
	write 8 9 a.json
	mv a.json a.json-20260102
	write 10 10 a.json
	mv a.json a.json-20260103-1767400000
	compress a.json-20260102
	write 11 12 a.json
	quietly a.json
	all 12
	# The clock has jumped back.
	mv a.json a.json-20251231
	write 13 14 a.json
	quietly a.json
	all 14
}

@test "rotate: by date" {
	ways dated compress
}

inner_dated() {
	write 100 105 a-20251201.json # before the first run
	write 1 3 a.json
	quietly a.json
	write 4 5 a.json
	mv a.json a-20260101.json
	write 6 7 a.json
	quietly a.json
	all 7
	write 8 9 a.json
	mv a.json a-20260102.json
	write 10 10 a.json
	mv a.json a-20260103.json # missed
	compress a-20260102.json
	write 11 12 a.json
	mv a.json a.2026-01-04.0.json # as logback has it
	write 13 13 a.json
	mv a.json a.2026-01-04.1.json
	write 14 15 a.json
	quietly a.json
	all 15
	write 16 16 a.json
	cp a.json a-20260105.json
	: >a.json
	write 17 40 a.json
	compress a-20260105.json
	quietly a.json
	all 40
}

@test "rotate: by date, before the extension" {
	ways inner_dated compress
}

inner_numbered() {
	write 100 110 a.4.json
	write 1 3 a.json
	quietly a.json
	write 4 5 a.json
	mv a.json a.3.json
	write 6 7 a.json
	mv a.json a.2.json
	compress a.2.json
	write 8 9 a.json
	mv a.json a.1.json
	write 10 11 a.json
	quietly a.json
	all 11
	mv a.4.json a.5.json
	mv a.3.json a.4.json
	mv a.2.json.$pack a.3.json.$pack
	mv a.1.json a.2.json
	mv a.json a.1.json
	write 12 12 a.json
	quietly a.json
	all 12
}

@test "rotate: by number, before the extension" {
	ways inner_numbered compress
}

others() {
	write 1 3 a.json
	quietly a.json
	write 4 5 a.json
	write 100 101 a.1.json
	write 100 101 a-20260101.json
	quietly a.json
	mv a.json a.json.1
	write 6 7 a.json
	write 100 101 a.2.json
	quietly a.json
	all 7
}

@test "rotate: logs with numbers, beside one that is rotated otherwise" {
	ways others
}
