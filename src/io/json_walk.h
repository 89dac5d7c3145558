/* SPDX-License-Identifier: MIT */
/*
 * The walk along shapes: the text between values is compared, values are
 * read. What it accepts the scanner would accept, with the same values: the
 * compared text was checked when it was learnt, and the values are checked
 * here.
 */

/*
 * The steps over one value move *p behind it and return true; false if it is
 * not valid. The value goes into the op's slot unless that is -1.
 */

/* The string from *p (behind its quote) to where it seems to end. */
JSON_INLINE bool
walk_text(struct json_scan *s, const struct json_op *op, const char **p,
    const char *end)
{
	struct json_text t = {end, JSON_TEXT};

	if (UNLIKELY(*end != '"')) {
		t = json_text_end(end);
		if (!t.end)
			return false;
	}
	if (op->slot >= 0)
		fill(&s->slots[op->slot], t.kind, *p, t.end);
	*p = t.end + 1;
	return true;
}

/* A string that is long makes its op one of long strings. */
JSON_INLINE bool
walk_string(struct json_scan *s, struct json_op *op, const char **p)
{
	bool is_long = false;
	const char *end = plain_end(*p, &is_long);

	if (UNLIKELY(is_long))
		op->kind = JSON_OP_LONG;
	return walk_text(s, op, p, end);
}

JSON_INLINE bool
walk_long(struct json_scan *s, const struct json_op *op, const char **p)
{
	return walk_text(s, op, p, long_plain_end(*p));
}

JSON_INLINE bool
walk_number(struct json_scan *s, const struct json_op *op, const char **p,
    const char *feed)
{
	if (op->slot < 0)
		return skip_number(p, feed);
	return fill_number(&s->slots[op->slot], p, feed);
}

/*
 * Any value at p; returns its end, or NULL. The scanner may stop within a
 * container when all is found (trust), the walk cannot.
 */
JSON_FN __attribute__((noinline)) const char *
walk_other(struct json_scan *s, const struct json_op *op, const char *p,
    const char *feed)
{
	if (*p != '[' && *p != '{')
		return scalar(s, p, feed, op->slot);
	if (s->trust && op->node && op->node->n_kids)
		return NULL;
	return scan_value(s, p, feed, op->node, op->depth, NULL);
}

/* What is no value. For the end returns the end of the record's text. */
JSON_FN __attribute__((noinline)) const char *
walk_mark(struct json_scan *s, const struct json_op *op, const char *p,
    const char *feed)
{
	struct json_slot *slot;

	switch ((enum json_op_kind)op->kind) {
	case JSON_OP_OPEN:
		s->slots[op->slot].p = p - 1;
		return p;
	case JSON_OP_CLOSE:
		slot = &s->slots[op->slot];
		fill(slot, JSON_OBJECT, slot->p, p);
		return p;
	case JSON_OP_END:
		return json_blanks(p) == feed ? p : NULL;
	case JSON_OP_STOP:
		return json_cut_blanks(feed);
	case JSON_OP_STRING:
	case JSON_OP_LONG:
	case JSON_OP_NUMBER:
	case JSON_OP_OTHER:
	case JSON_OP_PIECE:
		break;
	}
	return p;
}

/* The step behind the op's text; returns where the next one is, or NULL. */
JSON_INLINE const char *
walk_op(
    struct json_scan *s, struct json_op *op, const char *p, const char *feed)
{
	if (op->kind == JSON_OP_STRING)
		return walk_string(s, op, &p) ? p : NULL;
	if (op->kind == JSON_OP_LONG)
		return walk_long(s, op, &p) ? p : NULL;
	if (op->kind == JSON_OP_NUMBER && walk_number(s, op, &p, feed))
		return p;
	if (op->kind <= JSON_OP_OTHER)
		return walk_other(s, op, p, feed);
	return walk_mark(s, op, p, feed);
}

/*
 * The whole step at p: the op's text, and what follows it. *fits is set if
 * the text was there; then NULL means that what follows is not valid.
 */
JSON_INLINE const char *
walk_step(struct json_scan *s, struct json_op *op, const char *p,
    const char *feed, bool *fits)
{
	*fits = true;
	if (LIKELY(same_text(p, op, op->len)))
		return walk_op(s, op, p + op->len, feed);
	/* Another value than a string? */
	if (op->kind <= JSON_OP_LONG && same_text(p, op, op->len - 1u))
		return walk_other(s, op, p + op->len - 1, feed);
	*fits = false;
	return NULL;
}

/* Goes on from op number at; returns the end of the record's text, or NULL. */
JSON_FN const char *
walk_from(struct json_scan *s, struct json_shapes *shapes, unsigned at,
    const char *p, const char *feed)
{
	while (at) {
		struct json_op *op = &shapes->ops[at];
		bool fits;
		const char *q = walk_step(s, op, p, feed, &fits);

		if (!fits) {
			at = op->other;
			continue;
		}
		if (UNLIKELY(!q) || op->kind >= JSON_OP_END)
			return q;
		p = q;
		at = op->next;
	}
	return NULL;
}

JSON_FN const char *
walk_record(struct json_scan *s, struct json_shapes *shapes, const char *p,
    const char *feed)
{
	json_scan_begin(s);
	return walk_from(s, shapes, shapes->first, p, feed);
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
