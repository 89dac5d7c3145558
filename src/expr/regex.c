/* SPDX-License-Identifier: MIT */
/*
 * PCRE2 behind a small door. Patterns take their memory from the plan's arena
 * and so die with it; match data, the JIT's stack and the pool of run-time
 * patterns belong to one thread. Text is valid UTF-8 by the rules of values,
 * so PCRE2 need not check it again.
 */
#include "expr/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "expr/code.h"

#define POOL_SIZE 64	     /* run-time patterns kept */
#define MATCH_LIMIT 1000000  /* steps for one row */
#define HEAP_LIMIT_KIB 20000 /* without JIT */
#define STACK_MIN (32 * 1024)
#define STACK_MAX (1024 * 1024)
#define PATTERN_MAX 65536

struct regex {
	pcre2_code *code;
	unsigned n_groups;
};

struct pooled {
	struct regex regex;
	struct str pattern; /* owned */
	unsigned flags;
	bool used;
};

struct regex_pool {
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct pooled slots[POOL_SIZE];
};

static void *
arena_get(size_t size, void *arena)
{
	return arena_alloc((struct arena *)arena, size);
}

static void
arena_put(void *p, void *arena)
{
	(void)p;
	(void)arena;
}

static void *
heap_get(size_t size, void *unused)
{
	(void)unused;
	return mem_alloc(size);
}

static void
heap_put(void *p, void *unused)
{
	(void)unused;
	mem_free(p);
}

static pcre2_general_context *
heap_context(void)
{
	pcre2_general_context *g;

	g = pcre2_general_context_create(heap_get, heap_put, NULL);
	must(g);
	return g;
}

/*
 * The code, or NULL with PCRE2's message in text. A context is only read
 * while compiling; the code keeps its own copy.
 */
static pcre2_code *
compile(struct str pattern, unsigned flags, pcre2_general_context *g,
    char *text, size_t text_size)
{
	uint32_t opts = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *c = pcre2_compile_context_create(g);
	pcre2_code *code;
	PCRE2_SIZE at = 0;
	int number = 0;
	size_t n;

	must(c);
	pcre2_set_parens_nest_limit(c, 200);
	if (flags & REGEX_NOCASE)
		opts |= PCRE2_CASELESS;
	if (flags & REGEX_WHOLE)
		opts |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	if (flags & REGEX_DOTALL)
		opts |= PCRE2_DOTALL;
	code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""),
	    pattern.n, opts, &number, &at, c);
	pcre2_compile_context_free(c);
	if (!code) {
		if (pcre2_get_error_message(
			number, (PCRE2_UCHAR *)text, text_size) < 0)
			text[0] = 0;
		n = strlen(text);
		snprintf(text + n, text_size - n, " at byte %zu", at + 1);
		return NULL;
	}
	/* Without JIT, or when it does not support the pattern, matching
	 * falls back to the interpreter by itself. */
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

static const char *
set_groups(struct regex *r)
{
	uint32_t n = 0;

	pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &n);
	r->n_groups = n;
	return n > REGEX_GROUPS_MAX ? "more than 99 groups" : NULL;
}

const struct regex *
regex_compile(struct str pattern, unsigned flags, struct arena *arena,
    struct where where, struct err *err)
{
	struct regex *r = arena_zalloc(arena, sizeof(*r));
	pcre2_general_context *g;
	const char *more;
	char text[256];

	if (pattern.n > PATTERN_MAX) {
		err_set(err, ERR_SPEC, where, "the pattern is too long");
		return NULL;
	}
	g = pcre2_general_context_create(arena_get, arena_put, arena);
	must(g);
	r->code = compile(pattern, flags, g, text, sizeof(text));
	if (!r->code) {
		err_set(err, ERR_SPEC, where, "bad pattern: %s", text);
		return NULL;
	}
	more = set_groups(r);
	if (more) {
		err_set(err, ERR_SPEC, where, "bad pattern: %s", more);
		return NULL;
	}
	return r;
}

unsigned
regex_groups(const struct regex *r)
{
	return r->n_groups;
}

int
regex_group(const struct regex *r, struct str name)
{
	char z[64];
	int n;

	if (name.n >= sizeof(z) || memchr(name.p, 0, name.n))
		return -1;
	memcpy(z, name.p, name.n);
	z[name.n] = 0;
	n = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)z);
	return n > 0 ? n : -1;
}

static enum regex_status
take_spans(const struct regex *r, pcre2_match_data *md,
    struct regex_span *spans, unsigned n_spans)
{
	const PCRE2_SIZE *ov = pcre2_get_ovector_pointer(md);

	for (unsigned i = 0; i < n_spans; i++) {
		if (i > r->n_groups || ov[2 * i] == PCRE2_UNSET) {
			spans[i] = (struct regex_span){SIZE_MAX, SIZE_MAX};
			continue;
		}
		spans[i].from = ov[2 * i];
		spans[i].until = ov[2 * i + 1];
		if (spans[i].until < spans[i].from) /* \K in a lookahead */
			spans[i].until = spans[i].from;
	}
	return REGEX_YES;
}

static struct regex_pool *
pool_new(void)
{
	struct regex_pool *pool = mem_zalloc(sizeof(*pool));
	pcre2_general_context *g = heap_context();

	pool->match = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, g);
	pool->context = pcre2_match_context_create(g);
	pool->stack = pcre2_jit_stack_create(STACK_MIN, STACK_MAX, g);
	must(pool->match && pool->context);
	pcre2_set_match_limit(pool->context, MATCH_LIMIT);
	pcre2_set_heap_limit(pool->context, HEAP_LIMIT_KIB);
	if (pool->stack) /* NULL where PCRE2 was built without JIT */
		pcre2_jit_stack_assign(pool->context, NULL, pool->stack);
	pcre2_general_context_free(g);
	return pool;
}

