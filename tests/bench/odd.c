/* SPDX-License-Identifier: MIT */
/*
 * The adversarial NDJSON: the same records, no two lines alike.
 *
 * A decoder that guesses the layout of a line from the line before it guesses
 * wrong here every time. What is added to a record nests the names that
 * queries ask for inside other values, where they must not be found.
 */
#include "spell.h"

#include <inttypes.h>
#include <string.h>

struct odd {
	FILE *to;
	struct rng *rng;
	const struct spelled *sp;
};

/* True once in n times. */
static int
once_in(struct odd *o, uint32_t n)
{
	return rng_below(o->rng, n) == 0;
}

static void
blank(struct odd *o)
{
	static const char *const blanks[8] = {
	    "", "", "", "", " ", " ", "  ", "\t "};

	fputs(blanks[rng_below(o->rng, 8)], o->to);
}

static void
escape_code(struct odd *o, unsigned char c)
{
	fprintf(o->to, once_in(o, 2) ? "\\u%04x" : "\\u%04X", (unsigned)c);
}

static void
put_escaped(struct odd *o, unsigned char c, int as_code)
{
	if (as_code || (c < ' ' && c != '\n'))
		escape_code(o, c);
	else if (c == '\n')
		fputs("\\n", o->to);
	else if (c == '"' || c == '\\' || (c == '/' && once_in(o, 2)))
		fprintf(o->to, "\\%c", c);
	else
		fputc(c, o->to);
}

/* A JSON string; one in eight has one character as a \u escape. */
static void
put_text(struct odd *o, const char *text, size_t len)
{
	size_t odd_one = len;

	if (len > 0 && once_in(o, 8))
		odd_one = rng_below(o->rng, (uint32_t)len);
	fputc('"', o->to);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		put_escaped(o, c, i == odd_one && c < 0x80);
	}
	fputc('"', o->to);
}

static void
put_string(struct odd *o, const char *text)
{
	put_text(o, text, strlen(text));
}

/* thousandths / 1000 in one of the ways RFC 8259 has for it. */
static void
put_number(struct odd *o, uint64_t thousandths)
{
	uint64_t whole = thousandths / 1000;
	unsigned rest = (unsigned)(thousandths % 1000);

	/* Zeros in front are not JSON: a plain 0 for nothing. */
	switch (thousandths > 0 ? rng_below(o->rng, 6) : 5) {
	case 0:
		fprintf(o->to, "%" PRIu64 "e-3", thousandths);
		break;
	case 1:
		fprintf(o->to, "%" PRIu64 "00E-05", thousandths);
		break;
	case 2:
		fprintf(o->to, "0.%09" PRIu64 "e+6", thousandths);
		break;
	case 3:
		if (rest == 0 && whole % 100 == 0 && whole > 0) {
			fprintf(o->to, "%" PRIu64 "e2", whole / 100);
			break;
		}
		/* fall through */
	default:
		fprintf(o->to, "%" PRIu64, whole);
		if (rest > 0 || once_in(o, 4))
			fprintf(o->to, ".%03u", rest);
	}
}

static void
put_name(struct odd *o, const char *name)
{
	blank(o);
	put_string(o, name);
	blank(o);
	fputc(':', o->to);
	blank(o);
}

static void
member_ts(struct odd *o)
{
	put_name(o, "ts");
	put_string(o, o->sp->ts);
}

static void
member_key(struct odd *o)
{
	put_name(o, "key");
	put_string(o, o->sp->key);
}

static void
member_status(struct odd *o)
{
	put_name(o, "status");
	put_number(o, (uint64_t)o->sp->rec->status * 1000);
}

static void
member_latency(struct odd *o)
{
	put_name(o, "latency");
	put_number(o, o->sp->rec->latency_us);
}

static void
member_level(struct odd *o)
{
	put_name(o, "level");
	put_string(o, o->sp->rec->level);
}

static void
member_host(struct odd *o)
{
	put_name(o, "host");
	put_string(o, o->sp->host);
}

static void
member_bytes(struct odd *o)
{
	put_name(o, "bytes");
	put_number(o, (uint64_t)o->sp->rec->bytes * 1000);
}

static void
member_req(struct odd *o)
{
	put_name(o, "req");
	fputc('{', o->to);
	put_name(o, "path");
	put_string(o, o->sp->path);
	fputc(',', o->to);
	put_name(o, "method");
	put_string(o, o->sp->rec->method);
	blank(o);
	fputc('}', o->to);
}

static void
member_user(struct odd *o)
{
	put_name(o, "user");
	fputc('{', o->to);
	put_name(o, "id");
	fprintf(o->to, "%" PRIu32 ",", o->sp->rec->user_id);
	put_name(o, "name");
	put_string(o, o->sp->rec->user_name);
	fputc('}', o->to);
}

static void
member_msg(struct odd *o)
{
	put_name(o, "msg");
	put_text(o, o->sp->rec->msg, o->sp->rec->msg_len);
}

/* The wanted names and brackets, where they mean nothing. */
static void
member_trap(struct odd *o)
{
	put_name(o, "trace");
	fputs("[{\"status\":999,\"latency\":-1,\"key\":\"no\"},[[]],", o->to);
	put_string(o, "\"status\":500,\"key\":\"}]{[\\\"");
	fputs(", -0.0e+00, true, false, null, {}]", o->to);
}

static void
member_empty_name(struct odd *o)
{
	put_name(o, "");
	fputs("null", o->to);
}

/* The first four are asked for; then the ones that may be missing. */
static void (*const members[])(struct odd *) = {member_ts, member_key,
    member_status, member_latency, member_level, member_host, member_bytes,
    member_req, member_user, member_msg, member_trap, member_empty_name};

enum {
	N_WANTED = 4,
	N_MEMBERS = sizeof members / sizeof members[0]
};

/* Fills `order` with the members of one record; returns how many. */
static uint32_t
choose(struct odd *o, uint8_t order[2 * N_MEMBERS])
{
	uint32_t n = 0;

	for (uint8_t i = 0; i < N_MEMBERS; i++) {
		if (i < N_WANTED || !once_in(o, 6))
			order[n++] = i;
		if (i >= N_WANTED && once_in(o, 8))
			order[n++] = i;
	}
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t j = rng_below(o->rng, i + 1);
		uint8_t swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	return n;
}

void
odd_write(FILE *to, struct rng *rng, const struct spelled *sp)
{
	struct odd o = {.to = to, .rng = rng, .sp = sp};
	uint8_t order[2 * N_MEMBERS];
	uint32_t n = choose(&o, order);

	blank(&o);
	fputc('{', to);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			fputc(',', to);
		members[order[i]](&o);
		blank(&o);
	}
	fputs("}\n", to);
}
