/* SPDX-License-Identifier: MIT */
/*
 * Ways through the graph; see route.h. Steps are in order, so one pass forward
 * finds what is before a step and one backward what is behind it.
 */
#include "run/route.h"

/* Sets of nodes: steps, then outputs. */
struct maps {
	struct routes *r;
	const struct plan *plan;
	unsigned n_nodes;
	bool *below;   /* [node][node]: the second is behind the first */
	bool *leaf;    /* [edge][node]: the second is a leaf of the edge */
	bool *twice;   /* [edge]: some leaf is reached in two ways */
	bool *origins; /* [step][step]: state right before a step */
	bool *sourced; /* [step]: inputs right before it */
};

static unsigned
node_of(const struct maps *m, const struct reader *r)
{
	return r->output ? m->plan->n_ops + r->number : r->number;
}

/* Edges: inputs, then steps. */
static unsigned
edge_of(const struct maps *m, struct edge e)
{
	return e.step ? m->plan->n_inputs + e.number : e.number;
}

static bool *
row(const struct maps *m, bool *set, unsigned i)
{
	return set + (size_t)i * m->n_nodes;
}

static bool
has_state(const struct plan *p, unsigned step)
{
	return p->ops[step].kind->open != NULL;
}

/* ---- behind ---- */

static void
add_leaf(struct maps *m, unsigned edge, unsigned node)
{
	bool *leaf = &row(m, m->leaf, edge)[node];

	m->twice[edge] |= *leaf;
	*leaf = true;
}

/* The leaves of an edge; those behind its readers are known. */
static void
find_leaves(struct maps *m, struct edge e)
{
	const struct readers *readers = plan_readers(m->plan, e);
	unsigned edge = edge_of(m, e);

	for (unsigned i = 0; i < readers->n; i++) {
		const struct reader *r = &readers->list[i];
		unsigned next;

		if (r->output || has_state(m->plan, r->number)) {
			add_leaf(m, edge, node_of(m, r));
			continue;
		}
		next = edge_of(m, (struct edge){true, r->number});
		m->twice[edge] |= m->twice[next];
		for (unsigned k = 0; k < m->n_nodes; k++)
			if (row(m, m->leaf, next)[k])
				add_leaf(m, edge, k);
	}
}

static void
find_behind(struct maps *m)
{
	const struct plan *p = m->plan;

	for (unsigned i = 0; i < p->n_outputs; i++)
		row(m, m->below, p->n_ops + i)[p->n_ops + i] = true;
	for (unsigned i = p->n_ops; i-- > 0;) {
		const struct readers *r = &p->step_readers[i];

		row(m, m->below, i)[i] = true;
		for (unsigned k = 0; k < r->n; k++) {
			const bool *from =
			    row(m, m->below, node_of(m, &r->list[k]));

			for (unsigned n = 0; n < m->n_nodes; n++)
				row(m, m->below, i)[n] |= from[n];
		}
		find_leaves(m, (struct edge){true, i});
	}
	for (unsigned i = 0; i < p->n_inputs; i++)
		find_leaves(m, (struct edge){false, i});
}

static bool
nodes_meet(const struct maps *m, unsigned a, unsigned b)
{
	const bool *x = row(m, m->below, a), *y = row(m, m->below, b);

	for (unsigned i = 0; i < m->n_nodes; i++)
		if (x[i] && y[i])
			return true;
	return false;
}

static bool
leaves_meet(const struct maps *m, struct edge e)
{
	unsigned edge = edge_of(m, e);
	const bool *leaf = row(m, m->leaf, edge);

	if (m->twice[edge])
		return true;
	for (unsigned i = 0; i < m->n_nodes; i++)
		for (unsigned k = 0; leaf[i] && k < i; k++)
			if (leaf[k] && nodes_meet(m, i, k))
				return true;
	return false;
}

/* ---- before ---- */

static void
find_before(struct maps *m)
{
	const struct plan *p = m->plan;

	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++) {
			struct edge e = p->ops[i].from[k];
			unsigned rank = route_rank(m->r, e);

			if (m->r->ranks[i] < rank)
				m->r->ranks[i] = rank;
			if (!e.step) {
				m->sourced[i] = true;
			} else if (has_state(p, e.number)) {
				row(m, m->origins, i)[e.number] = true;
			} else {
				m->sourced[i] |= m->sourced[e.number];
				for (unsigned n = 0; n < p->n_ops; n++)
					row(m, m->origins, i)[n] |=
					    row(m, m->origins, e.number)[n];
			}
		}
}

