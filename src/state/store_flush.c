/* SPDX-License-Identifier: MIT */
/*
 * Memory to a run: what the journal holds and what is newer are written down
 * together, section by section in order of their keys. A tombstone is left out
 * where nothing older can have the key.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "data/key.h"
#include "state/entry_sort.h"
#include "state/store_in.h"

/* A section of the run: where its entries are. */
struct part {
	unsigned map;
	int64_t bucket;
	const struct mem_section *newer, *older; /* NULL: none */
};

struct flush {
	struct store *store;
	const struct flush_what *what;
	struct part *parts;
	size_t n_parts, cap;
	uint64_t n_entries; /* at most */
	struct entry_item *items, *spare;
	size_t cap_items, cap_spare;
	struct run_writer *writer; /* of the piece at hand, the last of n */
	unsigned n, n_most;
	uint64_t piece;	      /* bytes */
	struct gather pieces; /* of an entry */
};

static int
by_name(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->map != y->map)
		return x->map < y->map ? -1 : 1;
	return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

static void
add_part(struct flush *f, const struct mem_section *newer,
    const struct mem_section *older)
{
	const struct mem_section *s = newer ? newer : older;

	if ((!newer || !newer->index.n) && (!older || !older->index.n))
		return;
	mem_grow(&f->parts, &f->cap, f->n_parts + 1, sizeof *f->parts);
	f->parts[f->n_parts++] = (struct part){s->map, s->bucket, newer, older};
	f->n_entries += newer ? newer->index.n : 0;
	f->n_entries += older ? older->index.n : 0;
}

static void
find_parts(struct flush *f)
{
	const struct memtable *changes = f->what->newer;
	const struct memtable *held = f->what->older;

	for (size_t i = 0; i < changes->n; i++) {
		const struct mem_section *s = changes->sections[i];

		add_part(f, s,
		    s->dropped || !held
			? NULL
			: memtable_find(held, s->map, s->bucket));
	}
	for (size_t i = 0; held && i < held->n; i++) {
		const struct mem_section *s = held->sections[i];

		if (!memtable_find(changes, s->map, s->bucket) &&
		    !memtable_hides(changes, s->map, s->bucket))
			add_part(f, NULL, s);
	}
	if (f->n_parts)
		qsort(f->parts, f->n_parts, sizeof *f->parts, by_name);
}

/* May there be entries of the section that a tombstone must hide? */
static bool
is_below(const struct flush_what *what, const struct part *p)
{
	if (p->newer && p->newer->dropped)
		return false;
	return (what->aside && memtable_find(what->aside, p->map, p->bucket)) ||
	       version_has(what->below, p->map, p->bucket);
}

static size_t
gather(struct flush *f, const struct part *p)
{
	size_t n = 0, most = (p->newer ? p->newer->index.n : 0) +
			     (p->older ? p->older->index.n : 0);
	bool below = is_below(f->what, p);
	const struct mem_entry *e;

	mem_grow(&f->items, &f->cap_items, most, sizeof *f->items);
	mem_grow(&f->spare, &f->cap_spare, most, sizeof *f->spare);
	for (int older = 0; older < 2; older++) {
		const struct mem_section *s = older ? p->older : p->newer;
		struct mem_cursor c = {0};

		while (s && (e = mem_section_next(s, &c)))
			if ((below || !mem_deleted(e)) &&
			    !(older && mem_section_get(p->newer, mem_key(e))))
				f->items[n++].of = e;
	}
	entry_sort(f->items, f->spare, n, entry_key);
	return n;
}

/* An entry of pieces, with those of the older one of its key. */
static void
take_pieces(struct flush *f, const struct part *p, bool below,
    const struct mem_entry *e, struct run_entry *out)
{
	const struct mem_entry *older =
	    mem_pieces(e) == PIECES_MORE ? mem_section_get(p->older, out->key)
					 : NULL;
	struct gather *g = &f->pieces;

	gather_reset(g);
	gather_add(g, mem_pieces(e), mem_value(e));
	if (older == e) /* it is the only one */
		older = NULL;
	if (older && mem_deleted(older))
		g->whole = true;
	else if (older)
		gather_add(g, mem_pieces(older), mem_value(older));
	out->pieces = gather_give(
	    g, !below, store_fold_any, f->store, p->map, out->key, &out->value);
}

