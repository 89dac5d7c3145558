/* SPDX-License-Identifier: MIT */
/* Keyed cells: found again, growing, in order, and removal from the index. */
#include "base/hash.h"
#include "base/heap.h"
#include "base/mem.h"
#include "data/key.h"
#include "state/table.h"
#include "tap.h"

static struct str
key_of(struct buf *b, int64_t i)
{
	b->n = 0;
	key_put(b, value_int(i));
	return buf_str(b);
}

static void
test_table(void)
{
	struct table t;
	struct buf b = {0};
	struct arena a;
	struct cell **sorted;
	int bad = 0;

	arena_init(&a, 1024);
	table_init(&t, 8);
	for (int64_t i = 0; i < 10000; i++) {
		int64_t v = (i * 7919) % 10007 - 5000;
		struct str key = key_of(&b, v);
		struct cell *c = table_cell(&t, key, hash_bytes(key.p, key.n));

		memcpy(c->bytes, &v, sizeof v);
	}
	ok(t.n == 10000, "10000 keys");
	for (int64_t i = 0; i < 10000; i++) {
		int64_t v = (i * 7919) % 10007 - 5000, got;
		struct str key = key_of(&b, v);
		struct cell *c = table_find(&t, key, hash_bytes(key.p, key.n));

		if (!c) {
			bad++;
			continue;
		}
		memcpy(&got, c->bytes, sizeof got);
		bad += got != v;
	}
	ok(bad == 0, "each is found with its bytes");
	ok(!table_find(&t, STR("none"), 1), "an unknown key is not");
	sorted = table_sorted(&t, &a);
	for (size_t i = 1; i < t.n; i++)
		bad += key_cmp(cell_key(&t, sorted[i - 1]),
			   cell_key(&t, sorted[i])) >= 0;
	ok(bad == 0, "sorted by key");
	buf_release(&b);
	table_release(&t);
	arena_release(&a);
}

/* A value of one of several kinds, with many that are nearly alike. */
static struct value
some_value(struct buf *text, uint64_t r, bool plain)
{
	static const char *const words[] = {"", "a", "ab", "user-0000",
	    "user-00000000000000001", "user-00000000000000001x", "\xff"};

	switch (r % (plain ? 6 : 9)) {
	case 0:
		return VALUE_NULL;
	case 1:
		return value_bool(r >> 8 & 1);
	case 2:
		return value_int((int64_t)(r >> 8) * (r & 64 ? -1 : 1));
	case 3:
		return value_time((int64_t)(r >> 40) - 100);
	case 4:
		text->n = 0;
		buf_addz(text, words[(r >> 8) % 7]);
		buf_printf(text, "%u", (unsigned)(r >> 16 & 255));
		return value_text(buf_str(text));
	case 5:
		return value_text(str_of(words[(r >> 8) % 7]));
	case 6:
		return value_float((double)(r >> 8 & 1023) / 8);
	case 7:
		return value_text((struct str){"a\0b", r >> 8 & 3});
	}
	return value_int((int64_t)(r >> 8 & 255));
}

/* Keys of one to three values, sorted as key_cmp has them. */
static void
test_sorted(unsigned n_keys, unsigned n_values, bool plain)
{
	struct buf key = {0}, text = {0};
	uint64_t r = 88172645463325252u;
	struct cell **sorted;
	struct table t;
	struct arena a;
	int bad = 0;

	arena_init(&a, 1024);
	table_init(&t, 8);
	for (unsigned i = 0; i < n_keys; i++) {
		key.n = 0;
		for (unsigned k = 0; k < n_values; k++) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			key_put(&key, some_value(&text, r >> 3, plain));
		}
		table_cell(&t, buf_str(&key), hash_bytes(key.p, key.n));
	}
	sorted = table_sorted(&t, &a);
	for (size_t i = 1; i < t.n; i++)
		bad += key_cmp(cell_key(&t, sorted[i - 1]),
			   cell_key(&t, sorted[i])) >= 0;
	ok(bad == 0, "%zu keys of %u values%s in order", t.n, n_values,
	    plain ? "" : ", odd ones,");
	buf_release(&key);
	buf_release(&text);
	table_release(&t);
	arena_release(&a);
}

static uint64_t
hash_of(const void *entry)
{
	return *(const uint64_t *)entry;
}

static size_t
find(const struct index *ix, const uint64_t *e)
{
	size_t i = index_start(ix, *e);

	while (ix->slots[i] && index_pointer(ix->slots[i]) != e)
		i = (i + 1) & ix->mask;
	return i;
}

static void
test_remove(void)
{
	enum {
		N = 500
	};
	uint64_t *items = mem_array(N, sizeof *items);
	struct index ix = {0};
	int bad = 0;

	/* Few different hashes: long runs of neighbours. */
	for (uint64_t i = 0; i < N; i++) {
		items[i] = i % 37 << 48 | i % 37;
		index_reserve(&ix, hash_of);
		index_put(&ix, find(&ix, &items[i]), items[i], &items[i]);
	}
	for (uint64_t i = 0; i < N; i += 3)
		index_remove(&ix, find(&ix, &items[i]), hash_of);
	for (uint64_t i = 0; i < N; i++)
		bad += (ix.slots[find(&ix, &items[i])] != 0) != (i % 3 != 0);
	ok(bad == 0, "removal keeps the others in reach");
	ok(ix.n == N - (N + 2) / 3, "and counts");
	index_release(&ix);
	mem_free(items);
}

static void
test_heap(void)
{
	struct heap h = {0};
	struct heap_item item;
	int64_t last = INT64_MIN;
	int bad = 0, n = 0;

	for (int64_t i = 0; i < 1000; i++)
		heap_push(&h, i * 7919 % 1009, NULL);
	while (heap_pop(&h, &item)) {
		bad += item.at < last;
		last = item.at;
		n++;
	}
	ok(bad == 0 && n == 1000, "a heap gives the earliest first");
	ok(heap_next(&h) == INT64_MAX, "an empty heap has nothing next");
	heap_release(&h);
}

int
main(void)
{
	test_table();
	for (unsigned n = 1; n <= 3; n++)
		for (unsigned keys = 1; keys <= 100000; keys *= 10) {
			test_sorted(keys, n, true);
			test_sorted(keys, n, false);
		}
	test_remove();
	test_heap();
	return tap_done();
}
