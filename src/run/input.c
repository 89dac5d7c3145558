/* SPDX-License-Identifier: MIT */
/* Inputs while running; see input.h. */
#include "run/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "run/ahead.h"
#include "run/given.h"
#include "run/guess.h"
#include "run/signals.h"
#include "run/unpack.h"

#define PIPE_BYTES (1 << 20)

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
	*in = (struct input){.plan = plan, .file = file, .number = number};
	arena_init(&in->arena, 2048);
}

void
input_close(struct input *in)
{
	port_free(in->port);
	in->port = NULL;
	in->plain = NULL;
	in->opened = false;
	in->layout = NULL;
	in->bytes = in->line = in->line_at = 0;
	in->follow = NULL;
	err_release(&in->err);
	block_release(&in->head);
	arena_release(&in->arena);
}

void
input_reopen(struct input *in, struct str file)
{
	port_free(in->port);
	in->port = NULL;
	in->plain = NULL;
	in->opened = false;
	in->bytes = in->line = in->line_at = 0;
	in->file = file;
	/* An output may still use the first layout: the arena stays. */
	in->layout = NULL;
	block_release(&in->head);
}

void
input_renew(struct input *in)
{
	follow_next(in->follow);
	in->file = follow_name(in->follow);
	in->opened = false;
	in->layout = NULL;
	block_release(&in->head);
	arena_release(&in->arena);
}

void
input_release(struct input *in)
{
	input_close(in);
}

static bool
is_stdin(const struct input *in)
{
	return str_is(in->file, "-");
}

int
input_check(struct input *in, struct err *err)
{
	struct stat st;

	if (in->given)
		return 0;
	if (is_stdin(in)) {
		if (fcntl(STDIN_FILENO, F_GETFD) < 0)
			return port_fail(in->file, "read", err);
		if (!fstat(STDIN_FILENO, &st) && S_ISREG(st.st_mode))
			in->size = (uint64_t)st.st_size;
		in->id = file_id_of_fd(STDIN_FILENO);
		return 0;
	}
	/* Names come from the command line or a spec: NUL-terminated. */
	if (access(in->file.p, R_OK) || stat(in->file.p, &st))
		return port_fail(in->file, "read", err);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return port_fail(in->file, "read", err);
	}
	if (S_ISREG(st.st_mode))
		in->size = (uint64_t)st.st_size;
	in->id = file_id_of(in->file.p);
	return 0;
}

/* A regular file, inflated if its first bytes say so. */
static int
open_regular(struct input *in, int fd, uint64_t inflate_max, struct err *err)
{
	const struct codec *codec;
	char head[CODEC_HEAD];
	struct file *f;
	ssize_t n;

	/* Positions are counted from the file's beginning. */
	if (in->keeps && is_stdin(in))
		(void)lseek(fd, 0, SEEK_SET);
	f = file_new(fd, is_stdin(in) ? NULL : in->file.p);
	n = file_read_at(f, head, sizeof head, 0);
	if (n < 0) {
		(void)port_fail(in->file, "read", err);
		port_free(file_port(f));
		return -1;
	}
	if (codec_of((struct str){head, (size_t)n}, true, &codec) !=
	    CODEC_YES) {
		in->plain = f;
		in->port = file_port(f);
		return 0;
	}
	in->port = ahead_new(unpack_new(
	    file_port(f), (struct str){NULL, 0}, in->file, inflate_max));
	return 0;
}

