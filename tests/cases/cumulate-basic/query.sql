SELECT sum(v) v GROUP BY cumulate(10m, 30m)
