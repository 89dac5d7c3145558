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

# One process for many files; which lines of one differ is not said.
# shellcheck disable=SC2086
differ=$("$tool" --dry-run $files 2>&1 >/dev/null |
    sed -n 's/^\([^:]*\):[0-9].*/\1/p' | sort -u)
[ -z "$differ" ] && exit
for file in $differ; do
	echo "$file: not formatted; run make format"
done
exit 1
