#!/bin/sh
# SPDX-License-Identifier: MIT
# Random queries compared with SQLite (model/queries.py), as TAP.
# WEIR_MODEL_ROUNDS: 20 queries each; check-slow takes more.
python3 -c 'import sqlite3; exit(sqlite3.sqlite_version_info < (3, 39))' \
    2>/dev/null || {
	echo "1..0 # SKIP no python3 with SQLite 3.39"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$WEIR_SRC/tests/model/queries.py" \
    "$WEIR" "$((${WEIR_MODEL_ROUNDS:-20} * 20))"
