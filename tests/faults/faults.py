#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stops runs with state wherever they can be stopped, and compares.

    faults.py WEIR SHIM kill   [--every N] [--jobs J] [PIPELINE...]
    faults.py WEIR SHIM errno  [--every N] [--errnos EIO,ENOSPC,...]
    faults.py WEIR SHIM random [--count N]
    faults.py WEIR SHIM takeover [--count N]
    faults.py WEIR SHIM states [--most N] [--nosync]
    faults.py WEIR SHIM damage [--every N]
    faults.py WEIR SHIM commands [--every N] [--errnos EIO,ENOSPC,...]

kill: SIGKILL instead of, and behind, every N-th call that changes files.
errno: the call fails. random: SIGKILL after a random time.
takeover: the same, stopped and continued before, with others that stand by,
of which one goes on. states: what a
power cut may leave, of the recorded calls; --nosync must find violations.
damage: bits of the state's files are turned, and files cut. commands: those of
`weir state` are stopped, and their calls fail (commands.py).

After each the run is repeated until it ends, the other stages follow, and
out/ must hold the same bytes as after an uninterrupted run. Prints TAP.
"""
import argparse
import contextlib
import errno as errnos
import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from commands import commands
from explore import Stash, crash_states
from pipelines import PIPELINES

ROUNDS = 3  # a run may need as many to end, once it is not disturbed


class Bench:
    def __init__(self, options):
        self.weir = os.path.abspath(options.weir)
        self.shim = os.path.abspath(options.shim)
        self.jobs, self.expected = options.jobs, options.nosync
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.root = tempfile.mkdtemp(prefix="weir-faults-", dir=base)
        self.n = self.bad = 0
        self.pipe = None  # that standard input is
        self.told = None  # of the pipeline at hand, if that is such a one

    def clear(self, d):
        shutil.rmtree(d, ignore_errors=True)

    def fresh(self, name="run"):
        d = os.path.join(self.root, name)
        self.clear(d)
        os.makedirs(d + "/in")
        os.makedirs(d + "/out")
        return d

    def copy(self, d, name):
        to = os.path.join(self.root, name)
        self.clear(to)
        shutil.copytree(d, to, symlinks=True)
        return to

    def run(self, p, d, final=False, often=False, **fault):
        env = dict(os.environ, LC_ALL="C",
                   WEIR_TORTURE=p.often if often else p.torture)
        if fault:
            env["LD_PRELOAD"] = self.shim
            env.update((k, str(v)) for k, v in fault.items())
        argv = [self.weir, "-s", "./state", "--max-bad", "any",
                "-j", str(self.jobs)]
        with self.stdout(p, d) as out:
            r = subprocess.run(argv + (["--final"] if final else []) + p.args,
                               cwd=d, env=env, stdin=self.stdin(p, d),
                               stdout=out, stderr=subprocess.PIPE,
                               timeout=60)
        return r.returncode, r.stderr.decode(errors="replace")

    def stdin(self, p, d):
        """A pipe stays for those who run after one that was killed; what a
        stage has left for it comes once."""
        path = d + "/pipe/next"
        if not p.piped:
            return subprocess.DEVNULL
        if self.pipe is not None and os.path.exists(path):
            os.close(self.pipe)
            self.pipe = None
        if self.pipe is None:
            self.pipe, to = os.pipe()
            fcntl.fcntl(to, fcntl.F_SETPIPE_SZ, 1 << 20)
            if os.path.exists(path):
                with open(path, "rb") as f:
                    os.write(to, f.read())
                os.unlink(path)
            os.close(to)
        return self.pipe

    @contextlib.contextmanager
    def stdout(self, p, d):
        path = os.path.join(d, p.stdout) if p.stdout else os.devnull
        self.told = p.stdout if p.told else None
        with open(path, "ab") as out:
            if not p.told:
                yield out
                return
            seen, to = os.pipe()
            fcntl.fcntl(to, fcntl.F_SETPIPE_SZ, 1 << 20)
            try:
                yield to
            finally:
                os.close(to)
                with open(seen, "rb") as f:
                    # A last line may be torn: its writer died.
                    out.write(b"".join(line for line in f
                                       if line.endswith(b"\n")))

    def finish(self, p, d, stage, ended):
        """The stage until it ends, if it has not, and those behind it."""
        last = len(p.stages) - 1
        for i in range(stage + ended, last + 1):
            if i > stage:
                p.stages[i](d)
            for _ in range(ROUNDS):
                rc, err = self.run(p, d, final=i == last)
                if not rc:
                    break
                if i == last and "final" in err:
                    break  # it had ended, and only its death was noticed
            else:
                return "stage %d ends with %d: %s" % (i, rc, err[-300:])
        return None

    def outcome(self, d):
        found = {}
        for at, _, names in os.walk(d + "/out"):
            for name in names:
                with open(os.path.join(at, name), "rb") as f:
                    name = os.path.relpath(os.path.join(at, name), d)
                    found[name] = f.read()
        if self.told in found:
            found[self.told] = each_once(found[self.told])
        return found

    def prepare(self, p):
        """What there is before each stage, and what must come out."""
        before = []
        d = self.fresh("plain")
        for i, step in enumerate(p.stages):
            step(d)
            before.append(self.copy(d, "before-%s-%d" % (p.name, i)))
            rc, err = self.run(p, d, final=i == len(p.stages) - 1)
            if rc:
                raise SystemExit("%s: stage %d ends with %d: %s"
                                 % (p.name, i, rc, err))
        return before, self.outcome(d)

    def calls(self, p, before, stage, **fault):
        """How many calls the stage makes, if it is not disturbed."""
        d = self.copy(before, "count")
        path = os.path.join(self.root, "count.txt")
        self.run(p, d, final=stage == len(p.stages) - 1, FAULT_COUNT=path,
                 **fault)
        with open(path) as f:
            return int(f.read())

    def judge(self, label, p, d, stage, want, trouble=None, ended=False):
        trouble = trouble or self.finish(p, d, stage, ended)
        if not trouble and self.outcome(d) != want:
            got = self.outcome(d)
            names = [n for n in sorted(set(got) | set(want))
                     if got.get(n) != want.get(n)]
            trouble = "other bytes in " + " ".join(names)
        return self.note(label, d, trouble)

    def note(self, label, d, trouble):
        """Counts it, and keeps the directory if it is wrong."""
        self.n += 1
        if trouble:
            self.bad += 1
            if self.bad <= 10 and not self.expected:
                keep = self.copy(d, "kept-%d" % self.bad)
                print("# %s: %s (see %s)" % (label, trouble, keep))
        return not trouble


def each_once(text):
    """What a reader has who goes by the ids, which are random."""
    rows = {}
    for line in text.splitlines(True):
        name = re.search(rb'"_id":"([^"]*)"', line)
        rows.setdefault(name and name.group(1),
                        re.sub(rb'"_id":"[^"]*"', b"", line))
    return b"".join(rows.values())


def points(n, every, seed):
    """Numbers from 1 to n, one of each `every`."""
    r = random.Random(seed)
    return sorted({min(n, i + r.randrange(every))
                   for i in range(1, n + 1, every)})


def kill(b, o, p):
    before, want = b.prepare(p)
    for stage, start in enumerate(before):
        final = stage == len(before) - 1
        n = b.calls(p, start, stage)
        for at in points(n, o.every, stage):
            for how in ("FAULT_KILL", "FAULT_AFTER"):
                d = b.copy(start, "run")
                b.run(p, d, final, **{how: at})
                b.judge("%s: stage %d, %s=%d of %d"
                        % (p.name, stage, how, at, n), p, d, stage, want)


def names_a_file(text):
    return re.search(r"\b(state|in|out|output|dev|shm|tmp)\b",
                     text.replace("weir:", ""))


def errno(b, o, p):
    before, want = b.prepare(p)
    for stage, start in enumerate(before):
        final = stage == len(before) - 1
        n = b.calls(p, start, stage, FAULT_READS=1)
        for k, name in enumerate(o.errnos.split(",")):
            for at in points(n, o.every, stage * 100 + k):
                d = b.copy(start, "run")
                rc, err = b.run(p, d, final, FAULT_READS=1, FAULT_FAIL="%d:%d"
                                % (at, getattr(errnos, name)))
                trouble = None
                if rc < 0 or rc > 5:
                    trouble = "ends with %d: %s" % (rc, err[-300:])
                elif rc and not names_a_file(err):
                    trouble = "does not say where: " + err[-300:]
                b.judge("%s: stage %d, call %d of %d gives %s"
                        % (p.name, stage, at, n, name), p, d, stage, want,
                        trouble, ended=rc == 0)


def at_random(b, o, p):
    before, want = b.prepare(p)
    takes = []
    for stage, start in enumerate(before):
        d = b.copy(start, "run")
        since = time.monotonic()
        b.run(p, d, stage == len(before) - 1, often=True)
        takes.append(time.monotonic() - since)
    r = random.Random(o.seed)
    argv = [b.weir, "-s", "./state", "--max-bad", "any", "-j", str(b.jobs)]
    env = dict(os.environ, LC_ALL="C", WEIR_TORTURE=p.often)
    for i in range(o.count):
        stage = r.randrange(len(before))
        final = stage == len(before) - 1
        d = b.copy(before[stage], "run")
        for _ in range(r.randrange(1, 4)):
            with b.stdout(p, d) as out:
                c = subprocess.Popen(argv + (["--final"] if final else []) +
                                     p.args, cwd=d, env=env,
                                     stdin=b.stdin(p, d), stdout=out,
                                     stderr=subprocess.DEVNULL)
            time.sleep(r.random() * takes[stage])
            c.send_signal(signal.SIGKILL)
            c.wait()
        b.judge("%s: stage %d, %d" % (p.name, stage, i), p, d, stage, want)


def takeover(b, o, p):
    """One has the state and is stopped, killed or left; two stand by."""
    before, want = b.prepare(p)
    r = random.Random(o.seed)
    env = dict(os.environ, LC_ALL="C", WEIR_TORTURE=p.often)
    argv = [b.weir, "-s", "./state", "--max-bad", "any", "-j", str(b.jobs)]
    for i in range(o.count):
        stage = r.randrange(len(before))
        argv_of = argv + p.args + \
            (["--final"] if stage == len(before) - 1 else [])
        d = b.copy(before[stage], "run")
        with b.stdout(p, d) as out:
            def start(*more):
                c = subprocess.Popen(argv_of + list(more), cwd=d, env=env,
                                     stdin=b.stdin(p, d), stdout=out,
                                     stderr=subprocess.PIPE)
                runs.append(c)
                return c

            runs = []
            first = start()
            time.sleep(r.random() * .004)
            for _ in range(2):
                start("--standby")
            time.sleep(r.random() * .004)
            if r.random() < .5:
                first.send_signal(signal.SIGSTOP)
                time.sleep(r.random() * .01)
                first.send_signal(signal.SIGCONT)
                time.sleep(r.random() * .002)
            if r.random() < .8:
                first.kill()
            # One of those that stand by may be gone, too.
            if r.random() < .5:
                runs[r.randrange(1, 3)].kill()
            ends = [(c.communicate(timeout=60)[1].decode(), c.returncode)
                    for c in runs]
        bad = ["%d %s" % (rc, err) for err, rc in ends
               if rc not in (0, -signal.SIGKILL) and "final" not in err
               and "in use by" not in err]
        b.judge("%s: stage %d, %d" % (p.name, stage, i), p, d, stage, want,
                "; ".join(bad))


def states(b, o, p):
    before, want = b.prepare(p)
    share = max(1, o.most // len(before))
    for stage, start in enumerate(before):
        final = stage == len(before) - 1
        d = b.copy(start, "run")
        held = os.path.join(b.root, "stash")
        b.clear(held)
        stash = Stash(held)
        stash.keep_before(d)
        log = os.path.join(b.root, "trace")
        if os.path.exists(log):
            os.unlink(log)
        more = {"FAULT_NOSYNC": 1} if o.nosync else {}
        b.run(p, d, final, often=True, FAULT_LOG=log, **more)
        for label, place in crash_states(log, d, start, stash, share, o.seed):
            place(d)
            b.judge("%s: stage %d, %s" % (p.name, stage, label), p, d, stage,
                    want)


def damage(b, o, p):
    """Damage is noticed, or does no harm; what is repaired opens."""
    before, want = b.prepare(p)
    start = before[-1]
    files = [os.path.join(at, f) for at, _, fs in os.walk(start + "/state")
             for f in fs if f != "LOCK"]
    r = random.Random(o.seed)
    for path in sorted(files):
        name, size = os.path.relpath(path, start), os.path.getsize(path)
        jobs = [("bit", k) for k in range(0, size * 8, o.every)]
        jobs += [("cut", k) for k in range(0, size, max(1, o.every // 8))]
        for how, k in jobs:
            d = b.copy(start, "run")
            if how == "bit":
                k = min(size * 8 - 1, k + r.randrange(o.every))
                with open(os.path.join(d, name), "r+b") as f:
                    f.seek(k // 8)
                    byte = f.read(1)[0] ^ 1 << k % 8
                    f.seek(k // 8)
                    f.write(bytes([byte]))
            else:
                os.truncate(os.path.join(d, name), k)
            b.note("%s: %s %s at %d" % (p.name, name, how, k), d,
                   damaged(b, p, d, want))


def damaged(b, p, d, want):
    last = len(p.stages) - 1
    rc, err = b.run(p, d, final=True)
    if rc == 0:
        return None if b.outcome(d) == want else "other bytes, and status 0"
    if rc < 0 or rc > 5:
        return "ends with %d: %s" % (rc, err[-300:])
    if "state" not in err:
        return "does not name the file: " + err[-300:]
    c = subprocess.run([b.weir, "state", "repair", "./state"], cwd=d,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if c.returncode:
        return "repair ends with %d: %s" % (c.returncode, c.stdout[-300:])
    # What was lost is lost; but it runs, and says so if it has to.
    rc, err = b.run(p, d, final=last >= 0)
    return None if 0 <= rc <= 5 else "after repair: %d %s" % (rc, err[-300:])


def of_state(b, o, p):
    commands(b, o, p, points,
             [getattr(errnos, name) for name in o.errnos.split(",")])


WAYS = {"commands": of_state, "kill": kill, "errno": errno, "random": at_random, "states": states,
        "damage": damage, "takeover": takeover}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("weir")
    a.add_argument("shim")
    a.add_argument("way", choices=WAYS)
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--jobs", type=int, default=1)
    a.add_argument("--count", type=int, default=100)
    a.add_argument("--most", type=int, default=1000)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--nosync", action="store_true")
    a.add_argument("--errnos",
                   default="EIO,ENOSPC,EDQUOT,EMFILE,EROFS,EACCES")
    a.add_argument("pipelines", nargs="*")
    o = a.parse_intermixed_args()
    todo = [p for p in PIPELINES if not o.pipelines or p.name in o.pipelines]
    if o.way == "states":
        # No pipe is there any more when the power is back.
        todo = [p for p in todo if not p.piped and not p.told]
    print("1..%d" % len(todo))
    failed = 0
    for i, p in enumerate(todo):
        b = Bench(o)
        WAYS[o.way](b, o, p)
        ok = bool(b.bad) if o.nosync else not b.bad
        failed += not ok
        print("%s %d - faults: %s %s, -j%d: %d tried, %d wrong"
              % ("ok" if ok else "not ok", i + 1, p.name, o.way, o.jobs, b.n,
                 b.bad), flush=True)
        if ok:
            b.clear(b.root)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
