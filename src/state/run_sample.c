/* SPDX-License-Identifier: MIT */
/*
 * How much of a run hides entries of older ones: some of its keys, evenly
 * spread over its bytes, are looked for in their filters. The keys come from
 * the roots of the index, so hardly anything has to be read.
 */
#include "state/run_read.h"

#define SAMPLES 64

/* The section that byte `at` of the data is in. */
static uint32_t
section_at(const struct run_file *r, uint64_t at)
{
	uint32_t lo = 0, hi = r->footer.n_sections;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (r->places[mid].at <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* A key near byte `at` of a section, copied to r->room. */
static bool
key_at(struct run_file *r, uint32_t section, uint64_t at)
{
	const struct section_place *s = &r->places[section];
	struct err err = {0};
	struct block block;
	struct str bytes, key;
	bool ok;

	if (s->height)
		ok = run_page(r, s->root, &block, &err);
	else
		ok = run_piece(
			 r, s->root, PIECE_DATA, s->root.at, &bytes, &err) &&
		     block_read(&block, bytes);
	err_release(&err);
	if (!ok ||
	    !block_whole(&block,
		(uint32_t)((at - s->at) * block.n_restarts / s->n), &key))
		return false;
	r->room.n = 0;
	buf_adds(&r->room, key);
	return true;
}

static bool
any_has(struct run_file *const *older, size_t n, const struct run_section *s,
    struct str key)
{
	for (size_t i = 0; i < n; i++)
		if (run_file_may_have(older[i], s->map, s->bucket, key, false))
			return true;
	return false;
}

uint64_t
run_file_covers(struct run_file *r, struct run_file *const *older, size_t n)
{
	uint64_t size = r->footer.data_end - RUN_HEAD, bytes = 0;
	unsigned hits = 0;

	if (!r->footer.n_sections || !n)
		return 0;
	for (uint32_t i = 0; i < r->footer.n_sections; i++)
		bytes += r->sections[i].bytes;
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t at =
		    RUN_HEAD + size / SAMPLES * i + size / SAMPLES / 2;
		uint32_t k = section_at(r, at);

		hits += key_at(r, k, at) &&
			any_has(older, n, &r->sections[k], buf_str(&r->room));
	}
	return bytes / SAMPLES * hits + bytes % SAMPLES * hits / SAMPLES;
}
