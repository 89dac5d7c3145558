/* SPDX-License-Identifier: MIT */
/* Times of columns in another layout: typed, mixed, nested, NULL, constant. */
#include "data/times.h"

#include "data/pack.h"
#include "tap.h"

#define NOON ((int64_t)1774699200 * WHEN_SECOND) /* 2026-03-28T12:00:00Z */

static struct arena arena;

static struct value
packed(struct buf *b)
{
	struct value v = value_of_str(T_LIST, arena_str(&arena, buf_str(b)));

	buf_release(b);
	return v;
}

/* [NOON, [NOON, "x"], {"NOON": 1}] with a time as the map's key. */
static struct value
nested(void)
{
	struct buf b = {0};

	pack_put_array(&b, 3);
	pack_put(&b, value_time(NOON));
	pack_put_array(&b, 2);
	pack_put(&b, value_time(NOON + 500000));
	pack_put_text(&b, STR("x"));
	pack_put_map(&b, 1);
	pack_put(&b, value_time(NOON));
	pack_put(&b, value_int(1));
	return packed(&b);
}

static void
check(struct batch *b, const char *layout, const char *want)
{
	struct when_layout l;
	struct err err = {0};
	struct buf out = {0};

	ok(!when_out_parse(str_of(layout), &arena, &l, &err), "%s", layout);
	times_columns(b, &l);
	for (unsigned i = 0; i < b->n_cols; i++)
		for (unsigned k = 0; k < b->n_sel; k++) {
			buf_addz(&out, out.n ? " " : "");
			value_json(
			    &out, column_get(&b->cols[i], batch_row(b, k)));
		}
	tap_same(buf_z(&out), want, __FILE__, __LINE__, layout);
	buf_release(&out);
}

/* Rows 1 and 3 of four are selected. */
static struct batch *
make(struct value a, struct value c)
{
	static uint16_t sel[] = {1, 3};
	struct batch *b = batch_new();

	batch_columns(b, 2);
	for (unsigned row = 0; row < 4; row++) {
		struct value v = row == 1 ? a : row == 3 ? VALUE_NULL : c;

		column_put(&b->cols[0], b->arena, row, v);
	}
	b->cols[1] = column_const(b->arena, c);
	b->n_rows = 4;
	b->sel = sel;
	b->n_sel = 2;
	return b;
}

int
main(void)
{
	struct batch *b;
	struct column before;

	arena_init(&arena, 1024);
	b = make(value_time(NOON), value_time(NOON + 250000));
	check(b, "%H:%M", "\"12:00\" null \"12:00\" \"12:00\"");
	batch_free(b);
	b = make(value_time(NOON), value_time(NOON + 250000));
	check(b, "s", "1774699200 null 1774699200.25 1774699200.25");
	batch_free(b);
	b = make(value_time(WHEN_LAST), value_time(WHEN_FIRST));
	check(b, "ns",
	    "253402300799999999000 null -62167219200000000000 "
	    "-62167219200000000000");
	batch_free(b);
	b = make(nested(), value_int(7));
	check(b, "ms",
	    "[1774699200000,[1774699200500,\"x\"],{\"1774699200000\":1}] null "
	    "7 7");
	batch_free(b);
	b = make(nested(), nested());
	check(b, "rfc3339",
	    "[\"2026-03-28T12:00:00Z\",[\"2026-03-28T12:00:00.500Z\",\"x\"],"
	    "{\"2026-03-28T12:00:00Z\":1}] null "
	    "[\"2026-03-28T12:00:00Z\",[\"2026-03-28T12:00:00.500Z\",\"x\"],"
	    "{\"2026-03-28T12:00:00Z\":1}] "
	    "[\"2026-03-28T12:00:00Z\",[\"2026-03-28T12:00:00.500Z\",\"x\"],"
	    "{\"2026-03-28T12:00:00Z\":1}]");
	batch_free(b);
	b = make(value_text(STR("x")), value_text(STR("y")));
	before = b->cols[0];
	check(b, "ms", "\"x\" null \"y\" \"y\"");
	ok(!memcmp(&before, &b->cols[0], sizeof before),
	    "a column without times stays what it was");
	batch_free(b);
	arena_release(&arena);
	return tap_done();
}
