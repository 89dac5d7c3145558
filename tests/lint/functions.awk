# SPDX-License-Identifier: MIT
# Length of functions, from the line of the name to the closing brace: at most
# 70 lines, but for those in the budget; the median at most 15. An exception
# that is not needed any more is a breach, too.
#
# awk -f functions.awk BUDGET FILE...
# Lines of the budget: FILE FUNCTION reason
BEGIN {
	while ((getline line < ARGV[1]) > 0) {
		if (line ~ /^#/ || line ~ /^[ \t]*$/)
			continue
		split(line, word, " ")
		if (word[2] == "-")
			continue
		allowed[word[1] " " word[2]] = 1
		if (word[3] == "")
			say(ARGV[1], 1, word[2] ": the reason is missing")
	}
	ARGV[1] = ""
}

function say(file, line, message)
{
	print file ":" line ": " message
	bad = 1
}

FNR == 1 { start = 0 }

# The style puts a function's name at the start of a line.
/^[A-Za-z_][A-Za-z0-9_]*\(/ {
	start = FNR
	name = $0
	sub(/\(.*/, "", name)
}

/^\{/ { body = FNR }

/^\}/ {
	if (start && body > start && $0 ~ /^\}[ \t]*$/) {
		n = FNR - start + 1
		lengths[n]++
		count++
		key = FILENAME " " name
		if (n > 70) {
			if (key in allowed)
				used[key] = 1
			else
				say(FILENAME, start, name " has " n \
				    " lines; the limit is 70")
		}
	}
	start = body = 0
}

END {
	for (key in allowed)
		if (!(key in used)) {
			split(key, word, " ")
			say(word[1], 1, word[2] \
			    " is in the budget, but needs no exception")
		}
	for (i = 1; i <= 100000 && sum * 2 < count; i++)
		sum += lengths[i]
	if (count > 20 && i - 1 > 15)
		say("src", 1, "the median function has " i - 1 \
		    " lines; the limit is 15")
	if (!count)
		say("src", 1, "no function was found")
	exit bad
}
