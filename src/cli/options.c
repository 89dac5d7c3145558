/* SPDX-License-Identifier: MIT */
/*
 * Reading the command line by the table of options; see options.h.
 *
 * getopt_long does the walking. It is told to hand out operands in order
 * ("-" first in its letters), because what the first one means depends on
 * whether -f came before it.
 */
#include "cli/options.h"

#include <getopt.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "cli/command.h"
#include "run/run.h"

#define JOBS_MAX 256
#define FIRST_VALUE 256 /* val of the first row: behind all letters */
#define NOWHERE ((struct where){0})

enum {
	USES_RUN_ONLY = USE_RUN,
	USES_EXPLAIN = USE_RUN | USE_EXPLAIN,
	USES_EXPLAIN_STATE = USE_RUN | USE_EXPLAIN | USE_STATE,
	USES_CHECKS = USE_RUN | USE_EXPLAIN | USE_CHECK | USE_TEST,
	USES_EXPLAIN_ONLY = USE_EXPLAIN,
	USES_CHECK_ONLY = USE_CHECK,
	USES_FMT_ONLY = USE_FMT,
	USES_HELP_ONLY = USE_HELP,
	USES_EVERY = USE_RUN | USE_EXPLAIN | USE_CHECK | USE_HELP | USE_OTHER |
		     USE_FMT | USE_TEST | USE_STATE
};

const struct option_row option_rows[] = {
#define OPTION(long, short, arg, kind, target, group, uses, doc)               \
	{long, short, arg, OPTION_##kind, offsetof(struct options, target),    \
	    GROUP_##group, USES_##uses, doc},
#include "cli/option_list.h"
#undef OPTION
};

#define N_ROWS (sizeof option_rows / sizeof *option_rows)

const unsigned n_option_rows = N_ROWS;

const char *const option_groups[GROUP_COUNT] = {
    [GROUP_INPUT] = "Input",
    [GROUP_TIME] = "Time",
    [GROUP_OUTPUT] = "Output",
    [GROUP_STATE] = "State",
    [GROUP_BAD] = "Bad records",
    [GROUP_RUN] = "Running",
    [GROUP_SPECS] = "Commands on specs",
    [GROUP_MISC] = "Talk and help",
    [GROUP_HIDDEN] = "",
};

/* ---- values ---- */

static int
wrong(struct err *err, const struct option_row *row, const char *value,
    const char *what)
{
	char shown[4 * 64 + 8];

	err_quote(shown, str_of(value), 64);
	return err_set(err, ERR_USAGE, NOWHERE, "--%s: \"%s\" is not %s",
	    row->name, shown, what);
}

static int
set_duration(int64_t *to, const struct option_row *row, const char *value,
    struct err *err)
{
	if (when_parse_duration(str_of(value), to))
		return 0;
	/* None is none in any unit. */
	*to = 0;
	if (!strcmp(value, "0"))
		return 0;
	wrong(err, row, value, "a duration");
	return err_hint(err, "write it as 250ms, 30s, 5m or 1h30m");
}

static int
set_jobs(unsigned *to, const struct option_row *row, const char *value,
    struct err *err)
{
	int64_t n;

	if (!num_parse_int(str_of(value), &n) || n < 1 || n > JOBS_MAX)
		return wrong(err, row, value, "a number from 1 to 256");
	*to = (unsigned)n;
	return 0;
}

/* Of a record: CSV looks at 64 bytes at a time; lengths are 32 bits wide. */
#define SIZE_LEAST 64
#define SIZE_MOST ((uint64_t)1 << 30)

static int
set_size(uint64_t *to, const struct option_row *row, const char *value,
    struct err *err)
{
	if (num_parse_size(str_of(value), to) && *to >= SIZE_LEAST &&
	    *to <= SIZE_MOST)
		return 0;
	wrong(err, row, value, "a size from 64 to 1G");
	return err_hint(err, "write it as 65536, 512K or 64M");
}

/* What steps remember, less than which nothing works well. */
#define MEMORY_LEAST ((uint64_t)1 << 20)

static int
set_memory(uint64_t *to, const struct option_row *row, const char *value,
    struct err *err)
{
	if (num_parse_size(str_of(value), to) && *to >= MEMORY_LEAST &&
	    *to <= SIZE_MAX / 2)
		return 0;
	wrong(err, row, value, "a size of 1M or more");
	return err_hint(err, "write it as 512M or 4G");
}

static int
set_most(uint64_t *to, const struct option_row *row, const char *value,
    struct err *err)
{
	int64_t n;

	*to = UINT64_MAX;
	if (!strcmp(value, "any"))
		return 0;
	if (!num_parse_int(str_of(value), &n) || n < 0)
		return wrong(err, row, value, "a number or \"any\"");
	*to = (uint64_t)n;
	return 0;
}

static int
set_when(enum color_when *to, const struct option_row *row, const char *value,
    struct err *err)
{
	static const struct str names[] = {
	    {"auto", 4}, {"always", 6}, {"never", 5}};

	for (unsigned i = 0; i < 3; i++) {
		if (str_is(names[i], value)) {
			*to = (enum color_when)(COLOR_AUTO + i);
			return 0;
		}
	}
	wrong(err, row, value, "auto, always or never");
	return err_suggest(err, str_of(value), names, 3);
}

static int
add_pair(struct options *o, const struct option_row *row, const char *value,
    struct err *err)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value)
		return wrong(err, row, value, "of the form NAME=VALUE");
	o->params =
	    mem_resize(o->params, (o->n_params + 1) * sizeof *o->params);
	o->params[o->n_params++] = value;
	return 0;
}

