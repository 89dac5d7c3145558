/* SPDX-License-Identifier: MIT */
/* An output of several files; see partition.h. */
#include "run/partition.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "run/part.h"

/* A quarter of the files that may be open: inputs need some, too. */
static unsigned
open_files_max(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur > 2048)
		return 512;
	return r.rlim_cur < 16 ? 4 : (unsigned)r.rlim_cur / 4;
}

struct partitions *
partitions_new(const struct plan_output *plan, const struct encode_spec *spec)
{
	struct partitions *p = mem_zalloc(sizeof *p);

	p->plan = plan;
	p->spec = spec;
	p->open_max = open_files_max();
	naming_init(&p->naming, plan);
	return p;
}

void
partitions_free(struct partitions *p)
{
	for (size_t i = 0; i < p->n; i++) {
		union {
			const char *read_only;
			void *owned;
		} path = {.read_only = p->parts[i]->path.p};

		mem_free(path.owned);
		mem_free(p->parts[i]);
	}
	mem_free(p->parts);
	index_release(&p->index);
	naming_release(&p->naming);
	buf_release(&p->path);
	buf_release(&p->scratch);
	err_release(&p->err);
	partition_release_kept(p);
	mem_free(p);
}

bool
partitions_failed(const struct partitions *p)
{
	return p->failed;
}

/* The first failure is kept. */
void
partition_fail(struct partitions *p, struct err *err)
{
	if (p->failed) {
		err_release(err);
		return;
	}
	p->failed = true;
	p->err = *err;
	*err = (struct err){0};
}

/* ---- which files are open ---- */

void
partition_unlink_open(struct partitions *p, struct part *part)
{
	*(part->older ? &part->older->newer : &p->oldest) = part->newer;
	*(part->newer ? &part->newer->older : &p->newest) = part->older;
	part->older = part->newer = NULL;
	p->n_open--;
}

void
partition_link_open(struct partitions *p, struct part *part)
{
	part->older = p->newest;
	*(p->newest ? &p->newest->newer : &p->oldest) = part;
	p->newest = part;
	p->n_open++;
}

void
partition_close_oldest(struct partitions *p)
{
	struct part *part = p->oldest;

	partition_unlink_open(p, part);
	output_rest(&part->out);
}

void
partition_check(struct partitions *p, struct part *part)
{
	if (!part->out.failed || p->failed)
		return;
	p->failed = true;
	p->err = part->out.err;
	part->out.err = (struct err){0};
}

/* Makes sure that the file is open. */
static void
wake(struct partitions *p, struct part *part)
{
	if (part->out.fd >= 0) {
		partition_unlink_open(p, part);
		partition_link_open(p, part);
		return;
	}
	while (p->n_open >= p->open_max)
		partition_close_oldest(p);
	if (!output_wake(&part->out) && p->n_open) {
		while (p->n_open)
			partition_close_oldest(p);
		output_wake(&part->out);
	}
	if (part->out.fd >= 0)
		partition_link_open(p, part);
}

void
partition_flush(struct partitions *p, struct part *part)
{
	p->buffered -= part->out.buf.n;
	wake(p, part);
	output_flush(&part->out);
	partition_check(p, part);
}

/* ---- parts ---- */

/* The directories of a path that are not there yet. */
int
partition_directories(struct partitions *p, const char *path, struct err *err)
{
	char *copy = mem_strdup(path);
	int status = 0;

	for (char *at = copy + 1; !status && (at = strchr(at, '/')); at++) {
		char name[512];

		*at = 0;
		if (!mkdir(copy, 0777)) {
			if (p->store)
				partition_note_folder(p, copy);
		} else if (errno != EEXIST) {
			int errnum = errno;

			err_quote(name, str_of(copy), 120);
			status = err_sys(err, ERR_OUTPUT, errnum,
			    "cannot create the directory %s", name);
		}
		*at = '/';
	}
	mem_free(copy);
	return status;
}

void
partition_note_device(struct partitions *p, const struct part *part)
{
	struct stat st;

	if (fstat(part->out.fd, &st))
		return;
	p->devices |= p->device && p->device != st.st_dev;
	p->device = st.st_dev;
}

static int
open_file(struct partitions *p, struct part *part, struct err *err)
{
	struct buf path = {0};
	int status;

	naming_part(&p->naming, part->path, part->number, &path);
	while (p->n_open >= p->open_max)
		partition_close_oldest(p);
	status = partition_directories(p, buf_z(&path), err) ||
		 output_open(&part->out, buf_z(&path), true, err);
	if (status && p->n_open) {
		err_release(err);
		while (p->n_open)
			partition_close_oldest(p);
		status = output_open(&part->out, buf_z(&path), true, err);
	}
	buf_release(&path);
	if (status)
		return -1;
	partition_link_open(p, part);
	partition_note_device(p, part);
	if (part->out.temporary)
		return 0;
	partition_unlink_open(p, part);
	(void)output_close(&part->out, false, err);
	return err_set(err, ERR_OUTPUT, (struct where){0},
	    "%.*s is no regular file", STR_ARG(part->path));
}

