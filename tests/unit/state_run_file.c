/* SPDX-License-Identifier: MIT */
/*
 * Runs beside a plain sorted array: look-ups of what is there and what is not,
 * cursors over all and over a section, with little cache, with much, with
 * none; values of megabytes, no entries at all, many small buckets.
 */
#include "run_gen.h"
#include "state/run_filter.h"

#define NAME "run"
#define NUMBER 7

static size_t n_wrong;

static void
get_all(struct run_file *r, const struct entries *e)
{
	struct buf out = {0};
	struct err err = {0};

	for (size_t i = 0; i < e->n; i++) {
		const struct run_entry *x = &e->at[gen_below((uint32_t)e->n)];
		enum run_found found;

		out.n = 0;
		n_wrong += !run_file_may_have(
		    r, x->map, x->bucket, x->key, gen_below(2));
		found = run_file_get(r, x->map, x->bucket, x->key, &out, &err);
		if (x->deleted)
			n_wrong += found != RUN_DELETED || out.n;
		else
			n_wrong += found != RUN_FOUND ||
				   !str_eq(buf_str(&out), x->value);
	}
	buf_release(&out);
}

/* Keys that are not there, or are in other buckets. */
static void
get_absent(struct run_file *r, const struct entries *e)
{
	struct entries probe = {0};
	struct buf out = {0};
	struct err err = {0};

	entries_random(&probe, 2000, 4, 1);
	for (size_t i = 0; i < probe.n; i++) {
		const struct run_entry *x = &probe.at[i];

		if (e->n && bsearch(x, e->at, e->n, sizeof *e->at, entry_cmp))
			continue;
		n_wrong += run_file_get(r, x->map, x->bucket, x->key, &out,
			       &err) != RUN_ABSENT;
	}
	n_wrong += out.n != 0;
	entries_release(&probe);
	buf_release(&out);
}

/* ---- many at once ---- */

struct many {
	struct run_ask *asks, **order;
	size_t n, cap;
};

static void
add_ask(struct many *m, const struct run_entry *x)
{
	mem_grow(&m->asks, &m->cap, m->n + 1, sizeof *m->asks);
	m->asks[m->n++] =
	    (struct run_ask){.key = run_key_of(x->map, x->bucket, x->key)};
}

static int
ask_cmp(const void *a, const void *b)
{
	const struct run_ask *x = a, *y = b;

	return key_cmp(x->key.key, y->key.key);
}

/* Has an ask, which is done, the same answer as a look-up alone? */
static bool
same_answer(
    struct run_file *r, const struct run_ask *a, const struct buf *values)
{
	struct run_key k = a->key;
	struct buf out = {0};
	struct err err = {0};
	enum run_found found =
	    run_file_get(r, k.map, k.bucket, k.key, &out, &err);
	bool same = found == a->found;

	if (same && found == RUN_FOUND)
		same = str_eq(
		    buf_str(&out), (struct str){values->p + a->from, a->n});
	buf_release(&out);
	return same;
}

/* Those that are found are read, first what is at hand. */
static void
read_many(struct run_file *r, struct many *m, struct buf *values)
{
	struct err err = {0};
	size_t n = m->n;

	for (unsigned wait = 0; wait < 2; wait++) {
		size_t left = 0;

		for (size_t i = 0; i < n; i++)
			if (m->order[i]->found == RUN_LATER)
				m->order[left++] = m->order[i];
		n = left;
		n_wrong +=
		    !run_file_read_many(r, m->order, n, wait, values, &err);
	}
}

/* One in so many of a section's keys, and as many that are not there. */
static void
get_section(struct run_file *r, const struct entries *e,
    const struct run_section *s, uint32_t one_in, const struct entries *probe)
{
	struct many m = {0};
	struct buf values = {0};
	struct err err = {0};

	for (size_t i = 0; i < e->n; i++)
		if (e->at[i].map == s->map && e->at[i].bucket == s->bucket &&
		    !gen_below(one_in))
			add_ask(&m, &e->at[i]);
	for (size_t i = 0; i < probe->n; i++) {
		struct run_entry x = probe->at[gen_below((uint32_t)probe->n)];

		x.map = s->map;
		x.bucket = s->bucket;
		add_ask(&m, &x);
	}
	qsort(m.asks, m.n, sizeof *m.asks, ask_cmp);
	m.order = mem_array(m.n + 1, sizeof *m.order);
	for (size_t i = 0; i < m.n; i++)
		m.order[i] = &m.asks[i];
	n_wrong += !run_file_find_many(r, m.order, m.n, &err);
	read_many(r, &m, &values);
	for (size_t i = 0; i < m.n; i++)
		n_wrong += !same_answer(r, &m.asks[i], &values);
	buf_release(&values);
	mem_free(m.asks);
	mem_free(m.order);
}

