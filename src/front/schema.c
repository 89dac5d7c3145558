/* SPDX-License-Identifier: MIT */
/*
 * The form of a spec as a JSON Schema (draft 2020-12), for editors and other
 * programs; made of the tables of keys, steps and formats. It says which keys
 * there are and what kind of value each takes; what a spec means, weir check
 * says.
 */
#include "base/must.h"
#include "front/front.h"

/* What a key may hold, by the words of its row (spec_list.h). */
static const struct {
	const char *type, *schema;
} types[] = {
    {"1", "\"const\":1"},
    {"text", "\"$ref\":\"#/$defs/text\""},
    {"path", "\"$ref\":\"#/$defs/text\""},
    {"name", "\"$ref\":\"#/$defs/text\""},
    {"expression", "\"$ref\":\"#/$defs/expression\""},
    {"time zone", "\"type\":\"string\""},
    {"time", "\"type\":\"string\""},
    {"type", "\"$ref\":\"#/$defs/type\""},
    {"value", "\"type\":[\"string\",\"number\",\"boolean\",\"null\"]"},
    {"number", "\"type\":\"integer\",\"minimum\":0"},
    {"duration", "\"$ref\":\"#/$defs/duration\""},
    {"true | false", "\"type\":\"boolean\""},
    {"true | field", "\"type\":[\"boolean\",\"string\"]"},
    {"everywhere", "\"const\":\"everywhere\""},
    {"drop | update | file",
	"\"anyOf\":[{\"enum\":[\"drop\",\"update\"]},{\"type\":\"string\"}]"},
    {"final | changelog | upsert | every DURATION",
	"\"anyOf\":[{\"enum\":[\"final\",\"changelog\",\"upsert\"]},"
	"{\"type\":\"string\",\"pattern\":\"^every \"}]"},
    {"list of texts",
	"\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":"
	"{\"type\":\"string\"}}]"},
    {"list of names",
	"\"anyOf\":[{\"$ref\":\"#/$defs/text\"},{\"type\":\"array\","
	"\"items\":{\"$ref\":\"#/$defs/text\"}}]"},
    {"list of lists", "\"type\":\"array\",\"items\":{\"type\":\"array\"}"},
    {"map of types", "\"$ref\":\"#/$defs/types\""},
    {"map of types, or list of names",
	"\"anyOf\":[{\"$ref\":\"#/$defs/types\"},{\"type\":\"array\",\"items\":"
	"{\"$ref\":\"#/$defs/text\"}}]"},
    {"map of values", "\"type\":\"object\""},
    {"text, list of lines, or map of these",
	"\"type\":[\"string\",\"array\",\"object\"]"},
    {"list of rows, or map of these",
	"\"anyOf\":[{\"$ref\":\"#/$defs/rows\"},{\"type\":\"object\","
	"\"additionalProperties\":{\"$ref\":\"#/$defs/rows\"}},"
	"{\"type\":\"null\"}]"},
};

/* The same for parameters of steps. */
static const char *
param_schema(enum param_kind kind)
{
	switch (kind) {
	case PARAM_EXPR:
	case PARAM_WINDOW:
	case PARAM_FRAME:
	case PARAM_COUNT:
		return "\"$ref\":\"#/$defs/expression\"";
	case PARAM_EXPRS:
	case PARAM_NAMED:
	case PARAM_NAMES:
	case PARAM_ORDER:
		return "\"$ref\":\"#/$defs/expressions\"";
	case PARAM_SETS:
		return "\"anyOf\":[{\"enum\":[\"rollup\",\"cube\"]},"
		       "{\"type\":\"array\"}]";
	case PARAM_RENAME:
		return "\"type\":\"object\",\"additionalProperties\":"
		       "{\"$ref\":\"#/$defs/text\"}";
	case PARAM_FLAG:
		return "\"type\":\"boolean\"";
	case PARAM_NAME:
	case PARAM_WORD:
	case PARAM_SETTINGS:
		return "\"$ref\":\"#/$defs/text\"";
	case PARAM_FLOWS:
		return "\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\","
		       "\"items\":{\"type\":\"string\"}}]";
	}
	must(false);
}

static void
put_key(struct buf *out, const char *key)
{
	if (out->p[out->n - 1] != '{')
		buf_lit(out, ",\n");
	json_put_text(out, str_of(key));
	buf_addc(out, ':');
}

static void
put_doc(struct buf *out, const char *doc)
{
	buf_lit(out, "{\"description\":");
	json_put_text(out, str_of(doc));
	buf_addc(out, ',');
}

/* ---- keys ---- */

static void
put_type(struct buf *out, const char *type)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].type, type)) {
			buf_addz(out, types[i].schema);
			return;
		}
	must(false); /* a row of spec_list.h with words of its own */
}

