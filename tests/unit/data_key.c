/* SPDX-License-Identifier: MIT */
/*
 * Keys: equal values and only they have equal bytes, the order of keys is
 * that of values, and keys of a batch are those of its rows.
 */
#include "data/key.h"

#include "base/hash.h"
#include "data/batch.h"
#include "data_gen.h"
#include "tap.h"

static struct arena arena;

static struct str
key_of(struct value v)
{
	struct buf out = {0};
	struct str s;

	key_put(&out, v);
	s = arena_str(&arena, buf_str(&out));
	buf_release(&out);
	return s;
}

static int
sign(int c)
{
	return (c > 0) - (c < 0);
}

static void
test_forms(void)
{
	struct dec d = {100, 2}, half = {50, 2}, tenth = {10, 2};
	struct str one = key_of(value_int(1));

	ok(str_eq(one, key_of(value_float(1))), "1 and 1.0");
	ok(str_eq(one, key_of(value_decimal(&arena, d))), "1 and 1.00");
	ok(str_eq(
	       key_of(value_float(0.5)), key_of(value_decimal(&arena, half))),
	    "0.5 and 0.50");
	ok(!str_eq(
	       key_of(value_float(0.1)), key_of(value_decimal(&arena, tenth))),
	    "the double 0.1 is not 0.10");
	ok(str_eq(key_of(value_float(-0.0)), key_of(value_int(0))), "-0 and 0");
	ok(str_eq(key_of(value_float(__builtin_nan(""))),
	       key_of(value_float(-__builtin_nan("7")))),
	    "all NaNs");
	ok(!str_eq(one, key_of(value_text(STR("1")))), "not the text 1");
	ok(!str_eq(key_of(value_text(STR(""))), key_of(VALUE_NULL)),
	    "no text is not NULL");
	ok(str_eq(key_of(pack_of_json(STR("{\"a\":1,\"b\":[2.0]}"), &arena)),
	       key_of(pack_of_json(STR("{\"b\":[2],\"a\":1}"), &arena))),
	    "nested numbers and order of keys");
	ok(str_eq(
	       key_of(pack_of_json(STR("{\"b\":1,\"a\":0,\"b\":2}"), &arena)),
	       key_of(pack_of_json(STR("{\"a\":0,\"b\":2}"), &arena))),
	    "of equal keys in a map the last counts");
	ok(str_eq(key_of(value_of_str(T_JSON, STR("[1.0]"))),
	       key_of(pack_of_json(STR("[1]"), &arena))),
	    "JSON text has the key of what it says");
	ok(one.n == 9 && !memcmp(one.p, "\3\1\0\0\0\0\0\0\0", 9),
	    "an int's bytes are as saved state has them");
	ok(str_eq(key_of(value_text(STR("ab"))), STR("\6\2\0\0\0ab")),
	    "a text's bytes are as saved state has them");
}

static void
test_random(void)
{
	enum {
		N = 500
	};
	static struct value v[N];
	static struct str k[N];
	unsigned i, j, eq = 0, order = 0, back = 0;

	for (i = 0; i < N; i++) {
		const char *p;

		v[i] = gen_value(&arena);
		k[i] = key_of(v[i]);
		p = k[i].p;
		back += !value_eq(key_get(&p, p + k[i].n, &arena), v[i]) ||
			p != k[i].p + k[i].n;
	}
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			int c = value_cmp(v[i], v[j]);

			eq += str_eq(k[i], k[j]) != !c;
			order += sign(key_cmp(k[i], k[j])) != sign(c);
		}
	ok(!back, "random values are read back");
	ok(!eq, "random values: bytes are equal if and only if values are");
	ok(!order, "random values: order of keys is order of values");
}

/* The same of keys of two values. */
static void
test_pairs(void)
{
	struct buf x = {0}, y = {0};
	unsigned i, wrong = 0;

	for (i = 0; i < 20000; i++) {
		struct value a = gen_scalar(&arena), b = gen_scalar(&arena);
		struct value c = gen_scalar(&arena), d = gen_scalar(&arena);
		int want = value_cmp(a, c);

		x.n = y.n = 0;
		key_put(&x, a);
		key_put(&x, b);
		key_put(&y, c);
		key_put(&y, d);
		want = want ? want : value_cmp(b, d);
		wrong += sign(key_cmp(buf_str(&x), buf_str(&y))) != sign(want);
		wrong += str_eq(buf_str(&x), buf_str(&y)) != !want;
		arena_reset(&arena);
	}
	ok(!wrong, "pairs of values, column by column");
	ok(key_cmp(STR(""), STR("")) == 0, "keys of no column");
	buf_release(&x);
	buf_release(&y);
}

/* Keys of a batch against key_put, row by row. */
static unsigned
check(struct batch *b, const struct column *cols, unsigned n)
{
	struct str keys[BATCH_ROWS];
	uint64_t hashes[BATCH_ROWS];
	struct buf want = {0};
	unsigned k, i, wrong = 0;

	key_batch(b, cols, n, b->arena, keys, hashes);
	for (k = 0; k < b->n_sel; k++) {
		want.n = 0;
		for (i = 0; i < n; i++)
			key_put(&want, column_get(&cols[i], batch_row(b, k)));
		if (want.n > KEY_MAX) {
			wrong += keys[k].p != NULL;
			continue;
		}
		wrong += !keys[k].p || !str_eq(keys[k], buf_str(&want));
		wrong += hashes[k] != hash_bytes(keys[k].p, keys[k].n);
	}
	buf_release(&want);
	return wrong;
}

