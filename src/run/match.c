/* SPDX-License-Identifier: MIT */
/* Which files are those of an earlier run; see match.h. */
#include "run/match.h"

#include <stdlib.h>

#include "base/mem.h"
#include "run/files.h"

/* ---- positions that are still to be found ---- */

struct seeker {
	struct trail *trail;
	struct position *p;
	struct candidate *found;
	bool cut; /* the file of its inode and name is another one */
};

struct seekers {
	struct seeker *list;
	size_t n, cap;
};

static void
gather(const struct match *m, struct seekers *s)
{
	for (size_t i = 0; i < m->n_trails; i++)
		for (size_t k = 0; k < m->trails[i]->n; k++) {
			struct position *p = &m->trails[i]->files[k];

			if (p->kind != POSITION_FILE)
				continue;
			mem_grow(&s->list, &s->cap, s->n + 1, sizeof *s->list);
			s->list[s->n++] =
			    (struct seeker){.trail = m->trails[i], .p = p};
		}
}

static void
settle(struct seeker *s, struct candidate *c)
{
	s->found = c;
	c->is = s->p;
	c->trail = s->trail;
}

static bool
same_inode(const struct position *p, const struct candidate *c)
{
	return p->id.device == (uint64_t)c->st.st_dev &&
	       p->id.inode == (uint64_t)c->st.st_ino;
}

/* Nothing has been written to it since it was noted. */
static bool
is_untouched(const struct position *p, const struct candidate *c)
{
	int64_t written =
	    (int64_t)c->st.st_mtim.tv_sec * 1000000000 + c->st.st_mtim.tv_nsec;

	return same_inode(p, c) && p->size == (uint64_t)c->st.st_size &&
	       p->written == written;
}

/* The bytes before the place are those that are noted. */
static bool
tail_fits(
    const struct match *m, const struct position *p, const struct candidate *c)
{
	char tail[TAIL_BYTES];

	/* What is compressed is not inflated once more to see that. */
	if (p->aside || !p->n_tail ||
	    (p->over && c->packed && is_untouched(p, c)))
		return true;
	return m->look(m->arg, c, p->place.offset, tail, p->n_tail) &&
	       identity_hash(tail, p->n_tail) == p->tail;
}

static bool
fits(const struct match *m, const struct position *p, const struct candidate *c)
{
	if (c->blind)
		return same_inode(p, c);
	if (!c->packed && (uint64_t)c->st.st_size < p->place.offset)
		return false;
	return (p->id.n == c->hashed.n
		       ? p->id.hash == c->hashed.hash
		       : identity_begins(&p->id, c->head.p, c->head.n)) &&
	       tail_fits(m, p, c);
}

/* So little is known of it that any file might be it. */
static bool
is_nobody(const struct position *p)
{
	return !p->id.n;
}

/* ---- by inode, by name ---- */

struct index {
	struct candidate **list;
	size_t n;
	int (*order)(const void *a, const void *b);
};

static int
by_inode(const void *a, const void *b)
{
	const struct stat *x = &(*(struct candidate *const *)a)->st;
	const struct stat *y = &(*(struct candidate *const *)b)->st;

	if (x->st_dev != y->st_dev)
		return x->st_dev < y->st_dev ? -1 : 1;
	return (x->st_ino > y->st_ino) - (x->st_ino < y->st_ino);
}

static int
by_path(const void *a, const void *b)
{
	return str_cmp((*(struct candidate *const *)a)->path,
	    (*(struct candidate *const *)b)->path);
}

static struct index
index_of(const struct match *m, int (*order)(const void *a, const void *b))
{
	struct index x = {mem_array(m->n + 1, sizeof *x.list), m->n, order};

	for (size_t i = 0; i < m->n; i++)
		x.list[i] = &m->list[i];
	if (m->n)
		qsort(x.list, m->n, sizeof *x.list, order);
	return x;
}

static struct candidate *
index_find(const struct index *x, const struct candidate *like)
{
	struct candidate **hit =
	    x->n ? bsearch(&like, x->list, x->n, sizeof *x->list, x->order)
		 : NULL;

	return hit ? *hit : NULL;
}

static void
find_by_inode(const struct match *m, const struct index *x, struct seeker *s)
{
	struct candidate like = {.st = {.st_dev = (dev_t)s->p->id.device,
				     .st_ino = (ino_t)s->p->id.inode}};
	struct candidate *c = index_find(x, &like);

	if (c && !c->is && fits(m, s->p, c))
		settle(s, c);
	else if (c && !c->is)
		s->cut = str_eq(c->path, s->p->path);
}

static void
find_by_name(const struct match *m, const struct index *x, struct seeker *s)
{
	struct candidate like = {.path = s->p->path};
	struct candidate *c = index_find(x, &like);

	if (c && !c->is && fits(m, s->p, c))
		settle(s, c);
}

/* ---- by contents ---- */

/* Oldest first: younger ones came after it. */
static void
find_by_contents(const struct match *m, struct seeker *s, bool own_log)
{
	for (size_t i = 0; i < m->n && !s->found; i++) {
		struct candidate *c = &m->list[i];

		if (!c->is && files_is_of(s->p->path, c->base) == own_log &&
		    (!s->p->aside || own_log) && fits(m, s->p, c))
			settle(s, c);
	}
}

/* ---- copies ---- */

