/* SPDX-License-Identifier: MIT */
/*
 * Zones: finding them by name, and the two questions asked of them.
 *
 * A change at instant T from offset a to offset b either skips the civil
 * times [T+a, T+b) or repeats [T+b, T+a). In both cases all civil times below
 * T + max(a, b) take offset a when the earlier reading is wanted: the skipped
 * ones are thereby moved forward by the gap. When the later is wanted the
 * border is T + b. So a civil time is placed by one compare per change, and
 * the offset that holds between two borders can be remembered.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/when.h"
#include "base/zone_names.h"
#include "base/zone_table.h"

#define FILE_MAX (1 << 18) /* bytes; the largest zone has some 4000 */

static struct zone_type utc_type = {0, "UTC"}, gmt_type = {0, "GMT"};
static char utc_name[] = "UTC", gmt_name[] = "GMT";
static const struct zone utc = {
    .name = utc_name, .types = &utc_type, .n_types = 1};
static const struct zone gmt = {
    .name = gmt_name, .types = &gmt_type, .n_types = 1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *loaded; /* newest first */

/* --- the table ---------------------------------------------------------- */

uint16_t
zone_add_type(struct zone *z, int32_t offset_s, struct str abbr)
{
	struct zone_type t = {.offset_s = offset_s};
	size_t i;

	if (abbr.n >= sizeof(t.abbr))
		abbr.n = sizeof(t.abbr) - 1;
	memcpy(t.abbr, abbr.p, abbr.n);
	for (i = 0; i < z->n_types; i++)
		if (z->types[i].offset_s == offset_s &&
		    !strcmp(z->types[i].abbr, t.abbr))
			return (uint16_t)i;
	mem_grow(&z->types, &z->types_cap, i + 1, sizeof(*z->types));
	z->types[z->n_types++] = t;
	return (uint16_t)i;
}

void
zone_add_change(struct zone *z, int64_t at, uint16_t kind)
{
	while (z->n && at <= z->at[z->n - 1])
		z->n--;
	if (kind == (z->n ? z->kind[z->n - 1] : 0))
		return;
	mem_grow(&z->at, &z->at_cap, z->n + 1, sizeof(*z->at));
	mem_grow(&z->kind, &z->kind_cap, z->n + 1, sizeof(*z->kind));
	z->at[z->n] = at;
	z->kind[z->n++] = kind;
}

/* The stretch of time around an instant in which one type holds. */
struct stretch {
	int64_t from, until; /* seconds; INT64_MIN and INT64_MAX: no end */
	const struct zone_type *type;
};

/* The number of changes at or before sec. */
static size_t
changes_until(const struct zone *z, int64_t sec)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (z->at[mid] <= sec)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct stretch
stretch_at(const struct zone *z, int64_t sec)
{
	struct stretch s = {INT64_MIN, INT64_MAX, &z->types[0]};
	int64_t shift = 0;
	size_t i;

	if (z->end && sec >= z->end)
		shift = ((sec - z->end) / ZONE_PERIOD + 1) * ZONE_PERIOD;
	i = changes_until(z, sec - shift);
	if (i) {
		s.from = z->at[i - 1] + shift;
		s.type = &z->types[z->kind[i - 1]];
	}
	if (i < z->n)
		s.until = z->at[i] + shift;
	return s;
}

/* Whole seconds towards the past. */
static int64_t
seconds_of(int64_t us)
{
	return us / WHEN_SECOND - (us % WHEN_SECOND < 0);
}

/* Microseconds; what does not fit is before or after all times. */
static int64_t
us_of(int64_t seconds, int64_t more)
{
	__int128 us = ((__int128)seconds + more) * WHEN_SECOND;

	if (seconds == INT64_MIN || us < WHEN_MIN)
		return WHEN_MIN;
	return seconds == INT64_MAX || us > WHEN_MAX ? WHEN_MAX : (int64_t)us;
}

int32_t
zone_offset(const struct zone *z, int64_t t, int64_t *from, int64_t *until)
{
	struct stretch s = stretch_at(z, seconds_of(t));

	if (from)
		*from = us_of(s.from, 0);
	if (until)
		*until = us_of(s.until, 0);
	return s.type->offset_s;
}

const char *
zone_abbr(const struct zone *z, int64_t t)
{
	return stretch_at(z, seconds_of(t)).type->abbr;
}

/* How far behind a change the border lies between civil times. */
static int32_t
border(const struct stretch *before, const struct stretch *after, int later)
{
	int32_t a = before->type->offset_s, b = after->type->offset_s;

	return later || b > a ? b : a;
}

int32_t
zone_civil_offset(const struct zone *z, int64_t civil_us, int later,
    int64_t *from, int64_t *until)
{
	int64_t civil = seconds_of(civil_us), low = WHEN_MIN, high = WHEN_MAX;
	struct stretch s = stretch_at(z, civil - ZONE_OFFSET_MAX), near;

	if (s.from != INT64_MIN) {
		near = stretch_at(z, s.from - 1);
		low = us_of(s.from, border(&near, &s, later));
	}
	while (s.until != INT64_MAX) {
		near = stretch_at(z, s.until);
		high = us_of(s.until, border(&s, &near, later));
		if (civil_us < high)
			break;
		low = high;
		high = WHEN_MAX;
		s = near;
	}
	if (from)
		*from = low;
	if (until)
		*until = high;
	return s.type->offset_s;
}

int64_t
zone_instant(const struct zone *z, int64_t civil_us, int later)
{
	int32_t offset = zone_civil_offset(z, civil_us, later, NULL, NULL);
	int64_t t;

	if (__builtin_sub_overflow(civil_us, offset * WHEN_SECOND, &t))
		return offset > 0 ? WHEN_MIN : WHEN_MAX;
	return t;
}

/* --- finding ------------------------------------------------------------ */

const struct zone *
zone_utc(void)
{
	return &utc;
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

static void
zone_free(struct zone *z)
{
	mem_free(z->name);
	mem_free(z->at);
	mem_free(z->kind);
	mem_free(z->types);
	mem_free(z);
}

/* Zones are looked up in files only by names of this form. */
static bool
is_name(struct str s)
{
	if (!s.n || s.n > 100 || s.p[0] == '/')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '/' || c == '_' ||
			c == '+' || c == '-'))
			return false;
	}
	return true;
}

