/* SPDX-License-Identifier: MIT */
/*
 * With a state directory: the file that the next row of a divided output goes
 * to. It is the one that the state says goes on, or a new one under a hidden
 * name; see partition_kept.c.
 */
#include "run/part.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/key.h"
#include "run/lasting.h"

#define BEGUN_ANEW "move the file away, and a new one is begun"

/* ---- small things ---- */

bool
partition_is_cut(const struct partitions *p)
{
	return p->plan->roll_bytes || p->plan->roll_every;
}

void
partition_fail_sys(struct partitions *p, const char *what, const char *path)
{
	struct err err = {0};
	char name[512];
	int errnum = errno;

	err_quote(name, str_of(path), 120);
	err_sys(&err, ERR_OUTPUT, errnum, "cannot %s %s", what, name);
	partition_fail(p, &err);
}

static void
fail_state(struct partitions *p, const char *path, const char *how)
{
	struct err err = {0};
	char name[512];

	err_quote(name, str_of(path), 120);
	err_set(&err, ERR_STATE, (struct where){0}, "%s %s", name, how);
	err_hint(&err, BEGUN_ANEW);
	partition_fail(p, &err);
}

/* The path from the root: a run may be started anywhere. */
static void
put_whole_path(const struct partitions *p, struct str path, struct buf *out)
{
	if (!path.n || path.p[0] != '/') {
		buf_adds(out, buf_str(&p->folder));
		buf_addc(out, '/');
	}
	buf_adds(out, path);
}

static char *
path_of_part(const struct partitions *p, const struct part *part)
{
	struct buf path = {0}, name = {0};
	char *out;

	naming_part(&p->naming, part->path, part->number, &name);
	put_whole_path(p, buf_str(&name), &path);
	out = mem_strdup(buf_z(&path));
	buf_release(&name);
	buf_release(&path);
	return out;
}

/* The name until then: DIR/.NAME.SUFFIX, which `*` does not match. */
static char *
path_of_temporary(const struct partitions *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
	struct buf out = {0};
	char *copy;

	buf_add(&out, path, folder);
	buf_printf(&out, ".%s.%s", path + folder, p->suffix);
	copy = mem_strdup(buf_z(&out));
	buf_release(&out);
	return copy;
}

static void
put_key(struct buf *out, const char *path)
{
	key_put(out, value_text(str_of(path)));
}

/* The key of a name that all its parts share. */
void
part_key(const struct partitions *p, const struct part *part, struct buf *out)
{
	struct buf path = {0};

	put_whole_path(p, part->path, &path);
	put_key(out, buf_z(&path));
	buf_release(&path);
}

/* ---- files that are new ---- */

static int
open_hidden(struct part *part)
{
	part->out.fd = open(part->out.temporary,
	    O_RDWR | O_CREAT | O_APPEND | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0666);
	return part->out.fd < 0 ? -1 : 0;
}

static bool
copy_file(int from, int to)
{
	char bytes[32768];
	ssize_t n;

	while ((n = read(from, bytes, sizeof bytes)) > 0 ||
	       (n < 0 && errno == EINTR)) {
		ssize_t done = 0, put;

		for (; done < n; done += put) {
			put = write(to, bytes + done, (size_t)(n - done));
			if (put < 0 && errno != EINTR)
				return false;
			if (put < 0)
				put = 0;
		}
	}
	return n == 0;
}

/*
 * Something that no run of this state wrote stands under the name. It is not
 * changed: a copy of it is gone on with, which takes its place at a commit.
 */
