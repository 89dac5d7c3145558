/* SPDX-License-Identifier: MIT */
/*
 * Further functions of addresses and URLs: addresses as numbers and bytes,
 * kinds of addresses, ends of prefixes, and each part of a URL. What is none
 * gives NULL.
 */
#include "base/num.h"
#include "expr/fn_address.h"

/* ---- kinds ---- */

FN_ROW(is_ipv4_row)
{
	struct str s = value_str(args[0]);
	struct address a;

	/* Not the IPv4 address that is mapped into one of IPv6. */
	*out = value_bool(
	    address_read(s, &a) && a.bits == 32 && !memchr(s.p, ':', s.n));
}

FN_ROW(is_ipv6_row)
{
	struct str s = value_str(args[0]);
	struct address a;

	*out = value_bool(s.n && memchr(s.p, ':', s.n) && address_read(s, &a));
}

/* RFC 1918, RFC 4193, RFC 6598; loopback and link-local addresses. */
FN_ROW(ip_is_private_row)
{
	static const char *const nets[] = {"10.0.0.0/8", "172.16.0.0/12",
	    "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	    "fc00::/7", "fe80::/10", "::1/128"};
	bool within = false;
	struct address a;
	struct prefix p;

	*out = VALUE_NULL;
	if (!address_read(value_str(args[0]), &a))
		return;
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
		within |=
		    prefix_read(str_of(nets[i]), &p) && prefix_holds(&p, &a);
	*out = value_bool(within);
}

FN_ROW(ip_normal_row)
{
	struct address a;

	*out = VALUE_NULL;
	if (address_read(value_str(args[0]), &a))
		*out = address_text(f->eval->arena, &a);
}

/* ---- as numbers and bytes ---- */

FN_ROW(inet_aton_row)
{
	struct address a;

	*out = VALUE_NULL;
	if (address_read(value_str(args[0]), &a) && a.bits == 32)
		*out = value_int((int64_t)a.bytes[0] << 24 |
				 (int64_t)a.bytes[1] << 16 |
				 (int64_t)a.bytes[2] << 8 | a.bytes[3]);
}

FN_ROW(inet_ntoa_row)
{
	int64_t i = args[0].i;
	struct address a = {.bits = 32};

	*out = VALUE_NULL;
	if (i < 0 || i > UINT32_MAX)
		return;
	for (unsigned k = 0; k < 4; k++)
		a.bytes[k] = (uint8_t)(i >> (24 - 8 * k));
	*out = address_text(f->eval->arena, &a);
}

FN_ROW(inet6_aton_row)
{
	struct address a;

	*out = VALUE_NULL;
	if (address_read(value_str(args[0]), &a))
		*out = value_of_str(T_BYTES,
		    arena_str(f->eval->arena,
			(struct str){(const char *)a.bytes, a.bits / 8}));
}

FN_ROW(inet6_ntoa_row)
{
	struct str s = value_str(args[0]);
	struct address a = {.bits = (unsigned)s.n * 8};

	*out = VALUE_NULL;
	if (s.n != 4 && s.n != 16)
		return;
	memcpy(a.bytes, s.p, s.n);
	*out = address_text(f->eval->arena, &a);
}

/* ---- prefixes ---- */

static void
cidr_end(struct fn_frame *f, struct str s, bool last, struct value *out)
{
	struct prefix p;

	*out = VALUE_NULL;
	if (!prefix_read(s, &p))
		return;
	address_fill(&p.address, p.bits, last);
	*out = address_text(f->eval->arena, &p.address);
}

FN_ROW(cidr_first_row)
{
	cidr_end(f, value_str(args[0]), false, out);
}

FN_ROW(cidr_last_row)
{
	cidr_end(f, value_str(args[0]), true, out);
}

FN_ROW(cidr_bits_row)
{
	struct prefix p;

	*out = prefix_read(value_str(args[0]), &p) ? value_int(p.bits)
						   : VALUE_NULL;
}

/* ---- URLs ---- */

#define URL_ROW(name, part)                                                    \
	FN_ROW(name)                                                           \
	{                                                                      \
		struct url u;                                                  \
                                                                               \
		*out = VALUE_NULL;                                             \
		if (url_read(value_str(args[0]), &u) && u.part.p)              \
			*out = value_text(u.part);                             \
	}

URL_ROW(url_protocol_row, protocol)
URL_ROW(url_path_row, path)
URL_ROW(url_query_row, query)

FN_ROW(url_port_row)
{
	struct url u;
	int64_t port;

	*out = VALUE_NULL;
	if (url_read(value_str(args[0]), &u) && u.port.n &&
	    num_parse_int(u.port, &port) && port >= 0 && port <= 65535)
		*out = value_int(port);
}

FN_ROW(url_param_row)
{
	struct url u;
	struct str s;

	*out = VALUE_NULL;
	if (!url_read(value_str(args[0]), &u))
		return;
	s = url_query_value(u.query, value_str(args[1]));
	if (s.p)
		*out = value_text(s);
}

/* clang-format off */
#define NET .family = "net", .aliases = ""
#define OURS NET, .flink = NULL

const struct fn fn_ip_rows[] = {
	{.name = "cidr_bits", OURS, .signature = "text -> bigint",
	 .doc = "Number of bits of a prefix of addresses.",
	 .example = "cidr_bits('10.0.0.0/8')", .result = "8",
	 .row = cidr_bits_row},
	{.name = "cidr_first", OURS, .signature = "text -> text",
	 .doc = "First address of a prefix: the network's.",
	 .example = "cidr_first('10.1.2.3/16')", .result = "10.1.0.0",
	 .row = cidr_first_row},
	{.name = "cidr_last", OURS, .signature = "text -> text",
	 .doc = "Last address of a prefix: with IPv4 the broadcast address.",
	 .example = "cidr_last('10.1.2.3/16')", .result = "10.1.255.255",
	 .row = cidr_last_row},
	{.name = "inet6_aton", NET, .signature = "text -> bytes",
	 .doc = "The 4 or 16 bytes of an address.",
	 .example = "inet6_aton('10.0.5.9')", .result = "0a000509",
	 .flink = "INET6_ATON", .row = inet6_aton_row},
	{.name = "inet6_ntoa", NET, .signature = "bytes -> text",
	 .doc = "The address of 4 or 16 bytes.",
	 .example = "inet6_ntoa(X'0a000509')", .result = "10.0.5.9",
	 .flink = "INET6_NTOA", .row = inet6_ntoa_row},
	{.name = "inet_aton", NET, .signature = "text -> bigint",
	 .doc = "An IPv4 address as a number.",
	 .example = "inet_aton('10.0.5.9')", .result = "167773449",
	 .flink = "INET_ATON", .row = inet_aton_row},
	{.name = "inet_ntoa", NET, .signature = "bigint -> text",
	 .doc = "A number as an IPv4 address.",
	 .example = "inet_ntoa(167773449)", .result = "10.0.5.9",
	 .flink = "INET_NTOA", .row = inet_ntoa_row},
	{.name = "ip_is_private", OURS, .signature = "text -> bool",
	 .doc = "True of addresses that are not routed in the internet: "
		"private, shared, loopback and link-local ones.",
	 .example = "ip_is_private('192.168.1.9')", .result = "true",
	 .row = ip_is_private_row},
	{.name = "ip_normal", OURS, .signature = "text -> text",
	 .doc = "An address as RFC 5952 writes it, one mapped into IPv6 as "
		"IPv4.",
	 .example = "ip_normal('2001:0DB8:0:0::1')",
	 .result = "2001:db8::1",
	 .row = ip_normal_row},
	{.name = "is_ipv4", NET, .signature = "text -> bool",
	 .doc = "True if the text is an IPv4 address.",
	 .example = "is_ipv4('10.0.5.9')", .result = "true",
	 .flink = "IS_IPV4", .row = is_ipv4_row},
	{.name = "is_ipv6", NET, .signature = "text -> bool",
	 .doc = "True if the text is an IPv6 address.",
	 .example = "is_ipv6('::1')", .result = "true",
	 .flink = "IS_IPV6", .row = is_ipv6_row},
	{.name = "url_param", OURS, .signature = "text, text -> text",
	 .doc = "The value of a key in a URL's query, as it stands.",
	 .example = "url_param('http://a.org/p?x=1&y=2', 'y')",
	 .result = "2", .row = url_param_row},
	{.name = "url_path", OURS, .signature = "text -> text",
	 .doc = "Path of a URL.",
	 .example = "url_path('http://a.org/p/q?x=1')", .result = "/p/q",
	 .row = url_path_row},
	{.name = "url_port", OURS, .signature = "text -> bigint",
	 .doc = "Port of a URL; NULL if it has none.",
	 .example = "url_port('http://a.org:8080/')", .result = "8080",
	 .row = url_port_row},
	{.name = "url_protocol", OURS, .signature = "text -> text",
	 .doc = "Protocol of a URL.",
	 .example = "url_protocol('https://a.org/')", .result = "https",
	 .row = url_protocol_row},
	{.name = "url_query", OURS, .signature = "text -> text",
	 .doc = "Query of a URL, without its question mark.",
	 .example = "url_query('http://a.org/p?x=1#top')", .result = "x=1",
	 .row = url_query_row},
};
/* clang-format on */
const unsigned fn_ip_n = sizeof fn_ip_rows / sizeof *fn_ip_rows;
