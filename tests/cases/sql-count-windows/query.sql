SELECT host, count(*) AS n FROM logs GROUP BY host, rows(2)
