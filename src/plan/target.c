/* SPDX-License-Identifier: MIT */
/*
 * Where an output's rows go, as it is written: the name of its file, of which
 * parts may differ from row to row, when the file is cut, and how times are
 * written.
 *
 * A name is text, columns in braces, and letters of time: out-%Y-%m/{key}.csv.
 * Doubled, %% and {{ and }} stand for themselves, and so does ${name}: a
 * parameter of a script that was not given.
 */
#include "plan/target.h"
#include "base/num.h"

/* ---- settings ---- */

int
plan_out_times(struct plan *p, struct plan_output *out, struct str text,
    struct where where, struct err *err)
{
	const struct zone *zone = out->times.zone;

	if (when_out_parse(text, &p->arena, &out->times, err)) {
		err->where = where;
		return -1;
	}
	out->times.zone = zone;
	out->times_given = true;
	return 0;
}

void
plan_out_zone(struct plan_output *out, const struct zone *zone)
{
	if (!out->times_given)
		out->times.kind = WHEN_ISO;
	out->times_given = true;
	out->times.zone = zone;
}

/* As GNU split -C has it: 1K is 1024, 1KiB as well, 1KB 1000 bytes. */
static bool
read_size(struct str s, uint64_t *out)
{
	static const char units[] = "kmgtpe";
	bool thousands = str_ends(s, STR("B")) && !str_ends(s, STR("iB"));
	uint64_t n;

	s.n -= thousands ? 1 : str_ends(s, STR("iB")) ? 2 : 0;
	if (thousands && s.n && s.p[s.n - 1] > '9') {
		const char *unit = strchr(units, s.p[--s.n] | 0x20);

		if (!unit || !num_parse_size(s, &n))
			return false;
		for (const char *u = units; u <= unit; u++)
			if (__builtin_mul_overflow(n, 1000, &n))
				return false;
		*out = n;
		return n > 0;
	}
	return num_parse_size(s, out) && *out > 0;
}

static int
read_roll(struct plan_output *out, struct str text)
{
	int64_t every;
	uint64_t bytes;

	if (when_parse_duration(text, &every) && every > 0 &&
	    !out->roll_every) {
		out->roll_every = every;
		return 0;
	}
	if (read_size(text, &bytes) && !out->roll_bytes) {
		out->roll_bytes = bytes;
		return 0;
	}
	return -1;
}

int
plan_roll(struct plan_output *out, struct str text, struct where where,
    struct err *err)
{
	char shown[4 * 40 + 8];

	out->roll_at = where;
	while (text.n) {
		const char *comma = memchr(text.p, ',', text.n);
		size_t n = comma ? (size_t)(comma - text.p) : text.n;
		struct str one = str_trim((struct str){text.p, n});

		if (read_roll(out, one)) {
			err_quote(shown, one, 40);
			err_set(err, ERR_SPEC, where,
			    "\"%s\" is no size and no duration", shown);
			return err_hint(err, "write it as 100M, 1h or 100M,1h");
		}
		n += comma != NULL;
		text = (struct str){text.p + n, text.n - n};
	}
	return 0;
}

/* ---- the name ---- */

/* Most bytes of a part of a path; less what is put beside it meanwhile. */
#define COMPONENT_MAX 230

struct reader_of_name {
	struct plan *plan;
	struct plan_output *out;
	struct buf time; /* from the first letter of time to the last */
	struct buf text; /* literal, behind it */
	struct err *err;
};

static void
add_part(struct reader_of_name *r, enum name_kind kind, struct str text)
{
	struct name_part *p =
	    plan_more(r->plan, &r->out->target, &r->out->n_target, sizeof *p);

	*p = (struct name_part){
	    .kind = kind, .text = arena_str(&r->plan->arena, text)};
}

static void
end_text(struct reader_of_name *r)
{
	if (r->time.n)
		add_part(r, NAME_TIME, buf_str(&r->time));
	if (r->text.n)
		add_part(r, NAME_LITERAL, buf_str(&r->text));
	r->time.n = r->text.n = 0;
}

/* What stands between letters of time becomes a part of their stretch. */
static void
join_text(struct reader_of_name *r)
{
	for (size_t i = 0; i < r->text.n; i++) {
		if (r->text.p[i] == '%')
			buf_addc(&r->time, '%');
		buf_addc(&r->time, r->text.p[i]);
	}
	r->text.n = 0;
}

static int
put_letter(struct reader_of_name *r, char c)
{
	char letter[3] = {'%', c, 0};

	if (c == '%') {
		buf_addc(&r->text, c);
		return 0;
	}
	if (when_format_check((struct str){letter, c ? 2 : 1}, r->err)) {
		r->err->where = r->out->file_at;
		return err_hint(r->err,
		    "in the name of an output a %% sign is written %%%%");
	}
	if (r->time.n && (!r->text.n || !memchr(r->text.p, '/', r->text.n)))
		join_text(r);
	else
		end_text(r);
	buf_add(&r->time, letter, 2);
	return 0;
}

