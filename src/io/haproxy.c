/* SPDX-License-Identifier: MIT */
/*
 * HAProxy's logs: HTTP, TCP and connection errors (configuration manual,
 * "Log formats"), with or without the head that syslog puts before them.
 */
#include "data/pack.h"
#include "io/cursor.h"
#include "io/stamp.h"
#include "io/syslog.h"

enum {
	H_TIME,
	H_HOST,
	H_APP,
	H_PID,
	H_CLIENT,
	H_CLIENT_PORT,
	H_FRONTEND,
	H_BACKEND,
	H_SERVER,
	H_T_REQUEST,
	H_T_QUEUE,
	H_T_CONNECT,
	H_T_RESPONSE,
	H_T_TOTAL,
	H_STATUS,
	H_BYTES,
	H_REQ_COOKIE,
	H_RES_COOKIE,
	H_TERMINATION,
	H_ACTCONN,
	H_FECONN,
	H_BECONN,
	H_SRVCONN,
	H_RETRIES,
	H_SRV_QUEUE,
	H_BACKEND_QUEUE,
	H_REQ_HEADERS,
	H_RES_HEADERS,
	H_METHOD,
	H_PATH,
	H_QUERY,
	H_PROTOCOL,
	H_MESSAGE,
	H_TLS,
	H_REQUEST,
	H_REST,
	H_FIELDS
};

#define FIELD(name, as, in)                                                    \
	{                                                                      \
		{name, sizeof name - 1}, FIXED_##as, FIXED_##in                \
	}

static const struct fixed_field fields[H_FIELDS] = {
    [H_TIME] = FIELD("time", OWN, ALWAYS),
    [H_HOST] = FIELD("host", TEXT, IF_THERE),
    [H_APP] = FIELD("app", TEXT, IF_THERE),
    [H_PID] = FIELD("pid", INT, IF_THERE),
    [H_CLIENT] = FIELD("client", TEXT, ALWAYS),
    [H_CLIENT_PORT] = FIELD("client_port", INT, ALWAYS),
    [H_FRONTEND] = FIELD("frontend", TEXT, ALWAYS),
    [H_BACKEND] = FIELD("backend", TEXT, ALWAYS),
    [H_SERVER] = FIELD("server", TEXT, ALWAYS),
    [H_T_REQUEST] = FIELD("time_request", INT, IF_THERE),
    [H_T_QUEUE] = FIELD("time_queue", INT, IF_THERE),
    [H_T_CONNECT] = FIELD("time_connect", INT, IF_THERE),
    [H_T_RESPONSE] = FIELD("time_response", INT, IF_THERE),
    [H_T_TOTAL] = FIELD("time_total", INT, IF_THERE),
    [H_STATUS] = FIELD("status", INT, IF_THERE),
    [H_BYTES] = FIELD("bytes", INT, IF_THERE),
    [H_REQ_COOKIE] = FIELD("request_cookie", TEXT, IF_THERE),
    [H_RES_COOKIE] = FIELD("response_cookie", TEXT, IF_THERE),
    [H_TERMINATION] = FIELD("termination", TEXT, IF_THERE),
    [H_ACTCONN] = FIELD("actconn", INT, IF_THERE),
    [H_FECONN] = FIELD("feconn", INT, IF_THERE),
    [H_BECONN] = FIELD("beconn", INT, IF_THERE),
    [H_SRVCONN] = FIELD("srvconn", INT, IF_THERE),
    [H_RETRIES] = FIELD("retries", INT, IF_THERE),
    [H_SRV_QUEUE] = FIELD("srv_queue", INT, IF_THERE),
    [H_BACKEND_QUEUE] = FIELD("backend_queue", INT, IF_THERE),
    [H_REQ_HEADERS] = FIELD("request_headers", OWN, IF_THERE),
    [H_RES_HEADERS] = FIELD("response_headers", OWN, IF_THERE),
    [H_METHOD] = FIELD("method", TEXT, IF_THERE),
    [H_PATH] = FIELD("path", TEXT, IF_THERE),
    [H_QUERY] = FIELD("query", TEXT, IF_THERE),
    [H_PROTOCOL] = FIELD("protocol", TEXT, IF_THERE),
    [H_MESSAGE] = FIELD("message", TEXT, IF_THERE),
    [H_TLS] = FIELD("tls", OWN, APART),
    [H_REQUEST] = FIELD("request", TEXT, APART),
    [H_REST] = FIELD("rest", TEXT, IF_THERE),
};

