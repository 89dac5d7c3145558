/* SPDX-License-Identifier: MIT */
/*
 * Grouping sets (SQL:1999 GROUPING SETS, ROLLUP, CUBE): a row belongs to one
 * group of each set, and the keys a set leaves out are NULL there.
 *
 * Which ones is a number per set: one bit per key, the first key's the
 * highest, set if it is left out; the bits above count equal sets that come
 * before. It is a column of the result rows under a name that cannot be
 * written, and grouping(), grouping_id() and group_id() are rewritten into
 * arithmetic on that column before the rest is bound.
 */
#include "data/key.h"
#include "op/group.h"

static int64_t
all_left_out(const struct group_config *c)
{
	return ((int64_t)1 << c->n_keys) - 1;
}

bool
group_is_total(const struct group_config *c, unsigned set)
{
	if (!c->sets)
		return c->n_keys == 0;
	return (c->sets[set] & all_left_out(c)) == all_left_out(c);
}

struct str
group_total_key(const struct group_config *c, unsigned set, struct arena *a)
{
	struct buf key = {0};
	struct str s;

	for (unsigned i = 0; c->sets && i < c->n_keys; i++)
		key_put(&key, VALUE_NULL);
	if (c->sets)
		key_put(&key, value_int(set));
	s = arena_str(a, buf_str(&key));
	buf_release(&key);
	return s;
}

/* ---- the parameter ---- */

/* The key an expression of a set is: its name, its number, or itself. */
static int
find_key(const struct op *op, unsigned n_keys, const struct node *const *keys,
    const struct node *n)
{
	const struct arg *by = op_arg(op, "by");

	for (unsigned i = 0; i < n_keys; i++)
		if (node_eq(keys[i], n) ||
		    (n->kind == NODE_NAME && n->path.n == 1 &&
			str_eq(n->path.steps[0].name, by->items[i].name)))
			return (int)i;
	if (n->kind == NODE_LITERAL && n->value.type == T_INT &&
	    n->value.i >= 1 && n->value.i <= n_keys)
		return (int)n->value.i - 1;
	return -1;
}

static int
no_key(const struct op *op, unsigned n_keys, struct str what,
    struct where where, const struct bind *b)
{
	const struct arg *by = op_arg(op, "by");
	struct str *names = arena_array(b->arena, n_keys, sizeof *names);

	for (unsigned i = 0; i < n_keys; i++)
		names[i] = by->items[i].name;
	err_set(b->err, ERR_SPEC, where, "this is not one of the keys");
	return err_suggest(b->err, what, names, n_keys);
}

static struct str
name_of(const struct node *n)
{
	if (n->kind == NODE_NAME && n->path.n == 1)
		return n->path.steps[0].name;
	return (struct str){"", 0};
}

static int
read_set(const struct op *op, const struct bind *b, unsigned n_keys,
    const struct node *const *keys, const struct arg_item *item, int64_t *out)
{
	const struct node *set = item->node;

	*out = ((int64_t)1 << n_keys) - 1;
	for (unsigned i = 0; i < set->n_args; i++) {
		int key = find_key(op, n_keys, keys, set->args[i]);

		if (key < 0)
			return no_key(op, n_keys, name_of(set->args[i]),
			    set->args[i]->where, b);
		*out &= ~((int64_t)1 << (n_keys - 1 - (unsigned)key));
	}
	return 0;
}

/* rollup: the first keys, ever fewer; cube: all sets there are. */
static int
read_word(
    struct group_config *c, const struct bind *b, const struct arg_item *item)
{
	static const struct str words[] = {{"rollup", 6}, {"cube", 4}};
	struct str word = name_of(item->node);
	unsigned n = c->n_keys;

	if (str_eq_nocase(word, words[0])) {
		c->n_sets = n + 1;
		c->sets = arena_array(b->arena, n + 1, sizeof *c->sets);
		for (unsigned i = 0; i <= n; i++)
			c->sets[i] = ((int64_t)1 << i) - 1;
		return 0;
	}
	if (!str_eq_nocase(word, words[1])) {
		err_set(b->err, ERR_SPEC, item->where,
		    "rollup, cube or a list of lists of keys is expected here");
		return err_suggest(b->err, word, words, 2);
	}
	if (n > 12)
		return err_set(b->err, ERR_SPEC, item->where,
		    "more than %d grouping sets", GROUP_SETS_MAX);
	c->n_sets = 1u << n;
	c->sets = arena_array(b->arena, c->n_sets, sizeof *c->sets);
	for (unsigned i = 0; i < c->n_sets; i++)
		c->sets[i] = i;
	return 0;
}

/* Equal sets are told apart by the bits above those of the keys. */
static void
count_equals(struct group_config *c)
{
	for (unsigned i = 0; i < c->n_sets; i++) {
		int64_t equals = 0;

		for (unsigned k = 0; k < i; k++)
			equals += (c->sets[k] & all_left_out(c)) == c->sets[i];
		c->sets[i] |= equals << c->n_keys;
	}
}

