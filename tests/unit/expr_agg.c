/* SPDX-License-Identifier: MIT */
/*
 * Aggregates against plain reckoning: the table of them, the results of each
 * over a few values, variance against two passes in long double, DISTINCT and
 * FILTER.
 */
#include <math.h>

#include "agg_calls.h"

/* ---- results ---- */

static void
test_table(void)
{
	bool sorted = true, whole = true;

	for (unsigned i = 0; i < n_aggs; i++) {
		const struct agg *a = aggs[i];

		if (i && strcmp(aggs[i - 1]->name, a->name) >= 0)
			sorted = false;
		if (!a->aliases || !a->signature || !a->doc || !a->example ||
		    !a->result || !a->bind || !a->size || !a->add ||
		    !a->merge || !a->value || !a->save || !a->load ||
		    a->args_max < a->args_min || agg_find(str_of(a->name)) != a)
			whole = false;
	}
	ok(sorted, "the table is sorted by name");
	ok(whole, "every row is complete and is found by its name");
	ok(agg_find(STR("stddev")) == agg_find(STR("stddev_samp")),
	    "an alias finds its row");
	ok(agg_find(STR("approx_percentile")) == agg_find(STR("percentile")),
	    "the last of several aliases does");
	ok(!agg_find(STR("quantile approx_percentile")),
	    "a list of aliases is no alias");
	ok(!agg_find(STR("")) && !agg_find(STR("sun")), "others are none");
}

static void
test_count(void)
{
	struct agg_call star = call_of("count", 0), two = call_of("count", 2);
	struct value v[] = {I(1), NIL, T("x"), NIL};
	struct value w[] = {I(1), I(2), NIL, NIL};
	struct column c[2] = {column_of(v, 4, false), column_of(w, 4, false)};
	void *acc = acc_new(&star), *acc2 = acc_new(&two);

	feed(&star, acc, NULL, 0, 4, NULL, NULL, NULL);
	same(result(&star, acc), "4", "count(*) counts rows");
	same(OF("count", NIL, I(1), NIL), "1", "count(x) skips NULL");
	same(OF("count", NIL, T("a"), F(1)), "2", "in columns of any type");
	same(OF("count", NIL, NIL), "0", "count of nothing is 0");
	feed(&two, acc2, c, 0, 4, NULL, NULL, NULL);
	same(result(&two, acc2), "1", "count(a, b) wants both");
}

static void
test_sum(void)
{
	int64_t max = INT64_MAX;

	same(OF("sum", I(1), NIL, I(2)), "3", "sum of ints");
	same(OF("sum", NIL), "NULL", "sum of nothing is NULL");
	same(OF("sum", I(max), I(max)), "18446744073709551614",
	    "a sum beyond bigint is a decimal");
	same(OF("sum", I(max), I(max), I(-max)), "9223372036854775807",
	    "and a bigint again when it fits");
	same(OF("sum", F(1e100), F(1), F(-1e100)), "1.0", "compensated");
	same(OF("sum", F(1), F(1e100), F(1), F(-1e100)), "2.0",
	    "compensated in the other order");
	same(OF("sum", I(max), F(0.5), I(-max)), "0.5",
	    "ints are added to floats without rounding");
	same(OF("sum", D("1.50"), D("2.25"), I(1)), "4.75", "decimals");
	same(OF("sum", D("0.1"), F(0.5)), "0.6", "decimals and floats");
	same(OF("sum", D("99999999999999999999999999999999999999"),
		 D("99999999999999999999999999999999999999")),
	    "NULL", "more than 38 digits are no sum");
	same(OF("sum", T("12"), T(" 1.5 "), T("x"), T(""), T("nan")), "13.5",
	    "text that is a number is one");
	same(OF("sum", T("007"), T("+1")), "8", "also with zeros and signs");
	same(OF("sum", value_bool(true), value_bool(false)), "1",
	    "TRUE counts as 1");
	same(OF("sum", F((double)INFINITY), F(1)), "Infinity",
	    "infinity stays infinity");
	same(OF("sum", value_time(5)), "NULL", "a time is no number");
}

