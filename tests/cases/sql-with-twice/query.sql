WITH per_host AS (SELECT host, count(*) AS n FROM logs GROUP BY host)
SELECT host, n FROM per_host WHERE n > 1
UNION ALL SELECT 'all', sum(n) FROM per_host
