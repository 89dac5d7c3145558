SELECT count(*) n GROUP BY tumble(250ms)
