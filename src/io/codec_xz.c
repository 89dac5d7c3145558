/* SPDX-License-Identifier: MIT */
/*
 * xz, by liblzma. The memory a stream may ask for is limited; xz -9, the most
 * that xz makes by itself, takes 65 MiB.
 */
#include "config.h"

#include "base/mem.h"
#include "io/codec.h"

static enum codec_is
xz_begins(const unsigned char *p, size_t n)
{
	return codec_begins(p, n, "\xfd\x37\x7a\x58\x5a\x00", 6);
}

#ifdef HAVE_LZMA

#include <lzma.h>

#define MEMORY_MAX ((uint64_t)256 << 20)

static void *
xz_open(void)
{
	lzma_stream *z = mem_alloc(sizeof *z);

	*z = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(z, MEMORY_MAX, 0) == LZMA_OK)
		return z;
	mem_free(z);
	return NULL;
}

static bool
xz_reset(void *run)
{
	return lzma_stream_decoder(run, MEMORY_MAX, 0) == LZMA_OK;
}

static enum codec_status
xz_step(void *run, struct codec_io *io)
{
	lzma_stream *z = run;
	lzma_ret status;

	z->next_in = io->in;
	z->avail_in = (size_t)(io->in_end - io->in);
	z->next_out = io->out;
	z->avail_out = (size_t)(io->out_end - io->out);
	status = lzma_code(z, LZMA_RUN);
	io->in = z->next_in;
	io->out = z->next_out;
	if (status == LZMA_OK || status == LZMA_BUF_ERROR)
		return CODEC_GO;
	if (status == LZMA_STREAM_END)
		return CODEC_END;
	io->why = status == LZMA_MEMLIMIT_ERROR
		      ? "the xz data need more than 256 MiB of memory"
		      : "the xz data are damaged";
	return CODEC_BAD;
}

static void
xz_close(void *run)
{
	lzma_end(run);
	mem_free(run);
}

#endif

const struct codec codec_xz = {
    .name = "xz",
    .library = "liblzma",
    .extension = "xz",
    .begins = xz_begins,
#ifdef HAVE_LZMA
    .open = xz_open,
    .reset = xz_reset,
    .step = xz_step,
    .close = xz_close,
#endif
};
