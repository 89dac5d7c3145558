/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C (Castagnoli; the polynomial of iSCSI, RFC 3720, and of ext4): the
 * checksum of everything that is kept in a state directory.
 *
 * One that begins where another ended gives that of both: crc32c(crc32c(0, a),
 * b) is the checksum of a and b. A caller who wants the bytes of one place not
 * to pass at another begins with a number of the place.
 */
#ifndef WEIR_BASE_CRC_H
#define WEIR_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from crc (0 at the beginning) over n bytes. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
