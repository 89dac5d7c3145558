# SPDX-License-Identifier: MIT
"""What is measured: the commands, what their answers must be, the goals.

The job called J1, in SQL:

    SELECT window_start, key, count(*) n, sum(latency) s, avg(latency) a,
        percentile(latency, 0.99) p99, max(latency) m
    WHERE status < 500 GROUP BY key, tumble(1m)

Every peer does it in the fastest way known to us that gives the right answer.
"""

import functools
import os
import shlex
from dataclasses import dataclass, field

import compare

ALL = ("n", "s", "a", "p99", "m")
NO_P99 = ("n", "s", "a", "m")


@dataclass(frozen=True)
class Job:
    """A command, and how to tell whether its answer is right.

    `check` takes the file of the answer and returns None or a complaint.
    `needs` are programs, or Python modules as "python:NAME". A silent job
    must print nothing on standard error. One that is timed inside prints its
    own seconds there, of wall clock and of processor time.
    """
    argv: tuple
    check: object
    needs: tuple = ()
    env: dict = field(default_factory=dict)
    silent: bool = False
    timed_inside: bool = False


@dataclass(frozen=True)
class Goal:
    """A ratio to reach: at least, or at most, and what we aim for."""
    limit: float
    at_least: bool = True
    aim: float = 0.0
    unit: str = "x"

    def met(self, ratio):
        return ratio >= self.limit if self.at_least else ratio <= self.limit

    def __str__(self):
        sign = ">=" if self.at_least else "<="
        aim = " aim %g" % self.aim if self.aim else ""
        return "%s %g%s%s" % (sign, self.limit, self.unit, aim)


@dataclass(frozen=True)
class Pair:
    """weir against another command: how many times as fast, or as long."""
    name: str
    weir: Job
    other: Job
    goal: Goal
    threads: int = 1


@dataclass(frozen=True)
class Memory:
    """weir's peak resident set in MB."""
    name: str
    weir: Job
    goal: Goal
    threads: int = 1


@dataclass(frozen=True)
class Startup:
    """A whole process over an empty input."""
    name: str
    weir: Job
    other: Job
    goal: Goal
    threads: int = 1


@dataclass(frozen=True)
class Latency:
    """One record through a pipe that stays open, beside a bare C loop."""
    name: str
    weir: Job
    other: Job
    goal: Goal
    threads: int = 1


@dataclass(frozen=True)
class PerRow:
    """Nanoseconds of processor per row, less those of another command."""
    name: str
    weir: Job
    other: Job
    rows: int
    goal: Goal
    threads: int = 1


def at_least(limit, aim=0.0):
    return Goal(limit, True, aim)


def at_most(limit, unit="x"):
    return Goal(limit, False, unit=unit)


# ---- weir ----

def j1_sql(columns=ALL, window="tumble(1m)"):
    terms = {"n": "count(*) n", "s": "sum(latency) s",
             "a": "avg(latency) a", "p99": "percentile(latency, 0.99) p99",
             "m": "max(latency) m"}
    return ("SELECT window_start, key, %s WHERE status < 500 "
            "GROUP BY key, %s" % (", ".join(terms[c] for c in columns),
                                  window))


def j1_args(weir, form, threads=1, **query):
    """The command line of J1, but for the file."""
    return (weir, "-j", str(threads), "-i", form, "-t", "tsv", "-T", "ts",
            "-l", "2m", j1_sql(**query))


KEPT_SQL = "SELECT ts, key, latency WHERE status < 500"
STATUS_SQL = "SELECT status, count(*) n GROUP BY status, tumble(1m)"

INPUTS = {"json": "app.ndjson", "csv": "app.csv", "tsv": "app.tsv",
          "msgpack": "app.msgpack"}
FILES = (*INPUTS.values(), "access.log", "odd.ndjson", "keys.tsv")


