/* SPDX-License-Identifier: MIT */
/*
 * weir state: looks at state directories, checks and repairs them, copies
 * them, takes them apart and puts them together again.
 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/state_dir.h"
#include "cli/state_spool.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"
#include "data/pack.h"

#define NOWHERE ((struct where){0})

/* ---- for all verbs ---- */

struct store *
state_look(const char *name, struct arena *a, const char **dir, struct err *err)
{
	struct store_options options = {.read_only = true};
	struct store *s = NULL;

	*dir = state_dir(name, a, err);
	if (!*dir || store_open(&s, *dir, &options, err))
		return NULL;
	return s;
}

static struct str
text_of(struct value map, const char *key, struct arena *a)
{
	struct value v;

	return map.type == T_MAP && pack_map_find(map, str_of(key), a, &v) &&
		       v.type == T_TEXT
		   ? value_str(v)
		   : (struct str){"", 0};
}

static void
add_maps(struct state_maps *m, struct value step, struct arena *a)
{
	struct value maps, name, number;
	const char *p, *end;
	uint32_t n;

	if (step.type != T_MAP || !pack_map_find(step, STR("maps"), a, &maps) ||
	    maps.type != T_MAP)
		return;
	p = maps.p;
	end = maps.p + maps.len;
	if (!pack_get_map(&p, end, &n))
		return;
	while (n-- && pack_get(&p, end, a, &name) == PACK_OK &&
	       pack_get(&p, end, a, &number) == PACK_OK) {
		if (name.type != T_TEXT || number.type != T_INT)
			continue;
		mem_grow(&m->rows, &m->cap, m->n + 1, sizeof *m->rows);
		m->rows[m->n++] = (struct state_map_row){
		    text_of(step, "name", a), text_of(step, "kind", a),
		    value_str(name), (unsigned)number.i};
	}
}

void
state_maps_read(struct state_maps *m, struct str schema, struct arena *a)
{
	struct value all, steps, step;

	*m = (struct state_maps){0};
	if (!schema.n || !pack_parse_json(schema, a, &all) ||
	    all.type != T_MAP || !pack_map_find(all, STR("steps"), a, &steps) ||
	    steps.type != T_LIST)
		return;
	for (uint32_t i = 0; pack_list_at(steps, i, a, &step); i++)
		add_maps(m, step, a);
}

/* ---- small verbs ---- */

static void
say_line(void *arg, const char *line)
{
	buf_addz(arg, line);
	buf_addc(arg, '\n');
}

/* What was found goes out, also where something has failed since. */
static int
write_lines(struct buf *lines, int failed, struct err *err)
{
	struct err other = {0};

	if (lines->n && terminal_write(lines, failed ? &other : err))
		failed = -1;
	err_release(&other);
	buf_release(lines);
	return failed;
}

static int
say_checked(const char *name, const char *dir, unsigned damages,
    const struct options *o, struct err *err)
{
	if (damages) {
		err_set(err, ERR_STATE, NOWHERE, "%s: %u damage%s found", dir,
		    damages, damages == 1 ? "" : "s");
		return err_hint(err, "weir state repair %s", name);
	}
	if (!o->quiet)
		fprintf(stderr, "weir: %s is whole\n", dir);
	return 0;
}

static int
state_check(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct buf lines = {0};
	struct arena a;
	const char *dir;
	unsigned damages = 0;
	int failed = -1, more = 0;

	(void)n;
	arena_init(&a, 1024);
	dir = state_dir(operands[0], &a, err);
	if (dir)
		failed = store_check(dir, say_line, &lines, &damages, err);
	if (!failed)
		more = state_spool_check(dir, false, say_line, &lines, err);
	failed = write_lines(&lines, more < 0 ? -1 : failed, err);
	if (!failed)
		failed = say_checked(
		    operands[0], dir, damages + (unsigned)more, o, err);
	arena_release(&a);
	return failed;
}

static int
state_repair(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct buf lines = {0};
	struct arena a;
	const char *dir;
	int failed = -1;

	(void)n;
	(void)o;
	arena_init(&a, 1024);
	dir = state_dir(operands[0], &a, err);
	if (dir)
		failed = store_repair(dir, say_line, &lines, err);
	if (!failed)
		failed = state_spool_check(dir, true, say_line, &lines, err) < 0
			     ? -1
			     : 0;
	if (!failed && !lines.n)
		buf_printf(&lines, "%s: nothing is damaged\n", dir);
	failed = write_lines(&lines, failed, err);
	arena_release(&a);
	return failed;
}

/* A copy of the first in the second. */
static int
copy(const char *from, const char *to, struct err *err)
{
	struct arena a;
	const char *dir, *target;
	struct store *s;
	struct err other = {0};
	int failed;

	arena_init(&a, 1024);
	s = state_look(from, &a, &dir, err);
	target = s ? state_dir(to, &a, err) : NULL;
	failed = target ? store_savepoint(s, target, err) : -1;
	if (s && store_close(s, failed ? &other : err))
		failed = -1;
	err_release(&other);
	arena_release(&a);
	return failed;
}

