/* SPDX-License-Identifier: MIT */
/*
 * The bulk reader, for data whose records have no shape in common: it makes
 * an index of a record's tokens (json_index.h), checks the grammar for 64
 * tokens at once, and looks only at the members of objects and arrays in
 * which something is wanted.
 *
 * It accepts nothing that the scanner would refuse, and gives the same
 * values; what it does not accept the scanner reads again, to say why.
 */

#define BULK_DEPTH 64 /* deeper records are left to the scanner */

/* ---- numbers and words ---- */

/* 32 bytes, a bit for each. */
struct number_bits {
	uint64_t digit, zero, dot, e, sign;
};

JSON_INLINE uint64_t
bits32(__m256i x)
{
	return (uint32_t)_mm256_movemask_epi8(x);
}

JSON_INLINE struct number_bits
look_at_number(const char *p)
{
	__m256i x = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i digit = _mm256_sub_epi8(x, everywhere('0'));
	__m256i small = _mm256_or_si256(x, everywhere(0x20));

	return (struct number_bits){
	    .digit = bits32(_mm256_cmpeq_epi8(
		_mm256_min_epu8(digit, everywhere(9)), digit)),
	    .zero = bits32(_mm256_cmpeq_epi8(x, everywhere('0'))),
	    .dot = bits32(_mm256_cmpeq_epi8(x, everywhere('.'))),
	    .e = bits32(_mm256_cmpeq_epi8(small, everywhere('e'))),
	    .sign =
		bits32(_mm256_or_si256(_mm256_cmpeq_epi8(x, everywhere('+')),
		    _mm256_cmpeq_epi8(x, everywhere('-')))),
	};
}

/*
 * The bit behind the number at p; *bad is not 0 if there is none. Of 31 and
 * more bytes neither holds.
 *
 * One bit moves through the number, without branches: added to the digits it
 * carries over all of them, added to itself it goes on by one.
 */
JSON_INLINE uint64_t
number_end(const char *p, uint64_t *bad)
{
	struct number_bits b = look_at_number(p);
	uint64_t at = 1 + (uint64_t)(*p == '-'), mark, sign;

	*bad = at & ~b.digit;
	*bad |= (at & b.zero) << 1 & b.digit;
	at = (b.digit + at) & ~b.digit;
	mark = at & b.dot;
	at += mark;
	*bad |= mark << 1 & ~b.digit;
	at = (b.digit + at) & ~b.digit;
	mark = at & b.e;
	at += mark;
	sign = mark << 1 & b.sign;
	at += sign;
	*bad |= (mark | sign) << 1 & at & ~b.digit;
	return (b.digit + at) & ~b.digit;
}

/* True if a number or word begins at p and ends where its token does. */
JSON_INLINE bool
scalar_good(const char *p, const char *feed)
{
	static const unsigned char ends[256] = {[' '] = 1,
	    ['\t'] = 1,
	    ['\r'] = 1,
	    ['\n'] = 1,
	    [','] = 1,
	    [']'] = 1,
	    ['}'] = 1};
	uint64_t bad, w = load8(p), end = number_end(p, &bad);
	bool word, is_false;

	if (UNLIKELY(end >> 31 != 0)) {
		p = num_skip(p, feed);
		return p && ends[(unsigned char)*p];
	}
	word = ((uint32_t)w == 0x65757274) | ((uint32_t)w == 0x6c6c756e);
	is_false = w << 24 == (uint64_t)0x65736c6166 << 24;
	end = word ? 1 << 4 : end;
	end = is_false ? 1 << 5 : end;
	bad = (word | is_false) ? 0 : bad;
	return (bad == 0) & ends[(unsigned char)p[_tzcnt_u64(end)]];
}

/* ---- grammar ---- */

/* 64 tokens, a bit for each. */
struct tokens {
	uint64_t text, comma, colon, object, open, close, scalar;
	uint64_t array; /* what follows the token is of an array */
};

