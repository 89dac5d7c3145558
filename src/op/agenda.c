/* SPDX-License-Identifier: MIT */
/*
 * What is to be done when; see agenda.h. The map's key of an entry is its time
 * and its own key. A bucket's number is its entries' times divided by the
 * width, which is an entry of a bucket of its own.
 */
#include "op/agenda.h"

#include "base/mem.h"
#include "data/key.h"
#include "op/window_kind.h"
#include "state/code.h"

/* Buckets there are between the watermark and what is furthest ahead. */
#define BUCKETS 64
/* Width where nobody knows. */
#define WIDTH_ANY (30 * WHEN_DAY)
#define WIDTH_BUCKET INT64_MIN
/* Bytes put behind an open scan beyond which it begins anew. */
#define SINCE_MOST ((size_t)1 << 20)

struct agenda_entry {
	int64_t at;
	uint32_t key_len, value_len;
	char bytes[];
};

static struct str
entry_key(const struct agenda_entry *e)
{
	return (struct str){e->bytes, e->key_len};
}

static struct str
entry_value(const struct agenda_entry *e)
{
	return (struct str){e->bytes + e->key_len, e->value_len};
}

static struct agenda_entry *
entry_new(int64_t at, struct str key, struct str value)
{
	struct agenda_entry *e = mem_alloc(sizeof *e + key.n + value.n + 1);

	e->at = at;
	e->key_len = (uint32_t)key.n;
	e->value_len = (uint32_t)value.n;
	memcpy(e->bytes, key.p, key.n);
	memcpy(e->bytes + key.n, value.p, value.n);
	return e;
}

static size_t
entry_bytes(const struct agenda_entry *e)
{
	return sizeof *e + e->key_len + e->value_len + 2 * sizeof(void *);
}

static int
order(int64_t at, struct str key, const struct agenda_entry *e)
{
	if (at != e->at)
		return at < e->at ? -1 : 1;
	return key_cmp(key, entry_key(e));
}

/* ---- what is put while a bucket is read ---- */

static bool
before(const struct agenda_entry *a, const struct agenda_entry *b)
{
	return order(a->at, entry_key(a), b) < 0;
}

static void
since_push(struct agenda *a, struct agenda_entry *e)
{
	size_t i = a->n_since++;

	mem_grow(&a->since, &a->cap_since, a->n_since, sizeof(void *));
	for (; i && before(e, a->since[(i - 1) / 2]); i = (i - 1) / 2)
		a->since[i] = a->since[(i - 1) / 2];
	a->since[i] = e;
	a->held += entry_bytes(e);
}

static struct agenda_entry *
since_pop(struct agenda *a)
{
	struct agenda_entry *first = a->since[0];
	struct agenda_entry *last = a->since[--a->n_since];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < a->n_since) {
		if (k + 1 < a->n_since && before(a->since[k + 1], a->since[k]))
			k++;
		if (!before(a->since[k], last))
			break;
		a->since[i] = a->since[k];
		i = k;
	}
	a->since[i] = last;
	a->held -= entry_bytes(first);
	return first;
}

/* ---- buckets ---- */

static int64_t
bucket_of(const struct agenda *a, int64_t at)
{
	return at / a->width - (at % a->width < 0);
}

/* The earliest time of a bucket. */
static int64_t
begin_of(const struct agenda *a, int64_t bucket)
{
	int64_t at;

	return __builtin_mul_overflow(bucket, a->width, &at) ? WHEN_MIN : at;
}

/* The earliest time of the bucket after the first, WHEN_MAX if there's none. */
static int64_t
second_begin(const struct agenda *a)
{
	return a->n > 1 ? begin_of(a, a->buckets[1]) : WHEN_MAX;
}

static void
scan_end(struct agenda *a)
{
	if (a->scan)
		store_scan_end(a->scan);
	a->scan = NULL;
	a->more = false;
}

/* The bucket at hand is one no longer, or is read from its beginning. */
static void
leave_bucket(struct agenda *a)
{
	scan_end(a);
	mem_free(a->last);
	mem_free(a->late);
	a->last = a->late = NULL;
	while (a->n_since)
		mem_free(since_pop(a));
}

static void
add_bucket(struct agenda *a, int64_t bucket)
{
	size_t at = a->n;

	while (at && a->buckets[at - 1] > bucket)
		at--;
	if (at && a->buckets[at - 1] == bucket)
		return;
	if (!at)
		leave_bucket(a);
	mem_grow(&a->buckets, &a->cap, a->n + 1, sizeof *a->buckets);
	memmove(a->buckets + at + 1, a->buckets + at,
	    (a->n - at) * sizeof *a->buckets);
	a->buckets[at] = bucket;
	a->n++;
}

static void
drop_bucket(struct agenda *a)
{
	leave_bucket(a);
	state_drop(a->map, a->buckets[0]);
	memmove(a->buckets, a->buckets + 1, --a->n * sizeof *a->buckets);
}

/* ---- the scan ---- */

/* The time before an entry's key; false: there is none. */
static bool
split_key(struct agenda_item *item)
{
	const char *p = item->key.p, *end = p + item->key.n;
	struct value at;
	struct arena a;

	if (!key_check(item->key))
		return false;
	arena_init(&a, 64);
	at = key_get(&p, end, &a);
	arena_release(&a);
	item->at = at.i;
	item->key = (struct str){p, (size_t)(end - p)};
	return at.type == T_INT;
}

