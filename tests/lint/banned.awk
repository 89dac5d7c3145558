# SPDX-License-Identifier: MIT
# Functions that must not be called, with what to use instead. Comments and
# texts in quotes do not count. In tests only the first group is looked at.
#
# awk -f banned.awk FILE...
BEGIN {
	every("strcpy strcat strncpy strncat stpcpy sprintf vsprintf", \
	    "use struct buf, or snprintf")
	every("strtok strtok_r gets alloca", "use slices and arenas")
	every("tmpnam mktemp tempnam", "use mkstemp")
	ban("atoi atol atoll atof strtod strtof strtold sscanf scanf fscanf", \
	    "", "use base/num.h: it knows errors and no locale")
	ban("strtol strtoul strtoll strtoull strtoimax strtoumax", \
	    "^src/base/", "use base/num.h")
	ban("gmtime localtime gmtime_r localtime_r mktime timegm strftime " \
	    "strptime asctime ctime asctime_r ctime_r tzset", \
	    "", "use base/when.h")
	ban("time gettimeofday clock_gettime", "^src/(base|cli)/", \
	    "time comes from the data")
	ban("rand random srand srandom rand_r drand48 lrand48 getrandom " \
	    "arc4random", "^src/base/", "every run can be repeated")
	ban("system popen", "", "nothing is given to a shell")
	ban("malloc calloc realloc free strdup strndup reallocarray " \
	    "posix_memalign aligned_alloc memalign valloc asprintf vasprintf " \
	    "getline getdelim open_memstream", "^src/base/mem\\.c$", \
	    "use base/mem.h, arenas or struct buf")
	ban("setlocale newlocale uselocale nl_langinfo strcoll strxfrm " \
	    "strcasecmp strncasecmp isalpha isdigit isalnum isspace isupper " \
	    "islower isprint ispunct isxdigit iscntrl isgraph toupper " \
	    "tolower mbrtowc wcwidth", "", \
	    "no locale: use base/str.h and base/utf8.h")
	ban("printf vprintf puts putchar putchar_unlocked perror", \
	    "^src/cli/", "output goes through run/output.h")
	ban("assert abort", "^src/base/must\\.c$", "use must()")
}

function every(names, advice,    n, i, word)
{
	n = split(names, word, " ")
	for (i = 1; i <= n; i++) {
		instead[word[i]] = advice
		everywhere[word[i]] = 1
	}
}

function ban(names, where, advice,    n, i, word)
{
	n = split(names, word, " ")
	for (i = 1; i <= n; i++) {
		instead[word[i]] = advice
		except[word[i]] = where
	}
}

# The line without comments and without what stands in quotes.
function code(s,    out, c, quote, i, n)
{
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (comment) {
			if (c == "*" && substr(s, i + 1, 1) == "/") {
				comment = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\")
				i++
			else if (c == quote)
				quote = ""
		} else if (c == "\"" || c == "'") {
			quote = c
			out = out " "
		} else if (c == "/" && substr(s, i + 1, 1) == "*") {
			comment = 1
			i++
		} else if (c == "/" && substr(s, i + 1, 1) == "/") {
			break
		} else {
			out = out c
		}
	}
	return out
}

function check(file, line, name)
{
	if (!(name in instead))
		return
	if (file !~ /^src\// && !(name in everywhere))
		return
	if (except[name] != "" && file ~ except[name])
		return
	print file ":" line ": " name "() is banned; " instead[name]
	bad = 1
}

FNR == 1 { comment = 0 }

{
	rest = index($0, "\"") || index($0, "'") || index($0, "/") || comment \
	    ? code($0) : $0
	if (FILENAME ~ /^src\// && FILENAME !~ /^src\/cli\// &&
	    rest ~ /(^|[^A-Za-z0-9_])stdout([^A-Za-z0-9_]|$)/) {
		print FILENAME ":" FNR ": stdout is for src/cli alone"
		bad = 1
	}
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(rest, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
		if (before != "." && before != ">")
			check(FILENAME, FNR, name)
		rest = substr(rest, RSTART + RLENGTH)
	}
}

END { exit bad }
