/* SPDX-License-Identifier: MIT */
/*
 * Opening a run: head, footer and sections are read and verified; of the rest
 * only that it is as long as it must be. All that is read later goes through
 * run_piece.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "state/run_filter.h"
#include "state/run_read.h"

#define COLD_READS 8
#define WARM_MAX ((uint64_t)8 << 20)

int
run_damaged(
    struct err *err, const struct run_file *r, const char *what, uint64_t at)
{
	return err_set(err, ERR_STATE, (struct where){0},
	    "%s: %s at byte %" PRIu64 " is damaged", r->name, what, at);
}

int
run_pread(
    const struct run_file *r, char *to, size_t n, uint64_t at, struct err *err)
{
	while (n) {
		ssize_t got = pread(r->fd, to, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(
			    err, ERR_IO, errno, "%s: cannot read", r->name);
		if (!got)
			return err_set(err, ERR_STATE, (struct where){0},
			    "%s: ends at byte %" PRIu64 ", not at %" PRIu64,
			    r->name, at, r->bytes);
		to += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return 0;
}

static const char *
kind_name(enum piece_kind kind)
{
	switch (kind) {
	case PIECE_DATA:
		return "a block";
	case PIECE_INDEX:
		return "the index";
	case PIECE_FILTER:
		return "the filter";
	case PIECE_SECTIONS:
		break;
	}
	return "the table of sections";
}

/* Where to read a piece to: *kept says whether the cache has it then. */
static char *
piece_room(
    struct run_file *r, struct place place, enum piece_kind kind, bool *kept)
{
	char *to = NULL;

	if (r->cache)
		to = block_cache_put(r->cache, r->in_cache, place.at, place.n,
		    kind != PIECE_DATA);
	*kept = to != NULL;
	if (!to) {
		r->scratch.n = 0;
		to = buf_reserve(&r->scratch, place.n);
	}
	return to;
}

bool
run_cached(const struct run_file *r, uint64_t at)
{
	return r->cache && block_cache_has(r->cache, r->in_cache, at);
}

/*
 * Who has read some pages of filter and index will read more: the kernel gets
 * all of them at once, if that is not much.
 */
static void
warm_up(struct run_file *r, enum piece_kind kind)
{
	const struct run_footer *f = &r->footer;
	uint64_t n = f->sections_at - f->data_end;

	if (kind != PIECE_DATA && ++r->n_cold == COLD_READS && n <= WARM_MAX)
		(void)posix_fadvise(
		    r->fd, (off_t)f->data_end, (off_t)n, POSIX_FADV_WILLNEED);
}

/*
 * Reads a piece to p. 1; -1 and *err; 0, unless it may wait: the kernel does
 * not have it, or cannot say so, and has been asked to fetch it.
 */
static int
piece_read(
    struct run_file *r, struct place place, char *p, bool wait, struct err *err)
{
	struct iovec v = {p, place.n};

	if (wait)
		return run_pread(r, p, place.n, place.at, err) ? -1 : 1;
	if (preadv2(r->fd, &v, 1, (off_t)place.at, RWF_NOWAIT) ==
	    (ssize_t)place.n)
		return 1;
	(void)posix_fadvise(
	    r->fd, (off_t)place.at, (off_t)place.n, POSIX_FADV_WILLNEED);
	return 0;
}

/* Of one that is not in the cache. 1; -1 and *err; 0 only unless `wait`. */
static int
piece_get(struct run_file *r, struct place place, enum piece_kind kind,
    uint64_t seed, bool wait, struct str *out, struct err *err)
{
	bool kept = false;
	char *p;
	int got;

	if (place.n < PIECE_HEAD || place.n > r->bytes ||
	    place.at > r->bytes - place.n)
		return run_damaged(err, r, kind_name(kind), place.at);
	p = piece_room(r, place, kind, &kept);
	warm_up(r, kind);
	got = piece_read(r, place, p, wait, err);
	if (got > 0 && !piece_check(p, place.n, r->footer.number, kind, seed))
		got = run_damaged(err, r, kind_name(kind), place.at);
	if (got <= 0 && kept)
		block_cache_drop(r->cache, r->in_cache, place.at);
	*out = (struct str){p + PIECE_HEAD, place.n - PIECE_HEAD};
	return got;
}

bool
run_piece(struct run_file *r, struct place place, enum piece_kind kind,
    uint64_t seed, struct str *out, struct err *err)
{
	const char *p = NULL;

	if (r->cache)
		p = block_cache_get(r->cache, r->in_cache, place.at);
	if (!p)
		return piece_get(r, place, kind, seed, true, out, err) > 0;
	*out = (struct str){p + PIECE_HEAD, place.n - PIECE_HEAD};
	return true;
}

int
run_block(struct run_file *r, struct place place, bool wait, struct str *out,
    struct err *err)
{
	return piece_get(r, place, PIECE_DATA, place.at, wait, out, err);
}

int
run_blocks(struct run_file *r, uint64_t at, size_t n, bool wait,
    const char **out, struct err *err)
{
	r->scratch.n = 0;
	*out = buf_reserve(&r->scratch, n);
	return piece_read(
	    r, (struct place){at, (uint32_t)n}, r->scratch.p, wait, err);
}

