/* SPDX-License-Identifier: MIT */
/*
 * The choice of runs to merge; see merge_plan.h. It looks at sizes alone and
 * keeps nothing: the same runs give the same choice, after a restart, too.
 */
#include "state/merge_plan.h"

#include "base/mem.h"

#define TIER_BYTES ((uint64_t)1 << 20) /* up to here is tier 0 */
#define BOTTOM_MIN ((uint64_t)256 << 10)

/* Runs that count as one: [from, from + n). */
struct pile {
	size_t from, n;
	uint64_t bytes, dead, covers, n_entries, n_deleted;
	unsigned tier;
};

static unsigned
tier_of(uint64_t bytes)
{
	unsigned tier = 0;

	for (; bytes >= TIER_BYTES; bytes /= MERGE_FAN)
		tier++;
	return tier;
}

/* The piles, the newest first. */
static size_t
make_piles(const struct merge_run *runs, size_t n_runs, struct pile *piles)
{
	size_t n = 0;

	for (size_t i = n_runs; i-- > 0;) {
		struct pile *p = &piles[n];

		if (i + 1 < n_runs && runs[i + 1].follows)
			p--;
		else
			piles[n++] = (struct pile){0};
		p->from = i;
		p->n++;
		p->bytes += runs[i].bytes;
		p->dead += runs[i].dead;
		p->covers += runs[i].covers;
		p->n_entries += runs[i].n_entries;
		p->n_deleted += runs[i].n_deleted;
	}
	for (size_t i = 0; i < n; i++)
		piles[i].tier = tier_of(piles[i].bytes);
	return n;
}

/*
 * Piles of a tier that lie on each other, smaller ones among them: [*top,
 * *top + *n). The tier ends at the first one of a greater tier.
 */
static void
find_tier(const struct pile *piles, size_t n_piles, unsigned tier, size_t *top,
    size_t *n)
{
	size_t i = 0;

	while (i < n_piles && piles[i].tier < tier)
		i++;
	*top = i;
	while (i < n_piles && piles[i].tier <= tier)
		i++;
	*n = i - *top;
}

static bool
full_tier(const struct pile *piles, size_t n_piles, size_t *top, size_t *n)
{
	unsigned last = 0;

	for (size_t i = 0; i < n_piles; i++)
		last = piles[i].tier > last ? piles[i].tier : last;
	for (unsigned tier = 0; tier <= last; tier++) {
		find_tier(piles, n_piles, tier, top, n);
		if (*n >= MERGE_FAN)
			return true;
	}
	return false;
}

/* Are so many parts of the bottom hidden that all is to become one? */
static bool
heavy_top(const struct pile *piles, size_t n_piles, unsigned parts)
{
	const struct pile *bottom = &piles[n_piles - 1];
	uint64_t hidden = 0;

	for (size_t i = 0; i + 1 < n_piles; i++)
		hidden += piles[i].covers;
	hidden += hidden ? bottom->dead : 0;
	return bottom->bytes >= BOTTOM_MIN &&
	       hidden / parts >= bottom->bytes / 100;
}

/* Is a tier half of what lies on the bottom? */
static bool
is_most(const struct pile *piles, size_t n_piles, size_t top, size_t n)
{
	uint64_t tier = 0, all = 0;

	for (size_t i = 0; i + 1 < n_piles; i++) {
		all += piles[i].bytes;
		if (i >= top && i < top + n)
			tier += piles[i].bytes;
	}
	return tier >= all / 2;
}

/* Is half of a pile dead, or of the last one only tombstones? */
static bool
mostly_dead(const struct pile *p, bool last)
{
	if (p->bytes < TIER_BYTES)
		return false;
	return p->dead > p->bytes / 2 ||
	       (last && p->n_deleted > p->n_entries / 2);
}

/* The neighbours that take the fewest bytes to become one. */
static void
cheapest(const struct pile *piles, size_t n_piles, size_t *top, size_t *n)
{
	uint64_t least = UINT64_MAX;
	size_t width = MERGE_FAN < n_piles ? MERGE_FAN : n_piles;

	*n = width;
	*top = 0;
	for (size_t i = 0; i + width <= n_piles; i++) {
		uint64_t sum = 0;

		for (size_t k = i; k < i + width; k++)
			sum += piles[k].bytes;
		if (sum < least) {
			least = sum;
			*top = i;
		}
	}
}

static bool
choose(const struct pile *piles, size_t n_piles, size_t *top, size_t *n)
{
	bool full = full_tier(piles, n_piles, top, n);

	/* A tier that would have to be merged soon again is left out. */
	if (full && !(heavy_top(piles, n_piles, MERGE_EARLY) &&
			is_most(piles, n_piles, *top, *n)))
		return true;
	if (full || heavy_top(piles, n_piles, MERGE_HIDDEN)) {
		*top = 0;
		*n = n_piles;
		return true;
	}
	for (size_t i = n_piles; i-- > 0;)
		if (mostly_dead(&piles[i], i + 1 == n_piles)) {
			*top = i;
			*n = 1;
			return true;
		}
	if (n_piles > MERGE_DEPTH_MAX) {
		cheapest(piles, n_piles, top, n);
		return true;
	}
	return false;
}

static bool
plan(const struct merge_run *runs, size_t n_runs, bool all, size_t *from,
    size_t *n)
{
	struct pile *piles;
	size_t n_piles, top, width;
	bool found;

	if (!n_runs)
		return false;
	piles = mem_array(n_runs, sizeof *piles);
	n_piles = make_piles(runs, n_runs, piles);
	found = all ? choose(piles, n_piles, &top, &width)
		    : full_tier(piles, n_piles, &top, &width);
	if (found) {
		const struct pile *newest = &piles[top];
		const struct pile *oldest = &piles[top + width - 1];

		*from = oldest->from;
		*n = newest->from + newest->n - oldest->from;
	}
	mem_free(piles);
	return found;
}

bool
merge_plan(const struct merge_run *runs, size_t n_runs, size_t *from, size_t *n)
{
	return plan(runs, n_runs, true, from, n);
}

bool
merge_plan_top(
    const struct merge_run *runs, size_t n_runs, size_t *from, size_t *n)
{
	return plan(runs, n_runs, false, from, n);
}

size_t
merge_depth(const struct merge_run *runs, size_t n_runs)
{
	size_t n = 0;

	for (size_t i = 0; i < n_runs; i++)
		n += !i || !runs[i].follows;
	return n;
}
