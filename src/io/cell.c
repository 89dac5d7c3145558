/* SPDX-License-Identifier: MIT */
/*
 * Cells: the text or value of one field of a record, put into the column that
 * wants it.
 *
 * A record may turn out bad after some of its cells were put; its row is then
 * written again by the next record. The bit that says NULL is the only thing
 * such a row could leave behind, so it is cleared before each put.
 */
#include "io/cell.h"

#include "base/num.h"
#include "data/cast.h"

static const char *
no_time(const struct decode_spec *spec, unsigned want, const char *reason,
    struct value *out)
{
	*out = VALUE_NULL;
	if (spec->wants[want].optional && (int)want != spec->time)
		return NULL;
	return reason;
}

static const char *
convert_time(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct value v, struct value *out)
{
	const struct when_layout *l = &spec->wants[want].layout;
	int64_t t = 0;
	bool good = false;

	switch ((enum type)v.type) {
	case T_NULL:
		return no_time(spec, want, "the time is missing", out);
	case T_TEXT:
		good = when_parse(l, cache, value_str(v), &t);
		break;
	case T_INT:
		good = when_of_int(l, v.i, &t);
		break;
	case T_FLOAT:
		good = when_of_float(l, v.f, &t);
		break;
	case T_TIME:
	case T_DATE:
		good = true;
		t = v.i;
		break;
	case T_BOOL:
	case T_DECIMAL:
	case T_BYTES:
	case T_DURATION:
	case T_LIST:
	case T_MAP:
	case T_JSON:
	case T_ANY:
		break;
	}
	if (!good)
		return no_time(spec, want, "the time is not readable", out);
	*out = value_time(t);
	return NULL;
}

/* Why a value cannot have the type declared. */
static const char *
not_a(enum type t)
{
	static const char *const reasons[] = {
	    [T_NULL] = "a field is not NULL",
	    [T_BOOL] = "a field is not a boolean",
	    [T_INT] = "a field is not an integer, or out of range",
	    [T_FLOAT] = "a field is not a number, or out of range",
	    [T_DECIMAL] = "a field is not a decimal, or out of range",
	    [T_TEXT] = "a field is not text",
	    [T_BYTES] = "a field is not bytes",
	    [T_TIME] = "a field is not a time",
	    [T_DURATION] = "a field is not a duration",
	    [T_LIST] = "a field is not a list",
	    [T_MAP] = "a field is not a map",
	    [T_DATE] = "a field is not a date",
	    [T_JSON] = "a field is not JSON",
	    [T_ANY] = "a field has no value",
	};

	return reasons[t];
}

const char *
cell_convert(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct arena *a, struct value v,
    struct value *out)
{
	const struct want *w = &spec->wants[want];

	if (w->as == WANT_TIME)
		return convert_time(spec, want, cache, v, out);
	if (v.type == T_NULL || w->type == (enum type)v.type ||
	    w->type == T_ANY) {
		*out = v;
		return NULL;
	}
	if (!value_cast(a, v, w->type, &w->layout, out))
		return not_a(w->type);
	return NULL;
}

static void
put(const struct decode_spec *spec, unsigned want, struct batch *b,
    unsigned row, struct value v)
{
	struct column *c;

	if ((int)want == spec->time) {
		b->time[row] = v.i;
		return;
	}
	c = &b->cols[want];
	if (c->nulls)
		c->nulls[row >> 6] &= ~((uint64_t)1 << (row & 63));
	column_put(c, b->arena, row, v);
}

const char *
cell_value(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct batch *b, unsigned row, struct value v)
{
	const struct want *w = &spec->wants[want];
	const char *reason;

	if (w->as == WANT_TIME || w->as == WANT_TYPE) {
		reason = cell_convert(spec, want, cache, b->arena, v, &v);
		if (reason)
			return reason;
	}
	put(spec, want, b, row, v);
	return NULL;
}

const char *
cell_missing(const struct decode_spec *spec, unsigned want, struct batch *b,
    unsigned row)
{
	return cell_value(spec, want, NULL, b, row, VALUE_NULL);
}

/* Digits alone, of which a float would lose some. */
static bool
is_whole(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return true;
}

struct value
cell_guess(struct arena *a, struct str text, bool quoted)
{
	struct num n;
	struct dec d;

	if (quoted)
		return value_text(text);
	if (!text.n)
		return VALUE_NULL;
	if (str_eq(text, STR("true")) || str_eq(text, STR("false")))
		return value_bool(text.n == 4);
	n = num_guess(text);
	switch (n.kind) {
	case NUM_NONE:
		break;
	case NUM_INT:
		return value_int(n.i);
	case NUM_FLOAT: /* what is out of range stays as it was written */
		if (n.f - n.f != 0 || (n.f != 0 && is_whole(text)))
			break;
		return value_float(n.f);
	case NUM_BIGINT:
		if (dec_parse(text, &d))
			return value_decimal(a, d);
		break;
	}
	return value_text(text);
}

const char *
cell_put(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct batch *b, unsigned row, struct str text,
    bool quoted)
{
	struct value v = value_text(text);

	switch (spec->wants[want].as) {
	case WANT_VALUE:
		v = cell_guess(b->arena, text, quoted);
		break;
	case WANT_TIME:
	case WANT_TYPE:
		if (!text.n && !quoted)
			v = VALUE_NULL;
		break;
	case WANT_RAW:
		break;
	}
	return cell_value(spec, want, cache, b, row, v);
}
