/* SPDX-License-Identifier: MIT */
/*
 * Rows with the same key replace one another: each becomes an insert, an
 * update with both its halves, or a delete of what was there before.
 *
 * Flink: a table with a primary key read from an upsert source
 * (ChangelogNormalize). What comes may be plain rows, or changes of which
 * those that take a row back without a later one are deletes.
 */
#include "base/mem.h"
#include "op/standing.h"

struct upsert_config {
	int64_t ttl; /* µs a key is kept; 0 = for ever */
};

struct upsert_run {
	struct op_run run; /* first */
	struct standing standing;
};

static int
upsert_bind(struct op *op, const struct bind *b)
{
	struct upsert_config *c = arena_zalloc(b->arena, sizeof *c);

	op->config = c;
	if (standing_key(op, b))
		return -1;
	op->out = op->in;
	op->out.changes = true;
	op->out.steady = !op->in.changes;
	c->ttl = b->ttl;
	return op_forgets(op, b);
}

static struct op_run *
upsert_open(const struct op *op)
{
	struct upsert_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	standing_init(&r->standing, op);
	standing_forgets(
	    &r->standing, ((const struct upsert_config *)op->config)->ttl);
	return &r->run;
}

static void
upsert_close(struct op_run *run)
{
	struct upsert_run *r = (struct upsert_run *)run;

	standing_release(&r->standing);
	mem_free(r);
}

static void
put(struct upsert_run *r, const struct standing_row *row, enum change kind)
{
	unsigned at = standing_put(
	    &r->standing, &r->run, row, kind == CHANGE_BEFORE ? 2 : 1);

	r->standing.out->kind[at] = (uint8_t)kind;
}

/*
 * Row k of a batch. The row before has to go out while its bytes are there,
 * and only if the new one differs, which is known when that is packed.
 */
static void
take(struct upsert_run *r, const struct batch *b, const struct standing_prep *p,
    unsigned k)
{
	enum change kind = batch_change(b, batch_row(b, k));
	struct standing_row *row = standing_find(&r->standing, b, p, k);
	bool was = row->count > 0;

	if (change_takes_back(kind)) {
		if (was && kind == CHANGE_DELETE) {
			put(r, row, CHANGE_DELETE);
			row->count = 0;
		}
		return;
	}
	if (was && !r->run.op->refreshes &&
	    !standing_differs(&r->standing, b, row, batch_row(b, k)))
		return;
	if (was)
		put(r, row, CHANGE_BEFORE);
	standing_take(&r->standing, b, p, k);
	put(r, row, was ? CHANGE_AFTER : CHANGE_INSERT);
}

static void
upsert_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct upsert_run *r = (struct upsert_run *)run;
	const struct standing_prep *p = prepared;
	unsigned k = op_selected_from(b, from);

	standing_fetch(&r->standing, b, p, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, p, k++);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		standing_rise(&r->standing, w->now);
		if (!run->op->heeded)
			continue;
		standing_flush(&r->standing, run);
		run->forward(run, w->now);
	}
	standing_flush(&r->standing, run);
	run->counts.keys = standing_keys(&r->standing);
}

static void
upsert_advance(struct op_run *run, int64_t w)
{
	standing_rise(&((struct upsert_run *)run)->standing, w);
	run->forward(run, w);
}

static int
upsert_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct upsert_run *r = (struct upsert_run *)run;

	return standing_keep(&r->standing, s, err);
}

static void
upsert_save(struct op_run *run)
{
	standing_save(&((struct upsert_run *)run)->standing);
}

static void
upsert_explain(const struct op *op, struct buf *out)
{
	(void)op;
	buf_lit(out, "the last row of each key, until the end");
}

// clang-format off
static const struct param upsert_params[] = {
	{"key", PARAM_NAMES, true, "Columns that tell rows apart."},
};

const struct op_kind op_upsert = {
	.name = "upsert",
	.doc = "Let rows with the same key replace one another.",
	.about =
	    "The last row of a key is the one that holds; the steps behind, "
	    "counts and sums included, see the earlier ones taken back. Behind "
	    "from_changelog, -D deletes the row of its key, and -U need not be "
	    "there.",
	.example =
	    "- upsert: [id]\n"
	    "- group: [status]\n"
	    "  select: {n: count(*)}\n",
	.params = upsert_params,
	.n_params = sizeof upsert_params / sizeof *upsert_params,
	.grows = "every key is kept",
	.forgets =
	    "a key is forgotten so long after its last row; its next row takes "
	    "nothing back",
	.primary = "key",
	.changes = CHANGES_MAKE,
	.bind = upsert_bind,
	.prepare = standing_prepare,
	.open = upsert_open,
	.apply = upsert_apply,
	.advance = upsert_advance,
	.close = upsert_close,
	.schema = standing_schema,
	.restore = upsert_restore,
	.save = upsert_save,
	.show = standing_show,
	.explain = upsert_explain,
};
// clang-format on
