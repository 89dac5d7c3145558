/* SPDX-License-Identifier: MIT */
/*
 * Schemas: how they are written, read again and compared.
 *
 * The text is JSON, for people and for `weir state show`:
 *
 *   {"format": 1, "maps": 7, "steps": [{"name": …, "kind": …,
 *     "maps": {"cells": 3, …},
 *     "versions": [[{"what": …, "text": …, "fixed": true}, …], …]}],
 *    "spec": "…"}
 *
 * Comparing. A fixed part must be what it was. Of the others those of equal
 * text are the same; what is left on both sides has changed, which is refused,
 * as nobody can say what the old values mean for the new text; if parts are
 * left on one side only they have been added, or dropped.
 */
#include "base/mem.h"
#include "data/pack.h"
#include "state/kept.h"

#define SCHEMA_FORMAT 1

void
schema_add(struct schema *s, const char *what, struct str text, bool fixed)
{
	struct schema_part *more;

	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 8;
		more = arena_array(s->arena, s->cap, sizeof *more);
		if (s->n)
			memcpy(more, s->parts, s->n * sizeof *more);
		s->parts = more;
	}
	s->parts[s->n++] = (struct schema_part){
	    str_of(what), arena_str(s->arena, text), fixed};
}

/* ---- writing ---- */

static void
put_pair(struct buf *out, const char *name, struct str text)
{
	pack_put_text(out, str_of(name));
	pack_put_text(out, text);
}

static void
put_version(struct buf *out, const struct schema_version *v)
{
	pack_put_array(out, v->n);
	for (unsigned i = 0; i < v->n; i++) {
		pack_put_map(out, 3);
		put_pair(out, "what", v->parts[i].what);
		put_pair(out, "text", v->parts[i].text);
		pack_put_text(out, STR("fixed"));
		pack_put(out, value_bool(v->parts[i].fixed));
	}
}

static void
put_step(struct buf *out, const struct state_step *step)
{
	uint32_t n = 0;

	pack_put_map(out, 4);
	put_pair(out, "name", step->name);
	put_pair(out, "kind", step->kind);
	for (const struct state_map *m = step->maps; m; m = m->next)
		n++;
	pack_put_text(out, STR("maps"));
	pack_put_map(out, n);
	for (const struct state_map *m = step->maps; m; m = m->next) {
		pack_put_text(out, m->name);
		pack_put(out, value_int(m->number));
	}
	pack_put_text(out, STR("versions"));
	pack_put_array(out, (uint32_t)step->n_versions);
	for (size_t i = 0; i < step->n_versions; i++)
		put_version(out, &step->versions[i]);
}

void
schema_write(const struct state *s, struct buf *out)
{
	struct buf packed = {0};

	pack_put_map(&packed, 3 + (s->spec.n > 0));
	pack_put_text(&packed, STR("format"));
	pack_put(&packed, value_int(SCHEMA_FORMAT));
	pack_put_text(&packed, STR("maps"));
	pack_put(&packed, value_int(s->next_map));
	pack_put_text(&packed, STR("steps"));
	pack_put_array(&packed, (uint32_t)s->n_steps);
	for (size_t i = 0; i < s->n_steps; i++)
		put_step(&packed, s->steps[i]);
	if (s->spec.n)
		put_pair(&packed, "spec", s->spec);
	pack_json(out, value_of_str(T_MAP, buf_str(&packed)));
	buf_release(&packed);
}

/* ---- reading ---- */

static bool
member(struct value map, const char *name, enum type type, struct arena *a,
    struct value *out)
{
	return map.type == T_MAP && pack_map_find(map, str_of(name), a, out) &&
	       out->type == type;
}

static bool
read_text(struct value map, const char *name, struct arena *a, struct str *out)
{
	struct value v;

	if (!member(map, name, T_TEXT, a, &v))
		return false;
	*out = arena_str(a, value_str(v));
	return true;
}

static bool
read_version(struct value list, struct arena *a, struct schema_version *out)
{
	if (list.type != T_LIST)
		return false;
	out->n = pack_count(list);
	out->parts = arena_array(a, out->n, sizeof *out->parts);
	for (unsigned i = 0; i < out->n; i++) {
		struct schema_part *p = &out->parts[i];
		struct value v, fixed;

		if (!pack_list_at(list, i, a, &v) ||
		    !read_text(v, "what", a, &p->what) ||
		    !read_text(v, "text", a, &p->text) ||
		    !member(v, "fixed", T_BOOL, a, &fixed))
			return false;
		p->fixed = fixed.b;
	}
	return true;
}

static bool
read_maps(struct state *s, struct state_step *step, struct value maps)
{
	const char *p = maps.p, *end = maps.p + maps.len;
	struct state_map **at = &step->maps;
	uint32_t n;

	if (!pack_get_map(&p, end, &n))
		return false;
	for (; n; n--) {
		struct state_map *m = arena_zalloc(&s->arena, sizeof *m);
		struct value name, number;

		if (pack_get(&p, end, &s->arena, &name) != PACK_OK ||
		    pack_get(&p, end, &s->arena, &number) != PACK_OK ||
		    name.type != T_TEXT || number.type != T_INT ||
		    number.i < 0 || number.i >= s->next_map)
			return false;
		m->step = step;
		m->name = arena_str(&s->arena, value_str(name));
		m->number = (unsigned)number.i;
		*at = m;
		at = &m->next;
	}
	return true;
}

