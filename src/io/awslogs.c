/* SPDX-License-Identifier: MIT */
/*
 * Logs of AWS's services besides those of load balancers for HTTP (elb.c): the
 * access log of network load balancers, S3's server access log and VPC flow
 * logs, as the user guides of each describe them. New fields are added at the
 * end: they are rest.
 */
#include "base/num.h"
#include "io/aws.h"

#define FIELD(name, as, in)                                                    \
	{                                                                      \
		{name, sizeof name - 1}, FIXED_##as, FIXED_##in                \
	}

/* Whatever is left of the line. */
static bool
take_rest(struct cursor *c, struct fixed_line *l, unsigned rest)
{
	if (c->p < c->end)
		l->f[rest] = cursor_rest(c);
	return true;
}

/* Fields that came later, as far as the line has them, and what follows. */
static bool
take_later(
    struct cursor *c, struct fixed_line *l, unsigned first, unsigned rest)
{
	for (unsigned i = first; i < rest; i++)
		if (c->p < c->end && !aws_token(c, &l->f[i]))
			return false;
	return take_rest(c, l, rest);
}

static const char *
end_of(const struct cursor *c, bool good, const char **at)
{
	if (good)
		return NULL;
	*at = c->p;
	return c->why;
}

static const char *
put_time(struct fixed_decoder *d, const struct when_layout *layout,
    struct str s, struct value *out)
{
	int64_t t;

	if (!when_parse(layout, &d->cache, s, &t))
		return "the time is not readable";
	*out = value_time(t);
	return NULL;
}

/* ---- network load balancers ---- */

enum {
	N_TYPE,
	N_VERSION,
	N_TIME,
	N_ELB,
	N_LISTENER,
	N_CLIENT,
	N_CLIENT_PORT,
	N_TARGET,
	N_TARGET_PORT,
	N_CONNECTION_TIME,
	N_TLS_HANDSHAKE_TIME,
	N_RECEIVED_BYTES,
	N_SENT_BYTES,
	N_INCOMING_TLS_ALERT,
	N_CHOSEN_CERT_ARN,
	N_CHOSEN_CERT_SERIAL,
	N_TLS_CIPHER,
	N_TLS_PROTOCOL_VERSION,
	N_TLS_NAMED_GROUP,
	N_DOMAIN_NAME,
	N_ALPN_FE_PROTOCOL,
	N_ALPN_BE_PROTOCOL,
	N_ALPN_CLIENT_PREFERENCE_LIST,
	N_TLS_CONNECTION_CREATION_TIME,
	N_REST,
	N_FIELDS
};

static const struct fixed_field nlb_fields[N_FIELDS] = {
    [N_TYPE] = FIELD("type", TEXT, ALWAYS),
    [N_VERSION] = FIELD("version", TEXT, ALWAYS),
    [N_TIME] = FIELD("time", OWN, ALWAYS),
    [N_ELB] = FIELD("elb", TEXT, ALWAYS),
    [N_LISTENER] = FIELD("listener", TEXT, ALWAYS),
    [N_CLIENT] = FIELD("client", TEXT, ALWAYS),
    [N_CLIENT_PORT] = FIELD("client_port", INT, ALWAYS),
    [N_TARGET] = FIELD("target", TEXT, ALWAYS),
    [N_TARGET_PORT] = FIELD("target_port", INT, ALWAYS),
    [N_CONNECTION_TIME] = FIELD("connection_time", INT, ALWAYS),
    [N_TLS_HANDSHAKE_TIME] = FIELD("tls_handshake_time", INT, ALWAYS),
    [N_RECEIVED_BYTES] = FIELD("received_bytes", INT, ALWAYS),
    [N_SENT_BYTES] = FIELD("sent_bytes", INT, ALWAYS),
    [N_INCOMING_TLS_ALERT] = FIELD("incoming_tls_alert", TEXT, ALWAYS),
    [N_CHOSEN_CERT_ARN] = FIELD("chosen_cert_arn", TEXT, ALWAYS),
    [N_CHOSEN_CERT_SERIAL] = FIELD("chosen_cert_serial", TEXT, ALWAYS),
    [N_TLS_CIPHER] = FIELD("tls_cipher", TEXT, ALWAYS),
    [N_TLS_PROTOCOL_VERSION] = FIELD("tls_protocol_version", TEXT, ALWAYS),
    [N_TLS_NAMED_GROUP] = FIELD("tls_named_group", TEXT, ALWAYS),
    [N_DOMAIN_NAME] = FIELD("domain_name", TEXT, ALWAYS),
    [N_ALPN_FE_PROTOCOL] = FIELD("alpn_fe_protocol", TEXT, IF_THERE),
    [N_ALPN_BE_PROTOCOL] = FIELD("alpn_be_protocol", TEXT, IF_THERE),
    [N_ALPN_CLIENT_PREFERENCE_LIST] =
	FIELD("alpn_client_preference_list", TEXT, IF_THERE),
    [N_TLS_CONNECTION_CREATION_TIME] =
	FIELD("tls_connection_creation_time", OWN, IF_THERE),
    [N_REST] = FIELD("rest", TEXT, IF_THERE),
};

