/* SPDX-License-Identifier: MIT */
/* Values of count(DISTINCT …) by themselves; see group_far.h. */
#include "op/group_far.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"

/* A set of so many values is better in parts. */
#define FAR_VALUES 1024
/* What a value takes in memory, about, and the part of it that a set may. */
#define VALUE_BYTES 64
#define ROOM_PARTS 64
/* Longer keys are not put: their values stay in the set. */
#define FAR_KEY_MAX 4096
/* Versions of a schema have fewer aggregates. */
#define PLACES 65536
/* What key_put makes of a number. */
#define ID_BYTES ((size_t)9)
/* Says, in a bucket of its own, that there are values nobody has counted. */
#define SAID_BUCKET WHEN_MAX

/* ---- which calls ---- */

/* Where a call was first: in that version, at that place. */
static int64_t
id_of(const struct group_keep *k, unsigned call)
{
	for (unsigned v = 0; v < k->version; v++) {
		/* It is the one at that place if it is nowhere gone since. */
		if (k->from[v][call] >= 0)
			return (int64_t)v * PLACES + k->from[v][call];
	}
	return (int64_t)k->version * PLACES + k->from[k->version][call];
}

static bool
is_one_table(const struct group_config *c)
{
	switch (c->window.type) {
	case WINDOW_ALL:
		return !c->ttl;
	case WINDOW_TUMBLE:
	case WINDOW_CALENDAR:
		return true;
	case WINDOW_HOP:
	case WINDOW_CUMULATE:
	case WINDOW_SESSION:
	case WINDOW_ROWS:
		break;
	}
	return false;
}

/* A result that is corrected is asked for again and again. */
static bool
is_asked_once(const struct group_config *c)
{
	return c->window.type == WINDOW_ALL || !c->allowed;
}

static bool
has_any(const struct group_far *f, int64_t bucket)
{
	return f->map && store_has_bucket(state_store(f->map),
			     state_map_number(f->map), bucket);
}

/*
 * Who shows changes next will have to count all there are: values were given
 * away, or will be added to groups that have some there.
 */
static void
say(struct group_far *f)
{
	struct buf key = {0};

	if (f->said)
		return;
	state_put(f->map, SAID_BUCKET, state_key_text(&key, "uncounted"),
	    (struct str){"", 0});
	buf_release(&key);
	f->said = true;
}

void
group_far_init(struct group_far *f, const struct group_config *c,
    const struct group_keep *keep, struct state_step *step)
{
	unsigned n = c->grouping.n_aggs;
	size_t room;

	*f = (struct group_far){.c = c};
	table_init(&f->seen, 0);
	if (!step || !is_one_table(c))
		return;
	f->calls = mem_array(n, sizeof *f->calls);
	f->counts = mem_array(n, sizeof *f->counts);
	for (unsigned i = 0; i < n; i++) {
		if (!agg_goes_far(&c->grouping.aggs[i]))
			continue;
		f->calls[f->n++] = i;
		key_put(&f->ids, value_int(id_of(keep, i)));
		must(f->ids.n == f->n * ID_BYTES);
	}
	if (!f->n)
		return;
	f->map = state_map(step, "distinct");
	room = state_room(step);
	f->least = FAR_VALUES;
	if (room / ROOM_PARTS / VALUE_BYTES < FAR_VALUES)
		f->least = room / ROOM_PARTS / VALUE_BYTES + 1;
	f->stays = room == SIZE_MAX;
	f->again = !is_asked_once(c);
	if (!c->counts && has_any(f, WHEN_MIN))
		say(f);
}

void
group_far_release(struct group_far *f)
{
	if (!f->c)
		return;
	table_release(&f->seen);
	mem_free(f->calls);
	buf_release(&f->ids);
	mem_free(f->counts);
	buf_release(&f->key);
}

static const struct agg_call *
call_at(const struct group_far *f, unsigned at)
{
	return &f->c->grouping.aggs[f->calls[at]];
}

static struct str
id_at(const struct group_far *f, unsigned at)
{
	return (struct str){f->ids.p + at * ID_BYTES, ID_BYTES};
}

/*
 * An entry's key: the group's, the value, and the number of the call, which
 * comes last as many have the same.
 */
