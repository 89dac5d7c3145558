/* SPDX-License-Identifier: MIT */
/*
 * Logs of rows: whatever is kept as rows and added to an accumulator later
 * gives every bit of it, wherever the rows were cut, however their logs were
 * joined and saved between; in another order it would not. Damaged logs are
 * refused.
 */
#include <math.h>

#include "agg_calls.h"
#include "expr/agg_log.h"

#define ROWS 400

/* Numbers whose sums depend on their order, and what is no number. */
static struct value
any_value(unsigned kind)
{
	double f = ldexp((double)(int64_t)draw(), (int)below(90) - 110);

	if (below(12) == 0)
		return NIL;
	if (kind == 0)
		return value_float(f);
	switch (below(12)) {
	case 0:
		return value_int((int64_t)draw() >> below(60));
	case 1:
		return D("-1234567.25");
	case 2:
		return T("12.7e3");
	case 3:
		return T("no number");
	case 4:
		return value_bool(below(2));
	case 5:
		return value_float(-0.0);
	default:
		return value_float(f);
	}
}

static void
random_columns(const struct agg_call *call, unsigned kind, struct column *cols)
{
	struct value v[ROWS], w[ROWS];

	for (unsigned i = 0; i < ROWS; i++) {
		v[i] = any_value(kind);
		w[i] = call->agg == agg_find(STR("rate"))
			   ? value_time((int64_t)(draw() >> 16))
			   : any_value(kind);
	}
	cols[0] = column_of(v, ROWS, false);
	cols[1] = column_of(w, ROWS, false);
}

/* Rows [from, to) of one log. */
static void *
log_of(const struct agg_call *call, const struct column *cols, unsigned from,
    unsigned to, const struct column *filter)
{
	void *log = acc_new(call);
	uint16_t rows[ROWS];
	char *cells[ROWS];
	struct agg_rows r = {.rows = rows, .cells = cells, .args = cols};

	for (unsigned i = from; i < to; i++) {
		rows[r.n] = (uint16_t)i;
		cells[r.n++] = (char *)log - call->offset;
	}
	agg_log_add(call, &heap, &r, filter);
	return log;
}

static struct str
saved(const struct agg_call *call, const void *acc)
{
	struct buf out = {0};
	struct str s;

	agg_save(call, acc, &out);
	s = arena_str(&scratch, buf_str(&out));
	buf_release(&out);
	return s;
}

static struct str
saved_log(const void *log)
{
	struct buf out = {0};
	struct str s;

	agg_log_save(log, &out);
	s = arena_str(&scratch, buf_str(&out));
	buf_release(&out);
	return s;
}

/* Rows from..to - 1 in logs that are joined, saved and loaded as it comes. */
static void *
any_log(const struct agg_call *call, const struct column *cols, unsigned from,
    unsigned to, const struct column *filter)
{
	void *log = acc_new(call);

	while (from < to) {
		unsigned n = 1 + below(below(4) ? 6 : 60);
		void *next;

		n = n < to - from ? n : to - from;
		next = log_of(call, cols, from, from + n, filter);
		if (below(2)) {
			struct str bytes = saved_log(next);

			next = acc_new(call);
			if (!agg_log_load(call, &heap, next, bytes))
				return acc_new(call);
		}
		agg_log_join(call, &heap, log, next);
		from += n;
	}
	return log;
}

/* An accumulator of some rows, then logs: added, or loaded and added. */
static void *
in_pieces(const struct agg_call *call, const struct column *cols,
    const struct column *filter)
{
	void *acc = acc_new(call);
	unsigned at = below(3) ? below(ROWS / 2) : 0;

	feed(call, acc, cols, 0, at, NULL, NULL, filter);
	while (at < ROWS) {
		unsigned n = 1 + below(ROWS - at);
		void *log = any_log(call, cols, at, at + n, filter);

		if (at) {
			agg_log_replay(call, &heap, acc, log);
		} else if (below(2)) {
			acc = log;
			agg_log_end(call, &heap, acc);
		} else {
			ok(agg_load(call, &heap, acc, saved_log(log)),
			    "%s: a log is read as an accumulator",
			    call->agg->name);
		}
		at += n;
	}
	return acc;
}

