/* SPDX-License-Identifier: MIT */
/*
 * Pieces of runs kept in memory, up to so many bytes. Which one goes is found
 * by a clock: a hand goes round over all pieces and takes the first one that
 * nobody has asked for since it came by last (Corbato, 1968). Pages of filters
 * and indexes, which stand for many blocks each, let it pass a few times more.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "state/run_read.h"

#define PIECE_SHARE 8	/* no piece takes more than this part of the cache */
#define PIECE_EXTRA 64u /* bytes of memory beside a piece's own */
#define DEAR_PASSES 8
#define NONE UINT32_MAX
#define BUCKETS_MIN 64u

struct kept {
	char *bytes; /* NULL: free */
	uint64_t at;
	uint32_t file, n;
	uint32_t next;	/* in its chain, or of the free ones */
	uint8_t passes; /* times that the hand goes by yet */
	uint8_t most;	/* of them, since it was asked for */
};

struct block_cache {
	size_t max, used;
	struct kept *kept;
	size_t cap;
	uint32_t n;	   /* of kept, free ones included */
	uint32_t free;	   /* the first free one */
	uint32_t hand;	   /* of the clock */
	uint32_t n_bytes;  /* those that are not free */
	uint32_t *chains;  /* first of each */
	uint32_t n_chains; /* a power of two */
	uint32_t files;
};

static uint32_t *
new_chains(uint32_t n)
{
	uint32_t *chains = mem_array(n, sizeof *chains);

	for (uint32_t i = 0; i < n; i++)
		chains[i] = NONE;
	return chains;
}

struct block_cache *
block_cache_new(size_t bytes)
{
	struct block_cache *c = mem_zalloc(sizeof *c);

	c->max = bytes;
	c->free = NONE;
	c->n_chains = BUCKETS_MIN;
	c->chains = new_chains(c->n_chains);
	return c;
}

void
block_cache_free(struct block_cache *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->n; i++)
		mem_free(c->kept[i].bytes);
	mem_free(c->kept);
	mem_free(c->chains);
	mem_free(c);
}

uint32_t
block_cache_enter(struct block_cache *c)
{
	must(c->files < UINT32_MAX);
	return c->files++;
}

static uint32_t *
chain_of(const struct block_cache *c, uint32_t file, uint64_t at)
{
	uint64_t h =
	    hash_mum(at ^ (uint64_t)file << 40, UINT64_C(0x9e3779b97f4a7c15));

	return &c->chains[h & (c->n_chains - 1)];
}

/* The link to the piece, or the one at the end of its chain. */
static uint32_t *
find(const struct block_cache *c, uint32_t file, uint64_t at)
{
	uint32_t *link = chain_of(c, file, at);

	while (*link != NONE &&
	       (c->kept[*link].at != at || c->kept[*link].file != file))
		link = &c->kept[*link].next;
	return link;
}

char *
block_cache_get(struct block_cache *c, uint32_t file, uint64_t at)
{
	uint32_t i = *find(c, file, at);

	if (i == NONE)
		return NULL;
	c->kept[i].passes = c->kept[i].most;
	return c->kept[i].bytes;
}

char *
block_cache_again(
    struct block_cache *c, uint32_t file, uint64_t at, uint32_t *hint)
{
	struct kept *k = *hint < c->n ? &c->kept[*hint] : NULL;

	if (!k || !k->bytes || k->at != at || k->file != file) {
		uint32_t i = *find(c, file, at);

		if (i == NONE)
			return NULL;
		*hint = i;
		k = &c->kept[i];
	}
	k->passes = k->most;
	return k->bytes;
}

bool
block_cache_has(const struct block_cache *c, uint32_t file, uint64_t at)
{
	return *find(c, file, at) != NONE;
}

static void
remove_at(struct block_cache *c, uint32_t *link)
{
	uint32_t i = *link;
	struct kept *k = &c->kept[i];

	*link = k->next;
	c->used -= k->n + PIECE_EXTRA;
	mem_free(k->bytes);
	k->bytes = NULL;
	k->next = c->free;
	k->passes = 0;
	c->free = i;
	c->n_bytes--;
}

void
block_cache_drop(struct block_cache *c, uint32_t file, uint64_t at)
{
	uint32_t *link = find(c, file, at);

	if (*link != NONE)
		remove_at(c, link);
}

void
block_cache_leave(struct block_cache *c, uint32_t file)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->kept[i].bytes && c->kept[i].file == file)
			block_cache_drop(c, file, c->kept[i].at);
}

/* Makes room for so many bytes. */
static void
evict(struct block_cache *c, size_t bytes)
{
	while (c->n_bytes && c->used + bytes > c->max) {
		struct kept *k = &c->kept[c->hand];

		if (k->passes)
			k->passes--;
		else if (k->bytes)
			remove_at(c, find(c, k->file, k->at));
		c->hand = c->hand + 1 < c->n ? c->hand + 1 : 0;
	}
}

static void
more_chains(struct block_cache *c)
{
	mem_free(c->chains);
	c->n_chains *= 2;
	c->chains = new_chains(c->n_chains);
	for (uint32_t i = 0; i < c->n; i++) {
		struct kept *k = &c->kept[i];
		uint32_t *chain;

		if (!k->bytes)
			continue;
		chain = chain_of(c, k->file, k->at);
		k->next = *chain;
		*chain = i;
	}
}

char *
block_cache_put(
    struct block_cache *c, uint32_t file, uint64_t at, uint32_t n, bool dear)
{
	uint32_t i, *chain;

	if (n > c->max / PIECE_SHARE)
		return NULL;
	evict(c, n + PIECE_EXTRA);
	if (c->n_bytes >= c->n_chains)
		more_chains(c);
	i = c->free;
	if (i == NONE) {
		mem_grow(&c->kept, &c->cap, c->n + 1u, sizeof *c->kept);
		i = c->n++;
	} else {
		c->free = c->kept[i].next;
	}
	chain = chain_of(c, file, at);
	c->kept[i] = (struct kept){.bytes = mem_alloc(n),
	    .at = at,
	    .file = file,
	    .n = n,
	    .next = *chain,
	    .passes = dear ? DEAR_PASSES : 0,
	    .most = dear ? DEAR_PASSES : 1};
	*chain = i;
	c->used += n + PIECE_EXTRA;
	c->n_bytes++;
	return c->kept[i].bytes;
}
