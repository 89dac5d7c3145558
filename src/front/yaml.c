/* SPDX-License-Identifier: MIT */
/*
 * YAML text to plan: everything around the steps.
 *
 * The keys are rows of spec_list.h. A map is read key by key: the row is found
 * by the map's place and the key, and its function reads the value. A key that
 * has no row, or comes twice, is an error at its place.
 */
#include "front/yaml.h"

#include "data/cast.h"
#include "front/front.h"
#include "front/yaml_expr.h"
#include "front/yaml_tests.h"
#include "front/yaml_values.h"

/* Words of specs to come: they get a better answer than "unknown". */
static const char *const unsupported[] = {"state", "tables"};

/* ---- scalars ---- */

int
spec_expected(struct spec *s, const struct ynode *n, const char *what)
{
	return err_set(s->err, ERR_SPEC, n->where,
	    "%s is expected here, not %s", what, ynode_kind(n));
}

int
spec_text(struct spec *s, const struct ynode *n, struct str *out)
{
	if (n->kind != Y_SCALAR || !n->text.n)
		return spec_expected(s, n, "a text");
	*out = n->text;
	return 0;
}

int
spec_type(struct spec *s, const struct ynode *n, enum type *out)
{
	static const struct str names[] = {STR("bigint"), STR("bool"),
	    STR("date"), STR("decimal"), STR("double"), STR("text"),
	    STR("timestamp"), STR("interval"), STR("bytes")};
	struct str text;

	if (spec_text(s, n, &text))
		return -1;
	*out = type_of_name(text);
	if (*out != T_ANY)
		return 0;
	err_set(s->err, ERR_SPEC, n->where, "there is no type \"%.*s\"",
	    STR_ARG(text));
	return err_suggest(s->err, text, names, sizeof names / sizeof *names);
}

/* ---- the top ---- */

static int
read_version(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind == Y_SCALAR && str_is(value->text, "1"))
		return 0;
	err_set(s->err, ERR_SPEC, value->where,
	    "this version of the form is not known");
	return err_hint(s->err, "weir: 1");
}

static int
read_name(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return spec_text(s, value, &s->plan->name);
}

static int
read_from(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str ignored;

	(void)key;
	s->from = value;
	return spec_text(s, value, &ignored);
}

/* Read when all names are known: yaml_flow.c. */
static int
read_steps(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	s->steps = value;
	return 0;
}

static int
read_flows(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind != Y_MAP)
		return spec_expected(s, value, "a map of flows");
	s->flows = value;
	return spec_no_doubles(s, value);
}

static int
read_flow_from(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str ignored;

	(void)key;
	s->names[s->flow].from = value;
	return spec_text(s, value, &ignored);
}

static int
read_flow_steps(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	s->names[s->flow].steps = value;
	return 0;
}

int
spec_flow(struct spec *s, const struct ynode *n, struct spec_name *to)
{
	s->flow = (unsigned)(to - s->names);
	return spec_map(s, "flows.*", n, NULL);
}

/* ---- input ---- */

struct str
spec_as_written(const struct spec *s, const struct ynode *n)
{
	struct str all = s->src->text;

	for (size_t at = n->where.at; at <= n->where.at + 1u; at++)
		if (at + n->text.n <= all.n &&
		    str_eq((struct str){all.p + at, n->text.n}, n->text))
			return (struct str){all.p + at, n->text.n};
	return n->text;
}

static int
add_setting(struct spec *s, struct settings *to, const struct ynode *key,
    const struct ynode *value)
{
	struct setting *setting;

	if (value->kind != Y_SCALAR)
		return spec_expected(s, value, "a text");
	setting = plan_more(s->plan, &to->list, &to->n, sizeof *setting);
	*setting =
	    (struct setting){key->text, spec_as_written(s, value), key->where};
	return 0;
}

/* What others call the files of an input; no format has such a setting. */
static bool
means_file(struct str key)
{
	return str_is(key, "path") || str_is(key, "paths") ||
	       str_is(key, "glob") || str_is(key, "filename");
}

static const char *key_in(const char *path, const char *place);

static bool
is_time_key(struct str key)
{
	for (unsigned i = 0; i < n_spec_keys; i++) {
		const char *name = key_in(spec_keys[i].path, "time");

		if (name && str_is(key, name))
			return true;
	}
	return false;
}

static int
read_input_setting(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	if (means_file(key->text)) {
		err_set(s->err, ERR_SPEC, key->where,
		    "an input has no \"%.*s\"", STR_ARG(key->text));
		return err_hint(s->err, "did you mean \"file\"?");
	}
	if (is_time_key(key->text)) {
		err_set(s->err, ERR_SPEC, key->where,
		    "\"%.*s\" of an input belongs to its time",
		    STR_ARG(key->text));
		return err_hint(
		    s->err, "time: {%.*s: ...}", STR_ARG(key->text));
	}
	return add_setting(s, &s->input->settings, key, value);
}

static int
read_input_format(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	s->input->format = format_parse(spec_as_written(s, value), value->where,
	    false, &s->input->settings, s->err);
	return s->input->format ? 0 : -1;
}

