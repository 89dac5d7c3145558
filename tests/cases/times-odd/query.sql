SELECT window_start, count(*) n GROUP BY tumble(1s)
