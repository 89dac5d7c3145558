/* SPDX-License-Identifier: MIT */
/* The best rows of a key; see ranked.h. */
#include "op/ranked.h"

#include <stdlib.h>

#include "base/mem.h"
#include "op/written.h"

/* Fewer new rows than this are not put in order. */
#define NEW_LEAST 32

static int
order(const struct ranked_rule *rule, const struct value *a,
    const struct value *b)
{
	return kept_order(rule->orders, rule->n_orders, a, b);
}

static int
rows_in_order(const void *a, const void *b, void *arg)
{
	const struct ranked_rule *rule = arg;
	const struct kept_row *x = *(struct kept_row *const *)a;
	const struct kept_row *y = *(struct kept_row *const *)b;
	int d = order(rule, x->slots, y->slots);

	if (d)
		return d;
	d = x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
	return rule->later ? -d : d;
}

bool
ranked_wants(const struct ranked_rule *rule, const struct ranked *r,
    const struct value *slots)
{
	int d;

	if (!rule->limit)
		return false;
	if (!r->full)
		return true;
	d = order(rule, slots, r->rows[r->sorted - 1]->slots);
	return rule->ties == RANKED_ROWS && !rule->later ? d < 0 : d <= 0;
}

void
ranked_put(const struct ranked_rule *rule, struct ranked *r, struct kept *kept,
    struct kept_row *row)
{
	mem_grow(&r->rows, &r->cap, r->n + 1, sizeof(void *));
	r->rows[r->n++] = row;
	if (r->n - r->sorted >= NEW_LEAST && r->n - r->sorted >= r->sorted)
		ranked_settle(rule, r, kept);
}

uint64_t
ranked_rank(const struct ranked_rule *rule, const struct ranked *r, size_t i,
    uint64_t before)
{
	if (rule->ties == RANKED_ROWS || !i)
		return i + 1;
	if (!order(rule, r->rows[i - 1]->slots, r->rows[i]->slots))
		return before;
	return rule->ties == RANKED_RANK ? i + 1 : before + 1;
}

void
ranked_settle(
    const struct ranked_rule *rule, struct ranked *r, struct kept *kept)
{
	uint64_t rank = 0;
	size_t n = 0;

	if (r->sorted == r->n)
		return;
	qsort_r(r->rows, r->n, sizeof *r->rows, rows_in_order,
	    (void *)(uintptr_t)rule);
	for (; n < r->n; n++) {
		rank = ranked_rank(rule, r, n, rank);
		if (rank > rule->limit)
			break;
	}
	r->full = n < r->n || rank == rule->limit ||
		  (rule->ties == RANKED_RANK && n >= rule->limit);
	for (size_t i = n; i < r->n; i++)
		kept_drop(kept, r->rows[i]);
	r->n = r->sorted = n;
}

void
ranked_release(struct ranked *r, struct kept *kept)
{
	for (size_t i = 0; i < r->n; i++)
		kept_forget(kept, r->rows[i]);
	mem_free(r->rows);
	*r = (struct ranked){0};
}

/* ---- state ---- */

void
ranked_save(const struct ranked *r, struct kept *kept, struct buf *out)
{
	written_put_int(out, (int64_t)r->sorted);
	written_put_int(out, r->full);
	if (kept_inline(kept, r->rows, SIZE_MAX, 0, r->n, out))
		return;
	for (size_t i = 0; i < r->n; i++) {
		kept_store_row(kept, r->rows[i]);
		written_put_int(out, (int64_t)r->rows[i]->arrival);
	}
}

bool
ranked_load(struct ranked *r, struct kept *kept, const struct table *t,
    struct cell *cell, int64_t bucket, struct str bytes)
{
	const char *p = bytes.p, *end = p + bytes.n;
	int64_t sorted, full;

	if (!written_get_int(&p, end, &sorted) ||
	    !written_get_int(&p, end, &full))
		return false;
	while (p != end) {
		struct kept_row *row;

		row = kept_get(kept, t, cell, bucket, &p, end);
		if (!row)
			return false;
		if (kept->n_cols && !row->carry) {
			kept_forget(kept, row);
			return false;
		}
		mem_grow(&r->rows, &r->cap, r->n + 1, sizeof(void *));
		r->rows[r->n++] = row;
	}
	r->sorted = (size_t)sorted;
	r->full = full != 0;
	return r->sorted <= r->n && (r->sorted || !r->full);
}
