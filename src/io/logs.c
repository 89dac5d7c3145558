/* SPDX-License-Identifier: MIT */
/*
 * The formats nginx and apache: access logs with fields of fixed names. The
 * lines are taken apart by logs_scan.c; here their parts become columns.
 */
#include "io/logs.h"

#include "base/mem.h"
#include "base/num.h"
#include "data/pack.h"
#include "io/text.h"

/* How a field's text is read. */
enum read_as {
	READ_TEXT,
	READ_TIME,
	READ_INT,
	READ_NUMBER,
	READ_GUESS
};

static const struct {
	struct str name;
	enum read_as as;
} fields[LOG_FIELDS] = {
    [LOG_VHOST] = {{"vhost", 5}, READ_TEXT},
    [LOG_CLIENT] = {{"client", 6}, READ_TEXT},
    [LOG_IDENT] = {{"ident", 5}, READ_TEXT},
    [LOG_USER] = {{"user", 4}, READ_TEXT},
    [LOG_TIME] = {{"time", 4}, READ_TIME},
    [LOG_METHOD] = {{"method", 6}, READ_TEXT},
    [LOG_PATH] = {{"path", 4}, READ_TEXT},
    [LOG_QUERY] = {{"query", 5}, READ_TEXT},
    [LOG_PROTOCOL] = {{"protocol", 8}, READ_TEXT},
    [LOG_STATUS] = {{"status", 6}, READ_INT},
    [LOG_BYTES] = {{"bytes", 5}, READ_INT},
    [LOG_REFERER] = {{"referer", 7}, READ_TEXT},
    [LOG_AGENT] = {{"agent", 5}, READ_TEXT},
    [LOG_REQUEST_TIME] = {{"request_time", 12}, READ_NUMBER},
    [LOG_UPSTREAM_TIME] = {{"upstream_time", 13}, READ_GUESS},
    [LOG_FORWARDED] = {{"forwarded", 9}, READ_TEXT},
    [LOG_REQUEST_LENGTH] = {{"request_length", 14}, READ_INT},
    [LOG_BYTES_IN] = {{"bytes_in", 8}, READ_INT},
    [LOG_BYTES_OUT] = {{"bytes_out", 9}, READ_INT},
    [LOG_REQUEST] = {{"request", 7}, READ_TEXT},
    [LOG_TARGET] = {{"target", 6}, READ_TEXT},
    [LOG_REST] = {{"rest", 4}, READ_TEXT},
};

struct log_decoder {
	struct text_decoder t;
	bool apache;
	bool split; /* some part of the request is wanted */
};

static const struct when_layout clf = {.kind = WHEN_CLF};

/* ---- the start ---- */

static enum start_status
start(const struct format *format, struct str head, bool eof,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct str *names = arena_array(arena, LOG_FIELDS, sizeof *names);

	for (unsigned i = 0; i < LOG_FIELDS; i++)
		names[i] = fields[i].name;
	return text_start(format, names, LOG_FIELDS, head, eof, settings, arena,
	    out, used, err);
}

static enum start_status
nginx_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return start(&format_nginx, head, eof, settings, arena, out, used, err);
}

static enum start_status
apache_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return start(
	    &format_apache, head, eof, settings, arena, out, used, err);
}

/* True if the first line is one of such a log. */
static bool
first_fits(struct str head, bool whole, bool apache)
{
	struct log_line l;
	struct str line;
	const char *at;

	return text_first_line(head, whole, &line) &&
	       !log_scan(&l, line, apache, &at);
}

static int
nginx_guess(struct str head, bool whole)
{
	return first_fits(head, whole, false) ? 90 : 0;
}

/* Apache's combined format is nginx's; what only Apache writes is surer. */
static int
apache_guess(struct str head, bool whole)
{
	struct log_line l;
	struct str line;
	const char *at;

	if (!text_first_line(head, whole, &line) ||
	    log_scan(&l, line, true, &at))
		return 0;
	if (l.f[LOG_VHOST].p)
		return 92; /* nginx's would take it for a client */
	return first_fits(head, whole, false) ? 80 : 90;
}

