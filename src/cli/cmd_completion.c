/* SPDX-License-Identifier: MIT */
/*
 * weir completion SHELL: a completion script, made from the tables of options,
 * commands and formats. What an option's argument may be is read from its
 * name in the table: words in lower case, or FILE.
 */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"
#include "io/io.h"

#define NOWHERE ((struct where){0})

/* ---- what may be completed ---- */

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static void
add_word(struct buf *out, struct str word)
{
	if (out->n)
		buf_addc(out, ' ');
	buf_adds(out, word);
}

static void
add_formats(struct buf *out, bool writing)
{
	for (unsigned i = 0; i < n_formats; i++)
		if (writing ? formats[i]->encoder_new != NULL
			    : formats[i]->decode != NULL)
			add_word(out, str_of(formats[i]->name));
}

/* Words that may be an option's argument, separated by blanks. */
static void
add_choices(struct buf *out, const struct option_row *row)
{
	const char *p = row->arg;

	if (row->kind == OPTION_FORMAT_IN || row->kind == OPTION_FORMAT_OUT) {
		add_formats(out, row->kind == OPTION_FORMAT_OUT);
		return;
	}
	while (p && *p) {
		size_t n = strcspn(p, "|");

		if (is_lower(*p))
			add_word(out, (struct str){p, n});
		p += n + (p[n] == '|');
	}
}

static bool
takes_file(const struct option_row *row)
{
	return row->kind == OPTION_FILE ||
	       (row->arg && strstr(row->arg, "FILE"));
}

static void
add_commands(struct buf *out)
{
	for (unsigned i = 0; i < n_commands; i++)
		add_word(out, str_of(commands[i]->name));
}

static void
add_verbs(struct buf *out)
{
	for (unsigned i = 0; i < n_state_verbs; i++)
		add_word(out, str_of(state_verbs[i].name));
}

static void
add_topics(struct buf *out)
{
	for (unsigned i = 0; i < n_help_topics; i++)
		add_word(out, str_of(help_topics[i].name));
	for (unsigned t = 0; t < n_help_topics; t++)
		for (unsigned i = 0; i < help_topics[t].count(); i++)
			if (is_lower(*help_topics[t].name_at(i)))
				add_word(
				    out, str_of(help_topics[t].name_at(i)));
}

/* The first sentence of an option's text, without marks and final stop. */
static void
add_short(struct buf *out, const char *doc, const char *escape)
{
	const char *end = strstr(doc, ". ");

	for (const char *p = doc; *p && p != end && (p[0] != '.' || p[1]);
	     p++) {
		if (*p == '\'')
			buf_lit(out, "'\\''");
		else if (strchr(escape, *p))
			buf_printf(out, "\\%c", *p);
		else if (*p != '`')
			buf_addc(out, *p);
	}
}

static bool
shown(const struct option_row *row)
{
	return row->group != GROUP_HIDDEN;
}

/* ---- bash ---- */

static void
bash_option(struct buf *out, const struct option_row *row)
{
	struct buf words = {0};

	if (!shown(row) || !row->arg)
		return;
	add_choices(&words, row);
	buf_lit(out, "\t");
	if (row->letter)
		buf_printf(out, "-%c|", row->letter);
	buf_printf(out, "--%s) words='%s' ;;\n", row->name, buf_z(&words));
	buf_release(&words);
}

static void
bash_all_options(struct buf *out)
{
	buf_lit(out, "\t-*) words='");
	for (unsigned i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (shown(row) && row->letter)
			buf_printf(out, "-%c ", row->letter);
		if (shown(row))
			buf_printf(out, "--%s ", row->name);
	}
	out->n--;
	buf_lit(out, "' ;;\n");
}

static void
bash_words(struct buf *out, const char *pattern, void (*add)(struct buf *))
{
	struct buf words = {0};

	add(&words);
	buf_printf(out, "\t%s) words='%s' ;;\n", pattern, buf_z(&words));
	buf_release(&words);
}

static void
add_shells(struct buf *out)
{
	buf_lit(out, "bash fish zsh");
}

/* Where no word fits, the shell goes on with file names ("-o default"). */
static void
write_bash(struct buf *out)
{
	buf_lit(out,
	    "# bash completion for weir, made by `weir completion bash`\n"
	    "_weir()\n{\n"
	    "\tlocal word cur=${COMP_WORDS[COMP_CWORD]} words=\n"
	    "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	    "\tCOMPREPLY=()\n"
	    "\tcase $prev in\n");
	for (unsigned i = 0; i < n_option_rows; i++)
		bash_option(out, &option_rows[i]);
	buf_lit(out, "\t*) case $cur in\n");
	bash_all_options(out);
	buf_lit(out, "\t*) case $COMP_CWORD,${COMP_WORDS[1]} in\n");
	bash_words(out, "1,*", add_commands);
	bash_words(out, "*,completion", add_shells);
	bash_words(out, "*,help", add_topics);
	bash_words(out, "2,state", add_verbs);
	buf_lit(out, "\tesac ;;\n\tesac ;;\n\tesac\n"
		     "\twhile read -r word; do\n"
		     "\t\tCOMPREPLY+=(\"$word\")\n"
		     "\tdone < <(compgen -W \"$words\" -- \"$cur\")\n"
		     "}\n"
		     "complete -o bashdefault -o default -F _weir weir\n");
}

/* ---- zsh ---- */

