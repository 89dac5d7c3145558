/* SPDX-License-Identifier: MIT */
/*
 * Rows as pairs, each record with its own names: the encoders of logfmt and
 * LTSV. Columns that spread give their members.
 */
#ifndef WEIR_IO_PAIRS_ENC_H
#define WEIR_IO_PAIRS_ENC_H

#include "io/sheet.h"
#include "io/text.h"

struct pairs_encoder {
	struct encoder base;
	struct sheet sheet;
	struct buf cell; /* a value before it is escaped */
	char end;	 /* of a record */
	void (*put)(struct pairs_encoder *e, struct buf *out, bool first,
	    struct str name, struct value v);
};

struct encoder *pairs_encoder_new(const struct format *format,
    const struct encode_spec *spec,
    void (*put)(struct pairs_encoder *e, struct buf *out, bool first,
	struct str name, struct value v),
    struct err *err);
void pairs_encoder_free(struct encoder *e);
void pairs_encode(struct encoder *e, const struct batch *b, struct buf *out);

struct encoder *logfmt_encoder_new(
    const struct encode_spec *spec, struct err *err);
struct encoder *ltsv_encoder_new(
    const struct encode_spec *spec, struct err *err);

#endif
