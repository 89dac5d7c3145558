SELECT host, window_start, window_end, window_time
FROM TABLE(HOP(TABLE logs, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTES))
WHERE ms > 10 AND window_start >= TIMESTAMP '2026-03-01 10:00:00'
