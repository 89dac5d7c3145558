/* SPDX-License-Identifier: MIT */
/*
 * must(): what can only be our own bug. It stays on in release builds: a
 * wrong answer is worse than no answer, and the checkpoint is the recovery.
 */
#ifndef WEIR_BASE_MUST_H
#define WEIR_BASE_MUST_H

/* Prints the place and aborts. */
_Noreturn void must_fail(const char *file, int line, const char *what);

/* Prints "out of memory" with the size asked for and exits with status 71. */
_Noreturn void must_memory(unsigned long size);

#define must(cond) ((cond) ? (void)0 : must_fail(__FILE__, __LINE__, #cond))

#endif
