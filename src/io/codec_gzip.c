/* SPDX-License-Identifier: MIT */
/*
 * gzip (RFC 1952). Inflated by ISA-L where it is to be had, which takes a
 * third of zlib's time, else by zlib. Both check a member's CRC and length.
 */
#include "config.h"

#include "base/mem.h"
#include "io/codec.h"

/* The method is always 8, and the upper flags are always 0. */
static enum codec_is
gzip_begins(const unsigned char *p, size_t n)
{
	enum codec_is is = codec_begins(p, n, "\x1f\x8b\x08", 3);

	if (is != CODEC_YES)
		return is;
	if (n < 4)
		return CODEC_MAYBE;
	return p[3] & 0xe0 ? CODEC_NO : CODEC_YES;
}

#define BAD_DATA "the gzip data are damaged"
#define BAD_SUM "the checksum of the gzip data is wrong"

#ifdef HAVE_ISAL

#include <isa-l/igzip_lib.h>

/*
 * A member's header is read here: isal_inflate forgets what the header's flags
 * were when it comes in pieces. One byte after another, as headers are short.
 */
enum header_part {
	HEADER_FIXED,
	HEADER_EXTRA_LENGTH,
	HEADER_EXTRA,
	HEADER_NAME,
	HEADER_COMMENT,
	HEADER_SUM,
	HEADER_READ
};

#define FLAG_SUM 2
#define FLAG_EXTRA 4
#define FLAG_NAME 8
#define FLAG_COMMENT 16

struct gzip {
	enum header_part part;
	unsigned left; /* bytes of the part, where that is known */
	unsigned flags, extra;
	struct inflate_state inflate;
};

static bool
gzip_reset(void *run)
{
	struct gzip *g = run;

	g->part = HEADER_FIXED;
	g->left = 10;
	g->flags = g->extra = 0;
	isal_inflate_init(&g->inflate);
	g->inflate.crc_flag = ISAL_GZIP_NO_HDR_VER;
	return true;
}

static void *
gzip_open(void)
{
	struct gzip *g = mem_zalloc(sizeof *g);

	gzip_reset(g);
	return g;
}

static void
next_part(struct gzip *g)
{
	static const struct {
		unsigned flag, length;
	} parts[] = {
	    [HEADER_EXTRA_LENGTH] = {FLAG_EXTRA, 2},
	    [HEADER_EXTRA] = {FLAG_EXTRA, 0},
	    [HEADER_NAME] = {FLAG_NAME, 0},
	    [HEADER_COMMENT] = {FLAG_COMMENT, 0},
	    [HEADER_SUM] = {FLAG_SUM, 2},
	    [HEADER_READ] = {~0u, 0},
	};

	do
		g->part++;
	while (g->part != HEADER_READ &&
	       (!(g->flags & parts[g->part].flag) ||
		   (g->part == HEADER_EXTRA && !g->extra)));
	g->left = g->part == HEADER_EXTRA ? g->extra : parts[g->part].length;
}

static void
read_header(struct gzip *g, unsigned char c)
{
	if (g->part == HEADER_FIXED && g->left == 7)
		g->flags = c;
	if (g->part == HEADER_EXTRA_LENGTH)
		g->extra |= (unsigned)c << (g->left == 2 ? 0 : 8);
	if (g->part == HEADER_NAME || g->part == HEADER_COMMENT) {
		if (!c)
			next_part(g);
	} else if (!--g->left) {
		next_part(g);
	}
}

static enum codec_status
gzip_step(void *run, struct codec_io *io)
{
	struct gzip *g = run;
	struct inflate_state *s = &g->inflate;
	union {
		const unsigned char *read_only;
		unsigned char *in;
	} in;
	int status;

	while (g->part != HEADER_READ && io->in < io->in_end)
		read_header(g, *io->in++);
	if (g->part != HEADER_READ)
		return CODEC_GO;
	in.read_only = io->in;
	s->next_in = in.in;
	s->avail_in = (uint32_t)(io->in_end - io->in);
	s->next_out = io->out;
	s->avail_out = (uint32_t)(io->out_end - io->out);
	status = isal_inflate(s);
	io->in = s->next_in;
	io->out = s->next_out;
	if (status == ISAL_INCORRECT_CHECKSUM)
		io->why = BAD_SUM;
	else if (status < 0 || status == ISAL_NEED_DICT)
		io->why = BAD_DATA;
	if (io->why)
		return CODEC_BAD;
	return s->block_state == ISAL_BLOCK_FINISH ? CODEC_END : CODEC_GO;
}

static void
gzip_close(void *run)
{
	mem_free(run);
}

#else

#include <zlib.h>

static bool
gzip_reset(void *run)
{
	return inflateReset(run) == Z_OK;
}

static void *
gzip_open(void)
{
	z_stream *z = mem_zalloc(sizeof *z);

	/* 15 bits of window, and 16: gzip's header and trailer. */
	if (inflateInit2(z, 15 + 16) != Z_OK) {
		mem_free(z);
		return NULL;
	}
	return z;
}

static enum codec_status
gzip_step(void *run, struct codec_io *io)
{
	z_stream *z = run;
	union {
		const unsigned char *read_only;
		unsigned char *in;
	} in = {.read_only = io->in};
	int status;

	z->next_in = in.in;
	z->avail_in = (uInt)(io->in_end - io->in);
	z->next_out = io->out;
	z->avail_out = (uInt)(io->out_end - io->out);
	status = inflate(z, Z_NO_FLUSH);
	io->in = z->next_in;
	io->out = z->next_out;
	if (status == Z_STREAM_END)
		return CODEC_END;
	if (status == Z_OK || status == Z_BUF_ERROR)
		return CODEC_GO;
	io->why = z->msg && strstr(z->msg, "check") ? BAD_SUM : BAD_DATA;
	return CODEC_BAD;
}

static void
gzip_close(void *run)
{
	inflateEnd(run);
	mem_free(run);
}

#endif

const struct codec codec_gzip = {
    .name = "gzip",
    .library = "zlib",
    .extension = "gz",
    .begins = gzip_begins,
    .open = gzip_open,
    .reset = gzip_reset,
    .step = gzip_step,
    .close = gzip_close,
};
