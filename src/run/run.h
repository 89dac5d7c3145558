/* SPDX-License-Identifier: MIT */
/*
 * Runs a bound plan: reads inputs block by block, decodes in any thread,
 * applies stateful steps in input order in one (the owner), writes results.
 */
#ifndef WEIR_RUN_RUN_H
#define WEIR_RUN_RUN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "plan/plan.h"

#define BAD_ANY UINT64_MAX

/* A state directory (state/store.h) and what is to be done with it. */
enum if_locked {
	LOCKED_FAIL, /* ERR_LOCKED */
	LOCKED_WAIT, /* until the other run has ended */
	LOCKED_SKIP  /* nothing is done, and all is well */
};

struct state_run {
	const char *dir;
	int64_t every; /* µs between commits; 0 = at the end only */
	bool final;    /* this is the last run: what is open is closed */
	bool drop;     /* state of steps that are gone is dropped */
	/*
	 * For tests: a commit after every record, and a run that finds more
	 * than one is killed behind the second (run_counts.killed), to be run
	 * again until one is not.
	 */
	bool crash;
	bool standby; /* takes over when the run that holds it has ended */
	enum if_locked if_locked;
	bool gap_fails; /* --on-gap fail: what cannot be read any more ends it
			 */
	const char *const *reset; /* names of steps that begin anew */
	unsigned n_reset;
	bool journal; /* standard input is kept until it is committed */
	bool hold;    /* results wait for the commit that contains them */
	bool ids;     /* results begin with a column _id */
	/* The plan as a spec, kept for `weir state dump`; n == 0: none. */
	struct str spec;
};

/*
 * Maps of a state (state/store.h) that are no step's: what outputs keep. Their
 * numbers follow one another. packed: values are packed (data/pack.h), else
 * bytes as they are written.
 */
struct run_map {
	unsigned number;
	const char *name;
	bool packed;
};
extern const struct run_map run_maps[];
extern const unsigned n_run_maps;

#define CHECKPOINT_EVERY ((int64_t)10 * 1000000)

/*
 * An input's bytes at hand instead of its files, and watermarks that are
 * stated: before the record that begins at byte `at` (or a later one) is
 * applied, the input's watermark rises to this one. In order of `at`.
 */
struct given_mark {
	uint64_t at;
	int64_t watermark;
};

struct given {
	struct str text;
	struct given_mark *marks;
	unsigned n_marks;
};

/*
 * A compressed input may inflate to this many times its size, once it is more
 * than UNPACK_FREE bytes.
 */
#define UNPACK_RATIO 500
#define UNPACK_FREE ((uint64_t)256 << 20)
#define UNPACK_ANY UINT64_MAX

struct run_options {
	unsigned threads;   /* -j, at least 1 */
	const char *reject; /* bad records go here, or NULL */
	uint64_t bad_max;   /* --max-bad; BAD_ANY = any number */
	bool quiet, verbose;
	bool line_buffered;
	bool colour;	/* on standard output */
	unsigned width; /* of the terminal, 0 = none */
	bool follow;	/* -F: inputs go on when they are at their end */
	bool nul_data;	/* -z: records end in NUL */
	bool trust;
	struct limits limits;
	uint64_t inflate_max;	       /* --max-inflate; UNPACK_ANY = any */
	const char *stats;	       /* --stats FILE, or NULL */
	const struct state_run *state; /* what is kept between runs, or NULL */
	uint64_t memory; /* --mem: of what steps remember; 0 = any */

	/*
	 * For tests of a plan: no file is opened. given: by the plan's input;
	 * what is read of it. captured: by output, what would be written;
	 * rejected: bad records as in a reject file. The caller releases them.
	 */
	const struct given *given;
	struct buf *captured, *rejected;
};

/* The accounting: in = used + filtered + late + bad. */
struct run_counts {
	uint64_t in, used, filtered, late, bad;
	uint64_t out; /* result rows */
	uint64_t bytes_in, bytes_out;
	uint64_t late_some, updates;
	uint64_t bad_results; /* result rows an expression failed for */
	uint64_t late_behind; /* rows that came too late for a step behind a
				 fork or another step */
	uint64_t astray; /* changes that took back rows which were not there */
	uint64_t gaps;	 /* files of which something is lost, or may be */
	uint64_t ahead;	 /* of those used: did not move the watermark */
	bool killed;	 /* see state_run.crash */
};

/*
 * Runs to the end of input (or until SIGINT/SIGTERM asks to stop). 0 if all
 * went well, -1 with *err otherwise; counts are filled either way. Records
 * beyond bad_max give ERR_BAD after everything was written.
 */
int run_plan(const struct plan *plan, const struct run_options *options,
    struct run_counts *counts, struct err *err);

#endif