/* ---- sections ---- */

/* Does a root lie in the index, or is it the section's only block? */
static bool
root_ok(const struct run_footer *f, struct section_place *p)
{
	if (!p->height) {
		p->root = (struct place){p->at, (uint32_t)p->n};
		return p->n <= UINT32_MAX;
	}
	return p->height < RUN_LEVELS &&
	       p->root.at + p->root.n <= f->index_end - f->data_end;
}

static bool
read_section(const char **p, const char *end, const struct run_footer *f,
    uint64_t at, struct run_section *s, struct section_place *place)
{
	uint32_t map, height;
	uint64_t root;

	if (!run_get_varint32(p, end, &map) || end - *p < 8)
		return false;
	s->map = map;
	s->bucket = (int64_t)run_get_u64(*p);
	*p += 8;
	if (!run_get_varint(p, end, &s->n_entries) ||
	    !run_get_varint(p, end, &s->n_deleted) ||
	    !run_get_varint(p, end, &s->bytes) ||
	    !run_get_varint(p, end, &place->n) ||
	    !run_get_varint32(p, end, &height))
		return false;
	place->at = at;
	place->height = height;
	if (height) {
		if (!run_get_varint(p, end, &root) ||
		    !run_get_varint32(p, end, &place->root.n))
			return false;
		place->root.at = root;
		if (root > f->index_end)
			return false;
	}
	return s->n_entries && s->n_deleted <= s->n_entries &&
	       place->n >= PIECE_HEAD && place->n <= f->data_end - at &&
	       root_ok(f, place);
}

static bool
read_key(const char **p, const char *end, struct buf *out)
{
	uint64_t n;

	if (!run_get_varint(p, end, &n) || n > (size_t)(end - *p))
		return false;
	buf_add(out, *p, (size_t)n);
	*p += n;
	return key_check(buf_str(out));
}

static bool
in_order(const struct run_file *r, uint32_t i)
{
	const struct run_section *s = &r->sections[i];

	return !i ||
	       section_cmp(s[-1].map, s[-1].bucket, s->map, s->bucket) < 0;
}

static bool
read_table(struct run_file *r, struct str table)
{
	const struct run_footer *f = &r->footer;
	const char *p = table.p, *end = p + table.n;
	uint64_t at = RUN_HEAD, entries = 0, deleted = 0;

	/* A section takes more bytes than one. */
	if (f->n_sections > table.n)
		return false;
	r->sections = mem_array(f->n_sections + 1u, sizeof *r->sections);
	r->places = mem_array(f->n_sections + 1u, sizeof *r->places);
	for (uint32_t i = 0; i < f->n_sections; i++) {
		if (!read_section(
			&p, end, f, at, &r->sections[i], &r->places[i]) ||
		    !in_order(r, i))
			return false;
		at += r->places[i].n;
		entries += r->sections[i].n_entries;
		deleted += r->sections[i].n_deleted;
	}
	return at == f->data_end && entries == f->n_entries &&
	       deleted == f->n_deleted && read_key(&p, end, &r->first) &&
	       read_key(&p, end, &r->last) && p == end;
}

/* ---- opening ---- */

static bool
footer_ok(const struct run_file *r, uint32_t crc)
{
	const struct run_footer *f = &r->footer;

	return f->crc == crc && f->data_end >= RUN_HEAD &&
	       f->index_end >= f->data_end && f->sections_at >= f->index_end &&
	       f->sections_at <= r->bytes &&
	       f->filter_lines <= r->bytes / FILTER_LINE &&
	       filter_bytes(f->filter_lines) == f->sections_at - f->index_end &&
	       r->bytes - f->sections_at == f->sections_n + RUN_FOOTER + 0ull &&
	       filter_lines_ok(f->filter_lines, f->n_entries);
}

static int
read_ends(struct run_file *r, uint64_t number, uint32_t crc, struct err *err)
{
	char head[RUN_HEAD], foot[RUN_FOOTER];
	uint64_t at = r->bytes - RUN_FOOTER;

	if (run_pread(r, head, RUN_HEAD, 0, err) ||
	    run_pread(r, foot, RUN_FOOTER, at, err))
		return -1;
	if (!run_head_check(head, number))
		return run_damaged(err, r, "the head", 0);
	if (!run_footer_get(foot, &r->footer) || r->footer.number != number)
		return run_damaged(err, r, "the footer", at);
	if (r->footer.version != RUN_VERSION)
		return err_set(err, ERR_STATE, (struct where){0},
		    "%s: written by another version of weir (format %u, not "
		    "%u)",
		    r->name, r->footer.version, RUN_VERSION);
	if (!footer_ok(r, crc))
		return run_damaged(err, r, "the footer", at);
	return 0;
}

