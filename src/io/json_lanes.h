/* SPDX-License-Identifier: MIT */
/*
 * The walk along a template for four records at once. A walk mostly waits:
 * where a value begins is known only when the one before has been looked at.
 * Four records that do not wait for one another take little longer than one.
 *
 * They go in pairs: each step does the usual case for both records of a pair
 * with as few branches as possible, and gives the rest to the steps of the
 * single walk.
 */

/* A place in each of two records. */
struct pair {
	const char *a, *b;
};

/* The step of the single walk, for each; {NULL, NULL} if one does not fit. */
JSON_FN __attribute__((noinline)) struct pair
pair_singly(struct json_lane *lanes, struct json_op *op, struct pair at)
{
	at.a = walk_op(lanes[0].s, op, at.a, lanes[0].feed);
	at.b = at.a ? walk_op(lanes[1].s, op, at.b, lanes[1].feed) : NULL;
	if (!at.b)
		at.a = NULL;
	return at;
}

JSON_INLINE bool
pair_same_text(struct pair at, const struct json_op *op)
{
	__m256i want = _mm256_loadu_si256((const __m256i_u *)op->text);
	__m256i a = _mm256_loadu_si256((const __m256i_u *)at.a);
	__m256i b = _mm256_loadu_si256((const __m256i_u *)at.b);
	__m256i same = _mm256_and_si256(
	    _mm256_cmpeq_epi8(a, want), _mm256_cmpeq_epi8(b, want));

	return _bzhi_u32(~(uint32_t)_mm256_movemask_epi8(same), op->len) == 0;
}

/* Strings; at is behind the opening quotes. */
JSON_INLINE bool
pair_text(struct json_lane *lanes, struct json_op *op, struct pair *at)
{
	struct json_text a = {NULL, JSON_TEXT}, b = {NULL, JSON_TEXT};
	bool is_long = false;

	if (op->kind == JSON_OP_LONG) {
		a.end = long_plain_end(at->a);
		b.end = long_plain_end(at->b);
	} else {
		a.end = plain_end(at->a, &is_long);
		b.end = plain_end(at->b, &is_long);
		if (UNLIKELY(is_long))
			op->kind = JSON_OP_LONG;
	}
	if (UNLIKELY(*a.end != '"')) {
		a = json_text_end(a.end);
		if (!a.end)
			return false;
	}
	if (UNLIKELY(*b.end != '"')) {
		b = json_text_end(b.end);
		if (!b.end)
			return false;
	}
	if (op->slot >= 0) {
		fill(&lanes[0].s->slots[op->slot], a.kind, at->a, a.end);
		fill(&lanes[1].s->slots[op->slot], b.kind, at->b, b.end);
	}
	at->a = a.end + 1;
	at->b = b.end + 1;
	return true;
}

JSON_INLINE bool
pair_number(struct json_lane *lanes, const struct json_op *op, struct pair *at)
{
	at->a = walk_number(lanes[0].s, op, at->a, lanes[0].feed);
	at->b = walk_number(lanes[1].s, op, at->b, lanes[1].feed);
	return at->a && at->b;
}

JSON_INLINE struct pair
pair_op(struct json_lane *lanes, struct json_op *op, struct pair from)
{
	bool good = pair_same_text(from, op);
	struct pair at = {from.a + op->len, from.b + op->len};

	if (LIKELY(good)) {
		if (op->kind <= JSON_OP_LONG)
			good = pair_text(lanes, op, &at);
		else if (op->kind == JSON_OP_NUMBER)
			good = pair_number(lanes, op, &at);
		else
			good = op->kind == JSON_OP_END &&
			       at.a == lanes[0].feed && at.b == lanes[1].feed;
	}
	return LIKELY(good) ? at : pair_singly(lanes, op, from);
}

JSON_FN bool
walk_lanes(struct json_template *t, struct json_lane *lanes)
{
	struct json_op *op = t->ops, *last = op + t->n;
	struct pair low = {lanes[0].p, lanes[1].p};
	struct pair high = {lanes[2].p, lanes[3].p};
	unsigned i;

	_Static_assert(JSON_LANES == 4, "two pairs");
	for (i = 0; i < JSON_LANES && !t->complete; i++)
		json_scan_begin(lanes[i].s);
	for (; op < last; op++) {
		low = pair_op(lanes, op, low);
		high = pair_op(lanes + 2, op, high);
		if (UNLIKELY(!low.a || !high.a))
			return false;
	}
	lanes[0].end = low.a;
	lanes[1].end = low.b;
	lanes[2].end = high.a;
	lanes[3].end = high.b;
	return true;
}