static void
test_avg(void)
{
	same(OF("avg", I(1), I(2)), "1", "ints truncate");
	same(OF("avg", I(-1), I(-2)), "-1", "toward zero");
	same(OF("avg", I(1), F(2)), "1.5", "with a float it is one");
	same(OF("avg", D("1"), D("2"), D("2")), "1.666667",
	    "decimals: six digits, rounded");
	same(OF("avg", D("-1"), D("-2"), D("-2")), "-1.666667",
	    "away from zero");
	same(OF("avg", D("0.0000001"), D("0.0000002")), "0.0000002",
	    "or as many as the values have");
	same(OF("avg", NIL), "NULL", "avg of nothing is NULL");
	same(OF("avg", I(INT64_MAX), I(INT64_MAX)), "9223372036854775807",
	    "an average does not overflow");
}

/* An expression of a known type: a column. */
static struct expr *
column_expr(enum type t)
{
	static const struct source src = {"test", {"x", 1}};
	struct scope_column x = {STR("x"), t};
	struct scope scope = {.cols = &x, .n_cols = 1};
	struct err err = {0};
	struct node *n = expr_parse_text(&src, 0, 1, &scratch, &err);

	return expr_bind(n, &scope, &scratch, &err);
}

static void
test_durations(void)
{
	struct agg_call call = call_of("sum", 1);
	struct value v[] = {value_duration(1000000), value_duration(500000)};
	struct column c = column_of(v, 2, false);
	struct err err = {0};
	void *acc = acc_new(&call);

	call.args[0] = column_expr(T_DURATION);
	call.agg->bind(&call, &err);
	feed(&call, acc, &c, 0, 2, NULL, NULL, NULL);
	same(result(&call, acc), "1s500ms", "durations add up to a duration");
	call.agg = agg_find(STR("avg"));
	same(result(&call, acc), "750ms", "and have an average");
	call.agg = agg_find(STR("stddev_pop"));
	call.agg->bind(&call, &err);
	acc = acc_new(&call);
	feed(&call, acc, &c, 0, 2, NULL, NULL, NULL);
	same(result(&call, acc), "250ms", "and a deviation");
	call.agg = agg_find(STR("var_pop"));
	ok(call.agg->bind(&call, &err) == -1 && err.message, "but no variance");
	call.args[0] = column_expr(T_TIME);
	call.agg = agg_find(STR("sum"));
	ok(call.agg->bind(&call, &err) == -1 && err.message,
	    "times have no sum");
	call.agg = agg_find(STR("median"));
	ok(call.agg->bind(&call, &err) == 0 && call.type == T_TIME,
	    "but a median");
	err_release(&err);
}

static void
test_min_max(void)
{
	double nan = (double)NAN;

	same(OF("min", I(3), NIL, I(-1)), "-1", "min of ints");
	same(OF("max", I(3), NIL, I(-1)), "3", "max of ints");
	same(OF("max", F(1), F(nan), F(2)), "NaN", "NaN is the greatest");
	same(OF("min", F(nan), F(2), F(nan)), "2.0", "and not the least");
	same(OF("min", F(nan)), "NaN", "unless alone");
	same(OF("max", T("b"), T("abc"), T("bb"), T("")), "bb", "max of texts");
	same(OF("min", T("b"), T("abc"), T("")), "", "min of texts");
	same(OF("max", D("1.5"), I(1), F(1.25)), "1.5", "numbers of all kinds");
	same(OF("min", value_bool(true), value_bool(false)), "false",
	    "booleans");
	same(OF("max", value_time(0), value_time(1000000)),
	    "1970-01-01T00:00:01Z", "times");
	same(OF("max", NIL), "NULL", "max of nothing is NULL");
	same(OF("min", I(1), T("a"), NIL), "1", "numbers are less than text");
}

static void
test_held(void)
{
	struct agg_call call = call_of("max", 1);
	void *acc = acc_new(&call);
	size_t before;
	char text[8];

	for (unsigned i = 0; i < 2; i++)
		feed(&call, acc,
		    &(struct column){.type = T_TEXT,
			.s = &(struct str){i ? "b" : "aaaaaaaa", i ? 1 : 8}},
		    0, 1, NULL, NULL, NULL);
	before = heap.total - (size_t)(heap.end - heap.next);
	for (unsigned i = 0; i < 5000; i++) {
		struct str s = {text, 7};

		snprintf(text, sizeof text, "c%06u", i);
		feed(&call, acc, &(struct column){.type = T_TEXT, .s = &s}, 0,
		    1, NULL, NULL, NULL);
	}
	same(result(&call, acc), "c004999", "the last and greatest text");
	ok(heap.total - (size_t)(heap.end - heap.next) == before,
	    "its memory is used again");
}

