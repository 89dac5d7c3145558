CREATE VIEW minutes AS
  SELECT window_time AS rowtime, host, sum(ms) AS ms
  FROM TABLE(TUMBLE(TABLE logs, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, window_time, host;
SELECT window_start, window_end, sum(ms) AS ms, count(*) AS n
FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rowtime), INTERVAL '4' MINUTES))
GROUP BY window_start, window_end
