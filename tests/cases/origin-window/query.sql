SELECT window_end, min(_line) AS first, max(_line) AS last GROUP BY tumble(2s)
