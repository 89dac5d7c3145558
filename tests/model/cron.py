#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cron.py WEIR [ROUNDS] [SEED]: many short runs give what one run gives.

A log of random records grows between runs of a random pipeline that keeps its
state, as cron would start them; the last run has --final. What they write, one
behind another, must be to the byte what one run over the whole log writes
without a state. Runs go on from the states of others here, whose cells were
read, have changed, and were written down again, time and again: with
the journal cut short, with nothing in memory that can be on the disk alone,
killed between two commits, and with three threads, by chance.
"""
import os
import random
import subprocess
import sys
import tempfile

KEYED = ["count(*) n", "sum(v) s", "min(v) lo", "max(v) hi", "avg(f) a",
         "count(DISTINCT v) d", "first_value(v) fi", "last_value(v) la",
         "array_agg(v) l", "median(v) m", "stddev_pop(f) sd",
         "arg_max(v, f) am", "count(*) FILTER (WHERE v > 2) c"]

WINDOWS = ["tumble(%ds)", "hop(%ds, 20s)", "cumulate(20s, %ds)",
           "session(%ds)", "rows(3)", "rows(5, 2)"]

OVERS = ["sum(v) OVER w", "count(*) OVER w", "avg(f) OVER w", "lag(v) OVER w",
         "lead(v) OVER w", "row_number() OVER w", "first_value(v) OVER w",
         "lag(v, 3, -1) OVER w", "max(v) OVER w"]

# Over rows in no order of time: known at the end alone.
LATE_OVERS = ["sum(v) OVER (PARTITION BY k)", "rank() OVER (ORDER BY v)",
              "dense_rank() OVER (PARTITION BY j ORDER BY v DESC)",
              "ntile(3) OVER (PARTITION BY k ORDER BY v, t)",
              "percent_rank() OVER (PARTITION BY k ORDER BY f)",
              "lag(f) OVER (PARTITION BY j ORDER BY v, f)",
              "row_number() OVER (ORDER BY f DESC, v)",
              "max(v) OVER ()", "avg(f) OVER (PARTITION BY j ORDER BY v)",
              "lead(v, 2) OVER (ORDER BY t)", "count(*) OVER (ORDER BY t)",
              "last_value(v) OVER (PARTITION BY k ORDER BY t ROWS BETWEEN"
              " UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"]

FRAMES = ["", " ROWS 2 PRECEDING", " ROWS UNBOUNDED PRECEDING",
          " RANGE INTERVAL '30' SECOND PRECEDING",
          " ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING",
          " RANGE BETWEEN INTERVAL '9' SECOND PRECEDING AND"
          " INTERVAL '9' SECOND FOLLOWING"]

MODES = [[], [], ["-m", "changelog"], ["-m", "upsert"], ["--every", "30s"]]


def aggregates(rng):
    return ", ".join(rng.sample(KEYED, rng.randrange(1, 4)))


def windowed(rng):
    w = rng.choice(WINDOWS)
    if "%" in w:
        w = w % rng.choice([20, 40, 60])
    keys = rng.choice(["", "k, ", "k, j, "])
    query = "SELECT %s%s GROUP BY %s%s" % (keys, aggregates(rng), keys, w)
    options = rng.choice([[], [], ["--late", "update", "--allow", "50s"]])
    return query, options if w[:4] != "rows" else []


def grouped(rng):
    mode = rng.choice(MODES)
    # A median cannot be taken back.
    query = "SELECT k, %s GROUP BY k" % aggregates(rng)
    if rng.random() < 0.3:
        query += " HAVING count(*) > 1"
    return query, mode


def over_all(rng):
    return "SELECT t, k, v, %s x" % rng.choice(LATE_OVERS), []


def over(rng):
    what = ["%s x%d" % (f, i) for i, f in
            enumerate(rng.sample(OVERS, rng.randrange(1, 3)))]
    ranked = any("lag" in w or "lead" in w or "number" in w for w in what)
    frame = "" if ranked else rng.choice(FRAMES)
    return ("SELECT t, k, v, %s WINDOW w AS (PARTITION BY k ORDER BY t%s)"
            % (", ".join(what), frame)), []


def best(rng):
    order = rng.choice(["v DESC", "f", "t DESC", "v, f"])
    return ("SELECT k, j, v, f, t QUALIFY row_number() OVER "
            "(PARTITION BY %s ORDER BY %s) <= %d" % (
                rng.choice(["k", "j", "k, j"]), order, rng.randrange(1, 4)),
            rng.choice([[], ["-m", "changelog"]]))


def distinct(rng):
    return rng.choice([
        ("SELECT DISTINCT k, j", []),
        ("SELECT DISTINCT j, v", ["--ttl", "40s"]),
        ("SELECT k, v, t LIMIT 2 BY k", []),
        ("SELECT k, count(*) n GROUP BY k ORDER BY n DESC, k LIMIT 2", []),
        ("SELECT t, k, v ORDER BY v, t, k, j, f LIMIT 20", []),
        ("SELECT j, sum(n) FROM (SELECT k, j, count(*) n GROUP BY k, j)"
         " GROUP BY j", ["-m", "changelog"]),
        ("SELECT k, n FROM (SELECT k, count(*) n GROUP BY tumble(20s), k)"
         " WHERE n > 1", []),
        ("SELECT window_end, k, n FROM (SELECT window_end, k, count(*) n"
         " GROUP BY tumble(20s), k) QUALIFY row_number() OVER (PARTITION BY"
         " window_end ORDER BY n DESC, k) <= 2", []),
    ])


def stepped(rng):
    return rng.choice([
        ("- dedup: [k]\n  order: [t]\n", []),
        ("- dedup: [k, j]\n  keep: last\n", ["-m", "upsert"]),
        ("- dedup: [k]\n  order: [v]\n", []),
        ("- window: tumble(20s)\n  by: [k]\n  select: {n: count(*)}\n"
         "- fill: 20s\n  by: [k]\n  with: {n: linear}\n", []),
        ("- running: {s: sum(v), n: row_number()}\n  by: [k]\n", []),
        ("- upsert: [k, j]\n- group: [k]\n  select: {s: sum(v)}\n",
         ["-m", "changelog"]),
        ("- sort: [v, t]\n", []),
    ])


def random_query(rng):
    make = rng.choice([windowed, windowed, windowed, grouped, over, over,
                       over_all, best, distinct, stepped])
    return make(rng)


def random_lines(rng):
    t, lines = 1767225600, []
    late = rng.choice([0, 0, 5, 15])
    keys = rng.choice(["ab", "abcd", ["u%02d" % i for i in range(20)]])
    for _ in range(rng.randrange(5, 60)):
        t += rng.choice([0, 0, 1, 2, 5, 9, 20, 41])
        lines.append('{"t":%d,"k":"%s","j":%d,"v":%s,"f":%s}\n' % (
            t - rng.randrange(late + 1), rng.choice(keys), rng.randrange(3),
            rng.choice([0, 1, 2, 3, 5, 8, "null"]),
            rng.choice([0.1, 0.25, 3.7, 1e9, -2.2, "null"])))
    return late, lines


KILLED = 75  # what torture's restart ends with


def run(command, folder, out, torture=""):
    """Runs it, again if it was killed; what it writes is added to a file."""
    env = dict(os.environ, WEIR_TORTURE=torture)
    status, errors = KILLED, ""
    while status == KILLED:
        with open(os.path.join(folder, out), "ab") as to:
            p = subprocess.run(command, cwd=folder, env=env, check=False,
                               stdin=subprocess.DEVNULL, stdout=to,
                               stderr=subprocess.PIPE, timeout=60)
        status = p.returncode
        errors += p.stderr.decode()
    return status, errors


def text_of(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return f.read()


def random_torture(rng):
    """Commits are more frequent than deaths: each run gets a bit further."""
    words = [w for w in ("evict", "journal=700") if rng.random() < 0.3]
    if rng.random() < 0.3:
        n = rng.randrange(1, 5)
        words.append("rows=%d,commit=%d,restart=%d" % (
            rng.randrange(1, 4), n, n + 1))
    return ",".join(words)


def check(weir, rng, folder, name):
    query, options = random_query(rng)
    late, lines = random_lines(rng)
    lateness = rng.choice([late, late, max(0, late - 6), 0])
    log, said = os.path.join(folder, "log"), []
    command = [weir, "-q", "-i", "json", "-T", "t:s", "-l", "%ds" % lateness,
               *options]
    if query.startswith("- "):
        with open(os.path.join(folder, "spec.yaml"), "w",
                  encoding="ascii") as f:
            f.write("weir: 1\nsteps:\n" + query)
        command += ["-f", "spec.yaml", "log"]
    else:
        command += [query, "log"]
    with open(log, "w", encoding="ascii") as f:
        f.writelines(lines)
    status, why = run(command, folder, "want")
    if status == 2:
        print("# %s is no query: %s%s" % (name, " ".join(command), why))
        return False

    open(log, "w", encoding="ascii").close()
    at, most = 0, rng.choice([1, 2, 4, 10])
    torture = random_torture(rng)
    command += rng.choice([[], [], ["-j3"], ["--mem", "1M"]])
    while at < len(lines):
        n = rng.randrange(1, most + 1)
        with open(log, "a", encoding="ascii") as f:
            f.writelines(lines[at:at + n])
        at += n
        final = ["--final"] if at >= len(lines) else []
        s, err = run(command + ["-s", name] + final, folder, "got", torture)
        said.append((n, s, err))
        if s != status:
            break
    want, got = text_of(folder, "want"), text_of(folder, "got")
    if got == want and s == status:
        return True
    print("# %s: WEIR_TORTURE=%s %s" % (name, torture, " ".join(command)))
    print("# runs (lines, status, errors): %s" % said)
    print("# log:\n#  " + "#  ".join(lines))
    print("# one run (status %d):\n#  %s\n# many:\n#  %s" % (
        status, want.replace("\n", "\n#  "), got.replace("\n", "\n#  ")))
    return False


def main():
    weir = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    failed = 0
    for i in range(seed, seed + rounds):
        with tempfile.TemporaryDirectory() as folder:
            if not check(weir, random.Random(i), folder, "./seed-%d" % i):
                failed += 1
        if failed == 3:
            break
    print("%sok 1 - %d random pipelines, run as by cron (from seed %d)" % (
        "not " if failed else "", rounds, seed))
    print("1..1")
    return 1 if failed else 0


sys.exit(main())
