/* SPDX-License-Identifier: MIT */
/*
 * The scanner: any record, checked whole by the grammar of RFC 8259. Its own
 * stack holds the containers that are open, so the depth of the input costs
 * no C stack, and is limited.
 *
 * While it goes it can write down the record's shape: the text between the
 * values. Members of nested objects are values of the shape like the record's
 * own (their names are part of the text between), an array is one value.
 */

static const char *
refuse(struct json_scan *s, const char *reason, const char *at)
{
	s->reason = reason;
	s->at = at;
	return NULL;
}

/* Why there is no value at p. */
static __attribute__((noinline, cold)) const char *
refuse_value(struct json_scan *s, const char *p, const char *end)
{
	const char *at = p, *reason = "expected a value";

	if (p == end)
		reason = "the record ends too early";
	else if (*p == '"')
		reason = json_text_why(p + 1, &at);
	else if (*p == '-' || json_is_digit(*p))
		reason = json_number_why(p, &at);
	else if (*p == 't' || *p == 'f' || *p == 'n')
		reason = "expected true, false or null";
	return refuse(s, reason, at);
}

static __attribute__((noinline, cold)) const char *
refuse_mark(
    struct json_scan *s, const char *p, const char *end, const char *reason)
{
	return refuse(s, p == end ? "the record ends too early" : reason, p);
}

/* The same name came before: what it brought does not count. */
static __attribute__((noinline)) void
forget(struct json_scan *s, const struct json_node *node)
{
	unsigned i;

	s->repeated = true;
	for (i = node->first; i < node->first + node->n_slots; i++) {
		s->left += s->slots[i].kind != JSON_MISSING;
		s->slots[i].kind = JSON_MISSING;
	}
}

JSON_INLINE void
meet(struct json_scan *s, const struct json_node *node)
{
	if (UNLIKELY(s->seen[node->id] == s->stamp))
		forget(s, node);
	s->seen[node->id] = s->stamp;
}

JSON_INLINE const struct json_node *
find_name(const struct json_node *node, const char *p, size_t n)
{
	uint64_t head = load8(p);
	unsigned i;

	if (!(node->lengths >> (n < 63 ? n : 63) & 1))
		return NULL;
	if (n < 8)
		head = n ? head << (64 - 8 * n) >> (64 - 8 * n) : 0;
	for (i = 0; i < node->n_kids; i++) {
		const struct json_node *kid = &node->kids[i];

		if (kid->head == head && kid->name.n == n &&
		    (n <= 8 || !memcmp(kid->name.p + 8, p + 8, n - 8)))
			return kid;
	}
	return NULL;
}

/*
 * Reads a name and its colon; returns where the value begins, or NULL. *node
 * is the container's node, and becomes the value's.
 */
JSON_INLINE const char *
read_name(struct json_scan *s, const char *p, const char *end,
    const struct json_node **node)
{
	const char *from = p + 1, *q;
	struct json_text t;

	if (UNLIKELY(*p != '"'))
		return refuse_mark(s, p, end, "expected a name in quotes");
	t = text_end(from);
	q = t.end;
	if (UNLIKELY(!q))
		return refuse_value(s, p, end);
	p = json_blanks(q + 1);
	if (UNLIKELY(*p != ':'))
		return refuse_mark(s, p, end, "expected ':' behind the name");
	if (*node) {
		*node = LIKELY(t.kind == JSON_TEXT)
			    ? find_name(*node, from, (size_t)(q - from))
			    : json_find_escaped(s, *node, from, q);
		if (*node)
			meet(s, *node);
	}
	return json_blanks(p + 1);
}

static const struct json_node *
find_element(const struct json_node *node, uint32_t index)
{
	unsigned i;

	for (i = 0; i < node->n_kids; i++)
		if (!node->kids[i].name.p && node->kids[i].index == index)
			return &node->kids[i];
	return NULL;
}

/* Opens the container at p; false if that is too deep. */
JSON_INLINE bool
push(struct json_scan *s, const char *p, const struct json_node *node,
    unsigned depth)
{
	if (UNLIKELY(depth >= s->depth_max))
		return false;
	if (UNLIKELY(depth >= s->cap_open))
		mem_grow(&s->open, &s->cap_open, depth + 1, sizeof *s->open);
	s->open[depth] =
	    (struct json_open){.node = node, .start = p, .array = *p == '['};
	return true;
}

/* The container open as number depth has ended before p. */
JSON_INLINE void
pop(struct json_scan *s, const char *p, unsigned depth)
{
	const struct json_open *o = &s->open[depth];

	if (o->node && o->node->slot >= 0)
		take(s, o->node->slot, o->array ? JSON_ARRAY : JSON_OBJECT,
		    o->start, p);
}