static void
make_key(struct group_far *f, struct str group, struct str value, unsigned call)
{
	f->key.n = 0;
	buf_adds(&f->key, group);
	buf_adds(&f->key, value);
	buf_adds(&f->key, id_at(f, call));
}

/* ---- giving values away ---- */

/* What a kept table has of a cell of which there is nothing to know. */
static const struct str nothing = {"", 1};

struct shedding {
	struct group_far *far;
	int64_t bucket;
	struct str group;
	unsigned call;
};

/* Makes the key of an entry; false: it would be too long. */
static bool
key_of_value(const struct shedding *s, struct str value)
{
	if (s->group.n + value.n > FAR_KEY_MAX)
		return false;
	make_key(s->far, s->group, value, s->call);
	return true;
}

static bool
put_value(void *arg, struct str value)
{
	struct shedding *s = arg;
	struct group_far *f = s->far;

	if (!key_of_value(s, value))
		return false;
	state_put(f->map, s->bucket, buf_str(&f->key), nothing);
	return true;
}

static bool
shed(struct group_far *f, int64_t bucket, struct table *t, struct cell *c,
    uint64_t least)
{
	struct shedding s = {
	    .far = f, .bucket = bucket, .group = cell_key(t, c)};
	bool any = false;

	for (unsigned i = 0; i < f->n; i++) {
		const struct agg_call *call = call_at(f, i);
		char *acc = c->bytes + call->offset;

		if (agg_near(call, acc) < least)
			continue;
		s.call = i;
		agg_give_away(call, &t->heap, acc, false, put_value, &s);
		any = true;
	}
	if (any)
		say(f);
	return any;
}

void
group_far_shed(
    struct group_far *f, int64_t bucket, struct table *t, struct cell *c)
{
	if (f->map && !f->shown && !f->stays && !f->again)
		shed(f, bucket, t, c, f->least);
}

void
group_far_shed_all(struct group_far *f, int64_t bucket, struct table *t)
{
	for (size_t i = 0; f->map && i < t->n; i++)
		if (!t->cells[i]->gone)
			group_far_shed(f, bucket, t, t->cells[i]);
}

/* ---- counting ---- */

static void
count_on(struct far_count *f)
{
	struct str value;

	while ((f->more = store_scan_next(f->scan, &f->at, &value))) {
		if (key_check(f->at))
			return;
		state_damaged(f->far->map, f->bucket, f->at);
	}
}

static void
count_begin(struct far_count *f)
{
	f->begun = true;
	f->scan = state_scan(f->far->map, f->bucket);
	count_on(f);
}

/* Does the entry come before all of the group? */
static bool
is_before(struct str key, struct str group)
{
	return (key.n < group.n || memcmp(key.p, group.p, group.n) != 0) &&
	       key_cmp(key, group) < 0;
}

static bool
begins(struct str key, struct str group)
{
	return key.n > group.n + ID_BYTES &&
	       (!group.n || !memcmp(key.p, group.p, group.n));
}

/* The call an entry is of; f->n: none that is still there. */
static unsigned
call_of(const struct group_far *f, struct str key)
{
	const char *id = key.p + key.n - ID_BYTES;
	unsigned at = 0;

	while (at < f->n && memcmp(f->ids.p + at * ID_BYTES, id, ID_BYTES) != 0)
		at++;
	return at;
}

/* An entry of the group whose accumulators these are. */
static void
count_entry(const struct group_far *f, struct str key, size_t group, char *acc)
{
	unsigned at = call_of(f, key);
	const struct agg_call *call;

	if (at == f->n)
		return;
	call = call_at(f, at);
	acc += call->offset;
	if (agg_far(call, acc) == AGG_FAR_SOME &&
	    !agg_near_has(call, acc,
		(struct str){key.p + group, key.n - group - ID_BYTES}))
		f->counts[at]++;
}

static void
count_group(struct far_count *f, struct str key, char *acc)
{
	struct group_far *far = f->far;

	for (unsigned i = 0; i < far->n; i++) {
		const struct agg_call *call = call_at(far, i);

		far->counts[i] = (int64_t)agg_near(call, acc + call->offset);
	}
	while (f->more && is_before(f->at, key))
		count_on(f);
	for (; f->more && begins(f->at, key); count_on(f))
		count_entry(far, f->at, key.n, acc);
	for (unsigned i = 0; i < far->n; i++) {
		const struct agg_call *call = call_at(far, i);

		if (agg_far(call, acc + call->offset) == AGG_FAR_SOME)
			agg_counted(call, acc + call->offset, far->counts[i]);
	}
}

