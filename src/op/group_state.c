/* SPDX-License-Identifier: MIT */
/*
 * What is kept of an aggregation: the parts of its schema, and cells of
 * accumulators as bytes.
 *
 * A cell's value is the version of the schema it was written with, the number
 * of its rows if they are counted, and a piece for each aggregate of that
 * version. An aggregate that the version did not have begins empty; a piece of
 * one that is no longer there is passed over.
 */
#include "base/mem.h"
#include "data/key.h"
#include "data/pack.h"
#include "expr/agg_log.h"
#include "op/group_far.h"
#include "op/written.h"
#include "state/code.h"

#define PART_AGGREGATE "aggregate"

/* ---- schema ---- */

static void
add_keys(
    const struct flow *in, const struct group_config *c, struct schema *out)
{
	struct buf text = {0};

	for (unsigned i = 0; i < c->n_keys; i++) {
		if (i)
			buf_lit(&text, ", ");
		written_node(&text, in, c->grouping.keys[i]);
	}
	schema_add(out, "keys", buf_str(&text), true);
	text.n = 0;
	for (unsigned i = 0; c->sets && i < c->n_sets; i++)
		buf_printf(
		    &text, "%s%lld", i ? ", " : "", (long long)c->sets[i]);
	if (c->sets)
		schema_add(out, "sets", buf_str(&text), true);
	buf_release(&text);
}

void
group_schema(const struct op *op, struct schema *out)
{
	const struct group_config *c = op->config;
	struct buf text = {0};

	window_print(&c->window, &text);
	schema_add(out, "window", buf_str(&text), true);
	add_keys(&op->in, c, out);
	if (op->in.changes)
		schema_add(
		    out, "input", STR("rows that may be taken back"), true);
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		text.n = 0;
		written_node(&text, &op->in, c->grouping.aggs[i].node);
		schema_add(out, PART_AGGREGATE, buf_str(&text), false);
	}
	buf_release(&text);
}

/* The place of a part among those that are aggregates. */
static int
place_of(const struct schema_part *parts, int nth)
{
	int place = 0;

	for (int i = 0; i < nth; i++)
		place += str_is(parts[i].what, PART_AGGREGATE);
	return nth < 0 ? -1 : place;
}

static void
map_version(struct group_keep *k, unsigned version)
{
	unsigned n, n_was, at = 0;
	const struct schema_part *now = state_parts(k->step, k->version, &n);
	const struct schema_part *was = state_parts(k->step, version, &n_was);
	int *from = arena_array(&k->arena, k->c->grouping.n_aggs, sizeof *from);

	for (unsigned i = 0; i < n; i++)
		if (str_is(now[i].what, PART_AGGREGATE))
			from[at++] =
			    place_of(was, state_part_of(k->step, version, i));
	k->from[version] = from;
	k->n_from[version] = (unsigned)place_of(was, (int)n_was);
}

void
group_keep_init(
    struct group_keep *k, const struct group_config *c, struct state_step *step)
{
	*k = (struct group_keep){
	    .c = c, .step = step, .version = step ? state_version(step) : 0};
	arena_init(&k->arena, 1024);
	k->from = arena_array(&k->arena, k->version + 1, sizeof *k->from);
	k->n_from = arena_array(&k->arena, k->version + 1, sizeof *k->n_from);
	for (unsigned v = 0; step && v <= k->version; v++)
		map_version(k, v);
	if (step)
		return;
	k->from[0] = arena_array(&k->arena, c->grouping.n_aggs, sizeof(int));
	k->n_from[0] = c->grouping.n_aggs;
	for (unsigned i = 0; i < c->grouping.n_aggs; i++)
		k->from[0][i] = (int)i;
}

void
group_keep_release(struct group_keep *k)
{
	if (k->c)
		arena_release(&k->arena);
}

/* ---- cells ---- */

/* piece: what is kept as rows is saved as rows. */
static void
save_acc(
    const struct group_keep *k, const char *acc, bool piece, struct buf *out)
{
	const struct group_config *c = k->c;

	code_put_uint(out, (uint64_t)k->version << 1 | c->counts);
	if (c->counts)
		code_put_int(out, group_count(c, acc));
	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];
		size_t at = code_put_begin(out);

		if (piece && agg_logs(call))
			agg_log_save(acc + call->offset, out);
		else
			agg_save(call, acc + call->offset, out);
		code_put_end(out, at);
	}
}

void
group_save_acc(const struct group_keep *k, const char *acc, struct buf *out)
{
	save_acc(k, acc, false, out);
}

/* The aggregate that a piece of an old value is of now, or NULL. */
static const struct agg_call *
call_of(const struct group_keep *k, unsigned version, unsigned piece)
{
	const struct grouping *g = &k->c->grouping;
	const int *from = k->from[version];

	if (piece < g->n_aggs && from[piece] == (int)piece)
		return &g->aggs[piece];
	for (unsigned i = 0; i < g->n_aggs; i++)
		if (from[i] == (int)piece)
			return &g->aggs[i];
	return NULL;
}

static bool
load_aggregates(const struct group_keep *k, unsigned version,
    struct arena *heap, char *acc, bool piece, struct str *in)
{
	for (unsigned i = 0; i < k->n_from[version]; i++) {
		const struct agg_call *call = call_of(k, version, i);
		struct str saved;
		bool good;

		if (!code_get_str(in, &saved))
			return false;
		if (!call)
			continue;
		good = piece && agg_logs(call)
			   ? agg_log_load(call, heap, acc + call->offset, saved)
			   : agg_load(call, heap, acc + call->offset, saved);
		if (!good)
			return false;
	}
	return true;
}

