/* SPDX-License-Identifier: MIT */
/* Columns and constant rows of an input (yaml_values.c). */
#ifndef WEIR_FRONT_YAML_VALUES_H
#define WEIR_FRONT_YAML_VALUES_H

#include "front/yaml.h"

/* columns: a map of name: type, or a list of names. */
int spec_columns(struct spec *s, const struct ynode *n);

/* values: a list of rows, each a list of expressions. */
int spec_values(struct spec *s, const struct ynode *n);

/* When both have been read: they fit, or columns get names. */
int spec_settle_values(struct spec *s);

#endif
