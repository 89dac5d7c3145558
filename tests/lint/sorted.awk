# SPDX-License-Identifier: MIT
# Tables of rows KIND(name, ...) are sorted by name, each name once, so that
# two people who add a row seldom touch the same line. Error codes: by status,
# then name. The keys of a spec (spec_list.h) stand as one writes them, for
# that is how help and the manual show them: there, each name is there once.
#
# awk -f sorted.awk FILE...
function say(line, message)
{
	print FILENAME ":" line ": " message
	bad = 1
}

FNR == 1 { last = "" }

# A long row begins below its KIND.
/^[A-Z]+\($/ {
	open = 1
	next
}

/^[A-Z]+\(/ || open {
	open = 0
	key = $0
	sub(/^([A-Z]+\(|[ \t]+)/, "", key)
	if (FILENAME ~ /err_list\.h$/) {
		split(key, part, /, */)
		key = part[2] " " part[1]
	} else {
		sub(/[,)].*/, "", key)
	}
	gsub(/"/, "", key)
	rows[FILENAME]++
	if (FILENAME ~ /spec_list\.h$/) {
		if (seen[FILENAME, key]++)
			say(FNR, "\"" key "\" is there twice")
	} else if (last != "" && key <= last) {
		say(FNR, "\"" key "\" does not belong behind \"" last "\"")
	}
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