/* Is some call's count not known? */
static bool
is_uncounted(const struct group_far *f, const char *acc)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct agg_call *call = call_at(f, i);

		if (agg_far(call, acc + call->offset) == AGG_FAR_SOME)
			return true;
	}
	return false;
}

void
group_far_count(struct far_count *f, struct str key, char *acc)
{
	if (!is_uncounted(f->far, acc))
		return;
	if (!f->begun)
		count_begin(f);
	count_group(f, key, acc);
}

void
group_far_counted(struct far_count *f)
{
	if (f->begun)
		store_scan_end(f->scan);
}

void
group_far_drop(struct group_far *f, int64_t bucket)
{
	if (has_any(f, bucket))
		state_drop(f->map, bucket);
}

/* ---- taking values back ---- */

/* The group, the call and the value that an entry's key is of. */
static bool
split_key(const struct group_far *f, struct str key, struct str *group,
    unsigned *at, struct str *value)
{
	unsigned n = f->c->n_keys + (f->c->sets != NULL);
	const char *p = key.p, *end = key.p + key.n;
	struct arena a;

	if (key_count(key) < (int)n + 2)
		return false;
	arena_init(&a, 256);
	for (unsigned i = 0; i < n; i++)
		key_get(&p, end, &a);
	arena_release(&a);
	*group = (struct str){key.p, (size_t)(p - key.p)};
	if (!begins(key, *group))
		return false;
	*value = (struct str){p, (size_t)(end - p) - ID_BYTES};
	*at = call_of(f, key);
	return *at < f->n;
}

void
group_far_take_back(struct group_far *f, int64_t bucket, struct table *t)
{
	struct store_scan *scan;
	struct str key, none;

	if (!f->again || !has_any(f, bucket))
		return;
	scan = state_scan(f->map, bucket);
	while (store_scan_next(scan, &key, &none)) {
		struct str group, value;
		unsigned at;
		char *cell;

		if (!split_key(f, key, &group, &at, &value))
			continue;
		cell =
		    table_cell(t, group, hash_bytes(group.p, group.n))->bytes;
		agg_take_back(call_at(f, at), &t->heap,
		    cell + call_at(f, at)->offset, value);
	}
	store_scan_end(scan);
	state_drop(f->map, bucket);
}

/* ---- changes that are shown ---- */

static const struct cell_codec value_codec = {
    .save = table_save_nothing, .load = table_load_nothing, .movable = true};

/* Values that are still in cells go first: then each is in one place. */
static void
count_all(struct group_far *f, int64_t bucket, struct table *t)
{
	struct far_count count = {.far = f, .bucket = bucket};
	struct table_walk *walk = table_walk_begin(t);
	struct cell *c;

	while ((c = table_walk_next(walk)))
		if (is_uncounted(f, c->bytes) && shed(f, bucket, t, c, 1))
			table_touch(t, c);
	table_walk_end(walk);
	walk = table_walk_begin(t);
	while ((c = table_walk_next(walk))) {
		if (!is_uncounted(f, c->bytes))
			continue;
		group_far_count(&count, cell_key(t, c), c->bytes);
		table_touch(t, c);
	}
	table_walk_end(walk);
	group_far_counted(&count);
}

void
group_far_show(struct group_far *f, int64_t bucket, struct table *t)
{
	if (!f->map)
		return;
	if (has_any(f, SAID_BUCKET)) {
		f->said = true;
		count_all(f, bucket, t);
		state_drop(f->map, SAID_BUCKET);
	}
	f->shown = true;
	f->seen.flat = true;
	table_keep(&f->seen, f->map, bucket, &value_codec, f);
}

/* Keys of entries to be looked up at once. */
struct asking {
	struct str keys[BATCH_ROWS];
	uint64_t hashes[BATCH_ROWS];
	size_t at[BATCH_ROWS + 1];
	struct buf bytes;
	unsigned n;
};

static void
ask(struct group_far *f, struct asking *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		a->keys[i] = (struct str){
		    a->bytes.p + a->at[i], a->at[i + 1] - a->at[i]};
		a->hashes[i] = hash_bytes(a->keys[i].p, a->keys[i].n);
	}
	table_fetch(&f->seen, a->keys, a->hashes, a->n);
}

