/* SPDX-License-Identifier: MIT */
/*
 * Parts that the aggregates share; see agg_part.h. Saved bytes are
 * little-endian and begin with a version; reading them stops at the first
 * missing byte and says so once, at the end.
 */
#include "expr/agg_part.h"

#include <math.h>

#include "base/num.h"
#include "data/pack.h"

/* ---- arguments ---- */

static bool
text_number(struct str s, struct value *out, struct dec *space)
{
	struct num n;
	int64_t i;
	double f;

	s = str_trim(s);
	n = num_guess(s);
	if (n.kind == NUM_INT)
		*out = value_int(n.i);
	else if (n.kind == NUM_BIGINT && dec_parse(s, space))
		*out = (struct value){.d = space, .type = T_DECIMAL};
	else if (num_parse_int(s, &i))
		*out = value_int(i);
	else if (num_parse_float(s, &f) && isfinite(f))
		*out = value_float(f);
	else
		return false;
	return true;
}

bool
agg_number(struct value v, struct value *out, struct dec *space)
{
	switch ((enum type)v.type) {
	case T_INT:
	case T_FLOAT:
	case T_DECIMAL:
		*out = v;
		return true;
	case T_DURATION:
		*out = value_int(v.i);
		return true;
	case T_BOOL:
		*out = value_int(v.b);
		return true;
	case T_TEXT:
		return text_number(value_str(v), out, space);
	default:
		return false;
	}
}

struct where
agg_arg_where(const struct agg_call *call, unsigned i)
{
	const struct node *n = call->node;

	if (!n)
		return (struct where){0};
	return i < n->n_args ? n->args[i]->where : n->where;
}

enum type
agg_arg_type(const struct agg_call *call, unsigned i)
{
	return call->args[i] ? expr_type(call->args[i]) : T_ANY;
}

int
agg_bind_number(struct agg_call *call, bool times, struct err *err)
{
	enum type t = agg_arg_type(call, 0);

	if (t == T_BYTES || t == T_LIST || t == T_MAP ||
	    (type_is_instant(t) && !times))
		return err_set(err, ERR_SPEC, agg_arg_where(call, 0),
		    "%s() needs a number, this is a %s", call->agg->name,
		    type_name(t));
	return 0;
}

unsigned
agg_n_inputs(const struct agg_call *call)
{
	unsigned most = call->agg->args_max - call->agg->n_constant;

	return call->n_args < most ? call->n_args : most;
}

/* ---- a value kept beyond its batch ---- */

void
held_set(struct held *h, struct arena *heap, struct value v)
{
	const void *from = v.p;
	size_t n = v.len;
	void *room;

	if (v.type == T_DECIMAL)
		n = sizeof *v.d;
	else if (type_store((enum type)v.type) != STORE_STR &&
		 v.type != T_LIST && v.type != T_MAP)
		n = 0;
	if (!n) {
		*h = (struct held){.v = v};
		return;
	}
	if (n > h->cap) {
		uint64_t cap = (n + 15) & ~(uint64_t)15;

		h->cap = cap < 2 * h->cap ? 2 * h->cap : cap;
		room = arena_alloc(heap, h->cap);
	} else {
		room = (void *)(uintptr_t)h->v.p;
	}
	memmove(room, from, n);
	h->v = v;
	h->v.p = room;
}

/* ---- memory that is used again ---- */

#define SPARE_EVEN 8 /* sizes up to 8 * 16 bytes, then 4 to each doubling */
#define SPARE_SIZES (SPARE_EVEN + 4 * 20)

struct spare {
	struct spare_piece {
		struct spare_piece *next;
	} * pieces[SPARE_SIZES];
};

/* The size a piece of n bytes has, and its number; SPARE_SIZES: too large. */
static unsigned
spare_size(size_t *n)
{
	unsigned units = (unsigned)((*n + 15) / 16), log2, step;

	if (*n > (size_t)64 << 20)
		return SPARE_SIZES;
	*n = (size_t)units * 16;
	if (units <= SPARE_EVEN)
		return units ? units - 1 : 0;
	log2 = 31u - (unsigned)__builtin_clz(units - 1);
	step = (units - 1) >> (log2 - 2) & 3;
	*n = (size_t)(5 + step) << (log2 - 2) << 4;
	return SPARE_EVEN + 4 * (log2 - 3) + step;
}

void *
spare_alloc(struct spare *s, struct arena *heap, size_t n)
{
	unsigned k = spare_size(&n);
	struct spare_piece *p = s && k < SPARE_SIZES ? s->pieces[k] : NULL;

	if (!p)
		return arena_alloc(heap, n);
	s->pieces[k] = p->next;
	return p;
}

void
spare_give(struct spare **s, struct arena *heap, void *p, size_t n)
{
	unsigned k = spare_size(&n);
	struct spare_piece *piece = p;

	if (k == SPARE_SIZES)
		return;
	if (!*s)
		*s = arena_zalloc(heap, sizeof **s);
	piece->next = (*s)->pieces[k];
	(*s)->pieces[k] = piece;
}

/* ---- saved bytes ---- */

void
agg_put_u8(struct buf *out, uint8_t v)
{
	buf_addc(out, (char)v);
}

void
agg_put_u64(struct buf *out, uint64_t v)
{
	char *p = buf_reserve(out, 8);

	for (unsigned i = 0; i < 8; i++)
		p[i] = (char)(v >> 8 * i & 0xff);
	out->n += 8;
}

void
agg_put_i64(struct buf *out, int64_t v)
{
	agg_put_u64(out, (uint64_t)v);
}

void
agg_put_f64(struct buf *out, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	agg_put_u64(out, bits);
}

void
agg_put_i128(struct buf *out, __int128 v)
{
	agg_put_u64(out, (uint64_t)v);
	agg_put_u64(out, (uint64_t)((unsigned __int128)v >> 64));
}

struct agg_in
agg_in_start(struct str bytes)
{
	struct agg_in in = {.p = bytes.p, .end = bytes.p + bytes.n};

	if (agg_get_u8(&in) != AGG_SAVE_VERSION)
		in.bad = true;
	return in;
}

uint8_t
agg_get_u8(struct agg_in *in)
{
	if (in->bad || in->p == in->end) {
		in->bad = true;
		return 0;
	}
	return (uint8_t)*in->p++;
}

uint64_t
agg_get_u64(struct agg_in *in)
{
	uint64_t v = 0;

	if (in->bad || in->end - in->p < 8) {
		in->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)(unsigned char)in->p[i] << 8 * i;
	in->p += 8;
	return v;
}

int64_t
agg_get_i64(struct agg_in *in)
{
	return (int64_t)agg_get_u64(in);
}

int64_t
agg_get_count(struct agg_in *in)
{
	const int64_t most = (int64_t)1 << 60;
	int64_t n = agg_get_i64(in);

	if (n > most || n < -most) {
		in->bad = true;
		return 0;
	}
	return n;
}

double
agg_get_f64(struct agg_in *in)
{
	uint64_t bits = agg_get_u64(in);
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

__int128
agg_get_i128(struct agg_in *in)
{
	unsigned __int128 lo = agg_get_u64(in);

	return (__int128)(lo | (unsigned __int128)agg_get_u64(in) << 64);
}

struct value
agg_get_value(struct agg_in *in, struct arena *a)
{
	struct value v = VALUE_NULL;

	if (!in->bad && pack_get(&in->p, in->end, a, &v) != PACK_OK)
		in->bad = true;
	return in->bad ? VALUE_NULL : v;
}

bool
agg_in_done(const struct agg_in *in)
{
	return !in->bad && in->p == in->end;
}
