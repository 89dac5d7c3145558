/* SPDX-License-Identifier: MIT */
/* A plan beside kept state; see against.h. */
#include "cli/against.h"

#include "cli/state_dir.h"
#include "cli/state_note.h"
#include "cli/terminal.h"
#include "data/pack.h"
#include "state/state.h"

struct against {
	struct buf out;
	unsigned n_refused, n_timed;
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

/* The input's event time, as the last run had it. */
static struct str
noted_time(struct value inputs, struct str name, struct arena *a)
{
	struct value input;

	for (uint32_t i = 0;
	     inputs.type == T_LIST && pack_list_at(inputs, i, a, &input); i++)
		if (str_eq(note_text_of(input, "input", a), name))
			return note_text_of(
			    note_member(input, "time", a), "by", a);
	return STR("");
}

/* What a run finds out when it has opened the input is not known here. */
static void
compare_times(const struct plan *p, struct value inputs, struct against *to,
    struct arena *a)
{
	struct buf is = {0};

	for (unsigned i = 0; i < p->n_inputs; i++) {
		const struct plan_input *in = &p->inputs[i];
		struct str was = noted_time(inputs, in->name, a);

		is.n = 0;
		if (!in->used || !was.n ||
		    (!in->time.expr && !in->time.field.n))
			continue;
		plan_time_text(&is, &in->time, in->time.field);
		if (str_eq(was, buf_str(&is)))
			continue;
		buf_printf(&to->out, "%.*s: refused time: was %.*s, is %.*s\n",
		    STR_ARG(in->name.n ? in->name : STR("input")), STR_ARG(was),
		    STR_ARG(buf_str(&is)));
		to->n_timed++;
	}
	buf_release(&is);
}

int
against_state(const struct plan *p, const struct options *o,
    unsigned *n_refused, unsigned *n_timed, struct err *err)
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
		if (!failed)
			compare_times(p,
			    note_member(state_note(store_note(s), &arena),
				"inputs", &arena),
			    &a, &arena);
		if (!failed && !o->quiet)
			failed = terminal_write(&a.out, err);
		if (store_close(s, failed ? &other : err))
			failed = -1;
	}
	*n_refused += a.n_refused;
	*n_timed += a.n_timed;
	err_release(&other);
	buf_release(&a.out);
	arena_release(&arena);
	return failed;
}
