/* SPDX-License-Identifier: MIT */
/*
 * Aggregates that collect: array_agg() and listagg() in order of arrival,
 * mode() and topk() by exact counts. Their memory grows with the values (of
 * mode and topk: with the different values).
 */
#include <stdlib.h>

#include "base/utf8.h"

#include "data/key.h"
#include "data/pack.h"
#include "expr/agg_part.h"

/* ---- array_agg, listagg: bytes that grow ---- */

unsigned
grown_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct grown);
}

void
grown_put(
    struct grown *g, struct arena *heap, struct str a, struct str b, uint64_t n)
{
	uint64_t want = (uint64_t)g->len + a.n + b.n;
	char *p;

	if (want > GROWN_MAX)
		return;
	if (want > g->cap) {
		uint32_t cap = g->cap ? g->cap : 16;

		while (cap < want)
			cap *= 2;
		p = arena_alloc(heap, cap);
		if (g->len)
			memcpy(p, g->p, g->len);
		g->p = p;
		g->cap = cap;
	}
	if (a.n)
		memcpy(g->p + g->len, a.p, a.n);
	if (b.n)
		memcpy(g->p + g->len + a.n, b.p, b.n);
	g->len = (uint32_t)want;
	g->n += n;
}

void
grown_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct grown *g = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_u64(out, g->n);
	buf_add(out, g->p, g->len);
}

/* ---- array_agg ---- */

static int
array_bind(struct agg_call *call, struct err *err)
{
	(void)err;
	call->type = T_LIST;
	return 0;
}

void
array_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	struct buf item = {0};

	for (unsigned k = 0; k < r->n; k++) {
		struct value v = agg_arg(r, 0, k);

		if (v.type == T_NULL && call->agg->nulls == AGG_NULLS_SKIP)
			continue;
		item.n = 0;
		pack_put(&item, v);
		grown_put(
		    agg_acc(call, r, k), heap, buf_str(&item), STR(""), 1);
	}
	buf_release(&item);
}

void
array_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct grown *f = from;

	(void)call;
	grown_put(into, heap, (struct str){f->p, f->len}, STR(""), f->n);
}

/* A packed list of n items that are already packed. */
static struct value
list_of(struct str items, uint64_t n, struct arena *out)
{
	struct buf head = {0};
	char *p;

	pack_put_array(&head, (uint32_t)n);
	p = arena_alloc(out, head.n + items.n);
	memcpy(p, head.p, head.n);
	if (items.n)
		memcpy(p + head.n, items.p, items.n);
	items = (struct str){p, head.n + items.n};
	buf_release(&head);
	return value_of_str(T_LIST, items);
}

struct value
array_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct grown *g = acc;

	(void)call;
	if (!g->n)
		return VALUE_NULL;
	return list_of((struct str){g->p, g->len}, g->n, out);
}

bool
array_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	uint64_t n = agg_get_u64(&in), left = n;
	const char *items = in.p;

	(void)call;
	for (; left && !in.bad; left--)
		in.bad = pack_skip(&in.p, in.end) != PACK_OK;
	if (!agg_in_done(&in) || in.end - items > GROWN_MAX)
		return false;
	if (n)
		grown_put(acc, heap,
		    (struct str){items, (size_t)(in.end - items)}, STR(""), n);
	return true;
}

/* ---- listagg ---- */

/* Its arguments are the text, the separator, and those of ORDER BY. */
static bool
has_separator(const struct agg_call *call)
{
	return call->n_args - call->n_order > 1;
}

static int
listagg_bind(struct agg_call *call, struct err *err)
{
	call->type = T_TEXT;
	if (has_separator(call) && call->params[1].type != T_TEXT)
		return err_set(err, ERR_SPEC, agg_arg_where(call, 1),
		    "the separator of %s() must be a text", call->agg->name);
	return 0;
}

static struct str
separator(const struct agg_call *call, const struct grown *g)
{
	if (!g->n)
		return STR("");
	return has_separator(call) ? value_str(call->params[1]) : STR(",");
}

static void
listagg_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	struct buf item = {0};

	for (unsigned k = 0; k < r->n; k++) {
		struct grown *g = agg_acc(call, r, k);
		struct value v = agg_arg(r, 0, k);

		if (v.type == T_NULL)
			continue;
		item.n = 0;
		value_print(&item, v);
		grown_put(g, heap, separator(call, g), buf_str(&item), 1);
	}
	buf_release(&item);
}

static void
listagg_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct grown *f = from;

	if (f->n)
		grown_put(into, heap, separator(call, into),
		    (struct str){f->p, f->len}, f->n);
}

static struct value
listagg_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct grown *g = acc;

	(void)call, (void)out;
	if (!g->n)
		return VALUE_NULL;
	return value_text(g->p ? (struct str){g->p, g->len} : STR(""));
}

static bool
listagg_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	uint64_t n = agg_get_u64(&in);
	struct str text = {in.p, (size_t)(in.end - in.p)};

	(void)call;
	if (in.bad || text.n > GROWN_MAX || (!n && text.n) || !utf8_valid(text))
		return false;
	grown_put(acc, heap, text, STR(""), n);
	return true;
}

/* ---- mode, topk: counts of all values ---- */

#define TOPK_MAX 10000

unsigned
counts_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct seen_set *);
}

