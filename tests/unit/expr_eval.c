/* SPDX-License-Identifier: MIT */
/*
 * Evaluation: what expressions give over a small table. Each one runs over
 * the whole batch, row by row, with columns of type ANY, and as a condition;
 * all ways must agree with the expected results.
 */
#include <malloc.h>

#include "base/buf.h"
#include "expr/agg.h"
#include "expr_cases.h"
#include "expr_rows.h"
#include "tap.h"

static struct arena arena;
static struct eval *ev;
static struct batch *typed, *anys;

static struct node *
parse(const char *text, struct err *err)
{
	struct source *src = arena_alloc(&arena, sizeof(*src));

	*src = (struct source){"query", arena_str(&arena, str_of(text))};
	return expr_parse_text(src, 0, (unsigned)src->text.n, &arena, err);
}

static struct expr *
bind(const char *text, struct err *err)
{
	struct scope scope = {.cols = table_cols, .n_cols = N_COLS};
	struct node *n = parse(text, err);

	return n ? expr_bind(n, &scope, &arena, err) : NULL;
}

/* ---- running ---- */

static void
put_rows(struct buf *out, const struct expr *e, const struct batch *b,
    bool one_by_one)
{
	struct column c;

	eval_begin(ev, b);
	if (!one_by_one)
		expr_eval(e, ev, b, NULL, 0, &c);
	for (unsigned r = 0; r < N_ROWS; r++) {
		uint16_t sel = (uint16_t)r;

		if (one_by_one)
			expr_eval(e, ev, b, &sel, 1, &c);
		if (r)
			buf_lit(out, " | ");
		put_result(out, ev, &c, r);
	}
}

static void
check_way(const struct expr *e, const char *text, const struct batch *b,
    bool one_by_one, const char *want, const char *way)
{
	struct buf got = {0};

	put_rows(&got, e, b, one_by_one);
	if (strcmp(buf_z(&got), want)) {
		ok(0, "%s (%s)", text, way);
		printf("# got:  %s\n# want: %s\n", buf_z(&got), want);
	}
	buf_release(&got);
}

/* As a condition: exactly the rows that are true are selected, and the bad
 * ones are dropped. A row may be filtered instead of bad where an unknown
 * condition before it already decided. */
static void
check_filter(const struct expr *e, const char *text, const char *want)
{
	struct batch *b = table_batch(false);
	unsigned k = 0, row = 0, agree = 1;

	if (expr_type(e) != T_BOOL)
		goto out;
	eval_begin(ev, b);
	expr_filter(e, ev, b);
	for (const char *p = want; p; row++) {
		bool selected = k < b->n_sel && batch_row(b, k) == row;

		if (selected != !strncmp(p, "true", 4))
			agree = 0;
		k += selected;
		p = strstr(p, " | ");
		p = p ? p + 3 : NULL;
	}
	if (!agree || b->n_sel + b->n_bad + b->n_filtered != N_ROWS)
		ok(0, "as a condition: %s", text);
out:
	batch_free(b);
}

static void
check_columns(const char *text, const char *want)
{
	struct err err = {0};
	struct expr *e = bind(text, &err);
	int before = tap_failed;

	if (!e) {
		ok(0, "%s: %s", text, err.message);
		err_release(&err);
		return;
	}
	check_way(e, text, typed, false, want, "whole");
	check_way(e, text, typed, true, want, "row by row");
	check_way(e, text, anys, false, want, "as ANY");
	check_way(e, text, anys, true, want, "as ANY, row by row");
	check_filter(e, text, want);
	if (before == tap_failed)
		ok(1, "%s", text);
}

/* ---- literals as columns ---- */

#define LITERALS_MAX 16

struct taken {
	struct scope_column cols[LITERALS_MAX];
	struct value values[LITERALS_MAX];
	unsigned n;
};

/* Replaces the literals of a tree by names of columns. */
static void
take_literals(struct node *n, struct taken *t, bool any)
{
	struct path_step *step;

	if (n->kind == NODE_CALL)
		for (unsigned i = 0; i < n->n_args; i++)
			take_literals(n->args[i], t, any);
	if (n->kind != NODE_LITERAL || t->n == LITERALS_MAX)
		return;
	step = arena_zalloc(&arena, sizeof(*step));
	step->name = arena_printf(&arena, "lit%u", t->n);
	t->values[t->n] = n->value;
	t->cols[t->n++] = (struct scope_column){
	    step->name, any || n->value.type == T_NULL ? T_ANY : n->value.type};
	n->kind = NODE_NAME;
	n->path = (struct path){step, 1};
}

