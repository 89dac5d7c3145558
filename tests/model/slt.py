#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""slt.py [-v] WEIR FILE...: SQL logic tests through weir, as TAP.

Reads files in the form of sqllogictest (https://www.sqlite.org/sqllogictest):
rows that are inserted become a file of JSON for each table, its columns and
types a CREATE TABLE; a query runs as a script of those tables and itself, and
its values are printed, sorted and hashed as the form says. Records for other
products than SQLite are left out.

A file passes if no query gives other values than it says. A query that weir
refuses is counted by the reason, which must be one of REFUSED: what is not
part of its language. Any other error is a failure.

What is written otherwise for weir:

AVG of integers     is an integer here, as in Flink: of doubles it is asked,
                    and as it stands if that is not what is wanted: types are
                    known beforehand here, and coalesce(1, 0.5) is a double
columns of one name are refused here: the select list gets names
no FROM             reads standard input here: there is one record
"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter

REFUSED = [
    (r"joins are not supported|tables in a FROM", "join"),
    (r"asked anew for every row", "a correlated subquery but by ="),
    (r"division by zero", "division by zero is an error"),
    (r"overflow|out of range|too large", "overflow is an error"),
    (r"is no condition|must be (a )?boolean|expected boolean|"
     r"no boolean|not a boolean", "a number as a condition"),
    (r"neither .*GROUP BY|GROUP BY.*aggregate|must be in GROUP BY",
     "a column that is not grouped"),
]


class Query:
    def __init__(self, line, types, sort, sql, want):
        self.line, self.types, self.sort = line, types, sort
        self.sql, self.want = sql, want


class Table:
    """Its columns and types, and the file its rows are in."""

    def __init__(self, columns, path):
        self.columns, self.path = columns, path
        open(path, "w").close()

    def define(self, name):
        kinds = {"INT": "BIGINT", "INTE": "BIGINT", "FLOA": "DOUBLE",
                 "REAL": "DOUBLE", "DOUB": "DOUBLE"}
        return "CREATE TABLE %s (%s) WITH ('connector' = 'filesystem', " \
            "'path' = '%s', 'format' = 'json');\n" % (name, ", ".join(
                "%s %s" % (c, kinds.get(t.upper()[:4], "STRING"))
                for c, t in self.columns), self.path)


# ---- the form of the files ----

def records(path):
    """(line, words of the head, SQL, wanted lines) of each record."""
    with open(path, encoding="latin-1") as f:
        lines = [x.rstrip("\r\n") for x in f]
    i, take = 0, True
    while i < len(lines):
        words = lines[i].split("#")[0].split()
        if not words:
            i, take = i + 1, True
            continue
        if words[0] == "onlyif":
            take = take and words[1] == "sqlite"
        elif words[0] == "skipif":
            take = take and words[1] != "sqlite"
        elif words[0] == "halt" and take:
            return
        elif words[0] in ("statement", "query"):
            start, end = i + 1, i + 1
            while end < len(lines) and lines[end] and lines[end] != "----":
                end += 1
            sql, want = "\n".join(lines[start:end]), []
            if end < len(lines) and lines[end] == "----":
                start = end = end + 1
                while end < len(lines) and lines[end]:
                    end += 1
                want = lines[start:end]
            if take:
                yield i + 1, words, sql, want
            i = end
            continue
        i += 1


def top_split(text, mark=","):
    """Text at its commas outside parentheses and quotes."""
    out, depth, from_, quoted = [], 0, 0, False
    for i, c in enumerate(text):
        if c == "'":
            quoted = not quoted
        elif not quoted:
            depth += (c in "(") - (c in ")")
            if c == mark and depth == 0:
                out.append(text[from_:i].strip())
                from_ = i + 1
    return out + [text[from_:].strip()]


def create(sql, folder):
    """The name and the table of CREATE TABLE; None: something else."""
    m = re.match(r"\s*CREATE\s+TABLE\s+(\w+)\s*\((.*)\)\s*$", sql, re.I | re.S)
    if not m:
        return None
    columns = []
    for item in top_split(m[2]):
        words = item.split()
        if words and words[0].upper() not in ("PRIMARY", "UNIQUE", "CHECK",
                                              "CONSTRAINT"):
            columns.append((words[0], words[1] if len(words) > 1 else "TEXT"))
    return m[1], Table(columns, os.path.join(folder, m[1] + ".json"))


def literal(text):
    if text.upper() == "NULL":
        return None
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return float(text) if re.search(r"[.eE]", text) else int(text)


def insert(sql, tables):
    """Append rows of constants; false if it is something else."""
    m = re.match(r"\s*INSERT\s+INTO\s+(\w+)\s*(?:\(([^)]*)\))?\s*VALUES\s*"
                 r"(\(.*\))\s*$", sql, re.I | re.S)
    if not m or m[1] not in tables:
        return False
    t = tables[m[1]]
    names = [c.strip() for c in m[2].split(",")] if m[2] else [
        c for c, _ in t.columns]
    with open(t.path, "a", encoding="utf-8") as f:
        for row in top_split(m[3]):
            try:
                values = [literal(x) for x in top_split(row[1:-1])]
            except ValueError:
                return False
            given = dict(zip(names, values))
            f.write(json.dumps({c: given.get(c) for c, _ in t.columns}) + "\n")
    return True


# ---- what is written otherwise ----

def closing(sql, at):
    depth, quoted = 0, False
    for i in range(at, len(sql)):
        if sql[i] == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sql[i] == "(") - (sql[i] == ")")
            if depth == 0:
                return i
    return len(sql)


