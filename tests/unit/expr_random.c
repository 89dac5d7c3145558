/* SPDX-License-Identifier: MIT */
/*
 * Random expressions over random rows: however the rows are cut into batches
 * and selections, whatever the type of the columns that carry them, and after
 * printing and parsing the expression, every row gives the same result (or
 * fails for the same reason).
 */
#include "base/buf.h"
#include "base/mem.h"
#include "data/batch.h"
#include "expr/expr.h"
#include "tap.h"

#define ROWS 70
#define N_COLS 10
#define ROUNDS 3000

static uint64_t seed = 20260328;
static struct arena arena, texts;
static struct eval *ev;

static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* ---- random rows ---- */

static const struct scope_column cols[N_COLS] = {{STR("i"), T_INT},
    {STR("j"), T_INT}, {STR("f"), T_FLOAT}, {STR("s"), T_TEXT},
    {STR("b"), T_BOOL}, {STR("t"), T_TIME}, {STR("u"), T_DURATION},
    {STR("d"), T_DATE}, {STR("a"), T_ANY}, {STR("c"), T_ANY}};

static struct value
random_of(enum type t)
{
	static const int64_t ints[] = {
	    0, 1, -1, 2, 3, 7, 10, INT64_MAX, INT64_MIN, 1000000};
	static const double floats[] = {
	    0, 1, -1.5, 2, 0.5, 1e300, -0.0, 3e18, 1e-9, 7};
	static const char *const strs[] = {"", "a", "abc", "12", "-3", "1.5",
	    "true", "2026-01-01T00:00:00Z", "5m", "a%b"};
	unsigned k = pick(10);

	if (!pick(6))
		return VALUE_NULL;
	switch (t) {
	case T_BOOL:
		return value_bool(k & 1);
	case T_FLOAT:
		return value_float(k == 9 ? __builtin_nan("") : floats[k]);
	case T_TEXT:
		return value_text(str_of(strs[k]));
	case T_TIME:
		return value_time(ints[k] / 1000 * 7);
	case T_DATE:
		return value_date((int64_t)k * 7 * 86400000000);
	case T_DURATION:
		return value_duration(ints[k] / 1000 * 3);
	case T_ANY:
		return random_of((enum type[]){T_INT, T_FLOAT, T_TEXT, T_BOOL,
		    T_TIME, T_DURATION, T_DATE}[pick(7)]);
	case T_NULL:
	case T_INT:
	case T_DECIMAL:
	case T_BYTES:
	case T_LIST:
	case T_MAP:
	case T_JSON:
		break;
	}
	return value_int(ints[k]);
}

static void
random_batches(struct batch *typed, struct batch *any)
{
	batch_columns(typed, N_COLS);
	batch_columns(any, N_COLS);
	typed->n_rows = typed->n_sel = any->n_rows = any->n_sel = ROWS;
	for (unsigned c = 0; c < N_COLS; c++) {
		enum type kind = cols[c].type;

		/* "c" is dynamic, but all of one type. */
		if (c == N_COLS - 1)
			kind = (enum type[]){
			    T_INT, T_FLOAT, T_TEXT, T_NULL}[pick(4)];
		any->cols[c] = column_new(any->arena, T_ANY);
		for (unsigned r = 0; r < ROWS; r++) {
			struct value v =
			    kind == T_NULL ? VALUE_NULL : random_of(kind);

			column_put(&typed->cols[c], typed->arena, r, v);
			column_put(&any->cols[c], any->arena, r, v);
		}
	}
}

/* ---- random expressions ---- */

static void put_number(struct buf *out, int depth);

static void
put_any(struct buf *out, int depth)
{
	static const char *const leaves[] = {"a", "c", "s", "i", "f", "t", "u",
	    "d", "b", "NULL", "'abc'", "'12'", "5", "1.5", "2e0", "5m"};

	if (pick(3) || depth <= 0)
		buf_addz(out, leaves[pick(16)]);
	else
		put_number(out, depth);
}

static void
put_text(struct buf *out, int depth)
{
	if (depth <= 0 || pick(3)) {
		buf_addz(out,
		    (const char *[]){"s", "'abc'", "a", "c", "''"}[pick(5)]);
		return;
	}
	if (pick(2)) {
		buf_lit(out, "upper(");
		put_text(out, depth - 1);
		buf_addc(out, ')');
	} else {
		put_text(out, depth - 1);
		buf_lit(out, " || ");
		put_any(out, depth - 1);
	}
}

