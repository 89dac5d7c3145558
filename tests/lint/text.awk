# SPDX-License-Identifier: MIT
# How files look: the SPDX line, the head comment, lines of at most 80 columns
# (characters of UTF-8, tabs of 8), no blanks at a line's end, at most 800
# lines unless the budget says so, no notes to oneself. Run it with LC_ALL=C:
# bytes are counted.
#
# awk -f text.awk BUDGET FILE...
# Lines of the budget that are meant here: FILE - reason
BEGIN {
	while ((getline line < ARGV[1]) > 0) {
		split(line, word, " ")
		if (word[2] == "-")
			allowed[word[1]] = 1
	}
	ARGV[1] = ""
}

function say(file, line, message)
{
	print file ":" line ": " message
	bad = 1
}

function columns(s,    n, i, part, count)
{
	gsub(/[\200-\277]/, "", s)
	count = split(s, part, "\t")
	for (i = 1; i < count; i++)
		n = int((n + length(part[i])) / 8) * 8 + 8
	return n + length(part[count])
}

function finish_file()
{
	if (file == "")
		return
	if (lines > 800 && !(file in allowed))
		say(file, lines, "more than 800 lines")
	if (lines <= 800 && file in allowed)
		say(file, 1, "is in the budget, but needs no exception")
	if (last == "")
		say(file, lines, "blank line at the end")
	seen[file] = 1
}

FNR == 1 {
	finish_file()
	file = FILENAME
	c_file = file ~ /\.[ch]$/
	prose = file ~ /\.md$/
	wide = prose || file ~ /\.(am|ac)$/
	spdx = 0
}

{
	lines = FNR
	last = $0
}

FNR <= 2 && /SPDX-License-Identifier: MIT/ { spdx = 1 }

FNR == 1 && c_file && $0 != "/* SPDX-License-Identifier: MIT */" {
	say(file, 1, "the first line is not the SPDX line")
}

FNR == 2 && c_file && $0 !~ /^\/\*/ {
	say(file, 2, "no comment at the head that says what the file is for")
}

FNR == 2 && !c_file && !prose && !spdx {
	say(file, 1, "no SPDX line")
}

!wide && columns($0) > 80 { say(file, FNR, "more than 80 columns") }

/[ \t]$/ { say(file, FNR, "blanks at the end of the line") }

/\r/ { say(file, FNR, "carriage return") }

# The names are written in pieces, so that this file passes.
$0 ~ "(^|[^A-Za-z0-9_])(TO" "DO|FIX" "ME|X" "XX:)([^A-Za-z0-9_]|$)" {
	say(file, FNR, "a note to oneself; do it or leave it")
}

END {
	finish_file()
	for (name in allowed)
		if (!(name in seen))
			say(name, 1, "is in the budget, but does not exist")
	exit bad
}
