# SPDX-License-Identifier: MIT
"""peer_polars.py FILE.ndjson: job J1 with Polars.

The reader is told the four fields and their types, and the streaming engine
runs the query: its fastest way. POLARS_MAX_THREADS sets the threads. Standard
error gets the seconds of wall clock and of processor time that the query
took: starting Python and importing Polars are not held against it.
"""

import sys
import time

import polars as pl


def query(path):
    latency = pl.col("latency")
    fields = {"ts": pl.String, "key": pl.String, "status": pl.Int64,
              "latency": pl.Float64}
    return (
        pl.scan_ndjson(path, schema=fields)
        .filter(pl.col("status") < 500)
        .group_by(pl.col("ts").str.head(16).alias("window_start"), "key")
        .agg(
            pl.len().alias("n"),
            latency.sum().alias("s"),
            latency.mean().alias("a"),
            latency.quantile(0.99, "equiprobable").alias("p99"),
            latency.max().alias("m"),
        )
    )


def main():
    wall, cpu = time.monotonic(), time.process_time()
    result = query(sys.argv[1]).collect(engine="streaming")
    result.write_csv("/dev/stdout", separator="\t")
    print(time.monotonic() - wall, time.process_time() - cpu,
          file=sys.stderr)


main()
