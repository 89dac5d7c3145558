/* SPDX-License-Identifier: MIT */
/* Inputs whose bytes are at hand; see given.h. */
#include "run/given.h"

#include "base/mem.h"

struct memory {
	struct port port;
	const struct given *given;
	size_t at;
};

static ssize_t
memory_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct memory *m = (struct memory *)p;
	size_t left = m->given->text.n - m->at;

	(void)err;
	if (n > port_read_max)
		n = port_read_max;
	if (n > left)
		n = left;
	if (n)
		memcpy(to, m->given->text.p + m->at, n);
	m->at += n;
	return (ssize_t)n;
}

static bool
memory_ready(struct port *p, int ms)
{
	(void)p;
	(void)ms;
	return true;
}

static void
memory_free(struct port *p)
{
	mem_free(p);
}

struct port *
given_port(const struct given *given)
{
	static const struct port_kind kind = {
	    memory_read, memory_ready, memory_free};
	struct memory *m = mem_alloc(sizeof *m);

	*m = (struct memory){.port = {&kind}, .given = given};
	return &m->port;
}

uint64_t
given_offset(const struct turn *t, unsigned row)
{
	const struct batch *b = t->batch->batch;

	return b->block_offset +
	       (b->raw ? (uint64_t)(batch_place(b, row) - b->block) : 0);
}

unsigned
given_row(const struct turn *t, unsigned to)
{
	const struct given *given = t->input->given;
	unsigned row = t->next;

	if (!given || t->mark == given->n_marks)
		return to;
	while (row < to && given->marks[t->mark].at > given_offset(t, row))
		row++;
	return row;
}

bool
given_take(struct turn *t, uint64_t before)
{
	const struct given *given = t->input->given;

	if (!given || t->mark == given->n_marks ||
	    given->marks[t->mark].at > before)
		return false;
	if (given->marks[t->mark].watermark > t->floor)
		t->floor = given->marks[t->mark].watermark;
	t->mark++;
	return true;
}
