#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts weir's instructions per record and compares them with the kept ones.

Times drift from minute to minute; the instructions that cachegrind counts do
not. Job J1 (see rows.py) runs over N and over 2 N records of the same log, and
the difference divided by N is what a record costs: starting up cancels out.
More than 3 % above the number kept in instructions.txt fails, and so does a
wrong answer.

The numbers belong to one compiler, its flags and one kind of processor. With
another combination they say nothing, and the gate says so and skips.

Exit status: 0 fine, 1 too many instructions, 2 usage or a failed command,
77 skipped.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import compare
import rows

RECORDS = 20000  # a minute of the log: each input ends one window more
TOLERANCE = 0.03
FORMATS = ("json", "csv", "msgpack")
SKIPPED = 77


class Failed(Exception):
    """A command did not do its work."""


def output(argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Failed("%s: exit status %d\n%s" % (
            argv[0], done.returncode, done.stderr.decode(errors="replace")))
    return done.stdout.decode(errors="replace"), done.stderr.decode(
        errors="replace")


def build(options):
    """What the numbers depend on besides weir's own sources."""
    cc = options.cc.split()
    version = output([*cc, "-dumpfullversion", "-dumpversion"])[0].strip()
    name = "clang" if "clang" in output([*cc, "--version"])[0] else "gcc"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            simd = "avx2" if re.search(r"\bavx2\b", f.read()) else "no-avx2"
    except OSError:
        simd = "unknown"
    return " ".join([name, version.split(".")[0], *options.cflags.split(),
                     platform.machine(), simd])


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def make_inputs(options, directory):
    """Directories with N and with 2 N records, and the right answers."""
    for n in (1, 2):
        path = os.path.join(directory, str(n))
        os.mkdir(path)
        output([os.path.join(options.programs, "gen"), "-n",
                str(n * RECORDS), "-r", str(RECORDS), path])
        answer, _ = output([os.path.join(options.programs, "oracle"),
                            "windows", "1", os.path.join(path, "app.tsv")])
        write_text(os.path.join(path, "right"), answer)


def instructions(weir, form, directory):
    log = os.path.join(directory, "log")
    got = os.path.join(directory, "got")
    answer, err = output([
        "valgrind", "--tool=cachegrind", "--cache-sim=no",
        "--cachegrind-out-file=/dev/null", "--log-file=" + log,
        *rows.j1_args(weir, form),
        os.path.join(directory, rows.INPUTS[form])])
    write_text(got, answer)
    complaint = err or compare.windows(
        got, os.path.join(directory, "right"), rows.ALL)
    if complaint:
        raise Failed("%s: %s" % (form, complaint))
    with open(log, encoding="utf-8") as f:
        count = re.search(r"I\s+refs:\s+([0-9,]+)", f.read())
    if not count:
        raise Failed("cachegrind counted nothing: is weir a program?")
    return int(count.group(1).replace(",", ""))


def per_record(weir, form, directory):
    once, twice = (instructions(weir, form, os.path.join(directory, n))
                   for n in ("1", "2"))
    return (twice - once) / RECORDS


def read_kept(path):
    """(build, {format: instructions}); empty where nothing is kept."""
    kept = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, value = line.rstrip("\n").split("\t", 1)
                kept[name] = value
    return kept.pop("build", ""), {k: float(v) for k, v in kept.items()}


def write_kept(path, built, counts):
    with open(path, encoding="utf-8") as f:
        head = [line for line in f if line.startswith("#")]
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(head)
        f.write("build\t%s\n" % built)
        for name, count in counts.items():
            f.write("%s\t%.1f\n" % (name, count))


def judge(counts, kept):
    """Prints a line for each format; returns how many are too high."""
    worse = 0
    for name, count in counts.items():
        if name not in kept:
            print("%-8s %10.1f  no number is kept" % (name, count))
            worse += 1
            continue
        change = count / kept[name] - 1
        verdict = "ok"
        if change > TOLERANCE:
            verdict = "MORE THAN BEFORE"
            worse += 1
        elif change < -TOLERANCE:
            verdict = "ok, bless to keep what was won"
        print("%-8s %10.1f  kept %10.1f  %+6.2f %%  %s" % (
            name, count, kept[name], change * 100, verdict))
    return worse


def read_options():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--weir", default="weir", help="the binary to count")
    p.add_argument("--programs", default=here, help="where gen was built")
    p.add_argument("--cc", default="cc", help="the compiler that built it")
    p.add_argument("--cflags", default="", help="and its flags")
    p.add_argument("--kept", default=os.path.join(here, "instructions.txt"))
    p.add_argument("--bless", action="store_true",
                   help="keep the numbers counted now")
    return p.parse_args()


def gate(options):
    with tempfile.TemporaryDirectory() as directory:
        make_inputs(options, directory)
        counts = {form: per_record(options.weir, form, directory)
                  for form in FORMATS}
    built = build(options)
    if options.bless:
        write_kept(options.kept, built, counts)
        judge(counts, counts)
        return 0
    kept_build, kept = read_kept(options.kept)
    if kept and kept_build != built:
        for name, count in counts.items():
            print("%-8s %10.1f" % (name, count))
        print("skipped: the numbers were kept for %s, this is %s" % (
            kept_build, built))
        return SKIPPED
    return 1 if judge(counts, kept) else 0


def main():
    options = read_options()
    if not shutil.which("valgrind"):
        print("skipped: valgrind is not installed")
        return SKIPPED
    try:
        return gate(options)
    except (Failed, OSError) as e:
        print("gate: %s" % e, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
