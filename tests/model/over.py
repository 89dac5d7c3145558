#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""over.py WEIR [ROUNDS] [SEED]: OVER, QUALIFY and Top-N against SQLite.

Random rows go through random queries over other rows; SQLite answers the same
question over the same rows. Rows are told apart by their number, so it does
not matter in which order they come out. Some rounds take event time and a
lateness that no row exceeds: rows then wait for the watermark, and the answer
must be the same. Every query is also run with one-row batches, one-byte reads
and three threads, and must print the same bytes.
"""
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

COLUMNS = ["n", "k", "x", "y", "s", "ts"]


def rows_of(r):
    """Few values, so that there are peers; NULLs; exact floats."""
    out = []
    keys = r.randint(1, 4)
    spread = r.choice([3, 8, 1000])
    for n in range(r.choice([0, 1, 5, 20, 60, 150])):
        out.append({
            "n": n,
            "k": r.choice("abcd"[:keys]),
            "x": r.choice([None] + [r.randint(-spread, spread)] * 6),
            "y": r.choice([None] + [r.randint(-40, 40) / 4] * 6),
            # No empty text: SQLite's group_concat takes it for nothing.
            "s": r.choice([None, "o", "p", "q", "r", "zz", "é"]),
            "ts": 1700000000 + r.randint(0, r.choice([5, 100, 5000])),
        })
    return out


def direction(r):
    return r.choice(["", "", " ASC", " DESC", " DESC"]) + r.choice(
        ["", "", "", " NULLS FIRST", " NULLS LAST"])


def window_of(r, by_time):
    """PARTITION BY, ORDER BY: text for weir, for SQLite; what kind of order."""
    part = r.choice(["", "PARTITION BY k ", "PARTITION BY k, x % 2 "])
    if by_time:
        kind = r.choice(["peers", "total"])
        order = "ts" if kind == "peers" else "ts, n"
        return part, order, order, kind, True
    kind = r.choice(["none", "peers", "peers", "total", "total"])
    if kind == "none":
        return part, "", "n", kind, False
    col = r.choice(["x", "y", "k", "s", "x + y"])
    order = col + direction(r)
    if kind == "total":
        order += ", n" + r.choice(["", " DESC"])
    return part, order, order, kind, False


def bound(r, unit, low):
    """A bound's place on the line, and its text for both."""
    if unit == "range":
        n = r.choice([0, 1, 2.5, 3, 100])
    else:
        n = r.choice([0, 1, 2, 3, 7, 200])
    return r.choice([
        (0, "UNBOUNDED PRECEDING") if low else (4, "UNBOUNDED FOLLOWING"),
        (1, n), (1, n), (2, "CURRENT ROW"), (3, n)])


def frame_of(r, kind, order, by_time):
    """A frame: for weir, for SQLite; None: the default."""
    units = ["rows"] if kind != "peers" else ["range", "groups", "range"]
    if kind == "total":
        units.append("groups")
    unit = r.choice(units)
    if kind != "none" and r.random() < 0.3:
        return "", ""
    measured = unit != "range" or (
        "," not in order and order.split()[0] in ("x", "y", "ts", "x"))
    for _ in range(50):
        lo, hi = bound(r, unit, True), bound(r, unit, False)
        if lo[0] > hi[0] or (not measured and {lo[0], hi[0]} & {1, 3}):
            continue
        break
    else:
        return "", ""

    def text(b, weir):
        if not isinstance(b[1], (int, float)):
            return b[1]
        n = str(b[1])
        if unit == "range" and by_time:
            n = "INTERVAL '%g' SECOND" % b[1] if weir else n
        return n + (" PRECEDING" if b[0] == 1 else " FOLLOWING")

    return tuple(" %s BETWEEN %s AND %s" % (unit.upper(), text(lo, w),
                                             text(hi, w))
                 for w in (True, False))


def function(r, kind):
    """A call: for weir, for SQLite; whether its order must be total."""
    some = r.choice(["x", "y", "s", "x + 1"])
    num = r.choice(["x", "y", "x * 2"])
    agg = r.choice([
        "count(*)", "count(%s)" % some, "sum(%s)" % num, "sum(%s)" % num,
        "avg(y)", "min(%s)" % some, "max(%s)" % some, "min(%s)" % some])
    # SQLite's min and max forget their FILTER in some frames.
    if r.random() < 0.2 and agg[0] != "m":
        agg += " FILTER (WHERE %s)" % r.choice(
            ["x > 0", "y <= 1 OR s = 'p'", "k <> 'a'"])
    n = r.randint(0, 4)
    total = r.choice([
        "row_number()", "lag(%s)" % some, "lead(%s)" % some,
        "lag(%s, %d)" % (some, n), "lead(%s, %d)" % (some, n),
        "lag(x, %d, n)" % n, "lead(y, %d, -1)" % n,
        "first_value(%s)" % some, "last_value(%s)" % some,
        "nth_value(%s, %d)" % (some, n + 1), "ntile(%d)" % (n + 1),
        "listagg(s, '+')"])
    peers = r.choice(
        ["rank()", "dense_rank()", "percent_rank()", "cume_dist()"])
    if kind == "peers":
        return r.choice([agg, agg, peers])
    if kind == "none":
        # Without an order all rows are peers here, and none are there.
        return r.choice([agg, total])
    return r.choice([agg, total, total, peers])


