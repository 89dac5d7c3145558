/* SPDX-License-Identifier: MIT */
/* Steps and their maps in a store; see state.h. */
#include "state/state.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "state/kept.h"

static const struct where nowhere;

struct state *
state_new(
    struct store *store, const struct state_options *options, struct err *err)
{
	struct state *s = mem_zalloc(sizeof *s);
	struct str text = store_schema(store);

	s->store = store;
	s->options = *options;
	s->next_map = 1;
	arena_init(&s->arena, 4096);
	if (!text.n || schema_read(s, text))
		return s;
	err_set(err, ERR_STATE, nowhere,
	    "what the state says of its steps cannot be read");
	err_hint(err, "it may have been written by a newer weir");
	state_free(s);
	return NULL;
}

void
state_free(struct state *s)
{
	if (!s)
		return;
	must(!s->n_kept);
	for (size_t i = 0; i < s->n_steps; i++)
		mem_free(s->steps[i]->versions);
	mem_free(s->steps);
	mem_free(s->kept);
	mem_free(s->busy);
	mem_free(s->keys);
	mem_free(s->values);
	mem_free(s->hashes);
	buf_release(&s->changes);
	buf_release(&s->scratch);
	err_release(&s->failed);
	arena_release(&s->arena);
	mem_free(s);
}

void
state_describe(struct state *s, struct str spec)
{
	if (str_eq(s->spec, spec))
		return;
	s->spec = arena_str(&s->arena, spec);
	s->schema_changed = true;
}

struct str
state_spec(const struct state *s)
{
	return s->spec;
}

/* ---- steps ---- */

static struct state_step *
find_step(struct state *s, struct str name)
{
	for (size_t i = 0; i < s->n_steps; i++)
		if (str_eq(s->steps[i]->name, name))
			return s->steps[i];
	return NULL;
}

static struct state_step *
new_step(struct state *s, struct str name, const char *kind)
{
	struct state_step *step = arena_zalloc(&s->arena, sizeof *step);

	step->state = s;
	step->name = arena_str(&s->arena, name);
	step->kind = arena_str(&s->arena, str_of(kind));
	mem_grow(&s->steps, &s->cap_steps, s->n_steps + 1, sizeof *s->steps);
	s->steps[s->n_steps++] = step;
	return step;
}

/* All that was kept of the step goes. */
static void
forget(struct state_step *step)
{
	struct state *s = step->state;

	for (struct state_map *m = step->maps; m; m = m->next)
		store_drop_map(s->store, m->number);
	step->maps = NULL;
	step->n_versions = 0;
	step->had = false;
	s->schema_changed = true;
}

static void
add_version(struct state_step *step, const struct schema *schema)
{
	struct state *s = step->state;
	struct schema_part *parts =
	    arena_array(&s->arena, schema->n, sizeof *parts);

	for (unsigned i = 0; i < schema->n; i++)
		parts[i] = (struct schema_part){
		    arena_str(&s->arena, schema->parts[i].what),
		    arena_str(&s->arena, schema->parts[i].text),
		    schema->parts[i].fixed};
	mem_grow(&step->versions, &step->cap_versions, step->n_versions + 1,
	    sizeof *step->versions);
	step->versions[step->n_versions++] =
	    (struct schema_version){parts, schema->n};
	s->schema_changed = true;
}

/* The same parts in the same order. */
static bool
same_version(const struct schema_version *v, const struct schema *schema)
{
	if (v->n != schema->n)
		return false;
	for (unsigned i = 0; i < v->n; i++)
		if (!str_eq(v->parts[i].what, schema->parts[i].what) ||
		    !str_eq(v->parts[i].text, schema->parts[i].text) ||
		    v->parts[i].fixed != schema->parts[i].fixed)
			return false;
	return true;
}

static int
refuse(const struct state_step *step, const struct schema_said *said, size_t n,
    struct err *err)
{
	struct buf diff = {0};

	for (size_t i = 0; i < n; i++) {
		if (said[i].fate == SCHEMA_KEPT)
			continue;
		if (said[i].was.n)
			buf_printf(&diff, "\n  - %.*s: %.*s",
			    STR_ARG(said[i].what), STR_ARG(said[i].was));
		if (said[i].is.n)
			buf_printf(&diff, "\n  + %.*s: %.*s",
			    STR_ARG(said[i].what), STR_ARG(said[i].is));
	}
	err_set(err, ERR_STATE, nowhere,
	    "what is kept of step \"%.*s\" does not fit what it does now:%s",
	    STR_ARG(step->name), buf_z(&diff));
	buf_release(&diff);
	return err_hint(err,
	    "--reset %.*s forgets what is kept of it; or take another state "
	    "directory",
	    STR_ARG(step->name));
}

