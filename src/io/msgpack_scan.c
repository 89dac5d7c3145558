/* SPDX-License-Identifier: MIT */
/*
 * Reading a record: along a template, or by walking its maps; see msgpack.h.
 *
 * A template never looks at what a value holds, but it is strict about where
 * values begin: keys, their order and the number of members are all in its
 * literals. A record that has a wanted member twice makes no template, so
 * that "the last one counts" needs no thought on the fast way.
 */
#include "base/mem.h"
#include "base/must.h"
#include "io/msgpack.h"

#define IN_VAIN 16 /* templates made before waiting begins */
#define WAIT_MOST 256

/* ---- setting up ---- */

void
msgpack_scan_init(struct msgpack_scan *s, const struct msgpack_node *root,
    unsigned n_slots, const struct limits *limits)
{
	*s = (struct msgpack_scan){.root = root,
	    .n_slots = n_slots,
	    .record_max = limits->record_max,
	    .depth_max = limits->depth_max < PACK_DEPTH_MAX ? limits->depth_max
							    : PACK_DEPTH_MAX};
	s->slots = mem_zalloc((n_slots + 4) * sizeof *s->slots);
	s->levels = mem_array(s->depth_max + 1, sizeof *s->levels);
	for (unsigned i = 0; i <= MSGPACK_TEMPLATES; i++)
		s->recent[i] = &s->templates[i];
}

void
msgpack_scan_release(struct msgpack_scan *s)
{
	for (unsigned i = 0; i <= MSGPACK_TEMPLATES; i++)
		mem_free(s->templates[i].ops);
	mem_free(s->levels);
	mem_free(s->slots);
}

/* The slot of values that nobody wants. */
static unsigned
dummy(const struct msgpack_scan *s)
{
	return s->n_slots + 2;
}

static void
forget_slots(struct msgpack_scan *s)
{
	for (unsigned i = 0; i < s->n_slots + 2; i++)
		s->slots[i].p = NULL;
}

/* ---- learning ---- */

static void
learn_begin(struct msgpack_template *t, const char *p, enum msgpack_shape shape)
{
	t->n = 0;
	t->shape = shape;
	t->failed = t->used = false;
	t->from = p;
	mem_grow(&t->ops, &t->cap, 1, sizeof *t->ops); /* never NULL */
}

static void
set_literal(struct msgpack_op *op, const char *text, size_t n)
{
	*op = (struct msgpack_op){.len = (uint16_t)n};
	memcpy(op->literal, text, n);
	memset(op->mask, 0xff, n);
}

static struct msgpack_op *
add_op(struct msgpack_template *t)
{
	if (t->n == MSGPACK_OPS) {
		t->failed = true;
		t->n = 0;
	}
	mem_grow(&t->ops, &t->cap, t->n + 1, sizeof *t->ops);
	return &t->ops[t->n++];
}

/*
 * Turns the bytes before p into literals; the last of them, at most
 * MSGPACK_LITERAL bytes, goes to *last.
 */
static void
learn_literal(
    struct msgpack_template *t, const char *p, struct msgpack_op *last)
{
	while (p - t->from > MSGPACK_LITERAL) {
		struct msgpack_op *op = add_op(t);

		set_literal(op, t->from, MSGPACK_LITERAL);
		op->expect = MSGPACK_NO_VALUE;
		t->from += MSGPACK_LITERAL;
	}
	set_literal(last, t->from, (size_t)(p - t->from));
	t->from = p;
}

/* True if the first byte tells the size. */
static bool
is_exact(unsigned char head)
{
	unsigned entry = msgpack_sizes[head];

	return entry && entry >> 8 == 32;
}

/* A value at [p, end), inside of depth levels. */
static void
learn(struct msgpack_template *t, const char *p, const char *end,
    unsigned depth, unsigned slot, bool no_map)
{
	struct msgpack_op op;

	if (!t || t->failed)
		return;
	learn_literal(t, p, &op);
	op.slot = slot;
	op.depth = (uint16_t)depth;
	op.no_map = no_map;
	op.head = (unsigned char)*p;
	op.size = (uint8_t)msgpack_sizes[op.head];
	op.expect = is_exact(op.head) ? MSGPACK_EXACT : MSGPACK_ANY;
	*add_op(t) = op;
	t->from = end;
}

