/* SPDX-License-Identifier: MIT */
/*
 * Aggregates over random rows: typed columns against columns of any type,
 * merging against a single pass, taking back against never adding, saved and
 * loaded against kept, damaged bytes, and the errors of the sketches within
 * what their documentation says.
 */
#include <math.h>
#include <stdlib.h>

#include "agg_calls.h"
#include "base/hash.h"
#include "data/pack.h"

/* ---- properties of all aggregates ---- */

#define ROWS 900

/* Numbers whose float sums are exact: multiples of 1/8. */
static struct value
any_number(unsigned kind)
{
	int64_t i = (int64_t)below(2000) - 1000;

	switch (kind) {
	case 0:
		return value_int(i);
	case 1:
		return value_float((double)i / 8);
	case 2:
		return D(i % 2 ? "0.25" : "17.5");
	default:
		return i % 3 ? value_int(i) : value_float((double)i / 4);
	}
}

static bool
wants_bool(const struct agg *a)
{
	return !strncmp(a->signature, "bool", 4);
}

static struct column
any_times(bool any)
{
	struct value v[ROWS];

	for (unsigned i = 0; i < ROWS; i++)
		v[i] = value_time((int64_t)below(64) * 1000000);
	return column_of(v, ROWS, any);
}

/* Columns that an aggregate can add: a tenth of the rows NULL. */
static void
random_columns(
    const struct agg *a, unsigned kind, struct column *cols, bool any)
{
	struct value v[ROWS], w[ROWS];

	for (unsigned i = 0; i < ROWS; i++) {
		char text[8];

		v[i] = any_number(kind);
		w[i] = value_int(below(50));
		if (wants_bool(a)) {
			v[i] = value_bool(below(2));
		} else if (kind == 4) {
			snprintf(text, sizeof text, "t%u", below(99));
			v[i] = value_text(arena_str(&scratch, str_of(text)));
		}
		if (below(10) == 0)
			v[i] = NIL;
	}
	cols[0] = column_of(v, ROWS, any);
	cols[1] = column_of(w, ROWS, any);
	if (a == agg_find(STR("rate")))
		cols[1] = any_times(any);
	if (a == agg_find(STR("topk")))
		cols[1] = column_const(&scratch, value_int(3));
	if (a == agg_find(STR("percentile")) ||
	    a == agg_find(STR("percentile_cont")))
		cols[1] = column_const(&scratch, value_float(0.9));
}

static void
random_times(int64_t *time)
{
	for (unsigned i = 0; i < ROWS; i++)
		time[i] = below(200);
}

/* How many rows of the table failed, for one line of TAP each. */
static unsigned n_wrong;

static void
check(const char *what, const char *got, const char *want, const char *name)
{
	if (!strcmp(got, want))
		return;
	n_wrong++;
	printf("# %s: %s: got %s, want %s\n", name, what, got, want);
}

/* Adds rows in up to 6 parts and merges those. */
static const char *
in_parts(
    const struct agg_call *call, const struct column *cols, const int64_t *time)
{
	void *total = acc_new(call);
	unsigned at = 0;

	while (at < ROWS) {
		unsigned n = 1 + below(ROWS / 3);
		void *part = acc_new(call);

		if (n > ROWS - at)
			n = ROWS - at;
		feed(call, part, cols, at, at + n, time, NULL, NULL);
		agg_merge(call, &heap, total, part);
		at += n;
	}
	return result(call, total);
}

static void
property_merge(const struct agg *a, unsigned kind, bool distinct)
{
	struct agg_call call = call_of(a->name, a->args_min);
	struct column cols[2], loose[2];
	int64_t time[ROWS];
	uint64_t at = seed;
	void *acc, *acc2;
	const char *want;

	call.distinct = distinct;
	acc = acc_new(&call);
	acc2 = acc_new(&call);
	random_columns(a, kind, cols, false);
	seed = at;
	random_columns(a, kind, loose, true);
	random_times(time);
	feed(&call, acc, cols, 0, ROWS, time, NULL, NULL);
	feed(&call, acc2, loose, 0, ROWS, time, NULL, NULL);
	want = result(&call, acc);
	check("columns of any type", result(&call, acc2), want, a->name);
	check("in parts", in_parts(&call, cols, time), want, a->name);
	check("in parts of any type", in_parts(&call, loose, time), want,
	    a->name);
}

