/* SPDX-License-Identifier: MIT */
/*
 * Functions of network names: addresses of IPv4 and IPv6 (RFC 4291; an IPv4
 * address mapped into IPv6 is taken as IPv4), prefixes of them (RFC 4632),
 * and the parts of a URL (RFC 3986). What is none gives NULL.
 */
#include <arpa/inet.h>

#include "base/num.h"
#include "expr/fn_address.h"

/* ---- addresses ---- */

bool
address_read(struct str s, struct address *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char z[INET6_ADDRSTRLEN];

	if (!s.n || s.n >= sizeof z || memchr(s.p, 0, s.n))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	a->bits = 32;
	if (inet_pton(AF_INET, z, a->bytes) == 1)
		return true;
	if (inet_pton(AF_INET6, z, a->bytes) != 1)
		return false;
	a->bits = 128;
	if (!memcmp(a->bytes, mapped, sizeof mapped)) {
		a->bits = 32;
		memmove(a->bytes, a->bytes + sizeof mapped, 4);
	}
	return true;
}

bool
prefix_read(struct str s, struct prefix *p)
{
	long slash = str_find(s, STR("/"), 0);
	struct str ip = s;
	int64_t bits;

	if (slash >= 0)
		ip.n = (size_t)slash;
	if (!address_read(ip, &p->address))
		return false;
	p->bits = p->address.bits;
	if (slash < 0)
		return true;
	s = (struct str){s.p + slash + 1, s.n - (size_t)slash - 1};
	if (!num_parse_int(s, &bits) || bits < 0 || bits > p->bits)
		return false;
	p->bits = (unsigned)bits;
	return true;
}

bool
prefix_holds(const struct prefix *p, const struct address *a)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;
	unsigned mask = 0xff00u >> rest & 0xff;

	if (a->bits != p->address.bits ||
	    memcmp(a->bytes, p->address.bytes, whole) != 0)
		return false;
	return !rest || !((a->bytes[whole] ^ p->address.bytes[whole]) & mask);
}

FN_PREPARE(cidr_prepare)
{
	struct prefix *p;

	(void)n;
	*prepared = NULL;
	if (args[0].type != T_TEXT)
		return 0;
	p = arena_zalloc(arena, sizeof *p);
	*prepared = p;
	if (prefix_read(value_str(args[0]), p))
		return 0;
	err_set(err, ERR_SPEC, at ? at[0] : (struct where){0},
	    "not a prefix of addresses");
	return err_hint(err, "prefixes are like 10.0.0.0/8 or 2001:db8::/32");
}

FN_ROW(cidr_contains_row)
{
	const struct prefix *p = f->prepared;
	struct prefix own;
	struct address a;

	*out = VALUE_NULL;
	if (!p) {
		p = &own;
		if (!prefix_read(value_str(args[0]), &own))
			return;
	}
	if (address_read(value_str(args[1]), &a))
		*out = value_bool(prefix_holds(p, &a));
}

FN_ROW(ip_family_row)
{
	struct address a;

	*out = address_read(value_str(args[0]), &a)
		   ? value_int(a.bits == 32 ? 4 : 6)
		   : VALUE_NULL;
}

void
address_fill(struct address *a, unsigned bits, bool ones)
{
	for (unsigned i = bits; i < a->bits; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		a->bytes[i / 8] &= (uint8_t)~bit;
		a->bytes[i / 8] |= ones ? bit : 0;
	}
}

struct value
address_text(struct arena *arena, const struct address *a)
{
	char z[INET6_ADDRSTRLEN];

	inet_ntop(a->bits == 32 ? AF_INET : AF_INET6, a->bytes, z, sizeof z);
	return value_text(arena_str(arena, str_of(z)));
}

/* The address with only its first bits, and their number. */
FN_ROW(ip_prefix_row)
{
	int64_t bits = args[1].i;
	struct address a;
	struct value ip;

	*out = VALUE_NULL;
	if (!address_read(value_str(args[0]), &a) || bits < 0 || bits > a.bits)
		return;
	address_fill(&a, (unsigned)bits, false);
	ip = address_text(f->eval->arena, &a);
	*out = value_text(arena_printf(
	    f->eval->arena, "%.*s/%d", STR_ARG(value_str(ip)), (int)bits));
}

/* ---- URLs ---- */

/* What is before mark, which rest then begins behind; or all of it. */
static struct str
cut(struct str *rest, const char *marks)
{
	struct str first = *rest;
	size_t n = 0;

	for (const char *m; n < rest->n; n++) {
		for (m = marks; *m && *m != rest->p[n]; m++)
			;
		if (*m)
			break;
	}
	first.n = n;
	rest->p += n;
	rest->n -= n;
	return first;
}

static bool
scheme_valid(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';

		if (!letter && (!i || ((c < '0' || c > '9') && c != '+' &&
					  c != '-' && c != '.')))
			return false;
	}
	return s.n > 0;
}

static void
read_authority(struct url *u)
{
	struct str rest = u->authority;
	size_t at = rest.n;

	while (at && rest.p[at - 1] != '@')
		at--;
	if (at) {
		u->userinfo = (struct str){rest.p, at - 1};
		rest = (struct str){rest.p + at, rest.n - at};
	}
	if (rest.n && *rest.p == '[') {
		u->host = cut(&rest, "]");
		u->host.n += rest.n > 0; /* with its brackets, as in Java */
	} else {
		u->host = cut(&rest, ":");
	}
	if (rest.n && *rest.p == ']')
		rest = (struct str){rest.p + 1, rest.n - 1};
	if (rest.n && *rest.p == ':')
		u->port = (struct str){rest.p + 1, rest.n - 1};
	if (!u->host.n)
		u->host.p = NULL;
}

