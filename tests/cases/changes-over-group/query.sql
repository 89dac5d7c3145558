SELECT k, n, sum(n) OVER () of_all, row_number() OVER (ORDER BY n DESC, k) place FROM (SELECT k, count(*) n GROUP BY k)