static void
scan_on(struct agenda *a)
{
	struct agenda_item *item = &a->ahead;
	struct str key;

	for (;;) {
		a->more = store_scan_next(a->scan, &item->key, &item->value);
		if (!a->more)
			return;
		key = item->key;
		if (split_key(item))
			return;
		state_damaged(a->map, a->buckets[0], key);
	}
}

/* Begins to read the first bucket, behind what was taken from it. */
static void
scan_begin(struct agenda *a)
{
	a->scan = state_scan(a->map, a->buckets[0]);
	do {
		scan_on(a);
	} while (a->more && a->last &&
		 order(a->ahead.at, a->ahead.key, a->last) <= 0);
}

/* What was put behind the last one taken will be read again. */
static void
begin_anew(struct agenda *a)
{
	struct agenda_entry **old = a->since;
	size_t n = a->n_since;

	scan_end(a);
	a->since = NULL;
	a->n_since = a->cap_since = a->held = 0;
	for (size_t i = 0; i < n; i++)
		if (a->last && before(old[i], a->last))
			since_push(a, old[i]);
		else
			mem_free(old[i]);
	mem_free(old);
}

static void
set_next(struct agenda *a)
{
	if (!a->scan)
		a->next = a->n ? begin_of(a, a->buckets[0]) : WHEN_MAX;
	else
		a->next = a->more ? a->ahead.at : second_begin(a);
	if (a->n_since && a->since[0]->at < a->next)
		a->next = a->since[0]->at;
}

/* ---- in and out ---- */

void
agenda_put(struct agenda *a, int64_t at, struct str key, struct str value)
{
	int64_t bucket = bucket_of(a, at);
	bool is_read = a->n && a->buckets[0] == bucket && (a->scan || a->last);

	a->scratch.n = 0;
	key_put(&a->scratch, value_int(at));
	buf_adds(&a->scratch, key);
	state_put(a->map, bucket, buf_str(&a->scratch), value);
	if (!is_read)
		add_bucket(a, bucket);
	else
		since_push(a, entry_new(at, key, value));
	if (a->held > SINCE_MOST)
		begin_anew(a);
	set_next(a);
}

/* Sees to it that the first entry there is is at hand; false: it is later. */
static bool
look(struct agenda *a, int64_t until)
{
	while (a->n) {
		if (!a->scan) {
			if (begin_of(a, a->buckets[0]) > until)
				return false;
			scan_begin(a);
		}
		if (a->more || a->n_since)
			return true;
		if (second_begin(a) > until)
			return false;
		drop_bucket(a);
	}
	return false;
}

static struct agenda_entry *
pop(struct agenda *a)
{
	struct agenda_entry *e;
	int d = a->more ? -1 : 1;

	if (a->more && a->n_since)
		d = order(a->ahead.at, a->ahead.key, a->since[0]);
	if (d >= 0)
		e = since_pop(a);
	else
		e = entry_new(a->ahead.at, a->ahead.key, a->ahead.value);
	/* Of one that was put twice both are taken. */
	if (d <= 0)
		scan_on(a);
	return e;
}

/* One that is late does not move the place to go on from. */
static const struct agenda_entry *
give(struct agenda *a, struct agenda_entry *e)
{
	struct agenda_entry **to =
	    a->last && before(e, a->last) ? &a->late : &a->last;

	mem_free(*to);
	return *to = e;
}

bool
agenda_take(struct agenda *a, int64_t until, struct agenda_item *out)
{
	const struct agenda_entry *e;
	bool there = look(a, until);

	set_next(a);
	if (!there || a->next > until)
		return false;
	e = give(a, pop(a));
	set_next(a);
	*out = (struct agenda_item){e->at, entry_key(e), entry_value(e)};
	return true;
}

/* ---- the map ---- */

static void
choose_width(struct agenda *a, int64_t reach)
{
	a->width = reach == WHEN_MAX ? WIDTH_ANY : reach / BUCKETS + 1;
}

static void
keep_width(struct agenda *a, int64_t reach)
{
	struct buf name = {0}, bytes = {0};
	struct str key = state_key_text(&name, "width"), value;

	choose_width(a, reach);
	if (state_get(a->map, WIDTH_BUCKET, key, &bytes) == STORE_FOUND) {
		int64_t width;

		value = buf_str(&bytes);
		if (code_get_int(&value, &width) && !value.n && width > 0)
			a->width = width;
		else
			state_damaged(a->map, WIDTH_BUCKET, key);
	} else {
		code_put_int(&bytes, a->width);
		state_put(a->map, WIDTH_BUCKET, key, buf_str(&bytes));
	}
	buf_release(&name);
	buf_release(&bytes);
}

void
agenda_keep(struct agenda *a, struct state_map *map, int64_t reach)
{
	int64_t *buckets;
	size_t n;

	*a = (struct agenda){.map = map, .next = WHEN_MAX};
	keep_width(a, reach);
	n = state_buckets(map, &buckets);
	for (size_t i = 0; i < n; i++)
		if (buckets[i] != WIDTH_BUCKET)
			add_bucket(a, buckets[i]);
	mem_free(buckets);
	set_next(a);
}

void
agenda_release(struct agenda *a)
{
	leave_bucket(a);
	mem_free(a->since);
	mem_free(a->buckets);
	buf_release(&a->scratch);
	*a = (struct agenda){.next = WHEN_MAX};
}