#define GOING 500

/*
 * Rows come and go at random: what is there in the end, in the order it came,
 * is what a fresh accumulator gets that never has to take anything back.
 */
struct coming_going {
	uint16_t rows[2 * GOING]; /* of the columns, in order */
	int8_t sign[2 * GOING];
	unsigned n;
	uint16_t left[GOING]; /* there in the end, in order of arrival */
	unsigned n_left;
	const struct column *cols; /* the arguments */
	unsigned n_cols;
};

static bool
same_row(const struct coming_going *g, unsigned a, unsigned b)
{
	bool same = true;

	for (unsigned i = 0; same && i < g->n_cols; i++)
		same = value_eq(
		    column_get(&g->cols[i], a), column_get(&g->cols[i], b));
	return same;
}

/* Of the rows equal to the k-th: the one of its time, or else the first. */
static unsigned
first_alike(const struct coming_going *g, unsigned k, const int64_t *time)
{
	unsigned first = k;

	for (unsigned i = k + 1; i--;) {
		if (!same_row(g, g->left[i], g->left[k]))
			continue;
		if (!time || time[g->left[i]] == time[g->left[k]])
			first = i;
	}
	return first;
}

static void
come_and_go(struct coming_going *g, const struct agg *a,
    const struct column *cols, const int64_t *time)
{
	g->n = g->n_left = 0;
	g->cols = cols;
	g->n_cols = a->args_min;
	for (unsigned i = 0; i < GOING;) {
		bool back = g->n_left && below(5) < 2;
		unsigned k = back ? below(g->n_left) : i;

		g->sign[g->n] = back ? -1 : 1;
		g->rows[g->n++] = back ? g->left[k] : (uint16_t)i;
		if (!back) {
			g->left[g->n_left++] = (uint16_t)i++;
			continue;
		}
		k = first_alike(g, k, time);
		g->n_left--;
		memmove(g->left + k, g->left + k + 1,
		    (g->n_left - k) * sizeof *g->left);
	}
}

/* Its result tells which of equal rows was taken back. */
static bool
tells_copies(const struct agg *a)
{
	return !a->retracts && !a->exact && a->keep != AGG_KEEP_LEAST &&
	       a->keep != AGG_KEEP_GREATEST && a->keep != AGG_KEEP_NUMBERS;
}

static struct column
all_different(void)
{
	struct value v[ROWS];

	for (unsigned i = 0; i < ROWS; i++)
		v[i] = value_int(i);
	return column_of(v, ROWS, false);
}

static void
feed_going(const struct agg_call *call, void *acc, const struct column *cols,
    const struct coming_going *g, const int64_t *time)
{
	int8_t sign[ROWS];

	for (unsigned i = 0; i < g->n; i++) {
		uint16_t row = g->rows[i];

		sign[row] = g->sign[i];
		feed(call, acc, cols, row, row + 1u, time, sign, NULL);
	}
}

