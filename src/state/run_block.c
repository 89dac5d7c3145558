/* SPDX-License-Identifier: MIT */
/*
 * Blocks of entries: writing, searching, walking.
 *
 * A search goes by whole keys first (key_cmp) and then over the few entries
 * up to the next whole one, where bytes need only be equal.
 */
#include "state/run_block.h"

#include "base/must.h"

/* ---- writing ---- */

void
block_out_init(struct block_out *b, unsigned restart)
{
	*b = (struct block_out){.restart = restart};
}

void
block_out_release(struct block_out *b)
{
	buf_release(&b->bytes);
	buf_release(&b->first);
	buf_release(&b->last);
	buf_release(&b->restarts);
}

void
block_out_next(struct block_out *b)
{
	b->bytes.n = b->first.n = b->last.n = b->restarts.n = 0;
	b->n = 0;
}

size_t
block_out_size(const struct block_out *b)
{
	return b->bytes.n + b->restarts.n + 4;
}

static size_t
shared_bytes(const struct buf *last, struct str key)
{
	size_t n = last->n < key.n ? last->n : key.n, i = 0;

	while (i < n && last->p[i] == key.p[i])
		i++;
	return i;
}

void
block_out_add(struct block_out *b, struct str key, struct str value,
    bool deleted, enum pieces pieces)
{
	size_t shared = 0, kind = pieces != PIECES_NONE;

	must(key.n <= PIECE_MAX && value.n < PIECE_MAX);
	if (b->n % b->restart == 0)
		run_put_u32(&b->restarts, (uint32_t)b->bytes.n);
	else
		shared = shared_bytes(&b->last, key);
	if (!b->n)
		buf_adds(&b->first, key);
	buf_reserve(&b->bytes, 3 * VARINT_MAX + key.n - shared + value.n);
	run_put_varint(&b->bytes, shared);
	run_put_varint(&b->bytes, key.n - shared);
	run_put_varint(
	    &b->bytes, (uint64_t)(value.n + kind) << 1 | deleted | kind);
	buf_add(&b->bytes, key.p + shared, key.n - shared);
	if (kind)
		buf_addc(&b->bytes, (char)pieces);
	buf_adds(&b->bytes, value);
	b->last.n = shared;
	buf_add(&b->last, key.p + shared, key.n - shared);
	b->n++;
}

struct str
block_out_end(struct block_out *b)
{
	uint32_t n = (uint32_t)(b->restarts.n / 4);

	buf_add(&b->bytes, b->restarts.p, b->restarts.n);
	run_put_u32(&b->bytes, n);
	return buf_str(&b->bytes);
}

/* ---- reading ---- */

bool
block_read(struct block *b, struct str bytes)
{
	uint32_t n;

	if (bytes.n < 4)
		return false;
	n = run_get_u32(bytes.p + bytes.n - 4);
	if (!n || n > (bytes.n - 4) / 4)
		return false;
	b->p = bytes.p;
	b->end = bytes.p + (bytes.n - 4 - (size_t)n * 4);
	b->n_restarts = n;
	return true;
}

/* An entry as it stands there: `more` bytes of its key, behind those shared. */
struct stored {
	uint32_t shared;
	struct str more, value;
	bool deleted;
	enum pieces pieces;
};

/* Three lengths below 128 are three bytes: nearly always. */
static inline bool
lengths(const char **p, const char *end, uint32_t *shared, uint32_t *more,
    uint64_t *value)
{
	const char *q = *p;

	if (__builtin_expect(
		end - q >= 3 && !((q[0] | q[1] | q[2]) & 128), 1)) {
		*shared = (unsigned char)q[0];
		*more = (unsigned char)q[1];
		*value = (unsigned char)q[2];
		*p = q + 3;
		return true;
	}
	return run_get_varint32(p, end, shared) &&
	       run_get_varint32(p, end, more) && run_get_varint(p, end, value);
}

/* It is deleted and has a value: pieces. */
static bool
stored_pieces(struct stored *s)
{
	char kind = *s->value.p;

	if (kind != PIECES_MORE && kind != PIECES_ALL)
		return false;
	s->deleted = false;
	s->pieces = (enum pieces)kind;
	s->value.p++;
	s->value.n--;
	return pieces_valid(s->value);
}

/* The entry at *p, advanced behind it. */
static inline bool
stored_get(const char **p, const char *end, struct stored *s)
{
	uint32_t more;
	uint64_t value;

	if (!lengths(p, end, &s->shared, &more, &value))
		return false;
	s->deleted = value & 1;
	value >>= 1;
	if (more > (size_t)(end - *p) || value > (size_t)(end - *p) - more)
		return false;
	s->more = (struct str){*p, more};
	s->value = (struct str){*p + more, (size_t)value};
	s->pieces = PIECES_NONE;
	*p += more + value;
	return !s->deleted || !value || stored_pieces(s);
}

