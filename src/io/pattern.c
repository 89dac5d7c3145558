/* SPDX-License-Identifier: MIT */
/* Compiling and matching with PCRE2; see pattern.h. */
#include "io/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/simd.h"
#include "io/text.h"

#define STEPS_MAX 100000
#define HEAP_MAX 16384 /* KiB, of the interpreter */
#define STACK_FIRST ((size_t)32 << 10)
#define STACK_MAX ((size_t)1 << 20)

struct pattern {
	pcre2_general_context *general;
	pcre2_code *utf;   /* for any subject */
	pcre2_code *bytes; /* for ASCII; NULL if it could differ */
	pcre2_match_data *data;
	pcre2_match_context *match;
	pcre2_jit_stack *stack;
	uint32_t *groups; /* numbers of the names */
	unsigned n;
};

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

/* Compiles; NULL with the error's number and offset. */
static pcre2_code *
compile(pcre2_general_context *general, struct str text, uint32_t options,
    int *error, size_t *at)
{
	pcre2_compile_context *c = pcre2_compile_context_create(general);
	pcre2_code *code;
	PCRE2_SIZE offset = 0;

	must(c);
	code = pcre2_compile((PCRE2_SPTR)(text.n ? text.p : ""), text.n,
	    options | PCRE2_NEVER_BACKSLASH_C, error, &offset, c);
	*at = offset < text.n ? offset : text.n;
	pcre2_compile_context_free(c);
	return code;
}

/* ---- names ---- */

struct group {
	struct str name;
	uint32_t number;
};

static int
by_number(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* The named groups of a code, sorted by number; names live in the arena. */
static unsigned
list_groups(const pcre2_code *code, struct arena *a, struct group **out)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR table = NULL;
	struct group *list;

	pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
	list = arena_array(a, n, sizeof *list);
	for (uint32_t i = 0; i < n; i++) {
		PCRE2_SPTR entry = table + i * size;

		list[i].number = (uint32_t)entry[0] << 8 | entry[1];
		list[i].name = str_of(arena_strdup(a, (const char *)entry + 2));
	}
	qsort(list, n, sizeof *list, by_number);
	*out = list;
	return n;
}

static int
take_names(const pcre2_code *code, struct where where, struct arena *a,
    const struct str **names, unsigned *n, struct err *err)
{
	struct group *groups;
	struct str *list;

	*n = list_groups(code, a, &groups);
	if (!*n) {
		err_set(err, ERR_SPEC, where, "the pattern names no fields");
		return err_hint(
		    err, "a group (?<name>...) makes what it matches a field");
	}
	list = arena_array(a, *n, sizeof *list);
	for (unsigned i = 0; i < *n; i++) {
		list[i] = groups[i].name;
		for (unsigned k = 0; k < i; k++)
			if (str_eq(list[k], list[i]))
				return err_set(err, ERR_SPEC, where,
				    "the pattern has two groups named \"%.*s\"",
				    STR_ARG(list[i]));
	}
	*names = list;
	return 0;
}

int
pattern_names(struct str text, struct where where, struct arena *a,
    const struct str **names, unsigned *n, struct err *err)
{
	pcre2_general_context *g =
	    pcre2_general_context_create(take, give, NULL);
	pcre2_code *code;
	PCRE2_UCHAR message[256];
	int error, rc;
	size_t at;

	must(g);
	code = compile(g, text, PCRE2_UTF, &error, &at);
	if (code) {
		rc =
		    take_names(code, text_where(where, text), a, names, n, err);
	} else {
		struct str rest = {text.p + at, at < text.n};

		pcre2_get_error_message(error, message, sizeof message);
		rc = err_set(err, ERR_SPEC, text_where(where, rest),
		    "in the pattern: %s", (const char *)message);
	}
	pcre2_code_free(code);
	pcre2_general_context_free(g);
	return rc;
}

