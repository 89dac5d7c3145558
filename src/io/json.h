/* SPDX-License-Identifier: MIT */
/*
 * Inside of the JSON format: what its files share. Others see io.h only.
 *
 * A decoder turns the wanted paths into a tree of nodes once (json_want.c).
 * Reading a record fills one slot per distinct path with the place of its
 * value, either by the scanner (json_record.h), which takes any JSON, or by
 * walking along the shapes of earlier records (json_walk.h), the text that
 * they had between their values. Where records have no shapes in common, the
 * bulk reader (json_bulk.h) takes the scanner's place, over an index of tokens
 * (json_index.h). All check the whole record and agree on every record: the
 * others are only faster ways to the scanner's answer. Slots then become
 * elements of columns (json_want.c).
 *
 * Scanner and walk are compiled twice, with AVX2 and with 8-byte words
 * (json_avx2.c, json_words.c); the bulk reader needs AVX2. All rely on a line
 * feed at the record's end: no JSON token contains one, so nothing needs to
 * look at the end pointer.
 */
#ifndef WEIR_IO_JSON_H
#define WEIR_IO_JSON_H

#include "base/num.h"
#include "io/io.h"

/* ---- what is wanted ---- */

/* One step of a wanted path, and the steps that follow it. */
struct json_node {
	struct str name; /* p NULL: an element */
	uint64_t head;	 /* the first 8 bytes of the name, zeros behind */
	uint32_t index;
	int slot;	/* where the value goes; -1: only its members do */
	unsigned id;	/* number of the node */
	unsigned first; /* slots of this node and all below it */
	unsigned n_slots;
	const struct json_node *kids;
	unsigned n_kids;
	uint64_t lengths; /* bit n: a kid's name has n bytes (63: or more) */
	const uint8_t *heads; /* by json_head(): a kid's number + 1; 0: none
				 begins so; JSON_HEAD_MANY: compare them all */
};

#define JSON_HEADS 64
#define JSON_HEAD_MANY 255

/*
 * A number below JSON_HEADS by which most names that are not wanted are sorted
 * out: of the first two bytes of a name and the quote behind it.
 */
static inline unsigned
json_head(char a, char b)
{
	return ((unsigned char)a * 5u ^ (unsigned char)b) % JSON_HEADS;
}

/* Up to JSON_TEXT a slot holds its value as it is needed. */
enum json_kind {
	JSON_MISSING,
	JSON_NULL,
	JSON_TRUE,
	JSON_FALSE,
	JSON_INT,     /* fits int64 */
	JSON_FLOAT,   /* finite */
	JSON_TEXT,    /* without escapes */
	JSON_ESCAPED, /* text with escapes */
	JSON_GREAT,   /* a number that is none of the above */
	JSON_ARRAY,
	JSON_OBJECT
};

/* A wanted value of the record being read. */
struct json_slot {
	const char *p, *end; /* its text; of a string without the quotes */
	union {
		int64_t i; /* JSON_INT */
		double f;  /* JSON_FLOAT */
	};
	enum json_kind kind;
};

/* ---- reading a record ---- */

/* An object or array that is open. */
struct json_open {
	const struct json_node *node; /* of the container; NULL: not wanted */
	const char *start;
	uint32_t index; /* of the element, in an array */
	bool array;
};

struct json_learn;

struct json_scan {
	const struct json_node *root;
	struct json_slot *slots;
	unsigned n_slots;
	unsigned left; /* slots still missing */
	bool trust;    /* stop when none is */
	unsigned depth_max, fields_max;

	uint64_t *seen; /* by node: stamp of the last record that had it */
	uint64_t stamp;
	bool repeated; /* a wanted name came twice */

	struct json_open *open;
	size_t cap_open;
	struct json_learn *learn; /* where to write the shape, or NULL */
	struct buf name;	  /* a name without its escapes */

	/* Why and where the last record was refused. */
	const char *reason, *at;
};

/* Forgets the values of the last record. */
static inline void
json_scan_begin(struct json_scan *s)
{
	unsigned i;

	for (i = 0; i < s->n_slots; i++)
		s->slots[i].kind = JSON_MISSING;
	s->left = s->n_slots;
	s->stamp++;
	s->repeated = false;
}

/* ---- bytes; blanks never are the line feed ---- */

static inline bool
json_is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static inline bool
json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline const char *
json_blanks(const char *p)
{
	while (__builtin_expect(json_is_blank(*p), 0))
		p++;
	return p;
}

/* The end of the text (not empty) in front of p: blanks are cut. */
static inline const char *
json_cut_blanks(const char *p)
{
	while (json_is_blank(p[-1]))
		p--;
	return p;
}

