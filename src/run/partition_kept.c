/* SPDX-License-Identifier: MIT */
/*
 * Files of a divided output, from run to run.
 *
 * A new file is written under a hidden name of its own and gets the one it is
 * for when a commit that contains it is durable: one that is cut into parts
 * when it is whole (or the run ends), another at the first commit. The commit
 * notes the renamings, so that they are made up for after a crash. A file that
 * goes on after that is appended to, and cut back to what the last commit
 * knows of it, as that of -o is. So the files are those that one run over all
 * of the input would have made.
 *
 * What is known of each is an entry of the store, by its path: the number of
 * the part and whether it is whole, its length and last bytes, its encoder.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/key.h"
#include "run/identity.h"
#include "run/lasting.h"
#include "run/part.h"

#define BEGUN_ANEW "move the file away, and a new one is begun"

/* ---- small things ---- */

static bool
is_cut(const struct partitions *p)
{
	return p->plan->roll_bytes || p->plan->roll_every;
}

static void
fail_sys(struct partitions *p, const char *what, const char *path)
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

void
kept_note_folder(struct partitions *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str folder = slash ? (struct str){path, (size_t)(slash - path)}
				  : (struct str){".", 1};
	struct buf copy = {0};

	if (slash == path)
		folder.n = 1;
	for (size_t i = p->n_folders; i-- > 0;)
		if (str_is(folder, p->folders[i]))
			return;
	mem_grow(
	    &p->folders, &p->cap_folders, p->n_folders + 1, sizeof *p->folders);
	buf_adds(&copy, folder);
	p->folders[p->n_folders++] = mem_strdup(buf_z(&copy));
	buf_release(&copy);
}

static void
forget_folders(struct partitions *p)
{
	for (size_t i = 0; i < p->n_folders; i++)
		mem_free(p->folders[i]);
	p->n_folders = 0;
}

static struct renaming *
add_renaming(struct partitions *p, struct part *part, int fd)
{
	struct renaming *r;

	mem_grow(&p->renamings, &p->cap_renamings, p->n_renamings + 1,
	    sizeof *p->renamings);
	r = &p->renamings[p->n_renamings++];
	*r = (struct renaming){.to = mem_strdup(part->out.target),
	    .replaces = part->replaces,
	    .part = part,
	    .fd = fd};
	if (!part->named && !part->naming)
		r->from = mem_strdup(part->out.temporary);
	return r;
}

static void
release_renaming(struct renaming *r)
{
	if (r->fd >= 0)
		close(r->fd);
	mem_free(r->from);
	mem_free(r->to);
}

/* ---- entries ---- */

static void
put_key(struct buf *out, const char *path)
{
	key_put(out, value_text(str_of(path)));
}

/* The key of a name that all its parts share. */
static void
key_of(const struct partitions *p, const struct part *part, struct buf *out)
{
	struct buf path = {0};

	put_whole_path(p, part->path, &path);
	put_key(out, buf_z(&path));
	buf_release(&path);
}