/* piece: what may be rows is. */
static bool
load_acc(const struct group_keep *k, struct arena *heap, char *acc, bool piece,
    struct str bytes)
{
	uint64_t head;
	int64_t count = 1;

	if (!code_get_uint(&bytes, &head) || head >> 1 > k->version)
		return false;
	if ((head & 1) && !code_get_int(&bytes, &count))
		return false;
	/* Rows that were not counted came, and could not be taken back. */
	if (k->c->counts)
		memcpy(acc + k->c->count_at, &count, sizeof count);
	return load_aggregates(
		   k, (unsigned)(head >> 1), heap, acc, piece, &bytes) &&
	       !bytes.n;
}

bool
group_load_acc(
    const struct group_keep *k, struct arena *heap, char *acc, struct str bytes)
{
	return load_acc(k, heap, acc, false, bytes);
}

bool
group_add_saved(
    const struct group_keep *k, struct arena *heap, char *acc, struct str piece)
{
	char *own = arena_zalloc(heap, k->c->cell_bytes);

	if (load_acc(k, heap, own, true, piece)) {
		group_merge_piece(k->c, heap, acc, false, own);
		return true;
	}
	memset(own, 0, k->c->cell_bytes);
	if (!load_acc(k, heap, own, false, piece))
		return false;
	group_merge(k->c, GROUP_EACH, heap, acc, own);
	return true;
}

bool
group_is_key(const struct group_config *c, struct str key)
{
	const char *p = key.p, *end = key.p + key.n;
	struct value set = value_int(0);
	struct arena a;
	int n = key_count(key);

	if (!c->sets)
		return n == (int)c->n_keys;
	if (n != (int)c->n_keys + 1)
		return false;
	arena_init(&a, 256);
	while (n--)
		set = key_get(&p, end, &a);
	arena_release(&a);
	return set.type == T_INT && set.i >= 0 && set.i < c->n_sets;
}

static void
save_cell(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
{
	(void)t;
	save_acc(arg, c->bytes, c->piece, out);
}

static bool
load_cell(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	const struct group_keep *k = arg;

	if (!group_is_key(k->c, cell_key(t, c)))
		return false;
	if (c->piece && load_acc(k, &t->heap, c->bytes, true, bytes))
		return true;
	if (c->piece)
		memset(c->bytes, 0, t->cell_bytes);
	c->piece = false;
	return load_acc(k, &t->heap, c->bytes, false, bytes);
}

static void
merge_cell(
    void *arg, struct table *t, struct cell *into, const struct cell *from)
{
	const struct group_keep *k = arg;

	if (from->piece)
		group_merge_piece(
		    k->c, &t->heap, into->bytes, into->piece, from->bytes);
	else
		group_merge(
		    k->c, GROUP_EACH, &t->heap, into->bytes, from->bytes);
}

static void
end_piece(void *arg, struct table *t, struct cell *c)
{
	const struct group_config *g = ((const struct group_keep *)arg)->c;

	for (unsigned i = 0; i < g->grouping.n_aggs; i++) {
		const struct agg_call *call = &g->grouping.aggs[i];

		if (agg_logs(call))
			agg_log_end(call, &t->heap, c->bytes + call->offset);
	}
}

static void
shed_cell(void *arg, int64_t bucket, struct table *t, struct cell *c)
{
	const struct group_keep *k = arg;

	if (k->far)
		group_far_shed(k->far, bucket, t, c);
}

const struct cell_codec group_codec = {.save = save_cell,
    .load = load_cell,
    .shed = shed_cell,
    .movable = true,
    .merge = merge_cell,
    .end_piece = end_piece};

/* ---- numbers ---- */

bool
group_get_number(struct state_map *m, const char *name, int64_t *out)
{
	struct buf key = {0}, value = {0};
	struct str k = state_key_text(&key, name), v;
	bool found = state_get(m, 0, k, &value) == STORE_FOUND;

	v = buf_str(&value);
	if (found && !(code_get_int(&v, out) && !v.n)) {
		state_damaged(m, 0, k);
		found = false;
	}
	buf_release(&key);
	buf_release(&value);
	return found;
}

void
group_put_number(struct state_map *m, const char *name, int64_t n)
{
	struct buf key = {0}, value = {0};

	code_put_int(&value, n);
	state_put(m, 0, state_key_text(&key, name), buf_str(&value));
	buf_release(&key);
	buf_release(&value);
}

/* ---- slices ---- */

void
group_note_slice(struct state_map *m, int64_t start, uint64_t n_keys)
{
	struct buf key = {0}, value = {0};

	code_put_uint(&value, n_keys);
	state_put(
	    m, 0, state_key_number(&key, (uint64_t)start), buf_str(&value));
	buf_release(&key);
	buf_release(&value);
}

void
group_forget_slice(struct state_map *m, int64_t start)
{
	struct buf key = {0};

	state_delete(m, 0, state_key_number(&key, (uint64_t)start));
	buf_release(&key);
}

static bool
read_slice(struct str key, struct str value, struct group_slice *out)
{
	const char *p = key.p;
	struct value start;
	struct arena a;

	if (key_count(key) != 1 || !code_get_uint(&value, &out->n_keys) ||
	    value.n)
		return false;
	arena_init(&a, 64);
	start = key_get(&p, key.p + key.n, &a);
	arena_release(&a);
	out->start = start.i;
	return start.type == T_INT;
}

bool
group_next_slice(
    struct state_map *m, struct store_scan *scan, struct group_slice *out)
{
	struct str key, value;

	while (store_scan_next(scan, &key, &value)) {
		if (read_slice(key, value, out))
			return true;
		state_damaged(m, 0, key);
	}
	return false;
}
