SELECT k, RAND(1) AS r, count(*) AS n GROUP BY k
