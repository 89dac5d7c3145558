/* SPDX-License-Identifier: MIT */
/*
 * Expressions within [] and {} that YAML cannot read without quotes:
 *
 *   set: {who: coalesce(user, 'nobody'), first: list[1]}
 *   select: [*, `odd name`]
 *
 * YAML ends a plain text at a bracket and takes a quote behind a comma for a
 * text of its own. Where libyaml stumbles over exactly this, the bytes are
 * covered (by as many x) and it reads on; the tree takes texts from the source
 * itself. Texts that YAML can read are never touched.
 */
#ifndef WEIR_FRONT_YAML_MEND_H
#define WEIR_FRONT_YAML_MEND_H

#include "base/arena.h"

/* The text, or a copy of the same length with what is in the way covered. */
struct str yaml_mend(struct str text, struct arena *a);

#endif
