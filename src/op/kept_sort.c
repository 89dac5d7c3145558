/* SPDX-License-Identifier: MIT */
/* Kept rows in order; see kept_sort.h. */
#include "op/kept_sort.h"

#include <stdlib.h>

#include "base/mem.h"

static void *
read_row(void *arg, struct str bytes)
{
	struct kept_sort *s = arg;

	return kept_unpack(s->kept, bytes);
}

static void
drop_row(void *arg, void *row)
{
	struct kept_sort *s = arg;

	kept_drop(s->kept, row);
}

static int
merge_order(void *arg, const void *a, const void *b)
{
	struct kept_sort *s = arg;

	return s->order(s->arg, a, b);
}

static const struct merging_kind kept_rows = {
    .read = read_row, .drop = drop_row, .order = merge_order};

void
kept_sort_init(struct kept_sort *s, struct kept *kept, const char *runs,
    kept_sort_order *order, void *arg)
{
	*s = (struct kept_sort){.kept = kept, .order = order, .arg = arg};
	if (kept->state)
		merging_init(
		    &s->merging, &kept_rows, s, state_map(kept->state, runs));
}

static int
row_order(const void *a, const void *b, void *arg)
{
	const struct kept_sort *s = arg;

	return s->order(
	    s->arg, *(struct kept_row *const *)a, *(struct kept_row *const *)b);
}

static void
sort_rows(struct kept_sort *s)
{
	if (s->n)
		qsort_r(s->rows, s->n, sizeof *s->rows, row_order, s);
}

/* The rows at hand become a run. */
static void
put_run(struct kept_sort *s)
{
	struct buf bytes = {0};

	sort_rows(s);
	for (size_t i = 0; i < s->n; i++) {
		bytes.n = 0;
		kept_pack(s->kept, s->rows[i], &bytes);
		merging_put(&s->merging, buf_str(&bytes));
		kept_drop(s->kept, s->rows[i]);
	}
	if (s->n)
		merging_end(&s->merging);
	s->n = s->bytes = 0;
	buf_release(&bytes);
}

void
kept_sort_add(struct kept_sort *s, struct kept_row *row)
{
	mem_grow(&s->rows, &s->cap, s->n + 1, sizeof *s->rows);
	s->rows[s->n++] = row;
	if (!s->kept->state)
		return;
	s->bytes += kept_row_bytes(s->kept, row) + sizeof *s->rows;
	if (s->bytes > state_room(s->kept->state))
		put_run(s);
}

struct kept_row *
kept_sort_next(struct kept_sort *s)
{
	if (s->merging.n) {
		if (!s->merging.reading)
			put_run(s);
		return merging_next(&s->merging);
	}
	if (!s->sorted)
		sort_rows(s);
	s->sorted = true;
	if (s->given)
		kept_drop(s->kept, s->given);
	s->given = s->at < s->n ? s->rows[s->at++] : NULL;
	return s->given;
}

struct kept_row *
kept_sort_take(struct kept_sort *s)
{
	struct kept_row *row = kept_sort_next(s);

	s->given = NULL;
	s->merging.given = NULL;
	return row;
}

void
kept_sort_release(struct kept_sort *s)
{
	if (s->given)
		kept_drop(s->kept, s->given);
	while (s->at < s->n)
		kept_drop(s->kept, s->rows[s->at++]);
	merging_release(&s->merging);
	mem_free(s->rows);
	*s = (struct kept_sort){0};
}
