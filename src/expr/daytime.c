/* SPDX-License-Identifier: MIT */
/* Times of day as text, both ways; see daytime.h. */
#include "expr/daytime.h"

#include "base/when.h"

/* The next one or two digits, below `limit`. */
static bool
take(struct str *s, int64_t limit, size_t least, int64_t *out)
{
	size_t i = 0;

	for (*out = 0; i < 2 && i < s->n && s->p[i] >= '0' && s->p[i] <= '9';
	     i++)
		*out = *out * 10 + (s->p[i] - '0');
	s->p += i;
	s->n -= i;
	return i >= least && *out < limit;
}

static bool
take_char(struct str *s, char c)
{
	if (!s->n || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

/* All of s, the digits behind the point. */
static bool
fraction(struct str s, int64_t *us)
{
	int64_t unit = WHEN_SECOND / 10;

	if (!s.n || s.n > 9)
		return false;
	for (*us = 0; s.n; s.p++, s.n--, unit /= 10) {
		if (*s.p < '0' || *s.p > '9')
			return false;
		*us += (*s.p - '0') * unit;
	}
	return true;
}

bool
daytime_read(struct str s, int64_t *us)
{
	int64_t hour, minute, second = 0, part = 0;

	if (!take(&s, 24, 1, &hour) || !take_char(&s, ':') ||
	    !take(&s, 60, 2, &minute))
		return false;
	if (take_char(&s, ':')) {
		if (!take(&s, 60, 2, &second))
			return false;
		if (take_char(&s, '.')) {
			if (!fraction(s, &part))
				return false;
			s.n = 0;
		}
	}
	*us = hour * WHEN_HOUR + minute * WHEN_MINUTE + second * WHEN_SECOND +
	      part;
	return !s.n;
}

struct str
daytime_text(struct arena *a, int64_t us)
{
	char text[WHEN_TEXT_MAX];
	/* The day 1970-01-01: behind its T is the time, before its Z. */
	char *end = when_put(text, us % WHEN_DAY);
	struct str s = {text + 11, (size_t)(end - text) - 12};

	return arena_str(a, s);
}
