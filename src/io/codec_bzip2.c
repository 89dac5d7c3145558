/* SPDX-License-Identifier: MIT */
/* bzip2, by libbz2. */
#include "config.h"

#include "base/mem.h"
#include "io/codec.h"

/* "BZh", the block size, then the mark of a block or of the end. */
static enum codec_is
bzip2_begins(const unsigned char *p, size_t n)
{
	enum codec_is is = codec_begins(p, n, "BZh", 3);

	if (is != CODEC_YES)
		return is;
	if (n > 3 && (p[3] < '1' || p[3] > '9'))
		return CODEC_NO;
	if (n <= 4)
		return CODEC_MAYBE;
	is = codec_begins(p + 4, n - 4, "\x31\x41\x59\x26\x53\x59", 6);
	return is != CODEC_NO
		   ? is
		   : codec_begins(p + 4, n - 4, "\x17\x72\x45\x38\x50\x90", 6);
}

#ifdef HAVE_BZIP2

#include <bzlib.h>

static void *
bzip2_open(void)
{
	bz_stream *z = mem_zalloc(sizeof *z);

	if (BZ2_bzDecompressInit(z, 0, 0) == BZ_OK)
		return z;
	mem_free(z);
	return NULL;
}

static bool
bzip2_reset(void *run)
{
	bz_stream *z = run;

	BZ2_bzDecompressEnd(z);
	*z = (bz_stream){0};
	return BZ2_bzDecompressInit(z, 0, 0) == BZ_OK;
}

static enum codec_status
bzip2_step(void *run, struct codec_io *io)
{
	bz_stream *z = run;
	union {
		const unsigned char *read_only;
		char *in;
	} in = {.read_only = io->in};
	union {
		unsigned char *bytes;
		char *out;
	} out = {.bytes = io->out};
	int status;

	z->next_in = in.in;
	z->avail_in = (unsigned)(io->in_end - io->in);
	z->next_out = out.out;
	z->avail_out = (unsigned)(io->out_end - io->out);
	status = BZ2_bzDecompress(z);
	io->in = io->in_end - z->avail_in;
	io->out = io->out_end - z->avail_out;
	if (status == BZ_OK)
		return CODEC_GO;
	if (status == BZ_STREAM_END)
		return CODEC_END;
	io->why = "the bzip2 data are damaged";
	return CODEC_BAD;
}

static void
bzip2_close(void *run)
{
	BZ2_bzDecompressEnd(run);
	mem_free(run);
}

#endif

const struct codec codec_bzip2 = {
    .name = "bzip2",
    .library = "libbz2",
    .extension = "bz2",
    .begins = bzip2_begins,
#ifdef HAVE_BZIP2
    .open = bzip2_open,
    .reset = bzip2_reset,
    .step = bzip2_step,
    .close = bzip2_close,
#endif
};
