/* SPDX-License-Identifier: MIT */
/*
 * oracle windows MINUTES FILE.tsv
 * oracle statuses FILE.tsv
 * oracle kept FILE.tsv
 *
 * The right answers to the benchmarks' questions, from gen's app.tsv:
 *	windows		where status < 500: count, sum, average, p99 and
 *			maximum of latency by key in every window that is
 *			MINUTES long, one starting each minute
 *	statuses	records by minute and status
 *	kept		ts, key and latency of the records with status < 500,
 *			as NDJSON, in the order of the input
 *
 * Everything is plain on purpose and shares no code with weir: all records
 * are held in memory and sorted, latencies are whole microseconds, so counts,
 * sums and maxima are exact. The p99 of n values is the one of rank
 * ceil(0.99 n), the smallest value that at least 99 % do not exceed (SQL's
 * percentile_disc). Some programs take rank floor(0.99 n) + 1, which differs
 * when 100 divides n: that is the column p99_up.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	STATUS_LIMIT = 500,
	DAY_MINUTES = 24 * 60
};

struct row {
	const char *ts;
	const char *key;
	uint32_t ts_len;
	uint32_t key_len;
	int32_t minute; /* since the first of the month */
	uint32_t status;
	uint64_t latency_us;
};

struct table {
	struct row *rows;
	size_t n;
};

/* What one key saw in one minute, and before it. */
struct sum {
	uint64_t count;
	uint64_t latency_us;
	uint64_t max_us;
};

static void
die(const char *what)
{
	fprintf(stderr, "oracle: %s\n", what);
	exit(1);
}

static void *
zeroed(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die("out of memory");
	return p;
}

/* ---- reading ---- */

static const char *
map_file(const char *name, size_t *len)
{
	int fd = open(name, O_RDONLY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
		die("cannot read the input");
	*len = (size_t)st.st_size;
	p = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die("cannot map the input");
	close(fd);
	return p;
}

/* Reads digits up to `stop`; the text after them goes to *rest. */
static uint64_t
digits(const char *p, char stop, const char **rest)
{
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (*p != stop)
		die("a number is not as gen writes it");
	*rest = p + 1;
	return v;
}

/* 2026-03-DDTHH:MM... */
static int32_t
minute_of(const char *ts)
{
	const char *p;
	uint64_t day, hour, minute;

	if (memcmp(ts, "2026-03-", 8))
		die("a time is not as gen writes it");
	day = digits(ts + 8, 'T', &p);
	hour = digits(p, ':', &p);
	minute = digits(p, ':', &p);
	return (int32_t)((day - 1) * DAY_MINUTES + hour * 60 + minute);
}

/* The field at p, which a tab ends; returns what follows the tab. */
static const char *
field(const char *p, const char **text, uint32_t *len)
{
	const char *tab = strchr(p, '\t');

	if (!tab)
		die("a line is cut short");
	*text = p;
	*len = (uint32_t)(tab - p);
	return tab + 1;
}

static void
parse_row(const char *line, struct row *row)
{
	const char *p, *skip;
	uint32_t len;
	uint64_t ms, us;

	p = field(line, &row->ts, &row->ts_len);
	p = field(p, &skip, &len);
	p = field(p, &skip, &len);
	p = field(p, &row->key, &row->key_len);
	row->status = (uint32_t)digits(p, '\t', &p);
	ms = digits(p, '.', &p);
	us = digits(p, '\t', &skip);
	if (skip - p != 4)
		die("a latency has not three decimals");
	row->latency_us = ms * 1000 + us;
	row->minute = minute_of(row->ts);
}

static struct table
read_table(const char *name)
{
	static const char head[] = "ts\tlevel\thost\tkey\tstatus\tlatency\t";
	size_t len;
	const char *p = map_file(name, &len), *end = p + len, *nl;
	struct table t = {NULL, 0};
	size_t cap = 0;

	if (len < sizeof head || memcmp(p, head, sizeof head - 1))
		die("the header is not gen's");
	p = memchr(p, '\n', len);
	for (; p && ++p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			die("the last line has no end");
		if (t.n == cap) {
			cap = cap ? cap * 2 : 1 << 16;
			t.rows = reallocarray(t.rows, cap, sizeof *t.rows);
			if (!t.rows)
				die("out of memory");
		}
		parse_row(p, &t.rows[t.n++]);
	}
	if (t.n == 0)
		die("there are no records");
	return t;
}

static void
keep_good(struct table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].status < STATUS_LIMIT)
			t->rows[kept++] = t->rows[i];
	t->n = kept;
}

/* ---- kept ---- */

/* Milliseconds without zeros at the end, as jq prints them. */
static void
print_ms(uint64_t us)
{
	unsigned rest = (unsigned)(us % 1000);
	int width = 3;

	printf("%" PRIu64, us / 1000);
	if (rest == 0)
		return;
	for (; rest % 10 == 0; width--)
		rest /= 10;
	printf(".%0*u", width, rest);
}

static void
print_kept(const struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->rows[i];

		printf("{\"ts\":\"%.*s\",\"key\":\"%.*s\",\"latency\":",
		    (int)r->ts_len, r->ts, (int)r->key_len, r->key);
		print_ms(r->latency_us);
		puts("}");
	}
}

/* ---- statuses ---- */