/* Words, also where they are lists of quoted ones: "h2","http/1.1" */
static bool
nlb_later(struct cursor *c, struct fixed_line *l)
{
	for (unsigned i = N_ALPN_FE_PROTOCOL; i < N_REST; i++) {
		if (c->p == c->end)
			return true;
		if (!cursor_word(c, &l->f[i], "an empty field"))
			return false;
		l->f[i] = cursor_or_null(l->f[i]);
	}
	return take_rest(c, l, N_REST);
}

static bool
nlb_take(struct cursor *c, struct fixed_line *l)
{
	if (!aws_tokens(c, l, N_TYPE, N_VERSION))
		return false;
	if (!l->f[N_VERSION].p || !str_is(l->f[N_TYPE], "tls"))
		return cursor_fail(c, "no tls and version at its start");
	return aws_tokens(c, l, N_TIME, N_LISTENER) &&
	       aws_address(c, l, N_CLIENT) && aws_address(c, l, N_TARGET) &&
	       aws_tokens(c, l, N_CONNECTION_TIME, N_DOMAIN_NAME) &&
	       nlb_later(c, l);
}

static const char *
nlb_scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};

	(void)d;
	return end_of(&c, nlb_take(&c, l), at);
}

/* Without a zone they are UTC. */
static const char *
nlb_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	const struct when_layout iso = {.kind = WHEN_ISO};

	(void)zone;
	(void)a;
	return put_time(d, &iso, l->f[field], out);
}

static const struct fixed_kind nlb_kind = {
    .fields = nlb_fields,
    .n = N_FIELDS,
    .rest = N_REST,
    .scan = nlb_scan,
    .own = nlb_own,
};

/* ---- S3 ---- */

enum {
	S_BUCKET_OWNER,
	S_BUCKET,
	S_TIME,
	S_CLIENT,
	S_REQUESTER,
	S_REQUEST_ID,
	S_OPERATION,
	S_KEY,
	S_METHOD,
	S_URL,
	S_PROTOCOL,
	S_STATUS,
	S_ERROR_CODE,
	S_BYTES_SENT,
	S_OBJECT_SIZE,
	S_TOTAL_TIME,
	S_TURNAROUND_TIME,
	S_REFERER,
	S_AGENT,
	S_VERSION_ID,
	S_HOST_ID,
	S_SIGNATURE_VERSION,
	S_CIPHER_SUITE,
	S_AUTHENTICATION_TYPE,
	S_HOST_HEADER,
	S_TLS_VERSION,
	S_ACCESS_POINT_ARN,
	S_ACL_REQUIRED,
	S_SOURCE_REGION,
	S_REST,
	S_REQUEST,
	S_FIELDS
};

