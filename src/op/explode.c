/* SPDX-License-Identifier: MIT */
/*
 * One row for each element of a list, or for each entry of a map: UNNEST.
 *
 * It keeps nothing between rows, but makes more of them than it takes, so it
 * emits batches of its own: the other columns are gathered, row by row. Time
 * and watermark stay those of the row the elements come from: what was full
 * is emitted before the watermark moves.
 *
 * For CROSS JOIN UNNEST(x) [WITH ORDINALITY] AS t(a, b, n): field is x, as is
 * [a, b], ordinality is n; outer is true for LEFT JOIN … ON TRUE.
 */
#include "base/mem.h"
#include "data/pack.h"
#include "op/op.h"

#define NAMES_MAX 64

struct explode_config {
	struct expr *list;
	const struct str *names;
	unsigned *cols; /* of the names */
	unsigned n;
	int ordinality; /* column, or -1 */
	bool outer;
};

struct explode_run {
	struct op_run run; /* first */
	const struct explode_config *c;
	struct arena arena;
	unsigned *kept, n_kept; /* columns that are gathered */
	struct batch *out;
	const struct batch *from; /* that the rows of out come from */
	uint16_t rows[BATCH_ROWS];
	unsigned n;
};

/* ---- binding ---- */

static int
check_names(const struct explode_config *c, struct str ordinality,
    struct where where, const struct bind *b)
{
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k <= i; k++)
			if (k < i ? str_eq(c->names[i], c->names[k])
				  : str_eq(c->names[i], ordinality))
				return err_set(b->err, ERR_SPEC, where,
				    "there are two columns named \"%.*s\"",
				    STR_ARG(c->names[i]));
	return 0;
}

static int
bind_names(struct op *op, struct explode_config *c, const struct bind *b)
{
	const struct arg_item *field = &op_arg(op, "field")->items[0];
	const struct arg *as = op_arg(op, "as");
	struct str ordinality = op_word(op, "ordinality");
	struct str *names;

	c->n = as ? as->n_items : 1;
	if (c->n > NAMES_MAX)
		return err_set(b->err, ERR_SPEC, as->where,
		    "more than %d names", NAMES_MAX);
	c->names = names = arena_array(b->arena, c->n, sizeof *names);
	c->cols = arena_array(b->arena, c->n, sizeof *c->cols);
	for (unsigned i = 0; i < c->n; i++)
		names[i] =
		    as ? as->items[i].name : node_alias(field->node, b->arena);
	if (check_names(c, ordinality, as ? as->where : field->where, b))
		return -1;
	op->out = flow_copy(&op->in, c->n + 1, b->arena);
	for (unsigned i = 0; i < c->n; i++) {
		c->cols[i] = flow_compute(&op->out);
		flow_set(&op->out, c->names[i], c->cols[i], T_ANY);
	}
	c->ordinality = -1;
	if (!ordinality.p)
		return 0;
	c->ordinality = (int)flow_compute(&op->out);
	flow_set(&op->out, ordinality, (unsigned)c->ordinality, T_INT);
	return 0;
}

static int
explode_bind(struct op *op, const struct bind *b)
{
	struct explode_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg_item *field = &op_arg(op, "field")->items[0];
	struct scope scope;
	enum type t;

	op->config = c;
	flow_scope(&op->in, b, &scope);
	c->list = expr_bind(field->node, &scope, b->arena, b->err);
	if (!c->list)
		return -1;
	t = expr_type(c->list);
	if (t != T_ANY && t != T_LIST && t != T_MAP && t != T_NULL)
		return err_set(b->err, ERR_SPEC, field->where,
		    "a list or a map is expected here, not %s", type_name(t));
	c->outer = op_flag(op, "outer");
	return bind_names(op, c, b);
}

/* ---- gathering ---- */

static void
gather_nulls(struct column *to, const struct column *from, const uint16_t *rows,
    unsigned n, struct arena *a)
{
	for (unsigned i = 0; from->nulls && i < n; i++)
		if (bit_get(from->nulls, rows[i]))
			column_set_null(to, a, i);
}

/* Rows of a column, in this order and as often as they are listed. */
static struct column
gather(const struct column *from, const uint16_t *rows, unsigned n,
    struct arena *a)
{
	struct column to;

