/* SPDX-License-Identifier: MIT */
/* Positions of inputs; see position.h. */
#include "run/position.h"

#include <unistd.h>

#include "run/resume.h"

static struct position *
position_of(const struct turn *t)
{
	struct trail *trail = t->trail;

	return trail && trail->at < trail->n ? &trail->files[trail->at] : NULL;
}

/* ---- noting ---- */

static void
note_stat(struct position *p, const struct stat *st)
{
	p->size = (uint64_t)st->st_size;
	p->written =
	    (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* How long the file is now, so that it is known what was not read of it. */
static void
look_at(const struct turn *t, struct position *p)
{
	const struct input *in = t->input;
	struct stat st;

	if (in->follow) {
		if (follow_stat(in->follow, &st))
			note_stat(p, &st);
	} else if (in->plain && file_stat(in->plain, &st)) {
		note_stat(p, &st);
	}
}

/* What the format has to be told of the place in another run. */
static void
note_context(
    const struct turn *t, struct arena *a, uint64_t context, struct position *p)
{
	const struct layout *l = t->input->layout;
	struct str text = {NULL, 0};

	if (!l)
		return;
	if (l->format->note) {
		text = l->format->note(l, context);
		p->place.context = 0; /* the number is of this run alone */
	}
	if (!str_eq(text, p->context))
		p->context = arena_str(a, text);
}

/* The place, and the bytes before it. */
static void
note_place(const struct turn *t, struct arena *a, struct position *p)
{
	struct place at = turn_place(t);

	if (p->kind == POSITION_STREAM) {
		p->place = t->begun;
		p->place.offset += at.offset;
		p->place.line += at.line;
		p->records = t->begun_records + t->records;
		return;
	}
	if (at.offset != p->place.offset) {
		p->n_tail = t->tail_at == at.offset ? (uint32_t)t->tail.n : 0;
		p->tail = identity_hash(t->tail.bytes, p->n_tail);
	}
	p->place = at;
	note_context(t, a, at.context, p);
	if (p->kind == POSITION_JOURNAL)
		p->begin = spool_note(t->input->spool, at.offset);
}

static void
note_turn(const struct turn *t, struct arena *a)
{
	struct position *p = position_of(t);
	struct trail *trail = t->trail;

	trail->timed = t->timed;
	trail->w = t->w;
	trail->far_line = t->far_line;
	trail->floor = t->floor;
	trail->mark = t->mark;
	if (!p || !(t->resumed || t->values))
		return;
	note_place(t, a, p);
	if (p->kind == POSITION_FILE)
		look_at(t, p);
}

void
positions_note(struct sources *s, struct buf *out)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->turns[i].trail)
			note_turn(&s->turns[i], &s->trails.arena);
	trails_note(&s->trails, out);
}

/* ---- going on ---- */

static void
set_place(struct turn *t, const struct position *p)
{
	t->place = t->begun = p ? p->place : (struct place){0};
	t->begun_records = p ? p->records : 0;
	t->records = 0;
	t->skip = t->place.rows;
	t->place.rows = 0;
	t->offset = t->place.offset;
	t->tail.n = 0;
	t->tail_at = t->place.offset;
	t->resumed = false;
	if (p && p->kind == POSITION_STREAM) {
		/* It cannot be read again: what comes now is new. */
		t->place = (struct place){0};
		t->skip = t->offset = t->tail_at = 0;
	}
}

void
position_take(struct turn *t, struct trail *trail)
{
	struct watermark w = trail->w;

	t->trail = trail;
	set_place(t, position_of(t));
	if (!trail->timed)
		return;
	w.lateness = t->w.lateness;
	w.ahead = t->w.ahead;
	w.ceiling = t->w.ceiling;
	w.now = t->w.now;
	t->w = w;
	t->far_line = trail->far_line;
	t->floor = trail->floor;
	t->mark = trail->mark;
}

int
position_begin(struct turn *t, struct sources *s, struct err *err)
{
	struct position *p = position_of(t);
	struct input *in = t->input;

	if (!p || in->follow || in->given ||
	    (p->kind != POSITION_FILE && p->kind != POSITION_JOURNAL))
		return 0;
	if (resume_locate(&s->trails, p, err))
		return -1;
	in->file = p->path;
	in->holds = s->options->state && !s->options->state->final &&
		    !position_is_over(t);
	in->noted =
	    p->place.offset && p->format.n ? format_find(p->format) : NULL;
	return 0;
}

/* The bytes before the place are those that what follows is added to. */
static int
load_tail(struct turn *t, const struct position *p, struct err *err)
{
	struct file *f = t->input->plain;
	ssize_t got;

	if (!f || !p->n_tail)
		return 0;
	got = file_read_at(
	    f, t->tail.bytes, p->n_tail, p->place.offset - p->n_tail);
	if (got < 0)
		return port_fail(p->path, "read", err);
	if (got == (ssize_t)p->n_tail)
		t->tail.n = p->n_tail;
	return 0;
}

