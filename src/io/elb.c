/* SPDX-License-Identifier: MIT */
/*
 * Access logs of AWS load balancers: the application one's ("Access log
 * entries" of its guide) and the classic one's, which has fewer fields and
 * begins with the time. New fields are added at the end: they are rest.
 */
#include "base/num.h"
#include "io/aws.h"

enum {
	E_TYPE,
	E_TIME,
	E_ELB,
	E_CLIENT,
	E_CLIENT_PORT,
	E_TARGET,
	E_TARGET_PORT,
	E_T_REQUEST,
	E_T_TARGET,
	E_T_RESPONSE,
	E_STATUS,
	E_TARGET_STATUS,
	E_RECEIVED,
	E_SENT,
	E_METHOD,
	E_URL,
	E_PROTOCOL,
	E_AGENT,
	E_CIPHER,
	E_TLS,
	E_GROUP,
	E_TRACE,
	E_DOMAIN,
	E_CERT,
	E_RULE,
	E_CREATED,
	E_ACTIONS,
	E_REDIRECT,
	E_ERROR,
	E_TARGETS,
	E_TARGET_STATUSES,
	E_CLASS,
	E_CLASS_REASON,
	E_CONN_TRACE,
	E_REST,
	E_REQUEST,
	E_FIELDS
};

#define FIELD(name, as, in)                                                    \
	{                                                                      \
		{name, sizeof name - 1}, FIXED_##as, FIXED_##in                \
	}

static const struct fixed_field fields[E_FIELDS] = {
    [E_TYPE] = FIELD("type", TEXT, IF_THERE),
    [E_TIME] = FIELD("time", OWN, ALWAYS),
    [E_ELB] = FIELD("elb", TEXT, ALWAYS),
    [E_CLIENT] = FIELD("client", TEXT, ALWAYS),
    [E_CLIENT_PORT] = FIELD("client_port", INT, ALWAYS),
    [E_TARGET] = FIELD("target", TEXT, ALWAYS),
    [E_TARGET_PORT] = FIELD("target_port", INT, ALWAYS),
    [E_T_REQUEST] = FIELD("request_processing_time", FLOAT, ALWAYS),
    [E_T_TARGET] = FIELD("target_processing_time", FLOAT, ALWAYS),
    [E_T_RESPONSE] = FIELD("response_processing_time", FLOAT, ALWAYS),
    [E_STATUS] = FIELD("status", INT, ALWAYS),
    [E_TARGET_STATUS] = FIELD("target_status", INT, ALWAYS),
    [E_RECEIVED] = FIELD("received_bytes", INT, ALWAYS),
    [E_SENT] = FIELD("sent_bytes", INT, ALWAYS),
    [E_METHOD] = FIELD("method", TEXT, ALWAYS),
    [E_URL] = FIELD("url", TEXT, ALWAYS),
    [E_PROTOCOL] = FIELD("protocol", TEXT, ALWAYS),
    [E_AGENT] = FIELD("agent", TEXT, ALWAYS),
    [E_CIPHER] = FIELD("ssl_cipher", TEXT, IF_THERE),
    [E_TLS] = FIELD("ssl_protocol", TEXT, IF_THERE),
    [E_GROUP] = FIELD("target_group_arn", TEXT, IF_THERE),
    [E_TRACE] = FIELD("trace_id", TEXT, IF_THERE),
    [E_DOMAIN] = FIELD("domain_name", TEXT, IF_THERE),
    [E_CERT] = FIELD("chosen_cert_arn", TEXT, IF_THERE),
    [E_RULE] = FIELD("matched_rule_priority", INT, IF_THERE),
    [E_CREATED] = FIELD("request_creation_time", OWN, IF_THERE),
    [E_ACTIONS] = FIELD("actions_executed", TEXT, IF_THERE),
    [E_REDIRECT] = FIELD("redirect_url", TEXT, IF_THERE),
    [E_ERROR] = FIELD("error_reason", TEXT, IF_THERE),
    [E_TARGETS] = FIELD("target_list", TEXT, IF_THERE),
    [E_TARGET_STATUSES] = FIELD("target_status_list", TEXT, IF_THERE),
    [E_CLASS] = FIELD("classification", TEXT, IF_THERE),
    [E_CLASS_REASON] = FIELD("classification_reason", TEXT, IF_THERE),
    [E_CONN_TRACE] = FIELD("conn_trace_id", TEXT, IF_THERE),
    [E_REST] = FIELD("rest", TEXT, IF_THERE),
    [E_REQUEST] = FIELD("request", TEXT, APART),
};

