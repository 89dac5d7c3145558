/* SPDX-License-Identifier: MIT */
/* Changes in memory; see memtable.h. */
#include "state/memtable.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"

/* Chunks double from the first to the last of these sizes. */
#define CHUNK_FIRST 512
#define CHUNK_MAX ((size_t)1 << 20)
/* Slots that are fetched ahead when an index grows. */
#define GROW_AHEAD 12
/* A section with so many slots grows to what the table's hint says. */
#define HINT_FROM 8192
/* Entries that wait until their slots are near, and half of them. */
#define QUEUE 16u
#define QUEUE_BYTES 232 /* a longer one does not wait */
#define QUEUE_FROM 4096 /* slots of a section that is worth it */

/* What becomes of an entry; as enum pieces, and: it is deleted. */
enum setting {
	SET_VALUE = PIECES_NONE,
	SET_MORE = PIECES_MORE,
	SET_ALL = PIECES_ALL,
	SET_DELETED
};

/* A change that waits. */
struct mem_wait {
	struct mem_section *section;
	uint32_t hash, key_len, value_len;
	enum setting kind;
	char bytes[QUEUE_BYTES]; /* key, value */
};

struct mem_queue {
	unsigned first, n;
	struct mem_wait waits[QUEUE];
};

/* ---- chunks ---- */

static size_t
size_of(size_t key, size_t room)
{
	return (sizeof(struct mem_entry) + key + room + 7) & ~(size_t)7;
}

static void
chunk_add(struct mem_section *s, size_t want)
{
	size_t cap = s->last ? s->last->cap * 2 : CHUNK_FIRST;
	struct mem_chunk *c;

	if (cap > CHUNK_MAX)
		cap = CHUNK_MAX;
	if (cap < want)
		cap = want;
	c = mem_alloc(sizeof *c + cap);
	*c = (struct mem_chunk){.cap = cap};
	if (s->last)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
}

static void
chunks_free(struct mem_section *s)
{
	for (struct mem_chunk *c = s->first, *next; c; c = next) {
		next = c->next;
		mem_free(c);
	}
	s->first = s->last = NULL;
}

const struct mem_entry *
mem_section_next(const struct mem_section *s, struct mem_cursor *c)
{
	const struct mem_entry *e;

	if (!c->begun)
		*c = (struct mem_cursor){.chunk = s->first, .begun = true};
	for (;;) {
		while (c->chunk && c->at >= c->chunk->used) {
			c->chunk = c->chunk->next;
			c->at = 0;
		}
		if (!c->chunk)
			return NULL;
		e = (const struct mem_entry *)(const void *)(c->chunk->bytes +
							     c->at);
		c->at += size_of(e->key_len, e->room & ~MEM_STALE);
		if (!(e->room & MEM_STALE))
			return e;
	}
}

/* ---- entries ---- */

/* What the index goes by: its low bits are those of the stored hash. */
static inline uint64_t
spread(uint32_t hash)
{
	return (uint64_t)hash * 0x9e3779b97f4a7c15u;
}

/* Puts an entry that is not there. */
static inline void
slot_put(struct index *ix, const struct mem_entry *e)
{
	uint64_t h = spread(e->hash);
	size_t i = index_start(ix, h);

	while (ix->slots[i])
		i = (i + 1) & ix->mask;
	index_put(ix, i, h, e);
}

/* Goes through the entries in order of arrival, which is that of memory. */
static void
entries_grow(struct mem_section *s, size_t hint)
{
	struct index *ix = &s->index;
	size_t slots = ix->slots ? (ix->mask + 1) * 2 : 16;
	struct mem_cursor c = {0}, front = {0};
	const struct mem_entry *e;

	if (slots > HINT_FROM && slots < hint)
		slots = hint;
	mem_free(ix->slots);
	*ix = (struct index){
	    .slots = mem_zalloc(slots * sizeof *ix->slots), .mask = slots - 1};
	for (int i = 0; i < GROW_AHEAD; i++)
		(void)mem_section_next(s, &front);
	while ((e = mem_section_next(s, &c))) {
		const struct mem_entry *f = mem_section_next(s, &front);

		if (f)
			__builtin_prefetch(
			    &ix->slots[index_start(ix, spread(f->hash))], 1);
		slot_put(ix, e);
	}
}

