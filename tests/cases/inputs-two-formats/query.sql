SELECT sum(v) v GROUP BY tumble(5m)
