/* SPDX-License-Identifier: MIT */
/* The files of a run; see sources.h. */
#include "run/sources.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "run/position.h"
#include "run/renamed.h"
#include "run/resume.h"

/* Files that may come while the run goes on. */
#define MORE_INPUTS 1000

/* In a run that goes on, names that are regular files, or nothing yet. */
static bool
is_followed(const struct sources *s, struct str path)
{
	struct stat st;

	if (!s->options->follow || str_is(path, "-"))
		return false;
	return stat(path.p, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

/* What is read before anything else is not followed, or it would not end. */
static bool
is_last_rank(const struct plan *p, const struct plan_input *in)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && p->inputs[i].rank > in->rank)
			return false;
	return true;
}

static struct turn *
add_turn(struct sources *s, struct str path, const struct plan_input *of)
{
	unsigned i = s->n++;
	struct turn *t = &s->turns[i];
	struct input *in = &s->inputs[i];

	t->input = in;
	t->source = (unsigned)(of - s->plan->inputs);
	t->timed = of->scan->needs_time;
	t->floor = WHEN_MIN;
	t->leads = !i || s->turns[i - 1].source != t->source;
	t->w = (struct watermark){.greatest = WHEN_MIN,
	    .lateness = of->time.lateness,
	    .ahead = of->time.max_ahead,
	    .ceiling = WHEN_MAX,
	    .now = WHEN_MIN};
	input_init(in, of, path, i);
	in->live =
	    s->options->follow && is_last_rank(s->plan, of) && !of->values;
	in->keeps = s->keeps;
	if (s->options->given && !of->values)
		in->given = &s->options->given[t->source];
	return t;
}

/* backlog: rotated files that come before it. */
static void
follow(struct sources *s, struct input *in, struct str path,
    const struct str *backlog, size_t n)
{
	in->follow = follow_new(path.p, backlog, n, s->watch,
	    s->options->inflate_max, s->options->quiet);
	in->port = follow_port(in->follow);
}

static struct turn *
make_turn(struct sources *s, struct str path, const struct plan_input *of)
{
	struct turn *t = add_turn(s, path, of);

	t->input->alone = s->max == 1;
	if (t->input->live && is_followed(s, path))
		follow(s, t->input, path, s->files.names, s->files.n);
	return t;
}

/* ---- with positions ---- */

/* The rotated files of a trail that a followed log begins with. */
static void
follow_trail(struct sources *s, struct turn *t)
{
	const struct trail *trail = t->trail;
	size_t n = 0;
	struct str *backlog =
	    arena_array(&s->arena, trail->n - trail->at + 1, sizeof *backlog);

	for (size_t i = trail->at; i < trail->n; i++)
		if (!str_eq(trail->files[i].path, trail->log))
			backlog[n++] = trail->files[i].path;
	follow(s, t->input, trail->log, backlog, n);
}

static struct turn *
make_kept(struct sources *s, struct trail *trail, const struct plan_input *of)
{
	struct str path =
	    trail->at < trail->n ? trail->files[trail->at].path : trail->log;
	struct turn *t = add_turn(s, path, of);

	position_take(t, trail);
	t->input->alone = s->max == 1 && trail->n - trail->at == 1;
	if (t->input->live && is_followed(s, trail->log)) {
		follow_trail(s, t);
		t->input->file = follow_name(t->input->follow);
	}
	return t;
}

/* What is no file has one trail for ever, which begins with it. */
static struct trail *
only_trail(struct sources *s, struct str input, enum position_kind kind)
{
	struct trail *t;

	for (size_t i = 0; i < s->trails.n; i++)
		if (str_eq(s->trails.list[i]->input, input))
			return s->trails.list[i];
	t = trails_add(&s->trails, input);
	trail_add(t, (struct position){.kind = kind, .path = STR("")});
	return t;
}

/* The trails of an input, by what its names stand for. */
static int
find_trails(struct sources *s, const struct plan_input *of, size_t from,
    size_t to, struct resume *r, struct err *err)
{
	*r = (struct resume){.trails = &s->trails,
	    .input = of->name,
	    .names = &s->files,
	    .from = from,
	    .to = to,
	    .follow = s->options->follow,
	    .quiet = s->options->quiet,
	    .gaps = &s->gaps,
	    .journal = s->options->state &&
		       (s->options->state->journal || spool_is(s->folder))};
	if (!of->used)
		return 0;
	if (!of->values && !s->options->given) {
		if (resume_input(r, err))
			return -1;
		return 0;
	}
	r->turns = mem_alloc(sizeof *r->turns);
	r->turns[r->n_turns++] = only_trail(s, of->name, POSITION_VALUES);
	return 0;
}

/* ---- turns ---- */

