/* SPDX-License-Identifier: MIT */
/*
 * Zeek's logs (conn.log, dns.log …) as its ASCII writer makes them: lines with
 * # say what stands between fields, what they are called and of which types
 * they are; then a record is a line. (docs.zeek.org, "Zeek Log Formats".)
 */
#include "base/mem.h"
#include "data/pack.h"
#include "io/heads.h"
#include "io/names.h"

enum kind {
	KIND_GUESS, /* there is no #types */
	KIND_TEXT,
	KIND_BOOL,
	KIND_INT,
	KIND_FLOAT,
	KIND_TIME
};

struct field {
	enum kind kind;
	bool list; /* set[…], vector[…] */
};

struct zeek_layout {
	struct headed_layout base;
	struct field *fields;
	struct str separator, between, empty, unset;
};

/* A wanted element of a list: v[1]. */
struct element {
	unsigned want, field;
	uint32_t index;
};

struct zeek_decoder {
	struct headed_decoder base;
	struct element *elements;
	unsigned n_elements;
	struct str *cells;
	struct value *values;
	struct when_cache cache;
	struct buf list;
};

/* ---- the start ---- */

/* What stands behind a directive's name and the byte that follows it. */
static bool
directive(struct str line, const char *name, struct str *value)
{
	struct str n = str_of(name);

	if (!str_starts(line, n) || line.n <= n.n)
		return false;
	*value = (struct str){line.p + n.n + 1, line.n - n.n - 1};
	return true;
}

/* \x09 as #separator has it; other text stands for itself. */
static struct str
unescape(struct arena *a, struct str s, const char *otherwise)
{
	if (s.n)
		s = text_unescape(a, s);
	return s.n ? s : str_of(otherwise);
}

/* Where the separator is, -1 if it is not there; mostly it is one byte. */
static inline long
find_separator(struct str s, struct str separator)
{
	const char *p;

	if (separator.n != 1)
		return str_find(s, separator, 0);
	p = s.n ? memchr(s.p, *separator.p, s.n) : NULL;
	return p ? p - s.p : -1;
}

/* The next piece of a text up to a separator; false at the end. */
static bool
piece(struct str *rest, struct str separator, struct str *out)
{
	long at;

	if (!rest->p)
		return false;
	at = find_separator(*rest, separator);
	*out = (struct str){rest->p, at < 0 ? rest->n : (size_t)at};
	if (at < 0)
		*rest = (struct str){NULL, 0};
	else
		*rest = (struct str){rest->p + out->n + separator.n,
		    rest->n - out->n - separator.n};
	return true;
}

static struct field
field_of(struct str type)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {{"bool", KIND_BOOL}, {"count", KIND_INT},
	    {"int", KIND_INT}, {"port", KIND_INT}, {"double", KIND_FLOAT},
	    {"interval", KIND_FLOAT}, {"time", KIND_TIME}};
	struct field f = {.kind = KIND_TEXT};
	const char *open = type.n ? memchr(type.p, '[', type.n) : NULL;

	if (open && type.p[type.n - 1] == ']') {
		f.list = true;
		type = (struct str){
		    open + 1, (size_t)(type.p + type.n - 1 - (open + 1))};
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_is(type, kinds[i].name))
			f.kind = kinds[i].kind;
	return f;
}

/* A name that is there already gets the number of its place: ts_7. */
static void
read_names(
    struct zeek_layout *l, struct str names, struct arena *a, unsigned max)
{
	struct str rest = names, name, *list;
	struct names seen = {0};
	unsigned n = 0;

	while (n < max && piece(&rest, l->separator, &name))
		n++;
	list = arena_array(a, n, sizeof *list);
	rest = names;
	for (unsigned i = 0; i < n && piece(&rest, l->separator, &name); i++) {
		while (names_find(&seen, name) != NAMES_NONE)
			name = arena_printf(a, "%.*s_%u", STR_ARG(name), i + 1);
		names_add(&seen, name);
		list[i] = name;
	}
	names_release(&seen);
	l->base.base.fields = list;
	l->base.base.n_fields = n;
	l->fields = arena_zalloc(a, n * sizeof *l->fields);
}

static void
read_types(struct zeek_layout *l, struct str types)
{
	struct str type;

	for (unsigned i = 0;
	     i < l->base.base.n_fields && piece(&types, l->separator, &type);
	     i++)
		l->fields[i] = field_of(type);
}

/* The directives that count; a head is those that were there, as lines. */
enum {
	D_SEPARATOR,
	D_BETWEEN,
	D_EMPTY,
	D_UNSET,
	D_FIELDS,
	D_TYPES,
	D_ALL
};

