/* SPDX-License-Identifier: MIT */
/*
 * Writing a run: entries go into blocks, blocks into the file, their first
 * keys into pages of the index, which are kept until all blocks are written
 * (one byte in a hundred of them), as are four bytes of hash for each key.
 *
 * Bytes leave in big writes, and the kernel is made to put them on the disk as
 * they come, a window behind, so that neither the sync at the end nor another
 * thread's sync meanwhile waits for all of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "state/run_block.h"
#include "state/run_filter.h"

#define WRITE_SIZE ((size_t)1 << 20)
#define SYNC_WINDOW ((uint64_t)8 << 20)
#define HASHES_AHEAD ((uint64_t)1 << 24) /* a larger guess is not believed */

struct run_writer {
	int fd, dir_fd;
	char *name;
	uint64_t number;
	bool failed, no_sync;
	struct err err; /* once failed */

	struct buf out;	  /* not yet written */
	uint64_t written; /* bytes in the file */
	uint64_t started; /* as far as writing back has been asked for, */
	uint64_t waited;  /* and as far as it is done */

	struct block_out data;
	struct block_out levels[RUN_LEVELS]; /* of this section's index */
	unsigned pages[RUN_LEVELS];	     /* of each, written */
	struct buf index;		     /* pages of all sections */

	bool open; /* a section is */
	struct run_section section;
	struct section_place place;
	uint64_t n_blocks;
	struct place block;	/* the last one, */
	struct buf block_first; /* and its first key */

	struct buf sections;	/* their table */
	struct buf first, last; /* keys of all */
	uint32_t *hashes;
	size_t n_hashes, cap_hashes;
	struct run_footer footer;
};

/* ---- the file ---- */

static bool
fail(struct run_writer *w, const char *what)
{
	if (!w->failed)
		err_sys(&w->err, ERR_IO, errno, "%s: cannot %s", w->name, what);
	w->failed = true;
	return false;
}

/*
 * False if bytes could not be put on the disk: the kernel says so once, here
 * or at the sync. Some file systems do not have the call; nothing is lost.
 */
static bool
to_disk(struct run_writer *w, uint64_t from, uint64_t to, unsigned flags)
{
	if (!sync_file_range(w->fd, (off_t)from, (off_t)(to - from), flags) ||
	    errno == ENOSYS || errno == EINVAL || errno == ESPIPE)
		return true;
	return fail(w, "write");
}

/* One window is on its way while the next one fills. */
static bool
write_back(struct run_writer *w)
{
	if (w->no_sync || w->written - w->started < SYNC_WINDOW)
		return true;
	if (!to_disk(w, w->waited, w->started,
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
		    SYNC_FILE_RANGE_WAIT_AFTER) ||
	    !to_disk(w, w->started, w->written, SYNC_FILE_RANGE_WRITE))
		return false;
	w->waited = w->started;
	w->started = w->written;
	return true;
}

static bool
flush(struct run_writer *w)
{
	size_t at = 0;

	while (at < w->out.n && !w->failed) {
		ssize_t n = write(w->fd, w->out.p + at, w->out.n - at);

		if (n < 0 && errno != EINTR)
			return fail(w, "write");
		at += n > 0 ? (size_t)n : 0;
	}
	w->written += at;
	w->out.n = 0;
	return !w->failed && write_back(w);
}

/* Where the next byte of the file will be. */
static uint64_t
position(const struct run_writer *w)
{
	return w->written + w->out.n;
}

uint64_t
run_writer_size(const struct run_writer *w)
{
	return position(w) + w->data.bytes.n + w->index.n;
}

bool
run_writer_is_full(const struct run_writer *w)
{
	return w->index.n >= RUN_INDEX_MOST;
}

static struct place
put_piece(struct run_writer *w, enum piece_kind kind, struct str contents)
{
	struct place place =
	    piece_put(&w->out, w->number, kind, position(w), contents);

	if (w->out.n >= WRITE_SIZE)
		flush(w);
	return place;
}

/* ---- index ---- */

static struct place
end_page(struct run_writer *w, unsigned level)
{
	w->pages[level]++;
	return piece_put(&w->index, w->number, PIECE_INDEX, w->index.n,
	    block_out_end(&w->levels[level]));
}

