/* SPDX-License-Identifier: MIT */
/* What to decode of an input; see guess.h. */
#include "run/guess.h"

#include "base/clock.h"
#include "base/mem.h"

/* ---- event time ---- */

/* Each blank-separated word of a list in turn; false at the end. */
static bool
next_word(const char **at, struct str *word)
{
	const char *p = *at;

	while (*p == ' ')
		p++;
	word->p = p;
	while (*p && *p != ' ')
		p++;
	word->n = (size_t)(p - word->p);
	*at = p;
	return word->n > 0;
}

static unsigned
count_words(const char *list)
{
	struct str word;
	unsigned n = 0;

	while (next_word(&list, &word))
		n++;
	return n;
}

enum found {
	FOUND_NONE = -1,
	FOUND_NO_RECORD = -2
};

/* Decodes the first record with the candidates as optional time fields. */
static int
first_that_is_a_time(struct input *in, const struct want *wants, unsigned n)
{
	struct decode_spec spec = {.wants = wants,
	    .n_wants = n,
	    .time = -1,
	    .limits = in->spec.limits};
	struct decoder *d = in->layout->format->decoder_new(in->layout, &spec);
	struct batch *b = batch_new();
	const char *p = in->head.bytes + in->head.from;
	const char *end = in->head.bytes + in->head.to;
	uint64_t context = in->head.context;
	int found = FOUND_NONE;

	while (p < end && !b->n_rows) {
		size_t used;

		batch_reset(b);
		b->context = context;
		used = in->layout->format->decode(d, p, end, in->head.last, b);
		if (!used)
			break;
		p += used;
		context = b->context;
	}
	for (unsigned i = 0; b->n_rows && i < n && found < 0; i++)
		if (!column_is_null(&b->cols[i], 0))
			found = (int)i;
	if (!b->n_rows)
		found = FOUND_NO_RECORD;
	batch_free(b);
	in->layout->format->decoder_free(d);
	return found;
}

/*
 * The same, reading on until there is a record to look at: what is found must
 * not depend on how the bytes arrive.
 */
static int
wait_for_a_time(
    struct input *in, const struct want *wants, unsigned n, size_t block_bytes)
{
	for (;;) {
		int found = first_that_is_a_time(in, wants, n);

		if (found != FOUND_NO_RECORD || in->head.last ||
		    in->head.to - in->head.from > in->spec.limits.record_max)
			return found;
		input_fill(in, &in->head, block_bytes);
		if (in->waits)
			return FOUND_NONE;
	}
}

/* The caller puts the input's name before it. */
static int
no_time(struct err *err)
{
	err_set(err, ERR_SPEC, (struct where){0},
	    "no field of the first record is a time, and one is needed");
	return err_hint(err,
	    "name the field that holds event time: -T FIELD or "
	    "-T FIELD:FORMAT");
}

/* Finds the time field among usual names; in->spec.wants[n] is set. */
static int
find_time(struct input *in, const struct when_layout *layout,
    size_t block_bytes, struct want *out, struct err *err)
{
	const char *list =
	    in->format->time_fields ? in->format->time_fields : IO_TIME_FIELDS;
	unsigned n = count_words(list), i = 0;
	struct want *wants = arena_array(&in->arena, n, sizeof *wants);
	struct str word;
	int found = 0;

	for (const char *at = list; next_word(&at, &word);)
		wants[i++] = (struct want){.path = path_of_name(&in->arena,
					       arena_str(&in->arena, word)),
		    .as = WANT_TIME,
		    .layout = *layout,
		    .optional = true};
	if (n > 1)
		found = wait_for_a_time(in, wants, n, block_bytes);
	if (in->waits)
		return -1;
	if (found == FOUND_NO_RECORD)
		found = 0; /* there is none: any name will do */
	if (found < 0)
		return no_time(err);
	*out = wants[found];
	out->optional = false;
	return 0;
}

static int
time_want(
    struct input *in, size_t block_bytes, struct want *out, struct err *err)
{
	const struct plan_time *t = &in->plan->time;
	struct when_layout layout = t->layout;

