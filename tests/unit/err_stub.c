/* SPDX-License-Identifier: MIT */
/*
 * The few functions of base/err.h that the tests of times and zones need,
 * until base/err.c is there: the message as text, no more.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

static char *
format(const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	return mem_strdup(text);
}

__attribute__((weak)) int
err_set(struct err *err, enum err_code code, struct where where,
    const char *fmt, ...)
{
	va_list ap;

	err_release(err);
	err->code = code;
	err->where = where;
	va_start(ap, fmt);
	err->message = format(fmt, ap);
	va_end(ap);
	return -1;
}

__attribute__((weak)) int
err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	mem_free(err->hint);
	va_start(ap, fmt);
	err->hint = format(fmt, ap);
	va_end(ap);
	return -1;
}

__attribute__((weak)) int
err_suggest(struct err *err, struct str word, const struct str *names, size_t n)
{
	struct str near = str_nearest(word, names, n);

	if (near.p)
		return err_hint(err, "did you mean \"%.*s\"?", STR_ARG(near));
	return err_hint(err, "there are %zu names", n);
}

__attribute__((weak)) void
err_release(struct err *err)
{
	mem_free(err->message);
	mem_free(err->hint);
	err->message = err->hint = NULL;
}

__attribute__((weak)) size_t
err_quote(char *out, struct str s, size_t max)
{
	size_t n = s.n < max ? s.n : max;

	memcpy(out, s.p, n);
	out[n] = 0;
	return n;
}
