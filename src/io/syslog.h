/* SPDX-License-Identifier: MIT */
/*
 * Syslog lines taken apart: RFC 3164 as it is found in files and on the wire,
 * with stamps of RFC 3339 too, and RFC 5424. Also the head of lines that other
 * programs wrote through syslog.
 */
#ifndef WEIR_IO_SYSLOG_H
#define WEIR_IO_SYSLOG_H

#include "io/fixed.h"

enum syslog_field {
	SYSLOG_TS,
	SYSLOG_HOST,
	SYSLOG_APP,
	SYSLOG_PID,
	SYSLOG_FACILITY,
	SYSLOG_SEVERITY,
	SYSLOG_MSGID,
	SYSLOG_DATA,
	SYSLOG_MESSAGE,
	SYSLOG_FACILITY_CODE,
	SYSLOG_SEVERITY_CODE,
	SYSLOG_PRI,
	SYSLOG_TAG,
	SYSLOG_VERSION,
	SYSLOG_FIELDS
};

/* fixed_line.num */
enum syslog_num {
	SYSLOG_STAMP, /* enum syslog_stamp */
	SYSLOG_DATE,  /* year * 512 + month * 32 + day; year 0: not written */
	SYSLOG_CLOCK  /* µs of the day */
};

enum syslog_stamp {
	STAMP_NONE,
	STAMP_BSD,
	STAMP_ISO
};

/*
 * Takes a line apart. NULL, or why it is none and *at where. sure: refuse
 * what has neither a priority nor a host and tag, for guesses.
 */
const char *syslog_scan(
    struct fixed_line *l, struct str line, bool sure, const char **at);

/* Structured data as a MAP of MAPs, in the arena. */
struct value syslog_data(struct str s, struct arena *a, struct buf *scratch);

/* The end of the structured data at p, or NULL. */
const char *syslog_data_end(const char *p, const char *end);

#endif
