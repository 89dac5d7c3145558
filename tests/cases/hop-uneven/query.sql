SELECT count(*) n, sum(v) v GROUP BY hop(5m, 2m)
