/* SPDX-License-Identifier: MIT */
/*
 * CAST: one function per target, which knows the types it can be made from.
 *
 * Nothing is rounded behind the user's back: what does not fit the target
 * fails, except for the fraction that an integer cannot have (cut toward
 * zero, as SQL's CAST does) and the precision a float does not have.
 */
#include "data/cast.h"

#include "base/num.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "data/pack.h"

_Static_assert(DEC_TEXT_MAX >= NUM_FLOAT_MAX && DEC_TEXT_MAX >= WHEN_TEXT_MAX,
    "room for any scalar as text");

struct cast {
	struct arena *arena;
	const struct when_layout *layout; /* never NULL */
	struct value v;			  /* neither NULL nor JSON */
	struct value *out;
};

static bool
give(const struct cast *c, struct value v)
{
	*c->out = v;
	return true;
}

static struct str
trimmed(const struct cast *c)
{
	return str_trim(value_str(c->v));
}

/* ---- booleans ---- */

static bool
bool_of_text(struct str s, bool *b)
{
	static const char words[][6] = {
	    "false", "f", "no", "0", "true", "t", "yes", "1"};
	unsigned i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(s, str_of(words[i]))) {
			*b = i >= 4;
			return true;
		}
	return false;
}

static bool
to_bool(const struct cast *c)
{
	bool b;

	switch ((enum type)c->v.type) {
	case T_TEXT:
		return bool_of_text(trimmed(c), &b) && give(c, value_bool(b));
	case T_INT:
		return give(c, value_bool(c->v.i != 0));
	case T_FLOAT: /* NaN is neither */
		return c->v.f == c->v.f && give(c, value_bool(c->v.f != 0));
	case T_DECIMAL:
		return give(c, value_bool(c->v.d->v != 0));
	default:
		return false;
	}
}

/* ---- numbers ---- */

/* A time as seconds (ms, µs, ns: as the layout counts), exact. */
static struct dec
epoch(const struct cast *c)
{
	struct dec d = {.v = c->v.i, .scale = 6};

	switch (c->layout->kind) {
	case WHEN_EPOCH_MS:
		d.scale = 3;
		break;
	case WHEN_EPOCH_US:
		d.scale = 0;
		break;
	case WHEN_EPOCH_NS:
		d.v *= 1000;
		d.scale = 0;
		break;
	default:
		break;
	}
	return dec_normal(d);
}

static bool
int_of_float(double f, int64_t *i)
{
	if (!(f >= -0x1p63 && f < 0x1p63))
		return false;
	*i = (int64_t)f;
	return true;
}

static bool
int_of_text(struct str s, int64_t *i)
{
	struct dec d;

	return num_parse_int(s, i) || (dec_parse(s, &d) && dec_trunc_int(d, i));
}

/* Towards the past, so that a second is as long before 1970 as after it. */
static bool
int_of_time(const struct cast *c, int64_t *i)
{
	struct dec d = epoch(c);

	if (!dec_trunc_int(d, i))
		return false;
	if (d.v < 0 && dec_cmp(d, dec_of_int(*i)))
		--*i;
	return true;
}

static bool
to_int(const struct cast *c)
{
	int64_t i = 0;
	bool good = true;

	switch ((enum type)c->v.type) {
	case T_BOOL:
		i = c->v.b;
		break;
	case T_FLOAT:
		good = int_of_float(c->v.f, &i);
		break;
	case T_DECIMAL:
		good = dec_trunc_int(*c->v.d, &i);
		break;
	case T_TEXT:
		good = int_of_text(trimmed(c), &i);
		break;
	case T_TIME:
		good = int_of_time(c, &i);
		break;
	default:
		return false;
	}
	return good && give(c, value_int(i));
}

static bool
to_float(const struct cast *c)
{
	double f;

	switch ((enum type)c->v.type) {
	case T_BOOL:
		return give(c, value_float(c->v.b));
	case T_INT:
		return give(c, value_float((double)c->v.i));
	case T_DECIMAL:
		return give(c, value_float(dec_to_float(*c->v.d)));
	case T_TEXT:
		return num_parse_float(trimmed(c), &f) &&
		       give(c, value_float(f));
	case T_TIME:
		return give(c, value_float(dec_to_float(epoch(c))));
	default:
		return false;
	}
}

static bool
to_decimal(const struct cast *c)
{
	struct dec d;
	bool good = true;

	switch ((enum type)c->v.type) {
	case T_BOOL:
		d = dec_of_int(c->v.b);
		break;
	case T_INT:
		d = dec_of_int(c->v.i);
		break;
	case T_FLOAT:
		good = dec_of_float(c->v.f, &d);
		break;
	case T_TEXT:
		good = dec_parse(trimmed(c), &d);
		break;
	case T_TIME:
		d = epoch(c);
		break;
	default:
		return false;
	}
	return good && give(c, value_decimal(c->arena, d));
}

/* ---- text and bytes ---- */

/* What buf holds, as text in the arena; releases the buf. */
static bool
give_buf(const struct cast *c, struct buf *buf, enum type type)
{
	struct str s = arena_str(c->arena, buf_str(buf));

	buf_release(buf);
	return s.n <= UINT32_MAX && give(c, value_of_str(type, s));
}

