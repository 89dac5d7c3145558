SELECT window_start w, count(*) n GROUP BY tumble(1m)
