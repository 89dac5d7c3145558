/* SPDX-License-Identifier: MIT */
/*
 * Outputs of runs with a state directory; see outputs.h. A file is found in
 * the note by its path, whatever output wrote to it, so that a spec may give
 * its outputs other names; the count of rows goes by the output's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/lasting.h"
#include "run/outputs.h"
#include "run/siblings.h"

#define LATE "--late"
#define REJECT "--reject"

const struct run_map run_maps[] = {
    {OUTBOX_MAP, "outbox", false},
    {PARTS_MAP, "parts", true},
};
const unsigned n_run_maps = sizeof run_maps / sizeof *run_maps;

/* ---- what was noted ---- */

/* The entry that has this text under the key; else an empty one. */
static struct note
entry_of(struct note note, const char *key, struct str text)
{
	struct note e;

	for (uint32_t i = 0; note_list_at(note, "outputs", i, &e); i++)
		if (str_eq(note_get_text(e, key), text))
			return e;
	return (struct note){.map = VALUE_NULL, .arena = note.arena};
}

static struct note
entry_of_file(struct note note, const struct output *o)
{
	return entry_of(note, "path", lasting_path(o));
}

/* Does this run go on in the file of that path? */
static bool
is_written(const struct outputs *o, struct str path)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		if (o->sinks[i].out.lasting && o->sinks[i].out.target &&
		    str_is(path, o->sinks[i].out.target))
			return true;
	return (o->late.lasting && str_is(path, o->late.target)) ||
	       (o->reject.lasting && str_is(path, o->reject.target));
}

static bool
is_extent_of(const struct extent *was, const struct stat *st)
{
	return (uint64_t)st->st_dev == was->device &&
	       (uint64_t)st->st_ino == was->inode;
}

/* A file of results that will come again elsewhere; as it was noted? */
static void
cut_other(const char *path, const struct extent *was)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size > was->length && is_extent_of(was, &st) &&
	    !flock(fd, LOCK_EX | LOCK_NB) && extent_matches(fd, was) &&
	    !ftruncate(fd, (off_t)was->length))
		(void)fsync(fd);
	close(fd);
}

/* It has been rotated since; one that was compressed is not found. */
static void
cut_rotated(const char *path, const struct extent *was)
{
	struct siblings now = {0};

	siblings_look(&now, path);
	for (size_t i = 0; i < now.n; i++)
		if (is_extent_of(was, &now.list[i].st))
			cut_other(now.list[i].path.p, was);
	siblings_release(&now);
}

/*
 * Files that the run which crashed wrote to and this one does not: another one
 * is written now, or has the name. What is not as it was noted is left alone.
 */
static void
cut_others(const struct outputs *o, struct note note)
{
	struct buf path = {0};
	struct note e;

	for (uint32_t i = 0; note_list_at(note, "outputs", i, &e); i++) {
		struct str text = note_get_text(e, "path");
		struct extent was;
		struct stat st;

		if (!text.n || text.p[0] != '/' || !extent_get(e, &was))
			continue;
		path.n = 0;
		buf_adds(&path, text);
		if (stat(buf_z(&path), &st) || !is_extent_of(&was, &st))
			cut_rotated(buf_z(&path), &was);
		else if (!is_written(o, text))
			cut_other(buf_z(&path), &was);
	}
	buf_release(&path);
}

static int
resume_side(struct output *out, struct note note, bool crashed, struct err *err)
{
	struct extent was;
	enum lasting_from from;
	bool known;

	if (!out->lasting)
		return 0;
	known = extent_get(entry_of_file(note, out), &was);
	return lasting_resume(out, known ? &was : NULL, !crashed, &from, err);
}

int
outputs_resume(
    struct outputs *o, struct note note, bool crashed, struct err *err)
{
	struct note e;

	for (uint32_t i = 0; note_list_at(note, "outputs", i, &e); i++)
		if (note_get_int(e, "held", 0) > o->box)
			o->box = note_get_int(e, "held", 0);
	for (uint32_t i = 0; note_list_at(note, "outputs", i, &e); i++)
		if (partitions_rename(e, err))
			return -1;
	if (crashed) {
		cut_others(o, note);
		partitions_take_back(o->keep.store);
	}
	for (unsigned i = 0; i < o->plan->n_outputs; i++) {
		struct sink *s = &o->sinks[i];

		if (s->out.box)
			s->out.box->bucket = ++o->box;
		if (sink_resume(s, entry_of(note, "name", s->label),
			entry_of_file(note, &s->out), crashed, err))
			return -1;
	}
	return resume_side(&o->late, note, crashed, err) ||
		       resume_side(&o->reject, note, crashed, err)
		   ? -1
		   : 0;
}

/* ---- commits ---- */

bool
outputs_last(const struct outputs *o)
{
	bool last = o->late.lasting || o->reject.lasting;

	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		last |= o->sinks[i].out.lasting || o->sinks[i].parts;
	return last;
}

bool
outputs_unnoted(const struct outputs *o)
{
	bool unnoted = o->late.unnoted || o->reject.unnoted;

	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		unnoted |= o->sinks[i].out.unnoted;
	return unnoted;
}

bool
outputs_hold(const struct outputs *o)
{
	return o->keep.store && o->keep.hold;
}

bool
outputs_can_cut(const struct outputs *o)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		if (sink_holds(&o->sinks[i]))
			return false;
	return true;
}

static void
cut_side(struct output *out)
{
	if (!out->opened)
		return;
	output_flush(out);
	if (out->lasting && !out->failed)
		lasting_cut(out);
}

void
outputs_cut(struct outputs *o, bool end)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++) {
		struct sink *s = &o->sinks[i];

		sink_cut(s, s->out.box ? ++o->box : 0, end);
	}
	cut_side(&o->late);
	cut_side(&o->reject);
}

static void
note_side(const struct output *out, const char *name, struct buf *note)
{
	if (!out->lasting)
		return;
	pack_put_map(note, 2 + EXTENT_MEMBERS);
	note_text(note, "name", str_of(name));
	note_text(note, "path", lasting_path(out));
	extent_put(note, &out->at);
}

void
outputs_note(const struct outputs *o, struct buf *out)
{
	pack_put_array(out, o->plan->n_outputs + (o->late.lasting ? 1u : 0u) +
				(o->reject.lasting ? 1u : 0u));
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		sink_note(&o->sinks[i], out);
	note_side(&o->late, LATE, out);
	note_side(&o->reject, REJECT, out);
}

void
outputs_sync(const struct outputs *o, struct buf *fds)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		sink_sync(&o->sinks[i], fds);
	lasting_sync(&o->late, fds);
	lasting_sync(&o->reject, fds);
}

void
outputs_publish(struct outputs *o, uint64_t epoch)
{
	(void)epoch;
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		sink_publish(&o->sinks[i]);
	if (o->late.opened)
		lasting_synced(&o->late);
	if (o->reject.opened)
		lasting_synced(&o->reject);
}
