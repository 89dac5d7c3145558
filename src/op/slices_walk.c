/* SPDX-License-Identifier: MIT */
/*
 * Windows of several slices when there is no memory to have all their cells at
 * once: the slices are walked over side by side in order of keys, wherever
 * their cells are, and a key's cells are merged when it comes up.
 *
 * Cells are merged in the same order as the tree over slices merges its tables
 * (slice_tree.c), and what slides is merged from the first slice to the last,
 * so every digit is the same.
 */
#include "base/mem.h"
#include "data/key.h"
#include "op/slices.h"

/* A slice of the window that has cells. */
struct walked {
	int64_t number; /* of the slice, from the start of time */
	struct table *table;
	struct table_walk *walk;
	struct str key;	   /* of the next cell */
	struct cell *cell; /* of the key at hand, if it has it */
};

struct slices_walk {
	struct slices_run *run;
	struct walked *slices; /* in order of time */
	size_t n, cap;
	size_t *heap; /* of those that have a cell, by its key, then time */
	size_t n_heap;
	size_t *at; /* slices that have the key at hand, in order */
	size_t n_at;
	struct arena arena; /* of what is merged */
};

/* Bytes beside its accumulators that a cell may take in memory. */
#define CELL_BYTES 96

bool
slices_are_many(const struct slices_run *r, struct span window)
{
	size_t more = 0;

	for (int64_t t = window.start; t < window.end;
	     t += r->c->window.slice) {
		const struct slice *s = slices_find(r, t);

		if (s && !table_is_whole(&s->table))
			more +=
			    (slice_keys(s) - (s->table.n - s->table.n_gone)) *
			    (r->c->cell_bytes + CELL_BYTES);
	}
	return state_is_tight(r->keep.step, more);
}

/* ---- all slices side by side ---- */

static int
order(const struct slices_walk *w, size_t i, size_t k)
{
	int by_key = key_cmp(w->slices[i].key, w->slices[k].key);

	return by_key ? by_key : (i > k) - (i < k);
}

/* Lets the entry at a place of the heap sink to where it belongs. */
static void
sink(struct slices_walk *w, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < w->n_heap; at = child) {
		size_t swap;

		if (child + 1 < w->n_heap &&
		    order(w, w->heap[child + 1], w->heap[child]) < 0)
			child++;
		if (order(w, w->heap[at], w->heap[child]) <= 0)
			return;
		swap = w->heap[at];
		w->heap[at] = w->heap[child];
		w->heap[child] = swap;
	}
}

static void
begin(struct slices_walk *w, struct span window)
{
	struct slices_run *r = w->run;

	for (int64_t t = window.start; t < window.end;
	     t += r->c->window.slice) {
		struct table *table = slices_table(r, t);
		struct walked *s;

		if (!table)
			continue;
		mem_grow(&w->slices, &w->cap, w->n + 1, sizeof *w->slices);
		s = &w->slices[w->n++];
		*s = (struct walked){
		    .number = slice_tree_number(&r->tree, t), .table = table};
		s->walk = table_walk_begin(table);
		table_walk_keep(s->walk);
	}
	w->heap = mem_array(w->n, sizeof *w->heap);
	w->at = mem_array(w->n, sizeof *w->at);
	for (size_t i = 0; i < w->n; i++)
		if (table_walk_peek(w->slices[i].walk, &w->slices[i].key))
			w->heap[w->n_heap++] = i;
	for (size_t i = w->n_heap / 2; i--;)
		sink(w, i);
}

/* Takes the slice whose key comes first off the heap, with its cell. */
static struct walked *
take(struct slices_walk *w)
{
	struct walked *s = &w->slices[w->heap[0]];

	w->at[w->n_at++] = w->heap[0];
	w->heap[0] = w->heap[--w->n_heap];
	sink(w, 0);
	s->cell = table_walk_next(s->walk);
	return s;
}

/* The slices that have the next key go to w->at; false at the end. */
static bool
next_key(struct slices_walk *w)
{
	const struct walked *first;
	struct str key;

	w->n_at = 0;
	if (!w->n_heap)
		return false;
	first = take(w);
	key = cell_key(first->table, first->cell);
	while (w->n_heap && str_eq(key, w->slices[w->heap[0]].key))
		take(w);
	return true;
}

/* Those slices wait for their next keys. */
static void
pass_key(struct slices_walk *w)
{
	for (size_t i = 0; i < w->n_at; i++) {
		struct walked *s = &w->slices[w->at[i]];
		size_t at;

		if (!table_walk_peek(s->walk, &s->key))
			continue;
		for (at = w->n_heap++; at; at = (at - 1) / 2) {
			if (order(w, w->at[i], w->heap[(at - 1) / 2]) >= 0)
				break;
			w->heap[at] = w->heap[(at - 1) / 2];
		}
		w->heap[at] = w->at[i];
	}
}

/* ---- merging as the tree does ---- */

