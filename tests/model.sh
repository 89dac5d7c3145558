#!/bin/sh
# SPDX-License-Identifier: MIT
# Random queries compared with another answer, as TAP: windows with a plain
# model (model/windows.py), OVER and Top-N with SQLite (model/over.py); random
# graphs of flows with themselves, cut otherwise (model/graphs.py).
# WEIR_MODEL_ROUNDS: how many; check-slow takes more.
command -v python3 >/dev/null || {
	echo "1..0 # SKIP no python3"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1
rounds=${WEIR_MODEL_ROUNDS:-20}

# model NUMBER NAME ROUNDS: its line of TAP under another number.
model() {
	python3 "$WEIR_SRC/tests/model/$2.py" "$WEIR" "$3" |
	    sed -e '/^1\.\./d' -e "s/^\(not ok\|ok\) 1 /\1 $1 /"
}

echo 1..3
model 1 windows "$rounds"
model 2 over $((rounds * 5))
model 3 graphs $((rounds * 2))
