/* SPDX-License-Identifier: MIT */
/* Names, directories and patterns; see files.h. */
#include "run/files.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "io/codec.h"
#include "run/identity.h"

/* Directories below one another that ** goes into. */
#define DEPTH_MAX 64

/* ---- the order of names ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str
cut_codec(struct str s)
{
	for (unsigned i = 0; i < n_codecs; i++) {
		struct str ext = str_of(codecs[i]->extension);

		if (s.n > ext.n + 1 && str_ends(s, ext) &&
		    s.p[s.n - ext.n - 1] == '.')
			return (struct str){s.p, s.n - ext.n - 1};
	}
	return s;
}

/* A date to the second, and seconds since 1970 beside it, or nanoseconds. */
#define DIGITS_MAX 24

enum turned {
	TURNED_DATED,	 /* .20260131, -2026-01-31, -20260131-12 */
	TURNED_NUMBERED, /* .1 is the youngest */
	TURNED_NOT
};

/* Where what rotation adds to a name begins: its separator. */
static size_t
find_suffix(struct str s, enum turned *kind)
{
	size_t i = s.n, digits = 0;

	while (i && (is_digit(s.p[i - 1]) ||
			(s.p[i - 1] == '-' && i < s.n && is_digit(s.p[i])))) {
		i--;
		digits += s.p[i] != '-';
		/* name-20260131: the dash before the date separates it. */
	}
	*kind = TURNED_NOT;
	if (i < s.n && s.p[i] == '-')
		i++;
	if (!i || i == s.n || digits > DIGITS_MAX)
		return s.n;
	if (digits >= 8 && (s.p[i - 1] == '-' || s.p[i - 1] == '.'))
		*kind = TURNED_DATED;
	else if (digits == s.n - i && digits <= 5 && s.p[i - 1] == '.')
		*kind = TURNED_NUMBERED;
	return *kind == TURNED_NOT || i < 2 || s.p[i - 2] == '/' ? s.n : i - 1;
}

struct str
files_base(struct str name)
{
	struct str s = cut_codec(name);
	enum turned kind;

	s.n = find_suffix(s, &kind);
	return kind == TURNED_NOT ? cut_codec(name) : s;
}

/* ---- what rotation adds before the extension ---- */

/* Where the extension begins, with its dot; s.n: there is none. */
static size_t
find_extension(struct str s)
{
	size_t i = s.n;

	while (i && s.p[i - 1] != '.' && s.p[i - 1] != '/')
		i--;
	return i < 2 || s.p[i - 1] == '/' || i == s.n || s.p[i - 2] == '/'
		   ? s.n
		   : i - 1;
}

/* What stands between the log's name and its extension; n == 0: no such. */
static struct str
inner_part(struct str name, struct str log)
{
	struct str s = cut_codec(name), none = {NULL, 0};
	size_t stem = find_extension(log), ext = log.n - stem, i;
	enum turned kind;

	if (!ext || s.n <= log.n || memcmp(s.p, log.p, stem) != 0 ||
	    memcmp(s.p + s.n - ext, log.p + stem, ext) != 0)
		return none;
	/* A date, a number, or both one behind another. */
	for (i = s.n - ext; i > stem;) {
		size_t from = find_suffix((struct str){s.p, i}, &kind);

		if (kind == TURNED_NOT || from < stem)
			return none;
		i = from;
	}
	return (struct str){s.p + stem, s.n - ext - stem};
}

bool
files_is_inner(struct str name, struct str log)
{
	return inner_part(name, log).n > 0;
}

struct str
files_outer(struct str name, unsigned nth, char *out)
{
	struct str s = cut_codec(name), none = {NULL, 0};
	size_t ext = find_extension(s), i = ext, tail = s.n - ext;
	enum turned kind = TURNED_NUMBERED;

	for (unsigned k = 0; tail && k <= nth && kind != TURNED_NOT; k++)
		i = find_suffix((struct str){s.p, i}, &kind);
	if (!tail || kind == TURNED_NOT || i + tail >= PATH_MAX)
		return none;
	memcpy(out, s.p, i);
	memcpy(out + i, s.p + ext, tail);
	return (struct str){out, i + tail};
}

bool
files_is_of(struct str name, struct str log)
{
	return str_eq(files_base(name), log) || files_is_inner(name, log);
}

