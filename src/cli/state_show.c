/* SPDX-License-Identifier: MIT */
/*
 * weir state show: what is known of a state. All of it as lines, or as an
 * object (-t json); to people at a terminal, what they ask for.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/when.h"
#include "cli/state_note.h"
#include "cli/state_verbs.h"
#include "cli/terminal.h"
#include "data/pack.h"

#define NOWHERE ((struct where){0})

struct show {
	const char *dir;
	struct store *store;
	struct store_info info;
	struct value note;
	struct state_maps maps;
	int64_t pid; /* of the run that has it; 0: none has */
	bool json;
	struct arena *arena;
	struct buf out;
};

/* ---- all of it ---- */

/* Members are lines, or those of an object. */
static void
name(struct show *s, const char *key)
{
	if (s->json && s->out.n > 1)
		buf_addc(&s->out, ',');
	buf_printf(&s->out, s->json ? "\"%s\":" : "%s: ", key);
}

static void
put(struct show *s, const char *key, struct value v)
{
	if (v.type == T_NULL)
		return;
	name(s, key);
	value_json(&s->out, v);
	if (!s->json)
		buf_addc(&s->out, '\n');
}

static void
put_count(struct show *s, const char *key, uint64_t n)
{
	put(s, key, value_int((int64_t)n));
}

/* Members of a list, each a line of its own. */
static void
begin_list(struct show *s, const char *key)
{
	if (s->json)
		name(s, key);
	else
		buf_printf(&s->out, "%s:", key);
	buf_addz(&s->out, s->json ? "[" : "\n");
}

static void
begin_item(struct show *s, size_t i)
{
	if (!s->json)
		buf_lit(&s->out, "  - ");
	else if (i)
		buf_addc(&s->out, ',');
}

static void
end_item(struct show *s)
{
	if (!s->json)
		buf_addc(&s->out, '\n');
}

static void
end_list(struct show *s)
{
	if (s->json)
		buf_addc(&s->out, ']');
}

/* A member of the note that is a list: an item a line. */
static void
put_list(struct show *s, const char *key)
{
	struct value list = note_member(s->note, key, s->arena), one;

	if (list.type != T_LIST)
		return;
	begin_list(s, key);
	for (uint32_t i = 0; pack_list_at(list, i, s->arena, &one); i++) {
		begin_item(s, i);
		value_json(&s->out, one);
		end_item(s);
	}
	end_list(s);
}

static void
put_steps(struct show *s)
{
	struct value steps = note_member(s->note, "steps", s->arena), step, one;
	const char *p, *end;
	uint32_t n;

	if (steps.type != T_MAP || s->json) {
		put(s, "steps", steps);
		return;
	}
	p = steps.p;
	end = steps.p + steps.len;
	buf_lit(&s->out, "steps:\n");
	if (!pack_get_map(&p, end, &n))
		return;
	while (n-- && pack_get(&p, end, s->arena, &step) == PACK_OK &&
	       pack_get(&p, end, s->arena, &one) == PACK_OK) {
		buf_lit(&s->out, "  ");
		value_json(&s->out, step);
		buf_lit(&s->out, ": ");
		value_json(&s->out, one);
		buf_addc(&s->out, '\n');
	}
}

static struct value
watermark_of(const struct show *s)
{
	struct value now = note_member(s->note, "now", s->arena);

	return now.type == T_INT && now.i > WHEN_MIN && now.i < WHEN_MAX
		   ? value_time(now.i)
		   : VALUE_NULL;
}

static void
put_note(struct show *s)
{
	static const char *const plain[] = {"ended", "final", "rank"};
	int64_t behind = note_behind(s->note, s->arena);

	for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++)
		put(s, plain[i], note_member(s->note, plain[i], s->arena));
	put(s, "watermark", watermark_of(s));
	put(s, "behind", behind >= 0 ? value_int(behind) : VALUE_NULL);
	put_list(s, "inputs");
	put_list(s, "gaps");
	put_list(s, "outputs");
	put(s, "counts", note_member(s->note, "counts", s->arena));
	put_steps(s);
}

