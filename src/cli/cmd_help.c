/* SPDX-License-Identifier: MIT */
/*
 * weir help [TOPIC]: a topic's list, or everything that has a name: commands,
 * functions, formats, steps … A word may name several; all are shown.
 */
#include "base/mem.h"
#include "cli/help.h"

#define NOWHERE ((struct where){0})

static const struct help_topic *
find_topic(struct str name)
{
	for (unsigned i = 0; i < n_help_topics; i++)
		if (str_is(name, help_topics[i].name))
			return &help_topics[i];
	return NULL;
}

/* True if word is one of the blank-separated words of list. */
static bool
has_word(const char *list, struct str word)
{
	while (*list) {
		size_t n = strcspn(list, " ");

		if (str_eq_nocase((struct str){list, n}, word))
			return true;
		list += n + (list[n] == ' ');
	}
	return false;
}

static bool
show_named(struct page *page, const struct help_topic *topic, struct str name)
{
	unsigned n = topic->count();
	bool found = false;

	for (unsigned i = 0; i < n; i++) {
		if (!str_eq_nocase(name, str_of(topic->name_at(i))) &&
		    !(topic->aliases_at &&
			has_word(topic->aliases_at(i), name)))
			continue;
		if (page->text.n)
			page_gap(page);
		topic->show(page, i);
		found = true;
	}
	return found;
}

/* --late, late or -l: the option's row. */
static bool
show_option(struct page *page, struct str name)
{
	while (name.n && name.p[0] == '-')
		name = (struct str){name.p + 1, name.n - 1};
	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->group == GROUP_HIDDEN ||
		    (!str_is(name, row->name) &&
			!(name.n == 1 && name.p[0] == row->letter)))
			continue;
		if (page->text.n)
			page_gap(page);
		help_option(page, row);
		return true;
	}
	return false;
}

static void
collect_names(struct str **names, size_t *n)
{
	size_t cap = 0;

	*names = NULL;
	*n = 0;
	for (unsigned t = 0; t < n_help_topics; t++) {
		unsigned count = help_topics[t].count();

		mem_grow(names, &cap, *n + count + 1, sizeof **names);
		(*names)[(*n)++] = str_of(help_topics[t].name);
		for (unsigned i = 0; i < count; i++)
			(*names)[(*n)++] = str_of(help_topics[t].name_at(i));
	}
	mem_grow(names, &cap, *n + n_commands, sizeof **names);
	for (unsigned i = 0; i < n_commands; i++)
		(*names)[(*n)++] = str_of(commands[i]->name);
}

static int
no_such(struct str name, struct err *err)
{
	char shown[4 * 64 + 8];
	struct str *names, near;
	size_t n;

	collect_names(&names, &n);
	near = str_nearest(name, names, n);
	err_quote(shown, name, 64);
	err_set(err, ERR_USAGE, NOWHERE, "no help on \"%s\"", shown);
	if (near.p)
		err_hint(err, "did you mean \"%.*s\"?", STR_ARG(near));
	else
		err_hint(err, "`weir help` lists the topics");
	mem_free(names);
	return -1;
}

static int
show(struct page *page, struct str name, struct err *err)
{
	const struct help_topic *topic = find_topic(name);
	const struct command *command = command_find(name);
	bool found = false;

	if (topic) {
		help_topic_list(page, topic);
		return 0;
	}
	if (command) {
		help_command(page, command);
		found = true;
	}
	for (unsigned i = 0; i < n_help_topics; i++)
		found |= show_named(page, &help_topics[i], name);
	found |= show_option(page, name);
	return found ? 0 : no_such(name, err);
}

static void
put_overview(struct page *page)
{
	page_para(page, "`weir help TOPIC` shows a list, `weir help NAME` what "
			"is known of a function, format, step, window, option "
			"or command.");
	page_heading(page, "Topics");
	for (unsigned i = 0; i < n_help_topics; i++)
		page_item(page, help_topics[i].name, help_topics[i].doc, 14);
	page_heading(page, "Commands");
	for (unsigned i = 0; i < n_commands; i++)
		page_item(page, commands[i]->name, commands[i]->doc, 14);
}

static int
run_help(const struct options *o, struct err *err)
{
	struct page page = help_page(o);
	const struct help_topic *topic;
	int failed = 0;

	if (o->roff) {
		topic = find_topic(str_of(o->roff));
		page.roff = true;
		page.colour = false;
		if (topic)
			help_topic_list(&page, topic);
		else if (!strcmp(o->roff, "state"))
			help_verbs(&page);
		else
			failed = no_such(str_of(o->roff), err);
	} else if (!o->n_operands) {
		put_overview(&page);
	}
	for (unsigned i = 0; i < o->n_operands && !failed; i++)
		failed = show(&page, str_of(o->operands[i]), err);
	if (!failed)
		return help_print(&page, err);
	page_release(&page);
	return -1;
}

const struct command command_help = {
    .name = "help",
    .usage = "help [TOPIC|NAME]...",
    .doc = "Show help on a topic, or on anything that has a name.",
    .use = USE_HELP,
    .run = run_help,
};