/* "06/Feb/2009:12:14:14.655" */
static bool
stamp(struct str s, struct civil *c)
{
	const char *p = s.p, *end = s.p + s.n;

	return stamp_digits(&p, end, 2, 2, &c->day) && p < end && *p++ == '/' &&
	       stamp_month(&p, end, &c->month) && p < end && *p++ == '/' &&
	       stamp_digits(&p, end, 4, 4, &c->year) && p < end &&
	       *p++ == ':' && stamp_clock(&p, end, c) && p == end &&
	       stamp_is_day(c);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* An integer with '+' or '-' before it. */
static bool
is_number(struct str s)
{
	size_t i = s.n && (*s.p == '+' || *s.p == '-');

	for (size_t k = i; k < s.n; k++)
		if (!is_digit(s.p[k]))
			return false;
	return i < s.n && s.n < 19;
}

/* n numbers with slashes between, into fields from first on. */
static bool
numbers(struct cursor *c, struct fixed_line *l, unsigned first, unsigned n,
    const char *why)
{
	const char *from = c->p;
	struct str w;

	if (!cursor_word(c, &w, why))
		return false;
	for (const char *p = w.p, *end = w.p + w.n; n; n--, first++) {
		const char *q = scan_byte(p, end, '/');

		l->f[first] = (struct str){p, (size_t)(q - p)};
		if (!is_number(l->f[first]) || (n > 1) != (q < end)) {
			c->p = from;
			return cursor_fail(c, why);
		}
		p = q + 1;
	}
	return true;
}

static bool
number(struct cursor *c, struct str *out, const char *why)
{
	const char *from = c->p;

	if (cursor_word(c, out, why) && is_number(*out))
		return true;
	c->p = from;
	return cursor_fail(c, why);
}

/* "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] " */
static bool
scan_client(struct cursor *c, struct fixed_line *l)
{
	const char *from = c->p, *colon;
	struct civil civil;
	struct str w;

	if (!cursor_word(c, &w, "no client"))
		return false;
	colon = memrchr(w.p, ':', w.n);
	if (!colon || !cursor_at(c, '[')) {
		c->p = from;
		return cursor_fail(c, "no client:port [time] at its start");
	}
	l->f[H_CLIENT] = (struct str){w.p, (size_t)(colon - w.p)};
	l->f[H_CLIENT_PORT] =
	    (struct str){colon + 1, (size_t)(w.p + w.n - colon - 1)};
	l->f[H_CLIENT] = cursor_or_null(l->f[H_CLIENT]);
	from = ++c->p;
	if (!cursor_until(c, ']', &l->f[H_TIME], "the [time] does not end"))
		return false;
	if (stamp(l->f[H_TIME], &civil))
		return cursor_lit(c, STR(" "), "nothing behind the time");
	c->p = from;
	return cursor_fail(c, "the time is not readable");
}

/* "http-in~ static/srv1 ", or "http-in/1: " and the error of a connection. */
static bool
scan_proxies(struct cursor *c, struct fixed_line *l)
{
	const char *slash;
	struct str w;

	if (!cursor_word(c, &w, "no frontend"))
		return false;
	if (w.n > 1 && w.p[w.n - 1] == '~') {
		l->f[H_TLS] = w;
		w.n--;
	}
	l->f[H_FRONTEND] = w;
	if (w.p[w.n - 1] == ':' && (slash = memchr(w.p, '/', w.n))) {
		l->f[H_FRONTEND].n = (size_t)(slash - w.p);
		l->f[H_MESSAGE] = cursor_rest(c);
		return true;
	}
	if (!cursor_word(c, &w, "no backend"))
		return false;
	slash = memchr(w.p, '/', w.n);
	if (!slash) {
		c->p = w.p;
		return cursor_fail(c, "no backend/server behind the frontend");
	}
	l->f[H_BACKEND] = (struct str){w.p, (size_t)(slash - w.p)};
	l->f[H_SERVER] =
	    (struct str){slash + 1, (size_t)(w.p + w.n - slash - 1)};
	return true;
}

static bool
scan_counts(struct cursor *c, struct fixed_line *l)
{
	return numbers(c, l, H_ACTCONN, 5, "no five counts of connections") &&
	       numbers(c, l, H_SRV_QUEUE, 2, "no two lengths of queues");
}

/* Two braces are those of the request and the response; of one alone it
 * cannot be told, it is taken for the request's. */
static void
scan_headers(struct cursor *c, struct fixed_line *l)
{
	for (unsigned field = H_REQ_HEADERS;
	     field <= H_RES_HEADERS && cursor_at(c, '{'); field++) {
		const char *q = scan_byte(c->p, c->end, '}');

		/* A header may have a brace: the end is one before a blank. */
		while (q < c->end && q + 1 < c->end && q[1] != ' ')
			q = scan_byte(q + 1, c->end, '}');
		if (q == c->end)
			return;
		l->f[field] = (struct str){c->p + 1, (size_t)(q - c->p - 1)};
		c->p = q + 1;
		c->p += c->p < c->end && *c->p == ' ';
	}
}

/* METHOD TARGET PROTOCOL; "<BADREQ>" is none. */
static void
split_request(struct fixed_line *l)
{
	struct str r = l->f[H_REQUEST], target;
	const char *a = r.n ? memchr(r.p, ' ', r.n) : NULL, *b, *q;

	if (!a || a == r.p)
		return;
	b = memrchr(r.p, ' ', r.n);
	l->f[H_METHOD] = (struct str){r.p, (size_t)(a - r.p)};
	target = (struct str){a + 1, (size_t)(r.p + r.n - a - 1)};
	if (b > a && r.p + r.n - b > 5 && !memcmp(b, " HTTP/", 6)) {
		target.n = (size_t)(b - a - 1);
		l->f[H_PROTOCOL] =
		    (struct str){b + 1, (size_t)(r.p + r.n - b - 1)};
	}
	l->f[H_PATH] = target;
	q = target.n ? memchr(target.p, '?', target.n) : NULL;
	if (!q)
		return;
	l->f[H_PATH].n = (size_t)(q - target.p);
	l->f[H_QUERY] =
	    (struct str){q + 1, (size_t)(target.p + target.n - q - 1)};
}

/* The request is cut where the line was, so its quote may be missing. */
static void
scan_request(struct cursor *c, struct fixed_line *l)
{
	const char *q;

	if (cursor_at(c, '"')) {
		c->p++;
		q = memrchr(c->p, '"', (size_t)(c->end - c->p));
		q = q ? q : c->end;
		l->f[H_REQUEST] = (struct str){c->p, (size_t)(q - c->p)};
		c->p = q < c->end ? q + 1 : q;
		c->p += c->p < c->end && *c->p == ' ';
		split_request(l);
	}
	if (c->p < c->end)
		l->f[H_REST] = cursor_rest(c);
}

static bool
scan_http(struct cursor *c, struct fixed_line *l)
{
	if (!numbers(c, l, H_T_REQUEST, 5, "no timers behind the server") ||
	    !number(c, &l->f[H_STATUS], "no status behind the timers") ||
	    !number(c, &l->f[H_BYTES], "no bytes behind the status") ||
	    !cursor_word(c, &l->f[H_REQ_COOKIE], "no request cookie") ||
	    !cursor_word(c, &l->f[H_RES_COOKIE], "no response cookie") ||
	    !cursor_word(c, &l->f[H_TERMINATION], "no termination state") ||
	    !scan_counts(c, l))
		return false;
	l->f[H_REQ_COOKIE] = cursor_or_null(l->f[H_REQ_COOKIE]);
	l->f[H_RES_COOKIE] = cursor_or_null(l->f[H_RES_COOKIE]);
	scan_headers(c, l);
	scan_request(c, l);
	return true;
}

static bool
scan_tcp(struct cursor *c, struct fixed_line *l)
{
	if (!numbers(c, l, H_T_QUEUE, 3, "no timers behind the server") ||
	    !number(c, &l->f[H_BYTES], "no bytes behind the timers") ||
	    !cursor_word(c, &l->f[H_TERMINATION], "no termination state") ||
	    !scan_counts(c, l))
		return false;
	/* The third timer of three is the total. */
	l->f[H_T_TOTAL] = l->f[H_T_RESPONSE];
	l->f[H_T_RESPONSE].p = NULL;
	if (c->p < c->end)
		l->f[H_REST] = cursor_rest(c);
	return true;
}

/* How many slashes the next word has: four timers' worth are HTTP's. */
static unsigned
slashes(const struct cursor *c)
{
	unsigned n = 0;

	for (const char *p = c->p; p < c->end && *p != ' '; p++)
		n += *p == '/';
	return n;
}

/* The head of syslog, if there is one; its time. */
static struct str
pass_head(struct cursor *c, struct fixed_line *l)
{
	const struct str none = {NULL, 0};
	struct fixed_line s;
	const char *at;

	if (c->p == c->end || is_digit(*c->p) || *c->p == '[') {
		/* An address; or a stamp with a year. */
		if (c->end - c->p < 5 || c->p[4] != '-')
			return none;
	}
	memset(s.f, 0, SYSLOG_FIELDS * sizeof *s.f);
	if (syslog_scan(&s, cursor_rest(c), true, &at) || !s.f[SYSLOG_APP].p ||
	    !s.f[SYSLOG_MESSAGE].p)
		return none;
	l->f[H_HOST] = s.f[SYSLOG_HOST];
	l->f[H_APP] = s.f[SYSLOG_APP];
	l->f[H_PID] = s.f[SYSLOG_PID];
	c->p = s.f[SYSLOG_MESSAGE].p;
	return s.f[SYSLOG_TS];
}

/* "10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)": no log format is set. */
static void
scan_connect(struct str s, struct fixed_line *l)
{
	long blank = str_find(s, STR(" "), 0), open = str_find(s, STR("("), 0);
	const char *colon, *slash;

	if (blank < 0 || open < 0)
		return;
	colon = memrchr(s.p, ':', (size_t)blank);
	slash = memchr(s.p + open, '/', s.n - (size_t)open);
	if (!colon || !slash)
		return;
	l->f[H_CLIENT] = (struct str){s.p, (size_t)(colon - s.p)};
	l->f[H_CLIENT_PORT] =
	    (struct str){colon + 1, (size_t)(s.p + blank - colon - 1)};
	l->f[H_FRONTEND] =
	    (struct str){s.p + open + 1, (size_t)(slash - s.p - open - 1)};
}

/*
 * What HAProxy says besides requests: "Connect from ...", "Proxy www started."
 * It has the time of syslog's head.
 */
static bool
is_message(const struct cursor *c, struct fixed_line *l, struct str time)
{
	struct str s = {c->p, (size_t)(c->end - c->p)};
	struct str from = STR("Connect from ");

	if (!time.p || (!str_starts(l->f[H_APP], STR("haproxy")) &&
			   !str_starts(l->f[H_APP], STR("hapee"))))
		return false;
	l->f[H_TIME] = time;
	l->f[H_MESSAGE] = s;
	if (str_starts(s, from))
		scan_connect((struct str){s.p + from.n, s.n - from.n}, l);
	return true;
}

static const char *
scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL}, behind;
	struct str time;

	(void)d;
	time = pass_head(&c, l);
	behind = c;
	if (scan_client(&c, l) && scan_proxies(&c, l) && !l->f[H_MESSAGE].p &&
	    (slashes(&c) == 4 ? scan_http(&c, l) : scan_tcp(&c, l)))
		return NULL;
	if (!l->f[H_CLIENT].p && is_message(&behind, l, time))
		return NULL;
	*at = c.p;
	return c.why; /* none for an error of the connection */
}