/* The same expression over columns instead of constants, 3 rows of them. */
static void
check_unfolded(const char *text, const char *want, bool any)
{
	struct err err = {0};
	struct taken t = {.n = 0};
	struct node *n = parse(text, &err);
	struct scope scope;
	struct batch *b;
	struct expr *e;
	struct column c;
	struct buf got = {0};

	if (!n)
		return;
	take_literals(n, &t, any);
	scope = (struct scope){.cols = t.cols, .n_cols = t.n};
	e = expr_bind(n, &scope, &arena, &err);
	if (!e) {
		/* Types that only constants may mix are refused otherwise. */
		if (any)
			ok(0, "%s unfolded: %s", text, err.message);
		err_release(&err);
		return;
	}
	b = batch_new();
	batch_columns(b, t.n);
	b->n_rows = b->n_sel = 3;
	for (unsigned i = 0; i < t.n; i++)
		for (unsigned r = 0; r < 3; r++)
			column_put(&b->cols[i], b->arena, r, t.values[i]);
	eval_begin(ev, b);
	expr_eval(e, ev, b, NULL, 0, &c);
	put_result(&got, ev, &c, 2);
	if (strcmp(buf_z(&got), want)) {
		ok(0, "%s (%s columns)", text, any ? "any" : "typed");
		printf("# got:  %s\n# want: %s\n", buf_z(&got), want);
	}
	buf_release(&got);
	batch_free(b);
}

static void
check_scalar(const char *text, const char *want)
{
	struct err err = {0};
	struct expr *e = bind(text, &err);
	struct buf got = {0};
	struct column c;
	int before = tap_failed;

	if (!e) {
		ok(0, "%s: %s", text, err.message);
		err_release(&err);
		return;
	}
	eval_begin(ev, typed);
	expr_eval(e, ev, typed, NULL, 0, &c);
	put_result(&got, ev, &c, 1);
	if (strcmp(buf_z(&got), want)) {
		ok(0, "%s", text);
		printf("# got:  %s\n# want: %s\n", buf_z(&got), want);
	}
	buf_release(&got);
	if (!strstr(text, "ESCAPE")) {
		check_unfolded(text, want, false);
		check_unfolded(text, want, true);
	}
	if (before == tap_failed)
		ok(1, "%s", text);
}

/* ---- mistakes ---- */

