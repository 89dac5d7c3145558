/* SPDX-License-Identifier: MIT */
/* What is noted of files that have been read; see trail.h. */
#include "run/trail.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/pack.h"

/* No directory has so many; a damaged length is not to be believed. */
#define FILES_MAX (1u << 24)

void
trails_init(struct trails *t)
{
	*t = (struct trails){0};
	arena_init(&t->arena, 1024);
}

void
trails_release(struct trails *t)
{
	for (size_t i = 0; i < t->n; i++) {
		mem_free(t->list[i]->files);
		mem_free(t->list[i]);
	}
	mem_free(t->list);
	arena_release(&t->arena);
	*t = (struct trails){0};
}

struct trail *
trails_add(struct trails *t, struct str input)
{
	struct trail *trail = mem_zalloc(sizeof *trail);

	mem_grow(&t->list, &t->cap, t->n + 1, sizeof *t->list);
	t->list[t->n++] = trail;
	trail->input = arena_str(&t->arena, input);
	trail->w.greatest = trail->floor = WHEN_MIN;
	return trail;
}

struct position *
trail_add(struct trail *t, struct position p)
{
	mem_grow(&t->files, &t->cap, t->n + 1, sizeof *t->files);
	t->files[t->n] = p;
	return &t->files[t->n++];
}

void
trail_remove(struct trail *t, size_t k)
{
	t->n--;
	memmove(t->files + k, t->files + k + 1, (t->n - k) * sizeof *t->files);
	if (t->at > k)
		t->at--;
}

/* ---- fields ---- */

/*
 * What is noted, a row each: how it is called, and where it lies. Numbers and
 * flags are left out where they are 0.
 */
enum field_type {
	FIELD_TEXT,
	FIELD_U64, /* numbers are packed as they are: two's complement */
	FIELD_U32,
	FIELD_FLAG,
	FIELD_KIND
};

struct field {
	const char *name;
	enum field_type type;
	size_t at;
};

#define AT(member) offsetof(struct position, member)
static const struct field file_fields[] = {
    {"kind", FIELD_KIND, AT(kind)},
    {"path", FIELD_TEXT, AT(path)},
    {"device", FIELD_U64, AT(id.device)},
    {"inode", FIELD_U64, AT(id.inode)},
    {"first_bytes", FIELD_U32, AT(id.n)},
    {"first_hash", FIELD_U64, AT(id.hash)},
    {"compressed", FIELD_FLAG, AT(packed)},
    {"over", FIELD_FLAG, AT(over)},
    {"aside", FIELD_FLAG, AT(aside)},
    {"inner", FIELD_FLAG, AT(inner)},
    {"size", FIELD_U64, AT(size)},
    {"kept", FIELD_U64, AT(begin.kept)},
    {"written", FIELD_U64, AT(written)},
    {"offset", FIELD_U64, AT(place.offset)},
    {"line", FIELD_U64, AT(place.line)},
    {"rows", FIELD_U64, AT(place.rows)},
    {"context", FIELD_U64, AT(place.context)},
    {"header", FIELD_TEXT, AT(context)},
    {"skipping", FIELD_FLAG, AT(place.skipping)},
    {"last_bytes", FIELD_U32, AT(n_tail)},
    {"last_hash", FIELD_U64, AT(tail)},
    {"format", FIELD_TEXT, AT(format)},
    {"records", FIELD_U64, AT(records)},
    {"begin", FIELD_U64, AT(begin.raw)},
    {"begin_offset", FIELD_U64, AT(begin.offset)},
    {"begin_plain", FIELD_FLAG, AT(begin.plain)},
    {"given_up", FIELD_U64, AT(begin.given)},
};
#undef AT

