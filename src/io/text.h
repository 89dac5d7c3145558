/* SPDX-License-Identifier: MIT */
/*
 * What the decoders of text formats share: which wanted value comes from
 * which field of a record, the columns of a batch, the rows that turn out
 * bad, and lines.
 *
 * Fields are numbered as in layout->fields. A path of one name is the field
 * of that name; a longer path a.b[1] is looked up as a field literally named
 * "a.b[1]", for text has no nesting. What is not found is missing in every
 * record.
 */
#ifndef WEIR_IO_TEXT_H
#define WEIR_IO_TEXT_H

#include "io/io.h"

#define FORMAT(name) extern const struct format format_##name;
#include "io/format_list.h"
#undef FORMAT

/* The usual ways to put a field, and all the others. */
enum text_how {
	TEXT_OTHER, /* by cell_put */
	TEXT_GUESS, /* by content */
	TEXT_TIME,  /* as TIME */
	TEXT_EVENT  /* as event time */
};

/* A want and the field it comes from. */
struct field_want {
	uint32_t field, want;
	enum text_how how;
};

struct text_decoder {
	struct decoder base;
	struct arena arena;	  /* lives as long as the decoder */
	struct field_want *wants; /* of single fields, by field */
	unsigned n_wants;
	unsigned *missing, n_missing; /* wants no record has a field for */
	unsigned *raws, n_raws;	      /* wants of the record's bytes */
	unsigned *maps, n_maps;	      /* wants of the record as a MAP */
	unsigned n_rest;	      /* missing, raws and maps */
	unsigned n_needed; /* only fields below this number are needed */
	struct when_cache *caches; /* by want */
	struct buf pack;
	const char *valid; /* bytes of the block before it are valid UTF-8 */
	uint64_t again;	   /* the record at hand gives so many rows more … */
	uint64_t again_done; /* … of which these were in other batches */
};

/* Binds the wants; d is zeroed memory. */
void text_init(struct text_decoder *d, const struct layout *layout,
    const struct decode_spec *spec);
void text_release(struct text_decoder *d);

/*
 * The name a path would have as a field: "a.b[1]". In scratch, if it is not
 * the path's own.
 */
struct str text_path_name(struct buf *scratch, struct path p);

/* A line decoder without anything of its own: decoder_new, decoder_free. */
struct decoder *text_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void text_decoder_free(struct decoder *d);

/* Prepares the columns, time and raw of a batch that was reset. */
void text_begin(struct text_decoder *d, struct batch *b);
void text_end(struct batch *b, unsigned rows);

/*
 * True when no more should go into the batch: it has all its rows, or so many
 * bad ones that they should be dealt with.
 */
static inline bool
text_full(const struct batch *b, unsigned rows)
{
	return rows == BATCH_ROWS || b->n_bad >= BATCH_ROWS;
}

/*
 * Records the record as bad; what was already put into the row is overwritten
 * by the next record. at: the byte of raw where it failed, or NULL.
 */
void text_bad(struct batch *b, unsigned row, struct str raw, const char *reason,
    const char *at);

/*
 * Puts a field into the column of a want as cell_put does, with the usual
 * cases first; NULL or why the record is bad. Eight bytes behind the text
 * must be readable.
 */
const char *text_put(struct text_decoder *d, struct field_want w,
    struct batch *b, unsigned row, struct str text, bool quoted);

/* The same for a value that has its type (cell_value). */
const char *text_put_value(struct text_decoder *d, struct field_want w,
    struct batch *b, unsigned row, struct value v);

/* The wants that no single field serves; values as for text_row. */
const char *text_rest(struct text_decoder *d, struct batch *b, unsigned row,
    struct str raw, const struct value *values);

/*
 * Ends a row: its raw bytes, and the wants that no single field serves.
 * values: all fields of the layout in order, if n_maps (NULL: the caller sees
 * to the maps). NULL, or why the record is bad.
 */
static inline const char *
text_row(struct text_decoder *d, struct batch *b, unsigned row, struct str raw,
    const struct value *values)
{
	b->raw[row] = raw;
	return d->n_rest ? text_rest(d, b, row, raw, values) : NULL;
}

/* Puts a packed MAP where the whole record is wanted, for decoders that make
 * their own; NULL or why the record is bad. */
const char *text_map(
    struct text_decoder *d, struct batch *b, unsigned row, struct value map);

/* True if the record is valid UTF-8. It lies in the block [block, end); the
 * bytes behind it are looked at, too, for the next ones. *at: the bad byte. */
bool text_valid(
    struct text_decoder *d, struct str rec, const char *end, const char **at);

/* ---- formats of one record a line ---- */

/* What a text_line_fn returns for a line that is none and is not bad. */
extern const char text_no_record[];
#define TEXT_NO_RECORD text_no_record

/*
 * For a text_line_fn: the record stands for n more of its kind. It is called
 * again for each.
 */
static inline void
text_again(struct text_decoder *d, uint64_t n)
{
	d->again = n;
}

/*
 * Puts the rows of a record. False: the batch is full before all of them are
 * there, and the record is to be given again (batch->more is set).
 */
bool text_take(struct text_decoder *d, struct batch *b, unsigned *row,
    struct str line, const char *end, text_line_fn *fn);

