/* SPDX-License-Identifier: MIT */
/* Where the rows of a table are: what its WITH (…) says. */
#ifndef WEIR_FRONT_SQL_OPTION_H
#define WEIR_FRONT_SQL_OPTION_H

#include "front/sql.h"

enum sql_connector {
	SQL_BY_NAME, /* NAME=FILE on the command line */
	SQL_FROM_FILE,
	SQL_FROM_STDIN,
	SQL_TO_STDOUT,
	SQL_TO_NOTHING
};

struct sql_place {
	enum sql_connector connector;
	struct where connector_at;
	struct str file;
	struct where file_at;
	struct str format_name;
	struct where format_at;
	const struct format *format;
	struct settings settings;
};

/* Reads a table's options. */
int sql_place_of(struct sql *s, const struct sql_table *t, bool writing,
    struct sql_place *out);

#endif