static void
make_room(struct sources *s, size_t n)
{
	s->max = (unsigned)n;
	if (s->options->follow)
		s->max += MORE_INPUTS;
	s->inputs = mem_zalloc((s->max + 1) * sizeof *s->inputs);
	s->turns = mem_zalloc((s->max + 1) * sizeof *s->turns);
}

static void
make_turns(struct sources *s, const size_t *ends)
{
	size_t i = 0;

	make_room(s, s->files.n);
	for (unsigned k = 0; k < s->plan->n_inputs; k++)
		for (; i < ends[k]; i++)
			if (!s->options->follow || s->plan->inputs[k].values ||
			    !files_has_base(&s->files, s->files.names[i]))
				make_turn(
				    s, s->files.names[i], &s->plan->inputs[k]);
}

static int
make_kept_turns(struct sources *s, const size_t *ends, struct err *err)
{
	unsigned n_inputs = s->plan->n_inputs;
	struct resume *r = mem_zalloc((n_inputs + 1) * sizeof *r);
	int status = 0;
	size_t n = 0;

	if (!s->options->given)
		renamed_adopt(&s->trails, s->plan, &s->files, ends);
	for (unsigned k = 0; k < n_inputs && !status; k++) {
		status = find_trails(s, &s->plan->inputs[k],
		    k ? ends[k - 1] : 0, ends[k], &r[k], err);
		n += r[k].n_turns;
	}
	if (!status)
		make_room(s, n);
	for (unsigned k = 0; k < n_inputs; k++) {
		for (size_t i = 0; i < r[k].n_turns && !status; i++)
			make_kept(s, r[k].turns[i], &s->plan->inputs[k]);
		mem_free(r[k].turns);
	}
	mem_free(r);
	return status;
}

/*
 * What never ends, or goes on in another run, has windows that close only if a
 * lateness is stated.
 */
static int
check_lateness(const struct plan *p, bool follow, struct err *err)
{
	bool waits = false;

	for (unsigned i = 0; i < p->n_inputs; i++)
		waits |= p->inputs[i].used && p->inputs[i].scan->needs_time &&
			 p->inputs[i].time.lateness == WHEN_MAX;
	if (!waits)
		return 0;
	for (unsigned i = 0; i < p->n_ops; i++) {
		if (!p->ops[i].acts)
			continue;
		err_set(err, ERR_USAGE, p->ops[i].where,
		    "windows of what %s close by --lateness, and "
		    "none is stated",
		    follow ? "is followed" : "goes on in another run");
		return err_hint(err,
		    "-l 10s (or time: {lateness: 10s}) closes a "
		    "window when the times read are 10 seconds past its end");
	}
	return 0;
}

/* Files that come to match wake who waits. */
static void
watch_pattern(struct sources *s, struct str written)
{
	if (!files_open_ended(written))
		return;
	/* The directory itself, or the one the pattern's last part is in. */
	watch_file(s->watch,
	    files_is_pattern(written)
		? written.p
		: arena_printf(&s->arena, "%.*s/.", STR_ARG(written)).p);
}

static int
take_trails(struct sources *s, const struct note *kept, struct err *err)
{
	struct value list;

	if (!note_get(*kept, "inputs", T_LIST, &list) ||
	    trails_take(&s->trails, list))
		return 0;
	return err_set(err, ERR_STATE, (struct where){0},
	    "what is noted of the inputs cannot be read");
}

static bool
has_trail(const struct sources *s, struct str input)
{
	for (size_t i = 0; i < s->trails.n; i++)
		if (str_eq(s->trails.list[i]->input, input))
			return true;
	return false;
}

/* Standard input that is kept: what an earlier run has left of it. */
static int
open_spool(struct sources *s, struct err *err)
{
	const char *dir = s->options->state ? s->options->state->dir : NULL;
	uint64_t lost;

	for (unsigned i = 0; i < s->n && !s->spool; i++) {
		const struct turn *t = &s->turns[i];
		const struct trail *trail = t->trail;
		const struct position *p;

		if (!trail || trail->at >= trail->n ||
		    trail->files[trail->at].kind != POSITION_JOURNAL)
			continue;
		p = &trail->files[trail->at];
		s->spool = spool_open(s->folder, dir, p->place.offset,
		    &p->begin, s->options->inflate_max, &lost, err);
		if (!s->spool)
			return -1;
		if (lost && !s->options->quiet)
			fprintf(stderr,
			    "weir: %s: %llu bytes of the journal of standard "
			    "input were lost with the machine's power\n",
			    dir, (unsigned long long)lost);
		t->input->spool = s->spool;
	}
	return 0;
}

int
sources_make(struct sources *s, const struct plan *plan,
    const struct run_options *options, const struct note *kept, int folder,
    struct err *err)
{
	size_t *ends = mem_array(plan->n_inputs, sizeof *ends);
	int status = 0;