/* ---- values ---- */

/* Captured headers have bars between; an empty one was not there. */
static struct value
headers(struct str s, struct arena *a, struct buf *pack)
{
	const char *p = s.p, *end = s.p + s.n;
	uint32_t n = 1;

	for (const char *q = p; q < end; q++)
		n += *q == '|';
	pack->n = 0;
	pack_put_array(pack, n);
	for (; n; n--) {
		const char *q = memchr(p, '|', (size_t)(end - p));

		q = q ? q : end;
		if (q > p)
			pack_put_text(pack, (struct str){p, (size_t)(q - p)});
		else
			pack_put(pack, VALUE_NULL);
		p = q + 1;
	}
	return value_of_str(T_LIST, arena_str(a, buf_str(pack)));
}

/* The time of a message, which may lack its year. */
static const char *
time_of_head(struct fixed_decoder *d, struct str s, const struct zone *zone,
    struct value *out)
{
	const struct fixed_layout *f =
	    (const struct fixed_layout *)d->t.base.layout;
	const struct when_layout l = {
	    .kind = WHEN_AUTO, .zone = zone, .since = f->since};
	int64_t t;

	if (!when_parse(&l, &d->cache, s, &t))
		return "the time is not readable";
	*out = value_time(t);
	return NULL;
}

