/* SPDX-License-Identifier: MIT */
/* Entries of a commit as bytes; see version.h. */
#include "state/version.h"

/* A DELTA frame ends when its body is longer than this. */
#define DELTA_BYTES 60000

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
	static const char kinds[] = {
	    [PIECES_NONE] = 'P', [PIECES_MORE] = 'A', [PIECES_ALL] = 'C'};

	buf_addc(b, mem_deleted(e) ? 'D' : kinds[mem_pieces(e)]);
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

	if (!take_varint32(body, &map) || !take_signed(body, &bucket))
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
	if (!*s || !memchr("PDAC", kind, 4) || !take_bytes(body, &key) ||
	    (kind != 'D' && !take_bytes(body, &value)))
		return false;
	if (kind == 'P')
		memtable_put(held, *s, key, value);
	else if (kind == 'D')
		memtable_delete(held, *s, key);
	else if (pieces_valid(value))
		memtable_put_pieces(held, *s, key, value,
		    kind == 'A' ? PIECES_MORE : PIECES_ALL);
	else
		return false;
	return true;
}

bool
delta_apply(struct str body, struct memtable *held)
{
	struct mem_section *s = NULL;

	while (body.n)
		if (!apply_entry(&body, held, &s))
			return false;
	memtable_settle(held);
	return true;
}