static int
open_port(struct input *in, uint64_t inflate_max, struct err *err)
{
	struct stat st;
	int fd;

	if (in->given) {
		in->written = WHEN_MIN;
		in->port = given_port(in->given);
		return 0;
	}
	fd = is_stdin(in) ? STDIN_FILENO : file_open(in->file.p);
	if (fd < 0 || fstat(fd, &st))
		return port_fail(in->file, "open", err);
	in->written = WHEN_MIN;
	if (S_ISREG(st.st_mode)) {
		in->written = (int64_t)st.st_mtime * WHEN_SECOND;
		return open_regular(in, fd, inflate_max, err);
	}
#ifdef F_SETPIPE_SZ
	/* A bigger pipe means fewer sleeps; without it things still work. */
	if (S_ISFIFO(st.st_mode))
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
#endif
	if (in->spool) {
		in->port = spool_port(in->spool);
		return 0;
	}
	in->port =
	    port_sniffed(port_of_fd(fd, in->file), in->file, inflate_max);
	return 0;
}

bool
input_ready(const struct input *in, int ms)
{
	return in->plain || port_ready(in->port, ms);
}

/* 16 bytes, compared at once wherever the machine can. */
typedef unsigned char lanes16 __attribute__((vector_size(16)));

/* How many of n * 16 bytes are `byte`; n < 256, so that no lane overflows. */
static uint64_t
count_lanes(const char *p, size_t n, unsigned char byte)
{
	lanes16 wanted = byte - (lanes16){0}, sums = {0}, at;
	uint64_t found = 0;

	for (size_t i = 0; i < n; i++) {
		memcpy(&at, p + i * sizeof at, sizeof at);
		sums -= (lanes16)(at == wanted);
	}
	for (size_t i = 0; i < sizeof sums; i++)
		found += sums[i];
	return found;
}

static uint64_t
count(const char *p, size_t n, char byte)
{
	uint64_t found = 0;

	while (n >= sizeof(lanes16)) {
		size_t some = n / sizeof(lanes16);

		if (some > 255)
			some = 255;
		found += count_lanes(p, some, (unsigned char)byte);
		p += some * sizeof(lanes16);
		n -= some * sizeof(lanes16);
	}
	while (n--)
		found += *p++ == byte;
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

/* The input ends here: what has no end is no record. */
static void
end_early(const struct input *in, struct block *b)
{
	uint64_t context = b->context;

	b->last = b->early = true;
	if (b->skipping)
		b->to = b->from;
	else if (in->layout)
		b->to = b->from + format_frame(in->layout, b->bytes + b->from,
				      b->to - b->from, &context);
}

void
input_read(struct input *in, struct block *b, size_t block_bytes)
{
	ssize_t n;

	make_room(b, block_bytes);
	n = port_read(in->port, b->bytes + b->to, b->cap - b->to, &in->err);
	if (n == PORT_NONE)
		return;
	if (n < 0) {
		end_early(in, b);
		return;
	}
	b->to += (size_t)n;
	in->bytes += (size_t)n;
	if (!n && in->holds)
		end_early(in, b);
	else
		b->last = n == 0;
}

void
input_fill(struct input *in, struct block *b, size_t block_bytes)
{
	in->waits = in->live && !input_ready(in, 0);
	if (in->waits)
		return;
	while (!input_ready(in, INPUT_LOOK_MS))
		if (signals_stop()) {
			b->to = b->from;
			b->last = b->early = true;
			return;
		}
	input_read(in, b, block_bytes);
}

/* ---- what the input holds ---- */

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

/* So many bytes decide, even if they are nothing but blank lines. */
#define GUESS_MOST ((size_t)64 << 10)

/* The format that is stated, or of which enough is known; NULL: not yet. */
static const struct format *
choose_format(const struct input *in, bool nul)
{
	struct str head = {in->head.bytes, in->head.to};
	bool whole = in->head.last;

	if (in->plan->format)
		return in->plan->format;
	if (in->noted)
		return in->noted;
	if (head.n >= GUESS_MOST) {
		head.n = GUESS_MOST;
		whole = true;
	}
	if (nul && (is_stdin(in) || !format_of_name(in->file)))
		return whole || head.n >= GUESS_BYTES ||
			       (head.n && memchr(head.p, '\0', head.n))
			   ? guess_nul(head)
			   : NULL;
	return is_stdin(in) ? format_guess_input(head, whole)
			    : format_of_file(in->file, head, whole);
}

/* What no format of text reads, by its first bytes, and who does. */
static const struct foreign {
	struct str begins;
	const char *what, *hint;
} foreign[] = {
    {STR("\xff\xfe"), "UTF-16, and text must be UTF-8",
	"iconv -f UTF-16 -t UTF-8 FILE | weir …"},
    {STR("\xfe\xff"), "UTF-16, and text must be UTF-8",
	"iconv -f UTF-16 -t UTF-8 FILE | weir …"},
    {STR("PK\x03\x04"), "a zip archive", "unzip -p FILE | weir …"},
    {STR("\x04\x22\x4d\x18"), "compressed by lz4", "lz4 -dc FILE | weir …"},
    {STR("\x1f\x9d"), "compressed by compress", "gzip -dc FILE | weir …"},
    {STR("7z\xbc\xaf\x27\x1c"), "a 7-Zip archive", "7z e -so FILE | weir …"},
    {STR("SQLite format 3\0"), "a database of SQLite",
	"sqlite3 -json FILE 'SELECT …' | weir …"},
    {STR("PAR1\x15"), "a Parquet file",
	"duckdb -csv -c \"FROM 'FILE'\" | weir -i csv …"},
};

#define TAR_MARK 257 /* where "ustar" stands */

/*
 * What the input is if it is none of ours, or NULL. *more: it begins like one,
 * and more bytes will tell.
 */
static const struct foreign *
foreign_of(const struct input *in, bool *more)
{
	static const struct foreign twice = {
	    {"", 0}, "compressed twice", "gzip -dc FILE | weir …"};
	static const struct foreign tar = {
	    {"", 0}, "a tar archive", "tar -xOf FILE | weir …"};
	struct str head = {in->head.bytes, in->head.to};
	const struct codec *codec;
	enum codec_is is =
	    head.n ? codec_of(head, in->head.last, &codec) : CODEC_NO;

	*more = is == CODEC_MAYBE && !in->head.last;
	/* One layer has been taken off already. */
	if (is == CODEC_YES)
		return &twice;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		struct str begins = foreign[i].begins;

		if (str_starts(head, begins))
			return &foreign[i];
		*more |= head.n && !in->head.last && str_starts(begins, head);
	}
	if (!in->plan->format && head.n > TAR_MARK + 5 &&
	    !memcmp(head.p + TAR_MARK, "ustar", 5))
		return &tar;
	return NULL;
}