static struct value
of_kind(struct arena *a, unsigned kind)
{
	struct value v;

	switch (kind) {
	case 0:
		return value_text(gen_text(a, gen_below(4) ? 20 : 200));
	case 1:
		return gen_int();
	case 2:
		return gen_float();
	case 3:
		return gen_value(a);
	default:
		do
			v = gen_scalar(a);
		while (v.type == T_NULL);
		return v;
	}
}

static void
fill(struct batch *b, struct column *c, unsigned kind, bool nulls)
{
	unsigned row;

	for (row = 0; row < b->n_rows; row++)
		column_put(c, b->arena, row,
		    nulls && !gen_below(5) ? VALUE_NULL
					   : of_kind(b->arena, kind));
}

static void
select_some(struct batch *b)
{
	unsigned row;

	b->n_sel = 0;
	b->sel = arena_array(b->arena, BATCH_ROWS, sizeof *b->sel);
	for (row = 0; row < b->n_rows; row++)
		if (gen_below(2))
			b->sel[b->n_sel++] = (uint16_t)row;
}

static void
test_batches(struct batch *b)
{
	unsigned kind, other, wrong = 0, round;

	for (round = 0; round < 4; round++)
		for (kind = 0; kind < 5; kind++)
			for (other = 0; other < 6; other++) {
				batch_reset(b);
				batch_columns(b, 3);
				b->n_rows = b->n_sel = 300;
				fill(b, &b->cols[0], kind, round & 1);
				if (other < 5)
					fill(b, &b->cols[1], other, round & 1);
				else
					b->cols[1] = column_const(
					    b->arena, gen_value(b->arena));
				if (round & 2)
					select_some(b);
				wrong += check(b, b->cols, 1);
				wrong += check(b, b->cols + 1, 1);
				wrong += check(b, b->cols, 3);
			}
	ok(!wrong, "keys of batches, of one and three columns");
	ok(!check(b, b->cols, 0), "keys of no column");
	b->n_sel = 0;
	ok(!check(b, b->cols, 1), "no rows");
}

static void
test_long(struct batch *b)
{
	static char text[KEY_MAX + 10];
	static const size_t sizes[] = {
	    KEY_MAX + 1, KEY_MAX, KEY_MAX - 4, KEY_MAX - 5, KEY_MAX - 6, 0};
	struct str keys[BATCH_ROWS];
	uint64_t hashes[BATCH_ROWS];
	unsigned i;

	memset(text, 'x', sizeof text);
	batch_reset(b);
	batch_columns(b, 2);
	b->n_rows = b->n_sel = 6;
	for (i = 0; i < 6; i++) {
		column_put_text(
		    &b->cols[0], b->arena, i, (struct str){text, sizes[i]});
		column_put_null(&b->cols[1], b->arena, i);
	}
	key_batch(b, b->cols, 1, b->arena, keys, hashes);
	ok(!keys[2].p && keys[3].p && keys[3].n == KEY_MAX,
	    "one column: %d bytes and no more", KEY_MAX);
	ok(!check(b, b->cols, 1), "the others are right");
	key_batch(b, b->cols, 2, b->arena, keys, hashes);
	ok(!keys[3].p && keys[4].p && keys[4].n == KEY_MAX,
	    "two columns: together");
	ok(!check(b, b->cols, 2), "the others are right");
}

/* Any bytes: those that pass can be compared and read. */
static void
test_check(void)
{
	static const char *const bad[] = {"\x0c",
	    "\x03"
	    "1234567",
	    "\x06\x02\x00\x00\x00x", "\x06\x01\x00\x00",
	    "\x0a\x01\x00\x00\x00\x81", "\x0b\x01\x00\x00\x00\x90"};
	static const size_t sizes[] = {1, 8, 6, 4, 6, 6};
	unsigned refused = 0, wrong = 0;
	struct buf key = {0}, last = {0};

	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
		wrong += key_check((struct str){bad[i], sizes[i]});
	for (unsigned i = 0; i < 200000; i++) {
		key.n = 0;
		for (uint32_t k = gen_below(3) + 1; k; k--)
			key_put(&key, gen_value(&arena));
		wrong += !key_check(buf_str(&key));
		if (gen_below(4))
			key.n = gen_below((uint32_t)key.n + 1);
		if (key.n)
			key.p[gen_below((uint32_t)key.n)] ^=
			    (char)(1 << gen_below(8));
		if (!key_check(buf_str(&key))) {
			refused++;
			continue;
		}
		if (last.p)
			wrong += key_cmp(buf_str(&key), buf_str(&last)) +
				     key_cmp(buf_str(&last), buf_str(&key)) !=
				 0;
		last.n = 0;
		buf_adds(&last, buf_str(&key));
		arena_reset(&arena);
	}
	ok(refused > 1000 && !wrong, "of damaged keys %u are refused", refused);
	buf_release(&key);
	buf_release(&last);
}

int
main(void)
{
	struct batch *b = batch_new();

	arena_init(&arena, 1 << 16);
	test_forms();
	test_random();
	test_pairs();
	test_batches(b);
	test_long(b);
	test_check();
	batch_free(b);
	arena_release(&arena);
	return tap_done();
}
