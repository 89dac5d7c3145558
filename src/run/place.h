/* SPDX-License-Identifier: MIT */
/*
 * Where an input goes on: a byte at which decoding can begin, what the format
 * has to know there, and rows behind it that have been applied. Offsets and
 * lines are those of what is handed out by the input's port, so of a
 * compressed file those of what it inflates to.
 */
#ifndef WEIR_RUN_PLACE_H
#define WEIR_RUN_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct place {
	uint64_t offset, context;
	uint64_t line; /* line feeds before it, if the input counts them */
	uint64_t rows;
	bool skipping; /* it is within a record that is too long */
};

#endif