/* The slot of the key, or the free one where it belongs. */
static inline size_t
probe(const struct mem_section *s, struct str key, uint32_t hash)
{
	const struct index *ix = &s->index;
	uint64_t h = spread(hash), slot;
	size_t i = index_start(ix, h);

	for (; (slot = ix->slots[i]); i = (i + 1) & ix->mask) {
		const struct mem_entry *e = index_pointer(slot);

		if (index_tag(slot) == index_tag(h) && e->hash == hash &&
		    str_eq((struct str){e->bytes, e->key_len}, key))
			break;
	}
	return i;
}

static inline uint32_t
hash_of(struct str key)
{
	return (uint32_t)hash_bytes(key.p, key.n);
}

const struct mem_entry *
mem_section_get(const struct mem_section *s, struct str key)
{
	if (!s || !s->index.slots)
		return NULL;
	return index_pointer(s->index.slots[probe(s, key, hash_of(key))]);
}

static struct mem_entry *
entry_new(struct mem_section *s, struct str key, uint32_t hash, size_t room)
{
	size_t size = size_of(key.n, room);
	struct mem_entry *e;

	if (!s->last || s->last->cap - s->last->used < size)
		chunk_add(s, size);
	e = (struct mem_entry *)(void *)(s->last->bytes + s->last->used);
	s->last->used += size;
	s->bytes += size;
	e->hash = hash;
	e->key_len = (uint32_t)key.n;
	/* What is left of the last eight bytes is room, too. */
	e->room = (uint32_t)(size - sizeof *e - key.n);
	if (key.n)
		memcpy(e->bytes, key.p, key.n);
	return e;
}

static void
entry_set(struct mem_entry *e, struct str value, enum setting kind)
{
	e->value_len = kind == SET_DELETED
			   ? MEM_DELETED
			   : (uint32_t)value.n | (uint32_t)kind << MEM_PIECES;
	if (value.n)
		memcpy(e->bytes + e->key_len, value.p, value.n);
}

/* Takes the place of the entry in slot i, or of none. */
static struct mem_entry *
entry_replace(struct memtable *m, struct mem_section *s, size_t i,
    struct str key, uint32_t hash, size_t room)
{
	struct mem_entry *old = index_pointer(s->index.slots[i]), *e;
	size_t before = s->bytes;

	if (old) {
		old->room |= MEM_STALE;
		s->index.n--;
		m->n_entries--;
	}
	e = entry_new(s, key, hash, room);
	index_put(&s->index, i, spread(hash), e);
	m->n_entries++;
	m->bytes += s->bytes - before;
	return e;
}

/* Who reads the section sees entries as they were. */
static inline bool
is_read(const struct mem_section *s)
{
	return atomic_load_explicit(&s->pins, memory_order_relaxed) > 1;
}

/*
 * Pieces behind what the entry in slot i has. Room doubles, so that many of
 * them are not copied again and again.
 */
static void
add_pieces(struct memtable *m, struct mem_section *s, size_t i, struct str key,
    uint32_t hash, struct str pieces)
{
	struct mem_entry *old = index_pointer(s->index.slots[i]), *e;
	struct str was = mem_value(old);
	struct buf all = {0};

	if (mem_pieces(old) != PIECES_NONE && !is_read(s) &&
	    pieces.n <= old->room - was.n) {
		memcpy(old->bytes + old->key_len + was.n, pieces.p, pieces.n);
		old->value_len += (uint32_t)pieces.n;
		return;
	}
	if (mem_pieces(old) == PIECES_NONE)
		pieces_put(&all, was);
	else
		buf_adds(&all, was);
	buf_adds(&all, pieces);
	must(all.n <= MEM_LEN);
	e = entry_replace(m, s, i, key, hash, 2 * all.n);
	entry_set(e, buf_str(&all),
	    mem_pieces(old) == PIECES_MORE ? SET_MORE : SET_ALL);
	buf_release(&all);
}

static void
set(struct memtable *m, struct mem_section *s, struct str key, uint32_t hash,
    struct str value, enum setting kind)
{
	struct mem_entry *e;
	size_t i;

	must(key.n < MEM_STALE / 4 && value.n <= MEM_LEN);
	if (!s->index.slots || (s->index.n + 1) * 8 > (s->index.mask + 1) * 5)
		entries_grow(s, m->hint);
	i = probe(s, key, hash);
	e = index_pointer(s->index.slots[i]);
	if (kind == SET_MORE && e && !mem_deleted(e)) {
		add_pieces(m, s, i, key, hash, value);
		return;
	}
	if (kind == SET_MORE && (e || s->dropped))
		kind = SET_ALL;
	if (!e || value.n > e->room || is_read(s))
		e = entry_replace(m, s, i, key, hash, value.n);
	entry_set(e, value, kind);
}

