/* SPDX-License-Identifier: MIT */
/*
 * Functions over other rows as their results change: what the step `running`
 * does where every change of the result is wanted, and rows may be taken back
 * or come before those that are out already.
 */
#ifndef WEIR_OP_OVER_LIVE_H
#define WEIR_OP_OVER_LIVE_H

#include "op/running.h"

/*
 * Is the step to do so? Then it says what is known of the changes and the key
 * of op->out, which is otherwise as it will be, and sets c->live.
 */
void over_live_bind(struct op *op, struct over_config *c);

/* As the hooks of struct op_kind. */
void *over_live_prepare(const struct op *op, struct eval *ev, struct batch *b);
struct op_run *over_live_open(const struct op *op);
void over_live_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void over_live_advance(struct op_run *run, int64_t w);
void over_live_close(struct op_run *run);
int over_live_restore(
    struct op_run *run, struct state_step *s, struct err *err);
void over_live_save(struct op_run *run);

#endif