def query_of(r):
    by_time = r.random() < 0.35
    calls = []
    for _ in range(r.choice([1, 1, 2, 3])):
        part, ours, theirs, kind, timed = window_of(r, by_time)
        fw, fl = frame_of(r, kind, ours, timed)
        for _ in range(r.choice([1, 2])):
            call = function(r, kind)
            weir = "%s OVER (%s%s%s)" % (
                call, part, "ORDER BY " + ours if ours else "", fw)
            lite = "%s OVER (%sORDER BY %s%s)" % (
                call.replace("listagg", "group_concat"), part, theirs,
                fl or (" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED "
                       "FOLLOWING" if kind == "none" else ""))
            calls.append((weir, lite))
    where = r.choice([("", "")] * 4 + [(" WHERE x >= 0", " WHERE x >= 0")])
    return by_time, calls, where


def top_of(r):
    """Top-N: QUALIFY here, a subquery there."""
    fn = r.choice(["row_number", "rank", "dense_rank", "row_number"])
    part = r.choice(["", "PARTITION BY k "])
    order = r.choice(["x", "y", "s"]) + direction(r)
    if fn == "row_number":
        order += ", n"
    a, b = r.randint(0, 3), r.randint(0, 9)
    cond = r.choice(["rn <= %d" % b, "rn < %d" % b, "rn = %d" % a,
                     "rn BETWEEN %d AND %d" % (a, b),
                     "%d >= rn AND x > 0" % b, "rn <= %d OR x = 1" % a])
    call = "%s() OVER (%sORDER BY %s)" % (fn, part, order)
    return ("SELECT n, %s AS rn QUALIFY %s" % (call, cond),
            "SELECT n, rn FROM (SELECT *, %s AS rn FROM t) WHERE %s" % (
                call, cond))


def lite(rows, sql):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (n INTEGER, k TEXT, x INTEGER, y REAL, "
               "s TEXT, ts INTEGER)")
    db.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)",
                   [[row[c] for c in COLUMNS] for row in rows])
    cur = db.execute(sql)
    names = [d[0] for d in cur.description]
    out = [dict(zip(names, row)) for row in cur.fetchall()]
    db.close()
    return out


def same(a, b):
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))


def differ(ours, theirs):
    if len(ours) != len(theirs):
        return "%d rows, expected %d" % (len(ours), len(theirs))
    want = {row["n"]: row for row in theirs}
    for row in ours:
        for name, value in want.get(row["n"], {"n": None}).items():
            if not same(row.get(name), value):
                return "row %s: %s is %r, expected %r" % (
                    row["n"], name, row.get(name), value)
    return None


def run(weir, args, sql, file, torture):
    env = dict(os.environ)
    env.pop("WEIR_TORTURE", None)
    if torture:
        env["WEIR_TORTURE"] = "rows=1,reads=1"
        args = args + ["-j3"]
    p = subprocess.run([weir] + args + [sql, file], env=env, timeout=60,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return p.returncode, p.stdout, p.stderr


def one(weir, r, file):
    rows = rows_of(r)
    args = []
    if r.random() < 0.25:
        ours, theirs = top_of(r)
        names = "x, y"
    else:
        by_time, calls, where = query_of(r)
        names = ", ".join("%s AS c%d" % (c[0], i)
                          for i, c in enumerate(calls))
        ours = "SELECT n, %s%s" % (names, where[0])
        theirs = "SELECT n, %s FROM t%s" % (
            ", ".join("%s AS c%d" % (c[1], i)
                      for i, c in enumerate(calls)), where[1])
        if by_time:
            args = ["-T", "ts:s"] + r.choice([[], ["-l", "5001s"]])
    with open(file, "w", encoding="utf-8") as f:
        for row in rows:
            f.write(json.dumps(row, ensure_ascii=False) + "\n")
    rc, out, err = run(weir, args, ours, file, False)
    what = None
    if rc or err:
        what = "exit %d: %s" % (rc, err.decode())
    else:
        what = differ([json.loads(line) for line in out.splitlines()],
                      lite(rows, theirs))
    if not what and r.random() < 0.3:
        rc, again, err = run(weir, args, ours, file, True)
        if again != out:
            what = "other bytes under torture"
    return what, args, ours, theirs


def main():
    weir = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if sqlite3.sqlite_version_info < (3, 30):
        print("ok 1 - # SKIP SQLite %s" % sqlite3.sqlite_version)
        return 0
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            r = random.Random(seed * 1000003 + i)
            file = os.path.join(folder, "in.jsonl")
            what, args, ours, theirs = one(weir, r, file)
            if not what:
                continue
            bad += 1
            if bad > 5:
                break
            keep = os.path.join(tempfile.gettempdir(), "over-%d.jsonl" % i)
            os.replace(file, keep)
            print("# round %d (seed %d): %s" % (i, seed, what))
            print("# weir %s %r %s" % (" ".join(args), ours, keep))
            print("# sqlite: %s" % theirs)
    print("%s 1 - %d random queries over other rows are as SQLite has them" % (
        "not ok" if bad else "ok", rounds))
    print("1..1")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
