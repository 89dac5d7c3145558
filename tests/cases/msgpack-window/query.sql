SELECT k, sum(v) v GROUP BY k, tumble(1m)
