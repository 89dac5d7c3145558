/* SPDX-License-Identifier: MIT */
/*
 * Where a record of several lines ends (struct text_join). Inside io/ only,
 * for the reading of lines.
 */
#ifndef WEIR_IO_TEXT_JOIN_H
#define WEIR_IO_TEXT_JOIN_H

#include "io/text.h"

/*
 * The line feed that ends the record at `at`; nl is that of its first line.
 * NULL: the record goes on to the end, or it is not known yet whether it does.
 */
const char *text_join_end(const struct text_join *j, const char *at,
    const char *end, const char *nl, bool eof);

/* format.frame: nl is the last line feed. */
size_t text_join_frame(
    const struct text_join *j, const char *p, size_t n, const char *nl);

#endif
