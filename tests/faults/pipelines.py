# SPDX-License-Identifier: MIT
"""The pipelines that are killed, starved and damaged.

Each is a list of stages, as cron would run them: what happens to the inputs
before, and the arguments of the run. What is in out/ at the end must not
depend on what happened on the way.
"""
import gzip
import os
import random


class Pipeline:
    def __init__(self, name, args, stages, stdout=None, piped=False,
                 told=False, torture="rows=16,commit=2", often="rows=8,commit=1"):
        self.name, self.args, self.stages = name, args, stages
        # What a stage leaves in pipe/ is in the pipe of its first run, and
        # what that has not taken is there for the next.
        self.piped = piped
        # stdout is a file that has what came through a pipe: rows with ids,
        # each of which may come again.
        self.told = told
        self.stdout = stdout  # a file that the shell appends to
        # Sizes of batches and when commits are made; more of them.
        self.torture, self.often = torture, often


def stamp(second):
    return "2026-03-01T%02d:%02d:%02dZ" % (
        second // 3600, second // 60 % 60, second % 60)


def records(first, last, seed=1, keys=5):
    """JSON lines whose times go up, some a few seconds late."""
    lines = []
    for i in range(first, last):
        r = random.Random(seed * 1000003 + i)
        second = max(0, i - (r.randrange(4) if r.random() < .3 else 0))
        lines.append('{"ts":"%s","k":"k%d","v":%d,"id":%d}\n' % (
            stamp(second), r.randrange(keys), r.randrange(1000), i))
    return "".join(lines)


def csv_rows(first, last):
    lines = []
    for i in range(first, last):
        r = random.Random(77 + i)
        lines.append("%s,h%d,%d\n" % (stamp(i * 7), r.randrange(3), i))
    return "".join(lines)


def append(path, text):
    with open(path, "ab") as f:
        f.write(text.encode())


def odd(text, at, line):
    """A line that is not like the others."""
    lines = text.splitlines(True)
    lines.insert(at, line)
    return "".join(lines)


# ---- stages ----

def log_grows(first, last, keys=5):
    def step(d):
        append(d + "/in/app.log", records(first, last, keys=keys))
    return step


def is_there(path, then):
    """The file has been there for long: who only appends to it cannot make
    its name certain."""
    def step(d):
        append(os.path.join(d, path), "")
        then(d)
    return step


def log_rotates(first, last):
    def step(d):
        log = d + "/in/app.log"
        append(log, records(first - 20, first))
        os.rename(log, log + ".1")
        append(log, records(first, last))
    return step


def csv_grows(first, last):
    def step(d):
        path = d + "/in/hosts.csv"
        if not os.path.exists(path):
            append(path, "ts,host,n\n")
        append(path, csv_rows(first, last))
    return step


def dirty_grows(first, last):
    def step(d):
        text = odd(records(first, last), 7, "this is no record\n")
        text = odd(text, 30, '{"ts":"%s","k":"late","v":1,"id":-1}\n'
                   % stamp(max(0, first - 500)))
        append(d + "/in/app.log", text)
    return step


def other_grows(first, last):
    def step(d):
        append(d + "/in/a.jsonl", records(first, last, 2))
    return step


def both(one, other):
    def step(d):
        one(d)
        other(d)
    return step


def two_grow(first, last):
    def step(d):
        append(d + "/in/a.jsonl", records(first, last, 2))
        with gzip.GzipFile(d + "/in/b-%04d.jsonl.gz" % first, "wb",
                           mtime=0) as f:
            f.write(records(first, last, 3).encode())
    return step


def many_keys(first, last):
    def step(d):
        lines = []
        for i in range(first, last):
            r = random.Random(9000001 + i)
            k = r.randrange(i + 1) if r.random() < .3 else i
            lines.append('{"k":"key-%06d-%s","v":%d}\n' % (
                k, "x" * 200, r.randrange(1000)))
        append(d + "/in/keys.jsonl", "".join(lines))
    return step


def pipe_holds(text):
    """Sometimes compressed, as who writes to the pipe likes it."""
    def step(d):
        os.makedirs(d + "/pipe", exist_ok=True)
        with open(d + "/pipe/next", "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
    return step


def packed(*texts):
    return b"".join(gzip.compress(t.encode(), mtime=0) for t in texts)


def spec_is(text, then):
    def step(d):
        with open(d + "/in/spec.yaml", "w") as f:
            f.write(text)
        then(d)
    return step


TUMBLE = "SELECT k, count(*) n, sum(v) s, avg(v) a GROUP BY k, tumble(10s)"
SESSION = "SELECT host, count(*) n, min(n) first GROUP BY host, session(1m)"
RUNNING = ("SELECT id, k, sum(v) OVER (PARTITION BY k ORDER BY ts ROWS 3 "
           "PRECEDING) s, lag(id) OVER (PARTITION BY k ORDER BY ts) p")
AHEAD = ("SELECT id, k, lead(id) OVER (PARTITION BY k ORDER BY ts) n, sum(v) "
         "OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '1' MINUTE "
         "PRECEDING AND INTERVAL '10' SECOND FOLLOWING) s, rank() "
         "OVER (PARTITION BY k ORDER BY v) r")
FILL = ("weir: 1\ntime: {field: ts, lateness: 5s}\nsteps:\n"
        "  - select: {at: CAST(ts AS TIMESTAMP), k: k, v: v}\n"
        "  - fill: 3s\n    by: [k]\n    time: at\n"
        "    with: {v: previous}\n")
LIVE = "SELECT k, count(*) n, max(v) m, count(DISTINCT v) d GROUP BY k"
HOP = ("SELECT k, count(*) n, percentile(v, 0.5) p, first(id) f GROUP BY k, "
       "hop(20s, 5s)")
TOP = ("SELECT k, v, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k "
       "ORDER BY v DESC) AS r) WHERE r <= 2")
DEDUP = ("weir: 1\ntime: {field: ts, lateness: 5s}\nsteps:\n"
         "  - dedup: [k]\n    order: [v]\n    keep: last\n"
         "  - select: [k, v, id]\noutput: {mode: changelog}\n")
MEET = ("SELECT id, k, v FROM i WHERE k IN (SELECT k FROM o) "
        "UNION SELECT id, k, 0 FROM o")
PIECES = ("SELECT k, count(*) n, max(v) m, count(DISTINCT v) d, "
          "listagg(id) l, sum(v / 7.0) s, var_pop(v / 3.0) p GROUP BY k")
SPILLED = "SELECT substr(k, 5, 6) id, count(*) n, sum(v) s GROUP BY k"

PIPELINES = [
    Pipeline("tumble", ["-T", "ts", "-l", "5s", "-o", "out/a.jsonl", TUMBLE,
                        "in/app.log"],
             [log_grows(0, 120), log_grows(120, 200), log_rotates(220, 300)]),
    Pipeline("sessions", ["-T", "ts", "-l", "5s", "-o", "out/{host}.csv",
                          SESSION, "in/hosts.csv"],
             [csv_grows(0, 100), csv_grows(100, 200)]),
    Pipeline("running", ["-T", "ts", "-l", "5s", "--late", "out/late.jsonl",
                         "--reject", "out/reject.jsonl", "-o", "out/a.jsonl",
                         RUNNING, "in/app.log"],
             [dirty_grows(0, 100), dirty_grows(100, 180)]),
    Pipeline("live", ["-m", "changelog", "-o", "out/a.jsonl", LIVE,
                      "in/app.log"],
             [log_grows(0, 100), log_rotates(120, 200)]),
    Pipeline("hop", ["-T", "ts", "-l", "5s", "-o", "out/a.csv", HOP,
                     "in/a.jsonl", "in/b-*.jsonl.gz"],
             [two_grow(0, 60), two_grow(60, 120)]),
    Pipeline("appended", ["-T", "ts", "-l", "5s", TUMBLE, "in/app.log"],
             [is_there("out/all.jsonl", log_grows(0, 100)),
              log_rotates(120, 200)],
             stdout="out/all.jsonl"),
    Pipeline("pieces", ["--mem", "1M", "-m", "final", "-o", "out/a.jsonl",
                        PIECES, "in/app.log"],
             [log_grows(0, 100), log_grows(100, 160), log_grows(160, 200)],
             torture="rows=10,commit=3,evict", often="rows=5,commit=1,evict"),
    # Journals and runs are short, and merges pause: most of what is done is
    # merging.
    Pipeline("merges", ["-m", "changelog", "-o", "out/a.jsonl", LIVE,
                        "in/app.log"],
             [log_grows(i, i + 40, 60) for i in range(0, 240, 40)],
             torture="rows=30,commit=3,journal=700",
             often="rows=10,commit=2,journal=700"),
    Pipeline("ahead", ["-T", "ts", "-l", "5s", "--mem", "1M", "-o",
                       "out/a.jsonl", AHEAD, "in/app.log"],
             [log_grows(0, 100), log_grows(100, 160), log_grows(160, 200)],
             torture="rows=10,commit=3,evict", often="rows=5,commit=1,evict"),
    Pipeline("fill", ["--mem", "1M", "-o", "out/a.jsonl", "-f",
                      "in/spec.yaml", "in/app.log"],
             [spec_is(FILL, log_grows(0, 100)), log_grows(100, 160),
              log_grows(160, 200)],
             torture="rows=10,commit=3,evict", often="rows=5,commit=1,evict"),
    Pipeline("spilled", ["--mem", "1M", "-m", "changelog", "-o",
                         "out/a.jsonl", SPILLED, "in/keys.jsonl"],
             [many_keys(0, 6000), many_keys(6000, 9000)],
             torture="rows=500,commit=3", often="rows=250,commit=1"),
    Pipeline("top", ["-m", "changelog", "-o", "out/a.jsonl", TOP,
                     "in/app.log"],
             [log_grows(0, 100), log_grows(100, 180)]),
    Pipeline("dedup", ["-o", "out/a.jsonl", "-f", "in/spec.yaml",
                       "in/app.log"],
             [spec_is(DEDUP, log_grows(0, 100)), log_grows(100, 180)]),
    Pipeline("meet", ["-o", "out/a.csv", MEET, "i=in/app.log",
                      "o=in/a.jsonl"],
             [both(log_grows(0, 90), other_grows(300, 303)),
              both(log_grows(90, 160), other_grows(303, 305))]),
    Pipeline("every", ["-T", "ts", "-l", "5s", "-m", "every 20s", "-o",
                       "out/a.jsonl", LIVE, "in/app.log"],
             [log_grows(0, 100), log_grows(100, 180)]),
    # More files than are remembered.
    Pipeline("divided", ["-T", "ts", "-l", "5s", "-o", "out/{k}/{n}.csv",
                         "SELECT k, id % 7 n, v", "in/app.log"],
             [log_grows(0, 60), log_grows(60, 120)],
             torture="rows=16,commit=2,parts=3",
             often="rows=8,commit=1,parts=3"),
    Pipeline("told", ["-T", "ts", "-l", "5s", "--ids", RUNNING, "in/app.log"],
             [log_grows(0, 100), log_rotates(120, 200)],
             stdout="out/all.jsonl", told=True),
    Pipeline("held", ["-T", "ts", "-l", "5s", "--ids", "--commit-output",
                      RUNNING, "in/app.log"],
             [log_grows(0, 100), log_rotates(120, 200)],
             stdout="out/all.jsonl", told=True),
    Pipeline("piped", ["--journal", "-T", "ts", "-l", "5s", "-o",
                       "out/a.jsonl", TUMBLE],
             [pipe_holds(records(0, 90)), pipe_holds(records(90, 200)),
              pipe_holds(records(200, 260))], piped=True),
    Pipeline("packed", ["--journal", "-T", "ts", "-l", "5s", "-o",
                        "out/a.jsonl", TUMBLE],
             [pipe_holds(packed(records(0, 60), records(60, 120))),
              pipe_holds(records(120, 180)),
              pipe_holds(packed(records(180, 260)))], piped=True,
             torture="rows=16,commit=2,reads=700",
             often="rows=8,commit=1,reads=300"),
    # Journals so short that each few commits make a run, and runs merges.
    Pipeline("runs", ["-m", "changelog", "-o", "out/a.jsonl", SPILLED,
                      "in/keys.jsonl"],
             [many_keys(0, 400), many_keys(400, 600)],
             torture="rows=16,commit=1,journal=1500",
             often="rows=8,commit=1,journal=800"),
]