static bool
adopt(struct partitions *p, struct part *part, const struct stat *st)
{
	int fd = open(part->out.target, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && copy_file(fd, part->out.fd);

	if (!good)
		partition_fail_sys(p, "copy", part->out.target);
	output_rights(&part->out, st);
	part->bytes = (uint64_t)lseek(part->out.fd, 0, SEEK_END);
	part->replaces = true;
	if (fd >= 0)
		close(fd);
	return good;
}

static void
name_output(struct partitions *p, struct part *part)
{
	struct output *o = &part->out;
	char target[PATH_MAX], *path = path_of_part(p, part);

	*o = (struct output){.fd = -1, .look = -1, .folder = -1};
	o->path = path;
	o->target = mem_strdup(realpath(path, target) ? target : path);
}

void
part_unname(struct part *part)
{
	struct output *o = &part->out;

	mem_free(o->path);
	mem_free(o->target);
	mem_free(o->temporary);
	buf_release(&o->buf);
	*o = (struct output){.fd = -1, .look = -1, .folder = -1};
}

/* Takes a name that is free, or may be gone on with. */
static bool
take_name(struct partitions *p, struct part *part, struct stat *st, bool *there)
{
	for (;;) {
		part->number++;
		name_output(p, part);
		*there = !lstat(part->out.path, st);
		if (!*there || !partition_is_cut(p))
			break;
		/* Not ours: the next number. */
		part_unname(part);
	}
	if (!*there || (!stat(part->out.path, st) && S_ISREG(st->st_mode)))
		return true;
	*there = false;
	if (errno = 0, !stat(part->out.path, st)) {
		struct err err = {0};

		err_set(&err, ERR_OUTPUT, (struct where){0},
		    "%.*s is no regular file", STR_ARG(part->path));
		partition_fail(p, &err);
	} else {
		partition_fail_sys(p, "look at", part->out.path);
	}
	part_unname(part);
	return false;
}

/* So many files may be open: others are closed. */
static void
make_room(struct partitions *p)
{
	while (p->n_open >= p->open_max)
		partition_close_oldest(p);
}

static bool
open_new(struct partitions *p, struct part *part)
{
	struct stat st;
	struct err err = {0};
	bool there;

	part->rows = part->bytes = 0;
	part->named = part->naming = part->replaces = false;
	if (!take_name(p, part, &st, &there))
		return false;
	part->out.temporary = path_of_temporary(p, part->out.target);
	make_room(p);
	if (partition_directories(p, part->out.target, &err)) {
		partition_fail(p, &err);
		part_unname(part);
		return false;
	}
	if (open_hidden(part) && p->n_open && errno == EMFILE) {
		while (p->n_open)
			partition_close_oldest(p);
		(void)open_hidden(part);
	}
	if (part->out.fd < 0) {
		partition_fail_sys(p, "create", part->out.path);
		part_unname(part);
		return false;
	}
	part->out.opened = true;
	partition_note_folder(p, part->out.target);
	partition_link_open(p, part);
	partition_note_device(p, part);
	part->dirty = true;
	return !there || adopt(p, part, &st);
}

/* ---- files that go on ---- */

enum gone_on {
	GOES_ON,
	GONE,
	BROKEN
};

/* Is the open file the one that was noted? Else says why not. */
static bool
check_file(struct partitions *p, struct part *part, const struct extent *was)
{
	struct stat st;

	if (fstat(part->out.fd, &st)) {
		partition_fail_sys(p, "look at", part->out.path);
		return false;
	}
	if (flock(part->out.fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		struct err err = {0};

		err_set(&err, ERR_OUTPUT, (struct where){0},
		    "another run is writing to %s", part->out.path);
		partition_fail(p, &err);
		return false;
	}
	if ((uint64_t)st.st_size < was->length) {
		fail_state(p, part->out.path,
		    "is shorter than when the state was last saved");
		return false;
	}
	if (!extent_matches(part->out.fd, was) && errno) {
		partition_fail_sys(p, "read", part->out.path);
		return false;
	}
	if (!extent_matches(part->out.fd, was)) {
		fail_state(p, part->out.path,
		    "is not what it was when the state was last saved");
		return false;
	}
	part->bytes = (uint64_t)st.st_size;
	/* What others have added after a run ended in order stays. */
	if (part->bytes == was->length || (!p->crashed && part->named))
		return true;
	part->bytes = was->length;
	if (ftruncate(part->out.fd, (off_t)was->length)) {
		partition_fail_sys(p, "cut back", part->out.path);
		return false;
	}
	return true;
}

static enum gone_on
reopen(struct partitions *p, struct part *part, struct note entry)
{
	struct extent was;

	part->named = note_get_bool(entry, "named");
	part->rows = note_get_count(entry, "rows");
	part->period = note_get_int(entry, "period", NAMING_TIMELESS);
	name_output(p, part);
	if (!part->named)
		part->out.temporary = path_of_temporary(p, part->out.target);
	make_room(p);
	if (!output_wake(&part->out)) {
		if (errno == ENOENT) {
			part_unname(part);
			return GONE;
		}
		partition_fail_sys(p, "open",
		    part->named ? part->out.target : part->out.temporary);
		part_unname(part);
		return BROKEN;
	}
	part->out.opened = true;
	partition_link_open(p, part);
	partition_note_device(p, part);
	return extent_get(entry, &was) && check_file(p, part, &was) ? GOES_ON
								    : BROKEN;
}

/*
 * The encoder goes on, too. If the columns have changed a part ends here, and
 * rows go to the next one.
 */
static enum gone_on
resume_encoder(struct partitions *p, struct part *part, struct note entry)
{
	const struct format *format = p->plan->format;
	struct value saved;

	if (!partition_encoder(p, part))
		return BROKEN;
	if (!format->restore || !note_get(entry, "encoder", T_BYTES, &saved) ||
	    format->restore(part->encoder, value_str(saved)))
		return GOES_ON;
	if (partition_is_cut(p)) {
		format->encoder_free(part->encoder);
		part->encoder = NULL;
		part_retire(p, part);
		return p->failed ? BROKEN : GONE;
	}
	fail_state(p, part->out.path,
	    "has other columns than those that would be written now");
	return BROKEN;
}

/*
 * A copy of what was there begins with bytes of which nothing is known: a
 * header is written only if it is another one.
 */
static bool
join_encoder(struct partitions *p, struct part *part)
{
	const struct format *format = p->plan->format;
	struct buf head = {0}, there = {0};
	bool alike;
	ssize_t n;

	if (!partition_encoder(p, part))
		return false;
	if (!format->restore || !format->begin)
		return true;
	format->begin(part->encoder, &head);
	buf_reserve(&there, head.n + 1);
	n = pread(part->out.fd, there.p, head.n, 0);
	there.n = n > 0 ? (size_t)n : 0;
	alike = str_eq(buf_str(&head), buf_str(&there));
	buf_release(&head);
	buf_release(&there);
	if (alike)
		return format->restore(part->encoder, (struct str){0}), true;
	fail_state(p, part->out.path,
	    "has other columns than those that would be written now");
	return false;
}

/* What the state says of a name is taken up. */
static enum gone_on
take_entry(struct partitions *p, struct part *part)
{
	struct buf key = {0}, bytes = {0};
	struct arena arena;
	struct note entry;
	enum gone_on found = GONE;

	arena_init(&arena, 1024);
	part_key(p, part, &key);
	if (store_get(p->store, PARTS_MAP, p->bucket, buf_str(&key), &bytes) ==
	    STORE_FOUND) {
		entry = note_open(buf_str(&bytes), &arena);
		part->number = (unsigned)note_get_count(entry, "number");
		if (note_get_bool(entry, "goes_on"))
			found = reopen(p, part, entry);
		if (found == GONE && !partition_is_cut(p))
			part->number--;
		if (found == GOES_ON)
			found = resume_encoder(p, part, entry);
	} else {
		p->n_new++;
	}
	buf_release(&key);
	buf_release(&bytes);
	arena_release(&arena);
	return found;
}

bool
part_take_up(struct partitions *p, struct part *part)
{
	part->known = true;
	return take_entry(p, part) != BROKEN;
}

bool
part_begin(struct partitions *p, struct part *part)
{
	if (!part->known) {
		enum gone_on found;

		part->known = true;
		found = take_entry(p, part);
		if (found != GONE)
			return found == GOES_ON;
	}
	if (!open_new(p, part))
		return false;
	return !part->replaces || join_encoder(p, part);
}