static void
put_condition(struct buf *out, int depth)
{
	static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
	static const char *const patterns[] = {
	    "'a%'", "'%b%'", "'_b%'", "'%c'", "s"};

	if (depth <= 0) {
		buf_addz(out, (const char *[]){"b", "i > 1", "TRUE", "NULL",
				  "j = 0", "f < 2"}[pick(6)]);
		return;
	}
	buf_addc(out, '(');
	switch (pick(10)) {
	case 0:
	case 1:
		put_condition(out, depth - 1);
		buf_addz(out, pick(2) ? " AND " : " OR ");
		put_condition(out, depth - 1);
		if (pick(2)) {
			buf_addz(out, pick(2) ? " AND " : " OR ");
			put_condition(out, depth - 1);
		}
		break;
	case 2:
		buf_lit(out, "NOT ");
		put_condition(out, depth - 1);
		break;
	case 3:
		put_any(out, depth - 1);
		buf_addz(out, pick(2) ? " IS NULL" : " IS NOT NULL");
		break;
	case 4:
		put_number(out, depth - 1);
		buf_lit(out, " BETWEEN ");
		put_number(out, depth - 1);
		buf_lit(out, " AND ");
		put_number(out, depth - 1);
		break;
	case 5:
		put_any(out, depth - 1);
		buf_addz(out, pick(2) ? " IN (" : " NOT IN (");
		put_any(out, depth - 1);
		buf_addz(out, pick(2) ? ", 1, 7" : ", '12', NULL, ");
		if (out->p[out->n - 1] == ' ')
			put_any(out, depth - 1);
		buf_addc(out, ')');
		break;
	case 6:
		put_text(out, depth - 1);
		buf_addz(out, " LIKE ");
		buf_addz(out, patterns[pick(5)]);
		break;
	case 7:
		put_any(out, depth - 1);
		buf_lit(out, " IS DISTINCT FROM ");
		put_any(out, depth - 1);
		break;
	default:
		put_any(out, depth - 1);
		buf_printf(out, " %s ", ops[pick(6)]);
		put_any(out, depth - 1);
	}
	buf_addc(out, ')');
}

static void
put_number(struct buf *out, int depth)
{
	static const char *const leaves[] = {"i", "j", "f", "a", "c", "1", "0",
	    "2.5", "1.5e0", "-3", "NULL", "t", "u", "5m", "d", "2d"};

	if (depth <= 0 || !pick(3)) {
		buf_addz(out, leaves[pick(pick(4) ? 11 : 16)]);
		return;
	}
	switch (pick(10)) {
	case 0:
		buf_lit(out, "CASE WHEN ");
		put_condition(out, depth - 1);
		buf_lit(out, " THEN ");
		put_number(out, depth - 1);
		buf_lit(out, " ELSE ");
		put_number(out, depth - 1);
		buf_lit(out, " END");
		break;
	case 1:
		buf_addz(out, pick(2) ? "COALESCE(" : "NULLIF(");
		put_number(out, depth - 1);
		buf_lit(out, ", ");
		put_number(out, depth - 1);
		buf_addc(out, ')');
		break;
	case 2:
		buf_addz(out, (const char *[]){"try(", "abs(", "-("}[pick(3)]);
		put_number(out, depth - 1);
		buf_addc(out, ')');
		break;
	case 3:
		buf_addz(out, pick(2) ? "CAST(" : "TRY_CAST(");
		put_any(out, depth - 1);
		buf_addz(out, (const char *[]){" AS INT)", " AS DOUBLE)",
				  " AS DECIMAL(20, 3))"}[pick(3)]);
		break;
	default:
		buf_addc(out, '(');
		put_number(out, depth - 1);
		buf_printf(out, " %c ", "+-*/%"[pick(5)]);
		put_number(out, depth - 1);
		buf_addc(out, ')');
	}
}

/* ---- comparing the ways ---- */

struct results {
	char *text[ROWS]; /* the value or the reason */
	bool bad[ROWS], is_true[ROWS];
};

static void
take(struct results *r, const struct column *c, unsigned row)
{
	struct buf b = {0};
	struct value v = column_get(c, row);

	r->bad[row] = bit_get(ev->bad, row);
	r->is_true[row] = !r->bad[row] && v.type == T_BOOL && v.b;
	if (r->bad[row])
		buf_printf(&b, "!%s", ev->reasons[row]);
	else if (v.type == T_NULL)
		buf_lit(&b, "NULL");
	else
		value_print(&b, v);
	r->text[row] = arena_strdup(&texts, buf_z(&b));
	buf_release(&b);
}

enum way {
	WHOLE,
	SINGLE, /* row by row */
	HALVES	/* every other row, then the rest */
};

static void
run(const struct expr *e, const struct batch *b, enum way way,
    struct results *out)
{
	struct column c;
	uint16_t sel[2][ROWS];
	unsigned n[2] = {0, 0};

