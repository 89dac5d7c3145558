/* SPDX-License-Identifier: MIT */
/* Which directory -s means; see state_dir.h. */
#include "cli/state_dir.h"

#include <stdlib.h>

#define NOWHERE ((struct where){0})

/* Of a list of directories, as systemd may set it, the first. */
static const char *
first_of(const char *list, struct arena *a)
{
	return arena_str(a, (struct str){list, strcspn(list, ":")}).p;
}

const char *
state_home(struct arena *a, struct err *err)
{
	const char *service = getenv("STATE_DIRECTORY");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (service && *service == '/')
		return first_of(service, a);
	/* Relative paths are to be ignored (XDG Base Directory). */
	if (state && *state == '/')
		return arena_printf(a, "%s/weir", state).p;
	if (home && *home == '/')
		return arena_printf(a, "%s/.local/state/weir", home).p;
	err_set(err, ERR_USAGE, NOWHERE,
	    "there is no place for states with names: HOME is not set");
	err_hint(err, "name a directory, with a slash: -s ./state");
	return NULL;
}

const char *
state_dir(const char *name, struct arena *a, struct err *err)
{
	char shown[4 * 64 + 8];
	const char *home;

	if (strchr(name, '/'))
		return name;
	err_quote(shown, str_of(name), 64);
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
		err_set(err, ERR_USAGE, NOWHERE, "--state: \"%s\" is no name",
		    shown);
		err_hint(err, "a name, or a directory with a slash: ./%s",
		    *name ? shown : "state");
		return NULL;
	}
	home = state_home(a, err);
	return home ? arena_printf(a, "%s/%s", home, name).p : NULL;
}

/* Options that mean nothing without -s. */
static int
check_alone(const struct options *o, struct err *err)
{
	const char *what = o->final		? "final"
			   : o->n_resets	? "reset"
			   : o->drop		? "drop-state"
			   : o->locked		? "if-locked"
			   : o->on_gap		? "on-gap"
			   : o->standby		? "standby"
			   : o->commit_output	? "commit-output"
			   : o->journal		? "journal"
			   : o->ids		? "ids"
			   : o->checkpoint >= 0 ? "checkpoint"
						: NULL;

	if (!what)
		return 0;
	err_set(err, ERR_USAGE, NOWHERE,
	    "--%s is about kept state, and there is none", what);
	return err_hint(err, "-s DIR keeps it");
}

static int
set_locked(enum if_locked *to, const char *word, struct err *err)
{
	static const struct str names[] = {
	    {"fail", 4}, {"wait", 4}, {"skip", 4}};
	char shown[4 * 64 + 8];

	for (unsigned i = 0; word && i < 3; i++)
		if (str_is(names[i], word)) {
			*to = (enum if_locked)i;
			return 0;
		}
	if (!word)
		return 0;
	err_quote(shown, str_of(word), 64);
	err_set(err, ERR_USAGE, NOWHERE,
	    "--if-locked: \"%s\" is not fail, wait or skip", shown);
	return err_suggest(err, str_of(word), names, 3);
}

static int
set_on_gap(bool *fails, const char *word, struct err *err)
{
	static const struct str names[] = {{"warn", 4}, {"fail", 4}};
	char shown[4 * 64 + 8];

	*fails = word && str_is(names[1], word);
	if (!word || *fails || str_is(names[0], word))
		return 0;
	err_quote(shown, str_of(word), 64);
	err_set(err, ERR_USAGE, NOWHERE, "--on-gap: \"%s\" is not warn or fail",
	    shown);
	return err_suggest(err, str_of(word), names, 2);
}

int
state_run_of(const struct options *o, struct arena *a, struct state_run *out,
    struct err *err)
{
	*out = (struct state_run){.final = o->final,
	    .drop = o->drop,
	    .standby = o->standby,
	    .reset = o->resets,
	    .n_reset = o->n_resets,
	    .hold = o->commit_output,
	    .ids = o->ids,
	    .journal = o->journal,
	    .every = o->checkpoint < 0 ? CHECKPOINT_EVERY : o->checkpoint};
	if (!o->state)
		return check_alone(o, err);
	if (set_locked(&out->if_locked, o->locked, err) ||
	    set_on_gap(&out->gap_fails, o->on_gap, err))
		return -1;
	if (o->standby && o->locked)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "--standby and --if-locked do not go together");
	out->dir = state_dir(o->state, a, err);
	return out->dir ? 0 : -1;
}
