/* SPDX-License-Identifier: MIT */
/*
 * Formats: bytes to batches and back.
 *
 * A format is a row of a table (format_list.h). Reading: `start` looks at the
 * first bytes of an input once and makes its layout (a CSV header, a compiled
 * pattern), which is read-only afterwards. Each thread then has a decoder of
 * its own (caches, templates) that turns whole records of a block into rows.
 * Writing: an encoder turns batches into bytes. Formats never see file
 * descriptors.
 *
 * A decoder fills only the columns that are wanted, straight into typed
 * arrays; text is a slice of the block wherever it can be. A record that does
 * not decode becomes a bad row with its bytes and a reason, and decoding goes
 * on behind it: what a record contains never is an error.
 */
#ifndef WEIR_IO_IO_H
#define WEIR_IO_IO_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/simd.h"
#include "base/when.h"
#include "data/batch.h"
#include "data/path.h"

/* ---- what is wanted of each record ---- */

enum want_as {
	WANT_VALUE, /* by its own type (text formats: by content) */
	WANT_TIME,  /* as TIME, read by the layout; else the record is bad */
	WANT_TYPE,  /* as the declared type; if impossible the record is bad */
	WANT_RAW    /* its bytes as they stand (JSON: T_JSON; others: the
		       record or cell as T_TEXT), for an encoder of the same
		       format */
};

struct want {
	struct path path; /* n == 0: the whole record, as a MAP */
	enum want_as as;
	enum type type;		   /* WANT_TYPE */
	struct when_layout layout; /* WANT_TIME */
	/* WANT_TIME: missing or unreadable gives NULL; else: nobody minds if no
	   record has it */
	bool optional;
};

/* Extra settings of an input or output, from -i NAME:ARG or YAML. */
struct setting {
	struct str name, value;
	struct where where;
};

struct settings {
	struct str arg;	    /* what stands behind the colon in NAME:ARG */
	struct where where; /* of the format's name */
	const struct setting *list;
	unsigned n;
	bool nul; /* records end in NUL instead of LF (-z) */
	/*
	 * When the input was last written to, µs, for times without a year;
	 * WHEN_MIN: it is being written now.
	 */
	int64_t written;
};

struct limits {
	uint32_t record_max; /* bytes of a record, default 16 MiB */
	unsigned depth_max;  /* nesting of JSON and msgpack, default 512 */
	unsigned fields_max; /* fields of a record, default 65536 */
};

extern const struct limits limits_default;

struct decode_spec {
	const struct want *wants;
	unsigned n_wants;
	int time;   /* number of the want that is event time: it goes to
		       batch->time instead of a column; -1 = none. Columns:
		       cols[i] belongs to wants[i] (unused for time) */
	bool trust; /* stop validating behind the last wanted field */
	/*
	 * Each call of decode gets one record, all of it: in formats of lines
	 * a line feed does not end it.
	 */
	bool single;
	struct limits limits;
};

/* ---- formats ---- */

/* What is known of one input after its first bytes; formats extend it. */
struct layout {
	/* What reads it: the format chosen, or one of its kinds. */
	const struct format *format;
	/* Field names if the format knows them (CSV header, pattern groups). */
	const struct str *fields;
	unsigned n_fields;
	struct str header; /* bytes of the header record, or empty */
	bool nul;	   /* formats of lines: records end in NUL */
	/* Where a record ends may be seen only from what stands behind it. */
	bool looks_on;
	/* Other records of the input may have other fields. */
	bool varies;
	/* Which lines go on with the record before them, or NULL. */
	const struct text_join *join;
};

struct decoder {
	const struct layout *layout;
	const struct decode_spec *spec;
};

/*
 * Of formats that decode line by line (io/text.h): decodes one line (without
 * its LF or CRLF, not empty, valid UTF-8) into the row given. NULL, or why it
 * is bad; then *at may be set to the bad byte.
 */
struct text_decoder;
typedef const char *text_line_fn(struct text_decoder *d, struct batch *b,
    unsigned row, struct str line, const char **at);

/* One column of the output. */
struct out_column {
	struct str name;
	bool spread;	/* a MAP or JSON object whose members stand here */
	bool omit_null; /* JSON, msgpack: the member is left out if NULL */
	/*
	 * Nothing is written: it only hides members of this name of the columns
	 * that spread. (Its column is NULL, and omit_null is set.)
	 */
	bool dropped;
};

struct encode_spec {
	const struct out_column *cols;
	unsigned n_cols;
	bool raw;	   /* the one column holds records of this format */
	struct str header; /* raw: the header record of the input, or empty */
	struct settings settings;
	bool terminal; /* escape control characters, colours allowed */
	bool colour;
	unsigned width; /* of the terminal in columns, 0 = unlimited */
};

struct encoder {
	const struct encode_spec *spec;
};

