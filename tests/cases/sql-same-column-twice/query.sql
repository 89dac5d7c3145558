SELECT DISTINCT x, y, x + y AS z
FROM (SELECT k, count(*) AS x, count(*) AS y, max(v) AS m, max(v) AS n
      GROUP BY k)
WHERE y > 0 AND m = n
ORDER BY y, x
