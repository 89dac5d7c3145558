#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aggs.py WEIR [ROUNDS] [SEED]: aggregates beside plain Python.

Random records, some fields NULL, some groups with no value at all, go through
every aggregate: in groups, in tumbling and in overlapping windows (whose
slices are merged), plain, DISTINCT, with FILTER and with ORDER BY inside. The
wanted values are worked out from the definitions in weir-functions(7), with
exact fractions where the result is a float, so that 1e-9 of a relative error
is all that is left to rounding. All runs are repeated with one-row batches.
"""
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction

SLIDE, SIZE = 10, 40


def some(values):
    return [v for v in values if v is not None]


def pairs(rows, a, b):
    return [(r[a], r[b]) for r in rows
            if r[a] is not None and r[b] is not None]


def once(values):
    out = []
    for v in values:
        if v not in out:
            out.append(v)
    return out


def counts(values):
    c = {}
    for v in some(values):
        c[v] = c.get(v, 0) + 1
    return c


def frequent(values):
    c = counts(values)
    return sorted(c, key=lambda v: (-c[v], v))


def trunc(f):
    return int(f) if f >= 0 else -int(-f)


def variance(values, sample):
    n = len(values)
    if n < 1 + sample:
        return None
    mean = Fraction(sum(values), 1) / n
    return sum((v - mean) ** 2 for v in values) / (n - sample)


def root(f):
    return None if f is None else math.sqrt(f)


def moments(p):
    """Of (y, x): n, sums of squares about the means."""
    n = len(p)
    if not n:
        return 0, 0, 0, 0, 0, 0
    my = sum(Fraction(y) for y, _ in p) / n
    mx = sum(Fraction(x) for _, x in p) / n
    return (n, sum((y - my) ** 2 for y, _ in p),
            sum((x - mx) ** 2 for _, x in p),
            sum((y - my) * (x - mx) for y, x in p), my, mx)


def corr(p):
    n, yy, xx, xy, _, _ = moments(p)
    return None if not n or not yy or not xx else xy / math.sqrt(yy * xx)


def slope(p):
    n, yy, xx, xy, _, _ = moments(p)
    return None if n < 2 or not xx else xy / xx


def intercept(p):
    n, yy, xx, xy, my, mx = moments(p)
    return None if n < 2 or not xx else my - xy / xx * mx


def r2(p):
    n, yy, xx, xy, _, _ = moments(p)
    if n < 2 or not xx:
        return None
    return 1 if not yy else xy * xy / (xx * yy)


def covar(p, sample):
    n, _, _, xy, _, _ = moments(p)
    return None if n < 1 + sample else xy / (n - sample)


def rank(values, share):
    v = sorted(values)
    return v[max(0, math.ceil(share * len(v)) - 1)] if v else None


def between(values, share):
    v = sorted(values)
    if not v:
        return None
    at = Fraction(share) * (len(v) - 1)
    low = int(at)
    high = min(low + 1, len(v) - 1)
    return v[low] + (at - low) * (v[high] - v[low])


def rate(rows):
    p = [(r["x"], r["t"]) for r in rows if r["x"] is not None]
    times = [t for _, t in p]
    if not p or max(times) == min(times):
        return None
    return Fraction(sum(x for x, _ in p)) / (max(times) - min(times))


def extreme(rows, most):
    p = pairs(rows, "s", "x")
    if not p:
        return None
    best = max(x for _, x in p) if most else min(x for _, x in p)
    return next(s for s, x in p if x == best)


def joined(op, values):
    out = None
    for v in some(values):
        out = v if out is None else op(out, v)
    return out


def xs(rows):
    return some(r["x"] for r in rows)


def nulls_first(r):
    return (r["x"] is not None, r["x"] or 0)


def by_time(rows, field, last):
    rows = [r for r in rows if r[field] is not None]
    if not rows:
        return None
    t = (max if last else min)(r["t"] for r in rows)
    same = [r[field] for r in rows if r["t"] == t]
    return same[-1 if last else 0]


def text_list(values, mark=","):
    values = some(values)
    return mark.join(values) if values else None


def last_of(p):
    out = {}
    for k, v in p:
        out[k] = v
    return dict(sorted(out.items())) or None


# A name, the call, and what it gives of rows in order of arrival. `timed`:
# by event time in windows, by arrival elsewhere. `listed`: by arrival.
PLAIN, TIMED, LISTED = range(3)
CALLS = [
    ("count(*)", len, PLAIN),
    ("count(x)", lambda r: len(xs(r)), PLAIN),
    ("count(x, s)", lambda r: len(pairs(r, "x", "s")), PLAIN),
    ("count(DISTINCT x)", lambda r: len(set(xs(r))), PLAIN),
    ("count(DISTINCT x, s)", lambda r: len(set(pairs(r, "x", "s"))), PLAIN),
    ("count(DISTINCT s) FILTER (WHERE x > 0)", lambda r: len(set(some(
        q["s"] for q in r if (q["x"] or 0) > 0))), PLAIN),
    ("count(*) FILTER (WHERE x > 0)", lambda r: sum(
        v > 0 for v in xs(r)), PLAIN),
    ("count_if(x > 0)", lambda r: sum(v > 0 for v in xs(r)), PLAIN),
    ("approx_distinct(x)", lambda r: len(set(xs(r))), PLAIN),
    ("sum(x)", lambda r: sum(xs(r)) if xs(r) else None, PLAIN),
    ("sum(DISTINCT x)", lambda r: sum(set(xs(r))) if xs(r) else None, PLAIN),
    ("sum(x) FILTER (WHERE s = 'a')", lambda r: (lambda v: sum(
        v) if v else None)(xs(q for q in r if q["s"] == "a")), PLAIN),
    ("sum(f)", lambda r: (lambda v: sum(map(Fraction, v)) if v else None)(
        some(q["f"] for q in r)), PLAIN),
    ("avg(x)", lambda r: trunc(Fraction(sum(xs(r)), len(xs(r))))
     if xs(r) else None, PLAIN),
    ("avg(f)", lambda r: (lambda v: sum(map(Fraction, v)) / len(v) if v else
                          None)(some(q["f"] for q in r)), PLAIN),
    ("avg(DISTINCT x)", lambda r: trunc(Fraction(
        sum(set(xs(r))), len(set(xs(r))))) if xs(r) else None, PLAIN),
    ("min(x)", lambda r: min(xs(r), default=None), PLAIN),
    ("max(x)", lambda r: max(xs(r), default=None), PLAIN),
    ("min(s)", lambda r: min(some(q["s"] for q in r), default=None), PLAIN),
    ("max(f)", lambda r: max(some(q["f"] for q in r), default=None), PLAIN),
    ("first(x)", lambda r: by_time(r, "x", False), TIMED),
    ("last(x)", lambda r: by_time(r, "x", True), TIMED),
    ("last(s) FILTER (WHERE x > 0)", lambda r: by_time(
        [q for q in r if (q["x"] or 0) > 0], "s", True), TIMED),
    ("first(s ORDER BY x DESC, s)", lambda r: next(iter(some(
        q["s"] for q in sorted(r, key=lambda q: (
            q["x"] is None, -(q["x"] or 0), q["s"] is not None, q["s"] or "")
        ))), None), PLAIN),
    ("any_value(x)", lambda r: next(iter(xs(r)), None), LISTED),
    ("stddev_pop(x)", lambda r: root(variance(xs(r), 0)), PLAIN),
    ("stddev(x)", lambda r: root(variance(xs(r), 1)), PLAIN),
    ("var_pop(x)", lambda r: variance(xs(r), 0), PLAIN),
    ("variance(x)", lambda r: variance(xs(r), 1), PLAIN),
    ("var_samp(DISTINCT x)", lambda r: variance(list(set(xs(r))), 1), PLAIN),
    ("median(x)", lambda r: rank(xs(r), Fraction(1, 2)), PLAIN),
    ("percentile(x, 0.9)", lambda r: rank(xs(r), Fraction(9, 10)), PLAIN),
    ("percentile(x, 0)", lambda r: rank(xs(r), 0), PLAIN),
    ("percentile(x, 1)", lambda r: rank(xs(r), 1), PLAIN),
    ("percentile(DISTINCT x, 0.25)", lambda r: rank(
        set(xs(r)), Fraction(1, 4)), PLAIN),
    ("percentile_cont(x, 0.75)", lambda r: between(xs(r), 0.75), PLAIN),
    ("percentile_cont(0.25) WITHIN GROUP (ORDER BY x)",
     lambda r: between(xs(r), 0.25), PLAIN),
    ("mode(s)", lambda r: next(iter(frequent(q["s"] for q in r)), None),
     PLAIN),
    ("topk(s, 2)", lambda r: frequent(q["s"] for q in r)[:2] or None, PLAIN),
    ("histogram(s)", lambda r: dict(sorted(counts(
        q["s"] for q in r).items())) or None, PLAIN),
    ("arg_min(s, x)", lambda r: extreme(r, False), LISTED),
    ("arg_max(s, x)", lambda r: extreme(r, True), LISTED),
    ("corr(x, f)", lambda r: corr(pairs(r, "x", "f")), PLAIN),
    ("covar_pop(x, f)", lambda r: covar(pairs(r, "x", "f"), 0), PLAIN),
    ("covar_samp(x, f)", lambda r: covar(pairs(r, "x", "f"), 1), PLAIN),
    ("regr_count(x, f)", lambda r: len(pairs(r, "x", "f")), PLAIN),
    ("regr_slope(x, f)", lambda r: slope(pairs(r, "x", "f")), PLAIN),
    ("regr_intercept(x, f)", lambda r: intercept(pairs(r, "x", "f")), PLAIN),
    ("regr_r2(x, f)", lambda r: r2(pairs(r, "x", "f")), PLAIN),
    ("bool_and(x > -5)", lambda r: all(v > -5 for v in xs(r))
     if xs(r) else None, PLAIN),
    ("bool_or(x > 5)", lambda r: any(v > 5 for v in xs(r))
     if xs(r) else None, PLAIN),
    ("ratio(x > 0)", lambda r: Fraction(sum(v > 0 for v in xs(r)), len(xs(r)))
     if xs(r) else None, PLAIN),
    ("bit_and(x)", lambda r: joined(lambda a, b: a & b, xs(r)), PLAIN),
    ("bit_or(x)", lambda r: joined(lambda a, b: a | b, xs(r)), PLAIN),
    ("bit_xor(x)", lambda r: joined(lambda a, b: a ^ b, xs(r)), PLAIN),
    ("rate(x, ts)", rate, PLAIN),
    ("array_agg(x)", lambda r: [q["x"] for q in r], LISTED),
    ("array_agg(x) IGNORE NULLS", lambda r: xs(r) or None, LISTED),
    ("array_agg(DISTINCT s ORDER BY s DESC) FILTER (WHERE s > '')",
     lambda r: sorted(set(filter(None, (q["s"] for q in r))),
                      reverse=True) or None, PLAIN),
    ("array_agg(x ORDER BY x)",
     lambda r: [q["x"] for q in sorted(r, key=nulls_first)], PLAIN),
    ("listagg(s)", lambda r: text_list(q["s"] for q in r), LISTED),
    ("listagg(DISTINCT s, '-') WITHIN GROUP (ORDER BY s)", lambda r: text_list(
        sorted(once(some(q["s"] for q in r))), "-"), PLAIN),
    ("map_agg(s, x)", lambda r: last_of(
        (q["s"], q["x"]) for q in r if q["s"] is not None), LISTED),
    ("json_arrayagg(x)", lambda r: json.dumps(
        xs(r), separators=(",", ":")), LISTED),
    ("json_objectagg(s, x)", lambda r: json.dumps(last_of(
        (q["s"], q["x"]) for q in r if q["s"] is not None) or {},
        separators=(",", ":")), LISTED),
]


def stamp(t):
    return "2026-03-01T%02d:%02d:%02dZ" % (t // 3600, t // 60 % 60, t % 60)


def records(rnd, n):
    out = []
    wide = rnd.random() < 0.3
    for i in range(n):
        t = max(0, i // 2 + rnd.randint(-8, 8))
        out.append({
            "t": t, "ts": stamp(t), "k": rnd.choice(["a", "b", "c"]),
            "x": rnd.choice([None, rnd.randint(-9, 9), rnd.randint(
                -1 << 62, 1 << 62) if wide else rnd.randint(-3, 3)]),
            "f": rnd.choice([None, rnd.randint(-40, 40) / 8.0,
                             rnd.randint(0, 3) + 0.5]),
            "s": rnd.choice([None, "a", "b", "ab", ""])})
        if out[-1]["k"] == "c":
            out[-1].update(x=None, f=None, s=None)
    return out


def windows(kind, rows):
    """(key, rows in order of arrival) in order of output."""
    if kind == "all":
        return [((), rows)]
    if kind == "group":
        return [((k,), [r for r in rows if r["k"] == k])
                for k in sorted({r["k"] for r in rows})]
    size = SLIDE if kind == "tumble" else SIZE
    out = []
    first = min(r["t"] for r in rows) // SLIDE * SLIDE - SIZE
    for start in range(first, max(r["t"] for r in rows) + 1, SLIDE):
        for k in sorted({r["k"] for r in rows}):
            q = [r for r in rows
                 if r["k"] == k and start <= r["t"] < start + size]
            if q:
                out.append(((start, k), q))
    return out


BY = {"all": "", "group": " GROUP BY k", "tumble": " GROUP BY tumble(10s), k",
      "hop": " GROUP BY hop(40s, 10s), k"}


def same(have, want, rows):
    """Floats are as good as the values they are made of."""
    if isinstance(want, (Fraction, float)) or (
            isinstance(have, float) and isinstance(want, int)):
        size = max([1, abs(want)] + [abs(x) for x in xs(rows)])
        return have is not None and abs(have - want) <= 1e-9 * size
    return have == want and type(have) is type(want)


def arranged(kind, rows):
    """Overlapping windows are made of slices of time: theirs is the order of
    arrival within a slice, and the slices' order."""
    if kind != "hop":
        return rows
    return sorted(rows, key=lambda r: r["t"] // SLIDE)


def check(weir, rnd, kind, folder):
    rows = records(rnd, rnd.choice([1, 5, 60, 300]))
    path = os.path.join(folder, "in.jsonl")
    with open(path, "w") as f:
        for r in rows:
            f.write(json.dumps({k: r[k] for k in r if k != "t"}) + "\n")
    calls = rnd.sample(CALLS, 24)
    query = "SELECT " + ", ".join("%s AS c%d" % (c, i) for i, (c, _, _) in
                                  enumerate(calls)) + BY[kind]
    runs = []
    for more, env in (([], {}), (["-j3"], {"WEIR_TORTURE": "rows=1"})):
        p = subprocess.run([weir, "-T", "ts"] + more + [query, path],
                           capture_output=True, timeout=60,
                           env=dict(os.environ, **env))
        runs.append(p.stdout)
        if p.returncode:
            return ["exit %d\n# %s\n# %s" % (p.returncode, query,
                                             p.stderr.decode()[:800])]
    if runs[0] != runs[1]:
        return ["one-row batches differ: " + query]
    have = [json.loads(line) for line in runs[0].splitlines()]
    want = windows(kind, rows)
    if len(have) != len(want):
        return ["%d rows, not %d: %s" % (len(have), len(want), query)]
    out = []
    for i, (call, model, sort) in enumerate(calls):
        for got, (key, group) in zip(have, want):
            ordered = group if sort == PLAIN else arranged(kind, group)
            if sort == TIMED and kind in ("all", "group"):
                ordered = [dict(r, t=n) for n, r in enumerate(ordered)]
            w = model(ordered)
            if not same(got["c%d" % i], w, group):
                out.append("%s in %s %s\n#   wanted %s, found %s\n#   %s" % (
                    call, kind, key, w, got["c%d" % i], json.dumps(
                        ordered[:12])))
                break
    return out


def main():
    weir = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    failed = 0
    print("1..%d" % len(BY))
    with tempfile.TemporaryDirectory() as folder:
        for n, kind in enumerate(BY):
            bad = []
            for i in range(rounds):
                rnd = random.Random("%d/%d/%s" % (seed, i, kind))
                bad += check(weir, rnd, kind, folder)
            failed += bool(bad)
            print("%sok %d - aggregates beside a model: %s" %
                  ("not " if bad else "", n + 1, kind))
            for b in bad[:8]:
                print("# " + b)
            sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