	if (from->constant || from->type == T_NULL)
		return *from;
	to = column_new(a, from->type);
	for (unsigned i = 0; i < n; i++)
		switch (type_store(from->type)) {
		case STORE_BYTE:
			to.b[i] = from->b[rows[i]];
			break;
		case STORE_I64:
			to.i[i] = from->i[rows[i]];
			break;
		case STORE_F64:
			to.f[i] = from->f[rows[i]];
			break;
		case STORE_STR:
			to.s[i] = from->s[rows[i]];
			break;
		case STORE_VALUE:
			to.v[i] = from->v[rows[i]];
			break;
		case STORE_NONE:
			break;
		}
	gather_nulls(&to, from, rows, n, a);
	return to;
}

static void
gather_origin(struct batch *to, const struct batch *from, const uint16_t *rows,
    unsigned n)
{
	struct arena *a = to->arena;

	to->made = true;
	to->input = from->input;
	to->block = from->block;
	to->block_offset = from->block_offset;
	to->block_line = from->block_line;
	if (from->time)
		to->time = arena_array(a, n, sizeof *to->time);
	if (from->kind)
		to->kind = arena_array(a, n, sizeof *to->kind);
	if (from->raw)
		to->raw = arena_array(a, n, sizeof *to->raw);
	if (from->place)
		to->place = arena_array(a, n, sizeof *to->place);
	for (unsigned i = 0; i < n; i++) {
		if (from->time)
			to->time[i] = from->time[rows[i]];
		if (from->kind)
			to->kind[i] = from->kind[rows[i]];
		if (from->raw)
			to->raw[i] = from->raw[rows[i]];
		if (from->place)
			to->place[i] = from->place[rows[i]];
	}
}

/* ---- running ---- */

static struct op_run *
explode_open(const struct op *op)
{
	struct explode_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->out = batch_new();
	arena_init(&r->arena, 1024);
	r->kept = flow_kept(&op->out, op->number, &r->arena, &r->n_kept);
	return &r->run;
}

static void *
explode_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct explode_config *c = op->config;
	struct column *list = arena_alloc(b->arena, sizeof *list);

	eval_begin(ev, b);
	expr_eval(c->list, ev, b, NULL, 0, list);
	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		enum type t = (enum type)column_get(list, row).type;

		if (t != T_NULL && t != T_LIST && t != T_MAP)
			eval_fail(ev, row, "neither a list nor a map");
	}
	eval_settle(ev, b);
	return list;
}

static void
begin(struct explode_run *r, const struct batch *from)
{
	batch_reset(r->out);
	batch_columns(r->out, r->run.op->out.segment->n_cols);
	r->from = from;
	r->n = 0;
}

static bool
is_made(const struct explode_config *c, unsigned col)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->cols[i] == col)
			return true;
	return (int)col == c->ordinality;
}

static void
flush(struct explode_run *r)
{
	struct batch *out = r->out;

	if (!r->n)
		return;
	for (unsigned i = 0; i < r->n_kept; i++) {
		unsigned col = r->kept[i];

		if (col < r->from->n_cols && !is_made(r->c, col))
			out->cols[col] = gather(
			    &r->from->cols[col], r->rows, r->n, out->arena);
	}
	gather_origin(out, r->from, r->rows, r->n);
	out->n_rows = out->n_sel = r->n;
	r->run.emit(&r->run, out);
	begin(r, r->from);
}

/* One row more: values for the names, and its number (0: NULL). */
static void
add(struct explode_run *r, unsigned row, const struct value *values, unsigned n,
    uint32_t number)
{
	const struct explode_config *c = r->c;
	struct batch *out = r->out;

	for (unsigned i = 0; i < c->n; i++)
		column_put(&out->cols[c->cols[i]], out->arena, r->n,
		    i < n ? values[i] : VALUE_NULL);
	if (c->ordinality >= 0)
		column_put(&out->cols[c->ordinality], out->arena, r->n,
		    number ? value_int(number) : VALUE_NULL);
	r->rows[r->n++] = (uint16_t)row;
	if (r->n == BATCH_ROWS)
		flush(r);
}

