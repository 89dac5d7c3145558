/* SPDX-License-Identifier: MIT */
/*
 * Damaged runs: of every bit of a small file that is turned, every length it
 * is cut to, and pages of zeros, each is found by opening and checking, and
 * whoever reads without checking gets the truth or an error. Also numbers that
 * make no sense behind right checksums (tests/fuzz/run.c has more of these).
 */
#include "run_seal.h"

#include <inttypes.h>

#define NAME "run"
#define NUMBER 3

static unsigned n_unseen, n_wrong, n_opened;

static int run_fd;

/* Makes n bytes of the file these, from byte `at` on. */
static void
put_bytes(const char *p, size_t n, size_t at)
{
	must(pwrite(run_fd, p, n, (off_t)at) == (ssize_t)n);
}

/* What is read is right, or there is an error. */
static void
read_all(struct run_file *r, const struct entries *e)
{
	struct run_cursor *c = run_cursor_new(r);
	struct run_entry got;
	struct err err = {0};
	struct buf out = {0};
	size_t i = 0;
	int more;

	while ((more = run_cursor_next(c, &got, &err)) > 0)
		n_wrong += i == e->n || !entry_same(&got, &e->at[i++]);
	n_wrong += !more && i != e->n;
	run_cursor_free(c);
	for (i = 0; i < e->n; i++) {
		const struct run_entry *x = &e->at[i];
		enum run_found found;

		out.n = 0;
		found = run_file_get(r, x->map, x->bucket, x->key, &out, &err);
		if (found == RUN_FOUND)
			n_wrong +=
			    x->deleted || !str_eq(buf_str(&out), x->value);
		else
			n_wrong += found == RUN_ABSENT ||
				   (found == RUN_DELETED && !x->deleted);
	}
	buf_release(&out);
	err_release(&err);
}

static void
try_file(struct written w, const struct entries *e)
{
	struct block_cache *cache = block_cache_new(1 << 20);
	struct err err = {0};
	struct run_file *r;

	r = run_file_open(
	    run_dir_fd, NAME, NUMBER, w.bytes, w.crc, cache, &err);
	if (r) {
		n_opened++;
		n_unseen += !run_file_check(r, no_line, NULL);
		read_all(r, e);
		run_file_close(r);
	} else {
		n_wrong += err.code != ERR_STATE ||
			   strncmp(err.message, NAME ": ", 5) != 0;
	}
	err_release(&err);
	block_cache_free(cache);
}

static char *
file_bytes(size_t n)
{
	char *p = mem_alloc(n);

	run_fd = openat(run_dir_fd, NAME, O_RDWR | O_CLOEXEC);
	must(run_fd >= 0 && read(run_fd, p, n) == (ssize_t)n);
	return p;
}

static void
test_damages(void)
{
	struct entries e = {0};
	struct written w;
	char *p;
	static const char page[64];

	gen_state = 0x1234567;
	entries_random(&e, 150, 2, 60);
	w = run_write(&e, NAME, NUMBER);
	p = file_bytes(w.bytes);
	for (size_t bit = 0; bit < w.bytes * 8; bit++) {
		char turned = (char)(p[bit / 8] ^ 1 << bit % 8);

		put_bytes(&turned, 1, bit / 8);
		try_file(w, &e);
		put_bytes(p + bit / 8, 1, bit / 8);
	}
	ok(!n_unseen && !n_wrong && n_opened,
	    "%" PRIu64 " bits turned: %u unseen, %u wrong, %u opened",
	    w.bytes * 8, n_unseen, n_wrong, n_opened);
	n_opened = 0;
	for (size_t n = w.bytes; n-- > 0;) {
		must(!ftruncate(run_fd, (off_t)n));
		try_file(w, &e);
	}
	ok(!n_unseen && !n_wrong && !n_opened, "cut to any length");
	put_bytes(p, w.bytes, 0);
	for (size_t at = 0; at + 64 <= w.bytes; at += 64) {
		put_bytes(page, 64, at);
		try_file(w, &e);
		put_bytes(p + at, 64, at);
	}
	ok(!n_unseen && !n_wrong, "zeros anywhere");
	close(run_fd);
	mem_free(p);
	entries_release(&e);
	unlinkat(run_dir_fd, NAME, 0);
}

/* Blocks that changed places, and one of another run at the same place. */
static void
test_places(void)
{
	struct entries e = {0}, other = {0};
	struct written w;
	struct buf key = {0};
	char *p, *q;

	for (int64_t i = 0; i < 2000; i++) {
		entries_add(&e, 0, 0, key_of_int(&key, i),
		    (struct str){"12345678", 8}, false);
		entries_add(&other, 0, 0, key_of_int(&key, i),
		    (struct str){"87654321", 8}, false);
	}
	w = run_write(&other, NAME, NUMBER + 1);
	q = file_bytes(w.bytes);
	close(run_fd);
	unlinkat(run_dir_fd, NAME, 0);
	w = run_write(&e, NAME, NUMBER);
	p = file_bytes(w.bytes);
	put_bytes(q + 16, 20000, 16);
	n_unseen = n_wrong = n_opened = 0;
	try_file(w, &e);
	ok(!n_unseen && !n_wrong && n_opened,
	    "blocks of another run are damage");
	close(run_fd);
	mem_free(p);
	mem_free(q);
	entries_release(&e);
	entries_release(&other);
	buf_release(&key);
	unlinkat(run_dir_fd, NAME, 0);
}

/* Any bytes behind right checksums: wrong perhaps, but nothing breaks. */
static void
test_lies(void)
{
	struct entries e = {0};
	struct written w;
	struct sealed s;
	struct buf key = {0};

	gen_state = 0x7654321;
	entries_random(&e, 300, 2, 60);
	for (int64_t i = 0; i < 2000; i++)
		entries_add(&e, 0, 0, key_of_int(&key, i),
		    (struct str){"12345678", 8}, false);
	entries_sort(&e);
	w = run_write(&e, NAME, NUMBER);
	sealed_read(&s, NAME, NUMBER, w.bytes);
	e.n = 50;
	for (unsigned i = 0; i < 3000; i++) {
		size_t at[4];
		char was[4];

		for (unsigned k = 0; k < 4; k++) {
			/* Half of them where the numbers are. */
			at[k] = gen_below(2) ? w.bytes - 1 - gen_below(400)
					     : gen_below((uint32_t)w.bytes);
			was[k] = s.p[at[k]];
			s.p[at[k]] = (char)gen_u32();
		}
		sealed_try(&s, NAME, &e);
		for (unsigned k = 4; k-- > 0;)
			s.p[at[k]] = was[k];
	}
	ok(true, "lies are survived");
	sealed_release(&s);
	entries_release(&e);
	buf_release(&key);
	unlinkat(run_dir_fd, NAME, 0);
}

int
main(void)
{
	run_dir_make();
	test_lies();
	test_damages();
	test_places();
	run_dir_remove();
	return tap_done();
}
