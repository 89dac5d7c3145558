/* SPDX-License-Identifier: MIT */
/*
 * weir fmt: a spec in its canonical form. Keys come in the order of their
 * tables, blocks are indented by two, and what is a short map of settings goes
 * on one line. Texts, lists in [] and maps in {} stay as they are written, and
 * every comment stays with its entry.
 *
 * The result is read again: it must be the same tree but for the order of keys
 * that have one, with the same comments. Where it would not be, the spec is
 * refused rather than changed.
 */
#include "front/front.h"
#include "front/yaml_form.h"
#include "front/yaml_tree.h"

#define COLUMNS 80

struct printer {
	struct arena *arena;
	struct buf *out;
	bool as_is; /* maps in blocks stay in blocks */
	bool apart; /* the line before ends what is apart: no empty line */
};

/* ---- the order of keys ---- */

/* The place of a map in spec_list.h, by that of the map it is in. */
static const char *
place_in(struct arena *a, const char *place, struct str key)
{
	static const char *const same[][2] = {{"inputs", "inputs"},
	    {"outputs", "outputs"}, {"inputs.*", "input"},
	    {"outputs.*", "output"}};
	struct buf path = {0};
	const char *found = NULL;

	if (*place)
		buf_printf(&path, "%s.", place);
	buf_adds(&path, key);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (!strcmp(buf_z(&path), same[i][0]))
			found = same[i][1];
	if (!found && !strcmp(buf_z(&path), "input.time"))
		found = "time";
	if (!found)
		found = arena_strdup(a, buf_z(&path));
	buf_release(&path);
	return found;
}

/* The same for an entry of a map of names, or of a list. */
static const char *
place_within(struct arena *a, const char *place)
{
	return place_in(a, place, STR("*"));
}

static bool
is_names(const char *place)
{
	static const char *const maps[] = {
	    "inputs", "outputs", "flows", "params"};

	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		if (!strcmp(place, maps[i]))
			return true;
	return false;
}

static bool
is_step(const char *place)
{
	return !strcmp(place, "steps.*") || !strcmp(place, "flows.*.steps.*");
}

/*
 * Where a key stands among those of its map. One that has no row is a setting
 * of the format, and stands behind that.
 */
static unsigned
rank_of_key(const char *place, struct str name)
{
	size_t n = strlen(place);
	unsigned format = n_spec_keys;

	for (unsigned i = 0; i < n_spec_keys; i++) {
		const char *path = spec_keys[i].path;

		if (n && (strncmp(path, place, n) || path[n] != '.'))
			continue;
		path += n + (n > 0);
		if (str_is(name, path))
			return 2 * i;
		if (!strcmp(path, "format"))
			format = i;
	}
	return 2 * format + 1;
}

/* name, the action word, its parameters as they were. */
static unsigned
rank_in_step(const struct op_kind *kind, struct str name)
{
	if (str_is(name, "name"))
		return 0;
	return str_is(name, kind->name) ? 1 : 2;
}

static bool
takes(const struct op_kind *kind, struct str name)
{
	if (rank_in_step(kind, name) < 2)
		return true;
	if (kind->also.key && str_is(name, kind->also.key))
		return true;
	for (unsigned i = 0; i < kind->n_params; i++)
		if (str_is(name, kind->params[i].name))
			return true;
	return false;
}

/* As for the parser: the word that takes all other keys, or the first. */
static const struct op_kind *
action_of(const struct form *step)
{
	const struct op_kind *first = NULL;

	for (const struct form_entry *e = step->first; e; e = e->next) {
		const struct op_kind *kind = op_kind_find(e->name);
		bool fits = kind != NULL;

		for (const struct form_entry *o = step->first; fits && o;
		     o = o->next)
			fits = takes(kind, o->name);
		if (fits)
			return kind;
		if (!first)
			first = kind;
	}
	return first;
}