/* An element of a list: as it is, or its members if there are more names. */
static void
add_element(
    struct explode_run *r, unsigned row, struct value v, uint32_t number)
{
	const struct explode_config *c = r->c;
	struct value values[NAMES_MAX];

	values[0] = v;
	for (unsigned i = 0; c->n > 1 && i < c->n; i++)
		if (v.type != T_MAP ||
		    !pack_map_find(v, c->names[i], r->out->arena, &values[i]))
			values[i] = i || v.type == T_MAP ? VALUE_NULL : v;
	add(r, row, values, c->n, number);
}

/* An entry of a map: key and value, or both as a map. */
static void
add_entry(struct explode_run *r, unsigned row, struct value key, struct value v,
    uint32_t number)
{
	struct value pair[2] = {key, v};
	struct buf map = {0};

	if (r->c->n == 1) {
		pack_put_map(&map, 2);
		pack_put_text(&map, STR("key"));
		pack_put(&map, key);
		pack_put_text(&map, STR("value"));
		pack_put(&map, v);
		pair[0] = value_of_str(
		    T_MAP, arena_str(r->out->arena, buf_str(&map)));
		buf_release(&map);
	}
	add(r, row, pair, 2, number);
}

/* All of a row; false if it has nothing. */
static bool
explode(struct explode_run *r, unsigned row, struct value list)
{
	const char *p = list.p, *end = p + list.len;
	struct value key = VALUE_NULL, v;
	bool map = list.type == T_MAP;
	uint32_t n, i;

	if (list.type == T_NULL ||
	    !(map ? pack_get_map(&p, end, &n) : pack_get_array(&p, end, &n)))
		return false;
	for (i = 0; i < n; i++) {
		struct arena *a = r->out->arena;

		if ((map && pack_get(&p, end, a, &key) != PACK_OK) ||
		    pack_get(&p, end, a, &v) != PACK_OK)
			break;
		if (map)
			add_entry(r, row, key, v, i + 1);
		else
			add_element(r, row, v, i + 1);
	}
	return i > 0;
}

static void
explode_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct explode_run *r = (struct explode_run *)run;
	const struct column *list = prepared;
	unsigned k = op_selected_from(b, from);

	begin(r, b);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			k++;
			if (!explode(r, row, column_get(list, row))) {
				if (r->c->outer)
					add(r, row, NULL, 0, 0);
				else
					b->n_filtered++;
			}
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		flush(r);
		run->forward(run, w->now);
	}
	flush(r);
}

static void
explode_advance(struct op_run *run, int64_t w)
{
	run->forward(run, w);
}

static void
explode_close(struct op_run *run)
{
	struct explode_run *r = (struct explode_run *)run;

	batch_free(r->out);
	arena_release(&r->arena);
	mem_free(r);
}

static void
explode_explain(const struct op *op, struct buf *out)
{
	(void)op;
	buf_lit(out, "nothing");
}

// clang-format off
static const struct param explode_params[] = {
	{"field", PARAM_EXPR, true, "The list or map: a field or expression."},
	{"as", PARAM_NAMES, false,
	    "Name of the element, or names of key and value of a map's "
	    "entries, "
	    "or of members of elements that are maps. Without it the element "
	    "takes the place of the list."},
	{"ordinality", PARAM_NAME, false,
	    "A column with the element's number, from 1."},
	{"outer", PARAM_FLAG, false,
	    "true: a row without elements stays, with NULLs."},
};

const struct op_kind op_explode = {
	.name = "explode",
	.doc = "Make a row of each element of a list, or entry of a map.",
	.about =
	    "All other columns are repeated. A row whose list is empty or NULL "
	    "is left out and counts as filtered, unless `outer` is true; one "
	    "whose field is neither list nor map is a bad record. In SQL: "
	    "CROSS JOIN UNNEST(field) WITH ORDINALITY AS t(name, number), or "
	    "LEFT JOIN.",
	.example = "- explode: items\n  as: item\n  ordinality: n\n",
	.params = explode_params,
	.n_params = sizeof explode_params / sizeof *explode_params,
	.primary = "field",
	.bind = explode_bind,
	.prepare = explode_prepare,
	.open = explode_open,
	.apply = explode_apply,
	.advance = explode_advance,
	.close = explode_close,
	.explain = explode_explain,
};
// clang-format on