static const char *const directives[D_ALL] = {
    [D_SEPARATOR] = "#separator",
    [D_BETWEEN] = "#set_separator",
    [D_EMPTY] = "#empty_field",
    [D_UNSET] = "#unset_field",
    [D_FIELDS] = "#fields",
    [D_TYPES] = "#types",
};

/* The one a line is, and its value; D_ALL: none. */
static unsigned
directive_of(struct str line, struct str *value)
{
	unsigned i = 0;

	while (i < D_ALL && !directive(line, directives[i], value))
		i++;
	return i;
}

/* The lines of a head, those that are absent with p NULL. */
static void
head_lines(struct str head, struct str lines[D_ALL])
{
	struct str line, value;
	unsigned i;

	memset(lines, 0, D_ALL * sizeof *lines);
	while (piece(&head, STR("\n"), &line))
		if ((i = directive_of(line, &value)) < D_ALL)
			lines[i] = line;
}

/*
 * A log begins with #separator: what else is told of how fields are written
 * is told anew. Names hold until there are others, and types with them.
 */
static bool
zeek_turn(struct str head, struct str line, struct buf *out)
{
	struct str lines[D_ALL], value;
	unsigned which = directive_of(line, &value);

	if (which == D_ALL)
		return false;
	head_lines(head, lines);
	if (which == D_SEPARATOR)
		memset(lines, 0, D_FIELDS * sizeof *lines);
	if (which == D_FIELDS)
		lines[D_TYPES].p = NULL;
	lines[which] = line;
	for (unsigned i = 0; i < D_ALL; i++) {
		if (!lines[i].p)
			continue;
		buf_adds(out, lines[i]);
		buf_addc(out, '\n');
	}
	return true;
}

static struct layout *
zeek_layout(const struct heads *h, struct str head, struct arena *a)
{
	struct zeek_layout *l = arena_zalloc(a, sizeof *l);
	struct str lines[D_ALL], value[D_ALL];

	head_lines(head, lines);
	memset(value, 0, sizeof value);
	for (unsigned i = 0; i < D_ALL; i++)
		(void)directive(lines[i], directives[i], &value[i]);
	l->separator = unescape(a, value[D_SEPARATOR], "\t");
	l->between = unescape(a, value[D_BETWEEN], ",");
	l->empty = lines[D_EMPTY].p ? value[D_EMPTY] : STR("(empty)");
	l->unset = lines[D_UNSET].p ? value[D_UNSET] : STR("-");
	if (lines[D_FIELDS].p)
		read_names(l, value[D_FIELDS], a, h->limits.fields_max);
	if (lines[D_TYPES].p)
		read_types(l, value[D_TYPES]);
	return &l->base.base;
}

/* Takes a line of the start; true when names and types are known. */
static bool
take_line(struct buf *head, struct str line)
{
	struct str lines[D_ALL];
	struct buf turned = {0};

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (zeek_turn(buf_str(head), line, &turned)) {
		buf_release(head);
		*head = turned;
	}
	head_lines(buf_str(head), lines);
	return lines[D_FIELDS].p && lines[D_TYPES].p;
}

/*
 * The lines with # at the start. 1, 0: more is needed, -1: they do not end
 * within max bytes.
 */
static int
read_head(struct str text, bool eof, size_t max, struct buf *head, size_t *used)
{
	const char *p = text.p + text_bom(text), *end = text.p + text.n;

	while (p < end && (*p == '#' || *p == '\n' || *p == '\r')) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct str line = {p, (size_t)((nl ? nl : end) - p)};

		if ((size_t)(line.p + line.n - text.p) > max)
			return -1;
		if (!nl && !eof)
			return 0;
		p = nl ? nl + 1 : end;
		*used = (size_t)(p - text.p);
		if (take_line(head, line))
			return 1; /* records follow */
	}
	return p < end || eof;
}

static bool
has_names(const struct buf *head)
{
	struct str lines[D_ALL];

	head_lines(buf_str(head), lines);
	return lines[D_FIELDS].p;
}

static const struct heads_kind heads;

static enum start_status
zeek_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct headed_layout *l;
	struct buf lines = {0};
	size_t from = 0;
	int found;

	if (text_no_settings(&format_zeek, settings, err))
		return START_ERR;
	found = read_head(head, eof, limits->record_max, &lines, &from);
	if (found && (found < 0 || !has_names(&lines)) && head.n) {
		err_set(err, ERR_INPUT, (struct where){0},
		    "there is no #fields before the first record");
		buf_release(&lines);
		return START_ERR;
	}
	if (found) {
		l = heads_begin(
		    &format_zeek, &heads, buf_str(&lines), limits, arena);
		text_start_as(
		    &l->base, &format_zeek, head, true, settings, out, used);
		*used = from;
	}
	buf_release(&lines);
	return found ? START_OK : START_MORE;
}