/* What stands before the 64 tokens. */
struct before {
	unsigned depth;
	bool array; /* the innermost container is one */
	/* What the last token asks of the next, by rule. */
	uint64_t key, key_or_close, value, value_or_close, colon, go_on;
	uint16_t open[BULK_DEPTH + 2]; /* tokens, by depth; from 1 on */
};

JSON_INLINE struct tokens
look_at_tokens(const struct json_index *ix, unsigned from)
{
	const char *p = ix->byte + from;
	const __m256i bit = _mm256_set1_epi8(0x20);
	__m256i lo = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i hi = _mm256_loadu_si256((const __m256i_u *)(p + 32));
	uint64_t here =
	    ix->n - from < 64 ? ((uint64_t)1 << (ix->n - from)) - 1 : ~0ull;
	struct tokens t = {
	    .text = bits_equal(lo, hi, '"') & here,
	    .comma = bits_equal(lo, hi, ',') & here,
	    .colon = bits_equal(lo, hi, ':') & here,
	    .object = bits_equal(lo, hi, '{') & here,
	};

	lo = _mm256_or_si256(lo, bit); /* [ and ] become { and } */
	hi = _mm256_or_si256(hi, bit);
	t.open = bits_equal(lo, hi, '{') & here;
	t.close = bits_equal(lo, hi, '}') & here;
	t.scalar = here & ~(t.text | t.comma | t.colon | t.open | t.close);
	return t;
}

/*
 * Matches brackets; t->array is set. Returns false if they do not match, or
 * the outermost closes before the last token.
 */
JSON_INLINE bool
match_brackets(struct json_index *ix, unsigned from, struct before *b,
    struct tokens *t, unsigned depth_max)
{
	uint64_t m = t->open | t->close, turns = 0;
	uint64_t outer = (uint64_t)0 - b->array;
	unsigned wrong = 0;

	for (; m; m = _blsr_u64(m)) {
		unsigned k = from + (unsigned)_tzcnt_u64(m);
		unsigned c = (unsigned char)ix->byte[k], o;
		unsigned close = c >> 2 & 1;
		unsigned slot = b->depth + !close;
		bool array;

		o = close ? b->open[slot] : k;
		b->open[slot] = (uint16_t)o;
		ix->match[o] = (uint16_t)k;
		/* Both kinds of brackets differ from their ends by 6. */
		wrong |= ((unsigned char)ix->byte[o] ^ c ^ 6) & (0u - close);
		b->depth = slot - close;
		if (UNLIKELY(b->depth - 1 >= depth_max))
			return !b->depth && k == ix->n - 1 && !wrong &&
			       (t->array = xor_before(turns) ^ outer, true);
		array = ix->byte[b->open[b->depth]] == '[';
		turns |= _blsi_u64(m) & ((uint64_t)0 - (array != b->array));
		b->array = array;
	}
	t->array = xor_before(turns) ^ outer;
	return !wrong;
}

/* The bits of m one token later. */
JSON_INLINE uint64_t
later(uint64_t m, uint64_t *carry)
{
	uint64_t out = m << 1 | *carry;

	*carry = m >> 63;
	return out;
}

/* True if each token may follow the one before it. */
JSON_INLINE bool
order_good(const struct tokens *t, struct before *b)
{
	uint64_t value = t->text | t->scalar | t->open;
	uint64_t key, key_or_close, go_on, wrong, keys;

	key = later(t->comma & ~t->array, &b->key);
	key_or_close = later(t->object, &b->key_or_close);
	keys = (key | key_or_close) & t->text;
	go_on = (t->text & ~keys) | t->scalar | t->close;
	wrong = key & ~t->text;
	wrong |= key_or_close & ~(t->text | t->close);
	wrong |= later(t->colon | (t->comma & t->array), &b->value) & ~value;
	wrong |= later(t->open & ~t->object, &b->value_or_close) &
		 ~(value | t->close);
	wrong |= later(keys, &b->colon) & ~t->colon;
	wrong |= later(go_on, &b->go_on) & ~(t->comma | t->close);
	return !(wrong & (value | t->comma | t->colon | t->close));
}

/* True if the tokens, of which the first is a brace, are one object. */
JSON_FN bool
tokens_good(
    struct json_index *ix, const char *p, const char *feed, unsigned depth_max)
{
	struct before b;
	unsigned from;
	bool good = true;

