/* SPDX-License-Identifier: MIT */
/*
 * The table of aggregates, and what is the same for all of them: FILTER picks
 * rows, DISTINCT lets the first of equal values through (and takes it back
 * with the last of them). The set of seen values hangs on a pointer behind
 * the aggregate's own accumulator.
 */
#include "expr/agg.h"

#include "data/key.h"
#include "expr/agg_far.h"
#include "expr/agg_kept.h"
#include "expr/agg_log.h"
#include "expr/agg_part.h"

/* Sorted by name. */
const struct agg *const aggs[] = {
    &agg_any_value,
    &agg_approx_distinct,
    &agg_arg_max,
    &agg_arg_min,
    &agg_array_agg,
    &agg_avg,
    &agg_bit_and,
    &agg_bit_or,
    &agg_bit_xor,
    &agg_bool_and,
    &agg_bool_or,
    &agg_corr,
    &agg_count,
    &agg_count_if,
    &agg_covar_pop,
    &agg_covar_samp,
    &agg_first,
    &agg_histogram,
    &agg_json_arrayagg,
    &agg_json_arrayagg_null,
    &agg_json_objectagg,
    &agg_last,
    &agg_listagg,
    &agg_map_agg,
    &agg_max,
    &agg_median,
    &agg_min,
    &agg_mode,
    &agg_percentile,
    &agg_percentile_cont,
    &agg_rate,
    &agg_ratio,
    &agg_regr_count,
    &agg_regr_intercept,
    &agg_regr_r2,
    &agg_regr_slope,
    &agg_stddev_pop,
    &agg_stddev_samp,
    &agg_sum,
    &agg_topk,
    &agg_var_pop,
    &agg_var_samp,
};
const unsigned n_aggs = sizeof aggs / sizeof *aggs;

/* True if word is one of the words of list, which blanks separate. */
static bool
list_has(const char *list, struct str word)
{
	struct str rest = str_of(list);

	while (rest.n) {
		long blank = str_find(rest, STR(" "), 0);
		struct str first = rest;

		if (blank >= 0)
			first.n = (size_t)blank;
		if (str_eq(first, word))
			return true;
		rest.p += first.n + (blank >= 0);
		rest.n -= first.n + (blank >= 0);
	}
	return false;
}

const struct agg *
agg_find(struct str name)
{
	if (!name.n)
		return NULL;
	for (unsigned i = 0; i < n_aggs; i++)
		if (str_is(name, aggs[i]->name) ||
		    list_has(aggs[i]->aliases, name))
			return aggs[i];
	return NULL;
}

bool
agg_has_order(const struct agg *a)
{
	return !a->retracts && !a->exact &&
	       (a->keep == AGG_KEEP_ALL || a->keep == AGG_KEEP_ARRIVED ||
		   a->keep == AGG_KEEP_EARLIEST || a->keep == AGG_KEEP_LATEST);
}

/* True if the call keeps a set of seen values. */
static bool
keeps_set(const struct agg_call *call)
{
	return call->distinct && !call->agg->ignores_duplicates &&
	       agg_n_inputs(call) > 0;
}

static struct seen_set **
set_of(const struct agg_call *call, void *acc)
{
	return (void *)((char *)acc + call->agg->size(call));
}

static const struct seen_set *
set_in(const struct agg_call *call, const void *acc)
{
	const struct seen_set *const *at =
	    (const void *)((const char *)acc + call->agg->size(call));

	return *at;
}

/*
 * The call that does the work: where rows may be taken back, an estimate
 * gives way to what is exact. *room holds it then.
 */
static const struct agg_call *
working(const struct agg_call *call, struct agg_call *room)
{
	if (!call->retract || !call->agg->exact)
		return call;
	*room = *call;
	room->agg = call->agg->exact;
	room->distinct = true;
	return room;
}

unsigned
agg_size(const struct agg_call *call)
{
	struct agg_call room;

	call = working(call, &room);
	if (agg_keeps_rows(call))
		return kept_size();
	return call->agg->size(call) +
	       (keeps_set(call) ? (unsigned)sizeof(struct seen_set *) : 0) +
	       (agg_goes_far(call) ? (unsigned)sizeof(int64_t) : 0);
}

/* ---- adding rows ---- */

/* A choice of the rows of a batch. */
struct picked {
	uint16_t rows[BATCH_ROWS];
	char *cells[BATCH_ROWS];
};

static void
pick(struct picked *p, struct agg_rows *r, unsigned k)
{
	p->rows[r->n] = r->rows[k];
	p->cells[r->n++] = r->cells[k];
}

bool
agg_passes(const struct column *filter, unsigned row)
{
	struct value v;

	if (filter->type == T_BOOL && !filter->constant)
		return !agg_null(filter, row) && filter->b[row];
	v = column_get(filter, row);
	return v.type == T_BOOL && v.b;
}

/* What DISTINCT is asked of a batch: the values of its rows as keys. */
struct asked {
	struct buf keys;
	uint32_t at[BATCH_ROWS + 1]; /* of a row's key; empty: a NULL in it */
	uint32_t hash[BATCH_ROWS];
	uint8_t types[BATCH_ROWS][AGG_ARGS_MAX];
	struct seen_set *near; /* the set that rows are looked up in ahead */
};

