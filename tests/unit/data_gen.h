/* SPDX-License-Identifier: MIT */
/*
 * Random values for property tests, the same in every run. Numbers come from
 * a small pool in which the same number stands as int, float and decimal, and
 * texts are made of few letters, so that equal values of different forms and
 * values that differ in one place are frequent.
 */
#ifndef WEIR_TESTS_DATA_GEN_H
#define WEIR_TESTS_DATA_GEN_H

#include "base/num.h"
#include "data/pack.h"

static uint64_t gen_state = 0x9e3779b97f4a7c15u;

static inline uint32_t
gen_u32(void)
{
	gen_state ^= gen_state << 13;
	gen_state ^= gen_state >> 7;
	gen_state ^= gen_state << 17;
	return (uint32_t)(gen_state >> 16);
}

/* A number below n. */
static inline uint32_t
gen_below(uint32_t n)
{
	return (uint32_t)((uint64_t)gen_u32() * n >> 32);
}

static inline struct value
gen_int(void)
{
	static const int64_t pool[] = {0, 1, -1, 2, 100, 127, 128, -32, -33,
	    255, 256, -129, 65535, 65536, 4294967295, 4294967296,
	    9007199254740992, 9007199254740993, INT64_MAX, INT64_MIN,
	    INT64_MAX - 1, INT32_MIN};

	return value_int(pool[gen_below(sizeof pool / sizeof *pool)]);
}

static inline struct value
gen_float(void)
{
	static const double pool[] = {0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 2.5,
	    9007199254740992.0, 0x1p63, -0x1p63, 1e20, 1e300, -1e300, 5e-324,
	    __builtin_inf(), -__builtin_inf(), __builtin_nan("")};

	return value_float(pool[gen_below(sizeof pool / sizeof *pool)]);
}

static inline struct value
gen_decimal(struct arena *a)
{
	static const char *const pool[] = {"0", "0.00", "1.00", "-1.0", "0.5",
	    "0.50", "0.1", "2.50", "9007199254740993.0", "9007199254740993.5",
	    "9223372036854775807.0", "9223372036854775808",
	    "100000000000000000000", "100000000000000000001",
	    "-9223372036854775808", "-99999999999999999999999999999999999999",
	    "0.00000000000000000000000000000000000001"};
	struct dec d = {0};

	dec_parse(str_of(pool[gen_below(sizeof pool / sizeof *pool)]), &d);
	return value_decimal(a, d);
}

static inline struct str
gen_text(struct arena *a, uint32_t most)
{
	static const char letters[] = "ab\0\"\\\nz";
	uint32_t n = gen_below(most + 1), i;
	char *p = arena_alloc(a, n + 1);

	for (i = 0; i < n; i++)
		p[i] = letters[gen_below(sizeof letters - 1)];
	return (struct str){p, n};
}

static inline struct value
gen_scalar(struct arena *a)
{
	switch (gen_below(12)) {
	case 0:
		return VALUE_NULL;
	case 1:
		return value_bool(gen_below(2));
	case 2:
	case 3:
		return gen_int();
	case 4:
	case 5:
		return gen_float();
	case 6:
	case 7:
		return gen_decimal(a);
	case 8:
		return value_of_str(T_BYTES, gen_text(a, 3));
	case 9:
		return (struct value){
		    .i = (int64_t)gen_below(5) * 500000 - 1000000,
		    .type = gen_below(2) ? T_TIME : T_DURATION};
	case 10:
		return value_date(
		    (int64_t)gen_below(5) * 86400000000 - 2 * 86400000000);
	default:
		return value_text(gen_text(a, gen_below(8) ? 3 : 300));
	}
}

/* Recursive, as its depth is the test's own. */
static inline void
gen_pack(struct buf *out, struct arena *a, unsigned depth)
{
	uint32_t n = gen_below(gen_below(20) ? 4 : 20), i;
	uint32_t kind = depth ? gen_below(4) : 3;

	if (kind == 0)
		pack_put_array(out, n);
	else if (kind == 1)
		pack_put_map(out, n);
	else
		pack_put(out, gen_scalar(a));
	if (kind > 1)
		return;
	for (i = 0; i < n; i++) {
		if (kind == 1) /* keys now and then nested, often double */
			gen_pack(out, a, gen_below(8) ? 0 : depth - 1);
		gen_pack(out, a, depth - 1);
	}
}

/* Any value; lists and maps up to three deep. */
static inline struct value
gen_value(struct arena *a)
{
	struct buf buf = {0};
	struct value v = VALUE_NULL;
	const char *p;
	struct str s;

	if (gen_below(3))
		return gen_scalar(a);
	gen_pack(&buf, a, 3);
	s = arena_str(a, buf_str(&buf));
	p = s.p;
	pack_get(&p, s.p + s.n, a, &v);
	buf_release(&buf);
	return v;
}

#endif
