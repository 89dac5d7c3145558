/* SPDX-License-Identifier: MIT */
/*
 * Digests as lower-case hexadecimal: MD5 (RFC 1321), SHA-1, SHA-2 (FIPS
 * 180-4), HMAC (RFC 2104) of them, and checksums: CRC-32 (ISO 3309), FNV-1a.
 * MD5, SHA-1 and the checksums name things; they protect nothing.
 */
#include "expr/fn_part.h"

/* A digest of blocks of 64 bytes (SHA-512: 128). */
struct digest {
	unsigned block; /* bytes */
	unsigned words, size;
	bool big_endian;
	void (*take)(uint64_t *state, const uint8_t *block);
	uint64_t start[8];
};

static uint32_t
rotl(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t
rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint64_t
rotr64(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

static uint32_t
big32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
little32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* ---- MD5 ---- */

/* Whole part of 2^32 * |sin(i + 1)|. */
static const uint32_t md5_sines[64] = {0xd76aa478, 0xe8c7b756, 0x242070db,
    0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
    0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e,
    0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
    0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
    0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
    0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60,
    0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
    0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7,
    0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f,
    0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
    0xeb86d391};

static uint32_t
md5_mix(unsigned i, uint32_t b, uint32_t c, uint32_t d, unsigned *word)
{
	switch (i / 16) {
	case 0:
		*word = i;
		return (b & c) | (~b & d);
	case 1:
		*word = (5 * i + 1) % 16;
		return (d & b) | (~d & c);
	case 2:
		*word = (3 * i + 5) % 16;
		return b ^ c ^ d;
	default:
		*word = 7 * i % 16;
		return c ^ (b | ~d);
	}
}

static void
md5_take(uint64_t *state, const uint8_t *block)
{
	static const uint8_t turns[4][4] = {
	    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	uint32_t a = (uint32_t)state[0], b = (uint32_t)state[1];
	uint32_t c = (uint32_t)state[2], d = (uint32_t)state[3];

	for (unsigned i = 0; i < 64; i++) {
		unsigned word;
		uint32_t mix = md5_mix(i, b, c, d, &word);

		mix += a + md5_sines[i] + little32(block + 4 * word);
		a = d;
		d = c;
		c = b;
		b += rotl(mix, turns[i / 16][i % 4]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

/* ---- SHA-1 ---- */

static uint32_t
sha1_mix(unsigned i, uint32_t b, uint32_t c, uint32_t d)
{
	switch (i / 20) {
	case 0:
		return ((b & c) | (~b & d)) + 0x5a827999;
	case 1:
		return (b ^ c ^ d) + 0x6ed9eba1;
	case 2:
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	default:
		return (b ^ c ^ d) + 0xca62c1d6;
	}
}

static void
sha1_take(uint64_t *state, const uint8_t *block)
{
	uint32_t w[80], s[5], next;

	for (unsigned i = 0; i < 16; i++)
		w[i] = big32(block + 4 * i);
	for (unsigned i = 16; i < 80; i++)
		w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 5; i++)
		s[i] = (uint32_t)state[i];
	for (unsigned i = 0; i < 80; i++) {
		next =
		    rotl(s[0], 5) + sha1_mix(i, s[1], s[2], s[3]) + s[4] + w[i];
		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotl(s[1], 30);
		s[1] = s[0];
		s[0] = next;
	}
	for (unsigned i = 0; i < 5; i++)
		state[i] += s[i];
}

/* ---- SHA-256 and SHA-512 ---- */

/* Fractions of the cube roots of the first 80 primes; SHA-256 takes the
 * upper halves of the first 64. */
static const uint64_t sha2_roots[80] = {0x428a2f98d728ae22, 0x7137449123ef65cd,
    0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c,
    0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1,
    0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2,
    0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4,
    0x76f988da831153b5, 0x983e5152ee66dfab, 0xa831c66d2db43210,
    0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2,
    0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8,
    0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364,
    0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a,
    0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63,
    0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72,
    0x8cc702081a6439ec, 0x90befffa23631e28, 0xa4506cebde82bde9,
    0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae,
    0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493,
    0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

static void
sha256_take(uint64_t *state, const uint8_t *block)
{
	uint32_t w[64], s[8], a, b;

	for (unsigned i = 0; i < 16; i++)
		w[i] = big32(block + 4 * i);
	for (unsigned i = 16; i < 64; i++) {
		a = w[i - 15];
		b = w[i - 2];
		w[i] = w[i - 16] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) +
		       w[i - 7] + (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
	}
	for (unsigned i = 0; i < 8; i++)
		s[i] = (uint32_t)state[i];
	for (unsigned i = 0; i < 64; i++) {
		a = s[7] + (rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25)) +
		    ((s[4] & s[5]) ^ (~s[4] & s[6])) +
		    (uint32_t)(sha2_roots[i] >> 32) + w[i];
		b = (rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += a;
		s[0] = a + b;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += s[i];
}

static void
sha512_take(uint64_t *state, const uint8_t *block)
{
	uint64_t w[80], s[8], a, b;

	for (unsigned i = 0; i < 16; i++)
		w[i] = (uint64_t)big32(block + 8 * i) << 32 |
		       big32(block + 8 * i + 4);
	for (unsigned i = 16; i < 80; i++) {
		a = w[i - 15];
		b = w[i - 2];
		w[i] = w[i - 16] + (rotr64(a, 1) ^ rotr64(a, 8) ^ a >> 7) +
		       w[i - 7] + (rotr64(b, 19) ^ rotr64(b, 61) ^ b >> 6);
	}
	memcpy(s, state, sizeof s);
	for (unsigned i = 0; i < 80; i++) {
		a = s[7] +
		    (rotr64(s[4], 14) ^ rotr64(s[4], 18) ^ rotr64(s[4], 41)) +
		    ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha2_roots[i] + w[i];
		b = (rotr64(s[0], 28) ^ rotr64(s[0], 34) ^ rotr64(s[0], 39)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += a;
		s[0] = a + b;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += s[i];
}

/* ---- all of them ---- */

static const struct digest md5 = {.block = 64,
    .words = 4,
    .size = 4,
    .take = md5_take,
    .start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};

static const struct digest sha1 = {.block = 64,
    .words = 5,
    .size = 4,
    .big_endian = true,
    .take = sha1_take,
    .start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};

static const struct digest sha256 = {.block = 64,
    .words = 8,
    .size = 4,
    .big_endian = true,
    .take = sha256_take,
    .start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
	0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

static const struct digest sha512 = {.block = 128,
    .words = 8,
    .size = 8,
    .big_endian = true,
    .take = sha512_take,
    .start = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179}};

static const struct digest sha224 = {.block = 64,
    .words = 7,
    .size = 4,
    .big_endian = true,
    .take = sha256_take,
    .start = {0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31,
	0x68581511, 0x64f98fa7, 0xbefa4fa4}};

static const struct digest sha384 = {.block = 128,
    .words = 6,
    .size = 8,
    .big_endian = true,
    .take = sha512_take,
    .start = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
	0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
	0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4}};

/* The rest of the text, a set bit, zeros, and the length in bits. */
static void
take_last(
    const struct digest *d, uint64_t *state, struct str rest, uint64_t total)
{
	uint8_t last[256] = {0};
	size_t room = d->block / 8;
	size_t n = rest.n + 1 + room <= d->block ? d->block : 2 * d->block;

	if (rest.n)
		memcpy(last, rest.p, rest.n);
	last[rest.n] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		last[d->big_endian ? n - 1 - i : n - 8 + i] =
		    (uint8_t)(total * 8 >> 8 * i);
	for (size_t at = 0; at < n; at += d->block)
		d->take(state, last + at);
}

/* The digest of first and then s, into out; first is whole blocks. */
static size_t
digest_of(const struct digest *d, struct str first, struct str s, uint8_t *out)
{
	size_t total = first.n + s.n;
	uint64_t state[8];

	memcpy(state, d->start, sizeof state);
	for (; first.n; first.p += d->block, first.n -= d->block)
		d->take(state, (const uint8_t *)first.p);
	for (; s.n >= d->block; s.p += d->block, s.n -= d->block)
		d->take(state, (const uint8_t *)s.p);
	take_last(d, state, s, total);
	for (unsigned i = 0; i < d->words * d->size; i++) {
		unsigned at = i % d->size;
		unsigned shift = 8 * (d->big_endian ? d->size - 1 - at : at);

		out[i] = (uint8_t)(state[i / d->size] >> shift);
	}
	return (size_t)d->words * d->size;
}

#define DIGEST_MAX 64

static void
put_hex(struct fn_frame *f, const uint8_t *bytes, size_t n, struct value *out)
{
	static const char hex[] = "0123456789abcdef";
	char *p = arena_alloc(f->eval->arena, 2 * n);

	for (size_t i = 0; i < n; i++) {
		p[2 * i] = hex[bytes[i] >> 4];
		p[2 * i + 1] = hex[bytes[i] & 15];
	}
	*out = value_text((struct str){p, 2 * n});
}

static struct str
bytes_of(struct fn_frame *f, struct value v)
{
	return v.type == T_BYTES ? value_str(v) : fn_print(f, v);
}

static void
digest_row(struct fn_frame *f, const struct digest *d, struct value v,
    struct value *out)
{
	uint8_t digest[DIGEST_MAX];

	put_hex(f, digest, digest_of(d, STR(""), bytes_of(f, v), digest), out);
}

FN_ROW(md5_row)
{
	digest_row(f, &md5, args[0], out);
}

FN_ROW(sha1_row)
{
	digest_row(f, &sha1, args[0], out);
}

FN_ROW(sha256_row)
{
	digest_row(f, &sha256, args[0], out);
}

FN_ROW(sha512_row)
{
	digest_row(f, &sha512, args[0], out);
}

FN_ROW(sha224_row)
{
	digest_row(f, &sha224, args[0], out);
}

FN_ROW(sha384_row)
{
	digest_row(f, &sha384, args[0], out);
}

FN_ROW(sha2_row)
{
	int64_t bits = args[1].i;

	*out = VALUE_NULL;
	if (bits == 224)
		digest_row(f, &sha224, args[0], out);
	else if (bits == 0 || bits == 256)
		digest_row(f, &sha256, args[0], out);
	else if (bits == 384)
		digest_row(f, &sha384, args[0], out);
	else if (bits == 512)
		digest_row(f, &sha512, args[0], out);
	else
		fn_fail(f, "SHA-2 has 224, 256, 384 or 512 bits");
}

static const struct digest *
digest_named(struct str name)
{
	static const struct {
		const char *name;
		const struct digest *d;
	} all[] = {{"md5", &md5}, {"sha1", &sha1}, {"sha224", &sha224},
	    {"sha256", &sha256}, {"sha384", &sha384}, {"sha512", &sha512}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_eq_nocase(name, str_of(all[i].name)))
			return all[i].d;
	return NULL;
}

FN_ROW(hmac_row)
{
	const struct digest *d = digest_named(value_str(args[2]));
	struct str key = bytes_of(f, args[1]);
	uint8_t pad[128] = {0}, digest[DIGEST_MAX];
	size_t n_digest;

	*out = VALUE_NULL;
	if (!d) {
		fn_fail(f, "unknown digest");
		return;
	}
	if (key.n > d->block)
		digest_of(d, STR(""), key, pad);
	else if (key.n)
		memcpy(pad, key.p, key.n);
	for (unsigned i = 0; i < d->block; i++)
		pad[i] ^= 0x36;
	n_digest = digest_of(d, (struct str){(char *)pad, d->block},
	    bytes_of(f, args[0]), digest);
	for (unsigned i = 0; i < d->block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	n_digest = digest_of(d, (struct str){(char *)pad, d->block},
	    (struct str){(char *)digest, n_digest}, digest);
	put_hex(f, digest, n_digest, out);
}

/* ---- checksums ---- */

/* Four bits at a time: the polynomial 0xedb88320, lowest bit first. */
FN_ROW(crc32_row)
{
	static const uint32_t table[16] = {0, 0x1db71064, 0x3b6e20c8,
	    0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
	    0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	struct str s = bytes_of(f, args[0]);
	uint32_t crc = ~(uint32_t)0;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= (uint8_t)s.p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	*out = value_int(~crc);
}

FN_ROW(fnv1a_row)
{
	struct str s = bytes_of(f, args[0]);
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
	*out = value_int((int64_t)h);
}

/* ---- the rows ---- */

/* clang-format off */
#define HASH .family = "hash", .aliases = "", .signature = "any -> text"

const struct fn fn_hash_rows[] = {
	{.name = "crc32", .family = "hash", .aliases = "",
	 .signature = "any -> bigint",
	 .doc = "CRC-32 of a text or bytes, as zip and gzip have it.",
	 .example = "crc32('weir')", .result = "2474937868",
	 .flink = NULL, .row = crc32_row},
	{.name = "fnv1a", .family = "hash", .aliases = "hash",
	 .signature = "any -> bigint",
	 .doc = "FNV-1a of 64 bits of a text or bytes: fast, the same always, "
		"no secret.",
	 .example = "fnv1a('weir')", .result = "4420281892235557110",
	 .flink = NULL, .row = fnv1a_row},
	{.name = "hmac", .family = "hash", .aliases = "",
	 .signature = "any, any, text = 'sha256' -> text",
	 .doc = "HMAC of a text or bytes with a key, by md5, sha1, sha224, "
		"sha256, sha384 or sha512, in hexadecimal.",
	 .example = "left(hmac('what do ya want for nothing?', 'Jefe'), 16)",
	 .result = "5bdcc146bf60754e",
	 .flink = NULL, .row = hmac_row},
	{.name = "md5", HASH,
	 .doc = "MD5 digest of a text or bytes, in hexadecimal.",
	 .example = "md5('weir')",
	 .result = "57c6838eabf401f73f6dd50093408e33",
	 .flink = "MD5", .row = md5_row},
	{.name = "sha1", HASH,
	 .doc = "SHA-1 digest of a text or bytes, in hexadecimal.",
	 .example = "sha1('weir')",
	 .result = "73359e52b959cf85f75158a9bf78501ee2c9f529",
	 .flink = "SHA1", .row = sha1_row},
	{.name = "sha2", .family = "hash", .aliases = "",
	 .signature = "any, bigint -> text",
	 .doc = "SHA-2 digest of 224, 256 (or 0), 384 or 512 bits, in "
		"hexadecimal.",
	 .example = "left(sha2('weir', 256), 16)",
	 .result = "9e1bd4e58bdc27cb",
	 .flink = "SHA2", .row = sha2_row},
	{.name = "sha224", HASH,
	 .doc = "SHA-224 digest of a text or bytes, in hexadecimal.",
	 .example = "left(sha224('abc'), 16)",
	 .result = "23097d223405d822",
	 .flink = "SHA224", .row = sha224_row},
	{.name = "sha256", HASH,
	 .doc = "SHA-256 digest of a text or bytes, in hexadecimal.",
	 .example = "sha256('weir')",
	 .result = "9e1bd4e58bdc27cb9abf4c558b21963a"
		   "3f3fb6b08c715e8e2bb6c795162994bc",
	 .flink = "SHA256", .row = sha256_row},
	{.name = "sha384", HASH,
	 .doc = "SHA-384 digest of a text or bytes, in hexadecimal.",
	 .example = "left(sha384('abc'), 16)",
	 .result = "cb00753f45a35e8b",
	 .flink = "SHA384", .row = sha384_row},
	{.name = "sha512", HASH,
	 .doc = "SHA-512 digest of a text or bytes, in hexadecimal.",
	 .example = "left(sha512('weir'), 16)",
	 .result = "f11512542fedc33d",
	 .flink = "SHA512", .row = sha512_row},
};
/* clang-format on */
const unsigned fn_hash_n = sizeof fn_hash_rows / sizeof *fn_hash_rows;
