/* SPDX-License-Identifier: MIT */
/* The codecs, sorted by name; each is a struct codec of its own file. */
CODEC(bzip2)
CODEC(gzip)
CODEC(xz)
CODEC(zstd)
