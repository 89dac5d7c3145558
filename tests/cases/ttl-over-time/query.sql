SELECT k, v, count(*) OVER w n, sum(v) OVER w s FROM (SELECT ts, k, v) WINDOW w AS (PARTITION BY k ORDER BY ts)
