SELECT k, n, row_number() OVER (ORDER BY n DESC) rn
FROM (SELECT k, count(*) n GROUP BY k) QUALIFY rn <= 2
