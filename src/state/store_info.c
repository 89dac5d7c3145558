/* SPDX-License-Identifier: MIT */
/* What there is in a store, in numbers. */
#include "state/store_in.h"

int
store_folder(const struct store *s)
{
	return s->dir.fd;
}

void
store_info(struct store *s, struct store_info *out)
{
	store_wait(s, NULL);
	*out = (struct store_info){
	    .epoch = s->epoch,
	    .term = s->term,
	    .id = s->id,
	    .written = s->written,
	    .journal_bytes = s->log.size,
	    .n_journals = s->log.number != 0,
	    .n_entries = s->held->n_entries,
	    .closed = s->was_closed,
	    .n_runs = (unsigned)s->version.n,
	};
	if (s->aside)
		out->n_entries += aside_table(s)->n_entries;
	for (size_t i = 0; i < s->version.n; i++) {
		const struct version_run *r = &s->version.runs[i];

		out->run_bytes += r->bytes;
		out->dead_bytes += version_dead_bytes(r);
		out->n_entries += r->n_entries;
	}
}

static void
add_run(const struct version_run *r, unsigned map, uint64_t *entries,
    uint64_t *bytes)
{
	unsigned n;
	const struct run_section *s = run_file_sections(r->handle->file, &n);

	for (unsigned i = 0; i < n; i++)
		if (s[i].map == map &&
		    !section_set_has(&r->dead, map, s[i].bucket)) {
			*entries += s[i].n_entries;
			*bytes += s[i].bytes;
		}
}

static void
add_table(
    const struct memtable *m, unsigned map, uint64_t *entries, uint64_t *bytes)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->sections[i]->map == map) {
			*entries += m->sections[i]->index.n;
			*bytes += m->sections[i]->bytes;
		}
}

void
store_map_size(
    struct store *s, unsigned map, uint64_t *entries, uint64_t *bytes)
{
	store_wait(s, NULL);
	*entries = *bytes = 0;
	add_table(s->held, map, entries, bytes);
	if (s->aside)
		add_table(aside_table(s), map, entries, bytes);
	for (size_t i = 0; i < s->version.n; i++)
		add_run(&s->version.runs[i], map, entries, bytes);
}
