/* SPDX-License-Identifier: MIT */
/* Keys of rows; see keys.h. */
#include "op/keys.h"

#include "data/key.h"

static void
make(struct keys *k, struct batch *b)
{
	key_batch(b, k->cols, k->n, b->arena, k->list, k->hashes);
}

void
keys_make(struct keys *k, struct eval *ev, struct batch *b,
    const struct column *cols, unsigned n)
{
	bool bad = false;

	*k = (struct keys){.cols = cols,
	    .n = n,
	    .list = arena_array(b->arena, b->n_sel, sizeof *k->list),
	    .hashes = arena_array(b->arena, b->n_sel, sizeof *k->hashes)};
	make(k, b);
	eval_begin(ev, b);
	for (unsigned i = 0; i < b->n_sel; i++)
		if (!k->list[i].p) {
			eval_fail(ev, batch_row(b, i), "key too long");
			bad = true;
		}
	eval_settle(ev, b);
	if (bad)
		make(k, b);
}

void
keys_fetch(struct table *t, const struct batch *b, const struct str *list,
    const uint64_t *hashes, unsigned from, unsigned to)
{
	struct table_keys lists[BATCHES_AHEAD + 1];
	unsigned k, n = 1;

	if (table_is_whole(t))
		return;
	k = op_selected_from(b, from);
	lists[0] = (struct table_keys){
	    list + k, hashes + k, op_selected_from(b, to) - k};
	for (unsigned i = 0; !k && i < b->n_ahead && n <= BATCHES_AHEAD; i++) {
		const struct batch_keys *ahead = batch_keys_ahead(b, list, i);

		if (ahead)
			lists[n++] = (struct table_keys){
			    ahead->list, ahead->hashes, ahead->n};
	}
	table_fetch_all(t, lists, n, k || b->behind);
}

bool
keys_null(const struct keys *k, unsigned row)
{
	for (unsigned i = 0; i < k->n; i++)
		if (column_is_null(&k->cols[i], row))
			return true;
	return false;
}
