/* SPDX-License-Identifier: MIT */
/* Rotated siblings; see siblings.h. */
#include "run/siblings.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/codec.h"
#include "run/file.h"
#include "run/files.h"
#include "run/unpack.h"

/* Reads as much as there is, at most n. */
static size_t
read_head(struct port *port, char *to, size_t n)
{
	struct err err = {0};
	size_t have = 0;

	while (have < n) {
		ssize_t got = port_read(port, to + have, n - have, &err);

		if (got > 0)
			have += (size_t)got;
		else if (got != PORT_NONE)
			break;
	}
	err_release(&err);
	return have;
}

size_t
siblings_head(
    const char *path, struct stat *st, char *to, bool *packed, int *failure)
{
	int fd = file_open(path);
	const struct codec *codec;
	struct port *port;
	struct file *f;
	size_t n = 0;
	ssize_t got;

	*packed = false;
	/* It may have gone since it was heard of. */
	*failure = fd < 0 && errno != ENOENT && errno != ENOTDIR ? errno : 0;
	if (fd < 0)
		return 0;
	if (fstat(fd, st) || !S_ISREG(st->st_mode)) {
		close(fd);
		return 0;
	}
	f = file_new(fd, path);
	port = file_port(f);
	got = file_read_at(f, to, IDENTITY_BYTES, 0);
	if (got > 0)
		n = (size_t)got;
	if (codec_of((struct str){to, n}, true, &codec) == CODEC_YES) {
		*packed = true;
		port = unpack_new(
		    port, (struct str){NULL, 0}, str_of(path), UNPACK_RATIO);
		n = read_head(port, to, IDENTITY_BYTES);
	}
	*failure = file_failure(f);
	port_free(port);
	return n;
}

static void
add(struct siblings *s, const char *dir, size_t n_dir, const char *name)
{
	struct sibling *to;
	bool packed;
	int failure;

	mem_grow(&s->list, &s->cap, s->n + 1, sizeof *s->list);
	to = &s->list[s->n];
	to->path = arena_printf(&s->arena, "%.*s%s", (int)n_dir, dir, name);
	to->log = str_of(dir);
	to->st = (struct stat){0};
	to->n_head =
	    siblings_head(to->path.p, &to->st, to->head, &packed, &failure);
	if (failure)
		s->failure = failure;
	to->id = identity_of(&to->st, to->head, to->n_head);
	s->n++;
}

static int
by_age(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;

	return files_order_of(x->log, x->path, y->path);
}

/* x.1 beside x.1.gz: it is being compressed, and x.1 is the whole of it. */
static void
drop_doubles(struct siblings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct str path = s->list[i].path;
		bool twice = false;

		for (size_t k = 0; k < s->n && !twice; k++) {
			struct str other = s->list[k].path;

			twice = k != i && other.n < path.n &&
				str_starts(path, other) &&
				path.p[other.n] == '.' &&
				str_eq(files_base(path), files_base(other)) &&
				s->list[k].n_head;
		}
		if (!twice)
			s->list[n++] = s->list[i];
	}
	s->n = n;
}

static void
list(struct siblings *s, const char *path, size_t n_dir, const char *base)
{
	DIR *d = opendir(
	    n_dir ? arena_printf(&s->arena, "%.*s", (int)n_dir, path).p : ".");
	struct dirent *e;

	s->n = 0;
	s->failure = d ? 0 : errno;
	while (d && (e = readdir(d))) {
		struct str name = str_of(e->d_name);

		if (strcmp(e->d_name, base) != 0 &&
		    files_is_of(name, str_of(base)))
			add(s, path, n_dir, e->d_name);
	}
	if (d)
		closedir(d);
}

void
siblings_look(struct siblings *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	struct str dir = {path, (size_t)(base - path)};
	uint64_t before;

	arena_init(&s->arena, 1024);
	/* While files are being renamed some are seen twice, some not at all.
	 */
	for (int i = 0; i < FILES_LOOKS; i++) {
		before = files_listing(dir);
		list(s, path, dir.n, base);
		if (files_listing(dir) == before)
			break;
	}
	if (s->n)
		qsort(s->list, s->n, sizeof *s->list, by_age);
	drop_doubles(s);
}

bool
siblings_know(const struct siblings *s, const struct sibling *of)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct identity *id = &s->list[i].id;

		if (identity_same(id, &of->st, of->head, of->n_head) ||
		    identity_copied(id, true, of->head, of->n_head))
			return true;
	}
	return false;
}

const struct sibling *
siblings_find(const struct siblings *s, const struct identity *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (identity_same(
			id, &s->list[i].st, s->list[i].head, s->list[i].n_head))
			return &s->list[i];
	for (size_t i = s->n; i-- > 0;)
		if (identity_copied(
			id, false, s->list[i].head, s->list[i].n_head))
			return &s->list[i];
	return NULL;
}

void
siblings_release(struct siblings *s)
{
	arena_release(&s->arena);
	mem_free(s->list);
	*s = (struct siblings){0};
}