/*
 * Notes a piece of the level below, and a page that it fills in the level
 * above, and so on; the levels are few.
 */
static void
note_piece(
    struct run_writer *w, unsigned level, struct str key, struct place place)
{
	struct block_out *b = &w->levels[level];
	struct buf value = {0};

	must(level < RUN_LEVELS);
	if (b->n >= PAGE_FANOUT && block_out_size(b) + key.n > INDEX_SIZE) {
		struct place page = end_page(w, level);

		note_piece(w, level + 1, buf_str(&b->first), page);
		block_out_next(b);
	}
	place_put(&value, place);
	block_out_add(b, key, buf_str(&value), false, PIECES_NONE);
	buf_release(&value);
}

/* Ends the pages of a section: the one that is alone on its level is the
 * root. */
static void
end_index(struct run_writer *w)
{
	unsigned level = 0;

	for (;; level++) {
		struct block_out *b = &w->levels[level];
		struct place page = end_page(w, level);

		if (w->pages[level] == 1) {
			w->place.root = page;
			w->place.height = level + 1;
			break;
		}
		note_piece(w, level + 1, buf_str(&b->first), page);
	}
	for (unsigned i = 0; i <= level; i++) {
		block_out_next(&w->levels[i]);
		w->pages[i] = 0;
	}
}

/* ---- data ---- */

static void
end_block(struct run_writer *w)
{
	struct str first = buf_str(&w->data.first);
	struct place place = put_piece(w, PIECE_DATA, block_out_end(&w->data));

	/* Of a single block no index is needed. */
	if (w->n_blocks == 1)
		note_piece(w, 0, buf_str(&w->block_first), w->block);
	if (w->n_blocks)
		note_piece(w, 0, first, place);
	w->block = place;
	w->block_first.n = 0;
	buf_adds(&w->block_first, first);
	w->n_blocks++;
	block_out_next(&w->data);
}

/* Appends the section to the table. */
static void
note_section(struct run_writer *w)
{
	const struct run_section *s = &w->section;
	struct buf *t = &w->sections;

	run_put_varint(t, s->map);
	run_put_u64(t, (uint64_t)s->bucket);
	run_put_varint(t, s->n_entries);
	run_put_varint(t, s->n_deleted);
	run_put_varint(t, s->bytes);
	run_put_varint(t, w->place.n);
	run_put_varint(t, w->place.height);
	if (w->place.height)
		place_put(t, w->place.root);
	w->footer.n_sections++;
	w->footer.n_entries += s->n_entries;
	w->footer.n_deleted += s->n_deleted;
}

static void
end_section(struct run_writer *w)
{
	if (!w->open)
		return;
	end_block(w);
	if (w->n_blocks > 1)
		end_index(w);
	w->place.n = position(w) - w->place.at;
	note_section(w);
	w->open = false;
}

static void
begin_section(struct run_writer *w, const struct run_entry *e)
{
	if (w->open) {
		must(section_cmp(w->section.map, w->section.bucket, e->map,
			 e->bucket) < 0);
		end_section(w);
	}
	must(w->footer.n_sections < UINT32_MAX);
	w->section = (struct run_section){.map = e->map, .bucket = e->bucket};
	w->place = (struct section_place){.at = position(w)};
	w->n_blocks = 0;
	w->open = true;
}

static void
note_hash(struct run_writer *w, const struct run_entry *e)
{
	mem_grow(
	    &w->hashes, &w->cap_hashes, w->n_hashes + 1, sizeof *w->hashes);
	w->hashes[w->n_hashes++] = filter_hash(e->map, e->bucket, e->key);
}

bool
run_writer_add(struct run_writer *w, const struct run_entry *e)
{
	size_t size = e->key.n + e->value.n + 8;

	if (w->failed)
		return false;
	if (!w->open || w->section.map != e->map ||
	    w->section.bucket != e->bucket)
		begin_section(w, e);
	else
		must(key_cmp(buf_str(&w->last), e->key) < 0);
	if (w->data.n && block_out_size(&w->data) + size > BLOCK_SIZE)
		end_block(w);
	if (!w->n_hashes)
		buf_adds(&w->first, e->key);
	w->last.n = 0;
	buf_adds(&w->last, e->key);
	note_hash(w, e);
	block_out_add(&w->data, e->key, e->deleted ? (struct str){0} : e->value,
	    e->deleted, e->pieces);
	w->section.n_entries++;
	w->section.n_deleted += e->deleted;
	w->section.bytes += e->key.n + (e->deleted ? 0 : e->value.n);
	return !w->failed;
}

