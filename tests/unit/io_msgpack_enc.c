/* SPDX-License-Identifier: MIT */
/* Writing msgpack: the exact bytes of rows. */
#include "io/msgpack.h"
#include "tap.h"

#define BYTES(lit) ((struct str){(lit), sizeof(lit) - 1})

static void
write_rows(const struct encode_spec *spec, const struct batch *b,
    const char *want, const char *what)
{
	struct buf out = {0}, hex = {0};
	struct encoder *e = format_msgpack.encoder_new(spec, NULL);

	format_msgpack.begin(e, &out);
	format_msgpack.encode(e, b, &out);
	format_msgpack.finish(e, &out);
	for (size_t i = 0; i < out.n; i++)
		buf_printf(&hex, "%02x", (unsigned char)out.p[i]);
	same(buf_z(&hex), want, what);
	format_msgpack.encoder_free(e);
	buf_release(&out);
	buf_release(&hex);
}

/* Rows of columns: an int or NULL, then another value. */
static struct batch *
batch_of(struct value second)
{
	struct batch *b = batch_new();

	batch_columns(b, 2);
	column_put(&b->cols[0], b->arena, 0, value_int(200));
	column_put(&b->cols[0], b->arena, 1, VALUE_NULL);
	column_put(&b->cols[1], b->arena, 0, second);
	column_put(&b->cols[1], b->arena, 1, second);
	b->n_rows = b->n_sel = 2;
	return b;
}

static void
write_second(bool spread, bool omit, struct value second, const char *want,
    const char *what)
{
	struct out_column cols[2] = {{.name = STR("n"), .omit_null = omit},
	    {.name = STR("v"), .spread = spread}};
	struct encode_spec spec = {.cols = cols, .n_cols = 2};
	struct batch *b = batch_of(second);

	write_rows(&spec, b, want, what);
	batch_free(b);
}

static void
test_writing(void)
{
	struct str map = BYTES("\x83\xa1n\x05\xa1x\x01\x07\xc3");
	struct dec big = {.v = (__int128)UINT64_MAX};
	struct batch *b;
	struct out_column col = {.name = STR(""), .spread = true};
	struct encode_spec spec = {.cols = &col, .n_cols = 1};

	write_second(false, false, value_text(STR("hi")),
	    "82a16eccc8a176a26869"
	    "82a16ec0a176a26869",
	    "a row is a map");
	write_second(false, true, value_time(1000000),
	    "82a16eccc8a176d6ff00000001"
	    "81a176d6ff00000001",
	    "NULL is left out on request");
	write_second(true, true, value_of_str(T_MAP, map),
	    "83a16eccc8a1780107c3"
	    "82a1780107c3",
	    "members stand in the row, columns before them");
	write_second(true, false,
	    value_of_str(T_JSON, STR("{\"n\":1,\"j\":[1,\"x\"]}")),
	    "82a16eccc8a16a9201a178"
	    "82a16ec0a16a9201a178",
	    "members of JSON");
	write_second(true, false, value_int(3),
	    "82a16eccc8a17603"
	    "82a16ec0a17603",
	    "what has no members");
	write_second(true, false, VALUE_NULL,
	    "81a16eccc8"
	    "81a16ec0",
	    "NULL has none");
	write_second(false, false, value_of_str(T_JSON, STR("[null,1.5]")),
	    "82a16eccc8a17692c0cb3ff8000000000000"
	    "82a16ec0a17692c0cb3ff8000000000000",
	    "JSON becomes a value");
	write_second(false, true, (struct value){.d = &big, .type = T_DECIMAL},
	    "82a16eccc8a176cfffffffffffffffff"
	    "81a176cfffffffffffffffff",
	    "an integer beyond int64");
	b = batch_of(value_of_str(T_MAP, map));
	b->cols++;
	write_rows(
	    &spec, b, "83a16e05a1780107c383a16e05a1780107c3", "a record alone");
	b->cols[0] = column_const(b->arena, value_text(STR("\x92\x01\xc0")));
	spec.raw = true;
	write_rows(&spec, b, "9201c09201c0", "records as they are");
	batch_free(b);
}

/* More members than the short header counts. */
static void
test_wide_row(void)
{
	struct out_column cols[20];
	struct encode_spec spec = {.cols = cols, .n_cols = 20};
	struct batch *b = batch_new();
	struct buf want = {0};

	batch_columns(b, 20);
	buf_addz(&want, "de0014");
	for (unsigned i = 0; i < 20; i++) {
		cols[i] = (struct out_column){.name = STR("c")};
		column_put(&b->cols[i], b->arena, 0, value_int(i));
		buf_printf(&want, "a163%02x", i);
	}
	b->n_rows = b->n_sel = 1;
	write_rows(&spec, b, buf_z(&want), "a row of twenty members");
	buf_release(&want);
	batch_free(b);
}

int
main(void)
{
	test_writing();
	test_wide_row();
	return tap_done();
}
