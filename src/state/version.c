/* SPDX-License-Identifier: MIT */
/* Runs and their dead sections, and edits of them; see version.h. */
#include "state/version.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"

/* ---- sets of sections ---- */

/* Index of the first that is not before it. */
static size_t
place(const struct section_set *s, unsigned map, int64_t bucket)
{
	size_t from = 0, to = s->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		const struct section_name *p = &s->p[mid];

		if (p->map < map || (p->map == map && p->bucket < bucket))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

bool
section_set_has(const struct section_set *s, unsigned map, int64_t bucket)
{
	size_t i = s->n ? place(s, map, bucket) : 0;

	return i < s->n && s->p[i].map == map && s->p[i].bucket == bucket;
}

void
section_set_add(struct section_set *s, unsigned map, int64_t bucket)
{
	size_t i = place(s, map, bucket);

	if (i < s->n && s->p[i].map == map && s->p[i].bucket == bucket)
		return;
	mem_grow(&s->p, &s->cap, s->n + 1, sizeof *s->p);
	memmove(&s->p[i + 1], &s->p[i], (s->n - i) * sizeof *s->p);
	s->p[i] = (struct section_name){map, bucket};
	s->n++;
}

/* ---- runs ---- */

struct run_handle *
run_handle_new(struct run_file *file)
{
	struct run_handle *h = mem_alloc(sizeof *h);

	h->file = file;
	atomic_init(&h->users, 1);
	return h;
}

void
run_handle_leave(struct run_handle *h)
{
	if (!h || atomic_fetch_sub(&h->users, 1) > 1)
		return;
	run_file_close(h->file);
	mem_free(h);
}

static void
run_release(struct version_run *r)
{
	run_handle_leave(r->handle);
	mem_free(r->dead.p);
	mem_free(r->maps);
	buf_release(&r->mark.key);
}

void
version_release(struct version *v)
{
	for (size_t i = 0; i < v->n; i++)
		run_release(&v->runs[i]);
	mem_free(v->runs);
	*v = (struct version){0};
}

size_t
version_find(const struct version *v, uint64_t number)
{
	size_t i = 0;

	while (i < v->n && v->runs[i].number != number)
		i++;
	return i;
}

/* Room for n runs at i; they are to be filled. */
static void
make_room(struct version *v, size_t i, size_t n)
{
	mem_grow(&v->runs, &v->cap, v->n + n, sizeof *v->runs);
	if (v->n > i)
		memmove(
		    &v->runs[i + n], &v->runs[i], (v->n - i) * sizeof *v->runs);
	v->n += n;
}

static void
take_away(struct version *v, size_t i, size_t n)
{
	for (size_t k = i; k < i + n; k++)
		run_release(&v->runs[k]);
	v->n -= n;
	if (v->n > i)
		memmove(
		    &v->runs[i], &v->runs[i + n], (v->n - i) * sizeof *v->runs);
}

void
version_copy(struct version *to, const struct version *from)
{
	*to = (struct version){0};
	make_room(to, 0, from->n);
	for (size_t i = 0; i < from->n; i++) {
		const struct section_set *dead = &from->runs[i].dead;
		struct version_run *r = &to->runs[i];

		must(from->runs[i].handle && !from->runs[i].n_maps);
		*r = from->runs[i];
		atomic_fetch_add(&r->handle->users, 1);
		r->mark = (struct run_mark){0};
		run_mark_copy(&r->mark, &from->runs[i].mark);
		r->dead = (struct section_set){0};
		for (size_t k = 0; k < dead->n; k++)
			section_set_add(
			    &r->dead, dead->p[k].map, dead->p[k].bucket);
	}
}

static bool
map_is_dead(const struct version_run *r, unsigned map)
{
	for (size_t i = 0; i < r->n_maps; i++)
		if (r->maps[i] == map)
			return true;
	return false;
}

void
version_opened(struct version_run *r, struct run_handle *h)
{
	struct section_set dead = {0};
	unsigned n;
	const struct run_section *s = run_file_sections(h->file, &n);

	r->handle = h;
	r->n_entries = 0;
	for (unsigned i = 0; i < n; i++) {
		r->n_entries += s[i].n_entries;
		if (map_is_dead(r, s[i].map) ||
		    section_set_has(&r->dead, s[i].map, s[i].bucket))
			section_set_add(&dead, s[i].map, s[i].bucket);
	}
	mem_free(r->dead.p);
	mem_free(r->maps);
	r->dead = dead;
	r->maps = NULL;
	r->n_maps = r->cap_maps = 0;
}

bool
version_run_is_dead(const struct version_run *r)
{
	unsigned n;

	(void)run_file_sections(r->handle->file, &n);
	return r->dead.n == n;
}

static bool
has_section(const struct version_run *r, unsigned map, int64_t bucket)
{
	unsigned n, from = 0;
	const struct run_section *s;

	if (!r->handle)
		return true; /* for all that is known */
	s = run_file_sections(r->handle->file, &n);
	while (from < n) {
		unsigned mid = from + (n - from) / 2;

		if (s[mid].map == map && s[mid].bucket == bucket)
			return true;
		if (s[mid].map < map ||
		    (s[mid].map == map && s[mid].bucket < bucket))
			from = mid + 1;
		else
			n = mid;
	}
	return false;
}

bool
version_run_has(const struct version_run *r, unsigned map, int64_t bucket)
{
	return has_section(r, map, bucket) &&
	       !section_set_has(&r->dead, map, bucket);
}

bool
version_has(const struct version *v, unsigned map, int64_t bucket)
{
	for (size_t i = 0; i < v->n; i++)
		if (version_run_has(&v->runs[i], map, bucket))
			return true;
	return false;
}

uint64_t
version_dead_bytes(const struct version_run *r)
{
	unsigned n;
	const struct run_section *s = run_file_sections(r->handle->file, &n);
	uint64_t bytes = 0;

	for (unsigned i = 0; r->dead.n && i < n; i++)
		if (section_set_has(&r->dead, s[i].map, s[i].bucket))
			bytes += s[i].bytes;
	/* Some sections may be both. */
	if (r->mark.set)
		bytes += r->at < r->bytes - bytes ? r->at : r->bytes - bytes;
	return bytes;
}

bool
version_same_part(const struct version_run *a, const struct version_run *b)
{
	return a->mark.set && b->mark.set && a->mark.map == b->mark.map &&
	       a->mark.bucket == b->mark.bucket &&
	       str_eq(buf_str(&a->mark.key), buf_str(&b->mark.key));
}

bool
version_follows(const struct version *v, size_t i)
{
	return i && run_file_follows_from(v->runs[i - 1].handle->file,
			v->runs[i].handle->file, &v->runs[i].mark);
}

bool
version_has_parts(const struct version *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->runs[i].mark.set)
			return true;
	return false;
}

