/* SPDX-License-Identifier: MIT */
/*
 * What is kept of an aggregation, for people: aggregates by their text, and
 * the windows they are of. Where windows overlap what is kept is of a slice of
 * them, and is called so.
 */
#include "base/mem.h"
#include "data/key.h"
#include "op/group.h"
#include "op/show.h"
#include "state/code.h"
#include "state/pieces.h"
#include "state/table.h"

struct shown {
	struct group_keep keep;
	struct arena heap; /* of the accumulators at hand */
	char *acc;
	struct str *names; /* of the aggregates */
};

static void
shown_free(void *own)
{
	struct shown *g = own;

	group_keep_release(&g->keep);
	arena_release(&g->heap);
	mem_free(g->acc);
	mem_free(g);
}

static struct shown *
shown_of(struct op_show *s)
{
	const struct group_config *c = s->op->config;
	struct shown *g = s->own;
	struct buf text = {0};

	if (g)
		return g;
	s->own = g = mem_zalloc(sizeof *g);
	s->release = shown_free;
	group_keep_init(&g->keep, c, s->step);
	arena_init(&g->heap, 4096);
	g->acc = mem_zalloc(c->cell_bytes + 1);
	g->names = arena_array(&s->arena, c->grouping.n_aggs, sizeof *g->names);
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		text.n = 0;
		node_print(&text, c->grouping.aggs[i].node);
		g->names[i] = arena_str(&s->arena, buf_str(&text));
	}
	buf_release(&text);
	return g;
}

/* ---- values ---- */

static bool
load_acc(struct shown *g, struct str bytes)
{
	arena_reset(&g->heap);
	memset(g->acc, 0, g->keep.c->cell_bytes);
	return group_load_acc(&g->keep, &g->heap, g->acc, bytes);
}

/* What is kept in pieces, put together. */
static bool
load_pieces(struct shown *g, struct str pieces)
{
	const struct group_config *c = g->keep.c;
	struct str piece, saved;

	arena_reset(&g->heap);
	memset(g->acc, 0, c->cell_bytes);
	while (pieces_next(&pieces, &piece))
		if (!table_saved(piece, &saved) ||
		    !group_add_saved(&g->keep, &g->heap, g->acc, saved))
			return false;
	return !pieces.n;
}

/* Members of an object. */
static void
put_values(struct op_show *s, struct shown *g)
{
	const struct group_config *c = g->keep.c;

	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		show_comma(&s->value);
		json_put_text(&s->value, g->names[i]);
		buf_addc(&s->value, ':');
		value_json(&s->value,
		    agg_value(call, g->acc + call->offset, &s->entry));
	}
}

static bool
put_acc(struct op_show *s, struct shown *g, struct str bytes)
{
	if (!load_acc(g, bytes))
		return false;
	put_values(s, g);
	return true;
}

static bool
show_acc(struct op_show *s, struct shown *g, struct str bytes)
{
	bool good;

	buf_addc(&s->value, '{');
	good = put_acc(s, g, bytes);
	buf_addc(&s->value, '}');
	return good;
}

static bool
show_pieces(struct op_show *s, struct shown *g, struct str pieces)
{
	if (!load_pieces(g, pieces))
		return false;
	buf_addc(&s->value, '{');
	put_values(s, g);
	buf_addc(&s->value, '}');
	return true;
}

/* All sessions of a key. */
static bool
show_sessions(struct op_show *s, struct shown *g, struct str bytes)
{
	const struct window_spec *w = &g->keep.c->window;

	buf_addc(&s->value, '[');
	while (bytes.n) {
		int64_t first, last;
		uint64_t written;
		struct str piece;
		struct span span;

		if (!code_get_str(&bytes, &piece) ||
		    !code_get_int(&piece, &first) ||
		    !code_get_int(&piece, &last) || last < first ||
		    !code_get_uint(&piece, &written))
			return false;
		span = window_session(w, first, last);
		show_comma(&s->value);
		buf_lit(&s->value, "{\"window_start\":");
		value_json(&s->value, value_time(span.start));
		buf_lit(&s->value, ",\"window_end\":");
		value_json(&s->value, value_time(span.end));
		if (!put_acc(s, g, piece))
			return false;
		buf_addc(&s->value, '}');
	}
	buf_addc(&s->value, ']');
	return true;
}

/* Windows of rows: how many came, and the panes they are in. */
static bool
show_counted(struct op_show *s, struct shown *g, struct str bytes)
{
	int64_t n, time;
	struct str piece;

	if (!code_get_int(&bytes, &n) || !code_get_int(&bytes, &time))
		return false;
	buf_printf(&s->value, "{\"rows\":%lld,\"panes\":[", (long long)n);
	while (bytes.n) {
		show_comma(&s->value);
		if (!code_get_str(&bytes, &piece) || !show_acc(s, g, piece))
			return false;
	}
	buf_lit(&s->value, "]}");
	return true;
}

