/* SPDX-License-Identifier: MIT */
/*
 * gen [-m MB | -n RECORDS] [-r PER_MINUTE] [-s SEED] DIR
 *
 * Writes one made-up log (record.h) into DIR, which must exist, as
 *	app.ndjson	ten members, two of them objects
 *	app.csv		RFC 4180 with a header; commas, quotes, LF in quotes
 *	app.tsv		a header; nothing is quoted, LF becomes a blank
 *	app.msgpack	maps, one after the other
 *	access.log	nginx's "combined" format, times cut to seconds
 *	odd.ndjson	as app.ndjson, spelled in unusual ways (spell.h)
 * and the number of records on standard output. MB (default 500) is the
 * approximate size of app.ndjson in millions of bytes. Equal arguments give
 * equal bytes, and fewer records give the first bytes of more.
 */
#include "spell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PER_MINUTE = 30000,
	FILE_BUFFER = 1 << 20,
	MAX_MINUTES = 31 * 24 * 60 - 1 /* the log stays within March */
};

struct options {
	uint64_t records;
	uint64_t seed;
	uint32_t per_minute;
	const char *dir;
};

struct writer {
	const char *name;
	const char *header;
	void (*write)(FILE *to, struct rng *rng, const struct spelled *sp);
	FILE *file;
	struct rng rng; /* for what this format alone draws */
};