static void
put_entry(struct partitions *p, struct part *part, const struct extent *at)
{
	const struct format *format = p->plan->format;
	bool saves = part->encoder && format->save;
	struct buf entry = {0}, key = {0}, saved = {0};
	bool named = part->named || part->naming;

	pack_put_map(
	    &entry, 4 + (at ? 2 + EXTENT_MEMBERS : 0u) + (saves ? 1 : 0u));
	note_count(&entry, "number", part->number);
	note_bool(&entry, "goes_on", at != NULL);
	note_count(&entry, "rows", part->rows);
	note_int(&entry, "period", part->period);
	if (at) {
		note_bool(&entry, "named", named);
		note_text(&entry, "file",
		    str_of(named ? part->out.target : part->out.temporary));
		extent_put(&entry, at);
	}
	if (saves) {
		format->save(part->encoder, &saved);
		note_key(&entry, "encoder");
		pack_put(&entry, value_of_str(T_BYTES, buf_str(&saved)));
	}
	key_of(p, part, &key);
	store_put(
	    p->store, PARTS_MAP, p->bucket, buf_str(&key), buf_str(&entry));
	buf_release(&entry);
	buf_release(&key);
	buf_release(&saved);
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
		fail_sys(p, "copy", part->out.target);
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

static void
unname_output(struct part *part)
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
		if (!*there || !is_cut(p))
			break;
		/* Not ours: the next number. */
		unname_output(part);
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
		fail_sys(p, "look at", part->out.path);
	}
	unname_output(part);
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
		unname_output(part);
		return false;
	}
	if (open_hidden(part) && p->n_open && errno == EMFILE) {
		while (p->n_open)
			partition_close_oldest(p);
		(void)open_hidden(part);
	}
	if (part->out.fd < 0) {
		fail_sys(p, "create", part->out.path);
		unname_output(part);
		return false;
	}
	part->out.opened = true;
	kept_note_folder(p, part->out.target);
	partition_link_open(p, part);
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
		fail_sys(p, "look at", part->out.path);
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
		fail_sys(p, "cut back", part->out.path);
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
			unname_output(part);
			return GONE;
		}
		fail_sys(p, "open",
		    part->named ? part->out.target : part->out.temporary);
		unname_output(part);
		return BROKEN;
	}
	part->out.opened = true;
	partition_link_open(p, part);
	return extent_get(entry, &was) && check_file(p, part, &was) ? GOES_ON
								    : BROKEN;
}

/* The encoder goes on, too; false if the columns have changed. */
static bool
resume_encoder(struct partitions *p, struct part *part, struct note entry)
{
	const struct format *format = p->plan->format;
	struct value saved;

	if (!partition_encoder(p, part))
		return false;
	if (!format->restore || !note_get(entry, "encoder", T_BYTES, &saved) ||
	    format->restore(part->encoder, value_str(saved)))
		return true;
	fail_state(p, part->out.path,
	    "has other columns than those that would be written now");
	return false;
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
	key_of(p, part, &key);
	if (store_get(p->store, PARTS_MAP, p->bucket, buf_str(&key), &bytes) ==
	    STORE_FOUND) {
		entry = note_open(buf_str(&bytes), &arena);
		part->number = (unsigned)note_get_count(entry, "number");
		if (note_get_bool(entry, "goes_on"))
			found = reopen(p, part, entry);
		if (found == GONE && !is_cut(p))
			part->number--;
		if (found == GOES_ON && !resume_encoder(p, part, entry))
			found = BROKEN;
	}
	buf_release(&key);
	buf_release(&bytes);
	arena_release(&arena);
	return found;
}

bool
kept_begin(struct partitions *p, struct part *part)
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

/* ---- while running ---- */

void
kept_retire(struct partitions *p, struct part *part)
{
	struct renaming *r;

	if (!part->out.opened || p->failed)
		return;
	if (part->out.fd >= 0)
		partition_unlink_open(p, part);
	else if (!output_wake(&part->out))
		fail_sys(p, "open", part->out.path);
	r = add_renaming(p, part, part->out.fd);
	r->part = NULL;
	/* Synced now if too many would be open. */
	if (r->fd >= 0 && p->n_renamings > p->open_max / 4) {
		if (fdatasync(r->fd))
			fail_sys(p, "sync", part->out.path);
		close(r->fd);
		r->fd = -1;
	}
	for (size_t i = 0; i < p->n_renamings; i++)
		if (p->renamings[i].part == part)
			p->renamings[i].part = NULL;
	part->named = part->naming = false;
	part->dirty = true;
	unname_output(part);
}

void
kept_leave(struct partitions *p, struct part *part)
{
	if (part->encoder)
		p->plan->format->encoder_free(part->encoder);
	part->encoder = NULL;
	if (!part->out.opened)
		return;
	if (part->out.fd >= 0) {
		partition_unlink_open(p, part);
		close(part->out.fd);
	}
	unname_output(part);
}

static void
close_all(struct buf *fds)
{
	for (size_t i = 0; i < fds->n; i += sizeof(int)) {
		int fd;

		memcpy(&fd, fds->p + i, sizeof fd);
		close(fd);
	}
	fds->n = 0;
}