static bool
is_prefix(const struct match *m, const struct candidate *c,
    const struct candidate *of)
{
	size_t n = c->head.n < of->head.n ? c->head.n : of->head.n;

	return c->head.n && !memcmp(c->head.p, of->head.p, n) &&
	       m->prefix(m->arg, c, of);
}

/*
 * The file of the log's own name fits, but so does a new sibling, because all
 * that was read is what every generation begins with (a banner). The sibling
 * came first, unless it is a mere copy of what is there (logrotate's `copy`).
 */
static void
prefer_copy(const struct match *m, struct seeker *s)
{
	struct candidate *live = s->found;

	if (!s->p->place.offset || s->p->aside)
		return;
	for (size_t i = 0; i < m->n; i++) {
		struct candidate *c = &m->list[i];

		if (c->is || c == live || !str_eq(c->base, live->base) ||
		    !str_eq(live->path, live->base) || !fits(m, s->p, c) ||
		    is_prefix(m, c, live))
			continue;
		live->is = NULL;
		live->trail = NULL;
		settle(s, c);
		return;
	}
}

/* ---- what becomes of the files ---- */

/* A copy that somebody keeps beside what is read. */
static bool
is_spare(const struct match *m, const struct candidate *c)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct candidate *of = &m->list[i];

		if (of != c && of->is && !of->is->aside &&
		    str_eq(of->base, c->base) && is_prefix(m, c, of))
			return true;
	}
	return false;
}

/*
 * Rotation has been seen to give such names: something that was read has one.
 * Else it is another log (worker.1.log beside worker.log).
 */
static bool
is_turned(const struct match *m, const struct candidate *c)
{
	if (!files_is_inner(c->path, c->base))
		return true;
	for (size_t i = 0; i < m->n; i++) {
		const struct candidate *of = &m->list[i];

		if (of->is && !of->is->aside && str_eq(of->base, c->base) &&
		    files_is_inner(of->path, of->base))
			return true;
	}
	return false;
}

static bool
is_to_be_read(const struct match *m, const struct candidate *c)
{
	const struct position *p = c->is;

	/* Named now, and never read: it is asked for. */
	if (p && p->aside)
		return c->named;
	if (p && p->over)
		return c->packed ? !is_untouched(p, c)
				 : (uint64_t)c->st.st_size > p->place.offset;
	if (p || c->named)
		return true;
	return c->head.n && c->log_known && is_turned(m, c) && !is_spare(m, c);
}

/* ---- what cannot be found ---- */

static void
add_gap(struct match *m, const struct seeker *s, enum gap_kind kind)
{
	const struct position *p = s->p;

	mem_grow(&m->gaps, &m->cap_gaps, m->n_gaps + 1, sizeof *m->gaps);
	m->gaps[m->n_gaps++] = (struct gap){.kind = kind,
	    .of = p,
	    .unread = !p->packed && p->size > p->place.offset
			  ? p->size - p->place.offset
			  : 0};
}

/* Something nobody knew stands in its place, or has come after it. */
static bool
is_followed(const struct match *m, const struct position *p)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct candidate *c = &m->list[i];

		if (!c->is && c->fate == FATE_READ &&
		    (str_eq(c->path, p->path) || files_is_of(p->path, c->base)))
			return true;
	}
	return false;
}

static void
miss(struct match *m, const struct seeker *s)
{
	const struct position *p = s->p;

	if (p->aside || p->over || (!p->place.offset && !p->size))
		return;
	if (s->cut)
		add_gap(m, s, GAP_CUT);
	else if (is_followed(m, p))
		add_gap(m, s, GAP_ROTATED);
	else if (p->size > p->place.offset)
		add_gap(m, s, GAP_GONE);
}

/* ---- the whole ---- */

void
match_files(struct match *m)
{
	struct index inodes = index_of(m, by_inode);
	struct index paths = index_of(m, by_path);
	struct seekers s = {0};

	gather(m, &s);
	for (size_t i = 0; i < m->n; i++) {
		struct candidate *c = &m->list[i];

		c->hashed = identity_of(&c->st, c->head.p, c->head.n);
	}
	for (size_t i = 0; i < s.n; i++)
		find_by_inode(m, &inodes, &s.list[i]);
	for (size_t i = 0; i < s.n; i++)
		if (!s.list[i].found && !is_nobody(s.list[i].p))
			find_by_name(m, &paths, &s.list[i]);
	for (int own_log = 1; own_log >= 0; own_log--)
		for (size_t i = 0; i < s.n; i++)
			if (!s.list[i].found && !is_nobody(s.list[i].p))
				find_by_contents(m, &s.list[i], own_log);
	for (size_t i = 0; i < s.n; i++)
		if (s.list[i].found)
			prefer_copy(m, &s.list[i]);
	for (size_t i = 0; i < m->n; i++)
		m->list[i].fate =
		    is_to_be_read(m, &m->list[i]) ? FATE_READ : FATE_PASS;
	for (size_t i = 0; i < s.n; i++)
		if (!s.list[i].found)
			miss(m, &s.list[i]);
	mem_free(s.list);
	mem_free(inodes.list);
	mem_free(paths.list);
}

void
match_release(struct match *m)
{
	mem_free(m->gaps);
	m->gaps = NULL;
	m->n_gaps = m->cap_gaps = 0;
}
