# SPDX-License-Identifier: MIT
"""What a crash may leave of files, told from the calls that were made.

A file system may keep less than was written (Pillai et al., "All File Systems
Are Not Created Equal", OSDI 2014): data of a file is certain once the file was
synced, a name once its directory was. What was not synced may be there, or
not, or in parts. For every prefix of the recorded calls (shim.c) the states
are: all of it (the process died); nothing but what was synced (a power cut);
names without data, data without names; each one file's data lost; the last
write torn; and some at random, by pages of data and prefixes of names.
"""
import os
import random

PAGE = 512  # the least that a disk writes as a whole
ROUNDS = 40  # over all calls, with other random states each time


class Op:
    __slots__ = ("kind", "path", "n", "to", "data", "ino", "durable")

    def __init__(self, kind, path, n, to, data):
        self.kind, self.path, self.n, self.to, self.data = \
            kind, path, n, to, data
        self.ino, self.durable = None, None


def read_log(log, root, known):
    """Calls on files below the root, with paths from there."""
    ops, known = [], set(known)
    root = os.path.realpath(root)

    def inside(path):
        path = os.path.normpath(path)
        if path.endswith(" (deleted)"):
            return None
        return os.path.relpath(path, root) if path == root or \
            path.startswith(root + "/") else None

    with open(log) as f:
        for line in f:
            kind, path, n, rest = line.rstrip("\n").split("\t", 3)
            path = inside(path)
            if path is None:
                continue
            to = inside(rest) if kind in ("rename", "link") else None
            data = bytes.fromhex(rest) if kind == "write" else b""
            # The library makes some files without a call that is seen.
            if is_data(kind) and path not in known:
                ops.append(Op("create", path, 0, None, b""))
            known.add(to or path)
            ops.append(Op(kind, path, int(n), to, data))
    return ops


def base_of(start):
    """The files there were before."""
    names, data = {}, {}
    for at, dirs, files in os.walk(start):
        rel = os.path.relpath(at, start)
        for d in dirs:
            names[os.path.normpath(os.path.join(rel, d))] = None
        for f in files:
            path = os.path.normpath(os.path.join(rel, f))
            ino = ("old", path)
            names[path] = ino
            with open(os.path.join(at, f), "rb") as g:
                data[ino] = g.read()
    return names, data


def mark(ops, names):
    """Which file (not name) each call is about, and what makes it certain.
    The files by name, as they are in the end."""
    live = dict(names)
    n_new = 0
    waiting = []
    for k, op in enumerate(ops):
        if op.kind == "create" and live.get(op.path) is None:
            n_new += 1
            live[op.path] = ("new", n_new)
        if op.kind in ("create", "write", "truncate"):
            op.ino = live[op.path]
            waiting.append(op)
        elif op.kind == "rename":
            op.ino = live.pop(op.path, None)
            live[op.to] = op.ino
            waiting.append(op)
        elif op.kind == "link":
            op.ino = live.get(op.path)
            live[op.to] = op.ino
            waiting.append(op)
        elif op.kind == "unlink":
            op.ino = live.pop(op.path, None)
            waiting.append(op)
        elif op.kind == "mkdir":
            live[op.path] = None
            waiting.append(op)
        elif op.kind == "sync":
            waiting = [w for w in waiting if not settles(op, w, live, k)]
    return live


def settles(sync, op, live, at):
    """Does the sync make the earlier call certain?"""
    ino = live.get(sync.path)
    if ino is not None:
        if op.kind not in ("write", "truncate") or op.ino != ino:
            return False
    else:
        parents = {os.path.dirname(op.path) or "."}
        if op.to:
            parents.add(os.path.dirname(op.to) or ".")
        if op.kind in ("write", "truncate") or sync.path not in parents:
            return False
    op.durable = at
    return True


def is_data(kind):
    return kind in ("write", "truncate")


def build(names, data, ops):
    """The files after these calls: {path: (file, its bytes), or None for a
    directory}."""
    names = dict(names)
    files = {ino: bytearray(b) for ino, b in data.items()}
    for op in ops:
        if op.kind == "create":
            names[op.path] = op.ino
            files.setdefault(op.ino, bytearray())
        elif op.kind == "write":
            f = files.setdefault(op.ino, bytearray())
            if len(f) < op.n:
                f.extend(bytes(op.n - len(f)))
            f[op.n:op.n + len(op.data)] = op.data
        elif op.kind == "truncate":
            f = files.setdefault(op.ino, bytearray())
            del f[op.n:]
            f.extend(bytes(op.n - len(f)))
        elif op.kind == "rename" and op.path in names:
            names[op.to] = names.pop(op.path)
        elif op.kind == "link" and op.path in names:
            names[op.to] = names[op.path]
        elif op.kind == "unlink":
            names.pop(op.path, None)
        elif op.kind == "mkdir":
            names[op.path] = None
    out = {}
    for path, ino in names.items():
        out[path] = None if ino is None else \
            (ino, bytes(files.get(ino, b"")))
    return out