/* ---- decoding ---- */

static struct decoder *
log_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct log_decoder *d = mem_zalloc(sizeof *d);

	text_init(&d->t, layout, spec);
	d->apache = layout->format == &format_apache;
	d->split = d->t.n_maps > 0;
	for (unsigned i = 0; i < d->t.n_wants; i++) {
		uint32_t f = d->t.wants[i].field;

		d->split |=
		    f == LOG_TARGET || (f >= LOG_METHOD && f <= LOG_PROTOCOL);
	}
	return &d->t.base;
}

/* A field's value of its own type; NULL value if its text is absent. */
static const char *
own_value(const struct log_decoder *d, unsigned field, struct str s,
    struct when_cache *cache, struct value *out)
{
	int64_t i = 0;
	double f = 0;

	*out = VALUE_NULL;
	if (!s.p)
		return NULL;
	switch (fields[field].as) {
	case READ_TEXT:
		*out = value_text(s);
		break;
	case READ_TIME:
		if (!when_parse(&clf, cache, s, &i))
			return "the time is not readable";
		*out = value_time(i);
		break;
	case READ_INT: /* digits, no more than fit: log_scan has seen to it */
		for (size_t k = 0; k < s.n; k++)
			i = i * 10 + (s.p[k] - '0');
		*out = value_int(i);
		break;
	case READ_NUMBER:
		if (d->apache && num_parse_int(s, &i))
			*out = value_int(i);
		else if (num_parse_float(s, &f))
			*out = value_float(f);
		break;
	case READ_GUESS: /* one number, or several for several servers */
		*out = num_parse_float(s, &f) ? value_float(f) : value_text(s);
		break;
	}
	return NULL;
}

static const char *
put_field(struct log_decoder *d, struct batch *b, unsigned row,
    struct field_want w, const struct log_line *l)
{
	const struct decode_spec *spec = d->t.base.spec;
	struct when_cache *cache = &d->t.caches[w.want];
	enum want_as as = spec->wants[w.want].as;
	enum read_as read = fields[w.field].as;
	struct str s = l->f[w.field];
	const char *why;
	struct value v;

	if (!s.p)
		return cell_missing(spec, w.want, b, row);
	/* A time stays text for whoever says how to read it. */
	if (read == READ_TEXT || as == WANT_RAW ||
	    (read == READ_TIME && as != WANT_VALUE))
		return text_put(&d->t, w, b, row, s, true);
	why = own_value(d, w.field, s, cache, &v);
	return why ? why : text_put_value(&d->t, w, b, row, v);
}

/*
 * Members of the record as a MAP: what each line has, and the others that are
 * there. The request as a whole only if it could not be split.
 */
static bool
in_map(unsigned field, const struct log_line *l)
{
	switch (field) {
	case LOG_TARGET:
		return false;
	case LOG_REQUEST:
		return !l->f[LOG_METHOD].p;
	case LOG_VHOST:
	case LOG_IDENT:
	case LOG_REQUEST_TIME:
	case LOG_UPSTREAM_TIME:
	case LOG_FORWARDED:
	case LOG_REQUEST_LENGTH:
	case LOG_BYTES_IN:
	case LOG_BYTES_OUT:
	case LOG_REST:
		return l->f[field].p != NULL;
	}
	return true;
}

static const char *
put_map(struct log_decoder *d, struct batch *b, unsigned row,
    const struct log_line *l)
{
	struct buf *pack = &d->t.pack;
	unsigned n = 0;

	for (unsigned i = 0; i < LOG_FIELDS; i++)
		n += in_map(i, l);
	pack->n = 0;
	pack_put_map(pack, n);
	for (unsigned i = 0; i < LOG_FIELDS; i++) {
		struct value v;
		const char *why;

		if (!in_map(i, l))
			continue;
		why = own_value(d, i, l->f[i], &d->t.caches[d->t.maps[0]], &v);
		if (why)
			return why;
		pack_put_text(pack, fields[i].name);
		pack_put(pack, v);
	}
	return text_map(&d->t, b, row,
	    value_of_str(T_MAP, arena_str(b->arena, buf_str(pack))));
}

