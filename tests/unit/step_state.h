/* SPDX-License-Identifier: MIT */
/* A step's state for tests of what steps are made of: with or without limit. */
#ifndef WEIR_TESTS_STEP_STATE_H
#define WEIR_TESTS_STEP_STATE_H

#include "state/state.h"
#include "store_dir.h"

struct test_state {
	struct store *store;
	struct state *state;
	struct state_step *step;
};

/* Opens it; what an earlier one has committed is there. memory 0: any. */
__attribute__((unused)) static bool
test_state_open(struct test_state *t, const char *dir, size_t memory)
{
	static const struct store_options create = {.create = true};
	const struct state_options options = {
	    .memory = memory ? memory : SIZE_MAX};
	struct schema schema = {0};
	struct buf changes = {0};
	struct err err = {0};

	*t = (struct test_state){.store = test_open(dir, &create)};
	t->state = state_new(t->store, &options, &err);
	if (t->state)
		t->step = state_step(
		    t->state, STR("step"), "kind", &schema, false, &err);
	if (t->step && state_ready(t->state, false, &changes, &err))
		t->step = NULL;
	if (!t->step)
		printf("# %s\n", err.message);
	err_release(&err);
	buf_release(&changes);
	return t->step != NULL;
}

__attribute__((unused)) static void
test_state_commit(struct test_state *t)
{
	state_cut(t->state);
	if (test_commit(t->store, "x"))
		printf("# the commit has failed\n");
}

/* Closes it without a commit. */
__attribute__((unused)) static void
test_state_close(struct test_state *t)
{
	if (t->state)
		state_free(t->state);
	store_close(t->store, NULL);
	*t = (struct test_state){0};
}

/* Random numbers, always the same. */
__attribute__((unused)) static uint64_t
test_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 3;
}

#endif