class Jobs:
    """The jobs over the data of one bench (see bench.py)."""

    def __init__(self, bench):
        self.bench = bench
        self.weir = bench.weir

    def path(self, name):
        return os.path.join(self.bench.dir, name)

    def windows(self, columns=ALL, size=1, either_rank=False):
        def check(answer):
            return compare.windows(
                answer, self.bench.reference("windows", str(size)), columns,
                either_rank)
        return check

    def shell(self, script, check, needs):
        """A pipeline; @ANY in it stands for the quoted path of a file."""
        for name in INPUTS.values():
            script = script.replace("@" + name, shlex.quote(self.path(name)))
        return Job(("sh", "-c", script), check, needs)

    def j1(self, form="json", threads=1, columns=ALL, file=None):
        argv = j1_args(self.weir, form, threads, columns=columns)
        return Job(argv + (self.path(file or INPUTS[form]),),
                   self.windows(columns), silent=True)

    def j1_sliding(self):
        argv = j1_args(self.weir, "json", window="hop(1h, 1m)")
        return Job(argv + (self.path("app.ndjson"),), self.windows(size=60),
                   silent=True)

    def over_keys(self, sql, lines, total):
        """A query over keys.tsv: lines of its answer, sum of the last."""
        return Job((self.weir, "-j", "1", "-t", "tsv", sql,
                    self.path("keys.tsv")),
                   lambda answer: compare.totals(answer, lines, total),
                   silent=True)

    def read_keys(self):
        return self.over_keys("SELECT count(k) n", 1, self.bench.key_rows)

    def group_keys(self):
        return self.over_keys("SELECT k, count(*) n GROUP BY k",
                              self.bench.keys, self.bench.key_rows)

    def select_keys(self):
        return self.over_keys("SELECT DISTINCT k, 1 one", self.bench.keys,
                              self.bench.keys)

    def count_keys(self):
        return self.over_keys("SELECT count(DISTINCT k) n", 1,
                              self.bench.keys)

    def j1_piped(self):
        argv = j1_args(self.weir, "json")
        return Job(("sh", "-c", "cat %s | %s" % (
            shlex.quote(self.path("app.ndjson")),
            " ".join(shlex.quote(a) for a in argv))), self.windows(),
            silent=True)

    def j1_empty(self):
        return Job(j1_args(self.weir, "json"), None)

    def kept(self):
        return Job((self.weir, "-j", "1", "-i", "json", "-t", "json",
                    KEPT_SQL, self.path("app.ndjson")), self.is_kept,
                   silent=True)

    def kept_piped(self):
        return Job((self.weir, "-i", "json", "-t", "json", KEPT_SQL), None)

    def nginx(self):
        return Job((self.weir, "-j", "1", "-i", "nginx", "-t", "tsv", "-l",
                    "2m", STATUS_SQL, self.path("access.log")),
                   lambda answer: compare.statuses(
                       answer, self.bench.reference("statuses")),
                   silent=True)

    def is_kept(self, answer):
        return compare.kept(answer, self.bench.reference("kept"))

    # ---- peers ----

    def j1_jq(self):
        return self.shell(r"""
jq -r 'select(.status < 500) | [.ts[0:16], .key, .latency] | @tsv' \
    @app.ndjson | sort -S 1G -t "$(printf '\t')" -k1,2 -k3,3n | mawk -F'\t' '
function flush(  p99) {
    p99 = v[int((99 * n + 99) / 100) - 1]
    printf "%s\t%d\t%.12g\t%.12g\t%s\t%s\n", at, n, s, s / n, p99, v[n - 1]
}
BEGIN { print "window_start\tkey\tn\ts\ta\tp99\tm" }
{ here = $1 FS $2 }
here != at { if (n) flush(); at = here; n = 0; s = 0 }
{ v[n++] = $3; s += $3 }
END { if (n) flush() }'""", self.windows(), ("jq", "mawk"))

    def j1_mawk(self):
        return self.shell(r"""
exec mawk -F'\t' '
NR > 1 && $5 < 500 {
    k = substr($1, 1, 16) FS $4
    n[k]++
    s[k] += $6
    if ($6 + 0 > m[k] + 0)
        m[k] = $6
}
END {
    print "window_start\tkey\tn\ts\ta\tm"
    for (k in n)
        printf "%s\t%d\t%.12g\t%.12g\t%s\n", k, n[k], s[k], s[k] / n[k], m[k]
}' @app.tsv""", self.windows(NO_P99), ("mawk",))

    def j1_miller(self):
        return self.shell(r"""
exec mlr --icsv --otsv filter '$status < 500' \
    then put '$window_start = substr0($ts, 0, 15)' \
    then stats1 -a count,sum,mean,p99,max -f latency -g window_start,key \
    then rename latency_count,n,latency_sum,s,latency_mean,a \
    then rename latency_p99,p99,latency_max,m @app.csv""",
                          self.windows(either_rank=True), ("mlr",))

    def j1_duckdb(self, threads=1):
        return self.python("duckdb", (str(threads),), {})

    def j1_polars(self, threads=1):
        return self.python("polars", (),
                           {"POLARS_MAX_THREADS": str(threads)})

    def python(self, module, args, env):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "peer_%s.py" % module)
        argv = (self.bench.python, script, self.path("app.ndjson")) + args
        return Job(argv, self.windows(), ("python:" + module,), env,
                   timed_inside=True)

    def kept_jq(self):
        return self.shell(
            "exec jq -c 'select(.status < 500) | {ts, key, latency}' "
            "@app.ndjson", self.is_kept, ("jq",))

    def wc(self):
        return self.shell(
            "exec wc -l @app.ndjson",
            lambda answer: compare.line_count(answer, self.bench.records),
            ("wc",))

    def pcre(self):
        return Job((self.bench.program("pcre_loop"),
                    self.path("access.log")),
                   lambda answer: compare.all_matched(
                       answer, self.bench.records))

    def mawk_empty(self):
        return Job(("mawk", "{ n++ }"), None, ("mawk",))

    def echo(self):
        return Job((self.bench.program("echo"),), None)


