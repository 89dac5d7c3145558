/* SPDX-License-Identifier: MIT */
/*
 * pcre_loop FILE
 *
 * The floor for reading nginx's "combined" log by a regular expression: one
 * pcre2_jit_match() a line, eleven named groups of negated classes, lines
 * found by memchr(), the file read in blocks into one buffer. Nothing is done
 * with a match but to count it and to add up the first digits of the
 * statuses, which keeps the captures from being for nothing.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <fcntl.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BLOCK = 1 << 17
};

// clang-format off
static const char pattern[] =
	"^(?<remote_addr>[^ ]+) (?<ident>[^ ]+) (?<remote_user>[^ ]+) "
	"\\[(?<time_local>[^\\]]+)\\] \"(?<method>[^ \"]+) (?<path>[^ \"]+) "
	"(?<protocol>[^\"]+)\" (?<status>[0-9]+) (?<bytes>[0-9]+) "
	"\"(?<referer>[^\"]*)\" \"(?<agent>[^\"]*)\"$";
// clang-format on

struct loop {
	pcre2_code *code;
	pcre2_match_data *match;
	uint32_t status_group;
	uint64_t lines;
	uint64_t matched;
	uint64_t classes;
};

static void
die(const char *what)
{
	fprintf(stderr, "pcre_loop: %s\n", what);
	exit(1);
}

static void
prepare(struct loop *loop)
{
	int error;
	size_t where;
	int group;

	loop->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    0, &error, &where, NULL);
	if (!loop->code || pcre2_jit_compile(loop->code, PCRE2_JIT_COMPLETE))
		die("PCRE2 cannot compile the pattern for its JIT");
	loop->match = pcre2_match_data_create_from_pattern(loop->code, NULL);
	group =
	    pcre2_substring_number_from_name(loop->code, (PCRE2_SPTR) "status");
	if (!loop->match || group < 0)
		die("PCRE2 is out of memory");
	loop->status_group = (uint32_t)group;
}

static void
match_line(struct loop *loop, const char *line, size_t len)
{
	int rc = pcre2_jit_match(
	    loop->code, (PCRE2_SPTR)line, len, 0, 0, loop->match, NULL);
	const size_t *at = pcre2_get_ovector_pointer(loop->match);

	loop->lines++;
	if (rc < 0)
		return;
	loop->matched++;
	loop->classes += (uint64_t)(line[at[2 * loop->status_group]] - '0');
}

/* Matches the whole lines of a block; returns the bytes they take. */
static size_t
match_block(struct loop *loop, const char *block, size_t len)
{
	const char *p = block, *end = block + len, *nl;

	while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
		match_line(loop, p, (size_t)(nl - p));
		p = nl + 1;
	}
	return (size_t)(p - block);
}

static void
match_file(struct loop *loop, int fd)
{
	static char block[BLOCK];
	size_t len = 0, used;
	ssize_t n;

	while ((n = read(fd, block + len, BLOCK - len)) > 0) {
		len += (size_t)n;
		used = match_block(loop, block, len);
		len -= used;
		memmove(block, block + used, len);
		if (len == BLOCK)
			die("a line is too long");
	}
	if (n < 0)
		die("cannot read");
	if (len > 0)
		match_line(loop, block, len);
}

int
main(int argc, char **argv)
{
	struct loop loop = {.lines = 0};
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0)
		die("give one file to read");
	prepare(&loop);
	match_file(&loop, fd);
	printf("lines\tmatched\tclasses\n%llu\t%llu\t%llu\n",
	    (unsigned long long)loop.lines, (unsigned long long)loop.matched,
	    (unsigned long long)loop.classes);
	pcre2_match_data_free(loop.match);
	pcre2_code_free(loop.code);
	return 0;
}
