SELECT last, count(*) AS n FROM (
  SELECT k, max(CAST(ts AS DATE)) AS last GROUP BY k)
GROUP BY last
