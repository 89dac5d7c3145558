/* SPDX-License-Identifier: MIT */
/*
 * The agenda beside a plain list: entries are put, taken up to a time, put
 * behind what was taken, and found again after a restart, in random order. What
 * was taken out of a bucket that is read anew may come again; nothing else may.
 */
#include "op/agenda.h"

#include "base/mem.h"
#include "base/when.h"
#include "step_state.h"

#define ENTRIES_MAX 4000

struct entry {
	int64_t at, key;
	bool there;
};

struct world {
	struct test_state state;
	struct agenda agenda;
	struct entry model[ENTRIES_MAX];
	size_t n, n_again;
	uint64_t seed;
	int wrong;
};

static void
world_open(struct world *w, const char *dir, int64_t reach)
{
	if (!test_state_open(&w->state, dir, 0))
		return;
	agenda_keep(&w->agenda, state_map(w->state.step, "due"), reach);
}

static void
world_close(struct world *w)
{
	agenda_release(&w->agenda);
	test_state_close(&w->state);
}

static void
put(struct world *w, int64_t at)
{
	int64_t key = (int64_t)(test_random(&w->seed) % 50);
	struct buf value = {0};

	for (size_t i = 0; i < w->n; i++)
		if (w->model[i].at == at && w->model[i].key == key)
			return;
	if (w->n == ENTRIES_MAX)
		return;
	buf_printf(&value, "%lld of %lld", (long long)key, (long long)at);
	agenda_put(&w->agenda, at, test_key(key), buf_str(&value));
	w->model[w->n++] = (struct entry){at, key, true};
	buf_release(&value);
}

/* The first of the model, if its time has come. */
static struct entry *
first(struct world *w, int64_t until)
{
	struct entry *best = NULL;

	for (size_t i = 0; i < w->n; i++) {
		struct entry *e = &w->model[i];

		if (e->there && e->at <= until &&
		    (!best || e->at < best->at ||
			(e->at == best->at && e->key < best->key)))
			best = e;
	}
	return best;
}

/* The next one that was not taken before; false: there is none. */
static bool
take_new(struct world *w, int64_t until, struct agenda_item *item)
{
	while (agenda_take(&w->agenda, until, item)) {
		bool taken = false;

		for (size_t i = 0; i < w->n && !taken; i++)
			taken = !w->model[i].there &&
				w->model[i].at == item->at &&
				str_eq(item->key, test_key(w->model[i].key));
		if (!taken)
			return true;
		w->n_again++;
	}
	return false;
}

/* Takes one; false: there is none, in both. */
static bool
take(struct world *w, int64_t until)
{
	struct entry *want = first(w, until);
	struct agenda_item item;
	struct buf value = {0};

	if (!take_new(w, until, &item)) {
		w->wrong += want != NULL;
		return false;
	}
	if (!want) {
		w->wrong++;
		return false;
	}
	buf_printf(
	    &value, "%lld of %lld", (long long)want->key, (long long)want->at);
	if (item.at != want->at || !str_eq(item.key, test_key(want->key)) ||
	    !str_eq(item.value, buf_str(&value)))
		w->wrong++;
	want->there = false;
	buf_release(&value);
	return true;
}

/* Is `next` never behind what is there? */
static void
check_next(struct world *w)
{
	const struct entry *e = first(w, WHEN_MAX);

	if (e && w->agenda.next > e->at)
		w->wrong++;
}

/*
 * Some are put ahead of the watermark, some before what was taken last (in the
 * midst of taking), and all that are due are taken.
 */
static void
step(struct world *w, int64_t now, int64_t reach)
{
	unsigned n = (unsigned)(test_random(&w->seed) % 12);
	uint64_t span = (uint64_t)reach;

	while (n--)
		put(w, now + (int64_t)(test_random(&w->seed) % span));
	check_next(w);
	for (unsigned taken = 0; take(w, now); taken++)
		if (taken < 20 && test_random(&w->seed) % 4 == 0)
			put(w, now - (int64_t)(test_random(&w->seed) % 30));
	check_next(w);
}

static void
check_random(int64_t reach, bool known)
{
	const char *dir = test_dir("random");
	struct world w = {.seed = 88172645463325252u};
	int64_t now = -300;

	world_open(&w, dir, known ? reach : WHEN_MAX);
	for (unsigned i = 0; i < 400; i++) {
		step(&w, now, reach);
		now += (int64_t)(test_random(&w.seed) % 40);
		if (i % 37)
			continue;
		test_state_commit(&w.state);
		world_close(&w);
		world_open(&w, dir, known ? reach : WHEN_MAX);
	}
	while (take(&w, WHEN_MAX))
		;
	ok(!w.wrong && w.n > 1000,
	    "%zu entries, %zu again, reach %lld%s: %d "
	    "wrong",
	    w.n, w.n_again, (long long)reach, known ? "" : " (not known)",
	    w.wrong);
	world_close(&w);
	test_remove(dir);
}

static void
check_empty(void)
{
	const char *dir = test_dir("empty");
	struct agenda_item item;
	struct world w = {0};

	world_open(&w, dir, 100);
	ok(w.agenda.next == WHEN_MAX &&
		!agenda_take(&w.agenda, WHEN_MAX, &item),
	    "nothing is due where nothing was put");
	agenda_put(&w.agenda, 500, test_key(1), STR("x"));
	ok(w.agenda.next <= 500, "there may be something from then on");
	ok(!agenda_take(&w.agenda, 499, &item), "but it is not due yet");
	ok(agenda_take(&w.agenda, 500, &item) && item.at == 500,
	    "at its time it is");
	ok(!agenda_take(&w.agenda, WHEN_MAX, &item) &&
		w.agenda.next == WHEN_MAX,
	    "then there is nothing again");
	world_close(&w);
	test_remove(dir);
}

/* So much is put behind an open scan that it begins anew. */
static void
check_much(void)
{
	const char *dir = test_dir("much");
	struct agenda_item item;
	struct world w = {0};
	struct buf big = {0};
	int64_t last = -1;
	unsigned n = 0, wrong = 0;

	buf_reserve(&big, 1 << 16);
	memset(big.p, 'x', 1 << 16);
	big.n = 1 << 16;
	world_open(&w, dir, 64000);
	agenda_put(&w.agenda, 0, test_key(0), STR("first"));
	ok(agenda_take(&w.agenda, 0, &item), "the bucket is being read");
	for (int64_t i = 1; i <= 60; i++)
		agenda_put(&w.agenda, i * 7 % 61, test_key(i), buf_str(&big));
	while (agenda_take(&w.agenda, 100, &item)) {
		wrong += item.at <= last || item.value.n != big.n;
		last = item.at;
		n++;
	}
	ok(n == 60 && !wrong, "%u of 60 come in order, %u wrong", n, wrong);
	buf_release(&big);
	world_close(&w);
	test_remove(dir);
}

int
main(void)
{
	check_empty();
	check_much();
	check_random(300, true);
	check_random(5000, true);
	check_random(300, false);
	test_remove(test_dir(""));
	return tap_done();
}
