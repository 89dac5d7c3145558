/* SPDX-License-Identifier: MIT */
/*
 * weir state dump and load: a state as lines of JSON. The first line is what
 * the commit says, the last one that nothing is missing; each other line is an
 * entry. What a reader is shown (step, map, time, key) stands beside the bytes
 * that load takes back, so that a state that was dumped and loaded dumps the
 * same again.
 */
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/when.h"
#include "cli/state_dir.h"
#include "cli/state_plan.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"
#include "data/key.h"
#include "data/pack.h"
#include "run/run.h"
#include "run/spool.h"
#include "state/pieces.h"

#define NOWHERE ((struct where){0})
#define DUMP_VERSION 2	    /* 1 had no last line */
#define DUMP_END "complete" /* the member of the last line */
#define FLUSH_BYTES ((size_t)1 << 16)
#define READ_BYTES ((size_t)1 << 16)

/* ---- dump ---- */

struct dump {
	struct store *store;
	struct state_plan plan;
	struct buf out;
	struct arena arena; /* of one entry */
	struct err *err;
	int failed;
};

static void
put_bytes(struct buf *out, const char *name, struct str bytes)
{
	buf_printf(out, ",\"%s\":", name);
	value_json(out, value_of_str(T_BYTES, bytes));
}

/* Buckets of windows are times; a number that can hardly be one is none. */
static void
put_time(struct buf *out, int64_t bucket)
{
	if (bucket < 86400 * WHEN_SECOND || bucket > WHEN_MAX / 2)
		return;
	buf_lit(out, ",\"time\":");
	value_json(out, value_time(bucket));
}

static void
put_key(struct dump *d, struct str key)
{
	const char *p = key.p, *end = key.p + key.n;
	int n = key_count(key);

	if (n < 0)
		return;
	buf_lit(&d->out, ",\"key\":[");
	for (int i = 0; i < n; i++) {
		if (i)
			buf_addc(&d->out, ',');
		value_json(&d->out, key_get(&p, end, &d->arena));
	}
	buf_addc(&d->out, ']');
}

static void
settle(struct dump *d)
{
	if (d->out.n >= FLUSH_BYTES && !d->failed)
		d->failed = terminal_write(&d->out, d->err);
	if (d->out.n >= FLUSH_BYTES)
		d->out.n = 0;
}

/* What outputs keep: text as it stands, or packed. */
static void
put_own(struct dump *d, const struct run_map *m, struct str bytes)
{
	const char *p = bytes.p, *end = p + bytes.n;
	struct value v = value_of_str(T_TEXT, bytes);

	if (m->packed ? pack_get(&p, end, &d->arena, &v) != PACK_OK || p != end
		      : !utf8_valid(bytes))
		return;
	buf_lit(&d->out, ",\"value\":");
	value_json(&d->out, v);
}

/* A value that nobody has put together yet. */
static void
put_pieces(struct buf *out, struct str pieces)
{
	const char *comma = "";
	struct str piece;

	buf_lit(out, ",\"raw_pieces\":[");
	while (pieces_next(&pieces, &piece)) {
		buf_addz(out, comma);
		value_json(out, value_of_str(T_BYTES, piece));
		comma = ",";
	}
	buf_addc(out, ']');
}

/* What load takes back, around what people are shown. */
static void
put_entry(struct dump *d, const struct state_map_row *m,
    const struct op_entry *e, struct op_show *show)
{
	struct buf *out = &d->out;
	bool known = show && key_check(e->key) && op_show_entry(show, e);

	buf_lit(out, "{\"step\":");
	json_put_text(out, m->step);
	buf_lit(out, ",\"map\":");
	json_put_text(out, m->name);
	buf_printf(out, ",\"number\":%u,\"bucket\":%lld", m->number,
	    (long long)e->bucket);
	if (known && show->when.n)
		buf_adds(out, buf_str(&show->when));
	else
		put_time(out, e->bucket);
	put_key(d, e->key);
	if (known && show->value.n) {
		buf_lit(out, ",\"value\":");
		buf_adds(out, buf_str(&show->value));
	}
	for (unsigned i = 0; i < n_run_maps; i++)
		if (m->number == run_maps[i].number && !e->pieces)
			put_own(d, &run_maps[i], e->value);
	put_bytes(out, "raw_key", e->key);
	if (e->pieces)
		put_pieces(out, e->value);
	else
		put_bytes(out, "raw_value", e->value);
	buf_lit(out, "}\n");
}