static const struct fixed_field s3_fields[S_FIELDS] = {
    [S_BUCKET_OWNER] = FIELD("bucket_owner", TEXT, ALWAYS),
    [S_BUCKET] = FIELD("bucket", TEXT, ALWAYS),
    [S_TIME] = FIELD("time", OWN, ALWAYS),
    [S_CLIENT] = FIELD("client", TEXT, ALWAYS),
    [S_REQUESTER] = FIELD("requester", TEXT, ALWAYS),
    [S_REQUEST_ID] = FIELD("request_id", TEXT, ALWAYS),
    [S_OPERATION] = FIELD("operation", TEXT, ALWAYS),
    [S_KEY] = FIELD("key", TEXT, ALWAYS),
    [S_METHOD] = FIELD("method", TEXT, ALWAYS),
    [S_URL] = FIELD("url", TEXT, ALWAYS),
    [S_PROTOCOL] = FIELD("protocol", TEXT, ALWAYS),
    [S_STATUS] = FIELD("status", INT, ALWAYS),
    [S_ERROR_CODE] = FIELD("error_code", TEXT, ALWAYS),
    [S_BYTES_SENT] = FIELD("bytes_sent", INT, ALWAYS),
    [S_OBJECT_SIZE] = FIELD("object_size", INT, ALWAYS),
    [S_TOTAL_TIME] = FIELD("total_time", INT, ALWAYS),
    [S_TURNAROUND_TIME] = FIELD("turnaround_time", INT, ALWAYS),
    [S_REFERER] = FIELD("referer", TEXT, ALWAYS),
    [S_AGENT] = FIELD("agent", TEXT, ALWAYS),
    [S_VERSION_ID] = FIELD("version_id", TEXT, IF_THERE),
    [S_HOST_ID] = FIELD("host_id", TEXT, IF_THERE),
    [S_SIGNATURE_VERSION] = FIELD("signature_version", TEXT, IF_THERE),
    [S_CIPHER_SUITE] = FIELD("cipher_suite", TEXT, IF_THERE),
    [S_AUTHENTICATION_TYPE] = FIELD("authentication_type", TEXT, IF_THERE),
    [S_HOST_HEADER] = FIELD("host_header", TEXT, IF_THERE),
    [S_TLS_VERSION] = FIELD("tls_version", TEXT, IF_THERE),
    [S_ACCESS_POINT_ARN] = FIELD("access_point_arn", TEXT, IF_THERE),
    [S_ACL_REQUIRED] = FIELD("acl_required", TEXT, IF_THERE),
    [S_SOURCE_REGION] = FIELD("source_region", TEXT, IF_THERE),
    [S_REST] = FIELD("rest", TEXT, IF_THERE),
    [S_REQUEST] = FIELD("request", TEXT, APART),
};

static bool
s3_time(struct cursor *c, struct str *out)
{
	return cursor_lit(c, STR("["), "no [time] behind the bucket") &&
	       cursor_until(c, ']', out, "the [time] does not end") &&
	       cursor_lit(c, STR(" "), "no blank behind the [time]");
}

/* "REST.GET.OBJECT" */
static bool
s3_operation(struct cursor *c, struct fixed_line *l)
{
	struct str s;

	if (!aws_token(c, &l->f[S_OPERATION]))
		return false;
	s = l->f[S_OPERATION];
	if (!s.p || !memchr(s.p, '.', s.n))
		return cursor_fail(c, "no operation behind the request's id");
	return true;
}

static bool
s3_take(struct cursor *c, struct fixed_line *l)
{
	if (!aws_tokens(c, l, S_BUCKET_OWNER, S_BUCKET) ||
	    !s3_time(c, &l->f[S_TIME]) ||
	    !aws_tokens(c, l, S_CLIENT, S_REQUEST_ID) || !s3_operation(c, l) ||
	    !aws_token(c, &l->f[S_KEY]) || !aws_token(c, &l->f[S_REQUEST]) ||
	    !aws_tokens(c, l, S_STATUS, S_AGENT))
		return false;
	aws_request(l, S_REQUEST, S_METHOD);
	return take_later(c, l, S_VERSION_ID, S_REST);
}

static const char *
s3_scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};

	(void)d;
	return end_of(&c, s3_take(&c, l), at);
}

static const char *
s3_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	const struct when_layout clf = {.kind = WHEN_CLF, .zone = zone};

	(void)a;
	return put_time(d, &clf, l->f[field], out);
}

static const struct fixed_kind s3_kind = {
    .fields = s3_fields,
    .n = S_FIELDS,
    .rest = S_REST,
    .scan = s3_scan,
    .own = s3_own,
};

/* ---- flow logs ---- */

