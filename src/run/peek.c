/* SPDX-License-Identifier: MIT */
/* Where an input begins; see peek.h. */
#include "run/peek.h"

bool
peek_time(const struct input *in, int64_t *time)
{
	struct decoder *d =
	    in->layout->format->decoder_new(in->layout, &in->spec);
	struct batch *b = batch_new();
	const char *p = in->head.bytes + in->head.from;
	const char *end = in->head.bytes + in->head.to;
	uint64_t context = in->head.context;
	bool found;

	do {
		size_t used;

		batch_reset(b);
		b->context = context;
		used = in->layout->format->decode(d, p, end, in->head.last, b);
		if (!used || b->lost || b->runs_on || b->more)
			break;
		p += used;
		context = b->context;
	} while (!b->n_rows && p < end);
	found = b->n_rows > 0 && b->time;
	if (found)
		*time = b->time[0];
	batch_free(b);
	in->layout->format->decoder_free(d);
	return found;
}
