/* SPDX-License-Identifier: MIT */
/* Inputs while running; see input.h. */
#include "run/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "run/guess.h"
#include "run/signals.h"

#define PIPE_BYTES (1 << 20)

size_t input_read_max = SIZE_MAX;

void
block_init(struct block *b, size_t cap)
{
	*b = (struct block){.bytes = mem_alloc(cap + SIMD_PAD), .cap = cap};
}

void
block_release(struct block *b)
{
	mem_free(b->bytes);
	*b = (struct block){0};
}

void
input_init(struct input *in, const struct plan_input *plan, struct str file,
    unsigned number)
{
	*in = (struct input){
	    .plan = plan, .file = file, .number = number, .fd = -1};
	arena_init(&in->arena, 2048);
}

void
input_release(struct input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	block_release(&in->head);
	arena_release(&in->arena);
}

static bool
is_stdin(const struct input *in)
{
	return str_is(in->file, "-");
}

static int
fail(const struct input *in, const char *what, struct err *err)
{
	char name[512];
	int errnum = errno;

	err_quote(name, in->file, 120);
	return err_sys(err, ERR_INPUT, errnum, "cannot %s %s", what,
	    is_stdin(in) ? "standard input"
	    : in->file.n ? name
			 : "\"\"");
}

int
input_check(struct input *in, struct err *err)
{
	struct stat st;

	if (in->given)
		return 0;
	if (is_stdin(in)) {
		if (fcntl(STDIN_FILENO, F_GETFD) < 0)
			return fail(in, "read", err);
		if (!fstat(STDIN_FILENO, &st) && S_ISREG(st.st_mode))
			in->size = (uint64_t)st.st_size;
		in->id = file_id_of_fd(STDIN_FILENO);
		return 0;
	}
	/* Names come from the command line or a spec: NUL-terminated. */
	if (access(in->file.p, R_OK) || stat(in->file.p, &st))
		return fail(in, "read", err);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return fail(in, "read", err);
	}
	if (S_ISREG(st.st_mode))
		in->size = (uint64_t)st.st_size;
	in->id = file_id_of(in->file.p);
	return 0;
}

static int
open_file(struct input *in, struct err *err)
{
	struct stat st;
	off_t at;

	in->written = WHEN_MIN;
	if (in->given)
		return 0;
	in->fd = is_stdin(in) ? STDIN_FILENO
			      : open(in->file.p, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st))
		return fail(in, "open", err);
	in->regular = S_ISREG(st.st_mode);
	if (in->regular)
		in->written = (int64_t)st.st_mtime * WHEN_SECOND;
	at = in->regular ? lseek(in->fd, 0, SEEK_CUR) : 0;
	in->base = at > 0 ? (uint64_t)at : 0;
#ifdef F_SETPIPE_SZ
	/* A bigger pipe means fewer sleeps; without it things still work. */
	if (S_ISFIFO(st.st_mode))
		(void)fcntl(in->fd, F_SETPIPE_SZ, PIPE_BYTES);
#endif
#ifdef POSIX_FADV_SEQUENTIAL
	if (in->regular)
		(void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
	return 0;
}

bool
input_ready(const struct input *in, int ms)
{
	struct pollfd p = {.fd = in->fd, .events = POLLIN};

	return in->regular || in->given || poll(&p, 1, ms) > 0;
}

static uint64_t
count(const char *p, size_t n, char byte)
{
	const char *end = p + n, *hit;
	uint64_t found = 0;

	while (p < end && (hit = memchr(p, byte, (size_t)(end - p)))) {
		found++;
		p = hit + 1;
	}
	return found;
}

uint64_t
lines_in(const char *p, size_t n)
{
	return count(p, n, '\n');
}

uint64_t
input_lines(const struct input *in, const char *p, size_t n)
{
	return count(p, n, in->layout->nul ? '\0' : '\n');
}

void
block_room(struct block *b, size_t n)
{
	size_t cap = b->cap;

	while (cap - b->to < n)
		cap *= 2;
	if (cap == b->cap)
		return;
	b->bytes = mem_resize(b->bytes, cap + SIMD_PAD);
	b->cap = cap;
}

static void
make_room(struct block *b, size_t block_bytes)
{
	size_t held = b->to - b->from;

	if (b->from && held)
		memmove(b->bytes, b->bytes + b->from, held);
	b->from = 0;
	b->to = held;
	/* A whole read should fit behind what is held. */
	block_room(b, block_bytes / 2);
}

/* As read() would: what is left, up to n bytes. */
static ssize_t
read_given(const struct input *in, char *to, size_t n)
{
	struct str text = in->given->text;
	size_t left = text.n - (size_t)in->bytes;

	if (n > left)
		n = left;
	if (n)
		memcpy(to, text.p + in->bytes, n);
	return (ssize_t)n;
}

int
input_read(
    struct input *in, struct block *b, size_t block_bytes, struct err *err)
{
	size_t want;
	ssize_t n;

	make_room(b, block_bytes);
	want = b->cap - b->to;
	if (want > input_read_max)
		want = input_read_max;
	do
		n = in->given ? read_given(in, b->bytes + b->to, want)
			      : read(in->fd, b->bytes + b->to, want);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(in, "read", err);
	b->to += (size_t)n;
	in->bytes += (size_t)n;
	b->last = n == 0;
	return 0;
}

