SELECT window_start, host, count(*) AS n FROM TUMBLE(TABLE logs, DESCRIPTOR(ts), 2m)
GROUP BY window_start, window_end, CUBE (host)