static void
property_retract(const struct agg *a, unsigned kind, bool distinct)
{
	static struct coming_going g;
	struct agg_call call = call_of(a->name, a->args_min), plain = call;
	struct column cols[2];
	int64_t time[ROWS];
	void *acc, *want, *back;
	struct buf saved = {0};

	plain.distinct = call.distinct = distinct;
	call.retract = true;
	if (a->exact) {
		plain.agg = a->exact;
		plain.distinct = true;
	}
	acc = acc_new(&call);
	random_columns(a, kind, cols, false);
	for (unsigned i = 0; i < ROWS; i++)
		time[i] = below(200);
	come_and_go(&g, a, cols,
	    a->keep == AGG_KEEP_EARLIEST || a->keep == AGG_KEEP_LATEST ? time
								       : NULL);
	feed_going(&call, acc, cols, &g, time);
	want = acc_new(&plain);
	for (unsigned i = 0; i < g.n_left; i++)
		feed(&plain, want, cols, g.left[i], g.left[i] + 1u, time, NULL,
		    NULL);
	check("rows taken back", result(&call, acc), result(&plain, want),
	    a->name);
	agg_save(&call, acc, &saved);
	back = acc_new(&call);
	if (!agg_load(&call, &heap, back, buf_str(&saved)))
		check("load of kept rows", "refused", "taken", a->name);
	check("kept rows loaded", result(&call, back), result(&call, acc),
	    a->name);
	for (unsigned i = 0; i < g.n_left; i++) {
		int8_t minus[ROWS];

		memset(minus, -1, ROWS);
		feed(&call, back, cols, g.left[i], g.left[i] + 1u, time, minus,
		    NULL);
	}
	check("all rows taken back", result(&call, back),
	    result(&call, acc_new(&call)), a->name);
	buf_release(&saved);
}

/* Parts that take back what other parts have added. */
static void
property_retract_merge(const struct agg *a, unsigned kind, bool distinct)
{
	static struct coming_going g;
	struct agg_call call = call_of(a->name, a->args_min), plain = call;
	void *total, *want, *part = NULL;
	struct column cols[2];
	int8_t sign[ROWS];

	plain.distinct = call.distinct = distinct;
	call.retract = true;
	if (a->exact) {
		plain.agg = a->exact;
		plain.distinct = true;
	}
	total = acc_new(&call);
	random_columns(a, kind, cols, false);
	if (tells_copies(a))
		cols[0] = all_different();
	come_and_go(&g, a, cols, NULL);
	for (unsigned i = 0; i < g.n; i++) {
		uint16_t row = g.rows[i];

		if (!part)
			part = acc_new(&call);
		sign[row] = g.sign[i];
		feed(&call, part, cols, row, row + 1u, NULL, sign, NULL);
		if (below(50) && i + 1 < g.n)
			continue;
		agg_merge(&call, &heap, total, part);
		part = NULL;
	}
	want = acc_new(&plain);
	for (unsigned i = 0; i < g.n_left; i++)
		feed(&plain, want, cols, g.left[i], g.left[i] + 1u, NULL, NULL,
		    NULL);
	check("parts that take back", result(&call, total),
	    result(&plain, want), a->name);
}

/* Saved, loaded and added to, against never having been saved. */
static void
property_save(
    const struct agg *a, unsigned kind, unsigned n, bool distinct, bool retract)
{
	struct agg_call call = call_of(a->name, a->args_min);
	struct buf saved = {0}, again = {0};
	struct column cols[2];
	void *acc, *back;

	call.distinct = distinct;
	call.retract = retract;
	acc = acc_new(&call);
	back = acc_new(&call);
	random_columns(a, kind, cols, false);
	feed(&call, acc, cols, 0, n, NULL, NULL, NULL);
	agg_save(&call, acc, &saved);
	if (!agg_load(&call, &heap, back, buf_str(&saved)))
		check("load", "refused", "taken", a->name);
	check("loaded", result(&call, back), result(&call, acc), a->name);
	agg_save(&call, back, &again);
	if (again.n != saved.n)
		check("saved again", "other bytes", "the same", a->name);
	feed(&call, acc, cols, n, ROWS, NULL, NULL, NULL);
	feed(&call, back, cols, n, ROWS, NULL, NULL, NULL);
	check("loaded and added to", result(&call, back), result(&call, acc),
	    a->name);
	buf_release(&saved);
	buf_release(&again);
}

