/* SPDX-License-Identifier: MIT */
/*
 * Rows kept beyond their batch; see kept.h. Rows are of one size, so those let
 * go are used again; only what has no fixed size (text, packed columns) is
 * allocated per row.
 */
#include "op/kept.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "data/pack.h"
#include "op/written.h"

/* Columns that later steps or the output read, by name. */
static void
choose_columns(struct kept *k)
{
	const struct op *op = k->op;
	struct arena a;
	unsigned *cols;

	arena_init(&a, 1024);
	cols = flow_kept(&op->in, op->number, &a, &k->n_cols);
	written_sort(&op->in, cols, k->n_cols);
	k->cols = mem_array(k->n_cols, sizeof *cols);
	for (unsigned i = 0; i < k->n_cols; i++)
		k->cols[i] = cols[i];
	arena_release(&a);
}

void
kept_init(struct kept *k, const struct op *op, unsigned n_slots, bool carries)
{
	*k = (struct kept){.op = op, .n_slots = n_slots, .out = batch_new()};
	arena_init(&k->arena, 4096);
	if (carries)
		choose_columns(k);
}

void
kept_release(struct kept *k)
{
	batch_free(k->out);
	arena_release(&k->arena);
	mem_free(k->cols);
	buf_release(&k->text);
	buf_release(&k->packed);
}

/* ---- slots ---- */

/* Bytes a value has outside of itself. */
static size_t
outside(struct value v)
{
	switch ((enum type)v.type) {
	case T_DECIMAL:
		return sizeof(struct dec);
	case T_TEXT:
	case T_BYTES:
	case T_LIST:
	case T_MAP:
	case T_JSON:
		return ((size_t)v.len + 15) & ~(size_t)15;
	case T_NULL:
	case T_BOOL:
	case T_INT:
	case T_FLOAT:
	case T_TIME:
	case T_DATE:
	case T_DURATION:
	case T_ANY:
		break;
	}
	return 0;
}

void
kept_slots(struct kept *k, struct kept_row *r, const struct value *slots)
{
	size_t n = 0;
	char *to;

	for (unsigned i = 0; i < k->n_slots; i++) {
		r->slots[i] = slots[i];
		n += outside(slots[i]);
	}
	r->bytes = NULL;
	if (!n)
		return;
	k->n_bytes += n;
	to = r->bytes = mem_alloc(n);
	for (unsigned i = 0; i < k->n_slots; i++) {
		struct value *v = &r->slots[i];

		n = outside(*v);
		if (!n)
			continue;
		if (v->type == T_DECIMAL) {
			memcpy(to, v->d, sizeof *v->d);
			v->d = (const struct dec *)(void *)to;
		} else {
			memcpy(to, v->p, v->len);
			v->p = to;
		}
		to += n;
	}
}

/* ---- carried columns ---- */

void
kept_carry(struct kept *k, struct kept_row *r, struct str packed)
{
	r->carry_len = (uint32_t)packed.n;
	r->carry = mem_alloc(packed.n);
	memcpy(r->carry, packed.p, packed.n);
	k->n_bytes += packed.n;
}

static void
carry(struct kept *k, struct kept_row *r, const struct batch *b, unsigned row)
{
	if (!k->n_cols)
		return;
	k->text.n = 0;
	for (unsigned i = 0; i < k->n_cols; i++)
		written_put(
		    &k->text, k->cols[i] < b->n_cols
				  ? column_get(&b->cols[k->cols[i]], row)
				  : VALUE_NULL);
	kept_carry(k, r, buf_str(&k->text));
}

struct kept_row *
kept_new(struct kept *k)
{
	size_t bytes =
	    sizeof(struct kept_row) + k->n_slots * sizeof(struct value);
	struct kept_row *r = k->free;

	if (k->single)
		r = mem_alloc(bytes);
	else if (r)
		k->free = r->next;
	else
		r = arena_alloc(&k->arena, bytes);
	*r = (struct kept_row){0};
	k->n_rows++;
	return r;
}

struct kept_row *
kept_take(struct kept *k, const struct batch *b, unsigned row,
    const struct value *slots)
{
	struct kept_row *r = kept_new(k);

	k->timed |= b->time != NULL;
	r->time = b->time ? b->time[row] : 0;
	kept_slots(k, r, slots);
	carry(k, r, b, row);
	return r;
}

void
kept_let_carry_go(struct kept *k, struct kept_row *r)
{
	if (r->carry)
		k->n_bytes -= r->carry_len;
	mem_free(r->carry);
	r->carry = NULL;
}

void
kept_recycle(struct kept *k, struct kept_row *r)
{
	kept_let_carry_go(k, r);
	for (unsigned i = 0; r->bytes && i < k->n_slots; i++)
		k->n_bytes -= outside(r->slots[i]);
	mem_free(r->bytes);
	r->bytes = NULL;
	k->n_rows--;
	if (k->single) {
		mem_free(r);
		return;
	}
	r->next = k->free;
	k->free = r;
}

