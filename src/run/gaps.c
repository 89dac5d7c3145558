/* SPDX-License-Identifier: MIT */
/* What was lost of inputs; see gaps.h. */
#include "run/gaps.h"

#include <stdio.h>

void
gaps_release(struct gaps *g)
{
	for (unsigned i = 0; i < GAPS_KEPT; i++)
		buf_release(&g->last[i]);
}

static void
keep(struct gaps *g, struct str line)
{
	struct buf *b = &g->last[g->n++ % GAPS_KEPT];

	b->n = 0;
	buf_adds(b, line);
}

void
gaps_add(struct gaps *g, struct str line, bool say)
{
	keep(g, line);
	g->now++;
	if (say)
		fprintf(stderr, "weir: %.*s\n", (int)line.n, line.p);
}

void
gaps_note(const struct gaps *g, struct buf *out)
{
	uint32_t kept = g->n < GAPS_KEPT ? (uint32_t)g->n : GAPS_KEPT;

	note_key(out, "gaps");
	pack_put_array(out, kept);
	for (uint64_t i = g->n - kept; i < g->n; i++) {
		pack_put_map(out, 2);
		note_count(out, "number", i + 1);
		note_text(out, "what", buf_str(&g->last[i % GAPS_KEPT]));
	}
}

void
gaps_take(struct gaps *g, struct note kept)
{
	struct note one;

	for (uint32_t i = 0; note_list_at(kept, "gaps", i, &one); i++) {
		uint64_t number = note_get_count(one, "number");

		g->n = number ? number - 1 : g->n;
		keep(g, note_get_text(one, "what"));
	}
}
