CREATE TABLE t (d DATE, v INT, month AS FLOOR(d TO MONTH), WATERMARK FOR d AS d - INTERVAL '3' DAY)
  WITH ('connector' = 'stdin', 'format' = 'csv');
CREATE TABLE o (day DATE, month DATE, v BIGINT, at DATE, text STRING)
  WITH ('connector' = 'stdout', 'format' = 'csv');
INSERT INTO o
SELECT d, month, sum(v), max(CAST(d AS TIMESTAMP)), CAST(d AS STRING)
FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(d), INTERVAL '1' DAY))
GROUP BY window_start, window_end, d, month
