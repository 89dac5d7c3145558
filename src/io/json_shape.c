/* SPDX-License-Identifier: MIT */
/*
 * Shapes of records: the scanner tells where values begin, the text in
 * between is cut into ops of at most 32 bytes, which the walk compares with
 * one load each, and the ops of a record are added to the tree of shapes.
 */
#include "base/mem.h"
#include "io/json.h"

void
json_learn_begin(struct json_learn *l, const char *p)
{
	if (!l->ops)
		l->ops = mem_array(JSON_LEARN, sizeof *l->ops);
	l->n = 0;
	l->failed = false;
	l->from = p;
}

static struct json_op *
add_op(struct json_learn *l, const char *text, size_t n)
{
	struct json_op *op = &l->ops[l->n++];

	*op = (struct json_op){
	    .kind = JSON_OP_PIECE, .slot = -1, .len = (uint16_t)n};
	memcpy(op->text, text, n);
	return op;
}

void
json_learn_op(struct json_learn *l, const char *p, enum json_op_kind kind,
    const struct json_node *node, unsigned depth)
{
	size_t n = (size_t)(p - l->from);
	struct json_op *op;

	if (l->n + n / JSON_OP_TEXT + 1 > JSON_LEARN)
		l->failed = true;
	if (l->failed)
		return;
	for (; n > JSON_OP_TEXT; n -= JSON_OP_TEXT) {
		add_op(l, l->from, JSON_OP_TEXT);
		l->from += JSON_OP_TEXT;
	}
	op = add_op(l, l->from, n);
	op->kind = (uint16_t)kind;
	op->node = node;
	op->slot = node ? node->slot : -1;
	op->depth = depth;
	l->from = p;
}

/* ---- the tree ---- */

/* Length of an op's text without the opening quote of its value. */
static unsigned
own_len(const struct json_op *op)
{
	return op->len - (op->kind <= JSON_OP_LONG ? 1u : 0u);
}

/* True if both stand for the same text, and a value or the same mark. */
static bool
is_same(const struct json_op *a, const struct json_op *b)
{
	unsigned n = own_len(a);
	bool values = a->kind <= JSON_OP_OTHER && b->kind <= JSON_OP_OTHER;

	return (values || a->kind == b->kind) && n == own_len(b) &&
	       !memcmp(a->text, b->text, n);
}

/* Puts a copy of op among those at *link; returns its number. */
static uint16_t
insert(struct json_shapes *shapes, uint16_t *link, const struct json_op *op)
{
	uint16_t at = (uint16_t)shapes->n++;
	struct json_op *ops = shapes->ops;

	while (*link && own_len(&ops[*link]) >= own_len(op))
		link = &ops[*link].other;
	ops[at] = *op;
	ops[at].other = *link;
	*link = at;
	return at;
}

void
json_shapes_add(struct json_shapes *shapes, const struct json_learn *l)
{
	uint16_t *link = &shapes->first, at;
	unsigned i;

	if (!shapes->ops) {
		shapes->ops = mem_array(JSON_OPS, sizeof *shapes->ops);
		shapes->n = 1;
	}
	for (i = 0; i < l->n; i++) {
		for (at = *link; at; at = shapes->ops[at].other)
			if (is_same(&shapes->ops[at], &l->ops[i]))
				break;
		if (!at && shapes->n == JSON_OPS) {
			shapes->full = true;
			return;
		}
		if (!at)
			at = insert(shapes, link, &l->ops[i]);
		link = &shapes->ops[at].next;
	}
}

void
json_shapes_clear(struct json_shapes *shapes)
{
	shapes->n = 1;
	shapes->first = 0;
	shapes->full = false;
}
