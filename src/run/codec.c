/* SPDX-License-Identifier: MIT */
/* The table of codecs; see codec.h. */
#include "run/codec.h"

#define CODEC(name) extern const struct codec codec_##name;
#include "run/codec_list.h"
#undef CODEC

const struct codec *const codecs[] = {
#define CODEC(name) &codec_##name,
#include "run/codec_list.h"
#undef CODEC
};

const unsigned n_codecs = sizeof codecs / sizeof *codecs;

enum codec_is
codec_of(struct str head, bool eof, const struct codec **out)
{
	const void *p = head.p;
	bool maybe = false;

	for (unsigned i = 0; i < n_codecs; i++) {
		switch (codecs[i]->begins(p, head.n)) {
		case CODEC_YES:
			*out = codecs[i];
			return CODEC_YES;
		case CODEC_MAYBE:
			maybe = true;
			break;
		case CODEC_NO:
			break;
		}
	}
	return maybe && !eof ? CODEC_MAYBE : CODEC_NO;
}

enum codec_is
codec_begins(
    const unsigned char *p, size_t n, const char *magic, size_t n_magic)
{
	size_t common = n < n_magic ? n : n_magic;

	if (common && memcmp(p, magic, common) != 0)
		return CODEC_NO;
	return n < n_magic ? CODEC_MAYBE : CODEC_YES;
}
