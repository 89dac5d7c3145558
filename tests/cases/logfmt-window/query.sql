SELECT window_start, count(*) n, max(time_ms) slowest GROUP BY tumble(1m)
