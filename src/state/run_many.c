/* SPDX-License-Identifier: MIT */
/*
 * Looking up many keys in a run, in order of their keys: each page of the
 * index is gone through once, from one key to the next, and so is each block.
 * A read of bytes that the kernel has at hand costs about as much as copying a
 * few thousand bytes, so blocks that lie closer together than that are read
 * together with what is between them. Those are not put into the cache: where
 * so many keys are asked for at once they are rarely asked for again.
 */
#include "state/run_read.h"

/* Bytes read in vain rather than begin another read; bytes of a read. */
#define GAP_MAX 4096u
#define READ_MAX 65536u
/* Reads, and bytes of them, that the kernel is asked for ahead. */
#define PENDING_MAX 512u
#define PENDING_BYTES ((uint64_t)4 << 20)
#define PAGE 4096u
/* Keys whose part of the filter is fetched ahead. */
#define AHEAD 8
/* One key of so many is always asked for, and one of them may be absent. */
#define SAMPLE 32

/* ---- which may be there ---- */

/* The first ask that is not before the key (or, `behind`, is behind it). */
static size_t
bound(struct run_ask *const *asks, size_t n, struct str key, bool behind)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;
		int c = key_cmp(asks[mid]->key.key, key);

		if (c < 0 || (!c && behind))
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

/*
 * Asks the filter. In the oldest runs of a state nearly every key is there, and
 * the filter, a line that is far from any other, costs as much as finding it:
 * where those that are asked for anyway nearly all pass, the others do unasked.
 */
static bool
ask_filter(
    struct run_file *r, struct run_ask *const *asks, size_t n, struct err *err)
{
	size_t asked = 0, passed = 0;

	for (size_t i = 0; i < n; i++) {
		bool all = asked < SAMPLE || passed < asked - asked / SAMPLE;
		int may = 1;

		if (all && i + AHEAD < n)
			run_filter_soon(r, asks[i + AHEAD]->key.hash);
		if (all || i % SAMPLE == 0) {
			may = run_filter_ask(r, asks[i]->key.hash, err);
			asked++;
			passed += may > 0;
		}
		if (may < 0)
			return false;
		asks[i]->found = may ? RUN_LATER : RUN_ABSENT;
	}
	return true;
}

/* ---- where ---- */

/* A page of the index right above the blocks, and how far it goes. */
struct leaf {
	struct block page;
	uint64_t at;
	uint32_t entry;	  /* the one that the last key was found at */
	bool open;	  /* there is a page at hand */
	struct buf until; /* the first key behind it; */
	bool bounded;	  /* or it goes on to the section's end */
};

/* Notes where the page of entry i of a page ends. */
static bool
set_until(struct leaf *l, const struct block *page, uint32_t i)
{
	struct str key;

	if (i + 1 == page->n_restarts)
		return true;
	if (!block_whole(page, i + 1, &key))
		return false;
	l->until.n = 0;
	buf_adds(&l->until, key);
	l->bounded = true;
	return true;
}

/* Goes down to the page that has the key. 1; 0: there is none; -1 and *err. */
static int
leaf_find(struct run_file *r, const struct section_place *s, struct str key,
    struct leaf *l, struct err *err)
{
	struct place place = s->root;

	l->open = l->bounded = false;
	for (unsigned level = s->height; level > 1; level--) {
		struct block page;
		struct str value;
		uint32_t i = 0;
		int got;

		if (!run_page(r, place, &page, err))
			return -1;
		got = block_floor_from(&page, key, &i, &value);
		if (!got)
			return 0;
		if (got < 0 || !set_until(l, &page, i) ||
		    !run_child(r, s, level - 1, value, &place))
			return run_damaged(
			    err, r, "the index", r->footer.data_end + place.at);
	}
	if (!run_page(r, place, &l->page, err))
		return -1;
	l->at = place.at;
	l->entry = 0;
	l->open = true;
	return 1;
}

static bool
is_beyond(const struct leaf *l, struct str key)
{
	return !l->open ||
	       (l->bounded && key_cmp(key, buf_str(&l->until)) >= 0);
}

