/* SPDX-License-Identifier: MIT */
/*
 * Reading a spec: what yaml.c (its frame), yaml_flow.c (flows) and yaml_step.c
 * (steps) share.
 */
#ifndef WEIR_FRONT_YAML_H
#define WEIR_FRONT_YAML_H

#include "front/yaml_tree.h"
#include "plan/plan.h"

/*
 * What `from` and steps may name: an input, a flow, or a point of a flow (tee,
 * split). The steps of a flow are read when somebody asks for it.
 */
struct spec_name {
	enum {
		SPEC_INPUT,
		SPEC_FLOW,
		SPEC_POINT
	} kind;
	struct str name; /* "" = the main flow */
	struct where where;
	const struct ynode *from, *steps; /* FLOW */
	unsigned flow;			  /* POINT: the flow it is in */
	enum {
		SPEC_NEW,
		SPEC_READING,
		SPEC_READ
	} state;
	bool used, ended; /* ended: split, so nothing comes out at its end */
	struct edge edge; /* once it is read; POINT: once it is met */
};

struct spec {
	struct plan *plan;
	const struct source *src;
	struct err *err;
	struct arena *arena; /* the plan's */

	struct plan_input *input;  /* being read */
	unsigned n_cells;	   /* of a row of its values */
	struct plan_param *param;  /* being read */
	struct plan_output output; /* being read */
	const struct ynode *output_from;
	struct plan_time *time_to; /* that of the plan, or of one input */
	const struct ynode *time;  /* met already */
	const struct ynode *input_at, *inputs_at, *output_at, *outputs;
	const struct ynode *from, *steps; /* of the main flow */
	const struct ynode *flows;

	struct spec_name *names; /* the first is the main flow */
	unsigned n_names;
	unsigned flow; /* being read: its name's number */
	bool has_tail; /* there are rows at hand */
};

/* "a text is expected here, not a list", at its place. Always -1. */
int spec_expected(struct spec *s, const struct ynode *n, const char *what);

/* A scalar's text; empty is an error. */
int spec_text(struct spec *s, const struct ynode *n, struct str *out);

/*
 * A scalar as it stands in the spec, so that mistakes in it can be shown at
 * their place; one with escapes, or over several lines, as YAML has it.
 */
struct str spec_as_written(const struct spec *s, const struct ynode *n);

typedef int spec_reader(
    struct spec *s, const struct ynode *key, const struct ynode *value);

/*
 * Reads a map at a place of spec_list.h key by key. other: reads keys that
 * have no row; NULL = there are none.
 */
int spec_map(struct spec *s, const char *place, const struct ynode *n,
    spec_reader *other);

/* A type by its name. */
int spec_type(struct spec *s, const struct ynode *n, enum type *out);

/* Fails if a map has a key twice. */
int spec_no_doubles(struct spec *s, const struct ynode *map);

/* ---- yaml_change.c: keys of spec_list.h ---- */

int read_input_changelog(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_input_key(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_output_mode(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_output_op(
    struct spec *s, const struct ynode *key, const struct ynode *value);

/* ---- yaml_time.c: keys of spec_list.h ---- */

int read_time(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_field(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_expr(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_format(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_zone(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_lateness(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_max_ahead(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_idle(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_allowed(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_ttl(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_time_late(
    struct spec *s, const struct ynode *key, const struct ynode *value);

/* ---- yaml_step.c ---- */

/* The steps of a list; they read plan.tail, if has_tail says so. */
int spec_steps(struct spec *s, const struct ynode *list);

/* Reads all flows and says where the outputs' rows come from (yaml_flow.c). */
int spec_flows(struct spec *s);

/* Reads the settings of an output into s->output (yaml.c). */
int spec_output(struct spec *s, const struct ynode *key, const struct ynode *n);

/* Reads the keys of a flow, {from, steps}, into a name (yaml.c). */
int spec_flow(struct spec *s, const struct ynode *n, struct spec_name *to);

/* The edge of a flow or input that is named here. */
int spec_edge(struct spec *s, const struct ynode *name, struct edge *out);

/* "nothing says which input is read", at this place. Always -1. */
int spec_no_rows(struct spec *s, struct where where);

/* The steps tee and split: 1 if the step is one of them, 0 if not, or -1. */
int spec_point(struct spec *s, const struct ynode *step);

/* ---- yaml_output.c: keys of spec_list.h ---- */

int read_output_file(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_output_roll(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_output_times(
    struct spec *s, const struct ynode *key, const struct ynode *value);
int read_output_zone(
    struct spec *s, const struct ynode *key, const struct ynode *value);

#endif
