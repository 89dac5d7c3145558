/* SPDX-License-Identifier: MIT */
/* weir state ls: what states there are. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/state_dir.h"
#include "cli/state_note.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"

struct listed {
	char *name;
	struct store_info info;
	int64_t pid;
	int64_t behind; /* bytes of inputs; -1: not known */
	bool final;
	char *damage; /* why it does not open, or NULL */
};

struct list {
	struct listed *rows;
	size_t n, cap;
};

/* home "": the name is all of its path. */
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
	buf_printf(&path, "%s%s%s", home, *home ? "/" : "", name);
	if (!store_open(&s, buf_z(&path), &options, &err)) {
		struct value note = state_note(store_note(s), &a);
		struct value final = note_member(note, "final", &a);

		store_info(s, &row.info);
		row.behind = note_behind(note, &a);
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

static const char *
how_it_is(const struct listed *row)
{
	return row->damage	  ? "damaged"
	       : row->pid	  ? "running"
	       : row->final	  ? "final"
	       : row->info.closed ? "ended"
				  : "killed";
}

/* ---- for people ---- */

static void
put_listed(struct buf *out, const struct listed *row, int width)
{
	struct buf size = {0}, age = {0}, behind = {0};

	if (row->damage) {
		buf_printf(
		    out, "%-*s  damaged: %s\n", width, row->name, row->damage);
		return;
	}
	put_size(&size, row->info.journal_bytes + row->info.run_bytes);
	if (row->behind >= 0)
		put_size(&behind, (uint64_t)row->behind);
	put_age(&age, clock_now() - row->info.written);
	buf_printf(out, "%-*s  %8llu  %6s  %8s  %8s  ", width, row->name,
	    (unsigned long long)row->info.epoch,
	    row->info.epoch ? buf_z(&age) : "-", buf_z(&size),
	    row->behind >= 0 ? buf_z(&behind) : "-");
	buf_addz(out, how_it_is(row));
	if (row->pid)
		buf_printf(out, ", pid %lld", (long long)row->pid);
	buf_addc(out, '\n');
	buf_release(&size);
	buf_release(&age);
	buf_release(&behind);
}

/* ---- as objects ---- */

static void
put_member(struct buf *out, const char *name, struct value v)
{
	buf_printf(
	    out, "%s\"%s\":", out->p[out->n - 1] == '{' ? "" : ",", name);
	value_json(out, v);
}

static void
put_object(struct buf *out, const struct listed *row)
{
	const struct store_info *i = &row->info;

	buf_addc(out, '{');
	put_member(out, "name", value_text(str_of(row->name)));
	put_member(out, "last_run", value_text(str_of(how_it_is(row))));
	if (row->damage) {
		put_member(out, "damage", value_text(str_of(row->damage)));
		buf_lit(out, "}\n");
		return;
	}
	if (row->pid > 0)
		put_member(out, "pid", value_int(row->pid));
	put_member(out, "commits", value_int((int64_t)i->epoch));
	put_member(
	    out, "written", i->epoch ? value_time(i->written) : VALUE_NULL);
	put_member(out, "bytes",
	    value_int((int64_t)(i->journal_bytes + i->run_bytes)));
	put_member(out, "behind",
	    row->behind >= 0 ? value_int(row->behind) : VALUE_NULL);
	buf_lit(out, "}\n");
}

/* ---- the list ---- */

static void
put_table(struct buf *out, const struct list *l)
{
	int width = 4;

	for (size_t i = 0; i < l->n; i++)
		if ((int)strlen(l->rows[i].name) > width)
			width = (int)strlen(l->rows[i].name);
	if (l->n)
		buf_printf(out, "%-*s  %8s  %6s  %8s  %8s  %s\n", width, "NAME",
		    "COMMITS", "AGE", "SIZE", "BEHIND", "LAST RUN");
	for (size_t i = 0; i < l->n; i++)
		put_listed(out, &l->rows[i], width);
}

static void
put_list(struct buf *out, const struct list *l, bool json)
{
	if (l->n)
		qsort(l->rows, l->n, sizeof *l->rows, by_name);
	if (!json)
		put_table(out, l);
	for (size_t i = 0; json && i < l->n; i++)
		put_object(out, &l->rows[i]);
}

static void
list_release(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		mem_free(l->rows[i].name);
		mem_free(l->rows[i].damage);
	}
	mem_free(l->rows);
}

/* Those in a directory; the home of states need not be there. */
static int
list_all(struct list *l, const char *home, bool needed, struct err *err)
{
	const struct dirent *e;
	DIR *d = opendir(home);

	if (!d && (needed || errno != ENOENT))
		return err_sys(err, ERR_INPUT, errno, "cannot list %s", home);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			list_one(l, home, e->d_name);
	if (d)
		closedir(d);
	return 0;
}

/* A link to a state is none; one to a directory of them will do. */
static bool
leads_to_state(const char *dir)
{
	char real[PATH_MAX];

	return realpath(dir, real) && store_is(real);
}

/* What is named is a state, or a directory of them. */
static int
list_named(struct list *l, const char *name, struct arena *a, struct err *err)
{
	struct store_options options = {.read_only = true};
	struct err no_name = {0};
	const char *dir = state_dir(name, a, &no_name);
	struct store *s;

	err_release(&no_name);
	if (dir && !store_is(dir) && leads_to_state(dir))
		return store_open(&s, dir, &options, err);
	if (!dir || !store_is(dir))
		return list_all(l, name, true, err);
	list_one(l, "", dir);
	return 0;
}

int
state_ls(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct list list = {0};
	struct buf out = {0};
	const char *home;
	struct arena a;
	int failed = -1;

	arena_init(&a, 1024);
	if (n) {
		failed = list_named(&list, operands[0], &a, err);
	} else {
		home = state_home(&a, err);
		if (home)
			failed = list_all(&list, home, false, err);
	}
	if (!failed) {
		put_list(&out, &list, o->to);
		failed = terminal_write(&out, err);
	}
	list_release(&list);
	buf_release(&out);
	arena_release(&a);
	return failed;
}
