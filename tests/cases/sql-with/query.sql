WITH slow AS (SELECT host, ms, user FROM logs WHERE ms > 6),
     per_host (host, n, most) AS (
       SELECT host, count(*), max(ms) FROM slow GROUP BY host)
SELECT p.host, p.n, most * 10 AS tenfold
FROM per_host p
WHERE p.n > 1
ORDER BY p.host
