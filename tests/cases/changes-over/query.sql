SELECT k, v, rank() OVER w r, lag(v) OVER w before, sum(v) OVER w s WINDOW w AS (PARTITION BY k ORDER BY v DESC)