static void
put_maps(struct show *s)
{
	if (!s->maps.n)
		return;
	begin_list(s, "maps");
	for (size_t i = 0; i < s->maps.n; i++) {
		const struct state_map_row *m = &s->maps.rows[i];
		uint64_t entries, bytes;

		store_map_size(s->store, m->number, &entries, &bytes);
		begin_item(s, i);
		buf_lit(&s->out, "{\"step\":");
		json_put_text(&s->out, m->step);
		buf_lit(&s->out, ",\"map\":");
		json_put_text(&s->out, m->name);
		buf_printf(&s->out,
		    ",\"number\":%u,\"entries\":%llu,\"bytes\":%llu}",
		    m->number, (unsigned long long)entries,
		    (unsigned long long)bytes);
		end_item(s);
	}
	end_list(s);
}

static void
put_info(struct show *s)
{
	const struct store_info *i = &s->info;

	put(s, "directory", value_text(str_of(s->dir)));
	put_count(s, "commits", i->epoch);
	if (i->epoch)
		put(s, "written", value_time(i->written));
	if (s->pid)
		put(s, "running", value_int(s->pid));
	put_count(s, "bytes", i->journal_bytes + i->run_bytes);
	put_count(s, "dead_bytes", i->dead_bytes);
	put_count(s, "journals", i->n_journals);
	put_count(s, "runs", i->n_runs);
	put_count(s, "entries", i->n_entries);
	put(s, "closed", value_bool(i->closed));
}

static void
put_all(struct show *s)
{
	struct str schema = store_schema(s->store);

	if (s->json)
		buf_addc(&s->out, '{');
	put_info(s);
	put_note(s);
	put_maps(s);
	if (schema.n) {
		name(s, "schema");
		buf_adds(&s->out, schema);
		buf_addz(&s->out, s->json ? "" : "\n");
	}
	if (s->json)
		buf_lit(&s->out, "}\n");
}

/* ---- for people ---- */

static void
head(struct show *s, const char *what)
{
	buf_printf(&s->out, "%-10s ", what);
}