static void
say_changes(struct state_step *step, const struct schema_said *said, size_t n)
{
	struct buf *out = &step->state->changes;

	for (size_t i = 0; i < n; i++)
		if (said[i].fate == SCHEMA_ADDED)
			buf_printf(out,
			    "step \"%.*s\": %.*s %.*s is new and begins "
			    "empty\n",
			    STR_ARG(step->name), STR_ARG(said[i].what),
			    STR_ARG(said[i].is));
		else if (said[i].fate == SCHEMA_DROPPED)
			buf_printf(out,
			    "step \"%.*s\": %.*s %.*s is gone and was "
			    "dropped\n",
			    STR_ARG(step->name), STR_ARG(said[i].what),
			    STR_ARG(said[i].was));
}

/* What the step was last, beside what it is now. */
static int
go_on(struct state_step *step, const char *kind, const struct schema *schema,
    struct err *err)
{
	const struct schema_version *last =
	    &step->versions[step->n_versions - 1];
	struct schema_said *said;
	size_t n;

	if (!str_is(step->kind, kind)) {
		struct schema_said kinds = {
		    SCHEMA_REFUSED, STR("kind"), step->kind, str_of(kind)};

		return refuse(step, &kinds, 1, err);
	}
	if (same_version(last, schema))
		return 0;
	if (schema_diff(last, schema->parts, schema->n, &step->state->arena,
		&said, &n) == SCHEMA_REFUSED)
		return refuse(step, said, n, err);
	say_changes(step, said, n);
	add_version(step, schema);
	return 0;
}

struct state_step *
state_step(struct state *s, struct str name, const char *kind,
    const struct schema *schema, bool reset, struct err *err)
{
	struct state_step *step = find_step(s, name);

	if (step && step->claimed) {
		err_set(err, ERR_STATE, nowhere, "two steps are named \"%.*s\"",
		    STR_ARG(name));
		return NULL;
	}
	if (step && reset) {
		forget(step);
		step->kind = arena_str(&s->arena, str_of(kind));
		buf_printf(&s->changes,
		    "step \"%.*s\": what was kept of it "
		    "is forgotten\n",
		    STR_ARG(name));
	}
	if (!step)
		step = new_step(s, name, kind);
	if (!step->n_versions)
		add_version(step, schema);
	else if (go_on(step, kind, schema, err))
		return NULL;
	step->claimed = true;
	return step;
}

/* Names of steps that are no longer there. */
static int
refuse_gone(const struct state *s, struct err *err)
{
	struct buf names = {0};

	for (size_t i = 0; i < s->n_steps; i++)
		if (!s->steps[i]->claimed)
			buf_printf(&names, "%s\"%.*s\" (%.*s)",
			    names.n ? ", " : "", STR_ARG(s->steps[i]->name),
			    STR_ARG(s->steps[i]->kind));
	err_set(err, ERR_STATE, nowhere,
	    "the state has steps that are not there any more: %s",
	    buf_z(&names));
	buf_release(&names);
	return err_hint(err, "--drop-state forgets what is kept of them");
}

int
state_ready(struct state *s, bool drop, struct buf *changes, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_steps; i++)
		n += s->steps[i]->claimed;
	if (n < s->n_steps && !drop)
		return refuse_gone(s, err);
	n = 0;
	for (size_t i = 0; i < s->n_steps; i++) {
		struct state_step *step = s->steps[i];

		if (step->claimed) {
			s->steps[n++] = step;
			continue;
		}
		forget(step);
		mem_free(step->versions);
		buf_printf(&s->changes,
		    "step \"%.*s\": is gone and was "
		    "dropped\n",
		    STR_ARG(step->name));
	}
	s->n_steps = n;
	buf_adds(changes, buf_str(&s->changes));
	s->changes.n = 0;
	return 0;
}

/* ---- comparing only ---- */

typedef void say_fn(void *arg, enum schema_fate fate, struct str step,
    struct str what, struct str was, struct str is);

static void
compare_step(const struct state_step *old, const struct schema_step *new,
    struct arena *a, say_fn *say, void *arg)
{
	static const struct str none = {"", 0};
	struct schema_said *said;
	size_t n;

	if (!str_is(old->kind, new->kind)) {
		say(arg, SCHEMA_REFUSED, new->name, STR("kind"), old->kind,
		    str_of(new->kind));
		return;
	}
	if (schema_diff(&old->versions[old->n_versions - 1], new->schema.parts,
		new->schema.n, a, &said, &n) == SCHEMA_KEPT)
		say(arg, SCHEMA_KEPT, new->name, none, none, none);
	for (size_t i = 0; i < n; i++)
		if (said[i].fate != SCHEMA_KEPT)
			say(arg, said[i].fate, new->name, said[i].what,
			    said[i].was, said[i].is);
}