static int
state_savepoint(const char *const *operands, unsigned n,
    const struct options *o, struct err *err)
{
	(void)n;
	(void)o;
	return copy(operands[0], operands[1], err);
}

static int
state_restore(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	(void)n;
	(void)o;
	return copy(operands[1], operands[0], err);
}

static int
state_rm(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct arena a;
	int failed = 0;

	(void)o;
	arena_init(&a, 1024);
	for (unsigned i = 0; i < n && !failed; i++) {
		const char *dir = state_dir(operands[i], &a, err);

		failed = dir ? store_remove(dir, err) : -1;
	}
	arena_release(&a);
	return failed;
}

/* ---- the table ---- */

const struct state_verb state_verbs[] = {
    {"check", "DIR",
	"Read every byte of it and say what is damaged; status 5 if anything "
	"is.",
	1, 1, state_check, false},
    {"dump", "DIR",
	"Print all that is kept as lines of JSON: the step, its map, the "
	"window, the key, and the value, readable and as bytes.",
	1, 1, state_dump, false},
    {"load", "DIR [FILE]",
	"Make a new directory of what `dump` has printed, exactly as it was.",
	1, 2, state_load, false},
    {"ls", "[DIR]",
	"List states: those with names, those in a directory, or this one. "
	"`BEHIND` is how much of their inputs has not been read. With `-t "
	"json` an object for each.",
	0, 1, state_ls, true},
    {"repair", "DIR",
	"Make a damaged directory open again at the newest state that is "
	"whole. What is damaged is moved aside, into `lost`, and said.",
	1, 1, state_repair, false},
    {"restore", "DIR FROM",
	"Make a directory of a savepoint: the state goes on from there.", 2, 2,
	state_restore, false},
    {"rm", "DIR...",
	"Remove state directories; not if a run has them, or if they are "
	"something else.",
	1, 64, state_rm, false},
    {"savepoint", "DIR TO",
	"Copy the last commit into a new directory, also while a run goes on.",
	2, 2, state_savepoint, false},
    {"show", "DIR",
	"Print what is known of it: commits, inputs and how far they were "
	"read, outputs, steps, sizes. With `-t json` as an object.",
	1, 1, state_show, true},
};
const unsigned n_state_verbs = sizeof state_verbs / sizeof *state_verbs;

static const struct state_verb *
find_verb(const char *name, struct err *err)
{
	struct str names[sizeof state_verbs / sizeof *state_verbs];
	char shown[4 * 64 + 8];

	for (unsigned i = 0; i < n_state_verbs; i++) {
		names[i] = str_of(state_verbs[i].name);
		if (!strcmp(name, state_verbs[i].name))
			return &state_verbs[i];
	}
	err_quote(shown, str_of(name), 64);
	err_set(err, ERR_USAGE, NOWHERE, "`weir state` cannot \"%s\"", shown);
	err_suggest(err, str_of(name), names, n_state_verbs);
	return NULL;
}

/* What people read may be an object instead. */
static int
check_form(
    const struct state_verb *verb, const struct options *o, struct err *err)
{
	char shown[4 * 64 + 8];

	if (!o->to)
		return 0;
	if (!verb->json)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "--to is for `weir state show` and `ls`, not %s",
		    verb->name);
	if (!strcmp(o->to, "json"))
		return 0;
	err_quote(shown, str_of(o->to), 64);
	err_set(err, ERR_USAGE, NOWHERE,
	    "--to: `weir state %s` cannot write \"%s\"", verb->name, shown);
	return err_hint(err, "-t json");
}

static int
run_state(const struct options *o, struct err *err)
{
	const struct state_verb *verb;
	unsigned n;

	if (!o->n_operands) {
		err_set(err, ERR_USAGE, NOWHERE,
		    "what is to be done with which state?");
		return err_hint(err, "weir state ls, or weir help state");
	}
	verb = find_verb(o->operands[0], err);
	if (!verb)
		return -1;
	if (check_form(verb, o, err))
		return -1;
	n = o->n_operands - 1;
	if (n >= verb->least && n <= verb->most)
		return verb->run(o->operands + 1, n, o, err);
	err_set(err, ERR_USAGE, NOWHERE, "`weir state %s` takes %s", verb->name,
	    verb->operands);
	return err_hint(err, "weir state %s %s", verb->name, verb->operands);
}

const struct command command_state = {
    .name = "state",
    .usage = "state VERB [DIR]...",
    .doc = "Look at the state that `-s` keeps, check it, copy it, remove it. "
	   "DIR is as for `-s`: a name, or a directory with a slash.",
    .use = USE_STATE,
    .verbs = true,
    .run = run_state,
};
