/* SPDX-License-Identifier: MIT */
/* From the command line to a bound plan; see pipeline.h. */
#include "cli/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/zone.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "data/cast.h"
#include "front/front.h"

#define NOWHERE ((struct where){0})
#define SPEC_BYTES_MAX ((size_t)1 << 20)

/* ---- text ---- */

/* One byte more than a spec may have is read, so that its parser sees it. */
static int
read_all(int fd, struct buf *out)
{
	while (out->n <= SPEC_BYTES_MAX) {
		char *to = buf_reserve(out, 16384);
		ssize_t n = read(fd, to, 16384);

		if (n == 0)
			return 0;
		if (n > 0)
			out->n += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

int
pipeline_read(
    struct arena *arena, const char *file, struct source *out, struct err *err)
{
	bool is_stdin = !strcmp(file, "-");
	struct buf text = {0};
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read_all(fd, &text)) {
		err_sys(err, ERR_USAGE, errno, "%s", file);
		buf_release(&text);
		if (fd > STDERR_FILENO)
			close(fd);
		return -1;
	}
	if (!is_stdin)
		close(fd);
	out->name = is_stdin ? "standard input" : arena_strdup(arena, file);
	out->text = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return 0;
}

/* ---- the query ---- */

/* A query has a blank, or (select`a`from`b`) at least begins like one. */
static bool
looks_like_query(const char *text)
{
	struct str all = str_of(text);

	return strpbrk(text, " \t\r\n") || (all.n > 6 && sql_begins(all));
}

static bool
names_spec(const char *file)
{
	struct str s = str_of(file);

	return str_ends(s, STR(".yaml")) || str_ends(s, STR(".yml")) ||
	       str_ends(s, STR(".sql"));
}

/* A file's language: by its name, or else by how it begins. */
static bool
is_sql(const char *file, struct str text)
{
	struct str s = str_of(file);

	if (str_ends(s, STR(".sql")))
		return true;
	return !names_spec(file) && sql_begins(text);
}

/* What was meant by a first operand that is no query. */
static int
not_a_query(const char *word, bool exists, struct err *err)
{
	static const char *const later[] = {"export"};
	struct str names[16], near;
	char shown[4 * 200 + 8];

	err_quote(shown, str_of(word), 200);
	for (unsigned i = 0; i < sizeof later / sizeof *later; i++)
		if (!exists && !strcmp(word, later[i]))
			return err_set(err, ERR_USAGE, NOWHERE,
			    "`weir %s` is not available in this version", word);
	for (unsigned i = 0; i < n_commands && i < 16; i++)
		names[i] = str_of(commands[i]->name);
	near = exists ? (struct str){0}
		      : str_nearest(str_of(word), names, n_commands);
	err_set(err, ERR_USAGE, NOWHERE,
	    exists ? "\"%s\" is a file, not a query"
		   : "\"%s\" is neither a query nor a command",
	    shown);
	if (near.p)
		return err_hint(err, "did you mean `weir %s`?", near.p);
	if (names_spec(word))
		return err_hint(err, "weir -f '%s'", shown);
	return err_hint(err, "the query comes first: weir 'SELECT *' %s",
	    exists ? shown : "FILE");
}

/* The value of -p NAME=VALUE; NULL if there is none. */
static const char *
param_text(const struct options *o, struct str name)
{
	for (unsigned i = 0; i < o->n_params; i++) {
		const char *text = o->params[i];

		if (strlen(text) > name.n && text[name.n] == '=' &&
		    !memcmp(text, name.p, name.n))
			return text + name.n + 1;
	}
	return NULL;
}

/*
 * ${NAME} in SQL is replaced by the value of -p NAME=VALUE before anything is
 * read, as Flink's runners of scripts do; others stay as they are.
 */
static struct str
substitute(struct plan *p, const struct options *o, struct str text)
{
	struct buf out = {0};
	size_t done = 0;
	struct str all;

	for (long at = str_find(text, STR("${"), 0); at >= 0;
	     at = str_find(text, STR("${"), (size_t)at + 2)) {
		long end = str_find(text, STR("}"), (size_t)at);
		const char *value;

		if (end < 0)
			break;
		value = param_text(
		    o, (struct str){text.p + at + 2, (size_t)(end - at) - 2});
		if (!value)
			continue;
		buf_add(&out, text.p + done, (size_t)at - done);
		buf_addz(&out, value);
		done = (size_t)end + 1;
	}
	if (!done)
		return text;
	buf_add(&out, text.p + done, text.n - done);
	all = arena_str(&p->arena, buf_str(&out));
	buf_release(&out);
	return all;
}

static int
parse_query(struct plan *p, const struct options *o, struct err *err)
{
	const char *text;
	bool exists;

	if (!o->n_operands) {
		err_set(err, ERR_USAGE, NOWHERE, "there is no query");
		return err_hint(err,
		    "weir 'SELECT *' FILE, or `weir --help` for all of it");
	}
	text = o->operands[0];
	exists = access(text, F_OK) == 0;
	if (exists || !looks_like_query(text))
		return not_a_query(text, exists, err);
	p->source = (struct source){"query", substitute(p, o, str_of(text))};
	return sql_parse(p, &p->source, err);
}

static int
parse_spec(struct plan *p, const struct options *o, struct err *err)
{
	if (pipeline_read(&p->arena, o->spec, &p->source, err))
		return -1;
	if (!is_sql(o->spec, p->source.text))
		return yaml_parse(p, &p->source, err);
	p->source.text = substitute(p, o, p->source.text);
	return sql_parse(p, &p->source, err);
}

/* ---- parameters ---- */

/* By content, as a literal of the query would be read. */
static struct value
param_value(struct arena *arena, struct str text)
{
	struct value v = cell_guess(arena, text, false);
	int64_t duration;

	if (v.type == T_NULL)
		return value_text(text);
	if (v.type == T_TEXT && when_parse_duration(text, &duration))
		return value_duration(duration);
	return v;
}

static int
set_param(
    struct plan *p, struct plan_param *param, struct str text, struct err *err)
{
	char shown[4 * 64 + 8];

	param->given = true;
	if (param->type == T_ANY) {
		param->value = param_value(&p->arena, text);
		return 0;
	}
	if (value_cast(
		&p->arena, value_text(text), param->type, NULL, &param->value))
		return 0;
	err_quote(shown, text, 64);
	return err_set(err, ERR_USAGE, NOWHERE,
	    "--param: \"%s\" is no value for %.*s, which is a %s", shown,
	    STR_ARG(param->name), type_name(param->type));
}

/* A spec lists its parameters, so that others are mistakes; a query does not.
 */
static struct plan_param *
find_param(struct plan *p, struct str name, bool add, struct err *err)
{
	struct plan_param *params;
	struct str *names;

	for (unsigned i = 0; i < p->n_params; i++)
		if (str_eq(p->params[i].name, name))
			return &p->params[i];
	if (!add) {
		names = arena_array(&p->arena, p->n_params, sizeof *names);
		for (unsigned i = 0; i < p->n_params; i++)
			names[i] = p->params[i].name;
		err_set(err, ERR_USAGE, NOWHERE,
		    "--param: the spec has no parameter %.*s", STR_ARG(name));
		err_suggest(err, name, names, p->n_params);
		return NULL;
	}
	params = arena_array(&p->arena, p->n_params + 1, sizeof *params);
	if (p->n_params)
		memcpy(params, p->params, p->n_params * sizeof *params);
	p->params = params;
	params += p->n_params++;
	*params = (struct plan_param){
	    .name = name, .type = T_ANY, .has_default = true};
	return params;
}

int
pipeline_params(struct plan *p, const struct options *o, struct err *err)
{
	for (unsigned i = 0; i < o->n_params; i++) {
		struct str all = str_of(o->params[i]);
		size_t n = (size_t)str_find(all, STR("="), 0);
		struct plan_param *param =
		    find_param(p, (struct str){all.p, n}, p->query, err);

		if (!param ||
		    set_param(p, param,
			(struct str){all.p + n + 1, all.n - n - 1}, err))
			return -1;
	}
	return 0;
}

/* ---- time ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* [n] behind a name, from 1; n.n is the length, or 0 if it is none. */
static size_t
read_index(struct str s, uint32_t *index)
{
	uint64_t value = 0;
	size_t i = 1;

	while (i < s.n && i < 10 && is_digit(s.p[i]))
		value = value * 10 + (uint64_t)(s.p[i++] - '0');
	if (i == 1 || i >= s.n || s.p[i] != ']' || !value)
		return 0;
	*index = (uint32_t)(value - 1);
	return i + 1;
}

/* The length of a name at the start of s: up to one of . [ : or in backticks
 * (which are not part of *name). 0 if there is none. */
static size_t
read_name(struct str s, struct str *name)
{
	size_t n = 0;

	if (s.n && s.p[0] == '`') {
		long end = str_find(s, STR("`"), 1);

		if (end < 2)
			return 0;
		*name = (struct str){s.p + 1, (size_t)end - 1};
		return (size_t)end + 1;
	}
	while (n < s.n && !strchr(".[:", s.p[n]))
		n++;
	*name = (struct str){s.p, n};
	return n;
}

/*
 * Reads a field such as a.b[1] or `odd.name` up to a colon or the end, without
 * the rules of SQL names: "@timestamp" and "log-time" need no backticks here.
 * *rest is what follows.
 */
static bool
read_field(
    struct arena *arena, struct str s, struct path *out, struct str *rest)
{
	struct path_step *steps = arena_array(arena, s.n, sizeof *steps);
	bool after_name = false;

	*out = (struct path){steps, 0};
	while (s.n && (s.p[0] != ':' || !after_name)) {
		struct path_step *step = &steps[out->n++];
		size_t n;

		*step = (struct path_step){0};
		if (after_name && s.p[0] == '[') {
			n = read_index(s, &step->index);
		} else {
			if (after_name && s.p[0] != '.')
				return false;
			if (after_name)
				s = (struct str){s.p + 1, s.n - 1};
			n = read_name(s, &step->name);
		}
		if (!n)
			return false;
		s = (struct str){s.p + n, s.n - n};
		after_name = true;
	}
	*rest = s;
	return out->n > 0;
}

static int
set_time(struct plan *p, const char *text, struct err *err)
{
	struct str rest = {0};
	char shown[4 * 64 + 8];

	if (!*text ||
	    !read_field(&p->arena, str_of(text), &p->time.field, &rest)) {
		err_quote(shown, str_of(text), 64);
		err_set(err, ERR_USAGE, NOWHERE,
		    "--time: \"%s\" names no field", shown);
		return err_hint(err, "as in -T ts, -T 'ts:%%d.%%m.%%Y %%H:%%M' "
				     "or -T meta.at:ms");
	}
	if (!rest.n)
		return 0;
	p->time.layout_given = true;
	rest = (struct str){rest.p + 1, rest.n - 1};
	if (when_layout_parse_records(rest, &p->arena, &p->time.layout, err))
		return err_note(err, "--time");
	return 0;
}

/* What an option says counts more than what the only input says itself. */
static void
override_times(struct plan *p, const struct options *o)
{
	struct plan_time *t = &p->inputs[0].time;

	if (p->n_inputs > 1)
		return;
	if (o->time) {
		t->field.n = 0;
		t->layout_given = false;
	}
	if (o->zone)
		t->zone = NULL;
	if (o->lateness >= 0)
		t->lateness = WHEN_MAX;
	if (o->ahead >= 0)
		t->max_ahead = 0;
	if (o->idle >= 0)
		t->idle = 0;
}

static int
set_times(struct plan *p, const struct options *o, struct err *err)
{
	override_times(p, o);
	if (o->time && set_time(p, o->time, err))
		return -1;
	if (o->zone) {
		p->time.zone = zone_load(str_of(o->zone), NOWHERE, err);
		if (!p->time.zone)
			return err_note(err, "--tz");
	}
	if (o->lateness >= 0)
		p->time.lateness = o->lateness;
	if (o->ahead >= 0)
		p->time.max_ahead = o->ahead;
	if (o->idle >= 0)
		p->time.idle = o->idle;
	if (o->allowed >= 0)
		p->time.allowed = o->allowed;
	if (o->ttl >= 0)
		p->time.ttl = o->ttl;
	if (!o->late)
		return 0;
	p->time.late = LATE_FILE;
	if (!strcmp(o->late, "drop"))
		p->time.late = LATE_DROP;
	else if (!strcmp(o->late, "update"))
		p->time.late = LATE_UPDATE;
	else
		p->time.late_file = str_of(o->late);
	return 0;
}

/* ---- formats ---- */

static int
set_from(struct plan *p, const char *text, struct err *err)
{
	struct settings settings = {0};
	const struct format *format;

	format = format_parse(str_of(text), NOWHERE, false, &settings, err);
	if (!format)
		return err_note(err, "--from");
	for (unsigned i = 0; i < p->n_inputs; i++) {
		p->inputs[i].format = format;
		p->inputs[i].settings = settings;
	}
	return 0;
}

static const struct format *
default_format(const struct plan_output *out, const struct options *o)
{
	if (!out->file.n && !o->print_spec && isatty(STDOUT_FILENO))
		return format_find(STR("table"));
	return format_find(STR("json"));
}

static int
set_out_times(struct plan *p, struct plan_output *out, const struct options *o,
    struct err *err)
{
	const struct zone *zone;

	if (o->out_times &&
	    plan_out_times(p, out, str_of(o->out_times), NOWHERE, err))
		return err_note(err, "--out-times");
	if (!o->out_zone)
		return 0;
	zone = zone_load(str_of(o->out_zone), NOWHERE, err);
	if (!zone)
		return err_note(err, "--out-tz");
	plan_out_zone(out, zone);
	return 0;
}

static int
set_mode(struct plan *p, struct plan_output *out, const struct options *o,
    struct err *err)
{
	if (o->mode && o->every)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "--mode and --every are two ways to say one thing");
	if (o->mode && plan_mode(out, str_of(o->mode), NOWHERE, err))
		return err_note(err, "--mode");
	if (o->every &&
	    plan_mode(out, arena_printf(&p->arena, "every %s", o->every),
		NOWHERE, err))
		return err_note(err, "--every");
	return 0;
}

