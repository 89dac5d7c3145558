/* SPDX-License-Identifier: MIT */
/*
 * Addresses of IPv4 and IPv6 and prefixes of them, as fn_net.c and fn_ip.c
 * read them; and the parts of a URL.
 */
#ifndef WEIR_EXPR_FN_ADDRESS_H
#define WEIR_EXPR_FN_ADDRESS_H

#include "expr/fn_part.h"

struct address {
	unsigned bits; /* 32 or 128 */
	uint8_t bytes[16];
};

struct prefix {
	struct address address;
	unsigned bits;
};

/* An IPv4 address mapped into IPv6 is taken as IPv4. */
bool address_read(struct str s, struct address *a);

/* "10.0.0.0/8", or one address alone. */
bool prefix_read(struct str s, struct prefix *p);
bool prefix_holds(const struct prefix *p, const struct address *a);

/* Its bits behind the first `bits` all 0, or all 1. */
void address_fill(struct address *a, unsigned bits, bool ones);
struct value address_text(struct arena *arena, const struct address *a);

/* Parts of scheme://userinfo@host:port/path?query#ref; p NULL: none. */
struct url {
	struct str protocol, authority, userinfo, host, port, path, query, ref;
	struct str file;
};

bool url_read(struct str s, struct url *u);

/* The value of a key of a=1&b=2; p NULL if there is none. */
struct str url_query_value(struct str query, struct str key);

#endif