/* ---- writing edits ---- */

static void
put_drop(struct buf *edits, unsigned map, int64_t bucket)
{
	buf_addc(edits, EDIT_DROP);
	put_varint(edits, map);
	put_signed(edits, bucket);
}

static void
put_drop_map(struct buf *edits, unsigned map)
{
	buf_addc(edits, EDIT_DROP_MAP);
	put_varint(edits, map);
}

void
edit_put_drops(struct buf *edits, const struct memtable *changes)
{
	for (size_t i = 0; i < changes->n_maps; i++)
		put_drop_map(edits, changes->maps[i]);
	for (size_t i = 0; i < changes->n; i++) {
		const struct mem_section *s = changes->sections[i];

		if (s->dropped)
			put_drop(edits, s->map, s->bucket);
	}
}

static void
put_run(struct buf *edits, const struct version_run *r)
{
	put_varint(edits, r->number);
	put_varint(edits, r->bytes);
	put_varint(edits, r->footer_crc);
	put_varint(edits, r->n_entries);
	put_varint(edits, r->dead.n);
	for (size_t i = 0; i < r->dead.n; i++) {
		put_varint(edits, r->dead.p[i].map);
		put_signed(edits, r->dead.p[i].bucket);
	}
}

void
edit_put_add(struct buf *edits, const struct version_run *r)
{
	buf_addc(edits, EDIT_ADD);
	put_run(edits, r);
}

