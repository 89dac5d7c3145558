/* SPDX-License-Identifier: MIT */
/* What the families of functions share; see fn_part.h. */
#include "expr/fn_part.h"

#include "base/utf8.h"

#define TOO_LONG "text too long"

static bool
growing_reach(struct growing *g, size_t more)
{
	size_t want = g->n + more, cap = g->cap ? g->cap : 64;
	char *p;

	if (want > FN_TEXT_MAX)
		g->over = true;
	if (g->over || want <= g->cap)
		return !g->over;
	while (cap < want)
		cap *= 2;
	p = arena_alloc(g->f->eval->arena, cap);
	if (g->n)
		memcpy(p, g->p, g->n);
	g->p = p;
	g->cap = cap;
	return true;
}

void
growing_more(struct growing *g, struct str s)
{
	if (!s.n || !growing_reach(g, s.n))
		return;
	memcpy(g->p + g->n, s.p, s.n);
	g->n += s.n;
}

void
growing_char(struct growing *g, uint32_t c)
{
	char bytes[4];

	growing_add(g, (struct str){bytes, utf8_put(bytes, c)});
}

void
growing_done(struct growing *g, struct value *out)
{
	if (g->over) {
		fn_fail(g->f, TOO_LONG);
		*out = VALUE_NULL;
		return;
	}
	*out = value_text(g->n ? (struct str){g->p, g->n} : STR(""));
}

char *
fn_room(struct fn_frame *f, size_t n)
{
	if (n > FN_TEXT_MAX) {
		fn_fail(f, TOO_LONG);
		return NULL;
	}
	return arena_alloc(f->eval->arena, n + 1);
}

struct str
fn_print(struct fn_frame *f, struct value v)
{
	struct buf b = {0};
	struct str s;

	if (v.type == T_TEXT)
		return value_str(v);
	value_print(&b, v);
	s = arena_str(f->eval->arena, buf_str(&b));
	buf_release(&b);
	return s;
}

int
fn_constant(const struct value *args, const struct where *at, unsigned i,
    const char *what, struct err *err)
{
	if (args[i].type != T_ANY)
		return 0;
	return err_set(err, ERR_SPEC, at ? at[i] : (struct where){0},
	    "the %s must be a constant", what);
}