/* Runs of digits by value, all else by bytes. */
static int
natural_order(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	while (i < a.n && k < b.n) {
		size_t from_a, from_b;

		if (!is_digit(a.p[i]) || !is_digit(b.p[k])) {
			if (a.p[i] != b.p[k])
				return (unsigned char)a.p[i] <
					       (unsigned char)b.p[k]
					   ? -1
					   : 1;
			i++;
			k++;
			continue;
		}
		while (i < a.n && a.p[i] == '0')
			i++;
		while (k < b.n && b.p[k] == '0')
			k++;
		for (from_a = i; i < a.n && is_digit(a.p[i]);)
			i++;
		for (from_b = k; k < b.n && is_digit(b.p[k]);)
			k++;
		if (i - from_a != k - from_b)
			return i - from_a < k - from_b ? -1 : 1;
		if (i > from_a &&
		    memcmp(a.p + from_a, b.p + from_b, i - from_a) != 0)
			return memcmp(a.p + from_a, b.p + from_b, i - from_a);
	}
	if (i < a.n || k < b.n)
		return i < a.n ? 1 : -1;
	return str_cmp(a, b);
}

int
files_order(struct str a, struct str b)
{
	struct str in_a = cut_codec(a), in_b = cut_codec(b);
	enum turned kind_a, kind_b;
	size_t base_a = find_suffix(in_a, &kind_a);
	size_t base_b = find_suffix(in_b, &kind_b);
	int order = natural_order(
	    (struct str){in_a.p, base_a}, (struct str){in_b.p, base_b});

	if (order)
		return order;
	if (kind_a != kind_b)
		return kind_a < kind_b ? -1 : 1;
	order = natural_order(in_a, in_b);
	if (kind_a == TURNED_NUMBERED)
		order = -order;
	return order ? order : str_cmp(a, b);
}

/* app.1.log is younger than app.2.log. */
static bool
is_numbered(struct str inner)
{
	size_t i = 1;

	while (i < inner.n && is_digit(inner.p[i]))
		i++;
	return inner.p[0] == '.' && i == inner.n && i <= 6;
}

int
files_order_of(struct str log, struct str a, struct str b)
{
	struct str in_a = inner_part(a, log), in_b = inner_part(b, log);
	int order;

	if (str_eq(a, log) || str_eq(b, log))
		return str_eq(b, log) ? -!str_eq(a, log) : 1;
	if (!in_a.n || !in_b.n)
		return files_order(a, b);
	order = natural_order(in_a, in_b);
	if (is_numbered(in_a) && is_numbered(in_b))
		order = -order;
	return order ? order : str_cmp(a, b);
}

static int
by_order(const void *a, const void *b)
{
	return files_order(*(const struct str *)a, *(const struct str *)b);
}

/* ---- lists ---- */

void
files_add(struct files *f, struct str name)
{
	mem_grow(&f->names, &f->cap, f->n + 1, sizeof *f->names);
	f->names[f->n++] = name;
}

bool
files_has_base(const struct files *f, struct str name)
{
	struct str base = files_base(name);

	if (str_eq(base, name))
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->names[i], base))
			return true;
	return false;
}

void
files_release(struct files *f)
{
	mem_free(f->names);
	f->names = NULL;
	f->n = f->cap = 0;
}

static struct str
joined(struct arena *a, struct str dir, const char *name)
{
	if (!dir.n)
		return arena_printf(a, "%s", name);
	return arena_printf(a, "%.*s%s%s", STR_ARG(dir),
	    dir.p[dir.n - 1] == '/' ? "" : "/", name);
}

static bool
is_directory(struct str path)
{
	struct stat st;

	return !stat(path.p, &st) && S_ISDIR(st.st_mode);
}

uint64_t
files_listing(struct str dir)
{
	char path[PATH_MAX];
	uint64_t sum = 0;
	struct dirent *e;
	DIR *d;

	if (dir.n >= sizeof path)
		return 0;
	memcpy(path, dir.n ? dir.p : ".", dir.n ? dir.n : 1);
	path[dir.n ? dir.n : 1] = '\0';
	d = opendir(path);
	/* A sum, as their order says nothing. */
	while (d && (e = readdir(d)))
		sum += identity_hash(e->d_name, strlen(e->d_name)) *
		       ((uint64_t)e->d_ino | 1);
	if (d)
		closedir(d);
	return sum;
}

