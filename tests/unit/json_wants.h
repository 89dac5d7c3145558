/* SPDX-License-Identifier: MIT */
/*
 * What tests of JSON want of a record, as short text. Paths live in an arena
 * that the test's main makes and releases.
 */
#ifndef WEIR_TESTS_JSON_WANTS_H
#define WEIR_TESTS_JSON_WANTS_H

#include <stdlib.h>

#include "base/arena.h"
#include "io/io.h"

static struct arena plan;

/* A path like "a.b[1]"; "" is the whole record. */
static inline struct path
path_of(const char *z)
{
	struct path_step *steps = arena_array(&plan, 16, sizeof *steps);
	struct path path = {steps, 0};

	while (*z) {
		size_t n = strcspn(z, ".[");

		if (n)
			steps[path.n++] = (struct path_step){.name = {z, n}};
		z += n;
		if (*z == '[') {
			steps[path.n++] = (struct path_step){
			    .index = (uint32_t)strtoul(z + 1, NULL, 10)};
			z = strchr(z, ']') + 1;
		}
		z += *z == '.';
	}
	return path;
}

static inline struct want
want(const char *path, enum want_as as)
{
	return (struct want){.path = path_of(path), .as = as};
}

static inline struct decode_spec
spec_of(const struct want *wants, unsigned n)
{
	return (struct decode_spec){
	    .wants = wants, .n_wants = n, .time = -1, .limits = limits_default};
}

#endif