static struct str
asked_key(const struct asked *q, unsigned k)
{
	return (struct str){q->keys.p + q->at[k], q->at[k + 1] - q->at[k]};
}

static void
ask(const struct agg_call *call, const struct agg_rows *r, unsigned n,
    struct asked *q)
{
	for (unsigned k = 0; k < r->n; k++) {
		size_t from = q->keys.n;

		q->at[k] = (uint32_t)from;
		for (unsigned i = 0; i < n; i++) {
			struct value v = agg_arg(r, i, k);

			if (v.type == T_NULL &&
			    call->agg->nulls != AGG_NULLS_KEEP) {
				q->keys.n = from;
				break;
			}
			q->types[k][i] = v.type;
			key_put(&q->keys, v);
		}
		q->at[k + 1] = (uint32_t)q->keys.n;
	}
	for (unsigned k = 0; k < r->n; k++)
		q->hash[k] = seen_hash(asked_key(q, k));
}

/* Slots, then entries, are fetched this many rows ahead. */
#define AHEAD 12
/* Below this many values a set is in the nearest caches anyway. */
#define FAR_VALUES 4096

static void
fetch(const struct asked *q, unsigned k, unsigned n)
{
	if (!q->near || q->near->n < FAR_VALUES)
		return;
	if (k + 2 * AHEAD < n)
		seen_fetch_slot(q->near, q->hash[k + 2 * AHEAD]);
	if (k + AHEAD < n)
		seen_fetch_entry(q->near, q->hash[k + AHEAD]);
}

/*
 * Picks the rows that change their set: those with a value never seen, or
 * that take the last of its kind back.
 */
static void
add_distinct(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows)
{
	unsigned n = agg_n_inputs(call);
	struct agg_rows r = *rows;
	struct asked q;
	struct picked p;

	r.n = 0;
	q.keys = (struct buf){0};
	q.near = NULL;
	ask(call, rows, n, &q);
	for (unsigned k = 0; k < rows->n; k++) {
		struct seen_set **set = set_of(call, agg_acc(call, rows, k));
		struct str key = asked_key(&q, k);

		fetch(&q, k, rows->n);
		if (key.n && seen_count_hashed(set, heap, key, q.hash[k],
				 q.types[k], n, agg_sign(rows, k))) {
			agg_far_adds(call, agg_acc(call, rows, k));
			pick(&p, &r, k);
		}
		q.near = *set;
	}
	buf_release(&q.keys);
	r.rows = p.rows;
	r.cells = p.cells;
	if (r.n)
		call->agg->add(call, heap, &r);
}

static void
add_rows(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows)
{
	if (agg_keeps_rows(call))
		kept_add(call, heap, rows);
	else if (keeps_set(call))
		add_distinct(call, heap, rows);
	else
		call->agg->add(call, heap, rows);
}

void
agg_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows, const struct column *filter)
{
	struct agg_rows r = *rows;
	struct agg_call room;
	struct picked p;

	call = working(call, &room);
	if (!filter) {
		add_rows(call, heap, rows);
		return;
	}
	r.n = 0;
	for (unsigned k = 0; k < rows->n; k++) {
		p.rows[r.n] = rows->rows[k];
		p.cells[r.n] = rows->cells[k];
		r.n += agg_passes(filter, rows->rows[k]);
	}
	r.rows = p.rows;
	r.cells = p.cells;
	if (r.n)
		add_rows(call, heap, &r);
}

/* ---- merging ---- */

/* Adds the values of one entry as a row of their own, or takes them back. */
static void
add_entry(const struct agg_call *call, struct arena *heap, void *acc,
    const struct value *v, unsigned n, int sign)
{
	char *cell = (char *)acc - call->offset;
	struct column cols[AGG_ARGS_MAX];
	struct value copy[AGG_ARGS_MAX];
	int8_t minus = -1;
	uint16_t row = 0;
	struct agg_rows r = {.n = 1,
	    .rows = &row,
	    .cells = &cell,
	    .args = cols,
	    .sign = sign < 0 ? &minus : NULL};

	for (unsigned i = 0; i < n; i++) {
		copy[i] = v[i];
		cols[i] = (struct column){.type = T_ANY, .v = &copy[i]};
	}
	for (unsigned i = n; i < call->n_args; i++) {
		copy[i] = call->params[i];
		cols[i] = (struct column){.type = T_ANY, .v = &copy[i]};
	}
	call->agg->add(call, heap, &r);
}

static void
merge_distinct(const struct agg_call *call, struct arena *heap, void *into,
    const struct seen_set *from)
{
	unsigned n = agg_n_inputs(call);
	struct value v[AGG_ARGS_MAX];
	struct arena a;

	arena_init(&a, 4096);
	for (const struct seen *e = from ? from->first : NULL; e; e = e->next) {
		struct str key = {e->bytes, e->len};
		const uint8_t *types = (const uint8_t *)e->bytes + e->len;
		int change;

		if (!e->count)
			continue;
		change = seen_count(
		    set_of(call, into), heap, key, types, n, e->count);
		if (change) {
			seen_values(e, v, n, &a);
			add_entry(call, heap, into, v, n, change);
			arena_reset(&a);
		}
	}
	arena_release(&a);
}