/* {name}; the number of bytes up to the brace that ends it, or -1. */
static int
put_column(struct reader_of_name *r, struct str s)
{
	const char *end = memchr(s.p, '}', s.n);

	if (!end || end == s.p) {
		err_set(r->err, ERR_SPEC, r->out->file_at,
		    end ? "{} in the name of an output names no column"
			: "a { in the name of an output is not closed");
		return err_hint(r->err,
		    "{column} stands for its value; a brace itself is "
		    "written {{");
	}
	end_text(r);
	add_part(r, NAME_COLUMN, (struct str){s.p, (size_t)(end - s.p)});
	return (int)(end - s.p);
}

/* Each value may have its share of the longest name of a file. */
static void
share_room(struct plan_output *out)
{
	for (unsigned i = 0; i < out->n_target;) {
		unsigned from = i, n = 0;
		size_t fixed = 0;

		for (; i < out->n_target; i++) {
			struct name_part *p = &out->target[i];

			if (i > from && p->kind == NAME_LITERAL &&
			    memchr(p->text.p, '/', p->text.n))
				break;
			n += p->kind == NAME_COLUMN;
			fixed += p->text.n;
		}
		fixed = fixed < COMPONENT_MAX ? COMPONENT_MAX - fixed : 0;
		for (unsigned k = from; k < i; k++)
			out->target[k].most =
			    (unsigned)(n && fixed / n > 40 ? fixed / n : 40);
	}
}

static int
read_name(struct reader_of_name *r)
{
	struct str s = r->out->file;

	for (size_t i = 0; i < s.n; i++) {
		bool twice = i + 1 < s.n && s.p[i + 1] == s.p[i];

		if (s.p[i] == '%') {
			if (put_letter(r, i + 1 < s.n ? s.p[++i] : 0))
				return -1;
		} else if (s.p[i] == '{' && !twice &&
			   !(i && s.p[i - 1] == '$')) {
			int n = put_column(
			    r, (struct str){s.p + i + 1, s.n - i - 1});

			if (n < 0)
				return -1;
			i += (size_t)n + 1;
		} else {
			i += twice && (s.p[i] == '{' || s.p[i] == '}');
			buf_addc(&r->text, s.p[i]);
		}
	}
	end_text(r);
	share_room(r->out);
	return 0;
}

int
target_read(struct plan *p, struct plan_output *out, struct err *err)
{
	struct reader_of_name r = {.plan = p, .out = out, .err = err};
	bool is_file = out->file.n && !str_is(out->file, "-");
	int bad;

	if ((out->roll_bytes || out->roll_every) && !is_file) {
		err_set(err, ERR_SPEC, out->roll_at,
		    "only a file can be written in parts, not standard output");
		return err_hint(err, "name it: -o FILE");
	}
	if (out->roll_bytes && out->format && out->format->flush)
		return err_set(err, ERR_SPEC, out->roll_at,
		    "the format %s cannot be cut by size", out->format->name);
	if (!is_file)
		return 0;
	bad = read_name(&r);
	buf_release(&r.time);
	buf_release(&r.text);
	out->divided = out->n_target != 1 ||
		       out->target[0].kind != NAME_LITERAL || out->roll_bytes ||
		       out->roll_every;
	return bad;
}

/* ---- binding ---- */

/* a.b: member b of a, unless a column is called that. */
static struct path
path_of(struct arena *a, const struct flow *f, struct str name)
{
	struct path_step *steps = arena_zalloc(a, name.n * sizeof *steps);
	unsigned n = 0;

	if (flow_find(f, name))
		return path_of_name(a, name);
	for (size_t i = 0, from = 0; i <= name.n; i++)
		if (i == name.n || name.p[i] == '.') {
			steps[n++].name = (struct str){name.p + from, i - from};
			from = i + 1;
		}
	return (struct path){steps, n};
}

static int
no_column(const struct plan_output *out, struct str name, struct err *err)
{
	struct str names[64];
	unsigned n = 0;

	for (unsigned i = 0; i < out->result.n_cols && n < 64; i++)
		if (!out->result.cols[i].spread && !out->result.cols[i].dropped)
			names[n++] = out->result.cols[i].name;
	err_set(err, ERR_SPEC, out->file_at,
	    "the file's name has {%.*s}, but the results have no such column",
	    STR_ARG(name));
	return err_suggest(err, name, names, n);
}

int
target_bind(struct plan_output *out, struct arena *a, struct err *err)
{
	struct flow *f = &out->result;
	const struct flow_column *c = flow_find(f, STR("window_start"));
	bool timed = out->roll_every != 0;

	for (unsigned i = 0; i < out->n_target; i++) {
		struct name_part *p = &out->target[i];
		enum type type;
		int col;

		timed |= p->kind == NAME_TIME;
		if (p->kind != NAME_COLUMN)
			continue;
		col = flow_want(
		    f, path_of(a, f, p->text), a, &type, out->file_at, err);
		if (col == -2)
			return no_column(out, p->text, err);
		if (col < 0)
			return -1;
		p->col = (unsigned)col;
		flow_read(f, p->col);
	}
	out->time_col = -1;
	if (!timed)
		return 0;
	if (c && type_is_instant(c->type))
		out->time_col = (int)c->col;
	else if (f->scan)
		f->scan->needs_time = true;
	return 0;
}
