/* SPDX-License-Identifier: MIT */
/*
 * The graph of a plan: the order of steps, who reads what, what is read first.
 *
 * Order. Where a flow forks, its readers get each record in order of their
 * numbers, so numbers must not depend on how a plan was written. A chain is a
 * step that begins one (it reads an input, a fork, or several flows) and those
 * behind it that are the only readers of the one before. Chains stay in the
 * order in which they were begun, their steps are moved together: what a
 * chain reads was begun before it, so a step still comes behind what it reads.
 *
 * Rank. A step may need the rows of one port completely before it can answer
 * those of the others. The inputs behind that port get a lower rank, unless
 * they feed the others, too; then the step holds the rows back. If the wishes
 * of several steps contradict one another, all inputs have the same rank.
 */
#include "plan/graph.h"

#include "base/must.h"

/* ---- readers ---- */

const struct readers *
plan_readers(const struct plan *p, struct edge e)
{
	return e.step ? &p->step_readers[e.number]
		      : &p->input_readers[e.number];
}

static void
add_reader(struct plan *p, struct edge e, struct reader reader)
{
	struct readers *r =
	    e.step ? &p->step_readers[e.number] : &p->input_readers[e.number];
	struct reader *new = plan_more(p, &r->list, &r->n, sizeof *new);

	*new = reader;
}

static void
find_readers(struct plan *p)
{
	p->input_readers =
	    arena_zalloc(&p->arena, p->n_inputs * sizeof *p->input_readers);
	p->step_readers =
	    arena_zalloc(&p->arena, p->n_ops * sizeof *p->step_readers);
	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++)
			add_reader(p, p->ops[i].from[k],
			    (struct reader){.number = i, .port = k});
	for (unsigned i = 0; i < p->n_outputs; i++)
		add_reader(p, p->outputs[i].from,
		    (struct reader){.output = true, .number = i});
	for (unsigned i = 0; i < p->n_inputs; i++)
		p->inputs[i].used = p->input_readers[i].n > 0;
}

/* ---- order ---- */

/* True if the step goes on with the chain of the one it reads. */
static bool
goes_on(const struct plan *p, const struct op *op)
{
	return op->n_from == 1 && op->from[0].step &&
	       p->step_readers[op->from[0].number].n == 1;
}

static void
renumber(struct edge *e, const unsigned *place)
{
	if (e->step)
		e->number = place[e->number];
}

static void
order_steps(struct plan *p)
{
	unsigned n = p->n_ops, at = 0;
	unsigned *place = arena_array(&p->arena, n, sizeof *place);
	struct op *ops = arena_array(&p->arena, n, sizeof *ops);

	for (unsigned i = 0; i < n; i++) {
		unsigned k = i;

		if (goes_on(p, &p->ops[i]))
			continue;
		for (;;) {
			const struct readers *r = &p->step_readers[k];

			ops[at] = p->ops[k];
			place[k] = at++;
			if (r->n != 1 || r->list[0].output ||
			    !goes_on(p, &p->ops[r->list[0].number]))
				break;
			k = r->list[0].number;
		}
	}
	must(at == n);
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < ops[i].n_from; k++)
			renumber(&ops[i].from[k], place);
	for (unsigned i = 0; i < p->n_outputs; i++)
		renumber(&p->outputs[i].from, place);
	p->ops = ops;
}

/* ---- ports ---- */

static int
check_ports(const struct plan *p, struct err *err)
{
	for (unsigned i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];
		unsigned least = op->kind->ports_min ? op->kind->ports_min : 1;
		unsigned most = op->kind->ports_max ? op->kind->ports_max : 1;

		if (op->n_from >= least && op->n_from <= most)
			continue;
		return err_set(err, ERR_SPEC, op->where,
		    "the step \"%s\" reads %s %u flow%s, not %u",
		    op->kind->name,
		    least == most	 ? "exactly"
		    : op->n_from < least ? "at least"
					 : "at most",
		    op->n_from < least ? least : most,
		    (op->n_from < least ? least : most) == 1 ? "" : "s",
		    op->n_from);
	}
	return 0;
}

/* ---- where rows come from ---- */

