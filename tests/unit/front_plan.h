/* SPDX-License-Identifier: MIT */
/* What tests of the front ends share: text to spec, text to mistake. */
#ifndef WEIR_TESTS_FRONT_PLAN_H
#define WEIR_TESTS_FRONT_PLAN_H

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "front/front.h"
#include "tap.h"

typedef int parse_fn(struct plan *p, const struct source *src, struct err *err);

/* "3:8: message | hint", without the hint if there is none. */
__attribute__((unused)) static void
put_mistake(struct buf *out, const struct err *err)
{
	unsigned line = 0, col = 0;

	if (err->where.src)
		where_line(err->where, &line, &col);
	buf_printf(out, "%u:%u: %s", line, col, err->message);
	if (err->hint)
		buf_printf(out, " | %s", err->hint);
}

/*
 * Parses, and binds if asked to; out is the plan as a spec (without its first
 * line, "weir: 1"), or the mistake.
 */
__attribute__((unused)) static void
parse_plan(parse_fn *parse, const char *text, bool bind, struct buf *out)
{
	struct source src = {"test", str_of(text)};
	struct err err = {0};
	struct plan p;

	out->n = 0;
	plan_init(&p);
	if (parse(&p, &src, &err) || (bind && plan_bind(&p, &err))) {
		put_mistake(out, &err);
	} else {
		yaml_print(&p, out);
		out->n -= 8;
		memmove(out->p, out->p + 8, out->n);
	}
	buf_z(out);
	err_release(&err);
	plan_release(&p);
}

/* A spec must read back as itself. */
__attribute__((unused)) static void
check_round_trip(const char *spec, const char *what)
{
	struct buf text = {0}, again = {0};

	buf_printf(&text, "weir: 1\n%s", spec);
	parse_plan(yaml_parse, buf_z(&text), false, &again);
	same(buf_z(&again), spec, what);
	buf_release(&text);
	buf_release(&again);
}

struct front_case {
	const char *text, *want;
};

#endif
