SELECT window_start, k, sum(d) AS total, avg(d) AS mean, median(d) AS middle,
  percentile(d, 0.9) AS high, percentile_cont(d, 0.25) AS low,
  stddev_pop(d) AS spread, corr(d, d) AS one, min(d) AS least, max(d) AS most
FROM (SELECT *, CAST(b AS TIMESTAMP) - CAST(a AS TIMESTAMP) AS d)
GROUP BY k, hop(6m, 2m)
