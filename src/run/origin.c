/* SPDX-License-Identifier: MIT */
/*
 * Lines are counted from record to record; in formats without lines a block's
 * `line` is the number of records before it. Either is exact however the
 * input is cut, for blocks are cut in order.
 */
#include "run/origin.h"

#include "base/utf8.h"

/* A name as text: one that is not UTF-8 is shown as messages show it. */
static struct value
text_of(struct arena *a, struct str name)
{
	char *out;

	if (utf8_valid(name))
		return value_text(name);
	out = arena_alloc(a, 4 * name.n + 8);
	return value_text((struct str){out, err_quote(out, name, name.n)});
}

/* Where the row's bytes begin in the block; `before` if they are not in it. */
static size_t
place(const struct batch *b, unsigned row, size_t before, size_t n)
{
	const char *from = batch_place(b, row);
	uintptr_t at = (uintptr_t)from - (uintptr_t)b->block;

	return at < n ? at : before;
}

static struct column
lines(const struct input *in, const struct batch *b, size_t n)
{
	struct column c = column_new(b->arena, T_INT);
	uint64_t line = b->block_line + 1;
	size_t at = 0;

	for (unsigned row = 0; row < b->n_rows; row++) {
		size_t next = place(b, row, at, n);

		if (next >= at)
			line += input_lines(in, b->block + at, next - at);
		else
			line -= input_lines(in, b->block + next, at - next);
		at = next;
		c.i[row] = (int64_t)line;
	}
	return c;
}

static struct column
numbers(const struct batch *b)
{
	struct column c = column_new(b->arena, T_INT);
	size_t bad = 0;

	for (unsigned row = 0; row < b->n_rows; row++) {
		while (bad < b->n_bad && b->bad[bad].row <= row)
			bad++;
		c.i[row] = (int64_t)(b->block_line + row + bad + 1);
	}
	return c;
}

static struct column
offsets(const struct batch *b, size_t n)
{
	struct column c = column_new(b->arena, T_INT);
	size_t at = 0;

	for (unsigned row = 0; row < b->n_rows; row++) {
		at = place(b, row, at, n);
		c.i[row] = (int64_t)(b->block_offset + at);
	}
	return c;
}

static struct column
origin_column(
    enum origin kind, const struct input *in, const struct batch *b, size_t n)
{
	switch (kind) {
	case ORIGIN_FILE:
		return column_const(b->arena, text_of(b->arena, in->file));
	case ORIGIN_INPUT:
		if (!in->plan->name.n)
			break;
		return column_const(
		    b->arena, text_of(b->arena, in->plan->name));
	case ORIGIN_LINE:
		return in->by_number ? numbers(b) : lines(in, b, n);
	case ORIGIN_OFFSET:
		return offsets(b, n);
	case ORIGIN_N:
		break;
	}
	return (struct column){.type = T_NULL};
}

void
origin_columns(
    const struct scan *s, const struct input *in, struct batch *b, size_t n)
{
	for (unsigned i = 0; i < ORIGIN_N; i++)
		if (s->origin[i])
			b->cols[s->origin[i] - 1] =
			    origin_column((enum origin)i, in, b, n);
}
