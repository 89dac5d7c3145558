/* SPDX-License-Identifier: MIT */
/* Outputs while running; see sink.h. */
#include "run/sink.h"

#include <unistd.h>

#include "base/mem.h"
#include "data/times.h"
#include "run/guess.h"
#include "run/lasting.h"

bool
sink_is_stdout(const struct plan_output *plan)
{
	return !plan->file.n || str_is(plan->file, "-");
}

static int
open_file(struct sink *s, struct err *err)
{
	struct buf path = {0};
	int status;

	buf_adds(&path, s->plan->target[0].text);
	status = s->keep ? lasting_open(&s->out, buf_z(&path), err)
			 : output_open(&s->out, buf_z(&path), true, err);
	buf_release(&path);
	return status;
}

static int
open_stdout(struct sink *s, struct err *err)
{
	if (s->keep)
		return lasting_stdout(&s->out, err);
	output_stdout(&s->out);
	return 0;
}

int
sink_open(struct sink *s, const struct plan_output *plan,
    const struct sink_keep *keep, struct err *err)
{
	s->plan = plan;
	s->keep = keep;
	if (plan->divided && !sink_is_stdout(plan)) {
		s->parts = partitions_new(plan, &s->spec);
		if (keep)
			partitions_keep(s->parts, keep->store, s->label);
		return 0;
	}
	if (sink_is_stdout(plan) ? open_stdout(s, err) : open_file(s, err))
		return -1;
	if (!keep || !keep->hold)
		return 0;
	s->out.box = mem_zalloc(sizeof *s->out.box);
	s->out.box->store = keep->store;
	return 0;
}

void
sink_capture(struct sink *s, const struct plan_output *plan)
{
	s->plan = plan;
	output_memory(&s->out);
}

static bool
has_ids(const struct sink *s)
{
	return s->keep && s->keep->ids;
}

int
sink_encode(struct sink *s, const struct plan *plan, const struct input *in,
    const struct run_options *options, struct err *err)
{
	const struct flow *f = &s->plan->result;
	unsigned n = 0;
	struct out_column *cols = mem_array(f->n_cols + 1, sizeof *cols);
	bool is_stdout = !s->out.kept && sink_is_stdout(s->plan);

	if (has_ids(s))
		cols[n++] = (struct out_column){.name = {"_id", 3}};
	for (unsigned i = 0; i < f->n_cols; i++)
		cols[n++] =
		    (struct out_column){f->cols[i].name, f->cols[i].spread,
			f->cols[i].omit_null, f->cols[i].dropped};
	s->spec = (struct encode_spec){.cols = cols,
	    .n_cols = n,
	    .raw = !has_ids(s) && in && in->format &&
		   passes_records(in, plan, s->plan),
	    .settings = s->plan->settings,
	    .terminal = is_stdout && isatty(STDOUT_FILENO),
	    .colour = is_stdout && options->colour,
	    .width = is_stdout ? options->width : 0};
	s->spec.settings.nul = options->nul_data;
	if (in && in->layout)
		s->spec.header = in->layout->header;
	s->encoder = s->plan->format->encoder_new(&s->spec, err);
	return s->encoder ? 0 : -1;
}

static void
begin(struct sink *s)
{
	const struct format *format = s->plan->format;

	if (!s->begun && format->begin)
		format->begin(s->encoder, &s->out.buf);
	s->begun = true;
}

/*
 * Puts the column _id before the others: the store's number, the output if
 * there are several, and the row's number among all it ever got. A row that
 * is written again after a crash has the number it had.
 */