/* ---- windows ---- */

static bool
is_time(int64_t t)
{
	return t > WHEN_MIN && t < WHEN_MAX;
}

static void
show_slice(struct op_show *s, int64_t start)
{
	const struct group_config *c = s->op->config;
	struct span slice, window;
	bool whole;

	if (!window_is_timed(&c->window) || c->window.type == WINDOW_SESSION ||
	    !is_time(start) || !window_slice(&c->window, start, &slice) ||
	    slice.start != start)
		return;
	whole = window_next(&c->window, slice, start, &window) &&
		window.start == slice.start && window.end == slice.end &&
		window_last_end(&c->window, slice) == slice.end;
	show_span(s, whole ? "window" : "slice", slice.start, slice.end);
}

/* A window by its end. */
static void
show_window(struct op_show *s, int64_t end)
{
	const struct group_config *c = s->op->config;
	struct span slice, window;

	if (is_time(end) && window_is_timed(&c->window) &&
	    c->window.type != WINDOW_SESSION &&
	    window_slice(&c->window, end - 1, &slice) &&
	    window_next(&c->window, slice, end - 1, &window) &&
	    window.end == end)
		show_span(s, "window", window.start, window.end);
}

/* ---- maps ---- */

/* The slices there are, and how many keys each has. */
static bool
show_slices(struct op_show *s, const struct op_entry *e)
{
	const char *p = e->key.p;
	struct str value = e->value;
	struct value start;
	uint64_t n;

	if (!code_get_uint(&value, &n) || value.n || key_count(e->key) != 1)
		return false;
	start = key_get(&p, e->key.p + e->key.n, &s->entry);
	if (start.type == T_INT)
		show_slice(s, start.i);
	buf_printf(&s->value, "{\"keys\":%llu}", (unsigned long long)n);
	return true;
}

static bool
show_revision(struct op_show *s, const struct op_entry *e)
{
	struct str value;
	uint64_t n;

	if (!table_saved(e->value, &value) || !code_get_uint(&value, &n) ||
	    value.n)
		return false;
	show_window(s, e->bucket);
	buf_printf(&s->value, "{\"rev\":%llu}", (unsigned long long)n);
	return true;
}

/* A number by its name: all are times, but that of keys. */
static bool
show_number(struct op_show *s, const struct op_entry *e)
{
	const char *p = e->key.p;
	struct str value = e->value;
	struct value name;
	int64_t n;

	if (!code_get_int(&value, &n) || value.n || key_count(e->key) != 1)
		return false;
	name = key_get(&p, e->key.p + e->key.n, &s->entry);
	if (name.type == T_TEXT && str_is(value_str(name), "keys"))
		value_json(&s->value, value_int(n));
	else
		value_json(&s->value, is_time(n) ? value_time(n) : VALUE_NULL);
	return true;
}

/* A group that is forgotten when nothing has come for long. */
static bool
show_ttl(struct op_show *s, struct str value)
{
	int64_t stamp;

	if (!code_get_int(&value, &stamp))
		return false;
	if (is_time(stamp)) {
		buf_lit(&s->when, ",\"time\":");
		value_json(&s->when, value_time(stamp));
	}
	return show_acc(s, shown_of(s), value);
}

bool
group_show(struct op_show *s, const struct op_entry *e)
{
	const struct group_config *c = s->op->config;
	struct str saved;

	if (str_is(e->map, "slices"))
		return show_slices(s, e);
	if (str_is(e->map, "revisions"))
		return show_revision(s, e);
	if (str_is(e->map, "step") || str_is(e->map, "run"))
		return show_number(s, e);
	if (!str_is(e->map, "cells") && !str_is(e->map, "sessions") &&
	    !str_is(e->map, "ttl"))
		return false;
	if (!group_is_key(c, e->key))
		return false;
	if (e->pieces) {
		show_slice(s, e->bucket);
		return str_is(e->map, "cells") &&
		       c->window.type != WINDOW_ROWS &&
		       show_pieces(s, shown_of(s), e->value);
	}
	if (!table_saved(e->value, &saved))
		return false;
	if (str_is(e->map, "ttl"))
		return show_ttl(s, saved);
	if (c->window.type == WINDOW_SESSION)
		return show_sessions(s, shown_of(s), saved);
	if (c->window.type == WINDOW_ROWS)
		return show_counted(s, shown_of(s), saved);
	show_slice(s, e->bucket);
	return show_acc(s, shown_of(s), saved);
}
