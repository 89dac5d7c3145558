#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the sample data beside this file; the same bytes at every run.

The files are kept in the repository: this script says where they come from.
"""
import datetime as dt
import json
import os
import random
import struct

UTC = dt.timezone.utc
HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, text):
    mode = "wb" if isinstance(text, bytes) else "w"
    with open(os.path.join(HERE, name), mode) as out:
        out.write(text)


def access_log(rng):
    """An hour of a web shop, nginx combined with $request_time."""
    start = dt.datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
    paths = ["/", "/search", "/cart", "/checkout", "/api/items", "/login",
             "/static/app.js", "/static/app.css", "/api/orders", "/health"]
    weights = [20, 14, 9, 4, 22, 5, 10, 8, 6, 2]
    agents = ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
              "Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X)",
              "curl/8.14.1", "Googlebot/2.1 (+http://www.google.com/bot.html)"]
    clients = [f"203.0.113.{n}" for n in range(1, 60)]
    clients += [f"2001:db8::{n:x}" for n in range(1, 12)]
    lines = []
    at = 0.0
    while True:
        at += rng.expovariate(2000 / 3600)
        if at >= 3600:
            break
        path = rng.choices(paths, weights)[0]
        ill = 1500 <= at < 2220 and path in ("/checkout", "/api/orders")
        slow = 8 if ill else 1
        seconds = rng.lognormvariate(-3.2, 0.8) * slow
        draw = rng.random()
        status = 200
        if draw < (0.6 if ill else 0.012):
            status = rng.choice([500, 502, 504])
        elif draw < (0.65 if ill else 0.05):
            status = rng.choice([404, 403, 302, 302])
        query = f"?q={rng.choice(['lamp', 'oak+table', 'chair'])}" \
            if path == "/search" else ""
        method = "POST" if path in ("/checkout", "/login") else "GET"
        size = 0 if status == 302 else rng.randrange(180, 48000)
        # A proxy writes some lines only when the answer is through.
        late = rng.uniform(2, 25) if rng.random() < 0.006 else 0
        stamp = (start + dt.timedelta(seconds=int(at))).strftime(
            "%d/%b/%Y:%H:%M:%S +0000")
        referer = rng.choice(["-", "-", "https://shop.example/"])
        lines.append((at + late, f'{rng.choice(clients)} - - [{stamp}] '
                      f'"{method} {path}{query} HTTP/1.1" {status} {size} '
                      f'"{referer}" "{rng.choices(agents, [6, 3, 1, 1])[0]}" '
                      f'{seconds:.3f}'))
    lines.sort(key=lambda line: line[0])
    return "".join(line + "\n" for _, line in lines)


def app_jsonl(rng):
    """Twenty minutes of two services, as JSON lines."""
    start = dt.datetime(2026, 3, 28, 22, 20, tzinfo=UTC)
    texts = {"info": ["request done", "cache refreshed", "job finished"],
             "warn": ["retrying upstream", "slow query", "queue is long"],
             "error": ["upstream timed out", "payment refused"]}
    lines = []
    at = 0.0
    number = 0
    while True:
        at += rng.expovariate(0.5)
        if at >= 1200:
            break
        number += 1
        service = rng.choice(["cart", "cart", "pay"])
        ill = service == "pay" and 300 <= at < 720
        level = rng.choices(["info", "warn", "error"],
                            [4, 2, 4] if ill else [90, 8, 2])[0]
        time = start + dt.timedelta(milliseconds=int(at * 1000))
        record = {"ts": time.isoformat(timespec="milliseconds")
                  .replace("+00:00", "Z"),
                  "level": level, "service": service,
                  "msg": rng.choice(texts[level]),
                  "request": {"id": f"r{number:04d}",
                              "ms": round(rng.lognormvariate(3, 1), 1)},
                  "user": rng.choice([None, "ada", "grace", "linus", "ken"])}
        if record["user"] is None:
            del record["user"]
        lines.append(json.dumps(record, separators=(",", ":")))
    return "".join(line + "\n" for line in lines)


def sensors_csv(rng):
    """Two greenhouses, every half hour, over the end of summer time in
    Berlin (2026-10-25 03:00 CEST is 02:00 CET: a day of 25 hours)."""
    start = dt.datetime(2026, 10, 23, 22, 0, tzinfo=UTC)
    rows = ["time,sensor,temp,humidity"]
    for step in range(73 * 2):
        time = start + dt.timedelta(minutes=30 * step)
        hour = time.hour + time.minute / 60
        for sensor, base in (("north", 16.5), ("south", 18.25)):
            sun = max(0.0, 1 - abs(hour - 12.5) / 6)
            temp = base + 7 * sun + rng.gauss(0, 0.3)
            humidity = 71 - 18 * sun + rng.gauss(0, 1)
            if sensor == "north" and step in (31, 32, 90):
                rows.append(f"{time:%Y-%m-%dT%H:%M:%SZ},{sensor},,")
                continue
            rows.append(f"{time:%Y-%m-%dT%H:%M:%SZ},{sensor},{temp:.2f},"
                        f"{humidity:.0f}")
    return "".join(row + "\n" for row in rows)


def plain_log(rng):
    """An ssh server's log, as a plain text file."""
    start = dt.datetime(2026, 3, 28, 6, 25, tzinfo=UTC)
    users = ["root", "admin", "test", "oracle", "postgres"]
    hosts = ["198.51.100.7", "198.51.100.7", "198.51.100.23", "192.0.2.99"]
    lines = []
    at = 0.0
    for _ in range(240):
        at += rng.expovariate(1 / 12)
        time = start + dt.timedelta(seconds=int(at))
        if rng.random() < 0.08:
            text = f"Accepted publickey for deploy from 192.0.2.10 port " \
                   f"{rng.randrange(30000, 60000)} ssh2"
        else:
            text = f"Failed password for {rng.choice(users)} from " \
                   f"{rng.choice(hosts)} port " \
                   f"{rng.randrange(30000, 60000)} ssh2"
        lines.append(f"{time:%Y-%m-%dT%H:%M:%S+00:00} gate sshd"
                     f"[{rng.randrange(900, 32000)}]: {text}")
    return "".join(line + "\n" for line in lines)


