SELECT count(*) n, count(*) FILTER (WHERE f = 'b') b GROUP BY tumble(5m)