void
edit_put_merge(struct buf *edits, const uint64_t *gone, size_t n_gone,
    const struct version_run *come, size_t n_come)
{
	buf_addc(edits, EDIT_MERGE);
	put_varint(edits, n_gone);
	for (size_t i = 0; i < n_gone; i++)
		put_varint(edits, gone[i]);
	put_varint(edits, n_come);
	for (size_t i = 0; i < n_come; i++)
		put_run(edits, &come[i]);
}

void
edit_put_part(struct buf *edits, const struct run_mark *mark,
    const uint64_t *numbers, const uint64_t *at, size_t n,
    const struct version_run *come, size_t n_come)
{
	buf_addc(edits, EDIT_PART);
	put_varint(edits, mark->map);
	put_signed(edits, mark->bucket);
	put_bytes(edits, buf_str(&mark->key));
	put_varint(edits, n);
	for (size_t i = 0; i < n; i++) {
		put_varint(edits, numbers[i]);
		put_varint(edits, at[i]);
	}
	put_varint(edits, n_come);
	for (size_t i = 0; i < n_come; i++)
		put_run(edits, &come[i]);
}

void
edit_put_all(struct buf *edits, const struct version *v)
{
	buf_addc(edits, EDIT_RESET);
	for (size_t i = 0; i < v->n; i++) {
		const struct version_run *r = &v->runs[i];

		edit_put_add(edits, r);
		if (r->mark.set)
			edit_put_part(
			    edits, &r->mark, &r->number, &r->at, 1, NULL, 0);
	}
}

/* ---- applying edits ---- */

static bool
take_run(struct str *s, struct version_run *r)
{
	unsigned map;
	uint64_t n;
	int64_t bucket;

	*r = (struct version_run){0};
	if (!take_varint(s, &r->number) || !take_varint(s, &r->bytes) ||
	    !take_varint32(s, &r->footer_crc) ||
	    !take_varint(s, &r->n_entries) || !take_varint(s, &n))
		return false;
	for (; n; n--) {
		if (!take_varint32(s, &map) || !take_signed(s, &bucket)) {
			run_release(r);
			return false;
		}
		section_set_add(&r->dead, map, bucket);
	}
	return true;
}

static void
drop(struct version *v, unsigned map, int64_t bucket)
{
	for (size_t i = 0; i < v->n; i++)
		if (has_section(&v->runs[i], map, bucket))
			section_set_add(&v->runs[i].dead, map, bucket);
}

static void
drop_map_of(struct version_run *r, unsigned map)
{
	const struct run_section *s;
	unsigned n;

	if (!r->handle) {
		mem_grow(
		    &r->maps, &r->cap_maps, r->n_maps + 1, sizeof *r->maps);
		r->maps[r->n_maps++] = map;
		return;
	}
	s = run_file_sections(r->handle->file, &n);
	for (unsigned i = 0; i < n; i++)
		if (s[i].map == map)
			section_set_add(&r->dead, map, s[i].bucket);
}

static bool
apply_drop(
    struct str *edits, bool whole, struct version *v, struct memtable **held)
{
	unsigned map;
	int64_t bucket = 0;

