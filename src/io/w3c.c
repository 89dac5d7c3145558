/* SPDX-License-Identifier: MIT */
/*
 * The extended log format of the W3C (working draft WD-logfile): lines with #
 * are directives, #Fields names what the records have. IIS, CloudFront and
 * others write it.
 */
#include "base/mem.h"
#include "io/heads.h"
#include "io/names.h"
#include "io/scan.h"

struct w3c_layout {
	/*
	 * Fields: those of the line, and ts. The head is what stands behind
	 * #Fields:, and on a second line the day of #Date: if it names none.
	 */
	struct headed_layout base;
	unsigned n;	     /* fields of a line */
	struct str day;	     /* of #Date:, or empty */
	bool local;	     /* date and time are not UTC */
	unsigned date, time; /* numbers of them, or n */
};

struct w3c_decoder {
	struct headed_decoder base;
	struct str *cells;
	struct value *values;
	struct when_cache cache;
};

/* ---- the start ---- */

static const struct str directive = {"#Fields:", 8};

/* The names behind #Fields: in a line, or empty. */
static struct str
names_in(struct str line)
{
	if (!str_starts(line, directive))
		return (struct str){NULL, 0};
	return str_trim(
	    (struct str){line.p + directive.n, line.n - directive.n});
}

static struct str
next_name(struct str *rest)
{
	struct str name;
	size_t n = 0;

	*rest = str_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	name = (struct str){rest->p, n};
	*rest = (struct str){rest->p + n, rest->n - n};
	return name;
}

/* A name that is there already gets the number of its place: time_7. */
static struct str
single(struct names *seen, struct arena *arena, struct str name, unsigned place)
{
	while (names_find(seen, name) != NAMES_NONE)
		name = arena_printf(arena, "%.*s_%u", STR_ARG(name), place + 1);
	names_add(seen, name);
	return name;
}

/* The names of a head, and the day behind them. */
static struct str
head_day(struct str *head)
{
	long feed = str_find(*head, STR("\n"), 0);
	struct str day = {NULL, 0};

	if (feed < 0)
		return day;
	day = (struct str){head->p + feed + 1, head->n - (size_t)feed - 1};
	head->n = (size_t)feed;
	return day;
}

/* The places of date and time among the names, or n. */
static void
find_time(struct w3c_layout *l, const struct str *list, unsigned n)
{
	l->n = l->date = l->time = n;
	for (unsigned i = 0; i < n; i++) {
		if (str_is(list[i], "date"))
			l->date = i;
		else if (str_is(list[i], "time"))
			l->time = i;
	}
	if (l->date < n || l->time < n)
		return;
	for (unsigned i = 0; i < n; i++) {
		if (str_is(list[i], "date-local"))
			l->date = i;
		else if (str_is(list[i], "time-local"))
			l->time = i;
	}
	l->local = true;
}

static struct layout *
w3c_layout(const struct heads *h, struct str names, struct arena *arena)
{
	struct w3c_layout *l = arena_zalloc(arena, sizeof *l);
	struct str day = head_day(&names), rest = names, *list;
	struct names seen = {0};
	unsigned n = 0;

	while (n < h->limits.fields_max && next_name(&rest).n)
		n++;
	list = arena_array(arena, n + 1, sizeof *list);
	rest = names;
	for (unsigned i = 0; i < n; i++)
		list[i] = single(&seen, arena, next_name(&rest), i);
	list[n] = single(&seen, arena, STR("ts"), n);
	names_release(&seen);
	find_time(l, list, n);
	l->day = day;
	l->base.base.fields = list;
	l->base.base.n_fields = n + (l->time < n && (l->date < n || day.n));
	return &l->base.base;
}

/* The day of "#Date: 2000-10-09 16:44:49", or empty. */
static struct str
day_in(struct str line)
{
	const struct when_layout iso = {.kind = WHEN_ISO};
	struct when_cache cache = {0};
	struct str day = {NULL, 0};
	int64_t t;

	if (!str_starts(line, STR("#Date:")))
		return day;
	day = str_trim((struct str){line.p + 6, line.n - 6});
	day.n = day.n < 10 ? 0 : 10;
	return when_parse(&iso, &cache, day, &t) ? day : (struct str){NULL, 0};
}

/* A #Fields: that names nothing says nothing. */
static bool
w3c_turn(struct str head, struct str line, struct buf *out)
{
	struct str old = head, was = head_day(&old);
	struct str names = names_in(line), day = day_in(line);

	if (!names.n && !day.n)
		return false;
	names = names.n ? names : old;
	day = day.n ? day : was;
	if (str_eq(names, old) && str_eq(day, was))
		return false;
	buf_adds(out, names);
	if (day.n) {
		buf_addc(out, '\n');
		buf_adds(out, day);
	}
	return true;
}

