# SPDX-License-Identifier: MIT
# Words that have no place in the tree: lines that match a regular expression
# of the list.
#
# awk -f words.awk LIST FILE...
BEGIN {
	while ((getline line < ARGV[1]) > 0)
		if (line !~ /^#/ && line != "")
			any = any (n ? "|" : "") (pattern[++n] = line)
	ARGV[1] = ""
}

$0 ~ any {
	for (i = 1; i <= n; i++)
		if ($0 ~ pattern[i]) {
			print FILENAME ":" FNR ": \"" pattern[i] \
			    "\" must not occur"
			bad = 1
		}
}

END { exit bad }
