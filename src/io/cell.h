/* SPDX-License-Identifier: MIT */
/*
 * The conversion behind cell_put, cell_missing and cell_value (io.h), apart
 * from putting, for a format that converts a whole row before it puts any of
 * it. Inside io/ only.
 */
#ifndef WEIR_IO_CELL_H
#define WEIR_IO_CELL_H

#include "io/io.h"

/*
 * The value of a field for a want that is WANT_TIME or WANT_TYPE; v has the
 * type the record gave it, NULL if the field is missing or empty. Event time
 * (want == spec->time) is never NULL. Returns NULL, or the reason why the
 * record is bad.
 */
const char *cell_convert(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct arena *a, struct value v,
    struct value *out);

#endif
