/* SPDX-License-Identifier: MIT */
/* Going on where an earlier run has stopped; see resume.h. */
#include "run/resume.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/match.h"
#include "run/port.h"
#include "run/siblings.h"
#include "run/survey.h"

/* Files that have gone, of which something is still known. */
#define GONE_KEPT 64
#define GONE_TRAILS 1000

/* What a turn is to read. */
struct group {
	struct trail *trail; /* NULL: a new one */
	struct str log;	     /* its live file */
	struct position *parts;
	size_t n, cap;
};

struct arrange {
	struct resume *r;
	struct survey survey;
	struct match match;
	struct trail **noted; /* of this input */
	size_t n_noted;
	bool *known, *done; /* by chain: a run has read it; it is grouped */
	struct group *groups;
	size_t n, cap;
};

static void
gather_noted(struct arrange *a)
{
	struct trails *t = a->r->trails;

	a->noted = mem_array(t->n + 1, sizeof(struct trail *));
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->list[i]->input, a->r->input))
			a->noted[a->n_noted++] = t->list[i];
}

/* ---- what is lost ---- */

static void
describe_gap(const struct gap *g, struct buf *out)
{
	unsigned long long at = g->of->place.offset, n = g->unread;
	char name[512];

	err_quote(name, g->of->path, 120);
	switch (g->kind) {
	case GAP_GONE:
		buf_printf(out,
		    "%s is gone, and %llu bytes of it were not read", name, n);
		return;
	case GAP_ROTATED:
		buf_printf(out,
		    "%s has been replaced, and what it was is nowhere to be "
		    "found: ",
		    name);
		break;
	case GAP_CUT:
		buf_printf(out,
		    "%s was cut or changed before byte %llu, and is read from "
		    "its beginning: ",
		    name, at);
		break;
	}
	if (n)
		buf_printf(out, "%llu bytes were not read", n);
	else
		buf_printf(out,
		    "what was added behind byte %llu is lost, if anything was",
		    at);
}

/* A position is lost; it is not to be missed again. */
static void
drop(struct arrange *a, const struct position *p)
{
	for (size_t i = 0; i < a->n_noted; i++) {
		struct trail *t = a->noted[i];

		for (size_t k = 0; k < t->n; k++)
			if (&t->files[k] == p)
				t->files[k].kind = POSITION_NONE;
	}
}

static void
tell_gaps(struct arrange *a)
{
	struct buf line = {0};

	for (size_t i = 0; i < a->match.n_gaps; i++) {
		line.n = 0;
		describe_gap(&a->match.gaps[i], &line);
		gaps_add(a->r->gaps, buf_str(&line), !a->r->quiet);
	}
	buf_release(&line);
	for (size_t i = 0; i < a->match.n_gaps; i++)
		drop(a, a->match.gaps[i].of);
}

/* ---- what is known of files now ---- */

static void
know_logs(struct arrange *a)
{
	struct survey *s = &a->survey;
	bool *known = a->known = mem_zalloc(s->n_chains + 1);
	bool *inner = mem_zalloc(s->n_chains + 1);

	for (size_t i = 0; i < a->n_noted; i++)
		for (size_t k = 0; k < a->noted[i]->n; k++) {
			const struct position *p = &a->noted[i]->files[k];
			size_t chain = survey_log(s, p->path);

			if (chain == SIZE_MAX || p->aside)
				continue;
			known[chain] = true;
			inner[chain] |= p->inner;
		}
	for (size_t i = 0; i < s->n; i++) {
		struct candidate *c = &s->list[i];

		/* Runs of before did not look for such names: they were there.
		 */
		c->log_known =
		    known[c->chain] &&
		    (inner[c->chain] || !files_is_inner(c->path, c->base));
	}
	mem_free(inner);
}

static void
look_again(struct trails *t, struct position *p, const struct candidate *c)
{
	p->path = arena_str(&t->arena, c->path);
	p->inner = true;
	p->id.device = (uint64_t)c->st.st_dev;
	p->id.inode = (uint64_t)c->st.st_ino;
	identity_grow(&p->id, c->head.p, c->head.n);
	p->packed = c->packed;
	p->size = (uint64_t)c->st.st_size;
	p->written =
	    (int64_t)c->st.st_mtim.tv_sec * 1000000000 + c->st.st_mtim.tv_nsec;
}

