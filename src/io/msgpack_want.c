/* SPDX-License-Identifier: MIT */
/*
 * What is wanted of a msgpack record: from paths to a tree of names, and from
 * the slots the tree fills to elements of columns.
 *
 * The tree goes by names only. A path that goes on through an array, or
 * through a member that is wanted itself, is followed behind the slot. A row
 * is made in two steps: first everything that can fail is converted, then
 * everything is put; so a record that turns out bad leaves no trace.
 */
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "io/cell.h"
#include "io/msgpack.h"

/* ---- the tree ---- */

/* What the tree is made of: the names each want begins with. */
struct tree {
	struct msgpack_decoder *d;
	struct path *paths;	    /* of the wants, then _time and _tag */
	struct msgpack_want *wants; /* by path */
	unsigned n, n_slots;
};

static bool
same_beginning(const struct path *a, const struct path *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!str_eq(a->steps[i].name, b->steps[i].name))
			return false;
	return true;
}

/* True if an earlier path goes through the same first n names. */
static bool
seen_before(const struct tree *t, unsigned path, unsigned n)
{
	for (unsigned i = 0; i < path; i++)
		if (t->paths[i].n >= n &&
		    same_beginning(&t->paths[i], &t->paths[path], n))
			return true;
	return false;
}

/* If a path ends at this node, all that go through it share a slot. */
static bool
give_slot(
    struct tree *t, struct msgpack_node *node, unsigned path, unsigned depth)
{
	bool ends = false;

	for (unsigned i = path; i < t->n && !ends; i++)
		ends = t->paths[i].n == depth &&
		       same_beginning(&t->paths[i], &t->paths[path], depth);
	for (unsigned i = path; i < t->n && ends; i++)
		if (t->paths[i].n >= depth &&
		    same_beginning(&t->paths[i], &t->paths[path], depth)) {
			t->wants[i].slot = t->n_slots;
			t->wants[i].from = depth;
		}
	if (ends)
		node->slot = (int)t->n_slots++;
	return ends;
}

/*
 * Fills node: path is the first that goes through it, depth the number of its
 * names. Paths come from a query, whose own depth is limited.
 */
static void
make_node(
    struct tree *t, struct msgpack_node *node, unsigned path, unsigned depth)
{
	struct msgpack_node *kids;
	unsigned n = 0;

	node->slot = -1;
	node->first = t->n_slots;
	if (!depth || !give_slot(t, node, path, depth)) {
		kids = arena_zalloc(&t->d->arena, (t->n + 1) * sizeof *kids);
		for (unsigned i = path; i < t->n; i++) {
			const struct path *p = &t->paths[i];

			if (p->n <= depth ||
			    !same_beginning(p, &t->paths[path], depth) ||
			    seen_before(t, i, depth + 1))
				continue;
			kids[n].name = p->steps[depth].name;
			node->lengths |=
			    (uint64_t)1
			    << (kids[n].name.n < 63 ? kids[n].name.n : 63);
			make_node(t, &kids[n++], i, depth + 1);
		}
		node->kids = kids;
		node->n_kids = n;
	}
	node->n_slots = t->n_slots - node->first;
}

static enum msgpack_part
part_of(struct path p)
{
	if (p.n != 1 || !p.steps[0].name.p)
		return MSGPACK_NO_PART;
	if (str_is(p.steps[0].name, "_time") || str_is(p.steps[0].name, "time"))
		return MSGPACK_TIME;
	return str_is(p.steps[0].name, "_tag") ? MSGPACK_TAG : MSGPACK_NO_PART;
}

/* The names a path begins with; *whole is set if it is the whole record. */
static struct path
names_of(const struct want *w, bool *whole)
{
	struct path p = {w->path.steps, 0};

	while (p.n < w->path.n && p.steps[p.n].name.p)
		p.n++;
	if (!w->path.n && w->as != WANT_RAW)
		*whole = true;
	return p;
}

static struct msgpack_node *
make_tree(struct tree *t, const struct decode_spec *spec)
{
	struct arena *a = &t->d->arena;
	struct msgpack_node *root = arena_zalloc(a, sizeof *root);
	unsigned n = spec->n_wants;
	bool whole = false;

	t->paths = arena_array(a, n + 2, sizeof *t->paths);
	t->wants = arena_zalloc(a, (n + 2) * sizeof *t->wants);
	for (t->n = 0; t->n < n; t->n++) {
		t->wants[t->n].slot = UINT32_MAX;
		t->wants[t->n].part = part_of(spec->wants[t->n].path);
		t->paths[t->n] = names_of(&spec->wants[t->n], &whole);
	}
	if (whole) {
		t->paths[t->n++] = path_of_name(a, STR("_time"));
		t->paths[t->n++] = path_of_name(a, STR("_tag"));
	}
	make_node(t, root, 0, 0);
	return root;
}

