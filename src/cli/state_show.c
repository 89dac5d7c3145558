/* SPDX-License-Identifier: MIT */
/* weir state ls, show: what states there are, and what is known of one. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/when.h"
#include "cli/state_dir.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"
#include "data/pack.h"

#define NOWHERE ((struct where){0})

/* ---- parts of a note ---- */

static struct value
note_of(struct str packed, struct arena *a)
{
	const char *p = packed.p;
	struct value v = VALUE_NULL;

	if (packed.n && pack_get(&p, packed.p + packed.n, a, &v) != PACK_OK)
		return VALUE_NULL;
	return v;
}

static struct value
member(struct value map, const char *key, struct arena *a)
{
	struct value v;

	return map.type == T_MAP && pack_map_find(map, str_of(key), a, &v)
		   ? v
		   : VALUE_NULL;
}

/* 512 B, 20.0 KiB, 1.5 GiB. */
static void
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

/* "3d", "12m", "40s": whole units. */
static void
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

static uint64_t
size_of(const struct store_info *info)
{
	return info->journal_bytes + info->run_bytes;
}

/* ---- ls ---- */

struct listed {
	char *name;
	struct store_info info;
	int64_t pid;
	bool final;
	char *damage; /* why it does not open, or NULL */
};

struct list {
	struct listed *rows;
	size_t n, cap;
};

static void
list_one(struct list *l, const char *home, const char *name)
{
	struct buf path = {0};
	struct store_options options = {.read_only = true};
	struct store *s = NULL;
	struct listed row = {0};
	struct err err = {0};
	struct arena a;

	arena_init(&a, 1024);
	buf_printf(&path, "%s/%s", home, name);
	if (!store_open(&s, buf_z(&path), &options, &err)) {
		struct value note = note_of(store_note(s), &a);
		struct value final = member(note, "final", &a);

		store_info(s, &row.info);
		row.final = final.type == T_BOOL && final.b;
		row.pid = store_owner(buf_z(&path));
		store_close(s, &err);
	} else if (store_is(buf_z(&path))) {
		row.damage = mem_strdup(err.message);
	}
	if (s || row.damage) {
		row.name = mem_strdup(name);
		mem_grow(&l->rows, &l->cap, l->n + 1, sizeof *l->rows);
		l->rows[l->n++] = row;
	}
	err_release(&err);
	buf_release(&path);
	arena_release(&a);
}

static int
by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
put_listed(struct buf *out, const struct listed *row, int width)
{
	struct buf size = {0}, age = {0};

	if (row->damage) {
		buf_printf(
		    out, "%-*s  damaged: %s\n", width, row->name, row->damage);
		return;
	}
	put_size(&size, size_of(&row->info));
	put_age(&age, clock_now() - row->info.written);
	buf_printf(out, "%-*s  %8llu  %6s  %8s  ", width, row->name,
	    (unsigned long long)row->info.epoch,
	    row->info.epoch ? buf_z(&age) : "-", buf_z(&size));
	if (row->pid)
		buf_printf(out, "running, pid %lld\n", (long long)row->pid);
	else
		buf_printf(out, "%s\n",
		    row->final	       ? "final"
		    : row->info.closed ? "ended"
				       : "killed");
	buf_release(&size);
	buf_release(&age);
}

static void
put_list(struct buf *out, struct list *l)
{
	int width = 4;

	if (l->n)
		qsort(l->rows, l->n, sizeof *l->rows, by_name);
	for (size_t i = 0; i < l->n; i++)
		if ((int)strlen(l->rows[i].name) > width)
			width = (int)strlen(l->rows[i].name);
	if (l->n)
		buf_printf(out, "%-*s  %8s  %6s  %8s  %s\n", width, "NAME",
		    "COMMITS", "AGE", "SIZE", "LAST RUN");
	for (size_t i = 0; i < l->n; i++) {
		put_listed(out, &l->rows[i], width);
		mem_free(l->rows[i].name);
		mem_free(l->rows[i].damage);
	}
	mem_free(l->rows);
}

int
state_ls(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct list list = {0};
	struct arena a;
	const struct dirent *e;
	const char *home;
	struct buf out = {0};
	int failed;
	DIR *d;

	(void)o;
	arena_init(&a, 1024);
	home = n ? operands[0] : state_home(&a, err);
	d = home ? opendir(home) : NULL;
	if (!home || (!d && (n || errno != ENOENT))) {
		if (home)
			err_sys(err, ERR_INPUT, errno, "cannot list %s", home);
		arena_release(&a);
		return -1;
	}
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			list_one(&list, home, e->d_name);
	if (d)
		closedir(d);
	put_list(&out, &list);
	failed = terminal_write(&out, err);
	buf_release(&out);
	arena_release(&a);
	return failed;
}