int
group_sets(const struct op *op, const struct bind *b, struct group_config *c,
    const struct node *const *keys)
{
	const struct arg *arg = op_arg(op, "sets");

	c->n_sets = 1;
	if (!arg)
		return 0;
	if (c->n_keys > GROUP_SETS_KEYS || arg->n_items > GROUP_SETS_MAX)
		return err_set(b->err, ERR_SPEC, arg->where,
		    "grouping sets of more than %d keys, or more than %d sets",
		    GROUP_SETS_KEYS, GROUP_SETS_MAX);
	if (!arg->n_items)
		return err_set(b->err, ERR_SPEC, arg->where,
		    "\"sets\" needs at least one set");
	if (arg->items[0].node->kind == NODE_NAME)
		return read_word(c, b, &arg->items[0]);
	c->n_sets = arg->n_items;
	c->sets = arena_array(b->arena, c->n_sets, sizeof *c->sets);
	for (unsigned i = 0; i < c->n_sets; i++)
		if (read_set(
			op, b, c->n_keys, keys, &arg->items[i], &c->sets[i]))
			return -1;
	count_equals(c);
	return 0;
}

/* ---- grouping() ---- */

struct writer {
	const struct op *op;
	const struct group_config *c;
	const struct node *const *keys;
	const struct bind *b;
	struct where where; /* of the call */
};

static struct node *
number(const struct writer *w, int64_t i)
{
	struct node *n = arena_zalloc(w->b->arena, sizeof *n);

	n->kind = NODE_LITERAL;
	n->value = value_int(i);
	n->where = w->where;
	n->depth = n->size = 1;
	return n;
}

static struct node *
call(const struct writer *w, const char *name, struct node *a, struct node *b)
{
	struct node *n = arena_zalloc(w->b->arena, sizeof *n);

	n->kind = NODE_CALL;
	n->name = str_of(name);
	n->where = n->name_at = w->where;
	n->args = arena_array(w->b->arena, 2, sizeof *n->args);
	n->args[0] = a;
	n->args[1] = b;
	n->n_args = 2;
	n->depth = (a->depth > b->depth ? a->depth : b->depth) + 1;
	n->size = a->size + b->size + 1;
	return n;
}

/* The number of the set a result row is of; what is above and below. */
static struct node *
set_number(const struct writer *w)
{
	struct node *n = number(w, 0);

	if (!w->c->sets)
		return n;
	n->kind = NODE_NAME;
	n->path = path_of_name(w->b->arena, STR(GROUP_SET_NAME));
	return n;
}

/* grouping(a, b): a bit for each. */
static struct node *
bits_of(const struct writer *w, const struct node *n)
{
	struct node *sum = NULL;

	for (unsigned i = 0; i < n->n_args; i++) {
		const struct node *arg = n->args[i];
		int k = find_key(w->op, w->c->n_keys, w->keys, arg);
		struct node *bit;

		if (k < 0) {
			no_key(w->op, w->c->n_keys, name_of(arg), arg->where,
			    w->b);
			return NULL;
		}
		bit = call(w, "%",
		    call(w, "/", set_number(w),
			number(
			    w, (int64_t)1 << (w->c->n_keys - 1 - (unsigned)k))),
		    number(w, 2));
		sum = sum ? call(w, "+", call(w, "*", sum, number(w, 2)), bit)
			  : bit;
	}
	return sum;
}

/* What a call stands for; NULL if it is another one; *bad on an error. */
static struct node *
meaning(const struct writer *w, const struct node *n, bool *bad)
{
	struct node *all = number(w, all_left_out(w->c) + 1), *bits;

	if (n->kind != NODE_CALL)
		return NULL;
	if (str_is(n->name, "group_id") && !n->n_args)
		return call(w, "/", set_number(w), all);
	if (str_is(n->name, "grouping_id") && !n->n_args)
		return call(w, "%", set_number(w), all);
	if ((!str_is(n->name, "grouping") && !str_is(n->name, "grouping_id")) ||
	    !n->n_args || n->n_args > GROUP_SETS_KEYS)
		return NULL;
	bits = bits_of(w, n);
	*bad = !bits;
	return bits;
}

/* Trees are no deeper than the parser lets them be. */
static struct node *
write_out(struct writer *w, struct node *n)
{
	struct node *to, *out = n;
	bool bad = false;

	w->where = n->where;
	to = meaning(w, n, &bad);
	if (to || bad)
		return to;
	for (unsigned i = 0; i < n->n_args; i++) {
		struct node *arg = write_out(w, n->args[i]);

		if (!arg)
			return NULL;
		if (arg == n->args[i])
			continue;
		if (out == n) {
			out = arena_alloc(w->b->arena, sizeof *out);
			*out = *n;
			out->args = arena_array(
			    w->b->arena, n->n_args, sizeof *out->args);
			memcpy(
			    out->args, n->args, n->n_args * sizeof *out->args);
		}
		out->args[i] = arg;
	}
	return out;
}

struct node *
group_write_out(const struct op *op, const struct group_config *c,
    const struct node *const *keys, struct node *n, const struct bind *b)
{
	struct writer w = {.op = op, .c = c, .keys = keys, .b = b};

	return c->n_keys <= GROUP_SETS_KEYS ? write_out(&w, n) : n;
}
