/* SPDX-License-Identifier: MIT */
/*
 * Parse a text inside of each row by a format, and add what it holds.
 *
 * Which fields are computed is known when all steps are bound (parsed.c): only
 * those that something reads are asked of the format's decoder. A thread has
 * its decoder in its evaluation.
 */
#include "base/mem.h"
#include "data/pack.h"
#include "op/op.h"

enum on_error {
	ERROR_BAD,
	ERROR_NULL,
	ERROR_KEEP
};

struct parse_config {
	struct expr *text;
	const struct layout *layout;
	struct parsed parsed;
	enum on_error on_error;
	bool json; /* what is a map already is as good as its text */
};

/* ---- binding ---- */

static int
bind_on_error(const struct op *op, struct parse_config *c, const struct bind *b)
{
	const struct str words[] = {STR("bad"), STR("null"), STR("keep")};
	const struct arg *arg = op_arg(op, "on_error");
	struct str word = op_word(op, "on_error");

	if (!arg)
		return 0;
	for (unsigned i = 0; i < 3; i++)
		if (str_eq(word, words[i])) {
			c->on_error = (enum on_error)i;
			return 0;
		}
	err_set(b->err, ERR_SPEC, arg->items[0].where,
	    "on_error must be bad, null or keep");
	return err_suggest(b->err, word, words, 3);
}

/* A key that is no setting of the format may be meant for the step. */
static int
wrong_format(const struct settings *s, struct err *err)
{
	struct str words[] = {STR("into"), STR("on_error"), STR("format")};
	struct str near;

	if (!err->where.src) {
		err->where = s->where;
		err->code = ERR_SPEC;
	}
	for (unsigned i = 0; i < s->n; i++) {
		near = str_nearest(s->list[i].name, words, 3);
		if (near.p && err->where.at == s->list[i].where.at)
			err_hint(err, "did you mean \"%.*s\"?", STR_ARG(near));
	}
	return -1;
}

/* The format, its settings, and what it says of the texts. */
static int
bind_format(const struct op *op, struct parse_config *c, const struct bind *b)
{
	const struct arg *arg = op_arg(op, "format");
	const struct arg *more = op_arg(op, "settings");
	unsigned n = more ? more->n_items : 0;
	struct setting *list = arena_array(b->arena, n, sizeof *list);
	struct settings settings = {.list = list, .n = n};
	const struct format *f;

	for (unsigned i = 0; i < n; i++)
		list[i] = (struct setting){more->items[i].name,
		    more->items[i].to, more->items[i].where};
	f = format_parse(
	    arg->items[0].name, arg->items[0].where, false, &settings, b->err);
	if (!f)
		return -1;
	c->json = !strcmp(f->name, "json");
	c->layout = record_layout(f, &settings, b->arena, b->err);
	return c->layout ? 0 : wrong_format(&settings, b->err);
}

/* The names of the fields, without what is inside of them. */
static void
known_names(struct parsed *p, const struct layout *l)
{
	struct str *known = arena_array(p->arena, l->n_fields, sizeof *known);
	unsigned n = 0;

	if (!l->n_fields)
		return;
	for (unsigned i = 0; i < l->n_fields; i++) {
		struct str name = l->fields[i];
		const char *dot =
		    l->format->nested ? memchr(name.p, '.', name.n) : NULL;
		unsigned k = 0;

		if (dot)
			name.n = (size_t)(dot - name.p);
		while (k < n && !str_eq(known[k], name))
			k++;
		if (k == n)
			known[n++] = name;
	}
	p->known = known;
	p->n_known = n;
}

/* Every text has the same fields: they are columns. */
static void
add_known(struct op *op, struct parsed *p)
{
	for (unsigned i = 0; i < p->n_known; i++)
		flow_set(&op->out, p->known[i],
		    parsed_add(p, path_of_name(p->arena, p->known[i])), T_ANY);
}

/*
 * Each text has its own: they hide what has their names only where they are,
 * so that columns, too, become fields that may come from either.
 */
