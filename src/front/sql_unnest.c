/* SPDX-License-Identifier: MIT */
/* UNNEST as a step. */
#include "front/sql_lower.h"

int
sql_unnest(struct sql *s, const struct sql_source *src,
    const struct sql_env *env, struct sql_rel *out)
{
	(void)env;
	(void)out;
	return err_set(
	    s->err, ERR_SPEC, src->where, "UNNEST is not supported yet");
}
