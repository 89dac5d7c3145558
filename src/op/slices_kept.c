/* SPDX-License-Identifier: MIT */
/*
 * Slices from one run to the next. The cells of a slice are in the bucket of
 * its start, the corrections of a window in that of its end; besides, every
 * slice is noted with the number of its keys, and the watermark up to which
 * windows have fired. When each slice is due follows from that. Merges of
 * slices are made anew when they are needed.
 */
#include "base/mem.h"
#include "op/slices.h"

static void
note_slice(struct slices_run *r, struct slice *s)
{
	if (s->n_saved != slice_keys(s))
		group_note_slice(r->starts, s->span.start, slice_keys(s));
	s->n_saved = slice_keys(s);
}

void
slices_save(struct op_run *run)
{
	struct slices_run *r = (struct slices_run *)run;

	for (size_t i = 0; r->by_start.slots && i <= r->by_start.mask; i++)
		if (r->by_start.slots[i])
			note_slice(r, index_pointer(r->by_start.slots[i]));
	if (r->watermark == r->saved)
		return;
	group_put_number(r->own, "watermark", r->watermark);
	r->saved = r->watermark;
}

static void
restore_slices(struct slices_run *r)
{
	struct store_scan *scan = state_scan(r->starts, 0);
	struct group_slice noted;
	struct span span;

	while (group_next_slice(r->starts, scan, &noted)) {
		if (!window_slice(&r->c->window, noted.start, &span) ||
		    span.start != noted.start || slices_find(r, span.start)) {
			state_damaged(r->starts, 0, STR("start of a slice"));
			continue;
		}
		r->last = slices_make(r, span);
		r->last->n_before = r->last->n_saved = noted.n_keys;
		r->run.counts.keys += noted.n_keys;
		group_far_take_back(&r->far, span.start, &r->last->table);
	}
	store_scan_end(scan);
}

/* Windows that were corrected: they are known by their ends. */
static void
restore_corrected(struct slices_run *r)
{
	struct span slice, window;
	int64_t *ends;
	size_t n = state_buckets(r->revisions, &ends);

	for (size_t i = 0; i < n; i++)
		if (ends[i] > WHEN_MIN &&
		    window_slice(&r->c->window, ends[i] - 1, &slice) &&
		    window_next(&r->c->window, slice, ends[i] - 1, &window) &&
		    window.end == ends[i])
			slices_corrected(r, window);
	mem_free(ends);
}

int
slices_restore(struct op_run *run, struct state_step *step, struct err *err)
{
	struct slices_run *r = (struct slices_run *)run;

	(void)err;
	group_keep_init(&r->keep, r->c, step);
	group_far_init(&r->far, r->c, &r->keep, step);
	r->keep.far = &r->far;
	r->cells = state_map(step, "cells");
	table_pieces(
	    r->cells, &group_codec, &r->keep, r->c->cell_bytes, r->c->grows);
	r->starts = state_map(step, "slices");
	r->revisions = state_map(step, "revisions");
	r->own = state_map(step, "step");
	group_get_number(r->own, "watermark", &r->watermark);
	r->saved = r->watermark;
	restore_slices(r);
	restore_corrected(r);
	return 0;
}
