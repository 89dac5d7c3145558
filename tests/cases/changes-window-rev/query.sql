SELECT sum(v) v GROUP BY tumble(1m)
