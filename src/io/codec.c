/* SPDX-License-Identifier: MIT */
/* The table of codecs; see codec.h. */
#include "io/codec.h"

#define CODEC(name) extern const struct codec codec_##name;
#include "io/codec_list.h"
#undef CODEC

const struct codec *const codecs[] = {
#define CODEC(name) &codec_##name,
#include "io/codec_list.h"
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

/* ---- bytes that are all there ---- */

const struct codec *
codec_find(struct str name)
{
	for (unsigned i = 0; i < n_codecs; i++)
		if (str_eq(name, str_of(codecs[i]->name)))
			return codecs[i];
	return NULL;
}

#define ROOM_LEAST ((size_t)64 << 10)

/* One member, from io->in on. */
static const char *
inflate_member(const struct codec *c, void *run, struct codec_io *io,
    size_t most, struct buf *out)
{
	enum codec_status status = CODEC_GO;
	bool held = false; /* inside of the codec, without input */

	while (status == CODEC_GO) {
		size_t room = most + 1 - out->n;

		if (io->in == io->in_end && !held)
			return "the compressed data end too early";
		if (room > ROOM_LEAST)
			room = ROOM_LEAST;
		buf_reserve(out, room);
		io->out = (unsigned char *)out->p + out->n;
		io->out_end = io->out + room;
		status = c->step(run, io);
		out->n = (size_t)(io->out - (unsigned char *)out->p);
		held = io->out == io->out_end;
		if (out->n > most)
			return "the compressed data are too long";
	}
	return status == CODEC_BAD ? io->why : NULL;
}

const char *
codec_inflate(
    const struct codec *c, struct str data, size_t most, struct buf *out)
{
	struct codec_io io = {.in = (const unsigned char *)data.p};
	const char *why = NULL;
	void *run = NULL;

	if (!c->open)
		return "this weir was built without the library to inflate it";
	io.in_end = io.in + data.n;
	most += out->n;
	while (!why && io.in < io.in_end) {
		size_t left = (size_t)(io.in_end - io.in);

		if (c->begins(io.in, left) != CODEC_YES) {
			why = "not what the compression's name says";
			break;
		}
		if (!run || !c->reset(run)) {
			if (run)
				c->close(run);
			run = c->open();
		}
		why = run ? inflate_member(c, run, &io, most, out)
			  : "too little memory to inflate";
	}
	if (run)
		c->close(run);
	return why;
}
