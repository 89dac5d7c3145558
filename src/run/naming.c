/* SPDX-License-Identifier: MIT */
/* The name of a row's file; see naming.h. */
#include "run/naming.h"

#include "base/mem.h"
#include "base/zone.h"

#define MINUTE 60000000

void
naming_init(struct naming *t, const struct plan_output *plan)
{
	const struct name_part *last = &plan->target[plan->n_target - 1];

	*t = (struct naming){.plan = plan,
	    .memos = mem_zalloc(plan->n_target * sizeof *t->memos)};
	if (last->kind != NAME_LITERAL)
		return;
	for (size_t i = last->text.n; i-- > 0 && last->text.p[i] != '/';)
		if (last->text.p[i] == '.' &&
		    ((i && last->text.p[i - 1] != '/') || plan->n_target > 1)) {
			t->extension = last->text.n - i;
			return;
		}
}

void
naming_release(struct naming *t)
{
	for (unsigned i = 0; i < t->plan->n_target; i++)
		buf_release(&t->memos[i].text);
	mem_free(t->memos);
	buf_release(&t->value);
}

/* ---- values ---- */

/* FNV-1a, 64 bits: the same in every run. */
static uint64_t
fixed_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}

/* A control character, C1 ones (U+0080 to U+009F) included. */
static bool
is_control(struct str s, size_t i)
{
	unsigned char c = (unsigned char)s.p[i];

	if (c < 0x20 || c == 0x7f)
		return true;
	if (c == 0xc2)
		return i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0;
	return c >= 0x80 && c < 0xa0 && i && (unsigned char)s.p[i - 1] == 0xc2;
}

static bool
must_escape(struct str s, size_t i)
{
	char c = s.p[i];

	if (c == '/' || c == '%' || is_control(s, i))
		return true;
	if (i)
		return false;
	return str_is(s, ".") || str_is(s, "..") || str_is(s, NAMING_NULL) ||
	       str_is(s, NAMING_EMPTY);
}

static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void
naming_value(struct buf *out, struct str value, unsigned most)
{
	const unsigned tail = 18; /* %- and 16 digits */
	size_t from = out->n, whole = out->n;

	if (!value.n)
		buf_lit(out, NAMING_EMPTY);
	for (size_t i = 0; i < value.n; i++) {
		if (!continues(value.p[i]) && out->n - from <= most - tail)
			whole = out->n;
		if (must_escape(value, i))
			buf_printf(out, "%%%02X", (unsigned char)value.p[i]);
		else
			buf_addc(out, value.p[i]);
		if (out->n - from <= most)
			continue;
		out->n = whole;
		buf_printf(
		    out, "%%-%016llx", (unsigned long long)fixed_hash(value));
		return;
	}
}

static void
put_column(struct naming *t, const struct name_part *part,
    const struct batch *b, unsigned row, struct buf *out)
{
	struct value v = column_get(&b->cols[part->col], row);

	t->value.n = 0;
	value_print(&t->value, v);
	if (v.type == T_NULL ||
	    (v.type == T_JSON && str_is(value_str(v), "null")))
		buf_lit(out, NAMING_NULL);
	else
		naming_value(out, buf_str(&t->value), part->most);
}

/* ---- time ---- */

/* False if the row has none: NULL, or of no window. */
static bool
time_of(
    const struct naming *t, const struct batch *b, unsigned row, int64_t *out)
{
	if (t->plan->time_col >= 0) {
		struct value v = column_get(&b->cols[t->plan->time_col], row);

		*out = v.i;
		return type_is_instant(v.type);
	}
	*out = b->time ? b->time[row] : WHEN_MIN;
	return *out > WHEN_FIRST && *out < WHEN_LAST;
}

/* Does the text change within a minute? */
static bool
has_seconds(const char *pattern)
{
	for (; *pattern; pattern++)
		if (*pattern == '%' && strchr("STsfLR.", *++pattern))
			return true;
	return false;
}

static void
put_time(struct naming *t, unsigned i, int64_t at, struct buf *out)
{
	const char *pattern = t->plan->target[i].text.p;
	struct naming_memo *memo = &t->memos[i];
	int64_t minute = at / MINUTE;

	if (!memo->known || memo->minute != minute || at < 0) {
		memo->text.n = 0;
		when_format(&memo->text, pattern, at, t->plan->times.zone);
		memo->minute = minute;
		memo->known = at >= 0 && !has_seconds(pattern);
	}
	buf_adds(out, buf_str(&memo->text));
}

/* ---- the whole ---- */

void
naming_path(
    struct naming *t, const struct batch *b, unsigned row, struct buf *out)
{
	const struct plan_output *plan = t->plan;

	for (unsigned i = 0; i < plan->n_target; i++) {
		const struct name_part *part = &plan->target[i];
		int64_t at;

		switch (part->kind) {
		case NAME_LITERAL:
			buf_adds(out, part->text);
			break;
		case NAME_COLUMN:
			put_column(t, part, b, row, out);
			break;
		case NAME_TIME:
			if (time_of(t, b, row, &at))
				put_time(t, i, at, out);
			else
				buf_lit(out, NAMING_NULL);
			break;
		}
	}
}

int64_t
naming_period(const struct naming *t, const struct batch *b, unsigned row)
{
	const struct zone *zone = t->plan->times.zone;
	int64_t every = t->plan->roll_every, at, n;

	if (!time_of(t, b, row, &at))
		return NAMING_TIMELESS;
	if (zone)
		at += (int64_t)zone_offset(zone, at, NULL, NULL) * 1000000;
	n = at / every;
	return n - (at % every < 0);
}

void
naming_part(
    const struct naming *t, struct str path, unsigned number, struct buf *out)
{
	const struct plan_output *plan = t->plan;

	if (!plan->roll_bytes && !plan->roll_every) {
		buf_adds(out, path);
		return;
	}
	buf_add(out, path.p, path.n - t->extension);
	buf_printf(out, "-%u", number);
	buf_add(out, path.p + path.n - t->extension, t->extension);
}
