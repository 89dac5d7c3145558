SELECT count(*) n GROUP BY tumble(5m)