static int
zeek_guess(struct str head, bool whole)
{
	struct str s = {head.p + text_bom(head), head.n - text_bom(head)};

	(void)whole;
	return str_starts(s, STR("#separator ")) ||
		       str_starts(s, STR("#fields\t"))
		   ? 95
		   : 0;
}

/* ---- decoding ---- */

/* The list whose element a path is; n_fields if it is none. */
static unsigned
list_of(const struct zeek_layout *l, struct path p, struct buf *scratch)
{
	unsigned field = 0;
	struct str name;

	if (p.n < 2 || p.steps[p.n - 1].name.p)
		return l->base.base.n_fields;
	p.n--;
	name = text_path_name(scratch, p);
	while (field < l->base.base.n_fields &&
	       !(l->fields[field].list &&
		   str_eq(l->base.base.fields[field], name)))
		field++;
	return field;
}

/* It is there, whatever the text formats say, which know fields alone. */
static void
not_missing(struct text_decoder *t, unsigned want)
{
	for (unsigned i = 0; i < t->n_missing; i++) {
		if (t->missing[i] != want)
			continue;
		t->missing[i] = t->missing[--t->n_missing];
		t->n_rest--;
		return;
	}
}

static void
find_elements(struct zeek_decoder *d, const struct zeek_layout *l)
{
	const struct decode_spec *spec = d->base.t.base.spec;
	struct buf scratch = {0};

	d->elements =
	    arena_array(&d->base.t.arena, spec->n_wants, sizeof *d->elements);
	for (unsigned i = 0; i < spec->n_wants; i++) {
		struct path p = spec->wants[i].path;
		unsigned field = list_of(l, p, &scratch);

		if (spec->wants[i].as != WANT_VALUE ||
		    field == l->base.base.n_fields)
			continue;
		not_missing(&d->base.t, i);
		d->elements[d->n_elements++] =
		    (struct element){i, field, p.steps[p.n - 1].index};
	}
	buf_release(&scratch);
}

static struct headed_decoder *
zeek_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct zeek_decoder *d = mem_zalloc(sizeof *d);

	text_init(&d->base.t, layout, spec);
	d->cells = arena_array(
	    &d->base.t.arena, layout->n_fields + 1, sizeof *d->cells);
	if (d->base.t.n_maps)
		d->values = arena_array(
		    &d->base.t.arena, layout->n_fields, sizeof *d->values);
	find_elements(d, (const struct zeek_layout *)layout);
	return &d->base;
}

static void
zeek_decoder_free(struct headed_decoder *base)
{
	struct zeek_decoder *d = (struct zeek_decoder *)base;

	buf_release(&d->list);
	text_release(&base->t);
	mem_free(d);
}

/* Takes the line apart; NULL, or why it is bad. */
static const char *
split(struct zeek_decoder *d, const struct zeek_layout *l, struct str line,
    const char **at)
{
	struct str rest = line;
	unsigned n = 0;

	while (n < l->base.base.n_fields &&
	       piece(&rest, l->separator, &d->cells[n]))
		n++;
	if (rest.p) {
		*at = rest.p;
		return "more fields than #fields names";
	}
	return n < l->base.base.n_fields ? "fewer fields than #fields names"
					 : NULL;
}

/* A number of the kind; false if the text is none. */
static bool
number(struct arena *a, enum kind kind, struct str s, struct value *out)
{
	*out = cell_guess(a, s, false);
	if (kind == KIND_FLOAT && out->type == T_INT)
		*out = value_float((double)out->i);
	return type_is_number((enum type)out->type) &&
	       (kind == KIND_FLOAT || out->type != T_FLOAT);
}

/* A single value; false if it is not of the kind. */
static bool
scalar(struct zeek_decoder *d, struct arena *a, enum kind kind, struct str s,
    struct value *out)
{
	static const struct when_layout epoch = {.kind = WHEN_EPOCH_S};
	int64_t t;

	switch (kind) {
	case KIND_GUESS:
		*out = cell_guess(a, s, false);
		return true;
	case KIND_TEXT:
		if (s.n && memchr(s.p, '\\', s.n))
			s = text_unescape(a, s);
		*out = value_text(s);
		return true;
	case KIND_BOOL:
		*out = value_bool(str_is(s, "T"));
		return out->b || str_is(s, "F");
	case KIND_INT:
	case KIND_FLOAT:
		return number(a, kind, s, out);
	case KIND_TIME:
		if (!when_parse(&epoch, &d->cache, s, &t))
			return false;
		*out = value_time(t);
		return true;
	}
	return false;
}

static bool
list(struct zeek_decoder *d, const struct zeek_layout *l, struct arena *a,
    enum kind kind, struct str s, struct value *out)
{
	struct str rest = s, one;
	struct value v;
	uint32_t n = 0;

