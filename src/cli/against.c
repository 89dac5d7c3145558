/* SPDX-License-Identifier: MIT */
/* A plan beside kept state; see against.h. */
#include "cli/against.h"

#include "cli/state_dir.h"
#include "cli/terminal.h"
#include "state/state.h"

struct against {
	struct buf out;
	unsigned n_refused;
	struct str step; /* the last one that was named */
};

static void
put_parts(struct buf *out, struct str what, struct str was, struct str is)
{
	if (!what.n)
		return;
	buf_printf(out, " %.*s", STR_ARG(what));
	if (was.n && is.n)
		buf_printf(
		    out, ": was %.*s, is %.*s", STR_ARG(was), STR_ARG(is));
	else
		buf_printf(out, ": %.*s", STR_ARG(was.n ? was : is));
}

static void
say(void *arg, enum schema_fate fate, struct str step, struct str what,
    struct str was, struct str is)
{
	static const char *const words[] = {"kept", "added", "dropped",
	    "refused", "new: it had no state",
	    "gone: --drop-state gives up what is kept of it"};
	struct against *a = arg;

	buf_printf(&a->out, "%.*s: %s", STR_ARG(step), words[fate]);
	if (fate != SCHEMA_GONE)
		put_parts(&a->out, what, was, is);
	buf_addc(&a->out, '\n');
	if (fate == SCHEMA_REFUSED || fate == SCHEMA_GONE)
		a->n_refused += !str_eq(step, a->step);
	a->step = step;
}

static unsigned
steps_of(const struct plan *p, struct schema_step *steps, struct arena *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (!op->kind->open || !op->kind->restore)
			continue;
		steps[n] = (struct schema_step){
		    .name = op->name, .kind = op->kind->name, .schema = {a}};
		if (op->kind->schema)
			op->kind->schema(op, &steps[n].schema);
		n++;
	}
	return n;
}

int
against_state(const struct plan *p, const struct options *o,
    unsigned *n_refused, struct err *err)
{
	struct schema_step steps[PLAN_STEPS_MAX];
	struct store_options look = {.read_only = true};
	struct store *s = NULL;
	struct against a = {0};
	struct err other = {0};
	struct arena arena;
	const char *dir;
	int failed = -1;

	arena_init(&arena, 4096);
	dir = state_dir(o->against, &arena, err);
	if (dir && !store_open(&s, dir, &look, err)) {
		failed = state_compare(store_schema(s), steps,
		    steps_of(p, steps, &arena), say, &a, err);
		if (!failed && !o->quiet)
			failed = terminal_write(&a.out, err);
		if (store_close(s, failed ? &other : err))
			failed = -1;
	}
	*n_refused += a.n_refused;
	err_release(&other);
	buf_release(&a.out);
	arena_release(&arena);
	return failed;
}