enum {
	V_VERSION,
	V_ACCOUNT_ID,
	V_INTERFACE_ID,
	V_SRCADDR,
	V_DSTADDR,
	V_SRCPORT,
	V_DSTPORT,
	V_PROTOCOL,
	V_PACKETS,
	V_BYTES,
	V_START,
	V_END,
	V_ACTION,
	V_LOG_STATUS,
	V_REST,
	V_FIELDS
};

static const struct fixed_field vpc_fields[V_FIELDS] = {
    [V_VERSION] = FIELD("version", INT, ALWAYS),
    [V_ACCOUNT_ID] = FIELD("account_id", TEXT, ALWAYS),
    [V_INTERFACE_ID] = FIELD("interface_id", TEXT, ALWAYS),
    [V_SRCADDR] = FIELD("srcaddr", TEXT, ALWAYS),
    [V_DSTADDR] = FIELD("dstaddr", TEXT, ALWAYS),
    [V_SRCPORT] = FIELD("srcport", INT, ALWAYS),
    [V_DSTPORT] = FIELD("dstport", INT, ALWAYS),
    [V_PROTOCOL] = FIELD("protocol", INT, ALWAYS),
    [V_PACKETS] = FIELD("packets", INT, ALWAYS),
    [V_BYTES] = FIELD("bytes", INT, ALWAYS),
    [V_START] = FIELD("start", OWN, ALWAYS),
    [V_END] = FIELD("end", OWN, ALWAYS),
    [V_ACTION] = FIELD("action", TEXT, ALWAYS),
    [V_LOG_STATUS] = FIELD("log_status", TEXT, ALWAYS),
    [V_REST] = FIELD("rest", TEXT, IF_THERE),
};

#define VPC_HEADER                                                             \
	"version account-id interface-id srcaddr dstaddr srcport dstport "     \
	"protocol packets bytes start end action log-status"

static bool
is_count(struct str s)
{
	int64_t i;

	return s.p && num_parse_int(s, &i);
}

static bool
vpc_take(struct cursor *c, struct fixed_line *l)
{
	if (!aws_tokens(c, l, V_VERSION, V_LOG_STATUS))
		return false;
	if (!is_count(l->f[V_VERSION]) || !is_count(l->f[V_START]) ||
	    !is_count(l->f[V_END]))
		return cursor_fail(c, "no version, start and end in numbers");
	return take_rest(c, l, V_REST);
}

/* Each file begins with the header. */
static const char *
vpc_scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};

	(void)d;
	if (str_eq(str_trim(line), STR(VPC_HEADER)))
		return TEXT_NO_RECORD;
	return end_of(&c, vpc_take(&c, l), at);
}

static const char *
vpc_own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	const struct when_layout epoch = {.kind = WHEN_EPOCH_S};

	(void)zone;
	(void)a;
	return put_time(d, &epoch, l->f[field], out);
}

static const struct fixed_kind vpc_kind = {
    .fields = vpc_fields,
    .n = V_FIELDS,
    .rest = V_REST,
    .scan = vpc_scan,
    .own = vpc_own,
};

/* ---- the rows ---- */

static enum start_status
nlb_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return fixed_start(
	    &format_nlb, &nlb_kind, head, eof, settings, arena, out, used, err);
}

static enum start_status
s3_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return fixed_start(
	    &format_s3, &s3_kind, head, eof, settings, arena, out, used, err);
}

static enum start_status
vpc_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	(void)limits;
	return fixed_start(&format_vpcflow, &vpc_kind, head, eof, settings,
	    arena, out, used, err);
}

static int
nlb_guess(struct str head, bool whole)
{
	return fixed_fits(&nlb_kind, head, whole) ? 93 : 0;
}

static int
s3_guess(struct str head, bool whole)
{
	return fixed_fits(&s3_kind, head, whole) ? 92 : 0;
}

/* The header, or numbers and a network interface. */
static int
vpc_guess(struct str head, bool whole)
{
	struct str line;

	if (!text_first_line(head, whole, &line))
		return 0;
	if (str_eq(str_trim(line), STR(VPC_HEADER)))
		return 95;
	return fixed_fits(&vpc_kind, head, whole) &&
		       str_find(line, STR(" eni-"), 0) >= 0
		   ? 92
		   : 0;
}