/* sources[step * n_inputs + input]: rows of the input may reach the step. */
static bool *
find_sources(const struct plan *p, struct arena *a)
{
	unsigned n = p->n_inputs;
	bool *sources = arena_zalloc(a, (size_t)p->n_ops * n);

	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++) {
			struct edge e = p->ops[i].from[k];

			if (!e.step)
				sources[i * n + e.number] = true;
			for (unsigned s = 0; e.step && s < n; s++)
				sources[i * n + s] |= sources[e.number * n + s];
		}
	return sources;
}

static bool
comes_from(
    const struct plan *p, const bool *sources, struct edge e, unsigned input)
{
	return e.step ? sources[e.number * p->n_inputs + input]
		      : e.number == input;
}

bool
plan_feeds(const struct plan *p, unsigned input, unsigned output)
{
	struct arena a;
	bool feeds;

	arena_init(&a, 1024);
	feeds =
	    comes_from(p, find_sources(p, &a), p->outputs[output].from, input);
	arena_release(&a);
	return feeds;
}

/* ---- rank ---- */

/* Input i comes behind input k, for the sake of this step. */
static bool
comes_behind(const struct plan *p, const bool *sources, const struct op *op,
    unsigned i, unsigned k)
{
	unsigned first = op->kind->first_port;
	bool other = false;

	if (!first || first >= op->n_from ||
	    !comes_from(p, sources, op->from[first], k) ||
	    comes_from(p, sources, op->from[first], i))
		return false;
	for (unsigned port = 0; port < op->n_from; port++)
		if (port != first)
			other |= comes_from(p, sources, op->from[port], i);
	return other;
}

/* Raises ranks to what the steps wish; false when they are content. */
static bool
raise_ranks(struct plan *p, const bool *sources)
{
	bool raised = false;

	for (unsigned s = 0; s < p->n_ops; s++) {
		const struct op *op = &p->ops[s];

		for (unsigned i = 0; op->n_from > 1 && i < p->n_inputs; i++)
			for (unsigned k = 0; k < p->n_inputs; k++) {
				if (p->inputs[i].rank > p->inputs[k].rank ||
				    !comes_behind(p, sources, op, i, k))
					continue;
				p->inputs[i].rank = p->inputs[k].rank + 1;
				raised = true;
			}
	}
	return raised;
}

static void
rank_inputs(struct plan *p)
{
	const bool *sources = find_sources(p, &p->arena);
	unsigned turns = 0;

	while (raise_ranks(p, sources) && turns <= p->n_inputs)
		turns++;
	for (unsigned i = 0; turns > p->n_inputs && i < p->n_inputs; i++)
		p->inputs[i].rank = 0;
}

/* ---- ways ---- */

/* Ways without state from an edge to what reads it in the end. */
#define WAYS_MAX 4096

static unsigned
ways_of(const struct plan *p, const unsigned *ways, struct edge e)
{
	const struct readers *r = plan_readers(p, e);
	unsigned n = 0;

	for (unsigned i = 0; i < r->n && n <= WAYS_MAX; i++)
		n += r->list[i].output || p->ops[r->list[i].number].kind->open
			 ? 1
			 : ways[r->list[i].number];
	return n;
}

/* A flow that is united with itself again and again never ends. */
static int
check_ways(struct plan *p, struct err *err)
{
	unsigned *ways = arena_zalloc(&p->arena, p->n_ops * sizeof *ways);

	for (unsigned i = p->n_ops; i-- > 0;) {
		ways[i] = ways_of(p, ways, (struct edge){true, i});
		if (ways[i] > WAYS_MAX)
			return err_set(err, ERR_SPEC, p->ops[i].where,
			    "from here rows come to the output in more than "
			    "%d ways",
			    WAYS_MAX);
	}
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (ways_of(p, ways, (struct edge){false, i}) > WAYS_MAX)
			return err_set(err, ERR_SPEC, p->inputs[i].where,
			    "rows of this input come to the output in more "
			    "than %d ways",
			    WAYS_MAX);
	return 0;
}

int
graph_settle(struct plan *p, struct err *err)
{
	if (check_ports(p, err))
		return -1;
	find_readers(p);
	order_steps(p);
	find_readers(p);
	rank_inputs(p);
	return check_ways(p, err);
}
