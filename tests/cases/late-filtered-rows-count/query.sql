SELECT count(*) n WHERE ok GROUP BY tumble(1m)
