/* SPDX-License-Identifier: MIT */
/*
 * CRC32C: the vectors of RFC 3720 appendix B.4, and pieces. First as the
 * machine likes it, then in a child that has the tables alone.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/crc32c.h"
#include "tap.h"

static void
test_all(void)
{
	unsigned char zeros[32] = {0}, ones[32], up[32], down[32];
	uint32_t whole;
	int bad = 0;

	memset(ones, 255, sizeof ones);
	for (unsigned i = 0; i < 32; i++) {
		up[i] = (unsigned char)i;
		down[i] = (unsigned char)(31 - i);
	}
	ok(crc32c(0, zeros, 32) == 0x8a9136aau, "32 bytes of zeroes");
	ok(crc32c(0, ones, 32) == 0x62a8ab43u, "32 bytes of ones");
	ok(crc32c(0, up, 32) == 0x46dd794eu, "bytes going up");
	ok(crc32c(0, down, 32) == 0x113fdb5cu, "bytes going down");
	ok(crc32c(0, "123456789", 9) == 0xe3069283u, "digits");
	ok(crc32c(7, up, 0) == 7, "no bytes");
	whole = crc32c(0, up, 32);
	for (unsigned i = 0; i <= 32; i++)
		bad += crc32c(crc32c(0, up, i), up + i, 32 - i) != whole;
	ok(!bad, "of two pieces as of the whole");
}

int
main(void)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		setenv("WEIR_SIMD", "off", 1);
		test_all();
		_exit(tap_failed != 0);
	}
	test_all();
	waitpid(child, &status, 0);
	ok(status == 0, "the tables give the same");
	return tap_done();
}
