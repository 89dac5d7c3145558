/* SPDX-License-Identifier: MIT */
/*
 * Going through a run from front to back: blocks stand one behind another, so
 * they are read by large chunks, past the cache. What is read is not trusted:
 * keys must be keys, and ascend.
 */
#include <fcntl.h>

#include "base/mem.h"
#include "base/must.h"
#include "state/run_walk.h"

#define CHUNK ((size_t)256 << 10)
#define CHUNKS_AHEAD 8
#define CHUNK_LEAST ((size_t)32 << 10)
#define CHUNKS ((size_t)4 << 20) /* of all cursors */

struct run_cursor {
	struct run_file *r;
	uint32_t section, last; /* this one, and behind the last one */
	bool in_section, in_block;
	uint64_t block_at; /* of this block */
	uint64_t at;	   /* of the next one */
	uint64_t limit;	   /* nothing behind it is wanted */
	uint64_t n_seen, n_deleted;
	struct buf chunk;
	uint64_t chunk_at;
	uint64_t chunk_size;
	uint64_t asked; /* up to here the kernel has been told to read */
	struct block block;
	struct block_walk walk;
	run_dropped dropped;
	void *arg;
	unsigned number;
	struct run_mark from; /* what is before it is passed over */
	uint64_t from_at;     /* the byte to begin at in its section */
	bool part;	      /* of this section */
};

static struct run_cursor *
new_cursor(struct run_file *r, uint32_t from, uint32_t to)
{
	struct run_cursor *c = mem_zalloc(sizeof *c);

	c->r = r;
	c->chunk_size = CHUNK;
	c->section = from;
	c->last = to;
	if (to > from)
		c->limit = r->places[to - 1].at + r->places[to - 1].n;
	return c;
}

struct run_cursor *
run_cursor_new(struct run_file *r)
{
	return new_cursor(r, 0, r->footer.n_sections);
}

struct run_cursor *
run_cursor_of(struct run_file *r, unsigned map, int64_t bucket)
{
	int64_t i = run_section_find(r, map, bucket);

	return i < 0 ? new_cursor(r, 0, 0)
		     : new_cursor(r, (uint32_t)i, (uint32_t)i + 1);
}

void
run_cursor_free(struct run_cursor *c)
{
	if (!c)
		return;
	block_walk_release(&c->walk);
	buf_release(&c->chunk);
	buf_release(&c->from.key);
	mem_free(c);
}

void
run_cursor_leave_out(
    struct run_cursor *c, run_dropped dropped, void *arg, unsigned number)
{
	c->dropped = dropped;
	c->arg = arg;
	c->number = number;
}

void
run_cursor_from(struct run_cursor *c, const struct run_mark *m, uint64_t at)
{
	if (!m->set)
		return;
	run_mark_copy(&c->from, m);
	c->from_at = at;
}

void
run_cursor_chunk(struct run_cursor *c, size_t bytes)
{
	c->chunk_size = bytes;
}

size_t
run_cursor_share(size_t n)
{
	size_t bytes = n ? CHUNKS / n : CHUNK;

	if (bytes > CHUNK)
		return CHUNK;
	return bytes < CHUNK_LEAST ? CHUNK_LEAST : bytes & ~(size_t)4095;
}

uint64_t
run_cursor_at(const struct run_cursor *c)
{
	if (c->in_block)
		return c->block_at;
	return c->in_section ? c->at : c->limit;
}

/*
 * Who goes on to a second chunk will want the next ones, too: the kernel is
 * told, which reads nothing ahead by itself where look-ups jump.
 */
static void
fetch_next(struct run_cursor *c, uint64_t from)
{
	uint64_t to = from + CHUNKS_AHEAD * c->chunk_size;

	if (c->asked < from)
		c->asked = from;
	if (to > c->limit)
		to = c->limit;
	/* Not for each chunk, unless it is the last one. */
	if (!c->r->cache || c->asked >= to ||
	    (to < c->limit && to - c->asked < CHUNKS_AHEAD / 2 * c->chunk_size))
		return;
	(void)posix_fadvise(c->r->fd, (off_t)c->asked, (off_t)(to - c->asked),
	    POSIX_FADV_WILLNEED);
	c->asked = to;
}

