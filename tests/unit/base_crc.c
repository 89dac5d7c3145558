/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C: the vectors of RFC 3720 (B.4), and the instruction beside the
 * tables over every length and alignment there is within a few words.
 */
#include "base/crc.h"

#include <stdlib.h>

#include "base/simd.h"
#include "tap.h"

static void
vectors(const char *how)
{
	unsigned char bytes[32] = {0};

	ok(crc32c(0, "", 0) == 0, "%s: of nothing", how);
	ok(crc32c(0, "123456789", 9) == 0xe3069283, "%s: digits", how);
	ok(crc32c(0, bytes, 32) == 0x8a9136aa, "%s: zeros", how);
	memset(bytes, 255, 32);
	ok(crc32c(0, bytes, 32) == 0x62a8ab43, "%s: ones", how);
	for (unsigned char i = 0; i < 32; i++)
		bytes[i] = i;
	ok(crc32c(0, bytes, 32) == 0x46dd794e, "%s: ascending", how);
	for (unsigned char i = 0; i < 32; i++)
		bytes[i] = (unsigned char)(31 - i);
	ok(crc32c(0, bytes, 32) == 0x113fdb5c, "%s: descending", how);
}

static unsigned
differ(const unsigned char *bytes, size_t n)
{
	bool have = simd_sse42;
	unsigned bad = 0;

	for (size_t at = 0; at < 9; at++)
		for (size_t len = 0; at + len <= n; len++) {
			uint32_t fast = crc32c(7, bytes + at, len), slow;

			simd_sse42 = false;
			slow = crc32c(7, bytes + at, len);
			bad += slow != fast;
			bad += crc32c(crc32c(7, bytes + at, len / 3),
				   bytes + at + len / 3, len - len / 3) != slow;
			simd_sse42 = have;
		}
	return bad;
}

int
main(void)
{
	unsigned char bytes[100];
	bool have;

	simd_init();
	have = simd_sse42;
	vectors(have ? "instruction" : "no instruction");
	simd_sse42 = false;
	vectors("tables");
	simd_sse42 = have;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37 + i / 7);
	ok(differ(bytes, sizeof bytes) == 0, "both agree, in pieces, too");
	return tap_done();
}
