SELECT CAST(ts AS DATE) AS d, k, count(*) AS n, sum(v) AS v,
  min(CAST(ts AS DATE)) AS first, max(CAST(ts AS DATE) + 1) AS after,
  count(DISTINCT CAST(ts AS DATE)) AS days,
  array_agg(CAST(ts AS DATE)) AS l, last_value(CAST(ts AS DATE)) AS last
GROUP BY CAST(ts AS DATE), k
ORDER BY d DESC, k