enum start_status {
	START_OK,
	START_MORE,
	START_ERR
};

struct format {
	const char *name;
	/* What a first line looks like; NULL: not read. */
	const char *look;
	const char *doc;	/* one line for the help */
	const char *about;	/* a paragraph for the manual */
	const char *extensions; /* "json jsonl ndjson", or "" */
	/*
	 * The format that this one is a kind of, or NULL: where a file's name
	 * says that one, its content may still say this one.
	 */
	const char *kind_of;
	const char *arg;     /* what NAME:ARG takes, for the help, or NULL */
	const char *example; /* a record as it is written, for the manual */
	/*
	 * Names of all fields, with blanks between, if they are the same in
	 * every input, so that another name is a mistake; else NULL.
	 */
	const char *fields;

	/*
	 * Where times are by default: names tried in order on the first
	 * record, separated by blanks; NULL = the usual list.
	 */
	const char *time_fields;
	const char *time_layout; /* how they are written; NULL = auto */

	/*
	 * How well the first bytes of an input fit, 0 (no) to 100 (surely),
	 * with GUESS_UNSURE if the next line would tell more and no row comes
	 * of those there are (alone: whatever else fits, this still may).
	 * whole: these are all its bytes. NULL: never guessed.
	 */
	int (*guess)(struct str head, bool whole);

	/*
	 * Makes the layout (in the arena). *used is set to the bytes consumed
	 * (byte order mark, header). START_MORE: call again with more bytes
	 * (never when eof). START_ERR: *err says what is wrong.
	 */
	enum start_status (*start)(struct str head, bool eof,
	    const struct settings *settings, const struct limits *limits,
	    struct arena *arena, struct layout **out, size_t *used,
	    struct err *err);

	struct decoder *(*decoder_new)(
	    const struct layout *layout, const struct decode_spec *spec);
	void (*decoder_free)(struct decoder *d);

	/*
	 * Decodes whole records from [p, end) into b until b is full, the
	 * bytes are used up or the rest is no whole record. SIMD_PAD bytes
	 * behind end are readable. eof: nothing follows end, or a record ends
	 * there (layout.looks_on), so a last record without its terminator is
	 * whole. Returns the bytes consumed; 0 when
	 * there is not one whole record. b has been reset; the decoder sets
	 * its columns (n_wants of them), time, raw and rows. Blank lines are
	 * skipped without being counted.
	 */
	size_t (*decode)(struct decoder *d, const char *p, const char *end,
	    bool eof, struct batch *b);

	text_line_fn *line; /* for decode by lines; else NULL */

	/*
	 * Are records of an input what these settings of an output would
	 * write? Then they may pass as they are. NULL: if nothing is stated.
	 */
	bool (*same)(
	    const struct layout *layout, const struct settings *settings);

	/*
	 * Length of the whole records at the start of [p, p + n), for cutting
	 * input between threads; 0 if there is none.
	 */
	size_t (*frame)(const struct layout *layout, const char *p, size_t n);

	/*
	 * The same where what a block's first byte means depends on what came
	 * before: *context is that of the block (0 for the first one; see
	 * batch.h) and becomes that of the next one. Set instead of frame.
	 */
	size_t (*frame_on)(const struct layout *layout, const char *p, size_t n,
	    uint64_t *context);

	/*
	 * A context that is of this run alone: what to keep of it (nothing for
	 * 0), and the context it is in another run, whatever the bytes are. The
	 * input may end with it. NULL: a context is the same in every run, and
	 * with one that is not 0 the input must not end.
	 */
	struct str (*note)(const struct layout *layout, uint64_t context);
	uint64_t (*recall)(const struct layout *layout, struct str noted);

	/*
	 * True when records end in a line feed, so that reading can go on at
	 * the next line after a record that is too long.
	 */
	bool lines;

	/*
	 * The first record of an input names its fields, if no setting does.
	 */
	bool header;

	/* A field named a.b is the member b of a map a. */
	bool nested;

	/* True when records may end in NUL instead (-z). */
	bool nul;

	/* Writing; NULL if the format is only read. */
	struct encoder *(*encoder_new)(
	    const struct encode_spec *spec, struct err *err);
	void (*encoder_free)(struct encoder *e);
	/* Header or opening bytes; called once before the first batch (or
	 * before finish, if there is none). */
	void (*begin)(struct encoder *e, struct buf *out);
	/* Columns of b belong to spec->cols in order; only selected rows. */
	void (*encode)(
	    struct encoder *e, const struct batch *b, struct buf *out);
	/*
	 * Writes what encode() still holds back: the run is about to wait for
	 * input. NULL: nothing is ever held back.
	 */
	void (*flush)(struct encoder *e, struct buf *out);
	void (*finish)(struct encoder *e, struct buf *out);
	/* encode() keeps something between batches: call it in order. */
	bool ordered;

