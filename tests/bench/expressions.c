/* SPDX-License-Identifier: MIT */
/*
 * expressions [PATTERN]: nanoseconds per row of expressions over a batch of
 * made-up log rows, the least of several turns, one line each; those whose
 * text contains PATTERN. First conditions, then functions by family. The time
 * is that of the expression alone: the columns are there already.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "expr/expr.h"

#define TURNS 7
#define TURN_NS 4000000.0

/* Filters: what a WHERE costs. */
static const char *const conditions[] = {
    "i > 500",
    "i > 500 AND x < 0.5 OR k = 7",
    "i > 500 AND x < 0.5 AND k <> 7 OR i < 20",
    "s LIKE '%/api/%'",
    "s ~ '/api/v[0-9]+/(users|items)'",
    "level IN ('error', 'warning')",
};

static const char *const computed[] = {
    "i + k * 2",
    "x * 1.5e0 + i",
    "CASE WHEN i > 500 THEN 'big' ELSE 'small' END",
    "CAST(i AS TEXT)",
    /* text */
    "upper(s)",
    "substring(s, 5, 10)",
    "level || ':' || s",
    "replace(s, '/', '.')",
    "split_index(s, ' ', 1)",
    /* regular expressions */
    "regexp_extract(s, 'id=([0-9]+)', 1)",
    "regexp_replace(s, '[0-9]+', 'N')",
    /* JSON */
    "json_value(j, '$.a.b')",
    "to_json(s)",
    /* hash, encoding */
    "md5(s)",
    "sha256(s)",
    "crc32(s)",
    "to_base64(s)",
    "url_encode(s)",
    /* net */
    "host(u)",
    "cidr_contains('10.0.0.0/8', ip)",
    "inet_aton(ip)",
    /* time */
    "FLOOR(t TO MINUTE)",
    "date_trunc('day', t, 'Europe/Berlin')",
    "EXTRACT(HOUR FROM t)",
    "date_format(t, 'yyyy-MM-dd HH:mm')",
    "t + INTERVAL '5' MINUTE",
    /* math */
    "round(x, 2)",
    "sqrt(x)",
    "abs(k)",
    "bitand(i, 255)",
    /* lists */
    "split(s, ' ')",
    "l[2]",
    "array_contains(l, 3)",
    /* formatting */
    "format_bytes(i)",
    "printf('%05d %s', i, level)",
    "levenshtein(level, 'error')",
};

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- the rows ---- */

static struct scope_column names[] = {{STR("i"), T_INT}, {STR("k"), T_INT},
    {STR("x"), T_FLOAT}, {STR("s"), T_TEXT}, {STR("level"), T_TEXT},
    {STR("j"), T_TEXT}, {STR("u"), T_TEXT}, {STR("ip"), T_TEXT},
    {STR("t"), T_TIME}, {STR("l"), T_LIST}};
#define N_COLUMNS (sizeof names / sizeof *names)

static uint64_t seed = 88172645463325252u;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static struct value
list_value(struct arena *a, unsigned n)
{
	char bytes[4] = {(char)0x93, 1, (char)n, 7};

	return value_of_str(
	    T_LIST, arena_str(a, (struct str){bytes, sizeof bytes}));
}

static void
fill(struct batch *b)
{
	static const char *const levels[] = {
	    "debug", "info", "warning", "error"};
	struct arena *a = b->arena;

	batch_columns(b, N_COLUMNS);
	for (unsigned c = 0; c < N_COLUMNS; c++)
		b->cols[c] = column_new(a, names[c].type);
	for (unsigned r = 0; r < BATCH_ROWS; r++) {
		b->cols[0].i[r] = below(1000);
		b->cols[1].i[r] = (int64_t)below(20) - 10;
		b->cols[2].f[r] = below(1000000) / 1e6;
		b->cols[3].s[r] = arena_printf(a,
		    "GET /api/v%u/%s?id=%u HTTP/1.1 %u", 1 + below(3),
		    below(2) ? "users" : "orders", below(100000), below(5000));
		b->cols[4].s[r] = str_of(levels[below(4)]);
		b->cols[5].s[r] = arena_printf(
		    a, "{\"x\":%u,\"a\":{\"b\":\"v%u\"}}", below(9), below(99));
		b->cols[6].s[r] = arena_printf(
		    a, "https://www%u.example.org/p/%u", below(9), below(999));
		b->cols[7].s[r] = arena_printf(
		    a, "10.%u.%u.%u", below(256), below(256), below(256));
		b->cols[8].i[r] =
		    1772323200000000 + (int64_t)below(86400000) * 1000;
		b->cols[9].v[r] = list_value(a, below(9));
	}
	b->n_rows = b->n_sel = BATCH_ROWS;
}

/* ---- measuring ---- */

static struct expr *
bind(const char *text, struct arena *a)
{
	struct source *src = arena_alloc(a, sizeof *src);
	struct scope scope = {.cols = names, .n_cols = N_COLUMNS};
	struct err err = {0};
	struct node *n;
	struct expr *e;

	*src = (struct source){"bench", str_of(text)};
	n = expr_parse_text(src, 0, (unsigned)src->text.n, a, &err);
	e = n ? expr_bind(n, &scope, a, &err) : NULL;
	if (!e)
		fprintf(stderr, "%s: %s\n", text, err.message);
	err_release(&err);
	return e;
}

/* One batch: as a condition, or as a column. */
static void
run_once(const struct expr *e, struct eval *ev, struct batch *rows,
    struct arena *room, bool condition)
{
	struct batch b = *rows;
	struct column out;

	b.arena = room;
	eval_begin(ev, &b);
	if (condition)
		expr_filter(e, ev, &b);
	else
		expr_eval(e, ev, &b, NULL, 0, &out);
	arena_reset(room);
}

static double
ns_per_row(const struct expr *e, struct eval *ev, struct batch *b,
    struct arena *room, bool condition)
{
	double best = 1e18;

	run_once(e, ev, b, room, condition);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		double from = now_ns(), took;
		unsigned n = 0;

		do {
			for (unsigned k = 0; k < 8; k++)
				run_once(e, ev, b, room, condition);
			n += 8;
			took = now_ns() - from;
		} while (took < TURN_NS);
		took /= (double)n * BATCH_ROWS;
		best = took < best ? took : best;
	}
	return best;
}

static int
measure(const char *const *texts, size_t n, struct batch *b, const char *only,
    bool condition)
{
	struct eval *ev = eval_new();
	struct arena plan, room;
	int status = 0;

	arena_init(&plan, 1 << 16);
	arena_init(&room, 1 << 20);
	for (size_t i = 0; i < n; i++) {
		const struct expr *e;

		if (only && !strstr(texts[i], only))
			continue;
		e = bind(texts[i], &plan);
		if (e)
			printf("%8.2f ns/row  %s%s\n",
			    ns_per_row(e, ev, b, &room, condition),
			    condition ? "WHERE " : "", texts[i]);
		else
			status = 1;
	}
	arena_release(&room);
	arena_release(&plan);
	eval_free(ev);
	return status;
}

int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	struct batch *b = batch_new();
	int status;

	fill(b);
	status = measure(
	    conditions, sizeof conditions / sizeof *conditions, b, only, true);
	status |= measure(
	    computed, sizeof computed / sizeof *computed, b, only, false);
	batch_free(b);
	return status;
}
