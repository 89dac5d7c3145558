# SPDX-License-Identifier: MIT
"""Is a program's answer the right one?

Every function takes the file with an answer and the file with the oracle's
(see oracle.c), and returns None, or one sentence that says what is wrong.
Counts and maxima must be equal, sums and averages within 1e-9 of their value,
a p99 within 0.8 % of its value, and no window or record more or less.
"""

import functools
import json

SUM_TOLERANCE = 1e-9
P99_TOLERANCE = 0.008


def table(path):
    """The header and the rows of a file of tab-separated values."""
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    if lines[-1] != "" or lines[0] == "":
        raise ValueError("the output has no header or no last line feed")
    rows = [line.split("\t") for line in lines[:-1]]
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("a row has more or fewer fields than the header")
    return rows[0], rows[1:]


def minute(text):
    """The minute of a time, however its end is spelled."""
    return text[:16].replace(" ", "T")


def by_window(path):
    """Rows as dictionaries of text, by minute and key."""
    header, rows = table(path)
    found = {}
    for row in rows:
        named = dict(zip(header, row))
        where = minute(named["window_start"]), named["key"]
        if where in found:
            raise ValueError("window %s of key %s comes twice" % where)
        found[where] = named
    return found


@functools.lru_cache(maxsize=None)
def reference_windows(path):
    return by_window(path)


def near(got, want, tolerance):
    return abs(got - want) <= tolerance * abs(want)


def column_fits(name, got, want, either_rank):
    if name == "n":
        return int(got[name]) == int(want[name])
    value = float(got[name])
    if name == "m":
        return value == float(want[name])
    if name in ("s", "a"):
        return near(value, float(want[name]), SUM_TOLERANCE)
    ranks = ["p99", "p99_up"] if either_rank else ["p99"]
    return any(near(value, float(want[r]), P99_TOLERANCE) for r in ranks)


def windows(path, reference, columns, either_rank=False):
    """Aggregates of windows, in any order; `columns` are those to check."""
    try:
        got = by_window(path)
        want = reference_windows(reference)
        if got.keys() != want.keys():
            return "%d windows, %d of them right, instead of %d" % (
                len(got), len(got.keys() & want.keys()), len(want))
        for where, row in got.items():
            for name in columns:
                if not column_fits(name, row, want[where], either_rank):
                    return "%s of %s in %s is %s instead of %s" % (
                        name, where[1], where[0], row[name],
                        want[where][name])
    except KeyError as e:
        return "no column %s" % e
    except ValueError as e:
        return str(e)
    return None


def kept(path, reference):
    """Records as JSON lines, in the order of the input."""
    with open(path, "rb") as f, open(reference, "rb") as g:
        for n, want in enumerate(g, 1):
            got = f.readline()
            if got == want:
                continue
            try:
                if json.loads(got) == json.loads(want):
                    continue
            except ValueError:
                pass
            return "line %d is %r instead of %r" % (n, got, want)
        if f.readline():
            return "there are more than %d lines" % n
    return None


def statuses(path, reference):
    """Counts by status, minute after minute, without the minute."""
    try:
        header, rows = table(path)
        columns = header.index("status"), header.index("n")
        got = [tuple(int(row[c]) for c in columns) for row in rows]
    except ValueError as e:
        return str(e)
    want = [(int(r[1]), int(r[2])) for r in table(reference)[1]]
    if got != want:
        return "the counts by status and minute are not the right ones"
    return None


def all_matched(path, records):
    """pcre_loop's report: every line matched."""
    lines, matched = table(path)[1][0][:2]
    if (int(lines), int(matched)) != (records, records):
        return "%s of %s lines match" % (matched, lines)
    return None


def line_count(path, records):
    """wc -l's report."""
    with open(path, encoding="utf-8") as f:
        n = int(f.read().split()[0])
    return None if n == records else "%d lines" % n


def totals(answer, lines, total):
    """A TSV of so many rows, whose last column has this sum."""
    with open(answer, encoding="utf-8") as f:
        next(f, None)
        last = [int(row.rsplit("\t", 1)[-1]) for row in f]
    if len(last) != lines:
        return "%d rows instead of %d" % (len(last), lines)
    if sum(last) != total:
        return "a sum of %d instead of %d" % (sum(last), total)
    return None