static void
die(const char *what)
{
	fprintf(stderr, "gen: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
spell(struct spelled *out, const struct record *rec)
{
	unsigned ms = rec->time_ms, s = ms / 1000, minute = s / 60;
	unsigned hour = minute / 60, us = rec->latency_us;

	out->rec = rec;
	snprintf(out->ts, sizeof out->ts, "2026-03-%02uT%02u:%02u:%02u.%03uZ",
	    1 + hour / 24, hour % 24, minute % 60, s % 60, ms % 1000);
	snprintf(out->host, sizeof out->host, "web-%02u.eu-%u.example",
	    rec->host, rec->host_zone);
	snprintf(out->key, sizeof out->key, "svc-%03u/%c", rec->key,
	    (int)('a' + rec->key % 26));
	snprintf(out->path, sizeof out->path, "/api/v%u/%s/%u",
	    rec->path_version, rec->path_word, rec->path_id);
	snprintf(
	    out->latency, sizeof out->latency, "%u.%03u", us / 1000, us % 1000);
}

static void
json_msg(FILE *to, const struct record *rec)
{
	for (size_t i = 0; i < rec->msg_len; i++) {
		char c = rec->msg[i];

		if (c == '\n')
			fputs("\\n", to);
		else if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c == '\xc3' && rec->msg[i + 1] == '\xa9' && ++i)
			fputs("\\u00e9", to);
		else
			putc_unlocked(c, to);
	}
}

static void
json_write(FILE *to, struct rng *rng, const struct spelled *sp)
{
	const struct record *rec = sp->rec;

	(void)rng;
	fprintf(to,
	    "{\"ts\":\"%s\",\"level\":\"%s\",\"host\":\"%s\",\"key\":\"%s\","
	    "\"status\":%u,\"latency\":%s,\"bytes\":%u,\"req\":{\"method\":"
	    "\"%s\",\"path\":\"%s\"},\"user\":{\"id\":%u,\"name\":\"%s\"},"
	    "\"msg\":\"",
	    sp->ts, rec->level, sp->host, sp->key, rec->status, sp->latency,
	    rec->bytes, rec->method, sp->path, rec->user_id, rec->user_name);
	json_msg(to, rec);
	fputs("\"}\n", to);
}

/* The members of a record but the last, `tab` between them and after. */
static void
columns(FILE *to, char tab, const struct spelled *sp)
{
	const struct record *rec = sp->rec;

	fprintf(to, "%s%c%s%c%s%c%s%c%u%c%s%c%u%c%s%c%s%c%u%c%s%c", sp->ts, tab,
	    rec->level, tab, sp->host, tab, sp->key, tab, rec->status, tab,
	    sp->latency, tab, rec->bytes, tab, rec->method, tab, sp->path, tab,
	    rec->user_id, tab, rec->user_name, tab);
}

static int
csv_needs_quotes(const struct record *rec)
{
	return memchr(rec->msg, ',', rec->msg_len) ||
	       memchr(rec->msg, '"', rec->msg_len) ||
	       memchr(rec->msg, '\n', rec->msg_len);
}

static void
csv_write(FILE *to, struct rng *rng, const struct spelled *sp)
{
	const struct record *rec = sp->rec;

	(void)rng;
	columns(to, ',', sp);
	if (!csv_needs_quotes(rec)) {
		fwrite(rec->msg, 1, rec->msg_len, to);
	} else {
		putc('"', to);
		for (size_t i = 0; i < rec->msg_len; i++) {
			if (rec->msg[i] == '"')
				putc('"', to);
			putc(rec->msg[i], to);
		}
		putc('"', to);
	}
	putc('\n', to);
}

static void
tsv_write(FILE *to, struct rng *rng, const struct spelled *sp)
{
	const struct record *rec = sp->rec;

	(void)rng;
	columns(to, '\t', sp);
	for (size_t i = 0; i < rec->msg_len; i++) {
		char c = rec->msg[i];

		putc_unlocked(c == '\n' ? ' ' : c, to);
	}
	putc('\n', to);
}

static void
pack_big_endian(FILE *to, int tag, uint64_t v, int bytes)
{
	putc(tag, to);
	while (bytes-- > 0)
		putc_unlocked((int)(v >> 8 * bytes & 0xff), to);
}

static void
pack_bytes(FILE *to, const char *text, size_t len)
{
	if (len < 32)
		putc((int)(0xa0 | len), to);
	else
		pack_big_endian(to, 0xd9, len, 1);
	fwrite(text, 1, len, to);
}

static void
pack_text(FILE *to, const char *text)
{
	pack_bytes(to, text, strlen(text));
}

static void
pack_uint(FILE *to, uint32_t v)
{
	if (v < 128)
		putc((int)v, to);
	else if (v < 1 << 16)
		pack_big_endian(to, 0xcd, v, 2);
	else
		pack_big_endian(to, 0xce, v, 4);
}

static void
pack_double(FILE *to, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	pack_big_endian(to, 0xcb, bits, 8);
}

static void
pack_pair(FILE *to, const char *name, const char *text)
{
	pack_text(to, name);
	pack_text(to, text);
}

static void
msgpack_write(FILE *to, struct rng *rng, const struct spelled *sp)
{
	const struct record *rec = sp->rec;

	(void)rng;
	putc(0x8a, to);
	pack_pair(to, "ts", sp->ts);
	pack_pair(to, "level", rec->level);
	pack_pair(to, "host", sp->host);
	pack_pair(to, "key", sp->key);
	pack_text(to, "status");
	pack_uint(to, rec->status);
	pack_text(to, "latency");
	pack_double(to, rec->latency_us / 1000.0);
	pack_text(to, "bytes");
	pack_uint(to, rec->bytes);
	pack_text(to, "req");
	putc(0x82, to);
	pack_pair(to, "method", rec->method);
	pack_pair(to, "path", sp->path);
	pack_text(to, "user");
	putc(0x82, to);
	pack_text(to, "id");
	pack_uint(to, rec->user_id);
	pack_pair(to, "name", rec->user_name);
	pack_text(to, "msg");
	pack_bytes(to, rec->msg, rec->msg_len);
}

static void
nginx_write(FILE *to, struct rng *rng, const struct spelled *sp)
{
	// clang-format off
	static const char *const agents[5] = {
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
		"Firefox/128.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
		"(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"curl/8.5.0", "Go-http-client/2.0",
		"Mozilla/5.0 (compatible; bot/2.1; +http://example.org/bot)"
	};
	// clang-format on
	const struct record *rec = sp->rec;
	uint32_t from = (uint32_t)(rng_next(rng) >> 32);
	const char *user = rng_below(rng, 20) ? "-" : "alice";
	const char *referer =
	    rng_below(rng, 3) ? "-" : "https://www.example.org/start?q=1";

	fprintf(to,
	    "10.%u.%u.%u - %s [%.2s/Mar/2026:%.8s +0000] "
	    "\"%s %s HTTP/1.1\" %u %u \"%s\" \"%s\"\n",
	    from >> 16 & 255, from >> 8 & 255, from & 255, user, sp->ts + 8,
	    sp->ts + 11, rec->method, sp->path, rec->status, rec->bytes,
	    referer, agents[rng_below(rng, 5)]);
}

#define TABLE(t)                                                               \
	"ts" t "level" t "host" t "key" t "status" t "latency" t "bytes" t     \
	"method" t "path" t "user_id" t "user_name" t "msg\n"

static struct writer writers[] = {
    {.name = "app.ndjson", .write = json_write},
    {.name = "app.csv", .header = TABLE(","), .write = csv_write},
    {.name = "app.tsv", .header = TABLE("\t"), .write = tsv_write},
    {.name = "app.msgpack", .write = msgpack_write},
    {.name = "access.log", .write = nginx_write},
    {.name = "odd.ndjson", .write = odd_write},
};

enum {
	N_WRITERS = sizeof writers / sizeof writers[0]
};

static void
open_all(const struct options *opt)
{
	for (uint32_t i = 0; i < N_WRITERS; i++) {
		struct writer *w = &writers[i];
		char path[4096];

		if (snprintf(path, sizeof path, "%s/%s", opt->dir, w->name) >=
		    (int)sizeof path) {
			errno = ENAMETOOLONG;
			die(opt->dir);
		}
		w->file = fopen(path, "wb");
		if (!w->file)
			die(path);
		setvbuf(w->file, NULL, _IOFBF, FILE_BUFFER);
		rng_init(&w->rng, opt->seed + 1 + i);
		if (w->header)
			fputs(w->header, w->file);
	}
}

static void
close_all(void)
{
	for (uint32_t i = 0; i < N_WRITERS; i++) {
		int failed = ferror(writers[i].file);

		if (fclose(writers[i].file) || failed)
			die(writers[i].name);
	}
}

static void
write_all(const struct options *opt)
{
	struct record_source src;
	struct record rec;
	struct spelled sp;

	record_source_init(&src, opt->seed, opt->per_minute);
	for (uint64_t i = 0; i < opt->records; i++) {
		record_next(&src, &rec);
		spell(&sp, &rec);
		for (uint32_t j = 0; j < N_WRITERS; j++)
			writers[j].write(writers[j].file, &writers[j].rng, &sp);
	}
}

static void
usage(const char *what)
{
	fprintf(stderr,
	    "gen: %s\n"
	    "usage: gen [-m MB | -n RECORDS] [-r PER_MINUTE] [-s SEED] DIR\n",
	    what);
	exit(2);
}

static uint64_t
number(const char *text)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > UINT32_MAX)
		usage("a number is wrong or too large");
	return n;
}

static void
read_options(struct options *opt, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "m:n:r:s:")) != -1) {
		if (c == '?')
			usage("unknown option");
		uint64_t n = number(optarg);

		if (c == 'm')
			opt->records = n * 1000000 / RECORD_JSON_MEAN;
		else if (c == 'n')
			opt->records = n;
		else if (c == 'r')
			opt->per_minute = (uint32_t)n;
		else
			opt->seed = n;
	}
	if (optind + 1 != argc)
		usage("give one directory");
	opt->dir = argv[optind];
	if (opt->per_minute == 0 ||
	    opt->records / opt->per_minute >= MAX_MINUTES)
		usage("the log would be longer than a month");
}

int
main(int argc, char **argv)
{
	struct options opt = {.records = 500000000 / RECORD_JSON_MEAN,
	    .seed = 1,
	    .per_minute = PER_MINUTE};

	read_options(&opt, argc, argv);
	open_all(&opt);
	write_all(&opt);
	close_all();
	printf("%" PRIu64 "\n", opt.records);
	return 0;
}