/* Options go to the only output; with several, -t to those without a format. */
static int
set_output(struct plan *p, struct plan_output *out, bool only,
    const struct options *o, struct err *err)
{
	bool named = only && o->output;

	if ((only || out->mode == MODE_FINAL) && set_mode(p, out, o, err))
		return -1;
	if (named)
		out->file = strcmp(o->output, "-") ? str_of(o->output)
						   : (struct str){0};
	if ((only || !out->times_given) && set_out_times(p, out, o, err))
		return -1;
	if (o->roll && plan_roll(out, str_of(o->roll), NOWHERE, err))
		return err_note(err, "--roll");
	if (o->to && (only || !out->format)) {
		out->settings = (struct settings){0};
		out->format = format_parse(
		    str_of(o->to), NOWHERE, true, &out->settings, err);
		return out->format ? 0 : err_note(err, "--to");
	}
	if (out->file.n && (named || !out->format)) {
		const struct format *f = format_of_name(out->file);

		if (f && f->encoder_new && f != out->format) {
			out->format = f;
			out->settings = (struct settings){0};
		}
	}
	if (!out->format)
		out->format = default_format(out, o);
	return 0;
}

/* --csv-safe: a setting of the outputs. */
static int
set_csv_safe(struct plan *p, struct plan_output *out, struct err *err)
{
	struct settings *settings = &out->settings;
	struct setting *list;

	if (strcmp(out->format->name, "csv") &&
	    strcmp(out->format->name, "tsv")) {
		err_set(err, ERR_USAGE, NOWHERE,
		    "--csv-safe is for the formats csv and tsv, not %s",
		    out->format->name);
		return err_hint(err, "-t csv");
	}
	list = arena_array(&p->arena, settings->n + 1, sizeof *list);
	if (settings->n)
		memcpy(list, settings->list, settings->n * sizeof *list);
	list[settings->n++] =
	    (struct setting){STR("safe"), STR("yes"), NOWHERE};
	settings->list = list;
	return 0;
}

static int
set_outputs(struct plan *p, const struct options *o, struct err *err)
{
	plan_emit_default(p);
	if ((o->output || o->roll) && p->n_outputs > 1) {
		err_set(err, ERR_USAGE, NOWHERE,
		    "--%s is for the file of one output, and there are %u",
		    o->output ? "output" : "roll", p->n_outputs);
		return err_hint(err, "each of them says its file itself");
	}
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (set_output(p, &p->outputs[i], p->n_outputs == 1, o, err) ||
		    (o->csv_safe && set_csv_safe(p, &p->outputs[i], err)))
			return -1;
	return 0;
}

int
pipeline_make(struct plan *p, const struct options *o, struct err *err)
{
	if (o->spec ? parse_spec(p, o, err) : parse_query(p, o, err))
		return -1;
	if (pipeline_inputs(p, o, err))
		return -1;
	for (unsigned i = 0; o->changelog && i < p->n_inputs; i++)
		p->inputs[i].changelog = str_of(o->changelog);
	if ((o->from && set_from(p, o->from, err)) || set_times(p, o, err) ||
	    set_outputs(p, o, err) || pipeline_params(p, o, err))
		return -1;
	return plan_bind(p, err);
}
