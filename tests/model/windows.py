#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""windows.py WEIR [ROUNDS] [SEED]: windows against a plain model.

Random records with disorder and lateness go through random window queries;
the same answer is worked out here, record by record, from the rules in
weir-sql(7): a watermark per record, exclusive ends, a row late when every
window it belongs to has closed. Every query is also run with three threads,
one-row batches and one-byte reads, and must print the same bytes.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

US = 1000000


def stamp(us):
    import datetime
    t = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)
    text = t.strftime("%Y-%m-%dT%H:%M:%S")
    if us % US:
        f = "%06d" % (us % US)
        text += "." + (f[:3] if f.endswith("000") else f)
    return text + "Z"


def floor_to(t, size, offset=0):
    return t - (t - offset) % size


class Agg:
    def __init__(self):
        self.n = 0
        self.sum = 0
        self.min = None
        self.max = None
        self.first = self.last = None

    def add(self, t, v):
        self.n += 1
        if v is None:
            return
        self.sum += v
        self.min = v if self.min is None else min(self.min, v)
        self.max = v if self.max is None else max(self.max, v)
        if self.first is None or t < self.first[0]:
            self.first = (t, v)
        if self.last is None or t >= self.last[0]:
            self.last = (t, v)

    def row(self):
        has = self.min is not None
        return {"n": self.n, "s": self.sum if has else None,
                "lo": self.min, "hi": self.max,
                "a": self.first[1] if has else None,
                "z": self.last[1] if has else None}


def key_order(k):
    return (0, "") if k is None else (1, k.encode())


def windows_of(q, t):
    kind = q["kind"]
    if kind == "tumble":
        s = floor_to(t, q["size"], q["offset"])
        return [(s, s + q["size"])]
    if kind == "hop":
        out = []
        s = floor_to(t, q["slide"], q["offset"])
        while s > t - q["size"]:
            out.append((s, s + q["size"]))
            s -= q["slide"]
        return sorted(out, key=lambda w: w[1])
    s = floor_to(t, q["size"], q["offset"])
    first = floor_to(t - s, q["slide"]) + q["slide"]
    return [(s, s + e) for e in range(first, q["size"] + 1, q["slide"])]


