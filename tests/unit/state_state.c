/* SPDX-License-Identifier: MIT */
/* Steps, their maps and their schemas, from one run to the next. */
#include "state/state.h"
#include "base/must.h"
#include "tap.h"

/* Parts as "what=text", fixed ones as "what:text". */
static void
parts(struct schema *s, struct arena *a, const char *const *list)
{
	*s = (struct schema){.arena = a};
	for (; *list; list++) {
		const char *at = strpbrk(*list, "=:");
		struct str what = {*list, (size_t)(at - *list)};

		schema_add(s, arena_str(a, what).p, str_of(at + 1), *at == ':');
	}
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct run {
	struct store *store;
	struct state *state;
	struct arena arena;
	struct err err;
	struct buf said;
};

static void
begin(struct run *r)
{
	const struct state_options options = {.memory = SIZE_MAX};

	r->state = state_new(r->store, &options, &r->err);
	must(r->state);
}

/* Ends the run, with a commit or without. */
static void
end(struct run *r, bool commit)
{
	const struct store_commit c = {.note = STR("")};

	if (commit) {
		state_cut(r->state);
		must(!store_commit(r->store, &c, &r->err));
	}
	state_free(r->state);
	err_release(&r->err);
	r->said.n = 0;
}

static struct state_step *
step(struct run *r, const char *name, const char *kind, const char *const *list,
    bool reset)
{
	struct schema s;

	parts(&s, &r->arena, list);
	return state_step(r->state, str_of(name), kind, &s, reset, &r->err);
}

static bool
says(const struct run *r, const char *text)
{
	return r->err.message && strstr(r->err.message, text);
}

static void
test_maps(struct run *r)
{
	struct state_step *s;
	struct state_map *m;
	struct buf key = {0}, value = {0};
	unsigned number;

	begin(r);
	s = step(r, "a", "window", PARTS("window:tumble(5m)"), false);
	ok(s && !state_had(s) && state_version(s) == 0, "a new step");
	m = state_map(s, "cells");
	number = state_map_number(m);
	ok(state_map(s, "cells") == m, "a map is the same by its name");
	ok(state_map_number(state_map(s, "rows")) != number,
	    "another one is not");
	state_put(m, 3, state_key_number(&key, 7), STR("x"));
	ok(!step(r, "a", "window", PARTS("window:tumble(5m)"), false) &&
		says(r, "two steps"),
	    "no two steps of a name");
	err_release(&r->err);
	ok(!state_ready(r->state, false, &r->said, &r->err) && !r->said.n,
	    "all are there, and nothing has changed");
	end(r, true);
	begin(r);
	s = step(r, "a", "window", PARTS("window:tumble(5m)"), false);
	ok(s && state_had(s) && state_version(s) == 0, "found again");
	m = state_map(s, "cells");
	ok(state_map_number(m) == number, "with its map");
	ok(state_get(m, 3, state_key_number(&key, 7), &value) == STORE_FOUND &&
		str_is(buf_str(&value), "x"),
	    "and what is in it");
	end(r, false);
	buf_release(&key);
	buf_release(&value);
}

static void
test_refused(struct run *r)
{
	begin(r);
	ok(!step(r, "a", "window", PARTS("window:tumble(1m)"), false) &&
		says(r, "- window: tumble(5m)") &&
		says(r, "+ window: tumble(1m)"),
	    "a fixed part that differs is refused");
	end(r, false);
	begin(r);
	ok(!step(r, "a", "dedup", PARTS("window:tumble(5m)"), false) &&
		says(r, "- kind: window") && says(r, "+ kind: dedup"),
	    "as is another kind of step");
	end(r, false);
	begin(r);
	ok(!state_ready(r->state, true, &r->said, &r->err) &&
		strstr(buf_z(&r->said), "\"a\""),
	    "a step that is gone may be dropped");
	end(r, false);
	begin(r);
	ok(state_ready(r->state, false, &r->said, &r->err) &&
		says(r, "\"a\" (window)"),
	    "but is not without being told");
	end(r, false);
}

static void
test_versions(struct run *r)
{
	struct state_step *s;
	unsigned n;

	begin(r);
	s = step(r, "b", "group", PARTS("keys:k", "agg=count(*)", "agg=sum(a)"),
	    false);
	end(r, true);
	begin(r);
	s = step(r, "b", "group",
	    PARTS("keys:k", "agg=max(c)", "agg=sum(a)", "agg=count(*)"), false);
	ok(s && state_version(s) == 1, "an added part is a new version");
	ok(state_part_of(s, 0, 0) == 0 && state_part_of(s, 0, 1) == -1 &&
		state_part_of(s, 0, 2) == 2 && state_part_of(s, 0, 3) == 1,
	    "parts are found in the old one");
	ok(state_parts(s, 0, &n) && n == 3 && state_parts(s, 1, &n) && n == 4,
	    "both versions are known");
	state_ready(r->state, true, &r->said, &r->err);
	ok(strstr(buf_z(&r->said), "agg max(c) is new"), "and it is said");
	end(r, true);
	begin(r);
	s = step(r, "b", "group", PARTS("keys:k", "agg=max(c)", "agg=count(*)"),
	    false);
	state_ready(r->state, true, &r->said, &r->err);
	ok(s && strstr(buf_z(&r->said), "agg sum(a) is gone"), "a part may go");
	end(r, true);
	begin(r);
	s = step(r, "b", "group",
	    PARTS("keys:k", "agg=max(c)", "agg=count(*)", "agg=sum(a)"), false);
	ok(s && state_version(s) == 3, "and come again");
	ok(state_part_of(s, 0, 3) == -1 && state_part_of(s, 1, 3) == -1 &&
		state_part_of(s, 2, 3) == -1 && state_part_of(s, 3, 3) == 3,
	    "but it is not what it was");
	ok(state_part_of(s, 0, 2) == 1, "as one is that was there all along");
	ok(state_part_of(s, 9, 0) == -1, "a version that never was has none");
	end(r, true);
	begin(r);
	ok(!step(r, "b", "group",
	       PARTS("keys:k", "agg=max(d)", "agg=count(*)", "agg=sum(a)"),
	       false) &&
		says(r, "- agg: max(c)") && says(r, "+ agg: max(d)") &&
		!says(r, "count"),
	    "a part that has changed is refused");
	ok(r->err.hint && strstr(r->err.hint, "--reset b"), "with a hint");
	err_release(&r->err);
	s = step(r, "b", "group", PARTS("keys:other"), true);
	ok(s && !state_had(s) && state_version(s) == 0, "unless it is reset");
	end(r, true);
}

static void
note(void *arg, enum schema_fate fate, struct str step, struct str what,
    struct str was, struct str is)
{
	static const char *const fates[] = {
	    "kept", "added", "dropped", "refused", "new", "gone"};

	buf_printf(arg, "%.*s %s %.*s[%.*s][%.*s]\n", STR_ARG(step),
	    fates[fate], STR_ARG(what), STR_ARG(was), STR_ARG(is));
}

static void
test_compare(struct run *r)
{
	struct schema_step steps[3] = {{.name = STR("c"), .kind = "group"},
	    {.name = STR("d"), .kind = "group"},
	    {.name = STR("e"), .kind = "group"}};
	struct buf said = {0};

	begin(r);
	step(r, "b", "group", PARTS("keys:other"), false);
	step(r, "c", "group", PARTS("keys:k", "agg=x"), false);
	step(r, "d", "group", PARTS("keys:k", "agg=x"), false);
	end(r, true);
	parts(&steps[0].schema, &r->arena, PARTS("keys:k", "agg=x", "agg=y"));
	parts(&steps[1].schema, &r->arena, PARTS("keys:l", "agg=x"));
	parts(&steps[2].schema, &r->arena, PARTS("keys:l", "agg=x"));
	ok(!state_compare(
	       store_schema(r->store), steps, 3, note, &said, &r->err),
	    "schemas can be compared");
	same(buf_z(&said),
	    "c kept [][]\n"
	    "c added agg[][y]\n"
	    "d refused keys[k][l]\n"
	    "e new [][]\n"
	    "b gone [group][]\n",
	    "what becomes of each");
	ok(state_compare(
	       STR("{\"format\":1}"), steps, 3, note, &said, &r->err) &&
		r->err.code == ERR_STATE,
	    "what is no schema is an error");
	err_release(&r->err);
	buf_release(&said);
}

static void
test_twins(struct run *r)
{
	struct state_step *s;

	begin(r);
	ok(step(r, "t", "group", PARTS("agg=sum(a)"), false) &&
		state_ready(r->state, true, &r->said, &r->err) == 0,
	    "a part");
	end(r, true);
	begin(r);
	s = step(r, "t", "group", PARTS("agg=sum(a)", "agg=sum(a)"), false);
	ok(s && state_part_of(s, 0, 0) == 0 && state_part_of(s, 0, 1) == -1,
	    "one like it is not it");
	end(r, true);
}

/* Any text is a schema or is not, and nothing worse. */
static void
test_any_text(struct run *r)
{
	struct buf said = {0}, text = {0};
	uint64_t random = 88172645463325252u;
	unsigned n_bad = 0;

	for (unsigned i = 0; i < 20000; i++) {
		text.n = 0;
		buf_adds(&text, store_schema(r->store));
		for (unsigned k = 0; k < 1 + i % 3; k++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			text.p[(random >> 8) % text.n] =
			    "\"{}[],:0a9-.etfn\\"[random >> 40 & 15];
		}
		if (i % 7 == 0)
			text.n = (random >> 8) % text.n;
		n_bad += state_compare(buf_str(&text), NULL, 0, note, &said,
			     &r->err) != 0;
		err_release(&r->err);
	}
	ok(n_bad > 1000, "%u of 20000 damaged schemas refused", n_bad);
	buf_release(&said);
	buf_release(&text);
}

int
main(void)
{
	const struct store_options options = {0};
	struct run r = {0};

	arena_init(&r.arena, 4096);
	must(!store_open_temporary(&r.store, &options, &r.err));
	test_maps(&r);
	test_refused(&r);
	begin(&r);
	step(&r, "a", "window", PARTS("window:tumble(5m)"), false);
	end(&r, true);
	test_versions(&r);
	test_compare(&r);
	test_twins(&r);
	test_any_text(&r);
	store_close(r.store, &r.err);
	buf_release(&r.said);
	arena_release(&r.arena);
	return tap_done();
}
