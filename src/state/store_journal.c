/* SPDX-License-Identifier: MIT */
/* Journals, read; see store_journal.h. */
#include "state/store_journal.h"

/* ---- bodies ---- */

void
hello_put(struct buf *b, const struct journal_hello *h)
{
	put_u32(b, JOURNAL_VERSION);
	put_u64(b, h->store);
	put_u64(b, h->number);
	put_u64(b, h->nonce);
	put_u64(b, h->term);
}

bool
hello_take(struct str body, struct journal_hello *h)
{
	uint32_t version;

	return take_u32(&body, &version) && version == JOURNAL_VERSION &&
	       take_u64(&body, &h->store) && take_u64(&body, &h->number) &&
	       take_u64(&body, &h->nonce) && take_u64(&body, &h->term) &&
	       !body.n;
}

void
commit_put(struct buf *b, const struct journal_commit *c)
{
	put_u64(b, (uint64_t)c->written);
	put_u64(b, c->next_run);
	put_bytes(b, c->note);
	put_bytes(b, c->edits);
}

bool
commit_take(struct str body, struct journal_commit *c)
{
	uint64_t written;

	if (!take_u64(&body, &written) || !take_u64(&body, &c->next_run) ||
	    !take_bytes(&body, &c->note) || !take_bytes(&body, &c->edits))
		return false;
	c->written = (int64_t)written;
	return !body.n;
}

/* ---- scanning ---- */

struct scanner {
	struct journal_scan *out;
	size_t at;
	uint32_t chain;
};

/* Does the frame fit what was before it? */
static bool
fits(const struct scanner *s, const struct frame *f)
{
	const struct journal_scan *out = s->out;

	if (f->type == FRAME_HELLO)
		return !f->at;
	if (f->type == FRAME_OWNER || f->type == FRAME_CLOSE)
		return f->epoch == out->last && s->at == out->end;
	if (f->chain != frame_chain(s->chain, f->body))
		return false;
	return !out->last || f->epoch == out->last + 1;
}

static void
take(struct scanner *s, const struct frame *f)
{
	struct journal_scan *out = s->out;

	s->at = f->end;
	switch (f->type) {
	case FRAME_HELLO:
		out->end = f->end;
		break;
	case FRAME_OWNER:
	case FRAME_CLOSE:
		out->closed = f->type == FRAME_CLOSE;
		out->end = f->end;
		break;
	case FRAME_COMMIT:
		out->last = f->epoch;
		if (!out->first)
			out->first = f->epoch;
		out->closed = false;
		out->end = f->end;
		s->chain = 0;
		break;
	case FRAME_SCHEMA:
	case FRAME_DELTA:
		s->chain = f->chain;
		break;
	}
}

/*
 * What is behind the last whole frame: may it be of the next epoch alone? If
 * there is no whole commit, the next epoch is the one of any frame there.
 */
static bool
is_torn(const struct journal_scan *scan, size_t at)
{
	uint64_t next = scan->last ? scan->last + 1 : 0;

	for (; at < scan->file.n; at++) {
		uint64_t epoch = frame_seek(scan->file, &at, scan->said.nonce);

		if (!next)
			next = epoch;
		if (epoch && (scan->last ? epoch > next : epoch != next))
			return false;
	}
	return true;
}

void
journal_scan(struct str file, struct journal_scan *out)
{
	struct scanner s = {.out = out};
	struct frame f;

	*out = (struct journal_scan){.file = file};
	if (!frame_read(file, 0, 0, &f) || f.type != FRAME_HELLO ||
	    !hello_take(f.body, &out->said))
		return;
	out->hello = true;
	take(&s, &f);
	while (frame_read(file, s.at, out->said.nonce, &f) && fits(&s, &f))
		take(&s, &f);
	out->bad_at = s.at;
	out->damaged = !is_torn(out, s.at);
}

/* ---- applying ---- */

static bool
apply_deltas(
    const struct journal_scan *scan, size_t from, size_t to, struct replayed *r)
{
	struct frame f;

	for (; from < to; from = f.end) {
		if (!frame_read(scan->file, from, scan->said.nonce, &f))
			return false;
		if (f.type == FRAME_DELTA && !delta_apply(f.body, r->held))
			return false;
		if (f.type == FRAME_SCHEMA) {
			r->schema.n = 0;
			buf_adds(&r->schema, f.body);
		}
	}
	return true;
}

/* Edits come first, then what the epoch's frames from `from` on say. */
static bool
apply_commit(const struct journal_scan *scan, size_t from,
    const struct frame *f, struct replayed *r)
{
	struct journal_commit c;

	if (!commit_take(f->body, &c) ||
	    !edit_apply(c.edits, &r->version, &r->held, NULL) ||
	    !apply_deltas(scan, from, f->at, r))
		return false;
	r->epoch = f->epoch;
	r->next_run = c.next_run;
	r->written = c.written;
	r->note.n = 0;
	buf_adds(&r->note, c.note);
	return true;
}

bool
journal_replay(const struct journal_scan *scan, uint64_t upto,
    struct replayed *r, size_t *at)
{
	size_t from = 0;
	struct frame f;

	*r = (struct replayed){.held = memtable_new(), .term = scan->said.term};
	for (*at = 0; *at < scan->end; *at = f.end) {
		if (!frame_read(scan->file, *at, scan->said.nonce, &f))
			return false;
		if (f.type == FRAME_OWNER) {
			struct str body = f.body;

			if (!take_u64(&body, &r->term))
				return false;
		}
		if (f.type == FRAME_COMMIT) {
			if (f.epoch > upto)
				break;
			if (!apply_commit(scan, from, &f, r))
				return false;
		}
		if (f.type != FRAME_DELTA && f.type != FRAME_SCHEMA)
			from = f.end;
	}
	return true;
}

void
replayed_release(struct replayed *r)
{
	memtable_free(r->held);
	version_release(&r->version);
	buf_release(&r->note);
	buf_release(&r->schema);
}