class Model:
    def __init__(self, q):
        self.q = q
        self.open = {}      # (end, start) -> key -> [Agg, emitted]
        self.sessions = {}  # key -> list of [first, last, Agg, fired]
        self.w = -10**18
        self.out = []
        self.late = 0

    def emit(self, start, end, key, agg, rev=None):
        row = {"window_start": stamp(start), "window_end": stamp(end),
               "k": key}
        row.update(agg.row())
        if rev:
            row["rev"] = rev
        self.out.append(row)

    def fire(self, w):
        due = sorted(e for e in self.open
                     if e[0] <= w and not self.open[e]["fired"])
        for e in due:
            keys = self.open[e]["keys"]
            for k in sorted(keys, key=key_order):
                self.emit(e[1], e[0], k, keys[k][0])
                keys[k][1] = 1
            self.open[e]["fired"] = True
        for e in [e for e in self.open if e[0] + self.q["allow"] <= w]:
            del self.open[e]

    def sliced(self, t, key, v):
        wins = windows_of(self.q, t)
        if wins[-1][1] + self.q["allow"] <= self.w:
            self.late += 1
            return
        for s, e in wins:
            if e + self.q["allow"] <= self.w:
                continue
            at = self.open.setdefault((e, s), {"fired": e <= self.w,
                                               "keys": {}})
            cell = at["keys"].setdefault(key, [Agg(), 0])
            cell[0].add(t, v)
            if at["fired"]:
                cell[1] += 1
                self.emit(s, e, key, cell[0],
                          cell[1] if cell[1] > 1 else None)

    def session_end(self, s):
        return min(s[1] + self.q["size"], s[0] + self.q["max"])

    def session(self, t, key, v):
        gap, top = self.q["size"], self.q["max"]
        mine = self.sessions.setdefault(key, [])
        for s in mine:
            lo, hi = min(s[0], t), max(s[1], t)
            if t <= s[1] + gap and s[0] <= t + gap and hi < lo + top:
                break
        else:
            if min(t + gap, t + top) <= self.w:
                self.late += 1
                return
            s = [t, t, Agg(), False]
            mine.append(s)
        s[0], s[1] = min(s[0], t), max(s[1], t)
        s[2].add(t, v)
        mine.sort(key=lambda x: x[0])
        i = mine.index(s)
        while i + 1 < len(mine):
            n = mine[i + 1]
            if n[0] > s[1] + gap or n[1] >= s[0] + top:
                break
            self.merge(s, n)
            del mine[i + 1]

    @staticmethod
    def merge(s, n):
        a, b = s[2], n[2]
        a.n += b.n
        a.sum += b.sum
        for f, pick in (("min", min), ("max", max)):
            x, y = getattr(a, f), getattr(b, f)
            setattr(a, f, pick(x, y) if x is not None and y is not None
                    else y if x is None else x)
        if b.first and (a.first is None or b.first[0] < a.first[0]):
            a.first = b.first
        if b.last and (a.last is None or b.last[0] >= a.last[0]):
            a.last = b.last
        s[1] = max(s[1], n[1])

    def fire_sessions(self, w):
        due = []
        for k, mine in self.sessions.items():
            for s in [s for s in mine if self.session_end(s) <= w]:
                due.append((self.session_end(s), s[0], key_order(k), k, s))
                mine.remove(s)
        for end, start, _, k, s in sorted(due, key=lambda d: d[:3]):
            self.emit(start, end, k, s[2])

    def take(self, t, key, v):
        if self.q["kind"] == "session":
            self.session(t, key, v)
        else:
            self.sliced(t, key, v)

    def run(self, files):
        """The file furthest behind goes next: the one whose greatest time,
        its next record's included, is least. It moves the watermark, but not
        beyond where the others stand."""
        greatest = [-10**18 for _ in files]
        at = [0 for _ in files]
        late = self.q["lateness"]

        def stand(i):
            return max(greatest[i], files[i][at[i]][0])

        def active():
            return [i for i in range(len(files)) if at[i] < len(files[i])]

        while active():
            i = min(active(), key=lambda k: (stand(k), k))
            others = [stand(k) for k in active() if k != i]
            t, key, v = files[i][at[i]]
            at[i] += 1
            self.take(t, key, v)
            greatest[i] = max(greatest[i], t)
            if late is not None:
                self.w = max(self.w, min([greatest[i]] + others) - late)
            self.fire_all(self.w)
            if late is not None and at[i] == len(files[i]) and active():
                self.w = max(self.w, min(map(stand, active())) - late)
                self.fire_all(self.w)
        self.fire_all(10**18)
        return self.out

    def fire_all(self, w):
        if self.q["kind"] == "session":
            self.fire_sessions(w)
        else:
            self.fire(w)


