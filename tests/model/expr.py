#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""expr.py WEIR [EXPRESSIONS] [SEED]: expressions beside SQLite.

Random expressions over random rows are evaluated by weir and by SQLite. An
expression is a tree with types; it is written once for each of the two, and a
third time as the condition under which weir must refuse the row. So that what
fails in one expression is no more than that, weir is asked for try(ARRAY[x]):
NULL says that x failed, [NULL] that it is NULL. The same is asked of columns
and of conditions (WHERE), of one-row batches, and by way of --print-spec.

Where the two differ on purpose:

integer overflow    an error here, a float in SQLite
division by zero    of integers an error here, of floats Infinity or NaN (IEEE
                    754, as in Flink), NULL in SQLite: cells that depend on the
                    latter are left out
casts of text       text that is no number is an error here, 0 in SQLite;
                    floats beyond 64 bits are an error here, cut in SQLite
JSON output         has neither Infinity nor NaN: both are null
LIKE                minds the case of letters here (PRAGMA case_sensitive_like)
upper, lower        of all letters here, of ASCII in SQLite: texts are ASCII
replace             of an empty text by NULL is NULL here, not in SQLite:
                    Python's is asked
substring           places from 1 on; SQLite has its own rules below that
                    (SQL's rule is tested in tests/unit/expr_cases.h)
min(a, b), max      are called least and greatest here
x IS y              is spelled x IS NOT DISTINCT FROM y here
CAST AS TEXT        of floats: shortest digits here, 15 digits in SQLite: not
                    asked
times               are from year 0 to 9999 here; SQLite's own are wider
decimals            are not in SQLite: Python's are asked, up to 38 digits
% and round         of floats: fmod and half away from zero here, in SQLite
                    integer remainder and printf's rounding: not asked
"""
import decimal
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile

I64 = 1 << 63
TEXTS = ["", "a", "b", "ab", "abc", "Abc", "ABC", " x ", "a%b", "a_b", "10",
         "-7", "3.5", "007", "zz", "a b c", "banana", "%", "_", "\\",
         "O'Hara", "12ab", "é", "日本"]
PLAIN = [t for t in TEXTS if t.isascii()]
INTS = [0, 1, -1, 2, 3, 7, 10, -13, 100, 4096, 999983, 1 << 31, -(1 << 31),
        (1 << 53) + 1, I64 - 1, -I64, 3037000500]
FLOATS = [0.0, 1.0, -1.5, 0.1, 0.25, 3.75, 1e10, -2.5e-3, 1e18, 1e300,
          9007199254740993.0]
PATTERNS = ["%", "a%", "%b", "%a%", "_", "__", "a_c", "a!%b", "!_%", "A%", "",
            "%n%n%", "é", "_本"]


class Node:
    """w: for weir, s: for SQLite; err, odd: conditions for SQLite."""

    def __init__(self, kind, w, s, err="0", odd="0"):
        self.kind, self.w, self.s, self.err, self.odd = kind, w, s, err, odd


def either(*conditions):
    c = [x for x in conditions if x != "0"]
    return "(" + " OR ".join(c) + ")" if c else "0"


def when(cond, then):
    return "0" if then == "0" else "(%s AND %s)" % (cond, then)


def is_true(n):
    return "coalesce(%s, 0)" % n.s


def quote(s):
    return "'" + s.replace("'", "''") + "'"


class Maker:
    def __init__(self, rnd):
        self.rnd = rnd

    def leaf(self, kind):
        r = self.rnd
        if r.random() < 0.08:
            return Node(kind, "NULL", "NULL")
        if r.random() < 0.55:
            name = r.choice({"int": ["i", "j", "n"], "float": ["f", "g"],
                             "text": ["s", "t"], "bool": ["p"]}[kind])
            return Node(kind, name, name)
        if kind == "int":
            v = r.choice(INTS) if r.random() < 0.4 else r.randint(-20, 20)
            if v == -I64:
                return Node(kind, str(v), "(-9223372036854775807 - 1)")
            return Node(kind, "(%d)" % v, "(%d)" % v)
        if kind == "float":
            v = r.choice(FLOATS)
            return Node(kind, "(%re0)" % v if "e" not in repr(v) else
                        "(%r)" % v, "(%r)" % v)
        if kind == "text":
            v = quote(r.choice(PLAIN))
            return Node(kind, v, v)
        return Node(kind, *r.choice([("TRUE", "1"), ("FALSE", "0")]))

    def make(self, kind, depth):
        if depth == 0 or self.rnd.random() < 0.1:
            return self.leaf(kind)
        return self.rnd.choice(getattr(self, kind + "_forms")())(depth - 1)

    # ---- shared by all kinds ----

    def any_form(self, kind):
        def case(d):
            arms, s, w = [], "CASE", "CASE"
            err = odd = "0"
            open_s = []
            for _ in range(self.rnd.randint(1, 3)):
                c, v = self.make("bool", d), self.make(kind, d)
                arms.append((c, v))
            other = self.make(kind, d)
            for c, v in arms:
                w += " WHEN %s THEN %s" % (c.w, v.w)
                s += " WHEN %s THEN %s" % (c.s, v.s)
            w += " ELSE %s END" % other.w
            s += " ELSE %s END" % other.s
            err, odd = other.err, other.odd
            for c, v in reversed(arms):
                t = is_true(c)
                err = either(c.err, when(t, v.err), when("NOT " + t, err))
                odd = either(c.odd, when(t, v.odd), when("NOT " + t, odd))
            return Node(kind, "(%s)" % w, "(%s)" % s, err, odd)

        def simple_case(d):
            k = self.rnd.choice(["int", "text"])
            x, a = self.make(k, d), self.leaf(k)
            u, v = self.make(kind, d), self.make(kind, d)
            t = "coalesce(%s = %s, 0)" % (x.s, a.s)
            form = "(CASE %s WHEN %s THEN %s ELSE %s END)"
            return Node(kind, form % (x.w, a.w, u.w, v.w),
                        form % (x.s, a.s, u.s, v.s),
                        either(x.err, when(t, u.err), when("NOT " + t, v.err)),
                        either(x.odd, when(t, u.odd), when("NOT " + t, v.odd)))

        def coalesce(d):
            a, b = self.make(kind, d), self.make(kind, d)
            name = self.rnd.choice(["coalesce", "ifnull"])
            null = "%s IS NULL" % a.s
            form = name + "(%s, %s)"
            return Node(kind, form % (a.w, b.w), form % (a.s, b.s),
                        either(a.err, when(null, b.err)),
                        either(a.odd, when(null, b.odd)))

        def iif(d):
            c, a, b = (self.make("bool", d), self.make(kind, d),
                       self.make(kind, d))
            t = is_true(c)
            return Node(kind, "if(%s, %s, %s)" % (c.w, a.w, b.w),
                        "iif(%s, %s, %s)" % (c.s, a.s, b.s),
                        either(c.err, when(t, a.err), when("NOT " + t, b.err)),
                        either(c.odd, when(t, a.odd), when("NOT " + t, b.odd)))

        def nullif(d):
            return self.plain(kind, "nullif(%s, %s)", [kind, kind], d)
        return [case, simple_case, coalesce, iif, nullif]

    def plain(self, kind, form, kinds, d, sform=None, err=None, odd=None):
        args = [self.make(k, d) for k in kinds]
        w = form % tuple(a.w for a in args)
        s = (sform or form) % tuple(a.s for a in args)
        values = [a.s for a in args]
        return Node(kind, w, s,
                    either(*[a.err for a in args],
                           err(s, *values) if err else "0"),
                    either(*[a.odd for a in args],
                           odd(s, *values) if odd else "0"))

    # ---- numbers ----

    def int_forms(self):
        P = self.plain
        over = lambda s, *v: "typeof(%s) = 'real'" % s
        zero = lambda s, a, b: "coalesce((%s) = 0 AND %s IS NOT NULL, 0)" % (
            b, a)
        div = lambda s, a, b: either(zero(s, a, b), over(s))
        least = lambda s, a: "coalesce(%s = (-9223372036854775807 - 1), 0)" % a
        text = lambda s, a: "coalesce(NOT is_number(%s), 0)" % a
        wide = lambda s, a: "coalesce(NOT fits(%s), 0)" % a
        out = [lambda d, op=op: P("int", "(%%s %s %%s)" % op, ["int", "int"],
                                  d, err=over) for op in "+-*"]
        out += [lambda d: P("int", "(%s / %s)", ["int", "int"], d, err=div),
                lambda d: P("int", "(%s %% %s)", ["int", "int"], d, err=zero),
                lambda d: P("int", "(- %s)", ["int"], d, err=over),
                lambda d: P("int", "abs(%s)", ["int"], d, err=least,
                            sform="int_abs(%s)"),
                lambda d: P("int", "char_length(%s)", ["text"], d,
                            sform="length(%s)"),
                lambda d: P("int", "instr(%s, %s)", ["text", "text"], d),
                lambda d: P("int", "CAST(%s AS BIGINT)", ["text"], d,
                            sform="CAST(%s AS INTEGER)", err=text),
                lambda d: P("int", "CAST(%s AS BIGINT)", ["float"], d,
                            sform="CAST(%s AS INTEGER)", err=wide),
                lambda d: P("int", "CAST(%s AS BIGINT)", ["bool"], d,
                            sform="CAST(%s AS INTEGER)"),
                lambda d: P("int", "least(%s, %s)", ["int", "int"], d,
                            sform="min(%s, %s)"),
                lambda d: P("int", "greatest(%s, %s)", ["int", "int"], d,
                            sform="max(%s, %s)"),
                lambda d: P("int", "sign(%s)", ["int"], d)]
        return out + self.any_form("int") + self.time_forms()

    def seconds(self, d):
        """A whole number of seconds since 1970 that is in range."""
        return self.plain("int", "(%s %% 100000000000)", ["int"], d)

    def time_forms(self):
        """Numbers of a time. SQLite counts days of the week from 0."""
        r = self.rnd

        def field(d):
            x = self.seconds(d)
            unit, letter, plus = r.choice(
                [("YEAR", "Y", 0), ("MONTH", "m", 0), ("DAY", "d", 0),
                 ("HOUR", "H", 0), ("MINUTE", "M", 0), ("SECOND", "S", 0),
                 ("DOY", "j", 0), ("DOW", "w", 1)])
            return Node(
                "int",
                "EXTRACT(%s FROM to_timestamp_ltz(%s, 0))" % (unit, x.w),
                "(CAST(strftime('%%%s', in_years(%s), 'unixepoch') AS INTEGER)"
                " + %d)" % (letter, x.s, plus),
                either(x.err, "out_of_years(%s)" % x.s), x.odd)

        def start(d):
            x = self.seconds(d)
            unit = r.choice(["DAY", "MONTH", "YEAR"])
            return Node(
                "int", "unix_timestamp(FLOOR(to_timestamp_ltz(%s, 0) TO %s))" %
                (x.w, unit),
                "unixepoch(in_years(%s), 'unixepoch', 'start of %s')" %
                (x.s, unit.lower()),
                either(x.err, "out_of_years(%s)" % x.s), x.odd)

        def later(d):
            x, n = self.seconds(d), r.randint(-40, 40)
            unit = r.choice(["DAY", "HOUR", "MINUTE", "SECOND"])
            return Node(
                "int", "unix_timestamp(to_timestamp_ltz(%s, 0) + INTERVAL "
                "'%d' %s)" % (x.w, n, unit),
                "unixepoch(in_years(%s), 'unixepoch', '%d %ss')" %
                (x.s, n, unit.lower()),
                either(x.err, "out_of_years(%s)" % x.s),
                either(x.odd, "at_the_ends(%s)" % x.s))
        return [field, start, later]

    def float_forms(self):
        P = self.plain
        kinds = [["float", "float"], ["float", "int"], ["int", "float"]]
        zero = lambda s, a, b: "coalesce((%s) = 0, 0)" % b
        nan = lambda s, *v: "(%s IS NULL%s)" % (
            s, "".join(" AND %s IS NOT NULL" % x for x in v))
        pick = lambda: self.rnd.choice(kinds)
        out = [lambda d, op=op: P("float", "(%%s %s %%s)" % op, pick(), d,
                                  odd=nan) for op in "+-*"]
        out += [lambda d: P("float", "(%s / %s)", pick(), d, odd=zero),
                lambda d: P("float", "(- %s)", ["float"], d),
                lambda d: P("float", "abs(%s)", ["float"], d),
                lambda d: P("float", "CAST(%s AS DOUBLE)", ["int"], d,
                            sform="CAST(%s AS REAL)"),
                lambda d: P("float", "floor(%s)", ["float"], d),
                lambda d: P("float", "ceil(%s)", ["float"], d)]
        return out + self.any_form("float")

    # ---- text ----

    def text_forms(self):
        P = self.plain

        def substr(d):
            s = self.make("text", d)
            i, n = self.rnd.randint(1, 6), self.rnd.randint(0, 6)
            w, q = self.rnd.choice([
                ("substr(%%s, %d)" % i, "substr(%%s, %d)" % i),
                ("substring(%%s FROM %d FOR %d)" % (i, n),
                 "substr(%%s, %d, %d)" % (i, n)),
                ("substring(%%s, %d, %d)" % (i, n),
                 "substr(%%s, %d, %d)" % (i, n)),
                ("left(%%s, %d)" % n, "substr(%%s, 1, %d)" % n)])
            return Node("text", w % s.w, q % s.s, s.err, s.odd)

        out = [lambda d: P("text", "(%s || %s)", ["text", "text"], d),
               lambda d: P("text", "replace(%s, %s, %s)", ["text"] * 3, d,
                           sform="replace_text(%s, %s, %s)"),
               lambda d: P("text", "CAST(%s AS STRING)", ["int"], d,
                           sform="CAST(%s AS TEXT)"),
               lambda d: P("text", "least(%s, %s)", ["text", "text"], d,
                           sform="min(%s, %s)"),
               lambda d: P("text", "greatest(%s, %s)", ["text", "text"], d,
                           sform="max(%s, %s)"),
               substr]
        def stamp(d):
            x = self.seconds(d)
            return Node("text",
                        "date_format(to_timestamp_ltz(%s, 0), "
                        "'yyyy-MM-dd HH:mm:ss')" % x.w,
                        "strftime('%%Y-%%m-%%d %%H:%%M:%%S', in_years(%s), "
                        "'unixepoch')" % x.s,
                        either(x.err, "out_of_years(%s)" % x.s), x.odd)

        out.append(stamp)
        for name in "lower", "upper", "trim", "ltrim", "rtrim":
            out.append(lambda d, f=name: P("text", f + "(%s)", ["text"], d))
        return out + self.any_form("text")

    # ---- truth ----

    def bool_forms(self):
        P, r = self.plain, self.rnd

        def junction(d, word):
            a, b = self.make("bool", d), self.make("bool", d)
            go = ("coalesce(%s, 1)" if word == "AND" else
                  "coalesce(NOT %s, 1)") % a.s
            form = "(%%s %s %%s)" % word
            return Node("bool", form % (a.w, b.w), form % (a.s, b.s),
                        either(a.err, when(go, b.err)),
                        either(a.odd, when(go, b.odd)))

        def compare(d):
            op = r.choice(["=", "<>", "<", "<=", ">", ">="])
            kinds = r.choice([["int", "int"], ["float", "float"],
                              ["int", "float"], ["float", "int"],
                              ["text", "text"]])
            return P("bool", "(%%s %s %%s)" % op, kinds, d)

        def distinct(d):
            k = r.choice(["int", "text", "bool"])
            w, s = r.choice([("IS DISTINCT FROM", "IS NOT"),
                             ("IS NOT DISTINCT FROM", "IS")])
            return P("bool", "(%%s %s %%s)" % w, [k, k], d,
                     sform="(%%s %s %%s)" % s)

        def between(d):
            k = r.choice(["int", "text", "float"])
            no = r.choice(["", "NOT "])
            return P("bool", "(%%s %sBETWEEN %%s AND %%s)" % no, [k] * 3, d)

        def inside(d):
            k = r.choice(["int", "text", "float"])
            x = self.make(k, d)
            items = [self.leaf(k) for _ in range(r.randint(1, 12))]
            no = r.choice(["", "NOT "])
            form = "(%%s %sIN (%%s))" % no
            return Node("bool",
                        form % (x.w, ", ".join(i.w for i in items)),
                        form % (x.s, ", ".join(i.s for i in items)),
                        x.err, x.odd)

        def quantified(d):
            k, op = r.choice(["int", "text"]), r.choice(
                ["=", "<>", "<", "<=", ">", ">="])
            x = self.make(k, d)
            items = [self.leaf(k) for _ in range(r.randint(1, 4))]
            word, glue = r.choice([("ANY", " OR "), ("ALL", " AND "),
                                   ("SOME", " OR ")])
            return Node("bool", "(%s %s %s (ARRAY[%s]))" %
                        (x.w, op, word, ", ".join(i.w for i in items)),
                        "(%s)" % glue.join("%s %s %s" % (x.s, op, i.s)
                                           for i in items), x.err, x.odd)

        def rows(d):
            """Of leaves: a later member is computed only where it counts."""
            pairs = [(self.leaf("int"), self.leaf("text"))
                     for _ in range(r.randint(2, 4))]
            side = lambda q: ["(%s, %s)" % (getattr(u, q), getattr(v, q))
                              for u, v in pairs]
            w, q = side("w"), side("s")
            if len(pairs) == 2:
                op = r.choice(["=", "<>", "<", "<=", ">", ">="])
                form = "(%%s %s %%s)" % op
                return Node("bool", form % tuple(w), form % tuple(q))
            no = r.choice(["", "NOT "])
            return Node("bool", "(%s %sIN (%s))" % (w[0], no,
                                                    ", ".join(w[1:])),
                        "(%s %sIN (VALUES %s))" % (q[0], no,
                                                   ", ".join(q[1:])))

        def like(d):
            x = self.make("text", d)
            no, pattern = r.choice(["", "NOT "]), quote(r.choice(PATTERNS))
            escape = " ESCAPE '!'" if "!" in pattern else ""
            form = "(%%s %sLIKE %s%s)" % (no, pattern.replace("%", "%%"),
                                          escape)
            return Node("bool", form % x.w, form % x.s, x.err, x.odd)

        def null(d):
            k = r.choice(["int", "text", "bool", "float"])
            return P("bool", "(%%s IS %sNULL)" % r.choice(["", "NOT "]), [k],
                     d)

        def truth(d):
            x = self.make("bool", d)
            no, what = r.choice(["", "NOT "]), r.choice(
                ["TRUE", "FALSE", "UNKNOWN"])
            form = "(%%s IS %s%s)" % (no, what)
            s = form % x.s
            return Node("bool", form % x.w, s.replace("UNKNOWN", "NULL"),
                        x.err, x.odd)

        return [lambda d: junction(d, "AND"), lambda d: junction(d, "OR"),
                lambda d: P("bool", "(NOT %s)", ["bool"], d), compare, compare,
                distinct, between, inside, like, null, truth, quantified,
                rows, self.decimals
                ] + self.any_form("bool")


    # ---- decimals: exact, beside Python's ----

    def decimal(self, depth):
        r = self.rnd
        if depth == 0 or r.random() < 0.2:
            v = r.choice(["1.5", "0.01", "-2.25", "100.0", "0.333", "-7.0",
                          "12345678901234567890.5", "3"])
            if r.random() < 0.3:
                x = self.leaf("int")
                return Node("dec", "CAST(%s AS DECIMAL)" % x.w,
                            "CAST(%s AS TEXT)" % x.s)
            return Node("dec", "CAST('%s' AS DECIMAL)" % v, "'%s'" % v)
        a, b = self.decimal(depth - 1), self.decimal(depth - 1)
        op = r.choice("+-*")
        s = "dec_op('%s', %s, %s)" % (op, a.s, b.s)
        return Node("dec", "(%s %s %s)" % (a.w, op, b.w), s, "0",
                    either(a.odd, b.odd, "(%s = 'wide')" % s))

    def decimals(self, d):
        op = self.rnd.choice(["=", "<>", "<", "<=", ">", ">="])
        a, b = self.decimal(min(d, 3)), self.decimal(min(d, 3))
        form = "(%%s %s %%s)" % op
        return Node("bool", form % (a.w, b.w),
                    "(dec_cmp(%s, %s) %s 0)" % (a.s, b.s, op), "0",
                    either(a.odd, b.odd))


def dec_op(op, a, b):
    """Exact; 'wide' beyond 38 digits, where cells are left out."""
    if a is None or b is None:
        return None
    if "wide" in (a, b):
        return "wide"
    x, y = decimal.Decimal(a), decimal.Decimal(b)
    with decimal.localcontext() as c:
        c.prec = 200
        z = x + y if op == "+" else x - y if op == "-" else x * y
    digits = z.as_tuple()
    if max(len(digits.digits), -digits.exponent) > 37:
        return "wide"
    return "{:f}".format(z)


def dec_cmp(a, b):
    if a is None or b is None or "wide" in (a, b):
        return None
    x, y = decimal.Decimal(a), decimal.Decimal(b)
    return (x > y) - (x < y)


# ---- rows ----

COLUMNS = ["id", "i", "j", "n", "f", "g", "s", "t", "p"]


def random_rows(rnd, n):
    def some(values):
        return None if rnd.random() < 0.15 else rnd.choice(values)
    rows = []
    for k in range(n):
        small = list(range(-9, 10))
        rows.append([k, some(small if k % 2 else INTS), some(small),
                     some(INTS), some(FLOATS), some(FLOATS), some(PLAIN),
                     some(PLAIN), some([True, False])])
    return rows


YEARS = (-62167219200, 253402300799)  # 0000 to 9999, in seconds


def is_number(s):
    m = re.fullmatch(r"\s*[+-]?(\d+)(\.\d*)?\s*", s)
    return bool(m) and -I64 <= int(float(s) if "." in s else int(s)) < I64


def fits(f):
    return f == f and -2.0 ** 63 <= f < 2.0 ** 63


def database(rows):
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA case_sensitive_like = ON")
    db.create_function("is_number", 1, lambda s: s and is_number(s))
    db.create_function("fits", 1, lambda f: None if f is None else fits(f))
    db.create_function("int_abs", 1, lambda i: None if i is None else
                       0 if i == -I64 else abs(i))
    db.create_function("in_years", 1, lambda i: i if i is not None and
                       YEARS[0] <= i <= YEARS[1] else None)
    db.create_function("out_of_years", 1, lambda i: i is not None and
                       not YEARS[0] <= i <= YEARS[1])
    db.create_function("at_the_ends", 1, lambda i: i is not None and not
                       YEARS[0] + 10 ** 7 <= i <= YEARS[1] - 10 ** 7)
    db.create_function("dec_op", 3, dec_op)
    db.create_function("dec_cmp", 2, dec_cmp)
    db.create_function("replace_text", 3, lambda s, a, b: None
                       if None in (s, a, b) else s.replace(a, b) if a else s)
    db.execute("CREATE TABLE r (id INTEGER, i INTEGER, j INTEGER, n INTEGER,"
               " f REAL, g REAL, s TEXT, t TEXT, p INTEGER)")
    db.executemany("INSERT INTO r VALUES (?,?,?,?,?,?,?,?,?)", rows)
    return db


# ---- the comparison ----

def run(weir, args, env=None, stdin=None):
    p = subprocess.run([weir] + args, input=stdin, capture_output=True,
                       env=dict(os.environ, **(env or {})), timeout=120)
    return p.returncode, p.stdout, p.stderr


def found(cell):
    """weir's cell as ("error",) or ("value", v)."""
    return ("error",) if cell is None else ("value", cell[0])


def wanted(kind, value):
    if value is None or (isinstance(value, float) and
                         value - value != value - value):
        return ("value", None)
    return ("value", bool(value) if kind == "bool" else value)


def same(a, b):
    if a[0] != b[0]:
        return False
    if a[0] == "error" or a[1] is None or b[1] is None:
        return a == b
    return type(a[1]) is type(b[1]) and a[1] == b[1]


def compare(nodes, rows, db, lines):
    """Differences, as text; and how many cells were compared."""
    out, cells = [], 0
    for k, node in enumerate(nodes):
        try:
            got = db.execute("SELECT %s, %s, %s FROM r ORDER BY id" %
                             (node.s, node.err, node.odd)).fetchall()
        except sqlite3.Error as e:
            sys.exit("SQLite: %s\n%s" % (e, node.s))
        for row, (value, err, odd) in enumerate(got):
            if odd:
                continue
            cells += 1
            want = ("error",) if err else wanted(node.kind, value)
            have = found(lines[row]["c%d" % k])
            if not same(want, have):
                out.append("%s\n#   SQLite: %s\n#   row %s\n"
                           "#   wanted %s, found %s" %
                           (node.w, node.s, dict(zip(COLUMNS, rows[row])),
                            want, have))
                break
    return out, cells


def where(weir, node, path, rows, db):
    """The rows WHERE keeps; failing ones are dropped as bad records."""
    got = db.execute("SELECT id, %s, %s, %s FROM r" %
                     (node.s, node.err, node.odd)).fetchall()
    if any(odd for _, _, _, odd in got):
        return []
    want = [i for i, v, err, _ in got if v and not err]
    code, text, err = run(weir, ["--max-bad", "1000", "-q",
                                 "SELECT id WHERE %s" % node.w, path])
    have = [json.loads(line)["id"] for line in text.splitlines()]
    if have == want:
        return []
    return ["WHERE %s\n#   wanted %s, found %s\n#   %s" %
            (node.w, want, have, err.decode()[:300])]


def batch(weir, rnd, n, path):
    rows = random_rows(rnd, 40)
    with open(path, "w") as f:
        for row in rows:
            f.write(json.dumps(dict(zip(COLUMNS, row)), ensure_ascii=False) +
                    "\n")
    db = database(rows)
    maker = Maker(rnd)
    nodes = [maker.make(rnd.choice(["int", "int", "float", "text", "bool",
                                    "bool"]), rnd.randint(1, 4))
             for _ in range(n)]
    query = "SELECT " + ",\n".join("try(ARRAY[%s]) AS c%d" % (x.w, k)
                                   for k, x in enumerate(nodes))
    code, text, err = run(weir, [query, path])
    if code:
        return ["%s\n#   %s" % (query[:2000], err.decode()[:2000])], 0
    lines = [json.loads(line) for line in text.splitlines()]
    out, cells = compare(nodes, rows, db, lines)
    torture = {"WEIR_TORTURE": "rows=1,reads=7"}
    if run(weir, ["-j3", query, path], torture)[1] != text:
        out.append("one-row batches differ\n#   " + query[:2000])
    spec = run(weir, ["--print-spec", query + " FROM r", "r=" + path])[1]
    if run(weir, ["-f", "-", "r=" + path], stdin=spec)[1] != text:
        out.append("the printed spec differs\n#   " + query[:2000])
    conditions = [x for x in nodes if x.kind == "bool"]
    for node in conditions[:3]:
        out += where(weir, node, path, rows, db)
    return out, cells


def main():
    weir = sys.argv[1]
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    per_batch, failed, done, cells = 60, 0, 0, 0
    print("1..%d" % -(-total // per_batch))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.jsonl")
        for k in range(-(-total // per_batch)):
            rnd = random.Random("%d/%d" % (seed, k))
            differences, n = batch(weir, rnd, per_batch, path)
            cells += n
            failed += bool(differences)
            print("%sok %d - %d expressions, %d cells, seed %d" %
                  ("not " if differences else "", k + 1, per_batch, n, seed))
            for d in differences[:5]:
                print("# " + d)
            sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
