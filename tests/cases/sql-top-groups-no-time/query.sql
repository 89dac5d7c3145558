SELECT k, s FROM (SELECT k, sum(v) AS s GROUP BY k)
QUALIFY row_number() OVER (ORDER BY s DESC) <= 1