def dur(us):
    return "%dus" % us if us % 1000 else "%dms" % (us // 1000)


def random_query(rng):
    kind = rng.choice(["tumble", "hop", "hop", "cumulate", "session"])
    unit = rng.choice([1000, US, 60 * US, 37 * 1000])
    q = {"kind": kind, "offset": 0, "max": 10**17, "allow": 0}
    q["slide"] = unit * rng.randint(1, 7)
    q["size"] = q["slide"] * rng.randint(1, 9)
    if kind == "hop" and rng.random() < 0.4:
        q["size"] += unit * rng.randint(0, q["slide"] // unit - 1)
    if kind != "session" and rng.random() < 0.4:
        q["offset"] = unit * rng.randint(-20, 20)
    if kind == "session" and rng.random() < 0.5:
        q["max"] = q["size"] * rng.randint(1, 5)
    q["lateness"] = rng.choice([None, 0, unit, unit * rng.randint(1, 30)])
    if kind != "session" and q["lateness"] is not None and \
            rng.random() < 0.4:
        q["allow"] = unit * rng.randint(1, 30)
    q["unit"] = unit
    return q


def window_text(q):
    off = ", %s%s" % ("-" if q["offset"] < 0 else "", dur(abs(q["offset"])))
    off = off if q["offset"] else ""
    if q["kind"] == "tumble":
        return "tumble(%s%s)" % (dur(q["size"]), off)
    if q["kind"] == "hop":
        return "hop(%s, %s%s)" % (dur(q["size"]), dur(q["slide"]), off)
    if q["kind"] == "cumulate":
        return "cumulate(%s, %s%s)" % (dur(q["slide"]), dur(q["size"]), off)
    top = ", " + dur(q["max"]) if q["max"] < 10**17 else ""
    return "session(%s%s)" % (dur(q["size"]), top)


def random_records(rng, q):
    t, out = rng.choice([0, -10**9, 1700000000 * US]), []
    keys = [None, "", "a", "b", "é", "a\u0000b"][:rng.randint(1, 6)]
    for _ in range(rng.randint(0, 300)):
        t += int(q["unit"] * rng.expovariate(1 / rng.choice([0.1, 1, 3])))
        back = q["unit"] * rng.choice([0, 0, 0, 1, 3, 20, 60])
        out.append((t - rng.randint(0, back or 1), rng.choice(keys),
                    rng.choice([None] + list(range(-50, 50)))))
    return out


def write(path, records):
    with open(path, "w") as f:
        for t, k, v in records:
            f.write(json.dumps({"ts": stamp(t), "k": k, "v": v}) + "\n")


def deal(rng, records):
    """The records in one to four files, each in the order they came."""
    files = [[] for _ in range(rng.choice([1, 1, 2, 3, 4]))]
    if rng.random() < 0.5:  # as rotated logs are: one after the other
        cut = sorted(rng.randint(0, len(records)) for _ in files[1:])
        edges = [0] + cut + [len(records)]
        files = [records[a:b] for a, b in zip(edges, edges[1:])]
    else:
        for r in records:
            rng.choice(files).append(r)
    rng.shuffle(files)
    return files


def command(weir, q, paths, more=()):
    # A group of its own sums everything, so NULL keys and values stay.
    sql = ("SELECT k, count(*) n, sum(v) s, min(v) lo, max(v) hi, "
           "first(v) a, last(v) z GROUP BY k, " + window_text(q))
    cmd = [weir, "-i", "json", "-t", "json", "-T", "ts"]
    if q["lateness"] is not None:
        cmd += ["-l", dur(q["lateness"])]
    if q["allow"]:
        cmd += ["--allow", dur(q["allow"])]
    return cmd + list(more) + [sql] + paths


VARIANTS = [({}, []), ({}, ["-j3"]), ({"WEIR_TORTURE": "rows=1"}, []),
            ({"WEIR_TORTURE": "rows=3,reads=1"}, []),
            ({"WEIR_SIMD": "off"}, []),
            ({"WEIR_TORTURE": "rows=2,reads=7"}, ["-j2"])]


def check(weir, q, files, folder, seed):
    model = Model(q)
    want = model.run(files)
    want_text = [json.dumps(r, sort_keys=True) for r in want]
    paths = []
    for i, records in enumerate(files):
        paths.append(os.path.join(folder, "in%d.jsonl" % i))
        write(paths[-1], records)
    for env, more in VARIANTS:
        cmd = command(weir, q, paths, more)
        p = subprocess.run(cmd, capture_output=True, text=True,
                           env=dict(os.environ, **env), timeout=60)
        got = [json.dumps(json.loads(l), sort_keys=True)
               for l in p.stdout.splitlines()]
        late = "late %d " % model.late in p.stderr or (
            model.late == 0 and "late 0" not in p.stderr and
            not p.stderr) or "late 0 " in p.stderr and model.late == 0
        if p.returncode or got != want_text or not late:
            report(cmd, env, p, got, want_text, model, seed)
            return False
    return True


def report(cmd, env, p, got, want, model, seed):
    print("# seed %d, exit %d, %s %s" % (seed, p.returncode, env, cmd))
    print("# stderr: %s; model: late %d" % (p.stderr.strip(), model.late))
    for i in range(max(len(got), len(want))):
        a = got[i] if i < len(got) else "(nothing)"
        b = want[i] if i < len(want) else "(nothing)"
        if a != b:
            print("# row %d of %d/%d\n#  got  %s\n#  want %s" %
                  (i, len(got), len(want), a, b))
            break


def main():
    weir = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    failed = 0
    with tempfile.TemporaryDirectory() as d:
        for i in range(rounds):
            rng = random.Random(seed + i)
            q = random_query(rng)
            files = deal(rng, random_records(rng, q))
            if not check(weir, q, files, d, seed + i):
                failed += 1
                if failed >= 3:
                    break
    print("%sok 1 - %d random window queries" %
          ("not " if failed else "", rounds))
    print("1..1")
    return 1 if failed else 0


sys.exit(main())
