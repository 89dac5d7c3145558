/* SPDX-License-Identifier: MIT */
/*
 * What WITH ('key' = 'value', …) of a table means: connector, path, format
 * and its settings, as Flink's filesystem connector, and the json and csv
 * formats name them. A row of the table below is a key; those that mean
 * nothing here are taken in silence, others are mistakes.
 */
#include "front/sql_option.h"

/* ---- settings of formats ---- */

static void
add_setting(struct sql *s, struct sql_place *p, const char *name,
    struct str value, struct where where)
{
	struct setting *list =
	    arena_array(s->arena, p->settings.n + 1, sizeof *list);

	if (p->settings.n)
		memcpy(list, p->settings.list, p->settings.n * sizeof *list);
	list[p->settings.n] = (struct setting){str_of(name), value, where};
	p->settings.list = list;
	p->settings.n++;
}

static bool
is_true(struct str value)
{
	return str_eq_nocase(value, STR("true"));
}

static int
take_delimiter(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	add_setting(s, p, "delimiter", o->value, o->value_at);
	return 0;
}

static int
take_quote(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	add_setting(s, p, "quote", o->value, o->value_at);
	return 0;
}

static int
take_no_quote(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	if (is_true(o->value))
		add_setting(s, p, "quote", STR("none"), o->value_at);
	return 0;
}

static int
take_comments(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	if (is_true(o->value))
		add_setting(s, p, "comment", STR("#"), o->value_at);
	return 0;
}

static int
take_ignore(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	(void)p;
	s->plan->bad_any |= is_true(o->value);
	return 0;
}

/* ---- connectors ---- */

static int
take_path(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	struct str file = o->value;

	if (str_starts(file, STR("file://")))
		file = (struct str){file.p + 7, file.n - 7};
	if (!file.n)
		return err_set(
		    s->err, ERR_SPEC, o->value_at, "the path is empty");
	p->file = file;
	p->file_at = o->value_at;
	return 0;
}

static int
take_format(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	struct str name = o->value;

	if (str_is(name, "raw"))
		name = STR("lines");
	p->settings.where = o->value_at;
	p->format_name = name;
	p->format_at = o->value_at;
	(void)s;
	return 0;
}

/* Connectors; those without a file need NAME=FILE. */
static const struct connector {
	const char *name;
	enum sql_connector kind;
} connectors[] = {
    {"blackhole", SQL_TO_NOTHING},
    {"datagen", SQL_BY_NAME},
    {"filesystem", SQL_FROM_FILE},
    {"kafka", SQL_BY_NAME},
    {"nexmark", SQL_BY_NAME},
    {"print", SQL_TO_STDOUT},
    {"stdin", SQL_FROM_STDIN},
    {"stdout", SQL_TO_STDOUT},
    {"upsert-kafka", SQL_BY_NAME},
};
#define N_CONNECTORS (sizeof connectors / sizeof *connectors)

static int
take_connector(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	struct str names[N_CONNECTORS];

	for (size_t i = 0; i < N_CONNECTORS; i++) {
		names[i] = str_of(connectors[i].name);
		if (!str_eq(o->value, names[i]))
			continue;
		p->connector = connectors[i].kind;
		p->connector_at = o->value_at;
		return 0;
	}
	err_set(s->err, ERR_SPEC, o->value_at, "there is no connector '%.*s'",
	    STR_ARG(o->value));
	return err_suggest(s->err, o->value, names, N_CONNECTORS);
}

/* ---- the table ---- */

// clang-format off
static const struct key {
	const char *name; /* ends in a dot: any key that begins so */
	int (*take)(
	    struct sql *s, struct sql_place *p, const struct sql_option *o);
} keys[] = {
    {"auto-compaction", NULL},
    {"connector", take_connector},
    {"connector.path", take_path},
    {"connector.type", take_connector},
    {"csv.allow-comments", take_comments},
    {"csv.disable-quote-character", take_no_quote},
    {"csv.field-delimiter", take_delimiter},
    {"csv.ignore-parse-errors", take_ignore},
    {"csv.quote-character", take_quote},
    {"fields.", NULL},
    {"format", take_format},
    {"format.type", take_format},
    {"json.encode.decimal-as-plain-number", NULL},
    {"json.fail-on-missing-field", NULL},
    {"json.ignore-parse-errors", take_ignore},
    {"json.map-null-key.", NULL},
    {"json.timestamp-format.standard", NULL},
    {"key.", NULL},
    {"number-of-rows", NULL},
    {"partition.", NULL},
    {"path", take_path},
    {"print-identifier", NULL},
    {"properties.", NULL},
    {"rows-per-second", NULL},
    {"scan.", NULL},
    {"sink.", NULL},
    {"source.monitor-interval", NULL},
    {"standard-error", NULL},
    {"topic", NULL},
    {"value.", NULL},
};
// clang-format on
#define N_KEYS (sizeof keys / sizeof *keys)

static int
unknown_key(struct sql *s, const struct sql_option *o)
{
	long dot = str_find(o->key, STR("."), 0);
	struct str names[N_KEYS], family = {o->key.p, 0};
	unsigned n = 0;

	/* Of json.x, those that begin with json. are likely to be meant. */
	family.n = dot < 0 ? 0 : (size_t)dot + 1;
	for (size_t i = 0; i < N_KEYS; i++)
		if (str_starts(str_of(keys[i].name), family))
			names[n++] = str_of(keys[i].name);
	for (size_t i = 0; !n && i < N_KEYS; i++)
		names[i] = str_of(keys[i].name);
	err_set(s->err, ERR_SPEC, o->key_at, "a table has no option '%.*s'",
	    STR_ARG(o->key));
	return err_suggest(s->err, o->key, names, n ? n : N_KEYS);
}

static int
take_option(struct sql *s, struct sql_place *p, const struct sql_option *o)
{
	struct str key = o->key;

	for (size_t i = 0; i < N_KEYS; i++) {
		struct str name = str_of(keys[i].name);
		bool all = name.p[name.n - 1] == '.';

		if (all ? str_starts(key, name) : str_eq(key, name))
			return keys[i].take ? keys[i].take(s, p, o)
					    : sql_note(s, "option", key);
	}
	if (p->connector == SQL_BY_NAME && p->connector_at.src)
		return 0;
	return unknown_key(s, o);
}

static int
settle_format(struct sql *s, struct sql_place *p, bool writing)
{
	struct settings mine = {0};

	if (!p->format_name.n)
		return 0;
	p->format =
	    format_parse(p->format_name, p->format_at, writing, &mine, s->err);
	if (!p->format)
		return -1;
	/* Another format's settings are of no use. */
	for (unsigned i = 0; i < p->settings.n; i++)
		if (strcmp(p->format->name, "csv") != 0)
			return err_set(s->err, ERR_SPEC,
			    p->settings.list[i].where,
			    "this is a setting of the format csv");
	p->settings.arg = mine.arg;
	return 0;
}

int
sql_place_of(struct sql *s, const struct sql_table *t, bool writing,
    struct sql_place *out)
{
	*out = (struct sql_place){.connector = SQL_BY_NAME};
	for (unsigned i = 0; i < t->n_options; i++)
		if ((str_is(t->options[i].key, "connector") ||
			str_is(t->options[i].key, "connector.type")) &&
		    take_option(s, out, &t->options[i]))
			return -1;
	for (unsigned i = 0; i < t->n_options; i++)
		if (take_option(s, out, &t->options[i]))
			return -1;
	return settle_format(s, out, writing);
}
