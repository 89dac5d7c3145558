/* SPDX-License-Identifier: MIT */
/*
 * Run files whose bytes lie behind checksums that are right: what nobody
 * writes by accident, but a reader must survive.
 */
#ifndef WEIR_TESTS_RUN_SEAL_H
#define WEIR_TESTS_RUN_SEAL_H

#include "base/crc.h"
#include "run_gen.h"
#include "state/run_form.h"

struct seal {
	uint64_t at, seed; /* in the file; what its checksum begins with */
	uint32_t n;	   /* with its head */
	enum piece_kind kind;
};

struct sealed {
	char *p; /* the file */
	size_t n;
	uint64_t number;
	struct seal *seals;
	size_t n_seals, cap;
};

static inline void
seal_region(struct sealed *s, uint64_t from, uint64_t to, uint64_t base,
    enum piece_kind kind)
{
	while (from < to) {
		uint32_t n = run_get_u32(s->p + from) + PIECE_HEAD;

		mem_grow(&s->seals, &s->cap, s->n_seals + 1, sizeof *s->seals);
		s->seals[s->n_seals++] =
		    (struct seal){from, from - base, n, kind};
		from += n;
	}
}

/* Reads a good file of the directory and where its pieces are. */
static inline void
sealed_read(struct sealed *s, const char *name, uint64_t number, uint64_t n)
{
	int fd = openat(run_dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct run_footer f;

	*s = (struct sealed){mem_alloc(n), n, number, NULL, 0, 0};
	must(fd >= 0 && read(fd, s->p, n) == (ssize_t)n);
	close(fd);
	must(run_footer_get(s->p + n - RUN_FOOTER, &f));
	seal_region(s, RUN_HEAD, f.data_end, 0, PIECE_DATA);
	seal_region(s, f.data_end, f.index_end, f.data_end, PIECE_INDEX);
	seal_region(s, f.index_end, f.sections_at, 0, PIECE_FILTER);
	seal_region(s, f.sections_at, n - RUN_FOOTER, 0, PIECE_SECTIONS);
}

static inline void
sealed_release(struct sealed *s)
{
	mem_free(s->p);
	mem_free(s->seals);
}

/* Makes all checksums right again; returns that of the footer. */
static inline uint32_t
sealed_seal(struct sealed *s)
{
	char *foot = s->p + s->n - RUN_FOOTER;
	struct buf piece = {0}, crc = {0};
	uint32_t sum;

	for (size_t i = 0; i < s->n_seals; i++) {
		const struct seal *l = &s->seals[i];
		struct str contents = {
		    s->p + l->at + PIECE_HEAD, l->n - PIECE_HEAD};

		piece.n = 0;
		piece_put(&piece, s->number, l->kind, l->seed, contents);
		memcpy(s->p + l->at, piece.p, PIECE_HEAD);
	}
	sum = crc32c(0, foot, RUN_FOOTER - 4);
	run_put_u32(&crc, sum);
	memcpy(foot + RUN_FOOTER - 4, crc.p, 4);
	buf_release(&piece);
	buf_release(&crc);
	return sum;
}

/* Writes it to the directory and does everything that reading can do. */
static inline void
sealed_try(struct sealed *s, const char *name, const struct entries *probes)
{
	struct written w = {s->n, sealed_seal(s)};
	struct block_cache *cache = block_cache_new(1 << 20);
	struct err err = {0};
	struct buf out = {0};
	struct run_cursor *c[2];
	struct run_merge *m;
	struct run_entry e;
	struct run_file *r;
	int fd = openat(run_dir_fd, name, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && pwrite(fd, s->p, s->n, 0) == (ssize_t)s->n);
	close(fd);
	r = run_file_open(
	    run_dir_fd, name, s->number, w.bytes, w.crc, cache, &err);
	if (r) {
		run_file_check(r, no_line, NULL);
		for (size_t i = 0; i < probes->n; i++) {
			const struct run_entry *x = &probes->at[i];

			run_file_may_have(r, x->map, x->bucket, x->key, true);
			run_file_get(r, x->map, x->bucket, x->key, &out, &err);
		}
		run_file_covers(r, &r, 1);
		c[0] = run_cursor_new(r);
		c[1] = run_cursor_of(r, 0, 0);
		m = run_merge_new(c, 2, true, NULL, NULL);
		while (run_merge_next(m, &e, &err) > 0)
			must(key_check(e.key));
		run_merge_free(m);
	}
	run_file_close(r);
	block_cache_free(cache);
	buf_release(&out);
	err_release(&err);
}

#endif
