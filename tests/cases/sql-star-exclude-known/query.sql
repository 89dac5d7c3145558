SELECT s.* EXCLUDE (ms), upper(host) AS up
FROM (SELECT host, user, ms FROM logs) s LIMIT 2
