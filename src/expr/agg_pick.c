/* SPDX-License-Identifier: MIT */
/*
 * Aggregates that keep one of the values: min() and max() by value, first()
 * and last() by event time (by arrival where there is none), arg_min() and
 * arg_max() by another column. Ties go to the earlier arrival, for last() to
 * the later one. NULLs are left out.
 */
#include "data/pack.h"
#include "expr/agg_part.h"

/* ---- min, max ---- */

static unsigned
held_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct held);
}

static int
pick_bind(struct agg_call *call, struct err *err)
{
	(void)err;
	call->type = agg_arg_type(call, 0);
	return 0;
}

static bool
is_max(const struct agg_call *call)
{
	return call->agg == &agg_max || call->agg == &agg_arg_max;
}

/* Replaces h by v if v is less (or greater, for max). */
static inline void
offer(struct held *h, struct arena *heap, struct value v, bool max)
{
	int cmp;

	if (v.type == T_NULL)
		return;
	if (h->v.type != T_NULL) {
		cmp = v.type == T_TEXT && h->v.type == T_TEXT
			  ? str_cmp(value_str(v), value_str(h->v))
			  : value_cmp(v, h->v);
		if (max ? cmp <= 0 : cmp >= 0)
			return;
	}
	held_set(h, heap, v);
}

/* INT, TIME and DURATION columns. */
static void
pick_ints(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *r, bool max)
{
	const struct column *c = r->args;
	uint8_t type = (uint8_t)c->type;

	for (unsigned k = 0; k < r->n; k++) {
		struct held *h = agg_acc(call, r, k);
		unsigned row = r->rows[k];
		int64_t x = c->i[row];

		if (agg_null(c, row))
			continue;
		if (h->v.type != type)
			offer(
			    h, heap, (struct value){.i = x, .type = type}, max);
		else if (max ? x > h->v.i : x < h->v.i)
			h->v.i = x;
	}
}

static void
pick_floats(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *r, bool max)
{
	const struct column *c = r->args;

	for (unsigned k = 0; k < r->n; k++) {
		struct held *h = agg_acc(call, r, k);
		unsigned row = r->rows[k];
		double x = c->f[row];

		if (agg_null(c, row))
			continue;
		/* NaN, which compares as nothing, goes the long way. */
		if (h->v.type != T_FLOAT || x != x || h->v.f != h->v.f)
			offer(h, heap, value_float(x), max);
		else if (max ? x > h->v.f : x < h->v.f)
			h->v.f = x;
	}
}

static void
pick_any(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *r, bool max)
{
	for (unsigned k = 0; k < r->n; k++)
		offer(agg_acc(call, r, k), heap, agg_arg(r, 0, k), max);
}

static inline void
pick_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *r, bool max)
{
	const struct column *c = r->args;

	if (c->constant)
		pick_any(call, heap, r, max);
	else if (type_store(c->type) == STORE_I64)
		pick_ints(call, heap, r, max);
	else if (c->type == T_FLOAT)
		pick_floats(call, heap, r, max);
	else if (c->type != T_NULL)
		pick_any(call, heap, r, max);
}

static void
min_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	pick_add(call, heap, r, false);
}

static void
max_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	pick_add(call, heap, r, true);
}

static void
pick_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct held *h = from;

	offer(into, heap, h->v, is_max(call));
}

static struct value
held_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct held *h = acc;

	(void)call, (void)out;
	return h->v;
}

static void
held_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct held *h = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	pack_put(out, h->v);
}

/* Reads a value and keeps it. */
static void
held_read(struct agg_in *in, struct arena *heap, struct held *h)
{
	struct arena a;

	arena_init(&a, 256);
	held_set(h, heap, agg_get_value(in, &a));
	arena_release(&a);
}

static bool
held_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);

	(void)call;
	held_read(&in, heap, acc);
	return agg_in_done(&in);
}

/* ---- first, last ---- */

struct timed {
	struct held held; /* must come first: held_value reads it */
	int64_t time;
};

static unsigned
timed_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct timed);
}

static inline void
timed_offer(struct timed *t, struct arena *heap, struct value v, int64_t time,
    bool last)
{
	if (v.type == T_NULL)
		return;
	if (t->held.v.type != T_NULL &&
	    (last ? time < t->time : time >= t->time))
		return;
	held_set(&t->held, heap, v);
	t->time = time;
}

static void
timed_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	const int64_t *time = call->agg == &agg_any_value ? NULL : r->time;
	bool last = call->agg == &agg_last;

	for (unsigned k = 0; k < r->n; k++)
		timed_offer(agg_acc(call, r, k), heap, agg_arg(r, 0, k),
		    time ? time[r->rows[k]] : 0, last);
}

static void
timed_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct timed *t = from;

	timed_offer(into, heap, t->held.v, t->time, call->agg == &agg_last);
}

static void
timed_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct timed *t = acc;

	held_save(call, &t->held, out);
	agg_put_i64(out, t->time);
}

static bool
timed_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct timed *t = acc;

	(void)call;
	held_read(&in, heap, &t->held);
	t->time = agg_get_i64(&in);
	return agg_in_done(&in);
}

/* ---- arg_min, arg_max ---- */