/* Is there a slice numbered from..to - 1 that has cells at all? */
static bool
any_slice(const struct slices_walk *w, int64_t from, int64_t to)
{
	size_t lo = 0, hi = w->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (w->slices[mid].number < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->n && w->slices[lo].number < to;
}

/*
 * The key's accumulators of 2^level slices from a number on, or NULL; its
 * cells are taken from w->at[*i] on. The depth of the recursion is the level.
 */
static const char *
node_acc(struct slices_walk *w, unsigned level, int64_t first, size_t *i)
{
	const struct group_config *c = w->run->c;
	int64_t half = level ? (int64_t)1 << (level - 1) : 0;
	const char *left, *right;
	char *acc;

	if (*i == w->n_at ||
	    w->slices[w->at[*i]].number >= first + 2 * half + !half)
		return NULL;
	if (!level)
		return w->slices[w->at[(*i)++]].cell->bytes;
	left = node_acc(w, level - 1, first, i);
	right = node_acc(w, level - 1, first + half, i);
	if (!left && !right)
		return NULL;
	if (!any_slice(w, first, first + half))
		return right;
	if (!any_slice(w, first + half, first + 2 * half))
		return left;
	acc = arena_zalloc(&w->arena, c->cell_bytes);
	if (left)
		group_merge(c, GROUP_OTHERS, &w->arena, acc, left);
	if (right)
		group_merge(c, GROUP_OTHERS, &w->arena, acc, right);
	return acc;
}

struct part {
	unsigned level;
	int64_t first; /* number of its first slice */
};

/* The parts of [a, b) in order of time: as slice_tree_merge has them. */
static unsigned
parts_of(const struct slices_walk *w, int64_t a, int64_t b, struct part *parts)
{
	struct part right[64];
	unsigned n = 0, n_right = 0;

	for (unsigned level = 0; a < b; level++, a >>= 1, b >>= 1) {
		int64_t at_once = (int64_t)1 << level;

		if (a & 1) {
			parts[n++] = (struct part){level, a * at_once};
			a++;
		}
		if (b & 1) {
			b--;
			right[n_right++] = (struct part){level, b * at_once};
		}
	}
	while (n_right)
		parts[n++] = right[--n_right];
	for (unsigned i = n_right = 0; i < n; i++)
		if (any_slice(w, parts[i].first,
			parts[i].first + ((int64_t)1 << parts[i].level)))
			parts[n_right++] = parts[i];
	return n_right;
}

static const char *
merge_key(struct slices_walk *w, const struct part *parts, unsigned n)
{
	const struct group_config *c = w->run->c;
	size_t at = 0;
	char *sum;

	if (n == 1 && !c->n_slides)
		return node_acc(w, parts[0].level, parts[0].first, &at);
	sum = arena_zalloc(&w->arena, c->cell_bytes);
	for (unsigned i = 0; i < n; i++) {
		const char *acc =
		    node_acc(w, parts[i].level, parts[i].first, &at);

		if (acc)
			group_merge(c, GROUP_OTHERS, &w->arena, sum, acc);
	}
	for (size_t i = 0; c->n_slides && i < w->n_at; i++)
		group_merge(c, GROUP_SLIDING, &w->arena, sum,
		    w->slices[w->at[i]].cell->bytes);
	return sum;
}

/* ---- windows ---- */

/* Rows go on, and what they were made of is forgotten, after so many keys. */
#define KEYS 1024
#define BYTES ((size_t)1 << 20)

static bool
is_full(const struct slices_walk *w, unsigned n)
{
	size_t held = w->arena.total;

	if (n % KEYS == 0)
		return true;
	for (size_t i = 0; i < w->n_at; i++)
		held += table_walk_held(w->slices[w->at[i]].walk);
	return held > BYTES;
}

static void
forget(struct slices_walk *w)
{
	group_rows_flush(&w->run->rows);
	arena_reset(&w->arena);
	for (size_t i = 0; i < w->n; i++)
		table_walk_forget(w->slices[i].walk);
}

static void
give_key(struct slices_walk *w, struct span window, const struct part *parts,
    unsigned n)
{
	struct slices_run *r = w->run;
	const struct walked *first = &w->slices[w->at[0]];
	const char *acc = merge_key(w, parts, n);

	if (group_there(r->c, acc))
		group_rows_add(&r->rows, window,
		    cell_key(first->table, first->cell), acc, 0);
	for (size_t i = 0; i < w->n_at; i++)
		slices_mark(
		    r, w->slices[w->at[i]].table, w->slices[w->at[i]].cell);
}

void
slices_walk(struct slices_run *r, struct span window)
{
	struct slices_walk w = {.run = r};
	struct part parts[128];
	unsigned n = 0, n_parts;

	arena_init(&w.arena, 4096);
	begin(&w, window);
	n_parts = parts_of(&w, slice_tree_number(&r->tree, window.start),
	    slice_tree_number(&r->tree, window.end), parts);
	while (next_key(&w)) {
		give_key(&w, window, parts, n_parts);
		if (is_full(&w, ++n))
			forget(&w);
		pass_key(&w);
	}
	forget(&w);
	for (size_t i = 0; i < w.n; i++)
		table_walk_end(w.slices[i].walk);
	arena_release(&w.arena);
	mem_free(w.slices);
	mem_free(w.heap);
	mem_free(w.at);
}
