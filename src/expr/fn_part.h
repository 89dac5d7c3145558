/* SPDX-License-Identifier: MIT */
/*
 * What the families of functions share: the shape of a row function, text
 * under construction, and the tables of all families.
 *
 * Arguments come with the types of the signature and, unless FN_NULLS is set,
 * without NULLs; defaults are filled in.
 */
#ifndef WEIR_EXPR_FN_PART_H
#define WEIR_EXPR_FN_PART_H

#include "expr/fn.h"

/* A function of one row: FN_ROW(upper_row) { … *out = …; }. */
#define FN_ROW(name)                                                           \
	static void name(__attribute__((unused)) struct fn_frame *f,           \
	    __attribute__((unused)) const struct value *args,                  \
	    __attribute__((unused)) unsigned n, struct value *out)

/* A function that prepares constant arguments. */
#define FN_PREPARE(name)                                                       \
	static int name(const struct value *args, const struct where *at,      \
	    unsigned n, struct arena *arena, const void **prepared,            \
	    struct err *err)

/* Longest text a function makes. */
#define FN_TEXT_MAX ((size_t)64 << 20)

/* The table of each source file, in no order. */
#define FN_FAMILIES(X)                                                         \
	X(bits)                                                                \
	X(clock)                                                               \
	X(code)                                                                \
	X(date)                                                                \
	X(hash)                                                                \
	X(human)                                                               \
	X(ip)                                                                  \
	X(json)                                                                \
	X(json_make)                                                           \
	X(list)                                                                \
	X(logic)                                                               \
	X(map)                                                                 \
	X(math)                                                                \
	X(net)                                                                 \
	X(parse)                                                               \
	X(pattern)                                                             \
	X(set)                                                                 \
	X(text)                                                                \
	X(time)                                                                \
	X(words)

#define FN_DECLARE(family)                                                     \
	extern const struct fn fn_##family##_rows[];                           \
	extern const unsigned fn_##family##_n;
FN_FAMILIES(FN_DECLARE)
#undef FN_DECLARE

/* Text that grows in the frame's arena; over FN_TEXT_MAX the row fails. */
struct growing {
	struct fn_frame *f;
	char *p;
	size_t n, cap;
	bool over;
};

void growing_more(struct growing *g, struct str s);

static inline void
growing_add(struct growing *g, struct str s)
{
	if (s.n > g->cap - g->n) {
		growing_more(g, s);
	} else if (s.n) {
		memcpy(g->p + g->n, s.p, s.n);
		g->n += s.n;
	}
}

static inline void
growing_addc(struct growing *g, char c)
{
	if (g->n < g->cap)
		g->p[g->n++] = c;
	else
		growing_more(g, (struct str){&c, 1});
}

void growing_char(struct growing *g, uint32_t c); /* as UTF-8 */

/* The text as the row's result; NULL and a bad row if it was too long. */
void growing_done(struct growing *g, struct value *out);

/* Room for n bytes of a result, or NULL and a bad row if n is too much. */
char *fn_room(struct fn_frame *f, size_t n);

/* v as text (as value_print gives it), in the frame's arena. */
struct str fn_print(struct fn_frame *f, struct value v);

/* A constant argument's value, or -1 and an error that says it must be one. */
int fn_constant(const struct value *args, const struct where *at, unsigned i,
    const char *what, struct err *err);

#endif