static void
look_at_all(struct arrange *a)
{
	for (size_t i = 0; i < a->survey.n; i++) {
		struct candidate *c = &a->survey.list[i];

		if (!c->is)
			continue;
		/* Named now, and never read: as if nobody knew it. */
		if (c->is->aside && c->fate == FATE_READ) {
			c->is->kind = POSITION_NONE;
			c->is = NULL;
			c->trail = NULL;
		} else {
			look_again(a->r->trails, c->is, c);
			c->is->found = true;
		}
	}
}

static struct position
position_of(struct arrange *a, const struct candidate *c)
{
	struct position p = {.path = STR("")};

	if (c->is) {
		p = *c->is;
		c->is->kind = POSITION_NONE; /* it moves to the end */
		return p;
	}
	look_again(a->r->trails, &p, c);
	/* Somebody has read of it before it was handed to us. */
	if (str_is(c->path, "-") && !c->packed) {
		off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);

		p.place.offset = at > 0 ? (uint64_t)at : 0;
	}
	return p;
}

/* ---- groups ---- */

static void
adopt(struct group *g, struct trail *t)
{
	if (g->trail || !t || t->taken)
		return;
	g->trail = t;
	t->taken = true;
}

static struct group *
add_group(struct arrange *a, struct trail *t, struct str log)
{
	mem_grow(&a->groups, &a->cap, a->n + 1, sizeof *a->groups);
	a->groups[a->n] = (struct group){.log = log};
	adopt(&a->groups[a->n], t);
	return &a->groups[a->n++];
}

static void
add_part(struct group *g, struct position p)
{
	mem_grow(&g->parts, &g->cap, g->n + 1, sizeof *g->parts);
	g->parts[g->n++] = p;
}

static bool
has_log(const struct trail *t, struct str base)
{
	for (size_t k = t->n; k-- > 0;)
		if (!t->files[k].aside && t->files[k].kind == POSITION_FILE &&
		    files_is_of(t->files[k].path, base))
			return true;
	return false;
}

/* The latest trail of a log that is not used yet. */
static struct trail *
trail_of(const struct arrange *a, struct str base)
{
	for (size_t i = a->n_noted; i-- > 0;)
		if (!a->noted[i]->taken && has_log(a->noted[i], base))
			return a->noted[i];
	return NULL;
}

/*
 * A log that an earlier run has read: its generations are the work of one
 * turn, but for those that had turns of their own and are not done.
 */
static void
group_log(struct arrange *a, size_t chain)
{
	const struct candidate *list = &a->survey.list[a->survey.first[chain]];
	struct str base = a->survey.bases[chain];
	size_t first = a->n;
	struct group *g = NULL;

	for (size_t i = 0; i < a->survey.length[chain]; i++) {
		const struct candidate *c = &list[i];
		bool fresh = !c->trail || c->trail->taken;

		if (c->fate != FATE_READ)
			continue;
		if (!g || (!fresh && g->trail && !a->r->follow))
			g = add_group(a, c->trail, base);
		else if (!fresh)
			adopt(g, c->trail);
		add_part(g, position_of(a, c));
	}
	for (size_t i = first; i < a->n; i++)
		if (!a->groups[i].trail)
			adopt(&a->groups[i], trail_of(a, base));
	if (!g && a->r->follow)
		add_group(a, trail_of(a, base), base);
}

/* What is noted of p's kind and path becomes p: its trail, or NULL. */
static struct trail *
take_noted(struct arrange *a, struct position *p)
{
	for (size_t i = 0; i < a->n_noted; i++) {
		struct trail *t = a->noted[i];

		for (size_t k = 0; k < t->n; k++)
			if (t->files[k].kind == p->kind &&
			    str_eq(t->files[k].path, p->path)) {
				*p = t->files[k];
				t->files[k].kind = POSITION_NONE;
				return t;
			}
	}
	return NULL;
}

/* There is one journal, whatever the input that reads it is called. */
static void
take_journal(struct arrange *a, struct position *p)
{
	struct trails *all = a->r->trails;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->list[i]->n; k++)
			if (all->list[i]->files[k].kind == POSITION_JOURNAL) {
				*p = all->list[i]->files[k];
				trail_remove(all->list[i], k);
				return;
			}
}

