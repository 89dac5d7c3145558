SELECT k, count(*) n GROUP BY k, tumble(1m)