/* ---- patterns ---- */

bool
files_is_pattern(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("*?[", s.p[i]))
			return true;
	return false;
}

/* The entries of a directory whose names match; NUL-terminated pattern. */
static int
list(struct files *out, struct str dir, const char *pattern, bool directories,
    struct err *err)
{
	DIR *d = opendir(dir.n ? dir.p : ".");
	char shown[512];
	struct dirent *e;

	if (!d) {
		int errnum = errno;

		if (errnum == ENOENT || errnum == ENOTDIR)
			return 0;
		err_quote(shown, dir, 120);
		return err_sys(err, ERR_INPUT, errnum,
		    "cannot read the directory %s", shown);
	}
	while ((e = readdir(d))) {
		struct str path;

		if (fnmatch(pattern, e->d_name, FNM_PERIOD) != 0)
			continue;
		path = joined(out->arena, dir, e->d_name);
		if (is_directory(path) == directories)
			files_add(out, path);
	}
	closedir(d);
	return 0;
}

/* All directories below those in the list, which stay in it. */
static int
descend(struct files *dirs, struct err *err)
{
	size_t from = 0, to = dirs->n;

	for (unsigned depth = 0; from < to && depth < DEPTH_MAX; depth++) {
		for (size_t i = from; i < to; i++)
			if (list(dirs, dirs->names[i], "*", true, err))
				return -1;
		from = to;
		to = dirs->n;
	}
	return 0;
}

/* One part of a pattern: from the directories before it to what is below. */
static int
match_part(struct files *dirs, const char *part, bool last, struct err *err)
{
	struct files below = {.arena = dirs->arena};
	int status = 0;

	if (!strcmp(part, "**") && !last)
		return descend(dirs, err);
	for (size_t i = 0; i < dirs->n && !status; i++) {
		if (files_is_pattern(str_of(part)))
			status = list(&below, dirs->names[i], part, !last, err);
		else
			files_add(
			    &below, joined(dirs->arena, dirs->names[i], part));
	}
	files_release(dirs);
	*dirs = below;
	return status;
}

static bool
is_there(struct str path)
{
	struct stat st;

	return !stat(path.p, &st) && !S_ISDIR(st.st_mode);
}

static int
expand_pattern(struct files *out, struct str pattern, struct err *err)
{
	struct files dirs = {.arena = out->arena};
	size_t at = 0;
	int status = 0;

	while (at < pattern.n && pattern.p[at] == '/')
		at++;
	files_add(&dirs, at ? STR("/") : (struct str){"", 0});
	while (at < pattern.n && !status) {
		size_t n = 0;
		struct str part;

		while (at + n < pattern.n && pattern.p[at + n] != '/')
			n++;
		part = arena_str(out->arena, (struct str){pattern.p + at, n});
		at += n;
		while (at < pattern.n && pattern.p[at] == '/')
			at++;
		status = match_part(&dirs, part.p, at == pattern.n, err);
	}
	for (size_t i = 0; i < dirs.n && !status; i++)
		if (is_there(dirs.names[i]))
			files_add(out, dirs.names[i]);
	files_release(&dirs);
	return status;
}

/* ---- what is meant ---- */

bool
files_open_ended(struct str written)
{
	if (str_is(written, "-") || is_there(written))
		return false;
	return files_is_pattern(written) || is_directory(written);
}

int
files_expand(
    struct files *f, struct str written, bool none_is_fine, struct err *err)
{
	size_t from = f->n;
	bool directory;
	char shown[512];

	if (!files_open_ended(written)) {
		files_add(f, written);
		return 0;
	}
	directory = is_directory(written);
	if (directory ? list(f, written, "*", false, err)
		      : expand_pattern(f, written, err))
		return -1;
	if (f->n > from)
		qsort(f->names + from, f->n - from, sizeof *f->names, by_order);
	if (f->n > from || none_is_fine)
		return 0;
	err_quote(shown, written, 120);
	return err_set(err, ERR_INPUT, (struct where){0},
	    directory ? "there are no files in %s" : "no file matches %s",
	    shown);
}
