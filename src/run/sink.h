/* SPDX-License-Identifier: MIT */
/*
 * An output of the plan while running: its encoder, and the file (or standard
 * output) that the encoded rows go to.
 */
#ifndef WEIR_RUN_SINK_H
#define WEIR_RUN_SINK_H

#include "run/input.h"
#include "run/lane.h"
#include "run/note.h"
#include "run/output.h"
#include "run/partition.h"

/* What a run with a state directory does with its outputs. */
struct sink_keep {
	struct store *store;
	bool hold; /* results wait for the commit that contains them */
	bool ids;  /* a column _id comes first */
	bool verbose;
};

struct sink {
	const struct plan_output *plan;
	const struct sink_keep *keep; /* or NULL */
	struct str label;	      /* its name in notes and ids */
	bool alone;		      /* there is no other output */
	struct output out;
	struct partitions *parts; /* several files instead, or NULL */
	struct encode_spec spec;
	struct encoder *encoder;
	bool begun;	 /* the encoder has begun */
	uint64_t n_rows; /* written */
	uint64_t n_ever; /* by all runs */
};

/* True if it goes to standard output. */
bool sink_is_stdout(const struct plan_output *plan);

/*
 * Opens the file, or standard output; of several files the first rows do. keep
 * (or NULL) must live on.
 */
int sink_open(struct sink *s, const struct plan_output *plan,
    const struct sink_keep *keep, struct err *err);

/* The same, but what is written stays in memory. */
void sink_capture(struct sink *s, const struct plan_output *plan);

/*
 * Makes the encoder; the inputs that are opened first have been. in: the first
 * of those whose rows may come out of it.
 */
int sink_encode(struct sink *s, const struct plan *plan, const struct input *in,
    const struct run_options *options, struct err *err);

/* The selected rows of a batch of the flow that the output reads. */
void sink_rows(struct sink *s, const struct batch *b);

/* Rows that a lane has encoded. */
void sink_bytes(struct sink *s, const struct prepared *p);

/* What the encoder holds back is written: the run is about to wait. */
void sink_settle(struct sink *s);

/* Closing bytes. */
void sink_finish(struct sink *s);

/* What has been encoded is written, unless a file appears later anyway. */
void sink_flush(struct sink *s);

bool sink_failed(const struct sink *s);

/* ---- with a state directory: see outputs.h ---- */

/*
 * The encoder has been made. own: what was noted of this output; file: of its
 * file, by whatever output wrote to it. crashed: the counts of the run that
 * noted it go on.
 */
int sink_resume(struct sink *s, struct note own, struct note file, bool crashed,
    struct err *err);

/* Does the encoder hold rows that a commit would lose? */
bool sink_holds(const struct sink *s);

/* next_box: see outbox_cut. end: the run ends. */
void sink_cut(struct sink *s, int64_t next_box, bool end);
void sink_note(const struct sink *s, struct buf *out);
void sink_sync(const struct sink *s, struct buf *fds);
void sink_publish(struct sink *s);

/*
 * Closes the file or files: see output_close. *bytes: what was written is
 * added.
 */
int sink_close(struct sink *s, bool keep, uint64_t *bytes, struct err *err);

void sink_release(struct sink *s);

#endif