	*s = (struct sources){
	    .plan = plan, .options = options, .folder = folder};
	arena_init(&s->arena, 1024);
	s->files.arena = &s->arena;
	trails_init(&s->trails);
	s->keeps = kept != NULL;
	if (options->follow)
		s->watch = watch_new();
	if (kept)
		gaps_take(&s->gaps, *kept);
	if (kept && take_trails(s, kept, err))
		status = -1;
	else if (options->follow || (options->state && !options->state->final))
		status = check_lateness(plan, options->follow, err);
	for (unsigned i = 0; i < plan->n_inputs && !status; i++) {
		const struct plan_input *in = &plan->inputs[i];

		ends[i] = s->files.n;
		if (!in->used)
			continue;
		if (in->values)
			files_add(&s->files, STR("VALUES"));
		if (options->given && !in->values)
			files_add(
			    &s->files, in->n_files ? in->files[0] : STR("-"));
		for (unsigned k = 0; k < in->n_files && options->follow; k++)
			watch_pattern(s, in->files[k]);
		for (unsigned k = 0;
		     k < in->n_files && !status && !options->given; k++)
			status = files_expand(&s->files, in->files[k],
			    options->follow || has_trail(s, in->name), err);
		ends[i] = s->files.n;
	}
	if (!status && kept)
		status = make_kept_turns(s, ends, err);
	else if (!status)
		make_turns(s, ends);
	mem_free(ends);
	return status ? status : open_spool(s, err);
}

int
sources_check(struct sources *s, uint64_t *total, struct err *err)
{
	unsigned n_stdin = 0;
	bool known = true;

	for (unsigned i = 0; i < s->n; i++) {
		if (s->inputs[i].plan->values)
			continue;
		if (s->inputs[i].follow)
			s->inputs[i].id = file_id_of(s->inputs[i].file.p);
		else if (input_check(&s->inputs[i], err))
			return -1;
		n_stdin +=
		    !s->inputs[i].given && str_is(s->inputs[i].file, "-");
		known = known && s->inputs[i].size;
		*total += s->inputs[i].size;
	}
	if (!known)
		*total = 0;
	if (n_stdin > 1)
		return err_set(err, ERR_USAGE, (struct where){0},
		    "standard input is named more than once");
	return 0;
}

int
sources_gaps(
    const struct sources *s, struct run_counts *counts, struct err *err)
{
	counts->gaps = s->gaps.now;
	if (!s->gaps.now || !s->options->state->gap_fails)
		return 0;
	err_set(err, ERR_STATE, (struct where){0},
	    "%u file%s cannot be read on where the last run stopped",
	    s->gaps.now, s->gaps.now == 1 ? "" : "s");
	return err_hint(err, "--on-gap warn goes on with what is there");
}

void
sources_release(struct sources *s)
{
	for (unsigned i = 0; i < s->n; i++)
		input_release(&s->inputs[i]);
	spool_close(s->spool);
	gaps_release(&s->gaps);
	mem_free(s->inputs);
	mem_free(s->turns);
	watch_free(s->watch);
	trails_release(&s->trails);
	files_release(&s->files);
	arena_release(&s->arena);
}

/* ---- files that come later ---- */

static bool
is_new(const struct sources *s, struct str path)
{
	for (size_t i = 0; i < s->files.n; i++)
		if (str_eq(s->files.names[i], path))
			return false;
	return true;
}

/* Is it what some input reads, under another name by now? */
static bool
is_being_read(const struct sources *s, struct str path)
{
	struct stat st;

	if (stat(path.p, &st))
		return false;
	for (unsigned i = 0; i < s->n; i++)
		if (s->inputs[i].follow &&
		    follow_reads(s->inputs[i].follow, &st))
			return true;
	return false;
}

static void
take_new(
    struct sources *s, const struct files *now, const struct plan_input *of)
{
	for (size_t i = 0; i < now->n; i++) {
		struct str path;

		if (!is_new(s, now->names[i]))
			continue;
		path = arena_str(&s->arena, now->names[i]);
		files_add(&s->files, path);
		if (files_has_base(&s->files, path) || is_being_read(s, path) ||
		    s->n == s->max)
			continue;
		make_turn(s, path, of)->since_ms = clock_elapsed_ms();
	}
}

void
sources_look_around(struct sources *s)
{
	struct arena arena;
	struct files now = {.arena = &arena};
	struct err err = {0};

	arena_init(&arena, 4096);
	for (unsigned i = 0; i < s->plan->n_inputs; i++) {
		const struct plan_input *in = &s->plan->inputs[i];

		now.n = 0;
		if (!in->used || !is_last_rank(s->plan, in))
			continue;
		for (unsigned k = 0; k < in->n_files; k++)
			if (files_open_ended(in->files[k]))
				files_expand(&now, in->files[k], true, &err);
		take_new(s, &now, in);
	}
	err_release(&err);
	files_release(&now);
	arena_release(&arena);
}
