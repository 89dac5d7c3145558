/* SPDX-License-Identifier: MIT */
/*
 * Lines: each line is a record of one field, `line`, always text. Written,
 * the values of a row stand on a line with tabs between, NULL as nothing.
 */
#include "base/mem.h"
#include "io/text.h"

static const struct str lines_fields[] = {{"line", 4}};

static int
lines_guess(struct str head, bool whole)
{
	(void)whole;
	return head.n > 0;
}

static enum start_status
lines_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return text_start(&format_lines, lines_fields, 1, head, eof, settings,
	    arena, out, used, err);
}

static const char *
lines_line(struct text_decoder *d, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct value whole = value_text(line);
	const char *why = NULL;

	(void)at;
	for (unsigned i = 0; !why && i < d->n_wants; i++)
		why = text_put(d, d->wants[i], b, row, line, true);
	return why ? why : text_row(d, b, row, line, &whole);
}

/* ---- writing ---- */

static struct encoder *
lines_encoder_new(const struct encode_spec *spec, struct err *err)
{
	struct encoder *e;

	if (text_no_settings(&format_lines, &spec->settings, err))
		return NULL;
	e = mem_zalloc(sizeof *e);
	e->spec = spec;
	return e;
}

static void
lines_encoder_free(struct encoder *e)
{
	mem_free(e);
}

static void
lines_encode(struct encoder *e, const struct batch *b, struct buf *out)
{
	const struct encode_spec *spec = e->spec;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		for (unsigned i = 0; i < b->n_cols; i++) {
			if (i)
				buf_addc(out, '\t');
			text_value(out, column_get(&b->cols[i], row),
			    spec->terminal ? "\t" : NULL);
		}
		buf_addc(out, spec->settings.nul ? '\0' : '\n');
	}
}

const struct format format_lines = {
    .name = "lines",
    .look = "none of the others, or you want it whole",
    .doc = "each line as one text field, \"line\"",
    .about = "Every line is a record with the one field line, without its "
	     "line end (LF or CRLF). It is always text: a line \"12\" is not "
	     "a number until it is cast. Empty lines are skipped; a line "
	     "that is not valid UTF-8 is a bad record. join=indent makes "
	     "lines that begin with a blank a part of the line before, "
	     "multiline=PATTERN all those that the pattern does not match "
	     "(the record has line feeds in it then, and on a pipe it waits "
	     "for the next one to begin). Written, the values "
	     "of a row stand on one line with tabs between them, NULL as "
	     "nothing.",
    .extensions = "txt",
    .arg = "SETTINGS",
    .example = "sshd[24200]: Failed password for root from 10.0.0.7",
    .fields = "line",
    .guess = lines_guess,
    .start = lines_start,
    .decoder_new = text_decoder_new,
    .decoder_free = text_decoder_free,
    .decode = text_decode_lines,
    .line = lines_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
    .encoder_new = lines_encoder_new,
    .encoder_free = lines_encoder_free,
    .begin = text_nothing,
    .encode = lines_encode,
    .finish = text_nothing,
};