int
state_compare(struct str stored_schema, const struct schema_step *steps,
    unsigned n, say_fn *say, void *arg, struct err *err)
{
	static const struct str none = {"", 0};
	struct state *s = mem_zalloc(sizeof *s);
	int rc = 0;

	s->next_map = 1;
	arena_init(&s->arena, 4096);
	if (stored_schema.n && !schema_read(s, stored_schema))
		rc = err_set(err, ERR_STATE, nowhere,
		    "what the state says of its steps cannot be read");
	for (unsigned i = 0; !rc && i < n; i++) {
		struct state_step *old = find_step(s, steps[i].name);

		if (!old) {
			say(arg, SCHEMA_NEW, steps[i].name, none, none, none);
			continue;
		}
		old->claimed = true;
		compare_step(old, &steps[i], &s->arena, say, arg);
	}
	for (size_t i = 0; !rc && i < s->n_steps; i++)
		if (!s->steps[i]->claimed)
			say(arg, SCHEMA_GONE, s->steps[i]->name, none,
			    s->steps[i]->kind, none);
	state_free(s);
	return rc;
}

/* ---- a step's side ---- */

struct state_map *
state_map(struct state_step *step, const char *name)
{
	struct state *s = step->state;
	struct state_map *m, **at = &step->maps;

	for (; (m = *at); at = &m->next)
		if (str_is(m->name, name))
			return m;
	m = arena_zalloc(&s->arena, sizeof *m);
	m->step = step;
	m->name = arena_str(&s->arena, str_of(name));
	m->number = s->next_map++;
	*at = m;
	s->schema_changed = true;
	return m;
}

unsigned
state_version(const struct state_step *step)
{
	return (unsigned)(step->n_versions - 1);
}

const struct schema_part *
state_parts(const struct state_step *step, unsigned version, unsigned *n)
{
	if (version >= step->n_versions) {
		*n = 0;
		return NULL;
	}
	*n = step->versions[version].n;
	return step->versions[version].parts;
}

/* How many parts before the nth are alike? */
static unsigned
twins_before(const struct schema_version *v, unsigned nth)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nth; i++)
		n += str_eq(v->parts[i].what, v->parts[nth].what) &&
		     str_eq(v->parts[i].text, v->parts[nth].text);
	return n;
}

/* The part of v that is that one of another version, or -1. */
static int
twin(const struct schema_version *v, const struct schema_version *other,
    unsigned nth)
{
	unsigned before = twins_before(other, nth);

	for (unsigned i = 0; i < v->n; i++)
		if (str_eq(v->parts[i].what, other->parts[nth].what) &&
		    str_eq(v->parts[i].text, other->parts[nth].text) &&
		    !before--)
			return (int)i;
	return -1;
}

int
state_part_of(const struct state_step *step, unsigned version, unsigned nth)
{
	int at = (int)nth;

	if (version >= step->n_versions)
		return -1;
	/* A part that was dropped and came again is another one. */
	for (size_t v = step->n_versions - 1; v > version && at >= 0; v--)
		at = twin(
		    &step->versions[v - 1], &step->versions[v], (unsigned)at);
	return at;
}

bool
state_had(const struct state_step *step)
{
	return step->had;
}

void
state_put(struct state_map *m, int64_t bucket, struct str key, struct str value)
{
	store_put(m->step->state->store, m->number, bucket, key, value);
}

void
state_delete(struct state_map *m, int64_t bucket, struct str key)
{
	store_delete(m->step->state->store, m->number, bucket, key);
}

void
state_drop(struct state_map *m, int64_t bucket)
{
	store_drop(m->step->state->store, m->number, bucket);
}

enum store_found
state_get(struct state_map *m, int64_t bucket, struct str key, struct buf *out)
{
	return store_get(m->step->state->store, m->number, bucket, key, out);
}

size_t
state_buckets(struct state_map *m, int64_t **out)
{
	return store_buckets(m->step->state->store, m->number, out);
}

struct store_scan *
state_scan(struct state_map *m, int64_t bucket)
{
	return store_scan_begin(m->step->state->store, m->number, bucket);
}

struct store *
state_store(const struct state_map *m)
{
	return m->step->state->store;
}

unsigned
state_map_number(const struct state_map *m)
{
	return m->number;
}

struct str
state_key_number(struct buf *scratch, uint64_t n)
{
	scratch->n = 0;
	key_put(scratch, value_int((int64_t)n));
	return buf_str(scratch);
}

struct str
state_key_text(struct buf *scratch, const char *name)
{
	scratch->n = 0;
	key_put(scratch, value_text(str_of(name)));
	return buf_str(scratch);
}

/* ---- failing ---- */

void
state_damaged(struct state_map *m, int64_t bucket, struct str key)
{
	struct state *s = m->step->state;
	char text[4 * 40 + 8];

	if (s->failed.message)
		return;
	err_quote(text, key, 40);
	err_set(&s->failed, ERR_STATE, nowhere,
	    "what is kept of step \"%.*s\" cannot be read: map %.*s, bucket "
	    "%lld, key %s",
	    STR_ARG(m->step->name), STR_ARG(m->name), (long long)bucket, text);
}

bool
state_failed(struct state *s, struct err *err)
{
	if (!s->failed.message)
		return store_failed(s->store, err);
	if (err) {
		err_set(err, s->failed.code, nowhere, "%s", s->failed.message);
		if (s->failed.hint)
			err_hint(err, "%s", s->failed.hint);
	}
	return true;
}
