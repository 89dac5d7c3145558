/* SPDX-License-Identifier: MIT */
/*
 * The index of a record: where its tokens begin, blanks left out. For data
 * that has no shape, a reader that looks at one byte after the other mostly
 * mispredicts branches; here 64 bytes are looked at as bits, without any.
 * Escaped quotes and the insides of strings are found as simdjson does it
 * (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019).
 *
 * Strings are checked here as a whole; json_bulk.h checks the rest.
 */

/* What one block hands on to the next: bits 0 or 1, in_text all or none. */
struct carry {
	uint64_t escaped; /* the first byte is escaped */
	uint64_t in_text;
	uint64_t other; /* the last byte was of a number, word or worse */
};

/* 64 bytes, a bit for each. */
struct block {
	uint64_t quote, back, control;
	uint64_t mark; /* {}[],: and two controls, which no token can be */
	uint64_t blank;
};

JSON_INLINE uint64_t
bits_of(__m256i lo, __m256i hi)
{
	return (uint32_t)_mm256_movemask_epi8(lo) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(hi) << 32;
}

JSON_INLINE __m256i
is_mark(__m256i x)
{
	const __m256i marks =
	    _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}',
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);

	return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(marks, x),
	    _mm256_or_si256(x, _mm256_set1_epi8(0x20)));
}

JSON_INLINE __m256i
is_blank(__m256i x)
{
	const __m256i blanks =
	    _mm256_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', 0, 0, 0, '\r',
		0, 0, ' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', 0, 0, 0, '\r', 0, 0);

	return _mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, x), x);
}

JSON_INLINE __m256i
is_control(__m256i x)
{
	return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
}

JSON_INLINE uint64_t
bits_equal(__m256i lo, __m256i hi, char c)
{
	__m256i x = _mm256_set1_epi8(c);

	return bits_of(_mm256_cmpeq_epi8(lo, x), _mm256_cmpeq_epi8(hi, x));
}

/* *high collects the bytes, for their high bits. */
JSON_INLINE struct block
look_at_block(const char *p, __m256i *high)
{
	__m256i lo = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i hi = _mm256_loadu_si256((const __m256i_u *)(p + 32));

	*high = _mm256_or_si256(*high, _mm256_or_si256(lo, hi));
	return (struct block){
	    .quote = bits_equal(lo, hi, '"'),
	    .back = bits_equal(lo, hi, '\\'),
	    .control = bits_of(is_control(lo), is_control(hi)),
	    .mark = bits_of(is_mark(lo), is_mark(hi)),
	    .blank = bits_of(is_blank(lo), is_blank(hi)),
	};
}

/*
 * The backslashes that begin an escape; *escaped gets the bytes behind them.
 * The difference carries through every run of backslashes, so that its bits
 * alternate.
 */
JSON_INLINE uint64_t
find_escapes(uint64_t back, struct carry *carry, uint64_t *escaped)
{
	const uint64_t odd = 0xaaaaaaaaaaaaaaaau;
	uint64_t first = back & ~carry->escaped;
	uint64_t turns = ((first << 1 | odd) - first) ^ odd;
	uint64_t escapes = turns & back;

	*escaped = turns ^ (back | carry->escaped);
	carry->escaped = escapes >> 63;
	return escapes;
}

/* Each bit becomes the xor of itself and all before it. */
JSON_INLINE uint64_t
xor_before(uint64_t m)
{
	m ^= m << 1;
	m ^= m << 2;
	m ^= m << 4;
	m ^= m << 8;
	m ^= m << 16;
	return m ^ m << 32;
}

/* Writes the places of the first n bits (of which not all may be there). */
JSON_INLINE uint64_t
put_some(uint16_t *to, uint64_t m, size_t base, unsigned n)
{
	unsigned i;

#pragma GCC unroll 16
	for (i = 0; i < n; i++, m = _blsr_u64(m))
		to[i] = (uint16_t)(base + _tzcnt_u64(m));
	return m;
}

/*
 * Writes the places of the bits: always as many as there usually are at most,
 * which costs less than to ask for each.
 */
JSON_INLINE unsigned
put_places(uint16_t *to, uint64_t m, size_t base, unsigned usual)
{
	unsigned n = (unsigned)_mm_popcnt_u64(m);

	m = put_some(to, m, base, usual);
	for (to += usual; UNLIKELY(m); to += 8)
		m = put_some(to, m, base, 8);
	return n;
}