/*
 * Looks for #Fields among the directives at the start, within max bytes; names
 * are what they make of a head. 1, 0: more is needed, -1: there is none.
 */
static int
find_names(
    struct str head, bool eof, size_t max, struct buf *names, size_t *used)
{
	const char *p = head.p + text_bom(head), *end = head.p + head.n;

	while (p < end && (*p == '#' || *p == '\n' || *p == '\r')) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct str line = {p, (size_t)((nl ? nl : end) - p)};
		struct buf turned = {0};

		if ((size_t)((nl ? nl : end) - head.p) > max)
			return -1; /* however much has been read */
		if (!nl && !eof)
			return 0;
		p = nl ? nl + 1 : end;
		*used = (size_t)(p - head.p);
		if (w3c_turn(buf_str(names), line, &turned)) {
			buf_release(names);
			*names = turned;
		} else {
			buf_release(&turned);
		}
		if (names_in(line).n)
			return 1;
	}
	return p < end || eof ? -1 : 0;
}

static const struct heads_kind heads;

static enum start_status
w3c_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct headed_layout *l;
	struct buf names = {0};
	size_t from = 0;
	int found;

	if (text_no_settings(&format_w3c, settings, err))
		return START_ERR;
	found = find_names(head, eof, limits->record_max, &names, &from);
	if (found < 0 && head.n)
		err_set(err, ERR_INPUT, (struct where){0},
		    "there is no #Fields: before the first record");
	if (!found || (found < 0 && head.n)) {
		buf_release(&names);
		return found ? START_ERR : START_MORE;
	}
	l = heads_begin(&format_w3c, &heads, buf_str(&names), limits, arena);
	buf_release(&names);
	text_start_as(&l->base, &format_w3c, head, true, settings, out, used);
	*used = from;
	return START_OK;
}

/* One of those that may come before #Fields:. */
static bool
like_directive(struct str line)
{
	static const char *const list[] = {"#Version: ", "#Software: ",
	    "#Date: ", "#Start-Date: ", "#Remark: "};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (str_starts(line, str_of(list[i])))
			return true;
	return false;
}

static int
w3c_guess(struct str head, bool whole)
{
	struct buf names = {0};
	size_t used;
	int found;

	if (head.n <= text_bom(head) || head.p[text_bom(head)] != '#')
		return 0;
	found = find_names(head, whole, SIZE_MAX, &names, &used);
	buf_release(&names);
	if (found > 0)
		return 95;
	/* A pipe is judged by its first line, if that is enough. */
	if (str_starts(head, STR("#Version: 1.")) ||
	    str_starts(head, STR("#Software: Microsoft Internet ")))
		return 90;
	return like_directive(head) && !whole ? GUESS_UNSURE : 0;
}

/* ---- decoding ---- */

static struct headed_decoder *
w3c_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct w3c_decoder *d = mem_zalloc(sizeof *d);

	text_init(&d->base.t, layout, spec);
	d->cells = arena_array(
	    &d->base.t.arena, layout->n_fields + 1, sizeof *d->cells);
	if (d->base.t.n_maps)
		d->values = arena_array(
		    &d->base.t.arena, layout->n_fields, sizeof *d->values);
	return &d->base;
}

/* Takes the line apart; NULL, or why it is bad. */
static const char *
split(struct w3c_decoder *d, const struct w3c_layout *l, struct str line,
    const char **at)
{
	const char *p = line.p, *end = line.p + line.n;
	char between = memchr(line.p, '\t', line.n) ? '\t' : ' ';
	unsigned n = 0;

	while (p <= end) {
		const char *q = p, *stop;

		if (between == ' ' && p < end && *p == ' ') {
			p++;
			continue;
		}
		if (p < end && *p == '"') { /* "" is a quote in it */
			q = scan_byte(p + 1, end, '"');
			while (end - q > 1 && q[1] == '"')
				q = scan_byte(q + 2, end, '"');
		}
		stop = scan_byte(q, end, between);
		if (stop == p && between == ' ')
			break; /* blanks at the end */
		*at = p;
		if (n == l->n)
			return "more fields than #Fields names";
		d->cells[n++] = (struct str){p, (size_t)(stop - p)};
		p = stop + 1;
	}
	*at = NULL;
	return n < l->n ? "fewer fields than #Fields names" : NULL;
}

static struct str
unquoted(struct arena *a, struct str s, bool *quoted)
{
	char *out, *to;

	*quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
	if (!*quoted)
		return s;
	s = (struct str){s.p + 1, s.n - 2};
	if (!s.n || !memchr(s.p, '"', s.n))
		return s;
	out = to = arena_alloc(a, s.n + 8);
	for (size_t i = 0; i < s.n; i++) {
		*to++ = s.p[i];
		i += s.p[i] == '"';
	}
	return (struct str){out, (size_t)(to - out)};
}

static bool
is_null(struct str s)
{
	return !s.n || (s.n == 1 && *s.p == '-');
}

