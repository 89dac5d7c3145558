/* SPDX-License-Identifier: MIT */
/*
 * TZif files (RFC 8536; version 4: RFC 9636): a header with counts, then the
 * table with 32-bit times, and from version 2 on a second header and the
 * table again with 64-bit times, and a footer with the rule for later times.
 * Nothing in the file is trusted: counts are checked against its length,
 * indices against counts, times for order.
 *
 * Tables that count leap seconds ("right/…") are turned into ones that do
 * not, as our instants do not.
 */
#include "base/zone_table.h"

#define HEADER 44

struct counts {
	uint32_t utc_marks, std_marks, leaps, times, types, chars;
	unsigned width; /* bytes of a time */
};

/* The parts of one table. */
struct parts {
	const char *times, *kinds, *types, *chars, *leaps, *end;
};

static uint64_t
big_endian(const char *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static uint32_t
u32(const char *p)
{
	return (uint32_t)big_endian(p, 4);
}

/* A time of width 4 or 8 bytes. */
static int64_t
time_at(const char *p, unsigned width)
{
	if (width == 4)
		return (int32_t)u32(p);
	return (int64_t)big_endian(p, 8);
}

static bool
read_header(const char *p, const char *end, struct counts *c, char *version)
{
	if (end - p < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	*version = p[4];
	c->utc_marks = u32(p + 20);
	c->std_marks = u32(p + 24);
	c->leaps = u32(p + 28);
	c->times = u32(p + 32);
	c->types = u32(p + 36);
	c->chars = u32(p + 40);
	return true;
}

/* Finds the parts of the table at p; false if it is longer than the file. */
static bool
find_parts(
    const char *p, const char *end, const struct counts *c, struct parts *out)
{
	uint64_t w = c->width, room = (uint64_t)(end - p);
	uint64_t kinds = c->times * w, types = kinds + c->times;
	uint64_t chars = types + c->types * (uint64_t)6;
	uint64_t leaps = chars + c->chars;
	uint64_t marks = leaps + c->leaps * (w + 4);
	uint64_t all = marks + c->std_marks + c->utc_marks;

	if (all > room)
		return false;
	*out = (struct parts){
	    p, p + kinds, p + types, p + chars, p + leaps, p + all};
	return true;
}

static bool
read_types(struct zone *z, const struct counts *c, const struct parts *t,
    uint16_t map[256])
{
	if (!c->types || c->types > 256 || !c->chars)
		return false;
	for (uint32_t i = 0; i < c->types; i++) {
		const char *p = t->types + (size_t)i * 6, *abbr;
		int32_t offset = (int32_t)u32(p);
		uint8_t at = (uint8_t)p[5];
		size_t n;

		if (at >= c->chars || offset < ZONE_OFFSET_MIN ||
		    offset > ZONE_OFFSET_MAX)
			return false;
		abbr = t->chars + at;
		n = strnlen(abbr, c->chars - at);
		if (n == c->chars - at)
			return false;
		map[i] = zone_add_type(z, offset, (struct str){abbr, n});
	}
	return true;
}

/* The leap seconds that a table's time has counted. */
static int64_t
leaps_before(const struct counts *c, const struct parts *t, int64_t at)
{
	size_t step = c->width + 4;
	int64_t sum = 0;

	for (uint32_t i = 0; i < c->leaps; i++) {
		const char *p = t->leaps + i * step;

		if (time_at(p, c->width) >= at)
			break;
		sum = (int32_t)u32(p + c->width);
	}
	return sum;
}

/* Adds the table's changes; *last is the time of the last. */
static bool
read_changes(struct zone *z, const struct counts *c, const struct parts *t,
    const uint16_t map[256], int64_t *last)
{
	*last = INT64_MIN;
	for (uint32_t i = 0; i < c->times; i++) {
		int64_t at = time_at(t->times + i * c->width, c->width);
		uint8_t kind = (uint8_t)t->kinds[i];

		at -= leaps_before(c, t, at);
		if (kind >= c->types || (i && at <= *last))
			return false;
		*last = at;
		zone_add_change(z, at, map[kind]);
	}
	return true;
}

/* The rule between newlines behind the second table; may be empty. */
static bool
read_footer(struct zone *z, const char *p, const char *end, int64_t after)
{
	const char *stop;

	if (p == end || *p++ != '\n')
		return false;
	stop = memchr(p, '\n', (size_t)(end - p));
	if (!stop)
		return false;
	return p == stop ||
	       zone_add_rule(z, (struct str){p, (size_t)(stop - p)}, after);
}

const char *
zone_read(struct zone *z, struct str bytes)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	struct counts c;
	struct parts t;
	uint16_t map[256];
	int64_t last;
	char version;

	if (!read_header(p, end, &c, &version))
		return "no time zone";
	c.width = 4;
	p += HEADER;
	if (version >= '2') {
		if (!find_parts(p, end, &c, &t) ||
		    !read_header(t.end, end, &c, &version))
			return "cut short";
		c.width = 8;
		p = t.end + HEADER;
	}
	if (!find_parts(p, end, &c, &t))
		return "cut short";
	if (!read_types(z, &c, &t, map) || !read_changes(z, &c, &t, map, &last))
		return "damaged";
	if (c.width == 8 && !read_footer(z, t.end, end, last))
		return "damaged at its end";
	return NULL;
}