static void
put_counted(struct buf *out, uint64_t n, const char *what)
{
	buf_printf(
	    out, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

/* A name of the world's, so that it harms no terminal. */
static void
put_name(struct buf *out, struct str text)
{
	char shown[4 * 200 + 8];

	err_quote(shown, text, 200);
	buf_printf(out, "  %-30s ", shown);
}

static void
say_info(struct show *s)
{
	const struct store_info *i = &s->info;

	head(s, "state");
	buf_printf(&s->out, "%s\n", s->dir);
	head(s, "commits");
	buf_printf(&s->out, "%llu", (unsigned long long)i->epoch);
	if (i->epoch) {
		buf_lit(&s->out, ", the last ");
		put_age(&s->out, clock_now() - i->written);
		buf_lit(&s->out, " ago (");
		value_print(&s->out, value_time(i->written));
		buf_addc(&s->out, ')');
	}
	buf_addc(&s->out, '\n');
	head(s, "size");
	put_size(&s->out, i->journal_bytes + i->run_bytes);
	buf_lit(&s->out, ": ");
	put_counted(&s->out, i->n_journals, "journal");
	buf_lit(&s->out, ", ");
	put_counted(&s->out, i->n_runs, "run");
	buf_lit(&s->out, ", ");
	buf_printf(&s->out, "%llu entr%s\n", (unsigned long long)i->n_entries,
	    i->n_entries == 1 ? "y" : "ies");
	head(s, "last run");
	if (s->pid > 0)
		buf_printf(
		    &s->out, "goes on, process %lld\n", (long long)s->pid);
	else
		buf_printf(&s->out, "%s\n",
		    s->pid				    ? "goes on"
		    : note_flag(s->note, "final", s->arena) ? "final"
		    : i->closed				    ? "ended"
							    : "killed");
	if (watermark_of(s).type == T_NULL)
		return;
	head(s, "watermark");
	value_print(&s->out, watermark_of(s));
	buf_addc(&s->out, '\n');
}

static void
say_file(struct show *s, struct value files, uint32_t nth, struct value file)
{
	struct value kind = note_member(file, "kind", s->arena);
	int64_t line = note_number(file, "line", s->arena);
	int64_t unread = note_unread(files, nth, s->arena);

	if (note_flag(file, "aside", s->arena))
		return;
	put_name(
	    &s->out, kind.type == T_TEXT && str_is(value_str(kind), "values")
			 ? STR("constant rows")
			 : note_text_of(file, "path", s->arena));
	put_size(&s->out, (uint64_t)note_number(file, "offset", s->arena));
	if (kind.type == T_NULL) {
		buf_lit(&s->out, " of ");
		put_size(
		    &s->out, (uint64_t)note_number(file, "size", s->arena));
	}
	buf_lit(&s->out, " read");
	if (line) {
		buf_lit(&s->out, ", ");
		put_counted(&s->out, (uint64_t)line, "line");
	}
	if (unread > 0) {
		buf_lit(&s->out, ", ");
		put_size(&s->out, (uint64_t)unread);
		buf_lit(&s->out, " to read");
	}
	buf_addc(&s->out, '\n');
}

static void
say_inputs(struct show *s)
{
	struct value inputs = note_member(s->note, "inputs", s->arena);
	struct value input, file;

	if (inputs.type != T_LIST || !pack_count(inputs))
		return;
	buf_lit(&s->out, "inputs\n");
	for (uint32_t i = 0; pack_list_at(inputs, i, s->arena, &input); i++) {
		struct value files = note_member(input, "files", s->arena);

		for (uint32_t k = 0; files.type == T_LIST &&
				     pack_list_at(files, k, s->arena, &file);
		     k++)
			say_file(s, files, k, file);
	}
}

static void
say_outputs(struct show *s)
{
	struct value list = note_member(s->note, "outputs", s->arena), one;

	if (list.type != T_LIST || !pack_count(list))
		return;
	buf_lit(&s->out, "outputs\n");
	for (uint32_t i = 0; pack_list_at(list, i, s->arena, &one); i++) {
		struct str path = note_text_of(one, "path", s->arena);

		if (!path.n)
			path = note_text_of(one, "name", s->arena);
		put_name(
		    &s->out, str_is(path, "-") ? STR("standard output") : path);
		if (note_member(one, "rows", s->arena).type == T_INT)
			put_counted(&s->out,
			    (uint64_t)note_number(one, "rows", s->arena),
			    "row");
		if (note_member(one, "length", s->arena).type == T_INT) {
			buf_lit(&s->out, ", ");
			put_size(&s->out,
			    (uint64_t)note_number(one, "length", s->arena));
			buf_lit(&s->out, " committed");
		}
		buf_addc(&s->out, '\n');
	}
}

/* What each step keeps: maps of a step follow one another. */
static void
say_steps(struct show *s)
{
	if (s->maps.n)
		buf_lit(&s->out, "steps\n");
	for (size_t i = 0, k; i < s->maps.n; i = k) {
		struct str step = s->maps.rows[i].step;
		uint64_t entries = 0, bytes = 0, e, b;

		for (k = i; k < s->maps.n && str_eq(s->maps.rows[k].step, step);
		     k++) {
			store_map_size(
			    s->store, s->maps.rows[k].number, &e, &b);
			entries += e;
			bytes += b;
		}
		put_name(&s->out, step);
		buf_printf(&s->out, "%llu entr%s, ",
		    (unsigned long long)entries, entries == 1 ? "y" : "ies");
		put_size(&s->out, bytes);
		buf_addc(&s->out, '\n');
	}
}

/* ---- the command ---- */

static void
show_state(struct show *s, const struct options *o)
{
	store_info(s->store, &s->info);
	s->pid = store_owner(s->dir);
	s->note = state_note(store_note(s->store), s->arena);
	state_maps_read(&s->maps, store_schema(s->store), s->arena);
	s->json = o->to;
	if (s->json || !isatty(STDOUT_FILENO)) {
		put_all(s);
	} else {
		say_info(s);
		say_inputs(s);
		say_outputs(s);
		say_steps(s);
	}
	mem_free(s->maps.rows);
}

int
state_show(const char *const *operands, unsigned n, const struct options *o,
    struct err *err)
{
	struct arena a;
	struct show s = {.arena = &a};
	int failed = -1;

	(void)n;
	arena_init(&a, 4096);
	s.store = state_look(operands[0], &a, &s.dir, err);
	if (s.store) {
		show_state(&s, o);
		failed =
		    store_close(s.store, err) || terminal_write(&s.out, err);
	}
	buf_release(&s.out);
	arena_release(&a);
	return failed ? -1 : 0;
}
