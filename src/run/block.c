/* SPDX-License-Identifier: MIT */
/* From blocks to batches; see block.h. */
#include "run/block.h"

#include "base/must.h"

unsigned block_rows_max;

static void
used(const struct input *in, struct block *b, size_t n)
{
	if (!in->regular)
		b->line += lines_in(b->bytes + b->from, n);
	b->from += n;
	b->offset += n;
}

/*
 * For tests: the end of the first record (or the first few), so that batches
 * are as small as asked for.
 */
static size_t
few_records(const struct input *in, const struct block *b, bool *framed)
{
	const char *p = b->bytes + b->from;
	size_t n = b->to - b->from, at = 0;
	uint64_t context = b->context;

	for (unsigned rows = 0; rows < block_rows_max && at < n; rows++) {
		size_t len = 1, whole;

		while (!(whole = format_frame(
			     in->layout, p + at, len, &context)) &&
		       at + len < n)
			len++;
		if (!whole)
			return n;
		at += whole;
	}
	*framed = at > 0;
	return at;
}

static size_t
decode(struct lane *l, const struct input *in, const struct block *b,
    struct prepared *p)
{
	struct block part = *b;

	if (block_rows_max && b->to > b->from) {
		part.to = b->from + few_records(in, b, &part.whole);
		part.last = b->last && part.to == b->to;
	}
	return lane_batch(l, in, &part, p);
}

/* The record at the block's start is too long: one bad row. */
static void
too_long(struct lane *l, struct input *in, struct block *b, struct prepared *p)
{
	struct batch *batch = p->batch;
	size_t n = b->to - b->from;

	(void)l;
	batch_reset(batch);
	batch->input = in->number;
	batch->block = b->bytes + b->from;
	batch->block_offset = b->offset;
	batch->block_line = b->line;
	batch_bad(batch, (struct bad_row){.raw = {batch->block, n},
			     .reason = record_too_long(
				 batch->arena, in->spec.limits.record_max)});
	p->n_bad_read = 1;
	p->n_out = 0;
	p->encoded.n = 0;
	p->state = NULL;
	b->skipping = true;
}

void
block_skip(const struct input *in, struct block *b)
{
	const char *p = b->bytes + b->from;
	size_t n = b->to - b->from;
	char stop = in->layout->nul ? '\0' : '\n';
	const char *end = in->layout->format->lines ? memchr(p, stop, n) : NULL;

	used(in, b, end ? (size_t)(end + 1 - p) : n);
	if (end)
		b->skipping = false;
}

bool
block_open(const struct block *b)
{
	return b->from < b->to || (b->last && b->context && !b->skipping);
}

enum block_status
block_next(
    struct lane *l, struct input *in, struct block *b, struct prepared *p)
{
	while (block_open(b)) {
		size_t n;

		if (b->skipping) {
			block_skip(in, b);
			continue;
		}
		n = decode(l, in, b, p);
		if (p->batch->more) {
			used(in, b, n);
			return BLOCK_BATCH;
		}
		if (!n && b->to - b->from > in->spec.limits.record_max) {
			too_long(l, in, b, p);
			return BLOCK_BATCH;
		}
		if (!n && b->from < b->to) {
			must(!b->last);
			return BLOCK_MORE;
		}
		must(n || p->batch->n_bad);
		used(in, b, n);
		b->context = p->batch->context;
		if (p->batch->lost || p->batch->runs_on)
			b->skipping = true;
		if (p->batch->n_rows || p->batch->n_bad)
			return BLOCK_BATCH;
	}
	return BLOCK_MORE;
}
