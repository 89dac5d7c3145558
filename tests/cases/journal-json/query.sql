SELECT window_start, count(*) n, max(MESSAGE) m GROUP BY tumble(1m)
