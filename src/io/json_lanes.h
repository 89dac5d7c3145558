/* SPDX-License-Identifier: MIT */
/*
 * The walk along shapes for four records at once. A walk mostly waits: where
 * a value begins is known only when the one before has been looked at. Four
 * records that do not wait for one another take little longer than one.
 *
 * They stay together as long as they have the same shape; each step does the
 * usual case with as few branches as possible. Where they part, or one of
 * them has something unusual, each goes on alone from there.
 */

/* A place in each of four records. */
struct four {
	const char *a, *b, *c, *d;
};

JSON_INLINE bool
four_same_text(struct four p, const struct json_op *op)
{
	__m256i want = _mm256_loadu_si256((const __m256i_u *)op->text);
	__m256i a = _mm256_loadu_si256((const __m256i_u *)p.a);
	__m256i b = _mm256_loadu_si256((const __m256i_u *)p.b);
	__m256i c = _mm256_loadu_si256((const __m256i_u *)p.c);
	__m256i d = _mm256_loadu_si256((const __m256i_u *)p.d);

	a = _mm256_and_si256(
	    _mm256_cmpeq_epi8(a, want), _mm256_cmpeq_epi8(b, want));
	c = _mm256_and_si256(
	    _mm256_cmpeq_epi8(c, want), _mm256_cmpeq_epi8(d, want));
	a = _mm256_and_si256(a, c);
	return _bzhi_u32(~(uint32_t)_mm256_movemask_epi8(a), op->len) == 0;
}

/* The step behind the op's text for each; false if one is not usual. */
JSON_INLINE bool
four_step(struct json_lane *l, struct json_op *op, struct four *p)
{
	if (op->kind == JSON_OP_STRING) {
		p->a = walk_string(l[0].s, op, p->a);
		p->b = walk_string(l[1].s, op, p->b);
		p->c = walk_string(l[2].s, op, p->c);
		p->d = walk_string(l[3].s, op, p->d);
	} else if (op->kind == JSON_OP_NUMBER) {
		p->a = walk_number(l[0].s, op, p->a, l[0].feed);
		p->b = walk_number(l[1].s, op, p->b, l[1].feed);
		p->c = walk_number(l[2].s, op, p->c, l[2].feed);
		p->d = walk_number(l[3].s, op, p->d, l[3].feed);
	} else if (op->kind == JSON_OP_LONG) {
		p->a = walk_long(l[0].s, op, p->a);
		p->b = walk_long(l[1].s, op, p->b);
		p->c = walk_long(l[2].s, op, p->c);
		p->d = walk_long(l[3].s, op, p->d);
	} else {
		return op->kind == JSON_OP_END && p->a == l[0].feed &&
		       p->b == l[1].feed && p->c == l[2].feed &&
		       p->d == l[3].feed;
	}
	return p->a && p->b && p->c && p->d;
}

/* Each goes on alone from op number at. */
JSON_FN __attribute__((noinline)) void
four_part(
    struct json_shapes *shapes, struct json_lane *l, unsigned at, struct four p)
{
	l[0].end = walk_from(l[0].s, shapes, at, p.a, l[0].feed);
	l[1].end = walk_from(l[1].s, shapes, at, p.b, l[1].feed);
	l[2].end = walk_from(l[2].s, shapes, at, p.c, l[2].feed);
	l[3].end = walk_from(l[3].s, shapes, at, p.d, l[3].feed);
}

JSON_FN void
walk_lanes(struct json_shapes *shapes, struct json_lane *l)
{
	struct four p = {l[0].p, l[1].p, l[2].p, l[3].p}, q;
	unsigned here = shapes->first, at = here, i;

	_Static_assert(JSON_LANES == 4, "a, b, c, d");
	for (i = 0; i < JSON_LANES; i++)
		json_scan_begin(l[i].s);
	while (at) {
		struct json_op *op = &shapes->ops[at];

		if (UNLIKELY(!four_same_text(p, op))) {
			at = op->other;
			continue;
		}
		q = (struct four){
		    p.a + op->len, p.b + op->len, p.c + op->len, p.d + op->len};
		if (UNLIKELY(!four_step(l, op, &q)))
			break;
		p = q;
		if (op->kind == JSON_OP_END) {
			l[0].end = p.a;
			l[1].end = p.b;
			l[2].end = p.c;
			l[3].end = p.d;
			return;
		}
		here = at = op->next;
	}
	four_part(shapes, l, here, p);
}
