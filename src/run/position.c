/* SPDX-License-Identifier: MIT */
/* Positions of inputs; see position.h. */
#include "run/position.h"

/* ---- watermarks ---- */

static void
note_watermark(const struct watermark *w, struct buf *out)
{
	note_key(out, "watermark");
	pack_put_map(out, 9);
	note_int(out, "greatest", w->greatest);
	note_int(out, "first", w->first);
	note_count(out, "moves", w->n_moves);
	note_count(out, "ahead", w->n_ahead);
	note_count(out, "in_row", w->in_row);
	note_bool(out, "noted", w->noted);
	note_count(out, "far", w->n_far);
	note_int(out, "far_from", w->far_from);
	note_int(out, "far_time", w->far_time);
}

static void
take_watermark(struct note n, struct watermark *w)
{
	w->greatest = note_get_int(n, "greatest", WHEN_MIN);
	w->first = note_get_int(n, "first", 0);
	w->n_moves = note_get_count(n, "moves");
	w->n_ahead = note_get_count(n, "ahead");
	w->in_row = (unsigned)note_get_count(n, "in_row");
	w->noted = note_get_bool(n, "noted");
	w->n_far = (unsigned)note_get_count(n, "far");
	w->far_from = note_get_int(n, "far_from", 0);
	w->far_time = note_get_int(n, "far_time", 0);
}

/* ---- places ---- */

void
positions_note(const struct turn *turns, unsigned n, struct buf *out)
{
	pack_put_array(out, n);
	for (unsigned i = 0; i < n; i++) {
		const struct turn *t = &turns[i];
		struct place p = turn_place(t);

		pack_put_map(out, 10);
		note_text(out, "file", t->input->file);
		note_count(out, "input", t->source);
		note_count(out, "offset", p.offset);
		note_count(out, "context", p.context);
		note_count(out, "line", p.line);
		note_count(out, "rows", p.rows);
		note_bool(out, "skipping", p.skipping);
		note_int(out, "floor", t->floor);
		note_count(out, "mark", t->mark);
		note_watermark(&t->w, out);
	}
}

static void
take(struct note n, struct turn *t)
{
	t->place.offset = note_get_count(n, "offset");
	t->place.context = note_get_count(n, "context");
	t->place.line = note_get_count(n, "line");
	t->place.skipping = note_get_bool(n, "skipping");
	t->skip = note_get_count(n, "rows");
	t->floor = note_get_int(n, "floor", WHEN_MIN);
	t->mark = (unsigned)note_get_count(n, "mark");
	take_watermark(note_get_map(n, "watermark"), &t->w);
}

int
positions_take(
    struct note note, struct turn *turns, unsigned n, struct err *err)
{
	struct note one;

	(void)err;
	for (uint32_t k = 0; note_list_at(note, "inputs", k, &one); k++)
		for (unsigned i = 0; i < n; i++)
			if (str_eq(turns[i].input->file,
				note_get_text(one, "file")) &&
			    turns[i].source == note_get_count(one, "input"))
				take(one, &turns[i]);
	return 0;
}

int
position_resume(struct turn *t, struct err *err)
{
	struct place p = t->place;

	/* Another pipe begins anew. */
	if (!t->input->plain && str_is(t->input->file, "-"))
		t->place = (struct place){.rows = t->skip = 0};
	if (!p.offset && !p.skipping)
		return 0;
	if (!t->input->plain && str_is(t->input->file, "-"))
		return 0;
	return input_resume(
	    t->input, p.offset, p.context, p.line, p.skipping, err);
}
