/* SPDX-License-Identifier: MIT */
/*
 * The walk along a template: the text between values is compared, values are
 * read. What it accepts the scanner would accept, with the same values: the
 * compared text was checked when the template was made, and the values are
 * checked here.
 */

/* A step without a value: notes the wanted object that begins or ends at p. */
JSON_INLINE bool
walk_mark(struct json_scan *s, const struct json_op *op, const char *p)
{
	if (op->kind == JSON_OP_OPEN)
		s->slots[op->slot].p = p;
	else if (op->kind == JSON_OP_CLOSE)
		take(s, op->slot, JSON_OBJECT, s->slots[op->slot].p, p);
	return op->kind < JSON_OP_END;
}

/*
 * True if the record ends behind p, where its template ended for the reason
 * given.
 */
JSON_INLINE bool
walk_ended(const struct json_op *op, const char *p, const char *end)
{
	return op->kind == JSON_OP_END && (p == end || json_blanks(p) == end);
}

JSON_FN const char *
walk_record(struct json_scan *s, const struct json_template *t, const char *p,
    const char *end)
{
	const struct json_op *op;

	json_scan_begin(s);
	for (op = t->ops;; op++) {
		if (UNLIKELY(!same_literal(p, op)))
			return NULL;
		p += op->len;
		if (UNLIKELY(op->kind != JSON_OP_VALUE)) {
			if (!walk_mark(s, op, p))
				return walk_ended(op, p, end) ? p : NULL;
		} else if (UNLIKELY(*p == '[' || *p == '{')) {
			p = scan_value(s, p, end, op->node, op->depth, NULL);
		} else {
			p = scalar(s, p, end, op->slot);
		}
		if (UNLIKELY(!p))
			return NULL;
		if (enough(s))
			return json_cut_blanks(end);
	}
}

/* ---- lines ---- */

#if JSON_VECTOR
JSON_FN unsigned
find_lines(const char *p, const char *end, const char **feeds, unsigned max)
{
	const __m256i feed = _mm256_set1_epi8('\n');
	unsigned n = 0;

	for (; p < end && n < max; p += 64) {
		__m256i a = _mm256_loadu_si256((const __m256i_u *)p);
		__m256i b = _mm256_loadu_si256((const __m256i_u *)(p + 32));
		uint32_t lo =
		    (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, feed));
		uint32_t hi =
		    (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, feed));
		uint64_t m = lo | (uint64_t)hi << 32;

		if (UNLIKELY(end - p < 64))
			m = _bzhi_u64(m, (unsigned)(end - p));
		/* One store without a branch serves lines that are longer
		 * than a load. */
		feeds[n] = p + _tzcnt_u64(m);
		n += m != 0;
		for (m = _blsr_u64(m); UNLIKELY(m); m = _blsr_u64(m))
			feeds[n++] = p + _tzcnt_u64(m);
	}
	return n;
}
#else
JSON_FN unsigned
find_lines(const char *p, const char *end, const char **feeds, unsigned max)
{
	unsigned n = 0;

	while (n < max && p < end) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			break;
		feeds[n++] = p++;
	}
	return n;
}
#endif
