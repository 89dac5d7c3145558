/* SPDX-License-Identifier: MIT */
/* What the note of a state says; see state_note.h. */
#include "cli/state_note.h"

#include <sys/stat.h>

#include "data/pack.h"

struct value
state_note(struct str packed, struct arena *a)
{
	const char *p = packed.p;
	struct value v = VALUE_NULL;

	if (packed.n && pack_get(&p, packed.p + packed.n, a, &v) != PACK_OK)
		return VALUE_NULL;
	return v;
}

struct value
note_member(struct value map, const char *key, struct arena *a)
{
	struct value v;

	return map.type == T_MAP && pack_map_find(map, str_of(key), a, &v)
		   ? v
		   : VALUE_NULL;
}

void
put_size(struct buf *out, uint64_t n)
{
	static const char units[] = "BKMGTPE";
	double size = (double)n;
	unsigned i = 0;

	while (size >= 1024 && i < 6) {
		size /= 1024;
		i++;
	}
	if (i)
		buf_printf(out, "%.1f%c", size, units[i]);
	else
		buf_printf(out, "%llu", (unsigned long long)n);
}

void
put_age(struct buf *out, int64_t us)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	int64_t s = us < 0 ? 0 : us / 1000000;
	unsigned i = 0;

	while (i < 3 && s < units[i].seconds)
		i++;
	buf_printf(
	    out, "%lld%c", (long long)(s / units[i].seconds), units[i].letter);
}

struct str
note_text_of(struct value map, const char *key, struct arena *a)
{
	struct value v = note_member(map, key, a);

	return v.type == T_TEXT || v.type == T_BYTES ? value_str(v)
						     : (struct str){"", 0};
}

/* ---- how far behind ---- */

/* Of a trail of files so many are looked at: not what was rotated long ago. */
#define FILES_LOOKED_AT 256

int64_t
note_number(struct value map, const char *key, struct arena *a)
{
	struct value v = note_member(map, key, a);

	return v.type == T_INT ? v.i : 0;
}

bool
note_flag(struct value map, const char *key, struct arena *a)
{
	struct value v = note_member(map, key, a);

	return v.type == T_BOOL && v.b;
}

static bool
is_same(struct value file, const struct stat *st, struct arena *a)
{
	return (uint64_t)note_number(file, "device", a) ==
		   (uint64_t)st->st_dev &&
	       (uint64_t)note_number(file, "inode", a) == (uint64_t)st->st_ino;
}

/* The file that has a name now, as it was noted, whatever its name was. */
static bool
noted_as(struct value files, const struct stat *st, struct arena *a,
    struct value *out)
{
	for (uint32_t i = 0; pack_list_at(files, i, a, out); i++)
		if (is_same(*out, st, a))
			return true;
	return false;
}

/* Was an earlier one of the files called so, too? */
static bool
had_name(struct value files, uint32_t n, struct str path, struct arena *a)
{
	struct value file;

	for (uint32_t i = 0; i < n && pack_list_at(files, i, a, &file); i++)
		if (str_eq(path, note_text_of(file, "path", a)))
			return true;
	return false;
}

int64_t
note_unread(struct value files, uint32_t nth, struct arena *a)
{
	struct value file, now;
	struct str path;
	struct stat st;
	int64_t offset;

	if (!pack_list_at(files, nth, a, &file) ||
	    note_member(file, "kind", a).type != T_NULL)
		return -1;
	path = note_text_of(file, "path", a);
	if (!path.n || str_is(path, "-") || had_name(files, nth, path, a) ||
	    stat(arena_str(a, path).p, &st) || !S_ISREG(st.st_mode))
		return -1;
	/* From another directory the name may mean another file. */
	if (!noted_as(files, &st, a, &now))
		return *path.p == '/' ? (int64_t)st.st_size : -1;
	if (note_flag(now, "aside", a))
		return 0;
	if (note_flag(now, "compressed", a))
		return note_flag(now, "over", a) ? 0 : -1;
	offset = note_number(now, "offset", a);
	return st.st_size > offset ? (int64_t)st.st_size - offset : 0;
}

int64_t
note_behind(struct value note, struct arena *a)
{
	struct value inputs = note_member(note, "inputs", a), input, file;
	int64_t sum = -1;

	if (inputs.type != T_LIST)
		return -1;
	for (uint32_t i = 0; pack_list_at(inputs, i, a, &input); i++) {
		struct value files = note_member(input, "files", a);

		if (files.type != T_LIST)
			continue;
		for (uint32_t k = 0;
		     k < FILES_LOOKED_AT && pack_list_at(files, k, a, &file);
		     k++) {
			int64_t n = note_unread(files, k, a);

			if (n >= 0)
				sum = n + (sum > 0 ? sum : 0);
		}
	}
	return sum;
}