/* The key of the k-th row's entry in f->key; false: it has none. */
static bool
entry_key(struct group_far *f, const struct group_prep *p, unsigned at,
    const struct table *t, struct agg_rows *rows, unsigned k)
{
	const struct agg_call *call = call_at(f, at);
	const struct column *filter =
	    call->filter ? &p->filters[f->calls[at]] : NULL;

	rows->args = p->args[f->calls[at]];
	f->key.n = 0;
	buf_adds(&f->key, cell_key(t, cell_of_bytes(rows->cells[k])));
	if (!agg_far_key(call, rows, k, filter, &f->key) ||
	    f->key.n > FAR_KEY_MAX)
		return false;
	buf_adds(&f->key, id_at(f, at));
	return true;
}

void
group_far_fetch(struct group_far *f, const struct group_prep *p,
    const struct table *t, const struct agg_rows *rows)
{
	struct agg_rows r = *rows;
	struct asking *a = NULL;

	if (!f->map || table_is_whole(&f->seen))
		return;
	for (unsigned i = 0; i < f->n; i++) {
		const struct agg_call *call = call_at(f, i);

		if (a)
			a->n = 0, a->bytes.n = 0;
		for (unsigned k = 0; k < r.n; k++) {
			if (!agg_far(call, r.cells[k] + call->offset) ||
			    !entry_key(f, p, i, t, &r, k))
				continue;
			if (!a)
				a = mem_zalloc(sizeof *a);
			buf_adds(&a->bytes, buf_str(&f->key));
			a->at[++a->n] = a->bytes.n;
		}
		if (a && a->n)
			ask(f, a);
	}
	if (a)
		buf_release(&a->bytes);
	mem_free(a);
}

static bool
give_value(void *arg, struct str value)
{
	struct shedding *s = arg;
	struct group_far *f = s->far;
	struct str key;

	if (!key_of_value(s, value))
		return false;
	key = buf_str(&f->key);
	table_cell(&f->seen, key, hash_bytes(key.p, key.n));
	return true;
}

/* A row for a group that has its values near; if they are many they go. */
static void
take_near(struct group_far *f, const struct group_prep *p, unsigned at,
    struct table *t, struct agg_rows *row)
{
	const struct agg_call *call = call_at(f, at);
	char *acc = row->cells[0] + call->offset;
	struct shedding s = {.far = f, .call = at};

	agg_add(call, &t->heap, row,
	    call->filter ? &p->filters[f->calls[at]] : NULL);
	if (!f->map || agg_near(call, acc) < f->least)
		return;
	s.group = cell_key(t, cell_of_bytes(row->cells[0]));
	agg_give_away(call, &t->heap, acc, true, give_value, &s);
}

static void
take(struct group_far *f, const struct group_prep *p, unsigned at,
    struct table *t, struct agg_rows *row)
{
	const struct agg_call *call = call_at(f, at);
	char *acc = row->cells[0] + call->offset;
	int64_t n = agg_count_of(call, acc);
	size_t before = f->seen.n_made;

	row->args = p->args[f->calls[at]];
	if (!agg_far(call, acc)) {
		take_near(f, p, at, t, row);
		return;
	}
	if (entry_key(f, p, at, t, row, 0)) {
		struct str key = buf_str(&f->key);

		table_cell(&f->seen, key, hash_bytes(key.p, key.n));
		agg_counted(call, acc, n + (f->seen.n_made != before));
		return;
	}
	/* It does not count, or its value is too long, and stays. */
	agg_add(call, &t->heap, row,
	    call->filter ? &p->filters[f->calls[at]] : NULL);
	agg_counted(call, acc, agg_count_of(call, acc));
}

void
group_far_add(struct group_far *f, const struct group_prep *p, struct table *t,
    struct agg_rows *row)
{
	const struct group_config *c = f->c;

	for (unsigned i = 0; i < c->grouping.n_aggs; i++) {
		const struct agg_call *call = &c->grouping.aggs[i];

		if (agg_goes_far(call))
			continue;
		row->args = p->args[i];
		agg_add(
		    call, &t->heap, row, call->filter ? &p->filters[i] : NULL);
	}
	for (unsigned i = 0; i < f->n; i++)
		take(f, p, i, t, row);
}
