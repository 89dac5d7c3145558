/* SPDX-License-Identifier: MIT */
/*
 * Inputs while running: opening, guessing what they hold, and reading them in
 * blocks that end between records. Where the bytes come from, and whether
 * they are inflated on the way, is the port's business (port.h); offsets and
 * lines are those of what it hands out.
 *
 * A block is what one read() gave (up to BLOCK_BYTES), plus the rest of the
 * block before. Regular files are read, not mapped: 128 KiB stay in the cache
 * and a truncated file is no SIGBUS.
 *
 * An input that cannot be read to its end (a damaged .gz, a failing disk)
 * ends there, behind its last whole record: in->err says why, and the run
 * fails with it after everything else has been done.
 */
#ifndef WEIR_RUN_INPUT_H
#define WEIR_RUN_INPUT_H

#include "io/io.h"
#include "plan/plan.h"
#include "run/file.h"
#include "run/follow.h"
#include "run/output.h"
#include "run/port.h"
#include "run/run.h"
#include "run/spool.h"

#define BLOCK_BYTES ((size_t)128 << 10)
#define BLOCK_BYTES_THREADS ((size_t)512 << 10)

struct block {
	char *bytes; /* SIMD_PAD bytes behind cap are readable */
	size_t cap;
	size_t from, to;  /* what has not been decoded yet */
	uint64_t offset;  /* of bytes[from] in the input */
	uint64_t context; /* of bytes[from], for the format (batch.h) */
	uint64_t line;	  /* line feeds before it, if the input counts them: a
			     plain file can be read again */
	bool last;	  /* the input ends here */
	bool early;	  /* but not what is in it: what there is are whole
			     records, and nothing is said of what is not */
	bool whole;	  /* what ends at `to` is a whole record */
	bool skipping;	  /* bytes[from] is within a record that is too long */
};

void block_init(struct block *b, size_t cap);
void block_release(struct block *b);

/* Makes room for n bytes behind b->to. */
void block_room(struct block *b, size_t n);

struct input {
	const struct plan_input *plan;
	struct str file; /* "-" = standard input */
	unsigned number;
	const struct given *given; /* its bytes, instead of a file, or NULL */
	struct port *port;
	struct file *plain;  /* the port, if it is a regular file as it stands:
				reading it never waits, and it can be read
				again; else NULL */
	struct spool *spool; /* the port reads it: standard input is kept */
	struct follow *follow; /* the port, if the file is followed */
	bool live;	       /* nobody waits for it alone: see input_open */
	bool waits;	       /* live: there were too few bytes to go on */
	bool alone;	       /* no other input is part of the run */
	/*
	 * A later run goes on with it: what has no end yet is left to that.
	 */
	bool holds;
	bool keeps; /* its position is kept, with the line it is in */
	const struct format *noted; /* its format, if that is known */
	bool opened;
	/*
	 * A block's line is the number of records before it: somebody asks for
	 * _line and the format has none. Then a block is decoded before the
	 * next one is cut.
	 */
	bool by_number;
	bool counts; /* the lines before a block are counted */
	struct file_id id;
	const struct format *format;
	struct layout *layout;
	struct decode_spec spec;
	struct arena arena; /* layout and spec */
	struct block head;  /* bytes read but not handed out */
	int64_t written;    /* when a regular file was last, µs; WHEN_MIN */
	uint64_t bytes;	    /* read so far */
	uint64_t size;	    /* of a regular file when the run began, or 0 */
	struct err err;	    /* why it ended early, or no message */

	/* The owner's, for line numbers of a file; see reject.h. */
	uint64_t line, line_at;
};

void input_init(struct input *in, const struct plan_input *plan,
    struct str file, unsigned number);
void input_release(struct input *in);

/* Closes it and forgets what it holds, so that it may be opened again. */
void input_close(struct input *in);

/* Closes it; another file is to be opened in its place. */
void input_reopen(struct input *in, struct str file);

/* Goes on with the next generation of a followed file, to be opened. */
void input_renew(struct input *in);

/* Fails early if the file cannot be read (opens nothing); notes its size. */
int input_check(struct input *in, struct err *err);

/* What opening found. */
enum {
	INPUT_OPENED = 0,
	INPUT_WAITS, /* live: too little is there yet; to be tried again */
	INPUT_EMPTY  /* followed: a generation without a byte */
};

/*
 * Opens it and reads as much as it takes to know its format, header and time
 * field. out: the format of the output (fields that are only passed on stay
 * as they are when the formats agree). A live input is not waited for.
 * INPUT_OPENED (0), INPUT_WAITS, INPUT_EMPTY, or -1 and *err.
 */
int input_open(struct input *in, const struct plan *plan,
    const struct run_options *options, bool needs_time, size_t block_bytes,
    struct err *err);

/*
 * It has been opened, and nothing was handed out: the next byte is this one,
 * of which the format has to know `context`. 0, or -1 and *err.
 */
int input_resume(struct input *in, uint64_t offset, uint64_t context,
    uint64_t line, bool skipping, struct err *err);

/*
 * Reads more into b, which may hold the rest of a record at [from, to). Grows
 * b if it is full. Sets b->last at the end of input. There may be nothing yet
 * even though it was ready.
 */
void input_read(struct input *in, struct block *b, size_t block_bytes);

/*
 * The same for the beginning of the input: waits as long as nobody asks to
 * stop; then it is as if the input ended before b.
 */
void input_fill(struct input *in, struct block *b, size_t block_bytes);

/* How long to wait before looking whether something else is wanted. */
#define INPUT_LOOK_MS 200

/*
 * Waits up to so many milliseconds, or until a signal comes; true if reading
 * would not wait.
 */
bool input_ready(const struct input *in, int ms);

/* Ends of lines in n bytes: line feeds, or NULs if they end records. */
uint64_t input_lines(const struct input *in, const char *p, size_t n);

/* Line feeds in n bytes. */
uint64_t lines_in(const char *p, size_t n);

#endif