/* Cut and changed bytes: refused, or at least survived. */
static void
property_damage(
    const struct agg *a, unsigned kind, unsigned n, bool distinct, bool retract)
{
	struct agg_call call = call_of(a->name, a->args_min);
	struct buf saved = {0};
	struct column cols[2];
	struct buf junk = {0};
	void *acc;

	call.distinct = distinct;
	call.retract = retract;
	acc = acc_new(&call);
	random_columns(a, kind, cols, false);
	feed(&call, acc, cols, 0, n, NULL, NULL, NULL);
	agg_save(&call, acc, &saved);
	for (size_t len = 0; len < saved.n; len += 1 + len / 40) {
		struct str cut =
		    arena_str(&scratch, (struct str){saved.p, len});

		/* A shorter text is a text, too. */
		if (agg_load(&call, &heap, acc_new(&call), cut) &&
		    strcmp(a->name, "listagg") != 0)
			check("cut", "taken", "refused", a->name);
	}
	for (unsigned i = 0; i < 400; i++) {
		struct str s = arena_str(&scratch, buf_str(&saved));
		char *p = (char *)(uintptr_t)s.p;
		void *back = acc_new(&call);

		p[i < 40 && i < s.n ? i : below((unsigned)s.n)] ^=
		    (char)(1u << below(8));
		if (agg_load(&call, &heap, back, s)) {
			result(&call, back);
			agg_merge(&call, &heap, back, acc);
			junk.n = 0;
			agg_save(&call, back, &junk);
		}
	}
	buf_addc(&saved, 'x');
	if (agg_load(&call, &heap, acc_new(&call), buf_str(&saved)) &&
	    strcmp(a->name, "listagg") != 0)
		check("longer", "taken", "refused", a->name);
	buf_release(&saved);
	buf_release(&junk);
}

static void
test_properties(void)
{
	for (unsigned i = 0; i < n_aggs; i++) {
		const struct agg *a = aggs[i];
		unsigned kinds = wants_bool(a) ? 1 : 5;

		n_wrong = 0;
		for (unsigned kind = 0; kind < kinds; kind++)
			for (unsigned distinct = 0; distinct < 2; distinct++) {
				property_merge(a, kind, distinct);
				property_retract(a, kind, distinct);
				property_retract_merge(a, kind, distinct);
				for (unsigned keep = 0; keep < 2; keep++) {
					property_save(
					    a, kind, 0, distinct, keep);
					property_save(
					    a, kind, 100, distinct, keep);
					property_save(
					    a, kind, 600, distinct, keep);
					property_damage(
					    a, kind, 30, distinct, keep);
					property_damage(a, kind,
					    keep ? 90 : 600, distinct, keep);
				}
				arena_reset(&scratch);
				arena_reset(&heap);
			}
		ok(!n_wrong, "%s: types, merging, taking back, saving",
		    a->name);
	}
}

/* ---- sketches ---- */

static double
unit(void)
{
	return (double)(draw() >> 11) * 0x1p-53;
}

static int
cmp_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

#define MANY 20000

/* Greatest relative error of percentiles of MANY values. */
static double
worst_error(double *x, bool ints)
{
	static const double shares[] = {
	    0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1};
	struct agg_call call = call_of("percentile", 2);
	void *acc = acc_new(&call);
	double worst = 0;

	for (unsigned at = 0; at < MANY; at += 1000) {
		struct value v[1000];
		struct column c;

		for (unsigned i = 0; i < 1000; i++)
			v[i] = ints ? I((int64_t)x[at + i]) : F(x[at + i]);
		c = column_of(v, 1000, false);
		feed(&call, acc, &c, 0, 1000, NULL, NULL, NULL);
	}
	qsort(x, MANY, sizeof *x, cmp_double);
	for (unsigned i = 0; i < sizeof shares / sizeof *shares; i++) {
		double rank = ceil(shares[i] * MANY - 1e-6), want, got;
		struct value v;

		call.params[1] = F(shares[i]);
		v = agg_value(&call, acc, &scratch);
		got = v.type == T_INT ? (double)v.i : v.f;
		want = x[rank < 1 ? 0 : (unsigned)rank - 1];
		if (v.type != (ints ? T_INT : T_FLOAT))
			return 99;
		if (got != want)
			worst = fmax(worst, fabs(got - want) / fabs(want));
	}
	return worst;
}

