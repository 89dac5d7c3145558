#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a run over a few new lines takes while much is held, as cron starts it.

For each stateful step a first run fills a state with --keys keys, then --runs
more runs each take --lines new lines of random keys (27000 lines are 1 MB),
timed from start to exit. Wall time says what a user waits; processor time is
the one to compare on a machine that does other things, too. Last comes what
is on the disk. Runs in which windows close write a row per key: their windows
are chosen so that none does.

The goal is 100 ms. A run whose answer is an error fails the benchmark.
"""
import argparse
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BEGIN = 1767225600
GOAL_MS = 100

KEYED = "  by: [k]\n"
ORDERED = KEYED + "  order: [t]\n"

# Name: the steps of a spec or a query, and options.
ROWS = {
    "group": ("SELECT k, count(*) n, sum(v) s GROUP BY k", "-m", "upsert"),
    "group-changelog": (
        "SELECT k, count(*) n, sum(v) s GROUP BY k", "-m", "changelog"),
    "group-every": (
        "SELECT k, count(*) n, sum(v) s GROUP BY k", "-m", "every 1m"),
    "group-ttl": (
        "SELECT k, count(*) n GROUP BY k", "-m", "upsert", "--ttl", "6h"),
    "tumble": ("SELECT k, count(*) n GROUP BY tumble(1d), k",),
    "hop": ("SELECT k, count(*) n GROUP BY hop(2d, 1d), k",),
    "session": ("SELECT k, count(*) n GROUP BY session(12h), k",),
    "count-window": ("SELECT k, sum(v) s GROUP BY rows(100), k",),
    "dedup": ("- dedup: [k]\n",),
    "dedup-last": ("- dedup: [k]\n  keep: last\n", "-m", "upsert"),
    "dedup-time": ("- dedup: [k]\n  order: [t]\n",),
    "upsert": ("- upsert: [k]\n", "-m", "changelog"),
    "limit": ("- limit: 3\n" + KEYED,),
    "top": ("- top: 3\n" + KEYED + "  order: [v desc]\n",),
    "top-upsert": (
        "- top: 3\n  rank: r\n" + KEYED + "  order: [v desc]\n",
        "-m", "upsert"),
    "running": (
        "- running: {n: row_number(), s: sum(v)}\n" + KEYED +
        "  frame: rows unbounded preceding\n",),
    "over": ("- running: {n: row_number(), s: sum(v)}\n" + ORDERED,),
    "over-frame": (
        "- running: {s: avg(v)}\n" + ORDERED + "  frame: rows 9 preceding\n",),
    "lag": ("- running: {b: lag(v)}\n" + ORDERED,),
    "lead": ("- running: {b: lead(v)}\n" + ORDERED,),
    "fill": (
        "- window: tumble(1d)\n" + KEYED + "  select: {n: count(*)}\n"
        "- fill: 1d\n" + KEYED,),
    "in": ("SELECT t, k, v FROM i WHERE k IN (SELECT k FROM o)",),
    "union": ("SELECT k FROM i UNION SELECT k FROM o",),
}


def lines(at, keys, rng):
    return "".join(
        '{"t":%d,"k":"u%07d","v":%d}\n'
        % (at + i // 100, k, rng.randrange(1000)) for i, k in enumerate(keys))


def command(o, name):
    steps, *options = ROWS[name]
    cmd = [o.weir, "-q", "-s", "./st", "-l", "1m", "-T", "t", *options]
    if steps.startswith("- "):
        with open("spec.yaml", "w", encoding="ascii") as f:
            f.write("weir: 1\nsteps:\n" + steps)
        cmd += ["-f", "spec.yaml"]
    else:
        cmd.append(steps)
    if " FROM o" in steps:
        return cmd + ["i=in.json", "o=all.json"]
    return cmd + ["in.json"]


def run(cmd):
    """Seconds: by the clock, and of processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    with open("out", "wb") as out:
        done = subprocess.run(
            cmd, stdout=out, stderr=subprocess.PIPE, check=False)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(cmd)}: {done.stderr.decode()}")
    return wall, (after.ru_utime - before.ru_utime +
                  after.ru_stime - before.ru_stime)


def measure(o, name):
    rng = random.Random(name)
    shutil.rmtree("st", ignore_errors=True)
    shutil.copy("all.json", "in.json")
    cmd = command(o, name)
    first = run(cmd)[0]
    os.sync()
    took = []
    for i in range(o.runs):
        with open("in.json", "a", encoding="ascii") as f:
            f.write(lines(BEGIN + o.keys // 100 + i * o.lines // 100,
                          rng.choices(range(o.keys), k=o.lines), rng))
        took.append(run(cmd))
    wall, cpu = (sorted(1e3 * t[i] for t in took) for i in (0, 1))
    disk = sum(os.stat(os.path.join("st", f)).st_size for f in os.listdir("st"))
    print(f"{name:16}{first:8.1f} s{statistics.median(wall):9.0f}"
          f"{wall[0]:7.0f}{wall[-1]:7.0f} ms"
          f"{statistics.median(cpu):8.0f} ms{disk / 1e6:8.1f} MB"
          f"{'' if wall[0] <= GOAL_MS else '  over the goal'}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--weir", default="./weir")
    p.add_argument("--keys", type=int, default=1000000)
    p.add_argument("--lines", type=int, default=27000)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--only", default="", help="rows by name: a pattern")
    p.add_argument("--dir", help="where; it must not be there yet")
    o = p.parse_args()
    o.weir = os.path.abspath(o.weir)
    names = [n for n in ROWS if re.search(o.only, n)]
    folder = o.dir or tempfile.mkdtemp(prefix="weir-cron.")
    os.makedirs(folder, exist_ok=o.dir is None)
    os.chdir(folder)
    try:
        rng = random.Random(0)
        keys = list(range(o.keys))
        rng.shuffle(keys)
        with open("all.json", "w", encoding="ascii") as f:
            f.write(lines(BEGIN, keys, rng))
        print(f"{o.lines} new lines, {o.keys} keys\n{'step':16}"
              f"{'first':>10}{'median':>9}{'least':>7}{'most':>7}"
              f"{'processor':>14}{'disk':>11}")
        for name in names:
            measure(o, name)
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
