/* SPDX-License-Identifier: MIT */
/* Patterns of one's own, from files; see grok.h. */
#include "io/grok.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

#define FILE_MAX ((size_t)4 << 20)
#define FILES_MAX 1000

static int
no_file(struct str path, struct where where, int errnum, struct err *err)
{
	char name[512];

	err_quote(name, path, 120);
	err_sys(err, ERR_SPEC, errnum, "cannot read the patterns in %s", name);
	err->where = where;
	return -1;
}

/* ---- one file ---- */

static void
add(struct grok_library *l, struct str name, struct grok_own own)
{
	uint32_t i = names_find(&l->names, name);

	if (i == NAMES_NONE) {
		i = names_add(&l->names, name);
		mem_grow(&l->list, &l->cap, i + 1, sizeof *l->list);
	}
	l->list[i] = own;
}

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= '0' && c <= '9') &&
		    !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '_')
			return false;
	}
	return s.n > 0;
}

/* "NAME expression". */
static int
read_line(struct grok_library *l, const struct source *src, struct str line,
    struct err *err)
{
	struct str name = {line.p, 0}, text;
	struct where at = {src, (unsigned)(line.p - src->text.p), 0};

	while (
	    name.n < line.n && name.p[name.n] != ' ' && name.p[name.n] != '\t')
		name.n++;
	text = str_trim((struct str){name.p + name.n, line.n - name.n});
	at.len = (unsigned)name.n;
	if (!is_name(name) || !text.n) {
		err_set(err, ERR_SPEC, at,
		    "NAME and a regular expression are expected here");
		return err_hint(err, "QUEUE_ID [0-9A-F]{10,11}");
	}
	at.at = (unsigned)(text.p - src->text.p);
	at.len = (unsigned)text.n;
	add(l, name, (struct grok_own){text, at});
	return 0;
}

static int
read_text(struct grok_library *l, const struct source *src, struct err *err)
{
	const char *p = src->text.p, *end = p + src->text.n;

	if (str_starts(src->text, STR("\xef\xbb\xbf")))
		p += 3;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct str line = {p, (size_t)((nl ? nl : end) - p)};

		p = nl ? nl + 1 : end;
		line = str_trim(line);
		if (line.n && line.p[0] != '#' && read_line(l, src, line, err))
			return -1;
	}
	return 0;
}

static int
read_all(int fd, struct buf *out)
{
	ssize_t n;

	do {
		n = read(fd, buf_reserve(out, 65536), 65536);
		if (n > 0)
			out->n += (size_t)n;
	} while ((n > 0 && out->n <= FILE_MAX) || (n < 0 && errno == EINTR));
	if (out->n > FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	return n < 0 ? -1 : 0;
}

static int
read_file(struct grok_library *l, const char *path, struct where where,
    struct arena *a, struct err *err)
{
	struct source *src = arena_alloc(a, sizeof *src);
	int fd = open(path, O_RDONLY | O_CLOEXEC), bad, errnum;
	struct buf text = {0};

	if (fd < 0)
		return no_file(str_of(path), where, errno, err);
	bad = read_all(fd, &text);
	errnum = errno;
	close(fd);
	*src = (struct source){
	    arena_strdup(a, path), arena_str(a, buf_str(&text))};
	buf_release(&text);
	if (bad)
		return no_file(str_of(path), where, errnum, err);
	if (!utf8_valid(src->text))
		return err_set(err, ERR_SPEC, where,
		    "the patterns in %s are not valid UTF-8", src->name);
	return read_text(l, src, err);
}

/* ---- a folder ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
read_folder(struct grok_library *l, const char *path, struct where where,
    struct arena *a, struct err *err)
{
	DIR *dir = opendir(path);
	const char *files[FILES_MAX];
	struct dirent *entry;
	size_t n = 0;

	if (!dir)
		return no_file(str_of(path), where, errno, err);
	while ((entry = readdir(dir)) && n < FILES_MAX)
		if (entry->d_name[0] != '.')
			files[n++] =
			    arena_printf(a, "%s/%s", path, entry->d_name).p;
	closedir(dir);
	qsort(files, n, sizeof *files, by_name);
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (!stat(files[i], &st) && S_ISREG(st.st_mode) &&
		    read_file(l, files[i], where, a, err))
			return -1;
	}
	return 0;
}

int
grok_read(struct grok_library *l, struct str path, struct where where,
    struct arena *a, struct err *err)
{
	const char *z = arena_strdup(a, "");
	struct stat st;

	if (path.n && !memchr(path.p, 0, path.n))
		z = arena_printf(a, "%.*s", STR_ARG(path)).p;
	if (stat(z, &st))
		return no_file(path, where, errno, err);
	return S_ISDIR(st.st_mode) ? read_folder(l, z, where, a, err)
				   : read_file(l, z, where, a, err);
}

void
grok_release(struct grok_library *l)
{
	names_release(&l->names);
	mem_free(l->list);
	*l = (struct grok_library){0};
}
