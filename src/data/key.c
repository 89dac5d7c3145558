/* SPDX-License-Identifier: MIT */
/*
 * Keys, value by value: writing, reading, order.
 *
 * Equal values have one form: numbers as value_canon, nested values as
 * pack_canon has them. So equality of keys is equality of bytes, and the
 * order needs to look at types only where the bytes differ.
 */
#include "data/key.h"

#include "base/must.h"
#include "base/utf8.h"
#include "data/key_form.h"
#include "data/pack.h"

/* ---- writing ---- */

static void
put_tag(struct buf *out, enum key_tag tag)
{
	buf_addc(out, (char)tag);
}

static void
put64(struct buf *out, enum key_tag tag, uint64_t u)
{
	char *p = buf_reserve(out, 9);

	*p = (char)tag;
	key_put64(p + 1, u);
	out->n += 9;
}

static void
put_bytes(struct buf *out, enum key_tag tag, struct value v)
{
	char *p = buf_reserve(out, KEY_TEXT_HEAD + (size_t)v.len);

	*p = (char)tag;
	p = key_put32(p + 1, v.len);
	if (v.len)
		memcpy(p, v.p, v.len);
	out->n += KEY_TEXT_HEAD + (size_t)v.len;
}

static void
put_number(struct buf *out, struct value v)
{
	struct dec room;
	uint64_t bits;

	v = value_canon(v, &room);
	if (v.type == T_INT) {
		put64(out, KEY_INT, (uint64_t)v.i);
	} else if (v.type == T_FLOAT) {
		memcpy(&bits, &v.f, 8);
		put64(out, KEY_FLOAT, bits);
	} else {
		char *p = buf_reserve(out, 18);

		p[0] = KEY_DECIMAL;
		p[1] = (char)v.d->scale;
		p = key_put64(p + 2, (uint64_t)v.d->v);
		key_put64(p, (uint64_t)(v.d->v >> 64));
		out->n += 18;
	}
}

static void
put_nested(struct buf *out, enum key_tag tag, struct value v)
{
	size_t at = out->n, size;

	buf_reserve(out, KEY_TEXT_HEAD);
	out->n += KEY_TEXT_HEAD;
	pack_canon(out, v);
	size = out->n - at - KEY_TEXT_HEAD;
	must(size <= UINT32_MAX);
	out->p[at] = (char)tag;
	key_put32(out->p + at + 1, (uint32_t)size);
}

/* JSON text has the key of what it says. */
static void
put_json(struct buf *out, struct str json)
{
	struct arena a;

	arena_init(&a, json.n);
	key_put(out, pack_of_json(json, &a));
	arena_release(&a);
}

void
key_put(struct buf *out, struct value v)
{
	switch ((enum type)v.type) {
	case T_NULL:
		put_tag(out, KEY_NULL);
		break;
	case T_BOOL:
		put_tag(out, v.b ? KEY_TRUE : KEY_FALSE);
		break;
	case T_INT:
		put64(out, KEY_INT, (uint64_t)v.i);
		break;
	case T_FLOAT:
	case T_DECIMAL:
		put_number(out, v);
		break;
	case T_TEXT:
		put_bytes(out, KEY_TEXT, v);
		break;
	case T_BYTES:
		put_bytes(out, KEY_BYTES, v);
		break;
	case T_TIME:
		put64(out, KEY_TIME, (uint64_t)v.i);
		break;
	case T_DATE:
		put64(out, KEY_DATE, (uint64_t)v.i);
		break;
	case T_DURATION:
		put64(out, KEY_DURATION, (uint64_t)v.i);
		break;
	case T_LIST:
		put_nested(out, KEY_LIST, v);
		break;
	case T_MAP:
		put_nested(out, KEY_MAP, v);
		break;
	case T_JSON:
		put_json(out, value_str(v));
		break;
	case T_ANY:
		must(!"a value's type");
	}
}

/* ---- reading ---- */

/* Bytes of the payload of a value at p, which has a tag and room for it. */
static size_t
payload(const char *p, const char *end)
{
	static const uint8_t sizes[KEY_TAGS] = {[KEY_INT] = 8,
	    [KEY_FLOAT] = 8,
	    [KEY_DECIMAL] = 17,
	    [KEY_TEXT] = 4,
	    [KEY_BYTES] = 4,
	    [KEY_TIME] = 8,
	    [KEY_DURATION] = 8,
	    [KEY_LIST] = 4,
	    [KEY_MAP] = 4,
	    [KEY_DATE] = 8};
	size_t n;

	must(p < end && (unsigned char)*p < KEY_TAGS);
	n = sizes[(unsigned char)*p];
	must((size_t)(end - p) > n);
	if (n == 4)
		n += key_get32(p + 1);
	must((size_t)(end - p) > n);
	return n;
}

static struct dec get_dec(const char *p);

/* Does a nested value fill its bytes, and is it of that kind? */
static bool
check_nested(enum key_tag tag, struct str s)
{
	const char *p = s.p, *end = s.p + s.n, *head = p;
	uint32_t n;

	if (tag == KEY_LIST ? !pack_get_array(&head, end, &n)
			    : !pack_get_map(&head, end, &n))
		return false;
	return pack_skip(&p, end) == PACK_OK && p == end;
}