void
msgpack_want_init(struct msgpack_decoder *d)
{
	const struct decode_spec *spec = d->base.spec;
	struct tree t = {.d = d};
	const struct msgpack_node *root;
	unsigned n = spec->n_wants;

	must(spec->time < 0 || spec->wants[spec->time].as == WANT_TIME);
	arena_init(&d->arena, 4096);
	root = make_tree(&t, spec);
	msgpack_scan_init(&d->scan, root, t.n_slots, &spec->limits);
	d->wants = t.wants;
	d->caches = arena_zalloc(&d->arena, n * sizeof *d->caches);
	d->values = arena_array(&d->arena, n, sizeof *d->values);
	d->checked = arena_array(&d->arena, n, sizeof *d->checked);
	d->plain = arena_array(&d->arena, n, sizeof *d->plain);
	for (unsigned i = 0; i < n; i++) {
		enum want_as as = spec->wants[i].as;

		if (d->wants[i].slot == UINT32_MAX)
			d->wants[i].slot = msgpack_missing(&d->scan);
		if (as == WANT_TIME || as == WANT_TYPE)
			d->checked[d->n_checked++] = i;
		else
			d->plain[d->n_plain++] = i;
	}
	if (t.n > n) {
		d->own_time = t.wants[n].slot;
		d->own_tag = t.wants[n + 1].slot;
	}
}

/* ---- values ---- */

/*
 * An event as one map: its own members behind its time and tag. A member of
 * the same name stands for itself.
 */
static struct value
event_map(
    struct msgpack_decoder *d, struct arena *a, const struct msgpack_record *r)
{
	struct msgpack_slot *slots = d->scan.slots;
	struct msgpack_slot time = *msgpack_time_slot(&d->scan);
	struct msgpack_slot tag = *msgpack_tag_slot(&d->scan);
	bool has_time = time.p && !slots[d->own_time].p;
	bool has_tag = tag.p && !slots[d->own_tag].p;
	struct msgpack_parts parts;
	const char *p, *end;
	struct buf *out = &d->whole;

	msgpack_shape_of(r->bytes.p, r->bytes.p + r->bytes.n, &parts);
	p = parts.map;
	end = msgpack_end(p);
	out->n = 0;
	pack_put_map(out, msgpack_open(&p) + has_time + has_tag);
	if (has_time) {
		pack_put_text(out, STR("_time"));
		pack_put(out, msgpack_time(time.p, time.end, a));
	}
	if (has_tag) {
		pack_put_text(out, STR("_tag"));
		buf_add(out, tag.p, (size_t)(tag.end - tag.p));
	}
	buf_add(out, p, (size_t)(end - p));
	return value_of_str(T_MAP, arena_str(a, buf_str(out)));
}

static struct value
whole_value(
    struct msgpack_decoder *d, struct arena *a, const struct msgpack_record *r)
{
	if (r->shape == MSGPACK_EVENT || r->shape == MSGPACK_MESSAGE)
		return event_map(d, a, r);
	return value_of_str(T_MAP, r->map);
}

/* The value of a part of the record beside its map. */
static struct value
part_value(struct msgpack_decoder *d, struct arena *a, enum msgpack_part part)
{
	struct msgpack_slot slot = {NULL, NULL};
	struct value v = VALUE_NULL;

	if (part == MSGPACK_TIME)
		slot = *msgpack_time_slot(&d->scan);
	else if (part == MSGPACK_TAG)
		slot = *msgpack_tag_slot(&d->scan);
	if (!slot.p)
		return v;
	if (part == MSGPACK_TIME)
		return msgpack_time(slot.p, slot.end, a);
	pack_get(&slot.p, slot.end, a, &v);
	return v;
}

static struct value
want_value(struct msgpack_decoder *d, struct arena *a, unsigned want,
    const struct msgpack_record *r)
{
	const struct path path = d->base.spec->wants[want].path;
	const struct msgpack_want *w = &d->wants[want];
	struct msgpack_slot slot = d->scan.slots[w->slot];
	struct value v = VALUE_NULL;

	if (!path.n)
		return whole_value(d, a, r);
	if (!slot.p)
		return part_value(d, a, w->part);
	pack_get(&slot.p, slot.end, a, &v);
	return w->from < path.n ? path_get(v, path, w->from, a) : v;
}

/* ---- rows ---- */

/* Converts a want that may fail; returns the reason if it does. */
static inline const char *
convert(struct msgpack_decoder *d, struct arena *a, unsigned want,
    const struct msgpack_record *r, struct value *out)
{
	const struct want *w = &d->base.spec->wants[want];
	const struct msgpack_want *mw = &d->wants[want];
	const char *p = d->scan.slots[mw->slot].p;

	if (w->as == WANT_TIME && p && msgpack_is_text(p) &&
	    mw->from == w->path.n &&
	    when_parse(
		&w->layout, &d->caches[want], msgpack_text(p), &out->i)) {
		out->type = T_TIME;
		return NULL;
	}
	return cell_convert(d->base.spec, want, &d->caches[want], a,
	    want_value(d, a, want, r), out);
}

