SELECT window_start, host, count(*) AS n
FROM TABLE(TUMBLE(TABLE logs, DESCRIPTOR(ts), INTERVAL '2' MINUTES))
GROUP BY window_start, window_end, host
