/* SPDX-License-Identifier: MIT */
/*
 * Decoding and encoding for tests of formats: input in, lines of text out.
 *
 * A decoded row is a JSON array of its wanted values; event time comes first
 * as @time. A bad record is "! REASON @BYTE RAW". Input can be given in pieces,
 * as a pipe would, and what comes out must not depend on them.
 */
#ifndef WEIR_TESTS_IO_HELP_H
#define WEIR_TESTS_IO_HELP_H

#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/num.h"
#include "data/cast.h"
#include "data/pack.h"
#include "io/io.h"
#include "tap.h"

#define WANTS_MAX 32

struct job {
	const char *format;  /* NAME[:ARG] */
	const char *wants;   /* "a b=time c=event d=bigint e=raw * *=raw" */
	uint32_t record_max; /* 0 = the default */
};

struct run {
	struct arena arena;
	const struct format *format;
	struct layout *layout;
	struct decode_spec spec;
	struct want wants[WANTS_MAX];
	struct limits limits;
	struct buf out;
};

/* One want from "path=as". */
static void
help_want(struct run *r, struct str word)
{
	const char *eq = memchr(word.p + 1, '=', word.n - 1);
	struct str name = {word.p, eq ? (size_t)(eq - word.p) : word.n};
	struct str as = {eq ? eq + 1 : "", eq ? word.n - name.n - 1 : 0};
	struct want *w = &r->wants[r->spec.n_wants];
	struct err err = {0};

	must(r->spec.n_wants < WANTS_MAX);
	*w = (struct want){0};
	if (!str_is(name, "*"))
		w->path = path_of_name(&r->arena, arena_str(&r->arena, name));
	if (str_is(as, "raw")) {
		w->as = WANT_RAW;
	} else if (str_is(as, "time") || str_is(as, "event") ||
		   str_is(as, "maybe")) {
		w->as = WANT_TIME;
		w->optional = str_is(as, "maybe");
		must(!when_layout_parse(
		    str_of(r->format->time_layout ? r->format->time_layout
						  : "auto"),
		    &r->arena, &w->layout, &err));
		if (str_is(as, "event"))
			r->spec.time = (int)r->spec.n_wants;
	} else if (as.n) {
		w->as = WANT_TYPE;
		w->type = type_of_name(as);
		must(w->type != T_ANY);
	}
	r->spec.n_wants++;
}

static void
help_wants(struct run *r, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n)
			help_want(r, (struct str){words, n});
		words += n + (words[n] == ' ');
	}
}

/* Of a record that is too long, what must be there whatever else is. */
static void
help_bad(struct run *r, const struct bad_row *bad)
{
	struct str raw = bad->raw;

	if (raw.n > r->spec.limits.record_max)
		raw.n = r->spec.limits.record_max;
	buf_printf(&r->out, "! %s @%u ", bad->reason, bad->column);
	json_put_text(&r->out, raw);
	buf_addc(&r->out, '\n');
}

static void
help_row(struct run *r, const struct batch *b, unsigned row)
{
	bool first = true;

	buf_addc(&r->out, '[');
	if (b->time) {
		buf_addc(&r->out, '@');
		value_json(&r->out, value_time(b->time[row]));
		first = false;
	}
	for (unsigned i = 0; i < b->n_cols; i++) {
		if ((int)i == r->spec.time)
			continue;
		if (!first)
			buf_addc(&r->out, ',');
		first = false;
		value_json(&r->out, column_get(&b->cols[i], row));
	}
	buf_lit(&r->out, "]\n");
}

static void
help_batch(struct run *r, const struct batch *b)
{
	size_t bad = 0;

	for (unsigned row = 0; row < b->n_rows; row++) {
		while (bad < b->n_bad && b->bad[bad].row <= row)
			help_bad(r, &b->bad[bad++]);
		help_row(r, b, row);
	}
	while (bad < b->n_bad)
		help_bad(r, &b->bad[bad++]);
}

/*
 * Starts the format on the input, given piece bytes at a time (0 = at once).
 * Bytes used, or -1 with *err.
 */
static long
help_start(struct run *r, const struct job *job, struct str in, size_t piece,
    struct err *err)
{
	struct settings settings = {0};
	size_t n = piece ? 0 : in.n, used = 0;
	enum start_status status;

	*r = (struct run){.spec.wants = r->wants, .spec.time = -1};
	arena_init(&r->arena, 4096);
	r->limits = limits_default;
	if (job->record_max)
		r->limits.record_max = job->record_max;
	r->format = format_parse(
	    str_of(job->format), (struct where){0}, false, &settings, err);
	if (!r->format)
		return -1;
	do {
		n = n + piece < in.n ? n + piece : in.n;
		status = r->format->start((struct str){in.p, n}, n == in.n,
		    &settings, &r->limits, &r->arena, &r->layout, &used, err);
		must(status != START_MORE || n < in.n);
	} while (status == START_MORE);
	r->spec.limits = r->limits;
	return status == START_OK ? (long)used : -1;
}

static void
help_release(struct run *r)
{
	arena_release(&r->arena);
	buf_release(&r->out);
}

