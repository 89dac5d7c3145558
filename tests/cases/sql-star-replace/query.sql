SELECT * EXCEPT (tags) REPLACE (ms * 1000 AS ms, upper(host) AS host)
FROM (SELECT host, ms, tags FROM logs) LIMIT 1
