/* SPDX-License-Identifier: MIT */
/* Values in pieces; see pieces.h. */
#include "state/pieces.h"

#include "base/mem.h"
#include "state/code.h"

void
pieces_put(struct buf *out, struct str piece)
{
	code_put_str(out, piece);
}

bool
pieces_next(struct str *pieces, struct str *piece)
{
	return pieces->n && code_get_str(pieces, piece);
}

bool
pieces_valid(struct str pieces)
{
	struct str piece;

	if (!pieces.n)
		return false;
	while (pieces.n)
		if (!code_get_str(&pieces, &piece))
			return false;
	return true;
}

bool
pieces_single(struct str pieces, struct str *piece)
{
	return pieces_next(&pieces, piece) && !pieces.n;
}

void
gather_release(struct gather *g)
{
	buf_release(&g->bytes);
	buf_release(&g->all);
	buf_release(&g->folded);
	mem_free(g->ends);
	*g = (struct gather){0};
}

void
gather_reset(struct gather *g)
{
	g->bytes.n = g->n = 0;
	g->whole = false;
}

void
gather_add(struct gather *g, enum pieces kind, struct str value)
{
	if (kind == PIECES_NONE)
		pieces_put(&g->bytes, value);
	else
		buf_adds(&g->bytes, value);
	g->whole = kind != PIECES_MORE;
	mem_grow(&g->ends, &g->cap, g->n + 1, sizeof *g->ends);
	g->ends[g->n++] = g->bytes.n;
}

struct str
gather_all(struct gather *g)
{
	g->all.n = 0;
	for (size_t i = g->n; i-- > 0;) {
		size_t from = i ? g->ends[i - 1] : 0;

		buf_add(&g->all, g->bytes.p + from, g->ends[i] - from);
	}
	return buf_str(&g->all);
}

enum pieces
gather_give(struct gather *g, bool last, pieces_fold *fold, void *arg,
    unsigned map, struct str key, struct str *value)
{
	bool whole = g->whole || last;
	struct str all = gather_all(g), one;

	*value = all;
	if (!pieces_single(all, &one)) {
		g->folded.n = 0;
		if (!fold || !fold(arg, map, key, all, whole, &g->folded))
			return whole ? PIECES_ALL : PIECES_MORE;
		one = buf_str(&g->folded);
	}
	if (whole) {
		*value = one;
		return PIECES_NONE;
	}
	g->bytes.n = 0;
	pieces_put(&g->bytes, one);
	*value = buf_str(&g->bytes);
	return PIECES_MORE;
}
