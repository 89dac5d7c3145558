SELECT host, count(*) AS n
FROM HOP(TABLE logs, DESCRIPTOR(ts), 1m, 2m) GROUP BY host
