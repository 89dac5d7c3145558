/* SPDX-License-Identifier: MIT */
/*
 * msgpack records, inside io/ only: skipping, templates, shapes, wants.
 *
 * Two ways to read a record. Along a template: the bytes of headers and keys
 * between the values of an earlier record are compared as they are, each value
 * is skipped by a table, and wanted ones lie in slots; no key is looked at.
 * Or by the scan: the record is skipped first, which proves that it is whole
 * and well-formed, and then its maps are walked, keys matched with a tree of
 * the wanted names, and a template made in passing.
 *
 * What a skip says depends on the record's bytes alone, never on how many
 * happened to be read: so bad records are the same for any block size.
 */
#ifndef WEIR_IO_MSGPACK_H
#define WEIR_IO_MSGPACK_H

#include "base/when.h"
#include "data/pack.h"
#include "io/io.h"

#define MSGPACK_LITERAL 16  /* bytes compared by one op */
#define MSGPACK_OPS 512	    /* most of a template */
#define MSGPACK_TEMPLATES 4 /* remembered */

enum msgpack_status {
	MSGPACK_OK,
	MSGPACK_SHORT,	 /* the bytes end within the value */
	MSGPACK_LONG,	 /* it cannot end within `room` bytes */
	MSGPACK_RESERVED /* 0xc1, which means nothing */
};

/* ---- skipping (msgpack_skip.c) ---- */

/*
 * A scalar's size by its first byte: low byte = bytes with the header, high
 * byte = by how much the 32 bits behind the first byte are shifted right to
 * give what is added (32: nothing). 0 = an array, a map or 0xc1.
 */
extern const uint16_t msgpack_sizes[256];

static inline uint64_t
msgpack_be32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

/* Bytes of the scalar at p; reads SIMD_PAD bytes at most behind p. */
static inline uint64_t
msgpack_size(const char *p, unsigned entry)
{
	return (entry & 255) + (msgpack_be32(p + 1) >> (entry >> 8));
}

static inline bool
msgpack_is_map(const char *p)
{
	unsigned char b = (unsigned char)*p;

	return b >> 4 == 8 || b == 0xde || b == 0xdf;
}

static inline bool
msgpack_is_array(const char *p)
{
	unsigned char b = (unsigned char)*p;

	return b >> 4 == 9 || b == 0xdc || b == 0xdd;
}

static inline bool
msgpack_is_text(const char *p)
{
	unsigned char b = (unsigned char)*p;

	return b >> 5 == 5 || (b >= 0xd9 && b <= 0xdb);
}

/* The text at p (msgpack_is_text), known to be whole. */
static inline struct str
msgpack_text(const char *p)
{
	unsigned char b = (unsigned char)*p;
	size_t head = 1, n = b & 31;

	if (b >= 0xd9) {
		head += (size_t)1 << (b - 0xd9);
		n = (size_t)(msgpack_be32(p + 1) >> (32 - 8 * (head - 1)));
	}
	return (struct str){p + head, n};
}

/*
 * Elements or pairs of the array or map at *p, known to be whole; *p is
 * advanced past the header.
 */
uint32_t msgpack_open(const char **p);

/*
 * Finds the end of the value at *p. At most `room` bytes belong to it: headers
 * that claim more are found out at once. *deep is set if it is nested deeper
 * than depth (<= PACK_DEPTH_MAX); its end is found nevertheless. If the status
 * is not OK, *p is where it showed. SIMD_PAD bytes behind end are readable.
 */
enum msgpack_status msgpack_skip(
    const char **p, const char *end, size_t room, unsigned depth, bool *deep);

/* The end of a value known to be whole and well-formed. */
const char *msgpack_end(const char *p);

/* ---- shapes of records (msgpack_shape.c) ---- */

