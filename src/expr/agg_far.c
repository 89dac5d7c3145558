/* SPDX-License-Identifier: MIT */
/*
 * Values of count(DISTINCT …) that are elsewhere; see agg_far.h. Behind the
 * count and the set of such an accumulator is a number that says so.
 */
#include "expr/agg_far.h"

#include "data/key.h"
#include "expr/agg_part.h"

/* First byte of a saved accumulator some of whose values are elsewhere. */
#define FAR_VERSION 2

struct far_acc {
	int64_t count;
	struct seen_set *set;
	int64_t far; /* enum agg_far */
};

bool
agg_goes_far(const struct agg_call *call)
{
	return call->agg == &agg_count && call->distinct && !call->retract &&
	       !call->n_order && agg_n_inputs(call) > 0;
}

enum agg_far
agg_far(const struct agg_call *call, const void *acc)
{
	const struct far_acc *a = acc;

	return agg_goes_far(call) ? (enum agg_far)a->far : AGG_NEAR;
}

uint64_t
agg_near(const struct agg_call *call, const void *acc)
{
	const struct far_acc *a = acc;

	(void)call;
	return a->set ? a->set->n - a->set->dead : 0;
}

bool
agg_near_has(const struct agg_call *call, const void *acc, struct str key)
{
	const struct far_acc *a = acc;

	(void)call;
	return a->set && seen_has(a->set, key);
}

void
agg_give_away(const struct agg_call *call, struct arena *heap, void *acc,
    bool counted, bool (*put)(void *arg, struct str key), void *arg)
{
	struct far_acc *a = acc;
	struct seen_set *left = NULL;

	if (!counted)
		a->far = AGG_FAR_SOME;
	else if (a->far == AGG_NEAR)
		a->far = AGG_FAR_COUNTED;
	for (const struct seen *e = a->set ? a->set->first : NULL; e;
	     e = e->next) {
		struct str key = {e->bytes, e->len};

		if (e->count && !put(arg, key))
			seen_count(&left, heap, key,
			    (const uint8_t *)e->bytes + e->len,
			    agg_n_inputs(call), e->count);
	}
	a->set = left;
}

void
agg_take_back(
    const struct agg_call *call, struct arena *heap, void *acc, struct str key)
{
	const char *p = key.p, *end = p + key.n;
	unsigned n = agg_n_inputs(call);
	uint8_t types[AGG_ARGS_MAX];
	struct far_acc *a = acc;
	struct arena room;

	arena_init(&room, 256);
	for (unsigned i = 0; i < n; i++)
		types[i] =
		    (uint8_t)(p < end ? key_get(&p, end, &room).type : T_NULL);
	arena_release(&room);
	if (!a->set || !seen_has(a->set, key))
		seen_count(&a->set, heap, key, types, n, 1);
	a->count = (int64_t)agg_near(call, acc);
	a->far = AGG_NEAR;
}

void
agg_far_adds(const struct agg_call *call, void *acc)
{
	struct far_acc *a = acc;

	if (agg_far(call, acc) == AGG_FAR_COUNTED)
		a->far = AGG_FAR_SOME;
}

void
agg_counted(const struct agg_call *call, void *acc, int64_t n)
{
	struct far_acc *a = acc;

	(void)call;
	a->count = n;
	a->far = AGG_FAR_COUNTED;
}

int64_t
agg_count_of(const struct agg_call *call, const void *acc)
{
	(void)call;
	return ((const struct far_acc *)acc)->count;
}

bool
agg_far_key(const struct agg_call *call, const struct agg_rows *rows,
    unsigned k, const struct column *filter, struct buf *out)
{
	unsigned n = agg_n_inputs(call);

	if (filter && !agg_passes(filter, rows->rows[k]))
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct value v = agg_arg(rows, i, k);

		if (v.type == T_NULL)
			return false;
		key_put(out, v);
	}
	return true;
}

/* ---- for agg.c ---- */

void
agg_far_merge(const struct agg_call *call, void *into, const void *from)
{
	const struct far_acc *f = from;
	struct far_acc *i = into;

	if (f->far && !i->far && !agg_near(call, into)) {
		i->far = f->far;
		i->count = f->count - (int64_t)agg_near(call, from);
	} else if (f->far || (i->far && agg_near(call, from))) {
		i->far = AGG_FAR_SOME;
	}
}

void
agg_far_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct far_acc *a = acc;

	agg_put_u8(out, FAR_VERSION);
	agg_put_u8(out, (uint8_t)a->far);
	agg_put_i64(out, a->count);
	seen_save(a->set, agg_n_inputs(call), out);
}

bool
agg_far_is(struct str bytes)
{
	return bytes.n && (uint8_t)bytes.p[0] == FAR_VERSION;
}

bool
agg_far_load(
    const struct agg_call *call, void *acc, struct str *bytes, int64_t *count)
{
	struct agg_in in = {bytes->p + 1, bytes->p + bytes->n, false};
	uint8_t far = agg_get_u8(&in);
	struct far_acc *a = acc;

	*count = agg_get_count(&in);
	if (!agg_goes_far(call) || in.bad || !far || far > AGG_FAR_SOME ||
	    *count < 0)
		return false;
	a->far = far;
	*bytes = (struct str){in.p, (size_t)(in.end - in.p)};
	return true;
}
