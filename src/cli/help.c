/* SPDX-License-Identifier: MIT */
/* Usage, options and versions; see help.h. The topics are in topics.c. */
#include "cli/help.h"

#include <unistd.h>
#include <yaml.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "cli/command.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"
#include "config.h"

#define WIDTH 80
#define WIDTH_MAX 100
#define OPTION_INDENT 26
#define VERB_INDENT 22
#define SHORT_INDENT 22
#define COMMAND_INDENT 14

struct page
help_page(const struct options *o)
{
	unsigned width = terminal_width();

	if (!width)
		width = WIDTH;
	return (struct page){.colour = terminal_colour(o, STDOUT_FILENO),
	    .width = width < 40		 ? 40
		     : width > WIDTH_MAX ? WIDTH_MAX
					 : width};
}

int
help_print(struct page *page, struct err *err)
{
	int failed = terminal_write(&page->text, err);

	page_release(page);
	return failed;
}

int
help_version(struct err *err)
{
	struct page page = {0};
	char pcre2[64];

	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	buf_printf(&page.text, "weir %s\nlibyaml %s\nPCRE2 %s\n",
	    PACKAGE_VERSION, yaml_get_version_string(), pcre2);
	return help_print(&page, err);
}

/* ---- options ---- */

static void
put_option(struct page *page, const struct option_row *row, const char *doc)
{
	struct buf term = {0};

	if (row->letter)
		buf_printf(&term, "`-%c`, `--%s`", row->letter, row->name);
	else
		buf_printf(
		    &term, "%s`--%s`", page->roff ? "" : "    ", row->name);
	if (row->arg)
		buf_printf(&term, " \1%s\1", row->arg);
	page_item(page, buf_z(&term), doc, OPTION_INDENT);
	buf_release(&term);
}

static void
put_group(struct page *page, enum option_group group, unsigned use)
{
	for (unsigned i = 0; i < n_option_rows; i++)
		if (option_rows[i].group == group &&
		    (option_rows[i].uses & use))
			put_option(page, &option_rows[i], option_rows[i].doc);
}

static bool
group_used(enum option_group group, unsigned use)
{
	for (unsigned i = 0; i < n_option_rows; i++)
		if (option_rows[i].group == group &&
		    (option_rows[i].uses & use))
			return true;
	return false;
}

void
help_options(struct page *page, unsigned use)
{
	for (unsigned g = 0; g < GROUP_HIDDEN; g++) {
		if (!group_used((enum option_group)g, use))
			continue;
		page_heading(page, option_groups[g]);
		put_group(page, (enum option_group)g, use);
	}
}

void
help_option(struct page *page, const struct option_row *row)
{
	put_option(page, row, row->doc);
}

/* ---- usage ---- */

/* Each line of a command's usage behind "weir ". */
static void
put_usage(struct page *page, const struct command *command)
{
	struct buf text = {0};
	const char *p = command->usage;

	while (*p) {
		size_t n = strcspn(p, "\n");

		buf_lit(&text, "weir ");
		buf_add(&text, p, n);
		buf_addc(&text, '\n');
		p += n + (p[n] == '\n');
	}
	page_code(page, buf_z(&text));
	buf_release(&text);
}

static void
put_commands(struct page *page)
{
	page_heading(page, "Commands");
	for (unsigned i = 0; i < n_commands; i++) {
		struct buf term = {0};

		buf_printf(&term, "`%s`", commands[i]->name);
		page_item(page, buf_z(&term), commands[i]->doc, COMMAND_INDENT);
		buf_release(&term);
	}
}

void
help_verbs(struct page *page)
{
	for (unsigned i = 0; i < n_state_verbs; i++) {
		struct buf term = {0};

		buf_printf(&term, "`%s` \1%s\1", state_verbs[i].name,
		    state_verbs[i].operands);
		page_item(page, buf_z(&term), state_verbs[i].doc, VERB_INDENT);
		buf_release(&term);
	}
}

void
help_command(struct page *page, const struct command *command)
{
	put_usage(page, command);
	page_gap(page);
	page_para(page, command->doc);
	if (command->verbs) {
		page_heading(page, "Verbs");
		help_verbs(page);
	}
	help_options(page, command->use);
}

static const char examples[] =
    "weir 'SELECT path, count(*) n WHERE status >= 500 GROUP BY path' "
    "access.log\n"
    "weir -t csv 'SELECT sensor, avg(temp) GROUP BY sensor, day()' "
    "sensors.csv\n"
    "weir -s k -l 5s 'SELECT kind, count(*) GROUP BY kind, tumble(1m)' "
    "app.jsonl\n";

/* -i FORMAT, and the first sentence of what it does: one line. */
static void
put_option_short(struct page *page, const struct option_row *row)
{
	long end = str_find(str_of(row->doc), STR(". "), 0);
	struct buf term = {0}, text = {0};

	buf_printf(&term, "`-%c`", row->letter);
	if (row->arg)
		buf_printf(&term, " \1%s\1", row->arg);
	buf_add(&text, row->doc, end < 0 ? strlen(row->doc) : (size_t)end + 1);
	page_item(page, buf_z(&term), buf_z(&text), SHORT_INDENT);
	buf_release(&term);
	buf_release(&text);
}

static void
put_short(struct page *page)
{
	page_para(page,
	    "weir runs SQL over endless streams and files, by event time.");
	page_gap(page);
	put_usage(page, &command_run);
	page_heading(page, "Options used most");
	for (unsigned i = 0; i < n_option_rows; i++)
		if (option_rows[i].letter && option_rows[i].group < GROUP_BAD)
			put_option_short(page, &option_rows[i]);
	page_heading(page, "Examples");
	page_code(page, examples);
	page_gap(page);
	page_para(page, "`weir --help` shows all options, `weir help` topics.");
}

static void
put_full(struct page *page)
{
	page_para(page,
	    "weir runs SQL over endless streams and files, by event time: "
	    "records are read from files or standard input, pass the steps of "
	    "a query or spec, and results are written to standard output.");
	page_gap(page);
	put_usage(page, &command_run);
	put_commands(page);
	help_options(page, ~0u);
	page_heading(page, "Examples");
	page_code(page, examples);
	page_gap(page);
	page_para(page,
	    "`weir help` lists the topics: functions, aggregates, formats, "
	    "windows and more. The manual is in weir(1), weir-sql(7), "
	    "weir-spec(5), weir-state(5), weir-functions(7) and "
	    "weir-formats(7).");
}

int
help_usage(const struct options *o, struct err *err)
{
	struct page page = help_page(o);

	if (o->command != &command_run)
		help_command(&page, o->command);
	else if (o->help_short)
		put_short(&page);
	else
		put_full(&page);
	return help_print(&page, err);
}
