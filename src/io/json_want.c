/* SPDX-License-Identifier: MIT */
/*
 * What is wanted of a record: from paths to a tree, and from the slots the
 * tree fills to elements of columns.
 *
 * A record that turns out bad must leave no trace in the columns: what is
 * likely to fail is converted before anything is put.
 */
#include "base/mem.h"
#include "base/must.h"
#include "data/pack.h"
#include "io/cell.h"
#include "io/json.h"

/* ---- the tree ---- */

static bool
step_eq(const struct path_step *a, const struct path_step *b)
{
	if (!a->name.p || !b->name.p)
		return !a->name.p && !b->name.p && a->index == b->index;
	return str_eq(a->name, b->name);
}

static bool
same_beginning(const struct path *a, const struct path *b, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (!step_eq(&a->steps[i], &b->steps[i]))
			return false;
	return true;
}

/* True if an earlier want goes through the same first n steps. */
static bool
seen_before(const struct decode_spec *spec, unsigned want, unsigned n)
{
	const struct path *path = &spec->wants[want].path;
	unsigned i;

	for (i = 0; i < want; i++)
		if (spec->wants[i].path.n >= n &&
		    same_beginning(&spec->wants[i].path, path, n))
			return true;
	return false;
}

static void
set_step(struct json_node *node, const struct path_step *step)
{
	size_t n = step->name.n;

	node->name = step->name;
	node->index = step->index;
	if (!step->name.p) {
		node->name.n = SIZE_MAX; /* no name is as long */
		return;
	}
	memcpy(&node->head, step->name.p, n < 8 ? n : 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	node->head = __builtin_bswap64(node->head);
#endif
}

/* Kid number i is plain if its name is short, and written as it is. */
static bool
is_plain(struct str name, unsigned i)
{
	return name.n <= 8 && i + 1 < JSON_HEAD_MANY &&
	       !memchr(name.p, '"', name.n) && !memchr(name.p, '\\', name.n);
}

/* How a name's kid is found; heads are the node's. */
static void
add_name(struct json_node *node, uint8_t *heads, unsigned i)
{
	struct str name = node->kids[i].name;
	char a = name.n ? name.p[0] : '"', b = name.n > 1 ? name.p[1] : '"';
	uint8_t *head = &heads[json_head(a, b)];

	node->lengths |= (uint64_t)1 << (name.n < 63 ? name.n : 63);
	*head = *head || !is_plain(name, i) ? JSON_HEAD_MANY : (uint8_t)(i + 1);
}

struct tree {
	struct json_decoder *d;
	unsigned *slots; /* by want */
	unsigned n_nodes, n_slots;
};

/* Wants whose path ends at this node share its slot. */
static int
give_slot(struct tree *t, unsigned want, unsigned depth)
{
	const struct decode_spec *spec = t->d->base.spec;
	int slot = -1;
	unsigned i;

	for (i = want; i < spec->n_wants; i++) {
		const struct path *path = &spec->wants[i].path;

		if (path->n != depth ||
		    !same_beginning(path, &spec->wants[want].path, depth))
			continue;
		if (slot < 0)
			slot = (int)t->n_slots++;
		t->slots[i] = (unsigned)slot;
	}
	return slot;
}

/*
 * Fills node: want is the first whose path goes through it, depth the number
 * of its steps. Paths come from a query, whose own depth is limited.
 */
static void
make_node(struct tree *t, struct json_node *node, unsigned want, unsigned depth)
{
	const struct decode_spec *spec = t->d->base.spec;
	const struct path *path = &spec->wants[want].path;
	struct json_node *kids;
	uint8_t *heads = arena_zalloc(&t->d->arena, JSON_HEADS);
	unsigned i, n = 0;

	node->id = t->n_nodes++;
	node->first = t->n_slots;
	node->slot = depth ? give_slot(t, want, depth) : -1;
	kids = arena_zalloc(&t->d->arena, (spec->n_wants + 1) * sizeof *kids);
	node->kids = kids;
	node->heads = heads;
	for (i = want; i < spec->n_wants; i++) {
		const struct path *p = &spec->wants[i].path;
		struct json_node *kid = &kids[n];

		if (p->n <= depth || !same_beginning(p, path, depth) ||
		    seen_before(spec, i, depth + 1))
			continue;
		set_step(kid, &p->steps[depth]);
		if (kid->name.p)
			add_name(node, heads, n);
		make_node(t, kid, i, depth + 1);
		n++;
	}
	node->n_kids = n;
	node->n_slots = t->n_slots - node->first;
}

/* What each of the scans has for itself. */
static void
init_scan(struct json_decoder *d, struct json_scan *s, const struct tree *t,
    const struct json_node *root)
{
	const struct decode_spec *spec = d->base.spec;

	s->root = root;
	s->n_slots = t->n_slots;
	s->slots = arena_zalloc(&d->arena, (t->n_slots + 1) * sizeof *s->slots);
	s->seen = arena_zalloc(&d->arena, (t->n_nodes + 1) * sizeof *s->seen);
	s->depth_max = spec->limits.depth_max;
	s->fields_max = spec->limits.fields_max;
	s->trust = spec->trust;
	/* The slot of the whole record: where it lies is set for each. */
	s->slots[t->n_slots].kind = JSON_OBJECT;
}

static void
init_takes(struct json_decoder *d, const struct tree *t)
{
	const struct decode_spec *spec = d->base.spec;
	unsigned n = spec->n_wants, i;

	d->firm = arena_array(&d->arena, n, sizeof *d->firm);
	d->loose = arena_array(&d->arena, n, sizeof *d->loose);
	d->values = arena_array(&d->arena, n, sizeof *d->values);
	d->caches = arena_zalloc(&d->arena, n * sizeof *d->caches);
	for (i = 0; i < n; i++) {
		const struct want *w = &spec->wants[i];
		struct json_take take = {i, t->slots[i], w->as};

		if (!w->path.n)
			take.slot = t->n_slots;
		if (w->as == WANT_TIME || w->as == WANT_TYPE)
			d->firm[d->n_firm++] = take;
		else
			d->loose[d->n_loose++] = take;
	}
}

void
json_want_init(struct json_decoder *d)
{
	const struct decode_spec *spec = d->base.spec;
	struct tree t = {.d = d};
	struct json_node *root;
	bool trust = spec->trust;
	unsigned i;

	must(spec->time < 0 || spec->wants[spec->time].as == WANT_TIME);
	arena_init(&d->arena, 4096);
	t.slots = arena_array(&d->arena, spec->n_wants, sizeof *t.slots);
	root = arena_zalloc(&d->arena, sizeof *root);
	root->slot = -1;
	root->heads = arena_zalloc(&d->arena, JSON_HEADS);
	if (spec->n_wants)
		make_node(&t, root, 0, 0);
	init_takes(d, &t);
	for (i = 0; i < spec->n_wants; i++) {
		if (spec->wants[i].path.n)
			continue;
		d->whole = true;
		trust &= spec->wants[i].as == WANT_RAW;
	}
	d->blind = trust && !t.n_slots;
	for (i = 0; i < JSON_LANES; i++) {
		init_scan(d, &d->scans[i], &t, root);
		d->scans[i].trust = trust;
		d->lanes[i].s = &d->scans[i];
	}
}

void
json_want_release(struct json_decoder *d)
{
	unsigned i;

	mem_free(d->shapes.ops);
	mem_free(d->learn.ops);
	mem_free(d->index);
	for (i = 0; i < JSON_LANES; i++) {
		mem_free(d->scans[i].open);
		buf_release(&d->scans[i].name);
	}
	arena_release(&d->arena);
}

/* ---- values ---- */

static struct str
slot_str(const struct json_slot *slot)
{
	return (struct str){slot->p, (size_t)(slot->end - slot->p)};
}

/* The text of a slot without escapes. */
static struct str
slot_text(const struct json_slot *slot, struct arena *a)
{
	struct str s = slot_str(slot);
	char *out;

	if (slot->kind != JSON_ESCAPED)
		return s;
	out = arena_alloc(a, s.n);
	return (struct str){out, json_unescape(out, s)};
}

/* The slot as JSON text: a string with its quotes. */
static struct str
slot_raw(const struct json_slot *slot)
{
	struct str s = slot_str(slot);

	if (slot->kind == JSON_TEXT || slot->kind == JSON_ESCAPED)
		return (struct str){s.p - 1, s.n + 2};
	return s;
}

/* A great number: a decimal, unless it is too great for that. */
static bool
slot_great(const struct json_slot *slot, struct arena *a, struct value *v)
{
	struct dec d;

	if (!dec_parse(slot_str(slot), &d))
		return false;
	*v = value_decimal(a, d);
	return true;
}

/* The value of a slot by its own type; false if it cannot be represented. */
static bool
slot_value(const struct json_slot *slot, struct arena *a, struct value *v)
{
	switch (slot->kind) {
	case JSON_MISSING:
	case JSON_NULL:
		*v = VALUE_NULL;
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		*v = value_bool(slot->kind == JSON_TRUE);
		break;
	case JSON_INT:
		*v = value_int(slot->i);
		break;
	case JSON_FLOAT:
		*v = value_float(slot->f);
		break;
	case JSON_GREAT:
		return slot_great(slot, a, v);
	case JSON_TEXT:
	case JSON_ESCAPED:
		*v = value_text(slot_text(slot, a));
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return pack_parse_json(slot_str(slot), a, v);
	}
	return true;
}

/* ---- rows ---- */

/* Converts a firm want; returns the reason why that is impossible. */
static inline const char *
convert(struct json_decoder *d, struct arena *a, const struct json_take *take,
    const struct json_slot *slot, struct value *out)
{
	const struct want *w = &d->base.spec->wants[take->want];
	struct when_cache *cache = &d->caches[take->want];

	if (take->as == WANT_TIME && slot->kind == JSON_TEXT &&
	    when_parse(&w->layout, cache, slot_str(slot), &out->i)) {
		out->type = T_TIME;
		return NULL;
	}
	/* By its digits: a float has lost some of them. */
	if (take->as == WANT_TYPE && w->type == T_DECIMAL &&
	    slot->kind == JSON_FLOAT && slot_great(slot, a, out))
		return NULL;
	if (!slot_value(slot, a, out))
		return slot->kind == JSON_GREAT ? "number out of range"
						: "a nested value is too deep";
	return cell_convert(d->base.spec, take->want, cache, a, *out, out);
}

/* Puts what convert made. */
static inline void
put_firm(const struct json_decoder *d, struct batch *b, unsigned want,
    struct value v)
{
	if ((int)want == d->base.spec->time)
		b->time[b->n_rows] = v.i;
	else if (v.type == T_TIME)
		column_put_time(&b->cols[want], b->arena, b->n_rows, v.i);
	else
		column_put(&b->cols[want], b->arena, b->n_rows, v);
}

/* Puts a loose want that is not a plain text or number. */
static __attribute__((noinline)) const char *
put_rare(
    struct batch *b, const struct json_take *take, const struct json_slot *slot)
{
	struct column *c = &b->cols[take->want];
	struct value v;

	if (slot->kind == JSON_MISSING) {
		column_put_null(c, b->arena, b->n_rows);
		return NULL;
	}
	if (!slot_value(slot, b->arena, &v))
		return slot->kind == JSON_GREAT ? "number out of range"
						: "a nested value is too deep";
	column_put(c, b->arena, b->n_rows, v);
	return NULL;
}

/* The row being made is given up: what was put as NULL would stay so. */
static __attribute__((noinline, cold)) void
undo_row(struct batch *b)
{
	unsigned i, row = b->n_rows;

	for (i = 0; i < b->n_cols; i++)
		if (b->cols[i].nulls)
			b->cols[i].nulls[row >> 6] &=
			    ~((uint64_t)1 << (row & 63));
}

/* Puts all loose wants; on failure *failed is the slot. */
static inline const char *
put_loose(struct json_decoder *d, const struct json_slot *slots,
    struct batch *b, const struct json_slot **failed)
{
	const struct json_take *take = d->loose, *end = take + d->n_loose;
	struct column *cols = b->cols;
	struct arena *a = b->arena;
	unsigned row = b->n_rows;

	for (; take < end; take++) {
		const struct json_slot *slot = &slots[take->slot];
		struct column *c = &cols[take->want];
		bool value = take->as == WANT_VALUE;

		if (value && slot->kind == JSON_TEXT) {
			column_put_text(c, a, row, slot_str(slot));
		} else if (value && slot->kind == JSON_INT) {
			column_put_int(c, a, row, slot->i);
		} else if (value && slot->kind == JSON_FLOAT) {
			column_put_float(c, a, row, slot->f);
		} else if (take->as == WANT_RAW && slot->kind != JSON_MISSING) {
			column_put_json(c, a, row, slot_raw(slot));
		} else {
			const char *reason = put_rare(b, take, slot);

			*failed = slot;
			if (reason)
				return reason;
		}
	}
	return NULL;
}

const char *
json_want_row(struct json_decoder *d, struct json_scan *s, struct batch *b,
    struct str record, const char **at)
{
	const struct json_slot *slots = s->slots, *failed;
	const char *reason;
	unsigned i;

	if (d->whole) {
		s->slots[s->n_slots].p = record.p;
		s->slots[s->n_slots].end = record.p + record.n;
	}
	for (i = 0; i < d->n_firm; i++) {
		failed = &slots[d->firm[i].slot];
		reason =
		    convert(d, b->arena, &d->firm[i], failed, &d->values[i]);
		if (__builtin_expect(reason != NULL, 0))
			goto bad;
	}
	reason = put_loose(d, slots, b, &failed);
	if (__builtin_expect(reason != NULL, 0)) {
		undo_row(b);
		goto bad;
	}
	for (i = 0; i < d->n_firm; i++)
		put_firm(d, b, d->firm[i].want, d->values[i]);
	return NULL;
bad:
	*at = failed->kind == JSON_MISSING ? record.p : failed->p;
	return reason;
}
