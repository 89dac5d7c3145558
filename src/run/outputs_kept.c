/* SPDX-License-Identifier: MIT */
/*
 * Outputs of a run that keeps its state: how much of them the last commit
 * knows of, and going on behind that; see outputs.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/outputs.h"

/* Where the next byte goes; -1: it is no regular file. */
static int64_t
place_of(const struct output *o, struct stat *st)
{
	int flags = fcntl(o->fd, F_GETFL);

	if (fstat(o->fd, st) || !S_ISREG(st->st_mode) || flags < 0)
		return -1;
	return flags & O_APPEND ? st->st_size : lseek(o->fd, 0, SEEK_CUR);
}

static void
note_one(const struct output *o, bool begun, uint64_t rows, struct buf *out)
{
	struct stat st = {0};
	int64_t length = o->opened ? place_of(o, &st) : -1;

	pack_put_map(out, 6);
	note_text(out, "file", o->path ? str_of(o->path) : STR(""));
	note_count(out, "device", length < 0 ? 0 : (uint64_t)st.st_dev);
	note_count(out, "inode", length < 0 ? 0 : (uint64_t)st.st_ino);
	note_int(out, "length", length);
	note_bool(out, "begun", begun);
	note_count(out, "rows", rows);
}

void
outputs_note(const struct outputs *o, struct buf *out)
{
	unsigned n = o->plan->n_outputs;

	pack_put_array(out, n + 2);
	for (unsigned i = 0; i < n; i++)
		note_one(&o->sinks[i].out, o->sinks[i].begun,
		    o->sinks[i].n_rows, out);
	note_one(&o->late, false, 0, out);
	note_one(&o->reject, false, 0, out);
}

/* Is it the file that was noted, and as long as that at least? */
static bool
goes_on(const struct output *o, struct note n, int64_t *length)
{
	struct stat st;

	*length = note_get_int(n, "length", -1);
	return o->opened && *length >= 0 && place_of(o, &st) >= 0 &&
	       (uint64_t)st.st_dev == note_get_count(n, "device") &&
	       (uint64_t)st.st_ino == note_get_count(n, "inode") &&
	       st.st_size >= *length;
}

/* What a run that crashed has written behind its last commit is taken back. */
static int
cut_back(struct output *o, int64_t length, struct err *err)
{
	if (!ftruncate(o->fd, length) && lseek(o->fd, length, SEEK_SET) >= 0)
		return 0;
	return err_sys(err, ERR_OUTPUT, errno, "cannot cut %s back",
	    o->path ? o->path : "standard output");
}

static int
resume_one(
    struct output *o, struct note n, bool crashed, bool *goes, struct err *err)
{
	int64_t length;

	*goes = goes_on(o, n, &length);
	return *goes && crashed ? cut_back(o, length, err) : 0;
}

int
outputs_resume(
    struct outputs *o, struct note note, bool crashed, struct err *err)
{
	unsigned n = o->plan->n_outputs;
	struct note one;
	bool goes;

	for (unsigned i = 0; i < n; i++) {
		struct sink *s = &o->sinks[i];

		if (!note_list_at(note, "outputs", i, &one))
			continue;
		if (resume_one(&s->out, one, crashed, &goes, err))
			return -1;
		s->begun = goes && note_get_bool(one, "begun");
		if (crashed)
			s->n_rows = note_get_count(one, "rows");
	}
	if (note_list_at(note, "outputs", n, &one) &&
	    resume_one(&o->late, one, crashed, &goes, err))
		return -1;
	if (note_list_at(note, "outputs", n + 1, &one) &&
	    resume_one(&o->reject, one, crashed, &goes, err))
		return -1;
	return 0;
}

static void
add_fd(const struct output *o, struct buf *fds)
{
	struct stat st;

	if (o->opened && place_of(o, &st) >= 0)
		buf_add(fds, (const char *)&o->fd, sizeof o->fd);
}

void
outputs_sync(const struct outputs *o, struct buf *fds)
{
	for (unsigned i = 0; i < o->plan->n_outputs; i++)
		add_fd(&o->sinks[i].out, fds);
	add_fd(&o->late, fds);
	add_fd(&o->reject, fds);
}

void
outputs_publish(struct outputs *o, uint64_t epoch)
{
	(void)o;
	(void)epoch;
}
