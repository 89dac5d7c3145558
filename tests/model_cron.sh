#!/bin/sh
# SPDX-License-Identifier: MIT
# Random pipelines in many short runs with a state, beside one run over all of
# it (model/cron.py), as TAP. WEIR_MODEL_ROUNDS: twice as many; check-slow takes
# more.
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$WEIR_SRC/tests/model/cron.py" \
    "$WEIR" "$((${WEIR_MODEL_ROUNDS:-20} * 2))"
