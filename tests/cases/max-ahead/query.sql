SELECT window_start w, count(*) n, max(i) last GROUP BY tumble(1m)