/* ---- the queue ---- */

static void
apply_first(struct memtable *m)
{
	struct mem_queue *q = m->queue;
	const struct mem_wait *w = &q->waits[q->first];

	q->first = (q->first + 1) % QUEUE;
	q->n--;
	set(m, w->section, (struct str){w->bytes, w->key_len}, w->hash,
	    (struct str){w->bytes + w->key_len, w->value_len}, w->kind);
}

void
memtable_settle(struct memtable *m)
{
	while (m->queue && m->queue->n)
		apply_first(m);
}

/* The slot is near by now: the entry it points to, if it may be the one. */
static inline void
fetch_entry(const struct mem_wait *w)
{
	const struct index *ix = &w->section->index;
	uint64_t h = spread(w->hash), slot = ix->slots[index_start(ix, h)];

	if (slot && index_tag(slot) == index_tag(h))
		__builtin_prefetch(index_pointer(slot), 1);
}

static inline void
enqueue(struct memtable *m, struct mem_section *s, struct str key,
    uint32_t hash, struct str value, enum setting kind)
{
	struct mem_queue *q = m->queue;
	struct mem_wait *w;

	if (q->n == QUEUE)
		apply_first(m);
	if (q->n >= QUEUE / 2)
		fetch_entry(&q->waits[(q->first + q->n - QUEUE / 2) % QUEUE]);
	w = &q->waits[(q->first + q->n++) % QUEUE];
	w->section = s;
	w->hash = hash;
	w->key_len = (uint32_t)key.n;
	w->value_len = (uint32_t)value.n;
	w->kind = kind;
	if (key.n)
		memcpy(w->bytes, key.p, key.n);
	if (value.n)
		memcpy(w->bytes + key.n, value.p, value.n);
	__builtin_prefetch(
	    &s->index.slots[index_start(&s->index, spread(hash))], 1);
}

static inline void
put(struct memtable *m, struct mem_section *s, struct str key, struct str value,
    enum setting kind)
{
	uint32_t hash = hash_of(key);

	if (s->index.mask >= QUEUE_FROM && key.n <= QUEUE_BYTES &&
	    value.n <= QUEUE_BYTES - key.n) {
		if (!m->queue)
			m->queue = mem_zalloc(sizeof *m->queue);
		enqueue(m, s, key, hash, value, kind);
		return;
	}
	memtable_settle(m);
	set(m, s, key, hash, value, kind);
}

void
memtable_put(
    struct memtable *m, struct mem_section *s, struct str key, struct str value)
{
	put(m, s, key, value, SET_VALUE);
}

void
memtable_delete(struct memtable *m, struct mem_section *s, struct str key)
{
	put(m, s, key, (struct str){0}, SET_DELETED);
}

void
memtable_put_pieces(struct memtable *m, struct mem_section *s, struct str key,
    struct str pieces, enum pieces kind)
{
	put(m, s, key, pieces, (enum setting)kind);
}

/* ---- sections ---- */

void
mem_section_pin(struct mem_section *s)
{
	atomic_fetch_add(&s->pins, 1);
}

void
mem_section_unpin(struct mem_section *s)
{
	if (atomic_fetch_sub(&s->pins, 1) > 1)
		return;
	chunks_free(s);
	index_release(&s->index);
	mem_free(s);
}

static uint64_t
section_place(unsigned map, int64_t bucket)
{
	return hash_mum((uint64_t)bucket ^ 0x9e3779b97f4a7c15u,
	    ((uint64_t)map << 1 | 1) * 0xd6e8feb86659fd93u);
}

static uint64_t
section_hash(const void *entry)
{
	const struct mem_section *s = entry;

	return section_place(s->map, s->bucket);
}

struct memtable *
memtable_new(void)
{
	return mem_zalloc(sizeof(struct memtable));
}

void
memtable_free(struct memtable *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		mem_section_unpin(m->sections[i]);
	mem_free(m->queue);
	mem_free(m->sections);
	mem_free(m->maps);
	index_release(&m->index);
	mem_free(m);
}

bool
memtable_is_empty(const struct memtable *m)
{
	return !m->n && !m->n_maps;
}