struct paired {
	struct held value; /* must come first: held_value reads it */
	struct held by;
};

static unsigned
paired_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct paired);
}

static void
paired_offer(struct paired *p, struct arena *heap, struct value v,
    struct value by, bool max)
{
	int cmp;

	if (v.type == T_NULL || by.type == T_NULL)
		return;
	cmp = p->by.v.type == T_NULL ? 0 : value_cmp(by, p->by.v);
	if (p->by.v.type != T_NULL && (max ? cmp <= 0 : cmp >= 0))
		return;
	held_set(&p->value, heap, v);
	held_set(&p->by, heap, by);
}

static void
paired_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	bool max = is_max(call);

	for (unsigned k = 0; k < r->n; k++)
		paired_offer(agg_acc(call, r, k), heap, agg_arg(r, 0, k),
		    agg_arg(r, 1, k), max);
}

static void
paired_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct paired *p = from;

	paired_offer(into, heap, p->value.v, p->by.v, is_max(call));
}

static void
paired_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct paired *p = acc;

	held_save(call, &p->value, out);
	pack_put(out, p->by.v);
}

static bool
paired_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct paired *p = acc;

	(void)call;
	held_read(&in, heap, &p->value);
	held_read(&in, heap, &p->by);
	return agg_in_done(&in) &&
	       (p->value.v.type == T_NULL) == (p->by.v.type == T_NULL);
}

/* ---- the rows ---- */

#define ONE_VALUE                                                              \
	.signature = "any -> same", .args_min = 1, .args_max = 1,              \
	.ignores_duplicates = true, .bind = pick_bind

#define HELD_PARTS                                                             \
	ONE_VALUE, .size = held_size, .merge = pick_merge,                     \
		   .parts = AGG_PARTS_EXACT, .value = held_value,              \
		   .save = held_save, .load = held_load

#define TIMED_PARTS                                                            \
	ONE_VALUE, .size = timed_size, .add = timed_add, .merge = timed_merge, \
		   .parts = AGG_PARTS_EXACT, .value = held_value,              \
		   .save = timed_save, .load = timed_load

#define PAIRED_PARTS                                                           \
	.signature = "any, any -> same", .args_min = 2, .args_max = 2,         \
	.ignores_duplicates = true, .bind = pick_bind, .size = paired_size,    \
	.add = paired_add, .merge = paired_merge, .parts = AGG_PARTS_EXACT,    \
	.value = held_value, .save = paired_save, .load = paired_load

const struct agg agg_min = {
    .name = "min",
    .keep = AGG_KEEP_LEAST,
    .aliases = "",
    .doc = "Least value, of any type; NaN counts as the greatest number.",
    .example = "min(x) of 3, 1, NULL",
    .result = "1",
    .flink = "MIN",
    .add = min_add,
    HELD_PARTS,
};

const struct agg agg_max = {
    .name = "max",
    .keep = AGG_KEEP_GREATEST,
    .aliases = "",
    .doc = "Greatest value, of any type; NaN counts as the greatest number.",
    .example = "max(x) of 3, 1, NULL",
    .result = "3",
    .flink = "MAX",
    .add = max_add,
    HELD_PARTS,
};

const struct agg agg_first = {
    .name = "first",
    .keep = AGG_KEEP_EARLIEST,
    .aliases = "first_value",
    .doc = "The value of the earliest row that has one: in a window by event "
	   "time, of equal times the first to arrive; else by arrival.",
    .example = "first(x) of NULL, 7, 5",
    .result = "7",
    .flink = "FIRST_VALUE",
    TIMED_PARTS,
};

const struct agg agg_last = {
    .name = "last",
    .keep = AGG_KEEP_LATEST,
    .aliases = "last_value",
    .doc = "The value of the latest row that has one: in a window by event "
	   "time, of equal times the last to arrive; else by arrival.",
    .example = "last(x) of 7, 5, NULL",
    .result = "5",
    .flink = "LAST_VALUE",
    TIMED_PARTS,
};

const struct agg agg_any_value = {
    .name = "any_value",
    .keep = AGG_KEEP_ARRIVED,
    .aliases = "",
    .doc = "Some value of the group: the first to arrive that is not NULL.",
    .example = "any_value(x) of NULL, 7, 5",
    .result = "7",
    .flink = "FIRST_VALUE",
    TIMED_PARTS,
};

const struct agg agg_arg_min = {
    .name = "arg_min",
    .keep = AGG_KEEP_LEAST_BY,
    .aliases = "min_by",
    .doc = "The first argument's value in the row where the second is least; "
	   "rows where either is NULL are left out.",
    .example = "arg_min(a, b) of (1, 9), (2, 8)",
    .result = "2",
    .flink = NULL,
    PAIRED_PARTS,
};

const struct agg agg_arg_max = {
    .name = "arg_max",
    .keep = AGG_KEEP_GREATEST_BY,
    .aliases = "max_by",
    .doc = "The first argument's value in the row where the second is "
	   "greatest; rows where either is NULL are left out.",
    .example = "arg_max(a, b) of (1, 9), (2, 8)",
    .result = "1",
    .flink = NULL,
    PAIRED_PARTS,
};
