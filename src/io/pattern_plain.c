/* SPDX-License-Identifier: MIT */
/*
 * A pattern that only says yes or no, and that threads share: its code lies in
 * an arena and is never written to. It is not compiled to machine code, whose
 * memory no arena could give back.
 */
#include "base/mem.h"
#include "base/must.h"
#include "io/pattern.h"
#include "io/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX 100000
#define HEAP_MAX 16384 /* KiB */

struct pattern_plain {
	pcre2_code *code;
};

static void *
take_arena(PCRE2_SIZE size, void *a)
{
	return arena_alloc(a, size);
}

static void
give_arena(void *p, void *a)
{
	(void)p;
	(void)a;
}

static void *
take(PCRE2_SIZE size, void *unused)
{
	(void)unused;
	return mem_alloc(size);
}

static void
give(void *p, void *unused)
{
	(void)unused;
	mem_free(p);
}

struct pattern_plain *
pattern_plain(
    struct str text, struct where where, struct arena *a, struct err *err)
{
	pcre2_general_context *g =
	    pcre2_general_context_create(take_arena, give_arena, a);
	pcre2_compile_context *c = pcre2_compile_context_create(g);
	struct pattern_plain *p = arena_zalloc(a, sizeof *p);
	PCRE2_UCHAR message[256];
	PCRE2_SIZE at = 0;
	int error;

	must(c);
	p->code = pcre2_compile((PCRE2_SPTR)(text.n ? text.p : ""), text.n,
	    PCRE2_NEVER_BACKSLASH_C, &error, &at, c);
	if (p->code)
		return p;
	pcre2_get_error_message(error, message, sizeof message);
	at = at < text.n ? at : text.n;
	err_set(err, ERR_SPEC,
	    text_where(where, (struct str){text.p + at, at < text.n}),
	    "in the pattern: %s", (const char *)message);
	return NULL;
}

bool
pattern_test(const struct pattern_plain *p, struct str subject)
{
	pcre2_general_context *g =
	    pcre2_general_context_create(take, give, NULL);
	pcre2_match_context *m = pcre2_match_context_create(g);
	pcre2_match_data *data = pcre2_match_data_create(1, g);
	int rc;

	must(m && data);
	pcre2_set_match_limit(m, STEPS_MAX);
	pcre2_set_heap_limit(m, HEAP_MAX);
	rc = pcre2_match(p->code, (PCRE2_SPTR)(subject.n ? subject.p : ""),
	    subject.n, 0, 0, data, m);
	pcre2_match_data_free(data);
	pcre2_match_context_free(m);
	pcre2_general_context_free(g);
	return rc >= 0;
}
