SELECT count(*) n GROUP BY session(10m, 20m)
