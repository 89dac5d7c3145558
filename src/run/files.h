/* SPDX-License-Identifier: MIT */
/*
 * Which files are meant: a name stands for itself, a directory for the regular
 * files in it, and a pattern (* ? [abc], ** for any depth of directories) for
 * those that match. The shell's rules: a leading dot is matched by a dot only.
 * A file whose very name looks like a pattern is that file.
 *
 * What a directory or pattern stands for comes oldest first as far as names
 * tell: rotated siblings of a log before the log itself (app.log-20260101,
 * app.log.10.gz, app.log.9, app.log), else by name with numbers by value. A
 * name in the midst of which there is a date or number may be that of a log of
 * its own (part.1.json), so it is a rotated one only beside its log.
 */
#ifndef WEIR_RUN_FILES_H
#define WEIR_RUN_FILES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct files {
	struct arena *arena; /* of the names; the list is mem_alloc'ed */
	struct str *names;
	size_t n, cap;
};

/* Has it signs of a pattern? */
bool files_is_pattern(struct str written);

/* Is it a pattern or directory, so that what it stands for may change? */
bool files_open_ended(struct str written);

/*
 * Appends what is meant. A pattern (or directory) without any file gives
 * ERR_INPUT unless none_is_fine.
 */
int files_expand(
    struct files *f, struct str written, bool none_is_fine, struct err *err);

void files_release(struct files *f);

/* One more name. */
void files_add(struct files *f, struct str name);

/* ---- rotated files ---- */

/* Is it a rotated sibling of another one in the list? */
bool files_has_base(const struct files *f, struct str name);

/* A name without what rotation and compression add to its end. */
struct str files_base(struct str name);

/*
 * What rotation may add in the midst, before the extension: app-20260131.log,
 * app.1.log.gz, app.2026-01-31.0.log. Is it such a file of the log (app.log)?
 */
bool files_is_inner(struct str name, struct str log);

/*
 * The logs of which a name may be such a file, the nth (from 0): in out, of
 * PATH_MAX bytes. n == 0: there are no more.
 */
struct str files_outer(struct str name, unsigned nth, char *out);

/* Is it a rotated file of the log, either way, or the log itself? */
bool files_is_of(struct str name, struct str log);

/* Of one log, oldest first; the log itself comes last. <0, 0, >0. */
int files_order_of(struct str log, struct str a, struct str b);

/*
 * What is in a directory now, as a number: if it is the same before and after
 * looking, nothing has been renamed meanwhile. dir: "" = the current one.
 */
uint64_t files_listing(struct str dir);

/* So often one looks again. */
#define FILES_LOOKS 20

/* Oldest first; see above. <0, 0, >0. */
int files_order(struct str a, struct str b);

#endif