static void
count(struct partitions *p, struct part *part, size_t before)
{
	size_t n = part->out.buf.n - before;

	part->dirty = true;
	part->bytes += n;
	p->bytes += n;
	p->buffered += n;
}

bool
partition_encoder(struct partitions *p, struct part *part)
{
	struct err err = {0};

	part->encoder = p->plan->format->encoder_new(p->spec, &err);
	if (!part->encoder)
		partition_fail(p, &err);
	return part->encoder != NULL;
}

/* A new part has its first row. */
static bool
begin(struct partitions *p, struct part *part)
{
	const struct format *format = p->plan->format;
	struct err err = {0};
	size_t before;

	if (part->encoder)
		return true;
	if (p->store) {
		if (!part_begin(p, part))
			return false;
		if (part->encoder)
			return true;
	} else {
		part->number++;
		part->rows = part->bytes = 0;
		if (open_file(p, part, &err)) {
			partition_fail(p, &err);
			return false;
		}
	}
	if (!partition_encoder(p, part))
		return false;
	before = part->out.buf.n;
	if (format->begin)
		format->begin(part->encoder, &part->out.buf);
	count(p, part, before);
	return true;
}

/* The encoder's last bytes; the file is still to be closed. */
static void
finish(struct partitions *p, struct part *part)
{
	const struct format *format = p->plan->format;
	size_t before = part->out.buf.n;

	if (!part->encoder)
		return;
	if (format->finish)
		format->finish(part->encoder, &part->out.buf);
	count(p, part, before);
	format->encoder_free(part->encoder);
	part->encoder = NULL;
	partition_flush(p, part);
}

static void
close_part(struct partitions *p, struct part *part, bool keep)
{
	struct err err = {0};

	if (!part->out.opened)
		return;
	p->buffered -= part->out.buf.n;
	if (keep)
		wake(p, part);
	if (part->out.fd >= 0)
		partition_unlink_open(p, part);
	if (output_close(&part->out, keep && !p->failed, &err))
		partition_fail(p, &err);
}

/* A part is whole: the next row begins another one. */
static void
cut(struct partitions *p, struct part *part)
{
	finish(p, part);
	if (p->store)
		part_retire(p, part);
	else
		close_part(p, part, true);
}

/* ---- writing ---- */

static void
append(struct partitions *p, struct part *part, unsigned rows)
{
	size_t before = part->out.buf.n;

	buf_adds(&part->out.buf, buf_str(&p->scratch));
	count(p, part, before);
	part->rows += rows;
}

static void
encode(struct partitions *p, struct part *part, struct batch *view,
    struct buf *out)
{
	p->plan->format->encode(part->encoder, view, out);
}

static bool
fits(const struct partitions *p, const struct part *part)
{
	return part->bytes + p->scratch.n <= p->plan->roll_bytes;
}

/* One row, which begins another part if this one has no room for it. */
static void
put_row(struct partitions *p, struct part *part, struct batch *view)
{
	if (!begin(p, part))
		return;
	p->scratch.n = 0;
	encode(p, part, view, &p->scratch);
	if (!fits(p, part) && part->rows) {
		cut(p, part);
		if (!begin(p, part))
			return;
		p->scratch.n = 0;
		encode(p, part, view, &p->scratch);
	}
	append(p, part, 1);
}

/*
 * Rows of one part and period. An encoder that keeps something between rows
 * cannot take back what did not fit.
 */
static void
put_rows(struct partitions *p, struct part *part, struct batch *view)
{
	size_t before;
	uint16_t *sel = view->sel;
	unsigned n = view->n_sel;

	if (!begin(p, part))
		return;
	before = part->out.buf.n;
	if (!p->plan->roll_bytes) {
		encode(p, part, view, &part->out.buf);
		part->rows += n;
		count(p, part, before);
		return;
	}
	if (!p->plan->format->ordered) {
		p->scratch.n = 0;
		encode(p, part, view, &p->scratch);
		if (fits(p, part)) {
			append(p, part, n);
			return;
		}
	}
	view->n_sel = 1;
	for (unsigned i = 0; i < n && !p->failed; i++) {
		view->sel = sel + i;
		put_row(p, part, view);
	}
}

/* How many of the rows from the first on go to the same part by time. */
static unsigned
same_period(struct partitions *p, struct part *part, const struct batch *b,
    const uint16_t *sel, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		int64_t at = naming_period(&p->naming, b, sel[i]);

		if (part->period == NAMING_TIMELESS)
			part->period = at;
		if (at > part->period)
			break;
	}
	return i;
}

static void
put_by_time(struct partitions *p, struct part *part, const struct batch *b,
    struct batch *view)
{
	uint16_t *sel = view->sel;

