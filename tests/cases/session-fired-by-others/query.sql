SELECT window_start, window_end, k, count(*) n GROUP BY k, session(4s)
