/* SPDX-License-Identifier: MIT */
/*
 * Slots and cells. A slot's key is the number of its column (four bytes) and
 * the member's name, so members of different columns do not mix. Records of
 * one shape come with their members in one order; the next slot is tried
 * before the hash is asked.
 */
#include "io/sheet.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/pack.h"

#define KEY_HEAD sizeof(uint32_t)

static struct str
make_key(struct sheet *s, uint32_t col, struct str name)
{
	s->key.n = 0;
	buf_add(&s->key, &col, KEY_HEAD);
	buf_adds(&s->key, name);
	return buf_str(&s->key);
}

static uint32_t
column_of(const struct sheet *s, uint32_t slot)
{
	uint32_t col;

	memcpy(&col, s->keys.list[slot].p, KEY_HEAD);
	return col;
}

struct str
sheet_name(const struct sheet *s, uint32_t slot)
{
	struct str key = s->keys.list[slot];

	return (struct str){key.p + KEY_HEAD, key.n - KEY_HEAD};
}

static uint32_t
add_slot(struct sheet *s, uint32_t col, struct str name)
{
	return names_add(
	    &s->keys, arena_str(&s->arena, make_key(s, col, name)));
}

void
sheet_clear(struct sheet *s)
{
	names_clear(&s->keys);
	arena_reset(&s->arena);
	for (uint32_t i = 0; i < s->spec->n_cols; i++)
		if (!s->spec->cols[i].spread && !s->spec->cols[i].dropped)
			add_slot(s, i, s->spec->cols[i].name);
}

void
sheet_init(struct sheet *s, const struct encode_spec *spec)
{
	*s = (struct sheet){.spec = spec};
	arena_init(&s->arena, 4096);
	arena_init(&s->values, 4096);
	for (unsigned i = 0; i < spec->n_cols; i++)
		s->spreads |= spec->cols[i].spread;
	sheet_clear(s);
}

void
sheet_release(struct sheet *s)
{
	names_release(&s->keys);
	arena_release(&s->arena);
	arena_release(&s->values);
	buf_release(&s->key);
	mem_free(s->cells);
}

/* The slot of a member, or NAMES_NONE. */
static uint32_t
find_slot(struct sheet *s, uint32_t col, struct str name)
{
	if (s->next < s->keys.n && column_of(s, s->next) == col &&
	    str_eq(sheet_name(s, s->next), name))
		return s->next;
	return names_find(&s->keys, make_key(s, col, name));
}

static bool
put_cell(
    struct sheet *s, uint32_t col, struct str name, struct value v, bool grow)
{
	uint32_t slot = find_slot(s, col, name);

	if (slot == NAMES_NONE) {
		if (!grow)
			return false;
		slot = add_slot(s, col, name);
		mem_grow(&s->cells, &s->cap_cells, s->keys.n, sizeof *s->cells);
	}
	s->cells[slot] = v;
	s->next = slot + 1;
	return true;
}

/* The name of a member: its key as text. */
static struct str
member_name(struct sheet *s, struct value key)
{
	struct buf text = {0};
	struct str name;

	if (key.type == T_TEXT)
		return value_str(key);
	value_print(&text, key);
	name = arena_str(&s->values, buf_str(&text));
	buf_release(&text);
	return name;
}

/* True if a column of its own has this name: it hides the member. */
static bool
is_column(const struct sheet *s, struct str name)
{
	for (uint32_t i = 0; i < s->spec->n_cols; i++)
		if (!s->spec->cols[i].spread &&
		    str_eq(s->spec->cols[i].name, name))
			return true;
	return false;
}

static bool
put_members(struct sheet *s, uint32_t col, struct value map, bool grow)
{
	const char *p = map.p, *end = map.p + map.len;
	struct value key, v;
	uint32_t n;

	if (!pack_get_map(&p, end, &n))
		return true;
	while (n--) {
		struct str name;

		if (pack_get(&p, end, &s->values, &key) != PACK_OK ||
		    pack_get(&p, end, &s->values, &v) != PACK_OK)
			return true;
		name = member_name(s, key);
		if (!is_column(s, name) && !put_cell(s, col, name, v, grow))
			return false;
	}
	return true;
}

static bool
put_column(struct sheet *s, uint32_t col, struct value v, bool grow)
{
	const struct out_column *c = &s->spec->cols[col];

	if (c->dropped)
		return true;
	if (c->spread) {
		if (v.type == T_JSON)
			v = pack_of_json(value_str(v), &s->values);
		if (v.type == T_MAP)
			return put_members(s, col, v, grow);
		if (v.type == T_NULL)
			return true;
	}
	return put_cell(s, col, c->name, v, grow);
}

bool
sheet_row(struct sheet *s, const struct batch *b, unsigned row, bool grow)
{
	arena_reset(&s->values);
	mem_grow(&s->cells, &s->cap_cells, s->keys.n, sizeof *s->cells);
	s->next = 0;
	for (uint32_t i = 0; i < s->keys.n; i++)
		s->cells[i] = VALUE_NULL;
	for (uint32_t i = 0; i < s->spec->n_cols; i++)
		if (!put_column(s, i, column_get(&b->cols[i], row), grow))
			return false;
	return true;
}

/* ---- slots that are kept ---- */

void
sheet_save(const struct sheet *s, struct buf *out)
{
	pack_put_array(out, 2 * s->keys.n);
	for (uint32_t i = 0; i < s->keys.n; i++) {
		pack_put(out, value_int(column_of(s, i)));
		pack_put_text(out, sheet_name(s, i));
	}
}

/* A slot that was saved: of a column that is still there? */
static bool
take_slot(struct sheet *s, struct value col, struct value name, unsigned *n)
{
	const struct out_column *c;

	if (col.type != T_INT || col.i < 0 || col.i >= s->spec->n_cols ||
	    (name.type != T_TEXT && name.type != T_BYTES))
		return false;
	c = &s->spec->cols[col.i];
	if (names_find(&s->keys,
		make_key(s, (uint32_t)col.i, value_str(name))) == NAMES_NONE) {
		if (!c->spread)
			return false;
		add_slot(s, (uint32_t)col.i, value_str(name));
	} else if (!c->spread) {
		++*n;
	}
	return true;
}

bool
sheet_restore(struct sheet *s, struct str saved)
{
	const char *p = saved.p, *end = saved.p + saved.n;
	uint32_t n = 0, fixed;
	unsigned n_fixed = 0;
	bool good;

	sheet_clear(s);
	fixed = s->keys.n;
	good = pack_get_array(&p, end, &n) && n % 2 == 0;
	for (uint32_t i = 0; good && i < n; i += 2) {
		struct value col, name;

		good = pack_get(&p, end, &s->values, &col) == PACK_OK &&
		       pack_get(&p, end, &s->values, &name) == PACK_OK &&
		       take_slot(s, col, name, &n_fixed);
	}
	good = good && n_fixed == fixed;
	if (!good)
		sheet_clear(s);
	return good;
}

static int
cmp_u64(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

void
sheet_order(const struct sheet *s, uint32_t *order)
{
	uint32_t n = s->keys.n;
	uint64_t *by_column = mem_array(n, sizeof *by_column);

	for (uint32_t i = 0; i < n; i++)
		by_column[i] = (uint64_t)column_of(s, i) << 32 | i;
	qsort(by_column, n, sizeof *by_column, cmp_u64);
	for (uint32_t i = 0; i < n; i++)
		order[i] = (uint32_t)by_column[i];
	mem_free(by_column);
}