def pages_kept(op, r):
    """Some pages of a write."""
    out = []
    for at in range(0, len(op.data), PAGE):
        if r.random() < .5:
            part = Op("write", op.path, op.n + at, None,
                      op.data[at:at + PAGE])
            part.ino = op.ino
            out.append(part)
    return out


def some(ops, n, r):
    """Certain calls, some pages of the others, a prefix of the names."""
    keep = []
    uncertain = [op for op in ops[:n] if not is_data(op.kind) and
                 (op.durable is None or op.durable >= n)]
    names = r.randrange(len(uncertain) + 1)
    kept = set(map(id, uncertain[:names]))
    for op in ops[:n]:
        if op.kind == "sync":
            continue
        if op.durable is not None and op.durable < n or id(op) in kept:
            keep.append(op)
        elif op.kind == "write":
            keep += pages_kept(op, r)
        elif op.kind == "truncate" and r.random() < .5:
            keep.append(op)
    return keep


def variants(ops, n, r, first):
    done = ops[:n]
    for _ in range(4):
        yield "some", some(ops, n, r)
    if not first:
        return

    def certain(op):
        return op.durable is not None and op.durable < n

    yield "all", done
    yield "synced", [op for op in done if certain(op)]
    yield "names", [op for op in done if certain(op) or not is_data(op.kind)]
    yield "data", [op for op in done if certain(op) or is_data(op.kind)]
    for ino in sorted({op.ino for op in done
                       if is_data(op.kind) and not certain(op)}, key=repr):
        yield "lost", [op for op in done
                       if certain(op) or not (is_data(op.kind) and op.ino == ino)]
    if n and ops[n - 1].kind == "write" and len(ops[n - 1].data) > 1:
        last = ops[n - 1]
        half = Op("write", last.path, last.n, None,
                  last.data[:len(last.data) // 2])
        half.ino = last.ino
        yield "torn", ops[:n - 1] + [half]
        half = Op("write", last.path, last.n + len(last.data) // 2, None,
                  last.data[len(last.data) // 2:])
        half.ino = last.ino
        yield "torn at its head", ops[:n - 1] + [half]


class Stash:
    """Holds on to the files of a run, so that they can be put back as the
    same files: a run knows its inputs and outputs by device and inode."""

    def __init__(self, at):
        self.at, self.kept = at, {}
        os.mkdir(at)

    def keep(self, ino, path):
        if ino in self.kept or not os.path.isfile(path):
            return
        self.kept[ino] = os.path.join(self.at, str(len(self.kept)))
        os.link(path, self.kept[ino])

    def keep_before(self, d):
        for at, _, files in os.walk(d):
            for f in files:
                path = os.path.join(at, f)
                self.keep(("old", os.path.relpath(path, d)), path)

    def keep_behind(self, d, live):
        for path, ino in live.items():
            if ino is not None:
                self.keep(ino, os.path.join(d, path))

    def put(self, ino, path, data):
        if ino in self.kept:
            os.link(self.kept[ino], path)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o600)


def placer(state, stash):
    """Makes a directory hold the state."""
    def place(d):
        for at, dirs, files in os.walk(d, topdown=False):
            for name in files:
                os.unlink(os.path.join(at, name))
            for name in dirs:
                os.rmdir(os.path.join(at, name))
        for path in sorted(state):
            full = os.path.join(d, path)
            if state[path] is None:
                os.makedirs(full, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            stash.put(state[path][0], full, state[path][1])
        if os.path.isdir(d + "/state"):
            os.chmod(d + "/state", 0o700)
    return place


def crash_states(log, root, start, stash, most, seed):
    """(label, function that places it) of distinct states, at most so many."""
    names, data = base_of(start)
    ops = read_log(log, root, names)
    stash.keep_behind(root, mark(ops, names))
    r = random.Random(seed)
    seen, found = set(), []
    order = [(k, n) for k in range(ROUNDS) for n in range(len(ops) + 1)]
    r.shuffle(order)
    order.sort(key=lambda o: o[0] > 0)
    for k, n in order:
        if len(found) >= most:
            break
        for label, kept in variants(ops, n, r, k == 0):
            kept = [op for op in kept if op.kind != "sync"]
            state = build(names, data, kept)
            key = hash(tuple(sorted(
                (p, b"\0dir" if b is None else b[1])
                for p, b in state.items())))
            if key in seen:
                continue
            seen.add(key)
            found.append(("%d of %d, %s" % (n, len(ops), label), state))
    for label, state in found:
        yield label, placer(state, stash)