static void
test_first_last(void)
{
	struct value v[] = {NIL, I(1), I(2), I(3), I(4), NIL};
	const int64_t time[] = {0, 20, 10, 10, 20, 30};
	struct column c = column_of(v, 6, false);
	struct agg_call first = call_of("first", 1);
	struct agg_call last = call_of("last", 1);
	struct agg_call some = call_of("any_value", 1);
	void *a = acc_new(&first), *b = acc_new(&last), *d = acc_new(&some);

	feed(&first, a, &c, 0, 6, time, NULL, NULL);
	feed(&last, b, &c, 0, 6, time, NULL, NULL);
	feed(&some, d, &c, 0, 6, time, NULL, NULL);
	same(result(&first, a), "2", "first: earliest time, then arrival");
	same(result(&last, b), "4", "last: latest time, then last arrival");
	same(result(&some, d), "1", "any_value: the first to arrive");
	same(OF("first", NIL, I(7), I(5)), "7", "without time: arrival");
	same(OF("last", I(7), I(5), NIL), "5", "without time: last arrival");
	same(OF("first_value", T("abc")), "abc", "text is kept");
	same(OF("last", D("1.50")), "1.50", "a decimal is kept");
}

static void
test_pairs(void)
{
	struct value v[] = {T("a"), T("b"), NIL, T("d"), T("e")};
	struct value w[] = {I(3), F(1), I(0), I(1), NIL};
	struct column c[2] = {column_of(v, 5, false), column_of(w, 5, false)};
	struct agg_call least = call_of("arg_min", 2);
	struct agg_call most = call_of("max_by", 2);
	void *a = acc_new(&least), *b = acc_new(&most);

	feed(&least, a, c, 0, 5, NULL, NULL, NULL);
	feed(&most, b, c, 0, 5, NULL, NULL, NULL);
	same(result(&least, a), "b", "arg_min: the first of the least");
	same(result(&most, b), "a", "arg_max");
}

static void
test_conditions(void)
{
	struct value t = value_bool(true), f = value_bool(false);

	same(OF("ratio", t, f, f, t, NIL), "0.5", "ratio skips NULL");
	same(OF("ratio", NIL), "NULL", "ratio of nothing is NULL");
	same(OF("bool_and", t, NIL), "true", "bool_and");
	same(OF("every", t, f), "false", "every");
	same(OF("bool_or", f, t), "true", "bool_or");
	same(OF("bool_or", f), "false", "bool_or of none");
	same(OF("bool_and", NIL), "NULL", "bool_and of nothing is NULL");
}

static void
test_lists(void)
{
	struct agg_call sep = call_of("listagg", 2);
	struct value v[] = {T("a"), NIL, I(1), T("")};
	struct column c = column_of(v, 4, false);
	void *acc = acc_new(&sep);

	same(OF("array_agg", I(2), NIL, T("x")), "[2,null,\"x\"]", "array_agg");
	same(OF("array_agg", NIL), "[null]", "array_agg of NULL");
	same(OF("listagg", T("a"), T("b")), "a,b", "listagg");
	feed(&sep, acc, &c, 0, 4, NULL, NULL, NULL);
	same(result(&sep, acc), "a|1|", "listagg with a separator");
	same(OF("mode", I(2), I(3), F(3), I(2), I(9)), "2",
	    "mode: the least of the most frequent");
	same(OF("topk", T("a"), T("b"), T("b"), T("c"), T("d"), T("d")),
	    "[\"b\",\"d\",\"a\"]", "topk");
}

/* ---- variance against two passes in long double ---- */

static void
test_variance(void)
{
	static double x[1000];
	static const double offsets[] = {0, 1e3, -1e9, 1.7e15};
	struct column c = {.type = T_FLOAT, .f = x};

	for (unsigned o = 0; o < 4; o++) {
		struct agg_call call = call_of("var_samp", 1);
		void *acc = acc_new(&call);
		long double mean = 0, sum = 0, want;
		double got;

		for (unsigned i = 0; i < 1000; i++)
			x[i] = offsets[o] + below(1000) / 4.0;
		for (unsigned i = 0; i < 1000; i++)
			mean += (long double)x[i] / 1000;
		for (unsigned i = 0; i < 1000; i++)
			sum += (x[i] - mean) * (x[i] - mean);
		want = sum / 999;
		feed(&call, acc, &c, 0, 1000, NULL, NULL, NULL);
		got = agg_value(&call, acc, &scratch).f;
		ok(fabsl(got - want) < 1e-9L * want,
		    "variance around %g: %.12g, %.12Lg", offsets[o], got, want);
	}
	same(OF("stddev", I(1), I(3), I(5)), "2.0", "stddev is of a sample");
	same(OF("stddev_pop", I(1), I(5)), "2.0", "stddev_pop is of all");
	same(OF("variance", I(1)), "NULL", "one value is no sample");
	same(OF("var_pop", I(1)), "0.0", "but has a variance");
	same(OF("var_pop", I(INT64_MAX), I(INT64_MAX - 2)), "1.0",
	    "ints beyond 2^53 keep their weight");
	same(OF("stddev_samp", NIL), "NULL", "stddev of nothing is NULL");
}

