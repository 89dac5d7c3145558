#!/bin/sh
# SPDX-License-Identifier: MIT
# Changelogs of random pipelines, applied to an empty table, beside their final
# results (model/changes.py), as TAP. WEIR_MODEL_ROUNDS: how many; check-slow
# takes more.
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$WEIR_SRC/tests/model/changes.py" \
    "$WEIR" "${WEIR_MODEL_ROUNDS:-40}"
