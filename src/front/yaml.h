/* SPDX-License-Identifier: MIT */
/* Reading a spec: what yaml.c (its frame) and yaml_step.c (steps) share. */
#ifndef WEIR_FRONT_YAML_H
#define WEIR_FRONT_YAML_H

#include "front/yaml_tree.h"
#include "plan/plan.h"

struct spec {
	struct plan *plan;
	const struct source *src;
	struct err *err;
	struct arena *arena; /* the plan's */

	struct plan_input *input;  /* being read */
	struct plan_param *param;  /* being read */
	struct plan_output output; /* being read */
	const struct ynode *from;  /* which input is read; NULL = not said */
	const struct ynode *time;  /* met already */
};

/* "a text is expected here, not a list", at its place. Always -1. */
int spec_expected(struct spec *s, const struct ynode *n, const char *what);

/* A scalar's text; empty is an error. */
int spec_text(struct spec *s, const struct ynode *n, struct str *out);

/* Fails if a map has a key twice. */
int spec_no_doubles(struct spec *s, const struct ynode *map);

/* The steps of a list. */
int spec_steps(struct spec *s, const struct ynode *list);

#endif
