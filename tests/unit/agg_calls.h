/* SPDX-License-Identifier: MIT */
/*
 * What the tests of aggregates share: calls of an aggregate over a few values
 * or over columns, their results as text, and random numbers that are the
 * same every time.
 */
#ifndef WEIR_TESTS_AGG_CALLS_H
#define WEIR_TESTS_AGG_CALLS_H

#include "base/buf.h"
#include "expr/agg.h"
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

__attribute__((unused)) static unsigned
below(unsigned n)
{
	return (unsigned)(draw() >> 32) % n;
}

/* ---- calls, columns and cells ---- */

__attribute__((unused)) static struct agg_call
call_of(const char *name, unsigned n_args)
{
	struct agg_call c = {.agg = agg_find(str_of(name)), .n_args = n_args};
	struct err err = {0};

	if (c.agg == agg_find(STR("percentile")) ||
	    c.agg == agg_find(STR("percentile_cont")))
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
__attribute__((unused)) static struct column
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
__attribute__((unused)) static const char *
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

__attribute__((unused)) static struct value
D(const char *text) {
	struct dec d = {0};

	if (!dec_parse(str_of(text), &d))
		printf("# not a decimal: %s\n", text);
	return value_decimal(&scratch, d);
}

#endif