static bool
read_step(struct state *s, struct value v)
{
	struct state_step *step = arena_zalloc(&s->arena, sizeof *step);
	struct value maps, versions, list;

	step->state = s;
	if (!read_text(v, "name", &s->arena, &step->name) ||
	    !read_text(v, "kind", &s->arena, &step->kind) ||
	    !member(v, "maps", T_MAP, &s->arena, &maps) ||
	    !member(v, "versions", T_LIST, &s->arena, &versions) ||
	    !read_maps(s, step, maps))
		return false;
	step->had = true;
	mem_grow(&s->steps, &s->cap_steps, s->n_steps + 1, sizeof *s->steps);
	s->steps[s->n_steps++] = step;
	step->n_versions = pack_count(versions);
	mem_grow(&step->versions, &step->cap_versions, step->n_versions + 1,
	    sizeof *step->versions);
	for (uint32_t i = 0; i < step->n_versions; i++)
		if (!pack_list_at(versions, i, &s->arena, &list) ||
		    !read_version(list, &s->arena, &step->versions[i]))
			return false;
	return step->n_versions > 0;
}

bool
schema_read(struct state *s, struct str text)
{
	struct value all, format, maps, steps, step;

	if (!pack_parse_json(text, &s->arena, &all) ||
	    !member(all, "format", T_INT, &s->arena, &format) ||
	    format.i != SCHEMA_FORMAT ||
	    !member(all, "maps", T_INT, &s->arena, &maps) || maps.i < 0 ||
	    maps.i > INT32_MAX ||
	    !member(all, "steps", T_LIST, &s->arena, &steps))
		return false;
	s->next_map = (unsigned)maps.i;
	if (!read_text(all, "spec", &s->arena, &s->spec))
		s->spec = (struct str){"", 0};
	for (uint32_t i = 0; i < pack_count(steps); i++)
		if (!pack_list_at(steps, i, &s->arena, &step) ||
		    !read_step(s, step))
			return false;
	return true;
}

/* ---- comparing ---- */

struct diff {
	const struct schema_part *was, *is;
	unsigned n_was, n_is;
	bool *was_used, *is_used;
	struct schema_said *out;
	size_t n;
};

static void
said(struct diff *d, enum schema_fate fate, const struct schema_part *was,
    const struct schema_part *is)
{
	static const struct str none = {"", 0};

	d->out[d->n++] = (struct schema_said){.fate = fate,
	    .what = was ? was->what : is->what,
	    .was = was ? was->text : none,
	    .is = is ? is->text : none};
}

/* Pairs what is not paired yet and alike. */
static void
pair(struct diff *d, bool fixed, bool by_text, enum schema_fate fate)
{
	for (unsigned i = 0; i < d->n_is; i++) {
		const struct schema_part *is = &d->is[i];
		unsigned k;

		if (d->is_used[i])
			continue;
		for (k = 0; k < d->n_was; k++)
			if (!d->was_used[k] && is->fixed == fixed &&
			    d->was[k].fixed == fixed &&
			    str_eq(d->was[k].what, is->what) &&
			    (!by_text || str_eq(d->was[k].text, is->text)))
				break;
		if (k == d->n_was)
			continue;
		d->was_used[k] = d->is_used[i] = true;
		said(d, fate, &d->was[k], is);
	}
}

enum schema_fate
schema_diff(const struct schema_version *was, const struct schema_part *parts,
    unsigned n, struct arena *a, struct schema_said **out, size_t *n_out)
{
	struct diff d = {
	    .was = was->parts, .is = parts, .n_was = was->n, .n_is = n};
	enum schema_fate worst = SCHEMA_KEPT;

	d.was_used = arena_zalloc(a, was->n + 1);
	d.is_used = arena_zalloc(a, n + 1);
	d.out = arena_array(a, (size_t)was->n + n, sizeof *d.out);
	pair(&d, true, true, SCHEMA_KEPT);
	pair(&d, false, true, SCHEMA_KEPT);
	pair(&d, true, false, SCHEMA_REFUSED);
	pair(&d, false, false, SCHEMA_REFUSED);
	for (unsigned i = 0; i < n; i++)
		if (!d.is_used[i])
			said(&d, parts[i].fixed ? SCHEMA_REFUSED : SCHEMA_ADDED,
			    NULL, &parts[i]);
	for (unsigned i = 0; i < was->n; i++)
		if (!d.was_used[i])
			said(&d,
			    was->parts[i].fixed ? SCHEMA_REFUSED
						: SCHEMA_DROPPED,
			    &was->parts[i], NULL);
	for (size_t i = 0; i < d.n; i++)
		if (d.out[i].fate == SCHEMA_REFUSED)
			worst = SCHEMA_REFUSED;
	*out = d.out;
	*n_out = d.n;
	return worst;
}