static int
check_format(const struct input *in, bool nul, struct err *err)
{
	bool more;
	const struct foreign *f = foreign_of(in, &more);

	if (f && in->format->lines) {
		err_set(
		    err, ERR_INPUT, (struct where){0}, "this is %s", f->what);
		return err_hint(err, "%s", f->hint);
	}
	if (!nul || in->format->nul)
		return 0;
	err_set(err, ERR_USAGE, (struct where){0},
	    "records of the format %s cannot end in NUL", in->format->name);
	return err_hint(err, "-z is for formats of lines, such as lines or "
			     "logfmt");
}

/* The bytes at hand may be the beginning of what is none of ours. */
static bool
begins_mark(const struct input *in)
{
	bool more;

	(void)foreign_of(in, &more);
	return more && in->format->lines;
}

/* Reads until the format is known; a live input may have too little (waits). */
static void
read_head(struct input *in, bool nul, size_t block_bytes)
{
	if (!in->head.bytes)
		block_init(&in->head, block_bytes);
	do {
		input_fill(in, &in->head, block_bytes);
		in->format = in->head.to || in->head.last
				 ? choose_format(in, nul)
				 : NULL;
	} while ((!in->format || begins_mark(in)) && !in->waits);
	/* A first line without its end: as if nothing was there yet. */
	if (in->holds && in->head.last && in->format->lines && in->head.to &&
	    !memchr(in->head.bytes, nul ? 0 : '\n', in->head.to)) {
		in->head.to = 0;
		in->format = choose_format(in, nul);
	}
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
			input_fill(in, &in->head, block_bytes);
			if (in->waits)
				return -1;
		}
	}
}