bool
pattern_wrong(struct str text, struct arena *a, const char **why, size_t *at)
{
	pcre2_general_context *g =
	    pcre2_general_context_create(take, give, NULL);
	PCRE2_UCHAR message[256];
	pcre2_code *code;
	int error;

	must(g);
	code = compile(g, text, PCRE2_UTF, &error, at);
	if (!code) {
		pcre2_get_error_message(error, message, sizeof message);
		*why = arena_strdup(a, (const char *)message);
	}
	pcre2_code_free(code);
	pcre2_general_context_free(g);
	return !code;
}

/* ---- compiling ---- */

static bool
is_ascii(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	uint64_t w, or = 0;

	for (; end - p >= 8; p += 8) {
		memcpy(&w, p, 8);
		or |= w;
	}
	for (; p < end; p++)
		or |= (uint64_t)(unsigned char)*p << 56 & 0x8080808080808080u;
	return !(or &0x8080808080808080u);
}

/* Both codes of a text; false if it does not compile. */
static bool
compile_both(struct pattern *p, struct str text)
{
	int error;
	size_t at;

	p->utf = compile(p->general, text, PCRE2_UTF, &error, &at);
	if (!p->utf)
		return false;
	/*
	 * By bytes an ASCII pattern does the same on ASCII: what it could
	 * name beyond (\x{17f} is an s without case) does not compile then.
	 */
	if (is_ascii(text))
		p->bytes = compile(p->general, text, 0, &error, &at);
	return true;
}

static void
find_groups(struct pattern *p, const struct str *names, unsigned n)
{
	struct arena a;
	struct group *groups;
	unsigned n_groups;

	arena_init(&a, 1024);
	n_groups = list_groups(p->utf, &a, &groups);
	p->n = n;
	p->groups = mem_array(n, sizeof *p->groups);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		while (k < n_groups && !str_eq(groups[k].name, names[i]))
			k++;
		must(k < n_groups);
		p->groups[i] = groups[k].number;
	}
	arena_release(&a);
}

struct pattern *
pattern_new(struct str text, const struct str *names, unsigned n)
{
	struct pattern *p = mem_zalloc(sizeof *p);
	struct buf trimmed = {0};

	p->general = pcre2_general_context_create(take, give, NULL);
	must(p->general);
	if (!pattern_trim(text, names, n, &trimmed) ||
	    !compile_both(p, buf_str(&trimmed)))
		must(compile_both(p, text));
	buf_release(&trimmed);
	/* Without JIT support the interpreter does the same, only slower. */
	pcre2_jit_compile(p->utf, PCRE2_JIT_COMPLETE);
	if (p->bytes)
		pcre2_jit_compile(p->bytes, PCRE2_JIT_COMPLETE);
	p->data = pcre2_match_data_create_from_pattern(p->utf, p->general);
	p->match = pcre2_match_context_create(p->general);
	must(p->data && p->match);
	pcre2_set_match_limit(p->match, STEPS_MAX);
	pcre2_set_depth_limit(p->match, STEPS_MAX);
	pcre2_set_heap_limit(p->match, HEAP_MAX);
	p->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, p->general);
	if (p->stack)
		pcre2_jit_stack_assign(p->match, NULL, p->stack);
	find_groups(p, names, n);
	return p;
}

void
pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_jit_stack_free(p->stack);
	pcre2_match_context_free(p->match);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->bytes);
	pcre2_code_free(p->utf);
	pcre2_general_context_free(p->general);
	mem_free(p->groups);
	mem_free(p);
}

/* ---- matching ---- */

enum pattern_status
pattern_match(struct pattern *p, struct str s)
{
	const pcre2_code *code = p->bytes && is_ascii(s) ? p->bytes : p->utf;
	int rc = pcre2_match(code, (PCRE2_SPTR)(s.n ? s.p : ""), s.n, 0,
	    PCRE2_NO_UTF_CHECK, p->data, p->match);

	if (rc > 0)
		return PATTERN_MATCH;
	return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO_MATCH : PATTERN_COSTLY;
}

struct str
pattern_group(const struct pattern *p, struct str subject, unsigned i)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(p->data);
	size_t from = o[2 * p->groups[i]], to = o[2 * p->groups[i] + 1];

	if (from == PCRE2_UNSET || from > to)
		return (struct str){NULL, 0};
	return (struct str){subject.p + from, to - from};
}