static void
test_quantile_errors(void)
{
	static double x[MANY];

	for (unsigned i = 0; i < MANY; i++)
		x[i] = exp(12 * unit() - 6);
	ok(worst_error(x, false) <= 1 / 256.0, "over 5 decades");
	for (unsigned i = 0; i < MANY; i++)
		x[i] = 200 * unit() - 100;
	ok(worst_error(x, false) <= 1 / 256.0, "around zero");
	for (unsigned i = 0; i < MANY; i++)
		x[i] = i % 2 ? 0 : -exp(600 * unit() - 300);
	ok(worst_error(x, false) <= 1 / 256.0, "zeros and negatives");
	for (unsigned i = 0; i < MANY; i++)
		x[i] = below(200);
	ok(worst_error(x, true) == 0, "small ints are exact");
	for (unsigned i = 0; i < MANY; i++)
		x[i] = below(1000000) - 300000.0;
	ok(worst_error(x, true) <= 1 / 256.0, "large ints");
}

static void
test_quantiles(void)
{
	struct agg_call call = call_of("percentile", 2);
	struct value v[1000];
	struct column c;
	void *acc = acc_new(&call);

	same(OF("median", I(9), I(1), I(7)), "7", "median");
	same(OF("median", I(1), I(2), I(3), I(4)), "2", "the lower of two");
	same(OF("median", F(-1), F((double)NAN), F(-3)), "-1.0",
	    "NaN is the greatest");
	same(OF("median", F(-0.5), I(3), I(7)), "3.0", "ints among floats");
	same(OF("median", T("5"), T("x"), I(7)), "5", "text as number");
	same(OF("median", NIL), "NULL", "median of nothing is NULL");
	same(OF("median", value_duration(5000000), value_duration(1000000)),
	    "1s", "of durations");
	for (unsigned i = 0; i < 1000; i++)
		v[i] = value_time((int64_t)(i * 7 % 1000) * 1000000);
	c = column_of(v, 1000, false);
	feed(&call, acc, &c, 0, 1000, NULL, NULL, NULL);
	same(result(&call, acc), "1970-01-01T00:14:59Z",
	    "times are exact, however many");
	for (unsigned i = 0; i < 100; i++)
		v[i] = I(i + 1);
	c = column_of(v, 100, false);
	acc = acc_new(&call);
	feed(&call, acc, &c, 0, 100, NULL, NULL, NULL);
	call.params[1] = F(0.07);
	same(result(&call, acc), "7", "0.07 * 100 is 7");
	call.params[1] = D("0.071");
	same(result(&call, acc), "8", "ranks round up");
	call.params[1] = I(1);
	same(result(&call, acc), "100", "the greatest");
	call.params[1] = I(0);
	same(result(&call, acc), "1", "the least");
}

static void
test_quantile_bind(void)
{
	static const struct value bad[] = {{.f = 1.5, .type = T_FLOAT},
	    {.i = -1, .type = T_INT}, {.type = T_NULL},
	    {.p = "x", .len = 1, .type = T_TEXT}};
	struct agg_call call = call_of("percentile", 2);
	struct err err = {0};

	for (unsigned i = 0; i < 4; i++) {
		call.params[1] = bad[i];
		ok(call.agg->bind(&call, &err) == -1 && err.message &&
			err.code == ERR_SPEC,
		    "a share that is none: %u", i);
		err_release(&err);
	}
}