def pack(value):
    """The little of msgpack that the chunk needs."""
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, int):
        if value < 128:
            return struct.pack("B", value)
        return b"\xcd" + struct.pack(">H", value)
    if isinstance(value, str):
        raw = value.encode()
        if len(raw) < 32:
            return struct.pack("B", 0xa0 | len(raw)) + raw
        return b"\xd9" + struct.pack("B", len(raw)) + raw
    if isinstance(value, dt.datetime):
        # fluentd's EventTime: extension 0, seconds and nanoseconds.
        return b"\xd7\x00" + struct.pack(">II", int(value.timestamp()),
                                         value.microsecond * 1000)
    if isinstance(value, dict):
        return struct.pack("B", 0x80 | len(value)) + b"".join(
            pack(k) + pack(v) for k, v in value.items())
    return struct.pack("B", 0x90 | len(value)) + b"".join(
        pack(v) for v in value)


def chunk_msgpack(rng):
    """A buffer chunk as fluentd keeps it: [EventTime, record] after
    [EventTime, record]."""
    start = dt.datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
    out = []
    at = 0.0
    for _ in range(300):
        at += rng.expovariate(1)
        time = start + dt.timedelta(milliseconds=int(at * 1000))
        out.append(pack([time, {
            "host": rng.choice(["web1", "web2"]),
            "path": rng.choice(["/", "/search", "/cart"]),
            "user": rng.choice(["ada", "grace", "linus", "ken"]),
            "ms": rng.randrange(2, 900)}]))
    return b"".join(out)


def main():
    write("access.log", access_log(random.Random(1)))
    write("app.jsonl", app_jsonl(random.Random(2)))
    write("sensors.csv", sensors_csv(random.Random(3)))
    write("plain.log", plain_log(random.Random(4)))
    write("chunk.msgpack", chunk_msgpack(random.Random(5)))


if __name__ == "__main__":
    main()