	if (!t->layout_given && in->format->time_layout && !t->field.n &&
	    when_layout_parse(
		str_of(in->format->time_layout), &in->arena, &layout, err))
		return -1;
	layout.zone = t->zone;
	/* Clocks differ: a record may be a day later than the last write. */
	layout.since = when_year_before(
	    (in->written == WHEN_MIN ? clock_now() : in->written) + WHEN_DAY);
	if (!t->field.n)
		return find_time(in, &layout, block_bytes, out, err);
	*out =
	    (struct want){.path = t->field, .as = WANT_TIME, .layout = layout};
	return 0;
}

/* ---- the plan's fields ---- */

static const struct declared *
declared_type(const struct plan_input *in, struct path path)
{
	if (path.n != 1 || !path.steps[0].name.p)
		return NULL;
	for (unsigned i = 0; i < in->n_types; i++)
		if (str_eq(in->types[i].name, path.steps[0].name))
			return &in->types[i];
	for (unsigned i = 0; i < in->n_columns; i++)
		if (in->columns[i].type != T_ANY &&
		    str_eq(in->columns[i].name, path.steps[0].name))
			return &in->columns[i];
	return NULL;
}

static bool
is_json(const struct format *f)
{
	return !strcmp(f->name, "json");
}

static bool
same_form(const struct input *in, const struct settings *s)
{
	if (in->format->same)
		return !in->layout || in->format->same(in->layout, s);
	return (!s->arg.n && !s->n) || is_json(in->format);
}

bool
passes_records(const struct input *in, const struct plan *plan,
    const struct plan_output *out)
{
	const struct flow *f = &out->result;
	const struct flow_column *c = f->cols;

	if (f->n_cols != 1 || !c->spread || !f->open || !f->scan ||
	    c->col >= f->scan->n_wants || f->scan->computed[c->col] ||
	    out->format != in->format || !same_form(in, &out->settings))
		return false;
	/* Several files of other formats may have several headers. */
	return is_json(in->format) ||
	       (f->scan == in->plan->scan && in->alone && plan->n_outputs == 1);
}

/* What comes of the input is only written in the format it is read in. */
static bool
stays_in_format(const struct input *in, const struct plan *plan)
{
	unsigned input = (unsigned)(in->plan - plan->inputs);

	for (unsigned i = 0; i < plan->n_outputs; i++)
		if (plan->outputs[i].format != in->format &&
		    plan_feeds(plan, input, i))
			return false;
	return true;
}

static struct want
want_of(const struct input *in, const struct plan *plan, unsigned i, bool stays)
{
	struct want w = in->plan->scan->wants[i];
	const struct declared *type = declared_type(in->plan, w.path);

	w.as = WANT_VALUE;
	w.layout.zone = in->plan->time.zone; /* of times without one */
	if (type) {
		w.as = WANT_TYPE;
		w.type = type->type;
		w.layout = in->plan->time.layout;
		w.layout.zone = in->plan->time.zone;
	} else if (stays && !in->plan->scan->computed[i] &&
		   (is_json(in->format) ||
		       (w.path.n == 0 &&
			   passes_records(in, plan, &plan->outputs[0])))) {
		w.as = WANT_RAW;
	}
	return w;
}

int
guess_spec(struct input *in, const struct plan *plan,
    const struct run_options *options, bool needs_time, size_t block_bytes,
    struct err *err)
{
	unsigned n = in->plan->scan->n_wants;
	bool stays = stays_in_format(in, plan);
	struct want *wants = arena_array(&in->arena, n + 1, sizeof *wants);

	needs_time = needs_time && !in->plan->time_of;
	in->spec = (struct decode_spec){.wants = wants,
	    .n_wants = n + needs_time,
	    .time = needs_time ? (int)n : -1,
	    .trust = options->trust,
	    .limits = options->limits};
	for (unsigned i = 0; i < n; i++)
		wants[i] = want_of(in, plan, i, stays);
	return needs_time ? time_want(in, block_bytes, &wants[n], err) : 0;
}