	/*
	 * A file may be gone on with by another encoder, in another run. save:
	 * adds what that one must know (which header stands there); restore
	 * takes it up, instead of begin. False: rows of this encoder cannot
	 * stand in the same file. Nothing saved (n == 0): there are bytes of
	 * which nothing is known. NULL: there is nothing to know.
	 */
	void (*save)(const struct encoder *e, struct buf *out);
	bool (*restore)(struct encoder *e, struct str saved);
	/* Are there rows that have not been written? NULL: there never are. */
	bool (*holds)(const struct encoder *e);
};

/* The table, sorted by name. */
extern const struct format *const formats[];
extern const unsigned n_formats;

const struct format *format_find(struct str name);

/* Calls the layout's frame or frame_on. */
size_t format_frame(
    const struct layout *layout, const char *p, size_t n, uint64_t *context);

/*
 * The format for NAME[:ARG]; an error with the nearest names if there is
 * none, or if reading (writing) is not possible.
 */
const struct format *format_parse(struct str text, struct where where,
    bool writing, struct settings *settings, struct err *err);

/*
 * By the extension of a file name; first ".gz" and its like are cut, then the
 * number of a rotated file. NULL if none.
 */
const struct format *format_of_name(struct str filename);

/* By bytes of which nothing else is known; "lines" when nothing fits. */
const struct format *format_guess(struct str head, bool whole);

#define GUESS_BYTES 4096
#define GUESS_UNSURE 256

/*
 * By the first bytes of an input: its first line that is not blank, and more
 * lines while they may tell more, up to GUESS_BYTES. So it does not matter how
 * many bytes have come. NULL: more are needed (never if whole).
 */
const struct format *format_guess_input(struct str bytes, bool whole);

/*
 * By the file's name, or the kind of that format that the first bytes fit
 * better; by these alone if the name says nothing. NULL: more are needed.
 */
const struct format *format_of_file(
    struct str filename, struct str bytes, bool whole);

/*
 * Why a record is bad that is longer than limits.record_max, its line feed
 * not counted but all else; the reason is in the arena.
 */
const char *record_too_long(struct arena *a, uint32_t record_max);

/* ---- a text inside of a record ---- */

/* Why a text is no record of a format by pattern. */
#define NO_MATCH_REASON "does not match the pattern"

/*
 * The layout of texts that are records of a format, of which nothing is known
 * but the settings. NULL and *err if they are wrong.
 */
struct layout *record_layout(const struct format *f,
    const struct settings *settings, struct arena *a, struct err *err);

struct record_parser;

/* For one thread; the layout and the wants (WANT_VALUE) must live on. */
struct record_parser *record_parser_new(
    const struct layout *layout, const struct want *wants, unsigned n);
void record_parser_free(struct record_parser *p);

/*
 * Decodes a text as one record: a value for each want, in the arena; all NULL
 * if the text is blank. NULL, or why it is no record of the format.
 */
const char *record_parse(struct record_parser *p, struct str text,
    struct arena *a, struct value *values);

/* ---- named patterns ---- */

/* A pattern grok knows, for the help. */
struct grok_row {
	const char *name;
	const char *text; /* with other names: "%{MONTHDAY}/%{MONTH}" */
	const char *doc;
	const char *example; /* a text it matches from end to end */
};
extern const struct grok_row grok_rows[];
extern const unsigned n_grok_rows;

/* ---- shared by the text formats ---- */

/*
 * Puts a cell's text into the column of a want: WANT_VALUE types it by content
 * (number by num_guess; true and false as BOOL; else TEXT; empty and not
 * quoted is NULL; quoted is always TEXT), WANT_TIME and WANT_TYPE convert,
 * WANT_RAW keeps the text. The text must be valid UTF-8 and live as long as
 * the batch. row is the number of the row being made. Returns NULL, or the
 * reason why the record is bad.
 */
const char *cell_put(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct batch *b, unsigned row, struct str text,
    bool quoted);

/* The same for a field the record does not have. */
const char *cell_missing(const struct decode_spec *spec, unsigned want,
    struct batch *b, unsigned row);

/* The same for a value that has a type already (JSON, msgpack). */
const char *cell_value(const struct decode_spec *spec, unsigned want,
    struct when_cache *cache, struct batch *b, unsigned row, struct value v);

/* A value of a text by content, as WANT_VALUE does. */
struct value cell_guess(struct arena *a, struct str text, bool quoted);

/*
 * Names that usually hold event time, most telling first; tried on the first
 * record when neither the user nor the format says where it is.
 */
#define IO_TIME_FIELDS                                                         \
	"ts time timestamp @timestamp datetime date_time dateTime eventTime "  \
	"event_time _time t date created_at __REALTIME_TIMESTAMP"

#endif