static bool
same_bits(const struct agg_call *call, unsigned kind, bool filtered)
{
	struct value pass[ROWS];
	struct column cols[2], filter;
	void *plain = acc_new(call);

	random_columns(call, kind, cols);
	for (unsigned i = 0; i < ROWS; i++)
		pass[i] = below(5) ? value_bool(below(3)) : NIL;
	filter = column_of(pass, ROWS, false);
	feed(call, plain, cols, 0, ROWS, NULL, NULL, filtered ? &filter : NULL);
	return str_eq(saved(call, plain),
	    saved(call, in_pieces(call, cols, filtered ? &filter : NULL)));
}

/* Joined the wrong way round: were that the same, nothing would be tested. */
static bool
order_counts(const struct agg_call *call)
{
	struct column cols[2];
	void *plain = acc_new(call), *behind = acc_new(call), *log;

	random_columns(call, 0, cols);
	feed(call, plain, cols, 0, ROWS, NULL, NULL, NULL);
	log = log_of(call, cols, ROWS / 2, ROWS, NULL);
	agg_log_join(call, &heap, log, log_of(call, cols, 0, ROWS / 2, NULL));
	agg_log_replay(call, &heap, behind, log);
	return !str_eq(saved(call, plain), saved(call, behind));
}

static void
each_aggregate(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_aggs; i++) {
		const struct agg *a = aggs[i];
		struct agg_call call = call_of(a->name, a->args_min);
		unsigned good = 0, tries = 60;

		if (!agg_logs(&call))
			continue;
		n++;
		for (unsigned k = 0; k < tries; k++)
			good += same_bits(&call, k % 2, k % 3 == 0);
		ok(good == tries, "%s: every bit is the same in logs", a->name);
		ok(!strcmp(a->name, "regr_count") || order_counts(&call),
		    "%s: the order of rows is seen", a->name);
	}
	ok(n >= 14, "%u aggregates have logs", n);
}

/* ---- what has none ---- */

static void
others(void)
{
	struct agg_call sum = call_of("sum", 1), min = call_of("min", 1);

	ok(!agg_logs(&min) && agg_parts(&min) == AGG_PARTS_EXACT,
	    "min() is merged");
	ok(agg_logs(&sum), "a sum of what may be floats is not");
	sum.distinct = true;
	ok(!agg_logs(&sum), "the values of a set are");
	sum.distinct = false;
	sum.retract = true;
	ok(agg_parts(&sum) == AGG_PARTS_NEVER && !agg_logs(&sum),
	    "rows that may be taken back are not added apart");
}

/* ---- length ---- */

static void
length(void)
{
	struct agg_call sum = call_of("sum", 1);
	struct value v[ROWS];
	struct column c;
	unsigned n = 1;

	for (unsigned i = 0; i < ROWS; i++)
		v[i] = value_float(i);
	c = column_of(v, ROWS, false);
	while (n < ROWS && !agg_log_is_long(log_of(&sum, &c, 0, n, NULL)))
		n++;
	ok(n > 8 && n < 64, "a log of %u floats is long", n);
}

/* ---- damage ---- */

static void
damage(void)
{
	struct agg_call covar = call_of("covar_pop", 2);
	struct column cols[2];
	struct buf bytes = {0};
	struct str good;
	unsigned refused = 0, tries = 0;

	random_columns(&covar, 1, cols);
	good = saved_log(log_of(&covar, cols, 0, 40, NULL));
	ok(agg_log_load(&covar, &heap, acc_new(&covar), good) &&
		agg_log_is(good),
	    "a log is read");
	ok(!agg_log_is((struct str){0}) &&
		!agg_log_is(saved(&covar, acc_new(&covar))),
	    "nothing, and an accumulator, are none");
	for (size_t n = 0; n < good.n; n++) {
		struct str cut = {good.p, n};

		refused += !agg_log_load(&covar, &heap, acc_new(&covar), cut);
		tries++;
		agg_load(&covar, &heap, acc_new(&covar), cut);
	}
	ok(refused > tries / 2, "%u of %u that were cut are refused", refused,
	    tries);
	for (unsigned i = 0; i < 4000; i++) {
		bytes.n = 0;
		buf_adds(&bytes, good);
		bytes.p[below((unsigned)good.n)] ^= (char)(1 << below(8));
		agg_log_load(&covar, &heap, acc_new(&covar), buf_str(&bytes));
		agg_load(&covar, &heap, acc_new(&covar), buf_str(&bytes));
	}
	ok(true, "damaged logs are survived");
	buf_release(&bytes);
}

int
main(void)
{
	arena_init(&heap, 4096);
	arena_init(&scratch, 4096);
	each_aggregate();
	others();
	length();
	damage();
	arena_release(&heap);
	arena_release(&scratch);
	return tap_done();
}