static int
end_run(struct flush *f, struct version_run *out, struct err *err)
{
	struct run_writer *w = f->writer;

	f->writer = NULL;
	return run_writer_finish(w, &out->bytes, &out->footer_crc, err);
}

static int
begin_run(struct flush *f, struct version_run *out, struct err *err)
{
	char name[STORE_NAME_MAX];

	store_name(name, STORE_RUN, out->number);
	f->writer = run_writer_new(f->store->dir.fd, name, out->number,
	    f->n_entries / f->n_most + 1, err);
	if (f->writer && f->store->temporary)
		run_writer_no_sync(f->writer);
	return f->writer ? 0 : -1;
}

/* The next piece is begun if this one is large enough. */
static int
go_on(struct flush *f, struct version_run *out, struct err *err)
{
	if (f->writer &&
	    (f->n == f->n_most || run_writer_size(f->writer) < f->piece))
		return 0;
	if (f->writer && end_run(f, &out[f->n - 1], err))
		return -1;
	out[f->n] = (struct version_run){.number = out[0].number + f->n};
	return begin_run(f, &out[f->n++], err);
}

/* 0; -1 and *err. */
static int
write_part(struct flush *f, const struct part *p, struct version_run *out,
    struct err *err)
{
	size_t n = gather(f, p);
	bool below = is_below(f->what, p);

	for (size_t i = 0; i < n; i++) {
		const struct mem_entry *e = f->items[i].of;
		struct run_entry entry = {.map = p->map,
		    .bucket = p->bucket,
		    .key = mem_key(e),
		    .value = mem_value(e),
		    .deleted = mem_deleted(e)};

		if (go_on(f, out, err))
			return -1;
		if (!entry.deleted && mem_pieces(e) != PIECES_NONE)
			take_pieces(f, p, below, e, &entry);
		out[f->n - 1].n_entries++;
		if (!run_writer_add(f->writer, &entry))
			return end_run(f, &out[f->n - 1], err);
	}
	return 0;
}

/* Takes back what was written. */
static void
undo(struct flush *f, const struct version_run *out)
{
	char name[STORE_NAME_MAX];

	run_writer_abandon(f->writer);
	for (unsigned i = 0; i < f->n; i++) {
		store_name(name, STORE_RUN, out[i].number);
		store_dir_unlink(&f->store->dir, name);
	}
}

static int
write_runs(struct flush *f, struct version_run *out, struct err *err)
{
	const struct store_dir *d = &f->store->dir;
	int rc = 0;

	for (size_t i = 0; !rc && i < f->n_parts; i++)
		rc = write_part(f, &f->parts[i], out, err);
	if (!rc && f->writer)
		rc = end_run(f, &out[f->n - 1], err);
	if (rc) {
		undo(f, out);
		return store_dir_note(d, err);
	}
	return f->store->temporary ? 0 : store_dir_sync(d, err);
}

int
flush_run(struct store *s, const struct flush_what *what,
    struct version_run *out, unsigned *n, struct err *err)
{
	struct flush f = {.store = s, .what = what, .n_most = *n};
	size_t bytes = what->newer->bytes;
	int rc = 0;

	bytes += what->older ? what->older->bytes : 0;
	f.piece = bytes / FLUSH_PIECES;
	f.piece = f.piece > s->o.part_bytes ? f.piece : s->o.part_bytes;
	find_parts(&f);
	if (f.n_parts)
		rc = write_runs(&f, out, err);
	*n = f.n;
	mem_free(f.parts);
	mem_free(f.items);
	mem_free(f.spare);
	gather_release(&f.pieces);
	return rc;
}
