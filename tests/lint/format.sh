#!/bin/sh
# SPDX-License-Identifier: MIT
# Formats the sources with clang-format, version 14 exactly: other versions
# disagree with it. --check changes nothing and names the files that differ.
cd "$(dirname "$0")/../.." || exit 1

tool=${CLANG_FORMAT:-clang-format-14}
if ! command -v "$tool" >/dev/null; then
	echo "$tool is not installed; nothing was done"
	exit 0
fi

files=$(find src tests -name '*.[ch]' | sort)
if [ "$1" != --check ]; then
	# shellcheck disable=SC2086
	exec "$tool" -i $files
fi

status=0
for file in $files; do
	if ! "$tool" "$file" | cmp -s - "$file"; then
		echo "$file: not formatted; run make format"
		status=1
	fi
done
exit $status