void
kept_release(struct partitions *p)
{
	for (size_t i = 0; i < p->n_renamings; i++)
		release_renaming(&p->renamings[i]);
	mem_free(p->renamings);
	forget_folders(p);
	mem_free(p->folders);
	close_all(&p->opened);
	buf_release(&p->opened);
	buf_release(&p->sync);
	buf_release(&p->folder);
}

/* ---- commits ---- */

bool
partitions_hold(const struct partitions *p)
{
	const struct format *format = p->plan->format;

	for (size_t i = 0; format->holds && i < p->n; i++)
		if (p->parts[i]->encoder && format->holds(p->parts[i]->encoder))
			return true;
	return false;
}

static void
add_fd(struct buf *fds, int fd)
{
	buf_add(fds, &fd, sizeof fd);
}

/* A file of which something was written since the last cut. */
static void
cut_part(struct partitions *p, struct part *part, bool end)
{
	const struct format *format = p->plan->format;
	struct extent at;
	int fd;

	/* What lays out many rows together begins anew in the next run. */
	if (end && part->encoder && format->holds && format->finish)
		format->finish(part->encoder, &part->out.buf);
	if (part->out.buf.n)
		partition_flush(p, part);
	if (p->failed)
		return;
	if (!part->out.opened) {
		put_entry(p, part, NULL);
		return;
	}
	fd = part->out.fd;
	if (fd < 0) {
		if (!output_wake(&part->out)) {
			fail_sys(p, "open", part->out.path);
			return;
		}
		fd = part->out.fd;
		part->out.fd = -1;
		add_fd(&p->opened, fd);
	}
	if (!part->named && !part->naming && (end || !is_cut(p))) {
		add_renaming(p, part, -1);
		part->naming = true;
	}
	add_fd(&p->sync, fd);
	if (extent_of(fd, part->bytes, &at))
		put_entry(p, part, &at);
	else
		fail_sys(p, "look at", part->out.path);
}

/*
 * Many files are synced with all of their file system at once, while nothing
 * else happens; a few by descriptor while the run goes on.
 */
static void
gather(struct partitions *p)
{
	for (size_t i = 0; i < p->n_renamings; i++)
		if (p->renamings[i].fd >= 0)
			add_fd(&p->sync, p->renamings[i].fd);
	for (size_t i = 0; i < p->n_folders; i++) {
		int fd =
		    open(p->folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0) {
			fail_sys(p, "open", p->folders[i]);
			return;
		}
		add_fd(&p->opened, fd);
		add_fd(&p->sync, fd);
	}
	forget_folders(p);
}

static void
sync_many(struct partitions *p)
{
	dev_t done = 0;

	for (size_t i = 0; i < p->sync.n; i += sizeof(int)) {
		struct stat st;
		int fd;

		memcpy(&fd, p->sync.p + i, sizeof fd);
		if (!fstat(fd, &st) && i && st.st_dev == done)
			continue;
		done = st.st_dev;
		if (syncfs(fd)) {
			fail_sys(p, "sync", "the files of the output");
			break;
		}
	}
	p->sync.n = 0;
}

void
partitions_cut(struct partitions *p, bool end)
{
	bool whole_ones;

	p->sync.n = 0;
	for (size_t i = 0; i < p->n && !p->failed; i++) {
		struct part *part = p->parts[i];

		whole_ones = end && part->out.opened && !part->named;
		if (part->dirty || whole_ones)
			cut_part(p, part, end);
		part->dirty = false;
	}
	for (size_t i = 0; i < p->n_renamings; i++)
		p->renamings[i].noted = true;
	if (!p->failed)
		gather(p);
	if (p->sync.n > SYNC_ALL * sizeof(int) && !p->failed)
		sync_many(p);
}

void
partitions_note(const struct partitions *p, struct buf *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->n_renamings; i++)
		n += p->renamings[i].from != NULL;
	note_key(out, "renamings");
	pack_put_array(out, n);
	for (size_t i = 0; i < p->n_renamings; i++) {
		const struct renaming *r = &p->renamings[i];

		if (!r->from)
			continue;
		pack_put_map(out, 3);
		note_text(out, "from", str_of(r->from));
		note_text(out, "to", str_of(r->to));
		note_bool(out, "replaces", r->replaces);
	}
}