/* Writes the tokens and escapes of one block; false if a string is bad. */
JSON_INLINE bool
index_block(struct json_index *ix, const char *p, size_t at, size_t n,
    struct carry *carry, __m256i *high)
{
	struct block b = look_at_block(p + at, high);
	uint64_t here = n - at < 64 ? ((uint64_t)1 << (n - at)) - 1 : ~0ull;
	uint64_t escapes, escaped, quotes, text, other, begin;

	escapes = find_escapes(b.back & here, carry, &escaped);
	quotes = b.quote & here & ~escaped;
	text = xor_before(quotes) ^ carry->in_text; /* with the first quote */
	carry->in_text = (uint64_t)0 - (text >> 63);
	other = ~(b.mark | b.blank | text | quotes);
	begin = other & ~(other << 1 | carry->other);
	carry->other = other >> 63;
	begin |= (b.mark & ~text) | (quotes & text);
	ix->n += put_places(ix->at + ix->n, begin & here, at, 16);
	ix->n_escapes +=
	    put_places(ix->escapes + ix->n_escapes, escapes, at, 4);
	return !(b.control & text & here);
}

/* ---- escapes ---- */

/* Hexadecimal digits: 128 + their value. */
// clang-format off
static const unsigned char hex_digits[256] = {
	['0'] = 128, ['1'] = 129, ['2'] = 130, ['3'] = 131, ['4'] = 132,
	['5'] = 133, ['6'] = 134, ['7'] = 135, ['8'] = 136, ['9'] = 137,
	['a'] = 138, ['b'] = 139, ['c'] = 140, ['d'] = 141, ['e'] = 142,
	['f'] = 143, ['A'] = 138, ['B'] = 139, ['C'] = 140, ['D'] = 141,
	['E'] = 142, ['F'] = 143,
};
/* What may stand behind a backslash: 128, or 1 if four digits follow. */
static const unsigned char escape_letters[256] = {
	['"'] = 128, ['\\'] = 128, ['/'] = 128, ['b'] = 128, ['f'] = 128,
	['n'] = 128, ['r'] = 128, ['t'] = 128, ['u'] = 1,
};
// clang-format on

/* True for all escapes; backslashes outside of strings fail elsewhere. */
JSON_INLINE bool
escapes_good(const struct json_index *ix, const char *p)
{
	unsigned n = ix->n_escapes, good = 128, i;

	for (i = 0; i < n; i++) {
		const unsigned char *q =
		    (const unsigned char *)p + ix->escapes[i];
		unsigned letter = escape_letters[q[1]];
		unsigned a = hex_digits[q[2]], b = hex_digits[q[3]];
		unsigned all = a & b & hex_digits[q[4]] & hex_digits[q[5]];

		good &= letter | (all & (0u - letter));
		/* Surrogates come in pairs: two escapes here, if good. */
		if (UNLIKELY(letter + a + (b & 8) == 1 + 128 + 13 + 8)) {
			if (json_escape_length((const char *)q) != 12)
				return false;
			i++;
		}
	}
	return good;
}

/* ---- the whole ---- */

/* Eight at a time: behind the last token the first byte is copied. */
JSON_INLINE void
copy_bytes(struct json_index *ix, const char *p)
{
	unsigned n = ix->n, i, k;

	memset(ix->at + n, 0, 8 * sizeof *ix->at);
	for (i = 0; i < n; i += 8)
#pragma GCC unroll 8
		for (k = 0; k < 8; k++)
			ix->byte[i + k] = p[ix->at[i + k]];
}

/* False if the n bytes (at most JSON_BULK) at p have a string that is bad. */
JSON_INLINE bool
index_record(struct json_index *ix, const char *p, size_t n)
{
	struct carry carry = {0, 0, 0};
	__m256i high = _mm256_setzero_si256();
	bool good = true;
	size_t at;

	ix->n = ix->n_escapes = 0;
	for (at = 0; at < n; at += 64)
		good &= index_block(ix, p, at, n, &carry, &high);
	if (UNLIKELY(!good || carry.in_text))
		return false;
	/* Bytes behind the record may show here, which only costs time. */
	if (UNLIKELY(_mm256_movemask_epi8(high)) &&
	    !utf8_valid((struct str){p, n}))
		return false;
	copy_bytes(ix, p);
	return escapes_good(ix, p);
}
