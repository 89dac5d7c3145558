/* SPDX-License-Identifier: MIT */
/* The files of an input as they are now; see survey.h. */
#include "run/survey.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/file.h"
#include "run/siblings.h"
#include "run/unpack.h"

/* ---- what cannot be looked at ---- */

/* The first failure is told. */
static void
fail(struct survey *s, struct str path, const char *what, int errnum)
{
	if (s->err.message)
		return;
	errno = errnum;
	(void)port_fail(path, what, &s->err);
}

/* ---- one file ---- */

/* Standard input can be looked at without moving its place. */
static const char *
path_of(struct str path)
{
	return str_is(path, "-") ? "/dev/stdin" : path.p;
}

enum survey_found
survey_look(struct str path)
{
	struct stat st;

	if (stat(path_of(path), &st))
		return errno == ENOENT || errno == ENOTDIR ? SURVEY_NOTHING
							   : SURVEY_HIDDEN;
	return S_ISREG(st.st_mode) ? SURVEY_FILE : SURVEY_STREAM;
}

/* The first bytes; standard input may be a file without a name. */
static size_t
look_at(struct survey *s, struct candidate *c, char *head)
{
	int failure;
	size_t n =
	    siblings_head(path_of(c->path), &c->st, head, &c->packed, &failure);
	ssize_t got = -1;

	if (!n && str_is(c->path, "-") && !fstat(STDIN_FILENO, &c->st)) {
		got = pread(STDIN_FILENO, head, IDENTITY_BYTES, 0);
		failure = got < 0 ? errno : 0;
	}
	if (got > 0)
		n = (size_t)got;
	if ((failure == EACCES || failure == EPERM) && !n && got < 0 &&
	    !S_ISREG(c->st.st_mode)) {
		c->blind = !stat(path_of(c->path), &c->st);
		failure = 0;
	}
	if (failure)
		fail(s, c->path, "read", failure);
	return n;
}

/* Adds a regular file; false if it is none. */
static bool
add(struct survey *s, struct str path, struct str base)
{
	char head[IDENTITY_BYTES];
	struct candidate c = {.path = path, .base = base};

	if (survey_look(path) != SURVEY_FILE)
		return false;
	c.head.n = look_at(s, &c, head);
	if (!S_ISREG(c.st.st_mode))
		return false;
	c.head = arena_str(&s->arena, (struct str){head, c.head.n});
	mem_grow(&s->list, &s->cap, s->n + 1, sizeof *s->list);
	s->list[s->n++] = c;
	return true;
}

/* ---- chains ---- */

