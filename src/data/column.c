/* SPDX-License-Identifier: MIT */
/*
 * Columns under construction, and their elements as values.
 *
 * A column begins as type NULL without an array, takes the type of its first
 * value, and becomes ANY when a value of another type comes. The array is
 * allocated once, for all rows a batch may have.
 */
#include "data/column.h"

#include "base/must.h"

#define NULL_BYTES (BATCH_ROWS / 8)

static size_t
store_size(enum storage s)
{
	switch (s) {
	case STORE_NONE:
		return 0;
	case STORE_BYTE:
		return 1;
	case STORE_I64:
	case STORE_F64:
		return 8;
	case STORE_STR:
		return sizeof(struct str);
	case STORE_VALUE:
		return sizeof(struct value);
	}
	return 0;
}

static struct column
new_column(struct arena *a, enum type t, size_t n)
{
	struct column c = {.type = t};
	size_t size = store_size(type_store(t));

	if (size)
		c.data = arena_array(a, n, size);
	return c;
}

struct column
column_new(struct arena *a, enum type t)
{
	return new_column(a, t, BATCH_ROWS);
}

/* v is of the column's type (any type for ANY). */
static void
store(struct column *c, unsigned row, struct value v)
{
	switch (type_store(c->type)) {
	case STORE_NONE:
		break;
	case STORE_BYTE:
		c->b[row] = v.b;
		break;
	case STORE_I64:
		c->i[row] = v.i;
		break;
	case STORE_F64:
		c->f[row] = v.f;
		break;
	case STORE_STR:
		c->s[row] = value_str(v);
		break;
	case STORE_VALUE:
		c->v[row] = v;
		break;
	}
}

struct column
column_const(struct arena *a, struct value v)
{
	struct column c = new_column(a, v.type, 1);

	c.constant = true;
	store(&c, 0, v);
	return c;
}

void
column_set_null(struct column *c, struct arena *a, unsigned row)
{
	size_t size = store_size(type_store(c->type));

	if (c->type == T_NULL)
		return;
	if (!c->nulls)
		c->nulls = arena_zalloc(a, NULL_BYTES);
	bit_set(c->nulls, row);
	memset((char *)c->data + row * size, 0, size);
}

struct value
column_get(const struct column *c, unsigned row)
{
	if (c->constant)
		row = 0;
	if (c->nulls && bit_get(c->nulls, row))
		return VALUE_NULL;
	switch (type_store(c->type)) {
	case STORE_NONE:
		break;
	case STORE_BYTE:
		return value_bool(c->b[row]);
	case STORE_I64:
		return (struct value){.i = c->i[row], .type = (uint8_t)c->type};
	case STORE_F64:
		return value_float(c->f[row]);
	case STORE_STR:
		return value_of_str(c->type, c->s[row]);
	case STORE_VALUE:
		return c->v[row];
	}
	return VALUE_NULL;
}

/* Gives a column that had only NULLs its type. */
static void
take_type(struct column *c, struct arena *a, unsigned row, enum type t)
{
	unsigned i;

	*c = column_new(a, t);
	for (i = 0; i < row; i++)
		column_set_null(c, a, i);
}

void
column_put(struct column *c, struct arena *a, unsigned row, struct value v)
{
	if (v.type == T_NULL) {
		column_put_null(c, a, row);
		return;
	}
	if (c->type != (enum type)v.type && c->type != T_ANY) {
		if (c->type == T_NULL)
			take_type(c, a, row, v.type);
		else
			column_to_any(c, a, row);
	}
	store(c, row, v);
}

void
column_to_any(struct column *c, struct arena *a, unsigned n)
{
	struct column any = column_new(a, T_ANY);
	unsigned i;

	must(!c->constant);
	must(n <= BATCH_ROWS);
	if (c->type == T_ANY)
		return;
	for (i = 0; i < n; i++)
		any.v[i] = column_get(c, i);
	any.nulls = c->nulls;
	*c = any;
}
