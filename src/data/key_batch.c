/* SPDX-License-Identifier: MIT */
/*
 * Keys of a whole batch.
 *
 * One column of text or of ints, the usual cases, is written straight into
 * one piece of the arena whose size is summed up first; other keys go through
 * a buffer. Hashing is a loop of its own: it reads what was written long
 * enough ago to be in the cache, and rows do not wait for one another.
 */
#include "base/hash.h"
#include "data/batch.h"
#include "data/key.h"
#include "data/key_form.h"

#define NESTED_MAX (16 * KEY_MAX) /* of a list or map as it comes */

struct keys {
	const struct batch *batch;
	struct arena *arena;
	struct str *keys;
};

static const struct str too_long = {NULL, 0};

static bool
null_at(const struct column *c, unsigned row)
{
	return c->nulls && bit_get(c->nulls, row);
}

/* memcpy for texts that are mostly short. */
static inline void
copy_text(char *to, const char *p, size_t n)
{
	size_t i;

	if (n > 64) {
		memcpy(to, p, n);
	} else if (n >= 8) {
		for (i = 0; i + 8 < n; i += 8)
			memcpy(to + i, p + i, 8);
		memcpy(to + n - 8, p + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, p, 4);
		memcpy(to + n - 4, p + n - 4, 4);
	} else if (n) {
		to[0] = p[0];
		to[n >> 1] = p[n >> 1];
		to[n - 1] = p[n - 1];
	}
}

static size_t
text_size(const struct batch *b, const struct column *c)
{
	size_t size = 0, n;
	unsigned k;

	for (k = 0; k < b->n_sel; k++) {
		n = c->s[batch_row(b, k)].n;
		size += n > KEY_MAX ? 0 : n + KEY_TEXT_HEAD;
	}
	return size;
}

static void
text_keys(const struct keys *ks, const struct column *c)
{
	const struct batch *b = ks->batch;
	char *p = arena_alloc(ks->arena, text_size(b, c) + b->n_sel);
	unsigned k;

	for (k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		struct str s = c->s[row];

		if (__builtin_expect(null_at(c, row), 0)) {
			*p = KEY_NULL;
			ks->keys[k] = (struct str){p++, 1};
			continue;
		}
		if (__builtin_expect(s.n > KEY_MAX - KEY_TEXT_HEAD, 0)) {
			ks->keys[k] = too_long;
			continue;
		}
		*p = KEY_TEXT;
		key_put32(p + 1, (uint32_t)s.n);
		copy_text(p + KEY_TEXT_HEAD, s.p, s.n);
		ks->keys[k] = (struct str){p, s.n + KEY_TEXT_HEAD};
		p += s.n + KEY_TEXT_HEAD;
	}
}

static void
int_keys(const struct keys *ks, const struct column *c)
{
	const struct batch *b = ks->batch;
	char *p = arena_alloc(ks->arena, (size_t)b->n_sel * 9);
	unsigned k;

	for (k = 0; k < b->n_sel; k++, p += 9) {
		unsigned row = batch_row(b, k);
		bool null = null_at(c, row);

		*p = null ? KEY_NULL : KEY_INT;
		key_put64(p + 1, (uint64_t)c->i[row]);
		ks->keys[k] = (struct str){p, null ? 1 : 9};
	}
}

/*
 * False if the element alone is too long. Nested values may become shorter
 * than they are (floats, double keys), but not those of any size: sorting them
 * takes time.
 */
static bool
put_element(struct buf *out, const struct column *c, unsigned row)
{
	struct value v = column_get(c, row);

	if ((v.type == T_TEXT || v.type == T_BYTES) && v.len > KEY_MAX)
		return false;
	if ((v.type == T_LIST || v.type == T_MAP || v.type == T_JSON) &&
	    v.len > NESTED_MAX)
		return false;
	key_put(out, v);
	return true;
}

/* Keys of n columns; until the bytes have their place, keys[k].n only. */
static void
any_keys(const struct keys *ks, const struct column *cols, unsigned n)
{
	const struct batch *b = ks->batch;
	struct buf out = {0};
	const char *p;
	unsigned k, i;

	for (k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		size_t at = out.n;
		bool good = true;

		for (i = 0; i < n && good; i++)
			good = put_element(&out, &cols[i], row);
		if (good && out.n - at <= KEY_MAX) {
			ks->keys[k] = (struct str){"", out.n - at};
		} else {
			ks->keys[k] = too_long;
			out.n = at;
		}
	}
	p = arena_str(ks->arena, buf_str(&out)).p;
	buf_release(&out);
	for (k = 0; k < b->n_sel; k++)
		if (ks->keys[k].p) {
			ks->keys[k].p = p;
			p += ks->keys[k].n;
		}
}

void
key_batch(struct batch *b, const struct column *cols, unsigned n,
    struct arena *a, struct str *keys, uint64_t *hashes)
{
	const struct keys ks = {b, a, keys};
	unsigned k;

	if (n == 1 && cols->type == T_TEXT && !cols->constant)
		text_keys(&ks, cols);
	else if (n == 1 && cols->type == T_INT && !cols->constant)
		int_keys(&ks, cols);
	else
		any_keys(&ks, cols, n);
	for (k = 0; k < b->n_sel; k++)
		hashes[k] = hash_bytes(keys[k].p, keys[k].n);
	batch_note_keys(b, keys, hashes);
}
