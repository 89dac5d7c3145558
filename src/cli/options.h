/* SPDX-License-Identifier: MIT */
/*
 * The command line: a table of options (option_list.h) and what they set.
 *
 * Options and operands may be mixed, `--` ends options, and a long option may
 * be cut as long as it stays unique (getopt_long). The first operand may be a
 * command, or else is the query.
 */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct command;

enum color_when {
	COLOR_UNSET,
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER
};

/* What was asked for. Text points into argv. */
struct options {
	/* input */
	const char *spec, *from, *changelog;
	const char **params; /* NAME=VALUE */
	unsigned n_params;
	/* time; durations in µs, -1 = not given */
	const char *time, *zone, *late;
	int64_t lateness, allowed, idle, ahead, ttl;
	/* output */
	const char *to, *output, *stats, *mode;
	const char *out_times, *out_zone, *roll;
	bool line_buffered, print_spec, csv_safe, follow, sql;
	/* bad records */
	const char *reject;
	uint64_t bad_max, record_max, inflate_max;
	bool bad_max_given, trust, nul_data;
	/* kept state; checkpoint in µs, -1 = not given */
	const char *state, *locked, *on_gap;
	const char **resets; /* names of steps */
	unsigned n_resets;
	int64_t checkpoint;
	uint64_t memory; /* 0: not given */
	const char *every;
	bool final, drop, standby, commit_output, ids;
	/* commands on specs */
	bool check, write, strict, as_yaml;
	const char *against; /* a state directory */
	/* the rest */
	unsigned jobs;
	bool quiet, verbose, help, help_short, version, no_config;
	enum color_when color;
	const char *roff;

	const struct command *command; /* never NULL after options_parse */
	const char **operands;	       /* without the command's name */
	char *commented; /* a query that began with a comment, or NULL */
	unsigned n_operands;
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_FILE, /* a text; completed by files */
	OPTION_FORMAT_IN,
	OPTION_FORMAT_OUT,
	OPTION_DURATION,
	OPTION_JOBS,
	OPTION_SIZE,
	OPTION_MEMORY, /* a size that may be large */
	OPTION_MOST,
	OPTION_PAIR,
	OPTION_LIST, /* texts: it may be repeated */
	OPTION_WHEN
};

enum option_group {
	GROUP_INPUT,
	GROUP_TIME,
	GROUP_OUTPUT,
	GROUP_STATE,
	GROUP_BAD,
	GROUP_RUN,
	GROUP_SPECS,
	GROUP_MISC,
	GROUP_HIDDEN, /* not shown anywhere */
	GROUP_COUNT
};

/* Which commands take an option; a set of bits. */
enum option_use {
	USE_RUN = 1,
	USE_EXPLAIN = 2,
	USE_CHECK = 4,
	USE_HELP = 8,
	USE_OTHER = 16,
	USE_FMT = 32,
	USE_TEST = 64,
	USE_STATE = 128
};

struct option_row {
	const char *name; /* without "--" */
	char letter;	  /* or 0 */
	const char *arg;  /* NULL: takes none */
	enum option_kind kind;
	size_t target; /* offset in struct options */
	enum option_group group;
	unsigned uses;
	const char *doc;
};

extern const struct option_row option_rows[];
extern const unsigned n_option_rows;
extern const char *const option_groups[GROUP_COUNT]; /* their headings */

/*
 * Reads the command line into *o (all of it is set). -1: *err says which
 * argument is wrong; o->color is what was said about it so far.
 */
int options_parse(struct options *o, int argc, char **argv, struct err *err);
void options_release(struct options *o);

#endif
