/* SPDX-License-Identifier: MIT */
/*
 * Which directory -s means, and what a run is to do with it: the options of
 * kept state as the run wants them.
 */
#ifndef WEIR_CLI_STATE_DIR_H
#define WEIR_CLI_STATE_DIR_H

#include "base/arena.h"
#include "cli/options.h"
#include "run/run.h"

/*
 * Where states with names are: $STATE_DIRECTORY (systemd), else the folder
 * weir of $XDG_STATE_HOME, else of ~/.local/state. In the arena; NULL and
 * *err if there is no such place.
 */
const char *state_home(struct arena *a, struct err *err);

/*
 * What has a slash is a directory as it stands; other names are folders of
 * state_home. In the arena, or NULL and *err.
 */
const char *state_dir(const char *name, struct arena *a, struct err *err);

/*
 * Fills *out and makes it the run's, if state is to be kept.  -1 and *err for
 * options that do not go together.
 */
int state_run_of(const struct options *o, struct arena *a,
    struct state_run *out, struct err *err);

#endif