static const struct {
	const char *text;
	int at;
	const char *message, *hint;
} wrong[] = {
    /* clang-format off */
    {"x", 0, "there is no column \"x\"", NULL},
    {"I", 0, "there is no column \"I\"",
    "names are case-sensitive; did you mean \"i\"?"},
    {"i.x", 0, "i is bigint: it has no fields", NULL},
    {"s + 1", 2, "cannot add text and bigint",
    "CAST(… AS type) reads a text"},
    {"i - b", 2, "cannot subtract boolean from bigint", NULL},
    {"t + t", 2, "cannot add timestamp and timestamp", NULL},
    {"u * u", 2, "cannot multiply interval by interval", NULL},
    {"l * 2", 2, "cannot multiply array by bigint", NULL},
    {"a + b", 2, "there is no arithmetic on boolean", NULL},
    {"t + 'x'", 4, "neither a time nor a duration: x", NULL},
    {"-s", 0, "cannot negate text", NULL},
    {"i = b", 2, "cannot compare bigint and boolean", NULL},
    {"t > 5", 2, "cannot compare timestamp and bigint", NULL},
    {"t > 'yesterday'", 4, "not a time: yesterday", NULL},
    {"i = 'abc'", 4, "not a number: abc", NULL},
    {"u = 'abc'", 4, "not a duration: abc", NULL},
    {"i BETWEEN 1 AND b", 2, "cannot compare bigint and boolean", NULL},
    {"i IN (1, TRUE)", 9, "cannot compare bigint and boolean", NULL},
    {"i IN ('x')", 6, "not a number: x", NULL},
    {"i AND b", 0, "AND needs a condition, not bigint", NULL},
    {"b OR s", 5, "OR needs a condition, not text", NULL},
    {"NOT i", 4, "NOT needs a condition, not bigint", NULL},
    {"CASE WHEN i THEN 1 END", 10, "WHEN needs a condition, not bigint",
    NULL},
    {"l || 'x'", 2, "cannot join array to a text", NULL},
    {"s LIKE 5", 7, "LIKE needs a text, not bigint", NULL},
    {"s LIKE 'a!' ESCAPE '!'", 7,
    "the pattern ends in its escape character", NULL},
    {"s LIKE 'a' ESCAPE '!!'", 18, "the escape must be one ASCII character",
    NULL},
    {"s ~ '('", 4, "bad pattern: missing closing parenthesis at byte 2",
    NULL},
    {"s SIMILAR TO '['", 13, "[ without ] in pattern", NULL},
    {"i[1]", 0, "i is bigint: it has no fields", NULL},
    {"(i + 1)[1]", 1, "bigint has no elements: only arrays and maps have",
    NULL},
    {"l['a' || 'b']", 2,
    "an element of an array is told by its number, not text", NULL},
    {"CAST(l AS INT)", 0, "cannot cast array to bigint", NULL},
    {"CAST(u AS BIGINT)", 0, "cannot cast interval to bigint", NULL},
    {"EXTRACT(DAY FROM i)", 17, "EXTRACT needs a time, not bigint", NULL},
    {"EXTRACT(MONTH FROM u)", 0,
    "a duration has no month: it has days at most", NULL},
    {"FLOOR(t TO DOW)", 0, "a time cannot be rounded to dow", NULL},
    {"nosuch(i)", 0, "there is no function \"nosuch\"", NULL},
    {"uper(s)", 0, "there is no function \"uper\"",
    "did you mean \"upper\"?"},
    {"colaesce(s)", 0, "there is no function \"colaesce\"",
    "did you mean \"coalesce\"?"},
    {"upper()", 0, "upper cannot take 0 arguments",
    "its signature is: text -> text"},
    {"upper(s, s)", 0, "upper cannot take 2 arguments",
    "its signature is: text -> text"},
    {"upper(l)", 6, "upper takes text here, not array",
    "its signature is: text -> text"},
    {"abs('x')", 4, "not a number: x", NULL},
    {"nullif(i)", 0, "nullif needs 2 arguments, got 1", NULL},
    {"if(b)", 0, "if needs 2 to 3 arguments, got 1", NULL},
    {"upper(DISTINCT s)", 0,
    "DISTINCT, *, FILTER and ORDER BY belong to aggregates; upper is none",
    NULL},
    {"sum(i)", 0, "the aggregate sum needs GROUP BY or a window", NULL},
    {"$p", 0, "there is no parameter \"p\"", "give it a value: -p p=…"},
    {"*", 0, "* stands for all columns and is no value", NULL},
    {"m.*", 0, "* stands for all columns and is no value", NULL},
    /* clang-format on */
};

static void
check_wrong(const char *text, int at, const char *message, const char *hint)
{
	struct err err = {0};

	if (bind(text, &err)) {
		ok(0, "%s is refused", text);
		return;
	}
	if (strcmp(err.message, message) || (int)err.where.at != at ||
	    (hint && (!err.hint || strcmp(err.hint, hint)))) {
		ok(0, "%s", text);
		printf("# got:  %u: %s (%s)\n# want: %d: %s (%s)\n",
		    err.where.at, err.message, err.hint ? err.hint : "", at,
		    message, hint ? hint : "");
	} else {
		ok(1, "%s", text);
	}
	err_release(&err);
}

/* ---- names ---- */

static int
open_field(struct scope *s, struct path path, enum type *type,
    struct where where, struct err *err)
{
	(void)where;
	(void)err;
	(void)path;
	*type = T_ANY;
	return *(int *)s->owner;
}

