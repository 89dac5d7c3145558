SELECT count(*) GROUP BY rows(0)
