SELECT sum(v) v GROUP BY year()