static void
test_names(void)
{
	struct err err = {0};
	struct node *lower = parse("upper(s)", &err);
	struct node *next = parse("s || twice", &err);
	struct scope_alias aliases[] = {
	    {STR("s"), lower}, {STR("twice"), next}, {STR("up"), lower}};
	struct scope_param params[] = {{STR("p"), value_int(5)}};
	int asked = 10;
	struct scope scope = {.cols = table_cols,
	    .n_cols = N_COLS,
	    .aliases = aliases,
	    .n_aliases = 3,
	    .params = params,
	    .n_params = 1};
	struct value v;
	unsigned col;
	struct expr *e;

	e = expr_bind(parse("s", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 4,
	    "a column before an alias");
	e = expr_bind(parse("up", &err), &scope, &arena, &err);
	ok(e && expr_type(e) == T_TEXT, "an alias");
	ok(!expr_bind(parse("twice", &err), &scope, &arena, &err) &&
		!strcmp(err.message, "there is no column \"twice\""),
	    "an alias is not visible to itself");
	ok(!expr_eval_constant(
	       parse("$p + 1", &err), &scope, &arena, &v, &err) &&
		v.i == 6,
	    "a parameter");
	ok(!expr_bind(parse("$q", &err), &scope, &arena, &err) &&
		!strcmp(err.hint, "there is only: p"),
	    "an unknown parameter");
	scope.field = open_field;
	scope.owner = &asked;
	e = expr_bind(parse("new.field[1]", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 10, "an open field");
	e = expr_bind(parse("twice", &err), &scope, &arena, &err);
	ok(e != NULL, "within its alias a name is a field");
	ok(expr_eval_constant(parse("i", &err), &scope, &arena, &v, &err) ==
		    -1 &&
		!strcmp(err.message, "this must be constant"),
	    "not constant");
	ok(expr_eval_constant(parse("1 / 0", &err), &scope, &arena, &v, &err) ==
		    -1 &&
		!strcmp(err.message, "division by zero"),
	    "a constant that fails");
	err_release(&err);
}

/* Aliases that double at each step must not take for ever. */
static void
test_alias_growth(void)
{
	struct scope_alias aliases[60];
	struct scope scope = {.aliases = aliases, .n_aliases = 60};
	struct err err = {0};

	for (unsigned k = 0; k < 60; k++) {
		char text[40];

		snprintf(text, sizeof(text), "x%u + x%u", k + 1, k + 1);
		aliases[k].name = arena_printf(&arena, "x%u", k);
		aliases[k].node =
		    parse(k == 59 ? "1" : arena_strdup(&arena, text), &err);
	}
	ok(!expr_bind(parse("x0", &err), &scope, &arena, &err) &&
		strstr(err.message, "too large"),
	    "doubling aliases");
	err_release(&err);
}

/* ---- grouping ---- */

static void
test_grouping(void)
{
	static struct scope_column out_cols[] = {{STR("window_start"), T_TIME}};
	struct err err = {0};
	struct node *keys[] = {parse("s", &err), parse("i / 10", &err)};
	enum type types[] = {T_TEXT, T_INT};
	struct scope input = {.cols = table_cols, .n_cols = N_COLS};
	struct grouping g = {.input = &input,
	    .keys = (const struct node *const *)keys,
	    .key_types = types,
	    .n_keys = 2};
	struct scope scope = {.cols = out_cols, .n_cols = 1, .grouping = &g};
	struct expr *e;
	unsigned col;

	e = expr_bind(parse("s", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 1, "a key");
	e = expr_bind(parse("i/10", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 2, "a key's expression");
	e = expr_bind(parse("window_start", &err), &scope, &arena, &err);
	ok(e && expr_is_column(e, &col) && col == 0, "a column of the window");
	e = expr_bind(parse("sum(j) + count(*)", &err), &scope, &arena, &err);
	ok(e && g.n_aggs == 2, "two aggregates");
	e = expr_bind(parse("count(*)", &err), &scope, &arena, &err);
	ok(e && g.n_aggs == 2 && expr_is_column(e, &col) && col == 4,
	    "an aggregate written twice is one");
	e = expr_bind(
	    parse("sum(j) FILTER (WHERE b)", &err), &scope, &arena, &err);
	ok(e && g.n_aggs == 3 && g.aggs[2].filter, "another with a filter");
	ok(!expr_bind(parse("j + 1", &err), &scope, &arena, &err) &&
		strstr(err.message, "neither a key of GROUP BY"),
	    "a field that is no key");
	ok(!expr_bind(parse("sum(sum(j))", &err), &scope, &arena, &err) &&
		strstr(err.message,
		    "the aggregate sum cannot be inside another one"),
	    "aggregates within one another");
	ok(node_has_aggregate(parse("1 + sum(j)", &err)) &&
		!node_has_aggregate(parse("upper(s)", &err)),
	    "has an aggregate");
	err_release(&err);
}

int
main(void)
{
	/* What each case frees, the next one takes again. */
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
	arena_init(&arena, 1 << 16);
	ev = eval_new();
	typed = table_batch(false);
	anys = table_batch(true);
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		check_scalar(scalars[i][0], scalars[i][1]);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		check_columns(columns[i][0], columns[i][1]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_wrong(wrong[i].text, wrong[i].at, wrong[i].message,
		    wrong[i].hint);
	test_names();
	test_alias_growth();
	test_grouping();
	batch_free(typed);
	batch_free(anys);
	eval_free(ev);
	arena_release(&arena);
	return tap_done();
}