static size_t
find_base(const struct survey *s, size_t n, struct str base, bool *found)
{
	size_t from = 0, to = n;

	*found = false;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = str_cmp(s->bases[s->by_base[mid]], base);

		if (!order) {
			*found = true;
			return mid;
		}
		if (order < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

size_t
survey_chain(const struct survey *s, struct str base)
{
	bool found;
	size_t at = find_base(s, s->n_chains, base, &found);

	return found ? s->by_base[at] : SIZE_MAX;
}

size_t
survey_log(const struct survey *s, struct str path)
{
	size_t chain = survey_chain(s, files_base(path));
	char outer[PATH_MAX];
	struct str log;

	if (chain == SIZE_MAX)
		chain = survey_chain(s, path);
	for (unsigned i = 0;
	     chain == SIZE_MAX && (log = files_outer(path, i, outer)).n; i++) {
		chain = survey_chain(s, log);
		if (chain != SIZE_MAX && !s->live[chain])
			chain = SIZE_MAX;
	}
	return chain;
}

static void
add_chain(struct survey *s, struct str base, bool live)
{
	bool found;
	size_t n = s->n_chains, at = find_base(s, n, base, &found);

	if (found)
		return;
	s->live[n] = live;
	memmove(s->by_base + at + 1, s->by_base + at,
	    (n - at) * sizeof *s->by_base);
	s->by_base[at] = n;
	s->bases[n] = base;
	s->n_chains++;
}

/* ---- siblings ---- */

static size_t
dir_length(struct str path)
{
	size_t n = path.n;

	while (n && path.p[n - 1] != '/')
		n--;
	return n;
}

static bool
is_named(const struct files *names, size_t from, size_t to, struct str path)
{
	for (size_t i = from; i < to; i++)
		if (str_eq(names->names[i], path))
			return true;
	return false;
}

/* Files of a directory whose names are those of a chain's, and not named. */
static void
look_into(
    struct survey *s, const struct files *names, size_t to, struct str dir)
{
	DIR *d = opendir(dir.n ? arena_str(&s->arena, dir).p : ".");
	struct dirent *e;

	if (!d && errno == EACCES)
		s->veiled = true;
	else if (!d && errno != ENOENT && errno != ENOTDIR)
		fail(s, dir.n ? dir : STR("."), "read the directory", errno);
	while (d && (e = readdir(d))) {
		struct str path =
		    arena_printf(&s->arena, "%.*s%s", STR_ARG(dir), e->d_name);
		size_t chain = survey_log(s, path);

		if (chain != SIZE_MAX && s->live[chain] &&
		    !str_eq(s->bases[chain], path) &&
		    !is_named(names, s->from, to, path))
			add(s, path, s->bases[chain]);
	}
	if (d)
		closedir(d);
}

static void
add_siblings(struct survey *s, const struct files *names, size_t to)
{
	struct str last = {NULL, 0};

	for (size_t i = 0; i < s->n_chains; i++) {
		size_t chain = s->by_base[i];
		struct str base = s->bases[chain];
		struct str dir = {base.p, dir_length(base)};

		/* In order of their names, those of a directory stand
		   together but for the ones in directories below it. */
		if (!s->live[chain] || str_is(base, "-") ||
		    (last.p && str_eq(dir, last)))
			continue;
		look_into(s, names, to, dir);
		last = dir;
	}
}

/* ---- each once ---- */

static int
by_place(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return files_order_of(x->base, x->path, y->path);
}

/* Named ones first, in their order. */
static int
by_inode(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->st.st_dev != y->st.st_dev)
		return x->st.st_dev < y->st.st_dev ? -1 : 1;
	if (x->st.st_ino != y->st.st_ino)
		return x->st.st_ino < y->st.st_ino ? -1 : 1;
	if (x->named != y->named)
		return x->named ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static void
drop_same(struct survey *s, bool quiet)
{
	char a[512], b[512];
	size_t n = 0;

	if (s->n)
		qsort(s->list, s->n, sizeof *s->list, by_inode);
	for (size_t i = 0; i < s->n; i++) {
		const struct candidate *c = &s->list[i];
		const struct candidate *is = n ? &s->list[n - 1] : NULL;

		if (!is || c->st.st_dev != is->st.st_dev ||
		    c->st.st_ino != is->st.st_ino) {
			s->list[n++] = *c;
			continue;
		}
		if (!c->named || quiet || str_eq(c->path, is->path))
			continue;
		err_quote(a, c->path, 120);
		err_quote(b, is->path, 120);
		fprintf(stderr,
		    "weir: %s and %s are the same file: it is read once\n", b,
		    a);
	}
	s->n = n;
}

/* x.1 beside x.1.gz: it is being compressed, and x.1 is the whole of it. */
static void
drop_halves(struct survey *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct candidate *c = &s->list[i];
		bool half = false;

		/* In the order of names they are neighbours. */
		for (size_t k = i ? i - 1 : 0; k < s->n && k < i + 2; k++) {
			const struct candidate *of = &s->list[k];

			half |= k != i && of->chain == c->chain && c->packed &&
				!of->packed && of->head.n &&
				of->path.n < c->path.n &&
				str_starts(c->path, of->path) &&
				c->path.p[of->path.n] == '.' &&
				!str_eq(of->path, of->base);
		}
		if (!half)
			s->list[n++] = *c;
	}
	s->n = n;
}

/* ---- the whole ---- */

/*
 * The logs that are named, and then rotated files of others: apart, or
 * together as if their log was named.
 */
static void
make_chains(struct survey *s, const struct files *names, size_t to, bool apart)
{
	for (size_t i = s->from; i < to; i++) {
		struct str path = names->names[i];

		if (str_eq(files_base(path), path) &&
		    survey_look(path) != SURVEY_STREAM)
			add_chain(s, path, true);
	}
	for (size_t i = s->from; i < to; i++) {
		struct str path = names->names[i], base = files_base(path);

		if (survey_chain(s, base) == SIZE_MAX &&
		    survey_look(path) != SURVEY_STREAM)
			add_chain(s, apart ? path : base, false);
	}
}

static void
look(struct survey *s, const struct files *names, size_t from, size_t to,
    bool apart)
{
	*s = (struct survey){.from = from};
	arena_init(&s->arena, 16384);
	s->bases = mem_array(to - from + 1, sizeof *s->bases);
	s->live = mem_zalloc(to - from + 1);
	s->by_base = mem_array(to - from + 1, sizeof *s->by_base);
	s->by_name = mem_zalloc((to - from + 1) * sizeof *s->by_name);
	make_chains(s, names, to, apart);
	for (size_t i = from; i < to; i++) {
		struct str path = names->names[i], base = files_base(path);

		if (survey_chain(s, base) == SIZE_MAX)
			base = path;
		if (!add(s, path, base))
			continue;
		s->list[s->n - 1].named = true;
		s->list[s->n - 1].name = i;
	}
	add_siblings(s, names, to);
}

/* The directories of the names, as they are now. */
static uint64_t
listings(const struct files *names, size_t from, size_t to)
{
	struct str last = {NULL, 0};
	uint64_t sum = 0;

	for (size_t i = from; i < to; i++) {
		struct str path = names->names[i];
		struct str dir = {path.p, dir_length(path)};

		if (str_is(path, "-") || (last.p && str_eq(dir, last)))
			continue;
		sum += files_listing(dir);
		last = dir;
	}
	return sum;
}

void
survey_files(struct survey *s, const struct files *names, size_t from,
    size_t to, bool apart, bool quiet)
{
	uint64_t before = listings(names, from, to), after;

	/* While files are being renamed some are seen twice, some not at all.
	 */
	for (int i = 0; i < FILES_LOOKS; i++, before = after) {
		look(s, names, from, to, apart);
		after = listings(names, from, to);
		if (after == before || i + 1 == FILES_LOOKS)
			break;
		survey_release(s);
	}
	drop_same(s, quiet);
	for (size_t i = 0; i < s->n; i++)
		s->list[i].chain = survey_chain(s, s->list[i].base);
	if (s->n)
		qsort(s->list, s->n, sizeof *s->list, by_place);
	drop_halves(s);
	s->first = mem_zalloc((s->n_chains + 1) * sizeof *s->first);
	s->length = mem_zalloc((s->n_chains + 1) * sizeof *s->length);
	for (size_t i = s->n; i-- > 0;) {
		s->first[s->list[i].chain] = i;
		s->length[s->list[i].chain]++;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].named)
			s->by_name[s->list[i].name - from] = i + 1;
}

