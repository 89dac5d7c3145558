# SPDX-License-Identifier: MIT
# Makes a manual page of its source: @HELP topic@ becomes that topic of the
# program's help, lines between @CODE@ or @SPEC@ and @END@ stand as they are, @VERSION@
# is the version. Variables: weir (the program), version.

function help(topic,    command, line, n) {
	command = weir " help --no-config --roff " topic
	n = 0
	while ((command | getline line) > 0) {
		print line
		n++
	}
	if (close(command) || !n) {
		print FILENAME ": no help on " topic > "/dev/stderr"
		failed = 1
		exit 1
	}
}

function escape(line) {
	gsub(/\\/, "\\e", line)
	gsub(/-/, "\\-", line)
	gsub(/'/, "\\(aq", line)
	gsub(/`/, "\\(ga", line)
	gsub(/"/, "\\(dq", line)
	gsub(/\^/, "\\(ha", line)
	gsub(/~/, "\\(ti", line)
	return line ~ /^\./ ? "\\&" line : line
}

/^@HELP [a-z]+@$/ {
	help(substr($2, 1, length($2) - 1))
	next
}

/^@(CODE|SPEC)@$/ { code = 1; print ".IP"; print ".EX"; next }
/^@END@$/ { code = 0; print ".EE"; next }

code { print escape($0); next }

{
	gsub(/@VERSION@/, version)
	print
}

END { exit failed }
