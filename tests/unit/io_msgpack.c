/* SPDX-License-Identifier: MIT */
/*
 * Reading msgpack: every encoding, every shape of record, any way of cutting
 * the input, hostile bytes. What rows come out is compared as text.
 */
#include "base/num.h"
#include "base/simd.h"
#include "data_gen.h"
#include "msgpack_feed.h"
#include "tap.h"

/* ---- building input ---- */

static struct buf in;

#define BYTES(lit) ((struct str){(lit), sizeof(lit) - 1})
#define add(lit) buf_lit(&in, lit)

static void
add_repeated(char c, size_t n)
{
	memset(buf_reserve(&in, n), c, n);
	in.n += n;
}

/* What reading `in` gives, in chunks. */
static const char *
rows_of(struct feed *f, struct buf *out, size_t chunk)
{
	out->n = 0;
	feed_chunks(f, out, buf_str(&in), chunk);
	return buf_z(out);
}

/* Reads `in` in one piece, byte by byte, scanned, cut by frame(). */
static void
check(struct feed *f, const char *want, const char *what)
{
	struct buf out = {0};
	unsigned i, wrong = 0;

	same(rows_of(f, &out, in.n + 1), want, what);
	for (i = 1; i < 8; i++) {
		wrong += strcmp(rows_of(f, &out, i), want) != 0;
		out.n = 0;
		feed_framed(f, &out, buf_str(&in), i);
		wrong += strcmp(buf_z(&out), want) != 0;
	}
	f->templates = false;
	wrong += strcmp(rows_of(f, &out, in.n + 1), want) != 0;
	f->templates = true;
	f->single = true;
	wrong += strcmp(rows_of(f, &out, in.n + 1), want) != 0;
	f->single = false;
	ok(!wrong, "%s, however it is read", what);
	buf_release(&out);
	in.n = 0;
}

static void
check_wants(const char *const *paths, const char *want, const char *what)
{
	struct feed f;

	feed_init(&f);
	for (; *paths; paths++)
		feed_want(&f, *paths, WANT_VALUE);
	check(&f, want, what);
	feed_release(&f);
}

#define WANTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- encodings ---- */