/* Moves entries to their places; equal ranks stay in order. */
static void
sort_entries(struct form *map, const char *place, const struct op_kind *kind)
{
	struct form_entry *rest = map->first, *sorted = NULL;

	while (rest) {
		struct form_entry *e = rest, **to = &sorted;
		unsigned rank = kind ? rank_in_step(kind, e->name)
				     : rank_of_key(place, e->name);

		rest = rest->next;
		while (*to && (kind ? rank_in_step(kind, (*to)->name)
				    : rank_of_key(place, (*to)->name)) <= rank)
			to = &(*to)->next;
		e->next = *to;
		*to = e;
	}
	map->first = map->last = sorted;
	while (map->last && map->last->next)
		map->last = map->last->next;
}

/* ---- short maps ---- */

static bool
one_line(struct str s)
{
	return !memchr(s.p, '\n', s.n);
}

/* A text that means the same within {}. */
static bool
plain_in_flow(struct str s)
{
	if (!s.n || !one_line(s))
		return false;
	if (s.p[0] == '"' || s.p[0] == '\'')
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (strchr(",[]{}", s.p[i]))
			return false;
	return true;
}

static bool
is_short(const struct form *map)
{
	if (map->kind != FORM_MAP || map->props.n || map->tail.first)
		return false;
	for (const struct form_entry *e = map->first; e; e = e->next) {
		const struct form *v = &e->value;

		if (e->before.first || e->after.n || v->props.n ||
		    !plain_in_flow(e->key))
			return false;
		if (v->kind != FORM_TEXT || !plain_in_flow(v->text))
			return false;
	}
	return map->first != NULL;
}

/* Maps of settings; those of expressions stay as they are. */
static bool
may_be_short(const char *place)
{
	static const char *const places[] = {"input", "time", "output",
	    "params.*", "tests.*.expect.*", "tests.*.params"};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (!strcmp(place, places[i]))
			return true;
	return false;
}

/* The map within {} if that is where it belongs; else n is 0. */
static struct str
short_form(const struct printer *p, const struct form *map, const char *place,
    size_t room)
{
	struct buf text = {0};
	struct str out = {NULL, 0};

	if (p->as_is || !may_be_short(place) || !is_short(map))
		return out;
	buf_addc(&text, '{');
	for (const struct form_entry *e = map->first; e; e = e->next) {
		if (e != map->first)
			buf_lit(&text, ", ");
		buf_adds(&text, e->key);
		buf_lit(&text, ": ");
		buf_adds(&text, e->value.text);
	}
	buf_addc(&text, '}');
	if (text.n <= room)
		out = arena_str(p->arena, buf_str(&text));
	buf_release(&text);
	return out;
}

/* ---- lines ---- */

static void
indent(struct printer *p, unsigned n)
{
	while (n--)
		buf_addc(p->out, ' ');
}

static void
put_notes(struct printer *p, const struct form_notes *notes, unsigned column)
{
	for (const struct form_note *n = notes->first; n; n = n->next) {
		if (n->blank && !p->apart)
			buf_addc(p->out, '\n');
		p->apart = false;
		indent(p, column);
		buf_adds(p->out, n->text);
		buf_addc(p->out, '\n');
	}
}

/* A line without blanks and CR at its end. */
static void
put_line(struct printer *p, struct str line)
{
	while (line.n && strchr(" \t\r", line.p[line.n - 1]))
		line.n--;
	buf_adds(p->out, line);
}

