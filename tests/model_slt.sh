#!/bin/sh
# SPDX-License-Identifier: MIT
# SQL logic tests (model/slt.py), as TAP: our own few, and the files named by
# WEIR_SLT, for instance those of a copy of the suite of SQLite's authors.
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
# The words of WEIR_SLT are files.
# shellcheck disable=SC2086
PYTHONDONTWRITEBYTECODE=1 exec python3 "$WEIR_SRC/tests/model/slt.py" \
    "$WEIR" "$WEIR_SRC/tests/model/slt.test" $WEIR_SLT
