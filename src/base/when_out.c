/* SPDX-License-Identifier: MIT */
/*
 * Layouts of times that are written. The names are those of times that are
 * read, less those that leave it to the time how it is read; a pattern may
 * leave out what it likes: %H:%M.
 */
#include "base/buf.h"
#include "base/when.h"

#define CLF "%d/%b/%Y:%H:%M:%S %z"
#define HTTP "%a, %d %b %Y %H:%M:%S GMT"
#define CTIME "%a %b %e %H:%M:%S %Y"

int
when_out_parse(
    struct str text, struct arena *a, struct when_layout *out, struct err *err)
{
	*out = (struct when_layout){.kind = WHEN_PATTERN};
	if (text.n && memchr(text.p, '%', text.n)) {
		out->pattern = arena_str(a, text).p;
		return when_format_check(text, err);
	}
	if (when_layout_parse(text, a, out, err))
		return -1;
	if (out->kind != WHEN_AUTO && out->kind != WHEN_EPOCH)
		return 0;
	err_set(err, ERR_SPEC, (struct where){0},
	    "the time layout \"%.*s\" is for reading only", STR_ARG(text));
	return err_hint(err, "rfc3339, s, ms, us, ns, clf, http, ctime or a "
			     "pattern such as %%Y-%%m-%%d %%H:%%M:%%S");
}

/* Digits behind the point of a time in µs by the unit; -3: times 1000. */
static bool
unit_of(const struct when_layout *l, int *scale)
{
	switch (l->kind) {
	case WHEN_EPOCH_S:
		*scale = 6;
		return true;
	case WHEN_EPOCH_MS:
		*scale = 3;
		return true;
	case WHEN_EPOCH_US:
		*scale = 0;
		return true;
	case WHEN_EPOCH_NS:
		*scale = -3;
		return true;
	case WHEN_AUTO:
	case WHEN_ISO:
	case WHEN_EPOCH:
	case WHEN_CLF:
	case WHEN_MAIL:
	case WHEN_CTIME:
	case WHEN_PATTERN:
		break;
	}
	return false;
}

bool
when_out_number(const struct when_layout *l, int64_t t, struct dec *out)
{
	int scale;

	if (!unit_of(l, &scale))
		return false;
	if (scale < 0)
		*out = (struct dec){(__int128)t * 1000, 0};
	else
		*out = dec_normal((struct dec){t, (uint8_t)scale});
	return true;
}

void
when_out(struct buf *out, const struct when_layout *l, int64_t t)
{
	const char *pattern = l->pattern;
	const struct zone *zone = l->zone;
	char *p;

	if (l->kind == WHEN_CLF) {
		pattern = CLF;
	} else if (l->kind == WHEN_MAIL) {
		pattern = HTTP; /* RFC 9110: always GMT */
		zone = NULL;
	} else if (l->kind == WHEN_CTIME) {
		pattern = CTIME;
	} else if (l->kind != WHEN_PATTERN) {
		p = buf_reserve(out, WHEN_TEXT_MAX);
		out->n = (size_t)(when_put_zone(p, t, zone) - out->p);
		return;
	}
	when_format(out, pattern, t, zone);
}