static bool
check_dec(struct dec d)
{
	__int128 top = 1;

	for (unsigned i = 0; i < DEC_DIGITS_MAX; i++)
		top *= 10;
	return d.scale <= DEC_DIGITS_MAX && d.v < top && d.v > -top;
}

/* Bytes of the value at p with its tag; 0 if it is none. */
static size_t
check_value(const char *p, size_t room)
{
	enum key_tag tag = (enum key_tag)(unsigned char)*p;
	size_t n = 1;

	switch (tag) {
	case KEY_NULL:
	case KEY_FALSE:
	case KEY_TRUE:
		return 1;
	case KEY_INT:
	case KEY_FLOAT:
	case KEY_TIME:
	case KEY_DURATION:
	case KEY_DATE:
		return room >= 9 ? 9 : 0;
	case KEY_DECIMAL:
		return room >= 18 && check_dec(get_dec(p + 1)) ? 18 : 0;
	case KEY_TEXT:
	case KEY_BYTES:
	case KEY_LIST:
	case KEY_MAP:
		if (room < KEY_TEXT_HEAD)
			return 0;
		n = KEY_TEXT_HEAD + (size_t)key_get32(p + 1);
		if (room < n)
			return 0;
		if ((tag == KEY_LIST || tag == KEY_MAP) &&
		    !check_nested(tag,
			(struct str){p + KEY_TEXT_HEAD, n - KEY_TEXT_HEAD}))
			return 0;
		return n;
	case KEY_TAGS:
		break;
	}
	return 0;
}

bool
key_check(struct str key)
{
	while (key.n) {
		size_t n = check_value(key.p, key.n);

		if (!n)
			return false;
		key.p += n;
		key.n -= n;
	}
	return true;
}

static struct dec
get_dec(const char *p)
{
	unsigned __int128 v = key_get64(p + 9);

	return (struct dec){.v = (__int128)(v << 64 | key_get64(p + 1)),
	    .scale = (uint8_t)p[0]};
}

/* The value at *p; a decimal is put into *room. */
static struct value
get_value(const char **p, const char *end, struct dec *room)
{
	static const uint8_t types[KEY_TAGS] = {[KEY_TEXT] = T_TEXT,
	    [KEY_BYTES] = T_BYTES,
	    [KEY_TIME] = T_TIME,
	    [KEY_DURATION] = T_DURATION,
	    [KEY_LIST] = T_LIST,
	    [KEY_MAP] = T_MAP,
	    [KEY_DATE] = T_DATE};
	size_t n = payload(*p, end);
	enum key_tag tag = (enum key_tag)(unsigned char)**p;
	const char *body = *p + 1;
	uint64_t bits;
	double f;

	*p = body + n;
	switch (tag) {
	case KEY_NULL:
		return VALUE_NULL;
	case KEY_FALSE:
	case KEY_TRUE:
		return value_bool(tag == KEY_TRUE);
	case KEY_INT:
		return value_int((int64_t)key_get64(body));
	case KEY_FLOAT:
		bits = key_get64(body);
		memcpy(&f, &bits, 8);
		return value_float(f);
	case KEY_DECIMAL:
		*room = get_dec(body);
		return (struct value){.d = room, .type = T_DECIMAL};
	case KEY_TIME:
	case KEY_DURATION:
	case KEY_DATE:
		return (struct value){
		    .i = (int64_t)key_get64(body), .type = types[tag]};
	case KEY_TEXT:
	case KEY_BYTES:
	case KEY_LIST:
	case KEY_MAP:
	case KEY_TAGS:
		break;
	}
	return value_of_str(
	    (enum type)types[tag], (struct str){body + 4, n - 4});
}

struct value
key_get(const char **p, const char *end, struct arena *a)
{
	struct dec room;
	struct value v = get_value(p, end, &room);

	return v.type == T_DECIMAL ? value_decimal(a, room) : v;
}

int
key_count(struct str key)
{
	size_t at = 0, n = 1;
	int count = 0;

	for (; at < key.n && n; at += n, count++)
		n = check_value(key.p + at, key.n - at);
	return n ? count : -1;
}

/* ---- order ---- */

static int
cmp_any(const char **p, const char *p_end, const char **q, const char *q_end)
{
	struct dec x, y;
	struct value a = get_value(p, p_end, &x);
	struct value b = get_value(q, q_end, &y);

	return value_cmp(a, b);
}

int
key_cmp(struct str a, struct str b)
{
	const char *p = a.p, *p_end = a.p + a.n;
	const char *q = b.p, *q_end = b.p + b.n;
	int c;

	while (p < p_end && q < q_end) {
		if (*p == *q && (*p == KEY_TEXT || *p == KEY_BYTES)) {
			size_t n = payload(p, p_end) + 1;
			size_t m = payload(q, q_end) + 1;

			c = str_cmp((struct str){p + 5, n - 5},
			    (struct str){q + 5, m - 5});
			p += n;
			q += m;
		} else if (*p == *q &&
			   (*p == KEY_INT || *p == KEY_TIME ||
			       *p == KEY_DURATION || *p == KEY_DATE) &&
			   p_end - p >= 9 && q_end - q >= 9) {
			int64_t x = (int64_t)key_get64(p + 1);
			int64_t y = (int64_t)key_get64(q + 1);

			c = (x > y) - (x < y);
			p += 9;
			q += 9;
		} else {
			c = cmp_any(&p, p_end, &q, q_end);
		}
		if (c)
			return c;
	}
	return (p < p_end) - (q < q_end);
}