/* The counters of one value grow from 16 over 32 to 64 bits. */
static void
test_counters(void)
{
	struct agg_call call = call_of("median", 1);
	struct value v[1000];
	struct column c;
	void *acc = acc_new(&call), *twice;

	for (unsigned i = 0; i < 1000; i++)
		v[i] = F(i < 600 ? 3 : 5);
	c = column_of(v, 1000, false);
	feed(&call, acc, &c, 0, 1000, NULL, NULL, NULL);
	for (unsigned i = 0; i < 24; i++) {
		twice = acc_new(&call);
		agg_merge(&call, &heap, twice, acc);
		agg_merge(&call, &heap, twice, acc);
		acc = twice;
	}
	same(result(&call, acc), show(F(3.0078125)), "counters beyond 32 bits");
}

static int64_t
estimate_of(unsigned n, unsigned kind)
{
	struct agg_call call = call_of("approx_distinct", 1);
	void *acc = acc_new(&call);
	struct value v[1000];
	char text[1000][16];

	for (unsigned at = 0; at < n; at += 1000) {
		unsigned rows = n - at < 1000 ? n - at : 1000;
		struct column c;

		for (unsigned i = 0; i < rows; i++) {
			snprintf(text[i], 16, "key-%u", at + i);
			v[i] = kind == 0   ? I(at + i)
			       : kind == 1 ? F((at + i) / 16.0)
					   : value_text(str_of(text[i]));
		}
		c = column_of(v, rows, false);
		feed(&call, acc, &c, 0, rows, NULL, NULL, NULL);
		feed(&call, acc, &c, 0, rows, NULL, NULL, NULL);
		arena_reset(&scratch);
	}
	return agg_value(&call, acc, &scratch).i;
}

static void
test_approx_distinct(void)
{
	static const unsigned sizes[] = {300, 2000, 10000, 30000, 100000};
	uint64_t old = hash_seed;
	int64_t a;

	ok(estimate_of(0, 0) == 0, "nothing");
	for (unsigned kind = 0; kind < 3; kind++) {
		bool exact = true, near = true;

		for (unsigned n = 1; n <= 256; n++)
			exact &= estimate_of(n, kind) == n;
		ok(exact, "exact up to 256, kind %u", kind);
		for (unsigned i = 0; i < 5; i++) {
			int64_t got = estimate_of(sizes[i], kind);
			double e = (double)got / (double)sizes[i] - 1;

			near &= fabs(e) < 3 * 0.0163;
		}
		ok(near, "within 3 standard errors, kind %u", kind);
	}
	same(
	    OF("approx_distinct", I(1), F(1), D("1.00"), F(0.5), D("0.5"), NIL),
	    "2", "equal numbers are one");
	a = estimate_of(10000, 2);
	hash_seed = 12345;
	ok(estimate_of(10000, 2) == a, "whatever the seed of the process");
	hash_seed = old;
	ok(a == 9830, "the hash is the same in every version");
}

/* The mean error over many sets is near zero: no bias at the turn. */
static void
test_bias(void)
{
	double sum = 0;

	for (unsigned s = 0; s < 60; s++) {
		struct agg_call call = call_of("approx_distinct", 1);
		void *acc = acc_new(&call);
		struct value v[1000];

		for (unsigned at = 0; at < 10000; at += 1000) {
			struct column c;

			for (unsigned i = 0; i < 1000; i++)
				v[i] = I((int64_t)(draw() >> 1));
			c = column_of(v, 1000, false);
			feed(&call, acc, &c, 0, 1000, NULL, NULL, NULL);
		}
		sum += (double)agg_value(&call, acc, &scratch).i / 10000 - 1;
		arena_reset(&scratch);
	}
	ok(fabs(sum / 60) < 4 * 0.0163 / sqrt(60), "no bias: %+.4f", sum / 60);
}

int
main(void)
{
	arena_init(&heap, 1 << 16);
	arena_init(&scratch, 1 << 16);
	test_properties();
	test_quantile_errors();
	test_quantiles();
	test_quantile_bind();
	test_counters();
	test_approx_distinct();
	test_bias();
	arena_release(&heap);
	arena_release(&scratch);
	return tap_done();
}
