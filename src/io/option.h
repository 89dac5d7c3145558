/* SPDX-License-Identifier: MIT */
/*
 * Settings of a format as rows of a table. From YAML they come as a list, on
 * the command line behind the colon: NAME=VALUE,NAME=VALUE, where a comma
 * ends a value only before the name of another setting. A format may have one
 * setting that can stand there alone.
 */
#ifndef WEIR_IO_OPTION_H
#define WEIR_IO_OPTION_H

#include "io/io.h"

struct option {
	struct str name;
	/* Sets it in `to`; -1 and *err if the value is none. */
	int (*set)(void *to, const struct setting *s, struct err *err);
};

struct options {
	const struct option *list;
	size_t n;
	const char *alone; /* the setting whose name may be left out, or NULL */
};

/* Sets what is stated; -1 and *err at the place of the first mistake. */
int options_read(const struct format *format, const struct options *options,
    const struct settings *settings, void *to, struct err *err);

/* Sets *err: "NAME must be WHAT"; returns -1. */
int option_must_be(const struct setting *s, const char *what, struct err *err);

/* yes, no, true or false. */
int option_bool(const struct setting *s, bool *out, struct err *err);

/*
 * One ASCII character that is no line end; "tab", "\t", "space" and "comma"
 * are names of some.
 */
int option_char(const struct setting *s, char *out, struct err *err);

#endif