/* The block that a key is in, if it is in any; keys ascend. */
static int
block_of(struct run_file *r, const struct section_place *s, struct str key,
    struct leaf *l, struct place *out, struct err *err)
{
	struct str value;
	int got = 1;

	if (!s->height) {
		*out = s->root;
		return 1;
	}
	if (is_beyond(l, key))
		got = leaf_find(r, s, key, l, err);
	if (got <= 0)
		return got;
	got = block_floor_from(&l->page, key, &l->entry, &value);
	if (got < 0 || (got && !run_child(r, s, 0, value, out)))
		return run_damaged(
		    err, r, "the index", r->footer.data_end + l->at);
	return got;
}

static bool
find_blocks(struct run_file *r, const struct section_place *s,
    struct run_ask *const *asks, size_t n, struct err *err)
{
	struct leaf l = {.open = false};
	struct place place = {0, 0};
	int got = 1;

	for (size_t i = 0; got >= 0 && i < n; i++) {
		struct run_ask *a = asks[i];

		if (a->found != RUN_LATER)
			continue;
		got = block_of(r, s, a->key.key, &l, &place, err);
		if (got)
			a->later = (struct run_later){place.at, place.n};
		else
			a->found = RUN_ABSENT;
	}
	buf_release(&l.until);
	return got >= 0;
}

bool
run_file_find_many(
    struct run_file *r, struct run_ask *const *asks, size_t n, struct err *err)
{
	size_t from = 0, to = n;
	int64_t i =
	    n ? run_section_find(r, asks[0]->key.map, asks[0]->key.bucket) : -1;

	for (size_t k = 0; k < n; k++)
		asks[k]->found = RUN_ABSENT;
	if (i < 0)
		return true;
	/* Of a merged state a run has a range of the keys. */
	if (!i)
		from = bound(asks, n, buf_str(&r->first), false);
	if (i + 1 == r->footer.n_sections)
		to = bound(asks, n, buf_str(&r->last), true);
	if (from >= to)
		return true;
	return ask_filter(r, asks + from, to - from, err) &&
	       find_blocks(r, &r->places[i], asks + from, to - from, err);
}

/* ---- reading ---- */

/* Asks, one behind another, of one read. */
struct reach {
	struct run_ask *const *asks;
	size_t n;
	bool several; /* blocks */
};

static struct place
place_of(const struct run_ask *a)
{
	return (struct place){a->later.at, a->later.n};
}

/* How many of the asks are for the same block. */
static size_t
same_block(struct run_ask *const *asks, size_t n)
{
	size_t i = 1;

	while (i < n && asks[i]->later.at == asks[0]->later.at)
		i++;
	return i;
}

/* Looks into the contents of a block, for all asks for it. */
static bool
search(struct run_file *r, struct str bytes, struct run_ask *const *asks,
    size_t n, struct buf *out, struct err *err)
{
	struct block block;

	if (!block_read(&block, bytes)) {
		run_damaged(err, r, "a block", asks[0]->later.at);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		struct run_ask *a = asks[i];

		a->from = out->n;
		a->found = run_find_in(&block, a->key.key, out);
		a->n = out->n - a->from;
		if (a->found != RUN_DAMAGED)
			continue;
		run_damaged(err, r, "a block", a->later.at);
		return false;
	}
	return true;
}

static bool
read_one(struct run_file *r, const struct reach *reach, bool wait,
    struct buf *out, struct err *err)
{
	struct str bytes;
	int got = run_block(r, place_of(reach->asks[0]), wait, &bytes, err);

	if (got <= 0)
		return !got;
	return search(r, bytes, reach->asks, reach->n, out, err);
}

/* The bytes of a block within those that were read from `at` on. */
static bool
check(struct run_file *r, const char *p, uint64_t at, struct place place,
    struct str *bytes, struct err *err)
{
	p += place.at - at;
	if (!piece_check(p, place.n, r->footer.number, PIECE_DATA, place.at)) {
		run_damaged(err, r, "a block", place.at);
		return false;
	}
	*bytes = (struct str){p + PIECE_HEAD, place.n - PIECE_HEAD};
	return true;
}

