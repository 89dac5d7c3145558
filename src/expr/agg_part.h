/* SPDX-License-Identifier: MIT */
/*
 * Parts that the aggregates share: finding the accumulator of a row, reading
 * an argument as a number, values kept beyond their batch, sets of seen
 * values, and bytes of saved state.
 *
 * Numeric aggregates read text that is a number as that number and a boolean
 * as 0 or 1; what is no number counts like NULL, because an aggregate has no
 * row left to call bad.
 */
#ifndef WEIR_EXPR_AGG_PART_H
#define WEIR_EXPR_AGG_PART_H

#include "base/buf.h"
#include "base/hash.h"
#include "data/column.h"
#include "expr/agg.h"

/* Accumulators are aligned to 8 bytes only. */
typedef __int128 agg_i128 __attribute__((aligned(8)));

/*
 * First byte of every saved accumulator: the version of its layout. Those of
 * 128 on are packed, see agg_pack.
 */
#define AGG_SAVE_VERSION 1

/* The accumulator of the k-th row. */
static inline void *
agg_acc(const struct agg_call *call, const struct agg_rows *r, unsigned k)
{
	return r->cells[k] + call->offset;
}

/* Argument i of the k-th row. */
static inline struct value
agg_arg(const struct agg_rows *r, unsigned i, unsigned k)
{
	const struct column *c = &r->args[i];

	if (c->type == T_ANY)
		return c->v[c->constant ? 0 : r->rows[k]];
	return column_get(c, r->rows[k]);
}

static inline int
agg_sign(const struct agg_rows *r, unsigned k)
{
	return r->sign ? r->sign[r->rows[k]] : 1;
}

/* True if a column can be read by its array alone, row by row. */
static inline bool
agg_plain(const struct agg_rows *r, const struct column *c)
{
	return !c->constant && !r->sign;
}

static inline bool
agg_null(const struct column *c, unsigned row)
{
	return c->nulls && bit_get(c->nulls, row);
}

/*
 * v as INT, FLOAT or DECIMAL (then *space holds it); a DURATION is its
 * microseconds as INT. False if v is no number.
 */
bool agg_number(struct value v, struct value *out, struct dec *space);

/* Is the filter TRUE of the row? */
bool agg_passes(const struct column *filter, unsigned row);

/* Place of an argument for messages. */
struct where agg_arg_where(const struct agg_call *call, unsigned i);

/* Static type of an argument; T_ANY if it is known at run time only. */
enum type agg_arg_type(const struct agg_call *call, unsigned i);

/*
 * Binding of numeric aggregates: an error if the argument is known to be a
 * list, map, bytes or (unless times is set) a time.
 */
int agg_bind_number(struct agg_call *call, bool times, struct err *err);

/* Number of arguments that are not parameters. */
unsigned agg_n_inputs(const struct agg_call *call);

/* ---- a value kept beyond its batch ---- */

/* v.type is T_NULL when empty; cap: bytes there are at v.p. */
struct held {
	struct value v;
	uint64_t cap;
};

/* Replaces the value; its memory is used again when the new one fits. */
void held_set(struct held *h, struct arena *heap, struct value v);

/* ---- memory of a heap that is used again ---- */

/*
 * Pieces of memory nobody needs any more, by size: a heap does not take them
 * back one by one. NULL until there is one.
 */
struct spare;

void *spare_alloc(struct spare *s, struct arena *heap, size_t n);
void spare_give(struct spare **s, struct arena *heap, void *p, size_t n);

/* ---- a set of values with their counts, in order of first arrival ---- */

struct seen {
	struct seen *next;
	int64_t count; /* less than 0: taken back before it came */
	uint32_t hash;
	uint32_t len; /* of the key at bytes[0], then a type tag per value */
	char bytes[];
};

struct seen_set {
	uint64_t *slots; /* 16 bits of the hash, then the entry's address */
	struct seen *first, *last;
	uint32_t n, cap;  /* entries (dead ones too), slots */
	uint32_t dead;	  /* entries with count 0 */
	uint32_t n_types; /* of each entry */
	struct spare *spare;
};

/*
 * Changes the count of the values key (as key_put writes them, with their
 * types) by some number. +1: they are there (count > 0) that were not before,
 * -1: they no longer are, else 0. *set may be NULL at first.
 */
int seen_count(struct seen_set **set, struct arena *heap, struct str key,
    const uint8_t *types, unsigned n_types, int64_t by);

