/* SPDX-License-Identifier: MIT */
/*
 * What cursors do for merges. Inside state/run_* only.
 */
#ifndef WEIR_STATE_RUN_WALK_H
#define WEIR_STATE_RUN_WALK_H

#include "state/run_read.h"

typedef bool (*run_dropped)(
    void *arg, unsigned cursor, unsigned map, int64_t bucket);

/* Sections of which `dropped` says so are passed over, and not even read. */
void run_cursor_leave_out(
    struct run_cursor *c, run_dropped dropped, void *arg, unsigned number);

#endif
