/* SPDX-License-Identifier: MIT */
/* Checking the journal of standard input; see state_spool.h. */
#include "cli/state_spool.h"

#include "cli/state_note.h"
#include "data/pack.h"
#include "run/spool.h"
#include "state/store.h"

/* A run that goes on removes what it has committed while it is looked at. */
#define LOOKS 20

struct place {
	uint64_t at, kept;
	bool found;
};

static void
find_in(struct value input, struct arena *a, struct place *out)
{
	struct value files = note_member(input, "files", a), file;

	if (files.type != T_LIST)
		return;
	for (uint32_t i = 0; pack_list_at(files, i, a, &file); i++)
		if (str_is(note_text_of(file, "kind", a), "journal")) {
			out->at = (uint64_t)note_number(file, "begin", a);
			out->kept = (uint64_t)note_number(file, "kept", a);
			out->found = true;
		}
}

/* How far it has been applied, and how far it is certain. */
static struct place
find_place(const struct store *s)
{
	struct arena a;
	struct value inputs, input;
	struct place out = {0};

	arena_init(&a, 1024);
	inputs = note_member(state_note(store_note(s), &a), "inputs", &a);
	for (uint32_t i = 0;
	     inputs.type == T_LIST && pack_list_at(inputs, i, &a, &input); i++)
		find_in(input, &a, &out);
	arena_release(&a);
	return out;
}

static void
keep_line(void *arg, const char *line)
{
	buf_add(arg, line, strlen(line) + 1);
}

static int
look(const char *dir, bool mend, struct buf *lines, uint64_t *epoch,
    struct err *err)
{
	/* One that was just begun, and repaired, is an empty one then. */
	struct store_options o = {.read_only = !mend, .create = mend};
	struct err other = {0};
	struct place place;
	struct store *s;
	int n = 0;

	lines->n = 0;
	if (store_open(&s, dir, &o, mend ? err : &other)) {
		err_release(&other);
		return mend ? -1 : 0;
	}
	*epoch = store_epoch(s);
	place = find_place(s);
	if (place.found)
		n = spool_check(store_folder(s), dir, place.at, place.kept,
		    mend, keep_line, lines, err);
	if (store_close(s, n < 0 ? &other : err) && n >= 0)
		n = -1;
	err_release(&other);
	return n;
}

int
state_spool_check(const char *dir, bool mend,
    void (*say)(void *arg, const char *line), void *arg, struct err *err)
{
	struct buf lines = {0};
	uint64_t before = 0, epoch = 0;
	int n = look(dir, mend, &lines, &epoch, err);

	/* It is damaged if it is so twice, and nobody has committed between. */
	for (int i = 0; n > 0 && !mend && before != epoch && i < LOOKS; i++) {
		before = epoch;
		n = look(dir, false, &lines, &epoch, err);
	}
	for (size_t at = 0; at < lines.n; at += strlen(lines.p + at) + 1)
		say(arg, lines.p + at);
	buf_release(&lines);
	return n;
}
