# SPDX-License-Identifier: MIT
# Makefile.am names every source and every test, once, in order: folders as
# in FLOORS, then by name, a .c before its .h.
#
# awk -f makefile.awk FLOORS Makefile.am FILE...    (the files that exist)
function say(line, message)
{
	print "Makefile.am:" line ": " message
	bad = 1
}

# A text that sorts as the files should.
function place(file,    part, stem, n)
{
	n = split(file, part, "/")
	stem = part[n]
	sub(/\.[a-z]+$/, "", stem)
	if (part[1] != "src")
		return file
	return sprintf("%02d %s %s", floor[part[2]], stem, file)
}

function listed(variable, file, line)
{
	once = file ~ /^src\// || variable ~ /TESTS$/
	if (once && file in where)
		say(line, file " is listed twice")
	where[file] = line
	if (once && variable in last && place(file) <= place(last[variable]))
		say(line, file " does not belong behind " last[variable])
	last[variable] = file
}

BEGIN {
	getline line < ARGV[1]
	n = split(line, names, " ")
	for (i = 1; i <= n; i++)
		floor[names[i]] = i
	while ((getline line < ARGV[2]) > 0) {
		number++
		text = text line
		if (line ~ /^#/) {
			text = ""
			continue
		}
		if (sub(/\\$/, " ", text))
			continue
		n = split(text, word, " ")
		if (word[2] == "=" || word[2] == "+=")
			for (i = 3; i <= n; i++)
				if (word[i] ~ /^(src|tests)\// &&
				    word[1] ~ /_SOURCES$|^[A-Z_]*TESTS$/)
					listed(word[1], word[i], number)
		text = ""
	}
	for (i = 3; i < ARGC; i++) {
		file = ARGV[i]
		unit = file
		sub(/\.c$/, "", unit)
		exists[file] = 1
		if (unit ~ /^tests\/unit\// && file ~ /\.c$/)
			exists[unit] = 1
		if (!(file in where))
			say(1, file " is not listed")
		else if (file ~ /^tests\/unit\/.*\.c$/ && !(unit in where))
			say(1, unit " is not among the tests")
	}
	for (file in where)
		if (!(file in exists) && file ~ /^src\/|^tests\/unit\//)
			say(where[file], file " does not exist")
	exit bad
}