static int
add_file(struct spec *s, const struct ynode *n)
{
	struct plan_input *in = s->input;
	struct str *file =
	    plan_more(s->plan, &in->files, &in->n_files, sizeof *file);

	return spec_text(s, n, file);
}

static int
read_input_file(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	if (s->input->n_files)
		return err_set(s->err, ERR_SPEC, key->where,
		    "either \"file\" or \"files\"");
	return add_file(s, value);
}

static int
read_input_files(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	if (value->kind == Y_SCALAR)
		return read_input_file(s, key, value);
	if (s->input->n_files)
		return err_set(s->err, ERR_SPEC, key->where,
		    "either \"file\" or \"files\"");
	if (value->kind != Y_SEQ)
		return spec_expected(s, value, "a list of files");
	for (unsigned i = 0; i < value->n; i++)
		if (add_file(s, value->items[i]))
			return -1;
	return 0;
}

static int
read_input_types(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct plan_input *in = s->input;

	(void)key;
	if (value->kind != Y_MAP)
		return spec_expected(s, value, "a map of field: type");
	if (spec_no_doubles(s, value))
		return -1;
	in->types = arena_array(s->arena, value->n, sizeof *in->types);
	for (unsigned i = 0; i < value->n; i++) {
		struct declared *d = &in->types[in->n_types++];

		d->name = value->keys[i]->text;
		d->where = value->keys[i]->where;
		if (spec_type(s, value->items[i], &d->type))
			return -1;
	}
	return 0;
}

static int
read_input_columns(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return spec_columns(s, value);
}

static int
read_input_values(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return spec_values(s, value);
}

static int
read_input(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	s->input->where = key->where;
	return spec_map(s, "input", value, read_input_setting) ||
		       spec_settle_values(s)
		   ? -1
		   : 0;
}

static int
read_named_input(struct spec *s, const struct ynode *name,
    const struct ynode *value, bool first, bool only)
{
	const struct ynode *time = s->time;
	int bad;

	s->input =
	    first ? s->plan->inputs : plan_input_add(s->plan, name->where);
	s->input->name = name->text;
	if (!only) {
		s->time = NULL;
		s->time_to = &s->input->time;
	}
	bad = read_input(s, name, value);
	s->time_to = &s->plan->time;
	if (!only)
		s->time = time;
	return bad;
}

static int
read_inputs(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	if (value->kind != Y_MAP || !value->n)
		return spec_expected(s, value, "a map of inputs");
	if (s->input_at)
		return err_set(s->err, ERR_SPEC, key->where,
		    "either \"input\" or \"inputs\"");
	if (spec_no_doubles(s, value))
		return -1;
	s->inputs_at = key;
	for (unsigned i = 0; i < value->n; i++)
		if (read_named_input(s, value->keys[i], value->items[i], i == 0,
			value->n == 1))
			return -1;
	return 0;
}

static int
read_only_input(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	s->input_at = key;
	if (s->inputs_at)
		return err_set(s->err, ERR_SPEC, key->where,
		    "either \"input\" or \"inputs\"");
	return read_input(s, key, value);
}

/* ---- output ---- */

static int
read_output_setting(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	return add_setting(s, &s->output.settings, key, value);
}

int
spec_output(struct spec *s, const struct ynode *key, const struct ynode *n)
{
	s->output = (struct plan_output){.where = key->where};
	s->output_from = NULL;
	return spec_map(s, "output", n, read_output_setting);
}

static int
read_output(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	s->output_at = key;
	if (s->outputs)
		return err_set(s->err, ERR_SPEC, key->where,
		    "either \"output\" or \"outputs\"");
	return spec_output(s, key, value);
}

static int
read_outputs(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	if (value->kind != Y_MAP || !value->n)
		return spec_expected(s, value, "a map of outputs");
	if (s->output_at)
		return err_set(s->err, ERR_SPEC, key->where,
		    "either \"output\" or \"outputs\"");
	s->outputs = value;
	return spec_no_doubles(s, value);
}

static int
read_output_from(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str ignored;

	(void)key;
	s->output_from = value;
	return spec_text(s, value, &ignored);
}

static int
read_output_format(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct plan_output *out = &s->output;
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	out->format =
	    format_parse(text, value->where, true, &out->settings, s->err);
	return out->format ? 0 : -1;
}

/* ---- params ---- */

static int
read_param_type(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return spec_type(s, value, &s->param->type);
}

static int
read_param_default(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	int64_t duration;

	(void)key;
	if (value->kind != Y_SCALAR)
		return spec_expected(s, value, "a value");
	s->param->has_default = true;
	s->param->where = value->where;
	s->param->value =
	    cell_guess(s->arena, value->text, value->style != Y_PLAIN);
	if (value->style == Y_PLAIN && s->param->value.type == T_TEXT &&
	    when_parse_duration(value->text, &duration))
		s->param->value = value_duration(duration);
	return 0;
}

static int
settle_param(struct spec *s, const struct ynode *at)
{
	struct plan_param *p = s->param;

	if (p->type == T_ANY || !p->has_default)
		return 0;
	if (value_cast(s->arena, p->value, p->type, NULL, &p->value))
		return 0;
	return err_set(s->err, ERR_SPEC, p->where.src ? p->where : at->where,
	    "this is no %s", type_name(p->type));
}

