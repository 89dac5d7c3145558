/* SPDX-License-Identifier: MIT */
/*
 * What of a state is in memory: when changed cells are put into the store, and
 * when cells are evicted.
 *
 * The hand goes round over all tables, as that of a clock, and takes one
 * generation of each (table_kept.c). A cell has as many chances as it has been
 * changed and put again since, three at most; so after four rounds over all
 * generations everything has been evicted that can be.
 */
#include "base/mem.h"
#include "state/kept.h"

/* Cells put at one go while a cut is due, and left for the cut itself. */
#define PREPARE_PUTS ((size_t)16 << 10)
#define PREPARE_LEFT ((size_t)32 << 10)
/* Keys asked for since the last time that are worth asking together. */
#define ASKED_MANY 32
/* Rounds after which nothing is left to be evicted. */
#define ROUNDS 64

static const struct where nowhere;

/*
 * Least and most bytes of what a store has not written, and of its cache: that
 * has to have filters and indexes of all runs, or each miss reads them anew.
 */
#define SPILL_LEAST ((size_t)1 << 20)
#define SPILL_MOST ((size_t)32 << 20)
#define CACHE_LEAST ((size_t)4 << 20)
#define CACHE_MOST ((size_t)256 << 20)
/* Three quarters of a limit are the tables' up to here, whatever else. */
#define TABLES_LEAST ((size_t)96 << 20)

static size_t
within(size_t n, size_t least, size_t most)
{
	if (n < least)
		return least;
	return n < most ? n : most;
}

void
state_share(
    size_t most, struct store_options *store, struct state_options *state)
{
	size_t spill = within(most / 24, SPILL_LEAST, SPILL_MOST);
	size_t cache = within(most / 6, CACHE_LEAST, CACHE_MOST);
	size_t least;

	state->memory = SIZE_MAX;
	if (!most)
		return;
	store->spill_bytes = spill;
	store->cache_bytes = cache;
	/*
	 * While what was spilled is being written there is twice as much of
	 * it, and what it is written with. Where the limit is low that would
	 * leave nothing: it comes on top, as what a run has without state does.
	 */
	least = within(most - most / 4, 0, TABLES_LEAST);
	state->memory = most / 2;
	if (state->memory < least)
		state->memory = least;
	if (most - state->memory > 4 * spill + cache)
		state->memory = most - 4 * spill - cache;
}

void
state_hold(struct state_step *step, size_t bytes)
{
	step->state->bytes += bytes - step->held;
	step->held = bytes;
}

static bool evict_always;

void
state_torture(bool evict)
{
	evict_always = evict;
}

bool
state_evicts(const struct state *s)
{
	return evict_always || s->options.memory != SIZE_MAX;
}

bool
state_is_tight(const struct state_step *step, size_t more)
{
	const struct state *s = step->state;

	return evict_always || (s->options.memory != SIZE_MAX &&
				   s->bytes + more > s->options.memory / 4);
}

bool
state_is_asked(struct state *s)
{
	bool asked = evict_always || s->n_asked >= ASKED_MANY ||
		     (!s->was_asked && store_has_runs(s->store));

	s->n_asked = 0;
	s->was_asked = true;
	return asked;
}

size_t
state_room(const struct state_step *step)
{
	size_t limit = step->state->options.memory;

	if (evict_always)
		return 4096;
	return limit == SIZE_MAX ? limit : limit / 4;
}

size_t
state_memory(const struct state *s)
{
	return s->bytes;
}

/* Puts up to so many changed cells. */
static void
put_some(struct state *s, size_t max)
{
	for (size_t i = s->n_busy; i-- && max;) {
		struct kept *k = s->busy[i];
		size_t n = k->n_changed < max ? k->n_changed : max;

		kept_put_some(k, n);
		max -= n;
	}
}

/* Counts what the busy tables have; those without changes are idle then. */
static void
count_busy(struct state *s)
{
	for (size_t i = s->n_busy; i--;) {
		struct kept *k = s->busy[i];

		kept_count(k);
		if (!k->n_changed)
			kept_idle(k);
	}
}

void
state_cut(struct state *s)
{
	struct buf text = {0};

	put_some(s, SIZE_MAX);
	for (size_t i = 0; i < s->n_busy; i++) {
		kept_count(s->busy[i]);
		kept_let_grown_go(s->busy[i]);
	}
	count_busy(s);
	if (!s->schema_changed)
		return;
	schema_write(s, &text);
	store_set_schema(s->store, buf_str(&text));
	buf_release(&text);
	s->schema_changed = false;
}

bool
state_prepare(struct state *s)
{
	if (s->n_changed > PREPARE_LEFT)
		put_some(s, PREPARE_PUTS);
	return s->n_changed <= PREPARE_LEFT && !store_is_busy(s->store);
}

/* ---- eviction ---- */

/* Bytes of the step that cannot be evicted. */
static size_t
unmovable(const struct state *s, const struct state_step *step)
{
	size_t n = step->held;

	for (size_t i = 0; i < s->n_kept; i++)
		if (s->kept[i]->map->step == step &&
		    !s->kept[i]->codec->movable)
			n += s->kept[i]->bytes;
	return n;
}

/* The step cannot do with the memory there is: it has to have so many bytes. */
static void
lack(struct state *s, const struct state_step *step, size_t n)
{
	if (s->failed.message)
		return;
	err_set(&s->failed, ERR_MEMORY, nowhere,
	    "step \"%.*s\" needs more memory than --mem allows: what it holds "
	    "(%zu MiB) has to stay in memory",
	    step ? (int)step->name.n : 0, step ? step->name.p : "", n >> 20);
	err_hint(&s->failed, "a larger --mem, or fewer keys or rows to hold");
}

static void
fail(struct state *s)
{
	const struct state_step *most = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_steps; i++)
		if (unmovable(s, s->steps[i]) >= n) {
			most = s->steps[i];
			n = unmovable(s, most);
		}
	lack(s, most, n);
}

bool
state_can_hold(struct state_step *step)
{
	struct state *s = step->state;

	if (step->held > s->options.memory)
		lack(s, step, step->held);
	return !s->failed.message;
}

bool
table_can_hold(struct table *t)
{
	struct kept *k = t->kept;

	if (!k)
		return true;
	kept_count(k);
	if (k->bytes > k->state->options.memory)
		lack(k->state, k->map->step, k->bytes);
	return !k->state->failed.message;
}

static void
evict(struct state *s)
{
	size_t goal = s->options.memory - s->options.memory / 8;

	for (unsigned round = 0; round < ROUNDS; round++) {
		bool any = false;

		for (size_t i = 0; i < s->n_kept && s->bytes > goal; i++) {
			struct kept *k = s->kept[s->hand++ % s->n_kept];

			if (!kept_evict(k))
				continue;
			kept_count(k);
			any = true;
		}
		if (s->bytes <= goal || !any)
			break;
	}
	if (s->bytes > s->options.memory)
		fail(s);
}

static void
evict_all(struct state *s)
{
	for (size_t i = 0; i < s->n_kept; i++) {
		while (kept_evict(s->kept[i]))
			;
		kept_count(s->kept[i]);
	}
}

void
table_settle(struct table *t)
{
	struct kept *k = t->kept;

	if (!k)
		return;
	while (evict_always && kept_evict(k))
		;
	kept_count(k);
	kept_make_room(k, 0);
}

void
state_settle(struct state *s)
{
	if (evict_always)
		evict_all(s);
	if (!s->n_busy && s->bytes <= s->options.memory)
		return;
	count_busy(s);
	if (s->bytes > s->options.memory)
		evict(s);
}
