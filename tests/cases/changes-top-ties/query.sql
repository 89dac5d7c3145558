SELECT k, n, rank() OVER (ORDER BY n DESC) rn
FROM (SELECT k, count(*) n GROUP BY k) QUALIFY rn <= 2
