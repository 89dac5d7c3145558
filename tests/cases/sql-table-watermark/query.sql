-- The watermark is ts - 10 s, and Flink's says "no row of that time or before".
CREATE TABLE logs (
  ts TIMESTAMP(3),
  n INT,
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'stdin', 'format' = 'json');
SELECT window_start, count(*) AS c, sum(n) AS n
FROM TABLE(TUMBLE(TABLE logs, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;
