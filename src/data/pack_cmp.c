/* SPDX-License-Identifier: MIT */
/*
 * The order of lists and maps, and the one form of those that are equal.
 *
 * Maps are brought into the canonical form (keys sorted and single) before
 * they are compared; canonical values are compared by walking both at once,
 * so nothing is read twice. Recursion is limited by PACK_WALK_MAX.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "data/pack_item.h"

/* ---- canonical form ---- */

/* A pair in out: its key is [at, mid), its value [mid, end). */
struct pair {
	size_t at, mid, end;
	const char *base; /* of out, while sorting */
};

struct canon {
	const char *p, *end;
	struct buf *out;
	struct pair
	    *pairs; /* a stack: of the map now, below it of its parent */
	size_t n, cap;
};

struct walk {
	const char *p, *end;
	bool canonical;
};

static int cmp_item(struct walk *a, struct walk *b, unsigned depth);
static void canon_item(struct canon *c, unsigned depth);

static int
cmp_keys(const struct pair *a, const struct pair *b)
{
	struct walk wa = {a->base + a->at, a->base + a->mid, true};
	struct walk wb = {b->base + b->at, b->base + b->mid, true};

	return cmp_item(&wa, &wb, 0);
}

/* For qsort: by key, then by place. */
static int
cmp_pairs(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;
	int c = cmp_keys(a, b);

	return c ? c : a->at < b->at ? -1 : a->at > b->at;
}

static bool
pairs_in_order(const struct pair *pairs, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (cmp_keys(&pairs[i - 1], &pairs[i]) >= 0)
			return false;
	return true;
}

/* Writes n pairs, which stand from at on, again in order of their keys. */
static void
sort_pairs(struct buf *out, struct pair *pairs, size_t n, size_t at)
{
	struct buf copy = {0};
	size_t i, kept = 0;

	qsort(pairs, n, sizeof *pairs, cmp_pairs);
	for (i = 0; i < n; i++)
		if (i + 1 == n || cmp_keys(&pairs[i], &pairs[i + 1]))
			pairs[kept++] = pairs[i];
	buf_add(&copy, out->p + at, out->n - at);
	out->n = at;
	pack_put_map(out, (uint32_t)kept);
	for (i = 0; i < kept; i++)
		buf_add(
		    out, copy.p + pairs[i].at - at, pairs[i].end - pairs[i].at);
	buf_release(&copy);
}

static void
canon_map(struct canon *c, uint32_t n, unsigned depth)
{
	size_t at = c->out->n, first = c->n, i;

	pack_put_map(c->out, n);
	for (i = 0; i < n; i++) {
		struct pair pair = {.at = c->out->n};

		canon_item(c, depth + 1);
		pair.mid = c->out->n;
		canon_item(c, depth + 1);
		pair.end = c->out->n;
		mem_grow(&c->pairs, &c->cap, c->n + 1, sizeof pair);
		c->pairs[c->n++] = pair;
	}
	for (i = first; i < c->n; i++)
		c->pairs[i].base = c->out->p;
	if (!pairs_in_order(c->pairs + first, n))
		sort_pairs(c->out, c->pairs + first, n, at);
	c->n = first;
}

static void
canon_item(struct canon *c, unsigned depth)
{
	struct pack_item it;
	struct dec room;
	uint32_t i;

	must(depth < PACK_WALK_MAX);
	must(pack_item_get(&c->p, c->end, &it) == PACK_OK);
	switch (it.kind) {
	case PACK_SCALAR:
		pack_put(c->out, value_canon(it.v, &room));
		break;
	case PACK_ARRAY:
		pack_put_array(c->out, it.n);
		for (i = 0; i < it.n; i++)
			canon_item(c, depth + 1);
		break;
	case PACK_MAP:
		canon_map(c, it.n, depth);
		break;
	}
}

void
pack_canon(struct buf *out, struct value v)
{
	struct canon c = {.p = v.p, .end = v.p + v.len, .out = out};

	canon_item(&c, 0);
	mem_free(c.pairs);
}

/* ---- order ---- */

/* Canonical copies of the maps at both places, compared; both go past. */
static int
cmp_maps(struct walk *a, struct walk *b)
{
	const char *start_a = a->p, *start_b = b->p;
	struct buf x = {0}, y = {0};
	struct walk wa, wb;
	int c;

	must(pack_skip(&a->p, a->end) == PACK_OK);
	must(pack_skip(&b->p, b->end) == PACK_OK);
	pack_canon(&x, value_of_str(T_MAP,
			   (struct str){start_a, (size_t)(a->p - start_a)}));
	pack_canon(&y, value_of_str(T_MAP,
			   (struct str){start_b, (size_t)(b->p - start_b)}));
	wa = (struct walk){x.p, x.p + x.n, true};
	wb = (struct walk){y.p, y.p + y.n, true};
	c = cmp_item(&wa, &wb, 0);
	buf_release(&x);
	buf_release(&y);
	return c;
}

/* The elements of two arrays, or the keys and values of two maps. */
static int
cmp_elements(struct walk *a, uint32_t n_a, struct walk *b, uint32_t n_b,
    unsigned each, unsigned depth)
{
	uint64_t n = (uint64_t)(n_a < n_b ? n_a : n_b) * each;
	int c;

	for (; n; n--) {
		c = cmp_item(a, b, depth + 1);
		if (c)
			return c;
	}
	return n_a < n_b ? -1 : n_a > n_b;
}

static struct value
of_kind(const struct pack_item *it)
{
	switch (it->kind) {
	case PACK_ARRAY:
		return (struct value){.type = T_LIST};
	case PACK_MAP:
		return (struct value){.type = T_MAP};
	case PACK_SCALAR:
		break;
	}
	return it->v;
}

/* Compares the items at both places; if they are equal, both go past. */
static int
cmp_item(struct walk *a, struct walk *b, unsigned depth)
{
	const char *start_a = a->p, *start_b = b->p;
	struct pack_item x, y;

	must(depth < PACK_WALK_MAX);
	must(pack_item_get(&a->p, a->end, &x) == PACK_OK);
	must(pack_item_get(&b->p, b->end, &y) == PACK_OK);
	if (x.kind == PACK_SCALAR || x.kind != y.kind)
		return value_cmp(of_kind(&x), of_kind(&y));
	if (x.kind == PACK_ARRAY)
		return cmp_elements(a, x.n, b, y.n, 1, depth);
	if (a->canonical)
		return cmp_elements(a, x.n, b, y.n, 2, depth);
	a->p = start_a;
	b->p = start_b;
	return cmp_maps(a, b);
}

int
pack_cmp(struct value a, struct value b)
{
	struct walk wa = {a.p, a.p + a.len, false};
	struct walk wb = {b.p, b.p + b.len, false};

	if (a.type != b.type)
		return a.type < b.type ? -1 : 1;
	if (str_eq(value_str(a), value_str(b)))
		return 0;
	return cmp_item(&wa, &wb, 0);
}
