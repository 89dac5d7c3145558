/* SPDX-License-Identifier: MIT */
/* Edits and entries of a commit; see version.h. */
#include "state/version.h"

/* A DELTA frame ends when its body is longer than this. */
#define DELTA_BYTES 60000

/* ---- edits ---- */

static void
put_drop(struct buf *edits, unsigned map, int64_t bucket)
{
	buf_addc(edits, EDIT_DROP);
	put_varint(edits, map);
	put_signed(edits, bucket);
}

void
edit_put_drops(struct buf *edits, const struct memtable *changes)
{
	for (size_t i = 0; i < changes->n_maps; i++) {
		buf_addc(edits, EDIT_DROP_MAP);
		put_varint(edits, changes->maps[i]);
	}
	for (size_t i = 0; i < changes->n; i++) {
		const struct mem_section *s = changes->sections[i];

		if (s->dropped)
			put_drop(edits, s->map, s->bucket);
	}
}

static bool
take_map(struct str *s, unsigned *map)
{
	uint64_t n;

	if (!take_varint(s, &n) || n > UINT32_MAX)
		return false;
	*map = (unsigned)n;
	return true;
}

static bool
apply_one(struct str *edits, struct memtable **held)
{
	unsigned char kind = (unsigned char)*edits->p;
	unsigned map;
	int64_t bucket;

	edits->p++;
	edits->n--;
	switch (kind) {
	case EDIT_RESET:
	case EDIT_CLEAR:
		memtable_free(*held);
		*held = memtable_new();
		return true;
	case EDIT_DROP:
		if (!take_map(edits, &map) || !take_signed(edits, &bucket))
			return false;
		memtable_forget(*held, map, bucket);
		return true;
	case EDIT_DROP_MAP:
		if (!take_map(edits, &map))
			return false;
		memtable_forget_map(*held, map);
		return true;
	default:
		return false;
	}
}

bool
edit_apply(struct str edits, struct memtable **held)
{
	while (edits.n)
		if (!apply_one(&edits, held))
			return false;
	return true;
}

/* ---- entries ---- */

static void
put_section(struct buf *b, const struct mem_section *s)
{
	buf_addc(b, 'S');
	put_varint(b, s->map);
	put_signed(b, s->bucket);
}

static void
put_entry(struct buf *b, const struct mem_entry *e)
{
	buf_addc(b, mem_deleted(e) ? 'D' : 'P');
	put_bytes(b, mem_key(e));
	if (!mem_deleted(e))
		put_bytes(b, mem_value(e));
}

static void
put_entries(struct frame_sink *s, const struct mem_section *section, bool *open)
{
	struct mem_cursor c = {0};
	const struct mem_entry *e;
	bool said = false;

	while ((e = mem_section_next(section, &c))) {
		if (*open && s->bytes.n - s->begun > DELTA_BYTES) {
			frame_end(s, FRAME_DELTA);
			*open = false;
		}
		if (!*open)
			frame_begin(s);
		if (!*open || !said)
			put_section(&s->bytes, section);
		*open = said = true;
		put_entry(&s->bytes, e);
	}
}

void
delta_put(struct frame_sink *s, const struct memtable *m,
    const struct memtable *hidden_by)
{
	bool open = false;

	for (size_t i = 0; i < m->n; i++) {
		const struct mem_section *section = m->sections[i];

		if (!hidden_by ||
		    !memtable_hides(hidden_by, section->map, section->bucket))
			put_entries(s, section, &open);
	}
	if (open)
		frame_end(s, FRAME_DELTA);
}

static bool
apply_section(struct str *body, struct memtable *held, struct mem_section **s)
{
	unsigned map;
	int64_t bucket;

	if (!take_map(body, &map) || !take_signed(body, &bucket))
		return false;
	*s = memtable_section(held, map, bucket);
	return true;
}

static bool
apply_entry(struct str *body, struct memtable *held, struct mem_section **s)
{
	char kind = *body->p;
	struct str key, value = {0};

	body->p++;
	body->n--;
	if (kind == 'S')
		return apply_section(body, held, s);
	if (!*s || (kind != 'P' && kind != 'D') || !take_bytes(body, &key) ||
	    (kind == 'P' && !take_bytes(body, &value)))
		return false;
	if (kind == 'P')
		memtable_put(held, *s, key, value);
	else
		memtable_delete(held, *s, key);
	return true;
}

bool
delta_apply(struct str body, struct memtable *held)
{
	struct mem_section *s = NULL;

	while (body.n)
		if (!apply_entry(&body, held, &s))
			return false;
	return true;
}
