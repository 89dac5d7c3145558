/* SPDX-License-Identifier: MIT */
/*
 * The walk along a template: the text between values is compared, values are
 * read. What it accepts the scanner would accept, with the same values: the
 * compared text was checked when the template was made, and the values are
 * checked here.
 */

/*
 * The string at p (behind its quote), into the slot unless that is -1;
 * returns what is behind its closing quote, or NULL. A string that is long
 * makes its op one of long strings.
 */
JSON_INLINE const char *
walk_text(struct json_scan *s, struct json_op *op, const char *p)
{
	bool is_long = false;
	struct json_text t = {NULL, JSON_TEXT};

	if (op->kind == JSON_OP_LONG) {
		t.end = long_plain_end(p);
	} else {
		t.end = plain_end(p, &is_long);
		if (UNLIKELY(is_long))
			op->kind = JSON_OP_LONG;
	}
	if (UNLIKELY(*t.end != '"')) {
		t = json_text_end(t.end);
		if (!t.end)
			return NULL;
	}
	if (op->slot >= 0)
		fill(&s->slots[op->slot], t.kind, p, t.end);
	return t.end + 1;
}

/* The number at p; the same. */
JSON_INLINE const char *
walk_number(struct json_scan *s, const struct json_op *op, const char *p,
    const char *end)
{
	if (op->slot < 0)
		return number_end(p, end);
	return fill_number(&s->slots[op->slot], p, end);
}

/* Any value at p. */
JSON_FN const char *
walk_other(struct json_scan *s, const struct json_op *op, const char *p,
    const char *end)
{
	if (*p == '[' || *p == '{')
		return scan_value(s, p, end, op->node, op->depth, NULL);
	return scalar(s, p, end, op->slot);
}

/*
 * A string was expected but it is something else that follows the text; or
 * the text differs.
 */
JSON_FN __attribute__((noinline)) const char *
walk_no_text(struct json_scan *s, const struct json_op *op, const char *p,
    const char *end)
{
	if (op->kind > JSON_OP_LONG || !same_text(p, op, op->len - 1u))
		return NULL;
	return walk_other(s, op, p + op->len - 1, end);
}

static bool
all_filled(const struct json_scan *s)
{
	unsigned i;

	for (i = 0; i < s->n_slots; i++)
		if (s->slots[i].kind == JSON_MISSING)
			return false;
	return true;
}

/* What is no string, number or other value: the ends of things. */
JSON_FN __attribute__((noinline)) const char *
walk_mark(struct json_scan *s, const struct json_op *op, const char *p,
    const char *end)
{
	struct json_slot *slot;

	switch ((enum json_op_kind)op->kind) {
	case JSON_OP_OPEN:
		s->slots[op->slot].p = p;
		return p;
	case JSON_OP_CLOSE:
		slot = &s->slots[op->slot];
		fill(slot, JSON_OBJECT, slot->p, p);
		return p;
	case JSON_OP_END:
		return json_blanks(p) == end ? p : NULL;
	case JSON_OP_STOP:
		return all_filled(s) ? json_cut_blanks(end) : NULL;
	case JSON_OP_TEXT:
	case JSON_OP_LONG:
	case JSON_OP_NUMBER:
	case JSON_OP_OTHER:
	case JSON_OP_PIECE:
		break;
	}
	return p;
}

/* One step from p; returns where the next one starts, or NULL. */
JSON_INLINE const char *
walk_op(struct json_scan *s, struct json_op *op, const char *p, const char *end)
{
	if (UNLIKELY(!same_text(p, op, op->len)))
		return walk_no_text(s, op, p, end);
	p += op->len;
	if (op->kind <= JSON_OP_LONG)
		return walk_text(s, op, p);
	if (op->kind == JSON_OP_NUMBER) {
		const char *q = walk_number(s, op, p, end);

		return LIKELY(q != NULL) ? q : walk_other(s, op, p, end);
	}
	if (op->kind == JSON_OP_OTHER)
		return walk_other(s, op, p, end);
	return walk_mark(s, op, p, end);
}

JSON_FN const char *
walk_record(struct json_scan *s, struct json_template *t, const char *p,
    const char *end)
{
	struct json_op *op = t->ops, *last = op + t->n;

	if (!t->complete)
		json_scan_begin(s);
	for (; op < last; op++) {
		p = walk_op(s, op, p, end);
		if (UNLIKELY(!p))
			return NULL;
	}
	return p;
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
