SELECT h, x, x - lag(x) OVER w AS step, lag(x) IGNORE NULLS OVER w AS had,
  last_value(x) IGNORE NULLS OVER (w ROWS UNBOUNDED PRECEDING) AS filled,
  lead(x, 1, 0) OVER w AS next
WINDOW w AS (k ORDER BY ts), k AS (PARTITION BY h)
ORDER BY h, ts
