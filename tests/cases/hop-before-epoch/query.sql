SELECT count(*) n GROUP BY hop(2m, 1m)
