# SPDX-License-Identifier: MIT
"""peer_duckdb.py FILE.ndjson THREADS: job J1 with DuckDB.

The reader is told the four fields and their types, which is its fastest way.
Standard error gets the seconds of wall clock and of processor time that the
query took: starting Python and importing DuckDB are not held against it.
"""

import sys
import time

import duckdb

QUERY = """
COPY (
    SELECT date_trunc('minute', ts) AS window_start, key, count(*) AS n,
        sum(latency) AS s, avg(latency) AS a,
        quantile_disc(latency, 0.99) AS p99, max(latency) AS m
    FROM read_json('%s', format = 'newline_delimited', columns = {
        ts: 'TIMESTAMP', key: 'VARCHAR', status: 'INTEGER',
        latency: 'DOUBLE'})
    WHERE status < 500
    GROUP BY ALL
) TO '/dev/stdout' (HEADER, DELIMITER '\t')
"""


def main():
    path, threads = sys.argv[1], int(sys.argv[2])
    database = duckdb.connect()
    database.execute("SET threads = %d" % threads)
    wall, cpu = time.monotonic(), time.process_time()
    database.execute(QUERY % path.replace("'", "''"))
    print(time.monotonic() - wall, time.process_time() - cpu,
          file=sys.stderr)


main()
