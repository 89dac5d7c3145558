/* SPDX-License-Identifier: MIT */
/* What stands before the steps of a plan as SQL; see sql_print.h. */
#include "front/sql_print.h"

#include "base/zone.h"
#include "front/tree.h"

/* ---- inputs ---- */

/* True if the input cannot be told by its name or file alone. */
static bool
needs_table(const struct plan_input *in)
{
	return in->closed || in->format || in->n_types ||
	       in->time.lateness != WHEN_MAX;
}

static int
put_columns(struct sql_writer *w, const struct plan_input *in)
{
	for (unsigned i = 0; i < in->n_columns; i++) {
		if (i)
			buf_lit(w->out, ", ");
		name_print(w->out, in->columns[i].name);
		buf_printf(w->out, " %s",
		    in->columns[i].type == T_ANY
			? "text"
			: type_name(in->columns[i].type));
	}
	return 0;
}

/* The lateness as Flink's watermark, a millisecond behind ours. */
static void
put_watermark(struct sql_writer *w, const struct plan_input *in)
{
	struct node n = {.kind = NODE_LITERAL, .depth = 1, .size = 1};

	if (in->time.lateness == WHEN_MAX || !in->time.field.n)
		return;
	buf_lit(w->out, ", WATERMARK FOR ");
	path_print(w->out, in->time.field);
	buf_lit(w->out, " AS ");
	path_print(w->out, in->time.field);
	n.value = value_duration(in->time.lateness + WHEN_MS);
	if (!n.value.i)
		return;
	buf_lit(w->out, " - ");
	node_print(w->out, &n);
}

int
sql_put_table(struct sql_writer *w, const struct plan_input *in)
{
	if (!needs_table(in) || !in->name.n || in->values)
		return 0;
	if (!in->closed)
		return 0;
	buf_lit(w->out, "CREATE TABLE ");
	name_print(w->out, in->name);
	buf_lit(w->out, " (");
	put_columns(w, in);
	put_watermark(w, in);
	buf_lit(w->out, ") WITH ('connector' = ");
	if (in->n_files == 1 && !str_is(in->files[0], "-")) {
		buf_lit(w->out, "'filesystem', 'path' = ");
		buf_quoted(w->out, in->files[0], '\'');
	} else {
		buf_lit(w->out, "'stdin'");
	}
	if (in->format)
		buf_printf(w->out, ", 'format' = '%s'", in->format->name);
	buf_lit(w->out, ");\n");
	return 0;
}

/* A format and its settings as an option has them: csv:delimiter=; */
static void
put_format(struct sql_writer *w, const char *option,
    const struct format *format, const struct settings *settings)
{
	char sign = ':';

	if (!format)
		return;
	buf_printf(w->out, "-- format: %s %s", option, format->name);
	if (settings->arg.n)
		buf_printf(w->out, ":%.*s", STR_ARG(settings->arg));
	for (unsigned i = 0; i < settings->n; i++, sign = ',')
		buf_printf(w->out, "%c%.*s=%.*s", sign,
		    STR_ARG(settings->list[i].name),
		    STR_ARG(settings->list[i].value));
	buf_addc(w->out, '\n');
}

/* Event time, lateness and the like are said on the command line. */
void
sql_put_comment(struct sql_writer *w)
{
	const struct plan_time *t = &w->plan->time;
	const struct plan_output *out = &w->plan->outputs[0];

	if (t->field.n) {
		buf_lit(w->out, "-- event time: -T ");
		path_print(w->out, t->field);
		buf_addc(w->out, '\n');
	}
	if (t->lateness != WHEN_MAX) {
		char text[64];

		buf_lit(w->out, "-- lateness: -l ");
		buf_add(w->out, text,
		    (size_t)(when_put_duration(text, t->lateness) - text));
		buf_addc(w->out, '\n');
	}
	for (unsigned i = 0; i < w->plan->n_inputs; i++)
		if (!w->plan->inputs[i].closed && w->plan->inputs[i].used)
			put_format(w, "-i", w->plan->inputs[i].format,
			    &w->plan->inputs[i].settings);
	if (out->format && (strcmp(out->format->name, "json") != 0 ||
			       out->settings.n || out->settings.arg.n))
		put_format(w, "-t", out->format, &out->settings);
	for (unsigned i = 0; i < w->plan->n_params; i++) {
		const struct plan_param *p = &w->plan->params[i];

		buf_printf(w->out, "-- parameter: -p %.*s=", STR_ARG(p->name));
		if (p->given || p->has_default)
			value_print(w->out, p->value);
		buf_addc(w->out, '\n');
	}
	if (t->zone)
		buf_printf(w->out, "SET 'table.local-time-zone' = '%s';\n",
		    zone_name(t->zone));
}