static const char *
zone_folder(void)
{
	const char *folder = getenv("TZDIR");

	return folder && *folder ? folder : "/usr/share/zoneinfo";
}

/* All of a file at most FILE_MAX long, in the arena. -1 with errno set. */
static int
read_file(const char *path, struct arena *a, struct str *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	size_t n = 0;
	ssize_t got = 0;
	char *p;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_MAX) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	p = arena_alloc(a, (size_t)st.st_size + 1);
	while (n < (size_t)st.st_size &&
	       ((got = read(fd, p + n, (size_t)st.st_size - n)) > 0 ||
		   (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	close(fd);
	*out = (struct str){p, n};
	return got < 0 ? -1 : 0;
}

static const struct zone *
keep(struct zone *z, struct str name)
{
	z->name = mem_zalloc(name.n + 1);
	memcpy(z->name, name.p, name.n);
	z->next = loaded;
	loaded = z;
	return z;
}

/* A zone of one offset; its abbreviation is the offset, as in "-03". */
static const struct zone *
fixed(struct str name, int32_t offset_s)
{
	int32_t m = (offset_s < 0 ? -offset_s : offset_s) / 60;
	struct zone *z = mem_zalloc(sizeof(*z));
	char abbr[5] = {offset_s < 0 ? '-' : '+', (char)('0' + m / 600),
	    (char)('0' + m / 60 % 10), (char)('0' + m % 60 / 10),
	    (char)('0' + m % 10)};

	zone_add_type(z, offset_s, (struct str){abbr, m % 60 ? 5 : 3});
	return keep(z, name);
}

static const struct zone *
from_file(struct str name, struct where where, struct err *err)
{
	struct zone *z = NULL;
	const char *wrong = NULL;
	struct arena a;
	struct str path, bytes;

	arena_init(&a, 8192);
	path = arena_printf(&a, "%s/%.*s", zone_folder(), STR_ARG(name));
	if (read_file(path.p, &a, &bytes) < 0) {
		if (!err)
			; /* nobody asks why */
		else if (errno == ENOENT || errno == ENOTDIR)
			zone_unknown(name, zone_folder(), where, err);
		else
			err_set(err, ERR_SPEC, where, "cannot read %s: %s",
			    path.p, strerror(errno));
	} else {
		z = mem_zalloc(sizeof(*z));
		wrong = zone_read(z, bytes);
	}
	if (wrong) {
		if (err)
			err_set(err, ERR_SPEC, where,
			    "the time zone file %s is %s", path.p, wrong);
		zone_free(z);
		z = NULL;
	}
	arena_release(&a);
	return z ? keep(z, name) : NULL;
}

/* "+05:30", "GMT-03:00": east is positive, other than in "Etc/GMT+3". */
static bool
is_offset(struct str s, int32_t *offset_s)
{
	struct str prefix = {s.p, 3};

	if (s.n > 3 && (str_eq_nocase(prefix, STR("UTC")) ||
			   str_eq_nocase(prefix, STR("GMT")))) {
		s.p += 3;
		s.n -= 3;
	}
	return s.n && (s.p[0] == '+' || s.p[0] == '-') &&
	       when_parse_offset(s, offset_s);
}

/* With the lock held; err NULL: nobody asks why. */
static const struct zone *
load(struct str name, struct where where, struct err *err)
{
	int32_t offset_s;

	if (str_eq_nocase(name, STR("UTC")) || str_eq_nocase(name, STR("Z")))
		return &utc;
	if (str_eq_nocase(name, STR("GMT")))
		return &gmt;
	for (const struct zone *z = loaded; z; z = z->next)
		if (str_is(name, z->name))
			return z;
	if (is_offset(name, &offset_s))
		return fixed(name, offset_s);
	if (!is_name(name)) {
		if (err)
			zone_unknown(name, zone_folder(), where, err);
		return NULL;
	}
	return from_file(name, where, err);
}

const struct zone *
zone_load(struct str name, struct where where, struct err *err)
{
	const struct zone *z;

	pthread_mutex_lock(&lock);
	z = load(name, where, err);
	pthread_mutex_unlock(&lock);
	return z;
}

const struct zone *
zone_named(struct str name)
{
	return zone_load(name, (struct where){0}, NULL);
}
