SELECT k, n, sum(n) OVER (ORDER BY n, k) so_far FROM (SELECT k, count(*) n GROUP BY k)
