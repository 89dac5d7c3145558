/* SPDX-License-Identifier: MIT */
/* Columns under construction, and the batches they belong to. */
#include "data/batch.h"

#include "data_gen.h"
#include "tap.h"

static void
test_types(struct arena *a)
{
	struct column c = {0};
	unsigned row;

	for (row = 0; row < 3; row++)
		column_put(&c, a, row, VALUE_NULL);
	ok(c.type == T_NULL && column_is_null(&c, 2), "only NULLs so far");
	column_put_int(&c, a, 3, 42);
	ok(c.type == T_INT && !column_is_null(&c, 3), "takes the first type");
	ok(column_is_null(&c, 0) && column_is_null(&c, 2) && !c.i[2],
	    "NULLs stay NULL and are zero");
	column_put_int(&c, a, 4, -1);
	column_put_null(&c, a, 5);
	ok(column_get(&c, 4).i == -1 && column_get(&c, 5).type == T_NULL,
	    "ints and NULLs");
	column_put_float(&c, a, 6, 2.5);
	ok(c.type == T_ANY && column_get(&c, 3).type == T_INT &&
		column_get(&c, 6).f == 2.5,
	    "int and float make ANY");
	ok(column_is_null(&c, 0) && column_is_null(&c, 5) &&
		!column_is_null(&c, 4),
	    "NULLs after the change");
	column_put_null(&c, a, 7);
	column_put_text(&c, a, 8, STR("x"));
	ok(column_is_null(&c, 7) && column_get(&c, 8).type == T_TEXT,
	    "ANY takes everything");
}

static void
test_const(struct arena *a)
{
	struct column c = column_const(a, value_text(STR("x")));
	struct column none = column_const(a, VALUE_NULL);
	struct value list = pack_of_json(STR("[1]"), a);

	ok(c.constant && str_is(value_str(column_get(&c, 1000)), "x"),
	    "element 0 stands for all");
	ok(column_is_null(&none, 7) && none.type == T_NULL, "constant NULL");
	c = column_const(a, list);
	ok(value_eq(column_get(&c, 9), list), "constant list");
}

static void
put(struct column *c, struct arena *a, unsigned row, struct value v)
{
	switch ((enum type)v.type) {
	case T_NULL:
		column_put_null(c, a, row);
		break;
	case T_BOOL:
		column_put_bool(c, a, row, v.b);
		break;
	case T_INT:
		column_put_int(c, a, row, v.i);
		break;
	case T_FLOAT:
		column_put_float(c, a, row, v.f);
		break;
	case T_TEXT:
		column_put_text(c, a, row, value_str(v));
		break;
	case T_TIME:
		column_put_time(c, a, row, v.i);
		break;
	default:
		column_put(c, a, row, v);
	}
}

static bool
same_value(struct value a, struct value b)
{
	return a.type == b.type && value_eq(a, b);
}

/* Columns of one to three types and NULLs, in runs, against an array. */
static void
test_random(struct arena *a)
{
	static struct value want[BATCH_ROWS];
	unsigned round, row, wrong = 0, nulls = 0;

	for (round = 0; round < 200; round++) {
		struct column c = {0};
		struct value sample = gen_value(a);
		unsigned n = 1 + gen_below(BATCH_ROWS);

		for (row = 0; row < n; row++) {
			if (!gen_below(round % 2 ? 5000 : 100))
				sample = gen_value(a);
			want[row] = gen_below(4) ? sample : VALUE_NULL;
			put(&c, a, row, want[row]);
		}
		for (row = 0; row < n; row++) {
			wrong += !same_value(column_get(&c, row), want[row]);
			nulls += column_is_null(&c, row) !=
				 (want[row].type == T_NULL);
		}
		arena_reset(a);
	}
	ok(!wrong, "random columns hold what was put");
	ok(!nulls, "random columns know their NULLs");
}

static void
test_batch(void)
{
	struct batch *b = batch_new();
	unsigned round, i;

	for (round = 0; round < 5; round++) {
		batch_reset(b);
		batch_columns(b, 10);
		for (i = 0; i < 10; i++)
			b->cols[i] = column_new(b->arena, T_TEXT);
	}
	ok(b->n_cols == 10 && b->cols[3].type == T_TEXT, "columns");
	{
		char *chunk = b->arena->next;

		batch_reset(b);
		batch_columns(b, 10);
		for (i = 0; i < 10; i++)
			b->cols[i] = column_new(b->arena, T_TEXT);
		ok(b->arena->next == chunk, "memory is used again");
	}
	ok(!b->n_rows && !b->sel && !b->n_bad, "reset forgets rows");
	batch_free(b);
	batch_free(NULL);
}

static void
test_drop(void)
{
	struct batch *b = batch_new();
	uint64_t bits[BATCH_ROWS / 64] = {0};
	const char *reasons[BATCH_ROWS] = {NULL};
	struct str raw[10];
	char got[BATCH_ROWS + 1] = "";
	unsigned i;

	b->n_rows = b->n_sel = 10;
	b->raw = raw;
	for (i = 0; i < 10; i++)
		raw[i] = (struct str){&"0123456789"[i], 1};
	batch_bad(b, (struct bad_row){.reason = "a", .row = 2});
	batch_bad(b, (struct bad_row){.reason = "b", .row = 7});
	batch_bad(b, (struct bad_row){.reason = "c", .row = 7});
	for (i = 0; i < 10; i++)
		reasons[i] = "d";
	reasons[7] = "e";
	bit_set(bits, 0);
	bit_set(bits, 5);
	bit_set(bits, 7);
	batch_drop_bad(b, bits, reasons);
	ok(b->n_sel == 7 && batch_row(b, 0) == 1 && batch_row(b, 6) == 9,
	    "the selection is shorter");
	for (i = 0; i < b->n_bad; i++)
		got[i] = b->bad[i].reason[0];
	same(got, "dadbce", "bad rows are in input order");
	ok(str_is(b->bad[0].raw, "0") && b->bad[5].row == 7,
	    "with their bytes");
	memset(bits, 0, sizeof bits);
	bit_set(bits, 5);
	bit_set(bits, 9);
	batch_drop_bad(b, bits, reasons);
	ok(b->n_sel == 6 && b->n_bad == 7, "what is gone is not dropped again");
	ok(b->bad[6].row == 9, "appended at the end");
	batch_free(b);
}

int
main(void)
{
	struct arena a;

	arena_init(&a, 1 << 16);
	test_types(&a);
	test_const(&a);
	test_random(&a);
	test_batch();
	test_drop();
	arena_release(&a);
	return tap_done();
}
