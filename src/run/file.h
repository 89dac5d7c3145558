/* SPDX-License-Identifier: MIT */
/*
 * Regular files as ports, however many there are: a file is read by place, so
 * its descriptor may be closed between reads when others need one, and opened
 * again. At most as many are open at a time as the process may have, less a
 * few for everything else; the ones that were not read for longest are closed.
 * A file that is another one when it is opened again is an error.
 */
#ifndef WEIR_RUN_FILE_H
#define WEIR_RUN_FILE_H

#include <sys/stat.h>

#include "run/port.h"

struct file;

/* As open() for reading, but makes room for the descriptor first. */
int file_open(const char *path);

/*
 * fd: of the regular file, at the place where reading begins; it is taken
 * over. path: to open it again, NULL = it is never closed (standard input);
 * it must outlive the file.
 */
struct file *file_new(int fd, const char *path);

/* The file as a port; the same thing. */
struct port *file_port(struct file *f);

/* The next byte read is this one, counted from where reading began. */
void file_seek(struct file *f, uint64_t offset);

/* What the file is by now; false if that cannot be told. */
bool file_stat(struct file *f, struct stat *st);

/* Bytes [offset, offset + n) counted from where reading began; as pread. */
ssize_t file_read_at(struct file *f, void *to, size_t n, uint64_t offset);

/*
 * errno of a read that has failed, 0 if none has: what is inflated fails for
 * its bytes' sake, too.
 */
int file_failure(const struct file *f);

#endif