static void
add_open(struct op *op, struct parsed *p)
{
	struct flow *out = &op->out;
	bool spread = false;

	for (unsigned i = 0; i < out->n_cols; i++) {
		struct flow_column *c = &out->cols[i];

		if (c->spread) {
			c->parsed = p;
			c->col = COL_RECORD;
			spread = true;
		} else if (!c->omit_null || c->dropped) {
			c->col = parsed_add(p, path_of_name(p->arena, c->name));
			c->type = T_ANY;
			c->dropped = false;
		}
	}
	if (spread)
		return;
	out->cols[out->n_cols++] = (struct flow_column){
	    .col = COL_RECORD, .type = T_MAP, .spread = true, .parsed = p};
}

static int
add_columns(struct op *op, struct parsed *p, const struct bind *b)
{
	const struct arg *into = op_arg(op, "into");

	op->out = flow_copy(&op->in, p->n_known + 1, b->arena);
	op->out.parsed = p;
	if (into) {
		p->apart = true;
		p->known = NULL;
		flow_set(&op->out, into->items[0].name,
		    parsed_add(p, (struct path){NULL, 0}), T_MAP);
	} else if (p->known) {
		add_known(op, p);
	} else {
		add_open(op, p);
	}
	return 0;
}

static int
parse_bind(struct op *op, const struct bind *b)
{
	struct parse_config *c = arena_zalloc(b->arena, sizeof *c);
	struct parsed *p = &c->parsed;
	struct scope scope;

	op->config = c;
	flow_scope(&op->in, b, &scope);
	c->text = expr_bind(
	    op_arg(op, "field")->items[0].node, &scope, b->arena, b->err);
	if (!c->text || bind_on_error(op, c, b) || bind_format(op, c, b))
		return -1;
	*p = (struct parsed){.in = op->in,
	    .arena = b->arena,
	    .keeps = c->on_error == ERROR_KEEP};
	known_names(p, c->layout);
	return add_columns(op, p, b);
}

/* ---- running ---- */

/* What a thread has: the fields that are read, and their decoder. */
struct parser {
	const struct parse_config *c;
	unsigned *fields; /* numbers of the fields */
	struct want *wants;
	struct value *values;
	unsigned n;
	struct record_parser *record;
};

static void *
parser_new(const void *key)
{
	const struct parse_config *c = key;
	const struct parsed *p = &c->parsed;
	struct parser *r = mem_zalloc(sizeof *r);

	r->c = c;
	r->fields = mem_array(p->n_fields, sizeof *r->fields);
	r->wants = mem_zalloc((p->n_fields + 1) * sizeof *r->wants);
	r->values = mem_array(p->n_fields, sizeof *r->values);
	for (unsigned i = 0; i < p->n_fields; i++) {
		if (!p->fields[i].used)
			continue;
		r->wants[r->n].path = p->fields[i].path;
		r->fields[r->n++] = i;
	}
	r->record = record_parser_new(c->layout, r->wants, r->n);
	return r;
}

static void
parser_free(void *object)
{
	struct parser *r = object;

	record_parser_free(r->record);
	mem_free(r->fields);
	mem_free(r->wants);
	mem_free(r->values);
	mem_free(r);
}

static void
set_null(struct parser *r)
{
	for (unsigned i = 0; i < r->n; i++)
		r->values[i] = VALUE_NULL;
}

/* The values of a row's fields; NULL, or why there are none. */
static const char *
parse_value(struct parser *r, struct arena *a, struct value v)
{
	struct buf text = {0};
	const char *why;

	set_null(r);
	if (v.type == T_NULL)
		return NULL;
	if (v.type == T_MAP && r->c->json) {
		for (unsigned i = 0; i < r->n; i++)
			r->values[i] = r->wants[i].path.n
					   ? path_get(v, r->wants[i].path, 0, a)
					   : v;
		return NULL;
	}
	if (v.type == T_TEXT || v.type == T_BYTES)
		return record_parse(r->record, value_str(v), a, r->values);
	value_print(&text, v);
	why = record_parse(r->record, buf_str(&text), a, r->values);
	buf_release(&text);
	return why;
}

/* ---- what the row has already ---- */

static bool
has_key(struct value map, struct value key, struct arena *a, struct value *out)
{
	return map.type == T_MAP && key.type == T_TEXT &&
	       pack_map_find(map, value_str(key), a, out);
}

/* Members of a map but for those that `but` has; their number. */
static uint32_t
put_members(struct buf *out, struct arena *a, struct value map,
    struct value over, bool new)
{
	const char *p = map.p, *end = p + map.len;
	struct value key, v, other;
	uint32_t n, put = 0;

