/* SPDX-License-Identifier: MIT */
/*
 * The store beside a plain model: random puts, deletions, drops, scans,
 * commits, closings with and without them. After each opening the store is
 * what it was at the last commit.
 */
#include "store_dir.h"

#define MAPS 2
#define BUCKETS 4
#define KEYS 40

struct model {
	int values[MAPS][BUCKETS][KEYS]; /* 0: none */
};

static uint64_t state = 88172645463325252u;

static unsigned
draw(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 11) % n;
}

/* Values of many lengths, the same for the same number. */
static struct str
value_of(int n)
{
	static char text[700];
	size_t len = (size_t)(n * 37 % 11) * (size_t)(n % 60);

	snprintf(text, sizeof text, "%d:", n);
	memset(text + strlen(text), 'v', sizeof text - 20);
	return (struct str){text, 8 + len};
}

static bool
scan_is_right(struct store *s, const struct model *m, unsigned map, int b)
{
	struct store_scan *c = store_scan_begin(s, map, b);
	struct str key, value;
	bool right = true;
	int k = 0;

	while (store_scan_next(c, &key, &value)) {
		while (k < KEYS && !m->values[map][b][k])
			k++;
		right &= k < KEYS && str_eq(key, test_key(k)) &&
			 str_eq(value, value_of(m->values[map][b][k]));
		k++;
	}
	while (k < KEYS && !m->values[map][b][k])
		k++;
	store_scan_end(c);
	return right && k >= KEYS;
}

/* All keys of a bucket at once. */
static bool
many_are_right(struct store *s, const struct model *m, unsigned map, int b)
{
	struct str keys[KEYS], out[KEYS];
	struct buf bytes = {0};
	size_t at[KEYS + 1] = {0};
	bool right;

	for (int k = 0; k < KEYS; k++) {
		key_put(&bytes, value_int(k));
		at[k + 1] = bytes.n;
	}
	for (int k = 0; k < KEYS; k++)
		keys[k] = (struct str){bytes.p + at[k], at[k + 1] - at[k]};
	right = store_get_many(s, map, b, keys, KEYS, out);
	for (int k = 0; right && k < KEYS; k++) {
		int v = m->values[map][b][k];

		right = v ? out[k].p && str_eq(out[k], value_of(v)) : !out[k].p;
	}
	buf_release(&bytes);
	return right;
}

static bool
is_right(struct store *s, const struct model *m)
{
	struct buf out = {0};
	bool right = true;

	for (unsigned map = 0; map < MAPS; map++)
		for (int b = 0; b < BUCKETS; b++) {
			for (int k = 0; k < KEYS; k++) {
				int v = m->values[map][b][k];
				enum store_found f;

				out.n = 0;
				f = store_get(s, map, b, test_key(k), &out);
				right &= f == (v ? STORE_FOUND : STORE_ABSENT);
				right &=
				    !v || str_eq(buf_str(&out), value_of(v));
			}
			right &= scan_is_right(s, m, map, b) &&
				 many_are_right(s, m, map, b);
		}
	buf_release(&out);
	return right;
}

static void
change(struct store *s, struct model *m, int n)
{
	unsigned map = draw(MAPS), what = draw(100);
	int b = (int)draw(BUCKETS), k = (int)draw(KEYS);

	if (what < 80) {
		m->values[map][b][k] = n;
		store_put(s, map, b, test_key(k), value_of(n));
	} else if (what < 97) {
		m->values[map][b][k] = 0;
		store_delete(s, map, b, test_key(k));
	} else if (what < 99) {
		memset(m->values[map][b], 0, sizeof m->values[map][b]);
		store_drop(s, map, b);
	} else {
		memset(m->values[map], 0, sizeof m->values[map]);
		store_drop_map(s, map);
	}
}

/* A commit; waited for or not. */
static bool
commit(struct store *s, int n)
{
	char note[16];
	struct store_commit c = {0};
	struct err err = {0};
	int rc;

	snprintf(note, sizeof note, "%d", n);
	c.note = str_of(note);
	rc = store_commit(s, &c, &err);
	if (!rc && draw(2))
		rc = store_wait(s, &err);
	if (rc)
		printf("# %s\n", err.message);
	err_release(&err);
	return !rc;
}

static unsigned most_runs;

static bool
run(const char *dir, const struct store_options *o, int rounds)
{
	struct model now = {0}, kept = {0};
	struct store_info info;
	bool right = true;
	int n = 0;

	for (int round = 0; right && round < rounds; round++) {
		struct store *s = test_open(dir, o);
		unsigned commits = draw(8);

		now = kept;
		if (!s)
			return false;
		right &= is_right(s, &now);
		for (unsigned i = 0; right && i < commits; i++) {
			for (unsigned k = draw(60); k; k--)
				change(s, &now, ++n);
			right &= is_right(s, &now) && commit(s, n) &&
				 is_right(s, &now);
			kept = now;
		}
		for (unsigned k = draw(20); k; k--)
			change(s, &now, ++n);
		store_info(s, &info);
		if (info.n_runs > most_runs)
			most_runs = info.n_runs;
		right &= is_right(s, &now) && !test_close(s);
	}
	return right;
}

static bool
temporary(struct store *s)
{
	struct model now = {0};
	bool right = true;

	for (int n = 1; right && n < 4000; n++) {
		change(s, &now, n);
		if (n % 100 == 0)
			right &= is_right(s, &now);
		if (n % 300 == 0)
			right &= commit(s, n);
	}
	return right && is_right(s, &now) && !test_close(s);
}

int
main(void)
{
	struct store_options o = {.create = true};
	struct err err = {0};
	struct store *s;

	ok(run(test_dir("plain"), &o, 60), "as it comes");
	o.journal_max = 20000;
	ok(run(test_dir("short"), &o, 60), "with short journals");
	o.inline_max = 3000;
	ok(run(test_dir("runs"), &o, 60), "with runs");
	o.spill_bytes = 6000;
	ok(run(test_dir("spills"), &o, 60), "with spills");
	most_runs = 0;
	o.inline_max = 1;
	ok(run(test_dir("merges"), &o, 200), "with many runs");
	ok(most_runs > 3 && most_runs < 40, "which are merged");
	o.part_bytes = 400;
	ok(run(test_dir("pauses"), &o, 200), "that pause");
	o.run_bytes = 2000;
	ok(run(test_dir("pieces"), &o, 200), "into pieces");
	ok(most_runs < 150, "not too many: %u", most_runs);
	ok(!store_open_temporary(&s, &o, &err) && temporary(s),
	    "a temporary store");
	test_remove(test_dir(""));
	return tap_done();
}