enum msgpack_shape {
	MSGPACK_BARE,	 /* a map */
	MSGPACK_EVENT,	 /* [time, map], [[time, metadata], map] */
	MSGPACK_MESSAGE, /* [tag, time, map, option?] */
	MSGPACK_FRAME,	 /* [tag, entries, option?]: several events */
	MSGPACK_MARK,	 /* an event that is none: a group begins or ends */
	MSGPACK_OTHER
};

/* Where the parts of a record are; NULL if it has none. */
struct msgpack_parts {
	const char *tag, *time, *meta, *map, *option;
	const char *entries, *entries_end; /* FRAME */
	struct str compressed;		   /* FRAME: how its entries are */
};

/* The shape of a whole, well-formed record. */
enum msgpack_shape msgpack_shape_of(
    const char *p, const char *end, struct msgpack_parts *out);

/* True if the first byte of a value (and of its extension) is a time's. */
bool msgpack_is_time(const char *p);

/*
 * Fluent Bit's events with times that are none: where a group of events
 * begins (-1) or ends (-2), such as those of one OpenTelemetry resource
 * (fluent-bit, flb_log_event.h).
 */
bool msgpack_is_mark(const char *p);

/* A time of fluentd's: numbers are seconds. In the arena if it must be. */
struct value msgpack_time(const char *p, const char *end, struct arena *a);

/* ---- scan and templates (msgpack_scan.c) ---- */

/* A name on the way to wanted values. One with a slot has no kids. */
struct msgpack_node {
	struct str name;
	const struct msgpack_node *kids;
	unsigned n_kids;
	uint64_t lengths; /* bit n: a kid's name has n bytes (63: more) */
	int slot;	  /* -1 = none */
	unsigned first, n_slots; /* slots at and below this node */
};

struct msgpack_slot {
	const char *p, *end; /* the value's bytes; p NULL: missing */
};

/*
 * What a value may begin with, as far as the template's records went: the less
 * there is to look at, the sooner the next op begins.
 */
enum msgpack_expect {
	MSGPACK_EXACT,	    /* with `head`: it has `size` bytes */
	MSGPACK_SHORT_TEXT, /* 0xa0 ... 0xbf */
	MSGPACK_ANY,
	MSGPACK_NO_VALUE /* none is here, but another op's literal */
};

/* Bytes that must be there, and the value behind them. */
struct msgpack_op {
	uint64_t literal[2], mask[2];
	uint16_t len; /* of the literal */
	uint8_t expect, head, size;
	bool no_map;	/* a map would have members that are wanted */
	uint16_t depth; /* levels around the value */
	uint32_t slot;
};

struct msgpack_template {
	struct msgpack_op *ops;
	size_t cap;
	unsigned n;
	struct msgpack_op tail; /* what is behind the last value */
	enum msgpack_shape shape;
	const char *from; /* learning: behind the last value */
	bool failed, used;
};

struct msgpack_level {
	const struct msgpack_node *node; /* whose kids this map's keys may be */
	uint32_t left;
};

/*
 * Slots 0 to n_slots - 1 are those of the nodes; then come the time and the
 * tag, one for what nobody wants, and one that stays missing.
 */
struct msgpack_scan {
	const struct msgpack_node *root;
	struct msgpack_slot *slots;
	unsigned n_slots;
	size_t record_max;
	unsigned depth_max;
	struct msgpack_level *levels; /* depth_max of them */
	struct msgpack_template templates[MSGPACK_TEMPLATES + 1];
	struct msgpack_template *recent[MSGPACK_TEMPLATES + 1];
	unsigned n_templates;
	unsigned idle, wait; /* see template_to_make() */
};

static inline unsigned
msgpack_missing(const struct msgpack_scan *s)
{
	return s->n_slots + 3;
}

static inline struct msgpack_slot *
msgpack_time_slot(struct msgpack_scan *s)
{
	return &s->slots[s->n_slots];
}

static inline struct msgpack_slot *
msgpack_tag_slot(struct msgpack_scan *s)
{
	return &s->slots[s->n_slots + 1];
}