static bool
is_param_name(struct str name)
{
	if (!name.n || (name.p[0] >= '0' && name.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c == '_' || (c >= '0' && c <= '9') ||
			((c | 32) >= 'a' && (c | 32) <= 'z')))
			return false;
	}
	return true;
}

static int
read_params(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct plan *p = s->plan;

	(void)key;
	if (value->kind != Y_MAP)
		return spec_expected(s, value, "a map of name: default");
	if (spec_no_doubles(s, value))
		return -1;
	p->params = arena_zalloc(s->arena, value->n * sizeof *p->params);
	for (unsigned i = 0; i < value->n; i++) {
		const struct ynode *name = value->keys[i];
		const struct ynode *v = value->items[i];

		if (!is_param_name(name->text))
			return err_set(s->err, ERR_SPEC, name->where,
			    "a parameter's name is made of letters, digits "
			    "and _");
		s->param = &p->params[p->n_params++];
		*s->param = (struct plan_param){.name = name->text,
		    .type = T_ANY,
		    .value = VALUE_NULL,
		    .where = name->where};
		if (v->kind == Y_MAP
			? spec_map(s, "params.*", v, NULL) ||
			      settle_param(s, name)
			: !ynode_empty(v) && read_param_default(s, name, v))
			return -1;
	}
	return 0;
}

/* ---- the table ---- */

// clang-format off
const struct spec_key spec_keys[] = {
#define SPEC(path, type, doc, reader) {path, type, doc},
#include "front/spec_list.h"
#undef SPEC
};
const unsigned n_spec_keys = sizeof spec_keys / sizeof *spec_keys;

static spec_reader *const readers[] = {
#define SPEC(path, type, doc, reader) read_##reader,
#include "front/spec_list.h"
#undef SPEC
};
// clang-format on

/* The last part of a row's path, if the row belongs to that map. */
static const char *
key_in(const char *path, const char *place)
{
	size_t n = strlen(place);
	const char *key = path;

	if (n) {
		if (strncmp(path, place, n) != 0 || path[n] != '.')
			return NULL;
		key = path + n + 1;
	}
	return strchr(key, '.') ? NULL : key;
}

static int
unknown_key(struct spec *s, const char *place, const struct ynode *key)
{
	struct str names[sizeof spec_keys / sizeof *spec_keys];
	unsigned n = 0;

	for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
		if (!*place && str_is(key->text, unsupported[i]))
			return err_set(s->err, ERR_SPEC, key->where,
			    "\"%s\" is not supported yet", unsupported[i]);
	for (unsigned i = 0; i < n_spec_keys; i++) {
		const char *name = key_in(spec_keys[i].path, place);

		if (name)
			names[n++] = str_of(name);
	}
	err_set(s->err, ERR_SPEC, key->where, "there is no key \"%.*s\" here",
	    STR_ARG(key->text));
	return err_suggest(s->err, key->text, names, n);
}

int
spec_no_doubles(struct spec *s, const struct ynode *map)
{
	for (unsigned i = 0; i < map->n; i++)
		for (unsigned k = 0; k < i; k++)
			if (str_eq(map->keys[i]->text, map->keys[k]->text))
				return err_set(s->err, ERR_SPEC,
				    map->keys[i]->where,
				    "\"%.*s\" is there twice",
				    STR_ARG(map->keys[i]->text));
	return 0;
}

int
spec_map(struct spec *s, const char *place, const struct ynode *n,
    spec_reader *other)
{
	if (n->kind != Y_MAP)
		return spec_expected(s, n, "a map (key: value)");
	if (spec_no_doubles(s, n))
		return -1;
	for (unsigned i = 0; i < n->n; i++) {
		const struct ynode *key = n->keys[i];
		spec_reader *reader = other;

		for (unsigned k = 0; k < n_spec_keys; k++) {
			const char *name = key_in(spec_keys[k].path, place);

			if (name && str_is(key->text, name))
				reader = readers[k];
		}
		if (!reader)
			return unknown_key(s, place, key);
		if (reader(s, key, n->items[i]))
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

static int
check_frame(struct spec *s, const struct ynode *root)
{
	for (unsigned i = 0; i < root->n; i++)
		if (str_is(root->keys[i]->text, "weir"))
			return 0;
	err_set(s->err, ERR_SPEC, (struct where){s->src, root->where.at, 0},
	    "the spec does not say which version it is");
	return err_hint(s->err, "begin with: weir: 1");
}

int
yaml_parse(struct plan *p, const struct source *src, struct err *err)
{
	struct spec s = {.plan = p,
	    .src = src,
	    .err = err,
	    .arena = &p->arena,
	    .input = p->inputs,
	    .time_to = &p->time};
	struct ynode *root = ynode_parse(src, &p->arena, err);

	p->source = *src;
	if (!root)
		return -1;
	return spec_map(&s, "", root, NULL) || check_frame(&s, root) ||
		       spec_flows(&s)
		   ? -1
		   : 0;
}