static bool
to_text(const struct cast *c)
{
	struct buf buf = {0};

	switch ((enum type)c->v.type) {
	case T_BYTES: /* keeps the bytes */
		return utf8_valid(value_str(c->v)) &&
		       give(c, value_text(value_str(c->v)));
	case T_LIST:
	case T_MAP:
		value_print(&buf, c->v);
		return give_buf(c, &buf, T_TEXT);
	default: /* short: printed in the arena */
		buf.cap = DEC_TEXT_MAX;
		buf.p = arena_alloc(c->arena, buf.cap);
		value_print(&buf, c->v);
		return give(c, value_text(buf_str(&buf)));
	}
}

static bool
to_bytes(const struct cast *c)
{
	return c->v.type == T_TEXT &&
	       give(c, value_of_str(T_BYTES, value_str(c->v)));
}

static bool
to_json(const struct cast *c)
{
	struct buf buf = {0};

	value_json(&buf, c->v);
	return give_buf(c, &buf, T_JSON);
}

/* ---- times ---- */

/* A decimal as a time: exact where the unit is known, else as a float. */
static bool
time_of_decimal(const struct cast *c, int64_t *t)
{
	static const int64_t per_unit[] = {[WHEN_EPOCH_S] = WHEN_SECOND,
	    [WHEN_EPOCH_MS] = WHEN_MS,
	    [WHEN_EPOCH_US] = 1};
	enum when_kind kind = c->layout->kind;
	static const struct when_layout us = {.kind = WHEN_EPOCH_US};
	struct dec d;
	int64_t i;

	if (dec_to_int(*c->v.d, &i))
		return when_of_int(c->layout, i, t);
	if (kind < WHEN_EPOCH_S || kind > WHEN_EPOCH_US)
		return when_of_float(c->layout, dec_to_float(*c->v.d), t);
	if (!dec_mul(*c->v.d, dec_of_int(per_unit[kind]), &d) ||
	    !dec_trunc_int(d, &i))
		return false;
	if (d.v < 0 && dec_cmp(d, dec_of_int(i)))
		i--;
	return when_of_int(&us, i, t);
}

static bool
to_time(const struct cast *c)
{
	int64_t t = 0;
	bool good;

	switch ((enum type)c->v.type) {
	case T_TEXT:
		good = when_parse(c->layout, NULL, trimmed(c), &t);
		break;
	case T_INT:
		good = when_of_int(c->layout, c->v.i, &t);
		break;
	case T_FLOAT:
		good = when_of_float(c->layout, c->v.f, &t);
		break;
	case T_DECIMAL:
		good = time_of_decimal(c, &t);
		break;
	case T_TIME:
		good = true;
		t = c->v.i;
		break;
	default:
		return false;
	}
	return good && give(c, value_time(t));
}

/*
 * The day of a time, by the days of the zone that text is read in: a date
 * without an offset is what it says, whatever the zone.
 */
static bool
to_date(const struct cast *c)
{
	const struct zone *zone = c->v.type == T_TEXT ? c->layout->zone : NULL;
	int64_t t;

	if (!to_time(c))
		return false;
	t = c->out->i;
	if (zone)
		t += zone_offset(zone, t, NULL, NULL) * WHEN_SECOND;
	t -= (t % WHEN_DAY + WHEN_DAY) % WHEN_DAY;
	return t >= WHEN_FIRST && t <= WHEN_LAST && give(c, value_date(t));
}

/* Also negative ones, as they are printed. */
static bool
to_duration(const struct cast *c)
{
	struct str s = trimmed(c);
	bool minus = s.n && s.p[0] == '-';
	int64_t us;

	if (c->v.type != T_TEXT)
		return false;
	s.p += minus;
	s.n -= minus;
	return when_parse_duration(s, &us) &&
	       give(c, value_duration(minus ? -us : us));
}

/* ---- lists and maps ---- */

static bool
to_nested(const struct cast *c, enum type to)
{
	return c->v.type == T_TEXT &&
	       pack_parse_json(value_str(c->v), c->arena, c->out) &&
	       c->out->type == to;
}

bool
value_cast(struct arena *a, struct value v, enum type to,
    const struct when_layout *layout, struct value *out)
{
	static const struct when_layout text = {.kind = WHEN_AUTO},
					number = {.kind = WHEN_EPOCH_S};
	struct cast c = {.arena = a, .layout = layout, .out = out};

	if (v.type == T_JSON && to != T_JSON && to != T_ANY)
		v = pack_of_json(value_str(v), a);
	if (v.type == T_NULL || (enum type)v.type == to || to == T_ANY)
		return give(&c, v);
	if (v.type == T_DATE && to != T_TEXT && to != T_JSON)
		v.type = T_TIME; /* its midnight */
	if (!layout)
		c.layout = v.type == T_TEXT ? &text : &number;
	c.v = v;
	switch (to) {
	case T_NULL:
	case T_ANY:
		return false;
	case T_BOOL:
		return to_bool(&c);
	case T_INT:
		return to_int(&c);
	case T_FLOAT:
		return to_float(&c);
	case T_DECIMAL:
		return to_decimal(&c);
	case T_TEXT:
		return to_text(&c);
	case T_BYTES:
		return to_bytes(&c);
	case T_TIME:
		return to_time(&c);
	case T_DATE:
		return to_date(&c);
	case T_DURATION:
		return to_duration(&c);
	case T_LIST:
	case T_MAP:
		return to_nested(&c, to);
	case T_JSON:
		return to_json(&c);
	}
	return false;
}
