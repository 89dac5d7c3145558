/* SPDX-License-Identifier: MIT */
/* What can be said and done about a directory without opening its store. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "state/store_dir.h"

/* Is it one of a store's files? */
static bool
is_ours(const char *name)
{
	uint64_t number;

	return store_name_early(name) || !strcmp(name, "FORMAT") ||
	       !strcmp(name, "HEAD") ||
	       store_name_kind(name, &number) != STORE_OTHER;
}

static bool
names_format(const struct store_dir *d)
{
	struct buf text = {0};
	struct err err = {0};
	bool found;

	(void)store_dir_read(d, "FORMAT", &text, &found, &err);
	err_release(&err);
	found = str_starts(buf_str(&text), STR("weir-state "));
	buf_release(&text);
	return found;
}

int
store_dir_known(const struct store_dir *d, bool *begun, struct err *err)
{
	struct buf names = {0};
	const char *other = NULL;
	bool some = false, sure = false;
	uint64_t number;
	int rc = store_dir_list(d, &names, err);

	*begun = !rc;
	STORE_EACH_NAME(name, &names)
	{
		some = true;
		*begun &= store_name_early(name);
		sure |= !strcmp(name, "HEAD") ||
			store_name_kind(name, &number) != STORE_OTHER;
		if (!is_ours(name))
			other = name;
	}
	if (!rc && !some)
		rc = store_damaged(
		    d, NULL, err, "there is no state in the directory");
	else if (!rc && other && !sure && !names_format(d))
		rc = store_foreign(d, other, err);
	buf_release(&names);
	return rc;
}

static bool
has_store(const struct store_dir *d)
{
	struct buf names = {0};
	struct err err = {0};
	bool found = false;
	uint64_t number;

	if (!store_dir_list(d, &names, &err))
		STORE_EACH_NAME(name, &names)
	found |= !strcmp(name, "FORMAT") || !strcmp(name, "HEAD") ||
		 store_name_kind(name, &number) == STORE_JOURNAL;
	buf_release(&names);
	err_release(&err);
	return found;
}

bool
store_is(const char *dir)
{
	struct store_options options = {.read_only = true};
	struct store_dir d;
	struct err err = {0};
	bool is = !store_dir_open(&d, dir, &options, &err) && has_store(&d);

	store_dir_close(&d);
	err_release(&err);
	return is;
}

static int64_t
read_pid(int fd)
{
	char text[24] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	int64_t pid;

	return n > 0 &&
		       num_parse_int(
			   (struct str){text, strspn(text, "0123456789")}, &pid)
		   ? pid
		   : -1;
}

int64_t
store_owner(const char *dir)
{
	struct store_options options = {.read_only = true};
	struct store_dir d;
	struct err err = {0};
	int64_t pid = 0;
	int fd = -1;

	if (!store_dir_open(&d, dir, &options, &err))
		fd = openat(d.fd, "LOCK", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		pid = read_pid(fd);
	if (fd >= 0)
		close(fd);
	store_dir_close(&d);
	err_release(&err);
	return pid;
}

/* ---- removing ---- */

static int
cannot_remove(const struct store_dir *d, const char *name, struct err *err)
{
	return err_sys(
	    err, ERR_IO, errno, "%s/%s: cannot remove", d->path, name);
}

/* What a repair has moved aside: files, and nothing below them. */
static int
remove_lost(const struct store_dir *d, struct err *err)
{
	struct store_dir lost = {.path = d->path, .lock = -1};
	struct buf names = {0};
	int failed = 0;

	lost.fd = openat(
	    d->fd, "lost", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lost.fd < 0)
		return 0;
	failed = store_dir_list(&lost, &names, err);
	if (!failed)
		STORE_EACH_NAME(name, &names)
	if (!failed && unlinkat(lost.fd, name, 0))
		failed = cannot_remove(d, name, err);
	close(lost.fd);
	buf_release(&names);
	if (!failed && unlinkat(d->fd, "lost", AT_REMOVEDIR))
		failed = cannot_remove(d, "lost", err);
	return failed;
}

static int
refuse_others(const struct store_dir *d, struct buf *names, struct err *err)
{
	STORE_EACH_NAME(name, names)
	if (!is_ours(name)) {
		store_damaged(
		    d, NULL, err, "\"%s\" in it is no part of a state", name);
		return err_hint(err, "nothing was removed");
	}
	return 0;
}

/* LOCK goes last: until then nobody else begins anew in here. */
static int
remove_files(struct store_dir *d, struct err *err)
{
	struct buf names = {0};
	int failed = store_dir_list(d, &names, err);

	if (!failed)
		failed = refuse_others(d, &names, err);
	if (!failed)
		failed = remove_lost(d, err);
	if (!failed)
		STORE_EACH_NAME(name, &names)
	if (!failed && strcmp(name, "LOCK") && strcmp(name, "lost") &&
	    unlinkat(d->fd, name, 0))
		failed = cannot_remove(d, name, err);
	if (!failed && unlinkat(d->fd, "LOCK", 0) && errno != ENOENT)
		failed = cannot_remove(d, "LOCK", err);
	buf_release(&names);
	return failed;
}

int
store_remove(const char *dir, struct err *err)
{
	struct store_options options = {0};
	struct store_dir d;
	int failed = store_dir_open(&d, dir, &options, err);
	bool begun;

	if (!failed)
		failed = store_dir_known(&d, &begun, err);
	if (!failed)
		failed = store_dir_lock(&d, &options, err);
	if (!failed)
		failed = remove_files(&d, err);
	if (!failed && rmdir(d.path))
		failed =
		    err_sys(err, ERR_IO, errno, "%s: cannot remove", d.path);
	store_dir_close(&d);
	return failed ? -1 : 0;
}