static const char *
log_line(struct text_decoder *t, struct batch *b, unsigned row, struct str line,
    const char **at)
{
	struct log_decoder *d = (struct log_decoder *)t;
	struct text_lines lines = text_join_cut(t->base.layout, line);
	const char *why;
	struct log_line l;

	why = log_scan(&l, lines.first, d->apache, at);
	if (why)
		return why;
	l.f[LOG_REST] = text_join_rest(l.f[LOG_REST], lines.rest);
	if (d->split)
		log_split_request(&l);
	for (unsigned i = 0; !why && i < t->n_wants; i++)
		why = put_field(d, b, row, t->wants[i], &l);
	if (!why && t->n_maps)
		why = put_map(d, b, row, &l);
	return why ? why : text_row(t, b, row, line, NULL);
}

/* ---- the rows ---- */

/* As in fields[]. */
#define LOG_NAMES                                                              \
	"vhost client ident user time method path query protocol status "      \
	"bytes referer agent request_time upstream_time forwarded "            \
	"request_length bytes_in bytes_out request target rest"

const struct format format_nginx = {
    .name = "nginx",
    .look = "an address, - -, a time in brackets, a quoted request, two "
	    "numbers, two quoted texts",
    .doc = "nginx access log: combined, also with $request_time",
    .about =
	"Fields: client, user, time, method, path (without the query), query "
	"(behind the ?), protocol, status, bytes, referer, agent, "
	"request_time (NULL where there is none), request (the line as the "
	"client sent it; where it is not METHOD TARGET PROTOCOL those are "
	"NULL), target (path and query), ident. Behind the agent are "
	"understood: forwarded (the quoted X-Forwarded-For of nginx's own "
	"format \"main\"), request_time and upstream_time ($request_time "
	"$upstream_response_time, or rt= and urt=), and Kubernetes' ingress "
	"(request_length, too); rest is whatever else stands there. A \"-\" is "
	"NULL. Text stays as it is written, "
	"escapes such as \\x22 included." TEXT_JOIN_ABOUT TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "10.0.0.7 - - [28/Mar/2026:22:00:01 +0000] "
	       "\"GET /a?b=1 HTTP/1.1\" 200 512 \"-\" \"curl/8.5.0\" 0.004",
    .fields = LOG_NAMES,
    .time_fields = "time",
    .time_layout = "clf",
    .guess = nginx_guess,
    .start = nginx_start,
    .decoder_new = log_decoder_new,
    .decoder_free = text_decoder_free,
    .decode = text_decode_lines,
    .line = log_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};

const struct format format_apache = {
    .name = "apache",
    .look = "an address, - -, a time in brackets, a quoted request, two "
	    "numbers; a name:port before it, or nothing behind",
    .doc = "Apache access log: common or combined, vhost before or not",
    .about = "Fields as in the format nginx, and vhost if a line begins with "
	     "host:port, or with a name and then an address. A number behind "
	     "the last field (%D, microseconds, or %T, "
	     "seconds) is request_time, as it is written; two behind the agent "
	     "are bytes_in and bytes_out (combinedio)." TEXT_JOIN_ABOUT
		 TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "10.0.0.7 - frank [28/Mar/2026:22:00:01 +0000] "
	       "\"GET /a HTTP/1.1\" 200 2326",
    .fields = LOG_NAMES,
    .time_fields = "time",
    .time_layout = "clf",
    .guess = apache_guess,
    .start = apache_start,
    .decoder_new = log_decoder_new,
    .decoder_free = text_decoder_free,
    .decode = text_decode_lines,
    .line = log_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};