	eval_begin(ev, b);
	if (way == WHOLE) {
		expr_eval(e, ev, b, NULL, 0, &c);
		for (unsigned r = 0; r < ROWS; r++)
			take(out, &c, r);
		return;
	}
	for (unsigned r = 0; r < ROWS; r++) {
		unsigned half = way == HALVES ? pick(2) : 0;

		sel[half][n[half]++] = (uint16_t)r;
		if (way == SINGLE) {
			expr_eval(e, ev, b, sel[0], 1, &c);
			take(out, &c, r);
			n[0] = 0;
		}
	}
	for (unsigned half = 0; way == HALVES && half < 2; half++) {
		expr_eval(e, ev, b, sel[half], n[half], &c);
		for (unsigned k = 0; k < n[half]; k++)
			take(out, &c, sel[half][k]);
	}
}

static bool
agree(const struct results *a, const struct results *b, const char *text,
    const char *way)
{
	for (unsigned r = 0; r < ROWS; r++) {
		if (!strcmp(a->text[r], b->text[r]))
			continue;
		ok(0, "%s (%s), row %u", text, way, r);
		printf("# whole: %s\n# %s: %s\n", a->text[r], way, b->text[r]);
		return false;
	}
	return true;
}

/* The rows a condition selects are those where it is true, and those that
 * fail are bad. */
static bool
filters(const struct expr *e, struct batch *b, const struct results *whole,
    const char *text)
{
	unsigned k = 0, n_bad = 0;
	bool same = true;

	eval_begin(ev, b);
	expr_filter(e, ev, b);
	for (unsigned r = 0; r < ROWS; r++) {
		bool selected = k < b->n_sel && batch_row(b, k) == r;

		if (selected != whole->is_true[r])
			same = false;
		n_bad += whole->bad[r];
		k += selected;
	}
	if (b->n_bad != n_bad)
		same = false;
	if (!same || b->n_sel + b->n_bad + b->n_filtered != ROWS)
		ok(0, "%s as a condition", text);
	b->sel = NULL;
	b->n_sel = ROWS;
	b->n_filtered = 0;
	b->n_bad = 0;
	return same;
}

static struct expr *
bind(const char *text, struct node **tree)
{
	struct source *src = arena_alloc(&arena, sizeof(*src));
	struct scope scope = {.cols = cols, .n_cols = N_COLS};
	struct err err = {0};
	struct expr *e = NULL;
	struct node *n;

	*src = (struct source){"query", arena_str(&arena, str_of(text))};
	n = expr_parse_text(src, 0, (unsigned)src->text.n, &arena, &err);
	if (!n)
		ok(0, "%s: %s", text, err.message);
	else
		e = expr_bind(n, &scope, &arena, &err);
	*tree = n;
	err_release(&err);
	return e;
}

static bool
check(const char *text, struct batch *typed, struct batch *any)
{
	struct results whole, other;
	struct buf printed = {0};
	struct node *tree;
	struct expr *e = bind(text, &tree);
	bool same;

	if (!e)
		return false;
	run(e, typed, WHOLE, &whole);
	run(e, typed, SINGLE, &other);
	same = agree(&whole, &other, text, "row by row");
	run(e, typed, HALVES, &other);
	same = same && agree(&whole, &other, text, "in halves");
	run(e, any, WHOLE, &other);
	same = same && agree(&whole, &other, text, "as any");
	run(e, any, HALVES, &other);
	same = same && agree(&whole, &other, text, "as any, in halves");
	if (same && expr_type(e) == T_BOOL)
		same = filters(e, typed, &whole, text);
	node_print(&printed, tree);
	e = bind(buf_z(&printed), &tree);
	if (!e) {
		ok(0, "%s printed as %s", text, buf_z(&printed));
	} else if (same) {
		run(e, typed, WHOLE, &other);
		agree(&whole, &other, text, "printed and parsed");
	}
	buf_release(&printed);
	return true;
}

int
main(void)
{
	struct batch *typed = batch_new(), *any = batch_new();
	unsigned bound = 0;
	struct buf text = {0};

	ev = eval_new();
	arena_init(&arena, 1 << 16);
	arena_init(&texts, 1 << 16);
	for (unsigned round = 0; round < ROUNDS; round++) {
		batch_reset(typed);
		batch_reset(any);
		arena_reset(&arena);
		arena_reset(&texts);
		random_batches(typed, any);
		text.n = 0;
		if (pick(2))
			put_condition(&text, 3);
		else
			put_number(&text, 3);
		bound += check(buf_z(&text), typed, any);
	}
	ok(bound > ROUNDS / 4, "%u of %u expressions have a meaning", bound,
	    ROUNDS);
	buf_release(&text);
	batch_free(typed);
	batch_free(any);
	eval_free(ev);
	arena_release(&arena);
	arena_release(&texts);
	return tap_done();
}
