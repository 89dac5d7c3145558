/* SPDX-License-Identifier: MIT */
/*
 * What a state takes on the disk while many short runs change it, none of
 * which is long enough to merge all there is: never more than three times what
 * is alive, and a little. What is in it stays right meanwhile, also in a copy
 * that is made in between.
 */
#include <sys/stat.h>

#include "base/must.h"
#include "store_dir.h"

#define TIMES 3
#define LITTLE (1 << 20)

struct world {
	int *values;	      /* of each key; 0: none */
	int n_keys, first, n; /* those that live are n from `first` on */
	int round;
	uint64_t random;
};

static unsigned
draw(struct world *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random >> 11) % n;
}

static struct str
value_of(int k, int round)
{
	static char text[49];

	snprintf(text, sizeof text, "%d %d ", k, round);
	memset(text + strlen(text), 'a' + k % 26, 48 - strlen(text));
	return (struct str){text, 48};
}

static void
put_key(struct store *s, struct world *w, int k)
{
	w->values[k] = w->round;
	store_put(s, 1, 0, test_key(k), value_of(k, w->round));
}

static off_t
size_of(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	off_t n = 0;

	must(d);
	while ((e = readdir(d)))
		if (!fstatat(dirfd(d), e->d_name, &st, 0) &&
		    S_ISREG(st.st_mode))
			n += st.st_size;
	closedir(d);
	return n;
}

static bool
is_right(struct store *s, const struct world *w)
{
	struct store_scan *c = store_scan_begin(s, 1, 0);
	struct str key, value;
	bool right = true;
	int k = 0;

	while (right && store_scan_next(c, &key, &value)) {
		while (k < w->n_keys && !w->values[k])
			k++;
		right = k < w->n_keys && str_eq(key, test_key(k)) &&
			str_eq(value, value_of(k, w->values[k]));
		k++;
	}
	store_scan_end(c);
	while (k < w->n_keys && !w->values[k])
		k++;
	return right && k == w->n_keys;
}

/* A copy by a savepoint; *size: what is alive. */
static bool
copy_is_right(struct store *s, const struct world *w)
{
	const struct store_options own = {0};
	struct err err = {0};
	char to[256];
	struct store *t;
	bool right;

	snprintf(to, sizeof to, "%s", test_dir("copy"));
	must(!store_savepoint(s, to, &err));
	t = test_open(to, &own);
	right = t && is_right(t, w);
	test_close(t);
	test_remove(to);
	return right;
}

/* n random keys; or the oldest n go, and as many new ones come. */
static void
change(struct store *s, struct world *w, int n, bool moving)
{
	for (int i = 0; i < n; i++) {
		if (!moving) {
			put_key(s, w, (int)draw(w, (unsigned)w->n));
			continue;
		}
		store_delete(s, 1, 0, test_key(w->first));
		w->values[w->first] = 0;
		put_key(s, w, w->first++ + w->n);
	}
}

/*
 * Runs that change n keys each; the second commit of a run is its last one, as
 * in a run of the program.
 */
static void
short_runs(const char *what, int keys, int n, int runs, bool moving)
{
	struct world w = {.n_keys = keys + (moving ? n * runs : 0),
	    .n = keys,
	    .random = 88172645463325252u};
	struct store_options o = {.create = true};
	off_t live, now, most = 0;
	bool right = true;
	struct store *s;
	char dir[256];

	w.values = mem_zalloc((size_t)w.n_keys * sizeof *w.values);
	snprintf(dir, sizeof dir, "%s", test_dir(what));
	s = test_open(dir, &o);
	w.round = 1;
	for (int k = 0; k < keys; k++)
		put_key(s, &w, k);
	test_commit(s, "all");
	test_close(s);
	live = size_of(dir);
	while (w.round < runs) {
		s = test_open(dir, &o);
		test_commit(s, "begun");
		w.round++;
		change(s, &w, n, moving);
		test_commit(s, "done");
		if (w.round % 8 == 0)
			right =
			    right && is_right(s, &w) && copy_is_right(s, &w);
		test_close(s);
		now = size_of(dir);
		most = now > most ? now : most;
	}
	ok(most <= TIMES * live + LITTLE,
	    "%s: %d runs take %.2f MB at most, of %.2f", what, runs,
	    (double)most / 1e6, (double)live / 1e6);
	ok(right, "and nothing is lost");
	mem_free(w.values);
}

int
main(void)
{
	short_runs("little", 500, 300, 200, false);
	short_runs("some", 60000, 15000, 60, false);
	short_runs("few", 60000, 1500, 130, false);
	short_runs("all", 60000, 60000, 20, false);
	short_runs("others", 60000, 9000, 60, true);
	short_runs("many", 250000, 20000, 45, false);
	test_remove(test_dir(""));
	return tap_done();
}
