/* SPDX-License-Identifier: MIT */
/*
 * The checksum of everything that is kept is that of base/crc.h.
 */
#ifndef WEIR_STATE_CRC32C_H
#define WEIR_STATE_CRC32C_H

#include "base/crc.h"

#endif
