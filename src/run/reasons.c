/* SPDX-License-Identifier: MIT */
/* Bad records by reason; see reasons.h. */
#include "run/reasons.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/value.h"

#define SHOWN 8

void
reasons_release(struct reasons *r)
{
	mem_free(r->list);
	*r = (struct reasons){0};
}

/* What a reason counts as: without what is in the record. */
static struct str
kind_of(const char *reason)
{
	struct str s = str_of(reason);
	long colon = str_find(s, STR(": "), 0);

	if (colon > 0)
		s.n = (size_t)colon;
	if (s.n >= REASON_BYTES)
		s.n = REASON_BYTES - 1;
	while (s.n && !utf8_valid(s))
		s.n--;
	return s;
}

void
reasons_add(struct reasons *r, const char *reason, uint64_t n)
{
	struct str kind = kind_of(reason);

	for (unsigned i = 0; i < r->n; i++)
		if (str_eq(kind, str_of(r->list[i].text))) {
			r->list[i].n += n;
			return;
		}
	if (r->n == REASONS_MAX) {
		r->others += n;
		return;
	}
	mem_grow(&r->list, &r->cap, r->n + 1, sizeof *r->list);
	memcpy(r->list[r->n].text, kind.p, kind.n);
	r->list[r->n].text[kind.n] = '\0';
	r->list[r->n++].n = n;
}

static int
by_count(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->text, y->text);
}

void
reasons_sort(struct reasons *r)
{
	if (r->n)
		qsort(r->list, r->n, sizeof *r->list, by_count);
}

void
reasons_json(struct reasons *r, struct buf *out)
{
	reasons_sort(r);
	buf_lit(out, ",\"reasons\":{");
	for (unsigned i = 0; i < r->n; i++) {
		if (i)
			buf_addc(out, ',');
		json_put_text(out, str_of(r->list[i].text));
		buf_printf(out, ":%llu", (unsigned long long)r->list[i].n);
	}
	if (r->others)
		buf_printf(out, "%s\"others\":%llu", r->n ? "," : "",
		    (unsigned long long)r->others);
	buf_addc(out, '}');
}

void
reasons_show(struct reasons *r)
{
	uint64_t rest = r->others;

	reasons_sort(r);
	for (unsigned i = 0; i < r->n; i++) {
		if (i >= SHOWN) {
			rest += r->list[i].n;
			continue;
		}
		fprintf(stderr, "weir: %llu bad: %s\n",
		    (unsigned long long)r->list[i].n, r->list[i].text);
	}
	if (rest)
		fprintf(stderr, "weir: %llu bad: for other reasons\n",
		    (unsigned long long)rest);
}

void
reasons_note(const struct reasons *r, struct buf *out)
{
	note_key(out, "reasons");
	pack_put_array(out, r->n);
	for (unsigned i = 0; i < r->n; i++) {
		pack_put_map(out, 2);
		note_text(out, "reason", str_of(r->list[i].text));
		note_count(out, "n", r->list[i].n);
	}
	note_count(out, "other_reasons", r->others);
}

void
reasons_take(struct reasons *r, struct note n)
{
	struct note one;
	char text[REASON_BYTES];

	r->n = 0;
	for (uint32_t i = 0; note_list_at(n, "reasons", i, &one); i++) {
		struct str s = note_get_text(one, "reason");

		if (s.n >= sizeof text)
			s.n = sizeof text - 1;
		if (s.n)
			memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		reasons_add(r, text, note_get_count(one, "n"));
	}
	r->others = note_get_count(n, "other_reasons");
}
