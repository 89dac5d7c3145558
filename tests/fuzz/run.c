/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: run files. The input says which bytes of a good file become
 * which: two bytes of place, one of value, again and again. Then the checksums
 * are made right, so that what is read is what lies behind them.
 *
 *	clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
 *	    -D__SANITIZE_ADDRESS__ -Isrc -Itests/unit -o fuzz-run \
 *	    tests/fuzz/run.c $(find src/base src/data -name '*.c') \
 *	    src/state/run_*.c -lm
 *	./fuzz-run -max_len=30 CORPUS
 */
#include "run_seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct entries entries;
static struct sealed sealed;
static char *good;

static void
begin(void)
{
	struct buf key = {0};

	run_dir_make();
	gen_state = 0x7654321;
	entries_random(&entries, 100, 2, 40);
	for (int64_t i = 0; i < 1500; i++)
		entries_add(&entries, 0, 0, key_of_int(&key, i),
		    (struct str){"12345678", 8}, false);
	entries_sort(&entries);
	sealed_read(&sealed, "run", 3, run_write(&entries, "run", 3).bytes);
	good = mem_alloc(sealed.n);
	memcpy(good, sealed.p, sealed.n);
	entries.n = 20;
	buf_release(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (!good)
		begin();
	memcpy(sealed.p, good, sealed.n);
	for (; n >= 3; bytes += 3, n -= 3) {
		size_t at = (size_t)bytes[0] << 8 | bytes[1];

		/* The end, where the numbers are, comes first. */
		sealed.p[sealed.n - 1 - at % sealed.n] = (char)bytes[2];
	}
	sealed_try(&sealed, "run", &entries);
	return 0;
}
