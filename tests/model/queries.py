#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""queries.py WEIR [QUERIES] [SEED]: whole queries beside SQLite.

Random queries over two tables of random rows: SELECT with DISTINCT, WHERE,
GROUP BY, HAVING, ORDER BY, LIMIT and OFFSET; aggregates with DISTINCT and
FILTER; queries in FROM, WITH and VALUES; IN, EXISTS, ANY and ALL of queries and
queries as values, also ones that name columns of the query around; UNION,
INTERSECT and EXCEPT; aggregates and ranks OVER other rows. Both answers must
hold the same rows, in the same order where the query gives one. Some are asked
again in one-row batches with three threads, and by way of --print-spec.

How a query is written differs where the two do, and only there:

avg of integers     is an integer here: of CAST(x AS DOUBLE)
division by zero    is an error here: the divisor is nullif(x, 0)
integer overflow    is an error here: numbers stay small
1.5                 is a decimal here: 1.5e0 is a float in both
casts               STRING and DOUBLE here, TEXT and REAL there
LIKE                minds the case of letters here (case_sensitive_like)
min(a, b)           is least(a, b) here; iif() is if()
IS                  is IS NOT DISTINCT FROM here
EXCEPT ALL          and INTERSECT ALL are not in SQLite: rows are numbered
> ANY (query)       is not in SQLite: the comparisons are counted
VALUES              has no names of columns in FROM there: it stands in WITH
INTERSECT           binds tighter than UNION here: never beside another one
truth               is 1 or 0 in SQLite
group_concat        has an order of its own there: not asked
GROUP BY (query)    is refused here: not asked
"""
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

TEXTS = ["", "a", "b", "ab", "B", "a b", "abc", "é", "10", "%", "x_y", "O'H"]
COMPARE = ["=", "<>", "<", "<=", ">", ">="]
COLUMNS = [("id", "int"), ("a", "int"), ("b", "int"), ("c", "float"),
           ("d", "text"), ("e", "text")]
KINDS = ["int", "int", "float", "text", "bool"]


def quote(s):
    return "'" + s.replace("'", "''") + "'"


class Pair:
    """A text for weir and one for SQLite."""

    def __init__(self, w, s=None, kind=None):
        self.w, self.s, self.kind = w, w if s is None else s, kind


def form(kind, w, *args, s=None):
    """The form with its %s filled in, for both."""
    return Pair(w % tuple(a.w for a in args),
                (s or w) % tuple(a.s for a in args), kind)


class Scope:
    """What names mean: qualified columns, a unique one among them or None."""

    def __init__(self, columns, unique=None):
        self.columns, self.unique = columns, unique

    def of(self, kind):
        return [n for n, k in self.columns if k == kind]


class Maker:
    def __init__(self, rnd):
        self.rnd, self.n = rnd, 0
        self.named = []  # of WITH: name, columns

    def name(self, letter):
        self.n += 1
        return "%s%d" % (letter, self.n)

    def chance(self, p):
        return self.rnd.random() < p

    # ---- expressions over a scope; agg: what a bare name becomes ----

    def literal(self, kind):
        r = self.rnd
        if self.chance(0.05):
            return Pair({"int": "CAST(NULL AS BIGINT)", "bool": "(1 = NULL)",
                         "float": "CAST(NULL AS DOUBLE)",
                         "text": "CAST(NULL AS STRING)"}[kind],
                        "(1 = NULL)" if kind == "bool" else "NULL", kind)
        if kind == "int":
            return Pair(str(r.randint(-5, 9)), None, kind)
        if kind == "float":
            return Pair("%se0" % (r.randint(-8, 20) / 4), None, kind)
        if kind == "text":
            return Pair(quote(r.choice(TEXTS)), None, kind)
        return Pair(*r.choice([("TRUE", "1"), ("FALSE", "0")]), kind)

    def leaf(self, scope, kind):
        names = scope.of(kind)
        if names and self.chance(0.75):
            return Pair(self.rnd.choice(names), None, kind)
        return self.literal(kind)

    def expr(self, scope, kind, depth):
        if depth <= 0 or self.chance(0.2):
            return self.leaf(scope, kind)
        x = lambda k: self.expr(scope, k, depth - 1)
        if self.chance(0.25):
            return self.shared(x, kind)
        return getattr(self, kind + "_expr")(x, scope, depth)

    def shared(self, x, kind):
        pick = self.rnd.randint(0, 5)
        if pick == 0:
            return form(kind, "coalesce(%s, %s)", x(kind), x(kind))
        if pick == 1:
            return form(kind, "nullif(%s, %s)", x(kind), x(kind))
        if pick == 2:
            return form(kind, "if(%s, %s, %s)", x("bool"), x(kind), x(kind),
                        s="iif(%s, %s, %s)")
        if pick == 3:
            k = self.rnd.choice(["int", "text"])
            return form(kind, "CASE %s WHEN %s THEN %s ELSE %s END", x(k),
                        x(k), x(kind), x(kind))
        if pick == 4:
            return form(kind, "CASE WHEN %s THEN %s WHEN %s THEN %s END",
                        x("bool"), x(kind), x("bool"), x(kind))
        return form(kind, "CASE WHEN %s THEN %s ELSE %s END", x("bool"),
                    x(kind), x(kind))

    def int_expr(self, x, scope, depth):
        pick = self.rnd.randint(0, 8)
        if pick <= 3:
            return form("int", "(%%s %s %%s)" % self.rnd.choice("+-*-"),
                        x("int"), self.leaf(scope, "int"))
        if pick == 4:
            return form("int", "(%%s %s nullif(%%s, 0))" %
                        self.rnd.choice(["/", "%%"]), x("int"), x("int"))
        if pick == 5:
            return form("int", "char_length(%s)", x("text"), s="length(%s)")
        if pick == 6:
            return form("int", "abs(%s)", x("int"))
        if pick == 7:
            return form("int", "least(%s, %s)", x("int"), x("int"),
                        s="min(%s, %s)")
        return form("int", "(- %s)", x("int"))

    def float_expr(self, x, scope, depth):
        pick = self.rnd.randint(0, 3)
        if pick == 0:
            return form("float", "CAST(%s AS DOUBLE)", x("int"),
                        s="CAST(%s AS REAL)")
        if pick == 1:
            return form("float", "(%s * 2)", x("float"))
        return form("float", "(%%s %s %%s)" % self.rnd.choice("+-"),
                    x("float"), x(self.rnd.choice(["int", "float"])))

    def text_expr(self, x, scope, depth):
        pick = self.rnd.randint(0, 4)
        if pick == 0:
            return form("text", "(%s || %s)", x("text"),
                        self.leaf(scope, "text"))
        if pick == 1:
            return form("text", "trim(%s)", x("text"))
        if pick == 2:
            return form("text", "substr(%%s, %d, %d)" % (
                self.rnd.randint(1, 3), self.rnd.randint(0, 3)), x("text"))
        if pick == 3:
            return form("text", "CAST(%s AS STRING)", x("int"),
                        s="CAST(%s AS TEXT)")
        return form("text", "replace(%s, 'a', 'zz')", x("text"))

    def bool_expr(self, x, scope, depth):
        r = self.rnd
        pick = r.randint(0, 11)
        if pick <= 1:
            return form("bool", "(%%s %s %%s)" % r.choice(["AND", "OR"]),
                        x("bool"), x("bool"))
        if pick == 2:
            return form("bool", "(NOT %s)", x("bool"))
        if pick <= 5:
            k = r.choice(["int", "float", "text", "int"])
            other = "int" if k == "float" and self.chance(0.3) else k
            return form("bool", "(%%s %s %%s)" % r.choice(COMPARE), x(k),
                        x(other))
        if pick == 6:
            return form("bool", "(%%s IS %sNULL)" % r.choice(["", "NOT "]),
                        x(r.choice(KINDS)))
        if pick == 7:
            k = r.choice(["int", "float", "text"])
            return form("bool", "(%%s %sBETWEEN %%s AND %%s)" %
                        r.choice(["", "NOT "]), x(k), x(k), x(k))
        if pick == 8:
            k = r.choice(["int", "text"])
            items = [self.literal(k) for _ in range(r.randint(1, 4))]
            return form("bool", "(%%s %sIN (%s))" % (
                r.choice(["", "NOT "]), ", ".join(["%s"] * len(items))),
                        x(k), *items)
        if pick == 9:
            return form("bool", "(%%s %sLIKE '%s')" % (
                r.choice(["", "NOT "]), r.choice(
                    ["%%a%%", "a%%", "_", "%%", "%%b", "A_"])), x("text"))
        if pick == 10:
            k = r.choice(["int", "text"])
            no = r.choice(["", "NOT "])
            return form("bool", "(%%s IS %sDISTINCT FROM %%s)" % no, x(k),
                        x(k), s="(%%s IS %s%%s)" % ("" if no else "NOT "))
        if depth > 1 and scope.columns:
            return self.test(scope, depth)
        return form("bool", "(%s IS TRUE)", x("bool"))

    # ---- queries in expressions ----

    def column_of(self, kind, depth):
        """A query of one column."""
        return self.query(depth - 1, [kind], tail=self.chance(0.2))

    def correlated(self, scope, what, by=None):
        """SELECT what FROM a table WHERE its keys are those of the scope."""
        r = self.rnd
        q, columns = self.table()
        inner = Scope([("%s.%s" % (q, c), k) for c, k in columns])
        keys = []
        for k in r.sample(["int", "text"], r.choice([1, 1, 2])):
            outer, own = scope.of(k), inner.of(k)
            if outer and own:
                pair = [r.choice(own), r.choice(outer)]
                r.shuffle(pair)
                keys.append(Pair("%s = %s" % tuple(pair)))
        if not keys:
            return None
        if self.chance(0.4):
            keys.append(self.expr(inner, "bool", 1))
        r.shuffle(keys)
        item = what(inner)
        return form(item.kind, "SELECT %%s FROM %s WHERE %s" % (
            self.from_table(q), " AND ".join(["%s"] * len(keys))), item, *keys)

    def test(self, scope, depth):
        """IN, EXISTS, ANY, ALL."""
        r = self.rnd
        no = r.choice(["", "", "NOT "])
        pick = r.randint(0, 4)
        if pick == 0:
            k = r.choice(["int", "text", "float"])
            return form("bool", "(%%s %sIN (%%s))" % no,
                        self.expr(scope, k, 1), self.column_of(k, depth))
        if pick == 1:
            return form("bool", "(%sEXISTS (%%s))" % no,
                        self.query(depth - 1, [r.choice(KINDS)]))
        if pick == 2:
            k = r.choice(["int", "text"])
            return self.quantified(self.expr(scope, k, 1),
                                   self.column_of(k, depth))
        if pick == 3:
            k = r.choice(["int", "text"])
            q = self.correlated(scope, lambda s: self.expr(s, k, 1))
            if q and no == "":
                return form("bool", "(%s IN (%s))", self.expr(scope, k, 1), q)
        q = self.correlated(scope, lambda s: Pair("1"))
        return form("bool", "(%sEXISTS (%%s))" % no, q) if q else \
            self.literal("bool")

    def quantified(self, x, q):
        r = self.rnd
        op, all_ = r.choice(COMPARE), self.chance(0.5)
        y = self.name("y")
        test = "%s %s %s" % (x.s, op, y)
        s = ("(SELECT CASE WHEN count(*) = 0 THEN %d WHEN coalesce(%s(%s), %d)"
             " = %d THEN %d WHEN count(%s) < count(*) THEN NULL ELSE %d END "
             "FROM ranked)")
        decided = 0 if all_ else 1
        s = s % (1 - decided, "min" if all_ else "max", test, 1 - decided,
                 decided, decided, test, 1 - decided)
        s = "(WITH ranked(%s) AS (%s) %s)" % (y, q.s, s[1:-1])
        return Pair("(%s %s %s (%s))" % (x.w, op, "ALL" if all_ else
                                         r.choice(["ANY", "SOME"]), q.w),
                    s, "bool")

    def value(self, scope, kind, depth):
        """A query that is a value, or None."""
        of = lambda s: self.aggregate(s, kind)
        if self.chance(0.5):
            q = self.correlated(scope, of)
            return form(kind, "(%s)", q) if q else None
        q, columns = self.table()
        inner = Scope([("%s.%s" % (q, c), k) for c, k in columns])
        return form(kind, "(SELECT %%s FROM %s WHERE %%s)" %
                    self.from_table(q), of(inner), self.expr(inner, "bool", 1))

    # ---- aggregates ----

    def aggregate(self, scope, kind):
        r = self.rnd
        some = r.choice(["", "", "DISTINCT "])
        arg = lambda k: self.expr(scope, k, 1)
        if kind == "int":
            out = r.choice([
                lambda: Pair("count(*)"),
                lambda: form(kind, "count(%s%%s)" % some, arg(r.choice(KINDS))),
                lambda: form(kind, "sum(%s%%s)" % some, arg("int")),
                lambda: form(kind, "min(%s)", arg("int")),
                lambda: form(kind, "max(%s)", arg("int"))])()
        elif kind == "float":
            out = r.choice([
                lambda: form(kind, "avg(%sCAST(%%s AS DOUBLE))" % some,
                             arg("int"), s="avg(%s%%s)" % some),
                lambda: form(kind, "avg(%s%%s)" % some, arg("float")),
                lambda: form(kind, "sum(%s%%s)" % some, arg("float")),
                lambda: form(kind, "max(%s)", arg("float"))])()
        elif kind == "text":
            out = form(kind, "%s(%%s)" % r.choice(["min", "max"]), arg("text"))
        else:
            return form(kind, "(count(*) %s %%s)" % r.choice(COMPARE),
                        Pair(str(r.randint(0, 4))))
        if self.chance(0.2):
            out = form(kind, "%s FILTER (WHERE %s)", out,
                       self.expr(scope, "bool", 1))
        out.kind = kind
        return out

    def over(self, scope, kind):
        r = self.rnd
        part = order = frame = ""
        if self.chance(0.7):
            part = "PARTITION BY %s " % r.choice(scope.columns)[0]
        names = [n for n, k in scope.columns]
        if self.chance(0.6):
            order = "ORDER BY %s%s" % (r.choice(names), r.choice(
                ["", " DESC", " NULLS LAST"]))
        if scope.unique and self.chance(0.5):
            order = (order + ", " if order else "ORDER BY ") + scope.unique
            frame = r.choice(["", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
                              " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW"])
        call = self.aggregate(Scope(scope.columns), kind) if kind in (
            "float", "text") or not order or self.chance(0.5) else Pair(
                r.choice(["rank()", "dense_rank()"] + (
                    ["row_number()"] if scope.unique and
                    order.endswith(scope.unique) else [])))
        # DISTINCT and FILTER of min and max have no place OVER in SQLite.
        if "DISTINCT" in call.w or "FILTER" in call.w or kind == "bool":
            return None
        return form(kind, "%%s OVER (%s%s%s)" % (part, order, frame), call)

    # ---- FROM ----

    def table(self):
        """A name for a table, and its columns."""
        name = self.name("t")
        self.tables = getattr(self, "tables", {})
        if self.named and self.chance(0.4):
            source, columns = self.rnd.choice(self.named)
        else:
            source, columns = self.rnd.choice(["r", "u"]), COLUMNS
        self.tables[name] = source
        return name, columns

    def from_table(self, name):
        return "%s AS %s" % (self.tables[name], name)

    def source(self, depth):
        """FROM: text, and the scope."""
        if depth > 0 and self.chance(0.35):
            kinds = [self.rnd.choice(KINDS)
                     for _ in range(self.rnd.randint(1, 3))]
            q = self.query(depth - 1, kinds, tail=self.chance(0.3))
            name = self.name("q")
            return (form(None, "(%%s) AS %s" % name, q),
                    Scope([("%s.%s" % (name, c), k)
                           for c, k in zip(q.names, kinds)]))
        name, columns = self.table()
        unique = name + ".id" if self.tables[name] in ("r", "u") else None
        return (Pair(self.from_table(name)),
                Scope([("%s.%s" % (name, c), k) for c, k in columns], unique))

    # ---- SELECT ----

    def item(self, scope, kind, depth):
        if self.chance(0.08) and depth > 0 and scope.columns:
            v = self.value(scope, kind, depth)
            if v:
                return v
        if self.chance(0.12) and scope.columns:
            v = self.over(scope, kind)
            if v:
                return v
        return self.expr(scope, kind, 2)

    def where(self, scope, depth):
        if self.chance(0.6):
            return Pair("")
        return form(None, " WHERE %s", self.expr(scope, "bool",
                                                 self.rnd.randint(1, 3)))

    def plain(self, kinds, depth):
        source, scope = self.source(depth)
        items = [self.item(scope, k, depth) for k in kinds]
        return source, items, self.where(scope, depth), Pair("")

    def grouped(self, kinds, depth):
        r = self.rnd
        source, scope = self.source(depth)
        keys = [self.expr(scope, r.choice(KINDS), r.choice([0, 0, 1, 2]))
                for _ in range(r.choice([0, 1, 1, 1, 2, 2]))]
        # A number there would be that of an item.
        keys = [k for k in keys if "." in k.w and "SELECT" not in k.w and
                not k.w.replace("e0", "").replace(".", "").strip(
                    "-").isdigit() and not k.w.startswith("'")]
        over_keys = [Scope([(k.w, k.kind)]) for k in keys if k.w == k.s]
        items = []
        for kind in kinds:
            own = [k for k in keys if k.kind == kind]
            if own and self.chance(0.5):
                items.append(r.choice(own))
            elif self.chance(0.6):
                items.append(self.aggregate(scope, kind))
            elif over_keys and self.chance(0.3):
                items.append(self.expr(r.choice(over_keys), kind, 1))
            else:
                a, b = (self.aggregate(scope, kind) for _ in range(2))
                items.append(form(kind, "coalesce(%s, %s)", a, b))
        tail = Pair("")
        if keys:
            tail = form(None, " GROUP BY " + ", ".join(["%s"] * len(keys)),
                        *keys)
        if not any("(" in i.w for i in items) and not keys:
            items[0] = self.aggregate(scope, kinds[0])
        if self.chance(0.3):
            k = r.choice(["int", "float", "text"])
            # SQLite has no HAVING without an aggregate or GROUP BY.
            having = form(None, "(%%s %s %%s)" % r.choice(COMPARE),
                          self.aggregate(scope, k), self.literal(k))
            if keys:
                tail = form(None, "%s HAVING %s", tail, having)
        aggregates = ("count(", "sum(", "min(", "max(", "avg(")
        if not keys and not any(f in i.w for i in items for f in aggregates):
            items[0] = form(kinds[0], "max(%s)", self.expr(
                scope, kinds[0], 0)) if kinds[0] != "bool" else Pair(
                    "(count(*) > 2)", None, "bool")
        return source, items, self.where(scope, depth), tail

    def select(self, kinds, depth, names=None):
        r = self.rnd
        source, items, where, tail = (
            self.grouped if self.chance(0.4) else self.plain)(kinds, depth)
        names = names or [self.name("c") for _ in kinds]
        distinct = "DISTINCT " if self.chance(0.15) else ""
        q = form(None, "SELECT %s%s FROM %%s%%s%%s" % (
            distinct, ", ".join("%s AS " + n for n in names)),
                 *(items + [source, where, tail]))
        q.names = names
        return q

    def cells(self, kinds):
        return ["(%s)" % ", ".join(self.literal(k).w for k in kinds)
                for _ in range(self.rnd.randint(1, 3))]

    def union(self, kinds, depth):
        r = self.rnd
        a, b = self.select(kinds, depth), self.select(kinds, depth)
        op = r.choice(["UNION", "UNION ALL", "UNION ALL", "INTERSECT",
                       "EXCEPT", "EXCEPT ALL", "INTERSECT ALL"])
        names = ", ".join(a.names)
        if op in ("EXCEPT ALL", "INTERSECT ALL"):
            side = "SELECT %s, row_number() OVER (PARTITION BY %s) AS nr FROM "
            s = "SELECT %s FROM (%s(%s) %s %s(%s))" % (
                names, side % (names, names), a.s, op[:-4],
                side % (", ".join(b.names), ", ".join(b.names)), b.s)
            q = Pair("%s %s %s" % (a.w, op, b.w), s)
        else:
            q = form(None, "%%s %s %%s" % op, a, b)
        q.names = a.names
        return q

    def query(self, depth, kinds, tail=False):
        """A query of these kinds of columns; its order does not matter."""
        q = self.union(kinds, depth) if depth > 0 and self.chance(0.15) \
            else self.select(kinds, depth)
        if not tail:
            return q
        names = q.names
        q = form(None, "SELECT %s FROM (%%s) AS %s%s" % (
            ", ".join(names), self.name("q"), self.tail(len(names))), q)
        q.names = names
        return q

    def tail(self, n):
        """ORDER BY all columns, so that what is cut off is certain."""
        r = self.rnd
        columns = list(range(1, n + 1))
        r.shuffle(columns)
        out = " ORDER BY " + ", ".join(
            str(c) + r.choice(["", " DESC", " ASC", " NULLS FIRST",
                               " DESC NULLS LAST"]) for c in columns)
        if self.chance(0.7):
            out += " LIMIT %d" % r.choice([0, 1, 2, 5, 100])
            if self.chance(0.3):
                out += " OFFSET %d" % r.choice([0, 1, 3])
        return out

    def whole(self):
        """The query, and whether its rows have an order."""
        r = self.rnd
        with_ = []
        self.named = []
        for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
            name = self.name("w")
            kinds = [r.choice(KINDS) for _ in range(r.randint(1, 3))]
            columns = [self.name("v") for _ in kinds]
            if self.chance(0.3):
                rows = [[self.literal(k) for k in kinds]
                        for _ in range(r.randint(1, 4))]
                q = form(None, "VALUES " + ", ".join(
                    "(%s)" % ", ".join(["%s"] * len(kinds)) for _ in rows),
                         *[c for row in rows for c in row])
            else:
                q = self.query(1, kinds, tail=self.chance(0.2))
            with_.append(form(None, "%s(%s) AS (%%s)" % (
                name, ", ".join(columns)), q))
            self.named.append((name, list(zip(columns, kinds))))
        kinds = [r.choice(KINDS) for _ in range(r.randint(1, 4))]
        ordered = self.chance(0.4)
        q = self.query(2, kinds)
        names = q.names
        if ordered:
            q = form(None, "%%s%s" % self.tail(len(kinds)), q)
        if with_:
            q = form(None, "WITH %s %%s" % ", ".join(["%s"] * len(with_)),
                     *(with_ + [q]))
        q.names = names
        return q, ordered


# ---- rows ----

def rows_of(r):
    some = lambda values: None if r.random() < 0.2 else r.choice(values)
    ints = r.choice([[0, 1, 2], list(range(-4, 10))])
    return [[k, some(ints), some(ints), some([0.0, 0.25, 1.5, -2.75, 3.0]),
             some(TEXTS), some(TEXTS[:4])]
            for k in range(r.choice([0, 1, 3, 8, 8, 20, 40]))]


def write(path, rows, whole):
    """Fields that are NULL are left out of every other file."""
    with open(path, "w", encoding="utf-8") as f:
        for row in rows:
            f.write(json.dumps({c: v for (c, _), v in zip(COLUMNS, row)
                                if whole or v is not None},
                               ensure_ascii=False) + "\n")


def database(tables):
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA case_sensitive_like = ON")
    for name, rows in tables.items():
        db.execute("CREATE TABLE %s (id INTEGER, a INTEGER, b INTEGER, c REAL,"
                   " d TEXT, e TEXT)" % name)
        db.executemany("INSERT INTO %s VALUES (?,?,?,?,?,?)" % name, rows)
    return db


# ---- the comparison ----

def plain_value(v):
    if isinstance(v, bool):
        return int(v)
    if isinstance(v, (int, float)):
        v = float("%.12g" % v)
        return v + 0.0 if v else 0.0
    return v


def rows_from(lines):
    return [tuple(plain_value(v) for v in json.loads(x).values())
            for x in lines]


def in_some_order(rows):
    return sorted(rows, key=lambda row: [(v is not None, isinstance(v, str), v)
                                         for v in row])


def run(weir, args, torture=False, stdin=None):
    env = dict(os.environ)
    env.pop("WEIR_TORTURE", None)
    if torture:
        env["WEIR_TORTURE"] = "rows=1,reads=7"
        args = ["-j3"] + args
    p = subprocess.run([weir] + args, env=env, timeout=60, input=stdin,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       close_fds=False)
    err = [x for x in p.stderr.decode().splitlines()
           if "no record had a value for" not in x and
           "nothing was read" not in x]
    return p.stdout, "\n".join(err)


def one(weir, r, db, files, counts):
    q, ordered = Maker(r).whole()
    try:
        want = [tuple(plain_value(v) for v in row)
                for row in db.execute(q.s).fetchall()]
    except sqlite3.Error as e:
        # A key that is a number is that of a column, even in parentheses.
        if "term out of range" in str(e):
            return None, q
        return "SQLite: %s" % e, q
    out, err = run(weir, [q.w] + files)
    if err:
        return err, q
    have = rows_from(out.splitlines())
    if not ordered:
        want, have = in_some_order(want), in_some_order(have)
    if want != have:
        return "wanted %s\nfound %s" % (want[:30], have[:30]), q
    counts["rows"] += len(want)
    if r.random() < 0.1 and run(weir, [q.w] + files, True)[0] != out:
        return "one-row batches differ", q
    if r.random() < 0.1:
        spec = run(weir, ["--print-spec", q.w] + files)[0]
        again, err = run(weir, ["-f", "-"], stdin=spec)
        if again != out:
            return "the printed spec differs: " + err, q
    return None, q


def main():
    weir = sys.argv[1]
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    failed, counts, per = 0, {"rows": 0}, 40
    if sqlite3.sqlite_version_info < (3, 39):
        print("1..0 # SKIP no SQLite 3.39")
        return
    with tempfile.TemporaryDirectory() as folder:
        for k in range(total):
            if k % per == 0:
                r = random.Random("%d/%d" % (seed, k))
                tables = {name: rows_of(r) for name in ("r", "u")}
                files = ["%s=%s/%s.jsonl" % (n, folder, n) for n in tables]
                for n, rows in tables.items():
                    write("%s/%s.jsonl" % (folder, n), rows, k // per % 2)
                db = database(tables)
            r = random.Random("%d/%d" % (seed, k))
            what, q = one(weir, r, db, files, counts)
            if not what:
                continue
            failed += 1
            if failed > int(os.environ.get("WEIR_MODEL_SHOW", 5)):
                continue
            print("# query %d of seed %d: %s\n# weir:   %s\n# SQLite: %s" % (
                k, seed, what.replace("\n", "\n#   "), q.w, q.s))
            keep = os.environ.get("WEIR_MODEL_KEEP")
            if keep:
                for n, rows in tables.items():
                    write("%s/%s-%d.jsonl" % (keep, n, k), rows, 1)
    print("%s 1 - %d random queries, %d rows, as SQLite has them (seed %d)" % (
        "not ok" if failed else "ok", total, counts["rows"], seed))
    print("# %d differ" % failed)
    print("1..1")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