/* A date or time may stand in quotes. */
static struct str
bare(struct str s)
{
	if (s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

/* The date and the time of day, which are UTC, or local. */
static const char *
stamp_of(struct w3c_decoder *d, const struct w3c_layout *l,
    const struct zone *zone, struct value *out)
{
	const struct when_layout iso = {
	    .kind = WHEN_ISO, .zone = l->local ? zone : NULL};
	struct str date = l->date < l->n ? bare(d->cells[l->date]) : l->day;
	struct str clock = bare(d->cells[l->time]);
	char text[64];
	int64_t t;

	*out = VALUE_NULL;
	if (is_null(date) || is_null(clock))
		return NULL;
	if (date.n + clock.n + 1 > sizeof text)
		return "the time is not readable";
	memcpy(text, date.p, date.n);
	text[date.n] = 'T';
	memcpy(text + date.n + 1, clock.p, clock.n);
	if (!when_parse(
		&iso, &d->cache, (struct str){text, date.n + 1 + clock.n}, &t))
		return "the time is not readable";
	*out = value_time(t);
	return NULL;
}

static const char *
put(struct w3c_decoder *d, const struct w3c_layout *l, struct batch *b,
    unsigned row, struct field_want w)
{
	const struct decode_spec *spec = d->base.t.base.spec;
	const char *why;
	struct value v;
	struct str s;
	bool quoted;

	if (w.field == l->n) {
		why = stamp_of(d, l, spec->wants[w.want].layout.zone, &v);
		return why ? why : text_put_value(&d->base.t, w, b, row, v);
	}
	s = d->cells[w.field];
	if (is_null(s))
		return cell_missing(spec, w.want, b, row);
	s = unquoted(b->arena, s, &quoted);
	return text_put(&d->base.t, w, b, row, s, quoted);
}

static const char *
all_values(struct w3c_decoder *d, const struct w3c_layout *l, struct arena *a)
{
	const struct text_decoder *t = &d->base.t;
	const struct zone *zone = t->base.spec->wants[t->maps[0]].layout.zone;

	for (unsigned i = 0; i < l->n; i++) {
		struct str s = d->cells[i];
		bool quoted;

		d->values[i] = VALUE_NULL;
		if (is_null(s))
			continue;
		s = unquoted(a, s, &quoted);
		d->values[i] = cell_guess(a, s, quoted);
	}
	return l->base.base.n_fields > l->n
		   ? stamp_of(d, l, zone, &d->values[l->n])
		   : NULL;
}

static void
w3c_decoder_free(struct headed_decoder *d)
{
	text_release(&d->t);
	mem_free(d);
}

static const char *
w3c_row(struct text_decoder *t, struct batch *b, unsigned row, struct str line,
    const char **at)
{
	struct w3c_decoder *d = (struct w3c_decoder *)t;
	const struct w3c_layout *l = (const struct w3c_layout *)t->base.layout;
	const char *why;

	why = split(d, l, line, at);
	for (unsigned i = 0; !why && i < t->n_wants; i++)
		why = put(d, l, b, row, t->wants[i]);
	if (!why && d->values)
		why = all_values(d, l, b->arena);
	return why ? why : text_row(t, b, row, line, d->values);
}

static const struct heads_kind heads = {
    .turn = w3c_turn,
    .make = w3c_layout,
    .decoder_new = w3c_decoder_new,
    .decoder_free = w3c_decoder_free,
    .row = w3c_row,
};

const struct format format_w3c = {
    .name = "w3c",
    .look = "#Version: or #Fields:",
    .doc = "W3C extended log: IIS, CloudFront and others, with #Fields:",
    .about =
	"The fields are those that #Fields: names, and ts, made of date and "
	"time, which are UTC (or of date-local and time-local, by --tz; the "
	"day is that of #Date: if there is no date). Blanks or tabs stand "
	"between; a value is a "
	"number or text by what it looks like, \"-\" is NULL, text may stand "
	"in double quotes. What the server replaced (+ for a blank, %20) "
	"stays as it is written. Names with signs stand in backticks: "
	"`cs-uri-stem`, `cs(User-Agent)`. A #Fields: within the log holds "
	"from there on, as when the server was set up anew, or logs stand one "
	"behind another: fields are found by their names, and those it does "
	"not name are NULL. Other directives are passed over.",
    .extensions = "",
    .example = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
	       "2002-05-02 17:42:15 172.22.255.255 GET /images/picture.jpg "
	       "200",
    .time_fields = "ts",
    .guess = w3c_guess,
    .start = w3c_start,
    .decoder_new = heads_decoder_new,
    .decoder_free = heads_decoder_free,
    .decode = heads_decode,
    .line = heads_line,
    .frame_on = heads_frame,
    .note = heads_note,
    .recall = heads_recall,
    .lines = true,
};