static void
add_text(struct options *o, const char *value)
{
	o->resets =
	    mem_resize(o->resets, (o->n_resets + 1) * sizeof *o->resets);
	o->resets[o->n_resets++] = value;
}

static int
set_option(struct options *o, const struct option_row *row, bool by_letter,
    const char *value, struct err *err)
{
	void *to = (char *)o + row->target;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)to = true;
		if (to == &o->help)
			o->help_short = by_letter;
		return 0;
	case OPTION_TEXT:
	case OPTION_FILE:
	case OPTION_FORMAT_IN:
	case OPTION_FORMAT_OUT:
		*(const char **)to = value;
		return 0;
	case OPTION_DURATION:
		return set_duration(to, row, value, err);
	case OPTION_JOBS:
		return set_jobs(to, row, value, err);
	case OPTION_SIZE:
		return set_size(to, row, value, err);
	case OPTION_MEMORY:
		return set_memory(to, row, value, err);
	case OPTION_MOST:
		if (to == &o->bad_max)
			o->bad_max_given = true;
		return set_most(to, row, value, err);
	case OPTION_PAIR:
		return add_pair(o, row, value, err);
	case OPTION_LIST:
		add_text(o, value);
		return 0;
	case OPTION_WHEN:
		return set_when(to, row, value, err);
	}
	return 0;
}

/* ---- what getopt refuses ---- */

/* The long options that begin with a word, as "--a, --b"; their number. */
static unsigned
list_prefixed(struct buf *out, struct str word)
{
	unsigned n = 0;

	for (unsigned i = 0; i < N_ROWS; i++) {
		struct str name = str_of(option_rows[i].name);

		if (!str_starts(name, word))
			continue;
		buf_printf(out, "%s--%s", n++ ? ", " : "", name.p);
	}
	return n;
}

static int
unknown_long(const char *arg, struct err *err)
{
	struct str names[N_ROWS], word = {arg + 2, strcspn(arg + 2, "=")};
	struct buf list = {0};
	char shown[4 * 64 + 8];
	struct str near;

	err_quote(shown, word, 64);
	if (word.n && list_prefixed(&list, word) > 1) {
		err_set(
		    err, ERR_USAGE, NOWHERE, "ambiguous option --%s", shown);
		err_hint(err, "one of: %s", buf_z(&list));
		buf_release(&list);
		return -1;
	}
	buf_release(&list);
	for (unsigned i = 0; i < N_ROWS; i++)
		names[i] = str_of(option_rows[i].name);
	near = str_nearest(word, names, N_ROWS);
	err_set(err, ERR_USAGE, NOWHERE, "unknown option --%s", shown);
	if (near.p)
		return err_hint(err, "did you mean \"--%s\"?", near.p);
	return err_hint(err, "`weir --help` lists the options");
}

/* -lateness and -n: a long name behind one dash, or no such letter. */
static int
unknown_letter(char letter, const char *arg, struct err *err)
{
	char shown[16];

	err_quote(shown, (struct str){&letter, 1}, 1);
	err_set(err, ERR_USAGE, NOWHERE, "unknown option -%s", shown);
	for (unsigned i = 0; i < N_ROWS; i++)
		if (arg[0] == '-' && !strcmp(arg + 1, option_rows[i].name))
			return err_hint(err, "did you mean \"-%s\"?", arg);
	return err_hint(err, "`weir --help` lists the options");
}