/* The table does not go through the cache: it is read once. */
static int
read_sections(struct run_file *r, struct err *err)
{
	struct place place = {r->footer.sections_at, r->footer.sections_n};
	struct block_cache *cache = r->cache;
	struct str table;
	bool got;

	r->cache = NULL;
	got = run_piece(r, place, PIECE_SECTIONS, place.at, &table, err);
	r->cache = cache;
	if (!got)
		return -1;
	if (!read_table(r, table))
		return run_damaged(err, r, kind_name(PIECE_SECTIONS), place.at);
	buf_release(&r->scratch);
	return 0;
}

static int
read_all(struct run_file *r, uint64_t number, uint32_t crc, struct err *err)
{
	off_t end = lseek(r->fd, 0, SEEK_END);

	if (end < 0)
		return err_sys(err, ERR_IO, errno, "%s", r->name);
	if ((uint64_t)end != r->bytes ||
	    r->bytes < RUN_HEAD + PIECE_HEAD + RUN_FOOTER)
		return err_set(err, ERR_STATE, (struct where){0},
		    "%s: has %" PRIu64 " bytes, not %" PRIu64, r->name,
		    (uint64_t)end, r->bytes);
	return read_ends(r, number, crc, err) || read_sections(r, err) ? -1 : 0;
}

struct run_file *
run_file_open(int dir_fd, const char *name, uint64_t number, uint64_t bytes,
    uint32_t footer_crc, struct block_cache *cache, struct err *err)
{
	int fd = openat(
	    dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct run_file *r;

	if (fd < 0) {
		err_sys(err,
		    errno == ENOENT || errno == ELOOP ? ERR_STATE : ERR_IO,
		    errno, "%s: cannot open", name);
		return NULL;
	}
	r = mem_zalloc(sizeof *r);
	r->fd = fd;
	r->name = mem_strdup(name);
	r->bytes = bytes;
	if (cache) {
		r->cache = cache;
		r->in_cache = block_cache_enter(cache);
	}
	if (read_all(r, number, footer_crc, err)) {
		run_file_close(r);
		return NULL;
	}
	/* A hint: look-ups jump, merges go straight on. */
	(void)posix_fadvise(
	    fd, 0, 0, cache ? POSIX_FADV_RANDOM : POSIX_FADV_SEQUENTIAL);
	return r;
}

void
run_file_close(struct run_file *r)
{
	if (!r)
		return;
	if (r->cache)
		block_cache_leave(r->cache, r->in_cache);
	close(r->fd);
	buf_release(&r->first);
	buf_release(&r->last);
	buf_release(&r->scratch);
	buf_release(&r->room);
	mem_free(r->sections);
	mem_free(r->places);
	mem_free(r->hints);
	mem_free(r->name);
	mem_free(r);
}

bool
run_file_follows(const struct run_file *a, const struct run_file *b)
{
	const struct run_section *last, *first = b->sections;
	int c;

	if (!a->footer.n_sections || !b->footer.n_sections)
		return true;
	last = &a->sections[a->footer.n_sections - 1];
	c = section_cmp(last->map, last->bucket, first->map, first->bucket);
	return c < 0 ||
	       (!c && key_cmp(buf_str(&a->last), buf_str(&b->first)) < 0);
}

bool
run_file_passed(
    const struct run_file *r, unsigned map, int64_t bucket, struct str key)
{
	const struct run_section *last;
	int c;

	if (!r->footer.n_sections)
		return true;
	last = &r->sections[r->footer.n_sections - 1];
	c = section_cmp(last->map, last->bucket, map, bucket);
	return c < 0 || (!c && key_cmp(buf_str(&r->last), key) <= 0);
}

bool
run_file_follows_from(const struct run_file *a, const struct run_file *b,
    const struct run_mark *from)
{
	return run_file_follows(a, b) ||
	       (from->set && run_file_passed(a, from->map, from->bucket,
				 buf_str(&from->key)));
}

/* ---- marks ---- */

void
run_mark_copy(struct run_mark *to, const struct run_mark *from)
{
	to->set = from->set;
	to->map = from->map;
	to->bucket = from->bucket;
	to->key.n = 0;
	buf_adds(&to->key, buf_str(&from->key));
}

bool
run_mark_hides(
    const struct run_mark *m, unsigned map, int64_t bucket, struct str key)
{
	int c;

	if (!m->set)
		return false;
	c = section_cmp(map, bucket, m->map, m->bucket);
	return c < 0 || (!c && key_cmp(key, buf_str(&m->key)) <= 0);
}

const struct run_section *
run_file_sections(const struct run_file *r, unsigned *n)
{
	*n = r->footer.n_sections;
	return r->sections;
}

int64_t
run_section_find(struct run_file *r, unsigned map, int64_t bucket)
{
	uint32_t lo = 0, hi = r->footer.n_sections;

	if (r->recent < hi && r->sections[r->recent].map == map &&
	    r->sections[r->recent].bucket == bucket)
		return r->recent;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct run_section *s = &r->sections[mid];

		if (section_cmp(s->map, s->bucket, map, bucket) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == r->footer.n_sections || r->sections[lo].map != map ||
	    r->sections[lo].bucket != bucket)
		return -1;
	r->recent = lo;
	return lo;
}