static void
print_minute(int32_t minute)
{
	time_t t = 1772323200 + (time_t)minute * 60; /* 2026-03-01 */
	struct tm tm;
	char text[32];

	if (!gmtime_r(&t, &tm) ||
	    !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		die("a time cannot be printed");
	fputs(text, stdout);
}

static int
by_minute_status(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->minute != b->minute)
		return a->minute < b->minute ? -1 : 1;
	return a->status < b->status ? -1 : a->status > b->status;
}

static void
print_statuses(struct table *t)
{
	size_t next;

	qsort(t->rows, t->n, sizeof *t->rows, by_minute_status);
	puts("window_start\tstatus\tn");
	for (size_t i = 0; i < t->n; i = next) {
		const struct row *r = &t->rows[i];

		next = i + 1;
		while (next < t->n && !by_minute_status(r, &t->rows[next]))
			next++;
		print_minute(r->minute);
		printf("\t%" PRIu32 "\t%zu\n", r->status, next - i);
	}
}

/* ---- windows ---- */

static int
compare_keys(const struct row *a, const struct row *b)
{
	uint32_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
	int order = memcmp(a->key, b->key, len);

	if (order)
		return order;
	return a->key_len < b->key_len ? -1 : a->key_len > b->key_len;
}

/* By key, then from the greatest latency to the least. */
static int
by_key_latency(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_keys(a, b);

	if (order)
		return order;
	return a->latency_us > b->latency_us ? -1
					     : a->latency_us < b->latency_us;
}

static int
in_window(const struct row *r, int32_t start, int32_t size)
{
	return r->minute >= start && r->minute < start + size;
}

/* The k-th greatest latency (k from 1) in a window; rows are in order. */
static uint64_t
kth_greatest(
    const struct row *rows, size_t n, uint64_t k, int32_t start, int32_t size)
{
	for (size_t i = 0; i < n; i++)
		if (in_window(&rows[i], start, size) && --k == 0)
			return rows[i].latency_us;
	die("a window holds fewer rows than were counted");
	return 0;
}

static void
print_window(const struct row *rows, size_t n, const struct sum *sum,
    int32_t start, int32_t size)
{
	uint64_t rank = (99 * sum->count + 99) / 100;
	uint64_t up = 99 * sum->count / 100 + 1;
	uint64_t p99 =
	    kth_greatest(rows, n, sum->count - rank + 1, start, size);
	uint64_t p99_up = up == rank ? p99
				     : kth_greatest(rows, n,
					   sum->count - up + 1, start, size);
	double ms = (double)sum->latency_us / 1000;

	print_minute(start);
	printf(
	    "\t%.*s\t%" PRIu64 "\t", (int)rows->key_len, rows->key, sum->count);
	print_ms(sum->latency_us);
	printf("\t%.17g\t", ms / (double)sum->count);
	print_ms(p99);
	putchar('\t');
	print_ms(p99_up);
	putchar('\t');
	print_ms(sum->max_us);
	putchar('\n');
}

/* All windows of one key's rows; `minutes` has a zeroed place for each. */
static void
print_key(const struct row *rows, size_t n, struct sum *minutes,
    int32_t n_minutes, int32_t size)
{
	for (size_t i = 0; i < n; i++) {
		struct sum *m = &minutes[rows[i].minute];

		m->count++;
		m->latency_us += rows[i].latency_us;
		if (rows[i].latency_us > m->max_us)
			m->max_us = rows[i].latency_us;
	}
	for (int32_t start = 1 - size; start < n_minutes; start++) {
		struct sum all = {0, 0, 0};

		for (int32_t i = 0; i < size; i++) {
			int32_t at = start + i;

			if (at < 0 || at >= n_minutes)
				continue;
			all.count += minutes[at].count;
			all.latency_us += minutes[at].latency_us;
			if (minutes[at].max_us > all.max_us)
				all.max_us = minutes[at].max_us;
		}
		if (all.count > 0)
			print_window(rows, n, &all, start, size);
	}
}

static void
print_windows(struct table *t, int32_t size)
{
	int32_t n_minutes = 0;
	struct sum *minutes;
	size_t next;

	if (size < 1 || size > DAY_MINUTES)
		die("a window is a minute to a day long");
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].minute >= n_minutes)
			n_minutes = t->rows[i].minute + 1;
	minutes = zeroed((size_t)n_minutes, sizeof *minutes);
	qsort(t->rows, t->n, sizeof *t->rows, by_key_latency);
	puts("window_start\tkey\tn\ts\ta\tp99\tp99_up\tm");
	for (size_t i = 0; i < t->n; i = next) {
		next = i + 1;
		while (
		    next < t->n && !compare_keys(&t->rows[i], &t->rows[next]))
			next++;
		memset(minutes, 0, (size_t)n_minutes * sizeof *minutes);
		print_key(&t->rows[i], next - i, minutes, n_minutes, size);
	}
	free(minutes);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int windows = !strcmp(what, "windows") && argc == 4;
	int statuses = !strcmp(what, "statuses") && argc == 3;
	int kept = !strcmp(what, "kept") && argc == 3;
	struct table t;
	const char *rest;

	if (!windows && !statuses && !kept) {
		fputs("usage: oracle windows MINUTES FILE\n"
		      "       oracle statuses|kept FILE\n",
		    stderr);
		return 2;
	}
	t = read_table(argv[argc - 1]);
	if (statuses) {
		print_statuses(&t);
	} else {
		keep_good(&t);
		if (kept)
			print_kept(&t);
		else
			print_windows(
			    &t, (int32_t)digits(argv[2], '\0', &rest));
	}
	free(t.rows);
	if (fflush(stdout) || ferror(stdout))
		die("cannot write");
	return 0;
}
