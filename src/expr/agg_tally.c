/* SPDX-License-Identifier: MIT */
/*
 * Aggregates that only count: count(), ratio(), bool_and(), bool_or(). They
 * are exact, can take rows back, and merge by addition.
 */
#include "data/cast.h"
#include "expr/agg_part.h"

/* ---- count ---- */

static unsigned
count_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(int64_t);
}

static int
count_bind(struct agg_call *call, struct err *err)
{
	(void)err;
	call->type = T_INT;
	return 0;
}

/* Counts every row whatever it holds. */
static void
count_all(const struct agg_call *call, const struct agg_rows *r)
{
	if (r->sign) {
		for (unsigned k = 0; k < r->n; k++)
			*(int64_t *)agg_acc(call, r, k) += agg_sign(r, k);
		return;
	}
	for (unsigned k = 0; k < r->n; k++)
		++*(int64_t *)agg_acc(call, r, k);
}

static bool
any_null(const struct agg_call *call, const struct agg_rows *r, unsigned k)
{
	for (unsigned i = 0; i < call->n_args; i++)
		if (column_is_null(&r->args[i], r->rows[k]))
			return true;
	return false;
}

static void
count_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	const struct column *c = r->args;
	bool store_nulls;

	(void)heap;
	if (call->n_args == 0 ||
	    (call->n_args == 1 && c->constant && !column_is_null(c, 0))) {
		count_all(call, r);
		return;
	}
	store_nulls = c->type == T_NULL || type_store(c->type) == STORE_VALUE;
	if (call->n_args == 1 && !store_nulls && !c->constant) {
		if (!c->nulls) {
			count_all(call, r);
			return;
		}
		for (unsigned k = 0; k < r->n; k++)
			*(int64_t *)agg_acc(call, r, k) +=
			    bit_get(c->nulls, r->rows[k]) ? 0 : agg_sign(r, k);
		return;
	}
	for (unsigned k = 0; k < r->n; k++)
		if (!any_null(call, r, k))
			*(int64_t *)agg_acc(call, r, k) += agg_sign(r, k);
}

static void
count_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	(void)call, (void)heap;
	*(int64_t *)into += *(const int64_t *)from;
}

static void
count_unmerge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	(void)call, (void)heap;
	*(int64_t *)into -= *(const int64_t *)from;
}

static struct value
count_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	(void)call, (void)out;
	return value_int(*(const int64_t *)acc);
}

static void
count_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_i64(out, *(const int64_t *)acc);
}

static bool
count_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);

	(void)call, (void)heap;
	*(int64_t *)acc = agg_get_count(&in);
	return agg_in_done(&in);
}

/* ---- share of conditions ---- */

struct tally {
	int64_t yes, n; /* TRUE rows; rows that are TRUE or FALSE */
};

static unsigned
tally_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct tally);
}

static int
tally_check(struct agg_call *call, enum type result, struct err *err)
{
	enum type t = agg_arg_type(call, 0);

	if (t != T_BOOL && t != T_ANY && t != T_NULL)
		return err_set(err, ERR_SPEC, agg_arg_where(call, 0),
		    "%s() needs a condition, this is a %s", call->agg->name,
		    type_name(t));
	call->type = result;
	return 0;
}

static int
ratio_bind(struct agg_call *call, struct err *err)
{
	return tally_check(call, T_FLOAT, err);
}

static int
bool_bind(struct agg_call *call, struct err *err)
{
	return tally_check(call, T_BOOL, err);
}

static void
tally_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	const struct column *c = r->args;
	bool plain = c->type == T_BOOL && agg_plain(r, c);

	(void)heap;
	for (unsigned k = 0; k < r->n; k++) {
		struct tally *t = agg_acc(call, r, k);
		struct value v;

		if (plain) {
			if (!agg_null(c, r->rows[k])) {
				t->yes += c->b[r->rows[k]];
				t->n++;
			}
			continue;
		}
		v = agg_arg(r, 0, k);
		if (v.type != T_BOOL &&
		    (v.type == T_NULL ||
			!value_cast(NULL, v, T_BOOL, NULL, &v)))
			continue;
		t->yes += v.b ? agg_sign(r, k) : 0;
		t->n += agg_sign(r, k);
	}
}

static void
tally_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct tally *f = from;
	struct tally *t = into;

	(void)call, (void)heap;
	t->yes += f->yes;
	t->n += f->n;
}

static struct value
ratio_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct tally *t = acc;

	(void)call, (void)out;
	return t->n ? value_float((double)t->yes / (double)t->n) : VALUE_NULL;
}

