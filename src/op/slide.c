/* SPDX-License-Identifier: MIT */
/* Aggregates that slide from window to window; see slide.h. */
#include "op/slide.h"

#include "base/must.h"
#include "op/group.h"

/* The heap may grow this much by coming and going before it is made anew. */
#define HEAP_SLACK ((size_t)1 << 20)

void
slide_init(struct slide *s, const struct group_config *c,
    struct table *(*table_at)(void *arg, int64_t start), void *arg)
{
	*s = (struct slide){.c = c, .table_at = table_at, .arg = arg};
	table_init(&s->cells, c->cell_bytes);
}

void
slide_release(struct slide *s)
{
	table_release(&s->cells);
}

void
slide_clear(struct slide *s)
{
	table_release(&s->cells);
	table_init(&s->cells, s->c->cell_bytes);
	s->span.end = s->span.start;
	s->n_gone = 0;
}

/* ---- coming and going ---- */

/* Cells are looked up this many ahead of their use, to be at hand by then. */
#define AHEAD 16

static void
come(struct slide *s, const struct table *t)
{
	struct cell *to[AHEAD];

	for (size_t i = 0; t && i < t->n + AHEAD; i++) {
		if (i >= AHEAD) {
			struct cell *c = to[i % AHEAD];

			c->revision++;
			group_merge(s->c, GROUP_SLIDING, &s->cells.heap,
			    c->bytes, t->cells[i - AHEAD]->bytes);
		}
		if (i < t->n) {
			const struct cell *from = t->cells[i];

			to[i % AHEAD] = table_cell(
			    &s->cells, cell_key(t, from), from->hash);
		}
	}
}

static void
take_out(struct slide *s, char *into, const char *from)
{
	for (unsigned i = 0; i < s->c->grouping.n_aggs; i++) {
		const struct agg_call *call = &s->c->grouping.aggs[i];

		if (s->c->slides[i])
			agg_unmerge(call, &s->cells.heap, into + call->offset,
			    from + call->offset);
	}
}

static void
go(struct slide *s, const struct table *t)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const struct cell *from = t->cells[i];
		struct cell *to =
		    table_find(&s->cells, cell_key(t, from), from->hash);

		must(to && to->revision);
		if (--to->revision) {
			take_out(s, to->bytes, from->bytes);
			continue;
		}
		memset(to->bytes, 0, s->c->cell_bytes);
		s->n_gone++;
	}
}

/* Cells of keys that are gone, and what they left in the heap, pile up. */
static bool
is_littered(const struct slide *s)
{
	return s->n_gone > s->cells.n / 2 + 64 ||
	       s->cells.heap.total > 2 * s->heap_made + HEAP_SLACK;
}

static void
move(struct slide *s, struct span window)
{
	int64_t width = s->c->window.slice;
	bool anew = s->span.start == s->span.end ||
		    window.start < s->span.start ||
		    window.start >= s->span.end || window.end < s->span.end ||
		    is_littered(s);

	if (anew) {
		slide_clear(s);
		s->span = (struct span){window.start, window.start};
	}
	for (; s->span.start < window.start; s->span.start += width)
		go(s, s->table_at(s->arg, s->span.start));
	for (; s->span.end < window.end; s->span.end += width)
		come(s, s->table_at(s->arg, s->span.end));
	if (anew)
		s->heap_made = s->cells.heap.total;
}

void
slide_drop(struct slide *s, struct span slice, const struct table *t)
{
	if (s->span.start == s->span.end || slice.start >= s->span.end ||
	    slice.start < s->span.start)
		return;
	/* Slices go in order of time, as windows do; cells that are not in
	 * memory cannot be taken out. */
	if (slice.start != s->span.start || !table_is_whole(t)) {
		slide_clear(s);
		return;
	}
	go(s, t);
	s->span.start = slice.end;
}

void
slide_stale(struct slide *s, struct span slice)
{
	if (slice.start >= s->span.start && slice.start < s->span.end)
		slide_clear(s);
}

/* ---- values ---- */

/* Makes one accumulator anew from the slices of the window. */
static void
make_anew(struct slide *s, const struct agg_call *call, char *acc,
    struct str key, uint64_t hash)
{
	memset(acc, 0, agg_size(call));
	for (int64_t t = s->span.start; t < s->span.end;
	     t += s->c->window.slice) {
		const struct table *table = s->table_at(s->arg, t);
		const struct cell *c =
		    table ? table_find(table, key, hash) : NULL;

		if (c)
			agg_merge(
			    call, &s->cells.heap, acc, c->bytes + call->offset);
	}
}

static void
fill_cell(struct slide *s, const struct table *t, struct cell *to)
{
	struct str key = cell_key(t, to);
	struct cell *from = table_find(&s->cells, key, to->hash);

	must(from && from->revision);
	for (unsigned i = 0; i < s->c->grouping.n_aggs; i++) {
		const struct agg_call *call = &s->c->grouping.aggs[i];
		char *acc = from->bytes + call->offset;

		if (!s->c->slides[i])
			continue;
		if (!agg_sound(call, acc))
			make_anew(s, call, acc, key, to->hash);
		/* Only read from here on: a copy of the head will do. */
		memcpy(to->bytes + call->offset, acc, agg_size(call));
	}
}

void
slide_fill(struct slide *s, struct span window, struct table *t)
{
	move(s, window);
	for (size_t i = 0; i < t->n; i++)
		fill_cell(s, t, t->cells[i]);
}
