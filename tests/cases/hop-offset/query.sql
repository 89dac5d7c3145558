SELECT min(v) a, max(v) b, count(*) n GROUP BY hop(5m, 1m, 20s)
