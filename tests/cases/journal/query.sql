SELECT window_start, count(*) n, first_value(MESSAGE) m GROUP BY tumble(1s)