static void
dump_bucket(struct dump *d, const struct state_map_row *m, int64_t bucket,
    struct op_show *show)
{
	struct store_scan *scan = store_scan_begin(d->store, m->number, bucket);
	struct op_entry e = {.map = m->name, .bucket = bucket};

	while (!d->failed && store_scan_next(scan, &e.key, &e.value)) {
		e.pieces = store_scan_pieces(scan);
		put_entry(d, m, &e, show);
		arena_reset(&d->arena);
		settle(d);
	}
	store_scan_end(scan);
}

static void
dump_map(struct dump *d, const struct state_map_row *m)
{
	struct op_show *show = state_plan_step(&d->plan, m->step);
	int64_t *buckets = NULL;
	size_t n = store_buckets(d->store, m->number, &buckets);

	for (size_t i = 0; i < n && !d->failed; i++)
		dump_bucket(d, m, buckets[i], show);
	mem_free(buckets);
}

static void
dump_head(struct dump *d)
{
	buf_printf(&d->out, "{\"weir_state\":%d", DUMP_VERSION);
	put_bytes(&d->out, "note", store_note(d->store));
	buf_lit(&d->out, ",\"schema\":");
	json_put_text(&d->out, store_schema(d->store));
	buf_lit(&d->out, "}\n");
}

/* The steps are asked what their entries mean, if they can be. */
static void
open_plan(struct dump *d, const struct options *o)
{
	struct err err = {0};

	if (!store_schema(d->store).n ||
	    !state_plan_open(&d->plan, d->store, &err))
		return;
	if (!o->quiet)
		fprintf(stderr, "weir: no values, only their bytes: %s\n",
		    err.message);
	err_release(&err);
}

/* What is kept of standard input are bytes, and no entries. */
static void
say_spool(const struct store *s, const char *dir, const struct options *o)
{
	if (spool_is(store_folder(s)) && !o->quiet)
		fprintf(stderr,
		    "weir: %s: what --journal keeps of standard input is not "
		    "part of a dump, but of a savepoint\n",
		    dir);
}

/* What a run puts meanwhile is not seen. */
static void
say_live(const char *dir, const struct options *o)
{
	int64_t pid = store_owner(dir);

	if (!pid || o->quiet)
		return;
	fprintf(stderr, "weir: %s: a run goes on", dir);
	if (pid > 0)
		fprintf(stderr, " (process %lld)", (long long)pid);
	fputs(", this is its last commit\n", stderr);
}

static int
dump_all(struct dump *d, const struct options *o)
{
	struct state_maps maps;
	struct arena a;

	arena_init(&a, 4096);
	open_plan(d, o);
	dump_head(d);
	state_maps_read(&maps, store_schema(d->store), &a);
	for (size_t i = 0; i < maps.n; i++)
		dump_map(d, &maps.rows[i]);
	for (unsigned i = 0; i < n_run_maps; i++)
		dump_map(d, &(struct state_map_row){STR(""), STR(""),
				str_of(run_maps[i].name), run_maps[i].number});
	if (!d->failed && store_failed(d->store, d->err))
		d->failed = -1;
	if (!d->failed) {
		buf_lit(&d->out, "{\"" DUMP_END "\":true}\n");
		d->failed = terminal_write(&d->out, d->err);
	}
	state_plan_close(&d->plan);
	mem_free(maps.rows);
	arena_release(&a);
	return d->failed;
}

int
state_dump(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct dump d = {.err = err};
	struct err other = {0};
	struct arena a;
	const char *dir;
	int failed = -1;

	(void)n;
	arena_init(&a, 1024);
	arena_init(&d.arena, 4096);
	d.store = state_look(operands[0], &a, &dir, err);
	if (d.store) {
		say_live(dir, o);
		say_spool(d.store, dir, o);
		failed = dump_all(&d, o);
		if (store_close(d.store, failed ? &other : err))
			failed = -1;
	}
	err_release(&other);
	buf_release(&d.out);
	arena_release(&d.arena);
	arena_release(&a);
	return failed;
}

