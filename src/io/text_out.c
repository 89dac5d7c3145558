/* SPDX-License-Identifier: MIT */
/*
 * Values as text, and text made harmless for a terminal: an escape sequence
 * in a log line must not reach the terminal as one.
 */
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "io/text.h"

/* Characters that move the cursor, ring, or turn the writing direction. */
static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static void
put_escape(struct buf *out, uint32_t c)
{
	if (c == '\n')
		buf_lit(out, "\\n");
	else if (c == '\t')
		buf_lit(out, "\\t");
	else if (c == '\r')
		buf_lit(out, "\\r");
	else
		buf_printf(out, c < 0x100 ? "\\x%02x" : "\\u{%x}", c);
}

void
text_visible(struct buf *out, struct str s, const char *keep)
{
	const char *p = s.p, *end = s.p + s.n, *from;

	while (p < end) {
		uint32_t c;

		from = p;
		c = utf8_next(&p, end);
		if (!is_control(c) || (c && c < 0x80 && strchr(keep, (int)c)))
			buf_add(out, from, (size_t)(p - from));
		else
			put_escape(out, c);
	}
}

/* Controls of UTF-8 text are ASCII controls or begin with one of these. */
static bool
may_have_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || c == 0xc2 || c == 0xd8 ||
		    c == 0xe2)
			return true;
	}
	return false;
}

static void
make_visible(struct buf *out, size_t from, const char *keep)
{
	struct str s = {out->p + from, out->n - from};
	struct buf copy = {0};

	if (!s.n || !may_have_control(s))
		return;
	buf_adds(&copy, s);
	out->n = from;
	text_visible(out, buf_str(&copy), keep);
	buf_release(&copy);
}

void
text_value(struct buf *out, struct value v, const char *keep)
{
	size_t from = out->n;

	if (v.type == T_TEXT) {
		buf_adds(out, value_str(v));
	} else if (v.type == T_INT) {
		out->n =
		    (size_t)(num_put_int(buf_reserve(out, NUM_INT_MAX), v.i) -
			     out->p);
		return;
	} else {
		value_print(out, v);
	}
	if (keep)
		make_visible(out, from, keep);
}

void
text_nothing(struct encoder *e, struct buf *out)
{
	(void)e;
	(void)out;
}

/* ---- settings ---- */

int
text_check_column(const struct encode_spec *spec, struct err *err)
{
	const struct settings *s = &spec->settings;
	struct str *names = mem_array(spec->n_cols + 1, sizeof *names);
	bool found = false;

	for (unsigned i = 0; i < spec->n_cols; i++) {
		names[i] = spec->cols[i].name;
		found |= spec->cols[i].spread || str_eq(names[i], s->arg);
	}
	if (!found) {
		err_set(err, s->where.src ? ERR_SPEC : ERR_USAGE, s->where,
		    "there is no column \"%.*s\" to draw", STR_ARG(s->arg));
		err_suggest(err, s->arg, names, spec->n_cols);
	}
	mem_free(names);
	return found ? 0 : -1;
}