static void
get_many(struct run_file *r, const struct entries *e)
{
	static const uint32_t shares[] = {1, 3, 40, 1000};
	unsigned n;
	const struct run_section *s = run_file_sections(r, &n);
	struct entries probe = {0};

	entries_random(&probe, 100, 4, 1);
	for (unsigned k = 0; k < 4; k++)
		for (unsigned i = 0; i < n && i < 5; i++)
			get_section(r, e, &s[i], shares[k], &probe);
	entries_release(&probe);
}

static void
walk(struct run_cursor *c, const struct run_entry *want, size_t n)
{
	struct err err = {0};
	struct run_entry e;
	int got;

	while ((got = run_cursor_next(c, &e, &err)) > 0) {
		n_wrong += !n || !entry_same(&e, want);
		n -= n > 0;
		want++;
	}
	n_wrong += got < 0 || n;
	run_cursor_free(c);
}

static void
walk_sections(struct run_file *r, const struct entries *e)
{
	unsigned n;
	const struct run_section *s = run_file_sections(r, &n);
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t to = at, deleted = 0, bytes = 0;

		while (to < e->n && e->at[to].map == s[i].map &&
		       e->at[to].bucket == s[i].bucket) {
			deleted += e->at[to].deleted;
			bytes += e->at[to].key.n + e->at[to].value.n;
			to++;
		}
		n_wrong += s[i].n_entries != to - at || to == at ||
			   s[i].n_deleted != deleted || s[i].bytes != bytes;
		walk(run_cursor_of(r, s[i].map, s[i].bucket), e->at + at,
		    to - at);
		at = to;
	}
	n_wrong += at != e->n;
	walk(run_cursor_of(r, 999, 0), NULL, 0);
}

/* Everything about a file of these entries. */
static void
compare(const struct entries *e, size_t cache_bytes, const char *what)
{
	struct written w = run_write(e, NAME, NUMBER);
	struct block_cache *cache =
	    cache_bytes ? block_cache_new(cache_bytes) : NULL;
	struct run_file *r = run_open(NAME, NUMBER, w, cache);

	n_wrong = 0;
	if (!ok(r, "%s: opens", what))
		return;
	get_all(r, e);
	get_absent(r, e);
	get_many(r, e);
	walk(run_cursor_new(r), e->at, e->n);
	walk_sections(r, e);
	n_wrong += run_file_check(r, print_line, NULL);
	ok(!n_wrong, "%s: %zu entries, %zu wrong", what, e->n, n_wrong);
	run_file_close(r);
	block_cache_free(cache);
	unlinkat(run_dir_fd, NAME, 0);
}

static void
test_random(void)
{
	static const size_t caches[] = {0, 1, 70000, 10 << 20};
	static const size_t sizes[] = {1, 2, 17, 300, 3000, 20000};

	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < 6; k++) {
			struct entries e = {0};
			char what[64];

			entries_random(&e, sizes[k], 1 + i, 40);
			snprintf(what, sizeof what, "cache of %zu", caches[i]);
			compare(&e, caches[i], what);
			entries_release(&e);
		}
}

static void
test_empty(void)
{
	struct entries e = {0};

	compare(&e, 1 << 20, "no entries");
	entries_add(&e, 0, 0, (struct str){0}, (struct str){0}, false);
	compare(&e, 1 << 20, "an empty key of an empty value");
	e.at[0].deleted = true;
	compare(&e, 1 << 20, "an empty key that is deleted");
	entries_release(&e);
}

static void
test_large(void)
{
	struct entries e = {0};
	struct buf key = {0};

	for (unsigned i = 0; i < 60; i++) {
		size_t n = i % 3 ? gen_below(5000) : gen_below(3u << 20);
		char *p = mem_alloc(n + 1);

		memset(p, (int)i, n);
		entries_add(&e, 1, 0, key_of_int(&key, gen_u32()),
		    (struct str){p, n}, false);
		mem_free(p);
	}
	/* Keys that fill an index page each. */
	for (unsigned i = 0; i < 100; i++) {
		char *p = mem_alloc(60000);

		memset(p, 'x', 60000);
		memcpy(p + 59990, &i, sizeof i);
		key.n = 0;
		key_put(&key, value_text((struct str){p, 60000}));
		entries_add(&e, 2, 0, buf_str(&key), (struct str){p, i}, false);
		mem_free(p);
	}
	entries_sort(&e);
	compare(&e, 4 << 20, "large values and keys");
	compare(&e, 0, "large values and keys, no cache");
	entries_release(&e);
	buf_release(&key);
}

static void
test_buckets(void)
{
	struct entries e = {0};
	struct buf key = {0};

	for (int64_t i = 0; i < 100000; i++)
		entries_add(&e, 3, i * 1000000 - 7, key_of_int(&key, i % 5),
		    key_of_int(&key, i), i % 11 == 0);
	compare(&e, 1 << 20, "a hundred thousand buckets");
	entries_release(&e);
	buf_release(&key);
}