/* ---- shapes (json_shape.c) ---- */

#define JSON_OP_TEXT 32 /* bytes of text in an op */
#define JSON_OPS 1024	/* that a decoder remembers */
#define JSON_LEARN 512	/* of one record; one with more is always scanned */

/*
 * What follows an op's text. The kind of a value is what it was when the op
 * was made; others are taken, too, only not as fast.
 */
enum json_op_kind {
	JSON_OP_STRING, /* a string; the op's text has its opening quote */
	JSON_OP_LONG,	/* a string that is rather long */
	JSON_OP_NUMBER, /* a number */
	JSON_OP_OTHER,	/* a word or an array */
	JSON_OP_PIECE,	/* nothing: a piece of a longer text */
	JSON_OP_OPEN,	/* a wanted object, whose brace ends the text */
	JSON_OP_CLOSE,	/* it has ended */
	JSON_OP_END,	/* the record has ended */
	JSON_OP_STOP	/* the scanner stopped there, having all it wanted */
};

/* A step: a text to compare, and the value behind it. */
struct json_op {
	char text[JSON_OP_TEXT];
	const struct json_node *node; /* of the value or object, or NULL */
	int32_t slot;		      /* of the node, or -1 */
	uint32_t depth;		      /* containers open around the value */
	uint16_t len;		      /* of the text */
	uint16_t kind;		      /* enum json_op_kind */
	uint16_t next;		      /* the first of the ops that may follow */
	uint16_t other;		      /* the next one that may stand here */
	uint64_t unused;	      /* 64 bytes: ops are found by a shift */
};

/*
 * The shapes of records as a tree: records that begin alike share ops as long
 * as they are alike; where they part, ops stand next to one another, longer
 * texts first (so that the one that fits best is found first). Every way from
 * the root to an end is the shape some record has had.
 */
struct json_shapes {
	struct json_op *ops; /* JSON_OPS; number 0 is none */
	unsigned n;
	uint16_t first;
	bool full;
};

/* The shape of a record, while the scanner reads it. */
struct json_learn {
	struct json_op *ops; /* JSON_LEARN */
	unsigned n;
	bool failed;	  /* too long, or not to be learnt */
	const char *from; /* end of the text learnt so far */
};

void json_learn_begin(struct json_learn *l, const char *p);
/* The text up to p is to be compared, and then comes what kind says. */
void json_learn_op(struct json_learn *l, const char *p, enum json_op_kind kind,
    const struct json_node *node, unsigned depth);

/* Adds what was learnt; sets full if there is no room. */
void json_shapes_add(struct json_shapes *shapes, const struct json_learn *l);
void json_shapes_clear(struct json_shapes *shapes);

/* ---- the index of a record (json_index.h, json_bulk.h) ---- */

#define JSON_BULK (16 * 1024) /* bytes of the longest record */

/* Where tokens begin in a record: marks, strings, numbers and words. */
struct json_index {
	unsigned n, n_escapes;
	/* Up to 64 are written or read at once: there is room behind. */
	uint16_t at[JSON_BULK + 64];
	uint16_t match[JSON_BULK]; /* by opening bracket: the closing one */
	char byte[JSON_BULK + 64]; /* at that place */
	uint16_t escapes[JSON_BULK / 2 + 64]; /* backslashes in strings */
	unsigned char bits[256][8]; /* which bits a byte has, in order */
};

/* A new one, to be freed by mem_free(). */
struct json_index *json_index_new(void);

/* ---- the kernels ---- */

#define JSON_LANES 4

/* One of several records that are read at once. */
struct json_lane {
	struct json_scan *s;
	const char *p; /* the record */
	const char *feed;
	const char *end; /* of its text, once it is read */
};

struct json_kernel {
	/*
	 * Reads the record at p (no blank), whose line ends in the line feed
	 * given. Returns the end of its text, or NULL and s->reason, s->at.
	 * s->learn gets its shape, or is marked failed.
	 */
	const char *(*scan)(
	    struct json_scan *s, const char *p, const char *feed);
	/* The same along shapes; NULL if the record has none of them. */
	const char *(*walk)(struct json_scan *s, struct json_shapes *shapes,
	    const char *p, const char *feed);
	/*
	 * The same for JSON_LANES records at once: sets the end of each.
	 * NULL: that would be no faster.
	 */
	void (*walk_lanes)(struct json_shapes *shapes, struct json_lane *lanes);
	/*
	 * Reads a record like scan, faster if its shape is not known, but
	 * learns none and gives no reason: where it returns NULL, the scanner
	 * has to read the record. The index is overwritten. Without AVX2 there
	 * is none: NULL.
	 */
	const char *(*bulk)(struct json_scan *s, struct json_index *index,
	    const char *p, const char *feed);
	/*
	 * Places of the line feeds in [p, end), the first max or a few more:
	 * room for max + 64. Returns their number.
	 */
	unsigned (*lines)(
	    const char *p, const char *end, const char **feeds, unsigned max);
};

