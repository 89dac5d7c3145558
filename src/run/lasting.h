/* SPDX-License-Identifier: MIT */
/*
 * Files that runs continue: with a state directory the file of -o, a regular
 * file that standard output was redirected to, the files of late and of bad
 * records. They are appended to; a commit notes how long each is and what its
 * last bytes are (struct extent), and a run begins with cutting off what no
 * commit knows of. So whatever happens in between, each result is in the file
 * once.
 *
 * Two runs never write to one file: it is locked (flock) while it is open.
 * Bytes of others that were added after a run had ended in order are left
 * alone.
 */
#ifndef WEIR_RUN_LASTING_H
#define WEIR_RUN_LASTING_H

#include "run/note.h"
#include "run/output.h"

enum lasting_from {
	LASTING_NEW,	   /* nothing is in it yet */
	LASTING_CONTINUED, /* what was noted is in it */
	LASTING_FOREIGN	   /* something is, of which nothing was noted */
};

/*
 * Opens a file to go on in it, as it stands; made if it is not there. Links
 * are followed. What is no regular file is opened as output_open does, and
 * lasting is not set. -1 and *err also if another run is writing to it.
 */
int lasting_open(struct output *o, const char *path, struct err *err);

/* Standard output; lasting is set if it is a regular file. */
int lasting_stdout(struct output *o, struct err *err);

/* How notes call it: from the root, "-" for standard output. */
struct str lasting_path(const struct output *o);

/* How messages call it. */
const char *lasting_name(const struct output *o, char name[static 512]);

/*
 * Makes the file what it was at the commit: `was` is what was noted of it, or
 * NULL if nothing was. ended: the run that noted it ended with that commit,
 * so what stands behind is not from a run. *from says what is in the file
 * now. ERR_STATE if the file is not what was noted.
 *
 * Of a file that has been removed, or a standard output that has been begun
 * anew by the shell (`>`), nothing is continued: LASTING_NEW.
 */
int lasting_resume(struct output *o, const struct extent *was, bool ended,
    enum lasting_from *from, struct err *err);

/*
 * A commit is made, the buffer has been written: o->at is the file as it is.
 * False if it cannot be looked at.
 */
bool lasting_cut(struct output *o);

/*
 * Adds the descriptors (int) that must be synced before the commit: the file,
 * and its folder as long as the file is new.
 */
void lasting_sync(const struct output *o, struct buf *fds);

/* The commit is durable. */
void lasting_synced(struct output *o);

/*
 * What a file is, by a descriptor that can be read, up to a length; false if it
 * cannot be looked at.
 */
bool extent_of(int fd, uint64_t length, struct extent *out);

/*
 * Are the bytes before the extent's length those that were noted? If not, errno
 * is 0, or says why they could not be read.
 */
bool extent_matches(int fd, const struct extent *was);

/* Number of members that extent_put adds to a packed map. */
#define EXTENT_MEMBERS 5

void extent_put(struct buf *map, const struct extent *e);
bool extent_get(struct note map, struct extent *out);

#endif
