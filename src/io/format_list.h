/* SPDX-License-Identifier: MIT */
/* The formats: one line each, sorted by name; see io.h. */
FORMAT(apache)
FORMAT(csv)
FORMAT(grok)
FORMAT(json)
FORMAT(lines)
FORMAT(msgpack)
FORMAT(nginx)
FORMAT(regex)
FORMAT(table)
FORMAT(tsv)