/* Why it ended early comes before what follows from that. */
static int
open_failed(struct input *in, struct err *err)
{
	char name[512];

	if (in->err.message) {
		err_release(err);
		*err = in->err;
		in->err = (struct err){0};
	} else if (err->code != ERR_USAGE && !err->where.src) {
		err_quote(name, in->file, 120);
		err_note(err, "%s", name);
	}
	return -1;
}

/* Bytes of what cannot be read by place are read and thrown away. */
static int
pass_bytes(struct input *in, uint64_t n, struct err *err)
{
	char part[16384];

	while (n) {
		size_t want = n < sizeof part ? (size_t)n : sizeof part;
		ssize_t got = port_read(in->port, part, want, err);

		if (got == PORT_NONE && !signals_stop())
			continue;
		if (got < 0)
			return got == PORT_NONE ? 0 : -1;
		if (!got)
			return 0;
		n -= (uint64_t)got;
	}
	return 0;
}

int
input_resume(struct input *in, uint64_t offset, uint64_t context, uint64_t line,
    bool skipping, struct err *err)
{
	struct block *b = &in->head;
	uint64_t read = b->offset + (b->to - b->from);

	if (in->follow && offset > read && follow_seek(in->follow, offset)) {
		b->from = b->to;
	} else if (in->plain || in->spool) {
		if (in->spool)
			spool_seek(in->spool, offset);
		else
			file_seek(in->plain, offset);
		b->from = b->to = 0;
		b->last = b->early = false;
	} else if (offset <= read) {
		if (offset < b->offset)
			return 0;
		b->from += (size_t)(offset - b->offset);
	} else {
		if (pass_bytes(in, offset - read, err))
			return -1;
		b->from = b->to;
	}
	b->offset = offset;
	b->context = context;
	b->line = line;
	b->skipping = skipping;
	return 0;
}

/* When a followed file was written last, as far as is known. */
static int64_t
written_of(struct str path)
{
	struct stat st;

	return stat(path.p, &st) ? WHEN_MIN
				 : (int64_t)st.st_mtime * WHEN_SECOND;
}

/* Live, and too few bytes: they are kept, the rest is done again. */
static int
open_later(struct input *in)
{
	in->layout = NULL;
	in->head.from = 0;
	in->head.offset = in->head.line = 0;
	arena_release(&in->arena);
	return INPUT_WAITS;
}

int
input_open(struct input *in, const struct plan *plan,
    const struct run_options *options, bool needs_time, size_t block_bytes,
    struct err *err)
{
	bool numbered;

	if (!in->port && open_port(in, options->inflate_max, err))
		return -1;
	if (in->follow)
		in->written = written_of(in->file);
	in->holds = in->holds && (in->plain || in->spool);
	read_head(in, options->nul_data, block_bytes);
	if (in->waits)
		return open_later(in);
	if (in->follow && in->head.last && !in->head.to)
		return INPUT_EMPTY;
	if (in->err.message && !in->head.to)
		return open_failed(in, err);
	if (check_format(in, options->nul_data, err))
		return open_failed(in, err);
	if (start(in, options, block_bytes, err) ||
	    guess_spec(in, plan, options, needs_time, block_bytes, err))
		return in->waits ? open_later(in) : open_failed(in, err);
	numbered = in->plan->scan->origin[ORIGIN_LINE] != 0;
	in->by_number = numbered && !in->layout->format->lines;
	in->counts = !in->plain || numbered || in->keeps;
	if (in->by_number)
		in->head.line = 0;
	if (in->err.message || (in->holds && in->head.last))
		end_early(in, &in->head);
	in->opened = true;
	return 0;
}
