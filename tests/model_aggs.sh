#!/bin/sh
# SPDX-License-Identifier: MIT
# Aggregates compared with a plain model (model/aggs.py), as TAP.
# WEIR_MODEL_ROUNDS: half of them for each kind of group.
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$WEIR_SRC/tests/model/aggs.py" \
    "$WEIR" "$((${WEIR_MODEL_ROUNDS:-20} / 2))"