/* format.decode by lines, each by format.line. */
size_t text_decode_lines(struct decoder *d, const char *p, const char *end,
    bool eof, struct batch *b);

/* format.frame by lines. */
size_t text_frame_lines(const struct layout *layout, const char *p, size_t n);

/*
 * Which lines go on with the record of the line before: a stack trace, a
 * wrapped message. The record is its lines with the line feeds between. Its
 * end is known when the next one begins: on a pipe it waits for that.
 */
struct text_join {
	bool indent; /* lines that begin with a blank or a tab, and empty
			ones; else those `begins` does not match */
	bool (*goes_on)(struct str line); /* or NULL */
	const struct pattern_plain *begins;
};

/* Settings join and multiline, for a format's table of options. */
struct text_join_options {
	bool indent;
	struct str begins; /* p NULL: not set */
	struct where where;
};

#define TEXT_JOIN_OPTIONS                                                      \
	{{"join", 4}, text_set_join},                                          \
	{                                                                      \
		{"multiline", 9}, text_set_multiline                           \
	}

/* `to` begins with a struct text_join_options. */
int text_set_join(void *to, const struct setting *s, struct err *err);
int text_set_multiline(void *to, const struct setting *s, struct err *err);

/* Makes layout->join of the options; -1 and *err if the pattern is none. */
int text_join_make(const struct text_join_options *o, struct arena *a,
    struct layout *l, struct err *err);

/* The same for formats that have no other settings. */
int text_join_read(const struct format *format, const struct settings *settings,
    struct arena *a, struct layout *l, struct err *err);

/* A record of several lines: its first one, and those behind it, or empty. */
struct text_lines {
	struct str first, rest;
};
struct text_lines text_join_cut(const struct layout *l, struct str record);

/* What was left of the first line, and these lines. */
static inline struct str
text_join_rest(struct str left, struct str lines)
{
	if (lines.n && left.p)
		left.n = (size_t)(lines.p + lines.n - left.p);
	return left.p ? left : lines;
}

/*
 * For formats whose argument is a pattern: takes join=…,multiline=…,pattern=
 * off its front, so that the pattern is left, with all that is in it.
 */
int text_join_before(const struct format *format, struct str *arg,
    struct where where, struct text_join_options *o, struct err *err);

/* The paragraph's end of formats with these settings. */
#define TEXT_JOIN_ABOUT " join=indent and multiline=PATTERN are as in lines."
#define TEXT_REST_ABOUT " Lines that are joined to the first are rest, too."

/* The length of a UTF-8 byte order mark at the start, or 0. */
size_t text_bom(struct str head);

/* The first line of head without its end; false if it is not whole. */
bool text_first_line(struct str head, bool whole, struct str *line);

#define TEXT_LOOK ((size_t)16 << 10)

/*
 * The same, copied into room with SIMD_PAD bytes behind it, for those who
 * scan by words. False also if the line does not fit.
 */
bool text_look(
    struct str head, bool whole, char room[TEXT_LOOK], struct str *line);

/*
 * For format.start: the first line, as text_look has it, if it is no longer
 * than record_max. *none is set when it is known that there is no such line,
 * which does not depend on how much has been read. False: not known yet, or
 * none.
 */
bool text_start_line(struct str head, bool eof, uint32_t record_max,
    char room[TEXT_LOOK], struct str *line, bool *none);

/*
 * The end of format.start: skips a byte order mark, fills a layout whose
 * fields are set.
 */
enum start_status text_start_as(struct layout *l, const struct format *format,
    struct str head, bool eof, const struct settings *settings,
    struct layout **out, size_t *used);

/*
 * format.start for formats with fixed fields: skips a byte order mark, takes
 * no settings but those of text_join.
 */
enum start_status text_start(const struct format *format,
    const struct str *fields, unsigned n_fields, struct str head, bool eof,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used, struct err *err);

/* The place of a part of a source text, if it is one; else where. */
struct where text_where(struct where where, struct str part);

/* -1 if there are any settings, for formats that take none. */
int text_no_settings(const struct format *format,
    const struct settings *settings, struct err *err);

/* Refuses a setting a format does not have; known: those it has. */
int text_unknown_setting(const struct format *format, const struct setting *s,
    const struct str *known, size_t n_known, struct err *err);

/*
 * Text with the escapes of quoted text in logs resolved: \n \t \" \\ \xHH
 * \uHHHH \UHHHHHHHH and kin. In the arena, 8 bytes behind it readable.
 */
struct str text_unescape(struct arena *a, struct str s);

/* ---- writing ---- */

/* begin and finish of encoders that write nothing there. */
void text_nothing(struct encoder *e, struct buf *out);

/*
 * A value as plain text (value_print with shortcuts). keep not NULL: made
 * visible, see text_visible.
 */
void text_value(struct buf *out, struct value v, const char *keep);

/*
 * Text with its control characters and marks of writing direction escaped
 * (\n \t \r \xHH \u{H}), but for the bytes in keep, which stay.
 */
void text_visible(struct buf *out, struct str s, const char *keep);

/* For NAME:COLUMN: -1 and *err if the output has no such column. */
int text_check_column(const struct encode_spec *spec, struct err *err);

#endif
