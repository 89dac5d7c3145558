/* SPDX-License-Identifier: MIT */
/*
 * Zstandard (RFC 8878), by libzstd: frames, also skippable ones. A frame that
 * asks for a window beyond 128 MiB (zstd --ultra --long=28 and more) is
 * refused, as zstd itself does unless told otherwise.
 */
#include "config.h"

#include "base/mem.h"
#include "io/codec.h"

static enum codec_is
zstd_begins(const unsigned char *p, size_t n)
{
	char skippable[] = "\x50\x2a\x4d\x18";
	enum codec_is is = codec_begins(p, n, "\x28\xb5\x2f\xfd", 4);

	if (is != CODEC_NO || !n || (p[0] & 0xf0) != 0x50)
		return is;
	skippable[0] = (char)p[0];
	return codec_begins(p, n, skippable, 4);
}

#ifdef HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

static bool
zstd_reset(void *run)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(run, ZSTD_reset_session_only));
}

static void *
zstd_open(void)
{
	return ZSTD_createDCtx();
}

static const char *
reason(size_t status)
{
	switch (ZSTD_getErrorCode(status)) {
	case ZSTD_error_checksum_wrong:
		return "the checksum of the zstd data is wrong";
	case ZSTD_error_frameParameter_windowTooLarge:
		return "the zstd data need a window of more than 128 MiB";
	case ZSTD_error_dictionary_wrong:
		return "the zstd data need a dictionary";
	default:
		return "the zstd data are damaged";
	}
}

static enum codec_status
zstd_step(void *run, struct codec_io *io)
{
	ZSTD_inBuffer in = {io->in, (size_t)(io->in_end - io->in), 0};
	ZSTD_outBuffer out = {io->out, (size_t)(io->out_end - io->out), 0};
	size_t status = ZSTD_decompressStream(run, &out, &in);

	io->in += in.pos;
	io->out += out.pos;
	if (!ZSTD_isError(status))
		return status ? CODEC_GO : CODEC_END;
	io->why = reason(status);
	return CODEC_BAD;
}

static void
zstd_close(void *run)
{
	ZSTD_freeDCtx(run);
}

#endif

const struct codec codec_zstd = {
    .name = "zstd",
    .library = "libzstd",
    .extension = "zst",
    .begins = zstd_begins,
#ifdef HAVE_ZSTD
    .open = zstd_open,
    .reset = zstd_reset,
    .step = zstd_step,
    .close = zstd_close,
#endif
};