// clang-format off
static const struct {
	const char *name;
	struct str bytes;
	const char *want;
} encodings[] = {
    {"positive fixint", BYTES("\x07"), "7"},
    {"the greatest fixint", BYTES("\x7f"), "127"},
    {"negative fixint", BYTES("\xff"), "-1"},
    {"the least fixint", BYTES("\xe0"), "-32"},
    {"nil", BYTES("\xc0"), "null"},
    {"false", BYTES("\xc2"), "false"},
    {"true", BYTES("\xc3"), "true"},
    {"uint 8", BYTES("\xcc\xff"), "255"},
    {"uint 16", BYTES("\xcd\xff\xff"), "65535"},
    {"uint 32", BYTES("\xce\xff\xff\xff\xff"), "4294967295"},
    {"uint 64", BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"),
	"9223372036854775807"},
    {"uint 64 beyond int64", BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
	"decimal:18446744073709551615"},
    {"int 8", BYTES("\xd0\x80"), "-128"},
    {"int 16", BYTES("\xd1\x80\x00"), "-32768"},
    {"int 32", BYTES("\xd2\x80\x00\x00\x00"), "-2147483648"},
    {"int 64", BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
	"-9223372036854775808"},
    {"uint 8 that could be shorter", BYTES("\xcc\x01"), "1"},
    {"uint 32 that could be shorter", BYTES("\xce\x00\x00\x00\x01"), "1"},
    {"int 64 that could be shorter",
	BYTES("\xd3\x00\x00\x00\x00\x00\x00\x00\x05"), "5"},
    {"float 32", BYTES("\xca\x3e\xa0\x00\x00"), "double:0.3125"},
    {"float 64", BYTES("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "double:0.1"},
    {"float 64 infinity", BYTES("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
	"double:Infinity"},
    {"fixstr", BYTES("\xa3" "abc"), "\"abc\""},
    {"fixstr, empty", BYTES("\xa0"), "\"\""},
    {"str 8", BYTES("\xd9\x03" "abc"), "\"abc\""},
    {"str 16", BYTES("\xda\x00\x03" "abc"), "\"abc\""},
    {"str 32", BYTES("\xdb\x00\x00\x00\x03" "abc"), "\"abc\""},
    {"str in UTF-8", BYTES("\xa2\xc3\xb6"), "\"\xc3\xb6\""},
    {"str that is not UTF-8", BYTES("\xa2\xc3\x41"), "xc341"},
    {"str 8 that is not UTF-8", BYTES("\xd9\x01\xff"), "xff"},
    {"bin 8", BYTES("\xc4\x02\x00\xff"), "x00ff"},
    {"bin 16", BYTES("\xc5\x00\x01\x61"), "x61"},
    {"bin 32", BYTES("\xc6\x00\x00\x00\x01\x61"), "x61"},
    {"timestamp 32", BYTES("\xd6\xff\x00\x00\x00\x01"),
	"timestamp:1970-01-01T00:00:01Z"},
    {"timestamp 64",
	BYTES("\xd7\xff\x77\x35\x94\x00\x69\xc8\x56\x20"),
	"timestamp:2026-03-28T22:28:48.500Z"},
    {"timestamp 96",
	BYTES("\xc7\x0c\xff\x1d\xcd\x65\x00\xff\xff\xff\xff\xff\xff\xff"
	      "\xff"),
	"timestamp:1969-12-31T23:59:59.500Z"},
    {"timestamp with too many nanoseconds",
	BYTES("\xd7\xff\xff\xff\xff\xff\x00\x00\x00\x01"),
	"xffffffff00000001"},
    {"event time", BYTES("\xd7\x00\x69\xc8\x56\x20\x00\x00\x03\xe8"),
	"timestamp:2026-03-28T22:28:48.000001Z"},
    {"event time as ext 8",
	BYTES("\xc7\x08\x00\x69\xc8\x56\x20\x00\x00\x00\x00"),
	"timestamp:2026-03-28T22:28:48Z"},
    {"fixext 1", BYTES("\xd4\x05\x01"), "x01"},
    {"fixext 2", BYTES("\xd5\x05\x01\x02"), "x0102"},
    {"fixext 4", BYTES("\xd6\x05\x01\x02\x03\x04"), "x01020304"},
    {"fixext 8", BYTES("\xd7\x05\x01\x02\x03\x04\x05\x06\x07\x08"),
	"x0102030405060708"},
    {"fixext 16",
	BYTES("\xd8\x05\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04"
	      "\x05\x06\x07\x08"),
	"x01020304050607080102030405060708"},
    {"ext 8", BYTES("\xc7\x01\x05\x61"), "x61"},
    {"ext 8, empty", BYTES("\xc7\x00\x05"), "x"},
    {"ext 16", BYTES("\xc8\x00\x01\x05\x61"), "x61"},
    {"ext 32", BYTES("\xc9\x00\x00\x00\x01\x05\x61"), "x61"},
    {"fixarray", BYTES("\x92\x01\xa1x"), "[1,\"x\"]"},
    {"array 16", BYTES("\xdc\x00\x01\x01"), "[1]"},
    {"array 32", BYTES("\xdd\x00\x00\x00\x01\x01"), "[1]"},
    {"array, empty", BYTES("\x90"), "[]"},
    {"fixmap", BYTES("\x81\xa1x\x01"), "{\"x\":1}"},
    {"map 16", BYTES("\xde\x00\x01\xa1x\x01"), "{\"x\":1}"},
    {"map 32", BYTES("\xdf\x00\x00\x00\x01\xa1x\x01"), "{\"x\":1}"},
    {"map, empty", BYTES("\x80"), "{}"},
};
// clang-format on

#define N_ENCODINGS (sizeof encodings / sizeof *encodings)

/* Each encoding as a member before another one, twice. */
static void
test_encodings(void)
{
	for (unsigned i = 0; i < N_ENCODINGS; i++) {
		struct buf want = {0};

		for (unsigned k = 0; k < 3; k++) {
			add("\x82\xa1v");
			buf_adds(&in, encodings[i].bytes);
			add("\xa1w\x2a");
			buf_addz(&want, encodings[i].want);
			buf_addz(&want, " 42\n");
		}
		check_wants(WANTS("v", "w"), buf_z(&want), encodings[i].name);
		buf_release(&want);
	}
}

/*
 * Members that vary in encoding from record to record: one template serves
 * all, as long as no value is a map.
 */
static void
test_varying(void)
{
	struct buf want = {0};

	for (unsigned i = 0; i < 2000; i++) {
		unsigned k = gen_below(N_ENCODINGS - 4);
		unsigned j = i < 1000 ? 0 : gen_below(N_ENCODINGS - 4);

		add("\x83\xa1u");
		buf_adds(&in, encodings[j].bytes);
		add("\xa1v");
		buf_adds(&in, encodings[k].bytes);
		add("\xa1w\x2a");
		buf_printf(
		    &want, "%s %s 42\n", encodings[j].want, encodings[k].want);
	}
	check_wants(
	    WANTS("u", "v", "w"), buf_z(&want), "members of varying types");
	buf_release(&want);
}

/* ---- shapes ---- */

#define STAMP "\xd7\x00\x69\xc8\x56\x20\x1d\xcd\x65\x00"
#define STAMP_TEXT "timestamp:2026-03-28T22:28:48.500Z"
#define AB                                                                     \
	"\x82\xa1"                                                             \
	"a\x01\xa1"                                                            \
	"b\xa1x"

static void
test_shapes(void)
{
	const char *const *wants = WANTS("_time", "time", "_tag", "a", "value");

	add(AB);
	check_wants(wants, "null null null 1 null\n", "a map");
	add("\x92" STAMP AB "\x92" STAMP AB);
	check_wants(wants,
	    STAMP_TEXT " " STAMP_TEXT " null 1 null\n" STAMP_TEXT " " STAMP_TEXT
		       " null 1 null\n",
	    "events of fluentd");
	add("\x92\xce\x69\xc8\x56\x20" AB);
	check_wants(wants,
	    "timestamp:2026-03-28T22:28:48Z timestamp:2026-03-28T22:28:48Z "
	    "null 1 null\n",
	    "an event with whole seconds");
	add("\x92\xcb\x41\xda\x72\x15\x88\x20\x00\x00" AB);
	check_wants(wants, STAMP_TEXT " " STAMP_TEXT " null 1 null\n",
	    "an event with a float time");
	add("\x92\x92" STAMP "\x81\xa1m\x01" AB "\x92\x92" STAMP "\x80" AB);
	check_wants(wants,
	    STAMP_TEXT " " STAMP_TEXT " null 1 null\n" STAMP_TEXT " " STAMP_TEXT
		       " null 1 null\n",
	    "events of Fluent Bit 2.1");
	add("\x92" STAMP "\x82\xa4time\x05\xa5_time\x06");
	check_wants(wants, "6 5 null null null\n",
	    "members stand before what is beside the map");
	add("\x93\xa3tag" STAMP AB);
	add("\x94\xa3tag" STAMP AB "\x81\xa5"
	    "chunk\xa1z");
	check_wants(wants,
	    STAMP_TEXT " " STAMP_TEXT " \"tag\" 1 null\n" STAMP_TEXT
		       " " STAMP_TEXT " \"tag\" 1 null\n",
	    "messages with a tag");
	add("\x05\xa3one\x93\x01\x02\x03\xc0\x92\xa1x\x01\x92\x91\x01\x80");
	check_wants(WANTS("value", "value.1", "value.0.0", ""),
	    "5 null null {\"value\":5}\n"
	    "\"one\" null null {\"value\":\"one\"}\n"
	    "[1,2,3] 2 null {\"value\":[1,2,3]}\n"
	    "null null null {\"value\":null}\n"
	    "[\"x\",1] 1 null {\"value\":[\"x\",1]}\n"
	    "[[1],{}] {} 1 {\"value\":[[1],{}]}\n",
	    "values of other shapes");
}

#define ENTRY "\x92" STAMP AB
#define PACKED                                                                 \
	"\x92" STAMP "\x81\xa1"                                                \
	"a\x02"

static void
test_frames(void)
{
	const char *const *wants = WANTS("_tag", "a", "b");
	const char *two = "\"t\" 1 \"x\"\n\"t\" 1 \"x\"\nnull 1 \"x\"\n";

	add("\x92\xa1t\x92" ENTRY ENTRY AB);
	check_wants(wants, two, "a forward frame");
	add("\x93\xa1t\x92" ENTRY ENTRY "\x81\xa4size\x02" AB);
	check_wants(wants, two, "a forward frame with options");
	add("\x93\xa1t\xc4\x1e" PACKED PACKED "\x81\xa4size\x02" AB);
	check_wants(wants, "\"t\" 2 null\n\"t\" 2 null\nnull 1 \"x\"\n",
	    "a packed frame");
	add("\x92\xa1t\xbe" PACKED PACKED AB);
	check_wants(wants, "\"t\" 2 null\n\"t\" 2 null\nnull 1 \"x\"\n",
	    "a frame packed into a str");
	add("\x93\xa1t\xc4\x0f" PACKED "\x81\xaa"
	    "compressed\xa4text" AB);
	check_wants(wants, "\"t\" 2 null\nnull 1 \"x\"\n",
	    "a frame that says it is not compressed");
	add("\x93\xa1t\xc4\x02\x1f\x8b\x81\xaa"
	    "compressed\xa4gzip" AB);
	check_wants(wants,
	    "bad: compressed entries of a frame: not what the "
	    "compression's name says at 6 of "
	    "93a174c4021f8b81aa636f6d70726573736564a4677a6970\n"
	    "null 1 \"x\"\n",
	    "a compressed frame");
	add("\x92\xa1t\x93" ENTRY "\x05" ENTRY AB);
	check_wants(wants,
	    "\"t\" 1 \"x\"\n"
	    "bad: an entry of a forward frame is not [time, record] at 0 of "
	    "05\n"
	    "\"t\" 1 \"x\"\nnull 1 \"x\"\n",
	    "an entry that is no event");
	add("\x93\xa1t\xc4\x12" PACKED "\x05\xc1\x02\x80" AB);
	check_wants(wants,
	    "\"t\" 2 null\n"
	    "bad: an entry of a forward frame is not [time, record] at 0 of "
	    "05\n"
	    "bad: an entry of a forward frame is broken at 0 of c102\n"
	    "null 1 \"x\"\n",
	    "broken entries end with their frame");
	add("\x92\xa1t\xc4\x11" PACKED "\x92\x05" AB);
	check_wants(wants,
	    "\"t\" 2 null\n"
	    "bad: an entry of a forward frame is broken at 2 of 9205\n"
	    "null 1 \"x\"\n",
	    "a packed frame that ends within an entry");
	add("\x92\xa1t\x90\x92\xa1t\xa0");
	check_wants(wants, "null null null\nnull null null\n",
	    "a frame without entries is a value");
}

#define MANY 5000

/* A frame of MANY entries, and the rows it gives. */
static void
add_large_frame(bool packed, struct buf *want)
{
	struct buf entries = {0};

	for (uint32_t i = 0; i < MANY; i++) {
		buf_lit(&entries, "\x92" STAMP "\x81\xa1"
				  "a");
		pack_put(&entries, value_int(i));
		buf_printf(want, "\"a tag\" %u\n", i);
	}
	add("\x93\xa5"
	    "a tag");
	if (packed) {
		pack_put(&in, value_of_str(T_BYTES, buf_str(&entries)));
	} else {
		pack_put_array(&in, MANY);
		buf_adds(&in, buf_str(&entries));
	}
	add("\x81\xa5"
	    "chunk\xa1z");
	buf_release(&entries);
}

/* Frames of more entries than a batch has rows, before a plain record. */
static void
test_large_frames(void)
{
	struct buf want = {0}, out = {0};
	struct feed f;

	feed_init(&f);
	feed_want(&f, "_tag", WANT_VALUE);
	feed_want(&f, "a", WANT_VALUE);
	add_large_frame(false, &want);
	add_large_frame(true, &want);
	add("\x81\xa1"
	    "a\x07");
	buf_addz(&want, "null 7\n");
	ok(!strcmp(rows_of(&f, &out, in.n + 1), buf_z(&want)),
	    "frames of %u entries", MANY);
	ok(!strcmp(rows_of(&f, &out, 50021), buf_z(&want)),
	    "frames of %u entries, in parts", MANY);
	out.n = 0;
	feed_framed(&f, &out, buf_str(&in), 50021);
	ok(!strcmp(buf_z(&out), buf_z(&want)),
	    "frames of %u entries, cut by frame()", MANY);
	in.n = 0;
	feed_release(&f);
	buf_release(&out);
	buf_release(&want);
}

/* ---- whole records, duplicates ---- */

static void
test_whole(void)
{
	struct feed f;

	add(AB "\x92" STAMP AB "\x92\xa1t\x91" ENTRY);
	add("\x92" STAMP "\x81\xa5_time\x01\x93\xa1t" STAMP "\x81\xa4_tag\x01");
	check_wants(WANTS("", "a"),
	    "{\"a\":1,\"b\":\"x\"} 1\n"
	    "{\"_time\":\"2026-03-28T22:28:48.500Z\",\"a\":1,\"b\":\"x\"} 1\n"
	    "{\"_time\":\"2026-03-28T22:28:48.500Z\",\"_tag\":\"t\",\"a\":1,"
	    "\"b\":\"x\"} 1\n"
	    "{\"_time\":1} null\n"
	    "{\"_time\":\"2026-03-28T22:28:48.500Z\",\"_tag\":1} null\n",
	    "whole records");
	feed_init(&f);
	feed_want(&f, "", WANT_RAW);
	feed_want(&f, "b", WANT_RAW);
	add(AB "\x92\xa1t\x91\x92\x01" AB "\x05");
	check(&f, "82a16101a162a178 a178\n920182a16101a162a178 a178\n05 null\n",
	    "records and members as they are");
	feed_release(&f);
}

static void
test_duplicates(void)
{
	add("\x83\xa1"
	    "a\x01\xa1z\x05\xa1"
	    "a\x02");
	add("\x83\xa1"
	    "a\x01\xa1z\x05\xa1"
	    "a\x81\xa1"
	    "b\x03");
	add("\x83\xa1"
	    "a\x81\xa1"
	    "b\x03\xa1z\x05\xa1"
	    "a\x01");
	add("\x82\xa1"
	    "a\x82\xa1"
	    "b\x03\xa1"
	    "b\x04\xa1z\x05");
	add("\x82\xa1"
	    "a\x81\xa1"
	    "b\x03\xa1"
	    "a\x81\xa1"
	    "c\x04");
	add("\x82\xa1"
	    "a\x81\xa1"
	    "b\x03\xa1"
	    "a\x81\xa1"
	    "c\x04");
	check_wants(WANTS("a.b", "z"),
	    "null 5\n3 5\nnull 5\n4 5\nnull null\nnull null\n",
	    "the last of equal names counts");
	add("\x83\xa1"
	    "a\x01\xa1z\x05\xa1"
	    "a\x02");
	add("\x83\xa1"
	    "a\x01\xa1z\x05\xa1"
	    "a\x02");
	check_wants(WANTS("a", "a.b", "a.0", "z"),
	    "2 null null 5\n2 null null 5\n", "a name and what is in it");
}

static void
test_paths(void)
{
	for (unsigned i = 0; i < 2; i++)
		add("\x86\xa1"
		    "a\x82\xa1"
		    "b\x93\x01\x81\xa1"
		    "c\x02\x03\xa1"
		    "d\x04\x05\x06\xc0\x07\x91\x01\x08\xd9\x26"
		    "a-name-that-is-longer-than-two-ops-are\x09\xa0\x0a");
	check_wants(WANTS("a.b.1.c", "a.d", "a.b.2", "a.e", "a.b.9",
			"a-name-that-is-longer-than-two-ops-are", "x"),
	    "2 4 3 null null 9 null\n2 4 3 null null 9 null\n",
	    "paths, and keys that are no text");
	add("\x81\xa1"
	    "a\x80\x81\xa1"
	    "a\x80\x81\xa1"
	    "a\x81\xa1"
	    "b\x01");
	check_wants(WANTS("a.b"), "null\nnull\n1\n", "an empty map");
}

/* ---- conversions ---- */

static void
test_conversions(void)
{
	struct feed f;

	feed_init(&f);
	feed_want(&f, "t", WANT_TIME);
	feed_want(&f, "n", WANT_TYPE)->type = T_INT;
	feed_want(&f, "o", WANT_TIME)->optional = true;
	f.spec.time = 0;
	add("\x83\xa1t\xb4"
	    "2026-03-28T22:28:48Z\xa1n\xa2"
	    "17\xa1o\xa1?");
	add("\x82\xa1t\xce\x69\xc8\x56\x20\xa1n\x11");
	add("\x82\xa1n\x11\xa1t\xa5"
	    "later");
	add("\x81\xa1t" STAMP);
	add("\x82\xa1t" STAMP "\xa1n\xa1x");
	add("\x81\xa1n\x01");
	check(&f,
	    "timestamp:2026-03-28T22:28:48Z 17 null\n"
	    "timestamp:2026-03-28T22:28:48Z 17 null\n"
	    "bad: the time is not readable at 7 of "
	    "82a16e11a174a56c61746572\n" STAMP_TEXT " null null\n"
	    "bad: a field is not an integer, or out of range at 16 of "
	    "82a174d70069c856201dcd6500a16ea178\n"
	    "bad: the time is missing at 0 of 81a16e01\n",
	    "times and declared types");
	feed_release(&f);
}

/* ---- hostile bytes ---- */

static void
check_hostile(struct limits limits, const char *want, const char *what)
{
	struct feed f;

	feed_init(&f);
	feed_limits(&f, limits);
	feed_want(&f, "a", WANT_VALUE);
	check(&f, want, what);
	feed_release(&f);
}

static void
test_hostile(void)
{
	struct limits small = {64, 4, 3};

	add(AB AB "\xc1" AB AB);
	check_hostile(small,
	    "1\n1\nbad: 0xc1 is not msgpack; the rest of the input is skipped "
	    "at 0 of c1\n",
	    "a byte that means nothing");
	add(AB AB "\x82\xa1"
		  "a\xc1" AB AB);
	check_hostile(small,
	    "1\n1\nbad: 0xc1 is not msgpack; the rest of the input is skipped "
	    "at 4 of 82a161c1\n",
	    "such a byte within a record");
	add(AB "\xdb\xff\xff\xff\xff"
	       "abc");
	check_hostile(small,
	    "1\nbad: record longer than 64 bytes; the rest of the input is "
	    "skipped at 0 of db\n",
	    "a text that claims too much");
	add(AB "\xdd\xff\xff\xff\xff\x01");
	check_hostile(small,
	    "1\nbad: record longer than 64 bytes; the rest of the input is "
	    "skipped at 6 of ddffffffff\n",
	    "an array that claims too much");
	add(AB "\xdf\x00\x00\x00\x1e\x01");
	add_repeated(1, 80);
	check_hostile(small,
	    "1\nbad: record longer than 64 bytes; the rest of the input is "
	    "skipped at 6 of df0000001e\n",
	    "a map that claims a little too much");
	add(AB "\xdc\x00\x3d");
	add_repeated(1, 61);
	add(AB);
	check_hostile(small, "1\nnull\n1\n", "a record as long as may be");
	add(AB "\xdc\x00\x3e");
	add_repeated(1, 62);
	add(AB);
	check_hostile(small,
	    "1\nbad: record longer than 64 bytes; the rest of the input is "
	    "skipped at 4 of dc003e\n",
	    "a record that is one byte longer");
	add("\x81\xa1"
	    "a\x91\x91\x91\x05\x81\xa1"
	    "a\x91\x91\x91\x91\x05" AB);
	check_hostile(small,
	    "[[[5]]]\nbad: nested too deep at 0 of 81a1619191919105\n1\n",
	    "nesting that is too deep");
	add("\x83\xa1"
	    "a\x01\x02\x03\x04\x05");
	add("\x84\xa1"
	    "a\x01\x02\x03\x04\x05\x06\x07" AB);
	check_hostile(small,
	    "1\nbad: more than 3 fields at 0 of 84a16101020304050607\n1\n",
	    "a record with too many members");
	add(AB "\x82\xa1"
	       "a\x01\xa1");
	check_hostile(small,
	    "1\nbad: the input ends within a record at 0 of 82a16101a1\n",
	    "the input ends within a record");
}

/* Nesting at the limit, and far beyond it. */
static void
test_depth(unsigned depth, bool good)
{
	struct limits limits = {16u << 20, 512, 65536};
	struct buf out = {0};
	struct feed f;

	feed_init(&f);
	feed_limits(&f, limits);
	feed_want(&f, "a", WANT_VALUE);
	for (unsigned i = 0; i < 2; i++) {
		add("\x81\xa1"
		    "b");
		add_repeated((char)0x91, depth - 1);
		add("\x05" AB);
	}
	rows_of(&f, &out, in.n + 1);
	ok(f.rows == (good ? 4 : 2) && f.bad == (good ? 0 : 2),
	    "%u levels: %u rows, %u bad", depth, f.rows, f.bad);
	in.n = 0;
	feed_release(&f);
	buf_release(&out);
}

/* ---- random records ---- */

static const char *const names[] = {
    "a", "b", "ts", "status", "request_id", "a-rather-long-name-of-a-field"};

static void
add_random_map(struct arena *a, unsigned layout, unsigned depth)
{
	unsigned n = layout % 5 + 1;

	pack_put_map(&in, n);
	for (unsigned i = 0; i < n; i++) {
		unsigned name = gen_below(30) ? (layout + i) % 6 : gen_below(6);

		pack_put_text(&in, str_of(names[name]));
		if (depth && (layout >> (i + 4) & 1) && gen_below(20))
			add_random_map(a, layout * 7 + i, depth - 1);
		else
			pack_put(&in, gen_value(a));
	}
}

static void
add_random_record(struct arena *a)
{
	unsigned layout = gen_below(4) * 37 + 11;

	if (!gen_below(100))
		layout = gen_u32() & 0xffff;
	switch (gen_below(10)) {
	case 0:
		add("\x92" STAMP);
		break;
	case 1:
		add("\x93\xa3tag\x05");
		break;
	case 2:
		add("\x92\xa1t\x92\x92" STAMP "\x80\x92\xc0");
		break;
	case 3:
		pack_put(&in, gen_value(a));
		return;
	default:
		break;
	}
	add_random_map(a, layout, 2);
}

/* Templates and scan agree, whatever the chunks. */
static void
test_random(void)
{
	struct feed f;
	struct buf want = {0}, got = {0};
	unsigned wrong = 0;

	feed_init(&f);
	feed_want(&f, "a", WANT_VALUE);
	feed_want(&f, "b.a", WANT_VALUE);
	feed_want(&f, "status", WANT_RAW);
	feed_want(&f, "a-rather-long-name-of-a-field.ts.b", WANT_VALUE);
	feed_want(&f, "ts", WANT_VALUE);
	feed_want(&f, "ts.a.1", WANT_VALUE);
	feed_want(&f, "_tag", WANT_VALUE);
	feed_want(&f, "", WANT_VALUE);
	for (unsigned i = 0; i < 5000; i++)
		add_random_record(&f.arena);
	f.templates = false;
	rows_of(&f, &want, in.n + 1);
	ok(f.rows + f.bad >= 5000 && f.rows > 4000,
	    "random records: %u rows, %u bad", f.rows, f.bad);
	f.templates = true;
	for (size_t chunk = 1000; chunk < 2 * in.n; chunk *= 5) {
		wrong += strcmp(rows_of(&f, &got, chunk), buf_z(&want)) != 0;
		got.n = 0;
		feed_framed(&f, &got, buf_str(&in), chunk);
		wrong += strcmp(buf_z(&got), buf_z(&want)) != 0;
	}
	ok(!wrong, "templates and scan agree on them");
	in.n = 0;
	buf_release(&want);
	buf_release(&got);
	feed_release(&f);
}

/* ---- guessing ---- */

static int
guess(struct str s, bool whole)
{
	return format_msgpack.guess(s, whole);
}

static void
test_guess(void)
{
	struct str json = BYTES("{\"a\": 1}\n"), csv = BYTES("a,b\n1,2\n");
	struct str thaana = BYTES("\xde\x80\xde\xa8\xde\x88\xde\xac\n");
	struct str gzip = BYTES("\x1f\x8b\x08\x00"), cp1252 = BYTES("\x80 5\n");
	struct str map = BYTES(AB AB), event = BYTES("\x92" STAMP AB);

	ok(guess(map, true) > 90, "a map is told");
	ok(guess(event, true) > 90, "an event is told");
	for (size_t n = 4; n < map.n / 2; n++)
		ok(guess((struct str){map.p, n}, false) > 50,
		    "%zu bytes of a map are told", n);
	ok(guess((struct str){event.p, 13}, false) > 50,
	    "the beginning of an event is told");
	ok(!guess(json, true) && !guess(csv, true) && !guess(thaana, true) &&
		!guess(gzip, true) && !guess(cp1252, true) &&
		!guess((struct str){"", 0}, true),
	    "other inputs are not taken");
}

int
main(void)
{
	simd_init();
	test_encodings();
	test_varying();
	test_shapes();
	test_frames();
	test_large_frames();
	test_whole();
	test_duplicates();
	test_paths();
	test_conversions();
	test_hostile();
	test_depth(512, true);
	test_depth(513, false);
	test_depth(100000, false);
	test_random();
	test_guess();
	buf_release(&in);
	return tap_done();
}