/* A pipe or device, or what is not there, which opening it will tell. */
static void
group_stream(struct arrange *a, struct str path, bool missing)
{
	bool journal = a->r->journal && !missing && str_is(path, "-");
	struct position p = {
	    .kind = missing ? POSITION_FILE : POSITION_STREAM, .path = path};
	struct position kept = {.kind = POSITION_JOURNAL, .path = path};
	struct trail *t = journal ? take_noted(a, &kept) : NULL;

	if (journal && !t)
		take_journal(a, &kept);
	if (!t && !missing)
		t = take_noted(a, &p);
	add_part(add_group(a, t, path), journal ? kept : p);
}

/* It was there once: that it is missing now means that nothing is new. */
static bool
has_been_read(const struct arrange *a, struct str path)
{
	struct str base = files_base(path);

	for (size_t i = 0; i < a->n_noted; i++)
		if (has_log(a->noted[i], base))
			return true;
	return false;
}

/* What is no file: not now, or never. */
static void
group_other(struct arrange *a, struct str path)
{
	enum survey_found found = survey_look(path);

	if (found == SURVEY_STREAM)
		group_stream(a, path, false);
	else if (found == SURVEY_HIDDEN ||
		 (found == SURVEY_NOTHING && !has_been_read(a, path)))
		group_stream(a, path, true);
}

static void
group_name(struct arrange *a, size_t name)
{
	struct str path = a->r->names->names[name];
	const struct candidate *c = survey_find(&a->survey, name);
	size_t chain = c ? c->chain : survey_log(&a->survey, path);

	if (chain != SIZE_MAX && (a->r->follow || a->known[chain])) {
		if (!a->done[chain])
			group_log(a, chain);
		a->done[chain] = true;
	} else if (!c) {
		group_other(a, path);
	} else if (c->fate == FATE_READ) {
		add_part(add_group(a, c->trail, c->base), position_of(a, c));
	}
}

/* ---- trails ---- */

/* It has not grown, and nothing comes after it. */
static bool
is_idle(const struct group *g)
{
	const struct position *p = g->parts;

	return g->trail && g->n == 1 && p->kind == POSITION_FILE &&
	       p->place.offset && !p->packed && !p->place.rows &&
	       p->size == p->place.offset;
}

/* What is not to be read stays in the trail, as what was read before. */
static void
keep_rest(struct trail *t)
{
	size_t n = 0, gone = 0;

	for (size_t k = t->n; k-- > 0;) {
		struct position *p = &t->files[k];

		if (p->kind == POSITION_FILE && !p->found && ++gone > GONE_KEPT)
			p->kind = POSITION_NONE;
	}
	for (size_t k = 0; k < t->n; k++)
		if (t->files[k].kind != POSITION_NONE)
			t->files[n++] = t->files[k];
	t->n = t->at = n;
}

/* Rotated siblings that are not to be read, now or later. */
static void
note_asides(struct arrange *a, struct trail *t, struct str base)
{
	for (size_t i = 0; i < a->survey.n; i++) {
		struct candidate *c = &a->survey.list[i];
		struct position p;

		if (c->is || c->named || c->fate != FATE_PASS || !c->head.n ||
		    !str_eq(c->base, base))
			continue;
		p = position_of(a, c);
		p.aside = true;
		trail_add(t, p);
		c->named = true; /* once is enough */
	}
}

static void
make_trail(struct arrange *a, struct group *g, bool idle)
{
	struct resume *r = a->r;
	struct trail *t = g->trail ? g->trail : trails_add(r->trails, r->input);

	for (size_t i = 0; i < g->n; i++) {
		size_t chain = survey_log(&a->survey, g->parts[i].path);

		if (chain != SIZE_MAX)
			note_asides(a, t, a->survey.bases[chain]);
	}
	t->at = t->n;
	t->log = arena_str(&r->trails->arena, g->log);
	for (size_t i = 0; i < g->n; i++)
		trail_add(t, g->parts[i]);
	if (idle) {
		t->at = t->n;
		return;
	}
	mem_grow(&r->turns, &r->cap_turns, r->n_turns + 1, sizeof *r->turns);
	r->turns[r->n_turns++] = t;
}