static size_t
blanks_at(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* Takes the next line off, without its line feed. */
static struct str
take_line(struct str *rest)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	struct str line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
	size_t used = line.n + (end != NULL);

	*rest = (struct str){rest->p + used, rest->n - used};
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/*
 * A text of several lines, the first of which is being written. Lines of a
 * folded text lose their indentation, those of a [] or {} keep what they have
 * beyond their entry's.
 */
static void
put_text(struct printer *p, const struct form *v, unsigned column)
{
	struct str rest = v->text, line = take_line(&rest);

	put_line(p, line);
	while (rest.n) {
		size_t more = 2;

		line = take_line(&rest);
		if (v->kind == FORM_FLOW && blanks_at(line) > v->column)
			more = blanks_at(line) - v->column;
		buf_addc(p->out, '\n');
		while (line.n && strchr(" \t", line.p[0]))
			line = (struct str){line.p + 1, line.n - 1};
		if (line.n)
			indent(p, column + (unsigned)more);
		put_line(p, line);
	}
}

/* The digit of "|2-", or 0. */
static unsigned
stated_indent(struct str header)
{
	for (size_t i = 1; i < header.n && header.p[i] != '#'; i++)
		if (header.p[i] >= '1' && header.p[i] <= '9')
			return (unsigned)(header.p[i] - '0');
	return 0;
}

/* Blanks that all lines of a block scalar have in front. */
static size_t
block_indent(const struct form *v, struct str lines, unsigned stated)
{
	size_t least = SIZE_MAX;

	if (stated)
		return v->column + stated;
	while (lines.n) {
		struct str line = take_line(&lines);
		size_t n = blanks_at(line);

		if (n < line.n && n < least)
			least = n;
	}
	return least == SIZE_MAX ? 0 : least;
}

/* A sign in the first line of a block, before its comment. */
static bool
has_sign(struct str header, char sign)
{
	for (size_t i = 1; i < header.n && header.p[i] != '#'; i++)
		if (header.p[i] == sign)
			return true;
	return false;
}

/* Without empty lines at the end, which mean nothing. */
static struct str
without_end(struct str lines)
{
	size_t n = lines.n;

	while (n && strchr(" \r\n", lines.p[n - 1]))
		n--;
	while (n < lines.n && lines.p[n] != '\n')
		n++;
	return (struct str){lines.p, n};
}

static void
put_block(struct printer *p, const struct form *v, unsigned column)
{
	struct str rest = v->text, header = take_line(&rest);
	unsigned stated = stated_indent(header);
	size_t cut = block_indent(v, rest, stated);

	if (!has_sign(header, '+'))
		rest = without_end(rest);
	for (size_t i = 0; i < header.n; i++)
		if (stated && header.p[i] == (char)('0' + stated)) {
			buf_addc(p->out, '2');
			stated = 0;
		} else {
			buf_addc(p->out, header.p[i]);
		}
	while (p->out->n && strchr(" \t", p->out->p[p->out->n - 1]))
		p->out->n--;
	/* The file's last line had no end, so the text has none. */
	if (v->text.p[v->text.n - 1] != '\n' && one_line(header) &&
	    !has_sign(header, '+') && !has_sign(header, '-') &&
	    !memchr(header.p, '#', header.n))
		buf_addc(p->out, '-');
	while (rest.n) {
		struct str line = take_line(&rest);
		size_t n = blanks_at(line) < cut ? blanks_at(line) : cut;

		buf_addc(p->out, '\n');
		line = (struct str){line.p + n, line.n - n};
		if (line.n)
			indent(p, column + 2);
		buf_adds(p->out, line);
	}
}

/* ---- entries ---- */

static void put_entries(struct printer *p, struct form *block,
    const char *place, unsigned column, bool inline_first);

static void
put_after(struct printer *p, const struct form_entry *e)
{
	if (e->after.n) {
		buf_addc(p->out, ' ');
		buf_adds(p->out, e->after);
	}
	buf_addc(p->out, '\n');
}

static size_t
column_now(const struct printer *p)
{
	size_t n = 0;

	while (n < p->out->n && p->out->p[p->out->n - n - 1] != '\n')
		n++;
	return n;
}

/* What stands behind "key:" or "-", and the end of the line. */
static void
put_value(struct printer *p, struct form_entry *e, const char *place,
    unsigned column, bool list)
{
	struct form *v = &e->value;
	size_t used = column_now(p) + 1;
	struct str flow =
	    short_form(p, v, place, used < COLUMNS ? COLUMNS - used : 0);

	if (v->props.n) {
		buf_addc(p->out, ' ');
		buf_adds(p->out, v->props);
	}
	if (v->kind != FORM_NONE && v->kind < FORM_MAP)
		buf_addc(p->out, ' ');
	if (flow.n) {
		buf_addc(p->out, ' ');
		buf_adds(p->out, flow);
	} else if (v->kind == FORM_BLOCK) {
		put_block(p, v, column);
	} else if (v->kind < FORM_MAP) {
		put_text(p, v, column);
	} else if (list && !v->props.n) {
		buf_addc(p->out, ' ');
		put_entries(p, v, place, column + 2, true);
		return;
	} else {
		put_after(p, e);
		p->apart = true;
		put_entries(p, v, place, column + 2, false);
		return;
	}
	put_after(p, e);
}

/*
 * The comments before an item of a list whose first entry stands on the line
 * of the dash: those of that entry, too.
 */
static void
put_before(struct printer *p, struct form_entry *e, unsigned column)
{
	put_notes(p, &e->before, column);
	while (
	    e && e->value.kind >= FORM_MAP && !e->key.n && !e->value.props.n) {
		if (e->after.n) {
			struct form_note note = {.text = e->after};
			struct form_notes one = {&note, &note};

			put_notes(p, &one, column);
			e->after.n = 0;
		}
		e = e->value.first;
		if (e)
			put_notes(p, &e->before, column);
	}
}

static void
put_entry(struct printer *p, struct form_entry *e, const char *place,
    unsigned column, bool inline_first)
{
	bool list = !e->key.n;

	if (!inline_first) {
		if (e->blank && !e->before.first && !p->apart)
			buf_addc(p->out, '\n');
		put_before(p, e, column);
		if (e->blank && e->before.first)
			buf_addc(p->out, '\n');
		p->apart = false;
		indent(p, column);
	}
	if (list) {
		buf_addc(p->out, '-');
	} else {
		buf_adds(p->out, e->key);
		buf_addc(p->out, ':');
	}
	put_value(p, e, place, column, list);
}

/* inline_first: the first one goes on the line of its dash. */
static void
put_entries(struct printer *p, struct form *block, const char *place,
    unsigned column, bool inline_first)
{
	for (struct form_entry *e = block->first; e; e = e->next) {
		const char *within = block->kind == FORM_MAP && !is_names(place)
					 ? place_in(p->arena, place, e->name)
					 : place_within(p->arena, place);

		put_entry(p, e, within, column, inline_first);
		inline_first = false;
	}
	put_notes(p, &block->tail, column);
}

/* Sorts all maps of a block, from the outside in. */
static void
sort_all(struct arena *a, struct form *block, const char *place)
{
	if (block->kind == FORM_MAP && is_step(place)) {
		const struct op_kind *kind = action_of(block);

		if (kind)
			sort_entries(block, place, kind);
		return;
	}
	if (block->kind == FORM_MAP && !is_names(place) &&
	    strncmp(place, "tests.*.", 8) != 0)
		sort_entries(block, place, NULL);
	for (struct form_entry *e = block->first; e; e = e->next)
		if (e->value.kind >= FORM_MAP)
			sort_all(a, &e->value,
			    block->kind == FORM_MAP && !is_names(place)
				? place_in(a, place, e->name)
				: place_within(a, place));
}

/* ---- the result is what it was ---- */

/* A map whose keys have an order of their own, whatever is written. */
static bool
has_order(const char *place)
{
	size_t n = strlen(place);

	if (!n || is_step(place))
		return true;
	for (unsigned i = 0; i < n_spec_keys; i++)
		if (!strncmp(spec_keys[i].path, place, n) &&
		    spec_keys[i].path[n] == '.' &&
		    spec_keys[i].path[n + 1] != '*')
			return true;
	return false;
}

static const struct ynode *
find_key(const struct ynode *map, struct str key)
{
	for (unsigned i = 0; i < map->n; i++)
		if (str_eq(map->keys[i]->text, key))
			return map->items[i];
	return NULL;
}

/* The same but for the order of keys that have one; YAML's depth is limited. */
static bool
same_tree(struct arena *a, const char *place, const struct ynode *was,
    const struct ynode *now)
{
	if (was->kind != now->kind || was->n != now->n)
		return false;
	if (was->kind == Y_SCALAR)
		return str_eq(was->text, now->text) &&
		       (was->style == Y_PLAIN) == (now->style == Y_PLAIN);
	for (unsigned i = 0; i < was->n; i++) {
		bool named = was->kind == Y_MAP && !is_names(place);
		const struct ynode *other = now->items[i];
		const char *within =
		    named ? place_in(a, place, was->keys[i]->text)
			  : place_within(a, place);

		if (was->kind == Y_MAP && has_order(place))
			other = find_key(now, was->keys[i]->text);
		else if (was->kind == Y_MAP &&
			 !str_eq(was->keys[i]->text, now->keys[i]->text))
			return false;
		if (!other || !same_tree(a, within, was->items[i], other))
			return false;
	}
	return true;
}

static bool
same_spec(const struct source *was, struct str now, struct arena *a)
{
	struct source is = {was->name, now};
	struct err err = {0};
	const struct ynode *first = ynode_parse(was, a, &err);
	const struct ynode *second = first ? ynode_parse(&is, a, &err) : NULL;

	err_release(&err);
	return first && second && same_tree(a, "", first, second);
}

/* The first comment of `was` that is not in `now`; each counts once. */
static const struct form_note *
lost_note(const struct form_notes *was, const struct form_notes *now)
{
	for (const struct form_note *n = was->first; n; n = n->next) {
		struct form_note *m = now->first;

		while (m && !(m->where.src && str_eq(m->text, n->text)))
			m = m->next;
		if (!m)
			return n;
		m->where.src = NULL;
	}
	return NULL;
}

static int
check_notes(
    const struct source *was, struct str now, struct arena *a, struct err *err)
{
	struct source is = {was->name, now};
	struct form_notes before, after;
	const struct form_note *lost;

	if (form_comments(was, a, &before, err) ||
	    form_comments(&is, a, &after, err))
		return -1;
	lost = lost_note(&before, &after);
	if (!lost)
		return 0;
	err_set(err, ERR_SPEC, lost->where, "this comment has no place here");
	return err_hint(err, "put it on a line of its own before an entry");
}

static void
print(
    const struct form_document *d, bool as_is, struct arena *a, struct buf *out)
{
	struct printer p = {
	    .arena = a, .out = out, .as_is = as_is, .apart = true};
	struct form root = d->root;

	out->n = 0;
	put_notes(&p, &d->head, 0);
	if (d->head_apart)
		buf_addc(out, '\n');
	if (d->marked)
		buf_lit(out, "---\n");
	p.apart = !d->head.first || d->head_apart || d->marked;
	put_entries(&p, &root, "", 0, false);
}

int
yaml_format(const struct source *src, struct buf *out, struct err *err)
{
	struct form_document d;
	struct arena a;
	int failed = 0;

	arena_init(&a, 16384);
	if (form_read(src, &a, &d, err)) {
		arena_release(&a);
		return -1;
	}
	sort_all(&a, &d.root, "");
	print(&d, false, &a, out);
	if (!same_spec(src, buf_str(out), &a))
		print(&d, true, &a, out);
	if (!same_spec(src, buf_str(out), &a))
		failed = err_set(err, ERR_SPEC, (struct where){src, 0, 0},
		    "this cannot be brought into form without a change of "
		    "what it says");
	failed = failed || check_notes(src, buf_str(out), &a, err);
	arena_release(&a);
	return failed ? -1 : 0;
}
