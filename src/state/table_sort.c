/* SPDX-License-Identifier: MIT */
/*
 * The cells of a table in order of their keys.
 *
 * Keys whose bytes have a form that orders like they do (key_window) are
 * sorted by eight bytes of it at a time: radix passes over those bytes that
 * differ at all, then the same, eight bytes further on, for each run of cells
 * that is still equal. What all keys begin with is skipped. Other keys, with
 * floats or nested values in them, are compared as values.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "data/key.h"
#include "state/kept.h"

struct item {
	uint64_t window;
	struct cell *cell;
};

/* Cells of a run are still equal in their first `at` bytes. */
struct run {
	struct item *items;
	size_t n, at;
};

struct sorter {
	const struct table *table;
	struct item *spare; /* as many as items */
	struct run *runs;
	size_t n_runs, cap_runs;
};

/* Runs as short as this are sorted by insertion. */
#define SHORT_RUN 24
/* Runs shorter than this are not worth counting bytes. */
#define RADIX_RUN 256

static int
compare(const struct sorter *s, const struct item *a, const struct item *b)
{
	if (a->window != b->window)
		return a->window < b->window ? -1 : 1;
	return key_cmp(
	    cell_key(s->table, a->cell), cell_key(s->table, b->cell));
}

static void
insertion_sort(const struct sorter *s, struct item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct item item = items[i];
		size_t k = i;

		for (; k && compare(s, &item, &items[k - 1]) < 0; k--)
			items[k] = items[k - 1];
		items[k] = item;
	}
}

/* Windows of a run, begun behind what all its keys have in common. */
static void
load(const struct sorter *s, struct run *run)
{
	uint64_t differ = 0;
	size_t common;

	do {
		differ = 0;
		for (size_t i = 0; i < run->n; i++) {
			struct item *it = &run->items[i];

			if (i + 8 < run->n)
				__builtin_prefetch(run->items[i + 8].cell);
			it->window =
			    key_window(cell_key(s->table, it->cell), run->at);
			differ |= it->window ^ run->items[0].window;
		}
		common = differ ? (size_t)__builtin_clzll(differ) / 8 : 8;
		/* A byte or two are not worth another pass. */
		run->at += common > 2 ? common : 0;
	} while (common > 2 && run->at <= 2 * KEY_MAX);
}

static int
by_window(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	return (a->window > b->window) - (a->window < b->window);
}

/* Least byte first; bytes that are the same everywhere are left out. */
static void
radix_sort(struct sorter *s, struct item *items, size_t n)
{
	struct item *from = items, *to = s->spare, *swap;
	size_t(*counts)[256] = mem_zalloc(8 * sizeof *counts);

	for (size_t i = 0; i < n; i++)
		for (unsigned byte = 0; byte < 8; byte++)
			counts[byte][items[i].window >> (8 * byte) & 255]++;
	for (unsigned byte = 0; byte < 8; byte++) {
		size_t *count = counts[byte], sum = 0;

		if (count[items[0].window >> (8 * byte) & 255] == n)
			continue;
		for (unsigned i = 0; i < 256; i++) {
			size_t here = count[i];

			count[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < n; i++)
			to[count[from[i].window >> (8 * byte) & 255]++] =
			    from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
	mem_free(counts);
}

static void
push(struct sorter *s, struct run run)
{
	mem_grow(&s->runs, &s->cap_runs, s->n_runs + 1, sizeof *s->runs);
	s->runs[s->n_runs++] = run;
}

static void
sort_run(struct sorter *s, struct run run)
{
	if (run.n < 2)
		return;
	load(s, &run);
	if (run.n <= SHORT_RUN) {
		insertion_sort(s, run.items, run.n);
		return;
	}
	if (run.n < RADIX_RUN)
		qsort(run.items, run.n, sizeof *run.items, by_window);
	else
		radix_sort(s, run.items, run.n);
	for (size_t i = 0, k; i < run.n; i = k) {
		uint64_t window = run.items[i].window;

		for (k = i + 1; k < run.n && run.items[k].window == window; k++)
			;
		if (k - i > 1)
			push(s, (struct run){run.items + i, k - i, run.at + 8});
	}
}

static void
sort_plain(const struct table *t, struct item *items, size_t n)
{
	struct sorter s = {.table = t};

	s.spare = mem_array(n, sizeof *s.spare);
	push(&s, (struct run){items, n, 0});
	while (s.n_runs)
		sort_run(&s, s.runs[--s.n_runs]);
	mem_free(s.runs);
	mem_free(s.spare);
}

static int
by_value(const void *pa, const void *pb, void *arg)
{
	const struct sorter s = {.table = arg};

	return compare(&s, pa, pb);
}

struct cell **
table_sorted_here(const struct table *t, struct arena *a)
{
	struct item *items = mem_array(t->n, sizeof *items);
	struct cell **out;
	bool plain = true;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->cells[i]->gone)
			continue;
		items[n++] = (struct item){0, t->cells[i]};
		plain = plain && key_is_plain(cell_key(t, t->cells[i]));
	}
	out = arena_array(a, n, sizeof *out);
	if (plain && n) {
		sort_plain(t, items, n);
	} else {
		for (size_t i = 0; i < n; i++)
			items[i].window =
			    key_prefix(cell_key(t, items[i].cell));
		qsort_r(
		    items, n, sizeof *items, by_value, (void *)(uintptr_t)t);
	}
	for (size_t i = 0; i < n; i++)
		out[i] = items[i].cell;
	mem_free(items);
	return out;
}

struct cell **
table_sorted(const struct table *t, struct arena *a)
{
	if (t->kept)
		table_load(t->kept->table);
	return table_sorted_here(t, a);
}