static void
test_million(void)
{
	struct entries e = {0};
	struct buf key = {0};

	for (int64_t i = 0; i < 1000000; i++)
		entries_add(&e, 3, 0, key_of_int(&key, i * 3),
		    (struct str){"12345678", (size_t)(i & 7)}, i % 11 == 0);
	compare(&e, 100 << 20, "a million keys");
	entries_release(&e);
	buf_release(&key);
}

/* The filter lets few keys pass that are not there. */
static void
test_filter(void)
{
	struct entries e = {0};
	struct buf key = {0};
	struct block_cache *cache = block_cache_new(10 << 20);
	struct run_file *r;
	unsigned pass = 0;

	for (int64_t i = 0; i < 100000; i++)
		entries_add(
		    &e, 3, 0, key_of_int(&key, i * 2), (struct str){0}, false);
	r = run_open(NAME, NUMBER, run_write(&e, NAME, NUMBER), cache);
	must(r);
	for (int64_t i = 0; i < 100000; i++)
		pass += run_file_may_have(
		    r, 3, 0, key_of_int(&key, i * 2 + 1), false);
	ok(pass < 400, "of 100000 absent keys %u pass", pass);
	ok(!run_file_may_have(r, 3, 0, key_of_int(&key, 1000000), false),
	    "a key behind the last one does not");
	ok(!run_file_may_have(r, 3, 1, key_of_int(&key, 2), false),
	    "nor one of another bucket");
	ok(filter_lines_ok((100000 * 10 + 511) / 512, 100000) &&
		!filter_lines_ok((100000 * 10 + 511) / 512 + 1, 100000),
	    "a filter of ten bits a key, as all were, is one, too");
	run_file_close(r);
	block_cache_free(cache);
	entries_release(&e);
	buf_release(&key);
	unlinkat(run_dir_fd, NAME, 0);
}

static struct run_file *
open_keys(uint64_t number, int64_t bucket, int64_t n, uint32_t one_in,
    struct block_cache *cache)
{
	struct entries e = {0};
	struct buf key = {0};
	struct run_file *r;

	for (int64_t k = 0; k < n; k++)
		if (!gen_below(one_in))
			entries_add(&e, 3, bucket, key_of_int(&key, k),
			    (struct str){"123456789", 9}, false);
	r = run_open(NAME, number, run_write(&e, NAME, number), cache);
	must(r);
	entries_release(&e);
	buf_release(&key);
	unlinkat(run_dir_fd, NAME, 0);
	return r;
}

static void
test_covers(void)
{
	struct block_cache *cache = block_cache_new(10 << 20);
	struct run_file *all = open_keys(0, 0, 40000, 1, cache);
	struct run_file *half = open_keys(1, 0, 40000, 2, cache);
	struct run_file *older[] = {half, all};
	struct run_file *other = open_keys(2, 1, 40000, 1, cache);
	struct run_file *few = open_keys(3, 0, 3, 1, cache);
	uint64_t got = run_file_covers(all, older, 1);

	ok(got > 40000 * 5 && got < 40000 * 13, "half of it: %u",
	    (unsigned)got);
	ok(run_file_covers(all, older, 2) == 40000 * 18, "all, by two runs");
	ok(!run_file_covers(other, older, 2), "none, of another bucket");
	ok(run_file_covers(few, older + 1, 1) == 3 * 18, "of three keys");
	ok(!run_file_covers(few, older, 0), "of no runs");
	run_file_close(all);
	run_file_close(half);
	run_file_close(other);
	run_file_close(few);
	block_cache_free(cache);
}

static void
test_files(void)
{
	struct entries e = {0};
	struct err err = {0};
	struct written w = run_write(&e, NAME, NUMBER);
	struct run_writer *writer;

	ok(!run_writer_new(run_dir_fd, NAME, 8, 0, &err),
	    "a file that is there is not written over");
	same(err.message, "run: cannot create: File exists", "it is named");
	ok(!run_file_open(run_dir_fd, "gone", 1, w.bytes, w.crc, NULL, &err),
	    "a run that is gone does not open");
	ok(err.code == ERR_STATE, "which is damage: %s", err.message);
	ok(!run_open(NAME, 8, w, NULL), "nor is one of another number it");
	w.crc++;
	ok(!run_open(NAME, NUMBER, w, NULL), "nor one with another footer");
	must(!symlinkat(NAME, run_dir_fd, "link"));
	w.crc--;
	ok(!run_open("link", NUMBER, w, NULL), "links are not followed");
	unlinkat(run_dir_fd, "link", 0);
	unlinkat(run_dir_fd, NAME, 0);
	writer = run_writer_new(run_dir_fd, NAME, 8, 0, &err);
	run_writer_abandon(writer);
	ok(faccessat(run_dir_fd, NAME, F_OK, 0), "abandoned means removed");
	err_release(&err);
	entries_release(&e);
}

int
main(void)
{
	run_dir_make();
	test_empty();
	test_random();
	test_large();
	test_buckets();
	test_million();
	test_filter();
	test_covers();
	test_files();
	run_dir_remove();
	return tap_done();
}