/* The n values of an entry, as they came (slices of the entry or arena). */
/* The same where the hash of the key is known: seen_hash of it. */
int seen_count_hashed(struct seen_set **set, struct arena *heap, struct str key,
    uint32_t hash, const uint8_t *types, unsigned n_types, int64_t by);

static inline uint32_t
seen_hash(struct str key)
{
	return (uint32_t)hash_bytes(key.p, key.n);
}

/* Are they there? */
bool seen_has(const struct seen_set *s, struct str key);

/*
 * For sets beyond the nearest caches: brings the slot of a key near, and,
 * some keys later, its entry.
 */
void seen_fetch_slot(const struct seen_set *s, uint32_t hash);
void seen_fetch_entry(const struct seen_set *s, uint32_t hash);

void seen_values(
    const struct seen *e, struct value *out, unsigned n, struct arena *a);

void seen_save(const struct seen_set *set, unsigned n_values, struct buf *out);

/* ---- bytes that grow, for lists and texts (agg_list.c) ---- */

#define GROWN_MAX (256u << 20)

struct grown {
	char *p;
	uint32_t len, cap;
	uint64_t n; /* values */
};

/* Appends two pieces, of n values, or, beyond GROWN_MAX, nothing. */
void grown_put(struct grown *g, struct arena *heap, struct str a, struct str b,
    uint64_t n);
void grown_save(const struct agg_call *call, const void *acc, struct buf *out);

/* ---- values as they come (agg_list.c), keys and values (agg_map.c) ---- */

unsigned grown_size(const struct agg_call *call);
void array_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r);
void array_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);
struct value array_value(
    const struct agg_call *call, const void *acc, struct arena *out);
bool array_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes);
void map_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r);
void map_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);
struct value map_value(
    const struct agg_call *call, const void *acc, struct arena *out);
bool map_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes);

/* ---- an accumulator that counts values (agg_list.c) ---- */

unsigned counts_size(const struct agg_call *call);
void counts_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r);
void counts_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);
void counts_save(const struct agg_call *call, const void *acc, struct buf *out);
bool counts_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes);

/* ---- saved bytes ---- */

struct agg_in {
	const char *p, *end;
	bool bad; /* the bytes were too short */
};

void agg_put_u8(struct buf *out, uint8_t v);
void agg_put_u64(struct buf *out, uint64_t v);
void agg_put_i64(struct buf *out, int64_t v);
void agg_put_f64(struct buf *out, double v);
void agg_put_i128(struct buf *out, __int128 v);

/* Starts on saved bytes; bad if they are of another version. */
struct agg_in agg_in_start(struct str bytes);
uint8_t agg_get_u8(struct agg_in *in);
uint64_t agg_get_u64(struct agg_in *in);
int64_t agg_get_i64(struct agg_in *in);

/* A number of rows: bad if beyond 2^60 either way. */
int64_t agg_get_count(struct agg_in *in);
double agg_get_f64(struct agg_in *in);
__int128 agg_get_i128(struct agg_in *in);
struct value agg_get_value(struct agg_in *in, struct arena *a);

bool seen_load(struct agg_in *in, struct seen_set **set, struct arena *heap,
    unsigned n_values);

/* True if all bytes have been read and none was missing. */
bool agg_in_done(const struct agg_in *in);

/*
 * What was saved at `from` loses its zeros, if that makes it shorter. Back: it
 * is found in room then; false if nobody packed it. (agg_packed.c)
 */
#define AGG_PACKED_MAX 127
void agg_pack(struct buf *out, size_t from);
bool agg_unpack(struct str *bytes, char room[AGG_PACKED_MAX + 1]);

/* ---- the rows ---- */

extern const struct agg agg_any_value, agg_approx_distinct, agg_arg_max,
    agg_arg_min, agg_array_agg, agg_avg, agg_bit_and, agg_bit_or, agg_bit_xor,
    agg_bool_and, agg_bool_or, agg_corr, agg_count, agg_count_if, agg_covar_pop,
    agg_covar_samp, agg_first, agg_histogram, agg_json_arrayagg,
    agg_json_arrayagg_null, agg_json_objectagg, agg_last, agg_listagg,
    agg_map_agg, agg_max, agg_median, agg_min, agg_mode, agg_percentile,
    agg_percentile_cont, agg_rate, agg_ratio, agg_regr_count,
    agg_regr_intercept, agg_regr_r2, agg_regr_slope, agg_stddev_pop,
    agg_stddev_samp, agg_sum, agg_topk, agg_var_pop, agg_var_samp;

#endif
