/* SPDX-License-Identifier: MIT */
/*
 * The help: usage, options, and topics made from the tables of functions,
 * aggregates, formats, windows, steps, spec keys and errors. Written once,
 * laid out for a terminal or as a part of a manual page.
 */
#ifndef WEIR_CLI_HELP_H
#define WEIR_CLI_HELP_H

#include "cli/command.h"
#include "cli/options.h"
#include "cli/page.h"

/* --version. */
int help_version(struct err *err);

/* -h, --help: of weir, or of the command that was given. */
int help_usage(const struct options *o, struct err *err);

/* An empty page for standard output; help_print writes and releases it. */
struct page help_page(const struct options *o);
int help_print(struct page *page, struct err *err);

/* Usage and options of one command. */
void help_command(struct page *page, const struct command *command);

/* One option. */
void help_option(struct page *page, const struct option_row *row);

/* The options that a set of commands takes, by group. */
void help_options(struct page *page, unsigned use);

/*
 * A topic of the help: a table. In a list each row has a line or two; shown,
 * all that is known of it. A manual page lists all rows as they are shown.
 */
struct help_topic {
	const char *name;
	const char *doc;
	/* What stands before the rows. */
	void (*intro)(struct page *page);
	unsigned (*count)(void);
	const char *(*name_at)(unsigned i);
	/* What a row belongs to, as a heading for it; NULL: no headings. */
	const char *(*family_at)(unsigned i);
	/* Other names, separated by blanks; NULL if there never are any. */
	const char *(*aliases_at)(unsigned i);
	void (*list)(struct page *page, unsigned i);
	void (*show)(struct page *page, unsigned i);
};

/* Sorted by name. */
extern const struct help_topic help_topics[];
extern const unsigned n_help_topics;

/* All rows of a topic. */
void help_topic_list(struct page *page, const struct help_topic *topic);

/* What `weir state` can do. */
void help_verbs(struct page *page);

#endif