/* "2018-07-02T22:23:00.186641Z" */
static bool
like_time(struct cursor *c)
{
	return c->end - c->p > 20 && c->p[4] == '-' && c->p[10] == 'T' &&
	       c->p[13] == ':';
}

static bool
is_number(struct str s)
{
	double f;

	return s.p && num_parse_float(s, &f);
}

static bool
scan_elb(struct cursor *c, struct fixed_line *l)
{
	bool classic = like_time(c);

	if (!classic && !aws_token(c, &l->f[E_TYPE]))
		return false;
	if (!like_time(c))
		return cursor_fail(c, "no time where it should be");
	if (!aws_tokens(c, l, E_TIME, E_ELB) || !aws_address(c, l, E_CLIENT) ||
	    !aws_address(c, l, E_TARGET) ||
	    !aws_tokens(c, l, E_T_REQUEST, E_SENT) ||
	    !aws_token(c, &l->f[E_REQUEST]) ||
	    !aws_tokens(c, l, E_AGENT, E_TLS))
		return false;
	if (!l->f[E_CLIENT_PORT].p || !is_number(l->f[E_T_REQUEST]))
		return cursor_fail(c, "no client's port, or no times of work");
	aws_request(l, E_REQUEST, E_METHOD);
	if (!classic && !aws_tokens(c, l, E_GROUP, E_ERROR))
		return false;
	/* These came later, one after another. */
	for (unsigned i = E_TARGETS; !classic && i <= E_CONN_TRACE; i++)
		if (c->p < c->end && !aws_token(c, &l->f[i]))
			return false;
	if (c->p < c->end)
		l->f[E_REST] = cursor_rest(c);
	return true;
}

static const char *
scan(const struct fixed_decoder *d, struct fixed_line *l, struct str line,
    const char **at)
{
	struct cursor c = {line.p, line.p + line.n, NULL};

	(void)d;
	if (scan_elb(&c, l))
		return NULL;
	*at = c.p;
	return c.why;
}

static const char *
own(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	const struct when_layout iso = {.kind = WHEN_ISO, .zone = zone};
	int64_t t;

	(void)a;
	if (!when_parse(&iso, &d->cache, l->f[field], &t))
		return "the time is not readable";
	*out = value_time(t);
	return NULL;
}

static const struct fixed_kind kind = {
    .fields = fields,
    .n = E_FIELDS,
    .rest = E_REST,
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
	    &format_elb, &kind, head, eof, settings, arena, out, used, err);
}

static int
guess(struct str head, bool whole)
{
	return fixed_fits(&kind, head, whole) ? 92 : 0;
}

const struct format format_elb = {
    .name = "elb",
    .look = "http or https, a time, app/NAME/ID, addresses with ports; or a "
	    "time, a name, addresses with ports",
    .doc = "access log of AWS load balancers, application and classic",
    .about =
	"Fields: type, time, elb, client, client_port, target, target_port, "
	"request_processing_time, target_processing_time, "
	"response_processing_time, status, target_status, received_bytes, "
	"sent_bytes, method, url, protocol, request (the three as they are "
	"written), agent, ssl_cipher, ssl_protocol, target_group_arn, "
	"trace_id, domain_name, chosen_cert_arn, matched_rule_priority, "
	"request_creation_time, actions_executed, redirect_url, "
	"error_reason, target_list, target_status_list, classification, "
	"classification_reason, conn_trace_id; what follows is rest. \"-\" is "
	"NULL. A classic load "
	"balancer has no type and ends at ssl_protocol." TEXT_JOIN_ABOUT
	    TEXT_REST_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "2015-05-13T23:39:43.945958Z my-loadbalancer "
	       "192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 "
	       "200 0 29 \"GET http://www.example.com:80/ HTTP/1.1\" "
	       "\"curl/7.38.0\" - -",
    .fields = "type time elb client client_port target target_port "
	      "request_processing_time target_processing_time "
	      "response_processing_time status target_status received_bytes "
	      "sent_bytes method url protocol agent ssl_cipher ssl_protocol "
	      "target_group_arn trace_id domain_name chosen_cert_arn "
	      "matched_rule_priority request_creation_time actions_executed "
	      "redirect_url error_reason target_list target_status_list "
	      "classification classification_reason conn_trace_id rest "
	      "request",
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
