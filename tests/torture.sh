#!/bin/sh
# SPDX-License-Identifier: MIT
# The case folders under many more settings than `make check` uses; run by
# `make check-slow`. Sizes around one, odd ones, and those at the borders of
# the engine's batches (1024 rows) and blocks.
exec "$(dirname "$0")/cases.sh" --variants 'rows=1 rows=2,reads=3
    rows=3,reads=7 rows=7,reads=1 rows=64,reads=63 rows=1023,reads=4097
    reads=1 reads=2,jobs=2 rows=1,reads=1,jobs=2 rows=2,reads=5,jobs=5
    rows=1,reads=1,simd=off jobs=8' "$@"