#define AT(member) offsetof(struct trail, member)
static const struct field time_fields[] = {
    {"greatest", FIELD_U64, AT(w.greatest)},
    {"first", FIELD_U64, AT(w.first)},
    {"moves", FIELD_U64, AT(w.n_moves)},
    {"ahead", FIELD_U64, AT(w.n_ahead)},
    {"in_row", FIELD_U32, AT(w.in_row)},
    {"noted", FIELD_FLAG, AT(w.noted)},
    {"far", FIELD_U32, AT(w.n_far)},
    {"far_from", FIELD_U64, AT(w.far_from)},
    {"far_time", FIELD_U64, AT(w.far_time)},
    {"far_line", FIELD_U64, AT(far_line)},
    {"floor", FIELD_U64, AT(floor)},
    {"mark", FIELD_U32, AT(mark)},
    {"by", FIELD_TEXT, AT(by)},
    {"stated", FIELD_FLAG, AT(stated)},
};
#undef AT

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const kind_names[] = {
    [POSITION_FILE] = "file",
    [POSITION_STREAM] = "stream",
    [POSITION_VALUES] = "values",
    [POSITION_JOURNAL] = "journal",
};

/* ---- packing ---- */

static struct value
field_value(const struct field *f, const void *thing)
{
	const char *at = (const char *)thing + f->at;
	struct value v = VALUE_NULL;
	uint64_t u64;
	uint32_t u32;
	enum position_kind kind;
	struct str s;
	bool flag;

	switch (f->type) {
	case FIELD_TEXT:
		memcpy(&s, at, sizeof s);
		if (s.n)
			v = value_text(s);
		break;
	case FIELD_U64:
		memcpy(&u64, at, sizeof u64);
		if (u64)
			v = value_int((int64_t)u64);
		break;
	case FIELD_U32:
		memcpy(&u32, at, sizeof u32);
		if (u32)
			v = value_int(u32);
		break;
	case FIELD_FLAG:
		memcpy(&flag, at, sizeof flag);
		if (flag)
			v = value_bool(true);
		break;
	case FIELD_KIND:
		memcpy(&kind, at, sizeof kind);
		if (kind != POSITION_FILE)
			v = value_text(str_of(kind_names[kind]));
		break;
	}
	return v;
}

/* Names need not be UTF-8; then they are bytes. */
static void
put_value(struct buf *out, struct value v)
{
	if (v.type == T_TEXT && !utf8_valid(value_str(v)))
		v.type = T_BYTES;
	pack_put(out, v);
}

static void
put_fields(
    struct buf *out, const struct field *list, size_t n, const void *thing)
{
	uint32_t some = 0;

	for (size_t i = 0; i < n; i++)
		some += field_value(&list[i], thing).type != T_NULL;
	pack_put_map(out, some);
	for (size_t i = 0; i < n; i++) {
		struct value v = field_value(&list[i], thing);

		if (v.type == T_NULL)
			continue;
		pack_put_text(out, str_of(list[i].name));
		put_value(out, v);
	}
}

void
trails_note(const struct trails *t, struct buf *out)
{
	pack_put_array(out, (uint32_t)t->n);
	for (size_t i = 0; i < t->n; i++) {
		const struct trail *trail = t->list[i];

		pack_put_map(out, trail->timed ? 4 : 3);
		pack_put_text(out, STR("input"));
		put_value(out, value_text(trail->input));
		pack_put_text(out, STR("at"));
		pack_put(out, value_int((int64_t)trail->at));
		if (trail->timed) {
			pack_put_text(out, STR("time"));
			put_fields(out, time_fields, COUNT(time_fields), trail);
		}
		pack_put_text(out, STR("files"));
		pack_put_array(out, (uint32_t)trail->n);
		for (size_t k = 0; k < trail->n; k++)
			put_fields(out, file_fields, COUNT(file_fields),
			    &trail->files[k]);
	}
}

/* ---- taking back ---- */

struct reader {
	const char *p, *end;
	struct arena *arena;
};

static bool
take_kind(void *at, struct str name)
{
	for (size_t i = 0; i < COUNT(kind_names); i++) {
		enum position_kind kind = (enum position_kind)i;

		if (str_is(name, kind_names[i])) {
			memcpy(at, &kind, sizeof kind);
			return true;
		}
	}
	return false;
}

static bool
take_number(const struct field *f, char *at, int64_t i)
{
	uint32_t u32;

	if (f->type == FIELD_U64) {
		memcpy(at, &i, sizeof i);
		return true;
	}
	if (i < 0 || i > UINT32_MAX)
		return false;
	u32 = (uint32_t)i;
	memcpy(at, &u32, sizeof u32);
	return true;
}

