#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures weir beside other programs and says which goals are met.

The two commands of a row run in turns (A B A B ...), and the ratio is the
one of their median times: a machine whose speed drifts slows both. Every
answer of every run is compared with the oracle's. Peers that are not
installed are named and left out; --install-peers fetches the Python ones into
a virtual environment in the data's directory.

Exit status: 0 all goals met, 1 a goal missed or an answer wrong, 2 usage.
"""

import argparse
import hashlib
import math
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass

import rows as table_of_rows

STARTS_PER_ROUND = 20
RECORDS_PER_ROUND = 1000
MODULES = ("duckdb", "polars")
FORM = "%-30s %8s %8s %6s %9s %8s %6s %8s  %-12s %s"


class Missing(Exception):
    """Something that a row needs is not installed."""


class Wrong(Exception):
    """A command failed, or gave a wrong answer."""


@dataclass
class Sample:
    """What one run of a command took."""
    wall: float  # seconds
    cpu: float  # seconds, user and system
    memory: float  # MB at the peak


def median(samples):
    return Sample(*(statistics.median(getattr(s, name) for s in samples)
                    for name in ("wall", "cpu", "memory")))


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            h.update(block)
    return h.hexdigest()


def first_line(*argv):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    except OSError:
        return ""
    text = done.stdout.decode(errors="replace")
    return text.splitlines()[0] if done.returncode == 0 and text else ""


class Bench:
    """The data, the programs and the answers of one session."""

    def __init__(self, options):
        self.options = options
        self.dir = os.path.abspath(options.dir)
        self.weir = os.path.abspath(shutil.which(options.weir) or "weir")
        self.records = 0
        self.right = set()  # answers known to be right: (command, digest)
        inside = os.path.join(self.dir, "venv", "bin", "python")
        self.python = inside if os.path.exists(inside) else sys.executable

    def program(self, name):
        return os.path.join(os.path.abspath(self.options.programs), name)

    def path(self, name):
        return os.path.join(self.dir, name)

    # ---- preparation ----

    def install_peers(self):
        venv.create(self.path("venv"), with_pip=True)
        self.python = self.path("venv/bin/python")
        subprocess.run([self.python, "-m", "pip", "install", "--quiet",
                        *MODULES], check=True)

    def prepare(self):
        """Makes the data, unless it is there from the same generator."""
        os.makedirs(self.dir, exist_ok=True)
        args = ["-m", str(self.options.mb), "-s", str(self.options.seed)]
        stamp = " ".join(args + [digest(self.program("gen")),
                                 digest(self.program("oracle"))])
        try:
            with open(self.path("stamp"), encoding="utf-8") as f:
                old, self.records = f.read().rsplit(" ", 1)
            self.records = int(self.records)
        except (OSError, ValueError):
            old = ""
        if old == stamp:
            return
        for name in os.listdir(self.dir):
            if name == "stamp" or name.startswith("answer-"):
                os.unlink(self.path(name))
        print("making the data in", self.dir, flush=True)
        made = subprocess.run([self.program("gen"), *args, self.dir],
                              stdout=subprocess.PIPE, check=True)
        self.records = int(made.stdout)
        with open(self.path("stamp"), "w", encoding="utf-8") as f:
            f.write("%s %d" % (stamp, self.records))

    def prepare_keys(self):
        """keys.tsv: ten rows of each of many keys, in no order."""
        self.keys = max(1000, min(1000000, self.options.mb * 2000))
        self.key_rows = 10 * self.keys
        path = self.path("keys.tsv")
        try:
            with open(path, encoding="ascii") as f:
                if f.readline() == "k\tkeys-%d\n" % self.keys:
                    return
        except OSError:
            pass
        with open(path, "w", encoding="ascii") as f:
            f.write("k\tkeys-%d\n" % self.keys)
            # A step without a common divisor meets every key ten times.
            at, step = 0, 618033 | 1
            while math.gcd(step, self.keys) > 1:
                step += 2
            for _ in range(self.key_rows // 1000):
                lines = []
                for _ in range(1000):
                    at = (at + step) % self.keys
                    lines.append("user-%08d\t%d\n" % (at * 7, at % 10))
                f.write("".join(lines))

    def warm(self):
        """Reads the data once, so that no first run pays for the disk."""
        for name in table_of_rows.FILES:
            with open(self.path(name), "rb") as f:
                while f.read(1 << 20):
                    pass

    def reference(self, *question):
        """The file with the oracle's answer."""
        path = self.path("answer-" + "-".join(question))
        if not os.path.exists(path):
            with open(path + ".new", "wb") as f:
                subprocess.run([self.program("oracle"), *question,
                                self.path("app.tsv")], stdout=f, check=True)
            os.rename(path + ".new", path)
        return path

    def has(self, need):
        if need.startswith("python:"):
            code = "import " + need.split(":")[1]
            return subprocess.run([self.python, "-c", code], check=False,
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0
        return shutil.which(need) is not None

    def demand(self, job):
        for need in job.needs:
            if not self.has(need):
                raise Missing("%s is not installed" % need.split(":")[-1])

    # ---- measuring ----

    def call(self, program, args, env):
        return subprocess.run([self.program(program), *args],
                              stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.PIPE,
                              env={**os.environ, **env, "LC_ALL": "C"})

    def timed(self, job, runs):
        done = self.call("timed", ["-n", str(runs), "-o", self.path("out"),
                                   "-e", self.path("err"), *job.argv],
                         job.env)
        if done.returncode:
            raise Wrong(done.stderr.decode(errors="replace").strip())
        with open(self.path("err"), encoding="utf-8",
                  errors="replace") as f:
            err = f.read().strip()
        samples = []
        for line in done.stdout.decode().splitlines():
            wall, cpu, kib, status = line.split()
            if status != "0":
                raise Wrong("exit status %s: %s" % (status, err[-300:]))
            samples.append(Sample(float(wall), float(cpu),
                                  float(kib) * 1024 / 1e6))
        if job.timed_inside:
            samples[0].wall, samples[0].cpu = map(float, err.split()[-2:])
        if job.silent and err:
            raise Wrong("standard error says: " + err[-300:])
        return samples

    def run(self, job):
        """One run, its answer compared."""
        sample = self.timed(job, 1)[0]
        answer = job.argv, digest(self.path("out"))
        if answer not in self.right:
            complaint = job.check(self.path("out"))
            if complaint:
                raise Wrong(complaint)
            self.right.add(answer)
        return sample

    def latency(self, job):
        """Medians of one round: (median, p99) in seconds."""
        done = self.call("pipe_latency", [
            "-n", str(RECORDS_PER_ROUND), self.path("app.ndjson"),
            *job.argv], job.env)
        if done.returncode:
            raise Wrong(done.stderr.decode(errors="replace").strip())
        _, middle, p99, _ = map(float, done.stdout.split())
        return middle / 1e6, p99 / 1e6


# ---- the kinds of rows ----

def span(seconds):
    """A time in a fitting unit."""
    if seconds >= 0.1:
        return "%.3f s" % seconds
    if seconds >= 1e-3:
        return "%.2f ms" % (seconds * 1e3)
    return "%.1f us" % (seconds * 1e6)


def cells(sample):
    return span(sample.wall), span(sample.cpu), "%.1f" % sample.memory


def line(name, ours, others, ratio, goal):
    verdict = "PASS" if goal.met(ratio) else "MISS"
    shown = "%.2f%s" % (ratio, goal.unit if goal.unit == "x" else "")
    print(FORM % (name, *ours, *others, shown, goal, verdict), flush=True)
    return goal.met(ratio)


def turns(rounds, ours, theirs):
    """Calls the two in turns; returns their results in two lists."""
    results = [], []
    for _ in range(rounds):
        results[0].append(ours())
        results[1].append(theirs())
    return results


def ratio_of(goal, ours, other):
    """Times as fast where more is better, else times as long."""
    return other / ours if goal.at_least else ours / other


def run_pair(bench, row):
    ours, others = map(median, turns(
        bench.options.runs, lambda: bench.run(row.weir),
        lambda: bench.run(row.other)))
    return line(row.name, cells(ours), cells(others),
                ratio_of(row.goal, ours.wall, others.wall), row.goal)


def run_memory(bench, row):
    sample = median([bench.run(row.weir)
                     for _ in range(bench.options.runs)])
    return line(row.name, cells(sample), ("", "", ""), sample.memory,
                row.goal)


def run_per_row(bench, row):
    ours, others = map(median, turns(
        bench.options.runs, lambda: bench.run(row.weir),
        lambda: bench.run(row.other)))
    return line(row.name, cells(ours), cells(others),
                (ours.cpu - others.cpu) * 1e9 / row.rows, row.goal)


def run_startup(bench, row):
    def start(job):
        return median(bench.timed(job, STARTS_PER_ROUND))
    ours, others = map(median, turns(
        max(5, bench.options.runs), lambda: start(row.weir),
        lambda: start(row.other)))
    return line(row.name, cells(ours), cells(others),
                ours.wall / others.wall, row.goal)


def run_latency(bench, row):
    ours, others = turns(
        bench.options.runs, lambda: bench.latency(row.weir),
        lambda: bench.latency(row.other))
    met = []
    for i, what in enumerate(("median", "p99")):
        a, b = (statistics.median(r[i] for r in rs) for rs in (ours, others))
        met.append(line("%s, %s" % (row.name, what), (span(a), "", ""),
                        (span(b), "", ""), a / b, row.goal))
    return all(met)


RUN = {table_of_rows.Pair: run_pair, table_of_rows.Memory: run_memory,
       table_of_rows.PerRow: run_per_row,
       table_of_rows.Startup: run_startup,
       table_of_rows.Latency: run_latency}


def run_row(bench, row):
    """True or False: the goal is met or not; None: it was not measured."""
    try:
        if row.threads > (os.cpu_count() or 1):
            raise Missing("this machine has one processor")
        bench.demand(row.weir)
        if hasattr(row, "other"):
            bench.demand(row.other)
        return RUN[type(row)](bench, row)
    except Missing as e:
        print("%-30s left out: %s" % (row.name, e), flush=True)
        return None
    except Wrong as e:
        print("%-30s WRONG: %s" % (row.name, e), flush=True)
        return False


# ---- the session ----

def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return re.search(r"model name\s*:\s*(.*)", f.read()).group(1)
    except (OSError, AttributeError):
        return platform.machine()


def print_head(bench):
    print("machine: %s, %d processors, %s %s" % (
        processor(), os.cpu_count() or 1, platform.system(),
        platform.release()))
    versions = [first_line("jq", "--version"),
                first_line("mawk", "-W", "version").split(",")[0],
                first_line("mlr", "--version")]
    for module in MODULES:
        code = "import %s as m; print('%s', m.__version__)" % (module, module)
        versions.append(first_line(bench.python, "-c", code))
    print("peers:", ", ".join(v for v in versions if v) or "none")
    print("input: %d records, %.1f MB of NDJSON, seed %d; medians of %d "
          "runs in turns" % (
              bench.records,
              os.path.getsize(bench.path("app.ndjson")) / 1e6,
              bench.options.seed, bench.options.runs))
    print("\nMB is the peak resident set. Of a ratio with >= it is times as "
          "fast, with <= times as long.\n")
    print(FORM % ("weir's job / the other's", "weir", "cpu", "MB", "other",
                  "cpu", "MB", "ratio", "goal", ""), flush=True)


def read_options():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--weir", default="weir", help="the binary to measure")
    p.add_argument("--programs", default=here,
                   help="where gen, oracle, timed ... were built")
    p.add_argument("--dir", default="bench.dir", help="for data and answers")
    p.add_argument("--mb", type=int, default=500, help="size of the NDJSON")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--runs", type=int, default=5, help="turns of each row")
    p.add_argument("--only", type=re.compile, default="",
                   help="rows whose name fits this expression")
    p.add_argument("--list", action="store_true", help="name the rows")
    p.add_argument("--install-peers", action="store_true",
                   help="fetch DuckDB and Polars with pip")
    options = p.parse_args()
    if options.mb < 1 or options.runs < 1:
        p.error("--mb and --runs start at 1")
    if not options.list and not shutil.which(options.weir):
        p.error("there is no program " + options.weir)
    return options


def main():
    options = read_options()
    bench = Bench(options)
    if not options.list:
        bench.prepare()
        bench.prepare_keys()
    if options.install_peers:
        bench.install_peers()
    chosen = [row for row in table_of_rows.rows(bench)
              if not options.only or options.only.search(row.name)]
    if options.list:
        print("\n".join(row.name for row in chosen))
        return 0
    print_head(bench)
    bench.warm()
    results = [run_row(bench, row) for row in chosen]
    print("\n%d of %d goals met, %d not measured" % (
        results.count(True), len(results) - results.count(None),
        results.count(None)))
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
