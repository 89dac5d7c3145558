/* SPDX-License-Identifier: MIT */
/*
 * The table of all functions, made from the families' rows when it is first
 * asked for: sorted by name, and an index of names and aliases.
 */
#include "expr/fn.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/must.h"
#include "expr/fn_part.h"

struct name {
	struct str name;
	const struct fn *fn;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct fn **all;
static struct name *names; /* sorted, aliases included */
static size_t n_all, cap_all, n_names, cap_names;

static void
add_name(struct str name, const struct fn *fn)
{
	size_t i = n_names;

	mem_grow(&names, &cap_names, n_names + 1, sizeof(*names));
	for (; i > 0 && str_cmp(names[i - 1].name, name) > 0; i--)
		names[i] = names[i - 1];
	must(!i || !str_eq(names[i - 1].name, name));
	names[i] = (struct name){name, fn};
	n_names++;
}

/* The words of a list separated by blanks. */
static void
add_aliases(const struct fn *fn)
{
	const char *p = fn->aliases;

	while (*p) {
		size_t n = strcspn(p, " ");

		if (n)
			add_name((struct str){p, n}, fn);
		p += n + (p[n] == ' ');
	}
}

static void
add_family(const struct fn *rows, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		size_t i = n_all;

		mem_grow(&all, &cap_all, n_all + 1, sizeof(*all));
		for (; i > 0 && strcmp(all[i - 1]->name, rows[k].name) > 0; i--)
			all[i] = all[i - 1];
		all[i] = &rows[k];
		n_all++;
		add_name(str_of(rows[k].name), &rows[k]);
		add_aliases(&rows[k]);
	}
}

static void
build(void)
{
#define FN_ADD(family) add_family(fn_##family##_rows, fn_##family##_n);
	FN_FAMILIES(FN_ADD)
#undef FN_ADD
}

const struct fn *const *
fn_all(unsigned *n)
{
	pthread_once(&once, build);
	*n = (unsigned)n_all;
	return all;
}

const struct fn *
fn_find(struct str name)
{
	size_t lo = 0, hi;

	pthread_once(&once, build);
	hi = n_names;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = str_cmp(names[mid].name, name);

		if (!order)
			return names[mid].fn;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