static void
merge_sets(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	if (agg_goes_far(call))
		agg_far_merge(call, into, from);
	merge_distinct(call, heap, into, set_in(call, from));
}

void
agg_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	struct agg_call room;

	call = working(call, &room);
	if (agg_keeps_rows(call))
		kept_merge(call, heap, into, from);
	else if (keeps_set(call))
		merge_sets(call, heap, into, from);
	else
		call->agg->merge(call, heap, into, from);
}

/*
 * Values of a set, and rows that are kept, are added one by one when they are
 * merged. Rows that are taken back need to know what they are taken from.
 */
enum agg_parts
agg_parts(const struct agg_call *call)
{
	if (call->retract)
		return AGG_PARTS_NEVER;
	if (keeps_set(call) || agg_keeps_rows(call))
		return AGG_PARTS_EXACT;
	if (call->agg->parts != AGG_PARTS_INTS)
		return call->agg->parts;
	switch (agg_arg_type(call, 0)) {
	case T_NULL:
	case T_BOOL:
	case T_INT:
	case T_DECIMAL:
	case T_DURATION:
		return AGG_PARTS_EXACT;
	case T_FLOAT:
	case T_TEXT:
	case T_BYTES:
	case T_TIME:
	case T_DATE:
	case T_LIST:
	case T_MAP:
	case T_JSON:
	case T_ANY:
		break;
	}
	return AGG_PARTS_ROWS;
}

bool
agg_grows(const struct agg_call *call)
{
	return keeps_set(call) || agg_keeps_rows(call) || call->agg->grows;
}

bool
agg_unmerges(const struct agg_call *call)
{
	return call->agg->unmerge && !keeps_set(call) &&
	       !agg_keeps_rows(call) && !(call->retract && call->agg->exact);
}

void
agg_unmerge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	call->agg->unmerge(call, heap, into, from);
}

bool
agg_sound(const struct agg_call *call, const void *acc)
{
	return !call->agg->sound || call->agg->sound(call, acc);
}

struct value
agg_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct agg_call room;

	call = working(call, &room);
	if (agg_keeps_rows(call))
		return kept_value(call, acc, out);
	if (agg_far(call, acc) == AGG_FAR_SOME)
		return VALUE_NULL;
	return call->agg->value(call, acc, out);
}

/* ---- state on disk ---- */

static void
save_plain(const struct agg_call *call, const void *acc, struct buf *out)
{
	if (agg_keeps_rows(call)) {
		kept_save(call, acc, out);
		return;
	}
	if (!keeps_set(call)) {
		call->agg->save(call, acc, out);
		return;
	}
	if (agg_far(call, acc)) {
		agg_far_save(call, acc, out);
		return;
	}
	agg_put_u8(out, AGG_SAVE_VERSION);
	seen_save(set_in(call, acc), agg_n_inputs(call), out);
}

void
agg_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	struct agg_call room;
	size_t from = out->n;

	save_plain(working(call, &room), acc, out);
	agg_pack(out, from);
}

/* A set is enough to have the accumulator again: every value is added. */
static bool
load_set(const struct agg_call *call, struct arena *heap, void *acc,
    struct agg_in in)
{
	struct seen_set **set = set_of(call, acc);
	unsigned n = agg_n_inputs(call);
	struct value v[AGG_ARGS_MAX];
	struct arena a;

	if (!seen_load(&in, set, heap, n) || !agg_in_done(&in))
		return false;
	arena_init(&a, 4096);
	for (const struct seen *e = *set ? (*set)->first : NULL; e;
	     e = e->next) {
		if (e->count < 0)
			continue;
		seen_values(e, v, n, &a);
		add_entry(call, heap, acc, v, n, 1);
		arena_reset(&a);
	}
	arena_release(&a);
	return true;
}

static bool
load_distinct(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	int64_t count;

	if (!agg_far_is(bytes))
		return load_set(call, heap, acc, agg_in_start(bytes));
	if (!agg_far_load(call, acc, &bytes, &count) ||
	    !load_set(call, heap, acc,
		(struct agg_in){bytes.p, bytes.p + bytes.n, false}))
		return false;
	/* All there are, besides those in the set. */
	if (agg_far(call, acc) == AGG_FAR_COUNTED)
		agg_counted(call, acc, count);
	return true;
}

bool
agg_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	char plain[AGG_PACKED_MAX + 1];
	struct agg_call room;

	call = working(call, &room);
	if (!agg_unpack(&bytes, plain))
		return false;
	if (agg_keeps_rows(call))
		return kept_load(call, heap, acc, bytes);
	if (keeps_set(call))
		return load_distinct(call, heap, acc, bytes);
	if (agg_log_is(bytes))
		return agg_log_add_saved(call, heap, acc, bytes);
	return call->agg->load(call, heap, acc, bytes);
}
