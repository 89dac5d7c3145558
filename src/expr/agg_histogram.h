/* SPDX-License-Identifier: MIT */
/*
 * A histogram of floats for quantiles: buckets are the exponent and the first
 * 7 bits of the mantissa, so a value is known to 1/256 (0.4 %) of itself, and
 * histograms merge by addition. Negative values have buckets of their own;
 * zero and NaN (the greatest) have a counter each.
 *
 * Buckets lie in pages of 64 counters, which exist only where values are;
 * counters are 16 bits wide until one of their page needs more.
 */
#ifndef WEIR_EXPR_AGG_HISTOGRAM_H
#define WEIR_EXPR_AGG_HISTOGRAM_H

#include "expr/agg_part.h"

struct histogram;

struct histogram *histogram_new(struct arena *heap);

/* Memory of the heap that nobody needs any more, for pages. */
void histogram_spare(struct histogram *h, void *p, size_t n);

void histogram_put(struct histogram *h, struct arena *heap, double x);

/* Puts, or takes back, n values. */
void histogram_put_all(
    struct histogram *h, struct arena *heap, const double *x, size_t n);
void histogram_take_all(struct histogram *h, const double *x, size_t n);

void histogram_merge(
    struct histogram *into, struct arena *heap, const struct histogram *h);

/*
 * Takes back what was put or merged before. Least and greatest value are not
 * known afterwards; they matter in the outermost buckets only.
 */
void histogram_take(struct histogram *h, double x);
void histogram_unmerge(struct histogram *from, const struct histogram *h);

/* True if the rank (from 0, of n values) is not in an outermost bucket. */
bool histogram_inner(const struct histogram *h, uint64_t rank, uint64_t n);

/*
 * The value of a rank, from 0, of n values. ints: all values were whole
 * numbers, and so is the result. Least and greatest value are exact.
 */
double histogram_at(
    const struct histogram *h, uint64_t rank, uint64_t n, bool ints);

void histogram_save(const struct histogram *h, struct buf *out);

/* Into a new histogram; false if the bytes are not one of n values. */
bool histogram_load(
    struct histogram *h, struct agg_in *in, struct arena *heap, uint64_t n);

#endif