/* Which file a followed log is at now. */
static void
note_generation(struct turn *t, struct sources *s)
{
	struct follow *f = t->input->follow;
	struct trail *trail = t->trail;
	struct identity id = follow_identity(f);
	size_t i = trail->at;

	while (i < trail->n && (trail->files[i].id.inode != id.inode ||
				   trail->files[i].id.device != id.device))
		i++;
	if (i == trail->n) {
		trail_add(trail, (struct position){.path = STR("")});
		trail->files[i].id = id;
		for (; i > trail->at; i--) {
			struct position p = trail->files[i];

			trail->files[i] = trail->files[i - 1];
			trail->files[i - 1] = p;
		}
	}
	trail->at = i;
	trail->files[i].path = arena_str(&s->trails.arena, follow_name(f));
	set_place(t, &trail->files[i]);
}

/* Once: later runs have heard of it. */
static void
warn_stream(const struct sources *s, const struct position *p)
{
	char name[512];

	if (s->options->quiet || p->place.offset)
		return;
	err_quote(name, p->path, 120);
	fprintf(stderr,
	    "weir: %s is no file: what came of it since the last commit "
	    "cannot be read again after a crash\n",
	    str_is(p->path, "-") ? "standard input" : name);
}

/* ---- what event time is ---- */

static struct str
time_by(const struct turn *t, struct arena *a)
{
	const struct input *in = t->input;
	const struct decode_spec *spec = &in->spec;
	struct path found = {0};
	struct buf text = {0};
	struct str by;

	if (spec->time >= 0)
		found = spec->wants[spec->time].path;
	plan_time_text(&text, &in->plan->time, found);
	by = arena_str(a, buf_str(&text));
	buf_release(&text);
	return by;
}

/*
 * Windows and watermarks that go by one time make no sense of another. That a
 * field is found by another name is how records are.
 */
static int
check_time(struct turn *t, struct sources *s, struct str path, struct err *err)
{
	const struct plan_time *time = &t->input->plan->time;
	struct trail *trail = t->trail;
	bool stated = time->expr || time->field.n || time->zone;
	struct str by;
	char name[512];

	/* Nothing was read that could have a time. */
	if (!time->expr && t->input->spec.time < 0)
		return 0;
	by = time_by(t, &s->trails.arena);
	if (trail->by.n && !str_eq(trail->by, by) &&
	    (stated || trail->stated)) {
		err_quote(name,
		    str_is(path, "-") ? STR("standard input") : path, 120);
		err_set(err, ERR_STATE, (struct where){0},
		    "%s: event time is not what it was:\n"
		    "  - time: %.*s\n  + time: %.*s",
		    name, STR_ARG(trail->by), STR_ARG(by));
		return err_hint(err,
		    "what is kept goes by the old one; to begin anew: "
		    "weir state rm %s",
		    s->options->state->dir);
	}
	trail->by = by;
	trail->stated = stated;
	return 0;
}

int
position_resume(struct turn *t, struct sources *s, struct err *err)
{
	const struct block *head = &t->input->head;
	struct position *p;
	struct place at;

	if (!t->trail || t->resumed)
		return 0;
	if (t->input->follow)
		note_generation(t, s);
	p = position_of(t);
	t->resumed = true;
	if (!p)
		return 0;
	if (t->timed && s->options->state && check_time(t, s, p->path, err))
		return -1;
	if (p->kind == POSITION_STREAM) {
		warn_stream(s, p);
		return 0;
	}
	if (p->kind == POSITION_JOURNAL && head->from > SPOOL_HEADER)
		return err_set(err, ERR_INPUT, (struct where){0},
		    "standard input begins with a header longer than --journal "
		    "can keep");
	if (p->kind == POSITION_FILE && head->from == head->offset)
		identity_grow(&p->id, head->bytes, head->to);
	p->format = str_of(t->input->format->name);
	if (t->input->format->recall)
		t->place.context =
		    t->input->format->recall(t->input->layout, p->context);
	at = t->place;
	if (!at.offset && !at.skipping)
		return 0;
	if (input_resume(
		t->input, at.offset, at.context, at.line, at.skipping, err))
		return -1;
	return load_tail(t, p, err);
}

/* ---- the end of a file ---- */

bool
position_cut_off(struct turn *t, struct err *err)
{
	struct err *why = &t->input->err;

	if (!t->trail || !why->message || why->code != ERR_IO)
		return false;
	if (!err->message) {
		*err = *why;
		*why = (struct err){0};
	}
	return true;
}

/* Something stands in a file that comes after it: it does not go on. */
bool
position_is_over(const struct turn *t)
{
	const struct trail *trail = t->trail;
	struct stat st;

	for (size_t i = trail->at + 1; i < trail->n; i++)
		if (!stat(trail->files[i].path.p, &st) && st.st_size)
			return true;
	return false;
}

void
position_end(struct turn *t, struct sources *s, bool damaged)
{
	struct position *p = position_of(t);

	if (!p || !t->resumed)
		return;
	if (p->kind == POSITION_JOURNAL && damaged)
		spool_give_up(t->input->spool);
	note_turn(t, &s->trails.arena);
	if (p->kind != POSITION_FILE || damaged || t->batch)
		return;
	p->over = t->input->follow || p->packed || position_is_over(t);
}

bool
position_next(struct turn *t)
{
	struct trail *trail = t->trail;

	if (!trail || t->input->given || trail->at + 1 >= trail->n)
		return false;
	trail->at++;
	set_place(t, position_of(t));
	return true;
}
