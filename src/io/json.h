/* SPDX-License-Identifier: MIT */
/*
 * Inside of the JSON format: what its files share. Others see io.h only.
 *
 * A decoder turns the wanted paths into a tree of nodes once (json_want.c).
 * Reading a record fills one slot per distinct path with the place of its
 * value, either by the scanner (json_record.h), which takes any JSON, or by
 * walking along a template (json_walk.h), the text that earlier records had
 * between their values. Both check the whole record and agree on every record:
 * the template is only a faster way to the same answer. Slots then become
 * elements of columns (json_want.c).
 *
 * Scanner and walk are compiled twice, with AVX2 and with 8-byte words
 * (json_avx2.c, json_words.c). Both rely on a line feed at the record's end:
 * no JSON token contains one, so nothing needs to look at the end pointer.
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
};

enum json_kind {
	JSON_MISSING,
	JSON_NULL,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_ESCAPED, /* text with escapes in it */
	JSON_ARRAY,
	JSON_OBJECT
};

/* A wanted value of the record being read. */
struct json_slot {
	enum json_kind kind;
	const char *p, *end; /* its text; of a string without the quotes */
	struct num num;	     /* JSON_NUMBER */
};

/* ---- reading a record ---- */

/* An object or array that is open. */
struct json_open {
	const struct json_node *node; /* of the container; NULL: not wanted */
	const char *start;
	uint32_t index; /* of the element, in an array */
	bool array;
};

struct json_template;

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
	struct json_template *learn; /* the template being made, or NULL */
	struct buf name;	     /* a name without its escapes */

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

/* ---- templates (json_template.c) ---- */

#define JSON_TEMPLATES 6      /* remembered at once */
#define JSON_TEMPLATE_OPS 512	/* a record with more is always scanned */
#define JSON_LITERAL 32

enum json_op_kind {
	JSON_OP_VALUE, /* a value follows the literal */
	JSON_OP_TEXT,  /* nothing does: a piece of a longer literal */
	JSON_OP_OPEN,  /* a wanted object begins behind the literal */
	JSON_OP_CLOSE, /* it ends there */
	JSON_OP_END,   /* the record ends there */
	JSON_OP_STOP   /* the scanner stopped there, having all it wanted; a
			  record that has not does not fit */
};

struct json_op {
	char lit[JSON_LITERAL];	      /* zeros behind its end */
	const struct json_node *node; /* of the value or object, or NULL */
	uint32_t mask;		      /* a bit per byte of lit */
	uint16_t len;
	uint16_t kind;	/* enum json_op_kind */
	uint32_t depth; /* containers open around the value */
	int32_t slot;	/* of the node, or -1 */
};

struct json_template {
	struct json_op *ops;
	size_t n, cap;
	bool failed;	  /* too long, or not to be learnt */
	bool used;	  /* has fitted a second record */
	const char *from; /* end of the text learnt so far */
};

void json_learn_begin(struct json_template *t, const char *p);
/* The text up to p is literal, and then comes what kind says. */
void json_learn(struct json_template *t, const char *p,
    enum json_op_kind kind, const struct json_node *node, unsigned depth);
void json_template_release(struct json_template *t);

/* ---- the kernels ---- */

struct json_kernel {
	/*
	 * Reads the record at p (no blank), whose line ends in the line feed
	 * at end. Returns the end of its text, or NULL and s->reason, s->at.
	 * s->learn: the template to make of it; failed if there is none.
	 */
	const char *(*scan)(struct json_scan *s, const char *p,
	    const char *end);
	/* The same along a template; NULL if the record does not fit it. */
	const char *(*walk)(struct json_scan *s, const struct json_template *t,
	    const char *p, const char *end);
	/*
	 * Places of the line feeds in [p, end), the first max or a few more:
	 * room for max + 64. Returns their number.
	 */
	unsigned (*lines)(const char *p, const char *end, const char **feeds,
	    unsigned max);
};

#if SIMD_X86
extern const struct json_kernel json_kernel_avx2;
#endif
extern const struct json_kernel json_kernel_words;

/* ---- text (json_text.c) ---- */

/*
 * The closing quote of a string, from anywhere in it that is no half escape
 * (from is its beginning, for the check of UTF-8); NULL if it is not valid.
 * *escaped is set if there are escapes behind p.
 */
const char *json_text_end(const char *from, const char *p, bool *escaped);

/* The kid of a node whose name is written [p, end), with escapes. */
const struct json_node *json_find_escaped(struct json_scan *s,
    const struct json_node *node, const char *p, const char *end);

/* Why a string (behind its opening quote) or number is refused, and where. */
const char *json_text_why(const char *p, const char **at);
const char *json_number_why(const char *p, const char **at);

/* ---- wants (json_want.c) ---- */

struct json_decoder {
	struct decoder base;
	const struct json_kernel *kernel;
	struct json_scan scan;
	struct arena arena;	/* of the tree */
	int *slots;		/* by want: its slot; -1: the whole record */
	struct when_cache *caches; /* by want */
	struct value *values;	   /* by want: what was converted */
	bool blind; /* nothing inside a record is to be looked at */

	/* The valid ones come first, latest hit first; the last place is never
	 * valid: the next template is made there. */
	struct json_template templates[JSON_TEMPLATES + 1];
	struct json_template *recent[JSON_TEMPLATES + 1];
	unsigned n_templates;
	unsigned idle; /* templates made since one was of use */
	unsigned wait; /* records to scan before the next is made */
};

/* Makes the tree, the slots and what else depends on the wants. */
void json_want_init(struct json_decoder *d);
void json_want_release(struct json_decoder *d);

/*
 * Puts the slots into row b->n_rows; record is its text. Returns NULL, or the
 * reason why the record is bad: then nothing was put. *at is where.
 */
const char *json_want_row(struct json_decoder *d, struct batch *b,
    struct str record, const char **at);

/* ---- settings ---- */

/* There are none; false and *err if one is given. */
bool json_settings_ok(const struct settings *settings, struct err *err);

/* ---- writing (json_enc.c) ---- */

struct encoder *json_encoder_new(const struct encode_spec *spec,
    struct err *err);
void json_encoder_free(struct encoder *e);
void json_encoder_begin(struct encoder *e, struct buf *out);
void json_encode(struct encoder *e, const struct batch *b, struct buf *out);

extern const struct format format_json;

#endif