static void
add_ids(struct sink *s, const struct batch *b, struct batch *view)
{
	struct column *cols =
	    arena_array(b->arena, view->n_cols + 1, sizeof *cols);
	struct buf id = {0};

	cols[0] = column_new(b->arena, T_TEXT);
	memcpy(cols + 1, view->cols, view->n_cols * sizeof *cols);
	for (unsigned k = 0; k < b->n_sel; k++) {
		id.n = 0;
		buf_printf(&id, "%016llx",
		    (unsigned long long)store_id(s->keep->store));
		if (!s->alone)
			buf_printf(&id, ".%.*s", STR_ARG(s->label));
		buf_printf(&id, ":%llu", (unsigned long long)s->n_ever + k + 1);
		cols[0].s[batch_row(b, k)] = arena_str(b->arena, buf_str(&id));
	}
	buf_release(&id);
	view->cols = cols;
	view->n_cols++;
}

void
sink_rows(struct sink *s, const struct batch *b)
{
	struct batch view;

	if (!b->n_sel)
		return;
	result_view(s->plan, b, &view);
	if (has_ids(s))
		add_ids(s, b, &view);
	s->n_rows += b->n_sel;
	s->n_ever += b->n_sel;
	if (s->parts) {
		partitions_rows(s->parts, b, &view);
		return;
	}
	begin(s);
	s->plan->format->encode(s->encoder, &view, &s->out.buf);
	output_settle(&s->out);
}

void
sink_bytes(struct sink *s, const struct prepared *p)
{
	if (!p->n_out)
		return;
	begin(s);
	buf_adds(&s->out.buf, buf_str(&p->encoded));
	s->n_rows += p->n_out;
	s->n_ever += p->n_out;
	output_settle(&s->out);
}

void
sink_settle(struct sink *s)
{
	const struct format *format = s->plan->format;

	if (s->begun && format->flush)
		format->flush(s->encoder, &s->out.buf);
}

void
sink_finish(struct sink *s)
{
	const struct format *format = s->plan->format;

	if (s->parts)
		return;
	begin(s);
	if (format->finish)
		format->finish(s->encoder, &s->out.buf);
}

void
sink_flush(struct sink *s)
{
	if (!s->parts)
		output_flush(&s->out);
}

bool
sink_failed(const struct sink *s)
{
	return s->parts ? partitions_failed(s->parts) : s->out.failed;
}

/* ---- with a state directory ---- */

/* What an encoder would begin with: is it how the file begins? */
static bool
begins_alike(struct sink *s)
{
	const struct format *format = s->plan->format;
	struct buf head = {0}, there = {0};
	struct err none = {0};
	struct encoder *e = format->encoder_new(&s->spec, &none);
	bool alike = true;
	ssize_t n;

	err_release(&none);
	if (!e)
		return true;
	format->begin(e, &head);
	format->encoder_free(e);
	if (head.n && s->out.look >= 0) {
		buf_reserve(&there, head.n);
		n = pread(s->out.look, there.p, head.n, 0);
		there.n = n > 0 ? (size_t)n : 0;
		alike = str_eq(buf_str(&there), buf_str(&head));
	}
	buf_release(&head);
	buf_release(&there);
	return alike;
}

static int
refuse_columns(const struct sink *s, struct err *err)
{
	char name[512];

	err_set(err, ERR_STATE, (struct where){0},
	    "the columns in %s are not those that would be written now",
	    lasting_name(&s->out, name));
	return err_hint(err,
	    "move the file away, and a new one is begun; or write to another "
	    "file");
}

/* Goes on in a file of the same format, or begins. */
static int
resume_encoder(
    struct sink *s, struct note file, enum lasting_from from, struct err *err)
{
	const struct format *format = s->plan->format;
	struct value saved;

	if (from == LASTING_NEW || !format->restore)
		return 0;
	if (from == LASTING_CONTINUED) {
		if (!note_get_bool(file, "begun"))
			return 0;
		s->begun = true;
		saved = VALUE_NULL;
		if (!note_get(file, "encoder", T_BYTES, &saved))
			return 0;
		return format->restore(s->encoder, value_str(saved))
			   ? 0
			   : refuse_columns(s, err);
	}
	/* The shell's file may begin with anything. */
	if (!begins_alike(s))
		return s->out.path ? refuse_columns(s, err) : 0;
	s->begun = true;
	(void)format->restore(s->encoder, (struct str){0});
	return 0;
}

