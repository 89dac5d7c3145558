SELECT count(*) n GROUP BY hop(10m, 5m)