	for (unsigned n = view->n_sel, same; n && !p->failed;
	     n -= same, sel += same) {
		if (!begin(p, part))
			return;
		same = same_period(p, part, b, sel, n);
		view->sel = sel;
		view->n_sel = same;
		if (same) {
			put_rows(p, part, view);
			continue;
		}
		cut(p, part);
		part->period = NAMING_TIMELESS;
	}
}

static void
put_touched(struct partitions *p, struct part *part, const struct batch *b,
    const struct batch *rows)
{
	struct batch view = *rows;
	unsigned row = part->first;

	view.n_sel = 0;
	view.sel = arena_array(b->arena, rows->n_sel, sizeof *view.sel);
	view.sel[view.n_sel++] = (uint16_t)row;
	while (p->next[row] != row)
		view.sel[view.n_sel++] = (uint16_t)(row = p->next[row]);
	part->touched = false;
	if (p->plan->roll_every)
		put_by_time(p, part, b, &view);
	else
		put_rows(p, part, &view);
	if (part->out.buf.n >= OUTPUT_BYTES)
		partition_flush(p, part);
}

/* ---- which part a row belongs to ---- */

static uint64_t
hash_of_part(const void *entry)
{
	return ((const struct part *)entry)->hash;
}

static struct part *
new_part(struct partitions *p, uint64_t hash)
{
	struct part *part = mem_zalloc(sizeof *part);
	char *path = mem_alloc(p->path.n + 1);

	memcpy(path, p->path.p, p->path.n);
	path[p->path.n] = 0;
	part->path = (struct str){path, p->path.n};
	part->hash = hash;
	part->out.fd = -1;
	part->period = NAMING_TIMELESS;
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 16;
		p->parts = mem_resize(p->parts, p->cap * sizeof(struct part *));
	}
	p->parts[p->n++] = part;
	return part;
}

/* Its slot, or the one where it would be. */
static struct part *
find_slot(const struct partitions *p, uint64_t hash, size_t *slot)
{
	size_t i;

	for (i = index_start(&p->index, hash); p->index.slots[i];
	     i = (i + 1) & p->index.mask) {
		struct part *part = index_pointer(p->index.slots[i]);

		if (part->hash == hash && str_eq(part->path, buf_str(&p->path)))
			return part;
	}
	*slot = i;
	return NULL;
}

bool
partition_has(const struct partitions *p)
{
	size_t slot;

	return p->index.slots &&
	       find_slot(p, hash_bytes(p->path.p, p->path.n), &slot);
}

struct part *
partition_find(struct partitions *p)
{
	uint64_t hash = hash_bytes(p->path.p, p->path.n);
	struct part *part;
	size_t i;

	index_reserve(&p->index, hash_of_part);
	part = find_slot(p, hash, &i);
	if (part)
		return part;
	index_put(&p->index, i, hash, new_part(p, hash));
	return p->parts[p->n - 1];
}

void
partitions_rows(
    struct partitions *p, const struct batch *b, const struct batch *view)
{
	struct part **touched =
	    arena_array(b->arena, b->n_sel, sizeof(struct part *));
	unsigned n = 0;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		struct part *part;

		p->path.n = 0;
		naming_path(&p->naming, b, row, &p->path);
		part = partition_find(p);
		if (!part->touched) {
			touched[n++] = part;
			part->touched = true;
			part->first = row;
		} else {
			p->next[part->last] = (uint16_t)row;
		}
		part->last = row;
		p->next[row] = (uint16_t)row;
	}
	for (unsigned i = 0; i < n; i++)
		put_touched(p, touched[i], b, view);
	for (size_t i = 0; p->buffered > BUFFERED_MAX && i < p->n; i++)
		if (p->parts[i]->out.buf.n)
			partition_flush(p, p->parts[i]);
}

/* ---- the end ---- */

/* Many small files are synced faster all at once. */
static void
sync_all(struct partitions *p)
{
	struct part *last = p->newest;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->parts[i]->out.opened;
	if (n < SYNC_ALL || p->devices || !last || p->failed)
		return;
	if (syncfs(last->out.fd))
		return; /* each is synced when it is closed */
	for (size_t i = 0; i < p->n; i++)
		p->parts[i]->out.synced = true;
}

static void
close_all(struct partitions *p, bool keep)
{
	for (size_t i = 0; i < p->n; i++)
		finish(p, p->parts[i]);
	if (keep)
		sync_all(p);
	for (size_t i = 0; i < p->n; i++)
		close_part(p, p->parts[i], keep && !p->failed);
}

int
partitions_close(
    struct partitions *p, bool keep, uint64_t *bytes, struct err *err)
{
	for (size_t i = 0; p->store && i < p->n; i++)
		part_leave(p, p->parts[i]);
	/* Nobody may come after this run to give files their names again. */
	if (p->store && keep && !p->failed)
		partition_sync_folders(p);
	if (!p->store)
		close_all(p, keep);
	*bytes += p->bytes;
	if (!p->failed)
		return 0;
	err_release(err);
	*err = p->err;
	p->err = (struct err){0};
	return -1;
}
