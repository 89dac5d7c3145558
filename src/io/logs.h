/* SPDX-License-Identifier: MIT */
/*
 * Access logs taken apart by hand: Apache's common and combined formats
 * (mod_log_config), nginx's combined, and what people put in front and behind.
 */
#ifndef WEIR_IO_LOGS_H
#define WEIR_IO_LOGS_H

#include <stdbool.h>

#include "base/str.h"

enum log_field {
	LOG_VHOST,
	LOG_CLIENT,
	LOG_IDENT,
	LOG_USER,
	LOG_TIME,
	LOG_METHOD,
	LOG_PATH,
	LOG_QUERY,
	LOG_PROTOCOL,
	LOG_STATUS,
	LOG_BYTES,
	LOG_REFERER,
	LOG_AGENT,
	LOG_REQUEST_TIME,
	LOG_UPSTREAM_TIME,
	LOG_FORWARDED,
	LOG_REQUEST_LENGTH,
	LOG_BYTES_IN,
	LOG_BYTES_OUT,
	LOG_REQUEST,
	LOG_TARGET,
	LOG_REST,
	LOG_FIELDS
};

/* The fields of a line, as written; p NULL: absent or "-". */
struct log_line {
	struct str f[LOG_FIELDS];
};

/*
 * Takes a line apart (all but the parts of the request). NULL, or why it is
 * not such a line, and *at where.
 */
const char *log_scan(
    struct log_line *l, struct str line, bool apache, const char **at);

/* Method, target, path, query and protocol of the request. */
void log_split_request(struct log_line *l);

#endif