/* ---- prefix ---- */

/* 56 bits that order like the double; equal numbers have equal bits. */
static uint64_t
float_order(double f)
{
	uint64_t bits;

	memcpy(&bits, &f, sizeof bits);
	bits = bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
	return bits >> 8;
}

static uint64_t
bytes_order(const char *p, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < 7; i++)
		bits = bits << 8 | (i < n ? (unsigned char)p[i] : 0);
	return bits;
}

static double
number_of(struct value v)
{
	switch ((enum type)v.type) {
	case T_INT:
		return (double)v.i;
	case T_FLOAT:
		return v.f;
	default:
		return dec_to_float(*v.d);
	}
}

uint64_t
key_prefix(struct str key)
{
	const char *p = key.p, *end = key.p + key.n;
	struct arena scratch;
	struct value v;
	uint64_t bits = 0;
	enum key_tag tag;

	if (!key.n)
		return 0;
	tag = (enum key_tag)(unsigned char)*p;
	if (tag == KEY_TEXT || tag == KEY_BYTES)
		return (uint64_t)tag << 56 |
		       bytes_order(p + KEY_TEXT_HEAD,
			   payload(p, end) + 1 - KEY_TEXT_HEAD);
	if (tag < KEY_INT || tag == KEY_LIST || tag == KEY_MAP)
		return (uint64_t)tag << 56;
	arena_init(&scratch, 256);
	v = key_get(&p, end, &scratch);
	if (tag >= KEY_TIME)
		bits = ((uint64_t)v.i ^ (uint64_t)1 << 63) >> 8;
	else
		bits = float_order(number_of(v));
	arena_release(&scratch);
	if (tag == KEY_FLOAT || tag == KEY_DECIMAL)
		tag = KEY_INT;
	return (uint64_t)tag << 56 | bits;
}

/* ---- windows ---- */

/*
 * The form: per value its tag, then of a text the bytes and a NUL, of integers
 * and times eight bytes that order as numbers without sign do.
 */

bool
key_is_plain(struct str key)
{
	const char *p = key.p, *end = key.p + key.n;

	while (p < end) {
		enum key_tag tag = (enum key_tag)(unsigned char)*p;
		size_t n = payload(p, end);

		switch (tag) {
		case KEY_TEXT:
		case KEY_BYTES:
			if (memchr(p + KEY_TEXT_HEAD, 0, n - 4))
				return false;
			break;
		case KEY_NULL:
		case KEY_FALSE:
		case KEY_TRUE:
		case KEY_INT:
		case KEY_TIME:
		case KEY_DURATION:
		case KEY_DATE:
			break;
		case KEY_FLOAT:
		case KEY_DECIMAL:
		case KEY_LIST:
		case KEY_MAP:
		case KEY_TAGS:
			return false;
		}
		p += n + 1;
	}
	return true;
}

static uint64_t
load_high(const char *p)
{
	uint64_t u;

	memcpy(&u, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	u = __builtin_bswap64(u);
#endif
	return u;
}

/* Eight bytes or those there are, the first one highest. */
static uint64_t
load_some(const char *p, size_t n)
{
	uint64_t u = 0;

	if (n >= 8)
		return load_high(p);
	for (size_t i = 0; i < n; i++)
		u |= (uint64_t)(unsigned char)p[i] << (56 - 8 * i);
	return u;
}

/* Puts n bytes (the highest of bits) at place `have` of the window. */
static inline void
fill(uint64_t *window, size_t *have, uint64_t bits, size_t n)
{
	*window |= bits >> (8 * *have);
	*have += n;
}

uint64_t
key_window(struct str key, size_t at)
{
	const char *p = key.p, *end = key.p + key.n;
	uint64_t window = 0;
	size_t have = 0;

	while (p < end && have < 8) {
		unsigned char tag = (unsigned char)*p;
		size_t n = payload(p, end), size = n;

		if (tag == KEY_TEXT || tag == KEY_BYTES)
			size = n - 4 + 1;
		if (at > size) {
			at -= size + 1;
			p += n + 1;
			continue;
		}
		if (at == 0)
			fill(&window, &have, (uint64_t)tag << 56, 1);
		at -= at > 0;
		if (have < 8 && size == n - 3) {
			/* The NUL behind the text is zero anyway. */
			fill(&window, &have,
			    load_some(p + KEY_TEXT_HEAD + at, n - 4 - at),
			    size - at);
		} else if (have < 8 && n) {
			uint64_t bits = key_get64(p + 1) ^ (uint64_t)1 << 63;

			fill(&window, &have, bits << (8 * at), 8 - at);
		}
		at = 0;
		p += n + 1;
	}
	return window;
}
