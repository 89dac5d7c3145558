/* SPDX-License-Identifier: MIT */
/*
 * The names of all zones, for the message about a name that is none: the
 * files below the tz database's folder, folder by folder, up to stated
 * limits. Read only then.
 */
#include "base/zone_names.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/mem.h"

#define NAMES_MAX 4096
#define FOLDERS_MAX 256

struct names {
	struct arena a;
	struct str *list;
	size_t n, cap;
	struct str folders[FOLDERS_MAX]; /* below the first; "" is that */
	size_t n_folders;
};

/* Zones and their folders begin with a capital and have no dot. */
static bool
is_zone_like(const char *name)
{
	return name[0] >= 'A' && name[0] <= 'Z' && !strchr(name, '.');
}

static void
add_entry(
    struct names *names, const char *root, struct str folder, const char *entry)
{
	struct stat st;
	struct str name, path;

	if (!is_zone_like(entry))
		return;
	name = arena_printf(
	    &names->a, "%.*s%s%s", STR_ARG(folder), folder.n ? "/" : "", entry);
	path = arena_printf(&names->a, "%s/%s", root, name.p);
	if (stat(path.p, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode) && names->n_folders < FOLDERS_MAX) {
		names->folders[names->n_folders++] = name;
	} else if (S_ISREG(st.st_mode) && names->n < NAMES_MAX) {
		mem_grow(&names->list, &names->cap, names->n + 1,
		    sizeof(*names->list));
		names->list[names->n++] = name;
	}
}

static int
by_name(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* In order, so that of two names as near the same is always given. */
static void
collect(struct names *names, const char *root)
{
	names->folders[names->n_folders++] = STR("");
	for (size_t i = 0; i < names->n_folders; i++) {
		struct str path = arena_printf(
		    &names->a, "%s/%.*s", root, STR_ARG(names->folders[i]));
		DIR *dir = opendir(path.p);
		const struct dirent *e;

		if (!dir)
			continue;
		while ((e = readdir(dir)) != NULL)
			add_entry(names, root, names->folders[i], e->d_name);
		closedir(dir);
	}
	if (names->n)
		qsort(names->list, names->n, sizeof(*names->list), by_name);
}

/* The part behind the last '/'. */
static struct str
last_part(struct str s)
{
	size_t i = s.n;

	while (i && s.p[i - 1] != '/')
		i--;
	return (struct str){s.p + i, s.n - i};
}

/* The name nearest to word as a whole or, failing that, by its last part. */
static struct str
nearest(const struct names *names, struct str word)
{
	struct str hit = str_nearest(word, names->list, names->n);
	struct str *parts;

	if (hit.p || !names->n)
		return hit;
	parts = mem_array(names->n, sizeof(*parts));
	for (size_t i = 0; i < names->n; i++)
		parts[i] = last_part(names->list[i]);
	hit = str_nearest(last_part(word), parts, names->n);
	mem_free(parts);
	for (size_t i = 0; hit.p && i < names->n; i++)
		if (str_eq(last_part(names->list[i]), hit))
			return names->list[i];
	return hit;
}

/* PST, CEST and the like: each is used by several places. */
static bool
is_abbreviation(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.n >= 2 && s.n <= 5;
}

int
zone_unknown(
    struct str name, const char *folder, struct where where, struct err *err)
{
	struct names names = {.n = 0};
	char quoted[4 * 40 + 8];
	struct str near;

	err_quote(quoted, name, 40);
	err_set(err, ERR_SPEC, where, "unknown time zone \"%s\"", quoted);
	if (is_abbreviation(name))
		return err_hint(err,
		    "use a place, such as Europe/Berlin, or an "
		    "offset, such as +01:00");
	arena_init(&names.a, 65536);
	collect(&names, folder);
	near = nearest(&names, name);
	if (!names.n)
		err_hint(err,
		    "there is no tz database in %s; install it or "
		    "set TZDIR",
		    folder);
	else if (near.p)
		err_hint(err, "did you mean \"%.*s\"?", STR_ARG(near));
	else
		err_hint(err,
		    "a zone is a place, such as Europe/Berlin, an offset, "
		    "such as +01:00, or UTC");
	mem_free(names.list);
	arena_release(&names.a);
	return -1;
}
