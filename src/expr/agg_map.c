/* SPDX-License-Identifier: MIT */
/*
 * Aggregates whose result is a map: map_agg() of keys and values, histogram()
 * of values and how often they came. Keys of the result are in order.
 */
#include <stdlib.h>

#include "data/pack.h"
#include "expr/agg_part.h"

/* ---- map_agg: packed keys and values, as they come ---- */

static int
map_bind(struct agg_call *call, struct err *err)
{
	(void)err;
	call->type = T_MAP;
	return 0;
}

void
map_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	struct buf item = {0};

	for (unsigned k = 0; k < r->n; k++) {
		struct value key = agg_arg(r, 0, k);

		if (key.type == T_NULL)
			continue;
		item.n = 0;
		pack_put(&item, key);
		pack_put(&item, agg_arg(r, 1, k));
		grown_put(
		    agg_acc(call, r, k), heap, buf_str(&item), STR(""), 1);
	}
	buf_release(&item);
}

void
map_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct grown *f = from;

	(void)call;
	grown_put(into, heap, (struct str){f->p, f->len}, STR(""), f->n);
}

struct pairing {
	struct value key;
	struct str value;
	uint64_t at; /* order of arrival */
};

static int
pairing_cmp(const void *pa, const void *pb)
{
	const struct pairing *a = pa, *b = pb;
	int cmp = value_cmp(a->key, b->key);

	return cmp ? cmp : a->at < b->at ? -1 : 1;
}

/* Of equal keys the last to come counts. */
static struct value
map_of(struct pairing *all, uint64_t n, struct arena *out)
{
	struct buf map = {0}, items = {0};
	uint32_t kept = 0;
	struct str bytes;

	qsort(all, n, sizeof *all, pairing_cmp);
	for (uint64_t i = 0; i < n; i++) {
		if (i + 1 < n && value_eq(all[i].key, all[i + 1].key))
			continue;
		pack_put(&items, all[i].key);
		buf_adds(&items, all[i].value);
		kept++;
	}
	pack_put_map(&map, kept);
	buf_adds(&map, buf_str(&items));
	bytes = arena_str(out, buf_str(&map));
	buf_release(&items);
	buf_release(&map);
	return value_of_str(T_MAP, bytes);
}

struct value
map_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct grown *g = acc;
	const char *p = g->p, *end = p + g->len, *from;
	struct pairing *all;

	(void)call;
	if (!g->n)
		return VALUE_NULL;
	all = arena_array(out, g->n, sizeof *all);
	for (uint64_t i = 0; i < g->n; i++) {
		pack_get(&p, end, out, &all[i].key);
		from = p;
		pack_skip(&p, end);
		all[i].value = (struct str){from, (size_t)(p - from)};
		all[i].at = i;
	}
	return map_of(all, g->n, out);
}

bool
map_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	uint64_t n = agg_get_u64(&in), left = n;
	const char *items = in.p;
	struct arena a;

	(void)call;
	arena_init(&a, 256);
	for (; left && !in.bad; left--) {
		in.bad = agg_get_value(&in, &a).type == T_NULL ||
			 pack_skip(&in.p, in.end) != PACK_OK;
		arena_reset(&a);
	}
	arena_release(&a);
	if (!agg_in_done(&in) || in.end - items > GROWN_MAX)
		return false;
	if (n)
		grown_put(acc, heap,
		    (struct str){items, (size_t)(in.end - items)}, STR(""), n);
	return true;
}

const struct agg agg_map_agg = {
    .name = "map_agg",
    .aliases = "object_agg",
    .signature = "any, any -> map",
    .doc = "Map of the first argument's values to the second's; of equal keys "
	   "the last to arrive counts. Keys that are NULL are left out.",
    .example = "map_agg(k, v) of ('a', 1), ('b', 2), ('a', 3)",
    .result = "{\"a\":3,\"b\":2}",
    .flink = NULL,
    .args_min = 2,
    .args_max = 2,
    .nulls = AGG_NULLS_OTHERS,
    .bind = map_bind,
    .size = grown_size,
    .add = map_add,
    .merge = map_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = map_value,
    .save = grown_save,
    .load = map_load,
};

/* ---- histogram ---- */

static struct value
histogram_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct seen_set *const *set = acc;
	struct pairing *all;
	struct buf count = {0};
	uint64_t n = 0;
	struct value v;

	(void)call;
	if (!*set)
		return VALUE_NULL;
	all = arena_array(out, (*set)->n, sizeof *all);
	for (const struct seen *e = (*set)->first; e; e = e->next) {
		if (e->count <= 0)
			continue;
		seen_values(e, &all[n].key, 1, out);
		count.n = 0;
		pack_put(&count, value_int(e->count));
		all[n].value = arena_str(out, buf_str(&count));
		all[n].at = n;
		n++;
	}
	v = n ? map_of(all, n, out) : VALUE_NULL;
	buf_release(&count);
	return v;
}

const struct agg agg_histogram = {
    .name = "histogram",
    .aliases = "collect",
    .signature = "any -> map",
    .doc = "Map of the different values to how often they came (a multiset).",
    .example = "histogram(x) of 'a', 'b', 'a'",
    .result = "{\"a\":2,\"b\":1}",
    .flink = "COLLECT",
    .args_min = 1,
    .args_max = 1,
    .retracts = true,
    .bind = map_bind,
    .size = counts_size,
    .add = counts_add,
    .merge = counts_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = histogram_value,
    .save = counts_save,
    .load = counts_load,
};
