# SPDX-License-Identifier: MIT
# The floors: a file includes headers of its own folder and of folders to the
# left of it in src/FLOORS; of other folders only the doors, the headers named
# in src/DOORS. Prints file:line: message for each breach.
#
# awk -f floors.awk FLOORS DOORS FILE...    (files named src/<folder>/<file>)
BEGIN {
	while ((getline line < ARGV[1]) > 0) {
		n = split(line, names, " ")
		for (i = 1; i <= n; i++)
			floor[names[i]] = ++count
	}
	while ((getline line < ARGV[2]) > 0) {
		sub(/#.*/, "", line)
		n = split(line, names, " ")
		for (i = 2; i <= n; i++) {
			sub(/:$/, "", names[1])
			door[names[1] "/" names[i]] = 1
		}
	}
	ARGV[1] = ARGV[2] = ""
	if (!count)
		say("FLOORS", 1, "no floors are named")
}

function say(file, line, message)
{
	print file ":" line ": " message
	bad = 1
}

FNR == 1 {
	n = split(FILENAME, parts, "/")
	own = parts[n - 1]
	if (!(own in floor))
		say(FILENAME, 1, "the folder " own " is not in FLOORS")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	name = $0
	sub(/^[^"]*"/, "", name)
	sub(/".*/, "", name)
	if (name == "config.h")
		next
	slash = index(name, "/")
	if (!slash) {
		say(FILENAME, FNR, "\"" name "\": the path begins at src/")
		next
	}
	folder = substr(name, 1, slash - 1)
	if (!(folder in floor))
		say(FILENAME, FNR, "\"" name "\": no such folder")
	else if (floor[folder] > floor[own])
		say(FILENAME, FNR, "\"" name "\" is above " own \
		    "; see src/FLOORS")
	else if (folder != own && !(name in door))
		say(FILENAME, FNR, "\"" name "\" is private to " folder \
		    "; see src/DOORS")
}

END { exit bad }
