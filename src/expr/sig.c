/* SPDX-License-Identifier: MIT */
/* Reading signatures, with the lexer of the expressions themselves. */
#include "expr/sig.h"

#include "expr/parse.h"

static const struct word {
	const char *name;
	struct sig_type type;
} words[] = {
    {"any", {T_ANY, false}},
    {"bigint", {T_INT, false}},
    {"bool", {T_BOOL, false}},
    {"boolean", {T_BOOL, false}},
    {"bytes", {T_BYTES, false}},
    {"date", {T_DATE, false}},
    {"decimal", {T_DECIMAL, false}},
    {"double", {T_FLOAT, false}},
    {"duration", {T_DURATION, false}},
    {"float", {T_FLOAT, false}},
    {"interval", {T_DURATION, false}},
    {"list", {T_LIST, false}},
    {"map", {T_MAP, false}},
    {"number", {T_ANY, true}},
    {"text", {T_TEXT, false}},
    {"time", {T_TIME, false}},
    {"timestamp", {T_TIME, false}},
};

static struct sig_type
read_type(struct lexer *lx)
{
	struct sig_type t = {T_NULL, false};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (lex_is(lx, words[i].name))
			t = words[i].type;
	must(t.type != T_NULL);
	lex_next(lx);
	return t;
}

/* "..." behind the last type */
static bool
read_dots(struct lexer *lx)
{
	if (!lex_accept(lx, "."))
		return false;
	must(lex_accept(lx, ".") && lex_accept(lx, "."));
	return true;
}

static void
read_params(struct lexer *lx, struct sig *out)
{
	if (lex_is(lx, "-"))
		return;
	do {
		struct sig_param *p = &out->params[out->n];

		lex_accept(lx, ",");
		if (read_dots(lx)) {
			out->repeats = true;
			break;
		}
		must(out->n < SIG_PARAMS_MAX);
		out->n++;
		p->type = read_type(lx);
		out->repeats = read_dots(lx);
		if (lex_accept(lx, "=")) {
			struct node *n = parse_postfix(lx);

			must(n && n->kind == NODE_LITERAL);
			p->optional = true;
			p->value = n->value;
		} else {
			out->least = out->n;
		}
	} while (lex_is(lx, ","));
}

void
sig_read(const char *text, struct arena *arena, struct sig *out)
{
	struct source *src = arena_alloc(arena, sizeof(*src));
	struct err err = {0};
	struct lexer lx;

	*src = (struct source){"signature", str_of(text)};
	*out = (struct sig){0};
	lex_init(&lx, src, 0, (unsigned)src->text.n, arena, &err);
	read_params(&lx, out);
	must(lex_accept(&lx, "-") && lex_accept(&lx, ">"));
	out->same = lex_accept(&lx, "same");
	out->result =
	    out->same ? (struct sig_type){T_ANY, false} : read_type(&lx);
	must(lx.tok.kind == TOK_END);
	err_release(&err);
}
