/* SPDX-License-Identifier: MIT */
/*
 * Changes of rows become rows: the first column says what each does.
 *
 * Flink: TO_CHANGELOG. Behind it rows are only ever added. As upserts, rows
 * that an update takes back are left out, since the one that follows has the
 * same key: in batches made by a step an update always comes with both halves.
 */
#include "op/computed.h"
#include "op/standing.h"

struct to_config {
	unsigned col; /* of the kind */
	bool upsert;
};

static int
to_bind(struct op *op, const struct bind *b)
{
	struct to_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg_item *item = &op_arg(op, "kind")->items[0];
	struct flow *out = &op->out;

	op->config = c;
	c->upsert = op_word_is(op, "mode", "upsert");
	if (c->upsert && op->in.changes && !flow_keyed(&op->in))
		return flow_no_key(op, b);
	if (flow_find(&op->in, item->name) &&
	    !flow_find(&op->in, item->name)->dropped) {
		err_set(b->err, ERR_SPEC, item->where,
		    "there is a column \"%.*s\" already", STR_ARG(item->name));
		return err_hint(b->err,
		    "the column that says what a row does can have another "
		    "name: output: {op: change}");
	}
	*out = flow_copy(&op->in, 1, b->arena);
	c->col = flow_compute(out);
	flow_remove(out, flow_find(out, item->name));
	for (unsigned i = out->n_cols++; i; i--)
		out->cols[i] = out->cols[i - 1];
	out->cols[0] = (struct flow_column){
	    .name = item->name, .col = c->col, .type = T_TEXT};
	out->changes = out->steady = out->keyed = false;
	return 0;
}

static void
leave_out_before(struct batch *b)
{
	uint16_t *sel = arena_array(b->arena, b->n_sel, sizeof *sel);
	unsigned n = 0;

	for (unsigned k = 0; k < b->n_sel; k++)
		if (batch_change(b, batch_row(b, k)) != CHANGE_BEFORE)
			sel[n++] = (uint16_t)batch_row(b, k);
	b->sel = sel;
	b->n_sel = n;
}

static void
to_batch(const struct op *op, struct eval *ev, struct batch *b)
{
	static const struct str names[CHANGES] = {
	    {"+I", 2}, {"-U", 2}, {"+U", 2}, {"-D", 2}};
	const struct to_config *c = op->config;
	struct column *to = flow_place(&op->out, b, c->col);

	(void)ev;
	if (!b->kind) {
		*to = column_const(b->arena, value_text(names[0]));
		return;
	}
	*to = column_new(b->arena, T_TEXT);
	for (unsigned k = 0; k < b->n_sel; k++)
		to->s[batch_row(b, k)] = names[b->kind[batch_row(b, k)]];
	if (c->upsert)
		leave_out_before(b);
	b->kind = NULL;
}

// clang-format off
static const struct param to_params[] = {
	{"kind", PARAM_NAMES, true, "Name of the column that says it."},
	{"mode", PARAM_WORD, false,
	    "changelog: all changes; upsert: no -U, as a +U of the same key "
	    "follows it anyway."},
};

static const struct param_words to_words[] = {{"mode", "changelog upsert"}};

const struct op_kind op_to_changelog = {
	.name = "to_changelog",
	.doc = "Make changes of rows into rows that say what they do.",
	.about =
	    "The steps before it give every change at once, not only what "
	    "holds at the end. The new first column says what a row does: +I "
	    "adds a row, -U takes back a row which the +U behind it replaces, "
	    "-D takes one back for good. The output modes changelog and upsert "
	    "do the same.",
	.example = "- to_changelog: op\n",
	.params = to_params,
	.n_params = sizeof to_params / sizeof *to_params,
	.words = to_words,
	.n_words = 1,
	.primary = "kind",
	.changes = CHANGES_SHOW,
	.bind = to_bind,
	.batch = to_batch,
};
// clang-format on