	if (map.type != T_MAP || !pack_get_map(&p, end, &n))
		return 0;
	for (; n && pack_get(&p, end, a, &key) == PACK_OK &&
	       pack_get(&p, end, a, &v) == PACK_OK;
	     n--) {
		bool both = has_key(over, key, a, &other);

		if (new && (both || v.type == T_NULL))
			continue;
		if (both && other.type != T_NULL)
			v = other;
		pack_put(out, key);
		pack_put(out, v);
		put++;
	}
	return put;
}

/*
 * A record with the fields of a text: those it has keep their place and get
 * the text's value, unless that is NULL; the text's others come behind.
 */
static struct value
merge(struct arena *a, struct value record, struct value text)
{
	struct buf members = {0}, all = {0};
	uint32_t n;
	struct value v;

	if (text.type != T_MAP)
		return record;
	if (record.type != T_MAP)
		return text;
	n = put_members(&members, a, record, text, false);
	n += put_members(&members, a, text, record, true);
	pack_put_map(&all, n);
	buf_adds(&all, buf_str(&members));
	v = value_of_str(T_MAP, arena_str(a, buf_str(&all)));
	buf_release(&members);
	buf_release(&all);
	return v;
}

/* ---- rows ---- */

static void
put_row(struct parser *r, const struct op *op, struct batch *b, unsigned row,
    bool failed)
{
	const struct parsed *p = &r->c->parsed;

	for (unsigned i = 0; i < r->n; i++) {
		const struct parsed_field *f = &p->fields[r->fields[i]];
		struct value v = r->values[i];

		if (f->outer >= 0 && (!p->known || failed)) {
			struct value o = column_get(&b->cols[f->outer], row);

			if (!f->path.n)
				v = merge(b->arena, o, v);
			else if (v.type == T_NULL)
				v = o;
		}
		column_put(flow_place(&op->out, b, f->col), b->arena, row, v);
	}
}

static void
parse_batch(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct parse_config *c = op->config;
	struct parser *r = eval_keep(ev, c, parser_new, parser_free);
	struct column text;

	eval_begin(ev, b);
	expr_eval(c->text, ev, b, NULL, 0, &text);
	for (unsigned i = 0; i < r->n; i++)
		*flow_place(&op->out, b, c->parsed.fields[r->fields[i]].col) =
		    (struct column){.type = T_NULL};
	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		const char *why =
		    parse_value(r, b->arena, column_get(&text, row));

		if (why) {
			set_null(r);
			if (c->on_error == ERROR_BAD)
				eval_fail(ev, row, why);
		}
		put_row(r, op, b, row, why != NULL);
	}
	eval_settle(ev, b);
}

// clang-format off
static const struct param parse_params[] = {
	{"field", PARAM_EXPR, true, "The text: a field, or an expression."},
	{"format", PARAM_WORD, true, "NAME or NAME:ARG of a format."},
	{"into", PARAM_NAME, false,
	    "A column that holds what was parsed, as a map."},
	{"on_error", PARAM_WORD, false,
	    "What becomes of a row whose text is no record of the format: bad "
	    "(a bad record), null (the fields are NULL), keep (the row stays "
	    "as it was)."},
	{"settings", PARAM_SETTINGS, false,
	    "Any other key is a setting of the format."},
};

const struct op_kind op_parse = {
	.name = "parse",
	.doc = "Parse a text inside of each row, and add its fields.",
	.about =
	    "The text is read as one record of a format: json, grok:PATTERN, "
	    "regex:PATTERN, csv:header=a,b or any other that can be read. "
	    "If the format has the same fields in every record, they become "
	    "columns, and hide what had their names. If each record brings its "
	    "own (json), a name behind this step is the field of the text or, "
	    "where the text has none or it is NULL, what it meant before. "
	    "With `into` the fields stand in a map of that name: NAME.field. "
	    "All other columns stay. A NULL or empty text has no fields. Only "
	    "fields that something reads are parsed.",
	.example = "- parse: message\n  format: json\n  on_error: keep\n",
	.params = parse_params,
	.n_params = sizeof parse_params / sizeof *parse_params,
	.primary = "field",
	.bind = parse_bind,
	.batch = parse_batch,
};
// clang-format on
