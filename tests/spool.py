#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The journal of standard input: spool.py FILE... prints the stream, as kept.

    spool.py --count FILE...    how many bytes of it there are
"""
import struct
import sys


def frames(data):
    at = 0
    while at + 32 <= len(data):
        magic, kind, n = struct.unpack_from("<4sII", data, at)
        if magic != b"wSp2":
            break
        if len(data) < at + 32 + n:
            break
        yield kind, data[at + 32:at + 32 + n]
        at += 32 + n


def main(args):
    count = args[:1] == ["--count"]
    total = 0
    for name in sorted(args[count:]):
        try:
            with open(name, "rb") as f:
                data = f.read()
        except FileNotFoundError:
            continue
        for _, body in frames(data):
            total += len(body)
            if not count:
                sys.stdout.buffer.write(body)
    if count:
        print(total)


main(sys.argv[1:])
