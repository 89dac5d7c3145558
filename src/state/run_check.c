/* SPDX-License-Identifier: MIT */
/*
 * Looking at every byte of a run: down the index of every section to every
 * block, whose place, first key, order, number and bits in the filter must be
 * what is said of them elsewhere. Past the cache: it is the disk that is
 * checked. What is damaged is passed over, so that all damages are found.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "state/run_filter.h"
#include "state/run_read.h"

struct level {
	struct buf bytes;
	struct block block;
	struct block_walk walk;
};

struct check {
	struct run_file *r;
	void (*say)(void *arg, const char *line);
	void *arg;
	unsigned n; /* damages */
	struct buf line;
	char *filter; /* its lines, or NULL if they are damaged */
	uint64_t index_bytes;
	struct level levels[RUN_LEVELS];
	/* of a section */
	const struct run_section *section;
	const struct section_place *place;
	uint64_t data_at; /* where the next block must be */
	uint64_t n_entries, n_deleted, bytes;
	struct block_walk walk;
	bool ordered; /* the walk has the key before the next one */
	bool whole;   /* no damage so far */
};

static void
say(struct check *c, struct err *err)
{
	c->line.n = 0;
	buf_addz(&c->line, err->message);
	if (c->section)
		buf_printf(&c->line, " (map %u, bucket %" PRId64 ")",
		    c->section->map, c->section->bucket);
	c->say(c->arg, buf_z(&c->line));
	err_release(err);
	c->n++;
	c->whole = false;
	c->ordered = false;
}

static void
damaged(struct check *c, const char *what, uint64_t at)
{
	struct err err = {0};

	run_damaged(&err, c->r, what, at);
	say(c, &err);
}

/* ---- filter ---- */

static void
read_filter(struct check *c)
{
	const struct run_footer *f = &c->r->footer;
	uint64_t line = 0;

	c->filter = mem_alloc(f->filter_lines * FILTER_LINE + 1);
	while (line < f->filter_lines) {
		struct place page =
		    filter_page(f->index_end, f->filter_lines, line);
		struct err err = {0};
		struct str got;

		if (!run_piece(c->r, page, PIECE_FILTER, page.at, &got, &err)) {
			say(c, &err);
			mem_free(c->filter);
			c->filter = NULL;
			return;
		}
		memcpy(c->filter + line * FILTER_LINE, got.p, got.n);
		line += got.n / FILTER_LINE;
	}
}

static bool
in_filter(const struct check *c, struct str key)
{
	uint32_t hash = filter_hash(c->section->map, c->section->bucket, key);
	uint64_t line = filter_line(hash, c->r->footer.filter_lines);

	return !c->filter || filter_test(c->filter + line * FILTER_LINE, hash);
}

/* ---- data ---- */

static bool
entry_ok(struct check *c, const struct str *first)
{
	struct block_walk *w = &c->walk;

	if (!key_check(w->key) ||
	    (c->ordered && key_cmp(block_walk_before(w), w->key) >= 0) ||
	    (first && !str_eq(*first, w->key)))
		return false;
	c->ordered = true;
	c->n_entries++;
	c->n_deleted += w->deleted;
	c->bytes += w->key.n + w->value.n;
	return in_filter(c, w->key);
}

/* key: the one that the index has for the block, or NULL. */
static void
check_data(struct check *c, struct place place, const struct str *key)
{
	struct err err = {0};
	struct block block;
	struct str bytes;
	int got;

	if (place.at != c->data_at)
		damaged(c, "the index of the block", place.at);
	c->data_at = place.at + place.n;
	if (!run_piece(c->r, place, PIECE_DATA, place.at, &bytes, &err)) {
		say(c, &err);
		return;
	}
	if (!block_read(&block, bytes)) {
		damaged(c, "a block", place.at);
		return;
	}
	block_walk_begin(&c->walk, &block);
	while ((got = block_walk_next(&c->walk)) > 0) {
		if (!entry_ok(c, key)) {
			got = -1;
			break;
		}
		key = NULL;
	}
	if (got < 0)
		damaged(c, "a block", place.at);
}

/* ---- index ---- */

static bool
read_page(struct check *c, unsigned level, struct place place)
{
	struct level *l = &c->levels[level];
	struct place at = {c->r->footer.data_end + place.at, place.n};
	struct err err = {0};
	struct str bytes;

	c->index_bytes += place.n;
	if (!run_piece(c->r, at, PIECE_INDEX, place.at, &bytes, &err)) {
		say(c, &err);
		return false;
	}
	l->bytes.n = 0;
	buf_adds(&l->bytes, bytes);
	if (!block_read(&l->block, buf_str(&l->bytes))) {
		damaged(c, "the index", at.at);
		return false;
	}
	block_walk_begin(&l->walk, &l->block);
	return true;
}

/* All that is below the root; level: of the page that is gone through. */
static void
check_tree(struct check *c)
{
	unsigned top = c->place->height - 1, level = top;

	if (!read_page(c, top, c->place->root))
		return;
	while (level <= top) {
		struct level *l = &c->levels[level];
		struct place place;
		int got = block_walk_next(&l->walk);

		if (got > 0 &&
		    !run_child(c->r, c->place, level, l->walk.value, &place))
			got = -1;
		if (got < 0)
			damaged(c, "the index",
			    c->place->root.at + c->r->footer.data_end);
		if (got <= 0)
			level++;
		else if (!level)
			check_data(c, place, &l->walk.key);
		else if (read_page(c, level - 1, place))
			level--;
	}
}

static void
check_section(struct check *c, uint32_t i)
{
	c->section = &c->r->sections[i];
	c->place = &c->r->places[i];
	c->data_at = c->place->at;
	c->n_entries = c->n_deleted = c->bytes = 0;
	c->ordered = false;
	c->whole = true;
	if (c->place->height)
		check_tree(c);
	else
		check_data(c, c->place->root, NULL);
	if (c->whole && (c->data_at != c->place->at + c->place->n ||
			    c->n_entries != c->section->n_entries ||
			    c->n_deleted != c->section->n_deleted ||
			    c->bytes != c->section->bytes))
		damaged(c, "a section", c->place->at);
}

unsigned
run_file_check(
    struct run_file *r, void (*to)(void *arg, const char *line), void *arg)
{
	struct check c = {.r = r, .say = to, .arg = arg};
	struct block_cache *cache = r->cache;
	const struct run_footer *f = &r->footer;

	r->cache = NULL;
	read_filter(&c);
	for (uint32_t i = 0; i < f->n_sections; i++)
		check_section(&c, i);
	c.section = NULL;
	if (!c.n && c.index_bytes != f->index_end - f->data_end)
		damaged(&c, "the index", f->data_end);
	r->cache = cache;
	for (unsigned i = 0; i < RUN_LEVELS; i++) {
		buf_release(&c.levels[i].bytes);
		block_walk_release(&c.levels[i].walk);
	}
	block_walk_release(&c.walk);
	buf_release(&c.line);
	mem_free(c.filter);
	return c.n;
}
