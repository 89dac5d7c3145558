/* SPDX-License-Identifier: MIT */
/*
 * Files of divided outputs at the beginning of a run: what the last commit
 * promised of them is made true. See partition_kept.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/identity.h"
#include "run/lasting.h"
#include "run/part.h"

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

/* False if something else has taken the name meanwhile. */
bool
part_give_name(const char *from, const char *to, bool replaces)
{
	if (replaces)
		return !rename(from, to);
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return true;
	/* Some file systems cannot look and rename at once. */
	return errno == EINVAL && access(to, F_OK) && !rename(from, to);
}

int
part_sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = fd < 0 ? -1 : fsync(fd), errnum = errno;

	if (fd >= 0)
		close(fd);
	errno = errnum;
	return status;
}

/* The folder of the file, unless it is the one before. */
static int
sync_parent(const char *path, struct buf *last)
{
	const char *slash = strrchr(path, '/');
	struct str folder = {path, slash ? (size_t)(slash - path) : 0};

	if (!folder.n)
		folder = slash ? STR("/") : STR(".");
	if (str_eq(folder, buf_str(last)))
		return 0;
	last->n = 0;
	buf_adds(last, folder);
	return part_sync_folder(buf_z(last));
}

/*
 * The name is certain before the next commit, which does not know of it; that
 * it is there already does not say that it is.
 */
static int
rename_noted(struct note e, struct buf *folder, struct err *err)
{
	struct buf from = {0}, to = {0};
	char name[512];
	int errnum = 0;

	buf_adds(&from, note_get_text(e, "from"));
	buf_adds(&to, note_get_text(e, "to"));
	if (!access(buf_z(&from), F_OK) &&
	    !part_give_name(
		buf_z(&from), buf_z(&to), note_get_bool(e, "replaces")))
		errnum = errno;
	else if (!access(buf_z(&to), F_OK) && sync_parent(buf_z(&to), folder))
		errnum = errno;
	err_quote(name, buf_str(&to), 120);
	buf_release(&from);
	buf_release(&to);
	return errnum ? err_sys(err, ERR_OUTPUT, errnum,
			    "cannot give a file its name: %s", name)
		      : 0;
}

int
partitions_rename(struct note own, struct err *err)
{
	struct buf folder = {0};
	struct note e;
	int status = 0;

	for (uint32_t i = 0; !status && note_list_at(own, "renamings", i, &e);
	     i++)
		status = rename_noted(e, &folder, err);
	buf_release(&folder);
	return status;
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

/*
 * A file that has no name yet may get no further row, but its name at the end
 * of this run. (Paths are relative to where the run was started.)
 */
static void
take_up(struct partitions *p, struct str key, struct note entry)
{
	struct buf own = {0};
	struct part *part;

	if (!note_get_bool(entry, "goes_on") || note_get_bool(entry, "named"))
		return;
	p->path.n = 0;
	buf_adds(&p->path, note_get_text(entry, "name"));
	part = partition_find(p);
	part_key(p, part, &own);
	if (str_eq(buf_str(&own), key))
		(void)part_take_up(p, part);
	buf_release(&own);
}

void
partitions_crashed(struct partitions *p)
{
	struct store_scan *scan =
	    store_scan_begin(p->store, PARTS_MAP, p->bucket);
	struct str key, value;
	struct arena arena;

	p->crashed = true;
	arena_init(&arena, 4096);
	while (store_scan_next(scan, &key, &value) && !p->failed) {
		arena_reset(&arena);
		take_up(p, key, note_open(value, &arena));
	}
	store_scan_end(scan);
	arena_release(&arena);
}
