SELECT k, n FROM (SELECT k, count(*) n GROUP BY k)
QUALIFY row_number() OVER (ORDER BY n DESC) <= 2