	for (; piece(&rest, l->between, &one); n++)
		;
	d->list.n = 0;
	pack_put_array(&d->list, n);
	for (rest = s; piece(&rest, l->between, &one);) {
		v = VALUE_NULL;
		if (!str_eq(one, l->unset) && !scalar(d, a, kind, one, &v))
			return false;
		pack_put(&d->list, v);
	}
	*out = value_of_str(T_LIST, arena_str(a, buf_str(&d->list)));
	return true;
}

/* The value of a field; NULL, or why it is none. */
static const char *
value_of_cell(struct zeek_decoder *d, const struct zeek_layout *l,
    struct arena *a, unsigned i, struct value *out)
{
	struct field f = l->fields[i];
	struct str s = d->cells[i];
	bool good = true;

	*out = VALUE_NULL;
	if (str_eq(s, l->unset))
		return NULL;
	if (f.list && str_eq(s, l->empty)) {
		d->list.n = 0;
		pack_put_array(&d->list, 0);
		*out = value_of_str(T_LIST, arena_str(a, buf_str(&d->list)));
	} else if (f.list) {
		good = list(d, l, a, f.kind, s, out);
	} else if (f.kind == KIND_TEXT && str_eq(s, l->empty)) {
		*out = value_text(STR(""));
	} else {
		good = scalar(d, a, f.kind, s, out);
	}
	return good ? NULL : "a field is not of the type that #types says";
}

static const char *
values(struct zeek_decoder *d, const struct zeek_layout *l, struct batch *b,
    unsigned row, const char **at)
{
	const char *why = NULL;
	struct value v;
	unsigned i;

	for (i = 0; !why && i < d->base.t.n_wants; i++) {
		struct field_want w = d->base.t.wants[i];

		*at = d->cells[w.field].p;
		why = value_of_cell(d, l, b->arena, w.field, &v);
		if (!why)
			why = text_put_value(&d->base.t, w, b, row, v);
	}
	for (i = 0; !why && i < d->n_elements; i++) {
		const struct element *e = &d->elements[i];

		*at = d->cells[e->field].p;
		why = value_of_cell(d, l, b->arena, e->field, &v);
		if (why)
			break;
		if (v.type != T_LIST ||
		    !pack_list_at(v, e->index, b->arena, &v))
			v = VALUE_NULL;
		why = cell_value(
		    d->base.t.base.spec, e->want, &d->cache, b, row, v);
	}
	for (i = 0; !why && d->values && i < l->base.base.n_fields; i++) {
		*at = d->cells[i].p;
		why = value_of_cell(d, l, b->arena, i, &d->values[i]);
	}
	return why;
}

static const char *
zeek_row(struct text_decoder *t, struct batch *b, unsigned row, struct str line,
    const char **at)
{
	struct zeek_decoder *d = (struct zeek_decoder *)t;
	const struct zeek_layout *l =
	    (const struct zeek_layout *)t->base.layout;
	const char *why = split(d, l, line, at);

	if (!why)
		why = values(d, l, b, row, at);
	return why ? why : text_row(t, b, row, line, d->values);
}

static const struct heads_kind heads = {
    .turn = zeek_turn,
    .make = zeek_layout,
    .decoder_new = zeek_decoder_new,
    .decoder_free = zeek_decoder_free,
    .row = zeek_row,
};

const struct format format_zeek = {
    .name = "zeek",
    .look = "#separator \\x09, then #fields",
    .doc = "Zeek logs (conn.log, dns.log) with #fields and #types",
    .about =
	"The logs of Zeek as its ASCII writer makes them. What stands between "
	"fields, their names and their types are told by the lines with # at "
	"the start: time is a time, count, int and port are integers, double "
	"and interval (seconds) floats, T and F of bool are true and false, "
	"set[...] and vector[...] are lists, and anything else is text, in "
	"which \\xHH is resolved. #unset_field (-) is NULL, #empty_field "
	"((empty)) an empty text or list. id.orig_h is written as it stands: "
	"SELECT id.orig_h. Without #types, values are what they look like. "
	"Such lines within the log hold from there on, as when several logs "
	"stand one behind another: fields are found by their names, and those "
	"that are not there are NULL. Other lines with # are passed over.",
    .extensions = "",
    .example = "#fields\tts\tid.orig_h\tservice\torig_bytes\n"
	       "#types\ttime\taddr\tstring\tcount\n"
	       "1774735201.123456\t192.0.2.1\tdns\t42",
    .time_fields = "ts",
    .guess = zeek_guess,
    .start = zeek_start,
    .decoder_new = heads_decoder_new,
    .decoder_free = heads_decoder_free,
    .decode = heads_decode,
    .line = heads_line,
    .frame_on = heads_frame,
    .note = heads_note,
    .recall = heads_recall,
    .lines = true,
};