def of_doubles(sql):
    """avg(x) as avg(CAST(x AS DOUBLE)), from the last one on."""
    for m in reversed(list(re.finditer(
            r"\bAVG\s*\((\s*(?:ALL|DISTINCT)\b)?", sql, re.I))):
        open_ = sql.index("(", m.start())
        end = closing(sql, open_)
        sql = "%sCAST(%s AS DOUBLE)%s" % (sql[:m.end()] + " ", sql[m.end():end],
                                          sql[end:])
    return sql


def with_names(sql):
    """A name c1, c2, ... for each item of the outer select list."""
    m = re.match(r"\s*SELECT\b(\s+(?:ALL|DISTINCT)\b)?", sql, re.I)
    if not m:
        return None
    depth, end = 0, len(sql)
    for w in re.finditer(r"'[^']*'|[()]|\bFROM\b", sql[m.end():], re.I):
        depth += (w[0] == "(") - (w[0] == ")")
        if depth == 0 and w[0].upper() == "FROM":
            end = m.end() + w.start()
            break
    items = []
    for k, item in enumerate(top_split(sql[m.end():end])):
        item = re.sub(r"(?i)\s+(AS\s+\w+|(?<=[\w)] )(?!END$)[a-z]\w*)$",
                      "", item)
        items.append("%s AS c%d" % (item, k + 1))
    return "%s %s %s" % (sql[:m.end()], ", ".join(items), sql[end:])


# ---- one query ----

def shown(kind, v):
    if v is None:
        return "NULL"
    if kind == "R":
        return "%.3f" % float(v)
    if kind == "I":
        try:
            return str(int(v))
        except ValueError:
            return "0"
    if isinstance(v, bool):
        return str(int(v))
    v = str(v)
    return re.sub(r"[^ -~]", "@", v) if v else "(empty)"


def values_of(q, rows):
    rows = [[shown(k, v) for k, v in zip(q.types, row)] for row in rows]
    if q.sort == "rowsort":
        rows.sort()
    out = [v for row in rows for v in row]
    return sorted(out) if q.sort == "valuesort" else out


def as_wanted(q, values):
    m = re.match(r"(\d+) values hashing to (\w+)$", q.want[0]) if q.want \
        else None
    if not m:
        return values == q.want
    text = "".join(v + "\n" for v in values).encode("latin-1", "replace")
    return len(values) == int(m[1]) and hashlib.md5(text).hexdigest() == m[2]


def ask(weir, tables, sql):
    script = "".join(t.define(n) for n, t in tables.items()
                     if re.search(r"\b%s\b" % n, sql)) + sql
    p = subprocess.run([weir, "-t", "json", script], input=b"{}\n",
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       close_fds=False, timeout=60)
    return p.stdout, p.stderr.decode()


def judge(weir, tables, q):
    """None: passed; (reason, None): refused; ("", text): failed."""
    found = judge_as(weir, tables, q, of_doubles(q.sql))
    if found and not found[0] and of_doubles(q.sql) != q.sql:
        return judge_as(weir, tables, q, q.sql) and found
    return found


def judge_as(weir, tables, q, sql):
    out, err = ask(weir, tables, sql)
    if "two columns named" in err:
        named = with_names(sql)
        if named:
            out, err = ask(weir, tables, named)
    if err:
        for pattern, reason in REFUSED:
            if re.search(pattern, err):
                return reason, None
        return "", err
    rows = [json.loads(x, object_pairs_hook=lambda p: [v for _, v in p])
            for x in out.splitlines()]
    values = values_of(q, rows)
    if as_wanted(q, values):
        return None
    return "", "wanted %s\nfound %s" % (q.want[:20], values[:20])


def run_file(weir, path, verbose):
    """The number of queries that passed, refused ones, failures."""
    passed, refused, failed, seen = 0, Counter(), [], {}
    with tempfile.TemporaryDirectory() as folder:
        tables = {}
        for line, words, sql, want in records(path):
            if words[0] == "statement" and words[1] != "ok":
                continue
            if words[0] == "statement":
                made = create(sql, folder)
                if made:
                    tables[made[0]] = made[1]
                    seen = {}
                elif insert(sql, tables):
                    seen = {}
                elif not re.match(r"(?i)\s*CREATE\s+(UNIQUE\s+)?INDEX", sql):
                    refused["a statement that changes data or tables"] += 1
                continue
            q = Query(line, words[1], words[2] if len(words) > 2 else "nosort",
                      sql, want)
            key = (sql, q.types, q.sort, tuple(want))
            if key not in seen:
                seen[key] = judge(weir, tables, q)
            found = seen[key]
            if found is None:
                passed += 1
            elif found[0]:
                refused[found[0]] += 1
            else:
                failed.append((line, sql, found[1]))
    return passed, refused, failed


def main():
    args = sys.argv[1:]
    verbose = args[0] == "-v"
    weir, files = args[verbose], args[verbose + 1:]
    total, reasons, bad = 0, Counter(), 0
    print("1..%d" % len(files))
    for n, path in enumerate(files):
        passed, refused, failed = run_file(weir, path, verbose)
        total, bad = total + passed, bad + len(failed)
        reasons += refused
        print("%sok %d - %s: %d passed, %d not of the language, %d failed" % (
            "not " if failed else "", n + 1, os.path.basename(path), passed,
            sum(refused.values()), len(failed)))
        for line, sql, what in failed[:None if verbose else 3]:
            print("# %s:%d: %s\n#   %s" % (path, line, " ".join(sql.split()),
                                           what.replace("\n", "\n#   ")))
        sys.stdout.flush()
    print("# %d passed, %d failed" % (total, bad))
    for reason, n in reasons.most_common():
        print("# %d not of the language: %s" % (n, reason))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
