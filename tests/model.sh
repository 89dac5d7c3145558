#!/bin/sh
# SPDX-License-Identifier: MIT
# Random window queries compared with a plain model (model/windows.py), as TAP.
# WEIR_MODEL_ROUNDS: how many; check-slow takes more.
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$WEIR_SRC/tests/model/windows.py" \
    "$WEIR" "${WEIR_MODEL_ROUNDS:-20}"
