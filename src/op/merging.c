/* SPDX-License-Identifier: MIT */
/*
 * Sorted runs in a state; see merging.h. A run is a bucket, a page an entry
 * with its number, things lie in it one behind the other, each behind its
 * length. When there are many runs they become one.
 */
#include "op/merging.h"

#include "base/mem.h"
#include "state/code.h"

#define PAGE_BYTES ((size_t)16 << 10)
/* Runs that are merged at one go. */
#define RUNS_MOST 128

struct merging_run {
	int64_t bucket;
	uint64_t n_pages, page; /* the one that is read next */
	struct buf bytes;	/* of the one at hand */
	struct str left;	/* of it */
	struct str raw;		/* of the thing */
	void *thing;
};

void
merging_init(struct merging *m, const struct merging_kind *kind, void *arg,
    struct state_map *map)
{
	*m = (struct merging){.kind = kind, .arg = arg, .map = map};
}

static void
run_free(struct merging *m, struct merging_run *run)
{
	state_drop(m->map, run->bucket);
	if (run->thing)
		m->kind->drop(m->arg, run->thing);
	buf_release(&run->bytes);
	mem_free(run);
}

static void
drop_given(struct merging *m)
{
	if (m->given)
		m->kind->drop(m->arg, m->given);
	m->given = NULL;
}

void
merging_release(struct merging *m)
{
	drop_given(m);
	while (m->n)
		run_free(m, m->runs[--m->n]);
	mem_free(m->runs);
	buf_release(&m->page);
	*m = (struct merging){0};
}

/* ---- reading a run ---- */

static void
damaged(struct merging *m, const struct merging_run *run)
{
	struct buf key = {0};

	state_damaged(m->map, run->bucket,
	    state_key_number(&key, run->page ? run->page - 1 : 0));
	buf_release(&key);
}

static bool
next_page(struct merging *m, struct merging_run *run)
{
	struct buf key = {0};
	enum store_found found;

	if (run->page == run->n_pages)
		return false;
	run->bytes.n = 0;
	found = state_get(m->map, run->bucket,
	    state_key_number(&key, run->page++), &run->bytes);
	run->left = buf_str(&run->bytes);
	buf_release(&key);
	if (found == STORE_ABSENT)
		damaged(m, run);
	return found == STORE_FOUND;
}

/* Reads the run's next thing; false at its end. */
static bool
run_next(struct merging *m, struct merging_run *run)
{
	run->thing = NULL;
	if (!run->left.n && !next_page(m, run))
		return false;
	if (code_get_str(&run->left, &run->raw))
		run->thing = m->kind->read(m->arg, run->raw);
	if (!run->thing)
		damaged(m, run);
	return run->thing != NULL;
}

/* ---- the heap ---- */

static bool
before(const struct merging *m, const struct merging_run *a,
    const struct merging_run *b)
{
	return m->kind->order(m->arg, a->thing, b->thing) < 0;
}

static void
sink(struct merging *m, size_t i)
{
	struct merging_run *run = m->runs[i];
	size_t k;

	while ((k = 2 * i + 1) < m->n) {
		if (k + 1 < m->n && before(m, m->runs[k + 1], m->runs[k]))
			k++;
		if (!before(m, m->runs[k], run))
			break;
		m->runs[i] = m->runs[k];
		i = k;
	}
	m->runs[i] = run;
}

static void
begin(struct merging *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (run_next(m, m->runs[i]))
			m->runs[n++] = m->runs[i];
		else
			run_free(m, m->runs[i]);
	m->n = n;
	for (size_t i = n / 2; i-- > 0;)
		sink(m, i);
	m->reading = true;
}

/* The first thing has been taken. */
static void
go_on(struct merging *m)
{
	if (!run_next(m, m->runs[0])) {
		run_free(m, m->runs[0]);
		m->runs[0] = m->runs[--m->n];
	}
	if (m->n)
		sink(m, 0);
}

void *
merging_next(struct merging *m)
{
	drop_given(m);
	if (!m->reading)
		begin(m);
	if (!m->n)
		return NULL;
	m->given = m->runs[0]->thing;
	m->runs[0]->thing = NULL;
	go_on(m);
	return m->given;
}

/* ---- writing a run ---- */

static void
put_page(struct merging *m)
{
	struct buf key = {0};

	state_put(m->map, m->next_bucket, state_key_number(&key, m->n_pages++),
	    buf_str(&m->page));
	m->page.n = 0;
	buf_release(&key);
}

void
merging_put(struct merging *m, struct str bytes)
{
	code_put_str(&m->page, bytes);
	if (m->page.n >= PAGE_BYTES)
		put_page(m);
}

static void
add_run(struct merging *m)
{
	struct merging_run *run = mem_zalloc(sizeof *run);

	if (m->page.n)
		put_page(m);
	run->bucket = m->next_bucket++;
	run->n_pages = m->n_pages;
	m->n_pages = 0;
	mem_grow(&m->runs, &m->cap, m->n + 1, sizeof *m->runs);
	m->runs[m->n++] = run;
}

/* All runs become one. */
static void
make_one(struct merging *m)
{
	begin(m);
	while (m->n) {
		struct merging_run *first = m->runs[0];

		merging_put(m, first->raw);
		m->kind->drop(m->arg, first->thing);
		first->thing = NULL;
		go_on(m);
	}
	m->reading = false;
	add_run(m);
}

void
merging_end(struct merging *m)
{
	add_run(m);
	if (m->n == RUNS_MOST)
		make_one(m);
}