#if SIMD_X86
extern const struct json_kernel json_kernel_avx2;
#endif
extern const struct json_kernel json_kernel_words;

/* ---- text (json_text.c) ---- */

struct json_text {
	const char *end;     /* its closing quote; NULL: it is not valid */
	enum json_kind kind; /* JSON_TEXT or JSON_ESCAPED */
};

/*
 * The end of a string, from a place in it before which there was only ASCII
 * without escapes.
 */
struct json_text json_text_end(const char *p);

/* Length of the escape at p (its backslash), 0 if it is none. */
unsigned json_escape_length(const char *p);

/* The kid of a node whose name is written [p, end), with escapes. */
const struct json_node *json_find_escaped(struct json_scan *s,
    const struct json_node *node, const char *p, const char *end);

/* Why a string (behind its opening quote) or number is refused, and where. */
const char *json_text_why(const char *p, const char **at);
const char *json_number_why(const char *p, const char **at);

/* ---- wants (json_want.c) ---- */

/* A want and the slot it takes. */
struct json_take {
	unsigned want;
	unsigned slot; /* the one behind the last: the whole record */
	enum want_as as;
};

struct json_decoder {
	struct decoder base;
	const struct json_kernel *kernel;
	struct json_lane lanes[JSON_LANES];
	struct json_scan scans[JSON_LANES];
	struct arena arena; /* of the tree and the slots */
	/* Wants that are always converted, and those that usually are not. */
	struct json_take *firm, *loose;
	unsigned n_firm, n_loose;
	struct value *values;	   /* by number in firm: what came of it */
	struct when_cache *caches; /* by want */
	bool whole;		   /* some want is the whole record */
	bool blind; /* nothing inside a record is to be looked at */

	struct json_shapes shapes;
	struct json_learn learn;
	struct json_index *index; /* made when first needed */
	/* How well the shapes do: records that fitted since the last look, and
	 * those that did not; records to go without shapes. */
	unsigned n_hits, n_misses;
	unsigned rest, next_rest;
};

/* Makes the tree, the slots and what else depends on the wants. */
void json_want_init(struct json_decoder *d);
void json_want_release(struct json_decoder *d);

/*
 * Puts a scan's slots into row b->n_rows; record is its text. Returns NULL, or
 * the reason why the record is bad: then nothing was put. *at is where.
 */
const char *json_want_row(struct json_decoder *d, struct json_scan *s,
    struct batch *b, struct str record, const char **at);

/* ---- decoder (json_dec.c) ---- */

static inline struct json_decoder *
json_decoder_of(struct decoder *d)
{
	_Static_assert(offsetof(struct json_decoder, base) == 0, "is first");
	return (struct json_decoder *)(void *)d;
}

struct decoder *json_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void json_decoder_free(struct decoder *d);

/* Columns, times and places of the rows to come. */
void json_batch_begin(const struct json_decoder *d, struct batch *b);

/*
 * Decodes the record of lane 0, which is not blank and whose text has a line
 * feed (and SIMD_PAD bytes) behind it; in_block is where the batch shall say
 * that it stands.
 */
void json_decode_one(
    struct json_decoder *d, struct batch *b, const char *in_block);

/* ---- beginning (json_start.c) ---- */

int json_guess(struct str head, bool whole);

enum start_status json_start(struct str head, bool eof,
    const struct settings *settings, const struct limits *limits,
    struct arena *arena, struct layout **out, size_t *used, struct err *err);

/* The same for a document whose list of records has the name given. */
enum start_status json_start_wrapped(struct str head, bool eof,
    const char *unwrap, const struct settings *settings, struct arena *arena,
    struct layout **out, size_t *used, struct err *err);

/* For writing there are no settings; false and *err if one is given. */
bool json_settings_ok(const struct settings *settings, struct err *err);

/* ---- documents (json_doc.c) ---- */

/* Reads what is no sequence of lines; not in the table of formats. */
extern const struct format format_json_document;
extern const struct format format_cloudtrail;

/* ---- writing (json_enc.c) ---- */

struct encoder *json_encoder_new(
    const struct encode_spec *spec, struct err *err);
void json_encoder_free(struct encoder *e);
void json_encoder_begin(struct encoder *e, struct buf *out);
void json_encode(struct encoder *e, const struct batch *b, struct buf *out);

extern const struct format format_json;

#endif