static size_t
find(const struct memtable *m, unsigned map, int64_t bucket)
{
	const struct index *ix = &m->index;
	size_t i = index_start(ix, section_place(map, bucket));
	uint64_t slot;

	for (; (slot = ix->slots[i]); i = (i + 1) & ix->mask) {
		const struct mem_section *s = index_pointer(slot);

		if (s->map == map && s->bucket == bucket)
			break;
	}
	return i;
}

struct mem_section *
memtable_find(const struct memtable *m, unsigned map, int64_t bucket)
{
	if (!m->index.slots)
		return NULL;
	return index_pointer(m->index.slots[find(m, map, bucket)]);
}

static bool
map_dropped(const struct memtable *m, unsigned map)
{
	for (size_t i = 0; i < m->n_maps; i++)
		if (m->maps[i] == map)
			return true;
	return false;
}

struct mem_section *
memtable_section(struct memtable *m, unsigned map, int64_t bucket)
{
	struct mem_section *s = m->recent;

	if (s && s->map == map && s->bucket == bucket)
		return s;
	s = memtable_find(m, map, bucket);
	if (s)
		return m->recent = s;
	s = mem_alloc(sizeof *s);
	*s = (struct mem_section){
	    .map = map, .bucket = bucket, .dropped = map_dropped(m, map)};
	atomic_init(&s->pins, 1);
	index_reserve(&m->index, section_hash);
	index_put(&m->index, find(m, map, bucket), section_hash(s), s);
	if (m->n == m->cap)
		mem_grow(&m->sections, &m->cap, m->n + 1, sizeof *m->sections);
	s->at = m->n;
	m->sections[m->n++] = s;
	return m->recent = s;
}

bool
memtable_hides(const struct memtable *m, unsigned map, int64_t bucket)
{
	const struct mem_section *s = memtable_find(m, map, bucket);

	return s ? s->dropped : map_dropped(m, map);
}

static void
take_out(struct memtable *m, struct mem_section *s)
{
	index_remove(&m->index, find(m, s->map, s->bucket), section_hash);
	m->sections[s->at] = m->sections[--m->n];
	m->sections[s->at]->at = s->at;
	m->bytes -= s->bytes;
	m->n_entries -= s->index.n;
	if (m->recent == s)
		m->recent = NULL;
	mem_section_unpin(s);
}

void
memtable_forget(struct memtable *m, unsigned map, int64_t bucket)
{
	struct mem_section *s;

	memtable_settle(m);
	s = memtable_find(m, map, bucket);
	if (s)
		take_out(m, s);
}

void
memtable_forget_map(struct memtable *m, unsigned map)
{
	memtable_settle(m);
	for (size_t k = m->n; k-- > 0;)
		if (m->sections[k]->map == map)
			take_out(m, m->sections[k]);
}

void
memtable_drop(struct memtable *m, unsigned map, int64_t bucket)
{
	memtable_forget(m, map, bucket);
	memtable_section(m, map, bucket)->dropped = true;
}

void
memtable_drop_map(struct memtable *m, unsigned map)
{
	memtable_forget_map(m, map);
	if (map_dropped(m, map))
		return;
	if (m->n_maps == m->cap_maps)
		mem_grow(
		    &m->maps, &m->cap_maps, m->n_maps + 1, sizeof *m->maps);
	m->maps[m->n_maps++] = map;
}

void
memtable_absorb(struct memtable *m, struct memtable *from, bool marks)
{
	for (size_t i = 0; i < from->n_maps; i++)
		(marks ? memtable_drop_map : memtable_forget_map)(
		    m, from->maps[i]);
	for (size_t i = 0; i < from->n; i++) {
		const struct mem_section *src = from->sections[i];
		struct mem_cursor c = {0};
		const struct mem_entry *e;
		struct mem_section *dst;

		if (src->dropped)
			(marks ? memtable_drop : memtable_forget)(
			    m, src->map, src->bucket);
		if (!src->index.n)
			continue;
		dst = memtable_section(m, src->map, src->bucket);
		while ((e = mem_section_next(src, &c)))
			put(m, dst, mem_key(e), mem_value(e),
			    mem_deleted(e) ? SET_DELETED
					   : (enum setting)mem_pieces(e));
	}
	memtable_settle(m);
}

size_t
memtable_slots(const struct memtable *m)
{
	size_t most = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->sections[i]->index.mask >= most)
			most = m->sections[i]->index.mask + 1;
	return most;
}