static void
put_formats(struct buf *out, bool writing)
{
	const char *before = "";

	buf_lit(out, "\"anyOf\":[{\"enum\":[");
	for (unsigned i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];

		if (writing ? !f->encoder_new : !f->decode)
			continue;
		buf_addz(out, before);
		json_put_text(out, str_of(f->name));
		before = ",";
	}
	buf_lit(out, "]},{\"type\":\"string\",\"pattern\":\"^[a-z0-9_-]+:\"}]");
}

/* Maps and lists whose entries have rows of their own. */
static bool
put_place(struct buf *out, const char *path)
{
	static const struct {
		const char *path, *schema;
	} places[] = {
	    {"input", "\"$ref\":\"#/$defs/input\""},
	    {"inputs", "\"type\":\"object\",\"minProperties\":1,"
		       "\"additionalProperties\":{\"$ref\":\"#/$defs/input\"}"},
	    {"time", "\"$ref\":\"#/$defs/time\""},
	    {"input.time", "\"$ref\":\"#/$defs/time\""},
	    {"params",
		"\"type\":\"object\",\"additionalProperties\":{\"anyOf\":["
		"{\"$ref\":\"#/$defs/param\"},"
		"{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}]}"},
	    {"steps", "\"$ref\":\"#/$defs/steps\""},
	    {"flows.*.steps", "\"$ref\":\"#/$defs/steps\""},
	    {"flows", "\"type\":\"object\",\"additionalProperties\":"
		      "{\"$ref\":\"#/$defs/flow\"}"},
	    {"output", "\"$ref\":\"#/$defs/output\""},
	    {"outputs",
		"\"type\":\"object\",\"minProperties\":1,"
		"\"additionalProperties\":{\"$ref\":\"#/$defs/output\"}"},
	    {"tests", "\"type\":\"array\",\"items\":"
		      "{\"$ref\":\"#/$defs/test\"}"},
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!strcmp(places[i].path, path)) {
			buf_addz(out, places[i].schema);
			return true;
		}
	return false;
}

/* The keys of a map: the rows whose path is its place and one word more. */
static void
put_properties(struct buf *out, const char *place)
{
	size_t n = strlen(place);

	buf_lit(out, "\"properties\":{");
	for (unsigned i = 0; i < n_spec_keys; i++) {
		const struct spec_key *row = &spec_keys[i];
		const char *key = row->path;

		if (n && (strncmp(key, place, n) || key[n] != '.'))
			continue;
		key += n + (n > 0);
		if (strchr(key, '.'))
			continue;
		put_key(out, key);
		put_doc(out, row->doc);
		if (!strcmp(row->path, "input.format"))
			put_formats(out, false);
		else if (!strcmp(row->path, "output.format"))
			put_formats(out, true);
		else if (!put_place(out, row->path))
			put_type(out, row->type);
		buf_addc(out, '}');
	}
	buf_addc(out, '}');
}

/* others: what keys without a row may hold, or NULL. */
static void
put_map(
    struct buf *out, const char *name, const char *place, const char *others)
{
	put_key(out, name);
	buf_lit(out, "{\"type\":\"object\",");
	put_properties(out, place);
	buf_printf(
	    out, ",\n\"additionalProperties\":%s}", others ? others : "false");
}

/* ---- steps ---- */

/* All of a step's parameters may stand in one map below its action word. */
static bool
takes_map(const struct op_kind *kind)
{
	for (unsigned i = 0; i < kind->n_params; i++)
		if (kind->primary &&
		    !strcmp(kind->params[i].name, kind->primary))
			switch (kind->params[i].kind) {
			case PARAM_NAMED:
			case PARAM_RENAME:
			case PARAM_EXPRS:
			case PARAM_ORDER:
			case PARAM_NAMES:
			case PARAM_FLOWS:
			case PARAM_SETS:
				return false;
			case PARAM_EXPR:
			case PARAM_COUNT:
			case PARAM_FLAG:
			case PARAM_NAME:
			case PARAM_WORD:
			case PARAM_SETTINGS:
			case PARAM_WINDOW:
			case PARAM_FRAME:
				return kind->n_params > 1;
			}
	return false;
}

static void
put_words(struct buf *out, const char *words)
{
	buf_lit(out, "\"enum\":[");
	while (*words) {
		size_t n = strcspn(words, " ");

		json_put_text(out, (struct str){words, n});
		words += n + (words[n] == ' ');
		if (*words)
			buf_addc(out, ',');
	}
	buf_addc(out, ']');
}

static void
put_param(struct buf *out, const struct op_kind *kind, const struct param *p)
{
	const char *words = op_words(kind, p->name);

	if (p->kind == PARAM_WORD && words)
		put_words(out, words);
	else
		buf_addz(out, param_schema(p->kind));
}

