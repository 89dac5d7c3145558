# SPDX-License-Identifier: MIT
"""The commands of `weir state`, stopped and starved at their calls.

Each is a command over the state of a pipeline that has one stage to go. After
a fault the command is given again, and has to do, whatever the first one has
left: at most what it began to make is removed before, by `weir state rm`. Then
the state goes on as if nothing had been, or is gone.
"""
import os
import shutil
import subprocess


def run(b, d, *argv, to=None, **fault):
    env = dict(os.environ, LC_ALL="C")
    if fault:
        env["LD_PRELOAD"] = b.shim
        env.update((k, str(v)) for k, v in fault.items())
    with open(os.path.join(d, to) if to else os.devnull, "wb") as out:
        c = subprocess.run([b.weir, "state", *argv], cwd=d, env=env,
                           stdin=subprocess.DEVNULL, stdout=out,
                           stderr=subprocess.PIPE, timeout=60)
    return c.returncode, c.stderr.decode(errors="replace")


def again(b, d, argv, made=None):
    """The command once more; what it began to make goes first, if it must."""
    rc, err = run(b, d, *argv)
    if rc and made and os.path.exists(os.path.join(d, made)) and \
            "weir state rm" in err:
        rc, err = run(b, d, "rm", made)
        if rc:
            return "what is unfinished cannot be removed: " + err[-300:]
        rc, err = run(b, d, *argv)
    return "again: %d %s" % (rc, err[-300:]) if rc else None


def goes_on(b, p, d, want, state):
    """The last stage, with this state in the place of the other."""
    there = b.copy(d, "goes-on")
    if state != "state":
        shutil.rmtree(there + "/state", ignore_errors=True)
        os.rename(os.path.join(there, state), there + "/state")
    trouble = b.finish(p, there, len(p.stages) - 1, False)
    if not trouble and b.outcome(there) != want:
        trouble = "other bytes, of " + state
    return trouble


class Copies:
    """savepoint, restore, load: a new directory, and the old one as it was."""

    def __init__(self, name, argv, made, old):
        self.name, self.argv, self.made, self.old = name, argv, made, old

    def prepare(self, b, d):
        if self.old != "state":
            os.rename(d + "/state", os.path.join(d, self.old))
        rc, err = run(b, d, "dump", "./" + self.old, to="dump.jsonl")
        if rc:
            raise SystemExit("%s: %s" % (self.name, err))

    def judge(self, b, p, d, want, done):
        trouble = None
        if not done:
            trouble = again(b, d, self.argv, "./" + self.made)
        if trouble and "there is a state in it already" in trouble:
            trouble = None  # it had been made, and must be whole
        return trouble or goes_on(b, p, d, want, self.made) or \
            goes_on(b, p, d, want, self.old)


class Repair:
    """The same state, whenever the repair was stopped."""

    name, argv = "repair", ["repair", "./state"]

    def __init__(self):
        self.dump = None

    def prepare(self, b, d):
        self.dump = None
        for at, _, files in sorted(os.walk(d + "/state")):
            for f in sorted(files):
                path = os.path.join(at, f)
                size = os.path.getsize(path)
                if f.startswith("journal") or f == files[0]:
                    with open(path, "r+b") as f:
                        f.seek(size * 3 // 4)
                        byte = f.read(1)[0] ^ 4
                        f.seek(size * 3 // 4)
                        f.write(bytes([byte]))

    def result(self, b, d):
        rc, err = run(b, d, "check", "./state")
        if rc:
            return None, "after it: %d %s" % (rc, err[-300:])
        rc, err = run(b, d, "dump", "./state", to="dump.jsonl")
        with open(d + "/dump.jsonl", "rb") as f:
            return f.read(), "dump: " + err[-300:] if rc else None

    def judge(self, b, p, d, want, done):
        if self.dump is None:
            whole = b.copy(b.start, "whole")
            trouble = again(b, whole, self.argv)
            self.dump, other = self.result(b, whole)
            if trouble or other:
                raise SystemExit("repair: %s" % (trouble or other))
        trouble = None if done else again(b, d, self.argv)
        got, other = self.result(b, d)
        if not trouble and not other and got != self.dump:
            trouble = "another state than without the fault"
        return trouble or other


class Remove:
    name, argv = "rm", ["rm", "./state"]

    def prepare(self, b, d):
        pass

    def judge(self, b, p, d, want, done):
        if not os.path.exists(d + "/state"):
            return None
        if not done and os.listdir(d + "/state"):
            trouble = again(b, d, self.argv)
            if trouble or not os.path.exists(d + "/state"):
                return trouble
        # An empty directory is no state, and does no harm.
        return "it is still there" if os.listdir(d + "/state") else None


COMMANDS = [
    Copies("savepoint", ["savepoint", "./state", "./copy"], "copy", "state"),
    Copies("restore", ["restore", "./state", "./saved"], "state", "saved"),
    Copies("load", ["load", "./state", "dump.jsonl"], "state", "saved"),
    Repair(),
    Remove(),
]


def commands(b, o, p, points, errnos):
    """All commands over the state that the pipeline has before its end."""
    before, want = b.prepare(p)
    for c in COMMANDS:
        if c.name == "load" and p.piped:
            continue  # what is journaled of a pipe is not in a dump
        b.start = b.copy(before[-1], "start")
        c.prepare(b, b.start)
        path = os.path.join(b.root, "count.txt")
        d = b.copy(b.start, "run")
        run(b, d, *c.argv, FAULT_COUNT=path, FAULT_READS=1)
        with open(path) as f:
            n = int(f.read())
        faults = [(how, "%d" % at) for at in points(n, o.every, 1)
                  for how in ("FAULT_KILL", "FAULT_AFTER")]
        faults += [("FAULT_FAIL", "%d:%d" % (at, e)) for e in errnos
                   for at in points(n, o.every, e)]
        for how, at in faults:
            d = b.copy(b.start, "run")
            rc, err = run(b, d, *c.argv, FAULT_READS=1, **{how: at})
            trouble = None
            if how == "FAULT_FAIL" and (rc < 0 or rc > 5):
                trouble = "ends with %d: %s" % (rc, err[-300:])
            elif how == "FAULT_FAIL" and rc and not err:
                trouble = "says nothing"
            b.note("%s: %s, %s=%s of %d" % (p.name, c.name, how, at, n), d,
                   trouble or c.judge(b, p, d, want, rc == 0))