/* Files come and go: what has been gone for long is forgotten. */
static void
forget_old(struct arrange *a)
{
	size_t gone = 0;

	for (size_t i = a->n_noted; i-- > 0;)
		if (!a->noted[i]->taken && ++gone > GONE_TRAILS)
			a->noted[i]->n = a->noted[i]->at = 0;
}

static void
make_trails(struct arrange *a)
{
	size_t left = a->n;

	for (size_t i = 0; i < a->n_noted; i++)
		keep_rest(a->noted[i]);
	for (size_t i = 0; i < a->n; i++) {
		/* Something has to tell what the input's records are like. */
		bool idle = !a->r->follow && is_idle(&a->groups[i]) &&
			    (left > 1 || a->r->n_turns);

		left--;
		make_trail(a, &a->groups[i], idle);
	}
	forget_old(a);
}

/* ---- the interface ---- */

/* Could everything be looked at that had to be? */
static int
check_survey(struct arrange *a, struct err *err)
{
	const struct survey *s = &a->survey;
	char name[512];

	if (s->err.message) {
		err_release(err);
		*err = a->survey.err;
		a->survey.err = (struct err){0};
		return -1;
	}
	/* What is missed may be where we may not look. */
	for (size_t i = 0; i < s->n; i++) {
		const struct candidate *c = &s->list[i];

		if (!c->blind || c->is ||
		    (c->fate == FATE_PASS && !a->match.n_gaps))
			continue;
		errno = EACCES;
		return port_fail(c->path, "open", err);
	}
	if (!s->veiled || !a->match.n_gaps)
		return 0;
	err_quote(name, a->match.gaps[0].of->path, 120);
	return err_sys(err, ERR_INPUT, EACCES,
	    "cannot look for what %s was: its directory", name);
}

static void
arrange(struct arrange *a)
{
	tell_gaps(a);
	look_at_all(a);
	for (size_t i = a->r->from; i < a->r->to; i++)
		group_name(a, i);
	make_trails(a);
}

int
resume_input(struct resume *r, struct err *err)
{
	struct arrange a = {.r = r};
	int status;

	gather_noted(&a);
	survey_files(&a.survey, r->names, r->from, r->to, r->follow, r->quiet);
	a.done = mem_zalloc(a.survey.n_chains + 1);
	know_logs(&a);
	a.match = (struct match){.trails = a.noted,
	    .n_trails = a.n_noted,
	    .list = a.survey.list,
	    .n = a.survey.n,
	    .look = survey_before,
	    .prefix = survey_prefix,
	    .arg = &a.survey};
	match_files(&a.match);
	status = check_survey(&a, err);
	if (!status)
		arrange(&a);
	for (size_t i = 0; i < a.n; i++)
		mem_free(a.groups[i].parts);
	mem_free(a.groups);
	mem_free(a.noted);
	mem_free(a.done);
	mem_free(a.known);
	match_release(&a.match);
	survey_release(&a.survey);
	return status;
}

/* ---- later ---- */

static bool
is_there(const struct position *p)
{
	struct stat st;

	return !stat(p->path.p, &st) && (uint64_t)st.st_dev == p->id.device &&
	       (uint64_t)st.st_ino == p->id.inode;
}

/* Nothing of it was read, or nothing is there: opening it will tell. */
static bool
may_be_any(const struct position *p)
{
	struct stat st;

	return !p->id.inode || !p->place.offset ||
	       (stat(p->path.p, &st) && errno == ENOENT);
}

int
resume_locate(struct trails *t, struct position *p, struct err *err)
{
	struct siblings now = {0};
	const struct sibling *s;
	struct str base;
	char name[512];
	int status = 0;

	if (p->kind != POSITION_FILE || str_is(p->path, "-") || is_there(p))
		return 0;
	base = files_base(p->path);
	siblings_look(&now, arena_str(&t->arena, base).p);
	s = siblings_find(&now, &p->id);
	err_quote(name, p->path, 120);
	if (s)
		p->path = arena_str(&t->arena, s->path);
	else if (now.failure)
		status = err_sys(err, ERR_INPUT, now.failure,
		    "cannot look for what %s was", name);
	else if (!may_be_any(p))
		status = err_set(err, ERR_INPUT, (struct where){0},
		    "%s has been replaced, and what it was is gone", name);
	siblings_release(&now);
	return status;
}