/* ---- rows that are taken back ---- */

/* The first n values come, then the others of them go. */
static const char *
taken_back(const char *name, const struct value *v, unsigned n, unsigned gone)
{
	struct agg_call call = call_of(name, 1);
	struct column c = column_of(v, n, false);
	int8_t minus[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
	void *acc;

	call.retract = true;
	acc = acc_new(&call);
	feed(&call, acc, &c, 0, n, NULL, NULL, NULL);
	feed(&call, acc, &c, 0, gone, NULL, minus, NULL);
	return result(&call, acc);
}

#define BACK(name, gone, ...)                                                  \
	taken_back(name, (const struct value[]){__VA_ARGS__},                  \
	    sizeof((const struct value[]){__VA_ARGS__}) /                      \
		sizeof(struct value),                                          \
	    gone)

static void
test_taken_back(void)
{
	same(BACK("sum", 1, F(1e300), F(0.1), F(0.2)), "0.30000000000000004",
	    "sum: a large value leaves no trace");
	same(BACK("sum", 2, F((double)INFINITY), F(-(double)INFINITY), F(2)),
	    "2.0", "sum: nor does an infinite one");
	same(BACK("sum", 1, F(0x1p-1074), F(0x1p-1074)), "5e-324",
	    "sum: the least of all numbers");
	same(BACK("sum", 0, F(0x1.fffffffffffffp1023), F(0x1p1000)), "Infinity",
	    "sum: beyond the greatest");
	same(BACK("avg", 1, F(1e300), F(1), F(2)), "1.5", "avg");
	same(BACK("sum", 1, D("1.50"), I(1)), "1",
	    "sum: the scale of a decimal goes with it");
	same(BACK("var_pop", 1, F(1e30), F(1), F(5)), "4.0",
	    "var: a large value leaves no trace");
	same(BACK("var_pop", 1, F((double)NAN), I(1), I(5)), "4.0",
	    "var: nor does one that is no number");
	same(BACK("var_pop", 0, I(INT64_MAX), I(INT64_MAX - 2)), "1.0",
	    "var: ints beyond 2^53 keep their weight");
	same(BACK("var_samp", 1, F(3), F(7)), "NULL", "var_samp of one");
	same(BACK("min", 1, I(1), I(1), I(2)), "1", "min: one of two");
	same(BACK("min", 2, I(1), I(1), I(2)), "2", "min: both");
	same(BACK("max", 2, T("z"), T("y"), T("x")), "x", "max of texts");
	same(BACK("first", 1, T("a"), T("b")), "b", "first");
	same(BACK("last", 1, T("a"), T("b")), "b", "last");
	same(BACK("listagg", 1, T("a"), T("b"), T("a")), "b,a",
	    "listagg: the first of equal ones goes");
	same(BACK("array_agg", 2, I(1), I(2)), "NULL", "array_agg: all");
	same(BACK("median", 1, I(100), I(1), I(2), I(3)), "2", "median");
	same(BACK("median", 1, F(0.5), I(1), I(2), I(3)), "2",
	    "median: ints again without the float");
	same(BACK("approx_distinct", 1, I(1), I(2), I(2)), "1",
	    "approx_distinct");
	same(BACK("mode", 2, I(1), I(1), I(2)), "2", "mode");
	same(BACK("bool_and", 1, value_bool(false), value_bool(true)), "true",
	    "bool_and");
}

/* What goes before it has come cancels out, in either kind of accumulator. */
static void
test_owed(void)
{
	static const char *const names[] = {"sum", "min", "listagg", "count"};
	int8_t sign[] = {-1, 1, 1};
	struct value v[] = {I(7), I(7), I(3)};
	struct column c = column_of(v, 3, false);

	for (unsigned i = 0; i < 4; i++)
		for (unsigned distinct = 0; distinct < 2; distinct++) {
			struct agg_call call = call_of(names[i], 1);
			void *acc;

			call.retract = true;
			call.distinct = distinct;
			acc = acc_new(&call);
			feed(&call, acc, &c, 0, 3, NULL, sign, NULL);
			same(result(&call, acc), i == 3 ? "1" : "3", names[i]);
		}
}

/* Memory of rows that have gone is used for those that come. */
static void
test_memory(void)
{
	static const char *const names[] = {"min", "listagg", "count", "mode"};

	for (unsigned i = 0; i < 4; i++) {
		struct agg_call call = call_of(names[i], 1);
		int8_t sign[] = {1, -1};
		size_t before = 0;
		void *acc;

		call.retract = true;
		call.distinct = true;
		acc = acc_new(&call);
		for (unsigned k = 0; k < 40000; k++) {
			struct value v[2] = {I(k), I(k)};
			struct column c = column_of(v, 2, false);

			if (k == 4000)
				before =
				    heap.total - (size_t)(heap.end - heap.next);
			feed(&call, acc, &c, 0, 2, NULL, sign, NULL);
			arena_reset(&scratch);
		}
		ok(heap.total - (size_t)(heap.end - heap.next) < before + 4096,
		    "%s: memory is used again", names[i]);
	}
}

/* ---- ORDER BY inside ---- */

static const char *
ordered(const char *name, unsigned how, bool distinct)
{
	struct agg_call call = call_of(name, 1);
	struct value v[] = {T("a"), T("b"), NIL, T("c"), T("a"), T("d")};
	struct value w[] = {I(3), I(1), I(2), NIL, I(0), I(3)};
	struct column c[2] = {column_of(v, 6, false), column_of(w, 6, false)};
	void *acc, *acc2;
	struct buf saved = {0};

	call.n_args = 2;
	call.n_order = 1;
	call.order[0] = (uint8_t)how;
	call.distinct = distinct;
	acc = acc_new(&call);
	acc2 = acc_new(&call);
	feed(&call, acc, c, 0, 3, NULL, NULL, NULL);
	feed(&call, acc2, c, 3, 6, NULL, NULL, NULL);
	agg_merge(&call, &heap, acc, acc2);
	agg_save(&call, acc, &saved);
	acc = acc_new(&call);
	ok(agg_load(&call, &heap, acc, buf_str(&saved)), "it can be loaded");
	buf_release(&saved);
	return result(&call, acc);
}

static void
test_order(void)
{
	same(ordered("listagg", 0, false), "c,a,b,a,d", "NULL is the least");
	same(ordered("listagg", AGG_DESC, false), "a,d,b,a,c", "descending");
	same(ordered("listagg", AGG_NULLS_LAST, false), "a,b,a,d,c",
	    "NULLS LAST");
	same(ordered("listagg", AGG_DESC | AGG_NULLS_FIRST, false), "c,a,d,b,a",
	    "descending, NULLS FIRST");
	same(
	    ordered("listagg", 0, true), "c,a,b,d", "DISTINCT keeps the first");
	same(ordered("array_agg", AGG_DESC, true),
	    "[\"a\",\"d\",null,\"b\",\"c\"]", "and of a list");
	same(ordered("first", 0, false), "c", "first in order");
	same(ordered("last", 0, false), "d", "last in order");
	same(
	    ordered("last", AGG_NULLS_LAST, false), "c", "which may be NULL's");
}

/* ---- saved without zeros ---- */

static void
test_packed(void)
{
	/* As states of old have it: 438, one integer, no floats. */
	static const char plain[50] = {1, (char)0xb6, 1, [17] = 1};
	static const char zero[] = {
	    (char)(128 | 49), 5, 3, (char)0xb6, 0, 1, 1};
	static const char none[] = {(char)(128 | 49), 5, 0, 1, 1};
	static const char beyond[] = {(char)(128 | 8), 2, 1, 1};
	struct agg_call sum = call_of("sum", 1), count = call_of("count", 0);
	void *acc = acc_new(&sum);
	struct buf saved = {0};

	ok(agg_load(&sum, &heap, acc, (struct str){plain, sizeof plain}),
	    "what is not packed is read");
	same(result(&sum, acc), "438", "and is what it was");
	agg_save(&sum, acc, &saved);
	ok(saved.n == 7, "its zeros are not kept");
	acc = acc_new(&sum);
	ok(agg_load(&sum, &heap, acc, buf_str(&saved)), "that is read, too");
	same(result(&sum, acc), "438", "and the same");
	ok(!agg_load(
	       &sum, &heap, acc_new(&sum), (struct str){zero, sizeof zero}),
	    "a byte that is 0 is left out, or it is damage");
	ok(!agg_load(
	       &sum, &heap, acc_new(&sum), (struct str){none, sizeof none}),
	    "so is a word of none");
	ok(!agg_load(&count, &heap, acc_new(&count),
	       (struct str){beyond, sizeof beyond}),
	    "so is a word behind the last");
	buf_release(&saved);
}

/* ---- DISTINCT and FILTER ---- */

static const char *
distinct_of(const char *name, const struct value *v, unsigned n)
{
	struct agg_call call = call_of(name, 1);
	struct column c = column_of(v, n, false);
	void *acc;

	call.distinct = true;
	acc = acc_new(&call);
	feed(&call, acc, &c, 0, n, NULL, NULL, NULL);
	return result(&call, acc);
}

#define DISTINCT(name, ...)                                                    \
	distinct_of(name, (const struct value[]){__VA_ARGS__},                 \
	    sizeof((const struct value[]){__VA_ARGS__}) /                      \
		sizeof(struct value))

static void
test_distinct(void)
{
	struct agg_call two = call_of("count", 2);
	struct value v[] = {I(1), I(1), I(2), NIL, I(1)};
	struct value w[] = {T("a"), T("a"), T("a"), T("a"), T("b")};
	struct column c[2] = {column_of(v, 5, false), column_of(w, 5, false)};
	void *acc;

	same(DISTINCT("count", I(1), F(1), D("1.0"), I(2), NIL, NIL), "2",
	    "equal numbers are one, NULL none");
	same(DISTINCT("count", T("1"), I(1)), "2", "text is no number here");
	same(DISTINCT("sum", F(0.5), F(0.5), I(2)), "2.5", "sum(DISTINCT)");
	same(DISTINCT("avg", I(1), I(1), I(4)), "2", "avg(DISTINCT)");
	same(DISTINCT("listagg", T("b"), T("a"), T("b")), "b,a",
	    "listagg(DISTINCT) in order of arrival");
	two.distinct = true;
	acc = acc_new(&two);
	feed(&two, acc, c, 0, 5, NULL, NULL, NULL);
	same(result(&two, acc), "3", "count(DISTINCT a, b)");
}

static void
test_distinct_merge(void)
{
	struct agg_call call = call_of("sum", 1);
	struct value v[] = {F(1), F(2), F(2), F(4)};
	struct column c = column_of(v, 4, false);
	struct value sum;
	void *a, *b;

	call.distinct = true;
	a = acc_new(&call);
	b = acc_new(&call);
	feed(&call, a, &c, 0, 2, NULL, NULL, NULL);
	feed(&call, b, &c, 2, 4, NULL, NULL, NULL);
	agg_merge(&call, &heap, a, b);
	sum = agg_value(&call, a, &scratch);
	ok(sum.type == T_FLOAT && sum.f == 7,
	    "merged sets keep their values' types");
}

static void
test_filter(void)
{
	struct agg_call call = call_of("sum", 1);
	struct value v[] = {I(1), I(2), I(4), I(8)};
	struct value f[] = {
	    value_bool(true), NIL, value_bool(false), value_bool(true)};
	struct column c = column_of(v, 4, false);
	struct column typed = column_of(f, 4, false);
	struct column loose = column_of(f, 4, true);
	struct column no = column_const(&scratch, value_bool(false));
	void *a = acc_new(&call), *b = acc_new(&call), *d = acc_new(&call);

	feed(&call, a, &c, 0, 4, NULL, NULL, &typed);
	feed(&call, b, &c, 0, 4, NULL, NULL, &loose);
	feed(&call, d, &c, 0, 4, NULL, NULL, &no);
	same(result(&call, a), "9", "FILTER lets TRUE pass");
	same(result(&call, b), "9", "in a column of any type, too");
	same(result(&call, d), "NULL", "and nothing through FALSE");
}

int
main(void)
{
	arena_init(&heap, 1 << 16);
	arena_init(&scratch, 1 << 16);
	test_table();
	test_count();
	test_sum();
	test_avg();
	test_durations();
	test_min_max();
	test_held();
	test_first_last();
	test_pairs();
	test_conditions();
	test_lists();
	test_variance();
	test_distinct();
	test_distinct_merge();
	test_filter();
	test_taken_back();
	test_owed();
	test_memory();
	test_order();
	test_packed();
	arena_release(&heap);
	arena_release(&scratch);
	return tap_done();
}
