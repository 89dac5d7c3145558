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

/* True if the op's text is at all four places. */
JSON_INLINE bool
four_same_text(const struct json_op *op, const char *p0, const char *p1,
    const char *p2, const char *p3)
{
	__m256i want = _mm256_loadu_si256((const __m256i_u *)op->text);
	__m256i a = _mm256_loadu_si256((const __m256i_u *)p0);
	__m256i b = _mm256_loadu_si256((const __m256i_u *)p1);
	__m256i c = _mm256_loadu_si256((const __m256i_u *)p2);
	__m256i d = _mm256_loadu_si256((const __m256i_u *)p3);

	a = _mm256_and_si256(
	    _mm256_cmpeq_epi8(a, want), _mm256_cmpeq_epi8(b, want));
	c = _mm256_and_si256(
	    _mm256_cmpeq_epi8(c, want), _mm256_cmpeq_epi8(d, want));
	a = _mm256_and_si256(a, c);
	return _bzhi_u32(~(uint32_t)_mm256_movemask_epi8(a), op->len) == 0;
}

/* The step behind the op's text for each; false if one is not usual. */
JSON_INLINE bool
four_step(struct json_lane *l, struct json_op *op, const char **p0,
    const char **p1, const char **p2, const char **p3)
{
	if (op->kind == JSON_OP_STRING)
		return walk_string(l[0].s, op, p0) &&
		       walk_string(l[1].s, op, p1) &&
		       walk_string(l[2].s, op, p2) &&
		       walk_string(l[3].s, op, p3);
	if (op->kind == JSON_OP_NUMBER)
		return walk_number(l[0].s, op, p0, l[0].feed) &&
		       walk_number(l[1].s, op, p1, l[1].feed) &&
		       walk_number(l[2].s, op, p2, l[2].feed) &&
		       walk_number(l[3].s, op, p3, l[3].feed);
	if (op->kind == JSON_OP_LONG)
		return walk_long(l[0].s, op, p0) && walk_long(l[1].s, op, p1) &&
		       walk_long(l[2].s, op, p2) && walk_long(l[3].s, op, p3);
	return false;
}

/*
 * The step of the single walk for each lane, from its end on, which moves.
 * False if it does not fit all of them.
 */
JSON_FN __attribute__((noinline)) bool
four_singly(struct json_lane *l, struct json_op *op)
{
	const char *q[JSON_LANES];
	unsigned i;
	bool fits;

	if (op->kind >= JSON_OP_END)
		return false;
	for (i = 0; i < JSON_LANES; i++) {
		q[i] = walk_step(l[i].s, op, l[i].end, l[i].feed, &fits);
		if (!q[i])
			return false;
	}
	for (i = 0; i < JSON_LANES; i++)
		l[i].end = q[i];
	return true;
}

/* Each goes on alone from its end and op number at. */
JSON_FN __attribute__((noinline)) void
four_part(struct json_shapes *shapes, struct json_lane *l, unsigned at)
{
	unsigned i;

	for (i = 0; i < JSON_LANES; i++)
		l[i].end = walk_from(l[i].s, shapes, at, l[i].end, l[i].feed);
}

/* Sets the places of the lanes. */
static inline void
four_ends(struct json_lane *l, const char *p0, const char *p1, const char *p2,
    const char *p3)
{
	l[0].end = p0;
	l[1].end = p1;
	l[2].end = p2;
	l[3].end = p3;
}

JSON_FN void
walk_lanes(struct json_shapes *shapes, struct json_lane *l)
{
	const char *p0 = l[0].p, *p1 = l[1].p, *p2 = l[2].p, *p3 = l[3].p;
	struct json_op *ops = shapes->ops;
	unsigned here = shapes->first, at = here, i;

	_Static_assert(JSON_LANES == 4, "p0 to p3");
	for (i = 0; i < JSON_LANES; i++)
		json_scan_begin(l[i].s);
	while (at) {
		struct json_op *op = &ops[at];
		const char *q0 = p0 + op->len, *q1 = p1 + op->len;
		const char *q2 = p2 + op->len, *q3 = p3 + op->len;
		bool same = four_same_text(op, p0, p1, p2, p3);

		if (UNLIKELY(!same) && op->other) {
			at = op->other;
			continue;
		}
		if (LIKELY(same) && op->kind == JSON_OP_END &&
		    q0 == l[0].feed && q1 == l[1].feed && q2 == l[2].feed &&
		    q3 == l[3].feed) {
			four_ends(l, q0, q1, q2, q3);
			return;
		}
		if (LIKELY(same) && four_step(l, op, &q0, &q1, &q2, &q3)) {
			p0 = q0;
			p1 = q1;
			p2 = q2;
			p3 = q3;
		} else {
			four_ends(l, p0, p1, p2, p3);
			op = &ops[same ? at : here];
			if (!four_singly(l, op))
				break;
			p0 = l[0].end;
			p1 = l[1].end;
			p2 = l[2].end;
			p3 = l[3].end;
		}
		here = at = op->next;
	}
	four_ends(l, p0, p1, p2, p3);
	four_part(shapes, l, here);
}
