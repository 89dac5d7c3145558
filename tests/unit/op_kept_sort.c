/* SPDX-License-Identifier: MIT */
/*
 * Kept rows that are sorted: the same rows in the same order whether all fit
 * into memory or hardly any, with whatever hangs off them; and those that are
 * taken belong to the taker.
 */
#include "op/kept_sort.h"

#include "base/mem.h"
#include "op/written.h"
#include "step_state.h"

#define ROWS 5000
#define SLOTS 3

static int
by_slot(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	int d = value_cmp(a->slots[0], b->slots[0]);

	(void)arg;
	return d ? d : a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

/* A place for rows that carry one column, of no step. */
static void
place_init(struct kept *k, struct state_step *step)
{
	*k = (struct kept){
	    .n_slots = SLOTS, .n_cols = 1, .single = true, .state = step};
	arena_init(&k->arena, 4096);
}

static void
place_release(struct kept *k)
{
	arena_release(&k->arena);
	buf_release(&k->text);
	buf_release(&k->packed);
}

static uint64_t
order_of(unsigned i)
{
	return i * 2654435761u % 701;
}

static struct kept_row *
row_of(struct kept *k, unsigned i, struct buf *text)
{
	struct kept_row *row = kept_new(k);
	struct value v[SLOTS];

	text->n = 0;
	buf_printf(text, "row %u", i);
	v[0] = value_int((int64_t)order_of(i));
	v[1] = i % 3 ? value_text(buf_str(text)) : VALUE_NULL;
	v[2] = value_float(i / 7.0);
	kept_slots(k, row, v);
	row->arrival = i;
	row->time = (int64_t)i * 1000;
	text->n = 0;
	written_put_int(text, (int64_t)i * 3);
	kept_carry(k, row, buf_str(text));
	return row;
}

/* Is it the row it says it is? */
static bool
is_row(const struct kept_row *row)
{
	unsigned i = (unsigned)row->arrival;
	const char *p = row->carry, *end = p + row->carry_len;
	char text[32];
	int64_t carried;

	snprintf(text, sizeof text, "row %u", i);
	if (row->slots[0].i != (int64_t)order_of(i) ||
	    row->slots[2].f != i / 7.0 || row->time != (int64_t)i * 1000)
		return false;
	if (i % 3 ? !str_is(value_str(row->slots[1]), text)
		  : row->slots[1].type != T_NULL)
		return false;
	return p && written_get_int(&p, end, &carried) && p == end &&
	       carried == (int64_t)i * 3;
}

static void
check_sorted(size_t memory, bool stateless, bool takes)
{
	const char *dir = test_dir("sort");
	struct test_state state = {0};
	struct kept_sort sort;
	struct kept_row *row, *last = NULL;
	struct buf text = {0};
	struct kept k;
	unsigned n = 0, wrong = 0;
	bool spilled;

	if (!stateless && !test_state_open(&state, dir, memory))
		return;
	place_init(&k, state.step);
	kept_sort_init(&sort, &k, "runs", by_slot, NULL);
	for (unsigned i = 0; i < ROWS; i++)
		kept_sort_add(&sort, row_of(&k, i, &text));
	spilled = sort.merging.n > 1;
	while ((row = takes ? kept_sort_take(&sort) : kept_sort_next(&sort))) {
		wrong += !is_row(row) || (last && by_slot(NULL, last, row) > 0);
		/* What is not taken goes with the next one. */
		if (last)
			kept_drop(&k, last);
		last = takes ? row : NULL;
		n++;
	}
	if (last)
		kept_drop(&k, last);
	ok(n == ROWS && !wrong, "%u rows, %u wrong%s%s", n, wrong,
	    takes ? ", taken" : "", spilled ? ", in runs" : "");
	ok(spilled == (memory != 0), "runs are made where memory is little");
	kept_sort_release(&sort);
	ok(!k.n_rows && !k.n_bytes, "nothing is left");
	place_release(&k);
	buf_release(&text);
	if (!stateless)
		test_state_close(&state);
	test_remove(dir);
}

static void
check_left(size_t memory)
{
	const char *dir = test_dir("left");
	struct test_state state;
	struct kept_sort sort;
	struct buf text = {0};
	struct kept k;

	if (!test_state_open(&state, dir, memory))
		return;
	place_init(&k, state.step);
	kept_sort_init(&sort, &k, "runs", by_slot, NULL);
	for (unsigned i = 0; i < ROWS; i++)
		kept_sort_add(&sort, row_of(&k, i, &text));
	for (unsigned i = 0; i < ROWS / 3; i++)
		kept_sort_next(&sort);
	kept_sort_release(&sort);
	ok(!k.n_rows && !k.n_bytes, "who stops in the midst leaves nothing");
	place_release(&k);
	buf_release(&text);
	test_state_close(&state);
	test_remove(dir);
}

int
main(void)
{
	check_sorted(0, true, false);
	check_sorted(0, true, true);
	check_sorted(0, false, false);
	check_sorted(200000, false, false);
	check_sorted(200000, false, true);
	check_sorted(20000, false, false);
	check_left(0);
	check_left(200000);
	test_remove(test_dir(""));
	return tap_done();
}
