/* SPDX-License-Identifier: MIT */
/* Paths of names and elements into nested values. */
#include "data/path.h"

#include "base/num.h"
#include "data/pack.h"

struct path
path_of_name(struct arena *a, struct str name)
{
	struct path_step *step = arena_alloc(a, sizeof *step);

	*step = (struct path_step){.name = arena_str(a, name)};
	return (struct path){step, 1};
}

static bool
step_eq(const struct path_step *a, const struct path_step *b)
{
	if (!a->name.p || !b->name.p)
		return !a->name.p && !b->name.p && a->index == b->index;
	return str_eq(a->name, b->name);
}

bool
path_eq(struct path a, struct path b)
{
	unsigned i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (!step_eq(&a.steps[i], &b.steps[i]))
			return false;
	return true;
}

static bool
letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* Needs no backticks: a letter, then letters and digits. */
static bool
plain(struct str name)
{
	size_t i;

	if (!name.n || !letter(name.p[0]))
		return false;
	for (i = 1; i < name.n; i++)
		if (!letter(name.p[i]) && (name.p[i] < '0' || name.p[i] > '9'))
			return false;
	return true;
}

static void
print_name(struct buf *out, struct str name)
{
	if (plain(name))
		buf_adds(out, name);
	else
		buf_quoted(out, name, '`');
}

static void
print_index(struct buf *out, uint32_t index)
{
	char digits[NUM_INT_MAX];

	buf_addc(out, '[');
	buf_add(out, digits,
	    (size_t)(num_put_uint(digits, (uint64_t)index + 1) - digits));
	buf_addc(out, ']');
}

void
path_print(struct buf *out, struct path p)
{
	unsigned i;

	for (i = 0; i < p.n; i++) {
		if (!p.steps[i].name.p) {
			print_index(out, p.steps[i].index);
			continue;
		}
		if (i)
			buf_addc(out, '.');
		print_name(out, p.steps[i].name);
	}
}

struct value
path_get(struct value v, struct path p, unsigned from, struct arena *a)
{
	const struct path_step *s;

	for (; from < p.n; from++) {
		s = &p.steps[from];
		if (v.type == T_JSON)
			v = pack_of_json(value_str(v), a);
		if (s->name.p ? !pack_map_find(v, s->name, a, &v)
			      : !pack_list_at(v, s->index, a, &v))
			return VALUE_NULL;
	}
	return v;
}
