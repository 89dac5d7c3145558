/* SPDX-License-Identifier: MIT */
/*
 * Evaluation over a batch: columns, conditions, and the rows that failed.
 *
 * A condition is not computed as a column where its operator can tell the
 * rows directly (comparisons, AND, OR, LIKE …): each step hands a shorter
 * selection to the next, written without branches.
 */
#include "base/mem.h"
#include "data/pack.h"
#include "expr/code.h"
#include "expr/regex.h"

/* ---- the state of a thread ---- */

struct eval *
eval_new(void)
{
	struct eval *ev = mem_zalloc(sizeof(*ev));

	ev->cache = mem_zalloc(sizeof(*ev->cache));
	return ev;
}

void
eval_free(struct eval *ev)
{
	if (!ev)
		return;
	for (size_t i = 0; i < ev->cache->n_kept; i++)
		ev->cache->kept[i].drop(ev->cache->kept[i].object);
	mem_free(ev->cache->kept);
	regex_pool_free(ev->cache->regex);
	mem_free(ev->cache->shared);
	mem_free(ev->cache);
	mem_free(ev);
}

void *
eval_keep(struct eval *ev, const void *key, void *(*make)(const void *key),
    void (*drop)(void *object))
{
	struct eval_cache *c = ev->cache;

	for (size_t i = 0; i < c->n_kept; i++)
		if (c->kept[i].key == key)
			return c->kept[i].object;
	mem_grow(&c->kept, &c->cap_kept, c->n_kept + 1, sizeof(*c->kept));
	c->kept[c->n_kept] = (struct kept){key, make(key), drop};
	return c->kept[c->n_kept++].object;
}

static void
forget(struct eval *ev)
{
	if (ev->any_bad)
		memset(ev->bad, 0, sizeof(ev->bad));
	ev->any_bad = false;
}

void
eval_begin(struct eval *ev, const struct batch *b)
{
	ev->arena = b->arena;
	forget(ev);
}

void
eval_fail(struct eval *ev, unsigned row, const char *reason)
{
	if (bit_get(ev->bad, row))
		return;
	bit_set(ev->bad, row);
	ev->reasons[row] = reason;
	ev->any_bad = true;
}

void
eval_settle(struct eval *ev, struct batch *b)
{
	if (ev->any_bad)
		batch_drop_bad(b, ev->bad, ev->reasons);
	forget(ev);
}

/* ---- columns ---- */

/* Values still in JSON become values: somebody computes with them. */
static void
of_json(struct eval *ev, struct column *c, struct rows rows)
{
	struct column out = col_null();

	for (unsigned k = 0; k < rows.n; k++) {
		struct value v = column_get(c, rows.sel[k]);

		if (v.type == T_JSON)
			v = pack_of_json(value_str(v), ev->arena);
		column_put(&out, ev->arena, rows.sel[k], v);
	}
	*c = out;
}

static bool
has_json(const struct column *c, struct rows rows)
{
	if (c->type == T_JSON)
		return true;
	if (c->type != T_ANY)
		return false;
	for (unsigned k = 0; k < rows.n; k++)
		if (c->v[c->constant ? 0 : rows.sel[k]].type == T_JSON)
			return true;
	return false;
}

void
eval_column(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	*out = e->col < b->n_cols ? b->cols[e->col] : col_null();
	if (has_json(out, rows))
		of_json(ev, out, rows);
}

void
expr_run(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	if (e->constant)
		*out = e->value;
	else
		e->eval(e, ev, b, rows, out);
	col_normal(out);
}

static struct rows
rows_asked(const struct batch *b, const uint16_t *sel, unsigned n_sel)
{
	if (sel)
		return rows_of(sel, n_sel);
	return b->sel ? rows_of(b->sel, b->n_sel) : rows_dense(b->n_rows);
}

void
expr_eval(const struct expr *e, struct eval *ev, const struct batch *b,
    const uint16_t *sel, unsigned n_sel, struct column *out)
{
	/* A bare column passes as it is, JSON or not. */
	if (e->is_column && e->col < b->n_cols)
		*out = b->cols[e->col];
	else
		expr_run(e, ev, b, rows_asked(b, sel, n_sel), out);
}

/* ---- conditions ---- */

static unsigned
select_column(
    struct eval *ev, struct column *c, struct rows rows, uint16_t *out)
{
	unsigned mask = c->constant ? 0 : ~0u, n = 0;

	col_bool(ev, c, rows);
	rows = col_present(ev, c, rows);
	for (unsigned k = 0; k < rows.n; k++) {
		out[n] = rows.sel[k];
		n += c->b[rows.sel[k] & mask] != 0;
	}
	return n;
}

unsigned
expr_select(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, uint16_t *out)
{
	struct column c;

	if (!rows.n)
		return 0;
	if (e->select && !e->constant)
		return e->select(e, ev, b, rows, out);
	expr_run(e, ev, b, rows, &c);
	return select_column(ev, &c, rows, out);
}

static unsigned
without_bad(const struct eval *ev, uint16_t *sel, unsigned n)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < n; k++) {
		sel[kept] = sel[k];
		kept += !bit_get(ev->bad, sel[k]);
	}
	return kept;
}

void
expr_filter(const struct expr *e, struct eval *ev, struct batch *b)
{
	struct rows rows = rows_asked(b, NULL, 0);
	uint16_t *sel = rows_new(ev, rows.n);
	unsigned n = expr_select(e, ev, b, rows, sel);

	if (ev->any_bad) {
		n = without_bad(ev, sel, n);
		eval_settle(ev, b);
	}
	if (n == b->n_sel)
		return;
	b->n_filtered += b->n_sel - n;
	b->sel = sel;
	b->n_sel = n;
}
