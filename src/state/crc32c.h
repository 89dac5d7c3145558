/* SPDX-License-Identifier: MIT */
/*
 * CRC32C (Castagnoli, RFC 3720 appendix B.4): the checksum of everything that
 * is kept. By the processor's instruction where it has one, else by tables.
 */
#ifndef WEIR_STATE_CRC32C_H
#define WEIR_STATE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * Goes on from crc, that of the bytes before (0: there are none):
 * crc32c(crc32c(0, a), b) is the checksum of a and b.
 */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