static int
resume_file(struct sink *s, struct note file, bool ended, struct err *err)
{
	struct extent was;
	enum lasting_from from;
	bool known = extent_get(file, &was);
	char name[512];

	if (lasting_resume(&s->out, known ? &was : NULL, ended, &from, err))
		return -1;
	if (known && was.length && from == LASTING_NEW && s->keep->verbose)
		fprintf(stderr, "weir: %s: begun anew\n",
		    lasting_name(&s->out, name));
	return resume_encoder(s, file, from, err);
}

int
sink_resume(struct sink *s, struct note own, struct note file, bool crashed,
    struct err *err)
{
	s->n_ever = note_get_count(own, "rows");
	if (crashed)
		s->n_rows = note_get_count(own, "of_run");
	if (s->parts && crashed)
		partitions_crashed(s->parts);
	if (s->out.lasting && resume_file(s, file, !crashed, err))
		return -1;
	if (!s->out.box)
		return 0;
	s->out.box->sending = note_get_int(own, "held", 0);
	if (!output_send(&s->out)) {
		*err = s->out.err;
		s->out.err = (struct err){0};
		return -1;
	}
	return 0;
}

bool
sink_holds(const struct sink *s)
{
	const struct format *format = s->plan->format;

	if (s->parts)
		return partitions_hold(s->parts);
	return s->begun && format->holds && format->holds(s->encoder);
}

void
sink_cut(struct sink *s, int64_t next_box, bool end)
{
	if (s->parts) {
		partitions_cut(s->parts, end);
		return;
	}
	output_cut(&s->out, next_box);
	if (s->out.lasting && !s->out.failed)
		lasting_cut(&s->out);
}

void
sink_note(const struct sink *s, struct buf *out)
{
	const struct format *format = s->plan->format;
	bool saves = s->begun && format->save;
	bool lasts = s->out.lasting;
	struct buf saved = {0};

	pack_put_map(out, 6 + (saves ? 1u : 0u) +
			      (lasts ? EXTENT_MEMBERS : 0u) +
			      (s->parts ? 1u : 0u));
	note_text(out, "name", s->label);
	note_text(out, "path", lasting_path(&s->out));
	note_count(out, "rows", s->n_ever);
	note_count(out, "of_run", s->n_rows);
	note_int(out, "held", s->out.box ? s->out.box->sending : 0);
	note_bool(out, "begun", s->begun);
	if (lasts)
		extent_put(out, &s->out.at);
	if (s->parts)
		partitions_note(s->parts, out);
	if (!saves)
		return;
	format->save(s->encoder, &saved);
	note_key(out, "encoder");
	pack_put(out, value_of_str(T_BYTES, buf_str(&saved)));
	buf_release(&saved);
}

void
sink_sync(const struct sink *s, struct buf *fds)
{
	if (s->parts)
		partitions_sync(s->parts, fds);
	lasting_sync(&s->out, fds);
}

void
sink_publish(struct sink *s)
{
	if (s->parts)
		partitions_publish(s->parts);
	if (!s->out.opened)
		return;
	lasting_synced(&s->out);
	if (!s->out.failed)
		output_send(&s->out);
}

int
sink_close(struct sink *s, bool keep, uint64_t *bytes, struct err *err)
{
	if (s->parts)
		return partitions_close(s->parts, keep, bytes, err);
	*bytes += s->out.written + s->out.buf.n;
	return output_close(&s->out, keep, err);
}

void
sink_release(struct sink *s)
{
	union {
		const struct out_column *read_only;
		void *owned;
	} cols = {.read_only = s->spec.cols};

	if (s->encoder)
		s->plan->format->encoder_free(s->encoder);
	if (s->parts)
		partitions_free(s->parts);
	mem_free(cols.owned);
}
