/* SPDX-License-Identifier: MIT */
/*
 * An output of several files, seen from within: shared by partition.c, which
 * writes rows to them, and partition_kept.c, which carries them from run to
 * run.
 */
#ifndef WEIR_RUN_PART_H
#define WEIR_RUN_PART_H

#include "run/naming.h"
#include "run/output.h"
#include "run/partition.h"
#include "state/index.h"

/* Not yet written of all files together; beyond it all are written. */
#define BUFFERED_MAX ((size_t)16 << 20)

/* From so many files on a whole file system is synced once. */
#define SYNC_ALL 16

struct part {
	struct str path; /* of the file, without the part's number; owned */
	uint64_t hash;
	struct encoder *encoder; /* NULL: no part of it is being written */
	struct output out;
	uint64_t rows, bytes; /* of this part */
	unsigned number;      /* of this part, from 1 */
	int64_t period;	      /* that it is in; NAMING_TIMELESS: none yet */
	struct part *older, *newer; /* of those that are open */
	unsigned first, last;	    /* rows of the batch at hand */
	bool touched;

	/* With a state directory: */
	bool known;    /* what the state says of it has been taken up */
	bool dirty;    /* since the last cut */
	bool named;    /* its file has its name */
	bool naming;   /* it will, when the commit of the last cut is durable */
	bool replaces; /* what stands under that name: it was copied */
};

/*
 * With a state directory: a file that is to get its name when the commit of
 * the next cut is durable, or (from NULL) only to be synced for it.
 */
struct renaming {
	char *from, *to;
	bool replaces;	   /* what is under that name: it has been copied */
	bool noted;	   /* by the last cut */
	struct part *part; /* goes on in it; NULL: it is whole */
	int fd;		   /* to be synced, or -1 */
};

struct partitions {
	const struct plan_output *plan;
	const struct encode_spec *spec;
	struct naming naming;
	struct index index;
	struct part **parts; /* in order of their first rows */
	size_t n, cap;
	struct part *oldest, *newest;
	unsigned n_open, open_max;
	size_t buffered;
	struct buf path, scratch;
	uint16_t next[BATCH_ROWS]; /* row of the same part, or itself */
	uint64_t bytes;		   /* of parts that are done */
	dev_t device;
	bool devices; /* there are several */
	bool failed;
	struct err err;

	/* With a state directory; see partition_kept.c. */
	struct store *store; /* or NULL */
	struct str label;
	int64_t bucket;	   /* of the store, for entries of this output */
	char suffix[13];   /* of names of files that have not got theirs */
	bool crashed;	   /* the run before did not end in order */
	struct buf folder; /* what relative paths are relative to */
	struct renaming *renamings;
	size_t n_renamings, cap_renamings;
	char **folders; /* to be synced for the next commit */
	size_t n_folders, cap_folders;
	size_t n_new;	 /* files that the state said nothing of */
	bool many;	 /* more files than are synced one by one */
	struct buf sync; /* descriptors (int) for the commit of the last cut */
	struct buf opened; /* of these: to be closed when it is durable */
};

void partition_fail(struct partitions *p, struct err *err);
void partition_check(struct partitions *p, struct part *part);
void partition_flush(struct partitions *p, struct part *part);
/* Forgets that the file is open; the caller closes it. */
void partition_unlink_open(struct partitions *p, struct part *part);
void partition_link_open(struct partitions *p, struct part *part);
void partition_close_oldest(struct partitions *p);
/* The part whose path is p->path. */
struct part *partition_find(struct partitions *p);
bool partition_has(const struct partitions *p); /* is there one? */
/* A file system that is synced as a whole must be the only one. */
void partition_note_device(struct partitions *p, const struct part *part);
/* Makes an encoder that has begun; false if that failed. */
bool partition_encoder(struct partitions *p, struct part *part);

bool partition_is_cut(const struct partitions *p); /* into numbered parts */
/* "cannot WHAT PATH", and what errno says. */
void partition_fail_sys(
    struct partitions *p, const char *what, const char *path);

/* ---- with a state directory ---- */

/*
 * The next row's file: the one that the state says goes on, or another one.
 * False if that failed. Where there is no encoder then, the file is empty.
 */
bool part_begin(struct partitions *p, struct part *part);

/* Only what the state says goes on. */
bool part_take_up(struct partitions *p, struct part *part);

/* The part is whole; its encoder has written its last bytes. */
void part_retire(struct partitions *p, struct part *part);

/* Nothing more is written to a part's file: what was not committed stays. */
void part_leave(struct partitions *p, struct part *part);
void part_unname(struct part *part);
void partition_release_kept(struct partitions *p);

/* The key of a name that all its parts share, in the store. */
void part_key(
    const struct partitions *p, const struct part *part, struct buf *out);

/*
 * At a cut: what the state says of files is forgotten, but for those written
 * to last (partition_forget.c). Is it time for that?
 */
void partition_forget(struct partitions *p);
bool partition_forgets(const struct partitions *p, bool end);

/* A directory has got a new entry, or lost one. */
void partition_note_folder(struct partitions *p, const char *path);

/* Makes their names certain; 0, or -1 and errno. */
void partition_sync_folders(struct partitions *p);
int part_sync_folder(const char *folder);

/* False and errno, also if something else has taken the name meanwhile. */
bool part_give_name(const char *from, const char *to, bool replaces);

/* The directories of a path that are not there yet. */
int partition_directories(
    struct partitions *p, const char *path, struct err *err);

#endif