static bool
read_reach(struct run_file *r, const struct reach *reach, bool wait,
    struct buf *out, struct err *err)
{
	struct run_ask *const *asks = reach->asks;
	struct place first, last;
	const char *p;
	int got;

	if (!reach->several)
		return read_one(r, reach, wait, out, err);
	first = place_of(asks[0]);
	last = place_of(asks[reach->n - 1]);
	got = run_blocks(
	    r, first.at, (size_t)(last.at + last.n - first.at), wait, &p, err);
	if (got <= 0)
		return !got;
	for (size_t i = 0, n; i < reach->n; i += n) {
		struct str bytes;

		n = same_block(asks + i, reach->n - i);
		if (!check(r, p, first.at, place_of(asks[i]), &bytes, err) ||
		    !search(r, bytes, asks + i, n, out, err))
			return false;
	}
	return true;
}

/* Is the next block close enough to be read together with those? */
static bool
is_close(const struct reach *reach, const struct run_ask *next)
{
	struct place first, last;

	if (!reach->n)
		return false;
	first = place_of(reach->asks[0]);
	last = place_of(reach->asks[reach->n - 1]);
	return next->later.at >= last.at + last.n &&
	       next->later.at - (last.at + last.n) <= GAP_MAX &&
	       next->later.at + next->later.n - first.at <= READ_MAX;
}

/* Reads that have been asked for, the oldest first. */
struct pending {
	struct reach list[PENDING_MAX];
	size_t first, n;
	uint64_t bytes;
};

static uint64_t
bytes_of(const struct reach *reach)
{
	struct place first = place_of(reach->asks[0]);
	struct place last = place_of(reach->asks[reach->n - 1]);

	return last.at + last.n - first.at + PAGE;
}

/*
 * One more is asked for. What has been for long is waited for, lest the kernel
 * drops it for the sake of others, unread.
 */
static bool
put_off(struct run_file *r, const struct reach *reach, struct pending *p,
    struct buf *out, struct err *err)
{
	while (p->n && (p->n == PENDING_MAX || p->bytes > PENDING_BYTES)) {
		const struct reach *oldest = &p->list[p->first];

		p->first = (p->first + 1) % PENDING_MAX;
		p->n--;
		p->bytes -= bytes_of(oldest);
		if (!read_reach(r, oldest, true, out, err))
			return false;
	}
	p->list[(p->first + p->n++) % PENDING_MAX] = *reach;
	p->bytes += bytes_of(reach);
	return true;
}

static bool
end_reach(struct run_file *r, const struct reach *reach, bool wait,
    struct pending *p, struct buf *out, struct err *err)
{
	if (!reach->n)
		return true;
	return read_reach(r, reach, wait, out, err) &&
	       (reach->asks[0]->found != RUN_LATER ||
		   put_off(r, reach, p, out, err));
}

bool
run_file_read_many(struct run_file *r, struct run_ask *const *asks, size_t n,
    bool wait, struct buf *out, struct err *err)
{
	struct reach reach = {0};
	struct pending pending;

	pending.first = pending.n = 0;
	pending.bytes = 0;
	for (size_t i = 0, same; i < n; i += same) {
		const char *p = NULL;

		same = same_block(asks + i, n - i);
		if (r->cache)
			p = block_cache_get(
			    r->cache, r->in_cache, asks[i]->later.at);
		/* Before another read, which may take its place. */
		if (p && !search(r,
			     (struct str){
				 p + PIECE_HEAD, asks[i]->later.n - PIECE_HEAD},
			     asks + i, same, out, err))
			return false;
		if (p || !is_close(&reach, asks[i])) {
			if (!end_reach(r, &reach, wait, &pending, out, err))
				return false;
			reach = (struct reach){.asks = asks + i};
		} else {
			reach.several = true;
		}
		reach.n += p ? 0 : same;
	}
	return end_reach(r, &reach, wait, &pending, out, err);
}