static void
zsh_argument(struct buf *out, const struct option_row *row)
{
	struct buf words = {0};

	if (!row->arg)
		return;
	add_choices(&words, row);
	buf_lit(out, ":");
	for (const char *p = row->arg; *p; p++)
		buf_addc(out, *p == ':' || *p == '[' || *p == ']' ? ' ' : *p);
	if (takes_file(row) && words.n)
		buf_printf(out,
		    ":{_alternative \"words\\:word\\:(%s)\" "
		    "\"files\\:file\\:_files\"}",
		    buf_z(&words));
	else if (takes_file(row))
		buf_lit(out, ":_files");
	else if (words.n)
		buf_printf(out, ":(%s)", buf_z(&words));
	else
		buf_lit(out, ": ");
	buf_release(&words);
}

static void
zsh_option(struct buf *out, const struct option_row *row)
{
	const char *many =
	    row->kind == OPTION_PAIR || row->kind == OPTION_LIST ? "\\*" : "";

	if (!shown(row))
		return;
	if (row->letter)
		buf_printf(
		    out, "\t\t%s{-%c,--%s}'[", many, row->letter, row->name);
	else
		buf_printf(out, "\t\t%s--%s'[", many, row->name);
	add_short(out, row->doc, "[]:");
	buf_addc(out, ']');
	zsh_argument(out, row);
	buf_lit(out, "' \\\n");
}

static void
zsh_words(struct buf *out, const char *pattern, void (*add)(struct buf *))
{
	struct buf words = {0};

	add(&words);
	buf_printf(out, "\t%s) compadd -- %s ;;\n", pattern, buf_z(&words));
	buf_release(&words);
}

static void
write_zsh(struct buf *out)
{
	buf_lit(out,
	    "#compdef weir\n"
	    "# zsh completion for weir, made by `weir completion zsh`\n"
	    "_weir_first()\n{\n\t_files\n\tcompadd --");
	buf_addc(out, ' ');
	add_commands(out);
	buf_lit(out, "\n}\n_weir_rest()\n{\n\tcase ${line[1]} in\n");
	zsh_words(out, "completion", add_shells);
	zsh_words(out, "help", add_topics);
	zsh_words(out, "state", add_verbs);
	buf_lit(out,
	    "\t*) _files ;;\n\tesac\n}\n"
	    "_weir()\n{\n\tlocal line state\n\t_arguments -s -S -C \\\n");
	for (unsigned i = 0; i < n_option_rows; i++)
		zsh_option(out, &option_rows[i]);
	buf_lit(out, "\t\t'1: :_weir_first' '*: :_weir_rest'\n}\n"
		     "if [ \"$funcstack[1]\" = _weir ]; then\n"
		     "\t_weir \"$@\"\nelse\n\tcompdef _weir weir\nfi\n");
}

/* ---- fish ---- */

static void
fish_option(struct buf *out, const struct option_row *row)
{
	struct buf words = {0};

	if (!shown(row))
		return;
	buf_lit(out, "complete -c weir");
	if (row->letter)
		buf_printf(out, " -s %c", row->letter);
	buf_printf(out, " -l %s", row->name);
	if (row->arg) {
		add_choices(&words, row);
		buf_addz(out, takes_file(row) ? " -rF" : " -x");
		if (words.n)
			buf_printf(out, " -a '%s'", buf_z(&words));
	}
	buf_lit(out, " -d '");
	add_short(out, row->doc, "");
	buf_lit(out, "'\n");
	buf_release(&words);
}

static void
fish_words(struct buf *out, const char *command, void (*add)(struct buf *))
{
	buf_printf(out,
	    "complete -c weir -f -n '__fish_seen_subcommand_from %s' -a '",
	    command);
	add(out);
	buf_lit(out, "'\n");
}

static void
write_fish(struct buf *out)
{
	buf_lit(out, "# fish completion for weir, made by `weir completion "
		     "fish`\n");
	for (unsigned i = 0; i < n_option_rows; i++)
		fish_option(out, &option_rows[i]);
	for (unsigned i = 0; i < n_commands; i++) {
		buf_printf(out,
		    "complete -c weir -n __fish_use_subcommand -a %s -d '",
		    commands[i]->name);
		add_short(out, commands[i]->doc, "");
		buf_lit(out, "'\n");
	}
	fish_words(out, "completion", add_shells);
	fish_words(out, "help", add_topics);
	fish_words(out, "state", add_verbs);
}

/* ---- the command ---- */

static int
run_completion(const struct options *o, struct err *err)
{
	static const struct str names[] = {
	    {"bash", 4}, {"fish", 4}, {"zsh", 3}};
	static void (*const writers[])(struct buf *) = {
	    write_bash, write_fish, write_zsh};
	struct buf text = {0};
	int failed;

	if (o->n_operands != 1) {
		err_set(err, ERR_USAGE, NOWHERE, "completion for which shell?");
		return err_hint(err, "weir completion bash|fish|zsh");
	}
	for (unsigned i = 0; i < 3; i++)
		if (str_is(names[i], o->operands[0]))
			writers[i](&text);
	if (!text.n) {
		err_set(err, ERR_USAGE, NOWHERE,
		    "there is no completion for this shell");
		return err_suggest(err, str_of(o->operands[0]), names, 3);
	}
	failed = terminal_write(&text, err);
	buf_release(&text);
	return failed;
}

const struct command command_completion = {
    .name = "completion",
    .usage = "completion bash|fish|zsh",
    .doc = "Print a completion script for a shell.",
    .use = USE_OTHER,
    .run = run_completion,
};
