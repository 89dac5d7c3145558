SELECT window_start, sum(size) bytes, count(*) n GROUP BY tumble(1m)
