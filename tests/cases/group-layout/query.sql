SELECT count(*) AS n, lower(k) AS key, lower(k) AS again GROUP BY lower(k), v > 2 HAVING n > 0 ORDER BY key DESC, n
