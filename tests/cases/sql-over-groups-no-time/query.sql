SELECT k, s, rank() OVER (ORDER BY s DESC) AS r
FROM (SELECT k, sum(v) AS s GROUP BY k)
