/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a run file, and what those who write and read it share. Inside
 * state/run_* only.
 *
 * A file is its head (RUN_HEAD bytes), the data blocks of all sections one
 * behind another, the pages of the index, those of the filter, the table of
 * sections, the footer. But for head and footer everything is a piece:
 *
 *	uint32 size, uint32 checksum of it, uint32 checksum, size bytes
 *
 * Checksums begin with the run's number, the kind of the piece and its place,
 * so that a whole piece at the wrong place is damage like any other. The size
 * has its own, so that nobody makes room for a size that is damaged. Integers
 *are little-endian; lengths within pieces are varints (LEB128). A place in the
 *index counts from the index' start.
 *
 * Data blocks and index pages have one form (run_block.h). In an index page
 * the key is the first one of the piece below, the value its place. The root
 * of a section of a single block is that block.
 */
#ifndef WEIR_STATE_RUN_FORM_H
#define WEIR_STATE_RUN_FORM_H

#include "data/key.h"
#include "state/run_file.h"

#define RUN_VERSION 1
#define RUN_HEAD 16	      /* magic, number */
#define RUN_FOOTER 80	      /* see struct run_footer */
#define PIECE_HEAD 12	      /* size, checksums */
#define PIECE_MAX 0xfffffff0u /* bytes of its contents */
#define BLOCK_SIZE 1024	      /* of contents; a larger entry is alone */
#define INDEX_SIZE 4096	      /* of an index page's */
#define PAGE_FANOUT 8	      /* places in an index page, whatever its size */
#define RUN_LEVELS 16	      /* of index pages over each other */

enum piece_kind {
	PIECE_DATA = 1,
	PIECE_INDEX,
	PIECE_FILTER,
	PIECE_SECTIONS
};

/* Where a piece is; n counts its head, too. */
struct place {
	uint64_t at;
	uint32_t n;
};

/* As on disk: magic, then these in order, then the checksum. */
struct run_footer {
	uint32_t version;
	uint32_t n_sections;
	uint64_t number;
	uint64_t n_entries, n_deleted;
	uint64_t data_end;  /* = where the index begins */
	uint64_t index_end; /* = where the filter begins */
	uint64_t filter_lines;
	uint64_t sections_at;
	uint32_t sections_n;
	uint32_t crc;
};

/* Beside a run_section: where it is. */
struct section_place {
	uint64_t at, n;	   /* of its data blocks */
	struct place root; /* in the index; of data if height is 0 */
	unsigned height;   /* levels of index pages over the data */
};

/* Appends a piece, which stands at `at`; returns its place. */
struct place piece_put(struct buf *out, uint64_t number, enum piece_kind kind,
    uint64_t at, struct str contents);

/* The bytes of a piece with its head, as that says; 0 if it is damaged. */
uint32_t piece_size(
    const char *head, uint64_t number, enum piece_kind kind, uint64_t at);

/* Is this a whole piece? n counts its head. */
bool piece_check(const char *p, size_t n, uint64_t number, enum piece_kind kind,
    uint64_t at);

void run_head_put(struct buf *out, uint64_t number);
bool run_head_check(const char *p, uint64_t number);

/* Sets f->crc. */
void run_footer_put(struct buf *out, struct run_footer *f);
/* False if it is damaged. Versions are not compared. */
bool run_footer_get(const char *p, struct run_footer *f);

/* ---- integers ---- */

#define VARINT_MAX 10 /* bytes */

void run_put_varint(struct buf *out, uint64_t u);
/* Advances *p; false at the end or if it is longer than 64 bits. */
bool run_get_varint(const char **p, const char *end, uint64_t *u);
bool run_get_varint32(const char **p, const char *end, uint32_t *u);

void run_put_u32(struct buf *out, uint32_t u);
void run_put_u64(struct buf *out, uint64_t u);

static inline uint64_t
run_get_u64(const char *p)
{
	uint64_t u;

	memcpy(&u, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	u = __builtin_bswap64(u);
#endif
	return u;
}

static inline uint32_t
run_get_u32(const char *p)
{
	uint32_t u;

	memcpy(&u, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	u = __builtin_bswap32(u);
#endif
	return u;
}

void place_put(struct buf *out, struct place place);
bool place_get(struct str s, struct place *out);

/* Order of maps and buckets. */
static inline int
section_cmp(unsigned map_a, int64_t bucket_a, unsigned map_b, int64_t bucket_b)
{
	if (map_a != map_b)
		return map_a < map_b ? -1 : 1;
	return (bucket_a > bucket_b) - (bucket_a < bucket_b);
}

#endif
