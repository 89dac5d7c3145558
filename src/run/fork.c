/* SPDX-License-Identifier: MIT */
/*
 * Branches behind a fork; see fork.h. Branches share the batch's columns (what
 * they compute has columns of its own); only the selection is theirs. A step
 * without state gives for a row what it gives for it alone, so the steps run
 * over whole batches, and only what they lead to is served row by row.
 */
#include "run/fork.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"

struct fan {
	struct pipe *p;
	struct arena *arena;
	struct leaf *list;
	unsigned n, cap;
	struct bad_row *bad;
	size_t n_bad, cap_bad;
};

static void expand(struct fan *f, struct edge e, const struct batch *b);

/* ---- bad rows ---- */

/* Bad rows of a branch are noted once. */
static void
collect_bad(struct fan *f, struct batch *b)
{
	for (size_t i = 0; i < b->n_bad; i++) {
		mem_grow(&f->bad, &f->cap_bad, f->n_bad + 1, sizeof *f->bad);
		f->bad[f->n_bad] = b->bad[i];
		f->bad[f->n_bad++].branch = true;
	}
	mem_free(b->bad);
	b->bad = NULL;
	b->n_bad = b->cap_bad = 0;
}

struct ranked {
	struct bad_row bad;
	size_t at;
};

static int
by_row(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->bad.row != y->bad.row)
		return x->bad.row < y->bad.row ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* In order of their rows; those of a row in order of the branches. */
static void
sort_bad(struct fan *f)
{
	struct ranked *list;

	if (f->n_bad < 2)
		return;
	list = mem_array(f->n_bad, sizeof *list);
	for (size_t i = 0; i < f->n_bad; i++)
		list[i] = (struct ranked){f->bad[i], i};
	qsort(list, f->n_bad, sizeof *list, by_row);
	for (size_t i = 0; i < f->n_bad; i++)
		f->bad[i] = list[i].bad;
	mem_free(list);
}

/* ---- branches ---- */

static void
add_leaf(struct fan *f, const struct reader *r, struct batch *b)
{
	struct leaf *leaf;

	if (f->n == f->cap) {
		unsigned cap = f->cap ? 2 * f->cap : 4;
		struct leaf *list = arena_array(f->arena, cap, sizeof *list);

		if (f->n)
			memcpy(list, f->list, f->n * sizeof *list);
		f->list = list;
		f->cap = cap;
	}
	leaf = &f->list[f->n++];
	*leaf = (struct leaf){.output = r->number};
	if (!r->output) {
		leaf->op = &f->p->plan->ops[r->number];
		b->port = r->port;
		if (leaf->op->kind->prepare)
			leaf->state =
			    leaf->op->kind->prepare(leaf->op, f->p->eval, b);
		f->p->steps[r->number].in += b->n_sel;
	}
	collect_bad(f, b);
	leaf->batch = *b;
}

/* What a reader gets: the same columns, a selection of its own. */
static struct batch
view_of(const struct fan *f, const struct batch *b)
{
	struct batch view = *b;

	view.bad = NULL;
	view.n_bad = view.cap_bad = 0;
	view.n_filtered = 0;
	if (b->sel) {
		view.sel = arena_array(f->arena, b->n_sel, sizeof *view.sel);
		memcpy(view.sel, b->sel, b->n_sel * sizeof *view.sel);
	}
	return view;
}

static void
branch(struct fan *f, const struct reader *r, struct batch *b)
{
	const struct plan *plan = f->p->plan;

	for (;;) {
		const struct readers *next;
		const struct op *op;

		if (r->output || f->p->runs[r->number]) {
			add_leaf(f, r, b);
			return;
		}
		op = &plan->ops[r->number];
		b->port = r->port;
		f->p->steps[r->number].in += b->n_sel;
		op->kind->batch(op, f->p->eval, b);
		f->p->steps[r->number].out += b->n_sel;
		next = &plan->step_readers[r->number];
		if (next->n != 1) {
			collect_bad(f, b);
			expand(f, (struct edge){true, r->number}, b);
			return;
		}
		r = &next->list[0];
	}
}

static void
expand(struct fan *f, struct edge e, const struct batch *b)
{
	const struct readers *r = plan_readers(f->p->plan, e);

	for (unsigned i = 0; i < r->n; i++) {
		struct batch view = view_of(f, b);

		branch(f, &r->list[i], &view);
	}
}

void
fork_run(struct pipe *p, struct edge e, const struct batch *b, struct fork *out)
{
	struct fan f = {.p = p, .arena = b->arena};

	expand(&f, e, b);
	sort_bad(&f);
	*out = (struct fork){f.list, f.n, f.bad, f.n_bad};
}

/* ---- serving ---- */

/* The first row at or behind `from` that the leaf has, or `to`. */
static unsigned
next_row(const struct leaf *leaf, unsigned from, unsigned to)
{
	unsigned k = op_selected_from(&leaf->batch, from);
	unsigned row;

	if (k >= leaf->batch.n_sel)
		return to;
	row = batch_row(&leaf->batch, k);
	return row < to ? row : to;
}

/*
 * The next row that some leaf has, and how far the rows go that this leaf
 * alone has; row == to if there is none.
 */
static unsigned
next_stretch(const struct leaf *leaves, unsigned n, unsigned from, unsigned to,
    unsigned *row)
{
	unsigned second = to;

	*row = to;
	for (unsigned i = 0; i < n; i++) {
		unsigned at = next_row(&leaves[i], from, to);

		if (at < *row) {
			second = *row;
			*row = at;
		} else if (at < second) {
			second = at;
		}
	}
	return second > *row ? second : *row + 1;
}

void
fork_serve(struct pipe *p, struct leaf *leaves, unsigned n, unsigned from,
    unsigned to, bool meet,
    void (*apply)(
	struct pipe *p, struct leaf *leaf, unsigned from, unsigned to))
{
	unsigned row, end;

	for (unsigned i = 0; !meet && i < n; i++)
		apply(p, &leaves[i], from, to);
	for (; meet && from < to; from = end) {
		end = next_stretch(leaves, n, from, to, &row);
		if (row == to)
			return;
		for (unsigned i = 0; i < n; i++)
			if (next_row(&leaves[i], row, to) < end)
				apply(p, &leaves[i], row, end);
	}
}
