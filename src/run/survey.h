/* SPDX-License-Identifier: MIT */
/*
 * The files of an input as they are now: those that its names stand for, and
 * the rotated siblings of these, each once, with the bytes they begin with.
 * Files whose names are those of one log are a chain: they stand one behind
 * another, oldest first.
 */
#ifndef WEIR_RUN_SURVEY_H
#define WEIR_RUN_SURVEY_H

#include "run/files.h"
#include "run/match.h"

struct survey {
	struct arena arena;
	struct candidate *list;
	size_t n, cap;
	struct str *bases; /* of the chains, by number */
	bool *live;	   /* the log itself is named, not only rotated files */
	size_t *first;	   /* of a chain in the list; its number of files */
	size_t *length;
	size_t n_chains;
	size_t *by_base; /* the chains in order of their bases */
	size_t *by_name; /* by name: a file of the list + 1, or 0 */
	size_t from;	 /* number of the first name */
	/*
	 * A directory that may not be listed: what is missed may lie there.
	 * What fails otherwise is an error, or what a disk says once would
	 * make a file another one, that is to be read from its beginning.
	 */
	bool veiled;
	struct err err;
};

/*
 * Fills it. The same file under two names is taken once; that is said unless
 * quiet. apart: rotated files of a log that is not named are each a log of its
 * own. What could not be looked at, now or by the functions below, is
 * survey->err.
 */
void survey_files(struct survey *s, const struct files *names, size_t from,
    size_t to, bool apart, bool quiet);
void survey_release(struct survey *s);

/* The file of a name, or NULL: it is none, or there is none. */
struct candidate *survey_find(const struct survey *s, size_t name);

/* The chain of a log, or SIZE_MAX. */
size_t survey_chain(const struct survey *s, struct str base);

/* The chain of the log that the path is a file of, rotated or not. */
size_t survey_log(const struct survey *s, struct str path);

enum survey_found {
	SURVEY_FILE,
	SURVEY_STREAM, /* a pipe, a device, a directory */
	SURVEY_NOTHING,
	SURVEY_HIDDEN /* nobody can say */
};
enum survey_found survey_look(struct str path);

/* As struct match has them; arg is the survey. */
bool survey_before(
    void *arg, const struct candidate *c, uint64_t place, char *to, size_t n);
bool survey_prefix(
    void *arg, const struct candidate *c, const struct candidate *of);

#endif