/* ---- show ---- */

static void
put_line(struct buf *out, const char *key, struct value v)
{
	if (v.type == T_NULL)
		return;
	buf_printf(out, "%s: ", key);
	value_json(out, v);
	buf_addc(out, '\n');
}

/* A member of the note that is a list: an item a line. */
static void
put_list_of(
    struct buf *out, const char *key, struct value note, struct arena *a)
{
	struct value list = member(note, key, a), one;

	if (list.type != T_LIST)
		return;
	buf_printf(out, "%s:\n", key);
	for (uint32_t i = 0; pack_list_at(list, i, a, &one); i++) {
		buf_lit(out, "  - ");
		value_json(out, one);
		buf_addc(out, '\n');
	}
}

static void
put_steps(struct buf *out, struct value note, struct arena *a)
{
	struct value steps = member(note, "steps", a), name, one;
	const char *p, *end;
	uint32_t n;

	if (steps.type != T_MAP)
		return;
	p = steps.p;
	end = steps.p + steps.len;
	buf_lit(out, "steps:\n");
	if (!pack_get_map(&p, end, &n))
		return;
	while (n-- && pack_get(&p, end, a, &name) == PACK_OK &&
	       pack_get(&p, end, a, &one) == PACK_OK) {
		buf_lit(out, "  ");
		value_json(out, name);
		buf_lit(out, ": ");
		value_json(out, one);
		buf_addc(out, '\n');
	}
}

static void
put_note(struct buf *out, struct value note, struct arena *a)
{
	static const char *const plain[] = {"ended", "final", "rank"};
	struct value now = member(note, "now", a);

	for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++)
		put_line(out, plain[i], member(note, plain[i], a));
	if (now.type == T_INT && now.i > WHEN_MIN && now.i < WHEN_MAX)
		put_line(out, "watermark", value_time(now.i));
	put_list_of(out, "inputs", note, a);
	put_list_of(out, "outputs", note, a);
	put_line(out, "counts", member(note, "counts", a));
	put_steps(out, note, a);
}

static void
put_maps(struct buf *out, struct store *s, struct arena *a)
{
	struct state_maps maps;

	state_maps_read(&maps, store_schema(s), a);
	if (maps.n)
		buf_lit(out, "maps:\n");
	for (size_t i = 0; i < maps.n; i++) {
		uint64_t entries, bytes;

		store_map_size(s, maps.rows[i].number, &entries, &bytes);
		buf_printf(out,
		    "  - {\"step\":\"%.*s\",\"map\":\"%.*s\",\"number\":%u,"
		    "\"entries\":%llu,\"bytes\":%llu}\n",
		    STR_ARG(maps.rows[i].step), STR_ARG(maps.rows[i].name),
		    maps.rows[i].number, (unsigned long long)entries,
		    (unsigned long long)bytes);
	}
	mem_free(maps.rows);
}

static void
put_info(struct buf *out, const char *dir, struct store *s)
{
	struct store_info info;
	int64_t pid = store_owner(dir);

	store_info(s, &info);
	buf_printf(out, "directory: \"%s\"\ncommits: %llu\n", dir,
	    (unsigned long long)info.epoch);
	if (info.epoch)
		put_line(out, "written", value_time(info.written));
	if (pid)
		buf_printf(out, "running: %lld\n", (long long)pid);
	buf_printf(out,
	    "bytes: %llu\ndead_bytes: %llu\njournals: %u\nruns: %u\n"
	    "entries: %llu\nclosed: %s\n",
	    (unsigned long long)size_of(&info),
	    (unsigned long long)info.dead_bytes, info.n_journals, info.n_runs,
	    (unsigned long long)info.n_entries, info.closed ? "true" : "false");
}

int
state_show(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct buf out = {0};
	struct arena a;
	const char *dir;
	struct store *s;
	int failed = -1;

	(void)n;
	(void)o;
	arena_init(&a, 4096);
	s = state_look(operands[0], &a, &dir, err);
	if (s) {
		put_info(&out, dir, s);
		put_note(&out, note_of(store_note(s), &a), &a);
		put_maps(&out, s, &a);
		if (store_schema(s).n)
			buf_printf(
			    &out, "schema: %.*s\n", STR_ARG(store_schema(s)));
		failed = store_close(s, err) || terminal_write(&out, err);
	}
	buf_release(&out);
	arena_release(&a);
	return failed ? -1 : 0;
}