static struct value
count_if_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct tally *t = acc;

	(void)call, (void)out;
	return value_int(t->yes);
}

static int
count_if_bind(struct agg_call *call, struct err *err)
{
	return tally_check(call, T_INT, err);
}

static struct value
and_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct tally *t = acc;

	(void)call, (void)out;
	return t->n ? value_bool(t->yes == t->n) : VALUE_NULL;
}

static struct value
or_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct tally *t = acc;

	(void)call, (void)out;
	return t->n ? value_bool(t->yes > 0) : VALUE_NULL;
}

static void
tally_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct tally *t = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_i64(out, t->yes);
	agg_put_i64(out, t->n);
}

static bool
tally_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct tally *t = acc;

	(void)call, (void)heap;
	t->yes = agg_get_count(&in);
	t->n = agg_get_count(&in);
	return agg_in_done(&in);
}

/* ---- the rows ---- */

const struct agg agg_count = {
    .name = "count",
    .nothing = {.i = 0, .type = T_INT},
    .aliases = "",
    .signature = "any ... -> bigint",
    .doc = "Number of rows; with arguments, of the rows where none of them is "
	   "NULL.",
    .example = "count(x) of 1, NULL, 3",
    .result = "2",
    .flink = "COUNT",
    .args_min = 0,
    .args_max = AGG_ARGS_MAX,
    .bind = count_bind,
    .size = count_size,
    .add = count_add,
    .retracts = true,
    .back = AGG_BACK_EXACT,
    .merge = count_merge,
    .parts = AGG_PARTS_EXACT,
    .unmerge = count_unmerge,
    .value = count_value,
    .save = count_save,
    .load = count_load,
};

const struct agg agg_ratio = {
    .name = "ratio",
    .aliases = "",
    .signature = "bool -> float",
    .doc = "Share of the rows where the condition is TRUE, 0 to 1, among the "
	   "rows where it is not NULL.",
    .example = "ratio(x > 2) of 1, 2, 3, 4",
    .result = "0.5",
    .flink = NULL,
    .args_min = 1,
    .args_max = 1,
    .bind = ratio_bind,
    .size = tally_size,
    .add = tally_add,
    .retracts = true,
    .back = AGG_BACK_EXACT,
    .merge = tally_merge,
    .parts = AGG_PARTS_EXACT,
    .value = ratio_value,
    .save = tally_save,
    .load = tally_load,
};

const struct agg agg_count_if = {
    .name = "count_if",
    .nothing = {.i = 0, .type = T_INT},
    .aliases = "countif",
    .signature = "bool -> bigint",
    .doc = "Number of rows where the condition is TRUE.",
    .example = "count_if(x > 2) of 1, 2, 3, NULL",
    .result = "1",
    .flink = NULL,
    .args_min = 1,
    .args_max = 1,
    .bind = count_if_bind,
    .size = tally_size,
    .add = tally_add,
    .retracts = true,
    .merge = tally_merge,
    .parts = AGG_PARTS_EXACT,
    .value = count_if_value,
    .save = tally_save,
    .load = tally_load,
};

const struct agg agg_bool_and = {
    .name = "bool_and",
    .aliases = "every",
    .signature = "bool -> bool",
    .doc = "TRUE if the condition is TRUE in every row where it is not NULL.",
    .example = "bool_and(x > 2) of 1, 3",
    .result = "false",
    .flink = NULL,
    .args_min = 1,
    .args_max = 1,
    .ignores_duplicates = true,
    .bind = bool_bind,
    .size = tally_size,
    .add = tally_add,
    .retracts = true,
    .back = AGG_BACK_EXACT,
    .merge = tally_merge,
    .parts = AGG_PARTS_EXACT,
    .value = and_value,
    .save = tally_save,
    .load = tally_load,
};

const struct agg agg_bool_or = {
    .name = "bool_or",
    .aliases = "",
    .signature = "bool -> bool",
    .doc = "TRUE if the condition is TRUE in some row.",
    .example = "bool_or(x > 2) of 1, 3",
    .result = "true",
    .flink = NULL,
    .args_min = 1,
    .args_max = 1,
    .ignores_duplicates = true,
    .bind = bool_bind,
    .size = tally_size,
    .add = tally_add,
    .retracts = true,
    .back = AGG_BACK_EXACT,
    .merge = tally_merge,
    .parts = AGG_PARTS_EXACT,
    .value = or_value,
    .save = tally_save,
    .load = tally_load,
};
