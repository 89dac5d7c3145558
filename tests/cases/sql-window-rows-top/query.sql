SELECT window_start, host, ms FROM (
  SELECT *, row_number() OVER (
    PARTITION BY window_start, window_end ORDER BY ms DESC NULLS LAST) AS rn
  FROM TUMBLE(TABLE logs, DESCRIPTOR(ts), INTERVAL '2' MINUTES))
WHERE rn = 1
