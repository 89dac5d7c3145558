SELECT sum(v) v GROUP BY session(10m)