/* ---- load ---- */

struct load {
	struct store *store;
	struct arena arena; /* of one line */
	struct buf note, bytes;
	struct buf text;   /* read, from `at` on not yet used */
	size_t at, looked; /* no line ends within so many bytes */
	const char *file;
	unsigned long line;
	int64_t version; /* of the dump */
	bool made;	 /* the directory was empty, or not there */
	bool complete;	 /* the last line has been read */
};

static int
bad_line(const struct load *l, const char *what, struct err *err)
{
	return err_set(
	    err, ERR_INPUT, NOWHERE, "%s:%lu: %s", l->file, l->line, what);
}

/* Base64 (RFC 4648) behind what is in the buffer; false if it is none. */
static bool
decode(struct buf *out, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	uint32_t word = 0;
	unsigned bits = 0;

	while (s.n && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		const char *digit = s.p[i] ? strchr(digits, s.p[i]) : NULL;

		if (!digit)
			return false;
		word = word << 6 | (uint32_t)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(out, (char)(word >> bits & 255));
		}
	}
	return s.n % 4 != 1;
}

static bool
text_of(struct load *l, struct value line, const char *key, struct str *out)
{
	struct value v;

	if (!pack_map_find(line, str_of(key), &l->arena, &v) ||
	    v.type != T_TEXT)
		return false;
	*out = value_str(v);
	return true;
}

static bool
number_of(struct load *l, struct value line, const char *key, int64_t *out)
{
	struct value v;

	if (!pack_map_find(line, str_of(key), &l->arena, &v) || v.type != T_INT)
		return false;
	*out = v.i;
	return true;
}

static int
load_head(struct load *l, struct value line, struct err *err)
{
	struct str note, schema;

	if (!number_of(l, line, "weir_state", &l->version) ||
	    !text_of(l, line, "note", &note) ||
	    !text_of(l, line, "schema", &schema) || !decode(&l->note, note))
		return bad_line(
		    l, "this is not what `weir state dump` prints", err);
	if (l->version < 1 || l->version > DUMP_VERSION)
		return bad_line(l, "this is of another version", err);
	store_set_schema(l->store, schema);
	return 0;
}

/* Pieces go behind one another, as they did. */
static bool
load_pieces(struct load *l, unsigned number, int64_t bucket, struct value line,
    struct str key)
{
	size_t n = key.n;
	struct value all;
	bool first = true;

	if (!pack_map_find(line, STR("raw_pieces"), &l->arena, &all) ||
	    all.type != T_LIST)
		return false;
	for (uint32_t i = 0, count = pack_count(all); i < count; i++) {
		struct str piece;
		struct value v;

		l->bytes.n = n;
		if (!pack_list_at(all, i, &l->arena, &v) || v.type != T_TEXT ||
		    !decode(&l->bytes, value_str(v)))
			return false;
		key.p = l->bytes.p;
		piece = (struct str){key.p + n, l->bytes.n - n};
		if (first)
			store_put(l->store, number, bucket, key, piece);
		else
			store_append(l->store, number, bucket, key, piece);
		first = false;
	}
	return !first;
}

static int
load_entry(struct load *l, struct value line, struct err *err)
{
	struct str key, value = {0};
	int64_t number, bucket;
	bool whole = text_of(l, line, "raw_value", &value);
	size_t n;

	l->bytes.n = 0;
	if (!number_of(l, line, "number", &number) || number < 0 ||
	    number > UINT32_MAX || !number_of(l, line, "bucket", &bucket) ||
	    !text_of(l, line, "raw_key", &key) || !decode(&l->bytes, key))
		return bad_line(l, "this is no entry of a state", err);
	n = l->bytes.n;
	if (key_count((struct str){l->bytes.p, n}) < 0 ||
	    (whole ? !decode(&l->bytes, value)
		   : !load_pieces(l, (unsigned)number, bucket, line,
			 (struct str){l->bytes.p, n})))
		return bad_line(l, "this is no entry of a state", err);
	if (!whole)
		return 0;
	store_put(l->store, (unsigned)number, bucket,
	    (struct str){l->bytes.p, n},
	    (struct str){l->bytes.p + n, l->bytes.n - n});
	return 0;
}