/* Made when the first pattern is matched: most evaluations have none. */
static struct regex_pool *
pool_of(struct eval *ev)
{
	if (!ev->cache->regex)
		ev->cache->regex = pool_new();
	return ev->cache->regex;
}

enum regex_status
regex_match(const struct regex *r, struct eval *ev, struct str text,
    size_t from, struct regex_span *spans, unsigned n_spans)
{
	struct regex_pool *pool = pool_of(ev);
	int rc;

	rc = pcre2_match(r->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n,
	    from, PCRE2_NO_UTF_CHECK, pool->match, pool->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return REGEX_NO;
	if (rc < 0)
		return REGEX_LIMIT;
	return take_spans(r, pool->match, spans, n_spans);
}

static void
slot_clear(struct pooled *p)
{
	if (p->used) {
		pcre2_code_free(p->regex.code);
		mem_free((void *)(uintptr_t)p->pattern.p);
	}
	*p = (struct pooled){0};
}

void
regex_pool_free(struct regex_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < POOL_SIZE; i++)
		slot_clear(&pool->slots[i]);
	pcre2_match_data_free(pool->match);
	pcre2_match_context_free(pool->context);
	pcre2_jit_stack_free(pool->stack);
	mem_free(pool);
}

static void
slot_fill(
    struct pooled *p, pcre2_code *code, struct str pattern, unsigned flags)
{
	char *copy = mem_alloc(pattern.n + 1);

	slot_clear(p);
	if (pattern.n)
		memcpy(copy, pattern.p, pattern.n);
	*p = (struct pooled){.regex.code = code,
	    .pattern = {copy, pattern.n},
	    .flags = flags,
	    .used = true};
}

const struct regex *
regex_pooled(
    struct eval *ev, struct str pattern, unsigned flags, const char **reason)
{
	/* A slot per hash: two patterns in one slot displace each other, which
	 * costs time, never correctness. */
	uint64_t h = hash_bytes(pattern.p, pattern.n) + flags;
	struct pooled *p = &pool_of(ev)->slots[h % POOL_SIZE];
	pcre2_general_context *g;
	pcre2_code *code;
	char text[256] = "too long";

	if (p->used && p->flags == flags && str_eq(p->pattern, pattern))
		return &p->regex;
	g = heap_context();
	code = pattern.n > PATTERN_MAX
		   ? NULL
		   : compile(pattern, flags, g, text, sizeof(text));
	pcre2_general_context_free(g);
	if (!code) {
		*reason = arena_printf(ev->arena, "bad pattern: %s", text).p;
		return NULL;
	}
	slot_fill(p, code, pattern, flags);
	*reason = set_groups(&p->regex);
	if (*reason) {
		slot_clear(p);
		return NULL;
	}
	return &p->regex;
}

/* [:ALPHA:] at s[i]: in lower case, as PCRE2 has it. Returns the offset of its
 * last byte, or i if there is none. */
static size_t
named_class(struct str s, size_t i, struct buf *out)
{
	size_t end = i + 2;

	if (i + 1 >= s.n || s.p[i] != '[' || s.p[i + 1] != ':')
		return i;
	while (end < s.n && s.p[end] != ':' && s.p[end] != ']')
		end++;
	if (end + 1 >= s.n || s.p[end] != ':' || s.p[end + 1] != ']')
		return i;
	for (; i <= end; i++)
		buf_addc(out, s.p[i] >= 'A' && s.p[i] <= 'Z'
				  ? (char)(s.p[i] | 32)
				  : s.p[i]);
	buf_addc(out, ']');
	return i;
}

/* Inside […] of SIMILAR TO: taken over but for backslashes. Returns the
 * offset behind the bracket, or 0 if it is not closed. */
static size_t
similar_class(struct str s, size_t i, struct buf *out)
{
	size_t first;

	buf_addc(out, '[');
	i++;
	if (i < s.n && s.p[i] == '^') {
		buf_addc(out, '^');
		i++;
	}
	for (first = i; i < s.n && (s.p[i] != ']' || i == first); i++) {
		size_t last = named_class(s, i, out);

		if (last > i) {
			i = last;
			continue;
		}
		if (s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	if (i >= s.n)
		return 0;
	buf_addc(out, ']');
	return i + 1;
}

static void
similar_char(struct buf *out, char c)
{
	if (c == '%')
		buf_lit(out, ".*");
	else if (c == '_')
		buf_addc(out, '.');
	else if (strchr("\\.^$", c) && c)
		buf_printf(out, "\\%c", c);
	else
		buf_addc(out, c);
}

static bool
ispunct_ascii(char c)
{
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') &&
	       !((c | 32) >= 'a' && (c | 32) <= 'z');
}

static const char *
similar(struct str s, char escape, struct buf *out)
{
	for (size_t i = 0; i < s.n;) {
		if (escape && s.p[i] == escape) {
			if (++i == s.n)
				return "pattern ends in its escape character";
			if (ispunct_ascii(s.p[i]))
				buf_addc(out, '\\');
			buf_addc(out, s.p[i++]);
		} else if (s.p[i] == '[') {
			i = similar_class(s, i, out);
			if (!i)
				return "[ without ] in pattern";
		} else {
			similar_char(out, s.p[i++]);
		}
	}
	return NULL;
}

bool
regex_of_similar(struct str pattern, char escape, struct arena *arena,
    struct str *out, const char **reason)
{
	struct buf b = {0};

	*reason = similar(pattern, escape, &b);
	*out = arena_str(arena, buf_str(&b));
	buf_release(&b);
	return !*reason;
}
