/* SPDX-License-Identifier: MIT */
/*
 * Aggregates against plain reckoning: results of each, typed columns against
 * columns of any type, merging against a single pass, taking back against
 * never adding, saved and loaded against kept, damaged bytes, and the errors
 * of the sketches within what their documentation says.
 */
#include "expr/agg.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "data/pack.h"
#include "tap.h"

static struct arena heap, scratch;
static uint64_t seed = 88172645463325252u;

static uint64_t
draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1du;
}

static unsigned
below(unsigned n)
{
	return (unsigned)(draw() >> 32) % n;
}

static double
unit(void)
{
	return (double)(draw() >> 11) * 0x1p-53;
}

/* ---- calls, columns and cells ---- */

static struct agg_call
call_of(const char *name, unsigned n_args)
{
	struct agg_call c = {.agg = agg_find(str_of(name)), .n_args = n_args};
	struct err err = {0};

	if (c.agg == agg_find(STR("percentile")))
		c.params[1] = value_float(0.9);
	if (c.agg == agg_find(STR("topk")))
		c.params[1] = value_int(3);
	if (c.agg == agg_find(STR("listagg")) && n_args > 1)
		c.params[1] = value_text(STR("|"));
	c.offset = 8;
	if (!c.agg || c.agg->bind(&c, &err))
		printf("# cannot bind %s: %s\n", name, err.message);
	err_release(&err);
	return c;
}

static void *
acc_new(const struct agg_call *call)
{
	char *cell = arena_zalloc(&heap, call->offset + agg_size(call));

	return cell + call->offset;
}

/* Rows [from, to) of some columns into one accumulator. */
static void
feed(const struct agg_call *call, void *acc, const struct column *cols,
    unsigned from, unsigned to, const int64_t *time, const int8_t *sign,
    const struct column *filter)
{
	uint16_t rows[BATCH_ROWS];
	char *cells[BATCH_ROWS];
	struct agg_rows r = {.rows = rows,
	    .cells = cells,
	    .args = cols,
	    .time = time,
	    .sign = sign};

	for (unsigned i = from; i < to; i++) {
		rows[r.n] = (uint16_t)i;
		cells[r.n++] = (char *)acc - call->offset;
	}
	agg_add(call, &heap, &r, filter);
}

/* A column of values, typed by what they are. */
static struct column
column_of(const struct value *v, unsigned n, bool any)
{
	struct column c = {.type = T_NULL};

	for (unsigned i = 0; i < n; i++)
		column_put(&c, &scratch, i, v[i]);
	if (any && c.type != T_ANY && c.type != T_NULL)
		column_to_any(&c, &scratch, n);
	return c;
}

static const char *
show(struct value v)
{
	struct buf b = {0};
	const char *z;

	value_print(&b, v);
	z = v.type == T_NULL ? "NULL" : arena_strdup(&scratch, buf_z(&b));
	buf_release(&b);
	return z;
}

static const char *
result(const struct agg_call *call, const void *acc)
{
	return show(agg_value(call, acc, &scratch));
}

/* The aggregate of a few values. */
static const char *
of(const char *name, const struct value *v, unsigned n)
{
	struct agg_call call = call_of(name, 1);
	struct column c = column_of(v, n, false);
	void *acc = acc_new(&call);

	feed(&call, acc, &c, 0, n, NULL, NULL, NULL);
	return result(&call, acc);
}

#define OF(name, ...)                                                          \
	of(name, (const struct value[]){__VA_ARGS__},                          \
	    sizeof((const struct value[]){__VA_ARGS__}) /                      \
		sizeof(struct value))
#define I(x) value_int(x)
#define F(x) value_float(x)
#define T(x) value_text(STR(x))
#define NIL VALUE_NULL

static struct value
D(const char *text) {
	struct dec d = {0};

	if (!dec_parse(str_of(text), &d))
		printf("# not a decimal: %s\n", text);
	return value_decimal(&scratch, d);
}

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

	same(OF("array_agg", I(2), NIL, T("x")), "[2,\"x\"]", "array_agg");
	same(OF("array_agg", NIL), "NULL", "array_agg of nothing is NULL");
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
	if (a == agg_find(STR("topk")))
		cols[1] = column_const(&scratch, value_int(3));
	if (a == agg_find(STR("percentile")))
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

/* Adds rows, takes some back, against the rest alone. */
static void
property_retract(const struct agg *a, unsigned kind, bool distinct)
{
	struct agg_call call = call_of(a->name, a->args_min);
	struct column cols[2];
	int8_t minus[ROWS];
	uint8_t keep[ROWS];
	struct column kept = {.type = T_BOOL, .b = keep};
	struct column gone = {.type = T_BOOL};
	void *acc, *want;

	call.distinct = distinct;
	acc = acc_new(&call);
	want = acc_new(&call);
	random_columns(a, kind, cols, false);
	gone.b = arena_alloc(&scratch, ROWS);
	for (unsigned i = 0; i < ROWS; i++) {
		keep[i] = below(3) == 0;
		gone.b[i] = !keep[i];
		minus[i] = -1;
	}
	feed(&call, acc, cols, 0, ROWS, NULL, NULL, NULL);
	feed(&call, acc, cols, 0, ROWS, NULL, minus, &gone);
	feed(&call, want, cols, 0, ROWS, NULL, NULL, &kept);
	check("rows taken back", result(&call, acc), result(&call, want),
	    a->name);
	feed(&call, acc, cols, 0, ROWS, NULL, minus, &kept);
	check("all rows taken back", result(&call, acc),
	    result(&call, acc_new(&call)), a->name);
}

/* Saved, loaded and added to, against never having been saved. */
static void
property_save(const struct agg *a, unsigned kind, unsigned n, bool distinct)
{
	struct agg_call call = call_of(a->name, a->args_min);
	struct buf saved = {0}, again = {0};
	struct column cols[2];
	void *acc, *back;

	call.distinct = distinct;
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
property_damage(const struct agg *a, unsigned kind, unsigned n, bool distinct)
{
	struct agg_call call = call_of(a->name, a->args_min);
	struct buf saved = {0};
	struct column cols[2];
	struct buf junk = {0};
	void *acc;

	call.distinct = distinct;
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
				if (a->retracts)
					property_retract(a, kind, distinct);
				property_save(a, kind, 0, distinct);
				property_save(a, kind, 100, distinct);
				property_save(a, kind, 600, distinct);
				property_damage(a, kind, 30, distinct);
				property_damage(a, kind, 600, distinct);
				arena_reset(&scratch);
				arena_reset(&heap);
			}
		ok(!n_wrong, "%s: types, merging, taking back, saving",
		    a->name);
	}
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

/* ---- sketches ---- */

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
	test_properties();
	test_distinct();
	test_distinct_merge();
	test_filter();
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