/* ---- beginning and end ---- */

struct run_writer *
run_writer_new(int dir_fd, const char *name, uint64_t number,
    uint64_t n_entries, struct err *err)
{
	int fd = openat(dir_fd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct run_writer *w;

	if (fd < 0) {
		err_sys(err, ERR_IO, errno, "%s: cannot create", name);
		return NULL;
	}
	w = mem_zalloc(sizeof *w);
	w->fd = fd;
	w->dir_fd = dir_fd;
	w->name = mem_strdup(name);
	w->number = number;
	block_out_init(&w->data, BLOCK_RESTART);
	for (unsigned i = 0; i < RUN_LEVELS; i++)
		block_out_init(&w->levels[i], 1);
	if (n_entries <= HASHES_AHEAD)
		mem_grow(
		    &w->hashes, &w->cap_hashes, n_entries, sizeof *w->hashes);
	run_head_put(&w->out, number);
	return w;
}

static void
writer_free(struct run_writer *w)
{
	block_out_release(&w->data);
	for (unsigned i = 0; i < RUN_LEVELS; i++)
		block_out_release(&w->levels[i]);
	buf_release(&w->out);
	buf_release(&w->index);
	buf_release(&w->block_first);
	buf_release(&w->sections);
	buf_release(&w->first);
	buf_release(&w->last);
	mem_free(w->hashes);
	mem_free(w->name);
	err_release(&w->err);
	mem_free(w);
}

static void
put_filter(struct run_writer *w)
{
	uint64_t n = filter_lines(w->n_hashes), line = 0;
	char *lines = mem_zalloc(n * FILTER_LINE + 1);

	for (size_t i = 0; i < w->n_hashes; i++)
		filter_add(lines + filter_line(w->hashes[i], n) * FILTER_LINE,
		    w->hashes[i]);
	w->footer.filter_lines = n;
	while (line < n) {
		uint64_t more = n - line;

		if (more > FILTER_PAGE_LINES)
			more = FILTER_PAGE_LINES;
		put_piece(w, PIECE_FILTER,
		    (struct str){
			lines + line * FILTER_LINE, more * FILTER_LINE});
		line += more;
	}
	mem_free(lines);
}

/* All that comes behind the data. */
static void
put_rest(struct run_writer *w)
{
	struct run_footer *f = &w->footer;

	f->version = RUN_VERSION;
	f->number = w->number;
	f->data_end = position(w);
	flush(w);
	buf_adds(&w->out, buf_str(&w->index));
	f->index_end = position(w);
	put_filter(w);
	f->sections_at = position(w);
	run_put_varint(&w->sections, w->first.n);
	buf_adds(&w->sections, buf_str(&w->first));
	run_put_varint(&w->sections, w->last.n);
	buf_adds(&w->sections, buf_str(&w->last));
	f->sections_n = put_piece(w, PIECE_SECTIONS, buf_str(&w->sections)).n;
	run_footer_put(&w->out, f);
	flush(w);
}

void
run_writer_no_sync(struct run_writer *w)
{
	w->no_sync = true;
}

int
run_writer_finish(struct run_writer *w, uint64_t *bytes, uint32_t *footer_crc,
    struct err *err)
{
	end_section(w);
	put_rest(w);
	if (!w->failed && !w->no_sync && fdatasync(w->fd))
		fail(w, "sync");
	*bytes = w->written;
	*footer_crc = w->footer.crc;
	if (close(w->fd) && !w->failed)
		fail(w, "close");
	if (!w->failed) {
		writer_free(w);
		return 0;
	}
	unlinkat(w->dir_fd, w->name, 0);
	err_release(err);
	*err = w->err;
	w->err = (struct err){0};
	writer_free(w);
	return -1;
}

void
run_writer_abandon(struct run_writer *w)
{
	if (!w)
		return;
	close(w->fd);
	unlinkat(w->dir_fd, w->name, 0);
	writer_free(w);
}
