SELECT host, ts, window_end, sum(ms) OVER (PARTITION BY host ORDER BY ts) AS by_ts,
       count(*) OVER (ORDER BY window_time) AS by_window
FROM TUMBLE(TABLE logs, DESCRIPTOR(ts), INTERVAL '2' MINUTES)
