#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""changes.py WEIR [ROUNDS] [SEED]: changelogs fold to the final result.

Random records, plain or a changelog, go through random pipelines of nested
groups, best rows, conditions and the like. Applied one after another to an empty table,
the rows of mode changelog (each row taken back must be there), of upsert and
of every must leave what mode final writes; a pipeline cut in two by a pipe
must give the same changelog; three threads and one-row batches the same bytes.
"""
import json
import os
import random
import subprocess
import sys
import tempfile


def make_records(rng):
    """
    Plain records, or changes that take back only what is there; whether their
    order says more than what is left of them.
    """
    changelog = rng.random() < 0.5
    live, out, second = [], [], 30
    late = 25 if rng.random() < 0.3 else 0
    for _ in range(rng.randrange(60)):
        second += rng.randrange(4)
        if changelog and live and rng.random() < 0.4:
            row = live.pop(rng.randrange(len(live)))
            out.append(dict({"op": rng.choice(["-D", "-U"])}, **row))
            continue
        at = second - rng.randrange(late + 1)
        row = {"ts": "2026-03-01T10:%02d:%02dZ" % divmod(at, 60),
               "k": rng.choice(["a", "b", "c", "d", None]),
               "j": rng.randrange(3),
               "v": rng.choice([0, 1, 2, 3, 4, 5, 2.5, None])}
        live.append(row)
        op = {"op": rng.choice(["+I", "+U"])} if changelog else {}
        out.append(dict(op, **row))
    return changelog, not changelog and not late, out


def make_steps(rng, ordered):
    cols = ["k", "j", "v"]
    total = not ordered
    steps = []
    if rng.random() < 0.3:
        steps.append({"where": "j < 2"})
    if rng.random() < 0.15:
        steps.append({"upsert": ["k", "j"]})
        ordered = total = False
    for level in range(rng.randrange(1, 4)):
        kind = rng.random()
        if kind < 0.25:
            step, cols = make_top(rng, cols, level, total)
            ordered, total = False, True
        elif kind < 0.45:
            step, cols = make_running(rng, cols, level, total)
            ordered, total = False, True
        elif kind < 0.5 and not total:
            step = {"limit": rng.randrange(1, 4),
                    "by": rng.sample(cols, rng.randrange(1, 3))}
            if rng.random() < 0.3:
                step["offset"] = rng.randrange(1, 3)
            ordered, total = False, True
        elif kind < 0.6:
            step = make_dedup(rng, cols, level, total)
            ordered, total = False, True
        else:
            total = False
            step, cols = make_group(rng, cols, ordered and level == 0, level)
        steps.append(step)
        if rng.random() < 0.3:
            steps.append({"where": "%s is not null" % rng.choice(cols)})
        if rng.random() < 0.2:
            steps.append({"set": {"z%d" % level: "count%d" % level}}
                         if "count%d" % level in cols else
                         {"rename": {cols[-1]: "r%d" % level}})
            if "rename" in steps[-1]:
                cols = cols[:-1] + ["r%d" % level]
    return steps


def make_order(rng, cols, total):
    """Columns; all if who is the first of equal rows cannot be told."""
    n = len(cols) if total else rng.randrange(1, min(2, len(cols)) + 1)
    return [c + rng.choice(["", " desc", " desc nulls last"])
            for c in rng.sample(cols, n)]


def make_top(rng, cols, level, total):
    """The best rows of keys; one rank, some, or those up to it."""
    step = {"top": rng.randrange(1, 5),
            "order": make_order(rng, cols, total)}
    by = rng.sample(cols, rng.randrange(min(2, len(cols)) + 1))
    if by:
        step["by"] = by
    if rng.random() < 0.4:
        step["ties"] = rng.choice(["rank", "dense_rank"])
    if rng.random() < 0.2:
        step["from"] = rng.randrange(1, step["top"] + 1)
    if rng.random() < 0.5:
        step["rank"] = "rank%d" % level
        cols = cols + [step["rank"]]
    return step, cols


FRAMES = ["rows 1 preceding", "rows between 1 preceding and 1 following",
          "rows between unbounded preceding and unbounded following",
          "range between unbounded preceding and current row",
          "rows between 2 preceding and 1 preceding",
          "groups between 1 preceding and current row"]


def make_running(rng, cols, level, total):
    """Columns that look at other rows of a key, in some order or none."""
    aggs = ["count(*)", "count(%s)", "min(%s)", "max(%s)",
            "sum(length(cast(%s as text)))", "count(distinct %s)",
            "avg(length(cast(%s as text))) filter (where %s is not null)"]
    step = {}
    by = rng.sample(cols, rng.randrange(min(2, len(cols)) + 1))
    if by:
        step["by"] = by
    if not total or rng.random() < 0.7:
        if rng.random() < 0.8 or total:
            step["order"] = make_order(rng, cols, total)
        aggs += ["row_number()", "rank()", "dense_rank()", "lag(%s)",
                 "lead(%s)", "lag(%s, 2)", "first_value(%s)",
                 "last_value(%s)", "ntile(2)", "cume_dist()",
                 "lag(%s) ignore nulls", "nth_value(%s, 2)"]
        if "order" in step and rng.random() < 0.4:
            step["frame"] = rng.choice(FRAMES)
    added = {}
    for i, call in enumerate(rng.sample(aggs, rng.randrange(1, 4))):
        added["w%d%d" % (level, i)] = call.replace("%s", rng.choice(cols))
    return dict({"running": added}, **step), cols + list(added)


def make_dedup(rng, cols, level, total):
    step = {"dedup": rng.sample(cols, rng.randrange(1, min(2, len(cols)) + 1)),
            "keep": rng.choice(["first", "last"])}
    if level == 0 and rng.random() < 0.5:
        step["order"] = [rng.choice(["ts", "ts desc"])]
    elif total or rng.random() < 0.6:
        step["order"] = make_order(rng, cols, total)
    return step


def make_group(rng, cols, ordered, level):
    """A group step over these columns, of any type; and what comes out."""
    keys = rng.sample(cols, rng.randrange(min(2, len(cols)) + 1))
    any_type = ["count(*)", "count(%s)", "min(%s)", "max(%s)",
                "count(distinct %s)", "sum(length(cast(%s as text)))",
                "avg(length(cast(%s as text)))",
                "median(length(cast(%s as text)))", "bool_or(%s is null)",
                "count(*) filter (where %s is not null)",
                "sum(distinct length(cast(%s as text)))"]
    if ordered:
        # Which of equal rows a change takes back cannot be told, and groups
        # come in an order of their own.
        any_type += ["first_value(%s)", "last_value(%s)",
                     "listagg(cast(%s as text))"]
    select = {}
    for i, agg in enumerate(rng.sample(any_type, rng.randrange(1, 4))):
        if "%s" in agg:
            agg = agg % rng.choice(cols)
        select["a%d%d" % (level, i)] = agg
    step = {"group": keys, "select": select}
    if rng.random() < 0.3:
        step["having"] = "count(*) < %d" % rng.randrange(2, 5)
    return step, keys + list(select)


class Run:
    def __init__(self, weir, folder):
        self.weir, self.folder = weir, folder
        self.env = dict(os.environ, TZ="UTC", WEIR_TORTURE="")

    def run(self, spec, data, mode, *more, torture=""):
        return self.run_batch(spec, data, "-T", "ts", "-l", "0s", "-m", mode,
                              *more, torture=torture)

    def run_batch(self, spec, data, *args, torture=""):
        path = os.path.join(self.folder, "spec.yaml")
        with open(path, "w") as f:
            json.dump(spec, f)
        p = subprocess.run(
            [self.weir, "-q", *args, "-f", path],
            input=data.encode(), capture_output=True, timeout=60,
            env=dict(self.env, WEIR_TORTURE=torture))
        if p.returncode:
            raise AssertionError("status %d: %s" %
                                 (p.returncode, p.stderr.decode()))
        return p.stdout.decode()


def row_key(row):
    return json.dumps({k: v for k, v in row.items() if k != "op"})


def fold(text):
    table = {}
    for line in text.splitlines():
        row = json.loads(line)
        key = row_key(row)
        if row["op"] in ("+I", "+U"):
            table[key] = table.get(key, 0) + 1
            continue
        assert table.get(key), "taken back, but not there: " + line
        table[key] -= 1
        if not table[key]:
            del table[key]
    return table


def fold_upserts(text, keys):
    table = {}
    for line in text.splitlines():
        row = json.loads(line)
        key = json.dumps([row.get(k) for k in keys])
        if row.get("op") == "-D":
            assert key in table, "deleted, but not there: " + line
            del table[key]
        else:
            assert row.get("op") != "+I" or key not in table, \
                "inserted twice: " + line
            table[key] = row_key(row)
    return {k: 1 for k in table.values()}


def counted(text):
    table = {}
    for line in text.splitlines():
        key = row_key(json.loads(line))
        table[key] = table.get(key, 0) + 1
    return table


def last_keys(steps, changes):
    """Names of the key columns at the end; None if nothing is known of any."""
    keys = None
    for step in steps:
        if step.get("limit") == 1 and changes:
            keys = list(step["by"])
        changes = changes or any(s in step for s in ("group", "upsert", "top"))
        if "group" in step or "upsert" in step:
            keys = list(step.get("group", step.get("upsert")))
        if "dedup" in step:
            # The first to arrive may be a row that comes and no change.
            keys = (list(step["dedup"])
                    if "order" in step or step["keep"] == "last" else None)
            changes = changes or keys is not None
        if "top" in step and "ties" not in step and (
                "rank" in step or step.get("from", 1) == step["top"]):
            keys = step.get("by", []) + [step[k] for k in step if k == "rank"]
        for old, new in step.get("rename", {}).items():
            if keys and old in keys:
                keys[keys.index(old)] = new
    return keys


def check(run, rng):
    changelog, ordered, records = make_records(rng)
    steps = make_steps(rng, ordered)
    spec = {"weir": 1, "steps": steps}
    if changelog:
        spec["input"] = {"format": "json", "changelog": True}
    data = "".join(json.dumps(r) + "\n" for r in records)
    try:
        final = run.run(spec, data, "final")
        changes = run.run(spec, data, "changelog")
        assert fold(changes) == counted(final), "changelog: %s" % changes
        for more, torture in ((("-j3",), "reads=100"),
                              ((), "rows=1,reads=1")):
            again = run.run(spec, data, "changelog", *more, torture=torture)
            assert again == changes, "bytes differ with %s%s" % (
                torture, more)
        kept = run.run(spec, data, "changelog", "--ttl", "9999h")
        assert fold(kept) == counted(final), "with a time to live: %s" % kept
        keys = last_keys(steps, changelog)
        if keys is not None:
            upserts = run.run(spec, data, "upsert")
            assert fold_upserts(upserts, keys) == counted(final), \
                "upsert: %s" % upserts
            period = "every %ds" % rng.randrange(1, 20)
            every = run.run(spec, data, period)
            assert fold_upserts(every, keys) == counted(final), \
                "%s: %s" % (period, every)
        cut = rng.randrange(len(steps))
        # Who is first of equal rows goes by the key, which a pipe forgets.
        if (any("group" in s for s in steps[:cut]) and
                not any(s in step for step in steps[cut:] for s in
                        ("top", "dedup", "running", "limit"))):
            first = run.run(dict(spec, steps=steps[:cut]), data, "changelog")
            back = {"weir": 1, "steps": steps[cut:],
                    "input": {"format": "json", "changelog": True}}
            second = run.run(back, first, "changelog")
            assert fold(second) == counted(final), "in two: %s" % second
    except AssertionError as e:
        sys.stdout.write("# %s\n# %s\n" % (
            json.dumps(spec), str(e).replace("\n", "\n#   ")))
        for line in data.splitlines():
            sys.stdout.write("#   %s\n" % line)
        return False
    return True


WINDOWS = ["tumble(1m)", "hop(3m, 1m)", "cumulate(1m, 5m)", "hop(5m, 2m)",
           "day()"]


def check_windows(run, rng):
    """Windows over a changelog are those over the rows it leaves."""
    live, changes = [], []
    for _ in range(rng.randrange(60)):
        if live and rng.random() < 0.4:
            row = live.pop(rng.randrange(len(live)))
            changes.append(dict({"op": "-D"}, **row))
            continue
        row = {"ts": "2026-03-01T10:%02d:%02dZ" % (rng.randrange(10),
                                                   rng.randrange(60)),
               "k": rng.choice("ab"), "v": rng.randrange(9)}
        live.append(row)
        changes.append(dict({"op": "+I"}, **row))
    step = {"window": rng.choice(WINDOWS), "by": ["k"],
            "select": {"n": "count(*)", "s": "sum(v)", "most": "max(v)",
                       "d": "count(distinct v)", "mid": "median(v)",
                       "mean": "avg(v)"}}
    if rng.random() < 0.3:
        step["sets"] = "rollup"
    plain = {"weir": 1, "time": {"field": "ts"}, "steps": [step],
             "input": {"format": "json"}}
    read = dict(plain, input={"format": "json", "changelog": True})
    got, want = (run.run_batch(spec, "".join(json.dumps(r) + "\n"
                                             for r in rows))
                 for spec, rows in ((read, changes), (plain, live)))
    if got != want:
        print("# %s\n# got  %s\n# want %s" % (
            json.dumps(read), got.replace("\n", "\n#      "),
            want.replace("\n", "\n#      ")))
    return got == want


def main():
    weir, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        run = Run(weir, folder)
        for i in range(rounds):
            rng = random.Random(seed * 100003 + i)
            good = check(run, rng) and check_windows(run, rng)
            print("%sok %d - changes %d" % (
                "" if good else "not ", i + 1, seed * 100003 + i))
            bad += not good
    print("1..%d" % rounds)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
