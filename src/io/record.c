/* SPDX-License-Identifier: MIT */
/*
 * One text as one record of a format: what lies inside of a field.
 *
 * The decoder of the format does it, into a batch of its own that holds one
 * row. Text is copied once, with the bytes behind it that decoders may look
 * at; values that are slices of the copy are handed out as they are, all
 * others are copied out of the batch.
 */
#include "base/mem.h"
#include "io/io.h"

struct record_parser {
	const struct layout *layout;
	struct decode_spec spec;
	struct decoder *decoder;
	struct batch *batch;
};

/* A format that has its fields from the first record has none here. */
static int
check_header(const struct format *f, const struct layout *l,
    const struct settings *settings, struct err *err)
{
	if (!f->header || l->n_fields)
		return 0;
	err_set(err, ERR_SPEC, settings->where,
	    "a text inside a record has no header: name the columns");
	return err_hint(err, "%s:header=a,b,c", f->name);
}

struct layout *
record_layout(const struct format *f, const struct settings *settings,
    struct arena *a, struct err *err)
{
	/* Decoders may look at the bytes behind what they are given. */
	static const char nothing[SIMD_PAD];
	struct settings all = *settings;
	struct layout *l = NULL;
	size_t used;

	all.written = WHEN_MIN;
	if (f->start((struct str){nothing, 0}, true, &all, &limits_default, a,
		&l, &used, err) != START_OK ||
	    check_header(f, l, settings, err))
		return NULL;
	return l;
}

struct record_parser *
record_parser_new(
    const struct layout *layout, const struct want *wants, unsigned n)
{
	struct record_parser *p = mem_zalloc(sizeof *p);

	p->layout = layout;
	p->spec = (struct decode_spec){.wants = wants,
	    .n_wants = n,
	    .time = -1,
	    .single = true,
	    .limits = limits_default};
	p->decoder = layout->format->decoder_new(layout, &p->spec);
	p->batch = batch_new();
	return p;
}

void
record_parser_free(struct record_parser *p)
{
	if (!p)
		return;
	p->layout->format->decoder_free(p->decoder);
	batch_free(p->batch);
	mem_free(p);
}

/* A value that outlives the parser's batch. */
static struct value
settle(struct arena *a, struct value v, struct str text)
{
	if (type_store((enum type)v.type) == STORE_STR && v.p >= text.p &&
	    v.p + v.len <= text.p + text.n)
		return v;
	return value_copy(a, v);
}

static const char *
take_row(struct record_parser *p, struct str text, struct arena *a,
    struct value *values)
{
	const struct batch *b = p->batch;

	if (b->n_bad)
		return arena_strdup(a, b->bad[0].reason);
	if (b->n_rows > 1)
		return "more than one record";
	for (unsigned i = 0; i < p->spec.n_wants; i++)
		values[i] = b->n_rows
				? settle(a, column_get(&b->cols[i], 0), text)
				: VALUE_NULL;
	return NULL;
}

const char *
record_parse(struct record_parser *p, struct str text, struct arena *a,
    struct value *values)
{
	const struct format *f = p->layout->format;
	char *copy = arena_alloc(a, text.n + SIMD_PAD);
	size_t used;

	if (text.n)
		memcpy(copy, text.p, text.n);
	memset(copy + text.n, 0, SIMD_PAD);
	batch_reset(p->batch);
	used = f->decode(p->decoder, copy, copy + text.n, true, p->batch);
	if (used < text.n &&
	    str_trim((struct str){copy + used, text.n - used}).n)
		return p->batch->n_bad
			   ? arena_strdup(a, p->batch->bad[0].reason)
			   : "more than one record";
	if (p->batch->context)
		return "the record ends too early";
	return take_row(p, (struct str){copy, text.n}, a, values);
}
