/* SPDX-License-Identifier: MIT */
/*
 * A port that a thread of its own reads ahead, so that inflating and decoding
 * go on at the same time. The bytes are the same, and an error comes behind
 * the bytes before it. If there are AHEAD_THREADS such threads already, or
 * none is to be had, it is read when asked for.
 */
#ifndef WEIR_RUN_AHEAD_H
#define WEIR_RUN_AHEAD_H

#include "run/port.h"

#define AHEAD_THREADS 16

/* Takes the port over. */
struct port *ahead_new(struct port *from);

#endif
