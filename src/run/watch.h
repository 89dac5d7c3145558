/* SPDX-License-Identifier: MIT */
/*
 * Waiting until something happens to files: by inotify on their directories
 * where it is to be had, else by looking again after a while. It only says
 * when to look; what has happened is found out by looking.
 */
#ifndef WEIR_RUN_WATCH_H
#define WEIR_RUN_WATCH_H

#include <stdbool.h>

struct watch;

struct watch *watch_new(void);
void watch_free(struct watch *w);

/*
 * From now on, what happens to a file of this name (which need not exist)
 * wakes, also where it is a link to.
 */
void watch_file(struct watch *w, const char *path);

/*
 * Waits up to so many milliseconds, or until a signal comes. True if files
 * may have come, gone, or changed their names since it last said so.
 */
bool watch_wait(struct watch *w, int ms);

#endif
