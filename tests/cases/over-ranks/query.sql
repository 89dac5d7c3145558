SELECT h, x, row_number() OVER w AS n, rank() OVER w AS r,
  dense_rank() OVER w AS d, percent_rank() OVER w AS p,
  cume_dist() OVER w AS c, ntile(3) OVER w AS t,
  nth_value(x, 2) OVER (w ROWS UNBOUNDED PRECEDING) AS second
WINDOW w AS (ORDER BY h DESC)
