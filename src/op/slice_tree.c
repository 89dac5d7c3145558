/* SPDX-License-Identifier: MIT */
/* Merges of neighbouring slices; see slice_tree.h. */
#include "op/slice_tree.h"

#include "base/mem.h"
#include "op/group.h"

#define LEVELS 62

struct span_node {
	int64_t number; /* covers slices [number << level, + 1 << level) */
	unsigned level;
	struct table *table; /* NULL: nothing in it; may be a child's own */
	struct table own;
};

void
slice_tree_init(struct slice_tree *t, const struct group_config *c,
    struct table *(*table_at)(void *arg, int64_t start), void *arg)
{
	*t = (struct slice_tree){
	    .c = c, .table_at = table_at, .arg = arg, .built_to = WHEN_MIN};
	table_init(&t->sum, c->cell_bytes);
}

static void
node_free(struct span_node *n)
{
	table_release(&n->own);
	mem_free(n);
}

void
slice_tree_clear(struct slice_tree *t)
{
	for (size_t i = 0; t->nodes.slots && i <= t->nodes.mask; i++)
		if (t->nodes.slots[i])
			node_free(index_pointer(t->nodes.slots[i]));
	index_release(&t->nodes);
	t->levels = 0;
	t->built_to = WHEN_MIN;
}

void
slice_tree_release(struct slice_tree *t)
{
	slice_tree_clear(t);
	table_release(&t->sum);
}

/* ---- numbering ---- */

int64_t
slice_tree_number(const struct slice_tree *t, int64_t start)
{
	const struct window_spec *w = &t->c->window;

	/* Starts are multiples of the width, so this divides exactly. */
	return (start - w->offset % w->slice) / w->slice;
}

static int64_t
slice_start(const struct slice_tree *t, int64_t number)
{
	const struct window_spec *w = &t->c->window;

	return number * w->slice + w->offset % w->slice;
}

/* ---- nodes ---- */

static uint64_t
number_hash(unsigned level, int64_t number)
{
	uint64_t key[2] = {level, (uint64_t)number};

	return hash_bytes(key, sizeof key);
}

static uint64_t
node_hash(const void *entry)
{
	const struct span_node *n = entry;

	return number_hash(n->level, n->number);
}

static size_t
node_slot(const struct slice_tree *t, unsigned level, int64_t number)
{
	size_t i = index_start(&t->nodes, number_hash(level, number));

	for (; t->nodes.slots[i]; i = (i + 1) & t->nodes.mask) {
		const struct span_node *n = index_pointer(t->nodes.slots[i]);

		if (n->level == level && n->number == number)
			break;
	}
	return i;
}

static void
merge_into(
    const struct slice_tree *t, struct table *into, const struct table *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct cell *c = from->cells[i];
		struct cell *to = table_cell(into, cell_key(from, c), c->hash);

		group_merge(
		    t->c, GROUP_OTHERS, &into->heap, to->bytes, c->bytes);
	}
}

static struct table *node_table(
    struct slice_tree *t, unsigned level, int64_t number);

static struct span_node *
node_make(struct slice_tree *t, unsigned level, int64_t number)
{
	struct span_node *n = mem_zalloc(sizeof *n);
	struct table *left = node_table(t, level - 1, number * 2);
	struct table *right = node_table(t, level - 1, number * 2 + 1);

	n->level = level;
	n->number = number;
	table_init(&n->own, t->c->cell_bytes);
	if (left && right) {
		merge_into(t, &n->own, left);
		merge_into(t, &n->own, right);
		n->table = &n->own;
	} else {
		n->table = left ? left : right;
	}
	index_reserve(&t->nodes, node_hash);
	index_put(&t->nodes, node_slot(t, level, number),
	    number_hash(level, number), n);
	if ((number + 1) * ((int64_t)1 << level) > t->built_to)
		t->built_to = (number + 1) * ((int64_t)1 << level);
	if (level > t->levels)
		t->levels = level;
	return n;
}

/* The merge of 2^level slices; the depth of the recursion is the level. */
static struct table *
node_table(struct slice_tree *t, unsigned level, int64_t number)
{
	uint64_t slot;

	if (level == 0)
		return t->table_at(t->arg, slice_start(t, number));
	if (t->nodes.slots &&
	    (slot = t->nodes.slots[node_slot(t, level, number)]))
		return ((struct span_node *)index_pointer(slot))->table;
	return node_make(t, level, number)->table;
}

void
slice_tree_forget(struct slice_tree *t, int64_t start)
{
	int64_t number;

	/* Windows that have no slices of one width never build a tree. */
	if (!t->nodes.n)
		return;
	number = slice_tree_number(t, start);
	if (number >= t->built_to)
		return;
	for (unsigned level = 1; level <= t->levels; level++) {
		size_t i = node_slot(t, level, number >> level);
		struct span_node *n;

		if (!t->nodes.slots[i])
			continue;
		n = index_pointer(t->nodes.slots[i]);
		index_remove(&t->nodes, i, node_hash);
		node_free(n);
	}
}

void
slice_tree_stale(struct slice_tree *t, int64_t start)
{
	if (t->nodes.n)
		slice_tree_forget(t, start);
}

/* ---- windows ---- */

/*
 * Parts are merged in order of time, as far as the two ends of the tree walk
 * allow: from the left growing, then from the right shrinking.
 */
struct table *
slice_tree_merge(struct slice_tree *t, int64_t start, int64_t end)
{
	int64_t a = slice_tree_number(t, start), b = slice_tree_number(t, end);
	struct table *parts[2 * LEVELS], *right[LEVELS];
	unsigned n = 0, n_right = 0;

	for (unsigned level = 0; a < b; level++, a >>= 1, b >>= 1) {
		struct table *part;

		if (a & 1) {
			part = node_table(t, level, a++);
			if (part)
				parts[n++] = part;
		}
		if (b & 1) {
			part = node_table(t, level, --b);
			if (part)
				right[n_right++] = part;
		}
	}
	while (n_right)
		parts[n++] = right[--n_right];
	if (!n || (n == 1 && !t->c->n_slides))
		return n ? parts[0] : NULL;
	for (unsigned i = 0; i < n; i++)
		merge_into(t, &t->sum, parts[i]);
	return &t->sum;
}

void
slice_tree_done(struct slice_tree *t, struct table *merged)
{
	if (merged != &t->sum)
		return;
	table_release(&t->sum);
	table_init(&t->sum, t->c->cell_bytes);
}
