/* SPDX-License-Identifier: MIT */
/*
 * An input whose bytes are at hand, for tests of a plan: a port, and the
 * watermarks that are stated between its records.
 */
#ifndef WEIR_RUN_GIVEN_H
#define WEIR_RUN_GIVEN_H

#include "run/port.h"
#include "run/run.h"
#include "run/turn.h"

/* Reads the text, which must outlive it. */
struct port *given_port(const struct given *given);

/* The row of the batch at hand, up to `to`, before which a watermark stands. */
unsigned given_row(const struct turn *t, unsigned to);

/* Where a row of the batch at hand begins in its input. */
uint64_t given_offset(const struct turn *t, unsigned row);

/*
 * Takes the next watermark that stands before this byte, and makes it the
 * turn's floor; false if there is none.
 */
bool given_take(struct turn *t, uint64_t before);

#endif