static const char *
own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	struct civil c;

	if (field == H_TIME) {
		if (!stamp(l->f[field], &c))
			return time_of_head(d, l->f[field], zone, out);
		*out = value_time(stamp_instant(&c, zone));
	} else if (field == H_TLS) {
		*out = value_bool(true);
	} else {
		*out = headers(l->f[field], a, &d->pack);
	}
	return NULL;
}

static const struct fixed_kind kind = {
    .fields = fields,
    .n = H_FIELDS,
    .rest = H_REST,
    .scan = scan,
    .own = own,
};

static enum start_status
start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return fixed_start(
	    &format_haproxy, &kind, head, eof, settings, arena, out, used, err);
}

static int
guess(struct str head, bool whole)
{
	return fixed_fits(&kind, head, whole) ? 95 : 0;
}

const struct format format_haproxy = {
    .name = "haproxy",
    .look = "[06/Feb/2009:12:14:14.655], names with a slash, numbers with "
	    "slashes; haproxy[PID]: may stand before",
    .doc = "HAProxy logs: HTTP, TCP and connection errors",
    .about =
	"With or without the head of syslog (host, app, pid). Fields: time "
	"(when the connection was accepted), client, client_port, frontend "
	"(tls is true if it ended in ~), backend, server; time_request, "
	"time_queue, time_connect, time_response and time_total in "
	"milliseconds, -1 where that was not reached; status, bytes, "
	"request_cookie, response_cookie, termination, actconn, feconn, "
	"beconn, srvconn, retries, srv_queue, backend_queue; "
	"request_headers and response_headers (the captured ones, as "
	"lists); method, path, query, protocol, request. Errors of "
	"connections have a message instead, and so has what else HAProxy "
	"says (Connect from..., Proxy www started.), with the time of "
	"syslog's head. What a longer log format has "
	"behind is rest. Times have no zone: --tz says "
	"which." TEXT_JOIN_ABOUT TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 "
	       "[06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 "
	       "200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html "
	       "HTTP/1.1\"",
    .fields = "time host app pid client client_port frontend backend server "
	      "time_request time_queue time_connect time_response time_total "
	      "status bytes request_cookie response_cookie termination "
	      "actconn feconn beconn srvconn retries srv_queue backend_queue "
	      "request_headers response_headers method path query protocol "
	      "message tls request rest",
    .time_fields = "time",
    .guess = guess,
    .start = start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = text_decode_lines,
    .line = fixed_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};