static inline void
put_checked(struct msgpack_decoder *d, struct batch *b, unsigned want)
{
	struct value v = d->values[want];
	unsigned row = b->n_rows;

	if ((int)want == d->base.spec->time)
		b->time[row] = v.i;
	else if (v.type == T_TIME)
		column_put_time(&b->cols[want], b->arena, row, v.i);
	else
		column_put(&b->cols[want], b->arena, row, v);
}

#define HIGH_BITS 0x8080808080808080u

/* UTF-8, decided at once if it is short and ASCII. */
static inline bool
is_utf8(struct str s)
{
	uint64_t w, bits = 0;
	size_t i;

	if (s.n > 64)
		return utf8_valid(s);
	for (i = 0; i + 8 <= s.n; i += 8) {
		memcpy(&w, s.p + i, 8);
		bits |= w;
	}
	if (i < s.n) { /* SIMD_PAD bytes behind are readable */
		memcpy(&w, s.p + i, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		bits |= w << (64 - 8 * (s.n - i));
#else
		bits |= w >> (64 - 8 * (s.n - i));
#endif
	}
	return !(bits & HIGH_BITS) || utf8_valid(s);
}

static inline double
load_float(const char *p)
{
	uint64_t bits = msgpack_be32(p) << 32 | msgpack_be32(p + 4);
	double f;

	memcpy(&f, &bits, 8);
	return f;
}

/* Puts a value by its own type. */
static inline void
put_value(
    struct column *c, struct arena *a, unsigned row, struct msgpack_slot slot)
{
	const char *p = slot.p;
	unsigned char head = (unsigned char)*p;
	struct value v = VALUE_NULL;

	if (head <= 0x7f) {
		column_put_int(c, a, row, head);
	} else if (msgpack_is_text(p) && is_utf8(msgpack_text(p))) {
		column_put_text(c, a, row, msgpack_text(p));
	} else if (head >= 0xcc && head <= 0xce) { /* 1, 2 or 4 bytes */
		unsigned width = 1u << (head - 0xcc);

		column_put_int(c, a, row,
		    (int64_t)(msgpack_be32(p + 1) >> (32 - 8 * width)));
	} else if (head == 0xcb) {
		column_put_float(c, a, row, load_float(p + 1));
	} else if (head == 0xc2 || head == 0xc3) {
		column_put_bool(c, a, row, head == 0xc3);
	} else if (head == 0xc0) {
		column_put_null(c, a, row);
	} else {
		pack_get(&p, slot.end, a, &v);
		column_put(c, a, row, v);
	}
}

/* The bytes of a want as they stand. */
static void
put_raw(struct msgpack_decoder *d, struct batch *b, unsigned want,
    const struct msgpack_record *r)
{
	struct msgpack_slot slot = d->scan.slots[d->wants[want].slot];
	struct column *c = &b->cols[want];

	if (!d->base.spec->wants[want].path.n)
		column_put_text(c, b->arena, b->n_rows, r->bytes);
	else if (slot.p)
		column_put_text(c, b->arena, b->n_rows,
		    (struct str){slot.p, (size_t)(slot.end - slot.p)});
	else
		column_put_null(c, b->arena, b->n_rows);
}

static inline void
put_plain(struct msgpack_decoder *d, struct batch *b, unsigned want,
    const struct msgpack_record *r)
{
	const struct want *w = &d->base.spec->wants[want];
	const struct msgpack_want *mw = &d->wants[want];
	struct msgpack_slot slot = d->scan.slots[mw->slot];
	struct column *c = &b->cols[want];

	if (w->as == WANT_RAW)
		put_raw(d, b, want, r);
	else if (slot.p && mw->from == w->path.n)
		put_value(c, b->arena, b->n_rows, slot);
	else
		column_put(
		    c, b->arena, b->n_rows, want_value(d, b->arena, want, r));
}

const char *
msgpack_want_row(struct msgpack_decoder *d, struct batch *b,
    const struct msgpack_record *r, const char **at)
{
	unsigned i;

	for (i = 0; i < d->n_checked; i++) {
		unsigned want = d->checked[i];
		const char *reason =
		    convert(d, b->arena, want, r, &d->values[want]);

		if (__builtin_expect(reason != NULL, 0)) {
			*at = d->scan.slots[d->wants[want].slot].p;
			return reason;
		}
	}
	for (i = 0; i < d->n_checked; i++)
		put_checked(d, b, d->checked[i]);
	for (i = 0; i < d->n_plain; i++)
		put_plain(d, b, d->plain[i], r);
	return NULL;
}