unsigned
route_rank(const struct routes *r, struct edge e)
{
	return e.step ? r->ranks[e.number] : r->plan->inputs[e.number].rank;
}

/* ---- what is kept ---- */

/* True behind a fork. */
static bool
is_branch(const struct maps *m, unsigned step)
{
	const struct op *op = &m->plan->ops[step];

	for (unsigned k = 0; k < op->n_from; k++) {
		struct edge e = op->from[k];

		if (plan_readers(m->plan, e)->n != 1 ||
		    (e.step && m->r->steps[e.number].branch))
			return true;
	}
	return false;
}

static void
keep_steps(struct maps *m)
{
	const struct plan *p = m->plan;
	struct routes *r = m->r;

	for (unsigned i = 0; i < p->n_ops; i++) {
		struct route_step *s = &r->steps[i];

		s->rank = r->ranks[i];
		s->first = m->sourced[i];
		s->forks = p->step_readers[i].n != 1;
		s->meet = leaves_meet(m, (struct edge){true, i});
		s->branch = is_branch(m, i);
		s->origins =
		    arena_array(&r->arena, p->n_ops, sizeof *s->origins);
		s->targets =
		    arena_array(&r->arena, p->n_ops, sizeof *s->targets);
		for (unsigned k = 0; k < p->n_ops; k++) {
			if (row(m, m->origins, i)[k])
				s->origins[s->n_origins++] = k;
			if (has_state(p, k) && row(m, m->origins, k)[i])
				s->targets[s->n_targets++] = k;
		}
	}
}

/*
 * The watermark fires the first steps with state behind inputs of this rank;
 * what they give must not mix with rows of this input in another order, nor
 * with one another.
 */
static bool
marks_matter(const struct maps *m, unsigned input)
{
	const struct plan *p = m->plan;
	const bool *leaf = row(m, m->leaf, input);
	unsigned rank = p->inputs[input].rank;

	for (unsigned i = 0; i < p->n_ops; i++) {
		const struct route_step *s = &m->r->steps[i];

		if (!has_state(p, i) || !s->first)
			continue;
		if (leaf[i] && s->n_origins)
			return true;
		for (unsigned k = 0; k < m->n_nodes && s->rank == rank; k++) {
			bool other = k < p->n_ops && has_state(p, k) &&
				     m->r->steps[k].first &&
				     m->r->steps[k].rank == rank;

			if (k != i && (leaf[k] || other) && nodes_meet(m, i, k))
				return true;
		}
	}
	return false;
}

static void
keep_inputs(struct maps *m)
{
	const struct plan *p = m->plan;

	for (unsigned i = 0; i < p->n_inputs; i++) {
		struct route_input *in = &m->r->inputs[i];
		unsigned n = 0;

		if (!p->inputs[i].used)
			continue;
		for (unsigned k = 0; k < m->n_nodes; k++)
			n += row(m, m->leaf, i)[k];
		in->forks = n != 1 || m->twice[i];
		in->meet = leaves_meet(m, (struct edge){false, i});
		in->marks = p->inputs[i].scan->needs_time &&
			    (in->meet || marks_matter(m, i));
	}
}

void
routes_init(struct routes *r, const struct plan *plan)
{
	struct maps m = {
	    .r = r, .plan = plan, .n_nodes = plan->n_ops + plan->n_outputs};
	size_t edges = plan->n_ops + plan->n_inputs, nodes = m.n_nodes;
	struct arena a;

	*r = (struct routes){.plan = plan};
	arena_init(&r->arena, 1024);
	arena_init(&a, 4096);
	r->steps = arena_zalloc(&r->arena, plan->n_ops * sizeof *r->steps);
	r->inputs = arena_zalloc(&r->arena, plan->n_inputs * sizeof *r->inputs);
	r->ranks = arena_zalloc(&r->arena, plan->n_ops * sizeof *r->ranks);
	m.below = arena_zalloc(&a, nodes * nodes);
	m.leaf = arena_zalloc(&a, edges * nodes);
	m.twice = arena_zalloc(&a, edges);
	m.origins = arena_zalloc(&a, nodes * nodes);
	m.sourced = arena_zalloc(&a, plan->n_ops);
	find_behind(&m);
	find_before(&m);
	keep_steps(&m);
	keep_inputs(&m);
	arena_release(&a);
}

void
routes_release(struct routes *r)
{
	arena_release(&r->arena);
}
