/* SPDX-License-Identifier: MIT */
/*
 * Which runs to merge, and how fast. The choice is that of merge_plan.h. The
 * pace is for runs of the program that are short: what they change adds up,
 * and a merge that none of them ends would never come to its end. So each of
 * them stays (a little) until as much is merged as is due by what has come on
 * top, whoever brought it: that can be told from the runs there are.
 */
#include "base/mem.h"
#include "state/merge_plan.h"
#include "state/store_merge.h"

static uint64_t
deleted(const struct version_run *r)
{
	uint64_t sum = 0;
	unsigned n;
	const struct run_section *s = run_file_sections(r->handle->file, &n);

	for (unsigned i = 0; i < n; i++)
		sum += s[i].n_deleted;
	return sum;
}

/* The oldest run: its pieces, and what they have. */
struct bottom {
	size_t n;
	uint64_t bytes, n_entries;
};

static struct bottom
bottom_of(const struct version *v)
{
	struct bottom b = {0};

	do {
		b.bytes += v->runs[b.n].bytes;
		b.n_entries += v->runs[b.n].n_entries;
		b.n++;
	} while (b.n < v->n && version_follows(v, b.n));
	return b;
}

/*
 * About how many bytes of the oldest run are hidden by one: by its tombstones,
 * and by those of its entries that hide something, all of them if that is not
 * known.
 */
static uint64_t
covers(const struct version_run *r, const struct bottom *b)
{
	uint64_t dead = deleted(r), n = r->n_entries - dead;

	if (r->asked && r->bytes)
		n = (uint64_t)((unsigned __int128)n * r->covers / r->bytes);
	return b->n_entries ? (uint64_t)((unsigned __int128)b->bytes *
					 (n + dead) / b->n_entries)
			    : r->bytes;
}

static struct merge_run *
describe(const struct version *v)
{
	struct merge_run *runs = mem_array(v->n + 1, sizeof *runs);
	struct bottom b = {0};

	if (v->n)
		b = bottom_of(v);
	for (size_t i = 0; i < v->n; i++) {
		const struct version_run *r = &v->runs[i];

		runs[i] = (struct merge_run){.bytes = r->bytes,
		    .dead = version_dead_bytes(r),
		    .covers = covers(r, &b),
		    .n_entries = r->n_entries,
		    .n_deleted = deleted(r),
		    .follows = version_follows(v, i)};
	}
	return runs;
}

/* False: all was known. */
static bool
ask_covers(struct version *v)
{
	struct run_file **older = mem_array(v->n + 1, sizeof *older);
	bool asked = false;

	for (size_t i = 0; i < v->n; i++) {
		struct version_run *r = &v->runs[i];

		older[i] = r->handle->file;
		if (r->asked)
			continue;
		r->covers = run_file_covers(r->handle->file, older, i);
		r->asked = asked = true;
	}
	mem_free(older);
	return asked;
}

/* Runs are asked only when the answer could matter: it takes reading. */
static bool
pick_all(struct version *v, size_t *first, size_t *n)
{
	struct merge_run *runs = describe(v);
	bool found = merge_plan(runs, v->n, first, n);

	if (found && !*first && *n > 1 && ask_covers(v)) {
		mem_free(runs);
		runs = describe(v);
		found = merge_plan(runs, v->n, first, n);
	}
	mem_free(runs);
	return found;
}

/* Of the runs from `base` on. */
bool
pick(struct version *v, size_t base, size_t *first, size_t *n)
{
	struct merge_run *runs;
	bool found;

	if (!base)
		return pick_all(v, first, n);
	runs = describe(v);
	found = merge_plan_top(runs + base, v->n - base, first, n);
	*first += base;
	mem_free(runs);
	return found;
}

size_t
pick_depth(const struct version *v)
{
	struct merge_run *runs = describe(v);
	size_t n = merge_depth(runs, v->n);

	mem_free(runs);
	return n;
}

/* ---- how fast ---- */

/* `part` of `whole`, as much of `all`. */
static uint64_t
share(uint64_t all, uint64_t part, uint64_t whole)
{
	return part < whole ? (uint64_t)((unsigned __int128)all * part / whole)
			    : all;
}

/* Bytes of the oldest run that are hidden, or dead. */
static uint64_t
hidden(const struct version *v)
{
	struct bottom b = bottom_of(v);
	uint64_t bytes = 0;

	for (size_t i = 0; i < b.n; i++)
		if (!v->runs[i].mark.set)
			bytes += version_dead_bytes(&v->runs[i]);
	for (size_t i = b.n; i < v->n; i++)
		bytes += covers(&v->runs[i], &b);
	return bytes;
}

/*
 * A merge of all there is begins when MERGE_HIDDEN of a hundred parts of the
 * oldest run are hidden. When MERGE_BEHIND more are it is to have ended.
 */
static uint64_t
due_of_all(const struct store_merge *m, bool slack)
{
	struct version *v = &m->store->version;
	uint64_t all = m->before + m->rest, due, now = hidden(v);
	uint64_t begun =
	    all / 100 * (slack ? MERGE_HIDDEN + MERGE_SLACK : MERGE_HIDDEN);

	if (now > begun && ask_covers(v))
		now = hidden(v);
	if (now <= begun)
		return 0;
	due = share(all, now - begun, all / 100 * MERGE_BEHIND);
	return due > m->before ? due - m->before : 0;
}

/* Of others the newer runs may have half of what the inputs have. */
static uint64_t
due_of_some(const struct store_merge *m, bool slack)
{
	const struct version *v = &m->store->version;
	uint64_t all = 0, done = 0, above = 0, due;
	size_t i = version_find(v, m->inputs.runs[m->inputs.n - 1].number);

	for (size_t k = 0; k < m->inputs.n; k++) {
		all += m->inputs.runs[k].bytes;
		done += m->inputs.runs[k].at;
	}
	while (++i < v->n)
		above += v->runs[i].bytes;
	if (slack)
		above -= above < all / 4 ? above : all / 4;
	due = share(all, above, all / 2);
	return due > done ? due - done : 0;
}

/* Small ones are not done by halves. */
uint64_t
pick_due(const struct store_merge *m, bool slack)
{
	uint64_t due = m->last ? due_of_all(m, slack) : due_of_some(m, slack);

	return due && m->all < 4 * m->least ? UINT64_MAX : due;
}