/* n bytes at c->at, in the chunk. NULL and *err. */
static const char *
ensure(struct run_cursor *c, uint64_t n, struct err *err)
{
	uint64_t more = c->limit - c->at;

	must(n <= more);
	if (c->at >= c->chunk_at && c->at + n <= c->chunk_at + c->chunk.n)
		return c->chunk.p + (c->at - c->chunk_at);
	if (more > c->chunk_size)
		more = n > c->chunk_size ? n : c->chunk_size;
	if (c->chunk.n)
		fetch_next(c, c->at + more);
	c->chunk.n = 0;
	c->chunk_at = c->at;
	if (run_pread(c->r, buf_reserve(&c->chunk, more), more, c->at, err))
		return NULL;
	c->chunk.n = more;
	return c->chunk.p;
}

static int
bad_block(const struct run_cursor *c, uint64_t at, struct err *err)
{
	return run_damaged(err, c->r, "a block", at);
}

static int
next_block(struct run_cursor *c, struct err *err)
{
	const struct section_place *place = &c->r->places[c->section];
	uint64_t number = c->r->footer.number;
	uint64_t more = place->at + place->n - c->at;
	const char *p;
	uint32_t n;

	if (more < PIECE_HEAD)
		return bad_block(c, c->at, err);
	p = ensure(c, PIECE_HEAD, err);
	if (!p)
		return -1;
	n = piece_size(p, number, PIECE_DATA, c->at);
	if (!n || n > more)
		return bad_block(c, c->at, err);
	p = ensure(c, n, err);
	if (!p)
		return -1;
	if (!piece_check(p, n, number, PIECE_DATA, c->at) ||
	    !block_read(
		&c->block, (struct str){p + PIECE_HEAD, n - PIECE_HEAD}))
		return bad_block(c, c->at, err);
	c->block_at = c->at;
	c->at += n;
	c->in_block = true;
	block_walk_begin(&c->walk, &c->block);
	return 0;
}

/* Where it begins in this section; false if the place is behind that. */
static bool
find_begin(struct run_cursor *c)
{
	const struct run_section *s = &c->r->sections[c->section];
	const struct section_place *place = &c->r->places[c->section];
	int by = c->from.set ? section_cmp(s->map, s->bucket, c->from.map,
				   c->from.bucket)
			     : 1;

	c->part = !by;
	c->at = place->at;
	if (c->part && c->from_at > c->at)
		c->at = c->from_at < place->at + place->n
			    ? c->from_at
			    : place->at + place->n;
	return by >= 0;
}

/* Goes to the next section that is wanted; false if there is none. */
static bool
next_section(struct run_cursor *c)
{
	for (; c->section < c->last; c->section++) {
		const struct run_section *s = &c->r->sections[c->section];

		if ((c->dropped &&
			c->dropped(c->arg, c->number, s->map, s->bucket)) ||
		    !find_begin(c))
			continue;
		c->in_section = true;
		c->n_seen = c->n_deleted = 0;
		return true;
	}
	return false;
}

/* Were all of them there? */
static int
end_section(struct run_cursor *c, struct err *err)
{
	const struct run_section *s = &c->r->sections[c->section];

	if (!c->part &&
	    (c->n_seen != s->n_entries || c->n_deleted != s->n_deleted))
		return run_damaged(
		    err, c->r, "a section", c->r->places[c->section].at);
	c->in_section = false;
	c->section++;
	return 0;
}

/* 0: it is before the place to begin at. */
static int
give(struct run_cursor *c, struct run_entry *e, struct err *err)
{
	const struct run_section *s = &c->r->sections[c->section];
	const struct block_walk *w = &c->walk;

	if (!key_check(w->key) ||
	    (c->n_seen && key_cmp(block_walk_before(w), w->key) >= 0))
		return bad_block(c, c->block_at, err);
	c->n_seen++;
	c->n_deleted += w->deleted;
	if (c->part && run_mark_hides(&c->from, s->map, s->bucket, w->key))
		return 0;
	*e = (struct run_entry){
	    s->map, s->bucket, w->key, w->value, w->deleted, w->pieces};
	return 1;
}

int
run_cursor_next(struct run_cursor *c, struct run_entry *e, struct err *err)
{
	for (;;) {
		if (c->in_block) {
			int got = block_walk_next(&c->walk);

			if (got < 0)
				return bad_block(c, c->block_at, err);
			if (got > 0)
				got = give(c, e, err);
			else
				c->in_block = false;
			if (got)
				return got;
		} else if (c->in_section) {
			const struct section_place *p =
			    &c->r->places[c->section];
			bool end = c->at == p->at + p->n;

			if (end ? end_section(c, err) : next_block(c, err))
				return -1;
		} else if (!next_section(c)) {
			return 0;
		}
	}
}
