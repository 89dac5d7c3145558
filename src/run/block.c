/* SPDX-License-Identifier: MIT */
/* From blocks to batches; see block.h. */
#include "run/block.h"

#include "base/must.h"

unsigned block_rows_max;

static void
used(const struct input *in, struct block *b, size_t n, size_t records)
{
	if (in->by_number)
		b->line += records;
	else if (in->counts)
		b->line += input_lines(in, b->bytes + b->from, n);
	b->from += n;
	b->offset += n;
}

/*
 * How many of n bytes it takes for the first record to be whole; n if that is
 * not enough.
 */
static size_t
least_whole(const struct layout *l, const char *p, size_t n, uint64_t context)
{
	size_t less = 0, enough = 1;
	uint64_t c = context;

	while (enough < n && !format_frame(l, p, enough, &c)) {
		less = enough;
		enough = 2 * enough < n ? 2 * enough : n;
		c = context;
	}
	while (enough - less > 1) {
		size_t half = less + (enough - less) / 2;

		c = context;
		if (format_frame(l, p, half, &c))
			enough = half;
		else
			less = half;
	}
	return enough;
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
		size_t len = least_whole(in->layout, p + at, n - at, context);
		size_t whole = format_frame(in->layout, p + at, len, &context);

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
	prepared_reset(p);
	batch->input = in->number;
	batch->block = b->bytes + b->from;
	batch->block_offset = b->offset;
	batch->block_line = b->line;
	batch_bad(batch, (struct bad_row){.raw = {batch->block, n},
			     .reason = record_too_long(
				 batch->arena, in->spec.limits.record_max)});
	p->n_bad_read = 1;
	b->skipping = true;
}

void
block_skip(const struct input *in, struct block *b)
{
	const char *p = b->bytes + b->from;
	size_t n = b->to - b->from;
	char stop = in->layout->nul ? '\0' : '\n';
	const char *end = in->layout->format->lines ? memchr(p, stop, n) : NULL;

	used(in, b, end ? (size_t)(end + 1 - p) : n, 0);
	if (end)
		b->skipping = false;
}

bool
block_open(const struct input *in, const struct block *b)
{
	return b->from < b->to || (b->last && b->context && !b->skipping &&
				      !b->early && !in->layout->format->note);
}

static enum block_status
batch_ends(struct prepared *p, const struct block *b)
{
	p->end = b->offset;
	p->end_context = b->context;
	p->end_line = b->line;
	p->end_skipping = b->skipping;
	return BLOCK_BATCH;
}

enum block_status
block_next(
    struct lane *l, struct input *in, struct block *b, struct prepared *p)
{
	while (block_open(in, b)) {
		size_t n;

		if (b->skipping) {
			block_skip(in, b);
			continue;
		}
		n = decode(l, in, b, p);
		if (p->batch->more) {
			used(in, b, n, p->batch->n_rows + p->n_bad_read);
			return batch_ends(p, b);
		}
		if (!n && b->to - b->from > in->spec.limits.record_max) {
			too_long(l, in, b, p);
			return batch_ends(p, b);
		}
		if (!n && b->from < b->to) {
			must(!b->last);
			return BLOCK_MORE;
		}
		must(n || p->batch->n_bad);
		used(in, b, n, p->batch->n_rows + p->n_bad_read);
		b->context = p->batch->context;
		if (p->batch->lost || p->batch->runs_on)
			b->skipping = true;
		if (p->batch->n_rows || p->batch->n_bad)
			return batch_ends(p, b);
	}
	return BLOCK_MORE;
}