/* Decodes [p, end) as a reader would, piece bytes more each time. */
static void
help_decode(struct run *r, const char *p, const char *end, size_t piece,
    uint64_t context)
{
	struct decoder *d = r->format->decoder_new(r->layout, &r->spec);
	struct batch *b = batch_new();
	const char *have = piece ? p : end;

	for (;;) {
		size_t used;

		batch_reset(b);
		b->context = context;
		used = r->format->decode(d, p, have, have == end, b);
		context = b->context;
		help_batch(r, b);
		p += used;
		must(p <= have);
		if (b->runs_on) {
			const char *lf = memchr(p, '\n', (size_t)(end - p));

			p = lf ? lf + 1 : end;
			have = have < p ? p : have;
		}
		if (used || b->more)
			continue;
		if (have == end)
			break;
		have = (size_t)(end - have) > piece ? have + piece : end;
	}
	must(p == end);
	batch_free(b);
	r->format->decoder_free(d);
}

/*
 * Everything that comes out of an input, as an owned string; an error of the
 * start as "error: …".
 */
static char *
help_run(const struct job *job, struct str in, size_t piece)
{
	struct run r;
	struct err err = {0};
	char *padded = mem_zalloc(in.n + SIMD_PAD), *out;
	long used;

	if (in.n)
		memcpy(padded, in.p, in.n);
	in.p = padded;
	used = help_start(&r, job, in, piece, &err);
	if (used < 0) {
		buf_printf(&r.out, "error: %s", err.message);
		err_release(&err);
	} else {
		help_wants(&r, job->wants);
		help_decode(&r, in.p + used, in.p + in.n, piece, 0);
	}
	out = mem_strdup(buf_z(&r.out));
	help_release(&r);
	mem_free(padded);
	return out;
}

/* The same, framed first and each frame decoded on its own. */
__attribute__((unused)) static char *
help_run_framed(const struct job *job, struct str in, size_t block)
{
	struct run r;
	struct err err = {0};
	char *padded = mem_zalloc(in.n + SIMD_PAD), *out;
	uint64_t context = 0, next;
	const char *p, *end;
	long used;

	memcpy(padded, in.p, in.n);
	in.p = padded;
	used = help_start(&r, job, in, 0, &err);
	must(used >= 0);
	help_wants(&r, job->wants);
	p = in.p + used;
	end = in.p + in.n;
	for (size_t n = block; p < end;) {
		size_t left = (size_t)(end - p);
		size_t whole = left;

		next = context;
		if (n < left)
			whole = format_frame(r.layout, p, n, &next);
		if (!whole) {
			n += block;
			continue;
		}
		help_decode(&r, p, p + whole, 0, context);
		context = next;
		p += whole;
		n = block;
	}
	out = mem_strdup(buf_z(&r.out));
	help_release(&r);
	mem_free(padded);
	return out;
}

/*
 * The input at once, cut at each byte, byte by byte, and the same without
 * vector instructions: all must come to what is expected.
 */
__attribute__((unused)) static void
help_check(
    const char *what, const struct job *job, struct str in, const char *want)
{
	bool vectors = simd_avx2;
	char *got = help_run(job, in, 0);

	if (!same(got, want, what)) {
		mem_free(got);
		return;
	}
	mem_free(got);
	for (unsigned simd = 0; simd < 2; simd++) {
		simd_avx2 = simd && vectors;
		for (size_t piece = 0; piece <= in.n; piece++) {
			got = help_run(job, in, piece);
			if (strcmp(got, want)) {
				same(got, want, what);
				printf("# in pieces of %zu bytes, avx2 %d\n",
				    piece, simd_avx2);
				piece = in.n;
			}
			mem_free(got);
		}
	}
	simd_avx2 = vectors;
}

struct help_case {
	const char *what;
	struct job job;
	const char *in, *out;
};

__attribute__((unused)) static void
help_check_all(const struct help_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		help_check(cases[i].what, &cases[i].job, str_of(cases[i].in),
		    cases[i].out);
}

/* ---- writing ---- */

/*
 * Encodes rows of columns; each cell is JSON, a row one JSON array a line.
 * spec's columns give the names.
 */
__attribute__((unused)) static char *
help_encode(const char *format, struct encode_spec *spec, const char *rows,
    unsigned batch_rows)
{
	struct err err = {0};
	const struct format *f = format_parse(
	    str_of(format), (struct where){0}, true, &spec->settings, &err);
	struct encoder *e = f->encoder_new(spec, &err);
	struct buf out = {0};
	struct arena a;
	char *z;

	arena_init(&a, 4096);
	if (!e) {
		buf_printf(&out, "error: %s", err.message);
		goto done;
	}
	f->begin(e, &out);
	while (*rows) {
		struct batch *b = batch_new();

		batch_columns(b, spec->n_cols);
		for (; *rows && b->n_rows < batch_rows; b->n_rows++) {
			size_t n = strcspn(rows, "\n");
			struct value row =
			    pack_of_json((struct str){rows, n}, &a);

			must(row.type == T_LIST);
			for (unsigned i = 0; i < spec->n_cols; i++) {
				struct value v = VALUE_NULL;

				pack_list_at(row, i, &a, &v);
				column_put(&b->cols[i], b->arena, b->n_rows, v);
			}
			rows += n + (rows[n] == '\n');
		}
		b->n_sel = b->n_rows;
		f->encode(e, b, &out);
		batch_free(b);
	}
	f->finish(e, &out);
	f->encoder_free(e);
done:
	z = mem_strdup(buf_z(&out));
	err_release(&err);
	buf_release(&out);
	arena_release(&a);
	return z;
}

#endif