static bool
take_field(struct reader *r, const struct field *f, void *thing, struct value v)
{
	char *at = (char *)thing + f->at;
	struct str s = {NULL, 0};

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_KIND:
		if (v.type != T_TEXT && v.type != T_BYTES)
			return false;
		if (f->type == FIELD_KIND)
			return take_kind(at, value_str(v));
		s = arena_str(r->arena, value_str(v));
		memcpy(at, &s, sizeof s);
		return true;
	case FIELD_U64:
	case FIELD_U32:
		return v.type == T_INT && take_number(f, at, v.i);
	case FIELD_FLAG:
		if (v.type != T_BOOL)
			return false;
		memcpy(at, &v.b, sizeof v.b);
		return true;
	}
	return false;
}

/* A key and what stands there; false at the end of the bytes or of sense. */
static bool
next_value(struct reader *r, struct value *v)
{
	return pack_get(&r->p, r->end, r->arena, v) == PACK_OK;
}

static bool
next_key(struct reader *r, struct str *key)
{
	struct value v;

	if (!next_value(r, &v) || v.type != T_TEXT)
		return false;
	*key = value_str(v);
	return true;
}

/* Names nobody knows are those of a later version: passed over. */
static bool
take_fields(struct reader *r, const struct field *list, size_t n, void *thing)
{
	uint32_t pairs;

	if (!pack_get_map(&r->p, r->end, &pairs))
		return false;
	while (pairs--) {
		const struct field *f = NULL;
		struct str key;
		struct value v;

		if (!next_key(r, &key) || !next_value(r, &v))
			return false;
		for (size_t i = 0; i < n && !f; i++)
			if (str_is(key, list[i].name))
				f = &list[i];
		if (f && !take_field(r, f, thing, v))
			return false;
	}
	return true;
}

/* What a file's position says must be possible. */
static bool
is_sound(const struct position *p)
{
	return p->id.n <= IDENTITY_BYTES && p->n_tail <= TAIL_BYTES &&
	       p->n_tail <= p->place.offset &&
	       !memchr(p->path.p ? p->path.p : "", '\0', p->path.n);
}

static bool
take_files(struct reader *r, struct trail *t)
{
	uint32_t n;

	if (!pack_get_array(&r->p, r->end, &n) || n > FILES_MAX)
		return false;
	while (n--) {
		struct position p = {.path = STR("")};

		if (!take_fields(r, file_fields, COUNT(file_fields), &p) ||
		    !is_sound(&p))
			return false;
		trail_add(t, p);
	}
	return true;
}

static bool
take_part(struct reader *r, struct trail *t, struct str key)
{
	struct value v;

	if (str_is(key, "files"))
		return take_files(r, t);
	if (str_is(key, "time")) {
		t->timed = true;
		return take_fields(r, time_fields, COUNT(time_fields), t);
	}
	if (!next_value(r, &v))
		return false;
	if (str_is(key, "input")) {
		if (v.type != T_TEXT && v.type != T_BYTES)
			return false;
		t->input = arena_str(r->arena, value_str(v));
	} else if (str_is(key, "at")) {
		if (v.type != T_INT || v.i < 0)
			return false;
		t->at = (size_t)v.i;
	}
	return true;
}

static bool
take_trail(struct reader *r, struct trails *to)
{
	struct trail *t = trails_add(to, STR(""));
	uint32_t pairs;

	if (!pack_get_map(&r->p, r->end, &pairs))
		return false;
	/* A time of 0 is left out, and its absence is no absence of times. */
	t->w.greatest = t->floor = 0;
	while (pairs--) {
		struct str key;

		if (!next_key(r, &key) || !take_part(r, t, key))
			return false;
	}
	if (!t->timed)
		t->w.greatest = t->floor = WHEN_MIN;
	return t->at <= t->n;
}

bool
trails_take(struct trails *t, struct value packed)
{
	struct reader r = {packed.p, packed.p + packed.len, &t->arena};
	uint32_t n;

	if (packed.type != T_LIST || !pack_get_array(&r.p, r.end, &n))
		return false;
	while (n--)
		if (!take_trail(&r, t))
			return false;
	return true;
}
