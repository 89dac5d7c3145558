/* SPDX-License-Identifier: MIT */
/* LIMIT n BY key, DISTINCT ON (key): the first rows of every key. */
#include "front/sql_lower.h"

int
sql_limit_by(struct sql_block *b)
{
	if (b->limit_by.n)
		return err_set(b->s->err, ERR_SPEC, b->limit_at,
		    "LIMIT BY is not supported yet");
	if (b->sel.distinct_on.n)
		return err_set(b->s->err, ERR_SPEC, b->sel.distinct_at,
		    "DISTINCT ON is not supported yet");
	return 0;
}
