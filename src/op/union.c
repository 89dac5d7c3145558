/* SPDX-License-Identifier: MIT */
/*
 * Bring the rows of several flows together, in the order in which they come.
 * Without state: a batch only gets the columns of the results (unite.c).
 */
#include "op/unite.h"

static int
union_bind(struct op *op, const struct bind *b)
{
	struct unite *u = arena_zalloc(b->arena, sizeof *u);

	return unite_bind(op, b, u, op_word_is(op, "by", "name"));
}

static void
union_batch(const struct op *op, struct eval *ev, struct batch *b)
{
	b->cols = unite_columns(op, ev, b);
	b->n_cols = op->out.segment->n_cols;
}

// clang-format off
static const struct param union_params[] = {
	{"by", PARAM_WORD, false,
	    "How columns are matched: by name (unless said otherwise), or by "
	    "position."},
	{"with", PARAM_FLOWS, false,
	    "The flows or inputs whose rows are added."},
};

static const struct param_words union_words[] = {{"by", "name position"}};

const struct op_kind op_union = {
	.name = "union",
	.doc = "Bring the rows of several flows together.",
	.about =
	    "The rows come out in the order in which they come, nothing is "
	    "compared and nothing left out (UNION ALL). By name, what one "
	    "flow does not have is NULL in its rows; by position, the columns "
	    "are called as in the first flow. Numbers of different types are "
	    "widened; other types must agree. At the beginning of a flow "
	    "without `from` it reads the flows listed, elsewhere also the "
	    "rows at hand.",
	.example = "- union: [web, api]\n",
	.params = union_params,
	.n_params = sizeof union_params / sizeof *union_params,
	.words = union_words,
	.n_words = 1,
	.primary = "with",
	.ports_min = 1,
	.ports_max = PORTS_MAX,
	.bind = union_bind,
	.batch = union_batch,
};
// clang-format on
