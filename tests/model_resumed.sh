#!/bin/sh
# SPDX-License-Identifier: MIT
# The random queries of model.sh, killed and resumed every few rows, as TAP.
WEIR_REAL=$WEIR WEIR=$WEIR_SRC/tests/model/resumed.sh
WEIR_MODEL_ROUNDS=$((${WEIR_MODEL_ROUNDS:-20} / 4))
export WEIR_REAL WEIR WEIR_MODEL_ROUNDS
exec "$WEIR_SRC/tests/model.sh"