static int
load_line(struct load *l, struct str text, struct err *err)
{
	struct value line, end;

	arena_reset(&l->arena);
	if (!pack_parse_json(text, &l->arena, &line) || line.type != T_MAP)
		return bad_line(l, "this is no JSON object", err);
	if (l->line == 1)
		return load_head(l, line, err);
	if (l->complete)
		return bad_line(l, "the dump was complete before this", err);
	l->complete = pack_map_find(line, STR(DUMP_END), &l->arena, &end) &&
		      end.type == T_BOOL && end.b;
	return l->complete ? 0 : load_entry(l, line, err);
}

/* Version 1 cannot tell. */
static int
check_end(const struct load *l, struct err *err)
{
	if (!l->line)
		return err_set(err, ERR_INPUT, NOWHERE,
		    "%s: there is nothing in it", l->file);
	if (l->complete || l->version == 1)
		return 0;
	err_set(err, ERR_INPUT, NOWHERE,
	    "%s:%lu: the dump is cut off behind this line", l->file, l->line);
	return err_hint(err, "its last line is {\"" DUMP_END "\":true}");
}

/* The next line without its end; false at the end of the file. */
static bool
next_line(struct load *l, FILE *in, struct str *line)
{
	for (;;) {
		struct str rest = {l->text.p + l->at, l->text.n - l->at};
		long end = rest.n ? str_find(rest, STR("\n"), l->looked) : -1;
		size_t n;

		if (end >= 0 || (feof(in) && rest.n)) {
			*line = rest;
			line->n = end >= 0 ? (size_t)end : rest.n;
			l->at += line->n + (end >= 0);
			l->looked = 0;
			return true;
		}
		if (feof(in) || ferror(in))
			return false;
		if (l->at)
			memmove(l->text.p, rest.p, rest.n);
		l->looked = rest.n;
		l->text.n = rest.n;
		l->at = 0;
		n = fread(buf_reserve(&l->text, READ_BYTES), 1, READ_BYTES, in);
		l->text.n += n;
	}
}

static int
load_lines(struct load *l, FILE *in, struct err *err)
{
	struct store_commit c = {0};
	struct str line;
	int failed = 0;

	while (!failed && next_line(l, in, &line)) {
		l->line++;
		failed = load_line(l, line, err);
	}
	if (!failed && ferror(in))
		failed =
		    err_sys(err, ERR_INPUT, errno, "cannot read %s", l->file);
	if (!failed)
		failed = check_end(l, err);
	c.note = buf_str(&l->note);
	return failed || store_commit(l->store, &c, err) ||
		       store_wait(l->store, err)
		   ? -1
		   : 0;
}

/* The directory is new, or at least nothing is in it. */
static int
open_new(struct load *l, const char *dir, struct err *err)
{
	struct store_options options = {.create = true};

	if (store_open(&l->store, dir, &options, err))
		return -1;
	l->made = !store_epoch(l->store);
	if (l->made)
		return 0;
	err_set(
	    err, ERR_STATE, NOWHERE, "%s: there is a state in it already", dir);
	return err_hint(err, "load makes a new one: name another directory");
}

int
state_load(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	bool is_stdin = n < 2 || !strcmp(operands[1], "-");
	struct load l = {.file = is_stdin ? "standard input" : operands[1]};
	struct err other = {0};
	struct arena a;
	const char *dir;
	FILE *in = is_stdin ? stdin : fopen(operands[1], "re");
	int failed;

	(void)o;
	if (!in)
		return err_sys(
		    err, ERR_INPUT, errno, "cannot open %s", operands[1]);
	arena_init(&a, 1024);
	arena_init(&l.arena, 4096);
	dir = state_dir(operands[0], &a, err);
	failed = !dir || open_new(&l, dir, err) || load_lines(&l, in, err);
	if (l.store && store_close(l.store, failed ? &other : err))
		failed = true;
	if (failed && l.made && store_remove(dir, &other))
		err_note(err, "%s is left half made", dir);
	err_release(&other);
	if (!is_stdin)
		fclose(in);
	buf_release(&l.note);
	buf_release(&l.bytes);
	buf_release(&l.text);
	arena_release(&l.arena);
	arena_release(&a);
	return failed ? -1 : 0;
}
