SELECT count(*) n, max(id) last GROUP BY tumble(1m)