void
partitions_sync(const struct partitions *p, struct buf *fds)
{
	buf_adds(fds, buf_str(&p->sync));
}

/* False if something else has taken the name meanwhile. */
static bool
give_name(const char *from, const char *to, bool replaces)
{
	if (replaces)
		return !rename(from, to);
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return true;
	/* Some file systems cannot look and rename at once. */
	return errno == EINVAL && access(to, F_OK) && !rename(from, to);
}

static void
publish(struct partitions *p, struct renaming *r)
{
	struct part *part = r->part;

	if (r->from && !give_name(r->from, r->to, r->replaces)) {
		fail_sys(p, "give a file its name:", r->to);
		return;
	}
	if (r->from)
		kept_note_folder(p, r->to);
	if (!part)
		return;
	part->named = true;
	part->naming = false;
	mem_free(part->out.temporary);
	part->out.temporary = NULL;
}

void
partitions_publish(struct partitions *p)
{
	size_t n = 0;

	close_all(&p->opened);
	p->sync.n = 0;
	for (size_t i = 0; i < p->n_renamings; i++) {
		struct renaming *r = &p->renamings[i];

		if (!r->noted) {
			p->renamings[n++] = *r;
			continue;
		}
		if (!p->failed)
			publish(p, r);
		release_renaming(r);
	}
	p->n_renamings = n;
}

/* ---- the next run ---- */

void
partitions_keep(struct partitions *p, struct store *store, struct str label)
{
	char folder[PATH_MAX];
	uint64_t hash = identity_hash(label.p, label.n);
	uint64_t id = store_id(store) ^ hash;

	p->store = store;
	p->label = label;
	p->bucket = (int64_t)(hash >> 1);
	snprintf(p->suffix, sizeof p->suffix, "%012llx",
	    (unsigned long long)((id ^ id >> 48) & 0xffffffffffffu));
	if (getcwd(folder, sizeof folder))
		buf_addz(&p->folder, folder);
}

int
partitions_rename(struct note own, struct err *err)
{
	struct note e;

	for (uint32_t i = 0; note_list_at(own, "renamings", i, &e); i++) {
		struct buf from = {0}, to = {0};
		char name[512];
		int errnum = 0;

		buf_adds(&from, note_get_text(e, "from"));
		buf_adds(&to, note_get_text(e, "to"));
		if (!access(buf_z(&from), F_OK) &&
		    !give_name(
			buf_z(&from), buf_z(&to), note_get_bool(e, "replaces")))
			errnum = errno;
		err_quote(name, buf_str(&to), 120);
		buf_release(&from);
		buf_release(&to);
		if (errnum)
			return err_sys(err, ERR_OUTPUT, errnum,
			    "cannot give a file its name: %s", name);
	}
	return 0;
}

/* Cuts a file back to what the last commit knows of it. */
static void
take_back(struct note entry)
{
	struct buf path = {0};
	struct extent was;
	struct stat st;
	int fd;

	if (!note_get_bool(entry, "goes_on") || !extent_get(entry, &was))
		return;
	buf_adds(&path, note_get_text(entry, "file"));
	fd = stat(buf_z(&path), &st) || (uint64_t)st.st_size <= was.length
		 ? -1
		 : open(buf_z(&path), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	buf_release(&path);
	if (fd < 0)
		return;
	if (extent_matches(fd, &was) && !flock(fd, LOCK_EX | LOCK_NB) &&
	    !ftruncate(fd, (off_t)was.length))
		(void)fsync(fd);
	close(fd);
}

void
partitions_take_back(struct store *store)
{
	int64_t *buckets;
	size_t n = store_buckets(store, PARTS_MAP, &buckets);
	struct str key, value;
	struct arena arena;

	arena_init(&arena, 4096);
	for (size_t i = 0; i < n; i++) {
		struct store_scan *scan =
		    store_scan_begin(store, PARTS_MAP, buckets[i]);

		while (store_scan_next(scan, &key, &value)) {
			arena_reset(&arena);
			take_back(note_open(value, &arena));
		}
		store_scan_end(scan);
	}
	arena_release(&arena);
	mem_free(buckets);
}

void
partitions_crashed(struct partitions *p)
{
	p->crashed = true;
}