/* What the allocator takes for a row and its bytes besides. */
#define ROW_MORE 48

size_t
kept_row_size(const struct kept *k)
{
	return sizeof(struct kept_row) + k->n_slots * sizeof(struct value) +
	       ROW_MORE;
}

size_t
kept_row_bytes(const struct kept *k, const struct kept_row *r)
{
	size_t n = kept_row_size(k) + (r->carry ? r->carry_len : 0);

	for (unsigned i = 0; r->bytes && i < k->n_slots; i++)
		n += outside(r->slots[i]);
	return n;
}

void
kept_begin(struct kept *k)
{
	struct batch *b = k->out;

	if (b->n_rows)
		return;
	batch_reset(b);
	batch_columns(b, k->op->out.segment->n_cols);
	if (k->timed)
		b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
}

void
kept_columns(const struct kept *k, const struct kept_row *r, struct value *out,
    struct arena *a)
{
	const char *p, *end;
	char *copy;

	if (!k->n_cols)
		return;
	must(r->carry);
	copy = arena_alloc(a, r->carry_len);
	memcpy(copy, r->carry, r->carry_len);
	p = copy;
	end = p + r->carry_len;
	for (unsigned i = 0; i < k->n_cols; i++)
		must(written_get(&p, end, a, &out[i]));
}

unsigned
kept_put(struct kept *k, const struct kept_row *r)
{
	struct batch *b = k->out;
	unsigned row = b->n_rows;
	struct value columns[64], *v = columns;

	must(row < BATCH_ROWS);
	kept_begin(k);
	if (k->n_cols > 64)
		v = arena_array(b->arena, k->n_cols, sizeof *v);
	kept_columns(k, r, v, b->arena);
	for (unsigned i = 0; i < k->n_cols; i++)
		column_put(&b->cols[k->cols[i]], b->arena, row, v[i]);
	if (k->timed)
		b->time[row] = r->time;
	b->n_rows = b->n_sel = row + 1;
	return row;
}

/* ---- the order ---- */

static int
order_one(const struct kept_order *o, struct value a, struct value b)
{
	int d;

	if (a.type == T_NULL || b.type == T_NULL) {
		d = (a.type != T_NULL) - (b.type != T_NULL);
		return o->nulls_first ? d : -d;
	}
	d = value_cmp(a, b);
	return o->descending ? -d : d;
}

int
kept_order(const struct kept_order *o, unsigned n, const struct value *a,
    const struct value *b)
{
	for (unsigned i = 0; i < n; i++) {
		int d = order_one(&o[i], a[i], b[i]);

		if (d)
			return d;
	}
	return 0;
}

/* ---- keys ---- */

void
row_keys_make(struct row_keys *out, const struct column *cols, unsigned n,
    struct eval *ev, struct batch *b)
{
	bool bad = false;

	eval_settle(ev, b);
	out->keys = arena_array(b->arena, b->n_sel, sizeof *out->keys);
	out->hashes = arena_array(b->arena, b->n_sel, sizeof *out->hashes);
	key_batch(b, cols, n, b->arena, out->keys, out->hashes);
	for (unsigned k = 0; k < b->n_sel; k++)
		if (!out->keys[k].p) {
			eval_fail(ev, batch_row(b, k), "key too long");
			bad = true;
		}
	if (!bad)
		return;
	eval_settle(ev, b);
	key_batch(b, cols, n, b->arena, out->keys, out->hashes);
}

void
row_values_make(struct row_values *out, struct expr *const *keys,
    unsigned n_keys, struct expr *const *orders, unsigned n_orders,
    struct eval *ev, struct batch *b)
{
	struct column *cols = arena_array(b->arena, n_keys, sizeof *cols);

	out->orders = arena_array(b->arena, n_orders, sizeof *out->orders);
	eval_begin(ev, b);
	for (unsigned i = 0; i < n_keys; i++)
		expr_eval(keys[i], ev, b, NULL, 0, &cols[i]);
	for (unsigned i = 0; i < n_orders; i++)
		if (orders[i])
			expr_eval(orders[i], ev, b, NULL, 0, &out->orders[i]);
	row_keys_make(&out->keys, cols, n_keys, ev, b);
}

struct expr **
bind_list(const struct arg *arg, struct scope *scope, const struct bind *b,
    unsigned *n)
{
	struct expr **out;

	*n = arg ? arg->n_items : 0;
	out = arena_array(b->arena, *n, sizeof *out);
	for (unsigned i = 0; i < *n; i++) {
		out[i] = expr_bind(arg->items[i].node, scope, b->arena, b->err);
		if (!out[i])
			return NULL;
	}
	return out;
}

int
refuse_updates(const struct op *op, const struct bind *b)
{
	if (!op->in.updates)
		return 0;
	err_set(b->err, ERR_SPEC, op->where,
	    "rows that come here may be corrected later, and the step \"%s\" "
	    "cannot take that back",
	    op->kind->name);
	return err_hint(b->err, "without --allow and --late update rows are "
				"final when they come");
}