	b.depth = 0;
	b.array = false;
	b.key = b.key_or_close = b.value = b.value_or_close = 0;
	b.colon = b.go_on = 0;
	depth_max = depth_max < BULK_DEPTH ? depth_max : BULK_DEPTH;
	for (from = 0; from < ix->n; from += 64) {
		struct tokens t = look_at_tokens(ix, from);
		uint64_t m;

		if (!match_brackets(ix, from, &b, &t, depth_max) ||
		    !order_good(&t, &b))
			return false;
		for (m = t.scalar; m; m = _blsr_u64(m)) {
			unsigned k = from + (unsigned)_tzcnt_u64(m);

			good &= scalar_good(p + ix->at[k], feed);
		}
	}
	return good && !b.depth;
}

/* ---- values ---- */

/*
 * The node of the member whose name is at p, or NULL. With an escape among
 * the first two bytes, and without any bytes, these say nothing.
 */
JSON_INLINE const struct json_node *
bulk_name(struct json_scan *s, const struct json_node *node, const char *p)
{
	bool unclear = (p[0] == '\\') | (p[1] == '\\') | (p[0] == '"');
	struct json_text t;

	if (!(unclear | (node->heads >> json_head(p[0], p[1]) & 1)))
		return NULL;
	t = text_end(p);
	node = LIKELY(t.kind == JSON_TEXT)
		   ? find_name(node, p, (size_t)(t.end - p))
		   : json_find_escaped(s, node, p, t.end);
	if (node)
		meet(s, node);
	return node;
}

/* The container that is token k: goes in, or over it. */
JSON_INLINE bool
bulk_enter(struct json_scan *s, const struct json_index *ix, const char *p,
    const struct json_node *node, unsigned *k, unsigned *depth)
{
	const char *q = p + ix->at[*k];

	if (node && node->n_kids) {
		if (UNLIKELY(!push(s, q, node, *depth)))
			return false;
		++*depth;
		return true;
	}
	*k = ix->match[*k];
	if (node && node->slot >= 0)
		take(s, node->slot, *q == '[' ? JSON_ARRAY : JSON_OBJECT, q,
		    p + ix->at[*k] + 1);
	return true;
}

/* Goes through good tokens for what is wanted; false: left to the scanner. */
JSON_FN bool
bulk_values(struct json_scan *s, const struct json_index *ix, const char *p,
    const char *feed)
{
	const struct json_node *node;
	unsigned depth = 1, k = 0, fields = 0;

	if (!push(s, p, s->root, 0))
		return false;
	for (;;) {
		/* k is an opening bracket, a comma or the end of a value. */
		struct json_open *o = &s->open[depth - 1];
		char c = ix->byte[++k];

		if (c == '}' || c == ']') {
			pop(s, p + ix->at[k] + 1, --depth);
			if (!depth)
				return true;
			continue;
		}
		if (c == ',')
			k++;
		if (o->array) {
			node = find_element(o->node, o->index++);
		} else {
			node = bulk_name(s, o->node, p + ix->at[k] + 1);
			k += 2;
		}
		if (depth == 1 && UNLIKELY(++fields > s->fields_max))
			return false;
		c = ix->byte[k];
		if (c == '{' || c == '[') {
			if (!bulk_enter(s, ix, p, node, &k, &depth))
				return false;
		} else if (node && node->slot >= 0 &&
			   !scalar(s, p + ix->at[k], feed, node->slot)) {
			return false;
		}
	}
}

JSON_FN const char *
bulk_record(
    struct json_scan *s, struct json_index *ix, const char *p, const char *feed)
{
	size_t n = (size_t)(feed - p);

	if (*p != '{' || n > JSON_BULK || s->trust)
		return NULL;
	json_scan_begin(s);
	if (!index_record(ix, p, n) ||
	    !tokens_good(ix, p, feed, s->depth_max) ||
	    !bulk_values(s, ix, p, feed))
		return NULL;
	return p + ix->at[ix->n - 1] + 1;
}