/* The whole entry number i; *next: the one behind it. */
static bool
whole_get(
    const struct block *b, uint32_t i, struct stored *s, const char **next)
{
	uint32_t at = run_get_u32(b->end + (size_t)i * 4);

	if (at >= (size_t)(b->end - b->p))
		return false;
	*next = b->p + at;
	return stored_get(next, b->end, s) && !s->shared && key_check(s->more);
}

/*
 * The last whole entry that is not behind key: *i. 0 if there is none, -1 if
 * the block is damaged.
 */
static int
whole_floor(const struct block *b, struct str key, uint32_t *i)
{
	uint32_t lo = 0, hi = b->n_restarts;
	const char *next;
	struct stored s;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (!whole_get(b, mid, &s, &next))
			return -1;
		if (key_cmp(s.more, key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*i = lo - 1;
	return lo > 0;
}

int
block_floor(const struct block *b, struct str key, struct str *value)
{
	const char *next;
	struct stored s;
	uint32_t i;
	int got = whole_floor(b, key, &i);

	if (got <= 0)
		return got;
	if (!whole_get(b, i, &s, &next))
		return -1;
	*value = s.value;
	return 1;
}

bool
block_whole(const struct block *b, uint32_t i, struct str *key)
{
	const char *next;
	struct stored s;

	if (i >= b->n_restarts || !whole_get(b, i, &s, &next))
		return false;
	*key = s.more;
	return true;
}

int
block_floor_from(
    const struct block *b, struct str key, uint32_t *i, struct str *value)
{
	uint32_t lo = *i, hi = b->n_restarts, step = 1;
	const char *next;
	struct stored s;

	/* In steps that double, then by halves between the last two. */
	while (hi - lo > 1) {
		uint32_t at =
		    step && step < hi - lo ? lo + step : lo + (hi - lo) / 2;

		if (!whole_get(b, at, &s, &next))
			return -1;
		if (key_cmp(s.more, key) > 0) {
			hi = at;
			step = 0;
		} else {
			lo = at;
			step *= 2;
		}
	}
	if (lo >= b->n_restarts || !whole_get(b, lo, &s, &next))
		return -1;
	if (!lo && key_cmp(s.more, key) > 0)
		return 0;
	*i = lo;
	*value = s.value;
	return 1;
}

static size_t
same_bytes(const char *p, const char *q, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] == q[i])
		i++;
	return i;
}

/*
 * Goes by how many bytes the key has in common with the entry before: one that
 * shares more with that differs from the key where that did.
 */
static int
find_between(const char *p, const char *end, struct str key, struct stored *s)
{
	size_t common = 0, len = 0, n;

	while (p < end) {
		if (!stored_get(&p, end, s) || s->shared > len)
			return -1;
		len = s->shared + s->more.n;
		if (s->shared > common)
			continue;
		common = s->shared;
		n = len < key.n ? len : key.n;
		common += same_bytes(s->more.p, key.p + common, n - common);
		if (len == key.n && common == len)
			return 1;
	}
	return 0;
}

int
block_find(const struct block *b, struct str key, struct block_value *out)
{
	const char *p, *end = b->end;
	struct stored s;
	uint32_t i;
	int got = whole_floor(b, key, &i);

	if (got <= 0)
		return got;
	p = b->p + run_get_u32(b->end + (size_t)i * 4);
	if (i + 1 < b->n_restarts) {
		uint32_t to = run_get_u32(b->end + (size_t)(i + 1) * 4);

		if (to > (size_t)(b->end - b->p))
			return -1;
		end = b->p + to;
	}
	got = find_between(p, end, key, &s);
	if (got > 0)
		*out = (struct block_value){s.value, s.deleted, s.pieces};
	return got;
}

void
block_walk_begin(struct block_walk *w, const struct block *b)
{
	w->block = b;
	w->next = b->p;
	w->begun = false;
}

struct str
block_walk_before(const struct block_walk *w)
{
	return buf_str(&w->keys[w->turn ^ 1]);
}

int
block_walk_next(struct block_walk *w)
{
	struct buf *before = &w->keys[w->turn], *now = &w->keys[w->turn ^ 1];
	struct stored s;

	if (w->next == w->block->end)
		return 0;
	if (!stored_get(&w->next, w->block->end, &s) ||
	    s.shared > (w->begun ? before->n : 0))
		return -1;
	w->begun = true;
	now->n = 0;
	buf_reserve(now, s.shared + s.more.n + 1);
	buf_add(now, before->p, s.shared);
	buf_adds(now, s.more);
	w->turn ^= 1;
	w->key = buf_str(now);
	w->value = s.value;
	w->deleted = s.deleted;
	w->pieces = s.pieces;
	return 1;
}

void
block_walk_release(struct block_walk *w)
{
	buf_release(&w->keys[0]);
	buf_release(&w->keys[1]);
}
