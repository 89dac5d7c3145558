SELECT count(*) n GROUP BY tumble(1m)