const struct format format_nlb = {
    .name = "nlb",
    .look = "tls 2.0, a time, net/NAME/ID, an id, addresses with ports",
    .doc = "access log of AWS network load balancers (TLS)",
    .about = "Fields: type, version, time, elb, listener, client, client_port, "
	     "target, target_port, connection_time and tls_handshake_time "
	     "(milliseconds), received_bytes, sent_bytes, incoming_tls_alert, "
	     "chosen_cert_arn, chosen_cert_serial, tls_cipher, "
	     "tls_protocol_version, tls_named_group, domain_name, "
	     "alpn_fe_protocol, alpn_be_protocol, alpn_client_preference_list, "
	     "tls_connection_creation_time; what follows is rest. \"-\" is "
	     "NULL. Times are UTC." TEXT_JOIN_ABOUT TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "tls 2.0 2018-12-20T02:59:40 net/my-nlb/c6e77e28c25b2234 "
	       "g3d4b5e8bb8464cd 72.21.218.154:51341 172.100.100.185:443 5 2 "
	       "98 246 - arn:aws:acm:us-east-2:671290407336:certificate/2a10 - "
	       "ECDHE-RSA-AES128-SHA tlsv12 - "
	       "my-nlb-c6e7.elb.us-east-2.amazonaws.com - - - -",
    .fields = "type version time elb listener client client_port target "
	      "target_port connection_time tls_handshake_time "
	      "received_bytes sent_bytes incoming_tls_alert "
	      "chosen_cert_arn chosen_cert_serial tls_cipher "
	      "tls_protocol_version tls_named_group domain_name "
	      "alpn_fe_protocol alpn_be_protocol "
	      "alpn_client_preference_list tls_connection_creation_time "
	      "rest",
    .time_fields = "time",
    .guess = nlb_guess,
    .start = nlb_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = text_decode_lines,
    .line = fixed_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};

const struct format format_s3 = {
    .name = "s3",
    .look = "two words, a time in brackets, an address, then REST.GET.OBJECT",
    .doc = "server access log of Amazon S3",
    .about =
	"Fields: bucket_owner, bucket, time, client, requester, request_id, "
	"operation, key, method, url, protocol, request (the three as they "
	"are written), status, error_code, bytes_sent, object_size, "
	"total_time and turnaround_time (milliseconds), referer, agent, "
	"version_id, host_id, signature_version, cipher_suite, "
	"authentication_type, host_header, tls_version, access_point_arn, "
	"acl_required, source_region; what follows is rest. \"-\" is "
	"NULL." TEXT_JOIN_ABOUT TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "79a59df9 bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 "
	       "79a59df9 3E57427F3EXAMPLE REST.GET.OBJECT a/b.txt \"GET "
	       "/bucket1/a/b.txt HTTP/1.1\" 200 - 113 113 7 6 \"-\" "
	       "\"S3Console/0.4\" -",
    .fields = "bucket_owner bucket time client requester request_id "
	      "operation key method url protocol status error_code "
	      "bytes_sent object_size total_time turnaround_time "
	      "referer agent version_id host_id signature_version "
	      "cipher_suite authentication_type host_header tls_version "
	      "access_point_arn acl_required source_region rest request",
    .time_fields = "time",
    .guess = s3_guess,
    .start = s3_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = text_decode_lines,
    .line = fixed_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};

const struct format format_vpcflow = {
    .name = "vpcflow",
    .look = "version account-id interface-id ..., or 2, an account, eni-ID, "
	    "addresses and numbers",
    .doc = "VPC flow logs of AWS, in their default layout",
    .about =
	"Fields: version, account_id (text), interface_id, srcaddr, dstaddr, "
	"srcport, dstport, protocol, packets, bytes, start, end, action, "
	"log_status; what follows is rest. \"-\" is NULL. The header is "
	"passed over wherever it comes. For layouts of your own, whose header "
	"names them, take csv:delimiter=space." TEXT_JOIN_ABOUT TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 "
	       "172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT "
	       "OK",
    .fields = "version account_id interface_id srcaddr dstaddr srcport "
	      "dstport protocol packets bytes start end action "
	      "log_status rest",
    .time_fields = "start",
    .guess = vpc_guess,
    .start = vpc_start,
    .decoder_new = fixed_decoder_new,
    .decoder_free = fixed_decoder_free,
    .decode = text_decode_lines,
    .line = fixed_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};
