/* SPDX-License-Identifier: MIT */
/*
 * Texts as operands of arithmetic. What a text is depends on what stands
 * beside it: a time, a date, a duration, a number; two texts may be times of
 * day.
 */
#include "expr/arith.h"

#include "data/cast.h"
#include "expr/code.h"
#include "expr/daytime.h"

bool
arith_daytime(struct value v, int64_t *us)
{
	return v.type == T_TEXT && daytime_read(value_str(v), us);
}

bool
arith_on_daytime(enum arith op, struct arena *arena, struct value x,
    struct value y, struct value *out)
{
	int64_t us, by;

	if (op == ARITH_ADD && x.type == T_DURATION) {
		struct value swap = x;

		x = y;
		y = swap;
	}
	if ((op != ARITH_ADD && op != ARITH_SUB) || y.type != T_DURATION ||
	    !arith_daytime(x, &us))
		return false;
	by = y.i % WHEN_DAY;
	us += op == ARITH_ADD ? by : -by;
	*out = value_text(daytime_text(arena, (us + WHEN_DAY) % WHEN_DAY));
	return true;
}

void
arith_read_times(struct arena *arena, struct value *x, struct value *y)
{
	struct value a, b;
	int64_t us, less;

	if (arith_daytime(*x, &us) && arith_daytime(*y, &less)) {
		*x = value_duration(us);
		*y = value_duration(less);
		return;
	}
	if (x->type != T_TEXT || y->type != T_TEXT ||
	    text_number(arena, value_str(*x), &a) ||
	    !value_cast(arena, *x, T_TIME, NULL, &a) ||
	    !value_cast(arena, *y, T_TIME, NULL, &b))
		return;
	*x = a;
	*y = b;
}

const char *
arith_read(struct arena *arena, enum arith op, struct value *v,
    struct value other, bool left)
{
	struct value text = *v;

	if (text.type != T_TEXT)
		return NULL;
	if (type_is_instant(other.type) && op == ARITH_SUB &&
	    value_cast(arena, text, T_TIME, NULL, v)) {
		if (other.type == T_DATE && v->i % WHEN_DAY == 0)
			v->type = T_DATE;
		return NULL;
	}
	if ((type_is_instant(other.type) ||
		(other.type == T_DURATION && op != ARITH_MUL &&
		    (op != ARITH_DIV || left))) &&
	    value_cast(arena, text, T_DURATION, NULL, v))
		return NULL;
	if (other.type == T_DURATION &&
	    (op == ARITH_ADD || (op == ARITH_SUB && left)) &&
	    value_cast(arena, text, T_TIME, NULL, v))
		return NULL;
	if (type_is_instant(other.type) ||
	    (other.type == T_DURATION && (op == ARITH_ADD || op == ARITH_SUB)))
		return reason_value(
		    arena, "neither a time nor a duration", text);
	if (text_number(arena, value_str(text), v))
		return NULL;
	return reason_value(arena, "not a number", text);
}
