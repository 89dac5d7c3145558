/* SPDX-License-Identifier: MIT */
/*
 * Running the JSON decoder for tests: an input goes through in blocks cut as
 * asked, each in memory of its own that ends SIMD_PAD bytes behind it (so that
 * a sanitizer sees what reads further), and everything that comes out is
 * written down as text.
 */
#ifndef WEIR_TESTS_JSON_RUN_H
#define WEIR_TESTS_JSON_RUN_H

#include <stdlib.h>

#include "base/mem.h"
#include "io/json.h"

/* How to read; zero is the usual way. */
struct run {
	const struct decode_spec *spec;
	struct decoder *decoder; /* one to go on with, or NULL: a new one */
	bool scan_only;		 /* make no templates: the scanner reads all */
	bool bulk_only;		 /* the bulk reader, where there is one */
	bool words;		 /* no AVX2 */
	bool cold;		 /* a new decoder for each record */
	size_t block;		 /* bytes read at once; 0: everything */
};

/* Gives the decoder its kernel without a bulk reader. */
static inline void
run_no_bulk(struct json_decoder *d)
{
	static struct json_kernel kernels[2];
	struct json_kernel *kernel = &kernels[d->kernel == &json_kernel_words];

	*kernel = *d->kernel;
	kernel->bulk = NULL;
	d->kernel = kernel;
}

static inline struct decoder *
run_decoder(const struct run *run)
{
	static const struct layout layout = {.format = &format_json};
	struct decoder *d;

	if (run->words) {
		bool avx2 = simd_avx2;

		simd_avx2 = false;
		d = format_json.decoder_new(&layout, run->spec);
		simd_avx2 = avx2;
	} else {
		d = format_json.decoder_new(&layout, run->spec);
	}
	if (run->scan_only || run->bulk_only)
		((struct json_decoder *)(void *)d)->rest = UINT32_MAX;
	if (run->scan_only)
		run_no_bulk((struct json_decoder *)(void *)d);
	return d;
}

/* One batch as lines: its rows, with the bad rows where they came. */
static inline void
run_dump(const struct run *run, const struct batch *b, struct buf *out)
{
	unsigned row, col;
	size_t bad = 0;

	for (row = 0; row <= b->n_rows; row++) {
		for (; bad < b->n_bad && b->bad[bad].row == row; bad++)
			buf_printf(out, "bad %u %s: %.*s\n",
			    b->bad[bad].column - !!b->bad[bad].column,
			    b->bad[bad].reason, STR_ARG(b->bad[bad].raw));
		if (row == b->n_rows)
			break;
		for (col = 0; col < b->n_cols; col++) {
			struct value v = column_get(&b->cols[col], row);

			if ((int)col == run->spec->time)
				v = value_time(b->time[row]);
			buf_printf(out, "%s ", type_name(v.type));
			value_json(out, v);
			buf_addc(out, '|');
		}
		buf_printf(out, " %.*s\n", STR_ARG(b->raw[row]));
	}
	if (bad != b->n_bad)
		buf_lit(out, "bad rows out of order\n");
}

/* Decodes what there is of block, again and again while the batch fills. */
static inline size_t
run_block(const struct run *run, struct decoder **d, struct batch *b,
    const char *p, size_t n, bool eof, struct buf *out)
{
	size_t at = 0, used;

	do {
		batch_reset(b);
		used = format_json.decode(*d, p + at, p + n, eof, b);
		at += used;
		run_dump(run, b, out);
		if (run->cold) {
			format_json.decoder_free(*d);
			*d = run_decoder(run);
		}
	} while (used);
	return at;
}

/* Everything that input gives, as text. */
static inline void
run_all(const struct run *run, struct str input, struct buf *out)
{
	struct decoder *d = run->decoder ? run->decoder : run_decoder(run);
	struct batch *b = batch_new();
	struct str rest = {input.p, 0};
	size_t from = 0;

	out->n = 0;
	while (from < input.n) {
		size_t step = run->block ? run->block : input.n, n, used;
		bool eof;
		char *block;

		if (step > input.n - from)
			step = input.n - from;
		from += step;
		eof = from == input.n;
		n = rest.n + step;
		block = mem_alloc(n + SIMD_PAD);
		memcpy(block, rest.p, n); /* what follows rest is the step */
		memset(block + n, '"', SIMD_PAD);
		used = run_block(run, &d, b, block, n, eof, out);
		rest.p += used;
		rest.n = n - used;
		mem_free(block);
	}
	if (rest.n)
		buf_printf(out, "%zu bytes left over\n", rest.n);
	batch_free(b);
	if (!run->decoder)
		format_json.decoder_free(d);
}

#endif
