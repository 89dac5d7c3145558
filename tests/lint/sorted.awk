# SPDX-License-Identifier: MIT
# Tables of rows KIND(name, ...) are sorted by name, each name once, so that
# two people who add a row seldom touch the same line. Error codes: by status,
# then name.
#
# awk -f sorted.awk FILE...
function say(line, message)
{
	print FILENAME ":" line ": " message
	bad = 1
}

FNR == 1 { last = "" }

/^[A-Z]+\(/ {
	key = $0
	sub(/^[A-Z]+\(/, "", key)
	if (FILENAME ~ /err_list\.h$/) {
		split(key, part, /, */)
		key = part[2] " " part[1]
	} else {
		sub(/[,)].*/, "", key)
	}
	gsub(/"/, "", key)
	rows[FILENAME]++
	if (last != "" && key <= last)
		say(FNR, "\"" key "\" does not belong behind \"" last "\"")
	last = key
}

END {
	for (i = 1; i < ARGC; i++)
		if (!rows[ARGV[i]]) {
			print ARGV[i] ":1: no rows were found"
			bad = 1
		}
	exit bad
}
