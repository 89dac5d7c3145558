SELECT count(*) n, sum(a + 0) s GROUP BY tumble(1m)
