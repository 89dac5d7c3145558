/* SPDX-License-Identifier: MIT */
/*
 * Looking up keys in a run: first by its range, then its filter, then down the
 * index to the one block it can be in.
 */
#include <fcntl.h>

#include "base/mem.h"
#include "state/run_filter.h"
#include "state/run_read.h"

/* ---- filter ---- */

/* The page of a key's line, if it is in the cache; without its head. */
static const char *
page_at_hand(struct run_file *r, uint64_t line)
{
	uint64_t lines = r->footer.filter_lines, n = line / FILTER_PAGE_LINES;
	const char *p;

	if (!r->hints) {
		uint64_t pages = (lines - 1) / FILTER_PAGE_LINES + 1;

		r->hints = mem_zalloc((size_t)pages * sizeof *r->hints);
	}
	p = block_cache_again(r->cache, r->in_cache,
	    filter_page(r->footer.index_end, lines, line).at, &r->hints[n]);
	return p ? p + PIECE_HEAD : NULL;
}

static size_t
in_page(uint64_t line)
{
	return line % FILTER_PAGE_LINES * FILTER_LINE;
}

void
run_filter_soon(struct run_file *r, uint32_t hash)
{
	uint64_t lines = r->footer.filter_lines, line;
	const char *page;

	if (!r->cache || !lines)
		return;
	line = filter_line(hash, lines);
	page = page_at_hand(r, line);
	if (page)
		__builtin_prefetch(page + in_page(line));
}

int
run_filter_ask(struct run_file *r, uint32_t hash, struct err *err)
{
	uint64_t lines = r->footer.filter_lines, line;
	const char *at_hand;
	struct place page;
	struct str got;

	if (!lines)
		return 0;
	/* Without a cache a page of the filter costs as much as the block. */
	if (!r->cache)
		return 1;
	line = filter_line(hash, lines);
	at_hand = page_at_hand(r, line);
	if (at_hand)
		return filter_test(at_hand + in_page(line), hash);
	page = filter_page(r->footer.index_end, lines, line);
	if (!run_piece(r, page, PIECE_FILTER, page.at, &got, err))
		return -1;
	return filter_test(got.p + in_page(line), hash);
}

/* ---- index ---- */

bool
run_child(const struct run_file *r, const struct section_place *s,
    unsigned level, struct str value, struct place *out)
{
	if (!place_get(value, out))
		return false;
	if (level)
		return out->at + out->n <=
		       r->footer.index_end - r->footer.data_end;
	return out->at >= s->at && out->at + out->n <= s->at + s->n;
}

bool
run_page(
    struct run_file *r, struct place place, struct block *out, struct err *err)
{
	uint64_t at = r->footer.data_end + place.at;
	struct str bytes;

	if (!run_piece(r, (struct place){at, place.n}, PIECE_INDEX, place.at,
		&bytes, err))
		return false;
	if (!block_read(out, bytes)) {
		run_damaged(err, r, "the index", at);
		return false;
	}
	return true;
}

int
run_descend(struct run_file *r, const struct section_place *s, struct str key,
    struct place *out, struct err *err)
{
	struct place place = s->root;

	for (unsigned level = s->height; level > 0; level--) {
		struct block page;
		struct str value;
		int got;

		if (!run_page(r, place, &page, err))
			return -1;
		got = block_floor(&page, key, &value);
		if (!got)
			return 0;
		if (got < 0 || !run_child(r, s, level - 1, value, &place))
			return run_damaged(
			    err, r, "the index", r->footer.data_end + place.at);
	}
	*out = place;
	return 1;
}

/* ---- look-ups ---- */

enum run_found
run_find_in(const struct block *block, struct str key, struct buf *out)
{
	static const enum run_found found[] = {[PIECES_NONE] = RUN_FOUND,
	    [PIECES_MORE] = RUN_MORE,
	    [PIECES_ALL] = RUN_ALL};
	struct block_value value;
	int got = block_find(block, key, &value);

	if (got <= 0)
		return got ? RUN_DAMAGED : RUN_ABSENT;
	if (value.deleted)
		return RUN_DELETED;
	buf_adds(out, value.value);
	return found[value.pieces];
}

static enum run_found
look_in(struct run_file *r, struct place place, struct str key, struct buf *out,
    struct err *err)
{
	enum run_found found = RUN_DAMAGED;
	struct block block;
	struct str bytes;

	if (!run_piece(r, place, PIECE_DATA, place.at, &bytes, err))
		return RUN_DAMAGED;
	if (block_read(&block, bytes))
		found = run_find_in(&block, key, out);
	if (found == RUN_DAMAGED)
		run_damaged(err, r, "a block", place.at);
	return found;
}

struct run_key
run_key_of(unsigned map, int64_t bucket, struct str key)
{
	return (struct run_key){
	    map, bucket, key, filter_hash(map, bucket, key)};
}

/*
 * Of a merged state a run has a range of the keys: others need not be asked
 * for in its filter.
 */
static bool
is_outside(const struct run_file *r, int64_t section, struct str key)
{
	return (!section && key_cmp(key, buf_str(&r->first)) < 0) ||
	       (section + 1 == r->footer.n_sections &&
		   key_cmp(key, buf_str(&r->last)) > 0);
}

enum run_found
run_file_look(struct run_file *r, const struct run_key *k, struct buf *out,
    struct err *err)
{
	int64_t i = run_section_find(r, k->map, k->bucket);
	struct place place = {0, 0};
	int got;

	if (i < 0 || is_outside(r, i, k->key))
		return RUN_ABSENT;
	got = run_filter_ask(r, k->hash, err);
	if (got > 0)
		got = run_descend(r, &r->places[i], k->key, &place, err);
	if (got <= 0)
		return got ? RUN_DAMAGED : RUN_ABSENT;
	return look_in(r, place, k->key, out, err);
}

enum run_found
run_file_get(struct run_file *r, unsigned map, int64_t bucket, struct str key,
    struct buf *out, struct err *err)
{
	struct run_key k = run_key_of(map, bucket, key);

	return run_file_look(r, &k, out, err);
}

/* What is damaged is said when it is looked up. */
bool
run_file_may_have(struct run_file *r, unsigned map, int64_t bucket,
    struct str key, bool ahead)
{
	int64_t i = run_section_find(r, map, bucket);
	struct run_key k = run_key_of(map, bucket, key);
	struct err err = {0};
	struct place place;
	bool may;

	if (i < 0 || is_outside(r, i, key))
		return false;
	may = run_filter_ask(r, k.hash, &err) != 0;
	if (may && ahead &&
	    run_descend(r, &r->places[i], key, &place, &err) > 0 &&
	    !run_cached(r, place.at))
		(void)posix_fadvise(r->fd, (off_t)place.at, (off_t)place.n,
		    POSIX_FADV_WILLNEED);
	err_release(&err);
	return may;
}