void
survey_release(struct survey *s)
{
	mem_free(s->list);
	mem_free(s->bases);
	mem_free(s->by_base);
	mem_free(s->live);
	mem_free(s->first);
	mem_free(s->length);
	mem_free(s->by_name);
	arena_release(&s->arena);
	err_release(&s->err);
	s->err = (struct err){0};
}

struct candidate *
survey_find(const struct survey *s, size_t name)
{
	size_t at = s->by_name[name - s->from];

	return at ? &s->list[at - 1] : NULL;
}

/* ---- looking into files ---- */

/* A file that is looked into, inflated. */
struct opened {
	struct survey *survey;
	const struct candidate *of;
	struct file *file;
	struct port *port; /* NULL: it cannot be opened */
};

static struct opened
open_file(struct survey *s, const struct candidate *c)
{
	struct opened o = {.survey = s, .of = c};
	int fd = file_open(path_of(c->path));

	if (fd < 0) {
		fail(s, c->path, "open", errno);
		return o;
	}
	o.file = file_new(fd, path_of(c->path));
	o.port = file_port(o.file);
	if (c->packed)
		o.port = unpack_new(
		    o.port, (struct str){NULL, 0}, c->path, UNPACK_ANY);
	return o;
}

/* That it is damaged is no failure: its bytes end there. */
static void
close_file(struct opened *o)
{
	if (o->port && file_failure(o->file))
		fail(o->survey, o->of->path, "read", file_failure(o->file));
	port_free(o->port);
}

/* Reads as much as there is, at most n; 0 at the end or if it fails. */
static size_t
read_some(const struct opened *o, char *to, size_t n)
{
	struct err err = {0};
	size_t have = 0;

	while (have < n) {
		ssize_t got = port_read(o->port, to + have, n - have, &err);

		if (got > 0)
			have += (size_t)got;
		else if (got != PORT_NONE)
			break;
	}
	err_release(&err);
	return have;
}

static bool
before_packed(struct survey *s, const struct candidate *c, uint64_t place,
    char *to, size_t n)
{
	struct opened o = open_file(s, c);
	struct tail tail = {0};
	char part[16384];
	uint64_t at = 0;

	while (o.port && at < place) {
		uint64_t left = place - at;
		size_t want = left < sizeof part ? (size_t)left : sizeof part;
		size_t got = read_some(&o, part, want);

		if (!got)
			break;
		tail_add(&tail, part, got);
		at += got;
	}
	close_file(&o);
	if (at < place || tail.n < n)
		return false;
	memcpy(to, tail.bytes + tail.n - n, n);
	return true;
}

bool
survey_before(
    void *arg, const struct candidate *c, uint64_t place, char *to, size_t n)
{
	struct survey *s = arg;
	int fd;
	ssize_t got;

	if (n > place)
		return false;
	if (c->packed)
		return before_packed(s, c, place, to, n);
	fd = str_is(c->path, "-") ? dup(STDIN_FILENO)
				  : file_open(path_of(c->path));
	if (fd < 0) {
		fail(s, c->path, "open", errno);
		return false;
	}
	got = pread(fd, to, n, (off_t)(place - n));
	if (got < 0)
		fail(s, c->path, "read", errno);
	close(fd);
	return got == (ssize_t)n;
}

bool
survey_prefix(void *arg, const struct candidate *c, const struct candidate *of)
{
	struct opened a = open_file(arg, c), b = open_file(arg, of);
	char x[16384], y[16384];
	bool same = a.port && b.port;

	while (same) {
		size_t n = read_some(&a, x, sizeof x);

		if (!n)
			break;
		same = read_some(&b, y, n) == n && !memcmp(x, y, n);
	}
	close_file(&a);
	close_file(&b);
	return same;
}
