/* SPDX-License-Identifier: MIT */
/*
 * The POSIX TZ rule behind a zone's table (IEEE 1003.1 section 8.3, with the
 * <quoted> names, and the hours beyond a day of RFC 8536 section 3.3.1):
 * standard time and its offset, and when summer time begins and ends in each
 * year. The signs of its offsets are those of POSIX: west is positive.
 */
#include "base/when.h"
#include "base/zone_table.h"

/* A day of each year and a time on it. */
struct yearly {
	char form; /* M: week and weekday; J: 1-365 without Feb 29; 0: 0-365 */
	int month, week, day;
	int32_t time_s;
};

struct rule {
	struct str name, summer_name;
	int32_t offset_s, summer_s;
	struct yearly begin, end; /* of summer time */
	bool has_summer;
};

/* --- reading; each returns what follows it, or NULL --------------------- */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
read_name(const char *p, const char *end, struct str *name)
{
	bool quoted = p < end && *p == '<';
	const char *first = p += quoted;

	while (p < end &&
	       (is_letter(*p) ||
		   (quoted && (is_digit(*p) || *p == '+' || *p == '-'))))
		p++;
	*name = (struct str){first, (size_t)(p - first)};
	if (name->n < 3 || (quoted && (p == end || *p != '>')))
		return NULL;
	return p + quoted;
}

static const char *
read_int(const char *p, const char *end, int low, int high, int *out)
{
	const char *first = p;
	int v = 0;

	for (; p < end && p - first < 3 && is_digit(*p); p++)
		v = v * 10 + (*p - '0');
	*out = v;
	return p == first || v < low || v > high ? NULL : p;
}

/* [+-]hh[:mm[:ss]] */
static const char *
read_hms(const char *p, const char *end, int hours_max, int32_t *out)
{
	bool negative = p < end && *p == '-';
	int part[3] = {0, 0, 0};

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	p = read_int(p, end, 0, hours_max, &part[0]);
	for (int i = 1; i < 3 && p && p < end && *p == ':'; i++)
		p = read_int(p + 1, end, 0, 59, &part[i]);
	*out = part[0] * 3600 + part[1] * 60 + part[2];
	if (negative)
		*out = -*out;
	return p;
}

/* ,M3.5.0/2 or ,J60 or ,59 */
static const char *
read_yearly(const char *p, const char *end, struct yearly *y)
{
	if (p == end || *p++ != ',' || p == end)
		return NULL;
	*y = (struct yearly){.form = 0, .time_s = 2 * 3600};
	if (*p == 'M') {
		y->form = 'M';
		p = read_int(p + 1, end, 1, 12, &y->month);
		if (!p || p == end || *p != '.')
			return NULL;
		p = read_int(p + 1, end, 1, 5, &y->week);
		if (!p || p == end || *p != '.')
			return NULL;
		p = read_int(p + 1, end, 0, 6, &y->day);
	} else if (*p == 'J') {
		y->form = 'J';
		p = read_int(p + 1, end, 1, 365, &y->day);
	} else {
		p = read_int(p, end, 0, 365, &y->day);
	}
	if (p && p < end && *p == '/')
		p = read_hms(p + 1, end, 167, &y->time_s);
	return p;
}

static bool
read_rule(struct str s, struct rule *r)
{
	const char *p = s.p, *end = s.p + s.n;

	*r = (struct rule){.has_summer = false};
	p = read_name(p, end, &r->name);
	if (p)
		p = read_hms(p, end, 24, &r->offset_s);
	r->offset_s = -r->offset_s;
	if (!p || p == end)
		return p != NULL;
	r->has_summer = true;
	r->summer_s = r->offset_s + 3600;
	p = read_name(p, end, &r->summer_name);
	if (p && p < end && *p != ',') {
		p = read_hms(p, end, 24, &r->summer_s);
		r->summer_s = -r->summer_s;
	}
	if (p)
		p = read_yearly(p, end, &r->begin);
	if (p)
		p = read_yearly(p, end, &r->end);
	return p == end;
}

/* --- writing out -------------------------------------------------------- */

/* The instant in a year, on a clock that is offset_s ahead. */
static int64_t
yearly_at(const struct yearly *y, int year, int32_t offset_s)
{
	int64_t day;

	if (y->form == 'M') {
		int first = when_weekday(when_days(year, y->month, 1));
		int date = 1 + (y->day - first + 7) % 7 + (y->week - 1) * 7;

		while (date > when_days_in_month(year, y->month))
			date -= 7;
		day = when_days(year, y->month, date);
	} else {
		day = when_days(year, 1, 1) + y->day;
		if (y->form == 'J')
			day -= y->day < 60 || when_days_in_month(year, 2) == 28;
	}
	return day * 86400 + y->time_s - offset_s;
}

bool
zone_add_rule(struct zone *z, struct str text, int64_t after)
{
	uint16_t plain, summer;
	int year = -1, month, day;
	size_t before;
	struct rule r;

	if (!read_rule(text, &r))
		return false;
	plain = zone_add_type(z, r.offset_s, r.name);
	if (!r.has_summer)
		return true;
	summer = zone_add_type(z, r.summer_s, r.summer_name);
	if (after != INT64_MIN)
		when_civil_of_days(after / 86400, &year, &month, &day);
	before = z->n;
	for (int i = -1; i <= 402; i++) {
		int64_t on = yearly_at(&r.begin, year + i, r.offset_s);
		int64_t off = yearly_at(&r.end, year + i, r.summer_s);

		if (off < on && off > after)
			zone_add_change(z, off, plain);
		if (on > after)
			zone_add_change(z, on, summer);
		if (off >= on && off > after)
			zone_add_change(z, off, plain);
	}
	z->periodic = z->n - before >= 800;
	return true;
}
