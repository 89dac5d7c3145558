/* SPDX-License-Identifier: MIT */
/*
 * Values in pieces beside a plain model: puts, deletions, drops and pieces
 * that are appended, in any order, across memory, journals, runs, merges and
 * new openings. With a fold every read gives one value; without one a scan
 * gives the pieces, whatever was folded before.
 */
#include "state/pieces.h"
#include "store_dir.h"

#define BUCKETS 2
#define KEYS 30
#define PARTS 12

struct item {
	unsigned n; /* 0: the key is not there */
	int parts[PARTS];
};

struct model {
	struct item items[BUCKETS][KEYS];
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

/* What is appended: of many lengths, some long. */
static struct str
part_of(int n)
{
	static char text[400];
	size_t len = n % 7 ? (size_t)(n % 5) : (size_t)(n % 300);

	snprintf(text, sizeof text, "%d:", n);
	memset(text + strlen(text), 'v', sizeof text - 20);
	return (struct str){text, 3 + len};
}

static struct str
whole_of(const struct item *item)
{
	static struct buf all;

	all.n = 0;
	for (unsigned i = 0; i < item->n; i++)
		buf_adds(&all, part_of(item->parts[i]));
	return buf_str(&all);
}

/* One behind another: neighbours may be folded first. */
static bool
fold(void *arg, struct str key, struct str pieces, bool whole, struct buf *out)
{
	struct str piece;

	(void)whole;
	*(unsigned *)arg += key.n != 0;
	while (pieces_next(&pieces, &piece))
		buf_adds(out, piece);
	return true;
}

/* A value or, without a fold, pieces. */
static bool
is_value(struct str value, bool pieces, const struct item *item)
{
	struct buf all = {0};
	struct str piece;
	bool same;

	if (!pieces)
		return str_eq(value, whole_of(item));
	while (pieces_next(&value, &piece))
		buf_adds(&all, piece);
	same = !value.n && str_eq(buf_str(&all), whole_of(item));
	buf_release(&all);
	return same;
}

static bool
scan_is_right(struct store *s, const struct model *m, int b)
{
	struct store_scan *c = store_scan_begin(s, 0, b);
	struct str key, value;
	bool right = true;
	int k = 0;

	while (right && store_scan_next(c, &key, &value)) {
		while (k < KEYS && !m->items[b][k].n)
			k++;
		right = k < KEYS && str_eq(key, test_key(k)) &&
			is_value(value, store_scan_pieces(c), &m->items[b][k]);
		k++;
	}
	while (k < KEYS && !m->items[b][k].n)
		k++;
	store_scan_end(c);
	return right && k >= KEYS;
}

static bool
gets_are_right(struct store *s, const struct model *m, int b)
{
	struct str keys[KEYS], out[KEYS];
	struct buf bytes = {0}, one = {0};
	size_t at[KEYS + 1] = {0};
	bool right;

	for (int k = 0; k < KEYS; k++) {
		key_put(&bytes, value_int(k));
		at[k + 1] = bytes.n;
	}
	for (int k = 0; k < KEYS; k++)
		keys[k] = (struct str){bytes.p + at[k], at[k + 1] - at[k]};
	right = store_get_many(s, 0, b, keys, KEYS, out);
	for (int k = 0; right && k < KEYS; k++) {
		const struct item *item = &m->items[b][k];

		one.n = 0;
		right = item->n ? out[k].p && str_eq(out[k], whole_of(item))
				: !out[k].p;
		right &= store_get(s, 0, b, keys[k], &one) ==
			     (item->n ? STORE_FOUND : STORE_ABSENT) &&
			 (!item->n || str_eq(buf_str(&one), whole_of(item)));
	}
	buf_release(&bytes);
	buf_release(&one);
	return right;
}

static bool
is_right(struct store *s, const struct model *m, bool folds)
{
	bool right = true;

	for (int b = 0; right && b < BUCKETS; b++)
		right = scan_is_right(s, m, b) &&
			(!folds || gets_are_right(s, m, b));
	return right;
}

static void
change(struct store *s, struct model *m, int n)
{
	unsigned what = draw(100);
	int b = (int)draw(BUCKETS), k = (int)draw(KEYS);
	struct item *item = &m->items[b][k];

	if (what < 70 && item->n < PARTS) {
		item->parts[item->n++] = n;
		store_append(s, 0, b, test_key(k), part_of(n));
	} else if (what < 85) {
		*item = (struct item){1, {n}};
		store_put(s, 0, b, test_key(k), part_of(n));
	} else if (what < 98) {
		item->n = 0;
		store_delete(s, 0, b, test_key(k));
	} else if (what < 99) {
		memset(m->items[b], 0, sizeof m->items[b]);
		store_drop(s, 0, b);
	} else {
		memset(m->items, 0, sizeof m->items);
		store_drop_map(s, 0);
	}
}

static bool
commit(struct store *s)
{
	struct store_commit c = {.note = STR("note")};
	struct err err = {0};
	int rc = store_commit(s, &c, &err);

	if (!rc && draw(2))
		rc = store_wait(s, &err);
	if (rc)
		printf("# %s\n", err.message);
	err_release(&err);
	return !rc;
}

static unsigned n_folds, most_runs;

/* Changes while somebody is reading, who sees what there was. */
static bool
read_on(struct store *s, struct model *m, int *n)
{
	const struct model was = *m;
	struct store_scan *c = store_scan_begin(s, 0, 0);
	struct str key, value;
	bool right = true;
	int k = 0;

	while (right && store_scan_next(c, &key, &value)) {
		while (k < KEYS && !was.items[0][k].n)
			k++;
		right = k < KEYS &&
			is_value(value, store_scan_pieces(c), &was.items[0][k]);
		k++;
		change(s, m, ++*n);
	}
	store_scan_end(c);
	return right;
}

/* Every third opening has no fold. */
static bool
run(const char *dir, const struct store_options *o, int rounds)
{
	struct model now = {0}, kept = {0};
	struct store_info info;
	bool right = true;
	int n = 0;

	for (int round = 0; right && round < rounds; round++) {
		struct store *s = test_open(dir, o);
		bool folds = round % 3 != 2;

		now = kept;
		if (!s)
			return false;
		if (folds)
			store_set_fold(s, 0, fold, &n_folds);
		right &= is_right(s, &now, folds);
		for (unsigned i = draw(8); right && i; i--) {
			for (unsigned k = draw(60); k; k--)
				change(s, &now, ++n);
			right &= is_right(s, &now, folds) && commit(s) &&
				 is_right(s, &now, folds);
			kept = now;
		}
		right &= read_on(s, &now, &n) && is_right(s, &now, folds);
		store_info(s, &info);
		if (info.n_runs > most_runs)
			most_runs = info.n_runs;
		store_set_fold(s, 0, NULL, NULL);
		right &= !test_close(s);
	}
	return right;
}

static bool
temporary(struct store *s)
{
	struct model now = {0};
	bool right = true;

	store_set_fold(s, 0, fold, &n_folds);
	for (int n = 1; right && n < 4000; n++) {
		change(s, &now, n);
		if (n % 100 == 0)
			right &= is_right(s, &now, true);
		if (n % 300 == 0)
			right &= commit(s);
	}
	return right && is_right(s, &now, true) && !test_close(s);
}

/* What FORMAT says: an older program must not read what it cannot. */
static const char *
format_of(const char *dir)
{
	static char text[32];
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/FORMAT", dir);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof text, f))
		snprintf(text, sizeof text, "none");
	if (f)
		fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void
formats(void)
{
	struct store_options o = {.create = true};
	const char *dir = test_dir("format");
	char name[256];
	struct store *s;

	snprintf(name, sizeof name, "%s", dir);
	s = test_open(name, &o);
	store_put(s, 0, 0, test_key(1), STR("a"));
	test_commit(s, "1");
	ok(!strcmp(format_of(name), "weir-state 1"), "without pieces: %s",
	    format_of(name));
	store_append(s, 0, 0, test_key(1), STR("b"));
	test_commit(s, "2");
	ok(!strcmp(format_of(name), "weir-state 2"), "with pieces: %s",
	    format_of(name));
	ok(!test_close(s), "closed");
	s = test_open(name, &o);
	ok(s && !strcmp(test_get(s, 0, 0, test_key(1)), "damaged"),
	    "a value in pieces cannot be had without a fold");
	test_close(s);
	s = test_open(name, &o);
	store_set_fold(s, 0, fold, &n_folds);
	ok(!strcmp(test_get(s, 0, 0, test_key(1)), "ab"), "with one it can");
	test_close(s);
}

static bool
refuses(
    void *arg, struct str key, struct str pieces, bool whole, struct buf *out)
{
	(void)arg, (void)key, (void)pieces, (void)whole;
	buf_lit(out, "half of it");
	return false;
}

/* What a fold does not understand stays as it is. */
static void
refused(void)
{
	struct store_options o = {.create = true, .inline_max = 1};
	struct store *s = test_open(test_dir("refused"), &o);
	struct str key, value, piece;
	struct store_scan *c;

	store_set_fold(s, 0, refuses, NULL);
	for (int i = 0; i < 20; i++) {
		store_append(s, 0, 0, test_key(1), STR("x"));
		store_append(s, 0, 0, test_key(1), STR("y"));
		test_commit(s, "n");
	}
	c = store_scan_begin(s, 0, 0);
	ok(store_scan_next(c, &key, &value) && store_scan_pieces(c),
	    "pieces are left alone");
	for (int i = 0; i < 40; i++)
		if (!pieces_next(&value, &piece) ||
		    !str_is(piece, i % 2 ? "y" : "x"))
			break;
	ok(!value.n, "all of them, in order");
	store_scan_end(c);
	ok(!strcmp(test_get(s, 0, 0, test_key(1)), "damaged"),
	    "who reads it hears of it");
	test_close(s);
}

#define MANY 3000

/* Each key has what was put, and a letter for each round so far. */
static bool
rounds_are_there(struct store *s, size_t rounds)
{
	struct store_scan *c = store_scan_begin(s, 0, 0);
	struct str key, value;
	bool right = true;
	int n = 0;

	while (right && store_scan_next(c, &key, &value)) {
		right = str_eq(key, test_key(n)) && value.n == 100 + rounds;
		n++;
	}
	store_scan_end(c);
	return right && n == MANY;
}

/*
 * Merges of much are taken over in parts while they go on: what was added must
 * not be there twice meanwhile.
 */
static bool
in_parts(const char *dir)
{
	struct store_options o = {
	    .create = true, .inline_max = 1, .run_bytes = 2000};
	struct store *s = test_open(dir, &o);
	struct str value = {mem_zalloc(100), 100};
	bool right = s != NULL;

	store_set_fold(s, 0, fold, &n_folds);
	for (int k = 0; k < MANY; k++)
		store_put(s, 0, 0, test_key(k), value);
	for (size_t i = 0; right && i < 60; i++) {
		right = rounds_are_there(s, i) && !test_commit(s, "n") &&
			rounds_are_there(s, i);
		for (int k = 0; k < MANY; k++)
			store_append(s, 0, 0, test_key(k), STR("x"));
	}
	mem_free((void *)(uintptr_t)value.p);
	return right && !test_close(s);
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
	most_runs = n_folds = 0;
	o.inline_max = 1;
	ok(run(test_dir("merges"), &o, 200), "with many runs");
	ok(most_runs > 3 && most_runs < 40, "which are merged");
	ok(n_folds > 1000, "and folded");
	o.run_bytes = 2000;
	ok(run(test_dir("parts"), &o, 200), "into several");
	o.part_bytes = 400;
	ok(run(test_dir("pauses"), &o, 200) &&
		!strcmp(format_of(test_dir("pauses")), "weir-state 3"),
	    "that pause");
	ok(in_parts(test_dir("taken")), "merges that are taken over in parts");
	ok(!store_open_temporary(&s, &o, &err) && temporary(s),
	    "a temporary store");
	formats();
	refused();
	test_remove(test_dir(""));
	return tap_done();
}