/* root: NULL if nothing is wanted; it stays the caller's. */
void msgpack_scan_init(struct msgpack_scan *s, const struct msgpack_node *root,
    unsigned n_slots, const struct limits *limits);
void msgpack_scan_release(struct msgpack_scan *s);

/*
 * Reads the record at p along a template and fills the slots; NULL if it fits
 * none (or is not whole).
 */
const char *msgpack_follow(struct msgpack_scan *s, const char *p,
    const char *end, enum msgpack_shape *shape);

/*
 * Fills the slots from a whole, well-formed record of a shape that is one
 * row; a template is made of it now and then.
 */
void msgpack_scan(struct msgpack_scan *s, const char *p, const char *end,
    enum msgpack_shape shape, const struct msgpack_parts *parts);

/* Fills the slots from a map that stands for a record. */
void msgpack_scan_map(struct msgpack_scan *s, const char *map);

/* ---- the decoder (msgpack_in.c, msgpack_want.c) ---- */

enum msgpack_part {
	MSGPACK_NO_PART,
	MSGPACK_TIME,
	MSGPACK_TAG
};

/* Where a want finds its value. */
struct msgpack_want {
	unsigned slot;		/* of its member, or the one that is missing */
	unsigned from;		/* steps [from, n) lead on from there */
	enum msgpack_part part; /* if there is no such member */
};

struct msgpack_layout {
	struct layout base;
	struct limits limits;
	bool framed; /* each record stands behind its length */
};

#define MSGPACK_LENGTH 4 /* bytes of such a length, the highest first */

static inline size_t
msgpack_length(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 |
	       b[3];
}

struct msgpack_decoder {
	struct decoder base;
	struct msgpack_scan scan;
	struct arena arena; /* of the tree and the arrays below */
	struct msgpack_want *wants;
	struct when_cache *caches; /* by want */
	struct value *values;	   /* by want: what was converted */
	unsigned *checked, *plain; /* wants that may fail, and the others */
	unsigned n_checked, n_plain;
	unsigned own_time, own_tag; /* slots of members _time and _tag, if
				       whole records are wanted */
	struct buf whole;	    /* such a record being made */

	size_t entries, tail; /* bytes of the frame at hand still to come */
	struct str packed;    /* the frame whose entries are inflated */
	struct buf inflated;  /* these entries */
	size_t packed_at;     /* those before have been decoded */
	struct buf tag;	      /* its tag as it is written */
	struct msgpack_slot tag_here; /* the same, for this batch's rows */
	bool lost;		      /* nothing more can be read */
	bool framed;
	size_t window; /* framed: bytes of the record at hand still to come */
};

/* A record that is a row. */
struct msgpack_record {
	struct str bytes;
	enum msgpack_shape shape;
	struct str map; /* BARE, OTHER: the map that is it or stands for it */
};

void msgpack_want_init(struct msgpack_decoder *d);

/*
 * Makes row b->n_rows of the slots. Returns NULL, or the reason why the
 * record is bad; *at is the value that makes it so, NULL if it is missing.
 */
const char *msgpack_want_row(struct msgpack_decoder *d, struct batch *b,
    const struct msgpack_record *r, const char **at);

struct decoder *msgpack_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void msgpack_decoder_free(struct decoder *d);
size_t msgpack_decode(struct decoder *d, const char *p, const char *end,
    bool eof, struct batch *b);

/* ---- the encoder (msgpack_enc.c) ---- */

/* *framed: lengths are written, or read. */
bool msgpack_settings_ok(
    const struct settings *settings, bool *framed, struct err *err);
struct encoder *msgpack_encoder_new(
    const struct encode_spec *spec, struct err *err);
void msgpack_encoder_free(struct encoder *e);
void msgpack_encode(struct encoder *e, const struct batch *b, struct buf *out);

extern const struct format format_msgpack;

#endif