	if (!take_varint32(edits, &map) ||
	    (!whole && !take_signed(edits, &bucket)))
		return false;
	if (whole) {
		for (size_t i = 0; i < v->n; i++)
			drop_map_of(&v->runs[i], map);
		if (held)
			memtable_forget_map(*held, map);
	} else {
		drop(v, map, bucket);
		if (held)
			memtable_forget(*held, map, bucket);
	}
	return true;
}

static bool
apply_add(struct str *edits, struct version *v, size_t at)
{
	struct version_run r;

	if (!take_run(edits, &r))
		return false;
	if (version_find(v, r.number) < v->n) {
		run_release(&r);
		return false;
	}
	make_room(v, at, 1);
	v->runs[at] = r;
	return true;
}

/* Removes n runs that follow one another; *at: where they were. */
static bool
apply_gone(struct str *edits, struct version *v, struct buf *gone, size_t *at)
{
	uint64_t n, number;

	if (!take_varint(edits, &n) || n > v->n)
		return false;
	*at = v->n;
	for (uint64_t i = 0; i < n; i++) {
		if (!take_varint(edits, &number))
			return false;
		if (!i)
			*at = version_find(v, number);
		if (*at + i >= v->n || v->runs[*at + i].number != number)
			return false;
		if (gone)
			buf_add(gone, &number, sizeof number);
	}
	take_away(v, *at, (size_t)n);
	return true;
}

static bool
apply_merge(struct str *edits, struct version *v, struct buf *gone)
{
	size_t at;
	uint64_t n;

	if (!apply_gone(edits, v, gone, &at) || !take_varint(edits, &n))
		return false;
	for (; n; n--)
		if (!apply_add(edits, v, at++))
			return false;
	return true;
}

/* The runs of which a part counts; *at: where they are. */
static bool
apply_marks(struct str *edits, struct version *v, size_t *at)
{
	struct run_mark mark = {.set = true};
	uint64_t n, number;
	struct str key;

	if (!take_varint32(edits, &mark.map) ||
	    !take_signed(edits, &mark.bucket) || !take_bytes(edits, &key) ||
	    !key_check(key) || !take_varint(edits, &n) || !n || n > v->n)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		struct version_run *r;

		if (!take_varint(edits, &number))
			return false;
		if (!i)
			*at = version_find(v, number);
		if (*at + i >= v->n || v->runs[*at + i].number != number)
			return false;
		r = &v->runs[*at + i];
		if (!take_varint(edits, &r->at) || r->at > r->bytes)
			return false;
		r->mark.set = true;
		r->mark.map = mark.map;
		r->mark.bucket = mark.bucket;
		r->mark.key.n = 0;
		buf_adds(&r->mark.key, key);
	}
	return true;
}

static bool
apply_part(struct str *edits, struct version *v)
{
	size_t at;
	uint64_t n;

	if (!apply_marks(edits, v, &at) || !take_varint(edits, &n))
		return false;
	for (; n; n--)
		if (!apply_add(edits, v, at++))
			return false;
	return true;
}

static bool
apply_one(struct str *edits, struct version *v, struct memtable **held,
    struct buf *gone)
{
	unsigned char kind = (unsigned char)*edits->p;

	edits->p++;
	edits->n--;
	switch (kind) {
	case EDIT_RESET:
		take_away(v, 0, v->n);
		/* fall through */
	case EDIT_CLEAR:
		if (held) {
			memtable_free(*held);
			*held = memtable_new();
		}
		return true;
	case EDIT_DROP:
	case EDIT_DROP_MAP:
		return apply_drop(edits, kind == EDIT_DROP_MAP, v, held);
	case EDIT_ADD:
		return apply_add(edits, v, v->n);
	case EDIT_MERGE:
		return apply_merge(edits, v, gone);
	case EDIT_PART:
		return apply_part(edits, v);
	default:
		return false;
	}
}

bool
edit_apply(struct str edits, struct version *v, struct memtable **held,
    struct buf *gone)
{
	while (edits.n)
		if (!apply_one(&edits, v, held, gone))
			return false;
	return true;
}