static const struct option_row *
row_of(int value)
{
	if (value >= FIRST_VALUE && value < FIRST_VALUE + (int)N_ROWS)
		return &option_rows[value - FIRST_VALUE];
	for (unsigned i = 0; i < N_ROWS; i++)
		if (value && option_rows[i].letter == value)
			return &option_rows[i];
	return NULL;
}

static int
refused(int value, const char *arg, struct err *err)
{
	const struct option_row *row = row_of(optopt);

	if (row && value == ':') {
		err_set(err, ERR_USAGE, NOWHERE,
		    "option --%s needs an argument", row->name);
		return err_hint(err, "--%s %s", row->name, row->arg);
	}
	if (row)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "option --%s takes no argument", row->name);
	if (optopt)
		return unknown_letter((char)optopt, arg, err);
	return unknown_long(arg, err);
}

/* ---- operands ---- */

static void
add_operand(struct options *o, const char *operand)
{
	if (!o->command && !o->spec && !o->n_operands) {
		o->command = command_find(str_of(operand));
		if (o->command)
			return;
	}
	o->operands[o->n_operands++] = operand;
}

/* Tables in getopt's own form. */
static void
getopt_tables(struct option *longs, struct buf *letters)
{
	buf_lit(letters, "-:");
	for (unsigned i = 0; i < N_ROWS; i++) {
		const struct option_row *row = &option_rows[i];

		longs[i] = (struct option){row->name,
		    row->arg ? required_argument : no_argument, NULL,
		    FIRST_VALUE + (int)i};
		if (!row->letter)
			continue;
		buf_addc(letters, row->letter);
		if (row->arg)
			buf_addc(letters, ':');
	}
	longs[N_ROWS] = (struct option){0};
}

/* Options that this command cannot use are a mistake, not noise. */
static int
check_use(const struct option_row *row, const struct command *command,
    struct err *err)
{
	if (row->uses & command->use)
		return 0;
	if (command->use == USE_RUN)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "option --%s is only for commands", row->name);
	return err_set(err, ERR_USAGE, NOWHERE,
	    "`weir %s` takes no option --%s", command->name, row->name);
}

static int
check_uses(const struct options *o, const bool *given, struct err *err)
{
	for (unsigned i = 0; i < N_ROWS; i++)
		if (given[i] && check_use(&option_rows[i], o->command, err))
			return -1;
	return 0;
}

static int
walk(struct options *o, int argc, char **argv, bool *given,
    const struct option *longs, const char *letters, struct err *err)
{
	const struct option_row *row;
	int value;

	opterr = 0;
	for (;;) {
		int at = optind;

		value = getopt_long(argc, argv, letters, longs, NULL);
		if (value == -1)
			break;
		if (value == 1) {
			add_operand(o, optarg);
			continue;
		}
		row = row_of(value);
		if (!row)
			return refused(value, argv[at], err);
		given[row - option_rows] = true;
		if (set_option(o, row, value < FIRST_VALUE, optarg, err))
			return -1;
	}
	while (optind < argc)
		add_operand(o, argv[optind++]);
	return 0;
}

/*
 * A query that begins with a comment ("-- top paths ...") is no option: a
 * blank before it tells getopt so.
 */
static void
set_comments_apart(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t n = strlen(argv[i]) + 2;

		if (!str_starts(str_of(argv[i]), STR("-- ")) || o->commented)
			continue;
		o->commented = mem_alloc(n);
		snprintf(o->commented, n, " %s", argv[i]);
		argv[i] = o->commented;
	}
}

int
options_parse(struct options *o, int argc, char **argv, struct err *err)
{
	struct option longs[N_ROWS + 1];
	struct buf letters = {0};
	bool given[N_ROWS] = {false};
	int failed;

	*o = (struct options){.lateness = -1,
	    .allowed = -1,
	    .ttl = -1,
	    .idle = -1,
	    .ahead = -1,
	    .checkpoint = -1,
	    .jobs = 1};
	o->operands = mem_array((size_t)argc + 1, sizeof *o->operands);
	set_comments_apart(o, argc, argv);
	getopt_tables(longs, &letters);
	failed = walk(o, argc, argv, given, longs, buf_z(&letters), err);
	buf_release(&letters);
	if (!o->command)
		o->command = &command_run;
	return failed || check_uses(o, given, err) ? -1 : 0;
}

void
options_release(struct options *o)
{
	mem_free(o->commented);
	mem_free(o->operands);
	mem_free(o->params);
	mem_free(o->resets);
}
