/* SPDX-License-Identifier: MIT */
/* The formats: one line each, sorted by name; see io.h. */
FORMAT(json)
