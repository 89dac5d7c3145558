/* SPDX-License-Identifier: MIT */
/*
 * Templates being made: the scanner tells where values begin, and the text in
 * between is copied into steps of at most 32 bytes, which the walk compares
 * with one load each.
 */
#include "base/mem.h"
#include "io/json.h"

void
json_learn_begin(struct json_template *t, const char *p)
{
	t->n = 0;
	t->failed = t->used = false;
	t->from = p;
}

static struct json_op *
add_op(struct json_template *t, const char *text, size_t n)
{
	struct json_op *op;

	mem_grow(&t->ops, &t->cap, t->n + 1, sizeof *t->ops);
	op = &t->ops[t->n++];
	*op = (struct json_op){
	    .kind = JSON_OP_PIECE, .slot = -1, .len = (uint16_t)n};
	memcpy(op->text, text, n);
	return op;
}

void
json_learn(struct json_template *t, const char *p, enum json_op_kind kind,
    const struct json_node *node, unsigned depth)
{
	size_t n = (size_t)(p - t->from);
	struct json_op *op;

	if (t->n + n / JSON_OP_MOST + 1 > JSON_TEMPLATE_OPS)
		t->failed = true;
	if (t->failed)
		return;
	for (; n > JSON_OP_MOST; n -= JSON_OP_MOST) {
		add_op(t, t->from, JSON_OP_MOST);
		t->from += JSON_OP_MOST;
	}
	op = add_op(t, t->from, n);
	op->kind = (uint16_t)kind;
	op->node = node;
	op->slot = node ? node->slot : -1;
	op->depth = depth;
	t->from = p;
}

void
json_learn_finish(struct json_template *t, const struct json_scan *s)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct json_op *op = &t->ops[i];

		n += op->slot >= 0 && op->kind != JSON_OP_OPEN;
		/* Where the scanner stops within an array the walk cannot. */
		if (s->trust && op->kind == JSON_OP_OTHER && op->node &&
		    op->node->n_kids)
			t->failed = true;
	}
	t->complete = n == s->n_slots && !s->trust;
}

void
json_template_release(struct json_template *t)
{
	mem_free(t->ops);
	*t = (struct json_template){0};
}