/* ---- walking maps ---- */

static const struct msgpack_node *
find_kid(const struct msgpack_node *node, struct str name)
{
	const struct msgpack_node *kid = node->kids, *end = kid + node->n_kids;

	if (!(node->lengths >> (name.n < 63 ? name.n : 63) & 1))
		return NULL;
	for (; kid < end; kid++)
		if (str_eq(kid->name, name))
			return kid;
	return NULL;
}

/* A member that is wanted is there: what an earlier one of it gave goes. */
static void
claim(struct msgpack_scan *s, const struct msgpack_node *kid,
    struct msgpack_template *t)
{
	struct msgpack_slot *slot = s->slots + kid->first;

	for (unsigned i = 0; i < kid->n_slots; i++) {
		if (slot[i].p && t)
			t->failed = true;
		slot[i].p = NULL;
	}
}

/* The next member's node, or NULL; *p is advanced past its key. */
static const struct msgpack_node *
read_key(const struct msgpack_node *node, const char **p)
{
	const struct msgpack_node *kid = NULL;

	if (node && msgpack_is_text(*p))
		kid = find_kid(node, msgpack_text(*p));
	*p = msgpack_end(*p);
	return kid;
}

/* Walks the map at p, inside of `around` levels. */
static void
walk_map(struct msgpack_scan *s, const char *p, unsigned around,
    struct msgpack_template *t)
{
	struct msgpack_level *l = s->levels;
	unsigned depth = 0;

	*l = (struct msgpack_level){s->root, 0};
	l->left = msgpack_open(&p);
	for (;;) {
		const struct msgpack_node *kid;
		const char *end;
		unsigned slot = dummy(s);

		while (!l->left) {
			if (!depth)
				return;
			l = &s->levels[--depth];
		}
		l->left--;
		kid = read_key(l->node, &p);
		if (kid)
			claim(s, kid, t);
		if (msgpack_is_map(p) && (kid ? kid->slot < 0 : t != NULL)) {
			l = &s->levels[++depth];
			*l = (struct msgpack_level){kid, 0};
			l->left = msgpack_open(&p);
			continue;
		}
		if (kid && kid->slot >= 0)
			slot = (unsigned)kid->slot;
		end = msgpack_end(p);
		s->slots[slot] = (struct msgpack_slot){p, end};
		learn(
		    t, p, end, around + depth + 1, slot, kid && kid->slot < 0);
		p = end;
	}
}

/* ---- the scan ---- */

/*
 * The template to be made of the next record, or NULL. Templates that never
 * fit again (names in random order) cost time, so after a few in vain the
 * next one is made later and later.
 */
static struct msgpack_template *
template_to_make(struct msgpack_scan *s)
{
	if (s->wait) {
		s->wait--;
		return NULL;
	}
	if (s->idle >= IN_VAIN) {
		unsigned shift = s->idle - IN_VAIN;

		s->wait = shift < 8 ? 1u << shift : WAIT_MOST;
	}
	s->idle++;
	return s->recent[MSGPACK_TEMPLATES];
}

/* Moves the template at place i of the recent ones to the front. */
static void
to_front(struct msgpack_scan *s, unsigned i)
{
	struct msgpack_template *t = s->recent[i];

	memmove(s->recent + 1, s->recent, i * sizeof *s->recent);
	s->recent[0] = t;
}

/* A part of the record beside its map. */
static void
scan_part(struct msgpack_scan *s, struct msgpack_template *t, const char *p,
    unsigned slot)
{
	const char *end;

	if (!p)
		return;
	end = msgpack_end(p);
	s->slots[slot] = (struct msgpack_slot){p, end};
	learn(t, p, end, 2, slot, false);
}

void
msgpack_scan(struct msgpack_scan *s, const char *p, const char *end,
    enum msgpack_shape shape, const struct msgpack_parts *parts)
{
	struct msgpack_template *t = template_to_make(s);

	forget_slots(s);
	if (t)
		learn_begin(t, p, shape);
	scan_part(s, t, parts->tag, s->n_slots + 1);
	scan_part(s, t, parts->time, s->n_slots);
	scan_part(s, t, parts->meta, dummy(s));
	walk_map(s, parts->map, shape != MSGPACK_BARE, t);
	scan_part(s, t, parts->option, dummy(s));
	if (!t || t->failed)
		return;
	learn_literal(t, end, &t->tail);
	if (t->failed)
		return;
	to_front(s, MSGPACK_TEMPLATES);
	if (s->n_templates < MSGPACK_TEMPLATES)
		s->n_templates++;
}

