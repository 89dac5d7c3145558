SELECT k, count(*) n GROUP BY k, tumble(10s)