void
counts_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	struct buf key = {0};

	for (unsigned k = 0; k < r->n; k++) {
		struct seen_set **set = agg_acc(call, r, k);
		struct value v = agg_arg(r, 0, k);

		if (v.type == T_NULL)
			continue;
		key.n = 0;
		key_put(&key, v);
		seen_count(
		    set, heap, buf_str(&key), &v.type, 1, agg_sign(r, k));
	}
	buf_release(&key);
}

void
counts_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct seen_set *const *f = from;

	(void)call;
	for (const struct seen *e = *f ? (*f)->first : NULL; e; e = e->next) {
		struct str key = {e->bytes, e->len};
		const uint8_t *type = (const uint8_t *)e->bytes + e->len;

		if (e->count)
			seen_count(into, heap, key, type, 1, e->count);
	}
}

struct counted {
	struct value v;
	int64_t count;
};

static int
counted_cmp(const void *pa, const void *pb)
{
	const struct counted *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return value_cmp(a->v, b->v);
}

/* All values with their counts, the most frequent first. */
static struct counted *
counts_sorted(const void *acc, struct arena *out, size_t *n)
{
	const struct seen_set *const *set = acc;
	struct counted *all;

	*n = 0;
	if (!*set)
		return NULL;
	all = arena_array(out, (*set)->n, sizeof *all);
	for (const struct seen *e = (*set)->first; e; e = e->next)
		if (e->count > 0) {
			seen_values(e, &all[*n].v, 1, out);
			all[(*n)++].count = e->count;
		}
	qsort(all, *n, sizeof *all, counted_cmp);
	return all;
}

static struct value
mode_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	size_t n;
	struct counted *all = counts_sorted(acc, out, &n);

	(void)call;
	return n ? all[0].v : VALUE_NULL;
}

static struct value
topk_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	size_t n, k = (size_t)call->params[1].i;
	struct counted *all = counts_sorted(acc, out, &n);
	struct buf items = {0};
	struct value list;

	if (!n)
		return VALUE_NULL;
	if (n > k)
		n = k;
	for (size_t i = 0; i < n; i++)
		pack_put(&items, all[i].v);
	list = list_of(buf_str(&items), n, out);
	buf_release(&items);
	return list;
}

static int
mode_bind(struct agg_call *call, struct err *err)
{
	(void)err;
	call->type = agg_arg_type(call, 0);
	return 0;
}

static int
topk_bind(struct agg_call *call, struct err *err)
{
	struct value k = call->params[1];

	call->type = T_LIST;
	if (k.type != T_INT || k.i < 1 || k.i > TOPK_MAX)
		return err_set(err, ERR_SPEC, agg_arg_where(call, 1),
		    "topk() needs a number of values from 1 to %d", TOPK_MAX);
	return 0;
}

void
counts_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct seen_set *const *set = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	seen_save(*set, 1, out);
}

bool
counts_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);

	(void)call;
	return seen_load(&in, acc, heap, 1) && agg_in_done(&in);
}

/* ---- the rows ---- */

const struct agg agg_array_agg = {
    .name = "array_agg",
    .aliases = "collect_list",
    .signature = "any -> list",
    .doc = "List of the values, also of those that are NULL, in order of "
	   "arrival or of ORDER BY inside: array_agg(x ORDER BY t DESC). "
	   "Without NULLs: array_agg(x) IGNORE NULLS. At most 256 MiB; what "
	   "comes then is left out.",
    .example = "array_agg(x) of 2, NULL, 1",
    .result = "[2,null,1]",
    .nulls = AGG_NULLS_KEEP,
    .flink = "ARRAY_AGG",
    .args_min = 1,
    .args_max = 1,
    .bind = array_bind,
    .size = grown_size,
    .add = array_add,
    .merge = array_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = array_value,
    .save = grown_save,
    .load = array_load,
};

const struct agg agg_listagg = {
    .name = "listagg",
    .aliases = "string_agg group_concat",
    .signature = "any, text = ',' -> text",
    .doc = "The values that are not NULL as one text, in order of arrival or "
	   "of ORDER BY inside (also WITHIN GROUP), with a separator between "
	   "them (at most 256 MiB; what comes then is left out).",
    .example = "listagg(x, '+') of 'a', 'b'",
    .result = "a+b",
    .flink = "LISTAGG",
    .args_min = 1,
    .args_max = 2,
    .n_constant = 1,
    .bind = listagg_bind,
    .size = grown_size,
    .add = listagg_add,
    .merge = listagg_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = listagg_value,
    .save = grown_save,
    .load = listagg_load,
};

const struct agg agg_mode = {
    .name = "mode",
    .aliases = "",
    .signature = "any -> same",
    .doc = "The most frequent value; of equally frequent ones the least.",
    .example = "mode(x) of 3, 1, 3",
    .result = "3",
    .flink = NULL,
    .args_min = 1,
    .args_max = 1,
    .bind = mode_bind,
    .size = counts_size,
    .add = counts_add,
    .retracts = true,
    .merge = counts_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = mode_value,
    .save = counts_save,
    .load = counts_load,
};

const struct agg agg_topk = {
    .name = "topk",
    .aliases = "",
    .signature = "any, bigint -> list",
    .doc = "List of the k most frequent values, the most frequent first; of "
	   "equally frequent ones the lesser first.",
    .example = "topk(x, 2) of 3, 1, 3, 2",
    .result = "[3,1]",
    .flink = NULL,
    .args_min = 2,
    .args_max = 2,
    .n_constant = 1,
    .bind = topk_bind,
    .size = counts_size,
    .add = counts_add,
    .retracts = true,
    .merge = counts_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = topk_value,
    .save = counts_save,
    .load = counts_load,
};