bool
url_read(struct str s, struct url *u)
{
	long colon = str_find(s, STR("://"), 0);

	*u = (struct url){0};
	if (colon <= 0 || memchr(s.p, ' ', s.n) || memchr(s.p, 0, s.n))
		return false;
	u->protocol = (struct str){s.p, (size_t)colon};
	if (!scheme_valid(u->protocol))
		return false;
	s = (struct str){s.p + colon + 3, s.n - (size_t)colon - 3};
	u->authority = cut(&s, "/?#");
	read_authority(u);
	u->file = s;
	u->path = cut(&s, "?#");
	if (s.n && *s.p == '?') {
		s = (struct str){s.p + 1, s.n - 1};
		u->query = cut(&s, "#");
	}
	u->file.n = (size_t)(s.p - u->file.p);
	if (s.n)
		u->ref = (struct str){s.p + 1, s.n - 1};
	return true;
}

struct str
url_query_value(struct str query, struct str key)
{
	while (query.n) {
		struct str pair = cut(&query, "&");
		struct str name = cut(&pair, "=");

		if (str_eq(name, key) && pair.n)
			return (struct str){pair.p + 1, pair.n - 1};
		if (query.n)
			query = (struct str){query.p + 1, query.n - 1};
	}
	return (struct str){NULL, 0};
}

static const struct part {
	const char *name;
	size_t at;
} parts[] = {
    {"AUTHORITY", offsetof(struct url, authority)},
    {"FILE", offsetof(struct url, file)},
    {"HOST", offsetof(struct url, host)},
    {"PATH", offsetof(struct url, path)},
    {"PROTOCOL", offsetof(struct url, protocol)},
    {"QUERY", offsetof(struct url, query)},
    {"REF", offsetof(struct url, ref)},
    {"USERINFO", offsetof(struct url, userinfo)},
};

static struct str
url_part(const struct url *u, struct str name)
{
	struct str s = {NULL, 0};

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
		if (str_is(name, parts[i].name))
			memcpy(&s, (const char *)u + parts[i].at, sizeof s);
	return s;
}

FN_PREPARE(part_prepare)
{
	struct str names[sizeof parts / sizeof *parts];
	unsigned count = sizeof parts / sizeof *parts;

	(void)n, (void)arena, (void)prepared;
	if (args[1].type != T_TEXT)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		names[i] = str_of(parts[i].name);
		if (str_eq(value_str(args[1]), names[i]))
			return 0;
	}
	err_set(err, ERR_SPEC, at ? at[1] : (struct where){0},
	    "a URL has no such part");
	return err_suggest(err, value_str(args[1]), names, count);
}

FN_ROW(parse_url_row)
{
	struct str part = value_str(args[1]), s;
	struct url u;

	*out = VALUE_NULL;
	if (args[0].type != T_TEXT || args[1].type != T_TEXT ||
	    !url_read(value_str(args[0]), &u))
		return;
	s = url_part(&u, part);
	if (n > 2)
		s = str_is(part, "QUERY") && args[2].type == T_TEXT
			? url_query_value(s, value_str(args[2]))
			: (struct str){NULL, 0};
	if (s.p)
		*out = value_text(s);
}

FN_ROW(host_row)
{
	struct url u;

	*out = VALUE_NULL;
	if (url_read(value_str(args[0]), &u) && u.host.p)
		*out = value_text(u.host);
}

/* clang-format off */
#define NET .family = "net", .aliases = ""

const struct fn fn_net_rows[] = {
	{.name = "cidr_contains", NET, .signature = "text, text -> bool",
	 .doc = "True if the prefix of addresses contains the address.",
	 .example = "cidr_contains('10.0.0.0/8', '10.1.2.3')",
	 .result = "true",
	 .flink = NULL, .prepare = cidr_prepare, .row = cidr_contains_row},
	{.name = "host", NET, .signature = "text -> text",
	 .doc = "Host of a URL.",
	 .example = "host('https://example.org:8080/a?b=c')",
	 .result = "example.org",
	 .flink = NULL, .row = host_row},
	{.name = "ip_family", NET, .signature = "text -> bigint",
	 .doc = "4 or 6: the kind of an address.",
	 .example = "ip_family('2001:db8::1')", .result = "6",
	 .flink = NULL, .row = ip_family_row},
	{.name = "ip_prefix", NET, .signature = "text, bigint -> text",
	 .doc = "The network an address is in, by its first n bits.",
	 .example = "ip_prefix('10.1.2.3', 16)", .result = "10.1.0.0/16",
	 .flink = NULL, .row = ip_prefix_row},
	{.name = "parse_url", NET, .signature = "text, text ... -> text",
	 .doc = "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, "
		"FILE or USERINFO; of QUERY, with a third argument, the value "
		"of that key.",
	 .example = "parse_url('http://a.org/p?x=1&y=2', 'QUERY', 'y')",
	 .result = "2",
	 .flink = "PARSE_URL", .prepare = part_prepare, .row = parse_url_row},
};
/* clang-format on */
const unsigned fn_net_n = sizeof fn_net_rows / sizeof *fn_net_rows;