void
msgpack_scan_map(struct msgpack_scan *s, const char *map)
{
	forget_slots(s);
	walk_map(s, map, 0, NULL);
}

/* ---- along a template ---- */

static inline bool
fits(const struct msgpack_op *op, const char *p)
{
	uint64_t a, b;

	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	return !(((a ^ op->literal[0]) & op->mask[0]) |
		 ((b ^ op->literal[1]) & op->mask[1]));
}

/* Bytes of an array or map inside of a template's record; else too many. */
static __attribute__((noinline)) uint64_t
nested_size(const struct msgpack_scan *s, const struct msgpack_op *op,
    const char *p, const char *end)
{
	const char *from = p;
	bool deep = op->no_map && msgpack_is_map(p);

	if (msgpack_skip(&p, end, s->record_max, s->depth_max - op->depth,
		&deep) != MSGPACK_OK ||
	    deep)
		return INT64_MAX;
	return (uint64_t)(p - from);
}

/* A value begins otherwise than expected: expects less from now on. */
static __attribute__((noinline, cold)) void
expect_less(struct msgpack_op *op, unsigned char head)
{
	bool text = op->head >> 5 == 5 && head >> 5 == 5;

	op->expect = op->expect == MSGPACK_EXACT && text ? MSGPACK_SHORT_TEXT
							 : MSGPACK_ANY;
}

/* Bytes of the value at p, by what is expected of it if that is so. */
static inline uint64_t
value_size(const struct msgpack_scan *s, struct msgpack_op *op, const char *p,
    const char *end)
{
	unsigned char head = (unsigned char)*p;
	unsigned entry;

	if (op->expect == MSGPACK_EXACT) {
		if (__builtin_expect(head == op->head, 1))
			return op->size;
		expect_less(op, head);
	} else if (op->expect == MSGPACK_SHORT_TEXT) {
		if (__builtin_expect(head >> 5 == 5, 1))
			return (head & 31u) + 1;
		expect_less(op, head);
	}
	entry = msgpack_sizes[head];
	return entry ? msgpack_size(p, entry) : nested_size(s, op, p, end);
}

static inline const char *
follow(const struct msgpack_scan *s, const struct msgpack_template *t,
    const char *p, const char *end)
{
	struct msgpack_op *op = t->ops, *last = op + t->n;

	for (; op < last; op++) {
		uint64_t size;
		const char *from;

		if (!fits(op, p))
			return NULL;
		from = p += op->len;
		if (__builtin_expect(op->expect == MSGPACK_NO_VALUE, 0)) {
			if (p > end)
				return NULL;
			continue;
		}
		size = value_size(s, op, p, end);
		if ((int64_t)size > end - p)
			return NULL;
		p += size;
		s->slots[op->slot] = (struct msgpack_slot){from, p};
	}
	if (!fits(&t->tail, p))
		return NULL;
	p += t->tail.len;
	return p > end ? NULL : p;
}

/* True if the values beside the map are what the shape says. */
static bool
is_shape(struct msgpack_scan *s, enum msgpack_shape shape)
{
	return shape == MSGPACK_BARE ||
	       (msgpack_is_time(msgpack_time_slot(s)->p) &&
		   !msgpack_is_mark(msgpack_time_slot(s)->p) &&
		   (shape == MSGPACK_EVENT ||
		       msgpack_is_text(msgpack_tag_slot(s)->p)));
}

const char *
msgpack_follow(struct msgpack_scan *s, const char *p, const char *end,
    enum msgpack_shape *shape)
{
	for (unsigned i = 0; i < s->n_templates; i++) {
		struct msgpack_template *t = s->recent[i];
		const char *q;

		forget_slots(s);
		q = follow(s, t, p, end);
		if (!q || (size_t)(q - p) > s->record_max ||
		    !is_shape(s, t->shape))
			continue;
		if (i)
			to_front(s, i);
		if (!t->used) {
			t->used = true;
			s->idle = 0;
		}
		*shape = t->shape;
		return q;
	}
	return NULL;
}