/* An operator as a step: its action word is its main parameter. */
static void
put_step(struct buf *out, const struct op_kind *kind)
{
	bool settings = false;

	put_doc(out, kind->doc);
	buf_lit(out, "\"type\":\"object\",\"required\":[");
	json_put_text(out, str_of(kind->name));
	buf_lit(out, "],\"properties\":{");
	put_key(out, "name");
	put_doc(out, "Name of the step's state.");
	buf_lit(out, "\"type\":\"string\"}");
	if (!kind->primary) {
		put_key(out, kind->name);
		buf_lit(out, "true");
	}
	for (unsigned i = 0; i < kind->n_params; i++) {
		const struct param *p = &kind->params[i];
		bool main = kind->primary && !strcmp(p->name, kind->primary);

		settings |= p->kind == PARAM_SETTINGS;
		if (p->kind == PARAM_SETTINGS)
			continue;
		if (kind->also.key && !strcmp(kind->also.param, p->name)) {
			put_key(out, kind->also.key);
			put_doc(out, "The same as the other.");
			put_param(out, kind, p);
			buf_addc(out, '}');
		}
		put_key(out, main ? kind->name : p->name);
		put_doc(out, p->doc);
		if (main && takes_map(kind)) {
			buf_lit(out, "\"anyOf\":[{\"type\":\"object\"},{");
			put_param(out, kind, p);
			buf_lit(out, "}]}");
			continue;
		}
		if (!p->required) {
			buf_lit(out, "\"anyOf\":[{\"type\":\"null\"},{");
			put_param(out, kind, p);
			buf_lit(out, "}]}");
			continue;
		}
		put_param(out, kind, p);
		buf_addc(out, '}');
	}
	buf_printf(out, "},\"additionalProperties\":%s}",
	    settings ? "{\"$ref\":\"#/$defs/text\"}" : "false");
}

static void
put_steps(struct buf *out)
{
	put_key(out, "steps");
	buf_lit(out, "{\"type\":[\"array\",\"null\"],\"items\":"
		     "{\"$ref\":\"#/$defs/step\"}}");
	put_key(out, "step");
	buf_lit(out, "{\"type\":\"object\",\"anyOf\":[");
	for (unsigned i = 0; i < n_op_kinds; i++) {
		buf_addz(out, i ? ",\n" : "");
		put_step(out, op_kinds[i]);
	}
	buf_lit(out, ",\n{\"description\":\"Gives each row to the flow whose "
		     "condition is the first that is true.\","
		     "\"type\":\"object\",\"required\":[\"split\"],"
		     "\"properties\":{\"split\":{\"type\":\"object\"}},"
		     "\"additionalProperties\":false},\n"
		     "{\"description\":\"Makes the rows at this point a flow "
		     "of that name.\",\"type\":\"object\","
		     "\"required\":[\"tee\"],\"properties\":"
		     "{\"tee\":{\"type\":\"string\"}},"
		     "\"additionalProperties\":false}]}");
}

/* ---- the whole ---- */

void
spec_schema(struct buf *out)
{
	static const char setting[] =
	    "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}";

	buf_lit(out, "{\"$schema\":"
		     "\"https://json-schema.org/draft/2020-12/schema\",\n"
		     "\"title\":\"A pipeline of weir\",\n"
		     "\"type\":\"object\",\"required\":[\"weir\"],\n");
	put_properties(out, "");
	buf_lit(out, ",\n\"additionalProperties\":false,\n\"$defs\":{");
	put_key(out, "text");
	buf_addz(out, setting);
	put_key(out, "expression");
	buf_addz(out, setting);
	put_key(out, "expressions");
	buf_lit(out, "{\"type\":[\"string\",\"number\",\"boolean\",\"null\","
		     "\"array\",\"object\"]}");
	put_key(out, "duration");
	buf_lit(out, "{\"type\":\"string\",\"pattern\":"
		     "\"^([0-9.]+ *(ns|us|ms|s|m|h|d|w) *)+$\"}");
	put_key(out, "type");
	buf_lit(out, "{\"type\":[\"string\",\"null\"]}");
	put_key(out, "types");
	buf_lit(out, "{\"type\":\"object\",\"additionalProperties\":"
		     "{\"$ref\":\"#/$defs/type\"}}");
	put_key(out, "rows");
	buf_lit(out, "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}");
	put_map(out, "input", "input", setting);
	put_map(out, "output", "output", setting);
	put_map(out, "time", "time", NULL);
	put_map(out, "param", "params.*", NULL);
	put_map(out, "flow", "flows.*", NULL);
	put_map(out, "test", "tests.*", NULL);
	put_steps(out);
	buf_lit(out, "}}\n");
}