def rows(bench):
    """All rows of the table, in the order of the table."""
    j = Jobs(bench)
    two = functools.partial(j.j1, threads=2)
    return [
        Pair("j1-json / jq|sort|mawk", j.j1(), j.j1_jq(), at_least(60)),
        Pair("j1-json / wc -l", j.j1(), j.wc(), at_most(5)),
        Pair("j1-json / duckdb", j.j1(), j.j1_duckdb(), at_least(1, 2)),
        Pair("j1-json / polars", j.j1(), j.j1_polars(), at_least(1, 2)),
        Pair("j1-json -j2 / duckdb -j2", two(), j.j1_duckdb(2),
             at_least(1, 2), 2),
        Pair("j1-json -j2 / polars -j2", two(), j.j1_polars(2),
             at_least(1, 2), 2),
        Pair("j1-tsv no p99 / mawk", j.j1("tsv", columns=NO_P99),
             j.j1_mawk(), at_least(7)),
        Pair("j1-csv / miller", j.j1("csv"), j.j1_miller(), at_least(35)),
        Pair("j1-msgpack / j1-json", j.j1("msgpack"), j.j1(), at_least(.9)),
        Pair("nginx / pcre2 jit loop", j.nginx(), j.pcre(), at_most(1.6)),
        Pair("kept / jq", j.kept(), j.kept_jq(), at_least(50)),
        Pair("j1-json hop / tumble", j.j1_sliding(), j.j1(), at_most(1.3)),
        Pair("j1-json pipe / file", j.j1_piped(), j.j1(), at_most(1.5)),
        Pair("j1-json -j2 / -j1", two(), j.j1(), at_least(1.5), 2),
        Pair("j1-csv -j2 / -j1", two("csv"), j.j1("csv"), at_least(1.5), 2),
        Pair("j1-json odd / regular", j.j1(file="odd.ndjson"), j.j1(),
             at_most(4)),
        PerRow("group by many keys", j.group_keys(), j.read_keys(),
               bench.key_rows, at_most(60, " ns")),
        PerRow("count distinct keys", j.count_keys(), j.read_keys(),
               bench.key_rows, at_most(100, " ns")),
        PerRow("select distinct keys", j.select_keys(), j.read_keys(),
               bench.key_rows, at_most(100, " ns")),
        Memory("j1-json memory", j.j1(), at_most(16, " MB")),
        Startup("start-up / mawk", j.j1_empty(), j.mawk_empty(), at_most(2)),
        Latency("one record / bare loop", j.kept_piped(), j.echo(),
                at_most(2)),
    ]
