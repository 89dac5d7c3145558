SELECT count(*) GROUP BY tumble(5)