/*
 * Goes to the next member or element of the innermost container, whose
 * separator is behind; sets *node for it.
 */
JSON_INLINE const char *
next_item(struct json_scan *s, const char *p, const char *end, unsigned depth,
    const struct json_node **node)
{
	struct json_open *o = &s->open[depth - 1];

	*node = o->node;
	if (!o->array)
		return read_name(s, p, end, node);
	if (*node)
		*node = find_element(*node, o->index);
	o->index++;
	return p;
}

/* What the shape says of the value at p that begins now. */
static void
learn_value(struct json_learn *t, const char *p, const struct json_node *node,
    unsigned depth)
{
	if (*p == '"')
		json_learn_op(t, p + 1, JSON_OP_STRING, node, depth);
	else if (*p == '-' || json_is_digit(*p))
		json_learn_op(t, p, JSON_OP_NUMBER, node, depth);
	else if (*p != '{')
		json_learn_op(t, p, JSON_OP_OTHER, node, depth);
	else if (node && node->slot >= 0)
		json_learn_op(t, p + 1, JSON_OP_OPEN, node, depth);
}

/* And of the one that has ended before p. */
static void
learn_end(struct json_learn *t, const char *p, const struct json_open *o)
{
	if (o->array)
		t->from = p;
	else if (o->node && o->node->slot >= 0)
		json_learn_op(t, p, JSON_OP_CLOSE, o->node, 0);
}

/*
 * Behind a value: closes the containers that end at p and goes on to the next
 * item; returns where it begins. *depth == base: the outermost is closed.
 */
JSON_INLINE const char *
after_value(struct json_scan *s, const char *p, const char *end,
    unsigned *depth, unsigned base, struct json_learn *t, unsigned *quiet,
    const struct json_node **node)
{
	while (*depth > base) {
		const struct json_open *o = &s->open[*depth - 1];

		p = json_blanks(p);
		if (*p == ',')
			return next_item(
			    s, json_blanks(p + 1), end, *depth, node);
		if (UNLIKELY(*p != (o->array ? ']' : '}')))
			return refuse_mark(s, p, end,
			    o->array ? "expected ',' or ']'"
				     : "expected ',' or '}'");
		p++;
		pop(s, p, --*depth);
		if (*quiet == *depth + 1)
			*quiet = 0;
		if (t && !*quiet)
			learn_end(t, p, o);
		if (enough(s))
			break;
	}
	return p;
}

/*
 * Reads the value at p, which lies in base containers; returns its end, or
 * where everything wanted had been seen. t: gets the shape, or NULL.
 */
JSON_FN const char *
scan_value(struct json_scan *s, const char *p, const char *end,
    const struct json_node *node, unsigned base, struct json_learn *t)
{
	unsigned depth = base;
	unsigned quiet = 0; /* the array open at this depth is one value */
	unsigned fields = 0;

	for (;;) {
		const char *q;

		if (UNLIKELY(t) && !quiet)
			learn_value(t, p, node, depth);
		if (*p == '{' || *p == '[') {
			if (*p == '[' && !quiet)
				quiet = depth + 1;
			if (UNLIKELY(!push(s, p, node, depth)))
				return refuse(s, "nested too deeply", p);
			depth++;
			q = json_blanks(p + 1);
			if (*q != (*p == '[' ? ']' : '}')) {
				p = next_item(s, q, end, depth, &node);
				if (UNLIKELY(!p))
					return NULL;
				goto item;
			}
			p = q;
		} else {
			q = scalar(s, p, end, node ? node->slot : -1);
			if (UNLIKELY(!q))
				return refuse_value(s, p, end);
			p = q;
			if (UNLIKELY(t) && !quiet)
				t->from = p;
			if (enough(s))
				return p;
		}
		p = after_value(s, p, end, &depth, base, t, &quiet, &node);
		if (UNLIKELY(!p) || depth == base || enough(s))
			return p;
	item:
		if (depth == 1 && ++fields > s->fields_max && !s->open[0].array)
			return refuse(s, "too many fields", p);
	}
}

JSON_FN const char *
scan_record(struct json_scan *s, const char *p, const char *end)
{
	struct json_learn *t = s->learn;
	const char *q, *r;

	json_scan_begin(s);
	if (t)
		json_learn_begin(t, p);
	q = scan_value(s, p, end, s->root, 0, t);
	if (!q)
		return NULL;
	if (enough(s)) {
		if (t)
			json_learn_op(t, q, JSON_OP_STOP, NULL, 0);
		q = json_cut_blanks(end);
	} else {
		r = json_blanks(q);
		if (r != end)
			return refuse(s, "more behind the record", r);
		if (t)
			json_learn_op(t, q, JSON_OP_END, NULL, 0);
	}
	if (t && (s->repeated || *p != '{'))
		t->failed = true;
	return q;
}