int
input_fill(
    struct input *in, struct block *b, size_t block_bytes, struct err *err)
{
	while (!input_ready(in, INPUT_LOOK_MS))
		if (signals_stop()) {
			b->to = b->from;
			b->last = true;
			return 0;
		}
	return input_read(in, b, block_bytes, err);
}

/* ---- what the input holds ---- */

/* What begins a compressed file, and what unpacks it. */
static const struct packed {
	const char *bytes, *unpack;
} packed[] = {
    {"\x1f\x8b", "gzip"},
    {"(\xb5/\xfd", "zstd"},
    {"\3757zXZ", "xz"},
    {"BZh9", "bzip2"},
};

static int
refuse_packed(struct input *in, struct str head, struct err *err)
{
	char name[512];

	err_quote(name, in->file, 120);
	for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
		if (!str_starts(head, str_of(packed[i].bytes)))
			continue;
		err_set(err, ERR_INPUT, (struct where){0}, "%s is compressed",
		    is_stdin(in) ? "standard input" : name);
		return err_hint(
		    err, "%s -dc FILE | weir ...", packed[i].unpack);
	}
	return 0;
}

/*
 * The first line that is not blank: all of a pipe that is looked at, so that
 * the guess does not depend on how much has arrived.
 */
static struct str
first_line(struct str head)
{
	size_t n = 0;

	while (n < head.n && (head.p[n] == '\n' || head.p[n] == '\r'))
		n++;
	while (n < head.n && head.p[n] != '\n')
		n++;
	return (struct str){head.p, n < head.n ? n + 1 : n};
}

/* The first record that ends in NUL is all that is looked at. */
static const struct format *
guess_nul(struct str head)
{
	const char *nul = head.n ? memchr(head.p, '\0', head.n) : NULL;
	const struct format *f;

	if (nul)
		head.n = (size_t)(nul - head.p);
	f = format_guess(head, true);
	return f->nul ? f : format_find(STR("lines"));
}

static int
choose_format(
    struct input *in, const struct run_options *options, struct err *err)
{
	struct str head = {in->head.bytes, in->head.to};

	if (!in->plan->format && refuse_packed(in, head, err))
		return -1;
	in->format = in->plan->format;
	if (!in->format && !is_stdin(in))
		in->format = format_of_file(in->file, head, in->head.last);
	if (!in->format && options->nul_data)
		in->format = guess_nul(head);
	if (!in->format)
		in->format = format_guess(
		    in->regular || in->given ? head : first_line(head),
		    in->head.last);
	if (!options->nul_data || in->format->nul)
		return 0;
	err_set(err, ERR_USAGE, (struct where){0},
	    "records of the format %s cannot end in NUL", in->format->name);
	return err_hint(err, "-z is for formats of lines, such as lines or "
			     "logfmt");
}

/* Bytes enough to tell a format by: a record or two of most logs. */
#define GUESS_BYTES 4096

static int
read_head(struct input *in, bool nul, size_t block_bytes, struct err *err)
{
	block_init(&in->head, block_bytes);
	do {
		if (input_fill(in, &in->head, block_bytes, err))
			return -1;
		/* Enough, or as much as the writer has written so far. */
		if (in->head.to >= GUESS_BYTES ||
		    memchr(in->head.bytes, nul ? '\0' : '\n', in->head.to))
			break;
	} while (!in->head.last && in->head.to < GUESS_BYTES &&
		 (!in->head.to || input_ready(in, 0)));
	return 0;
}

static int
start(struct input *in, const struct run_options *options, size_t block_bytes,
    struct err *err)
{
	const struct limits *limits = &options->limits;
	struct settings settings = in->plan->settings;

	settings.nul = options->nul_data;
	settings.written = in->written;
	for (;;) {
		struct str head = {in->head.bytes, in->head.to};
		size_t used = 0;
		bool eof = in->head.last || head.n > limits->record_max;

		switch (in->format->start(head, eof, &settings, limits,
		    &in->arena, &in->layout, &used, err)) {
		case START_OK:
			in->head.line = lines_in(in->head.bytes, used);
			in->head.from = used;
			in->head.offset = used;
			return 0;
		case START_ERR:
			return -1;
		case START_MORE:
			must(!eof);
			if (input_fill(in, &in->head, block_bytes, err))
				return -1;
		}
	}
}

int
input_open(struct input *in, const struct plan *plan,
    const struct run_options *options, bool needs_time, size_t block_bytes,
    struct err *err)
{
	char name[512];
	bool numbered;

	if (open_file(in, err) ||
	    read_head(in, options->nul_data, block_bytes, err) ||
	    choose_format(in, options, err))
		return -1;
	if (start(in, options, block_bytes, err) ||
	    guess_spec(in, plan, options, needs_time, block_bytes, err)) {
		if (err->code != ERR_USAGE && !err->where.src) {
			err_quote(name, in->file, 120);
			err_note(err, "%s", name);
		}
		return -1;
	}
	numbered = in->plan->scan->origin[ORIGIN_LINE] != 0;
	in->by_number = numbered && !in->layout->format->lines;
	in->counts = !in->regular || numbered;
	if (in->by_number)
		in->head.line = 0;
	in->opened = true;
	return 0;
}
