SELECT DISTINCT count(*) AS n FROM logs GROUP BY host, user ORDER BY n DESC
